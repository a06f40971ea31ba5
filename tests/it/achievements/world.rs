//! An admin, rules and users for the tests of achievements.

use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::Method;
use runnity::app::AppError;
use runnity::app::achievements::{Increase, Outcome};
use runnity::app::users::Caller;
use runnity::domain::ids::UserId;
use runnity::domain::user::{Level, Visibility};
use serde_json::{Value, json};

use crate::support::{Client, Runner, Site, send};

/// Another one each time.
pub async fn admin(site: &Site) -> Runner {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let name = format!("Root {}", MADE.fetch_add(1, Ordering::Relaxed));
    let made = site.app.make_user(name, Level::Admin, None, Visibility::Public).await;
    let (_, token) = made.expect("a user");
    site.holder_of(token.reveal()).await
}

/// Variables that users may move themselves.
pub async fn variables(site: &Site, admin: &Runner, names: &[&str]) {
    for name in names {
        let document = json!({ "name": name, "increase_permission": "own" });
        let document = serde_json::from_value(document).expect("a document");
        site.app.new_variable(&admin.identity, document).await.expect("a variable");
    }
}

/// → its number.
pub async fn achievement(site: &Site, admin: &Runner, document: Value) -> u64 {
    let document = serde_json::from_value(document).expect("a document");
    let kept = site.app.new_achievement(&admin.identity, document).await.expect("an achievement");
    kept.document.id.expect("an id")
}

/// The sum of a variable, towards this formula.
pub fn goal(variable: &str, formula: &str) -> Value {
    json!({ "condition": { "term": { "type": "literal", "variable": variable } }, "goal": formula })
}

pub fn user(runner: &Runner) -> UserId {
    UserId::parse(&runner.id).expect("an id")
}

pub fn by(runner: &Runner) -> Caller {
    Caller::User(runner.identity.clone())
}

pub fn value(variable: &str, value: f64) -> Vec<Increase> {
    vec![Increase { variable: variable.to_owned(), key: String::new(), value }]
}

/// A value of the runner's own.
pub async fn increased(site: &Site, runner: &Runner, variable: &str, by_much: f64) -> Outcome {
    let outcome = try_increase(site, runner, variable, by_much).await;
    outcome.expect("increased")
}

pub async fn try_increase(site: &Site, runner: &Runner, variable: &str, by_much: f64) -> Result<Outcome, AppError> {
    site.app.increase(&by(runner), &user(runner), value(variable, by_much), None).await
}

/// The names of what was unlocked, each with its new levels.
pub fn levels(outcome: &Outcome) -> Vec<(&str, Vec<u32>)> {
    let unlocked = outcome.unlocked.iter();
    unlocked.map(|it| (it.achievement.name.as_str(), it.new_levels.keys().copied().collect())).collect()
}

/// Each lists the other.
pub async fn befriend(site: &Site, one: &Runner, other: &Runner) {
    assert_eq!(site.post(one, "/api/friends", json!({ "user": other.id })).await.status, 201);
    let path = format!("/api/friends/{}", one.id);
    let accepted = site.ask(Method::PUT, &path).bearer_auth(&other.token).json(&json!({ "state": "accepted" }));
    assert_eq!(send(accepted).await.status, 200);
}

/// The next of these changes on the user's own channel.
pub async fn told(client: &mut Client, runner: &Runner, kind: &str) -> Value {
    loop {
        let change = client.push(&format!("#{}", runner.id)).await["pub"]["data"].clone();
        if change["type"] == kind {
            return change;
        }
    }
}

/// Everything of these types that was said on the runner's own channel until now, in order.
pub async fn heard(site: &Site, runner: &Runner, kinds: &[&str]) -> Vec<Value> {
    let own = format!("#{}", runner.id);
    let (_, connected) = site.connected(runner).await;
    let from = json!({ "recover": true, "epoch": connected["subs"][&own]["epoch"], "offset": 0 });
    let mut client = site.socket().await;
    let back = client.ask("connect", json!({ "token": runner.token, "subs": { &own: from } })).await;
    let found = &back["connect"]["subs"][&own];
    assert_eq!(found["recovered"], true, "{back}");
    let heard = found["publications"].as_array().into_iter().flatten().map(|it| it["data"].clone());
    heard.filter(|it| kinds.contains(&it["type"].as_str().unwrap_or_default())).collect()
}
