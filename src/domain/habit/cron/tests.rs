//! The turn of days: what is missed, when a day turns, and that it does so once.

use super::*;
use crate::domain::habit::bounds::TASKS_LEN_MAX;
use crate::domain::habit::hero::Hero;
use crate::domain::habit::numbers::{Direction, delta};
use crate::domain::habit::stats::Stats;
use crate::domain::habit::task::{Item, Task};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn zone(name: &str) -> Zone {
    Zone::Named(name.parse().unwrap())
}

fn id(name: &str) -> TaskId {
    TaskId::parse(name).unwrap()
}

fn task(name: &str, kind: TaskKind) -> Task {
    Task::new(id(name), kind, at("2026-11-01T00:00:00Z"))
}

/// Whose day last turned then, as a client has written it.
fn board(last: &str, tasks: impl IntoIterator<Item = Task>) -> Board {
    let mut board = Board::load(Hero::new(1), []);
    tasks.into_iter().for_each(|task| drop(board.add(task, usize::MAX).unwrap()));
    board.hero.last_turn = LastTurn::At { at: at(last), day: None };
    board.take_changed();
    board
}

fn value(board: &Board, name: &str) -> f64 {
    board.task(&id(name)).unwrap().value
}

fn is_near(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() < 5e-7
}

#[test]
fn three_days_cost_what_they_did() {
    let tasks = [task("daily", TaskKind::Daily), task("todo", TaskKind::Todo), task("habit", TaskKind::Habit)];
    let mut board = board("2026-11-19T15:00:00Z", tasks);
    let now = at("2026-11-22T09:00:00Z");
    let (seen, after) = preview(&board, now, Zone::UTC).unwrap();
    assert_eq!(board.hero.stats, Stats::NEW);
    assert!(board.changed.is_nothing());
    let turned = turn(&mut board, now, Zone::UTC).unwrap();
    assert_eq!((turned.clone(), board.hero.clone()), (seen, after.hero.clone()));
    assert!(board.all_tasks().eq(after.all_tasks()));
    assert_eq!((turned.days, turned.rested, turned.died), (3, false, false));
    assert_eq!(turned.missed, [(id("todo"), 3), (id("daily"), 3)]);
    assert!(is_near(value(&board, "todo"), -3.079_244) && is_near(value(&board, "daily"), -3.079_244));
    assert!(is_near(board.hero.stats.hp, 43.8) && is_near(turned.hp_lost, 6.2));
    assert_eq!(value(&board, "habit"), 0.0);
    let changed = board.take_changed();
    assert_eq!(changed.tasks.into_iter().collect::<Vec<_>>(), [id("daily"), id("todo")]);
    let histories: Vec<_> = changed.histories.iter().map(|(of, entry)| (of.clone(), entry.value)).collect();
    let daily = value(&board, "daily");
    assert_eq!(histories, [(Of::Task(id("daily")), daily), (Of::Todos, value(&board, "todo")), (Of::Exp, 0.0)]);
    assert!(changed.histories.iter().all(|(_, entry)| entry.at == now && entry.day == turned.day));
}

#[test]
fn a_day_turns_once_whoever_asks() {
    let mut board = board("2026-11-21T15:00:00Z", [task("daily", TaskKind::Daily)]);
    assert!(turn(&mut board, at("2026-11-21T23:59:59.999Z"), Zone::UTC).is_none());
    assert!(board.changed.is_nothing());
    assert_eq!(turn(&mut board, at("2026-11-22T00:00:00Z"), Zone::UTC).unwrap().days, 1);
    let after = board.hero.clone();
    // Again, later on the day, and on an instance whose clock is a moment behind.
    for again in ["2026-11-22T00:00:00Z", "2026-11-22T23:59:59Z", "2026-11-21T23:59:59.900Z"] {
        assert!(turn(&mut board, at(again), Zone::UTC).is_none(), "{again}");
        assert_eq!(board.hero, after);
    }
    assert_eq!(next_turn(&board, Zone::UTC), Some(at("2026-11-23T00:00:00Z")));
    assert_eq!(turn(&mut board, at("2026-11-23T00:00:00Z"), Zone::UTC).unwrap().days, 1);
}

