//! The Ion document and gengine's calls, to the letter.

mod accounts;
mod broken;
mod broken_off;
mod codes;
mod friends;
mod values;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    the_documents_invite_users_example_word_for_word,
    blank_id_makes_a_user,
    nothing_new_is_two_empty_maps,
    a_field_left_out_keeps_its_value,
    own_token_is_for_oneself,
    a_credential_stands_where_the_documents_put_it,
);

/// As the document shows it, but for the moment.
const EXAMPLE: &str = r#"{
  "achievements": {
    "1": {
      "levels_achieved": {
        "1": "2016-04-02T12:10:52.901076"
      },
      "achievementcategory": "",
      "level": 1,
      "new_levels": {
        "1": {
          "rewards": {},
          "properties": {},
          "level": 1
        }
      },
      "internal_name": "invite_users",
      "hidden": false,
      "maxlevel": 1,
      "id": 1
    }
  },
  "achievement_errors": {}
}"#;

/// A site with some rules, and its admin.
async fn start(kind: StoreKind) -> (Site, Runner) {
    let site = Site::start(kind).await;
    let secret = site.app.ensure_admin(None).await.expect("an admin").expect("the first start's token");
    let admin = site.holder_of(secret.reveal()).await;
    let put = site.ask(Method::PUT, "/api/catalogue").bearer_auth(&admin.token).json(&catalogue());
    let reply = send(put).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    (site, admin)
}

/// Numbered in this order: 1 is the document's own.
fn catalogue() -> Value {
    let sum = |variable: &str| json!({"term": {"type": "literal", "variable": variable}});
    json!({
        "version": 1,
        "variables": [
            {"name": "push_ups", "increase_permission": "own"},
            {"name": "medals", "increase_permission": "admin"},
            {"name": "broken", "increase_permission": "own"},
        ],
        "rewards": [{"name": "badge"}],
        "achievements": [
            {"name": "invite_users", "goals": [{"condition": sum("invite_users"), "goal": "1"}]},
            {
                "name": "push_ups", "maxlevel": 3, "category": "strength",
                "goals": [{
                    "name": {"en": "Push-ups"}, "condition": sum("push_ups"), "goal": "10*level",
                    "triggers": [{"steps": [{"condition_percentage": 50, "text": {"en": "Half of it!"}}]}],
                }],
                "properties": [{"name": "xp", "value": "100*level", "from_level": 1}],
                "rewards": [{"reward": "badge", "value": "arm-${level}", "from_level": 1}],
            },
            {"name": "weekly", "evaluation": "weekly", "goals": [{"condition": sum("push_ups"), "goal": "5"}]},
            {"name": "broken", "maxlevel": 3, "goals": [{"condition": sum("broken"), "goal": "10/(level+2)"}]},
            {
                "name": "nearby", "place": {"latitude": 60.17, "longitude": 24.94, "max_distance_m": 1000},
                "goals": [{"condition": sum("medals"), "goal": "1"}],
            },
        ],
    })
}

/// A POST of a form, with the token as the document has it.
async fn post(site: &Site, runner: &Runner, path: &str, form: &str) -> Reply {
    let request = site.ask(Method::POST, path).header("Authorization", &runner.token);
    send(request.header("Content-Type", "application/x-www-form-urlencoded").body(form.to_owned())).await
}

async fn post_json(site: &Site, runner: &Runner, path: &str, body: Value) -> Reply {
    send(site.ask(Method::POST, path).header("X-Auth-Token", &runner.token).json(&body)).await
}

async fn get(site: &Site, runner: &Runner, path: &str) -> Reply {
    send(site.ask(Method::GET, path).header("Authorization", &runner.token)).await
}

#[track_caller]
fn done(reply: &Reply) -> Value {
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"), "{reply:?}");
    reply.json()
}

#[track_caller]
fn assert_error(reply: &Reply, status: u16, code: &str, about: &str) {
    assert_eq!((reply.status, reply.header("content-type")), (status, "application/json"), "{about}: {reply:?}");
    let error = reply.json();
    assert_eq!(error["status"], code, "{about}");
    let message = error["message"].as_str().unwrap_or_default();
    assert!(!message.is_empty() && !message.contains('\n'), "{about}: {message}");
    assert_eq!(error.as_object().map(serde_json::Map::len), Some(2), "{about}");
}

fn nothing() -> Value {
    json!({"achievements": {}, "achievement_errors": {}})
}

