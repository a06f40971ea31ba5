//! Runs as the app keeps them: at most one live, nothing lost, the end by whatever way, and who may see what.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use runnity::app::channels::Grounds;
use runnity::app::runs::{NewRun, Page, RunFilter, Transition};
use runnity::app::users::{Caller, Identity};
use runnity::app::{App, AppError};
use runnity::backend::{Replay, Since};
use runnity::domain::fix::{Fix, Readings};
use runnity::domain::geo::Place;
use runnity::domain::ids::RunId;
use runnity::domain::time::Timestamp;
use runnity::domain::user::Visibility;

use crate::support::{Site, StoreKind, on_each_store};

on_each_store!(
    decisions_that_wait_for_one_run_go_together_and_none_is_lost,
    batch_that_is_sent_again_counts_once,
    late_fixes_do_not_move_the_marker_and_count_in_the_end,
    a_pause_in_a_tunnel_takes_no_time_when_it_is_heard_of_later,
    of_many_runs_begun_at_once_one_is_live,
    of_many_runs_that_each_end_the_one_before_the_last_one_lives,
    batch_of_a_phone_whose_clock_is_ahead_is_known_when_it_comes_again,
    fix_of_years_ago_is_no_leg_of_a_run,
    planned_run_takes_the_place_when_it_starts,
    run_that_is_not_heard_of_ends_by_itself,
    resting_at_the_destination_ends_the_run,
    batch_that_made_the_run_arrive_is_answered_the_same_again,
    visitor_to_a_silent_run_is_told_the_present_time,
    snapshot_holds_exactly_what_its_cursor_covers,
    what_a_dead_instance_left_behind_another_does_once,
    only_public_runs_are_seen_by_others_on_every_window,
    pages_are_filled_after_visibility,
);

const ALL: Page = Page { page: 1, size: 5_000 };

async fn identity(site: &Site, name: &str) -> Identity {
    site.runner(name).await.identity
}

async fn live_run(site: &Site, owner: &Identity) -> RunId {
    RunId::parse(&site.app.new_run(owner, NewRun::default()).await.unwrap().id).unwrap()
}

fn fix(time: Timestamp, north_m: f64) -> Fix {
    let place = Place::new(60.0 + north_m / 111_195.0, 24.9).unwrap();
    Fix::new(time, place, Readings::default()).unwrap()
}

/// A fix each second, three metres apart.
fn steady(start: Timestamp, seconds: std::ops::Range<i64>) -> Vec<Fix> {
    seconds.map(|second| fix(start.plus_millis(second * 1_000), second as f64 * 3.0)).collect()
}

async fn decisions_that_wait_for_one_run_go_together_and_none_is_lost(kind: StoreKind) {
    let site = Site::start(kind).await;
    let owner = identity(&site, "Aino").await;
    let run = live_run(&site, &owner).await;
    let start = site.clock.now();
    site.advance(Duration::from_secs(500)).await;
    let before = site.app.metrics.commits.get();
    for round in 0..10 {
        let sends = (0..50).map(|index| {
            site.app.record(&owner, run, vec![fix(start.plus_millis((round * 50 + index) * 1_000), 0.0)], None)
        });
        let sent = join_all(sends).await;
        assert!(sent.iter().all(Result::is_ok), "{sent:?}");
    }
    let track = site.app.fixes(&Caller::Anonymous, run, ALL).await.unwrap();
    assert_eq!(track.len(), 500);
    let commits = site.app.metrics.commits.get() - before;
    assert!(commits < 250, "{commits} commits for 500 decisions");
}

async fn batch_that_is_sent_again_counts_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let owner = identity(&site, "Aino").await;
    let run = live_run(&site, &owner).await;
    let start = site.clock.now();
    site.advance(Duration::from_secs(500)).await;
    let batch = steady(start, 0..100);
    let first = site.app.record(&owner, run, batch.clone(), Some("key")).await.unwrap();
    let same_key = site.app.record(&owner, run, batch.clone(), Some("key")).await.unwrap();
    assert_eq!((first.accepted, first.duplicates), (same_key.accepted, same_key.duplicates), "the same answer");
    let no_key = site.app.record(&owner, run, batch.clone(), None).await.unwrap();
    assert_eq!((no_key.accepted, no_key.duplicates), (0, 100));
    let overlapping = steady(start, 50..150);
    let recorded = site.app.record(&owner, run, overlapping, None).await.unwrap();
    assert_eq!((recorded.accepted, recorded.duplicates), (50, 50));
    assert_eq!(site.app.fixes(&Caller::Anonymous, run, ALL).await.unwrap().len(), 150);
    let copies = (0..20).map(|_| site.app.record(&owner, run, steady(start, 100..250), None));
    let accepted: usize = join_all(copies).await.into_iter().map(|it| it.unwrap().accepted).sum();
    assert_eq!(accepted, 100);
    assert_eq!(site.app.run(&Caller::Anonymous, run).await.unwrap().fixes, 250);
}

