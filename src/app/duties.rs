//! What the server does without being asked: follow-ups that were left behind, due times, and what dead instances left.
//!
//! One instance at a time does it for all, under a lease; if it dies, another takes over when the lease has run out. What
//! this instance itself has just caused it carries out at once, lease or not; and so every instance does with what takes a
//! right away and was left behind, for that does not wait until a lease has run out. Knows which duties there are, and not
//! what is done in them: each is bounded, and none waits for another.

mod lease;

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};

use crate::app::due::Agenda;
use crate::app::follow_ups::{Queue, Whose};
use crate::app::transact::Lanes;
use crate::app::{App, AppError};

use lease::Standing;
pub use lease::{LeaseRecord, Watch};

/// How often it is looked whether something is due.
const EVERY: Duration = Duration::from_secs(1);

/// What is done under the lease, each apart from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Duty {
    /// Those that were left behind.
    FollowUps(Queue),
    Due(Agenda),
    /// Of instances that have fallen silent.
    Burials,
}

impl Duty {
    /// Every instance's, lease or not.
    const RIGHTS: Self = Self::FollowUps(Queue::Rights);

    const ALL: [Self; 9] = [
        Self::RIGHTS,
        Self::FollowUps(Queue::Swift),
        Self::FollowUps(Queue::Rosters),
        Self::FollowUps(Queue::Counts),
        Self::Due(Agenda::Awaited),
        Self::Due(Agenda::Removals),
        Self::Due(Agenda::Housekeeping),
        Self::Due(Agenda::Looks),
        Self::Burials,
    ];
}

impl App {
    /// Starts the workers. They end with the others.
    pub fn start_duties(self: &Arc<Self>) {
        self.start_presence();
        self.start_feeds();
        self.start_rules();
        self.start_standings();
        for queue in Queue::ALL {
            self.workers.spawn(self.clone().serve_outbox(queue));
        }
        self.workers.spawn(self.clone().look_after());
    }

    /// Looks again and again whether there is something to do. Each duty goes on for as long as it takes: none waits for another.
    async fn look_after(self: Arc<Self>) {
        let closing = self.workers.closing().clone();
        let mut look = tokio::time::interval(EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut idle = Duty::ALL.to_vec();
        let mut under_way = FuturesUnordered::new();
        loop {
            tokio::select! {
                () = closing.cancelled() => break,
                Some(duty) = under_way.next() => idle.push(duty),
                _ = look.tick() => match self.has_lease().await {
                    Ok(true) => under_way.extend(idle.drain(..).map(|duty| self.do_and_report(duty, Whose::LeftBehind))),
                    Ok(false) => {
                        let rights = idle.extract_if(.., |duty| *duty == Duty::RIGHTS);
                        under_way.extend(rights.map(|duty| self.do_and_report(duty, Whose::Overdue)));
                    }
                    Err(error) => self.report(Err(error)),
                },
            }
        }
        // What was begun is done: the next sweep of each is not begun any more.
        while under_way.next().await.is_some() {}
    }

    async fn do_and_report(&self, duty: Duty, whose: Whose) -> Duty {
        self.report(self.do_duty(duty, whose).await);
        duty
    }

    /// Everything that is due by now, and what this instance is about to do besides, if this instance has the lease or can take it → how much there was.
    pub async fn do_duties(&self) -> Result<usize, AppError> {
        if !self.has_lease().await? {
            return self.do_duty(Duty::RIGHTS, Whose::Overdue).await;
        }
        let done = join_all(Duty::ALL.map(|duty| self.do_duty(duty, Whose::All).boxed())).await;
        done.into_iter().sum()
    }

    async fn do_duty(&self, duty: Duty, whose: Whose) -> Result<usize, AppError> {
        match duty {
            Duty::FollowUps(queue) => self.sweep_follow_ups(queue, whose).await,
            Duty::Due(agenda) => self.act_on(agenda, self.clock.now()).await,
            Duty::Burials => self.bury_the_dead().await,
        }
    }

    /// Whoever had the duties before has gone, for this process alone has the store: it need not be waited until that lease runs out.
    pub async fn take_duties(&self) -> Result<(), AppError> {
        let own = self.instance.clone();
        self.leases
            .transact(Lanes::<LeaseRecord>::aggregate("duties"), None, move |draft| {
                // Where there has been none, the store is new, which is looked at first.
                if let Some(last) = draft.record().cloned() {
                    draft.put(lease::next(&own, Some(&last)));
                }
                Ok(())
            })
            .await
    }

    async fn has_lease(&self) -> Result<bool, AppError> {
        let aggregate = Lanes::<LeaseRecord>::aggregate("duties");
        let seen = self.leases.read(&aggregate).await?;
        match self.lease.lock().look(&self.instance, seen.as_deref(), self.clock.now()) {
            Standing::Held => return Ok(true),
            Standing::Anothers => return Ok(false),
            Standing::Due => {}
        }
        if seen.is_none() {
            // Nobody has ever done the duties here: the store is new, though we may have served another before.
            self.ensure_admin_again().await?;
        }
        let own = self.instance.clone();
        self.leases
            .transact(aggregate, None, move |draft| {
                // Somebody was faster, perhaps this very instance at its last look.
                if draft.record() != seen.as_deref() {
                    return Ok(draft.record().is_some_and(|lease| lease.is_of(&own)));
                }
                draft.put(lease::next(&own, seen.as_deref()));
                Ok(true)
            })
            .await
    }

    fn report(&self, done: Result<usize, AppError>) {
        if let Err(error) = done {
            tracing::warn!(%error, "duties could not be done; they are tried again");
        }
    }
}
