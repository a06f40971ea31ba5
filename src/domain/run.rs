//! One outing of one user: planned, live, paused, finished; and what its fixes add up to.
//!
//! Two clocks meet here. What the run is (its state, when it was last heard of) goes by the server's clock; what was run
//! (distance, pace, splits) goes by the times that the phone gave its fixes. Storage and channels are not known here.

mod accept;
mod best;
mod climb;
#[cfg(test)]
mod made_up;
mod pauses;
mod plausible;
mod seen;
mod splits;
mod tally;
mod window;

pub use accept::{Accepted, Kept, accept, recount, retrace};
pub use best::{BEST_OVER_LEN, BEST_OVER_M, best_times_s};
pub use climb::Climb;
pub use pauses::{PAUSES_LEN_MAX, Pauses};
pub use plausible::{Doubts, Implausible, implausible};
pub use seen::Seen;
pub use splits::{Mark, SPLITS_LEN_MAX, Split, Splits};
pub use tally::{Anchor, GATE_M, Standing, Tally};
pub use window::{Sample, Window};

use thiserror::Error;

use super::geo::Place;
use super::ids::{EventId, RunId, UserId};
use super::time::Timestamp;
use super::user::Visibility;

/// A live run that was not heard of for so long is over: half an hour, longer than any tunnel.
pub const INACTIVE_AFTER_MILLIS: i64 = 30 * 60 * 1000;
/// The same for a paused run: four hours, longer than any lunch.
pub const INACTIVE_WHEN_PAUSED_AFTER_MILLIS: i64 = 4 * 60 * 60 * 1000;

