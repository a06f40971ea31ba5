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
    #[prost(uint64, tag = "9")]
    offset: u64,
    #[prost(bytes = "vec", tag = "11")]
    data: Vec<u8>,
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
    who_takes_numbers_hears_a_number_instead_of_the_name,
    pings_come_in_the_client_s_form,
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
        let subscribe = Subscribe { channel: channel.into(), flag };
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
    assert_eq!(phone.next().await.error.unwrap().code, 107);
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
    let subscribe = Some(Subscribe { channel: "open".into(), flag: 0 });
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
