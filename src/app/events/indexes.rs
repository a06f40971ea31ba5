//! The indexes that events stand in, and those of one event.

use crate::app::due::{self, Due};
use crate::app::events::record::EventRecord;
use crate::app::links::Shared;
use crate::app::near;
use crate::app::transact::Draft;
use crate::backend::Index;
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

/// The events that a user has made, has joined or is invited to, scored by their numbers: an event that is put off moves in
/// nobody's list, however many participate.
pub fn of_user(user: &UserId) -> Index {
    Index::new(format!("events/of/{user}"))
}

/// Who participates, scored by roster number.
pub fn roster(event: EventId) -> Index {
    Index::new(format!("event/{event}/roster"))
}

/// Who is invited or has declined, scored by when they were invited, in milliseconds.
pub fn invited(event: EventId) -> Index {
    Index::new(format!("event/{event}/invited"))
}

/// A user's list gains the event, or loses it.
pub fn related(draft: &mut Draft<EventRecord>, event: EventId, user: &UserId, is_related: bool) {
    let score = is_related.then(|| i64::try_from(event.number()).unwrap_or(i64::MAX));
    draft.place(of_user(user), event.to_string(), score);
}

/// Takes an event that is no more out of where it stood.
pub fn gone(draft: &mut Draft<EventRecord>, event: &Event) {
    draft.place(public(), event.id.to_string(), None);
    near::place(draft, near(), event.id.to_string(), (!event.plan.private).then_some(event.plan.start), None);
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
    let due_ms = |event: &Event| event.turns_at().map(|at| at.as_millis());
    let (old, new) = (before.and_then(due_ms), due_ms(event));
    if old != new {
        draft.place(due::index(), Due::EventTurns(event.id).to_string(), new);
    }
}
