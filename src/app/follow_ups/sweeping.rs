//! How follow-ups are carried out: those of one aggregate in their order, those of several at once.
//!
//! Knows no effect. Each stands in two indexes: of all that wait, where those are found that were left behind, and of those
//! that wait on its aggregate. What earlier versions have written stands in the first alone.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::{FutureExt, StreamExt, stream};

use super::{FollowUp, Queue};
use crate::app::transact::{OnceKey, decode, encode};
use crate::app::{App, AppError};
use crate::backend::{
    AggregateId, Bound, Commit, CommitError, Expect, Index, Move, Order, Put, Range, Version, Versioned,
};
use crate::limits;

/// Which of those that wait a sweep takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    All,
    /// Not what this instance has caused itself and is about to carry out.
    LeftBehind,
    /// Of these, what has waited for longer than whoever has caused it should need: for those who do not have the lease, and would
    /// get in each other's way.
    Overdue,
}

impl App {
    /// Carries out all that waits → how many there were. What another instance, with another clock, has just written is
    /// among it.
    pub async fn carry_out_follow_ups(&self) -> Result<usize, AppError> {
        let mut done = 0;
        for queue in Queue::ALL {
            done += self.sweep_follow_ups(queue, Whose::All).await?;
        }
        Ok(done)
    }

    /// Carries out what waits, oldest first, sweep after sweep while there is more, up to a turn's bound → how many there were.
    pub(in crate::app) async fn sweep_follow_ups(&self, queue: Queue, whose: Whose) -> Result<usize, AppError> {
        let until_ms = match whose {
            Whose::All | Whose::LeftBehind => limits::CLOCKS_APART_MS,
            Whose::Overdue => -limits::RIGHTS_OVERDUE_MS,
        };
        let until = self.clock.now().plus_millis(until_ms).as_millis().saturating_add(1);
        let (mut done, mut busy, mut from) = (0, None, Bound::Start);
        // They stay in their order: a run's end is not told before its start.
        let mut stopped = HashSet::new();
        for _ in 0..limits::SWEEPS_PER_TURN_MAX {
            let range = Range {
                index: queue.index(),
                from,
                until: Bound::Score(until),
                order: Order::Ascending,
                limit: limits::SWEEP_LEN_MAX,
                count: false,
            };
            let members = self.backend.range(&range).await?.members;
            let (is_full, last) = (members.len() == limits::SWEEP_LEN_MAX, members.last().cloned());
            let mut all = by_aggregate(members.into_iter().map(|(_, member)| member));
            if whose != Whose::All {
                stopped.extend(all.iter().map(|(it, _)| it).filter(|it| self.outbox.is_at(queue, it)).cloned());
            }
            all.retain(|(aggregate, _)| !stopped.contains(aggregate));
            done += all.iter().map(|(_, members)| members.len()).sum::<usize>();
            let all: Vec<_> =
                all.into_iter().map(|(it, members)| self.carry_out_all(queue, it, members).boxed()).collect();
            let outcomes: Vec<_> = stream::iter(all).buffer_unordered(queue.at_once()).collect().await;
            for (aggregate, outcome) in outcomes {
                match outcome {
                    Ok(()) => {}
                    Err(AppError::Busy) => {
                        busy = Some(AppError::Busy);
                        stopped.insert(aggregate);
                    }
                    Err(error) => return Err(error),
                }
            }
            match last {
                Some((score, member)) if is_full && !self.workers.closing().is_cancelled() => {
                    from = Bound::After(score, member);
                }
                _ => break,
            }
            tokio::task::yield_now().await;
        }
        busy.map_or(Ok(done), Err)
    }

    async fn carry_out_all(
        &self,
        queue: Queue,
        aggregate: AggregateId,
        members: Vec<Arc<str>>,
    ) -> (AggregateId, Result<(), AppError>) {
        if let Err(error) = self.carry_out_before(queue, &aggregate).await {
            return (aggregate, Err(error));
        }
        for member in &members {
            loop {
                match self.carry_out_or_put_off(queue, &aggregate, member).await {
                    Ok(Progress::Done) => break,
                    Ok(Progress::Part) if self.workers.closing().is_cancelled() => return (aggregate, Ok(())),
                    Ok(Progress::Part) => {}
                    Err(error) => return (aggregate, Err(error)),
                }
            }
        }
        (aggregate, Ok(()))
    }

    /// One turn of what waits on this aggregate, in its order, whoever has caused it → whether there is more.
    pub(super) async fn carry_out_on(
        &self,
        queue: Queue,
        aggregate: AggregateId,
    ) -> (AggregateId, Result<bool, AppError>) {
        let done = match self.carry_out_before(queue, &aggregate).await {
            Ok(()) => self.carry_out_some(queue, &aggregate).await,
            Err(error) => Err(error),
        };
        (aggregate, done)
    }