async fn late_fixes_do_not_move_the_marker_and_count_in_the_end(kind: StoreKind) {
    let site = Site::start(kind).await;
    let owner = identity(&site, "Aino").await;
    let run = live_run(&site, &owner).await;
    let start = site.clock.now();
    site.advance(Duration::from_secs(500)).await;
    // A detour, of which only both ends have come yet.
    let detour = |second: i64| {
        fix(start.plus_millis(second * 1_000), if second <= 50 { second } else { 100 - second } as f64 * 3.0)
    };
    site.app.record(&owner, run, vec![detour(0), detour(100)], None).await.unwrap();
    let before = site.app.run(&Caller::Anonymous, run).await.unwrap();
    let late = site.app.record(&owner, run, (1..100).map(detour).collect(), None).await.unwrap();
    assert_eq!(late.accepted, 99);
    let after = site.app.run(&Caller::Anonymous, run).await.unwrap();
    assert_eq!((before.position, before.totals.distance_m), (after.position, after.totals.distance_m));
    let track = site.app.fixes(&Caller::Anonymous, run, ALL).await.unwrap();
    assert_eq!((track[0].standing, track[1].standing), (None, Some("late")));
    let finished = site.app.transition(&owner, run, Transition::Finish).await.unwrap();
    assert!((finished.totals.distance_m - 300.0).abs() < 6.0, "{}", finished.totals.distance_m);
    let track = site.app.fixes(&Caller::Anonymous, run, ALL).await.unwrap();
    assert!(
        track.len() == 101 && track.iter().all(|fix| fix.standing.is_none()),
        "compacted, each with its last standing"
    );
}

async fn a_pause_in_a_tunnel_takes_no_time_when_it_is_heard_of_later(kind: StoreKind) {
    let site = Site::start(kind).await;
    let owner = identity(&site, "Aino").await;
    let run = live_run(&site, &owner).await;
    let start = site.clock.now();
    let at = |second: i64| Some(start.plus_millis(second * 1_000));
    site.advance(Duration::from_secs(600)).await;
    // A hundred seconds of running, as many at the lights, and a hundred more; told in this order when the line was back.
    site.app.record(&owner, run, steady(start, 0..100), None).await.unwrap();
    site.app.transition_at(&owner, run, Transition::Pause, at(100)).await.unwrap();
    site.app.transition_at(&owner, run, Transition::Resume, at(200)).await.unwrap();
    site.app.record(&owner, run, steady(start, 200..300), None).await.unwrap();
    let finished = site.app.transition_at(&owner, run, Transition::Finish, at(300)).await.unwrap();
    assert!((finished.totals.elapsed_s - 200.0).abs() < 2.0, "{}", finished.totals.elapsed_s);
    assert_eq!(finished.finished_at, at(300).map(|at| at.to_string()));
}

async fn of_many_runs_begun_at_once_one_is_live(kind: StoreKind) {
    let site = Site::start(kind).await;
    let owner = identity(&site, "Aino").await;
    let begun = join_all((0..8).map(|_| site.app.new_run(&owner, NewRun::default()))).await;
    let live: Vec<_> = begun.iter().filter_map(|it| it.as_ref().ok()).collect();
    assert_eq!(live.len(), 1);
    for refused in begun.iter().filter_map(|it| it.as_ref().err()) {
        let AppError::Conflict { run: Some(run), .. } = refused else { panic!("{refused}") };
        assert_eq!(run.to_string(), live[0].id);
    }
    let superseding = NewRun { supersede: true, ..NewRun::default() };
    let next = site.app.new_run(&owner, superseding).await.unwrap();
    let first = RunId::parse(&live[0].id).unwrap();
    let first = site.app.run(&Caller::Anonymous, first).await.unwrap();
    assert_eq!((first.state, first.finish_reason), ("finished", Some("superseded")));
    assert_eq!(site.app.live_run(&owner).await.unwrap().unwrap().to_string(), next.id);
}

