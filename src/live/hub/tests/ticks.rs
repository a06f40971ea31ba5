//! Rooms that show where many are. Time is moved on by hand, and stands still until then.

use super::*;
use crate::app::feeds::{Spot, Word};
use crate::domain::ids::{EventId, RunId};

fn showing() -> Entrance {
    let channel = Channel::Positions(EventId::new(17).unwrap());
    Entrance { topic: feed(), ..Entrance::to(channel) }
}

fn feed() -> Topic {
    AggregateId::new("positions", "17").topic("")
}

fn word(number: u32, offset: u64, north: Option<i32>) -> Word {
    let spot = north.map(|north| Spot { north, east: 0, time_ms: 0, is_paused: false });
    Word { run: RunId::from_u128(number.into()), offset, number, spot }
}

fn told(words: &[Word]) -> String {
    serde_json::to_string(words).unwrap()
}

async fn join(world: &World, client: &Client) -> Membership {
    let joining = world.hub.begin(showing(), client.connection.clone(), Terms::default());
    let joining = tokio::time::timeout(DEADLINE, joining).await.unwrap().unwrap();
    let (covered, picture) = joining.picture().unwrap().unwrap();
    joining.finish(covered, text(&picture)).unwrap()
}

fn frame(rows: &str) -> String {
    format!(r#"{{"push":{{"channel":"positions:17","pub":{{"data":{{"type":"positions","at_ms":0,{rows}}}}}}}}}"#)
}

/// Every worker has done what it can do at this time.
async fn settled() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

async fn pass(by: Duration) {
    settled().await;
    tokio::time::advance(by).await;
    settled().await;
}

#[tokio::test]
async fn one_frame_a_tick_and_none_when_nobody_moves() {
    let world = World::new();
    *world.listing.lock() = Listing { runs: vec![(RunId::from_u128(1), None)], words: vec![word(1, 1, Some(10))] };
    let (mut early, mut late) = (world.client().await, world.client().await);
    let _early = join(&world, &early).await;
    assert_eq!(early.next().await, r#"{"type":"picture","at_ms":0,"origin":[10,0],"runners":[[1,0,0,0]]}"#);
    tokio::time::pause();
    for offset in 2..=5 {
        world.store.pass(&feed(), told(&[word(1, offset, Some(10 + offset as i32))]));
        settled().await;
    }
    let _late = join(&world, &late).await;
    pass(limits::TICK).await;
    pass(limits::TICK * 5).await;
    world.store.pass(&feed(), told(&[word(1, 6, None)]));
    pass(limits::TICK).await;
    tokio::time::resume();
    // Written a moment before, for the other: what is not in it is in the frame.
    assert_eq!(late.next().await, r#"{"type":"picture","at_ms":0,"origin":[10,0],"runners":[[1,0,0,0]]}"#);
    for client in [&mut early, &mut late] {
        assert_eq!(client.next().await, frame(r#""origin":[15,0],"runners":[[1,0,0,0]]"#));
        assert_eq!(client.next().await, frame(r#""runners":[],"gone":[1]"#));
    }
    assert!(early.rest().await.is_empty());
}

#[tokio::test]
async fn what_was_not_heard_is_found_in_the_store() {
    let world = World::new();
    let mut client = world.client().await;
    let _membership = join(&world, &client).await;
    client.next().await;
    tokio::time::pause();
    // Somebody who was not told of is listed now; a gap is no reason to wait.
    *world.listing.lock() = Listing { runs: vec![(RunId::from_u128(1), None)], words: vec![word(1, 1, Some(10))] };
    world.store.lose(&feed());
    pass(limits::TICK).await;
    // And gone without a word.
    *world.listing.lock() = Listing::default();
    pass(limits::SEEN_READ_EVERY).await;
    pass(limits::TICK).await;
    tokio::time::resume();
    assert_eq!(client.next().await, frame(r#""origin":[10,0],"runners":[[1,0,0,0]]"#));
    assert_eq!(client.next().await, frame(r#""runners":[],"gone":[1]"#));
}

#[tokio::test]
async fn when_the_store_closes_all_come_back() {
    let world = World::new();
    let mut client = world.client().await;
    let membership = join(&world, &client).await;
    client.next().await;
    world.store.hang_up(&feed());
    assert!(client.next().await.contains(r#""code":2500"#));
    assert!(membership.has_ended());
}
