//! Our own REST API over a real socket: what it does when it is asked well.

mod bad_input;
mod conventions;
mod events;
mod lost;
mod runs;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    sign_up_log_in_and_change_the_password,
    run_is_recorded_watched_and_finished,
    second_live_run_names_the_first,
    lists_show_what_the_caller_may_see,
    head_options_and_other_origins_are_answered,
    cookie_reads_everywhere_and_writes_from_our_own_pages,
);

/// A fix at so many seconds after nine, on a line to the north: a metre for each.
fn fix(second: u32) -> Value {
    json!({
        "time": format!("2026-11-21T09:{:02}:{:02}Z", second / 60, second % 60),
        "latitude": 60.17 + f64::from(second) * 3.0 / 111_195.0,
        "longitude": 24.94,
        "accuracy_m": 5.0,
        "heart_rate_bpm": 140,
    })
}

/// A live run → its path.
async fn live_run(site: &Site, runner: &Runner) -> String {
    let reply = site.post(runner, "/api/runs", json!({})).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.header("location").to_owned()
}

fn ids(runs: &Value) -> Vec<&str> {
    runs.as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap()).collect()
}

async fn sign_up_log_in_and_change_the_password(kind: StoreKind) {
    let site = Site::start(kind).await;
    let body = json!({"name": "Aino K.", "password": "correct horse"});
    let reply = send(site.ask(Method::POST, "/api/users").json(&body)).await;
    assert_eq!((reply.status, reply.header("location")), (201, "/api/users/me"));
    assert_eq!(reply.header("cache-control"), "no-store");
    let account = reply.data();
    let aino = site.holder_of(account["token"].as_str().unwrap()).await;
    let mut own = json!({
        "id": aino.id, "name": "Aino K.", "display_name": "Aino K.", "level": "user", "visibility": "friends", "place": null,
        "country": null, "region": null, "city": null, "time_zone": null, "language": null,
        "created_at": "2026-11-21T09:00:00.000Z", "token": aino.token,
    });
    assert_eq!(account, own);

    let me = site.get(&aino, "/api/users/me").await.data();
    own.as_object_mut().unwrap().remove("token");
    assert_eq!(me, own);

    let taken =
        send(site.ask(Method::POST, "/api/users").json(&json!({"name": "aino k.", "password": "12345678"}))).await;
    assert_eq!((taken.status, &taken.json()["error"]["type"]), (409, &json!("Conflict")));

    let again = send(site.ask(Method::POST, "/api/tokens").json(&body)).await;
    assert_eq!(again.status, 201);
    let again = again.data();
    let second = again["token"].as_str().unwrap();
    assert_ne!(second, aino.token);
    assert_eq!(again["user"], json!({"id": aino.id, "name": "Aino K.", "level": "user"}));

    let change = json!({"password": "battery staple", "current_password": "correct horse", "visibility": "private"});
    let reply = send(site.ask(Method::PATCH, "/api/users/me").bearer_auth(second).json(&change)).await;
    assert_eq!(reply.status, 200);
    let account = reply.data();
    assert_eq!(account["visibility"], "private");
    for dead in [&aino.token, second] {
        assert_eq!(send(site.ask(Method::GET, "/api/users/me").bearer_auth(dead)).await.status, 401);
    }
    let new = account["token"].as_str().unwrap();
    assert_eq!(send(site.ask(Method::GET, "/api/users/me").bearer_auth(new)).await.status, 200);
    let old_password = send(site.ask(Method::POST, "/api/tokens").json(&body)).await;
    assert_eq!(old_password.status, 401);
}

