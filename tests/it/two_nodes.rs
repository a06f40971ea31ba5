//! Two instances, one world: what goes through one is seen through the other, and neither minds what the other does, when it
//! ends, or what its clock says.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use runnity::app::channels::Channel;
use runnity::app::runs::{NewRun, Page, RunFilter, Transition};
use runnity::app::users::{Caller, Identity, NewUser};
use runnity::app::{App, AppError};
use runnity::backend::{RedisStore, Replay, Since};
use runnity::clock::Clock;
use runnity::domain::fix::{Fix, Readings};
use runnity::domain::geo::Place;
use runnity::domain::ids::RunId;
use runnity::domain::time::Timestamp;
use runnity::domain::user::Visibility;
use serde_json::{Value, json};

use crate::support::redis_server::RedisServer;
use crate::support::{Client, Site, StoreKind, within};

const ALL: Page = Page { page: 1, size: 5_000 };
/// How far the clocks of instances may be apart, either way.
const APART_MS: [i64; 2] = [60_000, -60_000];

async fn two() -> (Site, Site) {
    let one = Site::start(StoreKind::Redis).await;
    let other = one.another().await;
    (one, other)
}

fn fix(start: Timestamp, second: i64) -> Fix {
    let place = Place::new(60.0 + second as f64 * 3.0 / 111_195.0, 24.9).unwrap();
    Fix::new(start.plus_millis(second * 1_000), place, Readings::default()).unwrap()
}

/// What was heard on the user's own channel, by kind, from the beginning.
async fn heard(app: &App, identity: &Identity) -> Vec<String> {
    let own = Channel::own(identity).topic();
    let Replay::Changes { changes, .. } = app.backend.replay(&own, &Since::Oldest, 1_000).await.unwrap() else {
        panic!("the beginning is never lost")
    };
    let kind = |payload: &[u8]| serde_json::from_slice::<Value>(payload).unwrap()["type"].as_str().unwrap().to_owned();
    changes.iter().map(|change| kind(&change.payload)).collect()
}

