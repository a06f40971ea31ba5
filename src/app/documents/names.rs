//! What things are called in documents and in the store: one name for each, there and back.

use crate::domain::challenge::{self, Accomplishment, Answer};
use crate::domain::event::State as EventState;
use crate::domain::friendship;
use crate::domain::run::{FinishReason, Standing, State};
use crate::domain::user::{Level, Visibility};

pub fn state_name(state: State) -> &'static str {
    match state {
        State::Planned => "planned",
        State::Live => "live",
        State::Paused => "paused",
        State::Finished => "finished",
    }
}

pub fn parse_state(name: &str) -> Option<State> {
    [State::Planned, State::Live, State::Paused, State::Finished].into_iter().find(|&state| state_name(state) == name)
}

pub fn event_state_name(state: EventState) -> &'static str {
    match state {
        EventState::ComeUp => "come_up",
        EventState::Current => "current",
        EventState::Passed => "passed",
        EventState::Cancelled => "cancelled",
    }
}

pub fn parse_event_state(name: &str) -> Option<EventState> {
    let all = [EventState::ComeUp, EventState::Current, EventState::Passed, EventState::Cancelled];
    all.into_iter().find(|&state| event_state_name(state) == name)
}

pub fn challenge_state_name(state: challenge::State) -> &'static str {
    match state {
        challenge::State::ComeUp => "come_up",
        challenge::State::Current => "current",
        challenge::State::Passed => "passed",
        challenge::State::Cancelled => "cancelled",
    }
}

pub fn challenge_kind_name(kind: challenge::Kind) -> &'static str {
    match kind {
        challenge::Kind::First => "first",
        challenge::Kind::Most => "most",
    }
}

pub fn answer_name(answer: Answer) -> &'static str {
    match answer {
        Answer::Pending => "pending",
        Answer::Accepted => "accepted",
        Answer::Rejected => "rejected",
    }
}

pub fn accomplishment_name(accomplishment: Accomplishment) -> &'static str {
    match accomplishment {
        Accomplishment::Unfinished => "unfinished",
        Accomplishment::Finished => "finished",
        Accomplishment::Failed => "failed",
    }
}

pub fn visibility_name(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Friends => "friends",
        Visibility::Private => "private",
    }
}

pub fn parse_visibility(name: &str) -> Option<Visibility> {
    let all = [Visibility::Public, Visibility::Friends, Visibility::Private];
    all.into_iter().find(|&visibility| visibility_name(visibility) == name)
}

pub fn level_name(level: Level) -> &'static str {
    match level {
        Level::Admin => "admin",
        Level::User => "user",
    }
}

pub fn parse_level(name: &str) -> Option<Level> {
    [Level::Admin, Level::User].into_iter().find(|&level| level_name(level) == name)
}

pub fn standing_of_friend(standing: friendship::Standing) -> &'static str {
    match standing {
        friendship::Standing::Nothing => "none",
        friendship::Standing::Listed => "listed",
        friendship::Standing::Friend => "friend",
        friendship::Standing::Asked => "asked",
        friendship::Standing::Asking => "asking",
        friendship::Standing::Blocked => "blocked",
    }
}

pub fn reason_name(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Owner => "owner",
        FinishReason::Inactive => "inactive",
        FinishReason::Arrived => "arrived",
        FinishReason::Superseded => "superseded",
    }
}

pub fn parse_reason(name: &str) -> Option<FinishReason> {
    use FinishReason::{Arrived, Inactive, Owner, Superseded};
    [Owner, Inactive, Arrived, Superseded].into_iter().find(|&reason| reason_name(reason) == name)
}

pub fn standing_name(standing: Standing) -> &'static str {
    match standing {
        Standing::Counted => "counted",
        Standing::Near => "near",
        Standing::Late => "late",
        Standing::Poor => "poor",
        Standing::Suspect => "suspect",
        Standing::Implausible => "implausible",
        Standing::Paused => "paused",
    }
}

pub fn parse_standing(name: &str) -> Option<Standing> {
    use Standing::{Counted, Implausible, Late, Near, Paused, Poor, Suspect};
    let all = [Counted, Near, Late, Poor, Suspect, Implausible, Paused];
    all.into_iter().find(|&standing| standing_name(standing) == name)
}

/// What is shown: nothing for the ordinary ones.
pub fn shown_standing(standing: Standing) -> Option<&'static str> {
    match standing {
        Standing::Counted | Standing::Near => None,
        other => Some(standing_name(other)),
    }
}
