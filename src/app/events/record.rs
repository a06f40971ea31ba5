//! An event as it is stored: the head, and beside it an entry for each participant and each who was invited.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use crate::app::transact::Record;
use crate::domain::event::{Event, Plan, Standing};
use crate::domain::geo::Place;
use crate::domain::ids::{EventId, UserId};
use crate::domain::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredRecord", into = "StoredRecord")]
pub struct EventRecord {
    pub event: Event,
    pub creator_name: String,
    /// Counts the writes of this head: the event's version.
    pub revision: u64,
    /// The newest offset of the event's topic: a snapshot of this record covers what is heard up to there.
    pub offset: u64,
    /// How many invitations there are, declined ones too.
    pub invited: u32,
    /// The number of the newest follow-up, and its time, which never goes back.
    pub caused: u64,
    pub caused_ms: i64,
}

impl Record for EventRecord {
    const KIND: &'static str = "event";
}

impl EventRecord {
    pub fn new(event: Event, creator_name: String) -> Self {
        Self { event, creator_name, revision: 0, offset: 0, invited: 0, caused: 0, caused_ms: 0 }
    }
}

/// The number of the last event that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CounterRecord {
    pub last: u64,
}

impl Record for CounterRecord {
    const KIND: &'static str = "counter";
}

/// One who is on the roster: stored under [`participant`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Participant {
    pub number: u32,
    pub name: String,
    pub joined_ms: i64,
}

/// One who was invited, or who is not on the roster any more: stored under [`invitation`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Invitation {
    pub state: InvitationState,
    pub name: String,
    pub by: String,
    pub by_name: String,
    pub at_ms: i64,
    /// They had been removed before: so they are again if it is withdrawn.
    #[serde(default)]
    pub was_removed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    Invited,
    Declined,
    Left,
    Removed,
}

/// The name of a participant's entry beside the head.
pub fn participant(user: &UserId) -> Arc<str> {
    format!("participant/{user}").into()
}

/// The name of an invitation beside the head.
pub fn invitation(user: &UserId) -> Arc<str> {
    format!("invitation/{user}").into()
}

/// How somebody stands to the event who has these entries.
pub fn standing(is_participant: bool, invitation: Option<&Invitation>) -> Standing {
    match invitation.map(|invitation| invitation.state) {
        _ if is_participant => Standing::Participant,
        None => Standing::Nobody,
        Some(InvitationState::Invited) => Standing::Invited,
        Some(InvitationState::Declined) => Standing::Declined,
        Some(InvitationState::Left) => Standing::Left,
        Some(InvitationState::Removed) => Standing::Removed,
    }
}

#[derive(Serialize, Deserialize)]
struct StoredRecord {
    id: u64,
    creator: String,
    creator_name: String,
    name: String,
    description: String,
    private: bool,
    date: String,
    time: String,
    zone: String,
    duration_s: u32,
    start: (f64, f64),
    destination: Option<(f64, f64)>,
    capacity: Option<u32>,
    created_ms: i64,
    started_ms: Option<i64>,
    ended_ms: Option<i64>,
    cancelled_ms: Option<i64>,
    participants: u32,
    last_number: u32,
    revision: u64,
    offset: u64,
    invited: u32,
    caused: u64,
    caused_ms: i64,
}

impl From<EventRecord> for StoredRecord {
    fn from(record: EventRecord) -> Self {
        let EventRecord { event, creator_name, revision, offset, invited, caused, caused_ms } = record;
        let plain = |place: Place| (place.latitude.degrees(), place.longitude.degrees());
        let plan = event.plan;
        Self {
            id: event.id.number(),
            creator: event.creator.to_string(),
            creator_name,
            name: plan.name,
            description: plan.description,
            private: plan.private,
            date: plan.date.format("%Y-%m-%d").to_string(),
            time: plan.time.format("%H:%M:%S").to_string(),
            zone: plan.zone.name().to_owned(),
            duration_s: plan.duration_s,
            start: plain(plan.start),
            destination: plan.destination.map(plain),
            capacity: plan.capacity,
            created_ms: event.created_at.as_millis(),
            started_ms: event.started_at.map(Timestamp::as_millis),
            ended_ms: event.ended_at.map(Timestamp::as_millis),
            cancelled_ms: event.cancelled_at.map(Timestamp::as_millis),
            participants: event.participants,
            last_number: event.last_number,
            revision,
            offset,
            invited,
            caused,
            caused_ms,
        }
    }
}

impl TryFrom<StoredRecord> for EventRecord {
    type Error = &'static str;

    fn try_from(stored: StoredRecord) -> Result<Self, Self::Error> {
        let place = |(latitude, longitude)| Place::new(latitude, longitude).map_err(|_| "not a place");
        let plan = Plan {
            name: stored.name,
            description: stored.description,
            private: stored.private,
            date: NaiveDate::parse_from_str(&stored.date, "%Y-%m-%d").map_err(|_| "not a date")?,
            time: NaiveTime::parse_from_str(&stored.time, "%H:%M:%S").map_err(|_| "not a time of day")?,
            zone: stored.zone.parse().map_err(|_| "not a time zone")?,
            duration_s: stored.duration_s,
            start: place(stored.start)?,
            destination: stored.destination.map(place).transpose()?,
            capacity: stored.capacity,
        };
        let event = Event {
            id: EventId::new(stored.id).ok_or("not an event's id")?,
            creator: UserId::parse(&stored.creator).ok_or("not a user's id")?,
            plan,
            created_at: Timestamp::from_millis(stored.created_ms),
            started_at: stored.started_ms.map(Timestamp::from_millis),
            ended_at: stored.ended_ms.map(Timestamp::from_millis),
            cancelled_at: stored.cancelled_ms.map(Timestamp::from_millis),
            participants: stored.participants,
            last_number: stored.last_number,
        };
        let StoredRecord { creator_name, revision, offset, invited, caused, caused_ms, .. } = stored;
        Ok(Self { event, creator_name, revision, offset, invited, caused, caused_ms })
    }
}
