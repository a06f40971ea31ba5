//! Plans and lists: what can be asked for, what is refused, and what two who write at once are told.

use chrono::{NaiveDate, NaiveTime};
use futures::future::join_all;
use runnity::app::AppError;
use runnity::app::events::{ChangeEvent, EventFilter, NewEvent};
use runnity::app::listing::Page;
use runnity::app::users::Caller;
use runnity::domain::edit::Edit;
use runnity::domain::event::State;
use runnity::domain::geo::{Circle, Place};
use runnity::domain::ids::EventId;
use runnity::domain::time::Timestamp;

use super::{ALL, event, names, plan};
use crate::support::{Site, StoreKind, on_each_store};

on_each_store!(
    what_cannot_be_an_event_is_refused_by_its_member,
    numbers_grow_with_gaps_through_whichever_instance,
    of_two_changes_at_once_one_is_told,
    only_the_creator_changes_an_event,
    what_is_over_or_cancelled_is_joined_by_nobody,
    lists_are_what_was_asked_for,
    buckets_are_relative_to_a_moment,
);

async fn what_cannot_be_an_event_is_refused_by_its_member(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await.identity;
    let good = || plan("Good");
    for (new, field) in [
        (NewEvent { name: " ".into(), ..good() }, "name"),
        (NewEvent { name: "x".repeat(101), ..good() }, "name"),
        (NewEvent { name: "a\u{0}b".into(), ..good() }, "name"),
        (NewEvent { description: "x".repeat(5_001), ..good() }, "description"),
        (NewEvent { date: NaiveDate::from_ymd_opt(1969, 12, 31).unwrap(), ..good() }, "date"),
        (NewEvent { date: NaiveDate::MAX, ..good() }, "date"),
        (NewEvent { duration_s: Some(59), ..good() }, "duration_s"),
        (NewEvent { duration_s: Some(u32::MAX), ..good() }, "duration_s"),
        (NewEvent { capacity: Some(0), ..good() }, "capacity"),
        (NewEvent { capacity: Some(10_001), ..good() }, "capacity"),
        (NewEvent { invite: vec!["Nobody".into()], ..good() }, "invite[0]"),
        (NewEvent { invite: vec!["Aino".into(); 101], ..good() }, "invite"),
    ] {
        let refused = site.app.new_event(&aino, new).await.unwrap_err();
        assert!(matches!(&refused, AppError::Invalid { field: named, .. } if named == field), "{field}: {refused}");
    }
    assert_eq!(site.app.events(&Caller::User(aino), EventFilter::default(), ALL).await.unwrap().len(), 0);
}

async fn numbers_grow_with_gaps_through_whichever_instance(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await.identity;
    let made = join_all([&site, &other].repeat(20).into_iter().map(|site| site.app.new_event(&aino, plan("Many"))));
    let mut ids: Vec<_> = made.await.into_iter().map(|it| it.unwrap().id).collect();
    ids.sort_unstable();
    let gaps: Vec<_> = ids.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| (1..=9).contains(gap)), "{gaps:?}");
    assert!(gaps.iter().any(|gap| *gap != gaps[0]), "nobody can count them");
    let last = event(&other, &aino, plan("Last")).await;
    assert!(last.number() > ids[39]);
    let mine = EventFilter { mine: true, ..EventFilter::default() };
    let page = |page| site.app.events(&Caller::Anonymous, EventFilter::default(), Page { page, size: 30 });
    assert_eq!((page(1).await.unwrap().len(), page(2).await.unwrap().len()), (30, 11));
    assert_eq!(page(3).await.unwrap().len(), 0);
    assert_eq!(site.app.events(&Caller::User(aino), mine, ALL).await.unwrap().len(), 41);
}

async fn of_two_changes_at_once_one_is_told(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await.identity;
    let event = event(&site, &aino, plan("First")).await;
    let version = site.app.event(&Caller::Anonymous, event).await.unwrap().version;
    let change = |name: &str| ChangeEvent { name: Some(name.to_owned()), ..ChangeEvent::default() };
    let changed = join_all([
        site.app.change_event(&aino, event, change("Second"), Some(version)),
        other.app.change_event(&aino, event, change("Third"), Some(version)),
    ])
    .await;
    let (done, refused): (Vec<_>, Vec<_>) = changed.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (1, 1));
    assert!(matches!(refused[0], Err(AppError::Stale)));
    let (shown, done) = (site.app.event(&Caller::Anonymous, event).await.unwrap(), done[0].as_ref().unwrap());
    assert_eq!((&shown.name, shown.version), (&done.name, done.version));
    assert_ne!(shown.version, version);
    let same = site.app.change_event(&aino, event, change(&shown.name), Some(shown.version)).await.unwrap();
    assert_eq!(same.version, shown.version, "nothing is another, and nothing was written");
    let stale = site.app.cancel_event(&aino, event, Some(version)).await;
    assert!(matches!(stale, Err(AppError::Stale)));
}

async fn only_the_creator_changes_an_event(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero) = (site.runner("Aino").await.identity, site.runner("Eero").await.identity);
    let event = event(&site, &aino, plan("Mine")).await;
    site.app.join_event(&eero, event).await.unwrap();
    let refused = [
        site.app.change_event(&eero, event, ChangeEvent::default(), None).await.unwrap_err(),
        site.app.start_event(&eero, event).await.unwrap_err(),
        site.app.end_event(&eero, event).await.unwrap_err(),
        site.app.cancel_event(&eero, event, None).await.unwrap_err(),
    ];
    assert!(refused.iter().all(|it| matches!(it, AppError::Forbidden)), "{refused:?}");
    let few = ChangeEvent { capacity: Edit::Set(1), ..ChangeEvent::default() };
    let refused = site.app.change_event(&aino, event, few, None).await.unwrap_err();
    assert!(matches!(&refused, AppError::Invalid { field, .. } if field == "capacity"), "{refused}");
    assert!(matches!(site.app.end_event(&aino, event).await, Err(AppError::Conflict { .. })), "not begun");
    assert_eq!(site.app.start_event(&aino, event).await.unwrap().state, "current");
    let later = ChangeEvent { time: NaiveTime::from_hms_opt(12, 0, 0), ..ChangeEvent::default() };
    assert!(matches!(site.app.change_event(&aino, event, later, None).await, Err(AppError::Conflict { .. })));
}

