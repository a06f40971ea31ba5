//! Friends and groups as full sets: who is made, who is refused, and that nothing is half written.

use std::collections::BTreeSet;

use reqwest::Method;
use runnity::app::achievements::ChangePerson;
use runnity::app::{App, AppError, Settings};
use runnity::domain::ids::UserId;
use serde_json::{Value, json};

use super::broken_off::BrokenOff;
use super::{assert_error, done, get, nothing, post, post_json, start};
use crate::support::{Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    friends_are_a_full_set_and_count_once_ever,
    a_hundred_thousand_friends_are_refused_and_nothing_is_written,
    friend_of_oneself_is_refused,
    friends_who_are_not_there_are_named,
    nobody_is_listed_against_a_block,
    groups_are_a_full_set,
    an_id_that_is_being_deleted_is_not_made_anew,
    many_friends_are_listed_in_one_call,
    more_friends_than_one_commit_takes_all_count_once,
);

/// Whom the user lists.
async fn listed(site: &Site, runner: &Runner) -> BTreeSet<String> {
    let friends = site.get(runner, "/api/friends?page_size=200").await.data();
    let ids = friends.as_array().expect("friends").iter().map(|friend| friend["user"]["id"].as_str().expect("an id"));
    ids.map(str::to_owned).collect()
}

