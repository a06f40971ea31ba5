//! Who gets in when many come: bounds in all and of each address, and hand-shakes that are never finished.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use runnity::live::{self, Live};
use runnity::server::{self, Server};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::handshake::{answer_of, request};
use crate::support::{Client, Site, StoreKind, Streamed, on_each_store, send, until, within};

on_each_store!(
    one_too_many_of_an_address_is_sent_away_for_good,
    an_address_of_ipv6_is_its_first_64_bits,
    this_machine_is_not_counted_unless_it_forwards,
    when_all_places_are_taken_newcomers_are_told_to_come_later,
    hand_shakes_that_are_never_finished_keep_nobody_out,
    a_head_that_does_not_arrive_is_given_up,
);

/// A site that believes what this machine forwards.
async fn site(kind: StoreKind, connections_max: usize, connections_per_address: usize) -> Site {
    let trusted_proxies = "127.0.0.1".parse().unwrap();
    let own = Site::options();
    let live = live::Options { connections_max, connections_per_address, trusted_proxies, ..own.live };
    Site::start_with(kind, runnity::instance::Options { live, ..own }).await
}

async fn socket_from(site: &Site, path: &str, forwarded: &str) -> Client {
    let mut request = format!("ws://{}/connection/{path}", site.host).into_client_request().unwrap();
    request.headers_mut().insert("x-forwarded-for", forwarded.parse().unwrap());
    Client::by(&site.host, request).await
}

async fn spectator_from(site: &Site, forwarded: &str) -> Client {
    let mut client = socket_from(site, "websocket", forwarded).await;
    client.connect().await;
    client
}

/// Requests for answers that do not end.
fn streams(site: &Site) -> [RequestBuilder; 4] {
    let hello = r#"{"id":1,"connect":{}}"#;
    [
        site.ask(Method::POST, "/connection/http_stream").body(hello),
        site.ask(Method::GET, "/connection/sse?cf_connect=%7B%22id%22:1,%22connect%22:%7B%7D%7D"),
        site.ask(Method::POST, "/connection/uni_http_stream").body("{}"),
        site.ask(Method::GET, "/connection/uni_sse"),
    ]
}

async fn one_too_many_of_an_address_is_sent_away_for_good(kind: StoreKind) {
    let site = site(kind, 100, 2).await;
    let first = spectator_from(&site, "198.51.100.7").await;
    // What a client writes there itself is not believed.
    let mut second = spectator_from(&site, "203.0.113.1, 198.51.100.7").await;
    assert_eq!(socket_from(&site, "websocket", "198.51.100.7").await.closed().await, 3504);
    let mut listener = socket_from(&site, "uni_websocket", "198.51.100.7").await;
    assert_eq!(listener.next().await, json!({ "disconnect": { "code": 3504, "reason": "connection limit" } }));
    assert_eq!(listener.closed().await, 3504);
    for request in streams(&site) {
        let heard = Streamed::at(request.header("x-forwarded-for", "198.51.100.7")).await.rest().await;
        let [told] = &heard[..] else { panic!("one message: {heard:?}") };
        let code = told.pointer("/push/disconnect/code").or(told.pointer("/disconnect/code"));
        assert_eq!(code, Some(&Value::from(3504)), "{told}");
    }
    assert_eq!(site.app.metrics.connections_refused.get(), 6);
    // Others are let in, requests are answered, and a place that is free again can be taken.
    let _other = spectator_from(&site, "198.51.100.8").await;
    let asked = site.ask(Method::GET, "/api/runs").header("x-forwarded-for", "198.51.100.7");
    assert_eq!(send(asked).await.status, 200);
    second.subscribe("open").await;
    drop(first);
    until(|| site.connections_len() == 2).await;
    let mut third = spectator_from(&site, "198.51.100.7").await;
    third.subscribe("open").await;
}

async fn an_address_of_ipv6_is_its_first_64_bits(kind: StoreKind) {
    let site = site(kind, 100, 1).await;
    let _first = spectator_from(&site, "2001:db8:0:1::1").await;
    assert_eq!(socket_from(&site, "websocket", "2001:db8:0:1:ffff::2").await.closed().await, 3504);
    let _second = spectator_from(&site, "2001:db8:0:2::1").await;
}

