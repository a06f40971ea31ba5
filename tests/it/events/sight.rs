//! Who can tell that there is such an event: on every window, before and after a right has ended.

use std::collections::BTreeSet;
use std::time::Duration;

use runnity::app::AppError;
use runnity::app::events::{ChangeEvent, EventFilter, NewEvent};
use runnity::app::runs::{NewRun, RunFilter, Transition};
use runnity::app::users::{Caller, Identity};
use runnity::domain::geo::{Circle, Place};
use runnity::domain::ids::{EventId, RunId, UserId};
use runnity::domain::user::Visibility;
use serde_json::{Value, json};

use super::clock::kinds;
use super::{ALL, event, plan};
use crate::support::{Runner, Site, StoreKind, on_each_store};

on_each_store!(
    who_has_declined_hears_no_more_of_it,
    private_event_that_others_have_joined_is_not_opened,
    run_that_begins_while_its_runner_is_removed_goes_on_outside,
    invitations_are_no_nuisance,
    who_was_removed_stays_so_when_an_invitation_is_withdrawn,
    private_event_is_nowhere_to_be_found_by_outsiders,
    who_loses_sight_of_an_event_loses_its_channel_at_once,
    who_was_removed_comes_back_when_invited_alone,
    invitations_are_sent_by_those_who_may,
    run_in_an_event_is_seen_by_all_who_see_the_event,
    public_run_does_not_give_a_private_event_away,
    run_in_an_event_needs_a_participant_and_its_time,
);

pub(super) struct People {
    pub aino: Runner,
    pub eero: Runner,
    pub sisu: Runner,
}

pub(super) async fn people(site: &Site) -> People {
    People { aino: site.runner("Aino").await, eero: site.runner("Eero").await, sisu: site.runner("Sisu").await }
}

pub(super) fn user(who: &Runner) -> Caller {
    Caller::User(who.identity.clone())
}

pub(super) fn private(invite: &Runner) -> NewEvent {
    NewEvent { private: true, invite: vec![invite.id.clone()], ..plan("Secret") }
}

/// What a caller can find of the event, window by window.
pub(super) async fn found(site: &Site, caller: &Caller, event: EventId) -> BTreeSet<&'static str> {
    let place = Place::new(60.17, 24.94).unwrap();
    let near = Some(Circle { center: place, radius_m: 1_000.0 });
    let lists = [
        ("list", EventFilter::default()),
        ("mine", EventFilter { mine: true, ..EventFilter::default() }),
        ("search", EventFilter { name: Some("ECRE".to_owned()), ..EventFilter::default() }),
        ("near", EventFilter { near, ..EventFilter::default() }),
        ("private", EventFilter { private: Some(true), ..EventFilter::default() }),
    ];
    let mut found = BTreeSet::new();
    for (window, filter) in lists {
        if !site.app.events(caller, filter, ALL).await.unwrap().is_empty() {
            found.insert(window);
        }
    }
    let refused = |error: AppError| assert!(matches!(error, AppError::NotFound("event")), "{error}");
    match site.app.event(caller, event).await {
        Ok(_) => drop(found.insert("event")),
        Err(error) => refused(error),
    }
    match site.app.participants(caller, event, ALL).await {
        Ok(_) => drop(found.insert("participants")),
        Err(error) => refused(error),
    }
    if let Caller::User(identity) = caller {
        match site.app.invitations(identity, event, ALL).await {
            Ok(_) => drop(found.insert("invitations")),
            Err(error) => refused(error),
        }
        let run = NewRun { event: Some(event), planned: true, ..NewRun::default() };
        match site.app.new_run(identity, run).await {
            Ok(_) | Err(AppError::Conflict { .. }) => drop(found.insert("run")),
            Err(error) => refused(error),
        }
    }
    found
}

/// Whether the channel is open to them; the error tells no more than that of a channel that is none.
async fn channel_is_open(site: &Site, who: Option<&Runner>, event: EventId) -> bool {
    let mut client = match who {
        Some(who) => site.connected(who).await.0,
        None => site.spectator().await,
    };
    let reply = client.ask("subscribe", json!({ "channel": format!("event:{event}") })).await;
    let none = client.ask("subscribe", json!({ "channel": "event:9007199254740991" })).await;
    if reply["error"].is_object() {
        assert_eq!(reply["error"], none["error"]);
    }
    reply["subscribe"]["data"]["event"]["id"] == event.number()
}

