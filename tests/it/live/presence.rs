//! Who is there, as those on sockets are told: flapping phones, instances that die, comings and goings elsewhere.

use std::time::Duration;

use runnity::app::channels::{Channel, ClientInfo};
use runnity::domain::user::Visibility;
use serde_json::{Value, json};

use crate::support::{Client, Site, StoreKind, on_each_store, until, within};

on_each_store!(
    a_phone_that_comes_back_in_time_has_not_left,
    clients_of_an_instance_that_died_disappear,
    who_comes_and_goes_by_another_instance_is_told,
);

async fn stats(client: &mut Client, channel: &str) -> Value {
    client.ask("presence_stats", json!({ "channel": channel })).await["presence_stats"].clone()
}

/// Lets time pass, with pings answered.
async fn pass(site: &Site, client: &mut Client, seconds: u64) {
    for _ in 0..seconds {
        site.clock.advance(Duration::from_secs(1));
        client.ask("unsubscribe", json!({ "channel": "none" })).await;
    }
}

async fn a_phone_that_comes_back_in_time_has_not_left(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (_, channel) = site.run(&runner, Visibility::Public).await;
    let mut watcher = site.spectator().await;
    watcher.subscribe(&channel).await;
    let (mut phone, _) = site.connected(&runner).await;
    phone.subscribe(&channel).await;
    let both = json!({ "num_clients": 2, "num_users": 2 });
    // The answer to subscribe comes a moment before one counts, the answer to this after it.
    assert_eq!(stats(&mut phone, &channel).await, both);
    assert_eq!(stats(&mut watcher, &channel).await, both);
    for _ in 0..3 {
        drop(phone);
        until(|| site.connections_len() == 1).await;
        pass(&site, &mut watcher, 9).await;
        assert_eq!(stats(&mut watcher, &channel).await, both);
        (phone, _) = site.connected(&runner).await;
        phone.subscribe(&channel).await;
        pass(&site, &mut phone, 1).await;
        assert_eq!(stats(&mut watcher, &channel).await, both, "it has not left and not come twice");
    }
    // Nothing of it was told either: the next line that the watcher hears is the answer to its next command.
    watcher.send(json!({ "id": 500, "rpc": {} }).to_string()).await;
    let line = watcher.next().await;
    assert!(line == json!({}) || line["id"] == 500, "{line}");
    drop(phone);
    until(|| site.connections_len() == 1).await;
    pass(&site, &mut watcher, 10).await;
    assert_eq!(stats(&mut watcher, &channel).await, json!({ "num_clients": 1, "num_users": 1 }), "it has gone");
}

async fn clients_of_an_instance_that_died_disappear(kind: StoreKind) {
    let site = Site::start(kind).await;
    let dying = site.idle_app().await;
    let mut client = site.spectator().await;
    client.subscribe("open").await;
    let lost = ClientInfo { user: "42".into(), client: "lost".into(), conn_info: None, chan_info: None };
    let stay = dying.enter(&Channel::Open("open".into()), lost);
    dying.write_presence(tokio::time::Instant::now()).await;
    loop {
        let push = client.any_push("open").await;
        if push["join"]["info"]["client"] == "lost" {
            break;
        }
    }
    let clients = client.ask("presence", json!({ "channel": "open" })).await["presence"]["presence"].clone();
    assert_eq!(clients["lost"]["user"], "42", "{clients}");
    // It says nothing any more, not even that.
    std::mem::forget(stay);
    for _ in 0..5 {
        pass(&site, &mut client, 10).await;
        site.app.beat().await.unwrap();
    }
    assert_eq!(stats(&mut client, "open").await["num_clients"], 2);
    for _ in 0..2 {
        pass(&site, &mut client, 10).await;
        site.app.beat().await.unwrap();
    }
    assert_eq!(stats(&mut client, "open").await, json!({ "num_clients": 1, "num_users": 1 }));
    site.app.do_duties().await.unwrap();
    assert_eq!(client.any_push("open").await["leave"]["info"]["client"], "lost");
}

async fn who_comes_and_goes_by_another_instance_is_told(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let (mut here, mut there) = (site.spectator().await, other.spectator().await);
    here.subscribe("open").await;
    assert!(here.any_push("open").await["join"].is_object(), "its own");
    there.subscribe("open").await;
    let join = here.any_push("open").await["join"]["info"].clone();
    within(async {
        // What others know is written a moment later.
        while stats(&mut here, "open").await != json!({ "num_clients": 2, "num_users": 1 }) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let clients = here.ask("presence", json!({ "channel": "open" })).await["presence"]["presence"].clone();
    assert_eq!(clients[join["client"].as_str().unwrap()], join, "{clients}");
    drop(there);
    assert_eq!(here.any_push("open").await["leave"]["info"], join);
    // An instance that ends takes its clients along, who are told to come back elsewhere.
    let mut there = other.spectator().await;
    there.subscribe("open").await;
    let join = here.any_push("open").await["join"]["info"].clone();
    other.instance.shutdown().await;
    assert_eq!(here.any_push("open").await["leave"]["info"], join);
    assert_eq!(stats(&mut here, "open").await, json!({ "num_clients": 1, "num_users": 1 }));
}