async fn what_is_over_or_cancelled_is_joined_by_nobody(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero) = (site.runner("Aino").await.identity, site.runner("Eero").await.identity);
    let past = NewEvent { time: NaiveTime::from_hms_opt(6, 0, 0).unwrap(), ..plan("Past") };
    let past = event(&site, &aino, past).await;
    let cancelled = event(&site, &aino, plan("Cancelled")).await;
    for _ in 0..2 {
        assert_eq!(site.app.cancel_event(&aino, cancelled, None).await.unwrap().state, "cancelled");
    }
    for event in [past, cancelled] {
        assert!(matches!(site.app.join_event(&eero, event).await, Err(AppError::Conflict { .. })));
        let invited = site.app.invite(&aino, event, &["Eero".into()]).await;
        assert!(matches!(invited, Err(AppError::Conflict { .. })));
    }
    assert!(matches!(site.app.cancel_event(&aino, past, None).await, Err(AppError::Conflict { .. })));
    let unknown = EventId::new(EventId::MAX).unwrap();
    assert!(matches!(site.app.join_event(&eero, unknown).await, Err(AppError::NotFound("event"))));
}

async fn lists_are_what_was_asked_for(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero) = (site.runner("Aino").await.identity, site.runner("Eero").await.identity);
    let at =
        |day, hour| (NaiveDate::from_ymd_opt(2026, 11, day).unwrap(), NaiveTime::from_hms_opt(hour, 0, 0).unwrap());
    let far = Place::new(61.5, 23.76).unwrap();
    for (name, (date, time), private, start) in [
        ("Night run", at(25, 18), false, None),
        ("Morning Run", at(22, 6), false, None),
        ("Secret stroll", at(23, 6), true, None),
        ("Lake", at(21, 8), false, Some(far)),
    ] {
        let start = start.unwrap_or(plan("").start);
        event(&site, &aino, NewEvent { date, time, private, start, duration_s: Some(7_200), ..plan(name) }).await;
    }
    let everybody = Caller::Anonymous;
    let time = |text: &str| Timestamp::parse(text);
    let near = |center: Place| Some(Circle { center, radius_m: 5_000.0 });
    let all = EventFilter::default;
    for (filter, expected) in [
        (all(), vec!["Night run", "Morning Run", "Lake"]),
        (EventFilter { state: Some(State::ComeUp), ..all() }, vec!["Morning Run", "Night run"]),
        (EventFilter { state: Some(State::Current), ..all() }, vec!["Lake"]),
        (EventFilter { state: Some(State::Passed), ..all() }, vec![]),
        (EventFilter { name: Some("RUN".into()), ..all() }, vec!["Night run", "Morning Run"]),
        (EventFilter { near: near(far), ..all() }, vec!["Lake"]),
        (EventFilter { near: near(plan("").start), name: Some("night".into()), ..all() }, vec!["Night run"]),
        (EventFilter { near_destination: near(far), ..all() }, vec![]),
        (EventFilter { from: time("2026-11-22T06:00:00Z"), ..all() }, vec!["Night run", "Morning Run"]),
        (EventFilter { until: time("2026-11-22T06:00:00Z"), ..all() }, vec!["Lake"]),
        (EventFilter { mine: true, ..all() }, vec![]),
    ] {
        assert_eq!(names(&site, &everybody, filter.clone()).await, expected, "{filter:?}");
    }
    let aino = Caller::User(aino);
    let own = ["Night run", "Secret stroll", "Morning Run", "Lake"];
    for (filter, expected) in [
        (all(), own.to_vec()),
        (EventFilter { mine: true, ..all() }, own.to_vec()),
        (EventFilter { private: Some(true), ..all() }, vec!["Secret stroll"]),
        (EventFilter { private: Some(false), ..all() }, vec!["Night run", "Morning Run", "Lake"]),
    ] {
        assert_eq!(names(&site, &aino, filter.clone()).await, expected, "{filter:?}");
    }
    let far_page = site.app.events(&aino, all(), Page { page: usize::MAX, size: 200 }).await.unwrap();
    assert!(far_page.is_empty());
    assert_eq!(names(&site, &Caller::User(eero), all()).await.len(), 3);
}

async fn buckets_are_relative_to_a_moment(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await.identity;
    event(&site, &aino, plan("Ten to eleven")).await;
    let moment =
        |text: &str, state| EventFilter { at: Timestamp::parse(text), state: Some(state), ..EventFilter::default() };
    for (text, state) in [
        ("2026-11-21T09:59:59Z", State::ComeUp),
        ("2026-11-21T10:00:00Z", State::Current),
        ("2026-11-21T10:59:59Z", State::Current),
        ("2026-11-21T11:00:00Z", State::Passed),
        ("2999-01-01T00:00:00Z", State::Passed),
    ] {
        for asked in [State::ComeUp, State::Current, State::Passed, State::Cancelled] {
            let found = names(&site, &Caller::Anonymous, moment(text, asked)).await.len();
            assert_eq!(found, usize::from(asked == state), "{text} {asked:?}");
        }
    }
}
