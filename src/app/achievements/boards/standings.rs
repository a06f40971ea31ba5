//! Who stands where, as somebody asks for it.

use std::sync::Arc;

use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};

use super::ranking::Ranking;
use super::{Among, Board, BoardOf, index, index_of_city, score, value_of};
use crate::app::achievements::record::{self, measures_name};
use crate::app::achievements::who::Account;
use crate::app::documents::{LeaderboardDocument, RelevanceName, StandingDocument, UserName};
use crate::app::listing::Page;
use crate::app::users::record::UserRecord;
use crate::app::users::{Identity, aggregate};
use crate::app::{App, AppError};
use crate::domain::achievement::{
    Book, Evaluation, Measure, MeasureId, Period, Relevance, Rules, period_of, period_with,
};
use crate::domain::ids::UserId;
use crate::limits;

/// Which part of a board.
#[derive(Clone, Debug)]
pub struct Sought {
    /// `None`: as the achievement compares.
    pub among: Option<Among>,
    /// As somebody has typed it.
    pub period: Option<String>,
    pub window: Window,
}

#[derive(Clone, Copy, Debug)]
pub enum Window {
    Page(Page),
    /// So many with the reader in their middle.
    Around {
        len: usize,
    },
}

/// A part of a board, and how many there are on the whole of it.
pub(super) struct Found {
    pub total: u64,
    pub me: Option<StandingDocument>,
    pub standings: Vec<StandingDocument>,
}

/// Users who are shown, with their scores.
pub(super) type Placed = Vec<(i64, UserId, Arc<UserRecord>)>;

impl App {
    /// A part of a leaderboard.
    ///
    /// # Errors
    /// [`AppError::NotFound`]: there is none, or none for the caller. [`AppError::Invalid`]: a period that it does not have; no city,
    /// or no group, to compare with, or a group that is too large.
    pub async fn leaderboard(
        &self,
        identity: &Identity,
        of: &BoardOf,
        sought: Sought,
    ) -> Result<LeaderboardDocument, AppError> {
        let account = self.users.read(&aggregate(&identity.user)).await?.ok_or(AppError::Unauthenticated)?;
        let (board, relevance) = self.board_asked_for(identity, of, sought.period.as_deref(), &account).await?;
        let among = match sought.among {
            Some(among) => among,
            None => usual(relevance)?,
        };
        let period = board.period.to_string();
        let whole = |city| Ranking { identity, board: &board, index: index(board.measure, &period), city };
        let found = match &among {
            Among::Everybody => self.ranked(&whole(None), sought.window).await?,
            Among::City => {
                let city = account.folded_city();
                if city.is_empty() {
                    return Err(AppError::invalid("relevance", "needs a city: your account says none"));
                }
                let index = index_of_city(board.measure, &period, &city);
                self.ranked(&Ranking { index, ..whole(Some(&city)) }, sought.window).await?
            }
            Among::Friends => {
                let mut users = self.friends_of(&identity.user).await?;
                users.insert(identity.user.clone());
                self.ranked_among(identity, &board, users.into_iter().collect(), sought.window).await?
            }
            Among::Group(group) => {
                let members = self.all_members(identity, group, limits::BOARD_GROUP_LEN_MAX).await?;
                self.ranked_among(identity, &board, members, sought.window).await?
            }
        };
        Ok(LeaderboardDocument {
            board: of.to_string(),
            relevance: among.name(),
            group: match among {
                Among::Group(group) => Some(group.to_string()),
                _ => None,
            },
            period,
            total: found.total,
            me: found.me,
            standings: found.standings,
        })
    }

