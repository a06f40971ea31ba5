//! A rule is tried before it is kept.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::authoring::{admin, ask};
use crate::support::{Runner, Site, StoreKind, on_each_store};

on_each_store!(
    dry_run_says_what_the_days_would_have_unlocked,
    dry_run_is_the_same_as_what_then_happens,
    what_cannot_be_tried_is_refused,
);

const PATH: &str = "/api/achievements/dry-run";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn increase(site: &Site, root: &Runner, user: &Runner, value: f64) {
    let path = format!("/increase_value/laps/{}", user.id);
    let reply = ask(site, root, Method::POST, &path, &json!({ "value": value })).await;
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
}

fn ten_laps() -> Value {
    json!({"name": "ten_laps", "maxlevel": 3, "goals": [{"condition": {"term": {"type": "literal", "variable": "laps"}}, "goal": "10*level"}]})
}

/// Three runners: 25 laps over the last month, 12 a hundred days ago, and 9.
async fn laps(site: &Site) -> (Runner, [Runner; 3]) {
    let root = admin(site).await;
    site.post(&root, "/api/variables", json!({"name": "laps"})).await.data();
    let runners = [site.runner("Aino").await, site.runner("Eero").await, site.runner("Veikko").await];
    increase(site, &root, &runners[1], 12.0).await;
    site.advance(80 * DAY).await;
    for value in [8.0, 8.0, 9.0] {
        increase(site, &root, &runners[0], value).await;
        site.advance(7 * DAY).await;
    }
    increase(site, &root, &runners[2], 9.0).await;
    (root, runners)
}

async fn dry_run_says_what_the_days_would_have_unlocked(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, [aino, eero, _]) = laps(&site).await;
    let tried = site.post(&root, PATH, json!({"achievement": ten_laps(), "days": 90})).await.data();
    assert_eq!(
        (&tried["users"], &tried["unlocks"], &tried["levels"]),
        (&json!(1), &json!(2), &json!({"1": 1, "2": 1}))
    );
    assert_eq!(tried["errors"], json!([]));
    let sample = tried["sample"].as_array().unwrap();
    assert!(sample.iter().all(|it| it["user"] == json!({"id": aino.id, "name": "Aino"})), "{sample:?}");
    let told: Vec<_> = sample.iter().map(|it| (it["level"].as_u64().unwrap(), it["at"].as_str().unwrap())).collect();
    // At the second and the third value of theirs, to a quarter of an hour.
    assert_eq!(told, [(1, "2027-02-16T09:00:00.000Z"), (2, "2027-02-23T09:00:00.000Z")]);
    // Fewer days are less; nothing was kept, and nobody has heard of anything.
    let fewer = site.post(&root, PATH, json!({"achievement": ten_laps(), "days": 15})).await.data();
    assert_eq!((&fewer["users"], &fewer["levels"]), (&json!(1), &json!({"1": 1})));
    assert_eq!(site.get(&root, "/api/achievements").await.data(), json!([]));
    let whole = ask(&site, &eero, Method::POST, PATH, &json!({"achievement": ten_laps()})).await;
    assert_eq!(whole.status, 403);
}

async fn dry_run_is_the_same_as_what_then_happens(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    site.post(&root, "/api/variables", json!({"name": "laps"})).await.data();
    let aino = site.runner("Aino").await;
    let kept = site.post(&root, "/api/achievements", ten_laps()).await.data();
    for value in [4.0, 7.0, 22.0] {
        increase(&site, &root, &aino, value).await;
        site.advance(Duration::from_secs(60 * 60)).await;
    }
    let progress = site.get(&aino, &format!("/api/users/me/achievements?achievement={}", kept["id"])).await.data();
    let reached: Vec<String> = progress[0]["levels_achieved"].as_object().unwrap().keys().cloned().collect();
    let tried = site.post(&root, PATH, json!({"id": kept["id"]})).await.data();
    let levels: Vec<String> = tried["levels"].as_object().unwrap().keys().cloned().collect();
    assert_eq!((levels, tried["unlocks"].as_u64()), (reached, Some(3)));
    // What it requires is asked of what users have.
    let mut more = ten_laps();
    more["name"] = json!("after");
    more["requires"] = json!(["ten_laps"]);
    assert_eq!(site.post(&root, PATH, json!({"achievement": more})).await.data()["users"], 1);
    more["requires"] = json!([]);
    more["denies"] = json!(["ten_laps"]);
    assert_eq!(site.post(&root, PATH, json!({"achievement": more})).await.data()["users"], 0);
}

async fn what_cannot_be_tried_is_refused(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let faulty = json!({"name": "odd", "goals": [{"condition": {"term": {"type": "literal", "variable": "rnus"}}, "goal": "1"}]});
    let refused = site.post(&root, PATH, json!({ "achievement": faulty })).await;
    assert_eq!(
        (refused.status, refused.json()["error"]["faults"][0]["at"].as_str()),
        (422, Some("achievement.goals[0].condition.term.variable"))
    );
    for (body, status) in [
        (json!({}), 400),
        (json!({"id": 7}), 404),
        (json!({"id": 7, "achievement": ten_laps()}), 400),
        (json!({"id": 7, "days": 91}), 400),
        (json!({"id": 7, "days": 0}), 400),
        (json!({"achievement": ten_laps()}), 422),
    ] {
        assert_eq!(site.post(&root, PATH, body.clone()).await.status, status, "{body}");
    }
}
