//! Which levels are reached, when, and when not.

use super::*;
use crate::domain::achievement::bounds::PERIODS_LEN_MAX;
use crate::domain::achievement::definitions::{Achievement, Operator};
use crate::domain::achievement::measure::{Group, Pick};
use crate::domain::achievement::number::VALUE_MAX;
use crate::domain::achievement::rules::made_up::{achievement, definitions, goal, id, property, rules};
use crate::domain::geo::Circle;

fn levels(number: u64, name: &str, variable: &str, formula: &str, maxlevel: u32) -> Achievement {
    Achievement { maxlevel, ..achievement(number, name, vec![goal(variable, formula)]) }
}

#[test]
fn several_levels_are_reached_in_one_call_and_each_once() {
    let mut player = Player::new(rules(vec![levels(1, "x", "a", "5*level", 3)]));
    assert!(unlocked(&player.takes("a", 4.0)).is_empty());
    assert_eq!(unlocked(&player.takes("a", 6.5)), ["1@all: 1,2"]);
    assert!(unlocked(&player.takes("a", 1.0)).is_empty());
    let last = player.takes("a", 100.0);
    assert_eq!(unlocked(&last), ["1@all: 3"]);
    assert_eq!(last.unlocked[0].levels_reached.len(), 3);
    assert!(unlocked(&player.takes("a", 100.0)).is_empty());
}

#[test]
fn levels_are_not_revoked() {
    let mut player = Player::new(rules(vec![levels(1, "x", "a", "5*level", 2)]));
    assert_eq!(unlocked(&player.takes("a", 5.0)), ["1@all: 1"]);
    assert!(unlocked(&player.takes("a", -5.0)).is_empty());
    assert!(unlocked(&player.takes("a", 9.0)).is_empty());
    assert_eq!(unlocked(&player.takes("a", 1.0)), ["1@all: 2"]);
}

#[test]
fn all_goals_must_hold_and_a_board_is_no_goal() {
    let mut board = goal("b", "1");
    board.goal = None;
    let both = achievement(1, "both", vec![goal("a", "1"), goal("b", "2")]);
    let never = achievement(2, "never", vec![goal("a", "1"), board]);
    let mut player = Player::new(rules(vec![both, never]));
    assert!(unlocked(&player.takes("a", 1.0)).is_empty());
    assert!(unlocked(&player.takes("b", 1.0)).is_empty());
    assert_eq!(unlocked(&player.takes("b", 1.0)), ["1@all: 1"]);
}

#[test]
fn the_smallest_of_what_there_is_has_to_be_small_enough() {
    let mut fast = goal("a", "1600-100*level");
    (fast.operator, fast.group, fast.pick) = (Operator::Leq, Group::Key, Pick::Min);
    let fast = Achievement { maxlevel: 5, ..achievement(1, "fast", vec![fast]) };
    let mut player = Player::new(rules(vec![fast]));
    let scope = |player: &mut Player| unlocked(&player.decides(&[], Scope::All).unwrap());
    // Nothing at all is not small.
    assert!(scope(&mut player).is_empty());
    assert!(unlocked(&player.advances(&[("a", "run-1", 1550.0)])).is_empty());
    // A run that is deleted again is no run of 0 seconds.
    assert!(unlocked(&player.advances(&[("a", "run-1", -1550.0)])).is_empty());
    assert!(scope(&mut player).is_empty());
    assert_eq!(unlocked(&player.advances(&[("a", "run-2", 1380.0), ("a", "run-3", 1700.0)])), ["1@all: 1,2"]);
}

#[test]
fn requirements_and_denials_hold() {
    let mut second = levels(2, "second", "b", "1", 1);
    second.requires = vec![id(1)];
    let mut third = levels(3, "third", "c", "1", 1);
    third.requires = vec![id(2)];
    let mut other = levels(4, "other", "a", "2", 1);
    other.denies = vec![id(3)];
    let mut player = Player::new(rules(vec![levels(1, "first", "a", "1", 1), second, third, other]));
    assert!(unlocked(&player.takes("b", 1.0)).is_empty());
    assert!(unlocked(&player.takes("c", 1.0)).is_empty());
    // The first one brings with it what only waited for it.
    assert_eq!(unlocked(&player.takes("a", 1.0)), ["1@all: 1", "2@all: 1", "3@all: 1"]);
    assert!(unlocked(&player.takes("a", 1.0)).is_empty());
}

