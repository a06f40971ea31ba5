//! What the operator is told when `--redis` leads to nothing that a store can be kept in: one sentence that says what to do,
//! and never the password. And what a Redis does that is full, which can be started with and be read.

use std::process::{Command, Output};

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::node::{Node, Process};
use super::phone::fix;
use super::spectator::Spectator;
use super::world::{Runner, World};
use crate::support::redis_server::{Options, RedisServer};
use crate::support::{send, until, within};

const PASSWORD: &str = "the-password-of-this-test";

/// Starts the server as an operator does, and waits until it has given up and said this.
async fn refuses(url: &str, sentence: &str) {
    let words = ["--listen", "127.0.0.1:0", "--redis", url].map(str::to_owned);
    let run = move || Command::new(env!("CARGO_BIN_EXE_runnity")).args(words).output().expect("the server starts");
    let Output { status, stdout, stderr } = within(tokio::task::spawn_blocking(run)).await.expect("it ends");
    let told = String::from_utf8_lossy(&stderr);
    let last = told.lines().last().unwrap_or_default();
    assert!(last.starts_with("runnity: ") && last.contains(sentence), "{url}: {sentence:?} is not in {told}");
    assert_eq!((status.code(), &stdout[..]), (Some(1), &b""[..]), "{told}");
    assert!(!told.contains(PASSWORD), "{told}");
}

/// A server with this password, and with a user of the same password who may do this.
async fn with_a_user(rights: &[&str]) -> (RedisServer, String) {
    let server = RedisServer::start_with(Options { requirepass: Some(PASSWORD), ..Options::default() }).await;
    let user = [&["ACL", "SETUSER", "weak", "on", ">the-password-of-this-test"][..], rights].concat();
    assert_eq!(server.ask(&user).await, "OK");
    let url = format!("redis://weak:{PASSWORD}@127.0.0.1:{}", server.port());
    (server, url)
}

async fn with(args: &[&str]) -> RedisServer {
    let args = args.iter().map(|&arg| arg.to_owned()).collect();
    RedisServer::start_with(Options { args, ..Options::default() }).await
}

