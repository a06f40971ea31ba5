//! Several devices of one user: nothing is lost, nothing counts twice, and each hears whether others were there.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{add, ask, done, ids, score, set, sync, task, user};
use crate::support::{Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    a_batch_of_a_thousand_is_one_version,
    a_device_hears_whether_others_were_there,
    devices_on_two_instances_lose_nothing,
    an_operation_with_an_id_counts_once,
    a_device_on_the_socket_hears_what_was_done,
);

async fn a_batch_of_a_thousand_is_one_version(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let before = done(&site, &aino, add("h", "habit")).await;
    let ops = (0..1_000).map(|number| match number % 4 {
        0 => add(&format!("a{number}"), "todo"),
        1 => score(&format!("a{}", number - 1), "up"),
        2 => set("tasks.h.notes", number),
        _ => json!({}),
    });
    let ops: Vec<Value> = ops.collect();
    let after = done(&site, &aino, json!(ops)).await;
    assert_eq!(after["_v"].as_u64(), before["_v"].as_u64().map(|v| v + 1));
    assert_eq!(task(&after, "h").expect("it")["notes"], "998");
    let completed = after["todos"].as_array().expect("a list").iter().filter(|it| it["completed"] == true).count();
    assert_eq!(completed, 250);
    // What does nothing is no version.
    let same = done(&site, &aino, json!([{}, set("stats.hp", "x"), set("preferences.hair", "blond")])).await;
    assert_eq!(same["_v"], after["_v"]);
}

async fn knowing(site: &Site, aino: &Runner, version: &str, body: Value) -> Value {
    user(&send(ask(site, aino, &format!("?_v={version}")).json(&body)).await)
}

async fn a_device_hears_whether_others_were_there(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let first = done(&site, &aino, json!({})).await;
    let v = |user: &Value| user["_v"].to_string();
    let own = knowing(&site, &aino, &v(&first), add("h", "habit")).await;
    assert_eq!((&own["wasModified"], own["_v"].as_u64()), (&json!(false), Some(2)));
    done(&site, &aino, score("h", "up")).await;
    let told = knowing(&site, &aino, &v(&own), score("h", "up")).await;
    assert_eq!((&told["wasModified"], told["_v"].as_u64()), (&json!(true), Some(4)));
    assert_eq!(knowing(&site, &aino, &v(&told), json!({})).await["wasModified"], false);
    for strange in ["0", "99", "-4", "4.5", "four", "NaN", "18446744073709551616"] {
        assert_eq!(knowing(&site, &aino, strange, json!({})).await["wasModified"], true, "{strange}");
    }
    assert_eq!(knowing(&site, &aino, "", json!({})).await["wasModified"], false);
}

async fn devices_on_two_instances_lose_nothing(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await;
    done(&site, &aino, add("h", "habit")).await;
    let sent = (0..20).map(|number| {
        let at = if number % 2 == 0 { &site } else { &other };
        done(at, &aino, json!([add(&format!("t{number}"), "todo"), score("h", "up"), set("preferences.hair", number)]))
    });
    let replies = join_all(sent).await;
    let versions: Vec<Option<u64>> = replies.iter().map(|user| user["_v"].as_u64()).collect();
    for version in 2..=21 {
        assert!(versions.contains(&Some(version)), "{version} in {versions:?}");
    }
    let [one, two] = [done(&site, &aino, json!({})).await, done(&other, &aino, json!({})).await];
    assert_eq!(one, two);
    assert_eq!((one["_v"].as_u64(), ids(&one, "todos").len()), (Some(21), 21));
    assert_eq!(task(&one, "h").expect("it")["history"].as_array().map(Vec::len), Some(1));
    let fresh = site.another().await;
    assert_eq!(done(&fresh, &aino, json!({})).await, one);
}

async fn an_operation_with_an_id_counts_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await;
    done(&site, &aino, add("h", "habit")).await;
    let mut up = score("h", "up");
    up["id"] = json!("phone-1-0001");
    let sent = (0..8).map(|number| sync(if number % 2 == 0 { &site } else { &other }, &aino, json!([up, up])));
    join_all(sent).await;
    let user = done(&site, &aino, json!([up])).await;
    assert_eq!((&task(&user, "h").expect("it")["value"], &user["stats"]["gp"]), (&json!(1), &json!(1)));
}

async fn a_device_on_the_socket_hears_what_was_done(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    done(&site, &aino, add("h", "habit")).await;
    let (mut phone, _) = site.connected(&aino).await;
    let user = done(&site, &aino, score("h", "up")).await;
    let heard = phone.push(&format!("#{}", aino.id)).await["pub"]["data"].clone();
    assert_eq!((&heard["type"], &heard["v"]), (&json!("habits"), &user["_v"]));
    let stats = heard["changes"].as_array().expect("changes").iter().find(|it| it["change"] == "stats");
    assert_eq!(stats.expect("stats")["now"]["exp"], user["stats"]["exp"]);
}
