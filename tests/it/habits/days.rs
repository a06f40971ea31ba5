//! Days that turn where users are: when they move, on the nights when clocks change, and what is counted of each.

use std::time::Duration;

use reqwest::Method;
use runnity::app::habits::Applied;
use runnity::backend::AggregateId;
use runnity::domain::habit::numbers::Direction;
use serde_json::{Value, json};

use super::{add, apply, score, set};
use crate::support::{Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    a_day_turns_where_the_profile_has_moved_to,
    a_day_is_not_lived_twice_by_who_flies_west,
    days_turn_once_when_clocks_change,
    an_old_run_scores_nothing,
);

const HOUR: Duration = Duration::from_secs(3_600);

async fn lives_in(site: &Site, runner: &Runner, zone: &str) {
    let request = site.ask(Method::PATCH, "/api/users/me").bearer_auth(&runner.token);
    send(request.json(&json!({ "time_zone": zone }))).await.data();
    // Accounts are remembered for so long.
    site.advance(Duration::from_secs(11)).await;
}

/// Hour by hour, by the clock alone → the hours after which a day had turned, as many as passed.
async fn turns_within(site: &Site, runner: &Runner, hours: u64) -> Vec<u64> {
    let app = site.idle_app().await;
    let mut turned = Vec::new();
    for hour in 1..=hours {
        site.advance(HOUR).await;
        let before = v(site, runner).await;
        app.act_on_due(site.clock.now()).await.unwrap();
        turned.extend((v(site, runner).await != before).then_some(hour));
    }
    turned
}

/// The version as it is stored: asking for the board would turn the day.
async fn v(site: &Site, runner: &Runner) -> u64 {
    let key = AggregateId::new("user", &runner.id).key("habits");
    let stored = site.app.backend.read(&[key]).await.unwrap().pop().and_then(|it| it.value).expect("a head");
    serde_json::from_slice::<Value>(&stored).unwrap()["v"].as_u64().unwrap()
}

async fn a_day_turns_where_the_profile_has_moved_to(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    apply(&site.app, &runner, vec![add("d", "daily")]).await;
    // 9 in the morning, and 22 o'clock there; then midnight in UTC is noon of the same day.
    lives_in(&site, &runner, "Pacific/Auckland").await;
    site.app.act_on_due(site.clock.now()).await.unwrap();
    assert_eq!(turns_within(&site, &runner, 24).await, [2]);
    // Who has no board is moved without harm, and has none afterwards.
    let other = site.runner("Bela").await;
    lives_in(&site, &other, "Pacific/Auckland").await;
    site.app.act_on_due(site.clock.now()).await.unwrap();
    let head = site.app.backend.read(&[AggregateId::new("user", &other.id).key("habits")]).await.unwrap();
    assert!(head[0].value.is_none());
}

async fn a_day_is_not_lived_twice_by_who_flies_west(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    lives_in(&site, &runner, "Pacific/Auckland").await;
    let up = async |times| apply(&site.app, &runner, vec![score("h", Direction::Up); times]).await;
    apply(&site.app, &runner, vec![add("h", "habit"), add("d", "daily")]).await;
    up(3).await;
    assert_eq!(counted(&site, &runner, 20_778).await, Some(3.0));
    site.advance(3 * HOUR).await;
    let tomorrow: Applied = up(2).await;
    assert_eq!(counted(&site, &runner, 20_779).await, Some(2.0));
    // Where it is yesterday: that day has turned, and was counted.
    lives_in(&site, &runner, "America/Los_Angeles").await;
    site.app.act_on_due(site.clock.now()).await.unwrap();
    let back = up(4).await;
    assert_eq!((back.v, back.board.hero.stats.hp), (tomorrow.v + 1, tomorrow.board.hero.stats.hp));
    assert_eq!(counted(&site, &runner, 20_778).await, Some(3.0));
    assert_eq!(counted(&site, &runner, 20_779).await, Some(6.0));
    // It is 4 in the morning there of the day before; the next one that has not turned begins after two midnights.
    assert_eq!(turns_within(&site, &runner, 48).await, [44]);
}

/// What a day has contributed of scored habits.
async fn counted(site: &Site, runner: &Runner, day: i32) -> Option<f64> {
    site.advance(Duration::from_secs(5)).await;
    site.app.act_on_due(site.clock.now()).await.unwrap();
    let key = AggregateId::new("user", &runner.id).key(&format!("progress/c/habits:{day}"));
    let stored = site.app.backend.read(&[key]).await.unwrap().pop().and_then(|it| it.value)?;
    let stored: Value = serde_json::from_slice(&stored).unwrap();
    let mut shares = stored["shares"].as_array()?.iter();
    shares.find(|share| share[0] == "habits_scored").and_then(|share| share[2].as_f64())
}

async fn days_turn_once_when_clocks_change(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    lives_in(&site, &runner, "Europe/Helsinki").await;
    // The hour that one of these nights leaves out, and that the other one has twice.
    apply(&site.app, &runner, vec![add("d", "daily"), set("preferences.dayStart", json!(3))]).await;
    for (evening, hours) in [("2027-03-27T17:00:00Z", [8, 31, 55]), ("2027-10-30T17:00:00Z", [7, 32, 56])] {
        let evening = runnity::domain::time::Timestamp::parse(evening).unwrap();
        let away = evening.as_millis() - site.clock.now().as_millis();
        site.advance(Duration::from_millis(away.try_into().unwrap())).await;
        apply(&site.app, &runner, Vec::new()).await;
        assert_eq!(turns_within(&site, &runner, 56).await, hours);
    }
}

async fn an_old_run_scores_nothing(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let rule = json!({ "id": "r", "type": "habit", "rule": { "variable": "distance_m", "at_least": 1 } });
    let runnity::domain::habit::tree::Node::Tree(tree) = runnity::app::habits::node(rule) else { panic!("no tree") };
    apply(&site.app, &runner, vec![runnity::domain::habit::Op::AddTask(tree)]).await;
    let (user, finished) = (&runner.identity.user, site.clock.now());
    let run = runnity::domain::ids::RunId::from_u128(7);
    let count = async || site.app.score_by_run(user, run, finished, &[("distance_m", 1_200.0)]).await.unwrap();
    count().await;
    count().await;
    for _ in 0..50 {
        site.advance(24 * HOUR).await;
        site.app.act_on_due(site.clock.now()).await.unwrap();
        count().await;
    }
    assert_eq!(apply(&site.app, &runner, Vec::new()).await.board.hero.earned.habits_scored, 1);
}
