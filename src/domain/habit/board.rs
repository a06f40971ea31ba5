//! The board of one user: the hero, the tasks, the order of each kind, and what of it has changed since it was read.
//!
//! How it is kept is not known here. A copy costs little: tasks are shared until they are written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::bounds::{BOARD_BYTES_MAX, TASKS_LEN_MAX};
use super::error::HabitError;
use super::hero::Hero;
use super::history::{Entry, Of};
use super::list::{List, Ranked};
use super::task::{Task, TaskId, TaskKind};

/// Invariants: each task stands in the list of its kind, under its rank, and nothing else does; `bytes` is the sum of theirs.
#[derive(Clone, Debug)]
pub struct Board {
    pub hero: Hero,
    tasks: BTreeMap<TaskId, Arc<Task>>,
    habits: Arc<List>,
    dailies: Arc<List>,
    todos: Arc<List>,
    rewards: Arc<List>,
    /// Of all tasks.
    bytes: usize,
    pub(super) changed: Changed,
}

/// What has to be written. What was taken away goes first, with its history, and then what is there is put: a task may have gone
/// and another of the same id have come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changed {
    /// The hero, save tags and what nothing here reads.
    pub head: bool,
    pub tags: bool,
    /// [`Hero::other`].
    pub other: bool,
    /// Tasks that are there, and other than they were.
    pub tasks: BTreeSet<TaskId>,
    pub gone: BTreeSet<TaskId>,
    /// In the order in which they came.
    pub histories: Vec<(Of, Entry)>,
}

