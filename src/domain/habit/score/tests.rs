//! The golden numbers of whole clicks.

use super::*;
use crate::domain::habit::gear::Gear;
use crate::domain::habit::numbers::Priority;
use crate::domain::habit::stats::Stats;
use crate::domain::habit::task::TaskId;

const WHEN: When = When { at: Timestamp::from_millis(1_372_000_000_000), day: 15_879 };

fn task(kind: TaskKind, value: f64) -> Task {
    Task { value, ..Task::new(TaskId::parse("t").unwrap(), kind, WHEN.at) }
}

fn up(hero: &mut Hero, task: &mut Task) -> Scored {
    click(hero, task, Direction::Up, WHEN).unwrap().unwrap()
}

fn down(hero: &mut Hero, task: &mut Task) -> Scored {
    click(hero, task, Direction::Down, WHEN).unwrap().unwrap()
}

fn is_near(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() < 5e-7
}

fn stats(gp: f64, exp: f64, lvl: u32, hp: f64) -> Stats {
    Stats { gp, exp, lvl, hp }
}

#[test]
fn a_habit_brings_and_costs_what_it_did() {
    for (value, priority, delta, exp, hp) in [
        (0.0, Priority::Easy, 1.0, 7.5, 2.0),
        (-10.0, Priority::Easy, 1.292_083, 9.5, 2.6),
        (10.0, Priority::Easy, 0.773_944, 6.0, 1.5),
        (-47.27, Priority::Easy, 3.357_913, 25.0, 6.7),
        (21.27, Priority::Easy, 0.579_81, 4.5, 1.2),
        (0.0, Priority::Medium, 1.0, 11.5, 3.0),
        (0.0, Priority::Hard, 1.0, 15.0, 4.0),
    ] {
        let before = Task { priority, ..task(TaskKind::Habit, value) };
        let (mut hero, mut habit) = (Hero::new(1), before.clone());
        let scored = up(&mut hero, &mut habit);
        assert!(is_near(scored.delta, delta) && is_near(habit.value, value + delta), "{value}");
        assert_eq!((hero.stats.exp, hero.stats.hp), (exp, 50.0), "{value}");
        assert!(is_near(hero.stats.gp, delta * priority.factor()), "{value}");
        let (mut hero, mut habit) = (Hero::new(1), before);
        let scored = down(&mut hero, &mut habit);
        assert!(is_near(scored.delta, -delta) && is_near(habit.value, value - delta), "{value}");
        assert_eq!(hero.stats, stats(0.0, 0.0, 1, 50.0 - hp), "{value}");
        assert_eq!(scored.parts, [Part::Value]);
    }
}

#[test]
fn gear_strengthens_and_defends() {
    let mut hero = Hero::new(1);
    hero.gear = Gear { weapon: 7, armor: 6, head: 6, shield: 6 };
    let mut habit = task(TaskKind::Habit, 0.0);
    assert_eq!(up(&mut hero, &mut habit).moved.exp, 9.0);
    habit.value = 0.0;
    assert!(is_near(down(&mut hero, &mut habit).moved.hp, -1.4));
}

#[test]
fn a_tick_that_is_taken_back_takes_back_what_a_tick_brings_now() {
    let (mut hero, mut todo) = (Hero::new(1), task(TaskKind::Todo, 0.0));
    up(&mut hero, &mut todo);
    assert!(todo.completed && todo.completed_at == Some(WHEN.at));
    assert_eq!(hero.stats, stats(1.0, 7.5, 1, 50.0));
    let scored = down(&mut hero, &mut todo);
    assert!(!todo.completed && todo.completed_at.is_none());
    // From 1 a click is worth .9747: less was taken back than was brought.
    assert!(is_near(todo.value, 0.0253) && is_near(scored.delta, -0.9747));
    // 14.62 rounds to 15.
    assert_eq!((hero.stats.exp, hero.stats.hp), (0.0, 50.0));
    assert!(is_near(hero.stats.gp, 0.0253));
}

