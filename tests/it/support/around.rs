//! A store in front of another one, which does some verbs in its own way: for what a test needs of a store that goes away, loses
//! answers, or counts.

use std::ops::Deref;
use std::sync::Arc;

use futures::future::BoxFuture;
use runnity::backend::{
    Backend, BackendError, Commit, CommitError, Committed, Key, Range, Ranged, Replay, Since, Subscription, Topic,
    Versioned,
};

/// What is done in another way; the rest is `inner`'s.
pub trait Verbs: Send + Sync + Sized + 'static {
    fn read<'a>(
        &'a self,
        inner: &'a dyn Backend,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Versioned>, BackendError>> {
        inner.read(keys)
    }

    fn commit<'a>(&'a self, inner: &'a dyn Backend, commit: Commit) -> BoxFuture<'a, Result<Committed, CommitError>> {
        inner.commit(commit)
    }

    fn around(self, inner: Arc<dyn Backend>) -> Arc<Around<Self>> {
        Arc::new(Around { inner, verbs: self })
    }
}

pub struct Around<V> {
    inner: Arc<dyn Backend>,
    verbs: V,
}

impl<V> Deref for Around<V> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.verbs
    }
}

impl<V: Verbs> Backend for Around<V> {
    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Versioned>, BackendError>> {
        self.verbs.read(&*self.inner, keys)
    }

    fn range<'a>(&'a self, range: &'a Range) -> BoxFuture<'a, Result<Ranged, BackendError>> {
        self.inner.range(range)
    }

    fn replay<'a>(
        &'a self,
        topic: &'a Topic,
        since: &'a Since,
        limit: usize,
    ) -> BoxFuture<'a, Result<Replay, BackendError>> {
        self.inner.replay(topic, since, limit)
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        self.verbs.commit(&*self.inner, commit)
    }

    fn subscribe<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, Result<Subscription, BackendError>> {
        self.inner.subscribe(topic)
    }
}
