//! Who is in a channel, by several instances, of which some die.

use runnity::app::AppError;
use runnity::app::presence::{PresenceChange, PresenceStats, Present};
use runnity::app::runs::NewRun;
use runnity::backend::{AggregateId, Heard, Index, Range, Subscription};
use runnity::limits;
use tokio::time::Instant;

use super::failing::{Failing, Mode};
use super::*;
use crate::support::{on_each_store, within};

on_each_store!(
    instances_see_each_others_clients_by_name,
    where_names_are_not_kept_a_flapping_client_has_not_left,
    a_dead_instances_clients_disappear_after_a_while,
    who_was_only_asleep_goes_on_under_a_new_name,
    clocks_may_differ,
    nobody_dies_of_an_hour_in_which_nobody_looked,
    an_instance_that_ends_leaves_nothing_behind,
    what_is_written_does_not_grow_with_how_often_clients_come_and_go,
    what_a_store_that_fails_did_not_hear_is_written_later,
    plain_channels_and_ones_own_know_nobody,
);

/// Tells and writes everything, however lately something else was written.
async fn write(app: &App) {
    app.write_presence(Instant::now() + Duration::from_secs(60)).await;
}

async fn names(app: &App, channel: &Channel) -> Vec<String> {
    app.presence(channel).await.unwrap().into_iter().map(|client| client.client).collect()
}

async fn stats(app: &App, channel: &Channel) -> (u64, u64) {
    let PresenceStats { clients, users } = app.presence_stats(channel).await.unwrap();
    (clients, users)
}

async fn run(world: &World) -> Channel {
    let (identity, _) = world.user("Aino").await;
    let run = world.app.new_run(&identity, NewRun::default()).await.unwrap();
    world.channel(&format!("run:{}", run.id))
}

/// Lets each instance live on for so long, in steps as a real one would.
async fn live_on(instances: &[(&App, &Clock)], time: Duration) {
    for _ in 0..time.as_secs() / 10 {
        for (app, clock) in instances {
            clock.advance(Duration::from_secs(10));
            app.beat().await.unwrap();
        }
    }
}

async fn next(subscription: &mut Subscription) -> String {
    match within(subscription.next()).await.expect("an open store") {
        Heard::Change { payload, .. } => match PresenceChange::read(&payload).unwrap() {
            PresenceChange::Joined(client) => format!("+{}", client.client),
            PresenceChange::Left(client) => format!("-{}", client.client),
        },
        Heard::Gap => panic!("a gap"),
    }
}

async fn members(world: &World, index: &str) -> usize {
    world.backend.range(&Range::all(Index::new(index), 100)).await.unwrap().members.len()
}

async fn instances_see_each_others_clients_by_name(kind: StoreKind) {
    let world = World::new(kind).await;
    let (other, _) = world.instance(0).await;
    let channel = world.channel("a");
    let mut heard = world.backend.subscribe(&channel.presence_topic()).await.unwrap();
    let aino = world.app.enter(&channel, client("aino", "1"));
    assert_eq!(names(&world.app, &channel).await, ["1"], "one's own are never late");
    let eero = other.enter(&channel, client("eero", "2"));
    let phone = other.enter(&channel, ClientInfo { conn_info: Some("[1]".into()), ..client("aino", "3") });
    write(&world.app).await;
    write(&other).await;
    for app in [&world.app, &other] {
        let mut seen = names(app, &channel).await;
        seen.sort();
        assert_eq!(seen, ["1", "2", "3"]);
        assert_eq!(stats(app, &channel).await, (3, 2), "aino is one user on two instances");
    }
    let infos = world.app.presence(&channel).await.unwrap();
    assert!(infos.iter().any(|client| client.conn_info == Some("[1]".into())));
    drop(eero);
    write(&other).await;
    assert_eq!(stats(&world.app, &channel).await, (2, 1));
    drop((aino, phone));
    assert_eq!(stats(&other, &channel).await, (1, 1), "the other's are not written yet");
    write(&world.app).await;
    write(&other).await;
    assert_eq!(stats(&world.app, &channel).await, (0, 0));
    let mut told = Vec::new();
    for _ in 0..6 {
        told.push(next(&mut heard).await);
    }
    assert_eq!(told, ["+1", "+2", "+3", "-2", "-1", "-3"]);
}

