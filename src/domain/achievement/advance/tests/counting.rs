//! What is read and written, and that whatever is counted step by step is what counting anew comes to.

use super::*;
use crate::domain::achievement::bounds::MONTHS_LEN_MAX;
use crate::domain::achievement::definitions::{Achievement, Relevance};
use crate::domain::achievement::measure::{Group, Pick};
use crate::domain::achievement::rules::made_up::{achievement, definitions, goal, id, property, rules, variable};

fn move_at(variable: &str, key: &str, by: f64, moment: &str) -> Move {
    Move { variable: name(variable), key: key.to_owned(), by, at: at(moment) }
}

#[test]
fn a_move_reads_and_writes_two_documents_however_many_achievements_there_are() {
    let counts_it = |number| achievement(number, &format!("n{number}"), vec![goal("a", "1000*level")]);
    let others =
        |number| achievement(number, &format!("n{number}"), vec![goal(["b", "c", "d"][number as usize % 3], "1")]);
    for len in [10_u64, 1_900] {
        let all = (1..=20).map(counts_it).chain((21..21 + len).map(others));
        let mut player = Player::new(rules(all.collect()));
        player.takes("b", 5.0);
        for by in [1.0, 1.0] {
            player.takes("a", by);
            assert_eq!(player.read_len, 2);
            assert_eq!((player.changed.measures.len(), player.changed.values.len()), (1, 1));
        }
        assert!(!player.changed.head, "nothing but the sums has changed");
        assert_eq!(player.measures[&name("a")].states.len(), 1, "they share a number");
    }
}

#[test]
fn a_new_rule_counts_the_past() {
    let first = definitions(vec![achievement(1, "first", vec![goal("a", "100")])]);
    let mut player = Player::new(Rules::check(first.clone()).unwrap().0);
    for moment in ["2026-01-05T10:00:00Z", "2026-06-05T10:00:00Z", "2026-11-01T10:00:00Z", "2026-11-21T10:00:00Z"] {
        player.decides(&[move_at("a", "", 1.0, moment)], Scope::Moved).unwrap();
    }
    let mut more = first;
    let with = |number, timespan_days, evaluation| {
        let mut goal = goal("a", "level");
        goal.timespan_days = timespan_days;
        Achievement { evaluation, maxlevel: 10, ..achievement(number, &format!("n{number}"), vec![goal]) }
    };
    more.achievements.push(with(2, None, Evaluation::Immediately));
    more.achievements.push(with(3, Some(30), Evaluation::Immediately));
    more.achievements.push(with(4, None, Evaluation::Yearly));
    more.achievements.push(with(5, None, Evaluation::Weekly));
    more.achievements[0].goals[0].timespan_days = Some(2);
    player.rules = Rules::check(more).unwrap().0;
    let advance = player.takes("a", 1.0);
    assert_eq!(
        unlocked(&advance),
        ["2@all: 1,2,3,4,5", "3@all: 1,2,3", "4@2026-01-01: 1,2,3,4,5", "5@2026-11-16: 1,2"]
    );
    // From now on it goes on from there.
    assert_eq!(unlocked(&player.takes("a", 1.0)).len(), 4);
    assert_eq!(player.read_len, 2);
}

#[test]
fn only_the_months_that_matter_are_read_again() {
    let weekly = Achievement { evaluation: Evaluation::Weekly, ..achievement(1, "weekly", vec![goal("a", "9")]) };
    let mut player = Player::new(Rules::check(definitions(vec![])).unwrap().0);
    for month in 1..=11 {
        player.decides(&[move_at("a", "", 1.0, &format!("2026-{month:02}-20T10:00:00Z"))], Scope::Moved).unwrap();
    }
    player.rules = rules(vec![weekly]);
    player.takes("a", 1.0);
    // The document of its measures, and of its 11 months the current one.
    assert_eq!(player.read_len, 2);
    player.measures.clear();
    player.now = at("2026-12-02T10:00:00Z");
    player.takes("a", 1.0);
    assert_eq!(player.read_len, 3);
}

