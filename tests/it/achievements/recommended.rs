//! What to try next: ranked, explained, and of nobody who does not let it be seen.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::world::{achievement, admin, befriend, by, goal, increased, user, value, variables};
use crate::support::{Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    what_to_try_next_is_ranked_and_explained,
    what_opens_others_comes_before_them,
    recommendations_are_ones_own,
    friends_count_who_let_it_be_seen,
    friends_who_run_as_far_are_to_be_challenged,
    challenges_that_wait_or_are_open_are_to_be_taken,
    progress_in_many_variables_is_read_at_once,
);

async fn recommended(site: &Site, runner: &Runner) -> Value {
    site.get(runner, "/api/users/me/recommendations").await.data()
}

/// The names of the achievements, each with its reasons.
fn told(recommended: &Value) -> Vec<(String, Vec<String>)> {
    let text = |it: &Value| it.as_str().expect("a text").to_owned();
    let achievements = recommended["achievements"].as_array().expect("a list").iter();
    let reasons = |it: &Value| it["reasons"].as_array().expect("a list").iter().map(|it| text(&it["text"])).collect();
    achievements.map(|it| (text(&it["achievement"]["name"]), reasons(it))).collect()
}

fn named(name: &str, reasons: &[&str]) -> (String, Vec<String>) {
    (name.to_owned(), reasons.iter().map(|it| (*it).to_owned()).collect())
}

async fn change(site: &Site, runner: &Runner, body: Value) {
    let change = site.ask(Method::PATCH, "/api/users/me").bearer_auth(&runner.token).json(&body);
    assert_eq!(send(change).await.status, 200);
}

/// As if it had been run.
async fn ran(site: &Site, root: &Runner, runner: &Runner, metres: f64) {
    let increased = site.app.increase(&by(root), &user(runner), value("distance_m", metres), None).await;
    increased.expect("increased");
}

async fn what_to_try_next_is_ranked_and_explained(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    variables(&site, &root, &["laps", "hills"]).await;
    let place = json!({"latitude": 60.189, "longitude": 24.94, "max_distance_m": 400.0});
    let five = achievement(&site, &root, json!({"name": "five_km", "goals": [goal("distance_m", "5000")]})).await;
    for document in [
        json!({"name": "the_hill", "place": place, "goals": [goal("hills", "1")]}),
        json!({"name": "laps", "maxlevel": 3, "goals": [goal("laps", "10*level")], "valid_end": "2026-11-24"}),
        json!({"name": "secret", "hidden": true, "goals": [goal("laps", "13")]}),
        json!({"name": "long_ago", "valid_end": "2026-11-20", "goals": [goal("laps", "14")]}),
    ] {
        achievement(&site, &root, document).await;
    }
    change(&site, &aino, json!({"place": {"latitude": 60.17, "longitude": 24.94}})).await;
    increased(&site, &aino, "laps", 12.0).await;
    ran(&site, &root, &aino, 4_180.0).await;
    for name in ["Eero", "Liisa", "Veikko"] {
        let friend = site.runner(name).await;
        befriend(&site, &aino, &friend).await;
        ran(&site, &root, &friend, 5_000.0).await;
    }
    let answer = recommended(&site, &aino).await;
    let expected = [
        named("five_km", &["820 m to go", "three friends have it"]),
        named("laps", &["8 to go", "ends in 3 days"]),
        named("the_hill", &["1 to go", "2.1 km from you"]),
    ];
    assert_eq!(told(&answer), expected);
    let first = &answer["achievements"][0];
    assert_eq!(
        first["reasons"],
        json!([
            {"kind": "to_go", "value": 820.0, "unit": "m", "text": "820 m to go"},
            {"kind": "friends", "value": 3.0, "unit": "friends", "text": "three friends have it"},
        ])
    );
    assert_eq!((&first["achievement"]["id"], &first["goals"][0]["value"]), (&json!(five), &json!(4180.0)));
    let hill = &answer["achievements"][2];
    assert_eq!((&hill["place"], &hill["reasons"][1]["value"]), (&place, &json!(2113.0)));
    // What is reached is not recommended any more; a place that nobody knows is near nothing.
    ran(&site, &root, &aino, 820.0).await;
    change(&site, &aino, json!({"place": null})).await;
    assert_eq!(told(&recommended(&site, &aino).await), [named("laps", &["8 to go", "ends in 3 days"])]);
    site.advance(Duration::from_secs(4 * 24 * 60 * 60)).await;
    assert_eq!(told(&recommended(&site, &aino).await), []);
}

