//! What an operation on a board writes, and how many are carried out, in this process: the application on an embedded store, without
//! a socket between.
//!
//! Counted is what a commit gives to the store: documents with their names, places in indexes with theirs, and what is told. Not what
//! the store adds to it, which is as much for each.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, join_all};
use parking_lot::Mutex;
use runnity::app::habits::{OpId, Submitted};
use runnity::app::users::Identity;
use runnity::app::{App, Settings};
use runnity::backend::embedded::Embedded;
use runnity::backend::{Backend, Commit, CommitError, Committed};
use runnity::clock::Clock;
use runnity::domain::habit::Op;
use runnity::domain::habit::numbers::Direction;
use runnity::domain::habit::task::{TaskChange, TaskId, TaskKind};
use runnity::domain::time::Timestamp;
use runnity::domain::user::{Level, Visibility};

use crate::around::Verbs;
use crate::report::{Latency, Line, Report};
use crate::{Habits, Outcome, process};

const DAY: Duration = Duration::from_secs(24 * 3_600);
/// After which what was earned is counted.
const MOMENT: Duration = Duration::from_secs(10);
/// Two years: on the last day of a month, whose document is as long as it ever is.
const BEGIN: &str = "2024-12-31T06:00:00Z";
const DAYS: usize = 730;
const TASKS: usize = 500;
/// Of those, which are clicked and ticked each day.
const DAILY: usize = 40;

pub fn scenario(arguments: &Habits, report: &mut Report) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    for _ in 0..arguments.rounds {
        report.add(runtime.block_on(carried_out(arguments))?);
        runtime.block_on(written(report))?;
    }
    Ok(())
}

async fn carried_out(arguments: &Habits) -> Outcome<Line> {
    let (data, clock) = (process::data_folder()?, Clock::system());
    let app = App::new(Arc::new(Embedded::open(data.path(), clock.clone())?), clock, Settings::default());
    let mut users = Vec::new();
    for number in 0..arguments.users {
        users.push(user(&app, number).await?);
    }
    let duration = Duration::from_secs_f64(arguments.seconds);
    let (began, cpu_s) = (Instant::now(), process::cpu_s(std::process::id())?);
    let clicks = users.into_iter().map(|user| {
        let app = app.clone();
        tokio::spawn(async move {
            app.apply_habits(&user, vec![add("h", TaskKind::Habit).into()], None).await.map_err(|it| it.to_string())?;
            let mut took = Vec::new();
            while began.elapsed() < duration {
                let sent = Instant::now();
                let id = OpId::parse(&format!("5f0c7a52-6f0e-4a55-{:017}", took.len()));
                let click = vec![Submitted { op: click("h"), id }];
                app.apply_habits(&user, click, None).await.map_err(|it| it.to_string())?;
                took.push(sent.elapsed());
            }
            Ok::<_, String>(took)
        })
    });
    let mut latency = Latency::new()?;
    for took in join_all(clicks).await {
        took??.into_iter().for_each(|took| latency.add(took));
    }
    let (elapsed_s, cpu_s) = (began.elapsed().as_secs_f64(), process::cpu_s(std::process::id())? - cpu_s);
    let line =
        Line::new(format!("habits inside, clicks of {} users, one a batch", arguments.users), "embedded".to_owned());
    let count = latency.len() as f64;
    let line = line.with("acknowledged_per_s", count / elapsed_s).with("cpu_us_per_click", cpu_s * 1e6 / count);
    Ok(line.with_latency(&latency))
}

