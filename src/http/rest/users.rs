//! `/api/users`: signing up, one's own account, and who other people are.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::{Query, body, no_parameters, visibility};
use crate::app::AppError;
use crate::app::documents::{Edit, Object, PlaceDocument, UserDocument, parse_level};
use crate::app::users::profile::ChangeProfile;
use crate::app::users::{ChangeUser, Identity, NewUser};
use crate::domain::ids::UserId;
use crate::limits;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Users,
    Me,
    Export,
    User(UserId),
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["users", rest @ ..] = path else { return None };
        Some(match rest {
            [] => Ok(Self::Users),
            ["me"] => Ok(Self::Me),
            ["me", "export"] => Ok(Self::Export),
            [id] if !id.is_empty() => UserId::parse(id).map(Self::User).ok_or(AppError::NotFound("user")),
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Users => "/api/users",
            Self::Me => "/api/users/me",
            Self::Export => "/api/users/me/export",
            Self::User(_) => "/api/users/:id",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Users => &[Method::GET, Method::HEAD, Method::POST],
            Self::Me => &[Method::GET, Method::HEAD, Method::PATCH, Method::PUT, Method::DELETE],
            Self::Export => &[Method::GET, Method::HEAD],
            Self::User(_) => &[Method::GET, Method::HEAD, Method::PATCH],
        }
    }

    fn is_open(&self, method: &Method) -> bool {
        matches!((self, method), (Self::Users, &Method::POST))
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        match (&self, call.method) {
            (Self::Users, &Method::GET) => search(call).await,
            (Self::Users, _) => create(call).await,
            (Self::Me, &Method::GET) => show_own(call).await,
            (Self::Me, &Method::PUT) => replace_own(call).await,
            (Self::Me, &Method::DELETE) => delete_own(call).await,
            (Self::Me, _) => change_own(call).await,
            (Self::Export, _) => export_own(call),
            (Self::User(user), &Method::GET) => show(call, user).await,
            (Self::User(user), _) => change(call, user).await,
        }
    }
}

/// An account without a password needs no body.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Leave {
    current_password: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignUp {
    name: String,
    password: String,
    visibility: Option<String>,
}

/// What can be said of an account. What cannot be changed may be sent along as it is: so a document that was read can be
/// sent back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    password: Option<String>,
    current_password: Option<String>,
    visibility: Option<String>,
    #[serde(default)]
    display_name: Edit<String>,
    #[serde(default)]
    place: Edit<Object<PlaceDocument>>,
    #[serde(default)]
    country: Edit<String>,
    #[serde(default)]
    region: Edit<String>,
    #[serde(default)]
    city: Edit<String>,
    #[serde(default)]
    time_zone: Edit<String>,
    #[serde(default)]
    language: Edit<String>,
    #[serde(default)]
    additional_public_data: Edit<Value>,
    level: Option<String>,
    id: Option<String>,
    name: Option<String>,
    created_at: Option<String>,
}

