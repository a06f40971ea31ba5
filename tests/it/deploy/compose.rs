//! What docker-compose.yml and the Dockerfile say, as far as it can be done without containers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
pub struct Compose {
    pub services: BTreeMap<String, Service>,
    configs: BTreeMap<String, Config>,
}

#[derive(Deserialize)]
pub struct Service {
    #[serde(default)]
    command: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    healthcheck: HealthCheck,
    #[serde(default)]
    pub ports: Vec<String>,
    #[serde(default)]
    pub read_only: bool,
    pub stop_grace_period: String,
}

#[derive(Deserialize)]
struct HealthCheck {
    test: Vec<String>,
}

#[derive(Deserialize)]
struct Config {
    content: String,
}

/// What the image adds to a service's command and environment.
pub struct Image {
    pub entrypoint: Vec<String>,
    pub environment: BTreeMap<String, String>,
}

impl Compose {
    pub fn read() -> Self {
        serde_saphyr::from_str(&file("docker-compose.yml")).expect("a Compose file")
    }

    /// The balancer's configuration.
    pub fn balancer(&self) -> String {
        filled_in(&self.configs["balancer"].content, &BTreeMap::new())
    }
}

impl Service {
    pub fn command(&self) -> Vec<String> {
        self.command.iter().map(|word| filled_in(word, &BTreeMap::new())).collect()
    }

    /// Its first word says how the others are run.
    pub fn health_check(&self) -> Vec<String> {
        self.healthcheck.test.iter().map(|word| filled_in(word, &BTreeMap::new())).collect()
    }

    pub fn environment(&self, given: &BTreeMap<&str, &str>) -> BTreeMap<String, String> {
        self.environment.iter().map(|(name, value)| (name.clone(), filled_in(value, given))).collect()
    }

    /// How long Docker waits after it has asked the service to end.
    pub fn stop_grace_s(&self) -> f64 {
        self.stop_grace_period.strip_suffix('s').and_then(|seconds| seconds.parse().ok()).expect("seconds")
    }
}

impl Image {
    pub fn read() -> Self {
        let text = file("Dockerfile");
        let after = |word: &'static str| text.lines().filter_map(move |line| line.strip_prefix(word));
        let last = text.rfind("\nFROM ").expect("a last stage");
        let in_the_last = |line: &str| text[last..].contains(line);
        let entrypoint = after("ENTRYPOINT ").next().expect("an entry point");
        let environment = after("ENV ").filter(|line| in_the_last(line)).flat_map(str::split_whitespace);
        let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            entrypoint: serde_json::from_str(entrypoint).expect("a list of words"),
            environment: environment.map(|it| pair(it).expect("a name and a value")).collect(),
        }
    }
}

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("a file of the project")
}

/// As Compose does it: `${NAME:?message}` is what is given, and `$$` is `$`.
fn filled_in(text: &str, given: &BTreeMap<&str, &str>) -> String {
    let (mut left, mut done) = (text, String::new());
    while let Some(at) = left.find('$') {
        done.push_str(&left[..at]);
        let rest = &left[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            done.push('$');
            left = after;
        } else {
            let (inside, after) = rest.strip_prefix('{').and_then(|it| it.split_once('}')).expect("a name in braces");
            let (name, _message) = inside.split_once(":?").expect("a value that must be given");
            done.push_str(given.get(name).unwrap_or_else(|| panic!("{name} is not given")));
            left = after;
        }
    }
    done + left
}
