//! What a user has come to in an event: that they have joined it, and that they have run in it.

use super::{empty, share};
use crate::app::achievements::{Contribution, Source};
use crate::app::events;
use crate::app::runs::{self, RunRecord, indexes};
use crate::app::{App, AppError};
use crate::backend::{Bound, Order, Range};
use crate::domain::event::Event;
use crate::domain::ids::{EventId, RunId, UserId};
use crate::domain::run::{FinishReason, State};
use crate::domain::time::Timestamp;
use crate::limits;

/// Whoever has run so far, or has arrived, has run in the event.
const FINISHED_FROM_M: f64 = 1_000.0;

impl App {
    /// Who is on the roster has joined; the creator has made it. An event that is gone counts as it did.
    pub(in crate::app) async fn count_event(&self, user: &UserId, event: EventId) -> Result<(), AppError> {
        // Before anything is looked at: what another has looked at since is newer.
        let version = self.next_version(user, &Source::Event(event)).await?;
        let Some(record) = self.events.read(&events::aggregate(event)).await? else { return Ok(()) };
        let mut contribution = Contribution { event: Some(event), ..empty(Source::Event(event), version) };
        let joined_at = self.joined_at(user, event).await?.filter(|_| record.event.creator != *user);
        if let Some(at) = joined_at {
            contribution.shares.push(share("events_joined", event.to_string(), 1.0, at)?);
        }
        if let Some(at) = self.finished_in(user, &record.event).await? {
            contribution.shares.push(share("events_finished", event.to_string(), 1.0, at)?);
        }
        self.contribute(user, contribution).await.map(drop)
    }

    /// When the first of the user's runs in the event that count has come to its end.
    async fn finished_in(&self, user: &UserId, event: &Event) -> Result<Option<Timestamp>, AppError> {
        let range = Range {
            index: indexes::of_user(user),
            // A run may be planned for it long before; those of a user are few.
            from: Bound::Score(event.created_at.as_millis()),
            until: Bound::Score(event.ends_at().as_millis()),
            order: Order::Descending,
            limit: limits::RUNS_OF_EVENT_LOOKED_AT,
            count: false,
        };
        let members = self.backend.range(&range).await?.members;
        let runs: Vec<_> = members.iter().filter_map(|(_, run)| RunId::parse(run)).map(runs::aggregate).collect();
        let runs = self.runs.read_all(&runs).await?;
        Ok(runs.iter().flatten().filter_map(|record| finished_at(record, event)).min())
    }
}

fn finished_at(record: &RunRecord, event: &Event) -> Option<Timestamp> {
    let (run, has_begun) = (&record.run, record.run.started_at.is_some());
    let arrived = run.finish_reason == Some(FinishReason::Arrived) || run.tally.distance_m >= FINISHED_FROM_M;
    let counts = run.event == Some(event.id) && run.state == State::Finished && has_begun && arrived;
    let at = run.finished_at.filter(|at| counts && *at >= event.starts_at())?;
    record.effect.withheld(run).is_none().then_some(at)
}
