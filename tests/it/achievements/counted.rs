//! A store that counts what is read of users' progress and what is written there.

use std::sync::Arc;

use futures::future::BoxFuture;
use parking_lot::Mutex;
use runnity::backend::{
    Backend, BackendError, Commit, CommitError, Committed, Key, Range, Ranged, Replay, Since, Subscription, Topic,
    Versioned,
};

pub struct Counted {
    inner: Arc<dyn Backend>,
    counts: Mutex<Counts>,
}

/// The names of documents beside users' heads.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub read: Vec<String>,
    pub put: Vec<String>,
    pub commits: Vec<Commit>,
}

impl Counted {
    pub fn on(inner: Arc<dyn Backend>) -> Arc<Self> {
        Arc::new(Self { inner, counts: Mutex::default() })
    }

    /// Since this was asked last.
    pub fn take(&self) -> Counts {
        std::mem::take(&mut *self.counts.lock())
    }
}

fn of_users<'a>(keys: impl Iterator<Item = &'a Key>) -> Vec<String> {
    let keys = keys.filter(|key| key.aggregate.as_str().starts_with("user/"));
    keys.map(|key| key.name.to_string()).collect()
}

impl Backend for Counted {
    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Versioned>, BackendError>> {
        self.counts.lock().read.extend(of_users(keys.iter()));
        self.inner.read(keys)
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
        {
            let mut counts = self.counts.lock();
            counts.put.extend(of_users(commit.puts.iter().map(|put| &put.key)));
            counts.commits.push(commit.clone());
        }
        self.inner.commit(commit)
    }

    fn subscribe<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, Result<Subscription, BackendError>> {
        self.inner.subscribe(topic)
    }
}
