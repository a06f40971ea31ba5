//! Groups: who makes, finds, joins and leaves them, and for whom they are not there.

use std::time::Duration;

use reqwest::Method;
use runnity::app::groups::NewGroup;
use serde_json::{Value, json};

use crate::support::{Reply, Runner, Site, StoreKind, on_each_store, send, within};

on_each_store!(
    an_open_group_is_joined_and_left_by_everybody,
    a_private_group_is_there_for_its_own_alone,
    of_many_who_join_at_once_each_is_counted_once,
    the_owner_changes_hands_over_and_deletes,
    groups_are_found_by_name_and_by_who_is_in_them,
    whom_the_owner_has_blocked_finds_no_group,
    nobody_is_in_more_groups_than_there_is_room_for,
    what_a_group_cannot_be_is_refused,
);

async fn call(site: &Site, runner: &Runner, method: Method, path: &str, body: Value) -> Reply {
    send(site.ask(method, path).bearer_auth(&runner.token).json(&body)).await
}

async fn delete(site: &Site, runner: &Runner, path: &str) -> u16 {
    send(site.ask(Method::DELETE, path).bearer_auth(&runner.token)).await.status
}

/// → its path.
async fn group(site: &Site, owner: &Runner, name: &str, private: bool) -> String {
    let reply = site.post(owner, "/api/groups", json!({"name": name, "private": private})).await;
    assert_eq!(reply.status, 201, "{:?}", reply.json());
    reply.header("location").to_owned()
}

async fn join(site: &Site, runner: &Runner, group: &str) -> u16 {
    send(site.ask(Method::POST, &format!("{group}/members")).bearer_auth(&runner.token)).await.status
}

async fn invite(site: &Site, by: &Runner, group: &str, whom: &Runner) -> u16 {
    site.post(by, &format!("{group}/members"), json!({"user": whom.id})).await.status
}

fn names(documents: &Value, member: &str) -> Vec<String> {
    let name = |document: &Value| document.pointer(member).and_then(Value::as_str).expect("a name").to_owned();
    documents.as_array().unwrap().iter().map(name).collect()
}

async fn members(site: &Site, runner: &Runner, group: &str) -> Vec<String> {
    names(&site.get(runner, &format!("{group}/members")).await.data(), "/user/name")
}

async fn groups(site: &Site, runner: &Runner, query: &str) -> Vec<String> {
    names(&site.get(runner, &format!("/api/groups{query}")).await.data(), "/name")
}

async fn an_open_group_is_joined_and_left_by_everybody(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let [aino, eero, oona] = [site.runner("Aino").await, site.runner("Eero").await, site.runner("Oona").await];
    let new = json!({"name": " Turku runners ", "description": "Sundays\nat nine"});
    let made = site.post(&aino, "/api/groups", new).await;
    let path = made.header("location").to_owned();
    let id = path.rsplit('/').next().unwrap();
    let mut document = json!({
        "id": id, "name": "Turku runners", "description": "Sundays\nat nine", "private": false,
        "owner": {"id": aino.id, "name": "Aino"}, "members": 1, "created_at": "2026-11-21T09:00:00.000Z", "role": "owner",
    });
    assert_eq!((made.status, made.data()), (201, document.clone()));
    for _ in 0..2 {
        assert_eq!(join(&other, &eero, &path).await, 201, "joining twice is the same success");
    }
    (document["members"], document["role"]) = (json!(2), Value::Null);
    assert_eq!(site.get(&oona, &path).await.data(), document);
    assert_eq!(members(&site, &oona, &path).await, ["Aino", "Eero"]);
    let listed = site.get(&oona, &format!("{path}/members?page_size=1")).await.data();
    let since = "2026-11-21T09:00:00.000Z";
    assert_eq!(listed, json!([{"user": {"id": aino.id, "name": "Aino"}, "role": "owner", "since": since}]));
    assert_eq!(
        (groups(&site, &eero, "?mine=true").await, groups(&site, &oona, "?mine=true").await),
        (vec!["Turku runners".to_owned()], vec![])
    );
    // Members alone invite, and nobody but the owner takes others out.
    assert_eq!(invite(&site, &oona, &path, &aino).await, 403);
    assert_eq!(delete(&site, &oona, &format!("{path}/members/{}", eero.id)).await, 403);
    for _ in 0..2 {
        assert_eq!(delete(&site, &eero, &format!("{path}/members/{}", eero.id)).await, 204, "leaving twice as well");
    }
    assert_eq!(join(&site, &oona, &path).await, 201);
    assert_eq!(delete(&site, &aino, &format!("{path}/members/{}", oona.id)).await, 204);
    assert_eq!(delete(&site, &aino, &format!("{path}/members/{}", aino.id)).await, 409, "the owner stays");
    assert_eq!(
        (members(&other, &aino, &path).await, site.get(&aino, &path).await.data()["members"].clone()),
        (vec!["Aino".to_owned()], json!(1))
    );
}

