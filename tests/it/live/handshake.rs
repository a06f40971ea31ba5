//! From an HTTP request to a socket, and the end of the server.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::bad_input::masked;

use crate::support::{Site, StoreKind, on_each_store, until, within};

on_each_store!(
    a_good_request_is_accepted_as_rfc_6455_says,
    a_request_that_is_no_handshake_is_told_why,
    another_method_is_told_which_there_are,
    a_head_that_is_too_long_is_refused,
    frames_that_come_with_the_request_are_answered,
    a_server_that_stops_tells_everybody_to_come_back,
    an_application_that_ends_takes_its_sockets_along,
    a_client_that_closes_is_answered_and_gone,
);

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
async fn answer(site: &Site, bytes: &[u8]) -> (TcpStream, String) {
    answer_of(&site.host, bytes).await
}

/// The same, of any server.
pub async fn answer_of(host: &str, bytes: &[u8]) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within(stream.read_u8()).await.unwrap());
    }
    (stream, String::from_utf8(head).unwrap().to_lowercase())
}

async fn a_good_request_is_accepted_as_rfc_6455_says(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (_stream, head) = answer(&site, request(&[]).as_bytes()).await;
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    // The example of RFC 6455, section 1.3.
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{head}");
    assert!(!head.contains("sec-websocket-protocol"), "{head}");
    let asked = [("Sec-WebSocket-Protocol", "chat, centrifuge-json")];
    let (_stream, head) = answer(&site, request(&asked).as_bytes()).await;
    assert!(head.contains("sec-websocket-protocol: centrifuge-json\r\n"), "{head}");
}

async fn a_request_that_is_no_handshake_is_told_why(kind: StoreKind) {
    let site = Site::start(kind).await;
    for (changes, status, header) in [
        (&[("Upgrade", "")][..], "426", "upgrade: websocket\r\n"),
        (&[("Connection", "keep-alive")], "426", "upgrade: websocket\r\n"),
        (&[("Sec-WebSocket-Version", "8")], "426", "sec-websocket-version: 13\r\n"),
        (&[("Sec-WebSocket-Version", "")], "426", "sec-websocket-version: 13\r\n"),
        (&[("Sec-WebSocket-Key", "")], "400", ""),
        (&[("Sec-WebSocket-Key", "short")], "400", ""),
        (&[("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=A")], "400", ""),
    ] {
        let (_stream, head) = answer(&site, request(changes).as_bytes()).await;
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{changes:?}: {head}");
        assert!(head.contains(header), "{changes:?}: {head}");
    }
    assert_eq!(site.connections_len(), 0);
}

async fn another_method_is_told_which_there_are(kind: StoreKind) {
    let site = Site::start(kind).await;
    for path in ["/connection/websocket", "/connection/uni_websocket"] {
        for (method, status) in [("OPTIONS", "204"), ("POST", "405"), ("HEAD", "405"), ("DELETE", "405")] {
            let asked = request(&[]).replace("GET /connection/websocket", &format!("{method} {path}"));
            let (_stream, head) = answer(&site, asked.as_bytes()).await;
            assert!(head.starts_with(&format!("http/1.1 {status} ")), "{method} {path}: {head}");
            assert!(head.contains("\r\nallow: get, options\r\n"), "{method} {path}: {head}");
            assert!(head.contains("\r\naccess-control-allow-origin: *\r\n"), "{method} {path}: {head}");
        }
    }
    assert_eq!(site.connections_len(), 0);
}

async fn a_head_that_is_too_long_is_refused(kind: StoreKind) {
    let site = Site::start(kind).await;
    for (name, asked) in [
        ("a long header", request(&[("Host", &"x".repeat(17 * 1024))])),
        ("many headers", request(&[]).replace("\r\n\r\n", &format!("\r\n{}\r\n", "A: b\r\n".repeat(200)))),
        ("a long query", request(&[]).replace("websocket HTTP", &format!("websocket?{} HTTP", "q".repeat(17 * 1024)))),
    ] {
        let (_stream, head) = answer(&site, asked.as_bytes()).await;
        assert!(head.starts_with("http/1.1 431 ") || head.starts_with("http/1.1 414 "), "{name}: {head}");
    }
    let (_stream, head) = answer(&site, request(&[("Host", &"x".repeat(12 * 1024))]).as_bytes()).await;
    assert!(head.starts_with("http/1.1 101 "), "a long head that is not too long: {head}");
}

async fn frames_that_come_with_the_request_are_answered(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut bytes = request(&[]).into_bytes();
    bytes.extend(masked(r#"{"id":1,"connect":{}}"#));
    let (mut stream, _) = answer(&site, &bytes).await;
    let mut frame = [0; 12];
    within(stream.read_exact(&mut frame)).await.unwrap();
    assert_eq!(&frame[2..], br#"{"id":1,"c"#);
}

async fn a_server_that_stops_tells_everybody_to_come_back(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = site.spectator().await;
        client.subscribe("open").await;
        clients.push(client);
    }
    let silent = site.socket().await;
    let Site { instance, app, host, .. } = site;
    let stopping = tokio::spawn(instance.shutdown());
    for client in clients {
        assert_eq!(client.closed().await, 3001);
    }
    assert_eq!(silent.closed().await, 3001);
    within(stopping).await.unwrap();
    assert_eq!(app.metrics.connections.get(), 0);
    assert!(TcpStream::connect(&host).await.is_err(), "nobody listens any more");
}

async fn an_application_that_ends_takes_its_sockets_along(kind: StoreKind) {
    let site = Site::start(kind).await;
    let client = site.spectator().await;
    within(site.app.workers.close()).await;
    assert!(matches!(client.closed().await, 1006 | 3001));
}

async fn a_client_that_closes_is_answered_and_gone(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = site.spectator().await;
    client.subscribe("open").await;
    client.socket.close(None).await.unwrap();
    assert_eq!(client.closed().await, 1005);
    // Another just breaks off.
    let mut client = site.spectator().await;
    client.subscribe("open").await;
    drop(client);
    site.all_gone().await;
    assert_eq!(site.app.metrics.subscriptions.get(), 0);
    assert_eq!(site.app.metrics.connections.get(), 0);
    // And the room can be entered again at once.
    let mut client = site.spectator().await;
    client.subscribe("open").await;
    client.ask("publish", json!({ "channel": "open", "data": 1 })).await;
    until(|| site.app.metrics.frames_sent.get() > 0).await;
}