async fn private_event_is_nowhere_to_be_found_by_outsiders(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let People { aino, eero, sisu } = people(&site).await;
    let event = event(&site, &aino.identity, private(&eero)).await;
    // What is cached is what others have seen.
    let everything = found(&site, &user(&aino), event).await;
    assert_eq!(everything.len(), 9, "{everything:?}");
    assert_eq!(found(&other, &user(&eero), event).await, everything);
    for site in [&site, &other] {
        assert!(channel_is_open(site, Some(&aino), event).await && channel_is_open(site, Some(&eero), event).await);
        assert_eq!(found(site, &user(&sisu), event).await, BTreeSet::new());
        assert_eq!(found(site, &Caller::Anonymous, event).await, BTreeSet::new());
        assert!(!channel_is_open(site, Some(&sisu), event).await && !channel_is_open(site, None, event).await);
    }
    let sisu = &sisu.identity;
    let nothing = |error: AppError| assert!(matches!(error, AppError::NotFound("event")), "{error}");
    nothing(site.app.join_event(sisu, event).await.unwrap_err());
    nothing(site.app.leave_event(sisu, event).await.unwrap_err());
    nothing(site.app.accept_invitation(sisu, event).await.unwrap_err());
    nothing(site.app.decline_invitation(sisu, event).await.unwrap_err());
    nothing(site.app.withdraw_invitation(sisu, event, &eero.identity.user).await.unwrap_err());
    nothing(site.app.remove_participant(sisu, event, &eero.identity.user).await.unwrap_err());
    nothing(site.app.invite(sisu, event, &["Eero".to_owned()]).await.unwrap_err());
    nothing(site.app.start_event(sisu, event).await.unwrap_err());
    nothing(site.app.end_event(sisu, event).await.unwrap_err());
    nothing(site.app.cancel_event(sisu, event, None).await.unwrap_err());
    nothing(site.app.change_event(sisu, event, ChangeEvent::default(), None).await.unwrap_err());
}

async fn who_loses_sight_of_an_event_loses_its_channel_at_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let People { aino, eero, sisu } = people(&site).await;
    let new = NewEvent { invite: vec!["Sisu".into()], ..private(&eero) };
    let (aino, number) = (&aino.identity, event(&site, &aino.identity, new.clone()).await);
    let channel = format!("event:{number}");
    site.app.invite(aino, number, &["Eero".into()]).await.unwrap();
    site.app.join_event(&eero.identity, number).await.unwrap();
    let (mut kicked, _) = other.connected(&eero).await;
    let (mut declines, _) = other.connected(&sisu).await;
    kicked.subscribe(&channel).await;
    declines.subscribe(&channel).await;
    site.app.remove_participant(aino, number, &eero.identity.user).await.unwrap();
    assert_eq!(unsubscribed(&mut kicked, &channel).await, 2000);
    site.app.decline_invitation(&sisu.identity, number).await.unwrap();
    assert_eq!(unsubscribed(&mut declines, &channel).await, 2000);
    assert!(!channel_is_open(&other, Some(&eero), number).await);
    // A public one that is made private, for whoever has nothing to do with it.
    let number = event(&site, aino, plan("Open")).await;
    let channel = format!("event:{number}");
    let mut spectator = other.spectator().await;
    spectator.subscribe(&channel).await;
    let private = ChangeEvent { private: Some(true), ..ChangeEvent::default() };
    site.app.change_event(aino, number, private, None).await.unwrap();
    assert_eq!(unsubscribed(&mut spectator, &channel).await, 2000);
    assert_eq!(found(&other, &Caller::Anonymous, number).await, BTreeSet::new());
}

/// Waits for the word that the client is not in the channel any more → its code.
pub(super) async fn unsubscribed(client: &mut crate::support::Client, channel: &str) -> Value {
    loop {
        let push = client.any_push(channel).await;
        if push["unsubscribe"].is_object() {
            return push["unsubscribe"]["code"].clone();
        }
    }
}

