//! Rooms that gather what comes within a moment, and say it in one message. Time is moved on by hand, and stands still
//! until then.

use super::*;

const MOMENT: Duration = Duration::from_millis(50);
/// Timers are exact to a millisecond.
const OVER: Duration = Duration::from_millis(51);

fn gathering() -> Entrance {
    let entrance = entrance();
    Entrance { features: Features { gather: MOMENT, delta: false, ..entrance.features }, ..entrance }
}

async fn begin(world: &World, client: &Client) -> Joining {
    let begun = world.hub.begin(gathering(), client.connection.clone(), Terms::default());
    tokio::time::timeout(DEADLINE, begun).await.unwrap().unwrap()
}

async fn join(world: &World, client: &Client, covered: u64) -> Membership {
    begin(world, client).await.finish(covered, reply(covered)).unwrap()
}

/// Every worker has done what it can do at this time: none of them waits for a socket.
async fn settled() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

fn pushes(offsets: impl IntoIterator<Item = u64>) -> String {
    let push = |offset| format!(r#"{{"push":{{"channel":"stream","pub":{{"data":{offset},"offset":{offset}}}}}}}"#);
    offsets.into_iter().map(push).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn what_comes_within_a_moment_is_one_message() {
    let world = World::new();
    let mut client = world.client().await;
    let _membership = join(&world, &client, 0).await;
    assert_eq!(client.message().await, "state 0");
    tokio::time::pause();
    for offset in 1..=3 {
        world.append(offset.to_string());
        settled().await;
        tokio::time::advance(MOMENT / 5).await;
    }
    client.connection.outbound.push(&text(b"not yet"));
    tokio::time::advance(OVER - MOMENT * 3 / 5).await;
    settled().await;
    client.connection.outbound.push(&text(b"said"));
    // The next moment begins with what comes next.
    tokio::time::advance(MOMENT * 10).await;
    world.append("4");
    settled().await;
    client.connection.outbound.push(&text(b"not yet"));
    tokio::time::advance(OVER).await;
    settled().await;
    tokio::time::resume();
    for message in ["not yet".to_owned(), pushes(1..=3), "said".to_owned(), "not yet".to_owned(), pushes([4])] {
        assert_eq!(client.message().await, message);
    }
}

#[tokio::test]
async fn a_newcomer_in_the_middle_of_a_moment_hears_each_once() {
    let world = World::new();
    let (mut early, mut reading) = (world.client().await, world.client().await);
    let (mut ahead, mut late) = (world.client().await, world.client().await);
    let _early = join(&world, &early, 0).await;
    early.message().await;
    tokio::time::pause();
    for offset in 1..=2 {
        world.append(offset.to_string());
    }
    settled().await;
    // One has read its state and is inside, one still reads.
    let _ahead = join(&world, &ahead, 2).await;
    let joining = begin(&world, &reading).await;
    world.append("3");
    settled().await;
    tokio::time::advance(OVER).await;
    settled().await;
    let _reading = joining.finish(2, reply(2)).unwrap();
    world.append("4");
    settled().await;
    let _late = join(&world, &late, 3).await;
    tokio::time::advance(OVER).await;
    settled().await;
    tokio::time::resume();
    assert_eq!(early.message().await, pushes(1..=3));
    assert_eq!(early.message().await, pushes([4]));
    for (client, covered) in [(&mut ahead, 2), (&mut reading, 2), (&mut late, 3)] {
        assert_eq!(client.message().await, format!("state {covered}"));
        for offset in covered + 1..=4 {
            assert_eq!(client.message().await, pushes([offset]));
        }
    }
    for client in [early, ahead, reading, late] {
        assert!(client.rest().await.is_empty());
    }
}

#[tokio::test]
async fn nothing_gathered_is_lost_by_a_gap() {
    let world = World::new();
    let mut client = world.client().await;
    let _membership = join(&world, &client, 0).await;
    client.message().await;
    tokio::time::pause();
    world.append("1");
    settled().await;
    world.store.deafen(true);
    world.append("2");
    world.store.deafen(false);
    world.append("3");
    settled().await;
    tokio::time::advance(OVER).await;
    settled().await;
    tokio::time::resume();
    for offset in 1..=3 {
        assert_eq!(client.next_offset().await, offset);
    }
    assert!(client.rest().await.is_empty());
}

/// What was heard before the loss did happen.
#[tokio::test]
async fn what_is_gathered_is_said_before_all_are_sent_out() {
    let world = World::new();
    let mut client = world.client().await;
    let _membership = join(&world, &client, 0).await;
    client.message().await;
    tokio::time::pause();
    for offset in 1..=2 {
        world.append(offset.to_string());
    }
    settled().await;
    world.store.forget(&entrance().topic, true);
    world.append("1");
    settled().await;
    tokio::time::resume();
    assert_eq!(client.message().await, pushes(1..=2));
    assert!(client.message().await.contains(r#""code":2500"#));
    // Nothing of it is left for those who come back.
    let _again = join(&world, &client, 1).await;
    assert_eq!(client.message().await, "state 1");
    world.append("2");
    assert_eq!(client.message().await, pushes([2]));
}

/// These do not wait for the moment to end: time stands still throughout.
#[tokio::test]
async fn a_full_group_a_change_of_rights_and_the_end_do_not_wait() {
    let world = World::new();
    let mut client = world.client().await;
    let _membership = join(&world, &client, 0).await;
    client.message().await;
    tokio::time::pause();
    let full = limits::GROUP_LEN_MAX as u64;
    for offset in 1..=full + 1 {
        world.append(offset.to_string());
        settled().await;
    }
    client.connection.outbound.push(&text(b"full"));
    world.append("\"rights\"");
    settled().await;
    client.connection.outbound.push(&text(b"rights"));
    world.append((full + 3).to_string());
    settled().await;
    world.store.hang_up(&entrance().topic);
    settled().await;
    tokio::time::resume();
    assert_eq!(client.message().await, pushes(1..=full));
    assert_eq!(client.message().await, "full");
    assert_eq!((client.next_offset().await, client.next_offset().await), (full + 1, full + 2));
    assert_eq!(client.message().await, "rights");
    assert_eq!(client.message().await, pushes([full + 3]));
    assert!(client.message().await.contains(r#""code":2500"#));
}