async fn hears_the_next(spectator: &mut Client, channel: &str, offset: &mut u64) -> Value {
    let push = spectator.push(channel).await;
    *offset += 1;
    assert_eq!(push["pub"]["offset"], *offset);
    push["pub"]["data"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_through_one_is_seen_through_the_other_in_order() {
    let (one, other) = two().await;
    let runner = one.runner("Aino").await;
    let (run, channel) = one.run(&runner, Visibility::Public).await;
    let (mut here, mut there) = (one.spectator().await, other.spectator().await);
    let state = here.subscribe(&channel).await;
    assert_eq!(there.subscribe(&channel).await["epoch"], state["epoch"]);
    let (mut offset_here, mut offset_there) = (state["offset"].as_u64().unwrap(), state["offset"].as_u64().unwrap());
    for round in 0..40 {
        let site = if round % 3 == 0 { &other } else { &one };
        site.record(&runner, run, 1).await;
        // Answered means stored: whichever instance is asked.
        assert_eq!(other.app.run(&Caller::Anonymous, run).await.unwrap().fixes, round + 1);
        let data = hears_the_next(&mut there, &channel, &mut offset_there).await;
        assert_eq!(data, hears_the_next(&mut here, &channel, &mut offset_here).await);
        assert_eq!(data["type"], "fixes");
    }
    other.app.transition(&runner.identity, run, Transition::Finish).await.unwrap();
    assert_eq!(hears_the_next(&mut here, &channel, &mut offset_here).await["type"], "finished");
    assert_eq!(one.picture(&runner).await, other.picture(&runner).await);
    // What is not kept is heard on the other side too.
    there.subscribe("plain:open").await;
    here.ask("publish", json!({ "channel": "plain:open", "data": "moi" })).await;
    assert_eq!(there.push("plain:open").await["pub"]["data"], "moi");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_goes_from_one_to_the_other_misses_and_repeats_nothing() {
    let (one, other) = two().await;
    let runner = one.runner("Aino").await;
    let (run, channel) = one.run(&runner, Visibility::Public).await;
    let state = one.spectator().await.subscribe(&channel).await;
    let mut seen = state["offset"].as_u64().unwrap();
    let last = seen + 200;
    let recording = async {
        for round in 0..100 {
            one.record_each(Duration::from_millis(20), &runner, run, 1).await;
            if round % 2 == 0 {
                other.record_each(Duration::from_millis(20), &runner, run, 2).await;
            }
        }
    };
    let watching = async {
        for site in [&other, &one].into_iter().cycle() {
            let mut spectator = site.spectator().await;
            let recover = json!({ "channel": channel, "recover": true, "epoch": state["epoch"], "offset": seen });
            let reply = spectator.ask("subscribe", recover).await["subscribe"].clone();
            assert_eq!(reply["recovered"], true, "{reply}");
            for publication in reply["publications"].as_array().into_iter().flatten() {
                seen += 1;
                assert_eq!(publication["offset"], seen);
            }
            for _ in 0..3.min(last - seen) {
                hears_the_next(&mut spectator, &channel, &mut seen).await;
            }
            if seen == last {
                break;
            }
        }
    };
    tokio::join!(recording, watching);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_out_through_one_closes_the_sockets_of_the_other() {
    let (one, other) = two().await;
    let runner = one.runner("Aino").await;
    let (left, left_session) = one.app.open_session(&runner.token).await.unwrap();
    let (_, kept_session) = other.app.open_session(&runner.token).await.unwrap();
    let (phone, _) = other.connected(&other.holder_of(left_session.reveal()).await).await;
    let (mut watch, _) = other.connected(&other.holder_of(kept_session.reveal()).await).await;
    one.app.log_out(&left).await.unwrap();
    assert_eq!(phone.closed().await, 3500);
    assert!(matches!(other.app.authenticate(left_session.reveal()).await, Err(AppError::Unauthenticated)));
    watch.subscribe("open").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_admin_token_given_to_one_closes_the_sockets_of_the_former_at_the_other() {
    const FORMER: &str = "an-operators-former-token";
    let (one, other) = two().await;
    one.app.ensure_admin(Some(FORMER)).await.unwrap();
    let (admin, _) = other.connected(&other.holder_of(FORMER).await).await;
    one.app.ensure_admin(Some("an-operators-latter-token")).await.unwrap();
    assert_eq!(admin.closed().await, 3500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn run_made_private_through_one_ends_for_the_spectators_of_the_other() {
    let (one, other) = two().await;
    let runner = one.runner("Aino").await;
    let (run, channel) = one.run(&runner, Visibility::Public).await;
    let mut spectator = other.spectator().await;
    spectator.subscribe(&channel).await;
    one.app.set_visibility(&runner.identity, run, Visibility::Private).await.unwrap();
    one.record(&runner, run, 1).await;
    assert_eq!(spectator.push(&channel).await["pub"]["data"]["type"], "changed");
    assert_eq!(spectator.push(&channel).await["unsubscribe"]["code"], 2000);
    // The next line is the answer to the next command: no fix came.
    spectator.send(json!({ "id": 77, "subscribe": { "channel": channel } }).to_string()).await;
    let line = spectator.next().await;
    assert_eq!((&line["id"], &line["error"]["code"]), (&json!(77), &json!(102)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_write_to_one_run_at_once_lose_nothing_and_write_nothing_twice() {
    const FIXES: i64 = 400;
    let (one, other) = two().await;
    let runner = one.runner("Aino").await;
    let (run, channel) = one.run(&runner, Visibility::Public).await;
    let start = one.clock.now();
    one.advance(Duration::from_secs(FIXES as u64)).await;
    let mut spectator = other.spectator().await;
    let mut offset = spectator.subscribe(&channel).await["offset"].as_u64().unwrap();
    // Of each two fixes one goes through each, at the same time; every tenth goes through both.
    let mut accepted = 0;
    for second in (0..FIXES).step_by(2) {
        let through_other = if second % 10 == 0 { vec![second, second + 1] } else { vec![second + 1] };
        let send = async |site: &Site, seconds: Vec<i64>| {
            let fixes: Vec<_> = seconds.into_iter().map(|second| fix(start, second)).collect();
            let sent = fixes.len();
            let recorded = site.app.record(&runner.identity, run, fixes, None).await.unwrap();
            assert_eq!(recorded.accepted + recorded.duplicates, sent);
            recorded.accepted
        };
        let (here, there) = tokio::join!(send(&one, vec![second]), send(&other, through_other));
        accepted += here + there;
    }
    assert_eq!(accepted, FIXES as usize);
    assert!(one.app.metrics.conflicts.get() + other.app.metrics.conflicts.get() > 0, "they came in each other's way");
    let mut told = BTreeSet::new();
    while told.len() < FIXES as usize {
        let data = hears_the_next(&mut spectator, &channel, &mut offset).await;
        for heard in data["fixes"].as_array().unwrap() {
            assert!(told.insert(heard["time"].as_str().unwrap().to_owned()), "told twice");
        }
    }
    let finished = other.app.transition(&runner.identity, run, Transition::Finish).await.unwrap();
    let distance_m = (FIXES - 1) as f64 * 3.0;
    assert!((finished.totals.distance_m - distance_m).abs() < 6.0, "{} m", finished.totals.distance_m);
    for site in [&one, &other] {
        let track = site.app.fixes(&Caller::Anonymous, run, ALL).await.unwrap();
        let times: BTreeSet<_> = track.iter().map(|fix| fix.time.clone()).collect();
        assert_eq!((track.len(), times.len()), (FIXES as usize, FIXES as usize));
        assert_eq!(site.app.run(&Caller::Anonymous, run).await.unwrap().fixes, FIXES as u64);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batch_with_one_key_that_comes_to_both_counts_once() {
    let (one, other) = two().await;
    let runner = one.runner("Aino").await;
    let (run, _) = one.run(&runner, Visibility::Public).await;
    let start = one.clock.now();
    one.advance(Duration::from_secs(600)).await;
    for round in 0..10 {
        let batch: Vec<_> = (round * 50..round * 50 + 50).map(|second| fix(start, second)).collect();
        let key = format!("batch {round}");
        let sends =
            [&one, &other, &one, &other].map(|site| site.app.record(&runner.identity, run, batch.clone(), Some(&key)));
        for recorded in join_all(sends).await {
            let recorded = recorded.unwrap();
            assert_eq!((recorded.accepted, recorded.duplicates), (50, 0), "all are told what the first was told");
        }
    }
    assert_eq!(one.app.run(&Caller::Anonymous, run).await.unwrap().fixes, 500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_want_the_same_at_both_one_gets_it() {
    let (one, other) = two().await;
    let runner = one.runner("Aino").await;
    let sites = [&one, &other, &one, &other, &one, &other];
    let begun = join_all(sites.map(|site| site.app.new_run(&runner.identity, NewRun::default()))).await;
    let (live, refused): (Vec<_>, Vec<_>) = begun.into_iter().partition(Result::is_ok);
    let live: Vec<_> = live.into_iter().map(Result::unwrap).collect();
    assert_eq!((live.len(), refused.len()), (1, 5));
    for refused in refused {
        let Err(AppError::Conflict { run: Some(run), .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(run.to_string(), live[0].id);
    }
    let filter = RunFilter { user: Some(runner.identity.user.clone()), ..RunFilter::default() };
    assert_eq!(other.app.runs(&Caller::Anonymous, filter, ALL).await.unwrap().len(), 1);

    let new = || NewUser { name: "Eero".into(), password: "correct horse".into(), visibility: None };
    let made = join_all(sites.map(|site| site.app.sign_up(new()))).await;
    assert_eq!(made.iter().filter(|it| it.is_ok()).count(), 1);
}

/// Two who are left, and an application of the instance that ended: what it does, it did just before.
async fn after_an_end(apart_ms: i64) -> (Site, Site, Arc<App>) {
    let ended = Site::start(StoreKind::Redis).await;
    // It has the lease.
    ended.app.do_duties().await.unwrap();
    let one = ended.another_ahead(apart_ms).await;
    let other = one.another().await;
    for site in [&one, &other] {
        assert_eq!(site.app.do_duties().await.unwrap(), 0);
    }
    let app = ended.idle_app().await;
    ended.instance.shutdown().await;
    (one, other, app)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_instance_left_behind_the_others_do_once_whatever_its_clock_said() {
    for apart_ms in APART_MS {
        let (one, other, ended) = after_an_end(apart_ms).await;
        let runner = one.runner("Aino").await;
        let run = ended.new_run(&runner.identity, NewRun::default()).await.unwrap();
        let id = RunId::parse(&run.id).unwrap();
        ended.transition(&runner.identity, id, Transition::Finish).await.unwrap();
        let still_running = ended.new_run(&one.runner("Eero").await.identity, NewRun::default()).await.unwrap();
        drop(ended);

        // The lease has not run out yet: by the clock of those who look at it.
        one.advance(Duration::from_secs(5)).await;
        let (here, there) = tokio::join!(one.app.do_duties(), other.app.do_duties());
        assert_eq!((here.unwrap(), there.unwrap()), (0, 0));
        assert_eq!(heard(&one.app, &runner.identity).await, [""; 0], "{apart_ms}");

        one.advance(Duration::from_secs(6)).await;
        do_all_duties(&one, &other).await;
        assert_eq!(heard(&other.app, &runner.identity).await, ["run_started", "run_finished"], "{apart_ms}");
        assert!(other.app.live_run(&runner.identity).await.unwrap().is_none());

        // And a run that nobody hears of any more ends, a minute early or late.
        let id = RunId::parse(&still_running.id).unwrap();
        one.advance(Duration::from_secs(28 * 60)).await;
        one.app.do_duties().await.unwrap();
        assert_eq!(one.app.run(&Caller::Anonymous, id).await.unwrap().state, "live", "{apart_ms}");
        one.advance(Duration::from_secs(4 * 60)).await;
        do_all_duties(&one, &other).await;
        let run = one.app.run(&Caller::Anonymous, id).await.unwrap();
        assert_eq!((run.state, run.finish_reason), ("finished", Some("inactive")), "{apart_ms}");
    }
}

/// Both look at once whether there is something to do, until there is nothing any more. They also look by themselves.
async fn do_all_duties(one: &Site, other: &Site) {
    within(async {
        loop {
            let (here, there) = tokio::join!(one.app.do_duties(), other.app.do_duties());
            if here.unwrap() + there.unwrap() == 0 {
                return;
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_whose_clocks_are_a_minute_apart_serve_one_user_in_turn() {
    for apart_ms in APART_MS {
        let one = Site::start(StoreKind::Redis).await;
        let other = one.another_ahead(apart_ms).await;
        let runner = one.runner("Aino").await;
        let (_, session) = other.app.open_session(&runner.token).await.unwrap();
        let runner = one.holder_of(session.reveal()).await;
        let (mut watch, _) = one.connected(&runner).await;
        let own = format!("#{}", runner.id);
        // The phone's clock is right, wherever the instances' are.
        let start = if apart_ms > 0 { one.clock.now() } else { other.clock.now() };
        let mut expected = Vec::new();
        for (round, [begins, records, ends]) in
            [[&one, &other, &other], [&other, &one, &one], [&one, &other, &one]].into_iter().enumerate()
        {
            let (run, channel) = begins.run(&runner, Visibility::Public).await;
            let mut spectator = ends.spectator().await;
            let mut offset = spectator.subscribe(&channel).await["offset"].as_u64().unwrap();
            let batch = |part: i64| (part * 20..part * 20 + 20).map(|second| fix(start, second)).collect::<Vec<_>>();
            for site in [&one, &other] {
                site.advance(Duration::from_secs(60)).await;
            }
            for (part, site) in [records, ends, begins].into_iter().enumerate() {
                let batch = batch(part as i64);
                let recorded = site.app.record(&runner.identity, run, batch.clone(), None).await.unwrap();
                assert_eq!((recorded.accepted, recorded.duplicates), (20, 0), "{apart_ms} round {round}");
                let again = records.app.record(&runner.identity, run, batch, None).await.unwrap();
                assert_eq!((again.accepted, again.duplicates), (0, 20), "{apart_ms} round {round}");
                hears_the_next(&mut spectator, &channel, &mut offset).await;
            }
            let ended = ends.app.transition(&runner.identity, run, Transition::Finish).await.unwrap();
            assert!((ended.totals.distance_m - 59.0 * 3.0).abs() < 6.0, "{} m", ended.totals.distance_m);
            assert_eq!(hears_the_next(&mut spectator, &channel, &mut offset).await["type"], "finished");
            for kind in ["run_started", "run_finished"] {
                assert_eq!(watch.push(&own).await["pub"]["data"]["type"], kind, "{apart_ms} round {round}");
                expected.push(kind);
            }
        }
        assert_eq!(heard(&other.app, &runner.identity).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_on_one_redis_go_by_its_clock() {
    let server = RedisServer::start().await;
    for apart_ms in APART_MS {
        let clock = Clock::system();
        let right = || i64::abs(clock.now().as_millis() - Clock::system().now().as_millis()) < 1_000;
        clock.set(clock.now().plus_millis(apart_ms));
        assert!(!right());
        let store = RedisStore::open(&server.url().parse().unwrap()).await.unwrap();
        store.keep_time(clock.clone()).await.unwrap();
        assert!(right(), "{apart_ms}");
        store.close().await.unwrap();
    }
}
