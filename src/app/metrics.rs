//! What the process counts about itself, for `GET /metrics`.
//!
//! Label values come from fixed sets, never from users.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::backend::StoreCounts;

/// An answered request: the template of its route (`/api/runs/:id`) and its status.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Answered {
    pub route: &'static str,
    pub status: u16,
}

pub struct Metrics {
    registry: Registry,
    pub connections: Gauge,
    pub subscriptions: Gauge,
    pub frames_sent: Counter,
    pub disconnects_slow: Counter,
    pub connections_refused: Counter,
    pub fixes_accepted: Counter,
    pub increases: Counter,
    pub unlocks: Counter,
    pub commits: Counter,
    pub conflicts: Counter,
    pub http_requests: Family<Answered, Counter>,
    pub http_duration_seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("runnity");
        let gauge = |registry: &mut Registry, name: &str, help: &str| {
            let metric = Gauge::default();
            registry.register(name, help, metric.clone());
            metric
        };
        let counter = |registry: &mut Registry, name: &str, help: &str| {
            let metric = Counter::default();
            registry.register(name, help, metric.clone());
            metric
        };
        let connections = gauge(&mut registry, "connections", "Open real-time connections");
        let subscriptions = gauge(&mut registry, "subscriptions", "Subscriptions of all open connections");
        let frames_sent = counter(&mut registry, "frames_sent", "Frames handed to sockets");
        let disconnects_slow =
            counter(&mut registry, "disconnects_slow", "Connections closed because the reader was slow");
        let help = "Real-time connections that were refused, since there were enough in all or of one address";
        let connections_refused = counter(&mut registry, "connections_refused", help);
        let fixes_accepted = counter(&mut registry, "fixes_accepted", "Fixes that were stored");
        let increases = counter(&mut registry, "increases", "Values that were increased by a call");
        let unlocks = counter(&mut registry, "unlocks", "Levels of achievements that were reached");
        let commits = counter(&mut registry, "commits", "Commits that the store carried out");
        let conflicts = counter(&mut registry, "conflicts", "Commits that were decided again after another write");
        let http_requests = Family::default();
        registry.register("http_requests", "Requests that were answered", http_requests.clone());
        // From a quarter of a millisecond to eight seconds.
        let http_duration_seconds = Histogram::new(exponential_buckets(0.000_25, 2.0, 16));
        let help = "How long requests took to be answered";
        registry.register("http_duration_seconds", help, http_duration_seconds.clone());
        Self {
            registry,
            connections,
            subscriptions,
            frames_sent,
            disconnects_slow,
            connections_refused,
            fixes_accepted,
            increases,
            unlocks,
            commits,
            conflicts,
            http_requests,
            http_duration_seconds,
        }
    }
}

impl Metrics {
    /// Shows what the store counts beside what the application does.
    pub fn with_store(mut self, counts: &StoreCounts) -> Self {
        let store = self.registry.sub_registry_with_prefix("store");
        store.register("commits", "Commits that the shared store carried out", counts.commits.clone());
        store.register("conflicts", "Commits that another write came before", counts.conflicts.clone());
        let help = "Commits that were sent again, since nobody knew what had come of them";
        store.register("commits_resent", help, counts.resent.clone());
        store.register("commits_in_flight", "Commits under way to the shared store", counts.in_flight.clone());
        store.register("topics", "Topics that the shared store tells this instance of", counts.topics.clone());
        store.register("reconnects", "Times that the lost connection was made again", counts.reconnects.clone());
        store.register("errors", "Calls that failed, by what was wrong", counts.errors.clone());
        let help = "How long a message takes to the shared store and back to who listens";
        store.register("lag_seconds", help, counts.lag_seconds.clone());
        self
    }

    /// The text that Prometheus reads.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        if let Err(error) = prometheus_client::encoding::text::encode(&mut text, &self.registry) {
            tracing::error!(%error, "the metrics could not be written");
        }
        text
    }
}
