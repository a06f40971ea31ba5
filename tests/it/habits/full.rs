//! Boards with all that they may hold, and years of it: what one operation and one turn of the day cost there.

use std::time::Duration;

use runnity::app::habits::{Submitted, node};
use runnity::backend::{Commit, Range};
use runnity::domain::habit::numbers::Direction;
use runnity::domain::habit::task::TaskKind;
use runnity::domain::habit::tree::Node;
use runnity::domain::habit::{HabitError, Op};
use serde_json::json;

use super::watched::Watched;
use super::{add, all_of, apply, id, known, picture, score};
use crate::support::{Runner, Site, StoreKind, on_each_store, within};

on_each_store!(
    a_thousand_tasks_turn_their_day_in_one_commit_with_a_thousand_operations,
    who_comes_back_after_three_years_is_handled_at_once,
    an_operation_writes_little_however_much_there_is,
    a_board_holds_no_more_than_is_kept_in_memory,
    what_is_deleted_leaves_no_name_behind,
);

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// A board without its first nine tasks.
async fn emptied(site: &Site, runner: &Runner) {
    let all = apply(&site.app, runner, Vec::new()).await;
    let delete = |id| Op::DelTask { id, kind: None };
    apply(&site.app, runner, all.board.all_tasks().map(|task| delete(task.id.clone())).collect()).await;
}

async fn a_thousand_tasks_turn_their_day_in_one_commit_with_a_thousand_operations(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    emptied(&site, &runner).await;
    let tasks = (0..1_000).map(|number| add(&format!("d{number}"), "daily")).collect();
    let mut before = apply(&site.app, &runner, tasks).await;
    let refused = apply(&site.app, &runner, vec![add("more", "todo")]).await;
    assert!(matches!(refused.errors[..], [(0, HabitError::TooMany { .. })]), "{:?}", refused.errors);
    // Months apart, so that old ones are put together as well.
    for months in 1..=4 {
        site.advance(31 * DAY).await;
        let tick = |number| known(score(&format!("d{number}"), Direction::Up), &format!("o{months}/{number}"));
        let ops: Vec<Submitted> = (0..1_000).map(tick).collect();
        let sent = within(site.app.apply_habits(&runner.identity, ops, None)).await.unwrap();
        // The clock may have turned the day already.
        assert!((before.v + 1..=before.v + 2).contains(&sent.v) && sent.errors.is_empty(), "{:?}", sent.errors);
        before = sent.clone();
        assert!(sent.board.tasks(TaskKind::Daily).all(|task| task.completed));
    }
    let fresh = site.another().await;
    let [one, two] = [apply(&site.app, &runner, Vec::new()).await, apply(&fresh.app, &runner, Vec::new()).await];
    assert_eq!(picture(&one), picture(&two));
    assert_eq!(site.app.habit_histories(&runner.identity.user, 21_000).await.unwrap().len(), 1_002);
}

async fn who_comes_back_after_three_years_is_handled_at_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let tasks = (0..200).map(|number| add(&format!("d{number}"), ["daily", "todo"][number % 2])).collect();
    let before = apply(&site.app, &runner, tasks).await;
    site.advance(4 * 366 * DAY).await;
    // By a device and by the clock at once.
    let (device, clock) =
        within(futures::future::join(apply(&site.app, &runner, Vec::new()), site.app.act_on_due(site.clock.now())))
            .await;
    clock.unwrap();
    assert_eq!(device.v, before.v + 1);
    let after = apply(&site.app, &runner, vec![Op::Revive]).await;
    assert_eq!((after.v, after.board.hero.stats.hp), (device.v + 1, 50.0));
    let todo = after.board.task(&id("d1")).unwrap().value;
    assert!(todo.is_finite() && todo < -1_095.0, "{todo}");
}

