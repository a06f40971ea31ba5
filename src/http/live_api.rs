//! The live protocol's server API, `POST /api/<method>`: what the operator's other back ends may do, as Centrifugo's
//! clients (PyPI `cent` and its like) ask for it.
//!
//! Its paths stand beside those of our REST API, which avoids these names. Its answers have a form of their own: status 200
//! and `result` or `error`; whoever sends `X-Centrifugo-Error-Mode: transport` gets errors by status too. Callers show the
//! API key, or an admin's token; never the cookie. Methods of Centrifugo's that are not offered are said to be so.

mod answers;
mod calls;
mod history;
mod presence;
mod publish;
mod users;

use std::sync::Arc;

use serde_json::value::RawValue;
use warp::filters::BoxedFilter;
use warp::http::header::AUTHORIZATION;
use warp::http::{HeaderMap, Method as HttpMethod, StatusCode};
use warp::reply::Response;

use crate::app::users::Caller;
use crate::app::{App, AppError};
use crate::bodies::{Bodies, BodyError};
use crate::domain::user::Level;
use crate::http::answer::{self, Answer};
use crate::http::caller::{self, CallerError, Intent};
use crate::http::request::{self, Request, Shown};
use answers::{Batch, Denied, ErrorDocument};
use calls::Method;

const METHODS: &[HttpMethod] = &[HttpMethod::POST];
const API_KEY: &str = "x-api-key";

pub fn routes(app: Arc<App>, bodies: &Bodies) -> BoxedFilter<(Response,)> {
    let shared = app.clone();
    let owns = |path: &str| Call::at(path).is_some();
    request::counted(owns, bodies, &app, shown, move |request| answer(shared.clone(), request))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    One(Method),
    Batch,
    /// Centrifugo has it.
    Absent,
}

impl Call {
    fn at(path: &str) -> Option<Self> {
        match path.strip_prefix("/api/")? {
            "batch" => Some(Self::Batch),
            name if calls::ABSENT.contains(&name) => Some(Self::Absent),
            name => Method::named(name).map(Self::One),
        }
    }

    fn template(self) -> &'static str {
        match self {
            Self::One(method) => method.template(),
            Self::Batch => "/api/batch",
            Self::Absent => "/api/*",
        }
    }
}

async fn answer(app: Arc<App>, request: Request) -> Answer {
    let Some(call) = Call::at(&request.path) else {
        return Answer { route: "/api/*", response: answers::denied(Denied::Unknown) };
    };
    let response = match request.method {
        HttpMethod::POST => match permitted(&app, &request).await {
            Ok(()) => carry_out(&app, call, &request).await,
            Err(denied) => answers::denied(denied),
        },
        HttpMethod::OPTIONS => allowing(answer::empty(StatusCode::NO_CONTENT)),
        _ => allowing(answers::denied(Denied::NotPosted)),
    };
    Answer { route: call.template(), response }
}

fn allowing(mut response: Response) -> Response {
    answer::allow(&mut response, METHODS);
    response
}

/// By the API key, or by an admin's token.
async fn permitted(app: &App, request: &Request) -> Result<(), Denied> {
    request.turn.clone().map_err(Denied::App)?;
    if let Some(given) = given_key(&request.headers) {
        return if is_key(app, given) { Ok(()) } else { Err(Denied::Unauthenticated) };
    }
    if !request.headers.contains_key(AUTHORIZATION) {
        return Err(Denied::Unauthenticated);
    }
    match caller::caller(app, request, Intent::Write).await {
        Ok(Caller::User(identity)) if identity.level == Level::Admin => Ok(()),
        Ok(Caller::User(_) | Caller::Link(_)) => Err(Denied::Forbidden),
        Ok(Caller::Anonymous | Caller::Guest(_)) => Err(Denied::Unauthenticated),
        Err(CallerError::Unknown { .. } | CallerError::ForeignOrigin) => Err(Denied::Unauthenticated),
        Err(CallerError::App(error)) => Err(Denied::App(error)),
    }
}

/// The API key that is given, right or wrong.
fn given_key(headers: &HeaderMap) -> Option<&str> {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let scheme_key = authorization.and_then(|text| text.split_once(' ')).and_then(|(scheme, key)| {
        let is_key = scheme.eq_ignore_ascii_case("apikey");
        is_key.then_some(key.trim())
    });
    headers.get(API_KEY).and_then(|value| value.to_str().ok()).or(scheme_key)
}

fn is_key(app: &App, given: &str) -> bool {
    app.settings.api_key.as_ref().is_some_and(|key| key.is(given))
}

/// The operator's own back ends publish as often as they like.
fn shown(app: &App, request: &Request) -> Shown {
    match given_key(&request.headers) {
        Some(given) if is_key(app, given) => Shown::Operator,
        Some(_) => Shown::Nothing,
        None => caller::shown(&request.headers),
    }
}

async fn carry_out(app: &App, call: Call, request: &Request) -> Response {
    let mode = answers::Mode::of(&request.headers);
    let body = match &request.body {
        Ok(body) if body.is_empty() => &b"{}"[..],
        Ok(body) => body,
        Err(fault) => return answers::unreadable(*fault),
    };
    match call {
        Call::One(method) => answers::one(calls::carry_out(app, method, body).await, mode),
        Call::Absent => answers::refused(ErrorDocument::method_not_found(), mode),
        Call::Batch => match batch(app, body).await {
            Ok(replies) => answers::batch(replies),
            Err(error) => answers::one(Err(error), mode),
        },
    }
}

async fn batch(app: &App, body: &[u8]) -> Result<Vec<Box<RawValue>>, AppError> {
    let Batch { commands, parallel } = calls::read(body)?;
    calls::carry_out_all(app, commands, parallel).await
}

impl From<BodyError> for Denied {
    fn from(fault: BodyError) -> Self {
        match fault {
            BodyError::TooLarge => Self::TooLarge,
            BodyError::NoRoom => Self::App(AppError::Busy),
            BodyError::TooSlow | BodyError::Broken => Self::Broken,
        }
    }
}
