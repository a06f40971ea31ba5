//! `/api/events`: organised runs, found, made, changed, started, ended and cancelled.
//!
//! Who comes and who is asked to come have files of their own.

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde::Deserialize;
use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::{Query, body, no_parameters};
use crate::app::documents::{self, Edit, EventDocument, Object, PlaceDocument};
use crate::app::events::{ChangeEvent, EventFilter, EventOrder, NewEvent};
use crate::app::{AppError, Period};
use crate::domain::geo;
use crate::domain::ids::EventId;
use crate::limits;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Events,
    Event(EventId),
    Start(EventId),
    End(EventId),
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["events", rest @ ..] = path else { return None };
        Some(match rest {
            [] => Ok(Self::Events),
            [id] => event_id(id).map(Self::Event),
            [id, "start"] => event_id(id).map(Self::Start),
            [id, "end"] => event_id(id).map(Self::End),
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Events => "/api/events",
            Self::Event(_) => "/api/events/:id",
            Self::Start(_) => "/api/events/:id/start",
            Self::End(_) => "/api/events/:id/end",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Events => &[Method::GET, Method::HEAD, Method::POST],
            Self::Event(_) => &[Method::GET, Method::HEAD, Method::PATCH, Method::PUT, Method::DELETE],
            Self::Start(_) | Self::End(_) => &[Method::POST],
        }
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        match (self, call.method) {
            (Self::Events, &Method::GET) => list(call).await,
            (Self::Events, _) => create(call).await,
            (Self::Event(event), &Method::GET) => show(call, event).await,
            (Self::Event(event), &Method::PATCH) => change(call, event).await,
            (Self::Event(event), &Method::PUT) => replace(call, event).await,
            (Self::Event(event), _) => cancel(call, event).await,
            (Self::Start(event), _) => start(call, event).await,
            (Self::End(event), _) => end(call, event).await,
        }
    }
}

/// An event's number. What is none is the number of no event.
pub fn event_id(text: &str) -> Result<EventId, AppError> {
    EventId::parse(text).ok_or(AppError::NotFound("event"))
}

/// What is said of an event.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    #[serde(default)]
    name: Edit<String>,
    #[serde(default)]
    description: Edit<String>,
    #[serde(default)]
    private: Edit<bool>,
    #[serde(default)]
    date: Edit<String>,
    #[serde(default)]
    time: Edit<String>,
    #[serde(default)]
    time_zone: Edit<String>,
    #[serde(default)]
    duration_s: Edit<u32>,
    #[serde(default)]
    start: Edit<Object<PlaceDocument>>,
    #[serde(default)]
    destination: Edit<Object<PlaceDocument>>,
    #[serde(default)]
    capacity: Edit<u32>,
    #[serde(default)]
    invite: Edit<Vec<String>>,
}

/// The same, understood.
struct Read {
    name: Edit<String>,
    description: Edit<String>,
    private: Edit<bool>,
    date: Edit<NaiveDate>,
    time: Edit<NaiveTime>,
    zone: Edit<Tz>,
    duration_s: Edit<u32>,
    start: Edit<geo::Place>,
    destination: Edit<geo::Place>,
    capacity: Edit<u32>,
    invite: Edit<Vec<String>>,
}

impl Given {
    fn read(self) -> Result<Read, AppError> {
        let place = |field: &'static str| move |Object(place): Object<PlaceDocument>| place.read(field);
        Ok(Read {
            name: self.name,
            description: self.description,
            private: self.private,
            date: self.date.checked(|text| {
                documents::parse_date(&text)
                    .ok_or_else(|| AppError::invalid("date", "must be a day that there is, as in 2026-11-25"))
            })?,
            time: self.time.checked(|text| {
                documents::parse_time(&text)
                    .ok_or_else(|| AppError::invalid("time", "must be a time of day, as in 18:00 or 18:00:00"))
            })?,
            zone: self.time_zone.checked(|text| {
                documents::parse_zone(&text)
                    .ok_or_else(|| AppError::invalid("time_zone", "must be a name such as Europe/Helsinki"))
            })?,
            duration_s: self.duration_s,
            start: self.start.checked(place("start."))?,
            destination: self.destination.checked(place("destination."))?,
            capacity: self.capacity,
            invite: self.invite,
        })
    }
}

impl Read {
    /// For an event that is made, or made anew: what must be said is, and the rest has its default.
    fn whole(self) -> Result<NewEvent, AppError> {
        Ok(NewEvent {
            name: required("name", self.name)?,
            description: given(self.description).unwrap_or_default(),
            date: required("date", self.date)?,
            time: required("time", self.time)?,
            zone: given(self.zone),
            duration_s: given(self.duration_s),
            private: given(self.private).unwrap_or(true),
            start: required("start", self.start)?,
            destination: given(self.destination),
            capacity: given(self.capacity),
            invite: given(self.invite).unwrap_or_default(),
        })
    }

    /// For an event that is there: what is left out stays.
    fn change(self) -> Result<ChangeEvent, AppError> {
        if self.invite != Edit::Keep {
            return Err(AppError::invalid("invite", "is for new events: invitations have a resource of their own"));
        }
        Ok(ChangeEvent {
            name: kept("name", self.name)?,
            description: match self.description {
                Edit::Clear => Some(String::new()),
                description => given(description),
            },
            private: kept("private", self.private)?,
            date: kept("date", self.date)?,
            time: kept("time", self.time)?,
            zone: kept("time_zone", self.zone)?,
            duration_s: kept("duration_s", self.duration_s)?,
            start: kept("start", self.start)?,
            destination: self.destination,
            capacity: self.capacity,
        })
    }
}

