//! Operations: what they change, what they tell, and what they leave alone.

use super::*;
use crate::domain::habit::gear::Gear;
use crate::domain::habit::hero::{Earned, Flag, Hero, Tag};
use crate::domain::habit::newcomer;
use crate::domain::habit::stats::{Moved, Stats};
use crate::domain::habit::task::Part;

pub(super) const NOW: Now = Now { at: Timestamp::from_millis(1_372_000_000_000), zone: Zone::UTC };

pub(super) fn id(name: &str) -> TaskId {
    TaskId::parse(name).unwrap()
}

fn text(text: &str) -> Node {
    Node::text(text)
}

fn tree(name: &str, kind: &str) -> Tree {
    Tree::of([("id", text(name)), ("type", text(kind)), ("text", text("Hello!")), ("value", Node::number(0.0))])
}

fn empty() -> Board {
    Board::load(Hero::new(1), [])
}

/// One task of each kind, named after it.
pub(super) fn board() -> Board {
    let mut board = empty();
    for kind in TaskKind::ALL {
        apply(&mut board, &Op::AddTask(tree(kind.as_str(), kind.as_str())), NOW).unwrap();
    }
    board.hero.tags = vec![Tag { id: "t1".to_owned(), name: "morning".to_owned() }];
    board.take_changed();
    board
}

pub(super) fn effects(board: &mut Board, op: &Op) -> Vec<Effect> {
    apply(board, op, NOW).unwrap().effects
}

pub(super) fn set(path: &str, value: Node) -> Op {
    Op::Set { path: path.to_owned(), value }
}

fn score(name: &str, direction: Direction) -> Op {
    Op::Score { id: id(name), direction, run: None }
}

pub(super) fn order(board: &Board, kind: TaskKind) -> String {
    board.tasks(kind).map(|task| task.id.as_str()).collect::<Vec<_>>().join(" ")
}

pub(super) fn changed(name: &str, part: Part) -> Vec<Effect> {
    // A tick has its time.
    let with = (part == Part::Completed).then_some(Part::CompletedAt);
    vec![Effect::TaskChanged { id: id(name), parts: with.into_iter().chain([part]).collect(), run: None }]
}

#[test]
fn tasks_come_to_the_front_of_their_list() {
    let mut board = empty();
    for (name, kind) in [("a", "todo"), ("b", "todo"), ("c", "habit"), ("d", "todo")] {
        let effects = effects(&mut board, &Op::AddTask(tree(name, kind)));
        let [Effect::TaskAdded { task, index: 0 }] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!((task.id.as_str(), task.text.as_str()), (name, "Hello!"));
    }
    assert_eq!(order(&board, TaskKind::Todo), "d b a");
    assert_eq!(order(&board, TaskKind::Habit), "c");
    let again = apply(&mut board, &Op::AddTask(tree("a", "habit")), NOW);
    assert_eq!(again, Err(HabitError::Taken));
}

#[test]
fn deleting_what_is_not_there_takes_nobodys_task() {
    let mut board = board();
    for (name, kind) in [("nobody", None), ("nobody", Some(TaskKind::Todo)), ("todo", Some(TaskKind::Daily))] {
        assert_eq!(effects(&mut board, &Op::DelTask { id: id(name), kind }), []);
        assert!(board.len() == 4 && board.take_changed().is_nothing());
    }
    let removed = effects(&mut board, &Op::DelTask { id: id("todo"), kind: Some(TaskKind::Todo) });
    assert_eq!(removed, [Effect::TaskRemoved { id: id("todo"), kind: TaskKind::Todo }]);
    assert_eq!(board.take_changed().gone, BTreeSet::from([id("todo")]));
    assert_eq!(effects(&mut board, &Op::DelTask { id: id("todo"), kind: None }), []);
}

