//! The network between an instance and Redis, in the hand of a test: it can be slow, fall silent, or be cut.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Ends with its value, and all connections with it.
pub struct Proxy {
    port: u16,
    line: Arc<Line>,
    accepting: JoinHandle<()>,
}

struct Line {
    target: Mutex<u16>,
    mode: watch::Sender<Mode>,
    delay_ms: Mutex<Range<u64>>,
    /// Ends the connections of now.
    scissors: Mutex<CancellationToken>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Open,
    /// Nothing comes through, and nobody is told: connections stay open.
    Silent,
    /// What is sent to Redis arrives; nothing comes back.
    Deaf,
    /// Whoever connects is turned away.
    Cut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    ToRedis,
    FromRedis,
}

impl Proxy {
    /// To this port of our own machine.
    pub async fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let line = Arc::new(Line {
            target: Mutex::new(target),
            mode: watch::Sender::new(Mode::Open),
            delay_ms: Mutex::new(0..0),
            scissors: Mutex::default(),
        });
        let accepting = tokio::spawn(accept(listener, line.clone()));
        Self { port, line, accepting }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn open(&self) {
        self.line.mode.send_replace(Mode::Open);
    }

    pub fn silence(&self) {
        self.line.mode.send_replace(Mode::Silent);
    }

    /// Redis hears us and we do not hear it: what is written is written, and nobody knows.
    pub fn deafen(&self) {
        self.line.mode.send_replace(Mode::Deaf);
    }

    /// Ends all connections, and lets nobody in until it is opened.
    pub fn cut(&self) {
        self.line.mode.send_replace(Mode::Cut);
        self.cut_connections();
    }

    /// Ends the connections of now; whoever comes again is let in.
    pub fn cut_connections(&self) {
        std::mem::take(&mut *self.line.scissors.lock()).cancel();
    }

    /// What goes through takes so long from now on, each way.
    pub fn slow_down(&self, delay_ms: Range<u64>) {
        *self.line.delay_ms.lock() = delay_ms;
    }

    /// Leads somewhere else from now on, as a name does after a failover. Connections of now stay.
    pub fn lead_to(&self, target: u16) {
        *self.line.target.lock() = target;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, line: Arc<Line>) {
    while let Ok((near, _)) = listener.accept().await {
        if *line.mode.borrow() == Mode::Cut {
            continue;
        }
        let (line, scissors) = (line.clone(), line.scissors.lock().clone());
        tokio::spawn(async move {
            tokio::select! {
                () = scissors.cancelled() => {}
                () = connect(near, &line) => {}
            }
        });
    }
}

async fn connect(near: TcpStream, line: &Line) {
    line.lets_through(Way::ToRedis).await;
    let target = *line.target.lock();
    let Ok(far) = TcpStream::connect(("127.0.0.1", target)).await else { return };
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    // When one side hangs up, so does the other.
    tokio::select! {
        () = carry(near_in, far_out, line, Way::ToRedis) => {}
        () = carry(far_in, near_out, line, Way::FromRedis) => {}
    }
}

async fn carry(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    line: &Line,
    way: Way,
) {
    let (queue, mut queued) = mpsc::channel::<(Instant, Vec<u8>)>(1_024);
    let reading = async move {
        let mut due = Instant::now();
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(len @ 1..) = from.read(&mut buffer).await {
            // In order: nothing overtakes what came before it.
            due = due.max(Instant::now() + line.delay());
            if queue.send((due, buffer[..len].to_vec())).await.is_err() {
                return;
            }
        }
    };
    let writing = async move {
        while let Some((due, bytes)) = queued.recv().await {
            sleep_until(due).await;
            line.lets_through(way).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(reading, writing);
}

impl Line {
    async fn lets_through(&self, way: Way) {
        let is_let = |mode: &Mode| match mode {
            Mode::Silent => false,
            Mode::Deaf => way == Way::ToRedis,
            Mode::Open | Mode::Cut => true,
        };
        // The sender is ours: it does not go away.
        let _ = self.mode.subscribe().wait_for(is_let).await;
    }

    fn delay(&self) -> Duration {
        let range = self.delay_ms.lock().clone();
        Duration::from_millis(if range.is_empty() { 0 } else { rand::random_range(range) })
    }
}
