//! The map's cells.

use runnity::app::runs::Transition;
use runnity::backend::{AggregateId, Commit, Index, Move, Put, Range};
use runnity::domain::cell::Cell;
use runnity::domain::geo::Place;
use runnity::domain::user::Visibility;
use runnity::limits;
use serde_json::json;

use super::{Watcher, be_at, is_unknown, user};
use crate::support::{Site, StoreKind, on_each_store};

on_each_store!(
    public_runs_are_shown_in_their_cells_by_every_instance,
    who_comes_sees_who_is_there_already,
    a_run_that_is_no_longer_public_or_live_is_gone_at_the_next_tick,
    one_who_runs_over_an_edge_is_in_one_cell_and_then_in_the_other,
    what_is_no_cell_is_no_channel,
    a_client_watches_as_many_cells_as_one_view_has,
    a_run_from_before_there_was_a_map_is_on_it_when_it_is_next_heard_of,
);

/// In Helsinki.
const NORTH: i32 = 6_017_000;
const EAST: i32 = 2_494_000;

fn cell(north: i32, east: i32, zoom: u8) -> String {
    let place = Place::new(f64::from(north) / 1e5, f64::from(east) / 1e5).unwrap();
    format!("map:{}", Cell::of(place, zoom))
}

async fn public_runs_are_shown_in_their_cells_by_every_instance(kind: StoreKind) {
    let (site, runner);
    site = Site::start(kind).await;
    let other = site.another().await;
    runner = user(&site, "Aino").await;
    let secretive = user(&site, "Eero").await;
    let mut watchers = Vec::new();
    for zoom in [6, 10, 14] {
        watchers.push(Watcher::at(&site, &cell(NORTH, EAST, zoom)).await);
    }
    let mut elsewhere = Watcher::at(&site, &cell(-NORTH, EAST, 6)).await;
    let mut counts = Watcher::at(&site, &cell(NORTH, EAST, 2)).await;
    assert!(watchers.iter().all(|watcher| watcher.runners.is_empty()) && counts.counts.is_empty());

    let (run, _) = other.run(&runner, Visibility::Public).await;
    let (hidden, _) = other.run(&secretive, Visibility::Friends).await;
    be_at(&other, &secretive.identity, hidden, NORTH, EAST).await;
    for step in [0, 10, 20] {
        be_at(&other, &runner.identity, run, NORTH + step, EAST - step).await;
        let expected = Some((i64::from(NORTH + step), i64::from(EAST - step)));
        for watcher in &mut watchers {
            watcher.until(|watcher| watcher.run(run) == expected).await;
            assert_eq!(watcher.runners.len(), 1, "nobody else is shown");
        }
    }
    let count = cell(NORTH, EAST, 6).replace("map:", "");
    counts.until(|watcher| watcher.counts.get(&count) == Some(&1)).await;
    assert_eq!(counts.counts.len(), 1);
    other.app.transition(&runner.identity, run, Transition::Pause).await.unwrap();
    watchers[0].until(|watcher| watcher.runners.values().all(|(.., is_paused)| *is_paused)).await;
    // On the other side of the Earth nothing was said.
    elsewhere.heard_nothing().await;
}

async fn who_comes_sees_who_is_there_already(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero) = (user(&site, "Aino").await, user(&site, "Eero").await);
    let (first, _) = site.run(&aino, Visibility::Public).await;
    be_at(&site, &aino.identity, first, NORTH, EAST).await;
    let other = site.another().await;
    let count = cell(NORTH, EAST, 6).replace("map:", "");
    for zoom in [6, 10, 14] {
        // From the store, and then from the room.
        for _ in 0..2 {
            let watcher = Watcher::at(&other, &cell(NORTH, EAST, zoom)).await;
            assert_eq!(watcher.run(first), Some((i64::from(NORTH), i64::from(EAST))), "at once");
        }
    }
    let (second, _) = site.run(&eero, Visibility::Public).await;
    be_at(&site, &eero.identity, second, NORTH + 5, EAST + 5).await;
    let mut early = Watcher::at(&other, &cell(NORTH, EAST, 6)).await;
    early.until(|watcher| watcher.run(second).is_some()).await;
    let late = Watcher::at(&other, &cell(NORTH, EAST, 6)).await;
    assert_eq!((late.runners.len(), late.run(second)), (2, early.run(second)));
    let mut counts = Watcher::at(&other, &cell(NORTH, EAST, 2)).await;
    counts.until(|watcher| watcher.counts.get(&count) == Some(&2)).await;
}

async fn a_run_that_is_no_longer_public_or_live_is_gone_at_the_next_tick(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let runner = user(&site, "Aino").await;
    let (run, _) = site.run(&runner, Visibility::Public).await;
    be_at(&site, &runner.identity, run, NORTH, EAST).await;
    let mut watcher = Watcher::at(&other, &cell(NORTH, EAST, 10)).await;
    let mut counts = Watcher::at(&other, &cell(NORTH, EAST, 2)).await;
    for step in [10, 20] {
        site.app.set_visibility(&runner.identity, run, Visibility::Private).await.unwrap();
        watcher.until(|watcher| watcher.runners.is_empty()).await;
        counts.until(|watcher| watcher.counts.is_empty()).await;
        // Who comes now does not learn of it either.
        assert!(Watcher::at(&other, &cell(NORTH, EAST, 10)).await.runners.is_empty());
        assert!(Watcher::at(&site, &cell(NORTH, EAST, 6)).await.runners.is_empty());
        assert!(Watcher::at(&site, &cell(NORTH, EAST, 2)).await.counts.is_empty());
        be_at(&site, &runner.identity, run, NORTH + step, EAST).await;
        site.app.set_visibility(&runner.identity, run, Visibility::Public).await.unwrap();
        watcher.until(|watcher| watcher.run(run) == Some((i64::from(NORTH + step), i64::from(EAST)))).await;
        counts.until(|watcher| watcher.counts.len() == 1).await;
    }
    site.app.transition(&runner.identity, run, Transition::Finish).await.unwrap();
    watcher.until(|watcher| watcher.runners.is_empty()).await;
    counts.until(|watcher| watcher.counts.is_empty()).await;
    assert!(Watcher::at(&site, &cell(NORTH, EAST, 14)).await.runners.is_empty());
}

