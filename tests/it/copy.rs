//! Copying a store into another, of whichever kind: everything comes with it, and a copy that is broken off goes on.

mod command;
mod home;
mod moving;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use runnity::backend::copy::{Begun, Copied, CopyError, Entry, Mark, Origin, Source, Target, TopicState, copy};
use runnity::backend::{
    AggregateId, BackendError, Commit, CommitError, Cursor, Keep, RedisExport, RedisImport, Replay, Since,
};

use self::home::{Home, Kind, everything, run, url};
use crate::backend_contract::Saying;
use crate::support::redis_server::{Options, RedisServer};

async fn copy_all(source: &dyn Source, target: &dyn Target) -> Result<Copied, CopyError> {
    copy(source, target, 100, |_| {}).await
}

/// A target whose process dies at the end of so many parts: just before they are written, or just after.
struct Mortal {
    target: Box<dyn Target>,
    parts_left: AtomicUsize,
    writes_last: bool,
}

impl Target for Mortal {
    fn begin<'a>(&'a self, origin: &'a Origin) -> BoxFuture<'a, Result<Begun, CopyError>> {
        self.target.begin(origin)
    }

    fn import<'a>(&'a self, entries: Vec<Entry>, from: &'a Mark, to: &'a Mark) -> BoxFuture<'a, Result<(), CopyError>> {
        Box::pin(async move {
            let dies = self.parts_left.fetch_sub(1, Ordering::SeqCst) == 1;
            if !dies || self.writes_last {
                self.target.import(entries, from, to).await?;
            }
            let dead = || CopyError::Target(BackendError::Unavailable("dead".into()));
            if dies { Err(dead()) } else { Ok(()) }
        })
    }

    fn complete<'a>(&'a self, origin: &'a Origin, last: &'a Mark) -> BoxFuture<'a, Result<(), CopyError>> {
        self.target.complete(origin, last)
    }
}

async fn a_copy_has_all_that_the_store_had(from: Kind, to: Kind) {
    let (old, new) = (Home::full(from).await, Home::new(to).await);
    let before = old.everything().await;
    let copied = copy_all(&*old.source().await.unwrap(), &*new.target().await).await;
    let Copied::All(tally) = copied.unwrap() else { panic!("it was new") };
    assert_eq!(tally.entries(), before.len() as u64);
    assert_eq!((tally.values, tally.standings, tally.once), (32, 31, 31));
    assert_eq!(new.everything().await, before);
    assert_eq!(old.everything().await, before, "the source stays as it is");
}

async fn what_comes_after_a_copy_goes_on_where_the_old_store_was(from: Kind, to: Kind) {
    let (old, new) = (Home::full(from).await, Home::new(to).await);
    let store = old.open().await.unwrap();
    let never = AggregateId::new("run", "never").topic("");
    let topics = [run(29).topic(""), run(29).topic("position"), run(27).topic("track"), never];
    let mut tops = Vec::new();
    for topic in &topics {
        let replay = store.get().replay(topic, &Since::Oldest, 0).await.unwrap();
        let Replay::Changes { top, .. } = replay else { panic!("lost") };
        tops.push(top);
    }
    let head = store.get().read(&[run(7).head()]).await.unwrap().remove(0);
    let last = store.get().commit(Commit::on(run(7)).put("last", "of all")).await.unwrap().version;
    store.close().await;
    copy_all(&*old.source().await.unwrap(), &*new.target().await).await.unwrap();
    // Those of the first runs have had their time.
    new.advance(Duration::from_secs(160)).await;

    let store = new.open().await.unwrap();
    for (topic, top) in topics.iter().zip(&tops) {
        let replay = store.get().replay(topic, &Since::Cursor(top.clone()), 10).await.unwrap();
        assert_eq!(replay, Replay::Changes { changes: Vec::new(), top: top.clone() });
        let commit = Commit::on(topic.aggregate.clone()).append(&topic.name, Keep::Newest(100), "next");
        let cursor = store.get().commit(commit).await.unwrap().cursors.remove(0);
        assert_eq!((cursor.epoch, cursor.offset), (top.epoch.clone(), top.offset + 1));
    }
    let commit = Commit::on(run(7)).expect("", head.version).put("", "new");
    assert!(store.get().commit(commit).await.unwrap().version > last, "no version is given twice");
    let again = |number| store.get().commit(Commit::on(run(number)).once("key", "again", Duration::from_secs(1)));
    assert!(again(5).await.is_ok());
    match again(29).await {
        Err(CommitError::Repeated(once)) => {
            assert_eq!(once[0].record, "answered");
            assert!(once[0].keep <= Duration::from_secs(19));
        }
        other => panic!("{other:?}"),
    }
    store.close().await;
}

