//! Decisions on one aggregate, one after another, in as few commits as possible.
//!
//! A decision is a pure function from the aggregate's record to what is written. Those that wait for the same aggregate on
//! this instance are taken one after another on the same record and go in one commit, so that 5,000 joins of one event
//! are a few dozen commits and no conflict. Conflicts come from other instances alone; then all is read and decided again.
//! Records of busy aggregates stay in a bounded cache, so a steady stream costs one commit and no read.

mod draft;

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use lru::LruCache;
use parking_lot::Mutex;
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::oneshot;

use crate::app::AppError;
use crate::app::metrics::Metrics;
use crate::app::workers::Workers;
use crate::backend::{AggregateId, Backend, CommitError, Once, Version};
use crate::limits;

pub use draft::Draft;

/// The head of one kind of aggregate, as it is stored.
pub trait Record: Clone + Send + Sync + Serialize + DeserializeOwned + 'static {
    /// The first part of the aggregate's name, for example `run`.
    const KIND: &'static str;
}

/// One kind of aggregate: the decisions that wait, and the records that are at hand.
pub struct Lanes<R> {
    backend: Arc<dyn Backend>,
    workers: Workers,
    metrics: Arc<Metrics>,
    /// An aggregate is here while a worker takes its decisions.
    waiting: Mutex<HashMap<AggregateId, VecDeque<BoxedJob<R>>>>,
    heads: Mutex<LruCache<AggregateId, Head<R>>>,
}

/// Makes a decision count once, however often it is sent.
#[derive(Clone, Debug)]
pub struct OnceKey(pub Arc<str>);

struct Head<R> {
    version: Version,
    record: Option<Arc<R>>,
    /// Whether it was read for this very decision. A refusal is only given on a fresh one.
    fresh: bool,
}

type BoxedJob<R> = Box<dyn Job<R>>;

/// A decision whose answer's type is known to nobody but itself.
trait Job<R>: Send {
    fn once(&self) -> Option<&OnceKey>;
    fn decide(&mut self, draft: &mut Draft<R>) -> Result<(), AppError>;
    /// The answer to remember with the idempotency key.
    fn record(&self) -> Bytes;
    fn settle(self: Box<Self>, outcome: Outcome);
}

enum Outcome {
    Committed,
    Repeated(Bytes),
    Failed(AppError),
}

struct Waiting<T, D> {
    once: Option<OnceKey>,
    decide: D,
    answer: Option<T>,
    sender: oneshot::Sender<Result<T, AppError>>,
}

impl<R: Record> Lanes<R> {
    pub fn new(backend: Arc<dyn Backend>, workers: Workers, metrics: Arc<Metrics>) -> Arc<Self> {
        let heads_len_max = NonZeroUsize::new(limits::HEADS_LEN_MAX).unwrap_or(NonZeroUsize::MIN);
        Arc::new(Self {
            backend,
            workers,
            metrics,
            waiting: Mutex::new(HashMap::new()),
            heads: Mutex::new(LruCache::new(heads_len_max)),
        })
    }

    pub fn aggregate(id: impl std::fmt::Display) -> AggregateId {
        AggregateId::new(R::KIND, &id.to_string())
    }

    /// The record as it is stored now, past any cache.
    pub async fn read(&self, aggregate: &AggregateId) -> Result<Option<Arc<R>>, AppError> {
        Ok(self.fetch(aggregate).await?.record)
    }

