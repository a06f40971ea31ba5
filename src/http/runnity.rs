//! The Runnity family: logging in by a token, starting a run and updating it, making events and listing them, as the Runnity
//! document has it.
//!
//! Its spelling, codes and bodies are the document's; where that is silent, README's readings hold. Knows no rule of the
//! product: those are asked of `app`.

mod answers;
mod events;
mod given;
mod parameters;

use std::sync::Arc;

use warp::filters::BoxedFilter;
use warp::http::header::SET_COOKIE;
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use crate::app::documents::{level_name, state_name};
use crate::app::runs::{NewRun, Transition};
use crate::app::users::{Caller, Identity};
use crate::app::{App, AppError};
use crate::bodies::Bodies;
use crate::domain::fix::{Fix, Readings};
use crate::domain::ids::RunId;
use crate::domain::run::State;
use crate::http::answer::{self, Answer};
use crate::http::caller::{self, Intent};
use crate::http::cors;
use crate::http::request::{self, Request, Shown};
use answers::Error;
use parameters::{NewParameters, Parameters, UpdateParameters};

pub fn routes(app: Arc<App>, bodies: &Bodies) -> BoxedFilter<(Response,)> {
    let owns = |path: &str| request::is_under(path, &["login", "logout", "run", "event"]);
    let shared = app.clone();
    request::counted(owns, bodies, &app, |_, request| shown(request), move |request| answer(shared.clone(), request))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call<'a> {
    /// With the token, as it stands in the path.
    LogIn(&'a str),
    LogOut,
    NewRun,
    UpdateRun,
    NewEvent,
    ListEvents,
}

impl<'a> Call<'a> {
    fn at(path: &[&'a str]) -> Option<Self> {
        match path {
            ["login"] => Some(Self::LogIn("")),
            ["login", token] => Some(Self::LogIn(token)),
            ["logout"] => Some(Self::LogOut),
            ["run", "new"] => Some(Self::NewRun),
            ["run", "update"] => Some(Self::UpdateRun),
            ["event", "new"] => Some(Self::NewEvent),
            ["event", "list"] => Some(Self::ListEvents),
            _ => None,
        }
    }

    /// What logs may say of the path: the token of a log-in stands in it.
    fn template(self) -> &'static str {
        match self {
            Self::LogIn(_) => "/login/:token",
            Self::LogOut => "/logout",
            Self::NewRun => "/run/new",
            Self::UpdateRun => "/run/update",
            Self::NewEvent => "/event/new",
            Self::ListEvents => "/event/list",
        }
    }

    /// No HEAD: a log-in opens a session, and whoever asks for the head of a link does not want one.
    fn methods(self) -> &'static [Method] {
        match self {
            Self::LogIn(_) | Self::LogOut | Self::ListEvents => &[Method::GET],
            Self::NewRun | Self::NewEvent => &[Method::POST],
            Self::UpdateRun => &[Method::PUT],
        }
    }
}

async fn answer(app: Arc<App>, request: Request) -> Answer {
    let segments = request.segments();
    let call = Call::at(&segments);
    let route = call.map_or("/run/*", Call::template);
    let outcome = match call {
        None => Err(Error::not_found()),
        Some(call) if request.method == Method::OPTIONS => Ok(cors::options(call.methods())),
        Some(call) if !call.methods().contains(&request.method) => Err(Error::method(call.methods())),
        Some(_) if let Err(refused) = request.turn.clone() => Err(refused.into()),
        Some(Call::LogIn(token)) => log_in(&app, token, &request).await,
        Some(Call::LogOut) => log_out(&app, &request).await,
        Some(Call::NewRun) => new_run(&app, &request).await,
        Some(Call::UpdateRun) => update_run(&app, &request).await,
        Some(Call::NewEvent) => new_event(&app, &request).await,
        Some(Call::ListEvents) => list_events(&app, &request).await,
    };
    let mut response = outcome.unwrap_or_else(|error| error.response(&request.headers));
    cors::open(&mut response);
    Answer { route, response }
}

