//! What moves a value, what it costs, and what happens when the rules change.

use runnity::app::achievements::{Change, Import, Increase, NewDevice, Outcome, ProgressFilter};
use runnity::app::users::Caller;
use runnity::app::{App, AppError, Settings};
use runnity::domain::achievement::AchievementId;
use runnity::domain::ids::UserId;
use serde_json::{Value, json};

use super::counted::{Counted, Counts};
use super::world::{achievement, admin, by, goal, increased, levels, try_increase, user, value, variables};
use crate::support::{Runner, Site, StoreKind, on_each_store};

on_each_store!(
    a_value_brings_levels_with_what_they_give,
    all_values_of_a_call_count_or_none,
    values_are_for_their_owners_and_admins_to_move,
    what_cannot_be_counted_is_refused,
    an_increase_reads_and_writes_two_documents,
    changed_rule_counts_the_past,
    levels_are_not_revoked,
    progress_is_for_those_who_may_see_it,
    devices_are_told_apart_by_their_ids,
    another_instance_goes_by_new_rules_soon,
);

async fn a_value_brings_levels_with_what_they_give(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    variables(&site, &root, &["laps"]).await;
    let id = achievement(
        &site,
        &root,
        json!({
            "name": "rounds", "category": "track", "maxlevel": 3, "title": { "en": "Rounds" },
            "goals": [goal("laps", "5*level")],
            "properties": [{ "name": "points", "value": "100*level" }, { "name": "badge", "value": "gold ${level}", "from_level": 3 }],
        }),
    )
    .await;

    assert_eq!(increased(&site, &aino, "laps", 4.0).await, Outcome::default());
    let outcome = increased(&site, &aino, "laps", 7.0).await;
    assert_eq!(levels(&outcome), [("rounds", vec![1, 2])]);
    let unlocked = &outcome.unlocked[0];
    assert_eq!(
        (unlocked.achievement.id, unlocked.achievement.level, &*unlocked.achievement.category),
        (id, 2, "track")
    );
    assert_eq!(unlocked.achievement.title["en"], "Rounds");
    let gained = serde_json::to_value(&unlocked.new_levels[&2].properties).unwrap();
    let gained: Vec<_> = gained.as_object().unwrap().values().cloned().collect();
    assert_eq!((gained.len(), &gained[0]["name"], &gained[0]["value"]), (1, &json!("points"), &json!(200)));
    assert_eq!(increased(&site, &aino, "laps", 1.0).await, Outcome::default());
    let outcome = increased(&site, &aino, "laps", 1e6).await;
    assert_eq!(levels(&outcome), [("rounds", vec![3])]);
    assert_eq!(outcome.unlocked[0].levels_achieved.len(), 3);
    let level_of = |id: u64, level| site.app.level_of(&Caller::Anonymous, AchievementId::new(id).unwrap(), level);
    let last = level_of(id, 3).await.unwrap();
    assert_eq!(last.properties, outcome.unlocked[0].new_levels[&3].properties);
    let beyond = level_of(id, 4).await.unwrap();
    assert!(beyond.properties.is_empty() && beyond.rewards.is_empty());
    assert!(matches!(level_of(id, 0).await, Err(AppError::Invalid { .. })));
    assert!(matches!(level_of(999, 1).await, Err(AppError::NotFound(_))));
}

async fn all_values_of_a_call_count_or_none(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    variables(&site, &root, &["laps", "jumps"]).await;
    for name in ["laps", "jumps"] {
        achievement(&site, &root, json!({ "name": format!("of_{name}"), "goals": [goal(name, "10")] })).await;
    }
    let both = |laps: f64, jumps: f64| [value("laps", laps), value("jumps", jumps)].concat();
    let caller = by(&aino);
    let increase = |values| site.app.increase(&caller, &aino.identity.user, values, None);
    let beyond = increase(both(10.0, f64::INFINITY)).await;
    assert!(matches!(beyond, Err(AppError::Invalid { .. })), "{beyond:?}");
    assert!(matches!(
        increase([both(10.0, 1.0), value("tea", 1.0)].concat()).await,
        Err(AppError::NotFound("variable"))
    ));
    assert_eq!(increased(&site, &aino, "laps", 0.0).await, Outcome::default());
    let outcome = increase(both(10.0, 10.0)).await.unwrap();
    let mut unlocked = levels(&outcome);
    unlocked.sort_unstable();
    assert_eq!(unlocked, [("of_jumps", vec![1]), ("of_laps", vec![1])]);
}

