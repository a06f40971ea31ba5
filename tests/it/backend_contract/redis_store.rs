//! The store in a Redis of its own, which lives as long as anybody has the store.

use futures::future::BoxFuture;
use runnity::backend::{BackendError, Committed, Key, Range, Ranged, RedisStore};

use super::*;
use crate::support::redis_server::RedisServer;

pub struct RedisFactory {
    kept: Arc<Kept>,
}

struct Kept {
    store: RedisStore,
    server: Arc<RedisServer>,
}

impl RedisFactory {
    async fn on(server: Arc<RedisServer>) -> Self {
        let url = server.url().parse().expect("a URL");
        let store = RedisStore::open(&url).await.expect("opens");
        Self { kept: Arc::new(Kept { store, server }) }
    }
}

impl Factory for RedisFactory {
    async fn make() -> Self {
        Self::on(Arc::new(RedisServer::start().await)).await
    }

    fn store(&self) -> Arc<dyn Backend> {
        self.kept.clone()
    }

    async fn reopen(&mut self) {
        self.kept.store.close().await.expect("closes");
        self.kept.server.restart().await;
        *self = Self::on(self.kept.server.clone()).await;
    }

    async fn wipe(&mut self) {
        self.kept.store.close().await.expect("closes");
        self.kept.server.restart_empty().await;
        *self = Self::on(self.kept.server.clone()).await;
    }

    async fn advance(&mut self, by: Duration) {
        self.kept.server.age(by).await;
    }
}

impl Backend for Kept {
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
        self.store.commit(commit)
    }

    fn subscribe<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, Result<Subscription, BackendError>> {
        self.store.subscribe(topic)
    }
}