async fn where_names_are_not_kept_a_flapping_client_has_not_left(kind: StoreKind) {
    let world = World::new(kind).await;
    let (other, _) = world.instance(0).await;
    let channel = run(&world).await;
    let seen = async || {
        let own = stats(&world.app, &channel).await;
        write(&world.app).await;
        (own, stats(&other, &channel).await)
    };
    let first = world.app.enter(&channel, client("aino", "1"));
    let _second = world.app.enter(&channel, client("", "2"));
    assert_eq!(seen().await, ((2, 2), (2, 2)));
    drop(first);
    world.clock.advance(limits::PRESENCE_LINGER - Duration::from_millis(1));
    assert_eq!(seen().await, ((2, 2), (2, 2)));
    let again = world.app.enter(&channel, client("aino", "3"));
    world.clock.advance(limits::PRESENCE_LINGER);
    assert_eq!(seen().await, ((2, 2), (2, 2)), "it came back");
    drop(again);
    world.clock.advance(limits::PRESENCE_LINGER);
    assert_eq!(seen().await, ((1, 1), (1, 1)), "it did not");
    assert!(matches!(world.app.presence(&channel).await, Err(AppError::NotAvailable)), "nobody is told who watches");
}

async fn a_dead_instances_clients_disappear_after_a_while(kind: StoreKind) {
    let world = World::new(kind).await;
    let (other, _) = world.instance(0).await;
    let (open, run) = (world.channel("a"), run(&world).await);
    let mut stays: Vec<Present> = Vec::new();
    for channel in [&open, &run] {
        stays.push(world.app.enter(channel, client("aino", "1")));
        stays.push(other.enter(channel, client("eero", "2")));
    }
    write(&world.app).await;
    write(&other).await;
    let mut heard = world.backend.subscribe(&open.presence_topic()).await.unwrap();
    world.app.beat().await.unwrap();
    // The other one says nothing any more.
    let this = [(&*world.app, &world.clock)];
    live_on(&this, limits::INSTANCE_DEAD_AFTER - Duration::from_secs(10)).await;
    assert_eq!((names(&world.app, &open).await.len(), stats(&world.app, &run).await), (2, (2, 2)));
    live_on(&this, Duration::from_secs(10)).await;
    assert_eq!((names(&world.app, &open).await, stats(&world.app, &run).await), (vec!["1".to_owned()], (1, 1)));

    assert_eq!(members(&world, "instances").await, 2);
    world.app.do_duties().await.unwrap();
    assert_eq!(next(&mut heard).await, "-2");
    assert_eq!(members(&world, "instances").await, 1, "it is struck");
    live_on(&this, Duration::from_secs(120)).await;
    assert_eq!(stats(&world.app, &open).await, (1, 1));
}

async fn who_was_only_asleep_goes_on_under_a_new_name(kind: StoreKind) {
    let world = World::new(kind).await;
    let (other, other_clock) = world.instance(0).await;
    let channel = world.channel("a");
    let _aino = world.app.enter(&channel, client("aino", "1"));
    let eero = other.enter(&channel, client("eero", "2"));
    write(&world.app).await;
    write(&other).await;
    let this = [(&*world.app, &world.clock)];
    live_on(&this, limits::INSTANCE_DEAD_AFTER * 2).await;
    let mut heard = world.backend.subscribe(&channel.presence_topic()).await.unwrap();
    assert_eq!(world.app.do_duties().await.unwrap(), 1);
    assert_eq!(next(&mut heard).await, "-2");
    assert_eq!(stats(&world.app, &channel).await, (1, 1));

    other_clock.advance(Duration::from_secs(120));
    other.beat().await.unwrap();
    write(&other).await;
    assert_eq!(next(&mut heard).await, "+2");
    assert_eq!(stats(&world.app, &channel).await, (2, 2));
    assert_eq!(stats(&other, &channel).await, (2, 2));
    drop(eero);
    write(&other).await;
    assert_eq!(stats(&world.app, &channel).await, (1, 1));
    assert_eq!(members(&world, "instances").await, 2);
}

async fn clocks_may_differ(kind: StoreKind) {
    let world = World::new(kind).await;
    let (early, early_clock) = world.instance(-60_000).await;
    let (late, late_clock) = world.instance(60_000).await;
    let channel = world.channel("a");
    let all = [(&*world.app, &world.clock), (&*early, &early_clock), (&*late, &late_clock)];
    let stays: Vec<_> = all.iter().map(|(app, _)| app.enter(&channel, client("", "c"))).collect();
    for (app, _) in all {
        write(app).await;
    }
    for _ in 0..20 {
        live_on(&all, limits::INSTANCE_BEAT).await;
        for (app, _) in all {
            app.do_duties().await.unwrap();
            assert_eq!(stats(app, &channel).await.0, 3);
        }
    }
    drop(stays);
}

