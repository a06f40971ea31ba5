//! Challenges: made, answered, counted, over, and told to those who take part.

mod bad_input;
mod clock;
mod counting;
mod races;
mod sight;

use std::time::Duration;

use reqwest::Method;
use runnity::app::achievements::Increase;
use runnity::app::users::Caller;
use runnity::app::{App, AppError};
use runnity::backend::{AggregateId, Replay, Since};
use runnity::domain::ids::UserId;
use runnity::domain::user::{Level, Visibility};
use serde_json::{Value, json};

use crate::support::{Reply, Runner, Site, StoreKind, duties, on_each_store, send, within};

on_each_store!(
    a_challenge_from_its_making_to_its_end,
    one_may_be_challenged_to_an_achievements_goal,
    a_feed_has_ones_own_and_what_friends_have_finished,
    what_is_sent_again_with_its_key_makes_one_challenge,
    a_challenge_is_cancelled_as_it_was_seen,
);

/// An admin, and variables that users may move themselves.
pub async fn field(site: &Site) -> Runner {
    let made = site.app.make_user("Root".to_owned(), Level::Admin, None, Visibility::Public).await;
    let root = site.holder_of(made.unwrap().1.reveal()).await;
    for name in ["laps", "pace_s"] {
        let document = json!({ "name": name, "increase_permission": "own" });
        site.app.new_variable(&root.identity, serde_json::from_value(document).unwrap()).await.unwrap();
    }
    root
}

/// Ten laps, for a day from now on.
pub fn ten_laps(users: &[&Runner]) -> Value {
    let users: Vec<&str> = users.iter().map(|user| &*user.id).collect();
    json!({ "title": "Ten laps", "variable": "laps", "target": 10, "users": users, "expires_at": "2026-11-22T09:00:00Z" })
}

/// → its path.
pub async fn made(site: &Site, by: &Runner, new: Value) -> String {
    let reply = site.post(by, "/api/challenges", new).await;
    assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
    let path = format!("/api/challenges/{}", reply.data()["id"]);
    assert_eq!(reply.header("location"), path);
    path
}

pub async fn says(site: &Site, who: &Runner, path: &str, word: &str) -> Value {
    let reply = site.post(who, &format!("{path}/{word}"), json!({})).await;
    assert_eq!(reply.status, 200, "{word}: {}", String::from_utf8_lossy(&reply.body));
    reply.data()
}

/// Made by the first of them, and all others take part.
pub async fn taken_up(site: &Site, people: &[&Runner], new: Value) -> String {
    let path = made(site, people[0], new).await;
    for other in &people[1..] {
        says(site, other, &path, "accept").await;
    }
    settled(site).await;
    path
}

pub async fn moves(app: &App, who: &Runner, variable: &str, value: f64, key: Option<&str>) -> Result<(), AppError> {
    let user = UserId::parse(&who.id).unwrap();
    let increase = Increase { variable: variable.to_owned(), key: String::new(), value };
    app.increase(&Caller::User(who.identity.clone()), &user, vec![increase], key).await.map(drop)
}

/// So many laps of one's own, and all that follows from them.
pub async fn laps(site: &Site, who: &Runner, value: f64) {
    moves(&site.app, who, "laps", value, None).await.unwrap();
    settled(site).await;
}

/// Until nothing waits any more.
pub async fn settled(site: &Site) {
    within(async { while site.app.carry_out_follow_ups().await.unwrap() > 0 {} }).await;
}

/// Who stands where, with their values.
pub async fn standings(site: &Site, who: &Runner, path: &str) -> Vec<(u64, String, Value)> {
    let shown = site.get(who, path).await.data();
    let standing = |it: &Value| {
        (it["position"].as_u64().unwrap(), it["user"]["name"].as_str().unwrap().to_owned(), it["value"].clone())
    };
    shown["standings"].as_array().unwrap().iter().map(standing).collect()
}

pub fn standing(position: u64, name: &str, value: impl Into<Value>) -> (u64, String, Value) {
    (position, name.to_owned(), value.into())
}

/// What this user was told of challenges, oldest first.
pub async fn told(site: &Site, who: &Runner) -> Vec<Value> {
    let topic = AggregateId::new("user", &who.id).topic("");
    let Replay::Changes { changes, .. } = site.app.backend.replay(&topic, &Since::Oldest, 1_000).await.unwrap() else {
        panic!("nothing is lost");
    };
    let all = changes.iter().map(|change| serde_json::from_slice::<Value>(&change.payload).unwrap());
    all.filter(|change| change["type"].as_str().unwrap().starts_with("challenge_")).collect()
}

