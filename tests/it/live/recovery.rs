//! Coming back after a tunnel: all that was missed, or the state anew; never a part.

use std::time::Duration;

use runnity::domain::user::Visibility;
use runnity::limits;
use serde_json::{Value, json};

use crate::support::{Site, StoreKind, Streamed, on_each_store, signed};

on_each_store!(
    who_comes_back_gets_all_that_it_missed,
    who_cannot_recover_wholly_starts_from_the_state,
    a_reply_to_recovery_is_bounded_in_bytes_too,
    a_reply_that_speaks_of_many_channels_is_bounded_as_a_whole,
    who_asks_for_much_in_one_go_is_not_slow_for_that,
    a_client_that_cuts_and_recovers_all_the_time_misses_and_repeats_nothing,
);

fn offsets(publications: &Value) -> Vec<u64> {
    publications.as_array().unwrap().iter().map(|publication| publication["offset"].as_u64().unwrap()).collect()
}

async fn who_comes_back_gets_all_that_it_missed(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (run, channel) = site.run(&runner, Visibility::Public).await;
    site.record(&runner, run, 3).await;
    let mut spectator = site.spectator().await;
    let state = spectator.subscribe(&channel).await;
    let seen = state["offset"].as_u64().unwrap();
    drop(spectator);
    site.record(&runner, run, 10).await;

    let mut spectator = site.spectator().await;
    let recover = json!({ "channel": channel, "recover": true, "epoch": state["epoch"], "offset": seen });
    let reply = spectator.ask("subscribe", recover).await["subscribe"].clone();
    assert_eq!((&reply["recovered"], &reply["was_recovering"]), (&json!(true), &json!(true)));
    assert_eq!(reply["offset"], seen, "the SDKs count on from here through the publications");
    assert_eq!(offsets(&reply["publications"]), (seen + 1..=seen + 10).collect::<Vec<_>>());
    assert!(reply.get("data").is_none(), "the state is not needed");
    site.record(&runner, run, 1).await;
    assert_eq!(spectator.push(&channel).await["pub"]["offset"], seen + 11);

    // Nothing was missed: recovered too, with nothing.
    spectator.ask("unsubscribe", json!({ "channel": channel })).await;
    let recover = json!({ "channel": channel, "recover": true, "epoch": state["epoch"], "offset": seen + 11 });
    let reply = spectator.ask("subscribe", recover).await["subscribe"].clone();
    assert_eq!((&reply["recovered"], &reply["offset"]), (&json!(true), &json!(seen + 11)));
    assert!(reply.get("publications").is_none());
}

async fn who_cannot_recover_wholly_starts_from_the_state(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (run, channel) = site.run(&runner, Visibility::Public).await;
    site.record(&runner, run, limits::RECOVERY_LEN_MAX + 5).await;
    let mut spectator = site.spectator().await;
    let state = spectator.subscribe(&channel).await;
    let (epoch, top) = (state["epoch"].clone(), state["offset"].as_u64().unwrap());
    for (what, epoch, offset) in [
        ("another epoch", json!("abcdefgh"), top),
        ("an offset that is not there yet", epoch.clone(), top + 1),
        ("more than a recovery replays", epoch.clone(), top - limits::RECOVERY_LEN_MAX as u64 - 1),
    ] {
        spectator.ask("unsubscribe", json!({ "channel": channel })).await;
        let mut recover = json!({ "channel": channel, "recover": true, "epoch": epoch, "offset": offset });
        let reply = spectator.ask("subscribe", recover.clone()).await["subscribe"].clone();
        assert_eq!(reply["was_recovering"], true, "{what}");
        assert!(reply.get("recovered").is_none() && reply.get("publications").is_none(), "{what}");
        assert_eq!((&reply["offset"], &reply["data"]["type"]), (&json!(top), &json!("snapshot")), "{what}");
        // With flag 2 the client would rather have an error.
        spectator.ask("unsubscribe", json!({ "channel": channel })).await;
        recover["flag"] = json!(3);
        assert_eq!(spectator.error("subscribe", recover).await, 112, "{what}");
    }
    let recover =
        json!({ "channel": channel, "recover": true, "epoch": epoch, "offset": top - limits::RECOVERY_LEN_MAX as u64 });
    let reply = spectator.ask("subscribe", recover).await["subscribe"].clone();
    assert_eq!(reply["recovered"], true, "as much as a recovery replays");
    assert_eq!(offsets(&reply["publications"]).len(), limits::RECOVERY_LEN_MAX);
}

async fn a_reply_to_recovery_is_bounded_in_bytes_too(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (run, channel) = site.run(&runner, Visibility::Public).await;
    site.record(&runner, run, 1).await;
    let state = site.spectator().await.subscribe(&channel).await;
    let seen = state["offset"].as_u64().unwrap();
    let recover = json!({ "channel": channel, "recover": true, "epoch": state["epoch"], "offset": seen });

    // One batch is replayed however many fixes it holds.
    site.record_together(&runner, run, limits::FIXES_LEN_MAX).await;
    let mut spectator = site.spectator().await;
    let reply = spectator.ask("subscribe", recover.clone()).await["subscribe"].clone();
    assert_eq!((&reply["recovered"], reply["publications"].as_array().unwrap().len()), (&json!(true), 1));
    let batch_bytes = reply["publications"].to_string().len();

    let batches = limits::RECOVERY_BYTES_MAX / batch_bytes + 2;
    assert!(batches < limits::REPLAY_LEN);
    for _ in 0..batches {
        site.record_together(&runner, run, limits::FIXES_LEN_MAX).await;
    }
    let mut spectator = site.spectator().await;
    let reply = spectator.ask("subscribe", recover.clone()).await["subscribe"].clone();
    assert!(reply.get("recovered").is_none() && reply.get("publications").is_none());
    assert_eq!((&reply["was_recovering"], &reply["data"]["type"]), (&json!(true), &json!("snapshot")));
    assert_eq!(reply["offset"], seen + 1 + batches as u64);
    assert!(reply.to_string().len() < limits::RECOVERY_BYTES_MAX);
    spectator.ask("unsubscribe", json!({ "channel": channel })).await;
    let mut recover = recover;
    recover["flag"] = json!(3);
    assert_eq!(spectator.error("subscribe", recover).await, 112);
}

