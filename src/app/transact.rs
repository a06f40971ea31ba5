//! Decisions on one aggregate, one after another, in as few commits as possible.
//!
//! A decision is a pure function from the aggregate's record to what is written. Those that wait for the same aggregate on
//! this instance are taken one after another on the same record and go in one commit, so that 5,000 joins of one event
//! are a few dozen commits and no conflict. Conflicts come from other instances alone; then all is read and decided again.
//! Records of busy aggregates stay in a bounded cache, so a steady stream costs one commit and no read.

mod batch;
mod draft;

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use lru::LruCache;
use parking_lot::Mutex;
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::oneshot;

use crate::app::AppError;
use crate::app::follow_ups::{Causes, Outbox};
use crate::app::metrics::Metrics;
use crate::app::workers::Workers;
use crate::backend::{AggregateId, Backend, Commit, CommitError, Expect, Version, Versioned};
use crate::limits;

pub use batch::OnceKey;
use batch::{Batch, BoxedJob, Waiting};
pub use draft::Draft;

/// The head of one kind of aggregate, as it is stored.
pub trait Record: Clone + Send + Sync + Serialize + DeserializeOwned + 'static {
    /// The first part of the aggregate's name, for example `run`.
    const KIND: &'static str;
    /// The name of its key there: an aggregate may have more heads than one, each with lanes of its own. Their commits expect
    /// different keys, so none is a conflict for another's.
    const NAME: &'static str = "";
}

/// One kind of aggregate: the decisions that wait, and the records that are at hand.
pub struct Lanes<R> {
    backend: Arc<dyn Backend>,
    workers: Workers,
    metrics: Arc<Metrics>,
    /// Is told what was caused elsewhere.
    outbox: Arc<Outbox>,
    /// An aggregate is here while a worker takes its decisions.
    waiting: Mutex<HashMap<AggregateId, VecDeque<BoxedJob<R>>>>,
    heads: Mutex<LruCache<AggregateId, Head<R>>>,
    watcher: Option<Watcher<R>>,
    /// What was read lately, as it is stored and as it was understood: the same bytes are not read twice. Versions would not do:
    /// a store that has lost its last writes gives theirs to others.
    understood: Mutex<LruCache<AggregateId, (Bytes, Arc<R>)>>,
}

/// See [`Lanes::watched`].
type Watcher<R> = Box<dyn Fn(Option<&R>, Option<&R>) + Send + Sync>;

struct Head<R> {
    version: Version,
    record: Option<Arc<R>>,
    /// Whether it was read for this very decision. A refusal is only given on a fresh one.
    fresh: bool,
}

/// Documents beside the head, by name.
type Beside = Arc<HashMap<Arc<str>, Versioned>>;

impl<R: Record> Lanes<R> {
    pub fn new(backend: Arc<dyn Backend>, workers: Workers, metrics: Arc<Metrics>, outbox: Arc<Outbox>) -> Arc<Self> {
        Self::with(backend, workers, metrics, outbox, None)
    }

    /// As [`Lanes::new`]; `watcher` is told what each head was and what it is, after each commit of this instance that has changed
    /// it (`None`: it is not there), and before anybody is answered.
    pub fn watched(
        backend: Arc<dyn Backend>,
        workers: Workers,
        metrics: Arc<Metrics>,
        outbox: Arc<Outbox>,
        watcher: impl Fn(Option<&R>, Option<&R>) + Send + Sync + 'static,
    ) -> Arc<Self> {
        Self::with(backend, workers, metrics, outbox, Some(Box::new(watcher)))
    }

    fn with(
        backend: Arc<dyn Backend>,
        workers: Workers,
        metrics: Arc<Metrics>,
        outbox: Arc<Outbox>,
        watcher: Option<Watcher<R>>,
    ) -> Arc<Self> {
        let heads_len_max = NonZeroUsize::new(limits::HEADS_LEN_MAX).unwrap_or(NonZeroUsize::MIN);
        let understood_len_max = NonZeroUsize::new(limits::UNDERSTOOD_LEN_MAX).unwrap_or(NonZeroUsize::MIN);
        Arc::new(Self {
            backend,
            workers,
            metrics,
            outbox,
            waiting: Mutex::new(HashMap::new()),
            heads: Mutex::new(LruCache::new(heads_len_max)),
            watcher,
            understood: Mutex::new(LruCache::new(understood_len_max)),
        })
    }

    pub fn aggregate(id: impl std::fmt::Display) -> AggregateId {
        AggregateId::new(R::KIND, &id.to_string())
    }

    /// The record as it is stored now, past any cache.
    pub async fn read(&self, aggregate: &AggregateId) -> Result<Option<Arc<R>>, AppError> {
        Ok(self.fetch(aggregate, &[]).await?.0.record)
    }

