//! Users as people: their profiles, what others see of them, and how they are found.

use reqwest::Method;
use runnity::domain::user::{Level, Visibility};
use serde_json::{Value, json};

use crate::support::{Reply, Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    a_profile_is_changed_in_part_and_replaced_whole,
    others_see_of_a_user_what_is_meant_for_them,
    people_are_found_by_the_beginnings_of_their_names,
    of_two_changes_at_once_none_is_lost,
    levels_are_for_admins_to_change,
    what_a_profile_cannot_hold_is_refused,
);

async fn call(site: &Site, runner: &Runner, method: Method, path: &str, body: Value) -> Reply {
    send(site.ask(method, path).bearer_auth(&runner.token).json(&body)).await
}

async fn change(site: &Site, runner: &Runner, body: Value) -> Reply {
    call(site, runner, Method::PATCH, "/api/users/me", body).await
}

/// Everything that a profile can hold.
fn whole() -> Value {
    json!({
        "display_name": "Aino K.", "visibility": "private", "place": {"latitude": 60.45, "longitude": 22.27},
        "country": "Finland", "region": "Varsinais-Suomi", "city": "Turku", "time_zone": "Europe/Helsinki", "language": "fi-FI",
    })
}

async fn found(site: &Site, runner: &Runner, query: &str) -> Vec<String> {
    let people = site.get(runner, &format!("/api/users?{query}")).await.data();
    let name = |person: &Value| person["display_name"].as_str().unwrap().to_owned();
    people.as_array().unwrap().iter().map(name).collect()
}

async fn a_profile_is_changed_in_part_and_replaced_whole(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let bare = site.get(&aino, "/api/users/me").await.data();
    assert_eq!((&bare["display_name"], &bare["city"], &bare["place"]), (&json!("Aino"), &Value::Null, &Value::Null));
    let changed = change(&site, &aino, whole()).await.data();
    for (member, value) in whole().as_object().unwrap() {
        assert_eq!(&changed[member], value, "{member}");
    }
    assert_eq!((&changed["name"], &changed["level"]), (&json!("Aino"), &json!("user")));
    // In part: null takes away, and what is left out stays.
    let changed = change(&site, &aino, json!({"city": null, "region": "Uusimaa"})).await.data();
    let mut expected = whole();
    (expected["city"], expected["region"]) = (Value::Null, json!("Uusimaa"));
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(&changed[member], value, "{member}");
    }
    // Whole: what was read can be sent back, and what is left out is gone.
    let reply = site.get(&aino, "/api/users/me").await;
    let tag = reply.header("etag").to_owned();
    assert_eq!(call(&site, &aino, Method::PUT, "/api/users/me", reply.data()).await.data(), changed);
    let put = site.ask(Method::PUT, "/api/users/me").bearer_auth(&aino.token).header("If-Match", &tag);
    let replaced = send(put.json(&json!({"language": "EN-gb"}))).await;
    assert_eq!(replaced.data()["language"], "en-GB");
    let expected = json!({
        "id": aino.id, "name": "Aino", "display_name": "Aino", "level": "user", "visibility": "friends", "place": null,
        "country": null, "region": null, "city": null, "time_zone": null, "language": "en-GB",
        "created_at": "2026-11-21T09:00:00.000Z",
    });
    assert_eq!(site.get(&aino, "/api/users/me").await.data(), expected);
    let late = site.ask(Method::PATCH, "/api/users/me").bearer_auth(&aino.token).header("If-Match", &tag);
    assert_eq!(send(late.json(&json!({"city": "Salo"}))).await.status, 412);
    assert_eq!(site.get(&aino, "/api/users/me").await.data(), expected);
    // A run changes nothing of what is shown here.
    let tag = site.get(&aino, "/api/users/me").await.header("etag").to_owned();
    site.run(&aino, Visibility::Public).await;
    assert_eq!(site.get(&aino, "/api/users/me").await.header("etag"), tag);
}

async fn others_see_of_a_user_what_is_meant_for_them(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    change(&site, &aino, whole()).await.data();
    let (run, _) = site.run(&aino, Visibility::Public).await;
    let path = format!("/api/users/{}", aino.id);
    let seen = json!({
        "id": aino.id, "name": "Aino", "display_name": "Aino K.", "level": "user", "country": "Finland", "city": "Turku",
    });
    assert_eq!(site.get(&eero, &path).await.data(), seen);
    assert_eq!(site.get(&eero, "/api/users?name=aino").await.data(), json!([seen]));
    assert_eq!(
        site.get(&eero, &format!("/api/runs/{run}")).await.data()["user"],
        json!({"id": aino.id, "name": "Aino K."})
    );
    assert_eq!(site.get(&eero, "/api/runs").await.data()[0]["user"]["name"], "Aino K.");
    for path in [&path, "/api/users?name=aino"] {
        assert_eq!(send(site.ask(Method::GET, path)).await.status, 401, "{path}");
    }
    assert_eq!(site.get(&eero, "/api/users/nobody").await.status, 404);
    assert_eq!(call(&site, &eero, Method::PATCH, &path, json!({"city": "Salo"})).await.status, 403);
    assert_eq!(call(&site, &eero, Method::PATCH, "/api/users/nobody", json!({"city": "Salo"})).await.status, 404);
}

