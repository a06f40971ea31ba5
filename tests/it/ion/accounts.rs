//! Accounts by gengine's calls: logging in, another password, deletion.

use reqwest::Method;
use runnity::app::users::NewUser;
use runnity::domain::user::Visibility;
use serde_json::{Value, json};

use super::{assert_error, done, get, post, post_json, start};
use crate::support::{Reply, Runner, Site, StoreKind, on_each_store, send};

on_each_store!(log_in_gives_a_token_and_the_user, another_password_ends_all_tokens, accounts_are_deleted);

const PASSWORD: &str = "correct horse battery";

async fn aino(site: &Site) -> Runner {
    let new = NewUser { name: "Aino".to_owned(), password: PASSWORD.to_owned(), visibility: Some(Visibility::Public) };
    let (_, token) = site.app.sign_up(new).await.expect("an account");
    site.holder_of(token.reveal()).await
}

async fn ask(site: &Site, path: &str, body: Value) -> Reply {
    send(site.ask(Method::POST, path).json(&body)).await
}

async fn log_in_gives_a_token_and_the_user(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let aino = aino(&site).await;
    let all =
        "lat=60.17&lon=24.94&city=Helsinki&friends=1,2&groups=7&language=fi&additional_public_data=%7B%22a%22%3A1%7D";
    done(&post(&site, &admin, &format!("/add_or_update_user/{}", aino.id), all).await);
    let logged_in = done(&ask(&site, "/auth/login", json!({"email": "aino", "password": PASSWORD})).await);
    let expected = json!({
        "id": aino.id, "lat": 60.17, "lng": 24.94, "timezone": "UTC", "language": "fi", "country": null, "region": null,
        "city": "Helsinki", "created_at": "2026-11-21T09:00:00.000000", "additional_public_data": {"a": 1},
        "friends": [{"id": "1"}, {"id": "2"}], "groups": [{"id": "7", "name": "7"}], "email": "Aino",
    });
    assert_eq!(logged_in["user"], expected);
    let token = logged_in["token"].as_str().expect("a token").to_owned();
    done(&get(&site, &site.holder_of(&token).await, &format!("/messages/{}", aino.id)).await);
    let (required, wrong) = ("login.email_and_password_required", "login.email_or_password_invalid");
    for (body, status, code) in [
        (json!({}), 400, required),
        (json!({"email": "aino", "password": ""}), 400, required),
        (json!({"email": "aino", "password": "wrong horse"}), 401, wrong),
        (json!({"email": "nobody", "password": PASSWORD}), 401, wrong),
        (json!({"email": 1, "password": PASSWORD}), 400, "invalid_json"),
        (json!([]), 400, "invalid_json"),
    ] {
        assert_error(&ask(&site, "/auth/login", body.clone()).await, status, code, &body.to_string());
    }
}

async fn another_password_ends_all_tokens(kind: StoreKind) {
    let (site, _) = start(kind).await;
    let aino = aino(&site).await;
    let path = "/auth/change_password";
    let body = |old: &str, new: &str| json!({"email": "Aino", "old_password": old, "new_password": new});
    let required = "change_password.email_and_old_password_and_new_password_required";
    for (body, status, code) in [
        (json!({"email": "Aino", "old_password": PASSWORD}), 400, required),
        (body("wrong horse", "battery staple"), 401, "change_password.email_or_old_password_invalid"),
        (body(PASSWORD, PASSWORD), 400, "change_password.may_not_be_the_same"),
        (body(PASSWORD, "short"), 400, "change_password.invalid_new_password"),
        (json!("x"), 400, "invalid_json"),
    ] {
        assert_error(&ask(&site, path, body.clone()).await, status, code, &body.to_string());
    }
    assert!(site.app.authenticate(&aino.token).await.is_ok(), "nothing was changed");
    let changed = done(&ask(&site, path, body(PASSWORD, "battery staple")).await);
    assert_eq!(changed["user"]["email"], "Aino");
    assert!(site.app.authenticate(&aino.token).await.is_err(), "the old token");
    assert!(site.app.authenticate(changed["token"].as_str().expect("a token")).await.is_ok());
    let old = ask(&site, "/auth/login", json!({"email": "Aino", "password": PASSWORD})).await;
    assert_error(&old, 401, "login.email_or_password_invalid", "the old password");
}

async fn accounts_are_deleted(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let (aino, veikko) = (aino(&site).await, site.runner("Veikko").await);
    let delete = async |by: &Runner, user: &str, body: Value| {
        let request = site.ask(Method::DELETE, &format!("/delete_user/{user}")).header("Authorization", &by.token);
        send(request.json(&body)).await
    };
    assert_error(&delete(&aino, &aino.id, json!({})).await, 403, "forbidden", "without the password");
    let wrong = json!({"current_password": "wrong horse"});
    assert_error(&delete(&aino, &aino.id, wrong).await, 403, "forbidden", "a wrong password");
    assert_error(&delete(&aino, &veikko.id, json!({})).await, 403, "forbidden", "another's");
    let reply = delete(&aino, &aino.id, json!({"current_password": PASSWORD})).await;
    assert_eq!(done(&reply), json!({"status": "OK"}));
    assert_error(&get(&site, &aino, &format!("/progress/{}", aino.id)).await, 401, "invalid_token", "gone");
    // An admin needs no password of theirs.
    assert_eq!(done(&delete(&admin, &veikko.id, json!({})).await), json!({"status": "OK"}));
    assert_eq!(site.get(&admin, &format!("/api/users/{}", veikko.id)).await.status, 404);
    assert_error(&delete(&admin, &veikko.id, json!({})).await, 404, "user_not_found", "twice");
    assert_error(&delete(&admin, "nobody", json!({})).await, 404, "user_not_found", "nobody");
    let own = delete(&admin, &admin.id, json!({})).await;
    assert_error(&own, 409, "conflict", "the one that a store begins with");
    let increase =
        post_json(&site, &admin, &format!("/increase_value/push_ups/{}", veikko.id), json!({"value": 1})).await;
    assert_error(&increase, 404, "user_not_found", "who has gone");
}
