//! Changes of tasks, checklists and tags: whole or nothing, and merged item by item.

use super::*;
use crate::domain::habit::bounds::TEXT_BYTES_MAX;
use crate::domain::habit::ops::tests::{NOW, board, changed, effects, id, order, set};
use crate::domain::habit::ops::{Op, apply};
use crate::domain::habit::task::TaskKind;
use crate::domain::habit::tree::Node;

#[test]
fn a_change_is_whole_or_nothing() {
    let mut board = board();
    let change = |change: TaskChange| Op::Change { id: id("todo"), change: Box::new(change) };
    let both = TaskChange { text: Some("Run".to_owned()), value: Some(2.0), ..TaskChange::default() };
    let told = effects(&mut board, &change(both.clone()));
    let parts = BTreeSet::from([Part::Text, Part::Value]);
    assert_eq!(told, [Effect::TaskChanged { id: id("todo"), parts, run: None }]);
    board.take_changed();
    assert_eq!(effects(&mut board, &change(both)), []);
    for bad in [
        TaskChange { text: Some("x".repeat(TEXT_BYTES_MAX + 1)), ..TaskChange::default() },
        TaskChange { value: Some(f64::NAN), ..TaskChange::default() },
        TaskChange { value: Some(f64::INFINITY), ..TaskChange::default() },
        TaskChange { repeat: Some([true; 7]), ..TaskChange::default() },
        TaskChange { up: Some(false), notes: Some("lost".to_owned()), ..TaskChange::default() },
    ] {
        assert!(apply(&mut board, &change(bad), NOW).is_err());
    }
    assert!(board.take_changed().is_nothing());
    let replaced =
        TaskChange { notes: Some("Only these".to_owned()), ..TaskChange::default() }.replacing(TaskKind::Todo);
    effects(&mut board, &change(replaced));
    let task = board.task(&id("todo")).unwrap();
    assert_eq!((task.text.as_str(), task.notes.as_str(), task.value), ("", "Only these", 2.0));
    let create = Op::Create { id: id("new"), kind: TaskKind::Reward, change: Box::default() };
    effects(&mut board, &create);
    assert_eq!(order(&board, TaskKind::Reward), "new reward");
    assert_eq!(apply(&mut board, &create, NOW), Err(HabitError::Taken));
}

#[test]
fn items_of_a_checklist_merge_one_by_one() {
    let mut board = board();
    let item = |id: &str| Item { id: id.to_owned(), text: id.to_uppercase(), is_completed: false };
    let edit = |edit| Op::Checklist { id: id("todo"), edit };
    for name in ["a", "b", "c"] {
        assert_eq!(effects(&mut board, &edit(ChecklistEdit::Put(item(name)))), changed("todo", Part::Checklist));
    }
    assert_eq!(apply(&mut board, &edit(ChecklistEdit::Add(item("c"))), NOW), Err(HabitError::ItemTaken));
    let tick = edit(ChecklistEdit::Change { item: "b".to_owned(), text: None, is_completed: Some(true) });
    effects(&mut board, &tick);
    assert_eq!(effects(&mut board, &tick), []);
    effects(&mut board, &edit(ChecklistEdit::Move { item: "c".to_owned(), to: 0 }));
    let text = |item: &str, text: &str| {
        edit(ChecklistEdit::Change { item: item.to_owned(), text: Some(text.to_owned()), is_completed: None })
    };
    effects(&mut board, &text("c", "first"));
    let long = apply(&mut board, &text("c", &"x".repeat(ITEM_BYTES_MAX + 1)), NOW);
    assert_eq!(long, Err(HabitError::TooLong { member: "text", bytes_max: ITEM_BYTES_MAX }));
    effects(&mut board, &edit(ChecklistEdit::Remove { item: "a".to_owned() }));
    assert_eq!(effects(&mut board, &edit(ChecklistEdit::Remove { item: "a".to_owned() })), []);
    let items: Vec<_> =
        board.task(&id("todo")).unwrap().checklist.iter().map(|item| (item.text.as_str(), item.is_completed)).collect();
    assert_eq!(items, [("first", false), ("B", true)]);
    for gone in [
        ChecklistEdit::Change { item: "a".to_owned(), text: None, is_completed: Some(true) },
        ChecklistEdit::Move { item: "a".to_owned(), to: 0 },
    ] {
        assert_eq!(apply(&mut board, &edit(gone), NOW), Err(HabitError::NoItem));
    }
    let of_habit = Op::Checklist { id: id("habit"), edit: ChecklistEdit::Put(item("a")) };
    assert_eq!(apply(&mut board, &of_habit, NOW), Err(HabitError::Member("checklist")));
    effects(&mut board, &set("tasks.todo.checklist.0.completed", Node::bool(true)));
    effects(&mut board, &set("tasks.todo.checklist.9.completed", Node::bool(true)));
    assert!(board.task(&id("todo")).unwrap().checklist.iter().all(|item| item.is_completed));
}

#[test]
fn a_tag_that_goes_goes_from_all_tasks() {
    let mut board = board();
    let tag = |id: &str, name: &str| Tag { id: id.to_owned(), name: name.to_owned() };
    effects(&mut board, &Op::Tag(TagEdit::Put(tag("t2", "noon"))));
    effects(&mut board, &Op::Tag(TagEdit::Put(tag("t1", "dawn"))));
    effects(&mut board, &Op::Tag(TagEdit::Move { tag: "t2".to_owned(), to: 0 }));
    assert_eq!(board.hero.tags, [tag("t2", "noon"), tag("t1", "dawn")]);
    assert_eq!(apply(&mut board, &Op::Tag(TagEdit::Add(tag("t1", "x"))), NOW), Err(HabitError::TagTaken));
    let rename = |id: &str| Op::Tag(TagEdit::Rename { tag: id.to_owned(), name: "dusk".to_owned() });
    assert_eq!(apply(&mut board, &rename("t9"), NOW), Err(HabitError::NoTag));
    effects(&mut board, &rename("t1"));
    assert_eq!(board.hero.tags[1], tag("t1", "dusk"));
    effects(&mut board, &set("tasks.todo.tags.t1", Node::bool(true)));
    effects(&mut board, &set("tasks.daily.tags.t1", Node::bool(true)));
    board.take_changed();
    let remove = Op::Tag(TagEdit::Remove { tag: "t1".to_owned() });
    let told = effects(&mut board, &remove);
    assert_eq!((told.len(), &told[0]), (3, &Effect::TagsChanged));
    assert!(board.all_tasks().all(|task| task.tags.is_empty()));
    let tagged = TaskChange { tags: Some(BTreeSet::from(["t1".to_owned()])), ..TaskChange::default() };
    let tagged = Op::Change { id: id("todo"), change: Box::new(tagged) };
    assert_eq!(apply(&mut board, &tagged, NOW), Err(HabitError::UnknownTag));
    let written = board.take_changed();
    assert!(written.tags && written.tasks == BTreeSet::from([id("daily"), id("todo")]));
    assert_eq!(effects(&mut board, &remove), []);
    for bad in [tag("", "x"), tag("a.b", "x"), tag("a", &"x".repeat(256))] {
        assert!(apply(&mut board, &Op::Tag(TagEdit::Put(bad)), NOW).is_err());
    }
    assert_eq!(apply(&mut board, &Op::Tag(TagEdit::Move { tag: "t9".to_owned(), to: 0 }), NOW), Err(HabitError::NoTag));
}
