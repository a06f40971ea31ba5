//! `/api/achievements`: what can be achieved. Everybody may list what is not hidden, whoever is logged in may read it one by one, admins
//! write it.

use serde::Deserialize;
use serde_json::{Map, Value};
use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::{Query, body, no_parameters};
use crate::app::AppError;
use crate::app::achievements::{AchievementFilter, Change, DryRun, Shown};
use crate::app::documents::{AchievementDocument, Object};
use crate::domain::achievement::AchievementId;
use crate::limits;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Achievements,
    DryRun,
    Achievement(AchievementId),
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["achievements", rest @ ..] = path else { return None };
        Some(match rest {
            [] => Ok(Self::Achievements),
            ["dry-run"] => Ok(Self::DryRun),
            [id] if !id.is_empty() => {
                AchievementId::parse(id).map(Self::Achievement).ok_or(AppError::NotFound("achievement"))
            }
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Achievements => "/api/achievements",
            Self::DryRun => "/api/achievements/dry-run",
            Self::Achievement(_) => "/api/achievements/:id",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Achievements => &[Method::GET, Method::HEAD, Method::POST],
            Self::DryRun => &[Method::POST],
            Self::Achievement(_) => &[Method::GET, Method::HEAD, Method::PATCH, Method::PUT, Method::DELETE],
        }
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        match (&self, call.method) {
            (Self::Achievements, &Method::GET) => list(call).await,
            (Self::Achievements, _) => create(call).await,
            (Self::DryRun, _) => dry_run(call).await,
            (Self::Achievement(id), &Method::GET) => show(call, *id).await,
            (Self::Achievement(id), &Method::PUT) => replace(call, *id).await,
            (Self::Achievement(id), &Method::DELETE) => delete(call, *id).await,
            (Self::Achievement(id), _) => change(call, *id).await,
        }
    }
}

/// `GET /api/achievements?category=&page=&page_size=`, the highest priority first.
async fn list(call: &Call<'_>) -> Result<Success, Error> {
    let mut query = Query::read(call.request, &["category", "page", "page_size"])?;
    let filter = AchievementFilter { category: query.take("category") };
    let page = query.page(50, limits::PAGE_SIZE_MAX)?;
    Success::ok(&call.app.achievements(call.caller, &filter, page).await?)
}

/// `POST /api/achievements`, for admins.
async fn create(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let shown = call.app.new_achievement(identity, body(call.request)?).await?;
    Success::created(format!("/api/achievements/{}", shown.document.id.unwrap_or_default()), &shown.document)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Try {
    achievement: Option<Object<AchievementDocument>>,
    id: Option<u64>,
    days: Option<u32>,
}

/// `POST /api/achievements/dry-run`, for admins: what it would have unlocked. Nothing is kept.
async fn dry_run(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let Try { achievement, id, days } = body(call.request)?;
    let of = match (achievement, id) {
        (Some(Object(document)), None) => DryRun::Draft(Box::new(document)),
        (None, Some(id)) => DryRun::Kept(AchievementId::new(id).ok_or(AppError::NotFound("achievement"))?),
        (Some(_), Some(_)) => return Err(AppError::invalid("id", "does not go together with achievement").into()),
        (None, None) => return Err(AppError::invalid("achievement", "is missing").into()),
    };
    let days = days.unwrap_or(limits::DRY_RUN_DAYS_MAX);
    if !(1..=limits::DRY_RUN_DAYS_MAX).contains(&days) {
        let problem = format!("must be a whole number from 1 to {}", limits::DRY_RUN_DAYS_MAX);
        return Err(AppError::invalid("days", problem).into());
    }
    Success::ok(&call.app.dry_run(identity, of, days).await?)
}

/// `GET /api/achievements/:id`.
async fn show(call: &Call<'_>, id: AchievementId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    tagged(call.app.achievement(identity, id.number()).await?)
}

/// `PUT /api/achievements/:id`, for admins.
async fn replace(call: &Call<'_>, id: AchievementId) -> Result<Success, Error> {
    call.caller.identity()?;
    saved(call, id, Change::Whole(body(call.request)?)).await
}

/// `PATCH /api/achievements/:id`, for admins.
async fn change(call: &Call<'_>, id: AchievementId) -> Result<Success, Error> {
    call.caller.identity()?;
    saved(call, id, Change::Members(body::<Map<String, Value>>(call.request)?)).await
}

async fn saved(call: &Call<'_>, id: AchievementId, change: Change<AchievementDocument>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    tagged(call.app.change_achievement(identity, id.number(), change, call.if_match()?).await?)
}

/// `DELETE /api/achievements/:id`, for admins.
async fn delete(call: &Call<'_>, id: AchievementId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    call.request.body.as_ref().map_err(|&error| error)?;
    call.app.delete_achievement(identity, id.number(), call.if_match()?).await?;
    Ok(Success::deleted())
}

fn tagged(shown: Shown<AchievementDocument>) -> Result<Success, Error> {
    let success = Success::ok(&shown.document)?;
    Ok(match shown.version {
        Some(version) => success.tagged(version),
        None => success,
    })
}
