//! A store in memory that knows topics only, and that can be made to fail.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use parking_lot::Mutex;

use crate::backend::{
    Backend, BackendError, Change, Commit, CommitError, Committed, Cursor, Epoch, Heard, Key, Listener, Range, Ranged,
    Replay, Since, Subscription, Topic, Versioned,
};

#[derive(Default)]
pub struct Store {
    topics: Mutex<HashMap<Topic, Stream>>,
    is_deaf: AtomicBool,
    is_broken: AtomicBool,
    subscriptions: AtomicUsize,
}

struct Stream {
    epoch: u32,
    /// Changes up to this offset are forgotten.
    forgotten: u64,
    changes: Vec<Bytes>,
    listeners: Vec<Listener>,
    told: u64,
}

impl Store {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    pub fn append(&self, topic: &Topic, payload: String) {
        let is_deaf = self.is_deaf.load(Ordering::SeqCst);
        self.with(topic, |stream| {
            stream.changes.push(payload.clone().into());
            let cursor = stream.top();
            if !is_deaf {
                stream.told = cursor.offset;
                for listener in &stream.listeners {
                    listener.tell(Heard::Change { cursor: cursor.clone(), payload: payload.clone().into() });
                }
            }
        });
    }

    /// Tells a change that is not kept.
    pub fn pass(&self, topic: &Topic, payload: String) {
        self.with(topic, |stream| {
            let cursor = Cursor { offset: 0, ..stream.top() };
            for listener in &stream.listeners {
                listener.tell(Heard::Change { cursor: cursor.clone(), payload: payload.clone().into() });
            }
        });
    }

    /// Tells that changes were missed.
    pub fn lose(&self, topic: &Topic) {
        self.with(topic, |stream| stream.listeners.iter().for_each(|listener| listener.tell(Heard::Gap)));
    }

    /// While deaf, nobody is told of changes.
    pub fn deafen(&self, is_deaf: bool) {
        self.is_deaf.store(is_deaf, Ordering::SeqCst);
    }

    /// While broken, every question fails.
    pub fn break_down(&self, is_broken: bool) {
        self.is_broken.store(is_broken, Ordering::SeqCst);
    }

    /// Forgets all changes of a topic, with or without the offsets.
    pub fn forget(&self, topic: &Topic, new_epoch: bool) {
        self.with(topic, |stream| {
            stream.forgotten = if new_epoch { 0 } else { stream.top().offset };
            stream.epoch += u32::from(new_epoch);
            stream.changes.clear();
        });
    }

    /// Ends all subscriptions of a topic, as a store does that closes.
    pub fn hang_up(&self, topic: &Topic) {
        self.with(topic, |stream| stream.listeners.clear());
    }

    pub fn top(&self, topic: &Topic) -> u64 {
        self.with(topic, |stream| stream.top().offset)
    }

    /// The offset of the last change that listeners were told of.
    pub fn told(&self, topic: &Topic) -> u64 {
        self.with(topic, |stream| stream.told)
    }

    /// How often somebody has subscribed.
    pub fn subscriptions(&self) -> usize {
        self.subscriptions.load(Ordering::SeqCst)
    }

    /// How many subscriptions are open.
    pub fn listeners(&self) -> usize {
        let topics = self.topics.lock();
        topics.values().flat_map(|stream| &stream.listeners).filter(|listener| !listener.is_closed()).count()
    }

    fn with<T>(&self, topic: &Topic, act: impl FnOnce(&mut Stream) -> T) -> T {
        let mut topics = self.topics.lock();
        let new = || Stream { epoch: 1, forgotten: 0, changes: Vec::new(), listeners: Vec::new(), told: 0 };
        act(topics.entry(topic.clone()).or_insert_with(new))
    }

    fn check(&self) -> Result<(), BackendError> {
        if self.is_broken.load(Ordering::SeqCst) { Err(BackendError::Unavailable("broken".into())) } else { Ok(()) }
    }
}

impl Stream {
    fn top(&self) -> Cursor {
        let epoch = Epoch(format!("epoch{:03}", self.epoch).into());
        Cursor { epoch, offset: self.forgotten + self.changes.len() as u64 }
    }

    fn replay(&self, since: &Since, limit: usize) -> Replay {
        let top = self.top();
        let after = match since {
            Since::Oldest => self.forgotten,
            Since::Cursor(cursor) if cursor.epoch == top.epoch && cursor.offset <= top.offset => cursor.offset,
            Since::Cursor(_) => return Replay::Lost { top },
        };
        if after < self.forgotten {
            return Replay::Lost { top };
        }
        let change = |offset: u64| {
            let payload = self.changes[usize::try_from(offset - self.forgotten - 1).unwrap()].clone();
            Change { offset, payload }
        };
        Replay::Changes { changes: (after + 1..=top.offset).take(limit).map(change).collect(), top }
    }
}

/// The hub reads no keys and no index, and never publishes: it would hear of it.
fn never<T: Send + 'static, E: From<BackendError> + Send + 'static>() -> BoxFuture<'static, Result<T, E>> {
    std::future::ready(Err(BackendError::Damaged("the hub has no business here".into()).into())).boxed()
}

impl Backend for Store {
    fn read<'a>(&'a self, _: &'a [Key]) -> BoxFuture<'a, Result<Vec<Versioned>, BackendError>> {
        never()
    }

    fn range<'a>(&'a self, _: &'a Range) -> BoxFuture<'a, Result<Ranged, BackendError>> {
        never()
    }

    fn replay<'a>(
        &'a self,
        topic: &'a Topic,
        since: &'a Since,
        limit: usize,
    ) -> BoxFuture<'a, Result<Replay, BackendError>> {
        async move {
            self.check()?;
            Ok(self.with(topic, |stream| stream.replay(since, limit)))
        }
        .boxed()
    }

    fn commit(&self, _: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        never()
    }

    fn subscribe<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, Result<Subscription, BackendError>> {
        async move {
            self.check()?;
            let (listener, subscription) = Subscription::pair(64);
            self.with(topic, |stream| stream.listeners.push(listener));
            self.subscriptions.fetch_add(1, Ordering::SeqCst);
            Ok(subscription)
        }
        .boxed()
    }
}
