//! Memory for each connection that has connected and then does nothing: the server's resident memory before and after.
//!
//! What the kernel keeps for a socket is not counted.

use std::time::{Duration, Instant};

use crate::crowd::{Crowd, anonymous};
use crate::fleet::Fleet;
use crate::process::{Cores, Kind};
use crate::report::{Line, Report};
use crate::{Idle, Outcome};

/// What the hand-shakes used has been given back by then.
const SETTLE: Duration = Duration::from_secs(3);

pub fn scenario(arguments: &Idle, report: &mut Report) -> Outcome<()> {
    for &connections in &arguments.connections {
        for kind in [Kind::Runnity, Kind::Stock] {
            if kind == Kind::Runnity || connections <= arguments.stock_max {
                report.add(measure(kind, connections)?);
            }
        }
    }
    Ok(())
}

fn measure(kind: Kind, connections: usize) -> Outcome<Line> {
    let fleet = Fleet::start(kind, Cores::Shared)?;
    let mut crowd = Crowd::new()?;
    let (before_kib, before) = (fleet.rss_kib()?, fleet.meter()?);
    crowd.open(fleet.first(), connections, anonymous)?;
    let spent = fleet.meter()?.spent_since(&before);
    let settled = Instant::now() + SETTLE;
    while Instant::now() < settled {
        crowd.turn(Duration::from_millis(100), |_, _| Ok(()))?;
    }
    let after_kib = fleet.rss_kib()?;
    Ok(Line::new(format!("idle, {connections} connections"), kind.name())
        .with("kib_per_connection", (after_kib - before_kib) / connections as f64)
        .with("rss_before_mib", before_kib / 1_024.0)
        .with("rss_after_mib", after_kib / 1_024.0)
        .with("opened_per_s", connections as f64 / spent.elapsed_s)
        .with("opened_per_cpu_s", connections as f64 / spent.server_cpu_s))
}
