//! Levels that are given when an achievement has come to its end, and boards that come after the values.

use std::time::Duration;

use runnity::app::achievements::ProgressFilter;
use runnity::backend::{AggregateId, Index, Range, Replay, Since};
use runnity::domain::achievement::AchievementId;
use serde_json::{Value, json};

use super::lossy::Lossy;
use super::world::{achievement, admin, by, goal, increased, levels, user, variables};
use crate::support::{Runner, Site, StoreKind, on_each_store, within};

on_each_store!(
    levels_are_given_when_it_is_over,
    it_is_over_where_each_user_is,
    an_end_that_was_broken_off_is_gone_on_with,
    an_end_that_is_put_off_comes_later,
    a_new_board_has_those_who_had_values_before,
);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// So many days from now, in UTC.
fn date(site: &Site, days: i64) -> String {
    let at = site.clock.now().plus_millis(days * 24 * 60 * 60 * 1_000).to_string();
    at.split('T').next().expect("a date").to_owned()
}

fn month(site: &Site, zone: Option<&str>) -> Value {
    json!({
        "name": "september", "maxlevel": 3, "evaluation": "end", "time_zone": zone, "valid_end": date(site, 1),
        "goals": [goal("laps", "5*level")],
    })
}

async fn level(site: &Site, runner: &Runner, id: u64) -> u32 {
    let filter = ProgressFilter { achievement: AchievementId::new(id), history: 1, with_levels: false };
    let progress = site.app.progress(&by(runner), &user(runner), filter).await.unwrap();
    progress[0].achievement.level
}

async fn until_level(site: &Site, runner: &Runner, id: u64, wanted: u32) {
    within(async { while level(site, runner, id).await != wanted {} }).await;
}

/// What was told on the user's own channel of levels.
async fn unlocked(site: &Site, runner: &Runner) -> Vec<Value> {
    let topic = AggregateId::new("user", &runner.id).topic("");
    let replay = site.app.backend.replay(&topic, &Since::Oldest, 100).await.unwrap();
    let Replay::Changes { changes, .. } = replay else { panic!("nothing is lost") };
    let told = changes.iter().map(|change| serde_json::from_slice::<Value>(&change.payload).unwrap());
    told.filter(|change| change["type"] == "unlocked").collect()
}

/// Whether it is still to be done at some time.
async fn is_due(site: &Site, name: &str) -> bool {
    let members = site.app.backend.range(&Range::all(Index::new("due"), 1_000)).await.unwrap().members;
    members.iter().any(|(_, member)| **member == *name)
}

async fn levels_are_given_when_it_is_over(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let (root, aino, eero) = (admin(&site).await, site.runner("Aino").await, site.runner("Eero").await);
    variables(&site, &root, &["laps"]).await;
    let id = achievement(&site, &root, month(&site, Some("UTC"))).await;
    assert!(levels(&increased(&site, &aino, "laps", 12.0).await).is_empty());
    assert!(levels(&increased(&other, &eero, "laps", 4.0).await).is_empty());
    site.advance(DAY).await;
    site.app.act_on_due(site.clock.now()).await.unwrap();
    assert_eq!(level(&site, &aino, id).await, 0, "its last day is not over");
    site.advance(DAY).await;
    // Nobody moves any more. Both instances find it due.
    let (one, two) = tokio::join!(site.app.act_on_due(site.clock.now()), other.app.act_on_due(site.clock.now()));
    assert!(one.is_ok() && two.is_ok());
    until_level(&site, &aino, id, 2).await;
    assert_eq!(level(&site, &eero, id).await, 0);
    // What comes after does not count.
    assert!(levels(&increased(&site, &eero, "laps", 100.0).await).is_empty());
    within(async {
        while is_due(&site, &format!("achievement-ends/{id}")).await {
            site.app.act_on_due(site.clock.now()).await.unwrap();
        }
    })
    .await;
    assert_eq!((level(&site, &aino, id).await, level(&site, &eero, id).await), (2, 0));
    let unlocked = unlocked(&site, &aino).await;
    assert_eq!((unlocked.len(), &unlocked[0]["achievement"]["name"]), (1, &json!("september")));
    assert_eq!(unlocked[0]["achievement"]["level"], 2);
}

