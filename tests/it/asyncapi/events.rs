//! Everything that is said of events, on their channels and to those whom it concerns.

use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};
use reqwest::Method;
use runnity::app::events::{ChangeEvent, NewEvent};
use runnity::app::runs::NewRun;
use runnity::domain::geo::Place;
use runnity::domain::ids::EventId;
use serde_json::{Value, json};

use super::Talk;
use crate::support::{API_KEY, Runner, Site, send};

/// Does all that the creator of an event and its participants can do, and gives back what was said on their sockets.
pub async fn said(site: &Site, creator: &Runner) -> Vec<Value> {
    let (eero, sisu) = (site.runner("Eero").await, site.runner("Sisu").await);
    let new = |name: &str| NewEvent {
        name: name.to_owned(),
        description: "Bring a lamp.".to_owned(),
        date: NaiveDate::from_ymd_opt(2026, 11, 22).unwrap(),
        time: NaiveTime::from_hms_opt(18, 0, 0).unwrap(),
        zone: Some(chrono_tz::Europe::Helsinki),
        duration_s: None,
        private: false,
        start: Place::new(60.17, 24.94).unwrap(),
        destination: Some(Place::new(60.2, 24.9).unwrap()),
        capacity: Some(10),
        invite: vec!["Eero".to_owned()],
    };
    let mut phone = Talk::of(site).await;
    phone.ask("connect", json!({ "token": eero.token })).await;
    let number = site.app.new_event(&creator.identity, new("Night run")).await.unwrap().id;
    let (event, channel) = (EventId::new(number).unwrap(), format!("event:{number}"));
    site.app.accept_invitation(&eero.identity, event).await.unwrap();
    let mut spectator = Talk::of(site).await;
    spectator.ask("connect", json!({})).await;
    spectator.ask("subscribe", json!({ "channel": channel })).await;
    site.app.join_event(&sisu.identity, event).await.unwrap();
    site.app.leave_event(&sisu.identity, event).await.unwrap();
    let change = ChangeEvent { name: Some("Moonlight run".to_owned()), ..ChangeEvent::default() };
    site.app.change_event(&creator.identity, event, change, None).await.unwrap();
    site.app.start_event(&creator.identity, event).await.unwrap();
    let run = NewRun { event: Some(event), ..NewRun::default() };
    let run = site.app.new_run(&eero.identity, run).await.unwrap().id;
    spectator.ask("subscribe", json!({ "channel": format!("run:{run}") })).await;
    site.app.remove_participant(&creator.identity, event, &eero.identity.user).await.unwrap();
    let notice = json!({ "channel": channel, "data": { "weather": "rain" } });
    let request = site.ask(Method::POST, "/api/publish").header("X-API-Key", API_KEY).json(&notice);
    assert!(send(request).await.json()["error"].is_null());
    site.app.end_event(&creator.identity, event).await.unwrap();
    spectator.until(|line| line["push"]["pub"]["data"]["type"] == "ended").await;

    let number = site.app.new_event(&creator.identity, new("Another")).await.unwrap().id;
    spectator.ask("subscribe", json!({ "channel": format!("event:{number}") })).await;
    site.advance(Duration::from_millis(1)).await;
    site.app.cancel_event(&creator.identity, EventId::new(number).unwrap(), None).await.unwrap();
    spectator.until(|line| line["push"]["pub"]["data"]["type"] == "cancelled").await;
    for kind in ["invited", "event_started", "removed", "event_cancelled"] {
        phone.until(|line| line["push"]["pub"]["data"]["type"] == kind).await;
    }
    [phone.said, spectator.said].concat()
}