async fn what_opens_others_comes_before_them(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    variables(&site, &root, &["laps", "hills", "swims"]).await;
    for document in [
        json!({"name": "first", "goals": [goal("laps", "10")]}),
        json!({"name": "second", "title": {"en": "The second"}, "requires": ["first"], "goals": [goal("hills", "1")]}),
        json!({"name": "never", "denies": ["first"], "goals": [goal("swims", "1")]}),
    ] {
        achievement(&site, &root, document).await;
    }
    let expected = [named("first", &["10 to go", "opens The second"]), named("never", &["1 to go"])];
    let answer = recommended(&site, &aino).await;
    assert_eq!(told(&answer), expected);
    let opens = &answer["achievements"][0]["reasons"][1];
    assert_eq!((&opens["kind"], &opens["achievement"]["name"]), (&json!("opens"), &json!("second")));
    increased(&site, &aino, "laps", 10.0).await;
    assert_eq!(told(&recommended(&site, &aino).await), [named("second", &["1 to go"])], "the other is denied now");
}

async fn recommendations_are_ones_own(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino, eero) = (admin(&site).await, site.runner("Aino").await, site.runner("Eero").await);
    variables(&site, &root, &["laps"]).await;
    let place = json!({"latitude": 60.17, "longitude": 24.94, "max_distance_m": 400.0});
    achievement(&site, &root, json!({"name": "laps", "goals": [goal("laps", "10")]})).await;
    achievement(&site, &root, json!({"name": "here", "place": place, "goals": [goal("laps", "12")]})).await;
    change(&site, &aino, json!({"place": {"latitude": 60.17, "longitude": 24.94}})).await;
    let path = format!("/api/users/{}/recommendations", aino.id);
    let own = site.get(&aino, &path).await.data();
    assert_eq!(told(&own), [named("here", &["12 to go", "where you are"]), named("laps", &["10 to go"])]);
    assert_eq!(recommended(&site, &aino).await, own);
    // An admin learns by it nothing of where somebody is.
    assert_eq!(told(&site.get(&root, &path).await.data()), [named("laps", &["10 to go"])]);
    assert_eq!(site.get(&eero, &path).await.status, 403);
    assert_eq!(send(site.ask(Method::GET, &path)).await.status, 401);
    let block = site.ask(Method::PUT, &format!("/api/friends/{}", eero.id)).bearer_auth(&aino.token);
    assert!(send(block.json(&json!({"state": "blocked"}))).await.status < 300);
    assert_eq!(site.get(&eero, &path).await.status, 404, "whoever is blocked knows of nobody");
    for nobody in ["nobody", "a%20b"] {
        for runner in [&root, &eero] {
            let reply = site.get(runner, &format!("/api/users/{nobody}/recommendations")).await;
            assert_eq!(reply.status, 404, "{nobody}");
        }
    }
    assert_eq!(site.get(&aino, &format!("{path}?page=1")).await.status, 400, "it is not paged");
}

async fn friends_count_who_let_it_be_seen(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    variables(&site, &root, &["laps", "hills"]).await;
    achievement(&site, &root, json!({"name": "laps", "goals": [goal("laps", "10")]})).await;
    achievement(&site, &root, json!({"name": "own", "view": "own", "goals": [goal("hills", "1")]})).await;
    let reasons = async || told(&recommended(&site, &aino).await)[0].1.clone();
    let [eero, liisa, kalle] = [site.runner("Eero").await, site.runner("Liisa").await, site.runner("Kalle").await];
    for friend in [&eero, &liisa, &kalle] {
        befriend(&site, &aino, friend).await;
        change(&site, friend, json!({"visibility": "friends"})).await;
        increased(&site, friend, "laps", 10.0).await;
        increased(&site, friend, "hills", 1.0).await;
    }
    assert_eq!(
        told(&recommended(&site, &aino).await),
        [named("laps", &["10 to go", "three friends have it"]), named("own", &["1 to go"])],
        "what one shows nobody is nobody's reason"
    );
    change(&site, &kalle, json!({"visibility": "private"})).await;
    assert_eq!(reasons().await, ["10 to go", "two friends have it"]);
    // To be listed is what lets Aino see; listing them is not.
    let identity = &liisa.identity;
    site.app.say_of_friend(identity, &user(&aino), runnity::app::friends::Word::List(false), None).await.expect("said");
    assert_eq!(reasons().await, ["10 to go", "one friend has it"]);
    change(&site, &liisa, json!({"visibility": "public"})).await;
    assert_eq!(reasons().await, ["10 to go", "two friends have it"]);
    let deleted = site.ask(Method::DELETE, "/api/users/me").bearer_auth(&eero.token);
    assert!(send(deleted.json(&json!({}))).await.status < 300);
    assert_eq!(reasons().await, ["10 to go", "one friend has it"]);
}

