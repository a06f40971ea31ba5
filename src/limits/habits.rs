//! What is done to boards of habits at once, and what is remembered of it: each bound with its reason. What a board may hold stands
//! with the board.

/// Operations of one call: a device that was away for weeks.
pub const HABIT_OPS_LEN_MAX: usize = 10_000;
/// Of those, how many go in one commit: each may be remembered by its id, in a document of its own.
pub const HABIT_OPS_A_COMMIT: usize = 1_000;
/// Bytes of an operation's id: a UUID has 36.
pub const HABIT_OP_ID_BYTES_MAX: usize = 100;
/// How long it is remembered that an operation was carried out: a device that was away for longer begins anew.
pub const HABIT_OP_DAYS: i64 = 45;
/// Of the remembered, how many are forgotten in one commit.
pub const HABIT_OPS_FORGOTTEN_LEN: usize = 500;
/// Boards in memory.
pub const HABIT_BOARDS_LEN_MAX: usize = 16_384;
/// What they take there together, roughly.
pub const HABIT_BOARDS_BYTES_MAX: usize = 128 * 1024 * 1024;
/// States of one board in memory: what is stored, and what decisions that go together have come to.
pub const HABIT_STATES_LEN_MAX: usize = 3;
/// Boards that are read at once from where they are kept: each may be megabytes.
pub const HABIT_BOARDS_READ_AT_ONCE_MAX: usize = 64;
/// Documents of a board that are read at once.
pub const HABIT_READ_LEN: usize = 500;
/// Bytes of what a batch tells other devices; who is told of more reads the board anew.
pub const HABIT_CHANGE_BYTES_MAX: usize = 32 * 1024;
/// Bytes of what a reply on a socket tells of a batch's changes: a quarter of what may wait for its reader.
pub const HABIT_REPLY_BYTES_MAX: usize = super::OUTBOUND_PRESSED_BYTES;
/// Bytes of a batch, or of a whole user, that are read or written on an async thread, in about a millisecond; more are aside.
pub const HABIT_INLINE_BYTES_MAX: usize = 64 * 1024;
/// Months of which a history keeps each day, besides the one that goes on: sixty days never reach further back.
pub const HABIT_MONTHS_KEPT: usize = 2;
/// How often a decision on a board is tried again with what it lacked: devices on several instances that never pause may each find
/// the board another when they have read it.
pub const HABIT_ATTEMPTS_MAX: usize = 32;
/// Milliseconds after which what is earned counts for achievements: a morning's clicks are counted in one go.
pub const HABIT_COUNTS_AFTER_MS: i64 = 5_000;
/// Days that wait to be counted; beyond, the oldest is not: it takes a store that counts nothing for a month.
pub const HABIT_DAYS_WAITING_MAX: usize = 31;
