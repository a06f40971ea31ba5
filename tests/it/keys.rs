//! Tokens as their user sees them: developer keys, made, named, listed and revoked.

use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use runnity::app::users::NewUser;
use serde_json::{Value, json};

use crate::support::{Reply, Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    a_key_is_made_named_listed_and_revoked,
    a_revoked_key_ends_its_sessions_and_sockets_on_all_instances,
    when_a_key_was_used_is_known_to_the_hour,
    of_many_keys_used_at_once_each_is_noted,
    what_cannot_be_is_refused,
);

async fn account(site: &Site) -> Runner {
    let new = NewUser { name: "Aino".into(), password: "correct horse".into(), visibility: None };
    let (_, token) = site.app.sign_up(new).await.unwrap();
    site.holder_of(token.reveal()).await
}

async fn key(site: &Site, runner: &Runner, label: &str) -> Value {
    let reply = site.post(runner, "/api/tokens", json!({ "label": label })).await;
    assert_eq!((reply.status, reply.header("cache-control")), (201, "no-store"), "{reply:?}");
    let key = reply.data();
    assert_eq!(reply.header("location"), path(&key));
    key
}

fn path(key: &Value) -> String {
    format!("/api/tokens/{}", key["id"].as_str().unwrap())
}

async fn delete(site: &Site, runner: &Runner, path: &str) -> Reply {
    send(site.ask(Method::DELETE, path).bearer_auth(&runner.token)).await
}

async fn a_key_is_made_named_listed_and_revoked(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = account(&site).await;
    let made = key(&site, &aino, " My app ").await;
    assert_eq!((&made["label"], &made["kind"], &made["current"]), (&json!("My app"), &json!("token"), &json!(false)));
    let app = site.holder_of(made["token"].as_str().unwrap()).await;
    assert_eq!(app.id, aino.id);
    let body = json!({ "name": "Aino", "password": "correct horse", "label": "My watch" });
    // A token that is none any more does not stand in the way of getting one.
    let log_in = site.ask(Method::POST, "/api/tokens").bearer_auth("gone.token").json(&body);
    let watch = send(log_in).await.data();
    let watch = site.holder_of(watch["token"].as_str().unwrap()).await;
    site.app.open_session(&watch.token).await.unwrap();

    let listed = site.get(&app, "/api/tokens").await.data();
    let mut found: Vec<_> =
        listed.as_array().unwrap().iter().map(|it| (&it["label"], &it["kind"], &it["current"])).collect();
    found.sort_by_key(|it| format!("{it:?}"));
    let (token, session) = (json!("token"), json!("session"));
    let (no, yes, app_label, watch_label) = (json!(false), json!(true), json!("My app"), json!("My watch"));
    let expected = [
        (&Value::Null, &session, &no),
        (&Value::Null, &token, &no),
        (&app_label, &token, &yes),
        (&watch_label, &token, &no),
    ];
    assert_eq!(found, expected);
    for one in listed.as_array().unwrap() {
        assert!(one.get("token").is_none() && one.get("hash").is_none(), "{one}");
    }
    let change = send(site.ask(Method::PATCH, &path(&made)).bearer_auth(&aino.token).json(&json!({ "label": "Test" })));
    assert_eq!(change.await.data()["label"], "Test");
    assert_eq!(site.get(&aino, &path(&made)).await.data()["label"], "Test");
    assert_eq!(site.get(&aino, &path(&made)).await.data()["current"], false);
    let reply = delete(&site, &aino, &path(&made)).await;
    assert_eq!((reply.status, reply.body.len()), (204, 0));
    assert_eq!(site.get(&app, "/api/users/me").await.status, 401);
    assert_eq!(site.get(&aino, &path(&made)).await.status, 404);
    assert_eq!(delete(&site, &aino, &path(&made)).await.status, 404);
    assert_eq!(site.get(&aino, "/api/tokens").await.data().as_array().unwrap().len(), 3);
}

async fn a_revoked_key_ends_its_sessions_and_sockets_on_all_instances(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = account(&site).await;
    let made = key(&site, &aino, "My app").await;
    let app = site.holder_of(made["token"].as_str().unwrap()).await;
    let (_, session) = site.app.open_session(&app.token).await.unwrap();
    let session = site.holder_of(session.reveal()).await;
    let (by_key, _) = other.connected(&app).await;
    let (by_session, _) = site.connected(&session).await;
    let (mut stays, _) = other.connected(&aino).await;
    assert_eq!(delete(&site, &aino, &path(&made)).await.status, 204);
    assert_eq!(by_key.closed().await, 3500);
    assert_eq!(by_session.closed().await, 3500);
    assert_eq!(other.get(&session, "/api/users/me").await.status, 401);
    stays.subscribe("open").await;
    // One's own, too.
    let tokens = site.get(&aino, "/api/tokens").await.data();
    let own = tokens.as_array().unwrap().iter().find(|it| it["current"] == true).unwrap().clone();
    assert_eq!(delete(&site, &aino, &path(&own)).await.status, 204);
    assert_eq!(stays.closed().await, 3500);
}

