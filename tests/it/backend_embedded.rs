//! What is the embedded store's own: its format, its lock, its end, and what a `kill -9` leaves.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use redb::{ReadableTable, TableDefinition};
use runnity::backend::embedded::{Embedded, OpenError};
use runnity::backend::{
    AggregateId, Backend, BackendError, Commit, CommitError, Heard, Index, Keep, Range, Replay, Since, Standing,
    Version,
};
use runnity::clock::Clock;

use crate::backend_contract::{Saying, offsets, within};

const ROWS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("rows");
const DEADLINE: Duration = Duration::from_secs(30);

fn open(dir: &Path) -> Embedded {
    Embedded::open(dir, Clock::system()).expect("opens")
}

fn run(id: usize) -> AggregateId {
    AggregateId::new("run", &id.to_string())
}

/// Changes rows of a closed store behind its back.
fn tamper(dir: &Path, change: impl FnOnce(&mut redb::Table<&'static [u8], &'static [u8]>)) {
    let database = redb::Database::create(dir.join("runnity.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    change(&mut transaction.open_table(ROWS).unwrap());
    transaction.commit().unwrap();
}

fn set_format(dir: &Path, format: u64) {
    tamper(dir, |rows| drop(rows.insert(&b"mformat"[..], &format.to_be_bytes()[..]).unwrap()));
}

#[tokio::test]
async fn a_store_of_format_1_is_upgraded() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for n in 0..5 {
        let one = Commit::on(run(n)).put("", "head").place("a", &n.to_string(), 1).place("b", "same", n as i64);
        store.commit(one.place("ab", &(n % 2).to_string(), 3)).await.unwrap();
    }
    store.close().await.unwrap();
    // Format 1 had no totals.
    tamper(dir.path(), |rows| rows.retain(|name, _| !name.starts_with(b"n")).unwrap());
    set_format(dir.path(), 1);

    let store = open(dir.path());
    for (index, total) in [("a", 5), ("b", 1), ("ab", 2), ("none", 0)] {
        let range = Range { count: true, ..Range::all(Index::new(index), 10) };
        let found = store.range(&range).await.unwrap();
        assert_eq!(found.standing, Some(Standing { rank: 0, total }), "{index}");
        assert_eq!(found.members.len() as u64, total);
    }
    assert_eq!(store.read(&[run(4).head()]).await.unwrap()[0].value, Some("head".into()));
    store.commit(Commit::on(run(9)).place("a", "9", 1)).await.unwrap();
    store.close().await.unwrap();
    tamper(dir.path(), |rows| {
        let format = rows.get(&b"mformat"[..]).unwrap().unwrap();
        assert_eq!(format.value(), 2_u64.to_be_bytes());
    });
}

#[tokio::test]
async fn a_store_of_a_newer_format_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).close().await.unwrap();
    set_format(dir.path(), 99);
    for _ in 0..2 {
        match Embedded::open(dir.path(), Clock::system()) {
            Err(error @ OpenError::NewerFormat { found: 99, known: 2 }) => {
                assert!(error.to_string().contains("use a newer version"), "{error}");
            }
            other => panic!("{:?}", other.err()),
        }
    }
    set_format(dir.path(), 2);
    open(dir.path()).close().await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_store_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("runnity.redb"), "not a database".repeat(1_000)).unwrap();
    let refused = Embedded::open(dir.path(), Clock::system()).err();
    assert!(matches!(refused, Some(OpenError::Damaged { .. })), "{refused:?}");
    // A database, but none of ours.
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).close().await.unwrap();
    tamper(dir.path(), |rows| drop(rows.remove(&b"mepoch"[..]).unwrap()));
    let refused = Embedded::open(dir.path(), Clock::system()).err();
    assert!(matches!(refused, Some(OpenError::Damaged { .. })), "{refused:?}");
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = Embedded::open(&file.join("data"), Clock::system()).err().expect("refused");
    assert!(matches!(refused, OpenError::Io { .. }), "{refused:?}");
    assert!(refused.to_string().starts_with(&*file.to_string_lossy()), "{refused}");
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_on_the_machine_reads_the_store() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let set_mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    // In a directory that others read.
    let dir = tempfile::tempdir().unwrap();
    set_mode(dir.path(), 0o755);
    let files = ["runnity.redb", "runnity.journal"].map(|name| dir.path().join(name));
    let modes = || files.each_ref().map(|file| mode(file));
    open(dir.path()).close().await.unwrap();
    assert_eq!(modes(), [0o600; 2]);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), files.len(), "there is nothing else to read");
    // Files of which that was not so.
    files.iter().for_each(|file| set_mode(file, 0o644));
    let store = open(dir.path());
    assert_eq!(modes(), [0o600; 2]);
    assert_eq!(mode(dir.path()), 0o755, "the directory is not ours");
    // The files are looked at again while they are open, and stay in use.
    assert!(matches!(Embedded::open(dir.path(), Clock::system()), Err(OpenError::InUse { .. })));
    assert!(child_said("open", dir.path()).contains("is in use"));
    store.close().await.unwrap();
    // Directories that we make.
    let made = dir.path().join("a/b");
    open(&made).close().await.unwrap();
    assert_eq!((mode(&made), mode(made.parent().unwrap())), (0o700, 0o700));
}