    /// The board that somebody means, and with whom it compares.
    async fn board_asked_for(
        &self,
        identity: &Identity,
        of: &BoardOf,
        period: Option<&str>,
        account: &UserRecord,
    ) -> Result<(Board, Relevance), AppError> {
        let rules = self.catalogue().await?.rules.clone();
        let (now, zone) = (self.clock.now(), Account::of(account).zone);
        match of {
            BoardOf::Achievement(id) => {
                self.achievement(identity, id.number()).await?;
                let measure = rules.board_of(*id).ok_or(AppError::NotFound("leaderboard"))?;
                let relevance = rules.achievement(*id).map(|it| it.relevance).unwrap_or_default();
                let current = period_of(now, measure.evaluation, measure.zone.unwrap_or(zone));
                let period = period.map_or(Ok(current), |text| period_called(text, measure.evaluation))?;
                Ok((Board { measure: measure.id, period, lowest_first: rules.lowest_first(*id) }, relevance))
            }
            BoardOf::Variable(name) => {
                rules.variable(name.as_str()).ok_or(AppError::NotFound("variable"))?;
                let (evaluation, day) = evaluation_called(period.unwrap_or("all"))?;
                let measure = rules.board_of_variable(name.as_str(), evaluation);
                let measure = measure.ok_or(AppError::NotFound("leaderboard"))?;
                let current = || period_of(now, evaluation, zone);
                let period = day.map_or_else(|| Ok(current()), |day| period_called(day, evaluation))?;
                Ok((Board { measure: measure.id, period, lowest_first: false }, Relevance::Global))
            }
        }
    }

    /// These users, put in order by their values.
    async fn ranked_among(
        &self,
        identity: &Identity,
        board: &Board,
        users: Vec<UserId>,
        window: Window,
    ) -> Result<Found, AppError> {
        let parts = users.chunks(limits::BOARD_READ_LEN);
        let parts: Vec<_> = parts.map(|users| self.placed_of(identity, board, users).boxed()).collect();
        let parts: Vec<Placed> = stream::iter(parts).buffered(limits::INDEXES_READ_AT_ONCE).try_collect().await?;
        let mut placed: Placed = parts.into_iter().flatten().collect();
        placed.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
        if !board.lowest_first {
            placed.reverse();
        }
        let all: Vec<StandingDocument> = (1..)
            .zip(&placed)
            .map(|(position, (score, id, record))| standing(position, id, record, value_of(*score)))
            .collect();
        let total = all.len() as u64;
        let at = all.iter().position(|it| it.user.id == identity.user.as_str());
        let (me, skipped, len) = match (window, at) {
            (Window::Page(page), _) => (None, page.skipped(), page.size),
            (Window::Around { len }, Some(at)) => (all.get(at).cloned(), at.saturating_sub(len / 2), len),
            (Window::Around { .. }, None) => (self.unlisted_among(identity, board, &placed).await?, 0, 0),
        };
        Ok(Found { total, me, standings: all.into_iter().skip(skipped).take(len).collect() })
    }

    /// Those of them who are shown and have a value.
    async fn placed_of(&self, identity: &Identity, board: &Board, users: &[UserId]) -> Result<Placed, AppError> {
        let records = self.shown_on_board(Some(identity), users, None).await?;
        let shown: Vec<_> = users.iter().cloned().zip(records).filter_map(|(id, it)| Some((id, it?))).collect();
        let asked: Vec<_> = shown.iter().map(|(id, record)| (id.clone(), &**record)).collect();
        let values = self.values_of(board, &asked).await?;
        let placed = shown.into_iter().zip(values);
        Ok(placed.filter_map(|((id, record), value)| Some((score(value?), id, record))).collect())
    }

    /// Where the reader would stand, whom nobody else is to see there.
    async fn unlisted_among(
        &self,
        identity: &Identity,
        board: &Board,
        placed: &Placed,
    ) -> Result<Option<StandingDocument>, AppError> {
        let Some(record) = self.users.read(&aggregate(&identity.user)).await? else { return Ok(None) };
        let values = self.values_of(board, &[(identity.user.clone(), &record)]).await?;
        let Some(own) = values.first().copied().flatten().map(score) else { return Ok(None) };
        let own = (own, &identity.user);
        let is_before = |other: (i64, &UserId)| if board.lowest_first { other < own } else { other > own };
        let before = placed.iter().filter(|(score, id, _)| is_before((*score, id))).count() as u64;
        Ok(Some(standing(before + 1, &identity.user, &record, value_of(own.0))))
    }