#[test]
fn the_first_turn_and_one_from_the_future_only_set_the_clock() {
    let now = at("2026-11-22T09:00:00Z");
    for last in [
        LastTurn::Never,
        LastTurn::At { at: at("2026-11-22T09:00:01Z"), day: None },
        LastTurn::At { at: at("2036-01-01T00:00:00Z"), day: None },
        LastTurn::At { at: at("2036-01-01T00:00:00Z"), day: Some(24_106) },
    ] {
        let mut board = board("2026-11-01T00:00:00Z", [task("daily", TaskKind::Daily)]);
        board.hero.last_turn = last;
        assert_eq!(turn(&mut board, now, Zone::UTC), None, "{last:?}");
        assert_eq!(board.hero.last_turn, LastTurn::At { at: now, day: Some(20_779) }, "{last:?}");
        assert_eq!((board.hero.stats, value(&board, "daily")), (Stats::NEW, 0.0));
        assert!(board.take_changed().head);
    }
    assert_eq!(next_turn(&Board::load(Hero::new(1), []), Zone::UTC), None);
}

/// The cases that the original tested, with its outcomes. 2026-11-22 is a Sunday.
#[test]
fn due_days_and_hours_turn_as_the_originals() {
    let all = [true; 7];
    let not_sunday = [false, true, true, true, true, true, true];
    let not_saturday = [true, true, true, true, true, true, false];
    for (repeat, hour, day_start, checked, turns, hurts) in [
        (all, 0, 0, false, true, true),
        (all, 3, 4, true, false, false),
        (all, 3, 4, false, false, false),
        (all, 5, 4, true, true, false),
        (all, 5, 4, false, true, true),
        (not_sunday, 3, 4, false, false, false),
        (not_sunday, 5, 4, true, true, false),
        (not_sunday, 5, 4, false, true, true),
        (not_saturday, 0, 0, false, true, false),
        (not_saturday, 5, 4, false, true, false),
        (not_saturday, 3, 4, false, false, false),
    ] {
        let daily = Task { repeat, streak: 10, completed: checked, ..task("daily", TaskKind::Daily) };
        let mut board = board(&format!("2026-11-21T0{hour}:00:00Z"), [daily]);
        board.hero.preferences.day_start = day_start;
        let turned = turn(&mut board, at(&format!("2026-11-22T0{hour}:00:00Z")), Zone::UTC);
        let case = format!("{repeat:?} {hour} {day_start} {checked}");
        assert_eq!(turned.is_some(), turns, "{case}");
        assert_eq!(board.hero.stats.hp < 50.0, hurts, "{case}");
        let daily = board.task(&id("daily")).unwrap();
        assert_eq!((daily.completed, daily.streak), (checked && !turns, if hurts { 0 } else { 10 }), "{case}");
        assert_eq!(value(&board, "daily") < 0.0, hurts, "{case}");
    }
}

#[test]
fn each_date_turns_once_when_the_hour_or_the_place_changes() {
    let mut board = board("2026-11-21T12:00:00Z", [task("daily", TaskKind::Daily)]);
    let mut days = |at_text: &str, zone_name: &str, day_start: u8| {
        board.hero.preferences.day_start = day_start;
        turn(&mut board, at(at_text), zone(zone_name)).map(|turned| turned.days)
    };
    assert_eq!(days("2026-11-22T00:00:00Z", "UTC", 0), Some(1));
    // The day shall begin at four from now on: this one has begun already.
    assert_eq!(days("2026-11-22T02:00:00Z", "UTC", 4), None);
    assert_eq!(days("2026-11-22T04:00:00Z", "UTC", 4), None);
    assert_eq!(days("2026-11-23T03:59:59Z", "UTC", 4), None);
    assert_eq!(days("2026-11-23T04:00:00Z", "UTC", 4), Some(1));
    // Away for a while, and back before four: that is the day before.
    assert_eq!(days("2026-11-26T01:00:00Z", "UTC", 4), Some(2));
    assert_eq!(days("2026-11-26T04:00:00Z", "UTC", 4), Some(1));
    // West, where it is still yesterday, and over the date line; then east.
    assert_eq!(days("2026-11-26T10:00:00Z", "Pacific/Kiritimati", 0), Some(1));
    assert_eq!(days("2026-11-26T10:30:00Z", "Pacific/Pago_Pago", 0), None);
    assert_eq!(days("2026-11-28T10:59:59Z", "Pacific/Pago_Pago", 0), None);
    assert_eq!(days("2026-11-28T11:00:00Z", "Pacific/Pago_Pago", 0), Some(1));
    assert_eq!(days("2026-11-28T11:00:01Z", "Europe/Helsinki", 0), None);
}

