//! The one thread that writes. What waits when it is free goes into one group: one write, one fsync.
//!
//! The order of things is the contract's: a group is on disk, then subscribers hear of it, then its senders are answered.
//! Nothing async happens here, and no async thread ever waits for the disk.
//!
//! It also mends: after a fault of the disk, which a read may have met, it opens the store again, and tries until it can.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{JoinHandle, Thread};
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::engine::Engine;
use super::ledger::{Ledger, Outcome};
use super::listeners::Listeners;
use crate::backend::{Append, BackendError, Commit, CommitError, Committed, Heard, Keep};
use crate::clock::Clock;
use crate::limits;

/// The senders' end of the writer's queue. When the last one is dropped, the writer carries out what waits, and ends.
pub struct Queue {
    jobs: mpsc::Sender<Job>,
    waiting_bytes: Arc<AtomicUsize>,
}

enum Job {
    Commit(Box<Waiting>),
    Close,
}

struct Waiting {
    commit: Commit,
    bytes: usize,
    answer: oneshot::Sender<Result<Committed, CommitError>>,
}

struct Writer {
    engine: Arc<Engine>,
    listeners: Arc<Listeners>,
    ledger: Ledger,
    clock: Clock,
    jobs: mpsc::Receiver<Job>,
    waiting_bytes: Arc<AtomicUsize>,
    /// Before this, a faulty store is opened again only for a commit.
    reopen_at: Instant,
    /// That the store could not be opened again, which was logged.
    is_down: bool,
}

/// Wakes a parked thread.
struct Unpark(Thread);

/// Starts the thread.
pub fn start(
    engine: Arc<Engine>,
    listeners: Arc<Listeners>,
    ledger: Ledger,
    clock: Clock,
) -> std::io::Result<(Queue, JoinHandle<()>)> {
    let (sender, receiver) = mpsc::channel(limits::STORE_QUEUE_LEN_MAX);
    let waiting_bytes = Arc::new(AtomicUsize::new(0));
    let queue = Queue { jobs: sender, waiting_bytes: waiting_bytes.clone() };
    let jobs = receiver;
    let reopen_at = Instant::now();
    let writer = Writer { engine, listeners, ledger, clock, jobs, waiting_bytes, reopen_at, is_down: false };
    let thread = std::thread::Builder::new().name("store-writer".into()).spawn(move || writer.run())?;
    Ok((queue, thread))
}

impl Queue {
    /// Hands a commit to the writer and waits for its answer. It is carried out even if the wait is given up.
    pub async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let (answer, answered) = oneshot::channel();
        let bytes = commit.bytes_len();
        if self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > limits::STORE_QUEUE_BYTES_MAX {
            self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(too_much_waits().into());
        }
        self.jobs.try_send(Job::Commit(Box::new(Waiting { commit, bytes, answer }))).map_err(|refused| {
            self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            match refused {
                mpsc::error::TrySendError::Full(_) => too_much_waits(),
                mpsc::error::TrySendError::Closed(_) => closed(),
            }
        })?;
        answered.await.unwrap_or_else(|_| Err(closed().into()))
    }

    /// Takes no more commits; the writer carries out what waits, and ends.
    pub async fn close(&self) {
        // Fails only when it is closed already.
        let _ = self.jobs.send(Job::Close).await;
    }
}

impl Writer {
    fn run(mut self) {
        let thread = std::thread::current();
        self.engine.mended_by(thread.clone());
        let waker = Waker::from(Arc::new(Unpark(thread)));
        let mut jobs = Vec::new();
        while self.take(&mut jobs, &waker) {
            let group: Vec<Waiting> = jobs.drain(..).filter_map(|job| self.accepted(job)).collect();
            match self.reopen_if_faulty() {
                Ok(()) => self.carry_out(group),
                Err(error) => fail(group, &error),
            }
        }
        self.listeners.close();
        if let Err(error) = self.engine.close() {
            tracing::error!(%error, "the store did not close cleanly; it will be checked when it is opened again");
        }
    }

