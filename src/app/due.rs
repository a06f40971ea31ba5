//! What is to happen at a time: one index, acted on by idempotent commits.

use std::fmt;
use std::sync::Arc;

use crate::app::channels::Channel;
use crate::app::guesses::record::GuessesRecord;
use crate::app::links::Shared;
use crate::app::transact::Lanes;
use crate::app::{App, AppError};
use crate::backend::{AggregateId, Bound, Index, Order, Range};
use crate::domain::ids::{EventId, GroupId, LinkId, RunId, UserId};
use crate::domain::time::Timestamp;
use crate::limits;

/// What is due; its stored name is the member of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// A run is over if nothing was heard of it until now.
    RunInactive(RunId),
    /// An event starts or ends by the clock.
    EventTurns(EventId),
    /// Whoever is in a group that was deleted is to be struck from it.
    GroupGone(GroupId),
    /// This share link is over, if what it shows has not come to last longer.
    LinkOver(LinkId),
    /// The account of this user is deleted: there may be something left of it.
    UserLeaves(UserId),
    /// What was said on the channel of this event may name somebody whose account is deleted.
    EventSaid(EventId),
    /// What this user was told may name somebody whose account is deleted.
    NewsOld(UserId),
    /// What these links show ends at another time now, or is gone.
    LinksTo(Shared),
    /// What the free-form channel of this name has kept is too old to be shown.
    HistoryOld(Arc<str>),
    /// What a POST with an idempotency key was answered needs not be remembered any more.
    PostedOld(Arc<str>),
    /// There is nothing left to remember of these guesses.
    GuessesOld(Arc<str>),
}

const HOUR_MS: i64 = 60 * 60 * 1_000;

/// All that is due, scored by when, in milliseconds.
pub fn index() -> Index {
    Index::new("due")
}

/// For what is done once an hour at most, however often it is asked for.
pub fn full_hour_after(now: Timestamp) -> Timestamp {
    Timestamp::from_millis((now.as_millis().div_euclid(HOUR_MS) + 1) * HOUR_MS)
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunInactive(run) => write!(f, "run-inactive/{run}"),
            Self::EventTurns(event) => write!(f, "event-turns/{event}"),
            Self::GroupGone(group) => write!(f, "group-gone/{group}"),
            Self::LinkOver(link) => write!(f, "link-over/{link}"),
            Self::UserLeaves(user) => write!(f, "user-leaves/{user}"),
            Self::EventSaid(event) => write!(f, "event-said/{event}"),
            Self::NewsOld(user) => write!(f, "news-old/{user}"),
            Self::LinksTo(shared) => write!(f, "links-to/{shared}"),
            Self::HistoryOld(channel) => write!(f, "history-old/{channel}"),
            Self::PostedOld(name) => write!(f, "posted-old/{name}"),
            Self::GuessesOld(id) => write!(f, "guesses-old/{id}"),
        }
    }
}

impl Due {
    fn parse(member: &str) -> Option<Self> {
        let (kind, id) = member.split_once('/')?;
        match kind {
            "run-inactive" => RunId::parse(id).map(Self::RunInactive),
            "event-turns" => EventId::parse(id).map(Self::EventTurns),
            "group-gone" => GroupId::parse(id).map(Self::GroupGone),
            "link-over" => LinkId::parse(id).map(Self::LinkOver),
            "user-leaves" => UserId::parse(id).map(Self::UserLeaves),
            "event-said" => EventId::parse(id).map(Self::EventSaid),
            "news-old" => UserId::parse(id).map(Self::NewsOld),
            "links-to" => Shared::parse(id).map(Self::LinksTo),
            "history-old" => Some(Self::HistoryOld(id.into())),
            "posted-old" => Some(Self::PostedOld(id.into())),
            "guesses-old" => Some(Self::GuessesOld(id.into())),
            _ => None,
        }
    }

    fn aggregate(&self) -> AggregateId {
        match self {
            Self::RunInactive(run) => crate::app::runs::aggregate(*run),
            Self::EventTurns(event) => crate::app::events::aggregate(*event),
            Self::GroupGone(group) => crate::app::groups::aggregate(group),
            Self::LinkOver(link) => crate::app::links::aggregate(*link),
            Self::UserLeaves(user) => crate::app::users::aggregate(user),
            Self::EventSaid(event) => crate::app::events::aggregate(*event),
            Self::NewsOld(user) => crate::app::users::aggregate(user),
            Self::LinksTo(shared) => shared.aggregate(),
            Self::HistoryOld(channel) => Channel::Open(channel.clone()).aggregate(),
            Self::PostedOld(name) => crate::app::posted::aggregate(name),
            Self::GuessesOld(id) => Lanes::<GuessesRecord>::aggregate(id),
        }
    }
}

impl App {
    /// Acts on what is due by now → how many there were.
    pub async fn act_on_due(&self, now: Timestamp) -> Result<usize, AppError> {
        let range = Range {
            index: index(),
            from: Bound::Start,
            until: Bound::Score(now.as_millis().saturating_add(1)),
            order: Order::Ascending,
            limit: limits::SWEEP_LEN_MAX,
            count: false,
        };
        let members = self.backend.range(&range).await?.members;
        for (_, member) in &members {
            let Some(due) = Due::parse(member) else {
                tracing::error!("what is due cannot be read");
                continue;
            };
            let done = match &due {
                Due::RunInactive(run) => self.finish_if_inactive(*run).await,
                Due::EventTurns(event) => self.turn_event(*event).await,
                Due::GroupGone(group) => self.strike_group(group).await,
                Due::LinkOver(link) => self.look_at_link(*link).await,
                Due::UserLeaves(user) => self.forget_user(user).await,
                Due::EventSaid(event) => self.forget_said(*event).await,
                Due::NewsOld(user) => self.forget_news(user).await,
                Due::LinksTo(shared) => self.look_at_changed_links_to(*shared).await,
                Due::HistoryOld(channel) => self.forget_old(channel).await,
                Due::PostedOld(name) => self.forget_posted(name).await,
                Due::GuessesOld(id) => self.forget_guesses(id).await,
            };
            match done {
                Ok(()) => {}
                Err(error @ (AppError::Unavailable | AppError::Busy)) => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "a due time could not be acted on; it is tried again");
                    self.put_off(due.aggregate(), index(), member).await?;
                }
            }
        }
        Ok(members.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_is_read_as_it_is_written() {
        for due in [
            Due::RunInactive(RunId::from_u128(7)),
            Due::EventTurns(EventId::new(7).unwrap()),
            Due::LinkOver(LinkId::from_u128(7)),
            Due::UserLeaves(UserId::parse("aino").unwrap()),
            Due::EventSaid(EventId::new(7).unwrap()),
            Due::NewsOld(UserId::parse("aino").unwrap()),
            Due::LinksTo(Shared::Run(RunId::from_u128(7))),
            Due::HistoryOld("a/b:c".into()),
            Due::PostedOld("a/b".into()),
            Due::GuessesOld("name-1f".into()),
        ] {
            assert_eq!(Due::parse(&due.to_string()), Some(due));
        }
        assert_eq!(Due::parse("run-inactive/7"), None);
        assert_eq!(Due::parse("tea"), None);
    }
}
