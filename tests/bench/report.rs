//! Figures: one line for a machine at each measurement, and a table with medians for people at the end.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::Outcome;
use crate::fleet::Spent;

/// Of whom the ratios to ours are told.
const OTHERS: [(&str, &str); 5] = [
    ("stock", "stock"),
    ("stock, no delay", "stock, no delay"),
    ("nchan", "nchan"),
    (PUB_SUB, PUB_SUB),
    ("runnity", "embedded"),
];
const PUB_SUB: &str = "redis pub/sub";

/// Latencies, from a microsecond to a minute.
pub struct Latency(Histogram<u64>);

impl Latency {
    pub fn new() -> Outcome<Self> {
        Ok(Self(Histogram::new_with_bounds(1, 60_000_000, 3)?))
    }

    pub fn add(&mut self, took: Duration) {
        self.0.saturating_record(took.as_micros() as u64);
    }

    pub fn ms(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1_000.0
    }

    pub fn len(&self) -> u64 {
        self.0.len()
    }
}

/// One measurement: what was measured, on which server, and its figures by name.
#[derive(Clone)]
pub struct Line {
    scenario: String,
    server: String,
    figures: Vec<(&'static str, f64)>,
}

impl Line {
    pub fn new(scenario: impl Into<String>, server: String) -> Self {
        Self { scenario: scenario.into(), server, figures: Vec::new() }
    }

    pub fn with(mut self, name: &'static str, value: f64) -> Self {
        self.figures.push((name, value));
        self
    }

    pub fn figure(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|it| it.0 == name).map(|it| it.1)
    }

    /// How busy the server and this generator were.
    pub fn with_cores(self, spent: &Spent) -> Self {
        let line = self
            .with("server_cores_used", spent.server_cpu_s / spent.elapsed_s)
            .with("generator_cores_used", spent.own_cpu_s / spent.elapsed_s);
        match &spent.redis {
            Some(redis) => line.with("redis_cores_used", redis.cpu_s / spent.elapsed_s),
            None => line,
        }
    }

    /// What so many acknowledged writes have cost Redis.
    pub fn with_redis(self, spent: &Spent, writes: f64) -> Self {
        let Some(redis) = &spent.redis else { return self };
        self.with("redis_scripts_per_fix", redis.scripts / writes)
            .with("redis_commands_per_fix", redis.commands / writes)
            .with("redis_reads_per_fix", redis.reads / writes)
            .with("redis_bytes_per_fix", redis.read_bytes / writes)
            .with("redis_cpu_us_per_fix", redis.cpu_s * 1e6 / writes)
    }

    /// p50, p99 and the longest.
    pub fn with_latency(self, latency: &Latency) -> Self {
        self.with("p50_ms", latency.ms(0.5)).with("p99_ms", latency.ms(0.99)).with("max_ms", latency.ms(1.0))
    }
}

/// All measurements of one call.
#[derive(Default)]
pub struct Report(Vec<Line>);

impl Report {
    /// Prints the line at once, so that a run that is broken off is not lost.
    pub fn add(&mut self, line: Line) {
        let mut object = serde_json::Map::new();
        object.insert("scenario".into(), line.scenario.clone().into());
        object.insert("server".into(), line.server.clone().into());
        for &(name, value) in &line.figures {
            object.insert(name.into(), ((value * 1_000.0).round() / 1_000.0).into());
        }
        println!("{}", serde_json::Value::Object(object));
        self.0.push(line);
    }

    /// The medians of each scenario and server, and the ratios to the other servers and to our embedded store where they stand in it.
    pub fn print(&self) {
        let mut groups: BTreeMap<(&str, &str), Vec<&Line>> = BTreeMap::new();
        for line in &self.0 {
            groups.entry((&line.scenario, &line.server)).or_default().push(line);
        }
        println!();
        for (&(scenario, server), lines) in &groups {
            println!("{scenario} · {server} · median of {}", lines.len());
            for &(name, _) in &lines[0].figures {
                let ours = median(lines, name);
                let mut ratios = String::new();
                for (other, called) in OTHERS {
                    let theirs = groups.get(&(scenario, other)).map(|lines| median(lines, name));
                    if server != other
                        && (server.starts_with("redis ") && server != PUB_SUB || server == "runnity")
                        && let Some(ratio) = theirs.map(|theirs| ours / theirs).filter(|ratio| ratio.is_finite())
                    {
                        ratios += &format!("   {ratio:.2} × {called}");
                    }
                }
                println!("  {name:<34}{ours:>14.2}{ratios}");
            }
        }
    }
}

fn median(lines: &[&Line], name: &str) -> f64 {
    let mut values: Vec<f64> =
        lines.iter().flat_map(|line| &line.figures).filter(|it| it.0 == name).map(|it| it.1).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
