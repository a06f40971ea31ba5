//! Values that users report, one a request: how many are acknowledged, how soon, and what one costs the server with few rules and
//! with many that do not mention its variable.
//!
//! An acknowledgement comes after value, sums and levels are on disk. Closed loop: each connection sends for the next of its users
//! when the last one was answered, so that each user comes to turn again and again.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client;
use crate::crowd::{Crowd, What};
use crate::fleet::Fleet;
use crate::process::{Cores, Kind};
use crate::report::{Latency, Line, Report};
use crate::{Increases, Outcome};

const WARM_UP: Duration = Duration::from_secs(2);
/// Rules that count what is reported.
const MENTIONING: usize = 10;
/// Rules for each other variable.
const PER_VARIABLE: usize = 5;

pub fn scenario(arguments: &Increases, report: &mut Report) -> Outcome<()> {
    for _ in 0..arguments.rounds {
        report.add(measure(arguments, arguments.achievements)?);
    }
    if arguments.costs {
        costs(arguments, report)?;
    }
    Ok(())
}

/// Few rules and many in turn.
fn costs(arguments: &Increases, report: &mut Report) -> Outcome<()> {
    let mut spent: [Vec<f64>; 2] = Default::default();
    for _ in 0..arguments.rounds.max(3) {
        for (costs, achievements) in spent.iter_mut().zip([MENTIONING, 2_000]) {
            let line = measure(arguments, achievements)?;
            costs.push(line.figure("server_cpu_us_per_increase").ok_or("no cost was measured")?);
            report.add(line);
        }
    }
    let [few, many] = spent.map(median);
    let line = Line::new("an increase with 2,000 achievements, beside one with 10", Kind::Runnity.name());
    report.add(line.with("cpu_us_with_10", few).with("cpu_us_with_2000", many).with("ratio", many / few));
    Ok(())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn measure(arguments: &Increases, achievements: usize) -> Outcome<Line> {
    let &Increases { users, connections, seconds, .. } = arguments;
    let rules = catalogue(achievements).to_string();
    let (fleet, tokens) = Fleet::start_with_catalogue(arguments.on.kind(), Cores::Shared, users, &rules)?;
    let mut crowd = Crowd::new()?;
    let share = connections.min(users).div_ceil(fleet.addresses().len());
    for server in fleet.addresses() {
        crowd.open_http(server, share)?;
    }
    let mut load = Load::new(fleet.addresses(), share, tokens)?;
    for door in 0..load.turns.len() {
        let request = load.request(door)?;
        crowd.send(door, &request)?;
    }
    load.turn_until(&mut crowd, Instant::now() + WARM_UP)?;
    let before = fleet.meter()?;
    load.is_measuring = true;
    load.turn_until(&mut crowd, Instant::now() + Duration::from_secs_f64(seconds))?;
    let spent = fleet.meter()?.spent_since(&before);
    let acknowledged = load.latency.len() as f64;
    if acknowledged == 0.0 {
        return Err("nothing was acknowledged".into());
    }
    let doors = load.turns.len();
    let name = format!("increases, {achievements} achievements, {users} users, {doors} connections");
    let line = Line::new(name, arguments.on.kind().name())
        .with("acknowledged_per_s", acknowledged / spent.elapsed_s)
        .with("server_cpu_us_per_increase", spent.server_cpu_s * 1e6 / acknowledged)
        .with_cores(&spent)
        .with_redis(&spent, acknowledged)
        .with("server_rss_mib", fleet.rss_kib()? / 1_024.0);
    Ok(line.with_latency(&load.latency))
}

struct Load {
    servers: Vec<SocketAddr>,
    /// Connections of each server.
    share: usize,
    tokens: Vec<String>,
    /// By connection, whose turn it is there: each has its own users.
    turns: Vec<usize>,
    sent_at: Vec<Instant>,
    latency: Latency,
    is_measuring: bool,
}

impl Load {
    fn new(servers: Vec<SocketAddr>, share: usize, tokens: Vec<String>) -> Outcome<Self> {
        let doors = share * servers.len();
        let (turns, sent_at) = ((0..doors).collect(), vec![Instant::now(); doors]);
        Ok(Self { servers, share, tokens, turns, sent_at, latency: Latency::new()?, is_measuring: false })
    }

    /// The next request on this connection, which is sent now.
    fn request(&mut self, door: usize) -> Outcome<Vec<u8>> {
        let user = self.turns[door];
        let next = user + self.turns.len();
        self.turns[door] = if next < self.tokens.len() { next } else { door };
        self.sent_at[door] = Instant::now();
        let token = self.tokens.get(user).ok_or("more connections than users")?;
        let id = token.split_once('.').ok_or("a token without an id")?.0;
        let path = format!("/increase_value/laps/{id}");
        Ok(client::post(self.servers[door / self.share], &path, token, r#"{"value":1}"#))
    }

    fn turn_until(&mut self, crowd: &mut Crowd, end: Instant) -> Outcome<()> {
        while Instant::now() < end {
            crowd.turn(end.saturating_duration_since(Instant::now()), |outbox, heard| match heard.what {
                What::Response { status: 200, .. } => {
                    let door = heard.socket;
                    if self.is_measuring {
                        self.latency.add(heard.at.saturating_duration_since(self.sent_at[door]));
                    }
                    outbox.push((door, self.request(door)?));
                    Ok(())
                }
                What::Response { status, body } => {
                    Err(format!("an increase was answered with {status} {}", String::from_utf8_lossy(body)).into())
                }
                What::Closed(code) => Err(format!("the server closed a connection with {code}").into()),
                _ => Ok(()),
            })?;
        }
        Ok(())
    }
}

/// Ten rules count what is reported: one gives a level for each ten laps, and one has a board. The others do not mention it.
fn catalogue(achievements: usize) -> Value {
    let others = achievements.saturating_sub(MENTIONING).div_ceil(PER_VARIABLE);
    let variable = |name: String| json!({ "name": name, "increase_permission": "own" });
    let variables = (0..others).map(|number| variable(format!("other_{number}")));
    let variables: Vec<Value> = [variable("laps".to_owned())].into_iter().chain(variables).collect();
    let rule = |number: usize| {
        let variable = match number {
            0..MENTIONING => "laps".to_owned(),
            _ => format!("other_{}", (number - MENTIONING) / PER_VARIABLE),
        };
        let goal = if number == 0 { "10*level".to_owned() } else { format!("{}*level", 1_000_000 + number) };
        json!({
            "name": format!("rule_{number}"),
            "maxlevel": 100,
            "relevance": if number == 1 { "global" } else { "own" },
            "goals": [{ "condition": { "term": { "type": "literal", "variable": variable } }, "goal": goal }],
        })
    };
    let rules: Vec<Value> = (0..achievements).map(rule).collect();
    json!({ "version": 1, "variables": variables, "rewards": [], "achievements": rules })
}
