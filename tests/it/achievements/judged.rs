//! An admin says whether a run counts.

use std::time::Duration;

use reqwest::Method;
use runnity::app::runs::NewRun;
use runnity::domain::ids::RunId;
use runnity::domain::user::Visibility;
use serde_json::{Value, json};

use super::fed::{begin, finish, go, is_none, near, values, watch};
use super::world::{achievement, admin, goal, heard};
use crate::support::{Reply, Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    what_is_withheld_counts_as_if_it_were_deleted,
    a_live_run_that_is_withheld_counts_no_further,
    an_admins_word_holds_whatever_speaks_against_a_run,
    admins_alone_judge,
);

async fn judge(site: &Site, who: &Runner, run: RunId, body: Value) -> Reply {
    let path = format!("/api/runs/{run}/effect");
    send(site.ask(Method::PUT, &path).bearer_auth(&who.token).json(&body)).await
}

/// The levels that have been reached, by name.
async fn levels(site: &Site, runner: &Runner) -> Vec<(String, u64)> {
    let progress = site.get(runner, &format!("/api/users/{}/achievements?page_size=100", runner.id)).await.data();
    let levels = progress.as_array().unwrap().iter().map(|it| &it["achievement"]);
    let levels = levels.map(|it| (it["name"].as_str().unwrap().to_owned(), it["level"].as_u64().unwrap()));
    levels.filter(|(_, level)| *level > 0).collect()
}

async fn what_is_withheld_counts_as_if_it_were_deleted(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let variables = ["runs", "distance_m", "longest_run_m", "best_1km_s", "streak_days", "weekend_runs"];
    watch(&site, &variables).await;
    let mut longest = goal("longest_run_m", "2000");
    (longest["group_by_key"], longest["maxmin"]) = (json!(true), json!("max"));
    achievement(&site, &root, json!({"name": "two_kilometres", "goals": [longest]})).await;
    let runner = site.runner("Aino").await;
    let (mut runs, mut versions) = (Vec::new(), Vec::new());
    for to_m in [1_200, 2_400, 1_320] {
        let run = begin(&site, &runner).await;
        go(&site, &runner, run, 0, to_m).await;
        finish(&site, &runner, run).await;
        versions.push(values(&site, &runner).await);
        runs.push(run);
        site.advance(Duration::from_secs(23 * 3_600)).await;
    }
    let (all, reached) = (values(&site, &runner).await, levels(&site, &runner).await);
    assert_eq!((&all["runs"], &all["streak_days"]), (&json!(3.0), &json!(3.0)), "{all}");
    assert!(reached.contains(&("two_kilometres".to_owned(), 1)), "{reached:?}");
    let other = site.another().await;
    let mut without = Value::Null;
    for (by, expected_len) in [(&site, 1), (&other, 2)] {
        let withheld = judge(by, &root, runs[1], json!({"withheld": true, "reason": "The bus"})).await;
        assert_eq!((withheld.status, withheld.data()), (200, json!({"withheld": true, "reason": "The bus"})));
        // The same again is the same.
        assert_eq!(judge(by, &root, runs[1], json!({"withheld": true, "reason": "The bus"})).await.status, 200);
        without = values(&site, &runner).await;
        let found = ["runs", "streak_days", "weekend_runs"].map(|it| without[it].as_f64());
        assert_eq!(found, [Some(2.0), Some(1.0), Some(1.0)], "{without}");
        assert!(near(&without["distance_m"], 2_520.0) && near(&without["longest_run_m"], 1_320.0), "{without}");
        assert_eq!(levels(&site, &runner).await, reached, "what was reached stays");
        let told = heard(&site, &runner, &["run_withheld"]).await;
        assert_eq!(told.len(), expected_len, "{told:?}");
        assert!(told.iter().all(|it| it["reason"] == "The bus" && it["run"] == json!(runs[1].to_string())));
        let counts = judge(&other, &root, runs[1], json!({"withheld": false})).await;
        assert_eq!((counts.status, counts.data()), (200, json!({"withheld": false, "reason": null})));
        assert_eq!(values(&site, &runner).await, all, "it counts again");
    }
    site.app.delete_run(&runner.identity, runs[1], None).await.unwrap();
    assert_eq!(values(&site, &runner).await, without);
    assert_eq!(levels(&site, &runner).await, reached);
    assert_eq!(judge(&site, &root, runs[1], json!({"withheld": false})).await.status, 404);
    assert_eq!(values(&site, &runner).await, without);
    let unlocked = heard(&site, &runner, &["unlocked"]).await;
    assert_eq!(unlocked.len(), 1, "nothing is reached twice: {unlocked:?}");
}

