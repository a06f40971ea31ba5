//! Three of a group who run together for ten minutes have run as a group.

use std::time::Duration;

use runnity::app::friends::Word;
use runnity::app::groups::NewGroup;
use runnity::app::runs::{NewRun, Transition};
use runnity::domain::fix::{Fix, Readings};
use runnity::domain::geo::Place;
use runnity::domain::ids::{GroupId, RunId};
use runnity::domain::user::Visibility;
use serde_json::json;

use super::fed::{finish, is_none, north, values, watch};
use super::world::{achievement, admin, goal, heard, user};
use crate::support::{Runner, Site, StoreKind, on_each_store, within};

on_each_store!(
    three_of_a_group_count_after_ten_minutes,
    two_are_no_group_and_a_third_one_must_be_close,
    who_leaves_in_between_begins_anew,
    who_is_not_of_the_group_or_runs_in_private_is_not_counted,
    what_does_not_count_has_not_been_run_together,
    either_instance_looks_and_it_counts_once,
);

const LOOK: Duration = Duration::from_secs(30);

/// Runners who are live, and where they are.
struct Company {
    runners: Vec<(Runner, RunId, Place)>,
}

async fn group(site: &Site, members: &[&Runner]) -> GroupId {
    let new = NewGroup { name: "Turku runners".to_owned(), description: String::new(), private: false };
    let group = site.app.new_group(&members[0].identity, new).await.unwrap();
    let group = GroupId::parse(&group.id).unwrap();
    for member in &members[1..] {
        site.app.join_group(&member.identity, &group).await.unwrap();
    }
    group
}

impl Company {
    /// All of one group, so many metres north of the start.
    async fn of(site: &Site, metres: &[f64]) -> Self {
        watch(site, &["group_runs", "runs"]).await;
        let mut runners = Vec::new();
        for (index, metres) in metres.iter().enumerate() {
            let runner = site.runner(&format!("Runner {index}")).await;
            let run = live(site, &runner, Visibility::Friends).await;
            runners.push((runner, run, north(*metres)));
        }
        group(site, &runners.iter().map(|(runner, ..)| runner).collect::<Vec<_>>()).await;
        Self { runners }
    }

    /// Everybody says where they are.
    async fn report(&self, site: &Site) {
        for (runner, run, place) in &self.runners {
            let fix = Fix::new(site.clock.now(), *place, Readings::default()).unwrap();
            site.app.record(&runner.identity, *run, vec![fix], None).await.unwrap();
        }
    }

    /// So many looks go by, at which everybody is where they are now.
    async fn stay(&self, site: &Site, looks: u32) {
        for _ in 0..looks {
            site.clock.advance(LOOK);
            self.report(site).await;
            within(site.app.act_on_due(site.clock.now())).await.unwrap();
        }
    }

    /// Whether it has counted for each of them.
    async fn counted(&self, site: &Site) -> Vec<bool> {
        let mut counted = Vec::new();
        for (runner, ..) in &self.runners {
            let value = values(site, runner).await["group_runs"].clone();
            assert!(is_none(&value) || value == json!(1.0), "{value}");
            counted.push(!is_none(&value));
        }
        counted
    }
}

async fn live(site: &Site, runner: &Runner, visibility: Visibility) -> RunId {
    let new = NewRun { visibility: Some(visibility), ..NewRun::default() };
    RunId::parse(&site.app.new_run(&runner.identity, new).await.unwrap().id).unwrap()
}

async fn three_of_a_group_count_after_ten_minutes(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let company = Company::of(&site, &[0.0, 24.0, 49.0]).await;
    achievement(&site, &root, json!({"name": "club_run", "goals": [goal("group_runs", "1")]})).await;
    company.report(&site).await;
    // From the first look on: nine minutes and a half, and ten.
    company.stay(&site, 1 + 19).await;
    assert_eq!(company.counted(&site).await, [false; 3]);
    company.stay(&site, 1).await;
    assert_eq!(company.counted(&site).await, [true; 3]);
    for (runner, run, _) in &company.runners {
        let unlocked = heard(&site, runner, &["unlocked"]).await;
        let [unlocked] = unlocked.as_slice() else { panic!("{unlocked:?}") };
        assert_eq!((&unlocked["achievement"]["name"], &unlocked["run"]), (&json!("club_run"), &json!(run.to_string())));
    }
    // However long it goes on, and in the end.
    company.stay(&site, 25).await;
    assert_eq!(company.counted(&site).await, [true; 3]);
    for (runner, run, _) in &company.runners {
        finish(&site, runner, *run).await;
    }
    site.clock.advance(LOOK);
    within(site.app.act_on_due(site.clock.now())).await.unwrap();
    assert_eq!(company.counted(&site).await, [true; 3]);
    // With a run that is gone goes what was run together; the others have still run.
    let (runner, run, _) = &company.runners[0];
    site.app.delete_run(&runner.identity, *run, None).await.unwrap();
    assert_eq!(company.counted(&site).await, [false, true, true]);
}

