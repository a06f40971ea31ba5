//! `/api/events` when it is asked badly: the fault is named, and nothing changes.

use reqwest::Method;
use serde_json::{Value, json};

use super::{made, patch, plan, put};
use crate::support::{Reply, Site, StoreKind, on_each_store, send};

on_each_store!(
    plans_that_cannot_be_are_refused_by_the_name_of_their_fault,
    queries_and_ids_that_are_none_are_refused,
    bodies_beneath_an_event_are_read_strictly,
);

#[track_caller]
fn assert_fault(reply: &Reply, status: u16, field: &str, about: &str) {
    let error = reply.json()["error"].clone();
    assert_eq!((reply.status, error["field"].as_str().unwrap_or_default()), (status, field), "{about}: {error}");
}

async fn plans_that_cannot_be_are_refused_by_the_name_of_their_fault(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let path = made(&site, &aino, plan("As it is")).await;
    let before = site.get(&aino, &path).await.data();
    let long = json!("x".repeat(101));
    let table: Vec<(&str, Value, &str)> = vec![
        ("name", json!(""), "name"),
        ("name", json!("  "), "name"),
        ("name", json!("a\u{0}b"), "name"),
        ("name", long, "name"),
        ("name", json!(7), "name"),
        ("description", json!("x".repeat(5_001)), "description"),
        ("private", json!("true"), "private"),
        ("date", json!("2026-02-29"), "date"),
        ("date", json!("2026-13-01"), "date"),
        ("date", json!("21.11.2026"), "date"),
        ("date", json!("1066-10-14"), "date"),
        ("date", json!(20_261_121), "date"),
        ("time", json!("25:61"), "time"),
        ("time", json!("24:00"), "time"),
        ("time", json!("18:00Z"), "time"),
        ("time", json!(""), "time"),
        ("time_zone", json!("Europe/Atlantis"), "time_zone"),
        ("time_zone", json!("+02:00"), "time_zone"),
        ("duration_s", json!(59), "duration_s"),
        ("duration_s", json!(2_678_401), "duration_s"),
        ("duration_s", json!(3_600.5), "duration_s"),
        ("duration_s", json!(-1), "duration_s"),
        ("start", json!({"latitude": 60.17}), "start.longitude"),
        ("start", json!({"longitude": 24.94}), "start.latitude"),
        ("start", json!([60.17, 24.94]), "start"),
        ("start", json!({"latitude": 91, "longitude": 24.94}), "start.latitude"),
        ("destination", json!({"latitude": 60.17}), "destination.longitude"),
        ("destination", json!({"latitude": 60.17, "longitude": -180.5}), "destination.longitude"),
        ("destination", json!("home"), "destination"),
        ("capacity", json!(0), "capacity"),
        ("capacity", json!(10_001), "capacity"),
        ("capacity", json!(1e9), "capacity"),
        ("state", json!("current"), "state"),
        ("id", json!(17), "id"),
    ];
    for (member, value, field) in table {
        let about = format!("{member}: {value}");
        let mut whole = plan("Bad");
        whole[member] = value.clone();
        assert_fault(&site.post(&aino, "/api/events", whole.clone()).await, 400, field, &about);
        assert_fault(&put(&site, &aino, &path, whole).await, 400, field, &about);
        assert_fault(&patch(&site, &aino, &path, json!({ member: value })).await, 400, field, &about);
    }
    for member in ["name", "date", "time", "start"] {
        let mut without = plan("Bad");
        without.as_object_mut().unwrap().remove(member);
        assert_fault(&site.post(&aino, "/api/events", without.clone()).await, 400, member, "left out");
        assert_fault(&put(&site, &aino, &path, without).await, 400, member, "left out");
        let null = patch(&site, &aino, &path, json!({ member: null })).await;
        assert_fault(&null, 400, member, "every event has it");
    }
    let mut inviting = plan("Bad");
    for (whom, field) in [
        (json!(["nobody of this name"]), "invite[0]"),
        (json!([aino.id, ""]), "invite[1]"),
        (json!("Ben"), "invite"),
        (json!(vec!["x"; 101]), "invite"),
    ] {
        inviting["invite"] = whom;
        assert_fault(&site.post(&aino, "/api/events", inviting.clone()).await, 400, field, "invited");
        assert_fault(&put(&site, &aino, &path, inviting.clone()).await, 400, "invite", "a plan invites nobody");
    }
    assert_eq!(site.get(&aino, &path).await.data(), before);
    assert_eq!(site.get(&aino, "/api/events").await.data().as_array().map(Vec::len), Some(1), "nothing was made");
}

