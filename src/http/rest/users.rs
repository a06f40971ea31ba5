//! `/api/users`: signing up, and one's own account.

use serde::{Deserialize, Serialize};

use super::envelope::{Error, Success};
use super::reading::{body, no_parameters, visibility};
use crate::app::App;
use crate::app::documents::UserDocument;
use crate::app::users::{Caller, ChangeUser, NewUser};
use crate::http::request::Request;

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
pub async fn create(app: &App, request: &Request) -> Result<Success, Error> {
    no_parameters(request)?;
    let SignUp { name, password, visibility: shown_to } = body(request)?;
    let visibility = visibility(shown_to)?;
    let (user, token) = app.sign_up(NewUser { name, password, visibility }).await?;
    Success::created("/api/users/me".to_owned(), &Account { user, token: Some(token.reveal().to_owned()) })
}

/// `GET /api/users/me`.
pub async fn show(app: &App, caller: &Caller, request: &Request) -> Result<Success, Error> {
    no_parameters(request)?;
    Success::ok(&app.user(caller.identity()?).await?)
}

/// `PATCH /api/users/me`. A changed password ends all tokens and sessions, and answers with the token that replaces them.
pub async fn change(app: &App, caller: &Caller, request: &Request) -> Result<Success, Error> {
    let identity = caller.identity()?;
    no_parameters(request)?;
    let Change { password, current_password, visibility: shown_to } = body(request)?;
    let visibility = visibility(shown_to)?;
    let (user, token) = app.change_user(identity, ChangeUser { password, current_password, visibility }).await?;
    Success::ok(&Account { user, token: token.map(|token| token.reveal().to_owned()) })
}