async fn a_reply_that_speaks_of_many_channels_is_bounded_as_a_whole(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut speaker = site.spectator().await;
    let names: Vec<String> = (0..6).map(|number| format!("open{number}")).collect();
    let (text, mut known) = ("x".repeat(60_000), json!({}));
    for name in &names {
        let epoch = speaker.subscribe(name).await["epoch"].clone();
        known[name] = json!({ "recover": true, "epoch": epoch, "offset": 0 });
        for _ in 0..3 {
            speaker.say_in(name, &json!(text)).await;
        }
    }
    let token = signed(&json!({ "sub": "42", "channels": names }));
    let mut client = site.socket().await;
    let reply = client.ask("connect", json!({ "token": token, "subs": known })).await;
    let bare = json!({ "subs": known }).to_string();
    let listener = site.ask(reqwest::Method::POST, "/connection/uni_http_stream").body(bare);
    let told = Streamed::at(listener).await.next().await;
    for connect in [&reply["connect"], &told["connect"]] {
        let mut recovered = 0;
        for name in &names {
            let sub = &connect["subs"][name];
            assert_eq!(sub["was_recovering"], true, "{name}");
            match sub["recovered"].as_bool() {
                Some(true) => recovered += 1,
                // Where it stands, and that something is missing.
                _ => assert_eq!((&sub["offset"], sub.get("publications")), (&json!(3), None)),
            }
        }
        assert_eq!(recovered, limits::CONNECT_REPLY_BYTES_MAX / (3 * 60_000));
        assert!(connect.to_string().len() < limits::CONNECT_REPLY_BYTES_MAX);
    }
    // All are heard, recovered or not.
    for name in &names {
        speaker.say_in(name, &json!("next")).await;
        assert_eq!(client.push(name).await["pub"]["data"], "next");
    }
}

async fn who_asks_for_much_in_one_go_is_not_slow_for_that(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (mut speaker, text) = (site.spectator().await, "x".repeat(60_000));
    let epochs = {
        let mut epochs = Vec::new();
        for number in 0..60 {
            let channel = format!("open{number}");
            epochs.push(speaker.subscribe(&channel).await["epoch"].clone());
            for _ in 0..4 {
                speaker.ask("publish", json!({ "channel": channel, "data": text })).await;
            }
        }
        epochs
    };
    // 14 MB in all: more than the kernel and the queue hold together.
    let lines = epochs.iter().enumerate().map(|(number, epoch)| {
        let recover = json!({ "channel": format!("open{number}"), "recover": true, "epoch": epoch, "offset": 0 });
        json!({ "id": 100 + number, "subscribe": recover }).to_string()
    });
    let lines = lines.collect::<Vec<_>>().join("\n");
    let (mut client, mut another) = (site.spectator().await, site.spectator().await);
    client.send(lines.clone()).await;
    for line in lines.lines() {
        another.send(line).await;
    }
    let mut streamed = Streamed::lines(&site).await;
    assert_eq!(streamed.post(&site, lines).await.status, 204);
    for number in 0..60 {
        for client in [&mut client, &mut another] {
            assert_eq!(client.reply(100 + number).await["subscribe"]["recovered"], true, "{number}");
        }
        let reply = loop {
            let message = streamed.next().await;
            if message["id"] == 100 + number {
                break message;
            }
            assert!(message["push"]["join"].is_object(), "{message}");
        };
        assert_eq!(reply["subscribe"]["publications"].as_array().unwrap().len(), 4);
    }
    assert_eq!(site.app.metrics.disconnects_slow.get(), 0);
}

async fn a_client_that_cuts_and_recovers_all_the_time_misses_and_repeats_nothing(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (run, channel) = site.run(&runner, Visibility::Public).await;
    let mut spectator = site.spectator().await;
    let state = spectator.subscribe(&channel).await;
    let mut seen = state["offset"].as_u64().unwrap();
    let last = seen + 200;
    // Four seconds in all: nobody who is just connecting is taken for one who never does.
    let recording = site.record_each(Duration::from_millis(20), &runner, run, 200);
    let watching = async {
        while seen < last {
            let recover = json!({ "channel": channel, "recover": true, "epoch": state["epoch"], "offset": seen });
            let mut spectator = site.spectator().await;
            let reply = spectator.ask("subscribe", recover).await["subscribe"].clone();
            assert_eq!(reply["recovered"], true);
            if reply["publications"].is_array() {
                for offset in offsets(&reply["publications"]) {
                    seen += 1;
                    assert_eq!(offset, seen);
                }
            }
            for _ in 0..3 {
                if seen < last {
                    seen += 1;
                    assert_eq!(spectator.push(&channel).await["pub"]["offset"], seen);
                }
            }
        }
    };
    tokio::join!(recording, watching);
}
