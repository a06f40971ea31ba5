//! Boards of habits: operations from any device, each counted once, on a board that all devices of its user share.
//!
//! The board lies in the user's own aggregate, under a head of its own, as progress does: what a batch of operations does, what it
//! makes the user's other devices hear, and which operations were carried out is one commit. What an operation does is decided in
//! [`domain::habit`](crate::domain::habit); here documents are loaded, and what has changed is written. No wire is known here.

mod applying;
mod counting;
mod editing;
mod exported;
mod history;
mod kept;
mod leaving;
mod loading;
mod names;
mod previewing;
mod record;
mod running;
mod showing;
mod tasks;
mod telling;
mod trees;
mod turning;
mod whole;
mod writing;

use std::sync::Arc;

use bytes::Bytes;

use crate::app::AppError;
use crate::app::documents::{HabitAppliedDocument, HabitPlaces};
use crate::app::transact::encode;
use crate::backend::Version;
use crate::domain::habit::effect::Effect;
use crate::domain::habit::score::Scored;
use crate::domain::habit::task::TaskId;
use crate::domain::habit::{Board, HabitError, Op};
use crate::domain::ids::RunId;
use crate::limits;

pub use editing::{NewScore, NewTask, Once};
pub(in crate::app) use kept::KeptBoards;
use kept::Months;
pub use loading::Histories;
pub use previewing::Preview;
pub(in crate::app) use record::HabitsRecord;
pub use running::RUN_VARIABLES;
pub use showing::TaskFilter;
pub use trees::{node, number, scalar, tree, value_of};
pub use whole::{Owner, Whole};

/// An operation as a device has sent it.
#[derive(Clone, Debug, PartialEq)]
pub struct Submitted {
    pub op: Op,
    /// Makes it count once, however often it is sent.
    pub id: Option<OpId>,
}

/// 1 to [`limits::HABIT_OP_ID_BYTES_MAX`] bytes, made by the device; of one user's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpId(Arc<str>);

/// What has come of a batch.
#[derive(Clone, Debug)]
pub struct Applied {
    /// `_v`: how many commits have changed something, this one among them.
    pub v: u64,
    /// The version from which `effects` lead to `v`; `None`: nothing has changed, or others came in between.
    pub from: Option<u64>,
    /// As it is now.
    pub board: Arc<Board>,
    /// Of which there are documents of histories.
    months: Months,
    /// The day's turn first, if it has turned; what repeats is told once.
    pub effects: Vec<Effect>,
    /// What was not carried out, by its place in the batch.
    pub errors: Vec<(usize, HabitError)>,
    /// Of each operation, in their order.
    pub outcomes: Vec<Outcome>,
    /// Others had changed something since the version that the caller has seen.
    pub was_modified: bool,
}

/// What has come of one operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was carried out, though perhaps there was nothing to be done; `scored`: of a score that counted.
    Done {
        has_effect: bool,
        scored: Option<Scored>,
    },
    /// It had come before, and counted then.
    Known,
    Refused(HabitError),
    /// The task is not any more what the caller has seen.
    Stale,
}

/// A task as the caller has seen it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub task: TaskId,
    pub version: Version,
}

impl Applied {
    /// For a device that keeps a board of its own; `places`: where in its batch the operations stood.
    pub fn document(&self, places: HabitPlaces) -> HabitAppliedDocument {
        HabitAppliedDocument {
            v: self.v,
            from: self.from,
            changes: telling::changes(&self.board, &self.effects),
            errors: places.faults(&self.errors),
            was_modified: self.was_modified,
            reload: false,
        }
    }

    /// The same, written for the socket: what is too long for it is left out, and said to be there.
    pub fn told(&self, places: HabitPlaces) -> Result<Bytes, AppError> {
        let mut document = self.document(places);
        let whole = encode(&document)?;
        if whole.len() <= limits::HABIT_REPLY_BYTES_MAX || document.changes.is_empty() {
            return Ok(whole);
        }
        (document.changes, document.reload) = (Vec::new(), true);
        encode(&document)
    }
}

impl OpId {
    pub fn parse(text: &str) -> Option<Self> {
        (1..=limits::HABIT_OP_ID_BYTES_MAX).contains(&text.len()).then(|| Self(text.into()))
    }

    /// What a run does to a task. No device has to be kept from using it: it would only deprive its own user.
    fn of_run(run: RunId, task: &TaskId) -> Self {
        Self(format!("run:{run}:{task}").into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Op> for Submitted {
    fn from(op: Op) -> Self {
        Self { op, id: None }
    }
}
