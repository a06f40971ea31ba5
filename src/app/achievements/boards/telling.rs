//! The channels of leaderboards: whoever watches one hears who stands first, and who has moved, once a second at most.
//!
//! Each instance notes who has moved by its own commits. A board is told in a commit that also says when it was, so that all
//! instances together tell it no oftener; what one may not tell yet waits there. It is one and the same for all who see the board:
//! blocks do not part it, as they do not part an event's.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::standings::standing;
use super::{Board, BoardOf, index, value_of};
use crate::app::achievements::catalogue_aggregate;
use crate::app::documents::{StandingDocument, StandingsDocument};
use crate::app::due::Due;
use crate::app::transact::{decode, encode};
use crate::app::users::{Caller, Identity};
use crate::app::{App, AppError, mentions};
use crate::backend::{AggregateId, Append, Bound, Commit, CommitError, Expect, Keep, Order, Put, Range, Replay, Since};
use crate::domain::achievement::{Evaluation, MeasureId, Rules, VariableName, period_of};
use crate::domain::ids::UserId;
use crate::limits;

/// When a board was told last.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct ToldRecord {
    told_ms: i64,
}

/// What waits to be told, by board: who has moved, and before when it is not its turn.
type Waiting = BTreeMap<String, (BoardOf, BTreeSet<UserId>, i64)>;

/// How a telling went.
enum Outcome {
    Told,
    /// It was told a moment ago; its next turn is at this time, in milliseconds.
    NotBefore(i64),
}

/// What owns the topic of a board's channel.
pub fn aggregate(of: &BoardOf) -> AggregateId {
    AggregateId::new("leaderboard", &of.to_string())
}

impl BoardOf {
    /// As a channel's name has it: an achievement's id, or a variable's name.
    pub fn parse(text: &str) -> Option<Self> {
        let achievement = crate::domain::achievement::AchievementId::parse(text).map(Self::Achievement);
        achievement.or_else(|| VariableName::parse(text).map(Self::Variable))
    }
}

/// The boards that are told when somebody moves by this measure.
fn boards_by(rules: &Rules, measure: MeasureId) -> Vec<BoardOf> {
    let achievements = rules.achievements_by(measure).map(BoardOf::Achievement);
    achievements.chain(rules.variable_by(measure).cloned().map(BoardOf::Variable)).collect()
}

/// All that there are.
pub fn all_boards(rules: &Rules) -> BTreeSet<BoardOf> {
    rules.boards().flat_map(|measure| boards_by(rules, measure.id)).collect()
}

impl App {
    /// Forgets what the channel of a board has told that is none any more, unless it is one again.
    pub(in crate::app) async fn forget_board(&self, of: &BoardOf) -> Result<(), AppError> {
        let rules = self.look_at_catalogue().await?.rules.clone();
        if self.board_told(&rules, of).is_none() {
            let aggregate = aggregate(of);
            let mut commit = Commit::on(aggregate.clone());
            commit.puts.push(Put { key: aggregate.head(), value: None });
            commit.clears.push(aggregate.topic(""));
            self.backend.commit(commit).await?;
        }
        let mut done = Commit::on(catalogue_aggregate());
        done.moves.push(Due::BoardGone(of.clone()).at(None));
        self.backend.commit(done).await?;
        Ok(())
    }

    /// Whether the caller may watch the channel of this board.
    ///
    /// # Errors
    /// [`AppError::NotFound`]
    pub(in crate::app) async fn may_watch_board(&self, caller: &Caller, of: &BoardOf) -> Result<(), AppError> {
        let identity: &Identity = caller.identity().map_err(|_| AppError::NotFound("leaderboard"))?;
        let rules = self.look_at_catalogue().await?.rules.clone();
        if let BoardOf::Achievement(id) = of {
            self.achievement(identity, id.number()).await?;
        }
        self.board_told(&rules, of).map(drop).ok_or(AppError::NotFound("leaderboard"))
    }

    /// The board of a channel, in the period that is under way.
    fn board_told(&self, rules: &Rules, of: &BoardOf) -> Option<Board> {
        let (measure, lowest_first) = match of {
            BoardOf::Achievement(id) => (rules.board_of(*id)?, rules.lowest_first(*id)),
            BoardOf::Variable(name) => (rules.board_of_variable(name.as_str(), Evaluation::Immediately)?, false),
        };
        let zone = measure.zone.unwrap_or(chrono_tz::Tz::UTC);
        let period = period_of(self.clock.now(), measure.evaluation, zone);
        Some(Board { measure: measure.id, period, lowest_first })
    }