async fn who_was_removed_comes_back_when_invited_alone(kind: StoreKind) {
    let site = Site::start(kind).await;
    let People { aino, eero, sisu } = people(&site).await;
    let event = event(&site, &aino.identity, plan("Public")).await;
    let (aino, eero) = (&aino.identity, &eero.identity);
    site.app.join_event(eero, event).await.unwrap();
    site.app.join_event(&sisu.identity, event).await.unwrap();
    assert!(matches!(site.app.remove_participant(eero, event, &aino.user).await, Err(AppError::Forbidden)));
    for _ in 0..2 {
        site.app.remove_participant(aino, event, &eero.user).await.unwrap();
    }
    // It is not there for them, whatever they ask.
    for refused in [
        site.app.join_event(eero, event).await.unwrap_err(),
        site.app.leave_event(eero, event).await.unwrap_err(),
        site.app.accept_invitation(eero, event).await.unwrap_err(),
        site.app.event(&Caller::User(eero.clone()), event).await.unwrap_err(),
    ] {
        assert!(matches!(refused, AppError::NotFound("event")), "{refused}");
    }
    let again = site.app.invite(&sisu.identity, event, &[eero.user.to_string()]).await;
    assert!(matches!(again, Err(AppError::Conflict { .. })), "what the creator did the creator takes back");
    site.app.invite(aino, event, &[eero.user.to_string()]).await.unwrap();
    assert_eq!(site.app.join_event(eero, event).await.unwrap().number, 4);
    let nobody = UserId::parse("nobody").unwrap();
    let refused = site.app.remove_participant(aino, event, &nobody).await.unwrap_err();
    assert!(matches!(refused, AppError::NotFound("participant")));
    let own = site.app.remove_participant(aino, event, &aino.user).await.unwrap_err();
    assert!(matches!(own, AppError::Conflict { .. }));
}

async fn invitations_are_sent_by_those_who_may(kind: StoreKind) {
    let site = Site::start(kind).await;
    let People { aino, eero, sisu } = people(&site).await;
    let (aino, eero, sisu) = (&aino.identity, &eero.identity, &sisu.identity);
    let secret = event(&site, aino, NewEvent { private: true, ..plan("Secret") }).await;
    let asked = site.app.invite(aino, secret, &["EERO".into(), eero.user.to_string(), "Aino".into()]).await.unwrap();
    assert_eq!(asked.iter().map(|it| (it.user.name.as_str(), it.state)).collect::<Vec<_>>(), [("Eero", "invited")]);
    assert!(matches!(site.app.invite(eero, secret, &["Sisu".into()]).await, Err(AppError::Forbidden)));
    let unknown = site.app.invite(aino, secret, &["Eero".into(), "Nobody".into()]).await.unwrap_err();
    assert!(matches!(unknown, AppError::Invalid { field, .. } if field == "users[1]"));
    for _ in 0..2 {
        site.app.decline_invitation(eero, secret).await.unwrap();
    }
    let listed = site.app.invitations(aino, secret, ALL).await.unwrap();
    assert_eq!(listed.iter().map(|it| it.state).collect::<Vec<_>>(), ["declined"]);
    assert!(matches!(site.app.join_event(eero, secret).await, Err(AppError::NotFound("event"))));
    site.app.invite(aino, secret, &["Eero".into()]).await.unwrap();
    for _ in 0..2 {
        site.app.accept_invitation(eero, secret).await.unwrap();
    }
    assert_eq!(site.app.invitations(aino, secret, ALL).await.unwrap().len(), 0);
    // To a public one whoever participates; and it is theirs to withdraw.
    let open = event(&site, aino, plan("Open")).await;
    assert!(matches!(site.app.invite(eero, open, &["Sisu".into()]).await, Err(AppError::Forbidden)));
    site.app.join_event(eero, open).await.unwrap();
    site.app.invite(eero, open, &["Sisu".into()]).await.unwrap();
    assert_eq!(site.app.invitations(sisu, open, ALL).await.unwrap()[0].by.name, "Eero");
    for _ in 0..2 {
        site.app.withdraw_invitation(eero, open, &sisu.user).await.unwrap_or_else(|error| {
            assert!(matches!(error, AppError::Forbidden), "{error}");
        });
    }
    assert_eq!(site.app.invitations(aino, open, ALL).await.unwrap().len(), 0);
    assert!(matches!(site.app.accept_invitation(sisu, open).await, Err(AppError::NotFound("invitation"))));
    site.app.carry_out_follow_ups().await.unwrap();
    let of = |who: &Identity| runnity::backend::AggregateId::new("user", who.user.as_str());
    assert_eq!(kinds(&site.app, of(eero)).await, ["invited"], "to be asked again on the same day is no news");
    assert_eq!(kinds(&site.app, of(aino)).await, ["invited", "invited"], "the creator hears of each");
}

