//! `/api/tasks/tags`: the tags that the caller's tasks may have, in the order of the caller's choice.

use serde::Deserialize;
use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::{body, no_parameters};
use super::tasks::{To, once, segment};
use crate::app::AppError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Tags,
    Tag(String),
    Sort(String),
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["tasks", "tags", rest @ ..] = path else { return None };
        Some(match rest {
            [] => Ok(Self::Tags),
            [id] if !id.is_empty() => Ok(Self::Tag((*id).to_owned())),
            [id, "sort"] => Ok(Self::Sort((*id).to_owned())),
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Tags => "/api/tasks/tags",
            Self::Tag(_) => "/api/tasks/tags/:id",
            Self::Sort(_) => "/api/tasks/tags/:id/sort",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Tags => &[Method::GET, Method::HEAD, Method::POST],
            Self::Tag(_) => &[Method::GET, Method::HEAD, Method::PATCH, Method::PUT, Method::DELETE],
            Self::Sort(_) => &[Method::POST],
        }
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        match (&self, call.method) {
            (Self::Tags, &Method::GET) => list(call).await,
            (Self::Tags, _) => create(call).await,
            (Self::Tag(id), &Method::GET) => show(call, id).await,
            (Self::Tag(id), &Method::DELETE) => delete(call, id).await,
            (Self::Tag(id), _) => rename(call, id).await,
            (Self::Sort(id), _) => sort(call, id).await,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    id: Option<String>,
    name: String,
}

/// A tag has nothing but its name that can be another.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    id: Option<String>,
    name: String,
}

/// `GET /api/tasks/tags`: all of them, which are few.
async fn list(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    Success::ok(&call.app.habit_tags(identity).await?)
}

/// `POST /api/tasks/tags?op_id=`, as the last.
async fn create(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let once = once(call)?;
    let Create { id, name } = body(call.request)?;
    let tag = call.app.new_habit_tag(identity, id, name, once).await?;
    Success::created(format!("/api/tasks/tags/{}", segment(&tag.id)), &tag)
}

/// `GET /api/tasks/tags/:id`.
async fn show(call: &Call<'_>, id: &str) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    Success::ok(&call.app.habit_tag(identity, id).await?)
}

/// `PATCH` and `PUT /api/tasks/tags/:id?op_id=`.
async fn rename(call: &Call<'_>, id: &str) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let once = once(call)?;
    let Rename { id: said, name } = body(call.request)?;
    if said.is_some_and(|said| said != id) {
        return Err(AppError::invalid("id", "cannot be changed").into());
    }
    Success::ok(&call.app.rename_habit_tag(identity, id, name, once).await?)
}

/// `POST /api/tasks/tags/:id/sort?op_id=` → all of them.
async fn sort(call: &Call<'_>, id: &str) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let once = once(call)?;
    let To { to } = body(call.request)?;
    let to = usize::try_from(to).unwrap_or(usize::MAX);
    Success::ok(&call.app.move_habit_tag(identity, id, to, once).await?)
}

/// `DELETE /api/tasks/tags/:id?op_id=`: from all tasks too.
async fn delete(call: &Call<'_>, id: &str) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    call.app.delete_habit_tag(identity, id, once(call)?).await?;
    Ok(Success::deleted())
}