/// How many friends count.
async fn invited(site: &Site, admin: &Runner, user: &str) -> f64 {
    let progress = done(&get(site, admin, &format!("/progress/{user}?achievement_id=1")).await);
    let goals = progress["achievements"]["1"]["goals"].as_object().expect("goals");
    goals.values().next().expect("a goal")["value"].as_f64().expect("a number")
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

async fn friends_are_a_full_set_and_count_once_ever(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let aino = site.runner("Aino").await;
    let path = format!("/add_or_update_user/{}", aino.id);
    done(&post(&site, &admin, &path, "friends=1,2,3").await);
    assert_eq!(listed(&site, &aino).await, set(&["1", "2", "3"]));
    done(&post(&site, &admin, &path, "city=Turku").await);
    assert_eq!(listed(&site, &aino).await.len(), 3, "left out is kept");
    done(&post(&site, &aino, &path, "friends=3").await);
    assert_eq!(listed(&site, &aino).await, set(&["3"]), "one's own token takes away");
    done(&post_json(&site, &aino, &path, json!({"friends": ["1", "2"]})).await);
    assert_eq!(listed(&site, &aino).await, set(&["1", "2"]));
    done(&post(&site, &aino, &path, "friends=").await);
    assert_eq!(listed(&site, &aino).await, set(&[]));
    // Directed: nobody lists Aino by that.
    let theirs = done(&get(&site, &admin, "/progress/1?achievement_id=1").await);
    assert_eq!(theirs["achievements"]["1"]["level"], 0);
    assert_eq!(done(&post(&site, &admin, &path, "friends=1,2").await), nothing());
    assert!(invited(&site, &admin, &aino.id).await <= 1.0, "clamped to the goal that is reached");
}

async fn a_hundred_thousand_friends_are_refused_and_nothing_is_written(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let aino = site.runner("Aino").await;
    let path = format!("/add_or_update_user/{}", aino.id);
    done(&post(&site, &admin, &path, "friends=1&city=Turku").await);
    let many: Vec<String> = (0..100_000).map(|id| id.to_string()).collect();
    let form = post(&site, &admin, &path, &format!("city=Oulu&friends={}", many.join(","))).await;
    let json = post_json(&site, &aino, &path, json!({"city": "Oulu", "friends": many})).await;
    for reply in [form, json] {
        assert_error(&reply, 400, "invalid_input", "100,000 friends");
        assert!(reply.json()["message"].as_str().unwrap().contains("5000"), "{reply:?}");
    }
    assert_eq!(listed(&site, &aino).await, set(&["1"]));
    assert_eq!(site.get(&aino, "/api/users/me").await.data()["city"], "Turku");
    assert_eq!(site.get(&admin, "/api/users/99999").await.status, 404, "nobody was made");
}

async fn friend_of_oneself_is_refused(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let aino = site.runner("Aino").await;
    let path = format!("/add_or_update_user/{}", aino.id);
    for runner in [&aino, &admin] {
        let reply = post(&site, runner, &path, &format!("friends=1,{}&city=Oulu", aino.id)).await;
        assert_error(&reply, 400, "invalid_input", "oneself");
        assert!(reply.json()["message"].as_str().unwrap().contains(&aino.id), "{reply:?}");
    }
    assert_eq!(site.get(&aino, "/api/users/me").await.data()["city"], Value::Null);
    assert_eq!(site.get(&admin, "/api/users/1").await.status, 404, "nobody was made");
}

async fn friends_who_are_not_there_are_named(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let (aino, veikko) = (site.runner("Aino").await, site.runner("Veikko").await);
    let path = format!("/add_or_update_user/{}", aino.id);
    let strangers: Vec<String> = (0..12).map(|id| format!("stranger-{id:02}")).collect();
    let friends = format!("friends={},{}&city=Oulu", strangers.join(","), veikko.id);
    let reply = post(&site, &aino, &path, &friends).await;
    assert_error(&reply, 400, "invalid_input", "strangers");
    let message = reply.json()["message"].as_str().unwrap().to_owned();
    let named = strangers.iter().filter(|id| message.contains(*id)).count();
    assert_eq!((named, message.contains(&veikko.id)), (10, false), "{message}");
    assert_eq!(listed(&site, &aino).await, set(&[]));
    assert_eq!(site.get(&aino, "/api/users/me").await.data()["city"], Value::Null);
    // With an admin's token they are made: by their ids, with a name that was free, and without credentials.
    site.runner("stranger-00").await;
    done(&post(&site, &admin, &path, &friends).await);
    assert_eq!(listed(&site, &aino).await.len(), 13);
    let person = site.get(&admin, "/api/users/stranger-01").await.data();
    assert_eq!((&person["name"], &person["level"]), (&json!("stranger-01"), &json!("user")));
    let taken = site.get(&admin, "/api/users/stranger-00").await.data();
    let name = taken["name"].as_str().unwrap();
    assert!(name.starts_with("stranger-00-") && name.len() == 18, "{name}");
}

async fn nobody_is_listed_against_a_block(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let (aino, veikko, liisa) = (site.runner("Aino").await, site.runner("Veikko").await, site.runner("Liisa").await);
    let path = format!("/add_or_update_user/{}", aino.id);
    let block = |by: &Runner, whom: &Runner| {
        let request = site.ask(Method::PUT, &format!("/api/friends/{}", whom.id)).bearer_auth(&by.token);
        request.json(&json!({"state": "blocked"}))
    };
    assert!(send(block(&veikko, &aino)).await.status < 300);
    let friends = format!("friends={},{}", veikko.id, liisa.id);
    let reply = post(&site, &aino, &path, &friends).await;
    assert_error(&reply, 400, "invalid_input", "to be blocked is not told");
    done(&post(&site, &admin, &path, &friends).await);
    assert_eq!(listed(&site, &aino).await, set(&[&liisa.id]), "an admin's list overrules no block");
    assert!(send(block(&aino, &liisa)).await.status < 300);
    let reply = post(&site, &aino, &path, &format!("friends={}", liisa.id)).await;
    assert_error(&reply, 409, "conflict", "whom one has blocked oneself");
    assert!(reply.json()["message"].as_str().unwrap().contains(&liisa.id), "{reply:?}");
}

async fn groups_are_a_full_set(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let (aino, veikko) = (site.runner("Aino").await, site.runner("Veikko").await);
    let path = format!("/add_or_update_user/{}", aino.id);
    let groups = async |runner: &Runner| -> BTreeSet<String> {
        let groups = site.get(runner, "/api/groups?mine=true").await.data();
        groups.as_array().expect("groups").iter().map(|it| it["id"].as_str().expect("an id").to_owned()).collect()
    };
    // An admin makes what is not there.
    done(&post(&site, &admin, &path, "groups=7,8").await);
    assert_eq!(groups(&aino).await, set(&["7", "8"]));
    let group = site.get(&aino, "/api/groups/7").await.data();
    assert_eq!((&group["name"], &group["private"], &group["members"]), (&json!("7"), &json!(true), &json!(2)));
    assert_eq!(site.get(&veikko, "/api/groups/7").await.status, 404, "it is private");
    // One's own token joins what is open, and finds nothing else.
    let open = site.post(&veikko, "/api/groups", json!({"name": "Open", "private": false})).await.data();
    let open = open["id"].as_str().expect("an id");
    let own = site.post(&aino, "/api/groups", json!({"name": "Own"})).await.data();
    let own = own["id"].as_str().expect("an id");
    let reply = post(&site, &veikko, &format!("/add_or_update_user/{}", veikko.id), "groups=7,nowhere&city=Oulu").await;
    assert_error(&reply, 400, "invalid_input", "groups that are not there");
    let message = reply.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains('7') && message.contains("nowhere"), "{message}");
    assert_eq!(site.get(&veikko, "/api/users/me").await.data()["city"], Value::Null);
    done(&post(&site, &aino, &path, &format!("groups=8,{open}")).await);
    assert_eq!(groups(&aino).await, set(&["8", open, own]), "nobody leaves what they own by a list");
    done(&post(&site, &aino, &path, "groups=").await);
    assert_eq!(groups(&aino).await, set(&[own]));
    assert_error(&post(&site, &aino, &path, "groups=8").await, 400, "invalid_input", "left is left");
    // Two who are put into one at once are both in it.
    let path = format!("/add_or_update_user/{}", veikko.id);
    let again = format!("/add_or_update_user/{}", aino.id);
    let (one, other) = tokio::join!(post(&site, &admin, &path, "groups=9"), post(&site, &admin, &again, "groups=9"));
    done(&one);
    done(&other);
    assert_eq!(site.get(&aino, "/api/groups/9").await.data()["members"], 3);
}

