//! Where a WebSocket cannot go: answers that do not end, and commands that are posted beside them.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use runnity::backend::{AggregateId, Append, Commit, Heard, Keep};
use serde_json::{Value, json};

use crate::support::{Site, StoreKind, Streamed, on_each_store, send, signed, until, within};

on_each_store!(
    a_streamed_client_can_do_what_a_socket_can,
    protobuf_is_streamed_too,
    commands_may_be_posted_to_another_instance,
    what_is_posted_for_nobody_is_not_found,
    nobody_is_written_to_who_is_not_there,
    who_does_not_answer_pings_is_sent_away,
    a_good_bye_is_heard_before_the_end,
    who_goes_away_has_left,
    who_does_not_read_is_told_to_come_back,
    requests_that_cannot_be_answered_say_why,
);

fn disconnect(message: &Value) -> &Value {
    &message["push"]["disconnect"]["code"]
}

async fn a_streamed_client_can_do_what_a_socket_can(kind: StoreKind) {
    let site = Site::start(kind).await;
    for mut client in [Streamed::lines(&site).await, Streamed::events(&site).await] {
        let state = client.ask(&site, "subscribe", json!({ "channel": "open" })).await;
        assert!(state["subscribe"]["epoch"].is_string(), "{state}");
        let mut speaker = site.spectator().await;
        speaker.say_in("open", &json!({ "text": "two\nlines" })).await;
        assert_eq!(client.publication("open").await["data"], json!({ "text": "two\nlines" }));
        let published = client.ask(&site, "publish", json!({ "channel": "open", "data": [1] })).await;
        assert!(published["publish"].is_object(), "{published}");
        let presence = client.ask(&site, "presence_stats", json!({ "channel": "open" })).await;
        assert_eq!(presence["presence_stats"]["num_clients"], 2, "{presence}");
        // Several commands in one go, and an error that does not end it.
        let two = [
            json!({ "id": 90, "rpc": { "method": "none" } }),
            json!({ "id": 91, "unsubscribe": { "channel": "open" } }),
        ];
        client.post(&site, format!("{}\n{}", two[0], two[1])).await;
        let (mut error, mut left) = (Value::Null, Value::Null);
        while left.is_null() {
            match client.next().await {
                message if message["id"] == 90 => error = message["error"]["code"].clone(),
                message if message["id"] == 91 => left = message,
                _ => {}
            }
        }
        assert_eq!(error, 108);
    }
}

/// A message with its length before it.
fn measured(message: &[u8]) -> Vec<u8> {
    [&[u8::try_from(message.len()).unwrap()], message].concat()
}

async fn protobuf_is_streamed_too(kind: StoreKind) {
    let site = Site::start(kind).await;
    let binary = |path: &str, body: Vec<u8>| {
        site.ask(Method::POST, path).header("content-type", "application/octet-stream").body(body)
    };
    // id 1, connect with a name
    let connect = measured(&[0x08, 1, 0x22, 3, 0x22, 1, b'x']);
    let mut response = within(binary("/connection/http_stream", connect).send()).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    let mut read = Vec::new();
    // Its length in two bytes, id 1, connect.
    while read.len() < 2 || read.len() < 2 + (usize::from(read[0] & 0x7F) | usize::from(read[1]) << 7) {
        read.extend_from_slice(&within(response.chunk()).await.unwrap().expect("more"));
    }
    assert_eq!(&read[2..5], [0x08, 1, 0x2A]);
    // The texts of session (9) and node (10) stand last, of 36 characters each.
    let (session, node) = (&read[read.len() - 74..read.len() - 38], &read[read.len() - 36..]);
    let subscribe = measured(&[&[0x08, 2, 0x2A, 6, 0x0A, 4][..], b"open"].concat());
    let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2][..], &measured(bytes)].concat();
    let posted = [field(1, node), field(2, session), field(3, &subscribe)].concat();
    let posted = send(binary("/emulation", posted)).await;
    assert_eq!(posted.status, StatusCode::NO_CONTENT);
    let reply = within(response.chunk()).await.unwrap().expect("more");
    assert_eq!(&reply[1..4], [0x08, 2, 0x32], "id 2, subscribe");
}

