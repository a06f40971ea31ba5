//! The document's own examples, word for word, and the shape of what they answer.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{ask, done, ids, sync, task, user};
use crate::support::{Runner, Site, StoreKind, on_each_store, send, within};

on_each_store!(
    the_documents_curl_answers_the_whole_user,
    the_documents_operations_word_for_word,
    a_new_user_has_the_documents_shape,
    an_answer_is_compressed_when_that_is_welcome,
    numbers_are_written_as_javascript_writes_them,
);

/// As it stands in the document.
const CURL: &str = r#"curl --compressed --header "Content-Type:application/json" \
--header 'x-api-user: 31ffa28c-2519-47ee-92a8-6e736660b446' \
--header 'x-api-key: a01a63d2-8b5b-4756-a863-9e2a344580f8' \
--data {} \
http://localhost:3000/api/v2"#;

async fn curl(site: &Site, runner: &Runner) -> String {
    let command = CURL.replace("31ffa28c-2519-47ee-92a8-6e736660b446", &runner.id);
    let command = command.replace("a01a63d2-8b5b-4756-a863-9e2a344580f8", &runner.token);
    let command = command.replace("localhost:3000", &site.host);
    let mut shell = Command::new("bash");
    shell.arg("-c").arg(command).env("no_proxy", "127.0.0.1").stdin(Stdio::null());
    let output = within(tokio::task::spawn_blocking(move || shell.output())).await.expect("it ends").expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

async fn the_documents_curl_answers_the_whole_user(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let user: Value = serde_json::from_str(&curl(&site, &aino).await).expect("JSON");
    assert_eq!((&user["id"], &user["_id"], &user["apiToken"]), (&json!(aino.id), &json!(aino.id), &json!(aino.token)));
    assert_eq!(user["habits"].as_array().map(Vec::len), Some(3));
    // The same once more: an empty action does nothing.
    let again: Value = serde_json::from_str(&curl(&site, &aino).await).expect("JSON");
    assert_eq!(again, user);
}

async fn the_documents_operations_word_for_word(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let before = ids(&done(&site, &aino, json!({})).await, "habits");
    let add = r#"{"op":"addTask", "task":{
        "id": "eaefa01d-d502-4645-b7a7-4582bfbdab55",
        "type": "habit",
        "up": true,
        "down": true,
        "text": "Hello!",
        "value": 1
    }}"#;
    let id = "eaefa01d-d502-4645-b7a7-4582bfbdab55";
    let added = user(&send(ask(&site, &aino, "").header("content-type", "application/json").body(add)).await);
    let hello = task(&added, id).expect("it is there");
    for (member, value) in [
        ("type", json!("habit")),
        ("up", json!(true)),
        ("down", json!(true)),
        ("text", json!("Hello!")),
        ("value", json!(1)),
        ("priority", json!("!")),
        ("tags", json!({})),
        ("notes", json!("")),
        ("history", json!([])),
    ] {
        assert_eq!(hello[member], value, "{member}");
    }
    // At the front of its list.
    assert_eq!(ids(&added, "habits"), [&[id.to_owned()], &before[..]].concat());
    let sorted = done(&site, &aino, json!({ "op": "sortTask", "task": { "type": "habit" }, "from": 0, "to": 2 })).await;
    assert_eq!(ids(&sorted, "habits"), [&before[..2], &[id.to_owned()], &before[2..]].concat());
    // As the document writes it: in an array, among empty actions.
    let notes = json!({ "op": "set", "path": format!("tasks.{id}.notes"), "value": "My notes" });
    let hair = json!({ "op": "set", "path": "preferences.hair", "value": "black" });
    let set = done(&site, &aino, json!([{}, notes, hair, {}])).await;
    assert_eq!(task(&set, id).expect("it is there")["notes"], "My notes");
    assert_eq!(set["preferences"]["hair"], "black");
    let deleted = done(&site, &aino, json!({ "op": "delTask", "task": { "type": "habit", "id": id } })).await;
    assert_eq!(ids(&deleted, "habits"), before);
    // Deleting what is not there deletes nobody's last task, as the original did.
    let id = "4002ed12-1e95-4d5b-be90-b943881515e7";
    let again = done(&site, &aino, json!([{ "op": "delTask", "task": { "type": "habit", "id": id } }])).await;
    assert_eq!(again, deleted);
}