async fn when_a_key_was_used_is_known_to_the_hour(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = account(&site).await;
    let made = key(&site, &aino, "My app").await;
    let used = async |site: &Site| site.get(&aino, &path(&made)).await.data()["last_used_at"].clone();
    assert_eq!(used(&site).await, Value::Null);
    let app = Runner {
        token: made["token"].as_str().unwrap().to_owned(),
        id: aino.id.clone(),
        identity: aino.identity.clone(),
    };
    assert_eq!(site.get(&app, "/api/users/me").await.status, 200);
    assert_eq!(used(&site).await, "2026-11-21T09:00:00.000Z");
    let version = site.get(&aino, "/api/users/me").await.header("etag").to_owned();
    site.clock.advance(Duration::from_secs(59 * 60));
    for site in [&site, &other] {
        assert_eq!(site.get(&app, "/api/users/me").await.status, 200);
        assert_eq!(used(site).await, "2026-11-21T09:00:00.000Z");
    }
    site.clock.advance(Duration::from_secs(60));
    assert_eq!(other.get(&app, "/api/users/me").await.status, 200);
    assert_eq!(used(&site).await, "2026-11-21T10:00:00.000Z");
    assert_eq!(site.get(&aino, "/api/users/me").await.header("etag"), version, "the account is not another for it");
}

async fn what_cannot_be_is_refused(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = account(&site).await;
    let eero = site.runner("Eero").await;
    let made = key(&site, &aino, "My app").await;
    for (body, status, field) in [
        (json!({}), 400, "name"),
        (json!({ "name": "Aino" }), 400, "password"),
        (json!({ "password": "correct horse" }), 400, "name"),
        (json!({ "label": "" }), 400, "label"),
        (json!({ "label": "x".repeat(65) }), 400, "label"),
        (json!({ "label": 7 }), 400, "label"),
        (json!({ "name": "Aino", "password": "wrong horse" }), 401, ""),
        (json!({ "label": "x", "token": "mine" }), 400, "token"),
    ] {
        let reply = site.post(&aino, "/api/tokens", body.clone()).await;
        assert_eq!(
            (reply.status, reply.json()["error"]["field"].as_str().unwrap_or_default()),
            (status, field),
            "{body}"
        );
    }
    let nobody = send(site.ask(Method::POST, "/api/tokens").json(&json!({ "label": "x" }))).await;
    assert_eq!(nobody.status, 401);
    let foreign =
        site.ask(Method::POST, "/api/tokens").header("Origin", "http://evil.example").json(&json!({ "label": "x" }));
    let (_, session) = site.app.open_session(&aino.token).await.unwrap();
    let foreign = foreign.header("Cookie", format!("runnity_session={}", session.reveal()));
    assert_eq!(send(foreign).await.status, 401, "not by a page of another site");
    assert_eq!(site.get(&eero, &path(&made)).await.status, 404);
    assert_eq!(delete(&site, &eero, &path(&made)).await.status, 404);
    for path in ["/api/tokens/x", "/api/tokens/0192f3a17c4e7b219a6f0c1d2e3f4a5b", "/api/tokens/x/y"] {
        assert_eq!(site.get(&aino, path).await.status, 404, "{path}");
    }
    for _ in 0..47 {
        key(&site, &aino, "One of many").await;
    }
    let log_in = |label: Value| {
        let body = json!({ "name": "Aino", "password": "correct horse", "label": label });
        send(site.ask(Method::POST, "/api/tokens").json(&body))
    };
    assert_eq!(site.post(&aino, "/api/tokens", json!({ "label": "Too many" })).await.status, 409);
    assert_eq!(log_in(json!("Too many")).await.status, 409);
    // Log-ins make room for log-ins: what its user has named stays.
    let mut last = String::new();
    for _ in 0..17 {
        let reply = log_in(Value::Null).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        last = reply.data()["token"].as_str().unwrap().to_owned();
    }
    let shown = send(site.ask(Method::GET, "/api/tokens?page_size=200").bearer_auth(&last)).await.data();
    let labels: Vec<_> = shown.as_array().unwrap().iter().map(|it| it["label"].as_str()).collect();
    assert_eq!((labels.len(), labels.iter().flatten().count()), (64, 48));
    assert!(labels.contains(&Some("My app")), "the first one too");
}

async fn of_many_keys_used_at_once_each_is_noted(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = account(&site).await;
    let mut keys = Vec::new();
    for _ in 0..12 {
        keys.push(key(&site, &aino, "App").await["token"].as_str().unwrap().to_owned());
    }
    let uses = keys.iter().enumerate().map(|(number, key)| {
        let site = if number % 2 == 0 { &site } else { &other };
        send(site.ask(Method::GET, "/api/users/me").bearer_auth(key))
    });
    assert!(join_all(uses).await.iter().all(|reply| reply.status == 200));
    let shown = site.get(&aino, "/api/tokens").await.data();
    let keys: Vec<_> = shown.as_array().unwrap().iter().filter(|it| it["label"] == "App").collect();
    assert_eq!(keys.len(), 12);
    assert!(keys.iter().all(|key| key["last_used_at"].is_string()), "{keys:#?}");
}
