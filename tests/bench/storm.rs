//! Everybody comes back at once: spectators whose server was killed, and who follow runs that go on.
//!
//! Each spectator notes the offset of every publication: one that is not just behind its last one ends the scenario, and so does a
//! recovery that was refused. In the end each must be where its channel is. Alone, the server is killed and started again on its
//! store; of two on one Redis the first is killed, and all go to the other. No back-off: the worst case.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::client;
use crate::crowd::{Crowd, Heard, Outbox, PATIENCE, What, anonymous, expect_success};
use crate::fleet::Fleet;
use crate::process::Cores;
use crate::report::{Latency, Line, Report};
use crate::runners::{self, Runner};
use crate::{Outcome, Storm};

/// How long fixes are sent with everybody there, before and after.
const QUIET: Duration = Duration::from_secs(2);
const TURN: Duration = Duration::from_millis(5);

#[derive(Deserialize)]
struct Reply {
    subscribe: Subscribed,
}

#[derive(Deserialize)]
struct Subscribed {
    epoch: String,
    #[serde(default)]
    offset: u64,
    #[serde(default)]
    recovered: bool,
    #[serde(default)]
    publications: Vec<Publication>,
}

#[derive(Deserialize)]
struct Publication {
    offset: u64,
}

#[derive(Clone, Default)]
struct Spectator {
    epoch: String,
    /// Of the last publication that it has heard.
    offset: u64,
    is_here: bool,
}

struct World {
    server: SocketAddr,
    runners: Vec<Runner>,
    /// What each runner sent and nobody has acknowledged. It is sent again to the next server.
    pending: Vec<Option<(Instant, Vec<u8>)>>,
    due: Instant,
    every: Duration,
    posted: usize,
    is_running: bool,
    /// Their sockets are behind the runners'.
    spectators: Vec<Spectator>,
    here: usize,
    began: Instant,
    /// How long each took to be back.
    back: Latency,
    acknowledged: Latency,
    recovered: u64,
}

pub fn scenario(arguments: &Storm, report: &mut Report) -> Outcome<()> {
    for _ in 0..arguments.rounds {
        report.add(measure(arguments)?);
    }
    Ok(())
}

fn measure(arguments: &Storm) -> Outcome<Line> {
    let kind = arguments.on.kind();
    let (mut fleet, tokens) = Fleet::start_with_accounts(kind, Cores::Shared, arguments.runs)?;
    let runners = runners::start_runs(fleet.last(), tokens)?;
    let mut world = World::new(arguments, fleet.last(), runners)?;

    let mut crowd = Crowd::new()?;
    crowd.open_http(world.server, arguments.runs)?;
    // Not too many at once: how they come the first time is not what is measured.
    for part in (0..arguments.clients).collect::<Vec<_>>().chunks(1_000) {
        crowd.connect_at_once(fleet.first(), part.len())?;
        world.turn_until(&mut crowd, |world| world.here > part[part.len() - 1])?;
    }
    let bases = world.offsets();
    (world.is_running, world.due) = (true, Instant::now());
    world.go_on(&mut crowd, QUIET)?;

    let killed = Instant::now();
    fleet.lose_first(kind)?;
    drop(crowd);
    world.server = fleet.last();
    let down_s = killed.elapsed().as_secs_f64();
    world.everybody_is_gone()?;
    let mut crowd = Crowd::new()?;
    crowd.open_http(world.server, arguments.runs)?;
    world.post_again(&mut crowd)?;
    world.go_on(&mut crowd, Duration::from_secs_f64(arguments.away_s))?;

    let before = fleet.meter()?;
    world.began = Instant::now();
    crowd.connect_at_once(world.server, arguments.clients)?;
    let asked_s = world.began.elapsed().as_secs_f64();
    world.turn_until(&mut crowd, |world| world.here == world.spectators.len())?;
    let spent = fleet.meter()?.spent_since(&before);
    world.go_on(&mut crowd, QUIET)?;
    world.is_running = false;
    world.turn_until(&mut crowd, |world| world.pending.iter().all(Option::is_none))?;
    world.expect_whole(&mut crowd, &bases)?;
    runners::expect_all_counted(world.server, &world.runners)?;

    let line = Line::new(format!("storm, {} clients, {} runs", arguments.clients, arguments.runs), kind.name())
        .with("all_back_s", spent.elapsed_s)
        .with("all_asked_s", asked_s)
        .with("server_down_s", down_s)
        .with("recovered_publications", world.recovered as f64)
        .with("fix_acknowledged_ms_max", world.acknowledged.ms(1.0))
        .with("server_rss_mib", fleet.rss_kib()? / 1_024.0)
        .with_cores(&spent);
    Ok(line.with_latency(&world.back))
}

