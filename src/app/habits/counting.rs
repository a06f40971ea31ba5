//! What users earn with habits counts for achievements: day by day, a little later, so that a thousand clicks are counted in one go.
//!
//! Only what was earned: what a `set` has put into the stats is not looked at.

use std::collections::BTreeMap;

use crate::app::achievements::HabitsDay;
use crate::app::due::Due;
use crate::app::habits::HabitsRecord;
use crate::app::habits::record::DayRecord;
use crate::app::users::aggregate;
use crate::app::{App, AppError};
use crate::domain::habit::hero::Earned;
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::limits;

/// Takes into a day what has been earned since `before` → whether there was anything.
pub fn count(days: &mut BTreeMap<i32, DayRecord>, before: &Earned, earned: &Earned, day: i32, at: Timestamp) -> bool {
    let by = |before: u64, now: u64| i64::try_from(i128::from(now) - i128::from(before)).unwrap_or_default();
    let habits = by(before.habits_scored, earned.habits_scored);
    let dailies = by(before.dailies_done, earned.dailies_done);
    let todos = by(before.todos_done, earned.todos_done);
    let is_further = earned.lvl_max > before.lvl_max || earned.streak_max > before.streak_max;
    if (habits, dailies, todos) == (0, 0, 0) && !is_further {
        return false;
    }
    let known = days.entry(day).or_insert_with(|| DayRecord { at_ms: at.as_millis(), ..DayRecord::default() });
    known.habits = known.habits.saturating_add(habits);
    known.dailies = known.dailies.saturating_add(dailies);
    known.todos = known.todos.saturating_add(todos);
    (known.lvl, known.streak) = (earned.lvl_max, earned.streak_max);
    while days.len() > limits::HABIT_DAYS_WAITING_MAX {
        days.pop_first();
    }
    true
}

impl App {
    /// Counts what waits for it. What comes meanwhile is counted next time.
    pub(in crate::app) async fn count_habits(&self, user: &UserId) -> Result<(), AppError> {
        let Some(record) = self.habits.read(&aggregate(user)).await? else {
            return self.strike_without_board(user, &Due::HabitsCount(user.clone())).await;
        };
        let counted = record.days.clone();
        let days: Vec<HabitsDay> = counted.iter().map(|(day, it)| of_day(*day, it, record.v)).collect();
        if !days.is_empty() {
            self.contribute_habits(user, &days).await?;
        }
        let (now_ms, user) = (self.clock.now().as_millis(), user.clone());
        self.habits
            .transact(aggregate(&user), None, move |draft| {
                let due = Due::HabitsCount(user.clone());
                let Some(mut head) = draft.record().cloned() else {
                    due.place(draft, None);
                    return Ok(());
                };
                head.counts_ms = (head.days != counted).then(|| now_ms + limits::HABIT_COUNTS_AFTER_MS);
                strike(&mut head, &counted);
                due.place(draft, head.counts_ms);
                draft.put(head);
                Ok(())
            })
            .await
    }
}

/// What is counted needs not be kept, but of the newest day, which may come to more.
fn strike(head: &mut HabitsRecord, counted: &BTreeMap<i32, DayRecord>) {
    let newest = head.days.keys().next_back().copied();
    head.days.retain(|day, it| Some(*day) == newest || counted.get(day) != Some(it));
}

#[allow(clippy::cast_precision_loss)] // counts of one day
fn of_day(day: i32, record: &DayRecord, version: u64) -> HabitsDay {
    HabitsDay {
        day,
        version,
        at: Timestamp::from_millis(record.at_ms),
        habits_scored: record.habits as f64,
        dailies_done: record.dailies as f64,
        todos_done: record.todos as f64,
        level: f64::from(record.lvl),
        streak: f64::from(record.streak),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_comes_to_what_was_earned_on_it() {
        let (mut days, at) = (BTreeMap::new(), Timestamp::from_millis);
        let first = Earned { habits_scored: 3, todos_done: 1, ..Earned::NEW };
        assert!(count(&mut days, &Earned::NEW, &first, 7, at(10)));
        assert!(!count(&mut days, &first, &Earned { exp: 99.0, ..first }, 7, at(11)));
        let second = Earned { habits_scored: 5, todos_done: 0, lvl_max: 2, ..first };
        assert!(count(&mut days, &first, &second, 7, at(12)));
        let third = Earned { dailies_done: 1, streak_max: 4, ..second };
        assert!(count(&mut days, &second, &third, 8, at(13)));
        assert_eq!(days[&7], DayRecord { at_ms: 10, habits: 5, dailies: 0, todos: 0, lvl: 2, streak: 0 });
        assert_eq!(days[&8], DayRecord { at_ms: 13, habits: 0, dailies: 1, todos: 0, lvl: 2, streak: 4 });
    }

    #[test]
    fn days_that_wait_are_not_without_end() {
        let (mut days, mut earned) = (BTreeMap::new(), Earned::NEW);
        for day in 0..100 {
            let before = earned;
            earned.habits_scored += 1;
            count(&mut days, &before, &earned, day, Timestamp::from_millis(0));
        }
        assert_eq!(days.len(), limits::HABIT_DAYS_WAITING_MAX);
        assert!(days.contains_key(&99));
    }
}
