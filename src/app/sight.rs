//! Who may see what: the one place where it is decided, whatever the window.
//!
//! A list is asked about in one go, so that it costs a bounded number of readings. What may not be seen is not there: lists
//! leave it out, counts do not count it, and whoever asks for it by name is told that there is no such thing.

mod rights;

use std::collections::{BTreeMap, BTreeSet};

pub use rights::{Concerned, rights_topic};
pub(in crate::app) use rights::{rights_changed, rights_changed_of};

use crate::app::links::Shared;
use crate::app::users::Caller;
use crate::app::{App, AppError};
use crate::domain::event::{Event, Standing};
use crate::domain::ids::{EventId, UserId};
use crate::domain::run::Run;
use crate::domain::user::Visibility;

impl App {
    /// Which of these runs the caller may see, in their order.
    pub(in crate::app) async fn sees_runs(&self, caller: &Caller, runs: &[&Run]) -> Result<Vec<bool>, AppError> {
        let sees = |run: &Run| match (run.visibility, caller) {
            (Visibility::Public, _) => true,
            (_, Caller::Link(holder)) => holder.shared == Shared::Run(run.id),
            _ => caller.is(&run.owner),
        };
        let mut seen: Vec<bool> = runs.iter().map(|run| sees(run)).collect();
        // A run that is run in an event is seen by all who see the event.
        let open = runs.iter().zip(&seen).filter_map(|(run, is_seen)| run.event.filter(|_| !is_seen));
        let events = self.seen_events(caller, open.collect()).await?;
        for (run, is_seen) in runs.iter().zip(&mut seen) {
            *is_seen = *is_seen || run.event.is_some_and(|event| events.contains(&event));
        }
        Ok(seen)
    }

    /// Which of these users the caller may know of, in their order.
    pub(in crate::app) async fn sees_users(&self, _: &Caller, users: &[&UserId]) -> Result<Vec<bool>, AppError> {
        Ok(vec![true; users.len()])
    }

    pub(in crate::app) async fn sees_user(&self, caller: &Caller, user: &UserId) -> Result<bool, AppError> {
        Ok(self.sees_users(caller, &[user]).await?.contains(&true))
    }

    pub(in crate::app) async fn sees_run(&self, caller: &Caller, run: &Run) -> Result<bool, AppError> {
        Ok(self.sees_runs(caller, &[run]).await?.contains(&true))
    }

    /// Whether the caller, who stands to the event like this, may see it.
    pub(in crate::app) fn sees_event(&self, caller: &Caller, event: &Event, standing: Standing) -> bool {
        match caller {
            Caller::Link(holder) if holder.shared == Shared::Event(event.id) => true,
            _ => event.is_seen_by(standing),
        }
    }

    /// Which of these events the caller may see.
    pub(in crate::app) async fn seen_events(
        &self,
        caller: &Caller,
        events: BTreeSet<EventId>,
    ) -> Result<BTreeSet<EventId>, AppError> {
        let events: Vec<_> = events.into_iter().collect();
        if events.is_empty() {
            return Ok(BTreeSet::new());
        }
        let standings = self.standings(caller, &events).await?;
        let standings: BTreeMap<_, _> = events.iter().copied().zip(standings).collect();
        let mut seen = self.read_events(&events).await?;
        seen.retain(|record| {
            let standing = standings.get(&record.event.id).copied().unwrap_or_default();
            self.sees_event(caller, &record.event, standing)
        });
        Ok(seen.iter().map(|record| record.event.id).collect())
    }
}
