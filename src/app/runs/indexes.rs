//! The indexes that runs stand in. All but one are scored by when the run was made, in milliseconds.

use crate::app::feeds::Spot;
use crate::app::links::Shared;
use crate::app::runs::RunRecord;
use crate::app::transact::Draft;
use crate::app::{documents::state_name, due, near};
use crate::backend::{Bound, Index};
use crate::domain::cell::Cell;
use crate::domain::geo::Place;
use crate::domain::ids::{EventId, UserId};
use crate::domain::morton::Grain;
use crate::domain::run::{Run, State};
use crate::domain::user::Visibility;
use crate::limits;

/// All runs of one user.
pub fn of_user(user: &UserId) -> Index {
    Index::new(format!("runs/of/{user}"))
}

/// All public runs.
pub fn public() -> Index {
    Index::new("runs/public")
}

/// The public runs in one state.
pub fn public_in(state: State) -> Index {
    Index::new(format!("runs/public/{}", state_name(state)))
}

/// Public runs that are live or paused and whose place is known, scored by the number of the finest cell that they are in.
pub fn on_map() -> Index {
    Index::new("runs/on-map")
}

/// All runs in an event.
pub fn of_event(event: EventId) -> Index {
    Index::new(format!("runs/of-event/{event}"))
}

/// The runs in an event that are live or paused.
pub fn live_of_event(event: EventId) -> Index {
    Index::new(format!("runs/live-of-event/{event}"))
}

/// The planned runs in an event, all scored alike, by their owners: `owner/run`.
pub fn planned_of_event(event: EventId) -> Index {
    Index::new(format!("runs/planned-of-event/{event}"))
}

/// In [`planned_of_event`] from the first of these places up to the second stand the runs of one owner.
pub fn planned_of(owner: &UserId) -> (Bound, Bound) {
    // What follows a slash is a zero.
    (Bound::At(0, format!("{owner}/").into()), Bound::At(0, format!("{owner}0").into()))
}

/// The public runs that are live or paused, by where the runner is.
pub fn public_near() -> (Index, Grain) {
    (Index::new("runs/public/near"), Grain::CITY_BLOCK)
}

/// The same of those that not everybody may see.
pub fn others_near() -> (Index, Grain) {
    (Index::new("runs/others/near"), Grain::CITY_BLOCK)
}

/// Takes the run out of all of them.
pub fn gone(draft: &mut Draft<RunRecord>, run: &Run) {
    let member = run.id.to_string();
    let of_events = run.event.map(|event| [of_event(event), live_of_event(event)]).into_iter().flatten();
    let others = [of_user(&run.owner), public(), public_in(run.state), public_near().0, others_near().0, on_map()];
    for index in others.into_iter().chain(of_events) {
        draft.place(index, member.clone(), None);
    }
    moved_in_plans(draft, Some(run), None);
    draft.place(due::index(), due::Due::RunInactive(run.id).to_string(), None);
    due::Due::RunTogether(run.id).place(draft, None);
    // At once: links to it are over.
    draft.place(due::index(), due::Due::LinksTo(Shared::Run(run.id)).to_string(), Some(0));
}

/// The runner has gone on from where the run stood `before`.
pub fn went_on(draft: &mut Draft<RunRecord>, before: Option<Place>, run: &Run) {
    if run.is_under_way() {
        let near = if run.visibility == Visibility::Public { public_near() } else { others_near() };
        near::place(draft, near, run.id.to_string(), before, place(run));
    }
}

/// Where the runner is, or was last.
pub fn place(run: &Run) -> Option<Place> {
    run.tally.position.map(|fix| fix.place)
}

/// Where the run stands in [`on_map`].
pub fn place_on_map(run: &Run) -> Option<i64> {
    Spot::of(run).and_then(|spot| spot.cell_of(run)).map(Cell::number)
}

/// Moves the run on the map from where it stood `before`.
pub fn moved_on_map(draft: &mut Draft<RunRecord>, before: Option<i64>, run: &Run) {
    let new = place_on_map(run);
    if before != new {
        draft.place(on_map(), run.id.to_string(), new);
    }
}

/// Moves the run from where it stood `before` to where it belongs now, and sets when it is over if nothing is heard of it.
pub fn moved(draft: &mut Draft<RunRecord>, before: Option<&Run>, run: &Run) {
    let member = run.id.to_string();
    let score = run.created_at.as_millis();
    if before.is_none() {
        draft.place(of_user(&run.owner), member.clone(), Some(score));
    }
    let places = |run: &Run| match run.visibility {
        Visibility::Public => vec![public(), public_in(run.state)],
        Visibility::Friends | Visibility::Private => Vec::new(),
    };
    let places = |run: &Run| {
        let mut places = places(run);
        places.extend(run.event.map(of_event));
        places.extend(run.event.filter(|_| run.is_under_way()).map(live_of_event));
        places
    };
    moved_in_plans(draft, before, Some(run));
    let (old, new) = (before.map(places).unwrap_or_default(), places(run));
    for index in old.iter().filter(|index| !new.contains(index)) {
        draft.place(index.clone(), member.clone(), None);
    }
    for index in new.iter().filter(|index| !old.contains(index)) {
        draft.place(index.clone(), member.clone(), Some(score));
    }
    for (near, is_public) in [(public_near(), true), (others_near(), false)] {
        let is_there = |run: &Run| run.is_under_way() && (run.visibility == Visibility::Public) == is_public;
        let place = |run: &Run| is_there(run).then(|| place(run)).flatten();
        near::place(draft, near, member.clone(), before.and_then(place), place(run));
    }
    moved_on_map(draft, before.and_then(place_on_map), run);
    if before.is_none_or(|before| before.state != run.state) {
        let due_ms = run.inactive_at().map(|at| at.as_millis());
        draft.place(due::index(), due::Due::RunInactive(run.id).to_string(), due_ms);
        looked_at_together(draft, run);
    }
}

/// Who is around the runner of a live run is looked at for the first time a moment after it has begun or goes on.
fn looked_at_together(draft: &mut Draft<RunRecord>, run: &Run) {
    let is_live = run.state == State::Live;
    let look_ms = is_live.then(|| run.heard_at.as_millis() + limits::TOGETHER_LOOK_EVERY_MS);
    due::Due::RunTogether(run.id).place(draft, look_ms);
}

fn moved_in_plans(draft: &mut Draft<RunRecord>, before: Option<&Run>, now: Option<&Run>) {
    let planned = |run: &Run| {
        let member = format!("{}/{}", run.owner, run.id);
        run.event.filter(|_| run.state == State::Planned).map(|event| (planned_of_event(event), member))
    };
    let (old, new) = (before.and_then(planned), now.and_then(planned));
    if old != new {
        for (place, score) in [(old, None), (new, Some(0))] {
            if let Some((index, member)) = place {
                draft.place(index, member, score);
            }
        }
    }
}
