//! Who may see what: the one place where it is decided, whatever the window.
//!
//! Whoever is blocked sees nothing of who has blocked them: no profile, no run, no event that they have made. From those of these
//! events that are not over they are sent away (`app::events`). What a block does not do: within somebody else's event that both
//! take part in, the roster and `positions:` are one and the same for all who see the event.
//!
//! A list is asked about in one go, so that it costs a bounded number of readings. What may not be seen is not there: lists
//! leave it out, counts do not count it, and whoever asks for it by name is told that there is no such thing. How many members a
//! group has, and how many participate in an event, is one number for all who see it: those whom a list of the members leaves out
//! for somebody, because of a block, are among them.

mod rights;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use rights::{Concerned, rights_topic};
pub(in crate::app) use rights::{rights_changed, rights_changed_of};

use crate::app::links::Shared;
use crate::app::users::{Caller, aggregate};
use crate::app::{App, AppError};
use crate::domain::event::{Event, Standing};
use crate::domain::friendship::Friendship;
use crate::domain::ids::{EventId, UserId};
use crate::domain::run::Run;
use crate::domain::user::Visibility;

impl App {
    /// Which of these runs the caller may see, in their order.
    pub(in crate::app) async fn sees_runs(&self, caller: &Caller, runs: &[&Run]) -> Result<Vec<bool>, AppError> {
        let ties = self.ties(caller, runs.iter().map(|run| &run.owner)).await?;
        let leaving = self.without_account(caller, runs.iter().map(|run| &run.owner)).await?;
        let is_blocked = |run: &Run| ties.get(&run.owner).is_some_and(|tie| tie.others.blocks.is_some());
        let sees = |run: &Run| {
            let tie = ties.get(&run.owner).copied().unwrap_or_default();
            match (run.visibility, caller) {
                _ if caller.is(&run.owner) => true,
                _ if is_blocked(run) || leaving.contains(&run.owner) => false,
                (Visibility::Public, _) => true,
                (_, Caller::Link(holder)) => holder.shared == Shared::Run(run.id),
                (Visibility::Friends, _) => tie.others.lists.is_some(),
                (Visibility::Private, _) => false,
            }
        };
        let mut seen: Vec<bool> = runs.iter().map(|run| sees(run)).collect();
        // A run that is run in an event is seen by all who see the event, but by those whom the runner has blocked.
        let may_be = |run: &Run, is_seen: bool| {
            run.event.filter(|_| !is_seen && !is_blocked(run) && !leaving.contains(&run.owner))
        };
        let open = runs.iter().zip(&seen).filter_map(|(run, is_seen)| may_be(run, *is_seen));
        let events = self.seen_events(caller, open.collect()).await?;
        for (run, is_seen) in runs.iter().zip(&mut seen) {
            *is_seen |= may_be(run, *is_seen).is_some_and(|event| events.contains(&event));
        }
        Ok(seen)
    }

    /// Which of these users the caller may know of, in their order: all but those who have blocked them.
    pub(in crate::app) async fn sees_users(&self, caller: &Caller, users: &[&UserId]) -> Result<Vec<bool>, AppError> {
        let ties = self.ties(caller, users.iter().copied()).await?;
        let is_blocked = |user: &&UserId| ties.get(*user).is_some_and(|tie| tie.others.blocks.is_some());
        Ok(users.iter().map(|user| !is_blocked(user)).collect())
    }

    /// Which of these have deleted their accounts. What they owned goes step by step; it is hidden from the first one on.
    async fn without_account<'a>(
        &self,
        caller: &Caller,
        users: impl Iterator<Item = &'a UserId>,
    ) -> Result<BTreeSet<&'a UserId>, AppError> {
        let users: BTreeSet<&UserId> = users.filter(|user| !caller.is(user)).collect();
        if users.is_empty() {
            return Ok(users);
        }
        let aggregates: Vec<_> = users.iter().map(|user| aggregate(user)).collect();
        let records = self.users.read_all(&aggregates).await?;
        Ok(users.into_iter().zip(records).filter_map(|(user, record)| record.is_none().then_some(user)).collect())
    }

    /// What there is between the caller and each of these others, as the caller sees it. Nothing, for who has no account.
    async fn ties<'a>(
        &self,
        caller: &Caller,
        others: impl Iterator<Item = &'a UserId>,
    ) -> Result<HashMap<&'a UserId, Friendship>, AppError> {
        let Caller::User(identity) = caller else { return Ok(HashMap::new()) };
        let others: BTreeSet<&UserId> = others.filter(|other| **other != identity.user).collect();
        if others.is_empty() {
            return Ok(HashMap::new());
        }
        let others: Vec<&UserId> = others.into_iter().collect();
        let ties = self.friendships(&identity.user, &others).await?;
        Ok(others.into_iter().zip(ties).collect())
    }

    pub(in crate::app) async fn sees_user(&self, caller: &Caller, user: &UserId) -> Result<bool, AppError> {
        Ok(self.sees_users(caller, &[user]).await?.contains(&true))
    }

    pub(in crate::app) async fn sees_run(&self, caller: &Caller, run: &Run) -> Result<bool, AppError> {
        Ok(self.sees_runs(caller, &[run]).await?.contains(&true))
    }

    /// Whether the caller, who stands to each of these events like this, may see it, in their order. Those whom its creator has
    /// blocked do not, unless they participate: from what is not over they are about to be sent away, and what is over they were
    /// a part of.
    pub(in crate::app) async fn sees_events(
        &self,
        caller: &Caller,
        events: &[(&Event, Standing)],
    ) -> Result<Vec<bool>, AppError> {
        let hangs =
            |(event, standing): &(&Event, Standing)| *standing != Standing::Participant && event.is_seen_by(*standing);
        let creators = events.iter().filter(|it| hangs(it)).map(|(event, _)| &event.creator);
        let ties = self.ties(caller, creators).await?;
        let is_blocked = |event: &Event| ties.get(&event.creator).is_some_and(|tie| tie.others.blocks.is_some());
        let sees = |it: &(&Event, Standing)| match caller {
            Caller::Link(holder) if holder.shared == Shared::Event(it.0.id) => true,
            _ => it.0.is_seen_by(it.1) && !(hangs(it) && is_blocked(it.0)),
        };
        Ok(events.iter().map(sees).collect())
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
        let records = self.read_events(&events).await?;
        let standing = |event: &Event| standings.get(&event.id).copied().unwrap_or_default();
        let asked: Vec<_> = records.iter().map(|record| (&record.event, standing(&record.event))).collect();
        let seen = asked.iter().zip(self.sees_events(caller, &asked).await?);
        Ok(seen.filter(|(_, is_seen)| *is_seen).map(|((event, _), _)| event.id).collect())
    }
}
