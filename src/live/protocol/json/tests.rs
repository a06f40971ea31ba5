//! Frames as clients send them and as they are answered.

use bytes::Bytes;

use super::super::{ConnectResult, Reply};
use super::*;
use crate::live::disconnect;

fn read(line: &str) -> Option<Command> {
    let message = Bytes::copy_from_slice(line.as_bytes());
    command(&message, std::str::from_utf8(&message).unwrap())
}

fn written(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn commands_are_read_as_the_sdks_write_them() {
    let subscribe = |channel: &str| Subscribe { channel: channel.into(), ..Subscribe::default() };
    let cases = [
        (r#"{"id":1,"connect":{}}"#, 1, Request::Connect(Connect::default())),
        (
            r##"{"connect":{"token":"t\u00e9","name":"js","version":"1","data":{"a":[1]},"subs":{"#u":{"recover":true,"epoch":"abcdefgh","offset":7}}},"id":2}"##,
            2,
            Request::Connect(Connect {
                token: "té".into(),
                subs: vec![Subscribe { recover: true, epoch: "abcdefgh".into(), offset: 7, ..subscribe("#u") }],
            }),
        ),
        (
            r#"{"id":3,"subscribe":{"channel":"run:1","flag":3,"positioned":true,"later":{"x":null}}}"#,
            3,
            Request::Subscribe(Subscribe { rejects_unrecovered: true, ..subscribe("run:1") }),
        ),
        (
            r#"{"id":3,"subscribe":{"channel":"run:1","flag":1,"type":1,"tf":{"key":"a"}}}"#,
            3,
            Request::Subscribe(Subscribe { is_special: true, is_filtered: true, ..subscribe("run:1") }),
        ),
        (r#"{"id":4,"unsubscribe":{"channel":"a"}}"#, 4, Request::Unsubscribe { channel: "a".into() }),
        (
            r#"{"id":5,"publish":{"channel":"a","data": {"b" : 1} }}"#,
            5,
            Request::Publish { channel: "a".into(), data: Some(Bytes::from_static(br#"{"b" : 1}"#)) },
        ),
        (r#"{"id":5,"publish":{"channel":"a"}}"#, 5, Request::Publish { channel: "a".into(), data: None }),
        (r#"{"send":{"data":1}}"#, 0, Request::Send),
        (r#"{"id":6,"rpc":{"method":"x","data":{}}}"#, 6, Request::NotAvailable),
        (r#"{"id":6,"presence_stats":{"channel":"x"}}"#, 6, Request::NotAvailable),
        (r#"{"id":7,"dance":{}}"#, 7, Request::Unknown),
        (r#"{"id":7,"ping":{}}"#, 7, Request::Unknown),
        ("{}", 0, Request::Pong),
    ];
    for (line, id, request) in cases {
        assert_eq!(read(line), Some(Command { id, request }), "{line}");
    }
}

#[test]
fn what_is_no_command_is_told_apart() {
    let deep = format!(r#"{{"id":1,"publish":{{"channel":"a","data":{}{}}}}}"#, "[".repeat(70), "]".repeat(70));
    let lines =
        ["", "nonsense", "[]", "1", r#"{"id":-1}"#, r#"{"id":4294967296}"#, r#"{"id":1,"connect":5}"#, "{", &deep];
    for line in lines {
        assert_eq!(read(line), None, "{line}");
    }
}

#[test]
fn brackets_in_strings_do_not_count_as_nesting() {
    let brackets = "[".repeat(200);
    assert!(read(&format!(r#"{{"id":1,"publish":{{"channel":"a","data":"\"{brackets}"}}}}"#)).is_some());
}

#[test]
fn published_data_shares_the_bytes_of_its_message() {
    let message = Bytes::from_static(br#"{"id":1,"publish":{"channel":"a","data":[1,2]}}"#);
    let read = command(&message, std::str::from_utf8(&message).unwrap()).unwrap();
    let Request::Publish { data: Some(data), .. } = read.request else { panic!("{read:?}") };
    assert!(message.as_ptr_range().contains(&data.as_ptr()));
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
        publications: vec![
            Publication { data: Bytes::from_static(b"1"), offset: 4 },
            Publication { data: Bytes::from_static(b"2"), offset: 5 },
        ],
        ..subscribed.clone()
    };
    let connected = ConnectResult {
        client: "c".into(),
        version: "0.1.0",
        subs: vec![("#u".into(), recovered)],
        ping_s: 25,
        pong: true,
    };
    assert_eq!(
        written(reply(1, &Reply::Subscribe(subscribed))),
        r#"{"id":1,"subscribe":{"recoverable":true,"epoch":"abcdefgh","offset":3,"positioned":true,"data":{ "a":1}}}"#
    );
    assert_eq!(
        written(reply(2, &Reply::Connect(connected))),
        concat!(
            r##"{"id":2,"connect":{"client":"c","version":"0.1.0","subs":{"#u":{"recoverable":true,"epoch":"abcdefgh","##,
            r#""publications":[{"data":1,"offset":4},{"data":2,"offset":5}],"recovered":true,"offset":3,"#,
            r#""positioned":true,"was_recovering":true}},"ping":25,"pong":true}}"#
        )
    );
    assert_eq!(
        written(reply(3, &Reply::Error(disconnect::INTERNAL))),
        r#"{"id":3,"error":{"code":100,"message":"internal server error","temporary":true}}"#
    );
    assert_eq!(written(reply(4, &Reply::Unsubscribe)), r#"{"id":4,"unsubscribe":{}}"#);
    assert_eq!(written(reply(5, &Reply::Publish)), r#"{"id":5,"publish":{}}"#);
}

#[test]
fn pushes_name_their_channel() {
    let why = disconnect::INSUFFICIENT_STATE;
    assert_eq!(
        written(push(&Push::Unsubscribe { channel: "a\"b", why })),
        r#"{"push":{"channel":"a\"b","unsubscribe":{"code":2500,"reason":"insufficient state"}}}"#
    );
    assert_eq!(
        written(push(&Push::Disconnect(disconnect::SHUTDOWN))),
        r#"{"push":{"disconnect":{"code":3001,"reason":"shutdown"}}}"#
    );
    let mut out = Vec::new();
    Publication { data: Bytes::from_static(b"{}"), offset: 9 }.push(&publication_head("run:1"), &mut out);
    assert_eq!(written(out), r#"{"push":{"channel":"run:1","pub":{"data":{},"offset":9}}}"#);
}
