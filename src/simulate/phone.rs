//! One simulated phone: begins a run, sends each fix when it is due, sends what could not be sent once it can be, finishes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::domain::fix::Fix;
use crate::domain::time::Timestamp;
use crate::limits;
use crate::simulate::clock::RunClock;
use crate::simulate::plan::Plan;
use crate::simulate::report::Report;
use crate::simulate::rest::Rest;
use crate::simulate::socket::Socket;
use crate::simulate::spectator::Spectator;
use crate::simulate::{Options, SimulateError, Transport};

/// How long a phone waits before it tries to connect again.
const RECONNECT: Duration = Duration::from_millis(500);
/// How often it tries.
const RECONNECTS_MAX: u32 = 60;

pub struct Phone {
    rest: Rest,
    options: Arc<Options>,
    plan: Plan,
    token: String,
    report: Arc<Report>,
    watcher: Option<Spectator>,
    socket: Option<Socket>,
}

impl Phone {
    pub fn new(
        rest: Rest,
        options: Arc<Options>,
        plan: Plan,
        token: String,
        report: Arc<Report>,
        watcher: Option<Spectator>,
    ) -> Self {
        Self { rest, options, plan, token, report, watcher, socket: None }
    }

    /// Runs the plan once, or again and again. Who runs again begins anew too when a run has ended meanwhile, as after a
    /// laptop's sleep, and when the server was away for long.
    pub async fn go(mut self, stop: CancellationToken) -> Result<(), SimulateError> {
        loop {
            match self.run(&stop).await {
                Err(error) if self.plan.again && (error.is_conflict() || error.is_temporary()) => {
                    tracing::debug!(%error, "a simulated phone begins anew");
                    tokio::select! {
                        () = tokio::time::sleep(RECONNECT) => {}
                        () = stop.cancelled() => {}
                    }
                }
                ran => ran?,
            }
            self.plan.behind_s = 0.0;
            if stop.is_cancelled() || !self.plan.again {
                return Ok(());
            }
        }
    }

    /// One run from its start to its end.
    async fn run(&mut self, stop: &CancellationToken) -> Result<(), SimulateError> {
        let run = self.start().await?;
        if let Some(watcher) = &self.watcher {
            watcher.watch(&run).await;
        }
        let sent = self.send_all(&run, stop).await;
        if sent.is_ok() || self.plan.again {
            // The next run should not go on with this one.
            sent.and(self.rest.finish_run(&self.token, &run).await)
        } else {
            sent
        }
    }

    /// In its event, until that is over: then they run on by themselves.
    async fn start(&mut self) -> Result<String, SimulateError> {
        let (token, visibility) = (&self.token, self.options.visibility);
        match self.rest.start_run(token, visibility, self.plan.event).await {
            Err(error) if self.plan.event.is_some() && error.is_conflict() => {
                self.plan.event = None;
                self.rest.start_run(token, visibility, None).await
            }
            started => started,
        }
    }

    async fn send_all(&mut self, run: &str, stop: &CancellationToken) -> Result<(), SimulateError> {
        let clock = RunClock::start(self.plan.length_s(), self.plan.behind_s, self.options.speed);
        let mut next = 0;
        while next < self.plan.fixes.len() && !stop.is_cancelled() {
            let due = self.plan.fixes[next..].iter().take(self.batch_len_max());
            let len = due.take_while(|fix| clock.is_due(self.plan.second(fix))).count();
            if len == 0 {
                let second = self.plan.second(&self.plan.fixes[next]);
                tokio::select! {
                    () = clock.wait_for(second) => {}
                    () = stop.cancelled() => break,
                    lost = idle(&mut self.socket) => { tracing::debug!(%lost, "a phone's socket"); self.socket = None; }
                }
                continue;
            }
            let timed = self.plan.fixes[next..next + len].iter().map(|fix| (clock.time_ms(self.plan.second(fix)), fix));
            let batch: Vec<(i64, Fix)> = timed.map(|(time_ms, fix)| (time_ms, *fix)).collect();
            self.send(run, &batch).await?;
            next += len;
        }
        Ok(())
    }

    fn batch_len_max(&self) -> usize {
        match self.options.transport {
            Transport::Http => limits::FIXES_LEN_MAX,
            // About 200 bytes each: a socket's messages are smaller than an HTTP body.
            Transport::WebSocket => limits::MESSAGE_BYTES_MAX / 256,
        }
    }

    async fn send(&mut self, run: &str, batch: &[(i64, Fix)]) -> Result<(), SimulateError> {
        self.report.sent(run, batch.iter().map(|(time_ms, _)| *time_ms));
        let body = json!({"fixes": batch.iter().map(document).collect::<Vec<_>>()});
        let sent = Instant::now();
        match self.options.transport {
            Transport::Http => self.rest.send_fixes(&self.token, run, &body).await?,
            Transport::WebSocket => self.publish(run, &body).await?,
        }
        self.report.acknowledged(batch.len(), sent.elapsed());
        Ok(())
    }

    /// Over the socket; a batch whose acknowledgement was lost is sent again, and counts once.
    async fn publish(&mut self, run: &str, body: &Value) -> Result<(), SimulateError> {
        let mut last = None;
        for _ in 0..RECONNECTS_MAX {
            match self.try_publish(run, body).await {
                Err(error) if error.is_temporary() => last = Some(error),
                done => return done,
            }
            self.socket = None;
            tokio::time::sleep(RECONNECT).await;
        }
        last.map_or(Ok(()), Err)
    }

    async fn try_publish(&mut self, run: &str, body: &Value) -> Result<(), SimulateError> {
        let socket = match &mut self.socket {
            Some(socket) => socket,
            none => none.insert(Socket::connect(&self.options.server, Some(&self.token)).await?),
        };
        let id = socket.command("publish", json!({"channel": format!("run:{run}"), "data": body})).await?;
        socket.reply(id).await.map(|_| ())
    }
}

/// Reads an idle socket, so that its pings are answered, until it is lost.
async fn idle(socket: &mut Option<Socket>) -> SimulateError {
    let Some(socket) = socket else { return std::future::pending().await };
    loop {
        if let Err(error) = socket.next().await {
            return error;
        }
    }
}

fn document((time_ms, fix): &(i64, Fix)) -> Value {
    let mut document = json!({
        "time": Timestamp::from_millis(*time_ms).to_string(),
        "latitude": fix.place.latitude.degrees(),
        "longitude": fix.place.longitude.degrees(),
    });
    let readings = [
        ("elevation_m", fix.elevation_m),
        ("accuracy_m", fix.accuracy_m),
        ("speed_mps", fix.speed_mps),
        ("heading_deg", fix.heading_deg),
    ];
    for (name, reading) in readings.into_iter().filter_map(|(name, reading)| Some((name, reading?))) {
        document[name] = json!(reading);
    }
    if let Some(heart_rate_bpm) = fix.heart_rate_bpm {
        document["heart_rate_bpm"] = json!(heart_rate_bpm);
    }
    document
}
