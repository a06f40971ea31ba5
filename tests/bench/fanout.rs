//! One channel, many subscribers: how many deliveries a second of server CPU buys, and how late they come.
//!
//! Closed loop: each publisher publishes its next message when its last one has reached every subscriber, so the server is
//! always busy and never drowned. Paced: messages at a fixed rate. A delivery is a push that a subscriber has read.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::crowd::{Crowd, Heard, Outbox, PATIENCE, What, anonymous, expect_success};
use crate::fleet::{Fleet, Spent};
use crate::process::{Cores, Kind};
use crate::report::{Latency, Line, Report};
use crate::{FanOut, Outcome, client, others, servers};

const PLAIN: &str = "plain:bench";
const GATHERED: &str = "gathered:bench";
/// What the others need after the last hand-shake until everybody is on the list.
const SETTLE: Duration = Duration::from_millis(300);
const DATA_BYTES: usize = 200;
/// Added to times and to numbers of publishers, so that they all have the same number of digits.
const TIME_BASE: u64 = 1_000_000_000_000_000_000;
const PUBLISHER_BASE: usize = 10;
const PUBLISHERS_MAX: usize = 90;
const WARM_UP: Duration = Duration::from_secs(1);

pub fn scenario(arguments: &FanOut, report: &mut Report) -> Outcome<()> {
    let cores = arguments.cores.take();
    for _ in 0..arguments.rounds {
        for &subscribers in &arguments.subscribers {
            for kind in servers(arguments.only, &arguments.beside, arguments.redis) {
                match measure(kind, cores, subscribers, arguments) {
                    Ok(line) => report.add(line),
                    // One that is not installed keeps nobody from measuring the rest.
                    Err(error) if !kind.is_ours() => println!("{}: {error}", kind.name()),
                    Err(error) => return Err(error),
                }
            }
        }
    }
    Ok(())
}

fn measure(kind: Kind, cores: Cores, subscribers: usize, arguments: &FanOut) -> Outcome<Line> {
    let fleet = Fleet::start(kind, cores)?;
    let publishers = if arguments.pace.is_some() { 2 } else { arguments.publishers };
    let speech = Speech::of(kind, if arguments.gathered { GATHERED } else { PLAIN });
    let mut load = Load::open_to(speech, &fleet, subscribers, publishers, arguments.pace)?;
    let measured = load.run(&fleet, Duration::from_secs_f64(arguments.seconds))?;
    let mode = arguments.pace.map_or("closed loop".to_owned(), |pace| format!("paced {pace}/s"));
    let placing = if cores == Cores::Apart { "apart" } else { "shared" };
    let gathered = if arguments.gathered { ", gathered" } else { "" };
    let name = format!("fanout, {mode}, {subscribers} subscribers, {placing}{gathered}");
    Ok(measured.line(name, kind))
}

/// How one speaks to the server.
#[derive(Clone, Copy)]
enum Speech {
    /// In our protocol, about this channel.
    Ours(&'static str),
    /// What is sent on one WebSocket is heard on all the others.
    Nchan,
    Redis,
}

impl Speech {
    fn of(kind: Kind, channel: &'static str) -> Self {
        match kind {
            Kind::Runnity | Kind::Redis { .. } | Kind::Stock | Kind::StockNoDelay => Self::Ours(channel),
            Kind::Nchan => Self::Nchan,
            Kind::RedisPubSub => Self::Redis,
        }
    }

