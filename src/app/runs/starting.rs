//! A new run, planned or live. A user has at most one that is live or paused: the place for it is in the user's record.

use tokio::time::Instant;
use uuid::Uuid;

use crate::app::documents::{ChangeDocument, RunChange, RunDocument};
use crate::app::follow_ups::FollowUp;
use crate::app::runs::{RunRecord, aggregate, announce, cause, indexes, refusal};
use crate::app::transact::Draft;
use crate::app::users::{Caller, Identity};
use crate::app::{App, AppError};
use crate::domain::fix::{Fix, Readings};
use crate::domain::geo::Place;
use crate::domain::ids::{EventId, RunId, UserId};
use crate::domain::run::{FinishReason, Run, State};
use crate::domain::time::Timestamp;
use crate::domain::user::Visibility;
use crate::limits;

#[derive(Clone, Debug, Default)]
pub struct NewRun {
    /// Of a run that may have been made before, by the same request; else a new one.
    pub id: Option<RunId>,
    /// Where the runner is: the first fix, at the server's time.
    pub place: Option<Place>,
    pub destination: Option<Place>,
    /// The user's default when left out.
    pub visibility: Option<Visibility>,
    /// The event that it is run in: the runner participates, and it is current or about to start.
    pub event: Option<EventId>,
    /// Not started yet.
    pub planned: bool,
    /// A run that is live is finished first, instead of being in the way.
    pub supersede: bool,
}

impl App {
    pub async fn new_run(&self, identity: &Identity, new: NewRun) -> Result<RunDocument, AppError> {
        self.takes_run(identity, new.event, new.planned).await?;
        let id = new.id.unwrap_or_else(|| RunId::from_u128(Uuid::now_v7().as_u128()));
        let number = self.number_in(&identity.user, new.event).await?;
        let visibility = match new.visibility {
            Some(visibility) => visibility,
            None => self.default_visibility(&identity.user).await?,
        };
        if !new.planned {
            self.take_place(identity, id, new.supersede).await?;
        }
        let now = self.clock.now();
        let mut run = Run::planned(id, identity.user.clone(), visibility, new.destination, now);
        run.event = new.event;
        if !new.planned {
            run.start(now).map_err(refusal)?;
        }
        let is_without_fixes = self
            .runs
            .transact(aggregate(id), None, move |draft| {
                match draft.record() {
                    Some(made) if made.run.owner == run.owner => {
                        return Ok(made.run.tally.fixes == 0 && made.run.state != State::Finished);
                    }
                    Some(_) => return Err(AppError::Internal),
                    None => {}
                }
                let mut record = RunRecord { number, ..RunRecord::new(run.clone()) };
                if record.run.state == State::Live {
                    begin(draft, &mut record, now)?;
                } else if let Some(event) = record.run.event {
                    // They may have left meanwhile.
                    cause(draft, &record, &FollowUp::left_event(&record.run.owner, event), now)?;
                }
                indexes::moved(draft, None, &record.run);
                draft.put(record);
                Ok(true)
            })
            .await?;
        if !new.planned {
            self.keep_place(identity, id, new.supersede).await?;
        }
        if let (Some(place), true) = (new.place, is_without_fixes && !new.planned) {
            let fix = Fix::new(now, place, Readings::default()).map_err(|_| AppError::Internal)?;
            match self.record(identity, id, vec![fix], None).await {
                // The next run has ended it meanwhile.
                Err(AppError::Conflict { .. }) if new.supersede => {}
                recorded => drop(recorded?),
            }
        }
        self.run(&Caller::User(identity.clone()), id).await
    }

