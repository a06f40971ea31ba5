//! What a store counts about itself. Knows neither the names under which the numbers are shown, nor by whom.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

/// Shared by the store, which counts, and whoever shows it: a clone is the same numbers.
#[derive(Clone, Debug)]
pub struct StoreCounts {
    /// Commits that were carried out.
    pub commits: Counter,
    /// Commits that another write came before.
    pub conflicts: Counter,
    /// Commits that were sent again, since nobody knew what had come of them.
    pub resent: Counter,
    /// Commits that are under way.
    pub in_flight: Gauge,
    /// Topics that the store is told of.
    pub topics: Gauge,
    /// Times that a lost connection was made again.
    pub reconnects: Counter,
    pub errors: Family<StoreError, Counter>,
    /// How long a message takes to the store and back to who listens.
    pub lag_seconds: Histogram,
}

/// What went wrong with a call: one of a fixed set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct StoreError {
    pub kind: &'static str,
}

impl Default for StoreCounts {
    fn default() -> Self {
        Self {
            commits: Counter::default(),
            conflicts: Counter::default(),
            resent: Counter::default(),
            in_flight: Gauge::default(),
            topics: Gauge::default(),
            reconnects: Counter::default(),
            errors: Family::default(),
            // From a tenth of a millisecond to three seconds.
            lag_seconds: Histogram::new(exponential_buckets(0.000_1, 2.0, 16)),
        }
    }
}
