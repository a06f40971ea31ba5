//! Fixes come in: one batch, one commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};

use crate::app::documents::{ChangeDocument, FixDocument, RecordedDocument, SplitDocument, TotalsDocument, state_name};
use crate::app::follow_ups::FollowUp;
use crate::app::runs::{RunRecord, aggregate, announce, cause, indexes, refusal, track};
use crate::app::transact::{Draft, OnceKey};
use crate::app::users::Identity;
use crate::app::{App, AppError};
use crate::backend::Keep;
use crate::domain::achievement::Rules;
use crate::domain::fix::Fix;
use crate::domain::geo::Place;
use crate::domain::ids::RunId;
use crate::domain::run::{Accepted, FinishReason, RunError, Seen, State, accept};
use crate::domain::time::Timestamp;
use crate::limits;

/// The fingerprints of the track as long as it has `track_len` fixes.
struct Memory {
    seen: Seen,
    track_len: u64,
}

impl App {
    /// Records a batch on the caller's own live run. Answered when it is stored; spectators hear of it at once.
    ///
    /// `once` is the caller's idempotency key, if there is one. Errors: not the caller's run, not started, finished.
    pub async fn record(
        &self,
        identity: &Identity,
        run: RunId,
        fixes: Vec<Fix>,
        once: Option<&str>,
    ) -> Result<RecordedDocument, AppError> {
        if fixes.len() > limits::FIXES_LEN_MAX {
            return Err(AppError::invalid("fixes", format!("must hold at most {} fixes", limits::FIXES_LEN_MAX)));
        }
        let once = once.map(|key| once_key(identity, run, key, &fixes)).transpose()?;
        let now = self.clock.now();
        let (fixes, rules) = (Arc::new(fixes), self.rules());
        // Fixes that are newer than all before need no memory; for others it is read.
        let mut memory: Option<Arc<Memory>> = None;
        for _ in 0..limits::RECALL_ATTEMPTS_MAX {
            let needs_memory = Arc::new(AtomicBool::new(false));
            let (needs, owner, fixes, rules, memory_now) =
                (needs_memory.clone(), identity.clone(), fixes.clone(), rules.clone(), memory.take());
            let decide = move |draft: &mut Draft<RunRecord>| {
                let record = draft.record().cloned().ok_or(AppError::NotFound("run"))?;
                may_record(&owner, &record)?;
                let taken = take(draft, record, memory_now.as_deref(), &fixes, &rules, now)?;
                needs.store(taken.is_none(), Ordering::Relaxed);
                taken.ok_or(AppError::Busy)
            };
            match self.runs.transact(aggregate(run), once.clone(), decide).await {
                Err(_) if needs_memory.load(Ordering::Relaxed) => memory = Some(self.recall(run).await?),
                Err(error) => return Err(self.hidden_or_forbidden(identity, run, error).await),
                Ok((recorded, arrived)) => {
                    self.metrics.fixes_accepted.inc_by(recorded.accepted as u64);
                    return if arrived { self.arrive(run, recorded).await } else { Ok(recorded) };
                }
            }
        }
        Err(AppError::Busy)
    }

    /// Where the runner is going, from now on.
    pub async fn set_destination(&self, identity: &Identity, run: RunId, destination: Place) -> Result<(), AppError> {
        let (owner, now) = (identity.clone(), self.clock.now());
        let changed = self
            .change_run(run, move |draft, mut record| {
                may_record(&owner, &record)?;
                if record.run.state == State::Finished {
                    return Err(refusal(RunError::Finished));
                }
                if record.run.destination != Some(destination) {
                    record.run.destination = Some(destination);
                    let change = ChangeDocument::changed(&record.run, now);
                    announce(draft, &mut record, &change)?;
                    draft.put(record);
                }
                Ok(())
            })
            .await;
        match changed {
            Ok(()) => Ok(()),
            Err(error) => Err(self.hidden_or_forbidden(identity, run, error).await),
        }
    }

    /// A refusal as the caller may hear it: another's run is forbidden, or not there at all when it may not be seen.
    async fn hidden_or_forbidden(&self, identity: &Identity, run: RunId, refusal: AppError) -> AppError {
        match refusal {
            AppError::Forbidden => self.owned(identity, run).await.err().unwrap_or(AppError::Forbidden),
            other => other,
        }
    }

