//! Everybody joins one event at once: how soon all are answered, whether its capacity holds, and whether all see one roster.
//!
//! Each user sends one request, over connections that are kept and shared out among the instances: the next one is sent when the
//! one before it on its connection was answered. There are more users than places, so that some must be refused. Subscribers
//! on every instance note each change; in the end each must have the roster that the store lists.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::{Value, json};

use crate::client;
use crate::crowd::{Crowd, Outbox, PATIENCE, What, anonymous, expect_success};
use crate::fleet::Fleet;
use crate::process::{Cores, Kind};
use crate::report::{Latency, Line, Report};
use crate::{Joins, Outcome};

/// What a page of the roster holds.
const PAGE: usize = 200;

/// What a subscriber knows: roster numbers by users' ids.
type Roster = BTreeMap<String, u64>;

struct World {
    event: u64,
    /// Requests that wait for each connection's turn.
    waiting: Vec<VecDeque<Vec<u8>>>,
    began: Instant,
    answered: Latency,
    joined: usize,
    refused: usize,
    rosters: Vec<Roster>,
    /// When the last subscriber had heard of everybody.
    told: Option<Instant>,
    places: usize,
}

pub fn scenario(arguments: &Joins, report: &mut Report) -> Outcome<()> {
    for _ in 0..arguments.rounds {
        for kind in [Kind::Runnity, Kind::Redis { fsync: arguments.redis, instances: 2 }] {
            report.add(measure(kind, arguments)?);
        }
    }
    Ok(())
}

fn measure(kind: Kind, arguments: &Joins) -> Outcome<Line> {
    let &Joins { users, places, connections, subscribers, .. } = arguments;
    let (fleet, mut tokens) = Fleet::start_with_accounts(kind, Cores::Shared, users + 1)?;
    let creator = tokens.pop().ok_or("no account")?;
    let event = make_event(&fleet, &creator, places)?;
    let mut crowd = Crowd::new()?;
    let (addresses, share) = (fleet.addresses(), connections.div_ceil(fleet.addresses().len()));
    for server in &addresses {
        crowd.open_http(*server, share)?;
    }
    let doors = share * addresses.len();
    let mut world = World::new(event, places, doors)?;
    for (index, token) in tokens.iter().enumerate() {
        let (door, path) = (index % doors, format!("/api/events/{event}/participants"));
        world.waiting[door].push_back(client::post(addresses[door / share], &path, token, "{}"));
    }
    let watchers = watch(&mut crowd, &mut world, &fleet, subscribers)?;
    let before = fleet.meter()?;
    world.began = Instant::now();
    for door in 0..doors {
        if let Some(request) = world.waiting[door].pop_front() {
            crowd.send(door, &request)?;
        }
    }
    crowd.until(Instant::now() + PATIENCE, |outbox, heard| {
        match heard.what {
            What::Response { status, body } => world.answer(outbox, heard.socket, heard.at, (status, body))?,
            What::Line(line) => world.hear(heard.socket - watchers.start, heard.at, line)?,
            What::Closed(code) => return Err(format!("the server closed a connection with {code}").into()),
            _ => {}
        }
        Ok(world.joined + world.refused == users && world.told.is_some())
    })?;
    let spent = fleet.meter()?.spent_since(&before);
    world.expect_one_roster(&fleet)?;
    let told_s = world.told.map_or(0.0, |told| told.duration_since(world.began).as_secs_f64());
    let name = format!("joins, {users} users, {places} places, {doors} connections, {subscribers} subscribers");
    let line = Line::new(name, kind.name())
        .with("joined", world.joined as f64)
        .with("refused", world.refused as f64)
        .with("all_answered_s", world.answered.ms(1.0) / 1_000.0)
        .with("all_told_s", told_s)
        .with_cores(&spent);
    Ok(line.with_latency(&world.answered))
}

/// A public event with so many places, one of which its creator has.
fn make_event(fleet: &Fleet, creator: &str, places: usize) -> Outcome<u64> {
    let tomorrow = Utc::now() + Duration::from_secs(86_400);
    let plan = json!({
        "name": "Everybody", "date": tomorrow.format("%Y-%m-%d").to_string(), "time": "12:00", "private": false,
        "start": { "latitude": 60.17, "longitude": 24.94 }, "capacity": places,
    });
    let answer = ask(fleet, &client::post(fleet.first(), "/api/events", creator, &plan.to_string()))?;
    answer["data"]["id"].as_u64().ok_or_else(|| format!("an event without an id: {answer}").into())
}

