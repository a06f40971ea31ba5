//! What is odd but no breach: it is answered as anything else is.

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::support::{Site, StoreKind, on_each_store, signed, within};

on_each_store!(
    ids_are_the_client_s_own_business,
    what_is_not_known_is_skipped_and_what_is_null_is_left_out,
    names_may_have_255_characters,
    a_message_may_have_64_kib_and_no_more,
    a_message_may_come_in_fragments,
    frames_without_a_message_do_no_harm,
    any_limit_of_history_is_bounded,
);

async fn ids_are_the_client_s_own_business(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = site.spectator().await;
    client.send(r#"{"id":4294967295,"rpc":{}}"#).await;
    assert_eq!(client.next().await["id"], u32::MAX);
    client.send("{\"id\":7,\"rpc\":{}}\n{\"id\":7,\"unsubscribe\":{\"channel\":\"a\"}}").await;
    assert_eq!(client.next().await["error"]["code"], 108);
    assert!(client.next().await["unsubscribe"].is_object(), "the same id again");
    // A message that wants no answer gets none, whatever its id.
    client.send("{\"id\":8,\"send\":{\"data\":1}}\n{\"id\":9,\"rpc\":{}}").await;
    assert_eq!(client.next().await["id"], 9);
}

async fn what_is_not_known_is_skipped_and_what_is_null_is_left_out(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = site.socket().await;
    let nulls = json!({ "token": null, "data": null, "subs": null, "name": null, "version": null, "headers": null });
    let reply = client.ask("connect", nulls).await;
    assert!(reply["connect"]["client"].is_string(), "{reply}");
    let subscribe = json!({
        "channel": "a", "token": null, "recover": null, "epoch": null, "offset": null, "data": null, "delta": null,
        "tf": null, "flag": null, "type": null, "positioned": null, "later": { "deep": [[[{}]]] },
    });
    let reply = client.ask("subscribe", subscribe).await;
    assert_eq!(reply["subscribe"]["recoverable"], true, "{reply}");
    let history = json!({ "channel": "a", "limit": null, "since": null, "reverse": null });
    assert!(client.ask("history", history).await["history"]["epoch"].is_string());
    assert_eq!(client.error("rpc", json!({ "method": null, "data": null })).await, 108);
    client.send(r#"{"id":99,"rpc":{},"subscribe":null,"ping":null,"something":[1]}"#).await;
    assert_eq!(client.reply(99).await["error"]["code"], 108);
}

async fn names_may_have_255_characters(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = site.spectator().await;
    let longest = "x".repeat(255);
    client.subscribe(&longest).await;
    assert_eq!(client.publish_and_hear(&longest, &json!(1)).await["data"], 1);
    for odd in ["a b", "a:b:c", "a/b*c&d", "\u{1}", "\"", "run:", "RUN:1"] {
        // Everything but the product's own means something; what control characters mean is the client's business.
        let reply = client.ask("subscribe", json!({ "channel": odd })).await;
        let expected = if odd == "run:" { 102 } else { 0 };
        assert_eq!(reply["error"]["code"].as_u64().unwrap_or_default(), expected, "{odd}: {reply}");
    }
    for (command, code) in [("publish", 102), ("history", 103), ("presence", 103), ("presence_stats", 103)] {
        let body = json!({ "channel": "x".repeat(256), "data": 1 });
        assert_eq!(client.error(command, body).await, code, "{command}");
    }
    // Not for those outside either, nor on the operator's word.
    for none in [format!("plain:{}", "x".repeat(250)), "plain:ä".to_owned()] {
        assert_eq!(client.error("publish", json!({ "channel": none, "data": 1 })).await, 102, "{none}");
        let token = signed(&json!({ "sub": "42", "channels": [none, "a"] }));
        let reply = site.socket().await.ask("connect", json!({ "token": token })).await;
        let subs = reply["connect"]["subs"].as_object().unwrap();
        assert_eq!(subs.keys().collect::<Vec<_>>(), ["#42", "a"], "{reply}");
    }
}

async fn a_message_may_have_64_kib_and_no_more(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = site.spectator().await;
    client.subscribe("plain:a").await;
    let message = |bytes: usize| {
        let around = r#"{"id":9,"publish":{"channel":"plain:a","data":""}}"#.len();
        json!({ "id": 9, "publish": { "channel": "plain:a", "data": "x".repeat(bytes - around) } }).to_string()
    };
    assert_eq!(message(64 * 1024).len(), 64 * 1024);
    client.send(message(64 * 1024)).await;
    assert!(client.reply(9).await["publish"].is_object());
    client.send(message(64 * 1024 + 1)).await;
    assert_eq!(client.closed().await, 1009);
}

async fn a_message_may_come_in_fragments(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = site.spectator().await;
    let parts = [r#"{"id":5,"sub"#, r#"scribe":{"chan"#, r#"nel":"ä"}}"#].map(str::as_bytes);
    // The second cut goes through a letter.
    let (cut, rest) = parts[2].split_at(7);
    let parts = [parts[0], parts[1], cut, rest];
    for (index, part) in parts.into_iter().enumerate() {
        let kind = if index == 0 { Data::Text } else { Data::Continue };
        let frame = Frame::message(part.to_vec(), OpCode::Data(kind), index == 3);
        client.socket.send(Message::Frame(frame)).await.unwrap();
        client.socket.send(Message::Ping("between".into())).await.unwrap();
    }
    assert_eq!(client.reply(5).await["error"]["code"], 107);
    // However small they are, together they are bounded as one is.
    let mut client = site.spectator().await;
    for index in 0..65 {
        let kind = if index == 0 { Data::Text } else { Data::Continue };
        let frame = Frame::message(vec![b' '; 1024], OpCode::Data(kind), false);
        let _ = client.socket.send(Message::Frame(frame)).await;
    }
    assert_eq!(client.closed().await, 1009);
}

async fn frames_without_a_message_do_no_harm(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = site.spectator().await;
    for message in
        [Message::text(""), Message::Pong("nobody asked".into()), Message::text("\n \n"), Message::Ping("".into())]
    {
        client.socket.send(message).await.unwrap();
    }
    assert_eq!(within(client.socket.next()).await.unwrap().unwrap(), Message::Pong("".into()));
    client.subscribe("a").await;
}

async fn any_limit_of_history_is_bounded(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = site.spectator().await;
    let epoch = client.subscribe("a").await["epoch"].clone();
    for number in 1..=105 {
        client.ask("publish", json!({ "channel": "a", "data": number })).await;
    }
    let mut page = async |query: Value| {
        let mut query = query;
        query["channel"] = json!("a");
        client.ask("history", query).await
    };
    let newest = |reply: &Value| reply["history"]["publications"].as_array().map(|all| all.len()).unwrap_or_default();
    for limit in [-1, i32::MIN, i32::MAX] {
        assert_eq!(newest(&page(json!({ "limit": limit })).await), 100, "as many as are kept");
        assert_eq!(newest(&page(json!({ "limit": limit, "reverse": true })).await), 100);
    }
    assert_eq!(newest(&page(json!({ "limit": 0, "since": { "offset": 9, "epoch": "abcdefgh" } })).await), 0);
    for since in [
        json!({ "offset": 50, "epoch": "abcdefgh" }),
        json!({ "offset": 106, "epoch": epoch }),
        json!({ "offset": u64::MAX, "epoch": epoch }),
        json!({ "offset": 1, "epoch": epoch }),
    ] {
        let reply = page(json!({ "limit": 1, "since": since })).await;
        assert_eq!(reply["error"]["code"], 112, "{since}: {reply}");
    }
    let reply = page(json!({ "limit": 10, "reverse": true, "since": { "offset": u64::MAX, "epoch": epoch } })).await;
    assert_eq!(reply["error"]["code"], 112, "{reply}");
}
