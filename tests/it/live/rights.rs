//! Rights that end while somebody listens.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use runnity::app::users::{ChangeUser, NewUser};
use runnity::domain::user::Visibility;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Runner, Site, StoreKind, Streamed, on_each_store, within};

on_each_store!(
    a_run_made_private_is_closed_to_those_who_may_not_see_it_any_more,
    a_changed_password_closes_the_sockets_of_the_old_tokens,
    every_kind_of_connection_ends_with_its_credential,
    who_shows_another_credential_is_known_by_that_one,
    a_connection_ends_with_its_session,
);

async fn a_run_made_private_is_closed_to_those_who_may_not_see_it_any_more(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (run, channel) = site.run(&runner, Visibility::Public).await;
    let mut spectator = site.spectator().await;
    spectator.subscribe(&channel).await;
    let (mut owner, _) = site.connected(&runner).await;
    owner.subscribe(&channel).await;
    site.app.set_visibility(&runner.identity, run, Visibility::Private).await.unwrap();
    site.record(&runner, run, 2).await;

    assert_eq!(spectator.push(&channel).await["pub"]["data"]["type"], "changed");
    assert_eq!(spectator.push(&channel).await["unsubscribe"]["code"], 2000);
    assert_eq!(owner.push(&channel).await["pub"]["data"]["type"], "changed");
    for _ in 0..2 {
        assert_eq!(owner.push(&channel).await["pub"]["data"]["type"], "fixes");
    }
    // The spectator's next line is the answer to its next command: no fix came to it.
    spectator.send(json!({ "id": 77, "subscribe": { "channel": channel } }).to_string()).await;
    let line = spectator.next().await;
    assert_eq!((&line["id"], &line["error"]["code"]), (&json!(77), &json!(102)));
}

async fn a_changed_password_closes_the_sockets_of_the_old_tokens(kind: StoreKind) {
    let site = Site::start(kind).await;
    let new = NewUser { name: "Aino".into(), password: "correct horse".into(), visibility: None };
    let token = site.app.sign_up(new).await.unwrap().1.reveal().to_owned();
    let runner = site.holder_of(&token).await;
    let (phone, _) = site.connected(&runner).await;
    let (watch, _) = site.connected(&runner).await;
    let other = site.runner("Eero").await;
    let (mut bystander, _) = site.connected(&other).await;

    let change = ChangeUser {
        password: Some("battery staple".into()),
        current_password: Some("correct horse".into()),
        ..ChangeUser::default()
    };
    site.app.change_user(&runner.identity, change).await.unwrap();
    assert_eq!(phone.closed().await, 3500);
    assert_eq!(watch.closed().await, 3500);
    assert_eq!(site.connect_code(&runner).await, 3500, "and they do not come back");
    bystander.subscribe("open").await;
}

/// One connection of each kind, connected as this user; each answers to the code with which it ends.
async fn one_of_each(site: &Site, runner: &Runner) -> Vec<std::pin::Pin<Box<dyn Future<Output = u64>>>> {
    let mut ends: Vec<std::pin::Pin<Box<dyn Future<Output = u64>>>> = Vec::new();
    let (socket, _) = site.connected(runner).await;
    ends.push(Box::pin(async { socket.closed().await.into() }));
    let bare = json!({ "token": runner.token });
    let command = json!({ "id": 1, "connect": bare }).to_string();
    let query = |text: &str| {
        let query = reqwest::Url::parse_with_params("http://x", [("cf_connect", text)]).unwrap();
        query.query().unwrap().to_owned()
    };
    for ask in [
        site.ask(Method::POST, "/connection/http_stream").body(command.clone()),
        site.ask(Method::GET, &format!("/connection/sse?{}", query(&command))),
        site.ask(Method::POST, "/connection/uni_http_stream").body(bare.to_string()),
        site.ask(Method::GET, &format!("/connection/uni_sse?{}", query(&bare.to_string()))),
    ] {
        let mut streamed = Streamed::at(ask).await;
        assert!(streamed.next().await["connect"].is_object());
        ends.push(Box::pin(async {
            let last = streamed.rest().await.pop().unwrap();
            let last = if last["push"].is_object() { &last["push"] } else { &last };
            last["disconnect"]["code"].as_u64().unwrap()
        }));
    }
    let stream = TcpStream::connect(&site.host).await.unwrap();
    let url = format!("ws://{}/connection/uni_websocket", site.host);
    let (mut socket, _) = within(tokio_tungstenite::client_async(url, stream)).await.unwrap();
    socket.send(Message::text(bare.to_string())).await.unwrap();
    assert!(within(socket.next()).await.unwrap().unwrap().to_text().unwrap().contains("connect"));
    ends.push(Box::pin(async move {
        loop {
            if let Message::Close(Some(close)) = within(socket.next()).await.unwrap().unwrap() {
                return u16::from(close.code).into();
            }
        }
    }));
    ends
}