async fn a_live_run_that_is_withheld_counts_no_further(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    watch(&site, &["runs", "distance_m"]).await;
    let runner = site.runner("Aino").await;
    let run = begin(&site, &runner).await;
    go(&site, &runner, run, 0, 2_100).await;
    assert_eq!(values(&site, &runner).await["distance_m"], json!(2_000.0));
    assert_eq!(judge(&site, &root, run, json!({"withheld": true, "reason": "A bicycle"})).await.status, 200);
    assert!(is_none(&values(&site, &runner).await["distance_m"]));
    go(&site, &runner, run, 2_160, 4_200).await;
    assert!(is_none(&values(&site, &runner).await["distance_m"]));
    finish(&site, &runner, run).await;
    let after = values(&site, &runner).await;
    assert!(is_none(&after["distance_m"]) && is_none(&after["runs"]), "{after}");
    assert_eq!(heard(&site, &runner, &["run_withheld"]).await.len(), 1);
    assert_eq!(judge(&site, &root, run, json!({"withheld": false})).await.status, 200);
    assert!(near(&values(&site, &runner).await["distance_m"], 4_200.0));
}

async fn an_admins_word_holds_whatever_speaks_against_a_run(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    watch(&site, &["runs", "distance_m"]).await;
    let runner = site.runner("Aino").await;
    let run = begin(&site, &runner).await;
    go(&site, &runner, run, 0, 1_200).await;
    go(&site, &runner, run, 9_000, 9_600).await;
    finish(&site, &runner, run).await;
    assert!(is_none(&values(&site, &runner).await["runs"]));
    assert_eq!(judge(&site, &root, run, json!({"withheld": false})).await.status, 200);
    let after = values(&site, &runner).await;
    assert!(after["runs"] == json!(1.0) && near(&after["distance_m"], 1_800.0), "{after}");
    assert_eq!(site.get(&runner, &format!("/api/runs/{run}")).await.data()["withheld"], Value::Null);
}

async fn admins_alone_judge(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    watch(&site, &["runs"]).await;
    let (runner, other) = (site.runner("Aino").await, site.runner("Bela").await);
    let run = begin(&site, &runner).await;
    go(&site, &runner, run, 0, 600).await;
    finish(&site, &runner, run).await;
    let new = NewRun { visibility: Some(Visibility::Private), ..NewRun::default() };
    let private = RunId::parse(&site.app.new_run(&runner.identity, new).await.unwrap().id).unwrap();
    let word = json!({"withheld": true, "reason": "So"});
    for (who, run, status) in [
        (&runner, run, 403),
        (&other, run, 403),
        (&runner, private, 403),
        (&other, private, 404),
        (&root, RunId::from_u128(7), 404),
        (&other, RunId::from_u128(7), 404),
        (&root, private, 200),
    ] {
        assert_eq!(judge(&site, who, run, word.clone()).await.status, status);
    }
    let path = format!("/api/runs/{run}/effect");
    assert_eq!(send(site.ask(Method::PUT, &path).json(&word)).await.status, 401);
    assert_eq!(send(site.ask(Method::GET, &path).bearer_auth(&root.token)).await.status, 405);
    for (body, field) in [
        (json!({}), "withheld"),
        (json!({"withheld": "yes", "reason": "So"}), "withheld"),
        (json!({"withheld": true}), "reason"),
        (json!({"withheld": true, "reason": "  "}), "reason"),
        (json!({"withheld": true, "reason": "a".repeat(201)}), "reason"),
        (json!({"withheld": true, "reason": "two\nlines"}), "reason"),
        (json!({"withheld": false, "reason": "So"}), "reason"),
    ] {
        let refused = judge(&site, &root, run, body.clone()).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.json()["error"].to_string().contains(field), "{body}: {}", refused.json());
    }
    assert_eq!(values(&site, &runner).await["runs"], json!(1.0), "nobody has withheld it");
}
