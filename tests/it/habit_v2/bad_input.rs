//! What devices should not send, line by line.

use serde_json::{Value, json};

use super::{add, ask, assert_error, done, ids, post, set, sync, task, user};
use crate::support::{Reply, Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    what_is_no_batch_is_refused_and_changes_nothing,
    bodies_are_taken_as_what_they_are,
    tasks_that_cannot_be_are_named,
    members_of_other_shapes_do_no_harm,
    long_and_strange_texts_come_back_as_typed,
    a_board_has_its_bounds,
);

const NO_JSON: &str = "The body is to be JSON: {}, an operation, or an array of operations.";

async fn post_text(site: &Site, runner: &Runner, content_type: &str, body: impl Into<reqwest::Body>) -> Reply {
    send(ask(site, runner, "").header("content-type", content_type).body(body)).await
}

async fn what_is_no_batch_is_refused_and_changes_nothing(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let before = done(&site, &aino, add("h", "habit")).await;
    let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
    let objects = format!("{}1{}", "{\"op\":".repeat(10_000), "}".repeat(10_000));
    let del = r#"{"op":"delTask","task":{"type":"habit","id":"h"}}"#;
    let inside = format!("[{del},{{\"op\":\"set\",\"path\":\"x\",\"value\":{open}{close}}}]");
    for body in [
        "",
        " ",
        "x",
        "{",
        "{}}",
        "[",
        "[{}",
        "{'op':'revive'}",
        "{op:'revive'}",
        "\u{feff}{}",
        "undefined",
        "NaN",
        "[{},]",
        "{\"op\":\"set\",\"path\":\"stats.hp\",\"value\":1e400}",
        "{\"op\":\"x\u{1}\"}",
        "[{\"op\":\"\\ud800\"}]",
        &open,
        &format!("{open}{close}"),
        &objects,
        &inside,
        "a=1&b=2",
    ] {
        let reply = post_text(&site, &aino, "application/json", body.to_owned()).await;
        assert_error(&reply, 400, NO_JSON);
    }
    let not_text = post_text(&site, &aino, "application/json", b"{\"op\":\"\xff\"}".to_vec()).await;
    assert_error(&not_text, 400, NO_JSON);
    for body in ["7", "\"x\"", "null", "true", "-0.5"] {
        let reply = post_text(&site, &aino, "application/json", body).await;
        assert_error(&reply, 400, "The body is to be an operation, or an array of operations.");
    }
    let del: Value = serde_json::from_str(del).expect("JSON");
    let too_many = post(&site, &aino, &json!(vec![del.clone(); 10_001])).await;
    assert_error(&too_many, 400, "The body has more than 10000 operations.");
    let large = json!([del, set("tasks.h.text", "x".repeat(2 * 1024 * 1024))]);
    assert_error(&post(&site, &aino, &large).await, 413, "The body is too large.");
    assert_eq!(done(&site, &aino, json!({})).await, before);
    let many = sync(&site, &aino, json!(vec![json!({}); 10_000])).await;
    assert_eq!(many, before);
}

async fn bodies_are_taken_as_what_they_are(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let before = done(&site, &aino, json!({})).await;
    // curl says that it sends a form unless it is told otherwise.
    for content_type in ["application/json", "application/json; charset=utf-8", "application/x-www-form-urlencoded"] {
        assert_eq!(user(&post_text(&site, &aino, content_type, " [ {} ]\n").await), before, "{content_type}");
    }
    assert_eq!(user(&send(ask(&site, &aino, "").body("{}")).await), before);
    for content_type in ["text/plain", "application/xml", "multipart/form-data; boundary=x"] {
        let reply = post_text(&site, &aino, content_type, "{}").await;
        assert_error(&reply, 415, "The body is to be application/json.");
    }
    // An object without an operation asks for the user.
    assert_eq!(sync(&site, &aino, json!({ "task": { "id": "x" }, "path": "stats.hp", "value": 1 })).await, before);
}

