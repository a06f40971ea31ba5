//! Memory for each connection that watches a run and then does nothing: the server's resident memory before and after.
//!
//! Each is counted among those who are present, and has answered a ping, before it is measured. What the kernel keeps for a
//! socket is not counted.

use std::time::{Duration, Instant};

use crate::crowd::{Crowd, What, anonymous};
use crate::fleet::Fleet;
use crate::process::{Cores, Kind};
use crate::report::{Line, Report};
use crate::{Idle, Outcome, runners};

/// Everybody has been pinged by then, and what the hand-shakes used has been given back.
const SETTLE: Duration = Duration::from_secs(27);

pub fn scenario(arguments: &Idle, report: &mut Report) -> Outcome<()> {
    for &connections in &arguments.connections {
        for kind in [Kind::Runnity, Kind::Stock] {
            if kind == Kind::Runnity || connections <= arguments.stock_max {
                report.add(measure(kind, connections, arguments.runs)?);
            }
        }
    }
    Ok(())
}

fn measure(kind: Kind, connections: usize, runs: usize) -> Outcome<Line> {
    let (fleet, tokens) = Fleet::start_with_accounts(kind, Cores::Shared, if kind.is_ours() { runs } else { 0 })?;
    let runners = if kind.is_ours() { runners::start_runs(fleet.first(), tokens)? } else { Vec::new() };
    // The stock server takes any name for a channel.
    let mut channels: Vec<String> = runners.iter().map(|runner| format!("run:{}", runner.run)).collect();
    channels.resize_with(runs, || "run".to_owned());
    let mut crowd = Crowd::new()?;
    let (before_kib, before) = (fleet.rss_kib()?, fleet.meter()?);
    let sockets = crowd.open(fleet.first(), connections, anonymous)?;
    let spent = fleet.meter()?.spent_since(&before);
    crowd.ask(sockets, |socket| format!(r#"{{"id":2,"subscribe":{{"channel":"{}"}}}}"#, channels[socket % runs]))?;
    let settled = Instant::now() + SETTLE;
    while Instant::now() < settled {
        crowd.turn(Duration::from_millis(100), |_, heard| match heard.what {
            What::Closed(code) => Err(format!("the server closed a connection with {code}").into()),
            _ => Ok(()),
        })?;
    }
    let after_kib = fleet.rss_kib()?;
    Ok(Line::new(format!("idle, {connections} connections"), kind.name())
        .with("kib_per_connection", (after_kib - before_kib) / connections as f64)
        .with("rss_before_mib", before_kib / 1_024.0)
        .with("rss_after_mib", after_kib / 1_024.0)
        .with("opened_per_s", connections as f64 / spent.elapsed_s)
        .with("opened_per_cpu_s", connections as f64 / spent.server_cpu_s))
}