    /// Takes what waits. Waits for more, but not with topics still to sweep, nor longer than until a faulty store is to
    /// be opened again. `false` when nothing can come any more.
    fn take(&mut self, jobs: &mut Vec<Job>, waker: &Waker) -> bool {
        let mut context = Context::from_waker(waker);
        loop {
            if let Poll::Ready(len) = self.jobs.poll_recv_many(&mut context, jobs, limits::STORE_GROUP_LEN_MAX) {
                return len > 0;
            }
            // A fault or a job that comes after it was looked for ends the parking at once.
            if self.engine.is_faulty() {
                let left = self.reopen_at.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return true;
                }
                std::thread::park_timeout(left);
            } else if self.ledger.has_graves() {
                return true;
            } else {
                std::thread::park();
            }
        }
    }

    /// Opens the store again if it has met a fault.
    fn reopen_if_faulty(&mut self) -> Result<(), BackendError> {
        if !self.engine.is_faulty() {
            return Ok(());
        }
        let opened = self.engine.reopen();
        self.reopen_at = Instant::now() + limits::STORE_REOPEN_PAUSE;
        match opened {
            Ok(()) => {
                tracing::info!("the store is open again after a fault of the disk");
                self.is_down = false;
                self.ledger.forget();
                // Whether a failed group came to be is known to the file alone; those who listen have to look.
                self.listeners.tell_gap();
                Ok(())
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_down, true) {
                    tracing::error!(%error, "the store cannot be opened after a fault of the disk; trying on and on");
                }
                Err(BackendError::Unavailable(error.to_string().into()))
            }
        }
    }

    fn accepted(&mut self, job: Job) -> Option<Waiting> {
        match job {
            Job::Commit(waiting) => {
                self.waiting_bytes.fetch_sub(waiting.bytes, Ordering::Relaxed);
                Some(*waiting)
            }
            Job::Close => {
                self.jobs.close();
                None
            }
        }
    }

    /// A row that cannot be read is the matter of those commits that need it: the group is halved until they stand alone,
    /// which costs a few writes more and not one for each commit.
    fn carry_out(&mut self, mut group: Vec<Waiting>) {
        match self.write(&group) {
            Ok(outcomes) => {
                for (waiting, outcome) in group.iter().zip(&outcomes) {
                    if let Outcome::Done(committed) = outcome {
                        tell(&self.listeners, &waiting.commit.appends, committed);
                    }
                }
                for (waiting, outcome) in group.into_iter().zip(outcomes) {
                    answer(waiting, outcome.into());
                }
            }
            // Of a faulty engine it is not known whether it has the group: carried out again, it might be there twice.
            Err(BackendError::Damaged(_)) if group.len() > 1 && !self.engine.is_faulty() => {
                self.ledger.forget();
                let later = group.split_off(group.len() / 2);
                self.carry_out(group);
                self.carry_out(later);
            }
            Err(error) => {
                tracing::error!(%error, commits = group.len(), "a group of commits was not written");
                self.ledger.forget();
                fail(group, &error);
            }
        }
    }

    /// One write for the whole group; each commit sees what those before it did.
    fn write(&mut self, group: &[Waiting]) -> Result<Vec<Outcome>, BackendError> {
        let now = self.clock.now();
        let ledger = &mut self.ledger;
        let before = ledger.counters();
        self.engine.write(|rows| {
            let outcomes = group
                .iter()
                .map(|waiting| ledger.carry_out(rows, &waiting.commit, now))
                .collect::<Result<Vec<_>, _>>()?;
            ledger.finish(rows, before, now)?;
            Ok(outcomes)
        })
    }
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl From<Outcome> for Result<Committed, CommitError> {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done(committed) => Ok(committed),
            Outcome::Conflict => Err(CommitError::Conflict),
            Outcome::Repeated(seen) => Err(CommitError::Repeated(seen)),
        }
    }
}

/// Tells those who listen what a commit has appended, but for what goes to logs.
pub fn tell(listeners: &Listeners, appends: &[Append], committed: &Committed) {
    for (append, cursor) in appends.iter().zip(&committed.cursors) {
        if append.keep != Keep::Everything {
            let heard = Heard::Change { cursor: cursor.clone(), payload: append.payload.clone() };
            listeners.tell(&append.topic, &heard);
        }
    }
}

fn fail(group: Vec<Waiting>, error: &BackendError) {
    for waiting in group {
        answer(waiting, Err(error.clone().into()));
    }
}

fn answer(waiting: Waiting, answer: Result<Committed, CommitError>) {
    // Whoever gave up waiting has no need of it.
    let _ = waiting.answer.send(answer);
}

fn too_much_waits() -> BackendError {
    BackendError::Unavailable("too much waits to be written".into())
}

pub fn closed() -> BackendError {
    BackendError::Unavailable("it is closed".into())
}