#[test]
fn sorting_moves_the_task_that_is_named_wherever_it_is() {
    let mut board = empty();
    for name in ["d", "c", "b", "a"] {
        apply(&mut board, &Op::AddTask(tree(name, "todo")), NOW).unwrap();
    }
    let kind = TaskKind::Todo;
    let sorted = effects(&mut board, &Op::SortTask { kind, id: None, from: 0, to: 2 });
    assert_eq!(sorted, [Effect::TaskSorted { id: id("a"), kind, from: 0, to: 2 }]);
    assert_eq!(order(&board, kind), "b c a d");
    // A device that has not heard of it yet thinks that c is third.
    effects(&mut board, &Op::SortTask { kind, id: Some(id("c")), from: 2, to: 0 });
    assert_eq!(order(&board, kind), "c b a d");
    // One that is not there, or elsewhere, names nothing.
    effects(&mut board, &Op::SortTask { kind, id: Some(id("x")), from: 3, to: 0 });
    assert_eq!(order(&board, kind), "d c b a");
    effects(&mut board, &Op::Move { id: id("a"), to: 0 });
    assert_eq!(order(&board, kind), "a d c b");
    assert_eq!(apply(&mut board, &Op::Move { id: id("x"), to: 0 }, NOW), Err(HabitError::NoTask));
}

#[test]
fn set_changes_tasks_by_path() {
    for (path, value, part) in [
        ("tasks.todo.notes", text("<b>Mine</b>\u{0}"), Some(Part::Notes)),
        ("tasks.todo.text", Node::number(5.0), Some(Part::Text)),
        ("tasks.todo.text", Node::bool(true), None),
        ("tasks.todo.text", text("Hello!"), None),
        ("tasks.todo.value", Node::number(-3.5), Some(Part::Value)),
        ("tasks.todo.value", text("-3.5"), None),
        ("tasks.todo.value", Node::number(f64::NAN), None),
        ("tasks.todo.value", Node::Tree(Tree::default()), None),
        ("tasks.todo.value", Node::List(Vec::new()), None),
        ("tasks.todo.priority", text("!!!"), Some(Part::Priority)),
        ("tasks.todo.priority", text("high"), None),
        ("tasks.todo.completed", Node::bool(true), Some(Part::Completed)),
        ("tasks.todo.completed", text("true"), None),
        ("tasks.todo.date", text("2013-07-01"), Some(Part::Date)),
        ("tasks.todo.date", Node::bool(true), None),
        ("tasks.todo.streak", Node::number(3.0), None),
        ("tasks.todo.tags.t1", Node::bool(true), Some(Part::Tags)),
        ("tasks.todo.tags.t2", Node::bool(true), None),
        ("tasks.todo.tags", text("t1"), None),
        ("tasks.todo.history", text("x"), None),
        ("tasks.todo.rank", Node::number(0.0), None),
        ("tasks.todo.earned_streak", Node::number(9.0), None),
        ("tasks.todo.unheard", text("x"), None),
        ("tasks.todo", text("x"), None),
        ("tasks.nobody.text", text("x"), None),
        ("tasks..x", text("x"), None),
        ("tasks.todo.__proto__", text("x"), None),
        ("__proto__.x", text("x"), None),
        ("tasks", text("x"), None),
        ("tasks.daily.repeat.su", Node::bool(false), Some(Part::Repeat)),
        ("tasks.daily.repeat.sunday", Node::bool(false), None),
        ("tasks.daily.repeat", Node::bool(false), None),
        ("tasks.daily.streak", Node::number(7.0), Some(Part::Streak)),
        ("tasks.daily.streak", Node::number(7.5), None),
        ("tasks.daily.streak", Node::number(-7.0), None),
        ("tasks.habit.up", Node::bool(false), Some(Part::Up)),
        ("tasks.habit.up", Node::number(0.0), None),
        ("tasks.habit.completed", Node::bool(true), None),
        ("tasks.reward.value", Node::number(99.0), Some(Part::Value)),
    ] {
        let mut board = board();
        let told = effects(&mut board, &set(path, value.clone()));
        let name = path.split('.').nth(1).unwrap_or_default();
        assert_eq!(told, part.clone().map(|part| changed(name, part)).unwrap_or_default(), "{path} {value:?}");
        assert_eq!(board.take_changed().is_nothing(), part.is_none(), "{path} {value:?}");
    }
}

#[test]
fn set_names_paths_that_are_protected() {
    for path in ["apiToken", "auth.local.salt", "balance", "id", "tasks.todo.id", "tasks.todo.type", "tags.0.id", "_v"]
    {
        for value in [text("x"), Node::number(1.0), Node::Tree(Tree::default())] {
            let mut board = board();
            let refused = apply(&mut board, &set(path, value), NOW);
            assert_eq!(refused, Err(HabitError::Protected(path.to_owned())), "{path}");
            assert!(board.take_changed().is_nothing());
        }
    }
}