#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub id: RunId,
    pub owner: UserId,
    pub visibility: Visibility,
    /// The event that it is run in.
    pub event: Option<EventId>,
    pub state: State,
    pub created_at: Timestamp,
    /// `None` while planned, and for a run that was finished without having been started.
    pub started_at: Option<Timestamp>,
    /// Set exactly when `state` is [`State::Finished`], as is `finish_reason`.
    pub finished_at: Option<Timestamp>,
    pub finish_reason: Option<FinishReason>,
    pub destination: Option<Place>,
    /// When the phone or the owner was last heard of, by the server's clock.
    pub heard_at: Timestamp,
    pub pauses: Pauses,
    /// How far the phone's clock was last found to run ahead; `None` as long as it was right.
    pub ahead_millis: Option<i64>,
    pub tally: Tally,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Planned,
    Live,
    Paused,
    Finished,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FinishReason {
    /// The owner said so.
    Owner,
    /// Not heard of for too long.
    Inactive,
    /// Rested at the destination.
    Arrived,
    /// The owner started another run.
    Superseded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RunError {
    #[error("the run has not been started")]
    NotStarted,
    #[error("the run is finished")]
    Finished,
    /// Only from [`accept`]: ask again with the [`Seen`] of the run's track.
    #[error("the run's track is needed to tell repeated fixes")]
    NeedsTrack,
}

impl Run {
    /// A run that is yet to be started.
    pub fn planned(
        id: RunId,
        owner: UserId,
        visibility: Visibility,
        destination: Option<Place>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            owner,
            visibility,
            event: None,
            state: State::Planned,
            created_at: now,
            started_at: None,
            finished_at: None,
            finish_reason: None,
            destination,
            heard_at: now,
            pauses: Pauses::default(),
            ahead_millis: None,
            tally: Tally::default(),
        }
    }

    /// Planned → live. As with each of the four: `false` when there was nothing to change, which is the same success.
    pub fn start(&mut self, now: Timestamp) -> Result<bool, RunError> {
        match self.state {
            State::Finished => Err(RunError::Finished),
            State::Live | State::Paused => Ok(false),
            State::Planned => {
                self.started_at = Some(now);
                self.turn(State::Live, now);
                Ok(true)
            }
        }
    }

    /// Live → paused.
    pub fn pause(&mut self, now: Timestamp) -> Result<bool, RunError> {
        match self.state {
            State::Planned => Err(RunError::NotStarted),
            State::Finished => Err(RunError::Finished),
            State::Paused => Ok(false),
            State::Live => {
                self.pauses.open(now);
                self.turn(State::Paused, now);
                Ok(true)
            }
        }
    }

    /// Paused → live.
    pub fn resume(&mut self, now: Timestamp) -> Result<bool, RunError> {
        match self.state {
            State::Planned => Err(RunError::NotStarted),
            State::Finished => Err(RunError::Finished),
            State::Live => Ok(false),
            State::Paused => {
                self.pauses.close(now);
                self.turn(State::Live, now);
                Ok(true)
            }
        }
    }

    /// Anything → finished; a planned run then ends without having begun. The first reason and time stay.
    pub fn finish(&mut self, now: Timestamp, reason: FinishReason) -> Result<bool, RunError> {
        if self.state == State::Finished {
            return Ok(false);
        }
        self.pauses.close(now);
        self.finished_at = Some(self.started_at.map_or(now, |started| started.max(now)));
        self.finish_reason = Some(reason);
        self.state = State::Finished;
        Ok(true)
    }

    /// When the owner said something that is heard of now: `at` by a phone that had no line then, but not before what was said
    /// last, and not in the future. `None`: now.
    pub fn said_at(&self, at: Option<Timestamp>, now: Timestamp) -> Timestamp {
        let last = self.pauses.0.last().map(|&(from, until)| until.unwrap_or(from));
        at.map_or(now, |at| last.map_or(at, |last| last.max(at)).min(now))
    }

    /// Whether it has begun and is not over.
    pub fn is_under_way(&self) -> bool {
        matches!(self.state, State::Live | State::Paused)
    }

    /// When the run ends by itself if nothing is heard of it until then. `None` unless it is live or paused.
    pub fn inactive_at(&self) -> Option<Timestamp> {
        match self.state {
            State::Planned | State::Finished => None,
            State::Live => Some(self.heard_at.plus_millis(INACTIVE_AFTER_MILLIS)),
            State::Paused => Some(self.heard_at.plus_millis(INACTIVE_WHEN_PAUSED_AFTER_MILLIS)),
        }
    }

    pub fn is_inactive(&self, now: Timestamp) -> bool {
        self.inactive_at().is_some_and(|inactive_at| inactive_at <= now)
    }

    fn turn(&mut self, state: State, now: Timestamp) {
        self.state = state;
        self.heard(now);
    }

    /// Something was heard of it: it is not left alone.
    pub fn heard(&mut self, now: Timestamp) {
        self.heard_at = self.heard_at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Timestamp = Timestamp::from_millis(1_780_000_000_000);

    fn run_in(state: State) -> Run {
        let owner = UserId::parse("aino").unwrap();
        let mut run = Run::planned(RunId::from_u128(1), owner, Visibility::Public, None, T0);
        if state != State::Planned {
            run.start(T0).unwrap();
        }
        if state == State::Paused {
            run.pause(T0).unwrap();
        }
        if state == State::Finished {
            run.finish(T0, FinishReason::Owner).unwrap();
        }
        assert_eq!(run.state, state);
        run
    }

    #[test]
    fn transitions_change_the_state_or_are_the_same_success() {
        use State::{Finished, Live, Paused, Planned};
        type Transition = fn(&mut Run, Timestamp) -> Result<bool, RunError>;
        let finish: Transition = |run, now| run.finish(now, FinishReason::Superseded);
        let rows: [(State, Transition, Result<bool, RunError>, State); 16] = [
            (Planned, Run::start, Ok(true), Live),
            (Live, Run::start, Ok(false), Live),
            (Paused, Run::start, Ok(false), Paused),
            (Finished, Run::start, Err(RunError::Finished), Finished),
            (Planned, Run::pause, Err(RunError::NotStarted), Planned),
            (Live, Run::pause, Ok(true), Paused),
            (Paused, Run::pause, Ok(false), Paused),
            (Finished, Run::pause, Err(RunError::Finished), Finished),
            (Planned, Run::resume, Err(RunError::NotStarted), Planned),
            (Live, Run::resume, Ok(false), Live),
            (Paused, Run::resume, Ok(true), Live),
            (Finished, Run::resume, Err(RunError::Finished), Finished),
            (Planned, finish, Ok(true), Finished),
            (Live, finish, Ok(true), Finished),
            (Paused, finish, Ok(true), Finished),
            (Finished, finish, Ok(false), Finished),
        ];
        for (index, (from, transition, answer, to)) in rows.into_iter().enumerate() {
            let mut run = run_in(from);
            let before = run.clone();
            assert_eq!(transition(&mut run, T0.plus_millis(5_000)), answer, "row {index}");
            assert_eq!(run.state, to, "row {index}");
            assert_eq!(run == before, answer != Ok(true), "row {index}");
        }
    }

    #[test]
    fn finishing_again_keeps_the_first_reason_and_time() {
        let mut run = run_in(State::Finished);
        run.finish(T0.plus_millis(60_000), FinishReason::Inactive).unwrap();
        assert_eq!((run.finished_at, run.finish_reason), (Some(T0), Some(FinishReason::Owner)));
    }

    #[test]
    fn what_was_said_without_a_line_is_said_in_its_order_and_never_in_the_future() {
        let (minute, now) = (|minutes: i64| T0.plus_millis(minutes * 60_000), T0.plus_millis(10 * 60_000));
        let mut run = run_in(State::Live);
        assert_eq!(run.said_at(None, now), now);
        assert_eq!(run.said_at(Some(minute(11)), now), now);
        run.pause(run.said_at(Some(minute(3)), now)).unwrap();
        assert_eq!(run.said_at(Some(minute(2)), now), minute(3), "a pause does not end before it began");
        run.resume(run.said_at(Some(minute(5)), now)).unwrap();
        assert_eq!(run.pauses.0, [(minute(3), Some(minute(5)))]);
        run.finish(run.said_at(Some(minute(-5)), now), FinishReason::Owner).unwrap();
        assert_eq!(run.finished_at, Some(minute(5)));
    }

    #[test]
    fn run_that_is_not_heard_of_becomes_inactive() {
        for (state, after_minutes) in
            [(State::Planned, None), (State::Live, Some(30)), (State::Paused, Some(240)), (State::Finished, None)]
        {
            let run = run_in(state);
            let inactive_at = after_minutes.map(|minutes| T0.plus_millis(minutes * 60_000));
            assert_eq!(run.inactive_at(), inactive_at, "{state:?}");
            if let Some(inactive_at) = inactive_at {
                assert!(run.is_inactive(inactive_at));
                assert!(!run.is_inactive(inactive_at.plus_millis(-1)));
            }
            assert_eq!(run.is_inactive(T0.plus_millis(i64::MAX)), inactive_at.is_some(), "{state:?}");
        }
    }

    #[test]
    fn clock_that_is_set_back_does_not_take_back_when_the_run_was_heard_of() {
        let mut run = run_in(State::Live);
        run.pause(T0.plus_millis(-60_000)).unwrap();
        assert_eq!(run.heard_at, T0);
    }
}
