//! What happens in the product moves its variables.

use std::time::Duration;

use reqwest::Method;
use runnity::app::friends::Word;
use runnity::app::runs::{NewRun, Transition};
use runnity::domain::fix::{Fix, Readings};
use runnity::domain::geo::Place;
use runnity::domain::ids::{EventId, RunId, UserId};
use runnity::domain::user::Visibility;
use serde_json::{Value, json};

use super::world::{admin, goal};
use crate::support::{Runner, Site, StoreKind, on_each_store, send, within};

on_each_store!(
    a_finished_run_counts_what_it_has_come_to,
    hours_and_days_are_the_runners_own,
    a_deleted_run_counts_nothing_any_more,
    who_is_invited_counts_once
);

const STEP: Duration = Duration::from_secs(20);

/// An achievement that is never reached for each of these variables, by which one sees how they stand.
pub async fn watch(site: &Site, variables: &[&str]) {
    let root = admin(site).await;
    for variable in variables {
        let is_best = variable.starts_with("best_");
        let mut goal = goal(variable, "1000000000");
        if is_best || ["longest_run_m", "streak_days"].contains(variable) {
            goal["group_by_key"] = json!(true);
            goal["maxmin"] = json!(if is_best { "min" } else { "max" });
        }
        let made = site.post(&root, "/api/achievements", json!({"name": variable, "goals": [goal]})).await;
        assert_eq!(made.status, 201, "{variable}");
    }
}

/// How the variables stand that are watched, all that wait being counted.
pub async fn values(site: &Site, runner: &Runner) -> Value {
    while within(site.app.carry_out_follow_ups()).await.unwrap() > 0 {}
    let progress = site.get(runner, &format!("/api/users/{}/achievements?page_size=100", runner.id)).await.data();
    let values = progress.as_array().unwrap().iter().map(|it| {
        let value = it["goals"][0]["value"].clone();
        (it["achievement"]["name"].as_str().unwrap().to_owned(), value)
    });
    values.collect::<serde_json::Map<_, _>>().into()
}

/// Runs due north from `from_m` to `to_m`, a fix for each 60 m in 20 s, in batches of ten.
pub async fn go(site: &Site, runner: &Runner, run: RunId, from_m: u32, to_m: u32) {
    let metres: Vec<u32> = (from_m..=to_m).step_by(60).collect();
    for batch in metres.chunks(10) {
        let fixes = batch.iter().map(|metre| fix(site, *metre)).collect();
        site.app.record(&runner.identity, run, fixes, None).await.unwrap();
    }
}

/// As [`go`], in one batch that is not sent yet.
pub fn fixes(site: &Site, from_m: u32, to_m: u32) -> Vec<Fix> {
    (from_m..=to_m).step_by(60).map(|metre| fix(site, metre)).collect()
}

/// A step later, so far north of the start.
fn fix(site: &Site, metre: u32) -> Fix {
    site.clock.advance(STEP);
    let readings = Readings { elevation_m: Some(f64::from(metre) / 100.0), ..Readings::default() };
    Fix::new(site.clock.now(), north(f64::from(metre)), readings).unwrap()
}

pub fn north(metres: f64) -> Place {
    Place::new(60.0 + metres / 111_195.08, 24.9).unwrap()
}

pub async fn begin(site: &Site, runner: &Runner) -> RunId {
    begin_in(site, runner, None).await
}

/// In an event.
pub async fn begin_in(site: &Site, runner: &Runner, event: Option<EventId>) -> RunId {
    let new = NewRun { visibility: Some(Visibility::Public), event, ..NewRun::default() };
    RunId::parse(&site.app.new_run(&runner.identity, new).await.unwrap().id).unwrap()
}

pub async fn finish(site: &Site, runner: &Runner, run: RunId) {
    site.app.transition(&runner.identity, run, Transition::Finish).await.unwrap();
}

/// Nothing has been counted, or all of it was taken back.
pub fn is_none(value: &Value) -> bool {
    value.is_null() || *value == json!(0.0)
}

pub fn near(value: &Value, expected: f64) -> bool {
    value.as_f64().is_some_and(|value| (value - expected).abs() < expected * 0.01)
}

