//! Many runners, each with an own live run, send one fix at a time: how many are acknowledged, and how soon.
//!
//! An acknowledgement comes after the fix is on disk. Closed loop: each runner sends its next fix when the last one was
//! acknowledged. Paced: fixes at a fixed rate, and the time counts from when a fix was due, so that a late generator hides nothing.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use crate::crowd::{Crowd, Heard, Outbox, PATIENCE, What, expect_success};
use crate::fleet::Fleet;
use crate::process::{Cores, Kind};
use crate::report::{Latency, Line, Report};
use crate::runners::{self, Runner};
use crate::{Ingest, Outcome, Over};

const WARM_UP: Duration = Duration::from_secs(2);

pub fn scenario(arguments: &Ingest, report: &mut Report) -> Outcome<()> {
    for _ in 0..arguments.rounds {
        let (line, _) = measure(arguments.on.kind(), arguments)?;
        report.add(line);
    }
    Ok(())
}

/// The figures, and the servers as they are afterwards.
pub fn measure(kind: Kind, arguments: &Ingest) -> Outcome<(Line, Fleet)> {
    let (fleet, tokens) = Fleet::start_with_accounts(kind, Cores::Shared, arguments.runners)?;
    let runners = runners::start_runs(fleet.first(), tokens)?;
    let mut crowd = Crowd::new()?;
    let sockets = open(&mut crowd, &fleet, arguments.over, &runners)?;
    let mut load = Load::new(fleet.first(), arguments, runners)?;

    if arguments.pace.is_none() {
        for socket in sockets {
            let bytes = load.next(socket, Instant::now());
            crowd.send(socket, &bytes)?;
        }
    }
    let mut due = Instant::now();
    load.turn_until(&mut crowd, Instant::now() + WARM_UP, &mut due)?;
    let before = fleet.meter()?;
    load.measuring = true;
    load.turn_until(&mut crowd, Instant::now() + Duration::from_secs_f64(arguments.seconds), &mut due)?;
    load.measuring = false;
    let spent = fleet.meter()?.spent_since(&before);
    let acknowledged = load.latency.len() as f64;

    load.stopping = true;
    load.drain(&mut crowd)?;
    let sample = load.runners.len().min(50);
    runners::expect_all_counted(fleet.last(), &load.runners[..sample])?;

    let over = if arguments.over == Over::Socket { "socket" } else { "HTTP" };
    let mode = arguments.pace.map_or("closed loop".to_owned(), |pace| format!("paced {pace}/s"));
    let line = Line::new(format!("ingest, {mode}, {} runners, {over}", arguments.runners), kind.name())
        .with("acknowledged_per_s", acknowledged / spent.elapsed_s)
        .with("acknowledged_per_cpu_s", acknowledged / spent.server_cpu_s)
        .with_cores(&spent)
        .with_redis(&spent, acknowledged)
        .with("server_rss_mib", fleet.rss_kib()? / 1_024.0);
    Ok((line.with_latency(&load.latency), fleet))
}

/// A connection for each runner, the `n`-th for the `n`-th; each instance has an equal share of them.
fn open(crowd: &mut Crowd, fleet: &Fleet, over: Over, runners: &[Runner]) -> Outcome<Range<usize>> {
    let addresses = fleet.addresses();
    let share = runners.len().div_ceil(addresses.len());
    for (server, part) in addresses.into_iter().zip(runners.chunks(share)) {
        match over {
            Over::Http => crowd.open_http(server, part.len())?,
            Over::Socket => {
                let connect = |runner: usize| format!(r#"{{"id":1,"connect":{{"token":"{}"}}}}"#, part[runner].token);
                crowd.open(server, part.len(), connect)?
            }
        };
    }
    Ok(0..runners.len())
}

struct Load {
    server: SocketAddr,
    over: Over,
    pace: Option<f64>,
    runners: Vec<Runner>,
    /// For each runner: when the fixes that wait for an acknowledgement were sent, or due.
    waiting: Vec<VecDeque<Instant>>,
    sent: u64,
    acknowledged: u64,
    latency: Latency,
    measuring: bool,
    stopping: bool,
}

impl Load {
    fn new(server: SocketAddr, arguments: &Ingest, runners: Vec<Runner>) -> Outcome<Self> {
        let &Ingest { over, pace, .. } = arguments;
        let waiting = vec![VecDeque::new(); runners.len()];
        let (sent, acknowledged, latency) = (0, 0, Latency::new()?);
        Ok(Self {
            server,
            over,
            pace,
            runners,
            waiting,
            sent,
            acknowledged,
            latency,
            measuring: false,
            stopping: false,
        })
    }

    fn next(&mut self, runner: usize, due: Instant) -> Vec<u8> {
        self.waiting[runner].push_back(due);
        self.sent += 1;
        let it = &mut self.runners[runner];
        match self.over {
            Over::Socket => it.publish(it.made + 2),
            Over::Http => it.post(self.server),
        }
    }

    fn turn_until(&mut self, crowd: &mut Crowd, end: Instant, due: &mut Instant) -> Outcome<()> {
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            let mut wake = end;
            if let Some(pace) = self.pace {
                while *due <= now {
                    let runner = self.sent as usize % self.runners.len();
                    let bytes = self.next(runner, *due);
                    crowd.send(runner, &bytes)?;
                    *due += Duration::from_secs_f64(1.0 / pace);
                }
                wake = wake.min(*due);
            }
            crowd.turn(wake - now, |outbox, heard| self.hear(outbox, heard))?;
        }
    }

    fn drain(&mut self, crowd: &mut Crowd) -> Outcome<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.acknowledged < self.sent {
            if Instant::now() > deadline {
                return Err("fixes were not acknowledged".into());
            }
            crowd.turn(Duration::from_millis(100), |outbox, heard| self.hear(outbox, heard))?;
        }
        Ok(())
    }

    fn hear(&mut self, outbox: &mut Outbox, heard: Heard<'_>) -> Outcome<()> {
        match heard.what {
            What::Line(line) if line.starts_with(br#"{"push""#) => return Ok(()),
            What::Line(line) => expect_success(line)?,
            What::Response { status: 201, .. } => {}
            What::Response { status, body } => {
                return Err(format!("a fix was answered with {status} {}", String::from_utf8_lossy(body)).into());
            }
            What::Closed(code) => return Err(format!("the server closed a connection with {code}").into()),
            _ => return Ok(()),
        }
        let since = self.waiting[heard.socket].pop_front().ok_or("an acknowledgement that nobody waited for")?;
        self.acknowledged += 1;
        if self.measuring {
            self.latency.add(heard.at.saturating_duration_since(since));
        }
        if self.pace.is_none() && !self.stopping {
            outbox.push((heard.socket, self.next(heard.socket, heard.at)));
        }
        Ok(())
    }
}
