//! From finishing a run to the unlock on the runner's own socket, one runner after the other, with the starter catalogue.
//!
//! The phone is on the first instance, and the socket on the last one.

use std::time::{Duration, Instant};

use memchr::memmem;

use crate::client;
use crate::crowd::{Crowd, PATIENCE, What};
use crate::fleet::Fleet;
use crate::process::{self, Cores, Kind};
use crate::report::{Latency, Line, Report};
use crate::runners::{self, Runner};
use crate::{Outcome, Unlocks};

const BETWEEN: Duration = Duration::from_millis(10);
const WARM_UP_RUNS: usize = 20;
/// A second and three metres each: who has run less than a hundred metres has not run.
const FIXES: u32 = 60;

pub fn scenario(arguments: &Unlocks, report: &mut Report) -> Outcome<()> {
    process::write_catalogue("starter");
    for _ in 0..arguments.rounds {
        for kind in [Kind::Runnity, Kind::Redis { fsync: arguments.redis, instances: 2 }] {
            measure(kind, arguments.runs, report)?;
        }
    }
    Ok(())
}

fn measure(kind: Kind, runs: usize, report: &mut Report) -> Outcome<()> {
    let (fleet, tokens) = Fleet::start_with_accounts(kind, Cores::Shared, WARM_UP_RUNS + runs)?;
    let mut runners = runners::start_runs(fleet.first(), tokens)?;
    run(&fleet, &mut runners)?;
    let mut crowd = Crowd::new()?;
    let connect = |index: usize| format!(r#"{{"id":1,"connect":{{"token":"{}"}}}}"#, runners[index].token);
    let sockets = crowd.open(fleet.last(), runners.len(), connect)?;
    let phone = crowd.open_http(fleet.first(), 1)?.start;

    let (mut unlocked, mut answered) = (Latency::new()?, Latency::new()?);
    let mut before = fleet.meter()?;
    for (index, (socket, runner)) in sockets.zip(&runners).enumerate() {
        if index == WARM_UP_RUNS {
            before = fleet.meter()?;
        }
        let path = format!("/api/runs/{}/finish", runner.run);
        let request = client::post(fleet.first(), &path, &runner.token, "{}");
        let sent = Instant::now();
        crowd.send(phone, &request)?;
        let (mut unlocked_at, mut answered_at) = (None, None);
        crowd.until(sent + PATIENCE, |_, heard| {
            match heard.what {
                What::Line(line) if heard.socket == socket && is_unlock(line) => {
                    unlocked_at.get_or_insert(heard.at);
                }
                What::Response { status: 201, .. } => answered_at = Some(heard.at),
                What::Response { status, body } => {
                    return Err(format!("finishing: {status} {}", String::from_utf8_lossy(body)).into());
                }
                What::Closed(code) => return Err(format!("the server closed a connection with {code}").into()),
                _ => {}
            }
            Ok(unlocked_at.is_some() && answered_at.is_some())
        })?;
        if let (Some(unlocked_at), Some(answered_at), true) = (unlocked_at, answered_at, index >= WARM_UP_RUNS) {
            unlocked.add(unlocked_at - sent);
            answered.add(answered_at - sent);
        }
        std::thread::sleep(BETWEEN);
    }
    let spent = fleet.meter()?.spent_since(&before);
    let line = |what: &str| Line::new(format!("unlocks, {what}"), kind.name());
    report.add(line("finish to unlocked on the socket").with_latency(&unlocked).with_cores(&spent));
    report.add(line("finish to its answer").with_latency(&answered));
    Ok(())
}

/// Everybody has run a little, and nobody has reached anything yet.
fn run(fleet: &Fleet, runners: &mut [Runner]) -> Outcome<()> {
    let mut crowd = Crowd::new()?;
    let sockets = crowd.open_http(fleet.first(), runners.len())?;
    for (socket, runner) in sockets.zip(runners.iter_mut()) {
        crowd.send(socket, &runner.post_many(fleet.first(), FIXES))?;
    }
    let mut answered = 0;
    crowd.until(Instant::now() + PATIENCE, |_, heard| {
        let What::Response { status, body } = heard.what else { return Ok(false) };
        if status != 201 {
            return Err(format!("fixes: {status} {}", String::from_utf8_lossy(body)).into());
        }
        answered += 1;
        Ok(answered == runners.len())
    })
}

fn is_unlock(line: &[u8]) -> bool {
    memmem::find(line, br#""type":"unlocked""#).is_some()
}
