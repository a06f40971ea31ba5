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

fn listing(words: Vec<Word>) -> Listing {
    Listing { runs: words.iter().map(|word| (word.run, None)).collect(), words, is_cut: false }
}

fn told(words: &[Word]) -> String {
    serde_json::to_string(words).unwrap()
}

async fn join(world: &World, client: &Client) -> Membership {
    enter(world, client, showing()).await
}

async fn enter(world: &World, client: &Client, entrance: Entrance) -> Membership {
    let joining = world.hub.begin(entrance, client.connection.clone(), Terms::default());
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
    *world.listing.lock() =
        Listing { runs: vec![(RunId::from_u128(1), None)], words: vec![word(1, 1, Some(10))], is_cut: false };
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
async fn who_may_be_seen_no_more_is_gone_before_the_next_tick() {
    let world = World::new();
    *world.listing.lock() = listing(vec![word(1, 1, Some(10)), word(2, 1, Some(10))]);
    let mut client = world.client().await;
    let _membership = join(&world, &client).await;
    client.next().await;
    // Timers are as exact as a millisecond.
    let moment = limits::TICK_MIN + Duration::from_millis(2);
    tokio::time::pause();
    world.store.pass(&feed(), told(&[Word { number: Word::AT_ONCE, ..word(1, 2, None) }]));
    pass(moment).await;
    // One who has finished is gone at the tick, which is where it was.
    world.store.pass(&feed(), told(&[Word { number: 0, ..word(2, 2, None) }]));
    pass(moment).await;
    tokio::time::resume();
    assert_eq!(client.next().await, frame(r#""runners":[],"gone":[1]"#));
    tokio::time::pause();
    pass(limits::TICK).await;
    tokio::time::resume();
    assert_eq!(client.next().await, frame(r#""runners":[],"gone":[2]"#));
}

#[tokio::test]
async fn nobody_hears_where_runners_are_until_it_is_known_who_may() {
    let world = World::new();
    *world.listing.lock() = listing(vec![word(1, 1, Some(10))]);
    let mut client = world.client().await;
    let rights = AggregateId::new("event", "17").topic("rights");
    let membership = enter(&world, &client, Entrance { rights: vec![rights.clone()], ..showing() }).await;
    client.next().await;
    tokio::time::pause();
    *world.verdict.lock() = Verdict::Unknown;
    world.store.pass(&rights, "[]".into());
    pass(limits::GAP_PAUSE).await;
    world.store.pass(&feed(), told(&[word(1, 2, Some(20))]));
    pass(limits::TICK).await;
    pass(limits::TICK).await;
    client.connection.outbound.push(&text(b"so far"));
    *world.verdict.lock() = Verdict::Stays;
    pass(limits::GAP_PAUSE).await;
    pass(limits::TICK).await;
    tokio::time::resume();
    assert_eq!(client.next().await, "so far", "nothing was said before");
    assert_eq!(client.next().await, frame(r#""origin":[20,0],"runners":[[1,0,0,0]]"#));
    assert!(!membership.has_ended());
}

/// A cell of the map, at this zoom, around one place.
fn cell(zoom: u8) -> Entrance {
    Entrance::to(Channel::Map(here(0).spot.unwrap().cell().unwrap().at(zoom)))
}

fn cells_feed() -> Topic {
    cell(6).shows.unwrap().1
}

/// One run, a little or far to the east of there.
fn here(east: i32) -> Word {
    let spot = Spot { north: 6_017_000, east: 2_480_000 + east, time_ms: 0, is_paused: false };
    let offset = 2 + u64::try_from(east).unwrap();
    Word { run: RunId::from_u128(1), offset, number: 0, spot: Some(spot) }
}

#[tokio::test]
async fn cells_of_one_region_hear_it_together() {
    let world = World::new();
    *world.listing.lock() = listing(vec![here(0)]);
    let (mut large, mut small) = (world.client().await, world.client().await);
    let memberships = [
        enter(&world, &large, cell(6)).await,
        enter(&world, &small, cell(14)).await,
        enter(&world, &small, cell(10)).await,
    ];
    assert_eq!((world.store.subscriptions(), world.listed.load(Ordering::SeqCst)), (1, 1), "one ear, one listing");
    for picture in [large.next().await, small.next().await, small.next().await] {
        assert!(picture.contains(r#""origin":[6017000,2480000]"#), "{picture}");
    }
    // Over the edge of the smallest.
    world.store.pass(&cells_feed(), told(&[here(6_000)]));
    assert!(large.next().await.contains(r#""origin":[6017000,2486000]"#));
    let said = [small.next().await, small.next().await];
    assert!(said.iter().any(|frame| frame.contains(r#""runners":[],"gone":[1]"#)), "{said:?}");
    assert!(said.iter().any(|frame| frame.contains(r#""origin":[6017000,2486000]"#)), "{said:?}");
    // What was missed is found for all of them.
    *world.listing.lock() = Listing::default();
    world.store.lose(&cells_feed());
    assert!(large.next().await.contains(r#""gone":[1]"#));
    assert!(small.next().await.contains(r#""gone":[1]"#));
    drop(memberships);
    world.hub.sweep(Instant::now() + limits::ROOM_LINGER);
    until("nobody listens any more", || world.store.listeners() == 0).await;
    // Whoever comes then opens it anew.
    let _membership = enter(&world, &large, cell(14)).await;
    assert_eq!((world.store.subscriptions(), world.listed.load(Ordering::SeqCst)), (2, 3));
}

#[tokio::test]
async fn where_nobody_is_the_store_is_seldom_asked() {
    let world = World::new();
    let client = world.client().await;
    let _membership = enter(&world, &client, cell(14)).await;
    tokio::time::pause();
    pass(limits::SEEN_READ_EVERY).await;
    pass(limits::SEEN_READ_EVERY).await;
    assert_eq!(world.listed.load(Ordering::SeqCst), 1);
    pass(limits::SEEN_READ_EMPTY_EVERY).await;
    assert_eq!(world.listed.load(Ordering::SeqCst), 2);
    tokio::time::resume();
}

#[tokio::test]
async fn when_the_store_closes_all_who_look_at_cells_come_back() {
    let world = World::new();
    let mut client = world.client().await;
    let membership = enter(&world, &client, cell(10)).await;
    client.next().await;
    world.store.hang_up(&cells_feed());
    assert!(client.next().await.contains(r#""code":2500"#));
    assert!(membership.has_ended());
    let _again = enter(&world, &client, cell(10)).await;
    assert_eq!(world.store.subscriptions(), 2);
}

#[tokio::test]
async fn there_is_an_end_to_the_cells_that_are_shown() {
    let world = World::new();
    let client = world.client().await;
    let membership = enter(&world, &client, cell(10)).await;
    let free = world.hub.cells.available_permits();
    assert_eq!(free, limits::CELL_ROOMS_LEN_MAX - 1);
    let taken = world.hub.cells.clone().try_acquire_many_owned(u32::try_from(free).unwrap()).unwrap();
    let refused = world.hub.begin(cell(14), client.connection.clone(), Terms::default()).await;
    assert!(matches!(refused, Err(AppError::Busy)));
    // Those that are shown are open to all.
    let other = world.client().await;
    drop(enter(&world, &other, cell(10)).await);
    drop((membership, taken));
    world.hub.sweep(Instant::now() + limits::ROOM_LINGER);
    until("the room has ended", || world.hub.cells.available_permits() == limits::CELL_ROOMS_LEN_MAX).await;
}

#[tokio::test]
async fn what_was_not_heard_is_found_in_the_store() {
    let world = World::new();
    let mut client = world.client().await;
    let _membership = join(&world, &client).await;
    client.next().await;
    tokio::time::pause();
    // Somebody who was not told of is listed now; a gap is no reason to wait.
    *world.listing.lock() =
        Listing { runs: vec![(RunId::from_u128(1), None)], words: vec![word(1, 1, Some(10))], is_cut: false };
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
