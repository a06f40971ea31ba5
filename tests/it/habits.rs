//! Boards of habits: operations of several devices and instances, each counted once; days that turn; what is left of them.

mod days;
mod failing;
mod full;
mod watched;

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use runnity::app::habits::{Applied, OpId, Submitted, node};
use runnity::app::runs::Transition;
use runnity::app::{App, AppError};
use runnity::backend::{AggregateId, Index, Range};
use runnity::domain::habit::history::Of;
use runnity::domain::habit::numbers::Direction;
use runnity::domain::habit::task::{TaskId, TaskKind};
use runnity::domain::habit::tree::Node;
use runnity::domain::habit::{HabitError, Op};
use runnity::domain::ids::UserId;
use runnity::domain::user::Visibility;
use serde_json::{Value, json};

use crate::support::{Client, Runner, Site, StoreKind, on_each_store, within};

on_each_store!(
    a_board_begins_with_nine_tasks_for_all_instances,
    an_operation_counts_once_however_often_it_comes,
    devices_on_two_instances_lose_nothing,
    a_thousand_operations_are_one_commit,
    the_day_turns_once_on_whichever_instance,
    the_day_turns_by_the_clock,
    histories_outlast_their_months,
    a_task_of_the_same_id_begins_a_history_of_its_own,
    another_device_hears_what_was_done,
    a_finished_run_scores_what_its_rules_ask_for_once,
    what_was_earned_counts_for_achievements,
    a_preview_shows_the_next_turn_and_changes_nothing,
    operations_are_remembered_for_weeks_and_then_forgotten,
    nothing_is_left_of_a_deleted_account,
);

fn id(text: &str) -> TaskId {
    TaskId::parse(text).expect("an id")
}

fn add(name: &str, kind: &str) -> Op {
    let Node::Tree(tree) = node(json!({ "id": name, "type": kind, "text": name })) else { panic!("no tree") };
    Op::AddTask(tree)
}

fn score(name: &str, direction: Direction) -> Op {
    Op::Score { id: id(name), direction, run: None }
}

fn set(path: &str, value: Value) -> Op {
    Op::Set { path: path.to_owned(), value: node(value) }
}

fn known(op: Op, id: &str) -> Submitted {
    Submitted { op, id: OpId::parse(id) }
}

async fn apply(app: &App, runner: &Runner, ops: Vec<Op>) -> Applied {
    let ops = ops.into_iter().map(Submitted::from).collect();
    app.apply_habits(&runner.identity, ops, None).await.expect("applied")
}

fn tasks(applied: &Applied, kind: TaskKind) -> Vec<String> {
    applied.board.tasks(kind).map(|task| task.id.to_string()).collect()
}

/// All of the board that is kept, for telling that two are the same.
fn picture(applied: &Applied) -> String {
    let all: Vec<_> = applied.board.all_tasks().collect();
    format!("{:?} {all:?}", applied.board.hero)
}

async fn a_board_begins_with_nine_tasks_for_all_instances(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let runner = site.runner("Aino").await;
    let both = join_all([&site, &other].map(|site| apply(&site.app, &runner, Vec::new()))).await;
    assert_eq!(picture(&both[0]), picture(&both[1]));
    assert_eq!(both[0].board.len(), 9);
    assert!(both.iter().all(|it| it.v == 1 && it.errors.is_empty() && it.effects.is_empty()));
    let fresh = site.another().await;
    assert_eq!(picture(&apply(&fresh.app, &runner, Vec::new()).await), picture(&both[0]));
    let second = site.runner("Bela").await;
    let theirs = apply(&site.app, &second, Vec::new()).await;
    assert!(tasks(&theirs, TaskKind::Habit).iter().all(|it| !tasks(&both[0], TaskKind::Habit).contains(it)));
}

