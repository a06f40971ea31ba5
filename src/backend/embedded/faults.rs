//! What happens when the disk fails or the power is cut, on disks that do as they are told.

mod machine;

use std::ops::ControlFlow;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use self::machine::{JOURNAL_BYTES, Machine};
use super::engine::Write;
use super::rows::Span;
use super::*;
use crate::backend::{AggregateId, Append, Heard, Keep, Order, Put};

fn commit(value: &'static str) -> Commit {
    let run = AggregateId::new("run", "1");
    let mut commit = Commit::on(run.clone());
    commit.puts.push(Put { key: run.head(), value: Some(value.into()) });
    commit.appends.push(Append { topic: run.topic(""), keep: Keep::Newest(10), payload: value.into() });
    commit
}

async fn next(subscription: &mut Subscription) -> Heard {
    let heard = tokio::time::timeout(Duration::from_secs(10), subscription.next()).await;
    heard.expect("in time").expect("the store is open")
}

#[tokio::test]
async fn a_group_that_the_disk_refuses_fails_whole_and_nobody_hears_of_it() {
    let machine = Machine::default();
    let store = machine.store();
    let topic = AggregateId::new("run", "1").topic("");
    let mut heard = store.subscribe(&topic).await.unwrap();
    store.commit(commit("before")).await.unwrap();
    assert!(matches!(next(&mut heard).await, Heard::Change { cursor, .. } if cursor.offset == 1));

    machine.set_broken(true);
    for _ in 0..2 {
        let sent = [store.commit(commit("lost")), store.commit(commit("lost, too"))];
        for answer in futures::future::join_all(sent).await {
            assert!(matches!(answer, Err(CommitError::Backend(BackendError::Unavailable(_)))), "{answer:?}");
        }
    }
    assert!(heard.try_next().is_none());

    // The disk has room again, and nothing has to be restarted.
    machine.set_broken(false);
    let version = store.commit(commit("after")).await.unwrap().version;
    assert_eq!(next(&mut heard).await, Heard::Gap, "it is not known what was written: look");
    let Heard::Change { cursor, payload } = next(&mut heard).await else { panic!("a gap") };
    assert_eq!(payload, "after");
    let found = store.read(&[topic.aggregate.head()]).await.unwrap().remove(0);
    assert_eq!(found, Versioned { version, value: Some("after".into()) });
    match store.replay(&topic, &Since::Oldest, 10).await.unwrap() {
        Replay::Changes { changes, top } => {
            assert_eq!(top, cursor);
            let offsets: Vec<_> = changes.iter().map(|change| change.offset).collect();
            assert_eq!(offsets, (1..=top.offset).collect::<Vec<_>>());
        }
        Replay::Lost { .. } => panic!("lost"),
    }
    store.close().await.unwrap();
    let again = machine.store();
    assert_eq!(again.read(&[topic.aggregate.head()]).await.unwrap().remove(0), found);
}

/// The write with this number: it says its number, and of the rows before it five are left.
fn write(number: u64, rows: &mut Write<'_>) -> Result<(), BackendError> {
    rows.put(b"number", &number.to_be_bytes())?;
    rows.put(&row(number), &[number as u8; 1_000])?;
    if number > 5 { rows.remove(&row(number - 5)) } else { Ok(()) }
}

fn row(number: u64) -> Vec<u8> {
    [&b"row"[..], &number.to_be_bytes()].concat()
}

