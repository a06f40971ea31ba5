//! What clients send as a task.

use super::*;
use crate::domain::habit::bounds::{CHECKLIST_LEN_MAX, TEXT_BYTES_MAX};

const NOW: Timestamp = Timestamp::from_millis(1_372_000_000_000);

fn read<const N: usize>(members: [(&str, Node); N]) -> Result<Task, HabitError> {
    let mut tree = Tree::of([("id", Node::text("a")), ("type", Node::text("todo"))]);
    tree.0.extend(Tree::of(members).0);
    Task::read(tree, NOW)
}

#[test]
fn the_documents_example_is_a_habit() {
    let sent = Tree::of([
        ("id", Node::text("eaefa01d-d502-4645-b7a7-4582bfbdab55")),
        ("type", Node::text("habit")),
        ("up", Node::bool(true)),
        ("down", Node::bool(true)),
        ("text", Node::text("Hello!")),
        ("value", Node::number(1.0)),
    ]);
    let task = Task::read(sent, NOW).unwrap();
    let id = TaskId::parse("eaefa01d-d502-4645-b7a7-4582bfbdab55").unwrap();
    let wanted = Task { text: "Hello!".to_owned(), value: 1.0, ..Task::new(id, TaskKind::Habit, NOW) };
    assert_eq!(task, wanted);
}

#[test]
fn without_id_or_type_it_is_none() {
    let long = "x".repeat(101);
    for bad in
        [Node::null(), Node::number(5.0), Node::text(""), Node::text("a b"), Node::text("a.b"), Node::text("a/b")]
    {
        assert_eq!(read([("id", bad)]), Err(HabitError::TaskId));
    }
    for bad in ["__proto__", "a\u{0}", "a\n", &long] {
        assert_eq!(read([("id", Node::text(bad))]), Err(HabitError::TaskId));
    }
    for bad in [Node::null(), Node::text("Habit"), Node::text("habits"), Node::Tree(Tree::default())] {
        assert_eq!(read([("type", bad)]), Err(HabitError::TaskKind));
    }
    assert_eq!(Task::read(Tree::default(), NOW), Err(HabitError::TaskId));
}

#[test]
fn members_have_defaults_and_odd_ones_are_taken_as_javascript_takes_them() {
    let task = read([
        ("text", Node::number(5.0)),
        ("notes", Node::null()),
        ("value", Node::text(" 2.5 ")),
        ("priority", Node::text("!!!!")),
        ("completed", Node::number(1.0)),
        ("streak", Node::number(-3.0)),
        ("tags", Node::Tree(Tree::of([("on", Node::bool(true)), ("off", Node::bool(false))]))),
        ("repeat", Node::Tree(Tree::of([("m", Node::number(1.0)), ("su", Node::bool(false))]))),
        ("date", Node::text("2013-07-01")),
        ("history", Node::List(vec![Node::number(1.0)])),
        ("attribute", Node::text("str")),
    ]);
    let task = task.unwrap();
    assert_eq!((task.text.as_str(), task.notes.as_str(), task.value), ("5", "", 2.5));
    assert_eq!((task.priority, task.completed, task.completed_at, task.streak), (Priority::Easy, true, Some(NOW), 0));
    assert_eq!(task.tags, BTreeSet::from(["on".to_owned()]));
    assert_eq!(task.repeat, [false, true, false, false, false, false, false]);
    assert_eq!(task.date, Some(Scalar::Text("2013-07-01".to_owned())));
    assert_eq!(task.other, Tree::of([("attribute", Node::text("str"))]));
    assert_eq!(read([("value", Node::text("twenty"))]).unwrap().value, 0.0);
    assert_eq!(
        read([("value", Node::number(f64::INFINITY))]).unwrap().value,
        crate::domain::habit::numbers::NUMBER_MAX
    );
}

#[test]
fn text_is_kept_as_it_was_typed() {
    let text = "<script>alert(1)</script> \u{0}\u{7}\u{202e}\r\n 🏃";
    assert_eq!(read([("text", Node::text(text))]).unwrap().text, text);
}

#[test]
fn lists_and_rules_are_read() {
    let item = |id: &str| {
        Node::Tree(Tree::of([("id", Node::text(id)), ("text", Node::text("step")), ("completed", Node::bool(true))]))
    };
    let reminder = Node::Tree(Tree::of([("id", Node::text("r")), ("time", Node::text("2013-07-01T08:00:00Z"))]));
    let task = read([("checklist", Node::List(vec![item("x"), item("")])), ("reminders", Node::List(vec![reminder]))]);
    let task = task.unwrap();
    assert_eq!(task.checklist.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["x", "1"]);
    assert_eq!(task.reminders, [Reminder { id: "r".to_owned(), start: None, time: "2013-07-01T08:00:00Z".to_owned() }]);
    let rule = Node::Tree(Tree::of([("variable", Node::text("distance_m")), ("at_least", Node::number(5000.0))]));
    let daily = read([("type", Node::text("daily")), ("rule", rule.clone())]).unwrap();
    assert_eq!(daily.rule, Rule::new("distance_m", Some(5000.0), None));
    assert_eq!(read([("rule", rule)]), Err(HabitError::Member("rule")));
}

#[test]
fn what_cannot_be_or_is_too_much_is_refused() {
    let tree = || Node::Tree(Tree::default());
    let many = (0..=CHECKLIST_LEN_MAX).map(|_| tree()).collect();
    let twice = Node::Tree(Tree::of([("id", Node::text("x"))]));
    for (name, node) in [
        ("text", tree()),
        ("notes", Node::List(Vec::new())),
        ("value", tree()),
        ("tags", Node::number(1.0)),
        ("repeat", Node::text("daily")),
        ("completed", tree()),
        ("date", Node::bool(true)),
        ("date", Node::text(&"1".repeat(65))),
        ("checklist", tree()),
        ("checklist", Node::List(vec![Node::number(1.0)])),
        ("checklist", Node::List(many)),
        ("checklist", Node::List(vec![twice.clone(), twice])),
        ("reminders", Node::text("now")),
        ("text", Node::text(&"x".repeat(TEXT_BYTES_MAX + 1))),
        ("notes", Node::text(&"x".repeat(TEXT_BYTES_MAX + 1))),
        ("anything", Node::text(&"x".repeat(1_000_000))),
    ] {
        assert!(read([(name, node)]).is_err(), "{name}");
    }
}
