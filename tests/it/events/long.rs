//! Long rosters: told as they are, moved along by changes, and put together without holding up anybody else.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures::future::{join_all, poll_fn};
use runnity::app::channels::Channel;
use runnity::app::users::{Identity, Shown};
use runnity::domain::ids::{EventId, UserId};
use runnity::domain::user::Level;
use serde_json::Value;

use super::{event, plan};
use crate::support::{Site, StoreKind, on_each_store};

on_each_store!(long_roster_is_told_as_it_is_and_holds_nobody_up,);

/// Longer than what is encoded, or read from a store at once, on an async thread.
const LEN: usize = 1_200;

fn somebody(index: usize) -> Identity {
    Identity {
        user: UserId::parse(&format!("runner-{index}")).unwrap(),
        name: format!("Runner {index}").into(),
        level: Level::User,
        credential: Shown::Secret(Arc::from("")),
    }
}

/// What somebody who subscribes is told, in how many turns, and how long the longest of them was.
async fn told(site: &Site, event: EventId) -> (Value, u32, Duration) {
    let channel = Channel::Event(event);
    let mut snapshot = pin!(site.app.snapshot(&channel));
    let (mut turns, mut longest) = (0, Duration::ZERO);
    let snapshot = poll_fn(|context| {
        let begun = Instant::now();
        let polled: Poll<_> = snapshot.as_mut().poll(context);
        (turns, longest) = (turns + 1, longest.max(begun.elapsed()));
        polled
    });
    let snapshot = snapshot.await.unwrap();
    (serde_json::from_slice(&snapshot.data.unwrap()).unwrap(), turns, longest)
}

fn numbers(told: &Value) -> Vec<u64> {
    assert_eq!(told["complete"], true);
    told["roster"].as_array().unwrap().iter().map(|row| row[0].as_u64().unwrap()).collect()
}

async fn long_roster_is_told_as_it_is_and_holds_nobody_up(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await;
    let event = event(&site, &aino.identity, plan("A city's run")).await;
    let crowd: Vec<_> = (2..=LEN).map(somebody).collect();
    for some in crowd.chunks(500) {
        for joined in join_all(some.iter().map(|who| site.app.join_event(who, event))).await {
            joined.unwrap();
        }
    }
    let (first, turns, longest) = told(&site, event).await;
    println!("{kind:?}: {LEN} on the roster, read in {turns} turns, the longest of {longest:?}");
    assert!(turns > 4, "others have their turns between: {turns}");
    assert_eq!(numbers(&first), (1..=LEN as u64).collect::<Vec<_>>());
    // Somebody goes and comes again, and somebody new comes: this instance goes on from what it knows.
    let (gone, late) = (&crowd[0], somebody(LEN + 1));
    site.app.leave_event(gone, event).await.unwrap();
    other.app.join_event(&late, event).await.unwrap();
    other.app.join_event(gone, event).await.unwrap();
    let (again, turns, longest) = told(&site, event).await;
    println!("{kind:?}: moved along in {turns} turns, the longest of {longest:?}");
    let was = first["roster"].as_array().unwrap().iter().find(|row| row[1] == gone.user.as_str()).unwrap()[0].as_u64();
    let expected: Vec<_> = (1..=LEN as u64 + 2).filter(|number| Some(*number) != was).collect();
    assert_eq!(numbers(&again), expected);
    let (read, ..) = told(&other, event).await;
    assert_eq!(again["roster"], read["roster"], "as one who reads all of it");
    assert_eq!(again["event"]["participants"], LEN as u64 + 1);
}
