//! How a server leaves: it says so first, serves on while others turn elsewhere, and then ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::{join_all, select_all};
use reqwest::Method;
use runnity::app::{App, Settings};
use runnity::backend::embedded::Embedded;
use runnity::clock::Clock;
use runnity::instance::{self, Instance, Options};
use runnity::probe::{self, ProbeError, Question};
use tokio::task::JoinHandle;

use crate::support::{Site, StoreKind, Streamed, http_client, on_each_store, send, within};

on_each_store!(good_byes_are_spread_over_the_drain, during_the_drain_new_connections_are_told_to_come_later,);

struct Leaver {
    app: Arc<App>,
    url: String,
    address: SocketAddr,
    instance: Instance,
    _folder: tempfile::TempDir,
}

impl Leaver {
    async fn start(leave: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::system();
        let store = Arc::new(Embedded::open(folder.path(), clock.clone()).unwrap());
        let app = App::new(store, clock, Settings::default());
        let listener = instance::listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let options = Options { leave, ..Options::default() };
        let instance = Instance::start(app.clone(), listener, options).await.unwrap();
        let address = instance.address();
        Self { app, url: format!("http://{address}"), address, instance, _folder: folder }
    }

    /// Tells it to end, and waits until it says that it is about to.
    async fn told(self) -> (Arc<App>, String, JoinHandle<()>) {
        let ending = tokio::spawn(self.instance.shutdown());
        within(self.app.workers.leaving().cancelled()).await;
        (self.app, self.url, ending)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_that_leaves_says_so_and_serves_on() {
    let leaver = Leaver::start(Duration::from_secs(3_600)).await;
    probe::ask(&leaver.url, Question::Ready).await.unwrap();
    let (app, url, ending) = leaver.told().await;
    let refused = probe::ask(&url, Question::Ready).await.unwrap_err();
    assert_eq!(refused.to_string(), "the server is not ready: it answers 503 Service Unavailable");
    probe::ask(&url, Question::Live).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    assert_eq!(within(client.get(format!("{url}/api/runs")).send()).await.unwrap().status(), 200);
    // Whoever does not want to wait for it ends it at once.
    within(app.workers.close()).await;
    within(ending).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_that_has_left_is_gone() {
    let leaver = Leaver::start(Duration::from_millis(200)).await;
    let address = leaver.address;
    let (_, url, ending) = leaver.told().await;
    within(ending).await.unwrap();
    let silent = probe::ask(&url, Question::Live).await.unwrap_err();
    assert!(matches!(silent, ProbeError::Silent(_)), "{silent}");
    assert!(silent.to_string().contains("refused"), "{silent} at {address}");
}

async fn good_byes_are_spread_over_the_drain(kind: StoreKind) {
    let drain = Duration::from_millis(800);
    let site = Site::start_with(kind, Options { drain, ..Site::options() }).await;
    let (lines, events) = (Streamed::lines(&site).await, Streamed::events(&site).await);
    let mut sockets = Vec::new();
    for _ in 0..6 {
        sockets.push(site.spectator().await);
    }
    let Site { instance, host, store: _store, .. } = site;
    let began = Instant::now();
    let ending = tokio::spawn(instance.shutdown());
    let mut told: Vec<_> =
        sockets.into_iter().map(|socket| socket.closed().map(|code| (code, Instant::now())).boxed()).collect();
    for streamed in [lines, events] {
        let heard = async {
            let last = streamed.rest().await.pop().expect("a good-bye");
            let code = last["push"]["disconnect"]["code"].as_u64().and_then(|code| u16::try_from(code).ok());
            (code.unwrap_or_else(|| panic!("{last}")), Instant::now())
        };
        told.push(heard.boxed());
    }
    let told = join_all(told).await;
    assert!(told.iter().all(|(code, _)| *code == 3001), "{told:?}");
    let mut after: Vec<_> = told.iter().map(|(_, at)| at.duration_since(began)).collect();
    after.sort_unstable();
    // One each tenth of a second.
    assert!(after[7] >= drain * 7 / 8 && after[4] >= drain / 2, "{after:?}");
    within(ending).await.unwrap();
    assert!(tokio::net::TcpStream::connect(&host).await.is_err(), "nobody listens any more");
}

async fn during_the_drain_new_connections_are_told_to_come_later(kind: StoreKind) {
    let site = Site::start_with(kind, Options { drain: Duration::from_secs(3_600), ..Site::options() }).await;
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(site.spectator().await.closed().boxed());
    }
    let Site { instance, app, host, store: _store, .. } = site;
    let ending = tokio::spawn(instance.shutdown());
    let (first, _, others) = within(select_all(sockets)).await;
    assert_eq!(first, 3001);

    let client = http_client();
    let ask = |method: Method, path: &str| client.request(method, format!("http://{host}{path}"));
    let hand_shake = |path: &str| {
        let asked = ask(Method::GET, path).header("connection", "upgrade").header("upgrade", "websocket");
        asked.header("sec-websocket-version", "13").header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
    };
    for request in [
        hand_shake("/connection/websocket"),
        hand_shake("/connection/uni_websocket"),
        ask(Method::POST, "/connection/http_stream").body(r#"{"id":1,"connect":{}}"#),
        ask(Method::GET, "/connection/sse?cf_connect=%7B%22id%22:1,%22connect%22:%7B%7D%7D"),
        ask(Method::POST, "/connection/uni_http_stream").body("{}"),
        ask(Method::GET, "/connection/uni_sse"),
        ask(Method::GET, "/health/ready"),
    ] {
        let reply = send(request).await;
        assert_eq!((reply.status, reply.header("retry-after")), (503, "1"), "{reply:?}");
    }
    // Everything else is served to the end.
    for path in ["/health/live", "/api/runs"] {
        assert_eq!(send(ask(Method::GET, path)).await.status, 200, "{path}");
    }
    assert!(select_all(others).now_or_never().is_none(), "the others have their time");
    within(app.workers.close()).await;
    within(ending).await.unwrap();
}

#[test]
fn health_of_a_server_is_asked_from_the_command_line() {
    let ask = |args: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_runnity"))
            .arg("health")
            .args(args)
            .env_remove("RUNNITY_LISTEN")
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap().trim().to_owned())
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let leaver = runtime.block_on(Leaver::start(Duration::ZERO));
    let port = leaver.address.port();
    // As in a container, whose server listens on all addresses.
    assert_eq!(ask(&["--listen", &format!("0.0.0.0:{port}")]), (true, "ready".to_owned()));
    assert_eq!(ask(&["--server", &leaver.url, "--live"]), (true, "live".to_owned()));
    let (good, said) = ask(&["--server", "ftp://nowhere"]);
    assert!(!good && said.contains("http://127.0.0.1:8000 is one"), "{said}");
    runtime.block_on(within(leaver.instance.shutdown()));
    let (good, said) = ask(&["--server", &leaver.url]);
    assert!(!good && said.starts_with("runnity: the server does not answer: "), "{said}");
}
