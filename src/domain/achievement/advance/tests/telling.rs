//! Messages on the way to a level, and how far somebody is.

use super::*;
use crate::domain::achievement::definitions::{Achievement, Operator, Step, Translated, Trigger};
use crate::domain::achievement::ids::{StepId, TriggerId};
use crate::domain::achievement::measure::{Group, Pick};
use crate::domain::achievement::progress::{Progress, progress};
use crate::domain::achievement::rules::made_up::{achievement, goal, id, rules};

fn triggered(percentages: &[u32]) -> Achievement {
    let step = |(percentage, number): (&u32, u64)| Step {
        id: StepId::new(number).unwrap(),
        percentage: *percentage,
        text: Translated::from([("en".to_owned(), format!("{percentage} % of level ${{level}}"))]),
    };
    let steps = percentages.iter().zip(1..).map(step).collect();
    let mut goal = goal("a", "100*level");
    goal.triggers = vec![Trigger { id: TriggerId::new(1).unwrap(), steps }];
    Achievement { maxlevel: 2, ..achievement(1, "x", vec![goal]) }
}

fn messages(advance: &Advance) -> Vec<&str> {
    advance.messages.iter().map(|message| message.text["en"].as_str()).collect()
}

#[test]
fn message_fires_once_at_its_percentage() {
    let mut player = Player::new(rules(vec![triggered(&[50, 90, 100])]));
    assert_eq!(messages(&player.takes("a", 49.0)), [""; 0]);
    assert_eq!(messages(&player.takes("a", 1.0)), ["50 % of level 1"]);
    assert_eq!(messages(&player.takes("a", 1.0)), [""; 0]);
    // Down and up again is no second time.
    assert_eq!(messages(&player.takes("a", -30.0)), [""; 0]);
    assert_eq!(messages(&player.takes("a", 35.0)), [""; 0]);
    assert_eq!(messages(&player.takes("a", 45.0)), ["100 % of level 1", "50 % of level 2"]);
    assert_eq!(messages(&player.takes("a", 85.0)), ["90 % of level 2"]);
    assert!(player.changed.head);
    assert_eq!(messages(&player.takes("a", 1.0)), [""; 0]);
    assert!(!player.changed.head);
}

#[test]
fn of_steps_that_are_reached_at_once_the_furthest_speaks() {
    let mut player = Player::new(rules(vec![triggered(&[20, 90, 50])]));
    assert_eq!(messages(&player.takes("a", 60.0)), ["50 % of level 1"]);
    // The level itself says more than that it was near.
    assert_eq!(messages(&player.takes("a", 60.0)), ["50 % of level 2"]);
}

#[test]
fn what_has_to_be_small_has_a_percentage_too() {
    let mut fast = triggered(&[80]);
    let goal = &mut fast.goals[0];
    (goal.operator, goal.group, goal.pick) = (Operator::Leq, Group::Key, Pick::Min);
    let mut player = Player::new(rules(vec![fast]));
    // Levels go to 200 then, which is no matter here.
    assert_eq!(messages(&player.advances(&[("a", "x", 130.0)])), [""; 0]);
    assert_eq!(messages(&player.advances(&[("a", "y", 120.0)])), ["80 % of level 1"]);
}

fn of(player: &Player, history: usize) -> Vec<Progress> {
    let mut read = Lacks::default();
    loop {
        let who = Who { zone: player.zone, place: None, visited: &player.visited, created: player.now };
        match progress(&player.book(&read), &player.rules, &who, id(1), history, player.now) {
            Ok(progress) => return progress,
            Err(Unable::Lacks(lacks)) => {
                assert!(!lacks.is_empty());
                read.measures.extend(lacks.measures);
                read.values.extend(lacks.values);
            }
            Err(other) => panic!("{other}"),
        }
    }
}

/// `period level: value/target reached`.
fn told(progress: &[Progress]) -> Vec<String> {
    let told = progress.iter().map(|it| {
        let goals = it.goals.iter().map(|goal| format!(" {:?}/{:?} {}", goal.value, goal.target, goal.reached));
        format!("{} {}:{}", it.period, it.level, goals.collect::<String>())
    });
    told.collect()
}

#[test]
fn progress_says_what_is_counted_towards_the_next_level() {
    let mut player = Player::new(rules(vec![triggered(&[])]));
    assert_eq!(told(&of(&player, 2)), ["all 0: None/Some(100.0) false"]);
    player.takes("a", 150.0);
    assert_eq!(told(&of(&player, 2)), ["all 1: Some(150.0)/Some(200.0) false"]);
    player.takes("a", 150.0);
    assert_eq!(told(&of(&player, 2)), ["all 2: Some(200.0)/Some(200.0) true"]);
    assert!(
        progress(
            &player.book(&Lacks::default()),
            &player.rules,
            &Who { zone: Tz::UTC, place: None, visited: &BTreeSet::new(), created: player.now },
            id(9),
            2,
            player.now
        )
        .unwrap()
        .is_empty()
    );
}

#[test]
fn progress_has_the_newest_periods_and_those_that_were_reached() {
    let monthly = Achievement { evaluation: Evaluation::Monthly, ..triggered(&[]) };
    let mut player = Player::new(rules(vec![monthly]));
    for (now, by) in [("2026-08-02T10:00:00Z", 100.0), ("2026-09-02T10:00:00Z", 5.0), ("2026-11-02T10:00:00Z", 120.0)] {
        player.now = at(now);
        player.takes("a", by);
    }
    assert_eq!(
        told(&of(&player, 5)),
        ["2026-11-01 1: Some(120.0)/Some(200.0) false", "2026-10-01 0: None/Some(100.0) false", "2026-08-01 1:",]
    );
    assert_eq!(of(&player, 1).len(), 1);
}

#[test]
fn progress_counts_what_was_never_counted() {
    let mut player = Player::new(rules(vec![]));
    player.takes("a", 40.0);
    player.rules = rules(vec![triggered(&[])]);
    assert_eq!(told(&of(&player, 2)), ["all 0: Some(40.0)/Some(100.0) false"]);
}
