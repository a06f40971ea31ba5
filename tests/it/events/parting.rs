//! What was planned for an event parts from it with its runner, and when the event is over.

use std::time::Duration;

use runnity::app::events::NewEvent;
use runnity::app::runs::{NewRun, RunFilter, Transition};
use runnity::app::users::Caller;
use runnity::domain::ids::{EventId, RunId};
use runnity::domain::user::Visibility;

use super::sight::{People, people, private, user};
use super::{ALL, event, plan};
use crate::support::{Runner, Site, StoreKind, on_each_store, within};

on_each_store!(
    what_was_planned_parts_with_its_runner,
    what_was_planned_parts_from_what_is_over,
    run_that_is_planned_while_its_runner_is_removed_is_not_in_the_event,
);

async fn follow_ups(site: &Site) {
    within(async { while site.app.carry_out_follow_ups().await.unwrap() > 0 {} }).await;
}

fn planned(event: EventId) -> NewRun {
    NewRun { event: Some(event), planned: true, visibility: Some(Visibility::Private), ..NewRun::default() }
}

async fn plan_in(site: &Site, who: &Runner, event: EventId) -> RunId {
    RunId::parse(&site.app.new_run(&who.identity, planned(event)).await.unwrap().id).unwrap()
}

async fn event_of(site: &Site, who: &Runner, run: RunId) -> Option<u64> {
    site.app.run(&user(who), run).await.unwrap().event
}

async fn runs_in(site: &Site, who: &Runner, event: EventId) -> usize {
    let filter = RunFilter { event: Some(event), ..RunFilter::default() };
    site.app.runs(&user(who), filter, ALL).await.unwrap().len()
}

async fn what_was_planned_parts_with_its_runner(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let People { aino, eero, sisu } = people(&site).await;
    let new = NewEvent { invite: vec![eero.id.clone(), sisu.id.clone()], ..private(&eero) };
    let (secret, open) = (event(&site, &aino.identity, new).await, event(&site, &aino.identity, plan("Open")).await);
    for who in [&eero, &sisu] {
        site.app.join_event(&who.identity, secret).await.unwrap();
        site.app.join_event(&who.identity, open).await.unwrap();
    }
    let [first, second] = [plan_in(&site, &eero, secret).await, plan_in(&site, &eero, secret).await];
    let (elsewhere, others) = (plan_in(&site, &eero, open).await, plan_in(&site, &sisu, secret).await);
    follow_ups(&site).await;
    assert_eq!((event_of(&site, &eero, first).await, runs_in(&site, &aino, secret).await), (Some(secret.number()), 3));
    site.app.remove_participant(&aino.identity, secret, &eero.identity.user).await.unwrap();
    follow_ups(&other).await;
    for run in [first, second] {
        assert_eq!(event_of(&site, &eero, run).await, None);
        assert!(site.app.run(&user(&aino), run).await.is_err(), "it is not shown by the event");
    }
    assert_eq!(
        (event_of(&site, &eero, elsewhere).await, runs_in(&other, &aino, secret).await),
        (Some(open.number()), 1)
    );
    assert_eq!(event_of(&site, &sisu, others).await, Some(secret.number()));
    site.app.transition(&eero.identity, first, Transition::Start).await.unwrap();
    assert_eq!(event_of(&site, &eero, first).await, None);
    site.app.leave_event(&eero.identity, open).await.unwrap();
    follow_ups(&site).await;
    assert_eq!(event_of(&site, &eero, elsewhere).await, None);
}

async fn what_was_planned_parts_from_what_is_over(kind: StoreKind) {
    let site = Site::start(kind).await;
    let People { aino, eero, sisu } = people(&site).await;
    let [cancelled, ended, erased] = ["Cancelled", "Ended", "Erased"].map(plan);
    let cancelled = event(&site, &aino.identity, cancelled).await;
    let ended = event(&site, &aino.identity, ended).await;
    let erased = event(&site, &sisu.identity, erased).await;
    let mut runs = Vec::new();
    for event in [cancelled, ended, erased] {
        site.app.join_event(&eero.identity, event).await.unwrap();
        runs.push(plan_in(&site, &eero, event).await);
    }
    let own = plan_in(&site, &aino, cancelled).await;
    site.app.cancel_event(&aino.identity, cancelled, None).await.unwrap();
    follow_ups(&site).await;
    for (who, run) in [(&eero, runs[0]), (&aino, own)] {
        assert_eq!(event_of(&site, who, run).await, None);
    }
    assert_eq!(event_of(&site, &eero, runs[1]).await, Some(ended.number()));
    site.app.transition(&aino.identity, own, Transition::Start).await.unwrap();
    // By the clock.
    site.advance(Duration::from_secs(3 * 3_600)).await;
    within(async { while site.app.do_duties().await.unwrap() > 0 {} }).await;
    follow_ups(&site).await;
    assert_eq!(event_of(&site, &eero, runs[1]).await, None);
    // With its creator's account.
    let caller = Caller::User(sisu.identity.clone());
    assert!(site.app.event(&caller, erased).await.is_ok());
    let lasting = event(
        &site,
        &sisu.identity,
        NewEvent { time: chrono::NaiveTime::MIN, duration_s: Some(24 * 3_600), ..plan("Lasting") },
    )
    .await;
    site.app.join_event(&eero.identity, lasting).await.unwrap();
    let live = site.app.new_run(&eero.identity, NewRun { event: Some(lasting), ..NewRun::default() }).await.unwrap();
    let live = RunId::parse(&live.id).unwrap();
    site.app.delete_account(&sisu.identity, None, None).await.unwrap();
    follow_ups(&site).await;
    assert_eq!((event_of(&site, &eero, live).await, runs_in(&site, &eero, lasting).await), (None, 0));
}

async fn run_that_is_planned_while_its_runner_is_removed_is_not_in_the_event(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let People { aino, eero, .. } = people(&site).await;
    for _ in 0..4 {
        let secret = event(&site, &aino.identity, private(&eero)).await;
        site.app.join_event(&eero.identity, secret).await.unwrap();
        let (made, removed) = tokio::join!(
            site.app.new_run(&eero.identity, planned(secret)),
            other.app.remove_participant(&aino.identity, secret, &eero.identity.user),
        );
        removed.unwrap();
        follow_ups(&site).await;
        if let Ok(made) = made {
            assert_eq!(event_of(&site, &eero, RunId::parse(&made.id).unwrap()).await, None);
        }
    }
}
