//! A client who hears in the body of an answer, and posts what it has to say.

use std::collections::VecDeque;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::{Reply, Site, send, within};

pub struct Streamed {
    response: Response,
    /// What was read and is not a whole message yet.
    rest: Vec<u8>,
    messages: VecDeque<Value>,
    pub session: String,
    pub node: String,
    next_id: u32,
}

impl Streamed {
    /// Who only listens, or has not connected yet.
    pub async fn at(request: RequestBuilder) -> Self {
        let response = within(request.send()).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        let (rest, messages) = (Vec::new(), VecDeque::new());
        Self { response, rest, messages, session: String::new(), node: String::new(), next_id: 2 }
    }

    /// Says hello by `/connection/http_stream`, without an account.
    pub async fn lines(site: &Site) -> Self {
        let hello = json!({ "id": 1, "connect": {} }).to_string();
        Self::at(site.ask(Method::POST, "/connection/http_stream").body(hello)).await.connected().await
    }

    /// Says hello by `/connection/sse`, without an account.
    pub async fn events(site: &Site) -> Self {
        let query = [("cf_connect", json!({ "id": 1, "connect": {} }).to_string())];
        let query = reqwest::Url::parse_with_params("http://x", query).expect("an address");
        let path = format!("/connection/sse?{}", query.query().expect("a query"));
        Self::at(site.ask(Method::GET, &path)).await.connected().await
    }

    async fn connected(mut self) -> Self {
        let reply = self.next().await;
        let text = |name: &str| reply["connect"][name].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned();
        (self.session, self.node) = (text("session"), text("node"));
        self
    }

    /// The next message; `None` when the body has ended as it should.
    pub async fn next_or_end(&mut self) -> Option<Value> {
        loop {
            if let Some(message) = self.messages.pop_front() {
                return Some(message);
            }
            let chunk = within(self.response.chunk()).await.expect("a whole body")?;
            self.rest.extend_from_slice(&chunk);
            while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                let line = std::str::from_utf8(&line).expect("text").trim();
                let message = line.strip_prefix("data: ").unwrap_or(line);
                if !message.is_empty() {
                    self.messages.push_back(serde_json::from_str(message).expect("JSON"));
                }
            }
        }
    }

    pub async fn next(&mut self) -> Value {
        self.next_or_end().await.expect("a message")
    }

    /// What is said until the end.
    pub async fn rest(mut self) -> Vec<Value> {
        let mut rest = Vec::new();
        while let Some(message) = self.next_or_end().await {
            rest.push(message);
        }
        rest
    }

    /// Posts commands to this site, which need not be the one that answers.
    pub async fn post(&self, site: &Site, commands: impl Into<String>) -> Reply {
        let posted = json!({ "session": self.session, "node": self.node, "data": commands.into() });
        send(site.ask(Method::POST, "/emulation").json(&posted)).await
    }

    /// Posts a command to this site and waits for its reply. What is pushed before the reply is thrown away.
    pub async fn ask(&mut self, site: &Site, command: &str, body: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        let posted = self.post(site, json!({ "id": id, command: body }).to_string()).await;
        assert_eq!(posted.status, StatusCode::NO_CONTENT);
        loop {
            let message = self.next().await;
            if message["id"] == id {
                return message;
            }
        }
    }

    /// The next publication of this channel.
    pub async fn publication(&mut self, channel: &str) -> Value {
        loop {
            let message = self.next().await;
            let push = if message["push"].is_object() { &message["push"] } else { &message };
            if push["channel"] == channel && push["pub"].is_object() {
                return push["pub"].clone();
            }
        }
    }
}
