//! What holds for all resources alike: tags and conditions, idempotency keys, request ids, compression.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::live_run;
use crate::support::{Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    what_is_known_is_not_sent_again,
    post_that_is_sent_again_is_answered_the_same,
    posts_with_one_key_at_once_through_two_instances_are_one,
    failed_post_may_be_sent_again,
    answers_of_posts_are_not_stored_in_clear,
    request_has_the_id_that_its_client_gave_it,
    long_answers_are_compressed_for_those_who_take_it,
    paths_are_told_apart_however_they_are_encoded,
);

fn post(site: &Site, runner: &Runner, path: &str, key: &str, body: &Value) -> RequestBuilder {
    site.ask(Method::POST, path).bearer_auth(&runner.token).header("Idempotency-Key", key).json(body)
}

async fn what_is_known_is_not_sent_again(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let run = live_run(&site, &aino).await;
    for path in [run.as_str(), "/api/runs?user=me", "/api/users/me"] {
        let first = site.get(&aino, path).await;
        assert_eq!(first.header("cache-control"), "private, no-cache", "{path}");
        assert!(first.header("vary").contains("Authorization"), "{path}");
        let tag = first.header("etag").to_owned();
        let ask = |method: Method, tag: &str| {
            site.ask(method, path).bearer_auth(&aino.token).header("If-None-Match", tag.to_owned())
        };
        let weak = format!("W/{}", tag.trim_start_matches("W/"));
        for known in [tag.as_str(), &weak, "*", &format!("\"other\", {tag}")] {
            for method in [Method::GET, Method::HEAD] {
                let again = send(ask(method, known)).await;
                assert_eq!((again.status, again.body.len()), (304, 0), "{path} {known}");
                assert_eq!(again.header("etag"), tag);
            }
        }
        assert_eq!(send(ask(Method::GET, "\"other\"")).await.status, 200, "{path}");
    }
    let tag = site.get(&aino, &run).await.header("etag").to_owned();
    site.advance(Duration::from_secs(60)).await;
    site.post(&aino, &format!("{run}/fixes"), json!({"fixes": [super::fix(1)]})).await.data();
    let changed = send(site.ask(Method::GET, &run).bearer_auth(&aino.token).header("If-None-Match", &tag)).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), tag);
}

async fn post_that_is_sent_again_is_answered_the_same(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let (aino, mika) = (site.runner("Aino").await, site.runner("Mika").await);
    let body = json!({"state": "planned"});
    let first = send(post(&site, &aino, "/api/runs", "one", &body)).await;
    assert_eq!(first.status, 201);
    for site in [&site, &other] {
        let again = send(post(site, &aino, "/api/runs", "one", &body)).await;
        assert_eq!((again.status, again.header("location")), (201, first.header("location")));
        assert_eq!(again.data(), first.data());
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"), "it is another request");
    }
    let another = send(post(&other, &aino, "/api/runs", "one", &json!({"state": "live"}))).await;
    assert_eq!((another.status, &another.json()["error"]["field"]), (422, &json!("Idempotency-Key")));
    let elsewhere = format!("{}/start", first.header("location"));
    assert_eq!(send(post(&site, &aino, &elsewhere, "one", &body)).await.status, 422, "of another path");
    let hers = send(post(&site, &mika, "/api/runs", "one", &body)).await;
    assert_eq!(hers.status, 201, "a key is its owner's");
    assert_ne!(hers.header("location"), first.header("location"));
    assert_eq!(site.get(&aino, "/api/runs?user=me").await.data().as_array().unwrap().len(), 1);

    site.advance(Duration::from_secs(24 * 60 * 60)).await;
    site.app.act_on_due(site.clock.now()).await.unwrap();
    let anew = send(post(&site, &aino, "/api/runs", "one", &body)).await;
    assert_eq!(anew.status, 201);
    assert_ne!(anew.header("location"), first.header("location"), "a day later it is forgotten");
    for key in ["", &"x".repeat(256), "ä"] {
        let bad = send(post(&site, &aino, "/api/runs", key, &body)).await;
        assert_eq!((bad.status, &bad.json()["error"]["field"]), (400, &json!("Idempotency-Key")), "{key}");
    }
}

async fn posts_with_one_key_at_once_through_two_instances_are_one(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await;
    let body = json!({"state": "planned"});
    let posts = (0..24).map(|index| {
        let at = if index % 2 == 0 { &site } else { &other };
        send(post(at, &aino, "/api/runs", "at once", &body))
    });
    let replies = futures::future::join_all(posts).await;
    let location = replies[0].header("location");
    for reply in &replies {
        assert_eq!((reply.status, reply.header("location")), (201, location));
    }
    assert_eq!(site.get(&aino, "/api/runs?user=me").await.data().as_array().unwrap().len(), 1);
}

async fn failed_post_may_be_sent_again(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let run = live_run(&site, &aino).await;
    let body = json!({});
    assert_eq!(send(post(&site, &aino, "/api/runs", "later", &body)).await.status, 409, "one is live");
    site.post(&aino, &format!("{run}/finish"), json!({})).await.data();
    let started = send(post(&site, &aino, "/api/runs", "later", &body)).await;
    assert_eq!(started.status, 201);
    let bad = send(post(&site, &aino, "/api/runs", "mended", &json!({"state": "tea"}))).await;
    assert_eq!(bad.status, 400);
    let mended = send(post(&site, &aino, "/api/runs", "mended", &json!({"state": "planned"}))).await;
    assert_eq!(mended.status, 201);
}