async fn values_are_for_their_owners_and_admins_to_move(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino, eero) = (admin(&site).await, site.runner("Aino").await, site.runner("Eero").await);
    variables(&site, &root, &["laps"]).await;
    let document = serde_json::from_value(json!({ "name": "praise", "increase_permission": "admin" })).unwrap();
    site.app.new_variable(&root.identity, document).await.unwrap();
    let nobody = UserId::parse("nobody").unwrap();
    let increase = |who: Caller, whose: UserId, what: &'static str| {
        let app = site.app.clone();
        async move { app.increase(&who, &whose, value(what, 1.0), None).await }
    };
    let (aino_id, eero_id) = (user(&aino), user(&eero));
    assert!(increase(by(&aino), aino_id.clone(), "laps").await.is_ok());
    assert!(increase(by(&root), aino_id.clone(), "laps").await.is_ok());
    assert!(increase(by(&root), aino_id.clone(), "praise").await.is_ok());
    assert!(matches!(increase(by(&aino), aino_id.clone(), "praise").await, Err(AppError::Forbidden)));
    assert!(matches!(increase(by(&aino), eero_id.clone(), "laps").await, Err(AppError::Forbidden)));
    assert!(matches!(increase(by(&aino), nobody.clone(), "laps").await, Err(AppError::NotFound("user"))));
    assert!(matches!(increase(by(&root), nobody, "laps").await, Err(AppError::NotFound("user"))));
    assert!(matches!(increase(Caller::Anonymous, aino_id.clone(), "laps").await, Err(AppError::Unauthenticated)));
    // Who is blocked does not learn that there is such a user.
    let blocked = json!({ "state": "blocked" });
    let path = format!("/api/friends/{}", aino.id);
    let reply = site.ask(reqwest::Method::PUT, &path).bearer_auth(&eero.token).json(&blocked);
    assert!(crate::support::send(reply).await.status < 300);
    assert!(matches!(increase(by(&aino), eero_id, "laps").await, Err(AppError::NotFound("user"))));
}

async fn what_cannot_be_counted_is_refused(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    variables(&site, &root, &["laps"]).await;
    achievement(&site, &root, json!({ "name": "any", "goals": [goal("laps", "1")] })).await;
    let refused = |values: Vec<Increase>| {
        let (app, who) = (site.app.clone(), aino.identity.clone());
        async move {
            let user = who.user.clone();
            let refused = app.increase(&Caller::User(who), &user, values, None).await;
            assert!(matches!(refused, Err(AppError::Invalid { .. })), "{refused:?}");
        }
    };
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 9_007_199_254_740_994.0, -1e300] {
        refused(value("laps", bad)).await;
    }
    let keyed = |key: String| vec![Increase { variable: "laps".into(), key, value: 1.0 }];
    refused(keyed("k".repeat(101))).await;
    refused(keyed("\u{0}".to_owned())).await;
    refused(vec![value("laps", 1.0).remove(0); 101]).await;
    // The sum stays exact.
    increased(&site, &aino, "laps", 9_007_199_254_740_990.0).await;
    refused(value("laps", 5.0)).await;
    assert_eq!(increased(&site, &aino, "laps", 1.0).await, Outcome::default(), "nothing was written");
    let name = "increases_that_are_none";
    assert!(matches!(try_increase(&site, &aino, name, 1.0).await, Err(AppError::NotFound("variable"))));
}

