//! Those who only listen: one request, and then pushes.

use std::collections::VecDeque;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::support::{Site, StoreKind, Streamed, on_each_store, signed, within};

on_each_store!(
    a_listener_hears_the_channels_that_it_asked_for,
    a_listener_on_a_socket_says_one_thing,
    a_listener_recovers_what_it_missed,
    a_token_names_the_channels_of_a_listener,
    a_listener_hears_a_run,
    a_listener_is_not_asked_for_pongs,
    a_listener_ends_with_the_token_of_a_channel,
    what_a_listener_may_not_hear_ends_it,
);

async fn listener(site: &Site, request: &Value) -> Streamed {
    Streamed::at(site.ask(Method::POST, "/connection/uni_http_stream").body(request.to_string())).await
}

async fn a_listener_hears_the_channels_that_it_asked_for(kind: StoreKind) {
    let site = Site::start(kind).await;
    let request = json!({ "subs": { "open": {}, "plain:other": {} } });
    let query = reqwest::Url::parse_with_params("http://x", [("cf_connect", request.to_string())]).unwrap();
    let by_query = format!("/connection/uni_sse?{}", query.query().unwrap());
    let mut speaker = site.spectator().await;
    for ask in [
        site.ask(Method::POST, "/connection/uni_http_stream").body(request.to_string()),
        site.ask(Method::POST, "/connection/uni_sse").body(request.to_string()),
        site.ask(Method::GET, &by_query),
    ] {
        let mut client = Streamed::at(ask).await;
        let connect = client.next().await["connect"].clone();
        assert!(connect["client"].is_string() && connect["subs"]["open"]["epoch"].is_string(), "{connect}");
        assert!(connect["subs"]["plain:other"].is_object() && connect.get("pong").is_none(), "{connect}");
        speaker.say_in("open", &json!({ "a": 1 })).await;
        assert_eq!(client.publication("open").await["data"], json!({ "a": 1 }));
        drop(client);
    }
    let nothing = Streamed::at(site.ask(Method::GET, "/connection/uni_sse")).await.next().await;
    assert!(nothing["connect"]["client"].is_string(), "{nothing}");
}

/// The next line, of which a frame may hold several.
async fn next(socket: &mut WebSocketStream<TcpStream>, lines: &mut VecDeque<String>) -> Value {
    while lines.is_empty() {
        let message = within(socket.next()).await.unwrap().unwrap();
        lines.extend(message.to_text().unwrap().lines().map(str::to_owned));
    }
    serde_json::from_str(&lines.pop_front().unwrap()).unwrap()
}

