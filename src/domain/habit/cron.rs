//! The turn of a user's day: what was not done counts, dailies are to be done again, and one-sided habits fade.
//!
//! Once for each day, whoever asks first; days that nobody asked for are counted together, by arithmetic. Who asks is not known
//! here.

use super::board::Board;
use super::bounds::DAYS_MAX;
use super::day::{Zone, chosen_days_before};
use super::hero::LastTurn;
use super::history::{Entry, Of};
use super::score::miss;
use super::task::{TaskId, TaskKind};
use crate::domain::time::Timestamp;

/// A habit with one button comes to rest when its value is nearer to nought than this.
const AT_REST: f64 = 0.1;
/// How far ahead of today a day may be that has turned already: it was turned where clocks show tomorrow's date, or the day after
/// it, before its user flew here, or by an instance whose clock is a moment ahead. It does not turn once more.
pub const DAYS_AHEAD_MAX: i32 = 2;

/// What the turn of a day has done. Values as they are now stand on the board.
#[derive(Clone, Debug, PartialEq)]
pub struct Turned {
    /// When it turned.
    pub at: Timestamp,
    /// The day that has begun, counted from 1970-01-01.
    pub day: i32,
    /// Days since the last turn, at most [`DAYS_MAX`].
    pub days: u32,
    /// At the inn: nothing else has happened.
    pub rested: bool,
    /// Health that was lost.
    pub hp_lost: f64,
    pub died: bool,
    /// To-dos and dailies that were not done, in the order of their lists, and on how many days.
    pub missed: Vec<(TaskId, u32)>,
    /// Dailies that were done and are to be done again, in the order of their list.
    pub unticked: Vec<TaskId>,
    /// Habits that have faded, in the order of their list.
    pub faded: Vec<TaskId>,
}

/// Turns the day if one has begun since the last turn. The first turn of all, and one after a turn that lies in the future, only
/// sets the clock, as in the original: both are `None`.
pub fn turn(board: &mut Board, at: Timestamp, zone: Zone) -> Option<Turned> {
    let calendar = board.hero.calendar(zone);
    let today = calendar.day_of(at);
    let begun = LastTurn::At { at, day: Some(today) };
    let last_day = match board.hero.last_turn {
        LastTurn::At { day: Some(day), .. } if day <= today.saturating_add(DAYS_AHEAD_MAX) => day,
        // The original's reckoning: the date that clocks showed, also before the hour at which the day begins.
        LastTurn::At { at: last, day: None } if last <= at => calendar.date_of(last),
        _ => {
            board.hero.last_turn = begun;
            board.changed.head = true;
            return None;
        }
    };
    let days = u32::try_from(i64::from(today) - i64::from(last_day)).unwrap_or(0).min(DAYS_MAX);
    if days == 0 {
        return None;
    }
    board.hero.last_turn = begun;
    board.changed.head = true;
    let mut turned = Turned {
        at,
        day: today,
        days,
        rested: board.hero.flags.rest,
        hp_lost: 0.0,
        died: false,
        missed: Vec::new(),
        unticked: Vec::new(),
        faded: Vec::new(),
    };
    if turned.rested {
        return Some(turned);
    }
    let before = board.hero.stats;
    let entry = |value| Entry { day: today, at, value, run: None };
    let todos_in_all = turn_todos(board, &mut turned);
    turn_dailies(board, &mut turned, entry);
    fade_habits(board, &mut turned);
    board.record(Of::Todos, entry(todos_in_all));
    board.record(Of::Exp, entry(board.hero.stats.exp_in_all()));
    turned.hp_lost = (before.hp - board.hero.stats.hp).max(0.0);
    turned.died = board.hero.stats.is_dead() && !before.is_dead();
    Some(turned)
}

/// What [`turn`] would do now, and the board as it would be.
pub fn preview(board: &Board, at: Timestamp, zone: Zone) -> Option<(Turned, Board)> {
    let mut after = board.clone();
    turn(&mut after, at, zone).map(|turned| (turned, after))
}

/// When the next day begins for which there is something to turn; `None` before the first turn, which any request makes.
pub fn next_turn(board: &Board, zone: Zone) -> Option<Timestamp> {
    let calendar = board.hero.calendar(zone);
    let LastTurn::At { at, day } = board.hero.last_turn else { return None };
    let last_day = day.unwrap_or_else(|| calendar.date_of(at));
    Some(calendar.start_of(last_day.saturating_add(1)))
}

/// Gives the sum of their values afterwards, of those done without its sign.
fn turn_todos(board: &mut Board, turned: &mut Turned) -> f64 {
    let mut sum = 0.0;
    for id in board.ids(TaskKind::Todo) {
        let Some((hero, task)) = board.task_mut(&id) else { continue };
        if !task.completed {
            miss(hero, task, turned.days);
        }
        sum += if task.completed { task.value.abs() } else { task.value };
        if !task.completed {
            turned.missed.push((id.clone(), turned.days));
            board.changed.tasks.insert(id);
        }
    }
    sum
}

fn turn_dailies(board: &mut Board, turned: &mut Turned, entry: impl Fn(f64) -> Entry) {
    for id in board.ids(TaskKind::Daily) {
        let Some((hero, task)) = board.task_mut(&id) else { continue };
        let (was_done, run) = (task.completed, task.completed_by);
        let misses = if was_done { 0 } else { chosen_days_before(turned.day, turned.days, &task.repeat) };
        miss(hero, task, misses);
        let is_begun = task.checklist.iter().any(|item| item.is_completed);
        if was_done || is_begun {
            (task.completed, task.completed_at, task.completed_by) = (false, None, None);
            task.checklist.iter_mut().for_each(|item| item.is_completed = false);
            turned.unticked.push(id.clone());
        }
        let value = task.value;
        if misses > 0 {
            turned.missed.push((id.clone(), misses));
        }
        if misses > 0 || was_done || is_begun {
            board.changed.tasks.insert(id.clone());
        }
        board.record(Of::Task(id), Entry { run, ..entry(value) });
    }
}

fn fade_habits(board: &mut Board, turned: &mut Turned) {
    for id in board.ids(TaskKind::Habit) {
        let fades = board.task(&id).is_some_and(|task| !(task.up && task.down) && task.value != 0.0);
        if !fades {
            continue;
        }
        let Some((_, task)) = board.task_mut(&id) else { continue };
        task.value = if task.value.abs() < AT_REST { 0.0 } else { task.value / 2.0 };
        board.changed.tasks.insert(id.clone());
        turned.faded.push(id);
    }
}

#[cfg(test)]
mod tests;
