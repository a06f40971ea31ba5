//! `/api/events` and what stands beneath it: made, found, changed, joined, invited to, over; and who may do what.

mod bad_input;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    event_is_made_shown_changed_replaced_and_cancelled,
    events_are_found_by_what_is_known_of_them,
    joining_and_leaving_are_said_once_and_may_be_said_twice,
    full_over_and_cancelled_events_take_nobody,
    invitations_are_sent_answered_and_withdrawn,
    a_private_event_is_not_there_for_outsiders,
    creator_starts_and_ends_and_others_may_not,
    of_two_changes_at_once_one_is_told_that_it_is_late,
);

/// A public event an hour and a half from now.
fn plan(name: &str) -> Value {
    json!({
        "name": name, "date": "2026-11-21", "time": "10:30", "private": false,
        "start": {"latitude": 60.17, "longitude": 24.94},
    })
}

async fn made(site: &Site, runner: &Runner, plan: Value) -> String {
    let reply = site.post(runner, "/api/events", plan).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.header("location").to_owned()
}

async fn put(site: &Site, runner: &Runner, path: &str, body: Value) -> Reply {
    send(site.ask(Method::PUT, path).bearer_auth(&runner.token).json(&body)).await
}

async fn patch(site: &Site, runner: &Runner, path: &str, body: Value) -> Reply {
    send(site.ask(Method::PATCH, path).bearer_auth(&runner.token).json(&body)).await
}

async fn delete(site: &Site, runner: &Runner, path: &str) -> u16 {
    send(site.ask(Method::DELETE, path).bearer_auth(&runner.token)).await.status
}

