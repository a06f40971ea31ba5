//! Values that are increased, how far somebody has come by them, and the messages on the way.

use std::time::Duration;

use reqwest::Method;
use runnity::backend::{AggregateId, Commit, Put};
use serde_json::{Value, json};

use super::{assert_error, device, done, get, nothing, post, post_json, start};
use crate::support::{Reply, Site, StoreKind, on_each_store, send};

on_each_store!(
    several_levels_in_one_call_with_rewards_and_properties,
    list_form_is_that_of_later_versions,
    a_broken_rule_is_told_and_the_rest_counts,
    values_come_by_form_json_and_query,
    many_values_of_many_users_are_checked_first,
    sent_again_with_its_key_it_counts_once,
    progress_has_gengines_shape,
    a_level_says_what_it_gives,
    hidden_achievements_are_known_to_those_alone_who_have_reached_them,
    messages_come_newest_first_and_are_read,
    devices_are_registered,
    a_place_is_heeded_with_the_call_that_says_it,
);

async fn several_levels_in_one_call_with_rewards_and_properties(kind: StoreKind) {
    let (site, _) = start(kind).await;
    let aino = site.runner("Aino").await;
    let path = format!("/increase_value/push_ups/{}", aino.id);
    let four = done(&post(&site, &aino, &path, "value=4").await);
    assert_eq!(four, nothing());
    let reached = done(&post(&site, &aino, &path, "value=21").await);
    let entry = &reached["achievements"]["2"];
    assert_eq!(
        (&entry["level"], &entry["maxlevel"], &entry["achievementcategory"]),
        (&json!(2), &json!(3), &json!("strength"))
    );
    let moment = "2026-11-21T09:00:00.000000";
    assert_eq!(entry["levels_achieved"], json!({"1": moment, "2": moment}));
    for level in [1, 2] {
        let gains = &entry["new_levels"][level.to_string()];
        assert_eq!(gains["level"], level);
        let reward = gains["rewards"].as_object().expect("rewards").iter().next().expect("one");
        assert_eq!(reward.1["id"].to_string(), *reward.0, "by the number of its assignment");
        assert_eq!((&reward.1["name"], &reward.1["value"]), (&json!("badge"), &json!(format!("arm-{level}"))));
        let property = gains["properties"].as_object().expect("properties").iter().next().expect("one");
        assert_eq!(property.1["property_id"].to_string(), *property.0);
        let told = (&property.1["name"], &property.1["value"], &property.1["is_variable"]);
        assert_eq!(told, (&json!("xp"), &json!(100 * level), &json!(false)));
    }
    assert_eq!(reached["achievements"]["3"]["level"], 1, "the week's, whose own sum is 25");
    assert_eq!(done(&post(&site, &aino, &path, "value=1").await), nothing());
    let third = done(&post(&site, &aino, &format!("{path}/monday"), "value=4").await);
    assert_eq!(third["achievements"]["2"]["new_levels"].as_object().map(|it| it.len()), Some(1), "{third}");
}