#[tokio::test]
async fn a_second_process_is_refused_and_told_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let said = child_said("open", dir.path());
    assert!(said.contains("is in use by another process: stop that one first"), "{said}");
    // And so is a second store in this process.
    assert!(matches!(Embedded::open(dir.path(), Clock::system()), Err(OpenError::InUse { .. })));
    store.commit(Commit::on(run(1)).put("", "still here")).await.unwrap();
    store.close().await.unwrap();
    assert!(child_said("open", dir.path()).contains("opened"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_carries_out_what_was_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(open(dir.path()));
    let mut heard = store.subscribe(&run(0).topic("t")).await.unwrap();
    let sent = (0..500).map(|n| store.commit(Commit::on(run(0)).append("t", Keep::Newest(1_000), n.to_string())));
    let (answers, closed) =
        within(DEADLINE, async { tokio::join!(futures::future::join_all(sent), store.close()) }).await;
    closed.unwrap();
    let accepted = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(accepted, 500, "all were sent before the end was");

    let late = store.commit(Commit::on(run(0)).put("", "late")).await;
    assert!(matches!(late, Err(CommitError::Backend(BackendError::Unavailable(_)))), "{late:?}");
    let late = store.commit(Commit::on(run(0)).append("t", Keep::Nothing, "late")).await;
    assert!(matches!(late, Err(CommitError::Backend(BackendError::Unavailable(_)))), "{late:?}");
    assert!(store.read(&[run(0).head()]).await.is_err(), "no empty answer from a closed store");
    assert!(store.subscribe(&run(0).topic("t")).await.is_err());
    store.close().await.expect("closing twice is no error");
    for _ in 0..500 {
        within(DEADLINE, heard.next()).await.expect("all are heard");
    }
    assert_eq!(within(DEADLINE, heard.next()).await, None, "and then the subscription ends");

    let store = open(dir.path());
    match store.replay(&run(0).topic("t"), &Since::Oldest, 1_000).await.unwrap() {
        Replay::Changes { changes, .. } => assert_eq!(offsets(&changes), (1..=500).collect::<Vec<_>>()),
        Replay::Lost { .. } => panic!("lost"),
    }
}

#[tokio::test]
async fn dropping_does_not_hang_and_loses_nothing_that_was_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut heard = store.subscribe(&run(0).topic("t")).await.unwrap();
    // Sent, but nobody waits for the answer.
    let mut given_up = store.commit(Commit::on(run(0)).append("t", Keep::Newest(5), "x"));
    assert!(futures::poll!(&mut given_up).is_pending());
    drop(given_up);
    drop(store);
    within(DEADLINE, heard.next()).await.expect("carried out");
    assert_eq!(within(DEADLINE, heard.next()).await, None, "the writer has ended");
}

#[tokio::test]
async fn a_store_that_is_given_too_much_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let big = bytes::Bytes::from(vec![0; 40_000_000]);
    let sent = (0..8).map(|n| store.commit(Commit::on(run(n)).append("t", Keep::Latest, big.clone())));
    let answers = futures::future::join_all(sent).await;
    let refused = |answer: &&Result<_, _>| matches!(answer, Err(CommitError::Backend(BackendError::Unavailable(_))));
    // Three fit; a writer that is quick makes room for more.
    let refused_len = answers.iter().filter(refused).count();
    assert!((1..=5).contains(&refused_len), "{refused_len} of 8");
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 8 - refused_len);
    store.commit(Commit::on(run(9)).append("t", Keep::Latest, big)).await.expect("and there is room again");
}