    /// A planned run begins.
    pub(super) async fn start(&self, identity: &Identity, run: RunId) -> Result<(), AppError> {
        let record = self.owned(identity, run).await?;
        match record.run.state {
            State::Planned => {
                self.takes_run(identity, record.run.event, false).await?;
                self.take_place(identity, run, false).await?;
            }
            State::Live | State::Paused => return Ok(()),
            State::Finished => return Err(AppError::conflict("the run is finished")),
        }
        let number = self.number_in(&identity.user, record.run.event).await?;
        let now = self.clock.now();
        self.change_run(run, move |draft, mut record| {
            let before = record.run.clone();
            // It may have parted from its event meanwhile.
            record.number = number.filter(|_| record.run.event.is_some());
            if record.run.start(now).map_err(refusal)? {
                begin(draft, &mut record, now)?;
                indexes::moved(draft, Some(&before), &record.run);
                draft.put(record);
            }
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// The caller's run that is live or paused now.
    pub async fn live_run(&self, identity: &Identity) -> Result<Option<RunId>, AppError> {
        let Some(run) = self.place_of(&identity.user).await? else { return Ok(None) };
        let record = self.runs.read(&aggregate(run)).await?;
        Ok(record.filter(|record| matches!(record.run.state, State::Live | State::Paused)).map(|_| run))
    }

    async fn default_visibility(&self, user: &UserId) -> Result<Visibility, AppError> {
        let user = self.users.read(&crate::app::users::aggregate(user)).await?;
        user.map(|user| user.visibility()).ok_or(AppError::Unauthenticated)
    }

    /// Takes the user's one place for a live run. Whoever has it is in the way, unless it is over or was never made.
    async fn take_place(&self, identity: &Identity, run: RunId, supersede: bool) -> Result<(), AppError> {
        for _ in 0..limits::TRANSACT_ATTEMPTS_MAX {
            let taken = self.place_of(&identity.user).await?;
            if let Some(other) = taken
                && other != run
            {
                self.make_way(other, supersede).await?;
            }
            let expected = taken.map(|run| run.to_string());
            let got = self
                .change_user_record(&identity.user, move |draft, mut user| {
                    if user.live_run != expected {
                        return Ok(false);
                    }
                    user.live_run = Some(run.to_string());
                    draft.put(user);
                    Ok(true)
                })
                .await?;
            if got {
                return match taken {
                    // It may have been made between the look at it and the taking of its place. Made later still, its maker
                    // finds the place taken.
                    Some(other) if other != run => self.finish(other, FinishReason::Superseded, None).await,
                    Some(_) | None => Ok(()),
                };
            }
        }
        Err(AppError::Busy)
    }

    /// A maker who was very slow has lost the place to another run: then this one is over before it began.
    async fn keep_place(&self, identity: &Identity, run: RunId, supersede: bool) -> Result<(), AppError> {
        match self.place_of(&identity.user).await? {
            Some(other) if other != run => {
                self.finish(run, FinishReason::Superseded, None).await?;
                // Of runs that each end the one before, the last one lives; the others were begun all the same.
                if supersede { Ok(()) } else { Err(in_the_way(other)) }
            }
            // Free again: it was finished at once.
            Some(_) | None => Ok(()),
        }
    }

    /// Sees to it that `other` is not live any more, or says that it is in the way.
    async fn make_way(&self, other: RunId, supersede: bool) -> Result<(), AppError> {
        let waits_until = Instant::now() + limits::PLACE_WAIT;
        loop {
            match self.runs.read(&aggregate(other)).await?.map(|record| record.run.state) {
                Some(State::Finished) => return Ok(()),
                Some(_) if supersede => return self.finish(other, FinishReason::Superseded, None).await,
                Some(_) => return Err(in_the_way(other)),
                // Who made it finds its place taken, and ends it.
                None if supersede => return Ok(()),
                // Its maker took the place and is about to make it, or stopped in between. When it took the place would be by
                // its own clock: so it is waited for, by this instance's.
                None if Instant::now() < waits_until => tokio::time::sleep(limits::PLACE_LOOK).await,
                None => return Ok(()),
            }
        }
    }

    /// Which run has the user's place.
    async fn place_of(&self, user: &UserId) -> Result<Option<RunId>, AppError> {
        let user = self.users.read(&crate::app::users::aggregate(user)).await?.ok_or(AppError::Unauthenticated)?;
        user.live_run.as_deref().map(|run| RunId::parse(run).ok_or(AppError::Internal)).transpose()
    }
}

/// Says that the run has begun. In which event is told to its owner alone: who may know of it may be another later, and what was
/// said is kept. The run itself tells it to those who may know now.
fn begin(draft: &mut Draft<RunRecord>, record: &mut RunRecord, now: Timestamp) -> Result<(), AppError> {
    let change = ChangeDocument::Started(RunChange::of(&record.run, now));
    announce(draft, record, &change)?;
    cause(draft, record, &FollowUp::run_started(&record.run, now)?, now)
}

fn in_the_way(other: RunId) -> AppError {
    AppError::Conflict { message: "another run of yours is live: finish it first".to_owned(), run: Some(other) }
}