async fn run_is_recorded_watched_and_finished(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let body = json!({"latitude": 60.17, "longitude": 24.94, "destination": {"latitude": 60.2, "longitude": 24.94}});
    let reply = site.post(&aino, "/api/runs", body).await;
    let run = reply.data();
    let path = reply.header("location").to_owned();
    assert_eq!(path, format!("/api/runs/{}", run["id"].as_str().unwrap()));
    assert_eq!((&run["state"], &run["visibility"], &run["fixes"]), (&json!("live"), &json!("public"), &json!(1)));
    assert_eq!(run["user"], json!({"id": aino.id, "name": "Aino"}));
    assert_eq!(run["destination"], json!({"latitude": 60.2, "longitude": 24.94}));

    site.advance(std::time::Duration::from_secs(60)).await;
    let fixes: Vec<Value> = (1..=60).map(fix).collect();
    let batch = || {
        let request = site.ask(Method::POST, &format!("{path}/fixes")).bearer_auth(&aino.token);
        request.header("Idempotency-Key", "batch-1").json(&json!({"fixes": fixes}))
    };
    let recorded = send(batch()).await;
    assert_eq!((recorded.status, recorded.header("location")), (201, format!("{path}/fixes").as_str()));
    let recorded = recorded.data();
    assert_eq!((&recorded["accepted"], &recorded["duplicates"]), (&json!(60), &json!(0)));
    assert_eq!(recorded["state"], "live");
    let distance_m = recorded["distance_m"].as_f64().unwrap();
    assert!((170.0..185.0).contains(&distance_m), "{distance_m}");
    assert_eq!(send(batch()).await.data(), recorded, "the same key is the same success");

    let anonymous = send(site.ask(Method::GET, &path)).await.data();
    assert_eq!(anonymous["distance_m"], json!(distance_m));
    assert_eq!(anonymous["splits"], json!([]));
    assert!(anonymous["position"].get("heart_rate_bpm").is_none());
    let track = send(site.ask(Method::GET, &format!("{path}/fixes?page=2&page_size=10"))).await.data();
    assert_eq!(track.as_array().unwrap().len(), 10);
    assert_eq!(track[0]["time"], "2026-11-21T09:00:10.000Z");
    assert!(track[0].get("heart_rate_bpm").is_none());
    let own = site.get(&aino, &format!("{path}/fixes?page=2&page_size=10")).await.data();
    assert_eq!(own[0]["heart_rate_bpm"], 140);
    let beyond = site.get(&aino, &format!("{path}/fixes?page=9")).await.data();
    assert_eq!(beyond, json!([]));

    for (word, state) in [("pause", "paused"), ("resume", "live"), ("finish", "finished"), ("finish", "finished")] {
        let reply = send(site.ask(Method::POST, &format!("{path}/{word}")).bearer_auth(&aino.token)).await;
        assert_eq!((reply.status, reply.header("location")), (201, path.as_str()), "{word}");
        assert_eq!(reply.data()["state"], state, "{word}");
    }
}

async fn second_live_run_names_the_first(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let path = live_run(&site, &aino).await;
    let second = site.post(&aino, "/api/runs", json!({})).await;
    assert_eq!(second.status, 409);
    let error = &second.json()["error"];
    assert_eq!(error["run"], path.rsplit('/').next().unwrap());
    assert_eq!(error["type"], "Conflict");
    let planned = site.post(&aino, "/api/runs", json!({"state": "planned"})).await;
    assert_eq!(planned.status, 201, "planning is no running");
    let start = format!("{}/start", planned.header("location"));
    assert_eq!(send(site.ask(Method::POST, &start).bearer_auth(&aino.token)).await.status, 409);
    send(site.ask(Method::POST, &format!("{path}/finish")).bearer_auth(&aino.token)).await.data();
    let started = send(site.ask(Method::POST, &start).bearer_auth(&aino.token)).await.data();
    assert_eq!(started["state"], "live");
}

