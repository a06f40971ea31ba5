//! Decisions over a store that carries a commit out, loses the answer, and sends it again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    let lanes = Lanes::<Count>::new(store.clone(), Workers::default(), Arc::new(Metrics::default()), Arc::default());
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

/// A store of one's own, whose commits wait until they are let go, and lanes on it.
fn held() -> (tempfile::TempDir, Arc<ForgetfulStore>, Arc<Lanes<Count>>) {
    let folder = tempfile::tempdir().expect("a directory");
    let clock = Clock::manual(Timestamp::from_millis(1_700_000_000_000));
    let store = Embedded::open(folder.path(), clock).expect("a store");
    let store = Arc::new(ForgetfulStore { store, permits: Semaphore::new(0) });
    let lanes = Lanes::new(store.clone(), Workers::default(), Arc::new(Metrics::default()), Arc::default());
    (folder, store, lanes)
}

/// Takes the seat of this name for `who` if it is free → who has it.
async fn sit(lanes: &Arc<Lanes<Count>>, seat: &'static str, who: u32) -> Result<u32, AppError> {
    let aggregate = Lanes::<Count>::aggregate("c");
    let sits = move |draft: &mut super::Draft<Count>| {
        if let Some(sitter) = draft.beside::<u32>(seat)? {
            return Ok(sitter);
        }
        draft.put_beside(seat, super::encode(&who)?);
        Ok(who)
    };
    lanes.transact_beside(aggregate, None, vec![seat.into()], sits).await
}

#[tokio::test]
async fn decisions_of_one_commit_see_what_the_ones_before_have_put_beside_the_head() {
    let (_folder, store, lanes) = held();
    let sitters = futures::future::join_all((1..=6).map(|who| sit(&lanes, ["a", "b"][who as usize % 2], who)));
    let (answers, ()) = tokio::join!(sitters, async { store.permits.add_permits(1_000) });
    let answers = answers.into_iter().collect::<Result<Vec<_>, _>>().expect("answers");
    assert_eq!(answers, [1, 2, 1, 2, 1, 2]);
}

#[tokio::test]
async fn decision_is_taken_again_when_only_what_stands_beside_the_head_was_changed_meanwhile() {
    let (_folder, store, lanes) = held();
    let aggregate = Lanes::<Count>::aggregate("c");
    let (decided, key) = (Arc::new(AtomicUsize::new(0)), aggregate.key("a"));
    let counts = decided.clone();
    let sits = lanes.transact_beside(aggregate, None, vec!["a".into()], move |draft| {
        counts.fetch_add(1, Ordering::SeqCst);
        let sitter = draft.beside::<u32>("a")?;
        if sitter.is_none() {
            draft.put_beside("a", super::encode(&1)?);
        }
        Ok(sitter.unwrap_or(1))
    });
    // Somebody else sits down after the seat was seen to be free, and does not touch the head.
    let other = async {
        while decided.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        let mut commit = Commit::on(key.aggregate.clone());
        commit.puts.push(crate::backend::Put { key, value: Some("9".into()) });
        store.store.commit(commit).await.expect("committed");
        store.permits.add_permits(1_000);
    };
    let (sitter, ()) = tokio::join!(sits, other);
    // The head is read afresh before it is believed that nothing is to be done.
    assert_eq!((sitter.expect("an answer"), lanes.metrics.conflicts.get()), (9, 1));
    assert!(decided.load(Ordering::SeqCst) > 1);
}

#[tokio::test]
async fn what_was_not_named_is_not_seen_and_a_refusal_leaves_nothing() {
    let (_folder, store, lanes) = held();
    store.permits.add_permits(1_000);
    let aggregate = Lanes::<Count>::aggregate("c");
    let peeks = lanes.transact_beside(aggregate.clone(), None, vec!["a".into()], |draft| draft.beside::<u32>("b"));
    assert!(matches!(peeks.await, Err(AppError::Internal)));
    let refuses = |draft: &mut super::Draft<Count>| {
        draft.put_beside("a", super::encode(&1)?);
        Err::<(), _>(AppError::Busy)
    };
    let (refused, sitter) =
        tokio::join!(lanes.transact_beside(aggregate, None, vec!["a".into()], refuses), sit(&lanes, "a", 2));
    assert!(refused.is_err());
    assert_eq!(sitter.expect("an answer"), 2);
}
