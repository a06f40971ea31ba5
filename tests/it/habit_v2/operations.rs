//! Every operation, and the numbers of the game as they come back.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{add, assert_error, done, ids, post, score, set, sync, task, user};
use crate::support::{Site, StoreKind, on_each_store, send};

on_each_store!(
    a_score_gives_the_originals_numbers,
    ticks_are_made_and_taken_back,
    a_task_is_put_in_front_and_sorted_as_splice_does,
    gold_buys_gear_potions_and_rewards,
    the_dead_revive,
    completed_todos_are_cleared_away,
    operations_are_applied_in_their_order,
    a_day_turns_with_the_next_request,
    the_later_revisions_batch_does_the_same,
    levels_unlock_and_drops_are_told,
);

/// A user's stats: gold, experience, level, health.
fn stats(user: &Value) -> (f64, f64, i64, f64) {
    let stats = &user["stats"];
    let number = |name: &str| stats[name].as_f64().expect("a number");
    (number("gp"), number("exp"), stats["lvl"].as_i64().expect("a level"), number("hp"))
}

async fn a_score_gives_the_originals_numbers(kind: StoreKind) {
    let site = Site::start(kind).await;
    // Value and priority, the value after a click up and after one down; then experience and gold, and health.
    for (value, priority, up, exp, gp, hp) in [
        (0.0, "!", 1.0, 7.5, 1.0, 48.0),
        (0.0, "!!", 1.0, 11.5, 1.5, 47.0),
        (0.0, "!!!", 1.0, 15.0, 2.0, 46.0),
        (-10.0, "!", -8.707_917, 9.5, 1.292_083, 47.4),
        (10.0, "!", 10.773_944, 6.0, 0.773_944, 48.5),
        (-47.27, "!", -43.912_087, 25.0, 3.357_913, 43.3),
        (21.27, "!", 21.849_81, 4.5, 0.579_81, 48.8),
    ] {
        let aino = site.runner(&format!("Aino {value} {priority}")).await;
        let new = |id: &str| json!({ "op": "addTask", "task": { "id": id, "type": "habit", "value": value, "priority": priority } });
        done(&site, &aino, json!([new("up"), new("down")])).await;
        let after =
            done(&site, &aino, json!({ "op": "score", "task": { "id": "up", "type": "habit" }, "dir": "up" })).await;
        let near = |one: f64, other: f64| (one - other).abs() < 0.000_002;
        let found = stats(&after);
        assert!(near(found.0, gp) && near(found.1, exp) && found.2 == 1 && near(found.3, 50.0), "{value}: {found:?}");
        assert!(near(task(&after, "up").expect("it")["value"].as_f64().expect("a number"), up), "{value}");
        let after = done(&site, &aino, score("down", "down")).await;
        assert_eq!(stats(&after).3, hp, "{value} {priority}");
        let at = site.clock.now().as_millis();
        let history = &task(&after, "up").expect("it")["history"];
        assert_eq!(history[0]["date"], at);
        assert_eq!(
            (&history[0]["value"], history.as_array().map(Vec::len)),
            (&task(&after, "up").expect("it")["value"], Some(1))
        );
    }
}

async fn ticks_are_made_and_taken_back(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    done(&site, &aino, json!([add("d", "daily"), add("t", "todo")])).await;
    let ticked = done(&site, &aino, json!([score("d", "up"), score("t", "up")])).await;
    let (daily, todo) = (task(&ticked, "d").expect("it"), task(&ticked, "t").expect("it"));
    assert_eq!((&daily["completed"], &daily["streak"], &daily["value"]), (&json!(true), &json!(1), &json!(1)));
    assert_eq!((&todo["completed"], &todo["dateCompleted"]), (&json!(true), &json!(site.clock.now().to_string())));
    assert_eq!(stats(&ticked), (2.0, 15.0, 1, 50.0));
    let undone = done(&site, &aino, json!([score("d", "down"), score("t", "down")])).await;
    let (daily, todo) = (task(&undone, "d").expect("it"), task(&undone, "t").expect("it"));
    assert_eq!((&daily["completed"], &daily["streak"]), (&json!(false), &json!(0)));
    assert_eq!((&todo["completed"], todo.get("dateCompleted")), (&json!(false), None));
    // What is not there, and a way that is none.
    let faults = sync(&site, &aino, json!([score("none", "up"), score("d", "left")])).await;
    assert_eq!(
        faults["errors"],
        json!([{ "index": 0, "message": "there is no such task" }, { "index": 1, "message": "`dir` cannot be this" }])
    );
    assert_eq!(task(&faults, "d"), task(&undone, "d"));
}