/// Somebody who answers so to whatever is said.
async fn stranger(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut said = [0; 4_096];
            while let Ok(1..) = stream.read(&mut said).await {
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn url_that_is_none() {
    let looks_like = "it looks like redis://user:password@host:6379/0";
    for url in
        ["nowhere", "http://:the-password-of-this-test@127.0.0.1", "redis://:the-password-of-this-test@127.0.0.1/x"]
    {
        refuses(url, looks_like).await;
    }
    let server = RedisServer::start().await;
    refuses(&format!("{}/99", server.url()), "no database of that number").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn address_where_no_redis_is() {
    refuses("redis://:the-password-of-this-test@127.0.0.1:1", "is it running, and is this its address?").await;
    let other = stranger("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
    refuses(&format!("redis://:{PASSWORD}@127.0.0.1:{other}"), "is not Redis").await;
    // One answer for each of the commands that come together.
    let old = stranger(concat!(
        "-ERR unknown command `HELLO`, with args beginning with: `3`, \r\n",
        "-ERR Unknown subcommand\r\n-ERR Unknown subcommand\r\n",
    ));
    let old = old.await;
    refuses(&format!("redis://:{PASSWORD}@127.0.0.1:{old}"), "too old: version 6.2 or newer is needed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn password_that_is_wrong_or_missing() {
    let server = RedisServer::start_with(Options { requirepass: Some("another"), ..Options::default() }).await;
    let port = server.port();
    refuses(&format!("redis://:{PASSWORD}@127.0.0.1:{port}"), "does not know this user or password").await;
    refuses(&format!("redis://nobody:{PASSWORD}@127.0.0.1:{port}"), "does not know this user or password").await;
    refuses(&format!("redis://127.0.0.1:{port}"), "wants a password").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn user_who_lacks_a_right() {
    let enough = "needs ~{runnity:* resetchannels &{runnity:* +@all -@dangerous +info +config|get";
    for rights in [
        &["~*", "&*", "+@all", "-evalsha"][..],
        &["~*", "&*", "+@all", "-info"],
        &["~*", "&*", "+@all", "-subscribe"],
        // Found when a script does it, which is too late in the midst of a commit.
        &["~*", "&*", "+@all", "-xadd"],
        &["~*", "&*", "+@all", "-publish"],
        &["~other:*", "&*", "+@all"],
        &["~*", "resetchannels", "&other:*", "+@all"],
    ] {
        let (_server, url) = with_a_user(rights).await;
        refuses(&url, enough).await;
    }
    let (_server, url) =
        with_a_user(&["~{runnity:*", "resetchannels", "&{runnity:*", "+@all", "-@dangerous", "+info", "+config|get"])
            .await;
    Process::start(&url);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_without_a_command_that_is_needed() {
    for command in ["XADD", "INFO", "EVALSHA"] {
        let server = with(&["--rename-command", command, ""]).await;
        refuses(&server.url(), "was it renamed or disabled?").await;
    }
    // Not every Redis lets itself be asked.
    let server = with(&["--rename-command", "CONFIG", ""]).await;
    Process::start(&server.url());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_that_must_not_be_written_to() {
    let primary = RedisServer::start().await;
    let follows = Options { replicaof: Some(primary.port()), ..Options::default() };
    let replica = RedisServer::start_with(follows).await;
    refuses(&replica.url(), "read-only replica: give the URL of the primary").await;
    let cluster = with(&["--cluster-enabled", "yes"]).await;
    refuses(&cluster.url(), "part of a cluster, which is not supported: use a single Redis").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_of_a_newer_format() {
    let server = RedisServer::start().await;
    server.ask(&["HSET", "{runnity:0}:meta", "format", "99"]).await;
    refuses(&server.url(), "has format 99, and this version knows no format above 1: use a newer version").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_that_throws_data_away_is_warned_of() {
    for (policy, warning) in [
        (
            "allkeys-lru",
            "throws data away when it is full, runs and accounts among it: set its maxmemory-policy to noeviction",
        ),
        ("volatile-ttl", "forgets idempotency keys when it is full"),
    ] {
        let server = RedisServer::start_with(Options { maxmemory: Some(("64mb", policy)), ..Options::default() }).await;
        let said = Process::start(&server.url()).killed_said();
        assert!(said.contains("WARN") && said.contains(warning), "{said}");
    }
    let server = RedisServer::start().await;
    let said = Process::start(&server.url()).killed_said();
    assert!(!said.contains("WARN"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_that_is_full_can_be_read_and_is_written_again_when_it_may_grow() {
    let server =
        RedisServer::start_with(Options { maxmemory: Some(("64mb", "noeviction")), ..Options::default() }).await;
    let node = Node::start(server.port()).await;
    let world = World::of(std::slice::from_ref(&node.host), Vec::new(), Vec::new());
    let runner = Runner::new(&super::world::client(), &node.host, "Aino").await;
    let path = format!("/api/runs/{}", runner.run);
    let record = async |number: usize| {
        let request = world.ask(Method::POST, &node.host, &format!("{path}/fixes")).bearer_auth(&runner.token);
        send(request.json(&json!({ "fixes": [fix(&runner, number)] }))).await
    };
    assert_eq!(record(0).await.status, 201);
    let early = Spectator::start(std::slice::from_ref(&node.host), &runner);
    until(|| early.story().fixes == 1).await;

    server.ask(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let another = Node::start(server.port()).await;
    for number in 1..4 {
        let refused = record(number).await;
        assert_eq!((refused.status, refused.header("retry-after")), (503, "1"));
    }
    let log_in = send(world.ask(Method::GET, &node.host, &format!("/login/{}", runner.token))).await;
    assert_eq!((log_in.status, log_in.header("retry-after")), (503, "1"));
    for host in [&node.host, &another.host] {
        assert_eq!(send(world.ask(Method::GET, host, &path)).await.data()["fixes"], 1);
        let late = Spectator::start(std::slice::from_ref(host), &runner);
        until(|| late.story().fixes == 1).await;
    }

    server.ask(&["CONFIG", "SET", "maxmemory", "0"]).await;
    for number in 1..4 {
        assert_eq!(record(number).await.status, 201);
    }
    until(|| early.story().fixes == 4).await;
    early.story().stayed_and_missed_nothing(4);
}
