//! A rule is tried before it is kept.

use std::time::Duration;

use std::collections::BTreeMap;

use reqwest::Method;
use runnity::app::achievements::{Increase, Outcome, starter};
use runnity::domain::time::Timestamp;
use serde_json::{Value, json};

use super::authoring::{admin, ask};
use super::world::{achievement, by, goal, user, variables};
use crate::support::{Runner, Site, StoreKind, on_each_store};

on_each_store!(
    dry_run_says_what_the_days_would_have_unlocked,
    dry_run_is_the_same_as_what_then_happens,
    dry_runs_of_the_starter_say_what_the_days_gave,
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

/// What was unlocked: whose, which level, and in which quarter of an hour; by the achievement's number.
type Unlocks = BTreeMap<u64, Vec<(String, u64, String)>>;

fn note(unlocks: &mut Unlocks, runner: &Runner, outcome: &Outcome) {
    for unlocked in &outcome.unlocked {
        for level in unlocked.new_levels.keys() {
            let at = Timestamp::parse(&unlocked.levels_achieved[level]).expect("a time").as_millis();
            let quarter = Timestamp::from_millis(at - at % (15 * 60 * 1_000)).to_string();
            let told = (runner.id.clone(), u64::from(*level), quarter);
            unlocks.entry(unlocked.achievement.id).or_default().push(told);
        }
    }
}

/// A run of the day: sometimes long, sometimes early, now and then in an event.
fn run(day: u32, length_m: f64) -> Vec<Increase> {
    let key = format!("run-{day}");
    let seconds_per_km = 400.0 - f64::from(day);
    let mut values = vec![
        ("runs", "", 1.0),
        ("distance_m", "", length_m),
        ("longest_run_m", &key, length_m),
        ("moving_s", "", length_m / 1_000.0 * seconds_per_km),
        ("climb_m", "", f64::from(day) * 3.0),
        ("best_1km_s", &key, seconds_per_km - 30.0),
        ("best_5km_s", &key, seconds_per_km * 5.0),
    ];
    match day % 7 {
        0 => values.push(("early_runs", "", 1.0)),
        3 => values.push(("late_runs", "", 1.0)),
        4 => values.extend([("events_finished", "5", 1.0), ("invite_users", "", 1.0)]),
        6 => values.push(("events_joined", "5", 1.0)),
        _ => {}
    }
    let increase = |(variable, key, value): (&str, &str, f64)| {
        let (variable, key) = (variable.to_owned(), key.to_owned());
        Increase { variable, key, value }
    };
    values.into_iter().map(increase).collect()
}

async fn dry_runs_of_the_starter_say_what_the_days_gave(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    assert!(site.app.ensure_catalogue(&starter().unwrap()).await.unwrap());
    variables(&site, &root, &["laps", "walls"]).await;
    for document in [
        json!({"name": "gate", "goals": [goal("distance_m", "60000")]}),
        // Its goal is reached long before what it requires.
        json!({"name": "late", "maxlevel": 2, "requires": ["gate"], "goals": [goal("runs", "2*level")]}),
        // Its second level comes too late.
        json!({"name": "wall", "goals": [goal("distance_m", "40000")]}),
        json!({"name": "walled", "maxlevel": 9, "denies": ["wall"], "goals": [goal("runs", "2*level")]}),
        json!({"name": "both", "goals": [goal("runs", "5"), goal("streak_days", "4")]}),
    ] {
        achievement(&site, &root, document).await;
    }
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let zone = json!({"time_zone": "Pacific/Auckland"});
    assert_eq!(ask(&site, &aino, Method::PATCH, "/api/users/me", &zone).await.status, 200);
    let mut unlocks = Unlocks::new();
    for day in 0..50 {
        for (runner, length_m) in [(&aino, 4_000.0 + f64::from(day % 5) * 2_000.0), (&eero, 21_100.0)] {
            let runs = runner.id == aino.id && day % 6 != 5 || day % 9 == 2;
            if runs {
                let outcome = site.app.increase(&by(&root), &user(runner), run(day, length_m), None).await.unwrap();
                note(&mut unlocks, runner, &outcome);
            }
        }
        site.advance(DAY - Duration::from_secs(13 * 60)).await;
    }
    let all = site.get(&root, "/api/achievements?page_size=200").await.data();
    let (mut reached, mut levels) = (0, 0);
    for kept in all.as_array().unwrap() {
        let tried = site.post(&root, PATH, json!({"id": kept["id"], "days": 90})).await.data();
        let mut told: Vec<(String, u64, String)> = tried["sample"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                let text = |value: &Value| value.as_str().expect("a text").to_owned();
                (text(&it["user"]["id"]), it["level"].as_u64().expect("a level"), text(&it["at"]))
            })
            .collect();
        let mut given = unlocks.remove(&kept["id"].as_u64().unwrap()).unwrap_or_default();
        told.sort();
        given.sort();
        assert_eq!(told, given, "{}", kept["name"]);
        assert_eq!((&tried["unlocks"], &tried["errors"]), (&json!(given.len()), &json!([])), "{}", kept["name"]);
        (reached, levels) = (reached + usize::from(!given.is_empty()), levels + given.len());
        let expected = match kept["name"].as_str().unwrap() {
            "late" => Some(4),
            "walled" => Some(2),
            "both" => Some(2),
            _ => None,
        };
        assert!(expected.is_none_or(|expected| given.len() == expected), "{}: {given:?}", kept["name"]);
    }
    assert!(reached >= 25 && levels >= 80, "a history that tells little: {reached}, {levels}");
}
