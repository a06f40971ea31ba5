//! Share links: who has one sees one run, without an account, until it ends.

use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use runnity::app::events::{ChangeEvent, NewEvent};
use runnity::app::links::{NewLink, Shared};
use runnity::app::listing::Page;
use runnity::app::runs::Transition;
use runnity::domain::geo::Place;
use runnity::domain::ids::EventId;
use runnity::domain::user::Visibility;
use serde_json::{Value, json};

use crate::support::{Client, Reply, Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    a_link_shows_its_run_and_no_other,
    a_link_lets_nobody_write,
    a_revoked_link_closes_its_sockets_on_all_instances,
    a_link_ends_an_hour_after_its_run,
    a_link_ends_at_its_own_time_which_may_be_moved,
    links_are_their_maker_s_alone,
    what_cannot_be_is_refused_and_named,
    of_two_changes_at_once_one_is_told,
    an_event_is_shared_by_who_may_and_as_long_as_they_may,
    a_link_that_invites_lets_people_into_its_event_and_no_other,
    to_let_people_in_is_the_event_s_creator_s_alone,
    nothing_of_a_link_s_secret_is_stored,
    nobody_makes_more_links_at_once_than_one_after_another,
);

const HOUR: Duration = Duration::from_secs(60 * 60);

/// A new link → its document.
async fn link(site: &Site, runner: &Runner, body: Value) -> Value {
    let reply = site.post(runner, "/api/share-links", body).await;
    assert_eq!((reply.status, reply.header("cache-control")), (201, "no-store"), "{reply:?}");
    let link = reply.data();
    assert_eq!(reply.header("location"), format!("/api/share-links/{}", link["id"].as_str().unwrap()));
    link
}

/// An event of two hours, under way.
fn event_today(private: bool) -> NewEvent {
    NewEvent {
        name: "Rotation".into(),
        description: String::new(),
        date: "2026-11-21".parse().unwrap(),
        time: "10:00:00".parse().unwrap(),
        zone: None,
        duration_s: Some(7_200),
        private,
        start: Place::new(60.17, 24.94).unwrap(),
        destination: None,
        capacity: None,
        invite: Vec::new(),
    }
}

fn secret(link: &Value) -> &str {
    link["secret"].as_str().unwrap()
}

async fn get(site: &Site, link: &Value, path: &str) -> Reply {
    send(site.ask(Method::GET, path).bearer_auth(secret(link))).await
}

/// A client that has connected by the link.
async fn connected(site: &Site, link: &Value) -> Client {
    let mut client = site.socket().await;
    let result = client.ask("connect", json!({ "token": secret(link) })).await;
    let own = format!("link:{}", link["id"].as_str().unwrap());
    assert!(result["connect"]["subs"][&own].is_object(), "{result}");
    assert!(result["connect"].get("expires").is_none(), "{result}");
    client
}

async fn connect_code(site: &Site, link: &Value) -> u16 {
    let mut client = site.socket().await;
    client.send(json!({ "id": 1, "connect": { "token": secret(link) } }).to_string()).await;
    client.closed().await
}