async fn lists_show_what_the_caller_may_see(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, ben) = (site.runner("Aino").await, site.runner("Ben").await);
    let shown = live_run(&site, &aino).await;
    site.advance(std::time::Duration::from_secs(1)).await;
    let hidden = site.post(&ben, "/api/runs", json!({"visibility": "private"})).await.header("location").to_owned();
    let (shown, hidden) = (&shown["/api/runs/".len()..], &hidden["/api/runs/".len()..]);

    let list = |query: &str| site.ask(Method::GET, &format!("/api/runs{query}"));
    assert_eq!(ids(&send(list("?state=live")).await.data()), [shown]);
    assert_eq!(ids(&send(list("?state=live").bearer_auth(&ben.token)).await.data()), [hidden, shown]);
    assert_eq!(ids(&send(list("?user=me").bearer_auth(&ben.token)).await.data()), [hidden]);
    assert_eq!(ids(&send(list(&format!("?user={}", ben.id)).bearer_auth(&aino.token)).await.data()), [""; 0]);
    assert_eq!(ids(&send(list("?page=2&page_size=1").bearer_auth(&ben.token)).await.data()), [shown]);
    assert_eq!(ids(&send(list("?page=3&page_size=1").bearer_auth(&ben.token)).await.data()), [""; 0]);
    assert_eq!(ids(&send(list("?state=finished")).await.data()), [""; 0]);
    assert_eq!(send(list("?user=me")).await.status, 401, "me is nobody");

    let path = format!("/api/runs/{shown}");
    let change = |token: &str, body: Value| site.ask(Method::PATCH, &path).bearer_auth(token).json(&body);
    assert_eq!(send(change(&ben.token, json!({"visibility": "private"}))).await.status, 403);
    let changed = send(change(&aino.token, json!({"visibility": "private"}))).await;
    assert_eq!((changed.status, &changed.data()["visibility"]), (200, &json!("private")));
    for (method, path) in
        [(Method::GET, path.clone()), (Method::GET, format!("{path}/fixes")), (Method::PATCH, path.clone())]
    {
        let request = site.ask(method, &path).bearer_auth(&ben.token).json(&json!({"visibility": "public"}));
        assert_eq!(send(request).await.status, 404, "{path}");
    }
}

async fn head_options_and_other_origins_are_answered(kind: StoreKind) {
    let site = Site::start(kind).await;
    let get = send(site.ask(Method::GET, "/api/runs")).await;
    let head = send(site.ask(Method::HEAD, "/api/runs")).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), get.body.len().to_string());
    assert_eq!(get.header("access-control-allow-origin"), "*");
    assert!(!get.has("access-control-allow-credentials"));
    assert!(get.header("access-control-expose-headers").contains("X-Request-Id"));

    let preflight = site.ask(Method::OPTIONS, "/api/runs/01990000-0000-7000-8000-000000000000");
    let preflight = send(preflight.header("Origin", "https://app.example.org")).await;
    assert_eq!((preflight.status, preflight.body.len()), (204, 0));
    assert_eq!(preflight.header("allow"), "GET, HEAD, PATCH, PUT, DELETE, OPTIONS");
    assert_eq!(preflight.header("access-control-allow-methods"), "GET, HEAD, PATCH, PUT, DELETE, OPTIONS");
    assert!(preflight.header("access-control-allow-headers").contains("Authorization"));
}

async fn cookie_reads_everywhere_and_writes_from_our_own_pages(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let login = send(site.ask(Method::GET, &format!("/login/{}", aino.token))).await;
    let cookie = login.header("set-cookie").split(';').next().unwrap().to_owned();
    let me = |method| site.ask(method, "/api/users/me").header("Cookie", &cookie);
    assert_eq!(send(me(Method::GET).header("Origin", "https://evil.example.org")).await.status, 200);
    let change = |request: reqwest::RequestBuilder| request.json(&json!({"visibility": "private"}));
    let foreign = send(change(me(Method::PATCH).header("Origin", "https://evil.example.org"))).await;
    assert_eq!((foreign.status, &foreign.json()["error"]["type"]), (403, &json!("Forbidden")));
    assert_eq!(site.get(&aino, "/api/users/me").await.data()["visibility"], "public");
    let own = send(change(me(Method::PATCH).header("Origin", format!("http://{}", site.host)))).await;
    assert_eq!(own.data()["visibility"], "private");
    assert_eq!(send(change(me(Method::PATCH))).await.status, 200, "no browser");

    assert_eq!(send(site.ask(Method::GET, "/logout").header("Cookie", &cookie)).await.status, 204);
    let dead: Reply = send(me(Method::GET)).await;
    assert_eq!(dead.status, 401);
    assert_eq!(dead.header("set-cookie"), "runnity_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax");
}
