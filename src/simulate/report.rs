//! What was sent, acknowledged and seen, and how long it took.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use parking_lot::Mutex;

/// Fixes that are remembered until a spectator sees them. Beyond, new ones are not measured.
const WAITING_LEN_MAX: usize = 200_000;

#[derive(Debug)]
pub struct Report {
    sent: AtomicU64,
    acknowledged: AtomicU64,
    seen: AtomicU64,
    latencies: Mutex<Latencies>,
}

#[derive(Debug)]
struct Latencies {
    /// Microseconds from sending a batch to its acknowledgement.
    acknowledgement: Histogram<u64>,
    /// Microseconds from sending a fix to its arrival at a subscribed spectator.
    arrival: Histogram<u64>,
    /// When the fix of this run with this time was sent.
    waiting: HashMap<(String, i64), Instant>,
}

impl Default for Report {
    fn default() -> Self {
        // From a microsecond to ten minutes, in three digits: bounds that the crate allows.
        let histogram = || Histogram::new_with_bounds(1, 600_000_000, 3).expect("these bounds are allowed");
        let latencies = Latencies { acknowledgement: histogram(), arrival: histogram(), waiting: HashMap::new() };
        Self {
            sent: AtomicU64::new(0),
            acknowledged: AtomicU64::new(0),
            seen: AtomicU64::new(0),
            latencies: Mutex::new(latencies),
        }
    }
}

impl Report {
    pub fn sent(&self, run: &str, times_ms: impl Iterator<Item = i64>) {
        let now = Instant::now();
        let mut latencies = self.latencies.lock();
        for time_ms in times_ms {
            self.sent.fetch_add(1, Ordering::Relaxed);
            if latencies.waiting.len() < WAITING_LEN_MAX {
                latencies.waiting.entry((run.to_owned(), time_ms)).or_insert(now);
            }
        }
    }

    pub fn acknowledged(&self, fixes: usize, took: Duration) {
        self.acknowledged.fetch_add(fixes as u64, Ordering::Relaxed);
        self.latencies.lock().acknowledgement.saturating_record(micros(took));
    }

    pub fn seen(&self, run: &str, time_ms: i64) {
        let mut latencies = self.latencies.lock();
        if let Some(sent) = latencies.waiting.remove(&(run.to_owned(), time_ms)) {
            self.seen.fetch_add(1, Ordering::Relaxed);
            latencies.arrival.saturating_record(micros(sent.elapsed()));
        }
    }

    /// Whether everything that was sent has been seen.
    pub fn is_all_seen(&self) -> bool {
        self.seen.load(Ordering::Relaxed) >= self.sent.load(Ordering::Relaxed)
    }

    /// One line for the terminal while it goes on.
    pub fn progress(&self) -> String {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        format!("sent {}, acknowledged {}, seen {}", count(&self.sent), count(&self.acknowledged), count(&self.seen))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "fixes: {}", self.progress())?;
        let latencies = self.latencies.lock();
        writeln!(f, "from sending to acknowledgement: {}", quantiles(&latencies.acknowledgement))?;
        write!(f, "from sending to a spectator:     {}", quantiles(&latencies.arrival))
    }
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

fn quantiles(histogram: &Histogram<u64>) -> String {
    if histogram.is_empty() {
        return "nothing was measured".to_owned();
    }
    #[allow(clippy::cast_precision_loss)] // minutes at most
    let millis = |micros: u64| micros as f64 / 1_000.0;
    let at = |quantile| millis(histogram.value_at_quantile(quantile));
    format!("p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms", at(0.5), at(0.99), millis(histogram.max()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_latencies_are_told_as_they_were() {
        let report = Report::default();
        report.acknowledged(1, Duration::from_millis(2));
        report.acknowledged(1, Duration::from_secs(45));
        let told = report.to_string();
        let max = told.split("max ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
        assert!((max.parse::<f64>().unwrap() - 45_000.0).abs() < 100.0, "{told}");
        assert!(told.contains("p50 2.0 ms"), "{told}");
    }
}
