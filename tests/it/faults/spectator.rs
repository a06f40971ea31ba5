//! A spectator of one run who keeps to the protocol as the SDKs do: it stays, comes back by its cursor when its socket breaks,
//! and starts from the state when it is told to.

use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use parking_lot::Mutex;
use runnity::limits;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::phone::numbers;
use super::world::Runner;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(100);
/// The command that subscribes; each connection counts its own.
const SUBSCRIBE: u64 = 2;

pub struct Spectator {
    story: Arc<Mutex<Story>>,
    watching: JoinHandle<()>,
}

/// What it was told so far.
#[derive(Clone, Debug, Default)]
pub struct Story {
    cursor: Option<(String, u64)>,
    /// How many fixes the run has, as far as it knows.
    pub fixes: usize,
    /// The numbers of the fixes that it has heard of one by one, as they came.
    pub heard: Vec<usize>,
    /// What came out of its place.
    pub out_of_order: Vec<String>,
    /// How often it has begun from the state, the first time included.
    pub begun: usize,
    /// How often it came back by its cursor.
    pub recovered: usize,
    /// How often it was told that it has missed something (2500), and in which words.
    pub told: usize,
    pub words: Vec<String>,
    /// How often it was told to come again.
    pub refused: usize,
    /// How often a socket ended.
    pub closed: usize,
    /// The run is not there any more.
    pub gone: bool,
}

/// What comes next.
enum Next {
    /// Subscribe again, on the same socket.
    Subscribe,
    /// There is nothing to see.
    End,
}

impl Spectator {
    /// Watches through the first of these hosts that listens, beginning with the first.
    pub fn start(hosts: &[String], runner: &Runner) -> Self {
        let story = Arc::new(Mutex::default());
        let watching = tokio::spawn(watch(hosts.to_vec(), runner.clone(), story.clone()));
        Self { story, watching }
    }

    pub fn story(&self) -> Story {
        self.story.lock().clone()
    }
}

impl Drop for Spectator {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

impl Story {
    /// It never left, was never told to, and has heard of every fix since it came, each once and in order.
    #[track_caller]
    pub fn stayed_and_missed_nothing(&self, fixes: usize) {
        self.is_right(fixes);
        let (first, counts) = (fixes - self.heard.len(), (self.begun, self.told, self.closed));
        assert_eq!(counts, (1, 0, 0), "{self:?}");
        assert_eq!(self.heard, (first..fixes).collect::<Vec<_>>());
    }

    /// As above; but if more was missed at once than the run's topic keeps, it was told so.
    #[track_caller]
    pub fn stayed_as_far_as_may_be(&self, fixes: usize) {
        let missed = self.heard.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        if missed < limits::RUN_TOPIC_LEN_MAX as usize {
            return self.stayed_and_missed_nothing(fixes);
        }
        self.is_right(fixes);
        assert_eq!((self.begun, self.told, self.closed), (2, 1, 0), "{self:?}");
    }

    /// It knows of all fixes, and nothing came twice or out of order.
    #[track_caller]
    pub fn is_right(&self, fixes: usize) {
        assert_eq!((self.fixes, &self.out_of_order), (fixes, &Vec::new()), "{self:?}");
    }
}

async fn watch(hosts: Vec<String>, runner: Runner, story: Arc<Mutex<Story>>) {
    let mut pause = interval(PAUSE);
    pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for host in hosts.iter().cycle() {
        pause.tick().await;
        let Ok((mut socket, _)) = tokio_tungstenite::connect_async(format!("ws://{host}/connection/websocket")).await
        else {
            continue;
        };
        if socket.send(Message::text(json!({ "id": 1, "connect": {} }).to_string())).await.is_err() {
            continue;
        }
        loop {
            match listen(&mut socket, &runner, &story).await {
                Some(Next::Subscribe) => pause.tick().await,
                None => break,
                Some(Next::End) => return,
            };
        }
        story.lock().closed += 1;
    }
}

/// Subscribes and listens. `None`: the socket broke.
async fn listen(socket: &mut Socket, runner: &Runner, story: &Mutex<Story>) -> Option<Next> {
    let channel = runner.channel();
    let mut subscribe = json!({ "channel": channel });
    if let Some((epoch, offset)) = &story.lock().cursor {
        subscribe = json!({ "channel": channel, "recover": true, "epoch": epoch, "offset": offset });
    }
    socket.send(Message::text(json!({ "id": SUBSCRIBE, "subscribe": subscribe }).to_string())).await.ok()?;
    loop {
        let Message::Text(text) = socket.next().await?.ok()? else { continue };
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            if line == json!({}) {
                socket.send(Message::text("{}")).await.ok()?;
            } else if let Some(next) = story.lock().take(&line, runner) {
                return Some(next);
            }
        }
    }
}

impl Story {
    fn take(&mut self, line: &Value, runner: &Runner) -> Option<Next> {
        let push = &line["push"];
        if line["id"] == SUBSCRIBE {
            return self.subscribed(line, runner);
        }
        if push["channel"] == runner.channel().as_str() {
            if push["pub"].is_object() {
                self.hear(&push["pub"], runner);
            } else if push["unsubscribe"].is_object() {
                // After a gap the store is asked; in one that was emptied there is no such run any more.
                assert!(["2500", "2000"].contains(&&*push["unsubscribe"]["code"].to_string()), "{line}");
                self.told += 1;
                self.words.push(push["unsubscribe"].to_string());
                return Some(Next::Subscribe);
            }
        }
        None
    }

    fn subscribed(&mut self, line: &Value, runner: &Runner) -> Option<Next> {
        let (reply, error) = (&line["subscribe"], &line["error"]);
        if error["temporary"] == true {
            self.refused += 1;
            return Some(Next::Subscribe);
        }
        if error.is_object() {
            assert_eq!(error["code"], 102, "{line}");
            self.gone = true;
            return Some(Next::End);
        }
        if reply["recovered"] == true {
            self.recovered += 1;
        } else {
            self.begun += 1;
            self.fixes = usize::try_from(reply["data"]["run"]["fixes"].as_u64().expect("a count")).expect("few");
            self.cursor = Some((String::new(), reply["offset"].as_u64().expect("an offset")));
        }
        if let Some((epoch, _)) = &mut self.cursor {
            *epoch = reply["epoch"].as_str().expect("an epoch").to_owned();
        }
        for publication in reply["publications"].as_array().into_iter().flatten() {
            self.hear(publication, runner);
        }
        None
    }

    fn hear(&mut self, publication: &Value, runner: &Runner) {
        let offset = publication["offset"].as_u64().expect("an offset");
        let Some((_, at)) = &mut self.cursor else { panic!("heard before it was subscribed") };
        if offset != *at + 1 {
            self.out_of_order.push(format!("{offset} after {at}"));
        }
        *at = offset;
        if publication["data"]["type"] == "fixes" {
            let numbers = numbers(runner, &publication["data"]["fixes"]);
            self.fixes += numbers.len();
            self.heard.extend(numbers);
        }
    }
}
