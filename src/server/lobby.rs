//! Who was let in and has not asked for anything yet: at most so many. When there are more, those who have been silent for
//! longest make room, so that hand-shakes which are never finished keep nobody out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

pub struct Lobby {
    len_max: usize,
    /// How long nobody has to make room.
    patience: Duration,
    waiting: Mutex<Waiting>,
    has_left: Notify,
}

#[derive(Default)]
struct Waiting {
    next: u64,
    /// In the order in which they came.
    all: BTreeMap<u64, Waiter>,
}

struct Waiter {
    since: Instant,
    is_to_go: Arc<Notify>,
}

/// A place in the lobby. Dropping it is leaving.
pub struct Seat {
    lobby: Arc<Lobby>,
    number: u64,
    is_to_go: Arc<Notify>,
    is_in: AtomicBool,
}

impl Lobby {
    pub fn new(len_max: usize, patience: Duration) -> Arc<Self> {
        Arc::new(Self { len_max, patience, waiting: Mutex::default(), has_left: Notify::new() })
    }

    /// Returns when there is room for one more.
    pub async fn room(&self) {
        while let Some(until) = self.full_until() {
            tokio::select! {
                () = self.has_left.notified() => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    /// When to look again, if there is no room.
    fn full_until(&self) -> Option<Instant> {
        let mut waiting = self.waiting.lock();
        if waiting.all.len() < self.len_max {
            return None;
        }
        let oldest = waiting.all.first_entry()?;
        let until = oldest.get().since + self.patience;
        if until > Instant::now() {
            return Some(until);
        }
        oldest.remove().is_to_go.notify_one();
        None
    }

    pub fn enter(self: &Arc<Self>) -> Seat {
        let is_to_go = Arc::new(Notify::new());
        let mut waiting = self.waiting.lock();
        let number = waiting.next;
        waiting.next += 1;
        waiting.all.insert(number, Waiter { since: Instant::now(), is_to_go: is_to_go.clone() });
        Seat { lobby: self.clone(), number, is_to_go, is_in: AtomicBool::new(true) }
    }
}

impl Seat {
    /// It has asked for something.
    pub fn leave(&self) {
        if self.is_in.swap(false, Ordering::Relaxed) {
            let left = self.lobby.waiting.lock().all.remove(&self.number);
            if left.is_some() {
                self.lobby.has_left.notify_one();
            }
        }
    }

    /// Returns when it has to make room.
    pub async fn is_to_go(&self) {
        self.is_to_go.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    const PATIENCE: Duration = Duration::from_secs(2);

    #[tokio::test(start_paused = true)]
    async fn who_has_been_silent_for_longest_makes_room() {
        let lobby = Lobby::new(2, PATIENCE);
        let mut seats = Vec::new();
        for _ in 0..2 {
            lobby.room().await;
            seats.push(lobby.enter());
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        let began = Instant::now();
        lobby.room().await;
        assert_eq!(began.elapsed(), Duration::ZERO, "the first has had its two seconds");
        assert!(seats[0].is_to_go().now_or_never().is_some());
        assert!(seats[1].is_to_go().now_or_never().is_none());
        seats.push(lobby.enter());
        lobby.room().await;
        assert!(began.elapsed() >= Duration::from_secs(1), "the second has its own");
        assert!(seats[1].is_to_go().now_or_never().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_for_something_makes_room_and_may_stay() {
        let lobby = Lobby::new(1, PATIENCE);
        let seat = lobby.enter();
        assert!(lobby.room().now_or_never().is_none());
        seat.leave();
        lobby.room().await;
        let next = lobby.enter();
        drop(seat);
        assert!(lobby.room().now_or_never().is_none(), "nobody leaves twice");
        drop(next);
        lobby.room().await;
        tokio::time::advance(Duration::from_secs(60)).await;
        let seat = lobby.enter();
        seat.leave();
        lobby.room().await;
        assert!(seat.is_to_go().now_or_never().is_none());
    }
}
