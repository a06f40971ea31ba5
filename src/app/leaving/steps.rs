//! What is removed when an account is deleted: a step for each kind of thing. Each goes on until it finds nothing, and is no
//! fault when there is nothing: whoever makes something new that belongs to a user or names one adds its step here.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::app::due::{self, Due};
use crate::app::links::{self, Shared};
use crate::app::mentions;
use crate::app::runs::indexes as runs;
use crate::app::sight::rights_changed;
use crate::app::users::aggregate;
use crate::app::{App, AppError, events};
use crate::backend::{AggregateId, Append, Commit, Index, Keep, Move, Range, Replay, Since};
use crate::domain::ids::{EventId, GroupId, LinkId, RunId, UserId};
use crate::limits;

type Step = for<'a> fn(&'a App, &'a UserId) -> BoxFuture<'a, Result<(), AppError>>;

/// In this order: what everybody could see goes first.
pub const STEPS: &[(&str, Step)] = &[
    ("runs", |app, user| app.forget_runs(user).boxed()),
    ("links", |app, user| app.forget_links(user).boxed()),
    ("rights", |app, user| app.tell_rights(user).boxed()),
    ("friends", |app, user| app.forget_all_friends(user).boxed()),
    ("groups", |app, user| app.forget_groups(user).boxed()),
    ("events", |app, user| app.forget_events(user).boxed()),
    ("challenges", |app, user| app.forget_challenges(user).boxed()),
    ("progress", |app, user| app.forget_progress(user).boxed()),
    ("habits", |app, user| app.forget_habits(user).boxed()),
    ("posted", |app, user| app.forget_posted_of(user).boxed()),
    ("mentions", |app, user| app.forget_mentions(user).boxed()),
    ("mentioned", |app, user| app.forget_mentioned(user).boxed()),
];

impl App {
    async fn forget_runs(&self, user: &UserId) -> Result<(), AppError> {
        while let Some(members) = self.some_of(runs::of_user(user)).await? {
            for member in members {
                let run = RunId::parse(&member).ok_or(AppError::Internal)?;
                self.erase_run(run, user).await?;
                self.look_at_links_to(Shared::Run(run)).await?;
            }
        }
        Ok(())
    }

    async fn forget_links(&self, user: &UserId) -> Result<(), AppError> {
        while let Some(members) = self.some_of(links::of_user(user)).await? {
            for member in members {
                self.end_link(LinkId::parse(&member).ok_or(AppError::Internal)?, None).await?;
            }
        }
        Ok(())
    }

    /// Whoever watches what was the user's is asked what they may see.
    async fn tell_rights(&self, user: &UserId) -> Result<(), AppError> {
        self.users
            .transact(aggregate(user), None, |draft| {
                rights_changed(draft);
                Ok(())
            })
            .await
    }

    async fn forget_all_friends(&self, user: &UserId) -> Result<(), AppError> {
        while self.forget_friends(user).await? > 0 {}
        Ok(())
    }

    async fn forget_groups(&self, user: &UserId) -> Result<(), AppError> {
        while self.leave_all_groups(user).await? > 0 {}
        Ok(())
    }

    async fn forget_events(&self, user: &UserId) -> Result<(), AppError> {
        for index in [events::of_user(user), events::asking(user)] {
            while let Some(members) = self.some_of(index.clone()).await? {
                for member in members {
                    let event = EventId::parse(&member).ok_or(AppError::Internal)?;
                    self.forget_in_event(event, user).await?;
                    // Whether it was there or not.
                    self.displace(events::aggregate(event), index.clone(), &member).await?;
                }
            }
        }
        Ok(())
    }

