//! Bounds of what events cause.

/// Events that somebody is sent out of at the same time: their commits share the store's.
pub const SENT_OUT_AT_ONCE: usize = 16;
/// After a block it is looked once more whether something of who has blocked was joined meanwhile: longer than a request lasts.
pub const BLOCK_SECOND_LOOK_MS: i64 = 60 * 1_000;
/// Runs that are taken out of one event at the same time.
pub const RUNS_TAKEN_OUT_AT_ONCE: usize = 16;
