//! Friends: what two users say about each other, and who sees what by it, on every window and on all instances.

use reqwest::Method;
use runnity::app::AppError;
use runnity::app::friends::Word;
use runnity::app::users::Caller;
use runnity::domain::ids::{RunId, UserId};
use runnity::domain::user::Visibility;
use serde_json::{Value, json};

use crate::support::{Client, Reply, Runner, Site, StoreKind, on_each_store, send, within};

on_each_store!(
    who_asks_is_a_friend_when_the_other_agrees,
    two_who_ask_each_other_at_once_are_friends_once,
    to_say_it_again_is_the_same_success,
    runs_for_friends_are_seen_by_those_whom_the_owner_lists,
    a_friend_no_more_loses_the_run_on_every_instance,
    whoever_is_blocked_finds_nobody_there,
    a_yes_and_a_block_at_once_end_blocked,
    lists_are_of_one_state_and_have_pages,
    what_cannot_be_asked_is_refused,
);

async fn call(site: &Site, runner: &Runner, method: Method, path: &str, body: Value) -> Reply {
    send(site.ask(method, path).bearer_auth(&runner.token).json(&body)).await
}

async fn ask(site: &Site, from: &Runner, to: &Runner) -> Reply {
    site.post(from, "/api/friends", json!({"user": to.id})).await
}

async fn put(site: &Site, from: &Runner, to: &Runner, state: &str) -> Reply {
    call(site, from, Method::PUT, &format!("/api/friends/{}", to.id), json!({"state": state})).await
}

async fn end(site: &Site, from: &Runner, to: &Runner) -> u16 {
    let path = format!("/api/friends/{}", to.id);
    send(site.ask(Method::DELETE, &path).bearer_auth(&from.token)).await.status
}

async fn state(site: &Site, from: &Runner, to: &Runner) -> String {
    let friend = site.get(from, &format!("/api/friends/{}", to.id)).await.data();
    friend["state"].as_str().unwrap().to_owned()
}

async fn befriend(site: &Site, one: &Runner, other: &Runner) {
    assert_eq!(ask(site, one, other).await.status, 201);
    assert_eq!(put(site, other, one, "accepted").await.status, 200);
}

/// The next change on the user's own channel.
async fn told(client: &mut Client, runner: &Runner) -> Value {
    client.push(&format!("#{}", runner.id)).await["pub"]["data"].clone()
}

/// The ids of the runs in the caller's list.
async fn runs(site: &Site, runner: &Runner, query: &str) -> Vec<String> {
    let runs = site.get(runner, &format!("/api/runs{query}")).await.data();
    runs.as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap().to_owned()).collect()
}

async fn who_asks_is_a_friend_when_the_other_agrees(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let ((mut ainos, _), (mut eeros, _)) = (site.connected(&aino).await, site.connected(&eero).await);
    // By name, however it is cased.
    let reply = site.post(&aino, "/api/friends", json!({"user": "EERO"})).await;
    assert_eq!((reply.status, reply.header("location")), (201, format!("/api/friends/{}", eero.id).as_str()));
    let asked = json!({
        "user": {"id": eero.id, "name": "Eero"}, "state": "asked", "since": "2026-11-21T09:00:00.000Z", "lists_you": false,
    });
    assert_eq!(reply.data(), asked);
    let heard = told(&mut eeros, &eero).await;
    let at = "2026-11-21T09:00:00.000Z";
    assert_eq!(heard, json!({"type": "friend_asked", "at": at, "user": {"id": aino.id, "name": "Aino"}}));
    assert_eq!(state(&site, &eero, &aino).await, "asking");
    assert_eq!(put(&site, &aino, &eero, "accepted").await.status, 409, "nobody agrees for the other");
    let accepted = put(&site, &eero, &aino, "accepted").await.data();
    assert_eq!((&accepted["state"], &accepted["lists_you"]), (&json!("friend"), &json!(true)));
    for (client, runner, other) in [(&mut ainos, &aino, &eero), (&mut eeros, &eero, &aino)] {
        let heard = told(client, runner).await;
        assert_eq!((&heard["type"], &heard["user"]["id"]), (&json!("friend_accepted"), &json!(other.id)));
        assert_eq!(state(&site, runner, other).await, "friend");
    }
    // Either of them ends it, for both.
    assert_eq!(end(&site, &aino, &eero).await, 204);
    assert_eq!(told(&mut eeros, &eero).await["type"], "friend_removed");
    assert_eq!(state(&site, &eero, &aino).await, "none");
    // What was asked can be withdrawn, and declined.
    for (who, whom) in [(&aino, &eero), (&eero, &aino)] {
        ask(&site, &aino, &eero).await;
        assert_eq!(end(&site, who, whom).await, 204);
        assert_eq!(
            (state(&site, &aino, &eero).await, state(&site, &eero, &aino).await),
            ("none".into(), "none".into())
        );
    }
    ask(&site, &aino, &eero).await;
    assert_eq!(put(&site, &eero, &aino, "declined").await.data()["state"], "none");
}