async fn a_private_group_is_there_for_its_own_alone(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let [aino, eero, oona] = [site.runner("Aino").await, site.runner("Eero").await, site.runner("Oona").await];
    let path = group(&site, &aino, "Secret runners", true).await;
    let (mut eeros, _) = other.connected(&eero).await;
    let own = format!("{path}/members/{}", eero.id);
    for site in [&site, &other] {
        assert_eq!((site.get(&eero, &path).await.status, join(site, &eero, &path).await), (404, 404));
        assert_eq!(site.get(&eero, &format!("{path}/members")).await.status, 404);
        assert_eq!((delete(site, &eero, &own).await, delete(site, &eero, &path).await), (404, 404));
        assert_eq!(call(site, &eero, Method::PATCH, &path, json!({"name": "Mine"})).await.status, 404);
        assert_eq!(groups(site, &eero, "?name=secret").await, [""; 0]);
        assert_eq!(groups(site, &eero, "").await, [""; 0]);
    }
    // By the owner's invitation it is, and may be joined.
    for _ in 0..2 {
        assert_eq!(invite(&site, &aino, &path, &eero).await, 201);
    }
    let told = eeros.push(&format!("#{}", eero.id)).await["pub"]["data"].clone();
    let group = json!({"id": path.rsplit('/').next().unwrap(), "name": "Secret runners"});
    let by = json!({"id": aino.id, "name": "Aino"});
    assert_eq!(told, json!({"type": "group_invited", "at": "2026-11-21T09:00:00.000Z", "group": group, "by": by}));
    assert_eq!(other.get(&eero, &path).await.data()["role"], "invited");
    assert_eq!(groups(&other, &eero, "?invited=true").await, ["Secret runners"]);
    assert_eq!(groups(&other, &eero, "?name=sec").await, ["Secret runners"]);
    assert_eq!(names(&site.get(&aino, &format!("{path}/members?state=invited")).await.data(), "/user/name"), ["Eero"]);
    invite(&site, &aino, &path, &oona).await;
    let invited = format!("{path}/members?state=invited");
    assert_eq!(names(&site.get(&eero, &invited).await.data(), "/user/name"), ["Eero"], "of others they are not told");
    // Declined, it is gone again; withdrawn as well.
    assert_eq!(delete(&site, &eero, &own).await, 204);
    assert_eq!(site.get(&eero, &path).await.status, 404);
    invite(&site, &aino, &path, &eero).await;
    assert_eq!(delete(&site, &aino, &own).await, 204);
    assert_eq!(join(&other, &eero, &path).await, 404);
    // Whoever has joined sees it, and invites nobody; whoever is taken out sees it no more.
    invite(&site, &aino, &path, &eero).await;
    assert_eq!(join(&other, &eero, &path).await, 201);
    assert_eq!(groups(&other, &eero, "?invited=true").await, [""; 0]);
    assert_eq!(members(&site, &eero, &path).await, ["Aino", "Eero"]);
    assert_eq!(invite(&site, &eero, &path, &oona).await, 403);
    assert_eq!(delete(&site, &aino, &own).await, 204);
    assert_eq!((other.get(&eero, &path).await.status, groups(&other, &eero, "?mine=true").await), (404, vec![]));
    // Invited three times on one day, they were told once; on the next day it is news again.
    site.advance(Duration::from_secs(25 * 60 * 60)).await;
    invite(&site, &aino, &path, &eero).await;
    let told = eeros.push(&format!("#{}", eero.id)).await["pub"]["data"].clone();
    assert_eq!((&told["type"], &told["at"]), (&json!("group_invited"), &json!("2026-11-22T10:00:00.000Z")));
}

