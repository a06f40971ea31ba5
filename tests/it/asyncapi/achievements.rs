//! Everything that is said of achievements, to those whom it concerns.

use reqwest::Method;
use runnity::app::friends::Word;
use runnity::app::runs::{NewRun, Transition};
use runnity::domain::fix::{Fix, Readings};
use runnity::domain::geo::Place;
use runnity::domain::ids::{RunId, UserId};
use runnity::domain::user::{Level, Visibility};
use serde_json::{Value, json};

use super::Talk;
use crate::events::{event, plan};
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
        "variables": [{"name": "laps", "leaderboard": true}],
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
        }, {
            "name": "together",
            "relevance": "group",
            "title": {"en": "Together"},
            "goals": [{"condition": {"term": {"type": "literal", "variable": "runs"}}, "goal": "1"}],
        }],
    });
    let put_in = site.ask(Method::PUT, "/api/catalogue").bearer_auth(&root.token).json(&file);
    assert_eq!(send(put_in).await.status, 200);
    let mut phone = Talk::of(site).await;
    phone.ask("connect", json!({ "token": runner.token })).await;
    phone.ask("subscribe", json!({ "channel": "leaderboard:laps" })).await;
    for (whose, value, told) in [(runner, 5, "message"), (runner, 5, "unlocked"), (&friend, 10, "friend_unlocked")] {
        let path = format!("/increase_value/laps/{}", whose.id);
        assert_eq!(site.post(&root, &path, json!({ "value": value })).await.status, 200);
        phone.until(|line| line["push"]["pub"]["data"]["type"] == told).await;
    }
    phone.until(|line| line["push"]["pub"]["data"]["type"] == "standings").await;
    run_in_event(site, runner, &root, &mut phone).await;
    phone.said
}

/// A run that those who watch the event hear of, and that an admin does not let count.
async fn run_in_event(site: &Site, runner: &Runner, root: &Runner, phone: &mut Talk) {
    let event = event(site, &root.identity, plan("Slow run")).await;
    phone.ask("subscribe", json!({ "channel": format!("event:{event}") })).await;
    site.app.join_event(&runner.identity, event).await.unwrap();
    // It is on once its creator says so.
    site.app.start_event(&root.identity, event).await.unwrap();
    let new = NewRun { event: Some(event), ..NewRun::default() };
    let run = site.app.new_run(&runner.identity, new).await.unwrap().id;
    let run = RunId::parse(&run).unwrap();
    let fix = |seconds_ago: i64, latitude: f64| {
        let at = site.clock.now().plus_millis(-1_000 * seconds_ago);
        Fix::new(at, Place::new(latitude, 24.9).unwrap(), Readings::default()).unwrap()
    };
    site.app.record(&runner.identity, run, vec![fix(60, 60.0), fix(0, 60.0015)], None).await.unwrap();
    site.app.transition(&runner.identity, run, Transition::Finish).await.unwrap();
    phone.until(|line| line["push"]["pub"]["data"]["type"] == "achievement").await;
    let effect = site.ask(Method::PUT, &format!("/api/runs/{run}/effect")).bearer_auth(&root.token);
    let withheld = effect.json(&json!({ "withheld": true, "reason": "This was the bus." }));
    assert_eq!(send(withheld).await.status, 200);
    phone.until(|line| line["push"]["pub"]["data"]["type"] == "run_withheld").await;
}
