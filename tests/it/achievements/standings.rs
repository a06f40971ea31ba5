//! The channels of leaderboards: who may watch, and how often what is told.

use std::time::Duration;

use reqwest::Method;
use runnity::backend::{AggregateId, Replay, Since};
use serde_json::{Value, json};

use super::world::{achievement, admin, by, goal, increased, user, value};
use crate::support::{Client, Runner, Site, StoreKind, on_each_store, send, within};

on_each_store!(
    a_board_is_told_as_others_move_on_it,
    a_board_is_told_once_a_second_by_all_instances_together,
    who_comes_back_gets_the_newest_frame,
    a_board_is_for_those_who_may_see_it,
    who_has_gone_is_named_no_more,
);

const SECOND: Duration = Duration::from_secs(1);

async fn board(site: &Site, root: &Runner) {
    let new = json!({ "name": "laps", "increase_permission": "own", "leaderboard": true });
    assert_eq!(site.post(root, "/api/variables", new).await.status, 201);
}

/// Position, name and value of each.
fn rows(standings: &Value) -> Vec<(u64, &str, f64)> {
    let rows = standings.as_array().expect("standings").iter();
    let row = |it: &Value| Some((it["position"].as_u64()?, it["value"].as_f64()?));
    let named = rows.map(|it| (row(it).expect("a standing"), it["user"]["name"].as_str().expect("a name")));
    named.map(|((position, value), name)| (position, name, value)).collect()
}

async fn heard(client: &mut Client, channel: &str) -> Value {
    client.push(channel).await["pub"]["data"].clone()
}

async fn a_board_is_told_as_others_move_on_it(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let (root, aino, eero) = (admin(&site).await, site.runner("Aino").await, site.runner("Eero").await);
    board(&site, &root).await;
    let id =
        achievement(&site, &root, json!({ "name": "rounds", "relevance": "global", "goals": [goal("laps", "5")] }))
            .await;
    increased(&site, &aino, "laps", 2.0).await;
    let channels = ["leaderboard:laps".to_owned(), format!("leaderboard:{id}")];
    // A frame that came later than it could would make the next one wait for another second.
    for board in ["laps", &id.to_string()] {
        until_told(&site, board, 2.0).await;
    }
    site.advance(SECOND).await;
    let (mut client, _) = other.connected(&eero).await;
    for channel in &channels {
        let first = client.subscribe(channel).await["data"].clone();
        assert_eq!(
            (&first["type"], &first["period"], &first["total"]),
            (&json!("standings"), &json!("all"), &json!(1))
        );
        assert_eq!((rows(&first["top"]), rows(&first["moved"])), (vec![(1, "Aino", 2.0)], vec![]));
        assert_eq!(first["board"], *channel.split_once(':').unwrap().1);
    }
    site.advance(SECOND).await;
    increased(&site, &eero, "laps", 3.0).await;
    for channel in &channels {
        let mut client = other.connected(&eero).await.0;
        client.subscribe(channel).await;
    }
    let mut found = Vec::new();
    while found.len() < 2 {
        let line = client.next().await;
        let data = &line["push"]["pub"]["data"];
        if data["type"] == "standings" && rows(&data["top"]).len() == 2 {
            assert_eq!(rows(&data["top"]), [(1, "Eero", 3.0), (2, "Aino", 2.0)]);
            assert_eq!((rows(&data["moved"]), &data["total"]), (vec![(1, "Eero", 3.0)], &json!(2)));
            found.push(line["push"]["channel"].as_str().unwrap().to_owned());
        } else if line == json!({}) {
            client.send("{}").await;
        }
    }
    found.sort();
    let mut expected = channels.to_vec();
    expected.sort();
    assert_eq!(found, expected);
}

/// How many frames have been told, and the newest.
async fn told(site: &Site, board: &str) -> (u64, Option<Value>) {
    let topic = AggregateId::new("leaderboard", board).topic("");
    match site.app.backend.replay(&topic, &Since::Oldest, 10).await.unwrap() {
        Replay::Changes { changes, top } => {
            let newest = changes.last().map(|change| serde_json::from_slice(&change.payload).unwrap());
            assert!(changes.len() <= 1, "the newest alone is kept");
            (top.offset, newest)
        }
        Replay::Lost { .. } => panic!("nothing is lost"),
    }
}