async fn list_form_is_that_of_later_versions(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let aino = site.runner("Aino").await;
    let path = format!("/increase_value/push_ups/{}?format=list", aino.id);
    let reached = done(&post(&site, &aino, &path, "value=5").await);
    let expected = json!({
        "achievements": [{
            "id": 3, "view_permission": "everyone", "internal_name": "weekly", "maxlevel": 1, "hidden": false,
            "achievementcategory": "", "level": 1, "levels_achieved": {"1": "2026-11-21T09:00:00.000000"},
            "new_levels": {"1": {"rewards": {}, "properties": {}, "level": 1}},
            "achievement_date": "2026-11-16T00:00:00+00:00",
        }],
        "achievement_errors": [],
    });
    assert_eq!(reached, expected);
    // The next week it is reached anew, and the newest period stands in the map.
    site.advance(Duration::from_secs(7 * 24 * 60 * 60)).await;
    let reached = done(&post(&site, &aino, &path, "value=5").await);
    assert_eq!(reached["achievements"].as_array().map(Vec::len), Some(2), "and ten altogether: {reached}");
    let progress = done(&get(&site, &aino, &format!("/progress/{}?achievement_id=3&format=list", aino.id)).await);
    let weeks: Vec<_> =
        progress["achievements"].as_array().unwrap().iter().map(|it| it["achievement_date"].clone()).collect();
    assert_eq!(weeks, ["2026-11-23T00:00:00+00:00", "2026-11-16T00:00:00+00:00"]);
    let progress = done(&get(&site, &aino, &format!("/progress/{}", aino.id)).await);
    assert_eq!(progress["achievements"]["3"]["achievement_date"], "2026-11-23T00:00:00+00:00");
    let reached = done(&post(&site, &admin, "/add_or_update_user/1?format=list", "friends=2").await);
    assert_eq!(reached["achievements"][0]["achievement_date"], Value::Null);
}

async fn a_broken_rule_is_told_and_the_rest_counts(kind: StoreKind) {
    let (first, _) = start(kind).await;
    // What an older version has let in: a rule that divides by zero at level 2.
    let catalogue = AggregateId::new("catalogue", "all");
    let key = catalogue.key("achievement/4");
    let stored = first.app.backend.read(std::slice::from_ref(&key)).await.expect("read").pop().and_then(|it| it.value);
    let stored = String::from_utf8(stored.expect("a rule").to_vec()).expect("text");
    let broken = stored.replace("10/(level+2)", "10/(level-2)");
    assert_ne!(broken, stored);
    let mut commit = Commit::on(catalogue);
    commit.puts.push(Put { key, value: Some(broken.into()) });
    first.app.backend.commit(commit).await.expect("written");
    let site = first.another().await;
    let aino = site.runner("Aino").await;
    let path = format!("/increase_value/broken/{}", aino.id);
    let reached = done(&post(&site, &aino, &path, "value=1").await);
    assert_eq!(reached["achievements"], json!({}));
    let error = reached["achievement_errors"]["4"].as_str().expect("a sentence").to_owned();
    assert!(error.starts_with("Cannot evaluate formular: 10/(level-2)") && !error.contains('\n'), "{error}");
    let listed = done(&post(&site, &aino, &format!("{path}?format=list"), "value=1").await);
    assert_eq!(listed, json!({"achievements": [], "achievement_errors": [{"error": error, "id": 4}]}));
    let many = json!({&*aino.id: {"broken": [{"value": 1}], "push_ups": [{"value": 5}]}});
    let reached = done(&post_json(&site, &aino, "/increase_multi_values", many).await);
    assert_eq!(reached[&*aino.id]["achievements"]["3"]["level"], 1, "{reached}");
    assert!(reached[&*aino.id]["achievement_errors"]["4"].is_string(), "{reached}");
    // Whoever looks is told as well, and sees all the others.
    let progress = done(&get(&site, &aino, &format!("/progress/{}", aino.id)).await);
    assert_eq!(progress["achievement_errors"], json!({"4": error}));
    let shown = progress["achievements"].as_object().expect("achievements").keys().collect::<Vec<_>>();
    assert_eq!(shown, ["1", "2", "3", "5"], "{progress}");
    assert_eq!(progress["achievements"]["3"]["level"], 1, "{progress}");
    let listed = done(&get(&site, &aino, &format!("/progress/{}?format=list", aino.id)).await);
    assert_eq!(listed["achievement_errors"], json!([{"error": error, "id": 4}]));
    let ours = site.get(&aino, "/api/users/me/achievements?achievement=4").await.data();
    assert_eq!((&ours[0]["error"], &ours[0]["goals"]), (&json!(error), &json!([])));
    let recommended = site.get(&aino, "/api/users/me/recommendations").await.data();
    let ids: Vec<_> =
        recommended["achievements"].as_array().unwrap().iter().map(|it| &it["achievement"]["id"]).collect();
    assert!(ids.contains(&&json!(2)) && !ids.contains(&&json!(4)), "{recommended}");
}

