//! What an account may hold, how it is taken along and how it ends: each bound with its reason.

use std::time::Duration;

use super::CLOCKS_APART_MS;

/// Tokens and sessions of one user together. Beyond, the oldest session goes first: the record stays a few KB.
pub const CREDENTIALS_LEN_MAX: usize = 64;
/// Those of them that have a label, which are never thrown out: the rest is for log-ins and their sessions.
pub const LABELLED_LEN_MAX: usize = 48;
/// How exactly it is known when a token was used last: a user who looks for one that is not needed any more thinks in days.
pub const USE_NOTED_MS: i64 = 60 * 60 * 1_000;
/// Tokens of which an instance remembers that: others are looked up in the store, once an hour.
pub const USES_LEN_MAX: usize = 16_384;
/// How long a session lasts: a month between log-ins is what people are used to.
pub const SESSION_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// How long after an account was deleted it is looked once more for what is left of it: what somebody had begun before is
/// done by then, also by instances whose clocks are apart.
pub const LEAVING_AGAIN_MS: i64 = CLOCKS_APART_MS + 60 * 1_000;
/// Exports that are written at once: each has a track in memory, and packs it.
pub const EXPORTS_AT_ONCE: usize = 4;
/// How long a part of an export waits to be taken: whoever reads nothing for that long leaves the room to others.
pub const EXPORT_TAKEN_WITHIN: Duration = Duration::from_secs(30);
/// When to ask again for an export while another one of the same user is being written, in seconds: most are written by then.
pub const EXPORT_RETRY_AFTER_S: u64 = 5;
/// Parts of an export that wait to be sent: about a track each.
pub const EXPORT_PARTS_WAITING: usize = 2;
/// Friends, events and links in an export: more than anybody has; runs have no such bound.
pub const EXPORT_LIST_LEN_MAX: usize = 5_000;
/// How long a share link lasts at most: what is shown for longer is better made public.
pub const LINK_LIFE_MAX_MS: i64 = 366 * 24 * 60 * 60 * 1_000;
/// Links of one user that are not over: one for each family chat, for years of runs.
pub const LINKS_LEN_MAX: usize = 200;
/// How long a link that has no end of its own outlives what it shows: who comes late still sees how it went.
pub const LINK_OUTLIVES_MS: i64 = 60 * 60 * 1_000;
/// Bytes of what apps keep in a user's public data: a name, a picture's address and some choices; it stands in the user's record.
pub const PUBLIC_DATA_BYTES_MAX: usize = 4 * 1024;
/// Friends who are listed or struck at the same time when somebody says who all of them are.
pub const FRIENDS_SAID_AT_ONCE: usize = 64;
/// Accounts that are made at the same time when somebody names users of whom nobody knew.
pub const BARE_USERS_AT_ONCE: usize = 64;
/// Ids that a refusal names.
pub const IDS_NAMED_MAX: usize = 10;
