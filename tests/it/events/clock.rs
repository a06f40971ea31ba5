//! What the clock makes of events: started and ended once, by whichever instance looks, and told to whom it concerns.

use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};
use runnity::app::App;
use runnity::app::events::{ChangeEvent, NewEvent};
use runnity::app::users::{Caller, Identity};
use runnity::backend::{AggregateId, Replay, Since};
use runnity::domain::ids::EventId;
use serde_json::Value;

use super::{event, plan};
use crate::support::{Site, StoreKind, duties, on_each_store};

on_each_store!(
    event_starts_and_ends_once_whichever_instance_looks,
    event_that_was_put_off_starts_when_it_is_due,
    what_an_instance_that_ended_has_made_starts_all_the_same,
    everybody_who_participates_hears_of_it_once,
    time_of_day_is_that_of_the_events_zone,
);

/// What was said on a topic, in order.
pub async fn heard(app: &App, aggregate: AggregateId) -> Vec<Value> {
    match app.backend.replay(&aggregate.topic(""), &Since::Oldest, 1_000).await.unwrap() {
        Replay::Changes { changes, .. } => {
            changes.iter().map(|change| serde_json::from_slice(&change.payload).unwrap()).collect()
        }
        Replay::Lost { .. } => panic!("lost"),
    }
}

pub async fn kinds(app: &App, aggregate: AggregateId) -> Vec<String> {
    heard(app, aggregate).await.iter().map(|data| data["type"].as_str().unwrap().to_owned()).collect()
}

fn of(event: EventId) -> AggregateId {
    AggregateId::new("event", &event.to_string())
}

fn own(who: &Identity) -> AggregateId {
    AggregateId::new("user", who.user.as_str())
}

async fn event_starts_and_ends_once_whichever_instance_looks(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await.identity;
    let event = event(&site, &aino, plan("Morning run")).await;
    duties(&[&site, &other]).await;
    assert_eq!(kinds(&site.app, of(event)).await, [""; 0]);
    // Its time comes; one is asked about it, the others look.
    site.advance(Duration::from_secs(3_600)).await;
    let sites = [&site, &other];
    let (seen, ()) = tokio::join!(other.app.event(&Caller::Anonymous, event), duties(&sites));
    let seen = seen.unwrap();
    assert_eq!((seen.state, seen.started_at.as_deref()), ("current", Some("2026-11-21T10:00:00.000Z")));
    assert_eq!(kinds(&site.app, of(event)).await, ["started"]);
    site.advance(Duration::from_secs(3_599)).await;
    duties(&[&site, &other]).await;
    assert_eq!(site.app.event(&Caller::Anonymous, event).await.unwrap().state, "current");
    site.advance(Duration::from_secs(1)).await;
    duties(&[&site, &other]).await;
    let told = heard(&other.app, of(event)).await;
    assert_eq!(told.len(), 2);
    assert_eq!((&told[1]["type"], &told[1]["event"]["state"]), (&"ended".into(), &"passed".into()));
    assert_eq!(told[1]["at"], "2026-11-21T11:00:00.000Z");
}

async fn event_that_was_put_off_starts_when_it_is_due(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await.identity;
    let event = event(&site, &aino, plan("Later")).await;
    let later = ChangeEvent { time: NaiveTime::from_hms_opt(12, 0, 0), ..ChangeEvent::default() };
    site.app.change_event(&aino, event, later, None).await.unwrap();
    site.advance(Duration::from_secs(2 * 3_600)).await;
    duties(&[&site]).await;
    assert_eq!(kinds(&site.app, of(event)).await, ["changed"]);
    site.advance(Duration::from_secs(3_600)).await;
    duties(&[&site]).await;
    assert_eq!(kinds(&site.app, of(event)).await, ["changed", "started"]);
    // By hand, and not by the clock again.
    site.app.end_event(&aino, event).await.unwrap();
    site.app.end_event(&aino, event).await.unwrap();
    site.advance(Duration::from_secs(3_600)).await;
    duties(&[&site]).await;
    assert_eq!(kinds(&site.app, of(event)).await, ["changed", "started", "ended"]);
}

async fn what_an_instance_that_ended_has_made_starts_all_the_same(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero) = (site.runner("Aino").await.identity, site.runner("Eero").await.identity);
    let ended = site.idle_app().await;
    let new = NewEvent { invite: vec![eero.user.to_string()], ..plan("Left behind") };
    let event = EventId::new(ended.new_event(&aino, new).await.unwrap().id).unwrap();
    drop(ended);
    site.advance(Duration::from_secs(2 * 3_600)).await;
    duties(&[&site]).await;
    // Both at once, for nobody looked in between.
    assert_eq!(kinds(&site.app, of(event)).await, ["started", "ended"]);
    assert_eq!(kinds(&site.app, own(&eero)).await, ["invited", "event_started"]);
    assert_eq!(kinds(&site.app, own(&aino)).await, ["invited", "event_started"]);
}

async fn everybody_who_participates_hears_of_it_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let (aino, eero, sisu) =
        (site.runner("Aino").await.identity, site.runner("Eero").await.identity, site.runner("Sisu").await.identity);
    let event = event(&site, &aino, NewEvent { private: true, invite: vec!["eero".into()], ..plan("Told") }).await;
    other.app.accept_invitation(&eero, event).await.unwrap();
    other.app.start_event(&aino, event).await.unwrap();
    duties(&[&site, &other]).await;
    site.app.remove_participant(&aino, event, &eero.user).await.unwrap();
    site.app.cancel_event(&aino, event, None).await.unwrap();
    duties(&[&site, &other]).await;
    assert_eq!(kinds(&site.app, own(&eero)).await, ["invited", "event_started", "removed"]);
    assert_eq!(kinds(&site.app, own(&aino)).await, ["invited", "event_started", "event_cancelled"]);
    assert_eq!(kinds(&site.app, own(&sisu)).await, [""; 0], "nobody else is told");
    assert_eq!(kinds(&site.app, of(event)).await, ["joined", "started", "left", "cancelled"]);
}

async fn time_of_day_is_that_of_the_events_zone(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await.identity;
    for (month, day, hour, starts_at, state) in [
        (11, 25, 18, "2026-11-25T16:00:00.000Z", "come_up"),
        (7, 25, 18, "2026-07-25T15:00:00.000Z", "passed"),
        // An hour that no clock shows, and one that is shown twice.
        (3, 29, 3, "2026-03-29T01:00:00.000Z", "passed"),
        (10, 25, 3, "2026-10-25T00:00:00.000Z", "passed"),
    ] {
        let new = NewEvent {
            date: NaiveDate::from_ymd_opt(2026, month, day).unwrap(),
            time: NaiveTime::from_hms_opt(hour, 0, 0).unwrap(),
            zone: Some(chrono_tz::Europe::Helsinki),
            ..plan("By the sun")
        };
        let made = site.app.new_event(&aino, new).await.unwrap();
        assert_eq!((made.starts_at.as_str(), made.state), (starts_at, state));
        assert_eq!((made.time.as_str(), made.time_zone), (format!("{hour:02}:00:00").as_str(), "Europe/Helsinki"));
    }
}