async fn a_link_shows_its_run_and_no_other(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let (run, channel) = site.run(&aino, Visibility::Private).await;
    let eero = site.runner("Eero").await;
    let (_, hidden) = site.run(&eero, Visibility::Private).await;
    let iida = site.runner("Iida").await;
    let (public, open) = site.run(&iida, Visibility::Public).await;
    let shared = link(&site, &aino, json!({ "run": run.to_string(), "label": " Family " })).await;
    assert_eq!(
        (&shared["label"], &shared["ends_at"], &shared["event"]),
        (&json!("Family"), &Value::Null, &Value::Null)
    );
    assert_eq!(shared["path"], format!("/s#{}", secret(&shared)));

    let held = get(&site, &shared, "/api/share-links/current").await.data();
    assert_eq!(held, json!({ "run": run.to_string(), "event": null, "ends_at": null, "invites": false }));
    assert_eq!(site.get(&aino, "/api/share-links/current").await.status, 404);
    assert_eq!(send(site.ask(Method::GET, "/api/share-links/current")).await.status, 401);

    let path = format!("/api/runs/{run}");
    assert_eq!(send(site.ask(Method::GET, &path)).await.status, 404);
    let seen = get(&site, &shared, &path).await;
    assert_eq!((seen.header("x-robots-tag"), seen.header("referrer-policy")), ("noindex", "no-referrer"));
    assert_eq!(seen.data()["user"]["name"], "Aino");
    site.record(&aino, run, 3).await;
    assert_eq!(get(&site, &shared, &format!("{path}/fixes")).await.data().as_array().unwrap().len(), 3);
    assert_eq!(get(&site, &shared, &format!("/api/runs/{public}")).await.status, 200);
    let of_eero = hidden.replace("run:", "/api/runs/");
    assert_eq!(get(&site, &shared, &of_eero).await.status, 404);

    let mut client = connected(&site, &shared).await;
    let state = client.subscribe(&channel).await;
    assert_eq!(state["data"]["run"]["id"], run.to_string());
    site.record(&aino, run, 1).await;
    assert_eq!(client.push(&channel).await["pub"]["data"]["type"], "fixes");
    client.subscribe(&open).await;
    assert_eq!(client.error("subscribe", json!({ "channel": hidden })).await, 102);
    assert_eq!(client.error("subscribe", json!({ "channel": format!("#{}", aino.id) })).await, 103);
    // Another link's channel is not there, for those who have a link and for those who have none.
    let other = link(&site, &aino, json!({ "run": run.to_string() })).await;
    let other = format!("link:{}", other["id"].as_str().unwrap());
    assert_eq!(client.error("subscribe", json!({ "channel": other })).await, 102);
    assert_eq!(site.spectator().await.error("subscribe", json!({ "channel": other })).await, 102);
}

async fn a_link_lets_nobody_write(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let (run, channel) = site.run(&aino, Visibility::Public).await;
    let shared = link(&site, &aino, json!({ "run": run.to_string() })).await;
    let before = site.picture(&aino).await;
    let fixes = json!({ "fixes": [{ "time": "2026-11-21T09:00:01Z", "latitude": 60.17, "longitude": 24.94 }] });
    let own = format!("/api/share-links/{}", shared["id"].as_str().unwrap());
    for (method, path, body) in [
        (Method::POST, "/api/runs".to_owned(), json!({})),
        (Method::POST, format!("/api/runs/{run}/fixes"), fixes.clone()),
        (Method::POST, format!("/api/runs/{run}/finish"), json!({})),
        (Method::PATCH, format!("/api/runs/{run}"), json!({ "visibility": "private" })),
        (Method::PATCH, "/api/users/me".to_owned(), json!({ "visibility": "public" })),
        (Method::GET, "/api/users/me".to_owned(), json!({})),
        (Method::GET, "/api/share-links".to_owned(), json!({})),
        (Method::POST, "/api/share-links".to_owned(), json!({ "run": run.to_string() })),
        (Method::GET, own.clone(), json!({})),
        (Method::DELETE, own.clone(), json!({})),
    ] {
        let reply = send(site.ask(method.clone(), &path).bearer_auth(secret(&shared)).json(&body)).await;
        assert_eq!(reply.status, 403, "{method} {path} {reply:?}");
    }
    let login = send(site.ask(Method::GET, &format!("/login/{}", secret(&shared)))).await;
    assert_eq!(login.status, 401);
    let query = format!("/run/new?id={}&latitude=60.17&longtitude=24.94", secret(&shared));
    assert_eq!(send(site.ask(Method::POST, &query)).await.status, 401);
    let mut client = connected(&site, &shared).await;
    client.subscribe(&channel).await;
    assert_eq!(client.error("publish", json!({ "channel": channel, "data": fixes })).await, 103);
    let own = format!("link:{}", shared["id"].as_str().unwrap());
    assert_eq!(client.error("publish", json!({ "channel": own, "data": { "type": "revoked" } })).await, 103);
    assert_eq!(site.picture(&aino).await, before);
}

