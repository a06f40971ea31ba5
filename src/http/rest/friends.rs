//! `/api/friends`: whom the caller lists, asks and blocks, and who asks the caller.

use serde::Deserialize;

use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::{Query, body, no_parameters};
use crate::app::AppError;
use crate::app::friends::{FriendFilter, Word};
use crate::domain::ids::UserId;
use crate::limits;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Friends,
    Friend(UserId),
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["friends", rest @ ..] = path else { return None };
        Some(match rest {
            [] => Ok(Self::Friends),
            [id] if !id.is_empty() => UserId::parse(id).map(Self::Friend).ok_or(AppError::NotFound("user")),
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Friends => "/api/friends",
            Self::Friend(_) => "/api/friends/:user",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Friends => &[Method::GET, Method::HEAD, Method::POST],
            Self::Friend(_) => &[Method::GET, Method::HEAD, Method::PUT, Method::DELETE],
        }
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        match (&self, call.method) {
            (Self::Friends, &Method::GET) => list(call).await,
            (Self::Friends, _) => ask(call).await,
            (Self::Friend(user), &Method::GET) => show(call, user).await,
            (Self::Friend(user), &Method::PUT) => answer(call, user).await,
            (Self::Friend(user), _) => end(call, user).await,
        }
    }
}

/// A user's id or name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    user: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    state: String,
}

/// `GET /api/friends?state=&page=&page_size=`, the newest first. Without a state: those whom the caller lists.
async fn list(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let mut query = Query::read(call.request, &["state", "page", "page_size"])?;
    let filter = match query.take("state").as_deref() {
        None | Some("friend") => FriendFilter::Friend,
        Some("asked") => FriendFilter::Asked,
        Some("asking") => FriendFilter::Asking,
        Some("listed") => FriendFilter::Listed,
        Some("blocked") => FriendFilter::Blocked,
        Some(_) => {
            let problem = "must be one of friend, asked, asking, listed and blocked";
            return Err(AppError::invalid("state", problem).into());
        }
    };
    let page = query.page(50, limits::PAGE_SIZE_MAX)?;
    Success::ok(&call.app.friends(identity, filter, page).await?)
}

/// `POST /api/friends`: asks somebody. Whoever asks the caller already, or lists the caller, is a friend at once.
async fn ask(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let Ask { user } = body(call.request)?;
    let friend = call.app.ask_friend(identity, &user).await?;
    Success::created(format!("/api/friends/{}", friend.user.id), &friend)
}

/// `GET /api/friends/:user`.
async fn show(call: &Call<'_>, user: &UserId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let friend = call.app.friend(identity, user).await?;
    Ok(Success::ok(&friend)?.tagged(friend.version))
}

/// `PUT /api/friends/:user`: says yes or no to who has asked, or blocks.
async fn answer(call: &Call<'_>, user: &UserId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let Answer { state } = body(call.request)?;
    let word = match state.as_str() {
        "accepted" => Word::Accept,
        "declined" => Word::Decline,
        "blocked" => Word::Block,
        _ => return Err(AppError::invalid("state", "must be one of accepted, declined and blocked").into()),
    };
    let friend = call.app.say_of_friend(identity, user, word, call.if_match()?).await?;
    Ok(Success::ok(&friend)?.tagged(friend.version))
}

/// `DELETE /api/friends/:user`: neither lists or asks the other any more, and the caller does not block the other.
async fn end(call: &Call<'_>, user: &UserId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    call.app.say_of_friend(identity, user, Word::End, call.if_match()?).await?;
    Ok(Success::deleted())
}
