//! What is to happen at a time: acted on by idempotent commits, in whichever order.
//!
//! What people wait for stands in an index of its own: however much there is to tidy up, an event starts at its time.

use std::fmt;
use std::sync::Arc;

use futures::{FutureExt, StreamExt, stream};

use crate::app::achievements::BoardOf;
use crate::app::channels::Channel;
use crate::app::guesses::record::GuessesRecord;
use crate::app::links::Shared;
use crate::app::transact::{Draft, Lanes, Record};
use crate::app::{App, AppError, achievements};
use crate::backend::{AggregateId, Bound, Commit, Index, Move, Order, Range};
use crate::domain::achievement::AchievementId;
use crate::domain::ids::{ChallengeId, EventId, GroupId, LinkId, RunId, UserId};
use crate::domain::time::Timestamp;
use crate::limits;

/// What is looked at together: nothing on one agenda waits for what is on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agenda {
    /// What people wait for, and what they are not to see any longer.
    Awaited,
    /// What was deleted is taken out wherever it is named: it may be long.
    Removals,
    /// What nobody sees: there may be very much of it, and it may wait.
    Housekeeping,
    /// Where runners are looked at again and again: as many as are running.
    Looks,
}

/// What is due; its stored name is the member of its agenda's index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// A run is over if nothing was heard of it until now.
    RunInactive(RunId),
    /// An event starts or ends by the clock.
    EventTurns(EventId),
    /// A challenge starts or expires.
    ChallengeTurns(ChallengeId),
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
    /// Who was blocked may have been about to join something of who has blocked them.
    Blocked { by: UserId, whom: UserId },
    /// What these links show ends at another time now, or is gone.
    LinksTo(Shared),
    /// What the free-form channel of this name has kept is too old to be shown.
    HistoryOld(Arc<str>),
    /// What a POST with an idempotency key was answered needs not be remembered any more.
    PostedOld(Arc<str>),
    /// There is nothing left to remember of these guesses.
    GuessesOld(Arc<str>),
    /// It is looked at who runs together with the runner.
    RunTogether(RunId),
    /// This user may be to stand elsewhere on leaderboards: the city or the visibility of the account is another.
    BoardsOf(UserId),
    /// An achievement that is evaluated at its end has come to it, or may have come to it where some users are.
    AchievementEnds(AchievementId),
    /// The day of this user turns, where the user is.
    DayTurns(UserId),
    /// What this user has come to with habits counts.
    HabitsCount(UserId),
    /// There are leaderboards that those with values are not on yet.
    BoardsNew,
    /// This is a leaderboard no more: what its channel told last names users.
    BoardGone(BoardOf),
}

const HOUR_MS: i64 = 60 * 60 * 1_000;

/// Of what people wait for. Where everything stood before there was more than one agenda.
pub fn index() -> Index {
    Index::new("due")
}

/// For what is done once an hour at most, however often it is asked for.
pub fn full_hour_after(now: Timestamp) -> Timestamp {
    Timestamp::from_millis((now.as_millis().div_euclid(HOUR_MS) + 1) * HOUR_MS)
}

impl Agenda {
    pub const ALL: [Self; 4] = [Self::Awaited, Self::Removals, Self::Housekeeping, Self::Looks];

