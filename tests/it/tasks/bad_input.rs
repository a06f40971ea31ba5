//! What a task, a score or a hero cannot be: what is wrong is named, and nothing is changed.

use reqwest::Method;
use serde_json::{Value, json};

use super::{add, ask, patch, picture};
use crate::support::{Site, StoreKind, on_each_store, send};

on_each_store!(
    what_is_wrong_is_named_and_changes_nothing,
    bodies_that_are_none_are_refused,
    texts_are_kept_as_they_are_typed,
    a_board_that_is_full_takes_no_more
);

async fn what_is_wrong_is_named_and_changes_nothing(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    for (id, kind) in [("h", "habit"), ("d", "daily"), ("t", "todo"), ("r", "reward")] {
        add(&site, &aino, id, kind).await;
    }
    site.post(&aino, "/api/tasks/t/checklist", json!({ "id": "i", "text": "x" })).await.data();
    let before = picture(&site, &aino).await;
    let long = "x".repeat(1024 * 1024 + 1);
    let rule = |rule: Value| json!({ "type": "habit", "text": "x", "rule": rule });
    let items: Vec<Value> = (0..201).map(|_| json!({ "text": "x" })).collect();
    let table: Vec<(Method, &str, Value, &str)> = vec![
        (Method::POST, "", json!({ "text": "x" }), "type"),
        (Method::POST, "", json!({ "type": "quest", "text": "x" }), "type"),
        (Method::POST, "", json!({ "type": 7, "text": "x" }), "type"),
        (Method::POST, "", json!({ "type": "habit" }), "text"),
        (Method::POST, "", json!({ "type": "habit", "text": 5 }), "text"),
        (Method::POST, "", json!({ "type": "habit", "text": long }), "text"),
        (Method::POST, "", json!({ "type": "habit", "text": "x", "notes": long }), "notes"),
        (Method::POST, "", json!({ "type": "habit", "text": "x", "id": "" }), "id"),
        (Method::POST, "", json!({ "type": "habit", "text": "x", "id": "a.b" }), "id"),
        (Method::POST, "", json!({ "type": "habit", "text": "x", "id": "a/b" }), "id"),
        (Method::POST, "", json!({ "type": "habit", "text": "x", "id": "__proto__" }), "id"),
        (Method::POST, "", json!({ "type": "habit", "text": "x", "id": "x".repeat(101) }), "id"),
        (Method::POST, "", json!({ "type": "habit", "text": "x", "id": "score" }), "id"),
        (Method::POST, "", json!({ "type": "habit", "text": "x", "completed": true }), "completed"),
        (Method::POST, "", json!({ "type": "habit", "text": "x", "value": "5" }), "value"),
        (Method::POST, "", json!({ "type": "habit", "text": "x", "value": 1e300 }), "value"),
        (Method::POST, "", json!({ "type": "habit", "text": "x", "value": {} }), "value"),
        (Method::POST, "", json!({ "type": "habit", "text": "x", "colour": "red" }), "colour"),
        (Method::POST, "", json!({ "type": "habit", "text": "x", "__proto__": {} }), "__proto__"),
        (Method::POST, "", json!({ "type": "todo", "text": "x", "repeat": { "m": true } }), "repeat"),
        (Method::POST, "", rule(json!({ "variable": "tea", "at_least": 1 })), "rule.variable"),
        (Method::POST, "", rule(json!({ "variable": "distance_m" })), "rule"),
        (Method::POST, "", rule(json!({ "variable": "distance_m", "at_least": 2, "at_most": 1 })), "rule.at_most"),
        (Method::POST, "", rule(json!([])), "rule"),
        (
            Method::POST,
            "",
            json!({ "type": "todo", "text": "x", "rule": { "variable": "runs", "at_least": 1 } }),
            "rule",
        ),
        (Method::PATCH, "/h", json!({ "id": "other" }), "id"),
        (Method::PATCH, "/h", json!({ "type": "daily" }), "type"),
        (Method::PATCH, "/d", json!({ "text": "lost", "completed": true }), "completed"),
        (Method::PATCH, "/d", json!({ "index": 7 }), "index"),
        (Method::PATCH, "/d", json!({ "text": "lost", "up": true }), "up"),
        (Method::PATCH, "/d", json!({ "repeat": { "monday": true } }), "repeat"),
        (Method::PATCH, "/d", json!({ "streak": -1 }), "streak"),
        (Method::PATCH, "/d", json!({ "streak": 100_001 }), "streak"),
        (Method::PATCH, "/d", json!({ "tags": ["nobody's"] }), "tags"),
        (Method::PATCH, "/d", json!({ "priority": "!!!!" }), "priority"),
        (Method::PATCH, "/d", json!({ "checklist": items }), "checklist"),
        (Method::PATCH, "/d", json!({ "checklist": [{ "id": "1", "text": "x" }, { "text": "y" }] }), "checklist"),
        (Method::PATCH, "/d", json!({ "checklist": [{ "id": "1" }] }), "checklist[0].text"),
        (Method::PATCH, "/d", json!({ "reminders": [{ "time": "x".repeat(65) }] }), "reminders"),
        (Method::PATCH, "/t", json!({ "date": {} }), "date"),
        (Method::PATCH, "/t", json!({ "date": "x".repeat(65) }), "date"),
        (Method::PATCH, "/r", json!({ "value": null, "checklist": [] }), "checklist"),
        (Method::PUT, "/h", json!({ "notes": "x" }), "text"),
        (Method::POST, "/h/score", json!({ "direction": "left" }), "direction"),
        (Method::POST, "/h/score", json!({}), "direction"),
        (Method::POST, "/h/score?op_id=", json!({ "direction": "up" }), "op_id"),
        (
            Method::POST,
            "/score",
            json!({ "scores": [{ "task": "h", "direction": "up" }, { "task": "h" }] }),
            "scores[1].direction",
        ),
        (
            Method::POST,
            "/score",
            json!({ "scores": [{ "task": "h", "direction": "up" }, { "task": "a.b", "direction": "up" }] }),
            "scores[1].task",
        ),
        (
            Method::POST,
            "/score",
            json!({ "scores": [{ "task": "h", "direction": "up", "op_id": "" }] }),
            "scores[0].op_id",
        ),
        (Method::POST, "/h/sort", json!({ "to": -1 }), "to"),
        (Method::POST, "/h/sort", json!({ "to": 1.5 }), "to"),
        (Method::POST, "/h/sort", json!({ "to": 1e30 }), "to"),
        (Method::POST, "/h/checklist", json!({ "text": "x" }), "checklist"),
        (Method::POST, "/t/checklist", json!({ "text": "x".repeat(4 * 1024 + 1) }), "text"),
        (Method::POST, "/t/checklist", json!({ "id": "", "text": "x" }), "checklist"),
        (Method::PATCH, "/t/checklist/i", json!({ "id": "j" }), "id"),
        (Method::PATCH, "/t/checklist/i", json!({ "text": "x".repeat(4 * 1024 + 1), "completed": true }), "text"),
        (Method::POST, "/tags", json!({ "name": "x".repeat(256) }), "name"),
        (Method::POST, "/tags", json!({ "id": "", "name": "x" }), "id"),
        (Method::PATCH, "/hero", json!({ "preferences": { "day_start": 24 } }), "preferences.day_start"),
        (Method::PATCH, "/hero", json!({ "preferences": { "day_start": -1 } }), "preferences.day_start"),
        (
            Method::PATCH,
            "/hero",
            json!({ "preferences": { "timezone_offset_min": 2_000 } }),
            "preferences.timezone_offset_min",
        ),
        (Method::PATCH, "/hero", json!({ "preferences": { "other": { "hair": { "x": 1 } } } }), "preferences.other"),
        (Method::PATCH, "/hero", json!({ "preferences": { "other": { "__proto__": "x" } } }), "preferences.other"),
        (Method::PATCH, "/hero", json!({ "stats": { "hp": "50" } }), "stats.hp"),
        (Method::PATCH, "/hero", json!({ "stats": { "gp": 5, "lvl": 101 } }), "stats.lvl"),
        (Method::PATCH, "/hero", json!({ "flags": { "drops": true } }), "flags.drops"),
        (Method::PATCH, "/hero", json!({ "apiToken": "x" }), "apiToken"),
        (Method::POST, "/hero/buy", json!({ "goods": "tea" }), "goods"),
    ];
    for (method, path, body, field) in table {
        let refused = ask(&site, &aino, method.clone(), &format!("/api/tasks{path}"), body).await;
        let error = &refused.json()["error"];
        assert_eq!((refused.status, &error["field"]), (400, &json!(field)), "{method} {path}: {error}");
    }
    for query in ["type=quest", "completed=yes", "page_size=201", "sort=text"] {
        let refused = site.get(&aino, &format!("/api/tasks?{query}")).await;
        let field = query.split('=').next().unwrap();
        assert_eq!((refused.status, &refused.json()["error"]["field"]), (400, &json!(field)), "{query}");
    }
    for path in
        ["/none", "/none/history", "/a.b", "/h/x", "/h/checklist", "/tags/none", "/t/checklist/none", "/hero/x", "/"]
    {
        assert_eq!(site.get(&aino, &format!("/api/tasks{path}")).await.status, 404, "{path}");
    }
    for (path, body) in [
        ("/none/score", json!({ "direction": "up" })),
        ("/none/sort", json!({ "to": 0 })),
        ("/t/checklist/none/sort", json!({ "to": 0 })),
    ] {
        assert_eq!(site.post(&aino, &format!("/api/tasks{path}"), body).await.status, 404, "{path}");
    }
    assert_eq!(picture(&site, &aino).await, before);
}

