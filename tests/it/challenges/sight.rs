//! Who may be challenged, who sees a challenge, and what becomes of it when somebody blocks, or is gone.

use std::time::Duration;

use reqwest::Method;
use runnity::app::friends::Word;
use runnity::domain::ids::UserId;
use runnity::domain::user::{Level, Visibility};
use serde_json::{Value, json};

use super::{fault, field, kinds, laps, made, says, settled, standing, standings, taken_up, ten_laps, titles};
use crate::support::{Runner, Site, StoreKind, duties, on_each_store, send};

on_each_store!(
    to_outsiders_there_is_no_challenge,
    whom_one_blocks_cannot_be_challenged_and_leaves,
    a_private_account_is_challenged_by_friends_alone,
    a_groups_members_are_invited_and_later_ones_may_come,
    a_deleted_account_is_named_in_no_challenge,
);

fn user(runner: &Runner) -> UserId {
    UserId::parse(&runner.id).unwrap()
}

async fn to_outsiders_there_is_no_challenge(kind: StoreKind) {
    let site = Site::start(kind).await;
    field(&site).await;
    let (aino, eero, sisu) = (site.runner("Aino").await, site.runner("Eero").await, site.runner("Sisu").await);
    let path = made(&site, &aino, ten_laps(&[&eero])).await;
    let none = "/api/challenges/9007199254740991";
    let ask = |method: &Method, path: &str| {
        let request = site.ask(method.clone(), path).bearer_auth(&sisu.token);
        send(request.header("x-request-id", "d5ccbe45-a54e-4d19-9b58-a96c7747369f").json(&json!({ "users": ["Eero"] })))
    };
    for (method, word) in [
        (Method::GET, ""),
        (Method::DELETE, ""),
        (Method::POST, "/accept"),
        (Method::POST, "/reject"),
        (Method::POST, "/leave"),
        (Method::POST, "/invitations"),
    ] {
        let (there, nowhere) =
            (ask(&method, &format!("{path}{word}")).await, ask(&method, &format!("{none}{word}")).await);
        assert_eq!((there.status, &there.body), (404, &nowhere.body), "{method} {word}");
    }
    assert_eq!(titles(&site, &sisu, "").await, [""; 0]);
    let shown = site.get(&eero, &path).await.data();
    assert_eq!(shown["invitations"], Value::Null, "what others have answered is the creator's");
}

async fn whom_one_blocks_cannot_be_challenged_and_leaves(kind: StoreKind) {
    let site = Site::start(kind).await;
    field(&site).await;
    let (aino, eero, ukko) = (site.runner("Aino").await, site.runner("Eero").await, site.runner("Ukko").await);
    let own = taken_up(&site, &[&aino, &eero, &ukko], ten_laps(&[&eero, &ukko])).await;
    let theirs = taken_up(&site, &[&eero, &aino, &ukko], ten_laps(&[&aino, &ukko])).await;
    let shared = taken_up(&site, &[&ukko, &aino, &eero], ten_laps(&[&aino, &eero])).await;
    site.app.say_of_friend(&aino.identity, &user(&eero), Word::Block, None).await.unwrap();
    settled(&site).await;
    assert_eq!(site.get(&eero, &own).await.status, 404);
    assert_eq!(site.get(&aino, &theirs).await.status, 404);
    assert_eq!(standings(&site, &ukko, &own).await.len(), 2);
    assert_eq!(standings(&site, &ukko, &shared).await.len(), 3, "in others' they meet as they did");
    laps(&site, &eero, 3.0).await;
    assert!(standings(&site, &ukko, &own).await.iter().all(|it| it.1 != "Eero"));
    for (by, whom, problem) in
        [(&aino, &eero, "is somebody whom you have blocked"), (&eero, &aino, "is nobody's id or name")]
    {
        let refused = site.post(by, "/api/challenges", ten_laps(&[whom])).await;
        assert_eq!((refused.status, fault(&refused)["field"].clone()), (400, json!("users[0]")));
        assert!(fault(&refused)["message"].as_str().unwrap().contains(problem), "{:?}", fault(&refused));
    }
}

async fn a_private_account_is_challenged_by_friends_alone(kind: StoreKind) {
    let site = Site::start(kind).await;
    field(&site).await;
    let aino = site.runner("Aino").await;
    let private = site.app.make_user("Iida".to_owned(), Level::User, None, Visibility::Private).await.unwrap();
    let iida = site.holder_of(private.1.reveal()).await;
    let refused = site.post(&aino, "/api/challenges", ten_laps(&[&iida])).await;
    assert_eq!((refused.status, fault(&refused)["field"].clone()), (400, json!("users")));
    site.app.say_of_friend(&iida.identity, &user(&aino), Word::Ask, None).await.unwrap();
    site.app.say_of_friend(&aino.identity, &user(&iida), Word::Accept, None).await.unwrap();
    let path = taken_up(&site, &[&aino, &iida], ten_laps(&[&iida])).await;
    assert_eq!(standings(&site, &aino, &path).await.len(), 2);
}

