//! Runs: started, recorded, watched, finished.
//!
//! A run is one aggregate. Its head holds the state and the running totals; its fixes are a log of their own; what spectators
//! hear goes to its bounded main topic. One commit moves all three, and the head tells where both topics then stand.

mod changing;
mod effect;
mod erasing;
mod finishing;
pub(in crate::app) mod indexes;
mod judging;
mod listing;
mod record;
mod recording;
mod starting;
mod together;
mod track;

pub use crate::app::listing::Page;
pub use changing::ChangeRun;
pub(in crate::app) use effect::Effect;
pub(in crate::app) use indexes::moved;
pub use listing::{RunFilter, RunOrder};
pub use record::RunRecord;
pub use starting::NewRun;
pub(in crate::app) use together::Together;
pub use track::Tracks;

use crate::app::documents::{ChangeDocument, RunChange, RunDocument, parse_visibility};
use crate::app::follow_ups::{self, FollowUp};
use crate::app::transact::{Draft, Lanes, OnceKey, decode, encode};
use crate::app::users::{Caller, Identity};
use crate::app::{App, AppError};
use crate::backend::{AggregateId, Keep, Version};
use crate::domain::ids::RunId;
use crate::domain::run::{FinishReason, Run, RunError};
use crate::domain::time::Timestamp;
use crate::domain::user::{Level, Visibility};
use crate::limits;

/// What is shown of a run besides what always is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunFields {
    /// Where it began.
    pub start: bool,
    /// What each kilometre took. A run that is asked for by name has them anyway.
    pub splits: bool,
    /// Its line, of a bounded number of points. Not in lists.
    pub track: bool,
}

/// What the owner may do with a run's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    Start,
    Pause,
    Resume,
    Finish,
}

impl App {
    /// A run that the caller may see, with its splits.
    pub async fn run(&self, caller: &Caller, run: RunId) -> Result<RunDocument, AppError> {
        Ok(self.tagged_run(caller, run, RunFields::default()).await?.0)
    }

    /// As [`App::run`], with its version and with what else is asked for.
    pub async fn tagged_run(
        &self,
        caller: &Caller,
        run: RunId,
        fields: RunFields,
    ) -> Result<(RunDocument, Version), AppError> {
        let (record, version) = self.visible_tagged(caller, run).await?;
        let name = self.name_of(&record.run.owner).await?;
        let events = self.seen_events(caller, record.run.event.into_iter().collect()).await?;
        let document = RunDocument::of(&record.run, &name).with_splits(&record.run);
        let mut document = document.telling(|event| events.contains(&event), &record.run);
        if knows_effect(caller, &record.run) {
            document = document.with_effect(record.effect.withheld(&record.run));
        }
        if fields.start {
            document = document.with_start(&record.run);
        }
        if fields.track {
            document.track = Some(self.drawn_track(&record).await?);
        }
        Ok((document, version))
    }

    /// The owner's word on a run's state. Asking for the state that it has already is the same success.
    pub async fn transition(&self, identity: &Identity, run: RunId, to: Transition) -> Result<RunDocument, AppError> {
        self.transition_at(identity, run, to, None).await
    }

    /// The same of a phone that had no line when it was said, `at` some time past. A start is always now.
    pub async fn transition_at(
        &self,
        identity: &Identity,
        run: RunId,
        to: Transition,
        at: Option<Timestamp>,
    ) -> Result<RunDocument, AppError> {
        self.owned(identity, run).await?;
        match to {
            Transition::Finish => self.finish(run, FinishReason::Owner, at).await?,
            Transition::Start => self.start(identity, run).await?,
            Transition::Pause => self.turn(run, at, Run::pause, ChangeDocument::Paused).await?,
            Transition::Resume => self.turn(run, at, Run::resume, ChangeDocument::Resumed).await?,
        }
        self.run(&Caller::User(identity.clone()), run).await
    }

    /// The run, if the caller may see it.
    pub(in crate::app) async fn visible(
        &self,
        caller: &Caller,
        run: RunId,
    ) -> Result<std::sync::Arc<RunRecord>, AppError> {
        Ok(self.visible_tagged(caller, run).await?.0)
    }

