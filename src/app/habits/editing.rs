//! Operations one by one, for who wants to know what has come of each; and of several scores what has come of them.
//!
//! An operation without an id of its own has that of the POST that carries it, if that has a key: what is carried out once more
//! after an instance has ended counts once all the same.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::app::documents::{
    HabitClearedDocument, HabitHeroDocument, HabitItemDocument, HabitListedDocument, HabitScoreDocument,
    HabitScoredDocument, HabitScoresDocument, HabitStatsDocument, HabitTagDocument,
};
use crate::app::habits::applying::Cause;
use crate::app::habits::showing::{checklist_of, item_of, tag_of, tags_of, task_of};
use crate::app::habits::{Applied, OpId, Outcome, Seen, Submitted};
use crate::app::users::Identity;
use crate::app::{App, AppError, posted};
use crate::backend::Version;
use crate::domain::habit::effect::Effect;
use crate::domain::habit::hero::{HeroChange, Tag};
use crate::domain::habit::numbers::Direction;
use crate::domain::habit::ops::{ChecklistEdit, Goods, TagEdit};
use crate::domain::habit::task::{Item, TaskChange, TaskId, TaskKind};
use crate::domain::habit::{HabitError, Op};
use crate::domain::ids::UserId;
use crate::limits;

/// A task that is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTask {
    /// The device's own; or else the server makes one.
    pub id: Option<TaskId>,
    pub kind: TaskKind,
    pub change: TaskChange,
}

/// What makes a write count once, and what must still be so when it comes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Once {
    pub id: Option<OpId>,
    /// Of the task that is written.
    pub if_version: Option<Version>,
}

/// A score of several.
#[derive(Clone, Debug, PartialEq)]
pub struct NewScore {
    pub task: TaskId,
    pub direction: Direction,
    pub id: Option<OpId>,
}

impl App {
    /// At the front of its list. With the operation's id it is made once, and shown as it is now.
    ///
    /// # Errors
    /// [`AppError::Conflict`]: the id is another task's, there are too many, or the operation has come before and its task is gone.
    pub async fn new_habit_task(
        &self,
        identity: &Identity,
        new: NewTask,
        once: Once,
    ) -> Result<(HabitListedDocument, Version), AppError> {
        let op_id = once.id.or_else(|| posted_id("habit"));
        let made = || TaskId::parse(&made_id(&identity.user, op_id.as_ref())).ok_or(AppError::Internal);
        let id = new.id.map_or_else(made, Ok)?;
        let op = Op::Create { id: id.clone(), kind: new.kind, change: Box::new(new.change) };
        let (applied, _) = self.apply_habit(identity, op, Once { id: op_id, ..Once::default() }, None).await?;
        task_of(&applied.board, &id).map_err(was_made)
    }

    pub async fn change_habit_task(
        &self,
        identity: &Identity,
        id: &TaskId,
        change: TaskChange,
        once: Once,
    ) -> Result<(HabitListedDocument, Version), AppError> {
        let op = Op::Change { id: id.clone(), change: Box::new(change) };
        let (applied, _) = self.apply_habit(identity, op, once, Some(id)).await?;
        task_of(&applied.board, id)
    }

    /// What is left out is as in a new one.
    pub async fn replace_habit_task(
        &self,
        identity: &Identity,
        id: &TaskId,
        change: TaskChange,
        once: Once,
    ) -> Result<(HabitListedDocument, Version), AppError> {
        // A task is of one type as long as it is there.
        let kind = self.habit_task(identity, id).await?.0.task.kind;
        let kind = TaskKind::parse(&kind).ok_or(AppError::Internal)?;
        self.change_habit_task(identity, id, change.replacing(kind), once).await
    }

    pub async fn delete_habit_task(&self, identity: &Identity, id: &TaskId, once: Once) -> Result<(), AppError> {
        let op = Op::DelTask { id: id.clone(), kind: None };
        let (_, outcome) = self.apply_habit(identity, op, once, Some(id)).await?;
        was_there(&outcome, "task")
    }