#[test]
fn evaluating_everything_asks_nothing_of_what_has_no_values() {
    let all = ["a", "b", "c"].into_iter().zip(1..).map(|(variable, number)| {
        let goals = vec![goal(variable, "1")];
        achievement(number, variable, goals)
    });
    let mut player = Player::new(Rules::check(definitions(vec![])).unwrap().0);
    player.takes("b", 1.0);
    player.rules = rules(all.collect());
    assert_eq!(unlocked(&player.decides(&[], Scope::All).unwrap()), ["2@all: 1"]);
    assert_eq!(player.read_len, 2);
}

#[test]
fn days_turn_where_the_user_is_now() {
    let daily = Achievement { evaluation: Evaluation::Daily, ..achievement(1, "daily", vec![goal("a", "3")]) };
    let mut player = Player::new(rules(vec![daily])).at("2026-11-22T12:00:00Z");
    player.decides(&[move_at("a", "", 2.0, "2026-11-21T22:30:00Z")], Scope::Moved).unwrap();
    assert!(unlocked(&player.takes("a", 1.0)).is_empty());
    // In Helsinki both were today.
    player.zone = Tz::Europe__Helsinki;
    assert_eq!(unlocked(&player.takes("a", 0.5)), ["1@2026-11-22: 1"]);
    // And there and back again reaches it no second time.
    player.zone = Tz::UTC;
    assert!(unlocked(&player.takes("a", 3.0)).is_empty());
}

#[test]
fn variables_are_put_to_their_buckets() {
    let mut definitions = definitions(vec![Achievement {
        evaluation: Evaluation::Daily,
        ..achievement(1, "daily", vec![goal("weeks", "1")])
    }]);
    definitions
        .variables
        .push(crate::domain::achievement::definitions::Variable { group: Grouping::Week, ..variable("weeks") });
    let mut player = Player::new(Rules::check(definitions).unwrap().0).at("2026-11-19T12:00:00Z");
    player.zone = Tz::Asia__Kolkata;
    assert!(unlocked(&player.takes("weeks", 1.0)).is_empty(), "it was on Monday, and this is Thursday");
    let values = &player.values[&(name("weeks"), 202611)];
    let moments: Vec<String> = values.each(202611).map(|(at, _, _)| at.to_string()).collect();
    assert_eq!(moments, ["2026-11-15T18:30:00.000Z"]);
}

#[test]
fn boards_get_the_values_that_move() {
    let mut compared = achievement(1, "compared", vec![goal("a", "5")]);
    compared.relevance = Relevance::Friends;
    let mut weekly = Achievement { evaluation: Evaluation::Weekly, ..compared.clone() };
    (weekly.id, weekly.name) = (id(2), "weekly".to_owned());
    let mut player = Player::new(rules(vec![compared, weekly, achievement(3, "own", vec![goal("b", "1")])]));
    let boards = |advance: &Advance| -> Vec<String> {
        advance.boards.iter().map(|(_, period, value)| format!("{period} {value:?}")).collect()
    };
    assert_eq!(boards(&player.takes("a", 2.0)), ["all Some(2.0)", "2026-11-16 Some(2.0)"]);
    assert_eq!(boards(&player.takes("a", -2.0)), ["all None", "2026-11-16 None"]);
    assert_eq!(boards(&player.takes("b", 1.0)), [""; 0]);
    assert_eq!(player.takes("distance_m", 1.0).boards.len(), 3);
}

#[test]
fn streaks_follow_from_runs() {
    let mut streak = goal("streak_days", "3*level");
    (streak.group, streak.pick) = (Group::Key, Pick::Max);
    let streak = Achievement { maxlevel: 3, ..achievement(1, "streak", vec![streak]) };
    let mut player = Player::new(rules(vec![streak]));
    for (day, expected) in [(1, 0), (2, 0), (4, 0), (5, 0), (3, 1), (6, 1)] {
        let run = move_at("runs", &format!("run-{day}"), 1.0, &format!("2026-11-{day:02}T08:00:00Z"));
        assert_eq!(player.decides(&[run], Scope::Moved).unwrap().unlocked.len(), usize::from(day == 3 || day == 6));
        assert_eq!(player.levels.get(&id(1)).map_or(0, |periods| periods.len()), expected);
    }
}