async fn of_many_runs_that_each_end_the_one_before_the_last_one_lives(kind: StoreKind) {
    let site = Site::start(kind).await;
    let owner = identity(&site, "Aino").await;
    let new = || NewRun { supersede: true, place: Some(fix(site.clock.now(), 0.0).place), ..NewRun::default() };
    let begun = join_all((0..8).map(|_| site.app.new_run(&owner, new()))).await;
    let begun: Vec<_> = begun.into_iter().map(|run| run.unwrap().id).collect();
    let filter = RunFilter { user: Some(owner.user.clone()), ..RunFilter::default() };
    let runs = site.app.runs(&Caller::User(owner.clone()), filter, ALL).await.unwrap();
    assert_eq!((begun.len(), runs.len()), (8, 8));
    let live: Vec<_> = runs.iter().filter(|run| run.state == "live").collect();
    assert_eq!(live.len(), 1);
    assert_eq!(site.app.live_run(&owner).await.unwrap().unwrap().to_string(), live[0].id);
}

async fn batch_of_a_phone_whose_clock_is_ahead_is_known_when_it_comes_again(kind: StoreKind) {
    let site = Site::start(kind).await;
    let owner = identity(&site, "Aino").await;
    let run = live_run(&site, &owner).await;
    let ahead = site.clock.now().plus_millis(3_600_000);
    let first = site.app.record(&owner, run, steady(ahead, 0..60), None).await.unwrap();
    assert_eq!((first.accepted, first.duplicates), (60, 0));
    for _ in 0..3 {
        site.advance(Duration::from_secs(4)).await;
        let again = site.app.record(&owner, run, steady(ahead, 0..60), None).await.unwrap();
        assert_eq!((again.accepted, again.duplicates), (0, 60));
    }
    site.advance(Duration::from_secs(60)).await;
    let next = site.app.record(&owner, run, steady(ahead, 60..120), None).await.unwrap();
    assert_eq!(next.accepted, 60);
    let finished = site.app.transition(&owner, run, Transition::Finish).await.unwrap();
    assert!((finished.totals.distance_m - 119.0 * 3.0).abs() < 6.0, "{}", finished.totals.distance_m);
}

async fn fix_of_years_ago_is_no_leg_of_a_run(kind: StoreKind) {
    let site = Site::start(kind).await;
    let owner = identity(&site, "Aino").await;
    let run = live_run(&site, &owner).await;
    let now = site.clock.now();
    let decade_ago = now.plus_millis(-315_360_000_000);
    let old = Fix::new(decade_ago, Place::new(40.7, -74.0).unwrap(), Readings::default()).unwrap();
    site.app.record(&owner, run, vec![old, fix(now, 0.0)], None).await.unwrap();
    let totals = site.app.run(&Caller::Anonymous, run).await.unwrap().totals;
    assert!(totals.distance_m < 1.0 && totals.elapsed_s < 1.0, "{totals:?}");
}

async fn planned_run_takes_the_place_when_it_starts(kind: StoreKind) {
    let site = Site::start(kind).await;
    let owner = identity(&site, "Aino").await;
    let planned = site.app.new_run(&owner, NewRun { planned: true, ..NewRun::default() }).await.unwrap();
    let planned = RunId::parse(&planned.id).unwrap();
    let live = live_run(&site, &owner).await;
    let refused = site.app.transition(&owner, planned, Transition::Start).await.unwrap_err();
    assert!(matches!(refused, AppError::Conflict { run: Some(run), .. } if run == live));
    site.app.transition(&owner, live, Transition::Finish).await.unwrap();
    assert_eq!(site.app.transition(&owner, planned, Transition::Start).await.unwrap().state, "live");
    assert_eq!(site.app.transition(&owner, planned, Transition::Pause).await.unwrap().state, "paused");
    assert_eq!(site.app.transition(&owner, planned, Transition::Resume).await.unwrap().state, "live");
}

async fn run_that_is_not_heard_of_ends_by_itself(kind: StoreKind) {
    let site = Site::start(kind).await;
    let owner = identity(&site, "Aino").await;
    let run = live_run(&site, &owner).await;
    site.advance(Duration::from_secs(20 * 60)).await;
    site.app.record(&owner, run, steady(site.clock.now(), 0..2), None).await.unwrap();
    site.advance(Duration::from_secs(20 * 60)).await;
    site.app.do_duties().await.unwrap();
    assert_eq!(site.app.run(&Caller::Anonymous, run).await.unwrap().state, "live", "it was heard of in between");
    site.advance(Duration::from_secs(11 * 60)).await;
    // The instance does its duties by itself as well: whichever comes first.
    site.app.do_duties().await.unwrap();
    let ended = site.app.run(&Caller::Anonymous, run).await.unwrap();
    assert_eq!((ended.state, ended.finish_reason), ("finished", Some("inactive")));
    let refused = site.app.record(&owner, run, steady(site.clock.now(), 0..2), None).await.unwrap_err();
    assert!(matches!(refused, AppError::Conflict { .. }));
    live_run(&site, &owner).await;
}