/// Until so many laps of Aino's have been told on this board.
async fn until_told(site: &Site, board: &str, laps: f64) -> u64 {
    within(async {
        loop {
            let (count, newest) = told(site, board).await;
            if newest.is_some_and(|newest| rows(&newest["top"]).first().is_some_and(|it| it.2 == laps)) {
                return count;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

async fn a_board_is_told_once_a_second_by_all_instances_together(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let (root, aino, eero) = (admin(&site).await, site.runner("Aino").await, site.runner("Eero").await);
    board(&site, &root).await;
    increased(&site, &aino, "laps", 100.0).await;
    until_told(&site, "laps", 100.0).await;
    let mut laps = 100.0;
    for _ in 0..3 {
        let (before, _) = told(&site, "laps").await;
        for _ in 0..20 {
            for site in [&site, &other] {
                site.app.increase(&by(&aino), &user(&aino), value("laps", 1.0), None).await.unwrap();
                site.app.increase(&by(&eero), &user(&eero), value("laps", 1.0), None).await.unwrap();
                laps += 1.0;
            }
        }
        assert_eq!(told(&site, "laps").await.0, before, "not within the second");
        site.advance(SECOND).await;
        // Of the two instances, who is second in this second waits for the next one.
        let first = until_told(&site, "laps", laps).await;
        assert_eq!(first, before + 1);
        site.advance(SECOND).await;
        within(async { while told(&site, "laps").await.0 < first + 1 {} }).await;
        assert_eq!(told(&site, "laps").await.0, first + 1);
    }
}

async fn who_comes_back_gets_the_newest_frame(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let (root, aino, eero) = (admin(&site).await, site.runner("Aino").await, site.runner("Eero").await);
    board(&site, &root).await;
    let (mut client, _) = site.connected(&eero).await;
    let from = client.subscribe("leaderboard:laps").await;
    drop(client);
    for laps in 1..=3 {
        increased(&site, &aino, "laps", 1.0).await;
        until_told(&site, "laps", f64::from(laps)).await;
        site.advance(SECOND).await;
    }
    let (mut client, _) = other.connected(&eero).await;
    let back =
        json!({ "channel": "leaderboard:laps", "recover": true, "epoch": from["epoch"], "offset": from["offset"] });
    let back = client.ask("subscribe", back).await["subscribe"].clone();
    assert_eq!(back["recovered"], true, "{back}");
    let publications = back["publications"].as_array().unwrap();
    assert_eq!(publications.len(), 1, "{back}");
    assert_eq!(rows(&publications[0]["data"]["top"]), [(1, "Aino", 3.0)]);
    increased(&site, &aino, "laps", 1.0).await;
    assert_eq!(rows(&heard(&mut client, "leaderboard:laps").await["top"]), [(1, "Aino", 4.0)]);
}

async fn a_board_is_for_those_who_may_see_it(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    board(&site, &root).await;
    let make = async |name: &str, more: Value| {
        let mut document = json!({ "name": name, "goals": [goal("laps", "5")] });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        achievement(&site, &root, document).await
    };
    let open = make("open", json!({ "relevance": "global" })).await;
    let own = make("own", json!({})).await;
    let closed = make("closed", json!({ "relevance": "global", "view": "own" })).await;
    let hidden = make("hidden", json!({ "relevance": "global", "hidden": true })).await;
    let (mut client, _) = site.connected(&aino).await;
    let none =
        [own.to_string(), closed.to_string(), hidden.to_string(), "999".into(), "tea".into(), "".into(), "A".into()];
    for name in none {
        let code = client.error("subscribe", json!({ "channel": format!("leaderboard:{name}") })).await;
        assert_eq!(code, 102, "{name}");
    }
    let channel = format!("leaderboard:{open}");
    let mut spectator = site.spectator().await;
    assert_eq!(spectator.error("subscribe", json!({ "channel": channel })).await, 102);
    site.connected(&root).await.0.subscribe(&format!("leaderboard:{hidden}")).await;
    client.subscribe(&channel).await;
    assert_eq!(client.error("publish", json!({ "channel": channel, "data": {} })).await, 103);
    // It is hidden now: who watches is sent out.
    let change = site.ask(Method::PATCH, &format!("/api/achievements/{open}")).bearer_auth(&root.token);
    send(change.json(&json!({ "hidden": true }))).await.data();
    within(async { while client.any_push(&channel).await["unsubscribe"].is_null() {} }).await;
}

async fn who_has_gone_is_named_no_more(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino, eero) = (admin(&site).await, site.runner("Aino").await, site.runner("Eero").await);
    board(&site, &root).await;
    increased(&site, &eero, "laps", 1.0).await;
    increased(&site, &aino, "laps", 3.0).await;
    site.advance(SECOND).await;
    until_told(&site, "laps", 3.0).await;
    site.app.delete_account(&aino.identity, None, None).await.unwrap();
    let (_, newest) = told(&site, "laps").await;
    assert_eq!(rows(&newest.unwrap()["top"]), [(1, "Eero", 1.0)]);
    // Of a board that is none any more nothing is kept.
    let change = site.ask(Method::PATCH, "/api/variables/laps").bearer_auth(&root.token);
    send(change.json(&json!({ "leaderboard": false }))).await.data();
    within(async {
        while told(&site, "laps").await.1.is_some() {
            site.app.act_on_due(site.clock.now()).await.unwrap();
        }
    })
    .await;
}
