//! Achievements of a place are reached when the runner comes by.

use std::collections::BTreeSet;
use std::time::Duration;

use runnity::app::runs::Transition;
use runnity::domain::fix::{Fix, Readings};
use runnity::domain::geo::Place;
use runnity::domain::ids::RunId;
use serde_json::{Value, json};

use super::fed::{begin, finish, go, north, values};
use super::live::recorded;
use super::world::{achievement, admin, told};
use crate::support::{Runner, Site, StoreKind, on_each_store};

on_each_store!(
    comes_by_at_400_m_and_at_10_km,
    the_way_between_fixes_that_lie_500_m_apart_counts,
    nobody_knows_the_way_over_a_pause_or_a_long_gap,
    a_recorded_run_comes_by_where_it_was,
    who_has_all_but_the_place_reaches_it_there,
);

/// An achievement of whoever comes so near.
fn around(name: &str, at: Place, max_distance_m: f64) -> Value {
    let condition =
        json!({"term": {"type": "literal", "variable": "places_visited", "key": [name], "key_operator": "IN"}});
    let (latitude, longitude) = (at.latitude.degrees(), at.longitude.degrees());
    let circle = json!({"latitude": latitude, "longitude": longitude, "max_distance_m": max_distance_m});
    json!({"name": name, "place": circle, "goals": [{"condition": condition, "goal": "1"}]})
}

async fn comes_by_at_400_m_and_at_10_km(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    // 400 m after the start, between two fixes; 10 km beyond the second kilometre; and out of reach.
    for (name, at, max_distance_m) in [
        ("bench", north(410.0), 25.0),
        ("city", north(12_000.0), 10_000.0),
        ("village", north(12_500.0), 10_000.0),
        ("pole", Place::new(89.0, 24.9).unwrap(), 10_000.0),
    ] {
        achievement(&site, &root, around(name, at, max_distance_m)).await;
    }
    let runner = site.runner("Aino").await;
    let run = begin(&site, &runner).await;
    for (from_m, to_m, reached) in [
        (0, 300, vec![]),
        (360, 600, vec!["bench"]),
        (660, 1_980, vec!["bench"]),
        (2_040, 2_400, vec!["bench", "city"]),
    ] {
        go(&site, &runner, run, from_m, to_m).await;
        assert_eq!(visited(&site, &runner).await, BTreeSet::from_iter(reached.iter().map(|it| (*it).to_owned())));
    }
}

/// The names of the places at which the runner has been.
async fn visited(site: &Site, runner: &Runner) -> BTreeSet<String> {
    let values = values(site, runner).await;
    let visited = values.as_object().unwrap().iter().filter(|(_, value)| **value == json!(1.0));
    visited.map(|(name, _)| name.clone()).collect()
}

/// At 3 m/s, straight on.
async fn run_by(site: &Site, runner: &Runner, run: RunId, metres: &[u32]) {
    let mut before = metres[0];
    for metre in metres {
        site.clock.advance(Duration::from_secs(u64::from((metre - before) / 3)));
        before = *metre;
        let fix = Fix::new(site.clock.now(), north(f64::from(*metre)), Readings::default()).unwrap();
        site.app.record(&runner.identity, run, vec![fix], None).await.unwrap();
    }
}

fn beside(place: Place, east_m: f64) -> Place {
    let degrees = east_m / (111_195.08 * place.latitude.degrees().to_radians().cos());
    Place::new(place.latitude.degrees(), place.longitude.degrees() + degrees).unwrap()
}

