//! The REST API when it is asked badly: status, type and message to the letter, and nothing changed.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{fix, live_run};
use crate::support::{Reply, Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    bad_fixes_are_refused_by_name,
    bodies_of_the_wrong_kind_or_size_are_told_apart,
    callers_runs_and_states_are_told_apart,
    paths_methods_and_queries_are_told_apart,
    bodies_of_users_tokens_and_runs_are_read_strictly,
);

const UNKNOWN_RUN: &str = "/api/runs/01990000-0000-7000-8000-000000000000";

/// Fails unless `reply` is this error and no other.
#[track_caller]
fn assert_error(reply: &Reply, status: u16, mut error: Value, about: &str) {
    let document = reply.json();
    let id = document["meta"]["request_id"].as_str().expect("an id");
    assert_eq!((id.len(), reply.header("x-request-id")), (36, id), "{about}");
    error["link"] = json!(format!("/docs/errors/{}", error["type"].as_str().expect("a type")));
    let meta = json!({"status": status, "version": "1.0.0", "request_id": id});
    assert_eq!((reply.status, document.clone()), (status, json!({"meta": meta, "error": error})), "{about}");
}

fn bad(field: &str, problem: &str) -> Value {
    json!({"type": "BadRequest", "message": format!("{field} {problem}."), "field": field})
}

async fn site_with_run(kind: StoreKind) -> (Site, Runner, String) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let path = live_run(&site, &aino).await;
    site.advance(std::time::Duration::from_secs(60)).await;
    site.post(&aino, &format!("{path}/fixes"), json!({"fixes": [fix(1), fix(2)]})).await.data();
    (site, aino, path)
}

