//! What sources contribute: absolute values, each of which counts once however often it is said.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Contribution, Outcome, ProgressFilter, Share, Source};
use crate::app::events::NewEvent;
use crate::app::users::{Caller, Identity};
use crate::app::{App, Settings, events, users};
use crate::backend::embedded::Embedded;
use crate::backend::{AggregateId, Replay, Since};
use crate::clock::Clock;
use crate::domain::achievement::VariableName;
use crate::domain::geo::Place;
use crate::domain::ids::{EventId, RunId};
use crate::domain::time::Timestamp;
use crate::domain::user::{Level, Visibility};

struct World {
    app: Arc<App>,
    root: Identity,
    aino: Identity,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Timestamp::parse("2026-11-21T09:00:00Z").unwrap());
        let store = Arc::new(Embedded::open(folder.path(), clock.clone()).unwrap());
        let app = App::new(store, clock, Settings::default());
        let [root, aino] = [("Root", Level::Admin), ("Aino", Level::User)].map(|(name, level)| {
            let app = app.clone();
            async move {
                let made = app.make_user(name.to_owned(), level, None, Visibility::Public).await;
                app.authenticate(made.unwrap().1.reveal()).await.unwrap()
            }
        });
        Self { root: root.await, aino: aino.await, app, _folder: folder }
    }

    async fn achievement(&self, document: Value) {
        let document = serde_json::from_value(document).unwrap();
        self.app.new_achievement(&self.root, document).await.unwrap();
    }

    async fn contribute(&self, contribution: Contribution) -> Outcome {
        self.app.contribute(&self.aino.user, contribution).await.unwrap()
    }

    /// What is kept of an aggregate's topic, oldest first.
    async fn told(&self, aggregate: AggregateId) -> Vec<Value> {
        let replay = self.app.backend.replay(&aggregate.topic(""), &Since::Oldest, 100).await.unwrap();
        let Replay::Changes { changes, .. } = replay else { panic!("nothing is lost") };
        changes.iter().map(|change| serde_json::from_slice(&change.payload).unwrap()).collect()
    }

    /// The value of the goal of each achievement.
    async fn sums(&self) -> Vec<Option<f64>> {
        let filter = ProgressFilter { achievement: None, history: 1, with_levels: false };
        let caller = Caller::User(self.aino.clone());
        let progress = self.app.progress(&caller, &self.aino.user, filter).await.unwrap();
        progress.iter().map(|it| it.goals[0].value).collect()
    }
}

fn goal(variable: &str, formula: &str) -> Value {
    json!({ "condition": { "term": { "type": "literal", "variable": variable } }, "goal": formula })
}

fn run(number: u128, version: u64, shares: &[(&str, f64)]) -> Contribution {
    let share = |(variable, value): &(&str, f64)| Share {
        variable: VariableName::parse(variable).unwrap(),
        key: String::new(),
        value: *value,
        at: Timestamp::parse("2026-11-21T08:00:00Z").unwrap(),
    };
    Contribution {
        source: Source::Run(RunId::from_u128(number)),
        version,
        shares: shares.iter().map(share).collect(),
        withheld: None,
        visited: BTreeSet::new(),
        event: None,
    }
}

