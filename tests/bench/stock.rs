//! The stock server that ours is measured against: `warp::ws` as its examples show it, one unbounded queue and one `send` for
//! each connection. Understands just enough of the same protocol to be driven by the same generator.
//!
//! It encodes a publication once and shares it, as any careful author would: what is compared is the way to the sockets.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use futures::{SinkExt, StreamExt};
use parking_lot::RwLock;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use warp::Filter;
use warp::ws::{Message, WebSocket};

use crate::Outcome;

type Channels = Arc<RwLock<HashMap<String, Vec<UnboundedSender<Message>>>>>;

#[derive(Deserialize)]
struct Command {
    id: u32,
    connect: Option<Connect>,
    subscribe: Option<Subscribe>,
    publish: Option<Publish>,
}

#[derive(Deserialize)]
struct Connect {}

#[derive(Deserialize)]
struct Subscribe {
    channel: String,
}

#[derive(Deserialize)]
struct Publish {
    channel: String,
    data: Box<RawValue>,
}

/// `warp::serve` leaves small writes to the kernel's delay; with `no_delay` the connections inherit from the listener that they
/// are not delayed.
pub fn serve(address: SocketAddr, no_delay: bool) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let channels = Channels::default();
        let health = warp::path("health").map(|| "ok");
        let socket = warp::path!("connection" / "websocket").and(warp::ws()).map(move |upgrade: warp::ws::Ws| {
            let channels = channels.clone();
            upgrade.on_upgrade(move |socket| converse(socket, channels))
        });
        let listener = tokio::net::TcpListener::bind(address).await?;
        socket2::SockRef::from(&listener).set_tcp_nodelay(no_delay)?;
        warp::serve(health.or(socket)).incoming(listener).run().await;
        Ok(())
    })
}

async fn converse(socket: WebSocket, channels: Channels) {
    let (mut sink, mut stream) = socket.split();
    let (sender, mut receiver) = unbounded_channel::<Message>();
    tokio::spawn(async move {
        while let Some(message) = receiver.recv().await {
            if sink.send(message).await.is_err() {
                break;
            }
        }
    });
    while let Some(Ok(message)) = stream.next().await {
        let Ok(text) = message.to_str() else { continue };
        for line in text.lines() {
            let Ok(command) = serde_json::from_str::<Command>(line) else { return };
            let _ = sender.send(Message::text(answer(command, &sender, &channels)));
        }
    }
}

fn answer(command: Command, sender: &UnboundedSender<Message>, channels: &Channels) -> String {
    let Command { id, connect, subscribe, publish } = command;
    if connect.is_some() {
        return format!(r#"{{"id":{id},"connect":{{"client":"stock","version":"0","ping":25,"pong":true}}}}"#);
    }
    if let Some(Subscribe { channel }) = subscribe {
        channels.write().entry(channel).or_default().push(sender.clone());
        return format!(r#"{{"id":{id},"subscribe":{{}}}}"#);
    }
    if let Some(Publish { channel, data }) = publish {
        let push = format!(r#"{{"push":{{"channel":"{channel}","pub":{{"data":{}}}}}}}"#, data.get());
        let message = Message::text(push);
        for subscriber in channels.read().get(&channel).into_iter().flatten() {
            let _ = subscriber.send(message.clone());
        }
        return format!(r#"{{"id":{id},"publish":{{}}}}"#);
    }
    format!(r#"{{"id":{id},"error":{{"code":108,"message":"not available"}}}}"#)
}
