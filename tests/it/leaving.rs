//! How a server leaves: it says so first, serves on while others turn elsewhere, and then ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use runnity::app::{App, Settings};
use runnity::backend::embedded::Embedded;
use runnity::clock::Clock;
use runnity::instance::{self, Instance, Options};
use runnity::probe::{self, ProbeError, Question};
use tokio::task::JoinHandle;

use crate::support::within;

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
