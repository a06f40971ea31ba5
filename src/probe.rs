//! Asks a running server how it is, as a load balancer does: for health checks in images that hold no other client.
//!
//! A client: it knows two paths and what a status means, and nothing of what lies behind them.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use reqwest::{Client, StatusCode, Url};
use thiserror::Error;

/// How long the server may take to answer. It asks its store for less.
const ANSWER_MAX: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Does the process answer?
    Live,
    /// May requests be sent to it?
    Ready,
}

#[derive(Debug, Error)]
pub enum ProbeError {
    /// What was given is not repeated: there may be a password in it.
    #[error("this is no address of a server; http://127.0.0.1:8000 is one")]
    Address,
    #[error("the server does not answer: {0}")]
    Silent(String),
    #[error("the server is not {0}: it answers {1}")]
    No(Question, StatusCode),
}

/// Asks the server at `server`, an URL of http or https. An answer that is not a yes is an error.
pub async fn ask(server: &str, question: Question) -> Result<(), ProbeError> {
    let mut url = Url::parse(server).map_err(|_| ProbeError::Address)?;
    if !["http", "https"].contains(&url.scheme()) || url.host().is_none() {
        return Err(ProbeError::Address);
    }
    url.set_path(&format!("/health/{question}"));
    // For https. Somebody may have chosen one before: that one is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // A proxy would tell of itself.
    let client = Client::builder().no_proxy().timeout(ANSWER_MAX).build().map_err(|error| silent(&error))?;
    match client.get(url).send().await.map_err(|error| silent(&error))?.status() {
        status if status.is_success() => Ok(()),
        status => Err(ProbeError::No(question, status)),
    }
}

/// The innermost reason, such as "connection refused": the others only say that it was a request.
fn silent(error: &reqwest::Error) -> ProbeError {
    let mut reason: &dyn Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    ProbeError::Silent(reason.to_string())
}

impl fmt::Display for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Live => "live",
            Self::Ready => "ready",
        })
    }
}
