//! Decisions over a store that carries a commit out, loses the answer, and sends it again.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::{Lanes, OnceKey, Record};
use crate::app::AppError;
use crate::app::metrics::Metrics;
use crate::app::workers::Workers;
use crate::backend::embedded::Embedded;
use crate::backend::{
    Backend, BackendError, Commit, CommitError, Committed, Key, Range, Ranged, Replay, Since, Subscription, Topic,
    Versioned,
};
use crate::clock::Clock;
use crate::domain::time::Timestamp;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Count(u32);

impl Record for Count {
    const KIND: &'static str = "count";
}

struct ForgetfulStore {
    store: Embedded,
    /// Each commit takes one.
    permits: Semaphore,
}

impl Backend for ForgetfulStore {
    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Versioned>, BackendError>> {
        self.store.read(keys)
    }

    fn range<'a>(&'a self, range: &'a Range) -> BoxFuture<'a, Result<Ranged, BackendError>> {
        self.store.range(range)
    }

    fn replay<'a>(
        &'a self,
        topic: &'a Topic,
        since: &'a Since,
        limit: usize,
    ) -> BoxFuture<'a, Result<Replay, BackendError>> {
        self.store.replay(topic, since, limit)
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        Box::pin(async move {
            self.permits.acquire().await.expect("open").forget();
            if !commit.once.is_empty() {
                self.store.commit(commit.clone()).await?;
            }
            self.store.commit(commit).await
        })
    }

    fn subscribe<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, Result<Subscription, BackendError>> {
        self.store.subscribe(topic)
    }
}

#[tokio::test]
async fn decisions_that_wait_together_count_once_though_a_commit_is_sent_twice() {
    let folder = tempfile::tempdir().expect("a directory");
    let clock = Clock::manual(Timestamp::from_millis(1_700_000_000_000));
    let store = Embedded::open(folder.path(), clock).expect("a store");
    let store = Arc::new(ForgetfulStore { store, permits: Semaphore::new(0) });
    let lanes = Lanes::<Count>::new(store.clone(), Workers::default(), Arc::new(Metrics::default()));
    let count = |key: Option<&str>| {
        let once = key.map(|key| OnceKey { key: key.into(), digest: "".into() });
        lanes.transact(Lanes::<Count>::aggregate("c"), once, |draft| {
            let next = draft.record().map_or(1, |count| count.0 + 1);
            draft.put(Count(next));
            Ok::<_, AppError>(next)
        })
    };
    let all = futures::future::join_all([
        count(None),
        count(Some("a")),
        count(None),
        count(None),
        count(Some("b")),
        count(Some("c")),
    ]);
    // All of them wait before the first is committed.
    let (answers, ()) = tokio::join!(all, async { store.permits.add_permits(1_000) });
    let mut answers = answers.into_iter().collect::<Result<Vec<_>, _>>().expect("answers");
    answers.sort_unstable();
    assert_eq!(answers, [1, 2, 3, 4, 5, 6]);
}
