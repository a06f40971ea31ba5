//! Logging in by name and password, and changing a password.
//!
//! gengine asks for an `email`; it is the account's name here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use warp::http::StatusCode;
use warp::reply::Response;

use super::Ask;
use super::answers::{self, Error};
use super::parameters;
use crate::app::AppError;
use crate::app::achievements::PersonInFull;
use crate::app::documents::GroupName;
use crate::app::users::credential::Secret;
use crate::domain::ids::UserId;

#[derive(Deserialize)]
struct LogIn {
    email: Option<String>,
    password: Option<String>,
}

#[derive(Deserialize)]
struct ChangePassword {
    email: Option<String>,
    old_password: Option<String>,
    new_password: Option<String>,
}

#[derive(Serialize)]
struct LoggedIn {
    token: String,
    user: User,
}

#[derive(Serialize)]
struct User {
    id: String,
    lat: Option<f64>,
    lng: Option<f64>,
    timezone: String,
    language: Option<String>,
    country: Option<String>,
    region: Option<String>,
    city: Option<String>,
    created_at: String,
    additional_public_data: Option<Value>,
    friends: Vec<BTreeMap<&'static str, String>>,
    groups: Vec<GroupName>,
    email: String,
}

/// `POST /auth/login`.
pub async fn log_in(ask: &Ask<'_>) -> Result<Response, Error> {
    let LogIn { email, password } = parameters::json(ask.request)?;
    let (Some(email), Some(password)) = (given(email), given(password)) else {
        let message = "You need to send your email and password.";
        return Err(Error::bad("login.email_and_password_required", message));
    };
    let wrong = "Either the email address or the password is wrong.";
    let logged_in = ask.app.log_in(&email, password, None, ask.request.origin).await;
    let (user, token) = logged_in.map_err(|error| unless_wrong(error, "login.email_or_password_invalid", wrong))?;
    shown(ask, &user.id, &token).await
}

/// `POST /auth/change_password` → the token that replaces all others.
pub async fn change_password(ask: &Ask<'_>) -> Result<Response, Error> {
    let ChangePassword { email, old_password, new_password } = parameters::json(ask.request)?;
    let (Some(email), Some(old), Some(new)) = (given(email), given(old_password), given(new_password)) else {
        let message = "You need to send your email, the old password and a new password.";
        return Err(Error::bad("change_password.email_and_old_password_and_new_password_required", message));
    };
    let wrong = "Either the email address or the old password is wrong.";
    let changed = ask.app.change_password(&email, old, new, ask.request.origin).await;
    let (user, token) = changed.map_err(|error| match error {
        AppError::Invalid { field, .. } if field == "new_password" => {
            let message = "The new password may not be the same as the old one.";
            Error::bad("change_password.may_not_be_the_same", message)
        }
        AppError::Invalid { field, problem } if field == "password" => {
            let message = format!("The new password {problem}.");
            Error::bad("change_password.invalid_new_password", message)
        }
        error => unless_wrong(error, "change_password.email_or_old_password_invalid", wrong),
    })?;
    shown(ask, &user.id, &token).await
}

/// A text that has something in it.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn unless_wrong(error: AppError, code: &'static str, message: &'static str) -> Error {
    match error {
        AppError::Unauthenticated => Error::new(StatusCode::UNAUTHORIZED, code, message),
        error => error.into(),
    }
}

async fn shown(ask: &Ask<'_>, user: &str, token: &Secret) -> Result<Response, Error> {
    let user = UserId::parse(user).ok_or(AppError::Internal)?;
    let user = User::of(ask.app.person_in_full(&user).await?);
    Ok(answers::ok(&LoggedIn { token: token.reveal().to_owned(), user }))
}

impl User {
    fn of(person: PersonInFull) -> Self {
        let PersonInFull { user, friends, groups } = person;
        Self {
            id: user.id,
            lat: user.place.map(|place| place.latitude),
            lng: user.place.map(|place| place.longitude),
            timezone: user.time_zone.unwrap_or_else(|| "UTC".to_owned()),
            language: user.language,
            country: user.country,
            region: user.region,
            city: user.city,
            created_at: answers::moment(&user.created_at),
            additional_public_data: user.additional_public_data,
            friends: friends.iter().map(|id| BTreeMap::from([("id", id.to_string())])).collect(),
            groups,
            email: user.name,
        }
    }
}
