//! A client who speaks the live protocol in plain JSON.

use std::collections::VecDeque;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::within;

pub struct Client {
    pub socket: WebSocketStream<TcpStream>,
    /// Lines of a message that were not asked for yet.
    lines: VecDeque<String>,
    next_id: u32,
}

impl Client {
    /// A socket whose hand-shake is done.
    pub async fn at(host: &str) -> Self {
        Self::by(host, format!("ws://{host}/connection/websocket")).await
    }

    /// A socket whose hand-shake was this request.
    pub async fn by(host: &str, request: impl IntoClientRequest + Unpin) -> Self {
        let stream = TcpStream::connect(host).await.expect("connected");
        let (socket, _) = within(tokio_tungstenite::client_async(request, stream)).await.expect("a hand-shake");
        Self { socket, lines: VecDeque::new(), next_id: 1 }
    }

    /// Says hello, without an account.
    pub async fn connect(&mut self) {
        let result = self.ask("connect", json!({})).await;
        assert!(result["connect"]["client"].is_string(), "{result}");
    }

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

    /// Publishes in a free-form channel, from inside.
    pub async fn say_in(&mut self, channel: &str, data: &Value) {
        let subscribed = self.ask("subscribe", json!({ "channel": channel })).await;
        assert!(subscribed["subscribe"].is_object() || subscribed["error"]["code"] == 105, "{subscribed}");
        let reply = self.ask("publish", json!({ "channel": channel, "data": data })).await;
        assert!(reply["publish"].is_object(), "{reply}");
    }

    /// Publishes, and waits for what all hear of it; the acknowledgement may come before it or after it.
    pub async fn publish_and_hear(&mut self, channel: &str, data: &Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        self.send(json!({ "id": id, "publish": { "channel": channel, "data": data } }).to_string()).await;
        let (mut heard, mut is_acknowledged) = (None, false);
        while heard.is_none() || !is_acknowledged {
            let line = self.next_but_pings().await;
            if line["id"] == id {
                assert!(line["publish"].is_object(), "{line}");
                is_acknowledged = true;
            } else if line["push"]["channel"] == channel && line["push"]["pub"].is_object() {
                heard = Some(line["push"]["pub"].clone());
            }
        }
        heard.unwrap_or_default()
    }

    /// The next push of this channel but who comes and goes. Those of others (a user's own comes unasked) are thrown away.
    pub async fn push(&mut self, channel: &str) -> Value {
        loop {
            let push = self.any_push(channel).await;
            if push["join"].is_null() && push["leave"].is_null() {
                return push;
            }
        }
    }

    /// The next push of this channel. Those of others are thrown away.
    pub async fn any_push(&mut self, channel: &str) -> Value {
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
