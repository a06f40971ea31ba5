//! A world moves from the embedded store into Redis by the commands that an operator types: nobody who comes back notices.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use reqwest::{Client as Http, Method};
use runnity::clock::Clock;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::support::redis_server::RedisServer;
use crate::support::{Client, DEADLINE, Reply, send, within};

/// A server as an operator starts it, until it is killed.
struct Server {
    child: Child,
    /// `127.0.0.1:<port>`
    host: String,
    http: Http,
}

impl Server {
    fn start(store: [&str; 2]) -> Self {
        let mut child = runnity(&["serve", "--listen", "127.0.0.1:0", store[0], store[1]])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let line = lines.map_while(Result::ok).find(|line| line.contains("http://")).expect("it says where it is");
        let host = line.rsplit('/').next().expect("a host").to_owned();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Http::builder().no_proxy().timeout(DEADLINE).build().expect("a client");
        Self { child, host, http }
    }

    async fn get(&self, token: &str, path: &str) -> Reply {
        send(self.http.get(format!("http://{}{path}", self.host)).bearer_auth(token)).await
    }

    async fn post(&self, token: &str, path: &str, key: &str, body: Value) -> Reply {
        let request = self.http.request(Method::POST, format!("http://{}{path}", self.host)).bearer_auth(token);
        send(request.header("idempotency-key", key).json(&body)).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn runnity(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runnity"));
    command.args(words);
    command
}

fn ended(words: &[&str]) -> Output {
    runnity(words).output().expect("it runs")
}

#[track_caller]
fn refused(words: &[&str], sentence: &str) {
    let output = ended(words);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && complaint.contains(sentence), "{complaint}");
}

/// A way to a server that lets so many bytes through, tells that it has, and then is stuck for ever.
async fn narrow(port: u16, bytes: u64) -> (u16, Arc<Notify>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (own_port, stuck) = (listener.local_addr().unwrap().port(), Arc::new(Notify::new()));
    let tell = stuck.clone();
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let ((from_client, mut to_client), (mut from_server, mut to_server)) =
            (client.into_split(), server.into_split());
        let back = async move { tokio::io::copy(&mut from_server, &mut to_client).await };
        let there = async move {
            let copied = tokio::io::copy(&mut from_client.take(bytes), &mut to_server).await;
            to_server.flush().await.unwrap();
            tell.notify_one();
            copied
        };
        let _ = tokio::join!(there, back, std::future::pending::<()>());
    });
    (own_port, stuck)
}

/// So many fixes, one a second, from this second of the day before on.
fn fixes(from: i64, count: i64) -> Value {
    let yesterday = Clock::system().now().as_millis() / 86_400_000 * 86_400_000 - 86_400_000;
    let fix = |second: i64| {
        let time = runnity::domain::time::Timestamp::from_millis(yesterday + second * 1_000);
        json!({"time": time.to_string(), "latitude": 60.0 + second as f64 * 3e-5, "longitude": 24.9, "accuracy_m": 4.5})
    };
    json!({ "fixes": (from..from + count).map(fix).collect::<Vec<_>>() })
}

/// What is told of users and their runs: answers and their validators.
async fn picture(server: &Server, tokens: &[String], runs: &[String]) -> Vec<(u16, Option<String>, Value)> {
    let mut picture = Vec::new();
    let mut paths = vec!["/api/users/me".to_owned(), "/api/runs?user=me".to_owned()];
    for run in runs {
        paths.extend([
            run.clone(),
            format!("{run}/fixes?page_size=5000"),
            format!("{run}/fixes?page_size=5000&page=2"),
        ]);
    }
    for token in tokens {
        for path in &paths {
            let reply = server.get(token, path).await;
            let validator = reply.has("etag").then(|| reply.header("etag").to_owned());
            picture.push((reply.status, validator, reply.json()["data"].clone()));
        }
    }
    picture
}

