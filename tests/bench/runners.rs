//! Runners as a phone knows them: an account's token, a live run, and fixes that follow a plausible run.

use std::net::SocketAddr;
use std::time::Instant;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;

use crate::Outcome;
use crate::client;
use crate::crowd::{Crowd, PATIENCE, What};

const SPEED_MPS: f64 = 3.0;
const METRES_PER_DEGREE: f64 = 111_195.0;
/// Fixes begin so long ago, since a closed loop makes many seconds of a run in one.
const BEGUN: TimeDelta = TimeDelta::hours(1);

pub struct Runner {
    pub token: String,
    pub run: String,
    begun_at: DateTime<Utc>,
    latitude: f64,
    /// Fixes made, a second apart.
    pub made: u32,
}

impl Runner {
    /// The next fix, with all that a watch knows, as the body of a batch of one.
    pub fn next_fix(&mut self) -> String {
        format!(r#"{{"fixes":[{}]}}"#, self.fix())
    }

    fn fix(&mut self) -> String {
        let time = self.begun_at + TimeDelta::seconds(self.made.into());
        let time = time.to_rfc3339_opts(SecondsFormat::Millis, true);
        let latitude = self.latitude + f64::from(self.made) * SPEED_MPS / METRES_PER_DEGREE;
        self.made += 1;
        format!(
            r#"{{"time":"{time}","latitude":{latitude:.6},"longitude":24.94,"elevation_m":12.5,"accuracy_m":5,"speed_mps":{SPEED_MPS},"heading_deg":0,"heart_rate_bpm":150}}"#
        )
    }

    pub fn publish(&mut self, id: u32) -> Vec<u8> {
        let (run, fix) = (self.run.clone(), self.next_fix());
        client::text(format!(r#"{{"id":{id},"publish":{{"channel":"run:{run}","data":{fix}}}}}"#).as_bytes())
    }

    pub fn post(&mut self, server: SocketAddr) -> Vec<u8> {
        let fix = self.next_fix();
        client::post(server, &format!("/api/runs/{}/fixes", self.run), &self.token, &fix)
    }

    /// So many fixes in one batch.
    pub fn post_many(&mut self, server: SocketAddr, count: u32) -> Vec<u8> {
        let fixes: Vec<String> = (0..count).map(|_| self.fix()).collect();
        let body = format!(r#"{{"fixes":[{}]}}"#, fixes.join(","));
        client::post(server, &format!("/api/runs/{}/fixes", self.run), &self.token, &body)
    }
}

/// Starts a public run for each account.
pub fn start_runs(server: SocketAddr, tokens: Vec<String>) -> Outcome<Vec<Runner>> {
    let mut crowd = Crowd::new()?;
    let sockets = crowd.open_http(server, tokens.len())?;
    for (socket, token) in sockets.zip(&tokens) {
        crowd.send(socket, &client::post(server, "/api/runs", token, r#"{"visibility":"public"}"#))?;
    }
    let mut runs = vec![String::new(); tokens.len()];
    let mut started = 0;
    crowd.until(Instant::now() + PATIENCE, |_, heard| {
        let What::Response { status, body } = heard.what else { return Ok(false) };
        if status != 201 {
            return Err(format!("POST /api/runs: {status} {}", String::from_utf8_lossy(body)).into());
        }
        let answer: Value = serde_json::from_slice(body)?;
        runs[heard.socket] = answer["data"]["id"].as_str().ok_or("a run without an id")?.to_owned();
        started += 1;
        Ok(started == tokens.len())
    })?;
    let begun_at = Utc::now() - BEGUN;
    let runner = |(index, (token, run))| {
        let latitude = 50.0 + index as f64 * 0.001;
        Runner { token, run, begun_at, latitude, made: 0 }
    };
    Ok(tokens.into_iter().zip(runs).enumerate().map(runner).collect())
}

/// What the server says of a run now holds just the fixes that were acknowledged, each of them counted.
pub fn expect_all_counted(server: SocketAddr, runners: &[Runner]) -> Outcome<()> {
    let mut crowd = Crowd::new()?;
    let sockets = crowd.open_http(server, runners.len())?;
    for (socket, runner) in sockets.zip(runners) {
        crowd.send(socket, &client::get(server, &format!("/api/runs/{}", runner.run)))?;
    }
    let mut heard_of = 0;
    crowd.until(Instant::now() + PATIENCE, |_, heard| {
        let What::Response { body, .. } = heard.what else { return Ok(false) };
        let run = &serde_json::from_slice::<Value>(body)?["data"];
        let made = runners[heard.socket].made;
        let ran_m = f64::from(made.saturating_sub(1)) * SPEED_MPS;
        let (fixes, distance_m) = (run["fixes"].as_u64(), run["distance_m"].as_f64().unwrap_or(-1.0));
        // The newest fixes wait for the five metres that a count needs.
        if fixes != Some(made.into()) || (distance_m - ran_m).abs() > 10.0 + ran_m * 0.01 {
            return Err(format!("{made} fixes over {ran_m} m were acknowledged, but the run says {run}").into());
        }
        heard_of += 1;
        Ok(heard_of == runners.len())
    })
}