async fn a_revoked_link_closes_its_sockets_on_all_instances(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await;
    let (run, channel) = site.run(&aino, Visibility::Private).await;
    let revoked = link(&site, &aino, json!({ "run": run.to_string() })).await;
    let kept = link(&site, &aino, json!({ "run": run.to_string() })).await;
    let mut watching = Vec::new();
    for site in [&site, &other] {
        let mut client = connected(site, &revoked).await;
        client.subscribe(&channel).await;
        watching.push(client);
    }
    let mut stays = connected(&other, &kept).await;
    stays.subscribe(&channel).await;
    let path = format!("/api/share-links/{}", revoked["id"].as_str().unwrap());
    let reply = send(site.ask(Method::DELETE, &path).bearer_auth(&aino.token)).await;
    assert_eq!((reply.status, reply.body.len()), (204, 0));
    let began = std::time::Instant::now();
    for client in watching {
        assert_eq!(client.closed().await, 3500);
    }
    println!("closed after {:?}", began.elapsed());
    for site in [&site, &other] {
        assert_eq!(connect_code(site, &revoked).await, 3500);
        assert_eq!(get(site, &revoked, &format!("/api/runs/{run}")).await.status, 401);
    }
    assert_eq!(send(site.ask(Method::DELETE, &path).bearer_auth(&aino.token)).await.status, 404, "once is enough");
    site.record(&aino, run, 1).await;
    assert_eq!(stays.push(&channel).await["pub"]["data"]["type"], "fixes");
    assert_eq!(site.get(&aino, "/api/share-links").await.data().as_array().unwrap().len(), 1);
}

async fn a_link_ends_an_hour_after_its_run(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let (run, channel) = site.run(&aino, Visibility::Private).await;
    let shared = link(&site, &aino, json!({ "run": run.to_string() })).await;
    site.app.transition(&aino.identity, run, Transition::Finish).await.unwrap();
    let own = format!("/api/share-links/{}", shared["id"].as_str().unwrap());
    assert_eq!(site.get(&aino, &own).await.data()["ends_at"], "2026-11-21T10:00:00.000Z");
    let mut client = connected(&site, &shared).await;
    client.subscribe(&channel).await;
    site.clock.advance(HOUR - Duration::from_secs(1));
    assert_eq!(get(&site, &shared, &format!("/api/runs/{run}")).await.status, 200);
    site.clock.advance(Duration::from_secs(1));
    assert_eq!(get(&site, &shared, &format!("/api/runs/{run}")).await.status, 401);
    assert_eq!(connect_code(&site, &shared).await, 3500);
    // Nobody looks at the time of this socket: a due time has ended the link.
    assert_eq!(client.closed().await, 3500);
    assert_eq!(site.get(&aino, &own).await.status, 404);
    assert_eq!(site.get(&aino, "/api/share-links").await.data(), json!([]));
    // For a run that is over for longer, only a link with an end of its own makes sense.
    assert_eq!(site.post(&aino, "/api/share-links", json!({ "run": run.to_string() })).await.status, 409);
    link(&site, &aino, json!({ "run": run.to_string(), "ends_at": "2026-11-22T00:00:00Z" })).await;
}

async fn a_link_ends_at_its_own_time_which_may_be_moved(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let (run, _) = site.run(&aino, Visibility::Private).await;
    let body = json!({ "run": run.to_string(), "ends_at": "2026-11-21T12:00:00+02:00" });
    let shared = link(&site, &aino, body).await;
    assert_eq!(shared["ends_at"], "2026-11-21T10:00:00.000Z");
    let own = format!("/api/share-links/{}", shared["id"].as_str().unwrap());
    let change =
        async |body: Value| send(site.ask(Method::PATCH, &own).bearer_auth(&aino.token).json(&body)).await.data();
    let early = connected(&site, &shared).await;
    let changed = change(json!({ "ends_at": "2026-11-21T11:00:00Z", "label": "Mummo" })).await;
    assert_eq!((&changed["ends_at"], &changed["label"]), (&json!("2026-11-21T11:00:00.000Z"), &json!("Mummo")));
    assert!(changed.get("secret").is_none(), "{changed}");
    site.clock.advance(HOUR);
    assert_eq!(early.closed().await, 3005, "it comes back and is told how long it lasts now");
    let late = connected(&site, &shared).await;
    site.clock.advance(HOUR);
    let code = late.closed().await;
    assert!([3005, 3500].contains(&code), "by its own clock or by the word that the link is over: {code}");
    assert_eq!(connect_code(&site, &shared).await, 3500);
    assert_eq!(get(&site, &shared, "/api/runs").await.status, 401);

    let body = json!({ "run": run.to_string(), "ends_at": "2026-11-21T12:00:00Z", "label": "x" });
    let shared = link(&site, &aino, body).await;
    let own = format!("/api/share-links/{}", shared["id"].as_str().unwrap());
    let body = json!({ "ends_at": null, "label": null });
    let changed = send(site.ask(Method::PATCH, &own).bearer_auth(&aino.token).json(&body)).await.data();
    assert_eq!((&changed["ends_at"], &changed["label"]), (&Value::Null, &Value::Null), "by its run again");
    site.clock.advance(HOUR * 2);
    assert_eq!(get(&site, &shared, "/api/runs").await.status, 200);
}