pub(super) async fn run_in(site: &Site, who: &Runner, event: EventId, visibility: Visibility) -> RunId {
    let new = NewRun { event: Some(event), visibility: Some(visibility), ..NewRun::default() };
    RunId::parse(&site.app.new_run(&who.identity, new).await.unwrap().id).unwrap()
}

async fn run_in_an_event_is_seen_by_all_who_see_the_event(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let People { aino, eero, sisu } = people(&site).await;
    let event = event(&site, &aino.identity, private(&eero)).await;
    site.app.join_event(&eero.identity, event).await.unwrap();
    let run = run_in(&site, &eero, event, Visibility::Private).await;
    let again = NewRun { event: Some(event), ..NewRun::default() };
    let refused = site.app.new_run(&eero.identity, again).await.unwrap_err();
    assert!(matches!(refused, AppError::Conflict { run: Some(live), .. } if live == run), "one live run at most");
    let of_event = || RunFilter { event: Some(event), ..RunFilter::default() };
    for (caller, seen) in [(user(&aino), true), (user(&eero), true), (user(&sisu), false), (Caller::Anonymous, false)] {
        assert_eq!(site.app.run(&caller, run).await.is_ok(), seen);
        assert_eq!(site.app.runs(&caller, of_event(), ALL).await.unwrap().len(), usize::from(seen));
    }
    let roster = site.app.participants(&user(&aino), event, ALL).await.unwrap();
    assert_eq!(roster.iter().map(|it| it.run.clone()).collect::<Vec<_>>(), [None, Some(run.to_string())]);
    // Who leaves takes the run along.
    let (mut watcher, _) = other.connected(&aino).await;
    let channel = format!("run:{run}");
    watcher.subscribe(&channel).await;
    site.app.leave_event(&eero.identity, event).await.unwrap();
    assert_eq!(unsubscribed(&mut watcher, &channel).await, 2000);
    assert!(matches!(site.app.run(&user(&aino), run).await, Err(AppError::NotFound("run"))));
    assert_eq!(site.app.runs(&user(&aino), of_event(), ALL).await.unwrap().len(), 0);
    assert_eq!(site.app.run(&user(&eero), run).await.unwrap().event, None);
}

async fn public_run_does_not_give_a_private_event_away(kind: StoreKind) {
    let site = Site::start(kind).await;
    let People { aino, eero, .. } = people(&site).await;
    let secret = event(&site, &aino.identity, private(&eero)).await;
    let open = event(&site, &aino.identity, plan("Open")).await;
    site.app.join_event(&eero.identity, secret).await.unwrap();
    let (hidden, shown) =
        (run_in(&site, &eero, secret, Visibility::Public).await, run_in(&site, &aino, open, Visibility::Public).await);
    let everybody = Caller::Anonymous;
    assert_eq!(site.app.run(&user(&aino), hidden).await.unwrap().event, Some(secret.number()));
    for (run, event) in [(hidden, None), (shown, Some(open.number()))] {
        assert_eq!(site.app.run(&everybody, run).await.unwrap().event, event);
        let listed = site.app.runs(&everybody, RunFilter::default(), ALL).await.unwrap();
        assert!(listed.iter().any(|it| it.id == run.to_string() && it.event == event));
        // One who sees it, and then one who does not: they are told the same.
        for who in [Some(&aino), None] {
            let mut client = match who {
                Some(who) => site.connected(who).await.0,
                None => site.spectator().await,
            };
            let reply = client.subscribe(&format!("run:{run}")).await;
            assert_eq!(reply["data"]["run"]["event"], json!(event));
            let history = client.ask("history", json!({ "channel": format!("run:{run}"), "limit": 10 })).await;
            let started = &history["history"]["publications"][0]["data"];
            // Who may know of the event may be another later, and this is kept.
            assert_eq!((&started["type"], &started["event"]), (&json!("started"), &Value::Null));
        }
    }
}