/// The account, with a token when there is a new one to show.
#[derive(Serialize)]
struct Account {
    #[serde(flatten)]
    user: UserDocument,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// `GET /api/users?name=&page=&page_size=` → those whose names have words that begin so.
async fn search(call: &Call<'_>) -> Result<Success, Error> {
    call.caller.identity()?;
    let mut query = Query::read(call.request, &["name", "page", "page_size"])?;
    let name = query.take("name").ok_or_else(|| AppError::invalid("name", "is missing"))?;
    let page = query.page(50, limits::PAGE_SIZE_MAX)?;
    Success::ok(&call.app.people(call.caller, &name, page).await?)
}

/// `POST /api/users` → the new account and its first token.
async fn create(call: &Call<'_>) -> Result<Success, Error> {
    no_parameters(call.request)?;
    let SignUp { name, password, visibility: shown_to } = body(call.request)?;
    let visibility = visibility(shown_to)?;
    call.app.may_sign_up(call.request.origin).await?;
    let (user, token) = call.app.sign_up(NewUser { name, password, visibility }).await?;
    Success::created("/api/users/me".to_owned(), &Account { user, token: Some(token.reveal().to_owned()) })
}

/// `GET /api/users/me`.
async fn show_own(call: &Call<'_>) -> Result<Success, Error> {
    no_parameters(call.request)?;
    let user = call.app.user(call.caller.identity()?).await?;
    Ok(Success::ok(&user)?.tagged(user.version))
}

/// `PATCH /api/users/me`. A changed password ends all tokens and sessions, and answers with the token that replaces them.
async fn change_own(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let change = body::<Change>(call.request)?;
    change.keeps(&call.app.user(identity).await?)?;
    saved(call, identity, change.read()?).await
}

/// `PUT /api/users/me`: the profile as it is from now on. What is left out is not known any more; a password is kept, for it
/// is no part of what is shown.
async fn replace_own(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let change = body::<Change>(call.request)?;
    if change.password.is_some() || change.current_password.is_some() {
        return Err(AppError::invalid("password", "is changed by PATCH").into());
    }
    change.keeps(&call.app.user(identity).await?)?;
    let change = change.read()?;
    let visibility = Some(change.visibility.unwrap_or_default());
    saved(call, identity, ChangeUser { profile: change.profile.replacing(), visibility, ..change }).await
}

async fn saved(call: &Call<'_>, identity: &Identity, change: ChangeUser) -> Result<Success, Error> {
    let (user, token) = call.app.change_user(identity, ChangeUser { if_version: call.if_match()?, ..change }).await?;
    let version = user.version;
    Ok(Success::ok(&Account { user, token: token.map(|token| token.reveal().to_owned()) })?.tagged(version))
}

/// `GET /api/users/:id`.
async fn show(call: &Call<'_>, user: &UserId) -> Result<Success, Error> {
    no_parameters(call.request)?;
    let person = call.app.person(call.caller, user).await?;
    Ok(Success::ok(&person)?.tagged(person.version))
}

/// `PATCH /api/users/:id`, for admins.
async fn change(call: &Call<'_>, user: &UserId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let change = body::<Change>(call.request)?;
    if change.id.is_some() || change.name.is_some() || change.created_at.is_some() {
        return Err(AppError::invalid("name", "cannot be changed, nor can id or created_at").into());
    }
    let change = ChangeUser { if_version: call.if_match()?, ..change.read()? };
    let user = call.app.change_user_of(identity, user, change).await?;
    Ok(Success::ok(&user)?.tagged(user.version))
}

impl Change {
    /// What nobody can change is as it is, if it is there at all.
    fn keeps(&self, user: &UserDocument) -> Result<(), AppError> {
        let fixed = [
            ("id", &self.id, &user.id),
            ("name", &self.name, &user.name),
            ("created_at", &self.created_at, &user.created_at),
        ];
        match fixed.into_iter().find(|(_, said, is)| said.as_ref().is_some_and(|said| said != *is)) {
            Some((field, ..)) => Err(AppError::invalid(field, "cannot be changed")),
            None => Ok(()),
        }
    }

    fn read(self) -> Result<ChangeUser, AppError> {
        let profile = ChangeProfile {
            display_name: self.display_name,
            place: self.place.checked(|Object(place)| place.read("place."))?,
            country: self.country,
            region: self.region,
            city: self.city,
            time_zone: self.time_zone,
            language: self.language,
            public_data: self.additional_public_data,
        };
        let level = self
            .level
            .map(|name| parse_level(&name).ok_or_else(|| AppError::invalid("level", "must be one of user and admin")));
        Ok(ChangeUser {
            password: self.password,
            current_password: self.current_password,
            visibility: visibility(self.visibility)?,
            profile,
            level: level.transpose()?,
            if_version: None,
        })
    }
}

/// `DELETE /api/users/me`. Everything of the account goes with it; with a password, it must be shown.
async fn delete_own(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let is_empty = call.request.body.as_ref().is_ok_and(|body| body.is_empty());
    let Leave { current_password } = if is_empty { Leave::default() } else { body(call.request)? };
    call.app.delete_account(identity, current_password, call.if_match()?).await?;
    Ok(Success::deleted())
}

/// `GET /api/users/me/export` → a ZIP: `runnity.json` and a GPX file for each run.
fn export_own(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    Ok(Success::file("application/zip", "runnity-export.zip", call.app.export(identity)?))
}
