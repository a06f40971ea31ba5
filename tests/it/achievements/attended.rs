//! Events count for those who take part, and hear of what is reached in them.

use std::time::Duration;

use runnity::domain::ids::EventId;
use serde_json::{Value, json};

use super::fed::{begin, begin_in, finish, fixes, go, is_none, values, watch};
use super::world::{achievement, admin, goal};
use crate::events::{event, plan};
use crate::support::{Client, Site, StoreKind, on_each_store};

on_each_store!(
    who_joins_counts_until_they_leave,
    clocks_that_go_wrong_lose_nothing,
    who_runs_in_an_event_has_finished_it,
    an_event_hears_what_its_runners_reach_together,
);

async fn who_joins_counts_until_they_leave(kind: StoreKind) {
    let site = Site::start(kind).await;
    watch(&site, &["events_joined"]).await;
    let (aino, bela) = (site.runner("Aino").await, site.runner("Bela").await);
    let (one, other) = (
        event(&site, &aino.identity, plan("Morning run")).await,
        event(&site, &aino.identity, plan("Morning run")).await,
    );
    for (joins, event, expected) in [(true, one, 1.0), (true, one, 1.0), (true, other, 2.0), (false, one, 1.0)] {
        if joins {
            site.app.join_event(&bela.identity, event).await.unwrap();
        } else {
            site.app.leave_event(&bela.identity, event).await.unwrap();
        }
        assert_eq!(values(&site, &bela).await["events_joined"], json!(expected));
    }
    assert!(is_none(&values(&site, &aino).await["events_joined"]), "who makes it has not joined it");
    site.app.join_event(&bela.identity, one).await.unwrap();
    assert_eq!(values(&site, &bela).await["events_joined"], json!(2.0));
}

async fn clocks_that_go_wrong_lose_nothing(kind: StoreKind) {
    let site = Site::start(kind).await;
    watch(&site, &["events_joined"]).await;
    let (aino, bela) = (site.runner("Aino").await, site.runner("Bela").await);
    let event = event(&site, &aino.identity, plan("Morning run")).await;
    let ahead = site.another_ahead(20_000).await;
    ahead.app.join_event(&bela.identity, event).await.unwrap();
    assert_eq!(values(&ahead, &bela).await["events_joined"], json!(1.0));
    site.app.leave_event(&bela.identity, event).await.unwrap();
    assert!(is_none(&values(&site, &bela).await["events_joined"]));
    site.app.join_event(&bela.identity, event).await.unwrap();
    assert_eq!(values(&site, &bela).await["events_joined"], json!(1.0));
}

async fn who_runs_in_an_event_has_finished_it(kind: StoreKind) {
    let site = Site::start(kind).await;
    watch(&site, &["events_finished", "runs"]).await;
    let (aino, bela) = (site.runner("Aino").await, site.runner("Bela").await);
    let event = event(&site, &aino.identity, plan("Morning run")).await;
    site.app.join_event(&bela.identity, event).await.unwrap();
    site.advance(Duration::from_secs(3_600)).await;
    let mut runs = Vec::new();
    for (in_event, to_m, expected) in [
        (None, 1_200, None),
        (Some(event), 900, None),
        (Some(event), 1_080, Some(1.0)),
        (Some(event), 1_200, Some(1.0)),
    ] {
        let run = begin_in(&site, &bela, in_event).await;
        go(&site, &bela, run, 0, to_m).await;
        finish(&site, &bela, run).await;
        let found = values(&site, &bela).await;
        assert_eq!(found["events_finished"].as_f64().filter(|it| *it != 0.0), expected, "{to_m}: {found}");
        runs.push(run);
    }
    // Any of them is enough; without one it is not finished any more.
    for (index, expected) in [(2, Some(1.0)), (0, Some(1.0)), (3, None)] {
        site.app.delete_run(&bela.identity, runs[index], None).await.unwrap();
        let found = values(&site, &bela).await;
        assert_eq!(found["events_finished"].as_f64().filter(|it| *it != 0.0), expected, "{index}: {found}");
    }
}

/// The next of these changes on an event's channel.
async fn told_there(client: &mut Client, event: EventId, kind: &str) -> Value {
    loop {
        let change = client.push(&format!("event:{event}")).await["pub"]["data"].clone();
        if change["type"] == kind {
            return change;
        }
    }
}

async fn an_event_hears_what_its_runners_reach_together(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    for (name, relevance, metres) in [("alone", "own", "1000"), ("first", "group", "1000"), ("second", "group", "2000")]
    {
        let document = json!({"name": name, "relevance": relevance, "title": {"en": name}, "maxlevel": 1,
            "goals": [goal("distance_m", metres)]});
        achievement(&site, &root, document).await;
    }
    let (aino, bela, cleo) = (site.runner("Aino").await, site.runner("Bela").await, site.runner("Cleo").await);
    let event = event(&site, &aino.identity, plan("Morning run")).await;
    site.app.join_event(&bela.identity, event).await.unwrap();
    site.app.join_event(&cleo.identity, event).await.unwrap();
    // What is reached elsewhere is not told there.
    let run = begin(&site, &cleo).await;
    go(&site, &cleo, run, 0, 1_080).await;
    finish(&site, &cleo, run).await;
    let _ = values(&site, &cleo).await;
    site.advance(Duration::from_secs(3_000)).await;
    let run = begin_in(&site, &bela, Some(event)).await;
    let kilometre = fixes(&site, 0, 1_080);
    // Another instance tells those who watch through it.
    let other = site.another().await;
    let mut client = other.spectator().await;
    client.subscribe(&format!("event:{event}")).await;
    site.app.record(&bela.identity, run, kilometre, None).await.unwrap();
    let heard = told_there(&mut client, event, "achievement").await;
    assert_eq!(heard["user"], json!({"id": bela.id, "name": "Bela"}));
    let shown = &heard["achievement"];
    assert_eq!(
        (&shown["name"], &shown["title"], &shown["level"]),
        (&json!("first"), &json!({"en": "first"}), &json!(1))
    );
    // Who has left is not spoken of any more; the next that is heard is of who is still there.
    site.app.leave_event(&bela.identity, event).await.unwrap();
    let run = begin_in(&site, &cleo, Some(event)).await;
    let kilometre = fixes(&site, 0, 1_080);
    let mut client = other.spectator().await;
    client.subscribe(&format!("event:{event}")).await;
    site.app.record(&cleo.identity, run, kilometre, None).await.unwrap();
    let heard = told_there(&mut client, event, "achievement").await;
    assert_eq!((&heard["user"]["name"], &heard["achievement"]["name"]), (&json!("Cleo"), &json!("second")));
}
