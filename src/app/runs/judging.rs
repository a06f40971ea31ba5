//! An admin's word on whether a run counts for its runner's achievements: it holds, whatever speaks for or against the run.

use crate::app::documents::{ChangeDocument, EffectDocument};
use crate::app::follow_ups::FollowUp;
use crate::app::runs::effect::Judged;
use crate::app::runs::{announce, cause};
use crate::app::users::{Caller, Identity, names};
use crate::app::{App, AppError};
use crate::domain::ids::RunId;
use crate::domain::user::Level;
use crate::limits;

impl App {
    /// From now on the run does not count, for this reason, or it does (`None`). What it has counted for its runner follows at
    /// once, as if it had never been otherwise; levels stay. To say the same again is the same success.
    ///
    /// # Errors
    /// [`AppError::NotFound`] `"run"`: none that the caller may know of; [`AppError::Forbidden`]: the caller is no admin;
    /// [`AppError::Invalid`] `"reason"`: not one line of 1 to [`limits::REASON_LEN_MAX`] characters.
    pub async fn judge_run(
        &self,
        identity: &Identity,
        run: RunId,
        withheld: Option<&str>,
    ) -> Result<EffectDocument, AppError> {
        if identity.level != Level::Admin {
            self.visible(&Caller::User(identity.clone()), run).await?;
            return Err(AppError::Forbidden);
        }
        let check = |reason| names::check_to("reason", reason, limits::REASON_LEN_MAX);
        let judged = Judged { withheld: withheld.map(check).transpose()? };
        let effect = EffectDocument { withheld: judged.withheld.is_some(), reason: judged.withheld.clone() };
        let now = self.clock.now();
        self.change_run(run, move |draft, mut record| {
            if record.effect.judged.as_ref() != Some(&judged) {
                record.effect.judged = Some(judged.clone());
                // A change of its own: what follows from one before is still to be carried out under its number.
                let change = ChangeDocument::changed(&record.run, now);
                announce(draft, &mut record, &change)?;
                cause(draft, &record, &FollowUp::run_counts(&record.run), now)?;
                draft.put(record);
            }
            Ok(())
        })
        .await?;
        Ok(effect)
    }
}
