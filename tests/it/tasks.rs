//! `/api/tasks`: the board of habits in the form of our own API, by several devices, on several instances.

mod bad_input;
mod time;

use futures::future::join_all;
use reqwest::Method;
use runnity::app::habits::{OpId, Submitted};
use runnity::domain::habit::Op;
use runnity::domain::habit::numbers::Direction;
use runnity::domain::habit::task::TaskId;
use serde_json::{Value, json};

use crate::support::{Reply, Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    a_task_is_made_shown_changed_and_deleted,
    lists_are_in_order_and_take_filters,
    a_task_that_was_changed_meanwhile_is_left_alone,
    what_is_sent_again_counts_once,
    a_task_without_an_id_is_made_once_by_its_operation,
    several_scores_are_one_commit,
    items_and_tags_of_two_devices_merge,
    the_hero_buys_dies_and_comes_back,
    a_board_is_its_users_alone,
    another_device_hears_what_is_written_here,
);

async fn ask(site: &Site, runner: &Runner, method: Method, path: &str, body: Value) -> Reply {
    send(site.ask(method, path).bearer_auth(&runner.token).json(&body)).await
}

async fn patch(site: &Site, runner: &Runner, path: &str, body: Value) -> Reply {
    ask(site, runner, Method::PATCH, path, body).await
}

async fn delete(site: &Site, runner: &Runner, path: &str) -> u16 {
    send(site.ask(Method::DELETE, path).bearer_auth(&runner.token)).await.status
}

/// A board with nothing on it.
async fn empty_board(site: &Site, runner: &Runner) {
    for task in site.get(runner, "/api/tasks").await.data().as_array().expect("tasks") {
        assert_eq!(delete(site, runner, &format!("/api/tasks/{}", task["id"].as_str().expect("an id"))).await, 204);
    }
}

async fn add(site: &Site, runner: &Runner, id: &str, kind: &str) -> Value {
    let made = site.post(runner, "/api/tasks", json!({ "id": id, "type": kind, "text": id })).await;
    assert_eq!((made.status, made.header("location")), (201, format!("/api/tasks/{id}").as_str()));
    made.data()
}

async fn score(site: &Site, runner: &Runner, id: &str, direction: &str) -> Value {
    site.post(runner, &format!("/api/tasks/{id}/score"), json!({ "direction": direction })).await.data()
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|it| it["id"].as_str().expect("an id")).collect()
}

/// All of a board that can be seen.
async fn picture(site: &Site, runner: &Runner) -> Value {
    let mut seen = json!({});
    for path in ["/api/tasks?page_size=200", "/api/tasks/tags", "/api/tasks/hero"] {
        seen[path] = site.get(runner, path).await.data();
    }
    seen
}

