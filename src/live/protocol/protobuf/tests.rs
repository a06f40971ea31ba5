//! Messages as the SDKs' generated code writes and reads them.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

use crate::app::channels::ClientInfo;
use crate::live::disconnect;
use crate::live::protocol::*;

/// What the SDKs read, from the public schema: the parts that our replies have.
#[derive(Clone, PartialEq, Message)]
struct ReplyMessage {
    #[prost(uint32, tag = "1")]
    id: u32,
    #[prost(message, optional, tag = "2")]
    error: Option<ErrorMessage>,
    #[prost(message, optional, tag = "4")]
    push: Option<PushMessage>,
    #[prost(message, optional, tag = "5")]
    connect: Option<ConnectMessage>,
    #[prost(message, optional, tag = "6")]
    subscribe: Option<SubscribeMessage>,
    #[prost(message, optional, tag = "7")]
    unsubscribe: Option<EmptyMessage>,
    #[prost(message, optional, tag = "9")]
    presence: Option<PresenceMessage>,
    #[prost(message, optional, tag = "11")]
    history: Option<HistoryMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct ErrorMessage {
    #[prost(uint32, tag = "1")]
    code: u32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(bool, tag = "3")]
    temporary: bool,
}

#[derive(Clone, PartialEq, Message)]
struct PushMessage {
    #[prost(int64, tag = "1")]
    id: i64,
    #[prost(string, tag = "2")]
    channel: String,
    #[prost(message, optional, tag = "4")]
    publication: Option<PublicationMessage>,
    #[prost(message, optional, tag = "5")]
    join: Option<JoinMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct JoinMessage {
    #[prost(message, optional, tag = "1")]
    info: Option<InfoMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct InfoMessage {
    #[prost(string, tag = "1")]
    user: String,
    #[prost(string, tag = "2")]
    client: String,
    #[prost(bytes = "vec", tag = "3")]
    conn_info: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    chan_info: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct PublicationMessage {
    #[prost(bytes = "vec", tag = "4")]
    data: Vec<u8>,
    #[prost(message, optional, tag = "5")]
    info: Option<InfoMessage>,
    #[prost(uint64, tag = "6")]
    offset: u64,
    #[prost(btree_map = "string, string", tag = "7")]
    tags: BTreeMap<String, String>,
    #[prost(bool, tag = "8")]
    delta: bool,
}

#[derive(Clone, PartialEq, Message)]
struct ConnectMessage {
    #[prost(string, tag = "1")]
    client: String,
    #[prost(string, tag = "2")]
    version: String,
    #[prost(bool, tag = "3")]
    expires: bool,
    #[prost(uint32, tag = "4")]
    ttl: u32,
    #[prost(btree_map = "string, message", tag = "6")]
    subs: BTreeMap<String, SubscribeMessage>,
    #[prost(uint32, tag = "7")]
    ping: u32,
    #[prost(bool, tag = "8")]
    pong: bool,
    #[prost(string, tag = "9")]
    session: String,
    #[prost(string, tag = "10")]
    node: String,
}

#[derive(Clone, PartialEq, Message)]
struct SubscribeMessage {
    #[prost(bool, tag = "3")]
    recoverable: bool,
    #[prost(string, tag = "6")]
    epoch: String,
    #[prost(message, repeated, tag = "7")]
    publications: Vec<PublicationMessage>,
    #[prost(bool, tag = "8")]
    recovered: bool,
    #[prost(uint64, tag = "9")]
    offset: u64,
    #[prost(bool, tag = "10")]
    positioned: bool,
    #[prost(bytes = "vec", tag = "11")]
    data: Vec<u8>,
    #[prost(bool, tag = "12")]
    was_recovering: bool,
    #[prost(bool, tag = "13")]
    delta: bool,
    #[prost(int64, tag = "14")]
    id: i64,
}

#[derive(Clone, PartialEq, Message)]
struct PresenceMessage {
    #[prost(btree_map = "string, message", tag = "1")]
    presence: BTreeMap<String, InfoMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct HistoryMessage {
    #[prost(message, repeated, tag = "1")]
    publications: Vec<PublicationMessage>,
    #[prost(string, tag = "2")]
    epoch: String,
    #[prost(uint64, tag = "3")]
    offset: u64,
}

#[derive(Clone, PartialEq, Message)]
struct EmptyMessage {}

fn reply(id: u32, reply: &Reply) -> ReplyMessage {
    let mut out = Vec::new();
    Encoding::Protobuf.reply(&mut out, id, reply);
    ReplyMessage::decode_length_delimited(&out[..]).unwrap()
}

fn push(push: &Push) -> PushMessage {
    let mut out = Vec::new();
    Encoding::Protobuf.push(&mut out, push);
    ReplyMessage::decode_length_delimited(&out[..]).unwrap().push.unwrap()
}

fn read(bytes: &[u8]) -> Vec<Result<Command, Garbage>> {
    let mut frame = Bytes::copy_from_slice(bytes);
    std::iter::from_fn(|| Encoding::Protobuf.next_command(&mut frame)).collect()
}

/// A field that has its length before it, as the wire has it.
fn field(number: u8, value: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(value.len()).unwrap()][..], value].concat()
}

/// A whole message with its length before it.
fn message(parts: &[Vec<u8>]) -> Vec<u8> {
    let body = parts.concat();
    [&[u8::try_from(body.len()).unwrap()][..], &body].concat()
}

const ID_5: [u8; 2] = [1 << 3, 5];

#[test]
fn commands_are_read_as_the_sdks_write_them() {
    let subscribe = Subscribe { channel: "a".into(), ..Subscribe::default() };
    let entry = [field(1, b"#u"), field(2, &[3 << 3, 1, 7 << 3, 9])].concat();
    let since = [vec![1 << 3, 4], field(2, b"e")].concat();
    let minus_one = [&[7 << 3][..], &[0xFF; 9], &[1]].concat();
    for (parts, request) in [
        (
            field(4, &[field(1, b"t"), field(2, b"\xFF"), field(3, &entry), field(4, b"py")].concat()),
            Request::Connect(Connect {
                token: "t".into(),
                subs: vec![Subscribe { channel: "#u".into(), recover: true, offset: 9, ..Subscribe::default() }],
                name: "py".into(),
            }),
        ),
        (
            field(5, &[field(1, b"a"), field(12, b"fossil"), vec![14 << 3, 3]].concat()),
            Request::Subscribe(Subscribe {
                delta: "fossil".into(),
                takes_numbers: true,
                rejects_unrecovered: true,
                ..subscribe.clone()
            }),
        ),
        (
            field(5, &[field(1, b"a"), field(13, b"\xFF\xFF"), vec![15 << 3, 1]].concat()),
            Request::Subscribe(Subscribe { is_filtered: true, is_special: true, ..subscribe }),
        ),
        (field(6, &field(1, b"a")), Request::Unsubscribe { channel: "a".into() }),
        (
            field(7, &[field(1, b"a"), field(2, b"\0\x01")].concat()),
            Request::Publish { channel: "a".into(), data: Some(Bytes::from_static(b"\0\x01")) },
        ),
        (field(7, &field(1, b"a")), Request::Publish { channel: "a".into(), data: None }),
        (field(8, &field(1, b"a")), Request::Presence { channel: "a".into() }),
        (field(9, &field(1, b"a")), Request::PresenceStats { channel: "a".into() }),
        (
            field(10, &[field(1, b"a"), minus_one, field(8, &since), vec![9 << 3, 1]].concat()),
            Request::History(History {
                channel: "a".into(),
                limit: -1,
                since: Some(Position { offset: 4, epoch: "e".into() }),
                reverse: true,
            }),
        ),
        (field(12, b""), Request::Send),
        (field(13, &field(2, b"m")), Request::Rpc { method: "m".into(), data: None }),
        (field(14, &field(1, b"t")), Request::Refresh { token: "t".into() }),
        (
            field(15, &[field(1, b"a"), field(2, b"t")].concat()),
            Request::SubRefresh { channel: "a".into(), token: "t".into() },
        ),
        (field(11, b""), Request::Unknown),
        (vec![], Request::Unknown),
    ] {
        let bytes = message(&[ID_5.to_vec(), parts]);
        assert_eq!(read(&bytes), [Ok(Command { id: 5, request })], "{bytes:?}");
    }
    assert_eq!(read(&[0]), [Ok(Command { id: 0, request: Request::Pong })]);
}

#[test]
fn of_too_many_subs_one_too_many_is_kept() {
    for (len, kept) in [(128, 128), (129, 129), (5_000, 129)] {
        let message = Bytes::from([field(1, b"t"), field(3, &field(1, b"a")).repeat(len)].concat());
        let connect = Encoding::Protobuf.connect_request(&message).unwrap();
        assert_eq!((connect.subs.len(), &*connect.subs[99].channel, &*connect.token), (kept, "a", "t"));
    }
}

#[test]
fn a_frame_holds_several_messages() {
    let unsubscribe = message(&[ID_5.to_vec(), field(6, b"")]);
    let commands = read(&[&unsubscribe[..], &[0], &unsubscribe].concat());
    let ids: Vec<u32> = commands.into_iter().map(|command| command.unwrap().id).collect();
    assert_eq!(ids, [5, 0, 5]);
}

#[test]
fn what_is_no_command_is_told_apart() {
    let endless = [0x80; 10];
    let cases: [&[u8]; 8] = [
        &[5],                               // a length, and nothing behind it
        &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], // terabytes
        &[0xFF; 11],                        // no length at all
        &endless,
        &[2, 4 << 3 | 2, 100],                    // a field that is longer than its message
        &[4, 6 << 3 | 2, 2, 1 << 3 | 2, 100],     // and one inside another
        &[5, 6 << 3 | 2, 3, 1 << 3 | 2, 1, 0xFF], // a text that is not UTF-8
        &[2, 1 << 3 | 7, 0],                      // a kind of field that does not exist
    ];
    for bytes in cases {
        assert_eq!(read(bytes), [Err(Garbage)], "{bytes:?}");
    }
}

#[test]
fn published_data_shares_the_bytes_of_its_frame() {
    let frame = Bytes::from(message(&[ID_5.to_vec(), field(7, &field(2, b"data"))]));
    let read = Encoding::Protobuf.next_command(&mut frame.clone()).unwrap().unwrap();
    let Request::Publish { data: Some(data), .. } = read.request else { panic!("{read:?}") };
    assert!(frame.as_ptr_range().contains(&data.as_ptr()));
}

fn info() -> ClientInfo {
    ClientInfo { user: "42".into(), client: "c".into(), conn_info: None, chan_info: Some(Bytes::from_static(b"{}")) }
}

fn info_message() -> InfoMessage {
    InfoMessage { user: "42".into(), client: "c".into(), conn_info: vec![], chan_info: b"{}".to_vec() }
}

#[test]
fn replies_are_read_as_the_schema_says() {
    let long = "x".repeat(100_000);
    let publication = Publication {
        data: Bytes::from(long.clone()),
        info: Some(info()),
        offset: 300,
        tags: vec![("k".into(), "v".into()), ("l".into(), String::new())],
        delta: true,
    };
    let publication_message = PublicationMessage {
        data: long.into_bytes(),
        info: Some(info_message()),
        offset: 300,
        tags: [("k".into(), "v".into()), ("l".into(), String::new())].into(),
        delta: true,
    };
    let subscribed = SubscribeResult {
        recoverable: true,
        epoch: "e".into(),
        offset: 299,
        positioned: true,
        publications: vec![publication.clone(), Publication { offset: 301, ..Publication::default() }],
        recovered: true,
        was_recovering: true,
        data: Some(Bytes::from_static(b"state")),
        delta: true,
        number: 200,
        ..SubscribeResult::default()
    };
    let second = PublicationMessage { offset: 301, ..PublicationMessage::default() };
    let subscribed_message = SubscribeMessage {
        recoverable: true,
        epoch: "e".into(),
        publications: vec![publication_message.clone(), second],
        recovered: true,
        offset: 299,
        positioned: true,
        data: b"state".to_vec(),
        was_recovering: true,
        delta: true,
        id: 200,
    };
    let connected = ConnectResult {
        client: "c".into(),
        version: "1",
        life: Life::Ends(5),
        data: None,
        subs: vec![("#u".into(), subscribed.clone())],
        ping_s: 25,
        pong: true,
        mailbox: Some(Mailbox { session: "s".into(), node: "n".into() }),
    };
    let connected_message = ConnectMessage {
        client: "c".into(),
        version: "1".into(),
        expires: true,
        ttl: 5,
        subs: [("#u".into(), subscribed_message.clone())].into(),
        ping: 25,
        pong: true,
        session: "s".into(),
        node: "n".into(),
    };
    assert_eq!(reply(2, &Reply::Subscribe(subscribed)).subscribe, Some(subscribed_message));
    assert_eq!(reply(2, &Reply::Connect(connected)).connect, Some(connected_message));
    let presence = reply(3, &Reply::Presence(vec![("c".into(), info())])).presence.unwrap().presence;
    assert_eq!(presence, [("c".into(), info_message())].into());
    let top = Position { offset: 300, epoch: "e".into() };
    let history = reply(4, &Reply::History { publications: vec![publication], top }).history;
    let (publications, epoch) = (vec![publication_message], "e".into());
    assert_eq!(history, Some(HistoryMessage { publications, epoch, offset: 300 }));
    let error = reply(70_000, &Reply::Error(disconnect::INTERNAL));
    let message = ErrorMessage { code: 100, message: "internal server error".into(), temporary: true };
    assert_eq!((error.id, error.error), (70_000, Some(message)));
    assert_eq!(reply(4, &Reply::Unsubscribe).unsubscribe, Some(EmptyMessage {}));
}

#[test]
fn pushes_are_read_as_the_schema_says() {
    let publication = Publication { data: Bytes::from_static(b"\xFF"), offset: 1, ..Publication::default() };
    let said = push(&Push::Publication { to: Address::Number(300), publication: &publication });
    let heard = said.publication.unwrap();
    assert_eq!((said.id, &said.channel[..], &heard.data[..], heard.offset), (300, "", &b"\xFF"[..], 1));
    let said = push(&Push::Join { to: Address::Name("a"), info: &info() });
    assert_eq!((said.id, &said.channel[..], said.join), (0, "a", Some(JoinMessage { info: Some(info_message()) })));
}