async fn people_are_found_by_the_beginnings_of_their_names(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino Kallio").await;
    for name in ["Äijä Kallio", "Eero Kallas", "Aimo", "Oona"] {
        site.runner(name).await;
    }
    for (query, names) in [
        ("name=ai", &["Äijä Kallio", "Aimo", "Aino Kallio"][..]),
        ("name=kal", &["Äijä Kallio", "Aino Kallio", "Eero Kallas"]),
        ("name=KALLI+ai", &["Äijä Kallio", "Aino Kallio"]),
        ("name=%C3%84IJ%C3%84", &["Äijä Kallio"]),
        ("name=allio", &[]),
        ("name=kal&page_size=2&page=2", &["Eero Kallas"]),
        ("name=kal&page_size=2&page=3", &[]),
    ] {
        for site in [&site, &other] {
            assert_eq!(found(site, &aino, query).await, names, "{query}");
        }
    }
    // By either name, as soon as it is another, and no more by what is none of theirs.
    change(&site, &aino, json!({"display_name": "Zaida"})).await.data();
    assert_eq!(found(&site, &aino, "name=zai").await, ["Zaida"]);
    assert_eq!(found(&site, &aino, "name=kallio").await, ["Äijä Kallio", "Zaida"]);
    change(&site, &aino, json!({"display_name": null})).await.data();
    assert_eq!(found(&site, &aino, "name=zai").await, [""; 0]);
}

async fn of_two_changes_at_once_none_is_lost(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await;
    for round in 0..8 {
        let (city, country) = (format!("City {round}"), format!("Country {round}"));
        let (one, two) = tokio::join!(
            change(&site, &aino, json!({"city": city})),
            change(&other, &aino, json!({"country": country}))
        );
        assert_eq!((one.status, two.status), (200, 200));
        let reply = site.get(&aino, "/api/users/me").await;
        assert_eq!((&reply.data()["city"], &reply.data()["country"]), (&json!(city), &json!(country)));
        // Of two who have seen the same, one is told that the other came first.
        let tag = reply.header("etag");
        let tagged = |site: &Site, city: &str| {
            let patch = site.ask(Method::PATCH, "/api/users/me").bearer_auth(&aino.token).header("If-Match", tag);
            send(patch.json(&json!({"city": city})))
        };
        let (one, two) = tokio::join!(tagged(&site, "Turku"), tagged(&other, "Salo"));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
    }
}

async fn levels_are_for_admins_to_change(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let (_, token) = site.app.add_user("Root", Level::Admin).await.unwrap();
    let root = site.holder_of(token.reveal()).await;
    assert_eq!(change(&site, &aino, json!({"level": "admin"})).await.status, 403);
    assert_eq!(change(&site, &aino, json!({"level": "user"})).await.status, 200, "it is so already");
    let path = format!("/api/users/{}", aino.id);
    assert_eq!(call(&site, &eero, Method::PATCH, &path, json!({"level": "admin"})).await.status, 403);
    let changed = call(&site, &root, Method::PATCH, &path, json!({"level": "admin", "city": "Turku"})).await.data();
    assert_eq!((&changed["level"], &changed["city"]), (&json!("admin"), &json!("Turku")));
    assert_eq!(site.get(&eero, &path).await.data()["level"], "admin");
    // An admin may be one no more by another admin's word, not by their own.
    let own = format!("/api/users/{}", root.id);
    assert_eq!(call(&site, &root, Method::PATCH, &own, json!({"level": "user"})).await.status, 409);
    assert_eq!(call(&site, &aino, Method::PATCH, &own, json!({"level": "user"})).await.status, 200);
    assert_eq!(call(&site, &root, Method::PATCH, &path, json!({"level": "user"})).await.status, 403);
    let password = json!({"password": "another horse"});
    assert_eq!(call(&site, &aino, Method::PATCH, &own, password).await.status, 400);
}

async fn what_a_profile_cannot_hold_is_refused(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    change(&site, &aino, whole()).await.data();
    let before = site.get(&aino, "/api/users/me").await;
    for (body, field) in [
        (json!({"time_zone": "Mars/Olympus"}), "time_zone"),
        (json!({"time_zone": "+02:00"}), "time_zone"),
        (json!({"time_zone": ""}), "time_zone"),
        (json!({"language": "finnish!"}), "language"),
        (json!({"language": "en-".repeat(40)}), "language"),
        (json!({"place": {"latitude": 60.0}}), "place.longitude"),
        (json!({"place": {"latitude": 90.5, "longitude": 0}}), "place.latitude"),
        (json!({"place": [60, 24]}), "place"),
        (json!({"display_name": ""}), "display_name"),
        (json!({"display_name": "a\u{202e}b"}), "display_name"),
        (json!({"display_name": "x".repeat(65)}), "display_name"),
        (json!({"city": "x".repeat(101)}), "city"),
        (json!({"country": 358}), "country"),
        (json!({"region": "a\u{0}"}), "region"),
        (json!({"visibility": "secret"}), "visibility"),
        (json!({"level": "king"}), "level"),
        (json!({"name": "Eero"}), "name"),
        (json!({"id": "eero"}), "id"),
        (json!({"shoe_size": 38}), "shoe_size"),
    ] {
        for method in [Method::PATCH, Method::PUT] {
            let reply = call(&site, &aino, method.clone(), "/api/users/me", body.clone()).await;
            assert_eq!((reply.status, reply.json()["error"]["field"].as_str()), (400, Some(field)), "{method} {body}");
        }
    }
    for query in
        ["", "name=", "name=%20", "name=!!", "name=a&name=b", "name=a&page=0", "name=a&page_size=201", "named=a"]
    {
        assert_eq!(site.get(&aino, &format!("/api/users?{query}")).await.status, 400, "{query}");
    }
    let long = format!("/api/users?name={}", "x".repeat(1_000));
    assert_eq!(site.get(&aino, &long).await.status, 400);
    let after = site.get(&aino, "/api/users/me").await;
    assert_eq!((after.data(), after.header("etag")), (before.data(), before.header("etag")));
}