    /// To this index, or to the end of its list.
    pub async fn move_habit_task(
        &self,
        identity: &Identity,
        id: &TaskId,
        to: u32,
        once: Once,
    ) -> Result<HabitListedDocument, AppError> {
        let op = Op::Move { id: id.clone(), to: i64::from(to) };
        let (applied, _) = self.apply_habit(identity, op, once, None).await?;
        Ok(task_of(&applied.board, id)?.0)
    }

    pub async fn score_habit_task(
        &self,
        identity: &Identity,
        id: &TaskId,
        direction: Direction,
        once: Once,
    ) -> Result<HabitScoreDocument, AppError> {
        let op = Op::Score { id: id.clone(), direction, run: None };
        let (applied, outcome) = self.apply_habit(identity, op, once, None).await?;
        let board = &applied.board;
        Ok(HabitScoreDocument {
            v: applied.v,
            result: HabitScoredDocument::of(id, &outcome),
            stats: HabitStatsDocument::of(&board.hero.stats),
            task: board.task(id).map(|task| HabitListedDocument::of(board, task)),
        })
    }

    /// In one commit. One that is refused does not keep the others from counting.
    ///
    /// # Errors
    /// [`AppError::Invalid`]: more than go in one commit.
    pub async fn score_habit_tasks(
        &self,
        identity: &Identity,
        scores: Vec<NewScore>,
    ) -> Result<HabitScoresDocument, AppError> {
        if scores.len() > limits::HABIT_OPS_A_COMMIT {
            let problem = format!("may hold {} at most", limits::HABIT_OPS_A_COMMIT);
            return Err(AppError::invalid("scores", problem));
        }
        let (tasks, ops): (Vec<TaskId>, Vec<Submitted>) = scores
            .into_iter()
            .enumerate()
            .map(|(index, NewScore { task, direction, id })| {
                let op = Op::Score { id: task.clone(), direction, run: None };
                (task, Submitted { op, id: id.or_else(|| posted_id(&format!("habit {index}"))) })
            })
            .unzip();
        let applied = self.apply_habits(identity, ops, None).await?;
        let results = tasks.iter().zip(&applied.outcomes).map(|(task, outcome)| HabitScoredDocument::of(task, outcome));
        let stats = HabitStatsDocument::of(&applied.board.hero.stats);
        Ok(HabitScoresDocument { v: applied.v, results: results.collect(), stats })
    }

    /// Takes away the to-dos that are done.
    pub async fn clear_habits(&self, identity: &Identity, once: Once) -> Result<HabitClearedDocument, AppError> {
        let (applied, _) = self.apply_habit(identity, Op::ClearCompleted, once, None).await?;
        let removed = applied.effects.iter().filter_map(|effect| match effect {
            Effect::TaskRemoved { id, .. } => Some(id.to_string()),
            _ => None,
        });
        Ok(HabitClearedDocument { v: applied.v, removed: removed.collect() })
    }

    /// At the end of the checklist.
    pub async fn new_habit_item(
        &self,
        identity: &Identity,
        id: &TaskId,
        item: (Option<String>, String, bool),
        once: Once,
    ) -> Result<HabitItemDocument, AppError> {
        let op_id = once.id.or_else(|| posted_id("habit"));
        let (item_id, text, is_completed) = item;
        let item_id = item_id.unwrap_or_else(|| made_id(&identity.user, op_id.as_ref()));
        let edit = ChecklistEdit::Add(Item { id: item_id.clone(), text, is_completed });
        let board = self.edit_habit_checklist(identity, id, edit, Once { id: op_id, ..once }).await?.0.board;
        item_of(&board, id, &item_id)
    }

    /// What is `None` stays as it is.
    pub async fn change_habit_item(
        &self,
        identity: &Identity,
        id: &TaskId,
        item: &str,
        change: (Option<String>, Option<bool>),
        once: Once,
    ) -> Result<HabitItemDocument, AppError> {
        let edit = ChecklistEdit::Change { item: item.to_owned(), text: change.0, is_completed: change.1 };
        let board = self.edit_habit_checklist(identity, id, edit, once).await?.0.board;
        item_of(&board, id, item)
    }

