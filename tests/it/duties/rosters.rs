//! A roster of a thousand is told, piece by piece; what cannot wait does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use runnity::app::friends::Word;
use runnity::app::runs::NewRun;
use runnity::app::users::{Caller, Identity};
use runnity::backend::{AggregateId, Commit, Index, Move, Put};
use runnity::domain::ids::{EventId, RunId};
use runnity::domain::user::Visibility;
use serde_json::json;

use super::len;
use crate::events::clock::kinds;
use crate::events::crowds::crowd;
use crate::events::{event, plan};
use crate::support::{Held, Site, StoreKind, on_each_store, within};

on_each_store!(
    lost_right_waits_for_no_roster,
    roster_that_was_broken_off_is_gone_on_with_and_everybody_told_once,
    roster_that_an_earlier_version_has_left_is_told,
);

const LEN: usize = 1_000;

/// An event of Aino's with a crowd.
async fn large(site: &Site, aino: &Identity) -> (EventId, Vec<Identity>) {
    let event = event(site, aino, plan("City run")).await;
    let crowd = crowd(site, LEN - 1).await;
    for joined in join_all(crowd.iter().map(|it| site.app.join_event(it, event))).await {
        joined.unwrap();
    }
    (event, crowd)
}

/// Whether it tells somebody else than these that an event has started.
fn tells_of_the_start(commit: &Commit, but: &[AggregateId]) -> bool {
    let is_it = |payload: &[u8]| payload.windows(15).any(|part| part == b"\"event_started\"");
    let is_theirs = commit.aggregate.as_str().starts_with("user/") && !but.contains(&commit.aggregate);
    is_theirs && commit.appends.iter().any(|append| is_it(&append.payload))
}

/// How often each of them was told that it starts.
async fn told(site: &Site, all: &[Identity]) -> Vec<usize> {
    let own = |who: &Identity| AggregateId::new("user", who.user.as_str());
    let kinds = join_all(all.iter().map(|who| kinds(&site.app, own(who)))).await;
    kinds.iter().map(|kinds| kinds.iter().filter(|kind| *kind == "event_started").count()).collect()
}

async fn until_all_is_done(site: &Site) {
    within(async { while site.app.do_duties().await.unwrap() > 0 {} }).await;
}

async fn lost_right_waits_for_no_roster(kind: StoreKind) {
    let (site, held) = Site::start_held(kind).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let (event, crowd) = large(&site, &aino.identity).await;
    let (run, _) = site.run(&aino, Visibility::Public).await;
    let channel = format!("run:{run}");
    let (mut client, _) = site.connected(&eero).await;
    client.subscribe(&channel).await;

    // It starts, and nobody can be told yet.
    let free = [&aino.identity, &crowd[0]].map(|who| AggregateId::new("user", who.user.as_str()));
    held.hold_commits(move |commit| tells_of_the_start(commit, &free));
    site.app.start_event(&aino.identity, event).await.unwrap();
    let new = NewRun { event: Some(event), ..NewRun::default() };
    let in_event = RunId::parse(&site.app.new_run(&crowd[0], new).await.unwrap().id).unwrap();
    site.app.remove_participant(&aino.identity, event, &crowd[0].user).await.unwrap();
    site.app.say_of_friend(&aino.identity, &eero.identity.user, Word::Block, None).await.unwrap();
    within(async { while !client.push(&channel).await["unsubscribe"].is_object() {} }).await;
    let out = async {
        while site.app.run(&Caller::User(crowd[0].clone()), in_event).await.unwrap().event.is_some() {
            tokio::task::yield_now().await;
        }
    };
    within(out).await;
    assert_eq!(told(&site, &crowd[1..]).await.iter().sum::<usize>(), 0);

    held.let_commits_go();
    until_all_is_done(&site).await;
    let told = told(&site, &crowd).await;
    assert!(told[1..].iter().all(|times| *times == 1), "{told:?}");
}

async fn roster_that_was_broken_off_is_gone_on_with_and_everybody_told_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await.identity;
    let (event, crowd) = large(&site, &aino).await;
    // Another instance starts it, tells some of them, and ends.
    let held = Held::on(site.store.open().await);
    let ended = runnity::app::App::new(held.clone(), site.clock.clone(), runnity::app::Settings::default());
    let commits = Arc::new(AtomicUsize::new(0));
    let counted = commits.clone();
    held.hold_commits(move |commit| tells_of_the_start(commit, &[]) && counted.fetch_add(1, Ordering::SeqCst) >= 500);
    ended.start_event(&aino, event).await.unwrap();
    let telling = tokio::spawn({
        let ended = ended.clone();
        async move { ended.carry_out_follow_ups().await }
    });
    crate::support::until(|| commits.load(Ordering::SeqCst) > 500).await;
    telling.abort();
    let before = told(&site, &crowd).await.iter().sum::<usize>();
    assert!((400..LEN).contains(&before), "{before}");

    let sweep = async {
        // The lease of who has ended runs out.
        while told(&site, &crowd).await.iter().sum::<usize>() < crowd.len() {
            site.advance(Duration::from_secs(6)).await;
            site.app.do_duties().await.unwrap();
        }
    };
    within(sweep).await;
    until_all_is_done(&site).await;
    assert!(told(&site, &crowd).await.iter().all(|times| *times == 1));
    for index in ["follow-ups", "follow-ups/rosters", &format!("follow-ups/rosters/of/event/{event}")] {
        assert_eq!(len(&site.app, index).await, 0, "{index}");
    }
}

async fn roster_that_an_earlier_version_has_left_is_told(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero) = (site.runner("Aino").await.identity, site.runner("Eero").await.identity);
    let event = event(&site, &aino, plan("City run")).await;
    site.app.join_event(&eero, event).await.unwrap();
    until_all_is_done(&site).await;
    // One index, and nothing beside it.
    let aggregate = AggregateId::new("event", &event.to_string());
    let mut commit = Commit::on(aggregate.clone());
    let name = "follow-up/0000000000000077";
    let value = json!({
        "user": aino.user.as_str(), "event": event.number(), "what": "told_roster",
        "change": { "type": "event_started", "at": "2026-11-21T09:00:00.000Z" },
    });
    commit.puts.push(Put { key: aggregate.key(name), value: Some(value.to_string().into()) });
    let score = Some(site.clock.now().as_millis());
    commit.moves.push(Move { index: Index::new("follow-ups"), member: format!("{aggregate}#{name}").into(), score });
    site.app.backend.commit(commit).await.unwrap();
    until_all_is_done(&site).await;
    assert_eq!(told(&site, &[aino, eero]).await, [1, 1]);
    assert_eq!((len(&site.app, "follow-ups").await, len(&site.app, "follow-ups/rosters").await), (0, 0));
}