async fn this_machine_is_not_counted_unless_it_forwards(kind: StoreKind) {
    let site = site(kind, 100, 1).await;
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(site.spectator().await);
    }
    let _forwarded = spectator_from(&site, "198.51.100.7").await;
    assert_eq!(socket_from(&site, "websocket", "198.51.100.7").await.closed().await, 3504);
}

async fn when_all_places_are_taken_newcomers_are_told_to_come_later(kind: StoreKind) {
    let site = site(kind, 3, 100).await;
    let first = site.spectator().await;
    let (_second, _third) = (Streamed::lines(&site).await, Streamed::events(&site).await);
    for path in ["websocket", "uni_websocket"] {
        let asked = request(&[]).replace("websocket HTTP", &format!("{path} HTTP"));
        let (_stream, head) = answer_of(&site.host, asked.as_bytes()).await;
        assert!(head.starts_with("http/1.1 503 ") && head.contains("\r\nretry-after: 1\r\n"), "{path}: {head}");
    }
    for request in streams(&site) {
        let reply = send(request).await;
        assert_eq!((reply.status, reply.header("retry-after")), (503, "1"));
        assert_eq!(reply.header("access-control-allow-origin"), "*");
    }
    assert_eq!(send(site.ask(Method::GET, "/api/runs")).await.status, 200, "what is no connection is answered");
    assert_eq!(site.connections_len(), 3);
    drop(first);
    until(|| site.connections_len() == 2).await;
    site.spectator().await;
}

/// A server beside the site's own, with other bounds.
async fn beside(site: &Site, options: server::Options) -> (String, Arc<Live>) {
    let live = Live::new(site.app.clone(), Site::options().live);
    let server = Server::new(site.app.clone(), live.clone(), live.routes(), options);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    site.app.workers.spawn(server.listen(listener));
    (host, live)
}

async fn hand_shakes_that_are_never_finished_keep_nobody_out(kind: StoreKind) {
    let site = Site::start(kind).await;
    let options = server::Options {
        lobby_len_max: 16,
        lobby_patience: Duration::from_millis(20),
        head_time_max: Duration::from_secs(3_600),
        ..server::Options::default()
    };
    let (host, live) = beside(&site, options).await;
    let mut inside = Client::at(&host).await;
    inside.connect().await;
    let mut half_open = Vec::new();
    for index in 0..400 {
        let mut stream = TcpStream::connect(&host).await.unwrap();
        if index % 2 == 0 {
            // Those who made room may be gone by now.
            let _ = stream.write_all(&request(&[]).as_bytes()[..60]).await;
        }
        half_open.push(stream);
    }
    for _ in 0..20 {
        let mut client = Client::at(&host).await;
        client.connect().await;
    }
    inside.subscribe("open").await;
    let gone = within(half_open[0].read(&mut [0; 16])).await;
    assert!(matches!(gone, Ok(0) | Err(_)), "the first has made room: {gone:?}");
    until(|| live.connections_len() == 1).await;
}

async fn a_head_that_does_not_arrive_is_given_up(kind: StoreKind) {
    let site = Site::start(kind).await;
    let head_time_max = Duration::from_millis(300);
    let (host, live) = beside(&site, server::Options { head_time_max, ..server::Options::default() }).await;
    let mut stays = Client::at(&host).await;
    stays.connect().await;
    let mut scrap = Vec::new();
    let mut silent = TcpStream::connect(&host).await.unwrap();
    let _ = within(silent.read_to_end(&mut scrap)).await;
    // Byte by byte, each in good time.
    let (mut read, mut write) = TcpStream::connect(&host).await.unwrap().into_split();
    let dripping = async {
        let mut drops = tokio::time::interval(Duration::from_millis(10));
        for byte in request(&[("Host", &"x".repeat(8_000))]).bytes() {
            drops.tick().await;
            if write.write_all(&[byte]).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    let ended = async { drop(read.read_to_end(&mut scrap).await) };
    tokio::select! {
        () = within(ended) => {}
        () = dripping => {}
    }
    stays.subscribe("open").await;
    assert_eq!(live.connections_len(), 1, "a socket has no such time");
}
