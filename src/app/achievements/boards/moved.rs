//! Who has moved on which board, on this instance, since it was last told.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::domain::achievement::MeasureId;
use crate::domain::ids::UserId;
use crate::limits;

#[derive(Default)]
pub struct StandingsMoved {
    waiting: Mutex<BTreeMap<MeasureId, BTreeSet<UserId>>>,
    wake: Notify,
}

impl StandingsMoved {
    /// The user has moved on these boards.
    pub fn note(&self, user: &UserId, boards: &[MeasureId]) {
        if boards.is_empty() {
            return;
        }
        let mut waiting = self.waiting.lock();
        for board in boards {
            let moved = waiting.entry(*board).or_default();
            // The others are seen where they stand, and not told as moved.
            if moved.len() < limits::STANDINGS_MOVED_LEN_MAX {
                moved.insert(user.clone());
            }
        }
        drop(waiting);
        self.wake.notify_one();
    }

    pub fn take(&self) -> BTreeMap<MeasureId, BTreeSet<UserId>> {
        std::mem::take(&mut *self.waiting.lock())
    }

    /// Until there is something.
    pub async fn wait(&self) {
        while self.waiting.lock().is_empty() {
            self.wake.notified().await;
        }
    }
}