async fn of_many_who_join_at_once_each_is_counted_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await;
    let path = group(&site, &aino, "Everybody", false).await;
    let mut runners = Vec::new();
    for number in 0..40 {
        runners.push(site.runner(&format!("Runner {number}")).await);
    }
    let twice = runners.iter().flat_map(|runner| [(&site, runner), (&other, runner)]);
    let joined = futures::future::join_all(twice.map(|(site, runner)| join(site, runner, &path))).await;
    assert!(joined.iter().all(|status| *status == 201), "{joined:?}");
    assert_eq!(site.get(&aino, &path).await.data()["members"], 41);
    let listed = members(&other, &aino, &path).await;
    assert_eq!(listed.len(), 41);
    let left = runners.iter().flat_map(|runner| [(&site, runner), (&other, runner)]).map(|(site, runner)| {
        let own = format!("{path}/members/{}", runner.id);
        async move { delete(site, runner, &own).await }
    });
    assert!(futures::future::join_all(left).await.iter().all(|status| *status == 204));
    assert_eq!(
        (site.get(&aino, &path).await.data()["members"].clone(), members(&site, &aino, &path).await),
        (json!(1), vec!["Aino".to_owned()])
    );
}

async fn the_owner_changes_hands_over_and_deletes(kind: StoreKind) {
    let site = Site::start(kind).await;
    let [aino, eero, oona] = [site.runner("Aino").await, site.runner("Eero").await, site.runner("Oona").await];
    let path = group(&site, &aino, "Turku runners", false).await;
    join(&site, &eero, &path).await;
    assert_eq!(call(&site, &eero, Method::PATCH, &path, json!({"name": "Mine"})).await.status, 403);
    assert_eq!(delete(&site, &eero, &path).await, 403);
    let tag = site.get(&aino, &path).await.header("etag").to_owned();
    let changed =
        call(&site, &aino, Method::PATCH, &path, json!({"name": "Salo runners", "private": true})).await.data();
    assert_eq!((&changed["name"], &changed["private"]), (&json!("Salo runners"), &json!(true)));
    assert_eq!(
        (groups(&site, &eero, "?name=turku").await, groups(&site, &eero, "?name=salo").await.len()),
        (vec![], 1)
    );
    assert_eq!((groups(&site, &oona, "?name=salo").await.len(), groups(&site, &oona, "").await.len()), (0, 0));
    let late = site.ask(Method::PATCH, &path).bearer_auth(&aino.token).header("If-Match", &tag);
    assert_eq!(send(late.json(&json!({"name": "Too late"}))).await.status, 412);
    let late = site.ask(Method::DELETE, &path).bearer_auth(&aino.token).header("If-Match", &tag);
    assert_eq!(send(late).await.status, 412);
    // Whole: what is left out is as in a new group.
    let put = call(&site, &aino, Method::PUT, &path, json!({"name": "Salo runners"})).await.data();
    assert_eq!(
        (&put["private"], &put["description"], &put["owner"]["id"]),
        (&json!(false), &json!(""), &json!(aino.id))
    );
    assert_eq!(groups(&site, &oona, "").await, ["Salo runners"]);
    // To a member, and to nobody else.
    for whom in [&oona.id, "nobody"] {
        assert_eq!(call(&site, &aino, Method::PATCH, &path, json!({"owner": whom})).await.status, 400);
    }
    let handed = call(&site, &aino, Method::PATCH, &path, json!({"owner": eero.id})).await.data();
    assert_eq!((&handed["owner"]["name"], &handed["role"]), (&json!("Eero"), &json!("member")));
    assert_eq!(delete(&site, &aino, &format!("{path}/members/{}", aino.id)).await, 204);
    // Deleted, it is gone for all, and leaves nothing behind.
    join(&site, &oona, &path).await;
    assert_eq!(delete(&site, &eero, &path).await, 204);
    assert_eq!(delete(&site, &eero, &path).await, 404);
    for runner in [&aino, &eero, &oona] {
        assert_eq!((site.get(runner, &path).await.status, join(&site, runner, &path).await), (404, 404));
        for query in ["", "?mine=true", "?name=salo"] {
            assert_eq!(groups(&site, runner, query).await, [""; 0], "{query}");
        }
    }
}