async fn two_who_ask_each_other_at_once_are_friends_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    for round in 0..8 {
        let aino = site.runner(&format!("Aino {round}")).await;
        let eero = site.runner(&format!("Eero {round}")).await;
        let ((mut ainos, _), (mut eeros, _)) = (site.connected(&aino).await, other.connected(&eero).await);
        let (one, two) = tokio::join!(ask(&site, &aino, &eero), ask(&other, &eero, &aino));
        assert_eq!((one.status, two.status), (201, 201));
        for (client, runner, friend) in [(&mut ainos, &aino, &eero), (&mut eeros, &eero, &aino)] {
            assert_eq!(state(&site, runner, friend).await, "friend");
            let mut heard = told(client, runner).await;
            if heard["type"] == "friend_asked" {
                heard = told(client, runner).await;
            }
            assert_eq!(heard["type"], "friend_accepted");
        }
        end(&site, &aino, &eero).await;
        assert_eq!(told(&mut ainos, &aino).await["type"], "friend_removed", "they were not told twice");
        assert_eq!(told(&mut eeros, &eero).await["type"], "friend_removed");
    }
}

async fn to_say_it_again_is_the_same_success(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let (mut eeros, _) = site.connected(&eero).await;
    let (one, two) = (ask(&site, &aino, &eero).await, ask(&site, &aino, &eero).await);
    assert_eq!((one.status, two.status, one.data()), (201, 201, two.data()));
    for _ in 0..2 {
        assert_eq!(put(&site, &eero, &aino, "accepted").await.data()["state"], "friend");
    }
    assert_eq!(ask(&site, &aino, &eero).await.data()["state"], "friend");
    for _ in 0..2 {
        assert_eq!(end(&site, &aino, &eero).await, 204);
    }
    for _ in 0..2 {
        assert_eq!(put(&site, &aino, &eero, "blocked").await.data()["state"], "blocked");
    }
    ask(&site, &eero, &site.runner("Oona").await).await;
    for heard in ["friend_asked", "friend_accepted", "friend_removed"] {
        assert_eq!(told(&mut eeros, &eero).await["type"], heard, "each once");
    }
    // A tag that was seen before the other's word is a tag no more.
    let (ilta, path) = (site.runner("Ilta").await, format!("/api/friends/{}", aino.id));
    ask(&site, &ilta, &aino).await;
    let tag = site.get(&ilta, &path).await.header("etag").to_owned();
    put(&site, &aino, &ilta, "accepted").await;
    let remove = site.ask(Method::DELETE, &path).bearer_auth(&ilta.token).header("If-Match", tag);
    assert_eq!(send(remove).await.status, 412);
    assert_eq!(state(&site, &ilta, &aino).await, "friend");
}