    /// A roster waits for the swift ones of its aggregate: who is invited hears of that first, and then that it starts.
    async fn carry_out_before(&self, queue: Queue, aggregate: &AggregateId) -> Result<(), AppError> {
        if queue == Queue::Rosters {
            while self.carry_out_some(Queue::Swift, aggregate).await? {
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    async fn carry_out_some(&self, queue: Queue, aggregate: &AggregateId) -> Result<bool, AppError> {
        let limit = queue.turn_len();
        let members = self.backend.range(&Range::all(queue.of(aggregate), limit)).await?.members;
        for (_, name) in &members {
            let member = format!("{aggregate}#{name}").into();
            if self.carry_out_or_put_off(queue, aggregate, &member).await? == Progress::Part {
                return Ok(true);
            }
        }
        Ok(members.len() == limit)
    }

    async fn carry_out_or_put_off(
        &self,
        queue: Queue,
        aggregate: &AggregateId,
        member: &Arc<str>,
    ) -> Result<Progress, AppError> {
        match self.carry_out(queue, aggregate, member).await {
            Ok(progress) => Ok(progress),
            // Not this one's fault.
            Err(error @ (AppError::Unavailable | AppError::Busy)) => Err(error),
            Err(error) => {
                tracing::warn!(%error, "a follow-up could not be carried out; it is tried again");
                // What cannot be done now stands behind what can: a few that always fail must not keep the others waiting.
                let again_ms = self.clock.now().as_millis() + limits::PUT_OFF_MS;
                let mut later = Commit::on(aggregate.clone());
                later.moves.push(Move { index: queue.index(), member: member.clone(), score: Some(again_ms) });
                later.moves.extend(name_of(member).map(|name| no_more(queue.of(aggregate), name)));
                self.backend.commit(later).await?;
                Ok(Progress::Done)
            }
        }
    }

    async fn carry_out(&self, queue: Queue, aggregate: &AggregateId, member: &Arc<str>) -> Result<Progress, AppError> {
        let name = name_of(member).ok_or(AppError::Internal)?;
        let key = aggregate.key(&name);
        let found = self.backend.read(std::slice::from_ref(&key)).await?.pop();
        let mut commit = Commit::on(aggregate.clone());
        commit.moves.push(no_more(queue.index(), member.clone()));
        commit.moves.push(no_more(queue.of(aggregate), name.clone()));
        if let Some(Versioned { version, value: Some(value) }) = found {
            let follow_up: FollowUp = decode(&value)?;
            if follow_up.queue() != queue {
                // Written when there was one queue for all.
                let (own, at_ms) = (follow_up.queue(), self.clock.now().as_millis());
                let number =
                    name.rsplit('/').next().and_then(|number| number.parse().ok()).ok_or(AppError::Internal)?;
                commit.moves.push(Move { index: own.index(), member: member.clone(), score: Some(at_ms) });
                commit.moves.push(Move { index: own.of(aggregate), member: name, score: Some(number) });
                self.backend.commit(commit).await?;
                return Ok(Progress::Done);
            }
            let once = OnceKey { key: member.clone(), digest: "".into() };
            if let Some(rest) = self.effect(follow_up, once).await? {
                return self.go_on_later(aggregate, &name, version, &rest).await;
            }
        }
        commit.puts.push(Put { key, value: None });
        self.backend.commit(commit).await?;
        Ok(Progress::Done)
    }

    /// Keeps how far it has come, unless somebody else has come further.
    async fn go_on_later(
        &self,
        aggregate: &AggregateId,
        name: &str,
        version: Version,
        rest: &FollowUp,
    ) -> Result<Progress, AppError> {
        let key = aggregate.key(name);
        let mut commit = Commit::on(aggregate.clone());
        commit.expect.push(Expect { key: key.clone(), version });
        commit.puts.push(Put { key, value: Some(encode(rest)?) });
        match self.backend.commit(commit).await {
            Ok(_) | Err(CommitError::Conflict) => Ok(Progress::Part),
            Err(error) => Err(error.into()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Done,
    /// It is kept how far it has come.
    Part,
}

/// The name of its document, of a member of the index of all.
fn name_of(member: &str) -> Option<Arc<str>> {
    member.split_once('#').map(|(_, name)| name.into())
}

fn no_more(index: Index, member: Arc<str>) -> Move {
    Move { index, member, score: None }
}

/// Each aggregate with its members, all in the order in which they came.
fn by_aggregate(members: impl Iterator<Item = Arc<str>>) -> Vec<(AggregateId, Vec<Arc<str>>)> {
    let mut places = HashMap::new();
    let mut all: Vec<(AggregateId, Vec<Arc<str>>)> = Vec::new();
    for member in members {
        let aggregate = AggregateId::from_stored(member.split_once('#').map_or(&*member, |(aggregate, _)| aggregate));
        let place = *places.entry(aggregate.clone()).or_insert(all.len());
        match all.get_mut(place) {
            Some((_, members)) => members.push(member),
            None => all.push((aggregate, vec![member])),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_one_aggregate_stay_in_their_order() {
        let members = ["run/2#a", "run/1#a", "run/2#b", "run/1#b"].map(Arc::from);
        let all = by_aggregate(members.into_iter());
        let all: Vec<_> = all.iter().map(|(it, members)| (it.as_str(), members.join(" "))).collect();
        assert_eq!(all, [("run/2", "run/2#a run/2#b".to_owned()), ("run/1", "run/1#a run/1#b".to_owned())]);
    }
}