/// What a user's push-ups have come to, as far as the next level of ten lets see.
async fn push_ups(site: &Site, user: &crate::support::Runner) -> f64 {
    let progress = done(&get(site, user, &format!("/progress/{}?achievement_id=2", user.id)).await);
    let goals = progress["achievements"]["2"]["goals"].as_object().expect("goals").clone();
    goals.values().next().expect("a goal")["value"].as_f64().expect("a number")
}

async fn values_come_by_form_json_and_query(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let aino = site.runner("Aino").await;
    let path = format!("/increase_value/push_ups/{}", aino.id);
    done(&post(&site, &aino, &path, "value=1").await);
    done(&post(&site, &aino, &path, r#"{"value": 1}"#).await);
    done(&post_json(&site, &aino, &path, json!({"value": "1"})).await);
    done(&post(&site, &admin, &format!("{path}?value=1"), "").await);
    done(&post_json(&site, &aino, &path, json!({"value": -2.5})).await);
    assert!((push_ups(&site, &aino).await - 1.5).abs() < 1e-9);
    for bad in
        ["", "value=", "value=x", "value=NaN", "value=inf", "value=1e400", "value=9007199254740994", "value=1&value=1"]
    {
        assert_error(&post(&site, &aino, &path, bad).await, 400, "invalid_value", bad);
    }
    for bad in [json!({}), json!({"value": null}), json!({"value": [1]}), json!([1]), json!({"value": true})] {
        assert_error(&post_json(&site, &aino, &path, bad.clone()).await, 400, "invalid_value", &bad.to_string());
    }
    let long = format!("{path}/{}", "k".repeat(101));
    assert_error(&post(&site, &aino, &long, "value=1").await, 400, "invalid_input", "a long key");
    let unknown = format!("/increase_value/nothing/{}", aino.id);
    assert_error(&post(&site, &aino, &unknown, "value=1").await, 404, "variable_not_found", "a variable");
    assert_error(
        &post(&site, &admin, "/increase_value/push_ups/nobody", "value=1").await,
        404,
        "user_not_found",
        "a user",
    );
    for admins in ["medals", "distance_m"] {
        let path = format!("/increase_value/{admins}/{}", aino.id);
        assert_error(&post(&site, &aino, &path, "value=1").await, 403, "forbidden", admins);
    }
    assert!((push_ups(&site, &aino).await - 1.5).abs() < 1e-9, "nothing was written");
}

async fn many_values_of_many_users_are_checked_first(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let (aino, veikko) = (site.runner("Aino").await, site.runner("Veikko").await);
    let many = |ainos: Value, veikkos: Value| json!({&*aino.id: ainos, &*veikko.id: veikkos});
    let path = "/increase_multi_values";
    let both = many(
        json!({"push_ups": [{"key": "a", "value": 3}, {"value": 3}], "medals": [{"value": 1}]}),
        json!({"push_ups": [{"value": 2}]}),
    );
    let reached = done(&post_json(&site, &admin, path, both).await);
    assert_eq!(reached.as_object().map(|it| it.keys().cloned().collect::<Vec<_>>()), Some(vec![aino.id.clone()]));
    assert_eq!(reached[&*aino.id]["achievements"]["3"]["level"], 1);
    for (body, status, code) in [
        (many(json!({"push_ups": [{"value": 1}]}), json!({"push_ups": [{}]})), 400, "variable_not_found"),
        (many(json!({"push_ups": [{"value": 1}]}), json!({"push_ups": [{"value": "NaN"}]})), 400, "variable_not_found"),
        (many(json!({"push_ups": [{"value": 1}]}), json!({"nothing": [{"value": 1}]})), 404, "variable_not_found"),
        (
            json!({&*aino.id: {"push_ups": [{"value": 1}]}, "nobody": {"push_ups": [{"value": 1}]}}),
            404,
            "user_not_found",
        ),
        (json!({&*aino.id: 1}), 400, "invalid_json"),
        (json!([1]), 400, "invalid_json"),
    ] {
        assert_error(&post_json(&site, &admin, path, body.clone()).await, status, code, &body.to_string());
    }
    let reply =
        post_json(&site, &aino, path, many(json!({"push_ups": [{"value": 1}]}), json!({"push_ups": [{"value": 1}]})));
    assert_error(&reply.await, 403, "forbidden", "another's");
    assert!((push_ups(&site, &aino).await - 6.0).abs() < 1e-9, "nothing was written");
    let text = send(
        site.ask(Method::POST, path).bearer_auth(&admin.token).header("Content-Type", "application/json").body("{"),
    );
    assert_error(&text.await, 400, "invalid_json", "half a body");
    // One whose sum would be beyond what can be counted, and nobody is increased, whoever comes first.
    let much = post(&site, &admin, &format!("/increase_value/push_ups/{}", veikko.id), "value=9007199254740000").await;
    assert_eq!(much.status, 200, "{much:?}");
    let too_much = many(json!({"push_ups": [{"value": 1}]}), json!({"push_ups": [{"value": 9_007_199_254_740_u64}]}));
    for _ in 0..8 {
        assert_error(&post_json(&site, &admin, path, too_much.clone()).await, 400, "invalid_value", "beyond 2^53");
    }
    assert!((push_ups(&site, &aino).await - 6.0).abs() < 1e-9, "nothing was written");
}

async fn sent_again_with_its_key_it_counts_once(kind: StoreKind) {
    let (site, _) = start(kind).await;
    let aino = site.runner("Aino").await;
    let path = format!("/increase_value/push_ups/{}", aino.id);
    let ask = |path: &str, body: Value| {
        let request = site.ask(Method::POST, path).bearer_auth(&aino.token).header("Idempotency-Key", "k1");
        send(request.json(&body))
    };
    let first = done(&ask(&path, json!({"value": 6})).await);
    assert_eq!(first["achievements"]["3"]["level"], 1);
    assert_eq!(done(&ask(&path, json!({"value": 6})).await), first, "answered the same");
    assert!((push_ups(&site, &aino).await - 6.0).abs() < 1e-9);
    let another = ask(&path, json!({"value": 7})).await;
    assert_error(&another, 422, "idempotency_key_reused", "another value under the same key");
    let many = || json!({&*aino.id: {"push_ups": [{"value": 1}]}});
    for _ in 0..2 {
        done(&ask("/increase_multi_values", many()).await);
    }
    assert!((push_ups(&site, &aino).await - 7.0).abs() < 1e-9);
}

async fn progress_has_gengines_shape(kind: StoreKind) {
    let (site, _) = start(kind).await;
    let aino = site.runner("Aino").await;
    done(&post(&site, &aino, &format!("/increase_value/push_ups/{}", aino.id), "value=4").await);
    let progress = done(&get(&site, &aino, &format!("/progress/{}", aino.id)).await);
    assert_eq!(progress["achievement_errors"], json!({}));
    let entry = progress["achievements"]["2"].clone();
    let goal = entry["goals"].as_object().expect("goals").values().next().expect("one").clone();
    let members = ["goal_id", "goal_name", "goal_goal", "priority", "properties", "achieved", "value"];
    assert!(members.iter().all(|name| goal.get(name).is_some()) && goal.as_object().unwrap().len() == 7, "{goal}");
    assert_eq!((&goal["goal_name"], &goal["goal_goal"]), (&json!({"en": "Push-ups"}), &json!(10.0)));
    assert_eq!((&goal["achieved"], &goal["value"]), (&json!(false), &json!(4.0)));
    assert_eq!((&entry["id"], &entry["level"], &entry["levels_achieved"]), (&json!(2), &json!(0), &json!({})));
    assert_eq!((&entry["view_permission"], &entry["priority"]), (&json!("everyone"), &json!(0)));
    let levels = entry["levels"].as_object().expect("levels");
    assert_eq!(levels.keys().collect::<Vec<_>>(), ["1", "2", "3"]);
    assert_eq!(levels["3"]["goals"][goal["goal_id"].to_string()]["goal_goal"], json!(30.0));
    let one = done(&get(&site, &aino, &format!("/progress/{}?achievement_id=2", aino.id)).await);
    assert_eq!(one["achievements"].as_object().map(|it| it.len()), Some(1));
    let none = get(&site, &aino, &format!("/progress/{}?achievement_id=99", aino.id)).await;
    assert_error(&none, 404, "achievement_not_found", "none");
    // What is no number is passed over, as with gengine.
    let all = done(&get(&site, &aino, &format!("/progress/{}?achievement_id=x&achievement_history=x", aino.id)).await);
    assert_eq!(all, progress);
    // Others see it, unless Aino shows nobody what she does.
    let veikko = site.runner("Veikko").await;
    let path = format!("/progress/{}", aino.id);
    assert_eq!(done(&get(&site, &veikko, &path).await)["achievements"]["2"]["level"], 0);
    let hide =
        site.ask(Method::PATCH, "/api/users/me").bearer_auth(&aino.token).json(&json!({"visibility": "private"}));
    assert_eq!(send(hide).await.status, 200);
    assert_error(&get(&site, &veikko, &path).await, 403, "forbidden", "a private account");
    assert_eq!(done(&get(&site, &aino, &path).await), progress);
}

async fn a_level_says_what_it_gives(kind: StoreKind) {
    let (site, _) = start(kind).await;
    let level = async |path: &str| send(site.ask(Method::GET, path)).await;
    let second = done(&level("/achievement/2/level/2").await);
    let reward = second["rewards"].as_object().expect("rewards").values().next().expect("one").clone();
    assert_eq!(
        (&reward["name"], &reward["value"], &reward["value_translated"]),
        (&json!("badge"), &json!("arm-2"), &Value::Null)
    );
    assert_eq!(second.as_object().map(|it| it.len()), Some(2), "{second}");
    for above in ["4", "100", "4294967296"] {
        let nothing = done(&level(&format!("/achievement/2/level/{above}")).await);
        assert_eq!(nothing, json!({"properties": {}, "rewards": {}}), "{above}");
    }
    for bad in ["/achievement/2/level/0", "/achievement/2/level/x", "/achievement/x/level/1", "/achievement/2/level/-1"]
    {
        assert_error(&level(bad).await, 400, "invalid_input", bad);
    }
    assert_error(&level("/achievement/99/level/1").await, 404, "achievement_not_found", "none");
}

async fn hidden_achievements_are_known_to_those_alone_who_have_reached_them(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let goal = json!({"condition": {"term": {"type": "literal", "variable": "push_ups"}}, "goal": "50"});
    let secret = json!({"name": "secret", "hidden": true, "goals": [goal]});
    let id = site.post(&admin, "/api/achievements", secret).await.data()["id"].clone();
    let path = format!("/achievement/{id}/level/1");
    let none = send(site.ask(Method::GET, "/achievement/99/level/1")).await;
    let same = |reply: &Reply| (reply.status, reply.body.clone()) == (none.status, none.body.clone());
    for path in [&path, &format!("/achievement/{id}/level/7")] {
        assert!(same(&send(site.ask(Method::GET, path)).await), "nobody knows of it");
        assert!(same(&get(&site, &aino, path).await), "who has not reached it neither");
        let unknown = site.ask(Method::GET, path).header("Authorization", "nonsense");
        assert!(same(&send(unknown).await), "nor does whom nobody knows");
    }
    let value = site.ask(Method::POST, &format!("/increase_value/push_ups/{}", aino.id));
    done(&send(value.header("Authorization", &aino.token).json(&json!({"value": 50}))).await);
    for (who, knows) in [(&aino, true), (&eero, false), (&admin, true)] {
        assert_eq!(get(&site, who, &path).await.status == 200, knows);
    }
}

async fn messages_come_newest_first_and_are_read(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let aino = site.runner("Aino").await;
    let (path, read) = (format!("/messages/{}", aino.id), format!("/read_messages/{}", aino.id));
    assert_eq!(done(&get(&site, &aino, &path).await), json!({"messages": []}));
    let increase = format!("/increase_value/push_ups/{}", aino.id);
    done(&post(&site, &aino, &increase, "value=5").await);
    let messages = done(&get(&site, &aino, &path).await)["messages"].clone();
    let id = messages[0]["id"].as_u64().expect("a number");
    let expected = json!([{
        "id": id, "text": {"en": "Half of it!"}, "is_read": false, "created_at": "2026-11-21T09:00:00.000000"
    }]);
    assert_eq!(messages, expected);
    assert_eq!(done(&get(&site, &aino, &format!("{path}?offset=1")).await), json!({"messages": []}));
    assert_error(
        &post_json(&site, &aino, &read, json!({"message_id": id + 1})).await,
        404,
        "set_messages_read.message_not_found",
        "none",
    );
    assert_error(
        &post_json(&site, &aino, &read, json!({})).await,
        404,
        "set_messages_read.message_not_found",
        "none is named",
    );
    assert_eq!(done(&post_json(&site, &aino, &read, json!({"message_id": id})).await), json!({"status": "ok"}));
    assert_eq!(done(&get(&site, &aino, &path).await)["messages"][0]["is_read"], true);
    assert_eq!(done(&get(&site, &admin, &path).await)["messages"][0]["is_read"], true, "an admin sees them");
    assert_error(&get(&site, &admin, "/messages/nobody").await, 404, "get_messages.user_not_found", "nobody");
}

async fn devices_are_registered(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let aino = site.runner("Aino").await;
    let path = format!("/register_device/{}", aino.id);
    for _ in 0..2 {
        assert_eq!(done(&post_json(&site, &aino, &path, device()).await), json!({"status": "ok"}));
    }
    for missing in ["device_id", "push_id", "device_os", "app_version"] {
        let mut body = device();
        body[missing] = json!("");
        assert_error(
            &post_json(&site, &aino, &path, body.clone()).await,
            400,
            "register_device.required_fields",
            missing,
        );
        body.as_object_mut().expect("an object").remove(missing);
        assert_error(&post_json(&site, &aino, &path, body).await, 400, "register_device.required_fields", missing);
    }
    let reply = post_json(&site, &admin, "/register_device/nobody", device()).await;
    assert_error(&reply, 404, "register_device.user_not_found", "nobody");
}

async fn a_place_is_heeded_with_the_call_that_says_it(kind: StoreKind) {
    let (site, admin) = start(kind).await;
    let aino = site.runner("Aino").await;
    let path = format!("/add_or_update_user/{}", aino.id);
    let medals = format!("/increase_value/medals/{}", aino.id);
    assert_eq!(done(&post(&site, &admin, &medals, "value=1").await), nothing(), "nobody knows where Aino is");
    assert_eq!(done(&post(&site, &aino, &path, "lat=60.2&lon=24.94").await), nothing(), "3 km away");
    let reached = done(&post(&site, &aino, &path, "lat=60.175&lon=24.94").await);
    assert_eq!(reached["achievements"]["5"]["level"], 1, "{reached}");
    assert_eq!(done(&post(&site, &aino, &path, "lat=60.175&lon=24.94").await), nothing());
}
