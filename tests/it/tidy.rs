//! Reads the sources and holds the invariants of `src/lib.rs`.

use std::fs;
use std::path::{Path, PathBuf};

struct Source {
    /// Relative to the project, with forward slashes.
    path: String,
    text: String,
}

impl Source {
    /// Lines that are neither comments nor documentation, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
        lines.filter(|(_, line)| !line.starts_with("//"))
    }

    fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.path.starts_with(place))
    }
}

fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(folder: &str, extensions: &[&str]) -> Vec<Source> {
    let mut sources = Vec::new();
    collect(&project().join(folder), extensions, &mut sources);
    assert!(!sources.is_empty(), "nothing was read in {folder}");
    sources
}

fn collect(folder: &Path, extensions: &[&str], sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["node_modules", "vendor", "artifacts", ".python"].contains(&name.as_str()) {
                collect(&path, extensions, sources);
            }
        } else if path.extension().is_some_and(|it| extensions.contains(&it.to_string_lossy().as_ref())) {
            let relative = path.strip_prefix(project()).unwrap().to_string_lossy().replace('\\', "/");
            sources.push(Source { path: relative, text: fs::read_to_string(&path).unwrap() });
        }
    }
}

/// Fails with every line of `sources` that holds `needle` outside `places`.
fn only_in(sources: &[Source], needle: &str, places: &[&str]) {
    let mut strays = Vec::new();
    for source in sources.iter().filter(|source| !source.is_in(places)) {
        for (number, _) in source.code().filter(|(_, line)| line.contains(needle)) {
            strays.push(format!("{}:{number}", source.path));
        }
    }
    assert!(strays.is_empty(), "`{needle}` may stand in {places:?} only, but stands in {strays:?}");
}

/// Fails when a file in `room` names one of `others`.
fn room_does_not_know(sources: &[Source], room: &[&str], others: &[&str]) {
    for source in sources.iter().filter(|source| source.is_in(room)) {
        for (number, line) in source.code() {
            for other in others {
                assert!(!line.contains(other), "{}:{number} names `{other}`", source.path);
            }
        }
    }
}

#[test]
fn redis_is_tried_for_every_command_of_the_scripts() {
    let scripts = read("src/backend/redis", &["lua"]);
    let (tried, others): (Vec<_>, Vec<_>) = scripts.iter().partition(|script| script.path.ends_with("try.lua"));
    let tried = &tried[0].text;
    let mut commands = 0;
    for script in others {
        for called in script.text.split("call('").skip(1).chain(script.text.split("in_parts('").skip(1)) {
            let command = called.split('\'').next().unwrap();
            assert!(tried.contains(&format!("{{'{command}'")), "{command} of {} is not tried", script.path);
            commands += 1;
        }
    }
    assert!(commands > 20, "{commands}");
}

#[test]
fn domain_is_pure() {
    let sources = read("src", &["rs"]);
    let allowed = ["std::", "super::", "self::", "crate::domain", "chrono::", "chrono_tz::", "thiserror::", "exmex::"];
    for source in sources.iter().filter(|source| source.is_in(&["src/domain"])) {
        for (number, line) in source.code() {
            let Some(used) = line.strip_prefix("use ").or_else(|| line.strip_prefix("pub use ")) else { continue };
            let first = used.split("::").next().unwrap();
            // A name of its own file: a variant of its enum, or a module that it declares.
            let own = first.starts_with(char::is_uppercase) || source.text.contains(&format!("mod {first};"));
            assert!(own || allowed.iter().any(|it| used.starts_with(it)), "{}:{number} uses {used}", source.path);
        }
    }
    let impure = ["SystemTime", "Instant", "std::fs", "std::net", "std::env", "tokio", "serde", "rand::"];
    room_does_not_know(&sources, &["src/domain"], &impure);
}

