//! The load generator: what our server carries, beside a stock server in the same run. README.md has the figures.
//!
//! `cargo bench --bench load -- fanout --subscribers 200`. The server under test is a process of its own, started here on a free
//! port with a store that is thrown away, and measured from `/proc`; this process is the generator. Each scenario is bounded in time.

#[path = "../it/support/around.rs"]
mod around;
mod boards;
mod client;
mod crowd;
mod fanout;
mod fleet;
mod habits;
mod idle;
mod increases;
mod ingest;
mod joins;
mod latency;
mod others;
mod pings;
mod process;
mod reads;
mod redis;
mod report;
mod runners;
mod stock;
mod stores;
mod storm;
mod ticks;
mod unlocks;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use process::{Cores, Kind};
use redis::Fsync;
use report::Report;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Parser)]
#[command(name = "load", about = "Measures the server under load, beside a stock server.")]
struct Arguments {
    /// Another build of our server, to tell what a change has brought.
    #[arg(long, global = true)]
    server: Option<PathBuf>,
    #[command(subcommand)]
    scenario: Option<Scenario>,
}

#[derive(Subcommand)]
enum Scenario {
    /// Deliveries of 200-byte messages: closed loop, or paced.
    Fanout(FanOut),
    /// How soon a ping is answered while many sockets are fanned out to.
    Pings(Pings),
    /// Memory for each connection that watches a run in which nothing happens.
    Idle(Idle),
    /// Fixes acknowledged, from many runners.
    Ingest(Ingest),
    /// From a phone's publish to a spectator's socket, beside an fsync of the same disk.
    Latency(Latency),
    /// Embedded store, one instance on Redis, two instances on Redis: writes, delivery, and what a write costs Redis.
    Stores(Stores),
    /// Reads of one finished run over connections that are kept, by wrk, on one core.
    Reads(Reads),
    /// Everybody joins one event at once, on the embedded store and through two instances on Redis.
    Joins(Joins),
    /// A server is killed under its spectators, who all come back at once and must have missed nothing.
    Storm(Storm),
    /// An event whose runners are shown by one frame a tick, beside a message for each fix.
    Ticks(Ticks),
    /// From finishing a run to the unlock on the runner's socket, on the embedded store and across two instances on Redis.
    Unlocks(Unlocks),
    /// Values that users report: acknowledged, and what one costs with few achievements and with many.
    Increases(Increases),
    /// Clicks on habits: acknowledged, heard of by another device, and what one writes.
    Habits(Habits),
    /// What the live protocol aims at, in three to four minutes: idle memory, and fan-out beside Nchan, Redis and the stock server.
    Aims,
    /// The stock server itself; started by the others.
    #[command(hide = true)]
    Stock {
        address: SocketAddr,
        #[arg(long)]
        no_delay: bool,
    },
}

#[derive(Parser, Clone)]
pub struct FanOut {
    #[arg(long, value_delimiter = ',', default_value = "200,1000")]
    pub subscribers: Vec<usize>,
    /// Each publishes its next message when its last one was delivered to all.
    #[arg(long, default_value_t = 16)]
    pub publishers: usize,
    /// Messages a second in all, in place of the closed loop.
    #[arg(long)]
    pub pace: Option<f64>,
    /// All servers take turns so many times.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    #[arg(long, default_value_t = 4.0)]
    pub seconds: f64,
    /// What takes turns with ours.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "stock")]
    pub beside: Vec<Other>,
    /// In a channel of ours that gathers publications for 50 ms.
    #[arg(long)]
    pub gathered: bool,
    /// Server and generator on a core each, or all on all.
    #[arg(long, value_enum, default_value = "apart")]
    pub cores: Placing,
    #[arg(long, value_enum)]
    pub only: Option<Only>,
    /// Ours on a Redis takes its turn too.
    #[arg(long, value_enum, num_args = 0..=1, default_missing_value = "everysec")]
    pub redis: Option<Fsync>,
}

#[derive(Parser, Clone)]
pub struct Pings {
    #[arg(long, default_value_t = 10_000)]
    pub connections: usize,
    /// Messages a second, each to all connections.
    #[arg(long, default_value_t = 10.0)]
    pub pace: f64,
    #[arg(long, default_value_t = 10.0)]
    pub seconds: f64,
    #[arg(long, value_enum, default_value = "shared")]
    pub cores: Placing,
    #[arg(long, value_enum)]
    pub only: Option<Only>,
}

#[derive(Parser, Clone)]
pub struct Idle {
    #[arg(long, value_delimiter = ',', default_value = "5000,10000")]
    pub connections: Vec<usize>,
    /// What they watch, each one of these.
    #[arg(long, default_value_t = 10, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub runs: usize,
    /// The most that the stock server is given: it needs 137 KiB for each.
    #[arg(long, default_value_t = 5_000)]
    pub stock_max: usize,
}

