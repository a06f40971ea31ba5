//! An event: an organised run that people join. Come up → current → passed, by the server's clock and by its creator's hand.
//!
//! Here stands who may do what as things stand. Who is on the roster, and with which number, is kept elsewhere: an event knows
//! how many there are, so that joining one of thousands costs no more than joining one of two.

mod plan;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub use plan::{Plan, PlanChange, local, moment};

use super::ids::{EventId, UserId};
use super::time::Timestamp;

/// A run may be begun in an event so long before the event starts: the warm-up.
pub const RUNS_BEFORE_MILLIS: i64 = 60 * 60 * 1000;

#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub id: EventId,
    pub creator: UserId,
    pub plan: Plan,
    pub created_at: Timestamp,
    /// When it was started by hand, or was to start by the clock and that was noticed.
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    /// How many participate now, the creator among them.
    pub participants: u32,
    /// The roster number that the last one who joined was given. Numbers count from 1 and are never given twice.
    pub last_number: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    ComeUp,
    Current,
    Passed,
    /// It will not be, or is not any more. Nothing else happens to it.
    Cancelled,
}

/// How somebody stands to an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Standing {
    /// No more than anybody else.
    #[default]
    Nobody,
    Invited,
    /// Was invited, and will not come.
    Declined,
    Participant,
    /// Was a participant, by their own will not any more.
    Left,
    /// Was sent away. Only another invitation lets them in again.
    Removed,
}

impl Standing {
    /// With a link that the event's creator has made to let people in: as if invited. Whoever was sent away stays so.
    #[must_use]
    pub fn let_in(self) -> Self {
        match self {
            Self::Nobody | Self::Declined | Self::Left => Self::Invited,
            Self::Invited | Self::Participant | Self::Removed => self,
        }
    }
}

/// Why something cannot be done with an event as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EventError {
    #[error("the event is over")]
    Over,
    #[error("the event is cancelled")]
    Cancelled,
    #[error("the event has not started")]
    NotStarted,
    #[error("the event has started")]
    Started,
    #[error("the event is full")]
    Full,
    /// It is private, or they were removed from it. Whoever asks may not even know that there is such an event.
    #[error("there is no invitation")]
    NotInvited,
    #[error("the creator cannot leave: cancel the event instead")]
    Creator,
    #[error("must not be less than how many participate already")]
    TooFew,
    #[error("others have joined the event while it was private: it stays private")]
    Joined,
}

/// What the clock has made of an event that was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turned {
    pub started: bool,
    pub ended: bool,
}

impl Event {
    /// With nobody on its roster yet: the creator is the first to [`Event::join`].
    pub fn new(id: EventId, creator: UserId, plan: Plan, now: Timestamp) -> Self {
        Self {
            id,
            creator,
            plan,
            created_at: now,
            started_at: None,
            ended_at: None,
            cancelled_at: None,
            participants: 0,
            last_number: 0,
        }
    }

    /// When it starts, or did.
    pub fn starts_at(&self) -> Timestamp {
        self.started_at.unwrap_or_else(|| self.plan.starts_at())
    }

    /// When it ends, or did: its duration after it starts, unless its creator ends it.
    pub fn ends_at(&self) -> Timestamp {
        self.ended_at.unwrap_or_else(|| self.starts_at().plus_millis(i64::from(self.plan.duration_s) * 1_000))
    }

    /// What it is at a moment, now or another one. Cancelled is cancelled at any.
    pub fn state_at(&self, moment: Timestamp) -> State {
        if self.cancelled_at.is_some() {
            State::Cancelled
        } else if moment < self.starts_at() {
            State::ComeUp
        } else if moment < self.ends_at() {
            State::Current
        } else {
            State::Passed
        }
    }

    /// What the clock makes of it.
    pub fn turn(&mut self, now: Timestamp) -> Turned {
        let mut turned = Turned::default();
        let state = self.state_at(now);
        if matches!(state, State::Current | State::Passed) && self.started_at.is_none() {
            self.started_at = Some(self.starts_at());
            turned.started = true;
        }
        if state == State::Passed && self.ended_at.is_none() {
            self.ended_at = Some(self.ends_at());
            turned.ended = true;
        }
        turned
    }

    /// When the clock has something to do with it again.
    pub fn turns_at(&self) -> Option<Timestamp> {
        match (self.cancelled_at, self.started_at, self.ended_at) {
            (Some(_), _, _) | (None, _, Some(_)) => None,
            (None, None, None) => Some(self.starts_at()),
            (None, Some(_), None) => Some(self.ends_at()),
        }
    }

