//! Who may ask, and what is said to what is no call.

use reqwest::Method;
use runnity::app::allowances::Rates;
use runnity::domain::user::{Level, Visibility};
use serde_json::json;

use super::{ask, assert_error, done, post, user};
use crate::support::{Site, StoreKind, on_each_store, send};

on_each_store!(
    who_asks_is_known_by_both_headers,
    secrets_of_an_account_are_never_told,
    status_is_up_for_everybody,
    what_is_no_call_is_told_in_the_familys_words,
    who_asks_too_often_is_told_when,
    a_board_ends_with_its_account,
);

const MISSING: &str = "You must include a token and uid (user id) in your request";
const UNKNOWN: &str = "No user found.";

async fn who_asks_is_known_by_both_headers(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, veikko) = (site.runner("Aino").await, site.runner("Veikko").await);
    let (_, admin) = site.app.make_user("Boss".to_owned(), Level::Admin, None, Visibility::Public).await.expect("one");
    let admin = site.holder_of(admin.reveal()).await;
    let link =
        site.post(&aino, "/api/share-links", json!({ "run": site.run(&aino, Visibility::Public).await.0.to_string() }));
    let link = link.await.data()["secret"].as_str().expect("a secret").to_owned();
    let (id, key) = (Some(aino.id.as_str()), Some(aino.token.as_str()));
    for (user, key, message) in [
        (None, None, MISSING),
        (id, None, MISSING),
        (None, key, MISSING),
        (id, Some(""), MISSING),
        (Some(""), key, MISSING),
        (Some(" "), key, MISSING),
        (id, Some("a01a63d2-8b5b-4756-a863-9e2a344580f8"), UNKNOWN),
        (id, Some(&veikko.token), UNKNOWN),
        (id, Some(&admin.token), UNKNOWN),
        (id, Some(&link), UNKNOWN),
        (id, Some(&format!("{}x", aino.token)), UNKNOWN),
        (id, Some(&format!("Bearer {}", aino.token)), UNKNOWN),
        (Some(&veikko.id), key, UNKNOWN),
        (Some("31ffa28c-2519-47ee-92a8-6e736660b446"), key, UNKNOWN),
        (Some("Aino"), key, UNKNOWN),
        (Some("../Aino"), key, UNKNOWN),
        (Some("é"), key, UNKNOWN),
        (id, Some("\u{1F3C3}"), UNKNOWN),
    ] {
        let mut ask = site.ask(Method::POST, "/api/v2").json(&json!({}));
        for (name, value) in [("x-api-user", user), ("x-api-key", key)] {
            if let Some(value) = value {
                ask = ask.header(name, value.as_bytes());
            }
        }
        assert_error(&send(ask).await, 401, message);
    }
    // No other way in: neither a token elsewhere nor a cookie.
    let elsewhere = site.ask(Method::POST, "/api/v2").bearer_auth(&aino.token).json(&json!({}));
    let elsewhere = elsewhere.header("cookie", format!("runnity_session={}", aino.token));
    assert_error(&send(elsewhere).await, 401, MISSING);
    let twice = ask(&site, &aino, "").header("x-api-key", &aino.token).body("{}");
    assert_error(&send(twice).await, 401, UNKNOWN);
    // Who is not known is told so first, whatever else is wrong.
    assert_error(&send(site.ask(Method::POST, "/api/v2").body("{")).await, 401, MISSING);
    // Each of one's tokens opens it.
    let other = site.post(&aino, "/api/tokens", json!({ "label": "tablet" })).await.data();
    let other = other["token"].as_str().expect("a token").to_owned();
    let with_other = site.ask(Method::POST, "/api/v2").header("X-API-User", &aino.id).header("X-API-Key", &other);
    assert_eq!(user(&send(with_other.body("{}")).await)["apiToken"], other.as_str());
    assert_eq!(done(&site, &aino, json!({})).await["apiToken"], aino.token.as_str());
}

async fn secrets_of_an_account_are_never_told(kind: StoreKind) {
    let site = Site::start(kind).await;
    let new = json!({ "name": "aino@example.org", "password": "correct horse battery" });
    let made = send(site.ask(Method::POST, "/api/users").json(&new)).await.data();
    let aino = site.holder_of(made["token"].as_str().expect("a token")).await;
    let other = site.post(&aino, "/api/tokens", json!({ "label": "tablet" })).await.data();
    let text = String::from_utf8(post(&site, &aino, &json!({})).await.body).expect("text");
    assert_eq!(text.matches(&aino.token).count(), 1, "the key that was shown, once");
    for secret in ["argon2", "hash", "salt", "password", "battery", other["token"].as_str().expect("a token"), "seed"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let wrong = ask(&site, &aino, "").header("content-type", "application/json").body(format!("{{\"{}\"", aino.token));
    let said = String::from_utf8(send(wrong).await.body).expect("text");
    assert!(!said.contains(&aino.token), "{said}");
}

async fn status_is_up_for_everybody(kind: StoreKind) {
    let site = Site::start(kind).await;
    for path in ["/api/v2/status", "/api/v2/status/"] {
        let reply = send(site.ask(Method::GET, path).header("x-api-key", "nonsense")).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
        assert_eq!(reply.json(), json!({ "status": "up" }));
    }
    let head = send(site.ask(Method::HEAD, "/api/v2/status")).await;
    assert_eq!((head.status, head.body.len(), head.header("content-length")), (200, 0, "15"));
}

async fn what_is_no_call_is_told_in_the_familys_words(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    for (path, allowed) in [
        ("/api/v2", "POST, OPTIONS"),
        ("/api/v2/user/batch-update", "POST, OPTIONS"),
        ("/api/v2/status", "GET, HEAD, OPTIONS"),
    ] {
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            if allowed.contains(method.as_str()) {
                continue;
            }
            let asked = site.ask(method, path).header("x-api-user", &aino.id).header("x-api-key", &aino.token);
            let reply = send(asked).await;
            assert_error(&reply, 405, "There is no such method here.");
            assert_eq!(reply.header("allow"), allowed);
        }
        let options = send(site.ask(Method::OPTIONS, path)).await;
        assert_eq!((options.status, options.header("allow")), (204, allowed));
        assert_eq!(options.header("access-control-allow-methods"), allowed);
        let headers = options.header("access-control-allow-headers");
        assert!(headers.contains("X-Api-User") && headers.contains("X-Api-Key"), "{headers}");
    }
    for path in ["/api/v2/user", "/api/v2/statuses", "/api/v2//", "/api/v2/%ff", "/api/v2/status/x"] {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let reply = send(site.ask(method, path)).await;
            assert_error(&reply, 404, "There is no such call.");
        }
    }
}

async fn who_asks_too_often_is_told_when(kind: StoreKind) {
    let rates = Rates { per_token: 1, ..Rates::default() };
    let site = Site::start_counting(kind, rates).await;
    let aino = site.runner("Aino").await;
    for _ in 0..100 {
        let reply = post(&site, &aino, &json!({})).await;
        if reply.status == 429 {
            assert_error(&reply, 429, "Too many requests.");
            assert!(reply.header("retry-after").parse::<u64>().expect("seconds") > 0);
            return;
        }
    }
    panic!("nobody was told");
}

async fn a_board_ends_with_its_account(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    done(&site, &aino, json!({})).await;
    let deleted = send(site.ask(Method::DELETE, "/api/users/me").bearer_auth(&aino.token)).await;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    assert_error(&post(&site, &aino, &json!({})).await, 401, UNKNOWN);
}