async fn a_task_is_made_shown_changed_and_deleted(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let nine = site.get(&aino, "/api/tasks").await.data();
    assert_eq!(nine.as_array().unwrap().len(), 9);
    let tag = site.post(&aino, "/api/tasks/tags", json!({ "name": "outdoors" })).await.data()["id"].clone();
    let sent = json!({
        "type": "daily", "text": "<b>Run</b>\u{7}", "notes": "slowly", "priority": "!!!", "tags": [tag],
        "repeat": { "m": true, "w": true }, "checklist": [{ "text": "Warm up" }],
        "reminders": [{ "start": "2026-11-21", "time": "18:00" }], "rule": { "variable": "distance_m", "at_least": 5000 },
    });
    let made = site.post(&aino, "/api/tasks", sent).await;
    let path = made.header("location").to_owned();
    let task = made.data();
    let wanted = json!({
        "id": path.rsplit('/').next().unwrap(), "type": "daily", "text": "<b>Run</b>\u{7}", "notes": "slowly",
        "value": 0.0, "priority": "!!!", "tags": [tag], "completed": false, "streak": 0,
        "repeat": { "su": false, "m": true, "t": false, "w": true, "th": false, "f": false, "s": false },
        "checklist": [{ "id": "0", "text": "Warm up", "completed": false }],
        "reminders": [{ "id": "0", "start": "2026-11-21", "time": "18:00" }],
        "rule": { "variable": "distance_m", "at_least": 5000.0 }, "created_at": "2026-11-21T09:00:00.000Z", "index": 0,
    });
    assert_eq!((made.status, &task), (201, &wanted));
    assert_eq!(site.get(&aino, &path).await.data(), task);
    let change = json!({ "text": "Walk", "rule": null, "streak": 3, "priority": null });
    let changed = patch(&site, &aino, &path, change).await.data();
    let mut wanted = task.clone();
    (wanted["text"], wanted["streak"]) = (json!("Walk"), json!(3));
    wanted.as_object_mut().unwrap().remove("rule");
    assert_eq!(changed, wanted);
    // What was read can be sent back.
    assert_eq!(patch(&site, &aino, &path, changed.clone()).await.data(), changed);
    assert_eq!(ask(&site, &aino, Method::PUT, &path, changed.clone()).await.data(), changed);
    let replaced = ask(&site, &aino, Method::PUT, &path, json!({ "text": "Swim" })).await.data();
    assert_eq!((&replaced["notes"], &replaced["tags"], &replaced["checklist"]), (&json!(""), &json!([]), &json!([])));
    assert_eq!((&replaced["streak"], &replaced["repeat"]["su"]), (&json!(3), &json!(true)));
    assert_eq!((delete(&site, &aino, &path).await, delete(&site, &aino, &path).await), (204, 404));
    assert_eq!(site.get(&aino, &path).await.status, 404);
    assert_eq!(site.get(&aino, "/api/tasks").await.data(), nine);
    // Any id that can be seen has a path.
    let odd = site.post(&aino, "/api/tasks", json!({ "id": "ä?%#1", "type": "reward", "text": "" })).await;
    assert_eq!(odd.header("location"), "/api/tasks/%C3%A4%3F%25%231");
    assert_eq!(site.get(&aino, odd.header("location")).await.data()["id"], "ä?%#1");
}

async fn lists_are_in_order_and_take_filters(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    empty_board(&site, &aino).await;
    for (id, kind) in
        [("t1", "todo"), ("h1", "habit"), ("d1", "daily"), ("t2", "todo"), ("r1", "reward"), ("t3", "todo")]
    {
        add(&site, &aino, id, kind).await;
    }
    let list = async |query: &str| {
        let list = site.get(&aino, &format!("/api/tasks{query}")).await.data();
        ids(&list).join(" ")
    };
    assert_eq!(list("").await, "h1 d1 t3 t2 t1 r1");
    for (id, to, order) in [("t1", 0, "t1 t3 t2"), ("t1", 1, "t3 t1 t2"), ("t3", 4_000_000_000_u32, "t1 t2 t3")] {
        let moved = site.post(&aino, &format!("/api/tasks/{id}/sort"), json!({ "to": to })).await.data();
        assert_eq!(list("?type=todo").await, order);
        assert_eq!(moved["index"], json!(order.split(' ').position(|it| it == id).unwrap()));
    }
    score(&site, &aino, "t2", "up").await;
    score(&site, &aino, "d1", "up").await;
    assert_eq!(list("?completed=true").await, "d1 t2");
    assert_eq!(list("?completed=false&type=todo").await, "t1 t3");
    let tag = site.post(&aino, "/api/tasks/tags", json!({ "id": "out", "name": "outdoors" })).await.data();
    assert_eq!(tag, json!({ "id": "out", "name": "outdoors" }));
    patch(&site, &aino, "/api/tasks/r1", json!({ "tags": ["out"] })).await.data();
    assert_eq!((list("?tag=out").await, list("?tag=none").await), ("r1".to_owned(), String::new()));
    assert_eq!(
        (list("?page=2&page_size=4").await, list("?page=3&page_size=4").await),
        ("t3 r1".to_owned(), String::new())
    );
    let cleared = site.post(&aino, "/api/tasks/clear-completed", json!({})).await.data();
    assert_eq!(cleared["removed"], json!(["t2"]));
    assert_eq!(list("").await, "h1 d1 t1 t3 r1");
}

