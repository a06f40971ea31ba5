//! Achievements of a place are reached when the runner comes by.

use serde_json::{Value, json};

use super::authoring::admin;
use super::fed::{begin, go, values};
use crate::support::{Site, StoreKind, on_each_store};

on_each_store!(comes_by_at_400_m_and_at_10_km);

fn place(name: &str, latitude: f64, max_distance_m: f64) -> Value {
    let condition =
        json!({"term": {"type": "literal", "variable": "places_visited", "key": [name], "key_operator": "IN"}});
    let circle = json!({"latitude": latitude, "longitude": 24.9, "max_distance_m": max_distance_m});
    json!({"name": name, "place": circle, "goals": [{"condition": condition, "goal": "1"}]})
}

async fn comes_by_at_400_m_and_at_10_km(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let north = |metres: f64| 60.0 + metres / 111_195.08;
    // 400 m after the start, between two fixes; 10 km beyond the second kilometre; and out of reach.
    for it in
        [place("bench", north(410.0), 25.0), place("city", north(12_000.0), 10_000.0), place("pole", 89.0, 10_000.0)]
    {
        let made = site.post(&root, "/api/achievements", it).await;
        assert_eq!(made.status, 201);
    }
    let runner = site.runner("Aino").await;
    let run = begin(&site, &runner).await;
    go(&site, &runner, run, 0, 300).await;
    let at = values(&site, &runner).await;
    assert_ne!(at["bench"], json!(1.0), "{at}");
    go(&site, &runner, run, 360, 600).await;
    let at = values(&site, &runner).await;
    assert_eq!(at["bench"], json!(1.0), "{at}");
    assert_ne!(at["city"], json!(1.0), "{at}");
    go(&site, &runner, run, 660, 2_400).await;
    let at = values(&site, &runner).await;
    assert_eq!((&at["bench"], &at["city"]), (&json!(1.0), &json!(1.0)), "{at}");
    assert_ne!(at["pole"], json!(1.0), "{at}");
}
