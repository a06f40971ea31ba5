//! An instance of one's own for each test: a free port, a store that nobody else has, and a clock that stands still.

use std::sync::{Arc, Once};
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use runnity::app::allowances::Rates;
use runnity::app::api_key::ApiKey;
use runnity::app::runs::NewRun;
use runnity::app::tokens::TokenSecret;
use runnity::app::users::Identity;
use runnity::app::{App, Settings};
use runnity::backend::Backend;
use runnity::clock::Clock;
use runnity::domain::fix::{Fix, Readings};
use runnity::domain::geo::Place;
use runnity::domain::ids::RunId;
use runnity::domain::time::Timestamp;
use runnity::domain::user::{Level, Visibility};
use runnity::instance::{Instance, Options};
use runnity::live;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::signed::{API_KEY, SECRET};
use super::store::Store;
use super::{Client, DEADLINE, Held, Reply, StoreKind, send, within};

pub struct Site {
    pub app: Arc<App>,
    pub clock: Clock,
    /// `127.0.0.1:<port>`
    pub host: String,
    pub instance: Instance,
    pub store: Arc<Store>,
    options: Options,
    rates: Rates,
    http: reqwest::Client,
}

/// A user of the site, with a token.
pub struct Runner {
    pub id: String,
    pub token: String,
    pub identity: Identity,
}

/// A client that goes by no proxy, and that gives up before the test does.
pub fn http_client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().expect("a client")
}

impl Site {
    pub async fn start(kind: StoreKind) -> Self {
        Self::start_with(kind, Self::options()).await
    }

    /// One whose store may be held.
    pub async fn start_held(kind: StoreKind) -> (Self, Arc<Held>) {
        let clock = Clock::manual(Timestamp::parse("2026-11-21T09:00:00Z").expect("a time"));
        let store = Arc::new(Store::make(kind, &clock).await);
        let held = Held::on(store.open().await);
        (Self::by(held.clone(), store, clock, Self::options(), Rates::default()).await, held)
    }

    /// What [`Site::start`] starts it with.
    pub fn options() -> Options {
        let often = Duration::from_millis(5);
        let live = live::Options { tick: often, positions_every: 10 * often, ..live::Options::default() };
        Options { live, drain: Duration::from_millis(100), ..Options::default() }
    }

    pub async fn start_with(kind: StoreKind, options: Options) -> Self {
        let clock = Clock::manual(Timestamp::parse("2026-11-21T09:00:00Z").expect("a time"));
        let store = Arc::new(Store::make(kind, &clock).await);
        Self::on(store, clock, options, Rates::default()).await
    }

    /// One that counts requests, and believes whom those who come from this machine say that they speak for: by `X-Forwarded-For`.
    pub async fn start_counting(kind: StoreKind, rates: Rates) -> Self {
        let clock = Clock::manual(Timestamp::parse("2026-11-21T09:00:00Z").expect("a time"));
        let store = Arc::new(Store::make(kind, &clock).await);
        let mut options = Self::options();
        options.live.trusted_proxies = "127.0.0.1".parse().expect("a network");
        Self::on(store, clock, options, rates).await
    }

    /// A second instance on the same store, which goes by the same clock.
    pub async fn another(&self) -> Self {
        Self::on(self.store.clone(), self.clock.clone(), self.options.clone(), self.rates).await
    }

    /// A second instance on the same store, whose clock is ahead of this one's by so much (behind, when negative).
    pub async fn another_ahead(&self, by_ms: i64) -> Self {
        let clock = Clock::manual(self.clock.now().plus_millis(by_ms));
        Self::on(self.store.clone(), clock, self.options.clone(), self.rates).await
    }

    /// The application of one more instance, without doors, that does nothing by itself.
    pub async fn idle_app(&self) -> Arc<App> {
        App::new(self.store.open().await, self.clock.clone(), Settings::default())
    }

    async fn on(store: Arc<Store>, clock: Clock, options: Options, rates: Rates) -> Self {
        Self::by(store.open().await, store, clock, options, rates).await
    }