    /// What a board's channel would tell now, as JSON.
    pub(in crate::app) async fn standings_now(
        &self,
        of: &BoardOf,
        moved: &BTreeSet<UserId>,
    ) -> Result<Bytes, AppError> {
        let rules = self.catalogue().await?.rules.clone();
        let board = self.board_told(&rules, of).ok_or(AppError::NotFound("leaderboard"))?;
        let period = board.period.to_string();
        let range = Range {
            index: index(board.measure, &period),
            from: Bound::Start,
            until: Bound::End,
            order: if board.lowest_first { Order::Ascending } else { Order::Descending },
            limit: limits::STANDINGS_LOOKED_AT,
            count: true,
        };
        let ranged = self.backend.range(&range).await?;
        let users = mentions::users(&ranged.members)?;
        let records = self.shown_on_board(None, &users, None).await?;
        let shown =
            ranged.members.iter().zip(&users).zip(records).filter_map(|((it, id), record)| Some((it.0, id, record?)));
        let mut standings: Vec<(bool, StandingDocument)> = (1..)
            .zip(shown)
            .map(|(position, (score, id, record))| {
                (moved.contains(id), standing(position, id, &record, value_of(score)))
            })
            .collect();
        let moved = standings.iter().filter(|(has_moved, _)| *has_moved).map(|(_, it)| it.clone()).collect();
        standings.truncate(limits::STANDINGS_TOP_LEN);
        encode(&StandingsDocument {
            at: self.clock.now().to_string(),
            board: of.to_string(),
            period,
            total: ranged.standing.map_or(0, |standing| standing.total),
            top: standings.into_iter().map(|(_, it)| it).collect(),
            moved,
        })
    }

    /// Starts the worker that tells who has moved here. It ends with the others.
    pub(in crate::app) fn start_standings(self: &std::sync::Arc<Self>) {
        let app = self.clone();
        self.workers.spawn(async move {
            let mut waiting = Waiting::new();
            tokio::select! {
                () = app.workers.closing().cancelled() => {}
                () = app.keep_telling(&mut waiting) => {}
            }
            app.tell_standings(&mut waiting).await;
        });
    }

    async fn keep_telling(&self, waiting: &mut Waiting) {
        loop {
            if waiting.is_empty() {
                self.standings_moved.wait().await;
            }
            self.tell_standings(waiting).await;
            tokio::time::sleep(limits::STANDINGS_LOOK_EVERY).await;
        }
    }

    /// Tells all whose turn it is; the others wait on.
    async fn tell_standings(&self, waiting: &mut Waiting) {
        let rules = self.rules();
        for (measure, users) in self.standings_moved.take() {
            for of in boards_by(&rules, measure) {
                let (_, moved, _) = waiting.entry(of.to_string()).or_insert_with(|| (of, BTreeSet::new(), 0));
                moved.extend(users.iter().cloned());
                while moved.len() > limits::STANDINGS_MOVED_LEN_MAX {
                    moved.pop_last();
                }
            }
        }
        let now_ms = self.clock.now().as_millis();
        let turn: Vec<_> = waiting.extract_if(.., |_, (.., not_before_ms)| *not_before_ms <= now_ms).collect();
        for (name, (of, moved, _)) in turn {
            match self.tell_board(&of, &moved, false).await {
                Ok(Outcome::Told) | Err(AppError::NotFound(_)) => {}
                Ok(Outcome::NotBefore(at_ms)) => drop(waiting.insert(name, (of, moved, at_ms))),
                Err(error) => {
                    tracing::debug!(%error, "it could not be told who has moved on a board; it is tried again");
                    waiting.insert(name, (of, moved, 0));
                }
            }
        }
    }

    async fn tell_board(&self, of: &BoardOf, moved: &BTreeSet<UserId>, is_urgent: bool) -> Result<Outcome, AppError> {
        let aggregate = aggregate(of);
        let kept = self.backend.read(&[aggregate.head()]).await?.pop().ok_or(AppError::Internal)?;
        let ToldRecord { told_ms } = kept.value.as_deref().map(decode).transpose()?.unwrap_or_default();
        let now_ms = self.clock.now().as_millis();
        // Clocks differ: what was told by one that is far ahead was told long ago.
        if !is_urgent && (now_ms - told_ms).abs() < limits::STANDINGS_EVERY_MS {
            return Ok(Outcome::NotBefore(now_ms.min(told_ms) + limits::STANDINGS_EVERY_MS));
        }
        let payload = self.standings_now(of, moved).await?;
        let mut commit = Commit::on(aggregate.clone());
        commit.expect.push(Expect { key: aggregate.head(), version: kept.version });
        commit.puts.push(Put { key: aggregate.head(), value: Some(encode(&ToldRecord { told_ms: now_ms })?) });
        commit.appends.push(Append { topic: aggregate.topic(""), keep: Keep::Latest, payload });
        match self.backend.commit(commit).await {
            Ok(_) => Ok(Outcome::Told),
            Err(CommitError::Conflict) => Ok(Outcome::NotBefore(now_ms)),
            Err(error) => Err(error.into()),
        }
    }

    /// What boards by these measures have told last names nobody who has gone.
    pub(in crate::app::achievements) async fn tell_without(
        &self,
        user: &UserId,
        measures: &BTreeSet<MeasureId>,
    ) -> Result<(), AppError> {
        let rules = self.catalogue().await?.rules.clone();
        for of in measures.iter().flat_map(|measure| boards_by(&rules, *measure)) {
            let topic = aggregate(&of).topic("");
            for _ in 0..limits::HISTORY_ATTEMPTS_MAX {
                let replay = self.backend.replay(&topic, &Since::Oldest, 1).await?;
                let Replay::Changes { changes, .. } = replay else { break };
                let names = changes.iter().map(|change| mentions::in_change(&change.payload));
                let named = names.collect::<Result<Vec<_>, _>>()?;
                if !named.iter().flatten().any(|named| named == user) {
                    break;
                }
                self.tell_board(&of, &BTreeSet::new(), true).await?;
            }
        }
        Ok(())
    }
}
