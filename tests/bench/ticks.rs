//! An event with many live runners and many spectators: one frame a tick for all of them, beside a message for each fix.
//!
//! Three servers take turns under the same fixes, one a second from each runner: one without spectators, one whose spectators are
//! in `positions:<event>`, and one with fewer spectators, who are in the runs' own channels, where each fix is a message. What
//! the first spends is the fixes' own and is subtracted from what the other two spend.

use std::ops::Range;
use std::time::{Duration, Instant};

use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::crowd::{Crowd, Heard, PATIENCE, What, anonymous};
use crate::fleet::{Fleet, Spent};
use crate::process::{Cores, Kind};
use crate::report::{Latency, Line, Report};
use crate::{Outcome, Ticks, client};

const WARM_UP: Duration = Duration::from_secs(3);
/// Run channels that one connection of the other side watches: the server allows 128.
const CHANNELS: usize = 100;
/// Spectators whose frames are read whole; of the others it is counted what comes.
const READERS: usize = 20;
/// Bytes of a WebSocket frame's head, for messages of these lengths; what is before or between messages in one is left out.
const HEAD_BYTES: usize = 4;

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Nobody,
    Frames,
    Messages,
}

/// What one server was found to do.
struct Found {
    spent: Spent,
    /// Messages, and bytes of them.
    messages: u64,
    bytes: u64,
    /// Of those who heard the fewest.
    fewest: u64,
    latency: Latency,
}

pub fn scenario(arguments: &Ticks, report: &mut Report) -> Outcome<()> {
    let cores = arguments.cores.take();
    for _ in 0..arguments.rounds {
        let nobody = measure(Side::Nobody, cores, arguments)?;
        let frames = measure(Side::Frames, cores, arguments)?;
        let messages = measure(Side::Messages, cores, arguments)?;
        report.add(line(arguments, &nobody, &frames, &messages));
    }
    Ok(())
}

fn line(arguments: &Ticks, nobody: &Found, frames: &Found, messages: &Found) -> Line {
    let Ticks { runners, spectators, others, .. } = *arguments;
    let ingest = nobody.spent.server_cpu_s / nobody.spent.elapsed_s;
    let sending = |found: &Found| (found.spent.server_cpu_s / found.spent.elapsed_s - ingest).max(0.0001);
    // Each fix is told to each spectator, on both sides.
    let told = |watching: usize| (runners * watching) as f64;
    let cpu_us = |found: &Found, told: f64| sending(found) * 1e6 / told;
    let bytes = |found: &Found, told: f64| found.bytes as f64 / found.spent.elapsed_s / told;
    let of_messages = (others * CHANNELS.min(runners)) as f64;
    let (frame_us, message_us) = (cpu_us(frames, told(spectators)), cpu_us(messages, of_messages));
    let (frame_bytes, message_bytes) = (bytes(frames, told(spectators)), bytes(messages, of_messages));
    let encoding = if arguments.protobuf { "Protobuf" } else { "JSON" };
    Line::new(format!("ticks, {runners} runners, {spectators} spectators, {encoding}"), "runnity".to_owned())
        .with("cores_fixes_alone", ingest)
        .with("cores_with_spectators", frames.spent.server_cpu_s / frames.spent.elapsed_s)
        .with("generator_cores_used", frames.spent.own_cpu_s / frames.spent.elapsed_s)
        .with("frames_per_s_of_the_fewest", frames.fewest as f64 / frames.spent.elapsed_s)
        .with("frames_per_s_each", frames.messages as f64 / frames.spent.elapsed_s / spectators as f64)
        .with("frame_bytes", frames.bytes as f64 / frames.messages.max(1) as f64)
        .with("message_bytes", messages.bytes as f64 / messages.messages.max(1) as f64)
        .with("bytes_per_told_fix", frame_bytes)
        .with("bytes_per_told_fix_by_messages", message_bytes)
        .with("times_fewer_bytes", message_bytes / frame_bytes)
        .with("sending_us_per_told_fix", frame_us)
        .with("sending_us_per_told_fix_by_messages", message_us)
        .with("times_less_cpu", message_us / frame_us)
        .with("cores_by_messages_scaled_down", messages.spent.server_cpu_s / messages.spent.elapsed_s)
        .with_latency(&frames.latency)
}