async fn the_documents_invite_users_example_word_for_word(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    assert_eq!(done(&post(&site, &admin, "/add_or_update_user/1", "").await), nothing());
    let reply = post(&site, &admin, "/add_or_update_user/1", "friends=2").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
    let expected: String = EXAMPLE.split_whitespace().collect();
    let expected = expected.replace("2016-04-02T12:10:52.901076", "2026-11-21T09:00:00.000000");
    assert_eq!(String::from_utf8(reply.body).expect("text"), expected);
    // Reached once, and counted once for each friend.
    for friends in ["friends=2", "friends=", "friends=2", "friends=2,3"] {
        assert_eq!(done(&post(&site, &admin, "/add_or_update_user/1", friends).await), nothing(), "{friends}");
    }
    let progress = done(&get(&site, &admin, "/progress/1?achievement_id=1").await);
    assert_eq!(progress["achievements"]["1"]["level"], 1);
    // By JSON it is the same, here for another.
    let reply = post_json(&site, &admin, "/add_or_update_user/2", json!({"friends": ["1", 3], "groups": []})).await;
    assert_eq!(String::from_utf8(reply.body).expect("text"), expected);
}

async fn blank_id_makes_a_user(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    for (index, path) in ["/add_or_update_user", "/add_or_update_user/", "/add_or_update_user/%20"].iter().enumerate() {
        let key = format!("a key of mine {index}");
        let ask = || site.ask(Method::POST, path).bearer_auth(&admin.token).header("Idempotency-Key", &key);
        let first = done(&send(ask().json(&json!({"city": "Turku"}))).await);
        let user = first["user"].as_str().expect("an id").to_owned();
        assert_eq!((&first["achievements"], &first["achievement_errors"]), (&json!({}), &json!({})), "{path}");
        assert_eq!(first.as_object().map(serde_json::Map::len), Some(3), "no credentials: {first}");
        assert_eq!(done(&send(ask().json(&json!({"city": "Turku"}))).await), first, "sent again");
        let person = site.get(&admin, &format!("/api/users/{user}")).await.data();
        assert_eq!((&person["level"], &person["city"]), (&json!("user"), &json!("Turku")));
    }
    let aino = site.runner("Aino").await;
    for path in ["/add_or_update_user", "/add_or_update_user/"] {
        assert_error(&post(&site, &aino, path, "").await, 403, "forbidden", path);
        let nobody = send(site.ask(Method::POST, path)).await;
        assert_error(&nobody, 401, "invalid_token", path);
    }
}

