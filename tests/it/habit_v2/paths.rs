//! `set` by path: what is there, and a text, a number or a boolean; all else is left alone in silence, or named when it is protected.

use serde_json::{Value, json};

use super::{add, done, set, sync, task};
use crate::support::{Site, StoreKind, on_each_store};

on_each_store!(
    a_path_sets_what_is_there,
    a_path_that_leads_nowhere_does_nothing,
    a_protected_path_is_never_written_and_is_named,
);

async fn a_path_sets_what_is_there(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let known = done(&site, &aino, json!([add("h", "habit"), add("d", "daily"), add("t", "todo")])).await;
    let tag = known["tags"][0]["id"].as_str().expect("an id").to_owned();
    let list = r#"[{"id": "i", "text": "shoes", "completed": false}]"#;
    let list: Value = serde_json::from_str(list).expect("JSON");
    let todo = json!({ "op": "addTask", "task": { "id": "c", "type": "todo", "checklist": list, "color": "red", "deep": { "n": 1 } } });
    done(&site, &aino, todo).await;
    for (path, value) in [
        ("preferences.hair", json!("black")),
        ("preferences.hair", json!(7)),
        ("preferences.hair", json!("")),
        ("preferences.showHelm", json!(false)),
        ("preferences.dayStart", json!(4)),
        ("preferences.timezoneOffset", json!(-120)),
        ("profile.name", json!("Aino K.")),
        ("profile.blurb", json!("<b>runs</b>")),
        ("flags.rest", json!(true)),
        ("flags.ads", json!("hide")),
        ("stats.hp", json!(12.5)),
        ("stats.gp", json!(0.1)),
        ("stats.exp", json!(3)),
        ("stats.lvl", json!(9)),
        ("items.weapon", json!(3)),
        ("items.currentPet", json!("Wolf-Base")),
        ("lastCron", json!(1_700_000_000_000_i64)),
        ("tags.0.name", json!("dawn")),
        ("tasks.h.text", json!("stairs")),
        ("tasks.h.notes", json!("only up")),
        ("tasks.h.value", json!(-4.25)),
        ("tasks.h.priority", json!("!!!")),
        ("tasks.h.down", json!(false)),
        ("tasks.d.repeat.su", json!(false)),
        ("tasks.d.streak", json!(30)),
        ("tasks.t.completed", json!(true)),
        ("tasks.t.date", json!("12/24/2026")),
        ("tasks.c.checklist.0.text", json!("socks")),
        ("tasks.c.checklist.0.completed", json!(true)),
        ("tasks.c.color", json!("blue")),
        ("tasks.c.deep.n", json!(2)),
    ] {
        let user = done(&site, &aino, set(path, value.clone())).await;
        let mut parts = path.split('.');
        let root = match parts.next() {
            Some("tasks") => task(&user, parts.next().expect("an id")).expect("a task"),
            first => &user[first.expect("a name")],
        };
        let found = parts.fold(root, |it, part| part.parse::<usize>().map_or_else(|_| &it[part], |index| &it[index]));
        assert_eq!(found, &value, "{path}");
    }
    let user = done(&site, &aino, set(&format!("tasks.h.tags.{tag}"), true)).await;
    assert_eq!(task(&user, "h").expect("it")["tags"], json!({ tag.clone(): true }));
    let user = done(&site, &aino, set(&format!("tasks.h.tags.{tag}"), false)).await;
    assert_eq!(task(&user, "h").expect("it")["tags"], json!({}));
    // A number is written where a text stands.
    let user = done(&site, &aino, set("tasks.h.text", 5)).await;
    assert_eq!(task(&user, "h").expect("it")["text"], "5");
}

