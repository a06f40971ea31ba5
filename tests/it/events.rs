//! Events as the app keeps them: who joins and sees them, what the clock and their creator make of them.

mod blocks;
pub mod clock;
pub mod crowds;
mod long;
mod parting;
mod plans;
mod sight;

use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};
use runnity::app::AppError;
use runnity::app::events::{EventFilter, NewEvent};
use runnity::app::listing::Page;
use runnity::app::users::{Caller, Identity};
use runnity::domain::event::State;
use runnity::domain::geo::Place;
use runnity::domain::ids::{EventId, UserId};

use crate::support::{Site, StoreKind, on_each_store};

on_each_store!(event_is_made_listed_joined_and_left, private_event_is_seen_by_whoever_is_invited_alone,);

pub const ALL: Page = Page { page: 1, size: 200 };

/// A public event, an hour from the time at which tests begin (2026-11-21, 09:00 UTC).
pub fn plan(name: &str) -> NewEvent {
    NewEvent {
        name: name.to_owned(),
        description: String::new(),
        date: NaiveDate::from_ymd_opt(2026, 11, 21).unwrap(),
        time: NaiveTime::from_hms_opt(10, 0, 0).unwrap(),
        zone: None,
        duration_s: Some(3_600),
        private: false,
        start: Place::new(60.17, 24.94).unwrap(),
        destination: None,
        capacity: None,
        invite: Vec::new(),
    }
}

pub async fn event(site: &Site, creator: &Identity, new: NewEvent) -> EventId {
    EventId::new(site.app.new_event(creator, new).await.unwrap().id).unwrap()
}

fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

async fn names(site: &Site, caller: &Caller, filter: EventFilter) -> Vec<String> {
    site.app.events(caller, filter, ALL).await.unwrap().into_iter().map(|event| event.name).collect()
}

async fn event_is_made_listed_joined_and_left(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero) = (site.runner("Aino").await.identity, site.runner("Eero").await.identity);
    let event = event(&site, &aino, plan("Morning run")).await;
    let shown = site.app.event(&Caller::User(eero.clone()), event).await.unwrap();
    assert_eq!((shown.state, shown.participants, shown.starts_at.as_str()), ("come_up", 1, "2026-11-21T10:00:00.000Z"));
    let first = site.app.join_event(&eero, event).await.unwrap();
    let again = site.app.join_event(&eero, event).await.unwrap();
    assert_eq!((first.number, again.number, first.joined_at == again.joined_at), (2, 2, true));
    let roster = site.app.participants(&Caller::Anonymous, event, ALL).await.unwrap();
    assert_eq!(
        roster.iter().map(|it| (it.number, it.user.name.as_str())).collect::<Vec<_>>(),
        [(1, "Aino"), (2, "Eero")]
    );
    assert_eq!(names(&site, &Caller::Anonymous, EventFilter::default()).await, ["Morning run"]);
    let mine = EventFilter { mine: true, ..EventFilter::default() };
    assert_eq!(names(&site, &Caller::User(eero.clone()), mine.clone()).await, ["Morning run"]);
    site.app.leave_event(&eero, event).await.unwrap();
    site.app.leave_event(&eero, event).await.unwrap();
    assert_eq!(names(&site, &Caller::User(eero.clone()), mine).await, [""; 0]);
    assert!(matches!(site.app.leave_event(&aino, event).await, Err(AppError::Conflict { .. })));
    assert_eq!(site.app.join_event(&eero, event).await.unwrap().number, 3, "a number is never given twice");
    site.app.remove_participant(&aino, event, &user(eero.user.as_str())).await.unwrap();
    assert!(matches!(
        site.app.join_event(&eero, event).await,
        Err(AppError::NotFound("event") | AppError::Conflict { .. })
    ));
    assert_eq!(site.app.event(&Caller::User(aino), event).await.unwrap().participants, 1);
}

async fn private_event_is_seen_by_whoever_is_invited_alone(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero, outsider) =
        (site.runner("Aino").await.identity, site.runner("Eero").await.identity, site.runner("Sisu").await.identity);
    let new = NewEvent { private: true, invite: vec!["eero".to_owned()], ..plan("Secret run") };
    let event = event(&site, &aino, new).await;
    for (caller, seen) in [
        (Caller::User(aino.clone()), true),
        (Caller::User(eero.clone()), true),
        (Caller::User(outsider.clone()), false),
        (Caller::Anonymous, false),
    ] {
        assert_eq!(site.app.event(&caller, event).await.is_ok(), seen);
        assert_eq!(names(&site, &caller, EventFilter::default()).await.len(), usize::from(seen));
        assert_eq!(site.app.participants(&caller, event, ALL).await.is_ok(), seen);
    }
    let refused = site.app.join_event(&outsider, event).await.unwrap_err();
    assert!(matches!(refused, AppError::NotFound("event")));
    assert_eq!(site.app.accept_invitation(&eero, event).await.unwrap().number, 2);
    site.advance(Duration::from_secs(3_600)).await;
    site.app.do_duties().await.unwrap();
    let current = EventFilter { state: Some(State::Current), ..EventFilter::default() };
    assert_eq!(names(&site, &Caller::User(eero.clone()), current).await, ["Secret run"]);
    site.app.leave_event(&eero, event).await.unwrap();
    assert!(site.app.event(&Caller::User(eero.clone()), event).await.is_err());
    site.app.leave_event(&eero, event).await.unwrap();
}
