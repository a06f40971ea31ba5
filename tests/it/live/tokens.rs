//! Tokens that the operator's back end signs, on the socket: what they open, when they end, and how they are renewed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, Site, StoreKind, on_each_store, signed, until};

on_each_store!(
    a_token_names_channels_that_are_heard_unasked,
    a_token_that_is_over_is_told_from_one_that_is_wrong,
    a_connection_lives_as_long_as_its_tokens,
    a_new_token_must_be_the_same_user_s,
    a_subscription_lives_as_long_as_its_tokens,
    a_subscription_s_token_is_for_one_user_and_one_channel,
);

/// Connections are looked at within a tick after something is due.
const A_SECOND_AND_A_TICK: Duration = Duration::from_millis(1_010);

/// Seconds since 1970, so many from now.
fn from_now(site: &Site, seconds: i64) -> i64 {
    site.clock.now().as_millis() / 1_000 + seconds
}

async fn connected(site: &Site, claims: &Value) -> (Client, Value) {
    let mut client = site.socket().await;
    let reply = client.ask("connect", json!({ "token": signed(claims) })).await;
    (client, reply)
}

/// Lets time pass in small steps, with pings answered.
async fn pass(site: &Site, client: &mut Client, seconds: u64) {
    for _ in 0..seconds {
        site.clock.advance(Duration::from_secs(1));
        // What pings have come by now is answered with this.
        client.ask("unsubscribe", json!({ "channel": "none" })).await;
    }
}

async fn a_token_names_channels_that_are_heard_unasked(kind: StoreKind) {
    let site = Site::start(kind).await;
    let claims = json!({
        "sub": "42",
        "channels": ["news", "run:0192f000-0000-7000-8000-000000000000"],
        "subs": { "room": { "data": { "welcome": true }, "info": { "seat": 1 } } },
    });
    let (mut client, reply) = connected(&site, &claims).await;
    let subs = reply["connect"]["subs"].as_object().unwrap();
    // What is not there, or not for them, does not stand in the way of the rest.
    assert_eq!(subs.keys().collect::<Vec<_>>(), ["#42", "news", "room"]);
    assert_eq!(subs["room"]["data"], json!({ "welcome": true }));
    assert_eq!(subs["news"]["recoverable"], true);
    let mut comers = Vec::new();
    while comers.len() < 3 {
        let push = client.next().await["push"].clone();
        assert!(push["join"]["info"]["client"].is_string(), "{push}");
        comers.push((push["channel"].as_str().unwrap().to_owned(), push["join"]["info"]["chan_info"].clone()));
    }
    comers.sort_by(|one, another| one.0.cmp(&another.0));
    assert_eq!(comers[2], ("room".to_owned(), json!({ "seat": 1 })));
    for channel in ["news", "room", "#42"] {
        assert_eq!(client.error("subscribe", json!({ "channel": channel })).await, 105);
        assert_eq!(client.error("unsubscribe", json!({ "channel": channel })).await, 103);
        assert_eq!(client.publish_and_hear(channel, &json!(channel)).await["data"], channel);
    }
    drop(client);

    // Where they were left, they go on.
    let mut speaker = site.spectator().await;
    speaker.subscribe("news").await;
    speaker.ask("publish", json!({ "channel": "news", "data": 2 })).await;
    let mut client = site.socket().await;
    let known = json!({ "news": { "recover": true, "epoch": subs["news"]["epoch"], "offset": 1 } });
    let reply = client.ask("connect", json!({ "token": signed(&claims), "subs": known })).await;
    let news = &reply["connect"]["subs"]["news"];
    assert_eq!((&news["recovered"], &news["publications"][0]["data"]), (&json!(true), &json!(2)), "{reply}");
}

async fn a_token_that_is_over_is_told_from_one_that_is_wrong(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (client, reply) = connected(&site, &json!({ "sub": "42", "exp": from_now(&site, -1) })).await;
    assert_eq!(reply["error"]["code"], 109);
    // There is nothing left to do here: neither for who goes on nor for who stays.
    let (mut another, reply) = connected(&site, &json!({ "sub": "42", "exp": from_now(&site, -1) })).await;
    assert_eq!(reply["error"]["code"], 109);
    another.send(json!({ "id": 2, "connect": { "token": signed(&json!({ "sub": "42" })) } }).to_string()).await;
    assert_eq!(another.closed().await, 3501);
    site.clock.advance(Duration::from_secs(11));
    assert_eq!(client.closed().await, 3502);
    let mut client = site.socket().await;
    let token = signed(&json!({ "sub": "42" })).replace('.', ".A");
    client.send(json!({ "id": 1, "connect": { "token": token } }).to_string()).await;
    assert_eq!(client.closed().await, 3500);
}