    /// Takes `decide` on the aggregate's record and commits what it drafts. It may be taken several times, so it keeps
    /// nothing between; what it answers is given back only after the commit is safe. Nothing changed, nothing committed.
    pub async fn transact<T, D>(
        self: &Arc<Self>,
        aggregate: AggregateId,
        once: Option<OnceKey>,
        decide: D,
    ) -> Result<T, AppError>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        D: FnMut(&mut Draft<R>) -> Result<T, AppError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let job = Box::new(Waiting { once, decide, answer: None, sender });
        self.enqueue(aggregate, job)?;
        // A sender that was dropped unanswered: the worker panicked or was ended.
        receiver.await.unwrap_or(Err(AppError::Internal))
    }

    fn enqueue(self: &Arc<Self>, aggregate: AggregateId, job: BoxedJob<R>) -> Result<(), AppError> {
        let mut waiting = self.waiting.lock();
        if let Some(queue) = waiting.get_mut(&aggregate) {
            if queue.len() >= limits::TRANSACT_QUEUE_LEN_MAX {
                return Err(AppError::Busy);
            }
            queue.push_back(job);
            return Ok(());
        }
        waiting.insert(aggregate.clone(), VecDeque::from([job]));
        drop(waiting);
        // A worker of its own: a caller that goes away does not stop the others' decisions.
        let lanes = self.clone();
        self.workers.spawn(async move { lanes.serve(aggregate).await });
        Ok(())
    }

    /// Takes the decisions of one aggregate until none waits.
    async fn serve(self: Arc<Self>, aggregate: AggregateId) {
        let mut guard = LaneGuard { lanes: &self, aggregate: &aggregate, closed: false };
        loop {
            let Some(batch) = guard.next_batch() else { return };
            self.carry_out(&aggregate, batch).await;
        }
    }

    async fn carry_out(&self, aggregate: &AggregateId, mut batch: Vec<BoxedJob<R>>) {
        let mut fresh_needed = false;
        for _ in 0..limits::TRANSACT_ATTEMPTS_MAX {
            let head = match self.head(aggregate, fresh_needed).await {
                Ok(head) => head,
                Err(error) => return fail(batch, &error),
            };
            let (draft, refused) = decide_all(aggregate, &head, &mut batch);
            let nothing = !draft.is_worth_a_commit();
            if !head.fresh && (nothing || refused.iter().any(Option::is_some)) {
                fresh_needed = true;
                continue;
            }
            batch = refuse(batch, refused);
            if nothing || batch.is_empty() {
                return batch.into_iter().for_each(|job| job.settle(Outcome::Committed));
            }
            let record = draft.record.clone();
            let changed = draft.changed;
            let commit = match draft.into_commit(aggregate, head.version, onces(&batch)) {
                Ok(commit) => commit,
                Err(error) => return fail(batch, &error),
            };
            match self.backend.commit(commit).await {
                Ok(committed) => {
                    self.metrics.commits.inc();
                    let version = match (&record, changed) {
                        (_, false) => head.version,
                        (Some(_), true) => committed.version,
                        (None, true) => Version::ABSENT,
                    };
                    self.keep(aggregate, version, record);
                    return batch.into_iter().for_each(|job| job.settle(Outcome::Committed));
                }
                Err(CommitError::Conflict) => {
                    self.metrics.conflicts.inc();
                    fresh_needed = true;
                }
                Err(CommitError::Repeated(found)) => {
                    batch = answer_repeated(batch, &found);
                    fresh_needed = true;
                    if batch.is_empty() {
                        return;
                    }
                }
                Err(CommitError::Backend(error)) => {
                    // Whether it was written is not known: what is at hand may be old.
                    self.heads.lock().pop(aggregate);
                    return fail(batch, &error.into());
                }
            }
        }
        fail(batch, &AppError::Busy);
    }

    async fn head(&self, aggregate: &AggregateId, fresh_needed: bool) -> Result<Head<R>, AppError> {
        if !fresh_needed && let Some(head) = self.heads.lock().get(aggregate) {
            return Ok(Head { version: head.version, record: head.record.clone(), fresh: false });
        }
        self.fetch(aggregate).await
    }

    async fn fetch(&self, aggregate: &AggregateId) -> Result<Head<R>, AppError> {
        let keys = [aggregate.head()];
        let mut values = self.backend.read(&keys).await?;
        let Some(value) = values.pop() else { return Err(AppError::Internal) };
        let record = value.value.as_deref().map(decode::<R>).transpose()?.map(Arc::new);
        Ok(Head { version: value.version, record, fresh: true })
    }

    fn keep(&self, aggregate: &AggregateId, version: Version, record: Option<Arc<R>>) {
        self.heads.lock().put(aggregate.clone(), Head { version, record, fresh: false });
    }
}

/// Ends a lane when its worker ends, however it ends: jobs that are left are dropped, and their callers hear of it.
struct LaneGuard<'a, R> {
    lanes: &'a Lanes<R>,
    aggregate: &'a AggregateId,
    /// Closed in order. The lane that may stand there since is another worker's.
    closed: bool,
}