    /// All that is due, scored by when, in milliseconds.
    fn index(self) -> Index {
        match self {
            Self::Awaited => index(),
            Self::Removals => Index::new("due/removals"),
            Self::Housekeeping => Index::new("due/housekeeping"),
            Self::Looks => Index::new("due/looks"),
        }
    }
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunInactive(run) => write!(f, "run-inactive/{run}"),
            Self::EventTurns(event) => write!(f, "event-turns/{event}"),
            Self::ChallengeTurns(challenge) => write!(f, "challenge-turns/{challenge}"),
            Self::GroupGone(group) => write!(f, "group-gone/{group}"),
            Self::LinkOver(link) => write!(f, "link-over/{link}"),
            Self::UserLeaves(user) => write!(f, "user-leaves/{user}"),
            Self::EventSaid(event) => write!(f, "event-said/{event}"),
            Self::NewsOld(user) => write!(f, "news-old/{user}"),
            // No id holds a tilde.
            Self::Blocked { by, whom } => write!(f, "blocked/{by}~{whom}"),
            Self::LinksTo(shared) => write!(f, "links-to/{shared}"),
            Self::HistoryOld(channel) => write!(f, "history-old/{channel}"),
            Self::PostedOld(name) => write!(f, "posted-old/{name}"),
            Self::GuessesOld(id) => write!(f, "guesses-old/{id}"),
            Self::RunTogether(run) => write!(f, "run-together/{run}"),
            Self::BoardsOf(user) => write!(f, "boards-of/{user}"),
            Self::AchievementEnds(id) => write!(f, "achievement-ends/{id}"),
            Self::DayTurns(user) => write!(f, "day-turns/{user}"),
            Self::HabitsCount(user) => write!(f, "habits-count/{user}"),
            Self::BoardsNew => f.write_str("boards-new/all"),
            Self::BoardGone(of) => write!(f, "board-gone/{of}"),
        }
    }
}

impl Due {
    /// Says in a commit when it is due; `None`: it is not.
    pub fn at(&self, at_ms: Option<i64>) -> Move {
        Move { index: self.agenda().index(), member: self.to_string().into(), score: at_ms }
    }

    /// As [`Due::at`], in a decision.
    pub fn place<R: Record>(&self, draft: &mut Draft<R>, at_ms: Option<i64>) {
        let Move { index, member, score } = self.at(at_ms);
        draft.place(index, member, score);
    }

    fn agenda(&self) -> Agenda {
        match self {
            Self::RunInactive(_)
            | Self::EventTurns(_)
            | Self::ChallengeTurns(_)
            | Self::LinkOver(_)
            | Self::LinksTo(_) => Agenda::Awaited,
            Self::BoardsOf(_) | Self::AchievementEnds(_) | Self::BoardsNew | Self::HabitsCount(_) => Agenda::Awaited,
            Self::GroupGone(_)
            | Self::BoardGone(_)
            | Self::UserLeaves(_)
            | Self::EventSaid(_)
            | Self::NewsOld(_)
            | Self::Blocked { .. } => Agenda::Removals,
            Self::HistoryOld(_) | Self::PostedOld(_) | Self::GuessesOld(_) | Self::DayTurns(_) => Agenda::Housekeeping,
            Self::RunTogether(_) => Agenda::Looks,
        }
    }

    fn parse(member: &str) -> Option<Self> {
        let (kind, id) = member.split_once('/')?;
        match kind {
            "run-inactive" => RunId::parse(id).map(Self::RunInactive),
            "event-turns" => EventId::parse(id).map(Self::EventTurns),
            "challenge-turns" => ChallengeId::parse(id).map(Self::ChallengeTurns),
            "group-gone" => GroupId::parse(id).map(Self::GroupGone),
            "link-over" => LinkId::parse(id).map(Self::LinkOver),
            "user-leaves" => UserId::parse(id).map(Self::UserLeaves),
            "event-said" => EventId::parse(id).map(Self::EventSaid),
            "news-old" => UserId::parse(id).map(Self::NewsOld),
            "blocked" => {
                let (by, whom) = id.split_once('~')?;
                Some(Self::Blocked { by: UserId::parse(by)?, whom: UserId::parse(whom)? })
            }
            "links-to" => Shared::parse(id).map(Self::LinksTo),
            "history-old" => Some(Self::HistoryOld(id.into())),
            "posted-old" => Some(Self::PostedOld(id.into())),
            "guesses-old" => Some(Self::GuessesOld(id.into())),
            "run-together" => RunId::parse(id).map(Self::RunTogether),
            "boards-of" => UserId::parse(id).map(Self::BoardsOf),
            "day-turns" => UserId::parse(id).map(Self::DayTurns),
            "habits-count" => UserId::parse(id).map(Self::HabitsCount),
            "achievement-ends" => AchievementId::parse(id).map(Self::AchievementEnds),
            "boards-new" => (id == "all").then_some(Self::BoardsNew),
            "board-gone" => BoardOf::parse(id).map(Self::BoardGone),
            _ => None,
        }
    }

