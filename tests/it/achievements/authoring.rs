//! Rules are written, and faulty ones are refused.

use futures::future;
use reqwest::Method;
use runnity::domain::user::{Level, Visibility};
use serde_json::{Value, json};

use crate::support::{Reply, Runner, Site, StoreKind, on_each_store, send, within};

on_each_store!(
    what_is_written_is_shown_changed_and_taken_away,
    the_faulty_term_is_named,
    a_cycle_is_refused_and_named,
    a_circle_is_not_closed_by_two_admins_between_them,
    what_is_in_use_stays,
    others_read_what_is_not_hidden_and_write_nothing,
    each_instance_goes_by_what_was_written,
    a_definition_that_is_sent_again_keeps_its_numbers,
);

pub async fn admin(site: &Site) -> Runner {
    let made = site.app.make_user("Root".to_owned(), Level::Admin, None, Visibility::Private).await;
    site.holder_of(made.expect("an admin").1.reveal()).await
}

pub async fn ask(site: &Site, who: &Runner, method: Method, path: &str, body: &Value) -> Reply {
    send(site.ask(method, path).bearer_auth(&who.token).json(body)).await
}

fn literal(variable: &str) -> Value {
    json!({"term": {"type": "literal", "variable": variable}})
}

fn achievement(name: &str, variable: &str) -> Value {
    json!({"name": name, "goals": [{"condition": literal(variable), "goal": "10*level"}]})
}

async fn what_is_written_is_shown_changed_and_taken_away(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    for (path, new, member, other) in [
        ("/api/variables", json!({"name": "laps", "increase_permission": "own"}), "description", json!("On the track")),
        ("/api/rewards", json!({"name": "badge"}), "description", json!("A picture")),
        ("/api/achievements", achievement("ten", "runs"), "maxlevel", json!(3)),
    ] {
        let made = site.post(&root, path, new.clone()).await;
        assert_eq!(made.status, 201, "{path}");
        let place = made.header("location").to_owned();
        let shown = site.get(&root, &place).await;
        assert_eq!(shown.data(), made.data());
        let listed = site.get(&root, path).await.data();
        assert!(listed.as_array().unwrap().contains(&made.data()), "{listed}");

        let mut whole = made.data();
        whole[member] = other.clone();
        let stale = site.ask(Method::PUT, &place).bearer_auth(&root.token).header("if-match", "\"77\"").json(&whole);
        assert_eq!(send(stale).await.status, 412, "{path}");
        let current = site.ask(Method::PUT, &place).bearer_auth(&root.token).header("if-match", shown.header("etag"));
        let changed = send(current.json(&whole)).await;
        assert_eq!(changed.data()[member], other, "{path}");
        assert_ne!(changed.header("etag"), shown.header("etag"));
        // What changes nothing is no new version.
        assert_eq!(ask(&site, &root, Method::PUT, &place, &whole).await.header("etag"), changed.header("etag"));

        let patched = ask(&site, &root, Method::PATCH, &place, &json!({ member: null })).await;
        assert_eq!(patched.data(), made.data(), "{path}");
        let misspelt = ask(&site, &root, Method::PATCH, &place, &json!({ "nonsense": 1 })).await;
        assert_eq!((misspelt.status, &misspelt.json()["error"]["field"]), (400, &json!("nonsense")));
        let gone = ask(&site, &root, Method::DELETE, &place, &json!({})).await;
        assert_eq!((gone.status, site.get(&root, &place).await.status), (204, 404), "{path}");
        assert_eq!(ask(&site, &root, Method::PUT, &place, &whole).await.status, 404, "{path}");
    }
}

