//! The indexes that events stand in, and those of one event.

use crate::app::due::{self, Due};
use crate::app::events::record::EventRecord;
use crate::app::links::Shared;
use crate::app::near;
use crate::app::transact::Draft;
use crate::backend::{Bound, Index};
use crate::domain::event::Event;
use crate::domain::ids::{EventId, UserId};
use crate::domain::morton::Grain;

/// All public events, scored by when they start or started, in milliseconds.
pub fn public() -> Index {
    Index::new("events/public")
}

/// Where public events start, those that are to come or under way.
pub fn near() -> (Index, Grain) {
    (Index::new("events/near"), Grain::FINEST)
}

/// The events that a user has made or has joined, scored by their numbers: an event that is put off moves in nobody's list,
/// however many participate.
pub fn of_user(user: &UserId) -> Index {
    Index::new(format!("events/of/{user}"))
}

/// The events that a user is invited to and has not answered, scored by when they were to end when the invitation was sent, in
/// milliseconds: what others lay before somebody does not stand among what is theirs.
pub fn asking(user: &UserId) -> Index {
    Index::new(format!("events/asking/{user}"))
}

/// The events of one creator that are neither over nor cancelled, scored by when they end, in milliseconds.
pub fn open_of(creator: &UserId) -> Index {
    Index::new(format!("events/open-of/{creator}"))
}

/// Who participates, scored by roster number.
pub fn roster(event: EventId) -> Index {
    Index::new(format!("event/{event}/roster"))
}

/// Who is invited or has declined, scored by when they were invited, in milliseconds.
pub fn invited(event: EventId) -> Index {
    Index::new(format!("event/{event}/invited"))
}

/// Invitations of others than the creator, all scored alike, by who has sent them: `by/invited`.
pub fn sent(event: EventId) -> Index {
    Index::new(format!("event/{event}/sent"))
}

/// In [`sent`] from the first of these places up to the second stand those of one user.
pub fn sent_by(user: &UserId) -> (Bound, Bound) {
    // What follows a slash is a zero.
    (Bound::At(0, format!("{user}/").into()), Bound::At(0, format!("{user}0").into()))
}

/// An invitation was sent by this user, who may be the creator, or is none any more.
pub fn was_sent(draft: &mut Draft<EventRecord>, event: &Event, by: &str, invited: &UserId, is_one: bool) {
    if by != event.creator.as_str() {
        draft.place(sent(event.id), format!("{by}/{invited}"), is_one.then_some(0));
    }
}

/// A user's list gains the event, or loses it.
pub fn related(draft: &mut Draft<EventRecord>, event: EventId, user: &UserId, is_related: bool) {
    let score = is_related.then(|| i64::try_from(event.number()).unwrap_or(i64::MAX));
    draft.place(of_user(user), event.to_string(), score);
}

/// The event waits for the user's answer, or does not any more.
pub fn asked(draft: &mut Draft<EventRecord>, event: &Event, user: &UserId, is_asked: bool) {
    draft.place(asking(user), event.id.to_string(), is_asked.then(|| event.ends_at().as_millis()));
}

/// Takes an event that is no more out of where it stood.
pub fn gone(draft: &mut Draft<EventRecord>, event: &Event) {
    draft.place(public(), event.id.to_string(), None);
    near::place(draft, near(), event.id.to_string(), (!event.plan.private).then_some(event.plan.start), None);
    draft.place(open_of(&event.creator), event.id.to_string(), None);
    draft.place(due::index(), Due::EventTurns(event.id).to_string(), None);
}

/// Moves the event from where it stood `before` to where it belongs now, and sets when the clock has to look at it again.
pub fn moved(draft: &mut Draft<EventRecord>, before: Option<&Event>, event: &Event) {
    let place = |event: &Event| (!event.plan.private).then(|| event.starts_at().as_millis());
    let (old, new) = (before.and_then(place), place(event));
    if old != new {
        draft.place(public(), event.id.to_string(), new);
    }
    let is_over = |event: &Event| event.ended_at.is_some() || event.cancelled_at.is_some();
    let start = |event: &Event| (!event.plan.private && !is_over(event)).then_some(event.plan.start);
    near::place(draft, near(), event.id.to_string(), before.and_then(start), start(event));
    let shared = |event: &Event| (event.ends_at(), event.cancelled_at, event.plan.private);
    if before.is_some_and(|before| shared(before) != shared(event)) {
        // At once: links to it may be over.
        draft.place(due::index(), Due::LinksTo(Shared::Event(event.id)).to_string(), Some(0));
    }
    let open_ms = |event: &Event| event.turns_at().map(|_| event.ends_at().as_millis());
    let (old, new) = (before.and_then(open_ms), open_ms(event));
    if old != new {
        draft.place(open_of(&event.creator), event.id.to_string(), new);
    }
    let due_ms = |event: &Event| event.turns_at().map(|at| at.as_millis());
    let (old, new) = (before.and_then(due_ms), due_ms(event));
    if old != new {
        draft.place(due::index(), Due::EventTurns(event.id).to_string(), new);
    }
}