async fn resting_at_the_destination_ends_the_run(kind: StoreKind) {
    let site = Site::start(kind).await;
    let owner = identity(&site, "Aino").await;
    let run = live_run(&site, &owner).await;
    let start = site.clock.now();
    site.advance(Duration::from_secs(400)).await;
    let there = fix(start, 600.0).place;
    site.app.set_destination(&owner, run, there).await.unwrap();
    let on_the_way = site.app.record(&owner, run, steady(start, 0..201), None).await.unwrap();
    assert_eq!(on_the_way.state, "live");
    let rest = (201..300).map(|second| fix(start.plus_millis(second * 1_000), 600.0)).collect();
    assert_eq!(site.app.record(&owner, run, rest, None).await.unwrap().state, "finished");
    let arrived = site.app.run(&Caller::Anonymous, run).await.unwrap();
    assert_eq!(arrived.finish_reason, Some("arrived"));
    assert!(matches!(site.app.set_destination(&owner, run, there).await, Err(AppError::Conflict { .. })));
}

async fn batch_that_made_the_run_arrive_is_answered_the_same_again(kind: StoreKind) {
    let site = Site::start(kind).await;
    let owner = identity(&site, "Aino").await;
    let run = live_run(&site, &owner).await;
    let start = site.clock.now();
    site.advance(Duration::from_secs(400)).await;
    site.app.set_destination(&owner, run, fix(start, 600.0).place).await.unwrap();
    let mut batch = steady(start, 0..201);
    batch.extend((201..300).map(|second| fix(start.plus_millis(second * 1_000), 600.0)));
    let first = site.app.record(&owner, run, batch.clone(), Some("key")).await.unwrap();
    assert_eq!((first.accepted, &*first.state), (300, "finished"));
    let again = site.app.record(&owner, run, batch.clone(), Some("key")).await.unwrap();
    assert_eq!((again.accepted, &*again.state), (300, "finished"));
    let other_key = site.app.record(&owner, run, batch.clone(), Some("other key")).await.unwrap_err();
    assert!(matches!(other_key, AppError::Conflict { .. }));
    let other_batch = site.app.record(&owner, run, batch[..10].to_vec(), Some("key")).await.unwrap_err();
    assert!(matches!(other_batch, AppError::KeyReused));
}

async fn visitor_to_a_silent_run_is_told_the_present_time(kind: StoreKind) {
    let site = Site::start(kind).await;
    let owner = identity(&site, "Aino").await;
    let run = live_run(&site, &owner).await;
    let channel = runnity::app::channels::Channel::Run(run);
    for _ in 0..2 {
        let snapshot = site.app.snapshot(&channel).await.unwrap();
        let data: serde_json::Value = serde_json::from_slice(&snapshot.data.unwrap()).unwrap();
        assert_eq!(
            (data["type"].as_str(), data["at"].as_str()),
            (Some("snapshot"), Some(&*site.clock.now().to_string()))
        );
        assert_eq!(data["run"]["id"], run.to_string());
        site.advance(Duration::from_secs(600)).await;
    }
}