/// What is wrong with each of these, and where.
fn faulty() -> Vec<(Value, &'static str, &'static str)> {
    let with = |member: &str, value: Value| {
        let mut document = achievement("odd", "runs");
        document[member] = value;
        document
    };
    let goal = |member: &str, value: Value| {
        let mut document = achievement("odd", "runs");
        document["goals"][0][member] = value;
        document
    };
    let both = |other: Value| {
        let terms = json!([{"type": "literal", "variable": "runs"}, other]);
        goal("condition", json!({"term": {"type": "conjunction", "terms": terms}}))
    };
    vec![
        (both(json!({"type": "literal", "variable": "rnus"})), "goals[0].condition.term.terms[1].variable", "rnus"),
        (both(json!({"type": "literal"})), "goals[0].condition.term.terms[1].variable", "missing"),
        (both(json!({"type": "disjunction", "terms": []})), "goals[0].condition.term.terms[1].terms", "at least one"),
        (both(json!({"type": "disjunction", "key": ["a"]})), "goals[0].condition.term.terms[1].key", "literal"),
        (
            both(json!({"type": "literal", "variable": "runs", "key": ["a", "\\"], "key_operator": "ILIKE"})),
            "goals[0].condition.term.terms[1].key[1]",
            "pattern",
        ),
        (goal("goal", json!("5*foo(")), "goals[0].goal", "foo"),
        (goal("goal", json!("1/(level-1)")), "goals[0].goal", ""),
        (goal("goal", json!("x".repeat(600))), "goals[0].goal", ""),
        (goal("group_by_dateformat", json!("tea")), "goals[0].group_by_dateformat", ""),
        (goal("timespan_days", json!(0)), "goals[0].timespan_days", ""),
        (
            goal("triggers", json!([{"steps": [{"condition_percentage": 101, "text": {"en": "a"}}]}])),
            "goals[0].triggers[0].steps[0].condition_percentage",
            "100",
        ),
        (goal("id", json!(99)), "goals[0].id", "number"),
        (with("maxlevel", json!(0)), "maxlevel", "100"),
        (with("maxlevel", json!(101)), "maxlevel", "100"),
        (with("name", json!("")), "name", "characters"),
        (with("name", json!(" odd")), "name", "blanks"),
        (with("name", json!("taken")), "name", "another"),
        (with("title", json!({"not a tag": "x"})), "title", "language"),
        (with("valid_start", json!("2026-02-30")), "valid_start", "date"),
        (with("valid_start", json!("tea")), "valid_start", "date"),
        (with("time_zone", json!("Europe/Atlantis")), "time_zone", "time zone"),
        (with("place", json!({"latitude": 91, "longitude": 0, "max_distance_m": 5})), "place", "degrees"),
        (with("place", json!({"latitude": 9, "longitude": 0, "max_distance_m": 0})), "place.max_distance_m", ""),
        (with("evaluation", json!("end")), "valid_end", ""),
        (with("goals", json!([])), "goals", "one"),
        (with("requires", json!(["nobody"])), "requires[0]", "no achievement"),
        (with("denies", json!([12_345])), "denies[0]", "no achievement"),
        (with("rewards", json!([{"reward": "gold"}])), "rewards[0].reward", "no reward"),
        (with("properties", json!([{"name": "xp", "is_variable": true, "value": "1"}])), "properties[0].name", "xp"),
        (
            with("properties", json!([{"name": "runs", "is_variable": true, "value": "1"}])),
            "properties[0].name",
            "runs",
        ),
        (with("properties", json!([{"name": "x", "value": "${level"}])), "properties[0].value", ""),
    ]
}

async fn the_faulty_term_is_named(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    site.post(&root, "/api/achievements", achievement("taken", "runs")).await.data();
    for (document, at, problem) in faulty() {
        let refused = site.post(&root, "/api/achievements", document.clone()).await;
        let error = refused.json()["error"].take();
        assert_eq!((refused.status, &error["type"]), (422, &json!("UnprocessableEntity")), "{document}: {error}");
        let first = &error["faults"][0];
        assert_eq!(first["at"], at, "{document}: {error}");
        let told = first["problem"].as_str().unwrap();
        assert!(told.contains(problem) && error["message"] == format!("{at}: {told}"), "{document}: {error}");
    }
    // All of them, up to a bound.
    let mut many = achievement("odd", "runs");
    many["requires"] = (0..30).map(|number| json!(format!("nobody{number}"))).collect();
    let refused = site.post(&root, "/api/achievements", many).await.json();
    assert_eq!(refused["error"]["faults"].as_array().unwrap().len(), 20);
    assert_eq!(site.get(&root, "/api/achievements").await.data().as_array().unwrap().len(), 1);
    for (name, at) in [("Laps", "name"), ("1laps", "name"), ("runs", ""), ("", "name")] {
        let refused = site.post(&root, "/api/variables", json!({ "name": name })).await;
        // A built-in one is there already.
        assert_eq!(refused.status, if at.is_empty() { 409 } else { 422 }, "{name}");
    }
}

