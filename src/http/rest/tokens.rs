//! `/api/tokens`: a name and a password for a token.

use serde::{Deserialize, Serialize};

use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::{body, no_parameters};
use crate::app::{App, AppError};
use crate::http::request::Request;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Tokens,
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["tokens", rest @ ..] = path else { return None };
        Some(match rest {
            [] => Ok(Self::Tokens),
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Tokens => "/api/tokens",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Tokens => &[Method::POST],
        }
    }

    fn is_open(&self, method: &Method) -> bool {
        matches!((self, method), (Self::Tokens, &Method::POST))
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        let Call { app, request, .. } = *call;
        match self {
            Self::Tokens => create(app, request).await,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogIn {
    name: String,
    password: String,
}

#[derive(Serialize)]
struct LoggedIn {
    token: String,
    user: LoggedInUser,
}

#[derive(Serialize)]
struct LoggedInUser {
    id: String,
    name: String,
    level: &'static str,
}

/// `POST /api/tokens` → a new token beside those that the user has already.
async fn create(app: &App, request: &Request) -> Result<Success, Error> {
    no_parameters(request)?;
    let LogIn { name, password } = body(request)?;
    let (user, token) = app.log_in(&name, password, request.origin).await?;
    let user = LoggedInUser { id: user.id, name: user.name, level: user.level };
    Success::created("/api/users/me".to_owned(), &LoggedIn { token: token.reveal().to_owned(), user })
}
