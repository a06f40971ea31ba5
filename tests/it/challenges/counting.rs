//! What counts in a challenge: what is stored of those who take part, between its start and its end.

use std::time::Duration;

use runnity::app::runs::{NewRun, Transition};
use runnity::domain::fix::{Fix, Readings};
use runnity::domain::geo::Place;
use runnity::domain::ids::RunId;
use serde_json::{Value, json};

use super::{field, kinds, laps, made, moves, says, settled, standing, standings, taken_up, ten_laps};
use crate::support::{Runner, Site, StoreKind, on_each_store};

on_each_store!(
    late_accept_counts_what_was_run_since_the_start,
    a_run_that_is_deleted_or_withheld_takes_its_value_back,
    who_leaves_counts_no_more_and_may_come_back,
    a_person_in_fifty_challenges_is_counted_in_each,
);

async fn late_accept_counts_what_was_run_since_the_start(kind: StoreKind) {
    let site = Site::start(kind).await;
    field(&site).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    laps(&site, &eero, 2.0).await;
    let path = made(&site, &aino, ten_laps(&[&eero])).await;
    laps(&site, &eero, 3.0).await;
    site.advance(Duration::from_secs(3_600)).await;
    laps(&site, &eero, 8.0).await;
    assert_eq!(standings(&site, &eero, &path).await, [standing(1, "Aino", Value::Null)]);
    says(&site, &eero, &path, "accept").await;
    settled(&site).await;
    assert_eq!(standings(&site, &eero, &path).await, [standing(1, "Eero", 11.0), standing(2, "Aino", Value::Null)]);
    assert_eq!(kinds(&site, &aino).await, ["accepted", "progress", "finished"]);
}

async fn run(site: &Site, runner: &Runner, fixes: usize) -> RunId {
    let run = site.app.new_run(&runner.identity, NewRun::default()).await.unwrap();
    let run = RunId::parse(&run.id).unwrap();
    site.record(runner, run, fixes).await;
    run
}

async fn a_run_that_is_deleted_or_withheld_takes_its_value_back(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let new = json!({
        "title": "Far", "kind": "most", "variable": "distance_m", "users": [&eero.id], "expires_at": "2026-11-22T09:00:00Z",
    });
    let path = taken_up(&site, &[&aino, &eero], new).await;
    let first = run(&site, &eero, 111).await;
    settled(&site).await;
    assert_eq!(standings(&site, &aino, &path).await[0], standing(1, "Eero", 1_000.0), "while it is on");
    site.app.transition(&eero.identity, first, Transition::Finish).await.unwrap();
    settled(&site).await;
    let metres = standings(&site, &aino, &path).await[0].2.as_f64().unwrap();
    assert!((1_090.0..1_110.0).contains(&metres), "{metres}");
    site.app.delete_run(&eero.identity, first, None).await.unwrap();
    settled(&site).await;
    let nothing = [standing(1, "Eero", Value::Null), standing(2, "Aino", Value::Null)];
    let mut sorted = standings(&site, &aino, &path).await;
    sorted.sort_by_key(|it| std::cmp::Reverse(it.1.clone()));
    sorted.iter_mut().zip(1..).for_each(|(it, position)| it.0 = position);
    assert_eq!(sorted, nothing);
    // One that turns out to be made up.
    let second = run(&site, &eero, 111).await;
    settled(&site).await;
    assert_eq!(standings(&site, &aino, &path).await[0], standing(1, "Eero", 1_000.0));
    site.advance(Duration::from_secs(4)).await;
    let fix = Fix::new(site.clock.now(), Place::new(10.0, 24.9).unwrap(), Readings::default()).unwrap();
    site.app.record(&eero.identity, second, vec![Fix { is_mock: true, ..fix }], None).await.unwrap();
    site.app.transition(&eero.identity, second, Transition::Finish).await.unwrap();
    settled(&site).await;
    assert!(standings(&site, &aino, &path).await.iter().all(|it| it.2.is_null()));
}

async fn who_leaves_counts_no_more_and_may_come_back(kind: StoreKind) {
    let site = Site::start(kind).await;
    field(&site).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let path = taken_up(&site, &[&aino, &eero], ten_laps(&[&eero])).await;
    laps(&site, &eero, 4.0).await;
    assert_eq!(says(&site, &eero, &path, "leave").await["own"]["position"], Value::Null);
    laps(&site, &eero, 2.0).await;
    assert_eq!(standings(&site, &aino, &path).await, [standing(1, "Aino", Value::Null)]);
    assert_eq!(site.post(&aino, &format!("{path}/leave"), json!({})).await.status, 409, "the creator cancels");
    says(&site, &eero, &path, "accept").await;
    settled(&site).await;
    assert_eq!(standings(&site, &aino, &path).await[0], standing(1, "Eero", 6.0));
    laps(&site, &eero, 1.0).await;
    assert_eq!(standings(&site, &aino, &path).await[0], standing(1, "Eero", 7.0));
}

async fn a_person_in_fifty_challenges_is_counted_in_each(kind: StoreKind) {
    let site = Site::start(kind).await;
    field(&site).await;
    let (aino, eero, ukko) = (site.runner("Aino").await, site.runner("Eero").await, site.runner("Ukko").await);
    let mut paths = Vec::new();
    for number in 0..51 {
        let by = if number < 40 { &aino } else { &ukko };
        paths.push(made(&site, by, ten_laps(&[&eero])).await);
    }
    let last = paths.pop().unwrap();
    for path in &paths {
        says(&site, &eero, path, "accept").await;
    }
    assert_eq!(site.post(&eero, &format!("{last}/accept"), json!({})).await.status, 409);
    assert_eq!(site.post(&eero, "/api/challenges", ten_laps(&[&aino])).await.status, 409);
    settled(&site).await;
    moves(&site.app, &eero, "laps", 11.0, None).await.unwrap();
    settled(&site).await;
    for path in &paths {
        let shown = site.get(&eero, path).await.data();
        assert_eq!((&shown["winner"]["name"], &shown["own"]["value"]), (&json!("Eero"), &json!(11.0)), "{path}");
    }
    assert_eq!(site.get(&eero, &last).await.data()["winner"], Value::Null);
}
