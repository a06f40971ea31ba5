//! Simulated phones: recorded runs sent to a server as phones would send them, and what a spectator sees of it.
//!
//! A client like any other: knows the public HTTP API and the socket's protocol, and nothing of what is behind them.

mod clock;
mod phone;
pub mod plan;
pub mod report;
pub mod rest;
mod socket;
mod spectator;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use plan::Plan;
use report::Report;
use rest::Rest;

/// How phones send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Http,
    WebSocket,
}

#[derive(Clone, Debug)]
pub struct Options {
    /// For example `http://127.0.0.1:8000`.
    pub server: String,
    pub transport: Transport,
    /// `public`, `friends` or `private`.
    pub visibility: &'static str,
    /// How many times faster than it was run.
    pub speed: f64,
    /// Whether a spectator watches all runs and latencies are measured.
    pub watch: bool,
    /// Tokens for the first runners; for the others accounts are made.
    pub tokens: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    #[error("{0} is not a server's address, such as http://127.0.0.1:8000")]
    Address(String),
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    #[error("the server is busy: {0}")]
    Busy(String),
    #[error("the server refused {what}: {code} {why}")]
    Refused {
        what: &'static str,
        /// An HTTP status, or a code of the socket's protocol.
        code: u64,
        why: String,
        /// The run that is in the way.
        run: Option<String>,
    },
    #[error("an answer has no {0}")]
    Incomplete(&'static str),
    #[error("the connection was lost: {0}")]
    Lost(String),
}

impl SimulateError {
    /// What the server calls a conflict, by HTTP and over the socket.
    const CONFLICT: u64 = 409;

    fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused { code: Self::CONFLICT, .. })
    }

    /// Worth another attempt of the same.
    fn is_temporary(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy(_) | Self::Lost(_))
    }
}

/// Runs all plans to their end, or until `stop`. Phones whose connection breaks go on by themselves.
pub async fn run(
    options: Options,
    plans: Vec<Plan>,
    report: Arc<Report>,
    stop: CancellationToken,
) -> Result<(), SimulateError> {
    let rest = Rest::new(&options.server)?;
    let options = Arc::new(options);
    // The spectator outlives the phones, to see what is still under way, but not this function.
    let watching = CancellationToken::new();
    let _watching = watching.clone().drop_guard();
    let watcher = options.watch.then(|| spectator::Spectator::start(&options.server, report.clone(), watching));
    let mut phones = JoinSet::new();
    for (index, plan) in plans.into_iter().enumerate() {
        let token = match options.tokens.get(index) {
            Some(token) => token.clone(),
            None => rest.sign_up(&plan.name).await?,
        };
        let phone = phone::Phone::new(rest.clone(), options.clone(), plan, token, report.clone(), watcher.clone());
        phones.spawn(phone.go(stop.clone()));
    }
    let mut failure = None;
    while let Some(ended) = phones.join_next().await {
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "a simulated phone gave up");
            failure = Some(error);
        }
    }
    if let Some(watcher) = watcher {
        watcher.settle(Duration::from_secs(5)).await;
    }
    failure.map_or(Ok(()), Err)
}
