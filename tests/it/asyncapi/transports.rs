//! What is said on every transport, and on free-form channels, held against the document.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Document, Talk, habits, holds};
use crate::support::{API_KEY, Site, StoreKind, Streamed, on_each_store, send, signed};

on_each_store!(what_is_said_on_every_transport_is_what_the_document_says);

async fn order(site: &Site, method: &str, body: Value) {
    let request = site.ask(Method::POST, &format!("/api/{method}")).header("X-API-Key", API_KEY).json(&body);
    let answer = send(request).await.json();
    assert!(answer["error"].is_null(), "{method} {body}: {answer}");
}

/// Has the server say to this client all that it can say unasked, the last of which is good-bye → all that it said.
async fn everything_happens(site: &Site, session: &str, mut client: Streamed) -> Vec<Value> {
    let mut said = Vec::new();
    let subscribe = json!({ "session": session, "channel": "asked", "data": { "a": 1 }, "info": { "seat": 7 } });
    order(site, "subscribe", subscribe).await;
    hears(&mut client, "subscribe", &mut said).await;
    order(site, "publish", json!({ "channel": "asked", "data": 1, "tags": { "a": "b" } })).await;
    hears(&mut client, "pub", &mut said).await;
    let mut other = site.spectator().await;
    other.subscribe("asked").await;
    hears(&mut client, "join", &mut said).await;
    other.ask("unsubscribe", json!({ "channel": "asked" })).await;
    hears(&mut client, "leave", &mut said).await;
    order(site, "unsubscribe", json!({ "session": session, "channel": "asked" })).await;
    hears(&mut client, "unsubscribe", &mut said).await;
    let in_an_hour = site.clock.now().as_millis() / 1_000 + 3_600;
    order(site, "refresh", json!({ "session": session, "expire_at": in_an_hour })).await;
    hears(&mut client, "refresh", &mut said).await;
    order(site, "disconnect", json!({ "session": session })).await;
    said.extend(client.rest().await);
    said
}

/// Waits until the client is told something under this name.
async fn hears(client: &mut Streamed, name: &str, said: &mut Vec<Value>) {
    loop {
        let message = client.next().await;
        let is_it = !message[name].is_null() || !message["push"][name].is_null();
        said.push(message);
        if is_it {
            return;
        }
    }
}

/// Somebody who only listens → what they are told until the end.
async fn listens(site: &Site, hello: &Value, path: &str) -> Vec<Value> {
    let mut listener = Streamed::at(site.ask(Method::POST, path).body(hello.to_string())).await;
    let connect = listener.next().await;
    let session = connect["connect"]["session"].as_str().expect("a session").to_owned();
    [vec![connect], everything_happens(site, &session, listener).await].concat()
}

/// Somebody whose commands are posted beside an endless answer → what they are told.
async fn posts(site: &Site, mut client: Streamed) -> Vec<Value> {
    let subscribed = client.ask(site, "subscribe", json!({ "channel": "open" })).await;
    let session = client.session.clone();
    [vec![subscribed], everything_happens(site, &session, client).await].concat()
}

/// A socket on which everything is asked that free-form channels offer.
async fn talks(site: &Site) -> Vec<Value> {
    let hour = site.clock.now().as_millis() / 1_000 + 3_600;
    let token = signed(&json!({ "sub": "42", "exp": hour, "info": { "name": "Aino" } }));
    let for_open = signed(&json!({ "sub": "42", "channel": "open", "exp": hour }));
    let mut talk = Talk::of(site).await;
    talk.ask("connect", json!({ "token": token, "name": "a test" })).await;
    talk.ask("subscribe", json!({ "channel": "open", "token": for_open, "delta": "fossil", "flag": 1 })).await;
    for number in 1..=3 {
        let data = json!({ "number": number, "text": "the same in each of them, so that a patch is shorter" });
        talk.ask("publish", json!({ "channel": "open", "data": data })).await;
    }
    for command in ["presence", "presence_stats", "history", "rpc"] {
        talk.ask(command, json!({ "channel": "open", "method": "none", "limit": -1 })).await;
    }
    talk.ask("refresh", json!({ "token": token })).await;
    talk.ask("sub_refresh", json!({ "channel": "open", "token": for_open })).await;
    talk.ask("unsubscribe", json!({ "channel": "open" })).await;
    talk.ask("subscribe", json!({ "channel": "run:none" })).await;
    let bad = json!({ "channel": "open", "recover": true, "epoch": "no", "offset": 9, "flag": 2, "token": for_open });
    talk.ask("subscribe", bad).await;
    talk.said
}

async fn what_is_said_on_every_transport_is_what_the_document_says(kind: StoreKind) {
    let site = Site::start(kind).await;
    let document = Document::of(&site).await;
    let hello = json!({ "token": signed(&json!({ "sub": "42" })), "subs": { "open": {} }, "name": "curl" });
    holds(&document.one_of(&["Connect"]), &hello);
    let posted = json!({ "session": "s", "node": "n", "data": "{}" });
    holds(&document.one_of(&["Posted"]), &posted);

    let mut bare = listens(&site, &hello, "/connection/uni_http_stream").await;
    bare.extend(listens(&site, &hello, "/connection/uni_sse").await);
    let mut framed = talks(&site).await;
    framed.extend(posts(&site, Streamed::lines(&site).await).await);
    framed.extend(posts(&site, Streamed::events(&site).await).await);
    // A method is there for who has an account.
    framed.extend(habits::said(&site, &site.runner("Aino").await).await);

    let (frames, pushes) = (document.one_of(&["Reply", "Push", "Ping"]), document.one_of(&["BarePush", "Ping"]));
    framed.iter().for_each(|message| holds(&frames, message));
    bare.iter().for_each(|message| holds(&pushes, message));

    // And everything that the document knows of was said.
    let members =
        |value: &Value| value.as_object().into_iter().flat_map(|it| it.keys().cloned()).collect::<BTreeSet<_>>();
    let known = |schema: &str| members(&document.at(&format!("#/components/schemas/{schema}"))["properties"]);
    let said = |of: &[Value]| of.iter().flat_map(members).collect::<BTreeSet<_>>();
    let framed_pushes: Vec<Value> = framed.iter().map(|message| message["push"].clone()).collect();
    for pushes in [&framed_pushes, &bare] {
        let missing: Vec<_> = known("PushBody").difference(&said(pushes)).cloned().collect();
        // Who only listens is told names, never numbers.
        assert!(missing.iter().all(|name| name == "id"), "{missing:?}");
    }
    let missing: Vec<_> = known("Reply").difference(&said(&framed)).cloned().collect();
    assert!(missing.is_empty(), "{missing:?}");
}