async fn an_operation_counts_once_however_often_it_comes(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let runner = site.runner("Aino").await;
    apply(&site.app, &runner, vec![add("h", "habit")]).await;
    let batch = || vec![known(score("h", Direction::Up), "one"), known(score("h", Direction::Up), "two")];
    let sent = join_all((0..6).map(|index| {
        let app = if index % 2 == 0 { &site.app } else { &other.app };
        app.apply_habits(&runner.identity, batch(), None)
    }))
    .await;
    let versions: BTreeSet<u64> = sent.into_iter().map(|it| it.expect("applied").v).collect();
    assert_eq!(versions, BTreeSet::from([2]));
    let twice = [batch(), batch(), vec![known(add("h", "habit"), "one")]].concat();
    let after = site.app.apply_habits(&runner.identity, twice, Some(2)).await.unwrap();
    assert!(after.errors.is_empty() && after.effects.is_empty() && !after.was_modified);
    assert_eq!(after.board.hero.earned.habits_scored, 2);
    assert_eq!(after.board.hero.stats.gp, 1.0 + 0.9747);
    // What was not carried out has not counted yet.
    let refused = vec![known(score("none", Direction::Up), "three")];
    let found = site.app.apply_habits(&runner.identity, refused, Some(1)).await.unwrap();
    assert!(found.was_modified);
    assert_eq!(found.errors, [(0, HabitError::NoTask)]);
    let found = other.app.apply_habits(&runner.identity, vec![known(score("h", Direction::Up), "three")], None).await;
    assert_eq!(found.unwrap().board.hero.earned.habits_scored, 3);
}

async fn devices_on_two_instances_lose_nothing(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let runner = site.runner("Aino").await;
    apply(&site.app, &runner, vec![add("h", "habit")]).await;
    let sent = (0..24).map(|index| {
        let app = if index % 2 == 0 { &site.app } else { &other.app };
        apply(app, &runner, vec![score("h", Direction::Up), add(&format!("t{index}"), "todo")])
    });
    assert!(join_all(sent).await.iter().all(|it| it.errors.is_empty()));
    let [one, two] = [apply(&site.app, &runner, Vec::new()).await, apply(&other.app, &runner, Vec::new()).await];
    assert_eq!(picture(&one), picture(&two));
    assert_eq!(one.v, 25);
    assert_eq!(one.board.hero.earned.habits_scored, 24);
    assert_eq!(one.board.tasks(TaskKind::Todo).filter(|task| task.text.starts_with('t')).count(), 24);
    // As it is stored, by who has not seen it yet.
    let fresh = site.another().await;
    assert_eq!(picture(&apply(&fresh.app, &runner, Vec::new()).await), picture(&one));
}

async fn a_thousand_operations_are_one_commit(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let before = apply(&site.app, &runner, vec![add("h", "habit")]).await.v;
    let ops = (0..1_000).map(|number| {
        let op = match number % 4 {
            0 => add(&format!("a{number}"), "todo"),
            1 => score(&format!("a{}", number - 1), Direction::Up),
            2 => score("h", Direction::Up),
            _ => set("tasks.none.text", json!("x")),
        };
        known(op, &format!("op{number}"))
    });
    let ops: Vec<Submitted> = ops.collect();
    let applied = site.app.apply_habits(&runner.identity, ops.clone(), Some(before)).await.unwrap();
    assert_eq!((applied.v, applied.was_modified), (before + 1, false));
    assert_eq!(applied.errors, []);
    assert_eq!(applied.board.hero.earned.habits_scored, 250);
    assert_eq!(applied.board.hero.earned.todos_done, 250);
    let fresh = site.another().await;
    let again = fresh.app.apply_habits(&runner.identity, ops, None).await.unwrap();
    assert_eq!(picture(&again), picture(&applied));
    let too_many = vec![Submitted::from(Op::ClearCompleted); 10_001];
    let refused = site.app.apply_habits(&runner.identity, too_many, None).await;
    assert!(matches!(refused, Err(AppError::Invalid { .. })));
}

async fn the_day_turns_once_on_whichever_instance(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let runner = site.runner("Aino").await;
    let before = apply(&site.app, &runner, vec![add("d", "daily"), score("d", Direction::Up)]).await;
    site.advance(Duration::from_secs(3 * 24 * 3_600)).await;
    let turned = join_all((0..6).map(|index| {
        let app = if index % 2 == 0 { &site.app } else { &other.app };
        apply(app, &runner, Vec::new())
    }))
    .await;
    let pictures: BTreeSet<String> = turned.iter().map(picture).collect();
    assert_eq!(pictures.len(), 1);
    assert_eq!(turned[0].v, before.v + 1);
    let daily = turned[0].board.task(&id("d")).unwrap();
    assert!(!daily.completed && daily.streak == 1);
    assert!(turned[0].board.hero.stats.hp < before.board.hero.stats.hp);
    let exp = site.app.habit_histories(&runner.identity.user, 20_800).await.unwrap();
    assert_eq!(exp[&Of::Exp].entries().count(), 1);
    assert_eq!(exp[&Of::Task(id("d"))].entries().count(), 1);
}

