//! What the server does without being asked: follow-ups that were left behind, and due times.
//!
//! One instance at a time does it for all, under a lease; if it dies, another takes over when the lease has run out. What
//! this instance itself has just caused it carries out at once, lease or not.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::transact::{Lanes, Record};
use crate::app::{App, AppError};

/// How often it is looked whether something is due.
const EVERY: Duration = Duration::from_secs(1);
/// A lease lasts so long unless renewed: several looks, so that one slow one does not lose it.
const LEASE_MS: i64 = 10_000;
/// A follow-up that is older was left behind by whoever caused it.
const LEFT_BEHIND_MS: i64 = 5_000;

/// Who has the lease, until when.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LeaseRecord {
    holder: String,
    until_ms: i64,
}

impl Record for LeaseRecord {
    const KIND: &'static str = "lease";
}

impl App {
    /// Starts the workers. They end with the others.
    pub fn start_duties(self: &Arc<Self>) {
        let app = self.clone();
        self.workers.spawn(async move {
            let closing = app.workers.closing().clone();
            loop {
                tokio::select! {
                    () = closing.cancelled() => return,
                    () = app.follow_ups.notified() => app.report(app.carry_out_follow_ups(app.clock.now()).await),
                }
            }
        });
        let app = self.clone();
        self.workers.spawn(async move {
            let closing = app.workers.closing().clone();
            let mut look = tokio::time::interval(EVERY);
            look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    () = closing.cancelled() => return,
                    _ = look.tick() => app.report(app.do_duties().await),
                }
            }
        });
    }

    /// Everything that is due by now, if this instance has the lease or can take it → how much there was.
    pub async fn do_duties(&self) -> Result<usize, AppError> {
        if !self.has_lease().await? {
            return Ok(0);
        }
        let now = self.clock.now();
        let left_behind = self.carry_out_follow_ups(now.plus_millis(-LEFT_BEHIND_MS)).await?;
        Ok(left_behind + self.act_on_due(now).await?)
    }

    async fn has_lease(&self) -> Result<bool, AppError> {
        let now_ms = self.clock.now().as_millis();
        let aggregate = Lanes::<LeaseRecord>::aggregate("duties");
        if let Some(lease) = self.leases.read(&aggregate).await? {
            let fresh = lease.until_ms - now_ms > LEASE_MS / 2;
            if lease.holder == self.instance && fresh {
                return Ok(true);
            }
        }
        let holder = self.instance.clone();
        self.leases
            .transact(aggregate, None, move |draft| {
                // One that ends later than any that is taken now was taken by a clock that has been set back since.
                let holds = |lease: &LeaseRecord| (now_ms + 1..=now_ms + LEASE_MS).contains(&lease.until_ms);
                let taken = draft.record().is_some_and(|lease| lease.holder != holder && holds(lease));
                if !taken {
                    draft.put(LeaseRecord { holder: holder.clone(), until_ms: now_ms + LEASE_MS });
                }
                Ok(!taken)
            })
            .await
    }

    fn report(&self, done: Result<usize, AppError>) {
        if let Err(error) = done {
            tracing::warn!(%error, "duties could not be done; they are tried again");
        }
    }
}
