//! An account is deleted, and nothing of it is left anywhere.

use std::time::Duration;

use reqwest::Method;
use runnity::app::events::NewEvent;
use runnity::app::runs::{NewRun, Transition};
use runnity::app::users::{Caller, NewUser};
use runnity::domain::fix::{Fix, Readings};
use runnity::domain::geo::Place;
use runnity::domain::ids::{EventId, RunId};
use runnity::domain::user::Visibility;
use serde_json::{Value, json};

use crate::support::{Reply, Runner, Site, StoreKind, on_each_store, send, within};

on_each_store!(
    everything_of_a_deleted_account_is_gone,
    who_deletes_an_account_shows_its_password,
    the_admin_that_a_store_begins_with_stays,
    nobody_is_sent_out_of_an_event_by_who_leaves_it,
    a_deletion_that_was_broken_off_is_gone_on_with_by_another_instance,
    what_others_have_said_is_not_lost_with_who_is_gone,
);

const NAME: &str = "Quetzalcoatl";
const PASSWORD: &str = "correct horse";

async fn account(site: &Site) -> Runner {
    let new = NewUser { name: NAME.into(), password: PASSWORD.into(), visibility: None };
    let (_, token) = site.app.sign_up(new).await.unwrap();
    site.holder_of(token.reveal()).await
}

async fn delete(site: &Site, runner: &Runner, body: Value) -> Reply {
    send(site.ask(Method::DELETE, "/api/users/me").bearer_auth(&runner.token).json(&body)).await
}

fn event(name: &str, private: bool) -> NewEvent {
    NewEvent {
        name: name.into(),
        description: String::new(),
        date: "2026-11-21".parse().unwrap(),
        time: "09:30:00".parse().unwrap(),
        zone: None,
        duration_s: Some(7_200),
        private,
        start: Place::new(10.5, 20.5).unwrap(),
        destination: None,
        capacity: None,
        invite: Vec::new(),
    }
}

async fn run(site: &Site, runner: &Runner, event: Option<EventId>) -> RunId {
    let new = NewRun { visibility: Some(Visibility::Public), event, supersede: true, ..NewRun::default() };
    let run = RunId::parse(&site.app.new_run(&runner.identity, new).await.unwrap().id).unwrap();
    site.clock.advance(Duration::from_secs(5));
    let fix = Fix::new(site.clock.now(), Place::new(61.234_567, 23.765_432).unwrap(), Readings::default()).unwrap();
    site.app.record(&runner.identity, run, vec![fix], None).await.unwrap();
    run
}

