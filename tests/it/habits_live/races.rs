//! Nothing is lost and nothing counts twice: devices that race, that are cut off amid what they send, and instances that never
//! answer.

use std::collections::BTreeSet;

use futures::future::join_all;
use runnity::backend::AggregateId;
use runnity::domain::habit::Board;
use runnity::domain::habit::task::TaskKind;
use serde_json::{Value, json};

use super::model::{Heard, Picture};
use super::{add, apply, device, heard, score};
use crate::support::{Client, Runner, Site, StoreKind, on_each_store};

on_each_store!(
    an_operation_sent_ten_times_over_two_instances_counts_once,
    a_device_that_was_cut_off_sends_all_of_it_again,
    what_an_instance_never_answered_is_sent_to_another,
    other_news_keep_their_place_among_changes,
);

async fn board(site: &Site, runner: &Runner) -> Board {
    Board::clone(&site.app.apply_habits(&runner.identity, Vec::new(), None).await.unwrap().board)
}

fn with_id(mut op: Value, id: &str) -> Value {
    op["id"] = json!(id);
    op
}

async fn an_operation_sent_ten_times_over_two_instances_counts_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let runner = site.runner("Aino").await;
    let mut page = device(&site, &runner).await;
    apply(&mut page, json!([add("h", "habit")])).await;
    let mut phones = Vec::new();
    for index in 0..10 {
        phones.push(device(if index % 2 == 0 { &site } else { &other }, &runner).await);
    }
    let mut listener = device(&other, &runner).await;
    let sent = json!([with_id(score("h", "up"), "the one")]);
    let replies = join_all(phones.iter_mut().map(|phone| apply(phone, sent.clone()))).await;
    assert!(replies.iter().all(|reply| reply["v"] == 2 && reply["errors"] == json!([])), "{replies:?}");
    let counted = replies.iter().filter(|reply| reply["changes"] != json!([])).count();
    assert_eq!(counted, 1, "one of them has done it");
    assert_eq!(board(&site, &runner).await.hero.earned.habits_scored, 1);
    // And it was news once.
    apply(&mut page, json!([score("h", "up")])).await;
    assert_eq!(heard(&mut listener, &runner).await["v"], 2);
    assert_eq!(heard(&mut listener, &runner).await["v"], 3);
}

/// Sends batches one after the other, without waiting for what is said of them.
async fn send_all(phone: &mut Client, batches: &[Value]) {
    for (id, batch) in (100..).zip(batches) {
        let command = json!({ "id": id, "rpc": { "method": "habit.apply", "data": { "operations": batch } } });
        phone.send(command.to_string()).await;
    }
}

async fn a_device_that_was_cut_off_sends_all_of_it_again(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let runner = site.runner("Aino").await;
    let mut page = device(&other, &runner).await;
    apply(&mut page, json!([add("h", "habit"), add("p", "habit")])).await;
    let mut listener = device(&site, &runner).await;
    let mut picture = Picture::of(&board(&site, &runner).await);
    // Ten batches of a hundred: clicks, and to-dos that are made, ticked and put to the end.
    let batch = |number: usize| {
        let ops = (0..25).flat_map(|each| {
            let todo = format!("t{number}-{each}");
            let sort = json!({ "op": "sortTask", "task": { "type": "todo", "id": todo }, "from": 0, "to": 9_999 });
            [score("h", "up"), add(&todo, "todo"), score(&todo, "up"), sort]
        });
        let ops = ops.enumerate().map(|(each, op)| with_id(op, &format!("{number}/{each}")));
        Value::Array(ops.collect())
    };
    let batches: Vec<Value> = (0..10).map(batch).collect();
    // The first time it sends six of them, and its line breaks when three have been answered.
    let mut phone = device(&site, &runner).await;
    send_all(&mut phone, &batches[..6]).await;
    while phone.next().await["id"] != 102 {}
    drop(phone);
    // It comes back elsewhere and begins anew, while the page goes on with its own.
    let mut phone = device(&other, &runner).await;
    let own = async {
        for _ in 0..40 {
            let applied = apply(&mut page, json!([score("p", "up")])).await;
            assert_eq!(applied["errors"], json!([]));
        }
    };
    let again = async {
        send_all(&mut phone, &batches).await;
        let mut answered = BTreeSet::new();
        while answered.len() < 10 {
            let line = phone.next().await;
            let Some(id) = line["id"].as_u64() else { continue };
            assert_eq!(line["rpc"]["data"]["errors"], json!([]), "{line}");
            answered.insert(id);
        }
    };
    futures::join!(own, again);
    let after = board(&site, &runner).await;
    assert_eq!((after.hero.earned.habits_scored, after.hero.earned.todos_done), (250 + 40, 250));
    let todos: Vec<String> = after.tasks(TaskKind::Todo).map(|task| task.id.to_string()).collect();
    assert_eq!(todos.len(), 251);
    assert_eq!(todos.iter().collect::<BTreeSet<_>>().len(), 251);
    let fresh = site.another().await;
    assert_eq!(Picture::of(&board(&fresh, &runner).await), Picture::of(&after));
    // Whoever heard all of it has the same board.
    while picture.v() < after.hero.version {
        assert_eq!(picture.hear(&heard(&mut listener, &runner).await), Heard::Applied);
    }
    assert_eq!(picture, Picture::of(&after));
}