async fn an_operation_writes_little_however_much_there_is(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (app, store) = Watched::on(&site).await;
    let (new, old) = (site.runner("Aino").await, site.runner("Bela").await);
    let habit = add("h", "habit");
    // Five hundred tasks for two years, of which a dozen were looked after.
    let tasks = (0..490).map(|number| add(&format!("t{number}"), if number < 12 { "daily" } else { "habit" }));
    apply(&app, &old, tasks.chain([habit.clone()]).collect()).await;
    for _ in 0..24 {
        site.advance(30 * DAY).await;
        let ticks = (0..12).map(|number| score(&format!("t{number}"), Direction::Up));
        apply(&app, &old, ticks.chain([score("h", Direction::Up)]).collect()).await;
    }
    // The worst of days: the last of a long month, on each of which it was scored.
    // 2026-11-21 and 720 days are 2028-11-10.
    site.advance(20 * DAY).await;
    for _ in 0..31 {
        site.advance(DAY).await;
        apply(&app, &old, vec![score("h", Direction::Up)]).await;
    }
    apply(&app, &new, vec![habit]).await;
    apply(&app, &old, vec![Op::Revive]).await;
    // As ever, but that here days have passed in no time: what they have come to is counted by now.
    site.advance(Duration::from_secs(10)).await;
    app.act_on_due(site.clock.now()).await.unwrap();
    for op in [score("h", Direction::Up), score("h", Direction::Down), add("x", "todo"), score("x", Direction::Up)] {
        store.commits();
        apply(&app, &new, vec![op.clone()]).await;
        let little = bytes(&store.commits());
        apply(&app, &old, vec![op.clone()]).await;
        let much = bytes(&store.commits());
        assert!(much <= 3 * little, "{op:?}: {much} beside {little}");
    }
}

/// Of documents, of names in indexes, and of what is told. A commit that found the head another was made once more.
fn bytes(commits: &[Commit]) -> usize {
    let commit = commits.last().expect("a commit");
    let puts = commit.puts.iter().map(|put| put.key.name.len() + put.value.as_ref().map_or(0, |value| value.len()));
    let moves = commit.moves.iter().map(|it| it.index.as_str().len() + it.member.len());
    let appends = commit.appends.iter().map(|append| append.payload.len());
    puts.chain(moves).chain(appends).sum()
}

async fn a_board_holds_no_more_than_is_kept_in_memory(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let text = "x".repeat(64 * 1024);
    let long = |number: usize| {
        let tree = json!({ "id": format!("l{number}"), "type": "todo", "text": text, "notes": text });
        let Node::Tree(tree) = node(tree) else { panic!("no tree") };
        Op::AddTask(tree)
    };
    let filled = apply(&site.app, &runner, (0..70).map(long).collect()).await;
    let refused = filled.errors.len();
    assert!((1..20).contains(&refused), "{refused}");
    assert!(filled.errors.iter().all(|(_, error)| matches!(error, HabitError::Full { .. })));
    // There is room again for what is shorter.
    let ops = vec![
        Op::Set { path: "tasks.l0.notes".to_owned(), value: Node::text("short") },
        Op::Set { path: "tasks.l1.notes".to_owned(), value: Node::text("shorter") },
        add("small", "habit"),
    ];
    let after = apply(&site.app, &runner, ops).await;
    assert_eq!(after.errors, []);
    let fresh = site.another().await;
    let again = apply(&fresh.app, &runner, vec![add("smaller", "habit"), long(99), long(100)]).await;
    assert!(matches!(again.errors[..], [(2, HabitError::Full { .. })]), "{:?}", again.errors);
}

async fn what_is_deleted_leaves_no_name_behind(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    emptied(&site, &runner).await;
    let names = async || {
        let members = site.app.backend.range(&Range::all(all_of(&runner), 1_000)).await.unwrap().members;
        members.into_iter().map(|(_, name)| name.to_string()).collect::<Vec<_>>()
    };
    let before = names().await;
    assert_eq!(before, ["habits/other", "habits/tags"]);
    apply(&site.app, &runner, (0..40).map(|number| add(&format!("h{number}"), "habit")).collect()).await;
    for _ in 0..5 {
        apply(&site.app, &runner, (0..40).map(|number| score(&format!("h{number}"), Direction::Up)).collect()).await;
        site.advance(31 * DAY).await;
    }
    assert!(names().await.len() > 40 * 4);
    // By an instance that has seen nothing of it, and half of them come anew in the same batch.
    let fresh = site.another().await;
    let deletes = (0..40).map(|number| Op::DelTask { id: id(&format!("h{number}")), kind: None });
    let ops = deletes.chain((0..20).map(|number| add(&format!("h{number}"), "habit"))).collect();
    apply(&fresh.app, &runner, ops).await;
    let left: Vec<String> = names().await.into_iter().filter(|name| name.starts_with("habits/h/t/")).collect();
    assert_eq!(left, [] as [&str; 0]);
    assert_eq!(names().await.iter().filter(|name| name.starts_with("habits/t/")).count(), 20);
}