    fn aggregate(&self) -> AggregateId {
        match self {
            Self::RunInactive(run) => crate::app::runs::aggregate(*run),
            Self::EventTurns(event) => crate::app::events::aggregate(*event),
            Self::ChallengeTurns(challenge) => crate::app::challenges::aggregate(*challenge),
            Self::GroupGone(group) => crate::app::groups::aggregate(group),
            Self::LinkOver(link) => crate::app::links::aggregate(*link),
            Self::UserLeaves(user) => crate::app::users::aggregate(user),
            Self::EventSaid(event) => crate::app::events::aggregate(*event),
            Self::NewsOld(user) => crate::app::users::aggregate(user),
            Self::Blocked { by, whom } => crate::app::friends::aggregate_of(by, whom),
            Self::LinksTo(shared) => shared.aggregate(),
            Self::HistoryOld(channel) => Channel::Open(channel.clone()).aggregate(),
            Self::PostedOld(name) => crate::app::posted::aggregate(name),
            Self::GuessesOld(id) => Lanes::<GuessesRecord>::aggregate(id),
            Self::RunTogether(run) => crate::app::runs::aggregate(*run),
            Self::BoardsOf(user) | Self::DayTurns(user) | Self::HabitsCount(user) => crate::app::users::aggregate(user),
            Self::AchievementEnds(_) | Self::BoardsNew | Self::BoardGone(_) => achievements::catalogue_aggregate(),
        }
    }
}

impl App {
    /// Acts on what is due by now, on all agendas → how many there were.
    pub async fn act_on_due(&self, now: Timestamp) -> Result<usize, AppError> {
        let mut done = 0;
        for agenda in Agenda::ALL {
            done += self.act_on(agenda, now).await?;
        }
        Ok(done)
    }

    /// Acts on what is due by now, sweep after sweep while there is more, up to a turn's bound → how many there were.
    pub(in crate::app) async fn act_on(&self, agenda: Agenda, now: Timestamp) -> Result<usize, AppError> {
        let (mut done, mut busy, mut from) = (0, None, Bound::Start);
        for _ in 0..limits::SWEEPS_PER_TURN_MAX {
            let range = Range {
                index: agenda.index(),
                from,
                until: Bound::Score(now.as_millis().saturating_add(1)),
                order: Order::Ascending,
                limit: limits::SWEEP_LEN_MAX,
                count: false,
            };
            let members = self.backend.range(&range).await?.members;
            let (len, last) = (members.len(), members.last().cloned());
            let acts: Vec<_> =
                members.into_iter().map(|(at_ms, member)| self.act_on_one(agenda, at_ms, member).boxed()).collect();
            let outcomes: Vec<_> = stream::iter(acts).buffer_unordered(limits::DUES_AT_ONCE).collect().await;
            for error in outcomes.into_iter().filter_map(Result::err) {
                match error {
                    AppError::Busy => busy = Some(error),
                    error => return Err(error),
                }
            }
            done += len;
            match last {
                // Past what could not be done now, which stands where it stood.
                Some((score, member)) if len == limits::SWEEP_LEN_MAX && !self.workers.closing().is_cancelled() => {
                    from = Bound::After(score, member);
                }
                _ => break,
            }
            tokio::task::yield_now().await;
        }
        busy.map_or(Ok(done), Err)
    }

