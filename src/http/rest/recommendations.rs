//! `/api/users/:id/recommendations`: what somebody may try next, and why.

use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::Query;
use crate::app::AppError;
use crate::domain::ids::UserId;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `None`: the caller's own.
    Recommendations(Option<UserId>),
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["users", user, "recommendations"] = path else { return None };
        if *user == "me" {
            return Some(Ok(Self::Recommendations(None)));
        }
        let user = UserId::parse(user).ok_or(AppError::NotFound("user"));
        Some(user.map(|user| Self::Recommendations(Some(user))))
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Recommendations(_) => "/api/users/:id/recommendations",
        }
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::GET, Method::HEAD]
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        let Self::Recommendations(user) = self;
        let identity = call.caller.identity()?;
        Query::read(call.request, &[])?;
        let user = user.unwrap_or_else(|| identity.user.clone());
        Success::ok(&call.app.recommendations(identity, &user).await?)
    }
}
