//! `/api/events/:id/participants`: the roster, joining and leaving.

use serde::Deserialize;
use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::events::event_id;
use super::reading::{Query, no_parameters, optional_body};
use crate::app::AppError;
use crate::domain::ids::{EventId, UserId};
use crate::limits;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Participants(EventId),
    /// `None`: `me`.
    Participant(EventId, Option<UserId>),
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["events", id, "participants", rest @ ..] = path else { return None };
        let event = event_id(id);
        Some(match rest {
            [] => event.map(Self::Participants),
            ["me"] => event.map(|event| Self::Participant(event, None)),
            [user] => event.and_then(|event| {
                let user = UserId::parse(user).ok_or(AppError::NotFound("participant"))?;
                Ok(Self::Participant(event, Some(user)))
            }),
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Participants(_) => "/api/events/:id/participants",
            Self::Participant(..) => "/api/events/:id/participants/:user",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Participants(_) => &[Method::GET, Method::HEAD, Method::POST],
            Self::Participant(..) => &[Method::DELETE],
        }
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        match (self, call.method) {
            (Self::Participants(event), &Method::GET) => list(call, event).await,
            (Self::Participants(event), _) => join(call, event).await,
            (Self::Participant(event, user), _) => leave(call, event, user).await,
        }
    }
}

/// `GET /api/events/:id/participants?page=&page_size=` → the roster, in the order of its numbers.
async fn list(call: &Call<'_>, event: EventId) -> Result<Success, Error> {
    let page = Query::read(call.request, &["page", "page_size"])?.page(50, limits::PAGE_SIZE_MAX)?;
    Success::ok(&call.app.participants(call.caller, event, page).await?)
}

/// What lets the caller in, if they are not invited.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Joining {
    link: Option<String>,
}

/// `POST /api/events/:id/participants`: the caller joins. A body is needed only to show a link that lets them in.
async fn join(call: &Call<'_>, event: EventId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let Joining { link } = optional_body(call.request)?;
    let participant = match link {
        Some(link) => call.app.join_event_by_link(identity, event, &link).await?,
        None => call.app.join_event(identity, event).await?,
    };
    Success::created(format!("/api/events/{event}/participants"), &participant)
}

/// `DELETE /api/events/:id/participants/:user`: the caller leaves, or the creator sends somebody away.
async fn leave(call: &Call<'_>, event: EventId, user: Option<UserId>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    match user {
        Some(user) => call.app.remove_participant(identity, event, &user).await?,
        None => call.app.leave_event(identity, event).await?,
    }
    Ok(Success::deleted())
}