async fn names(site: &Site, runner: &Runner, query: &str) -> Vec<String> {
    let events = site.get(runner, &format!("/api/events?{query}")).await.data();
    events.as_array().unwrap().iter().map(|event| event["name"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn assert_conflict(reply: &Reply, message: &str) {
    assert_eq!((reply.status, &reply.json()["error"]["message"]), (409, &json!(message)));
}

async fn event_is_made_shown_changed_replaced_and_cancelled(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, ben) = (site.runner("Aino").await, site.runner("Ben").await);
    let mut new = plan("Evening");
    new["description"] = json!("Twice around.\nAnd tea.");
    (new["capacity"], new["duration_s"]) = (json!(40), json!(7_200));
    new["time_zone"] = json!("Europe/Helsinki");
    (new["time"], new["destination"]) = (json!("18:00"), json!({"latitude": 60.18, "longitude": 24.95}));
    let path = made(&site, &aino, new).await;
    let id: u64 = path.rsplit('/').next().unwrap().parse().unwrap();
    let mut expected = json!({
        "id": id, "name": "Evening", "description": "Twice around.\nAnd tea.", "private": false, "state": "come_up",
        "date": "2026-11-21", "time": "18:00:00", "time_zone": "Europe/Helsinki",
        "starts_at": "2026-11-21T16:00:00.000Z", "ends_at": "2026-11-21T18:00:00.000Z", "duration_s": 7_200,
        "start": {"latitude": 60.17, "longitude": 24.94}, "destination": {"latitude": 60.18, "longitude": 24.95},
        "capacity": 40, "participants": 1, "creator": {"id": aino.id, "name": "Aino"},
        "created_at": "2026-11-21T09:00:00.000Z", "started_at": null, "ended_at": null, "cancelled_at": null,
        "role": "creator",
    });
    assert_eq!(site.get(&aino, &path).await.data(), expected);
    expected["role"] = Value::Null;
    assert_eq!(site.get(&ben, &path).await.data(), expected);
    expected.as_object_mut().unwrap().remove("role");
    assert_eq!(send(site.ask(Method::GET, &path)).await.data(), expected, "nobody has no role");

    let changed =
        patch(&site, &aino, &path, json!({"time": "19:30:15", "capacity": null, "destination": null})).await.data();
    assert_eq!((&changed["time"], &changed["starts_at"]), (&json!("19:30:15"), &json!("2026-11-21T17:30:15.000Z")));
    assert_eq!((&changed["capacity"], &changed["destination"]), (&Value::Null, &Value::Null));
    assert_eq!(changed["description"], "Twice around.\nAnd tea.", "what is left out stays");
    assert_eq!(patch(&site, &aino, &path, json!({})).await.data(), changed, "nothing to change is no fault");

    let replaced = put(&site, &aino, &path, plan("Another")).await.data();
    assert_eq!(
        (&replaced["name"], &replaced["description"]),
        (&json!("Another"), &json!("")),
        "left out is the default"
    );
    assert_eq!((&replaced["time_zone"], &replaced["duration_s"]), (&json!("UTC"), &json!(21_600)));
    assert_eq!((&replaced["id"], &replaced["participants"]), (&json!(id), &json!(1)));

    for runner in [&ben] {
        assert_eq!(patch(&site, runner, &path, json!({"name": "Mine"})).await.status, 403);
        assert_eq!(put(&site, runner, &path, plan("Mine")).await.status, 403);
        assert_eq!(delete(&site, runner, &path).await, 403);
    }
    assert_eq!(site.get(&aino, &path).await.data(), replaced);
    assert_eq!(delete(&site, &aino, &path).await, 204);
    assert_eq!(delete(&site, &aino, &path).await, 204, "cancelling twice is the same success");
    let cancelled = site.get(&ben, &path).await.data();
    assert_eq!(
        (&cancelled["state"], &cancelled["cancelled_at"]),
        (&json!("cancelled"), &json!("2026-11-21T09:00:00.000Z"))
    );
    assert_conflict(&patch(&site, &aino, &path, json!({"name": "Late"})).await, "The event is cancelled.");
}

async fn events_are_found_by_what_is_known_of_them(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, ben) = (site.runner("Aino").await, site.runner("Ben").await);
    for (name, date, time, private, latitude) in [
        ("Töölö bay", "2026-11-23", "18:00", false, 60.17),
        ("Secret run", "2026-11-22", "18:00", true, 60.17),
        ("Tampere", "2026-11-24", "18:00", false, 61.5),
        ("Now", "2026-11-21", "08:30", false, 60.17),
        ("Before", "2026-11-20", "18:00", false, 60.17),
    ] {
        let mut new = plan(name);
        (new["date"], new["time"], new["private"]) = (json!(date), json!(time), json!(private));
        new["start"]["latitude"] = json!(latitude);
        made(&site, &aino, new).await;
    }
    let path = made(&site, &ben, plan("Ben's")).await;
    for (query, found) in [
        ("", vec!["Tampere", "Töölö bay", "Secret run", "Ben's", "Now", "Before"]),
        ("sort=starts_at", vec!["Before", "Now", "Ben's", "Secret run", "Töölö bay", "Tampere"]),
        ("state=come_up", vec!["Ben's", "Secret run", "Töölö bay", "Tampere"]),
        ("state=come_up&sort=-starts_at", vec!["Tampere", "Töölö bay", "Secret run", "Ben's"]),
        ("state=current", vec!["Now"]),
        ("state=passed", vec!["Before"]),
        ("state=cancelled", vec![]),
        ("mine=true", vec!["Tampere", "Töölö bay", "Secret run", "Now", "Before"]),
        ("private=true", vec!["Secret run"]),
        ("private=false&state=come_up", vec!["Ben's", "Töölö bay", "Tampere"]),
        ("name=t%C3%B6%C3%B6l%C3%B6", vec!["Töölö bay"]),
        ("name=TOOLO", vec!["Töölö bay"]),
        ("latitude=61.5&longitude=24.94", vec!["Tampere"]),
        ("latitude=60.2&longitude=24.94&radius_m=1000", vec![]),
        ("from=2026-11-22&until=2026-11-23", vec!["Töölö bay", "Secret run"]),
        ("from=2026-11-23T18:00:00Z", vec!["Tampere", "Töölö bay"]),
        ("until=2026-11-21T08:30:00Z", vec!["Before"]),
        ("page=2&page_size=2", vec!["Secret run", "Ben's"]),
        ("page=9", vec![]),
    ] {
        assert_eq!(names(&site, &aino, query).await, found, "{query}");
    }
    assert_eq!(
        names(&site, &ben, "state=come_up").await,
        ["Ben's", "Töölö bay", "Tampere"],
        "private ones are others'"
    );
    assert_eq!(names(&site, &ben, "private=true").await, [""; 0]);
    site.post(&aino, &format!("{path}/participants"), json!({})).await.data();
    assert!(names(&site, &aino, "mine=true").await.contains(&"Ben's".to_owned()), "what one has joined is one's own");
}

async fn joining_and_leaving_are_said_once_and_may_be_said_twice(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, ben, cai) = (site.runner("Aino").await, site.runner("Ben").await, site.runner("Cai").await);
    let path = made(&site, &aino, plan("Evening")).await;
    let roster = format!("{path}/participants");
    let joined = site.post(&ben, &roster, json!({})).await;
    let entry = json!({"user": {"id": ben.id, "name": "Ben"}, "number": 2, "joined_at": "2026-11-21T09:00:00.000Z", "run": null});
    assert_eq!((joined.status, joined.header("location"), joined.data()), (201, roster.as_str(), entry.clone()));
    assert_eq!(site.post(&ben, &roster, json!({})).await.data(), entry, "joining twice is the same success");
    assert_eq!(site.get(&ben, &path).await.data()["role"], "participant");
    site.post(&cai, &roster, json!({})).await.data();
    site.advance(Duration::from_secs(3_600)).await;
    let run = site.post(&ben, "/api/runs", json!({"event": site.get(&ben, &path).await.data()["id"]})).await.data();
    let listed = send(site.ask(Method::GET, &roster)).await.data();
    let shown: Vec<_> =
        listed.as_array().unwrap().iter().map(|it| (&it["user"]["name"], &it["number"], &it["run"])).collect();
    assert_eq!(
        shown,
        [
            (&json!("Aino"), &json!(1), &Value::Null),
            (&json!("Ben"), &json!(2), &run["id"]),
            (&json!("Cai"), &json!(3), &Value::Null)
        ]
    );
    assert_eq!(
        send(site.ask(Method::GET, &format!("{roster}?page=2&page_size=2"))).await.data().as_array().unwrap().len(),
        1
    );

    for _ in 0..2 {
        assert_eq!(delete(&site, &cai, &format!("{roster}/me")).await, 204, "leaving twice is the same success");
    }
    assert_eq!(
        delete(&site, &ben, &format!("{roster}/{}", cai.id)).await,
        403,
        "others are the creator's to send away"
    );
    assert_eq!(
        delete(&site, &aino, &format!("{roster}/{}", cai.id)).await,
        404,
        "who is not there cannot be sent away"
    );
    assert_eq!(delete(&site, &aino, &format!("{roster}/{}", ben.id)).await, 204);
    assert_eq!(delete(&site, &aino, &format!("{roster}/{}", ben.id)).await, 204);
    let leaving = send(site.ask(Method::DELETE, &format!("{roster}/me")).bearer_auth(&aino.token)).await;
    assert_conflict(&leaving, "The creator cannot leave: cancel the event instead.");
    assert_eq!(site.get(&aino, &path).await.data()["participants"], 1);
}

