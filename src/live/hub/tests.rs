//! Rooms over a small store in memory, with real sockets.

mod gathering;
mod manners;
mod names;
mod rights;
mod store;
mod ticks;

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;
use uuid::Uuid;

use self::store::Store;
use super::room::{Membership, Spoiled};
use super::*;
use crate::backend::AggregateId;
use crate::domain::time::Timestamp;
use crate::live::connection::Beat;
use crate::live::disconnect;
use crate::live::form::Form;
use crate::live::frame::{self, Kind};
use crate::live::outbound::Outbound;

/// Far above anything that a test waits for.
const DEADLINE: Duration = Duration::from_secs(20);

struct World {
    store: Arc<Store>,
    hub: Arc<Hub>,
    workers: Workers,
    /// What is answered when rights are asked.
    verdict: Arc<Mutex<Verdict>>,
    /// Who is to be seen, by the store.
    listing: Arc<Mutex<Listing>>,
    /// How often that was asked.
    listed: Arc<AtomicUsize>,
}

struct Client {
    connection: Arc<Connection>,
    socket: WebSocketStream<TcpStream>,
    /// Lines of a message that were not asked for yet.
    lines: VecDeque<String>,
}

impl World {
    fn new() -> Self {
        let (store, workers) = (Store::new(), Workers::default());
        let verdict = Arc::new(Mutex::new(Verdict::Stays));
        let listing = Arc::new(Mutex::new(Listing::default()));
        let (asked, list, listed) = (verdict.clone(), listing.clone(), Arc::new(AtomicUsize::new(0)));
        let count = listed.clone();
        let rules = Rules {
            changes_rights: |_, payload| payload.starts_with(b"\"rights"),
            concerned: Concerned::read,
            list: Box::new(move |_, _| {
                count.fetch_add(1, Ordering::SeqCst);
                let listing = list.lock().clone();
                async move { Ok(listing) }.boxed()
            }),
            now: Box::new(|| Timestamp::from_millis(0)),
            tick: limits::TICK,
            ask: Box::new(move |_, _| {
                let verdict = *asked.lock();
                async move { verdict }.boxed()
            }),
        };
        let hub = Hub::new(store.clone(), rules, workers.clone(), Counts::default());
        Self { store, hub, workers, verdict, listing, listed }
    }

    async fn client(&self) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let hour = Duration::from_secs(3600);
        let beat = Beat { ping_interval: hour, pong_timeout: hour, stale_after: hour };
        let connection = Arc::new(Connection::new(
            Uuid::new_v4(),
            Outbound::to_socket(server),
            Form::Json,
            Timestamp::from_millis(0),
            &beat,
        ));
        let socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
        Client { connection, socket, lines: VecDeque::new() }
    }

    async fn begin(&self, client: &Client, by_server: bool) -> Joining {
        let terms = Terms { by_server, ..Terms::default() };
        let begun = self.hub.begin(entrance(), client.connection.clone(), terms);
        tokio::time::timeout(DEADLINE, begun).await.unwrap().unwrap()
    }

    /// Joins with the topic's top as the state.
    async fn join(&self, client: &Client) -> Membership {
        let joining = self.begin(client, false).await;
        let covered = self.store.top(&entrance().topic);
        joining.finish(covered, reply(covered)).unwrap()
    }

    fn append(&self, payload: impl Into<String>) {
        self.store.append(&entrance().topic, payload.into());
    }
}

impl Client {
    async fn next(&mut self) -> String {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return line;
            }
            let message = self.message().await;
            self.lines.extend(message.lines().map(str::to_owned));
        }
    }

    /// The next message, of all its lines.
    async fn message(&mut self) -> String {
        let message = tokio::time::timeout(DEADLINE, self.socket.next()).await.expect("a frame in time");
        message.expect("an open socket").expect("a frame").to_string()
    }

    /// The offset of the next publication.
    async fn next_offset(&mut self) -> u64 {
        let text = self.next().await;
        let push: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(push["push"]["channel"], "stream", "{text}");
        push["push"]["pub"]["offset"].as_u64().unwrap()
    }

    /// Ends the connection and gives all that was still to come.
    async fn rest(mut self) -> Vec<String> {
        self.connection.outbound.push(&text(b"end"));
        let mut rest = Vec::new();
        loop {
            match self.next().await {
                end if end == "end" => return rest,
                text => rest.push(text),
            }
        }
    }
}

