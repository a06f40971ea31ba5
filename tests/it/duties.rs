//! What the server does without being asked: nothing that people wait for stands behind what may wait.

use std::time::Duration;

use futures::future::{Either, select};
use runnity::app::{App, Settings};
use runnity::backend::{AggregateId, Commit, Index, Move, Range};
use runnity::clock::Clock;
use runnity::domain::ids::EventId;

use crate::events::clock::kinds;
use crate::events::{event, plan};
use crate::support::{Site, Store, StoreKind, on_each_store, within};

mod rights;
mod rosters;

on_each_store!(
    however_much_is_to_be_tidied_up_an_event_starts,
    what_hangs_in_housekeeping_holds_nothing_else_up,
    who_has_the_store_alone_does_not_wait_for_who_died,
);

fn of(event: EventId) -> AggregateId {
    AggregateId::new("event", &event.to_string())
}

/// So many answers that need not be remembered any more, since a day.
async fn old_answers(app: &App, index: &str, len: usize) {
    let mut commit = Commit::on(AggregateId::new("posted", "old"));
    let since_ms = app.clock.now().as_millis() - 24 * 60 * 60 * 1_000;
    let member = |number| format!("posted-old/{index}-{number:05}").into();
    commit.moves.extend((0..len).map(|number| Move {
        index: Index::new(index),
        member: member(number),
        score: Some(since_ms),
    }));
    app.backend.commit(commit).await.unwrap();
}

async fn len(app: &App, index: &str) -> usize {
    app.backend.range(&Range::all(Index::new(index), 10_000)).await.unwrap().members.len()
}

async fn however_much_is_to_be_tidied_up_an_event_starts(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await.identity;
    let event = event(&site, &aino, plan("Morning run")).await;
    // In the index of its own, and where a server of an earlier version has put it.
    old_answers(&site.app, "due/housekeeping", 2_000).await;
    old_answers(&site.app, "due", 1_000).await;
    site.advance(Duration::from_secs(3_600)).await;
    within(site.app.do_duties()).await.unwrap();
    assert_eq!(kinds(&site.app, of(event)).await, ["started"]);
    // And all of it is tidied up, after a while.
    within(async { while site.app.do_duties().await.unwrap() > 0 {} }).await;
    assert_eq!((len(&site.app, "due/housekeeping").await, len(&site.app, "due").await), (0, 1), "it ends some time");
}

async fn what_hangs_in_housekeeping_holds_nothing_else_up(kind: StoreKind) {
    let (site, held) = Site::start_held(kind).await;
    let aino = site.runner("Aino").await.identity;
    let event = event(&site, &aino, plan("Morning run")).await;
    old_answers(&site.app, "due/housekeeping", 300).await;
    held.hold_commits(|commit| commit.aggregate.as_str().starts_with("posted/"));
    site.advance(Duration::from_secs(3_600)).await;
    let started = async {
        while kinds(&site.app, of(event)).await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let duties = Box::pin(site.app.do_duties());
    let Either::Left(((), duties)) = within(select(Box::pin(started), duties)).await else {
        panic!("housekeeping was not held")
    };
    held.let_commits_go();
    within(duties).await.unwrap();
    assert_eq!(kinds(&site.app, of(event)).await, ["started"]);
}

async fn who_has_the_store_alone_does_not_wait_for_who_died(kind: StoreKind) {
    let clock = Clock::system();
    let store = Store::make(kind, &clock).await;
    // None of them is served: nothing is done but what is asked for here.
    let [died, waits, alone] = [(); 3].map(|()| store.open());
    let [died, waits, alone] =
        [died.await, waits.await, alone.await].map(|backend| App::new(backend, clock.clone(), Settings::default()));
    died.do_duties().await.unwrap();
    old_answers(&died, "due/housekeeping", 3).await;
    assert_eq!(waits.do_duties().await.unwrap(), 0, "the lease is another's, as far as it knows");
    alone.take_duties().await.unwrap();
    assert_eq!(alone.do_duties().await.unwrap(), 3);
    store.stop().await;
}
