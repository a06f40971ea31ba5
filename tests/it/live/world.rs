//! A server on a port of its own, and clients who speak the protocol in plain JSON.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use runnity::app::runs::NewRun;
use runnity::app::users::Identity;
use runnity::app::{App, Settings};
use runnity::backend::embedded::Embedded;
use runnity::clock::Clock;
use runnity::domain::fix::{Fix, Readings};
use runnity::domain::geo::Place;
use runnity::domain::ids::RunId;
use runnity::domain::time::Timestamp;
use runnity::domain::user::{Level, Visibility};
use runnity::live::{Live, Options};
use runnity::server::{self, Server};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_util::sync::CancellationToken;

/// Far above anything that a test waits for.
const DEADLINE: Duration = Duration::from_secs(20);

pub async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, what).await.expect("in time")
}

pub struct World {
    pub app: Arc<App>,
    pub live: Arc<Live>,
    /// Stands still until a test moves it on.
    pub clock: Clock,
    pub address: SocketAddr,
    pub stop: CancellationToken,
    pub serving: JoinHandle<()>,
    _directory: tempfile::TempDir,
}

pub struct Runner {
    pub identity: Identity,
    pub token: String,
}

pub struct Client {
    pub socket: WebSocketStream<TcpStream>,
    /// Lines of a message that were not asked for yet.
    lines: std::collections::VecDeque<String>,
    next_id: u32,
}

impl World {
    pub async fn new() -> Self {
        Self::with(server::Options::default()).await
    }