    async fn act_on_one(&self, agenda: Agenda, at_ms: i64, member: Arc<str>) -> Result<(), AppError> {
        let Some(due) = Due::parse(&member) else {
            tracing::error!("what is due cannot be read");
            return Ok(());
        };
        if due.agenda() != agenda {
            // Written when there was one agenda for all.
            let mut commit = Commit::on(due.aggregate());
            commit.moves.push(Move { index: agenda.index(), member, score: None });
            commit.moves.push(due.at(Some(at_ms)));
            self.backend.commit(commit).await?;
            return Ok(());
        }
        let done = match &due {
            Due::RunInactive(run) => self.finish_if_inactive(*run).await,
            Due::EventTurns(event) => self.turn_event(*event).await,
            Due::ChallengeTurns(challenge) => self.turn_challenge(*challenge).await,
            Due::GroupGone(group) => self.strike_group(group).await,
            Due::LinkOver(link) => self.look_at_link(*link).await,
            Due::UserLeaves(user) => self.forget_user(user).await,
            Due::EventSaid(event) => self.forget_said(*event).await,
            Due::NewsOld(user) => self.forget_news(user).await,
            Due::Blocked { by, whom } => self.look_at_block(by, whom).await,
            Due::LinksTo(shared) => self.look_at_changed_links_to(*shared).await,
            Due::HistoryOld(channel) => self.forget_old(channel).await,
            Due::PostedOld(name) => self.forget_posted(name).await,
            Due::GuessesOld(id) => self.forget_guesses(id).await,
            Due::RunTogether(run) => self.look_together(*run).await,
            Due::BoardsOf(user) => self.settle_changed(user).await,
            Due::AchievementEnds(id) => self.end_achievement(*id).await,
            Due::DayTurns(user) => self.turn_day_of(user).await,
            Due::HabitsCount(user) => self.count_habits(user).await,
            Due::BoardsNew => self.fill_boards().await,
            Due::BoardGone(of) => self.forget_board(of).await,
        };
        match done {
            Ok(()) => Ok(()),
            Err(error @ (AppError::Unavailable | AppError::Busy)) => Err(error),
            Err(error) => {
                tracing::warn!(%error, "a due time could not be acted on; it is tried again");
                // What cannot be done now stands behind what can: a few that always fail must not keep the others waiting.
                let mut later = Commit::on(due.aggregate());
                later.moves.push(due.at(Some(self.clock.now().as_millis() + limits::PUT_OFF_MS)));
                self.backend.commit(later).await?;
                Ok(())
            }
        }
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
            Due::ChallengeTurns(ChallengeId::new(7).unwrap()),
            Due::LinkOver(LinkId::from_u128(7)),
            Due::UserLeaves(UserId::parse("aino").unwrap()),
            Due::EventSaid(EventId::new(7).unwrap()),
            Due::NewsOld(UserId::parse("aino").unwrap()),
            Due::Blocked { by: UserId::parse("aino").unwrap(), whom: UserId::parse("e-ro").unwrap() },
            Due::LinksTo(Shared::Run(RunId::from_u128(7))),
            Due::HistoryOld("a/b:c".into()),
            Due::PostedOld("a/b".into()),
            Due::GuessesOld("name-1f".into()),
            Due::RunTogether(RunId::from_u128(7)),
            Due::BoardsOf(UserId::parse("aino").unwrap()),
            Due::AchievementEnds(AchievementId::new(7).unwrap()),
            Due::DayTurns(UserId::parse("aino").unwrap()),
            Due::HabitsCount(UserId::parse("aino").unwrap()),
            Due::BoardsNew,
            Due::BoardGone(BoardOf::parse("distance_m").unwrap()),
        ] {
            assert_eq!(Due::parse(&due.to_string()), Some(due));
        }
        assert_eq!(Due::parse("run-inactive/7"), None);
        assert_eq!(Due::parse("tea"), None);
    }
}
