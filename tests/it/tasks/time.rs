//! Days that turn as they were foretold, also where clocks are set; and runs that score what waited for them.

use std::time::Duration;

use runnity::app::runs::Transition;
use runnity::domain::time::Timestamp;
use runnity::domain::user::Visibility;
use serde_json::{Value, json};

use super::{add, ids, patch, score};
use crate::support::{Runner, Site, StoreKind, on_each_store, within};

on_each_store!(
    the_day_turns_as_it_was_foretold,
    a_day_without_its_first_hour_turns_when_clocks_do,
    a_run_that_was_finished_scores_what_waited_for_it,
    histories_are_of_days,
);

/// Lets time pass until then.
async fn until(site: &Site, at: &str) {
    let by = Timestamp::parse(at).expect("a time").as_millis() - site.clock.now().as_millis();
    site.advance(Duration::from_millis(by.try_into().expect("it lies ahead"))).await;
}

async fn preview(site: &Site, runner: &Runner) -> Value {
    site.get(runner, "/api/tasks/cron-preview").await.data()
}

/// What is there is what was foretold.
async fn came(site: &Site, runner: &Runner, foretold: &Value) {
    let hero = site.get(runner, "/api/tasks/hero").await.data();
    assert_eq!((&hero["stats"], &hero["last_turn_at"]), (&foretold["after"], &foretold["at"]));
    for task in foretold["tasks"].as_array().expect("tasks") {
        let now = site.get(runner, &format!("/api/tasks/{}", task["id"].as_str().expect("an id"))).await.data();
        assert_eq!(now["value"], task["value"], "{task}");
        assert_eq!(now.get("streak").unwrap_or(&Value::Null), &task["streak"], "{task}");
        assert!(task["unticked"] == false || now["completed"] == false, "{task}");
    }
}

async fn the_day_turns_as_it_was_foretold(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await;
    for (id, kind) in [("done", "daily"), ("missed", "daily"), ("todo", "todo"), ("bad", "habit")] {
        add(&site, &aino, id, kind).await;
    }
    patch(&site, &aino, "/api/tasks/bad", json!({ "up": false, "value": 4 })).await.data();
    score(&site, &aino, "done", "up").await;
    patch(&site, &aino, "/api/tasks/hero", json!({ "preferences": { "day_start": 4 } })).await.data();
    let foretold = preview(&site, &aino).await;
    assert_eq!((&foretold["at"], &foretold["day"]), (&json!("2026-11-22T04:00:00.000Z"), &json!("2026-11-22")));
    let task = |id: &str| foretold["tasks"].as_array().unwrap().iter().find(|it| it["id"] == id).cloned().unwrap();
    assert_eq!((task("missed")["missed"].clone(), task("missed")["value"].clone()), (json!(1), json!(-1.0)));
    assert_eq!((task("done")["unticked"].clone(), task("done")["streak"].clone()), (json!(true), json!(1)));
    assert_eq!(task("bad")["value"], 2.0);
    assert!(foretold["hp_lost"].as_f64().unwrap() > 0.0);
    // Asking changes nothing, and says the same on each instance.
    assert_eq!(preview(&other, &aino).await, foretold);
    until(&site, "2026-11-22T03:59:59Z").await;
    assert_eq!(preview(&site, &aino).await, foretold);
    until(&site, "2026-11-22T04:00:00Z").await;
    let turned = futures::future::join_all([&site, &other].map(|site| site.get(&aino, "/api/tasks/hero"))).await;
    assert_eq!(turned[0].data(), turned[1].data());
    came(&site, &aino, &foretold).await;
    // At the inn nothing is lost.
    patch(&site, &aino, "/api/tasks/hero", json!({ "flags": { "rest": true } })).await.data();
    let resting = preview(&site, &aino).await;
    assert_eq!((&resting["rested"], &resting["before"]), (&json!(true), &resting["after"]));
    until(&site, "2026-11-23T04:00:00Z").await;
    came(&other, &aino, &resting).await;
}

