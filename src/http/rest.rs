//! Our own REST API, `/api/…`, as the conventions document has it.
//!
//! Here stands which paths and methods there are; what they take and give stands in one file for each resource. Knows
//! no rule of the product: those are asked of `app`.

mod envelope;
mod reading;
mod runs;
mod tokens;
mod users;

use std::sync::Arc;

use warp::filters::BoxedFilter;
use warp::http::Method;
use warp::reply::Response;

use crate::app::runs::Transition;
use crate::app::{App, AppError};
use crate::bodies::Bodies;
use crate::domain::ids::RunId;
use crate::http::answer::Answer;
use crate::http::caller::{self, Intent};
use crate::http::cors;
use crate::http::request::{self, Request};
use envelope::{Error, Meta, Success};

pub fn routes(app: Arc<App>, bodies: &Bodies) -> BoxedFilter<(Response,)> {
    let metrics = app.metrics.clone();
    request::family(|first| first == "api", bodies, metrics, move |request| answer(app.clone(), request))
}

/// A place of the API. A run's id is checked here: what is no id cannot be the id of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resource {
    Users,
    Me,
    Tokens,
    Runs,
    Run(RunId),
    Fixes(RunId),
    Transition(RunId, Transition),
}

impl Resource {
    fn at(path: &[&str]) -> Result<Self, AppError> {
        let run = |id: &str| RunId::parse(id).ok_or(AppError::NotFound("run"));
        match path {
            ["api", "users"] => Ok(Self::Users),
            ["api", "users", "me"] => Ok(Self::Me),
            ["api", "tokens"] => Ok(Self::Tokens),
            ["api", "runs"] => Ok(Self::Runs),
            ["api", "runs", id] => Ok(Self::Run(run(id)?)),
            ["api", "runs", id, "fixes"] => Ok(Self::Fixes(run(id)?)),
            ["api", "runs", id, "start"] => Ok(Self::Transition(run(id)?, Transition::Start)),
            ["api", "runs", id, "pause"] => Ok(Self::Transition(run(id)?, Transition::Pause)),
            ["api", "runs", id, "resume"] => Ok(Self::Transition(run(id)?, Transition::Resume)),
            ["api", "runs", id, "finish"] => Ok(Self::Transition(run(id)?, Transition::Finish)),
            _ => Err(AppError::NotFound("resource")),
        }
    }

    /// What logs may say of the path.
    fn template(self) -> &'static str {
        match self {
            Self::Users => "/api/users",
            Self::Me => "/api/users/me",
            Self::Tokens => "/api/tokens",
            Self::Runs => "/api/runs",
            Self::Run(_) => "/api/runs/:id",
            Self::Fixes(_) => "/api/runs/:id/fixes",
            Self::Transition(..) => "/api/runs/:id/:transition",
        }
    }

    fn methods(self) -> &'static [Method] {
        match self {
            Self::Users | Self::Tokens | Self::Transition(..) => &[Method::POST],
            Self::Me | Self::Run(_) => &[Method::GET, Method::HEAD, Method::PATCH],
            Self::Runs | Self::Fixes(_) => &[Method::GET, Method::HEAD, Method::POST],
        }
    }
}

async fn answer(app: Arc<App>, request: Request) -> Answer {
    let meta = Meta::new();
    let resource = Resource::at(&request.segments());
    let route = resource.as_ref().map_or("/api/*", |resource| resource.template());
    let mut response = match resource {
        Ok(resource) if request.method == Method::OPTIONS => cors::options(resource.methods()),
        Ok(resource) => match call(&app, resource, &request).await {
            Ok(success) => success.response(&meta),
            Err(error) => error.response(&meta, &request.headers),
        },
        Err(error) => Error::from(error).response(&meta, &request.headers),
    };
    meta.mark(&mut response);
    cors::open(&mut response);
    Answer { route, response }
}

async fn call(app: &App, resource: Resource, request: &Request) -> Result<Success, Error> {
    let method = if request.method == Method::HEAD { &Method::GET } else { &request.method };
    if !resource.methods().contains(method) {
        return Err(Error::method(&request.method, resource.methods()));
    }
    // Signing up and logging in ask nothing of the caller: an app with an old token must be able to get a new one.
    match resource {
        Resource::Users => return users::create(app, request).await,
        Resource::Tokens => return tokens::create(app, request).await,
        _ => {}
    }
    let writes = *method != Method::GET;
    let intent = if writes { Intent::Write } else { Intent::Read };
    let caller = caller::caller(app, &request.headers, intent).await?;
    match (resource, writes) {
        (Resource::Me, false) => users::show(app, &caller, request).await,
        (Resource::Me, true) => users::change(app, &caller, request).await,
        (Resource::Runs, false) => runs::list(app, &caller, request).await,
        (Resource::Runs, true) => runs::create(app, &caller, request).await,
        (Resource::Run(run), false) => runs::show(app, &caller, run, request).await,
        (Resource::Run(run), true) => runs::change(app, &caller, run, request).await,
        (Resource::Fixes(run), false) => runs::track(app, &caller, run, request).await,
        (Resource::Fixes(run), true) => runs::record(app, &caller, run, request).await,
        (Resource::Transition(run, to), _) => runs::transition(app, &caller, run, to, request).await,
        (Resource::Users | Resource::Tokens, _) => Err(AppError::Internal.into()),
    }
}
