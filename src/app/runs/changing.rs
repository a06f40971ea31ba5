//! What the owner may change of a run that is there already, and its end for good.

use crate::app::documents::{ChangeDocument, RunDocument};
use crate::app::feeds;
use crate::app::follow_ups::{self, FollowUp};
use crate::app::runs::{RunFields, RunRecord, announce, indexes, refusal, track};
use crate::app::sight::rights_changed;
use crate::app::transact::Draft;
use crate::app::users::{Caller, Identity};
use crate::app::{App, AppError};
use crate::backend::Version;
use crate::domain::geo::Place;
use crate::domain::ids::RunId;
use crate::domain::run::{RunError, State};
use crate::domain::time::Timestamp;
use crate::domain::user::Visibility;

/// What is to be another; `None` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ChangeRun {
    pub visibility: Option<Visibility>,
    /// To nowhere in particular, with `Some(None)`.
    pub destination: Option<Option<Place>>,
}

impl App {
    /// Changes what the owner may change. Those who may not see the run any more lose its channel at once.
    ///
    /// # Errors
    /// Not the caller's; [`AppError::Stale`]: another write came after `if_version`; another destination for a finished run.
    pub async fn change_own_run(
        &self,
        identity: &Identity,
        run: RunId,
        change: ChangeRun,
        if_version: Option<Version>,
    ) -> Result<(RunDocument, Version), AppError> {
        self.owned(identity, run).await?;
        let now = self.clock.now();
        self.change_run(run, move |draft, record| {
            draft.expect(if_version)?;
            apply(draft, record, change, now)
        })
        .await?;
        self.tagged_run(&Caller::User(identity.clone()), run, RunFields::default()).await
    }

    /// Who may see the run from now on.
    pub async fn set_visibility(
        &self,
        identity: &Identity,
        run: RunId,
        visibility: Visibility,
    ) -> Result<RunDocument, AppError> {
        let change = ChangeRun { visibility: Some(visibility), ..ChangeRun::default() };
        Ok(self.change_own_run(identity, run, change, None).await?.0)
    }

    /// The run, its track and all that was said of it are gone, for good and for everybody; its channel has nobody left.
    pub async fn delete_run(
        &self,
        identity: &Identity,
        run: RunId,
        if_version: Option<Version>,
    ) -> Result<(), AppError> {
        self.owned(identity, run).await?;
        let now = self.clock.now();
        self.change_run(run, move |draft, record| {
            draft.expect(if_version)?;
            remove(draft, &record, now)
        })
        .await?;
        self.tracks.forget(run);
        Ok(())
    }
}

fn apply(
    draft: &mut Draft<RunRecord>,
    mut record: RunRecord,
    change: ChangeRun,
    now: Timestamp,
) -> Result<(), AppError> {
    let before = record.clone();
    record.run.visibility = change.visibility.unwrap_or(before.run.visibility);
    record.run.destination = change.destination.unwrap_or(before.run.destination);
    if record.run.destination != before.run.destination && before.run.state == State::Finished {
        return Err(refusal(RunError::Finished));
    }
    if record.run != before.run {
        let change = ChangeDocument::changed(&record.run, now);
        announce(draft, &mut record, &change)?;
        indexes::moved(draft, Some(&before.run), &record.run);
        feeds::barred(draft, &before, Some(&record), now)?;
        draft.put(record);
    }
    Ok(())
}

/// What is left is the word to the runner's own channel, and nothing when that is told.
fn remove(draft: &mut Draft<RunRecord>, record: &RunRecord, now: Timestamp) -> Result<(), AppError> {
    draft.clear("");
    draft.clear(track::TOPIC);
    indexes::gone(draft, &record.run);
    rights_changed(draft);
    let told = FollowUp::run_deleted(&record.run, now)?;
    follow_ups::add(draft, record.offset + 1, &told, now.max(record.run.heard_at))?;
    feeds::barred(draft, record, None, now)?;
    draft.remove();
    Ok(())
}
