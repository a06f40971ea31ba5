//! Operations on boards of habits, one a batch, over sockets: how many are acknowledged and how soon, and how soon another device of
//! the same user hears of one.
//!
//! An acknowledgement comes after the board is on disk. Closed loop: each user's device sends the next click when the last one was
//! answered. Each click counts: in the end the versions of all boards have come as far as was acknowledged.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use memchr::memmem;

use crate::client;
use crate::crowd::{Crowd, PATIENCE, What, expect_success};
use crate::fleet::Fleet;
use crate::process::{Cores, Kind};
use crate::report::{Latency, Line, Report};
use crate::{Habits, Outcome, boards};

const WARM_UP: Duration = Duration::from_secs(2);
const WARM_UP_CLICKS: usize = 20;
const BETWEEN: Duration = Duration::from_millis(10);
const PHONE: usize = 0;
const WATCH: usize = 1;

pub fn scenario(arguments: &Habits, report: &mut Report) -> Outcome<()> {
    if arguments.inside {
        return boards::scenario(arguments, report);
    }
    let kind = arguments.on.kind();
    for _ in 0..arguments.rounds {
        report.add(acknowledged(arguments, kind)?);
        delivered(kind, arguments.clicks, report)?;
    }
    Ok(())
}

fn acknowledged(arguments: &Habits, kind: Kind) -> Outcome<Line> {
    let users = arguments.users;
    let (fleet, tokens) = Fleet::start_with_accounts(kind, Cores::Shared, users)?;
    let mut crowd = Crowd::new()?;
    let servers = fleet.addresses();
    for (server, tokens) in servers.iter().zip(tokens.chunks(users.div_ceil(servers.len()))) {
        crowd.open(*server, tokens.len(), |index| connect(&tokens[index]))?;
    }
    crowd.ask(0..users, |_| add())?;
    let mut load = Load::new(users)?;
    for user in 0..users {
        let click = load.click(user);
        crowd.send(user, &click)?;
    }
    load.turn_until(&mut crowd, Instant::now() + WARM_UP)?;
    let before = fleet.meter()?;
    load.is_measuring = true;
    load.turn_until(&mut crowd, Instant::now() + Duration::from_secs_f64(arguments.seconds))?;
    let spent = fleet.meter()?.spent_since(&before);
    load.expect_all_counted()?;
    let acknowledged = load.latency.len() as f64;
    let line = Line::new(format!("habits, clicks of {users} users, one a batch"), kind.name())
        .with("acknowledged_per_s", acknowledged / spent.elapsed_s)
        .with("server_cpu_us_per_click", spent.server_cpu_s * 1e6 / acknowledged)
        .with_cores(&spent)
        .with_redis(&spent, acknowledged)
        .with("server_rss_mib", fleet.rss_kib()? / 1_024.0);
    Ok(line.with_latency(&load.latency))
}

/// One user with two devices, nothing else: from one's click to the other's socket.
fn delivered(kind: Kind, clicks: usize, report: &mut Report) -> Outcome<()> {
    let (fleet, tokens) = Fleet::start_with_accounts(kind, Cores::Shared, 1)?;
    let mut crowd = Crowd::new()?;
    for server in [fleet.first(), fleet.last()] {
        open(&mut crowd, server, &tokens[0])?;
    }
    crowd.ask(PHONE..PHONE + 1, |_| add())?;
    let (mut heard_of, mut acknowledged) = (Latency::new()?, Latency::new()?);
    for index in 0..WARM_UP_CLICKS + clicks {
        let bytes = click(index, index);
        let sent = Instant::now();
        crowd.send(PHONE, &bytes)?;
        let (mut heard_at, mut acknowledged_at) = (None, None);
        crowd.until(sent + PATIENCE, |_, heard| {
            match heard.what {
                What::Line(line) if heard.socket == WATCH && is_of_board(line) => {
                    heard_at.get_or_insert(heard.at);
                }
                What::Line(line) if line.starts_with(br#"{"id""#) => {
                    expect_success(line)?;
                    acknowledged_at = Some(heard.at);
                }
                What::Closed(code) => return Err(format!("the server closed a connection with {code}").into()),
                _ => {}
            }
            Ok(heard_at.is_some() && acknowledged_at.is_some())
        })?;
        if let (Some(heard_at), Some(acknowledged_at), true) = (heard_at, acknowledged_at, index >= WARM_UP_CLICKS) {
            heard_of.add(heard_at - sent);
            acknowledged.add(acknowledged_at - sent);
        }
        std::thread::sleep(BETWEEN);
    }
    let line = |what: &str| Line::new(format!("habits, {what}"), kind.name());
    report.add(line("a click to the other device").with_latency(&heard_of));
    report.add(line("a click to its answer").with_latency(&acknowledged));
    Ok(())
}

