//! A spectator who comes back by its cursor whenever its socket breaks, as the SDKs do.

use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub struct Follower {
    story: Arc<Mutex<Story>>,
    task: JoinHandle<()>,
}

/// What became of it so far.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// Where it is in the channel: the epoch, and the offset up to which it has heard everything.
    cursor: Option<(String, u64)>,
    /// Where it came in.
    began: u64,
    /// The offset of each publication, as they came.
    pub heard: Vec<u64>,
    /// How often it has subscribed.
    pub subscribed: usize,
    /// How often it was told to start anew.
    pub lost: usize,
    /// How often the server said good-bye before the socket broke.
    pub good_byes: usize,
}

impl Follower {
    pub fn start(host: &str, channel: &str) -> Self {
        let story = Arc::new(Mutex::default());
        let task = tokio::spawn(follow(format!("ws://{host}/connection/websocket"), channel.to_owned(), story.clone()));
        Self { story, task }
    }

    pub fn story(&self) -> Story {
        self.story.lock().clone()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn follow(url: String, channel: String, story: Arc<Mutex<Story>>) {
    let mut attempts = tokio::time::interval(Duration::from_millis(100));
    attempts.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        attempts.tick().await;
        if let Ok((socket, _)) = tokio_tungstenite::connect_async(&url).await {
            listen(socket, &channel, &story).await;
        }
    }
}

/// Until the socket breaks, or something has to be asked again.
async fn listen(mut socket: Socket, channel: &str, story: &Mutex<Story>) -> Option<()> {
    let mut subscribe = json!({ "channel": channel });
    if let Some((epoch, offset)) = &story.lock().cursor {
        subscribe = json!({ "channel": channel, "recover": true, "epoch": epoch, "offset": offset });
    }
    let hello = format!("{}\n{}", json!({"id": 1, "connect": {}}), json!({"id": 2, "subscribe": subscribe}));
    socket.send(Message::text(hello)).await.ok()?;
    loop {
        match socket.next().await?.ok()? {
            Message::Text(text) => {
                for line in text.lines() {
                    let line: Value = serde_json::from_str(line).expect("JSON");
                    if line == json!({}) {
                        socket.send(Message::text("{}")).await.ok()?;
                    } else {
                        story.lock().takes(&line, channel)?;
                    }
                }
            }
            Message::Close(Some(frame)) => {
                story.lock().good_byes += usize::from(u16::from(frame.code) == 3001);
                return None;
            }
            _ => {}
        }
    }
}

impl Story {
    /// `None`: it was refused, and has to come again.
    fn takes(&mut self, line: &Value, channel: &str) -> Option<()> {
        if line["id"] == 2 {
            let reply = line["subscribe"].as_object()?;
            let is_lost = reply.get("was_recovering").is_some() && reply.get("recovered").is_none();
            self.lost += usize::from(is_lost);
            let offset = reply.get("offset").and_then(Value::as_u64).unwrap_or(0);
            if self.subscribed == 0 {
                self.began = offset;
            }
            self.subscribed += 1;
            self.cursor = Some((reply["epoch"].as_str().expect("an epoch").to_owned(), offset));
            for publication in reply.get("publications").and_then(Value::as_array).into_iter().flatten() {
                self.hears(publication);
            }
        } else if line["push"]["channel"] == channel && line["push"]["pub"].is_object() {
            self.hears(&line["push"]["pub"]);
        }
        Some(())
    }

    fn hears(&mut self, publication: &Value) {
        let offset = publication["offset"].as_u64().expect("an offset");
        self.heard.push(offset);
        if let Some((_, at)) = &mut self.cursor {
            *at = offset;
        }
    }

    /// Whether these many publications were heard, each once and in order, and without starting anew.
    pub fn is_whole(&self, count: usize) -> bool {
        let next = (self.began + 1..).take(count);
        self.lost == 0 && self.heard == next.collect::<Vec<_>>()
    }
}
