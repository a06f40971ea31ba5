//! What the operator's back end has done to connections, on any instance.

use std::time::Duration;

use reqwest::Method;
use runnity::app::orders::{Deed, Order, Whom, Why, orders_topic};
use runnity::backend::{Append, Commit, Keep};
use runnity::limits;
use serde_json::{Value, json};

use super::{code, result};
use crate::support::{Client, Site, StoreKind, Streamed, on_each_store, signed};

on_each_store!(
    a_user_is_subscribed_and_unsubscribed,
    what_is_ordered_first_is_done_first,
    no_order_of_a_burst_is_lost,
    who_may_have_missed_an_order_comes_back,
    who_is_subscribed_hears_what_was_missed,
    a_user_is_disconnected_on_every_connection_but_those_that_are_spared,
    a_connection_is_known_by_its_session,
    a_connection_s_time_is_set_by_the_back_end,
    an_order_that_cannot_be_is_refused,
);

/// A client of a user who has no account here, and its id.
async fn guest(site: &Site, name: &str) -> (Client, String) {
    let mut client = site.socket().await;
    let reply = client.ask("connect", json!({ "token": signed(&json!({ "sub": name })) })).await;
    let id = reply["connect"]["client"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned();
    (client, id)
}

async fn a_user_is_subscribed_and_unsubscribed(kind: StoreKind) {
    let site = Site::start(kind).await;
    let ((mut one, _), (mut other, _)) = (guest(&site, "42").await, guest(&site, "43").await);
    let order = json!({ "user": "42", "channel": "news", "data": { "welcome": 1 }, "info": { "seat": 7 } });
    result(&site, "subscribe", order).await;
    let push = one.push("news").await["subscribe"].clone();
    assert_eq!((&push["data"], &push["recoverable"]), (&json!({ "welcome": 1 }), &json!(true)), "{push}");
    let join = one.any_push("news").await["join"]["info"].clone();
    assert_eq!((&join["user"], &join["chan_info"]), (&json!("42"), &json!({ "seat": 7 })));
    result(&site, "publish", json!({ "channel": "news", "data": 1 })).await;
    assert_eq!(one.push("news").await["pub"]["data"], 1);
    other.subscribe("news").await;

    result(&site, "unsubscribe", json!({ "user": "42", "channel": "news" })).await;
    assert_eq!(one.push("news").await["unsubscribe"]["code"], 2000);
    result(&site, "publish", json!({ "channel": "news", "data": 2 })).await;
    assert_eq!(other.push("news").await["pub"]["data"], 2);
    // It is out: it can come in by itself, and heard nothing meanwhile.
    one.send(json!({ "id": 77, "subscribe": { "channel": "news" } }).to_string()).await;
    let line = one.next().await;
    assert_eq!((&line["id"], &line["subscribe"]["offset"]), (&json!(77), &json!(2)), "{line}");
}

/// Orders that are told in one breath.
async fn order_at_once(site: &Site, orders: impl IntoIterator<Item = (Whom, Deed)>) {
    let mut commit = Commit::on(orders_topic().aggregate);
    for (whom, deed) in orders {
        let payload = serde_json::to_vec(&Order { whom, deed }).unwrap().into();
        commit.appends.push(Append { topic: orders_topic(), keep: Keep::Newest(limits::ORDERS_LEN_MAX), payload });
    }
    site.app.backend.commit(commit).await.unwrap();
}

fn user(name: &str) -> Whom {
    Whom { user: name.into(), ..Whom::default() }
}

async fn what_is_ordered_first_is_done_first(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (mut client, _) = guest(&site, "42").await;
    let channel = || "news".to_owned();
    let entering = Deed::Subscribe { channel: channel(), info: None, data: None, since: None };
    let leaving = Deed::Unsubscribe { channel: channel() };
    order_at_once(&site, [(user("42"), entering), (user("42"), leaving)]).await;
    assert!(client.push("news").await["subscribe"].is_object());
    assert_eq!(client.push("news").await["unsubscribe"]["code"], 2000);
    client.subscribe("news").await;
}

async fn no_order_of_a_burst_is_lost(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (first, _) = guest(&site, "42").await;
    let (last, _) = guest(&site, "43").await;
    let (mut other, _) = guest(&site, "44").await;
    let others = (0..3_000).map(|number| (user(&format!("nobody-{number}")), Deed::Expire));
    let burst = [(user("42"), Deed::Disconnect { why: None })].into_iter().chain(others);
    let why = Some(Why { code: 4_000, reason: "the last".into() });
    order_at_once(&site, burst.chain([(user("43"), Deed::Disconnect { why })])).await;
    assert_eq!(last.closed().await, 4_000);
    assert_eq!(first.closed().await, 3503);
    other.subscribe("news").await;
}

async fn who_may_have_missed_an_order_comes_back(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (one, _) = guest(&site, "42").await;
    let mut spectator = site.spectator().await;
    // The topic begins a new life.
    let mut commit = Commit::on(orders_topic().aggregate);
    commit.clears.push(orders_topic());
    site.app.backend.commit(commit).await.unwrap();
    order_at_once(&site, [(user("43"), Deed::Expire)]).await;
    assert_eq!(one.closed().await, 3010);
    spectator.subscribe("news").await;
    // From here on it goes on as before.
    let (again, _) = guest(&site, "42").await;
    result(&site, "disconnect", json!({ "user": "42" })).await;
    assert_eq!(again.closed().await, 3503);
}

async fn who_is_subscribed_hears_what_was_missed(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (mut client, id) = guest(&site, "42").await;
    let mut first = Value::Null;
    for number in 1..=3 {
        let said = result(&site, "publish", json!({ "channel": "news", "data": number })).await;
        first = if number == 1 { said } else { first };
    }
    let order = json!({ "user": "42", "client": id, "channel": "news", "recover_since": first });
    result(&site, "subscribe", order).await;
    assert_eq!(client.push("news").await["subscribe"]["offset"], 1);
    for number in 2..=3 {
        assert_eq!(client.push("news").await["pub"], json!({ "data": number, "offset": number }));
    }
}

async fn a_user_is_disconnected_on_every_connection_but_those_that_are_spared(kind: StoreKind) {
    let site = Site::start(kind).await;
    let ((one, _), (other, _)) = (guest(&site, "42").await, guest(&site, "42").await);
    let ((mut spared, id), (mut another, _)) = (guest(&site, "42").await, guest(&site, "43").await);
    result(&site, "disconnect", json!({ "user": "42", "whitelist": [id] })).await;
    assert_eq!((one.closed().await, other.closed().await), (3503, 3503));
    spared.subscribe("news").await;
    another.subscribe("news").await;
    let why = json!({ "code": 4_200, "reason": "the race is over" });
    result(&site, "disconnect", json!({ "user": "", "client": id, "disconnect": why })).await;
    loop {
        let line = spared.next().await;
        if line["push"]["disconnect"].is_object() {
            assert_eq!(line["push"]["disconnect"], why);
            break;
        }
    }
    assert_eq!(spared.closed().await, 4_200);
    another.subscribe("other").await;
}

async fn a_connection_is_known_by_its_session(kind: StoreKind) {
    let site = Site::start(kind).await;
    let listening = || site.ask(Method::POST, "/connection/uni_http_stream").body(r#"{"subs":{"news":{}}}"#);
    let (mut one, mut other) = (Streamed::at(listening()).await, Streamed::at(listening()).await);
    let (first, second) = (one.next().await["connect"].clone(), other.next().await["connect"].clone());
    assert!(first["session"].is_string() && first["session"] != second["session"], "{first} {second}");
    assert!(first["node"].is_null(), "it has nothing to post");
    result(&site, "unsubscribe", json!({ "session": second["session"], "channel": "news" })).await;
    assert_eq!(told(&mut other, "unsubscribe").await["code"], 2000);
    result(&site, "disconnect", json!({ "session": first["session"] })).await;
    assert_eq!(told(&mut one, "disconnect").await["code"], 3503);
    // Another client's session is nobody else's, and the user must fit too.
    let emulated = Streamed::lines(&site).await;
    result(&site, "disconnect", json!({ "user": "42", "session": emulated.session })).await;
    result(&site, "disconnect", json!({ "session": emulated.session })).await;
    let rest = emulated.rest().await;
    let codes: Vec<_> = rest.iter().map(|message| &message["push"]["disconnect"]["code"]).collect();
    assert_eq!(codes, [&json!(3503)], "{rest:?}");
    result(&site, "subscribe", json!({ "session": second["session"], "channel": "other" })).await;
    assert_eq!(told(&mut other, "subscribe").await["recoverable"], true);
}

/// What the listener is told next under this name.
async fn told(listener: &mut Streamed, name: &str) -> Value {
    loop {
        let message = listener.next().await;
        if !message[name].is_null() {
            return message[name].clone();
        }
    }
}

async fn a_connection_s_time_is_set_by_the_back_end(kind: StoreKind) {
    let site = Site::start(kind).await;
    let ((mut one, _), (other, _)) = (guest(&site, "42").await, guest(&site, "43").await);
    let in_a_minute = site.clock.now().as_millis() / 1_000 + 60;
    result(&site, "refresh", json!({ "user": "42", "expire_at": in_a_minute })).await;
    loop {
        let line = one.next().await;
        if line["push"]["refresh"].is_object() {
            assert_eq!(line["push"]["refresh"], json!({ "expires": true, "ttl": 60 }));
            break;
        }
    }
    result(&site, "refresh", json!({ "user": "43", "expired": true })).await;
    assert_eq!(other.closed().await, 3005);
    // In one step: a ping that is not answered would end it as well.
    site.clock.advance(Duration::from_secs(60 + 25 + 1));
    assert_eq!(one.closed().await, 3005);
}

async fn an_order_that_cannot_be_is_refused(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let own = format!("#{}", runner.id);
    let since = json!({ "offset": 1, "epoch": "x".repeat(65) });
    for (method, body, expected) in [
        ("subscribe", json!({ "channel": "news" }), 107),
        ("subscribe", json!({ "user": "42", "channel": "" }), 107),
        ("subscribe", json!({ "user": "42", "channel": "a", "b64data": "!" }), 107),
        ("subscribe", json!({ "user": "42", "channel": "a", "override": {} }), 108),
        ("unsubscribe", json!({ "user": runner.id, "channel": own }), 103),
        ("disconnect", json!({ "user": "42", "disconnect": { "code": 1_000 } }), 107),
        ("disconnect", json!({ "user": "42", "disconnect": { "code": 4_000, "reason": "x".repeat(124) } }), 107),
        ("disconnect", json!({ "user": "42", "whitelist": vec!["x"; 101] }), 107),
        ("disconnect", json!({ "user": "42", "whitelist": ["x".repeat(37)] }), 107),
        ("disconnect", json!({ "user": "x".repeat(129) }), 107),
        ("disconnect", json!({ "client": "x".repeat(37) }), 107),
        ("disconnect", json!({ "session": "x".repeat(37) }), 107),
        ("subscribe", json!({ "user": "42", "channel": "a", "data": "x".repeat(limits::MESSAGE_BYTES_MAX) }), 107),
        ("subscribe", json!({ "user": "42", "channel": "a", "recover_since": since }), 107),
        ("refresh", json!({}), 107),
    ] {
        assert_eq!(code(&site, method, body.clone()).await, expected, "{method} {body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_reach_connections_of_other_instances() {
    let one = Site::start(StoreKind::Redis).await;
    let other = one.another().await;
    let (mut client, id) = guest(&other, "42").await;
    result(&one, "subscribe", json!({ "user": "42", "channel": "news", "info": { "seat": 7 } })).await;
    assert!(client.push("news").await["subscribe"].is_object());
    result(&one, "publish", json!({ "channel": "news", "data": 1 })).await;
    assert_eq!(client.push("news").await["pub"]["data"], 1);
    let nodes = result(&one, "info", json!({})).await["nodes"].clone();
    assert_eq!(nodes.as_array().unwrap().len(), 2, "{nodes}");
    // What others know of it is written a moment later.
    crate::support::within(async {
        loop {
            let listed = result(&one, "channels", json!({ "pattern": "n*" })).await["channels"].clone();
            if listed == json!({ "news": { "num_clients": 1 } }) {
                break;
            }
        }
    })
    .await;
    let presence = result(&one, "presence", json!({ "channel": "news" })).await["presence"].clone();
    let expected = json!({ &id: { "client": id, "user": "42", "chan_info": { "seat": 7 } } });
    assert_eq!(presence, expected);
    let stats = result(&one, "presence_stats", json!({ "channel": "news" })).await;
    assert_eq!(stats, json!({ "num_clients": 1, "num_users": 1 }));
    for instance in [&one, &other] {
        let history = result(instance, "history", json!({ "channel": "news", "limit": -1 })).await;
        assert_eq!((&history["offset"], &history["publications"][0]["data"]), (&json!(1), &json!(1)));
    }
    let again = json!({ "channel": "news", "data": 2, "idempotency_key": "k" });
    let first = result(&one, "publish", again.clone()).await;
    assert_eq!(result(&other, "publish", again).await, first);
    assert_eq!(client.push("news").await["pub"]["data"], 2);
    result(&one, "history_remove", json!({ "channel": "news" })).await;
    let history = result(&other, "history", json!({ "channel": "news", "limit": -1 })).await;
    assert_eq!((&history["offset"], &history["publications"]), (&json!(2), &json!([])));
    result(&one, "unsubscribe", json!({ "client": id, "channel": "news" })).await;
    assert_eq!(client.push("news").await["unsubscribe"]["code"], 2000);
    result(&one, "disconnect", json!({ "user": "42" })).await;
    assert_eq!(client.closed().await, 3503);
    // Who only listens there, and what others know of those who are there.
    let request = other.ask(Method::POST, "/connection/uni_http_stream").body("{}");
    let mut listener = Streamed::at(request).await;
    let session = listener.next().await["connect"]["session"].clone();
    other.app.beat().await.unwrap();
    let nodes = result(&one, "info", json!({})).await["nodes"].clone();
    let users_len: u64 = nodes.as_array().unwrap().iter().filter_map(|node| node["num_users"].as_u64()).sum();
    assert_eq!(users_len, 1, "{nodes}");
    result(&one, "disconnect", json!({ "session": session })).await;
    assert_eq!(told(&mut listener, "disconnect").await["code"], 3503);
}