async fn the_way_between_fixes_that_lie_500_m_apart_counts(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    achievement(&site, &root, around("well", beside(north(733.0), 12.0), 15.0)).await;
    achievement(&site, &root, around("tower", beside(north(733.0), -40.0), 35.0)).await;
    let runner = site.runner("Aino").await;
    let run = begin(&site, &runner).await;
    run_by(&site, &runner, run, &[0, 500]).await;
    assert_eq!(visited(&site, &runner).await, BTreeSet::new());
    site.clock.advance(Duration::from_secs(167));
    let (mut client, _) = site.connected(&runner).await;
    let fix = Fix::new(site.clock.now(), north(1_000.0), Readings::default()).unwrap();
    site.app.record(&runner.identity, run, vec![fix], None).await.unwrap();
    let unlocked = told(&mut client, &runner, "unlocked").await;
    assert_eq!(
        (&unlocked["achievement"]["name"], &unlocked["run"]),
        (&json!("well"), &json!(run.to_string())),
        "while the run is on"
    );
    finish(&site, &runner, run).await;
    assert_eq!(visited(&site, &runner).await, BTreeSet::from(["well".to_owned()]));
}

async fn nobody_knows_the_way_over_a_pause_or_a_long_gap(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    achievement(&site, &root, around("well", north(700.0), 20.0)).await;
    achievement(&site, &root, around("tower", north(2_000.0), 20.0)).await;
    achievement(&site, &root, around("gate", north(3_000.0), 20.0)).await;
    let runner = site.runner("Aino").await;
    let run = begin(&site, &runner).await;
    run_by(&site, &runner, run, &[0, 500]).await;
    for transition in [Transition::Pause, Transition::Resume] {
        site.clock.advance(Duration::from_secs(60));
        site.app.transition(&runner.identity, run, transition).await.unwrap();
    }
    site.clock.advance(Duration::from_secs(60));
    run_by(&site, &runner, run, &[1_000, 2_500, 3_000]).await;
    finish(&site, &runner, run).await;
    assert_eq!(visited(&site, &runner).await, BTreeSet::from(["gate".to_owned()]));
}

async fn a_recorded_run_comes_by_where_it_was(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let track = recorded(&site);
    // On the way and, 10 km from all of it, not.
    let on_the_way = track[500].place;
    achievement(&site, &root, around("bridge", on_the_way, 10.0)).await;
    let far = Place::new(on_the_way.latitude.degrees() + 0.2, on_the_way.longitude.degrees()).unwrap();
    achievement(&site, &root, around("summit", far, 10_000.0)).await;
    let runner = site.runner("Aino").await;
    let run = begin(&site, &runner).await;
    for (index, batch) in track.chunks(100).enumerate() {
        let took_s = batch.last().unwrap().time.seconds_since(site.clock.now());
        site.clock.advance(Duration::from_secs_f64(took_s.max(0.0)));
        site.app.record(&runner.identity, run, batch.to_vec(), None).await.unwrap();
        let expected = if index < 5 { BTreeSet::new() } else { BTreeSet::from(["bridge".to_owned()]) };
        assert_eq!(visited(&site, &runner).await, expected, "after {} fixes", (index + 1) * 100);
    }
}

async fn who_has_all_but_the_place_reaches_it_there(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let at = north(1_700.0);
    let (latitude, longitude) = (at.latitude.degrees(), at.longitude.degrees());
    let condition = json!({"term": {"type": "literal", "variable": "distance_m"}});
    let place = json!({"latitude": latitude, "longitude": longitude, "max_distance_m": 30.0});
    let a_kilometre = json!({"name": "bench", "place": place, "goals": [{"condition": condition, "goal": "1000"}]});
    achievement(&site, &root, a_kilometre).await;
    let runner = site.runner("Aino").await;
    let run = begin(&site, &runner).await;
    for (from_m, to_m, level) in [(0, 1_500, 0), (1_560, 1_800, 1)] {
        go(&site, &runner, run, from_m, to_m).await;
        values(&site, &runner).await;
        let progress = site.get(&runner, &format!("/api/users/{}/achievements", runner.id)).await.data();
        let bench = progress.as_array().unwrap().iter().find(|it| it["achievement"]["name"] == "bench").unwrap();
        assert_eq!(bench["achievement"]["level"], level, "after {to_m} m");
    }
}
