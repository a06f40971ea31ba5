//! `/api/runs`: runs, their tracks, and their beginning and end.

use serde::Deserialize;

use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::once;
use super::reading::{Query, body, given, no_parameters, optional_body, visibility};
use crate::app::documents::{self, FixesDocument, Object, PlaceDocument};
use crate::app::runs::{ChangeRun, NewRun, RunFields, RunFilter, RunOrder, Transition};
use crate::app::users::Caller;
use crate::app::{App, AppError};
use crate::domain::geo;
use crate::domain::ids::{EventId, RunId, UserId};
use crate::domain::time::Timestamp;
use crate::http::request::Request;
use crate::limits;

/// Of the list.
const PARAMETERS: &[&str] = &[
    "state",
    "user",
    "friends",
    "event",
    "latitude",
    "longitude",
    "radius_m",
    "from",
    "until",
    "sort",
    "fields",
    "page",
    "page_size",
];
/// How far around a place is looked, unless it is said: a walk of a quarter of an hour.
const RADIUS_M: f64 = 1_000.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Runs,
    Run(RunId),
    Fixes(RunId),
    Transition(RunId, Transition),
    Effect(RunId),
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
            [id, "effect"] => run(id).map(Self::Effect),
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
            Self::Effect(_) => "/api/runs/:id/effect",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Runs | Self::Fixes(_) => &[Method::GET, Method::HEAD, Method::POST],
            Self::Run(_) => &[Method::GET, Method::HEAD, Method::PATCH, Method::PUT, Method::DELETE],
            Self::Transition(..) => &[Method::POST],
            Self::Effect(_) => &[Method::PUT],
        }
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        let Call { app, caller, method, request, .. } = *call;
        match (self, method) {
            (Self::Runs, &Method::GET) => list(app, caller, request).await,
            (Self::Runs, _) => create(call).await,
            (Self::Run(run), &Method::GET) => show(app, caller, run, request).await,
            (Self::Run(run), &Method::PATCH) => change(call, run).await,
            (Self::Run(run), &Method::PUT) => replace(call, run).await,
            (Self::Run(run), _) => delete(call, run).await,
            (Self::Fixes(run), &Method::GET) => track(app, caller, run, request).await,
            (Self::Fixes(run), _) => record(app, caller, run, request).await,
            (Self::Transition(run, to), _) => transition(app, caller, run, to, request).await,
            (Self::Effect(run), _) => judge(app, caller, run, request).await,
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

/// What is left out stays as it is; `"destination": null` takes it away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    visibility: Option<String>,
    #[serde(default, deserialize_with = "given")]
    destination: Option<Option<Object<PlaceDocument>>>,
}

/// What is left out is none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replace {
    visibility: String,
    destination: Option<Object<PlaceDocument>>,
}

/// Whether it counts for achievements: if it does not, why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Judge {
    withheld: bool,
    reason: Option<String>,
}

/// `GET /api/runs?state=&user=&friends=&event=&latitude=&longitude=&radius_m=&from=&until=&sort=&fields=&page=&page_size=` → what the
/// caller may see.
async fn list(app: &App, caller: &Caller, request: &Request) -> Result<Success, Error> {
    let mut query = Query::read(request, PARAMETERS)?;
    let state = query.take("state").map(|state| {
        documents::parse_state(&state)
            .ok_or_else(|| AppError::invalid("state", "must be one of planned, live, paused and finished"))
    });
    let user = match query.take("user").as_deref() {
        None => None,
        Some("me") => Some(caller.identity()?.user.clone()),
        Some(id) => Some(UserId::parse(id).ok_or_else(|| AppError::invalid("user", "must be a user's id, or me"))?),
    };
    let event = query.take("event").map(|id| {
        EventId::parse(&id).ok_or_else(|| AppError::invalid("event", "must be an event's id, a whole number"))
    });
    let friends = query.flag("friends")?.unwrap_or(false);
    if friends && (user.is_some() || event.is_some()) {
        return Err(AppError::invalid("friends", "does not go with user or event").into());
    }
    let (near, period) = (query.circle(RADIUS_M)?, query.period()?);
    let fields = query.fields(&["splits", "start"])?;
    let fields = RunFields { splits: fields.has("splits"), start: fields.has("start"), track: false };
    let sort = query.sort(&["created_at", "distance_m"], "-created_at")?;
    let order = match (sort.by, sort.descending) {
        ("created_at", true) => RunOrder::Newest,
        ("created_at", false) => RunOrder::Oldest,
        (_, true) => RunOrder::Longest,
        (_, false) => RunOrder::Shortest,
    };
    let event = event.transpose()?;
    if sort.by == "distance_m" && user.is_none() && event.is_none() && near.is_none() && !friends {
        let problem = "may be distance_m where user, friends, event or a place is given";
        return Err(AppError::invalid("sort", problem).into());
    }
    let page = query.page(50, limits::PAGE_SIZE_MAX)?;
    let filter = RunFilter { state: state.transpose()?, user, friends, event, near, period, order, fields };
    Success::ok(&app.runs(caller, filter, page).await?)
}