impl World {
    fn new(arguments: &Storm, server: SocketAddr, runners: Vec<Runner>) -> Outcome<Self> {
        Ok(Self {
            server,
            pending: vec![None; runners.len()],
            runners,
            due: Instant::now(),
            every: Duration::from_secs_f64(1.0 / arguments.pace),
            posted: 0,
            is_running: false,
            spectators: vec![Spectator::default(); arguments.clients],
            here: 0,
            began: Instant::now(),
            back: Latency::new()?,
            acknowledged: Latency::new()?,
            recovered: 0,
        })
    }

    /// How far each run's first spectator is.
    fn offsets(&self) -> Vec<u64> {
        self.spectators[..self.runners.len()].iter().map(|spectator| spectator.offset).collect()
    }

    fn everybody_is_gone(&mut self) -> Outcome<()> {
        self.here = 0;
        self.spectators.iter_mut().for_each(|spectator| spectator.is_here = false);
        (self.back, self.acknowledged) = (Latency::new()?, Latency::new()?);
        Ok(())
    }

    /// Runners go on for so long.
    fn go_on(&mut self, crowd: &mut Crowd, time: Duration) -> Outcome<()> {
        let until = Instant::now() + time;
        self.turn_until(crowd, |_| Instant::now() >= until)
    }

    fn turn_until(&mut self, crowd: &mut Crowd, done: impl Fn(&Self) -> bool) -> Outcome<()> {
        let deadline = Instant::now() + 2 * PATIENCE;
        while !done(self) {
            if Instant::now() > deadline {
                return Err(format!("{} of {} were there in time", self.here, self.spectators.len()).into());
            }
            self.post_due(crowd)?;
            crowd.turn(TURN, |outbox, heard| self.hear(outbox, heard))?;
        }
        Ok(())
    }

    /// The runners take turns; one whose last fix was not acknowledged is left out.
    fn post_due(&mut self, crowd: &mut Crowd) -> Outcome<()> {
        while self.is_running && self.due <= Instant::now() {
            self.due += self.every;
            self.posted += 1;
            let runner = self.posted % self.runners.len();
            if self.pending[runner].is_none() {
                let bytes = self.runners[runner].post(self.server);
                crowd.send(runner, &bytes)?;
                self.pending[runner] = Some((Instant::now(), bytes));
            }
        }
        Ok(())
    }

    fn post_again(&mut self, crowd: &mut Crowd) -> Outcome<()> {
        for (runner, pending) in self.pending.iter_mut().enumerate() {
            if let Some((at, bytes)) = pending {
                *at = Instant::now();
                crowd.send(runner, bytes)?;
            }
        }
        self.due = Instant::now();
        Ok(())
    }

    fn hear(&mut self, outbox: &mut Outbox, heard: Heard<'_>) -> Outcome<()> {
        let Heard { socket, what, at } = heard;
        if let What::Response { status, body } = what {
            if !(200..300).contains(&status) {
                return Err(format!("a fix was answered with {status} {}", String::from_utf8_lossy(body)).into());
            }
            if let Some((posted, _)) = self.pending[socket].take() {
                self.acknowledged.add(at - posted);
            }
            return Ok(());
        }
        let Some(spectator) = socket.checked_sub(self.runners.len()) else { return Ok(()) };
        match what {
            What::HandShaken => outbox.push((socket, client::text(anonymous(spectator).as_bytes()))),
            What::Line(line) if line.starts_with(br#"{"id":1,"#) => {
                expect_success(line)?;
                outbox.push((socket, client::text(self.subscribe(spectator).as_bytes())));
            }
            What::Line(line) if line.starts_with(br#"{"id":2,"#) => {
                expect_success(line)?;
                self.subscribed(spectator, &serde_json::from_slice::<Reply>(line)?.subscribe)?;
                self.back.add(at - self.began);
            }
            What::Line(line) => {
                if let Some(offset) = offset(line) {
                    self.spectators[spectator].hear(offset)?;
                }
            }
            What::Closed(code) => return Err(format!("a spectator was closed with {code}").into()),
            What::Pong | What::Response { .. } | What::Protobuf(_) => {}
        }
        Ok(())
    }

