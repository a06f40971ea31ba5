//! Boards in memory: each state is known by its stamp, so one that is at hand is the one that is stored, or it is read anew.
//!
//! States that decisions have come to and that were never stored do no harm: no head has their stamp.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::domain::habit::Board;
use crate::domain::habit::history::Of;
use crate::domain::ids::UserId;
use crate::limits;

/// A board, and the months of which there are documents of histories.
#[derive(Clone, Debug)]
pub struct KeptBoard {
    pub board: Arc<Board>,
    pub months: Months,
}

/// By whose history it is; shared until one begins.
pub type Months = Arc<BTreeMap<Of, BTreeSet<u32>>>;

pub struct KeptBoards {
    inner: Mutex<Inner>,
    /// Who reads the board of a user from where it is kept; users share them.
    turns: Vec<Semaphore>,
}

struct Inner {
    boards: LruCache<UserId, States>,
    bytes: usize,
}

struct States {
    /// The one that decisions were last taken on as it was stored: those that go together make many states of it, and where they are
    /// taken once more they begin with this one.
    stored: Option<(u64, KeptBoard)>,
    /// The newest first.
    states: VecDeque<(u64, KeptBoard)>,
    /// Of the newest, roughly; what the others have is mostly the same.
    bytes: usize,
}

impl Default for KeptBoards {
    fn default() -> Self {
        let len_max = NonZeroUsize::new(limits::HABIT_BOARDS_LEN_MAX).unwrap_or(NonZeroUsize::MIN);
        let turns = (0..limits::HABIT_BOARDS_READ_AT_ONCE_MAX).map(|_| Semaphore::new(1));
        Self { inner: Mutex::new(Inner { boards: LruCache::new(len_max), bytes: 0 }), turns: turns.collect() }
    }
}

impl KeptBoards {
    /// The state of this stamp; `is_stored`: it is known to be the one that is stored.
    pub fn get(&self, user: &UserId, stamp: u64, is_stored: bool) -> Option<KeptBoard> {
        let mut inner = self.inner.lock();
        let States { stored, states, .. } = inner.boards.get_mut(user)?;
        let board =
            states.iter().chain(stored.as_ref()).find(|(known, _)| *known == stamp).map(|(_, it)| it.clone())?;
        if is_stored {
            *stored = Some((stamp, board.clone()));
        }
        Some(board)
    }

    /// Whose turn it is to read the board of this user: many want it at once where another instance has changed it, and the first one
    /// reads it for all.
    pub async fn turn(&self, user: &UserId) -> Option<SemaphorePermit<'_>> {
        let mut hasher = DefaultHasher::new();
        user.hash(&mut hasher);
        let len = u64::try_from(self.turns.len()).unwrap_or(1).max(1);
        let turn = self.turns.get(usize::try_from(hasher.finish() % len).unwrap_or_default())?;
        // They are never closed.
        turn.acquire().await.ok()
    }

    /// The newest that is known, which may be old or never have been stored.
    pub fn newest(&self, user: &UserId) -> Option<KeptBoard> {
        self.inner.lock().boards.get(user)?.states.front().map(|(_, board)| board.clone())
    }

    pub fn put(&self, user: &UserId, stamp: u64, board: KeptBoard) {
        let bytes = bytes_of(&board);
        // What makes room is dropped when others may go on.
        let mut gone = Vec::new();
        let mut inner = self.inner.lock();
        let (stored, mut states) = inner.boards.pop(user).map_or_else(Default::default, |known| {
            inner.bytes = inner.bytes.saturating_sub(known.bytes);
            (known.stored, known.states)
        });
        states.retain(|(known, _)| *known != stamp);
        states.push_front((stamp, board));
        let old = states.split_off(states.len().min(limits::HABIT_STATES_LEN_MAX));
        inner.bytes += bytes;
        if let Some((_, pushed)) = inner.boards.push(user.clone(), States { stored, states, bytes }) {
            inner.bytes = inner.bytes.saturating_sub(pushed.bytes);
            gone.push(pushed);
        }
        while inner.bytes > limits::HABIT_BOARDS_BYTES_MAX {
            let Some((_, oldest)) = inner.boards.pop_lru() else { break };
            inner.bytes = inner.bytes.saturating_sub(oldest.bytes);
            gone.push(oldest);
        }
        drop(inner);
        drop((old, gone));
    }

    pub fn forget(&self, user: &UserId) {
        let mut inner = self.inner.lock();
        if let Some(known) = inner.boards.pop(user) {
            inner.bytes = inner.bytes.saturating_sub(known.bytes);
        }
    }
}

fn bytes_of(kept: &KeptBoard) -> usize {
    const TASK: usize = 800;
    const MONTHS: usize = 200;
    TASK * (1 + kept.board.len()) + kept.board.bytes() + kept.months.len() * MONTHS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::habit::newcomer;
    use crate::domain::time::Timestamp;

    fn kept(text_len: usize) -> KeptBoard {
        let mut board = newcomer::board(1, 2, Timestamp::from_millis(0));
        board.hero.tags.clear();
        let op = crate::domain::habit::Op::Set {
            path: format!("tasks.{}.text", board.all_tasks().next().unwrap().id),
            value: crate::domain::habit::tree::Node::text(&"x".repeat(text_len)),
        };
        let zone = crate::domain::habit::day::Zone::UTC;
        let now = crate::domain::habit::Now { at: Timestamp::from_millis(0), zone };
        crate::domain::habit::ops::apply(&mut board, &op, now).unwrap();
        KeptBoard { board: Arc::new(board), months: Months::default() }
    }

    #[test]
    fn a_state_is_found_by_its_stamp_while_it_is_new() {
        let (boards, user) = (KeptBoards::default(), UserId::parse("aino").unwrap());
        for stamp in 1..=5 {
            boards.put(&user, stamp, kept(1));
        }
        let found: Vec<u64> = (1..=6).filter(|stamp| boards.get(&user, *stamp, false).is_some()).collect();
        assert_eq!(found, [3, 4, 5]);
        boards.forget(&user);
        assert!(boards.newest(&user).is_none());
        assert_eq!(boards.inner.lock().bytes, 0);
    }

    #[test]
    fn the_boards_that_were_asked_for_longest_ago_make_room() {
        let boards = KeptBoards::default();
        let user = |number: usize| UserId::parse(&format!("u{number}")).unwrap();
        let board = kept(64 * 1024);
        let len = limits::HABIT_BOARDS_BYTES_MAX / bytes_of(&board) + 10;
        (0..len).for_each(|number| boards.put(&user(number), 1, board.clone()));
        assert!(boards.newest(&user(0)).is_none() && boards.newest(&user(len - 1)).is_some());
        assert!(boards.inner.lock().bytes <= limits::HABIT_BOARDS_BYTES_MAX);
    }
}