async fn answers_of_posts_are_not_stored_in_clear(kind: StoreKind) {
    let site = Site::start(kind).await;
    let body = json!({"name": "Aino", "password": "correct horse"});
    let sign_up = || site.ask(Method::POST, "/api/users").header("Idempotency-Key", "sign-up-2026-0001").json(&body);
    let first = send(sign_up()).await;
    assert_eq!(first.status, 201);
    assert_eq!(send(sign_up()).await.data(), first.data(), "the token is told again");
    let log_in = || site.ask(Method::POST, "/api/tokens").header("Idempotency-Key", "log-in-2026-00001").json(&body);
    let token = send(log_in()).await.data();
    assert_eq!(send(log_in()).await.data(), token);
    let wrong = json!({"name": "Aino", "password": "wrong horse"});
    let wrong = site.ask(Method::POST, "/api/tokens").header("Idempotency-Key", "log-in-2026-00001").json(&wrong);
    assert_eq!(send(wrong).await.status, 401, "a stranger's key is not this one's");
    let index = runnity::backend::Index::new("due/housekeeping");
    let due = site.app.backend.range(&runnity::backend::Range::all(index, 10)).await.unwrap();
    let names: Vec<_> = due.members.iter().filter_map(|(_, member)| member.strip_prefix("posted-old/")).collect();
    assert_eq!(names.len(), 2);
    for name in names {
        let key = runnity::backend::AggregateId::new("posted", name).head();
        let value = site.app.backend.read(&[key]).await.unwrap().remove(0).value.unwrap();
        let stored = String::from_utf8(value.to_vec()).unwrap();
        let token = token["token"].as_str().unwrap();
        for secret in [token, token.split('.').next_back().unwrap(), "correct horse", "Aino", "log-in", "sign-up"] {
            assert!(!stored.contains(secret), "{secret}");
        }
    }
}

async fn request_has_the_id_that_its_client_gave_it(kind: StoreKind) {
    let site = Site::start(kind).await;
    let ask = |id: &str| site.ask(Method::GET, "/api/runs").header("X-Request-Id", id.to_owned());
    let own = "d5ccbe45-a54e-4d19-9b58-a96c7747369f";
    let reply = send(ask(own)).await;
    assert_eq!((reply.header("x-request-id"), &reply.json()["meta"]["request_id"]), (own, &json!(own)));
    for other in ["", "17", "tea\u{e4}", "d5ccbe45-a54e-4d19-9b58-a96c7747369f-and-more"] {
        let reply = send(ask(other)).await;
        let id = reply.header("x-request-id").to_owned();
        assert!(id.len() == 36 && id != own, "{other}");
        assert_eq!(reply.json()["meta"]["request_id"], id);
    }
}

async fn long_answers_are_compressed_for_those_who_take_it(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    for _ in 0..10 {
        site.post(&aino, "/api/runs", json!({"state": "planned"})).await.data();
    }
    let ask = |path: &str, coding: &str| site.ask(Method::GET, path).header("Accept-Encoding", coding.to_owned());
    for path in ["/api/runs", "/", "/api/asyncapi.json"] {
        let plain = send(ask(path, "identity")).await;
        let zipped = send(ask(path, "deflate, gzip;q=0.8")).await;
        assert!(!plain.has("content-encoding") && plain.header("vary").contains("Accept-Encoding"), "{path}");
        assert_eq!(zipped.header("content-encoding"), "gzip", "{path}");
        assert!(zipped.body.len() < plain.body.len() / 2, "{path}");
        let mut whole = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&zipped.body[..]), &mut whole).unwrap();
        if path != "/api/runs" {
            assert_eq!(whole, plain.body, "{path}");
        }
        let head = send(site.ask(Method::HEAD, path).header("Accept-Encoding", "gzip")).await;
        assert_eq!((head.header("content-encoding"), head.body.len()), ("gzip", 0), "{path}");
        if !plain.has("etag") {
            continue;
        }
        let tag = zipped.header("etag").to_owned();
        assert_ne!(tag, plain.header("etag"), "{path}: other bytes, another tag");
        assert_eq!(send(ask(path, "gzip").header("If-None-Match", tag)).await.status, 304, "{path}");
    }
    let short = send(ask("/api/runs/01990000-0000-7000-8000-000000000000", "gzip")).await;
    assert!(!short.has("content-encoding"), "one packet stays one packet");
    let refused = send(ask("/api/runs", "gzip;q=0, *;q=0.5")).await;
    assert!(!refused.has("content-encoding"));
}

async fn paths_are_told_apart_however_they_are_encoded(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    assert_eq!(site.get(&aino, "/api/users/m%65").await.status, 200);
    for (path, status) in [
        ("/api/users/%ff", 400),
        ("/api/runs/%2e%2e", 404),
        ("/api/runs%2f", 404),
        ("/api/runs/%zz", 404),
        ("/api/runs/", 404),
        ("/api//runs", 404),
        ("/api/", 404),
        ("/api", 404),
        ("/api/%00", 404),
    ] {
        let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let reply = site.raw(head.as_bytes()).await;
        assert_eq!((reply.status, &reply.json()["meta"]["status"]), (status, &json!(status)), "{path}");
    }
}
