//! Levels are reached during a run, when the runner gets there.

use runnity::app::achievements::starter;
use serde_json::json;

use super::fed::{begin, finish, go, near, values, watch};
use crate::support::{Site, StoreKind, on_each_store};

on_each_store!(first_5_km_unlocks_at_the_fifth_kilometre);

async fn first_5_km_unlocks_at_the_fifth_kilometre(kind: StoreKind) {
    let site = Site::start(kind).await;
    site.app.ensure_catalogue(&starter().unwrap()).await.unwrap();
    let (runner, other) = (site.runner("Aino").await, site.another().await);
    let mut client = site.socket().await;
    let _ = client.ask("connect", json!({"token": runner.token})).await;
    let run = begin(&site, &runner).await;
    go(&site, &runner, run, 0, 4_920).await;
    let before = values(&site, &runner).await;
    assert!(near(&before["first_5_km"], 4_000.0), "{before}");
    // The rest comes in through another instance; the run is not over.
    go(&other, &runner, run, 4_980, 5_100).await;
    let channel = format!("#{}", runner.id);
    let unlocked = loop {
        let push = client.push(&channel).await;
        let told = &push["pub"]["data"];
        if told["type"] == "unlocked" && told["achievement"]["name"] == "first_5_km" {
            break told.clone();
        }
    };
    assert_eq!(unlocked["run"], json!(run.to_string()));
    assert_eq!(unlocked["achievement"]["level"], json!(1));
    assert_eq!(site.app.live_run(&runner.identity).await.unwrap(), Some(run), "it is on");
    // In the end all of it counts, and no kilometre twice.
    watch(&site, &["distance_m"]).await;
    finish(&site, &runner, run).await;
    let after = values(&site, &runner).await;
    assert!(near(&after["distance_m"], 5_100.0) && near(&after["first_10_km"], 5_100.0), "{after}");
}
