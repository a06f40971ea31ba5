//! The decisions that go together: each is taken on what the ones before it left, and answered when all is safe.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::oneshot;

use super::{Draft, Record, decode, encode};
use crate::app::AppError;
use crate::backend::Once;
use crate::limits;

/// Makes a decision count once, however often it is sent.
#[derive(Clone, Debug)]
pub struct OnceKey {
    pub key: Arc<str>,
    /// Of what is asked for. The same key with another is a mistake of the caller's.
    pub digest: Arc<str>,
}

pub type BoxedJob<R> = Box<dyn Job<R>>;

/// A decision whose answer's type is known to nobody but itself.
pub trait Job<R>: Send {
    fn once(&self) -> Option<&OnceKey>;
    /// The names of what it must see beside the head.
    fn beside(&self) -> &[Arc<str>];
    fn decide(&mut self, draft: &mut Draft<R>) -> Result<(), AppError>;
    /// The answer, to be remembered with the idempotency key.
    fn record(&self) -> Result<Bytes, AppError>;
    fn settle(self: Box<Self>, outcome: Outcome);
}

pub enum Outcome {
    Committed,
    Repeated(Bytes),
    Failed(AppError),
}

pub struct Waiting<T, D> {
    once: Option<OnceKey>,
    beside: Vec<Arc<str>>,
    decide: D,
    answer: Option<T>,
    sender: oneshot::Sender<Result<T, AppError>>,
}

/// Jobs in the order in which they came, each with the refusal that it was last told.
pub struct Batch<R>(Vec<(BoxedJob<R>, Option<AppError>)>);

impl<R: Record> Batch<R> {
    pub fn new(jobs: Vec<BoxedJob<R>>) -> Self {
        Self(jobs.into_iter().map(|job| (job, None)).collect())
    }

    /// Takes each decision on what the ones before it left; one that refuses leaves nothing behind. When as much is written as a
    /// commit should hold, the rest is left to another: those decisions are handed back.
    pub fn decide(&mut self, mut draft: Draft<R>) -> (Draft<R>, Vec<BoxedJob<R>>) {
        let (mut bytes, mut decided) = (0, 0);
        for (job, refusal) in &mut self.0 {
            if bytes >= limits::TRANSACT_BATCH_BYTES_MAX {
                break;
            }
            decided += 1;
            let before = draft.mark();
            *refusal = job.decide(&mut draft).err();
            if refusal.is_some() {
                draft.back_to(before);
            } else {
                bytes += draft.bytes_since(&before);
            }
        }
        let rest = self.0.split_off(decided);
        (draft, rest.into_iter().map(|(job, _)| job).collect())
    }

    /// The names of all that must be seen beside the head, each once.
    pub fn beside(&self) -> Vec<Arc<str>> {
        let names: BTreeSet<_> = self.0.iter().flat_map(|(job, _)| job.beside()).cloned().collect();
        names.into_iter().collect()
    }

    pub fn has_refusals(&self) -> bool {
        self.0.iter().any(|(_, refusal)| refusal.is_some())
    }

    /// The idempotency keys of those that were accepted, each with the answer to remember.
    pub fn onces(&self) -> Result<Vec<Once>, AppError> {
        let accepted = self.0.iter().filter(|(_, refusal)| refusal.is_none());
        accepted.filter_map(|(job, _)| Some((job.once()?, job))).map(|(once, job)| once.with(job.record()?)).collect()
    }

    /// The keys of those that were refused, to ask for.
    pub fn refused_onces(&self) -> Vec<Once> {
        let refused = self.0.iter().filter(|(_, refusal)| refusal.is_some());
        refused.filter_map(|(job, _)| job.once()?.with(Bytes::new()).ok()).collect()
    }

    /// Answers those that were carried out before as they were answered then.
    pub fn answer_repeated(&mut self, found: &[Once]) {
        for (job, refusal) in std::mem::take(&mut self.0) {
            let seen = job.once().and_then(|once| Some((once, found.iter().find(|seen| seen.key == once.key)?)));
            match seen.map(|(once, seen)| once.answer_in(&seen.record)) {
                Some(Some(answer)) => job.settle(Outcome::Repeated(answer)),
                Some(None) => job.settle(Outcome::Failed(AppError::KeyReused)),
                None => self.0.push((job, refusal)),
            }
        }
    }

    pub fn settle(self) {
        for (job, refusal) in self.0 {
            job.settle(refusal.map_or(Outcome::Committed, Outcome::Failed));
        }
    }

    pub fn fail(self, error: &AppError) {
        for (job, _) in self.0 {
            job.settle(Outcome::Failed(error.clone()));
        }
    }
}

impl OnceKey {
    /// What the store keeps: the digest, a line's end, the answer.
    fn with(&self, answer: Bytes) -> Result<Once, AppError> {
        let record = [self.digest.as_bytes(), b"\n", &answer].concat();
        Ok(Once { key: self.key.clone(), record: record.into(), keep: limits::ONCE_KEEP })
    }

    /// The answer, if it was given to the same request.
    fn answer_in(&self, record: &Bytes) -> Option<Bytes> {
        let end = record.iter().position(|&byte| byte == b'\n')?;
        (&record[..end] == self.digest.as_bytes()).then(|| record.slice(end + 1..))
    }
}

impl<T, D> Waiting<T, D> {
    pub fn new(
        once: Option<OnceKey>,
        beside: Vec<Arc<str>>,
        decide: D,
        sender: oneshot::Sender<Result<T, AppError>>,
    ) -> Self {
        Self { once, beside, decide, answer: None, sender }
    }
}

impl<R, T, D> Job<R> for Waiting<T, D>
where
    T: Serialize + DeserializeOwned + Send + 'static,
    D: FnMut(&mut Draft<R>) -> Result<T, AppError> + Send,
{
    fn once(&self) -> Option<&OnceKey> {
        self.once.as_ref()
    }

    fn beside(&self) -> &[Arc<str>] {
        &self.beside
    }

    fn decide(&mut self, draft: &mut Draft<R>) -> Result<(), AppError> {
        self.answer = Some((self.decide)(draft)?);
        Ok(())
    }

    fn record(&self) -> Result<Bytes, AppError> {
        self.answer.as_ref().ok_or(AppError::Internal).and_then(encode)
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
