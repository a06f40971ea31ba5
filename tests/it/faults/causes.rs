//! What a write causes elsewhere, when Redis is killed between the two: a run that starts takes its runner's place, one that
//! ends frees it, and the runner's own channel hears of both. Here clocks stand still but for the test.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::try_join_all;
use reqwest::Method;
use runnity::app::App;
use runnity::app::channels::Channel;
use runnity::app::users::Identity;
use runnity::backend::{Replay, Since};
use runnity::clock::Clock;
use serde_json::{Value, json};

use super::node::Node;
use super::world::{Runner, World, pass};
use crate::support::redis_server::RedisServer;
use crate::support::{Reply, send, within};

const KILLS: usize = 6;
/// Much less than it takes until a place that was taken for nothing is free again.
const STEP: Duration = Duration::from_millis(500);

/// Starts a run, is told which one is in the way, and ends it; again and again. Whatever fails is asked again.
async fn starts_and_ends(world: &World, hosts: &[String; 2], token: &str, clock: &Clock, stop: &AtomicBool) {
    let ask = async |host: &str, path: String| -> Reply {
        send(world.ask(Method::POST, host, &path).bearer_auth(token).json(&json!({}))).await
    };
    for host in hosts.iter().cycle() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let started = ask(host, "/api/runs".to_owned()).await;
        let run = match started.status {
            201 => started.data()["id"].clone(),
            409 => started.json()["error"]["run"].clone(),
            503 => continue,
            _ => panic!("{started:?}"),
        };
        let ended = ask(host, format!("/api/runs/{}/finish", run.as_str().expect("an id"))).await;
        assert!(matches!(ended.status, 201 | 404 | 503), "{ended:?}");
        clock.advance(STEP);
    }
}

/// How often the user's own channel has told of each run's start and end.
async fn told(app: &App, identity: &Identity) -> BTreeMap<String, [usize; 2]> {
    let topic = Channel::own(identity).topic();
    let Replay::Changes { changes, .. } = app.backend.replay(&topic, &Since::Oldest, 10_000).await.expect("changes")
    else {
        panic!("the beginning is never lost")
    };
    let mut told = BTreeMap::<String, [usize; 2]>::new();
    for change in changes {
        let change: Value = serde_json::from_slice(&change.payload).expect("JSON");
        let times = told.entry(change["run"].as_str().expect("an id").to_owned()).or_default();
        match change["type"].as_str() {
            Some("run_started") => times[0] += 1,
            Some("run_finished") => {
                assert_eq!(times[0], 1, "an end is told after its start");
                times[1] += 1;
            }
            _ => panic!("{change}"),
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_run_causes_happens_once_whenever_redis_is_killed() {
    let redis = RedisServer::start().await;
    let clock = Clock::manual(Clock::system().now());
    let nodes = [Node::start_by(clock.clone(), redis.port()).await, Node::start_by(clock.clone(), redis.port()).await];
    let hosts = nodes.each_ref().map(|node| node.host.clone());
    let world = World::of(&hosts, Vec::new(), Vec::new());
    let Runner { token, .. } = Runner::new(&super::world::client(), &hosts[0], "Aino").await;
    let identity = nodes[0].app.authenticate(&token).await.expect("a good token");

    let stop = AtomicBool::new(false);
    let kills = async {
        for _ in 0..KILLS {
            pass(Duration::from_millis(rand::random_range(50..400))).await;
            redis.kill().await;
            redis.restart().await;
        }
        pass(Duration::from_millis(200)).await;
        stop.store(true, Ordering::SeqCst);
    };
    tokio::join!(kills, starts_and_ends(&world, &hosts, &token, &clock, &stop));

    // What was left behind is done by whoever has the lease, sooner or later.
    let sweep = async || {
        clock.advance(Duration::from_secs(5));
        try_join_all(nodes.each_ref().map(|node| node.app.do_duties())).await
    };
    let settled = async {
        loop {
            pass(Duration::from_millis(20)).await;
            if sweep().await.is_err() {
                continue;
            }
            if let Some(run) = nodes[0].app.live_run(&identity).await.expect("an answer") {
                let path = format!("/api/runs/{run}/finish");
                send(world.ask(Method::POST, &hosts[0], &path).bearer_auth(&token)).await.data();
            } else if told(&nodes[0].app, &identity).await.values().all(|times| times[1] > 0) {
                return;
            }
        }
    };
    within(settled).await;
    for _ in 0..12 {
        sweep().await.expect("swept");
    }
    let runs = send(world.ask(Method::GET, &hosts[1], "/api/runs?page_size=200").bearer_auth(&token)).await.data();
    let runs: Vec<_> = runs.as_array().expect("runs").iter().map(|run| (&run["id"], &run["state"])).collect();
    let told = told(&nodes[1].app, &identity).await;
    println!("{} runs, {KILLS} kills", runs.len());
    assert_eq!(told.len(), runs.len(), "no run that nobody was told of");
    for (id, state) in runs {
        let times = told.get(id.as_str().expect("an id"));
        assert_eq!((state, times), (&json!("finished"), Some(&[1, 1])), "{id}");
    }
    let again = send(world.ask(Method::POST, &hosts[1], "/api/runs").bearer_auth(&token).json(&json!({}))).await;
    assert_eq!(again.status, 201, "the place is free");
}