async fn a_groups_members_are_invited_and_later_ones_may_come(kind: StoreKind) {
    let site = Site::start(kind).await;
    field(&site).await;
    let (aino, eero, late) = (site.runner("Aino").await, site.runner("Eero").await, site.runner("Late").await);
    let (blocked, sisu) = (site.runner("Blocked").await, site.runner("Sisu").await);
    let group = site.post(&aino, "/api/groups", json!({ "name": "Turku runners" })).await.data()["id"].clone();
    let members = format!("/api/groups/{}/members", group.as_str().unwrap());
    for who in [&eero, &blocked] {
        assert_eq!(site.post(who, &members, json!({})).await.status, 201);
    }
    site.app.say_of_friend(&blocked.identity, &user(&aino), Word::Block, None).await.unwrap();
    settled(&site).await;
    let mut new = ten_laps(&[]);
    new["group"] = group.clone();
    let refused = site.post(&sisu, "/api/challenges", new.clone()).await;
    assert_eq!((refused.status, fault(&refused)["field"].clone()), (400, json!("group")));
    let path = made(&site, &aino, new).await;
    settled(&site).await;
    assert_eq!((kinds(&site, &eero).await, kinds(&site, &blocked).await), (vec!["invited".to_owned()], vec![]));
    assert_eq!(site.get(&late, &path).await.status, 404);
    assert_eq!(site.post(&late, &members, json!({})).await.status, 201);
    laps(&site, &late, 4.0).await;
    let open = site.app.open_challenges_of_groups(&user(&late)).await.unwrap();
    assert_eq!(open.iter().map(|it| it.title.as_str()).collect::<Vec<_>>(), ["Ten laps"]);
    let pending = site.app.challenges_pending_of(&user(&eero)).await.unwrap();
    assert_eq!(pending.iter().map(|it| it.title.as_str()).collect::<Vec<_>>(), ["Ten laps"]);
    assert_eq!(site.get(&late, &path).await.data()["own"], Value::Null);
    says(&site, &late, &path, "accept").await;
    settled(&site).await;
    laps(&site, &late, 2.0).await;
    assert_eq!(standings(&site, &aino, &path).await[0], standing(1, "Late", 2.0), "what they do from now on");
    assert_eq!(site.get(&sisu, &path).await.status, 404);
}

async fn a_deleted_account_is_named_in_no_challenge(kind: StoreKind) {
    let site = Site::start(kind).await;
    field(&site).await;
    let (aino, eero, ukko) = (site.runner("Quetzalcoatl").await, site.runner("Eero").await, site.runner("Ukko").await);
    let own = taken_up(&site, &[&aino, &eero], ten_laps(&[&eero, &ukko])).await;
    let theirs = taken_up(&site, &[&eero, &aino, &ukko], ten_laps(&[&aino, &ukko])).await;
    let rejected = made(&site, &ukko, ten_laps(&[&aino, &eero])).await;
    says(&site, &aino, &rejected, "reject").await;
    laps(&site, &aino, 12.0).await;
    assert_eq!(site.get(&eero, &theirs).await.data()["winner"]["name"], "Quetzalcoatl");
    let gone = send(site.ask(Method::DELETE, "/api/users/me").bearer_auth(&aino.token).json(&json!({}))).await;
    assert_eq!(gone.status, 204, "{gone:?}");
    site.advance(Duration::from_secs(2 * 3_600)).await;
    duties(&[&site]).await;
    for path in [&own, &theirs] {
        let shown = site.get(&eero, path).await.data();
        assert!(!shown.to_string().contains(&aino.id) && !shown.to_string().contains("Quetzalcoatl"), "{shown}");
    }
    let shown = site.get(&ukko, &own).await.data();
    assert_eq!((&shown["creator"], &shown["state"]), (&Value::Null, &json!("current")));
    // It goes on without them.
    laps(&site, &eero, 10.0).await;
    assert_eq!(site.get(&eero, &own).await.data()["winner"]["name"], "Eero");
    assert_eq!(site.get(&eero, &theirs).await.data()["own"]["accomplishment"], "finished");
    let stored = site.dump().await;
    // An empty topic is remembered, lest somebody takes a new one for it; what an idempotency key remembers ends after a day.
    let is_stone = |line: &String| line.starts_with("Topic(") && line.contains("top: 0");
    let is_left = |line: &&String| !is_stone(line) && !line.starts_with("Once {");
    let named = stored.iter().filter(|it| it.contains(&aino.id) || it.contains("Quetzalcoatl"));
    let left: Vec<_> = named.filter(is_left).collect();
    assert!(left.is_empty(), "{left:#?}");
}
