//! Bounds of the rules and of what is counted by them, each with its reason.

/// Bytes of a formula or of a template's text in `${…}`: some fifty times what gengine's examples need.
pub const FORMULA_BYTES_MAX: usize = 500;
/// Numbers, names, signs and parentheses in a formula: what can be read in a microsecond or two.
pub const FORMULA_TOKENS_MAX: usize = 200;
/// Parentheses within parentheses: the parser calls itself for each.
pub const FORMULA_DEPTH_MAX: usize = 32;
/// Bytes of a template: an image's address with a few formulas in it.
pub const TEMPLATE_BYTES_MAX: usize = 2_000;
/// Literals, conjunctions and disjunctions of one condition. Each is asked for every move of its variables.
pub const TERMS_LEN_MAX: usize = 50;
/// Conjunctions within disjunctions, and the other way round.
pub const TERMS_DEPTH_MAX: usize = 8;
/// Keys of one literal.
pub const KEYS_LEN_MAX: usize = 100;
/// Bytes of a key: a UUID has 36, a name 64.
pub const KEY_BYTES_MAX: usize = 100;
/// Wildcards `%` in a pattern.
pub const PATTERN_WILDCARDS_MAX: usize = 8;
/// Bytes of the format by which a goal groups its values.
pub const DATE_FORMAT_BYTES_MAX: usize = 32;
/// Days that a goal looks back: a leap year.
pub const TIMESPAN_DAYS_MAX: u32 = 366;
/// Achievements in a catalogue: compiled, they take some ten megabytes of each instance.
pub const ACHIEVEMENTS_LEN_MAX: usize = 2_000;
/// Variables in a catalogue.
pub const VARIABLES_LEN_MAX: usize = 500;
/// Levels of one achievement.
pub const LEVELS_MAX: u32 = 100;
/// Goals of one achievement. All are asked for each level.
pub const GOALS_LEN_MAX: usize = 10;
/// Rewards of one achievement, and properties of one achievement or goal.
pub const GAINS_LEN_MAX: usize = 50;
/// Steps of one trigger, triggers of one goal.
pub const STEPS_LEN_MAX: usize = 20;
/// Achievements that one requires, or that deny it.
pub const REQUIRES_LEN_MAX: usize = 50;
/// Groups of one measure and period. Beyond, the one that is furthest from being picked is forgotten.
pub const GROUPS_LEN_MAX: usize = 512;
/// Groups of a measure that looks back some days, of all its days together. Beyond, its oldest day is forgotten.
pub const GROUPS_OF_DAYS_LEN_MAX: usize = 1_024;
/// Values kept of one variable and month: thirty a day. Beyond, the oldest are kept by day, and then without their keys.
pub const SLOTS_LEN_MAX: usize = 1_024;
/// Months kept of one variable. Older ones are kept together.
pub const MONTHS_LEN_MAX: usize = 36;
/// Periods of an achievement whose levels are remembered: five years of months, two months of days.
pub const PERIODS_LEN_MAX: usize = 60;
/// How far properties feed variables that reach properties, in one call.
pub const ADVANCE_DEPTH_MAX: u32 = 8;
/// Moves that levels cause in one call.
pub const ADVANCE_MOVES_MAX: usize = 64;
/// Faults that are told of one catalogue: what one person mends in one go.
pub const FAULTS_LEN_MAX: usize = 20;
/// The key of old values that are kept together because there are too many: sums go on, what is grouped by key leaves them out.
pub const FOLDED_KEY: &str = "\u{1}";
/// Metres beyond which an achievement's place is not recommended: an hour by bicycle.
pub const RECOMMENDED_NEAR_M: f64 = 25_000.0;
/// Days before its end from which an achievement says that it ends.
pub const RECOMMENDED_DAYS_MAX: u32 = 14;
