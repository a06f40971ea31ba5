//! What cannot have been run does not count.

use std::time::Duration;

use runnity::domain::fix::{Fix, Readings};
use runnity::domain::ids::RunId;
use serde_json::{Value, json};

use super::fed::{begin, finish, go, is_none, near, north, values, watch};
use super::world::{admin, heard};
use crate::support::{Runner, Site, StoreKind, on_each_store};

on_each_store!(
    a_teleport_counts_nothing_and_says_why,
    a_car_counts_nothing_and_says_why,
    what_a_phone_has_made_up_counts_nothing,
    what_comes_late_counts_as_if_it_had_come_in_time,
);

/// The one word on why a run does not count: the runner's own channel's, which is that of its document.
async fn why(site: &Site, runner: &Runner, run: RunId) -> String {
    let told = heard(site, runner, &["run_withheld"]).await;
    let [told] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(told["run"], json!(run.to_string()));
    let reason = told["reason"].as_str().unwrap().to_owned();
    let path = format!("/api/runs/{run}");
    for viewer in [runner, &admin(site).await] {
        assert_eq!(site.get(viewer, &path).await.data()["withheld"], json!(reason));
    }
    let listed = site.get(runner, "/api/runs?user=me").await.data();
    assert_eq!(listed[0]["withheld"], json!(reason));
    let stranger = site.runner(&format!("Stranger to {}", runner.id)).await;
    assert!(site.get(&stranger, &path).await.data().get("withheld").is_none(), "it is between these two");
    let listed = site.get(&stranger, &format!("/api/runs?user={}", runner.id)).await.data();
    assert!(listed[0].get("withheld").is_none());
    reason
}

fn nothing_of(values: &Value) {
    for variable in ["runs", "distance_m", "longest_run_m"] {
        assert!(is_none(&values[variable]), "{variable}: {values}");
    }
}

async fn a_teleport_counts_nothing_and_says_why(kind: StoreKind) {
    let site = Site::start(kind).await;
    watch(&site, &["runs", "distance_m", "longest_run_m"]).await;
    let runner = site.runner("Aino").await;
    let run = begin(&site, &runner).await;
    go(&site, &runner, run, 0, 1_500).await;
    assert_eq!(values(&site, &runner).await["distance_m"], json!(1_000.0));
    assert_eq!(site.get(&runner, &format!("/api/runs/{run}")).await.data()["withheld"], Value::Null);
    // While the run is on, too, from the next threshold on.
    go(&site, &runner, run, 9_000, 9_900).await;
    nothing_of(&values(&site, &runner).await);
    assert!(why(&site, &runner, run).await.contains("leaps"));
    finish(&site, &runner, run).await;
    nothing_of(&values(&site, &runner).await);
    assert_eq!(heard(&site, &runner, &["run_withheld"]).await.len(), 1);
}

async fn a_car_counts_nothing_and_says_why(kind: StoreKind) {
    let site = Site::start(kind).await;
    watch(&site, &["runs", "distance_m", "longest_run_m"]).await;
    let runner = site.runner("Aino").await;
    let run = begin(&site, &runner).await;
    for metre in (0..=3_000).step_by(60) {
        site.clock.advance(Duration::from_secs(6));
        let fix = Fix::new(site.clock.now(), north(f64::from(metre)), Readings::default()).unwrap();
        site.app.record(&runner.identity, run, vec![fix], None).await.unwrap();
    }
    nothing_of(&values(&site, &runner).await);
    finish(&site, &runner, run).await;
    nothing_of(&values(&site, &runner).await);
    assert!(why(&site, &runner, run).await.contains("faster than anybody runs"));
}

async fn what_a_phone_has_made_up_counts_nothing(kind: StoreKind) {
    let site = Site::start(kind).await;
    watch(&site, &["runs", "distance_m", "longest_run_m"]).await;
    let runner = site.runner("Aino").await;
    let run = begin(&site, &runner).await;
    go(&site, &runner, run, 0, 600).await;
    site.clock.advance(Duration::from_secs(20));
    // As the phone says it.
    let place = north(660.0);
    let (latitude, longitude) = (place.latitude.degrees(), place.longitude.degrees());
    let fix = json!({"time": site.clock.now().to_string(), "latitude": latitude, "longitude": longitude, "mock": true});
    let sent = site.post(&runner, &format!("/api/runs/{run}/fixes"), json!({"fixes": [fix]})).await;
    assert_eq!(sent.status, 201);
    go(&site, &runner, run, 720, 2_400).await;
    nothing_of(&values(&site, &runner).await);
    finish(&site, &runner, run).await;
    nothing_of(&values(&site, &runner).await);
    assert!(why(&site, &runner, run).await.contains("made up"));
    // The next run is not to blame.
    let run = begin(&site, &runner).await;
    go(&site, &runner, run, 0, 1_200).await;
    finish(&site, &runner, run).await;
    assert!(near(&values(&site, &runner).await["distance_m"], 1_200.0));
}

async fn what_comes_late_counts_as_if_it_had_come_in_time(kind: StoreKind) {
    let site = Site::start(kind).await;
    let variables = ["runs", "distance_m", "moving_s", "climb_m", "longest_run_m", "best_1km_s", "streak_days"];
    watch(&site, &variables).await;
    let (timely, late) = (site.runner("Aino").await, site.runner("Bela").await);
    let (one, other) = (begin(&site, &timely).await, begin(&site, &late).await);
    // North by one way, and back by another; a phone keeps the way in between to itself until the end.
    let track: Vec<Fix> = (0..120u32)
        .map(|step| {
            site.clock.advance(Duration::from_secs(10));
            let metre = f64::from(if step < 60 { step } else { 120 - step }) * 30.0;
            let readings = Readings { elevation_m: Some(metre / 20.0), ..Readings::default() };
            Fix::new(site.clock.now(), north(metre), readings).unwrap()
        })
        .collect();
    let (kept_back, rest): (Vec<_>, Vec<_>) =
        track.iter().enumerate().partition(|(index, _)| (20..100).contains(index));
    let [kept_back, rest] = [kept_back, rest].map(|part| part.into_iter().map(|(_, fix)| *fix).collect::<Vec<_>>());
    site.app.record(&timely.identity, one, track, None).await.unwrap();
    site.app.record(&late.identity, other, rest, None).await.unwrap();
    let [all, known] = [values(&site, &timely).await, values(&site, &late).await].map(|it| it["distance_m"].clone());
    assert_eq!((all, known), (json!(3_000.0), json!(1_000.0)));
    site.app.record(&late.identity, other, kept_back, None).await.unwrap();
    finish(&site, &timely, one).await;
    finish(&site, &late, other).await;
    let (expected, found) = (values(&site, &timely).await, values(&site, &late).await);
    assert_eq!(found, expected);
    assert!(near(&found["distance_m"], 3_570.0), "{found}");
}
