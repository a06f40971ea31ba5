//! What Redis answers instead, each told in a sentence; and answers that never come.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use runnity::backend::{Backend as _, BackendError, Commit, CommitError, Index, Move, Once, Replay, Since};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::{open, open_at, run, said, say, say_at_last, topic};
use crate::support::redis_server::RedisServer;
use crate::support::within;

/// A way to Redis by which, from some moment on, words go there and no answer comes back.
struct DeafWay {
    port: u16,
    /// Whether the connections of now are deaf.
    is_deaf: Arc<Mutex<Arc<AtomicBool>>>,
    /// How often the connections of then were ended.
    cuts: watch::Sender<u32>,
}

impl DeafWay {
    async fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let way = Self { port, is_deaf: Arc::default(), cuts: watch::Sender::new(0) };
        let (is_deaf, cuts) = (way.is_deaf.clone(), way.cuts.clone());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(("127.0.0.1", target)).await.expect("connected");
                let (is_deaf, mut cut) = (is_deaf.lock().clone(), cuts.subscribe());
                tokio::spawn(async move {
                    tokio::select! {
                        _ = cut.changed() => {}
                        () = carry(near, far, &is_deaf) => {}
                    }
                });
            }
        });
        way
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn go_deaf(&self) {
        self.is_deaf.lock().store(true, Ordering::Relaxed);
    }

    /// Ends the connections of now, and hears those that come again.
    fn cut(&self) {
        *self.is_deaf.lock() = Arc::default();
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

async fn carry(near: TcpStream, far: TcpStream, is_deaf: &AtomicBool) {
    let ((mut near_in, mut near_out), (mut far_in, mut far_out)) = (near.into_split(), far.into_split());
    let answers = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(len @ 1..) = far_in.read(&mut buffer).await {
            if !is_deaf.load(Ordering::Relaxed) && near_out.write_all(&buffer[..len]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = answers => {}
        _ = tokio::io::copy(&mut near_in, &mut far_out) => {}
    }
}

/// Sends a commit that is carried out, and whose answer is lost; what the sender is told.
async fn answer_lost(once: Vec<Once>) -> (RedisServer, Result<(), CommitError>) {
    let server = RedisServer::start().await;
    let way = DeafWay::to(server.port()).await;
    let store = Arc::new(open_at(&way.url()).await);
    way.go_deaf();
    let commit = Commit { once, ..said("once") };
    let sent = tokio::spawn({
        let store = store.clone();
        async move { store.commit(commit).await.map(drop) }
    });
    within(async { while server.ask(&["XLEN", "{runnity:0}:s:run/7#"]).await != "1" {} }).await;
    way.cut();
    let told = within(sent).await.unwrap();
    assert!(store.counts().resent.get() <= 1);
    (server, told)
}

async fn words(server: &RedisServer) -> usize {
    match open(server).await.replay(&topic(), &Since::Oldest, 100).await.unwrap() {
        Replay::Changes { changes, .. } => changes.len(),
        Replay::Lost { .. } => panic!("lost, from the oldest on"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_not_carried_out_twice() {
    let once = Once { key: "k".into(), record: "made".into(), keep: Duration::from_secs(60) };
    let (server, told) = answer_lost(vec![once]).await;
    let Err(CommitError::Repeated(seen)) = told else { panic!("{told:?}") };
    assert_eq!(seen[0].record, "made");
    assert_eq!(words(&server).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_without_a_key_whose_answer_is_lost_is_not_sent_again() {
    let (server, told) = answer_lost(Vec::new()).await;
    assert!(matches!(told, Err(CommitError::Backend(BackendError::Unavailable(_)))), "{told:?}");
    assert_eq!(words(&server).await, 1);
}

#[tokio::test]
async fn what_redis_does_not_do_now_is_told_in_a_sentence_and_nothing_is_written() {
    let server = RedisServer::start().await;
    let store = open(&server).await;
    let first = say(&store, "first").await;
    let folder = server.ask(&["CONFIG", "GET", "dir"]).await.lines().last().unwrap().to_owned();
    std::fs::create_dir(format!("{folder}/dump.rdb")).unwrap();
    let replicas = ["CONFIG", "SET", "min-replicas-to-write"];
    let table = [
        (vec![[&replicas[..], &["1"]].concat()], "too few replicas", vec![[&replicas[..], &["0"]].concat()]),
        (
            vec![vec!["CONFIG", "SET", "save", "3600 1"], vec!["BGSAVE"]],
            "cannot save to its disk",
            vec![vec!["CONFIG", "SET", "save", ""]],
        ),
        (
            vec![vec!["REPLICAOF", "127.0.0.1", "1"]],
            "give the URL of the primary",
            vec![vec!["REPLICAOF", "NO", "ONE"]],
        ),
    ];
    for (orders, expected, back) in table {
        for order in &orders {
            assert!(!server.ask(order).await.starts_with('-'), "{order:?}");
        }
        within(async { while server.ask(&["INFO", "persistence"]).await.contains("rdb_bgsave_in_progress:1") {} })
            .await;
        let refused = store.commit(said("never")).await.expect_err(expected);
        assert!(refused.to_string().contains(expected), "{refused}");
        for order in &back {
            assert!(!server.ask(order).await.starts_with('-'), "{order:?}");
        }
    }
    let last = say_at_last(&store, "last").await;
    assert_eq!(last.cursors[0].offset, first.cursors[0].offset + 1);
    assert!(store.read(&[run().head()]).await.unwrap()[0].value.as_deref() == Some(b"last"));
}

#[tokio::test]
async fn what_somebody_else_has_put_in_our_place_is_told_before_anything_is_written() {
    let server = RedisServer::start().await;
    let store = open(&server).await;
    let first = say(&store, "first").await;
    let index = Index::new("runs");
    for key in ["{runnity:0}:s:run/7#", "{runnity:0}:i:runs"] {
        server.ask(&["RENAME", key, "aside"]).await;
        server.ask(&["SET", key, "foreign"]).await;
        let mut commit = said("never");
        commit.moves.push(Move { index: index.clone(), member: "7".into(), score: Some(1) });
        let refused = store.commit(commit).await.expect_err("damaged");
        assert!(matches!(refused, CommitError::Backend(BackendError::Damaged(_))), "{refused}");
        server.ask(&["DEL", key]).await;
        server.ask(&["RENAME", "aside", key]).await;
    }
    server.ask(&["HDEL", "{runnity:0}:a:run/7", "n"]).await;
    assert!(matches!(store.read(&[run().head()]).await, Err(BackendError::Damaged(_))), "no version, no value");
    assert_eq!(say(&store, "last").await.cursors[0].offset, first.cursors[0].offset + 1);
}