    pub async fn with(options: server::Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Timestamp::from_millis(1_790_000_000_000));
        let store = Arc::new(Embedded::open(directory.path(), clock.clone()).unwrap());
        let app = App::new(store, clock.clone(), Settings { open_channels: true });
        app.start_duties();
        let live = Live::new(app.clone(), Options { tick: Duration::from_millis(5), ..Options::default() });
        let options = server::Options { drain: Duration::from_millis(100), ..options };
        let server = Server::new(app.clone(), live.clone(), live.routes(), options);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), server.stop());
        let serving = tokio::spawn(server.listen(listener));
        Self { app, live, clock, address, stop, serving, _directory: directory }
    }

    /// A socket whose hand-shake is done.
    pub async fn socket(&self) -> Client {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let url = format!("ws://{}/connection/websocket", self.address);
        let (socket, _) = within(tokio_tungstenite::client_async(url, stream)).await.unwrap();
        Client { socket, lines: std::collections::VecDeque::new(), next_id: 1 }
    }

    /// A spectator without an account, connected.
    pub async fn spectator(&self) -> Client {
        let mut client = self.socket().await;
        let result = client.ask("connect", json!({})).await;
        assert!(result["connect"]["client"].is_string(), "{result}");
        client
    }

    /// A client of this user, connected, and what it was told.
    pub async fn connected(&self, runner: &Runner) -> (Client, Value) {
        let mut client = self.socket().await;
        let result = client.ask("connect", json!({ "token": runner.token })).await;
        (client, result["connect"].clone())
    }

    /// The code with which a connection with this user's token is closed.
    pub async fn connect_code(&self, runner: &Runner) -> u16 {
        let mut client = self.socket().await;
        client.send(json!({ "id": 1, "connect": { "token": runner.token } }).to_string()).await;
        client.closed().await
    }

    pub async fn runner(&self, name: &str) -> Runner {
        let made = self.app.make_user(name.into(), Level::User, None, Visibility::Public);
        let token = made.await.unwrap().1.reveal().to_owned();
        Runner { identity: self.app.authenticate(&token).await.unwrap(), token }
    }

    /// A live run and its channel.
    pub async fn run(&self, runner: &Runner, visibility: Visibility) -> (RunId, String) {
        let new = NewRun { visibility: Some(visibility), ..NewRun::default() };
        let run = self.app.new_run(&runner.identity, new).await.unwrap();
        (RunId::parse(&run.id).unwrap(), format!("run:{}", run.id))
    }

    /// Records so many fixes, each in a commit of its own, ten metres and four seconds apart.
    pub async fn record(&self, runner: &Runner, run: RunId, count: usize) {
        self.record_each(Duration::from_secs(4), runner, run, count).await;
    }

    /// As [`World::record`], with this much time between them: beside others, who must not run out of time.
    pub async fn record_each(&self, step: Duration, runner: &Runner, run: RunId, count: usize) {
        for _ in 0..count {
            self.record_at_once(step, runner, run, 1).await;
        }
    }

    /// Records so many fixes in one commit, ten metres and four seconds apart.
    pub async fn record_together(&self, runner: &Runner, run: RunId, count: usize) {
        self.record_at_once(Duration::from_secs(4), runner, run, count).await;
    }

    async fn record_at_once(&self, step: Duration, runner: &Runner, run: RunId, count: usize) {
        let fix = |_| {
            self.clock.advance(step);
            let now = self.clock.now();
            let north = (now.as_millis() % 100_000_000) as f64 / 4_000.0 * 10.0 / 111_195.0;
            let place = Place::new(10.0 + north, 24.9).unwrap();
            Fix::new(now, place, Readings::default()).unwrap()
        };
        self.app.record(&runner.identity, run, (0..count).map(fix).collect(), None).await.unwrap();
    }

    /// Waits until the server is alone.
    pub async fn all_gone(&self) {
        within(async {
            while self.live.connections_len() > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

impl Client {
    pub async fn send(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.unwrap();
    }

    /// Sends a command and waits for its reply. What is pushed before the reply is thrown away.
    pub async fn ask(&mut self, command: &str, body: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        self.send(json!({ "id": id, command: body }).to_string()).await;
        self.reply(id).await
    }

    /// Waits for the reply to this command. What is pushed before it is thrown away.
    pub async fn reply(&mut self, id: u32) -> Value {
        loop {
            let line = self.next_but_pings().await;
            if line["id"] == id {
                return line;
            }
            assert!(line["push"].is_object(), "{line}");
        }
    }

    /// Sends a command and waits for the code of its error.
    pub async fn error(&mut self, command: &str, body: Value) -> u64 {
        let reply = self.ask(command, body).await;
        reply["error"]["code"].as_u64().unwrap_or_else(|| panic!("no error: {reply}"))
    }

    /// Subscribes, successfully.
    pub async fn subscribe(&mut self, channel: &str) -> Value {
        let reply = self.ask("subscribe", json!({ "channel": channel })).await;
        assert!(reply["subscribe"].is_object(), "{reply}");
        reply["subscribe"].clone()
    }

    /// The next line that is not our own ping's answer.
    pub async fn next(&mut self) -> Value {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return serde_json::from_str(&line).unwrap();
            }
            match within(self.socket.next()).await.expect("an open socket").expect("a frame") {
                Message::Text(text) => self.lines.extend(text.lines().map(str::to_owned)),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("not expected: {other:?}"),
            }
        }
    }

    /// The next line that says something; pings, which come when a test moves time on, are answered.
    async fn next_but_pings(&mut self) -> Value {
        loop {
            let line = self.next().await;
            if line != json!({}) {
                return line;
            }
            self.send("{}").await;
        }
    }

    /// The next push of this channel. Those of others (a user's own comes unasked) are thrown away.
    pub async fn push(&mut self, channel: &str) -> Value {
        loop {
            let line = self.next_but_pings().await;
            assert!(line["push"].is_object(), "{line}");
            if line["push"]["channel"] == channel {
                return line["push"].clone();
            }
        }
    }

    /// The close frame's code, after whatever comes before it; 1006 when the connection just breaks.
    pub async fn closed(mut self) -> u16 {
        loop {
            match within(self.socket.next()).await {
                Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => return code.into(),
                Some(Ok(Message::Close(None))) => return 1005,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return 1006,
            }
        }
    }
}