async fn groups_are_found_by_name_and_by_who_is_in_them(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let eero = site.runner("Eero").await;
    for name in ["Turku runners", "Äijät", "Night runners"] {
        group(&site, &aino, name, false).await;
        site.advance(std::time::Duration::from_secs(1)).await;
    }
    let joined = group(&site, &eero, "Running in Salo", false).await;
    join(&site, &aino, &joined).await;
    for (query, found) in [
        ("?name=run", &["Night runners", "Running in Salo", "Turku runners"][..]),
        ("?name=RUN+tur", &["Turku runners"]),
        ("?name=aija", &["Äijät"]),
        ("?name=unn", &[]),
        ("", &["Running in Salo", "Night runners", "Äijät", "Turku runners"]),
        ("?page_size=2&page=2", &["Äijät", "Turku runners"]),
        ("?mine=true&page_size=1", &["Running in Salo"]),
        ("?mine=true&name=run", &["Running in Salo", "Night runners", "Turku runners"]),
        ("?mine=false&name=salo", &["Running in Salo"]),
    ] {
        assert_eq!(groups(&site, &aino, query).await, found, "{query}");
    }
    assert_eq!(groups(&site, &eero, "?mine=true").await, ["Running in Salo"]);
}

async fn whom_the_owner_has_blocked_finds_no_group(kind: StoreKind) {
    let site = Site::start(kind).await;
    let [aino, eero, oona] = [site.runner("Aino").await, site.runner("Eero").await, site.runner("Oona").await];
    let path = group(&site, &aino, "Turku runners", false).await;
    let of_both = group(&site, &oona, "Everybody", false).await;
    let (joined, invited) =
        (group(&site, &aino, "Turku by night", false).await, group(&site, &aino, "Turku at dawn", true).await);
    assert_eq!((join(&site, &eero, &joined).await, invite(&site, &aino, &invited, &eero).await), (201, 201));
    for runner in [&aino, &eero] {
        join(&site, runner, &of_both).await;
    }
    call(&site, &aino, Method::PUT, &format!("/api/friends/{}", eero.id), json!({"state": "blocked"})).await.data();
    within(async { while site.get(&eero, &joined).await.status != 404 {} }).await;
    assert_eq!((site.get(&eero, &path).await.status, join(&site, &eero, &path).await), (404, 404));
    assert_eq!(
        (groups(&site, &eero, "").await, groups(&site, &eero, "?name=turku").await),
        (vec!["Everybody".to_owned()], vec![])
    );
    for path in [&joined, &invited] {
        assert_eq!(
            (site.get(&eero, path).await.status, members(&site, &aino, path).await),
            (404, vec!["Aino".to_owned()])
        );
    }
    assert_eq!(site.get(&aino, &joined).await.data()["members"], 1);
    assert_eq!(groups(&site, &eero, "?mine=true").await, ["Everybody"]);
    assert_eq!(members(&site, &eero, &of_both).await, ["Oona", "Eero"]);
    assert_eq!(members(&site, &oona, &of_both).await, ["Oona", "Aino", "Eero"]);
    let own = group(&site, &eero, "Eero's", true).await;
    assert_eq!(invite(&site, &eero, &own, &aino).await, 404, "as if there were no such user");
}

