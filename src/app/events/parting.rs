//! Runs that part from their event: they go on outside it, and what was planned for it may be run without it.
//!
//! Carried out after the commit that caused it, and once more if it was not known to be done: neither does harm twice.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};

use crate::app::documents::ChangeDocument;
use crate::app::events::aggregate;
use crate::app::runs::{self, RunRecord, indexes};
use crate::app::transact::Draft;
use crate::app::{App, AppError, feeds, users};
use crate::backend::{Commit, Index, Move, Range};
use crate::domain::ids::{EventId, RunId, UserId};
use crate::domain::run::State;
use crate::domain::time::Timestamp;
use crate::limits;

impl App {
    /// What becomes of the user's runs in an event that the user may have left, or that may be over → whether there may be more
    /// to do.
    pub(in crate::app) async fn take_out_of_event(&self, user: &UserId, event: EventId) -> Result<bool, AppError> {
        self.take_live_run_out(user, event).await?;
        if self.number_in(user, Some(event)).await?.is_some() && self.is_open(event).await? {
            return Ok(false);
        }
        let (from, until) = indexes::planned_of(user);
        let planned = Range { from, until, ..Range::all(indexes::planned_of_event(event), limits::SWEEP_LEN_MAX) };
        self.take_some_out(event, planned, is_planned).await
    }

    /// The live run of who is not a participant any more goes on outside the event. Those who saw it there are asked whether they
    /// may see it still. Of who has come back meanwhile it goes on in the event, by the new number.
    pub(in crate::app) async fn take_live_run_out(&self, user: &UserId, event: EventId) -> Result<(), AppError> {
        let Some(record) = self.users.read(&users::aggregate(user)).await? else { return Ok(()) };
        let Some(run) = record.live_run.as_deref().and_then(RunId::parse) else { return Ok(()) };
        let number = self.number_in(user, Some(event)).await?;
        let now = self.clock.now();
        let taken_out = self.change_run(run, move |draft, mut record| {
            if record.run.event != Some(event) || (number.is_some() && record.number == number) {
                return Ok(());
            }
            if number.is_some() {
                record.number = number;
                draft.put(record);
                return Ok(());
            }
            go_on_outside(draft, record, now)
        });
        match taken_out.await {
            // It was about to be made, and has not been.
            Err(AppError::NotFound(_)) => Ok(()),
            done => done,
        }
    }

    /// The next few of the runs that were planned for an event that is over; all runs of one that is gone → whether there may be
    /// more.
    pub(in crate::app) async fn part_from_event(&self, event: EventId) -> Result<bool, AppError> {
        let is_there = self.events.read(&aggregate(event)).await?.is_some();
        let planned = Range::all(indexes::planned_of_event(event), limits::SWEEP_LEN_MAX);
        if self.take_some_out(event, planned, is_planned).await? {
            return Ok(true);
        }
        let all = Range::all(indexes::of_event(event), limits::SWEEP_LEN_MAX);
        Ok(!is_there && self.take_some_out(event, all, |_| true).await?)
    }

    async fn is_open(&self, event: EventId) -> Result<bool, AppError> {
        let record = self.events.read(&aggregate(event)).await?;
        Ok(record.is_some_and(|record| record.event.open(self.clock.now()).is_ok()))
    }

    /// Takes those of these runs out of the event that are to go → whether there were any.
    async fn take_some_out(&self, event: EventId, runs: Range, goes: fn(&RunRecord) -> bool) -> Result<bool, AppError> {
        let members = self.backend.range(&runs).await?.members;
        let is_any = !members.is_empty();
        let taken: Vec<_> =
            members.into_iter().map(|(_, member)| self.take_one_out(event, runs.index.clone(), member, goes)).collect();
        stream::iter(taken).buffer_unordered(limits::RUNS_TAKEN_OUT_AT_ONCE).try_collect::<Vec<()>>().await?;
        Ok(is_any)
    }

    /// It does not stand in the index any more, whatever has become of it.
    async fn take_one_out(
        &self,
        event: EventId,
        index: Index,
        member: Arc<str>,
        goes: fn(&RunRecord) -> bool,
    ) -> Result<(), AppError> {
        let run = member.rsplit('/').next().and_then(RunId::parse).ok_or(AppError::Internal)?;
        let now = self.clock.now();
        let place = Move { index, member, score: None };
        let gone = place.clone();
        let taken_out = self.change_run(run, move |draft, record| {
            draft.place(place.index.clone(), place.member.clone(), None);
            if record.run.event != Some(event) || !goes(&record) {
                return Ok(());
            }
            go_on_outside(draft, record, now)
        });
        match taken_out.await {
            Err(AppError::NotFound(_)) => {
                let mut commit = Commit::on(runs::aggregate(run));
                commit.moves.push(gone);
                self.backend.commit(commit).await?;
                Ok(())
            }
            done => done,
        }
    }
}

fn is_planned(record: &RunRecord) -> bool {
    record.run.state == State::Planned
}

fn go_on_outside(draft: &mut Draft<RunRecord>, mut record: RunRecord, now: Timestamp) -> Result<(), AppError> {
    let before = record.clone();
    record.run.event = None;
    record.number = None;
    let change = ChangeDocument::changed(&record.run, now);
    runs::announce(draft, &mut record, &change)?;
    runs::moved(draft, Some(&before.run), &record.run);
    feeds::barred(draft, &before, Some(&record), now)?;
    draft.put(record);
    Ok(())
}