async fn snapshot_holds_exactly_what_its_cursor_covers(kind: StoreKind) {
    let site = Site::start(kind).await;
    let owner = identity(&site, "Aino").await;
    let run = live_run(&site, &owner).await;
    let start = site.clock.now();
    site.advance(Duration::from_secs(400)).await;
    let channel = runnity::app::channels::Channel::Run(run);
    let record = async {
        for second in 0..300 {
            site.app.record(&owner, run, steady(start, second..second + 1), None).await.unwrap();
        }
    };
    let watch = async {
        loop {
            let snapshot = site.app.snapshot(&channel).await.unwrap();
            let data: serde_json::Value = serde_json::from_slice(&snapshot.data.unwrap()).unwrap();
            // One change says that the run has started; each of the others brought one fix.
            let fixes = usize::try_from(snapshot.cursor.offset).unwrap() - 1;
            assert_eq!(data["track"]["fixes"].as_array().unwrap().len(), fixes);
            assert_eq!(data["run"]["fixes"], fixes);
            if fixes == 300 {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(record, watch);
}

async fn what_a_dead_instance_left_behind_another_does_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let owner = identity(&site, "Aino").await;
    // Instances on the same store that do nothing by themselves.
    let (dead, other, third) = (site.idle_app().await, site.idle_app().await, site.idle_app().await);
    let run = dead.new_run(&owner, NewRun::default()).await.unwrap();
    dead.transition(&owner, RunId::parse(&run.id).unwrap(), Transition::Finish).await.unwrap();
    drop(dead);
    site.advance(Duration::from_secs(60)).await;
    let (one, two) = tokio::join!(other.do_duties(), third.do_duties());
    assert!(one.is_ok() && two.is_ok());
    site.app.do_duties().await.unwrap();
    let own = runnity::app::channels::Channel::own(&owner).topic();
    let heard = |app: Arc<App>| async move {
        let Replay::Changes { changes, .. } = app.backend.replay(&own, &Since::Oldest, 100).await.unwrap() else {
            panic!("the cursor of the start is never lost")
        };
        changes
            .iter()
            .map(|change| serde_json::from_slice(&change.payload).unwrap())
            .collect::<Vec<serde_json::Value>>()
    };
    let kinds: Vec<_> = heard(other.clone()).await.iter().map(|change| change["type"].clone()).collect();
    assert_eq!(kinds, ["run_started", "run_finished"]);
    assert!(other.live_run(&owner).await.unwrap().is_none());
}

async fn only_public_runs_are_seen_by_others_on_every_window(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (owner, other) = (identity(&site, "Aino").await, identity(&site, "Mika").await);
    let run = live_run(&site, &owner).await;
    site.app.record(&owner, run, steady(site.clock.now(), 0..3), None).await.unwrap();
    let channel = format!("run:{run}");
    for (visibility, seen) in [(Visibility::Public, true), (Visibility::Friends, false), (Visibility::Private, false)] {
        site.app.set_visibility(&owner, run, visibility).await.unwrap();
        for (caller, sees) in
            [(Caller::User(owner.clone()), true), (Caller::User(other.clone()), seen), (Caller::Anonymous, seen)]
        {
            let windows = [
                site.app.run(&caller, run).await.is_ok(),
                site.app.fixes(&caller, run, ALL).await.is_ok(),
                site.app.open_channel(&caller, &channel, Grounds::Name).await.is_ok(),
                site.app.runs(&caller, RunFilter::default(), ALL).await.unwrap().len() == 1,
                site.app
                    .runs(&caller, RunFilter { user: Some(owner.user.clone()), ..RunFilter::default() }, ALL)
                    .await
                    .unwrap()
                    .len()
                    == 1,
            ];
            assert_eq!(windows, [sees; 5], "{visibility:?} {caller:?}");
        }
        let others = [
            site.app.record(&other, run, steady(site.clock.now(), 5..6), None).await.map(|_| ()),
            site.app.transition(&other, run, Transition::Finish).await.map(|_| ()),
            site.app.set_visibility(&other, run, Visibility::Public).await.map(|_| ()),
            site.app.set_destination(&other, run, Place::new(1.0, 1.0).unwrap()).await,
        ];
        for refused in others {
            match refused {
                Err(AppError::Forbidden) if seen => {}
                Err(AppError::NotFound("run")) if !seen => {}
                other => panic!("{visibility:?}: {other:?}"),
            }
        }
    }
}

async fn pages_are_filled_after_visibility(kind: StoreKind) {
    let site = Site::start(kind).await;
    let owner = identity(&site, "Aino").await;
    let mut public = Vec::new();
    for index in 0..30 {
        site.advance(Duration::from_secs(1)).await;
        let visibility = if index % 3 == 0 { Visibility::Public } else { Visibility::Private };
        let new = NewRun { visibility: Some(visibility), planned: true, ..NewRun::default() };
        let run = site.app.new_run(&owner, new).await.unwrap();
        if visibility == Visibility::Public {
            public.insert(0, run.id);
        }
    }
    for (user, name) in [(None, "everybody's"), (Some(owner.user.clone()), "hers")] {
        let mut listed = Vec::new();
        for page in 1..=4 {
            let filter = RunFilter { user: user.clone(), ..RunFilter::default() };
            let runs = site.app.runs(&Caller::Anonymous, filter, Page { page, size: 4 }).await.unwrap();
            assert_eq!(runs.len(), [4, 4, 2, 0][page - 1], "{name}, page {page}");
            listed.extend(runs.into_iter().map(|run| run.id));
        }
        assert_eq!(listed, public, "{name}");
    }
    let own = site.app.runs(&Caller::User(owner), RunFilter::default(), Page { page: 1, size: 50 }).await.unwrap();
    assert_eq!(own.len(), 30);
}
