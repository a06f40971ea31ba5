//! Where the runners of an event are.

use std::time::Duration;

use reqwest::Method;
use runnity::app::events::NewEvent;
use runnity::app::runs::{NewRun, Transition};
use runnity::domain::ids::{EventId, RunId, UserId};
use runnity::domain::user::Visibility;
use serde_json::json;

use super::{Watcher, be_at, is_unknown, user};
use crate::events::{event, plan};
use crate::support::{Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    an_events_runners_are_shown_by_their_numbers,
    who_may_not_see_the_event_finds_no_channel,
    who_is_removed_loses_the_channel_on_every_instance,
    a_share_link_shows_where_its_event_s_runners_are_until_it_is_over,
);

async fn run_in(site: &Site, runner: &Runner, event: EventId) -> RunId {
    let new = NewRun { event: Some(event), visibility: Some(Visibility::Private), ..NewRun::default() };
    RunId::parse(&site.app.new_run(&runner.identity, new).await.unwrap().id).unwrap()
}

async fn an_events_runners_are_shown_by_their_numbers(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let (aino, eero) = (user(&site, "Aino").await, user(&site, "Eero").await);
    let event = event(&site, &aino.identity, plan("Morning run")).await;
    assert_eq!(site.app.join_event(&eero.identity, event).await.unwrap().number, 2);
    site.advance(Duration::from_secs(3_600)).await;
    site.app.do_duties().await.unwrap();
    let channel = format!("positions:{event}");
    let mut watcher = Watcher::at(&other, &channel).await;
    assert!(watcher.runners.is_empty());

    let first = run_in(&site, &eero, event).await;
    be_at(&site, &eero.identity, first, 6_017_000, 2_494_000).await;
    watcher.until(|watcher| watcher.runners.contains_key(&2)).await;
    let own = run_in(&site, &aino, event).await;
    be_at(&site, &aino.identity, own, 6_017_010, 2_494_010).await;
    watcher.until(|watcher| watcher.runners.len() == 2).await;
    assert_eq!(watcher.runners[&1], (6_017_010, 2_494_010, 0, false));
    assert_eq!(watcher.runners[&2], (6_017_000, 2_494_000, 0, false), "when it was said");
    // From the store and from the room alike.
    for at in [&site, &other] {
        let late = Watcher::at(at, &channel).await;
        assert_eq!(late.runners.keys().collect::<Vec<_>>(), [&1, &2]);
        assert_eq!(late.runners[&2].2, 40, "its fix is four seconds old by now");
    }

    site.app.transition(&eero.identity, first, Transition::Finish).await.unwrap();
    watcher.until(|watcher| watcher.runners.keys().eq([&1])).await;
    let second = run_in(&other, &eero, event).await;
    be_at(&other, &eero.identity, second, 6_017_005, 2_494_000).await;
    watcher.until(|watcher| watcher.runners.get(&2).is_some_and(|runner| runner.0 == 6_017_005)).await;
    // They are not for the map.
    let place = runnity::domain::geo::Place::new(60.17, 24.94).unwrap();
    let cell = format!("map:{}", runnity::domain::cell::Cell::of(place, 6));
    assert!(Watcher::at(&other, &cell).await.runners.is_empty());
}

async fn who_may_not_see_the_event_finds_no_channel(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero) = (user(&site, "Aino").await, user(&site, "Eero").await);
    let private = NewEvent { private: true, ..plan("Secret run") };
    let event = event(&site, &aino.identity, private).await;
    let mut anonymous = site.spectator().await;
    let (mut outsider, _) = site.connected(&eero).await;
    for name in
        [&*format!("positions:{event}"), "positions:", "positions:0", "positions:x", "positions:9007199254740993"]
    {
        is_unknown(&mut anonymous, name).await;
        is_unknown(&mut outsider, name).await;
    }
    let (creator, _) = site.connected(&aino).await;
    Watcher::of(creator, &format!("positions:{event}")).await;
}

async fn who_is_removed_loses_the_channel_on_every_instance(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let [aino, eero, sisu] = [user(&site, "Aino").await, user(&site, "Eero").await, user(&site, "Sisu").await];
    let private = NewEvent { private: true, invite: vec!["Eero".into(), "Sisu".into()], ..plan("Secret run") };
    let event = event(&site, &aino.identity, private).await;
    for runner in [&eero, &sisu] {
        site.app.accept_invitation(&runner.identity, event).await.unwrap();
    }
    site.advance(Duration::from_secs(3_600)).await;
    site.app.do_duties().await.unwrap();
    let channel = format!("positions:{event}");
    let mut kicked = Vec::new();
    for at in [&site, &other] {
        let (client, _) = at.connected(&eero).await;
        kicked.push(Watcher::of(client, &channel).await);
    }
    let (client, _) = other.connected(&sisu).await;
    let mut staying = Watcher::of(client, &channel).await;
    let run = run_in(&site, &aino, event).await;
    be_at(&site, &aino.identity, run, 6_017_000, 2_494_000).await;
    staying.until(|watcher| watcher.runners.len() == 1).await;

    site.app.remove_participant(&aino.identity, event, &UserId::parse(&eero.id).unwrap()).await.unwrap();
    for watcher in &mut kicked {
        assert_eq!(watcher.sent_out().await, 2000);
        is_unknown(&mut watcher.client, &channel).await;
    }
    be_at(&site, &aino.identity, run, 6_017_001, 2_494_000).await;
    staying.until(|watcher| watcher.runners[&1].0 == 6_017_001).await;
    for mut watcher in kicked {
        watcher.heard_nothing().await;
    }
}

async fn a_share_link_shows_where_its_event_s_runners_are_until_it_is_over(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = user(&site, "Aino").await;
    let [shared, hidden] = ["Secret run", "Another"].map(|name| NewEvent { private: true, ..plan(name) });
    let (shared, hidden) = (event(&site, &aino.identity, shared).await, event(&site, &aino.identity, hidden).await);
    site.advance(Duration::from_secs(3_600)).await;
    site.app.do_duties().await.unwrap();
    let run = run_in(&site, &aino, shared).await;
    be_at(&site, &aino.identity, run, 6_017_000, 2_494_000).await;

    let link = site
        .post(&aino, "/api/share-links", json!({ "event": shared.to_string().parse::<u64>().unwrap() }))
        .await
        .data();
    let mut client = other.socket().await;
    client.ask("connect", json!({ "token": link["secret"] })).await;
    is_unknown(&mut client, &format!("positions:{hidden}")).await;
    let mut watcher = Watcher::of(client, &format!("positions:{shared}")).await;
    assert_eq!(watcher.runners[&1].0, 6_017_000);
    be_at(&site, &aino.identity, run, 6_017_001, 2_494_000).await;
    watcher.until(|watcher| watcher.runners[&1].0 == 6_017_001).await;
    let path = format!("/api/share-links/{}", link["id"].as_str().unwrap());
    let revoked = send(site.ask(Method::DELETE, &path).bearer_auth(&aino.token)).await;
    assert_eq!(revoked.status, 204);
    watcher.client.closed().await;
}