#[test]
fn a_tick_that_is_as_it_shall_be_counts_nothing() {
    for kind in [TaskKind::Daily, TaskKind::Todo] {
        let (mut hero, mut task) = (Hero::new(1), task(kind, 0.0));
        assert_eq!(click(&mut hero, &mut task, Direction::Down, WHEN), Ok(None));
        up(&mut hero, &mut task);
        let (hero_before, task_before) = (hero.clone(), task.clone());
        assert_eq!(click(&mut hero, &mut task, Direction::Up, WHEN), Ok(None));
        assert_eq!((hero, task), (hero_before, task_before));
    }
}

#[test]
fn a_streak_is_worth_gold_from_its_second_day_on() {
    let mut hero = Hero::new(1);
    let mut daily = Task { streak: 10, ..task(TaskKind::Daily, 0.0) };
    let scored = up(&mut hero, &mut daily);
    assert!(is_near(hero.stats.gp, 1.1));
    assert_eq!((daily.streak, daily.earned_streak, hero.earned.streak_max), (11, 1, 1));
    assert_eq!(scored.parts, [Part::Value, Part::Completed, Part::CompletedAt, Part::Streak]);
    down(&mut hero, &mut daily);
    assert!(is_near(hero.stats.gp, 1.1 - 0.9747 * 1.11));
    assert_eq!((daily.streak, daily.earned_streak, hero.earned.streak_max), (10, 0, 1));
    let mut daily = task(TaskKind::Daily, 0.0);
    up(&mut hero, &mut daily);
    assert_eq!(daily.streak, 1);
}

#[test]
fn a_todo_left_alone_and_a_daily_missed_go_as_the_originals() {
    for (days, value) in [(1, -1.0), (2, -2.025_957), (3, -3.079_244)] {
        let (mut hero, mut todo) = (Hero::new(1), task(TaskKind::Todo, 0.0));
        miss(&mut hero, &mut todo, days);
        assert!(is_near(todo.value, value), "{days}");
        assert_eq!(hero.stats, Stats::NEW);
        let mut daily = Task { streak: 5, earned_streak: 5, ..task(TaskKind::Daily, 0.0) };
        miss(&mut hero, &mut daily, days);
        assert!(is_near(daily.value, value), "{days}");
        assert_eq!((daily.streak, daily.earned_streak), (0, 0));
        if days == 3 {
            assert!(is_near(hero.stats.hp, 50.0 - 6.2));
        }
    }
    let (mut hero, mut daily) = (Hero::new(1), Task { streak: 5, ..task(TaskKind::Daily, 0.0) });
    miss(&mut hero, &mut daily, 0);
    assert_eq!((daily.value, daily.streak, hero.stats), (0.0, 5, Stats::NEW));
}

#[test]
fn many_misses_are_the_same_as_each_for_itself() {
    for value in [0.0, 21.27, 400.0, -47.2, -1e6] {
        let (mut hero, mut task) = (Hero::new(1), task(TaskKind::Todo, value));
        miss(&mut hero, &mut task, 1_095);
        let each = (0..1_095).fold(value, |value, _| value + delta(value, Direction::Down));
        assert_eq!(task.value, each);
    }
}

#[test]
fn levels_heal_carry_over_and_unlock() {
    let mut hero = Hero::new(1);
    hero.stats = stats(0.0, 145.0, 1, 3.0);
    let scored = up(&mut hero, &mut task(TaskKind::Habit, 0.0));
    assert_eq!(hero.stats, stats(1.0, 2.5, 2, 50.0));
    assert_eq!(scored.unlocked, [Flag::Customizations, Flag::Items]);
    for (lvl, flag) in [(2, Flag::Party), (3, Flag::Drops)] {
        hero.stats = Stats { exp: 175.0, lvl, ..hero.stats };
        assert_eq!(up(&mut hero, &mut task(TaskKind::Habit, 0.0)).unlocked, [flag]);
    }
    let mut hero = Hero::new(1);
    hero.stats.exp = 3.0;
    assert_eq!(up(&mut hero, &mut task(TaskKind::Habit, 0.0)).unlocked, [Flag::Customizations]);
}

#[test]
fn at_the_last_level_experience_becomes_gold() {
    let mut hero = Hero::new(1);
    hero.stats = stats(0.0, 0.0, 100, 50.0);
    up(&mut hero, &mut task(TaskKind::Habit, 0.0));
    // 15 × 1.495 is 22.425.
    assert_eq!(hero.stats, stats(1.0 + 11.0 / 15.0, 0.0, 100, 50.0));
}

