//! What a channel keeps, read back: by pages, and by a client that was away.

use std::sync::Arc;
use std::time::Duration;

use crate::app::channels::publishing::forgetting;
use crate::app::channels::{Channel, Published, Recovery};
use crate::app::{App, AppError};
use crate::backend::{Commit, CommitError, Cursor, Epoch, Replay, Since, Trim};
use crate::limits;

/// What of a channel's history is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// At most so many; `None`: as many as a page may hold; 0: only where the channel stands.
    pub limit: Option<usize>,
    /// From here on, itself excluded; an empty epoch is whichever there is.
    pub since: Option<Cursor>,
    /// Newest first. `since` is then where the page before has ended.
    pub reverse: bool,
}

/// Publications without a gap between them, in the order that was asked for. There may be more even when there are fewer
/// than the limit: a page is bounded in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryPage {
    pub publications: Vec<Published>,
    /// Where the channel stands.
    pub top: Cursor,
}

/// What is shown of a channel now: from `oldest` up to `top`. Nothing, when `oldest` lies above the top.
struct Shown {
    oldest: u64,
    top: Cursor,
}

/// Offsets from the first to the last, both included.
type Stretch = std::ops::RangeInclusive<u64>;

impl App {
    /// A page of what the channel keeps. Whether the caller is in the channel was asked before.
    ///
    /// # Errors
    /// [`AppError::NotAvailable`]: the channel shows no history. [`AppError::Unrecoverable`]: nothing is known of `since`, or
    /// what came after it is kept no more.
    pub async fn history(&self, channel: &Channel, query: &HistoryQuery) -> Result<HistoryPage, AppError> {
        if !channel.features().history_readable {
            return Err(AppError::NotAvailable);
        }
        if query.limit == Some(0) {
            return Ok(HistoryPage { publications: Vec::new(), top: self.top(&channel.topic()).await? });
        }
        let limit = query.limit.unwrap_or(usize::MAX).min(limits::HISTORY_LEN_MAX);
        for _ in 0..limits::HISTORY_ATTEMPTS_MAX {
            let Shown { oldest, top } = self.shown(channel).await?;
            let Some(stretch) = stretch(query, oldest, &top, limit)? else {
                return Ok(HistoryPage { publications: Vec::new(), top });
            };
            let publications = match query.reverse {
                false => self.read_up(channel, &top.epoch, stretch).await?,
                true => self.read_down(channel, &top.epoch, stretch).await?,
            };
            // Nothing there any more: it went while this was read.
            if !publications.is_empty() {
                return Ok(HistoryPage { publications, top });
            }
        }
        Err(AppError::Busy)
    }

    /// All that a client has missed since it was at `since` (an empty epoch is whichever there is), and where the channel
    /// stands then; `None` when it cannot be had wholly: never a part of it, and never more than a reply should hold. Where
    /// the newest publication says all, that one alone.
    pub async fn recover(
        &self,
        channel: &Channel,
        since: &Cursor,
    ) -> Result<Option<(Vec<Published>, Cursor)>, AppError> {
        match channel.features().recovers {
            Recovery::No => Ok(None),
            Recovery::Stream => self.missed(channel, since).await,
            Recovery::Cache => {
                let Shown { oldest, top } = self.shown(channel).await?;
                if oldest > top.offset {
                    return Ok(None);
                }
                let mut newest = self.read_up(channel, &top.epoch, top.offset..=top.offset).await?;
                if *since == top {
                    newest.clear();
                }
                Ok(Some((newest, top)))
            }
        }
    }

