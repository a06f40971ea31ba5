//! What habits count: a day's clicks and ticks, and the level and the streak that have been earned by then.

use super::{empty, share};
use crate::app::achievements::{Contribution, Source};
use crate::app::{App, AppError};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;

/// All that one day of a user has come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HabitsDay {
    /// The user's day, counted from 1970-01-01.
    pub day: i32,
    /// Of the board: grows with what is known of the day.
    pub version: u64,
    /// The same each time it is said.
    pub at: Timestamp,
    pub habits_scored: f64,
    pub dailies_done: f64,
    pub todos_done: f64,
    pub level: f64,
    pub streak: f64,
}

impl App {
    /// At most [`limits::CONTRIBUTIONS_LEN_MAX`](crate::limits::CONTRIBUTIONS_LEN_MAX) days. Said again, nothing more is counted.
    pub(in crate::app) async fn contribute_habits(&self, user: &UserId, days: &[HabitsDay]) -> Result<(), AppError> {
        let days = days.iter().map(of_day).collect::<Result<Vec<_>, _>>()?;
        self.contribute_all(user, days).await.map(drop)
    }
}

/// Values of which the greatest counts have a key of their own each day, lest they add up.
fn of_day(day: &HabitsDay) -> Result<Contribution, AppError> {
    let key = day.day.to_string();
    let mut contribution = empty(Source::Habits(day.day), day.version);
    contribution.shares = vec![
        share("habits_scored", "", day.habits_scored, day.at)?,
        share("dailies_done", "", day.dailies_done, day.at)?,
        share("todos_done", "", day.todos_done, day.at)?,
        share("habit_level", &*key, day.level, day.at)?,
        share("habit_streak", &*key, day.streak, day.at)?,
    ];
    contribution.shares.retain(|share| share.value != 0.0);
    Ok(contribution)
}
