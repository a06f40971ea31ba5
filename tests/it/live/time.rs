//! Pings, silence, and peers that are gone without a word. Time is moved on by hand.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, Site, StoreKind, on_each_store, until};

on_each_store!(who_answers_pings_stays, a_half_open_peer_is_noticed_by_its_silence, who_never_connects_is_closed,);

/// Moves time on, in steps, until the client's next line is there.
async fn next_in_time(site: &Site, client: &mut Client) -> Value {
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
        line = client.next() => line,
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