async fn a_task_that_was_changed_meanwhile_is_left_alone(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await;
    add(&site, &aino, "d", "daily").await;
    add(&site, &aino, "h", "habit").await;
    let tag = async |path: &str| site.get(&aino, path).await.header("etag").to_owned();
    let with = async |site: &Site, method: Method, tag: &str, body: Value| {
        send(site.ask(method, "/api/tasks/d").bearer_auth(&aino.token).header("if-match", tag).json(&body)).await
    };
    let first = tag("/api/tasks/d").await;
    // What happens to others is nothing to it.
    score(&site, &aino, "h", "up").await;
    add(&site, &aino, "d2", "daily").await;
    let both = join_all([("one", &site), ("two", &other)].map(|(text, site)| {
        let (with, first) = (&with, &first);
        async move { with(site, Method::PATCH, first, json!({ "text": text })).await.status }
    }))
    .await;
    assert!(both == [200, 412] || both == [412, 200], "{both:?}");
    assert_eq!(with(&site, Method::PUT, &first, json!({ "text": "three" })).await.status, 412);
    assert_eq!(with(&site, Method::DELETE, &first, json!({})).await.status, 412);
    let second = tag("/api/tasks/d").await;
    score(&other, &aino, "d", "up").await;
    assert_eq!(with(&site, Method::DELETE, &second, json!({})).await.status, 412);
    let third = tag("/api/tasks/d").await;
    let put = with(&site, Method::PUT, &third, json!({ "text": "four" })).await;
    assert_eq!((put.status, put.data()["text"].as_str()), (200, Some("four")));
    assert_eq!(with(&other, Method::DELETE, put.header("etag"), json!({})).await.status, 204);
    let weak = site.get(&aino, "/api/tasks/hero").await.header("etag").to_owned();
    let hero = site.ask(Method::PATCH, "/api/tasks/hero").bearer_auth(&aino.token).header("if-match", weak);
    assert_eq!(send(hero.json(&json!({}))).await.status, 412);
}

async fn what_is_sent_again_counts_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await;
    add(&site, &aino, "h", "habit").await;
    let value = async || site.get(&aino, "/api/tasks/h").await.data()["value"].clone();
    let sent = join_all((0..6).map(|index| {
        let site = if index % 2 == 0 { &site } else { &other };
        site.post(&aino, "/api/tasks/h/score?op_id=one", json!({ "direction": "up" }))
    }))
    .await;
    let results: Vec<Value> = sent.iter().map(|reply| reply.data()["result"].take()).collect();
    assert_eq!(results.iter().filter(|it| it["counted"] == true).count(), 1, "{results:?}");
    assert_eq!(results.iter().filter(|it| it["repeated"] == true && it["delta"] == 0.0).count(), 5);
    assert_eq!(value().await, 1.0);
    // By whichever door.
    let op = Op::Score { id: TaskId::parse("h").unwrap(), direction: Direction::Up, run: None };
    let known = |id: &str| vec![Submitted { op: op.clone(), id: OpId::parse(id) }];
    site.app.apply_habits(&aino.identity, known("one"), None).await.unwrap();
    site.app.apply_habits(&aino.identity, known("two"), None).await.unwrap();
    let several = json!({ "scores": [
        { "task": "h", "direction": "up", "op_id": "one" }, { "task": "h", "direction": "up", "op_id": "two" },
    ]});
    let results = other.post(&aino, "/api/tasks/score", several).await.data();
    assert!(results["results"].as_array().unwrap().iter().all(|it| it["repeated"] == true), "{results}");
    assert_eq!(value().await, 1.0 + 0.9747);
    // By the key of a POST: it is answered as it was.
    let keyed = async |site: &Site| {
        let request = site.ask(Method::POST, "/api/tasks/h/score").bearer_auth(&aino.token);
        send(request.header("idempotency-key", "k1").json(&json!({ "direction": "up" }))).await.data()
    };
    let (first, again) = (keyed(&site).await, keyed(&other).await);
    assert_eq!((&first, &first["result"]["counted"]), (&again, &json!(true)));
    // Other writes too: what comes late does not undo what came after it.
    patch(&site, &aino, "/api/tasks/h?op_id=a", json!({ "text": "first" })).await.data();
    patch(&site, &aino, "/api/tasks/h?op_id=b", json!({ "text": "second" })).await.data();
    let late = patch(&other, &aino, "/api/tasks/h?op_id=a", json!({ "text": "first" })).await.data();
    assert_eq!(late["text"], "second");
    let gone = ["/api/tasks/h?op_id=c", "/api/tasks/h?op_id=c", "/api/tasks/h?op_id=d"];
    assert_eq!(join_all(gone[..1].iter().map(|path| delete(&site, &aino, path))).await, [204]);
    assert_eq!((delete(&other, &aino, gone[1]).await, delete(&site, &aino, gone[2]).await), (204, 404));
}

