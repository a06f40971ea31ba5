//! Days, weeks and months turn where the user is.

use std::time::Duration;

use reqwest::Method;
use runnity::app::achievements::Increase;
use runnity::app::users::Caller;
use runnity::domain::ids::UserId;
use runnity::domain::time::Timestamp;
use serde_json::json;

use super::authoring::{admin, ask};
use crate::support::{Runner, Site, StoreKind, on_each_store, within};

on_each_store!(
    days_and_weeks_turn_in_the_zone,
    an_achievements_own_zone_is_that_of_all_its_users,
    who_moves_reaches_no_day_twice,
    what_there_was_is_counted_where_the_user_is_now,
    a_timespan_forgets_at_midnight,
);

/// Name, evaluation, zone, timespan in days, goal.
type Written = (&'static str, &'static str, Option<&'static str>, Option<u32>, &'static str);

/// A site with a variable that users move themselves, and achievements that count it.
async fn site_with(kind: StoreKind, achievements: &[Written]) -> Site {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let laps = json!({"name": "laps", "increase_permission": "own"});
    assert_eq!(ask(&site, &root, Method::POST, "/api/variables", &laps).await.status, 201);
    for (name, evaluation, time_zone, timespan_days, goal) in achievements {
        let condition = json!({"term": {"type": "literal", "variable": "laps"}});
        let goal = json!({"condition": condition, "goal": goal, "timespan_days": timespan_days});
        let document = json!({
            "name": name, "evaluation": evaluation, "time_zone": time_zone, "maxlevel": 10, "goals": [goal]
        });
        let made = ask(&site, &root, Method::POST, "/api/achievements", &document).await;
        assert_eq!(made.status, 201, "{}", made.json());
    }
    site
}

async fn lives_in(site: &Site, runner: &Runner, zone: &str) {
    let changed = ask(site, runner, Method::PATCH, "/api/users/me", &json!({ "time_zone": zone })).await;
    assert_eq!(changed.status, 200, "{zone}");
}

async fn wait_until(site: &Site, moment: &str) {
    let millis = Timestamp::parse(moment).unwrap().as_millis() - site.clock.now().as_millis();
    site.advance(Duration::from_millis(u64::try_from(millis).unwrap())).await;
}

/// What so many laps bring: `name level period`.
async fn laps(site: &Site, runner: &Runner, value: f64) -> Vec<String> {
    let (by, user) = (Caller::User(runner.identity.clone()), UserId::parse(&runner.id).unwrap());
    let increase = Increase { variable: "laps".to_owned(), key: String::new(), value };
    let outcome = within(site.app.increase(&by, &user, vec![increase], None)).await.unwrap();
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    let told = outcome.unlocked.iter().map(|it| {
        let achievement = &it.achievement;
        format!("{} {} {}", achievement.name, achievement.level, achievement.period.as_deref().unwrap_or("-"))
    });
    told.collect()
}

async fn days_and_weeks_turn_in_the_zone(kind: StoreKind) {
    let site =
        site_with(kind, &[("day", "daily", None, None, "level"), ("week", "weekly", None, None, "2*level")]).await;
    // The last second of a day; where that is so, when the day began, and when the next one does.
    for (before, places) in [
        ("2026-11-21T18:29:59Z", &[("Asia/Kolkata", "2026-11-20T18:30:00.000Z", "2026-11-21T18:30:00.000Z")][..]),
        ("2026-11-22T10:59:59Z", &[("Pacific/Apia", "2026-11-21T11:00:00.000Z", "2026-11-22T11:00:00.000Z")]),
        ("2026-11-22T21:59:59Z", &[("Europe/Helsinki", "2026-11-21T22:00:00.000Z", "2026-11-22T22:00:00.000Z")]),
        (
            "2027-03-28T20:59:59Z",
            &[
                // A day of 23 hours.
                ("Europe/Helsinki", "2027-03-27T22:00:00.000Z", "2027-03-28T21:00:00.000Z"),
                // Another, whose first hour is the one that is left out.
                ("Asia/Beirut", "2027-03-27T22:00:00.000Z", "2027-03-28T21:00:00.000Z"),
            ],
        ),
        // A day of 25 hours, whose first hour comes twice.
        ("2027-11-08T04:59:59Z", &[("America/Havana", "2027-11-07T04:00:00.000Z", "2027-11-08T05:00:00.000Z")]),
    ] {
        wait_until(&site, before).await;
        let mut runners = Vec::new();
        for (zone, start, _) in places {
            let runner = site.runner(&format!("{zone} {before}")).await;
            lives_in(&site, &runner, zone).await;
            assert_eq!(laps(&site, &runner, 1.0).await, [format!("day 1 {start}")], "{zone} {before}");
            assert_eq!(laps(&site, &runner, 0.5).await, [""; 0], "{zone} {before}");
            runners.push(runner);
        }
        site.advance(Duration::from_secs(1)).await;
        for ((zone, _, next), runner) in places.iter().zip(&runners) {
            let mut expected = vec![format!("day 1 {next}")];
            if *zone == "Asia/Kolkata" {
                // From Saturday to Sunday: both are days of one week. All others went to a Monday.
                expected.push("week 1 2026-11-15T18:30:00.000Z".to_owned());
            }
            assert_eq!(laps(&site, runner, 1.0).await, expected, "{zone} {next}");
        }
    }
}

