//! `/api/runs`: runs, their tracks, and their beginning and end.

use serde::Deserialize;

use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::once;
use super::reading::{Query, body, no_parameters, visibility};
use crate::app::documents::{self, FixesDocument, Object, PlaceDocument};
use crate::app::runs::{NewRun, RunFilter, Transition};
use crate::app::users::Caller;
use crate::app::{App, AppError};
use crate::domain::geo;
use crate::domain::ids::{EventId, RunId, UserId};
use crate::http::request::Request;
use crate::limits;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Runs,
    Run(RunId),
    Fixes(RunId),
    Transition(RunId, Transition),
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["runs", rest @ ..] = path else { return None };
        let run = |id: &str| RunId::parse(id).ok_or(AppError::NotFound("run"));
        Some(match rest {
            [] => Ok(Self::Runs),
            [id] => run(id).map(Self::Run),
            [id, "fixes"] => run(id).map(Self::Fixes),
            [id, "start"] => run(id).map(|run| Self::Transition(run, Transition::Start)),
            [id, "pause"] => run(id).map(|run| Self::Transition(run, Transition::Pause)),
            [id, "resume"] => run(id).map(|run| Self::Transition(run, Transition::Resume)),
            [id, "finish"] => run(id).map(|run| Self::Transition(run, Transition::Finish)),
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Runs => "/api/runs",
            Self::Run(_) => "/api/runs/:id",
            Self::Fixes(_) => "/api/runs/:id/fixes",
            Self::Transition(_, Transition::Start) => "/api/runs/:id/start",
            Self::Transition(_, Transition::Pause) => "/api/runs/:id/pause",
            Self::Transition(_, Transition::Resume) => "/api/runs/:id/resume",
            Self::Transition(_, Transition::Finish) => "/api/runs/:id/finish",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Runs | Self::Fixes(_) => &[Method::GET, Method::HEAD, Method::POST],
            Self::Run(_) => &[Method::GET, Method::HEAD, Method::PATCH],
            Self::Transition(..) => &[Method::POST],
        }
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        let Call { app, caller, method, request, .. } = *call;
        match (self, method) {
            (Self::Runs, &Method::GET) => list(app, caller, request).await,
            (Self::Runs, _) => create(app, caller, request).await,
            (Self::Run(run), &Method::GET) => show(app, caller, run, request).await,
            (Self::Run(run), _) => change(app, caller, run, request).await,
            (Self::Fixes(run), &Method::GET) => track(app, caller, run, request).await,
            (Self::Fixes(run), _) => record(app, caller, run, request).await,
            (Self::Transition(run, to), _) => transition(app, caller, run, to, request).await,
        }
    }
}

/// A run is live at once unless `state` says `planned`. With a place it has its first fix, at the server's time.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    latitude: Option<f64>,
    longitude: Option<f64>,
    destination: Option<Object<PlaceDocument>>,
    visibility: Option<String>,
    state: Option<String>,
    /// The event that it is run in.
    event: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    visibility: Option<String>,
}

/// `GET /api/runs?state=&user=&page=&page_size=` → what the caller may see, newest first.
async fn list(app: &App, caller: &Caller, request: &Request) -> Result<Success, Error> {
    let mut query = Query::read(request, &["state", "user", "event", "page", "page_size"])?;
    let state = query.take("state").map(|state| {
        documents::parse_state(&state)
            .ok_or_else(|| AppError::invalid("state", "must be one of planned, live, paused and finished"))
    });
    let user = match query.take("user").as_deref() {
        None => None,
        Some("me") => Some(caller.identity()?.user.clone()),
        Some(id) => Some(UserId::parse(id).ok_or_else(|| AppError::invalid("user", "must be a user's id, or me"))?),
    };
    let event =
        query.take("event").map(|id| EventId::parse(&id).ok_or(AppError::invalid("event", "must be an event's id")));
    let page = query.page(50, limits::PAGE_SIZE_MAX)?;
    let filter = RunFilter { state: state.transpose()?, user, event: event.transpose()? };
    Success::ok(&app.runs(caller, filter, page).await?)
}

