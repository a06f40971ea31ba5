//! Order: as JavaScript's `splice` has it, and as a plain list would keep it whatever is done.

use super::*;
use crate::domain::habit::drops::Chance;
use crate::domain::time::Timestamp;

fn id(name: &str) -> TaskId {
    TaskId::parse(name).unwrap()
}

fn task(name: &str, kind: TaskKind) -> Task {
    Task::new(id(name), kind, Timestamp::from_millis(0))
}

fn board(names: &str) -> Board {
    let mut board = Board::load(Hero::new(1), []);
    for name in names.split_terminator(' ') {
        board.add(task(name, TaskKind::Todo), usize::MAX).unwrap();
    }
    board.take_changed();
    board
}

fn order(board: &Board, kind: TaskKind) -> String {
    board.tasks(kind).map(|task| task.id.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn sorting_reads_its_indices_as_splice_does() {
    // What `a.splice(to, 0, a.splice(from, 1)[0])` makes of a b c d; nothing where it would put `undefined` there.
    for (from, to, after) in [
        (0, 2, "b c a d"),
        (2, 0, "c a b d"),
        (0, 3, "b c d a"),
        (0, 99, "b c d a"),
        (1, 1, "a b c d"),
        (-1, 0, "d a b c"),
        (-4, 1, "b a c d"),
        (-99, 1, "b a c d"),
        (0, -1, "b c a d"),
        (3, -1, "a b d c"),
        (0, -99, "a b c d"),
        (3, -99, "d a b c"),
        (4, 0, "a b c d"),
        (99, 0, "a b c d"),
        (i64::MIN, i64::MAX, "b c d a"),
        (i64::MAX, i64::MIN, "a b c d"),
    ] {
        let mut board = board("a b c d");
        let moved = board.splice(TaskKind::Todo, from, to);
        assert_eq!(order(&board, TaskKind::Todo), after, "{from} {to}");
        assert_eq!(moved.is_some(), after != "a b c d", "{from} {to}");
        assert_eq!(board.take_changed().tasks.len(), usize::from(moved.is_some()), "{from} {to}");
    }
    assert_eq!(board("").splice(TaskKind::Todo, 0, 0), None);
    assert_eq!(board("a b").splice(TaskKind::Habit, 0, 1), None);
}

#[test]
fn ranks_keep_the_order_that_a_plain_list_has() {
    let mut chance = Chance::new(2013, 6);
    for round in 0..40 {
        let mut board = board("");
        let mut plain: Vec<String> = Vec::new();
        for step in 0..250 {
            let any = |chance: &mut Chance| (chance.part() * 60.0) as i64 - 20;
            match (chance.part() * 10.0) as u32 {
                0..=3 => {
                    let name = format!("{round}-{step}");
                    board.add(task(&name, TaskKind::Daily), 0).unwrap();
                    plain.insert(0, name);
                }
                4..=8 => {
                    let (from, to) = (any(&mut chance), any(&mut chance));
                    board.splice(TaskKind::Daily, from, to);
                    splice(&mut plain, from, to);
                }
                _ if plain.is_empty() => assert!(board.remove(&id("nobody")).is_none()),
                _ => {
                    let name = plain.remove((chance.part() * plain.len() as f64) as usize);
                    assert!(board.remove(&id(&name)).is_some());
                }
            }
            assert_eq!(order(&board, TaskKind::Daily), plain.join(" "));
        }
        let kept: Vec<Task> = board.all_tasks().map(|task| Task::clone(task)).collect();
        let mut loaded = Board::load(board.hero.clone(), kept);
        assert_eq!(order(&loaded, TaskKind::Daily), plain.join(" "));
        assert!(loaded.take_changed().is_nothing());
        for (index, name) in plain.iter().enumerate() {
            assert_eq!(board.index_of(&id(name)), Some(index));
        }
    }
}

/// As the document's server did it, without the hole that it left.
fn splice(list: &mut Vec<String>, from: i64, to: i64) {
    let at = |index: i64, len: usize| {
        let len = len as i64;
        (if index < 0 { (len + index).max(0) } else { index.min(len) }) as usize
    };
    let from = at(from, list.len());
    if from < list.len() {
        let moved = list.remove(from);
        let to = at(to, list.len());
        list.insert(to, moved);
    }
}

#[test]
fn putting_to_the_same_place_again_and_again_writes_one_task_nearly_always() {
    let mut board = board("a b c d e f g h i j");
    let mut written = 0;
    for _ in 0..1_000 {
        board.splice(TaskKind::Todo, 9, 1).unwrap();
        written += board.take_changed().tasks.len();
    }
    assert!(written < 1_000 * 3 / 2, "{written}");
}

#[test]
fn an_id_stands_once_and_a_board_is_bounded() {
    let mut board = board("a");
    assert_eq!(board.add(task("a", TaskKind::Habit), 0), Err(HabitError::Taken));
    for number in 1..TASKS_LEN_MAX {
        board.add(task(&format!("n{number}"), TaskKind::Habit), 0).unwrap();
    }
    let more = board.add(task("more", TaskKind::Reward), 0);
    assert_eq!(more, Err(HabitError::TooMany { what: "tasks", len_max: TASKS_LEN_MAX }));
    assert_eq!(board.len(), TASKS_LEN_MAX);
}

#[test]
fn what_has_changed_is_told_once_and_is_a_version() {
    let mut board = board("a b");
    assert_eq!(board.hero.version, 1);
    assert!(board.take_changed().is_nothing());
    assert_eq!(board.hero.version, 1);
    for name in ["a", "b"] {
        let entry = Entry { day: 0, at: Timestamp::from_millis(0), value: 1.0, run: None };
        board.record(Of::Task(id(name)), entry);
    }
    board.remove(&id("a"));
    board.add(task("a", TaskKind::Habit), 0).unwrap();
    let changed = board.take_changed();
    // What was of the one that is gone is nobody's history.
    assert_eq!(changed.histories.iter().map(|(of, _)| of).collect::<Vec<_>>(), [&Of::Task(id("b"))]);
    // What was gone has come again: it is taken away with its history, and put.
    assert_eq!((changed.tasks, changed.gone), (BTreeSet::from([id("a")]), BTreeSet::from([id("a")])));
    assert!(changed.head);
    assert_eq!(board.hero.version, 2);
}

#[test]
fn a_copy_is_its_own() {
    let before = board("a b c");
    let mut after = before.clone();
    after.splice(TaskKind::Todo, 0, 2);
    after.task_mut(&id("b")).unwrap().1.text = "other".to_owned();
    assert_eq!(
        (order(&before, TaskKind::Todo), order(&after, TaskKind::Todo)),
        ("a b c".to_owned(), "b c a".to_owned())
    );
    assert_eq!(before.task(&id("b")).unwrap().text, "");
}

#[test]
fn ranks_that_are_kept_twice_are_mended_on_loading() {
    let tasks =
        ["b", "a", "c"].map(|name| Task { rank: if name == "c" { -1 } else { 7 }, ..task(name, TaskKind::Habit) });
    let mut board = Board::load(Hero::new(1), tasks);
    assert_eq!(order(&board, TaskKind::Habit), "c a b");
    assert_eq!(board.take_changed().tasks.len(), 3);
}

#[test]
fn room_is_for_all_tasks_together_and_comes_back() {
    let mut board = Board::load(Hero::new(1), []);
    let long = |id: &str, len: usize| Task { text: "x".repeat(len), ..task(id, TaskKind::Todo) };
    let full = Err(HabitError::Full { bytes_max: BOARD_BYTES_MAX });
    let half = BOARD_BYTES_MAX / 2;
    board.add(long("a", half), 0).unwrap();
    board.add(long("b", half), 0).unwrap();
    assert_eq!(board.add(long("c", 1), 0).map(drop), full);
    let rank = |board: &Board, id: &str| board.task(&TaskId::parse(id).unwrap()).unwrap().rank;
    let in_place = |board: &Board, len| Task { rank: rank(board, "a"), ..long("a", len) };
    assert_eq!(board.replace(in_place(&board, half + 1)), full);
    // Who has too much from before may still make it less, or leave it.
    assert_eq!(board.replace(in_place(&board, half)), Ok(()));
    assert_eq!(board.replace(in_place(&board, 10)), Ok(()));
    assert_eq!(board.bytes(), half + 10);
    board.remove(&TaskId::parse("b").unwrap()).unwrap();
    assert_eq!((board.bytes(), board.add(long("c", half), 0).is_ok()), (10, true));
    let again = Board::load(Hero::new(1), board.all_tasks().map(|task| Task::clone(task)));
    assert_eq!(again.bytes(), board.bytes());
}
