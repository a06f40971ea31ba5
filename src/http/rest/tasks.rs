//! `/api/tasks`: the caller's own board of habits, dailies, to-dos and rewards.
//!
//! Its tags, its checklists and its user are resources of their own (`task_tags`, `task_checklists`, `hero`).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::{Query, body, no_parameters};
use crate::app::AppError;
use crate::app::documents::{HabitTaskEdit, Object};
use crate::app::habits::{NewScore, NewTask, Once, OpId, TaskFilter};
use crate::domain::habit::history::Of;
use crate::domain::habit::numbers::Direction;
use crate::domain::habit::task::{TaskId, TaskKind};
use crate::limits;

/// What stands where a task's id does, so that no task can be called so here. One that another device has called so is on the
/// list, and is scored with several.
const RESERVED: [&str; 7] = ["board", "clear-completed", "cron-preview", "hero", "history", "score", "tags"];
/// Of an id in a path, all but what every UUID has.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Tasks,
    Scores,
    ClearCompleted,
    CronPreview,
    OwnHistory,
    Task(TaskId),
    Score(TaskId),
    Sort(TaskId),
    History(TaskId),
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["tasks", rest @ ..] = path else { return None };
        Some(match rest {
            [] => Ok(Self::Tasks),
            ["score"] => Ok(Self::Scores),
            ["clear-completed"] => Ok(Self::ClearCompleted),
            ["cron-preview"] => Ok(Self::CronPreview),
            ["history"] => Ok(Self::OwnHistory),
            [id] if !id.is_empty() => task(id).map(Self::Task),
            [id, "score"] => task(id).map(Self::Score),
            [id, "sort"] => task(id).map(Self::Sort),
            [id, "history"] => task(id).map(Self::History),
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Tasks => "/api/tasks",
            Self::Scores => "/api/tasks/score",
            Self::ClearCompleted => "/api/tasks/clear-completed",
            Self::CronPreview => "/api/tasks/cron-preview",
            Self::OwnHistory => "/api/tasks/history",
            Self::Task(_) => "/api/tasks/:id",
            Self::Score(_) => "/api/tasks/:id/score",
            Self::Sort(_) => "/api/tasks/:id/sort",
            Self::History(_) => "/api/tasks/:id/history",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Tasks => &[Method::GET, Method::HEAD, Method::POST],
            Self::Task(_) => &[Method::GET, Method::HEAD, Method::PATCH, Method::PUT, Method::DELETE],
            Self::CronPreview | Self::OwnHistory | Self::History(_) => &[Method::GET, Method::HEAD],
            Self::Scores | Self::ClearCompleted | Self::Score(_) | Self::Sort(_) => &[Method::POST],
        }
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        match (&self, call.method) {
            (Self::Tasks, &Method::GET) => list(call).await,
            (Self::Tasks, _) => create(call).await,
            (Self::Scores, _) => score_several(call).await,
            (Self::ClearCompleted, _) => clear_completed(call).await,
            (Self::CronPreview, _) => preview(call).await,
            (Self::OwnHistory, _) => own_history(call).await,
            (Self::Task(id), &Method::GET) => show(call, id).await,
            (Self::Task(id), &Method::PUT) => replace(call, id).await,
            (Self::Task(id), &Method::DELETE) => delete(call, id).await,
            (Self::Task(id), _) => change(call, id).await,
            (Self::Score(id), _) => score(call, id).await,
            (Self::Sort(id), _) => sort(call, id).await,
            (Self::History(id), _) => history(call, id).await,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Score {
    direction: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scores {
    scores: Vec<Object<ScoreOf>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScoreOf {
    task: String,
    direction: String,
    op_id: Option<String>,
}

/// To which index something is moved.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct To {
    pub to: u32,
}

pub fn task(id: &str) -> Result<TaskId, AppError> {
    TaskId::parse(id).ok_or(AppError::NotFound("task"))
}

/// An id as it stands in a path.
pub fn segment(id: &str) -> String {
    utf8_percent_encode(id, ENCODED).to_string()
}

/// Of a write that takes no other parameter: `op_id`, and `If-Match`.
pub fn once(call: &Call<'_>) -> Result<Once, AppError> {
    let id = Query::read(call.request, &["op_id"])?.take("op_id");
    let id = id.map(|id| op_id("op_id", &id)).transpose()?;
    Ok(Once { id, if_version: call.if_match()? })
}

fn op_id(field: &str, id: &str) -> Result<OpId, AppError> {
    let problem = || format!("must have 1 to {} bytes", limits::HABIT_OP_ID_BYTES_MAX);
    OpId::parse(id).ok_or_else(|| AppError::invalid(field, problem()))
}

fn direction(field: &str, direction: &str) -> Result<Direction, AppError> {
    Direction::parse(direction).ok_or_else(|| AppError::invalid(field, "must be up or down"))
}

/// `GET /api/tasks?type=&tag=&completed=&page=&page_size=`, by type and in the order of each list.
async fn list(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let mut query = Query::read(call.request, &["type", "tag", "completed", "page", "page_size"])?;
    let kind = query.take("type").map(|kind| {
        let problem = "must be one of habit, daily, todo and reward";
        TaskKind::parse(&kind).ok_or_else(|| AppError::invalid("type", problem))
    });
    let (tag, completed) = (query.take("tag"), query.flag("completed")?);
    let page = query.page(50, limits::PAGE_SIZE_MAX)?;
    let filter = TaskFilter { kind: kind.transpose()?, tag, completed };
    Success::ok(&call.app.habit_tasks(identity, &filter, page).await?)
}

/// `POST /api/tasks?op_id=`, at the front of its list.
async fn create(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let once = once(call)?;
    let (id, kind, change) = body::<HabitTaskEdit>(call.request)?.read_new()?;
    if id.as_ref().is_some_and(|id| RESERVED.contains(&id.as_str())) {
        return Err(AppError::invalid("id", "is a word of this API").into());
    }
    let (task, _) = call.app.new_habit_task(identity, NewTask { id, kind, change }, once).await?;
    Success::created(format!("/api/tasks/{}", segment(&task.task.id)), &task)
}

/// `GET /api/tasks/:id`.
async fn show(call: &Call<'_>, id: &TaskId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let (task, version) = call.app.habit_task(identity, id).await?;
    Ok(Success::ok(&task)?.tagged(version))
}

/// `PATCH /api/tasks/:id?op_id=`.
async fn change(call: &Call<'_>, id: &TaskId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let once = once(call)?;
    let change = edit(call, id).await?.change()?;
    let (task, version) = call.app.change_habit_task(identity, id, change, once).await?;
    Ok(Success::ok(&task)?.tagged(version))
}

/// `PUT /api/tasks/:id?op_id=`: what is left out is as in a new task, save what was earned.
async fn replace(call: &Call<'_>, id: &TaskId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let once = once(call)?;
    let edit = edit(call, id).await?;
    edit.has_text()?;
    let (task, version) = call.app.replace_habit_task(identity, id, edit.change()?, once).await?;
    Ok(Success::ok(&task)?.tagged(version))
}

/// What is to be another of a task that is there. What the server says itself may be sent along as it is.
async fn edit(call: &Call<'_>, id: &TaskId) -> Result<HabitTaskEdit, Error> {
    let edit = body::<HabitTaskEdit>(call.request)?;
    if edit.has_ours() {
        edit.keeps(&call.app.habit_task(call.caller.identity()?, id).await?.0)?;
    }
    Ok(edit)
}

/// `DELETE /api/tasks/:id?op_id=`.
async fn delete(call: &Call<'_>, id: &TaskId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    call.app.delete_habit_task(identity, id, once(call)?).await?;
    Ok(Success::deleted())
}

/// `POST /api/tasks/:id/score?op_id=`.
async fn score(call: &Call<'_>, id: &TaskId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let once = once(call)?;
    let Score { direction: sent } = body(call.request)?;
    Success::ok(&call.app.score_habit_task(identity, id, direction("direction", &sent)?, once).await?)
}

/// `POST /api/tasks/score`: several in one commit, each with an id of its own.
async fn score_several(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let Scores { scores } = body(call.request)?;
    let scores = scores.into_iter().enumerate().map(|(index, Object(score))| {
        let field = |name: &str| format!("scores[{index}].{name}");
        let task = TaskId::parse(&score.task);
        Ok(NewScore {
            task: task.ok_or_else(|| AppError::invalid(field("task"), "cannot be a task's id"))?,
            direction: direction(&field("direction"), &score.direction)?,
            id: score.op_id.map(|id| op_id(&field("op_id"), &id)).transpose()?,
        })
    });
    let scores = scores.collect::<Result<_, AppError>>()?;
    Success::ok(&call.app.score_habit_tasks(identity, scores).await?)
}

/// `POST /api/tasks/:id/sort?op_id=`: to another place in its list.
async fn sort(call: &Call<'_>, id: &TaskId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let once = once(call)?;
    let To { to } = body(call.request)?;
    Success::ok(&call.app.move_habit_task(identity, id, to, once).await?)
}

/// `POST /api/tasks/clear-completed?op_id=`. There is nothing to say in a body.
async fn clear_completed(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    Success::ok(&call.app.clear_habits(identity, once(call)?).await?)
}

/// `GET /api/tasks/cron-preview`: what the next turn of the day will do.
async fn preview(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    Success::ok(&call.app.habit_forecast(identity).await?)
}

/// `GET /api/tasks/:id/history?page=&page_size=`, in the order of days.
async fn history(call: &Call<'_>, id: &TaskId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let page = Query::read(call.request, &["page", "page_size"])?.page(50, limits::PAGE_SIZE_MAX)?;
    Success::ok(&call.app.habit_history(identity, Of::Task(id.clone()), page).await?)
}

/// `GET /api/tasks/history?of=&page=&page_size=`: of all experience, or of the to-dos together.
async fn own_history(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let mut query = Query::read(call.request, &["of", "page", "page_size"])?;
    let of = match query.take("of").as_deref() {
        Some("exp") => Of::Exp,
        Some("todos") => Of::Todos,
        Some(_) => return Err(AppError::invalid("of", "must be exp or todos").into()),
        None => return Err(AppError::invalid("of", "is missing").into()),
    };
    let page = query.page(50, limits::PAGE_SIZE_MAX)?;
    Success::ok(&call.app.habit_history(identity, of, page).await?)
}