async fn full_over_and_cancelled_events_take_nobody(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, ben, cai) = (site.runner("Aino").await, site.runner("Ben").await, site.runner("Cai").await);
    let mut small = plan("For two");
    small["capacity"] = json!(2);
    small["invite"] = json!([cai.id]);
    let path = made(&site, &aino, small).await;
    let roster = format!("{path}/participants");
    site.post(&ben, &roster, json!({})).await.data();
    assert_conflict(&site.post(&cai, &roster, json!({})).await, "The event is full.");
    let accepted = put(&site, &cai, &format!("{path}/invitations/me"), json!({"state": "accepted"})).await;
    assert_conflict(&accepted, "The event is full.");
    let fewer = patch(&site, &aino, &path, json!({"capacity": 1})).await;
    assert_eq!((fewer.status, &fewer.json()["error"]["field"]), (400, &json!("capacity")), "more participate already");
    assert_eq!(delete(&site, &ben, &format!("{roster}/me")).await, 204);
    site.advance(Duration::from_secs(8 * 3_600)).await;
    assert_conflict(&site.post(&cai, &roster, json!({})).await, "The event is over.");
    let late = send(site.ask(Method::DELETE, &path).bearer_auth(&aino.token)).await;
    assert_conflict(&late, "The event is over.");
    assert_conflict(&site.post(&aino, &format!("{path}/start"), json!({})).await, "The event is over.");
}

