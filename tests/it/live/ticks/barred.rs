//! Runs that may be seen no more, when the instance that knew it has died before it could tell.

use std::time::Duration;

use runnity::app::runs::NewRun;
use runnity::backend::{AggregateId, Commit, Put};
use runnity::domain::cell::Cell;
use runnity::domain::geo::Place;
use runnity::domain::ids::{RunId, UserId};
use runnity::domain::user::Visibility;
use serde_json::json;

use super::{Watcher, be_at, user};
use crate::events::{event, plan};
use crate::support::{Runner, Site, StoreKind, on_each_store};

on_each_store!(what_may_be_seen_no_more_is_gone_though_who_knew_it_has_died,);

const NORTH: i32 = 6_017_000;
const EAST: i32 = 2_494_000;

fn cell(zoom: u8) -> String {
    let place = Place::new(f64::from(NORTH) / 1e5, f64::from(EAST) / 1e5).unwrap();
    format!("map:{}", Cell::of(place, zoom))
}

/// Another instance, that has died, has the lease; it does not run out here.
async fn lease_to_another(site: &Site) {
    let aggregate = AggregateId::new("lease", "duties");
    let mut commit = Commit::on(aggregate.clone());
    let lease = json!({ "holder": "another", "renewal": 7 });
    commit.puts.push(Put { key: aggregate.head(), value: Some(lease.to_string().into()) });
    site.app.backend.commit(commit).await.unwrap();
}

async fn what_may_be_seen_no_more_is_gone_though_who_knew_it_has_died(kind: StoreKind) {
    let (site, held) = Site::start_held(kind).await;
    // It commits, and carries nothing out.
    let dying = site.idle_app().await;
    let [aino, eero, sisu] = [user(&site, "Aino").await, user(&site, "Eero").await, user(&site, "Sisu").await];
    let event = event(&site, &aino.identity, plan("Morning run")).await;
    site.app.join_event(&sisu.identity, event).await.unwrap();
    site.advance(Duration::from_secs(3_600)).await;
    site.app.do_duties().await.unwrap();
    let mut runs = Vec::new();
    for (runner, event) in [(&aino, None), (&eero, None), (&sisu, Some(event))] {
        let visibility = if event.is_some() { Visibility::Private } else { Visibility::Public };
        let new = NewRun { event, visibility: Some(visibility), ..NewRun::default() };
        let run = RunId::parse(&site.app.new_run(&runner.identity, new).await.unwrap().id).unwrap();
        be_at(&site, &runner.identity, run, NORTH, EAST).await;
        runs.push(run);
    }
    let (mut map, mut counts) = (Watcher::at(&site, &cell(10)).await, Watcher::at(&site, &cell(2)).await);
    let mut positions = Watcher::at(&site, &format!("positions:{event}")).await;
    map.until(|watcher| watcher.runners.len() == 2).await;
    counts.until(|watcher| watcher.counts.values().eq([&2])).await;
    positions.until(|watcher| watcher.runners.len() == 1).await;

    lease_to_another(&site).await;
    // What a listing would say, now and then, is another matter.
    held.hold_indexes(&["runs/on-map", &format!("runs/live-of-event/{event}")]);
    let user = |runner: &Runner| UserId::parse(&runner.id).unwrap();
    dying.remove_participant(&aino.identity, event, &user(&sisu)).await.unwrap();
    // It has taken the run out of the event, and comes no further.
    dying.carry_out_follow_ups().await.unwrap();
    dying.set_visibility(&aino.identity, runs[0], Visibility::Friends).await.unwrap();
    dying.delete_run(&eero.identity, runs[1], None).await.unwrap();
    drop(dying);
    site.advance(Duration::from_secs(1)).await;
    map.until(|watcher| watcher.runners.is_empty()).await;
    counts.until(|watcher| watcher.counts.is_empty()).await;
    positions.until(|watcher| watcher.runners.is_empty()).await;
    held.hold_indexes(&[]);
}