async fn queries_and_ids_that_are_none_are_refused(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let path = made(&site, &aino, plan("As it is")).await;
    let long = format!("name={}", "x".repeat(101));
    for (query, field) in [
        ("state=live", "state"),
        ("mine=yes", "mine"),
        ("private=2", "private"),
        ("sort=name", "sort"),
        ("sort=--starts_at", "sort"),
        ("latitude=60", "longitude"),
        ("longitude=24", "latitude"),
        ("latitude=60&longitude=24&radius_m=1e9", "radius_m"),
        ("from=2026-02-30", "from"),
        ("until=tomorrow", "until"),
        ("page=0", "page"),
        ("page_size=1e9", "page_size"),
        ("page_size=201", "page_size"),
        ("fields=roster", "fields"),
        ("state=current&state=current", "state"),
        ("nonsense=1", "nonsense"),
        (&long, "name"),
    ] {
        assert_fault(&site.get(&aino, &format!("/api/events?{query}")).await, 400, field, query);
    }
    for query in ["mine=true", "private=true"] {
        assert_eq!(send(site.ask(Method::GET, &format!("/api/events?{query}"))).await.status, 401, "{query} of nobody");
    }
    for id in ["0", "-1", "007", "1.0", "1e3", "x", "%31x", "9007199254740992", &"9".repeat(30)] {
        for beneath in ["", "/participants", "/invitations"] {
            let reply = site.get(&aino, &format!("/api/events/{id}{beneath}")).await;
            assert_eq!(reply.status, 404, "{id}{beneath}");
        }
    }
    for beneath in ["/tea", "/start/now", "/participants/me/run", "/invitations/me/x"] {
        assert_eq!(site.get(&aino, &format!("{path}{beneath}")).await.status, 404, "{beneath}");
    }
    for (method, beneath, allowed) in [
        (Method::POST, "", "GET, HEAD, PATCH, PUT, DELETE, OPTIONS"),
        (Method::GET, "/start", "POST, OPTIONS"),
        (Method::PUT, "/participants", "GET, HEAD, POST, OPTIONS"),
        (Method::GET, "/participants/me", "DELETE, OPTIONS"),
        (Method::POST, "/invitations/me", "PUT, DELETE, OPTIONS"),
    ] {
        let reply = send(site.ask(method.clone(), &format!("{path}{beneath}")).bearer_auth(&aino.token)).await;
        assert_eq!((reply.status, reply.header("allow")), (405, allowed), "{method} {beneath}");
    }
}

async fn bodies_beneath_an_event_are_read_strictly(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, ben) = (site.runner("Aino").await, site.runner("Ben").await);
    let path = made(&site, &aino, plan("As it is")).await;
    let invitations = format!("{path}/invitations");
    for (body, field) in [
        (json!({}), "users"),
        (json!({"users": "Ben"}), "users"),
        (json!({"users": [7]}), "users[0]"),
        (json!({"users": ["Ben", "nobody of this name"]}), "users[1]"),
        (json!({"users": vec!["Ben"; 101]}), "users"),
        (json!({"users": [], "by": "x"}), "by"),
    ] {
        assert_fault(&site.post(&aino, &invitations, body.clone()).await, 400, field, &body.to_string());
    }
    site.post(&aino, &invitations, json!({"users": ["Ben"]})).await.data();
    for (body, field) in [
        (json!({}), "state"),
        (json!({"state": "invited"}), "state"),
        (json!({"state": true}), "state"),
        (json!({"state": "accepted", "number": 1}), "number"),
    ] {
        let reply = put(&site, &ben, &format!("{invitations}/me"), body.clone()).await;
        assert_fault(&reply, 400, field, &body.to_string());
    }
    let text = site.ask(Method::PUT, &format!("{invitations}/me")).bearer_auth(&ben.token).body("{}");
    assert_eq!(send(text).await.status, 415);
    assert_eq!(site.get(&ben, &path).await.data()["role"], "invited", "nothing was answered");
    for (method, beneath) in [
        (Method::POST, ""),
        (Method::POST, "/participants"),
        (Method::DELETE, "/participants/me"),
        (Method::POST, "/invitations"),
        (Method::GET, "/invitations"),
        (Method::PUT, "/invitations/me"),
    ] {
        let at = if beneath.is_empty() { "/api/events".to_owned() } else { format!("{path}{beneath}") };
        assert_eq!(send(site.ask(method.clone(), &at)).await.status, 401, "{method} {beneath} of nobody");
    }
}
