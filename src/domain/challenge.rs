//! A challenge: some people, one thing that is counted, and a stretch of time. Come up → current → passed, by the server's clock, or
//! cancelled by who has made it.
//!
//! Here stands who may do what as things stand, who has finished, and in which order they stand. What somebody's value is, is
//! worked out elsewhere from what is stored of them; it comes in as a number, as often as one likes.

mod standings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use thiserror::Error;

pub use standings::Standing;

use super::achievement::Operator;
use super::ids::{ChallengeId, UserId};
use super::time::Timestamp;

#[derive(Clone, Debug, PartialEq)]
pub struct Challenge {
    pub id: ChallengeId,
    /// `None`: the account is deleted, and the challenge goes on without them.
    pub creator: Option<UserId>,
    pub title: String,
    pub kind: Kind,
    /// How a value is better than another, and reaches the target.
    pub operator: Operator,
    /// What is to be reached; none where the most counts.
    pub target: Option<f64>,
    pub created_at: Timestamp,
    pub starts_at: Timestamp,
    pub expires_at: Timestamp,
    /// When the clock was seen to have started it.
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    /// Everybody who was invited, the creator among them.
    pub people: BTreeMap<UserId, Part>,
    /// How many have reached the target.
    pub finished: u32,
    pub winner: Option<UserId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Who reaches the target first has won.
    First,
    /// Who has the most at the end has won.
    Most,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    ComeUp,
    Current,
    Passed,
    Cancelled,
}

/// What somebody has said to the invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    Pending,
    Accepted,
    /// Also of who has left again.
    Rejected,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Accomplishment {
    #[default]
    Unfinished,
    Finished,
    /// It was over before they had finished.
    Failed,
}

/// What there is of one person.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub name: String,
    pub answer: Answer,
    pub accomplishment: Accomplishment,
    /// `None` when nothing counts yet.
    pub value: Option<f64>,
    /// Of what the value was worked out: the higher one is the newer.
    pub version: u64,
    /// How often the value has changed.
    pub moved: u64,
    pub finished_at: Option<Timestamp>,
    /// As the how manyth they have finished, from 1.
    pub place: Option<u32>,
}

/// Why something cannot be done with a challenge as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ChallengeError {
    #[error("the challenge is over")]
    Over,
    #[error("the challenge is cancelled")]
    Cancelled,
    #[error("too many are invited")]
    Full,
    /// Whoever asks may not even know that there is such a challenge.
    #[error("there is no invitation")]
    NotInvited,
    #[error("the creator cannot leave: cancel the challenge instead")]
    Creator,
}

/// What a value has brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// It is another than before.
    pub moved: bool,
    /// The target was reached by it, for the first time.
    pub finished: bool,
}

impl Part {
    pub fn new(name: String, answer: Answer) -> Self {
        let accomplishment = Accomplishment::Unfinished;
        Self { name, answer, accomplishment, value: None, version: 0, moved: 0, finished_at: None, place: None }
    }
}

impl Challenge {
    /// What it is at a moment.
    pub fn state_at(&self, moment: Timestamp) -> State {
        match (self.cancelled_at, self.ended_at) {
            (Some(_), _) => State::Cancelled,
            (None, Some(_)) => State::Passed,
            (None, None) if moment >= self.expires_at => State::Passed,
            (None, None) if moment >= self.starts_at => State::Current,
            (None, None) => State::ComeUp,
        }
    }

    /// An error if nothing can be changed about it any more.
    pub fn open(&self, now: Timestamp) -> Result<(), ChallengeError> {
        match self.state_at(now) {
            State::ComeUp | State::Current => Ok(()),
            State::Passed => Err(ChallengeError::Over),
            State::Cancelled => Err(ChallengeError::Cancelled),
        }
    }

    /// When the clock makes something else of it; `None`: never.
    pub fn turns_at(&self) -> Option<Timestamp> {
        match (self.cancelled_at, self.ended_at, self.started_at) {
            (Some(_), _, _) | (_, Some(_), _) => None,
            (None, None, None) => Some(self.starts_at),
            (None, None, Some(_)) => Some(self.expires_at),
        }
    }

    pub fn answer_of(&self, user: &UserId) -> Option<Answer> {
        self.people.get(user).map(|part| part.answer)
    }

    /// Those who take part.
    pub fn accepted(&self) -> impl Iterator<Item = (&UserId, &Part)> {
        self.people.iter().filter(|(_, part)| part.answer == Answer::Accepted)
    }

    /// Invites somebody; who has rejected is asked again → whether that is new.
    pub fn invite(&mut self, user: &UserId, name: &str, most: usize, now: Timestamp) -> Result<bool, ChallengeError> {
        self.open(now)?;
        let is_full = self.people.len() >= most;
        match self.people.get_mut(user) {
            Some(part) if part.answer == Answer::Rejected => {
                part.answer = Answer::Pending;
                part.value = None;
                Ok(true)
            }
            Some(_) => Ok(false),
            None if is_full => Err(ChallengeError::Full),
            None => {
                self.people.insert(user.clone(), Part::new(name.to_owned(), Answer::Pending));
                Ok(true)
            }
        }
    }