async fn the_day_turns_by_the_clock(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let before = apply(&site.app, &runner, vec![add("d", "daily")]).await;
    let app = site.idle_app().await;
    app.act_on_due(site.clock.now()).await.unwrap();
    assert_eq!(picture(&apply(&app, &runner, Vec::new()).await), picture(&before));
    for days in 1..=3 {
        site.advance(Duration::from_secs(24 * 3_600)).await;
        let acted = join_all([app.act_on_due(site.clock.now()), site.app.act_on_due(site.clock.now())]).await;
        assert!(acted.iter().all(Result::is_ok), "{acted:?}");
        let histories = app.habit_histories(&runner.identity.user, 20_800).await.unwrap();
        assert_eq!(histories[&Of::Todos].entries().count(), days);
    }
    let after = apply(&app, &runner, Vec::new()).await;
    assert_eq!((after.v, after.effects.len()), (before.v + 3, 0));
}

async fn histories_outlast_their_months(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    apply(&site.app, &runner, vec![add("h", "habit")]).await;
    let mut values = Vec::new();
    for _ in 0..10 {
        let scored = apply(&site.app, &runner, vec![score("h", Direction::Up)]).await;
        values.push(scored.board.task(&id("h")).unwrap().value);
        site.advance(Duration::from_secs(31 * 24 * 3_600)).await;
    }
    let fresh = site.another().await;
    let histories = fresh.app.habit_histories(&runner.identity.user, 21_200).await.unwrap();
    let found: Vec<f64> = histories[&Of::Task(id("h"))].entries().map(|entry| entry.value).collect();
    assert_eq!(found, values);
    let names = site.app.backend.range(&Range::all(all_of(&runner), 1_000)).await.unwrap().members;
    assert_eq!(names.iter().filter(|(_, name)| name.starts_with("habits/h/t/h/")).count(), 4);
}

async fn a_task_of_the_same_id_begins_a_history_of_its_own(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    apply(&site.app, &runner, vec![add("h", "habit"), score("h", Direction::Up), score("h", Direction::Up)]).await;
    site.advance(Duration::from_secs(24 * 3_600)).await;
    let delete = Op::DelTask { id: id("h"), kind: None };
    let again = vec![delete.clone(), add("h", "habit"), score("h", Direction::Down)];
    let applied = apply(&site.app, &runner, again).await;
    assert_eq!(applied.board.task(&id("h")).unwrap().value, -1.0);
    let histories = site.app.habit_histories(&runner.identity.user, 20_800).await.unwrap();
    let found: Vec<f64> = histories[&Of::Task(id("h"))].entries().map(|entry| entry.value).collect();
    assert_eq!(found, [-1.0]);
    apply(&site.app, &runner, vec![delete]).await;
    let fresh = site.another().await;
    assert!(apply(&fresh.app, &runner, Vec::new()).await.board.task(&id("h")).is_none());
    let histories = fresh.app.habit_histories(&runner.identity.user, 20_800).await.unwrap();
    assert!(!histories.contains_key(&Of::Task(id("h"))));
}

async fn another_device_hears_what_was_done(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    apply(&site.app, &runner, vec![add("h", "habit")]).await;
    let (mut device, _) = site.connected(&runner).await;
    let applied = apply(&site.app, &runner, vec![score("h", Direction::Up), add("t", "todo")]).await;
    let heard = told(&mut device, &runner).await;
    assert_eq!((&heard["type"], &heard["v"]), (&json!("habits"), &json!(applied.v)));
    let changes: Vec<&str> =
        heard["changes"].as_array().unwrap().iter().filter_map(|it| it["change"].as_str()).collect();
    assert_eq!(changes, ["task_changed", "stats", "task_added"]);
    assert_eq!(heard["changes"][0]["now"], json!({ "value": 1.0 }));
    let long = (0..40).map(|number| set("tasks.t.notes", json!(format!("{number}{}", "x".repeat(60_000)))));
    apply(&site.app, &runner, long.collect()).await;
    let heard = told(&mut device, &runner).await;
    assert_eq!((&heard["reload"], &heard["changes"]), (&json!(true), &json!([])));
    assert!(heard.to_string().len() < 1_000);
}