fn open(crowd: &mut Crowd, server: SocketAddr, token: &str) -> Outcome<()> {
    crowd.open(server, 1, |_| connect(token)).map(drop)
}

fn connect(token: &str) -> String {
    format!(r#"{{"id":1,"connect":{{"token":"{token}"}}}}"#)
}

fn rpc(id: usize, operation: &str) -> String {
    format!(r#"{{"id":{id},"rpc":{{"method":"habit.apply","data":[{operation}]}}}}"#)
}

fn add() -> String {
    rpc(2, r#"{"op":"addTask","task":{"id":"h","type":"habit","text":"A habit of one's own"}}"#)
}

/// With an id of its own, as devices that may have to send it again make one.
fn click(index: usize, number: usize) -> Vec<u8> {
    let operation = r#"{"op":"score","task":{"id":"h","type":"habit"},"dir":"up""#;
    client::text(
        rpc(number + 3, &format!(r#"{operation},"id":"5f0c7a52-6f0e-4a55-{index:04}-{number:012}"}}"#)).as_bytes(),
    )
}

fn is_of_board(line: &[u8]) -> bool {
    memmem::find(line, br#""type":"habits""#).is_some()
}

struct Load {
    /// By user, how many clicks were sent.
    next: Vec<usize>,
    /// The version and the number of the first click that was answered; and of the last.
    first: Vec<Option<(u64, usize)>>,
    last: Vec<u64>,
    sent_at: Vec<Instant>,
    latency: Latency,
    is_measuring: bool,
}

impl Load {
    fn new(users: usize) -> Outcome<Self> {
        Ok(Self {
            next: vec![0; users],
            first: vec![None; users],
            last: vec![0; users],
            sent_at: vec![Instant::now(); users],
            latency: Latency::new()?,
            is_measuring: false,
        })
    }

    fn click(&mut self, user: usize) -> Vec<u8> {
        self.next[user] += 1;
        self.sent_at[user] = Instant::now();
        click(user, self.next[user])
    }

    fn turn_until(&mut self, crowd: &mut Crowd, end: Instant) -> Outcome<()> {
        while Instant::now() < end {
            crowd.turn(end.saturating_duration_since(Instant::now()), |outbox, heard| match heard.what {
                What::Line(line) if line.starts_with(br#"{"id""#) => {
                    expect_success(line)?;
                    let user = heard.socket;
                    if self.is_measuring {
                        self.latency.add(heard.at.saturating_duration_since(self.sent_at[user]));
                    }
                    let v = version(line).ok_or("an answer without a version")?;
                    let number = self.next[user];
                    self.first[user].get_or_insert((v, number));
                    self.last[user] = v;
                    outbox.push((user, self.click(user)));
                    Ok(())
                }
                What::Closed(code) => Err(format!("the server closed a connection with {code}").into()),
                _ => Ok(()),
            })?;
        }
        Ok(())
    }

    /// Each acknowledged click has made one version.
    fn expect_all_counted(&self) -> Outcome<()> {
        for (user, (first, last)) in self.first.iter().zip(&self.last).enumerate() {
            let (v, number) = first.ok_or("a user was never answered")?;
            let acknowledged = self.next[user] - 1 - number;
            if *last != v + acknowledged as u64 {
                return Err(format!("{acknowledged} clicks after version {v} have come to version {last}").into());
            }
        }
        Ok(())
    }
}

/// The board's, in an answer.
fn version(line: &[u8]) -> Option<u64> {
    let at = memmem::find(line, br#""v":"#)? + 4;
    let digits = line[at..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}
