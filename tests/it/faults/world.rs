//! Runners, phones and spectators over several instances, and what must be true of them in the end.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use reqwest::{Method, RequestBuilder};
use runnity::domain::time::Timestamp;
use serde_json::{Value, json};
use tokio::time::{Instant, interval};

use super::phone::{Manner, Phone, length_m, numbers};
use super::spectator::Spectator;
use crate::support::{Client, DEADLINE, send, until};

/// Redis has returned: all must be well again within this. The product's aim is five seconds; a busy machine gets as much again.
const RECOVERY_MAX: Duration = Duration::from_secs(10);

/// Somebody with a live public run.
#[derive(Clone, Debug)]
pub struct Runner {
    pub token: String,
    pub run: String,
    pub began: Timestamp,
}

/// Who is there during a fault.
pub struct World {
    hosts: Vec<String>,
    client: reqwest::Client,
    pub phones: Vec<Phone>,
    /// Of each phone's run, one at each host, in their order.
    pub spectators: Vec<Vec<Spectator>>,
}

pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().expect("a client")
}

/// Lets real time pass, since something that takes time is what the test is about.
pub async fn pass(time: Duration) {
    let mut ticks = interval(time);
    ticks.tick().await;
    ticks.tick().await;
}

impl Runner {
    /// Signs up and starts a run.
    pub async fn new(client: &reqwest::Client, host: &str, name: &str) -> Self {
        let body = json!({ "name": name, "password": "correct horse", "visibility": "public" });
        let user = send(client.post(format!("http://{host}/api/users")).json(&body)).await.data();
        let token = user["token"].as_str().expect("a token").to_owned();
        let run = client.post(format!("http://{host}/api/runs")).bearer_auth(&token).json(&json!({}));
        let run = send(run).await.data()["id"].as_str().expect("an id").to_owned();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time");
        let began = Timestamp::from_millis(i64::try_from(now.as_secs()).expect("a time") * 1_000);
        Self { token, run, began }
    }

    pub fn channel(&self) -> String {
        format!("run:{}", self.run)
    }
}

impl World {
    /// At each host a runner who posts and one who publishes; spectators of each of them at every host.
    pub async fn start(hosts: &[String]) -> Self {
        let mut world = Self { hosts: hosts.to_vec(), client: client(), phones: Vec::new(), spectators: Vec::new() };
        for (host, name) in hosts.iter().zip(["Aino", "Eero"]) {
            for manner in [Manner::Rest, Manner::Socket] {
                let runner = Runner::new(&world.client, host, &format!("{name} {manner:?}")).await;
                let watch = |host: &String| Spectator::start(std::slice::from_ref(host), &runner);
                world.spectators.push(hosts.iter().map(watch).collect());
                world.phones.push(Phone::start(std::slice::from_ref(host), runner, manner));
            }
        }
        let spectators = || world.spectators.iter().flatten();
        until(|| spectators().all(|it| it.story().begun > 0)).await;
        world.all_send().await;
        world
    }

    /// Of phones and spectators that were there before; from now on it is these hosts that count.
    pub fn of(hosts: &[String], phones: Vec<Phone>, spectators: Vec<Vec<Spectator>>) -> Self {
        Self { hosts: hosts.to_vec(), client: client(), phones, spectators }
    }

    pub fn ask(&self, method: Method, host: &str, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{host}{path}"))
    }

    /// Phones at this host.
    pub fn phones_at(&self, host: usize) -> &[Phone] {
        &self.phones[2 * host..2 * host + 2]
    }

    /// Waits until every phone has sent some more.
    pub async fn all_send(&self) {
        all_send(&self.phones.iter().collect::<Vec<_>>()).await;
    }

    /// Waits until every phone was told so often to come again.
    pub async fn all_are_refused(&self, times: usize) {
        let before: Vec<_> = self.phones.iter().map(Phone::refused).collect();
        until(|| self.phones.iter().zip(&before).all(|(phone, before)| phone.refused() >= before + times)).await;
    }

    /// Waits until everybody is served again, which must be soon.
    pub async fn recovers(&self, what: &str) {
        let returned = Instant::now();
        let before: Vec<_> = self.phones.iter().map(Phone::acknowledged).collect();
        until(|| self.phones.iter().zip(&before).all(|(phone, before)| phone.acknowledged() > *before)).await;
        let phones = returned.elapsed();
        for host in &self.hosts {
            let ready = async || send(self.ask(Method::GET, host, "/health/ready")).await.status == 200;
            while !ready().await {}
        }
        let all = returned.elapsed();
        println!("{what}: phones are served again after {phones:?}, all is ready after {all:?}");
        assert!(all < RECOVERY_MAX, "{what}: {all:?}");
    }

    /// Ends the sending and waits until all spectators know of it all → how many fixes each phone has sent.
    pub async fn finish(&mut self) -> Vec<usize> {
        let mut sent = Vec::new();
        for phone in &mut self.phones {
            sent.push(phone.finish().await);
        }
        for (of_one, fixes) in self.spectators.iter().zip(&sent) {
            until(|| of_one.iter().all(|it| it.story().fixes >= *fixes)).await;
        }
        for (phone, fixes) in self.phones.iter().zip(&sent) {
            for host in &self.hosts {
                self.is_whole(host, &phone.runner, *fixes).await;
            }
            println!(
                "{:?}: {fixes} fixes, refused {} times, broken {} times",
                phone.manner,
                phone.refused(),
                phone.broken()
            );
        }
        sent
    }

