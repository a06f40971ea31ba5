//! Everything that is said of challenges, to those who take part.

use std::time::Duration;

use serde_json::{Value, json};

use super::Talk;
use crate::support::{Runner, Site};

/// Takes part in whatever happens in challenges, and gives back what was said on the runner's socket.
pub async fn said(site: &Site, runner: &Runner) -> Vec<Value> {
    let (root, friend) = (site.app.ensure_admin(None).await.unwrap(), site.runner("Toivo").await);
    let root = site.holder_of(root.expect("the first start's token").reveal()).await;
    let new = json!({ "name": "metres", "increase_permission": "own" });
    assert_eq!(site.post(&root, "/api/variables", new).await.status, 201);
    let mut phone = Talk::of(site).await;
    phone.ask("connect", json!({ "token": runner.token })).await;
    // Little time in all: whoever does not answer a ping is sent away.
    let seconds = |seconds: i64| site.clock.now().plus_millis(seconds * 1_000).to_string();
    let challenge = |by, whom: &Runner, starts_at: i64| {
        let new = json!({
            "title": "A hundred metres", "variable": "metres", "target": 100, "users": [whom.id],
            "starts_at": seconds(starts_at), "expires_at": seconds(starts_at + 1),
        });
        async move {
            let reply = site.post(by, "/api/challenges", new).await;
            assert_eq!(reply.status, 201, "{reply:?}");
            reply.header("location").to_owned()
        }
    };
    let word = |who, path: &str, word: &str| {
        let path = format!("{path}/{word}");
        async move { assert_eq!(site.post(who, &path, json!({})).await.status, 200) }
    };
    async fn hear(phone: &mut Talk, kind: &str) {
        phone.until(|line| line["push"]["pub"]["data"]["type"] == format!("challenge_{kind}")).await;
    }
    let theirs = challenge(&friend, runner, 0).await;
    hear(&mut phone, "invited").await;
    let own = challenge(runner, &friend, 0).await;
    word(&friend, &own, "reject").await;
    hear(&mut phone, "rejected").await;
    word(runner, &theirs, "accept").await;
    hear(&mut phone, "accepted").await;
    let path = format!("/increase_value/metres/{}", friend.id);
    assert_eq!(site.post(&friend, &path, json!({ "value": 150 })).await.status, 200);
    hear(&mut phone, "progress").await;
    hear(&mut phone, "finished").await;
    let cancelled = challenge(runner, &friend, 0).await;
    let request = site.ask(reqwest::Method::DELETE, &cancelled).bearer_auth(&runner.token);
    assert_eq!(crate::support::send(request).await.status, 204);
    hear(&mut phone, "cancelled").await;
    challenge(runner, &friend, 1).await;
    for kind in ["started", "expired"] {
        site.advance(Duration::from_secs(1)).await;
        site.app.do_duties().await.unwrap();
        hear(&mut phone, kind).await;
    }
    phone.said
}