    /// The sockets: subscribers first, then publishers.
    fn open(self, crowd: &mut Crowd, server: SocketAddr, subscribers: usize, publishers: usize) -> Outcome<()> {
        match self {
            Self::Ours(channel) => {
                crowd.open(server, subscribers + publishers, anonymous)?;
                crowd.ask(0..subscribers, |_| format!(r#"{{"id":2,"subscribe":{{"channel":"{channel}"}}}}"#))?;
                return Ok(());
            }
            Self::Nchan => {
                crowd.open_bare(server, subscribers, &others::nchan_hand_shake(server, true))?;
                crowd.open_bare(server, publishers, &others::nchan_hand_shake(server, false))?;
            }
            Self::Redis => {
                crowd.open_redis(server, subscribers, &others::redis_subscribe())?;
                crowd.open_redis(server, publishers, others::REDIS_PING)?;
            }
        }
        std::thread::sleep(SETTLE);
        Ok(())
    }

    fn publish(self, id: u64, data: &str) -> Vec<u8> {
        match self {
            Self::Ours(channel) => {
                let command = format!(r#"{{"id":{id},"publish":{{"channel":"{channel}","data":{data}}}}}"#);
                client::text(command.as_bytes())
            }
            Self::Nchan => client::text(data.as_bytes()),
            Self::Redis => others::redis_publish(data),
        }
    }
}

/// What a window of time came to.
pub struct Measured {
    deliveries: u64,
    spent: Spent,
    latency: Latency,
}

impl Measured {
    pub fn line(&self, name: String, kind: Kind) -> Line {
        Line::new(name, kind.name())
            .with("deliveries_per_s", self.deliveries as f64 / self.spent.elapsed_s)
            .with("deliveries_per_cpu_s", self.deliveries as f64 / self.spent.server_cpu_s)
            .with_cores(&self.spent)
            .with_latency(&self.latency)
    }
}

/// Subscribers and publishers on one channel, connected and ready.
pub struct Load {
    crowd: Crowd,
    loads: Tally,
    publishers: usize,
    pace: Option<f64>,
}

/// What is under way, and what has come.
struct Tally {
    speech: Speech,
    start: Instant,
    subscribers: usize,
    /// For each publisher: the subscribers that its message has yet to reach. Empty when paced.
    left: Vec<usize>,
    padding: String,
    published: u64,
    delivered: u64,
    /// Of them, in the window that is measured.
    counted: u64,
    latency: Latency,
    measuring: bool,
    stopping: bool,
    /// Where in a push the time stood last: it stands there again.
    stamp_at: usize,
}

impl Load {
    pub fn open(fleet: &Fleet, subscribers: usize, publishers: usize, pace: Option<f64>) -> Outcome<Self> {
        Self::open_to(Speech::Ours(PLAIN), fleet, subscribers, publishers, pace)
    }

    fn open_to(
        speech: Speech,
        fleet: &Fleet,
        subscribers: usize,
        publishers: usize,
        pace: Option<f64>,
    ) -> Outcome<Self> {
        if publishers > PUBLISHERS_MAX {
            return Err("too many publishers".into());
        }
        let mut crowd = Crowd::new()?;
        speech.open(&mut crowd, fleet.first(), subscribers, publishers)?;
        let left = if pace.is_some() { Vec::new() } else { vec![0; publishers] };
        let loads = Tally::new(speech, subscribers, left)?;
        Ok(Self { crowd, loads, publishers, pace })
    }

    /// Warms up, measures a window, and waits until all that was published has come.
    pub fn run(&mut self, fleet: &Fleet, window: Duration) -> Outcome<Measured> {
        if self.pace.is_none() {
            for publisher in 0..self.publishers {
                let bytes = self.loads.message(publisher);
                self.crowd.send(self.loads.subscribers + publisher, &bytes)?;
            }
        }
        let mut due = Instant::now();
        self.turn_until(Instant::now() + WARM_UP, &mut due)?;
        let before = fleet.meter()?;
        self.loads.measuring = true;
        self.turn_until(Instant::now() + window, &mut due)?;
        self.loads.measuring = false;
        let spent = fleet.meter()?.spent_since(&before);

        self.loads.stopping = true;
        let deadline = Instant::now() + PATIENCE;
        while self.loads.delivered < self.loads.published * self.loads.subscribers as u64 {
            if Instant::now() > deadline {
                return Err("messages were lost".into());
            }
            self.crowd.turn(Duration::from_millis(100), |outbox, heard| self.loads.hear(outbox, heard))?;
        }
        let latency = std::mem::replace(&mut self.loads.latency, Latency::new()?);
        Ok(Measured { deliveries: self.loads.counted, spent, latency })
    }

    fn turn_until(&mut self, end: Instant, due: &mut Instant) -> Outcome<()> {
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            let mut wake = end;
            if let Some(pace) = self.pace {
                while *due <= now {
                    let publisher = self.loads.published as usize % self.publishers;
                    let bytes = self.loads.message(publisher);
                    self.crowd.send(self.loads.subscribers + publisher, &bytes)?;
                    *due += Duration::from_secs_f64(1.0 / pace);
                }
                wake = wake.min(*due);
            }
            self.crowd.turn(wake - now, |outbox, heard| self.loads.hear(outbox, heard))?;
        }
    }
}

impl Tally {
    fn new(speech: Speech, subscribers: usize, left: Vec<usize>) -> Outcome<Self> {
        let bare = format!(r#"{{"t":{TIME_BASE},"k":{PUBLISHER_BASE},"p":""}}"#);
        Ok(Self {
            speech,
            start: Instant::now(),
            subscribers,
            left,
            padding: "x".repeat(DATA_BYTES - bare.len()),
            published: 0,
            delivered: 0,
            counted: 0,
            latency: Latency::new()?,
            measuring: false,
            stopping: false,
            stamp_at: 0,
        })
    }

    /// The publisher's next message, stamped with now.
    fn message(&mut self, publisher: usize) -> Vec<u8> {
        self.published += 1;
        if let Some(left) = self.left.get_mut(publisher) {
            *left = self.subscribers;
        }
        let (id, number) = (self.published + 2, PUBLISHER_BASE + publisher);
        let time = TIME_BASE + self.start.elapsed().as_nanos() as u64;
        let data = format!(r#"{{"t":{time},"k":{number},"p":"{}"}}"#, self.padding);
        self.speech.publish(id, &data)
    }

    fn hear(&mut self, outbox: &mut Outbox, heard: Heard<'_>) -> Outcome<()> {
        let line = match heard.what {
            What::Line(line) => line,
            What::Closed(code) => return Err(format!("the server closed a connection with {code}").into()),
            _ => return Ok(()),
        };
        if heard.socket >= self.subscribers {
            return expect_success(line);
        }
        let Some((time, publisher)) = self.stamp(line) else {
            return Err(format!("a subscriber heard {}", String::from_utf8_lossy(line)).into());
        };
        self.delivered += 1;
        if self.measuring {
            let now = heard.at.duration_since(self.start);
            self.latency.add(now.saturating_sub(Duration::from_nanos(time)));
            self.counted += 1;
        }
        if let Some(left) = self.left.get_mut(publisher) {
            *left -= 1;
            if *left == 0 && !self.stopping {
                outbox.push((self.subscribers + publisher, self.message(publisher)));
            }
        }
        Ok(())
    }

    /// When a push was published, in nanoseconds after the start, and by which publisher.
    fn stamp(&mut self, line: &[u8]) -> Option<(u64, usize)> {
        if !line.get(self.stamp_at..)?.starts_with(br#""t":"#) {
            self.stamp_at = memchr::memmem::find(line, br#""t":"#)?;
        }
        let digits = |from: usize, len: usize| {
            let digits = line.get(from..from + len)?;
            digits.iter().try_fold(0, |sum, byte| Some(sum * 10 + u64::from(byte.checked_sub(b'0')?)))
        };
        let time = digits(self.stamp_at + 4, 19)? - TIME_BASE;
        // `,"k":` stands between the two.
        let publisher = digits(self.stamp_at + 28, 2)? as usize - PUBLISHER_BASE;
        Some((time, publisher))
    }
}