#[derive(Parser, Clone)]
pub struct Ingest {
    #[arg(long, default_value_t = 1_000)]
    pub runners: usize,
    #[arg(long, value_enum, default_value = "socket")]
    pub over: Over,
    /// Fixes a second in all, in place of the closed loop.
    #[arg(long)]
    pub pace: Option<f64>,
    #[arg(long, default_value_t = 10.0)]
    pub seconds: f64,
    #[arg(long, default_value_t = 1)]
    pub rounds: usize,
    #[command(flatten)]
    pub on: On,
}

#[derive(Parser, Clone)]
pub struct Increases {
    #[arg(long, default_value_t = 10_000)]
    pub users: usize,
    #[arg(long, default_value_t = 200)]
    pub achievements: usize,
    /// HTTP connections that the users share.
    #[arg(long, default_value_t = 256)]
    pub connections: usize,
    #[arg(long, default_value_t = 8.0)]
    pub seconds: f64,
    #[arg(long, default_value_t = 1)]
    pub rounds: usize,
    /// What one costs with 10 achievements and with 2,000 as well, in turn.
    #[arg(long)]
    pub costs: bool,
    #[command(flatten)]
    pub on: On,
}

#[derive(Parser, Clone)]
pub struct Habits {
    /// Each has a device on a socket of its own.
    #[arg(long, default_value_t = 1_000)]
    pub users: usize,
    #[arg(long, default_value_t = 8.0)]
    pub seconds: f64,
    /// Those of the one user whose other device is timed.
    #[arg(long, default_value_t = 500)]
    pub clicks: usize,
    #[arg(long, default_value_t = 1)]
    pub rounds: usize,
    /// In this process, without sockets: what is carried out, and what one writes on a new board and on one with years of history.
    #[arg(long, conflicts_with_all = ["redis"])]
    pub inside: bool,
    #[command(flatten)]
    pub on: On,
}

#[derive(Parser, Clone)]
pub struct Latency {
    #[arg(long, default_value_t = 500)]
    pub fixes: usize,
    #[command(flatten)]
    pub on: On,
}

#[derive(Parser, Clone)]
pub struct Stores {
    #[arg(long, value_enum, default_value = "everysec")]
    pub redis: Fsync,
    #[arg(long, default_value_t = 1_000)]
    pub runners: usize,
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
    /// Fixes of the one phone whose delivery is timed.
    #[arg(long, default_value_t = 500)]
    pub fixes: usize,
    /// All three take turns so many times.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
}

#[derive(Parser, Clone)]
pub struct Reads {
    #[arg(long, default_value_t = 16)]
    pub connections: usize,
    #[arg(long, default_value_t = 8)]
    pub seconds: u32,
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    #[command(flatten)]
    pub on: On,
}

#[derive(Parser, Clone)]
pub struct Joins {
    #[arg(long, default_value_t = 5_000)]
    pub users: usize,
    /// The event's capacity; its creator has one of them.
    #[arg(long, default_value_t = 4_000)]
    pub places: usize,
    /// HTTP connections that the users share.
    #[arg(long, default_value_t = 1_000)]
    pub connections: usize,
    #[arg(long, default_value_t = 20)]
    pub subscribers: usize,
    #[arg(long, value_enum, default_value = "everysec")]
    pub redis: Fsync,
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
}

#[derive(Parser, Clone)]
pub struct Storm {
    #[arg(long, default_value_t = 10_000)]
    pub clients: usize,
    /// Runs that they follow, in equal parts.
    #[arg(long, default_value_t = 100)]
    pub runs: usize,
    /// Fixes a second in all, sent all the time.
    #[arg(long, default_value_t = 200.0)]
    pub pace: f64,
    /// Seconds in which runners are back and spectators are not.
    #[arg(long, default_value_t = 2.0)]
    pub away_s: f64,
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    #[command(flatten)]
    pub on: On,
}

#[derive(Parser, Clone)]
pub struct Ticks {
    #[arg(long, default_value_t = 1_000)]
    pub runners: usize,
    #[arg(long, default_value_t = 1_000)]
    pub spectators: usize,
    /// Those who hear a message for each fix, of a hundred runners each: as many as can be carried.
    #[arg(long, default_value_t = 40)]
    pub others: usize,
    /// Spectators speak Protobuf.
    #[arg(long)]
    pub protobuf: bool,
    #[arg(long, default_value_t = 8.0)]
    pub seconds: f64,
    #[arg(long, default_value_t = 1)]
    pub rounds: usize,
    #[arg(long, value_enum, default_value = "apart")]
    pub cores: Placing,
}

#[derive(Parser, Clone)]
pub struct Unlocks {
    /// Each another runner's first one.
    #[arg(long, default_value_t = 500)]
    pub runs: usize,
    #[arg(long, value_enum, default_value = "everysec")]
    pub redis: Fsync,
    #[arg(long, default_value_t = 1)]
    pub rounds: usize,
}

/// What the store is.
#[derive(Args, Clone)]
pub struct On {
    /// A Redis that is started here, and syncs its file so, in place of the embedded store.
    #[arg(long, value_enum, num_args = 0..=1, default_missing_value = "everysec")]
    pub redis: Option<Fsync>,
    /// Servers on that Redis.
    #[arg(long, default_value_t = 1, requires = "redis")]
    pub instances: usize,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq)]