async fn runs_for_friends_are_seen_by_those_whom_the_owner_lists(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let [aino, eero, oona] = [site.runner("Aino").await, site.runner("Eero").await, site.runner("Oona").await];
    let (run, channel) = site.run(&aino, Visibility::Friends).await;
    site.record(&aino, run, 3).await;
    let (public, _) = site.run(&oona, Visibility::Public).await;
    let (private, _) = site.run(&eero, Visibility::Private).await;
    let [run, public, private] = [run, public, private].map(|run| run.to_string());

    // Whom Eero lists sees nothing of Aino's by it.
    let listed = UserId::parse(&aino.id).unwrap();
    site.app.say_of_friend(&eero.identity, &listed, Word::List(true), None).await.unwrap();
    assert_eq!(
        (state(&site, &eero, &aino).await, state(&site, &aino, &eero).await),
        ("friend".into(), "listed".into())
    );
    assert_eq!(site.get(&eero, &format!("/api/runs/{run}")).await.status, 404);
    assert_eq!(runs(&site, &eero, "").await, [private.clone(), public.clone()]);

    // Asking somebody who lists one already is to agree.
    assert_eq!(ask(&site, &aino, &eero).await.data()["state"], "friend");
    for site in [&site, &other] {
        assert_eq!(site.get(&eero, &format!("/api/runs/{run}")).await.data()["user"]["name"], "Aino");
        assert_eq!(site.get(&eero, &format!("/api/runs/{run}/fixes")).await.data().as_array().unwrap().len(), 3);
        assert_eq!(runs(site, &eero, "").await, [private.clone(), public.clone(), run.clone()]);
        assert_eq!(runs(site, &eero, "?state=live&page_size=2&page=2").await, std::slice::from_ref(&run));
        assert_eq!(runs(site, &eero, &format!("?user={}", aino.id)).await, std::slice::from_ref(&run));
        let (mut client, _) = site.connected(&eero).await;
        client.subscribe(&channel).await;
        // Friends are not the friends of friends; what is private is nobody's.
        assert_eq!(runs(site, &oona, "").await, std::slice::from_ref(&public));
        assert_eq!(runs(site, &oona, &format!("?user={}", aino.id)).await, [""; 0]);
        assert_eq!(site.get(&oona, &format!("/api/runs/{run}")).await.status, 404);
        assert_eq!(site.get(&aino, &format!("/api/runs/{private}")).await.status, 404);
        let (mut client, _) = site.connected(&oona).await;
        assert_eq!(client.error("subscribe", json!({"channel": channel})).await, 102);
        let mut stranger = site.spectator().await;
        assert_eq!(stranger.error("subscribe", json!({"channel": channel})).await, 102);
    }
}

async fn a_friend_no_more_loses_the_run_on_every_instance(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let [aino, eero, oona] = [site.runner("Aino").await, site.runner("Eero").await, site.runner("Oona").await];
    for friend in [&eero, &oona] {
        befriend(&site, friend, &aino).await;
    }
    let (run, channel) = site.run(&aino, Visibility::Friends).await;
    let mut eeros = [site.connected(&eero).await.0, other.connected(&eero).await.0];
    let mut kept = [site.connected(&oona).await.0, other.connected(&oona).await.0, other.connected(&aino).await.0];
    for client in eeros.iter_mut().chain(&mut kept) {
        client.subscribe(&channel).await;
    }
    assert_eq!(end(&site, &aino, &eero).await, 204);
    let began = std::time::Instant::now();
    for client in &mut eeros {
        assert_eq!(client.push(&channel).await["unsubscribe"]["code"], 2000);
        assert_eq!(client.error("subscribe", json!({"channel": channel})).await, 102);
    }
    println!("lost on two instances after {:?}", began.elapsed());
    site.record(&aino, run, 1).await;
    for client in &mut kept {
        assert_eq!(client.push(&channel).await["pub"]["data"]["type"], "fixes", "the others have lost nothing");
    }
}

/// What the caller is told of a user, on every window.
async fn picture(site: &Site, caller: &Runner, id: &str, run: &str) -> Vec<(u16, Value)> {
    let friend = format!("/api/friends/{id}");
    let mut picture = Vec::new();
    for reply in [
        site.get(caller, &format!("/api/users/{id}")).await,
        site.get(caller, &friend).await,
        site.post(caller, "/api/friends", json!({"user": id})).await,
        call(site, caller, Method::PUT, &friend, json!({"state": "accepted"})).await,
        call(site, caller, Method::PUT, &friend, json!({"state": "declined"})).await,
        call(site, caller, Method::PUT, &friend, json!({"state": "blocked"})).await,
        call(site, caller, Method::DELETE, &friend, Value::Null).await,
        call(site, caller, Method::PATCH, &format!("/api/users/{id}"), json!({"city": "Turku"})).await,
        site.get(caller, &format!("/api/runs?user={id}")).await,
        site.get(caller, &format!("/api/runs/{run}")).await,
        site.get(caller, &format!("/api/runs/{run}/fixes")).await,
    ] {
        let mut document = reply.json();
        document["meta"] = Value::Null;
        picture.push((reply.status, document));
    }
    picture
}