async fn a_new_user_has_the_documents_shape(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("aino@example.org").await;
    let user = done(&site, &aino, json!({})).await;
    let members: BTreeSet<&str> = user.as_object().expect("a user").keys().map(String::as_str).collect();
    let expected = [
        "_id",
        "_v",
        "achievements",
        "apiToken",
        "auth",
        "backer",
        "balance",
        "dailys",
        "filters",
        "flags",
        "habits",
        "history",
        "id",
        "invitations",
        "items",
        "lastCron",
        "party",
        "preferences",
        "profile",
        "rewards",
        "stats",
        "tags",
        "todos",
        "wasModified",
    ];
    assert_eq!(members, BTreeSet::from(expected));
    let at = "2026-11-21T09:00:00.000Z";
    for (member, value) in [
        (
            "auth",
            json!({
                "local": { "username": "aino@example.org", "email": "aino@example.org" },
                "timestamps": { "created": at, "loggedin": at },
            }),
        ),
        ("stats", json!({ "gp": 0, "exp": 0, "lvl": 1, "hp": 50 })),
        (
            "items",
            json!({
                "weapon": 0, "armor": 0, "head": 0, "shield": 0, "eggs": [], "hatchingPotions": [], "pets": [],
                "currentPet": "", "lastDrop": { "date": null, "count": 0 },
            }),
        ),
        (
            "preferences",
            json!({
                "gender": "m", "skin": "white", "hair": "blond", "armorSet": "v1", "dayStart": 0, "showHelm": true,
                "timezoneOffset": null,
            }),
        ),
        (
            "flags",
            json!({
                "customizationsNotification": false, "itemsEnabled": false, "partyEnabled": false, "dropsEnabled": false,
                "rest": false, "ads": "show", "newStuff": false,
            }),
        ),
        ("invitations", json!({ "party": null, "guilds": [] })),
        ("balance", json!(0)),
        ("history", json!({ "exp": [], "todos": [] })),
        ("achievements", json!({})),
        ("backer", json!({})),
        ("filters", json!({})),
        ("party", json!({ "current": null, "invitation": null, "lastMessageSeen": null, "leader": false })),
        ("profile", json!({ "name": "", "blurb": "", "imageUrl": "", "websites": [] })),
        ("_v", json!(1)),
        ("wasModified", json!(false)),
    ] {
        assert_eq!(user[member], value, "{member}");
    }
    assert!(user["lastCron"] == "new" || user["lastCron"].is_i64(), "{}", user["lastCron"]);
    let values = |list: &str| -> Vec<f64> {
        user[list].as_array().expect("a list").iter().filter_map(|task| task["value"].as_f64()).collect()
    };
    assert_eq!(values("habits"), [0.0, 0.0, 0.0]);
    assert_eq!(values("dailys"), [0.0, 3.0, -10.0]);
    assert_eq!((values("todos"), values("rewards")), (vec![-3.0], vec![20.0, 10.0]));
    let names: Vec<&str> =
        user["tags"].as_array().expect("tags").iter().filter_map(|tag| tag["name"].as_str()).collect();
    assert_eq!(names, ["morning", "afternoon", "evening"]);
    let of = |list: &str| -> BTreeSet<String> { user[list][0].as_object().expect("a task").keys().cloned().collect() };
    let all = ["dateCreated", "id", "notes", "priority", "tags", "text", "type", "value"];
    for (list, own) in [
        ("habits", vec!["up", "down", "history"]),
        ("dailys", vec!["completed", "repeat", "streak", "history"]),
        ("todos", vec!["completed", "date"]),
        ("rewards", vec![]),
    ] {
        assert_eq!(of(list), all.into_iter().chain(own).map(str::to_owned).collect(), "{list}");
    }
    let week = json!({ "su": true, "m": true, "t": true, "w": true, "th": true, "f": true, "s": true });
    assert_eq!(user["dailys"][0]["repeat"], week);
}

async fn an_answer_is_compressed_when_that_is_welcome(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let plain = send(ask(&site, &aino, "").body("{}")).await;
    assert!(!plain.has("content-encoding"));
    let zipped = send(ask(&site, &aino, "").header("accept-encoding", "deflate, gzip").body("{}")).await;
    assert_eq!((zipped.header("content-encoding"), zipped.header("cache-control")), ("gzip", "no-store"));
    assert!(zipped.body.len() < plain.body.len());
    let mut whole = Vec::new();
    flate2::read::GzDecoder::new(&zipped.body[..]).read_to_end(&mut whole).expect("gzip");
    assert_eq!(whole, plain.body);
}

async fn numbers_are_written_as_javascript_writes_them(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let add = json!({ "op": "addTask", "task": { "id": "h", "type": "habit", "tiny": 0.000_001_5, "huge": 1.5e21, "x": 2.0 } });
    sync(&site, &aino, json!([add, { "op": "set", "path": "stats.gp", "value": 0.1 }])).await;
    // As a device sends back what it was told, to the last digit.
    let told = r#"{"op":"set","path":"tasks.h.value","value":-3.0792442306676366}"#;
    let reply = send(ask(&site, &aino, "").body(told)).await;
    assert!(String::from_utf8_lossy(&reply.body).contains(r#""value":-3.0792442306676366,"#));
    let zero = json!({ "op": "set", "path": "tasks.h.value", "value": 0 });
    sync(&site, &aino, zero).await;
    let up = json!({ "op": "score", "task": { "id": "h" }, "dir": "up" });
    let reply = send(ask(&site, &aino, "").json(&json!([up, up, up]))).await;
    let text = String::from_utf8(reply.body).expect("text");
    for part in [
        // What Node.js says of the same sums.
        r#""value":2.9253562257358428"#,
        r#""gp":3.025356225735843,"exp":22,"lvl":1,"hp":50}"#,
        r#""tiny":0.0000015"#,
        r#""huge":1.5e+21"#,
        r#""x":2}"#,
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}