async fn written(report: &mut Report) -> Outcome<()> {
    let data = process::data_folder()?;
    let clock = Clock::manual(Timestamp::parse(BEGIN).ok_or("no time")?);
    let store = Counting::default().around(Arc::new(Embedded::open(data.path(), clock.clone())?));
    let app = App::new(store.clone(), clock.clone(), Settings::default());
    let (new, old) = (user(&app, 1).await?, user(&app, 2).await?);
    let tasks = (0..TASKS - 10).map(|number| match number {
        0..DAILY => add(&format!("t{number}"), TaskKind::Daily),
        _ => add(&format!("t{number}"), [TaskKind::Habit, TaskKind::Todo][number % 2]),
    });
    apply(&app, &old, tasks.chain([add("h", TaskKind::Habit)]).collect()).await?;
    for _ in 0..DAYS {
        let ops = (0..DAILY).chain((DAILY..2 * DAILY).step_by(2)).map(|number| click(&format!("t{number}")));
        apply(&app, &old, ops.chain([click("h")]).collect()).await?;
        // As a server does within seconds: what counts for achievements is counted, and waits no longer.
        clock.advance(MOMENT);
        app.do_duties().await.map_err(|error| error.to_string())?;
        clock.advance(DAY - MOMENT);
    }
    apply(&app, &old, vec![click("h")]).await?;
    apply(&app, &new, vec![add("h", TaskKind::Habit), add("t1", TaskKind::Daily)]).await?;
    for (name, op) in [
        ("a click", click("h")),
        ("a tick", click("t1")),
        ("a new task", add("new", TaskKind::Todo)),
        ("a task moved", Op::Move { id: id("new"), to: 1 }),
    ] {
        let mut bytes = Vec::new();
        for user in [&new, &old] {
            *store.bytes.lock() = 0;
            apply(&app, user, vec![op.clone()]).await?;
            bytes.push(*store.bytes.lock() as f64);
        }
        let line = Line::new(format!("habits, what {name} writes"), "embedded".to_owned());
        let line = line.with("bytes_on_a_new_board", bytes[0]).with("bytes_with_500_tasks_and_2_years", bytes[1]);
        report.add(line.with("ratio", bytes[1] / bytes[0]));
    }
    Ok(())
}

async fn user(app: &App, number: usize) -> Outcome<Identity> {
    let made = app.make_user(format!("user {number}"), Level::User, None, Visibility::Public).await;
    let (_, token) = made.map_err(|error| error.to_string())?;
    Ok(app.authenticate(token.reveal()).await.map_err(|error| error.to_string())?)
}

async fn apply(app: &App, user: &Identity, ops: Vec<Op>) -> Outcome<()> {
    let ops = ops.into_iter().map(Submitted::from).collect();
    let applied = app.apply_habits(user, ops, None).await.map_err(|error| error.to_string())?;
    match applied.errors.first() {
        Some((at, error)) => Err(format!("operation {at}: {error}").into()),
        None => Ok(()),
    }
}

fn id(name: &str) -> TaskId {
    TaskId::parse(name).unwrap_or_else(|| unreachable!("names of this file are ids"))
}

fn add(name: &str, kind: TaskKind) -> Op {
    let text = Some("Half an hour outside, whatever the weather".to_owned());
    Op::Create { id: id(name), kind, change: Box::new(TaskChange { text, ..TaskChange::default() }) }
}

fn click(name: &str) -> Op {
    Op::Score { id: id(name), direction: Direction::Up, run: None }
}

/// Counts what the boards' commits give to the store.
#[derive(Default)]
struct Counting {
    bytes: Mutex<usize>,
}

impl Verbs for Counting {
    fn commit<'a>(&'a self, inner: &'a dyn Backend, commit: Commit) -> BoxFuture<'a, Result<Committed, CommitError>> {
        let puts = commit.puts.iter().map(|put| put.key.name.len() + put.value.as_ref().map_or(0, |value| value.len()));
        let moves = commit.moves.iter().map(|it| it.index.as_str().len() + it.member.len() + size_of::<i64>());
        let appends = commit.appends.iter().map(|append| append.payload.len());
        *self.bytes.lock() += puts.chain(moves).chain(appends).sum::<usize>();
        inner.commit(commit)
    }
}