async fn one_who_runs_over_an_edge_is_in_one_cell_and_then_in_the_other(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = user(&site, "Aino").await;
    let (run, _) = site.run(&runner, Visibility::Public).await;
    // The meridian of Greenwich is an edge at every zoom.
    let (north, west, east) = (5_150_000, -10, 10);
    be_at(&site, &runner.identity, run, north, west).await;
    for zoom in [6, 10, 14] {
        let (from, to) = (cell(north, west, zoom), cell(north, east, zoom));
        assert_ne!(from, to);
        let mut before = Watcher::at(&site, &from).await;
        let mut after = Watcher::at(&site, &to).await;
        assert!(before.run(run).is_some() && after.run(run).is_none());
        be_at(&site, &runner.identity, run, north, east).await;
        before.until(|watcher| watcher.runners.is_empty()).await;
        after.until(|watcher| watcher.run(run).is_some()).await;
        be_at(&site, &runner.identity, run, north, west).await;
        before.until(|watcher| watcher.run(run).is_some()).await;
        after.until(|watcher| watcher.runners.is_empty()).await;
    }
    // Both lie in one of zoom 2 or in neighbours: the one who runs is counted once.
    let mut counts = Watcher::at(&site, &cell(north, west, 2)).await;
    counts.until(|watcher| watcher.counts.values().sum::<u64>() == 1).await;
}

async fn what_is_no_cell_is_no_channel(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = site.spectator().await;
    let long = format!("map:{}", "0".repeat(200));
    for name in
        ["map:", "map:0", "map:012", "map:0123456", "map:4", "map:00000x", "map:-1", "map:01234567890123", &long]
    {
        is_unknown(&mut client, name).await;
    }
    for name in ["map:01", "map:012301", "map:0123012301", "map:01230123012301"] {
        client.subscribe(name).await;
        // Nobody may say anything there, read what is not kept, or be counted.
        assert_eq!(client.error("publish", json!({ "channel": name, "data": {} })).await, 103);
        for command in ["history", "presence", "presence_stats"] {
            assert_eq!(client.error(command, json!({ "channel": name })).await, 108, "{command}");
        }
    }
}

async fn a_client_watches_as_many_cells_as_one_view_has(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = site.spectator().await;
    let name = |number: usize| format!("map:{}", Cell::numbered(10, number as i64).unwrap());
    for number in 0..limits::CELLS_LEN_MAX {
        client.subscribe(&name(number)).await;
    }
    let one_more = name(limits::CELLS_LEN_MAX);
    assert_eq!(client.error("subscribe", json!({ "channel": one_more })).await, 106);
    // Other channels are another matter, and whoever leaves one may come to another.
    let runner = user(&site, "Aino").await;
    let (run, _) = site.run(&runner, Visibility::Public).await;
    client.subscribe(&format!("run:{run}")).await;
    client.ask("unsubscribe", json!({ "channel": name(0) })).await;
    client.subscribe(&one_more).await;
}

async fn a_run_from_before_there_was_a_map_is_on_it_when_it_is_next_heard_of(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = user(&site, "Aino").await;
    let (run, _) = site.run(&runner, Visibility::Public).await;
    be_at(&site, &runner.identity, run, NORTH, EAST).await;
    // As it was stored then.
    let (store, aggregate) = (site.store.open().await, AggregateId::new("run", &run.to_string()));
    let stored = store.read(&[aggregate.head()]).await.unwrap().remove(0).value.unwrap();
    let mut record: serde_json::Value = serde_json::from_slice(&stored).unwrap();
    assert_eq!(record.as_object_mut().unwrap().remove("is_charted"), Some(json!(true)));
    let mut commit = Commit::on(aggregate.clone());
    commit.puts.push(Put { key: aggregate.head(), value: Some(record.to_string().into()) });
    for index in ["runs/on-map", "runs/public/near"] {
        commit.moves.push(Move { index: Index::new(index), member: run.to_string().into(), score: None });
    }
    store.commit(commit).await.unwrap();
    let other = site.another().await;
    assert!(Watcher::at(&other, &cell(NORTH, EAST, 14)).await.runners.is_empty());
    // It has hardly moved.
    be_at(&other, &runner.identity, run, NORTH + 1, EAST).await;
    let third = site.another().await;
    assert!(Watcher::at(&third, &cell(NORTH, EAST, 14)).await.run(run).is_some());
    for index in ["runs/on-map", "runs/public/near"] {
        let all = store.range(&Range::all(Index::new(index), 10)).await.unwrap();
        assert_eq!(all.members.len(), 1, "{index}");
    }
}