    /// The records as they are stored now, in the order of their aggregates.
    pub async fn read_all(&self, aggregates: &[AggregateId]) -> Result<Vec<Option<Arc<R>>>, AppError> {
        let keys: Vec<_> = aggregates.iter().map(|aggregate| aggregate.key(R::NAME)).collect();
        let values = self.backend.read(&keys).await?;
        aggregates.iter().zip(values).map(|(aggregate, value)| self.understand(aggregate, value.value)).collect()
    }

    /// As [`Lanes::read`], with the version that the record has: it serves as an ETag.
    pub async fn read_tagged(&self, aggregate: &AggregateId) -> Result<Option<(Arc<R>, Version)>, AppError> {
        let head = self.fetch(aggregate, &[]).await?.0;
        Ok(head.record.map(|record| (record, head.version)))
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
        self.transact_beside(aggregate, once, Vec::new(), decide).await
    }

    /// As [`Lanes::transact`], where `decide` also looks at the documents of these names beside the head, by
    /// [`Draft::beside`]. None of them is the head's own. They are read together, and what was decided on them is only committed if they are still so.
    pub async fn transact_beside<T, D>(
        self: &Arc<Self>,
        aggregate: AggregateId,
        once: Option<OnceKey>,
        beside: Vec<Arc<str>>,
        decide: D,
    ) -> Result<T, AppError>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        D: FnMut(&mut Draft<R>) -> Result<T, AppError> + Send + 'static,
    {
        debug_assert!(beside.iter().all(|name| **name != *R::NAME), "the head is no document beside itself");
        let (sender, receiver) = oneshot::channel();
        let job = Box::new(Waiting::new(once, beside, decide, sender));
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
            let Some(mut batch) = guard.next_batch() else { return };
            while !batch.is_empty() {
                batch = self.carry_out(&aggregate, batch).await;
            }
        }
    }

    /// Decides and commits until every decision of the batch is answered, but those that are too much for one commit: they are
    /// handed back. A refusal is only told when what it was founded
    /// on is stored: on a fresh head, and with the commit of the decisions before it done.
    async fn carry_out(&self, aggregate: &AggregateId, jobs: Vec<BoxedJob<R>>) -> Vec<BoxedJob<R>> {
        let mut batch = Batch::new(jobs);
        let mut rest = Vec::new();
        let mut fresh_needed = false;
        let mut conflicts = 0;
        for _ in 0..limits::TRANSACT_ATTEMPTS_MAX {
            let (head, beside) = match self.head(aggregate, &batch.beside(), fresh_needed).await {
                Ok(found) => found,
                Err(error) => {
                    batch.fail(&error);
                    return rest;
                }
            };
            let (draft, more) = batch.decide(Draft::on(aggregate.clone(), head.version, head.record.clone(), beside));
            rest.splice(..0, more);
            let nothing = !draft.is_worth_a_commit();
            if !head.fresh && (nothing || batch.has_refusals()) {
                fresh_needed = true;
                continue;
            }
            if nothing {
                self.settle(aggregate, batch).await;
                return rest;
            }
            let (record, changed) = (draft.record.clone(), draft.changed);
            let commit = match batch.onces().and_then(|once| draft.into_commit(aggregate, once)) {
                Ok(commit) => commit,
                Err(error) => {
                    batch.fail(&error);
                    return rest;
                }
            };
            let causes = Causes::of(&commit);
            match self.backend.commit(commit).await {
                Ok(committed) => {
                    self.metrics.commits.inc();
                    self.outbox.wake(aggregate, causes);
                    let version = match (&record, changed) {
                        (_, false) => head.version,
                        (Some(_), true) => committed.version,
                        (None, true) => Version::ABSENT,
                    };
                    if let Some(watcher) = self.watcher.as_ref().filter(|_| changed) {
                        watcher(head.record.as_deref(), record.as_deref());
                    }
                    self.keep(aggregate, version, record);
                    self.settle(aggregate, batch).await;
                    return rest;
                }
                Err(CommitError::Conflict) => {
                    self.metrics.conflicts.inc();
                    // Those that wait begin with what is stored, too.
                    self.heads.lock().pop(aggregate);
                    tokio::time::sleep(pause_after(conflicts)).await;
                    conflicts += 1;
                    fresh_needed = true;
                }
                Err(CommitError::Repeated(found)) => {
                    batch.answer_repeated(&found);
                    fresh_needed = true;
                }
                Err(CommitError::Backend(error)) => {
                    // Whether it was written is not known: what is at hand may be old.
                    self.heads.lock().pop(aggregate);
                    batch.fail(&error.into());
                    return rest;
                }
            }
        }
        batch.fail(&AppError::Busy);
        rest
    }

    /// Answers everybody. Who is refused may have been answered before, under the same idempotency key (a batch that made
    /// the run arrive, sent again): a commit that cannot succeed tells what the store remembers.
    async fn settle(&self, aggregate: &AggregateId, mut batch: Batch<R>) {
        let onces = batch.refused_onces();
        if !onces.is_empty() {
            let mut question = Commit::on(aggregate.clone());
            question.once = onces;
            question.expect.push(Expect { key: aggregate.key(R::NAME), version: Version::NEVER });
            match self.backend.commit(question).await {
                Err(CommitError::Repeated(found)) => batch.answer_repeated(&found),
                Err(CommitError::Backend(error)) => return batch.fail(&error.into()),
                Err(CommitError::Conflict) | Ok(_) => {}
            }
        }
        batch.settle();
    }

    /// The head and the documents of these names beside it. Of one moment if the head is fresh; else the commit finds out
    /// whether they belong together.
    async fn head(
        &self,
        aggregate: &AggregateId,
        beside: &[Arc<str>],
        fresh_needed: bool,
    ) -> Result<(Head<R>, Beside), AppError> {
        let known = if fresh_needed { None } else { self.known(aggregate) };
        match known {
            Some(head) if beside.is_empty() => Ok((head, Beside::default())),
            Some(head) => {
                let keys: Vec<_> = beside.iter().map(|name| aggregate.key(name)).collect();
                let values = self.backend.read(&keys).await?;
                Ok((head, Arc::new(beside.iter().cloned().zip(values).collect())))
            }
            None => self.fetch(aggregate, beside).await,
        }
    }

    fn known(&self, aggregate: &AggregateId) -> Option<Head<R>> {
        let mut heads = self.heads.lock();
        let head = heads.get(aggregate)?;
        Some(Head { version: head.version, record: head.record.clone(), fresh: false })
    }

    async fn fetch(&self, aggregate: &AggregateId, beside: &[Arc<str>]) -> Result<(Head<R>, Beside), AppError> {
        let keys: Vec<_> =
            [aggregate.key(R::NAME)].into_iter().chain(beside.iter().map(|name| aggregate.key(name))).collect();
        let mut values = self.backend.read(&keys).await?.into_iter();
        let Some(value) = values.next() else { return Err(AppError::Internal) };
        let record = self.understand(aggregate, value.value)?;
        let head = Head { version: value.version, record, fresh: true };
        Ok((head, Arc::new(beside.iter().cloned().zip(values).collect())))
    }

    fn understand(&self, aggregate: &AggregateId, value: Option<Bytes>) -> Result<Option<Arc<R>>, AppError> {
        let Some(value) = value else {
            // Nothing of what was deleted is kept here.
            self.understood.lock().pop(aggregate);
            return Ok(None);
        };
        if let Some((_, record)) = self.understood.lock().get(aggregate).filter(|(known, _)| *known == value) {
            return Ok(Some(record.clone()));
        }
        let record = Arc::new(decode::<R>(&value)?);
        self.understood.lock().put(aggregate.clone(), (value, record.clone()));
        Ok(Some(record))
    }

    fn keep(&self, aggregate: &AggregateId, version: Version, record: Option<Arc<R>>) {
        if record.is_none() {
            self.understood.lock().pop(aggregate);
        }
        self.heads.lock().put(aggregate.clone(), Head { version, record, fresh: false });
    }
}

/// After the first conflict none, then twice as long each time: a random part of it.
fn pause_after(conflicts: u32) -> Duration {
    let longest = Duration::from_millis((1 << conflicts.min(16)) - 1);
    longest.min(limits::CONFLICT_PAUSE_MAX).mul_f64(rand::random())
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
    ///
    /// Those with a key and those without do not go together: a store that sends a commit of unknown fate again is told by
    /// its keys that it was carried out, and whoever has none would be decided on once more.
    fn next_batch(&mut self) -> Option<Vec<BoxedJob<R>>> {
        let mut waiting = self.lanes.waiting.lock();
        let queue = waiting.get_mut(self.aggregate)?;
        let mut batch: Vec<BoxedJob<R>> = Vec::new();
        while let Some(job) = queue.front() {
            let repeated = job
                .once()
                .is_some_and(|once| batch.iter().any(|other| other.once().is_some_and(|other| other.key == once.key)));
            let of_another_sort = batch.first().is_some_and(|first| first.once().is_some() != job.once().is_some());
            if repeated || of_another_sort || batch.len() >= limits::TRANSACT_BATCH_LEN_MAX {
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

#[cfg(test)]
mod tests;