async fn a_finished_run_counts_what_it_has_come_to(kind: StoreKind) {
    let site = Site::start(kind).await;
    let variables = [
        "runs",
        "distance_m",
        "moving_s",
        "climb_m",
        "longest_run_m",
        "best_1km_s",
        "best_5km_s",
        "best_10km_s",
        "streak_days",
        "early_runs",
        "late_runs",
        "weekend_runs",
    ];
    watch(&site, &variables).await;
    let runner = site.runner("Aino").await;
    // A Saturday, at nine.
    let run = begin(&site, &runner).await;
    go(&site, &runner, run, 0, 10_500).await;
    finish(&site, &runner, run).await;
    let first = values(&site, &runner).await;
    assert_eq!(
        [&first["runs"], &first["weekend_runs"], &first["streak_days"]],
        [&json!(1.0), &json!(1.0), &json!(1.0)]
    );
    for none in ["early_runs", "late_runs"] {
        assert!(is_none(&first[none]), "{none}: {first}");
    }
    for (variable, expected) in [
        ("distance_m", 10_500.0),
        ("longest_run_m", 10_500.0),
        ("moving_s", 3_500.0),
        ("best_1km_s", 1_000.0 / 3.0),
        ("best_5km_s", 5_000.0 / 3.0),
        ("best_10km_s", 10_000.0 / 3.0),
    ] {
        assert!(near(&first[variable], expected), "{variable}: {first}");
    }
    let climb_m = first["climb_m"].as_f64().unwrap();
    assert!((95.0..=105.0).contains(&climb_m), "105 m, less what is not yet sure: {first}");
    // On Sunday, at six.
    site.advance(Duration::from_secs(20 * 3_600)).await;
    let run = begin(&site, &runner).await;
    go(&site, &runner, run, 0, 1_200).await;
    finish(&site, &runner, run).await;
    let second = values(&site, &runner).await;
    assert_eq!(
        [&second["runs"], &second["weekend_runs"], &second["streak_days"]],
        [&json!(2.0), &json!(2.0), &json!(2.0)]
    );
    assert_eq!(second["early_runs"], json!(1.0), "{second}");
    assert!(near(&second["distance_m"], 11_700.0) && near(&second["longest_run_m"], 10_500.0), "{second}");
    // On Monday, after ten in the evening; the day after that nobody runs, and on Wednesday a streak begins anew.
    for (hours, streak) in [(40, 3.0), (2 * 24, 3.0)] {
        site.advance(Duration::from_secs(hours * 3_600)).await;
        let run = begin(&site, &runner).await;
        go(&site, &runner, run, 0, 300).await;
        finish(&site, &runner, run).await;
        assert_eq!(values(&site, &runner).await["streak_days"], json!(streak));
    }
    let second = values(&site, &runner).await;
    let counted = ["runs", "weekend_runs", "early_runs", "late_runs"].map(|it| second[it].as_f64());
    assert_eq!(counted, [Some(4.0), Some(2.0), Some(1.0), Some(2.0)], "{second}");
    // Said again, nothing counts twice; who has hardly moved has not run.
    let run = begin(&site, &runner).await;
    go(&site, &runner, run, 0, 60).await;
    finish(&site, &runner, run).await;
    assert_eq!(values(&site, &runner).await, second);
}

async fn hours_and_days_are_the_runners_own(kind: StoreKind) {
    let site = Site::start(kind).await;
    watch(&site, &["streak_days", "early_runs", "late_runs", "weekend_runs"]).await;
    let runner = site.runner("Aino").await;
    let home = site.ask(Method::PATCH, "/api/users/me").bearer_auth(&runner.token);
    assert_eq!(send(home.json(&json!({ "time_zone": "Australia/Sydney" }))).await.status, 200);
    // Saturday, eight in the evening; Sunday, a quarter past ten; Monday, half past four, which is Sunday in Greenwich.
    for (minutes, [streak, early, late, weekend]) in
        [(0, [1, 0, 0, 1]), (26 * 60 + 15, [2, 0, 1, 2]), (6 * 60 + 15, [3, 1, 1, 2])]
    {
        site.advance(Duration::from_secs(minutes * 60)).await;
        let run = begin(&site, &runner).await;
        go(&site, &runner, run, 0, 180).await;
        finish(&site, &runner, run).await;
        let now = values(&site, &runner).await;
        let names = ["streak_days", "early_runs", "late_runs", "weekend_runs"];
        let found = names.map(|it| now[it].as_f64().unwrap_or_default());
        assert_eq!(found, [streak, early, late, weekend].map(f64::from), "{minutes}: {now}");
    }
}

async fn a_deleted_run_counts_nothing_any_more(kind: StoreKind) {
    let site = Site::start(kind).await;
    watch(&site, &["runs", "distance_m", "longest_run_m", "best_1km_s"]).await;
    let runner = site.runner("Aino").await;
    let mut runs = Vec::new();
    for to_m in [1_200, 2_400] {
        let run = begin(&site, &runner).await;
        go(&site, &runner, run, 0, to_m).await;
        finish(&site, &runner, run).await;
        runs.push(run);
    }
    let both = values(&site, &runner).await;
    assert!(near(&both["distance_m"], 3_600.0) && near(&both["longest_run_m"], 2_400.0), "{both}");
    site.app.delete_run(&runner.identity, runs[1], None).await.unwrap();
    let one = values(&site, &runner).await;
    assert_eq!(one["runs"], json!(1.0));
    assert!(near(&one["distance_m"], 1_200.0) && near(&one["longest_run_m"], 1_200.0), "{one}");
    assert!(near(&one["best_1km_s"], 1_000.0 / 3.0), "a run that is gone is not the fastest: {one}");
}

/// By the Ion call too: see `ion`.
async fn who_is_invited_counts_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    watch(&site, &["invite_users"]).await;
    let (aino, bela) = (site.runner("Aino").await, site.runner("Bela").await);
    let ids = [&aino, &bela].map(|it| UserId::parse(&it.id).unwrap());
    for _ in 0..2 {
        site.app.say_of_friend(&aino.identity, &ids[1], Word::Ask, None).await.unwrap();
        assert_ne!(values(&site, &bela).await["invite_users"], json!(1.0));
        site.app.say_of_friend(&bela.identity, &ids[0], Word::Accept, None).await.unwrap();
        assert_eq!(values(&site, &aino).await["invite_users"], json!(1.0));
        site.app.say_of_friend(&aino.identity, &ids[1], Word::End, None).await.unwrap();
    }
    assert_ne!(values(&site, &bela).await["invite_users"], json!(1.0), "who accepts has invited nobody");
}
