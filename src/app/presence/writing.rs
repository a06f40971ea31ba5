//! Telling and writing who is here: the one worker of it, and what it does in a round.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use tokio::time::Instant;

use super::rooms::{Stored, Writing};
use super::{PresenceChange, topic};
use crate::app::channels::Channel;
use crate::app::transact::encode;
use crate::app::{App, AppError};
use crate::backend::{Append, Commit, Index, Keep, Move, Put};
use crate::limits;

/// How often it is looked whether a beat is due, and who has been away for long enough.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The channels in which an instance has left something.
pub(super) fn index(instance: &str) -> Index {
    Index::new(format!("present/{instance}"))
}

impl App {
    /// Keeps this instance among the living, tells who comes and goes, and writes who is here, until the process ends. Then
    /// nobody is left behind.
    pub(in crate::app) fn start_presence(self: &Arc<Self>) {
        let app = self.clone();
        self.workers.spawn(async move {
            let closing = app.workers.closing().clone();
            tokio::select! {
                biased;
                () = closing.cancelled() => {}
                () = async { tokio::join!(app.keep_beating(), app.keep_writing()); } => {}
            }
            if tokio::time::timeout(limits::PRESENCE_FAREWELL, app.say_farewell()).await.is_err() {
                tracing::warn!("the store takes too long: who was here is seen for another minute");
            }
        });
    }

    async fn keep_beating(&self) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            if let Err(error) = self.beat_if_due().await {
                tracing::warn!(%error, "this instance could not say that it lives; it tries again");
            }
            self.presences.forget();
        }
    }

    async fn keep_writing(&self) {
        loop {
            let next = self.presences.next_due();
            let due = async {
                match next {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.presences.wake.notified() => {}
                () = due => {}
            }
            self.write_presence(Instant::now()).await;
        }
    }

    /// One round: tells everything that is untold, and writes what is due by `now`.
    pub async fn write_presence(&self, now: Instant) {
        let untold = futures::stream::iter(self.presences.take_untold());
        let telling = untold.map(|(channel, changes)| async move { self.tell(&channel, &changes).await });
        telling.buffer_unordered(limits::PRESENCE_WRITES_AT_ONCE).for_each(|told| async { report(told) }).await;

        let due = self.presences.take_due(now);
        if due.is_empty() {
            return;
        }
        let is_registered = self.instances.is_registered() || self.beat().await.is_ok();
        let name = self.instances.name();
        let writing = futures::stream::iter(due).map(|channel| {
            let name = &name;
            async move {
                let written = match is_registered {
                    true => self.write(&channel, name).await,
                    false => Err(AppError::Unavailable),
                };
                if written.is_err() {
                    self.presences.not_written(&channel, name);
                }
                written
            }
        });
        writing.buffer_unordered(limits::PRESENCE_WRITES_AT_ONCE).for_each(|written| async { report(written) }).await;
    }

    async fn tell(&self, channel: &Channel, changes: &[PresenceChange]) -> Result<(), AppError> {
        let aggregate = channel.aggregate();
        let mut commit = Commit::on(aggregate.clone());
        for change in changes {
            let (topic, payload) = (topic(&aggregate), change.payload()?);
            commit.appends.push(Append { topic, keep: Keep::Nothing, payload });
        }
        self.backend.commit(commit).await?;
        Ok(())
    }

    async fn write(&self, channel: &Channel, name: &Arc<str>) -> Result<(), AppError> {
        let Some(Writing { before, record }) = self.presences.writing(channel, name) else { return Ok(()) };
        let aggregate = channel.presence_aggregate();
        let member: Arc<str> = channel.aggregate().as_str().into();
        let mut commit = Commit::on(aggregate.clone());
        match &before {
            Stored::Record(old, _) | Stored::Unknown(old) if old != name => {
                commit.puts.push(Put { key: aggregate.key(old), value: None });
                commit.moves.push(Move { index: index(old), member: member.clone(), score: None });
            }
            _ => {}
        }
        let value = record.as_ref().map(encode).transpose()?;
        let is_listed = matches!(&before, Stored::Record(by, _) if by == name);
        if is_listed != value.is_some() || matches!(before, Stored::Unknown(_)) {
            let score = value.is_some().then_some(0);
            commit.moves.push(Move { index: index(name), member, score });
        }
        commit.puts.push(Put { key: aggregate.key(name), value });
        self.backend.commit(commit).await?;
        let stored = record.map_or(Stored::Nothing, |record| Stored::Record(name.clone(), record));
        self.presences.written(channel, stored);
        Ok(())
    }

    async fn say_farewell(&self) {
        let name = self.instances.name();
        self.presences.everybody_out(&name);
        self.write_presence(Instant::now()).await;
        if self.presences.rooms_len() == 0 && self.instances.is_registered() {
            report(self.strike_instance(&name).await);
        }
    }
}

fn report(done: Result<(), AppError>) {
    if let Err(error) = done {
        tracing::debug!(%error, "presence could not be told or written");
    }
}
