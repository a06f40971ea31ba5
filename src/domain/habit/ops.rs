//! Operations on a board: those of the document, of its later revisions, and what our own API needs besides.
//!
//! Each is carried out whole or not at all. How they arrive, and whether one has come before, is not known here.

mod edits;

use std::collections::BTreeSet;

use super::board::Board;
use super::cron;
use super::day::Zone;
use super::effect::{Effect, of_stats};
use super::error::HabitError;
use super::gear::{POTION_GP, POTION_HP, Slot};
use super::hero::{HeroChange, LastTurn, Set};
use super::history::{Entry, Of};
use super::numbers::{Direction, HP_MAX};
use super::path::Path;
use super::score::{Scored, When, click};
use super::task::{Part, Task, TaskChange, TaskId, TaskKind};
use super::tree::{Node, Scalar, Tree};
use crate::domain::ids::RunId;
use crate::domain::time::Timestamp;
pub use edits::{ChecklistEdit, TagEdit};

/// When and where an operation is carried out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now {
    pub at: Timestamp,
    pub zone: Zone,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// At the front of its list. In the document's shape.
    AddTask(Tree),
    /// The same for one that is made member by member.
    Create {
        id: TaskId,
        kind: TaskKind,
        change: Box<TaskChange>,
    },
    /// One that is not there, or is of another kind, is left alone.
    DelTask {
        id: TaskId,
        kind: Option<TaskKind>,
    },
    /// Both are indices in the list of its kind, read as JavaScript's `splice` reads them. Where the task itself is named it is
    /// that one which moves, wherever other devices have put it meanwhile.
    SortTask {
        kind: TaskKind,
        id: Option<TaskId>,
        from: i64,
        to: i64,
    },
    /// By id alone.
    Move {
        id: TaskId,
        to: i64,
    },
    Set {
        path: String,
        value: Node,
    },
    Score {
        id: TaskId,
        direction: Direction,
        /// The run that scores it.
        run: Option<RunId>,
    },
    Buy(Goods),
    Revive,
    /// Takes away the to-dos that are done.
    ClearCompleted,
    Change {
        id: TaskId,
        change: Box<TaskChange>,
    },
    Checklist {
        id: TaskId,
        edit: ChecklistEdit,
    },
    Tag(TagEdit),
    /// All of it or nothing.
    ChangeHero(Box<HeroChange>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goods {
    /// The next better piece.
    Gear(Slot),
    Potion,
}

impl Goods {
    pub fn parse(text: &str) -> Option<Self> {
        if text == "potion" { Some(Self::Potion) } else { Slot::parse(text).map(Self::Gear) }
    }
}

/// What an operation has done; nothing when `effects` are none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    pub effects: Vec<Effect>,
    /// Of a score that counted.
    pub scored: Option<Scored>,
}

/// The day's turn, which comes before a batch. It is an effect like others.
pub fn turn_day(board: &mut Board, now: Now) -> Vec<Effect> {
    let (before, last_turn) = (board.hero.stats, board.hero.last_turn);
    let Some(turned) = cron::turn(board, now.at, now.zone) else {
        let is_another = board.hero.last_turn != last_turn;
        // Nobody knows of a board that was just made.
        return if is_another && board.hero.version > 0 { vec![clock_set(board)] } else { Vec::new() };
    };
    let mut effects = vec![Effect::DayTurned(turned)];
    effects.extend(of_stats(&before, &board.hero.stats));
    effects
}

/// # Errors
/// When it cannot be carried out; the board is as it was then.
pub fn apply(board: &mut Board, op: &Op, now: Now) -> Result<Applied, HabitError> {
    let effects = match op {
        Op::Score { id, direction, run } => return score(board, id, *direction, *run, now),
        Op::AddTask(tree) => add(board, Task::read(tree.clone(), now.at)?)?,
        Op::Create { id, kind, change } => {
            let mut task = Task::new(id.clone(), *kind, now.at);
            check_tags(board, &task, change)?;
            task.change(TaskChange::clone(change))?;
            add(board, task)?
        }
        Op::DelTask { id, kind } => delete(board, id, *kind),
        Op::SortTask { kind, id, from, to } => sort(board, *kind, id.as_ref(), *from, *to),
        Op::Move { id, to } => {
            let kind = board.task(id).ok_or(HabitError::NoTask)?.kind;
            sort(board, kind, Some(id), 0, *to)
        }
        Op::Set { path, value: Node::Scalar(value) } => set(board, path, value, now)?,
        // A list or an object: the document lets none be put anywhere. A path that is protected is named all the same.
        Op::Set { path, .. } => set(board, path, &Scalar::Null, now)?,
        Op::Buy(goods) => buy(board, *goods)?,
        Op::Revive => revive(board)?,
        Op::ClearCompleted => clear_completed(board),
        Op::Change { id, change } => change_task(board, id, TaskChange::clone(change))?,
        Op::Checklist { id, edit } => edits::edit_checklist(board, id, edit)?,
        Op::Tag(edit) => edits::edit_tags(board, edit)?,
        Op::ChangeHero(change) => change_hero(board, change)?,
    };
    Ok(Applied { effects, scored: None })
}

