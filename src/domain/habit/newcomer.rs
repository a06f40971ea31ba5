//! The board of a new user: nine tasks to begin with, of the kinds and values that the document's users began with, and the
//! properties that a `set` may find.
//!
//! Which user it is, and their names, are not known here.

use std::sync::Arc;

use super::board::Board;
use super::drops::Chance;
use super::hero::{Hero, Tag};
use super::task::{Task, TaskId, TaskKind};
use super::tree::{Node, Tree};
use crate::domain::time::Timestamp;

/// Kind, text, notes, value, and which buttons a habit has.
type Beginning = (TaskKind, &'static str, &'static str, f64, (bool, bool));

/// In the order of their lists.
const TASKS: [Beginning; 9] = [
    (TaskKind::Habit, "Work for an hour without a break", "A habit that can only be a good one.", 0.0, (true, false)),
    (TaskKind::Habit, "Have sweets instead of a meal", "One that can only be a bad one.", 0.0, (false, true)),
    (TaskKind::Habit, "Take the stairs", "Plus for the stairs, minus for the lift.", 0.0, (true, true)),
    (
        TaskKind::Daily,
        "An hour for something of my own",
        "What is not done when the day turns hurts.",
        0.0,
        (true, true),
    ),
    (TaskKind::Daily, "Move", "What goes well brings less, and hurts less when it is left out.", 3.0, (true, true)),
    (TaskKind::Daily, "Read", "What goes badly brings more, and hurts more.", -10.0, (true, true)),
    (TaskKind::Todo, "Call home", "It does not hurt to wait, and is worth more each day.", -3.0, (true, true)),
    (TaskKind::Reward, "An episode of a series", "What gold is for.", 20.0, (true, true)),
    (TaskKind::Reward, "A piece of cake", "", 10.0, (true, true)),
];

const TAGS: [&str; 3] = ["morning", "afternoon", "evening"];

/// All that is found by chance later comes from `seed`. Ids come from another: they are told, and would tell it.
pub fn board(seed: u64, ids_seed: u64, now: Timestamp) -> Board {
    let mut ids = Chance::new(ids_seed, 0);
    let mut hero = Hero::new(seed);
    hero.other = Arc::new(other());
    hero.tags = TAGS.map(|name| Tag { id: ids.uuid(), name: name.to_owned() }).to_vec();
    let mut board = Board::load(hero, []);
    for (kind, text, notes, value, (up, down)) in TASKS {
        let Some(id) = TaskId::parse(&ids.uuid()) else { continue };
        let mut task = Task::new(id, kind, now);
        (task.text, task.notes) = (text.to_owned(), notes.to_owned());
        (task.value, task.up, task.down) = (value, up, down);
        // Each at the end. Ids are made anew, and nine are not too many.
        let _ = board.add(task, usize::MAX);
    }
    let changed = &mut board.changed;
    (changed.head, changed.tags, changed.other) = (true, true, true);
    board
}

/// What the document's user has and nothing here reads.
fn other() -> Tree {
    Tree::of([
        ("achievements", Node::Tree(Tree::default())),
        ("filters", Node::Tree(Tree::default())),
        ("flags", Node::Tree(Tree::of([("ads", Node::text("show")), ("newStuff", Node::bool(false))]))),
        ("invitations", Node::Tree(Tree::of([("guilds", Node::List(Vec::new())), ("party", Node::null())]))),
        ("items", Node::Tree(Tree::of([("currentPet", Node::text("")), ("pets", Node::List(Vec::new()))]))),
        (
            "party",
            Node::Tree(Tree::of([
                ("current", Node::null()),
                ("invitation", Node::null()),
                ("lastMessageSeen", Node::null()),
                ("leader", Node::bool(false)),
            ])),
        ),
        (
            "preferences",
            Node::Tree(Tree::of([
                ("armorSet", Node::text("v1")),
                ("gender", Node::text("m")),
                ("hair", Node::text("blond")),
                ("showHelm", Node::bool(true)),
                ("skin", Node::text("white")),
            ])),
        ),
        (
            "profile",
            Node::Tree(Tree::of([
                ("blurb", Node::text("")),
                ("imageUrl", Node::text("")),
                ("name", Node::text("")),
                ("websites", Node::List(Vec::new())),
            ])),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::habit::stats::Stats;

    const NOW: Timestamp = Timestamp::from_millis(1_372_000_000_000);

    #[test]
    fn begins_with_nine_tasks_of_the_originals_kinds_and_values() {
        let board = board(7, 8, NOW);
        let values = |kind| board.tasks(kind).map(|task| task.value).collect::<Vec<_>>();
        assert_eq!(values(TaskKind::Habit), [0.0, 0.0, 0.0]);
        assert_eq!(values(TaskKind::Daily), [0.0, 3.0, -10.0]);
        assert_eq!(values(TaskKind::Todo), [-3.0]);
        assert_eq!(values(TaskKind::Reward), [20.0, 10.0]);
        let buttons = board.tasks(TaskKind::Habit).map(|task| (task.up, task.down)).collect::<Vec<_>>();
        assert_eq!(buttons, [(true, false), (false, true), (true, true)]);
        assert!(board.tasks(TaskKind::Daily).all(|task| !task.completed && task.repeat == [true; 7]));
        assert_eq!(board.hero.stats, Stats { gp: 0.0, exp: 0.0, lvl: 1, hp: 50.0 });
        assert_eq!(board.hero.tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>(), TAGS);
        assert_eq!(board.hero.other.check(), Ok(()));
    }

    #[test]
    fn is_written_whole_with_the_same_ids_for_the_same_seed() {
        let mut first = board(7, 8, NOW);
        let changed = first.take_changed();
        assert!(changed.head && changed.tags && changed.other);
        assert_eq!((changed.tasks.len(), first.hero.version), (9, 1));
        let ids = |board: &Board| board.all_tasks().map(|task| task.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&first), ids(&board(1, 8, NOW)));
        assert_ne!(ids(&first), ids(&board(7, 9, NOW)));
    }
}