/// `GET /login/<token>` → the user's level, and a session: its hash in the body and as a cookie.
async fn log_in(app: &App, token: &str, request: &Request) -> Result<Response, Error> {
    let token = request::decode_segment(token).ok_or(AppError::Unauthenticated)?;
    let (identity, session) = app.slowed(&token, request.origin, app.open_session(&token)).await?;
    let mut response = answers::logged_in(level_name(identity.level), session.reveal());
    if let Some(cookie) = caller::session_cookie(&session, &request.headers) {
        answer::set(&mut response, SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `GET /logout`: the session is over, everywhere.
async fn log_out(app: &App, request: &Request) -> Result<Response, Error> {
    let parameters = Parameters::read(request)?;
    let identity = private(app, request, parameters.id()?, Intent::Write).await?;
    app.log_out(&identity).await?;
    let mut response = answer::empty(StatusCode::NO_CONTENT);
    caller::end_session(&mut response, &request.headers);
    Ok(response)
}

/// `POST /run/new`. Whoever is running already has finished that run with this.
async fn new_run(app: &App, request: &Request) -> Result<Response, Error> {
    let parameters = Parameters::read(request)?;
    let identity = private(app, request, parameters.id()?, Intent::Write).await?;
    let NewParameters { place, destination } = parameters.new_run()?;
    let new = NewRun { place: Some(place), destination, supersede: true, ..NewRun::default() };
    let run = app.new_run(&identity, new).await?;
    Ok(answers::done("Run created", &run.id))
}

/// `PUT /run/update`: one fix at the server's time, perhaps a new destination, and with `finish=true` the run's end.
async fn update_run(app: &App, request: &Request) -> Result<Response, Error> {
    let parameters = Parameters::read(request)?;
    let id = parameters.id()?;
    let run = id.and_then(RunId::parse);
    // With a run's id the caller is known by header or cookie.
    let identity = private(app, request, id.filter(|_| run.is_none()), Intent::Write).await?;
    let UpdateParameters { place, destination, speed_mps, finish } = parameters.update_run()?;
    let readings = Readings { speed_mps, ..Readings::default() };
    let fix = Fix::new(app.clock.now(), place, readings).map_err(|_| Error::invalid(vec!["speed"]))?;
    let run = match run {
        Some(run) => run,
        None => app.live_run(&identity).await?.ok_or(AppError::NotFound("run"))?,
    };
    let recorded = app.record(&identity, run, vec![fix], None).await?;
    // This very fix may have brought the runner home: then there is nothing left to change or to finish.
    let is_over = recorded.state == state_name(State::Finished);
    if let Some(destination) = destination.filter(|_| !is_over) {
        app.set_destination(&identity, run, destination).await?;
    }
    if finish && !is_over {
        app.transition(&identity, run, Transition::Finish).await?;
    }
    Ok(answers::done("Run updated", &run.to_string()))
}

/// `POST /event/new`.
async fn new_event(app: &App, request: &Request) -> Result<Response, Error> {
    let parameters = Parameters::read(request)?;
    let identity = private(app, request, parameters.id()?, Intent::Write).await?;
    events::create(app, &identity, &parameters).await
}

/// `GET /event/list`.
async fn list_events(app: &App, request: &Request) -> Result<Response, Error> {
    let parameters = Parameters::read(request)?;
    let identity = private(app, request, parameters.id()?, Intent::Read).await?;
    events::list(app, &identity, &parameters).await
}

/// What the request holds for its caller to be known by: the token that logs in, `id`, or what [`caller::caller`] looks for.
fn shown(request: &Request) -> Shown {
    if let Some(Call::LogIn(token)) = Call::at(&request.segments()) {
        return request::decode_segment(token).map_or(Shown::Nothing, Shown::Secret);
    }
    let parameters = Parameters::read(request).ok();
    let id = parameters.as_ref().and_then(|parameters| parameters.id().ok().flatten());
    match id.filter(|id| RunId::parse(id).is_none()) {
        Some(id) => Shown::Secret(id.to_owned()),
        None => caller::shown(&request.headers),
    }
}

/// Who makes a private call: whoever `id` says, else whoever the header or the cookie says.
async fn private(app: &App, request: &Request, id: Option<&str>, intent: Intent) -> Result<Identity, Error> {
    let caller = match id {
        Some(secret) => caller::by_secret(app, secret, request).await?,
        None => caller::caller(app, request, intent).await?,
    };
    match caller {
        Caller::User(identity) => Ok(identity),
        Caller::Anonymous | Caller::Guest(_) | Caller::Link(_) => Err(AppError::Unauthenticated.into()),
    }
}
