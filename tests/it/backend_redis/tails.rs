//! Writes that were acknowledged and that Redis has not kept: nobody takes another change for one that was lost.

use std::time::Duration;

use runnity::backend::{Backend as _, Heard};

use super::{hear, is_lost, open, say, say_at_last, topic};
use crate::support::redis_server::{Options, RedisServer};
use crate::support::within;

/// Keeps what it has saved, and nothing since.
async fn forgetful() -> RedisServer {
    RedisServer::start_with(Options { appendfsync: None, ..Options::default() }).await
}

#[tokio::test]
async fn a_lost_tail_is_noticed_and_no_cursor_is_mistaken() {
    let server = forgetful().await;
    let (a, b) = (open(&server).await, open(&server).await);
    let mut heard = b.subscribe(&topic()).await.unwrap();
    let kept = say(&a, "kept").await;
    server.ask(&["SAVE"]).await;
    let lost = say(&a, "lost").await;
    server.kill().await;
    server.restart().await;
    let other = say_at_last(&a, "other").await;
    assert_eq!(other.cursors[0].offset, lost.cursors[0].offset, "the same place");
    assert_ne!(other.cursors[0].epoch, lost.cursors[0].epoch, "of another epoch");
    assert!(other.version > lost.version, "no version is given twice");
    for cursor in [&kept.cursors[0], &lost.cursors[0]] {
        assert!(is_lost(&a, cursor).await && is_lost(&b, cursor).await);
    }
    within(async { while hear(&mut heard).await != Heard::Gap {} }).await;
}

#[tokio::test]
async fn a_tail_that_only_an_instance_now_gone_had_seen_is_lost_all_the_same() {
    let server = forgetful().await;
    let (a, b) = (open(&server).await, open(&server).await);
    say(&b, "kept").await;
    server.ask(&["SAVE"]).await;
    let lost = say(&a, "lost").await;
    server.kill().await;
    drop(a);
    server.restart().await;
    let other = say_at_last(&b, "other").await;
    assert_eq!(other.cursors[0].offset, lost.cursors[0].offset, "the same place");
    assert!(other.version > lost.version);
    assert!(is_lost(&b, &lost.cursors[0]).await);
}

#[tokio::test]
async fn a_generation_that_was_lost_too_does_not_come_again() {
    let server = forgetful().await;
    let first = say(&open(&server).await, "first").await;
    server.ask(&["SAVE"]).await;
    server.kill().await;
    server.restart().await;
    let second = say(&open(&server).await, "second").await;
    // The second generation was not saved. It takes longer than a tenth of a second to lose it.
    let mut pause = tokio::time::interval(Duration::from_millis(101));
    pause.tick().await;
    pause.tick().await;
    server.kill().await;
    server.restart().await;
    let store = open(&server).await;
    let third = say(&store, "third").await;
    assert_eq!(third.cursors[0].offset, second.cursors[0].offset, "the same place");
    for (n, lost) in [first, second].iter().enumerate() {
        assert!(is_lost(&store, &lost.cursors[0]).await, "{n}");
        assert!(third.version > lost.version, "{n}");
    }
}

/// The same table as for copies, in `src/backend/redis/export.rs`.
#[tokio::test]
async fn no_two_generations_have_the_same_epoch() {
    let server = forgetful().await;
    let script =
        concat!(include_str!("../../../src/backend/redis/epoch.lua"), "return epoch_of(ARGV[1], tonumber(ARGV[2]))");
    for (life, generation, letters) in [
        ("abcdef", "0", "abcdefaa"),
        ("abcdefgh", "0", "abcdefgh"),
        ("abcdef", "1", "abcdefab"),
        ("abcdef", "676", "abcdegaa"),
        ("abcdefzz", "1", "abcdegaa"),
        ("abcdef", "17900000000", "charskym"),
        ("zzzzzz", "676", "aaaaaaaa"),
    ] {
        let told = server.ask(&["EVAL", script, "0", life, generation]).await;
        assert!(told.contains(letters), "{life} {generation}: {told}");
    }
}

#[tokio::test]
async fn a_replica_that_took_the_place_is_not_believed_to_have_everything() {
    let args = ["--repl-diskless-sync-delay", "0"].map(str::to_owned).to_vec();
    let primary = RedisServer::start_with(Options { args, ..Options::default() }).await;
    let store = open(&primary).await;
    let replica = RedisServer::start_with(Options { replicaof: Some(primary.port()), ..Options::default() }).await;
    within(async { while !replica.ask(&["INFO", "replication"]).await.contains("master_link_status:up") {} }).await;
    let kept = say(&store, "kept").await;
    within(async { while !replica.ask(&["XLEN", "{runnity:0}:s:run/7#"]).await.starts_with('1') {} }).await;
    store.close().await.unwrap();
    primary.kill().await;
    replica.ask(&["REPLICAOF", "NO", "ONE"]).await;
    assert!(is_lost(&open(&replica).await, &kept.cursors[0]).await, "every write was on a disk, but on the other's");
}

#[tokio::test]
async fn a_redis_with_replicas_may_be_another_after_a_restart() {
    let primary = RedisServer::start().await;
    let _replica = RedisServer::start_with(Options { replicaof: Some(primary.port()), ..Options::default() }).await;
    within(async { while !primary.ask(&["INFO", "replication"]).await.contains("connected_slaves:1") {} }).await;
    let store = open(&primary).await;
    let before = say(&store, "before").await;
    primary.kill().await;
    primary.restart().await;
    assert!(is_lost(&store, &before.cursors[0]).await);
}