async fn two_are_no_group_and_a_third_one_must_be_close(kind: StoreKind) {
    for metres in [vec![0.0, 10.0], vec![0.0, 25.0, 51.0], vec![0.0, 10.0, 70.0]] {
        let site = Site::start(kind).await;
        let company = Company::of(&site, &metres).await;
        company.report(&site).await;
        company.stay(&site, 24).await;
        assert_eq!(company.counted(&site).await, vec![false; metres.len()], "{metres:?}");
    }
}

async fn who_leaves_in_between_begins_anew(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut company = Company::of(&site, &[0.0, 10.0, 20.0]).await;
    company.report(&site).await;
    company.stay(&site, 1 + 15).await;
    // Over the road and back.
    company.runners[2].2 = north(120.0);
    company.stay(&site, 2).await;
    company.runners[2].2 = north(20.0);
    company.stay(&site, 1 + 15).await;
    assert_eq!(company.counted(&site).await, [false; 3]);
    // One whose phone has fallen silent is not there either, nor one who pauses.
    let silent = company.runners.pop().unwrap();
    company.stay(&site, 4).await;
    assert_eq!(company.counted(&site).await, [false; 2]);
    company.runners.push(silent);
    let (runner, run, _) = &company.runners[2];
    site.app.transition(&runner.identity, *run, Transition::Pause).await.unwrap();
    company.stay(&site, 21).await;
    assert_eq!(company.counted(&site).await, [false; 3]);
    site.app.transition(&runner.identity, *run, Transition::Resume).await.unwrap();
    company.stay(&site, 1 + 20).await;
    assert_eq!(company.counted(&site).await, [true; 3]);
}

async fn who_is_not_of_the_group_or_runs_in_private_is_not_counted(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut company = Company::of(&site, &[0.0, 10.0]).await;
    let (alone, hidden, blocking) =
        (site.runner("Alone").await, site.runner("Hidden").await, site.runner("Blocking").await);
    let of_group = [&company.runners[0].0, &company.runners[1].0, &hidden, &blocking];
    group(&site, &of_group).await;
    // Of another group, with one of them.
    group(&site, &[&company.runners[0].0, &alone]).await;
    site.app.say_of_friend(&blocking.identity, &user(&company.runners[0].0), Word::Block, None).await.unwrap();
    for (runner, visibility) in
        [(alone, Visibility::Public), (hidden, Visibility::Private), (blocking, Visibility::Public)]
    {
        let run = live(&site, &runner, visibility).await;
        company.runners.push((runner, run, north(5.0)));
    }
    company.report(&site).await;
    company.stay(&site, 1 + 21).await;
    // With those two are, for the second, the one who blocks the first; the hidden one has them around, as they are not hidden.
    assert_eq!(company.counted(&site).await, [false, true, false, true, false]);
}

async fn what_does_not_count_has_not_been_run_together(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let company = Company::of(&site, &[0.0, 10.0, 20.0]).await;
    company.report(&site).await;
    company.stay(&site, 1 + 20).await;
    assert_eq!(company.counted(&site).await, [true; 3]);
    let run = company.runners[1].1;
    site.app.judge_run(&root.identity, run, Some("A pram")).await.unwrap();
    assert_eq!(company.counted(&site).await, [true, false, true]);
    // While it is withheld nobody runs with it either.
    site.app.judge_run(&root.identity, run, None).await.unwrap();
    assert_eq!(company.counted(&site).await, [true; 3]);
}

async fn either_instance_looks_and_it_counts_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let company = Company::of(&site, &[0.0, 10.0, 20.0, 30.0]).await;
    company.report(&site).await;
    for look in 0..24 {
        site.clock.advance(LOOK);
        let (by, now) = (if look % 2 == 0 { &site } else { &other }, site.clock.now());
        company.report(by).await;
        let (one, two) = tokio::join!(site.app.act_on_due(now), other.app.act_on_due(now));
        // One of them may find that the other was quicker.
        assert!(one.is_ok() || two.is_ok());
    }
    assert_eq!(company.counted(&site).await, [true; 4]);
}
