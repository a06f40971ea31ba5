//! `habit.apply` on every way in: what is answered, what is heard, and what is refused.

use std::sync::Arc;

use futures::{SinkExt as _, StreamExt as _};
use prost::Message as _;
use reqwest::{Method, RequestBuilder, Url};
use runnity::domain::habit::Board;
use runnity::domain::habit::task::TaskId;
use runnity::domain::user::Visibility;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::model::Picture;
use super::{add, apply, device, heard, score};
use crate::support::{Client, Runner, Site, StoreKind, Streamed, on_each_store, send, signed, within};

on_each_store!(
    the_reply_and_the_news_say_the_same,
    any_form_of_a_batch_is_taken,
    a_batch_of_several_commits_says_from_where_it_leads,
    commands_of_one_frame_are_carried_out_in_their_order,
    who_may_not_or_talks_nonsense_changes_nothing,
    what_is_too_much_for_a_reply_is_said_to_be_there,
    habits_are_scored_on_every_way_in,
    protobuf_carries_the_same,
    a_board_is_read_whole_at_one_version,
);

async fn board(site: &Site, runner: &Runner) -> Arc<Board> {
    site.app.apply_habits(&runner.identity, Vec::new(), None).await.unwrap().board
}

/// Sends a batch → the reply, and what the sender hears of it on its own channel; whichever comes first.
async fn both(client: &mut Client, data: Value) -> (Value, Value) {
    client.send(json!({ "id": 1_000, "rpc": { "method": "habit.apply", "data": data } }).to_string()).await;
    let (mut reply, mut change) = (Value::Null, Value::Null);
    while reply.is_null() || change.is_null() {
        let line = client.next().await;
        if line["id"] == 1_000 {
            reply = line["rpc"]["data"].clone();
        } else if line["push"]["pub"]["data"]["type"] == "habits" {
            change = line["push"]["pub"]["data"].clone();
        }
    }
    (reply, change)
}

async fn the_reply_and_the_news_say_the_same(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let runner = site.runner("Aino").await;
    let (mut phone, mut page) = (device(&site, &runner).await, device(&other, &runner).await);
    let begun = apply(&mut phone, json!({})).await;
    assert_eq!(begun, json!({ "v": 1, "changes": [], "errors": [], "was_modified": false }));
    let operations = json!([add("h", "habit"), score("h", "up"), score("none", "up"), { "op": "tea" }]);
    let (applied, echo) = both(&mut phone, json!({ "operations": operations, "v": 1 })).await;
    assert_eq!((&applied["v"], &applied["from"], &applied["was_modified"]), (&json!(2), &json!(1), &json!(false)));
    let names: Vec<&str> =
        applied["changes"].as_array().unwrap().iter().filter_map(|it| it["change"].as_str()).collect();
    assert_eq!(names, ["task_added", "task_changed", "stats"]);
    let errors = json!([
        { "index": 2, "message": "there is no such task" },
        { "index": 3, "message": "there is no such operation" }
    ]);
    assert_eq!(applied["errors"], errors);
    let news = heard(&mut page, &runner).await;
    assert_eq!((&news, &news["v"], &news["changes"]), (&echo, &applied["v"], &applied["changes"]));
    // Who has not seen it is told that there was something.
    let (late, _) = both(&mut page, json!({ "operations": [score("h", "up")], "v": 1 })).await;
    assert_eq!((&late["v"], &late["from"], &late["was_modified"]), (&json!(3), &json!(2), &json!(true)));
    let news = heard(&mut phone, &runner).await;
    assert_eq!((&news["v"], &news["changes"]), (&late["v"], &late["changes"]));
    // What does nothing is no news: the next that is heard is of the next version.
    let nothing = apply(&mut phone, json!([{ "op": "set", "path": "no.where", "value": 1 }])).await;
    assert_eq!(
        (&nothing["v"], &nothing["from"]),
        (&json!(3), &Value::Null),
        "whoever has not heard of it keeps waiting"
    );
    apply(&mut phone, json!([score("h", "down")])).await;
    assert_eq!(heard(&mut page, &runner).await["v"], 4);
}