async fn nobody_is_in_more_groups_than_there_is_room_for(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let path = group(&site, &eero, "Turku runners", false).await;
    let names: Vec<String> = (0..500).map(|number| format!("Group {number}")).collect();
    let new = |name: &String| NewGroup { name: name.clone(), description: String::new(), private: true };
    let made = futures::future::join_all(names.iter().map(|name| site.app.new_group(&aino.identity, new(name)))).await;
    assert!(made.iter().all(Result::is_ok));
    assert_eq!(site.post(&aino, "/api/groups", json!({"name": "One more"})).await.status, 409);
    assert_eq!(join(&site, &aino, &path).await, 409);
    assert_eq!(delete(&site, &aino, &format!("/api/groups/{}", made[7].as_ref().unwrap().id)).await, 204);
    assert_eq!((join(&site, &aino, &path).await, join(&site, &aino, &path).await), (201, 201));
}

async fn what_a_group_cannot_be_is_refused(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let path = group(&site, &aino, "Turku runners", false).await;
    let before = site.get(&aino, &path).await.data();
    let members = format!("{path}/members");
    let (post, patch, put, get) = (Method::POST, Method::PATCH, Method::PUT, Method::GET);
    for (method, path, body, status, field) in [
        (&post, "/api/groups", json!({}), 400, Some("name")),
        (&post, "/api/groups", json!({"name": ""}), 400, Some("name")),
        (&post, "/api/groups", json!({"name": "x".repeat(101)}), 400, Some("name")),
        (&post, "/api/groups", json!({"name": "a\nb"}), 400, Some("name")),
        (&post, "/api/groups", json!({"name": "a", "description": "x".repeat(2_001)}), 400, Some("description")),
        (&post, "/api/groups", json!({"name": "a", "description": "\u{0}"}), 400, Some("description")),
        (&post, "/api/groups", json!({"name": "a", "private": "yes"}), 400, Some("private")),
        (&post, "/api/groups", json!({"name": "a", "owner": "me"}), 400, Some("owner")),
        (&patch, &path, json!({"name": " "}), 400, Some("name")),
        (&patch, &path, json!({"owner": "a b"}), 400, Some("owner")),
        (&patch, &path, json!({"members": 7}), 400, Some("members")),
        (&put, &path, json!({"private": true}), 400, Some("name")),
        (&post, &members, json!({"user": "nobody"}), 404, None),
        (&post, &members, json!({"user": 7}), 400, Some("user")),
        (&post, &members, json!({"name": "Eero"}), 400, Some("name")),
        (&get, "/api/groups?name=", Value::Null, 400, Some("name")),
        (&get, "/api/groups?mine=yes", Value::Null, 400, Some("mine")),
        (&get, "/api/groups?mine=true&invited=true", Value::Null, 400, Some("invited")),
        (&get, "/api/groups?page=0", Value::Null, 400, Some("page")),
        (&get, "/api/groups/nothing", Value::Null, 404, None),
        (&get, "/api/groups/%C3%A4", Value::Null, 404, None),
        (&get, "/api/groups/", Value::Null, 404, None),
        (&post, "/api/groups/nothing/members", json!({}), 404, None),
        (&get, &format!("{path}/members?state=foe"), Value::Null, 400, Some("state")),
        (&get, &format!("{path}/members/a"), Value::Null, 405, None),
    ] {
        let reply = call(&site, &aino, method.clone(), path, body).await;
        assert_eq!(reply.status, status, "{method} {path} {}", reply.json());
        assert_eq!(reply.json()["error"]["field"].as_str(), field, "{method} {path}");
    }
    assert_eq!(site.get(&aino, &path).await.data(), before);
    for path in ["/api/groups", &path, &members] {
        assert_eq!(send(site.ask(Method::GET, path)).await.status, 401, "{path}");
    }
}