async fn whoever_is_blocked_finds_nobody_there(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    befriend(&site, &eero, &aino).await;
    let (run, channel) = site.run(&aino, Visibility::Public).await;
    let mut eeros = other.connected(&eero).await.0;
    eeros.subscribe(&channel).await;
    assert_eq!(site.get(&eero, "/api/users?name=ain").await.data().as_array().unwrap().len(), 1);

    assert_eq!(put(&site, &aino, &eero, "blocked").await.status, 200);
    // It is told as the end of a friendship, and the run is lost, public as it is.
    let (mut told, mut lost) = (false, false);
    while !told || !lost {
        let line = eeros.next().await;
        told |= line["push"]["pub"]["data"]["type"] == "friend_removed";
        lost |= line["push"]["unsubscribe"]["code"] == 2000;
    }
    let nobody = picture(&site, &eero, "nobody", &RunId::from_u128(7).to_string()).await;
    assert_eq!(nobody.iter().filter(|(status, _)| *status == 404).count(), 10, "{nobody:?}");
    for site in [&site, &other] {
        assert_eq!(picture(site, &eero, &aino.id, &run.to_string()).await, nobody);
        assert_eq!(site.get(&eero, "/api/users?name=ain").await.data(), json!([]));
        assert_eq!(runs(site, &eero, "").await, [""; 0]);
        for state in ["friend", "asked", "asking", "listed", "blocked"] {
            assert_eq!(site.get(&eero, &format!("/api/friends?state={state}")).await.data(), json!([]), "{state}");
        }
    }
    assert_eq!(eeros.error("subscribe", json!({"channel": channel})).await, 102);
    // Nobody is invited by whom they have blocked.
    let new = json!({"name": "Rotation", "date": "2026-12-01", "time": "18:00", "start": {"latitude": 60.0, "longitude": 24.0}});
    let made = site.post(&eero, "/api/events", new).await;
    assert_eq!(made.status, 201, "{made:?}");
    let invitations = format!("{}/invitations", made.header("location"));
    let answers = [&aino.id, "nobody"].map(|user| site.post(&eero, &invitations, json!({"users": [user]})));
    let [invited, nobody] = futures::future::join_all(answers).await.try_into().unwrap();
    let error = |reply: &Reply| (reply.status, reply.json()["error"].clone());
    assert_eq!(error(&invited), error(&nobody));
    assert_eq!(invited.status, 400, "{invited:?}");
    // Without an account the run is public still, and Aino sees whom she has blocked.
    assert!(site.app.run(&Caller::Anonymous, run).await.is_ok());
    assert_eq!(site.get(&aino, "/api/friends?state=blocked").await.data()[0]["user"]["id"], eero.id);
    assert_eq!(ask(&site, &aino, &eero).await.status, 409);

    assert_eq!(end(&site, &aino, &eero).await, 204);
    assert_eq!(site.get(&eero, &format!("/api/runs/{run}")).await.status, 200);
    assert_eq!(state(&site, &eero, &aino).await, "none", "what was before does not come back");
}

async fn a_yes_and_a_block_at_once_end_blocked(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    for round in 0..8 {
        let aino = site.runner(&format!("Aino {round}")).await;
        let eero = site.runner(&format!("Eero {round}")).await;
        ask(&site, &aino, &eero).await;
        let (yes, block) = tokio::join!(put(&site, &eero, &aino, "accepted"), put(&other, &aino, &eero, "blocked"));
        assert_eq!(block.status, 200);
        assert!([200, 404].contains(&yes.status), "{}", yes.status);
        assert_eq!(state(&site, &aino, &eero).await, "blocked");
        let listed = site.get(&aino, "/api/friends").await.data();
        assert_eq!((listed, site.get(&eero, "/api/friends").await.data()), (json!([]), json!([])));
        let (run, _) = site.run(&aino, Visibility::Friends).await;
        let seen = site.app.run(&Caller::User(eero.identity.clone()), run).await;
        assert!(matches!(seen, Err(AppError::NotFound(_))));
    }
}