async fn a_finished_run_scores_what_its_rules_ask_for_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let ruled = |name: &str, kind: &str, at_least: u32| {
        let rule = json!({ "variable": "distance_m", "at_least": at_least });
        let Node::Tree(tree) = node(json!({ "id": name, "type": kind, "rule": rule })) else { panic!("no tree") };
        Op::AddTask(tree)
    };
    let tasks = vec![ruled("far", "daily", 1_000), ruled("farther", "daily", 2_000), ruled("runs", "habit", 100)];
    apply(&site.app, &runner, tasks).await;
    let (run, _) = site.run(&runner, Visibility::Public).await;
    site.record(&runner, run, 120).await;
    let (mut device, _) = site.connected(&runner).await;
    site.app.transition(&runner.identity, run, Transition::Finish).await.unwrap();
    while within(site.app.carry_out_follow_ups()).await.unwrap() > 0 {}
    // Counted once more, on another instance.
    let other = site.another().await;
    let user = &runner.identity.user;
    other.app.score_by_run(user, run, site.clock.now(), &[("distance_m", 1_200.0)]).await.unwrap();
    let after = apply(&other.app, &runner, Vec::new()).await;
    let is_done = |name: &str| after.board.task(&id(name)).unwrap().completed;
    assert_eq!((is_done("far"), is_done("farther")), (true, false));
    assert_eq!(after.board.task(&id("runs")).unwrap().value, 1.0);
    let heard = told(&mut device, &runner).await;
    let by_run = heard["changes"].as_array().unwrap().iter().filter(|it| it["run"] == run.to_string());
    let scored: Vec<&str> = by_run.filter_map(|it| it["id"].as_str()).collect();
    assert_eq!(scored, ["far", "runs"]);
    let histories = other.app.habit_histories(user, 20_800).await.unwrap();
    assert_eq!(histories[&Of::Task(id("runs"))].entries().next().unwrap().run, Some(run));
}

async fn what_was_earned_counts_for_achievements(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (runner, other) = (site.runner("Aino").await, site.another().await);
    let up = |name| score(name, Direction::Up);
    let ops = vec![add("h", "habit"), add("d", "daily"), add("t", "todo"), up("h"), up("h"), up("d"), up("t")];
    apply(&site.app, &runner, ops).await;
    // What is written is not earned.
    let ops = vec![set("stats.lvl", json!(50)), set("tasks.d.streak", json!(99)), up("h")];
    apply(&site.app, &runner, ops).await;
    assert_eq!(
        counted(&site, &runner).await,
        json!([
            ["dailies_done", 1.0],
            ["habit_level", 1.0],
            ["habit_streak", 1.0],
            ["habits_scored", 3.0],
            ["todos_done", 1.0]
        ])
    );
    apply(&other.app, &runner, vec![up("h"), score("t", Direction::Down)]).await;
    assert_eq!(
        counted(&other, &runner).await,
        json!([["dailies_done", 1.0], ["habit_level", 1.0], ["habit_streak", 1.0], ["habits_scored", 4.0]])
    );
}

/// What the day that tests begin on has contributed, by the names of variables.
async fn counted(site: &Site, runner: &Runner) -> Value {
    site.advance(Duration::from_secs(5)).await;
    site.app.act_on_due(site.clock.now()).await.unwrap();
    let day = "progress/c/habits:20778"; // 2026-11-21
    let key = AggregateId::new("user", &runner.id).key(day);
    let stored = site.app.backend.read(&[key]).await.unwrap().pop().and_then(|it| it.value).expect("a contribution");
    let stored: Value = serde_json::from_slice(&stored).unwrap();
    let mut shares: Vec<Value> = stored["shares"].as_array().unwrap().iter().map(|it| json!([it[0], it[2]])).collect();
    shares.sort_by_key(ToString::to_string);
    json!(shares)
}