async fn a_task_is_put_in_front_and_sorted_as_splice_does(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let before =
        ids(&done(&site, &aino, json!([add("a", "reward"), add("b", "reward"), add("c", "reward")])).await, "rewards");
    assert_eq!(before[..3], ["c", "b", "a"]);
    let mut expected = before;
    for (from, to) in [(0, 2), (4, 0), (-1, 1), (1, -1), (0, 99), (99, 0), (3, 3), (-99, 4)] {
        let op = json!({ "op": "sortTask", "task": { "type": "reward" }, "from": from, "to": to });
        let sorted = ids(&done(&site, &aino, op).await, "rewards");
        // `a.splice(to, 0, a.splice(from, 1)[0])`, but that nothing comes from nowhere.
        let at = |index: i64, len: usize| match usize::try_from(index) {
            Ok(index) => index.min(len),
            Err(_) => len.saturating_sub(usize::try_from(-index).expect("small")),
        };
        let from = at(from, expected.len());
        if from < expected.len() {
            let id = expected.remove(from);
            expected.insert(at(to, expected.len()), id);
        }
        assert_eq!(sorted, expected, "{from} {to}");
    }
    // By the task itself, wherever it is meanwhile.
    let op = json!({ "op": "sortTask", "task": { "type": "reward", "id": "a" }, "from": 4, "to": 0 });
    assert_eq!(ids(&done(&site, &aino, op).await, "rewards")[0], "a");
}

async fn gold_buys_gear_potions_and_rewards(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let reward = json!({ "op": "addTask", "task": { "id": "cake", "type": "reward", "value": 10 } });
    done(&site, &aino, json!([reward, set("stats.gp", 76), set("stats.hp", 20)])).await;
    let buy = |what: &str| json!({ "op": "buy", "type": what });
    let bought = done(&site, &aino, json!([buy("weapon"), buy("potion"), score("cake", "down")])).await;
    assert_eq!(stats(&bought), (21.0, 0.0, 1, 35.0));
    assert_eq!(bought["items"]["weapon"], 1);
    let poor = sync(&site, &aino, json!([buy("potion"), buy("cake"), buy("armor")])).await;
    assert_eq!(
        poor["errors"],
        json!([
            { "index": 0, "message": "Not enough GP" },
            { "index": 1, "message": "`type` cannot be this" },
            { "index": 2, "message": "Not enough GP" },
        ])
    );
    assert_eq!(stats(&poor), (21.0, 0.0, 1, 35.0));
    // A reward that costs more than there is, is refused.
    let dear = json!({ "op": "addTask", "task": { "id": "car", "type": "reward", "value": 1000 } });
    let dear = sync(&site, &aino, json!([dear, score("car", "down")])).await;
    assert_eq!((stats(&dear).0, dear["errors"][0]["index"].as_u64()), (21.0, Some(1)));
}

async fn the_dead_revive(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let before = [add("h", "habit"), set("stats.hp", 1), set("stats.lvl", 3), set("stats.gp", 9), set("items.head", 2)];
    done(&site, &aino, json!(before)).await;
    let died = done(&site, &aino, score("h", "down")).await;
    assert_eq!(stats(&died), (9.0, 0.0, 3, 0.0));
    let dead = sync(&site, &aino, json!([score("h", "up"), { "op": "buy", "type": "potion" }])).await;
    assert_eq!(stats(&dead), (9.0, 0.0, 3, 0.0));
    let revived = done(&site, &aino, json!({ "op": "revive" })).await;
    assert_eq!(stats(&revived), (0.0, 0.0, 2, 50.0));
    assert_eq!(revived["items"]["head"], 0);
    let again = sync(&site, &aino, json!({ "op": "revive" })).await;
    assert_eq!(again["errors"], json!([{ "index": 0, "message": "the user is alive" }]));
}

async fn completed_todos_are_cleared_away(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    done(
        &site,
        &aino,
        json!([add("a", "todo"), add("b", "todo"), add("d", "daily"), score("a", "up"), score("d", "up")]),
    )
    .await;
    let cleared = done(&site, &aino, json!({ "op": "clear-completed" })).await;
    assert!(task(&cleared, "a").is_none() && task(&cleared, "b").is_some() && task(&cleared, "d").is_some());
}

async fn operations_are_applied_in_their_order(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let text = |text: &str| set("tasks.x.text", text);
    let del = json!({ "op": "delTask", "task": { "type": "todo", "id": "x" } });
    let user = done(&site, &aino, json!([text("no"), add("x", "todo"), text("one"), {}, text("two")])).await;
    assert_eq!(task(&user, "x").expect("it")["text"], "two");
    let user = done(&site, &aino, json!([text("three"), del, text("four"), add("x", "daily"), text("five")])).await;
    let it = task(&user, "x").expect("it");
    assert_eq!((&it["text"], &it["type"]), (&json!("five"), &json!("daily")));
    // One that fails does not keep the others back.
    let user = sync(&site, &aino, json!([text("six"), add("x", "habit"), { "op": "tea" }, text("seven")])).await;
    assert_eq!(task(&user, "x").expect("it")["text"], "seven");
    assert_eq!(
        user["errors"],
        json!([
            { "index": 1, "message": "there is a task with this id already" },
            { "index": 2, "message": "there is no such operation" },
        ])
    );
}