async fn a_task_without_an_id_is_made_once_by_its_operation(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let (aino, bela) = (site.runner("Aino").await, site.runner("Bela").await);
    let new = json!({ "type": "todo", "text": "New shoes" });
    let made =
        join_all([&site, &other, &site, &other].map(|site| site.post(&aino, "/api/tasks?op_id=x", new.clone()))).await;
    assert!(made.iter().all(|it| it.status == 201 && it.data() == made[0].data()), "{made:?}");
    let item = json!({ "text": "Try them on" });
    let path = format!("{}/checklist?op_id=y", made[0].header("location"));
    let items = join_all([&site, &other].map(|site| site.post(&aino, &path, item.clone()))).await;
    assert_eq!(items[0].data(), items[1].data());
    let tags =
        join_all([&site, &other].map(|site| site.post(&aino, "/api/tasks/tags?op_id=z", json!({ "name": "at home" }))))
            .await;
    assert_eq!(tags[0].data(), tags[1].data());
    let board = picture(&site, &aino).await;
    let todos = site.get(&aino, "/api/tasks?type=todo").await.data();
    assert_eq!((todos.as_array().unwrap().len(), todos[0]["checklist"].as_array().unwrap().len()), (2, 1));
    assert_eq!(board["/api/tasks/tags"].as_array().unwrap().len(), 4);
    // What it has made may be gone when it comes once more.
    assert_eq!(delete(&other, &aino, made[0].header("location")).await, 204);
    assert_eq!(site.post(&aino, "/api/tasks?op_id=x", new.clone()).await.status, 409);
    assert_eq!(site.get(&aino, made[0].header("location")).await.status, 404);
    // Another user's operation of the same name is another.
    let theirs = site.post(&bela, "/api/tasks?op_id=x", new.clone()).await;
    assert_ne!(theirs.data()["id"], made[0].data()["id"]);
    // An id of one's own is one task's.
    let own = json!({ "id": "shoes", "type": "todo", "text": "New shoes" });
    assert_eq!(site.post(&aino, "/api/tasks", own.clone()).await.status, 201);
    assert_eq!(other.post(&aino, "/api/tasks", own).await.status, 409);
}

async fn several_scores_are_one_commit(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    for (id, kind) in [("h", "habit"), ("d", "daily"), ("t", "todo"), ("r", "reward")] {
        add(&site, &aino, id, kind).await;
    }
    patch(&site, &aino, "/api/tasks/r", json!({ "value": 500 })).await.data();
    let before = site.get(&aino, "/api/tasks/hero").await.data();
    let score = |task: &str, direction: &str| json!({ "task": task, "direction": direction });
    let sent = [
        score("h", "up"),
        score("d", "up"),
        score("d", "up"),
        score("none", "up"),
        score("r", "up"),
        score("t", "up"),
        score("h", "down"),
    ];
    let scored = site.post(&aino, "/api/tasks/score", json!({ "scores": sent })).await.data();
    let results = scored["results"].as_array().unwrap();
    let counted: Vec<bool> = results.iter().map(|it| it["counted"].as_bool().unwrap()).collect();
    assert_eq!(counted, [true, true, false, false, false, true, true]);
    let errors: Vec<&Value> = results.iter().map(|it| &it["error"]).filter(|it| !it.is_null()).collect();
    assert_eq!(errors, ["there is no such task", "Not enough GP"]);
    assert_eq!((&results[0]["delta"], &results[0]["by"]["exp"]), (&json!(1.0), &json!(7.5)));
    let by = &results[6]["by"];
    assert_eq!((&by["gp"], &by["exp"], &by["lvl"]), (&json!(0.0), &json!(0.0), &json!(0)));
    assert!((by["hp"].as_f64().unwrap() + 1.9).abs() < 1e-9, "{by}");
    let after = site.get(&aino, "/api/tasks/hero").await.data();
    assert_eq!(after["v"].as_u64().unwrap(), before["v"].as_u64().unwrap() + 1);
    assert_eq!((&after["stats"], &after["v"]), (&scored["stats"], &scored["v"]));
    let many: Vec<Value> = (0..1_001).map(|_| score("h", "up")).collect();
    let refused = site.post(&aino, "/api/tasks/score", json!({ "scores": many[1..] })).await;
    assert_eq!(refused.status, 200);
    let refused = site.post(&aino, "/api/tasks/score", json!({ "scores": many })).await;
    assert_eq!((refused.status, &refused.json()["error"]["field"]), (400, &json!("scores")));
    assert_eq!(
        site.get(&aino, "/api/tasks/hero").await.data()["v"].as_u64().unwrap(),
        after["v"].as_u64().unwrap() + 1
    );
}