async fn nobody_dies_of_an_hour_in_which_nobody_looked(kind: StoreKind) {
    let world = World::new(kind).await;
    let (other, other_clock) = world.instance(0).await;
    let channel = world.channel("a");
    let _stay = other.enter(&channel, client("", "c"));
    write(&other).await;
    world.app.beat().await.unwrap();
    for clock in [&world.clock, &other_clock] {
        clock.advance(Duration::from_secs(3_600));
    }
    world.app.beat().await.unwrap();
    assert_eq!(world.app.do_duties().await.unwrap(), 0);
    assert_eq!(stats(&world.app, &channel).await.0, 1, "the store was away, or the machine asleep");
    other.beat().await.unwrap();
    live_on(&[(&*world.app, &world.clock)], Duration::from_secs(50)).await;
    assert_eq!(stats(&world.app, &channel).await.0, 1);
}

async fn an_instance_that_ends_leaves_nothing_behind(kind: StoreKind) {
    let world = World::new(kind).await;
    let (other, _) = world.instance(0).await;
    other.start_duties();
    let (open, run) = (world.channel("a"), run(&world).await);
    let mut heard = world.backend.subscribe(&open.presence_topic()).await.unwrap();
    let stays = [&open, &run].map(|channel| other.enter(channel, client("eero", "2")));
    assert_eq!(next(&mut heard).await, "+2", "the worker tells it");
    within(async {
        while stats(&world.app, &open).await.0 + stats(&world.app, &run).await.0 < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    other.workers.close().await;
    assert_eq!(next(&mut heard).await, "-2");
    assert_eq!((stats(&world.app, &open).await, stats(&world.app, &run).await), ((0, 0), (0, 0)));
    assert_eq!(members(&world, "instances").await, 0);
    drop(stays);
}

async fn what_is_written_does_not_grow_with_how_often_clients_come_and_go(kind: StoreKind) {
    let world = World::new(kind).await;
    let (open, run) = (world.channel("a"), run(&world).await);
    let aggregates = [&open, &run].map(|channel| AggregateId::new("presence", channel.topic().aggregate.as_str()));
    let versions = async || {
        let name = world.backend.range(&Range::all(Index::new("instances"), 1)).await.unwrap().members[0].1.clone();
        let keys = aggregates.each_ref().map(|aggregate| aggregate.key(&name));
        world.backend.read(&keys).await.unwrap().into_iter().map(|value| value.version).collect::<Vec<_>>()
    };
    let _stays = [&open, &run].map(|channel| world.app.enter(channel, client("", "0")));
    write(&world.app).await;
    let before = versions().await;
    for number in 0..1_000 {
        drop([&open, &run].map(|channel| world.app.enter(channel, client("", &number.to_string()))));
    }
    write(&world.app).await;
    let after = versions().await;
    assert_eq!(after[0], before[0], "all who came have gone again");
    assert_ne!(after[1], before[1], "the last one still counts");
    write(&world.app).await;
    assert_eq!(versions().await, after, "nothing new, nothing written");
}

async fn what_a_store_that_fails_did_not_hear_is_written_later(kind: StoreKind) {
    let world = World::new(kind).await;
    let store = Failing::on(world.store.open().await);
    let other = App::new(store.clone(), world.clock.clone(), settings());
    let channel = world.channel("a");
    for fault in [Mode::Refuses, Mode::LosesAnswers] {
        store.set(fault);
        let first = other.enter(&channel, client("eero", "1"));
        write(&other).await;
        assert_eq!(stats(&other, &channel).await.0, 1, "in memory it is right");
        store.set(Mode::Works);
        write(&other).await;
        assert_eq!(stats(&world.app, &channel).await.0, 1);

        // Whether the last word of them was written is not known: nobody must be left behind.
        store.set(fault);
        drop(first);
        write(&other).await;
        let second = other.enter(&channel, client("eero", "2"));
        write(&other).await;
        drop(second);
        store.set(Mode::Works);
        write(&other).await;
        assert_eq!(stats(&world.app, &channel).await.0, 0);
        let left = world.backend.range(&Range::all(Index::new("instances"), 1)).await.unwrap().members;
        assert_eq!(members(&world, &format!("present/{}", left[0].1)).await, 0);
    }
}

async fn plain_channels_and_ones_own_know_nobody(kind: StoreKind) {
    let world = World::new(kind).await;
    let (aino, _) = world.user("Aino").await;
    for channel in [world.channel("plain:a"), Channel::own(&aino)] {
        let _stay = world.app.enter(&channel, client("aino", "1"));
        assert!(matches!(world.app.presence_stats(&channel).await, Err(AppError::NotAvailable)));
        assert!(matches!(world.app.presence(&channel).await, Err(AppError::NotAvailable)));
    }
}