async fn invitations_are_sent_answered_and_withdrawn(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, ben, cai) = (site.runner("Aino").await, site.runner("Ben").await, site.runner("Cai").await);
    let mut private = plan("Ours");
    private["private"] = json!(true);
    let path = made(&site, &aino, private).await;
    let invitations = format!("{path}/invitations");
    let sent = site.post(&aino, &invitations, json!({"users": ["ben", cai.id, "Aino"]})).await;
    let mut entry = json!({
        "user": {"id": ben.id, "name": "Ben"}, "by": {"id": aino.id, "name": "Aino"},
        "invited_at": "2026-11-21T09:00:00.000Z", "state": "invited",
    });
    assert_eq!((sent.status, &sent.data()[0]), (201, &entry), "in the order that they were asked in");
    assert_eq!(sent.data().as_array().unwrap().len(), 2, "who participates is not invited");
    assert_eq!(site.get(&ben, &path).await.data()["role"], "invited");
    assert_eq!(site.get(&ben, &invitations).await.data(), json!([entry]), "others' invitations are others'");
    for _ in 0..2 {
        let said = put(&site, &ben, &format!("{invitations}/me"), json!({"state": "declined"})).await;
        // To whom has declined the event is not there any more, and yet saying it again is the same success.
        assert_eq!((said.status, said.data()), (200, json!({"user": entry["user"], "state": "declined"})));
    }
    assert_eq!(site.get(&ben, &path).await.status, 404);
    entry["state"] = json!("declined");
    let listed = site.get(&aino, &invitations).await.data();
    assert!(listed.as_array().unwrap().contains(&entry), "{listed}");
    let said = put(&site, &cai, &format!("{invitations}/{}", cai.id), json!({"state": "accepted"})).await;
    assert_eq!(said.data(), json!({"user": {"id": cai.id, "name": "Cai"}, "state": "accepted"}));
    assert_eq!(site.get(&cai, &path).await.data()["role"], "participant");
    assert_eq!(
        site.post(&cai, &invitations, json!({"users": [ben.id]})).await.status,
        403,
        "to private ones the creator asks"
    );
    assert_eq!(put(&site, &aino, &format!("{invitations}/{}", ben.id), json!({"state": "accepted"})).await.status, 404);
    for _ in 0..2 {
        assert_eq!(delete(&site, &aino, &format!("{invitations}/{}", ben.id)).await, 204);
    }
    assert_eq!(site.get(&aino, &invitations).await.data(), json!([]));
    assert_eq!(put(&site, &ben, &format!("{invitations}/me"), json!({"state": "accepted"})).await.status, 404);
}