async fn a_day_turns_with_the_next_request(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let first =
        done(&site, &aino, json!([add("t", "todo"), add("d", "daily"), add("done", "daily"), score("done", "up")]))
            .await;
    site.advance(Duration::from_secs(3 * 24 * 60 * 60)).await;
    let reply = post(&site, &aino, &json!({})).await;
    // To the last digit, of which a parser may lose one.
    let text = String::from_utf8_lossy(&reply.body);
    assert_eq!(text.matches(r#""value":-3.079244230667636,"#).count(), 3, "{text}");
    let turned = user(&reply);
    let (todo, daily) = (task(&turned, "t").expect("it"), task(&turned, "d").expect("it"));
    assert_eq!(todo["value"], daily["value"]);
    let finished = task(&turned, "done").expect("it");
    assert_eq!(
        (&finished["completed"], &finished["streak"], &finished["value"]),
        (&json!(false), &json!(1), &json!(1))
    );
    assert!(stats(&turned).3 < stats(&first).3);
    assert_eq!(turned["_v"].as_u64(), first["_v"].as_u64().map(|v| v + 1));
    assert_eq!(turned["lastCron"], site.clock.now().as_millis());
    for history in [&daily["history"], &turned["history"]["exp"], &turned["history"]["todos"]] {
        assert_eq!(history.as_array().map(Vec::len), Some(1), "{history}");
        assert_eq!(history[0]["date"], site.clock.now().as_millis());
    }
    assert_eq!(done(&site, &aino, json!({})).await, turned);
    // At the inn nothing is lost.
    done(&site, &aino, set("flags.rest", true)).await;
    site.advance(Duration::from_secs(2 * 24 * 60 * 60)).await;
    let rested = done(&site, &aino, json!({})).await;
    assert_eq!((stats(&rested), &task(&rested, "t").expect("it")["value"]), (stats(&turned), &todo["value"]));
}

async fn levels_unlock_and_drops_are_told(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    done(&site, &aino, json!([add("h", "habit"), set("stats.exp", 149)])).await;
    let levelled = done(&site, &aino, score("h", "up")).await;
    assert_eq!(stats(&levelled), (1.0, 6.5, 2, 50.0));
    assert_eq!((&levelled["flags"]["itemsEnabled"], &levelled["flags"]["partyEnabled"]), (&json!(true), &json!(false)));
    // Somebody who has reached level 4 finds something sooner or later, and no more than twice a day.
    done(&site, &aino, set("stats.lvl", 4)).await;
    let mut found = 0;
    for _ in 0..400 {
        let user = done(&site, &aino, score("h", "up")).await;
        let Some(drop) = user.get("_tmp").map(|it| &it["drop"]) else { continue };
        found += 1;
        let items = &user["items"];
        let names = if drop["type"] == "Egg" { items["eggs"].clone() } else { items["hatchingPotions"].clone() };
        let named = if drop["type"] == "Egg" { drop.clone() } else { drop["name"].clone() };
        assert!(names.as_array().expect("a list").contains(&named), "{drop} in {items}");
        assert_eq!(items["lastDrop"], json!({ "date": site.clock.now().as_millis(), "count": found }));
        if found == 2 {
            break;
        }
    }
    assert_eq!(found, 2);
}

async fn the_later_revisions_batch_does_the_same(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let first = done(&site, &aino, json!([add("a", "habit"), add("b", "habit")])).await;
    let batch = |query: &str, body: Value| {
        let ask = site.ask(Method::POST, &format!("/api/v2/user/batch-update{query}"));
        send(ask.header("x-api-user", &aino.id).header("x-api-key", &aino.token).json(&body))
    };
    let ops = json!([
        { "op": "score", "params": { "id": "a", "direction": "up" }, "id": "once" },
        { "op": "updateTask", "params": { "id": "a" }, "body": { "notes": "x", "id": "c" } },
        { "op": "sortTask", "params": { "id": "a" }, "query": { "from": 1, "to": 0 } },
        { "op": "update", "body": { "preferences.hair": "black", "balance": 7 } },
        { "op": "deleteTask", "params": { "id": "b" } },
        { "op": "tea", "params": {} },
    ]);
    let v = first["_v"].as_u64().expect("a version");
    for was_modified in [false, true] {
        let user = user(&batch(&format!("?_v={v}"), ops.clone()).await);
        assert_eq!(user["wasModified"], was_modified);
        let it = task(&user, "a").expect("it");
        assert_eq!((&it["value"], &it["notes"], ids(&user, "habits")[0].as_str()), (&json!(1), &json!("x"), "a"));
        assert_eq!((&user["preferences"]["hair"], task(&user, "b")), (&json!("black"), None));
        let faults: Vec<u64> =
            user["errors"].as_array().expect("errors").iter().filter_map(|it| it["index"].as_u64()).collect();
        assert_eq!(faults, [1, 3, 5], "{}", user["errors"]);
    }
    assert_error(&batch("", json!(7)).await, 400, "The body is to be an operation, or an array of operations.");
    let nobody = send(site.ask(Method::POST, "/api/v2/user/batch-update").json(&json!({}))).await;
    assert_error(&nobody, 401, "You must include a token and uid (user id) in your request");
}