impl<R> LaneGuard<'_, R> {
    /// What waits now, each idempotency key once; `None`, and the lane is closed, when nothing waits.
    fn next_batch(&mut self) -> Option<Vec<BoxedJob<R>>> {
        let mut waiting = self.lanes.waiting.lock();
        let queue = waiting.get_mut(self.aggregate)?;
        let mut batch: Vec<BoxedJob<R>> = Vec::new();
        while let Some(job) = queue.front() {
            let repeated = job
                .once()
                .is_some_and(|once| batch.iter().any(|other| other.once().is_some_and(|other| other.0 == once.0)));
            if repeated || batch.len() >= limits::TRANSACT_BATCH_LEN_MAX {
                break;
            }
            batch.extend(queue.pop_front());
        }
        if batch.is_empty() {
            waiting.remove(self.aggregate);
            self.closed = true;
            return None;
        }
        Some(batch)
    }
}

impl<R> Drop for LaneGuard<'_, R> {
    fn drop(&mut self) {
        if !self.closed {
            self.lanes.waiting.lock().remove(self.aggregate);
        }
    }
}

/// Takes each decision on what the ones before it left; one that refuses leaves nothing behind.
fn decide_all<R: Record>(
    aggregate: &AggregateId,
    head: &Head<R>,
    batch: &mut [BoxedJob<R>],
) -> (Draft<R>, Vec<Option<AppError>>) {
    let mut draft = Draft::on(aggregate.clone(), head.record.clone());
    let mut refused = Vec::with_capacity(batch.len());
    for job in batch {
        let before = draft.mark();
        let refusal = job.decide(&mut draft).err();
        if refusal.is_some() {
            draft.back_to(before);
        }
        refused.push(refusal);
    }
    (draft, refused)
}

fn refuse<R>(batch: Vec<BoxedJob<R>>, refused: Vec<Option<AppError>>) -> Vec<BoxedJob<R>> {
    let mut accepted = Vec::with_capacity(batch.len());
    for (job, refusal) in batch.into_iter().zip(refused) {
        match refusal {
            Some(error) => job.settle(Outcome::Failed(error)),
            None => accepted.push(job),
        }
    }
    accepted
}

fn answer_repeated<R>(batch: Vec<BoxedJob<R>>, found: &[Once]) -> Vec<BoxedJob<R>> {
    let mut left = Vec::with_capacity(batch.len());
    for job in batch {
        match job.once().and_then(|once| found.iter().find(|seen| seen.key == once.0)) {
            Some(seen) => job.settle(Outcome::Repeated(seen.record.clone())),
            None => left.push(job),
        }
    }
    left
}

/// The idempotency keys of a batch, each with the answer to remember.
fn onces<R>(batch: &[BoxedJob<R>]) -> Vec<Once> {
    let once = |job: &BoxedJob<R>| {
        let OnceKey(key) = job.once()?;
        Some(Once { key: key.clone(), record: job.record(), keep: limits::ONCE_KEEP })
    };
    batch.iter().filter_map(once).collect()
}

fn fail<R>(batch: Vec<BoxedJob<R>>, error: &AppError) {
    for job in batch {
        job.settle(Outcome::Failed(error.clone()));
    }
}

/// Reads a stored document. What cannot be read is an error, never a default.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, AppError> {
    serde_json::from_slice(bytes).map_err(|error| {
        // serde's message may hold a stored value: only where it failed is logged.
        tracing::error!(line = error.line(), column = error.column(), "a stored record cannot be read");
        AppError::Internal
    })
}

pub fn encode<T: Serialize>(value: &T) -> Result<Bytes, AppError> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|_| {
        tracing::error!("a record cannot be written down");
        AppError::Internal
    })
}

impl<R, T, D> Job<R> for Waiting<T, D>
where
    T: Serialize + DeserializeOwned + Send + 'static,
    D: FnMut(&mut Draft<R>) -> Result<T, AppError> + Send,
{
    fn once(&self) -> Option<&OnceKey> {
        self.once.as_ref()
    }

    fn decide(&mut self, draft: &mut Draft<R>) -> Result<(), AppError> {
        self.answer = Some((self.decide)(draft)?);
        Ok(())
    }

    fn record(&self) -> Bytes {
        self.answer.as_ref().and_then(|answer| encode(answer).ok()).unwrap_or_default()
    }

    fn settle(self: Box<Self>, outcome: Outcome) {
        let answer = match outcome {
            Outcome::Committed => self.answer.ok_or(AppError::Internal),
            Outcome::Repeated(record) => decode(&record),
            Outcome::Failed(error) => Err(error),
        };
        // The caller may have gone away; what was decided stands all the same.
        let _ = self.sender.send(answer);
    }
}
