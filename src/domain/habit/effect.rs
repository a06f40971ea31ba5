//! What an operation has done, as another device of the user has to hear it: small, and in the order in which it happened.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cron::Turned;
use super::drops::Drop;
use super::gear::Slot;
use super::hero::Flag;
use super::stats::{Moved, Stats};
use super::task::{Part, Task, TaskId, TaskKind};
use super::tree::Scalar;
use crate::domain::ids::RunId;

#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    TaskAdded {
        task: Arc<Task>,
        /// From 0, in the list of its kind.
        index: usize,
    },
    /// What it is now stands on the board.
    TaskChanged {
        id: TaskId,
        parts: BTreeSet<Part>,
        /// The run that scored it.
        run: Option<RunId>,
    },
    TaskRemoved {
        id: TaskId,
        kind: TaskKind,
    },
    TaskSorted {
        id: TaskId,
        kind: TaskKind,
        from: usize,
        to: usize,
    },
    Stats {
        by: Moved,
        now: Stats,
    },
    Levelled {
        from: u32,
        to: u32,
    },
    Unlocked(Flag),
    Dropped(Drop),
    Died,
    Revived {
        /// What was lost of the gear.
        lost: Option<Slot>,
    },
    Bought {
        slot: Slot,
        piece: u8,
    },
    /// A property of the user that is no number of theirs.
    UserSet {
        path: String,
        value: Scalar,
    },
    /// All tags as they are now stand with the hero.
    TagsChanged,
    DayTurned(Turned),
}

/// How stats have moved, and what that means. Nothing when they have not.
pub(super) fn of_stats(before: &Stats, now: &Stats) -> Vec<Effect> {
    let mut effects = Vec::new();
    if now != before {
        effects.push(Effect::Stats { by: now.since(before), now: *now });
    }
    if now.lvl > before.lvl {
        effects.push(Effect::Levelled { from: before.lvl, to: now.lvl });
    }
    if now.is_dead() && !before.is_dead() {
        effects.push(Effect::Died);
    }
    effects
}

/// The effects of a batch with what repeats told once, at its last place: a thousand clicks on one habit are one changed task and
/// one move of the stats. A task that is taken away parts what came before from what comes after, when it may be there anew.
pub fn gathered(effects: Vec<Effect>) -> Vec<Effect> {
    let mut later: BTreeMap<(TaskId, Option<u128>), usize> = BTreeMap::new();
    let mut later_stats: Option<usize> = None;
    // From the last to the first.
    let mut told: Vec<Effect> = Vec::new();
    for effect in effects.into_iter().rev() {
        match &effect {
            Effect::TaskChanged { id, parts, run } => {
                let key = (id.clone(), run.map(RunId::as_u128));
                let known = later.get(&key).and_then(|at| told.get_mut(*at));
                if let Some(Effect::TaskChanged { parts: known, .. }) = known {
                    known.extend(parts.iter().cloned());
                    continue;
                }
                later.insert(key, told.len());
            }
            Effect::Stats { by, .. } => {
                if let Some(Effect::Stats { by: sum, .. }) = later_stats.and_then(|at| told.get_mut(at)) {
                    *sum = sum.and(by);
                    continue;
                }
                later_stats = Some(told.len());
            }
            Effect::TaskRemoved { id, .. } => later.retain(|(changed, _), _| changed != id),
            _ => {}
        }
        told.push(effect);
    }
    told.reverse();
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::habit::board::Board;
    use crate::domain::habit::day::Zone;
    use crate::domain::habit::hero::Hero;
    use crate::domain::habit::numbers::Direction;
    use crate::domain::habit::ops::{Now, Op, apply};
    use crate::domain::habit::tree::{Node, Tree};
    use crate::domain::time::Timestamp;

    #[test]
    fn what_repeats_in_a_batch_is_told_once_and_last() {
        let mut board = Board::load(Hero::new(1), []);
        let now = Now { at: Timestamp::from_millis(0), zone: Zone::UTC };
        let id = |name: &str| TaskId::parse(name).unwrap();
        let add = |name: &str| Op::AddTask(Tree::of([("id", Node::text(name)), ("type", Node::text("habit"))]));
        let score = |name: &str, run| Op::Score { id: id(name), direction: Direction::Up, run };
        let run = Some(RunId::from_u128(5));
        let delete = Op::DelTask { id: id("a"), kind: None };
        let mut ops = vec![add("a"), add("b"), score("a", None), delete, add("a")];
        ops.extend((0..4).flat_map(|_| [score("a", None), score("b", None)]));
        ops.extend([score("a", run), score("b", None)]);
        let effects = ops.iter().flat_map(|op| apply(&mut board, op, now).unwrap().effects).collect();
        let told = gathered(effects);
        let names = told.iter().map(|effect| match effect {
            Effect::TaskAdded { task, .. } => format!("+{}", task.id),
            Effect::TaskRemoved { id, .. } => format!("-{id}"),
            Effect::TaskChanged { id, run, .. } => format!("{id}{}", if run.is_some() { " by a run" } else { "" }),
            Effect::Stats { .. } => "stats".to_owned(),
            other => format!("{other:?}"),
        });
        let wanted = ["+a", "+b", "a", "-a", "+a", "a", "Unlocked(Customizations)", "a by a run", "b", "stats"];
        let mut names: Vec<_> = names.collect();
        let unlocked = names.iter().position(|name| name.starts_with("Unlocked")).unwrap();
        let unlock = names.remove(unlocked);
        assert_eq!(unlock, wanted[6]);
        assert_eq!(names, [&wanted[..6], &wanted[7..]].concat());
        let Some(Effect::Stats { by, now }) = told.last() else { panic!("{told:?}") };
        assert!((by.gp - now.gp).abs() < 1e-9 && (by.exp - now.exp).abs() < 1e-9);
        assert_eq!(*now, board.hero.stats);
    }
}
