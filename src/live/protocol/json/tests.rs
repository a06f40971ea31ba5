//! Frames as clients send them and as they are answered.

use bytes::Bytes;

use crate::app::channels::ClientInfo;
use crate::live::disconnect;
use crate::live::protocol::*;

fn read(line: &str) -> Result<Command, Garbage> {
    let mut message = Bytes::copy_from_slice(line.as_bytes());
    let command = Encoding::Json.next_command(&mut message).unwrap_or(Err(Garbage));
    assert!(message.is_empty());
    command
}

fn reply(id: u32, reply: &Reply) -> String {
    let mut out = Vec::new();
    Encoding::Json.reply(&mut out, id, reply);
    String::from_utf8(out).unwrap()
}

fn push(push: &Push) -> String {
    let mut out = Vec::new();
    Encoding::Json.push(&mut out, push);
    String::from_utf8(out).unwrap()
}

#[test]
fn commands_are_read_as_the_sdks_write_them() {
    let subscribe = |channel: &str| Subscribe { channel: channel.into(), ..Subscribe::default() };
    let channel = String::from("a");
    let document = |json: &'static str| Some(Bytes::from_static(json.as_bytes()));
    let cases = [
        (r#"{"id":1,"connect":{}}"#, 1, Request::Connect(Connect::default())),
        (
            concat!(
                r#"{"connect":{"token":"t\u00e9","name":"js","version":"1","data":{"a":[1]},"headers":{"h":"v"},"#,
                r##""subs":{"#u":{"recover":true,"epoch":"abcdefgh","offset":7}}},"id":2}"##
            ),
            2,
            Request::Connect(Connect {
                token: "té".into(),
                subs: vec![Subscribe { recover: true, epoch: "abcdefgh".into(), offset: 7, ..subscribe("#u") }],
                name: "js".into(),
            }),
        ),
        (
            r#"{"id":3,"subscribe":{"channel":"run:1","flag":3,"positioned":true,"later":{"x":null}}}"#,
            3,
            Request::Subscribe(Subscribe { takes_numbers: true, rejects_unrecovered: true, ..subscribe("run:1") }),
        ),
        (
            concat!(
                r#"{"id":3,"subscribe":{"channel":"a","token":"t","data":null,"recoverable":true,"join_leave":true,"#,
                r#""delta":"fossil"}}"#
            ),
            3,
            Request::Subscribe(Subscribe { token: "t".into(), delta: "fossil".into(), ..subscribe("a") }),
        ),
        (
            r#"{"id":3,"subscribe":{"channel":"a","type":1,"tf":{"key":"a"}}}"#,
            3,
            Request::Subscribe(Subscribe { is_special: true, is_filtered: true, ..subscribe("a") }),
        ),
        (r#"{"id":4,"unsubscribe":{"channel":"a"}}"#, 4, Request::Unsubscribe { channel: channel.clone() }),
        (
            r#"{"id":5,"publish":{"channel":"a","data": {"b" : 1} }}"#,
            5,
            Request::Publish { channel: channel.clone(), data: document(r#"{"b" : 1}"#) },
        ),
        (r#"{"id":5,"publish":{"channel":"a"}}"#, 5, Request::Publish { channel: channel.clone(), data: None }),
        (r#"{"id":6,"presence":{"channel":"a"}}"#, 6, Request::Presence { channel: channel.clone() }),
        (r#"{"id":6,"presence_stats":{"channel":"a"}}"#, 6, Request::PresenceStats { channel: channel.clone() }),
        (
            r#"{"id":6,"history":{"channel":"a","limit":-1,"since":{"offset":5,"epoch":"e"},"reverse":true}}"#,
            6,
            Request::History(History {
                channel: channel.clone(),
                limit: -1,
                since: Some(Position { offset: 5, epoch: "e".into() }),
                reverse: true,
            }),
        ),
        (
            r#"{"id":6,"history":{"channel":"a"}}"#,
            6,
            Request::History(History { channel: channel.clone(), ..History::default() }),
        ),
        (r#"{"send":{"data":1}}"#, 0, Request::Send),
        (r#"{"id":6,"rpc":{"method":"x","data":{}}}"#, 6, Request::Rpc { method: "x".into(), data: document("{}") }),
        (r#"{"id":6,"refresh":{"token":"t"}}"#, 6, Request::Refresh { token: "t".into() }),
        (
            r#"{"id":6,"sub_refresh":{"channel":"a","token":"t"}}"#,
            6,
            Request::SubRefresh { channel, token: "t".into() },
        ),
        (r#"{"id":7,"dance":{}}"#, 7, Request::Unknown),
        (r#"{"id":7,"ping":{}}"#, 7, Request::Unknown),
        ("{}", 0, Request::Pong),
    ];
    for (line, id, request) in cases {
        assert_eq!(read(line), Ok(Command { id, request }), "{line}");
    }
}

#[test]
fn what_is_no_command_is_told_apart() {
    let deep = format!(r#"{{"id":1,"publish":{{"channel":"a","data":{}{}}}}}"#, "[".repeat(70), "]".repeat(70));
    let lines = [
        "",
        "nonsense",
        "[]",
        "1",
        r#"{"id":-1}"#,
        r#"{"id":4294967296}"#,
        r#"{"id":1,"connect":5}"#,
        "{",
        &deep,
        r#"{"id":1,"connect":[]}"#,
    ];
    for line in lines {
        assert_eq!(read(line), Err(Garbage), "{line}");
    }
}

#[test]
fn of_too_many_subs_one_too_many_is_kept() {
    for (len, kept) in [(128, 128), (129, 129), (5_000, 129)] {
        let subs: Vec<String> = (0..len).map(|index| format!(r#""{index}":{{}}"#)).collect();
        let line = format!(r#"{{"id":1,"connect":{{"subs":{{{}}},"token":"t"}}}}"#, subs.join(","));
        let Ok(Command { request: Request::Connect(connect), .. }) = read(&line) else { panic!("{len}") };
        assert_eq!((connect.subs.len(), &*connect.subs[99].channel, &*connect.token), (kept, "99", "t"));
        assert_eq!(read(&line.replace("\"4999\":{}", "4999")).is_err(), len == 5_000, "all of it is JSON");
    }
    assert!(read(r#"{"id":1,"connect":{"subs":null}}"#).is_ok());
    assert!(read(r#"{"id":1,"connect":{"subs":[]}}"#).is_err());
}

#[test]
fn brackets_in_strings_do_not_count_as_nesting() {
    let brackets = "[".repeat(200);
    assert!(read(&format!(r#"{{"id":1,"publish":{{"channel":"a","data":"\"{brackets}"}}}}"#)).is_ok());
}

#[test]
fn a_message_holds_a_command_in_each_line() {
    let mut message = Bytes::from_static(b"\n{\"id\":1,\"connect\":{}}\n \r\n{}\nnonsense\n{}\n\n");
    let mut commands = Vec::new();
    while let Some(command) = Encoding::Json.next_command(&mut message) {
        commands.push(command.map(|command| command.id));
    }
    assert_eq!(commands, [Ok(1), Ok(0), Err(Garbage), Ok(0)]);
}

#[test]
fn published_data_shares_the_bytes_of_its_message() {
    let message = Bytes::from_static(br#"{"id":1,"publish":{"channel":"a","data":[1,2]}}"#);
    let read = Encoding::Json.next_command(&mut message.clone()).unwrap().unwrap();
    let Request::Publish { data: Some(data), .. } = read.request else { panic!("{read:?}") };
    assert!(message.as_ptr_range().contains(&data.as_ptr()));
}

fn publication(data: &'static str, offset: u64) -> Publication {
    Publication { data: Bytes::from_static(data.as_bytes()), offset, ..Publication::default() }
}

fn info() -> ClientInfo {
    let json = |json: &'static str| Some(Bytes::from_static(json.as_bytes()));
    ClientInfo { user: "42".into(), client: "c".into(), conn_info: json(r#"{"a":1}"#), chan_info: json("null") }
}

#[test]
fn replies_leave_out_what_is_empty() {
    let subscribed = SubscribeResult {
        recoverable: true,
        positioned: true,
        epoch: "abcdefgh".into(),
        offset: 3,
        data: Some(Bytes::from_static(b"{\n\"a\":1}")),
        ..SubscribeResult::default()
    };
    let recovered = SubscribeResult {
        data: None,
        recovered: true,
        was_recovering: true,
        publications: vec![publication("1", 4), publication("2", 5)],
        ..subscribed.clone()
    };
    let compact = SubscribeResult { life: Life::Ends(60), delta: true, number: 7, ..SubscribeResult::default() };
    let connected = ConnectResult {
        client: "c".into(),
        version: "0.1.0",
        life: Life::Ends(300),
        data: Some(Bytes::from_static(b"[]")),
        subs: vec![("#u".into(), recovered), ("b".into(), SubscribeResult::default())],
        ping_s: 25,
        pong: true,
        mailbox: Some(Mailbox { session: "s".into(), node: "n".into() }),
    };
    let top = Position { offset: 5, epoch: "e".into() };
    let tags = vec![("k".into(), "v\"".into())];
    let tagged = Publication { tags, info: Some(info()), delta: true, ..publication("\"patch\"", 5) };
    let refreshed = Reply::Refresh { client: "c".into(), version: "1", life: Life::Ends(9) };
    for (result, json) in [
        (
            Reply::Subscribe(subscribed),
            r#""subscribe":{"recoverable":true,"epoch":"abcdefgh","offset":3,"positioned":true,"data":{ "a":1}}"#,
        ),
        (Reply::Subscribe(compact), r#""subscribe":{"expires":true,"ttl":60,"delta":true,"id":7}"#),
        (
            Reply::Connect(connected),
            concat!(
                r#""connect":{"client":"c","version":"0.1.0","expires":true,"ttl":300,"data":[],"#,
                r##""subs":{"#u":{"recoverable":true,"epoch":"abcdefgh","##,
                r#""publications":[{"data":1,"offset":4},{"data":2,"offset":5}],"recovered":true,"offset":3,"#,
                r#""positioned":true,"was_recovering":true},"b":{}},"ping":25,"pong":true,"session":"s","node":"n"}"#
            ),
        ),
        (
            Reply::Error(disconnect::INTERNAL),
            r#""error":{"code":100,"message":"internal server error","temporary":true}"#,
        ),
        (Reply::Unsubscribe, r#""unsubscribe":{}"#),
        (Reply::Publish, r#""publish":{}"#),
        (Reply::Presence(Vec::new()), r#""presence":{}"#),
        (
            Reply::Presence(vec![("c".into(), info())]),
            r#""presence":{"presence":{"c":{"user":"42","client":"c","conn_info":{"a":1},"chan_info":null}}}"#,
        ),
        (Reply::PresenceStats { clients: 2, users: 1 }, r#""presence_stats":{"num_clients":2,"num_users":1}"#),
        (
            Reply::History { publications: vec![tagged], top },
            concat!(
                r#""history":{"publications":[{"data":"patch","info":{"user":"42","client":"c","conn_info":{"a":1},"#,
                r#""chan_info":null},"offset":5,"tags":{"k":"v\""},"delta":true}],"epoch":"e","offset":5}"#
            ),
        ),
        (Reply::Rpc { data: Bytes::from_static(b"3") }, r#""rpc":{"data":3}"#),
        (refreshed, r#""refresh":{"client":"c","version":"1","expires":true,"ttl":9}"#),
        (Reply::SubRefresh(Life::Unbounded), r#""sub_refresh":{}"#),
    ] {
        assert_eq!(reply(1, &result), format!(r#"{{"id":1,{json}}}"#));
    }
}

#[test]
fn pushes_name_their_channel() {
    let (info, publication) = (info(), publication("{}", 9));
    let nobody = ClientInfo { user: String::new(), client: "c".into(), conn_info: None, chan_info: None };
    let to = Address::Name("a\"b");
    let result = SubscribeResult { recoverable: true, epoch: "e".into(), offset: 1, ..SubscribeResult::default() };
    let why = disconnect::INSUFFICIENT_STATE;
    for (said, json) in [
        (Push::Publication { to, publication: &publication }, r#"{"channel":"a\"b","pub":{"data":{},"offset":9}}"#),
        (
            Push::Publication { to: Address::Number(4), publication: &publication },
            r#"{"id":4,"pub":{"data":{},"offset":9}}"#,
        ),
        (
            Push::Join { to, info: &info },
            concat!(
                r#"{"channel":"a\"b","join":{"info":{"user":"42","client":"c","conn_info":{"a":1},"#,
                r#""chan_info":null}}}"#
            ),
        ),
        (Push::Leave { to: Address::Number(4), info: &nobody }, r#"{"id":4,"leave":{"info":{"client":"c"}}}"#),
        (
            Push::Unsubscribe { channel: "a\"b", why },
            r#"{"channel":"a\"b","unsubscribe":{"code":2500,"reason":"insufficient state"}}"#,
        ),
        (
            Push::Subscribe { channel: "a", result: &result },
            r#"{"channel":"a","subscribe":{"recoverable":true,"epoch":"e","offset":1}}"#,
        ),
        (Push::Disconnect(disconnect::SHUTDOWN), r#"{"disconnect":{"code":3001,"reason":"shutdown"}}"#),
        (Push::Refresh(Life::Ends(5)), r#"{"refresh":{"expires":true,"ttl":5}}"#),
    ] {
        assert_eq!(push(&said), format!(r#"{{"push":{json}}}"#));
    }
}

#[test]
fn what_is_posted_is_a_text_in_an_object() {
    for (body, commands) in [
        (r#"{"session":"s","node":"n","data":"{}"}"#, "{}"),
        (r#"{"node":"n","data":"{\"id\":1}\n{}","session":"s","more":[]}"#, "{\"id\":1}\n{}"),
    ] {
        let Ok(Posted { mailbox, commands: found }) = Encoding::Json.posted(&Bytes::from_static(body.as_bytes()))
        else {
            panic!("{body}")
        };
        assert_eq!((&*mailbox.session, &*mailbox.node, &found[..]), ("s", "n", commands.as_bytes()));
    }
    for body in ["", "{}", r#"{"session":"s","node":"n","data":{}}"#, r#"{"session":"s","node":null,"data":""}"#] {
        assert!(Encoding::Json.posted(&Bytes::from_static(body.as_bytes())).is_err(), "{body}");
    }
}
