//! `/api/rewards`: what levels give. Everybody who is logged in may read them, admins write them.

use serde_json::{Map, Value};
use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::{Query, body, no_parameters};
use crate::app::AppError;
use crate::app::achievements::{Change, Shown};
use crate::app::documents::RewardDocument;
use crate::domain::achievement::RewardId;
use crate::limits;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Rewards,
    Reward(RewardId),
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["rewards", rest @ ..] = path else { return None };
        Some(match rest {
            [] => Ok(Self::Rewards),
            [id] if !id.is_empty() => RewardId::parse(id).map(Self::Reward).ok_or(AppError::NotFound("reward")),
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Rewards => "/api/rewards",
            Self::Reward(_) => "/api/rewards/:id",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Rewards => &[Method::GET, Method::HEAD, Method::POST],
            Self::Reward(_) => &[Method::GET, Method::HEAD, Method::PATCH, Method::PUT, Method::DELETE],
        }
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        match (&self, call.method) {
            (Self::Rewards, &Method::GET) => list(call).await,
            (Self::Rewards, _) => create(call).await,
            (Self::Reward(id), &Method::GET) => show(call, *id).await,
            (Self::Reward(id), &Method::PUT) => replace(call, *id).await,
            (Self::Reward(id), &Method::DELETE) => delete(call, *id).await,
            (Self::Reward(id), _) => change(call, *id).await,
        }
    }
}

/// `GET /api/rewards?page=&page_size=`, by number.
async fn list(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let mut query = Query::read(call.request, &["page", "page_size"])?;
    let page = query.page(50, limits::PAGE_SIZE_MAX)?;
    Success::ok(&call.app.rewards(identity, page).await?)
}

/// `POST /api/rewards`, for admins.
async fn create(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let shown = call.app.new_reward(identity, body(call.request)?).await?;
    Success::created(format!("/api/rewards/{}", shown.document.id.unwrap_or_default()), &shown.document)
}

/// `GET /api/rewards/:id`.
async fn show(call: &Call<'_>, id: RewardId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    tagged(call.app.reward(identity, id.number()).await?)
}

/// `PUT /api/rewards/:id`, for admins.
async fn replace(call: &Call<'_>, id: RewardId) -> Result<Success, Error> {
    call.caller.identity()?;
    saved(call, id, Change::Whole(body(call.request)?)).await
}

/// `PATCH /api/rewards/:id`, for admins.
async fn change(call: &Call<'_>, id: RewardId) -> Result<Success, Error> {
    call.caller.identity()?;
    saved(call, id, Change::Members(body::<Map<String, Value>>(call.request)?)).await
}

async fn saved(call: &Call<'_>, id: RewardId, change: Change<RewardDocument>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    tagged(call.app.change_reward(identity, id.number(), change, call.if_match()?).await?)
}

/// `DELETE /api/rewards/:id`, for admins.
async fn delete(call: &Call<'_>, id: RewardId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    call.request.body.as_ref().map_err(|&error| error)?;
    call.app.delete_reward(identity, id.number(), call.if_match()?).await?;
    Ok(Success::deleted())
}

fn tagged(shown: Shown<RewardDocument>) -> Result<Success, Error> {
    let success = Success::ok(&shown.document)?;
    Ok(match shown.version {
        Some(version) => success.tagged(version),
        None => success,
    })
}
