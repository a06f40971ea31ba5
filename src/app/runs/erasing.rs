//! A run whose owner's account is deleted. Nobody is told: there is nobody to tell, and whoever watches is sent away.

use crate::app::feeds;
use crate::app::runs::{aggregate, indexes, track};
use crate::app::sight::rights_changed;
use crate::app::{App, AppError};
use crate::domain::ids::{RunId, UserId};

impl App {
    /// The run, its track and all that was said of it are gone. One that is not there is no fault.
    pub(in crate::app) async fn erase_run(&self, run: RunId, owner: &UserId) -> Result<(), AppError> {
        let (owner, now) = (owner.clone(), self.clock.now());
        self.runs
            .transact(aggregate(run), None, move |draft| {
                draft.place(indexes::of_user(&owner), run.to_string(), None);
                let Some(record) = draft.record().cloned() else { return Ok(()) };
                indexes::gone(draft, &record.run);
                feeds::barred(draft, &record, None, now)?;
                draft.clear("");
                draft.clear(track::TOPIC);
                rights_changed(draft);
                draft.remove();
                Ok(())
            })
            .await?;
        self.tracks.forget(run);
        Ok(())
    }
}