#[test]
fn of_two_that_deny_each_other_the_more_important_one_is_reached() {
    let mut one = levels(1, "one", "a", "1", 1);
    one.denies = vec![id(2)];
    let mut other = levels(2, "other", "a", "1", 1);
    (other.denies, other.priority) = (vec![id(1)], 1);
    let mut player = Player::new(rules(vec![one, other]));
    assert_eq!(unlocked(&player.takes("a", 1.0)), ["2@all: 1"]);
}

#[test]
fn properties_feed_other_goals() {
    let mut gives = levels(1, "gives", "a", "level", 3);
    gives.properties = vec![property(1, "xp", true, "10*level")];
    let counts = levels(2, "counts", "xp", "30*level", 2);
    let mut player = Player::new(rules(vec![gives, counts]));
    assert_eq!(unlocked(&player.takes("a", 1.0)), ["1@all: 1"]);
    // 10, then 20 and 30: both levels at once.
    let advance = player.takes("a", 2.0);
    assert_eq!(unlocked(&advance), ["1@all: 2,3", "2@all: 1,2"]);
    assert!(advance.errors.is_empty());
    let values = player.values.iter().find(|((variable, _), _)| variable.as_str() == "xp").unwrap().1;
    assert_eq!(values.slots.iter().map(|((_, key), by)| (key.as_str(), *by)).collect::<Vec<_>>(), [("1", 60.0)]);
}

#[test]
fn what_feeds_itself_comes_to_an_end() {
    // Authoring refuses this; a store may hold it all the same.
    let mut all: Vec<Achievement> = Vec::new();
    for (number, (counts, moves)) in (1..).zip([("a", "b"), ("b", "a")]) {
        let mut feeds = levels(number, &format!("n{number}"), counts, "level", 100);
        feeds.properties = vec![property(number, moves, true, "5")];
        all.push(feeds);
    }
    all.push(levels(3, "harmless", "a", "1", 1));
    let mut definitions = definitions(all);
    let new = crate::domain::achievement::rules::number_all(&mut definitions);
    assert!(!new.is_empty());
    let (rules, faults) = Rules::compile(definitions);
    assert_eq!(faults.len(), 1);
    let mut player = Player::new(rules);
    let advance = player.takes("a", 1.0);
    assert!(advance.errors.values().any(|error| error.contains("without an end")), "{advance:?}");
    assert!(unlocked(&advance).contains(&"3@all: 1".to_owned()));
}

#[test]
fn an_amount_beyond_all_bounds_is_the_fault_of_its_rule() {
    let mut gives = levels(1, "gives", "a", "level", 2);
    gives.properties = vec![property(1, "xp", true, "2^53")];
    let mut player = Player::new(rules(vec![gives, levels(2, "other", "a", "2", 1), levels(3, "xp", "xp", "1", 1)]));
    assert_eq!(unlocked(&player.takes("a", 1.0)), ["1@all: 1", "3@all: 1"]);
    let advance = player.takes("a", 1.0);
    assert_eq!(unlocked(&advance), ["2@all: 1"]);
    assert_eq!(advance.errors[&id(1)], "Cannot evaluate: a sum of xp would be beyond 2^53");
    // One's own increase is one's own fault, and nothing of it is taken.
    let change = Move { variable: name("a"), key: String::new(), by: VALUE_MAX, at: player.now };
    assert_eq!(player.decides(&[change], Scope::Moved), Err(Unable::Beyond(name("a"))));
}

