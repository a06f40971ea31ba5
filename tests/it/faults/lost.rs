//! Redis comes back with less than it had acknowledged, because it was not told to have everything on disk first, or because
//! another one took its place. What is lost is lost; but nobody is left with a picture that mixes two pasts.

use std::collections::BTreeSet;
use std::ops::Range;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::node::{Node, Process};
use super::phone::{fix, numbers};
use super::proxy::Proxy;
use super::spectator::Spectator;
use super::world::{Runner, client};
use crate::support::redis_server::{Options, RedisServer};
use crate::support::{Client, send, until, within};

/// What is kept, what is lost, and what is recorded afterwards: more, so that the old place in the topic exists again.
const KEPT: Range<usize> = 0..10;
const LOST: Range<usize> = 10..15;
const AFTERWARDS: Range<usize> = 20..30;

/// One run, seen from several places.
struct Story {
    client: reqwest::Client,
    runner: Runner,
}

impl Story {
    async fn begin(host: &str) -> Self {
        let client = client();
        let runner = Runner::new(&client, host, "Aino").await;
        let story = Self { client, runner };
        story.record(host, KEPT).await;
        story
    }

    fn ask(&self, method: Method, host: &str, rest: &str) -> RequestBuilder {
        let url = format!("http://{host}/api/runs/{}{rest}", self.runner.run);
        self.client.request(method, url).bearer_auth(&self.runner.token)
    }

    async fn record(&self, host: &str, numbers: Range<usize>) {
        for number in numbers {
            let body = json!({ "fixes": [fix(&self.runner, number)] });
            // Redis may just be coming back.
            let recorded =
                async { while send(self.ask(Method::POST, host, "/fixes").json(&body)).await.status != 201 {} };
            within(recorded).await;
        }
    }

    /// The track and the run's head as this host tells them.
    async fn is(&self, host: &str, expected: &[Range<usize>]) {
        let expected: BTreeSet<_> = expected.iter().cloned().flatten().collect();
        let track = numbers(&self.runner, &send(self.ask(Method::GET, host, "/fixes?page_size=5000")).await.data());
        assert_eq!((track.len(), track.into_iter().collect()), (expected.len(), expected.clone()));
        assert_eq!(send(self.ask(Method::GET, host, "")).await.data()["fixes"], expected.len());
    }

    /// A newcomer's place in the run's topic.
    async fn place(&self, host: &str) -> (Value, Value) {
        let mut client = Client::at(host).await;
        client.connect().await;
        let state = client.subscribe(&self.runner.channel()).await;
        (state["epoch"].clone(), state["offset"].clone())
    }

    /// Whoever comes back to this place starts anew, from this state.
    async fn begins_anew(&self, host: &str, (epoch, offset): &(Value, Value), fixes: usize) {
        let mut client = Client::at(host).await;
        client.connect().await;
        let recover = json!({ "channel": self.runner.channel(), "recover": true, "epoch": epoch, "offset": offset });
        let reply = client.ask("subscribe", recover).await["subscribe"].clone();
        assert_eq!((&reply["recovered"], &reply["was_recovering"]), (&Value::Null, &json!(true)), "{reply}");
        assert_eq!(reply["data"]["run"]["fixes"], fixes);
    }
}

/// Not everything is on its disk before it is acknowledged.
async fn every_second() -> RedisServer {
    RedisServer::start_with(Options { appendfsync: Some("everysec"), ..Options::default() }).await
}

