//! Challenges start and expire by the clock, each once, whichever instance looks and whoever is there.

use std::time::Duration;

use serde_json::{Value, json};

use super::{field, kinds, laps, made, says, settled, standing, standings, taken_up, ten_laps, told};
use crate::support::{Site, StoreKind, duties, on_each_store};

on_each_store!(
    a_challenge_starts_and_expires_once_whichever_instance_looks,
    what_nobody_has_looked_at_has_started_and_is_over,
    expiry_is_refused_to_nobody_who_has_moved_before_it,
);

async fn a_challenge_starts_and_expires_once_whichever_instance_looks(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    field(&site).await;
    let (aino, eero, ukko) = (site.runner("Aino").await, site.runner("Eero").await, site.runner("Ukko").await);
    let mut later = ten_laps(&[&eero, &ukko]);
    later["starts_at"] = json!("2026-11-21T10:07:00Z");
    let path = taken_up(&site, &[&aino, &eero], later).await;
    assert_eq!(site.get(&aino, &path).await.data()["state"], "come_up");
    laps(&site, &aino, 50.0).await;
    // In the very quarter of the start, before it.
    site.advance(Duration::from_secs(66 * 60)).await;
    laps(&site, &eero, 7.0).await;
    assert!(standings(&site, &aino, &path).await.iter().all(|it| it.2.is_null()));
    site.advance(Duration::from_secs(60)).await;
    duties(&[&site, &other]).await;
    assert_eq!(site.get(&ukko, &path).await.data()["state"], "current");
    laps(&other, &eero, 2.0).await;
    laps(&site, &aino, 3.0).await;
    assert_eq!(standings(&other, &ukko, &path).await, [standing(1, "Aino", 3.0), standing(2, "Eero", 2.0)]);
    site.advance(Duration::from_secs(24 * 3_600)).await;
    let sites = [&site, &other];
    let (seen, ()) = tokio::join!(other.get(&eero, &path), duties(&sites));
    assert_eq!(seen.data()["state"], "passed");
    duties(&[&site, &other]).await;
    assert_eq!(kinds(&site, &aino).await, ["accepted", "started", "progress", "progress", "expired"]);
    assert_eq!(kinds(&site, &ukko).await, ["invited", "started", "expired"]);
    assert!(
        site.get(&aino, &path).await.data()["standings"]
            .as_array()
            .unwrap()
            .iter()
            .all(|it| it["accomplishment"] == "failed")
    );
}

async fn what_nobody_has_looked_at_has_started_and_is_over(kind: StoreKind) {
    let site = Site::start(kind).await;
    field(&site).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let mut later = ten_laps(&[&eero]);
    later["starts_at"] = json!("2026-11-21T10:00:00Z");
    let path = made(&site, &aino, later).await;
    says(&site, &eero, &path, "accept").await;
    settled(&site).await;
    // Nobody looks for two days.
    site.advance(Duration::from_secs(48 * 3_600)).await;
    duties(&[&site]).await;
    assert_eq!(kinds(&site, &eero).await, ["invited", "accepted", "started", "expired"]);
    let over = told(&site, &eero).await.pop().unwrap();
    assert_eq!((&over["at"], &over["winner"]), (&json!("2026-11-22T09:00:00.000Z"), &Value::Null));
}

async fn expiry_is_refused_to_nobody_who_has_moved_before_it(kind: StoreKind) {
    let site = Site::start(kind).await;
    field(&site).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let path = taken_up(&site, &[&aino, &eero], ten_laps(&[&eero])).await;
    // An instance takes the value, and ends before it has been brought to the challenge.
    let ended = site.idle_app().await;
    super::moves(&ended, &eero, "laps", 10.0, None).await.unwrap();
    drop(ended);
    site.advance(Duration::from_secs(24 * 3_600)).await;
    let over = site.get(&aino, &path).await.data();
    assert_eq!((&over["state"], &over["winner"]["name"]), (&json!("passed"), &json!("Eero")));
    settled(&site).await;
    duties(&[&site]).await;
    let finished = told(&site, &aino).await.into_iter().filter(|it| it["type"] == "challenge_finished").count();
    assert_eq!(finished, 1);
}