#[test]
fn a_broken_rule_is_told_and_the_rest_counts() {
    let broken = levels(10, "broken", "a", "5*foo(", 1);
    let mut definitions = definitions(vec![broken, levels(2, "whole", "a", "1", 1)]);
    crate::domain::achievement::rules::number_all(&mut definitions);
    let mut player = Player::new(Rules::compile(definitions).0);
    let advance = player.takes("a", 1.0);
    assert_eq!(unlocked(&advance), ["2@all: 1"]);
    assert_eq!(advance.errors[&id(10)], "Cannot evaluate formular: 5*foo( (there is no function foo)");
    // Whoever moves something else hears nothing of it.
    assert!(player.takes("b", 1.0).errors.is_empty());
    assert_eq!(player.decides(&[], Scope::All).unwrap().errors.len(), 1);
}

#[test]
fn recurring_ones_are_reached_in_each_period() {
    let weekly = Achievement { evaluation: Evaluation::Weekly, ..levels(1, "weekly", "a", "2*level", 2) };
    let mut player = Player::new(rules(vec![weekly])).at("2026-11-15T12:00:00Z");
    assert!(unlocked(&player.takes("a", 1.0)).is_empty());
    player.now = at("2026-11-16T00:00:00Z");
    assert!(unlocked(&player.takes("a", 1.0)).is_empty());
    assert_eq!(unlocked(&player.takes("a", 1.0)), ["1@2026-11-16: 1"]);
    // A value that comes late belongs to the week in which it was.
    let late = Move { variable: name("a"), key: String::new(), by: 1.0, at: at("2026-11-15T23:59:59Z") };
    assert_eq!(unlocked(&player.decides(&[late], Scope::Moved).unwrap()), ["1@2026-11-09: 1"]);
    // One that comes too late is kept, and reaches nothing.
    let old = Move { variable: name("a"), key: String::new(), by: 9.0, at: at("2026-11-08T23:59:59Z") };
    assert!(unlocked(&player.decides(&[old], Scope::Moved).unwrap()).is_empty());
    for week in 0..70 {
        player.now = at("2026-11-23T00:00:00Z").plus_millis(week * 7 * 24 * 60 * 60 * 1000);
        assert_eq!(player.takes("a", 2.0).unlocked.len(), 1, "{week}");
    }
    assert_eq!(player.levels[&id(1)].len(), PERIODS_LEN_MAX);
}

#[test]
fn only_on_valid_days_and_at_the_end_after_the_last() {
    let date = |text: &str| text.parse().ok();
    let mut valid = levels(1, "valid", "a", "1", 1);
    (valid.valid_start, valid.valid_end) = (date("2026-11-20"), date("2026-11-21"));
    let mut end = levels(2, "end", "a", "2", 1);
    (end.valid_start, end.valid_end, end.evaluation) = (date("2026-11-20"), date("2026-11-21"), Evaluation::End);
    let mut player = Player::new(rules(vec![valid, end])).at("2026-11-19T23:00:00Z");
    assert!(unlocked(&player.takes("a", 5.0)).is_empty());
    player.now = at("2026-11-20T00:00:00Z");
    // What was before does not count.
    assert!(unlocked(&player.decides(&[], Scope::All).unwrap()).is_empty());
    player.now = at("2026-11-21T23:00:00Z");
    assert_eq!(unlocked(&player.takes("a", 2.0)), ["1@all: 1"]);
    player.now = at("2026-11-22T00:00:00Z");
    assert_eq!(unlocked(&player.decides(&[], Scope::All).unwrap()), ["2@all: 1"]);
}

#[test]
fn a_place_is_where_one_is_or_came_by() {
    let here = Place::new(52.5, 13.4).unwrap();
    let there = Place::new(48.1, 11.6).unwrap();
    let place = Some(Circle { center: here, radius_m: 5_000.0 });
    let local = Achievement { place, ..levels(1, "local", "a", "level", 3) };
    let mut player = Player::new(rules(vec![local]));
    assert!(unlocked(&player.takes("a", 1.0)).is_empty());
    player.place = Some(there);
    let advance = player.takes("a", 1.0);
    assert!(unlocked(&advance).is_empty() && advance.errors.is_empty());
    player.visited = BTreeSet::from([id(1)]);
    assert_eq!(unlocked(&player.takes("a", -1.0)), ["1@all: 1"]);
    (player.visited, player.place) = (BTreeSet::new(), Some(here));
    assert_eq!(unlocked(&player.takes("a", 1.0)), ["1@all: 2"]);
}