async fn run_in_an_event_needs_a_participant_and_its_time(kind: StoreKind) {
    let site = Site::start(kind).await;
    let People { aino, eero, .. } = people(&site).await;
    let later = NewEvent { time: chrono::NaiveTime::from_hms_opt(12, 0, 0).unwrap(), ..plan("Noon") };
    let event = event(&site, &aino.identity, later).await;
    let new = || NewRun { event: Some(event), ..NewRun::default() };
    let refused = async |who: &Runner| {
        let refused = site.app.new_run(&who.identity, new()).await.unwrap_err();
        assert!(matches!(refused, AppError::Conflict { run: None, .. }), "{refused}");
    };
    refused(&eero).await;
    site.app.join_event(&eero.identity, event).await.unwrap();
    refused(&eero).await;
    site.advance(Duration::from_secs(2 * 3_600)).await;
    let run = site.app.new_run(&eero.identity, new()).await.unwrap();
    assert_eq!(run.event, Some(event.number()));
    site.advance(Duration::from_secs(2 * 3_600)).await;
    refused(&aino).await;
}

async fn who_has_declined_hears_no_more_of_it(kind: StoreKind) {
    let site = Site::start(kind).await;
    let People { aino, eero, .. } = people(&site).await;
    let secret = event(&site, &aino.identity, private(&eero)).await;
    site.app.decline_invitation(&eero.identity, secret).await.unwrap();
    site.app.start_event(&aino.identity, secret).await.unwrap();
    site.app.cancel_event(&aino.identity, secret, None).await.unwrap();
    site.app.carry_out_follow_ups().await.unwrap();
    let own = runnity::backend::AggregateId::new("user", eero.identity.user.as_str());
    assert_eq!(kinds(&site.app, own).await, ["invited"]);
}

async fn private_event_that_others_have_joined_is_not_opened(kind: StoreKind) {
    let site = Site::start(kind).await;
    let People { aino, eero, .. } = people(&site).await;
    let secret = event(&site, &aino.identity, private(&eero)).await;
    let open = || ChangeEvent { private: Some(false), ..ChangeEvent::default() };
    site.app.join_event(&eero.identity, secret).await.unwrap();
    let run = run_in(&site, &eero, secret, Visibility::Private).await;
    site.app.transition(&eero.identity, run, Transition::Finish).await.unwrap();
    site.app.leave_event(&eero.identity, secret).await.unwrap();
    let refused = site.app.change_event(&aino.identity, secret, open(), None).await.unwrap_err();
    assert!(matches!(refused, AppError::Conflict { .. }), "{refused}");
    assert!(site.app.run(&Caller::Anonymous, run).await.is_err());
    let alone = event(&site, &aino.identity, private(&eero)).await;
    assert!(!site.app.change_event(&aino.identity, alone, open(), None).await.unwrap().private);
}

async fn run_that_begins_while_its_runner_is_removed_goes_on_outside(kind: StoreKind) {
    let site = Site::start(kind).await;
    let People { aino, eero, .. } = people(&site).await;
    let secret = event(&site, &aino.identity, private(&eero)).await;
    site.app.join_event(&eero.identity, secret).await.unwrap();
    let new = NewRun { event: Some(secret), planned: true, visibility: Some(Visibility::Private), ..NewRun::default() };
    let run = RunId::parse(&site.app.new_run(&eero.identity, new).await.unwrap().id).unwrap();
    // Whichever comes first: in the end the run is not in the event.
    let (started, removed) = tokio::join!(
        site.app.transition(&eero.identity, run, Transition::Start),
        site.app.remove_participant(&aino.identity, secret, &eero.identity.user),
    );
    removed.unwrap();
    crate::support::within(async { while site.app.carry_out_follow_ups().await.unwrap() > 0 {} }).await;
    drop(started);
    assert_eq!(site.app.run(&user(&eero), run).await.unwrap().event, None);
    assert!(site.app.run(&user(&aino), run).await.is_err());
}

