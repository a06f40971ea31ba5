//! A board and its histories, read from where they are kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::app::habits::history::HistoryRecord;
use crate::app::habits::kept::{KeptBoard, Months};
use crate::app::habits::names::{self, Named};
use crate::app::habits::tasks::{TagsRecord, TaskRecord};
use crate::app::habits::trees;
use crate::app::transact::decode;
use crate::app::users::aggregate;
use crate::app::{App, AppError};
use crate::backend::{Bound, Key, Order, Range};
use crate::domain::habit::Board;
use crate::domain::habit::history::{History, Of};
use crate::domain::habit::tree::Tree;
use crate::domain::ids::UserId;
use crate::limits;

/// By whose history it is.
pub type Histories = BTreeMap<Of, History>;

impl App {
    /// The board as it is stored, and its stamp; `None`: there is none. It is at hand from now on.
    pub(super) async fn load_board(&self, user: &UserId) -> Result<Option<KeptBoard>, AppError> {
        let Some(head) = self.habits.read(&aggregate(user)).await? else { return Ok(None) };
        if let Some(known) = self.habit_boards.get(user, head.stamp, true) {
            return Ok(Some(known));
        }
        let _turn = self.habit_boards.turn(user).await;
        for _ in 0..limits::HABIT_ATTEMPTS_MAX {
            let Some(head) = self.habits.read(&aggregate(user)).await? else { return Ok(None) };
            if let Some(known) = self.habit_boards.get(user, head.stamp, true) {
                return Ok(Some(known));
            }
            let (mut tags, mut other, mut tasks) = (Vec::new(), Tree::default(), Vec::new());
            let mut months = BTreeMap::<Of, std::collections::BTreeSet<u32>>::new();
            let mut wanted = Vec::new();
            for (name, named) in self.habit_names(user).await? {
                match named {
                    Named::History(of, month) => {
                        months.entry(of).or_default().insert(month);
                    }
                    named => wanted.push((name, named)),
                }
            }
            for (named, value) in self.habit_documents(user, wanted).await? {
                match named {
                    Named::Tags => tags = decode::<TagsRecord>(&value)?.read(),
                    Named::Other => other = trees::tree(decode::<Map<String, Value>>(&value)?),
                    Named::Task => tasks.push(decode::<TaskRecord>(&value)?.read()?),
                    Named::History(..) => {}
                }
            }
            // Every writer changes the stamp: with the same one before and after, nobody wrote meanwhile.
            let after = self.habits.read(&aggregate(user)).await?;
            if after.is_some_and(|after| after.stamp == head.stamp) {
                let board = Board::load(head.hero(tags, Arc::new(other))?, tasks);
                let kept = KeptBoard { board: Arc::new(board), months: Months::new(months) };
                self.habit_boards.put(user, head.stamp, kept.clone());
                return Ok(Some(kept));
            }
        }
        Err(AppError::Busy)
    }

    /// All histories as they are stored, each thinned as the original thinned them; `today` is the user's day.
    pub async fn habit_histories(&self, user: &UserId, today: i32) -> Result<Histories, AppError> {
        let kept = self.load_board(user).await?;
        self.histories_of(user, kept.map(|kept| kept.months).unwrap_or_default(), today).await
    }

    /// As [`App::habit_histories`], by the documents that a board is known to have: a young one asks the store for nothing.
    pub(super) async fn histories_of(
        &self,
        user: &UserId,
        mut months: Months,
        today: i32,
    ) -> Result<Histories, AppError> {
        for _ in 0..limits::HABIT_ATTEMPTS_MAX {
            let name = |of: &Of, month: u32| (names::history(of, month), Named::History(of.clone(), month));
            let wanted = months.iter().flat_map(|(of, months)| months.iter().map(move |month| name(of, *month)));
            let wanted: Vec<_> = wanted.collect();
            let wanted_len = wanted.len();
            let found = self.habit_documents(user, wanted).await?;
            // What is gone was put to the old ones meanwhile, or its task was deleted.
            if found.len() < wanted_len {
                months = self.load_board(user).await?.map(|kept| kept.months).unwrap_or_default();
                continue;
            }
            let mut histories = Histories::new();
            for (named, value) in found {
                let Named::History(of, _) = named else { continue };
                let history = histories.entry(of).or_default();
                decode::<HistoryRecord>(&value)?.read()?.into_iter().for_each(|entry| history.put(entry));
            }
            histories.values_mut().for_each(|history| history.thin(today));
            return Ok(histories);
        }
        Err(AppError::Busy)
    }

    async fn habit_names(&self, user: &UserId) -> Result<Vec<(Arc<str>, Named)>, AppError> {
        let (mut found, mut from) = (Vec::new(), Bound::Start);
        loop {
            let (index, until, order) = (names::all_of(user), Bound::End, Order::Ascending);
            let range = Range { index, from, until, order, limit: limits::HABIT_READ_LEN, count: false };
            let members = self.backend.range(&range).await?.members;
            let Some((score, last)) = members.last().cloned() else { return Ok(found) };
            for (_, name) in members {
                let named = names::parse(&name).ok_or(AppError::Internal)?;
                found.push((name, named));
            }
            from = Bound::After(score, last);
        }
    }

    /// Those that are there.
    async fn habit_documents(
        &self,
        user: &UserId,
        names: Vec<(Arc<str>, Named)>,
    ) -> Result<Vec<(Named, Bytes)>, AppError> {
        let (mut found, mut names) = (Vec::new(), names.into_iter().peekable());
        while names.peek().is_some() {
            let page: Vec<_> = names.by_ref().take(limits::HABIT_READ_LEN).collect();
            let keys: Vec<Key> = page.iter().map(|(name, _)| aggregate(user).key(name)).collect();
            let values = self.backend.read(&keys).await?;
            let there = page.into_iter().zip(values).filter_map(|((_, named), value)| Some((named, value.value?)));
            found.extend(there);
        }
        Ok(found)
    }
}