async fn what_an_instance_never_answered_is_sent_to_another(kind: StoreKind) {
    let (site, held) = Site::start_held(kind).await;
    let other = site.another().await;
    let runner = site.runner("Aino").await;
    let mut phone = device(&site, &runner).await;
    apply(&mut phone, json!([add("h", "habit")])).await;
    let batches: Vec<Value> = (0..5)
        .map(|number| {
            (0..20).map(|each| with_id(score("h", "up"), &format!("{number}/{each}"))).collect::<Vec<_>>().into()
        })
        .collect();
    // The first instance gets nothing stored any more, and then is gone for the phone.
    let user = AggregateId::new("user", &runner.id);
    held.hold_commits(move |commit| commit.aggregate == user);
    send_all(&mut phone, &batches).await;
    drop(phone);
    let mut phone = device(&other, &runner).await;
    for batch in &batches[..3] {
        assert_eq!(apply(&mut phone, batch.clone()).await["errors"], json!([]));
    }
    // It was not dead, only slow: what it was still about to do comes among the rest.
    held.let_commits_go();
    for batch in &batches {
        assert_eq!(apply(&mut phone, batch.clone()).await["errors"], json!([]));
    }
    let all: Vec<Value> = batches.iter().flat_map(|batch| batch.as_array().unwrap().clone()).collect();
    assert_eq!(apply(&mut phone, Value::Array(all)).await["changes"], json!([]));
    assert_eq!(board(&site, &runner).await.hero.earned.habits_scored, 100);
    assert_eq!(Picture::of(&board(&other, &runner).await), Picture::of(&board(&site, &runner).await));
}

async fn other_news_keep_their_place_among_changes(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (mut phone, mut page) = (device(&site, &runner).await, device(&site, &runner).await);
    for number in 0..6 {
        apply(&mut phone, json!([add(&format!("t{number}"), "todo")])).await;
        let (_, run) = site.run(&runner, runnity::domain::user::Visibility::Public).await;
        let run = runnity::domain::ids::RunId::parse(&run["run:".len()..]).unwrap();
        site.app.delete_run(&runner.identity, run, None).await.unwrap();
        apply(&mut phone, json!([score(&format!("t{number}"), "up")])).await;
    }
    let (mut last, mut versions, mut deleted) = (0, Vec::new(), 0);
    while versions.len() < 12 || deleted < 6 {
        let publication = page.push(&format!("#{}", runner.id)).await["pub"].clone();
        let offset = publication["offset"].as_u64().unwrap();
        assert!(last == 0 || offset == last + 1, "{last} {publication}");
        last = offset;
        versions.extend(publication["data"]["v"].as_u64());
        deleted += usize::from(publication["data"]["type"] == "run_deleted");
    }
    assert_eq!(versions, (1..=12).collect::<Vec<_>>());
}