/// A channel that can be recovered, without the product's names for it.
fn entrance() -> Entrance {
    let channel = Channel::User(crate::domain::ids::UserId::parse("u").unwrap());
    let topic = |name| AggregateId::new("run", "1").topic(name);
    let features = Features { delta: true, ..channel.features() };
    Entrance {
        channel,
        name: "stream".into(),
        topic: topic(""),
        presence: None,
        passing: None,
        shows: None,
        rights: Vec::new(),
        features,
    }
}

fn text(payload: &[u8]) -> Bytes {
    frame::alone(Kind::Text, payload)
}

fn reply(covered: u64) -> Bytes {
    text(format!("state {covered}").as_bytes())
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, wait).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_joins_while_changes_come_misses_none_and_hears_none_twice() {
    let world = Arc::new(World::new());
    // A hundred changes come while each of the forty joins: all together stay below the bound of a slow reader.
    let changes = Arc::new(tokio::sync::Semaphore::new(0));
    let publisher = tokio::spawn({
        let (world, changes) = (world.clone(), changes.clone());
        async move {
            let mut last = 0;
            while let Ok(permit) = changes.acquire().await {
                permit.forget();
                last += 1;
                world.append(last.to_string());
            }
            last
        }
    });
    let mut readers = Vec::new();
    for _ in 0..40 {
        let mut client = world.client().await;
        let outbound = client.connection.clone();
        let drain = tokio::spawn(std::future::poll_fn(move |context| {
            outbound.outbound.poll_drain(context);
            std::task::Poll::<()>::Pending
        }));
        // Some of what the one before was given may still be coming, and never so much that joining is given up.
        until("changes come", || changes.available_permits() < 50).await;
        changes.add_permits(100);
        let membership = world.join(&client).await;
        let (offsets, read) = tokio::sync::watch::channel(0);
        let reader = tokio::spawn(async move {
            let covered: u64 = client.next().await.strip_prefix("state ").unwrap().parse().unwrap();
            let mut expected = covered;
            while offsets.send(expected).is_ok() {
                expected += 1;
                assert_eq!(client.next_offset().await, expected);
            }
            drop(membership);
            drain.abort();
            covered
        });
        readers.push((reader, read));
    }
    changes.close();
    let last = publisher.await.unwrap();
    for (_, read) in &mut readers {
        let read = read.wait_for(|offset| *offset >= last);
        tokio::time::timeout(DEADLINE, read).await.expect("all arrive").unwrap();
    }
    // One more, so that each reader sees that nobody waits for it any more.
    let (readers, read): (Vec<_>, Vec<_>) = readers.into_iter().unzip();
    drop(read);
    world.append("\"last\"");
    let mut starts = std::collections::HashSet::new();
    for reader in readers {
        starts.insert(reader.await.unwrap());
    }
    assert!(starts.len() > 1, "all joined at one moment: this test shows nothing");
    assert_eq!(world.store.subscriptions(), 1, "one subscription for all");
    assert_eq!(world.hub.counts.subscriptions.get(), 0);
}

#[tokio::test]
async fn changes_that_the_state_covers_are_not_heard_again() {
    let world = World::new();
    let mut client = world.client().await;
    let joining = world.begin(&client, false).await;
    for change in 1..=5 {
        world.append(change.to_string());
    }
    // The room has heard all five once a second client, who was there before, has them.
    let mut witness = world.client().await;
    let _seat = world.join(&witness).await;
    world.append("6");
    while witness.next().await != r#"{"push":{"channel":"stream","pub":{"data":6,"offset":6}}}"# {}
    let _membership = joining.finish(3, reply(3)).unwrap();
    assert_eq!(client.next().await, "state 3");
    for expected in 4..=6 {
        assert_eq!(client.next_offset().await, expected);
    }
}