async fn a_cycle_is_refused_and_named(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    site.post(&root, "/api/achievements", achievement("a", "runs")).await.data();
    let mut b = achievement("b", "runs");
    b["requires"] = json!(["a"]);
    site.post(&root, "/api/achievements", b).await.data();
    let mut a = achievement("a", "runs");
    a["requires"] = json!(["b"]);
    let refused = ask(&site, &root, Method::PUT, "/api/achievements/1", &a).await;
    let fault = refused.json()["error"]["faults"][0].take();
    assert_eq!((refused.status, &fault["at"]), (422, &json!("requires")));
    let told = fault["problem"].as_str().unwrap();
    assert!(["a → b → a", "b → a → b"].contains(&told), "{told}");
    a["requires"] = json!(["a"]);
    assert_eq!(ask(&site, &root, Method::PUT, "/api/achievements/1", &a).await.status, 422);

    // Each would feed the other's variable for ever.
    for name in ["one", "two"] {
        site.post(&root, "/api/variables", json!({ "name": name })).await.data();
    }
    let feeding = |name: &str, counts: &str, moves: &str| {
        let mut document = achievement(name, counts);
        document["properties"] = json!([{"name": moves, "is_variable": true, "value": "1"}]);
        document
    };
    site.post(&root, "/api/achievements", feeding("c", "one", "two")).await.data();
    let refused = site.post(&root, "/api/achievements", feeding("d", "two", "one")).await;
    let fault = refused.json()["error"]["faults"][0].take();
    assert_eq!((refused.status, &fault["at"]), (422, &json!("variables")), "{fault}");
    let told = fault["problem"].as_str().unwrap();
    assert!(["c → d → c", "d → c → d"].contains(&told), "{told}");
}

async fn a_circle_is_not_closed_by_two_admins_between_them(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let root = admin(&site).await;
    for round in 0..5 {
        let names = [format!("a{round}"), format!("b{round}")];
        let mut ids = Vec::new();
        for name in &names {
            let made = site.post(&root, "/api/achievements", achievement(name, "runs")).await;
            ids.push(made.data()["id"].as_u64().unwrap());
        }
        let require = |site: &Site, own: usize, other: usize| {
            let path = format!("/api/achievements/{}", ids[own]);
            send(site.ask(Method::PATCH, &path).bearer_auth(&root.token).json(&json!({"requires": [ids[other]]})))
        };
        let (one, two) = future::join(require(&site, 0, 1), require(&other, 1, 0)).await;
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422], "{round}");
    }
}

async fn what_is_in_use_stays(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    site.post(&root, "/api/variables", json!({"name": "laps"})).await.data();
    let reward = site.post(&root, "/api/rewards", json!({"name": "badge"})).await.header("location").to_owned();
    let mut giving = achievement("giving", "laps");
    giving["rewards"] = json!([{"reward": "badge"}]);
    let giving = site.post(&root, "/api/achievements", giving).await.header("location").to_owned();
    let mut after = achievement("after", "runs");
    after["requires"] = json!(["giving"]);
    let after = site.post(&root, "/api/achievements", after).await.header("location").to_owned();
    for (path, by) in [("/api/variables/laps", "giving"), (&*reward, "giving"), (&*giving, "after")] {
        let refused = ask(&site, &root, Method::DELETE, path, &json!({})).await;
        assert_eq!(refused.status, 409, "{path}");
        assert!(refused.json()["error"]["message"].as_str().unwrap().contains(by), "{path}");
    }
    for path in [&after, &giving, &reward, "/api/variables/laps"] {
        assert_eq!(ask(&site, &root, Method::DELETE, path, &json!({})).await.status, 204, "{path}");
    }
    for (method, body) in
        [(Method::PUT, json!({"name": "runs"})), (Method::PATCH, json!({})), (Method::DELETE, json!({}))]
    {
        assert_eq!(ask(&site, &root, method, "/api/variables/runs", &body).await.status, 409);
    }
    let runs = site.get(&root, "/api/variables/runs").await.data();
    assert_eq!((&runs["built_in"], &runs["increase_permission"]), (&json!(true), &json!("admin")));
}

