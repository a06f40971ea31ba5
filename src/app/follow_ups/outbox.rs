//! What this instance has caused and not carried out yet: the aggregates on which it stands, each once, in turn.
//!
//! Kept in memory alone: what is lost of it is left behind, and found in the store.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Queue;
use crate::app::App;
use crate::backend::{AggregateId, Commit};
use crate::limits;

#[derive(Default)]
pub struct Outbox {
    rights: Lane,
    swift: Lane,
    rosters: Lane,
    counts: Lane,
}

/// Which queues a commit adds to.
#[derive(Clone, Copy, Debug)]
pub struct Causes([bool; Queue::ALL.len()]);

#[derive(Default)]
struct Lane {
    waiting: Mutex<Waiting>,
    woken: Notify,
}

#[derive(Default)]
struct Waiting {
    turns: VecDeque<AggregateId>,
    /// Of those that wait and those that are being taken care of.
    standings: HashMap<AggregateId, Standing>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Waits,
    /// `again`: more was caused since it was begun.
    UnderWay {
        again: bool,
    },
}

impl Causes {
    pub fn of(commit: &Commit) -> Self {
        let adds_to =
            |queue: Queue| commit.moves.iter().any(|it| it.score.is_some() && it.index.as_str() == queue.name());
        Self(Queue::ALL.map(adds_to))
    }
}

impl Outbox {
    /// Follow-ups were written on this aggregate: they are to be carried out.
    pub fn wake(&self, aggregate: &AggregateId, causes: Causes) {
        for (queue, _) in Queue::ALL.into_iter().zip(causes.0).filter(|(_, is_added_to)| *is_added_to) {
            self.lane(queue).wake(aggregate);
        }
    }

    /// Whether this instance is about to carry out what waits on this aggregate, or is at it.
    pub fn is_at(&self, queue: Queue, aggregate: &AggregateId) -> bool {
        self.lane(queue).waiting.lock().standings.contains_key(aggregate)
    }

    fn lane(&self, queue: Queue) -> &Lane {
        match queue {
            Queue::Rights => &self.rights,
            Queue::Swift => &self.swift,
            Queue::Rosters => &self.rosters,
            Queue::Counts => &self.counts,
        }
    }
}

impl Lane {
    fn wake(&self, aggregate: &AggregateId) {
        let mut waiting = self.waiting.lock();
        let is_full = waiting.standings.len() >= limits::OUTBOX_LEN_MAX;
        match waiting.standings.get_mut(aggregate) {
            Some(Standing::Waits) => return,
            Some(Standing::UnderWay { again }) => {
                *again = true;
                return;
            }
            // Left behind, for whoever has the lease.
            None if is_full => return,
            None => {}
        }
        waiting.standings.insert(aggregate.clone(), Standing::Waits);
        waiting.turns.push_back(aggregate.clone());
        drop(waiting);
        self.woken.notify_one();
    }

    /// Whose turn it is.
    fn take(&self) -> Option<AggregateId> {
        let mut waiting = self.waiting.lock();
        let aggregate = waiting.turns.pop_front()?;
        waiting.standings.insert(aggregate.clone(), Standing::UnderWay { again: false });
        Some(aggregate)
    }

    /// Its turn is over; if there is more, it has another after the others.
    fn done(&self, aggregate: AggregateId, is_more: bool) {
        let mut waiting = self.waiting.lock();
        let again = waiting.standings.get(&aggregate) == Some(&Standing::UnderWay { again: true });
        if is_more || again {
            waiting.standings.insert(aggregate.clone(), Standing::Waits);
            waiting.turns.push_back(aggregate);
        } else {
            waiting.standings.remove(&aggregate);
        }
    }
}

impl App {
    /// Carries out what this instance has caused, several aggregates at once, until the process is to end.
    pub(in crate::app) async fn serve_outbox(self: Arc<Self>, queue: Queue) {
        let closing = self.workers.closing().clone();
        let lane = self.outbox.lane(queue);
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < queue.at_once()
                && let Some(aggregate) = lane.take()
            {
                under_way.push(self.carry_out_on(queue, aggregate));
            }
            tokio::select! {
                () = closing.cancelled() => break,
                () = lane.woken.notified() => {}
                Some((aggregate, done)) = under_way.next() => {
                    // What failed is left behind: whoever has the lease finds it.
                    let is_more = done.inspect_err(|error| {
                        tracing::warn!(%error, "follow-ups could not be carried out; they are tried again");
                    });
                    lane.done(aggregate, is_more.unwrap_or(false));
                }
            }
        }
        while under_way.next().await.is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aggregates_take_turns_and_none_is_taken_twice_at_once() {
        let lane = Lane::default();
        let [one, other] = ["event/1", "event/2"].map(AggregateId::from_stored);
        lane.wake(&one);
        lane.wake(&other);
        lane.wake(&one);
        assert_eq!(lane.take(), Some(one.clone()));
        lane.wake(&one);
        assert_eq!(lane.take(), Some(other.clone()));
        assert_eq!(lane.take(), None, "it is under way");
        lane.done(one.clone(), false);
        assert_eq!(lane.take(), Some(one.clone()), "more was caused meanwhile");
        lane.done(other.clone(), true);
        lane.done(one, false);
        assert_eq!(lane.take(), Some(other.clone()), "it had not come to its end");
        lane.done(other, false);
        assert_eq!((lane.take(), lane.waiting.lock().standings.len()), (None, 0));
    }
}