    /// To this index, or to the end → the whole list.
    pub async fn move_habit_item(
        &self,
        identity: &Identity,
        id: &TaskId,
        item: &str,
        to: usize,
        once: Once,
    ) -> Result<Vec<HabitItemDocument>, AppError> {
        let edit = ChecklistEdit::Move { item: item.to_owned(), to };
        let board = self.edit_habit_checklist(identity, id, edit, once).await?.0.board;
        checklist_of(&board, id)
    }

    pub async fn delete_habit_item(
        &self,
        identity: &Identity,
        id: &TaskId,
        item: &str,
        once: Once,
    ) -> Result<(), AppError> {
        let edit = ChecklistEdit::Remove { item: item.to_owned() };
        was_there(&self.edit_habit_checklist(identity, id, edit, once).await?.1, "item")
    }

    pub async fn new_habit_tag(
        &self,
        identity: &Identity,
        id: Option<String>,
        name: String,
        once: Once,
    ) -> Result<HabitTagDocument, AppError> {
        let op_id = once.id.or_else(|| posted_id("habit"));
        let id = id.unwrap_or_else(|| made_id(&identity.user, op_id.as_ref()));
        let op = Op::Tag(TagEdit::Add(Tag { id: id.clone(), name }));
        let (applied, _) = self.apply_habit(identity, op, Once { id: op_id, ..once }, None).await?;
        tag_of(&applied.board, &id).map_err(was_made)
    }

    pub async fn rename_habit_tag(
        &self,
        identity: &Identity,
        id: &str,
        name: String,
        once: Once,
    ) -> Result<HabitTagDocument, AppError> {
        let op = Op::Tag(TagEdit::Rename { tag: id.to_owned(), name });
        let (applied, _) = self.apply_habit(identity, op, once, None).await?;
        tag_of(&applied.board, id)
    }

    /// To this index, or to the end → all of them.
    pub async fn move_habit_tag(
        &self,
        identity: &Identity,
        id: &str,
        to: usize,
        once: Once,
    ) -> Result<Vec<HabitTagDocument>, AppError> {
        let op = Op::Tag(TagEdit::Move { tag: id.to_owned(), to });
        let (applied, _) = self.apply_habit(identity, op, once, None).await?;
        Ok(tags_of(&applied.board))
    }

    /// From all tasks too.
    pub async fn delete_habit_tag(&self, identity: &Identity, id: &str, once: Once) -> Result<(), AppError> {
        let op = Op::Tag(TagEdit::Remove { tag: id.to_owned() });
        was_there(&self.apply_habit(identity, op, once, None).await?.1, "tag")
    }

    pub async fn change_habit_hero(
        &self,
        identity: &Identity,
        change: HeroChange,
        once: Once,
    ) -> Result<HabitHeroDocument, AppError> {
        let op = Op::ChangeHero(Box::new(change));
        let (applied, _) = self.apply_habit(identity, op, once, None).await?;
        self.hero_of(identity, &applied.board).await
    }

    pub async fn buy_habit_goods(
        &self,
        identity: &Identity,
        goods: Goods,
        once: Once,
    ) -> Result<HabitHeroDocument, AppError> {
        let (applied, _) = self.apply_habit(identity, Op::Buy(goods), once, None).await?;
        self.hero_of(identity, &applied.board).await
    }

    pub async fn revive_habit_hero(&self, identity: &Identity, once: Once) -> Result<HabitHeroDocument, AppError> {
        let (applied, _) = self.apply_habit(identity, Op::Revive, once, None).await?;
        self.hero_of(identity, &applied.board).await
    }

    async fn edit_habit_checklist(
        &self,
        identity: &Identity,
        id: &TaskId,
        edit: ChecklistEdit,
        once: Once,
    ) -> Result<(Applied, Outcome), AppError> {
        self.apply_habit(identity, Op::Checklist { id: id.clone(), edit }, once, None).await
    }

    /// One operation; `task`: the one whose version is meant. What it is refused for is the error.
    async fn apply_habit(
        &self,
        identity: &Identity,
        op: Op,
        once: Once,
        task: Option<&TaskId>,
    ) -> Result<(Applied, Outcome), AppError> {
        let seen = task.zip(once.if_version).map(|(task, version)| Seen { task: task.clone(), version });
        let submitted = Submitted { op, id: once.id.or_else(|| posted_id("habit")) };
        let decided = self.apply_part(&identity.user, &[submitted], seen, Cause::Device).await?;
        let mut applied = decided.ok_or(AppError::NotFound("user"))?.applied(None);
        match applied.outcomes.pop().ok_or(AppError::Internal)? {
            Outcome::Refused(error) => Err(refusal(error)),
            Outcome::Stale => Err(AppError::Stale),
            outcome => Ok((applied, outcome)),
        }
    }
}

