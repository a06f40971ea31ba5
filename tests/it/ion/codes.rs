//! What the calls say to what is none of them: methods, paths, bodies of other kinds, too many.

use reqwest::Method;
use runnity::app::allowances::Rates;
use serde_json::json;

use super::{assert_error, device, start};
use crate::support::{Site, StoreKind, on_each_store, send};

on_each_store!(wrong_method_is_405_with_allow, each_call_answers_its_codes, who_asks_too_often_is_told_when);

/// Each call, and its methods.
const CALLS: [(&str, &str); 13] = [
    ("/add_or_update_user", "POST, OPTIONS"),
    ("/add_or_update_user/1", "POST, OPTIONS"),
    ("/delete_user/1", "DELETE, OPTIONS"),
    ("/progress/1", "GET, HEAD, OPTIONS"),
    ("/increase_value/push_ups/1", "POST, OPTIONS"),
    ("/increase_value/push_ups/1/k", "POST, OPTIONS"),
    ("/increase_multi_values", "POST, OPTIONS"),
    ("/achievement/1/level/1", "GET, HEAD, OPTIONS"),
    ("/auth/login", "POST, OPTIONS"),
    ("/auth/change_password", "POST, OPTIONS"),
    ("/register_device/1", "POST, OPTIONS"),
    ("/messages/1", "GET, HEAD, OPTIONS"),
    ("/read_messages/1", "POST, OPTIONS"),
];

async fn wrong_method_is_405_with_allow(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    for (path, allowed) in CALLS {
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            if allowed.contains(method.as_str()) {
                continue;
            }
            let reply = send(site.ask(method.clone(), path).bearer_auth(&admin.token)).await;
            assert_error(&reply, 405, "method_not_allowed", &format!("{method} {path}"));
            assert_eq!(reply.header("allow"), allowed, "{method} {path}");
            assert_eq!(reply.header("access-control-allow-origin"), "*");
        }
        let options = send(site.ask(Method::OPTIONS, path)).await;
        assert_eq!((options.status, options.header("allow")), (204, allowed), "{path}");
        assert!(options.header("access-control-allow-headers").contains("X-Auth-Token"), "{path}");
    }
    for path in
        ["/add_or_update_user/1/2", "/increase_value/push_ups", "/auth", "/auth/logout", "/progress", "/progress/%ff"]
    {
        let reply = send(site.ask(Method::POST, path).bearer_auth(&admin.token)).await;
        assert_error(&reply, 404, "not_found", path);
    }
    let head = send(site.ask(Method::HEAD, "/achievement/1/level/1")).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

async fn each_call_answers_its_codes(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let needs_nobody = ["/auth/login", "/auth/change_password", "/achievement/1/level/1"];
    for (path, allowed) in CALLS {
        let method = Method::from_bytes(allowed.split(", ").next().unwrap().as_bytes()).unwrap();
        if !needs_nobody.contains(&path) {
            let reply = send(site.ask(method.clone(), path)).await;
            assert_error(&reply, 401, "invalid_token", path);
            let reply = send(site.ask(method.clone(), path).header("X-Auth-Token", "meowmeowmeow")).await;
            assert_error(&reply, 401, "invalid_token", path);
        }
        if method == Method::GET {
            continue;
        }
        let ask = || site.ask(method.clone(), path).bearer_auth(&admin.token);
        let text = send(ask().header("Content-Type", "text/plain").body("a text")).await;
        assert_error(&text, 415, "unsupported_media_type", path);
        let list = send(ask().json(&json!([1]))).await;
        let code = if path.starts_with("/increase_value") { "invalid_value" } else { "invalid_json" };
        assert_error(&list, 400, code, path);
        let large = send(ask().json(&json!({"x": "x".repeat(2 * 1024 * 1024)}))).await;
        assert_error(&large, 413, "body_too_large", path);
    }
    for (method, path, body, status, code) in [
        (Method::GET, "/progress/a%20b", json!({}), 400, "illegal_user_id"),
        (Method::GET, "/progress/nobody", json!({}), 404, "user_not_found"),
        (Method::GET, "/progress/nobody?format=xml", json!({}), 400, "invalid_input"),
        (Method::POST, "/add_or_update_user/a%20b", json!({}), 400, "illegal_user_id"),
        (Method::POST, "/add_or_update_user/1?format=xml", json!({}), 400, "invalid_input"),
        (Method::POST, "/read_messages/nobody", json!({"message_id": 1}), 404, "set_messages_read.user_not_found"),
        (Method::POST, "/register_device/nobody", device(), 404, "register_device.user_not_found"),
        (Method::POST, "/register_device/nobody", json!({}), 400, "register_device.required_fields"),
        (Method::DELETE, "/delete_user/nobody", json!({}), 404, "user_not_found"),
    ] {
        let reply = send(site.ask(method, path).bearer_auth(&admin.token).json(&body)).await;
        assert_error(&reply, status, code, path);
    }
}

async fn who_asks_too_often_is_told_when(kind: StoreKind) {
    let rates = Rates { per_token: 1, ..Rates::default() };
    let site = Site::start_counting(kind, rates).await;
    let aino = site.runner("Aino").await;
    let path = format!("/messages/{}", aino.id);
    for _ in 0..100 {
        let reply = send(site.ask(Method::GET, &path).header("X-Auth-Token", &aino.token)).await;
        if reply.status == 429 {
            assert_error(&reply, 429, "too_many_requests", "the allowance is used up");
            assert!(reply.header("retry-after").parse::<u64>().expect("seconds") > 0);
            return;
        }
    }
    panic!("nobody was told");
}