    /// → whether that is new. Who has rejected may think again.
    pub fn accept(&mut self, user: &UserId, now: Timestamp) -> Result<bool, ChallengeError> {
        let part = self.people.get(user).ok_or(ChallengeError::NotInvited)?;
        if part.answer == Answer::Accepted {
            return Ok(false);
        }
        self.open(now)?;
        self.set(user, Answer::Accepted);
        Ok(true)
    }

    /// The invitation is rejected, or who has accepted leaves → whether that is new.
    pub fn reject(&mut self, user: &UserId, now: Timestamp) -> Result<bool, ChallengeError> {
        let part = self.people.get(user).ok_or(ChallengeError::NotInvited)?;
        if part.answer == Answer::Rejected {
            return Ok(false);
        }
        self.open(now)?;
        if self.creator.as_ref() == Some(user) {
            return Err(ChallengeError::Creator);
        }
        self.set(user, Answer::Rejected);
        Ok(true)
    }

    /// Nobody takes part any more → whether that is new.
    pub fn cancel(&mut self, now: Timestamp) -> Result<bool, ChallengeError> {
        if self.cancelled_at.is_some() {
            return Ok(false);
        }
        self.open(now)?;
        self.cancelled_at = Some(now);
        Ok(true)
    }

    /// Takes somebody out as if they had never been in it. What they had won, the next one has.
    pub fn strike(&mut self, user: &UserId) -> Option<Part> {
        if self.creator.as_ref() == Some(user) {
            self.creator = None;
        }
        let part = self.people.remove(user);
        if self.winner.as_ref() == Some(user) {
            let first = self.standings().first().map(|it| (it.user.clone(), it.part.accomplishment));
            self.winner = first.filter(|(_, it)| *it == Accomplishment::Finished).map(|(user, _)| user);
        }
        part
    }

    /// Somebody's value, as it was worked out of what is stored of them. An older one changes nothing, and neither does one of who does
    /// not take part. The target is reached once; whatever becomes of the value, it stays so.
    pub fn value_is(&mut self, user: &UserId, value: Option<f64>, version: u64, now: Timestamp) -> Brought {
        let mut brought = Brought::default();
        if self.ended_at.is_some() || self.cancelled_at.is_some() {
            return brought;
        }
        let Some(part) = self.people.get_mut(user).filter(|part| part.answer == Answer::Accepted) else {
            return brought;
        };
        if version < part.version {
            return brought;
        }
        part.version = version;
        brought.moved = part.value != value;
        if brought.moved {
            part.value = value;
            part.moved += 1;
        }
        let is_reached = match (value, self.target, self.operator) {
            (Some(value), Some(target), Operator::Geq) => value >= target,
            (Some(value), Some(target), Operator::Leq) => value <= target,
            (None, ..) | (_, None, _) => false,
        };
        if self.kind == Kind::First && is_reached && part.accomplishment == Accomplishment::Unfinished {
            self.finished += 1;
            part.accomplishment = Accomplishment::Finished;
            part.finished_at = Some(now);
            part.place = Some(self.finished);
            self.winner.get_or_insert_with(|| user.clone());
            brought.finished = true;
        }
        brought
    }

    /// The clock has started it → whether that is new.
    pub fn start(&mut self, now: Timestamp) -> bool {
        let is_new = self.turns_at().is_some_and(|at| at <= now) && self.started_at.is_none();
        if is_new {
            self.started_at = Some(self.starts_at);
        }
        is_new
    }

    /// It is over, if it has expired → whether that is new. Those who take part have finished or failed: where the most counts, who
    /// has anything has finished, and the first of them has won.
    pub fn expire(&mut self, now: Timestamp) -> bool {
        if self.started_at.is_none() || self.turns_at().is_none_or(|at| now < at) {
            return false;
        }
        self.ended_at = Some(self.expires_at);
        if self.kind == Kind::Most {
            self.winner =
                self.standings().first().filter(|first| first.part.value.is_some()).map(|first| first.user.clone());
        }
        let (kind, expires_at) = (self.kind, self.expires_at);
        for part in self.people.values_mut().filter(|part| part.answer == Answer::Accepted) {
            match (part.accomplishment, kind, part.value) {
                (Accomplishment::Unfinished, Kind::Most, Some(_)) => {
                    part.accomplishment = Accomplishment::Finished;
                    part.finished_at = Some(expires_at);
                }
                (Accomplishment::Unfinished, ..) => part.accomplishment = Accomplishment::Failed,
                (Accomplishment::Finished | Accomplishment::Failed, ..) => {}
            }
        }
        true
    }

    fn set(&mut self, user: &UserId, answer: Answer) {
        if let Some(part) = self.people.get_mut(user) {
            part.answer = answer;
        }
    }
}
