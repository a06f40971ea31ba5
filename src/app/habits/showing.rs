//! A board as it is asked for part by part. Whoever asks first on a new day turns it, as with any operation.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::app::documents::{
    HabitEntryDocument, HabitForecastDocument, HabitHeroDocument, HabitItemDocument, HabitListedDocument,
    HabitTagDocument, HabitTaskDocument,
};
use crate::app::habits::{Months, Seen};
use crate::app::runs::Page;
use crate::app::users::Identity;
use crate::app::{App, AppError};
use crate::backend::Version;
use crate::domain::habit::history::Of;
use crate::domain::habit::task::{Task, TaskId, TaskKind};
use crate::domain::habit::{Board, cron};

/// Which tasks are asked for. What is `None` is left open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFilter {
    pub kind: Option<TaskKind>,
    /// A tag's id.
    pub tag: Option<String>,
    /// Of those that have a tick.
    pub completed: Option<bool>,
}

impl TaskFilter {
    fn takes(&self, task: &Task) -> bool {
        self.tag.as_ref().is_none_or(|tag| task.tags.contains(tag))
            && self.completed.is_none_or(|completed| task.kind.has_tick() && task.completed == completed)
    }
}

/// Of what is shown of a task: another one when it is another, whatever else happens on the board.
pub(super) fn version_of(task: &Task) -> Version {
    let Ok(shown) = serde_json::to_vec(&HabitTaskDocument::of(task)) else { return Version::NEVER };
    Version(Sha256::digest(shown).iter().take(8).fold(0, |hash: u64, &byte| hash << 8 | u64::from(byte)))
}

/// Whether the task is what the caller has seen. Of one that is not there another says so.
pub(super) fn is_so(board: &Board, seen: &Seen) -> bool {
    board.task(&seen.task).is_none_or(|task| version_of(task) == seen.version)
}

pub(super) fn task_of(board: &Board, id: &TaskId) -> Result<(HabitListedDocument, Version), AppError> {
    let task = board.task(id).ok_or(AppError::NotFound("task"))?;
    Ok((HabitListedDocument::of(board, task), version_of(task)))
}

pub(super) fn checklist_of(board: &Board, id: &TaskId) -> Result<Vec<HabitItemDocument>, AppError> {
    task_of(board, id)?.0.task.checklist.ok_or(AppError::NotFound("checklist"))
}

pub(super) fn item_of(board: &Board, id: &TaskId, item: &str) -> Result<HabitItemDocument, AppError> {
    let found = checklist_of(board, id)?.into_iter().find(|it| it.id == item);
    found.ok_or(AppError::NotFound("item"))
}

pub(super) fn tags_of(board: &Board) -> Vec<HabitTagDocument> {
    board.hero.tags.iter().map(HabitTagDocument::of).collect()
}

pub(super) fn tag_of(board: &Board, id: &str) -> Result<HabitTagDocument, AppError> {
    let tag = board.hero.tags.iter().find(|tag| tag.id == id);
    tag.map(HabitTagDocument::of).ok_or(AppError::NotFound("tag"))
}

impl App {
    /// By type (habits, dailies, to-dos, rewards), in the order of each list.
    pub async fn habit_tasks(
        &self,
        identity: &Identity,
        filter: &TaskFilter,
        page: Page,
    ) -> Result<Vec<HabitListedDocument>, AppError> {
        let board = self.habit_board(identity).await?;
        let kinds = TaskKind::ALL.into_iter().filter(|kind| filter.kind.is_none_or(|wanted| wanted == *kind));
        let tasks = kinds.flat_map(|kind| board.tasks(kind)).filter(|task| filter.takes(task));
        let tasks = tasks.skip(page.skipped()).take(page.size);
        Ok(tasks.map(|task| HabitListedDocument::of(&board, task)).collect())
    }

    /// With the version of what is shown of it, save its place.
    pub async fn habit_task(
        &self,
        identity: &Identity,
        id: &TaskId,
    ) -> Result<(HabitListedDocument, Version), AppError> {
        task_of(&*self.habit_board(identity).await?, id)
    }

    pub async fn habit_checklist(&self, identity: &Identity, id: &TaskId) -> Result<Vec<HabitItemDocument>, AppError> {
        checklist_of(&*self.habit_board(identity).await?, id)
    }

    pub async fn habit_item(
        &self,
        identity: &Identity,
        id: &TaskId,
        item: &str,
    ) -> Result<HabitItemDocument, AppError> {
        item_of(&*self.habit_board(identity).await?, id, item)
    }

    /// In their order.
    pub async fn habit_tags(&self, identity: &Identity) -> Result<Vec<HabitTagDocument>, AppError> {
        Ok(tags_of(&*self.habit_board(identity).await?))
    }

    pub async fn habit_tag(&self, identity: &Identity, id: &str) -> Result<HabitTagDocument, AppError> {
        tag_of(&*self.habit_board(identity).await?, id)
    }

    pub async fn habit_hero(&self, identity: &Identity) -> Result<HabitHeroDocument, AppError> {
        self.hero_of(identity, &*self.habit_board(identity).await?).await
    }

    /// In the order of days.
    pub async fn habit_history(
        &self,
        identity: &Identity,
        of: Of,
        page: Page,
    ) -> Result<Vec<HabitEntryDocument>, AppError> {
        let applied = self.apply_habits(identity, Vec::new(), None).await?;
        let board = &applied.board;
        if let Of::Task(id) = &of
            && board.task(id).is_none()
        {
            return Err(AppError::NotFound("task"));
        }
        let account = self.account(&identity.user).await?.ok_or(AppError::NotFound("user"))?;
        let today = board.hero.calendar(board.hero.zone(account.said_zone)).day_of(self.clock.now());
        let months = applied.months.get(&of).map(|months| (of.clone(), months.clone()));
        let months = Months::new(months.into_iter().collect());
        let histories = self.histories_of(&identity.user, months, today).await?;
        let entries = histories.get(&of).into_iter().flat_map(|history| history.entries());
        Ok(entries.skip(page.skipped()).take(page.size).map(HabitEntryDocument::of).collect())
    }

    /// What the next turn of the day will do if nothing is done until then.
    pub async fn habit_forecast(&self, identity: &Identity) -> Result<HabitForecastDocument, AppError> {
        let preview = self.preview_habits(identity).await?;
        Ok(HabitForecastDocument::of(preview.at, &preview.turned, &preview.before, &preview.after))
    }

    pub(super) async fn hero_of(&self, identity: &Identity, board: &Board) -> Result<HabitHeroDocument, AppError> {
        let account = self.account(&identity.user).await?.ok_or(AppError::NotFound("user"))?;
        Ok(HabitHeroDocument::of(&board.hero, cron::next_turn(board, board.hero.zone(account.said_zone))))
    }

    async fn habit_board(&self, identity: &Identity) -> Result<Arc<Board>, AppError> {
        Ok(self.apply_habits(identity, Vec::new(), None).await?.board)
    }
}
