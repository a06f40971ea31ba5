//! A Redis that sentinels watch: its replica takes its place, and all goes on there.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use runnity::backend::{Backend as _, BackendError, CommitError, Committed, Heard, RedisStore};

use tokio::time::timeout;

use super::sentinel::Sentinel;
use super::{hear, hear_after_a_gap, is_lost, open_at, refused_at, said, say, say_at_last, topic};
use crate::support::redis_server::{Options, RedisServer};
use crate::support::{DEADLINE, within};

/// A primary, its replica that has all of it, and a sentinel that knows both.
async fn watched() -> (RedisServer, RedisServer, Sentinel) {
    let args = ["--repl-diskless-sync-delay", "0"].map(str::to_owned).to_vec();
    let primary = RedisServer::start_with(Options { args, ..Options::default() }).await;
    let replica = RedisServer::start_with(Options { replicaof: Some(primary.port()), ..Options::default() }).await;
    follows(&replica).await;
    let sentinel = Sentinel::start(primary.port(), "").await;
    within(sentinel.says("SENTINEL REPLICAS world", "master-link-status\r\n$2\r\nok")).await;
    (primary, replica, sentinel)
}

async fn follows(replica: &RedisServer) {
    within(async { while !replica.ask(&["INFO", "replication"]).await.contains("master_link_status:up") {} }).await;
}

/// The first sentinel in it is never there.
fn url(sentinel: &Sentinel) -> String {
    format!("redis+sentinel://127.0.0.1:1,127.0.0.1:{}/world/2", sentinel.port())
}

/// Waits until the sentinel has made the replica the primary. On a machine that stands still for seconds it takes a rest of
/// half a minute first.
async fn failed_over(sentinel: &Sentinel, replica: &RedisServer) {
    let port = replica.port().to_string();
    let chosen = sentinel.says("SENTINEL MASTER world", &port);
    timeout(3 * DEADLINE, chosen).await.expect("the sentinel does its part");
}

/// Says one thing after another until it is stopped; what was acknowledged.
async fn keep_saying(store: Arc<RedisStore>, stop: Arc<AtomicBool>) -> Vec<Committed> {
    let mut acknowledged = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        match store.commit(said("word")).await {
            Ok(committed) => acknowledged.push(committed),
            Err(CommitError::Backend(BackendError::Unavailable(_))) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_is_followed_while_writing_and_no_version_is_given_twice() {
    let (primary, replica, sentinel) = watched().await;
    let (a, b) = (Arc::new(open_at(&url(&sentinel)).await), Arc::new(open_at(&url(&sentinel)).await));
    let mut heard = b.subscribe(&topic()).await.unwrap();
    let before = say(&a, "before").await;
    let stop = Arc::new(AtomicBool::new(false));
    let talkers = [&a, &b].map(|store| tokio::spawn(keep_saying(store.clone(), stop.clone())));
    while !matches!(hear(&mut heard).await, Heard::Change { cursor, .. } if cursor.offset > 100) {}
    primary.kill().await;
    failed_over(&sentinel, &replica).await;
    let after = say_at_last(&a, "after").await;
    // Both of them go on.
    for store in [&a, &b] {
        say_at_last(store, "more").await;
        assert_eq!(store.counts().reconnects.get(), 1);
    }
    stop.store(true, Ordering::Relaxed);
    let mut versions = HashSet::new();
    for talker in talkers {
        for committed in within(talker).await.unwrap() {
            assert!(versions.insert(committed.version), "{:?} was given twice", committed.version);
        }
    }
    assert_ne!(before.cursors[0].epoch, after.cursors[0].epoch, "something may be missing");
    for store in [&a, &b] {
        assert!(is_lost(store, &before.cursors[0]).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_replica_did_not_get_is_lost_and_everybody_is_told() {
    let (primary, replica, sentinel) = watched().await;
    let (a, b) = (open_at(&url(&sentinel)).await, open_at(&url(&sentinel)).await);
    let mut heard = b.subscribe(&topic()).await.unwrap();
    let kept = say(&a, "kept").await;
    within(async { while !replica.ask(&["INFO", "keyspace"]).await.contains("db2:") {} }).await;
    // The replica can come no more: it gives a password where there is none.
    replica.ask(&["CONFIG", "SET", "masterauth", "wrong"]).await;
    primary.ask(&["CLIENT", "KILL", "TYPE", "replica"]).await;
    let lost = say(&a, "lost").await;
    primary.kill().await;
    failed_over(&sentinel, &replica).await;
    let other = say_at_last(&a, "other").await;
    assert_eq!(other.cursors[0].offset, lost.cursors[0].offset, "the same place");
    assert!(other.version > lost.version);
    for cursor in [&kept.cursors[0], &lost.cursors[0]] {
        assert!(is_lost(&a, cursor).await && is_lost(&b, cursor).await);
    }
    say_at_last(&b, "again").await;
    let heard = hear_after_a_gap(&mut heard).await;
    assert!(["other", "again"].contains(&&*heard), "{heard}");
}

#[tokio::test]
async fn who_alone_still_reaches_the_old_primary_goes_over_to_the_new_one() {
    let options = Options { requirepass: Some("right"), ..Options::default() };
    let (old, new) = (RedisServer::start_with(options.clone()).await, RedisServer::start_with(options).await);
    let sentinel = Sentinel::start(old.port(), "sentinel auth-pass world right\nrequirepass guard").await;
    let hosts = format!("127.0.0.1:{}", sentinel.port());
    let url = format!("redis+sentinel://default:right@{hosts}/world?sentinel_password=guard");
    within(sentinel.says("AUTH guard\r\nSENTINEL MASTER world", &old.port().to_string())).await;
    let store = open_at(&url).await;
    let before = say(&store, "before").await;
    let orders = format!(
        "AUTH guard\r\nSENTINEL REMOVE world\r\nSENTINEL MONITOR world 127.0.0.1 {} 1\r\nSENTINEL SET world auth-pass right",
        new.port()
    );
    assert!(sentinel.ask(&orders).await.unwrap().ends_with("+OK\r\n+OK\r\n+OK\r\n+OK\r\n"));
    within(async { while say_at_last(&store, "after").await.cursors[0].offset > 1 {} }).await;
    assert!(is_lost(&store, &before.cursors[0]).await);
    assert!(new.ask(&["EXISTS", "{runnity:0}:meta"]).await == "1");

    let wrong = refused_at(&url.replace("guard", "secret")).await;
    assert!(wrong.contains("sentinels") && wrong.contains("password") && !wrong.contains("secret"), "{wrong}");
    let none = refused_at(&format!("redis+sentinel://default:right@{hosts}/world")).await;
    assert!(none.contains("sentinel_password="), "{none}");
    let unknown = refused_at(&url.replace("/world", "/elsewhere")).await;
    assert!(unknown.contains("no primary by the name"), "{unknown}");
}

#[tokio::test]
async fn sentinels_that_are_none_are_refused() {
    let server = RedisServer::start().await;
    let hosts = format!("127.0.0.1:{}", server.port());
    let table = [
        (format!("redis+sentinel://{hosts}/world"), "no sentinel at"),
        ("redis+sentinel://:secret@127.0.0.1:1/world".to_owned(), "are they running"),
        (format!("redis+sentinel://{hosts}"), "the name of the primary is missing"),
        (format!("redis+sentinel://{hosts}/world/secret"), "Invalid database number"),
        ("redis+sentinel:///world".to_owned(), "cannot be used"),
    ];
    for (url, expected) in table {
        let sentence = refused_at(&url).await;
        assert!(sentence.contains(expected) && !sentence.contains("secret"), "{sentence}");
    }
}
