//! What an operator sees of the store: its numbers in `/metrics`, and whether an instance is ready.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use runnity::app::metrics::Metrics;
use runnity::app::{App, Settings};
use runnity::backend::{AggregateId, Append, Backend as _, Commit, CommitError, Expect, Keep, RedisStore, Version};
use runnity::clock::Clock;
use runnity::instance::{self, Instance};
use tokio::time::Instant;

use super::{open, run, said, say, say_at_last, topic};
use crate::support::redis_server::RedisServer;
use crate::support::{Site, http_client, send, within};

/// An instance on a store whose numbers it shows.
async fn instance_on(store: Arc<RedisStore>) -> Instance {
    let metrics = Metrics::default().with_store(store.counts());
    let app = App::with_metrics(store, Clock::system(), Settings::default(), metrics);
    let listener = instance::listen("127.0.0.1:0".parse().unwrap()).await.expect("a port");
    Instance::start(app, listener, Site::options()).await.expect("an instance")
}

async fn get(instance: &Instance, path: &str) -> (u16, String) {
    let reply = send(http_client().request(Method::GET, format!("http://{}{path}", instance.address()))).await;
    (reply.status, String::from_utf8(reply.body).expect("text"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_s_numbers_stand_among_the_metrics() {
    let server = RedisServer::start().await;
    let store = Arc::new(open(&server).await);
    let instance = instance_on(store.clone()).await;
    let _heard = store.subscribe(&topic()).await.unwrap();
    say(&store, "hello").await;
    let mut refused = said("never");
    refused.expect.push(Expect { key: run().head(), version: Version::NEVER });
    assert!(matches!(store.commit(refused).await, Err(CommitError::Conflict)));
    server.ask(&["CONFIG", "SET", "maxmemory", "1"]).await;
    store.commit(said("never")).await.expect_err("full");
    server.ask(&["CONFIG", "SET", "maxmemory", "0"]).await;
    server.ask(&["CLIENT", "KILL", "TYPE", "normal"]).await;
    say_at_last(&store, "again").await;
    let expected = [
        "runnity_store_conflicts_total 1\n",
        "runnity_store_commits_resent_total 0\n",
        "runnity_store_commits_in_flight 0\n",
        // The test's, the orders to connections, the letters to this instance, and the catalogue.
        "runnity_store_topics 4\n",
    ];
    let counted = [
        ("runnity_store_commits_total", 2.0),
        ("runnity_store_reconnects_total", 1.0),
        ("runnity_store_errors_total{kind=\"oom\"}", 1.0),
        ("runnity_store_lag_seconds_count", 1.0),
        ("runnity_store_lag_seconds_sum", 0.000_01),
    ];
    within(async {
        loop {
            let (_, shown) = get(&instance, "/metrics").await;
            let number = |name: &str| {
                let line = shown.lines().find(|line| line.starts_with(name));
                line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).unwrap_or_default()
            };
            if expected.iter().all(|line| shown.contains(line))
                && counted.iter().all(|(name, least)| number(name) >= *least)
            {
                return;
            }
        }
    })
    .await;
    instance.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_is_ready_as_long_as_redis_answers() {
    let server = RedisServer::start().await;
    let instance = instance_on(Arc::new(open(&server).await)).await;
    let ready = async |expected: u16| {
        let changed = Instant::now();
        within(async { while get(&instance, "/health/ready").await.0 != expected {} }).await;
        let (status, _) = get(&instance, "/health/live").await;
        assert_eq!(status, 200, "there is no use in restarting it");
        changed.elapsed()
    };
    ready(200).await;
    server.pause();
    let noticed = ready(503).await;
    assert!(noticed < Duration::from_secs(2), "{noticed:?}");
    server.go_on();
    let back = ready(200).await;
    assert!(back < Duration::from_secs(5), "{back:?}");
    server.kill().await;
    let noticed = ready(503).await;
    assert!(noticed < Duration::from_secs(2), "{noticed:?}");
    server.restart().await;
    let back = ready(200).await;
    assert!(back < Duration::from_secs(5), "{back:?}");
    instance.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_that_wait_together_go_out_together() {
    let server = RedisServer::start().await;
    let store = open(&server).await;
    let reads = async || {
        let stats = server.ask(&["INFO", "stats"]).await;
        let line = stats.lines().find_map(|line| line.strip_prefix("total_reads_processed:")).expect("a number");
        line.trim().parse::<u64>().expect("a number")
    };
    let before = reads().await;
    let commits = (0..1_000).map(|n| {
        let aggregate = AggregateId::new("run", &n.to_string());
        let mut commit = Commit::on(aggregate.clone());
        let topic = aggregate.topic("");
        commit.appends.push(Append { topic, keep: Keep::Newest(10), payload: "a".into() });
        store.commit(commit)
    });
    for committed in within(join_all(commits)).await {
        committed.expect("committed");
    }
    let reads = reads().await - before;
    assert!(reads < 400, "1,000 commits came in {reads} pieces");
}