async fn it_is_over_where_each_user_is(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, east, west) = (admin(&site).await, site.runner("East").await, site.runner("West").await);
    variables(&site, &root, &["laps"]).await;
    for (runner, zone) in [(&east, "Pacific/Kiritimati"), (&west, "Pacific/Pago_Pago")] {
        let change = site.ask(reqwest::Method::PATCH, "/api/users/me").bearer_auth(&runner.token);
        crate::support::send(change.json(&json!({ "time_zone": zone }))).await.data();
    }
    let id = achievement(&site, &root, month(&site, None)).await;
    for runner in [&east, &west] {
        increased(&site, runner, "laps", 5.0).await;
    }
    let mut reached = Vec::new();
    for hour in 0..96 {
        site.advance(HOUR).await;
        site.app.act_on_due(site.clock.now()).await.unwrap();
        for (name, runner) in [("east", &east), ("west", &west)] {
            if level(&site, runner, id).await == 1 && !reached.iter().any(|(known, _)| *known == name) {
                reached.push((name, hour));
            }
        }
    }
    let [("east", east), ("west", west)] = reached[..] else { panic!("{reached:?}") };
    // Fourteen hours before UTC, and eleven behind.
    assert!((24..=26).contains(&(west - east)), "{east} {west}");
    assert!(!is_due(&site, &format!("achievement-ends/{id}")).await);
}

async fn an_end_that_was_broken_off_is_gone_on_with(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    variables(&site, &root, &["laps"]).await;
    let id = achievement(&site, &root, month(&site, Some("UTC"))).await;
    let mut runners = Vec::new();
    for number in 0..20 {
        let runner = site.runner(&format!("Runner {number}")).await;
        increased(&site, &runner, "laps", 6.0).await;
        runners.push(runner);
    }
    site.clock.advance(2 * DAY);
    // Answers of commits are lost on the way again and again: it fails, and is gone on with.
    let app = runnity::app::App::new(
        Lossy::all_on(site.store.open().await),
        site.clock.clone(),
        runnity::app::Settings::default(),
    );
    let due = format!("achievement-ends/{id}");
    within(async {
        while is_due(&site, &due).await {
            let _may_fail = app.act_on_due(site.clock.now()).await;
        }
    })
    .await;
    for runner in &runners {
        assert_eq!(level(&site, runner, id).await, 1, "{}", runner.id);
        assert_eq!(unlocked(&site, runner).await.len(), 1, "told once");
    }
}

async fn an_end_that_is_put_off_comes_later(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    variables(&site, &root, &["laps"]).await;
    let id = achievement(&site, &root, month(&site, Some("UTC"))).await;
    increased(&site, &aino, "laps", 5.0).await;
    let path = format!("/api/achievements/{id}");
    let change = site.ask(reqwest::Method::PATCH, &path).bearer_auth(&root.token);
    crate::support::send(change.json(&json!({ "valid_end": date(&site, 3) }))).await.data();
    site.advance(2 * DAY).await;
    site.app.act_on_due(site.clock.now()).await.unwrap();
    assert_eq!(level(&site, &aino, id).await, 0);
    site.advance(2 * DAY).await;
    site.app.act_on_due(site.clock.now()).await.unwrap();
    until_level(&site, &aino, id, 1).await;
    // One that is not there any more is nobody's.
    let other = achievement(
        &site,
        &root,
        json!({ "name": "other", "evaluation": "end", "valid_end": date(&site, 1), "goals": [goal("laps", "5")] }),
    )
    .await;
    let delete = site.ask(reqwest::Method::DELETE, &format!("/api/achievements/{other}")).bearer_auth(&root.token);
    assert_eq!(crate::support::send(delete).await.status, 204);
    assert!(!is_due(&site, &format!("achievement-ends/{other}")).await);
}

async fn a_new_board_has_those_who_had_values_before(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino, eero) = (admin(&site).await, site.runner("Aino").await, site.runner("Eero").await);
    variables(&site, &root, &["laps"]).await;
    for (runner, laps) in [(&aino, 5.0), (&eero, 7.0)] {
        increased(&site, runner, "laps", laps).await;
    }
    let rule = json!({ "name": "rounds", "relevance": "global", "goals": [goal("laps", "5")] });
    let id = achievement(&site, &root, rule).await;
    let change = site.ask(reqwest::Method::PATCH, "/api/variables/laps").bearer_auth(&root.token);
    crate::support::send(change.json(&json!({ "leaderboard": true }))).await.data();
    for path in
        [format!("/api/achievements/{id}/leaderboard"), "/api/variables/laps/leaderboard?period=month".to_owned()]
    {
        within(async {
            loop {
                site.app.act_on_due(site.clock.now()).await.unwrap();
                let shown = site.get(&aino, &path).await.data();
                let values: Vec<_> =
                    shown["standings"].as_array().unwrap().iter().map(|it| it["value"].clone()).collect();
                if values == [json!(7.0), json!(5.0)] {
                    break;
                }
            }
        })
        .await;
    }
    // Nobody has reached anything by it: that is for the next value.
    assert_eq!(level(&site, &aino, id).await, 0);
    assert_eq!(levels(&increased(&site, &aino, "laps", 1.0).await), [("rounds", vec![1])]);
}