async fn a_listener_on_a_socket_says_one_thing(kind: StoreKind) {
    let site = Site::start(kind).await;
    let stream = TcpStream::connect(&site.host).await.unwrap();
    let url = format!("ws://{}/connection/uni_websocket", site.host);
    let (mut socket, _) = within(tokio_tungstenite::client_async(url, stream)).await.unwrap();
    socket.send(Message::text(r#"{"subs":{"open":{}}}"#)).await.unwrap();
    let mut lines = VecDeque::new();
    let connect = next(&mut socket, &mut lines).await;
    assert!(connect["connect"]["subs"]["open"].is_object(), "{connect}");
    socket.send(Message::text(r#"{"id":2,"unsubscribe":{"channel":"open"}}"#)).await.unwrap();
    socket.send(Message::text("nonsense")).await.unwrap();
    site.spectator().await.say_in("open", &json!(1)).await;
    loop {
        let push = next(&mut socket, &mut lines).await;
        assert_eq!(push["channel"], "open", "{push}");
        if push["pub"].is_object() {
            assert_eq!(push["pub"]["data"], 1);
            break;
        }
    }

    let stream = TcpStream::connect(&site.host).await.unwrap();
    let url = format!("ws://{}/connection/uni_websocket", site.host);
    let (mut socket, _) = within(tokio_tungstenite::client_async(url, stream)).await.unwrap();
    socket.send(Message::text("nonsense")).await.unwrap();
    let last = within(socket.next()).await.unwrap().unwrap();
    assert_eq!(last.to_text().unwrap(), r#"{"disconnect":{"code":3501,"reason":"bad request"}}"#);
    let close = within(socket.next()).await.unwrap().unwrap();
    assert!(matches!(close, Message::Close(Some(CloseFrame { code, .. })) if u16::from(code) == 3501));
}

async fn a_listener_recovers_what_it_missed(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut speaker = site.spectator().await;
    speaker.say_in("open", &json!(1)).await;
    let first = listener(&site, &json!({ "subs": { "open": {} } })).await.next().await;
    let epoch = &first["connect"]["subs"]["open"]["epoch"];
    for number in 2..=3 {
        speaker.say_in("open", &json!(number)).await;
    }
    let known = json!({ "subs": { "open": { "recover": true, "epoch": epoch, "offset": 1 } } });
    let back = listener(&site, &known).await.next().await;
    let back = &back["connect"]["subs"]["open"];
    assert_eq!(back["recovered"], true, "{back}");
    let missed: Vec<_> = back["publications"].as_array().unwrap().iter().map(|one| one["data"].clone()).collect();
    assert_eq!(missed, [json!(2), json!(3)]);
}

async fn a_token_names_the_channels_of_a_listener(kind: StoreKind) {
    let site = Site::start(kind).await;
    let token = signed(&json!({ "sub": "42", "channels": ["named"] }));
    let mut client = listener(&site, &json!({ "token": token, "subs": { "asked": {} } })).await;
    let connect = client.next().await["connect"].clone();
    let mut channels: Vec<_> = connect["subs"].as_object().unwrap().keys().collect();
    channels.sort();
    assert_eq!(channels, ["#42", "asked", "named"]);
    let mut speaker = site.spectator().await;
    for channel in ["named", "asked"] {
        speaker.say_in(channel, &json!(channel)).await;
        assert_eq!(client.publication(channel).await["data"], channel);
    }
}

async fn a_listener_hears_a_run(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (run, channel) = site.run(&runner, runnity::domain::user::Visibility::Public).await;
    let mut client = listener(&site, &json!({ "subs": { channel.clone(): {} } })).await;
    let connect = client.next().await["connect"].clone();
    assert!(connect["subs"][&channel]["data"].is_object(), "the run so far: {connect}");
    site.record(&runner, run, 1).await;
    assert!(client.publication(&channel).await["data"]["fixes"].is_array());
}

async fn a_listener_is_not_asked_for_pongs(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = listener(&site, &json!({})).await;
    assert!(client.next().await["connect"].is_object());
    for _ in 0..3 {
        site.advance(Duration::from_secs(26)).await;
        assert_eq!(client.next().await, json!({}));
    }
}

async fn a_listener_ends_with_the_token_of_a_channel(kind: StoreKind) {
    let site = Site::start(kind).await;
    let ends = site.clock.now().as_millis() / 1_000 + 20;
    let token = signed(&json!({ "sub": "", "channel": "$open", "exp": ends }));
    let mut client = listener(&site, &json!({ "subs": { "$open": { "token": token } } })).await;
    let connect = client.next().await["connect"].clone();
    let sub = &connect["subs"]["$open"];
    assert_eq!((&sub["expires"], &sub["ttl"]), (&json!(true), &json!(20)), "{connect}");
    site.advance(Duration::from_secs(20 + 26)).await;
    let last = client.rest().await.pop().unwrap();
    assert_eq!(last["disconnect"]["code"], 3006, "it cannot come into a channel again by itself: {last}");
}

async fn what_a_listener_may_not_hear_ends_it(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let own = format!("#{}", runner.id);
    let many: serde_json::Map<_, _> = (0..129).map(|number| (format!("plain:{number}"), json!({}))).collect();
    for (request, code) in [
        (json!({ "token": "nobody's" }), 3500),
        (json!({ "subs": { own: {} } }), 3507),
        (json!({ "subs": { "run:nonsense": {} } }), 3501),
        (json!({ "subs": &many }), 3505),
        (json!([]), 3501),
    ] {
        let heard = listener(&site, &request).await.rest().await;
        assert_eq!(heard, [json!({ "disconnect": heard[0]["disconnect"] })]);
        assert_eq!(heard[0]["disconnect"]["code"], code, "{request}");
    }
    let mut client = site.socket().await;
    assert_eq!(client.error("connect", json!({ "subs": many })).await, 106, "of others either, before they are known");
    drop(client);
    site.all_gone().await;
}
