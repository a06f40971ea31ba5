//! Variables that the product itself moves. They are part of every catalogue and are never stored.

use super::definitions::{Grouping, Permission, Variable};
use super::ids::VariableName;

/// Names, and whether they have leaderboards of their own.
const NAMES: [(&str, bool); 22] = [
    ("best_10km_s", false),
    ("best_1km_s", false),
    ("best_5km_s", false),
    ("climb_m", true),
    ("dailies_done", false),
    (DISTANCE_M, true),
    ("early_runs", false),
    ("events_finished", false),
    ("events_joined", false),
    ("group_runs", false),
    ("habit_level", false),
    ("habit_streak", false),
    ("habits_scored", false),
    ("invite_users", false),
    ("late_runs", false),
    ("longest_run_m", false),
    ("moving_s", true),
    ("places_visited", false),
    (RUNS, true),
    (STREAK_DAYS, false),
    ("todos_done", false),
    ("weekend_runs", false),
];

/// How far runs went.
pub const DISTANCE_M: &str = "distance_m";
/// Finished runs, one each.
pub const RUNS: &str = "runs";
/// Days in a row with a run; the key is the first of them. Follows from [`RUNS`]: nobody else moves it.
pub const STREAK_DAYS: &str = "streak_days";

/// All of them, by name.
pub fn variables() -> Vec<Variable> {
    let named = NAMES.into_iter().filter_map(|(name, leaderboard)| Some((VariableName::parse(name)?, leaderboard)));
    let variable = |(name, leaderboard)| Variable {
        name,
        group: Grouping::None,
        increase: Permission::Admin,
        leaderboard,
        built_in: true,
    };
    named.map(variable).collect()
}

pub fn is_built_in(name: &str) -> bool {
    NAMES.iter().any(|(it, _)| *it == name)
}

/// The variable that moves of this one move.
pub(super) fn derived_from(variable: &VariableName) -> Option<VariableName> {
    if variable.as_str() == RUNS { VariableName::parse(STREAK_DAYS) } else { None }
}
