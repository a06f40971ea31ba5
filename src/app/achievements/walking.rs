//! What is done for everybody who has progress, one after the other: levels that are given when an achievement has come to its end,
//! and boards that are new.
//!
//! How far it has come stands beside the catalogue, so that another instance goes on where one has stopped. What is done for a user
//! is the same when it is done twice. Who moves meanwhile comes later in the order, and is met again rather than passed over.

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use super::boards::all_boards;
use super::evaluating::Work;
use super::record;
use super::rules_kept::{CatalogueRecord, aggregate};
use crate::app::due::{self, Due};
use crate::app::transact::{Draft, decode, encode};
use crate::app::{App, AppError, mentions};
use crate::backend::{Bound, Commit, CommitError, Expect, Move, Order, Put, Range, Version};
use crate::domain::achievement::{AchievementId, MeasureId, Rules, Scope};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::limits;

/// How far a walk has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Walked {
    began_ms: i64,
    /// The last who was met, with the score.
    after: Option<(i64, String)>,
}

/// A walk that has met everybody.
struct Done {
    version: Version,
    began: Timestamp,
}

type Each = for<'a> fn(&'a App, UserId, Option<AchievementId>) -> BoxFuture<'a, Result<(), AppError>>;

/// Has the commit of another catalogue cause what follows from it for everybody.
pub(super) fn cause(draft: &mut Draft<CatalogueRecord>, before: &Rules, rules: &Rules, now: Timestamp) {
    let ends = |rules: &Rules| {
        let all = rules.all().filter_map(|it| Some((it.id, it.ends()?)));
        all.collect::<std::collections::BTreeMap<_, _>>()
    };
    let (ended, ending) = (ends(before), ends(rules));
    let ids: BTreeSet<AchievementId> = ended.keys().chain(ending.keys()).copied().collect();
    for id in ids.into_iter().filter(|id| ended.get(id) != ending.get(id)) {
        let due = Due::AchievementEnds(id);
        draft.remove_beside(&name(&due));
        due.place(draft, ending.get(&id).map(|(first, _)| first.as_millis()));
    }
    for gone in all_boards(before).difference(&all_boards(rules)) {
        Due::BoardGone(gone.clone()).place(draft, Some(now.as_millis()));
    }
    let boards = |rules: &Rules| rules.boards().map(|measure| measure.id).collect::<BTreeSet<MeasureId>>();
    if !boards(rules).is_subset(&boards(before)) {
        let due = Due::BoardsNew;
        draft.remove_beside(&name(&due));
        due.place(draft, Some(now.as_millis()));
    }
}

/// Where it stands how far this has come.
fn name(due: &Due) -> String {
    format!("walk/{due}")
}

impl App {
    /// Gives the levels of an achievement that is evaluated at its end, which has come.
    pub(in crate::app) async fn end_achievement(&self, id: AchievementId) -> Result<(), AppError> {
        let due = Due::AchievementEnds(id);
        let catalogue = self.look_at_catalogue().await?;
        let Some((_, last)) = catalogue.rules.achievement(id).and_then(|it| it.ends()) else {
            return self.end_walk(&due, None, None).await;
        };
        let each: Each = |app, user, id| async move { app.evaluate_ended(&user, id).await }.boxed();
        let Some(done) = self.walk(&due, Some(id), each).await? else { return Ok(()) };
        // Where users' own days count, they end one after the other around the earth.
        let next = (done.began < last).then(|| due::full_hour_after(self.clock.now()).min(last));
        self.end_walk(&due, Some(done.version), next).await
    }

    /// Puts everybody on the boards that are new, who has values for them.
    pub(in crate::app) async fn fill_boards(&self) -> Result<(), AppError> {
        self.look_at_catalogue().await?;
        let each: Each = |app, user, _| async move { app.settle_boards(&user).await }.boxed();
        let Some(done) = self.walk(&Due::BoardsNew, None, each).await? else { return Ok(()) };
        self.end_walk(&Due::BoardsNew, Some(done.version), None).await
    }

    async fn evaluate_ended(&self, user: &UserId, id: Option<AchievementId>) -> Result<(), AppError> {
        let Some(id) = id else { return Ok(()) };
        let work = Work { moves: Vec::new(), contributions: Vec::new(), scope: Scope::One(id), is_trial: false };
        self.take_in(user, None, work, None).await.map(drop)
    }

    /// Goes on for a while; `None`: it is not at its end, and is due again.
    async fn walk(&self, due: &Due, of: Option<AchievementId>, each: Each) -> Result<Option<Done>, AppError> {
        let key = aggregate().key(&name(due));
        for _ in 0..limits::WALK_PAGES_MAX {
            let kept = self.backend.read(std::slice::from_ref(&key)).await?.pop().ok_or(AppError::Internal)?;
            let walked: Option<Walked> = kept.value.as_deref().map(decode).transpose()?;
            let began_ms = walked.as_ref().map_or(self.clock.now().as_millis(), |walked| walked.began_ms);
            let after = walked.and_then(|walked| walked.after);
            let from = after.map_or(Bound::Start, |(score, member)| Bound::After(score, member.into()));
            let (until, order, limit) = (Bound::End, Order::Ascending, limits::SWEEP_LEN_MAX);
            let range = Range { index: record::users(), from, until, order, limit, count: false };
            let members = self.backend.range(&range).await?.members;
            let Some((score, member)) = members.last().cloned() else {
                let began = Timestamp::from_millis(began_ms);
                return Ok(Some(Done { version: kept.version, began }));
            };
            let users = mentions::users(&members)?;
            let met: Vec<_> = users.into_iter().map(|user| self.meet(each(self, user, of)).boxed()).collect();
            stream::iter(met).buffer_unordered(limits::WALKED_AT_ONCE).try_collect::<Vec<()>>().await?;
            let walked = Walked { began_ms, after: Some((score, member.to_string())) };
            let mut commit = Commit::on(aggregate());
            commit.expect.push(Expect { key: key.clone(), version: kept.version });
            commit.puts.push(Put { key: key.clone(), value: Some(encode(&walked)?) });
            match self.backend.commit(commit).await {
                Ok(_) if !self.workers.closing().is_cancelled() => {}
                // Another walks too, or it has to begin anew.
                Ok(_) | Err(CommitError::Conflict) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// One with whom something is wrong does not keep the others waiting.
    async fn meet(&self, met: BoxFuture<'_, Result<(), AppError>>) -> Result<(), AppError> {
        match met.await {
            Err(error @ (AppError::Unavailable | AppError::Busy)) => Err(error),
            Err(AppError::NotFound(_)) | Ok(()) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, "somebody could not be met on a walk through all progress");
                Ok(())
            }
        }
    }

    /// `version`: of how far it had come. Who has begun it anew meanwhile is not disturbed.
    async fn end_walk(&self, due: &Due, version: Option<Version>, next: Option<Timestamp>) -> Result<(), AppError> {
        let key = aggregate().key(&name(due));
        let Move { index, member, score } = due.at(next.map(Timestamp::as_millis));
        let mut commit = Commit::on(aggregate());
        commit.expect.extend(version.map(|version| Expect { key: key.clone(), version }));
        commit.puts.push(Put { key, value: None });
        commit.moves.push(Move { index, member, score });
        match self.backend.commit(commit).await {
            Ok(_) | Err(CommitError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