fn given<T>(value: Edit<T>) -> Option<T> {
    match value {
        Edit::Set(value) => Some(value),
        Edit::Keep | Edit::Clear => None,
    }
}

fn required<T>(field: &str, value: Edit<T>) -> Result<T, AppError> {
    given(value).ok_or_else(|| AppError::invalid(field, "is missing"))
}

/// What every event has cannot be taken away.
fn kept<T>(field: &str, value: Edit<T>) -> Result<Option<T>, AppError> {
    match value {
        Edit::Clear => Err(AppError::invalid(field, "must not be null")),
        value => Ok(given(value)),
    }
}

fn shown(event: &EventDocument) -> Result<Success, Error> {
    Ok(Success::ok(event)?.tagged(event.version))
}

fn made(event: &EventDocument) -> Result<Success, Error> {
    Success::created(format!("/api/events/{}", event.id), event)
}

/// `GET /api/events?mine=&state=&private=&name=&latitude=&longitude=&radius_m=&from=&until=&sort=&page=&page_size=` → public
/// events, and private ones that the caller has to do with. What is to come soonest first, all else latest first.
async fn list(call: &Call<'_>) -> Result<Success, Error> {
    let known = [
        "mine",
        "state",
        "private",
        "name",
        "latitude",
        "longitude",
        "radius_m",
        "from",
        "until",
        "sort",
        "page",
        "page_size",
    ];
    let mut query = Query::read(call.request, &known)?;
    let mine = query.flag("mine")?.unwrap_or(false);
    let private = query.flag("private")?;
    if mine || private == Some(true) {
        call.caller.identity()?;
    }
    let state = query.take("state").map(|state| {
        documents::parse_event_state(&state)
            .ok_or_else(|| AppError::invalid("state", "must be one of come_up, current, passed and cancelled"))
    });
    let order = query.take("sort").map(|sort| match sort.as_str() {
        "starts_at" => Ok(EventOrder::SoonestFirst),
        "-starts_at" => Ok(EventOrder::LatestFirst),
        _ => Err(AppError::invalid("sort", "must be starts_at, or -starts_at for the latest first")),
    });
    let near = query.circle(limits::EVENT_RADIUS_M)?;
    let Period { from, until } = query.period()?;
    let page = query.page(50, limits::PAGE_SIZE_MAX)?;
    let (name, state, order) = (query.take("name"), state.transpose()?, order.transpose()?);
    if name.as_ref().is_some_and(|name| name.chars().count() > limits::EVENT_NAME_LEN_MAX) {
        let problem = format!("must have at most {} characters", limits::EVENT_NAME_LEN_MAX);
        return Err(AppError::invalid("name", problem).into());
    }
    let filter = EventFilter { mine, state, private, name, near, from, until, order, ..EventFilter::default() };
    Success::ok(&call.app.events(call.caller, filter, page).await?)
}

/// `POST /api/events`.
async fn create(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let new = body::<Given>(call.request)?.read()?.whole()?;
    made(&call.app.new_event(identity, new).await?)
}

/// `GET /api/events/:id`.
async fn show(call: &Call<'_>, event: EventId) -> Result<Success, Error> {
    no_parameters(call.request)?;
    shown(&call.app.event(call.caller, event).await?)
}

/// `PATCH /api/events/:id`: what is named is another from now on.
async fn change(call: &Call<'_>, event: EventId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let change = body::<Given>(call.request)?.read()?.change()?;
    shown(&call.app.change_event(identity, event, change, call.if_match()?).await?)
}

/// `PUT /api/events/:id`: the whole plan; what is left out has its default, as for a new event.
async fn replace(call: &Call<'_>, event: EventId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let read = body::<Given>(call.request)?.read()?;
    if read.invite != Edit::Keep {
        return Err(AppError::invalid("invite", "is for new events: invitations have a resource of their own").into());
    }
    let plan = read.whole()?;
    let zone = match plan.zone {
        Some(zone) => zone,
        None => call.app.zone_of(identity).await?,
    };
    let change = ChangeEvent {
        name: Some(plan.name),
        description: Some(plan.description),
        private: Some(plan.private),
        date: Some(plan.date),
        time: Some(plan.time),
        zone: Some(zone),
        duration_s: Some(plan.duration_s.unwrap_or(limits::EVENT_DURATION_S)),
        start: Some(plan.start),
        destination: plan.destination.map_or(Edit::Clear, Edit::Set),
        capacity: plan.capacity.map_or(Edit::Clear, Edit::Set),
    };
    shown(&call.app.change_event(identity, event, change, call.if_match()?).await?)
}

/// `DELETE /api/events/:id`: it is cancelled, which those who participate are told. It stays to be seen, as cancelled.
async fn cancel(call: &Call<'_>, event: EventId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    call.app.cancel_event(identity, event, call.if_match()?).await?;
    Ok(Success::deleted())
}

/// `POST /api/events/:id/start`, before its time. There is nothing to say in a body.
async fn start(call: &Call<'_>, event: EventId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    made(&call.app.start_event(identity, event).await?)
}

/// `POST /api/events/:id/end`, before its time.
async fn end(call: &Call<'_>, event: EventId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    made(&call.app.end_event(identity, event).await?)
}
