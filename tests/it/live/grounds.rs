//! Who may come into a free-form channel: by its name, or on the operator's word alone.

use serde_json::{Value, json};

use crate::support::{Client, Site, StoreKind, on_each_store, signed};

on_each_store!(
    a_private_channel_needs_the_operator_s_word_always,
    a_channel_for_some_is_open_to_others_on_the_operator_s_word,
    a_private_name_keeps_its_namespace,
);

async fn guest(site: &Site, claims: Value) -> (Client, Value) {
    let mut client = site.socket().await;
    let reply = client.ask("connect", json!({ "token": signed(&claims) })).await;
    assert!(reply["connect"].is_object(), "{reply}");
    (client, reply["connect"].clone())
}

fn ticket(user: &str, channel: &str) -> Value {
    json!({ "channel": channel, "token": signed(&json!({ "sub": user, "channel": channel })) })
}

async fn a_private_channel_needs_the_operator_s_word_always(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (mut client, _) = guest(&site, json!({ "sub": "42" })).await;
    let mut stranger = site.spectator().await;
    for (is_guest, channel) in [(true, "$room"), (true, "$room#42"), (false, "$room")] {
        let client = if is_guest { &mut client } else { &mut stranger };
        assert_eq!(client.error("subscribe", json!({ "channel": channel })).await, 103, "{channel}");
        assert_eq!(client.error("publish", json!({ "channel": channel, "data": 1 })).await, 103, "{channel}");
        assert_eq!(client.error("history", json!({ "channel": channel, "limit": 1 })).await, 103, "{channel}");
    }
    let reply = client.ask("subscribe", ticket("42", "$room")).await;
    assert_eq!(reply["subscribe"]["recoverable"], true, "{reply}");
    let reply = stranger.ask("subscribe", ticket("", "$room")).await;
    assert!(reply["subscribe"].is_object(), "a stranger may have a token too: {reply}");
    assert_eq!(client.publish_and_hear("$room", &json!(1)).await["data"], 1);
    assert_eq!(stranger.push("$room").await["pub"]["data"], 1);

    // A connection's token is the operator's word as well.
    let (mut named, connect) = guest(&site, json!({ "sub": "43", "channels": ["$room"] })).await;
    assert!(connect["subs"]["$room"].is_object(), "{connect}");
    assert_eq!(named.publish_and_hear("$room", &json!(2)).await["data"], 2);
}

async fn a_channel_for_some_is_open_to_others_on_the_operator_s_word(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (mut client, connect) = guest(&site, json!({ "sub": "44", "channels": ["#43"] })).await;
    assert!(connect["subs"]["#43"].is_object(), "{connect}");
    assert_eq!(client.error("subscribe", json!({ "channel": "dialog#42,43" })).await, 103);
    client.ask("subscribe", ticket("44", "dialog#42,43")).await;
    assert_eq!(client.publish_and_hear("dialog#42,43", &json!(1)).await["data"], 1);
    // Who has left is outside again.
    client.ask("unsubscribe", json!({ "channel": "dialog#42,43" })).await;
    assert_eq!(client.error("publish", json!({ "channel": "dialog#42,43", "data": 1 })).await, 103);

    // An account's own channel is the product's: no word opens it.
    let runner = site.runner("Aino").await;
    let own = format!("#{}", runner.id);
    let mut other = site.socket().await;
    let claims = json!({ "sub": site.runner("Eero").await.id, "channels": [own] });
    let reply = other.ask("connect", json!({ "token": signed(&claims) })).await;
    assert!(reply["connect"]["subs"].get(&own).is_none(), "{reply}");
    let claims = json!({ "sub": claims["sub"], "channel": own });
    let ticket = json!({ "channel": own, "token": signed(&claims) });
    assert_eq!(other.error("subscribe", ticket).await, 103);
}

async fn a_private_name_keeps_its_namespace(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = site.spectator().await;
    // Where anybody may publish, private channels are still for those inside.
    assert_eq!(client.error("publish", json!({ "channel": "$plain:room", "data": 1 })).await, 103);
    let reply = client.ask("subscribe", ticket("", "$plain:room")).await;
    assert!(reply["subscribe"].get("recoverable").is_none(), "{reply}");
    assert_eq!(client.publish_and_hear("$plain:room", &json!(1)).await.get("offset"), None);
    let reply = client.ask("subscribe", ticket("", "$smallhistory:room")).await;
    assert_eq!(reply["subscribe"]["recoverable"], true, "{reply}");
    for number in 1..=4 {
        client.ask("publish", json!({ "channel": "$smallhistory:room", "data": number })).await;
    }
    let page = client.ask("history", json!({ "channel": "$smallhistory:room", "limit": -1 })).await;
    assert_eq!(page["history"]["publications"].as_array().unwrap().len(), 2, "{page}");
}
