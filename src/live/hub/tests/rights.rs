//! Rooms that hear on other topics that somebody has lost the right to be there.

use super::*;
use crate::app::users::{Caller, Guest};

/// Hangs on two topics besides its own.
fn hanging() -> Entrance {
    Entrance { rights: vec![topic("owner"), topic("event")], ..entrance() }
}

fn topic(of: &str) -> Topic {
    AggregateId::new("user", of).topic("rights")
}

const OUT: &str = r#"{"push":{"channel":"stream","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}}"#;

async fn begin(world: &World, client: &Client) -> Joining {
    let begun = world.hub.begin(hanging(), client.connection.clone(), Terms::default());
    tokio::time::timeout(DEADLINE, begun).await.unwrap().unwrap()
}

async fn join(world: &World, client: &mut Client) -> Membership {
    let membership = begin(world, client).await.finish(0, reply(0)).unwrap();
    assert_eq!(client.next().await, "state 0");
    membership
}

#[tokio::test]
async fn those_whom_the_word_concerns_are_asked_again_and_nobody_else() {
    let world = World::new();
    let (mut named, mut other) = (world.client().await, world.client().await);
    let mut crowd = [world.client().await, world.client().await, world.client().await];
    named.connection.identify(Caller::Guest(Guest::named("42").unwrap()));
    other.connection.identify(Caller::Guest(Guest::named("43").unwrap()));
    let mut inside = vec![join(&world, &mut named).await, join(&world, &mut other).await];
    for client in &mut crowd {
        inside.push(join(&world, client).await);
    }
    let late = begin(&world, &other).await;
    // Nobody loses anything, but it is asked.
    let seen = late.rights_seen();
    world.store.pass(&topic("owner"), "[]".into());
    world.append("1");
    assert_eq!(named.next_offset().await, 1);
    until("rights have changed", || world.hub.rights_seen(&entrance().topic) != Some(seen)).await;
    assert_eq!(late.finish(1, reply(1)).err(), Some(Spoiled), "who was asked before must be asked again");

    *world.verdict.lock() = Verdict::Leaves(disconnect::REMOVED);
    world.store.pass(&topic("event"), r#"["42"]"#.into());
    assert_eq!(named.next().await, OUT);
    world.append("2");
    world.store.pass(&topic("owner"), "[]".into());
    for client in crowd.iter_mut().chain([&mut other]) {
        assert_eq!((client.next_offset().await, client.next_offset().await), (1, 2));
        assert_eq!(client.next().await, OUT);
    }
    assert!(inside.iter().all(Membership::has_ended));
    assert!(named.rest().await.is_empty());
}

#[tokio::test]
async fn who_may_have_missed_the_word_asks() {
    let world = World::new();
    let mut client = world.client().await;
    let membership = join(&world, &mut client).await;
    *world.verdict.lock() = Verdict::Leaves(disconnect::REMOVED);
    world.store.lose(&topic("event"));
    assert_eq!(client.next().await, OUT);
    assert!(membership.has_ended());
}

#[tokio::test]
async fn the_ears_close_with_the_room() {
    let world = World::new();
    let mut client = world.client().await;
    drop(join(&world, &mut client).await);
    assert_eq!(world.store.listeners(), 3);
    world.hub.sweep(Instant::now() + limits::ROOM_LINGER);
    until("the subscriptions have ended", || world.store.listeners() == 0).await;
}