async fn an_increase_reads_and_writes_two_documents(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    variables(&site, &root, &["laps", "jumps"]).await;
    let catalogue = |from: usize, until: usize| {
        let one =
            |number| json!({ "name": format!("j{number}"), "goals": [goal("jumps", &format!("{number}+level"))] });
        let achievements: Vec<Value> = (from..until).map(one).collect();
        serde_json::from_value(json!({ "version": 1, "achievements": achievements })).unwrap()
    };
    achievement(&site, &root, json!({ "name": "rounds", "goals": [goal("laps", "1000")] })).await;
    let (mut seen, caller) = (Vec::new(), by(&aino));
    for (from, until) in [(0, 10), (10, 1_990)] {
        site.app.import_catalogue(&root.identity, catalogue(from, until), Import::Add, None).await.unwrap();
        let store = Counted::on(site.store.open().await);
        let app = App::new(store.clone(), site.clock.clone(), Settings::default());
        let increase = || app.increase(&caller, &aino.identity.user, value("laps", 1.0), None);
        increase().await.unwrap();
        store.take();
        for _ in 0..3 {
            increase().await.unwrap();
        }
        seen.push(store.take());
    }
    let counts = &seen[0];
    assert_eq!((counts.commits.len(), counts.read.len(), counts.put.len()), (3, 6, 6), "{counts:?}");
    assert_eq!(counts.read, counts.put);
    let cost = |counts: &Counts| (counts.commits.len(), counts.read.clone(), counts.put.clone());
    assert_eq!(cost(&seen[0]), cost(&seen[1]), "with 2,000 achievements as with 10");
}

async fn changed_rule_counts_the_past(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    variables(&site, &root, &["laps", "other"]).await;
    for key in ["a", "b"] {
        let laps = vec![Increase { variable: "laps".into(), key: key.into(), value: 6.0 }];
        assert_eq!(site.app.increase(&by(&aino), &user(&aino), laps, None).await.unwrap(), Outcome::default());
    }
    // Written after the fact: the next value finds it reached by what was before.
    let id = achievement(&site, &root, json!({ "name": "all", "goals": [goal("laps", "12")] })).await;
    let evaluated = site.app.evaluate(&user(&aino)).await.unwrap();
    assert_eq!(levels(&evaluated), [("all", vec![1])]);
    assert_eq!(site.app.evaluate(&user(&aino)).await.unwrap(), Outcome::default());
    // One that counts otherwise is counted anew, from the same values.
    let mut document = site.app.achievement(&root.identity, id).await.unwrap().document;
    document.maxlevel = 2;
    document.goals[0].condition = serde_json::from_value(
        json!({ "term": { "type": "literal", "variable": "laps", "key": ["b"], "key_operator": "IN" } }),
    )
    .unwrap();
    document.goals[0].goal = Some("7*(level-1)".into());
    site.app.change_achievement(&root.identity, id, Change::Whole(document), None).await.unwrap();
    assert_eq!(increased(&site, &aino, "laps", 1.0).await, Outcome::default(), "b has 6 of 7");
    let laps = vec![Increase { variable: "laps".into(), key: "b".into(), value: 1.0 }];
    let outcome = site.app.increase(&by(&aino), &user(&aino), laps, None).await.unwrap();
    assert_eq!(levels(&outcome), [("all", vec![2])]);
}

async fn levels_are_not_revoked(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    variables(&site, &root, &["laps"]).await;
    achievement(&site, &root, json!({ "name": "rounds", "maxlevel": 2, "goals": [goal("laps", "5*level")] })).await;
    assert_eq!(levels(&increased(&site, &aino, "laps", 6.0).await), [("rounds", vec![1])]);
    assert_eq!(increased(&site, &aino, "laps", -6.0).await, Outcome::default());
    assert_eq!(increased(&site, &aino, "laps", 6.0).await, Outcome::default(), "it is reached once");
    let progress = progress(&site, &by(&aino), &aino).await;
    assert_eq!(
        (progress[0]["achievement"]["level"].clone(), progress[0]["goals"][0]["value"].clone()),
        (json!(1), json!(6.0))
    );
    assert_eq!(levels(&increased(&site, &aino, "laps", 4.0).await), [("rounds", vec![2])]);
}

async fn progress(site: &Site, who: &Caller, whose: &Runner) -> Vec<Value> {
    try_progress(site, who, whose).await.unwrap()
}

async fn try_progress(site: &Site, who: &Caller, whose: &Runner) -> Result<Vec<Value>, AppError> {
    let filter = ProgressFilter { achievement: None, history: 1, with_levels: false };
    let found = site.app.progress(who, &user(whose), filter).await?;
    Ok(found.iter().map(|it| serde_json::to_value(it).unwrap()).collect())
}

