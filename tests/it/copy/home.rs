//! Stores of either kind to copy from and into, and what is in them.

use std::time::Duration;

use bytes::Bytes;
use runnity::backend::copy::{Entry, Place, Source, Target};
use runnity::backend::embedded::{Embedded, Export, Import};
use runnity::backend::{AggregateId, Backend, Commit, Keep, RedisExport, RedisImport, RedisStore, RedisUrl};
use runnity::clock::Clock;
use runnity::domain::time::Timestamp;
use tempfile::TempDir;

use crate::backend_contract::Saying;
use crate::support::redis_server::RedisServer;

/// Where a store is, or none yet.
pub enum Home {
    Folder(TempDir, Clock),
    Redis(RedisServer),
}

#[derive(Clone, Copy)]
pub enum Kind {
    Folder,
    Redis,
}

pub enum Open {
    Embedded(Embedded),
    Redis(RedisStore),
}

impl Home {
    pub async fn new(kind: Kind) -> Self {
        match kind {
            Kind::Folder => {
                let clock = Clock::manual(Timestamp::from_millis(1_700_000_000_000));
                Self::Folder(tempfile::tempdir().unwrap(), clock)
            }
            Kind::Redis => Self::Redis(RedisServer::start().await),
        }
    }

    /// A home with a store in it that is [`fill`]ed.
    pub async fn full(kind: Kind) -> Self {
        let home = Self::new(kind).await;
        let store = home.open().await.unwrap();
        fill(store.get()).await;
        store.close().await;
        home
    }

    pub async fn open(&self) -> Result<Open, String> {
        Ok(match self {
            Self::Folder(dir, clock) => {
                Open::Embedded(Embedded::open(dir.path(), clock.clone()).map_err(|error| error.to_string())?)
            }
            Self::Redis(server) => {
                Open::Redis(RedisStore::open(&url(server)).await.map_err(|error| error.to_string())?)
            }
        })
    }

    pub async fn source(&self) -> Result<Box<dyn Source>, String> {
        Ok(match self {
            Self::Folder(dir, clock) => {
                Box::new(Export::open(dir.path(), clock.clone()).map_err(|error| error.to_string())?)
            }
            Self::Redis(server) => Box::new(RedisExport::open(&url(server)).await.map_err(|error| error.to_string())?),
        })
    }

    pub async fn target(&self) -> Box<dyn Target> {
        match self {
            Self::Folder(dir, clock) => Box::new(Import::open(dir.path(), clock.clone()).unwrap()),
            Self::Redis(server) => Box::new(RedisImport::open(&url(server)).await.unwrap()),
        }
    }

    /// All that it holds, in an order that both kinds have.
    pub async fn everything(&self) -> Vec<Entry> {
        let mut entries = everything(&*self.source().await.unwrap(), 100).await;
        entries.sort_by_key(|entry| format!("{entry:?}"));
        entries
    }

    pub async fn advance(&self, by: Duration) {
        match self {
            Self::Folder(_, clock) => clock.advance(by),
            Self::Redis(server) => server.age(by).await,
        }
    }
}

impl Open {
    pub fn get(&self) -> &dyn Backend {
        match self {
            Self::Embedded(store) => store,
            Self::Redis(store) => store,
        }
    }

    pub async fn close(self) {
        match self {
            Self::Embedded(store) => store.close().await.unwrap(),
            Self::Redis(store) => store.close().await.unwrap(),
        }
    }
}

pub fn url(server: &RedisServer) -> RedisUrl {
    server.url().parse().unwrap()
}

pub fn run(number: usize) -> AggregateId {
    AggregateId::new("run", &number.to_string())
}

/// Some of everything, and names that are hard to tell apart.
async fn fill(store: &dyn Backend) {
    for number in 0..30 {
        let mut commit = Commit::on(run(number))
            .put("", format!("head {number}"))
            .put("gone", "for a moment")
            .place("live", &number.to_string(), i64::try_from(number % 7).unwrap() - 3)
            .append("", Keep::Newest(100), "started")
            .append("position", Keep::Latest, "here")
            .append("presence", Keep::Nothing, "heard only")
            .once("key", "answered", Duration::from_secs(150 + number as u64));
        for fix in 0..5 * number {
            commit = commit.append("", Keep::Newest(100), format!("fix {fix}"));
            commit = commit.append("track", Keep::Everything, format!("fix {fix}"));
        }
        store.commit(commit).await.unwrap();
        let mut commit = Commit::on(run(number)).delete("gone");
        if number % 3 == 0 {
            commit = commit.clear("track").append("track", Keep::Everything, "compact");
        }
        store.commit(commit).await.unwrap();
    }
    let odd = AggregateId::from_stored("a\0#b/\u{10FFFF}:");
    let commit = Commit::on(odd)
        .put("#\0", Bytes::from_static(&[0, 0xFF]))
        .put("empty", "")
        .append("#:", Keep::Newest(1), "")
        .append("bound", Keep::Newest(2), "1")
        .append("bound", Keep::Newest(2), "2")
        .append("bound", Keep::Newest(2), "3")
        .append("bound", Keep::Newest(200), "4")
        .clear("cleared, and nothing after")
        .place("#odd\0", "\0", (1 << 53) - 1)
        .place("#odd\0", "", -(1 << 53) + 1)
        .displace("live", "1")
        .once("a\0#", "", Duration::from_secs(100));
    store.commit(commit).await.unwrap();
}

/// All that a source has, read so many entries at a time.
pub async fn everything(source: &dyn Source, limit: usize) -> Vec<Entry> {
    let (mut entries, mut place) = (Vec::new(), Place::default());
    loop {
        let part = source.export(&place, limit).await.unwrap();
        assert!(part.entries.len() < limit.saturating_add(200));
        entries.extend(part.entries);
        place = part.place;
        if part.is_last {
            break;
        }
    }
    for entry in &mut entries {
        if let Entry::Once { keep, .. } = entry {
            // Some of it may have passed meanwhile.
            *keep = Duration::from_secs(60) * keep.as_secs().div_ceil(60).try_into().unwrap();
        }
    }
    entries
}
