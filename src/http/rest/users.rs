//! `/api/users`: signing up, and one's own account.

use serde::{Deserialize, Serialize};

use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::{body, no_parameters, visibility};
use crate::app::documents::UserDocument;
use crate::app::users::{Caller, ChangeUser, NewUser};
use crate::app::{App, AppError};
use crate::http::request::Request;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Users,
    Me,
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["users", rest @ ..] = path else { return None };
        Some(match rest {
            [] => Ok(Self::Users),
            ["me"] => Ok(Self::Me),
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Users => "/api/users",
            Self::Me => "/api/users/me",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Users => &[Method::POST],
            Self::Me => &[Method::GET, Method::HEAD, Method::PATCH],
        }
    }

    fn is_open(&self, method: &Method) -> bool {
        matches!((self, method), (Self::Users, &Method::POST))
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        let Call { app, caller, method, request } = *call;
        match (self, method) {
            (Self::Users, _) => create(app, request).await,
            (Self::Me, &Method::GET) => show(app, caller, request).await,
            (Self::Me, _) => change(app, caller, request).await,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignUp {
    name: String,
    password: String,
    visibility: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    password: Option<String>,
    current_password: Option<String>,
    visibility: Option<String>,
}

/// The account, with a token when there is a new one to show.
#[derive(Serialize)]
struct Account {
    #[serde(flatten)]
    user: UserDocument,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// `POST /api/users` → the new account and its first token.
async fn create(app: &App, request: &Request) -> Result<Success, Error> {
    no_parameters(request)?;
    let SignUp { name, password, visibility: shown_to } = body(request)?;
    let visibility = visibility(shown_to)?;
    let (user, token) = app.sign_up(NewUser { name, password, visibility }).await?;
    Success::created("/api/users/me".to_owned(), &Account { user, token: Some(token.reveal().to_owned()) })
}

/// `GET /api/users/me`.
async fn show(app: &App, caller: &Caller, request: &Request) -> Result<Success, Error> {
    no_parameters(request)?;
    Success::ok(&app.user(caller.identity()?).await?)
}

/// `PATCH /api/users/me`. A changed password ends all tokens and sessions, and answers with the token that replaces them.
async fn change(app: &App, caller: &Caller, request: &Request) -> Result<Success, Error> {
    let identity = caller.identity()?;
    no_parameters(request)?;
    let Change { password, current_password, visibility: shown_to } = body(request)?;
    let visibility = visibility(shown_to)?;
    let (user, token) = app.change_user(identity, ChangeUser { password, current_password, visibility }).await?;
    Success::ok(&Account { user, token: token.map(|token| token.reveal().to_owned()) })
}
