//! `/api/achievements/:id/leaderboard` and `/api/variables/:name/leaderboard`: who stands where.

use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::Query;
use crate::app::AppError;
use crate::app::achievements::{Among, BoardOf, Sought, Window};
use crate::domain::achievement::{AchievementId, VariableName};
use crate::domain::ids::GroupId;
use crate::limits;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(BoardOf);

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let of = match path {
            ["achievements", id, "leaderboard"] => {
                AchievementId::parse(id).map(BoardOf::Achievement).ok_or(AppError::NotFound("achievement"))
            }
            ["variables", name, "leaderboard"] => {
                VariableName::parse(name).map(BoardOf::Variable).ok_or(AppError::NotFound("variable"))
            }
            _ => return None,
        };
        Some(of.map(Self))
    }

    fn template(&self) -> &'static str {
        match self.0 {
            BoardOf::Achievement(_) => "/api/achievements/:id/leaderboard",
            BoardOf::Variable(_) => "/api/variables/:name/leaderboard",
        }
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::GET, Method::HEAD]
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        show(call, &self.0).await
    }
}

/// `GET …/leaderboard?relevance=&group=&period=&around=me&page=&page_size=`.
async fn show(call: &Call<'_>, of: &BoardOf) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let known = ["relevance", "group", "period", "around", "page", "page_size"];
    let mut query = Query::read(call.request, &known)?;
    let among = among(query.take("relevance").as_deref(), query.take("group"))?;
    let period = query.take("period");
    let is_around = match query.take("around").as_deref() {
        None => false,
        Some("me") => true,
        Some(_) => return Err(AppError::invalid("around", "must be me").into()),
    };
    if is_around && query.has("page") {
        return Err(AppError::invalid("page", "does not go together with around").into());
    }
    let page = query.page(limits::BOARD_PAGE_LEN, limits::PAGE_SIZE_MAX)?;
    let window = if is_around { Window::Around { len: page.size } } else { Window::Page(page) };
    Success::ok(&call.app.leaderboard(identity, of, Sought { among, period, window }).await?)
}

fn among(relevance: Option<&str>, group: Option<String>) -> Result<Option<Among>, AppError> {
    let group = group.map(|id| GroupId::parse(&id).ok_or_else(|| AppError::invalid("group", "must be a group's id")));
    match (relevance, group.transpose()?) {
        (None | Some("group"), Some(group)) => Ok(Some(Among::Group(group))),
        (Some("group"), None) => Err(AppError::invalid("group", "is missing")),
        (Some(_), Some(_)) => Err(AppError::invalid("group", "does not go together with this relevance")),
        (None, None) => Ok(None),
        (Some("global"), None) => Ok(Some(Among::Everybody)),
        (Some("city"), None) => Ok(Some(Among::City)),
        (Some("friends"), None) => Ok(Some(Among::Friends)),
        (Some(_), None) => Err(AppError::invalid("relevance", "must be one of global, city, friends and group")),
    }
}
