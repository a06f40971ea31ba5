//! The Runnity family over a real socket: each example of its document, its readings, and what it says to bad input.

mod events;

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    log_in_url_answers_the_user_level,
    log_in_url_refuses_a_wrong_token,
    log_out_destroys_the_session_and_returns_no_json,
    changed_password_makes_a_new_token,
    run_is_created_and_updated,
    id_says_who_is_asking_or_which_run,
    new_run_finishes_the_one_before,
    missing_and_bad_parameters_are_named_and_nothing_changes,
    bodies_paths_and_methods_are_told_apart,
    tokens_and_places_are_never_logged,
);

const PLACE: &str = "latitude=60.17&longtitude=24.94";
const UNKNOWN_RUN: &str = "01990000-0000-7000-8000-000000000000";

async fn call(site: &Site, method: Method, path: &str) -> Reply {
    send(site.ask(method, path)).await
}

/// A session → its hash.
async fn log_in(site: &Site, runner: &Runner) -> String {
    let reply = call(site, Method::GET, &format!("/login/{}", runner.token)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["id"].as_str().expect("a session").to_owned()
}

/// A live run → its id.
async fn start(site: &Site, id: &str) -> String {
    let reply = call(site, Method::POST, &format!("/run/new?id={id}&{PLACE}")).await;
    assert_eq!(reply.status, 202, "{reply:?}");
    reply.json()["id"].as_str().expect("a run").to_owned()
}

fn is_session_cookie(reply: &Reply, session: &str) -> bool {
    reply.header("set-cookie") == format!("runnity_session={session}; Path=/; HttpOnly; SameSite=Lax")
}

#[track_caller]
fn assert_error(reply: &Reply, status: u16, error: Value, about: &str) {
    assert_eq!((reply.status, reply.json()), (status, json!({"error": error})), "{about}");
}

fn invalid_token() -> Value {
    json!({"code": 401, "message": "Invalid token"})
}

async fn log_in_url_answers_the_user_level(kind: StoreKind) {
    let site = Site::start(kind).await;
    let admin = site.app.ensure_admin(None).await.unwrap().expect("the first start's token");
    let reply = call(&site, Method::GET, &format!("/login/{}", admin.reveal())).await;
    let session = reply.json()["id"].as_str().unwrap().to_owned();
    assert_eq!((reply.status, reply.json()), (200, json!({"userLevel": "admin", "id": session})));
    assert!(is_session_cookie(&reply, &session), "{reply:?}");
    assert_eq!(reply.header("cache-control"), "no-store");

    let aino = site.runner("Aino").await;
    let reply = call(&site, Method::GET, &format!("/login/{}", aino.token)).await;
    assert_eq!(reply.json()["userLevel"], "user");
    let behind_tls = site.ask(Method::GET, &format!("/login/{}", aino.token)).header("X-Forwarded-Proto", "https");
    assert!(send(behind_tls).await.header("set-cookie").ends_with("; SameSite=Lax; Secure"));
}

async fn log_in_url_refuses_a_wrong_token(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    for token in ["", "/", "/wrong", "/%FF", "/admin", &format!("/{}x", aino.token), &format!("/{}.AAAA", aino.id)] {
        let reply = call(&site, Method::GET, &format!("/login{token}")).await;
        assert_error(&reply, 401, invalid_token(), token);
        assert!(!reply.has("set-cookie"));
    }
    let head = call(&site, Method::HEAD, &format!("/login/{}", aino.token)).await;
    assert_eq!((head.status, head.header("allow")), (405, "GET, OPTIONS"), "looking at a link opens no session");
}

async fn log_out_destroys_the_session_and_returns_no_json(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let (session, other) = (log_in(&site, &aino).await, log_in(&site, &aino).await);
    let by_cookie = || site.ask(Method::GET, "/logout").header("Cookie", format!("runnity_session={session}"));
    let linked = send(by_cookie().header("Sec-Fetch-Site", "cross-site").header("Sec-Fetch-Mode", "navigate")).await;
    assert_eq!((linked.status, linked.has("set-cookie")), (403, false), "a link on a page of others logs nobody out");
    let reply = send(by_cookie()).await;
    assert_eq!((reply.status, reply.body.len()), (204, 0));
    assert_eq!(reply.header("set-cookie"), "runnity_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax");
    let dead = call(&site, Method::POST, &format!("/run/new?id={session}&{PLACE}")).await;
    assert_error(&dead, 401, invalid_token(), "a session that is over");

    let by_id = call(&site, Method::GET, &format!("/logout?id={other}")).await;
    assert_eq!((by_id.status, by_id.has("set-cookie")), (204, true));
    for id in [format!("?id={other}"), "?id=wrong".to_owned(), String::new()] {
        assert_error(&call(&site, Method::GET, &format!("/logout{id}")).await, 401, invalid_token(), &id);
    }
    assert_eq!(call(&site, Method::GET, &format!("/login/{}", aino.token)).await.status, 200, "the token stays");
}

async fn changed_password_makes_a_new_token(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let session = log_in(&site, &aino).await;
    let change = site.ask(Method::PATCH, "/api/users/me").bearer_auth(&aino.token);
    let account = send(change.json(&json!({"password": "battery staple"}))).await.data();
    let new = account["token"].as_str().expect("a new token");
    assert_error(
        &call(&site, Method::GET, &format!("/login/{}", aino.token)).await,
        401,
        invalid_token(),
        "the old one",
    );
    let dead = call(&site, Method::POST, &format!("/run/new?id={session}&{PLACE}")).await;
    assert_error(&dead, 401, invalid_token(), "its session");
    assert_eq!(call(&site, Method::GET, &format!("/login/{new}")).await.status, 200);
}

async fn run_is_created_and_updated(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let session = log_in(&site, &aino).await;
    let reply =
        call(&site, Method::POST, &format!("/run/new?id={session}&{PLACE}&deslatitude=60.18&deslongtitude=24.95"))
            .await;
    let run = reply.json()["id"].as_str().unwrap().to_owned();
    let created = json!({"success": {"code": 202, "message": "Run created"}, "id": run});
    assert_eq!((reply.status, reply.json()), (202, created));
    assert_eq!(reply.header("access-control-allow-origin"), "*");

    site.advance(Duration::from_secs(10)).await;
    let query = format!("id={session}&latitude=60.1703&longtitude=24.94&speed=12");
    let reply = call(&site, Method::PUT, &format!("/run/update?{query}")).await;
    let updated = json!({"success": {"code": 202, "message": "Run updated"}, "id": run});
    assert_eq!((reply.status, reply.json()), (202, updated.clone()));
    let path = format!("/api/runs/{run}");
    let shown = site.get(&aino, &path).await.data();
    assert_eq!((&shown["state"], &shown["fixes"]), (&json!("live"), &json!(2)));
    assert_eq!(shown["destination"], json!({"latitude": 60.18, "longitude": 24.95}));
    let track = site.get(&aino, &format!("{path}/fixes")).await.data();
    assert_eq!(track[0].get("speed_mps"), None, "left out is unknown");
    assert_eq!(track[1]["time"], "2026-11-21T09:00:10.000Z");
    assert!((track[1]["speed_mps"].as_f64().unwrap() - 12.0 / 3.6).abs() < 1e-9);

    site.advance(Duration::from_secs(10)).await;
    let json =
        json!({"id": session, "latitude": 60.1706, "longitude": "24.94", "deslatitude": 60.19, "deslongitude": 24.95});
    let reply = send(site.ask(Method::PUT, "/run/update").json(&json)).await;
    assert_eq!((reply.status, reply.json()), (202, updated.clone()));
    assert_eq!(site.get(&aino, &path).await.data()["destination"], json!({"latitude": 60.19, "longitude": 24.95}));

    site.advance(Duration::from_secs(10)).await;
    let form = site.ask(Method::PUT, "/run/update").header("Content-Type", "application/x-www-form-urlencoded");
    let form = form.body(format!("id={}&latitude=60.1709&longtitude=24.94&speed=0&finish=true", aino.token));
    let reply = send(form).await;
    assert_eq!((reply.status, reply.json()), (202, updated));
    let shown = site.get(&aino, &path).await.data();
    assert_eq!(
        (&shown["state"], &shown["finish_reason"], &shown["fixes"]),
        (&json!("finished"), &json!("owner"), &json!(4))
    );
}

async fn id_says_who_is_asking_or_which_run(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, ben) = (site.runner("Aino").await, site.runner("Ben").await);
    let session = log_in(&site, &aino).await;
    let run = start(&site, &aino.token).await;
    let update = |id: &str| {
        site.clock.advance(Duration::from_secs(1));
        site.ask(Method::PUT, &format!("/run/update?{PLACE}{id}"))
    };
    for id in [format!("&id={session}"), format!("&id={}", aino.token)] {
        assert_eq!(send(update(&id)).await.json()["id"], run, "{id}");
    }
    assert_eq!(send(update("").bearer_auth(&session)).await.json()["id"], run);
    assert_eq!(send(update("").header("Cookie", format!("runnity_session={session}"))).await.json()["id"], run);
    let by_run = format!("&id={run}");
    assert_eq!(send(update(&by_run).bearer_auth(&aino.token)).await.json()["id"], run);

    let before = site.picture(&aino).await;
    let no_run = json!({"code": 404, "message": "Run not found"});
    assert_error(&send(update(&by_run)).await, 401, invalid_token(), "a run's id says not who is asking");
    assert_error(&send(update("")).await, 401, invalid_token(), "nobody");
    assert_error(&send(update("&id=wrong").bearer_auth(&aino.token)).await, 401, invalid_token(), "a wrong id");
    assert_error(&send(update(&by_run).bearer_auth(&ben.token)).await, 404, no_run.clone(), "another's run");
    assert_error(&send(update("").bearer_auth(&ben.token)).await, 404, no_run.clone(), "no live run");
    let unknown = format!("&id={UNKNOWN_RUN}");
    assert_error(&send(update(&unknown).bearer_auth(&aino.token)).await, 404, no_run, "an unknown run");
    let foreign =
        update("").header("Cookie", format!("runnity_session={session}")).header("Origin", "https://evil.example.org");
    assert_eq!(send(foreign).await.status, 403);
    assert_eq!(site.picture(&aino).await, before);
}

