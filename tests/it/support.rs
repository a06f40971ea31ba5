//! A server of one's own for each test: a free port, a store in a directory of its own, and a clock that stands still.

#[allow(dead_code)] // until the tests of faults use all of it
pub mod redis_server;

use std::sync::{Arc, Once};
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use runnity::app::{App, Settings};
use runnity::backend::embedded::Embedded;
use runnity::clock::Clock;
use runnity::domain::time::Timestamp;
use runnity::domain::user::{Level, Visibility};
use runnity::http::{self, WebDemo};
use runnity::instance::{Instance, Options};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// No answer takes so long.
const DEADLINE: Duration = Duration::from_secs(30);

pub struct Site {
    pub app: Arc<App>,
    pub clock: Clock,
    /// `127.0.0.1:<port>`
    pub host: String,
    _instance: Instance,
    pub store: Arc<Embedded>,
    client: Client,
    _folder: TempDir,
}

/// A user of the site, with a token.
pub struct Runner {
    pub id: String,
    pub token: String,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
}

impl Site {
    pub async fn start() -> Self {
        Self::with(WebDemo::Embedded, http::Options::default()).await
    }

    pub async fn with(web: WebDemo, http: http::Options) -> Self {
        Self::build(Options { web, http, ..Options::default() }, Settings::default()).await
    }

    pub async fn build(options: Options, settings: Settings) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let clock = Clock::manual(Timestamp::parse("2026-11-21T09:00:00Z").expect("a time"));
        let store = Arc::new(Embedded::open(folder.path(), clock.clone()).expect("a store"));
        let app = App::new(store.clone(), clock.clone(), settings);
        let listener = runnity::instance::listen("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
        let instance = Instance::start(app.clone(), listener, options).await.expect("an instance");
        let host = instance.address().to_string();
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let client = Client::builder().no_proxy().timeout(DEADLINE).build().expect("a client");
        Self { app, clock, host, _instance: instance, store, client, _folder: folder }
    }

    /// A request to be filled in and sent by [`send`].
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.host))
    }

    /// A user whose runs are public, made without the time that a password takes.
    pub async fn runner(&self, name: &str) -> Runner {
        let made = self.app.make_user(name.to_owned(), Level::User, None, Visibility::Public).await;
        let (user, token) = made.expect("a user");
        Runner { id: user.id, token: token.reveal().to_owned() }
    }

    /// All that is stored of this runner's runs, for telling that nothing changed.
    pub async fn picture(&self, runner: &Runner) -> Value {
        let mut runs = self.get(runner, "/api/runs?user=me").await.data();
        for run in runs.as_array_mut().expect("runs") {
            let path = format!("/api/runs/{}/fixes", run["id"].as_str().expect("an id"));
            run["track"] = self.get(runner, &path).await.data();
        }
        runs
    }

    pub async fn get(&self, runner: &Runner, path: &str) -> Reply {
        send(self.ask(Method::GET, path).bearer_auth(&runner.token)).await
    }

    pub async fn post(&self, runner: &Runner, path: &str, body: Value) -> Reply {
        send(self.ask(Method::POST, path).bearer_auth(&runner.token).json(&body)).await
    }

    /// Bytes that no well-behaved client would send. They should ask for the connection to be closed.
    pub async fn raw(&self, request: &[u8]) -> Reply {
        let exchange = async {
            let mut stream = TcpStream::connect(&self.host).await.expect("connected");
            stream.write_all(request).await.expect("sent");
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.expect("answered");
            answer
        };
        let answer = tokio::time::timeout(DEADLINE, exchange).await.expect("in time");
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8(answer[..end].to_vec()).expect("text");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
        let headers = lines.map(|line| line.split_once(": ").expect("a header"));
        let headers = headers.map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")));
        Reply { status, headers: headers.collect(), body: answer[end + 4..].to_vec() }
    }
}

pub async fn send(request: RequestBuilder) -> Reply {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Reply { status, headers, body: response.bytes().await.expect("a body").to_vec() }
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("JSON, not {self:?}"))
    }

    /// What was asked for from our own API; fails on an error.
    #[track_caller]
    pub fn data(&self) -> Value {
        assert!(self.status < 300, "{} {}", self.status, String::from_utf8_lossy(&self.body));
        self.json()["data"].take()
    }

    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("{name} in {self:?}")).to_str().expect("text")
    }

    pub fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }
}
