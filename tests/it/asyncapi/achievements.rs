//! Everything that is said of achievements, to those whom it concerns.

use reqwest::Method;
use runnity::app::friends::Word;
use runnity::domain::ids::UserId;
use runnity::domain::user::{Level, Visibility};
use serde_json::{Value, json};

use super::Talk;
use crate::support::{Runner, Site, send};

/// Reaches what can be reached, and gives back what was said on the runner's socket.
pub async fn said(site: &Site, runner: &Runner) -> Vec<Value> {
    let root = site.app.make_user("Root".to_owned(), Level::Admin, None, Visibility::Private).await.unwrap();
    let root = site.holder_of(root.1.reveal()).await;
    let friend = site.runner("Ukko").await;
    let (own, other) = (UserId::parse(&runner.id).unwrap(), UserId::parse(&friend.id).unwrap());
    for (identity, whom, word) in [(&runner.identity, &other, Word::Ask), (&friend.identity, &own, Word::Accept)] {
        site.app.say_of_friend(identity, whom, word, None).await.unwrap();
    }
    let file = json!({
        "version": 1,
        "variables": [{"name": "laps"}],
        "rewards": [{"name": "badge"}],
        "achievements": [{
            "name": "ten_laps",
            "title": {"en": "Ten laps"},
            "goals": [{
                "condition": {"term": {"type": "literal", "variable": "laps"}},
                "goal": "10*level",
                "triggers": [{"steps": [{"condition_percentage": 50, "text": {"en": "Half of it"}}]}],
            }],
            "properties": [{"name": "xp", "value": "5*level"}],
            "rewards": [{"reward": "badge", "value": "lap-${level}", "translations": {"en": "${level} of them"}}],
        }],
    });
    let put_in = site.ask(Method::PUT, "/api/catalogue").bearer_auth(&root.token).json(&file);
    assert_eq!(send(put_in).await.status, 200);
    let mut phone = Talk::of(site).await;
    phone.ask("connect", json!({ "token": runner.token })).await;
    for (whose, value, told) in [(runner, 5, "message"), (runner, 5, "unlocked"), (&friend, 10, "friend_unlocked")] {
        let path = format!("/increase_value/laps/{}", whose.id);
        assert_eq!(site.post(&root, &path, json!({ "value": value })).await.status, 200);
        phone.until(|line| line["push"]["pub"]["data"]["type"] == told).await;
    }
    phone.said
}