async fn a_day_without_its_first_hour_turns_when_clocks_do(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let zone = json!({ "time_zone": "Europe/Helsinki" });
    patch(&site, &aino, "/api/users/me", zone).await.data();
    add(&site, &aino, "d", "daily").await;
    patch(&site, &aino, "/api/tasks/hero", json!({ "preferences": { "day_start": 3 } })).await.data();
    until(&site, "2027-03-27T12:00:00Z").await;
    // Who comes back after months is told of one day.
    let foretold = preview(&site, &aino).await;
    // On the 28th, no clock in Helsinki shows three.
    assert_eq!((&foretold["at"], &foretold["days"]), (&json!("2027-03-28T01:00:00.000Z"), &json!(1)));
    until(&site, "2027-03-28T00:59:59Z").await;
    assert_eq!(preview(&site, &aino).await, foretold);
    until(&site, "2027-03-28T01:00:00Z").await;
    came(&site, &aino, &foretold).await;
    // That day has 24 hours from its own start to the next, by clocks that are an hour ahead now.
    assert_eq!(preview(&site, &aino).await["at"], "2027-03-29T00:00:00.000Z");
    // And in autumn an hour comes twice: the day begins with the first of the two.
    until(&site, "2027-10-30T12:00:00Z").await;
    assert_eq!(preview(&site, &aino).await["at"], "2027-10-31T00:00:00.000Z");
    until(&site, "2027-10-31T00:30:00Z").await;
    assert_eq!(preview(&site, &aino).await["at"], "2027-11-01T01:00:00.000Z");
}

async fn a_run_that_was_finished_scores_what_waited_for_it(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await;
    for (id, kind, at_least) in [("far", "daily", 1_000), ("farther", "daily", 2_000), ("runs", "habit", 100)] {
        let rule = json!({ "variable": "distance_m", "at_least": at_least });
        let new = json!({ "id": id, "type": kind, "text": id, "rule": rule });
        assert_eq!(site.post(&aino, "/api/tasks", new).await.status, 201);
    }
    let before = site.get(&aino, "/api/tasks/hero").await.data();
    let (run, _) = site.run(&aino, Visibility::Private).await;
    site.record_together(&aino, run, 120).await;
    site.app.transition(&aino.identity, run, Transition::Finish).await.unwrap();
    for app in [&site.app, &other.app] {
        while within(app.carry_out_follow_ups()).await.unwrap() > 0 {}
        app.score_by_run(&aino.identity.user, run, site.clock.now(), &[("distance_m", 1_190.0)]).await.unwrap();
    }
    let done = other.get(&aino, "/api/tasks?completed=true").await.data();
    assert_eq!(ids(&done), ["far"]);
    assert_eq!(done[0]["completed_by"], run.to_string());
    assert_eq!(other.get(&aino, "/api/tasks/runs").await.data()["value"], 1.0);
    let history = other.get(&aino, "/api/tasks/runs/history").await.data();
    assert_eq!(history.as_array().unwrap().len(), 1);
    assert_eq!((&history[0]["run"], &history[0]["value"]), (&json!(run.to_string()), &json!(1.0)));
    assert_eq!(history[0]["day"], "2026-11-21");
    let after = other.get(&aino, "/api/tasks/hero").await.data();
    assert_eq!(after["stats"]["exp"].as_f64().unwrap() - before["stats"]["exp"].as_f64().unwrap(), 15.0);
    // When the day has turned, its history says who did it, and the next day is nobody's yet.
    until(&site, "2026-11-22T09:00:00Z").await;
    let turned = site.get(&aino, "/api/tasks/far/history").await.data();
    assert_eq!(turned[0]["run"], run.to_string());
    assert!(site.get(&aino, "/api/tasks/far").await.data()["completed_by"].is_null());
    // What somebody ticks by hand was no run.
    score(&site, &aino, "far", "up").await;
    assert!(site.get(&aino, "/api/tasks/far").await.data()["completed_by"].is_null());
}

async fn histories_are_of_days(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    add(&site, &aino, "h", "habit").await;
    let mut values = Vec::new();
    for day in 0..4 {
        score(&site, &aino, "h", "up").await;
        values.push(score(&site, &aino, "h", "up").await["task"]["value"].clone());
        until(&site, &format!("2026-11-{}T09:00:00Z", 22 + day)).await;
    }
    let history = |query: &str| {
        let path = format!("/api/tasks/h/history{query}");
        let (site, aino) = (&site, &aino);
        async move { site.get(aino, &path).await.data() }
    };
    let whole = history("").await;
    let found: Vec<&Value> = whole.as_array().unwrap().iter().map(|it| &it["value"]).collect();
    assert_eq!(found, values.iter().collect::<Vec<_>>());
    assert_eq!((&whole[0]["day"], &whole[0]["run"]), (&json!("2026-11-21"), &Value::Null));
    assert_eq!(history("?page=2&page_size=3").await, json!([whole[3]]));
    site.get(&aino, "/api/tasks").await.data();
    for of in ["exp", "todos"] {
        let days = site.get(&aino, &format!("/api/tasks/history?of={of}")).await.data();
        let days: Vec<&str> = days.as_array().unwrap().iter().map(|it| it["day"].as_str().unwrap()).collect();
        assert_eq!(days, ["2026-11-22", "2026-11-23", "2026-11-24", "2026-11-25"], "{of}");
    }
}