#[test]
fn arrows_between_rooms_go_one_way() {
    let mut sources = read("src", &["rs"]);
    // A room's own tests put a store beneath it.
    sources.retain(|source| !source.path.contains("/tests"));
    // A store knows a moment, and nothing else of the domain.
    let foreign =
        ["crate::app", "crate::live", "crate::http", "crate::server", "domain::run", "domain::user", "domain::fix"];
    room_does_not_know(&sources, &["src/backend"], &foreign);
    room_does_not_know(
        &sources,
        &["src/app"],
        &["crate::live", "crate::http", "crate::server", "crate::config", "backend::embedded", "RedisStore"],
    );
    room_does_not_know(
        &sources,
        &["src/live"],
        &["crate::http", "crate::server", "crate::config", "backend::embedded", "RedisStore"],
    );
    room_does_not_know(
        &sources,
        &["src/http"],
        &["crate::live", "crate::server", "crate::config", "backend::embedded", "RedisStore"],
    );
    room_does_not_know(&sources, &["src/http/rest"], &["http::runnity", "http::ion", "http::habit"]);
    room_does_not_know(&sources, &["src/http/runnity"], &["http::rest", "http::ion", "http::habit"]);
    room_does_not_know(&sources, &["src/http/ion"], &["http::rest", "http::runnity", "http::habit"]);
    room_does_not_know(&sources, &["src/http/habit"], &["http::rest", "http::runnity", "http::ion"]);
}

#[test]
fn libraries_of_one_room_stay_there() {
    let sources = read("src", &["rs"]);
    // The room itself names the store by its module.
    only_in(&sources, "redis::", &["src/backend/redis", "src/backend.rs"]);
    only_in(&sources, "redb::", &["src/backend/embedded"]);
    only_in(&sources, "warp::", &["src/http", "src/live", "src/server.rs", "src/instance.rs"]);
    only_in(&sources, "std::env", &["src/config.rs", "src/main.rs"]);
    only_in(&sources, "SystemTime::now", &["src/clock.rs"]);
    only_in(&sources, "Utc::now", &["src/clock.rs"]);
}

#[test]
fn workers_are_spawned_by_the_tracker_alone() {
    let mut sources = read("src", &["rs"]);
    sources.retain(|source| !source.path.contains("/tests"));
    // The simulator is a client with a process of its own, and ends with it.
    only_in(&sources, "tokio::spawn(", &["src/app/workers.rs", "src/simulate"]);
}

#[test]
fn every_bound_says_why() {
    let sources = read("src", &["rs"]);
    for limits in sources.iter().filter(|source| source.is_in(&["src/limits.rs", "src/limits/"])) {
        let lines: Vec<&str> = limits.text.lines().collect();
        for (index, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("pub const")) {
            assert!(lines[index - 1].starts_with("///"), "{}:{} has no reason: {line}", limits.path, index + 1);
        }
    }
    only_in(&sources, "unbounded", &["src/limits.rs"]);
}

#[test]
fn files_are_small_and_say_what_they_are_for() {
    for source in read("src", &["rs"]).iter().chain(&read("tests", &["rs"])) {
        let lines = source.text.lines().count();
        assert!(lines <= 500, "{} has {lines} lines: what is its second subject?", source.path);
        assert!(source.text.starts_with("//!"), "{} does not say what it is for", source.path);
        for vague in ["utils", "common", "helpers"] {
            assert!(!source.path.contains(vague), "{} has a name that says nothing", source.path);
        }
    }
    for source in read("web-demo", &["js"]) {
        let lines = source.text.lines().count();
        assert!(lines <= 500, "{} has {lines} lines: what is its second subject?", source.path);
    }
}

#[test]
fn nothing_is_left_undone() {
    let this = "tests/it/tidy.rs";
    let mut sources = read("src", &["rs"]);
    // A stand-in for a store needs no more verbs than the test that it stands in.
    sources.retain(|source| !source.path.contains("/tests"));
    sources.extend(read("tests", &["rs"]));
    for mark in ["todo!(", "unimplemented!(", "dbg!(", "#[ignore"] {
        only_in(&sources, mark, &[this]);
    }
    let tests = read("tests/it", &["rs"]);
    only_in(&tests, "sleep(", &[this]);
}

#[test]
fn top_level_is_as_it_was_settled() {
    let settled = [
        "Cargo.toml",
        "Cargo.lock",
        "src",
        "web-demo",
        "tests",
        "docker-compose.yml",
        "README.md",
        "LICENSE",
        "Dockerfile",
        // What building and running leave behind; git does not know them.
        "target",
        "data",
    ];
    for entry in fs::read_dir(project()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(name.starts_with('.') || settled.contains(&name.as_str()), "{name} does not belong at the top level");
    }
}
