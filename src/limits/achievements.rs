//! What rules, their values and what they bring may hold: each bound with its reason.

use std::time::Duration;

pub use crate::domain::achievement::bounds::{
    ACHIEVEMENTS_LEN_MAX, FAULTS_LEN_MAX, PERIODS_LEN_MAX, VARIABLES_LEN_MAX,
};

/// Rewards of a catalogue: one for each achievement.
pub const REWARDS_LEN_MAX: usize = ACHIEVEMENTS_LEN_MAX;
/// Values of one call, or of one user in a call for many: they go in one commit.
pub const INCREASES_LEN_MAX: usize = 100;
/// Users in one call for many: a commit each.
pub const INCREASED_USERS_LEN_MAX: usize = 100;
/// Values in one call for many users.
pub const INCREASES_OF_USERS_LEN_MAX: usize = 1_000;
/// Of them, how many users' at the same time.
pub const INCREASED_USERS_AT_ONCE: usize = 16;
/// Bytes of a value's key: an id, or a name of something.
pub const VALUE_KEY_BYTES_MAX: usize = 100;
/// Sources that contribute in one commit: each is a document.
pub const CONTRIBUTIONS_LEN_MAX: usize = 250;
/// Shares of one source: a run has one of each kind, and one for each place that it came by.
pub const SHARES_LEN_MAX: usize = 1_000;
/// How often a decision is tried again with what it lacked: the head, newer rules, older months, what a new rule counts, and what
/// the properties of what is reached concern.
pub const LACKS_MAX: usize = 8;
/// Messages that are kept of one user; beyond, the oldest go.
pub const MESSAGES_LEN_MAX: u64 = 500;
/// Messages of one page, as many as gengine's.
pub const MESSAGES_PAGE_LEN: u64 = 100;
/// Devices of one user: nobody has so many; beyond, the one that was registered first goes.
pub const DEVICES_LEN_MAX: usize = 20;
/// Bytes of a token by which a push service knows a device: they have some hundred.
pub const PUSH_ID_BYTES_MAX: usize = 4_096;
/// Bytes of each other thing that a device says of itself: names and versions.
pub const DEVICE_TEXT_BYTES_MAX: usize = 255;
/// Friends of a user who are told of an unlock: the first so many.
pub const FRIENDS_TOLD_LEN_MAX: usize = 500;
/// Periods of one recurring achievement that a list of progress shows at most.
pub const PROGRESS_HISTORY_LEN_MAX: usize = PERIODS_LEN_MAX;
/// Periods of a recurring board on which a user stands: a quarter of a year of weeks; beyond, they are taken off the oldest.
pub const BOARD_PERIODS_LEN_MAX: usize = 13;
/// Members of a group that has boards: the values of all are read when somebody asks.
pub const BOARD_GROUP_LEN_MAX: usize = 1_000;
/// Users whose values are read at once.
pub const BOARD_READ_LEN: usize = 256;
/// Users of whom it is told at once that they have moved on a board.
pub const STANDINGS_MOVED_LEN_MAX: usize = 50;
/// Pages of a walk through all progress between two looks at what is due.
pub const WALK_PAGES_MAX: usize = 16;
/// Users who are met at once on it.
pub const WALKED_AT_ONCE: usize = 16;
/// Those who stand first, whom a board's channel tells.
pub const STANDINGS_TOP_LEN: usize = 10;
/// The first of a board, of whom its channel tells that they have moved.
pub const STANDINGS_LOOKED_AT: usize = 100;
/// Milliseconds between two frames of one board's channel, whichever instances tell them.
pub const STANDINGS_EVERY_MS: i64 = 1_000;
/// How often it is looked whether it is a board's turn.
pub const STANDINGS_LOOK_EVERY: Duration = Duration::from_millis(100);
/// Standings of a page, if nothing else is asked for.
pub const BOARD_PAGE_LEN: usize = 50;
/// Users of whom it is remembered where and in which time zone they are: as many as heads of records are kept, or whoever reports
/// one after the other would each be read anew.
pub const WHO_LEN_MAX: usize = 16_384;
/// For how long: another time zone of theirs is heeded after that, at the latest.
pub const WHO_AGE_MAX: Duration = Duration::from_secs(10);
/// How often each instance looks whether the catalogue is another: what its topic has not told is seen within this time.
pub const RULES_LOOK_EVERY: Duration = Duration::from_secs(10);
/// Changed documents of the catalogue that are read at once.
pub const RULES_READ_LEN: usize = 500;
/// Attempts to write to the catalogue while others do: two admins at once are many.
pub const AUTHORING_ATTEMPTS_MAX: usize = 16;
/// Users whom a dry run looks at.
pub const DRY_RUN_USERS_MAX: usize = 10_000;
/// Days that it looks back.
pub const DRY_RUN_DAYS_MAX: u32 = 90;
/// Unlocks that it names.
pub const DRY_RUN_SAMPLE_LEN: usize = 100;
/// Places of achievements that one run comes by: each is a share of what it counts.
pub const RUN_PLACES_LEN_MAX: usize = 200;
/// Metres between two fixes beyond which nobody knows the way.
pub const PASSED_LEG_MAX_M: f64 = 1_000.0;
/// The newest runs of a user in which it is looked for those in one event.
pub const RUNS_OF_EVENT_LOOKED_AT: usize = 100;
/// Achievements that are recommended at once, and users to challenge: more than anybody tries next.
pub const RECOMMENDED_LEN_MAX: usize = 20;
/// Friends with whom a user is compared for it: the newest so many. Each is some three documents.
pub const FRIENDS_COMPARED_LEN_MAX: usize = 500;
/// Of them, how many are read at once.
pub const FRIENDS_COMPARED_READ_LEN: usize = 100;
/// Milliseconds whose metres are compared: four weeks, so that each has as many Sundays.
pub const ALIKE_MS: i64 = 28 * 24 * 60 * 60 * 1_000;
/// How far they may be apart, as a share of the user's own.
pub const ALIKE_APART_MAX: f64 = 0.2;
/// Characters of the reason for which an admin lets a run not count: a sentence or two.
pub const REASON_LEN_MAX: usize = 200;
/// How often it is looked who runs together with somebody of a group, in milliseconds: so long somebody may stay behind unseen.
pub const TOGETHER_LOOK_EVERY_MS: i64 = 30_000;
/// The same of who is in no group, and may be in one by then.
pub const GROUPS_LOOK_EVERY_MS: i64 = 10 * 60_000;
/// Runs around a runner that are looked at, as the start of a large race has them; where more are together, some are left out.
pub const TOGETHER_LOOKED_AT_MAX: usize = 250;
/// Memberships that are read in one look.
pub const TOGETHER_KEYS_LEN_MAX: usize = 1_000;
/// Groups with which one run counts: each is a share.
pub const GROUPS_RUN_WITH_MAX: usize = 100;
