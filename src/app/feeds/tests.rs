//! What is told when the store fails for a part of it.

use std::collections::BTreeSet;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::*;
use crate::app::Settings;
use crate::backend::{
    Backend, BackendError, CommitError, Committed, Key, Range, Ranged, Replay, Since, Subscription, Version, Versioned,
};
use crate::clock::Clock;

/// Takes all commits but those for one event, and nothing else.
struct Refusing {
    refused: Mutex<Option<AggregateId>>,
    told: Mutex<BTreeSet<AggregateId>>,
}

/// Feeds only tell: whatever else they asked the store would fail, and with it the test.
fn not_asked<'a, T: Send + 'a>() -> BoxFuture<'a, Result<T, BackendError>> {
    async { Err(BackendError::Unavailable("this is not asked here".into())) }.boxed()
}

impl Backend for Refusing {
    fn read<'a>(&'a self, _: &'a [Key]) -> BoxFuture<'a, Result<Vec<Versioned>, BackendError>> {
        not_asked()
    }

    fn range<'a>(&'a self, _: &'a Range) -> BoxFuture<'a, Result<Ranged, BackendError>> {
        not_asked()
    }

    fn replay<'a>(&'a self, _: &'a Topic, _: &'a Since, _: usize) -> BoxFuture<'a, Result<Replay, BackendError>> {
        not_asked()
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        async move {
            if *self.refused.lock() == Some(commit.aggregate.clone()) {
                return Err(BackendError::Unavailable("refused".into()).into());
            }
            tokio::task::yield_now().await;
            self.told.lock().insert(commit.aggregate);
            Ok(Committed { version: Version::ABSENT, cursors: Vec::new() })
        }
        .boxed()
    }

    fn subscribe<'a>(&'a self, _: &'a Topic) -> BoxFuture<'a, Result<Subscription, BackendError>> {
        not_asked()
    }
}

#[tokio::test]
async fn what_could_be_told_is_told_and_the_rest_waits() {
    let topic = |event: u64| event_topic(EventId::new(event).unwrap());
    let refused = topic(7).aggregate;
    let store = Arc::new(Refusing { refused: Mutex::new(Some(refused.clone())), told: Mutex::default() });
    let app = App::new(store.clone(), Clock::system(), Settings::default());
    let events = 1..=limits::FEEDS_AT_ONCE as u64 * 3;
    for event in events.clone() {
        let gone = Word { run: RunId::from_u128(event.into()), offset: 2, number: 0, spot: None };
        app.feeds.tell(topic(event), Some(gone));
    }
    assert!(!app.tell_feeds().await);
    let all: BTreeSet<_> = events.map(|event| topic(event).aggregate).collect();
    let others: BTreeSet<_> = all.iter().filter(|aggregate| **aggregate != refused).cloned().collect();
    assert_eq!(*store.told.lock(), others);
    *store.refused.lock() = None;
    assert!(app.tell_feeds().await);
    assert_eq!(*store.told.lock(), all, "nothing is lost");
    assert!(app.feeds.take().is_empty());
}
