//! What Redis is asked to tell: each topic once, as long as somebody listens, and all of them again after a lost connection.

use futures::future::join_all;
use runnity::backend::{AggregateId, Append, Backend as _, Commit, Heard, Keep, Topic};

use super::{hear, open, say, topic};
use crate::support::redis_server::RedisServer;
use crate::support::within;

/// How many listen to a topic of the store, by Redis's count.
async fn listeners_len(server: &RedisServer, channel: &str) -> String {
    let answer = server.ask(&["PUBSUB", "NUMSUB", channel]).await;
    answer.lines().last().unwrap().to_owned()
}

#[tokio::test]
async fn a_topic_is_asked_for_once_and_given_up_after_its_last_listener() {
    let server = RedisServer::start().await;
    let store = open(&server).await;
    let channel = "{runnity:0}:0:t:run/7#";
    let (mut first, second) = (store.subscribe(&topic()).await.unwrap(), store.subscribe(&topic()).await.unwrap());
    assert_eq!(listeners_len(&server, channel).await, "1");
    assert_eq!(store.counts().topics.get(), 1);
    drop(second);
    say(&store, "hello").await;
    assert!(matches!(hear(&mut first).await, Heard::Change { .. }));
    drop(first);
    within(async { while listeners_len(&server, channel).await != "0" {} }).await;
    assert_eq!(store.counts().topics.get(), 0);
    let mut third = store.subscribe(&topic()).await.unwrap();
    say(&store, "again").await;
    assert!(matches!(hear(&mut third).await, Heard::Change { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_topics_are_asked_for_again_after_a_lost_connection() {
    let server = RedisServer::start().await;
    let (store, other) = (open(&server).await, open(&server).await);
    let topics: Vec<Topic> = (0..5_000).map(|n| AggregateId::new("run", &n.to_string()).topic("")).collect();
    let mut heard = within(join_all(topics.iter().map(|topic| store.subscribe(topic)))).await;
    assert_eq!(store.counts().topics.get(), 5_000);
    server.ask(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
    for subscription in &mut heard {
        assert_eq!(hear(subscription.as_mut().unwrap()).await, Heard::Gap);
    }
    for (topic, subscription) in topics.iter().zip(&mut heard).step_by(50) {
        let mut commit = Commit::on(topic.aggregate.clone());
        commit.appends.push(Append { topic: topic.clone(), keep: Keep::Newest(10), payload: "hello".into() });
        within(async { while other.commit(commit.clone()).await.is_err() {} }).await;
        let Heard::Change { cursor, payload } = hear(subscription.as_mut().unwrap()).await else { panic!("a gap") };
        assert_eq!((cursor.offset, &payload[..]), (1, &b"hello"[..]));
    }
}
