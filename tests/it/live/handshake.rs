//! From an HTTP request to a socket, and the end of the server.

use std::time::Duration;

use runnity::server;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::bad_input::masked;
use super::world::{World, within};

/// A request for a WebSocket, with some headers changed; an empty value leaves the header out.
pub fn request(changes: &[(&str, &str)]) -> String {
    let headers = [
        ("Host", "localhost"),
        ("Connection", "keep-alive, Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Protocol", ""),
    ];
    let value = |(name, value)| changes.iter().find(|change| change.0 == name).map_or(value, |change| change.1);
    let lines: String = headers
        .into_iter()
        .filter(|header| !value(*header).is_empty())
        .map(|header| format!("{}: {}\r\n", header.0, value(header)))
        .collect();
    format!("GET /connection/websocket HTTP/1.1\r\n{lines}\r\n")
}

/// Sends bytes, and reads the head of the answer.
async fn answer(world: &World, bytes: &[u8]) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within(stream.read_u8()).await.unwrap());
    }
    (stream, String::from_utf8(head).unwrap().to_lowercase())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_request_is_accepted_as_rfc_6455_says() {
    let world = World::new().await;
    let (_stream, head) = answer(&world, request(&[]).as_bytes()).await;
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    // The example of RFC 6455, section 1.3.
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{head}");
    assert!(!head.contains("sec-websocket-protocol"), "{head}");
    let asked = [("Sec-WebSocket-Protocol", "chat, centrifuge-json")];
    let (_stream, head) = answer(&world, request(&asked).as_bytes()).await;
    assert!(head.contains("sec-websocket-protocol: centrifuge-json\r\n"), "{head}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_no_handshake_is_told_why() {
    let world = World::new().await;
    for (changes, status, header) in [
        (&[("Upgrade", "")][..], "426", "upgrade: websocket\r\n"),
        (&[("Connection", "keep-alive")], "426", "upgrade: websocket\r\n"),
        (&[("Sec-WebSocket-Version", "8")], "426", "sec-websocket-version: 13\r\n"),
        (&[("Sec-WebSocket-Version", "")], "426", "sec-websocket-version: 13\r\n"),
        (&[("Sec-WebSocket-Key", "")], "400", ""),
        (&[("Sec-WebSocket-Key", "short")], "400", ""),
    ] {
        let (_stream, head) = answer(&world, request(changes).as_bytes()).await;
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{changes:?}: {head}");
        assert!(head.contains(header), "{changes:?}: {head}");
    }
    assert_eq!(world.live.connections_len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_that_come_with_the_request_are_answered() {
    let world = World::new().await;
    let mut bytes = request(&[]).into_bytes();
    bytes.extend(masked(r#"{"id":1,"connect":{}}"#));
    let (mut stream, _) = answer(&world, &bytes).await;
    let mut frame = [0; 12];
    within(stream.read_exact(&mut frame)).await.unwrap();
    assert_eq!(&frame[2..], br#"{"id":1,"c"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_tells_everybody_to_come_back() {
    let world = World::new().await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = world.spectator().await;
        client.subscribe("open").await;
        clients.push(client);
    }
    let silent = world.socket().await;
    world.stop.cancel();
    for client in clients {
        assert_eq!(client.closed().await, 3001);
    }
    assert_eq!(silent.closed().await, 3001);
    within(world.serving).await.unwrap();
    assert_eq!(world.live.connections_len(), 0);
    assert!(TcpStream::connect(world.address).await.is_err(), "nobody listens any more");
    within(world.app.workers.close()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_that_ends_takes_its_sockets_along() {
    let world = World::new().await;
    let client = world.spectator().await;
    within(world.app.workers.close()).await;
    within(world.serving).await.unwrap();
    assert!(matches!(client.closed().await, 1006 | 3001));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_closes_is_answered_and_gone() {
    let world = World::new().await;
    let mut client = world.spectator().await;
    client.subscribe("open").await;
    client.socket.close(None).await.unwrap();
    assert_eq!(client.closed().await, 1005);
    // Another just breaks off.
    let mut client = world.spectator().await;
    client.subscribe("open").await;
    drop(client);
    world.all_gone().await;
    assert_eq!(world.app.metrics.subscriptions.get(), 0);
    assert_eq!(world.app.metrics.connections.get(), 0);
    // And the room can be entered again at once.
    let mut client = world.spectator().await;
    client.subscribe("open").await;
    client.ask("publish", json!({ "channel": "open", "data": 1 })).await;
    tokio::time::timeout(Duration::from_secs(20), async {
        while world.app.metrics.frames_sent.get() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_when_there_are_enough_waits_until_somebody_goes() {
    let world = World::with(server::Options { connections_max: 2, ..server::Options::default() }).await;
    let (first, _second) = (world.spectator().await, world.spectator().await);
    let third = world.spectator();
    let mut third = std::pin::pin!(third);
    assert!(tokio::time::timeout(Duration::from_millis(300), &mut third).await.is_err(), "it waits");
    assert_eq!(world.live.connections_len(), 2);
    drop(first);
    third.await;
}