#[test]
fn death_comes_at_nought_and_the_dead_stay_as_they_are() {
    let mut hero = Hero::new(1);
    hero.stats = stats(7.0, 5.0, 3, 2.0);
    let mut habit = task(TaskKind::Habit, -10.0);
    assert!(down(&mut hero, &mut habit).died);
    let dead = stats(7.0, 5.0, 3, 0.0);
    assert_eq!(hero.stats, dead);
    let value = habit.value;
    let scored = up(&mut hero, &mut habit);
    assert!(!scored.died && scored.drop.is_none() && habit.value > value);
    assert_eq!(hero.stats, dead);
    assert_eq!(click(&mut hero, &mut task(TaskKind::Reward, 1.0), Direction::Up, WHEN), Err(HabitError::Dead));
}

#[test]
fn the_dead_find_nothing() {
    let finds = |hp| {
        let mut hero = Hero::new(5);
        (hero.flags.drops, hero.stats.hp) = (true, hp);
        up(&mut hero, &mut Task { streak: 99, ..task(TaskKind::Daily, 0.0) }).drop
    };
    assert!(finds(1.0).is_some() && finds(0.0).is_none());
}

#[test]
fn rewards_cost_their_price_and_no_more_than_there_is() {
    for (gp, price, left) in [(20.0, 20.0, Some(0.0)), (19.99, 20.0, None), (5.0, -2.0, Some(3.0)), (1.0, -2.0, None)] {
        let mut hero = Hero::new(1);
        hero.stats.gp = gp;
        let mut reward = task(TaskKind::Reward, price);
        let scored = click(&mut hero, &mut reward, Direction::Down, WHEN);
        assert_eq!(scored.is_ok(), left.is_some(), "{gp} {price}");
        assert_eq!(hero.stats, Stats { gp: left.unwrap_or(gp), ..Stats::NEW });
        assert_eq!(reward.value, price);
        assert!(hero.rolls == 0 && hero.earned == crate::domain::habit::hero::Earned::NEW);
    }
}

#[test]
fn what_is_earned_is_what_was_clicked_and_not_what_was_written() {
    let mut honest = Hero::new(1);
    let mut boasting = Hero::new(1);
    boasting.stats = stats(1e6, 0.0, 90, 50.0);
    let mut streak = Task { streak: 900, ..task(TaskKind::Daily, 0.0) };
    for hero in [&mut honest, &mut boasting] {
        for _ in 0..30 {
            up(hero, &mut task(TaskKind::Habit, 0.0));
        }
        up(hero, &mut streak);
        down(hero, &mut task(TaskKind::Habit, 0.0));
        up(hero, &mut task(TaskKind::Todo, 0.0));
        streak.completed = false;
        streak.earned_streak = 0;
    }
    assert_eq!(honest.stats.lvl, 2);
    assert_eq!(honest.earned, boasting.earned);
    let earned = honest.earned;
    assert_eq!((earned.lvl, earned.lvl_max, earned.exp), (2, 2, honest.stats.exp));
    assert_eq!((earned.habits_scored, earned.dailies_done, earned.todos_done, earned.streak_max), (31, 1, 1, 1));
}

#[test]
fn drops_follow_from_the_seed_and_the_clicks_before() {
    let finds = |seed, enabled| {
        let mut hero = Hero::new(seed);
        hero.flags.drops = enabled;
        let mut days = (0..300).map(|day| {
            let mut daily = task(TaskKind::Daily, 0.0);
            let when = When { day, ..WHEN };
            click(&mut hero, &mut daily, Direction::Up, when).unwrap().unwrap().drop
        });
        days.by_ref().map(|drop| drop.map(|drop| drop.sort().name)).collect::<Vec<_>>()
    };
    assert_eq!(finds(5, true), finds(5, true));
    assert_ne!(finds(5, true), finds(6, true));
    let found: Vec<_> = finds(5, true).into_iter().flatten().collect();
    // A streak of one counts: a tenth of them.
    assert!((18..=45).contains(&found.len()), "{}", found.len());
    // Locked until level 4, which these clicks reach; then they are the same as ever.
    assert!(finds(5, false)[..60].iter().all(Option::is_none));
}