async fn a_preview_shows_the_next_turn_and_changes_nothing(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let board = apply(&site.app, &runner, vec![add("d", "daily")]).await;
    let preview = site.app.preview_habits(&runner.identity).await.unwrap();
    assert_eq!((preview.at.to_string().as_str(), preview.turned.days), ("2026-11-22T00:00:00.000Z", 1));
    assert!(preview.after.hero.stats.hp < preview.before.hero.stats.hp);
    assert_eq!(picture(&apply(&site.app, &runner, Vec::new()).await), picture(&board));
    site.advance(Duration::from_secs(24 * 3_600)).await;
    let turned = apply(&site.app, &runner, Vec::new()).await;
    assert_eq!(turned.board.hero.stats, preview.after.hero.stats);
}

async fn operations_are_remembered_for_weeks_and_then_forgotten(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    apply(&site.app, &runner, vec![add("h", "habit")]).await;
    let batch: Vec<Submitted> = (0..700).map(|it| known(score("h", Direction::Up), &format!("o{it}"))).collect();
    let scored = async |expected| {
        let sent = site.app.apply_habits(&runner.identity, batch.clone(), None).await.unwrap();
        assert_eq!(sent.board.hero.earned.habits_scored, expected);
    };
    scored(700).await;
    site.advance(Duration::from_secs(44 * 24 * 3_600)).await;
    site.app.act_on_due(site.clock.now()).await.unwrap();
    scored(700).await;
    site.advance(Duration::from_secs(3 * 24 * 3_600)).await;
    site.app.act_on_due(site.clock.now()).await.unwrap();
    let remembered = Range::all(Index::new(format!("habits/ops/{}", runner.id)), 10);
    assert_eq!(site.app.backend.range(&remembered).await.unwrap().members, []);
    scored(1_400).await;
}

/// The next change of the board.
async fn told(device: &mut Client, runner: &Runner) -> Value {
    loop {
        let change = device.push(&format!("#{}", runner.id)).await["pub"]["data"].clone();
        if change["type"] == "habits" {
            return change;
        }
    }
}

fn all_of(runner: &Runner) -> Index {
    Index::new(format!("habits/of/{}", runner.id))
}

async fn nothing_is_left_of_a_deleted_account(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (runner, other) = (site.runner("Aino").await, site.another().await);
    let ops = (0..300).flat_map(|number| {
        let name = format!("h{number}");
        [known(add(&name, "habit"), &format!("a{number}")), known(score(&name, Direction::Up), &format!("s{number}"))]
    });
    let ops: Vec<Submitted> = ops.collect();
    site.app.apply_habits(&runner.identity, ops.clone(), None).await.unwrap();
    apply(&other.app, &runner, Vec::new()).await;
    let indexes = [all_of(&runner), Index::new(format!("habits/ops/{}", runner.id))];
    let mut names = BTreeSet::new();
    for index in &indexes {
        let members = site.app.backend.range(&Range::all(index.clone(), 5_000)).await.unwrap().members;
        assert!(members.len() >= 600, "{}", members.len());
        names.extend(members.into_iter().map(|(_, name)| name));
    }
    site.app.delete_account(&runner.identity, None, None).await.unwrap();
    let user = AggregateId::new("user", &runner.id);
    let keys: Vec<_> = names.iter().map(|name| user.key(name)).chain([user.key("habits")]).collect();
    let left = site.app.backend.read(&keys).await.unwrap();
    assert!(left.iter().all(|value| value.value.is_none()));
    for index in &indexes {
        assert_eq!(site.app.backend.range(&Range::all(index.clone(), 10)).await.unwrap().members, []);
    }
    // Who was known a moment ago writes nothing any more, here or elsewhere.
    for app in [&site.app, &other.app] {
        let refused = app.apply_habits(&runner.identity, ops.clone(), None).await;
        assert!(matches!(refused, Err(AppError::NotFound("user"))), "{refused:?}");
    }
    site.advance(Duration::from_secs(2 * 24 * 3_600)).await;
    site.app.act_on_due(site.clock.now()).await.unwrap();
    let user = UserId::parse(&runner.id).unwrap();
    assert!(site.app.habit_histories(&user, 20_800).await.unwrap().is_empty());
}
