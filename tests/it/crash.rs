//! The server itself is killed in the middle of its work, again and again: what it acknowledged is there afterwards.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use reqwest::Client;
use serde_json::{Value, json};

const RUNNERS: usize = 8;
const KILLS: usize = 4;

struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// As an operator starts it, on a free port.
    fn start(data: &std::path::Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_runnity"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let line = lines.map_while(Result::ok).find(|line| line.contains("http://")).expect("it says where it is");
        let url = line[line.find("http://").expect("a URL")..].to_owned();
        Self { child, url }
    }

    fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn call(request: reqwest::RequestBuilder) -> Option<Value> {
    let response = request.send().await.ok()?;
    let status = response.status();
    let body: Value = response.json().await.ok()?;
    assert!(status.is_success(), "{status} {body}");
    Some(body["data"].clone())
}

/// Sends fixes one by one until the server is gone; notes the seconds of those that were acknowledged.
async fn send(client: Client, url: String, token: String, run: String, from: u64, stop: Arc<AtomicBool>) -> Vec<u64> {
    let mut acknowledged = Vec::new();
    let mut second = from;
    while !stop.load(Ordering::Relaxed) {
        let time = 1_790_000_000_000 + i64::try_from(second).expect("small") * 1_000;
        let time = runnity::domain::time::Timestamp::from_millis(time).to_string();
        #[allow(clippy::cast_precision_loss)]
        let body = json!({"fixes": [{"time": time, "latitude": 60.0 + second as f64 * 3e-5, "longitude": 24.9}]});
        let request = client.post(format!("{url}/api/runs/{run}/fixes")).bearer_auth(&token).json(&body);
        if call(request).await.is_none() {
            break;
        }
        acknowledged.push(second);
        second += 1;
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_during_ingest_the_server_loses_nothing_that_it_acknowledged() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let data = tempfile::tempdir().unwrap();
    let client = Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
    let mut server = Server::start(data.path());
    let mut runners = Vec::new();
    for index in 0..RUNNERS {
        let body = json!({"name": format!("Runner {index}"), "password": "correct horse", "visibility": "public"});
        let user = call(client.post(format!("{}/api/users", server.url)).json(&body)).await.unwrap();
        let token = user["token"].as_str().unwrap().to_owned();
        let request = client.post(format!("{}/api/runs", server.url)).bearer_auth(&token).json(&json!({}));
        let run = call(request).await.unwrap()["id"].as_str().unwrap().to_owned();
        runners.push((token, run));
    }
    let acknowledged = Arc::new(Mutex::new(vec![BTreeSet::new(); RUNNERS]));
    for kill in 0..KILLS {
        let stop = Arc::new(AtomicBool::new(false));
        let senders = runners.iter().enumerate().map(|(index, (token, run))| {
            let from = acknowledged.lock()[index].last().map_or(0, |last| last + 2);
            send(client.clone(), server.url.clone(), token.clone(), run.clone(), from, stop.clone())
        });
        let senders: Vec<_> = senders.map(tokio::spawn).collect();
        let so_far = || acknowledged.lock().iter().map(BTreeSet::len).sum::<usize>();
        let before = so_far();
        // Killed in the midst of it: after another while each time.
        let deadline = Instant::now() + Duration::from_millis(150 + 130 * kill as u64);
        while Instant::now() < deadline {
            tokio::task::yield_now().await;
        }
        server.kill();
        stop.store(true, Ordering::Relaxed);
        for (index, sender) in senders.into_iter().enumerate() {
            let seconds = sender.await.unwrap();
            acknowledged.lock()[index].extend(seconds);
        }
        assert!(so_far() > before, "the server did something before it was killed");

        server = Server::start(data.path());
        for (index, (token, run)) in runners.iter().enumerate() {
            let request = client.get(format!("{}/api/runs/{run}/fixes?page_size=5000", server.url)).bearer_auth(token);
            let track = call(request).await.unwrap();
            let kept = |fix: &Value| {
                let time = runnity::domain::time::Timestamp::parse(fix["time"].as_str().unwrap()).unwrap();
                u64::try_from(time.as_millis() - 1_790_000_000_000).unwrap() / 1_000
            };
            let kept: Vec<u64> = track.as_array().unwrap().iter().map(kept).collect();
            let distinct: BTreeSet<u64> = kept.iter().copied().collect();
            assert_eq!(kept.len(), distinct.len(), "nothing is stored twice");
            assert!(distinct.is_superset(&acknowledged.lock()[index]), "nothing that was acknowledged is lost");
            let request = client.get(format!("{}/api/runs/{run}", server.url));
            let run = call(request).await.unwrap();
            assert_eq!(run["fixes"], kept.len(), "the run's head and its track agree");
            assert_eq!(run["state"], "live");
        }
    }
}

#[test]
fn second_server_on_the_same_data_is_told_why_it_cannot_start() {
    let data = tempfile::tempdir().unwrap();
    let _first = Server::start(data.path());
    let second = Command::new(env!("CARGO_BIN_EXE_runnity"))
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .output()
        .unwrap();
    assert!(!second.status.success());
    let told = String::from_utf8_lossy(&second.stderr);
    assert!(told.contains("in use by another process"), "{told}");
}