#[test]
fn old_months_are_kept_together() {
    let mut player = Player::new(rules(vec![achievement(1, "all", vec![goal("a", "10000")])]));
    for month in 0..50_u32 {
        let moment = format!("{}-{:02}-15T10:00:00Z", 2020 + month / 12, month % 12 + 1);
        player.now = at(&moment);
        player.takes("a", 1.0);
    }
    let months = &player.months[&name("a")];
    assert_eq!(months.len(), MONTHS_LEN_MAX + 1);
    assert_eq!(player.values.len(), MONTHS_LEN_MAX + 1);
    // What belongs to one of them goes there too, and all are counted.
    player.decides(&[move_at("a", "", -1.0, "2020-01-15T20:00:00Z")], Scope::Moved).unwrap();
    let mut changed =
        definitions(vec![Achievement { maxlevel: 100, ..achievement(1, "all", vec![goal("a", "level")]) }]);
    changed.next_measure = 1_000;
    player.rules = Rules::check(changed).unwrap().0;
    assert_eq!(player.takes("a", 1.0).unlocked[0].level, 50);
}

#[test]
fn counted_step_by_step_is_counted_anew() {
    let (all, measures_len) = many();
    let mut player = Player::new(rules(all));
    player.zone = Tz::Asia__Kolkata;
    let mut random = 1_u64;
    let mut next = |bound: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % bound
    };
    let mut taken: Vec<Move> = Vec::new();
    for step in 0..600_i64 {
        player.now = at("2026-08-01T00:00:00Z").plus_millis(step * 5 * 60 * 60 * 1000);
        let earlier = i64::try_from(next(20)).unwrap() * 11 * 60 * 60 * 1000;
        let change = match taken.len() {
            len if len > 0 && next(4) == 0 => {
                let taken = taken.swap_remove(usize::try_from(next(len as u64)).unwrap());
                Move { by: -taken.by, ..taken }
            }
            _ => {
                let (variable, key) = (name(["a", "b"][next(2) as usize]), format!("key-{}", next(9)));
                let change =
                    Move { variable, key, by: next(900) as f64 / 7.0 + 1.0, at: player.now.plus_millis(-earlier) };
                taken.push(change.clone());
                change
            }
        };
        player.decides(&[change], Scope::Moved).unwrap();
    }
    let kept = std::mem::take(&mut player.measures);
    player.decides(&[], Scope::All).unwrap();
    let (now, zone) = (player.now, player.zone);
    let mut compared = 0;
    for (stands_at, anew) in &player.measures {
        for (id, periods) in &anew.states {
            let measure = player.rules.measure(*id).unwrap();
            let period = period_of(now, measure.evaluation, zone);
            let stepped = measure.value(&kept[stands_at].states[id], period, now, zone).unwrap_or_default();
            let counted = measure.value(periods, period, now, zone).unwrap_or_default();
            assert!((stepped - counted).abs() < 0.2, "{measure:?}: {stepped} and {counted}");
            compared += 1;
        }
    }
    assert_eq!(compared, measures_len);
}

/// Achievements that count in many ways.
fn many() -> (Vec<Achievement>, usize) {
    let mut all = Vec::new();
    for evaluation in [Evaluation::Immediately, Evaluation::Daily, Evaluation::Weekly, Evaluation::Monthly] {
        for timespan_days in [None, Some(10)] {
            for (group, pick) in
                [(Group::None, Pick::Sum), (Group::Key, Pick::Max), (Group::Date("IYYY-IW HH24".to_owned()), Pick::Max)]
            {
                let mut goal = goal(["a", "b"][all.len() % 2], "level");
                (goal.timespan_days, goal.group, goal.pick) = (timespan_days, group.clone(), pick);
                let number = all.len() as u64 + 1;
                all.push(Achievement {
                    evaluation,
                    maxlevel: 5,
                    ..achievement(number, &format!("n{number}"), vec![goal])
                });
            }
        }
    }
    all[0].properties = vec![property(1, "xp", true, "1")];
    let len = all.len();
    (all, len)
}
