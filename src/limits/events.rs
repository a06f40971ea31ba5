//! Bounds of what events cause.

/// Events that somebody is sent out of at the same time: their commits share the store's.
pub const SENT_OUT_AT_ONCE: usize = 16;
/// After a block it is looked once more whether something of who has blocked was joined meanwhile: longer than a request lasts.
pub const BLOCK_SECOND_LOOK_MS: i64 = 60 * 1_000;
/// Runs that are taken out of one event at the same time.
pub const RUNS_TAKEN_OUT_AT_ONCE: usize = 16;
/// People of one roster whose entries are read before others have their turn on an async thread: some 100 µs.
pub const ROSTER_READ_LEN: usize = 250;
/// People on a roster that is put together and encoded on an async thread, in some 200 µs; a longer one is encoded aside.
pub const ROSTER_INLINE_LEN_MAX: usize = 500;
/// Long rosters that are kept as they were last read, at about a megabyte each.
pub const ROSTERS_KEPT_LEN_MAX: usize = 16;
/// Changes by which a kept roster is brought up to date; after more it is read anew.
pub const ROSTER_CHANGES_LEN_MAX: usize = 500;
