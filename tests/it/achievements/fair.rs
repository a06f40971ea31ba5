//! What cannot have been run does not count.

use std::time::Duration;

use runnity::domain::fix::{Fix, Readings};
use runnity::domain::geo::Place;
use serde_json::json;

use super::fed::{begin, finish, go, is_none, values, watch};
use super::world::heard;
use crate::support::{Site, StoreKind, on_each_store};

on_each_store!(a_teleport_counts_nothing_and_says_why, what_a_phone_has_made_up_counts_nothing);

async fn a_teleport_counts_nothing_and_says_why(kind: StoreKind) {
    let site = Site::start(kind).await;
    watch(&site, &["runs", "distance_m"]).await;
    let runner = site.runner("Aino").await;
    let run = begin(&site, &runner).await;
    go(&site, &runner, run, 0, 1_500).await;
    assert_eq!(values(&site, &runner).await["distance_m"], json!(1_000.0));
    go(&site, &runner, run, 9_000, 9_600).await;
    finish(&site, &runner, run).await;
    let after = values(&site, &runner).await;
    for variable in ["runs", "distance_m"] {
        assert!(is_none(&after[variable]), "{after}");
    }
    let told = heard(&site, &runner, &["run_withheld"]).await;
    let [told] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(told["run"], json!(run.to_string()));
    assert!(told["reason"].as_str().unwrap().contains("leaps"), "{told}");
}

async fn what_a_phone_has_made_up_counts_nothing(kind: StoreKind) {
    let site = Site::start(kind).await;
    watch(&site, &["runs", "distance_m"]).await;
    let runner = site.runner("Aino").await;
    let run = begin(&site, &runner).await;
    go(&site, &runner, run, 0, 600).await;
    site.advance(Duration::from_secs(20)).await;
    let place = Place::new(60.0 + 660.0 / 111_195.08, 24.9).unwrap();
    let fix = Fix::new(site.clock.now(), place, Readings::default()).unwrap();
    site.app.record(&runner.identity, run, vec![Fix { is_mock: true, ..fix }], None).await.unwrap();
    go(&site, &runner, run, 720, 2_400).await;
    finish(&site, &runner, run).await;
    let after = values(&site, &runner).await;
    assert!(is_none(&after["runs"]), "{after}");
}
