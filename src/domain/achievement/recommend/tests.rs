//! What is recommended, in which order, with which words.

use chrono_tz::Tz;

use super::*;
use crate::domain::achievement::definitions::View;
use crate::domain::achievement::measure::{Group, Pick};
use crate::domain::achievement::period::{Evaluation, Period, period_of};
use crate::domain::achievement::rules::made_up::{achievement, goal, id, rules};
use crate::domain::geo::{Circle, Place};

/// A user who has come so far.
struct Runner {
    rules: Rules,
    values: Vec<(u64, f64)>,
    levels: Levels,
    friends: BTreeMap<AchievementId, Vec<u32>>,
    place: Option<Place>,
}

const NOW: &str = "2026-11-20T12:00:00Z";

impl Runner {
    fn new(achievements: Vec<Achievement>) -> Self {
        let (levels, friends) = (Levels::new(), BTreeMap::new());
        Self { rules: rules(achievements), values: Vec::new(), levels, friends, place: None }
    }

    fn having(mut self, number: u64, level: usize) -> Self {
        let now = Timestamp::parse(NOW).unwrap();
        self.levels.entry(id(number)).or_default().insert(Period::All, vec![now; level]);
        self
    }

    /// Each with its sentences; `values` are those of the first goals.
    fn told(&self) -> Vec<String> {
        let now = Timestamp::parse(NOW).unwrap();
        let progress: Vec<Progress> = self.rules.all().map(|it| self.progress(it, now)).collect();
        let nowhere = BTreeSet::new();
        let who = Who { zone: Tz::UTC, place: self.place, visited: &nowhere, created: now };
        let (rules, levels, friends) = (&self.rules, &self.levels, &self.friends);
        let recommended = Adviser { rules, who: &who, levels, friends, now }.recommend(&progress, 20);
        assert!(recommended.windows(2).all(|pair| pair[0].score >= pair[1].score), "{recommended:?}");
        let sentences = |it: &Recommendation| it.reasons.iter().map(|it| it.sentence(rules)).collect::<Vec<_>>();
        recommended.iter().map(|it| format!("{}: {}", it.achievement, sentences(it).join(", "))).collect()
    }

    fn progress(&self, achievement: &Achievement, now: Timestamp) -> Progress {
        let period = period_of(now, achievement.evaluation, Tz::UTC);
        let level = self.levels.get(&achievement.id).and_then(|periods| periods.get(&period)).map_or(0, Vec::len);
        let value = self.values.iter().find(|(of, _)| *of == achievement.id.number()).map(|(_, value)| *value);
        let next = u32::try_from(level).unwrap() + 1;
        let compiled = self.rules.compiled(achievement.id).unwrap();
        let goals = achievement.goals.iter().map(|goal| {
            let target = self.rules.target(goal, next).unwrap();
            GoalProgress {
                goal: goal.id,
                measure: compiled.goals().next().unwrap().1,
                reached: Standing { value, target }.is_reached(goal.operator),
                value,
                target,
                properties: Vec::new(),
            }
        });
        Progress {
            achievement: achievement.id,
            period,
            level: next - 1,
            levels_reached: BTreeMap::new(),
            goals: goals.collect(),
            error: None,
        }
    }
}

fn sum(number: u64, variable: &str, formula: &str) -> Achievement {
    achievement(number, &format!("a{number}"), vec![goal(variable, formula)])
}

fn somewhere(latitude: f64, longitude: f64) -> Circle {
    Circle { center: Place::new(latitude, longitude).unwrap(), radius_m: 400.0 }
}

fn date(text: &str) -> Option<NaiveDate> {
    Some(text.parse().unwrap())
}

#[test]
fn the_nearest_comes_first_and_says_what_is_left() {
    let mut fast = sum(4, "best_5km_s", "1500");
    (fast.goals[0].operator, fast.goals[0].group, fast.goals[0].pick) = (Operator::Leq, Group::Key, Pick::Min);
    let mut slow = fast.clone();
    (slow.id, slow.name, slow.goals[0].id) = (id(5), "slow".to_owned(), GoalId::new(77).unwrap());
    slow.goals[0].term = goal("best_10km_s", "1").term;
    let mut runner = Runner::new(vec![
        sum(1, "distance_m", "5000"),
        sum(2, "runs", "4"),
        sum(3, "a", "10"),
        fast,
        slow,
        sum(6, "climb_m", "3000"),
    ]);
    runner.values = vec![(1, 4_180.0), (2, 3.0), (3, 2.5), (4, 1_620.0), (6, 850.4)];
    assert_eq!(
        runner.told(),
        ["4: 2 min faster", "1: 820 m to go", "2: 1 run to go", "6: 2.1 km to go", "3: 7.5 to go", "5: 25 min or less"]
    );
}