    /// What each of them has by this board's measure.
    pub(super) async fn values_of(
        &self,
        board: &Board,
        users: &[(UserId, &UserRecord)],
    ) -> Result<Vec<Option<f64>>, AppError> {
        let rules = self.catalogue().await?.rules.clone();
        let Some((measure, name)) = measure_of(&rules, board.measure) else { return Ok(vec![None; users.len()]) };
        let keys: Vec<_> = users.iter().map(|(id, _)| aggregate(id).key(&name)).collect();
        let (documents, now) = (self.backend.read(&keys).await?, self.clock.now());
        let values = users.iter().zip(documents).map(|((_, record), document)| {
            let Some(document) = document.value else { return Ok(None) };
            let mut book = Book::default();
            record::load(&mut book, &name, Some(&document))?;
            let states = book.measures.values().find_map(|measures| measures.states.get(&board.measure));
            Ok(states.and_then(|periods| measure.value(periods, board.period, now, Account::of(record).zone)))
        });
        values.collect()
    }
}

fn measure_of(rules: &Rules, id: MeasureId) -> Option<(&Measure, Arc<str>)> {
    Some((rules.measure(id)?, measures_name(rules.stands_at(id)?)))
}

pub(super) fn standing(position: u64, id: &UserId, record: &UserRecord, value: f64) -> StandingDocument {
    let user = UserName { id: id.to_string(), name: record.shown_name().to_owned() };
    StandingDocument { position, user, value }
}

fn usual(relevance: Relevance) -> Result<Among, AppError> {
    match relevance {
        Relevance::Global => Ok(Among::Everybody),
        Relevance::City => Ok(Among::City),
        Relevance::Friends | Relevance::Own => Ok(Among::Friends),
        Relevance::Group => Err(AppError::invalid("group", "is missing: members of a group are compared")),
    }
}

/// A day within the period.
fn period_called(text: &str, evaluation: Evaluation) -> Result<Period, AppError> {
    let recurs = evaluation != Evaluation::Immediately && evaluation != Evaluation::End;
    match Period::parse(text) {
        Some(Period::All) if !recurs => Ok(Period::All),
        Some(day @ Period::From(_)) if recurs => Ok(period_with(day, evaluation)),
        _ if recurs => Err(AppError::invalid("period", "must be a date, for example 2026-11-16")),
        _ => Err(AppError::invalid("period", "must be all: this board does not begin anew")),
    }
}

/// How often the board of a variable begins anew, and a day if one is named: `all`, `week`, `month`, `week:2026-11-16`.
fn evaluation_called(text: &str) -> Result<(Evaluation, Option<&str>), AppError> {
    let (name, day) = text.split_once(':').map_or((text, None), |(name, day)| (name, Some(day)));
    match (name, day) {
        ("all", None) => Ok((Evaluation::Immediately, None)),
        ("week", day) => Ok((Evaluation::Weekly, day)),
        ("month", day) => Ok((Evaluation::Monthly, day)),
        _ => {
            Err(AppError::invalid("period", "must be all, week, month, or one of them with a day, as week:2026-11-16"))
        }
    }
}

impl Among {
    fn name(&self) -> RelevanceName {
        match self {
            Self::Everybody => RelevanceName::Global,
            Self::City => RelevanceName::City,
            Self::Friends => RelevanceName::Friends,
            Self::Group(_) => RelevanceName::Group,
        }
    }
}

impl std::fmt::Display for BoardOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Achievement(id) => id.fmt(f),
            Self::Variable(name) => name.fmt(f),
        }
    }
}