async fn bodies_that_are_none_are_refused(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    add(&site, &aino, "h", "habit").await;
    let before = picture(&site, &aino).await;
    let deep = format!("{{\"type\":\"habit\",\"text\":\"x\",\"other\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let huge = format!("{{\"type\":\"habit\",\"text\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    for (body, status) in [
        ("", 400),
        ("7", 400),
        ("\"x\"", 400),
        ("[]", 400),
        ("null", 400),
        ("{", 400),
        ("{}{}", 400),
        ("\u{feff}{}", 400),
        (deep.as_str(), 400),
        (huge.as_str(), 413),
    ] {
        for (method, path) in [
            (Method::POST, "/api/tasks"),
            (Method::PATCH, "/api/tasks/h"),
            (Method::POST, "/api/tasks/score"),
            (Method::PATCH, "/api/tasks/hero"),
        ] {
            let request =
                site.ask(method.clone(), path).bearer_auth(&aino.token).header("content-type", "application/json");
            let reply = send(request.body(body.to_owned())).await;
            assert_eq!(reply.status, status, "{method} {path} {}", &body[..body.len().min(40)]);
        }
    }
    assert_eq!(picture(&site, &aino).await, before);
}

async fn texts_are_kept_as_they_are_typed(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let text = "<script>alert(1)</script> \u{0}\u{7}\u{202e} \u{1f3c3} '\" & \\";
    let new = json!({ "id": "h", "type": "habit", "text": text, "notes": text, "value": -9_007_199_254_740_992_i64 });
    assert_eq!(site.post(&aino, "/api/tasks", new).await.status, 201);
    let fresh = site.another().await;
    let task = fresh.get(&aino, "/api/tasks/h").await.data();
    assert_eq!(
        (&task["text"], &task["notes"], task["value"].as_f64()),
        (&json!(text), &json!(text), Some(-9_007_199_254_740_992.0))
    );
    // To the last bit.
    let changed = patch(&site, &aino, "/api/tasks/h", json!({ "value": 0.1 + 0.2 })).await;
    assert!(String::from_utf8_lossy(&changed.body).contains("0.30000000000000004"), "{changed:?}");
}

async fn a_board_that_is_full_takes_no_more(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    add(&site, &aino, "t", "todo").await;
    site.post(&aino, "/api/tasks/t/checklist", json!({ "id": "i", "text": "x" })).await.data();
    // What a new board has is less than what is left.
    let notes = "x".repeat(1024 * 1024 - 1_000);
    for id in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let new = json!({ "id": id, "type": "todo", "text": "x", "notes": notes });
        assert_eq!(site.post(&aino, "/api/tasks", new).await.status, 201, "{id}");
    }
    let long = json!({ "text": "x".repeat(10_000) });
    for (method, path) in [(Method::PATCH, "/t"), (Method::PUT, "/t")] {
        let refused = ask(&site, &aino, method, &format!("/api/tasks{path}"), long.clone()).await;
        assert_eq!(refused.status, 409, "{path}");
    }
    let item = json!({ "text": "x".repeat(4_000) });
    for number in 0..2 {
        site.post(&aino, "/api/tasks/t/checklist", json!({ "id": number.to_string(), "text": item["text"] })).await;
    }
    for (method, path) in [(Method::PATCH, "/i"), (Method::PUT, "/i"), (Method::POST, "")] {
        let refused = ask(&site, &aino, method, &format!("/api/tasks/t/checklist{path}"), item.clone()).await;
        assert_eq!(refused.status, 409, "{path}");
    }
    // What makes it no larger may always be.
    let short = patch(&site, &aino, "/api/tasks/a", json!({ "notes": "" })).await;
    assert_eq!((short.status, patch(&site, &aino, "/api/tasks/t", long).await.status), (200, 200));
}