async fn bad_fixes_are_refused_by_name(kind: StoreKind) {
    let (site, aino, path) = site_with_run(kind).await;
    let before = site.picture(&aino).await;
    let sent = |change: &str, to: &str| {
        let body = json!({"fixes": [fix(3), fix(4)]}).to_string();
        assert!(body.contains(change), "{change} in {body}");
        body.replacen(change, to, 1)
    };
    let body = sent("", "");
    let latitude = body[body.find("\"latitude\"").expect("a latitude")..].split(',').next().unwrap().to_owned();
    let range = "must be a number from -90 to 90";
    let table = [
        (sent(&latitude, r#""latitude":91"#), bad("fixes[0].latitude", range)),
        (sent(&latitude, r#""latitude":-90.0001"#), bad("fixes[0].latitude", range)),
        (sent(&latitude, r#""latitude":1e400"#), bad("fixes[0].latitude", "is a number out of range")),
        (sent(&latitude, r#""latitude":"60""#), bad("fixes[0].latitude", "must be a number")),
        (sent(&latitude, r#""latitude":null"#), bad("fixes[0].latitude", "must be a number")),
        (sent(&latitude, r#""latitude":NaN"#), bad("body", "is not JSON (line 1)")),
        (sent(&format!("{latitude},"), ""), bad("fixes[0].latitude", "is missing")),
        (sent("24.94", "180.5"), bad("fixes[0].longitude", "must be a number from -180 to 180")),
        (sent("2026-11-21T09:00:03Z", "yesterday"), bad("fixes[0].time", "must be an RFC 3339 time")),
        (
            sent("2026-11-21T09:00:03Z", "1969-11-21T09:00:03Z"),
            bad("fixes[0].time", "must be a moment from 1970 to 9999"),
        ),
        (sent("140", "301"), bad("fixes[0].heart_rate_bpm", "must be a whole number from 0 to 300")),
        (sent("5.0", "-1"), bad("fixes[0].accuracy_m", "must be a number from 0 to 1000000")),
        (json!({"fixes": []}).to_string(), bad("fixes", "must hold at least one fix")),
        (json!({"fixes": vec![fix(3); 1001]}).to_string(), bad("fixes", "must hold at most 1000 fixes")),
        (json!({"fixe": []}).to_string(), bad("fixes", "is missing")),
        (String::new(), bad("body", "is empty")),
        ("{".to_owned(), bad("body", "is not complete JSON")),
        ("[".repeat(100_000), bad("body", "must be a JSON object")),
        ("fixes=1".to_owned(), bad("body", "must be a JSON object")),
    ];
    for (body, error) in table {
        let about = body.chars().take(200).collect::<String>();
        let request = site.ask(Method::POST, &format!("{path}/fixes")).bearer_auth(&aino.token);
        let reply = send(request.header("Content-Type", "application/json").body(body)).await;
        assert_error(&reply, 400, error, &about);
    }
    let latin1 = b"{\"fixes\":\"\xe9\"}".to_vec();
    let request = site.ask(Method::POST, &format!("{path}/fixes")).bearer_auth(&aino.token);
    let reply = send(request.header("Content-Type", "application/json").body(latin1)).await;
    assert_eq!((reply.status, &reply.json()["error"]["type"]), (400, &json!("BadRequest")), "{reply:?}");
    assert_eq!(site.picture(&aino).await, before);
}

async fn bodies_of_the_wrong_kind_or_size_are_told_apart(kind: StoreKind) {
    let (site, aino, path) = site_with_run(kind).await;
    let before = site.picture(&aino).await;
    let path = format!("{path}/fixes");
    let body = json!({"fixes": [fix(3)]}).to_string();
    let kind = json!({
        "type": "UnsupportedMediaType",
        "message": "The body must be JSON, with Content-Type: application/json.",
    });
    for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jsonx")]
    {
        let mut request = site.ask(Method::POST, &path).bearer_auth(&aino.token).body(body.clone());
        if let Some(content_type) = content_type {
            request = request.header("Content-Type", content_type);
        }
        assert_error(&send(request).await, 415, kind.clone(), &format!("{content_type:?}"));
    }
    let large = json!({"type": "PayloadTooLarge", "message": "A body may have 2097152 bytes at most."});
    for len in [2_097_153, 3_000_000, 8_000_000] {
        // A client that looks at nothing before it has sent everything: some of it may come to a closed connection.
        let request = site.ask(Method::POST, &path).bearer_auth(&aino.token).header("Content-Type", "application/json");
        let sent = request.body(" ".repeat(len)).send().await;
        if let Ok(response) = sent {
            assert_eq!(response.status().as_u16(), 413, "{len}");
        } else {
            assert_eq!(len, 8_000_000, "a body that is not much too long is answered");
        }
    }
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
        site.host, aino.token
    );
    let chunk = format!("{:x}\r\n{}\r\n", 1_048_576, " ".repeat(1_048_576));
    let chunked = format!("{head}{chunk}{chunk}1\r\n \r\n0\r\n\r\n");
    let reply = site.raw(chunked.as_bytes()).await;
    assert_eq!(reply.status, 413);
    assert!(String::from_utf8_lossy(&reply.body).contains(large["message"].as_str().unwrap()));
    let garbled = site.raw(format!("{head}zz\r\n").as_bytes()).await;
    assert_eq!(garbled.status, 400, "{garbled:?}");
    let chunked = site.raw(format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).as_bytes()).await;
    assert_eq!(chunked.status, 201, "a length need not be said");
    assert_ne!(site.picture(&aino).await, before, "the last one, and only that");
    assert_eq!(site.picture(&aino).await[0]["fixes"], 3);
}

async fn callers_runs_and_states_are_told_apart(kind: StoreKind) {
    let (site, aino, path) = site_with_run(kind).await;
    let ben = site.runner("Ben").await;
    let hidden = site.post(&ben, "/api/runs", json!({"visibility": "private"})).await.header("location").to_owned();
    let over = site.runner("Over").await;
    let finished = live_run(&site, &over).await;
    send(site.ask(Method::POST, &format!("{finished}/finish")).bearer_auth(&over.token)).await.data();
    let before = (site.picture(&aino).await, site.picture(&ben).await, site.picture(&over).await);

    let unknown_caller = json!({
        "type": "Unauthorized", "message": "The credentials are missing, wrong or no longer valid.",
    });
    let no_run = json!({"type": "NotFound", "message": "There is no such run."});
    let others = json!({"type": "Forbidden", "message": "You may not do this."});
    let is_over = json!({"type": "Conflict", "message": "The run is finished."});
    let (nobody, unknown, cut) = (String::new(), "u1.AAAA".to_owned(), aino.token[..20].to_owned());
    let table: [(&str, &String, u16, &Value); 12] = [
        (&path, &nobody, 401, &unknown_caller),
        (&path, &unknown, 401, &unknown_caller),
        (&path, &cut, 401, &unknown_caller),
        (UNKNOWN_RUN, &nobody, 401, &unknown_caller),
        (UNKNOWN_RUN, &aino.token, 404, &no_run),
        ("/api/runs/1", &aino.token, 404, &no_run),
        ("/api/runs/123456789012345678901234567890", &aino.token, 404, &no_run),
        (&hidden, &aino.token, 404, &no_run),
        (&path, &ben.token, 403, &others),
        (&finished, &aino.token, 403, &others),
        (&finished, &over.token, 409, &is_over),
        (&finished, &nobody, 401, &unknown_caller),
    ];
    for (run, token, status, error) in table {
        let mut request = site.ask(Method::POST, &format!("{run}/fixes")).json(&json!({"fixes": [fix(3)]}));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        assert_error(&send(request).await, status, error.clone(), &format!("{run} {status}"));
    }
    let start = send(site.ask(Method::POST, &format!("{finished}/resume")).bearer_auth(&over.token)).await;
    assert_error(&start, 409, is_over, "resume");
    let garbled = send(site.ask(Method::GET, "/api/runs").header("Authorization", "Basic YTpi")).await;
    assert_error(&garbled, 401, unknown_caller.clone(), "a credential of another kind");
    assert_eq!(garbled.header("www-authenticate"), "Bearer");
    assert_eq!((site.picture(&aino).await, site.picture(&ben).await, site.picture(&over).await), before);

    let identity = site.app.authenticate(&aino.token).await.unwrap();
    let change = runnity::app::users::ChangeUser { password: Some("12345678".to_owned()), ..Default::default() };
    site.app.change_user(&identity, change).await.unwrap();
    let revoked = site.post(&aino, &format!("{path}/fixes"), json!({"fixes": [fix(3)]})).await;
    assert_error(&revoked, 401, unknown_caller.clone(), "revoked");
    assert_error(&site.get(&aino, "/api/runs").await, 401, unknown_caller, "revoked, where nobody need be known");
}

async fn paths_methods_and_queries_are_told_apart(kind: StoreKind) {
    let (site, aino, path) = site_with_run(kind).await;
    let nothing = json!({"type": "NotFound", "message": "There is no such resource."});
    for path in ["/api", "/api/", "/api/run", "/api/users/me/tea", &format!("{path}/fixes/1")] {
        assert_error(&send(site.ask(Method::GET, path)).await, 404, nothing.clone(), path);
    }
    let fixes = format!("{path}/fixes");
    let table = [
        (Method::PATCH, "/api/users"),
        (Method::PUT, "/api/tokens"),
        (Method::PUT, "/api/runs"),
        (Method::POST, path.as_str()),
        (Method::PATCH, fixes.as_str()),
        (Method::TRACE, "/api/users/me"),
        (Method::HEAD, &format!("{path}/finish")),
    ];
    for (method, path) in table {
        let reply = send(site.ask(method.clone(), path)).await;
        let options = send(site.ask(Method::OPTIONS, path)).await;
        assert_eq!((reply.status, reply.header("allow")), (405, options.header("allow")), "{method} {path}");
        assert!(!reply.header("allow").contains(method.as_str()), "{method} {path}");
        if method != Method::HEAD {
            let message = format!("There is no {method} here.");
            assert_error(&reply, 405, json!({"type": "MethodNotAllowed", "message": message}), path);
        }
    }
    let size = "must be a whole number from 1 to 200";
    let table = [
        ("page_size=0", bad("page_size", size)),
        ("page_size=201", bad("page_size", size)),
        ("page_size=1e9", bad("page_size", size)),
        ("page=0", bad("page", "must be a whole number from 1 to 1000000000")),
        ("page=1&page=2", bad("page", "is given twice")),
        ("state=running", bad("state", "must be one of planned, live, paused and finished")),
        ("user=%C3%A4", bad("user", "must be a user's id, or me")),
        ("state=%FF", bad("state", "is not UTF-8")),
        ("fields=tea", bad("fields", "has no field tea: there are splits, start")),
    ];
    for (query, error) in table {
        assert_error(&site.get(&aino, &format!("/api/runs?{query}")).await, 400, error, query);
    }
}

async fn bodies_of_users_tokens_and_runs_are_read_strictly(kind: StoreKind) {
    let (site, aino, path) = site_with_run(kind).await;
    let before = (site.picture(&aino).await, site.get(&aino, "/api/users/me").await.data());
    let visibility = "must be one of public, friends and private";
    let place = json!({"latitude": 91, "longitude": 0});
    let table = [
        (Method::POST, "/api/users", json!({"name": "Ben"}), bad("password", "is missing")),
        (Method::POST, "/api/users", json!({"password": "12345678"}), bad("name", "is missing")),
        (
            Method::POST,
            "/api/users",
            json!({"name": "Ben", "password": "short"}),
            bad("password", "must have at least 8 characters"),
        ),
        (
            Method::POST,
            "/api/users",
            json!({"name": " ", "password": "12345678"}),
            bad("name", "must have 1 to 64 characters"),
        ),
        (Method::POST, "/api/users", json!({"name": 1, "password": "12345678"}), bad("name", "must be a string")),
        (
            Method::POST,
            "/api/users",
            json!({"name": "B", "password": "12345678", "visibility": "all"}),
            bad("visibility", visibility),
        ),
        (Method::POST, "/api/tokens", json!({"name": "Ben"}), bad("password", "is missing")),
        (Method::PATCH, "/api/users/me", json!({"visibility": "none"}), bad("visibility", visibility)),
        (Method::PATCH, &path, json!({}), bad("body", "must hold visibility or destination")),
        (Method::PATCH, &path, json!({"visibility": null}), bad("body", "must hold visibility or destination")),
        (Method::POST, "/api/runs", json!({"latitude": 1}), bad("longitude", "is missing")),
        (Method::POST, "/api/runs", json!({"longitude": 1}), bad("latitude", "is missing")),
        (
            Method::POST,
            "/api/runs",
            json!({"destination": place}),
            bad("destination.latitude", "must be a number from -90 to 90"),
        ),
        (
            Method::POST,
            "/api/runs",
            json!({"destination": {"latitude": 1}}),
            bad("destination.longitude", "is missing"),
        ),
        (Method::POST, "/api/runs", json!({"state": "finished"}), bad("state", "must be live or planned")),
    ];
    for (method, path, body, error) in table {
        let about = format!("{method} {path} {body}");
        let request: RequestBuilder = site.ask(method, path).bearer_auth(&aino.token).json(&body);
        assert_error(&send(request).await, 400, error, &about);
    }
    for (body, field) in [
        (r#"{"visiblity":"private"}"#, "visiblity"),
        (r#"{"visibility":"public","visibility":"private"}"#, "visibility"),
    ] {
        let request =
            site.ask(Method::PATCH, &path).bearer_auth(&aino.token).header("Content-Type", "application/json");
        let reply = send(request.body(body)).await;
        assert_eq!((reply.status, &reply.json()["error"]["field"]), (400, &json!(field)), "{}", reply.json());
    }
    for key in ["", &"x".repeat(256)] {
        let request = site.ask(Method::POST, &format!("{path}/fixes")).bearer_auth(&aino.token);
        let reply = send(request.header("Idempotency-Key", key).json(&json!({"fixes": [fix(3)]}))).await;
        assert_error(&reply, 400, bad("Idempotency-Key", "must be 1 to 255 printable ASCII characters"), key);
    }
    assert_eq!((site.picture(&aino).await, site.get(&aino, "/api/users/me").await.data()), before);
}