#[test]
fn set_tells_what_of_the_user_is_another() {
    let mut board = newcomer::board(7, 8, NOW.at);
    board.take_changed();
    let now = Stats { gp: 9.0, ..Stats::NEW };
    let by = Moved { gp: 9.0, ..Moved::default() };
    assert_eq!(effects(&mut board, &set("stats.gp", Node::number(9.0))), [Effect::Stats { by, now }]);
    let hair = Effect::UserSet { path: "preferences.hair".to_owned(), value: Scalar::Text("black".to_owned()) };
    assert_eq!(effects(&mut board, &set("preferences.hair", text("black"))), [hair]);
    assert_eq!(effects(&mut board, &set("tags.0.name", text("dawn"))), [Effect::TagsChanged]);
    let changed = board.take_changed();
    assert!(changed.head && changed.other && changed.tags && changed.tasks.is_empty());
    let died = effects(&mut board, &set("stats.hp", Node::number(-1.0)));
    assert_eq!(died.last(), Some(&Effect::Died));
    let long = apply(&mut board, &set("profile.blurb", text(&"x".repeat(1_000_000))), NOW);
    assert!(matches!(long, Err(HabitError::TooLong { .. })));
}

#[test]
fn a_score_tells_the_task_and_the_stats_and_the_habits_history() {
    let mut board = board();
    let run = RunId::from_u128(5);
    let op = Op::Score { id: id("habit"), direction: Direction::Up, run: Some(run) };
    let applied = apply(&mut board, &op, NOW).unwrap();
    let stats = Stats { gp: 1.0, exp: 7.5, ..Stats::NEW };
    let by = Moved { gp: 1.0, exp: 7.5, ..Moved::default() };
    let of_task = Effect::TaskChanged { id: id("habit"), parts: BTreeSet::from([Part::Value]), run: Some(run) };
    assert_eq!(applied.effects, [of_task, Effect::Stats { by, now: stats }]);
    assert_eq!(applied.scored.unwrap().delta, 1.0);
    let changed = board.take_changed();
    let entry = Entry { day: 15_879, at: NOW.at, value: 1.0, run: Some(run) };
    assert_eq!(changed.histories, [(Of::Task(id("habit")), entry)]);
    assert_eq!(changed.tasks, BTreeSet::from([id("habit")]));
    assert!(!changed.tags && !changed.other);
    // A daily has its history from the day's turn.
    effects(&mut board, &score("daily", Direction::Up));
    assert_eq!(board.take_changed().histories, []);
    // Once more it is done already.
    assert_eq!(apply(&mut board, &score("daily", Direction::Up), NOW), Ok(Applied::default()));
    assert!(board.take_changed().is_nothing());
    assert_eq!(apply(&mut board, &score("nobody", Direction::Up), NOW), Err(HabitError::NoTask));
}

#[test]
fn levels_and_unlocks_are_told_after_the_stats() {
    let mut board = board();
    board.hero.stats.exp = 145.0;
    let told = effects(&mut board, &score("habit", Direction::Up));
    let last =
        [Effect::Levelled { from: 1, to: 2 }, Effect::Unlocked(Flag::Customizations), Effect::Unlocked(Flag::Items)];
    assert_eq!(told[2..], last);
}

#[test]
fn gear_is_bought_piece_by_piece_and_potions_heal() {
    let mut board = board();
    let buy = |board: &mut Board, name: &str| apply(board, &Op::Buy(Goods::parse(name).unwrap()), NOW);
    assert_eq!(buy(&mut board, "weapon"), Err(HabitError::NotEnoughGold));
    assert_eq!(HabitError::NotEnoughGold.to_string(), "Not enough GP");
    board.hero.stats = Stats { gp: 19.99, hp: 20.0, ..Stats::NEW };
    assert_eq!(buy(&mut board, "weapon"), Err(HabitError::NotEnoughGold));
    board.hero.stats.gp = 20.0;
    assert!(buy(&mut board.clone(), "weapon").is_ok());
    board.hero.stats.gp = 75.0;
    let told = buy(&mut board, "weapon").unwrap().effects;
    assert_eq!(told[0], Effect::Bought { slot: Slot::Weapon, piece: 1 });
    buy(&mut board, "potion").unwrap();
    assert_eq!(board.hero.stats, Stats { gp: 30.0, hp: 35.0, ..Stats::NEW });
    buy(&mut board, "potion").unwrap();
    assert_eq!(board.hero.stats.hp, 50.0);
    board.hero.stats.gp = 1e6;
    for name in ["weapon", "armor", "head", "shield"] {
        let bought = (0..20).take_while(|_| buy(&mut board, name).is_ok()).count();
        assert_eq!(bought, 6, "{name}");
        assert_eq!(buy(&mut board, name), Err(HabitError::NothingBetter));
    }
    assert_eq!(board.hero.gear, Gear { weapon: 7, armor: 6, head: 6, shield: 6 });
    assert!(Goods::parse("Potion").is_none() && Goods::parse("reroll").is_none());
}

