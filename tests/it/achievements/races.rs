//! Values that move at once on two instances, are sent again, or meet a crash.

use futures::StreamExt as _;
use futures::future::join_all;
use futures::stream;
use reqwest::Method;
use runnity::app::achievements::{Outcome, ProgressFilter};
use runnity::app::{App, AppError, Settings};
use runnity::backend::{AggregateId, Replay, Since};
use serde_json::{Value, json};

use super::lossy::Lossy;
use super::world::{achievement, admin, befriend, by, goal, increased, levels, told, user, value, variables};
use crate::support::{Runner, Site, StoreKind, on_each_store, send, within};

on_each_store!(
    a_level_is_reached_once_by_two_instances,
    a_replayed_increase_answers_the_same,
    lost_answers_lose_and_double_nothing,
    what_a_dead_instance_left_is_told_by_another,
    account_that_ends_takes_no_increase,
);

/// What the user's own topic keeps, oldest first.
async fn kept(site: &Site, runner: &Runner) -> Vec<Value> {
    let topic = AggregateId::new("user", &runner.id).topic("");
    match site.app.backend.replay(&topic, &Since::Oldest, 1_000).await.unwrap() {
        Replay::Changes { changes, .. } => {
            changes.iter().map(|change| serde_json::from_slice(&change.payload).unwrap()).collect()
        }
        Replay::Lost { .. } => panic!("nothing is lost"),
    }
}

/// The value of the only goal of the achievement of this name.
async fn sum(site: &Site, runner: &Runner, name: &str) -> f64 {
    let filter = ProgressFilter { achievement: None, history: 1, with_levels: false };
    let progress = site.app.progress(&by(runner), &user(runner), filter).await.unwrap();
    let of_name = progress.iter().find(|it| it.achievement.name == name).unwrap();
    of_name.goals[0].value.unwrap_or_default()
}

async fn a_level_is_reached_once_by_two_instances(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    variables(&site, &root, &["laps"]).await;
    let rounds = json!({ "name": "rounds", "maxlevel": 9, "goals": [goal("laps", "50*level")] });
    achievement(&site, &root, rounds).await;
    achievement(&site, &root, json!({ "name": "sum", "goals": [goal("laps", "1000000")] })).await;
    crate::support::until(|| other.app.rules().all().count() == 2).await;

    // Each of 500 values is sent to both instances, by a client that is not sure.
    let outcomes = stream::iter(0..1_000).map(|number| {
        let (app, aino) = ([&site, &other][number % 2].app.clone(), &aino);
        async move {
            let key = format!("value {}", number / 2);
            let caller = by(aino);
            let increase = || app.increase(&caller, &aino.identity.user, value("laps", 1.0), Some(&key));
            loop {
                match increase().await {
                    Err(AppError::Busy) => tokio::task::yield_now().await,
                    outcome => return outcome.unwrap(),
                }
            }
        }
    });
    let outcomes: Vec<Outcome> = within(outcomes.buffer_unordered(200).collect()).await;
    assert_eq!(sum(&site, &aino, "sum").await, 500.0);
    let mut reached: Vec<u32> =
        outcomes.iter().flat_map(|it| &it.unlocked).flat_map(|it| it.new_levels.keys().copied()).collect();
    reached.sort_unstable();
    // Both who sent the value that has brought it are told.
    let twice = |level: u32| [level, level];
    assert_eq!(reached, (1..=9).flat_map(twice).collect::<Vec<_>>());
    let told = kept(&site, &aino).await;
    let told = told.iter().filter(|change| change["type"] == "unlocked");
    let told: Vec<_> = told.map(|change| change["achievement"]["level"].as_u64().unwrap()).collect();
    assert_eq!(told, (1..=9).collect::<Vec<_>>());
}

async fn a_replayed_increase_answers_the_same(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let (root, aino, eero) = (admin(&site).await, site.runner("Aino").await, site.runner("Eero").await);
    variables(&site, &root, &["laps"]).await;
    achievement(&site, &root, json!({ "name": "rounds", "maxlevel": 5, "goals": [goal("laps", "5*level")] })).await;
    achievement(&site, &root, json!({ "name": "sum", "goals": [goal("laps", "1000000")] })).await;
    let (one, two) = (site.app.clone(), other.app.clone());
    let increase = |app: std::sync::Arc<App>, who: &Runner, by_much: f64| {
        let who = who.identity.clone();
        async move {
            let caller = runnity::app::users::Caller::User(who.clone());
            app.increase(&caller, &who.user, value("laps", by_much), Some("once")).await
        }
    };
    let first = increase(one.clone(), &aino, 5.0).await.unwrap();
    assert_eq!(levels(&first), [("rounds", vec![1])]);
    for app in [one.clone(), two] {
        assert_eq!(increase(app, &aino, 5.0).await.unwrap(), first);
    }
    let another = increase(one.clone(), &aino, 6.0).await;
    assert!(matches!(&another, Err(AppError::KeyReused)), "{another:?}");
    assert_eq!(sum(&site, &aino, "sum").await, 5.0);
    // Another's key is another key.
    assert_eq!(levels(&increase(one, &eero, 5.0).await.unwrap()), [("rounds", vec![1])]);
    let by_root = site.app.increase(&by(&root), &user(&aino), value("laps", 5.0), Some("once")).await.unwrap();
    assert_eq!(levels(&by_root), [("rounds", vec![2])]);
}