async fn any_form_of_a_batch_is_taken(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let mut phone = device(&site, &runner).await;
    let v = async |phone: &mut Client, data| apply(phone, data).await["v"].clone();
    assert_eq!(v(&mut phone, add("a", "habit")).await, 1, "one operation alone");
    assert_eq!(v(&mut phone, json!([add("b", "habit"), {}, score("b", "up")])).await, 2, "an array");
    assert_eq!(v(&mut phone, json!({ "operations": score("a", "up"), "v": 2 })).await, 3);
    assert_eq!(v(&mut phone, json!({ "operations": null, "v": null })).await, 3);
    assert_eq!(v(&mut phone, json!([])).await, 3);
    // What comes again by its id does nothing, and says where the board stands.
    let again = json!({ "op": "score", "task": { "id": "a" }, "dir": "up", "id": "one" });
    assert_eq!(v(&mut phone, again.clone()).await, 4);
    let nothing = json!({ "v": 4, "changes": [], "errors": [], "was_modified": false });
    assert_eq!(apply(&mut phone, json!({ "operations": [again], "v": 4 })).await, nothing);
}

async fn a_batch_of_several_commits_says_from_where_it_leads(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let mut phone = device(&site, &runner).await;
    // A thousand go in the first commit, and the score in the second.
    let batch = |id: &str| {
        let nothing = std::iter::repeat_n(json!({ "op": "revive" }), 999);
        Value::Array([add(id, "habit")].into_iter().chain(nothing).chain([score(id, "up")]).collect())
    };
    let new = apply(&mut phone, batch("a")).await;
    // The board itself is new: there is none that its changes lead on from.
    assert_eq!((&new["v"], &new["from"]), (&json!(2), &Value::Null));
    let next = apply(&mut phone, batch("b")).await;
    assert_eq!((&next["v"], &next["from"]), (&json!(4), &json!(2)));
}

async fn commands_of_one_frame_are_carried_out_in_their_order(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let mut phone = device(&site, &runner).await;
    apply(&mut phone, json!([add("t", "todo")])).await;
    let texts = (0..40).map(|number| {
        let set = json!({ "op": "set", "path": "tasks.t.text", "value": format!("text {number}") });
        json!({ "id": 100 + number, "rpc": { "method": "habit.apply", "data": set } }).to_string()
    });
    let lines: Vec<String> = texts.collect();
    phone.send(lines.join("\n")).await;
    let (mut replies, mut news) = (Vec::new(), Vec::new());
    while replies.len() < 40 || news.len() < 41 {
        let line = phone.next().await;
        match line["id"].as_u64() {
            Some(id) => replies.push((id, line["rpc"]["data"]["v"].as_u64().unwrap())),
            None => news.extend(line["push"]["pub"]["data"]["v"].as_u64()),
        }
        // That of the task itself may have come before its reply.
        if news.first() == Some(&2) {
            news.insert(0, 1);
        }
    }
    assert_eq!(replies, (0..40).map(|number| (100 + number, 2 + number)).collect::<Vec<_>>());
    assert_eq!(news, (1..=41).collect::<Vec<u64>>());
    assert_eq!(board(&site, &runner).await.task(&TaskId::parse("t").unwrap()).unwrap().text, "text 39");
}