#[tokio::test]
async fn a_state_may_be_ahead_of_what_the_room_has_heard() {
    let world = World::new();
    let (mut client, leaver) = (world.client().await, world.client().await);
    let _membership = world.begin(&client, false).await.finish(3, reply(3)).unwrap();
    drop(world.begin(&leaver, false).await.finish(3, reply(3)).unwrap());
    for change in 1..=5 {
        world.append(change.to_string());
    }
    assert_eq!(client.next().await, "state 3");
    for expected in 4..=5 {
        assert_eq!(client.next_offset().await, expected);
    }
    assert_eq!(leaver.rest().await, ["state 3"]);
}

#[tokio::test]
async fn a_gap_is_filled_from_the_store() {
    let world = World::new();
    let mut client = world.client().await;
    let _membership = world.join(&client).await;
    client.next().await;
    world.append("1");
    assert_eq!(client.next_offset().await, 1);
    world.store.deafen(true);
    for change in 2..=700 {
        world.append(change.to_string());
    }
    world.store.deafen(false);
    world.append("701");
    for expected in 2..=701 {
        assert_eq!(client.next_offset().await, expected);
    }
}

#[tokio::test]
async fn a_gap_that_cannot_be_filled_sends_everybody_out() {
    for new_epoch in [false, true] {
        let world = World::new();
        let (mut client, mut owner) = (world.client().await, world.client().await);
        let membership = world.join(&client).await;
        client.next().await;
        let joining = world.begin(&owner, true).await;
        let _own = joining.finish(0, reply(0)).unwrap();
        let late = world.begin(&client, false).await;
        world.append("1");
        assert_eq!(client.next_offset().await, 1);
        world.store.deafen(true);
        world.append("2");
        world.store.forget(&entrance().topic, new_epoch);
        world.store.deafen(false);
        world.append("3");
        let out = r#"{"push":{"channel":"stream","unsubscribe":{"code":2500,"reason":"insufficient state"}}}"#;
        assert_eq!(client.next().await, out);
        assert!(membership.has_ended());
        owner.next().await;
        assert_eq!(owner.next_offset().await, 1);
        assert!(owner.next().await.contains(r#""disconnect":{"code":3010"#));
        assert_eq!(late.finish(1, reply(1)).err(), Some(Spoiled));
        // Whoever comes back starts from the state.
        let back = world.join(&client).await;
        assert!(client.next().await.starts_with("state "));
        world.append("4");
        client.next_offset().await;
        drop((membership, back));
    }
}

#[tokio::test]
async fn nothing_follows_the_word_that_one_has_left() {
    let world = World::new();
    let mut client = world.client().await;
    let mut witness = world.client().await;
    let membership = world.join(&client).await;
    let _seat = world.join(&witness).await;
    world.append("1");
    client.next().await;
    assert_eq!(client.next_offset().await, 1);
    membership.leave(&text(b"left"));
    world.append("2");
    while witness.next().await != r#"{"push":{"channel":"stream","pub":{"data":2,"offset":2}}}"# {}
    assert_eq!(client.rest().await, ["left"]);
}

#[tokio::test]
async fn who_loses_the_right_hears_nothing_more() {
    let world = World::new();
    let mut client = world.client().await;
    let membership = world.join(&client).await;
    client.next().await;
    let late = world.begin(&client, false).await;
    let seen = late.rights_seen();
    assert_eq!(world.hub.rights_seen(&entrance().topic), Some(seen));

    world.append("\"rights\"");
    assert_eq!(client.next_offset().await, 1);
    world.append("2");
    assert_eq!(client.next_offset().await, 2);
    assert_ne!(world.hub.rights_seen(&entrance().topic), Some(seen));
    assert_eq!(late.finish(2, reply(2)).err(), Some(Spoiled), "who was asked before must be asked again");

    *world.verdict.lock() = Verdict::Leaves(disconnect::REMOVED);
    world.append("\"rights\"");
    world.append("4");
    assert_eq!(client.next_offset().await, 3);
    let out = r#"{"push":{"channel":"stream","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}}"#;
    assert_eq!(client.next().await, out);
    assert!(membership.has_ended());
    world.append("5");
    let seen = world.store.top(&entrance().topic);
    until("the room has heard the last change", || world.store.told(&entrance().topic) == seen).await;
    assert!(client.rest().await.is_empty());
}

#[tokio::test]
async fn whose_rights_cannot_be_asked_is_sent_out_so_that_it_comes_back() {
    let world = World::new();
    let (mut client, mut owner) = (world.client().await, world.client().await);
    let _membership = world.join(&client).await;
    let own = world.begin(&owner, true).await.finish(0, reply(0)).unwrap();
    *world.verdict.lock() = Verdict::Leaves(disconnect::INSUFFICIENT_STATE);
    world.append("\"rights\"");
    for client in [&mut client, &mut owner] {
        assert_eq!(client.next().await, "state 0");
        assert_eq!(client.next_offset().await, 1);
    }
    assert!(client.next().await.contains(r#""unsubscribe":{"code":2500"#));
    // Whom the server has subscribed cannot do so itself: it has to connect again.
    assert!(owner.next().await.contains(r#""disconnect":{"code":3010"#));
    drop(own);

    // Where there is no way back, the word is enough.
    let _own = world.begin(&client, true).await.finish(1, reply(1)).unwrap();
    *world.verdict.lock() = Verdict::Leaves(disconnect::REMOVED);
    world.append("\"rights\"");
    assert_eq!(client.next().await, "state 1");
    assert_eq!(client.next_offset().await, 2);
    assert!(client.next().await.contains(r#""unsubscribe":{"code":2000"#));
    client.connection.outbound.push(&text(b"still there"));
    assert_eq!(client.next().await, "still there");
}

#[tokio::test]
async fn an_empty_room_lingers_and_then_closes() {
    let world = World::new();
    let client = world.client().await;
    let start = Instant::now();
    drop(world.join(&client).await);
    world.hub.sweep(start);
    assert_eq!(world.hub.rooms_len(), 1);
    let membership = world.join(&client).await;
    world.hub.sweep(Instant::now() + limits::ROOM_LINGER);
    assert_eq!(world.hub.rooms_len(), 1, "somebody came back");
    drop(membership);
    world.hub.sweep(Instant::now() + limits::ROOM_LINGER);
    assert_eq!(world.hub.rooms_len(), 0);
    until("the subscription has ended", || world.store.listeners() == 0).await;
    // The next one opens it anew.
    let _membership = world.join(&client).await;
    assert_eq!(world.store.subscriptions(), 2);
    tokio::time::timeout(DEADLINE, world.workers.close()).await.expect("all workers end");
}

#[tokio::test]
async fn a_room_that_has_ended_does_not_take_its_successor_along() {
    let world = World::new();
    let client = world.client().await;
    let former = world.join(&client).await;
    world.store.hang_up(&entrance().topic);
    until("the room has ended", || former.has_ended()).await;
    let _membership = world.join(&client).await;
    drop(former);
    world.hub.sweep(Instant::now() + limits::ROOM_LINGER);
    assert!(world.hub.rights_seen(&entrance().topic).is_some(), "somebody is in there");
}

#[tokio::test]
async fn who_joins_too_slowly_begins_again() {
    let world = World::new();
    let (client, mut witness) = (world.client().await, world.client().await);
    let joining = world.begin(&client, false).await;
    let _seat = world.join(&witness).await;
    witness.next().await;
    for change in 1..=limits::JOINING_LEN_MAX as u64 + 1 {
        world.append(change.to_string());
        assert_eq!(witness.next_offset().await, change);
    }
    assert_eq!(joining.finish(0, reply(0)).err(), Some(Spoiled));
    assert!(client.rest().await.is_empty(), "nothing was said");
}

#[tokio::test]
async fn a_store_that_fails_is_asked_again_by_the_next_one() {
    let world = World::new();
    let client = world.client().await;
    world.store.break_down(true);
    assert!(world.hub.begin(entrance(), client.connection.clone(), Terms::default()).await.is_err());
    assert_eq!(world.hub.rights_seen(&entrance().topic), None);
    world.store.break_down(false);
    world.join(&client).await;
    assert!(world.hub.rights_seen(&entrance().topic).is_some());
}