async fn lost_answers_lose_and_double_nothing(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    variables(&site, &root, &["laps"]).await;
    achievement(&site, &root, json!({ "name": "rounds", "maxlevel": 4, "goals": [goal("laps", "5*level")] })).await;
    achievement(&site, &root, json!({ "name": "sum", "goals": [goal("laps", "1000000")] })).await;
    let app = App::new(Lossy::on(site.store.open().await), site.clock.clone(), Settings::default());
    let mut reached = Vec::new();
    for number in 0..20 {
        let key = format!("value {number}");
        // The phone sends it until it is answered.
        let outcome = loop {
            match app.increase(&by(&aino), &aino.identity.user, value("laps", 1.0), Some(&key)).await {
                Err(AppError::Unavailable) => {}
                outcome => break outcome.unwrap(),
            }
        };
        reached.extend(levels(&outcome).into_iter().flat_map(|(_, levels)| levels));
    }
    assert_eq!((reached, sum(&site, &aino, "sum").await), (vec![1, 2, 3, 4], 20.0));
    let told = kept(&site, &aino).await;
    assert_eq!(told.iter().filter(|change| change["type"] == "unlocked").count(), 4);
}

async fn what_a_dead_instance_left_is_told_by_another(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino, eero) = (admin(&site).await, site.runner("Aino").await, site.runner("Eero").await);
    variables(&site, &root, &["laps"]).await;
    achievement(&site, &root, json!({ "name": "first", "goals": [goal("laps", "1")] })).await;
    befriend(&site, &aino, &eero).await;
    let (mut client, _) = site.connected(&eero).await;
    // It commits, and never gets to what follows.
    let dying = site.idle_app().await;
    let outcome = dying.increase(&by(&aino), &user(&aino), value("laps", 1.0), None).await.unwrap();
    assert_eq!(levels(&outcome), [("first", vec![1])]);
    drop(dying);
    within(site.app.carry_out_follow_ups()).await.unwrap();
    within(site.app.carry_out_follow_ups()).await.unwrap();
    let heard = told(&mut client, &eero, "friend_unlocked").await;
    assert_eq!((&heard["user"]["id"], &heard["achievement"]["name"]), (&json!(aino.id), &json!("first")));
    let kept = kept(&site, &eero).await;
    assert_eq!(kept.iter().filter(|change| change["type"] == "friend_unlocked").count(), 1);
}

async fn account_that_ends_takes_no_increase(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    variables(&site, &root, &["laps"]).await;
    achievement(&site, &root, json!({ "name": "rounds", "maxlevel": 90, "goals": [goal("laps", "level")] })).await;
    increased(&site, &aino, "laps", 1.0).await;
    let increase = |site: &Site, number: usize| {
        let (app, root, user) = (site.app.clone(), by(&root), user(&aino));
        async move { app.increase(&root, &user, value("laps", 1.0), Some(&format!("value {number}"))).await }
    };
    // All instances know the account and its progress.
    increase(&other, 0).await.unwrap();
    let increases = (1..200).map(|number| increase([&site, &other][number % 2], number));
    let ends =
        async { send(site.ask(Method::DELETE, "/api/users/me").bearer_auth(&aino.token).json(&json!({}))).await };
    let (outcomes, ended) = within(async { tokio::join!(join_all(increases), ends) }).await;
    assert_eq!(ended.status, 204, "{ended:?}");
    for outcome in outcomes {
        let fine = matches!(outcome, Ok(_) | Err(AppError::NotFound("user") | AppError::Busy));
        assert!(fine, "{outcome:?}");
    }
    for (number, site) in [(900, &site), (901, &other)] {
        let refused = increase(site, number).await;
        assert!(matches!(refused, Err(AppError::NotFound("user"))), "{refused:?}");
    }
    site.advance(std::time::Duration::from_secs(600)).await;
    within(site.app.act_on_due(site.clock.now())).await.unwrap();
    let (Site { app, instance, .. }, id) = (other, aino.id.clone());
    drop(app);
    instance.shutdown().await;
    let dump = site.dump().await;
    let left: Vec<_> = dump.iter().filter(|line| line.contains(&id) && line.contains("progress")).collect();
    assert!(left.is_empty(), "{left:?}");
}