async fn invitations_are_no_nuisance(kind: StoreKind) {
    let site = Site::start(kind).await;
    let People { aino, eero, sisu } = people(&site).await;
    let (aino, eero, sisu) = (&aino.identity, &eero.identity, &sisu.identity);
    let open = event(&site, aino, plan("Open")).await;
    site.app.join_event(sisu, open).await.unwrap();
    for _ in 0..30 {
        site.app.invite(sisu, open, &["Eero".into()]).await.unwrap();
        site.app.invite(sisu, open, &["Eero".into()]).await.unwrap();
        site.app.withdraw_invitation(aino, open, &eero.user).await.unwrap();
    }
    crate::support::within(async { while site.app.carry_out_follow_ups().await.unwrap() > 0 {} }).await;
    for (who, told) in [(eero, 1), (aino, 1)] {
        let own = runnity::backend::AggregateId::new("user", who.user.as_str());
        let heard = super::clock::heard(&site.app, own).await;
        let invited: Vec<_> = heard.iter().filter(|data| data["type"] == "invited").collect();
        assert_eq!(invited.len(), told, "once a day, and the invitations stand all the same");
        assert_eq!(invited[0]["event"], json!({ "id": open.number(), "name": "Open" }));
    }
    // Each by whom it was sent.
    assert_eq!(site.app.invitations(sisu, open, ALL).await.unwrap().len(), 0);
    site.app.invite(sisu, open, &["Eero".into()]).await.unwrap();
    for (who, listed) in [(sisu, 1), (eero, 1), (aino, 1)] {
        assert_eq!(site.app.invitations(who, open, ALL).await.unwrap().len(), listed);
    }
    let next = runnity::app::listing::Page { page: 2, size: 1 };
    assert_eq!(site.app.invitations(sisu, open, next).await.unwrap().len(), 0);
    site.app.withdraw_invitation(sisu, open, &eero.user).await.unwrap();
    assert_eq!(site.app.invitations(sisu, open, ALL).await.unwrap().len(), 0);
    // What is laid before somebody has an end, and so has what one creator makes.
    for round in 0..200 {
        let invite = if round < 100 { vec![eero.user.to_string()] } else { Vec::new() };
        let made = site.app.new_event(aino, NewEvent { invite, ..plan("Many") }).await;
        assert_eq!(made.is_ok(), round < 199, "one was there already");
    }
    for round in 0..101 {
        let made = site.app.new_event(sisu, NewEvent { invite: vec!["Eero".into()], ..plan("Many") }).await;
        assert_eq!(made.is_ok(), round < 100);
    }
    assert_eq!(
        site.app
            .events(&Caller::User(eero.clone()), EventFilter { mine: true, ..EventFilter::default() }, ALL)
            .await
            .unwrap()
            .len(),
        200
    );
    site.advance(Duration::from_secs(3 * 3_600)).await;
    site.app
        .new_event(
            sisu,
            NewEvent {
                invite: vec!["Eero".into()],
                date: chrono::NaiveDate::from_ymd_opt(2026, 11, 22).unwrap(),
                ..plan("Another day")
            },
        )
        .await
        .unwrap();
}

async fn who_was_removed_stays_so_when_an_invitation_is_withdrawn(kind: StoreKind) {
    let site = Site::start(kind).await;
    let People { aino, eero, .. } = people(&site).await;
    let (aino, eero) = (&aino.identity, &eero.identity);
    let open = event(&site, aino, plan("Open")).await;
    site.app.join_event(eero, open).await.unwrap();
    site.app.remove_participant(aino, open, &eero.user).await.unwrap();
    site.app.invite(aino, open, &["Eero".into()]).await.unwrap();
    site.app.withdraw_invitation(aino, open, &eero.user).await.unwrap();
    assert!(site.app.join_event(eero, open).await.is_err());
}