async fn items_and_tags_of_two_devices_merge(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await;
    add(&site, &aino, "t", "todo").await;
    let list = "/api/tasks/t/checklist";
    let sent = (0..12).map(|index| {
        let site = if index % 2 == 0 { &site } else { &other };
        site.post(&aino, list, json!({ "id": format!("i{index}"), "text": "x" }))
    });
    assert!(join_all(sent).await.iter().all(|it| it.status == 201));
    assert_eq!(site.get(&aino, list).await.data().as_array().unwrap().len(), 12);
    let (tick, text) = (json!({ "completed": true }), json!({ "text": "y" }));
    let path = format!("{list}/i3");
    let both = join_all([patch(&site, &aino, &path, tick), patch(&other, &aino, &path, text)]).await;
    assert!(both.iter().all(|it| it.status == 200));
    let item = json!({ "id": "i3", "text": "y", "completed": true });
    assert_eq!(other.get(&aino, &path).await.data(), item);
    let moved = site.post(&aino, &format!("{path}/sort"), json!({ "to": 0 })).await.data();
    assert_eq!((&moved[0], moved.as_array().unwrap().len()), (&item, 12));
    let put = ask(&site, &aino, Method::PUT, &path, json!({ "text": "z" })).await.data();
    assert_eq!(put, json!({ "id": "i3", "text": "z", "completed": false }));
    assert_eq!((delete(&site, &aino, &path).await, delete(&site, &aino, &path).await), (204, 404));
    assert_eq!(site.post(&aino, list, json!({ "id": "i4", "text": "x" })).await.status, 409);
    let names = ["dawn", "noon", "dusk"];
    for name in names {
        let made = site.post(&aino, "/api/tasks/tags", json!({ "id": name, "name": name })).await;
        assert_eq!(made.header("location"), format!("/api/tasks/tags/{name}"));
    }
    let all = patch(&site, &aino, "/api/tasks/t", json!({ "tags": names })).await.data();
    assert_eq!(all["tags"].as_array().unwrap().len(), 3);
    let first = site.post(&aino, "/api/tasks/tags/dusk/sort", json!({ "to": 0 })).await.data();
    assert_eq!(first[0]["id"], "dusk");
    let renamed = ask(&site, &aino, Method::PUT, "/api/tasks/tags/dusk", json!({ "name": "night" })).await.data();
    assert_eq!(
        (&renamed, &site.get(&aino, "/api/tasks/tags/dusk").await.data()),
        (&json!({ "id": "dusk", "name": "night" }), &renamed)
    );
    assert_eq!(
        (delete(&other, &aino, "/api/tasks/tags/noon").await, delete(&site, &aino, "/api/tasks/tags/noon").await),
        (204, 404)
    );
    assert_eq!(site.get(&aino, "/api/tasks/t").await.data()["tags"], json!(["dawn", "dusk"]));
    assert_eq!(picture(&site, &aino).await, picture(&other, &aino).await);
}

