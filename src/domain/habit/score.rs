//! A click on a task, or a day on which it was not done: what it brings and costs, exactly as the original of June 2013 reckons.
//!
//! Which tasks there are, and who hears of it, is not known here.

use super::bounds::STREAK_MAX;
use super::drops::Drop;
use super::error::HabitError;
use super::hero::{Flag, Hero};
use super::numbers::{Direction, VALUE_LEAST, VALUE_MOST, delta, experience, gold, health, within};
use super::stats::{Fate, Moved, Points, climb};
use super::task::{Part, Task, TaskKind};
use crate::domain::time::Timestamp;

/// When a click comes: its moment, and the user's day that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    pub at: Timestamp,
    /// Counted from 1970-01-01.
    pub day: i32,
}

/// What a click has done.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// How far the value has moved; of a reward how far it would have.
    pub delta: f64,
    pub moved: Moved,
    /// By this.
    pub died: bool,
    pub unlocked: Vec<Flag>,
    pub drop: Option<Drop>,
    /// What of the task is another.
    pub parts: Vec<Part>,
}

/// A click. `None` when the tick is as it is to be already: of two devices that say that a daily is done, one counts. (The
/// original left that to its page; its later versions refuse the second.)
///
/// # Errors
/// [`HabitError::NotEnoughGold`] and [`HabitError::Dead`], for rewards.
pub fn click(hero: &mut Hero, task: &mut Task, direction: Direction, when: When) -> Result<Option<Scored>, HabitError> {
    let done = direction == Direction::Up;
    if task.kind.has_tick() && task.completed == done {
        return Ok(None);
    }
    if task.kind == TaskKind::Reward {
        return buy_reward(hero, task, direction).map(Some);
    }
    let before = hero.stats;
    let delta = move_value(task, direction, 1);
    let streak = if task.kind == TaskKind::Daily { task.streak } else { 0 };
    let mut points = before.points();
    // A tick that is taken back gives back what it brought; only a bad habit hurts.
    let hurts = task.kind == TaskKind::Habit && !done;
    if hurts {
        points.hp += health(delta, hero.gear.defence(), before.lvl, task.priority);
    } else {
        points.exp += experience(delta, hero.gear.strength(), before.lvl, task.priority);
        points.gp += gold(delta, streak, task.priority);
    }
    let fate = hero.stats.update(points);
    let unlocked = if fate == Fate::Lives { hero.unlock() } else { Vec::new() };
    if fate == Fate::Lives && !hurts {
        earn(hero, task, delta);
    }
    let parts = tick(task, done, when.at);
    count(hero, task, done);
    let drop = (fate == Fate::Lives && done).then(|| look(hero, task, delta, when)).flatten();
    let moved = hero.stats.since(&before);
    Ok(Some(Scored { delta, moved, died: fate == Fate::Dies, unlocked, drop, parts }))
}

/// A task that was not done on so many days: a to-do grows in worth, a daily hurts and loses its streak. Others stay.
pub fn miss(hero: &mut Hero, task: &mut Task, days: u32) -> Fate {
    if !task.kind.has_tick() || days == 0 {
        return if hero.stats.is_dead() { Fate::Dead } else { Fate::Lives };
    }
    let delta = move_value(task, Direction::Down, days);
    let mut points = hero.stats.points();
    if task.kind == TaskKind::Daily {
        points.hp += health(delta, hero.gear.defence(), hero.stats.lvl, task.priority);
        (task.streak, task.earned_streak) = (0, 0);
    }
    hero.stats.update(points)
}

/// As often as that. Beyond the ends of the scale each step is the same, so a thousand of them are additions.
fn move_value(task: &mut Task, direction: Direction, times: u32) -> f64 {
    let (mut sum, mut step, mut place) = (0.0, 0.0, None);
    for _ in 0..times {
        let now = task.value.clamp(VALUE_LEAST, VALUE_MOST);
        if place != Some(now) {
            (step, place) = (delta(now, direction), Some(now));
        }
        task.value = within(task.value + step);
        sum += step;
    }
    sum
}

/// The tick and the streak of it.
fn tick(task: &mut Task, done: bool, at: Timestamp) -> Vec<Part> {
    let mut parts = vec![Part::Value];
    if !task.kind.has_tick() {
        return parts;
    }
    task.completed = done;
    (task.completed_at, task.completed_by) = (done.then_some(at), None);
    parts.extend([Part::Completed, Part::CompletedAt]);
    if task.kind == TaskKind::Daily {
        let next = |streak: u32| if done { (streak + 1).min(STREAK_MAX) } else { streak.saturating_sub(1) };
        task.streak = next(task.streak);
        task.earned_streak = next(task.earned_streak);
        parts.push(Part::Streak);
    }
    parts
}

/// What counts as earned: by the level that was earned, so that a level which a client has written helps nobody.
fn earn(hero: &mut Hero, task: &Task, delta: f64) {
    let earned = &mut hero.earned;
    let exp = earned.exp + experience(delta, hero.gear.strength(), earned.lvl, task.priority);
    (earned.lvl, earned.exp) = climb(earned.lvl, within(exp));
    earned.lvl_max = earned.lvl_max.max(earned.lvl);
}

fn count(hero: &mut Hero, task: &Task, done: bool) {
    let earned = &mut hero.earned;
    let counter = match task.kind {
        TaskKind::Habit => {
            earned.habits_scored = earned.habits_scored.saturating_add(1);
            return;
        }
        TaskKind::Reward => return,
        TaskKind::Daily => &mut earned.dailies_done,
        TaskKind::Todo => &mut earned.todos_done,
    };
    *counter = if done { counter.saturating_add(1) } else { counter.saturating_sub(1) };
    earned.streak_max = earned.streak_max.max(task.earned_streak);
}

/// Chance is asked at every click up that is worth something, whether it may find anything or not: so what is found depends on
/// how many there were before, and on nothing else.
fn look(hero: &mut Hero, task: &Task, delta: f64, when: When) -> Option<Drop> {
    let mut chance = hero.chance();
    // With the streak of this very tick.
    let streak = if task.kind == TaskKind::Daily { task.streak } else { 0 };
    let worth = delta.abs() * task.priority.factor() + f64::from(streak);
    hero.flags.drops.then(|| hero.found.look(worth, &mut chance, when.at, when.day)).flatten()
}

/// A price below nought is its size, as the original takes it.
fn buy_reward(hero: &mut Hero, task: &Task, direction: Direction) -> Result<Scored, HabitError> {
    let before = hero.stats;
    if before.is_dead() {
        return Err(HabitError::Dead);
    }
    let price = task.value.abs();
    if price > before.gp {
        return Err(HabitError::NotEnoughGold);
    }
    hero.stats.update(Points { gp: before.gp - price, ..before.points() });
    let moved = hero.stats.since(&before);
    let delta = delta(task.value, direction);
    Ok(Scored { delta, moved, died: false, unlocked: hero.unlock(), drop: None, parts: Vec::new() })
}

#[cfg(test)]
mod tests;
