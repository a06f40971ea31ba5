//! A runner's phone: it sends one numbered fix after another and repeats each until it is acknowledged, as it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use parking_lot::Mutex;
use runnity::domain::time::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::world::{Runner, client};
use crate::support::within;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Between two fixes, and between two attempts.
const PACE: Duration = Duration::from_millis(40);
const PAUSE: Duration = Duration::from_millis(100);
/// Metres and seconds between two fixes.
const STEP_M: f64 = 3.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// `POST /api/runs/:id/fixes` with an `Idempotency-Key`.
    Rest,
    /// Publications on the run's channel, which bear no key: the fix itself says that it is the same.
    Socket,
}

pub struct Phone {
    pub runner: Runner,
    pub manner: Manner,
    story: Arc<Story>,
    stop: Arc<AtomicBool>,
    sending: JoinHandle<()>,
}

#[derive(Default)]
struct Story {
    acknowledged: AtomicUsize,
    /// How often it was told to come again.
    refused: AtomicUsize,
    /// How often a connection broke.
    broken: AtomicUsize,
    /// The last close frame's code.
    closed_with: Mutex<Option<u16>>,
    /// What should not have been said.
    fault: Mutex<Option<String>>,
}

/// What came of one attempt.
enum Sent {
    Acknowledged,
    /// For now.
    Refused,
    Broken,
    Fault(String),
}

struct Sender {
    hosts: Vec<String>,
    runner: Runner,
    manner: Manner,
    client: reqwest::Client,
    socket: Option<Socket>,
    host: usize,
    story: Arc<Story>,
}

impl Phone {
    /// Sends to the first of these hosts that listens, beginning with the first.
    pub fn start(hosts: &[String], runner: Runner, manner: Manner) -> Self {
        let (story, stop) = (Arc::new(Story::default()), Arc::new(AtomicBool::new(false)));
        let sender = Sender {
            hosts: hosts.to_vec(),
            runner: runner.clone(),
            manner,
            client: client(),
            socket: None,
            host: 0,
            story: story.clone(),
        };
        let sending = tokio::spawn(sender.run(stop.clone()));
        Self { runner, manner, story, stop, sending }
    }

    pub fn acknowledged(&self) -> usize {
        if let Some(fault) = &*self.story.fault.lock() {
            panic!("{:?}: {fault}", self.manner);
        }
        self.story.acknowledged.load(Ordering::SeqCst)
    }

    pub fn refused(&self) -> usize {
        self.story.refused.load(Ordering::SeqCst)
    }

    pub fn broken(&self) -> usize {
        self.story.broken.load(Ordering::SeqCst)
    }

    /// The code with which its last socket was closed.
    pub fn closed_with(&self) -> Option<u16> {
        *self.story.closed_with.lock()
    }

    /// What it was told that no phone should be.
    pub fn fault(&self) -> Option<String> {
        self.story.fault.lock().clone()
    }

    /// Sends no more; what it has begun to send is repeated until it is acknowledged → how many fixes that were.
    pub async fn finish(&mut self) -> usize {
        self.stop.store(true, Ordering::SeqCst);
        within(&mut self.sending).await.expect("the phone's");
        self.acknowledged()
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.sending.abort();
    }
}

/// The fix of this number, as it is sent.
#[allow(clippy::cast_precision_loss)]
pub fn fix(runner: &Runner, number: usize) -> Value {
    let time = start_of(runner).plus_millis(i64::try_from(number).expect("few") * 1_000).to_string();
    json!({ "time": time, "latitude": 60.0 + number as f64 * STEP_M / 111_195.0, "longitude": 24.9 })
}

/// The numbers of these fixes.
pub fn numbers(runner: &Runner, fixes: &Value) -> Vec<usize> {
    let start = start_of(runner).as_millis();
    let number = |fix: &Value| {
        let time = Timestamp::parse(fix["time"].as_str().expect("a time")).expect("a time");
        usize::try_from((time.as_millis() - start) / 1_000).expect("after the start")
    };
    fixes.as_array().expect("fixes").iter().map(number).collect()
}

/// How long a track of so many fixes is.
#[allow(clippy::cast_precision_loss)]
pub fn length_m(fixes: usize) -> f64 {
    fixes.saturating_sub(1) as f64 * STEP_M
}