async fn others_read_what_is_not_hidden_and_write_nothing(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    let mut hidden = achievement("secret", "runs");
    hidden["hidden"] = json!(true);
    let hidden = site.post(&root, "/api/achievements", hidden).await.header("location").to_owned();
    let mut open = achievement("open", "runs");
    open["denies"] = json!(["secret"]);
    open["goals"][0]["triggers"] = json!([{"steps": [{"condition_percentage": 50, "text": {"en": "Half of it"}}]}]);
    let open = site.post(&root, "/api/achievements", open).await.header("location").to_owned();
    assert_eq!(site.get(&root, "/api/achievements").await.data().as_array().unwrap().len(), 2);
    let seen = site.get(&aino, "/api/achievements").await.data();
    assert_eq!(
        (seen.as_array().unwrap().len(), &seen[0]["denies"], &seen[0]["goals"][0]["triggers"]),
        (1, &json!([]), &json!([]))
    );
    assert_eq!((site.get(&aino, &hidden).await.status, site.get(&aino, &open).await.data()), (404, seen[0].clone()));
    assert_eq!(site.get(&aino, "/api/catalogue").await.status, 403);
    for (method, path, body) in [
        (Method::POST, "/api/variables", json!({"name": "laps"})),
        (Method::POST, "/api/rewards", json!({"name": "badge"})),
        (Method::POST, "/api/achievements", achievement("mine", "runs")),
        (Method::PATCH, &*open, json!({"maxlevel": 2})),
        (Method::PATCH, &*hidden, json!({"maxlevel": 2})),
        (Method::DELETE, &*open, json!({})),
        (Method::PUT, "/api/catalogue", json!({"version": 1})),
        (Method::POST, "/api/catalogue", json!({"version": 1})),
    ] {
        assert_eq!(ask(&site, &aino, method.clone(), path, &body).await.status, 403, "{method} {path}");
    }
    // Who only looks on sees what there is, as others do; one by one is for who is logged in.
    assert_eq!(send(site.ask(Method::GET, "/api/achievements")).await.data(), seen);
    assert_eq!(send(site.ask(Method::GET, &open)).await.status, 401);
    assert_eq!(send(site.ask(Method::POST, "/api/achievements")).await.status, 401);
}

async fn each_instance_goes_by_what_was_written(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let root = admin(&site).await;
    let place = site.post(&root, "/api/achievements", achievement("ten", "runs")).await.header("location").to_owned();
    // The one that wrote it at once, the other as soon as it hears of it.
    assert_eq!(site.app.rules().all().count(), 1);
    within(async { while other.get(&root, &place).await.status != 200 {} }).await;
    assert_eq!(ask(&other, &root, Method::DELETE, &place, &json!({})).await.status, 204);
    within(async { while site.get(&root, &place).await.status != 404 {} }).await;
    // One that comes later too.
    site.post(&root, "/api/achievements", achievement("twenty", "runs")).await.data();
    let third = site.another().await;
    assert_eq!(third.get(&root, "/api/achievements").await.data()[0]["name"], "twenty");
}

async fn a_definition_that_is_sent_again_keeps_its_numbers(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let mut document = achievement("ten", "runs");
    document["properties"] = json!([{"name": "a"}, {"name": "b"}]);
    let made = site.post(&root, "/api/achievements", document.clone()).await;
    let place = made.header("location").to_owned();
    document["properties"] = json!([{"name": "c"}, {"name": "b"}]);
    let again = ask(&site, &root, Method::PUT, &place, &document).await.data();
    let made = made.data();
    assert_eq!((&again["id"], &again["goals"]), (&made["id"], &made["goals"]));
    assert_eq!(again["properties"][1], made["properties"][1]);
    assert_ne!(again["properties"][0]["id"], made["properties"][0]["id"]);
    // Numbers are not given twice, whatever is gone.
    assert_eq!(ask(&site, &root, Method::DELETE, &place, &json!({})).await.status, 204);
    let next = site.post(&root, "/api/achievements", document).await.data();
    assert!(next["id"].as_u64() > again["properties"][0]["id"].as_u64(), "{next}");
}
