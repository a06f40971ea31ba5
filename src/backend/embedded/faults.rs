//! What happens when the disk fails, on a disk that fails when it is told to.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redb::StorageBackend;
use redb::backends::InMemoryBackend;

use super::*;
use crate::backend::{AggregateId, Append, Heard, Put};

/// A disk that outlives its store, and fails while `broken`.
#[derive(Clone)]
struct Disk {
    content: Arc<InMemoryBackend>,
    broken: Arc<AtomicBool>,
}

impl Disk {
    fn new() -> Self {
        Self { content: Arc::new(InMemoryBackend::new()), broken: Arc::default() }
    }

    fn open(&self) -> Embedded {
        let disk = self.clone();
        let engine = Engine::with(move || redb::Database::builder().create_with_backend(disk.clone()));
        engine.reopen().expect("opens");
        Embedded::on(engine, Clock::system(), Path::new("memory")).expect("opens")
    }

    fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }

    fn check(&self) -> io::Result<()> {
        if self.broken.load(Ordering::SeqCst) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Disk")
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.content.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.content.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check()?;
        self.content.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.check()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check()?;
        self.content.write(offset, data)
    }
}

fn commit(value: &'static str) -> Commit {
    let run = AggregateId::new("run", "1");
    let mut commit = Commit::on(run.clone());
    commit.puts.push(Put { key: run.head(), value: Some(value.into()) });
    commit.appends.push(Append { topic: run.topic(""), keep: Keep::Newest(10), payload: value.into() });
    commit
}

async fn next(subscription: &mut Subscription) -> Heard {
    let heard = tokio::time::timeout(Duration::from_secs(10), subscription.next()).await;
    heard.expect("in time").expect("the store is open")
}

#[tokio::test]
async fn a_group_that_the_disk_refuses_fails_whole_and_nobody_hears_of_it() {
    let disk = Disk::new();
    let store = disk.open();
    let topic = AggregateId::new("run", "1").topic("");
    let mut heard = store.subscribe(&topic).await.unwrap();
    store.commit(commit("before")).await.unwrap();
    assert!(matches!(next(&mut heard).await, Heard::Change { cursor, .. } if cursor.offset == 1));

    disk.set_broken(true);
    for _ in 0..2 {
        let sent = [store.commit(commit("lost")), store.commit(commit("lost, too"))];
        for answer in futures::future::join_all(sent).await {
            assert!(matches!(answer, Err(CommitError::Backend(BackendError::Unavailable(_)))), "{answer:?}");
        }
    }
    assert!(heard.try_next().is_none());

    // The disk has room again, and nothing has to be restarted.
    disk.set_broken(false);
    let version = store.commit(commit("after")).await.unwrap().version;
    assert_eq!(next(&mut heard).await, Heard::Gap, "it is not known what was written: look");
    let Heard::Change { cursor, payload } = next(&mut heard).await else { panic!("a gap") };
    assert_eq!(payload, "after");
    let found = store.read(&[topic.aggregate.head()]).await.unwrap().remove(0);
    assert_eq!(found, Versioned { version, value: Some("after".into()) });
    match store.replay(&topic, &Since::Oldest, 10).await.unwrap() {
        Replay::Changes { changes, top } => {
            assert_eq!(top, cursor);
            assert_eq!(
                changes.iter().map(|change| change.offset).collect::<Vec<_>>(),
                (1..=top.offset).collect::<Vec<_>>()
            );
        }
        Replay::Lost { .. } => panic!("lost"),
    }
    store.close().await.unwrap();
    let again = disk.open();
    assert_eq!(again.read(&[topic.aggregate.head()]).await.unwrap().remove(0), found);
}