async fn a_private_event_is_not_there_for_outsiders(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, ben) = (site.runner("Aino").await, site.runner("Ben").await);
    let mut private = plan("Secret");
    private["private"] = json!(true);
    let path = made(&site, &aino, private).await;
    let nowhere = "/api/events/9007199254740991";
    let before = site.get(&aino, &path).await.data();
    for (method, beneath, body) in [
        (Method::GET, "", Value::Null),
        (Method::PATCH, "", json!({"name": "Mine"})),
        (Method::PUT, "", plan("Mine")),
        (Method::DELETE, "", Value::Null),
        (Method::POST, "/start", Value::Null),
        (Method::POST, "/end", Value::Null),
        (Method::GET, "/participants", Value::Null),
        (Method::POST, "/participants", Value::Null),
        (Method::DELETE, "/participants/me", Value::Null),
        (Method::DELETE, &format!("/participants/{}", aino.id), Value::Null),
        (Method::GET, "/invitations", Value::Null),
        (Method::POST, "/invitations", json!({"users": ["Ben"]})),
        (Method::PUT, "/invitations/me", json!({"state": "accepted"})),
        (Method::PUT, "/invitations/me", json!({"state": "declined"})),
        (Method::DELETE, "/invitations/me", Value::Null),
    ] {
        let mut told = Vec::new();
        for event in [path.as_str(), nowhere] {
            let request = site.ask(method.clone(), &format!("{event}{beneath}")).bearer_auth(&ben.token);
            let reply = send(if body.is_null() { request } else { request.json(&body) }).await;
            let mut document = reply.json();
            document["meta"]["request_id"] = Value::Null;
            told.push((reply.status, document));
        }
        assert_eq!(told[0].0, 404, "{method} {beneath}");
        assert_eq!(told[0], told[1], "{method} {beneath}: it is told from one that is not there");
    }
    assert_eq!(send(site.ask(Method::GET, &path)).await.status, 404);
    assert_eq!(site.get(&aino, &path).await.data(), before, "nothing changed");
}

async fn creator_starts_and_ends_and_others_may_not(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, ben) = (site.runner("Aino").await, site.runner("Ben").await);
    let path = made(&site, &aino, plan("Evening")).await;
    for word in ["start", "end"] {
        assert_eq!(site.post(&ben, &format!("{path}/{word}"), json!({})).await.status, 403, "{word}");
    }
    assert_conflict(&site.post(&aino, &format!("{path}/end"), json!({})).await, "The event has not started.");
    let started = site.post(&aino, &format!("{path}/start"), json!({})).await;
    assert_eq!((started.status, started.header("location")), (201, path.as_str()));
    assert_eq!(
        (&started.data()["state"], &started.data()["started_at"]),
        (&json!("current"), &json!("2026-11-21T09:00:00.000Z"))
    );
    assert_conflict(&patch(&site, &aino, &path, json!({"time": "23:00"})).await, "The event has started.");
    site.advance(Duration::from_secs(60)).await;
    let ended = send(site.ask(Method::POST, &format!("{path}/end")).bearer_auth(&aino.token)).await.data();
    assert_eq!((&ended["state"], &ended["ended_at"]), (&json!("passed"), &json!("2026-11-21T09:01:00.000Z")));
    assert_eq!(
        site.post(&aino, &format!("{path}/end"), json!({})).await.data(),
        ended,
        "ending twice is the same success"
    );
}

async fn of_two_changes_at_once_one_is_told_that_it_is_late(kind: StoreKind) {
    let site = Site::start(kind).await;
    let another = site.another().await;
    let aino = site.runner("Aino").await;
    let path = made(&site, &aino, plan("Evening")).await;
    let tag = site.get(&aino, &path).await.header("etag").to_owned();
    let change = |site: &Site, name: &str| {
        let request = site.ask(Method::PATCH, &path).bearer_auth(&aino.token).header("If-Match", &tag);
        send(request.json(&json!({ "name": name })))
    };
    let (one, two) = tokio::join!(change(&site, "One"), change(&another, "Two"));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let won = if one.status == 200 { &one } else { &two };
    assert_eq!(site.get(&aino, &path).await.data()["name"], won.data()["name"]);
    let known = site.ask(Method::GET, &path).bearer_auth(&aino.token).header("If-None-Match", won.header("etag"));
    assert_eq!(send(known).await.status, 304);
    let late = site.ask(Method::DELETE, &path).bearer_auth(&aino.token).header("If-Match", &tag);
    assert_eq!(send(late).await.status, 412);
    assert_eq!(site.get(&aino, &path).await.data()["state"], "come_up");
    let (one, two) = tokio::join!(
        patch(&site, &aino, &path, json!({"name": "A"})),
        patch(&another, &aino, &path, json!({"description": "B"}))
    );
    assert_eq!((one.status, two.status), (200, 200), "without a condition both are done");
    let both = site.get(&aino, &path).await.data();
    assert_eq!((&both["name"], &both["description"]), (&json!("A"), &json!("B")));
}