    async fn visible_tagged(
        &self,
        caller: &Caller,
        run: RunId,
    ) -> Result<(std::sync::Arc<RunRecord>, Version), AppError> {
        let tagged = self.runs.read_tagged(&aggregate(run)).await?.ok_or(AppError::NotFound("run"))?;
        if self.sees_run(caller, &tagged.0.run).await? { Ok(tagged) } else { Err(AppError::NotFound("run")) }
    }

    /// The run, if it is the caller's own: others' are forbidden, or not there at all when they may not be seen.
    pub(in crate::app) async fn owned(
        &self,
        identity: &Identity,
        run: RunId,
    ) -> Result<std::sync::Arc<RunRecord>, AppError> {
        let record = self.visible(&Caller::User(identity.clone()), run).await?;
        if record.run.owner == identity.user { Ok(record) } else { Err(AppError::Forbidden) }
    }

    /// Lets those who watch the run know what the operator's back end has to say → the offset of that change.
    pub(in crate::app) async fn notice_in_run(
        &self,
        run: RunId,
        notice: ChangeDocument,
        once: Option<OnceKey>,
    ) -> Result<u64, AppError> {
        self.runs
            .transact(aggregate(run), once, move |draft| {
                let Some(mut record) = draft.record().cloned() else { return Err(AppError::NotFound("channel")) };
                announce(draft, &mut record, &notice)?;
                let offset = record.offset;
                draft.put(record);
                Ok(offset)
            })
            .await
    }

    async fn turn(
        &self,
        run: RunId,
        at: Option<Timestamp>,
        turn: fn(&mut Run, Timestamp) -> Result<bool, RunError>,
        change: fn(RunChange) -> ChangeDocument,
    ) -> Result<(), AppError> {
        let now = self.clock.now();
        self.change_run(run, move |draft, mut record| {
            let before = record.run.clone();
            let said_at = record.run.said_at(at, now);
            if turn(&mut record.run, said_at).map_err(refusal)? {
                record.run.heard(now);
                let change = change(RunChange::of(&record.run, now));
                announce(draft, &mut record, &change)?;
                indexes::moved(draft, Some(&before), &record.run);
                draft.put(record);
            }
            Ok(())
        })
        .await
    }

    /// One decision on a run that is there.
    pub(in crate::app) async fn change_run<T, D>(&self, run: RunId, mut decide: D) -> Result<T, AppError>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
        D: FnMut(&mut Draft<RunRecord>, RunRecord) -> Result<T, AppError> + Send + 'static,
    {
        self.runs
            .transact(aggregate(run), None, move |draft| match draft.record().cloned() {
                Some(record) => decide(draft, record),
                None => Err(AppError::NotFound("run")),
            })
            .await
    }
}

pub(in crate::app) fn aggregate(run: RunId) -> AggregateId {
    Lanes::<RunRecord>::aggregate(run)
}

/// Whether the caller hears that a run does not count: that is between its runner and the admins.
fn knows_effect(caller: &Caller, run: &Run) -> bool {
    caller.is(&run.owner) || caller.identity().is_ok_and(|identity| identity.level == Level::Admin)
}

/// Whether a change of the type `changed` says that everybody may see the run.
pub(in crate::app) fn is_for_everybody(changed: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Changed {
        visibility: String,
    }
    let visibility = decode(changed).ok().and_then(|Changed { visibility }| parse_visibility(&visibility));
    visibility == Some(Visibility::Public)
}

/// Appends a change to the run's main topic, and keeps where that topic then stands.
pub(in crate::app) fn announce(
    draft: &mut Draft<RunRecord>,
    record: &mut RunRecord,
    change: &ChangeDocument,
) -> Result<(), AppError> {
    draft.append("", Keep::Newest(limits::RUN_TOPIC_LEN_MAX), encode(change)?);
    record.offset += 1;
    Ok(())
}

/// Lets the change that was announced last have this consequence elsewhere.
fn cause(
    draft: &mut Draft<RunRecord>,
    record: &RunRecord,
    follow_up: &FollowUp,
    now: Timestamp,
) -> Result<(), AppError> {
    // The instance that made the change before may have a clock that is ahead of this one's.
    follow_ups::add(draft, record.offset, follow_up, now.max(record.run.heard_at))
}

fn refusal(error: RunError) -> AppError {
    match error {
        RunError::NotStarted => AppError::conflict("the run has not been started"),
        RunError::Finished => AppError::conflict("the run is finished"),
        RunError::NeedsTrack => AppError::Internal,
    }
}