async fn friends_who_run_as_far_are_to_be_challenged(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    let names = async || -> Vec<String> {
        let users = recommended(&site, &aino).await["users"].as_array().expect("a list").clone();
        users.iter().map(|it| it["user"]["name"].as_str().expect("a name").to_owned()).collect()
    };
    let mut friends = Vec::new();
    for (name, metres) in [("Eero", 8_000.0), ("Liisa", 10_500.0), ("Veikko", 12_500.0), ("Kalle", 10_000.0)] {
        let friend = site.runner(name).await;
        befriend(&site, &aino, &friend).await;
        ran(&site, &root, &friend, metres).await;
        friends.push(friend);
    }
    // A stranger, and a friend who shows nobody.
    ran(&site, &root, &site.runner("Olli").await, 10_000.0).await;
    change(&site, &friends[3], json!({"visibility": "private"})).await;
    assert_eq!(names().await, [""; 0], "with nobody, as long as Aino has not run");
    ran(&site, &root, &aino, 10_000.0).await;
    assert_eq!(names().await, ["Liisa", "Eero"]);
    let text = recommended(&site, &aino).await["users"][0]["reasons"][0]["text"].clone();
    assert_eq!(text, "about as far as you in the last 28 days");
    // Four weeks later only what was run since then counts, though it is another month.
    site.advance(Duration::from_secs(20 * 24 * 60 * 60)).await;
    ran(&site, &root, &friends[2], 1_000.0).await;
    ran(&site, &root, &aino, 1_000.0).await;
    assert_eq!(names().await, ["Liisa"]);
    site.advance(Duration::from_secs(9 * 24 * 60 * 60)).await;
    assert_eq!(names().await, ["Veikko"]);
}

async fn challenges_that_wait_or_are_open_are_to_be_taken(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    variables(&site, &root, &["laps"]).await;
    let group =
        site.post(&eero, "/api/groups", json!({"name": "Harriers", "private": false})).await.data()["id"].clone();
    let members = format!("/api/groups/{}/members", group.as_str().unwrap());
    let joins =
        async |who: &Runner| assert!(send(site.ask(Method::POST, &members).bearer_auth(&who.token)).await.status < 300);
    joins(&site.runner("Veikko").await).await;
    let new =
        |title: &str| json!({"title": title, "variable": "laps", "target": 10, "expires_at": "2026-11-24T09:00:00Z"});
    let (mut asked, mut open) = (new("Ten laps"), new("All of us"));
    asked["users"] = json!([aino.id]);
    open["group"] = group;
    open["expires_at"] = json!("2027-01-24T09:00:00Z");
    let asked = site.post(&eero, "/api/challenges", asked).await.data();
    let open = site.post(&eero, "/api/challenges", open).await.data();
    // Those who were in the group then are asked; who comes later may take part all the same.
    joins(&aino).await;
    let challenges = async |whose: &Runner| -> Vec<(Value, Vec<Value>)> {
        let found = recommended(&site, whose).await["challenges"].as_array().expect("a list").clone();
        let reasons = |it: &Value| it["reasons"].as_array().unwrap().iter().map(|it| it["text"].clone()).collect();
        found.iter().map(|it| (it["challenge"]["id"].clone(), reasons(it))).collect()
    };
    let first = (asked["id"].clone(), vec![json!("Eero has challenged you"), json!("ends in 3 days")]);
    let second = (open["id"].clone(), vec![json!("open to your group Harriers")]);
    assert_eq!(challenges(&aino).await, [first.clone(), second]);
    assert_eq!(challenges(&eero).await, [], "what one takes part in is not to be taken");
    let taken = site.post(&aino, &format!("/api/challenges/{}/accept", open["id"]), json!({})).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    assert_eq!(challenges(&aino).await, [first]);
    let rejected = site.post(&aino, &format!("/api/challenges/{}/reject", asked["id"]), json!({})).await;
    assert_eq!(rejected.status, 200, "{rejected:?}");
    assert_eq!(challenges(&aino).await, []);
}

async fn progress_in_many_variables_is_read_at_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    let names: Vec<String> = (10..30).map(|number| format!("v{number}")).collect();
    let each: Vec<&str> = names.iter().map(String::as_str).collect();
    variables(&site, &root, &each).await;
    for name in &each {
        achievement(&site, &root, json!({"name": name, "goals": [goal(name, "10")]})).await;
        increased(&site, &aino, name, 1.0).await;
    }
    let progress = site.get(&aino, "/api/users/me/achievements").await.data();
    let values: Vec<_> =
        progress.as_array().expect("a list").iter().map(|it| it["goals"][0]["value"].clone()).collect();
    assert_eq!(values, vec![json!(1.0); 20]);
    assert_eq!(told(&recommended(&site, &aino).await).len(), 20);
}
