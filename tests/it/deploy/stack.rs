//! All services of docker-compose.yml as plain processes: the same words, environment and balancer configuration; only names
//! have become addresses, and ports free ones.
//!
//! `HAPROXY` and `REDIS_SERVER` name other programs than the system's, to try other versions.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::compose::{Compose, Image};
use super::service::Service;
use crate::support::process::free_port;
use crate::support::{DEADLINE, Reply, send};

pub const ADMIN_TOKEN: &str = "the-admins-own-token-of-this-test";
const NAMES: [&str; 2] = ["runnity-1", "runnity-2"];

pub struct Stack {
    pub redis: Service,
    pub instances: [Service; 2],
    pub balancer: Service,
    /// The one published address, `127.0.0.1:<port>`.
    pub host: String,
    /// The instances' own, behind it.
    pub inner: [String; 2],
    client: Client,
    folder: TempDir,
}

pub struct Run {
    /// Where it is read.
    pub path: String,
    /// Where its fixes are sent.
    pub fixes_path: String,
    pub channel: String,
    /// Its runner's.
    pub token: String,
}

/// What stands in the file → what stands in its place here: names of the Compose network become addresses of this machine.
struct Places(Vec<(String, String)>);

impl Stack {
    /// Starts them in the order that the file asks for.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same, with more in the environment of the instances.
    pub async fn start_with(more: &[(&str, &str)]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let compose = Compose::read();
        let folder = tempfile::tempdir().expect("a directory");
        let (store, inner, public) = (free_port(), [free_port(), free_port()], free_port());
        let places = Places(vec![
            ("redis:6379".to_owned(), format!("127.0.0.1:{store}")),
            ("redis-cli".to_owned(), format!("redis-cli -p {store}")),
            ("runnity-1:8000".to_owned(), format!("127.0.0.1:{}", inner[0])),
            ("runnity-2:8000".to_owned(), format!("127.0.0.1:{}", inner[1])),
            ("bind :8000".to_owned(), format!("bind 127.0.0.1:{public}")),
            // The network in which the balancer is.
            ("10.213.77.0/24".to_owned(), "127.0.0.1/32".to_owned()),
            // Good-byes are spread over less: nobody here comes back in a crowd.
            ("close-spread-time 20s".to_owned(), "close-spread-time 1s".to_owned()),
        ]);
        let redis = redis(&compose, store, folder.path());
        let instance = |index: usize| instance(&compose, &places, index, inner[index], folder.path(), more);
        let balancer = balancer(&compose, &places, folder.path());
        let stack = Self {
            redis,
            instances: [instance(0), instance(1)],
            balancer,
            host: format!("127.0.0.1:{public}"),
            inner: inner.map(|port| format!("127.0.0.1:{port}")),
            client: client(),
            folder,
        };
        stack.redis.start();
        stack.is_healthy(&stack.redis, &places.in_words(&compose.services["redis"].health_check())).await;
        stack.instances.iter().for_each(Service::start);
        for (name, service) in NAMES.iter().zip(&stack.instances) {
            let test = compose.services[*name].health_check();
            stack.is_healthy(service, &binary_in(&places.in_words(&test))).await;
        }
        stack.balancer.start();
        stack.has_ready(&stack.host).await;
        stack
    }

    /// Waits until the health check of this service says yes.
    async fn is_healthy(&self, service: &Service, test: &[String]) {
        let words = match test {
            [how, words @ ..] if how == "CMD" => words.to_vec(),
            [how, line] if how == "CMD-SHELL" => vec!["/bin/sh".to_owned(), "-c".to_owned(), line.clone()],
            _ => panic!("not understood: {test:?}"),
        };
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        let checked = async {
            while !service.run(&words).await {
                looks.tick().await;
            }
        };
        let checked = tokio::time::timeout(DEADLINE, checked).await;
        checked.unwrap_or_else(|_| panic!("it is not healthy: {}", service.said()));
    }

    /// Waits until the server at this address is ready.
    pub async fn has_ready(&self, host: &str) {
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        let ready = async {
            while !self.try_ready(host).await {
                looks.tick().await;
            }
        };
        let ready = tokio::time::timeout(DEADLINE, ready).await;
        ready.unwrap_or_else(|_| panic!("{host} is not ready; the balancer says: {}", self.balancer.said()));
    }

    async fn try_ready(&self, host: &str) -> bool {
        let answer = self.client.get(format!("http://{host}/health/ready")).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// A request by the admin, to be sent through the balancer.
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.ask_at(&self.host, method, path)
    }

    /// The same, to be sent to one instance.
    pub fn ask_at(&self, host: &str, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{host}{path}")).bearer_auth(ADMIN_TOKEN)
    }

    pub async fn get(&self, path: &str) -> Reply {
        send(self.ask(Method::GET, path)).await
    }

    /// The token of a new account.
    pub async fn sign_up(&self, name: &str) -> String {
        let account = json!({"name": name, "password": "correct horse battery"});
        let account = send(self.ask(Method::POST, "/api/users").json(&account)).await.data();
        account["token"].as_str().expect("a token").to_owned()
    }

    /// A live run of the admin that everybody may see.
    pub async fn run(&self) -> Run {
        self.run_of(ADMIN_TOKEN).await
    }