async fn a_copy_that_was_broken_off_anywhere_goes_on_and_is_no_store_before_its_end(from: Kind, to: Kind) {
    let old = Home::full(from).await;
    let before = old.everything().await;
    let source = old.source().await.unwrap();
    let mut parts = 0;
    copy(&*source, &*Home::new(to).await.target().await, 100, |_| parts += 1).await.unwrap();
    assert!(parts > 10);
    for (round, writes_last) in [(1, false), (2, true), (7, false), (parts, true), (parts, false)] {
        let new = Home::new(to).await;
        let mut lives = 0;
        loop {
            // Each life does one part more than the one before.
            let parts_left = AtomicUsize::new(round + lives);
            let target = Mortal { target: new.target().await, parts_left, writes_last };
            lives += 1;
            match copy_all(&*source, &target).await {
                Ok(Copied::All(tally)) => break assert_eq!(tally.entries(), before.len() as u64),
                Err(CopyError::Target(_)) => drop(target),
                other => panic!("{other:?}"),
            }
            for refused in [new.open().await.err(), new.source().await.err()] {
                assert!(
                    refused.as_ref().is_some_and(|it| it.contains("holds the first part of a copy")),
                    "{refused:?}"
                );
            }
        }
        assert!(lives > 1, "it was broken off");
        assert_eq!(new.everything().await, before);
        assert_eq!(copy_all(&*source, &*new.target().await).await.unwrap(), Copied::Before);
    }
}

async fn a_copy_goes_on_from_the_same_store_only(from: Kind, to: Kind) {
    let (old, new) = (Home::full(from).await, Home::new(to).await);
    let target = Mortal { target: new.target().await, parts_left: AtomicUsize::new(3), writes_last: true };
    copy_all(&*old.source().await.unwrap(), &target).await.unwrap_err();
    drop(target);
    let store = old.open().await.unwrap();
    store.get().commit(Commit::on(run(1)).append("", Keep::Newest(100), "meanwhile")).await.unwrap();
    store.close().await;
    let refused = copy_all(&*old.source().await.unwrap(), &*new.target().await).await;
    assert!(matches!(refused, Err(CopyError::OtherOrigin)), "{refused:?}");
}

async fn a_store_that_holds_something_is_not_copied_into(from: Kind, to: Kind) {
    let (old, new) = (Home::full(from).await, Home::new(to).await);
    let store = new.open().await.unwrap();
    store.get().commit(Commit::on(run(1)).place("index", "alone", 1)).await.unwrap();
    store.close().await;
    let before = new.everything().await;
    let source = old.source().await.unwrap();
    let refused = copy_all(&*source, &*new.target().await).await;
    assert!(matches!(refused, Err(CopyError::Occupied)), "{refused:?}");
    assert_eq!(new.everything().await, before);

    // A store that was made, and never written to, is as good as none.
    let made = Home::new(to).await;
    made.open().await.unwrap().close().await;
    copy_all(&*source, &*made.target().await).await.unwrap();
    drop(source);
    assert_eq!(made.everything().await, old.everything().await);
}

async fn parts_of_any_size_have_the_same_entries(from: Kind) {
    let home = Home::full(from).await;
    let source = home.source().await.unwrap();
    let whole = everything(&*source, usize::MAX).await;
    for limit in [1, 2, 7, 1_000] {
        let mut parts = everything(&*source, limit).await;
        let mut whole = whole.clone();
        for entries in [&mut parts, &mut whole] {
            entries.sort_by_key(|entry| format!("{entry:?}"));
        }
        assert!(parts == whole, "{limit} at a time");
    }
}

macro_rules! over_all_kinds {
    ($($law:ident),*) => {
        over_all_kinds! { embedded_to_embedded, Kind::Folder, Kind::Folder, $($law),* }
        over_all_kinds! { embedded_to_redis, Kind::Folder, Kind::Redis, $($law),* }
        over_all_kinds! { redis_to_embedded, Kind::Redis, Kind::Folder, $($law),* }
        over_all_kinds! { redis_to_redis, Kind::Redis, Kind::Redis, $($law),* }
    };
    ($way:ident, $from:expr, $to:expr, $($law:ident),*) => {
        mod $way {
            use super::Kind;
            $(#[tokio::test]
            async fn $law() {
                super::$law($from, $to).await;
            })*
        }
    };
}

over_all_kinds!(
    a_copy_has_all_that_the_store_had,
    what_comes_after_a_copy_goes_on_where_the_old_store_was,
    a_copy_that_was_broken_off_anywhere_goes_on_and_is_no_store_before_its_end,
    a_copy_goes_on_from_the_same_store_only,
    a_store_that_holds_something_is_not_copied_into
);

#[tokio::test]
async fn parts_of_an_embedded_store_may_have_any_size() {
    parts_of_any_size_have_the_same_entries(Kind::Folder).await;
}

