//! What is the Redis store's own: connections that break, a Redis that stands still, forgets or refuses, and several
//! instances on one of them. The law for all stores is in `backend_contract`.

mod addresses;
mod answers;
mod operating;
mod sentinel;
mod sentinels;
mod subscriptions;
mod tails;

use std::time::Duration;

use runnity::backend::{
    AggregateId, Append, Backend, BackendError, Commit, CommitError, Committed, Cursor, Heard, Keep, Once, Put,
    RedisOpenError, RedisStore, Replay, Since, Subscription, Topic,
};
use tokio::time::Instant;

use crate::support::redis_server::{Options, RedisServer};
use crate::support::within;

fn run() -> AggregateId {
    AggregateId::new("run", "7")
}

fn topic() -> Topic {
    run().topic("")
}

fn said(word: &str) -> Commit {
    let mut commit = Commit::on(run());
    commit.puts.push(Put { key: run().head(), value: Some(word.to_owned().into()) });
    commit.appends.push(Append { topic: topic(), keep: Keep::Newest(100), payload: word.to_owned().into() });
    commit
}

async fn open(server: &RedisServer) -> RedisStore {
    open_at(&server.url()).await
}

async fn open_at(url: &str) -> RedisStore {
    RedisStore::open(&url.parse().expect("a URL")).await.expect("opens")
}

/// The sentence that it is refused with.
async fn refused_at(url: &str) -> String {
    let refused: RedisOpenError = RedisStore::open(&url.parse().expect("a URL")).await.err().expect("refused");
    refused.to_string()
}

async fn say(store: &RedisStore, word: &str) -> Committed {
    store.commit(said(word)).await.expect("commits")
}

