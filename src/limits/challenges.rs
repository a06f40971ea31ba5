//! What challenges may hold: each bound with its reason.

/// People of one challenge, invited ones too: its head names them all, in some 40 KB, and is written with every value.
pub const CHALLENGE_PEOPLE_MAX: usize = 200;
/// Open challenges that one user takes part in: a value of theirs may have to be counted in each of them.
pub const CHALLENGES_OPEN_LEN_MAX: usize = 50;
/// Open challenges that one user is invited to and has not answered: beyond, it is a nuisance.
pub const CHALLENGES_PENDING_LEN_MAX: usize = 100;
/// Characters of a challenge's title: a line.
pub const CHALLENGE_TITLE_LEN_MAX: usize = 100;
/// How long a challenge lasts at most, and how far ahead it starts: a year.
pub const CHALLENGE_SPAN_MS_MAX: i64 = 366 * 24 * 60 * 60 * 1_000;
/// By how much a start may lie in the past and is now: a phone's clock that is behind.
pub const CHALLENGE_START_LATE_MS: i64 = 60 * 1_000;
/// For how long after a challenge has expired values are still brought to it: until it has been seen to be over.
pub const CHALLENGE_LATE_MS: i64 = 60 * 60 * 1_000;
/// What has happened in a challenge, as far as its feed goes back.
pub const CHALLENGE_HAPPENED_LEN_MAX: usize = 50;
/// Challenges of one user that a feed is made of, the newest ones: more have less to say than a page holds.
pub const FEED_CHALLENGES_LEN_MAX: usize = 100;
/// Friends whose doings stand in a feed: a range is read for each of them.
pub const FEED_FRIENDS_LEN_MAX: usize = 100;
/// Challenges of each of them that are looked at.
pub const FEED_OF_FRIEND_LEN_MAX: usize = 5;
/// People whose values are looked at together when a challenge starts or ends.
pub const CHALLENGE_COUNTED_AT_ONCE: usize = 16;
/// Challenges in which one user's value is counted at the same time: a commit each.
pub const CHALLENGES_COUNTED_AT_ONCE: usize = 8;
/// Of the standings, those that are told when a challenge is over.
pub const CHALLENGE_TOP_LEN: usize = 10;