/// Does what leaves something of a user in as many places as can be.
async fn live(site: &Site, aino: &Runner, eero: &Runner, iida: &Runner) -> (RunId, EventId, EventId) {
    let made = site.app.new_event(&aino.identity, event("Of her own", false)).await.unwrap();
    let own = EventId::new(made.id).unwrap();
    site.app.join_event(&eero.identity, own).await.unwrap();
    site.app.invite(&aino.identity, own, std::slice::from_ref(&iida.id)).await.unwrap();
    let made = site.app.new_event(&eero.identity, event("Of his own", false)).await.unwrap();
    let others = EventId::new(made.id).unwrap();
    site.app.join_event(&aino.identity, others).await.unwrap();
    site.app.invite(&aino.identity, others, std::slice::from_ref(&iida.id)).await.unwrap();
    let made = site.app.new_event(&eero.identity, event("In private", true)).await.unwrap();
    let private = EventId::new(made.id).unwrap();
    site.app.invite(&eero.identity, private, std::slice::from_ref(&aino.id)).await.unwrap();
    site.app.accept_invitation(&aino.identity, private).await.unwrap();
    site.app.leave_event(&aino.identity, private).await.unwrap();
    for (who, whom) in [(aino, eero), (eero, aino), (iida, aino)] {
        let asked = site.post(who, "/api/friends", json!({ "user": whom.id })).await;
        assert!(asked.status < 300, "{asked:?}");
    }
    let blocked = site.runner("Blocked").await;
    let path = format!("/api/friends/{}", blocked.id);
    let blocks = send(site.ask(Method::PUT, &path).bearer_auth(&aino.token).json(&json!({ "state": "blocked" }))).await;
    assert!(blocks.status < 300, "{blocks:?}");
    let path = format!("/api/friends/{}", aino.id);
    let accepted = site.ask(Method::PUT, &path).bearer_auth(&eero.token).json(&json!({ "state": "accepted" }));
    let accepted = send(accepted).await;
    assert!(accepted.status < 300, "{accepted:?}");
    for (owner, member, invites) in [(aino, eero, aino), (eero, aino, aino), (aino, aino, aino)] {
        let group = site.post(owner, "/api/groups", json!({ "name": "Runners" })).await;
        let members = format!("{}/members", group.header("location"));
        assert_eq!(site.post(member, &members, json!({})).await.status, 201);
        assert_eq!(site.post(invites, &members, json!({ "user": iida.id })).await.status, 201);
    }
    let profile =
        json!({ "display_name": "Quetzi", "city": "Nokia", "place": { "latitude": 61.47, "longitude": 23.51 } });
    let changed = send(site.ask(Method::PATCH, "/api/users/me").bearer_auth(&aino.token).json(&profile)).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    site.post(aino, "/api/tokens", json!({ "label": "Her own app" })).await;
    let first = run(site, aino, None).await;
    site.app.transition(&aino.identity, first, Transition::Finish).await.unwrap();
    site.post(aino, "/api/share-links", json!({ "run": first.to_string(), "ends_at": "2026-11-30T00:00:00Z" })).await;
    site.post(eero, "/api/share-links", json!({ "event": own.number() })).await;
    site.clock.advance(Duration::from_secs(30 * 60));
    let running = run(site, aino, Some(others)).await;
    site.post(aino, "/api/share-links", json!({ "run": running.to_string() })).await;
    (running, own, others)
}

async fn everything_of_a_deleted_account_is_gone(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = account(&site).await;
    let (eero, iida) = (site.runner("Eero").await, site.runner("Iida").await);
    let (running, own, others) = live(&site, &aino, &eero, &iida).await;
    let (phone, _) = other.connected(&aino).await;
    let mut spectator = other.spectator().await;
    let channel = format!("run:{running}");
    spectator.subscribe(&channel).await;

    let reply = delete(&site, &aino, json!({ "current_password": PASSWORD })).await;
    assert_eq!((reply.status, reply.body.len()), (204, 0), "{reply:?}");
    assert_eq!(phone.closed().await, 3500);
    assert_eq!(spectator.push(&channel).await["unsubscribe"]["code"], 2000);
    for site in [&site, &other] {
        assert_eq!(site.get(&aino, "/api/users/me").await.status, 401);
        assert_eq!(site.get(&eero, &format!("/api/users/{}", aino.id)).await.status, 404);
        assert_eq!(site.get(&eero, &format!("/api/runs/{running}")).await.status, 404);
        assert_eq!(site.get(&eero, "/api/runs").await.data(), json!([]));
        assert_eq!(site.get(&eero, "/api/friends").await.data(), json!([]));
        let groups = site.get(&eero, "/api/groups?mine=true").await.data();
        let groups = groups.as_array().unwrap();
        assert!(groups.iter().all(|group| group["owner"]["id"] == eero.id && group["members"] == 1), "{groups:?}");
        assert_eq!((groups.len(), site.get(&iida, "/api/groups?invited=true").await.data()), (2, json!([])));
        assert_eq!(site.get(&eero, "/api/users?name=quetz").await.data(), json!([]));
        assert_eq!(site.get(&eero, "/api/share-links").await.data(), json!([]));
        assert!(site.app.event(&Caller::User(eero.identity.clone()), own).await.is_err());
        let left = site.app.event(&Caller::User(eero.identity.clone()), others).await.unwrap();
        assert_eq!(left.participants, 1);
    }
    // The name is free.
    let reply = send(site.ask(Method::POST, "/api/users").json(&json!({ "name": NAME, "password": PASSWORD }))).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let again = site.holder_of(reply.data()["token"].as_str().unwrap()).await;
    assert_ne!(again.id, aino.id);
    assert_eq!(site.get(&again, "/api/runs?user=me").await.data(), json!([]));
    assert_eq!(delete(&other, &again, json!({ "current_password": PASSWORD })).await.status, 204);

    // What was under way when the account ended is looked for once more; what an idempotency key remembers ends after a day.
    for _ in 0..6 {
        site.advance(Duration::from_secs(60)).await;
        within(async { while site.app.do_duties().await.unwrap() + other.app.do_duties().await.unwrap() > 0 {} }).await;
    }
    site.advance(Duration::from_secs(25 * 60 * 60)).await;
    within(async { while site.app.do_duties().await.unwrap() + other.app.do_duties().await.unwrap() > 0 {} }).await;
    drop(spectator);
    other.instance.shutdown().await;
    drop(other.app);
    let lines = site.dump().await;
    assert!(lines.iter().any(|line| line.contains(&eero.id)), "it is the store");
    let lower = |text: &str| text.to_lowercase();
    for trace in [NAME, "Quetzi", "Nokia", "61.2345", "23.7654", "61.47", "Her own app", "Of her own"] {
        let left: Vec<_> = lines.iter().filter(|line| lower(line).contains(&lower(trace))).collect();
        assert!(left.is_empty(), "{trace}: {left:#?}");
    }
    // An empty topic is remembered, lest somebody takes a new one for it: the number of nobody.
    let is_stone =
        |line: &&String| line.starts_with("Topic(") && line.contains("name: \"\"") && line.contains("\"user/");
    for id in [&aino.id, &again.id] {
        let left: Vec<_> = lines.iter().filter(|line| line.contains(id.as_str()) && !is_stone(line)).collect();
        assert!(left.is_empty(), "{left:#?}");
    }
}

