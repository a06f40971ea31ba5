//! The creator's hand, and the clock's: another plan, started, ended, cancelled.

use crate::app::documents::{EventChange, EventDocument, EventName, EventNews};
use crate::app::due::{self, Due};
use crate::app::events::{Decision, creating::checked, refusal};
use crate::app::follow_ups::FollowUp;
use crate::app::sight::rights_changed;
use crate::app::users::{Caller, Identity};
use crate::app::{App, AppError};
use crate::backend::Version;
use crate::domain::event::PlanChange;
use crate::domain::ids::EventId;
use crate::domain::time::Timestamp;

/// What is to be another; see [`PlanChange`].
pub type ChangeEvent = PlanChange;

impl App {
    /// By its creator, until it is over. `if_version`: only when it is still this one, else [`AppError::Stale`].
    pub async fn change_event(
        &self,
        identity: &Identity,
        event: EventId,
        change: ChangeEvent,
        if_version: Option<Version>,
    ) -> Result<EventDocument, AppError> {
        self.by_hand(identity, event, if_version, move |decision, now| {
            let was_private = decision.event().plan.private;
            let plan = checked(decision.event().plan.changed(change.clone()))?;
            if decision.record.event.change(plan, now).map_err(refusal)? {
                decision.is_another = true;
                decision.announce(&EventChange::Changed { at: now.to_string(), event: decision.document() })?;
                // A beginning that lies in the past has come with it.
                decision.turn()?;
                if decision.event().plan.private && !was_private {
                    decision.rights_end();
                }
            }
            Ok(())
        })
        .await
    }

    /// Before its time, by its creator.
    pub async fn start_event(&self, identity: &Identity, event: EventId) -> Result<EventDocument, AppError> {
        self.by_hand(identity, event, None, |decision, now| {
            if decision.record.event.start(now).map_err(refusal)? { decision.started(now) } else { Ok(()) }
        })
        .await
    }

    /// Before its time, by its creator.
    pub async fn end_event(&self, identity: &Identity, event: EventId) -> Result<EventDocument, AppError> {
        self.by_hand(identity, event, None, |decision, now| {
            if decision.record.event.end(now).map_err(refusal)? {
                decision.ended(now)?;
            }
            Ok(())
        })
        .await
    }

    /// It will not be, or not any longer: by its creator, until it is over.
    pub async fn cancel_event(
        &self,
        identity: &Identity,
        event: EventId,
        if_version: Option<Version>,
    ) -> Result<EventDocument, AppError> {
        self.by_hand(identity, event, if_version, |decision, now| {
            if decision.record.event.cancel(now).map_err(refusal)? {
                decision.announce(&EventChange::Cancelled { at: now.to_string(), event: decision.document() })?;
                let (at, event) = (now.to_string(), EventName::of(decision.event()));
                let news = EventNews::EventCancelled { at, event };
                decision.cause(&FollowUp::told_roster(decision.event(), &news)?)?;
                decision.cause(&FollowUp::event_over(decision.event()))?;
            }
            Ok(())
        })
        .await
    }

    /// The clock's turn: an event whose time has come starts or ends, once, whichever instance looks.
    pub(in crate::app) async fn turn_event(&self, event: EventId) -> Result<(), AppError> {
        let turned = self.decide_on_event(event, &[], move |decision| {
            // What was put off meanwhile is due when it is due.
            let due_ms = decision.event().turns_at().map(Timestamp::as_millis);
            decision.draft.place(due::index(), Due::EventTurns(event).to_string(), due_ms);
            Ok(())
        });
        turned.await
    }

    async fn by_hand<D>(
        &self,
        identity: &Identity,
        event: EventId,
        if_version: Option<Version>,
        mut decide: D,
    ) -> Result<EventDocument, AppError>
    where
        D: FnMut(&mut Decision<'_>, Timestamp) -> Result<(), AppError> + Send + 'static,
    {
        let who = identity.clone();
        self.decide_on_event(event, &[&identity.user], move |decision| {
            decision.creators_own(&who.user)?;
            if if_version.is_some_and(|version| version.0 != decision.record.revision) {
                return Err(AppError::Stale);
            }
            let now = decision.now;
            decide(decision, now)
        })
        .await?;
        self.event(&Caller::User(identity.clone()), event).await
    }
}

impl Decision<'_> {
    /// It has started at this moment.
    pub(super) fn started(&mut self, at: Timestamp) -> Result<(), AppError> {
        self.announce(&EventChange::Started { at: at.to_string(), event: self.document() })?;
        let news = EventNews::EventStarted { at: at.to_string(), event: EventName::of(self.event()) };
        self.cause(&FollowUp::told_roster(self.event(), &news)?)
    }

    /// It has ended at this moment.
    pub(super) fn ended(&mut self, at: Timestamp) -> Result<(), AppError> {
        self.announce(&EventChange::Ended { at: at.to_string(), event: self.document() })?;
        self.cause(&FollowUp::event_over(self.event()))
    }

    /// Somebody may see it no longer: every instance asks its sockets' rights again.
    fn rights_end(&mut self) {
        rights_changed(self.draft);
    }
}
