//! Who hears of an unlock, and when.

use runnity::app::achievements::Outcome;
use runnity::app::{App, AppError, Settings};
use serde_json::{Value, json};

use super::counted::Counted;
use super::world::{achievement, admin, befriend, by, goal, increased, levels, told, user, value, variables};
use crate::support::{Site, StoreKind, on_each_store};

on_each_store!(
    unlock_is_in_the_values_commit,
    all_instances_push_it_to_the_runner,
    who_was_away_recovers_it,
    friends_hear_of_public_ones_alone,
    message_fires_once_at_its_percentage,
);

async fn unlock_is_in_the_values_commit(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    variables(&site, &root, &["laps"]).await;
    achievement(&site, &root, json!({ "name": "rounds", "view": "own", "goals": [goal("laps", "2")] })).await;
    increased(&site, &aino, "laps", 1.0).await;
    let store = Counted::on(site.store.open().await);
    let app = App::new(store.clone(), site.clock.clone(), Settings::default());
    let outcome = app.increase(&by(&aino), &user(&aino), value("laps", 1.0), Some("key")).await.unwrap();
    assert_eq!(levels(&outcome), [("rounds", vec![1])]);
    let counts = store.take();
    let [commit] = counts.commits.as_slice() else { panic!("{:?}", counts.commits) };
    let mut names: Vec<&str> = commit.puts.iter().map(|put| &*put.key.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["progress", "progress/m/laps", "progress/v/laps/202611"]);
    let heard: Value = serde_json::from_slice(&commit.appends[0].payload).unwrap();
    assert_eq!((commit.appends.len(), commit.once.len(), &heard["type"]), (1, 1, &json!("unlocked")));
}

async fn all_instances_push_it_to_the_runner(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    variables(&site, &root, &["laps"]).await;
    let id = achievement(
        &site,
        &root,
        json!({
            "name": "rounds", "maxlevel": 3, "category": "track", "title": { "en": "Rounds" },
            "goals": [goal("laps", "5*level")], "properties": [{ "name": "points", "value": "10*level" }],
        }),
    )
    .await;
    let mut clients = [site.connected(&aino).await.0, other.connected(&aino).await.0];
    increased(&site, &aino, "laps", 10.0).await;
    for client in &mut clients {
        let heard = told(client, &aino, "unlocked").await;
        let achievement = json!({ "id": id, "name": "rounds", "title": { "en": "Rounds" }, "category": "track",
            "hidden": false, "maxlevel": 3, "level": 2, "period": null });
        assert_eq!((&heard["achievement"], &heard["run"], &heard["event"]), (&achievement, &Value::Null, &Value::Null));
        let gained = |level: &str| {
            heard["new_levels"][level]["properties"].as_object().unwrap().values().next().unwrap()["value"].clone()
        };
        assert_eq!((gained("1"), gained("2")), (json!(10), json!(20)));
    }
}

async fn who_was_away_recovers_it(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    variables(&site, &root, &["laps"]).await;
    achievement(&site, &root, json!({ "name": "first", "goals": [goal("laps", "1")] })).await;
    let own = format!("#{}", aino.id);
    let (client, connected) = site.connected(&aino).await;
    let stood = connected["subs"][&own].clone();
    drop(client);
    increased(&site, &aino, "laps", 1.0).await;
    let mut client = site.socket().await;
    let place = json!({ "recover": true, "epoch": stood["epoch"], "offset": stood["offset"].as_u64().unwrap_or(0) });
    let back = client.ask("connect", json!({ "token": aino.token, "subs": { &own: place } })).await;
    let found = &back["connect"]["subs"][&own];
    assert_eq!(found["recovered"], true, "{back}");
    let heard: Vec<_> = found["publications"].as_array().unwrap().iter().map(|it| &it["data"]["type"]).collect();
    assert_eq!(heard, [&json!("unlocked")]);
}