fn add(board: &mut Board, task: Task) -> Result<Vec<Effect>, HabitError> {
    let (task, index) = board.add(task, 0)?;
    Ok(vec![Effect::TaskAdded { task, index }])
}

fn delete(board: &mut Board, id: &TaskId, kind: Option<TaskKind>) -> Vec<Effect> {
    let is_it = board.task(id).is_some_and(|task| kind.is_none_or(|kind| kind == task.kind));
    let removed = is_it.then(|| board.remove(id)).flatten();
    removed.map(|task| Effect::TaskRemoved { id: task.id.clone(), kind: task.kind }).into_iter().collect()
}

fn sort(board: &mut Board, kind: TaskKind, id: Option<&TaskId>, from: i64, to: i64) -> Vec<Effect> {
    let found = id.filter(|id| board.task(id).is_some_and(|task| task.kind == kind));
    let from = found.and_then(|id| board.index_of(id)).and_then(|index| i64::try_from(index).ok()).unwrap_or(from);
    let moved = board.splice(kind, from, to);
    moved.map(|(id, from, to)| Effect::TaskSorted { id, kind, from, to }).into_iter().collect()
}

fn set(board: &mut Board, path: &str, value: &Scalar, now: Now) -> Result<Vec<Effect>, HabitError> {
    match Path::parse(path) {
        Path::Nowhere => Ok(Vec::new()),
        Path::Protected => Err(HabitError::Protected(path.to_owned())),
        Path::Task(id, rest) => {
            let Some(task) = board.task(&id) else { return Ok(Vec::new()) };
            // On a copy: most paths that lead nowhere shall not cost a write.
            let mut task = Task::clone(task);
            let Some(part) = task.set(&rest, value, now.at, |tag| board.hero.has_tag(tag))? else {
                return Ok(Vec::new());
            };
            board.replace(task)?;
            let mut parts = BTreeSet::from([part]);
            if parts.contains(&Part::Completed) {
                parts.insert(Part::CompletedAt);
            }
            Ok(vec![Effect::TaskChanged { id, parts, run: None }])
        }
        Path::User(parts) => {
            let before = board.hero.stats;
            let set = board.hero.set(&parts, value)?;
            let changed = &mut board.changed;
            match set {
                Set::Nothing => return Ok(Vec::new()),
                Set::Stats | Set::Head => changed.head = true,
                Set::Tags => changed.tags = true,
                Set::Other => changed.other = true,
            }
            Ok(match set {
                // As it was taken: without a fraction.
                _ if parts[..] == ["lastCron"] => vec![clock_set(board)],
                Set::Stats => of_stats(&before, &board.hero.stats),
                Set::Tags => vec![Effect::TagsChanged],
                _ => vec![Effect::UserSet { path: path.to_owned(), value: value.clone() }],
            })
        }
    }
}

fn clock_set(board: &Board) -> Effect {
    #[allow(clippy::cast_precision_loss)] // no calendar reaches so far
    let value = match board.hero.last_turn {
        LastTurn::Never => Scalar::Text("new".to_owned()),
        LastTurn::At { at, .. } => Scalar::Number(at.as_millis() as f64),
    };
    Effect::UserSet { path: "lastCron".to_owned(), value }
}

