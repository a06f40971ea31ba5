//! `/api/tasks/:id/checklist`: the steps of a daily or a to-do, one by one, so that those of two devices merge.

use serde::Deserialize;
use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::{body, no_parameters};
use super::tasks::{To, once, segment, task};
use crate::app::AppError;
use crate::app::documents::HabitItemEdit;
use crate::domain::habit::task::TaskId;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Checklist(TaskId),
    Item(TaskId, String),
    Sort(TaskId, String),
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["tasks", id, "checklist", rest @ ..] = path else { return None };
        Some(match rest {
            [] => task(id).map(Self::Checklist),
            [item] if !item.is_empty() => task(id).map(|id| Self::Item(id, (*item).to_owned())),
            [item, "sort"] => task(id).map(|id| Self::Sort(id, (*item).to_owned())),
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Checklist(_) => "/api/tasks/:id/checklist",
            Self::Item(..) => "/api/tasks/:id/checklist/:item",
            Self::Sort(..) => "/api/tasks/:id/checklist/:item/sort",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Checklist(_) => &[Method::GET, Method::HEAD, Method::POST],
            Self::Item(..) => &[Method::GET, Method::HEAD, Method::PATCH, Method::PUT, Method::DELETE],
            Self::Sort(..) => &[Method::POST],
        }
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        match (&self, call.method) {
            (Self::Checklist(id), &Method::GET) => list(call, id).await,
            (Self::Checklist(id), _) => create(call, id).await,
            (Self::Item(id, item), &Method::GET) => show(call, id, item).await,
            (Self::Item(id, item), &Method::PUT) => replace(call, id, item).await,
            (Self::Item(id, item), &Method::DELETE) => delete(call, id, item).await,
            (Self::Item(id, item), _) => change(call, id, item).await,
            (Self::Sort(id, item), _) => sort(call, id, item).await,
        }
    }
}

/// What is left out stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    id: Option<String>,
    text: Option<String>,
    completed: Option<bool>,
}

/// `GET /api/tasks/:id/checklist`: all of it, in its order.
async fn list(call: &Call<'_>, id: &TaskId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    Success::ok(&call.app.habit_checklist(identity, id).await?)
}

/// `POST /api/tasks/:id/checklist?op_id=`, as the last.
async fn create(call: &Call<'_>, id: &TaskId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let once = once(call)?;
    let HabitItemEdit { id: item, text, completed } = body(call.request)?;
    let item = (item, text, completed.unwrap_or_default());
    let item = call.app.new_habit_item(identity, id, item, once).await?;
    Success::created(format!("/api/tasks/{}/checklist/{}", segment(id.as_str()), segment(&item.id)), &item)
}

/// `GET /api/tasks/:id/checklist/:item`.
async fn show(call: &Call<'_>, id: &TaskId, item: &str) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    Success::ok(&call.app.habit_item(identity, id, item).await?)
}

/// `PATCH /api/tasks/:id/checklist/:item?op_id=`.
async fn change(call: &Call<'_>, id: &TaskId, item: &str) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let once = once(call)?;
    let Change { id: said, text, completed } = body(call.request)?;
    is_it(said, item)?;
    Success::ok(&call.app.change_habit_item(identity, id, item, (text, completed), once).await?)
}

/// `PUT /api/tasks/:id/checklist/:item?op_id=`: without a tick it has none.
async fn replace(call: &Call<'_>, id: &TaskId, item: &str) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let once = once(call)?;
    let HabitItemEdit { id: said, text, completed } = body(call.request)?;
    is_it(said, item)?;
    let change = (Some(text), Some(completed.unwrap_or_default()));
    Success::ok(&call.app.change_habit_item(identity, id, item, change, once).await?)
}

/// An id that is sent along is the item's.
fn is_it(said: Option<String>, item: &str) -> Result<(), AppError> {
    if said.is_some_and(|said| said != item) { Err(AppError::invalid("id", "cannot be changed")) } else { Ok(()) }
}

/// `POST /api/tasks/:id/checklist/:item/sort?op_id=` → all of it.
async fn sort(call: &Call<'_>, id: &TaskId, item: &str) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let once = once(call)?;
    let To { to } = body(call.request)?;
    let to = usize::try_from(to).unwrap_or(usize::MAX);
    Success::ok(&call.app.move_habit_item(identity, id, item, to, once).await?)
}

/// `DELETE /api/tasks/:id/checklist/:item?op_id=`.
async fn delete(call: &Call<'_>, id: &TaskId, item: &str) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    call.app.delete_habit_item(identity, id, item, once(call)?).await?;
    Ok(Success::deleted())
}
