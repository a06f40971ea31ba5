//! POSTs whose answer was lost: whoever sends them again finds what was made, and nothing is made twice.

use std::time::Duration;

use reqwest::Method;
use runnity::backend::{AggregateId, Commit, Index, Put, Range};
use serde_json::{Value, json};

use crate::support::{Reply, Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    lost_answer_makes_nothing_twice,
    secret_is_told_again_to_the_same_token_alone,
    newest_answers_of_one_user_are_remembered,
    keys_of_strangers_cannot_be_guessed,
    what_was_posted_goes_with_its_account,
    what_has_no_version_is_not_written_under_one,
);

async fn post(site: &Site, runner: Option<&Runner>, path: &str, key: &str, body: &Value) -> Reply {
    let request = site.ask(Method::POST, path).header("Idempotency-Key", key.to_owned()).json(body);
    send(match runner {
        Some(runner) => request.bearer_auth(&runner.token),
        None => request,
    })
    .await
}

/// All that is remembered is as it was before the answers were: the instance has ended in between.
async fn forget_answers(site: &Site) {
    let due = site.app.backend.range(&Range::all(Index::new("due/housekeeping"), 1_000)).await.unwrap().members;
    for name in due.iter().filter_map(|(_, member)| member.strip_prefix("posted-old/")) {
        let aggregate = AggregateId::new("posted", name);
        let stored = site.app.backend.read(&[aggregate.head()]).await.unwrap().remove(0).value.unwrap();
        let mut record: Value = serde_json::from_slice(&stored).unwrap();
        record["answer"] = Value::Null;
        let mut commit = Commit::on(aggregate.clone());
        let value = Some(record.to_string().into_bytes().into());
        commit.puts.push(Put { key: aggregate.head(), value });
        site.app.backend.commit(commit).await.unwrap();
    }
}

async fn lost_answer_makes_nothing_twice(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await;
    let run = site.post(&aino, "/api/runs", json!({"state": "planned"})).await.data()["id"].clone();
    let start = json!({"latitude": 60.17, "longitude": 24.94});
    let event = json!({"name": "Night run", "date": "2026-12-24", "time": "18:00", "start": start});
    let sign_up = json!({"name": "Mika", "password": "correct horse"});
    let posts = [
        (Some(&aino), "/api/events", event),
        (Some(&aino), "/api/groups", json!({"name": "Owls"})),
        (Some(&aino), "/api/tokens", json!({"label": "Watch"})),
        (Some(&aino), "/api/share-links", json!({ "run": run })),
        (None, "/api/users", sign_up.clone()),
        (None, "/api/tokens", sign_up),
    ];
    let key = |number: usize| format!("a-key-of-a-client-{number}");
    let mut firsts = Vec::new();
    for (number, (runner, path, body)) in posts.iter().enumerate() {
        let first = post(&site, *runner, path, &key(number), body).await;
        assert_eq!(first.status, 201, "{path} {first:?}");
        firsts.push(first.data());
    }
    forget_answers(&site).await;
    site.advance(Duration::from_secs(180)).await;
    for (number, (runner, path, body)) in posts.iter().enumerate() {
        let again = post(&other, *runner, path, &key(number), body).await;
        assert_eq!(again.status, 201, "{path} {again:?}");
        assert_eq!(again.data(), firsts[number], "{path}");
    }
    for (path, len) in [("/api/events?mine=true", 1), ("/api/groups?mine=true", 1), ("/api/share-links", 1)] {
        assert_eq!(site.get(&aino, path).await.data().as_array().map(Vec::len), Some(len), "{path}");
    }
    assert_eq!(site.get(&aino, "/api/tokens").await.data().as_array().map(Vec::len), Some(2));
    // The same key of somebody else makes something else.
    let mika = site.holder_of(firsts[4]["token"].as_str().unwrap()).await;
    let (_, path, body) = &posts[2];
    let hers = post(&site, Some(&mika), path, &key(2), body).await;
    assert_eq!(hers.status, 201);
    assert_ne!(hers.data()["token"], firsts[2]["token"]);
}

