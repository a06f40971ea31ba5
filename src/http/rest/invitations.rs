//! `/api/events/:id/invitations`: who is asked to come, and what they say to it.

use serde::{Deserialize, Serialize};
use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::events::event_id;
use super::reading::{Query, body, no_parameters};
use crate::app::AppError;
use crate::app::documents::UserName;
use crate::domain::ids::{EventId, UserId};
use crate::limits;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Invitations(EventId),
    /// `None`: `me`.
    Invitation(EventId, Option<UserId>),
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["events", id, "invitations", rest @ ..] = path else { return None };
        let event = event_id(id);
        Some(match rest {
            [] => event.map(Self::Invitations),
            ["me"] => event.map(|event| Self::Invitation(event, None)),
            [user] => event.and_then(|event| {
                let user = UserId::parse(user).ok_or(AppError::NotFound("invitation"))?;
                Ok(Self::Invitation(event, Some(user)))
            }),
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Invitations(_) => "/api/events/:id/invitations",
            Self::Invitation(..) => "/api/events/:id/invitations/:user",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Invitations(_) => &[Method::GET, Method::HEAD, Method::POST],
            Self::Invitation(..) => &[Method::PUT, Method::DELETE],
        }
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        match (self, call.method) {
            (Self::Invitations(event), &Method::GET) => list(call, event).await,
            (Self::Invitations(event), _) => invite(call, event).await,
            (Self::Invitation(event, user), &Method::PUT) => answer(call, event, user).await,
            (Self::Invitation(event, user), _) => withdraw(call, event, user).await,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invite {
    /// Ids or names.
    users: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    state: String,
}

/// What has come of an invitation that was answered.
#[derive(Serialize)]
struct Answered {
    user: UserName,
    state: &'static str,
}

/// `GET /api/events/:id/invitations?page=&page_size=` → all of them for the event's creator, for others those that they have
/// sent or got.
async fn list(call: &Call<'_>, event: EventId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let page = Query::read(call.request, &["page", "page_size"])?.page(50, limits::PAGE_SIZE_MAX)?;
    Success::ok(&call.app.invitations(identity, event, page).await?)
}

/// `POST /api/events/:id/invitations` → the invitations of those who do not participate already.
async fn invite(call: &Call<'_>, event: EventId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let Invite { users } = body(call.request)?;
    let invitations = call.app.invite(identity, event, &users).await?;
    Success::created(format!("/api/events/{event}/invitations"), &invitations)
}

/// `PUT /api/events/:id/invitations/:user`: who is invited comes, or does not.
async fn answer(call: &Call<'_>, event: EventId, user: Option<UserId>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let Said { state } = body(call.request)?;
    if user.is_some_and(|user| user != identity.user) {
        // Nobody answers for others.
        return Err(AppError::NotFound("invitation").into());
    }
    let state = match state.as_str() {
        "accepted" => {
            call.app.accept_invitation(identity, event).await?;
            "accepted"
        }
        "declined" => {
            call.app.decline_invitation(identity, event).await?;
            "declined"
        }
        _ => return Err(AppError::invalid("state", "must be accepted or declined").into()),
    };
    let user = UserName { id: identity.user.to_string(), name: identity.name.to_string() };
    Success::ok(&Answered { user, state })
}

/// `DELETE /api/events/:id/invitations/:user`: it is withdrawn, by the event's creator or by who has sent it.
async fn withdraw(call: &Call<'_>, event: EventId, user: Option<UserId>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let user = user.unwrap_or_else(|| identity.user.clone());
    call.app.withdraw_invitation(identity, event, &user).await?;
    Ok(Success::deleted())
}