async fn who_may_not_or_talks_nonsense_changes_nothing(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let mut phone = device(&site, &runner).await;
    apply(&mut phone, json!([add("h", "habit")])).await;
    let call = |data: Value| json!({ "method": "habit.apply", "data": data });
    let mut spectator = site.spectator().await;
    assert_eq!(spectator.error("rpc", call(json!([score("h", "up")]))).await, 103);
    assert_eq!(spectator.error("rpc", call(json!(7))).await, 103);
    // Somebody of whom the operator knows, and whoever has a link to one of the runner's runs.
    let (_, run) = site.run(&runner, Visibility::Public).await;
    let link = site.post(&runner, "/api/share-links", json!({ "run": &run["run:".len()..] })).await.data();
    for token in [signed(&json!({ "sub": "43" })), link["secret"].as_str().unwrap().to_owned()] {
        let mut guest = site.socket().await;
        let reply = guest.ask("connect", json!({ "token": token })).await;
        assert!(reply["connect"].is_object(), "{reply}");
        assert_eq!(guest.error("rpc", call(json!([score("h", "up")]))).await, 103);
    }
    for method in ["habit.Apply", "habit", "", "habit.apply ", "x", run.as_str()] {
        let body = json!({ "method": method, "data": [score("h", "up")] });
        assert_eq!(phone.error("rpc", body).await, 108, "{method}");
    }
    let long = vec![json!({}); 10_001];
    for (data, words) in [
        (json!(7), "operations: is to be an operation, or an array of operations"),
        (json!("revive"), "operations: "),
        (json!({ "operations": "revive" }), "operations: "),
        (json!({ "operation": [score("h", "up")] }), "data: has members besides"),
        (json!({ "operations": [score("h", "up")], "v": -1 }), "v: must be a whole number"),
        (json!({ "operations": [score("h", "up")], "v": "1" }), "v: must be a whole number"),
        (json!({ "operations": long }), "operations: has more than 10000"),
        (Value::Null, "operations: "),
    ] {
        let reply = phone.ask("rpc", call(data)).await;
        let message = reply["error"]["message"].as_str().unwrap_or_default();
        assert!(reply["error"]["code"] == 107 && message.starts_with(words), "{reply}");
    }
    let nothing = phone.ask("rpc", json!({ "method": "habit.apply" })).await;
    assert_eq!(nothing["error"], json!({ "code": 107, "message": "data: is missing" }));
    let deep = format!("{}{}", "[".repeat(20), "]".repeat(20));
    phone.send(format!(r#"{{"id":900,"rpc":{{"method":"habit.apply","data":[{deep}]}}}}"#)).await;
    let told = phone.reply(900).await;
    let errors = json!([{ "index": 0, "message": "is to be an object" }]);
    assert_eq!(told["rpc"]["data"]["errors"], errors, "{told}");
    let after = apply(&mut phone, json!({ "v": 1 })).await;
    assert_eq!(after, json!({ "v": 1, "changes": [], "errors": [], "was_modified": false }));
    // With the account gone, nothing is made of what is still on its way.
    site.app.delete_account(&runner.identity, None, None).await.unwrap();
    phone.send(json!({ "id": 901, "rpc": call(json!([score("h", "up")])) }).to_string()).await;
    assert_eq!(phone.closed().await, 3500);
}

async fn what_is_too_much_for_a_reply_is_said_to_be_there(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (mut phone, mut page) = (device(&site, &runner).await, device(&site, &runner).await);
    for number in 0..20 {
        let task = json!({ "id": format!("t{number}"), "type": "todo", "notes": "x".repeat(30_000), "text": "" });
        apply(&mut phone, json!({ "op": "addTask", "task": task })).await;
    }
    assert!(heard(&mut page, &runner).await["changes"][0]["task"]["notes"].as_str().unwrap().len() == 30_000);
    let short = (0..20).map(|number| json!({ "op": "score", "task": { "id": format!("t{number}") }, "dir": "up" }));
    let applied = apply(&mut phone, Value::Array(short.collect())).await;
    assert!(applied["reload"].is_null() && applied["changes"].as_array().unwrap().len() > 20, "{applied}");
    // Twenty tasks are others, each in what else clients have put there: more than anybody wants to hear of again.
    for number in 0..20 {
        let task = json!({ "id": format!("o{number}"), "type": "todo", "text": "", "x": ["y".repeat(20_000), 1] });
        apply(&mut phone, json!({ "op": "addTask", "task": task })).await;
    }
    let long = (0..20).map(|number| json!({ "op": "set", "path": format!("tasks.o{number}.x.1"), "value": 2 }));
    let applied = apply(&mut phone, Value::Array(long.collect())).await;
    let expected = json!({ "v": 42, "from": 41, "changes": [], "errors": [], "was_modified": false, "reload": true });
    assert_eq!(applied, expected);
    let last = loop {
        let change = heard(&mut page, &runner).await;
        if change["v"] == 42 {
            break change;
        }
    };
    assert_eq!((&last["reload"], &last["changes"]), (&json!(true), &json!([])));
}

/// A client who hears in the body of an answer, as this user.
async fn streamed(request: RequestBuilder) -> Streamed {
    let mut client = Streamed::at(request).await;
    let reply = client.next().await;
    let text = |name: &str| reply["connect"][name].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned();
    (client.session, client.node) = (text("session"), text("node"));
    client
}

async fn habits_are_scored_on_every_way_in(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let runner = site.runner("Aino").await;
    let mut phone = device(&site, &runner).await;
    apply(&mut phone, json!([add("h", "habit")])).await;
    let hello = json!({ "id": 1, "connect": { "token": runner.token } }).to_string();
    let query = Url::parse_with_params("http://x", [("cf_connect", &hello)]).unwrap();
    let events = site.ask(Method::GET, &format!("/connection/sse?{}", query.query().unwrap()));
    let lines = site.ask(Method::POST, "/connection/http_stream").body(hello);
    let mut v = 1;
    for request in [lines, events] {
        let mut client = streamed(request).await;
        // What is posted to another instance is carried out here.
        for posted_to in [&site, &other] {
            let call = json!({ "method": "habit.apply", "data": { "operations": [score("h", "up")], "v": v } });
            let reply = client.ask(posted_to, "rpc", call).await;
            v += 1;
            assert_eq!((&reply["rpc"]["data"]["v"], &reply["rpc"]["data"]["was_modified"]), (&json!(v), &json!(false)));
        }
    }
    assert_eq!(board(&site, &runner).await.hero.earned.habits_scored, 4);
}

#[derive(Clone, PartialEq, prost::Message)]
struct Command {
    #[prost(uint32, tag = "1")]
    id: u32,
    #[prost(message, optional, tag = "4")]
    connect: Option<Connect>,
    #[prost(message, optional, tag = "13")]
    rpc: Option<Rpc>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Connect {
    #[prost(string, tag = "1")]
    token: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Rpc {
    #[prost(bytes = "vec", tag = "1")]
    data: Vec<u8>,
    #[prost(string, tag = "2")]
    method: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Reply {
    #[prost(uint32, tag = "1")]
    id: u32,
    #[prost(message, optional, tag = "2")]
    error: Option<Code>,
    #[prost(message, optional, tag = "4")]
    push: Option<Push>,
    #[prost(message, optional, tag = "13")]
    rpc: Option<Rpc>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Code {
    #[prost(uint32, tag = "1")]
    code: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Push {
    #[prost(string, tag = "2")]
    channel: String,
    #[prost(message, optional, tag = "4")]
    publication: Option<Publication>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Publication {
    #[prost(bytes = "vec", tag = "4")]
    data: Vec<u8>,
}

async fn protobuf_carries_the_same(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let mut page = device(&site, &runner).await;
    let stream = tokio::net::TcpStream::connect(&site.host).await.unwrap();
    let url = format!("ws://{}/connection/websocket", &site.host);
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", "centrifuge-protobuf".parse().unwrap());
    let (mut phone, _) = within(tokio_tungstenite::client_async(request, stream)).await.unwrap();
    let call = |id, data: &[u8]| Command {
        id,
        rpc: Some(Rpc { data: data.to_vec(), method: "habit.apply".to_owned() }),
        connect: None,
    };
    let connect = Command { id: 1, connect: Some(Connect { token: runner.token.clone() }), rpc: None };
    let batch = json!({ "operations": [add("h", "habit"), score("h", "up")] }).to_string();
    let deep = "[".repeat(10_000);
    let bad = [&b""[..], b"{\"operations\":", b"\xff", deep.as_bytes()];
    let bad = (3..).zip(bad).map(|(id, data)| call(id, data));
    let commands: Vec<Command> = [connect, call(2, batch.as_bytes())].into_iter().chain(bad).collect();
    let frame: Vec<u8> = commands.iter().flat_map(Command::encode_length_delimited_to_vec).collect();
    phone.send(Message::binary(frame)).await.unwrap();
    let (mut replies, mut news) = (Vec::new(), None);
    while replies.len() < 6 || news.is_none() {
        let mut frame = within(phone.next()).await.unwrap().unwrap().into_data();
        while !frame.is_empty() {
            let reply = Reply::decode_length_delimited(&mut frame).unwrap();
            match reply.push.and_then(|push| push.publication) {
                Some(publication) => news = Some(publication.data),
                None if reply.id > 0 => replies.push((reply.id, reply.error.map(|it| it.code), reply.rpc)),
                None => {}
            }
        }
    }
    let codes: Vec<_> = replies.iter().map(|(id, code, _)| (*id, *code)).collect();
    assert_eq!(codes, [(1, None), (2, None), (3, Some(107)), (4, Some(107)), (5, Some(107)), (6, Some(107))]);
    let applied: Value = serde_json::from_slice(&replies[1].2.as_ref().unwrap().data).unwrap();
    let news: Value = serde_json::from_slice(&news.unwrap()).unwrap();
    assert_eq!((&applied["v"], &applied["changes"]), (&news["v"], &news["changes"]));
    assert_eq!(heard(&mut page, &runner).await, news);
}

async fn a_board_is_read_whole_at_one_version(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let runner = site.runner("Aino").await;
    let mut phone = device(&site, &runner).await;
    let set = json!({ "op": "set", "path": "items.currentPet", "value": "Wolf-Base" });
    let applied = apply(&mut phone, json!([add("h", "habit"), score("h", "up"), set])).await;
    let reply = other.get(&runner, "/api/tasks/board").await;
    assert_eq!((reply.status, &reply.data()["v"]), (200, &applied["v"]));
    assert_eq!(Picture(reply.data()), Picture::of(&*board(&site, &runner).await));
    assert_eq!(reply.data()["user"]["items"]["currentPet"], "Wolf-Base");
    assert_eq!(send(site.ask(Method::GET, "/api/tasks/board")).await.status, 401);
    assert_eq!(other.get(&runner, "/api/tasks/board/x").await.status, 404);
    assert_eq!(other.get(&runner, "/api/tasks/board?x=1").await.status, 400);
}