/// Who reads the store and guesses the key, and what was sent with it, has not got the token.
async fn secret_is_told_again_to_the_same_token_alone(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let run = site.post(&aino, "/api/runs", json!({"state": "planned"})).await.data()["id"].clone();
    let other = site.post(&aino, "/api/tokens", json!({"label": "Watch"})).await.data();
    let other = site.holder_of(other["token"].as_str().unwrap()).await;
    let posts = [("/api/tokens", json!({"label": "Phone"})), ("/api/share-links", json!({ "run": run }))];
    for (number, (path, body)) in posts.iter().enumerate() {
        let key = number.to_string();
        let first = post(&site, Some(&aino), path, &key, body).await;
        assert_eq!(first.status, 201, "{path}");
        assert_eq!(post(&site, Some(&aino), path, &key, body).await.data(), first.data(), "{path}");
        let refused = post(&site, Some(&other), path, &key, body).await;
        assert_eq!((refused.status, &refused.json()["error"]["field"]), (422, &json!("Idempotency-Key")), "{path}");
    }
    let planned = json!({"state": "planned"});
    let first = post(&site, Some(&aino), "/api/runs", "run", &planned).await;
    let again = post(&site, Some(&other), "/api/runs", "run", &planned).await;
    assert_eq!(again.data(), first.data(), "there is no secret in it");
}

async fn newest_answers_of_one_user_are_remembered(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, mika) = (site.runner("Aino").await, site.runner("Mika").await);
    let run = site.post(&aino, "/api/runs", json!({})).await.header("location").to_owned();
    let mikas = site.post(&mika, "/api/runs", json!({})).await.header("location").to_owned();
    let len_max = runnity::limits::POSTED_LEN_MAX;
    let pause = |number: usize| {
        let (site, aino, path) = (&site, &aino, format!("{run}/pause"));
        async move { post(site, Some(aino), &path, &format!("{number}"), &json!({})).await.status }
    };
    assert_eq!(post(&site, Some(&mika), &format!("{mikas}/pause"), "1", &json!({})).await.status, 201);
    for number in 0..len_max + 5 {
        assert_eq!(pause(number).await, 201);
        site.clock.advance(Duration::from_millis(1));
    }
    let due = site.app.backend.range(&Range::all(Index::new("due/housekeeping"), 10_000)).await.unwrap().members;
    let remembered = due.iter().filter(|(_, member)| member.starts_with("posted-old/")).count();
    assert_eq!(remembered, len_max + 1, "the newest of hers, and what is others' stays");
    site.post(&aino, &format!("{run}/finish"), json!({})).await.data();
    assert_eq!(pause(len_max + 4).await, 201, "remembered");
    assert_eq!(pause(0).await, 409, "carried out again");
}

async fn keys_of_strangers_cannot_be_guessed(kind: StoreKind) {
    let site = Site::start(kind).await;
    let body = json!({"name": "Aino", "password": "correct horse"});
    let refused = post(&site, None, "/api/users", "1", &body).await;
    assert_eq!((refused.status, &refused.json()["error"]["field"]), (400, &json!("Idempotency-Key")));
    assert_eq!(post(&site, None, "/api/users", "0192f3a1-7c4e-7b21", &body).await.status, 201);
}

async fn what_was_posted_goes_with_its_account(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, mika) = (site.runner("Aino").await, site.runner("Mika").await);
    let body = json!({"state": "planned"});
    for runner in [&aino, &mika] {
        assert_eq!(post(&site, Some(runner), "/api/runs", "mine", &body).await.status, 201);
    }
    let remembered = async || {
        let due = site.app.backend.range(&Range::all(Index::new("due/housekeeping"), 1_000)).await.unwrap().members;
        due.iter().filter(|(_, member)| member.starts_with("posted-old/")).count()
    };
    assert_eq!(remembered().await, 2);
    let leave = site.ask(Method::DELETE, "/api/users/me").bearer_auth(&aino.token).json(&json!({}));
    assert!(send(leave).await.status < 300);
    assert_eq!(remembered().await, 1, "another's stays");
}

async fn what_has_no_version_is_not_written_under_one(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let run = site.post(&aino, "/api/runs", json!({})).await.header("location").to_owned();
    let pause = |tag: &'static str| {
        let request = site.ask(Method::POST, &format!("{run}/pause")).bearer_auth(&aino.token);
        send(request.header("If-Match", tag).json(&json!({})))
    };
    assert_eq!(pause("\"1-0\"").await.status, 412);
    assert_eq!(site.get(&aino, &run).await.data()["state"], "live");
    assert_eq!(pause("*").await.status, 201);
}
