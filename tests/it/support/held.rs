//! A store that lets nobody begin to listen, carries out some commits no sooner, or says no sooner what is in some indexes, for
//! as long as it is told so.

use std::sync::Arc;

use futures::future::BoxFuture;
use parking_lot::Mutex;
use runnity::backend::{
    Backend, BackendError, Commit, CommitError, Committed, Key, Range, Ranged, Replay, Since, Subscription, Topic,
    Versioned,
};
use tokio::sync::watch;

/// Which commits wait.
type Which = Arc<dyn Fn(&Commit) -> bool + Send + Sync>;

pub struct Held {
    inner: Arc<dyn Backend>,
    is_held: watch::Sender<bool>,
    commits: watch::Sender<Option<Which>>,
    /// The indexes of these names.
    indexes: watch::Sender<Vec<String>>,
    /// The topics that somebody has wanted to listen to.
    asked: Mutex<Vec<String>>,
}

impl Held {
    pub fn on(inner: Arc<dyn Backend>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            is_held: watch::Sender::new(false),
            commits: watch::Sender::new(None),
            indexes: watch::Sender::default(),
            asked: Mutex::default(),
        })
    }

    pub fn hold(&self) {
        self.is_held.send_replace(true);
    }

    pub fn let_go(&self) {
        self.is_held.send_replace(false);
    }

    pub fn hold_commits(&self, which: impl Fn(&Commit) -> bool + Send + Sync + 'static) {
        self.commits.send_replace(Some(Arc::new(which)));
    }

    pub fn let_commits_go(&self) {
        self.commits.send_replace(None);
    }

    /// Nobody is told any more what is in these.
    pub fn hold_indexes(&self, names: &[&str]) {
        self.indexes.send_replace(names.iter().map(|name| (*name).to_owned()).collect());
    }

    /// Whether somebody has wanted to listen to a topic whose name ends so.
    pub fn was_asked(&self, name: &str) -> bool {
        self.asked.lock().iter().any(|topic| topic.ends_with(name))
    }
}

impl Backend for Held {
    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Versioned>, BackendError>> {
        self.inner.read(keys)
    }

    fn range<'a>(&'a self, range: &'a Range) -> BoxFuture<'a, Result<Ranged, BackendError>> {
        Box::pin(async move {
            let is_free = |names: &Vec<String>| !names.iter().any(|name| name == range.index.as_str());
            let _ = self.indexes.subscribe().wait_for(is_free).await;
            self.inner.range(range).await
        })
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
        Box::pin(async move {
            let which = self.commits.borrow().clone();
            if which.is_some_and(|is_held| is_held(&commit)) {
                let _ = self.commits.subscribe().wait_for(Option::is_none).await;
            }
            self.inner.commit(commit).await
        })
    }

    fn subscribe<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, Result<Subscription, BackendError>> {
        Box::pin(async move {
            self.asked.lock().push(topic.aggregate.to_string());
            // The sender lives as long as this does.
            let _ = self.is_held.subscribe().wait_for(|is_held| !is_held).await;
            self.inner.subscribe(topic).await
        })
    }
}
