//! Users, as they are added, updated and deleted by whoever knows them.

use warp::http::StatusCode;
use warp::reply::Response;

use super::Ask;
use super::answers::{self, Error, Reached, Written};
use super::parameters::{self, Parameters};
use crate::app::AppError;
use crate::domain::ids::UserId;
use crate::http::caller::Intent;
use crate::http::once;

/// `POST /add_or_update_user/:userId` → what the user has newly reached by it. Without an id: somebody new.
pub async fn put(ask: &Ask<'_>, user: Option<&str>) -> Result<Response, Error> {
    let (identity, user) = match user {
        None => (ask.identity(Intent::Write).await?, None),
        Some(user) => {
            let id = UserId::parse(user).ok_or_else(|| Error::bad("illegal_user_id", "no valid user_id given"));
            // Who may not be asked for is told first.
            let identity = ask.identity(Intent::Write).await?;
            (identity, Some(id?))
        }
    };
    let form = parameters::form(ask.request)?;
    let change = Parameters::read(ask.request)?.person()?;
    let is_new = user.is_none();
    let app = ask.app.clone();
    let by = identity.clone();
    let work = async move {
        let (user, outcome) = app.put_person(&by, user, change).await?;
        let made = is_new.then(|| user.to_string());
        Written::new(&Reached::of(outcome, form, made))
    };
    let written = match ask.once()? {
        None => work.await?,
        Some(key) => once::carry_out(ask.app, Some(&identity.user), ask.request, key, "", |_, _| work).await?,
    };
    Ok(written.response())
}

/// `DELETE /delete_user/:user`. One's own account asks for its password, if it has one; an admin deletes any.
pub async fn delete(ask: &Ask<'_>, user: &str) -> Result<Response, Error> {
    let (identity, user) = ask.identity_for(user, Intent::Write).await?;
    let password = Parameters::read(ask.request)?.current_password()?;
    let deleted = if identity.user == user {
        ask.app.delete_account(&identity, password, None).await
    } else {
        ask.app.delete_account_of(&identity, &user).await
    };
    match deleted {
        Ok(()) => Ok(answers::done("OK")),
        Err(AppError::Invalid { field, problem }) if field == "current_password" => {
            let message = format!("current_password {problem}");
            Err(Error::new(StatusCode::FORBIDDEN, "forbidden", message))
        }
        Err(error) => Err(error.into()),
    }
}