async fn nothing_new_is_two_empty_maps(kind: StoreKind) {
    let (site, _) = start(kind).await;
    let aino = site.runner("Aino").await;
    let path = format!("/add_or_update_user/{}", aino.id);
    let reply = post(&site, &aino, &path, "city=Turku").await;
    assert_eq!(String::from_utf8(reply.body).unwrap(), r#"{"achievements":{},"achievement_errors":{}}"#);
    let reply = post(&site, &aino, &format!("{path}?format=list"), "city=Turku").await;
    assert_eq!(String::from_utf8(reply.body).unwrap(), r#"{"achievements":[],"achievement_errors":[]}"#);
}

async fn a_field_left_out_keeps_its_value(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let aino = site.runner("Aino").await;
    let path = format!("/add_or_update_user/{}", aino.id);
    let all = "lat=60.17&lon=24.94&country=Finland&city=Helsinki&region=Uusimaa&timezone=Europe/Helsinki&language=fi&additional_public_data=%7B%22nick%22%3A%22A%22%7D";
    done(&post(&site, &aino, &path, all).await);
    let shown = || async { site.get(&aino, "/api/users/me").await.data() };
    let before = shown().await;
    assert_eq!(before["place"], json!({"latitude": 60.17, "longitude": 24.94}));
    assert_eq!((&before["time_zone"], &before["language"]), (&json!("Europe/Helsinki"), &json!("fi")));
    assert_eq!(before["additional_public_data"], json!({"nick": "A"}));
    // One field alone, in the query, by an admin.
    done(&post(&site, &admin, &format!("{path}?city=Turku"), "").await);
    let mut expected = before.clone();
    expected["city"] = json!("Turku");
    assert_eq!(shown().await, expected);
    done(&post_json(&site, &aino, &path, json!({"lat": null, "lon": null, "country": ""})).await);
    expected["place"] = Value::Null;
    expected["country"] = Value::Null;
    assert_eq!(shown().await, expected);
    // A zone that nobody knows is UTC, as with gengine.
    done(&post(&site, &aino, &path, "timezone=Mars/Olympus").await);
    expected["time_zone"] = json!("UTC");
    assert_eq!(shown().await, expected);
    for bad in ["lat=1", "lat=91&lon=0", "city=Turku&city=Oulu", "language=english", "friends=a%20b", "lat=x&lon=y"] {
        assert_error(&post(&site, &aino, &path, bad).await, 400, "invalid_input", bad);
    }
    assert_eq!(shown().await, expected, "nothing was written");
}

async fn own_token_is_for_oneself(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let (aino, veikko) = (site.runner("Aino").await, site.runner("Veikko").await);
    let calls = |user: &str| {
        [
            (Method::POST, format!("/add_or_update_user/{user}"), json!({"city": "Turku"})),
            (Method::POST, format!("/increase_value/push_ups/{user}"), json!({"value": 1})),
            (Method::POST, "/increase_multi_values".to_owned(), json!({user: {"push_ups": [{"value": 1}]}})),
            (Method::GET, format!("/messages/{user}"), Value::Null),
            (Method::POST, format!("/read_messages/{user}"), json!({"message_id": 1})),
            (Method::POST, format!("/register_device/{user}"), device()),
            (Method::DELETE, format!("/delete_user/{user}"), json!({})),
        ]
    };
    let call = async |by: &Runner, (method, path, body): (Method, String, Value)| {
        let request = site.ask(method, &path).header("Authorization", &by.token);
        send(if body.is_null() { request } else { request.json(&body) }).await
    };
    for one in calls(&veikko.id) {
        let path = one.1.clone();
        assert_error(&call(&aino, one).await, 403, "forbidden", &path);
    }
    for user in ["nobody", "a%20b"] {
        for one in calls(user).into_iter().filter(|(_, path, _)| path.contains(user)) {
            let reply = call(&aino, one.clone()).await;
            let code = reply.json()["status"].as_str().unwrap_or_default().to_owned();
            let is_illegal = user == "a%20b" && one.1.starts_with("/add_or");
            assert!(code.ends_with("user_not_found") || is_illegal, "{one:?}: {reply:?}");
        }
    }
    // Whoever has blocked the caller is not there.
    let block = site.ask(Method::PUT, &format!("/api/friends/{}", aino.id)).bearer_auth(&veikko.token);
    let blocked = send(block.json(&json!({"state": "blocked"}))).await;
    assert!(blocked.status < 300, "{blocked:?}");
    for one in calls(&veikko.id) {
        let path = one.1.clone();
        assert_eq!(call(&aino, one).await.status, 404, "{path}");
    }
    // An admin speaks for everybody.
    for one in calls(&veikko.id).into_iter().filter(|(_, path, _)| !path.starts_with("/read")) {
        let path = one.1.clone();
        assert_eq!(call(&admin, one).await.status, 200, "{path}");
    }
}

fn device() -> Value {
    json!({"device_id": "d1", "push_id": "p1", "device_os": "iOS 26", "app_version": "1.4"})
}

async fn a_credential_stands_where_the_documents_put_it(kind: StoreKind) {
    let (site, _) = start(kind).await;
    let aino = site.runner("Aino").await;
    let path = format!("/progress/{}", aino.id);
    let token = aino.token.as_str();
    for (name, value, status) in [
        ("Authorization", token.to_owned(), 200),
        ("Authorization", format!("Bearer {token}"), 200),
        ("X-Auth-Token", token.to_owned(), 200),
        ("Cookie", format!("runnity_session={token}"), 200),
        ("Authorization", "meowmeowmeow".to_owned(), 401),
        ("X-Auth-Token", String::new(), 401),
        ("Authorization", format!("Basic {token}"), 401),
        ("X-Request-Id", "1".to_owned(), 401),
    ] {
        let reply = send(site.ask(Method::GET, &path).header(name, &value)).await;
        assert_eq!(reply.status, status, "{name}");
        if status == 401 {
            assert_error(&reply, 401, "invalid_token", name);
        }
    }
    // A page of another site writes nothing by the cookie.
    let path = format!("/increase_value/push_ups/{}", aino.id);
    let foreign = site.ask(Method::POST, &path).header("Cookie", format!("runnity_session={token}"));
    let reply = send(foreign.header("Origin", "https://elsewhere.example").json(&json!({"value": 1}))).await;
    assert_error(&reply, 403, "forbidden", "a page of another site");
}