async fn new_run_finishes_the_one_before(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let first = start(&site, &aino.token).await;
    site.advance(Duration::from_secs(10)).await;
    let second = start(&site, &aino.token).await;
    assert_ne!(first, second);
    let shown = site.get(&aino, &format!("/api/runs/{first}")).await.data();
    assert_eq!((&shown["state"], &shown["finish_reason"]), (&json!("finished"), &json!("superseded")));
    let update = |run: &str| site.ask(Method::PUT, &format!("/run/update?{PLACE}&id={run}")).bearer_auth(&aino.token);
    site.advance(Duration::from_secs(10)).await;
    let late = send(update(&first)).await;
    assert_error(&late, 409, json!({"code": 409, "message": "The run is finished"}), "a finished run");
    assert_eq!(send(update(&second)).await.status, 202);
}

async fn missing_and_bad_parameters_are_named_and_nothing_changes(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    start(&site, &aino.token).await;
    site.advance(Duration::from_secs(10)).await;
    let before = site.picture(&aino).await;
    let missing = |names: Value| json!({"code": 303, "message": "Missing parameters", "parameters": names});
    let invalid = |names: Value| json!({"code": 303, "message": "Invalid parameters", "parameters": names});
    let table = [
        ("", missing(json!(["latitude", "longtitude"]))),
        ("latitude=60", missing(json!(["longtitude"]))),
        ("latitude=&longtitude=", missing(json!(["latitude", "longtitude"]))),
        ("latitude=60&longitude=24&deslatitude=1", missing(json!(["deslongtitude"]))),
        ("latitude=91&longtitude=24", invalid(json!(["latitude"]))),
        ("latitude=60&longtitude=-181", invalid(json!(["longtitude"]))),
        ("latitude=NaN&longtitude=24", invalid(json!(["latitude"]))),
        ("latitude=1e400&longtitude=24", invalid(json!(["latitude"]))),
        ("latitude=60&latitude=60&longtitude=24", invalid(json!(["latitude"]))),
        ("latitude=60&longtitude=24&longitude=24", invalid(json!(["longtitude"]))),
        ("latitude=%FF&longtitude=24", invalid(json!(["latitude"]))),
        ("latitude=60&longtitude=24&deslatitude=91&deslongtitude=1", invalid(json!(["deslatitude"]))),
    ];
    for (query, error) in table {
        for (method, path) in [(Method::POST, "/run/new"), (Method::PUT, "/run/update")] {
            let path = format!("{path}?id={}&{query}", aino.token);
            assert_error(&call(&site, method, &path).await, 400, error.clone(), query);
        }
    }
    let only_update = [
        ("speed=fast", "speed"),
        ("speed=-1", "speed"),
        ("speed=1e9", "speed"),
        ("speed=1&speed=1", "speed"),
        ("finish=perhaps", "finish"),
    ];
    for (query, name) in only_update {
        let path = format!("/run/update?id={}&{PLACE}&{query}", aino.token);
        assert_error(&call(&site, Method::PUT, &path).await, 400, invalid(json!([name])), query);
    }
    let twice = format!("/run/update?id={0}&id={0}&{PLACE}", aino.token);
    assert_error(&call(&site, Method::PUT, &twice).await, 400, invalid(json!(["id"])), "id twice");
    assert_eq!(site.picture(&aino).await, before);
}