    /// Where others' things name the user.
    async fn forget_mentions(&self, user: &UserId) -> Result<(), AppError> {
        while let Some(members) = self.some_of(mentions::of(user)).await? {
            for member in members {
                let owner = AggregateId::from_stored(&member);
                match member.split_once('/') {
                    Some(("event", id)) => {
                        let event = EventId::parse(id).ok_or(AppError::Internal)?;
                        self.forget_in_event(event, user).await?;
                    }
                    Some(("group", id)) => {
                        let group = GroupId::parse(id).ok_or(AppError::Internal)?;
                        self.withdraw_invitations_by(&group, user).await?;
                    }
                    Some(("user", id)) => {
                        let due = Due::NewsOld(UserId::parse(id).ok_or(AppError::Internal)?);
                        let at_ms = due::full_hour_after(self.clock.now()).as_millis();
                        let mut commit = Commit::on(owner.clone());
                        commit.moves.push(due.at(Some(at_ms)));
                        self.backend.commit(commit).await?;
                    }
                    _ => tracing::error!("a deleted account is named where nobody knows how to forget it"),
                }
                self.displace(owner.clone(), mentions::within(&owner), &user.as_str().into()).await?;
                self.displace(owner, mentions::of(user), &member).await?;
            }
        }
        Ok(())
    }

    /// Whom the user's own news named.
    async fn forget_mentioned(&self, user: &UserId) -> Result<(), AppError> {
        let own = aggregate(user);
        while let Some(members) = self.some_of(mentions::within(&own)).await? {
            for member in members {
                let other = UserId::parse(&member).ok_or(AppError::Internal)?;
                self.displace(own.clone(), mentions::of(&other), &own.as_str().into()).await?;
                self.displace(own.clone(), mentions::within(&own), &member).await?;
            }
        }
        Ok(())
    }

    /// What a user was told on the own channel and that names somebody whose account is deleted, or an event that went with one. Of
    /// what names a group nothing is kept. Who listens comes back to a channel that begins anew, with all the rest of what was told:
    /// not with each of them, but once an hour at most.
    pub(in crate::app) async fn forget_news(&self, user: &UserId) -> Result<(), AppError> {
        let (topic, most) = (aggregate(user).topic(""), limits::USER_TOPIC_LEN_MAX);
        let changes = match self.backend.replay(&topic, &Since::Oldest, most as usize).await? {
            Replay::Changes { changes, .. } => changes,
            Replay::Lost { .. } => Vec::new(),
        };
        let named = changes.iter().map(|change| mentions::in_change(&change.payload));
        let named = named.collect::<Result<Vec<_>, _>>()?;
        let users: BTreeSet<&UserId> = named.iter().flatten().collect();
        let there = self.names_of(users).await?;
        let events = changes.iter().map(|change| mentions::event_in_change(&change.payload));
        let events = events.collect::<Result<Vec<_>, _>>()?;
        let sought: BTreeSet<EventId> = events.iter().flatten().copied().collect();
        let open = self.read_events(&sought.into_iter().collect::<Vec<_>>()).await?;
        let open: BTreeSet<EventId> = open.iter().map(|record| record.event.id).collect();
        let is_kept = |named: &[UserId], event: &Option<EventId>| {
            named.iter().all(|user| there.contains_key(user)) && event.is_none_or(|event| open.contains(&event))
        };
        let kept = changes.iter().zip(named.iter().zip(&events)).filter(|(_, (named, event))| is_kept(named, event));
        let kept: Vec<_> = kept.map(|(change, _)| change.payload.clone()).collect();
        let mut commit = Commit::on(aggregate(user));
        if kept.len() < changes.len() {
            commit.clears.push(topic.clone());
            let again = |payload| Append { topic: topic.clone(), keep: Keep::Newest(most), payload };
            commit.appends.extend(kept.into_iter().map(again));
        }
        commit.moves.push(Due::NewsOld(user.clone()).at(None));
        self.backend.commit(commit).await?;
        Ok(())
    }

    /// The first members of an index; `None` when there are none.
    async fn some_of(&self, index: Index) -> Result<Option<Vec<Arc<str>>>, AppError> {
        let members = self.backend.range(&Range::all(index, limits::SWEEP_LEN_MAX)).await?.members;
        Ok((!members.is_empty()).then(|| members.into_iter().map(|(_, member)| member).collect()))
    }

    async fn displace(&self, aggregate: AggregateId, index: Index, member: &Arc<str>) -> Result<(), AppError> {
        let mut commit = Commit::on(aggregate);
        commit.moves.push(Move { index, member: member.clone(), score: None });
        self.backend.commit(commit).await?;
        Ok(())
    }
}
