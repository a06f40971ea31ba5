//! Any operations at all on a board: it stays whole, and what is told of its changes is enough to keep it.

use std::collections::BTreeMap;

use super::day::Zone;
use super::drops::Chance;
use super::effect::{Effect, gathered};
use super::gear::Slot;
use super::hero::{Hero, Tag};
use super::numbers::{Direction, NUMBER_MAX};
use super::ops::{ChecklistEdit, Goods, Now, Op, TagEdit, apply, turn_day};
use super::task::{Item, Task, TaskChange, TaskId, TaskKind};
use super::tree::{Node, Tree};
use super::{Board, Changed, newcomer};
use crate::domain::time::Timestamp;

const PATHS: [&str; 22] = [
    "stats.hp",
    "stats.exp",
    "stats.gp",
    "stats.lvl",
    "items.weapon",
    "items.shield",
    "preferences.hair",
    "preferences.dayStart",
    "preferences.timezoneOffset",
    "flags.rest",
    "flags.dropsEnabled",
    "lastCron",
    "tags.0.name",
    "balance",
    "__proto__.x",
    "tasks.3.value",
    "tasks.3.completed",
    "tasks.4.streak",
    "tasks.5.text",
    "tasks.5.checklist.0.completed",
    "tasks.6.up",
    "tasks..x",
];

fn value(chance: &mut Chance) -> Node {
    let numbers = [0.0, 1.0, -1.0, 0.5, 7.0, 50.0, 100.0, 1e9, -1e9, NUMBER_MAX, 1.7e308, f64::NAN, 1.4e12];
    match (chance.part() * 8.0) as u32 {
        0..=4 => Node::number(chance.one_of(&numbers).unwrap()),
        5 => Node::bool(chance.part() < 0.5),
        6 => Node::text(chance.one_of(&["new", "", "x", "!!", "5"]).unwrap()),
        _ => Node::Tree(Tree::default()),
    }
}

fn op(chance: &mut Chance) -> Op {
    let id = TaskId::parse(&((chance.part() * 12.0) as u32).to_string()).unwrap();
    let kind = chance.one_of(&TaskKind::ALL).unwrap();
    let mut index = || (chance.part() * 16.0) as i64 - 6;
    let (from, to) = (index(), index());
    match (chance.part() * 20.0) as u32 {
        0..=3 => Op::AddTask(Tree::of([
            ("id", Node::text(id.as_str())),
            ("type", Node::text(kind.as_str())),
            ("value", value(chance)),
            ("streak", value(chance)),
        ])),
        4 => Op::DelTask { id, kind: None },
        5..=6 => Op::SortTask { kind, id: None, from, to },
        7 => Op::Move { id, to },
        8..=10 => Op::Set { path: chance.one_of(&PATHS).unwrap().to_owned(), value: value(chance) },
        11..=14 => {
            let direction = chance.one_of(&[Direction::Up, Direction::Down]).unwrap();
            Op::Score { id, direction, run: None }
        }
        15 => Op::Buy(chance.one_of(&[Goods::Potion, Goods::Gear(Slot::Head), Goods::Gear(Slot::Weapon)]).unwrap()),
        16 => Op::Revive,
        17 => Op::ClearCompleted,
        18 => {
            let item = Item { id: to.to_string(), text: String::new(), is_completed: from > 0 };
            Op::Checklist { id, edit: ChecklistEdit::Put(item) }
        }
        _ if from > 5 => Op::Tag(TagEdit::Remove { tag: to.to_string() }),
        _ if from > 3 => Op::Tag(TagEdit::Put(Tag { id: to.to_string(), name: from.to_string() })),
        _ => {
            let change = TaskChange { value: Some(from as f64), ..TaskChange::default() };
            Op::Change { id, change: Box::new(change) }
        }
    }
}

/// What a store has of it, which hears of changes alone.
struct Kept {
    hero: Hero,
    tasks: BTreeMap<TaskId, Task>,
}

impl Kept {
    fn follow(&mut self, board: &mut Board) -> Changed {
        let changed = board.take_changed();
        let now = board.hero.clone();
        let (tags, other) = (self.hero.tags.clone(), self.hero.other.clone());
        if changed.head {
            self.hero = Hero { tags, other, ..now.clone() };
        }
        if changed.tags {
            self.hero.tags = now.tags;
        }
        if changed.other {
            self.hero.other = now.other;
        }
        changed.gone.iter().for_each(|id| drop(self.tasks.remove(id)));
        for id in &changed.tasks {
            let task = board.task(id).expect("what changed is there");
            self.tasks.insert(id.clone(), Task::clone(task));
        }
        changed
    }

    fn is(&self, board: &Board) -> bool {
        self.hero == board.hero && self.tasks.values().eq(board.all_tasks().map(AsRef::as_ref))
    }
}

fn is_whole(board: &Board) -> bool {
    let stats = board.hero.stats;
    let numbers = [stats.gp, stats.exp, stats.hp, board.hero.earned.exp];
    let are_small = numbers.into_iter().chain(board.all_tasks().map(|task| task.value));
    let in_lists = TaskKind::ALL.map(|kind| board.tasks(kind).filter(|task| task.kind == kind).count());
    are_small.into_iter().all(|number| number.abs() <= NUMBER_MAX)
        && (1..=100).contains(&stats.lvl)
        && in_lists.iter().sum::<usize>() == board.len()
}

#[test]
fn any_operations_leave_a_whole_board_of_which_each_change_is_told() {
    let start = Timestamp::from_millis(1_372_000_000_000);
    for round in 0..150 {
        let mut chance = Chance::new(7, round);
        let mut board = newcomer::board(round, round + 1, start);
        let mut kept = Kept { hero: Hero::new(round), tasks: BTreeMap::new() };
        kept.follow(&mut board);
        let mut now = Now { at: start, zone: Zone::Named(chrono_tz::Europe::Helsinki) };
        for _ in 0..60 {
            now.at = now.at.plus_millis((chance.part() * 30.0 * 3_600_000.0) as i64);
            let mut effects = turn_day(&mut board, now);
            for _ in 0..(chance.part() * 8.0) as u32 {
                let before = board.clone();
                match apply(&mut board, &op(&mut chance), now) {
                    Ok(applied) => effects.extend(applied.effects),
                    Err(_) => {
                        let tasks_are_same = board.all_tasks().eq(before.all_tasks());
                        assert!(tasks_are_same && board.hero == before.hero && board.changed == before.changed);
                    }
                }
                assert!(is_whole(&board));
            }
            let told = gathered(effects);
            assert!(told.iter().filter(|effect| matches!(effect, Effect::Stats { .. })).count() <= 1);
            let changed = kept.follow(&mut board);
            // The first turn of all sets the clock without a word.
            let alone = Changed { head: changed.head, ..Changed::default() };
            assert!(!told.is_empty() || changed == alone, "{changed:?}");
            assert!(kept.is(&board), "round {round}");
            let loaded = Board::load(kept.hero.clone(), kept.tasks.values().cloned());
            for kind in TaskKind::ALL {
                assert!(loaded.tasks(kind).eq(board.tasks(kind)), "round {round}");
            }
        }
    }
}