    fn subscribe(&self, spectator: usize) -> String {
        let run = &self.runners[spectator % self.runners.len()].run;
        let Spectator { epoch, offset, .. } = &self.spectators[spectator];
        if epoch.is_empty() {
            return format!(r#"{{"id":2,"subscribe":{{"channel":"run:{run}"}}}}"#);
        }
        format!(
            r#"{{"id":2,"subscribe":{{"channel":"run:{run}","recover":true,"epoch":"{epoch}","offset":{offset}}}}}"#
        )
    }

    fn subscribed(&mut self, index: usize, reply: &Subscribed) -> Outcome<()> {
        let spectator = &mut self.spectators[index];
        if spectator.epoch.is_empty() {
            (spectator.epoch, spectator.offset) = (reply.epoch.clone(), reply.offset);
        } else if reply.recovered && reply.epoch == spectator.epoch {
            reply.publications.iter().try_for_each(|publication| spectator.hear(publication.offset))?;
            self.recovered += reply.publications.len() as u64;
        } else {
            return Err(format!("a spectator at {} was not recovered", spectator.offset).into());
        }
        spectator.is_here = true;
        self.here += 1;
        Ok(())
    }

    /// Each spectator gets to where its channel is, which is one publication further for each fix that was acknowledged.
    fn expect_whole(&mut self, crowd: &mut Crowd, bases: &[u64]) -> Outcome<()> {
        let tops = self.tops()?;
        for ((top, base), runner) in tops.iter().zip(bases).zip(&self.runners) {
            if *top != base + u64::from(runner.made) {
                return Err(format!("{} fixes took a channel from {base} to {top}", runner.made).into());
            }
        }
        let tops = &tops;
        self.turn_until(crowd, |world| {
            let mut all = world.spectators.iter().enumerate();
            all.all(|(index, spectator)| spectator.offset == tops[index % tops.len()])
        })
    }

    /// Where newcomers are told that the channels are.
    fn tops(&self) -> Outcome<Vec<u64>> {
        let mut crowd = Crowd::new()?;
        crowd.open(self.server, self.runners.len(), anonymous)?;
        for (socket, runner) in self.runners.iter().enumerate() {
            let command = format!(r#"{{"id":2,"subscribe":{{"channel":"run:{}"}}}}"#, runner.run);
            crowd.send(socket, &client::text(command.as_bytes()))?;
        }
        let (mut tops, mut told) = (vec![0; self.runners.len()], 0);
        crowd.until(Instant::now() + PATIENCE, |_, heard| {
            if let What::Line(line) = heard.what
                && line.starts_with(br#"{"id":2,"#)
            {
                tops[heard.socket] = serde_json::from_slice::<Reply>(line)?.subscribe.offset;
                told += 1;
            }
            Ok(told == tops.len())
        })?;
        Ok(tops)
    }
}

impl Spectator {
    fn hear(&mut self, offset: u64) -> Outcome<()> {
        if offset != self.offset + 1 {
            return Err(format!("a spectator heard {offset} after {}", self.offset).into());
        }
        self.offset = offset;
        Ok(())
    }
}

/// The offset of a publication that is pushed: the last thing in it.
fn offset(line: &[u8]) -> Option<u64> {
    let name = br#""offset":"#;
    let at = memchr::memmem::rfind(line, name)? + name.len();
    let digits = line[at..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |value, digit| value * 10 + u64::from(digit - b'0')))
}
