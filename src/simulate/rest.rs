//! The HTTP calls that a phone makes, and whoever holds an event for it.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::simulate::SimulateError;

/// How long one call may take.
const CALL_MAX: Duration = Duration::from_secs(30);
/// How often a call is sent again when the server is not there or is busy.
const ATTEMPTS_MAX: u32 = 20;

#[derive(Clone, Debug)]
pub struct Rest {
    client: Client,
    server: String,
}

impl Rest {
    pub fn new(server: &str) -> Result<Self, SimulateError> {
        let server = server.trim_end_matches('/').to_owned();
        let address = || SimulateError::Address(server.clone());
        let url = reqwest::Url::parse(&server).map_err(|_| address())?;
        if !["http", "https"].contains(&url.scheme()) || url.host().is_none() {
            return Err(address());
        }
        // For https. Somebody may have chosen one before: that one is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().timeout(CALL_MAX).build();
        Ok(Self { client: client.map_err(|error| SimulateError::Unreachable(error.to_string()))?, server })
    }

    /// A new account → its token. A name that is taken gets a number.
    pub async fn sign_up(&self, name: &str) -> Result<String, SimulateError> {
        let mut wanted = name.to_owned();
        loop {
            let body = json!({"name": wanted, "password": Uuid::new_v4().to_string()});
            let request = self.client.post(format!("{}/api/users", self.server)).json(&body);
            match self.call("a new account", request).await {
                Ok(data) => return text(&data, "token"),
                Err(error) if error.is_conflict() => {
                    wanted = format!("{name} {}", &Uuid::new_v4().simple().to_string()[..6]);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// A new live run → its id. When there is a live run already, that one: the answer to an earlier attempt may have been lost.
    pub async fn start_run(&self, token: &str, visibility: &str, event: Option<u64>) -> Result<String, SimulateError> {
        let body = json!({"visibility": visibility, "event": event});
        let request = self.client.post(format!("{}/api/runs", self.server)).bearer_auth(token).json(&body);
        match self.call("a new run", request).await {
            Err(SimulateError::Refused { run: Some(run), .. }) => Ok(run),
            made => text(&made?, "id"),
        }
    }

    /// A batch of fixes, acknowledged when it is stored. Sent again it counts once.
    pub async fn send_fixes(&self, token: &str, run: &str, fixes: &Value) -> Result<(), SimulateError> {
        let request = self.client.post(format!("{}/api/runs/{run}/fixes", self.server)).bearer_auth(token).json(fixes);
        self.call("fixes", request).await.map(|_| ())
    }

    pub async fn finish_run(&self, token: &str, run: &str) -> Result<(), SimulateError> {
        let request = self.client.post(format!("{}/api/runs/{run}/finish", self.server)).bearer_auth(token);
        self.call("the end of a run", request).await.map(|_| ())
    }

    /// A new event by its plan, a document of our REST API → its number. Sent again, it is one event all the same.
    pub async fn new_event(&self, token: &str, plan: &Value) -> Result<u64, SimulateError> {
        let request = self.client.post(format!("{}/api/events", self.server)).bearer_auth(token).json(plan);
        let request = request.header("Idempotency-Key", Uuid::new_v4().to_string());
        let event = self.call("a new event", request).await?;
        event["id"].as_u64().ok_or(SimulateError::Incomplete("id"))
    }

    pub async fn join_event(&self, token: &str, event: u64) -> Result<(), SimulateError> {
        let request = self.client.post(format!("{}/api/events/{event}/participants", self.server)).bearer_auth(token);
        self.call("a participant", request).await.map(|_| ())
    }

    /// Before its time, by its creator's hand.
    pub async fn end_event(&self, token: &str, event: u64) -> Result<(), SimulateError> {
        let request = self.client.post(format!("{}/api/events/{event}/end", self.server)).bearer_auth(token);
        self.call("the end of an event", request).await.map(|_| ())
    }

    /// One call, again and again while the server is not there or is busy.
    async fn call(&self, what: &'static str, request: RequestBuilder) -> Result<Value, SimulateError> {
        let mut last = SimulateError::Unreachable(String::new());
        for attempt in 0..ATTEMPTS_MAX {
            let Some(request) = request.try_clone() else { break };
            match request.send().await {
                Ok(response)
                    if [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS]
                        .contains(&response.status()) =>
                {
                    last = SimulateError::Busy(what.to_owned());
                }
                Ok(response) => return answer(what, response).await,
                Err(error) => last = SimulateError::Unreachable(error.without_url().to_string()),
            }
            tokio::time::sleep(Duration::from_millis(100 << attempt.min(5))).await;
        }
        Err(last)
    }
}

async fn answer(what: &'static str, response: reqwest::Response) -> Result<Value, SimulateError> {
    let status = response.status();
    let mut body: Value = response.json().await.unwrap_or_default();
    if status.is_success() {
        return Ok(body["data"].take());
    }
    let text = |field: &str| body["error"][field].as_str().map(str::to_owned);
    let (code, why, run) = (status.as_u16().into(), text("message").unwrap_or_default(), text("run"));
    Err(SimulateError::Refused { what, code, why, run })
}

fn text(data: &Value, field: &'static str) -> Result<String, SimulateError> {
    data[field].as_str().map(str::to_owned).ok_or(SimulateError::Incomplete(field))
}
