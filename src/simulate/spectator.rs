//! A spectator who watches all simulated runs, and tells when each fix arrives.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::domain::time::Timestamp;
use crate::simulate::SimulateError;
use crate::simulate::report::Report;
use crate::simulate::socket::Socket;

/// Runs that one of its sockets watches.
const RUNS_LEN_MAX: usize = 100;
/// Runs that wait to be watched.
const WAITING_LEN_MAX: usize = 1_024;

/// A run to be watched, and whom to tell when it is.
type Ask = (String, oneshot::Sender<()>);

#[derive(Clone)]
pub struct Spectator {
    asks: mpsc::Sender<Ask>,
    report: Arc<Report>,
}

impl Spectator {
    pub fn start(server: &str, report: Arc<Report>, stop: CancellationToken) -> Self {
        let (asks, asked) = mpsc::channel(WAITING_LEN_MAX);
        let (server, reporter) = (server.to_owned(), report.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = serve(server, asked, reporter) => {}
                () = stop.cancelled() => {}
            }
        });
        Self { asks, report }
    }

    /// Returns when the run is watched (or cannot be, which is only told).
    pub async fn watch(&self, run: &str) {
        let (watched, is_watched) = oneshot::channel();
        if self.asks.send((run.to_owned(), watched)).await.is_ok() {
            let _ = is_watched.await;
        }
    }

    /// Waits until everything that was sent has been seen, but not for ever.
    pub async fn settle(&self, at_most: Duration) {
        let deadline = tokio::time::Instant::now() + at_most;
        while !self.report.is_all_seen() && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Opens one socket after another, each for a bounded number of runs.
async fn serve(server: String, mut asked: mpsc::Receiver<Ask>, report: Arc<Report>) {
    let mut sockets = tokio::task::JoinSet::new();
    let mut open: Option<(mpsc::Sender<Ask>, usize)> = None;
    while let Some(ask) = asked.recv().await {
        let (asks, runs) = match open.take() {
            Some((asks, runs)) if runs < RUNS_LEN_MAX => (asks, runs),
            _ => {
                let (asks, asked) = mpsc::channel(RUNS_LEN_MAX);
                let (server, report) = (server.clone(), report.clone());
                sockets.spawn(async move {
                    if let Err(error) = listen(&server, asked, &report).await {
                        tracing::warn!(%error, "a simulated spectator lost its connection");
                    }
                });
                (asks, 0)
            }
        };
        if asks.send(ask).await.is_ok() {
            open = Some((asks, runs + 1));
        }
    }
    sockets.join_all().await;
}

async fn listen(server: &str, mut asked: mpsc::Receiver<Ask>, report: &Report) -> Result<(), SimulateError> {
    let mut socket = Socket::connect(server, None).await?;
    let mut waiting: Vec<(u32, oneshot::Sender<()>)> = Vec::new();
    loop {
        tokio::select! {
            Some((run, watched)) = asked.recv() => {
                let id = socket.command("subscribe", json!({"channel": format!("run:{run}")})).await?;
                waiting.push((id, watched));
            }
            message = socket.next() => {
                let message = message?;
                if let Some(index) = waiting.iter().position(|(id, _)| message["id"] == *id) {
                    let _ = waiting.swap_remove(index).1.send(());
                } else {
                    see(&message, report);
                }
            }
        }
    }
}

fn see(message: &Value, report: &Report) {
    let push = &message["push"];
    let Some(run) = push["channel"].as_str().and_then(|channel| channel.strip_prefix("run:")) else { return };
    let Some(fixes) = push["pub"]["data"]["fixes"].as_array() else { return };
    for fix in fixes {
        if let Some(time) = fix["time"].as_str().and_then(Timestamp::parse) {
            report.seen(run, time.as_millis());
        }
    }
}
