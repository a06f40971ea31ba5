//! What lies between the instances and Redis: one of them is cut off, or the way is slow and breaks again and again.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

use super::node::Node;
use super::phone::Phone;
use super::world::{Runner, World, all_send, client, pass};
use crate::support::redis_server::RedisServer;
use crate::support::{Client, send, until};

/// How the first instance is cut off.
#[derive(Clone, Copy, Debug)]
enum How {
    /// Its connections end, and it cannot make new ones.
    Cut,
    /// Nothing comes through any more, and nobody says so.
    Silent,
    /// What it sends still arrives; it hears nothing.
    Deaf,
}

async fn two(redis: &RedisServer) -> ([Node; 2], World) {
    let nodes = [Node::start(redis.port()).await, Node::start(redis.port()).await];
    let world = World::start(&[nodes[0].host.clone(), nodes[1].host.clone()]).await;
    (nodes, world)
}

async fn one_is_cut_off(how: How) {
    let redis = RedisServer::start().await;
    let ([cut_off, other], mut world) = two(&redis).await;
    let runner = Runner::new(&client(), &other.host, "Olli").await;
    let session = send(world.ask(Method::GET, &cut_off.host, &format!("/login/{}", runner.token))).await.json();
    let mut socket = Client::at(&cut_off.host).await;
    let connected = socket.ask("connect", json!({ "token": session["id"] })).await;
    assert!(connected["connect"].is_object(), "{connected}");

    let refused_before: Vec<_> = world.phones_at(1).iter().map(Phone::refused).collect();
    let began = Instant::now();
    match how {
        How::Cut => cut_off.proxy.cut(),
        How::Silent => cut_off.proxy.silence(),
        How::Deaf => cut_off.proxy.deafen(),
    }
    until(|| world.phones_at(0).iter().all(|phone| phone.refused() >= 1)).await;
    println!("{how:?}: phones of the one that is cut off are told so after {:?}", began.elapsed());
    let others: Vec<_> = world.phones_at(1).iter().collect();
    all_send(&others).await;
    world.says_that_the_store_is_away(0).await;
    all_send(&others).await;
    assert_eq!(send(world.ask(Method::GET, &other.host, "/api/runs")).await.status, 200);
    // What is done at the other meanwhile holds here too, once it can be known.
    let log_out = format!("/logout?id={}", session["id"].as_str().expect("a session"));
    assert_eq!(send(world.ask(Method::GET, &other.host, &log_out)).await.status, 204);
    let refused: Vec<_> = world.phones_at(1).iter().map(Phone::refused).collect();
    assert_eq!(refused, refused_before, "whoever is at the other notices nothing");

    cut_off.proxy.open();
    world.recovers(&format!("{how:?}")).await;
    assert_eq!(socket.closed().await, 3500, "logged out meanwhile");
    world.all_send().await;
    let sent = world.finish().await;
    for (of_one, fixes) in world.spectators.iter().zip(sent) {
        of_one[0].story().stayed_as_far_as_may_be(fixes);
        of_one[1].story().stayed_and_missed_nothing(fixes);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instance_that_is_cut_off_says_so_and_the_other_goes_on() {
    one_is_cut_off(How::Cut).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instance_whose_network_falls_silent_says_so_and_the_other_goes_on() {
    one_is_cut_off(How::Silent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instance_that_hears_nothing_writes_nothing_twice() {
    one_is_cut_off(How::Deaf).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_that_is_slow_and_cut_again_and_again() {
    let redis = RedisServer::start().await;
    let (nodes, mut world) = two(&redis).await;
    nodes.iter().for_each(|node| node.proxy.slow_down(50..200));
    for round in 0..8 {
        pass(Duration::from_millis(rand::random_range(100..2_500))).await;
        nodes[round % 2].proxy.cut_connections();
    }
    let began = Instant::now();
    world.all_send().await;
    println!("slow: ten fixes of every phone take {:?}", began.elapsed());
    nodes.iter().for_each(|node| node.proxy.slow_down(0..0));
    let sent = world.finish().await;
    for (of_one, fixes) in world.spectators.iter().zip(sent) {
        of_one.iter().for_each(|it| it.story().stayed_and_missed_nothing(fixes));
    }
}