impl Changed {
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl Board {
    /// From what was kept. Ranks that are the same twice are mended, which is a change.
    pub fn load(hero: Hero, tasks: impl IntoIterator<Item = Task>) -> Self {
        let tasks: BTreeMap<_, _> = tasks.into_iter().map(|task| (task.id.clone(), Arc::new(task))).collect();
        let bytes = tasks.values().map(|task| task.bytes()).sum();
        let mut board = Self {
            hero,
            tasks,
            habits: Arc::default(),
            dailies: Arc::default(),
            todos: Arc::default(),
            rewards: Arc::default(),
            bytes,
            changed: Changed::default(),
        };
        for kind in TaskKind::ALL {
            let of_kind = board.tasks.values().filter(|task| task.kind == kind);
            let (list, ranked) = List::load(of_kind.map(|task| (task.rank, task.id.clone())).collect());
            *board.list_mut(kind) = list;
            board.rank(ranked);
        }
        board
    }

    pub fn task(&self, id: &TaskId) -> Option<&Arc<Task>> {
        self.tasks.get(id)
    }

    /// How many tasks of all kinds.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Of the texts of all tasks.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// All of a kind, in the order of their list.
    pub fn tasks(&self, kind: TaskKind) -> impl DoubleEndedIterator<Item = &Arc<Task>> {
        self.list(kind).ids().filter_map(|id| self.tasks.get(id))
    }

    /// All, in no order that means something.
    pub fn all_tasks(&self) -> impl Iterator<Item = &Arc<Task>> {
        self.tasks.values()
    }

    /// From 0, in the list of its kind.
    pub fn index_of(&self, id: &TaskId) -> Option<usize> {
        let task = self.tasks.get(id)?;
        Some(self.list(task.kind).index_of(task.rank))
    }

    /// What has changed since it was read or since this was asked. Something new is a new version.
    pub fn take_changed(&mut self) -> Changed {
        if !self.changed.is_nothing() {
            self.hero.version = self.hero.version.saturating_add(1);
            self.changed.head = true;
        }
        std::mem::take(&mut self.changed)
    }

    /// At an index of its list, or at the end.
    pub(super) fn add(&mut self, task: Task, index: usize) -> Result<(Arc<Task>, usize), HabitError> {
        if self.tasks.contains_key(&task.id) {
            return Err(HabitError::Taken);
        }
        if self.tasks.len() >= TASKS_LEN_MAX {
            return Err(HabitError::TooMany { what: "tasks", len_max: TASKS_LEN_MAX });
        }
        self.check_room(task.bytes(), 0)?;
        self.bytes += task.bytes();
        let (id, kind) = (task.id.clone(), task.kind);
        let index = index.min(self.list(kind).len());
        self.tasks.insert(id.clone(), Arc::new(task));
        let ranked = self.list_mut(kind).insert(index, id.clone());
        self.rank(ranked);
        let task = self.tasks.get(&id).ok_or(HabitError::NoTask)?;
        Ok((Arc::clone(task), index))
    }

    pub(super) fn remove(&mut self, id: &TaskId) -> Option<Arc<Task>> {
        let task = self.tasks.remove(id)?;
        self.bytes = self.bytes.saturating_sub(task.bytes());
        self.list_mut(task.kind).remove(task.rank);
        self.changed.tasks.remove(id);
        self.changed.gone.insert(id.clone());
        self.changed.histories.retain(|(of, _)| *of != Of::Task(id.clone()));
        Some(task)
    }

    /// Takes the task at `from` out of its list and puts it back at `to`, as JavaScript's `splice` reads both: from the end when
    /// they are below nought, and no further than the ends. `None` when there is nothing at `from`, or it stays where it is.
    pub(super) fn splice(&mut self, kind: TaskKind, from: i64, to: i64) -> Option<(TaskId, usize, usize)> {
        let len = self.list(kind).len();
        let from = spliced(from, len);
        let id = self.list(kind).id_at(from)?.clone();
        let rank = self.tasks.get(&id)?.rank;
        let to = spliced(to, len.saturating_sub(1));
        if from == to {
            return None;
        }
        let list = self.list_mut(kind);
        list.remove(rank);
        let ranked = list.insert(to, id.clone());
        self.rank(ranked);
        Some((id, from, to))
    }

    /// To be written, whether it turns out another or not.
    pub(super) fn task_mut(&mut self, id: &TaskId) -> Option<(&mut Hero, &mut Task)> {
        let task = self.tasks.get_mut(id)?;
        Some((&mut self.hero, Arc::make_mut(task)))
    }

    /// In the place of the one with its id, kind and rank, which is there.
    ///
    /// # Errors
    /// [`HabitError::Full`]: it is larger than that one, and there is no room for it.
    pub(super) fn replace(&mut self, task: Task) -> Result<(), HabitError> {
        let (before, now) = (self.tasks.get(&task.id).map_or(0, |task| task.bytes()), task.bytes());
        self.check_room(now, before)?;
        self.bytes = self.bytes.saturating_sub(before) + now;
        self.changed.tasks.insert(task.id.clone());
        self.tasks.insert(task.id.clone(), Arc::new(task));
        Ok(())
    }

    /// Whether so many bytes may be there instead of those before. What grows no larger always may.
    fn check_room(&self, now: usize, before: usize) -> Result<(), HabitError> {
        let is_full = now > before && self.bytes.saturating_sub(before) + now > BOARD_BYTES_MAX;
        if is_full { Err(HabitError::Full { bytes_max: BOARD_BYTES_MAX }) } else { Ok(()) }
    }

    pub(super) fn ids(&self, kind: TaskKind) -> Vec<TaskId> {
        self.list(kind).ids().cloned().collect()
    }

    pub(super) fn record(&mut self, of: Of, entry: Entry) {
        self.changed.histories.push((of, entry));
    }

    fn rank(&mut self, ranked: Ranked) {
        for (id, rank) in ranked {
            if let Some(task) = self.tasks.get_mut(&id) {
                Arc::make_mut(task).rank = rank;
                self.changed.tasks.insert(id);
            }
        }
    }

    fn list(&self, kind: TaskKind) -> &List {
        match kind {
            TaskKind::Habit => &self.habits,
            TaskKind::Daily => &self.dailies,
            TaskKind::Todo => &self.todos,
            TaskKind::Reward => &self.rewards,
        }
    }

    fn list_mut(&mut self, kind: TaskKind) -> &mut List {
        Arc::make_mut(match kind {
            TaskKind::Habit => &mut self.habits,
            TaskKind::Daily => &mut self.dailies,
            TaskKind::Todo => &mut self.todos,
            TaskKind::Reward => &mut self.rewards,
        })
    }
}

/// An index as `splice` takes it in a list of this length.
fn spliced(index: i64, len: usize) -> usize {
    let counted = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
    if index < 0 { len.saturating_sub(counted) } else { counted.min(len) }
}

#[cfg(test)]
mod tests;