async fn sign_up(server: &Server, name: &str) -> String {
    let body = json!({"name": name, "password": "correct horse", "visibility": "public"});
    server.post("", "/api/users", &format!("the first post of {name}"), body).await.data()["token"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn new_run(server: &Server, token: &str, number: i64) -> String {
    server.post(token, "/api/runs", &format!("run {number}"), json!({})).await.header("location").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_world_that_moves_into_redis_goes_on_where_it_was_though_the_move_was_killed() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    let server = Server::start(["--data", data]);
    let (aino, bea) = (sign_up(&server, "Aino").await, sign_up(&server, "Bea").await);
    let mut runs = Vec::new();
    for number in 0..3 {
        let run = new_run(&server, &aino, number).await;
        for batch in 6 * number..6 * number + 6 {
            server.post(&aino, &format!("{run}/fixes"), &batch.to_string(), fixes(batch * 1_000, 1_000)).await.data();
        }
        server.post(&aino, &format!("{run}/finish"), &format!("finish {number}"), json!({})).await.data();
        runs.push(run);
    }
    let live = new_run(&server, &bea, 0).await;
    runs.push(live.clone());
    for second in 0..20 {
        server.post(&bea, &format!("{live}/fixes"), &second.to_string(), fixes(second, 1)).await.data();
    }
    let channel = format!("run:{}", live.rsplit('/').next().unwrap());
    let mut spectator = Client::at(&server.host).await;
    spectator.connect().await;
    let place = spectator.subscribe(&channel).await;
    let unseen = server.post(&bea, &format!("{live}/fixes"), "unseen", fixes(20, 3)).await.json();
    let tokens = [aino, bea.clone()];
    let before = picture(&server, &tokens, &runs).await;

    let redis = RedisServer::start().await;
    let url = redis.url();
    refused(&["copy", "--from", data, "--to", &url], "in use by another process");
    drop(server);

    // Killed somewhere in its second part.
    let (port, stuck) = narrow(redis.port(), 1_900_000).await;
    let narrow_url = format!("redis://127.0.0.1:{port}");
    let mut killed = runnity(&["copy", "--from", data, "--to", &narrow_url]).spawn().unwrap();
    within(stuck.notified()).await;
    killed.kill().unwrap();
    killed.wait().unwrap();
    let half_len: u64 = redis.ask(&["DBSIZE"]).await.parse().unwrap();
    assert!(half_len > 1, "some of it was copied");
    refused(&["serve", "--listen", "127.0.0.1:0", "--redis", &url], "holds the first part of a copy");
    let output = ended(&["copy", "--from", data, "--to", &url]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(redis.ask(&["DBSIZE"]).await.parse::<u64>().unwrap() > half_len, "and some was not");

    let server = Server::start(["--redis", &url]);
    assert_eq!(picture(&server, &tokens, &runs).await, before);
    let again = server.post(&bea, &format!("{live}/fixes"), "unseen", fixes(20, 3)).await.json();
    assert_eq!(again["data"], unseen["data"], "what is sent again is answered as it was");
    let body = json!({"name": "Aino", "password": "correct horse"});
    assert_eq!(server.post("", "/api/tokens", "a log-in after the move", body).await.status, 201);

    let mut spectator = Client::at(&server.host).await;
    spectator.connect().await;
    let (epoch, offset) = (place["epoch"].clone(), place["offset"].as_u64().unwrap());
    let body = json!({"channel": channel, "recover": true, "epoch": epoch, "offset": offset});
    let back = spectator.ask("subscribe", body).await["subscribe"].clone();
    assert_eq!((&back["recovered"], &back["epoch"]), (&json!(true), &epoch), "{back}");
    let missed: Vec<_> = back["publications"].as_array().unwrap().iter().map(|it| it["offset"].as_u64()).collect();
    assert_eq!(missed, [Some(offset + 1)]);
    server.post(&bea, &format!("{live}/fixes"), "next", fixes(23, 1)).await.data();
    assert_eq!(spectator.push(&channel).await["pub"]["offset"], offset + 2);
    refused(&["copy", "--from", data, "--to", &url], "stop them first");
    drop(server);
    let output = ended(&["copy", "--from", data, "--to", &url]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("nothing was done"));
}