async fn who_deletes_an_account_shows_its_password(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = account(&site).await;
    for (body, field) in [
        (json!({}), "current_password"),
        (json!({ "current_password": "wrong horse" }), "current_password"),
        (json!({ "password": PASSWORD }), "password"),
    ] {
        let reply = delete(&site, &aino, body.clone()).await;
        assert_eq!((reply.status, &reply.json()["error"]["field"]), (400, &json!(field)), "{body}");
    }
    let nobody = send(site.ask(Method::DELETE, "/api/users/me").json(&json!({ "current_password": PASSWORD }))).await;
    assert_eq!(nobody.status, 401);
    let stale = site.ask(Method::DELETE, "/api/users/me").bearer_auth(&aino.token).header("If-Match", "\"7-0\"");
    assert_eq!(send(stale.json(&json!({ "current_password": PASSWORD }))).await.status, 412);
    let seen = site.get(&aino, "/api/users/me").await;
    assert_eq!(seen.data()["name"], NAME);
    // One without a password needs none.
    let eero = site.runner("Eero").await;
    assert_eq!(send(site.ask(Method::DELETE, "/api/users/me").bearer_auth(&eero.token)).await.status, 204);
    assert_eq!(site.get(&eero, "/api/users/me").await.status, 401);
    assert_eq!(site.connect_code(&eero).await, 3500);
    // As it was seen is as it is.
    let seen =
        site.ask(Method::DELETE, "/api/users/me").bearer_auth(&aino.token).header("If-Match", seen.header("etag"));
    assert_eq!(send(seen.json(&json!({ "current_password": PASSWORD }))).await.status, 204);
}

async fn the_admin_that_a_store_begins_with_stays(kind: StoreKind) {
    let site = Site::start(kind).await;
    let token = site.app.ensure_admin(None).await.unwrap().expect("made now");
    let admin = site.holder_of(token.reveal()).await;
    assert_eq!(delete(&site, &admin, json!({})).await.status, 409);
    assert_eq!(site.get(&admin, "/api/users/me").await.data()["level"], "admin");
}

