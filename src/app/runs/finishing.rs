//! The end of a run: its totals are counted once more over the whole track, late fixes included, and the track is compacted.

use crate::app::documents::{ChangeDocument, RunChange};
use crate::app::follow_ups::{self, FollowUp};
use crate::app::runs::track;
use crate::app::runs::{aggregate, announce, indexes};
use crate::app::{App, AppError};
use crate::backend::Keep;
use crate::domain::ids::RunId;
use crate::domain::run::{FinishReason, Run, State, retrace};
use crate::limits;

impl App {
    /// Finishes a run that is not finished yet. The first reason stays.
    pub(in crate::app) async fn finish(&self, run: RunId, reason: FinishReason) -> Result<(), AppError> {
        self.finish_when(run, reason, |_| true).await.map(|_| ())
    }

    /// Finishes a run if it was not heard of for too long; else sees to it that it is looked at again.
    pub(in crate::app) async fn finish_if_inactive(&self, run: RunId) -> Result<(), AppError> {
        let now = self.clock.now();
        if self.finish_when(run, FinishReason::Inactive, move |run| run.is_inactive(now)).await? {
            return Ok(());
        }
        // It was heard of in between, or is over, or was never made: its due time moves on, or goes.
        self.runs
            .transact(aggregate(run), None, move |draft| {
                let due_ms = draft.record().and_then(|record| record.run.inactive_at()).map(|at| at.as_millis());
                draft.place(crate::app::due::index(), crate::app::due::Due::RunInactive(run).to_string(), due_ms);
                Ok(())
            })
            .await
    }

    /// Finishes the run if `condition` holds for it → whether it is finished now.
    async fn finish_when(
        &self,
        run: RunId,
        reason: FinishReason,
        condition: impl Fn(&Run) -> bool + Send + Clone + 'static,
    ) -> Result<bool, AppError> {
        for _ in 0..limits::TRANSACT_ATTEMPTS_MAX {
            let Some(record) = self.runs.read(&aggregate(run)).await? else { return Ok(false) };
            if record.run.state == State::Finished {
                return Ok(true);
            }
            if !condition(&record.run) {
                return Ok(false);
            }
            let track = self.track(run).await?;
            let now = self.clock.now();
            let condition = condition.clone();
            let finished = self
                .change_run(run, move |draft, mut record| {
                    if record.track_len != track.len() as u64 {
                        // A fix came in between: count again.
                        return Ok(false);
                    }
                    if !condition(&record.run) {
                        return Ok(true);
                    }
                    let before = record.run.clone();
                    if record.run.finish(now, reason).map_err(super::refusal)? {
                        let (tally, points) = retrace(&record.run, track.points().iter().map(|point| point.fix));
                        record.run.tally = tally;
                        let compacted = track::compacted(&points)?;
                        record.track_entries = compacted.len() as u64;
                        draft.clear(track::TOPIC);
                        for entry in compacted {
                            draft.append(track::TOPIC, Keep::Everything, entry);
                        }
                        let change = ChangeDocument::Finished(RunChange::of(&record.run, now));
                        announce(draft, &mut record, &change)?;
                        follow_ups::add(draft, &FollowUp::run_finished(&record.run, now)?, now)?;
                        indexes::moved(draft, Some(&before), &record.run);
                        draft.put(record);
                    }
                    Ok(true)
                })
                .await?;
            if finished {
                self.follow_ups.notify_one();
                let state = self.runs.read(&aggregate(run)).await?.map(|record| record.run.state);
                return Ok(state == Some(State::Finished));
            }
        }
        Err(AppError::Busy)
    }
}