fn score(
    board: &mut Board,
    id: &TaskId,
    direction: Direction,
    run: Option<RunId>,
    now: Now,
) -> Result<Applied, HabitError> {
    let day = board.hero.calendar(now.zone).day_of(now.at);
    let before = board.hero.stats;
    let mut task = Task::clone(board.task(id).ok_or(HabitError::NoTask)?);
    let Some(scored) = click(&mut board.hero, &mut task, direction, When { at: now.at, day })? else {
        return Ok(Applied::default());
    };
    if task.completed {
        task.completed_by = run;
    }
    board.changed.head = true;
    let mut effects = Vec::new();
    if task.kind == TaskKind::Habit {
        board.record(Of::Task(id.clone()), Entry { day, at: now.at, value: task.value, run });
    }
    if !scored.parts.is_empty() {
        board.replace(task)?;
        let parts = scored.parts.iter().cloned().collect();
        effects.push(Effect::TaskChanged { id: id.clone(), parts, run });
    }
    effects.extend(of_stats(&before, &board.hero.stats));
    effects.extend(scored.unlocked.iter().copied().map(Effect::Unlocked));
    effects.extend(scored.drop.map(Effect::Dropped));
    Ok(Applied { effects, scored: Some(scored) })
}

fn buy(board: &mut Board, goods: Goods) -> Result<Vec<Effect>, HabitError> {
    let hero = &mut board.hero;
    let before = hero.stats;
    if before.is_dead() {
        return Err(HabitError::Dead);
    }
    let (price, piece) = match goods {
        Goods::Potion => (POTION_GP, None),
        Goods::Gear(slot) => {
            let next = hero.gear.piece(slot).saturating_add(1);
            (slot.price(next).ok_or(HabitError::NothingBetter)?, Some((slot, next)))
        }
    };
    if before.gp < price {
        return Err(HabitError::NotEnoughGold);
    }
    hero.stats.gp -= price;
    let mut effects = Vec::new();
    match piece {
        Some((slot, piece)) => {
            hero.gear.put(slot, piece);
            effects.push(Effect::Bought { slot, piece });
        }
        // Who has more than all health, because a client wrote so, comes down to it, as in the original.
        None => hero.stats.hp = (before.hp + POTION_HP).min(HP_MAX),
    }
    board.changed.head = true;
    effects.extend(of_stats(&before, &board.hero.stats));
    Ok(effects)
}

fn revive(board: &mut Board) -> Result<Vec<Effect>, HabitError> {
    let hero = &mut board.hero;
    let before = hero.stats;
    if !before.is_dead() {
        return Err(HabitError::Alive);
    }
    hero.stats.revive();
    let earned = &mut hero.earned;
    (earned.lvl, earned.exp) = (earned.lvl.saturating_sub(1).max(1), 0.0);
    let lost = hero.chance().one_of(&hero.gear.owned());
    if let Some(slot) = lost {
        hero.gear.put(slot, 0);
    }
    board.changed.head = true;
    let mut effects = vec![Effect::Revived { lost }];
    effects.extend(of_stats(&before, &board.hero.stats));
    Ok(effects)
}

fn clear_completed(board: &mut Board) -> Vec<Effect> {
    let done = board.tasks(TaskKind::Todo).filter(|task| task.completed).map(|task| task.id.clone());
    let done: Vec<TaskId> = done.collect();
    done.iter().flat_map(|id| delete(board, id, None)).collect()
}

fn change_task(board: &mut Board, id: &TaskId, change: TaskChange) -> Result<Vec<Effect>, HabitError> {
    let mut task = Task::clone(board.task(id).ok_or(HabitError::NoTask)?);
    check_tags(board, &task, &change)?;
    let parts: BTreeSet<_> = task.change(change)?.into_iter().collect();
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    board.replace(task)?;
    Ok(vec![Effect::TaskChanged { id: id.clone(), parts, run: None }])
}

/// Tags that the user does not have can only stay.
fn check_tags(board: &Board, task: &Task, change: &TaskChange) -> Result<(), HabitError> {
    let mut tags = change.tags.iter().flatten();
    let are_known = tags.all(|tag| board.hero.has_tag(tag) || task.tags.contains(tag));
    are_known.then_some(()).ok_or(HabitError::UnknownTag)
}

fn change_hero(board: &mut Board, change: &HeroChange) -> Result<Vec<Effect>, HabitError> {
    let before = board.hero.stats;
    let mut hero = board.hero.clone();
    let properties = change.apply(&mut hero)?;
    board.hero = hero;
    let mut effects = of_stats(&before, &board.hero.stats);
    board.changed.head |= !effects.is_empty();
    for (path, value, set) in properties {
        match set {
            Set::Other => board.changed.other = true,
            _ => board.changed.head = true,
        }
        effects.push(Effect::UserSet { path, value });
    }
    Ok(effects)
}

#[cfg(test)]
mod tests;
