//! `/api/tokens`: a name and a password for a token, and the tokens that one has: developer keys, by their names.
//!
//! What opens something is in the answer to its making and nowhere else: who has lost it makes another.

use serde::{Deserialize, Deserializer, Serialize};

use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::{Query, body, no_parameters};
use crate::app::documents::TokenDocument;
use crate::app::users::Caller;
use crate::app::{App, AppError};
use crate::http::request::Request;
use crate::limits;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Tokens,
    Token(String),
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["tokens", rest @ ..] = path else { return None };
        Some(match rest {
            [] => Ok(Self::Tokens),
            [id] if is_id(id) => Ok(Self::Token((*id).to_owned())),
            [_] => Err(AppError::NotFound("token")),
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Tokens => "/api/tokens",
            Self::Token(_) => "/api/tokens/:id",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Tokens => &[Method::GET, Method::HEAD, Method::POST],
            Self::Token(_) => &[Method::GET, Method::HEAD, Method::PATCH, Method::DELETE],
        }
    }

    fn is_open(&self, method: &Method) -> bool {
        matches!((self, method), (Self::Tokens, &Method::POST))
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        let Call { app, caller, method, request, .. } = *call;
        match (self, method) {
            (Self::Tokens, &Method::POST) => create(app, caller, request).await,
            (Self::Tokens, _) => list(app, caller, request).await,
            (Self::Token(id), &Method::PATCH) => name(app, caller, &id, request).await,
            (Self::Token(id), &Method::DELETE) => revoke(app, caller, &id, request).await,
            (Self::Token(id), _) => show(app, caller, &id, request).await,
        }
    }
}

/// With a name and a password, a log-in; else a key for whoever asks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: Option<String>,
    password: Option<String>,
    label: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    #[serde(default, deserialize_with = "given")]
    label: Option<Option<String>>,
}

/// `null` says something, and so does leaving it out.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
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

/// The token, and what it is to be shown as.
#[derive(Serialize)]
struct Made {
    #[serde(flatten)]
    document: TokenDocument,
    token: String,
}

/// `POST /api/tokens` → a new token beside those that the user has already.
async fn create(app: &App, caller: &Caller, request: &Request) -> Result<Success, Error> {
    no_parameters(request)?;
    match body(request)? {
        New { name: Some(name), password: Some(password), label } => {
            let (user, token) = app.log_in(&name, password, label, request.origin).await?;
            let user = LoggedInUser { id: user.id, name: user.name, level: user.level };
            Success::created("/api/users/me".to_owned(), &LoggedIn { token: token.reveal().to_owned(), user })
        }
        New { name: None, password: None, label: Some(label) } => {
            let (document, token) = app.new_key(caller.identity()?, label).await?;
            let location = format!("/api/tokens/{}", document.id);
            Success::created(location, &Made { document, token: token.reveal().to_owned() })
        }
        New { name: None, .. } => Err(AppError::invalid("name", "is missing").into()),
        New { password: None, .. } => Err(AppError::invalid("password", "is missing").into()),
    }
}

/// `GET /api/tokens` → the caller's own, newest first.
async fn list(app: &App, caller: &Caller, request: &Request) -> Result<Success, Error> {
    let identity = caller.identity()?;
    let page = Query::read(request, &["page", "page_size"])?.page(50, limits::PAGE_SIZE_MAX)?;
    Success::ok(&app.tokens(identity, page).await?)
}

/// `GET /api/tokens/:id`.
async fn show(app: &App, caller: &Caller, id: &str, request: &Request) -> Result<Success, Error> {
    let identity = caller.identity()?;
    no_parameters(request)?;
    Success::ok(&app.token(identity, id).await?)
}

/// `PATCH /api/tokens/:id`: another label, or with `null` none.
async fn name(app: &App, caller: &Caller, id: &str, request: &Request) -> Result<Success, Error> {
    let identity = caller.identity()?;
    no_parameters(request)?;
    let Change { label } = body(request)?;
    Success::ok(&match label {
        Some(label) => app.name_token(identity, id, label).await?,
        None => app.token(identity, id).await?,
    })
}

/// `DELETE /api/tokens/:id`. What it opened ends with it: sessions and sockets.
async fn revoke(app: &App, caller: &Caller, id: &str, request: &Request) -> Result<Success, Error> {
    let identity = caller.identity()?;
    no_parameters(request)?;
    app.revoke_token(identity, id).await?;
    Ok(Success::deleted())
}

fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
