//! What is compiled, what is refused, and how that is said.

use super::made_up::{achievement, definitions, goal, id, name, property, rules, term};
use super::*;
use crate::domain::achievement::definitions::{Assignment, Relevance, Step, Translated, Trigger};
use crate::domain::achievement::ids::{AssignmentId, StepId, TriggerId};
use crate::domain::achievement::measure::{Group, Pick};
use crate::domain::achievement::term::{Keys, Term};

/// `at: problem` of each fault.
fn faults(achievements: Vec<Achievement>) -> Vec<String> {
    let faults = Rules::check(definitions(achievements)).expect_err("it is wrong");
    faults.into_iter().map(|fault| format!("{}: {}", fault.at, fault.problem)).collect()
}

fn changed(change: impl FnOnce(&mut Achievement)) -> Vec<Achievement> {
    let mut changed = achievement(1, "first", vec![goal("a", "5*level")]);
    change(&mut changed);
    vec![achievement(2, "other", vec![goal("a", "5")]), changed]
}

type Wrong = (fn(&mut Achievement), &'static str);

/// What is wrong in a goal.
fn wrong_goals() -> Vec<Wrong> {
    vec![
        (
            |it| it.goals[0].goal = Some("5*foo(".to_owned()),
            "goals[0].goal: Cannot evaluate formular: 5*foo( (there is no function foo)",
        ),
        (
            |it| {
                it.maxlevel = 3;
                it.goals[0].goal = Some("1/(level-3)".to_owned());
            },
            "goals[0].goal: Cannot evaluate formular: 1/(level-3) (the result is not a number, as when something is divided by \
             zero)",
        ),
        (
            |it| it.goals[0].term = Term::Any(vec![term("a"), Term::All(vec![term("nothing")])]),
            "goals[0].condition.term.terms[1].terms[0].variable: there is no variable nothing",
        ),
        (|it| it.goals[0].term = Term::Any(vec![]), "goals[0].condition.term.terms: there must be one at least"),
        (
            |it| it.goals[0].term = Term::All(vec![term("a"), term("b")]),
            "goals[0].condition.term: no value is of two variables at once",
        ),
        (
            |it| it.goals[0].term = (0..8).fold(term("a"), |term, _| Term::All(vec![term])),
            "goals[0].condition.term: terms may be 8 deep",
        ),
        (
            |it| it.goals[0].term = Term::Any(vec![term("a"); 50]),
            "goals[0].condition.term: there may be at most 50 terms",
        ),
        (
            |it| it.goals[0].term = Term::Literal { variable: name("a"), keys: Keys::In(vec![]) },
            "goals[0].condition.term.key: there must be one at least",
        ),
        (|it| it.goals[0].timespan_days = Some(0), "goals[0].timespan_days: must be from 1 to 366"),
        (|it| it.goals[0].timespan_days = Some(367), "goals[0].timespan_days: must be from 1 to 366"),
        (
            |it| it.goals[0].group = Group::Date("Mon".to_owned()),
            "goals[0].group_by_dateformat: may have YYYY YY IYYY CC Q MM DD DDD D ID WW IW HH24 and what is not a letter",
        ),
        (
            |it| it.goals[0].properties = vec![property(1, "text", false, "${level")],
            "goals[0].properties[0].value: Cannot evaluate formular: ${level (a brace is not closed)",
        ),
        (
            |it| {
                let step = Step { id: StepId::new(1).unwrap(), percentage: 101, text: Translated::new() };
                it.goals[0].triggers = vec![Trigger { id: TriggerId::new(1).unwrap(), steps: vec![step] }];
            },
            "goals[0].triggers[0].steps[0].condition_percentage: must be from 1 to 100",
        ),
    ]
}

/// What is wrong elsewhere.
fn wrong_others() -> Vec<Wrong> {
    vec![
        (|it| it.maxlevel = 0, "maxlevel: must be from 1 to 100"),
        (|it| it.maxlevel = 101, "maxlevel: must be from 1 to 100"),
        (|it| it.name = "other".to_owned(), "name: another achievement has this name"),
        (|it| it.goals.clear(), "goals: there must be one at least"),
        (|it| it.evaluation = Evaluation::End, "valid_end: is needed for what is evaluated at the end"),
        (|it| it.properties = vec![property(1, "gold", true, "1")], "properties[0].name: there is no variable gold"),
        (
            |it| it.properties = vec![property(1, "runs", true, "1")],
            "properties[0].name: runs is moved by the product alone",
        ),
        (
            |it| it.properties = vec![property(1, "xp", true, "lots")],
            "properties[0].value: Cannot evaluate formular: lots (there is no lots)",
        ),
        (
            |it| {
                let (id, reward) = (AssignmentId::new(1).unwrap(), RewardId::new(7).unwrap());
                it.rewards =
                    vec![Assignment { id, reward, value: None, translations: Translated::new(), from_level: 2 }];
            },
            "rewards[0].reward: there is no reward 7; rewards[0].from_level: is above maxlevel",
        ),
        (|it| it.requires = vec![id(9)], "requires[0]: there is no achievement 9"),
        (|it| it.denies = vec![id(1)], "denies[0]: is the achievement itself"),
        (
            |it| (it.requires, it.denies) = (vec![id(2)], vec![id(2)]),
            "denies[0]: is required as well: nobody could reach it",
        ),
        (
            |it| it.title = Translated::from([("en".to_owned(), "${nothing}".to_owned())]),
            "title.en: Cannot evaluate formular: nothing (there is no nothing)",
        ),
    ]
}

#[test]
fn the_faulty_place_is_named() {
    for (change, expected) in wrong_goals().into_iter().chain(wrong_others()) {
        let expected: Vec<String> = expected.split("; ").map(|fault| format!("achievements[1].{fault}")).collect();
        assert_eq!(faults(changed(change)), expected);
    }
}

#[test]
fn variables_have_names_of_their_own() {
    let mut definitions = definitions(vec![]);
    definitions.variables.push(made_up::variable("runs"));
    definitions.variables.push(made_up::variable("a"));
    let faults = Rules::check(definitions).unwrap_err();
    let told: Vec<String> = faults.iter().map(|fault| format!("{}: {}", fault.at, fault.problem)).collect();
    assert_eq!(
        told,
        ["variables[7].name: is the name of a built-in variable", "variables[8].name: another variable has this name",]
    );
}

#[test]
fn cycles_are_refused_and_named() {
    let require = |number, name: &str, requires: &[u64]| {
        let mut made = achievement(number, name, vec![goal("a", "1")]);
        made.requires = requires.iter().map(|number| id(*number)).collect();
        made
    };
    let cycle = vec![require(1, "a", &[2]), require(2, "b", &[3, 4]), require(3, "c", &[]), require(4, "d", &[2])];
    assert_eq!(faults(cycle), ["requires: b → d → b"]);
    assert_eq!(faults(vec![require(1, "a", &[1])]), ["requires: a → a"]);
    let feeds = |number, name: &str, counts: &str, moves: &str| {
        let mut made = achievement(number, name, vec![goal(counts, "1")]);
        made.properties = vec![property(number, moves, true, "1")];
        made
    };
    let cycle = vec![feeds(1, "first", "a", "b"), feeds(2, "second", "b", "c"), feeds(3, "third", "c", "a")];
    assert_eq!(faults(cycle.clone()), ["variables: first → second → third → first"]);
    // Who counts only what others have moved is not fed by itself.
    let mut harmless = cycle;
    harmless[0].goals[0].term = Term::Literal { variable: name("a"), keys: Keys::In(vec!["run".to_owned()]) };
    assert!(Rules::check(definitions(harmless)).is_ok());
    // More in a row than one call follows would never all be reached.
    let row = |len: u64| {
        let one = |it: u64| feeds(it, &format!("n{it}"), &format!("v{it}"), &format!("v{}", it + 1));
        let mut row = definitions((1..=len).map(one).collect());
        row.variables.extend((1..=len + 1).map(|it| made_up::variable(&format!("v{it}"))));
        Rules::check(row)
    };
    assert!(row(8).is_ok());
    let told: Vec<String> = row(9).unwrap_err().into_iter().map(|fault| fault.problem).collect();
    assert_eq!(told, ["n1 → n2 → n3 → n4 → n5 → n6 → n7 → n8 → n9 feed each other: 8 at most may"]);
    // A long chain is none.
    let chain =
        (1..=2_000).map(|number| require(number, &format!("n{number}"), if number < 2_000 { &[2_000] } else { &[] }));
    assert!(Rules::check(definitions(chain.collect())).is_ok());
}

#[test]
fn goals_that_count_alike_share_a_measure() {
    let mut all: Vec<_> =
        (1..=20).map(|number| achievement(number, &format!("n{number}"), vec![goal("a", "level")])).collect();
    all[3].goals[0].timespan_days = Some(7);
    all[4].goals[0].group = Group::Key;
    all[5].goals[0].group = Group::Key;
    all[5].goals[0].pick = Pick::Max;
    let (rules, new) = Rules::check(definitions(all)).unwrap();
    let concerns = rules.concerns(&name("a")).unwrap();
    assert_eq!(concerns.measures.len(), 3);
    assert_eq!(rules.moved_by(&name("a")).len(), 20);
    assert_eq!(rules.documents_of(&name("a")), [name("a")]);
    assert!(
        new.contains_key("a; Immediately") && new.contains_key("distance_m; Weekly; in the user's zone"),
        "{new:?}"
    );
}

#[test]
fn numbers_are_kept_and_never_given_again() {
    let mut first = definitions(vec![achievement(1, "x", vec![goal("a", "1")])]);
    let (_, new) = Rules::check(first.clone()).unwrap();
    first.measures = new.clone();
    first.next_measure = 1 + new.values().map(|id| id.number()).max().unwrap();
    let (again, none) = Rules::check(first.clone()).unwrap();
    assert!(none.is_empty());
    assert_eq!(again.board_of(id(1)), None);
    first.achievements[0].goals[0].timespan_days = Some(3);
    let (_, changed) = Rules::check(first.clone()).unwrap();
    assert_eq!(changed.into_values().map(MeasureId::number).collect::<Vec<_>>(), [first.next_measure]);
    // Compiled without a number, it cannot be evaluated; the others can.
    let (rules, faults) = Rules::compile(first);
    assert!(faults.is_empty());
    assert!(rules.compiled(id(1)).unwrap().fault.is_some());
}

#[test]
fn boards_stand_by_the_first_goal_and_by_variables() {
    let mut second = goal("b", "1");
    second.priority = 5;
    let mut compared = achievement(1, "x", vec![goal("a", "1"), second]);
    compared.relevance = Relevance::Friends;
    let rules = rules(vec![compared, achievement(2, "own", vec![goal("c", "1")])]);
    assert_eq!(rules.board_of(id(1)).unwrap().term, term("b"));
    assert_eq!(rules.board_of(id(2)), None);
    assert_eq!(rules.board_of_variable("distance_m", Evaluation::Weekly).unwrap().evaluation, Evaluation::Weekly);
    assert_eq!(rules.board_of_variable("distance_m", Evaluation::Daily), None);
    assert_eq!(rules.board_of_variable("a", Evaluation::Weekly), None);
}

#[test]
fn achievements_come_in_their_turn() {
    let mut all: Vec<_> =
        (1..=3).map(|number| achievement(number, &format!("n{number}"), vec![goal("a", "1")])).collect();
    all[2].priority = 1;
    let rules = rules(all);
    assert_eq!(rules.moved_by(&name("a")), [id(3), id(1), id(2)]);
    assert_eq!(rules.all().map(|it| it.id.number()).collect::<Vec<_>>(), [3, 1, 2]);
}

#[test]
fn documents_are_found_through_properties() {
    let mut gives = achievement(1, "gives", vec![goal("a", "1"), goal("b", "1")]);
    gives.properties = vec![property(1, "xp", true, "10")];
    let counts = achievement(2, "counts", vec![goal("xp", "1"), goal("c", "1")]);
    let rules = rules(vec![gives, counts, achievement(3, "else", vec![goal("d", "1")])]);
    assert_eq!(rules.documents_of(&name("a")), ["a", "b", "c", "xp"].map(name));
    assert_eq!(rules.documents_of(&name("c")), ["c", "xp"].map(name));
    assert_eq!(rules.documents_of(&name("f")), []);
}