async fn the_hero_buys_dies_and_comes_back(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let hero = "/api/tasks/hero";
    let buy = async |goods: &str| site.post(&aino, "/api/tasks/hero/buy", json!({ "goods": goods })).await;
    let poor = buy("weapon").await;
    assert_eq!((poor.status, &poor.json()["error"]["message"]), (409, &json!("Not enough GP.")));
    let rich = json!({ "stats": { "gp": 60, "hp": 30 }, "preferences": { "other": { "hair": "black" } } });
    let rich = patch(&site, &aino, hero, rich).await.data();
    assert_eq!((&rich["stats"]["gp"], &rich["preferences"]["other"]["hair"]), (&json!(60.0), &json!("black")));
    assert_eq!(buy("potion").await.data()["stats"], json!({ "gp": 35.0, "exp": 0.0, "lvl": 1, "hp": 45.0 }));
    let armed = buy("weapon").await.data();
    assert_eq!((&armed["gear"]["weapon"], &armed["stats"]["gp"]), (&json!(1), &json!(15.0)));
    assert_eq!(site.post(&aino, "/api/tasks/hero/revive", json!({})).await.status, 409);
    patch(&site, &aino, hero, json!({ "stats": { "hp": 0, "lvl": 3 } })).await.data();
    assert_eq!(buy("shield").await.status, 409);
    let revived = site.post(&aino, "/api/tasks/hero/revive", json!({})).await.data();
    assert_eq!(revived["stats"], json!({ "gp": 0.0, "exp": 0.0, "lvl": 2, "hp": 50.0 }));
    assert_eq!(revived["gear"]["weapon"], 0);
    assert_eq!(site.get(&aino, hero).await.data(), revived);
}

async fn a_board_is_its_users_alone(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, bela) = (site.runner("Aino").await, site.runner("Bela").await);
    add(&site, &aino, "h", "habit").await;
    site.post(&aino, "/api/tasks/tags", json!({ "id": "out", "name": "out" })).await.data();
    let before = picture(&site, &aino).await;
    for path in ["/api/tasks/h", "/api/tasks/h/history", "/api/tasks/h/checklist", "/api/tasks/tags/out"] {
        assert_eq!(site.get(&bela, path).await.status, 404, "{path}");
        assert_eq!(send(site.ask(Method::GET, path)).await.status, 401, "{path}");
    }
    assert_eq!(patch(&site, &bela, "/api/tasks/h", json!({ "text": "x" })).await.status, 404);
    assert_eq!(site.post(&bela, "/api/tasks/h/score", json!({ "direction": "up" })).await.status, 404);
    assert_eq!(
        (delete(&site, &bela, "/api/tasks/h").await, delete(&site, &bela, "/api/tasks/tags/out").await),
        (404, 404)
    );
    let (run, _) = site.run(&aino, runnity::domain::user::Visibility::Public).await;
    let link = site.post(&aino, "/api/share-links", json!({ "run": run.to_string() })).await.data();
    let by_link = site.ask(Method::GET, "/api/tasks").bearer_auth(link["secret"].as_str().unwrap());
    assert_eq!(send(by_link).await.status, 403);
    assert_eq!(picture(&site, &aino).await, before);
}

async fn another_device_hears_what_is_written_here(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    add(&site, &aino, "h", "habit").await;
    let (mut device, _) = site.connected(&aino).await;
    let scored = score(&site, &aino, "h", "up").await;
    let heard = device.push(&format!("#{}", aino.id)).await["pub"]["data"].clone();
    assert_eq!((&heard["type"], &heard["v"]), (&json!("habits"), &scored["v"]));
    assert_eq!(heard["changes"][0], json!({ "change": "task_changed", "id": "h", "now": { "value": 1.0 } }));
    patch(&site, &aino, "/api/tasks/hero", json!({ "preferences": { "day_start": 4 } })).await.data();
    let heard = device.push(&format!("#{}", aino.id)).await["pub"]["data"].clone();
    assert_eq!(heard["changes"], json!([{ "change": "user_set", "path": "preferences.dayStart", "value": 4 }]));
}