fn measure(side: Side, cores: Cores, arguments: &Ticks) -> Outcome<Found> {
    let (fleet, tokens) = Fleet::start_with_accounts(Kind::Runnity, cores, arguments.runners)?;
    let (event, runs) = prepare(&fleet, &tokens)?;
    let mut crowd = Crowd::new()?;
    let connect = |runner: usize| format!(r#"{{"id":1,"connect":{{"token":"{}"}}}}"#, tokens[runner]);
    crowd.open(fleet.first(), runs.len(), connect)?;
    let watching = match side {
        Side::Nobody => 0..0,
        Side::Frames => {
            watch(&mut crowd, &fleet, arguments, arguments.spectators, |_| vec![format!("positions:{event}")])?
        }
        Side::Messages => {
            let count = CHANNELS.min(runs.len());
            let channels = |index: usize| {
                let at = |channel: usize| (index * count + channel) % runs.len();
                (0..count).map(|channel| format!("run:{}", runs[at(channel)])).collect()
            };
            watch(&mut crowd, &fleet, arguments, arguments.others, channels)?
        }
    };
    let mut load = Load::new(runs, watching)?;
    let mut due = Instant::now();
    load.turn_until(&mut crowd, Instant::now() + WARM_UP, &mut due)?;
    let before = fleet.meter()?;
    load.measuring = true;
    load.turn_until(&mut crowd, Instant::now() + Duration::from_secs_f64(arguments.seconds), &mut due)?;
    load.measuring = false;
    let spent = fleet.meter()?.spent_since(&before);
    let fewest = load.heard.iter().copied().min().unwrap_or(0);
    Ok(Found { spent, messages: load.heard.iter().sum(), bytes: load.bytes, fewest, latency: load.latency })
}

/// An event that all run in → its id, and the runs.
fn prepare(fleet: &Fleet, tokens: &[String]) -> Outcome<(u64, Vec<String>)> {
    let mut crowd = Crowd::new()?;
    let server = fleet.first();
    let sockets = crowd.open_http(server, tokens.len())?;
    let ask = |crowd: &mut Crowd, count: usize, path: &str, body: &str| -> Outcome<Vec<Value>> {
        for socket in sockets.clone().take(count) {
            crowd.send(socket, &client::post(server, path, &tokens[socket], body))?;
        }
        let (mut answers, mut left) = (vec![Value::Null; count], count);
        crowd.until(Instant::now() + PATIENCE, |_, heard| {
            let What::Response { status, body } = heard.what else { return Ok(false) };
            if !(200..300).contains(&status) {
                return Err(format!("POST {path}: {status} {}", String::from_utf8_lossy(body)).into());
            }
            answers[heard.socket] = serde_json::from_slice::<Value>(body)?["data"].clone();
            left -= 1;
            Ok(left == 0)
        })?;
        Ok(answers)
    };
    let soon = Utc::now() + chrono::TimeDelta::minutes(10);
    let plan = json!({
        "name": "Bench", "date": soon.format("%Y-%m-%d").to_string(), "time": soon.format("%H:%M:%S").to_string(),
        "time_zone": "UTC", "private": false, "start": { "latitude": 60.17, "longitude": 24.94 },
    });
    let event =
        ask(&mut crowd, 1, "/api/events", &plan.to_string())?[0]["id"].as_u64().ok_or("an event without an id")?;
    ask(&mut crowd, tokens.len(), &format!("/api/events/{event}/participants"), "{}")?;
    ask(&mut crowd, 1, &format!("/api/events/{event}/start"), "{}")?;
    let runs = ask(&mut crowd, tokens.len(), "/api/runs", &json!({ "event": event }).to_string())?;
    let id = |run: &Value| run["id"].as_str().map(str::to_owned).ok_or("a run without an id".into());
    Ok((event, runs.iter().map(id).collect::<Outcome<Vec<_>>>()?))
}

/// Spectators, each in its channels.
fn watch(
    crowd: &mut Crowd,
    fleet: &Fleet,
    arguments: &Ticks,
    count: usize,
    channels: impl Fn(usize) -> Vec<String>,
) -> Outcome<Range<usize>> {
    let server = fleet.first();
    let sockets = if arguments.protobuf {
        crowd.open_bare(server, count, &client::hand_shake_at(server, "/connection/websocket?cf_protocol=protobuf"))?
    } else {
        crowd.open(server, count, anonymous)?
    };
    for (index, socket) in sockets.clone().enumerate() {
        let mut message = Vec::new();
        if arguments.protobuf {
            // Command { id: 1, connect: {} }
            message.extend_from_slice(&[4, 0x08, 1, 0x22, 0]);
        }
        for (number, channel) in channels(index).into_iter().enumerate() {
            let id = number + 2;
            if arguments.protobuf {
                // Command { id, subscribe: { channel } }, of few bytes.
                let len = channel.len() as u8;
                message.extend_from_slice(&[len + 6, 0x08, id as u8, 0x2A, len + 2, 0x0A, len]);
                message.extend_from_slice(channel.as_bytes());
            } else {
                let line = format!("{{\"id\":{id},\"subscribe\":{{\"channel\":\"{channel}\"}}}}\n");
                message.extend_from_slice(line.as_bytes());
            }
        }
        let frame = if arguments.protobuf { client::binary(&message) } else { client::text(message.trim_ascii_end()) };
        crowd.send(socket, &frame)?;
        crowd.turn(Duration::from_millis(1), |_, heard| expect_open(&heard))?;
    }
    Ok(sockets)
}

fn expect_open(heard: &Heard<'_>) -> Outcome<()> {
    match heard.what {
        What::Closed(code) => Err(format!("the server closed a connection with {code}").into()),
        What::Line(line) if line.starts_with(b"{\"id\":") && memchr::memmem::find(line, b"\"error\":{").is_some() => {
            Err(format!("a command failed: {}", String::from_utf8_lossy(&line[..line.len().min(200)])).into())
        }
        // Reply { id, error }; ids are of one byte here.
        What::Protobuf([0x08, _, 0x12, ..]) => Err("a command failed".into()),
        _ => Ok(()),
    }
}

struct Load {
    runs: Vec<String>,
    watching: Range<usize>,
    /// Messages of each spectator.
    heard: Vec<u64>,
    bytes: u64,
    made: usize,
    latency: Latency,
    measuring: bool,
}

impl Load {
    fn new(runs: Vec<String>, watching: Range<usize>) -> Outcome<Self> {
        let heard = vec![0; watching.len()];
        Ok(Self { runs, watching, heard, bytes: 0, made: 0, latency: Latency::new()?, measuring: false })
    }

    fn turn_until(&mut self, crowd: &mut Crowd, end: Instant, due: &mut Instant) -> Outcome<()> {
        let step = Duration::from_secs_f64(1.0 / self.runs.len() as f64);
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            while *due <= now {
                let fix = self.fix();
                crowd.send(self.made % self.runs.len(), &fix)?;
                self.made += 1;
                *due += step;
            }
            crowd.turn((*due).min(end) - now, |_, heard| self.hear(&heard))?;
        }
    }

    /// The next fix, of now.
    fn fix(&self) -> Vec<u8> {
        let (runner, round) = (self.made % self.runs.len(), self.made / self.runs.len());
        let time = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        let north = 60.1 + runner as f64 * 0.000_1 + round as f64 * 3.0 / 111_195.0;
        let east = 24.9 + (runner % 37) as f64 * 0.001;
        let data = format!(
            r#"{{"fixes":[{{"time":"{time}","latitude":{north:.6},"longitude":{east:.6},"elevation_m":12.5,"accuracy_m":5,"speed_mps":3}}]}}"#
        );
        let run = &self.runs[runner];
        client::text(format!(r#"{{"id":{},"publish":{{"channel":"run:{run}","data":{data}}}}}"#, round + 2).as_bytes())
    }

    fn hear(&mut self, heard: &Heard<'_>) -> Outcome<()> {
        expect_open(heard)?;
        let (message, is_reply) = match heard.what {
            What::Line(line) => (line, line.starts_with(b"{\"id\":")),
            What::Protobuf(message) => (message, message.first() == Some(&0x08)),
            _ => return Ok(()),
        };
        if !self.measuring || !self.watching.contains(&heard.socket) || is_reply {
            return Ok(());
        }
        let spectator = heard.socket - self.watching.start;
        self.heard[spectator] += 1;
        self.bytes += (message.len() + HEAD_BYTES) as u64;
        // A frame's data is JSON in either form.
        let data = memchr::memmem::find(message, br#"{"type":"positions""#).filter(|_| spectator < READERS);
        if let Some(at) = data {
            let frame = serde_json::Deserializer::from_slice(&message[at..]).into_iter::<Value>().next();
            let frame = frame.ok_or("a frame without data")??;
            let since_ms = Utc::now().timestamp_millis() - frame["at_ms"].as_i64().ok_or("a frame without a time")?;
            for row in frame["runners"].as_array().into_iter().flatten() {
                let age_ms = since_ms + row[3].as_i64().unwrap_or(0) * 100;
                self.latency.add(Duration::from_millis(age_ms.max(0) as u64));
            }
        }
        Ok(())
    }
}