/// The number of the last write that an engine has, all of it.
fn written(engine: &Engine) -> u64 {
    let view = engine.view().unwrap();
    let number = view.get(b"number", rows::number).unwrap().map_or(0, |number| number.unwrap());
    let mut found = Vec::new();
    let all = Span { from: b"row".to_vec(), until: b"rox".to_vec() };
    view.scan(&all, Order::Ascending, |name, row| {
        assert!(row.len() == 1_000 && row.iter().all(|&byte| byte == name[10]), "half-written");
        found.push(name.to_vec());
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(found, (number.saturating_sub(4).max(1)..=number).map(row).collect::<Vec<_>>());
    number
}

#[test]
fn a_power_cut_at_any_moment_loses_nothing_that_was_written() {
    const WRITES: u64 = 24;
    let mut random = StdRng::seed_from_u64(7);
    let mut moments = 0;
    // Each round takes its picture one operation later, until the work is done before it is taken.
    for moment in 1.. {
        let machine = Machine::default();
        let engine = machine.engine();
        let moment = machine.0.lock().operations + moment;
        machine.0.lock().photograph = Some((moment, Box::default()));
        let mut safe = 0;
        let mut taken = None;
        for number in 1..=WRITES {
            engine.write(|rows| write(number, rows)).unwrap();
            let state = machine.0.lock();
            if state.operations >= moment {
                taken = state.photograph.clone();
                break;
            }
            safe = number;
        }
        let Some((_, files)) = taken else { break };
        for _ in 0..3 {
            let engine = Machine::after_power_cut(*files.clone(), &mut random).engine();
            let found = written(&engine);
            assert!(found == safe || found == safe + 1, "at operation {moment}: {found}, and {safe} were safe");
            for number in found + 1..found + 12 {
                engine.write(|rows| write(number, rows)).unwrap();
                assert_eq!(written(&engine), number, "it goes on");
            }
        }
        moments += 1;
    }
    assert!(moments > 100, "{moments}");
}

#[test]
fn an_engine_that_was_closed_reads_nothing_from_its_journal() {
    let machine = Machine::default();
    let engine = machine.engine();
    for number in 1..=12 {
        engine.write(|rows| write(number, rows)).unwrap();
    }
    engine.close().unwrap();
    assert!(engine.write(|rows| write(13, rows)).is_err());
    assert!(engine.view().is_err());
    machine.0.lock().files[1].content.fill(0);
    assert_eq!(written(&machine.engine()), 12);
}

#[test]
fn a_database_older_than_its_journal_is_refused() {
    let machine = Machine::default();
    let engine = machine.engine();
    let older = machine.0.lock().files[0].clone();
    for number in 1..=30 {
        engine.write(|rows| write(number, rows)).unwrap();
    }
    engine.close().unwrap();
    machine.0.lock().files[0] = older;
    let refused = Engine::with(move || machine.files(), JOURNAL_BYTES).reopen().expect_err("refused");
    assert!(refused.to_string().contains("older than its journal"), "{refused}");
}

#[test]
fn a_fault_at_any_moment_loses_nothing_that_was_written() {
    const WRITES: u64 = 24;
    let mut random = StdRng::seed_from_u64(7);
    let mut moments = 0;
    // Each round the disk refuses one to four operations, from one later on, until the work is done before that.
    for moment in 1.. {
        let machine = Machine::default();
        let engine = machine.engine();
        let from = machine.0.lock().attempts + moment;
        machine.0.lock().refused = from..from + random.random_range(1..5);
        let (mut safe, mut failed, mut number) = (0, 0, 1);
        while number <= WRITES {
            match engine.write(|rows| write(number, rows)) {
                Ok(()) => safe = number,
                Err(error) => {
                    assert!(matches!(error, BackendError::Unavailable(_)), "{error}");
                    assert!(engine.is_faulty());
                    failed += 1;
                    engine.write(|rows| write(number, rows)).expect_err("not before it is opened again");
                    while engine.reopen().is_err() {
                        failed += 1;
                        assert!(engine.view().is_err() && failed < 20);
                    }
                    let found = written(&engine);
                    assert!(found == safe || found == safe + 1, "at operation {moment}: {found}, {safe} were safe");
                    safe = found;
                }
            }
            number = safe + 1;
        }
        if machine.0.lock().attempts < from {
            break;
        }
        let files = machine.0.lock().files.clone();
        for _ in 0..3 {
            assert_eq!(written(&Machine::after_power_cut(files.clone(), &mut random).engine()), WRITES);
        }
        moments += 1;
    }
    assert!(moments > 100, "{moments}");
}

#[test]
fn work_that_fails_half_way_leaves_nothing_behind_and_is_no_fault_of_the_disk() {
    let machine = Machine::default();
    let engine = machine.engine();
    let mut random = StdRng::seed_from_u64(7);
    for number in 1..=30 {
        let failed = engine.write(|rows| {
            write(number, rows)?;
            write(number + 1, rows)?;
            Err::<(), _>(rows::damaged("a row"))
        });
        assert!(matches!(failed, Err(BackendError::Damaged(_))), "{failed:?}");
        assert!(!engine.is_faulty());
        assert_eq!(written(&engine), number - 1);
        engine.write(|rows| write(number, rows)).unwrap();
        let files = machine.0.lock().files.clone();
        assert_eq!(written(&Machine::after_power_cut(files, &mut random).engine()), number);
    }
    engine.reopen().unwrap();
    assert_eq!(written(&engine), 30);
}

#[test]
fn a_journal_that_has_lost_what_was_written_is_not_taken_up() {
    let machine = Machine::default();
    let engine = machine.engine();
    for number in 1..=4 {
        engine.write(|rows| write(number, rows)).unwrap();
    }
    machine.set_broken(true);
    engine.write(|rows| write(5, rows)).expect_err("the disk is broken");
    let journal = std::mem::take(&mut machine.0.lock().files[1]);
    engine.reopen().expect_err("the disk is broken");
    machine.set_broken(false);
    engine.reopen().expect_err("four writes are gone");
    assert!(engine.view().is_err() && engine.is_faulty());
    machine.0.lock().files[1] = journal;
    engine.reopen().expect("they are there again");
    assert!([4, 5].contains(&written(&engine)));
}

#[test]
fn what_another_process_has_written_meanwhile_is_not_taken_up() {
    let machine = Machine::default();
    let engine = machine.engine();
    engine.write(|rows| write(1, rows)).unwrap();
    machine.set_broken(true);
    engine.reopen().expect_err("the disk is broken");
    machine.set_broken(false);
    let other = machine.engine();
    for number in 2..=4 {
        other.write(|rows| write(number, rows)).unwrap();
    }
    other.close().unwrap();
    // Versions that this process gave would be given twice.
    engine.reopen().expect_err("it is no longer the same store");
    assert_eq!(written(&machine.engine()), 4);
}

/// What every path of the app does before it commits anything.
async fn head(store: &Embedded) -> Result<Versioned, BackendError> {
    store.read(&[AggregateId::new("run", "1").head()]).await.map(|mut found| found.remove(0))
}

/// Reads until it succeeds, and nothing else.
async fn head_again(store: &Embedded) -> Versioned {
    let mut pause = tokio::time::interval(Duration::from_millis(10));
    let read = async {
        loop {
            match head(store).await {
                Ok(found) => return found,
                Err(BackendError::Unavailable(_)) => pause.tick().await,
                Err(error) => panic!("{error}"),
            };
        }
    };
    tokio::time::timeout(Duration::from_secs(20), read).await.expect("the store comes back by itself")
}

#[tokio::test]
async fn reads_come_back_with_the_disk_though_nobody_commits() {
    let machine = Machine::default();
    let store = machine.store();
    let topic = AggregateId::new("run", "1").topic("");
    let mut heard = store.subscribe(&topic).await.unwrap();
    let version = store.commit(commit("before")).await.unwrap().version;
    assert!(matches!(next(&mut heard).await, Heard::Change { .. }));
    let before = Versioned { version, value: Some("before".into()) };
    for groups in [0, 1, 3] {
        machine.set_broken(true);
        for _ in 0..groups {
            store.commit(commit("lost")).await.expect_err("the disk is broken");
        }
        // Long enough for the writer to have tried in vain, more than once.
        let began = std::time::Instant::now();
        let mut pause = tokio::time::interval(Duration::from_millis(10));
        while began.elapsed() < limits::STORE_REOPEN_PAUSE * 3 / 2 {
            head(&store).await.expect_err("the disk is broken");
            pause.tick().await;
        }
        machine.set_broken(false);
        assert_eq!(head_again(&store).await, before, "after {groups} groups");
        assert_eq!(next(&mut heard).await, Heard::Gap, "those who listen have to look");
        assert!(matches!(store.replay(&topic, &Since::Oldest, 10).await, Ok(Replay::Changes { .. })));
    }
    store.commit(commit("after")).await.unwrap();
    store.close().await.unwrap();
}

#[tokio::test]
async fn nobody_waits_for_a_store_that_is_being_opened_again() {
    let (opening, opens) = std::sync::mpsc::channel();
    let (go_on, wait) = std::sync::mpsc::channel();
    let wait = Mutex::new(wait);
    let machine = Machine::default();
    let files = machine.clone();
    let open = move || {
        opening.send(()).expect("the test goes on");
        wait.lock().recv().expect("the test goes on");
        files.files()
    };
    let engine = Engine::with(open, JOURNAL_BYTES);
    go_on.send(()).unwrap();
    engine.reopen().expect("opens");
    opens.recv().unwrap();
    let store = Embedded::on(engine, Clock::system(), Path::new("memory")).expect("opens");
    let version = store.commit(commit("before")).await.unwrap().version;
    machine.set_broken(true);
    head(&store).await.expect_err("the disk is broken");
    machine.set_broken(false);
    opens.recv_timeout(Duration::from_secs(20)).expect("the writer opens it again");
    // Opening takes as long as it takes; this would hang if it were waited for.
    head(&store).await.expect_err("it is not open yet");
    go_on.send(()).unwrap();
    assert_eq!(head_again(&store).await, Versioned { version, value: Some("before".into()) });
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_file_that_has_vanished_is_not_made_anew() {
    for name in ["runnity.redb", "runnity.journal"] {
        let dir = tempfile::tempdir().unwrap();
        let (file, aside) = (dir.path().join(name), dir.path().join("aside"));
        let store = Embedded::open(dir.path(), Clock::system()).expect("opens");
        let version = store.commit(commit("before")).await.unwrap().version;
        let before = Versioned { version, value: Some("before".into()) };
        store.engine.reopen().expect("a file can be opened again");
        assert_eq!(head(&store).await.unwrap(), before);

        std::fs::rename(&file, &aside).unwrap();
        store.engine.reopen().expect_err("there is no file");
        assert!(!file.exists());
        head(&store).await.expect_err("a failure is no empty value");
        store.commit(commit("lost")).await.expect_err("it cannot be written");
        if name == "runnity.redb" {
            std::fs::write(&file, "").unwrap();
            store.engine.reopen().expect_err("there is nothing in it");
        }

        std::fs::rename(&aside, &file).unwrap();
        assert_eq!(head_again(&store).await, before);
        store.commit(commit("after")).await.unwrap();
        store.close().await.unwrap();
    }
}