#[test]
fn nights_of_a_change_of_clocks_are_one_day_each() {
    for (zone_name, day_start, last, turns) in [
        // 23 hours, then 25; at midnight and at the very hour that is skipped or comes twice.
        ("Europe/Helsinki", 0, "2026-03-28T21:00:00Z", ["2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"]),
        ("Europe/Helsinki", 3, "2026-03-28T21:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]),
        ("Europe/Helsinki", 0, "2026-10-24T20:00:00Z", ["2026-10-24T21:00:00Z", "2026-10-25T22:00:00Z"]),
        ("Europe/Helsinki", 3, "2026-10-24T20:00:00Z", ["2026-10-25T00:00:00Z", "2026-10-26T01:00:00Z"]),
        // Midnight twice, and none.
        ("America/Havana", 0, "2026-10-31T20:00:00Z", ["2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"]),
        ("Asia/Beirut", 0, "2026-03-28T20:00:00Z", ["2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"]),
    ] {
        let zone = zone(zone_name);
        let mut board = board(last, [task("daily", TaskKind::Daily)]);
        board.hero.preferences.day_start = day_start;
        for moment in turns.map(at) {
            assert_eq!(next_turn(&board, zone), Some(moment), "{zone_name} {day_start}");
            assert!(turn(&mut board, moment.plus_millis(-1), zone).is_none(), "{zone_name} {day_start} {moment}");
            // Each minute of two hours, and only the first of them turns.
            let minutes = (0..120).filter_map(|minute| turn(&mut board, moment.plus_millis(minute * 60_000), zone));
            assert_eq!(minutes.map(|turned| turned.days).collect::<Vec<_>>(), [1], "{zone_name} {day_start} {moment}");
        }
    }
}

#[test]
fn only_chosen_weekdays_are_missed() {
    let mondays = Task { repeat: [false, true, false, false, false, false, false], ..task("mondays", TaskKind::Daily) };
    let never = Task { repeat: [false; 7], streak: 4, ..task("never", TaskKind::Daily) };
    // From a Saturday to a Sunday four weeks and a day later: four Mondays.
    let mut board = board("2026-10-24T12:00:00Z", [mondays, never]);
    let turned = turn(&mut board, at("2026-11-22T12:00:00Z"), Zone::UTC).unwrap();
    assert_eq!((turned.days, turned.missed), (29, vec![(id("mondays"), 4)]));
    assert_eq!(board.task(&id("never")).unwrap().streak, 4);
    let each = (0..4).fold(0.0, |value, _| value + delta(value, Direction::Down));
    assert_eq!(value(&board, "mondays"), each);
}

#[test]
fn who_is_done_keeps_the_streak_and_begins_anew() {
    let step = |is_completed| Item { id: "1".to_owned(), text: "step".to_owned(), is_completed };
    let done = Task {
        completed: true,
        streak: 9,
        earned_streak: 3,
        checklist: vec![step(true)],
        ..task("done", TaskKind::Daily)
    };
    let ready = Task { completed: true, value: -4.0, ..task("ready", TaskKind::Todo) };
    let mut board = board("2026-11-20T12:00:00Z", [done, ready]);
    let turned = turn(&mut board, at("2026-11-22T12:00:00Z"), Zone::UTC).unwrap();
    assert_eq!((turned.missed, turned.unticked), (vec![], vec![id("done")]));
    let done = board.task(&id("done")).unwrap();
    assert_eq!((done.completed, done.streak, done.earned_streak, done.value), (false, 9, 3, 0.0));
    assert_eq!(done.checklist, [step(false)]);
    let todo = board.task(&id("ready")).unwrap();
    assert_eq!((todo.completed, todo.value), (true, -4.0));
    // Of a to-do that is done the sum takes the size.
    let sum = board.changed.histories.iter().find(|(of, _)| *of == Of::Todos).unwrap();
    assert_eq!(sum.1.value, 4.0);
}

#[test]
fn one_sided_habits_fade() {
    let habit = |name: &str, value, up, down| Task { value, up, down, ..task(name, TaskKind::Habit) };
    let tasks = [
        habit("both", 4.0, true, true),
        habit("up", 4.0, true, false),
        habit("down", -4.0, false, true),
        habit("none", 0.09, false, false),
        habit("rests", 0.0, false, true),
    ];
    let mut board = board("2026-11-01T12:00:00Z", tasks);
    let turned = turn(&mut board, at("2026-11-22T12:00:00Z"), Zone::UTC).unwrap();
    assert_eq!(["both", "up", "down", "none", "rests"].map(|name| value(&board, name)), [4.0, 2.0, -2.0, 0.0, 0.0]);
    assert_eq!(turned.faded, [id("up"), id("down"), id("none")]);
}

#[test]
fn at_the_inn_days_turn_and_nothing_else_happens() {
    let done = Task { completed: true, ..task("done", TaskKind::Daily) };
    let mut board = board("2026-11-12T12:00:00Z", [task("daily", TaskKind::Daily), task("todo", TaskKind::Todo), done]);
    board.hero.flags.rest = true;
    let turned = turn(&mut board, at("2026-11-22T12:00:00Z"), Zone::UTC).unwrap();
    assert!(turned.rested && turned.days == 10 && turned.missed.is_empty());
    let changed = board.take_changed();
    assert!(changed.head && changed.tasks.is_empty() && changed.histories.is_empty());
    assert!(board.task(&id("done")).unwrap().completed);
    board.hero.flags.rest = false;
    assert!(turn(&mut board, at("2026-11-22T13:00:00Z"), Zone::UTC).is_none());
    assert_eq!(turn(&mut board, at("2026-11-23T13:00:00Z"), Zone::UTC).unwrap().days, 1);
}

#[test]
fn years_of_absence_are_counted_to_a_bound_and_kill() {
    let kinds = [TaskKind::Daily, TaskKind::Todo];
    let tasks = (0..TASKS_LEN_MAX).map(|number| task(&number.to_string(), kinds[number % 2]));
    let mut board = board("1970-01-01T00:00:00Z", tasks);
    board.hero.stats = Stats { gp: 5.0, exp: 6.0, lvl: 7, hp: 50.0 };
    let turned = turn(&mut board, at("2026-11-22T12:00:00Z"), zone("Europe/Helsinki")).unwrap();
    assert_eq!((turned.days, turned.died, turned.hp_lost), (DAYS_MAX, true, 50.0));
    assert_eq!(board.hero.stats, Stats { gp: 5.0, exp: 6.0, lvl: 7, hp: 0.0 });
    let each = (0..DAYS_MAX).fold(0.0, |value, _| value + delta(value, Direction::Down));
    assert!(board.all_tasks().all(|task| task.value == each));
    // Who is dead loses no more, and the tasks go on.
    let turned = turn(&mut board, at("2026-11-23T12:00:00Z"), zone("Europe/Helsinki")).unwrap();
    assert_eq!((turned.died, turned.hp_lost), (false, 0.0));
    assert!(value(&board, "0") < each);
}

#[test]
fn a_year_is_every_day_of_it() {
    let mut board = board("2025-11-22T12:00:00Z", [task("daily", TaskKind::Daily)]);
    let turned = turn(&mut board, at("2026-11-22T12:00:00Z"), Zone::UTC).unwrap();
    assert_eq!((turned.days, turned.missed), (365, vec![(id("daily"), 365)]));
}

#[test]
fn any_moment_that_a_client_may_write_is_borne() {
    for millis in [i64::MIN, -8_000_000_000_000_000, -1, 0, 1, 8_000_000_000_000_000, i64::MAX] {
        for now in ["0001-01-01T00:00:00Z", "2026-11-22T12:00:00Z", "9999-12-31T23:59:59Z"] {
            let mut board = board("2026-11-22T12:00:00Z", [task("daily", TaskKind::Daily)]);
            board.hero.last_turn = LastTurn::At { at: Timestamp::from_millis(millis), day: None };
            let turned = turn(&mut board, at(now), zone("America/Havana"));
            assert!(turned.is_none_or(|turned| turned.days <= DAYS_MAX));
            next_turn(&board, zone("America/Havana"));
        }
    }
}