    /// By its creator's hand. As with ending and cancelling: `false` when there was nothing to change, the same success.
    pub fn start(&mut self, now: Timestamp) -> Result<bool, EventError> {
        match self.state_at(now) {
            State::ComeUp => {
                self.started_at = Some(now);
                Ok(true)
            }
            State::Current => Ok(false),
            State::Passed => Err(EventError::Over),
            State::Cancelled => Err(EventError::Cancelled),
        }
    }

    pub fn end(&mut self, now: Timestamp) -> Result<bool, EventError> {
        match self.state_at(now) {
            State::ComeUp => Err(EventError::NotStarted),
            State::Current => {
                self.ended_at = Some(now);
                Ok(true)
            }
            State::Passed => Ok(false),
            State::Cancelled => Err(EventError::Cancelled),
        }
    }

    pub fn cancel(&mut self, now: Timestamp) -> Result<bool, EventError> {
        match self.state_at(now) {
            State::ComeUp | State::Current => {
                self.cancelled_at = Some(now);
                Ok(true)
            }
            State::Passed => Err(EventError::Over),
            State::Cancelled => Ok(false),
        }
    }

    /// Another plan. When it has started, its beginning is what it was; a private one that others have joined stays private, for
    /// what they ran there they showed to whoever was invited.
    pub fn change(&mut self, plan: Plan, now: Timestamp) -> Result<bool, EventError> {
        let state = self.open(now)?;
        if self.plan.private && !plan.private && self.last_number > 1 {
            return Err(EventError::Joined);
        }
        if state == State::Current && plan.starts_at() != self.plan.starts_at() {
            return Err(EventError::Started);
        }
        if plan.capacity.is_some_and(|capacity| capacity < self.participants) {
            return Err(EventError::TooFew);
        }
        let is_another = plan != self.plan;
        self.plan = plan;
        Ok(is_another)
    }

    /// → the newcomer's roster number; `None`: was on it already, the same success. `capacity_max` is the house's own bound.
    pub fn join(&mut self, standing: Standing, capacity_max: u32, now: Timestamp) -> Result<Option<u32>, EventError> {
        match standing {
            Standing::Participant => return Ok(None),
            Standing::Removed => return Err(EventError::NotInvited),
            Standing::Nobody | Standing::Declined | Standing::Left if self.plan.private => {
                return Err(EventError::NotInvited);
            }
            Standing::Nobody | Standing::Declined | Standing::Left | Standing::Invited => {}
        }
        self.open(now)?;
        self.enter(capacity_max).map(Some)
    }

    /// The creator comes first, whatever the event's state.
    pub fn enter(&mut self, capacity_max: u32) -> Result<u32, EventError> {
        if self.participants >= self.plan.capacity.unwrap_or(capacity_max).min(capacity_max) {
            return Err(EventError::Full);
        }
        self.participants += 1;
        self.last_number += 1;
        Ok(self.last_number)
    }

    /// Somebody who is on the roster goes, by their own will or not.
    pub fn leave(&mut self, user: &UserId) -> Result<(), EventError> {
        if *user == self.creator {
            return Err(EventError::Creator);
        }
        self.participants = self.participants.saturating_sub(1);
        Ok(())
    }

    /// Whether somebody may invite others: to a private event its creator alone, to a public one all who participate.
    pub fn may_invite(&self, user: &UserId, standing: Standing) -> bool {
        *user == self.creator || (!self.plan.private && standing == Standing::Participant)
    }

    /// Whether somebody can tell that there is such an event.
    pub fn is_seen_by(&self, standing: Standing) -> bool {
        match standing {
            Standing::Invited | Standing::Participant => true,
            Standing::Nobody | Standing::Declined | Standing::Left => !self.plan.private,
            Standing::Removed => false,
        }
    }

    /// Whether a run may be begun in it now.
    pub fn takes_runs(&self, now: Timestamp) -> Result<(), EventError> {
        match self.open(now)? {
            State::ComeUp if now < self.starts_at().plus_millis(-RUNS_BEFORE_MILLIS) => Err(EventError::NotStarted),
            _ => Ok(()),
        }
    }

    /// Its state, if it is neither over nor cancelled.
    pub fn open(&self, now: Timestamp) -> Result<State, EventError> {
        match self.state_at(now) {
            State::Passed => Err(EventError::Over),
            State::Cancelled => Err(EventError::Cancelled),
            open => Ok(open),
        }
    }
}
