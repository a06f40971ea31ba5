//! `/api/tokens`: a name and a password for a token.

use serde::{Deserialize, Serialize};

use super::envelope::{Error, Success};
use super::reading::{body, no_parameters};
use crate::app::App;
use crate::http::request::Request;

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
pub async fn create(app: &App, request: &Request) -> Result<Success, Error> {
    no_parameters(request)?;
    let LogIn { name, password } = body(request)?;
    let (user, token) = app.log_in(&name, password).await?;
    let user = LoggedInUser { id: user.id, name: user.name, level: user.level };
    Success::created("/api/users/me".to_owned(), &LoggedIn { token: token.reveal().to_owned(), user })
}