async fn an_id_that_is_being_deleted_is_not_made_anew(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let aino = site.runner("Aino").await;
    done(&post(&site, &admin, "/add_or_update_user/1", "friends=2").await);
    let deleted = send(site.ask(Method::DELETE, "/delete_user/2").header("X-Auth-Token", &admin.token)).await;
    assert_eq!(done(&deleted), json!({"status": "OK"}));
    let reply = post(&site, &admin, "/add_or_update_user/2", "").await;
    assert_error(&reply, 409, "conflict", "its deletion is gone through once more after a while");
    let path = format!("/add_or_update_user/{}", aino.id);
    assert_error(&post(&site, &admin, &path, "friends=2,3").await, 409, "conflict", "as a friend neither");
    assert_eq!(site.get(&admin, "/api/users/3").await.status, 404, "nothing was written");
}

async fn many_friends_are_listed_in_one_call(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let many: Vec<String> = (0..40).map(|id| format!("f{id}")).collect();
    let path = "/add_or_update_user/1?format=list";
    let reached = done(&post(&site, &admin, path, &format!("friends={}", many.join(","))).await);
    assert_eq!(reached["achievements"].as_array().map(Vec::len), Some(1), "{reached}");
    assert_eq!(
        done(&post(&site, &admin, path, &format!("friends={}", many.join(","))).await)["achievements"],
        json!([])
    );
    let token = site.app.new_token("1").await.expect("a token").1;
    let first = site.holder_of(token.reveal()).await;
    let reply = site.get(&first, "/api/friends?page_size=30&page=2").await.data();
    assert_eq!(reply.as_array().map(Vec::len), Some(10));
}

async fn more_friends_than_one_commit_takes_all_count_once(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let goal = json!({"condition": {"term": {"type": "literal", "variable": "invite_users"}}, "goal": "200*level"});
    let hundreds = json!({"name": "hundreds", "maxlevel": 5, "goals": [goal]});
    let id = site.post(&admin, "/api/achievements", hundreds).await.data()["id"].to_string();
    let many: Vec<String> = (0..600).map(|id| format!("f{id}")).collect();
    let form = format!("friends={}", many.join(","));
    let levels = |reached: &Value| -> Vec<String> {
        let levels = reached["achievements"][&*id]["new_levels"].as_object();
        levels.into_iter().flat_map(|levels| levels.keys().cloned()).collect()
    };
    let counted = async |user: &str| {
        let path = format!("/progress/{user}?achievement_id={id}");
        let goals = done(&get(&site, &admin, &path).await)["achievements"][&*id]["goals"].clone();
        let goal = goals.as_object().and_then(|goals| goals.values().next().cloned()).expect("a goal");
        (goal["value"].as_f64(), goal["goal_goal"].as_f64())
    };
    let reached = done(&post(&site, &admin, "/add_or_update_user/1", &form).await);
    assert_eq!(levels(&reached), ["1", "2", "3"], "all in one answer: {reached}");
    assert_eq!(reached["achievements"]["1"]["level"], 1);
    assert_eq!(counted("1").await, (Some(600.0), Some(800.0)));
    assert_eq!(done(&post(&site, &admin, "/add_or_update_user/1", &form).await), nothing());
    assert_eq!(counted("1").await.0, Some(600.0));
    // The store goes away after the second of the three commits; the call is made again when it is back.
    let app = App::new(BrokenOff::after(2, site.store.open().await), site.clock.clone(), Settings::default());
    let friends = many.iter().filter_map(|id| UserId::parse(id)).collect();
    let change = ChangePerson { friends: Some(friends), ..ChangePerson::default() };
    let broken_off = app.put_person(&admin.identity, UserId::parse("2"), change).await;
    assert!(matches!(broken_off, Err(AppError::Unavailable)), "{broken_off:?}");
    assert_eq!(counted("2").await, (Some(500.0), Some(600.0)));
    let reached = done(&post(&site, &admin, "/add_or_update_user/2", &form).await);
    assert_eq!(levels(&reached), ["3"], "the others were reached before: {reached}");
    assert_eq!(counted("2").await, (Some(600.0), Some(800.0)));
}