    /// All fixes of the run are there, each once, and the totals are what they come to.
    async fn is_whole(&self, host: &str, runner: &Runner, fixes: usize) {
        let path = format!("/api/runs/{}", runner.run);
        let get = |path: &str| self.ask(Method::GET, host, path).bearer_auth(&runner.token);
        let track = send(get(&format!("{path}/fixes?page_size=5000"))).await.data();
        let stored = numbers(runner, &track);
        assert_eq!(stored.len(), fixes, "as many as were acknowledged");
        assert_eq!(stored.into_iter().collect::<BTreeSet<_>>(), (0..fixes).collect(), "each of them once");
        let live = send(get(&path)).await.data();
        let finished = send(self.ask(Method::POST, host, &format!("{path}/finish")).bearer_auth(&runner.token)).await;
        let finished = finished.data();
        for run in [live, finished] {
            assert_eq!(run["fixes"], fixes, "{run}");
            let distance_m = run["distance_m"].as_f64().expect("metres");
            assert!((distance_m - length_m(fixes)).abs() < 5.0, "{fixes} fixes, {run}");
        }
    }

    /// What everybody is told while there is no store: the family's own words, and when to come again.
    pub async fn says_that_the_store_is_away(&self, host: usize) {
        let (host, runner) = (&self.hosts[host], &self.phones_at(host)[0].runner);
        tokio::join!(
            self.says_so_by_the_runnity_family(host, runner),
            self.says_so_by_the_rest_api(host, runner),
            self.says_so_by_its_health(host),
            says_so_by_socket(host, runner),
        );
    }

    async fn says_so_by_the_runnity_family(&self, host: &str, Runner { token, .. }: &Runner) {
        let place = "latitude=60.1&longtitude=24.9";
        let asked = [
            (Method::GET, format!("/login/{token}")),
            (Method::GET, format!("/logout?id={token}")),
            (Method::POST, format!("/run/new?id={token}&{place}")),
            (Method::PUT, format!("/run/update?id={token}&{place}")),
        ];
        for reply in join_all(asked.map(|(method, path)| send(self.ask(method, host, &path)))).await {
            let error = json!({ "error": { "code": 503, "message": "The store is not available" } });
            assert_eq!((reply.status, reply.header("retry-after"), reply.json()), (503, "1", error));
        }
    }

    async fn says_so_by_the_rest_api(&self, host: &str, Runner { token, run, .. }: &Runner) {
        let asked = [
            (Method::GET, "/api/runs".to_owned()),
            (Method::GET, format!("/api/runs/{run}")),
            (Method::GET, format!("/api/runs/{run}/fixes")),
            (Method::POST, "/api/runs".to_owned()),
            (Method::POST, format!("/api/runs/{run}/finish")),
            (Method::GET, "/api/users/me".to_owned()),
        ];
        let ask =
            |(method, path): (Method, String)| send(self.ask(method, host, &path).bearer_auth(token).json(&json!({})));
        for reply in join_all(asked.map(ask)).await {
            assert_eq!((reply.status, reply.header("retry-after")), (503, "1"));
            let mut document = reply.json();
            assert_eq!(document["meta"]["status"].take(), 503);
            let error = json!({ "type": "ServiceUnavailable", "message": "The store is not available.", "link": "/docs/errors/ServiceUnavailable" });
            assert_eq!(document["error"], error);
        }
    }

    async fn says_so_by_its_health(&self, host: &str) {
        let ready = send(self.ask(Method::GET, host, "/health/ready")).await;
        assert_eq!((ready.status, ready.header("retry-after"), ready.json()), (503, "1", json!({ "ready": false })));
        assert_eq!(send(self.ask(Method::GET, host, "/health/live")).await.status, 200);
        assert_eq!(send(self.ask(Method::GET, host, "/")).await.status, 200, "the web-demo is there");
    }
}

pub async fn all_send(phones: &[&Phone]) {
    let before: Vec<_> = phones.iter().map(|phone| phone.acknowledged()).collect();
    until(|| phones.iter().zip(&before).all(|(phone, before)| phone.acknowledged() >= before + 10)).await;
}

/// A stranger may come in; whoever asks for what is stored is told to try again.
async fn says_so_by_socket(host: &str, runner: &Runner) {
    let stranger = async {
        let mut stranger = Client::at(host).await;
        stranger.connect().await;
        is_temporary(&stranger.ask("subscribe", json!({ "channel": runner.channel() })).await);
        is_temporary(&stranger.ask("subscribe", json!({ "channel": "open" })).await);
    };
    let known = async {
        let mut known = Client::at(host).await;
        is_temporary(&known.ask("connect", json!({ "token": runner.token })).await);
    };
    tokio::join!(stranger, known);
}

fn is_temporary(reply: &Value) {
    assert_eq!((&reply["error"]["code"], &reply["error"]["temporary"]), (&json!(100), &json!(true)), "{reply}");
}