#[test]
fn what_is_reached_hidden_not_valid_denied_or_only_a_board_is_not_recommended() {
    let mut board = sum(2, "b", "1");
    board.goals[0].goal = None;
    let runner = Runner::new(vec![
        sum(1, "a", "1"),
        board,
        Achievement { hidden: true, ..sum(3, "c", "1") },
        Achievement { valid_end: date("2026-11-19"), ..sum(4, "d", "1") },
        Achievement { valid_start: date("2026-11-21"), ..sum(5, "e", "1") },
        Achievement { denies: vec![id(1)], ..sum(6, "f", "1") },
        Achievement { view: View::Own, ..sum(7, "xp", "1") },
    ]);
    assert_eq!(runner.having(1, 1).told(), ["7: 1 to go"]);
}

#[test]
fn what_others_require_is_recommended_in_their_place() {
    let mut second = Achievement { requires: vec![id(1)], ..sum(2, "b", "1") };
    second.title.insert("en".to_owned(), "The second".to_owned());
    let third = Achievement { requires: vec![id(2)], ..sum(3, "c", "1") };
    let secret = Achievement { requires: vec![id(4)], hidden: true, ..sum(5, "e", "1") };
    let all = vec![sum(1, "a", "1"), second, third, sum(4, "d", "1"), secret];
    assert_eq!(Runner::new(all.clone()).told(), ["1: 1 to go, opens The second", "4: 1 to go"]);
    assert_eq!(Runner::new(all).having(1, 1).told(), ["2: 1 to go, opens a3", "4: 1 to go"]);
}

#[test]
fn a_place_counts_where_the_runner_is_near_and_nowhere_else() {
    let at = |number, circle| Achievement { place: Some(circle), ..sum(number, "a", "1") };
    let all = vec![
        at(1, somewhere(60.2, 24.94)),
        at(2, somewhere(60.189, 24.94)),
        at(3, somewhere(60.17, 24.94)),
        at(4, somewhere(61.5, 23.8)),
    ];
    let mut runner = Runner::new(all);
    assert_eq!(runner.told(), [""; 0], "whoever is nowhere is near nothing");
    runner.place = Some(Place::new(60.17, 24.94).unwrap());
    assert_eq!(
        runner.told(),
        ["3: 1 to go, where you are", "2: 1 to go, 2.1 km from you", "1: 1 to go, 3.3 km from you"]
    );
}

#[test]
fn friends_count_who_have_the_level_that_comes_next() {
    let mut runner = Runner::new(vec![
        Achievement { maxlevel: 3, ..sum(1, "a", "level") },
        Achievement { maxlevel: 3, ..sum(2, "b", "level") },
        sum(3, "c", "1"),
    ])
    .having(1, 1);
    runner.friends = BTreeMap::from([(id(1), vec![1, 2, 3, 3]), (id(2), vec![1]), (id(3), vec![1; 12])]);
    assert_eq!(
        runner.told(),
        ["3: 1 to go, 12 friends have it", "1: 2 to go, three friends have it", "2: 1 to go, one friend has it"]
    );
}

#[test]
fn what_ends_soon_says_when() {
    let weekly = Achievement { evaluation: Evaluation::Weekly, ..sum(4, "d", "10") };
    let mut runner = Runner::new(vec![
        Achievement { valid_end: date("2026-11-20"), ..sum(1, "a", "1") },
        Achievement { valid_end: date("2026-11-21"), ..sum(2, "b", "1") },
        Achievement { valid_end: date("2026-12-05"), ..sum(3, "c", "1") },
        weekly.clone(),
        Achievement { evaluation: Evaluation::Weekly, ..sum(5, "e", "10") },
    ]);
    runner.values = vec![(4, 1.0)];
    assert_eq!(
        runner.told(),
        [
            "4: 9 to go, ends in 2 days",
            "1: 1 to go, ends today",
            "2: 1 to go, ends tomorrow",
            "3: 1 to go",
            "5: 10 to go"
        ]
    );
}

#[test]
fn of_those_that_count_alike_the_nearest_is_enough() {
    let all = vec![sum(1, "a", "100"), sum(2, "a", "10"), sum(3, "a", "1000")];
    let mut runner = Runner::new(all);
    assert_eq!(runner.told(), ["2: 10 to go"], "the easiest while nothing is done");
    runner.values = vec![(1, 4.0), (2, 4.0), (3, 4.0)];
    runner.friends = BTreeMap::from([(id(3), vec![1, 1])]);
    assert_eq!(runner.told(), ["2: 6 to go", "3: 996 to go, two friends have it"]);
}
