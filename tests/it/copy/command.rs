//! `runnity copy`, as an operator types it.

use std::path::Path;
use std::process::Command;

use crate::support::redis_server::{Options, RedisServer};

/// The command's end: whether it went well, its closing line, and what it complained of.
fn copy(from: &str, to: &str) -> (bool, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_runnity")).args(["copy", "--from", from, "--to", to]).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

fn path(dir: &Path, name: &str) -> String {
    dir.join(name).to_str().unwrap().to_owned()
}

fn make_user(data: &str, name: &str) -> bool {
    Command::new(env!("CARGO_BIN_EXE_runnity")).args(["user", "--data", data, name]).output().unwrap().status.success()
}

#[test]
fn what_was_copied_is_told_and_a_second_time_there_is_nothing_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (path(dir.path(), "old"), path(dir.path(), "new"));
    assert!(make_user(&old, "Aino"));
    let (done, told, complaints) = copy(&old, &new);
    assert!(done, "{complaints}");
    assert!(told.starts_with("copied ") && told.contains(" values, "), "{told}");
    assert_eq!(complaints, "");
    let (done, told, _) = copy(&old, &new);
    assert!(done && told.contains("nothing was done"), "{told}");
    assert!(make_user(&new, "Bea"), "it is a store like any other");
    assert!(!make_user(&new, "Aino"), "who is in it already");
}

#[test]
fn what_cannot_be_copied_is_refused_in_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let (old, full, new) = (path(dir.path(), "old"), path(dir.path(), "full"), path(dir.path(), "new"));
    assert!(make_user(&old, "Aino") && make_user(&full, "Bea"));
    let file = path(dir.path(), "file");
    std::fs::write(&file, "no folder").unwrap();
    let nowhere = path(dir.path(), "nowhere");
    for (from, to, sentence) in [
        (&nowhere, &new, "--from: there is no store in "),
        (&file, &new, "--from: there is no store in "),
        (&old, &full, "the target holds a world already"),
        (&old, &old, "--from and --to are the same store"),
        (&old, &file, "--to: "),
    ] {
        let (done, told, complaints) = copy(from, to);
        assert!(!done && told.is_empty(), "{told}");
        assert!(complaints.starts_with(&format!("runnity: {sentence}")), "{complaints}");
        assert_eq!(complaints.lines().count(), 1, "{complaints}");
    }
    assert!(!Path::new(&new).exists() && !Path::new(&nowhere).exists());
}

#[tokio::test]
async fn a_redis_that_cannot_be_used_is_told_of_in_a_sentence_without_its_password() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (path(dir.path(), "old"), path(dir.path(), "new"));
    assert!(make_user(&old, "Aino"));
    let server = RedisServer::start_with(Options { requirepass: Some("swordfish"), ..Options::default() }).await;
    let port = server.port();
    for (url, sentence) in [
        ("http://aino:swordfish@127.0.0.1".to_owned(), "the URL of Redis cannot be used"),
        ("redis://:swordfish@".to_owned(), "the URL of Redis cannot be used"),
        ("redis://:swordfish@127.0.0.1:1".to_owned(), "Redis cannot be reached"),
        (format!("redis://:shellfish@127.0.0.1:{port}"), "Redis does not know this user or password"),
    ] {
        for (from, to, option) in [(&old, &url, "--to"), (&url, &new, "--from")] {
            let (done, told, complaints) = copy(from, to);
            assert!(!done && told.is_empty(), "{told}");
            assert!(complaints.starts_with(&format!("runnity: {option}: {sentence}")), "{complaints}");
            assert!(complaints.lines().count() == 1 && !complaints.contains("fish"), "{complaints}");
        }
    }
    let (done, _, complaints) = copy(&server.url(), &new);
    assert!(!done && complaints.contains("there is no store in this Redis"), "{complaints}");
    assert!(!Path::new(&new).exists());
    let (done, told, complaints) = copy(&old, &server.url());
    assert!(done && told.starts_with("copied "), "{complaints}");
}