async fn progress_is_for_those_who_may_see_it(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino, eero) = (admin(&site).await, site.runner("Aino").await, site.runner("Eero").await);
    variables(&site, &root, &["laps"]).await;
    achievement(&site, &root, json!({ "name": "open", "goals": [goal("laps", "5")] })).await;
    achievement(&site, &root, json!({ "name": "own", "view": "own", "goals": [goal("laps", "5")] })).await;
    achievement(&site, &root, json!({ "name": "secret", "hidden": true, "goals": [goal("laps", "9")] })).await;
    increased(&site, &aino, "laps", 5.0).await;
    let names = |found: Vec<Value>| {
        found.iter().map(|it| it["achievement"]["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(progress(&site, &by(&aino), &aino).await), ["open", "own"]);
    assert_eq!(names(progress(&site, &by(&root), &aino).await), ["open", "own", "secret"]);
    assert_eq!(names(progress(&site, &by(&eero), &aino).await), ["open"]);
    assert!(matches!(try_progress(&site, &Caller::Anonymous, &aino).await, Err(AppError::Unauthenticated)));
    increased(&site, &aino, "laps", 5.0).await;
    assert_eq!(names(progress(&site, &by(&eero), &aino).await), ["open", "secret"]);
    let change = |visibility: &'static str| {
        let asked = site.ask(reqwest::Method::PATCH, "/api/users/me").bearer_auth(&aino.token);
        crate::support::send(asked.json(&json!({ "visibility": visibility })))
    };
    for hidden in ["friends", "private"] {
        assert_eq!(change(hidden).await.status, 200);
        assert!(matches!(try_progress(&site, &by(&eero), &aino).await, Err(AppError::Forbidden)), "{hidden}");
    }
    assert_eq!(change("friends").await.status, 200);
    super::world::befriend(&site, &aino, &eero).await;
    assert_eq!(names(progress(&site, &by(&eero), &aino).await), ["open", "secret"]);
    // One who has never done anything has come nowhere.
    let found = progress(&site, &by(&eero), &eero).await;
    assert_eq!((found.len(), found[0]["achievement"]["level"].clone()), (2, json!(0)));
}

async fn devices_are_told_apart_by_their_ids(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let device = |id: &str| NewDevice {
        device_id: id.to_owned(),
        push_id: "push".into(),
        device_os: "iOS".into(),
        app_version: "1.1".into(),
    };
    for id in ["one", "two", "one"] {
        site.app.register_device(&aino.identity, &user(&aino), device(id)).await.unwrap();
    }
    let refused = site.app.register_device(&eero.identity, &user(&aino), device("three")).await;
    assert!(matches!(refused, Err(AppError::Forbidden)));
    for bad in ["", "a\u{7}", &"x".repeat(256)] {
        let refused = site.app.register_device(&aino.identity, &user(&aino), device(bad)).await;
        assert!(matches!(refused, Err(AppError::Invalid { .. })), "{bad:?}");
    }
    for number in 0..25 {
        site.app.register_device(&aino.identity, &user(&aino), device(&format!("d{number}"))).await.unwrap();
    }
    let dump = site.dump().await;
    let known: Vec<_> = dump.iter().filter(|line| line.contains("progress/devices")).collect();
    assert!(known.iter().any(|line| line.contains("d24")), "{known:?}");
}

async fn another_instance_goes_by_new_rules_soon(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    variables(&site, &root, &["laps"]).await;
    increased(&other, &aino, "laps", 4.0).await;
    let id = achievement(&site, &root, json!({ "name": "five", "goals": [goal("laps", "5")] })).await;
    crate::support::until(|| other.app.rules().achievement(AchievementId::new(id).unwrap()).is_some()).await;
    assert_eq!(levels(&increased(&other, &aino, "laps", 1.0).await), [("five", vec![1])]);
    site.app.delete_achievement(&root.identity, id, None).await.unwrap();
    crate::support::until(|| other.app.rules().achievement(AchievementId::new(id).unwrap()).is_none()).await;
    assert_eq!(increased(&other, &aino, "laps", 1.0).await, Outcome::default());
}
