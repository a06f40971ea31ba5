//! Levels are reached during a run, when the runner gets there.

use std::path::Path;

use runnity::app::achievements::starter;
use runnity::app::users::Caller;
use runnity::app::{App, Settings};
use runnity::backend::Commit;
use runnity::domain::fix::Fix;
use runnity::tracks;
use serde_json::json;

use super::counted::Counted;
use super::fed::{begin, finish, fixes, go, near, values, watch};
use super::world::{achievement, admin, goal, heard, told, user};
use crate::support::{Site, StoreKind, on_each_store};

on_each_store!(
    first_5_km_unlocks_at_the_fifth_kilometre,
    a_recorded_run_unlocks_as_it_goes,
    a_run_counts_at_thresholds_and_not_at_every_fix,
);

async fn first_5_km_unlocks_at_the_fifth_kilometre(kind: StoreKind) {
    let site = Site::start(kind).await;
    site.app.ensure_catalogue(&starter().unwrap()).await.unwrap();
    let (runner, other) = (site.runner("Aino").await, site.another().await);
    let run = begin(&site, &runner).await;
    go(&site, &runner, run, 0, 4_920).await;
    let before = values(&site, &runner).await;
    assert!(near(&before["first_5_km"], 4_000.0), "{before}");
    // The rest comes in through another instance; the run is not over.
    let rest = fixes(&site, 4_980, 5_100);
    let (mut client, _) = site.connected(&runner).await;
    other.app.record(&runner.identity, run, rest, None).await.unwrap();
    let unlocked = loop {
        let told = told(&mut client, &runner, "unlocked").await;
        if told["achievement"]["name"] == "first_5_km" {
            break told;
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

/// As a watch has recorded it.
pub fn recorded(site: &Site) -> Vec<Fix> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tracks/los-gatos.gpx");
    tracks::starting_at(tracks::parse_file(&file).unwrap(), site.clock.now())
}

async fn a_recorded_run_unlocks_as_it_goes(kind: StoreKind) {
    let site = Site::start(kind).await;
    site.app.ensure_catalogue(&starter().unwrap()).await.unwrap();
    let runner = site.runner("Aino").await;
    let caller = Caller::User(runner.identity.clone());
    let run = begin(&site, &runner).await;
    let mut unlocked_len = 0;
    for batch in recorded(&site).chunks(40) {
        let took_s = batch.last().unwrap().time.seconds_since(site.clock.now());
        site.clock.advance(std::time::Duration::from_secs_f64(took_s.max(0.0)));
        site.app.record(&runner.identity, run, batch.to_vec(), None).await.unwrap();
        let _ = values(&site, &runner).await;
        let kilometres = site.app.run(&caller, run).await.unwrap().splits.unwrap().len();
        let unlocked = heard(&site, &runner, &["unlocked"]).await;
        let names: Vec<_> = unlocked.iter().map(|it| it["achievement"]["name"].as_str().unwrap()).collect();
        for (name, at) in [("first_5_km", 5), ("first_10_km", 10)] {
            let expected = usize::from(kilometres >= at);
            assert_eq!(names.iter().filter(|it| **it == name).count(), expected, "{name} at {kilometres} km");
        }
        unlocked_len = unlocked.len();
    }
    assert!(heard(&site, &runner, &["run_withheld"]).await.is_empty(), "somebody has run this");
    finish(&site, &runner, run).await;
    let after = values(&site, &runner).await;
    assert!(near(&after["half_marathon"], 12_800.0), "{after}");
    let all = heard(&site, &runner, &["unlocked"]).await;
    assert!(all.len() > unlocked_len, "what counts runs is reached in the end");
}

async fn a_run_counts_at_thresholds_and_not_at_every_fix(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    site.app.ensure_catalogue(&starter().unwrap()).await.unwrap();
    let bench = json!({"latitude": 60.02, "longitude": 24.9, "max_distance_m": 100.0});
    achievement(&site, &root, json!({"name": "bench", "place": bench, "goals": [goal("places_visited", "1")]})).await;
    let runner = site.runner("Aino").await;
    let run = begin(&site, &runner).await;
    let store = Counted::on(site.store.open().await);
    let app = App::new(store.clone(), site.clock.clone(), Settings::default());
    // The rules are known once they were asked for.
    assert_eq!(app.evaluate(&user(&runner)).await.unwrap().unlocked, []);
    for fix in fixes(&site, 0, 10_080) {
        app.record(&runner.identity, run, vec![fix], None).await.unwrap();
        while app.carry_out_follow_ups().await.unwrap() > 0 {}
    }
    let commits = store.take().commits;
    let causes = |commit: &&Commit| {
        let mut moves = commit.moves.iter().filter(|it| it.score.is_some());
        moves.any(|it| it.index.as_str() == "follow-ups/counts")
    };
    assert_eq!(commits.iter().filter(causes).count(), 11, "ten kilometres and a place");
    let of_progress = |commit: &&Commit| commit.puts.iter().any(|put| put.key.name.starts_with("progress/"));
    let counted = commits.iter().filter(of_progress).count();
    assert!(counted <= 12, "one commit each, whatever it moves: {counted}");
    assert!(near(&values(&site, &runner).await["half_marathon"], 10_000.0));
}