async fn links_are_their_maker_s_alone(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let eero = site.runner("Eero").await;
    let (run, _) = site.run(&aino, Visibility::Public).await;
    let (private, _) = site.run(&eero, Visibility::Private).await;
    let shared = link(&site, &aino, json!({ "run": run.to_string() })).await;
    let own = format!("/api/share-links/{}", shared["id"].as_str().unwrap());
    assert_eq!(site.post(&eero, "/api/share-links", json!({ "run": run.to_string() })).await.status, 403);
    assert_eq!(site.post(&aino, "/api/share-links", json!({ "run": private.to_string() })).await.status, 404);
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        let request = site.ask(method.clone(), &own).bearer_auth(&eero.token).json(&json!({ "label": "mine" }));
        assert_eq!(send(request).await.status, 404, "{method}");
        let request = site.ask(method.clone(), &own).json(&json!({ "label": "mine" }));
        assert_eq!(send(request).await.status, 401, "{method}");
    }
    assert_eq!(site.get(&eero, "/api/share-links").await.data(), json!([]));
    let listed = site.get(&aino, &format!("/api/share-links?run={run}")).await.data();
    assert_eq!(listed[0]["id"], shared["id"]);
    assert!(listed[0].get("secret").is_none(), "{listed}");
    let none = site.get(&aino, &format!("/api/share-links?run={private}")).await.data();
    assert_eq!(none, json!([]));
}

async fn what_cannot_be_is_refused_and_named(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let (run, _) = site.run(&aino, Visibility::Public).await;
    let run = run.to_string();
    for (body, status, field) in [
        (json!({}), 400, "run"),
        (json!({ "run": run, "event": 17 }), 400, "event"),
        (json!({ "run": 17 }), 400, "run"),
        (json!({ "event": "17" }), 400, "event"),
        (json!({ "run": "0192f3a1-7c4e-7b21-9a6f-0c1d2e3f4a5b" }), 404, ""),
        (json!({ "run": "999999999999999999999999999999" }), 404, ""),
        (json!({ "event": 999_999 }), 404, ""),
        (json!({ "event": 0 }), 404, ""),
        (json!({ "run": run, "label": "" }), 400, "label"),
        (json!({ "run": run, "label": "x".repeat(500) }), 400, "label"),
        (json!({ "run": run, "label": "a\u{202e}b" }), 400, "label"),
        (json!({ "run": run, "ends_at": "tomorrow" }), 400, "ends_at"),
        (json!({ "run": run, "ends_at": "2026-11-21T25:61:00Z" }), 400, "ends_at"),
        (json!({ "run": run, "ends_at": "2026-11-21T09:00:00Z" }), 400, "ends_at"),
        (json!({ "run": run, "ends_at": "2028-11-21T09:00:00Z" }), 400, "ends_at"),
        (json!({ "run": run, "secret": "rl_mine" }), 400, "secret"),
    ] {
        let reply = site.post(&aino, "/api/share-links", body.clone()).await;
        assert_eq!(reply.status, status, "{body} {reply:?}");
        assert_eq!(reply.json()["error"]["field"].as_str().unwrap_or_default(), field, "{body}");
    }
    for (path, status) in [
        ("/api/share-links/x", 404),
        ("/api/share-links/0192f3a17c4e7b219a6f0c1d2e3f4a5b", 404),
        ("/api/share-links/0192f3a17c4e7b219a6f0c1d2e3f4a5b/more", 404),
        ("/api/share-links?page=0", 400),
        ("/api/share-links?page_size=1e9", 400),
        ("/api/share-links?run=7", 400),
        ("/api/share-links?event=-7", 400),
        ("/api/share-links?user=me", 400),
    ] {
        assert_eq!(site.get(&aino, path).await.status, status, "{path}");
    }
    assert_eq!(site.get(&aino, "/api/share-links").await.data(), json!([]), "nothing was made");
    for wrong in ["rl_", "rl_abc", "rl_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(send(site.ask(Method::GET, "/api/runs").bearer_auth(wrong)).await.status, 401, "{wrong}");
    }
    for _ in 0..200 {
        link(&site, &aino, json!({ "run": run })).await;
    }
    assert_eq!(site.post(&aino, "/api/share-links", json!({ "run": run })).await.status, 409, "there is a bound");
    assert_eq!(site.get(&aino, "/api/share-links?page=2&page_size=150").await.data().as_array().unwrap().len(), 50);
}