async fn tasks_that_cannot_be_are_named(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let before = done(&site, &aino, add("h", "habit")).await;
    let id = "a task needs an id: 1 to 100 characters, none of them a space, a dot or a slash";
    let kind = "a task's type is one of habit, daily, todo and reward";
    let op = |op: &str, task: Value| json!({ "op": op, "task": task });
    let sort =
        |from: Value, to: Value| json!({ "op": "sortTask", "task": { "type": "habit" }, "from": from, "to": to });
    for (op, message) in [
        (json!(7), "is to be an object"),
        (json!("revive"), "is to be an object"),
        (json!([]), "is to be an object"),
        (json!(null), "is to be an object"),
        (json!({ "op": "tea" }), "there is no such operation"),
        (json!({ "op": 7 }), "there is no such operation"),
        (json!({ "op": "__proto__" }), "there is no such operation"),
        (json!({ "task": {} }), "there is no such operation"),
        (json!({ "op": "addTask" }), "`task` cannot be this"),
        (op("addTask", json!(7)), "`task` cannot be this"),
        (op("addTask", json!([])), "`task` cannot be this"),
        (op("addTask", json!({})), id),
        (op("addTask", json!({ "type": "habit" })), id),
        (op("addTask", json!({ "id": "", "type": "habit" })), id),
        (op("addTask", json!({ "id": 7, "type": "habit" })), id),
        (op("addTask", json!({ "id": "a.b", "type": "habit" })), id),
        (op("addTask", json!({ "id": "a b", "type": "habit" })), id),
        (op("addTask", json!({ "id": "__proto__", "type": "habit" })), id),
        (op("addTask", json!({ "id": "x".repeat(101), "type": "habit" })), id),
        (op("addTask", json!({ "id": "x" })), kind),
        (op("addTask", json!({ "id": "x", "type": "quest" })), kind),
        (op("addTask", json!({ "id": "x", "type": {} })), kind),
        (op("addTask", json!({ "id": "h", "type": "habit" })), "there is a task with this id already"),
        (op("addTask", json!({ "id": "h", "type": "todo" })), "there is a task with this id already"),
        (op("addTask", json!({ "id": "x", "type": "habit", "value": {} })), "`value` cannot be this"),
        (op("addTask", json!({ "id": "x", "type": "habit", "text": [] })), "`text` cannot be this"),
        (op("addTask", json!({ "id": "x", "type": "daily", "repeat": 7 })), "`repeat` cannot be this"),
        (op("delTask", json!({ "type": "habit" })), id),
        (op("delTask", json!({ "id": "h", "type": "quest" })), kind),
        (json!({ "op": "delTask", "task": "h" }), "`task` cannot be this"),
        (json!({ "op": "sortTask", "task": { "type": "quest" }, "from": 0, "to": 1 }), kind),
        (json!({ "op": "sortTask", "task": {}, "from": 0, "to": 1 }), kind),
        (sort(json!("0"), json!(1)), "`from` cannot be this"),
        (sort(json!(null), json!(1)), "`from` cannot be this"),
        (sort(json!(0), json!({})), "`to` cannot be this"),
        (json!({ "op": "set" }), "`path` cannot be this"),
        (json!({ "op": "set", "path": 7, "value": 1 }), "`path` cannot be this"),
        (json!({ "op": "score", "task": { "id": "h" } }), "`dir` cannot be this"),
        (json!({ "op": "score", "dir": "up" }), "`task` cannot be this"),
        (json!({ "op": "buy", "type": "castle" }), "`type` cannot be this"),
        (json!({ "op": "revive", "id": 7 }), "`id` is to be text"),
        (json!({ "op": "revive", "id": "x".repeat(101) }), "`id` is to have 1 to 100 bytes"),
    ] {
        let mut after = sync(&site, &aino, json!([{}, op])).await;
        let errors = after.as_object_mut().expect("a user").remove("errors").unwrap_or_default();
        assert_eq!(errors, json!([{ "index": 1, "message": message }]), "{op}");
        assert_eq!(after, before, "{op}");
    }
    // From where nothing is, nothing moves.
    for (from, to) in [(99, 0), (1e300 as i64, 0)] {
        assert_eq!(sync(&site, &aino, sort(json!(from), json!(to))).await, before);
    }
    // Of another type than it has.
    let other = json!({ "op": "delTask", "task": { "id": "h", "type": "todo" } });
    assert_eq!(sync(&site, &aino, other).await, before);
}

