//! Pings, silence, and peers that are gone without a word. Time is moved on by hand.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::support::{Client, Site, StoreKind, on_each_store, until, within};

on_each_store!(
    who_answers_pings_stays,
    a_half_open_peer_is_noticed_by_its_silence,
    who_never_connects_is_closed,
    who_waits_for_the_store_to_connect_comes_back,
    a_pong_that_waits_behind_commands_counts,
    a_tool_may_ask_for_the_websocket_s_own_pings,
);

/// Moves time on, in steps, until the client's next line is there.
async fn next_in_time(site: &Site, client: &mut Client) -> Value {
    in_time(site, client.next()).await
}

/// Moves time on, in steps, until this has happened.
async fn in_time<T>(site: &Site, what: impl Future<Output = T>) -> T {
    let tick = async {
        // A step for each real millisecond, so that the client can answer within the time that it has.
        let mut steps = tokio::time::interval(Duration::from_millis(1));
        // On a busy machine too: steps that were missed are not made up for.
        steps.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            site.clock.advance(Duration::from_millis(100));
            steps.tick().await;
        }
    };
    tokio::select! {
        happened = within(what) => happened,
        () = tick => unreachable!(),
    }
}

async fn who_answers_pings_stays(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = site.spectator().await;
    let start = site.clock.now();
    for _ in 0..4 {
        assert_eq!(next_in_time(&site, &mut client).await, json!({}));
        client.send("{}").await;
        // The answer to this shows that the pong has arrived, before time moves on.
        client.ask("unsubscribe", json!({ "channel": "none" })).await;
    }
    // The first comes after half the interval to the whole of it, the others at the interval.
    let passed_s = site.clock.now().seconds_since(start);
    assert!((3.0 * 25.0 + 12.5..4.0 * 25.0 + 5.0).contains(&passed_s), "{passed_s}");
    client.subscribe("open").await;
}

async fn a_half_open_peer_is_noticed_by_its_silence(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut silent = site.spectator().await;
    silent.subscribe("plain:open").await;
    assert_eq!(next_in_time(&site, &mut silent).await, json!({}));
    site.clock.advance(Duration::from_secs(11));
    assert_eq!(silent.closed().await, 3012);
    site.all_gone().await;
    assert_eq!(site.app.metrics.subscriptions.get(), 0);
}

async fn who_never_connects_is_closed(kind: StoreKind) {
    let site = Site::start(kind).await;
    let silent = site.socket().await;
    // The hand-shake is answered a moment before the server begins to count.
    until(|| site.connections_len() > 0).await;
    site.clock.advance(Duration::from_secs(11));
    assert_eq!(silent.closed().await, 3502);
}

async fn who_waits_for_the_store_to_connect_comes_back(kind: StoreKind) {
    let (site, store) = Site::start_held(kind).await;
    let runner = site.runner("Aino").await;
    store.hold();
    let (mut client, silent) = (site.socket().await, site.socket().await);
    until(|| site.connections_len() == 2).await;
    site.clock.advance(Duration::from_secs(9));
    client.send(json!({ "id": 1, "connect": { "token": runner.token } }).to_string()).await;
    until(|| store.was_asked(&runner.id)).await;
    // How long the command may take to come is no matter any more.
    site.clock.advance(Duration::from_secs(5));
    assert_eq!(silent.closed().await, 3502);
    store.let_go();
    assert!(client.reply(1).await["connect"].is_object());

    store.hold();
    for (path, hello) in [
        ("websocket", r#"{"id":1,"connect":{"token":"TOKEN"}}"#),
        ("uni_websocket", r#"{"token":"TOKEN","subs":{"open":{}}}"#),
    ] {
        let other = site.runner(path).await;
        let mut client = Client::by(&site.host, format!("ws://{}/connection/{path}", site.host)).await;
        client.send(hello.replace("TOKEN", &other.token)).await;
        until(|| store.was_asked(&other.id)).await;
        site.clock.advance(Duration::from_secs(11));
        assert_eq!(client.closed().await, 3004, "{path}");
    }
    store.let_go();
}

async fn a_pong_that_waits_behind_commands_counts(kind: StoreKind) {
    let (site, store) = Site::start_held(kind).await;
    let (mut client, mut silent) = (site.spectator().await, site.spectator().await);
    store.hold();
    let subscribe = |id: u32| json!({ "id": id, "subscribe": { "channel": format!("plain:{id}") } }).to_string();
    let frame = [subscribe(2), subscribe(3), subscribe(4)].join("\n");
    silent.send(&*frame).await;
    client.send(frame).await;
    until(|| store.was_asked("plain:2")).await;
    assert_eq!(next_in_time(&site, &mut client).await, json!({}));
    client.send("{}").await;
    for _ in 0..3 {
        let canary = site.socket().await;
        until(|| site.connections_len() == 3).await;
        site.clock.advance(Duration::from_secs(11));
        assert_eq!(canary.closed().await, 3502);
        until(|| site.connections_len() == 2).await;
    }
    store.let_go();
    for id in 2..=4 {
        assert!(client.reply(id).await["subscribe"].is_object());
    }
    client.subscribe("open").await;
    drop(client);
    assert_eq!(in_time(&site, silent.closed()).await, 3012, "who is gone is noticed in the end");
}

/// A socket of a client that knows the WebSocket's pings alone, and what it was told first.
async fn tool(site: &Site, path: &str, hello: &str) -> (WebSocketStream<TcpStream>, Value) {
    let stream = TcpStream::connect(&site.host).await.unwrap();
    let url = format!("ws://{}/connection/{path}?cf_ws_frame_ping_pong=true", site.host);
    let (mut socket, _) = within(tokio_tungstenite::client_async(url, stream)).await.unwrap();
    // One that nobody has asked for is no breach here.
    socket.send(Message::Pong("x".into())).await.unwrap();
    socket.send(Message::text(hello.to_owned())).await.unwrap();
    let told = within(socket.next()).await.unwrap().unwrap().into_text().unwrap();
    (socket, serde_json::from_str(&told).unwrap())
}

async fn a_tool_may_ask_for_the_websocket_s_own_pings(kind: StoreKind) {
    let site = Site::start(kind).await;
    let connect = r#"{"id":1,"connect":{}}"#;
    let (mut socket, reply) = tool(&site, "websocket", connect).await;
    let told = &reply["connect"];
    assert!(told["client"].is_string() && told.get("ping").is_none() && told.get("pong").is_none(), "{reply}");
    for _ in 0..3 {
        assert_eq!(in_time(&site, socket.next()).await.unwrap().unwrap(), Message::Ping("".into()));
        // tungstenite answers before this; the reply shows that it has arrived, before time moves on.
        socket.send(Message::text(r#"{"id":2,"rpc":{}}"#)).await.unwrap();
        assert!(within(socket.next()).await.unwrap().unwrap().is_text());
    }
    drop(socket);

    // Whoever does not answer is gone, also of those who only listen.
    for (path, hello) in [("websocket", connect), ("uni_websocket", "{}")] {
        let (mut socket, _) = tool(&site, path, hello).await;
        assert_eq!(in_time(&site, socket.next()).await.unwrap().unwrap(), Message::Ping("".into()));
        // What waits to be answered is forgotten.
        let mut silent = WebSocketStream::from_raw_socket(socket.into_inner(), Role::Client, None).await;
        site.clock.advance(Duration::from_secs(11));
        assert!(within(silent.next()).await.unwrap().unwrap().is_text());
        let last = within(silent.next()).await.unwrap().unwrap();
        assert!(matches!(&last, Message::Close(Some(close)) if u16::from(close.code) == 3012), "{last:?}");
    }
}
