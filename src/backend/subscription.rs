//! The two ends of a subscription: a store tells, a subscriber hears. A lost stretch is told as a gap, never as silence.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use super::Heard;

/// An open subscription. Dropping it ends it.
pub struct Subscription {
    receiver: tokio::sync::mpsc::Receiver<Heard>,
    gap: Arc<Gap>,
}

/// The store's end of a [`Subscription`].
#[derive(Clone)]
pub struct Listener {
    sender: tokio::sync::mpsc::Sender<Heard>,
    gap: Arc<Gap>,
}

/// Set by the store when the queue was full: told as [`Heard::Gap`] once the queue is drained.
#[derive(Default)]
struct Gap {
    open: AtomicBool,
    /// Wakes a subscriber that had drained its queue just before the gap was noted.
    noted: Notify,
}

impl Subscription {
    /// A listener for the store and the subscription for who asked, with room for `queue_len_max` changes.
    pub fn pair(queue_len_max: usize) -> (Listener, Self) {
        let (sender, receiver) = tokio::sync::mpsc::channel(queue_len_max);
        let gap = Arc::new(Gap::default());
        (Listener { sender, gap: gap.clone() }, Self { receiver, gap })
    }

    /// The next thing heard; `None` when the store has closed.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            if self.receiver.is_empty() && self.gap.open.swap(false, Ordering::AcqRel) {
                return Some(Heard::Gap);
            }
            tokio::select! {
                biased;
                heard = self.receiver.recv() => return heard,
                () = self.gap.noted.notified() => {}
            }
        }
    }

    /// What is there already, without waiting: the rest of a group that arrived together.
    pub fn try_next(&mut self) -> Option<Heard> {
        match self.receiver.try_recv() {
            Ok(heard) => Some(heard),
            Err(_) => self.gap.open.swap(false, Ordering::AcqRel).then_some(Heard::Gap),
        }
    }
}

impl Listener {
    /// Tells the subscriber. Never waits: when its queue is full, this change is missed and the gap is noted.
    pub fn tell(&self, heard: Heard) {
        // While a gap is not yet told, later changes stay out too: what is heard after it must come after it.
        if self.gap.open.load(Ordering::Acquire) {
            return;
        }
        if self.sender.try_send(heard).is_err() {
            self.gap.open.store(true, Ordering::Release);
            self.gap.noted.notify_one();
        }
    }

    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}