async fn a_connection_lives_as_long_as_its_tokens(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (mut client, reply) = connected(&site, &json!({ "sub": "42", "exp": from_now(&site, 30) })).await;
    assert_eq!((&reply["connect"]["expires"], &reply["connect"]["ttl"]), (&json!(true), &json!(30)));
    pass(&site, &mut client, 29).await;
    let token = signed(&json!({ "sub": "42", "exp": from_now(&site, 40), "info": { "name": "new" } }));
    let reply = client.ask("refresh", json!({ "token": token })).await;
    assert_eq!((&reply["refresh"]["expires"], &reply["refresh"]["ttl"]), (&json!(true), &json!(40)), "{reply}");
    // What is told of the client is what the new token says.
    let heard = client.publish_and_hear("#42", &json!(1)).await;
    assert_eq!(heard["info"]["conn_info"], json!({ "name": "new" }));

    // It is not renewed again: a while is given for that.
    pass(&site, &mut client, 40 + 24).await;
    site.clock.advance(A_SECOND_AND_A_TICK);
    assert_eq!(client.closed().await, 3005);
    site.all_gone().await;
}

async fn a_new_token_must_be_the_same_user_s(kind: StoreKind) {
    let site = Site::start(kind).await;
    for (claims, code) in [
        (json!({ "sub": "43" }), 3500),
        (json!({ "sub": "" }), 3500),
        (json!({ "sub": "42", "exp": from_now(&site, -1) }), 3005),
    ] {
        let (mut client, _) = connected(&site, &json!({ "sub": "42", "exp": from_now(&site, 30) })).await;
        client.send(json!({ "id": 2, "refresh": { "token": signed(&claims) } }).to_string()).await;
        assert_eq!(client.closed().await, code, "{claims}");
    }
    // One without an end opens a connection without an end.
    let (mut client, _) = connected(&site, &json!({ "sub": "42", "exp": from_now(&site, 30) })).await;
    let reply = client.ask("refresh", json!({ "token": signed(&json!({ "sub": "42" })) })).await;
    assert!(reply["refresh"]["client"].is_string() && reply["refresh"].get("expires").is_none(), "{reply}");
    pass(&site, &mut client, 60).await;
}

async fn a_subscription_lives_as_long_as_its_tokens(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (mut client, _) = connected(&site, &json!({ "sub": "42" })).await;
    let token = |seconds| signed(&json!({ "sub": "42", "channel": "open", "exp": from_now(&site, seconds) }));
    let reply = client.ask("subscribe", json!({ "channel": "open", "token": token(20) })).await;
    assert_eq!((&reply["subscribe"]["expires"], &reply["subscribe"]["ttl"]), (&json!(true), &json!(20)), "{reply}");
    pass(&site, &mut client, 30).await;
    let reply = client.ask("sub_refresh", json!({ "channel": "open", "token": token(10) })).await;
    assert_eq!(reply["sub_refresh"], json!({ "expires": true, "ttl": 10 }), "within the while that is given");
    assert_eq!(client.error("sub_refresh", json!({ "channel": "open", "token": token(-1) })).await, 109);
    assert_eq!(site.app.metrics.subscriptions.get(), 2);

    pass(&site, &mut client, 10 + 24).await;
    site.clock.advance(A_SECOND_AND_A_TICK);
    assert_eq!(client.push("open").await["unsubscribe"]["code"], 2501);
    until(|| site.app.metrics.subscriptions.get() == 1).await;
    // The connection is as good as before, and the channel can be entered again.
    assert_eq!(client.error("subscribe", json!({ "channel": "open", "token": token(-1) })).await, 109);
    let reply = client.ask("subscribe", json!({ "channel": "open", "token": token(20) })).await;
    assert_eq!(reply["subscribe"]["recoverable"], true, "{reply}");
}

async fn a_subscription_s_token_is_for_one_user_and_one_channel(kind: StoreKind) {
    let site = Site::start(kind).await;
    for claims in [json!({ "sub": "43", "channel": "open" }), json!({ "sub": "42", "channel": "other" })] {
        let (mut client, _) = connected(&site, &json!({ "sub": "42" })).await;
        let subscribe = json!({ "channel": "open", "token": signed(&claims) });
        client.send(json!({ "id": 2, "subscribe": subscribe }).to_string()).await;
        assert_eq!(client.closed().await, 3500, "{claims}");
    }
    let (mut client, _) = connected(&site, &json!({ "sub": "42" })).await;
    assert_eq!(client.error("subscribe", json!({ "channel": "open", "token": "x" })).await, 103);
}
