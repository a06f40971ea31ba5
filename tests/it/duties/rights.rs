//! What takes a right away waits for nothing else that was caused beside it.

use std::time::Duration;

use runnity::app::friends::Word;
use runnity::app::runs::NewRun;
use runnity::app::users::Caller;
use runnity::backend::{AggregateId, Commit};
use runnity::domain::ids::RunId;
use runnity::domain::user::Visibility;

use super::len;
use crate::events::{event, plan};
use crate::support::{Site, StoreKind, on_each_store, within};

on_each_store!(
    removed_from_an_event_a_runner_is_out_before_others_hear_of_invitations,
    who_is_no_friend_any_more_loses_the_run_before_anybody_is_told,
);

/// Whether it tells a user something of this kind.
fn tells(commit: &Commit, kind: &str) -> bool {
    let said = format!("\"type\":\"{kind}\"");
    let is_it = |payload: &[u8]| payload.windows(said.len()).any(|part| part == said.as_bytes());
    commit.aggregate.as_str().starts_with("user/") && commit.appends.iter().any(|append| is_it(&append.payload))
}

async fn removed_from_an_event_a_runner_is_out_before_others_hear_of_invitations(kind: StoreKind) {
    let (site, held) = Site::start_held(kind).await;
    let idle = site.idle_app().await;
    let aino = site.runner("Aino").await.identity;
    site.runner("Sisu").await;
    let event = event(&site, &aino, plan("City run")).await;
    let runners = [site.runner("Eero").await.identity, site.runner("Otso").await.identity];
    for runner in &runners {
        site.app.join_event(runner, event).await.unwrap();
    }
    site.app.start_event(&aino, event).await.unwrap();
    within(async { while site.app.do_duties().await.unwrap() > 0 {} }).await;
    held.hold_commits(|commit| tells(commit, "invited"));
    // By who has caused it, and by who finds what was left behind.
    for (app, runner, invited) in [(&site.app, &runners[0], "Sisu"), (&idle, &runners[1], "Eero")] {
        let new = NewRun { event: Some(event), ..NewRun::default() };
        let run = RunId::parse(&site.app.new_run(runner, new).await.unwrap().id).unwrap();
        app.invite(&aino, event, &[invited.to_owned()]).await.unwrap();
        app.remove_participant(&aino, event, &runner.user).await.unwrap();
        site.advance(Duration::from_secs(1)).await;
        let out = async {
            while site.app.run(&Caller::User(runner.clone()), run).await.unwrap().event.is_some() {
                tokio::task::yield_now().await;
            }
        };
        within(out).await;
        assert!(len(&site.app, "follow-ups").await > 0, "nobody was told yet");
    }
    held.let_commits_go();
    within(async {
        while len(&site.app, "follow-ups").await > 0 {
            site.advance(Duration::from_secs(1)).await;
            drop(site.app.do_duties().await)
        }
    })
    .await;
    assert_eq!(len(&site.app, "follow-ups/rights").await, 0);
}

async fn who_is_no_friend_any_more_loses_the_run_before_anybody_is_told(kind: StoreKind) {
    let (site, held) = Site::start_held(kind).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let [own, other] = [&aino, &eero].map(|it| it.identity.clone());
    site.app.say_of_friend(&own, &other.user, Word::Ask, None).await.unwrap();
    // One of them cannot be told of anything; what comes after that waits, on the other's account as well.
    let theirs = AggregateId::new("user", other.user.as_str());
    held.hold_commits(move |commit| commit.aggregate == theirs && tells(commit, "friend_accepted"));
    site.app.say_of_friend(&other, &own.user, Word::Accept, None).await.unwrap();
    let (run, _) = site.run(&aino, Visibility::Friends).await;
    let channel = format!("run:{run}");
    let (mut client, _) = site.connected(&eero).await;
    client.subscribe(&channel).await;
    site.app.say_of_friend(&own, &other.user, Word::End, None).await.unwrap();
    within(async { while !client.push(&channel).await["unsubscribe"].is_object() {} }).await;
    held.let_commits_go();
}