    /// Forgets what the free-form channel of this name has kept for too long. Its epoch and its offsets go on.
    pub(in crate::app) async fn forget_old(&self, name: &Arc<str>) -> Result<(), AppError> {
        let channel = Channel::Open(name.clone());
        // Before looking what is there.
        let known = self.known_version(&channel).await?;
        let Shown { oldest, top } = self.shown(&channel).await?;
        let (topic, now) = (channel.topic(), self.clock.now());
        let mut commit = Commit::on(channel.aggregate());
        commit.trims.push(Trim { topic: topic.clone(), until: oldest - 1 });
        // Something may be there for a while longer, if clocks differ.
        commit.moves.push(forgetting(name, (oldest <= top.offset).then_some(now)));
        if oldest > top.offset {
            known.replaced_by(None, &channel, &mut commit)?;
        }
        match self.backend.commit(commit).await {
            Ok(_) => {}
            // Another version was published meanwhile: this is due again.
            Err(CommitError::Conflict) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        if self.top(&topic).await? != top {
            // Somebody has published meanwhile: when that is to be forgotten was struck just now.
            let mut again = Commit::on(channel.aggregate());
            again.moves.push(forgetting(name, Some(now)));
            self.backend.commit(again).await?;
        }
        Ok(())
    }

    async fn missed(&self, channel: &Channel, since: &Cursor) -> Result<Option<(Vec<Published>, Cursor)>, AppError> {
        let (topic, keep) = (channel.topic(), channel.features().history_keep);
        let mut cursor = since.clone();
        if is_any(&cursor.epoch) {
            cursor.epoch = self.top(&topic).await?.epoch;
        }
        let (mut publications, mut bytes) = (Vec::new(), 0);
        loop {
            let replay = self.backend.replay(&topic, &Since::Cursor(cursor.clone()), limits::REPLAY_LEN).await?;
            let Replay::Changes { changes, top } = replay else { return Ok(None) };
            let is_end = changes.len() < limits::REPLAY_LEN;
            for change in changes {
                cursor.offset = change.offset;
                bytes += change.payload.len();
                let published = Published::read(channel, &change)?;
                if !self.is_shown(&published, keep) {
                    return Ok(None);
                }
                publications.push(published);
            }
            let missed = top.offset.saturating_sub(since.offset);
            if missed > limits::RECOVERY_LEN_MAX as u64 || bytes > limits::RECOVERY_BYTES_MAX {
                return Ok(None);
            }
            if cursor.offset == top.offset {
                return Ok(Some((publications, top)));
            }
            if is_end {
                return Ok(None);
            }
        }
    }

    /// Looks for the oldest publication that is still shown.
    async fn shown(&self, channel: &Channel) -> Result<Shown, AppError> {
        let (topic, keep) = (channel.topic(), channel.features().history_keep);
        let limit = if keep == Duration::MAX { 1 } else { limits::REPLAY_LEN };
        let mut since = Since::Oldest;
        loop {
            let (changes, top) = match self.backend.replay(&topic, &since, limit).await? {
                Replay::Changes { changes, top } => (changes, top),
                // What was being looked through went meanwhile.
                Replay::Lost { .. } => {
                    since = Since::Oldest;
                    continue;
                }
            };
            for change in &changes {
                if self.is_shown(&Published::read(channel, change)?, keep) {
                    return Ok(Shown { oldest: change.offset, top });
                }
            }
            match changes.last() {
                Some(last) if last.offset < top.offset => {
                    since = Since::Cursor(Cursor { epoch: top.epoch, offset: last.offset });
                }
                _ => return Ok(Shown { oldest: top.offset + 1, top }),
            }
        }
    }

    /// Oldest first, as far as a page goes. Ends where what is asked for is not there any more.
    async fn read_up(&self, channel: &Channel, epoch: &Epoch, stretch: Stretch) -> Result<Vec<Published>, AppError> {
        let (mut from, until) = stretch.into_inner();
        let (mut publications, mut bytes) = (Vec::new(), 0);
        while from <= until {
            for published in self.read_stretch(channel, epoch, from..=until).await? {
                bytes += published.bytes();
                if bytes > limits::RECOVERY_BYTES_MAX && !publications.is_empty() {
                    return Ok(publications);
                }
                publications.push(published);
            }
            match publications.last() {
                Some(last) if last.offset >= from => from = last.offset + 1,
                _ => break,
            }
        }
        Ok(publications)
    }

    /// Newest first, as far as a page goes.
    async fn read_down(&self, channel: &Channel, epoch: &Epoch, stretch: Stretch) -> Result<Vec<Published>, AppError> {
        let (from, mut until) = stretch.into_inner();
        let (mut publications, mut bytes): (Vec<Published>, usize) = (Vec::new(), 0);
        while from <= until {
            let start = from.max((until + 1).saturating_sub(limits::REPLAY_LEN as u64));
            let part = self.read_stretch(channel, epoch, start..=until).await?;
            if part.len() as u64 != until + 1 - start {
                break;
            }
            for published in part.into_iter().rev() {
                bytes += published.bytes();
                if bytes > limits::RECOVERY_BYTES_MAX && !publications.is_empty() {
                    return Ok(publications);
                }
                publications.push(published);
            }
            until = start - 1;
        }
        Ok(publications)
    }

    /// The beginning of a stretch; nothing when its first is not there any more.
    async fn read_stretch(
        &self,
        channel: &Channel,
        epoch: &Epoch,
        stretch: Stretch,
    ) -> Result<Vec<Published>, AppError> {
        let (from, until) = stretch.into_inner();
        let limit = usize::try_from(until + 1 - from).unwrap_or(usize::MAX).min(limits::REPLAY_LEN);
        let since = Since::Cursor(Cursor { epoch: epoch.clone(), offset: from - 1 });
        match self.backend.replay(&channel.topic(), &since, limit).await? {
            Replay::Changes { changes, .. } => changes.iter().map(|change| Published::read(channel, change)).collect(),
            Replay::Lost { .. } => Ok(Vec::new()),
        }
    }

    fn is_shown(&self, published: &Published, keep: Duration) -> bool {
        let keep_ms = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
        let age_ms = |at: crate::domain::time::Timestamp| self.clock.now().as_millis().saturating_sub(at.as_millis());
        published.at.is_none_or(|at| age_ms(at) < keep_ms)
    }
}

/// What has to be read for a page; `None`: nothing is there.
fn stretch(query: &HistoryQuery, oldest: u64, top: &Cursor, limit: usize) -> Result<Option<Stretch>, AppError> {
    let (mut from, mut until, limit) = (oldest, top.offset, limit as u64);
    if let Some(since) = &query.since {
        let is_known = is_any(&since.epoch) || since.epoch == top.epoch;
        // Going down, a page may begin right above the top.
        let highest = top.offset + u64::from(query.reverse);
        if !is_known || since.offset > highest {
            return Err(AppError::Unrecoverable);
        }
        match query.reverse {
            true => until = until.min(since.offset.saturating_sub(1)),
            false if since.offset < top.offset && since.offset + 1 < oldest => return Err(AppError::Unrecoverable),
            false => from = from.max(since.offset + 1),
        }
    }
    if from > until {
        return Ok(None);
    }
    match query.reverse {
        true => from = from.max((until + 1).saturating_sub(limit)),
        false => until = until.min((from - 1).saturating_add(limit)),
    }
    Ok(Some(from..=until))
}

/// The client has never known an epoch.
fn is_any(epoch: &Epoch) -> bool {
    epoch.0.is_empty()
}
