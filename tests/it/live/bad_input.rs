//! Whatever a client sends, it gets the documented answer, and others notice nothing.

use std::time::Duration;

use futures::SinkExt as _;
use runnity::domain::user::Visibility;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::support::{Site, StoreKind, on_each_store, until, within};

on_each_store!(
    a_breach_of_the_protocol_ends_the_connection_with_its_code,
    a_command_that_cannot_be_done_is_answered_with_its_code,
    the_129th_channel_is_one_too_many,
    a_message_to_the_server_and_blank_lines_do_no_harm,
    who_never_reads_is_closed_and_delays_nobody,
    a_flood_of_pings_by_one_who_does_not_read_is_bounded,
);

const CONNECT: &str = r#"{"id":1,"connect":{}}"#;

async fn a_breach_of_the_protocol_ends_the_connection_with_its_code(kind: StoreKind) {
    let text = |text: &str| Message::text(text.to_owned());
    let invalid_text = Frame::message(vec![0xFF, 0xFE], OpCode::Data(Data::Text), true);
    let deep = format!(r#"{{"id":2,"publish":{{"channel":"open","data":{}}}}}"#, "[".repeat(10_000));
    let cases: Vec<(&str, Vec<Message>, u16)> = vec![
        ("garbage", vec![text("garbage")], 3501),
        ("garbage after connect", vec![text(CONNECT), text("{\"id\":")], 3501),
        ("a command before connect", vec![text(r#"{"id":1,"subscribe":{"channel":"open"}}"#)], 3501),
        ("a pong before connect", vec![text("{}")], 3501),
        ("a message before connect", vec![text(r#"{"send":{"data":1}}"#)], 3501),
        ("connect without an id", vec![text(r#"{"connect":{}}"#)], 3501),
        ("a second connect", vec![text(CONNECT), text(r#"{"id":2,"connect":{}}"#)], 3501),
        ("an unnecessary pong", vec![text(CONNECT), text("{}")], 3501),
        ("a command without an id", vec![text(CONNECT), text(r#"{"subscribe":{"channel":"open"}}"#)], 3501),
        ("an unknown command", vec![text(CONNECT), text(r#"{"id":2,"dance":{}}"#)], 3501),
        ("an id of 0", vec![text(CONNECT), text(r#"{"id":0,"rpc":{}}"#)], 3501),
        ("an id below 0", vec![text(CONNECT), text(r#"{"id":-1,"rpc":{}}"#)], 3501),
        ("an id that is no number", vec![text(CONNECT), text(r#"{"id":"1","rpc":{}}"#)], 3501),
        ("no object", vec![text(CONNECT), text("[]")], 3501),
        ("nothing", vec![text(CONNECT), text("null")], 3501),
        ("two commands on a line", vec![text(CONNECT), text(r#"{"id":2,"rpc":{}}{"id":3,"rpc":{}}"#)], 3501),
        ("the same member twice", vec![text(CONNECT), text(r#"{"id":2,"id":3,"rpc":{}}"#)], 3501),
        ("a name that is none", vec![text(CONNECT), text(r#"{"id":2,"subscribe":{"channel":7}}"#)], 3501),
        ("half a letter", vec![text(CONNECT), text(r#"{"id":2,"subscribe":{"channel":"\ud800"}}"#)], 3501),
        ("a limit out of range", vec![text(CONNECT), text(r#"{"id":2,"history":{"limit":2147483648}}"#)], 3501),
        ("an offset below 0", vec![text(CONNECT), text(r#"{"id":2,"history":{"since":{"offset":-1}}}"#)], 3501),
        ("an id out of range", vec![text(CONNECT), text(r#"{"id":4294967296,"send":{}}"#)], 3501),
        ("deep nesting", vec![text(CONNECT), text(&deep)], 3501),
        ("a token that is none", vec![text(r#"{"id":1,"connect":{"token":"wrong"}}"#)], 3500),
        ("a new token that is none", vec![text(CONNECT), text(r#"{"id":2,"refresh":{"token":"x"}}"#)], 3500),
        ("a binary frame", vec![text(CONNECT), Message::binary(vec![1, 2, 3])], 3506),
        ("text that is not UTF-8", vec![text(CONNECT), Message::Frame(invalid_text)], 1007),
        ("a frame over the bound", vec![text(CONNECT), text(&" ".repeat(65 * 1024))], 1009),
    ];
    let site = Site::start(kind).await;
    let mut witness = site.spectator().await;
    witness.subscribe("open").await;
    for (name, messages, code) in cases {
        let mut client = site.socket().await;
        for message in messages {
            // The server may have closed before the last byte of a large one was sent.
            let _ = client.socket.send(message).await;
        }
        assert_eq!(client.closed().await, code, "{name}");
        witness.ask("publish", json!({ "channel": "open", "data": name })).await;
    }
    // Publications come before the acknowledgement or after it: only the last is waited for.
    witness.ask("publish", json!({ "channel": "open", "data": "last" })).await;
}

async fn a_command_that_cannot_be_done_is_answered_with_its_code(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (owner, other) = (site.runner("Owner").await, site.runner("Other").await);
    let (_, hidden) = site.run(&owner, Visibility::Private).await;
    let (public_run, public) = site.run(&other, Visibility::Public).await;
    let (mut client, _) = site.connected(&owner).await;
    let mut spectator = site.spectator().await;
    client.subscribe("open").await;
    let long = "x".repeat(256);
    let own = format!("#{}", owner.identity.user);
    let others = format!("#{}", other.identity.user);
    let fixes = json!({ "fixes": [{ "time": "2026-11-21T10:00:00Z", "latitude": 60.0, "longitude": 24.0 }] });
    let bad_fixes = json!({ "fixes": [{ "time": "2026-11-21T10:00:00Z", "latitude": 91, "longitude": 24.0 }] });
    let upper = public.to_uppercase().replace("RUN:", "run:");
    let filtered = json!({ "channel": "a", "tf": { "op": "" } });
    for (command, body, code) in [
        ("subscribe", json!({ "channel": "run:0192f000-0000-7000-8000-000000000000" }), 102),
        ("subscribe", json!({ "channel": "run:nonsense" }), 102),
        ("subscribe", json!({ "channel": upper }), 102),
        ("subscribe", json!({ "channel": others }), 103),
        ("subscribe", json!({ "channel": own }), 105),
        ("subscribe", json!({ "channel": "open" }), 105),
        ("subscribe", json!({ "channel": long }), 107),
        ("subscribe", json!({ "channel": "ä" }), 107),
        ("subscribe", json!({ "channel": "" }), 107),
        ("subscribe", json!({}), 107),
        ("subscribe", json!({ "channel": "map", "type": 1 }), 108),
        ("subscribe", filtered, 107),
        ("unsubscribe", json!({ "channel": own }), 103),
        ("publish", json!({ "channel": "open" }), 107),
        ("publish", json!({ "channel": public, "data": fixes }), 103),
        ("publish", json!({ "channel": hidden, "data": bad_fixes }), 107),
        ("publish", json!({ "channel": hidden, "data": 5 }), 107),
        ("publish", json!({ "channel": own, "data": 5 }), 103),
        ("presence", json!({ "channel": own }), 108),
        ("presence", json!({ "channel": "another" }), 103),
        ("presence", json!({}), 103),
        ("presence_stats", json!({ "channel": public }), 103),
        ("history", json!({ "channel": "another", "limit": 1 }), 103),
        ("history", json!({ "channel": "open", "limit": 1, "since": { "offset": 1, "epoch": "other" } }), 112),
        ("rpc", json!({ "method": "x" }), 108),
        ("subscribe", json!({ "channel": "another", "token": "x" }), 103),
        ("sub_refresh", json!({ "channel": "open", "token": "x" }), 103),
        ("sub_refresh", json!({ "channel": "another", "token": "x" }), 103),
    ] {
        assert_eq!(client.error(command, body.clone()).await, code, "{command} {body}");
    }
    assert_eq!(spectator.error("subscribe", json!({ "channel": hidden })).await, 102, "nobody can tell that it exists");
    assert_eq!(spectator.error("publish", json!({ "channel": hidden, "data": fixes })).await, 102);
    assert_eq!(spectator.error("publish", json!({ "channel": public, "data": fixes })).await, 103);

    let finish = runnity::app::runs::Transition::Finish;
    site.app.transition(&other.identity, public_run, finish).await.unwrap();
    let (mut late, _) = site.connected(&other).await;
    assert_eq!(late.error("publish", json!({ "channel": public, "data": fixes })).await, 409);
    // After all this the connection is as good as before.
    let reply = client.ask("unsubscribe", json!({ "channel": "never subscribed" })).await;
    assert!(reply["unsubscribe"].is_object());
}

async fn the_129th_channel_is_one_too_many(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = site.spectator().await;
    for index in 0..128 {
        client.subscribe(&format!("open{index}")).await;
    }
    assert_eq!(client.error("subscribe", json!({ "channel": "open128" })).await, 106);
    client.ask("unsubscribe", json!({ "channel": "open5" })).await;
    client.subscribe("open128").await;
    // They are counted behind the reply.
    until(|| site.app.metrics.subscriptions.get() == 128).await;
}

async fn a_message_to_the_server_and_blank_lines_do_no_harm(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = site.socket().await;
    client
        .send("\n{\"id\":1,\"connect\":{}}\n\n{\"send\":{\"data\":1}}\n{\"id\":2,\"subscribe\":{\"channel\":\"a\"}}\n")
        .await;
    assert_eq!(client.next().await["id"], 1);
    assert_eq!(client.next().await["id"], 2);
}

async fn who_never_reads_is_closed_and_delays_nobody(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (mut publisher, mut witness) = (site.spectator().await, site.spectator().await);
    witness.subscribe("plain:open").await;
    let stuck = raw(&site).await;
    let (mut read, mut write) = stuck.into_split();
    write.write_all(&masked(CONNECT)).await.unwrap();
    write.write_all(&masked(r#"{"id":2,"subscribe":{"channel":"plain:open"}}"#)).await.unwrap();
    until(|| site.app.metrics.subscriptions.get() == 2).await;

    // 30 MB: more than the kernel's buffers and the bound together.
    let payload = "x".repeat(30_000);
    for index in 0..1_000 {
        publisher.ask("publish", json!({ "channel": "plain:open", "data": [index, payload] })).await;
        assert_eq!(witness.push("plain:open").await["pub"]["data"][0], index);
        if site.app.metrics.subscriptions.get() < 2 {
            break;
        }
    }
    assert_eq!(site.app.metrics.subscriptions.get(), 1, "the stuck one has left the room");
    // It is given time to read its close frame; then its socket is reset.
    until(|| {
        site.clock.advance(Duration::from_millis(10));
        site.connections_len() == 2
    })
    .await;
    assert_eq!(site.app.metrics.disconnects_slow.get(), 1);
    let mut scrap = vec![0; 1 << 20];
    while within(read.read(&mut scrap)).await.is_ok_and(|length| length > 0) {}
}

async fn a_flood_of_pings_by_one_who_does_not_read_is_bounded(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut stuck = raw(&site).await;
    stuck.write_all(&masked(CONNECT)).await.unwrap();
    stuck.write_all(&masked(r#"{"id":2,"subscribe":{"channel":"open"}}"#)).await.unwrap();
    until(|| site.app.metrics.subscriptions.get() == 1).await;
    // 125 bytes each, and as much to be answered.
    let ping = [&[0x89, 0x80 | 125, 0, 0, 0, 0][..], &[b'p'; 125]].concat();
    let flood = ping.repeat(1_000);
    // What the kernel takes for both sides, and the bound: a few MB. Far less than this.
    let flooding = async {
        for _ in 0..1_000 {
            stuck.write_all(&flood).await.unwrap();
        }
    };
    // Once it is closing, nobody reads the flood any more, and writing it may not end.
    tokio::select! {
        () = until(|| site.app.metrics.subscriptions.get() == 0) => {}
        () = flooding => panic!("the flood was not bounded"),
    }
    // The time to close in begins a moment after the rooms were left: time is moved on until it is over.
    until(|| {
        site.clock.advance(Duration::from_secs(1));
        site.connections_len() == 0
    })
    .await;
    assert_eq!(site.app.metrics.disconnects_slow.get(), 1);
}

/// A socket after its hand-shake that reads nothing and has little room for what it does not read.
async fn raw(site: &Site) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(site.instance.address()).await.unwrap();
    stream.write_all(super::handshake::request(&[]).as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within(stream.read_u8()).await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    stream
}

/// A short text frame of a client, with a mask of zeros.
pub fn masked(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap();
    assert!(length < 126);
    [&[0x81, 0x80 | length, 0, 0, 0, 0][..], text.as_bytes()].concat()
}
