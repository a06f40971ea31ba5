//! `/api/users/:id/achievements`: how far somebody has come.

use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::Query;
use crate::app::AppError;
use crate::app::achievements::ProgressFilter;
use crate::domain::achievement::AchievementId;
use crate::domain::ids::UserId;
use crate::limits;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `None`: the caller's own.
    Achievements(Option<UserId>),
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["users", user, "achievements"] = path else { return None };
        if *user == "me" {
            return Some(Ok(Self::Achievements(None)));
        }
        let user = UserId::parse(user).ok_or(AppError::NotFound("user"));
        Some(user.map(|user| Self::Achievements(Some(user))))
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Achievements(_) => "/api/users/:id/achievements",
        }
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::GET, Method::HEAD]
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        let Self::Achievements(user) = self;
        list(call, user).await
    }
}

/// `GET /api/users/:id/achievements?achievement=&history=&fields=levels&page=&page_size=`.
async fn list(call: &Call<'_>, user: Option<UserId>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let mut query = Query::read(call.request, &["achievement", "history", "fields", "page", "page_size"])?;
    let achievement = query.take("achievement").map(|id| {
        AchievementId::parse(&id).ok_or_else(|| AppError::invalid("achievement", "must be an achievement's id"))
    });
    let history = query.take("history").map(|text| {
        let number = text.parse().ok().filter(|number| (1..=limits::PROGRESS_HISTORY_LEN_MAX).contains(number));
        let problem = format!("must be a whole number from 1 to {}", limits::PROGRESS_HISTORY_LEN_MAX);
        number.ok_or_else(|| AppError::invalid("history", problem))
    });
    let with_levels = query.fields(&["levels"])?.has("levels");
    let page = query.page(50, limits::PAGE_SIZE_MAX)?;
    let filter = ProgressFilter {
        achievement: achievement.transpose()?,
        history: history.transpose()?.unwrap_or(1),
        with_levels,
    };
    let user = user.unwrap_or_else(|| identity.user.clone());
    let progress = call.app.progress(call.caller, &user, filter).await?;
    let on_page: Vec<_> = progress.into_iter().skip(page.skipped()).take(page.size).collect();
    Success::ok(&on_page)
}