async fn members_of_other_shapes_do_no_harm(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let new = json!({
        "id": "x", "type": "habit", "text": 7, "notes": null, "value": "1.5", "up": 0, "down": "yes", "priority": "loud",
        "tags": { "a": true, "b": false }, "history": [{ "date": 1, "value": 99 }], "streak": 9, "completed": true,
        "__proto__": { "polluted": true }, "constructor": 1, "userId": "somebody", "_id": "x", "dateCreated": 1,
    });
    let user = done(&site, &aino, json!({ "op": "addTask", "task": new })).await;
    let it = task(&user, "x").expect("it");
    for (member, value) in [
        ("text", json!("7")),
        ("notes", json!("")),
        ("value", json!(1.5)),
        ("up", json!(false)),
        ("down", json!(true)),
        ("priority", json!("!")),
        ("history", json!([])),
        ("dateCreated", json!(site.clock.now().to_string())),
    ] {
        assert_eq!(it[member], value, "{member}");
    }
    assert!(it.get("completed").is_none() && it.get("streak").is_none() && it.get("userId").is_none(), "{it}");
    assert!(user.get("polluted").is_none() && it.get("polluted").is_none());
    // Deeper than is kept, and more of it.
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!({ "x": deep });
    }
    let deep = json!({ "op": "addTask", "task": { "id": "deep", "type": "todo", "x": deep } });
    let wide: Vec<u8> = vec![0; 1_000];
    let wide = json!({ "op": "addTask", "task": { "id": "wide", "type": "todo", "x": wide } });
    let refused = sync(&site, &aino, json!([deep, wide])).await;
    assert_eq!(
        refused["errors"],
        json!([
            { "index": 0, "message": "there are more than 8 levels of properties" },
            { "index": 1, "message": "there are more than 200 properties" },
        ])
    );
    assert_eq!(refused["todos"], user["todos"]);
}

async fn long_and_strange_texts_come_back_as_typed(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let controls: String = (0..0x20_u8).map(char::from).collect();
    let texts = [
        "<script>alert('x')</script> & \"quotes\" </textarea>".to_owned(),
        format!("{controls}\u{7f}\u{85}\u{2028}\u{202e}"),
        "🏃‍♀️ Ääkköset ﷽ e\u{301} \u{fffd}\u{ffff}\u{10ffff}".to_owned(),
        "x".repeat(1_000_000),
        "\u{1}".repeat(100_000),
        " \t leading and trailing \n ".to_owned(),
    ];
    done(&site, &aino, add("t", "todo")).await;
    for (index, text) in texts.iter().enumerate() {
        let id = format!("n{index}");
        let new = json!({ "op": "addTask", "task": { "id": id, "type": "todo", "text": text } });
        let user = done(&site, &aino, json!([new, set("tasks.t.notes", text.as_str())])).await;
        assert_eq!(task(&user, &id).expect("it")["text"], text.as_str());
        assert_eq!(task(&user, "t").expect("it")["notes"], text.as_str());
        // For whoever reads it anew, too; and what is gone takes its room along.
        let fresh = site.another().await;
        assert_eq!(task(&done(&fresh, &aino, json!({})).await, &id), task(&user, &id));
        done(&site, &aino, json!({ "op": "delTask", "task": { "type": "todo", "id": id } })).await;
    }
    let path = format!("tasks.{}.text", "<script>");
    let named = sync(&site, &aino, json!([set(&path, 1), set("auth.<script>", 1)])).await;
    assert_eq!(named["errors"][0]["message"], "path `auth.<script>` was not saved, as it is protected");
}

async fn a_board_has_its_bounds(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let tasks: Vec<Value> = (0..1_000).map(|number| add(&format!("t{number}"), "todo")).collect();
    let full = sync(&site, &aino, json!(tasks)).await;
    assert_eq!(full["errors"][0], json!({ "index": 991, "message": "there are more than 1000 tasks" }));
    assert_eq!((full["errors"].as_array().map(Vec::len), ids(&full, "todos").len()), (Some(9), 992));
    let longer = "x".repeat(1024 * 1024 + 1);
    let refused = sync(&site, &aino, set("tasks.t1.text", longer)).await;
    assert_eq!(refused["errors"], json!([{ "index": 0, "message": "`text` has more than 1048576 bytes" }]));
    // All of it together.
    let long = "x".repeat(1024 * 1024);
    let mut kept = 0;
    for number in 0..20 {
        let after = sync(&site, &aino, set(&format!("tasks.t{number}.notes"), long.as_str())).await;
        match after.get("errors") {
            None => kept += 1,
            Some(errors) => {
                assert_eq!(errors[0]["message"], "all tasks together have more than 8388608 bytes");
                break;
            }
        }
    }
    assert_eq!(kept, 7);
    // What makes it no larger is as good as ever.
    done(&site, &aino, json!([set("tasks.t1.notes", ""), set("tasks.t900.text", "short")])).await;
}
