//! A finished run that everybody asks for: how many reads one core answers, over connections that are kept.
//!
//! The load is made by wrk (Debian's package), a program that others trust; it has a core of its own, and so has the server.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::crowd::{Crowd, PATIENCE, What};
use crate::fleet::Fleet;
use crate::process::{Cores, on_core};
use crate::report::{Line, Report};
use crate::runners::{self, Runner};
use crate::{Outcome, Reads, client, process};

/// Fixes of the run: a quarter of an hour.
const FIXES: usize = 900;

/// What wrk says at its end.
struct Answered {
    per_s: f64,
    count: f64,
    p50_ms: f64,
    p99_ms: f64,
}

pub fn scenario(arguments: &Reads, report: &mut Report) -> Outcome<()> {
    let cores = process::move_apart();
    let kind = arguments.on.kind();
    let (fleet, tokens) = Fleet::start_with_accounts(kind, cores, 1)?;
    let mut runners = runners::start_runs(fleet.first(), tokens)?;
    let runner = runners.first_mut().ok_or("no runner")?;
    finish(fleet.first(), runner)?;
    let path = format!("/api/runs/{}", runner.run);
    for round in 0..arguments.rounds {
        for (caller, token) in [("nobody", None), ("a token", Some(runner.token.as_str()))] {
            let before = fleet.meter()?;
            let answered = wrk(arguments, cores, fleet.first(), &path, token)?;
            let spent = fleet.meter()?.spent_since(&before);
            let scenario = format!("reads of one run by {caller}, {} connections", arguments.connections);
            let line = Line::new(scenario, kind.name())
                .with("reads_per_s", answered.per_s)
                .with("reads_per_cpu_s", answered.count / spent.server_cpu_s)
                .with("p50_ms", answered.p50_ms)
                .with("p99_ms", answered.p99_ms)
                .with("round", round as f64);
            report.add(line.with_cores(&spent));
        }
    }
    Ok(())
}

/// Records a track, and the run's end.
fn finish(server: SocketAddr, runner: &mut Runner) -> Outcome<()> {
    let mut crowd = Crowd::new()?;
    let socket = crowd.open_http(server, 1)?.start;
    let over = client::post(server, &format!("/api/runs/{}/finish", runner.run), &runner.token, "{}");
    for made in 0..=FIXES {
        let request = if made < FIXES { runner.post(server) } else { over.clone() };
        crowd.send(socket, &request)?;
        crowd.until(Instant::now() + PATIENCE, |_, heard| match heard.what {
            What::Response { status: 201, .. } => Ok(true),
            What::Response { status, body } => Err(format!("{status} {}", String::from_utf8_lossy(body)).into()),
            _ => Ok(false),
        })?;
    }
    Ok(())
}

fn wrk(arguments: &Reads, cores: Cores, server: SocketAddr, path: &str, token: Option<&str>) -> Outcome<Answered> {
    let mut command: Command = on_core(cores, "1", Path::new("wrk"));
    command.args(["-t1", "--latency", "-c", &arguments.connections.to_string()]);
    command.args(["-d", &format!("{}s", arguments.seconds)]);
    if let Some(token) = token {
        command.args(["-H", &format!("Authorization: Bearer {token}")]);
    }
    let missing = |error| format!("wrk cannot be started, Debian's package is wrk: {error}");
    let output = command.arg(format!("http://{server}{path}")).output().map_err(missing)?;
    let said = String::from_utf8(output.stdout)?;
    if said.contains("Non-2xx") || said.contains("Socket errors") {
        return Err(format!("not everything was answered: {said}").into());
    }
    let word = |line: &str, at: usize| {
        let line = said.lines().find(|it| it.contains(line))?;
        line.split_whitespace().nth(at).map(str::to_owned)
    };
    let number = |line: &str, at: usize| word(line, at)?.parse::<f64>().ok();
    // The line that begins with it: others have shares of their own at their ends, such as 62.50%.
    let ms = |percent: &str| {
        let line = said.lines().find(|it| it.split_whitespace().next() == Some(percent))?;
        let text = line.split_whitespace().nth(1)?;
        let (number, unit) = text.split_at(text.find(|letter: char| letter.is_ascii_alphabetic())?);
        let factor = match unit {
            "us" => 0.001,
            "ms" => 1.0,
            "s" => 1_000.0,
            _ => return None,
        };
        Some(number.parse::<f64>().ok()? * factor)
    };
    let read = || {
        let (per_s, count) = (number("Requests/sec", 1)?, number("requests in", 0)?);
        Some(Answered { per_s, count, p50_ms: ms("50%")?, p99_ms: ms("99%")? })
    };
    read().ok_or_else(|| format!("wrk says what is not understood: {said}").into())
}