    pub async fn run_of(&self, token: &str) -> Run {
        let new = self.client.post(format!("http://{}/api/runs", self.host)).bearer_auth(token);
        let run = send(new.json(&json!({"visibility": "public"}))).await.data();
        let id = run["id"].as_str().expect("an id");
        let path = format!("/api/runs/{id}");
        Run { fixes_path: format!("{path}/fixes"), path, channel: format!("run:{id}"), token: token.to_owned() }
    }

    /// How many sockets this instance has.
    pub async fn sockets(&self, index: usize) -> usize {
        let metrics = send(self.ask_at(&self.inner[index], Method::GET, "/metrics")).await;
        let text = String::from_utf8(metrics.body).expect("text");
        let value = text.lines().find_map(|line| line.strip_prefix("runnity_connections "));
        value.expect("the count").parse().expect("a number")
    }

    /// The instance answers again, and the balancer knows.
    pub async fn start_again(&self, index: usize) {
        let up = up(index);
        let before = self.balancer.times_said(&up);
        self.instances[index].start();
        self.has_ready(&self.inner[index]).await;
        self.balancer.says_again(&up, before).await;
    }

    /// Asks an instance to end, as Docker does, and waits until it has.
    pub async fn stop(&self, index: usize) {
        self.instances[index].stop(Signal::TERM).await;
    }

    /// Whether an instance has written where nothing can be written in its container.
    pub fn has_written(&self) -> bool {
        NAMES.iter().any(|name| self.folder.path().join(name).exists())
    }
}

/// What the balancer says when it sends requests to an instance again.
pub fn up(index: usize) -> String {
    format!("Server ready/{} is UP", NAMES[index])
}

/// What it says when it sends none any more.
pub fn down(index: usize) -> String {
    format!("Server ready/{} is DOWN", NAMES[index])
}

/// Fixes that are seconds apart, beginning with this one.
pub fn fixes(first: i64, count: i64) -> Value {
    let time =
        |second: i64| runnity::domain::time::Timestamp::from_millis(1_790_000_000_000 + second * 1_000).to_string();
    #[allow(clippy::cast_precision_loss)]
    let fix = |second: i64| json!({"time": time(second), "latitude": 60.0 + second as f64 * 3e-5, "longitude": 24.9});
    json!({"fixes": (first..first + count).map(fix).collect::<Vec<_>>()})
}

/// A client with connections of its own.
pub fn client() -> Client {
    Client::builder().no_proxy().timeout(DEADLINE).build().expect("a client")
}

impl Places {
    fn in_text(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, address)| text.replace(name, address))
    }

    fn in_words(&self, words: &[String]) -> Vec<String> {
        words.iter().map(|word| self.in_text(word)).collect()
    }
}

fn redis(compose: &Compose, port: u16, folder: &Path) -> Service {
    let mut words = compose.services["redis"].command();
    assert_eq!(words[0], "redis-server");
    words[0] = std::env::var("REDIS_SERVER").unwrap_or_else(|_| words[0].clone());
    let data = folder.join("redis");
    std::fs::create_dir(&data).expect("a directory");
    let here = ["--bind", "127.0.0.1", "--port", &port.to_string(), "--dir", data.to_str().expect("a path")];
    words.extend(here.map(str::to_owned));
    Service::new("redis", words, BTreeMap::new(), folder)
}

fn instance(
    compose: &Compose,
    places: &Places,
    index: usize,
    port: u16,
    folder: &Path,
    more: &[(&str, &str)],
) -> Service {
    let (image, service) = (Image::read(), &compose.services[NAMES[index]]);
    let words = [image.entrypoint, places.in_words(&service.command())].concat();
    let mut environment = image.environment;
    environment.extend(service.environment(&BTreeMap::from([("RUNNITY_ADMIN_TOKEN", ADMIN_TOKEN)])));
    environment.values_mut().for_each(|value| *value = places.in_text(value));
    environment.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let listen = environment.insert("RUNNITY_LISTEN".to_owned(), format!("127.0.0.1:{port}"));
    assert_eq!(listen.as_deref(), Some("0.0.0.0:8000"));
    // Nothing is to be written there.
    environment.insert("RUNNITY_DATA".to_owned(), folder.join(NAMES[index]).to_string_lossy().into_owned());
    // As above.
    environment.insert("RUNNITY_DRAIN_S".to_owned(), "1".to_owned());
    Service::new(&format!("{}-process", NAMES[index]), binary_in(&words), environment, folder)
}

fn balancer(compose: &Compose, places: &Places, folder: &Path) -> Service {
    let configuration = places.in_text(&compose.balancer());
    assert!(!configuration.contains(":8000"), "every address is one of this machine: {configuration}");
    let file = folder.join("haproxy.cfg");
    std::fs::write(&file, configuration).expect("written");
    let program = std::env::var("HAPROXY").unwrap_or_else(|_| "haproxy".to_owned());
    // As the image starts it.
    let words = [&program, "-W", "-db", "-f", file.to_str().expect("a path")];
    // Debian has it where only the administrator looks.
    let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
    Service::new("balancer", words.map(str::to_owned).to_vec(), BTreeMap::from([("PATH".to_owned(), path)]), folder)
}

/// The image's program is the one that was just built.
fn binary_in(words: &[String]) -> Vec<String> {
    assert_eq!(words.iter().filter(|word| *word == "/runnity").count(), 1, "{words:?}");
    words
        .iter()
        .map(|word| if word == "/runnity" { env!("CARGO_BIN_EXE_runnity").to_owned() } else { word.clone() })
        .collect()
}