async fn every_kind_of_connection_ends_with_its_credential(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let new = NewUser { name: "Aino".into(), password: "correct horse".into(), visibility: None };
    let token = site.app.sign_up(new).await.unwrap().1.reveal().to_owned();
    let runner = site.holder_of(&token).await;
    let mut ends = one_of_each(&site, &runner).await;
    ends.extend(one_of_each(&other, &runner).await);
    let change = ChangeUser {
        password: Some("battery staple".into()),
        current_password: Some("correct horse".into()),
        ..ChangeUser::default()
    };
    site.app.change_user(&runner.identity, change).await.unwrap();
    let began = std::time::Instant::now();
    let codes = futures::future::join_all(ends).await;
    println!("12 connections of two instances ended after {:?}", began.elapsed());
    // No clock was moved on: nobody waited for a look at the time.
    assert_eq!(codes, [3500; 12]);
    site.all_gone().await;
    other.all_gone().await;
}

async fn who_shows_another_credential_is_known_by_that_one(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.push(site.app.open_session(&runner.token).await.unwrap());
    }
    let mut renewed = Vec::new();
    for pair in sessions.chunks(2) {
        let (mut client, _) = site.connected(&site.holder_of(pair[0].1.reveal()).await).await;
        let reply = client.ask("refresh", json!({ "token": pair[1].1.reveal() })).await;
        assert!(reply["refresh"]["client"].is_string(), "{reply}");
        renewed.push(client);
    }
    let (mut kept, ended) = (renewed.remove(0), renewed.remove(0));
    site.app.log_out(&sessions[0].0).await.unwrap();
    site.app.log_out(&sessions[3].0).await.unwrap();
    assert_eq!(ended.closed().await, 3500, "the one that it showed last has ended");
    kept.subscribe("open").await;
    site.app.log_out(&sessions[1].0).await.unwrap();
    assert_eq!(kept.closed().await, 3500);

    let (mut client, _) = site.connected(&runner).await;
    client.send(json!({ "id": 2, "refresh": { "token": sessions[0].1.reveal() } }).to_string()).await;
    assert_eq!(client.closed().await, 3500, "one that has ended renews nothing");
}

async fn a_connection_ends_with_its_session(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (_, session) = site.app.open_session(&runner.token).await.unwrap();
    let visitor = site.holder_of(session.reveal()).await;
    let (mut by_token, _) = site.connected(&runner).await;
    let (mut by_session, told) = site.connected(&visitor).await;
    assert!(told.get("expires").is_none(), "there is nothing to renew it with: {told}");
    let month = Duration::from_secs(30 * 24 * 60 * 60);
    site.clock.advance(month - Duration::from_secs(1));
    for client in [&mut by_token, &mut by_session] {
        client.subscribe("open").await;
    }
    site.clock.advance(Duration::from_millis(1_500));
    assert_eq!(by_session.closed().await, 3500);
    by_token.ask("unsubscribe", json!({ "channel": "open" })).await;
    assert_eq!(site.connect_code(&visitor).await, 3500);

    // A token that the operator signed takes the session's place, and no end comes with it.
    let (_, session) = site.app.open_session(&runner.token).await.unwrap();
    let (mut client, _) = site.connected(&site.holder_of(session.reveal()).await).await;
    client.ask("refresh", json!({ "token": crate::support::signed(&json!({ "sub": runner.id })) })).await;
    site.clock.advance(month);
    client.subscribe("open").await;
}