    /// The runner rests at the destination: the run is over.
    async fn arrive(&self, run: RunId, recorded: RecordedDocument) -> Result<RecordedDocument, AppError> {
        self.finish(run, FinishReason::Arrived, None).await?;
        let finished = self.runs.read(&aggregate(run)).await?.ok_or(AppError::NotFound("run"))?;
        let distance_m = TotalsDocument::of(&finished.run.tally).distance_m;
        Ok(RecordedDocument { distance_m, state: state_name(finished.run.state).into(), ..recorded })
    }

    /// The fingerprints of the whole track: only needed when a fix is not newer than the newest.
    async fn recall(&self, run: RunId) -> Result<Arc<Memory>, AppError> {
        let track = self.track(run).await?;
        let seen = Seen::of(track.points().iter().map(|point| &point.fix));
        Ok(Arc::new(Memory { seen, track_len: track.len() as u64 }))
    }
}

fn once_key(identity: &Identity, run: RunId, key: &str, fixes: &[Fix]) -> Result<OnceKey, AppError> {
    let digest = Sha256::digest(track::stored(fixes)?);
    let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Ok(OnceKey { key: format!("{}/{run}/{key}", identity.user).into(), digest: digest.into() })
}

/// Others are told that it is not theirs by [`App::hidden_or_forbidden`].
fn may_record(owner: &Identity, record: &RunRecord) -> Result<(), AppError> {
    if record.run.owner == owner.user { Ok(()) } else { Err(AppError::Forbidden) }
}

/// The decision: which fixes count, what they add, and what of it is stored and heard → what was recorded, and whether the
/// runner has arrived. `None`, and nothing drafted, when it cannot be told without the memory of the track.
fn take(
    draft: &mut Draft<RunRecord>,
    mut record: RunRecord,
    memory: Option<&Memory>,
    fixes: &[Fix],
    rules: &Rules,
    now: Timestamp,
) -> Result<Option<(RecordedDocument, bool)>, AppError> {
    if record.track_len + fixes.len() as u64 > limits::RUN_FIXES_LEN_MAX {
        return Err(AppError::conflict("the run's track is full"));
    }
    // A copy: what this decision adds to it is only true if its commit is.
    let memory = memory.filter(|memory| memory.track_len == record.track_len);
    let mut seen = memory.map_or(Seen::Unknown, |memory| memory.seen.clone());
    let charted = std::mem::replace(&mut record.is_charted, true).then_some(&record.run);
    let (before, stood) = (charted.and_then(indexes::place), charted.and_then(indexes::place_on_map));
    let was_at = record.run.tally.position;
    let accepted = match accept(&mut record.run, &mut seen, fixes.to_vec(), now) {
        Ok(accepted) => accepted,
        Err(RunError::NeedsTrack) => return Ok(None),
        Err(error) => return Err(refusal(error)),
    };
    if !accepted.kept.is_empty() {
        record.track_len += accepted.kept.len() as u64;
        record.track_entries += 1;
        draft.append(track::TOPIC, Keep::Everything, track::entry(&accepted.kept)?);
        let change = heard(&record, &accepted, now);
        announce(draft, &mut record, &change)?;
        let comes_by = record.effect.take(&record.run, was_at, &accepted.kept, rules);
        // What it counts is looked at where that may bring something, not at every fix.
        if comes_by || !accepted.new_splits.is_empty() {
            cause(draft, &record, &FollowUp::run_counts(&record.run), now)?;
        }
    }
    let recorded = RecordedDocument {
        accepted: accepted.kept.len(),
        duplicates: accepted.duplicates,
        distance_m: TotalsDocument::of(&record.run.tally).distance_m,
        state: state_name(record.run.state).into(),
    };
    indexes::went_on(draft, before, &record.run);
    indexes::moved_on_map(draft, stood, &record.run);
    draft.put(record);
    Ok(Some((recorded, accepted.arrived)))
}

fn heard(record: &RunRecord, accepted: &Accepted, now: Timestamp) -> ChangeDocument {
    ChangeDocument::Fixes {
        at: now.to_string(),
        fixes: accepted.kept.iter().map(FixDocument::kept).collect(),
        position: record.run.tally.position.as_ref().map(FixDocument::shown),
        totals: TotalsDocument::of(&record.run.tally),
        splits: accepted.new_splits.iter().map(SplitDocument::of).collect(),
    }
}