async fn a_deletion_that_was_broken_off_is_gone_on_with_by_another_instance(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let run = run(&site, &aino, None).await;
    // The instance ends right after the commit that ends the account.
    site.app.end_account(&aino.identity, None, None).await.unwrap();
    let other = site.another().await;
    // Nothing of it is removed yet, and nobody sees it any more.
    for site in [&site, &other] {
        assert_eq!(send(site.ask(Method::GET, &format!("/api/runs/{run}"))).await.status, 404);
        assert_eq!(send(site.ask(Method::GET, "/api/runs")).await.data(), json!([]));
    }
    for _ in 0..6 {
        site.advance(Duration::from_secs(60)).await;
        within(async { while site.app.do_duties().await.unwrap() + other.app.do_duties().await.unwrap() > 0 {} }).await;
    }
    other.instance.shutdown().await;
    drop(other.app);
    let lines = site.dump().await;
    // An empty topic is remembered, lest somebody takes a new one for it; what an idempotency key remembers ends after a day.
    let is_stone = |line: &String| line.starts_with("Topic(") && line.contains("top: 0");
    let is_left = |line: &&String| !is_stone(line) && !line.starts_with("Once {");
    let left: Vec<_> = lines.iter().filter(|line| line.contains(&run.to_string())).filter(is_left).collect();
    assert!(left.is_empty(), "{left:#?}");
}

async fn nobody_is_sent_out_of_an_event_by_who_leaves_it(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero) = (account(&site).await, site.runner("Eero").await);
    let made = site.app.new_event(&eero.identity, event("Of his own", false)).await.unwrap();
    let id = EventId::new(made.id).unwrap();
    let channel = format!("event:{}", made.id);
    let (mut watcher, _) = site.connected(&eero).await;
    watcher.subscribe(&channel).await;
    site.app.join_event(&aino.identity, id).await.unwrap();
    assert_eq!(watcher.push(&channel).await["pub"]["data"]["type"], "joined");
    assert_eq!(delete(&site, &aino, json!({ "current_password": PASSWORD })).await.status, 204);
    let left = watcher.push(&channel).await["pub"]["data"].clone();
    assert_eq!((&left["type"], &left["user"]["name"], &left["participants"]), (&json!("left"), &json!(""), &json!(1)));
    // What was said before is forgotten within the hour.
    site.advance(Duration::from_secs(60 * 60)).await;
    within(async { while site.app.do_duties().await.unwrap() > 0 {} }).await;
    drop(watcher);
    let lines = site.dump().await;
    let left: Vec<_> = lines.iter().filter(|line| line.contains(NAME)).collect();
    assert!(left.is_empty(), "{left:#?}");
}

async fn what_others_have_said_is_not_lost_with_who_is_gone(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero, iida) = (account(&site).await, site.runner("Eero").await, site.runner("Iida").await);
    let (mut phone, _) = site.connected(&eero).await;
    let channel = format!("#{}", eero.id);
    let mut told = Vec::new();
    for by in [&iida, &aino] {
        assert!(site.post(by, "/api/friends", json!({ "user": eero.id })).await.status < 300);
        told.push(phone.push(&channel).await["pub"]["data"].clone());
    }
    drop(phone);
    assert_eq!(delete(&site, &aino, json!({ "current_password": PASSWORD })).await.status, 204);
    site.advance(Duration::from_secs(60 * 60)).await;
    within(async { while site.app.do_duties().await.unwrap() > 0 {} }).await;
    let (mut phone, _) = site.connected(&eero).await;
    let history = phone.ask("history", json!({ "channel": channel, "limit": 10 })).await;
    let kept = history["history"]["publications"].as_array().unwrap().clone();
    assert_eq!(kept.iter().map(|it| it["data"].clone()).collect::<Vec<_>>(), told[..1]);
    drop(phone);
    let lines = site.dump().await;
    let left: Vec<_> = lines.iter().filter(|line| line.contains(NAME)).collect();
    assert!(left.is_empty(), "{left:#?}");
}
