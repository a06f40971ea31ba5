//! The end of a run: its totals are counted once more over the whole track, late fixes included, and the track is compacted.

use bytes::Bytes;

use crate::app::documents::{ChangeDocument, RunChange};
use crate::app::follow_ups::FollowUp;
use crate::app::runs::track;
use crate::app::runs::{Effect, RunRecord, aggregate, announce, cause, indexes};
use crate::app::workers::away;
use crate::app::{App, AppError};
use crate::backend::Keep;
use crate::domain::ids::RunId;
use crate::domain::run::{FinishReason, Run, State, retrace};
use crate::domain::time::Timestamp;
use crate::limits;

impl App {
    /// Finishes a run that is not finished yet; one that is not there is no fault. The first reason stays. `at`: when that was
    /// said, if not now.
    pub(in crate::app) async fn finish(
        &self,
        run: RunId,
        reason: FinishReason,
        at: Option<Timestamp>,
    ) -> Result<(), AppError> {
        self.finish_when(run, reason, at, |_| true).await.map(|_| ())
    }

    /// Finishes a run if it was not heard of for too long; else sees to it that it is looked at again.
    pub(in crate::app) async fn finish_if_inactive(&self, run: RunId) -> Result<(), AppError> {
        let now = self.clock.now();
        if self.finish_when(run, FinishReason::Inactive, None, move |run| run.is_inactive(now)).await? {
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
        at: Option<Timestamp>,
        condition: impl Fn(&Run) -> bool,
    ) -> Result<bool, AppError> {
        for _ in 0..limits::TRANSACT_ATTEMPTS_MAX {
            let Some(record) = self.runs.read(&aggregate(run)).await? else { return Ok(false) };
            if record.run.state == State::Finished {
                return Ok(true);
            }
            if !condition(&record.run) {
                return Ok(false);
            }
            let now = self.clock.now();
            let (before, end) = (record.clone(), self.end_of(&record, reason, record.run.said_at(at, now)).await?);
            let finished = self
                .change_run(run, move |draft, mut record| {
                    if record.run != before.run || record.track_len != before.track_len {
                        // Something came in between: count again.
                        return Ok(false);
                    }
                    record.run = end.run.clone();
                    record.effect = end.effect.clone().judged_as(record.effect.judged);
                    record.track_entries = end.entries.len() as u64;
                    draft.clear(track::TOPIC);
                    for entry in &end.entries {
                        draft.append(track::TOPIC, Keep::Everything, entry.clone());
                    }
                    let change = ChangeDocument::Finished(RunChange::of(&record.run, now));
                    announce(draft, &mut record, &change)?;
                    cause(draft, &record, &FollowUp::run_finished(&record.run, now)?, now)?;
                    indexes::moved(draft, Some(&before.run), &record.run);
                    draft.put(record);
                    Ok(true)
                })
                .await?;
            if finished {
                return Ok(true);
            }
        }
        Err(AppError::Busy)
    }

    /// What the run is once it is finished, and its compacted track.
    async fn end_of(&self, record: &RunRecord, reason: FinishReason, at: Timestamp) -> Result<End, AppError> {
        let mut run = record.run.clone();
        run.finish(at, reason).map_err(super::refusal)?;
        let track = self.track(run.id).await?;
        let (effect, rules) = (record.effect.clone(), self.rules());
        let count = move || {
            let (tally, points) = retrace(&run, track.points().iter().map(|point| point.fix));
            run.tally = tally;
            let effect = effect.finished(&run, &points, &rules);
            Ok(End { run, effect, entries: track::compacted(&points)? })
        };
        if record.track_len < limits::TRACK_INLINE_LEN_MAX as u64 { count() } else { away(count).await? }
    }
}

/// How a run ends.
struct End {
    run: Run,
    effect: Effect,
    entries: Vec<Bytes>,
}
