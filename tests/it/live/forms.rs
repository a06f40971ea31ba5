//! JSON and Protobuf side by side: each hears what the other says. The messages here are written from the public schema,
//! apart from the server's own.

use std::collections::VecDeque;

use bytes::{Buf as _, Bytes};
use futures::{SinkExt as _, StreamExt as _};
use prost::Message as _;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::support::{Site, StoreKind, on_each_store, within};

#[derive(Clone, PartialEq, prost::Message)]
struct Command {
    #[prost(uint32, tag = "1")]
    id: u32,
    #[prost(message, optional, tag = "4")]
    connect: Option<Connect>,
    #[prost(message, optional, tag = "5")]
    subscribe: Option<Subscribe>,
    #[prost(message, optional, tag = "7")]
    publish: Option<Publish>,
    #[prost(message, optional, tag = "13")]
    rpc: Option<Connect>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Connect {
    #[prost(string, tag = "1")]
    token: String,
    #[prost(string, tag = "4")]
    name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Subscribe {
    #[prost(string, tag = "1")]
    channel: String,
    #[prost(bool, tag = "3")]
    recover: bool,
    #[prost(string, tag = "6")]
    epoch: String,
    #[prost(uint64, tag = "7")]
    offset: u64,
    #[prost(int64, tag = "14")]
    flag: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Publish {
    #[prost(string, tag = "1")]
    channel: String,
    #[prost(bytes = "vec", tag = "2")]
    data: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Reply {
    #[prost(uint32, tag = "1")]
    id: u32,
    #[prost(message, optional, tag = "2")]
    error: Option<Code>,
    #[prost(message, optional, tag = "4")]
    push: Option<Push>,
    #[prost(message, optional, tag = "5")]
    connect: Option<Connected>,
    #[prost(message, optional, tag = "6")]
    subscribe: Option<Subscribed>,
    #[prost(message, optional, tag = "8")]
    publish: Option<Connect>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Code {
    #[prost(uint32, tag = "1")]
    code: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Connected {
    #[prost(string, tag = "1")]
    client: String,
    #[prost(uint32, tag = "7")]
    ping: u32,
    #[prost(bool, tag = "8")]
    pong: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Subscribed {
    #[prost(string, tag = "6")]
    epoch: String,
    #[prost(message, repeated, tag = "7")]
    publications: Vec<Publication>,
    #[prost(bool, tag = "8")]
    recovered: bool,
    #[prost(uint64, tag = "9")]
    offset: u64,
    #[prost(bytes = "vec", tag = "11")]
    data: Vec<u8>,
    #[prost(bool, tag = "12")]
    was_recovering: bool,
    #[prost(int64, tag = "14")]
    id: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Push {
    #[prost(int64, tag = "1")]
    id: i64,
    #[prost(string, tag = "2")]
    channel: String,
    #[prost(message, optional, tag = "4")]
    publication: Option<Publication>,
    #[prost(message, optional, tag = "11")]
    disconnect: Option<Code>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Publication {
    #[prost(bytes = "vec", tag = "4")]
    data: Vec<u8>,
    #[prost(uint64, tag = "6")]
    offset: u64,
}

on_each_store!(
    each_hears_the_other_in_its_own_form,
    the_form_is_chosen_by_subprotocol_or_query,
    a_frame_of_the_other_kind_ends_the_connection,
    several_commands_of_one_frame_are_answered_in_order,
    answers_that_are_there_at_once_leave_in_one_frame,
    the_newest_publication_says_all_where_a_channel_is_a_cache,
    who_takes_numbers_hears_a_number_instead_of_the_name,
    pings_come_in_the_client_s_form,
    what_is_gathered_is_heard_by_each_in_its_form_and_in_order,
);

/// A client that speaks Protobuf.
struct Phone {
    socket: WebSocketStream<TcpStream>,
    replies: VecDeque<Reply>,
}

impl Phone {
    /// A socket whose hand-shake is done, and the subprotocol that the server chose.
    async fn shake_hands(site: &Site, query: &str, subprotocol: &str) -> (Self, Option<String>) {
        let stream = TcpStream::connect(&site.host).await.unwrap();
        let url = format!("ws://{}/connection/websocket{query}", &site.host);
        let mut request = url.into_client_request().unwrap();
        if !subprotocol.is_empty() {
            request.headers_mut().insert("Sec-WebSocket-Protocol", subprotocol.parse().unwrap());
        }
        let (socket, response) = within(tokio_tungstenite::client_async(request, stream)).await.unwrap();
        let chosen = response.headers().get("Sec-WebSocket-Protocol").map(|name| name.to_str().unwrap().to_owned());
        (Self { socket, replies: VecDeque::new() }, chosen)
    }

    async fn connected(site: &Site) -> Self {
        Self::connected_as(site, "swift").await
    }

    /// By an SDK of this name.
    async fn connected_as(site: &Site, name: &str) -> Self {
        let (mut phone, chosen) = Self::shake_hands(site, "", "centrifuge-protobuf").await;
        assert_eq!(chosen.as_deref(), Some("centrifuge-protobuf"));
        let connect = Some(Connect { name: name.into(), ..Connect::default() });
        phone.send(&[Command { id: 1, connect, ..Command::default() }]).await;
        let reply = phone.next().await;
        assert!(reply.connect.is_some_and(|connected| !connected.client.is_empty() && connected.ping > 0));
        phone
    }

    async fn send(&mut self, commands: &[Command]) {
        let frame: Vec<u8> = commands.iter().flat_map(Command::encode_length_delimited_to_vec).collect();
        self.socket.send(Message::binary(frame)).await.unwrap();
    }

    async fn next(&mut self) -> Reply {
        while self.replies.is_empty() {
            let message = within(self.socket.next()).await.unwrap().unwrap();
            let Message::Binary(mut frame) = message else { panic!("{message:?}") };
            while frame.has_remaining() {
                self.replies.push_back(Reply::decode_length_delimited(&mut frame).unwrap());
            }
        }
        self.replies.pop_front().unwrap()
    }

    async fn subscribe(&mut self, channel: &str, flag: i64) -> Subscribed {
        self.enter(Subscribe { channel: channel.into(), flag, ..Subscribe::default() }).await
    }

    async fn enter(&mut self, subscribe: Subscribe) -> Subscribed {
        self.send(&[Command { id: 2, subscribe: Some(subscribe), ..Command::default() }]).await;
        loop {
            let reply = self.next().await;
            assert_eq!(reply.error, None);
            if let Some(subscribed) = reply.subscribe {
                return subscribed;
            }
        }
    }

    async fn publication(&mut self) -> Push {
        loop {
            if let Some(push) = self.next().await.push.filter(|push| push.publication.is_some()) {
                return push;
            }
        }
    }
}

fn publish(id: u32, channel: &str, data: &str) -> Command {
    Command { id, publish: Some(Publish { channel: channel.into(), data: data.into() }), ..Command::default() }
}

async fn each_hears_the_other_in_its_own_form(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut phone = Phone::connected(&site).await;
    let mut page = site.spectator().await;
    phone.subscribe("open", 0).await;
    page.subscribe("open").await;

    phone.send(&[publish(3, "open", r#"{"from": "phone"}"#)]).await;
    assert_eq!(page.push("open").await["pub"]["data"], json!({ "from": "phone" }));
    let heard = phone.publication().await;
    let data = heard.publication.unwrap().data;
    assert_eq!((heard.channel.as_str(), &data[..]), ("open", &br#"{"from": "phone"}"#[..]));

    page.ask("publish", json!({ "channel": "open", "data": { "from": "page" } })).await;
    let data = phone.publication().await.publication.unwrap().data;
    assert_eq!(serde_json::from_slice::<Value>(&data).unwrap(), json!({ "from": "page" }));
    // What is no JSON is refused: a page could not read it.
    phone.send(&[publish(4, "open", "\u{1}\u{2}")]).await;
    // The answer to what it published first may come only now.
    let refused = loop {
        let reply = phone.next().await;
        if reply.id == 4 {
            break reply;
        }
    };
    assert_eq!(refused.error.unwrap().code, 107);
}

async fn the_form_is_chosen_by_subprotocol_or_query(kind: StoreKind) {
    let site = Site::start(kind).await;
    for (query, subprotocol, chosen, is_protobuf) in [
        ("", "centrifuge-protobuf", Some("centrifuge-protobuf"), true),
        ("", "centrifuge-json", Some("centrifuge-json"), false),
        ("", "chat, centrifuge-protobuf, centrifuge-json", Some("centrifuge-protobuf"), true),
        ("", "centrifuge-json, centrifuge-protobuf", Some("centrifuge-json"), false),
        ("?format=protobuf", "", None, true),
        ("?a=b&cf_protocol=protobuf", "", None, true),
        ("?format=json", "", None, false),
    ] {
        let (mut client, echoed) = Phone::shake_hands(&site, query, subprotocol).await;
        assert_eq!(echoed.as_deref(), chosen, "{query} {subprotocol}");
        let command = Command { id: 1, connect: Some(Connect::default()), ..Command::default() };
        let message = match is_protobuf {
            true => Message::binary(command.encode_length_delimited_to_vec()),
            false => Message::text(r#"{"id":1,"connect":{}}"#),
        };
        client.socket.send(message).await.unwrap();
        let answer = within(client.socket.next()).await.unwrap().unwrap();
        assert_eq!((answer.is_binary(), answer.is_text()), (is_protobuf, !is_protobuf), "{query} {subprotocol}");
    }
}

async fn a_frame_of_the_other_kind_ends_the_connection(kind: StoreKind) {
    let site = Site::start(kind).await;
    let breaches = [
        (Message::text("{}"), 3506),
        (Message::binary(vec![5]), 3501),
        (Message::binary(vec![0xFF; 20]), 3501),
        // A connect command of 4 GiB, and one of 2^63, of which nothing else is there.
        (Message::binary(vec![6, 0x22, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]), 3501),
        (Message::binary(vec![0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]), 3501),
        // An id of 0 with a command, and one of 2^32.
        (Message::binary(vec![4, 0x08, 0, 0x2A, 0]), 3501),
        (Message::binary(vec![6, 0x08, 0x80, 0x80, 0x80, 0x80, 0x10]), 3501),
        // A channel's name that is no text.
        (Message::binary(vec![7, 0x08, 2, 0x2A, 3, 0x0A, 1, 0xFF]), 3501),
        // An unnecessary pong.
        (Message::binary(vec![0]), 3501),
        (Message::binary(vec![0; 65 * 1024]), 1009),
    ];
    for (message, expected) in breaches {
        let mut phone = Phone::connected(&site).await;
        let _ = phone.socket.send(message).await;
        let mut said = None;
        loop {
            match within(phone.socket.next()).await {
                Some(Ok(Message::Binary(mut frame))) => {
                    let push = Reply::decode_length_delimited(&mut frame).unwrap().push.unwrap();
                    said = push.disconnect.map(|disconnect| disconnect.code);
                }
                Some(Ok(Message::Close(Some(close)))) => {
                    assert_eq!(u16::from(close.code), expected);
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(said, (expected >= 3000).then_some(expected.into()), "told in its own form");
    }
}

async fn several_commands_of_one_frame_are_answered_in_order(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (mut phone, _) = Phone::shake_hands(&site, "", "centrifuge-protobuf").await;
    let connect = Command { id: 1, connect: Some(Connect::default()), ..Command::default() };
    let subscribe = Some(Subscribe { channel: "open".into(), ..Subscribe::default() });
    let rpc = Command { id: 3, rpc: Some(Connect::default()), ..Command::default() };
    phone.send(&[connect, Command { id: 2, subscribe, ..Command::default() }, rpc]).await;
    assert!(phone.next().await.connect.is_some());
    assert!(phone.next().await.subscribe.is_some());
    loop {
        let reply = phone.next().await;
        if reply.id == 3 {
            assert_eq!(reply.error.unwrap().code, 108);
            break;
        }
    }
}

async fn answers_that_are_there_at_once_leave_in_one_frame(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (mut phone, _) = Phone::shake_hands(&site, "", "centrifuge-protobuf").await;
    let rpc = |id| Command { id, rpc: Some(Connect::default()), ..Command::default() };
    let connect = Command { id: 1, connect: Some(Connect::default()), ..Command::default() };
    phone.send(&[connect, rpc(2), rpc(3)]).await;
    let mut frame = within(phone.socket.next()).await.unwrap().unwrap().into_data();
    for id in 1..=3 {
        assert_eq!(Reply::decode_length_delimited(&mut frame).unwrap().id, id);
    }
    assert!(frame.is_empty());

    let mut page = site.socket().await;
    let rpcs: String = (2..=100).map(|id| format!("\n{{\"id\":{id},\"rpc\":{{}}}}")).collect();
    page.send(format!(r#"{{"id":1,"connect":{{}}}}{rpcs}"#)).await;
    let (mut frames, mut ids) = (0, Vec::new());
    while ids.len() < 100 {
        let frame = within(page.socket.next()).await.unwrap().unwrap();
        ids.extend(
            frame.to_text().unwrap().lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone()),
        );
        frames += 1;
    }
    assert_eq!(ids, (1..=100).map(Value::from).collect::<Vec<_>>());
    // A connection does so many commands in one turn.
    assert_eq!(frames, 100 / runnity::limits::MESSAGES_PER_TURN_MAX * 2 + 1);
    // What breaks the protocol is the last of them.
    let mut page = site.socket().await;
    page.send("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"rpc\":{}}\n{}\n{\"id\":3,\"rpc\":{}}").await;
    let last = within(page.socket.next()).await.unwrap().unwrap();
    assert_eq!(last.to_text().unwrap().lines().count(), 3, "{last}");
    assert_eq!(page.closed().await, 3501);
}

async fn the_newest_publication_says_all_where_a_channel_is_a_cache(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (mut page, mut phone) = (site.spectator().await, Phone::connected(&site).await);
    let mut speaker = site.spectator().await;
    let recover = |epoch: &str, offset| Subscribe {
        channel: "cache:a".into(),
        recover: true,
        epoch: epoch.to_owned(),
        offset,
        ..Subscribe::default()
    };
    // Nothing was ever said: there is nothing to recover.
    let empty = phone.enter(recover("", 0)).await;
    assert_eq!((empty.was_recovering, empty.recovered, empty.offset), (true, false, 0));
    let state = page.subscribe("cache:a").await;
    let epoch = state["epoch"].as_str().unwrap().to_owned();
    assert_eq!((&state["recoverable"], empty.epoch), (&json!(true), epoch.clone()));
    for number in 1..=5 {
        speaker.say_in("cache:a", &json!(number)).await;
        assert_eq!(page.push("cache:a").await["pub"]["data"], number);
        assert_eq!(phone.publication().await.publication.unwrap().data, number.to_string().as_bytes());
    }
    // One who comes for the first time asks with nothing; others from where they were, or from another life of the channel.
    for (known_epoch, known) in [("", 0), (&*epoch, 2), ("abcdefgh", 9)] {
        page.ask("unsubscribe", json!({ "channel": "cache:a" })).await;
        let request = json!({ "channel": "cache:a", "recover": true, "epoch": known_epoch, "offset": known });
        let reply = page.ask("subscribe", request).await["subscribe"].clone();
        assert_eq!((&reply["recovered"], &reply["was_recovering"]), (&json!(true), &json!(true)), "{reply}");
        let publications = reply["publications"].as_array().unwrap();
        assert_eq!(
            (publications.len(), &publications[0]["data"], &publications[0]["offset"]),
            (1, &json!(5), &json!(5))
        );
        assert_eq!(reply["epoch"], json!(epoch));

        let mut phone = Phone::connected(&site).await;
        let reply = phone.enter(recover(known_epoch, known)).await;
        let newest: Vec<_> = reply.publications.iter().map(|newest| (newest.offset, &newest.data[..])).collect();
        assert_eq!((reply.recovered, reply.was_recovering, newest), (true, true, vec![(5, &b"5"[..])]));
    }
    // Who has the newest is sent nothing, and all hear what comes next.
    page.ask("unsubscribe", json!({ "channel": "cache:a" })).await;
    let reply =
        page.ask("subscribe", json!({ "channel": "cache:a", "recover": true, "epoch": epoch, "offset": 5 })).await;
    assert_eq!((&reply["subscribe"]["recovered"], reply["subscribe"].get("publications")), (&json!(true), None));
    speaker.say_in("cache:a", &json!(6)).await;
    let heard = page.push("cache:a").await["pub"].clone();
    assert_eq!((&heard["data"], &heard["offset"]), (&json!(6), &json!(6)));
}

async fn who_takes_numbers_hears_a_number_instead_of_the_name(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (mut phone, mut page, mut plain) =
        (Phone::connected(&site).await, site.spectator().await, site.spectator().await);
    let (open, other) = (phone.subscribe("open", 1).await.id, phone.subscribe("other", 1).await.id);
    assert!(open > 0 && other > 0 && open != other);
    let reply = page.ask("subscribe", json!({ "channel": "open", "flag": 1 })).await;
    assert_eq!(reply["subscribe"]["id"], open, "one number for all who are in the room");
    assert!(plain.subscribe("open").await.get("id").is_none());
    plain.subscribe("other").await;
    // Its numbers are objects, and it finds nothing by them.
    assert_eq!(Phone::connected_as(&site, "js").await.subscribe("open", 1).await.id, 0);

    plain.ask("publish", json!({ "channel": "open", "data": 1 })).await;
    plain.ask("publish", json!({ "channel": "other", "data": 2 })).await;
    let mut heard = Vec::new();
    for _ in 0..2 {
        let push = phone.publication().await;
        heard.push((push.id, push.channel, push.publication.unwrap().data));
    }
    heard.sort_by(|one, another| one.2.cmp(&another.2));
    assert_eq!(heard, [(open, String::new(), b"1".to_vec()), (other, String::new(), b"2".to_vec())]);
    loop {
        let push = page.next().await["push"].clone();
        if push["pub"].is_object() {
            assert_eq!((&push["id"], push.get("channel"), &push["pub"]["data"]), (&json!(open), None, &json!(1)));
            break;
        }
    }
}

async fn what_is_gathered_is_heard_by_each_in_its_form_and_in_order(kind: StoreKind) {
    const CHANNEL: &str = "gathered:open";
    let site = Site::start(kind).await;
    let (mut phone, mut page) = (Phone::connected(&site).await, site.spectator().await);
    phone.subscribe(CHANNEL, 0).await;
    page.subscribe(CHANNEL).await;
    let mut speaker = site.spectator().await;
    let publish = |number: u32| json!({ "id": 100 + number, "publish": { "channel": CHANNEL, "data": number } });
    speaker.send((1..=5).map(|number| publish(number).to_string()).collect::<Vec<_>>().join("\n")).await;
    for number in 1..=5 {
        speaker.reply(100 + number).await;
    }
    // In the middle of it, or after it: this one hears what is said from now on, each once.
    let mut late = site.spectator().await;
    late.subscribe(CHANNEL).await;
    for number in 6..=9 {
        speaker.ask("publish", publish(number)["publish"].clone()).await;
    }
    for number in 1..=9 {
        assert_eq!(phone.publication().await.publication.unwrap().data, number.to_string().into_bytes());
        assert_eq!(page.push(CHANNEL).await["pub"]["data"], number);
    }
    let mut number = late.push(CHANNEL).await["pub"]["data"].as_u64().unwrap();
    while number < 9 {
        number += 1;
        assert_eq!(late.push(CHANNEL).await["pub"]["data"], number);
    }
}

async fn pings_come_in_the_client_s_form(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut phone = Phone::connected(&site).await;
    for _ in 0..2 {
        site.clock.advance(std::time::Duration::from_secs(26));
        let message = within(phone.socket.next()).await.unwrap().unwrap();
        assert_eq!(message, Message::Binary(Bytes::from_static(&[0])));
        phone.socket.send(Message::binary(vec![0])).await.unwrap();
        // The answer to this shows that the pong has arrived, before time moves on.
        phone.send(&[Command { id: 9, rpc: Some(Connect::default()), ..Command::default() }]).await;
        assert_eq!(phone.next().await.id, 9);
    }
}