/// `POST /api/runs`. Who is running already is told which run that is.
async fn create(call: &Call<'_>) -> Result<Success, Error> {
    let Call { app, request, once, .. } = *call;
    let identity = call.caller.identity()?;
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
    // The same request with the same idempotency key makes the same run, should the first one's answer have been lost.
    let id = once.map(|(key, since)| RunId::from_seed(since, key.seed()));
    let new = NewRun { id, place, destination, visibility, event, planned, supersede: false };
    let run = app.new_run(identity, new).await?;
    Success::created(format!("/api/runs/{}", run.id), &run)
}

/// `GET /api/runs/:id?fields=`, with splits.
async fn show(app: &App, caller: &Caller, run: RunId, request: &Request) -> Result<Success, Error> {
    let mut query = Query::read(request, &["fields"])?;
    let fields = query.fields(&["splits", "start", "track"])?;
    let fields = RunFields { splits: true, start: fields.has("start"), track: fields.has("track") };
    let (run, version) = app.tagged_run(caller, run, fields).await?;
    Ok(Success::ok(&run)?.tagged(version))
}

/// `PATCH /api/runs/:id`.
async fn change(call: &Call<'_>, run: RunId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let Change { visibility: shown_to, destination } = body(call.request)?;
    let visibility = visibility(shown_to)?;
    if visibility.is_none() && destination.is_none() {
        return Err(AppError::invalid("body", "must hold visibility or destination").into());
    }
    let destination = destination.map(|place| place.map(|Object(place)| place.read("destination.")).transpose());
    let change = ChangeRun { visibility, destination: destination.transpose()? };
    let (run, version) = call.app.change_own_run(identity, run, change, call.if_match()?).await?;
    Ok(Success::ok(&run)?.tagged(version))
}

/// `PUT /api/runs/:id`: all that can be changed, anew.
async fn replace(call: &Call<'_>, run: RunId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let Replace { visibility: shown_to, destination } = body(call.request)?;
    let destination = destination.map(|Object(place)| place.read("destination.")).transpose()?;
    let change = ChangeRun { visibility: visibility(Some(shown_to))?, destination: Some(destination) };
    let (run, version) = call.app.change_own_run(identity, run, change, call.if_match()?).await?;
    Ok(Success::ok(&run)?.tagged(version))
}

/// `DELETE /api/runs/:id`, in whatever state it is.
async fn delete(call: &Call<'_>, run: RunId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    call.app.delete_run(identity, run, call.if_match()?).await?;
    Ok(Success::deleted())
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

/// When the owner said so, by the clock of a phone that had no line then.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    at: Option<String>,
}

/// `POST /api/runs/:id/start`, `pause`, `resume` and `finish`. A body is needed only to say that it was `at` some time past.
async fn transition(
    app: &App,
    caller: &Caller,
    run: RunId,
    to: Transition,
    request: &Request,
) -> Result<Success, Error> {
    let identity = caller.identity()?;
    no_parameters(request)?;
    let at = match (optional_body(request)?, to) {
        (Said { at: Some(_) }, Transition::Start) => {
            return Err(AppError::invalid("at", "does not go with a start: that is now").into());
        }
        (Said { at }, _) => at
            .map(|at| Timestamp::parse(&at).ok_or_else(|| AppError::invalid("at", "must be an RFC 3339 time")))
            .transpose()?,
    };
    let run = app.transition_at(identity, run, to, at).await?;
    Success::created(format!("/api/runs/{}", run.id), &run)
}

/// `PUT /api/runs/:id/effect`, for admins.
async fn judge(app: &App, caller: &Caller, run: RunId, request: &Request) -> Result<Success, Error> {
    let identity = caller.identity()?;
    no_parameters(request)?;
    let Judge { withheld, reason } = body(request)?;
    let reason = match (withheld, reason.as_deref()) {
        (true, Some(reason)) => Some(reason),
        (true, None) => return Err(AppError::invalid("reason", "is missing: the runner is told why").into()),
        (false, None) => None,
        (false, Some(_)) => return Err(AppError::invalid("reason", "does not go with a run that counts").into()),
    };
    Success::ok(&app.judge_run(identity, run, reason).await?)
}