/// `POST /api/runs`. Who is running already is told which run that is.
async fn create(app: &App, caller: &Caller, request: &Request) -> Result<Success, Error> {
    let identity = caller.identity()?;
    no_parameters(request)?;
    let create: Create = body(request)?;
    let planned = match create.state.as_deref() {
        None | Some("live") => false,
        Some("planned") => true,
        Some(_) => return Err(AppError::invalid("state", "must be live or planned").into()),
    };
    let place = match (create.latitude, create.longitude) {
        (None, None) => None,
        (Some(_), Some(_)) if planned => {
            return Err(AppError::invalid("latitude", "must be left out: a planned run has no place yet").into());
        }
        (Some(latitude), Some(longitude)) => Some(PlaceDocument { latitude, longitude }.read("")?),
        (Some(_), None) => return Err(AppError::invalid("longitude", "is missing").into()),
        (None, Some(_)) => return Err(AppError::invalid("latitude", "is missing").into()),
    };
    let destination: Option<geo::Place> =
        create.destination.map(|Object(place)| place.read("destination.")).transpose()?;
    let visibility = visibility(create.visibility)?;
    let event = create.event.map(|number| EventId::new(number).ok_or(AppError::NotFound("event"))).transpose()?;
    let new = NewRun { place, destination, visibility, event, planned, supersede: false };
    let run = app.new_run(identity, new).await?;
    Success::created(format!("/api/runs/{}", run.id), &run)
}

/// `GET /api/runs/:id`, with splits.
async fn show(app: &App, caller: &Caller, run: RunId, request: &Request) -> Result<Success, Error> {
    no_parameters(request)?;
    Success::ok(&app.run(caller, run).await?)
}

/// `PATCH /api/runs/:id`.
async fn change(app: &App, caller: &Caller, run: RunId, request: &Request) -> Result<Success, Error> {
    let identity = caller.identity()?;
    no_parameters(request)?;
    let Change { visibility: shown_to } = body(request)?;
    let Some(visibility) = visibility(shown_to)? else {
        let message = "must be given: nothing else of a run can be changed";
        return Err(AppError::invalid("visibility", message).into());
    };
    Success::ok(&app.set_visibility(identity, run, visibility).await?)
}

/// `GET /api/runs/:id/fixes?page=&page_size=` → the track in the order of time.
async fn track(app: &App, caller: &Caller, run: RunId, request: &Request) -> Result<Success, Error> {
    let page = Query::read(request, &["page", "page_size"])?.page(1_000, limits::FIXES_PAGE_SIZE_MAX)?;
    Success::ok(&app.fixes(caller, run, page).await?)
}

/// `POST /api/runs/:id/fixes`: one batch, one commit. With an `Idempotency-Key` it may be sent again without harm.
async fn record(app: &App, caller: &Caller, run: RunId, request: &Request) -> Result<Success, Error> {
    let identity = caller.identity()?;
    no_parameters(request)?;
    let once = once::key(&request.headers)?;
    let fixes: FixesDocument = body(request)?;
    let recorded = app.record(identity, run, fixes.read()?, once).await?;
    Success::created(format!("/api/runs/{run}/fixes"), &recorded)
}

/// `POST /api/runs/:id/start`, `pause`, `resume` and `finish`. There is nothing to say in a body.
async fn transition(
    app: &App,
    caller: &Caller,
    run: RunId,
    to: Transition,
    request: &Request,
) -> Result<Success, Error> {
    let identity = caller.identity()?;
    no_parameters(request)?;
    request.body.as_ref().map_err(|&error| error)?;
    let run = app.transition(identity, run, to).await?;
    Success::created(format!("/api/runs/{}", run.id), &run)
}