async fn friends_hear_of_public_ones_alone(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let (aino, eero, iida) = (site.runner("Aino").await, site.runner("Eero").await, site.runner("Iida").await);
    variables(&site, &root, &["laps"]).await;
    for (name, formula, rest) in [
        ("open", "1", json!({})),
        ("own", "2", json!({ "view": "own" })),
        ("secret", "3", json!({ "hidden": true })),
        ("last", "4", json!({})),
    ] {
        let mut document = json!({ "name": name, "goals": [goal("laps", formula)] });
        document.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        achievement(&site, &root, document).await;
    }
    befriend(&site, &aino, &eero).await;
    let (mut of_eero, _) = site.connected(&eero).await;
    let (mut of_iida, _) = site.connected(&iida).await;
    for _ in 0..4 {
        increased(&site, &aino, "laps", 1.0).await;
    }
    for name in ["open", "last"] {
        let heard = told(&mut of_eero, &eero, "friend_unlocked").await;
        assert_eq!(
            (&heard["user"], &heard["achievement"]["name"]),
            (&json!({ "id": aino.id, "name": "Aino" }), &json!(name))
        );
        assert_eq!(heard["achievement"]["level"], 1);
    }
    // Who keeps their runs to themselves tells nobody; a stranger heard nothing all the while.
    let hide = site.ask(reqwest::Method::PATCH, "/api/users/me").bearer_auth(&aino.token);
    assert_eq!(crate::support::send(hide.json(&json!({ "visibility": "private" }))).await.status, 200);
    achievement(&site, &root, json!({ "name": "quiet", "goals": [goal("laps", "5")] })).await;
    assert_eq!(levels(&increased(&site, &aino, "laps", 1.0).await), [("quiet", vec![1])]);
    crate::support::within(site.app.carry_out_follow_ups()).await.unwrap();
    befriend(&site, &iida, &eero).await;
    increased(&site, &iida, "laps", 1.0).await;
    let heard = told(&mut of_eero, &eero, "friend_unlocked").await;
    assert_eq!((&heard["user"]["name"], &heard["achievement"]["name"]), (&json!("Iida"), &json!("open")));
    let heard = told(&mut of_iida, &iida, "unlocked").await;
    assert_eq!(heard["achievement"]["name"], "open");
}

async fn message_fires_once_at_its_percentage(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino, eero) = (admin(&site).await, site.runner("Aino").await, site.runner("Eero").await);
    variables(&site, &root, &["laps"]).await;
    let mut towards = goal("laps", "10");
    towards["triggers"] = json!([{ "steps": [
        { "condition_percentage": 50, "text": { "en": "Half of it", "fi": "Puolet" } },
        { "condition_percentage": 90, "text": { "en": "Nearly there" } },
    ] }]);
    achievement(&site, &root, json!({ "name": "ten", "goals": [towards] })).await;
    let (mut client, _) = site.connected(&aino).await;
    for _ in 0..4 {
        increased(&site, &aino, "laps", 1.0).await;
    }
    let messages = |offset| site.app.messages(&aino.identity, &aino.identity.user, offset);
    assert_eq!(messages(0).await.unwrap(), []);
    for _ in 0..3 {
        increased(&site, &aino, "laps", 1.0).await;
    }
    let heard = told(&mut client, &aino, "message").await;
    assert_eq!(heard["message"]["text"], json!({ "en": "Half of it", "fi": "Puolet" }));
    assert_eq!(messages(0).await.unwrap().len(), 1);
    // Down and up again says nothing new.
    increased(&site, &aino, "laps", -4.0).await;
    increased(&site, &aino, "laps", 4.0).await;
    assert_eq!(increased(&site, &aino, "laps", 2.0).await, Outcome::default());
    let heard = told(&mut client, &aino, "message").await;
    assert_eq!(heard["message"]["text"], json!({ "en": "Nearly there" }));
    let found = messages(0).await.unwrap();
    let told: Vec<_> = found.iter().map(|it| (it.id, &*it.text["en"], it.is_read)).collect();
    assert_eq!(told, [(2, "Nearly there", false), (1, "Half of it", false)]);
    assert_eq!(messages(1).await.unwrap().len(), 1);
    assert_eq!(messages(2).await.unwrap(), []);

    let read = |who: &crate::support::Runner, id| {
        let (app, who, whose) = (site.app.clone(), who.identity.clone(), user(&aino));
        async move { app.read_messages(&who, &whose, id).await }
    };
    assert!(matches!(read(&eero, 1).await, Err(AppError::Forbidden)));
    for none in [0, 3, u64::MAX] {
        assert!(matches!(read(&aino, none).await, Err(AppError::NotFound("message"))), "{none}");
    }
    read(&aino, 1).await.unwrap();
    let found: Vec<_> = messages(0).await.unwrap().iter().map(|it| it.is_read).collect();
    assert_eq!(found, [false, true]);
    read(&root, 2).await.unwrap();
    assert!(messages(0).await.unwrap().iter().all(|it| it.is_read));
}