async fn watching(host: &str, story: &Story, fixes: usize) -> Spectator {
    let spectator = Spectator::start(&[host.to_owned()], &story.runner);
    until(|| spectator.story().fixes == fixes).await;
    spectator
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_only_heard_what_is_lost_begin_anew() {
    let redis = every_second().await;
    let (wrote, heard) = (Node::start(redis.port()).await, Node::start(redis.port()).await);
    let story = Story::begin(&wrote.host).await;
    let spectators = [watching(&wrote.host, &story, 10).await, watching(&heard.host, &story, 10).await];
    let log_len = redis.log_len().await;
    story.record(&wrote.host, LOST).await;
    until(|| spectators.iter().all(|it| it.story().fixes == 15)).await;
    story.is(&heard.host, &[KEPT, LOST]).await;
    let place = story.place(&heard.host).await;

    // The one that was answered is not there to tell.
    wrote.proxy.cut();
    redis.kill_with_log(log_len).await;
    redis.restart().await;
    story.record(&heard.host, AFTERWARDS).await;
    story.begins_anew(&heard.host, &place, 20).await;
    story.is(&heard.host, &[KEPT, AFTERWARDS]).await;

    wrote.proxy.open();
    until(|| spectators.iter().all(|it| it.story().fixes == 20)).await;
    story.begins_anew(&wrote.host, &place, 20).await;
    story.is(&wrote.host, &[KEPT, AFTERWARDS]).await;
    for story in spectators.iter().map(Spectator::story) {
        assert!(story.told >= 1 && story.closed == 0 && story.out_of_order.is_empty(), "{story:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fresh_process_does_not_take_what_was_lost_for_known() {
    let redis = every_second().await;
    let mut process = Process::start(&redis.url());
    let story = Story::begin(&process.host).await;
    let log_len = redis.log_len().await;
    story.record(&process.host, LOST).await;
    let place = story.place(&process.host).await;
    process.kill();
    redis.kill_with_log(log_len).await;
    redis.restart().await;
    let fresh = Process::start(&redis.url());
    story.record(&fresh.host, AFTERWARDS).await;
    story.begins_anew(&fresh.host, &place, 20).await;
    story.is(&fresh.host, &[KEPT, AFTERWARDS]).await;
}

/// A primary, a replica of it, and what lies between them.
async fn pair() -> (RedisServer, RedisServer, Proxy) {
    let primary = RedisServer::start().await;
    let between = Proxy::to(primary.port()).await;
    let follows = Options { replicaof: Some(between.port()), ..Options::default() };
    (primary, RedisServer::start_with(follows).await, between)
}

/// Waits until the replica has all that the primary has.
async fn caught_up(primary: &RedisServer, replica: &RedisServer) {
    let place = async |server: &RedisServer, name: &str| {
        let info = server.ask(&["INFO", "replication"]).await;
        info.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned))
    };
    within(async {
        while place(replica, "slave_repl_offset:").await != place(primary, "master_repl_offset:").await {}
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replica_that_takes_over_may_have_been_told_less() {
    let (primary, replica, between) = pair().await;
    let wrote = Node::start(primary.port()).await;
    let story = Story::begin(&wrote.host).await;
    caught_up(&primary, &replica).await;
    between.cut();
    story.record(&wrote.host, LOST).await;
    let place = story.place(&wrote.host).await;
    let spectator = watching(&wrote.host, &story, 15).await;
    wrote.proxy.cut();
    primary.kill().await;
    assert_eq!(replica.ask(&["REPLICAOF", "NO", "ONE"]).await, "OK");
    // It writes to disk before it answers, and knows nothing of what it was not sent.
    let fresh = Node::start(replica.port()).await;
    story.record(&fresh.host, AFTERWARDS).await;
    wrote.proxy.lead_to(replica.port());
    wrote.proxy.open();
    until(|| spectator.story().fixes == 20).await;
    spectator.story().is_right(20);
    for host in [&fresh.host, &wrote.host] {
        story.begins_anew(host, &place, 20).await;
        story.is(host, &[KEPT, AFTERWARDS]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn primary_that_follows_another_one_now_is_left() {
    let (primary, replica, _between) = pair().await;
    let node = Node::start(primary.port()).await;
    let story = Story::begin(&node.host).await;
    let spectator = watching(&node.host, &story, 10).await;
    caught_up(&primary, &replica).await;
    assert_eq!(replica.ask(&["REPLICAOF", "NO", "ONE"]).await, "OK");
    // Its connections stay, and it answers; it takes no writes any more.
    assert_eq!(primary.ask(&["REPLICAOF", "127.0.0.1", &replica.port().to_string()]).await, "OK");
    node.proxy.lead_to(replica.port());
    story.record(&node.host, AFTERWARDS).await;
    until(|| spectator.story().fixes == 20).await;
    spectator.story().is_right(20);
    story.is(&node.host, &[KEPT, AFTERWARDS]).await;
}