async fn lists_are_of_one_state_and_have_pages(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let mut ids = Vec::new();
    for number in 0..5 {
        let friend = site.runner(&format!("Friend {number}")).await;
        befriend(&site, &friend, &aino).await;
        ids.insert(0, friend.id);
        site.advance(std::time::Duration::from_secs(1)).await;
    }
    ask(&site, &aino, &site.runner("Asked").await).await;
    ask(&site, &site.runner("Asking").await, &aino).await;
    put(&site, &aino, &site.runner("Blocked").await, "blocked").await;
    let listed = async |query: &str| {
        let friends = site.get(&aino, &format!("/api/friends{query}")).await.data();
        let name = |friend: &Value| friend["user"]["name"].as_str().unwrap().to_owned();
        friends.as_array().unwrap().iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(listed("").await, ["Friend 4", "Friend 3", "Friend 2", "Friend 1", "Friend 0"]);
    assert_eq!(listed("?page_size=2&page=2").await, ["Friend 2", "Friend 1"]);
    assert_eq!(listed("?page_size=2&page=4").await, [""; 0]);
    assert_eq!(listed("?state=listed&page_size=1").await, ["Friend 4"]);
    assert_eq!(listed("?state=asked").await, ["Asked"]);
    assert_eq!(listed("?state=asking").await, ["Asking"]);
    assert_eq!(listed("?state=blocked").await, ["Blocked"]);
}

async fn what_cannot_be_asked_is_refused(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let table = [
        (Method::POST, "/api/friends".to_owned(), json!({"user": aino.id}), 400, Some("user")),
        (Method::POST, "/api/friends".to_owned(), json!({"user": "aino"}), 400, Some("user")),
        (Method::POST, "/api/friends".to_owned(), json!({"user": "nobody"}), 404, None),
        (Method::POST, "/api/friends".to_owned(), json!({"user": ""}), 404, None),
        (Method::POST, "/api/friends".to_owned(), json!({"user": "9".repeat(5_000)}), 404, None),
        (Method::POST, "/api/friends".to_owned(), json!({"user": 7}), 400, Some("user")),
        (Method::POST, "/api/friends".to_owned(), json!({}), 400, Some("user")),
        (Method::POST, "/api/friends".to_owned(), json!({"user": "a", "state": "friend"}), 400, Some("state")),
        (Method::POST, "/api/friends?user=a".to_owned(), json!({"user": "a"}), 400, Some("user")),
        (Method::GET, "/api/friends?state=foe".to_owned(), Value::Null, 400, Some("state")),
        (Method::GET, "/api/friends?page=0".to_owned(), Value::Null, 400, Some("page")),
        (Method::GET, "/api/friends?page_size=1e9".to_owned(), Value::Null, 400, Some("page_size")),
        (Method::PUT, format!("/api/friends/{}", aino.id), json!({"state": "blocked"}), 400, Some("user")),
        (Method::PUT, "/api/friends/nobody".to_owned(), json!({"state": "foe"}), 400, Some("state")),
        (Method::PUT, "/api/friends/%C3%A4".to_owned(), json!({"state": "blocked"}), 404, None),
        (Method::PATCH, "/api/friends/nobody".to_owned(), json!({"state": "blocked"}), 405, None),
        (Method::GET, "/api/friends/a/b".to_owned(), Value::Null, 404, None),
    ];
    for (method, path, body, status, field) in table {
        let reply = call(&site, &aino, method.clone(), &path, body).await;
        assert_eq!(reply.status, status, "{method} {path} {:?}", reply.json());
        assert_eq!(reply.json()["error"]["field"].as_str(), field, "{method} {path}");
    }
    for (method, path) in
        [(Method::GET, "/api/friends"), (Method::GET, "/api/friends/a"), (Method::DELETE, "/api/friends/a")]
    {
        assert_eq!(within(send(site.ask(method, path))).await.status, 401, "{path}");
    }
}