async fn bodies_paths_and_methods_are_told_apart(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let before = site.picture(&aino).await;
    let post = || site.ask(Method::POST, &format!("/run/new?id={}&{PLACE}", aino.token));
    let kind =
        json!({"code": 415, "message": "The body must be application/x-www-form-urlencoded or application/json"});
    assert_error(&send(post().header("Content-Type", "text/plain").body("x")).await, 415, kind.clone(), "text");
    assert_error(&send(post().body("x=1")).await, 415, kind, "no type");
    let large = send(post().header("Content-Type", "application/json").body(" ".repeat(2_097_153))).await;
    assert_error(&large, 413, json!({"code": 413, "message": "The body is too large"}), "large");
    let garbage = json!({"code": 303, "message": "Invalid parameters", "parameters": ["body"]});
    for body in [&b"{"[..], b"[]", b"{\"x\":\"\xff\"}", b"NaN"] {
        let reply = send(post().header("Content-Type", "application/json").body(body.to_vec())).await;
        assert_error(&reply, 400, garbage.clone(), &String::from_utf8_lossy(body));
    }
    for (method, path, allowed) in [
        (Method::POST, "/login/x", "GET, OPTIONS"),
        (Method::POST, "/logout", "GET, OPTIONS"),
        (Method::GET, "/run/new", "POST, OPTIONS"),
        (Method::POST, "/run/update", "PUT, OPTIONS"),
    ] {
        let reply = call(&site, method, path).await;
        assert_error(&reply, 405, json!({"code": 405, "message": "Method not allowed"}), path);
        assert_eq!(reply.header("allow"), allowed);
        let options = call(&site, Method::OPTIONS, path).await;
        assert_eq!((options.status, options.header("access-control-allow-methods")), (204, allowed));
    }
    for path in ["/run", "/run/", "/run/old", "/run/new/", "/login/a/b", "/logout/x"] {
        let reply = call(&site, Method::GET, path).await;
        assert_error(&reply, 404, json!({"code": 404, "message": "Not found"}), path);
    }
    assert_eq!(site.picture(&aino).await, before);
}