#[tokio::test]
async fn parts_of_a_redis_may_have_any_size() {
    parts_of_any_size_have_the_same_entries(Kind::Redis).await;
}

#[tokio::test]
async fn where_there_is_no_store_there_is_no_source_and_nothing_is_made() {
    for kind in [Kind::Folder, Kind::Redis] {
        let home = Home::new(kind).await;
        let refused = home.source().await.err().unwrap();
        assert!(refused.contains("there is no store in"), "{refused}");
        match home {
            Home::Folder(dir, _) => assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0),
            Home::Redis(server) => assert_eq!(server.ask(&["DBSIZE"]).await, "0"),
        }
    }
}

#[tokio::test]
async fn a_redis_that_a_server_has_open_is_neither_source_nor_target() {
    let home = Home::full(Kind::Redis).await;
    let Home::Redis(server) = &home else { panic!("it is a Redis") };
    let store = home.open().await.unwrap();
    for refused in [RedisExport::open(&url(server)).await.err(), RedisImport::open(&url(server)).await.err()] {
        assert!(refused.unwrap().to_string().contains("stop them first"));
    }
    store.close().await;
    home.source().await.unwrap();
}

#[tokio::test]
async fn a_redis_that_is_written_to_meanwhile_is_not_copied_any_further() {
    let (old, new) = (Home::full(Kind::Redis).await, Home::new(Kind::Folder).await);
    let source = old.source().await.unwrap();
    let store = old.open().await.unwrap();
    store.get().commit(Commit::on(run(1)).append("", Keep::Newest(100), "meanwhile")).await.unwrap();
    let refused = copy_all(&*source, &*new.target().await).await;
    assert!(
        matches!(&refused, Err(CopyError::Source(error)) if error.to_string().contains("stop its servers")),
        "{refused:?}"
    );
    store.close().await;
}

#[tokio::test]
async fn a_copy_into_a_full_redis_goes_on_when_it_has_room_again() {
    let (old, new) = (Home::full(Kind::Folder).await, Home::new(Kind::Redis).await);
    let Home::Redis(server) = &new else { panic!("it is a Redis") };
    let target = Mortal { target: new.target().await, parts_left: AtomicUsize::new(3), writes_last: true };
    let source = old.source().await.unwrap();
    copy_all(&*source, &target).await.unwrap_err();
    let digest = [
        "EVAL",
        "local all = redis.call('KEYS', '*')
        table.sort(all)
        for n, key in ipairs(all) do all[n] = key .. redis.call('DUMP', key) end
        return redis.sha1hex(table.concat(all))",
        "0",
    ];
    let before = server.ask(&digest).await;
    server.ask(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let refused = copy_all(&*source, &*new.target().await).await.unwrap_err();
    assert!(refused.to_string().contains("Redis is out of memory"), "{refused}");
    assert_eq!(server.ask(&digest).await, before, "a part is written wholly or not at all");
    server.ask(&["CONFIG", "SET", "maxmemory", "0"]).await;
    copy_all(&*source, &*new.target().await).await.unwrap();
    drop(source);
    assert_eq!(new.everything().await, old.everything().await);
}

#[tokio::test]
async fn epochs_that_came_by_a_copy_end_when_redis_may_have_lost_something() {
    let old = Home::full(Kind::Folder).await;
    let options = Options { appendfsync: Some("everysec"), ..Options::default() };
    let new = Home::Redis(RedisServer::start_with(options).await);
    copy_all(&*old.source().await.unwrap(), &*new.target().await).await.unwrap();
    let Home::Redis(server) = &new else { panic!("it is a Redis") };
    let mut seen: Vec<Vec<Cursor>> = Vec::new();
    for _ in 0..3 {
        let store = new.open().await.unwrap();
        let mut cursors = Vec::new();
        for topic in [run(29).topic(""), run(27).topic("track"), run(99).topic("")] {
            let replay = store.get().replay(&topic, &Since::Oldest, 0).await.unwrap();
            let Replay::Changes { top, .. } = replay else { panic!("lost") };
            for cursor in seen.iter().flatten() {
                let replay = store.get().replay(&topic, &Since::Cursor(cursor.clone()), 1).await.unwrap();
                assert_eq!(replay, Replay::Lost { top: top.clone() });
            }
            cursors.push(top);
        }
        store.close().await;
        // What is copied on has the epochs that clients have been told.
        let told = |entry: &Entry| match entry {
            Entry::Topic(TopicState { topic, epoch, .. }) if *topic == run(27).topic("track") => Some(epoch.clone()),
            _ => None,
        };
        let told: Vec<_> = new.everything().await.iter().filter_map(told).collect();
        assert_eq!(told, [cursors[1].epoch.clone()]);
        seen.push(cursors);
        server.restart().await;
    }
}
