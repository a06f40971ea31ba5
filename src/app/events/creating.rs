//! A new event: its number, its plan, its creator on the roster and whoever is invited at once, in one commit.

use std::collections::HashSet;

use chrono::{Datelike, NaiveDate, NaiveTime, Timelike};
use chrono_tz::Tz;
use rand::RngExt;

use crate::app::documents::EventDocument;
use crate::app::events::record::{CounterRecord, EventRecord, Participant};
use crate::app::events::{Decision, aggregate, beside, indexes, refusal};
use crate::app::posted;
use crate::app::transact::Lanes;
use crate::app::users::{self, Identity, names};
use crate::app::{App, AppError};
use crate::backend::{Bound, Order, Range};
use crate::domain::event::{Event, Plan};
use crate::domain::geo::Place;
use crate::domain::ids::{EventId, UserId};
use crate::limits;

/// What an event is to be. What is left out is decided by the house.
#[derive(Clone, Debug)]
pub struct NewEvent {
    pub name: String,
    pub description: String,
    pub date: NaiveDate,
    pub time: NaiveTime,
    /// The creator's when left out, else UTC.
    pub zone: Option<Tz>,
    /// [`limits::EVENT_DURATION_S`] when left out.
    pub duration_s: Option<u32>,
    pub private: bool,
    pub start: Place,
    pub destination: Option<Place>,
    pub capacity: Option<u32>,
    /// Ids or names of users.
    pub invite: Vec<String>,
}

impl App {
    /// Errors: the member that cannot be used (`name`, `duration_s`, `invite[3]` …).
    pub async fn new_event(&self, identity: &Identity, new: NewEvent) -> Result<EventDocument, AppError> {
        let invited = self.whom(identity, &new.invite, "invite").await?;
        let zone = match new.zone {
            Some(zone) => zone,
            None => self.zone_of(identity).await?,
        };
        let plan = Plan {
            name: new.name,
            description: new.description,
            private: new.private,
            date: new.date,
            time: new.time,
            zone,
            duration_s: new.duration_s.unwrap_or(limits::EVENT_DURATION_S),
            start: new.start,
            destination: new.destination,
            capacity: new.capacity,
        };
        let plan = checked(plan)?;
        let told = self.who_may_make_one(identity, &invited).await?;
        let id = self.next_event_id().await?;
        let (now, identity) = (self.clock.now(), identity.clone());
        let beside = beside(invited.iter().map(|(user, _)| user).chain([&identity.user]));
        let document = self
            .events
            .transact_beside(aggregate(id), None, beside, move |draft| {
                match draft.record() {
                    // The same request was carried out before.
                    Some(made) if made.event.creator == identity.user => return Ok(id.number()),
                    Some(_) => return Err(AppError::Internal),
                    None => {}
                }
                let event = Event::new(id, identity.user.clone(), plan.clone(), now);
                let record = EventRecord::new(event, identity.name.to_string());
                let mut decision = Decision { draft, record, now, is_another: true };
                let number = decision.event_mut().enter(limits::EVENT_PARTICIPANTS_MAX).map_err(refusal)?;
                let entry = Participant { number, name: identity.name.to_string(), joined_ms: now.as_millis() };
                decision.put_participant(&identity.user, &entry)?;
                indexes::related(decision.draft, id, &identity.user, true);
                for (user, name) in &invited {
                    decision.invite(user, name, &identity, &told)?;
                }
                decision.turn()?;
                let number = decision.event().id.number();
                decision.finish(None);
                Ok(number)
            })
            .await?;
        let id = EventId::new(document).ok_or(AppError::Internal)?;
        let record = self.events.read(&aggregate(id)).await?.ok_or(AppError::Internal)?;
        Ok(super::document(&record, self.clock.now()).with_role(crate::app::documents::Role::Creator))
    }

    /// Whether the user may make another event, and who is to hear of the invitations to it.
    async fn who_may_make_one(
        &self,
        identity: &Identity,
        invited: &[(UserId, String)],
    ) -> Result<HashSet<UserId>, AppError> {
        let from = Bound::Score(self.clock.now().as_millis());
        let (index, until, order) = (indexes::open_of(&identity.user), Bound::End, Order::Descending);
        let range = Range { index, from, until, order, limit: limits::EVENTS_OPEN_LEN_MAX, count: false };
        // Those who come at once may exceed it by their number.
        if self.backend.range(&range).await?.members.len() >= limits::EVENTS_OPEN_LEN_MAX {
            return Err(AppError::conflict("you have made too many events that are not over yet"));
        }
        let mut told = self.who_is_told(identity, None, invited).await?;
        // Of what they do themselves, the creator hears always.
        told.insert(identity.user.clone());
        Ok(told)
    }

    /// They grow, with random gaps: nobody can count how many private events there are.
    async fn next_event_id(&self) -> Result<EventId, AppError> {
        let step = rand::rng().random_range(1..=9);
        let last = self
            .counters
            .transact(Lanes::<CounterRecord>::aggregate("events"), posted::once("event"), move |draft| {
                let last = draft.record().map_or(0, |counter| counter.last) + step;
                draft.put(CounterRecord { last });
                Ok(last)
            })
            .await?;
        EventId::new(last).ok_or(AppError::Internal)
    }

    /// The time zone that the creator lives in.
    pub async fn zone_of(&self, identity: &Identity) -> Result<Tz, AppError> {
        let user = self.users.read(&users::aggregate(&identity.user)).await?;
        let zone = user.and_then(|user| user.profile.time_zone.as_deref().and_then(|name| name.parse().ok()));
        Ok(zone.unwrap_or(Tz::UTC))
    }
}

/// The plan as it is kept, or which member of it cannot be used.
pub(super) fn checked(plan: Plan) -> Result<Plan, AppError> {
    let name = checked_text("name", &plan.name, 1, limits::EVENT_NAME_LEN_MAX, &[])?;
    let description =
        checked_text("description", &plan.description, 0, limits::EVENT_DESCRIPTION_LEN_MAX, &['\n', '\r', '\t'])?;
    if !limits::EVENT_YEARS.contains(&plan.date.year()) {
        return Err(AppError::invalid("date", "must lie between the years 1970 and 9998"));
    }
    let (shortest, longest) = (limits::EVENT_DURATION_S_MIN, limits::EVENT_DURATION_S_MAX);
    if !(shortest..=longest).contains(&plan.duration_s) {
        return Err(AppError::invalid("duration_s", format!("must be from {shortest} to {longest}")));
    }
    let most = limits::EVENT_PARTICIPANTS_MAX;
    if plan.capacity.is_some_and(|capacity| !(1..=most).contains(&capacity)) {
        return Err(AppError::invalid("capacity", format!("must be from 1 to {most}")));
    }
    // Whole seconds; a leap second is the one before it.
    let time = plan.time.with_nanosecond(0).unwrap_or(plan.time);
    Ok(Plan { name, description, time, ..plan })
}

/// Without blanks at its ends, and without what cannot be read.
pub(in crate::app) fn checked_text(
    field: &str,
    text: &str,
    least: usize,
    most: usize,
    breaks: &[char],
) -> Result<String, AppError> {
    let text = text.trim();
    if !(least..=most).contains(&text.chars().count()) {
        return Err(AppError::invalid(field, format!("must have {least} to {most} characters")));
    }
    if text.chars().any(|letter| (letter.is_control() && !breaks.contains(&letter)) || names::turns(letter)) {
        return Err(AppError::invalid(field, "must not hold control characters, nor marks that turn the direction"));
    }
    Ok(text.to_owned())
}