async fn nothing_of_a_link_s_secret_is_stored(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let (run, _) = site.run(&aino, Visibility::Public).await;
    let shared = link(&site, &aino, json!({ "run": run.to_string() })).await;
    connected(&site, &shared).await.subscribe(&format!("run:{run}")).await;
    let (id, secret) = (shared["id"].as_str().unwrap().to_owned(), secret(&shared).to_owned());
    let lines = site.dump().await;
    assert!(lines.iter().any(|line| line.contains(&id)));
    let (_, random) = secret.split_once('_').unwrap();
    assert!(!lines.iter().any(|line| line.contains(random)));
}

async fn of_two_changes_at_once_one_is_told(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await;
    let (run, _) = site.run(&aino, Visibility::Public).await;
    let shared = link(&site, &aino, json!({ "run": run.to_string() })).await;
    let own = format!("/api/share-links/{}", shared["id"].as_str().unwrap());
    let seen = site.get(&aino, &own).await.header("etag").to_owned();
    let change = |site: &Site, label: &str| {
        let request = site.ask(Method::PATCH, &own).bearer_auth(&aino.token).header("If-Match", &seen);
        send(request.json(&json!({ "label": label })))
    };
    let (one, two) = tokio::join!(change(&site, "one"), change(&other, "two"));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let delete = |tag: &str| send(site.ask(Method::DELETE, &own).bearer_auth(&aino.token).header("If-Match", tag));
    assert_eq!(delete(&seen).await.status, 412);
    let now = site.get(&aino, &own).await.header("etag").to_owned();
    assert_eq!(delete(&now).await.status, 204);
}

async fn an_event_is_shared_by_who_may_and_as_long_as_they_may(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let event = site.app.new_event(&aino.identity, event_today(false)).await.unwrap().id;
    let id = EventId::new(event).unwrap();
    assert_eq!(site.post(&eero, "/api/share-links", json!({ "event": event })).await.status, 403);
    site.app.join_event(&eero.identity, id).await.unwrap();
    let (by_creator, by_other) =
        (link(&site, &aino, json!({ "event": event })).await, link(&site, &eero, json!({ "event": event })).await);
    assert_eq!(by_creator["ends_at"], "2026-11-21T13:00:00.000Z");
    let channel = format!("event:{event}");
    let (mut here, mut there) = (connected(&site, &by_creator).await, connected(&other, &by_other).await);
    here.subscribe(&channel).await;
    there.subscribe(&channel).await;
    let private = ChangeEvent { private: Some(true), ..ChangeEvent::default() };
    site.app.change_event(&aino.identity, id, private, None).await.unwrap();
    assert_eq!(there.closed().await, 3500, "it is its creator's alone to share now");
    assert_eq!(connect_code(&other, &by_other).await, 3500);
    assert_eq!(site.get(&eero, "/api/share-links").await.data(), json!([]));
    site.clock.advance(HOUR);
    site.app.end_event(&aino.identity, id).await.unwrap();
    here.push(&channel).await;
    let own = format!("/api/share-links/{}", by_creator["id"].as_str().unwrap());
    drop(here);
    let late = connected(&other, &by_creator).await;
    assert_eq!(site.get(&aino, &own).await.data()["ends_at"], "2026-11-21T11:00:00.000Z", "it ended early");
    site.clock.advance(HOUR);
    assert_eq!(connect_code(&other, &by_creator).await, 3500);
    assert_eq!(late.closed().await, 3500);
}