pub enum Placing {
    Apart,
    Shared,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    Runnity,
    Stock,
}

/// A server that ours is measured against.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq)]
pub enum Other {
    Stock,
    StockNoDelay,
    Nchan,
    #[value(name = "redis-pubsub")]
    RedisPubSub,
}

/// What carries the fixes.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    Socket,
    Http,
}

impl Placing {
    fn take(self) -> Cores {
        match self {
            Self::Apart => process::move_apart(),
            Self::Shared => Cores::Shared,
        }
    }
}

impl On {
    fn kind(&self) -> Kind {
        match self.redis {
            Some(fsync) => Kind::Redis { fsync, instances: self.instances.max(1) },
            None => Kind::Runnity,
        }
    }
}

impl Other {
    fn kind(self) -> Kind {
        match self {
            Self::Stock => Kind::Stock,
            Self::StockNoDelay => Kind::StockNoDelay,
            Self::Nchan => Kind::Nchan,
            Self::RedisPubSub => Kind::RedisPubSub,
        }
    }
}

/// The servers that a scenario compares.
fn servers(only: Option<Only>, beside: &[Other], redis: Option<Fsync>) -> Vec<Kind> {
    let others = beside.iter().map(|other| other.kind());
    let mut kinds = match only {
        None => [Kind::Runnity].into_iter().chain(others).collect(),
        Some(Only::Runnity) => vec![Kind::Runnity],
        Some(Only::Stock) => vec![Kind::Stock],
    };
    kinds.extend(redis.map(|fsync| Kind::Redis { fsync, instances: 1 }));
    kinds
}

fn main() -> Outcome<()> {
    // `cargo bench` adds it for harnesses that know it.
    let arguments = Arguments::parse_from(std::env::args().filter(|argument| argument != "--bench"));
    if let Some(server) = arguments.server {
        process::measure_build(server);
    }
    let mut report = Report::default();
    match arguments.scenario {
        Some(Scenario::Stock { address, no_delay }) => return stock::serve(address, no_delay),
        Some(Scenario::Fanout(it)) => fanout::scenario(&it, &mut report)?,
        Some(Scenario::Pings(it)) => pings::scenario(&it, &mut report)?,
        Some(Scenario::Idle(it)) => idle::scenario(&it, &mut report)?,
        Some(Scenario::Ingest(it)) => ingest::scenario(&it, &mut report)?,
        Some(Scenario::Latency(it)) => latency::scenario(&it, &mut report)?,
        Some(Scenario::Reads(it)) => reads::scenario(&it, &mut report)?,
        Some(Scenario::Joins(it)) => joins::scenario(&it, &mut report)?,
        Some(Scenario::Storm(it)) => storm::scenario(&it, &mut report)?,
        Some(Scenario::Ticks(it)) => ticks::scenario(&it, &mut report)?,
        Some(Scenario::Unlocks(it)) => unlocks::scenario(&it, &mut report)?,
        Some(Scenario::Increases(it)) => increases::scenario(&it, &mut report)?,
        Some(Scenario::Habits(it)) => habits::scenario(&it, &mut report)?,
        Some(Scenario::Stores(it)) => stores::scenario(&it, &mut report)?,
        Some(Scenario::Aims) => aims(&mut report)?,
        None => all(&mut report)?,
    }
    report.print();
    Ok(())
}

/// Fan-out last, since it moves this process to one core.
fn aims(report: &mut Report) -> Outcome<()> {
    let none = ["load"];
    idle::scenario(&Idle { connections: vec![10_000], ..Idle::parse_from(none) }, report)?;
    let gathered = FanOut { pace: Some(100.0), subscribers: vec![500], gathered: true, ..FanOut::parse_from(none) };
    fanout::scenario(&gathered, report)?;
    let beside = vec![Other::Nchan, Other::RedisPubSub, Other::Stock];
    fanout::scenario(&FanOut { beside, ..FanOut::parse_from(none) }, report)
}

/// Each scenario as its defaults have it; fan-out last, since it moves this process to one core.
fn all(report: &mut Report) -> Outcome<()> {
    let none = ["load"];
    latency::scenario(&Latency::parse_from(none), report)?;
    for over in [Over::Socket, Over::Http] {
        for pace in [None, Some(10_000.0)] {
            ingest::scenario(&Ingest { over, pace, ..Ingest::parse_from(none) }, report)?;
        }
    }
    idle::scenario(&Idle::parse_from(none), report)?;
    pings::scenario(&Pings::parse_from(none), report)?;
    storm::scenario(&Storm::parse_from(none), report)?;
    fanout::scenario(&FanOut::parse_from(none), report)?;
    for gathered in [false, true] {
        let paced = FanOut { pace: Some(100.0), subscribers: vec![500], gathered, ..FanOut::parse_from(none) };
        fanout::scenario(&paced, report)?;
    }
    Ok(())
}