/// The same, by their types.
pub async fn kinds(site: &Site, who: &Runner) -> Vec<String> {
    let kind = |change: &Value| change["type"].as_str().unwrap().trim_start_matches("challenge_").to_owned();
    told(site, who).await.iter().map(kind).collect()
}

pub async fn titles(site: &Site, who: &Runner, query: &str) -> Vec<String> {
    let listed = site.get(who, &format!("/api/challenges?{query}")).await.data();
    listed.as_array().unwrap().iter().map(|it| it["title"].as_str().unwrap().to_owned()).collect()
}

pub async fn delete(site: &Site, who: &Runner, path: &str, tag: Option<&str>) -> Reply {
    let mut ask = site.ask(Method::DELETE, path).bearer_auth(&who.token);
    if let Some(tag) = tag {
        ask = ask.header("if-match", tag);
    }
    send(ask).await
}

/// What is said to be wrong.
pub fn fault(refused: &Reply) -> Value {
    refused.json()["error"].take()
}

async fn a_challenge_from_its_making_to_its_end(kind: StoreKind) {
    let site = Site::start(kind).await;
    field(&site).await;
    let (aino, eero, ukko) = (site.runner("Aino").await, site.runner("Eero").await, site.runner("Ukko").await);
    laps(&site, &aino, 3.0).await;
    let (mut phone, _) = site.connected(&eero).await;
    let path = made(&site, &aino, ten_laps(&[&eero, &ukko])).await;
    let shown = site.get(&aino, &path).await.data();
    assert_eq!((&shown["state"], &shown["accepted"], &shown["pending"]), (&json!("current"), &json!(1), &json!(2)));
    assert_eq!(
        shown["own"],
        json!({"answer": "accepted", "accomplishment": "unfinished", "value": null, "position": 1})
    );
    let heard = phone.push(&format!("#{}", eero.id)).await["pub"]["data"].clone();
    assert_eq!((&heard["type"], &heard["by"]["name"]), (&json!("challenge_invited"), &json!("Aino")));
    assert_eq!(heard["challenge"], json!({"id": shown["id"], "title": "Ten laps"}));

    assert_eq!(titles(&site, &eero, "state=pending&to=me").await, ["Ten laps"]);
    assert_eq!(titles(&site, &eero, "by=me").await, [""; 0]);
    assert_eq!(titles(&site, &aino, "state=active&by=me").await, ["Ten laps"]);
    assert_eq!(says(&site, &ukko, &path, "reject").await["own"]["answer"], "rejected");
    assert_eq!(says(&site, &eero, &path, "accept").await["own"]["answer"], "accepted");
    settled(&site).await;
    assert_eq!(kinds(&site, &aino).await, ["rejected", "accepted"]);

    laps(&site, &aino, 4.0).await;
    assert_eq!(standings(&site, &eero, &path).await, [standing(1, "Aino", 4.0), standing(2, "Eero", Value::Null)]);
    laps(&site, &eero, 6.0).await;
    assert_eq!(standings(&site, &aino, &path).await, [standing(1, "Eero", 6.0), standing(2, "Aino", 4.0)]);
    laps(&site, &eero, 4.5).await;
    laps(&site, &aino, 20.0).await;
    let shown = site.get(&aino, &path).await.data();
    assert_eq!(shown["winner"]["name"], "Eero");
    let order = [standing(1, "Eero", 10.5), standing(2, "Aino", 24.0)];
    assert_eq!(standings(&site, &aino, &path).await, order);
    // Everybody who takes part has heard the same.
    let heard = told(&site, &eero).await;
    let progress = heard.iter().filter(|it| it["type"] == "challenge_progress");
    let progress: Vec<_> = progress
        .map(|it| {
            (it["user"]["name"].as_str().unwrap(), it["value"].as_f64().unwrap(), it["position"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(progress, [("Aino", 4.0, 1), ("Eero", 6.0, 1), ("Eero", 10.5, 1), ("Aino", 24.0, 2)]);
    let finished = heard.iter().filter(|it| it["type"] == "challenge_finished");
    let finished: Vec<_> =
        finished.map(|it| (it["user"]["name"].as_str().unwrap(), it["place"].as_u64().unwrap())).collect();
    assert_eq!(finished, [("Eero", 1), ("Aino", 2)]);
    assert_eq!(told(&site, &ukko).await.len(), 1, "who has rejected hears no more");

    site.advance(Duration::from_secs(24 * 3_600)).await;
    duties(&[&site]).await;
    let over = told(&site, &aino).await.pop().unwrap();
    assert_eq!((&over["type"], &over["at"]), (&json!("challenge_expired"), &json!("2026-11-22T09:00:00.000Z")));
    assert_eq!((&over["winner"]["name"], over["standings"].as_array().unwrap().len()), (&json!("Eero"), 2));
    assert_eq!(titles(&site, &aino, "state=finished").await, ["Ten laps"]);
    assert_eq!(titles(&site, &aino, "state=active").await, [""; 0]);
    assert_eq!(titles(&site, &ukko, "state=rejected").await, ["Ten laps"]);
    laps(&site, &aino, 1.0).await;
    assert_eq!(standings(&site, &aino, &path).await, order, "it is over");
    assert_eq!(site.post(&ukko, &format!("{path}/accept"), json!({})).await.status, 409);
}

async fn one_may_be_challenged_to_an_achievements_goal(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = field(&site).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let best = json!({
        "condition": { "term": { "type": "literal", "variable": "pace_s" } }, "goal": "310-10*level", "operator": "leq",
        "group_by_key": true, "maxmin": "min",
    });
    let hidden = json!({ "name": "secret", "hidden": true, "goals": [best.clone()] });
    for document in [json!({ "name": "quick", "title": { "en": "Quick" }, "goals": [best] }), hidden] {
        site.app.new_achievement(&root.identity, serde_json::from_value(document).unwrap()).await.unwrap();
    }
    let new = |name: &str, kind: &str| json!({ "title": "Be quick", "achievement": name, "kind": kind, "users": [&eero.id], "expires_at": "2026-11-22T09:00:00Z" });
    let refused = site.post(&aino, "/api/challenges", new("secret", "first")).await;
    assert_eq!((refused.status, fault(&refused)["field"].clone()), (400, json!("achievement")));
    let first = taken_up(&site, &[&aino, &eero], new("quick", "first")).await;
    let most = taken_up(&site, &[&aino, &eero], new("quick", "most")).await;
    let shown = site.get(&aino, &first).await.data();
    assert_eq!(
        (&shown["target"], &shown["operator"], &shown["variable"]),
        (&json!(300.0), &json!("leq"), &Value::Null)
    );
    assert_eq!(
        (&shown["achievement"]["name"], &shown["achievement"]["title"]["en"]),
        (&json!("quick"), &json!("Quick"))
    );
    let run = |who: &Runner, key: &str, seconds: f64| {
        let user = UserId::parse(&who.id).unwrap();
        let (caller, app) = (Caller::User(who.identity.clone()), site.app.clone());
        let increase = Increase { variable: "pace_s".to_owned(), key: key.to_owned(), value: seconds };
        async move { app.increase(&caller, &user, vec![increase], None).await.unwrap() }
    };
    run(&aino, "a", 320.0).await;
    run(&eero, "b", 305.0).await;
    run(&aino, "c", 299.5).await;
    run(&eero, "d", 330.0).await;
    settled(&site).await;
    let order = [standing(1, "Aino", 299.5), standing(2, "Eero", 305.0)];
    assert_eq!(
        (standings(&site, &eero, &first).await, standings(&site, &eero, &most).await),
        (order.to_vec(), order.to_vec())
    );
    let shown = site.get(&eero, &first).await.data();
    assert_eq!((&shown["winner"]["name"], &shown["own"]["accomplishment"]), (&json!("Aino"), &json!("unfinished")));
    assert_eq!(site.get(&eero, &most).await.data()["winner"], Value::Null);
    site.advance(Duration::from_secs(24 * 3_600)).await;
    // Whoever looks first finds it over.
    let over = site.get(&eero, &most).await.data();
    assert_eq!((&over["winner"]["name"], &over["own"]["accomplishment"]), (&json!("Aino"), &json!("finished")));
    assert_eq!(site.get(&eero, &first).await.data()["own"]["accomplishment"], "failed");
}

async fn a_feed_has_ones_own_and_what_friends_have_finished(kind: StoreKind) {
    let site = Site::start(kind).await;
    field(&site).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let (friend, stranger) = (site.runner("Iida").await, site.runner("Sisu").await);
    assert_eq!(site.post(&friend, "/api/friends", json!({ "user": eero.id })).await.status, 201);
    let accepted = site.ask(Method::PUT, &format!("/api/friends/{}", friend.id)).bearer_auth(&eero.token);
    assert_eq!(send(accepted.json(&json!({ "state": "accepted" }))).await.status, 200);
    taken_up(&site, &[&aino, &eero], ten_laps(&[&eero])).await;
    site.advance(Duration::from_secs(60)).await;
    laps(&site, &eero, 12.0).await;
    let feed = |who: &Runner| {
        let reply = site.ask(Method::GET, "/api/challenges/feed").bearer_auth(&who.token);
        async move {
            let all = send(reply).await.data();
            let line =
                |it: &Value| format!("{} {}", it["type"].as_str().unwrap(), it["user"]["name"].as_str().unwrap_or("-"));
            all.as_array().unwrap().iter().map(line).collect::<Vec<_>>()
        }
    };
    assert_eq!(feed(&aino).await, ["finished Eero", "accepted Eero", "created Aino"]);
    assert_eq!(feed(&friend).await, ["finished Eero"]);
    assert_eq!(feed(&stranger).await, [""; 0]);
    let kept = send(
        site.ask(Method::PATCH, "/api/users/me").bearer_auth(&eero.token).json(&json!({ "visibility": "private" })),
    )
    .await;
    assert_eq!(kept.status, 200, "{kept:?}");
    assert_eq!(feed(&friend).await, [""; 0]);
    let page = site.get(&aino, "/api/challenges/feed?page=2&page_size=2").await.data();
    assert_eq!((page.as_array().unwrap().len(), &page[0]["type"]), (1, &json!("created")));
}

async fn what_is_sent_again_with_its_key_makes_one_challenge(kind: StoreKind) {
    let site = Site::start(kind).await;
    field(&site).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let ask = || {
        let request = site.ask(Method::POST, "/api/challenges").bearer_auth(&aino.token);
        send(request.header("idempotency-key", "the only one").json(&ten_laps(&[&eero])))
    };
    let (first, again) = (ask().await, ask().await);
    assert_eq!((first.status, first.data()["id"].clone()), (again.status, again.data()["id"].clone()));
    assert_eq!(titles(&site, &aino, "").await, ["Ten laps"]);
    let path = format!("/api/challenges/{}", first.data()["id"]);
    for _ in 0..2 {
        says(&site, &eero, &path, "accept").await;
    }
    settled(&site).await;
    assert_eq!(kinds(&site, &aino).await, ["accepted"]);
}

async fn a_challenge_is_cancelled_as_it_was_seen(kind: StoreKind) {
    let site = Site::start(kind).await;
    field(&site).await;
    let (aino, eero, ukko) = (site.runner("Aino").await, site.runner("Eero").await, site.runner("Ukko").await);
    let path = made(&site, &aino, ten_laps(&[&eero])).await;
    let tag = site.get(&aino, &path).await.header("etag").to_owned();
    let invited = site.post(&aino, &format!("{path}/invitations"), json!({ "users": ["Ukko"] })).await;
    assert_eq!((invited.status, &invited.data()["pending"]), (200, &json!(2)));
    assert_eq!(delete(&site, &aino, &path, Some(&tag)).await.status, 412);
    assert_eq!(delete(&site, &eero, &path, None).await.status, 403);
    assert_eq!(site.post(&eero, &format!("{path}/invitations"), json!({ "users": ["Ukko"] })).await.status, 403);
    let tag = site.get(&aino, &path).await.header("etag").to_owned();
    for tag in [Some(&*tag), None] {
        assert_eq!(delete(&site, &aino, &path, tag).await.status, 204);
    }
    settled(&site).await;
    assert_eq!(site.get(&ukko, &path).await.data()["state"], "cancelled");
    assert_eq!(kinds(&site, &ukko).await, ["invited", "cancelled"]);
    assert_eq!(site.post(&ukko, &format!("{path}/accept"), json!({})).await.status, 409);
    laps(&site, &aino, 20.0).await;
    assert_eq!(site.get(&aino, &path).await.data()["winner"], Value::Null);
}