async fn commands_may_be_posted_to_another_instance(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let mut client = Streamed::lines(&site).await;
    client.ask(&other, "subscribe", json!({ "channel": "open" })).await;
    other.spectator().await.say_in("open", &json!("from there")).await;
    assert_eq!(client.publication("open").await["data"], "from there");
    // Nobody else's mailbox can be guessed at.
    let posted = json!({ "session": "0192f0c1-0000-4000-8000-000000000000", "node": client.node, "data": "{}" });
    assert_eq!(send(other.ask(Method::POST, "/emulation").json(&posted)).await.status, StatusCode::NOT_FOUND);
}

async fn what_is_posted_for_nobody_is_not_found(kind: StoreKind) {
    let site = Site::start(kind).await;
    let client = Streamed::lines(&site).await;
    let unknown = "0192f0c1-0000-4000-8000-000000000000";
    for (session, node) in [
        (unknown, client.node.as_str()),
        (client.session.as_str(), unknown),
        ("", client.node.as_str()),
        (client.session.as_str(), ""),
        ("run/1", "users"),
    ] {
        let posted = json!({ "session": session, "node": node, "data": "{}" });
        let answer = send(site.ask(Method::POST, "/emulation").json(&posted)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    let (session, node) = (client.session.clone(), client.node.clone());
    drop(client);
    site.all_gone().await;
    let posted = json!({ "session": session, "node": node, "data": "{}" });
    assert_eq!(send(site.ask(Method::POST, "/emulation").json(&posted)).await.status, StatusCode::NOT_FOUND);
}

async fn nobody_is_written_to_who_is_not_there(kind: StoreKind) {
    let site = Site::start(kind).await;
    let client = Streamed::lines(&site).await;
    let nobody = "0192f0c1-0000-4000-8000-000000000000";
    let topic = AggregateId::new("node", nobody).topic("");
    let mut letters = site.app.backend.subscribe(&topic).await.unwrap();
    let posted = json!({ "session": client.session, "node": nobody, "data": "{}" });
    assert_eq!(send(site.ask(Method::POST, "/emulation").json(&posted)).await.status, StatusCode::NOT_FOUND);
    let mut commit = Commit::on(topic.aggregate.clone());
    commit.appends.push(Append { topic, keep: Keep::Nothing, payload: "the first".into() });
    site.app.backend.commit(commit).await.unwrap();
    match within(letters.next()).await {
        Some(Heard::Change { payload, .. }) => assert_eq!(payload, "the first"),
        other => panic!("not expected: {other:?}"),
    }
}

async fn who_does_not_answer_pings_is_sent_away(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = Streamed::lines(&site).await;
    site.advance(Duration::from_secs(26)).await;
    assert_eq!(client.next().await, json!({}));
    client.post(&site, "{}").await;
    // Whatever is asked comes after the answer to the ping.
    client.ask(&site, "rpc", json!({ "method": "none" })).await;
    site.advance(Duration::from_secs(26)).await;
    assert_eq!(client.next().await, json!({}));
    site.advance(Duration::from_secs(11)).await;
    assert_eq!(disconnect(client.rest().await.last().unwrap()), 3012);
    // And so is who never says who it is.
    let silent = Streamed::at(site.ask(Method::POST, "/connection/http_stream").body("\n")).await;
    site.advance(Duration::from_secs(11)).await;
    assert_eq!(disconnect(silent.rest().await.last().unwrap()), 3502);
    site.all_gone().await;
}

async fn a_good_bye_is_heard_before_the_end(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (lines, events) = (Streamed::lines(&site).await, Streamed::events(&site).await);
    let Site { instance, .. } = site;
    let (lines, events, ()) = tokio::join!(lines.rest(), events.rest(), instance.shutdown());
    for heard in [lines, events] {
        assert_eq!(disconnect(heard.last().unwrap()), 3001);
    }
}

async fn who_goes_away_has_left(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut watcher = site.spectator().await;
    watcher.subscribe("open").await;
    let mut client = Streamed::events(&site).await;
    client.ask(&site, "subscribe", json!({ "channel": "open" })).await;
    drop(client);
    until(|| site.connections_len() == 1).await;
    loop {
        if watcher.any_push("open").await["leave"].is_object() {
            break;
        }
    }
    let stats = watcher.ask("presence_stats", json!({ "channel": "open" })).await;
    assert_eq!(stats["presence_stats"]["num_clients"], 1);
}

async fn who_does_not_read_is_told_to_come_back(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = Streamed::lines(&site).await;
    client.ask(&site, "subscribe", json!({ "channel": "plain:loud" })).await;
    let mut speaker = site.spectator().await;
    let long = json!("x".repeat(50_000));
    // More than the kernel and the queue hold.
    for _ in 0..400 {
        speaker.say_in("plain:loud", &long).await;
    }
    let heard = client.rest().await;
    assert_eq!(disconnect(heard.last().unwrap()), 3008);
    until(|| site.app.metrics.disconnects_slow.get() == 1).await;
}

async fn requests_that_cannot_be_answered_say_why(kind: StoreKind) {
    let site = Site::start(kind).await;
    let stream = "/connection/http_stream";
    let long = json!({ "id": 1, "connect": { "name": "x".repeat(70_000) } }).to_string();
    let longer = "x".repeat(200_000);
    for (method, path, body, status) in [
        (Method::POST, stream, "", StatusCode::BAD_REQUEST),
        (Method::GET, "/connection/sse", "", StatusCode::BAD_REQUEST),
        (Method::POST, stream, long.as_str(), StatusCode::PAYLOAD_TOO_LARGE),
        (Method::POST, "/emulation", longer.as_str(), StatusCode::PAYLOAD_TOO_LARGE),
        (Method::POST, "/emulation", "{", StatusCode::BAD_REQUEST),
        (Method::POST, "/emulation", r#"{"session":1,"node":"","data":""}"#, StatusCode::BAD_REQUEST),
        (Method::GET, stream, "", StatusCode::METHOD_NOT_ALLOWED),
        (Method::DELETE, "/connection/uni_sse", "", StatusCode::METHOD_NOT_ALLOWED),
        (Method::OPTIONS, stream, "", StatusCode::NO_CONTENT),
        (Method::OPTIONS, "/emulation", "", StatusCode::NO_CONTENT),
    ] {
        let answer = send(site.ask(method.clone(), path).body(body.to_owned())).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        if method == Method::OPTIONS {
            assert!(answer.header("access-control-allow-methods").contains("POST"));
            assert!(answer.header("access-control-allow-headers").contains("Content-Type"));
        }
    }
    // What is wrong with the commands is said as it is on a socket.
    let bad_token = json!({ "id": 1, "connect": { "token": signed(&json!({ "sub": "1" })) + "x" } }).to_string();
    let connect = r#"{"id":1,"connect":{}}"#;
    let deep = format!(r#"{{"id":1,"connect":{{"data":{}1{}}}}}"#, "[".repeat(100), "]".repeat(100));
    for (first, code) in [
        ("nonsense".to_owned(), 3501),
        (r#"{"id":1,"subscribe":{"channel":"open"}}"#.to_owned(), 3501),
        (format!("{connect}\n{connect}"), 3501),
        (format!("{connect}\n{{}}"), 3501),
        (deep, 3501),
        (bad_token, 3500),
    ] {
        let client = Streamed::at(site.ask(Method::POST, stream).body(first.clone())).await;
        assert_eq!(disconnect(client.rest().await.last().unwrap()), code, "{first}");
    }
    site.all_gone().await;
}
