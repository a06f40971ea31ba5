//! Events: made, joined, watched, over.
//!
//! An event is one aggregate. Its head holds the plan, the state and how many participate; each participant and each
//! invitation is a document beside it, so that joining costs the same however many there are. What happens goes to its bounded
//! topic, and what concerns somebody to that user's own channel. The head tells where the topic then stands.

mod blocking;
mod changing;
mod creating;
mod forgetting;
mod indexes;
mod inviting;
mod joining;
mod kept;
mod listing;
mod parting;
mod record;
mod rosters;
mod seeing;
mod telling;

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

pub use changing::ChangeEvent;
pub use creating::NewEvent;
pub(in crate::app) use creating::checked_text;
pub(in crate::app) use indexes::{asking, of_user};
pub use inviting::Answer;
pub(in crate::app) use kept::KeptRosters;
pub use listing::{EventFilter, EventOrder};
pub use record::{CounterRecord, EventRecord};
pub use telling::RosterPlace;

use crate::app::documents::{ChangeDocument, EventDocument};
use crate::app::follow_ups::{self, FollowUp};
use crate::app::transact::{Draft, Lanes, OnceKey, encode};
use crate::app::{App, AppError};
use crate::backend::{AggregateId, Keep, Version};
use crate::domain::event::{Event, EventError, Standing};
use crate::domain::ids::{EventId, UserId};
use crate::domain::time::Timestamp;
use crate::limits;

use record::{Invitation, Participant, invitation, participant, standing};

/// A decision on an event: what it sees, what it writes, and who is to hear of it.
struct Decision<'a> {
    draft: &'a mut Draft<EventRecord>,
    record: EventRecord,
    now: Timestamp,
    is_another: bool,
}

impl App {
    /// One decision on an event that is there. What the clock has made of the event since it was looked at comes first, in the
    /// same commit. `users`: whose entries are looked at.
    async fn decide_on_event<T, D>(&self, event: EventId, users: &[&UserId], mut decide: D) -> Result<T, AppError>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        D: FnMut(&mut Decision<'_>) -> Result<T, AppError> + Send + 'static,
    {
        let beside = beside(users.iter().copied());
        let now = self.clock.now();
        let answer = self
            .events
            .transact_beside(aggregate(event), None, beside, move |draft| {
                let Some(before) = draft.record().cloned() else { return Err(AppError::NotFound("event")) };
                let event = before.event.clone();
                let mut decision = Decision { draft, record: before, now, is_another: false };
                decision.turn()?;
                let answer = decide(&mut decision)?;
                decision.finish(Some(&event));
                Ok(answer)
            })
            .await?;
        Ok(answer)
    }

    /// Lets those who watch the event know what the operator's back end has to say → the offset of that change.
    pub(in crate::app) async fn notice_in_event(
        &self,
        event: EventId,
        notice: ChangeDocument,
        once: Option<OnceKey>,
    ) -> Result<u64, AppError> {
        let now = self.clock.now();
        self.events
            .transact(aggregate(event), once, move |draft| {
                let Some(record) = draft.record().cloned() else { return Err(AppError::NotFound("channel")) };
                let before = record.event.clone();
                let mut decision = Decision { draft, record, now, is_another: false };
                decision.announce(&notice)?;
                let offset = decision.record.offset;
                decision.finish(Some(&before));
                Ok(offset)
            })
            .await
    }
}

impl Decision<'_> {
    fn event(&self) -> &Event {
        &self.record.event
    }

    /// For changing the event: what is changed is stored.
    fn event_mut(&mut self) -> &mut Event {
        self.is_another = true;
        &mut self.record.event
    }

    /// As everybody is told of it.
    fn document(&self) -> EventDocument {
        document(&self.record, self.now)
    }

    /// What the clock has made of it.
    fn turn(&mut self) -> Result<(), AppError> {
        let turned = self.record.event.turn(self.now);
        if turned.started {
            self.started(self.event().starts_at())?;
        }
        if turned.ended {
            self.ended(self.event().ends_at())?;
        }
        Ok(())
    }

    fn participant(&self, user: &UserId) -> Result<Option<Participant>, AppError> {
        self.draft.beside(&participant(user))
    }

    fn invitation(&self, user: &UserId) -> Result<Option<Invitation>, AppError> {
        self.draft.beside(&invitation(user))
    }

    fn standing(&self, user: &UserId) -> Result<Standing, AppError> {
        Ok(standing(self.participant(user)?.is_some(), self.invitation(user)?.as_ref()))
    }

    /// [`AppError::NotFound`] for who cannot see the event, [`AppError::Forbidden`] for who can and did not make it.
    fn creators_own(&self, user: &UserId) -> Result<(), AppError> {
        if self.event().creator == *user {
            return Ok(());
        }
        if self.event().is_seen_by(self.standing(user)?) { Err(AppError::Forbidden) } else { Err(not_found()) }
    }

    /// Appends a change to the event's topic, and keeps where that topic then stands.
    fn announce(&mut self, change: &impl Serialize) -> Result<(), AppError> {
        self.draft.append("", Keep::Newest(limits::EVENT_TOPIC_LEN_MAX), encode(change)?);
        self.record.offset += 1;
        self.is_another = true;
        Ok(())
    }

    /// The user's own channel is to hear this.
    fn tell(&mut self, user: &UserId, news: &impl Serialize) -> Result<(), AppError> {
        self.cause(&FollowUp::told(user, news)?)
    }

    /// As [`Decision::tell`], once in a day at most for what has this name.
    fn tell_once(&mut self, user: &UserId, name: String, news: &impl Serialize) -> Result<(), AppError> {
        self.cause(&FollowUp::told_once(user, name, news)?)
    }

    fn cause(&mut self, follow_up: &FollowUp) -> Result<(), AppError> {
        self.record.caused += 1;
        // The instance that decided before may have a clock that is ahead of this one's.
        self.record.caused_ms = self.record.caused_ms.max(self.now.as_millis());
        self.is_another = true;
        follow_ups::add(self.draft, self.record.caused, follow_up, Timestamp::from_millis(self.record.caused_ms))
    }

    /// What was changed is stored, and stands where it belongs.
    fn finish(mut self, before: Option<&Event>) {
        if self.is_another {
            self.record.revision += 1;
            indexes::moved(self.draft, before, &self.record.event);
            self.draft.put(self.record);
        }
    }
}

pub(in crate::app) fn aggregate(event: EventId) -> AggregateId {
    Lanes::<EventRecord>::aggregate(event)
}

/// The names of what stands beside the head for each of these users.
fn beside<'a>(users: impl Iterator<Item = &'a UserId>) -> Vec<Arc<str>> {
    users.flat_map(|user| [participant(user), invitation(user)]).collect()
}

fn document(record: &EventRecord, now: Timestamp) -> EventDocument {
    EventDocument::of(&record.event, &record.creator_name, Version(record.revision), now)
}

fn not_found() -> AppError {
    AppError::NotFound("event")
}

/// What the caller is told. Who is not invited is not told that there is something to be invited to.
fn refusal(error: EventError) -> AppError {
    match error {
        EventError::NotInvited => not_found(),
        EventError::TooFew => AppError::invalid("capacity", error.to_string()),
        other => AppError::conflict(other.to_string()),
    }
}

/// The events lane's records, shared.
type Records = Vec<Arc<EventRecord>>;