async fn an_achievements_own_zone_is_that_of_all_its_users(kind: StoreKind) {
    let site = site_with(kind, &[("day", "daily", Some("Asia/Kolkata"), None, "level")]).await;
    let (here, there) = (site.runner("Here").await, site.runner("There").await);
    lives_in(&site, &here, "Europe/Helsinki").await;
    lives_in(&site, &there, "Pacific/Apia").await;
    for (moment, start) in [
        ("2026-11-21T18:29:59Z", "day 1 2026-11-20T18:30:00.000Z"),
        ("2026-11-21T18:30:00Z", "day 1 2026-11-21T18:30:00.000Z"),
    ] {
        wait_until(&site, moment).await;
        for runner in [&here, &there] {
            assert_eq!(laps(&site, runner, 1.0).await, [start], "{moment}");
        }
    }
}

async fn who_moves_reaches_no_day_twice(kind: StoreKind) {
    let site = site_with(kind, &[("day", "daily", None, None, "level")]).await;
    let aino = site.runner("Aino").await;
    wait_until(&site, "2026-11-22T12:00:00Z").await;
    assert_eq!(laps(&site, &aino, 1.0).await, ["day 1 2026-11-22T00:00:00.000Z"]);
    // The same date, wherever its midnight was.
    for zone in ["Europe/Helsinki", "America/New_York", "Asia/Kolkata"] {
        lives_in(&site, &aino, zone).await;
        assert_eq!(laps(&site, &aino, 0.1).await, [""; 0], "{zone}");
    }
    // In Kiritimati it is tomorrow, and has been since ten o'clock: all of it was there.
    lives_in(&site, &aino, "Pacific/Kiritimati").await;
    assert_eq!(laps(&site, &aino, 1.0).await, ["day 2 2026-11-22T10:00:00.000Z"]);
}

async fn what_there_was_is_counted_where_the_user_is_now(kind: StoreKind) {
    let site = site_with(kind, &[("day", "daily", None, None, "3*level")]).await;
    let aino = site.runner("Aino").await;
    // Yesterday evening in UTC, this morning in Helsinki.
    wait_until(&site, "2026-11-21T22:30:00Z").await;
    assert_eq!(laps(&site, &aino, 2.0).await, [""; 0]);
    wait_until(&site, "2026-11-22T12:00:00Z").await;
    assert_eq!(laps(&site, &aino, 0.5).await, [""; 0]);
    lives_in(&site, &aino, "Europe/Helsinki").await;
    assert_eq!(laps(&site, &aino, 0.5).await, ["day 1 2026-11-21T22:00:00.000Z"]);
}

async fn a_timespan_forgets_at_midnight(kind: StoreKind) {
    let site = site_with(kind, &[("three", "immediately", None, Some(3), "5*level")]).await;
    let aino = site.runner("Aino").await;
    lives_in(&site, &aino, "Europe/Helsinki").await;
    wait_until(&site, "2026-11-21T21:30:00Z").await;
    assert_eq!(laps(&site, &aino, 4.0).await, [""; 0]);
    // Of the last three days, the 21st is none any more.
    wait_until(&site, "2026-11-23T22:00:00Z").await;
    assert_eq!(laps(&site, &aino, 4.0).await, [""; 0]);
    wait_until(&site, "2026-11-26T21:59:59Z").await;
    assert_eq!(laps(&site, &aino, 1.0).await, ["three 1 -"]);
}