#[test]
fn who_revives_loses_a_level_all_gold_and_one_piece() {
    let mut board = board();
    assert_eq!(apply(&mut board, &Op::Revive, NOW), Err(HabitError::Alive));
    board.hero.stats = Stats { gp: 70.0, exp: 20.0, lvl: 5, hp: 0.0 };
    board.hero.gear = Gear { weapon: 2, armor: 3, head: 0, shield: 0 };
    board.hero.earned = Earned { lvl: 5, exp: 20.0, lvl_max: 5, ..Earned::NEW };
    assert_eq!(apply(&mut board, &Op::Buy(Goods::Potion), NOW), Err(HabitError::Dead));
    let copy = board.clone();
    let told = effects(&mut board, &Op::Revive);
    let Effect::Revived { lost: Some(lost) } = told[0] else { panic!("{told:?}") };
    assert_eq!(board.hero.stats, Stats { gp: 0.0, exp: 0.0, lvl: 4, hp: 50.0 });
    let earned = board.hero.earned;
    assert_eq!((earned.lvl, earned.exp, earned.lvl_max), (4, 0.0, 5));
    assert_eq!(board.hero.gear.piece(lost), 0);
    assert_eq!(board.hero.gear.owned().len(), 1);
    // The same again from the same seed; another loss from some other.
    let losses = |seed| {
        let mut board = copy.clone();
        board.hero.seed = seed;
        effects(&mut board, &Op::Revive);
        board.hero.gear
    };
    assert_eq!(losses(1), board.hero.gear);
    assert!((2..20).any(|seed| losses(seed) != losses(1)));
    // With nothing to lose.
    board.hero.gear = Gear::default();
    board.hero.stats = Stats { hp: 0.0, ..Stats::NEW };
    assert_eq!(effects(&mut board, &Op::Revive)[0], Effect::Revived { lost: None });
    assert_eq!(board.hero.stats, Stats::NEW);
}

#[test]
fn clearing_takes_todos_that_are_done() {
    let mut board = board();
    apply(&mut board, &Op::AddTask(tree("other", "todo")), NOW).unwrap();
    effects(&mut board, &score("todo", Direction::Up));
    effects(&mut board, &score("daily", Direction::Up));
    let told = effects(&mut board, &Op::ClearCompleted);
    assert_eq!(told, [Effect::TaskRemoved { id: id("todo"), kind: TaskKind::Todo }]);
    assert_eq!((board.len(), effects(&mut board, &Op::ClearCompleted)), (4, vec![]));
}

#[test]
fn ticks_written_by_hand_earn_no_streak() {
    let mut board = board();
    for _ in 0..10 {
        effects(&mut board, &score("daily", Direction::Up));
        effects(&mut board, &set("tasks.daily.completed", Node::bool(false)));
    }
    let daily = board.task(&id("daily")).unwrap();
    assert_eq!((daily.streak, daily.earned_streak, board.hero.earned.streak_max), (10, 0, 1));
}

#[test]
fn a_day_that_turns_is_told_with_what_it_cost() {
    let mut board = board();
    // The first only sets the clock.
    let value = Scalar::Number(NOW.at.as_millis() as f64);
    assert_eq!(turn_day(&mut board, NOW), [Effect::UserSet { path: "lastCron".to_owned(), value }]);
    let tomorrow = Now { at: NOW.at.plus_millis(86_400_000), ..NOW };
    let told = turn_day(&mut board, tomorrow);
    let [Effect::DayTurned(turned), Effect::Stats { by, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((turned.days, turned.hp_lost, by.hp), (1, 2.0, -2.0));
    assert_eq!(turn_day(&mut board, tomorrow), []);
}
