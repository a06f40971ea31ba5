//! A test's own store, of either kind, which any number of instances may share.

use std::sync::Arc;
use std::time::Duration;

use runnity::backend::copy::{Place, Source};
use runnity::backend::embedded::{Embedded, Export};
use runnity::backend::{Backend, RedisExport, RedisStore};
use runnity::clock::Clock;
use tempfile::TempDir;

use super::redis_server::RedisServer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    Embedded,
    Redis,
}

/// Ends with its value.
pub enum Store {
    Embedded { store: Arc<Embedded>, folder: TempDir },
    Redis(RedisServer),
}

impl Store {
    /// A new, empty one. The embedded store goes by this clock, Redis by its own.
    pub async fn make(kind: StoreKind, clock: &Clock) -> Self {
        match kind {
            StoreKind::Embedded => {
                let folder = tempfile::tempdir().expect("a directory");
                let store = Arc::new(Embedded::open(folder.path(), clock.clone()).expect("a store"));
                Self::Embedded { store, folder }
            }
            StoreKind::Redis => Self::Redis(RedisServer::start().await),
        }
    }

    /// An instance's way to it. With Redis, connections of its own.
    pub async fn open(&self) -> Arc<dyn Backend> {
        match self {
            Self::Embedded { store, .. } => store.clone(),
            Self::Redis(server) => {
                let url = server.url().parse().expect("a URL");
                Arc::new(RedisStore::open(&url).await.expect("a store"))
            }
        }
    }

    /// Lets what it keeps for a time grow older.
    pub async fn age(&self, by: Duration) {
        match self {
            Self::Embedded { .. } => {} // by the clock
            Self::Redis(server) => server.age(by).await,
        }
    }

    /// All that it holds, an entry a line, whoever had it open having ended; it is of no other use from then on.
    pub async fn dump(&self, clock: &Clock) -> Vec<String> {
        let source: Box<dyn Source> = match self {
            Self::Embedded { store, folder } => {
                store.close().await.expect("closed");
                Box::new(Export::open(folder.path(), clock.clone()).expect("an export"))
            }
            Self::Redis(server) => {
                let url = server.url().parse().expect("a URL");
                Box::new(RedisExport::open(&url).await.expect("an export"))
            }
        };
        let (mut lines, mut place) = (Vec::new(), Place::default());
        loop {
            let part = source.export(&place, 1_000).await.expect("a part");
            lines.extend(part.entries.iter().map(|entry| format!("{entry:?}")));
            place = part.place;
            if part.is_last {
                return lines;
            }
        }
    }

    /// It answers nobody any more.
    pub async fn stop(&self) {
        match self {
            Self::Embedded { store, .. } => store.close().await.expect("closed"),
            Self::Redis(server) => server.stop().await,
        }
    }
}