/// What is not there now was made when its operation came first.
fn was_made(error: AppError) -> AppError {
    match error {
        AppError::NotFound(what) => AppError::conflict(format!("this has made a {what} before, which is gone since")),
        other => other,
    }
}

/// What was sent before was there when it came first.
fn was_there(outcome: &Outcome, what: &'static str) -> Result<(), AppError> {
    match outcome {
        Outcome::Done { has_effect: false, .. } => Err(AppError::NotFound(what)),
        _ => Ok(()),
    }
}

/// Of the POST that is carried out, if it has a key. `what`: tells those of one POST apart.
fn posted_id(what: &str) -> Option<OpId> {
    OpId::parse(&posted::once(what)?.key)
}

/// Something new is called the same when its operation comes again.
fn made_id(user: &UserId, op: Option<&OpId>) -> String {
    let Some(op) = op else { return Uuid::new_v4().to_string() };
    let digest = Sha256::digest(format!("{user} {}", op.as_str()).as_bytes());
    let half = digest.iter().take(16).fold(0_u128, |half, &byte| half << 8 | u128::from(byte));
    uuid::Builder::from_random_bytes(half.to_be_bytes()).into_uuid().to_string()
}

fn refusal(error: HabitError) -> AppError {
    let message = error.to_string();
    match error {
        HabitError::TaskId => AppError::invalid("id", "cannot be a task's id"),
        HabitError::TaskKind => AppError::invalid("type", "must be one of habit, daily, todo and reward"),
        HabitError::NoTask => AppError::NotFound("task"),
        HabitError::NoTag => AppError::NotFound("tag"),
        HabitError::NoItem => AppError::NotFound("item"),
        HabitError::UnknownTag => AppError::invalid("tags", "holds an id that is no tag's"),
        HabitError::Member(member) => AppError::invalid(member, "is out of bounds, or is none of what this has"),
        HabitError::TooLong { member, bytes_max } => {
            AppError::invalid(member, format!("has more than {bytes_max} bytes"))
        }
        HabitError::TooMany { what: what @ ("tasks" | "tags"), len_max } => {
            AppError::conflict(format!("there are {len_max} {what} already"))
        }
        HabitError::TooMany { what: "reminders", len_max } => {
            AppError::invalid("reminders", format!("has more than {len_max}"))
        }
        HabitError::TooMany { len_max, .. } => AppError::invalid("checklist", format!("has more than {len_max} items")),
        HabitError::Taken
        | HabitError::TagTaken
        | HabitError::ItemTaken
        | HabitError::Full { .. }
        | HabitError::Protected(_)
        | HabitError::NotEnoughGold
        | HabitError::NothingBetter
        | HabitError::Dead
        | HabitError::Alive => AppError::conflict(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operation_makes_is_called_the_same_again() {
        let user = |name: &str| UserId::parse(name).unwrap();
        let id = |user: &UserId, op: &str| made_id(user, OpId::parse(op).as_ref());
        let (aino, bela) = (user("aino"), user("bela"));
        assert_eq!(id(&aino, "one"), id(&aino, "one"));
        assert_ne!(id(&aino, "one"), id(&aino, "two"));
        assert_ne!(id(&aino, "one"), id(&bela, "one"));
        assert_ne!(made_id(&aino, None), made_id(&aino, None));
        assert!(TaskId::parse(&id(&aino, "one")).is_some());
    }

    #[test]
    fn refusals_name_what_is_wrong() {
        let long = HabitError::TooLong { member: "text", bytes_max: 7 };
        assert_eq!(refusal(long).to_string(), "text: has more than 7 bytes");
        assert_eq!(refusal(HabitError::NotEnoughGold).to_string(), "Not enough GP");
        assert!(matches!(refusal(HabitError::NoItem), AppError::NotFound("item")));
    }
}
