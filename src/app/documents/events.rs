//! Events, those who participate and those who are invited, as REST and channels show them; and what happens to them.

use serde::{Serialize, Serializer};

use crate::app::documents::{PlaceDocument, UserName, event_state_name};
use crate::backend::Version;
use crate::domain::event::{Event, Standing};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;

/// An event. `date` and `time` are those of its `time_zone`; all other times are RFC 3339 in UTC.
#[derive(Clone, Debug, Serialize)]
pub struct EventDocument {
    pub id: u64,
    pub name: String,
    pub description: String,
    pub private: bool,
    /// `come_up`, `current`, `passed` or `cancelled`.
    pub state: &'static str,
    /// `2026-11-25`
    pub date: String,
    /// `18:00:00`
    pub time: String,
    /// A name of the IANA's time zone database.
    pub time_zone: &'static str,
    pub starts_at: String,
    pub ends_at: String,
    pub duration_s: u32,
    pub start: PlaceDocument,
    pub destination: Option<PlaceDocument>,
    pub capacity: Option<u32>,
    /// How many there are, the creator among them.
    pub participants: u32,
    pub creator: UserName,
    pub created_at: String,
    pub started_at: Option<String>,
    pub ended_at: Option<String>,
    pub cancelled_at: Option<String>,
    /// How the caller stands to it, where the caller is known.
    #[serde(skip_serializing_if = "Role::is_left_out")]
    pub role: Role,
    /// Of the event, for conditional requests.
    #[serde(skip)]
    pub version: Version,
}

/// How a caller stands to an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Nobody is asking, or everybody is told.
    #[default]
    LeftOut,
    /// `null`
    Nobody,
    Creator,
    Participant,
    Invited,
}

/// Somebody who participates.
#[derive(Clone, Debug, Serialize)]
pub struct ParticipantDocument {
    pub user: UserName,
    /// By which `positions:` knows them.
    pub number: u32,
    pub joined_at: String,
    /// The live run in this event, if there is one.
    pub run: Option<String>,
}

/// Somebody who was asked to come.
#[derive(Clone, Debug, Serialize)]
pub struct InvitationDocument {
    pub user: UserName,
    pub by: UserName,
    pub invited_at: String,
    /// `invited` or `declined`. Who has accepted is a participant.
    pub state: &'static str,
}

/// The data of the reply to subscribe on `event:<id>`, without its first members: see
/// [`SnapshotDocument::at`](super::SnapshotDocument::at).
#[derive(Clone, Debug, Serialize)]
pub struct EventSnapshotDocument {
    pub event: EventDocument,
    /// `[number, id, name]` for each participant.
    pub roster: Vec<(u32, String, String)>,
    /// Whether that is everybody.
    pub complete: bool,
}

/// What happened to an event, on `event:<id>`.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventChange {
    Joined {
        at: String,
        user: UserName,
        number: u32,
        /// How many there are now.
        participants: u32,
    },
    Left {
        at: String,
        user: UserName,
        number: u32,
        participants: u32,
        /// By the creator's will.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        removed: bool,
    },
    Started {
        at: String,
        event: EventDocument,
    },
    Ended {
        at: String,
        event: EventDocument,
    },
    Changed {
        at: String,
        event: EventDocument,
    },
    Cancelled {
        at: String,
        event: EventDocument,
    },
}

/// What happened to an event that concerns one user, on that user's own channel.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventNews {
    /// To whom is invited, and to the event's creator.
    Invited {
        at: String,
        user: UserName,
        by: UserName,
        event: EventName,
        starts_at: String,
    },
    /// To whom was removed from it.
    Removed {
        at: String,
        event: EventName,
    },
    /// To everybody who participates.
    EventStarted {
        at: String,
        event: EventName,
    },
    EventCancelled {
        at: String,
        event: EventName,
    },
}

/// Which event it is.
#[derive(Clone, Debug, Serialize)]
pub struct EventName {
    pub id: u64,
    pub name: String,
}

impl EventDocument {
    /// As it is at `now`; `creator_name` is the creator's display name.
    pub fn of(event: &Event, creator_name: &str, version: Version, now: Timestamp) -> Self {
        let plan = &event.plan;
        let mut seen = event.clone();
        seen.turn(now);
        let moment = |moment: Option<Timestamp>| moment.map(|at| at.to_string());
        Self {
            id: event.id.number(),
            name: plan.name.clone(),
            description: plan.description.clone(),
            private: plan.private,
            state: event_state_name(event.state_at(now)),
            date: plan.date.format("%Y-%m-%d").to_string(),
            time: plan.time.format("%H:%M:%S").to_string(),
            time_zone: plan.zone.name(),
            starts_at: event.starts_at().to_string(),
            ends_at: event.ends_at().to_string(),
            duration_s: plan.duration_s,
            start: plan.start.into(),
            destination: plan.destination.map(Into::into),
            capacity: plan.capacity,
            participants: event.participants,
            creator: UserName { id: event.creator.to_string(), name: creator_name.to_owned() },
            created_at: event.created_at.to_string(),
            started_at: moment(seen.started_at),
            ended_at: moment(seen.ended_at),
            cancelled_at: moment(event.cancelled_at),
            role: Role::LeftOut,
            version,
        }
    }

    pub fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }
}

impl Role {
    /// Of a known user.
    pub fn of(event: &Event, user: &UserId, standing: Standing) -> Self {
        match standing {
            _ if event.creator == *user => Self::Creator,
            Standing::Participant => Self::Participant,
            Standing::Invited => Self::Invited,
            Standing::Nobody | Standing::Declined | Standing::Left | Standing::Removed => Self::Nobody,
        }
    }

    fn is_left_out(&self) -> bool {
        *self == Self::LeftOut
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::LeftOut | Self::Nobody => serializer.serialize_none(),
            Self::Creator => serializer.serialize_str("creator"),
            Self::Participant => serializer.serialize_str("participant"),
            Self::Invited => serializer.serialize_str("invited"),
        }
    }
}

impl EventName {
    pub fn of(event: &Event) -> Self {
        Self { id: event.id.number(), name: event.plan.name.clone() }
    }
}
