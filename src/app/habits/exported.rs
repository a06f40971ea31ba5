//! What an export holds of a user's board: all of it, and every history as far as it is kept.

use serde::Serialize;
use serde_json::{Value, json};

use crate::app::documents::{HabitStatsDocument, HabitTaskDocument};
use crate::app::habits::{Histories, trees};
use crate::app::{App, AppError};
use crate::domain::habit::day::date_text;
use crate::domain::habit::history::Of;
use crate::domain::habit::task::TaskKind;
use crate::domain::ids::UserId;

#[derive(Debug, Serialize)]
pub struct HabitsExport {
    stats: HabitStatsDocument,
    /// In the order of their lists.
    tasks: Vec<HabitTaskDocument>,
    tags: Vec<Value>,
    /// What nothing here reads.
    properties: Value,
    histories: Vec<HistoryExport>,
}

#[derive(Debug, Serialize)]
struct HistoryExport {
    /// `todos`, `exp`, or a task's id.
    of: String,
    task: bool,
    /// The day, the value, the run that has scored it.
    entries: Vec<(String, f64, Option<String>)>,
}

impl App {
    /// `None`: there is no board.
    pub(in crate::app) async fn exported_habits(&self, user: &UserId) -> Result<Option<HabitsExport>, AppError> {
        let Some(kept) = self.load_board(user).await? else { return Ok(None) };
        let board = &kept.board;
        let tasks = TaskKind::ALL.into_iter().flat_map(|kind| board.tasks(kind));
        let tags = board.hero.tags.iter().map(|tag| json!({ "id": tag.id, "name": tag.name }));
        Ok(Some(HabitsExport {
            stats: HabitStatsDocument::of(&board.hero.stats),
            tasks: tasks.map(|task| HabitTaskDocument::of(task)).collect(),
            tags: tags.collect(),
            properties: trees::value_of(&board.hero.other),
            histories: histories(self.habit_histories(user, i32::MIN).await?),
        }))
    }
}

fn histories(histories: Histories) -> Vec<HistoryExport> {
    let exported = histories.into_iter().map(|(of, history)| {
        let entries = history.entries().map(|it| (date_text(it.day), it.value, it.run.map(|run| run.to_string())));
        let (name, task) = match of {
            Of::Todos => ("todos".to_owned(), false),
            Of::Exp => ("exp".to_owned(), false),
            Of::Task(id) => (id.to_string(), true),
        };
        HistoryExport { of: name, task, entries: entries.collect() }
    });
    exported.collect()
}
