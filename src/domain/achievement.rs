//! Achievements: what a user's values are counted to, and which levels that reaches. The rules come in as definitions; documents,
//! translations into a reader's language, and where anything is kept are not known here.
//!
//! In reading order: `ids`; `formula`, `template`, `term`, `period`, `measure`; `definitions`, which `rules` compiles; `book`, what is
//! known of one user; `advance`, which decides; `gains` and `progress`, which tell; `recommend`, which advises; `within`, which counts a
//! stretch of time anew.

mod advance;
mod book;
pub mod bounds;
pub mod built_in;
mod definitions;
mod formula;
mod gains;
mod ids;
mod measure;
mod number;
mod period;
mod progress;
mod recommend;
mod rules;
mod streaks;
mod template;
mod term;
mod within;

pub use advance::{Advance, Announced, Move, Scope, Unlocked, Who, advance};
pub use book::{Book, Changed, Fired, Lacks, Levels, Measures, Unable, Values, month_of};
pub use definitions::{
    Achievement, Assignment, Definitions, Goal, Grouping, Operator, Permission, Property, Relevance, Reward, Step,
    Translated, Trigger, Variable, View,
};
pub use formula::{Formula, FormulaError};
pub use gains::{GainedProperty, GainedReward, LevelGains, Worth, gains};
pub use ids::{AchievementId, AssignmentId, GoalId, MeasureId, PropertyId, RewardId, StepId, TriggerId, VariableName};
pub use measure::{Beyond, Group, Measure, Periods, Pick, State};
pub use number::{Number, VALUE_MAX, rounded, whole};
pub use period::{Evaluation, Period, date_key, day_number, format_is_known, period_of, period_with, start_of};
pub use progress::{GoalProgress, Progress, progress, progress_of_all};
pub use recommend::{Adviser, Amount, Reason, Recommendation, Unit};
pub use rules::{Fault, NewMeasures, Rules};
pub use template::Template;
pub use term::{Keys, Pattern, Term};
pub use within::{Before, Counted, Window, before, within};