#[tokio::test]
async fn a_damaged_row_fails_only_those_commits_that_need_it() {
    const DAMAGED: [usize; 3] = [1, 250, 251];
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for id in DAMAGED {
        store.commit(Commit::on(run(id)).put("", "whole")).await.unwrap();
    }
    store.close().await.unwrap();
    tamper(dir.path(), |rows| {
        for id in DAMAGED {
            let owner = rows.get(format!("arun/{id}").as_bytes()).unwrap().expect("its number").value().to_vec();
            let value = [&b"d"[..], &owner, b"v"].concat();
            assert!(rows.insert(&value[..], &b"x"[..]).unwrap().is_some(), "it was there");
        }
    });
    let store = open(dir.path());
    let mut heard = store.subscribe(&run(0).topic("t")).await.unwrap();
    // One by one into the queue: while the first is written the others wait, and make one group.
    let sent = (0..500).map(|n| {
        store.commit(match n {
            n if DAMAGED.contains(&n) => Commit::on(run(n)).expect("", Version::ABSENT).put("", "again"),
            n => Commit::on(run(0)).append("t", Keep::Newest(1_000), n.to_string()),
        })
    });
    let answers = within(DEADLINE, futures::future::join_all(sent)).await;
    let mut offset = 0;
    for (n, answer) in answers.into_iter().enumerate() {
        if DAMAGED.contains(&n) {
            assert!(matches!(answer, Err(CommitError::Backend(BackendError::Damaged(_)))), "{n}: {answer:?}");
            continue;
        }
        offset += 1;
        assert_eq!(answer.unwrap().cursors[0].offset, offset, "in the order in which they were sent");
        match within(DEADLINE, heard.next()).await {
            Some(Heard::Change { cursor, payload }) => {
                assert_eq!((cursor.offset, payload), (offset, n.to_string().into()));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(store.read(&[run(250).head()]).await.is_err(), "what is damaged is not passed over");
    store.close().await.unwrap();
    let store = open(dir.path());
    match store.replay(&run(0).topic("t"), &Since::Oldest, 1_000).await.unwrap() {
        Replay::Changes { changes, .. } => assert_eq!(offsets(&changes), (1..=offset).collect::<Vec<_>>()),
        Replay::Lost { .. } => panic!("lost"),
    }
}

const WRITERS: usize = 6;

#[tokio::test]
async fn a_killed_process_leaves_all_that_it_acknowledged_and_nothing_half_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = [0_u64; WRITERS];
    for _ in 0..10 {
        let mut child = child("write", dir.path());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut left: usize = rand::random_range(1..400);
        // What it said before it died counts, whether it was read before that or not.
        while let Some(Ok(line)) = lines.next() {
            if let Some((writer, number)) = line.strip_prefix("written ").and_then(|line| line.split_once(' ')) {
                acknowledged[writer.parse::<usize>().unwrap()] = number.parse().unwrap();
                left = left.saturating_sub(1);
                if left == 0 {
                    child.kill().unwrap();
                }
            }
        }
        assert!(!child.wait().unwrap().success(), "it was killed");
        let store = open(dir.path());
        for (writer, acknowledged) in acknowledged.iter_mut().enumerate() {
            let found = whole(&store, writer).await;
            assert!(found == *acknowledged || found == *acknowledged + 1, "{found} of {acknowledged}");
            *acknowledged = found;
        }
        store.close().await.unwrap();
    }
    assert!(acknowledged.iter().sum::<u64>() > 100, "{acknowledged:?}");
}

/// The number of the writer's last commit, in which value, log, trimmed topic and index agree.
async fn whole(store: &Embedded, writer: usize) -> u64 {
    let run = run(writer);
    let Replay::Changes { changes, top } = store.replay(&run.topic("log"), &Since::Oldest, usize::MAX).await.unwrap()
    else {
        panic!("lost")
    };
    assert_eq!(offsets(&changes), (1..=top.offset).collect::<Vec<_>>());
    assert!(changes.iter().all(|change| change.payload == change.offset.to_string()));
    let value = store.read(&[run.head()]).await.unwrap().remove(0).value;
    assert_eq!(value.map_or(0, |value| std::str::from_utf8(&value).unwrap().parse().unwrap()), top.offset);
    let Replay::Changes { changes, .. } = store.replay(&run.topic("newest"), &Since::Oldest, usize::MAX).await.unwrap()
    else {
        panic!("lost")
    };
    assert_eq!(offsets(&changes), (top.offset.saturating_sub(9).max(1)..=top.offset).collect::<Vec<_>>());
    let members = store.range(&Range::all(Index::new(run.as_str()), 10)).await.unwrap().members;
    assert_eq!(members.first().map_or(0, |(score, _)| *score as u64), top.offset);
    assert!(members.len() <= 1);
    top.offset
}

/// Runs this test binary once more, to do `what` with the store in `dir` in a process of its own.
fn child(what: &str, dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "backend_embedded::in_a_process_of_its_own", "--nocapture"])
        .env("RUNNITY_TEST_CHILD", what)
        .env("RUNNITY_TEST_DIR", dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What such a process has said when it has ended.
fn child_said(what: &str, dir: &Path) -> String {
    String::from_utf8(child(what, dir).wait_with_output().unwrap().stdout).unwrap()
}

/// Does nothing unless [`child`] has started it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_process_of_its_own() {
    let (Ok(what), Some(dir)) = (std::env::var("RUNNITY_TEST_CHILD"), std::env::var_os("RUNNITY_TEST_DIR")) else {
        return;
    };
    match Embedded::open(Path::new(&dir), Clock::system()) {
        Ok(store) if what == "write" => {
            let store = Arc::new(store);
            let writers = (0..WRITERS).map(|writer| tokio::spawn(write_for_ever(store.clone(), writer)));
            futures::future::join_all(writers.collect::<Vec<_>>()).await;
        }
        Ok(_) => say("opened"),
        Err(error) => say(&error.to_string()),
    }
}

async fn write_for_ever(store: Arc<Embedded>, writer: usize) {
    for number in whole(&store, writer).await + 1.. {
        let (run, text) = (run(writer), number.to_string());
        let index = run.as_str().to_owned();
        let one = Commit::on(run).put("", text.clone()).append("log", Keep::Everything, text.clone());
        let one = one.append("newest", Keep::Newest(10), text).place(&index, "me", number as i64);
        store.commit(one).await.unwrap();
        say(&format!("written {writer} {number}"));
    }
}

/// A line of its own for the parent, in one piece.
fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(format!("\n{line}\n").as_bytes()).unwrap();
    stdout.flush().unwrap();
}