#[tokio::test]
async fn what_a_source_has_come_to_counts_once() {
    let world = World::new().await;
    for (name, variable) in [("far", "distance_m"), ("often", "runs")] {
        world.achievement(json!({ "name": name, "goals": [goal(variable, "1000000")] })).await;
    }
    world.achievement(json!({ "name": "five", "maxlevel": 9, "goals": [goal("distance_m", "5000*level")] })).await;
    let finished = |version, metres| run(7, version, &[("runs", 1.0), ("distance_m", metres)]);
    let outcome = world.contribute(finished(3, 5_000.4)).await;
    assert_eq!(outcome.unlocked.len(), 1);
    for again in [finished(3, 5_000.4), finished(2, 99_000.0), run(7, 1, &[])] {
        assert_eq!(world.contribute(again).await, Outcome::default());
    }
    assert_eq!(world.sums().await[..2], [Some(5_000.4), Some(1.0)]);
    assert_eq!(world.contribute(run(8, 1, &[("runs", 1.0), ("distance_m", 2_000.0)])).await, Outcome::default());
    assert_eq!(world.sums().await[..2], [Some(7_000.4), Some(2.0)]);
    // A late fix, then a word that it does not count, then that it does.
    assert_eq!(world.contribute(finished(4, 9_000.0)).await.unlocked.len(), 1);
    let withheld = Contribution { withheld: Some("it was a car".into()), ..run(7, 5, &[]) };
    for _ in 0..2 {
        assert_eq!(world.contribute(withheld.clone()).await, Outcome::default());
    }
    assert_eq!(world.sums().await[..2], [Some(2_000.0), Some(1.0)]);
    assert_eq!(world.contribute(finished(6, 9_000.0)).await, Outcome::default(), "a level is reached once");
    // What is gone stays so, whatever comes late.
    for late in [run(7, u64::MAX, &[]), finished(7, 50_000.0)] {
        assert_eq!(world.contribute(late).await, Outcome::default());
        assert_eq!(world.sums().await[..2], [Some(2_000.0), Some(1.0)]);
    }
    assert_eq!(world.contribute(run(8, u64::MAX, &[])).await, Outcome::default());
    assert_eq!(world.sums().await[..2].iter().flatten().sum::<f64>(), 0.0);
    let told = world.told(users::aggregate(&world.aino.user)).await;
    let told: Vec<_> = told.iter().map(|change| (&change["type"], &change["run"], &change["reason"])).collect();
    let (unlocked, run) = (json!("unlocked"), json!(RunId::from_u128(7).to_string()));
    assert_eq!(told[..2], [(&unlocked, &run, &Value::Null), (&unlocked, &run, &Value::Null)]);
    assert_eq!(told[2..], [(&json!("run_withheld"), &run, &json!("it was a car"))]);
}

#[tokio::test]
async fn sources_that_come_together_go_in_one_commit() {
    let world = World::new().await;
    world.achievement(json!({ "name": "ten", "goals": [goal("runs", "10")] })).await;
    let before = world.app.metrics.commits.get();
    let all = (0..50).map(|number| run(number, 1, &[("runs", 1.0)])).collect();
    let outcome = world.app.contribute_all(&world.aino.user, all).await.unwrap();
    assert_eq!((outcome.unlocked.len(), world.sums().await[0]), (1, Some(10.0)));
    // The head, and all that follows.
    assert_eq!(world.app.metrics.commits.get() - before, 2);
}

#[tokio::test]
async fn nobody_counts_who_has_no_account() {
    let world = World::new().await;
    world.achievement(json!({ "name": "ten", "goals": [goal("runs", "1")] })).await;
    world.app.end_account(&world.aino, None, None).await.unwrap();
    assert_eq!(world.contribute(run(7, 1, &[("runs", 1.0)])).await, Outcome::default());
}

#[tokio::test]
async fn group_ones_are_told_to_those_who_watch_the_event() {
    let world = World::new().await;
    world.achievement(json!({ "name": "alone", "goals": [goal("runs", "1")] })).await;
    world.achievement(json!({ "name": "together", "relevance": "group", "goals": [goal("runs", "1")] })).await;
    let event = NewEvent {
        name: "Rotation".into(),
        description: String::new(),
        date: "2026-11-21".parse().unwrap(),
        time: "09:30:00".parse().unwrap(),
        zone: None,
        duration_s: None,
        private: false,
        start: Place::new(10.5, 20.5).unwrap(),
        destination: None,
        capacity: None,
        invite: Vec::new(),
    };
    let event = EventId::new(world.app.new_event(&world.root, event).await.unwrap().id).unwrap();
    let contribution = |number| Contribution { event: Some(event), ..run(number, 1, &[("runs", 1.0)]) };
    world.app.join_event(&world.aino, event).await.unwrap();
    let outcome = world.contribute(contribution(7)).await;
    assert_eq!(outcome.unlocked.len(), 2);
    world.app.carry_out_follow_ups().await.unwrap();
    let mut told = world.told(events::aggregate(event)).await;
    told.retain(|change| change["type"] == "achievement");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["user"], json!({ "id": world.aino.user.as_str(), "name": "Aino" }));
    assert_eq!((&told[0]["achievement"]["name"], &told[0]["achievement"]["level"]), (&json!("together"), &json!(1)));
}