    /// `backend`: its way to the store.
    async fn by(backend: Arc<dyn Backend>, store: Arc<Store>, clock: Clock, options: Options, rates: Rates) -> Self {
        let app = App::new(
            backend,
            clock.clone(),
            Settings {
                open_channels: true,
                token_secret: Some(TokenSecret::new(SECRET)),
                api_key: Some(ApiKey::new(API_KEY)),
                rates,
            },
        );
        let listener = runnity::instance::listen("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
        let instance = Instance::start(app.clone(), listener, options.clone()).await.expect("an instance");
        let host = instance.address().to_string();
        let http = http_client();
        Self { app, clock, host, instance, store, options, rates, http }
    }

    /// Lets time pass, here and for what the store keeps for a time.
    pub async fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.store.age(by).await;
    }

    /// A user whose runs are public, made without the time that a password takes.
    pub async fn runner(&self, name: &str) -> Runner {
        let made = self.app.make_user(name.to_owned(), Level::User, None, Visibility::Public).await;
        let (_, token) = made.expect("a user");
        self.holder_of(token.reveal()).await
    }

    /// Whose token it is.
    pub async fn holder_of(&self, token: &str) -> Runner {
        let identity = self.app.authenticate(token).await.expect("a good token");
        Runner { id: identity.user.to_string(), token: token.to_owned(), identity }
    }

    /// A live run and its channel.
    pub async fn run(&self, runner: &Runner, visibility: Visibility) -> (RunId, String) {
        let new = NewRun { visibility: Some(visibility), ..NewRun::default() };
        let run = self.app.new_run(&runner.identity, new).await.expect("a run");
        (RunId::parse(&run.id).expect("an id"), format!("run:{}", run.id))
    }

    /// Records so many fixes, each in a commit of its own, ten metres and four seconds apart.
    pub async fn record(&self, runner: &Runner, run: RunId, count: usize) {
        self.record_each(Duration::from_secs(4), runner, run, count).await;
    }

    /// As [`Site::record`], with this much time between them: beside others, who must not run out of time.
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
            let place = Place::new(10.0 + north, 24.9).expect("a place");
            Fix::new(now, place, Readings::default()).expect("a fix")
        };
        let recorded = self.app.record(&runner.identity, run, (0..count).map(fix).collect(), None).await;
        recorded.expect("recorded");
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

    /// A request to be filled in and sent by [`send`].
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.host))
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
        let answer = within(exchange).await;
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8(answer[..end].to_vec()).expect("text");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
        let headers = lines.map(|line| line.split_once(": ").expect("a header"));
        let headers = headers.map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")));
        Reply { status, headers: headers.collect(), body: answer[end + 4..].to_vec() }
    }

    /// A socket whose hand-shake is done.
    pub async fn socket(&self) -> Client {
        Client::at(&self.host).await
    }

    /// A spectator without an account, connected.
    pub async fn spectator(&self) -> Client {
        let mut client = self.socket().await;
        client.connect().await;
        client
    }

    /// A client of this user, connected, and what it was told.
    pub async fn connected(&self, runner: &Runner) -> (Client, Value) {
        let mut client = self.socket().await;
        let result = client.ask("connect", serde_json::json!({ "token": runner.token })).await;
        (client, result["connect"].clone())
    }

    /// The code with which a connection with this user's token is closed.
    pub async fn connect_code(&self, runner: &Runner) -> u16 {
        let mut client = self.socket().await;
        client.send(serde_json::json!({ "id": 1, "connect": { "token": runner.token } }).to_string()).await;
        client.closed().await
    }

    pub fn connections_len(&self) -> usize {
        self.instance.live().connections_len()
    }

    /// Ends the instance, and gives back all that the store holds. Others on the store must have ended.
    pub async fn dump(self) -> Vec<String> {
        let Self { app, instance, store, clock, .. } = self;
        drop(app);
        instance.shutdown().await;
        store.dump(&clock).await
    }

    /// Waits until the instance is alone.
    pub async fn all_gone(&self) {
        super::until(|| self.connections_len() == 0).await;
    }
}