async fn a_link_that_invites_lets_people_into_its_event_and_no_other(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let (aino, eero, veikko) = (site.runner("Aino").await, site.runner("Eero").await, site.runner("Veikko").await);
    let event = site.app.new_event(&aino.identity, event_today(true)).await.unwrap().id;
    let roster = format!("/api/events/{event}/participants");
    let (shows, invites) = (json!({ "event": event }), json!({ "event": event, "invites": true }));
    let (shows, invites) = (link(&site, &aino, shows).await, link(&site, &aino, invites).await);
    assert_eq!((&shows["invites"], &invites["invites"]), (&json!(false), &json!(true)));
    assert_eq!(get(&site, &invites, "/api/share-links/current").await.data()["invites"], true);

    let refused = async |runner: &Runner, path: &str, secret: &str| {
        let reply = site.post(runner, path, json!({ "link": secret })).await;
        assert_eq!((reply.status, &reply.json()["error"]["field"]), (400, &json!("link")), "{reply:?}");
    };
    refused(&eero, &roster, secret(&shows)).await;
    refused(&eero, &roster, "rl_nothing").await;
    refused(&eero, &format!("/api/events/{}/participants", event + 1_000), secret(&invites)).await;
    assert_eq!(site.post(&eero, &roster, json!({})).await.status, 404, "without it there is no such event");

    let showing = json!({ "link": secret(&invites) });
    let joined = other.post(&eero, &roster, showing.clone()).await;
    assert_eq!((joined.status, &joined.data()["number"]), (201, &json!(2)), "{joined:?}");
    assert_eq!(site.post(&eero, &roster, showing.clone()).await.data()["number"], 2, "twice is the same success");
    site.app.leave_event(&eero.identity, EventId::new(event).unwrap()).await.unwrap();
    assert_eq!(site.post(&eero, &roster, showing.clone()).await.status, 201, "who has left comes again by it");

    let out = format!("{roster}/{}", eero.identity.user);
    assert_eq!(send(site.ask(Method::DELETE, &out).bearer_auth(&aino.token)).await.status, 204);
    assert_eq!(site.post(&eero, &roster, showing.clone()).await.status, 404, "who was sent away does not");
    let own = format!("/api/share-links/{}", invites["id"].as_str().unwrap());
    assert_eq!(send(site.ask(Method::DELETE, &own).bearer_auth(&aino.token)).await.status, 204);
    refused(&veikko, &roster, secret(&invites)).await;
}

async fn to_let_people_in_is_the_event_s_creator_s_alone(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let event = site.app.new_event(&aino.identity, event_today(false)).await.unwrap().id;
    site.app.join_event(&eero.identity, EventId::new(event).unwrap()).await.unwrap();
    let invites = json!({ "event": event, "invites": true });
    assert_eq!(site.post(&eero, "/api/share-links", invites).await.status, 403);
    let (run, _) = site.run(&aino, Visibility::Private).await;
    let reply = site.post(&aino, "/api/share-links", json!({ "run": run.to_string(), "invites": true })).await;
    assert_eq!((reply.status, &reply.json()["error"]["field"]), (400, &json!("invites")), "{reply:?}");
}

async fn nobody_makes_more_links_at_once_than_one_after_another(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await;
    let (run, _) = site.run(&aino, Visibility::Private).await;
    let new = NewLink { shared: Shared::Run(run), label: None, ends_at: None, invites: false };
    let made = join_all((0..260).map(|number| {
        let app = if number % 2 == 0 { &site.app } else { &other.app };
        app.new_link(&aino.identity, new.clone())
    }));
    let made = made.await;
    let made_len = made.iter().filter(|made| made.is_ok()).count();
    assert!((1..=200).contains(&made_len), "{made_len}");
    let shown = site.app.links(&aino.identity, None, Page { page: 1, size: 300 }).await.unwrap();
    assert_eq!(shown.len(), made_len);
}
