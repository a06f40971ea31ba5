//! Events as the Runnity document has them: made, and listed in three buckets.

use serde::Serialize;
use warp::http::StatusCode;
use warp::reply::Response;

use super::answers::{self, Error};
use super::parameters::{ListParameters, Moment, Parameters};
use crate::app::documents::{EventDocument, Role, UserName};
use crate::app::events::{EventFilter, NewEvent};
use crate::app::users::{Caller, Identity};
use crate::app::{App, AppError};
use crate::domain::event::{State, local, moment};
use crate::domain::ids::EventId;
use crate::domain::time::Timestamp;
use crate::http::answer;
use crate::limits;

/// `/event/list` → each event in the bucket of what it is at the moment that was asked for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Buckets {
    come_up: Vec<Event>,
    passed: Vec<Event>,
    current: Vec<Event>,
}

#[derive(Serialize)]
struct Event {
    #[serde(rename = "_id")]
    id: u64,
    private: bool,
    name: String,
    date: String,
    hour: String,
    latitude: f64,
    longtitude: f64,
    participants: Vec<Participant>,
    status: &'static str,
    #[serde(rename = "isCreator")]
    is_creator: bool,
    /// Of the destination, where there is one: our addition.
    #[serde(skip_serializing_if = "Option::is_none")]
    deslatitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deslongtitude: Option<f64>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Participant {
    Name(String),
    Object(UserName),
}

/// `POST /event/new`.
pub async fn create(app: &App, identity: &Identity, parameters: &Parameters) -> Result<Response, Error> {
    let given = parameters.new_event()?;
    let zone = match given.moment.zone {
        Some(zone) => zone,
        None => app.zone_of(identity).await?,
    };
    let (today, now) = local(app.clock.now(), zone);
    let new = NewEvent {
        name: given.name,
        description: String::new(),
        date: given.moment.date.unwrap_or(today),
        time: given.moment.time.unwrap_or(now),
        zone: Some(zone),
        duration_s: given.duration_s,
        private: given.private,
        start: given.place,
        destination: given.destination,
        capacity: given.capacity,
        invite: given.invite,
    };
    let event = app.new_event(identity, new).await?;
    Ok(answers::event_created(event.id))
}

/// `GET /event/list`.
pub async fn list(app: &App, identity: &Identity, parameters: &Parameters) -> Result<Response, Error> {
    let asked = parameters.list_events()?;
    let at = point(app, identity, asked.moment).await?;
    let (mut room, caller) = (limits::LISTED_PARTICIPANTS_MAX, Caller::User(identity.clone()));
    // What people look for first has its participants first.
    let current = bucket(app, &caller, &asked, at, State::Current, &mut room).await?;
    let come_up = bucket(app, &caller, &asked, at, State::ComeUp, &mut room).await?;
    let passed = bucket(app, &caller, &asked, at, State::Passed, &mut room).await?;
    if current.is_empty() && come_up.is_empty() && passed.is_empty() {
        return Err(Error::new(StatusCode::NOT_FOUND, "Events not found"));
    }
    Ok(answer::json(StatusCode::OK, &Buckets { come_up, passed, current }))
}

/// The moment that the buckets are relative to.
async fn point(app: &App, identity: &Identity, Moment { date, time, zone }: Moment) -> Result<Timestamp, AppError> {
    let now = app.clock.now();
    if date.is_none() && time.is_none() {
        return Ok(now);
    }
    let zone = match zone {
        Some(zone) => zone,
        None => app.zone_of(identity).await?,
    };
    let (today, clock) = local(now, zone);
    Ok(moment(date.unwrap_or(today), time.unwrap_or(clock), zone))
}

/// A page of those that are in this state at that moment, nearest in time first. `room`: how many participants may still be
/// named in this answer.
async fn bucket(
    app: &App,
    caller: &Caller,
    asked: &ListParameters,
    at: Timestamp,
    state: State,
    room: &mut usize,
) -> Result<Vec<Event>, AppError> {
    let filter = EventFilter {
        state: Some(state),
        private: (!asked.private).then_some(false),
        name: asked.name.clone(),
        near: asked.near,
        near_destination: asked.near_destination,
        at: Some(at),
        ..EventFilter::default()
    };
    let events = app.events(caller, filter, asked.page).await?;
    let ids: Vec<EventId> = events.iter().filter_map(|event| EventId::new(event.id)).collect();
    let rosters = app.rosters(&ids, room).await?;
    let status = match state {
        State::ComeUp => "come up",
        State::Current => "current",
        State::Passed | State::Cancelled => "passed",
    };
    let shown = events.into_iter().zip(rosters).map(|(event, roster)| shown(event, roster, status, asked.with_ids));
    Ok(shown.collect())
}

fn shown(event: EventDocument, roster: Vec<UserName>, status: &'static str, with_ids: bool) -> Event {
    let participant = |user: UserName| if with_ids { Participant::Object(user) } else { Participant::Name(user.name) };
    Event {
        id: event.id,
        private: event.private,
        name: event.name,
        date: event.date,
        hour: event.time,
        latitude: event.start.latitude,
        longtitude: event.start.longitude,
        participants: roster.into_iter().map(participant).collect(),
        status,
        is_creator: event.role == Role::Creator,
        deslatitude: event.destination.map(|place| place.latitude),
        deslongtitude: event.destination.map(|place| place.longitude),
    }
}