/// What a subscriber to the logs has read.
#[derive(Clone, Default)]
struct Logs(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn tokens_and_places_are_never_logged(kind: StoreKind) {
    // For the whole process: what is logged in all the other tests meanwhile must not tell a place either.
    static LOGS: LazyLock<Logs> = LazyLock::new(|| {
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_ansi(false);
        let subscriber = subscriber.without_time().with_writer(|| LOGS.clone()).finish();
        tracing::subscriber::set_global_default(subscriber).expect("no other subscriber");
        Logs::default()
    });
    let logs = &*LOGS;
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let session = log_in(&site, &aino).await;
    start(&site, &session).await;
    call(&site, Method::PUT, &format!("/run/update?id={session}&latitude=60.171234&longtitude=x")).await;
    call(&site, Method::GET, "/login/wrong-token").await;
    site.post(&aino, "/api/runs", json!({"latitude": 60.171234, "longitude": 181})).await;
    site.get(&aino, "/api/runs?state=secret-state").await;
    let habits = site.ask(Method::POST, "/api/v2").header("x-api-user", &aino.id).header("x-api-key", &aino.token);
    let secret_task = json!({"op": "addTask", "task": {"id": "secret-task", "type": "todo", "text": "60.17"}});
    send(habits.json(&json!([secret_task, {"op": "set", "path": "auth.secret-state", "value": 1}]))).await;
    let logs = String::from_utf8(logs.0.lock().expect("not poisoned").clone()).expect("text");
    for route in ["/login/:token", "/run/new", "/run/update", "/api/runs", "/api/v2"] {
        assert!(logs.contains(&format!("route=\"{route}\"")), "{route} in {logs}");
    }
    for secret in
        [aino.token.as_str(), &session, "wrong-token", "secret-task", "60.17", "24.94", "secret-state", "?id="]
    {
        assert!(!logs.contains(secret), "{secret} in {logs}");
    }
}
