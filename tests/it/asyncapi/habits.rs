//! Everything that is said of habits: what is given back for a batch, and what the user's devices hear of it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Document, Talk, holds};
use crate::support::{Runner, Site, StoreKind, on_each_store};

on_each_store!(what_is_said_of_habits_is_what_the_document_says);

/// Batches that do everything that can be done to a board, in their order.
fn batches(site: &Site) -> Vec<Value> {
    let add = |task: Value| json!({ "op": "addTask", "task": task });
    let set = |path: &str, value: Value| json!({ "op": "set", "path": path, "value": value });
    let score = |id: &str, dir: &str| json!({ "op": "score", "task": { "id": id }, "dir": dir });
    let rule = json!({ "variable": "distance_m", "at_least": 5_000 });
    let items = json!([{ "id": "i", "text": "Stretch", "completed": true }]);
    let reminders = json!([{ "id": "r", "startDate": "2026-11-21", "time": "07:30" }]);
    let two_days_ago = site.clock.now().as_millis() - 2 * 24 * 3_600 * 1_000;
    vec![
        json!([
            add(json!({ "id": "h", "type": "habit", "rule": rule, "x": { "y": [1, "z"] } })),
            add(json!({ "id": "d", "type": "daily", "checklist": items, "reminders": reminders, "priority": "!!" })),
            add(json!({ "id": "t", "type": "todo", "date": "2026-12-01" })),
            add(json!({ "id": "r", "type": "reward", "value": 10 })),
        ]),
        json!([set("tasks.t.date", json!(null)), set("tasks.h.x.y.1", json!("a")), set("tasks.h.text", json!("Run"))]),
        json!([set("stats.lvl", json!(4)), set("stats.exp", json!(0)), set("flags.dropsEnabled", json!(true))]),
        // With such a streak something is found for certain.
        json!([set("tasks.d.streak", json!(1_000)), score("d", "up")]),
        json!([set("stats.exp", json!(179.9)), score("h", "up"), score("t", "up")]),
        json!([set("stats.gp", json!(100)), { "op": "buy", "type": "weapon" }, score("r", "up")]),
        json!([{ "op": "sortTask", "task": { "type": "daily" }, "from": 0, "to": 2 }]),
        json!([
            set("preferences.dayStart", json!(4)),
            set("tags.0.name", json!("dawn")),
            set("profile.name", json!("A"))
        ]),
        json!([set("lastCron", json!(two_days_ago))]),
        json!([score("h", "down")]),
        json!([set("stats.hp", json!(0.5)), score("h", "down")]),
        json!([{ "op": "revive" }, { "op": "revive" }, { "op": "clear-completed" }]),
        json!((0..40).map(|it| set("tasks.h.notes", json!(format!("{it}{}", "x".repeat(1_500))))).collect::<Vec<_>>()),
        json!(
            (0..40)
                .map(|it| add(json!({ "id": format!("n{it}"), "type": "todo", "notes": "x".repeat(1_000) })))
                .collect::<Vec<_>>()
        ),
    ]
}

/// Does all that there is to habits, and gives back what was said on the runner's socket.
pub async fn said(site: &Site, runner: &Runner) -> Vec<Value> {
    let mut phone = Talk::of(site).await;
    phone.ask("connect", json!({ "token": runner.token })).await;
    for batch in batches(site) {
        phone.ask("rpc", json!({ "method": "habit.apply", "data": batch })).await;
    }
    phone.ask("rpc", json!({ "method": "habit.apply", "data": 7 })).await;
    phone.until(|line| line["push"]["pub"]["data"]["reload"] == true).await;
    phone.said
}

async fn what_is_said_of_habits_is_what_the_document_says(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let document = Document::of(&site).await;
    let [batch, applied, change] =
        ["HabitBatch", "HabitApplied", "HabitsChange"].map(|schema| document.one_of(&[schema]));
    for sent in batches(&site) {
        holds(&batch, &sent);
        holds(&batch, &json!({ "operations": sent, "v": 3 }));
    }
    for nonsense in [json!(7), json!({ "operation": [] }), json!([{ "op": "tea" }]), json!({ "v": -1 })] {
        assert!(!batch.is_valid(&nonsense), "{nonsense}");
    }
    let (mut replies, mut told) = (0, BTreeSet::new());
    for line in said(&site, &runner).await {
        let (given, pushed) = (&line["rpc"]["data"], &line["push"]["pub"]["data"]);
        if given.is_object() {
            replies += 1;
            holds(&applied, given);
        }
        if pushed["type"] == "habits" {
            holds(&change, pushed);
            let names = pushed["changes"].as_array().unwrap().iter().filter_map(|it| it["change"].as_str());
            told.extend(names.map(str::to_owned));
        }
    }
    assert_eq!(replies, batches(&site).len());
    // Everything that the document knows of was said.
    let schemas = document.at("#/components/schemas/HabitEffect")["oneOf"].as_array().unwrap();
    let known = schemas.iter().map(|schema| {
        let schema = document.at(schema["$ref"].as_str().unwrap());
        schema["properties"]["change"]["const"].as_str().unwrap().to_owned()
    });
    assert_eq!(told, known.collect());
}