/// When fix 0 was measured: an hour before the run was made, so that no fix lies in the future.
fn start_of(runner: &Runner) -> Timestamp {
    runner.began.plus_millis(-60 * 60 * 1_000)
}

impl Sender {
    async fn run(mut self, stop: Arc<AtomicBool>) {
        let story = self.story.clone();
        let (mut pace, mut pause) = (interval(PACE), interval(PAUSE));
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for number in 0.. {
            if stop.load(Ordering::SeqCst) {
                return;
            }
            pace.tick().await;
            loop {
                match self.send(number).await {
                    Sent::Acknowledged => break,
                    Sent::Refused => story.refused.fetch_add(1, Ordering::SeqCst),
                    Sent::Broken => {
                        self.host = (self.host + 1) % self.hosts.len();
                        self.socket = None;
                        story.broken.fetch_add(1, Ordering::SeqCst)
                    }
                    Sent::Fault(fault) => {
                        *story.fault.lock() = Some(fault);
                        return;
                    }
                };
                pause.reset();
                pause.tick().await;
            }
            story.acknowledged.fetch_add(1, Ordering::SeqCst);
        }
    }

    async fn send(&mut self, number: usize) -> Sent {
        let body = json!({ "fixes": [fix(&self.runner, number)] });
        match self.manner {
            Manner::Rest => self.post(number, &body).await,
            Manner::Socket => self.publish(number, &body).await.unwrap_or(Sent::Broken),
        }
    }

    async fn post(&mut self, number: usize, body: &Value) -> Sent {
        let url = format!("http://{}/api/runs/{}/fixes", self.hosts[self.host], self.runner.run);
        let request = self.client.post(url).bearer_auth(&self.runner.token).json(body);
        let Ok(answer) = request.header("Idempotency-Key", format!("fix {number}")).send().await else {
            return Sent::Broken;
        };
        let (status, retry_after) = (answer.status().as_u16(), answer.headers().get("retry-after").cloned());
        let Ok(body) = answer.json::<Value>().await else { return Sent::Broken };
        match status {
            200..300 if body["data"]["accepted"] == 1 => Sent::Acknowledged,
            503 if retry_after.is_some() && body["error"]["type"] == "ServiceUnavailable" => Sent::Refused,
            _ => Sent::Fault(format!("fix {number}: {status} {body}")),
        }
    }

    /// `None`: the socket broke.
    async fn publish(&mut self, number: usize, body: &Value) -> Option<Sent> {
        if self.socket.is_none() {
            let url = format!("ws://{}/connection/websocket", self.hosts[self.host]);
            let (socket, _) = tokio_tungstenite::connect_async(url).await.ok()?;
            self.socket = Some(socket);
            let hello = json!({ "id": 1, "connect": { "token": self.runner.token } });
            let reply = self.ask(1, &hello).await?;
            if reply["error"]["temporary"] == true {
                self.socket = None;
                return Some(Sent::Refused);
            }
            if !reply["connect"].is_object() {
                return Some(Sent::Fault(reply.to_string()));
            }
        }
        let id = number + 2;
        let channel = self.runner.channel();
        let reply = self.ask(id, &json!({ "id": id, "publish": { "channel": channel, "data": body } })).await?;
        Some(match &reply {
            reply if reply["publish"].is_object() => Sent::Acknowledged,
            reply if reply["error"]["temporary"] == true => Sent::Refused,
            reply => Sent::Fault(format!("fix {number}: {reply}")),
        })
    }

    async fn ask(&mut self, id: usize, command: &Value) -> Option<Value> {
        let socket = self.socket.as_mut()?;
        socket.send(Message::text(command.to_string())).await.ok()?;
        let answered = async {
            loop {
                let text = match socket.next().await?.ok()? {
                    Message::Text(text) => text,
                    Message::Close(frame) => {
                        *self.story.closed_with.lock() = frame.map(|frame| frame.code.into());
                        return None;
                    }
                    _ => continue,
                };
                for line in text.lines() {
                    let line: Value = serde_json::from_str(line).expect("JSON");
                    if line == json!({}) {
                        socket.send(Message::text("{}")).await.ok()?;
                    } else if line["id"] == id {
                        return Some(line);
                    }
                }
            }
        };
        within(answered).await
    }
}