/// One request's answer.
fn ask(fleet: &Fleet, request: &[u8]) -> Outcome<Value> {
    let mut crowd = Crowd::new()?;
    let socket = crowd.open_http(fleet.first(), 1)?.start;
    crowd.send(socket, request)?;
    let mut answer = Value::Null;
    crowd.until(Instant::now() + PATIENCE, |_, heard| {
        let What::Response { status, body } = heard.what else { return Ok(false) };
        if !matches!(status, 200 | 201) {
            return Err(format!("{status} {}", String::from_utf8_lossy(body)).into());
        }
        answer = serde_json::from_slice(body)?;
        Ok(true)
    })?;
    Ok(answer)
}

/// Subscribers on all instances, in turn, each with the roster as it is.
fn watch(crowd: &mut Crowd, world: &mut World, fleet: &Fleet, count: usize) -> Outcome<Range<usize>> {
    let (addresses, mut sockets) = (fleet.addresses(), Vec::new());
    let share = count.div_ceil(addresses.len());
    for server in addresses {
        sockets.extend(crowd.open(server, share, anonymous)?);
    }
    let (first, len) = (sockets[0], sockets.len());
    world.rosters = vec![Roster::new(); len];
    let subscribe = format!(r#"{{"id":2,"subscribe":{{"channel":"event:{}"}}}}"#, world.event);
    for socket in &sockets {
        crowd.send(*socket, &client::text(subscribe.as_bytes()))?;
    }
    let mut subscribed = 0;
    crowd.until(Instant::now() + PATIENCE, |_, heard| {
        let What::Line(line) = heard.what else { return Ok(false) };
        expect_success(line)?;
        let reply: Value = serde_json::from_slice(line)?;
        if let Some(rows) = reply["subscribe"]["data"]["roster"].as_array() {
            let row = |row: &Value| Some((row[1].as_str()?.to_owned(), row[0].as_u64()?));
            world.rosters[heard.socket - first] = rows.iter().filter_map(row).collect();
            subscribed += 1;
        }
        Ok(subscribed == len)
    })?;
    Ok(first..first + len)
}

impl World {
    fn new(event: u64, places: usize, doors: usize) -> Outcome<Self> {
        Ok(Self {
            event,
            waiting: vec![VecDeque::new(); doors],
            began: Instant::now(),
            answered: Latency::new()?,
            joined: 0,
            refused: 0,
            rosters: Vec::new(),
            told: None,
            places,
        })
    }

    fn answer(&mut self, outbox: &mut Outbox, door: usize, at: Instant, (status, body): (u16, &[u8])) -> Outcome<()> {
        match status {
            201 => self.joined += 1,
            409 => self.refused += 1,
            _ => return Err(format!("a join was answered with {status} {}", String::from_utf8_lossy(body)).into()),
        }
        // Everybody came at the same moment, also who had to wait for a connection.
        self.answered.add(at.saturating_duration_since(self.began));
        outbox.extend(self.waiting[door].pop_front().map(|request| (door, request)));
        Ok(())
    }

    fn hear(&mut self, subscriber: usize, at: Instant, line: &[u8]) -> Outcome<()> {
        let push: Value = serde_json::from_slice(line)?;
        let data = &push["push"]["pub"]["data"];
        if data["type"] != "joined" {
            return Ok(());
        }
        let (user, number) = (data["user"]["id"].as_str(), data["number"].as_u64());
        let (user, number) = user.zip(number).ok_or("a change that names nobody")?;
        let roster = &mut self.rosters[subscriber];
        if roster.insert(user.to_owned(), number).is_some() || roster.len() as u64 != data["participants"] {
            return Err(format!("a subscriber knows of {} and hears {data}", roster.len()).into());
        }
        if self.rosters.iter().all(|roster| roster.len() == self.places) {
            self.told = Some(at);
        }
        Ok(())
    }

    /// The capacity is exact, and all have the roster that the store has.
    fn expect_one_roster(&self, fleet: &Fleet) -> Outcome<()> {
        let mut listed = Roster::new();
        for page in 1..=self.places.div_ceil(PAGE) + 1 {
            let path = format!("/api/events/{}/participants?page={page}&page_size={PAGE}", self.event);
            let answer = ask(fleet, &client::get(fleet.first(), &path))?;
            let row = |it: &Value| Some((it["user"]["id"].as_str()?.to_owned(), it["number"].as_u64()?));
            listed.extend(answer["data"].as_array().into_iter().flatten().filter_map(row));
        }
        if self.joined + 1 != self.places || listed.len() != self.places {
            return Err(format!("{} joined, {} are listed, of {}", self.joined, listed.len(), self.places).into());
        }
        if self.rosters.iter().any(|roster| *roster != listed) {
            return Err("a subscriber has another roster than the store".into());
        }
        Ok(())
    }
}
