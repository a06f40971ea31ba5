//! What of a board has changed, put into a commit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::app::AppError;
use crate::app::habits::HabitsRecord;
use crate::app::habits::history::{HistoryRecord, aged, month};
use crate::app::habits::kept::{KeptBoard, Months};
use crate::app::habits::names::{self, OLD};
use crate::app::habits::tasks::{TagsRecord, TaskRecord};
use crate::app::habits::trees;
use crate::app::transact::{Draft, decode, encode};
use crate::domain::habit::history::{Entry, History, Of};
use crate::domain::habit::{Board, Changed};
use crate::domain::ids::UserId;

/// Why it could not be written.
pub enum Unwritten {
    /// These documents have to be seen first.
    Lacks(Vec<Arc<str>>),
    Failed(AppError),
}

impl From<AppError> for Unwritten {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

pub struct Writing<'a> {
    pub draft: &'a mut Draft<HabitsRecord>,
    pub user: &'a UserId,
    /// What was there; a new board had nothing.
    pub before: Option<&'a KeptBoard>,
    pub months: Months,
}

impl Writing<'_> {
    /// All but the head → the months of which there are documents now.
    pub fn write(mut self, board: &Board, changed: &Changed) -> Result<Months, Unwritten> {
        for id in &changed.gone {
            self.remove(names::task(id));
            let of = Of::Task(id.clone());
            if self.months.contains_key(&of) {
                let months = Arc::make_mut(&mut self.months).remove(&of).unwrap_or_default();
                months.into_iter().for_each(|month| self.remove(names::history(&of, month)));
            }
        }
        for id in &changed.tasks {
            let Some(task) = board.task(id) else { continue };
            let name = names::task(id);
            self.draft.put_beside(&name, encode(&TaskRecord::of(task))?);
            let was_there = self.before.is_some_and(|before| before.board.task(id).is_some());
            if !was_there || changed.gone.contains(id) {
                self.draft.place(names::all_of(self.user), name, Some(0));
            }
        }
        if changed.tags {
            self.put(names::TAGS.into(), encode(&TagsRecord::of(&board.hero.tags))?);
        }
        if changed.other {
            self.put(names::OTHER.into(), encode(&trees::value_of(&board.hero.other))?);
        }
        let (mut lacking, mut months) = (Vec::new(), BTreeMap::<_, Vec<Entry>>::new());
        // A thousand clicks are written once.
        for (of, entry) in &changed.histories {
            months.entry((of, month(entry.day))).or_default().push(*entry);
        }
        for ((of, month), entries) in months {
            match self.record(of, month, entries) {
                Err(Unwritten::Lacks(names)) => lacking.extend(names),
                recorded => recorded?,
            }
        }
        if lacking.is_empty() { Ok(self.months) } else { Err(Unwritten::Lacks(lacking)) }
    }

    /// Entries of this month.
    fn record(&mut self, of: &Of, month: u32, entries: Vec<Entry>) -> Result<(), Unwritten> {
        let known = self.months.get(of);
        if known.is_some_and(|months| months.contains(&month)) {
            let name = names::history(of, month);
            let mut history = self.read(std::slice::from_ref(&name))?;
            entries.into_iter().for_each(|entry| history.put(entry));
            self.draft.put_beside(&name, encode(&HistoryRecord::of(&history))?);
            return Ok(());
        }
        let old = known.map_or_else(Vec::new, |months| aged(months, month));
        let has_old = known.is_some_and(|months| months.contains(&OLD));
        if !old.is_empty() {
            self.age(of, &old, has_old)?;
        }
        let history = History::new(entries);
        self.put(names::history(of, month), encode(&HistoryRecord::of(&history))?);
        let months = Arc::make_mut(&mut self.months).entry(of.clone()).or_default();
        months.insert(month);
        Ok(())
    }

    /// Puts these months to the old ones.
    fn age(&mut self, of: &Of, aged: &[u32], has_old: bool) -> Result<(), Unwritten> {
        let names = aged.iter().copied().chain(has_old.then_some(OLD)).map(|month| names::history(of, month));
        let names: Vec<_> = names.collect();
        let history = self.read(&names)?;
        names.into_iter().for_each(|name| self.remove(name));
        self.put(names::history(of, OLD), encode(&HistoryRecord::of_months(&history))?);
        let aged: BTreeSet<u32> = aged.iter().copied().collect();
        let months = Arc::make_mut(&mut self.months).entry(of.clone()).or_default();
        months.retain(|month| !aged.contains(month));
        months.insert(OLD);
        Ok(())
    }

    /// Of all these documents together.
    fn read(&self, names: &[Arc<str>]) -> Result<History, Unwritten> {
        // What was not named for the decision cannot be seen by it.
        let is_unseen = |name: &&Arc<str>| self.draft.bytes_beside(name).is_err();
        let lacking: Vec<Arc<str>> = names.iter().filter(is_unseen).cloned().collect();
        if !lacking.is_empty() {
            return Err(Unwritten::Lacks(lacking));
        }
        let mut history = History::default();
        for name in names {
            let record: Option<HistoryRecord> = self.draft.bytes_beside(name)?.map(decode).transpose()?;
            let entries = record.map(HistoryRecord::read).transpose()?.unwrap_or_default();
            entries.into_iter().for_each(|entry| history.put(entry));
        }
        Ok(history)
    }

    fn put(&mut self, name: Arc<str>, value: bytes::Bytes) {
        self.draft.put_beside(&name, value);
        self.draft.place(names::all_of(self.user), name, Some(0));
    }

    fn remove(&mut self, name: Arc<str>) {
        self.draft.remove_beside(&name);
        self.draft.place(names::all_of(self.user), name, None);
    }
}