async fn a_path_that_leads_nowhere_does_nothing(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let before = done(&site, &aino, json!([add("h", "habit"), add("t", "todo")])).await;
    for (path, value) in [
        ("", json!("x")),
        (".", json!("x")),
        ("nothing", json!("x")),
        ("preferences", json!("x")),
        ("preferences.", json!("x")),
        ("preferences.nothing", json!("x")),
        ("preferences.hair.length", json!(0)),
        ("preferences.hair", json!({})),
        ("preferences.hair", json!({ "color": "black" })),
        ("preferences.hair", json!(["black"])),
        ("preferences.hair", json!(null)),
        ("preferences.hair", json!(true)),
        ("preferences.showHelm", json!("yes")),
        ("preferences.dayStart", json!(24)),
        ("preferences.dayStart", json!(-1)),
        ("preferences.dayStart", json!("4")),
        ("stats", json!(1)),
        ("stats.hp", json!("50")),
        ("stats.hp", json!("full")),
        ("stats.hp", json!({})),
        ("stats.hp", json!(null)),
        ("stats.lvl", json!(1.5)),
        ("stats.lvl", json!(0)),
        ("stats.lvl", json!(101)),
        ("stats.mp", json!(1)),
        ("stats.gp", json!(1e300)),
        ("items.weapon", json!(99)),
        ("items.eggs", json!("all")),
        ("items.eggs.0", json!("x")),
        ("items.lastDrop.count", json!(0)),
        ("invitations.party", json!("x")),
        ("tags", json!("x")),
        ("tags.3.name", json!("x")),
        ("tags.-1.name", json!("x")),
        ("tags.length", json!(0)),
        ("habits.0.text", json!("x")),
        ("tasks", json!("x")),
        ("tasks.h", json!("x")),
        ("tasks.h.", json!("x")),
        ("tasks..x", json!("x")),
        ("tasks..", json!("x")),
        ("tasks.none.text", json!("x")),
        ("tasks.h.nothing", json!("x")),
        ("tasks.h.text.length", json!(0)),
        ("tasks.h.text", json!({})),
        ("tasks.h.text", json!(["x"])),
        ("tasks.h.text", json!(null)),
        ("tasks.h.value", json!("5")),
        ("tasks.h.value", json!({})),
        ("tasks.h.priority", json!("!!!!")),
        ("tasks.h.completed", json!(true)),
        ("tasks.h.tags.nothing", json!(true)),
        ("tasks.h.history", json!("x")),
        ("tasks.h.history.0.value", json!(1)),
        ("tasks.t.streak", json!(9)),
        ("__proto__", json!("x")),
        ("__proto__.polluted", json!("x")),
        ("constructor.prototype.polluted", json!("x")),
        ("tasks.__proto__.polluted", json!("x")),
        ("tasks.h.__proto__.polluted", json!("x")),
        ("preferences.__proto__", json!("x")),
        ("preferences.constructor", json!("x")),
        ("preferences.toString", json!("x")),
        ("tasks.h.hasOwnProperty", json!("x")),
    ] {
        let after = sync(&site, &aino, set(path, value.clone())).await;
        assert_eq!(after, before, "{path} {value}");
    }
    let long = "x.".repeat(1_000);
    assert_eq!(sync(&site, &aino, json!([set(&long, 1), set(&"x".repeat(100_000), 1)])).await, before);
}

async fn a_protected_path_is_never_written_and_is_named(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let before = done(&site, &aino, add("h", "habit")).await;
    for path in [
        "apiToken",
        "auth",
        "auth.local.email",
        "auth.local.username",
        "auth.local.hashed_password",
        "auth.local.salt",
        "auth.timestamps.created",
        "balance",
        "backer.tier",
        "contributor.level",
        "id",
        "_id",
        "_v",
        "history.exp.0.value",
        "tags.0.id",
        "tasks.h.id",
        "tasks.h.type",
        "purchased.skin",
    ] {
        for value in [json!("x"), json!(7), json!(true), json!({})] {
            let mut after = sync(&site, &aino, json!([{}, set(path, value.clone())])).await;
            let errors = after.as_object_mut().expect("a user").remove("errors").unwrap_or_default();
            let message = format!("path `{path}` was not saved, as it is protected");
            assert_eq!(errors, json!([{ "index": 1, "message": message }]), "{path} {value}");
            assert_eq!(after, before, "{path} {value}");
        }
    }
}