/// Says it until that succeeds.
async fn say_at_last(store: &RedisStore, word: &str) -> Committed {
    within(async {
        loop {
            match store.commit(said(word)).await {
                Ok(committed) => return committed,
                Err(CommitError::Backend(BackendError::Unavailable(_))) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        }
    })
    .await
}

async fn hear(subscription: &mut Subscription) -> Heard {
    within(subscription.next()).await.expect("open")
}

/// The next payload that is heard after a gap.
async fn hear_after_a_gap(subscription: &mut Subscription) -> String {
    let mut is_told = false;
    loop {
        match hear(subscription).await {
            Heard::Gap => is_told = true,
            Heard::Change { payload, .. } if is_told => return String::from_utf8(payload.into()).expect("text"),
            Heard::Change { .. } => {}
        }
    }
}

async fn is_lost(store: &RedisStore, cursor: &Cursor) -> bool {
    let replay = within(async {
        loop {
            if let Ok(replay) = store.replay(&topic(), &Since::Cursor(cursor.clone()), 100).await {
                return replay;
            }
        }
    });
    matches!(replay.await, Replay::Lost { .. })
}

#[tokio::test]
async fn two_instances_hear_each_other_in_order() {
    let server = RedisServer::start().await;
    let (a, b) = (open(&server).await, open(&server).await);
    let mut heard = b.subscribe(&topic()).await.unwrap();
    for n in 1..=100 {
        let by = if n % 3 == 0 { &b } else { &a };
        say(by, &n.to_string()).await;
    }
    for n in 1..=100 {
        let Heard::Change { cursor, payload } = hear(&mut heard).await else { panic!("a gap") };
        assert_eq!((cursor.offset, &payload[..]), (n, n.to_string().as_bytes()));
    }
}

#[tokio::test]
async fn a_restart_of_redis_is_got_over_and_told_as_a_gap() {
    let server = RedisServer::start().await;
    let store = open(&server).await;
    let mut heard = store.subscribe(&topic()).await.unwrap();
    let before = say(&store, "before").await;
    server.kill().await;
    assert!(matches!(store.commit(said("never")).await, Err(CommitError::Backend(BackendError::Unavailable(_)))));
    server.restart().await;
    let returned = Instant::now();
    let after = say_at_last(&store, "after").await;
    assert!(returned.elapsed() < Duration::from_secs(5), "{:?}", returned.elapsed());
    assert_eq!(after.cursors[0].epoch, before.cursors[0].epoch, "nothing was lost, and that is known");
    assert_eq!(after.cursors[0].offset, 2);
    assert_eq!(hear_after_a_gap(&mut heard).await, "after");
    assert!(!is_lost(&store, &before.cursors[0]).await);
}

#[tokio::test]
async fn a_redis_that_stands_still_is_unavailable_and_is_found_again() {
    let server = RedisServer::start().await;
    let store = open(&server).await;
    let mut heard = store.subscribe(&topic()).await.unwrap();
    server.pause();
    let sent = Instant::now();
    assert!(matches!(store.commit(said("never")).await, Err(CommitError::Backend(BackendError::Unavailable(_)))));
    assert!(sent.elapsed() < Duration::from_secs(6), "{:?}", sent.elapsed());
    assert!(store.read(&[run().head()]).await.is_err(), "an outage is no empty value");
    server.go_on();
    let returned = Instant::now();
    say_at_last(&store, "after").await;
    assert!(returned.elapsed() < Duration::from_secs(5), "{:?}", returned.elapsed());
    assert_eq!(hear_after_a_gap(&mut heard).await, "after");
}

#[tokio::test]
async fn a_connection_that_is_cut_is_made_again_without_an_error() {
    let server = RedisServer::start().await;
    let store = open(&server).await;
    let mut heard = store.subscribe(&topic()).await.unwrap();
    for kind in ["pubsub", "normal"] {
        server.ask(&["CLIENT", "KILL", "TYPE", kind]).await;
        say_at_last(&store, kind).await;
        within(async { while hear(&mut heard).await != Heard::Gap {} }).await;
        assert!(store.read(&[run().head()]).await.is_ok());
    }
    say(&store, "after").await;
}

#[tokio::test]
async fn a_commit_of_unknown_fate_is_sent_again_by_its_idempotency_key() {
    let server = RedisServer::start().await;
    let store = std::sync::Arc::new(open(&server).await);
    server.pause();
    let once = Once { key: "k".into(), record: "made".into(), keep: Duration::from_secs(60) };
    let sent = tokio::spawn({
        let (store, commit) = (store.clone(), Commit { once: vec![once.clone()], ..said("once") });
        async move { store.commit(commit).await }
    });
    // It lies before a Redis that stands still, until that is no more.
    tokio::task::yield_now().await;
    server.kill().await;
    server.restart().await;
    match within(sent).await.unwrap() {
        Ok(_) => {}
        Err(CommitError::Repeated(seen)) => assert_eq!(seen[0].record, "made"),
        Err(error) => panic!("{error}"),
    }
    let again = store.commit(Commit { once: vec![once], ..said("again") }).await;
    assert!(matches!(again, Err(CommitError::Repeated(_))));
}

#[tokio::test]
async fn a_redis_that_was_wiped_under_way_is_a_new_store() {
    let server = RedisServer::start().await;
    let (a, b) = (open(&server).await, open(&server).await);
    let mut heard = b.subscribe(&topic()).await.unwrap();
    let before = say(&a, "before").await;
    server.ask(&["FLUSHALL"]).await;
    let after = say_at_last(&a, "after").await;
    assert!(after.version > before.version, "no version is given twice");
    assert_eq!(after.cursors[0].offset, 1);
    assert_ne!(after.cursors[0].epoch, before.cursors[0].epoch);
    assert!(is_lost(&a, &before.cursors[0]).await && is_lost(&b, &before.cursors[0]).await);
    within(async { while hear(&mut heard).await != Heard::Gap {} }).await;
}

#[tokio::test]
async fn forgotten_scripts_are_loaded_again() {
    let server = RedisServer::start().await;
    let store = open(&server).await;
    server.ask(&["SCRIPT", "FLUSH"]).await;
    say(&store, "still").await;
}

#[tokio::test]
async fn what_cannot_be_opened_says_what_to_do_and_never_the_password() {
    let options = Options { requirepass: Some("right"), ..Options::default() };
    let server = RedisServer::start_with(options).await;
    let port = server.port();
    let table = [
        (format!("redis://:secret@127.0.0.1:{port}"), "password"),
        (format!("redis://127.0.0.1:{port}"), "password"),
        ("redis://:secret@127.0.0.1:1".to_owned(), "is it running"),
        ("http://:secret@127.0.0.1".to_owned(), "redis://user:password@host"),
        ("redis://:secret@127.0.0.1/secret".to_owned(), "redis://user:password@host"),
    ];
    for (url, expected) in table {
        let refused: RedisOpenError = RedisStore::open(&url.parse().unwrap()).await.err().expect("refused");
        let sentence = refused.to_string();
        assert!(sentence.contains(expected) && !sentence.contains("secret"), "{sentence}");
    }
    let store = open(&server).await;
    server.ask(&["HSET", "{runnity:0}:meta", "format", "99"]).await;
    let newer = RedisStore::open(&server.url().parse().unwrap()).await.err().expect("refused");
    assert!(newer.to_string().contains("use a newer version"), "{newer}");
    store.close().await.unwrap();
    let closed = store.commit(said("never")).await;
    assert!(matches!(closed, Err(CommitError::Backend(BackendError::Unavailable(_)))));
}

#[tokio::test]
async fn a_full_redis_refuses_and_writes_nothing() {
    let options = Options { maxmemory: Some(("8mb", "noeviction")), ..Options::default() };
    let server = RedisServer::start_with(options).await;
    let store = open(&server).await;
    let first = say(&store, "first").await;
    server.ask(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let refused = store.commit(said("never")).await.expect_err("refused");
    assert!(refused.to_string().contains("out of memory"), "{refused}");
    server.ask(&["CONFIG", "SET", "maxmemory", "0"]).await;
    assert_eq!(say(&store, "second").await.cursors[0].offset, first.cursors[0].offset + 1);
}
