//! Redis is stopped, killed, killed and robbed of its data, or stands still. Two instances share it.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::node::Node;
use super::world::{World, pass};
use crate::support::redis_server::RedisServer;
use crate::support::{DEADLINE, send, until};

const ADMIN_TOKEN: &str = "an.operators-own-admin-token";

async fn two(redis: &RedisServer) -> ([Node; 2], World) {
    let nodes = [Node::start(redis.port()).await, Node::start(redis.port()).await];
    let world = World::start(&[nodes[0].host.clone(), nodes[1].host.clone()]).await;
    (nodes, world)
}

/// While Redis is away: everybody is told so, and no socket ends.
async fn is_away(world: &World) {
    world.all_are_refused(2).await;
    tokio::join!(world.says_that_the_store_is_away(0), world.says_that_the_store_is_away(1));
}

/// Afterwards: nobody had to come back, and nobody has missed anything.
async fn nobody_noticed_more_than_a_pause(mut world: World) {
    world.all_send().await;
    let sent = world.finish().await;
    for (of_one, fixes) in world.spectators.iter().zip(sent) {
        of_one.iter().for_each(|it| it.story().stayed_and_missed_nothing(fixes));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_stopped_for_five_seconds() {
    let redis = RedisServer::start().await;
    let (_nodes, world) = two(&redis).await;
    redis.stop().await;
    tokio::join!(pass(Duration::from_secs(5)), is_away(&world));
    redis.restart().await;
    world.recovers("stopped").await;
    nobody_noticed_more_than_a_pause(world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_killed_and_restarted_with_its_data() {
    let redis = RedisServer::start().await;
    let (_nodes, world) = two(&redis).await;
    for _ in 0..2 {
        redis.kill().await;
        is_away(&world).await;
        redis.restart().await;
        world.recovers("killed").await;
        world.all_send().await;
        // And once so fast that hardly anybody notices.
        redis.kill().await;
        redis.restart().await;
        world.recovers("killed and restarted at once").await;
    }
    nobody_noticed_more_than_a_pause(world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_paused_for_ten_seconds() {
    let redis = RedisServer::start().await;
    let (_nodes, world) = two(&redis).await;
    redis.pause();
    tokio::join!(pass(Duration::from_secs(10)), is_away(&world));
    redis.go_on();
    world.recovers("paused").await;
    nobody_noticed_more_than_a_pause(world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_paused_for_a_moment() {
    let redis = RedisServer::start().await;
    let (_nodes, world) = two(&redis).await;
    redis.pause();
    pass(Duration::from_secs(1)).await;
    redis.go_on();
    world.recovers("paused for a moment").await;
    assert!(world.phones.iter().all(|phone| phone.refused() == 0), "nobody was turned away");
    nobody_noticed_more_than_a_pause(world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_killed_and_restarted_without_its_data() {
    let redis = RedisServer::start().await;
    let (nodes, old) = two(&redis).await;
    for node in &nodes {
        node.app.ensure_admin(Some(ADMIN_TOKEN)).await.expect("an admin");
    }
    redis.kill().await;
    old.all_are_refused(1).await;
    redis.restart_empty().await;
    // Nobody is left in the belief that the old world goes on.
    until(|| old.spectators.iter().flatten().all(|it| it.story().gone)).await;
    for story in old.spectators.iter().flatten().map(|it| it.story()) {
        assert!(story.told >= 1 && story.closed == 0 && story.out_of_order.is_empty(), "{story:?}");
    }
    // Whose account is gone is told so, and is not asked to come again.
    for phone in &old.phones {
        until(|| phone.fault().is_some() || phone.closed_with() == Some(3_500)).await;
        let fault = phone.fault().unwrap_or_default();
        let said = fault.is_empty() || fault.contains("Unauthorized") || fault.contains("unknown channel");
        assert!(said, "{fault}");
    }
    for node in &nodes {
        for phone in &old.phones {
            let path = format!("/api/runs/{}", phone.runner.run);
            for path in [path.clone(), format!("{path}/fixes")] {
                assert_eq!(send(old.ask(Method::GET, &node.host, &path)).await.status, 404, "{path}");
            }
        }
        assert_eq!(send(old.ask(Method::GET, &node.host, "/api/runs")).await.data(), json!([]));
    }
    // The operator is known in the new one, with the same token and through each instance.
    let admin_is_known = async {
        for node in &nodes {
            while node.app.authenticate(ADMIN_TOKEN).await.is_err() {
                pass(Duration::from_millis(50)).await;
            }
        }
    };
    tokio::time::timeout(DEADLINE, admin_is_known).await.expect("an admin");
    // And it can begin, under the same names.
    let hosts = nodes.each_ref().map(|node| node.host.clone());
    nobody_noticed_more_than_a_pause(World::start(&hosts).await).await;
}
