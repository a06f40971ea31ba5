//! What rules, their values and what they bring may hold: each bound with its reason.

use std::time::Duration;

/// Achievements of a catalogue: compiled they are some 10 MB, in each instance.
pub const ACHIEVEMENTS_LEN_MAX: usize = 2_000;
/// Variables of a catalogue: a club has a dozen, a game some hundred.
pub const VARIABLES_LEN_MAX: usize = 500;
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
/// The largest value, either way: up to here each whole number is exact.
pub const VALUE_MAX: f64 = 9_007_199_254_740_992.0;
/// Sources that contribute in one commit: each is a document.
pub const CONTRIBUTIONS_LEN_MAX: usize = 250;
/// Shares of one source: a run has one of each kind, and one for each place that it came by.
pub const SHARES_LEN_MAX: usize = 1_000;
/// How often it is asked for more documents before a decision: the ones that it names, older months, and what those concern.
pub const LACKS_MAX: usize = 4;
/// Slots of one month of one variable: beyond, the oldest are put together as days.
pub const SLOTS_LEN_MAX: usize = 1_024;
/// Months of one variable: of what is older one sum is kept.
pub const MONTHS_LEN_MAX: usize = 36;
/// Periods of one achievement whose levels are remembered: five years of months, a year of weeks.
pub const PERIODS_LEN_MAX: usize = 60;
/// Messages that are kept of one user; beyond, the oldest go.
pub const MESSAGES_LEN_MAX: usize = 500;
/// Messages on one page, as many as gengine's.
pub const MESSAGES_PAGE_LEN: usize = 100;
/// Devices of one user: nobody has so many; beyond, the one that was registered first goes.
pub const DEVICES_LEN_MAX: usize = 20;
/// Bytes of each thing that a device says of itself: tokens of push services have some hundred.
pub const DEVICE_TEXT_BYTES_MAX: usize = 4_096;
/// Friends of a user who are told of an unlock: the first so many.
pub const FRIENDS_TOLD_LEN_MAX: usize = 500;
/// Periods of one recurring achievement that a list of progress shows at most.
pub const HISTORY_LEN_MAX: usize = PERIODS_LEN_MAX;
/// Users of whom it is remembered where and in which time zone they are.
pub const WHO_LEN_MAX: usize = 4_096;
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
/// Faults of a document that are told at once.
pub const FAULTS_LEN_MAX: usize = 20;
