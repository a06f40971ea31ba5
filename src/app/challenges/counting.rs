//! What people have come to in challenges: worked out anew from what is stored of them, whenever that has moved.
//!
//! Many may look at the same time. Whoever has seen an older state of somebody's progress changes nothing any more.

use std::sync::Arc;

use futures::{FutureExt, StreamExt, TryStreamExt, stream};

use crate::app::achievements::{CountedValues, Counting, counted_by};
use crate::app::challenges::record::{BeforeDocument, What, before_name};
use crate::app::challenges::{ChallengeRecord, Decision, aggregate, not_found};
use crate::app::documents::ChallengeChange;
use crate::app::follow_ups::FollowUp;
use crate::app::transact::decode;
use crate::app::{App, AppError};
use crate::domain::achievement::{Before, Window};
use crate::domain::challenge::Answer;
use crate::domain::ids::{ChallengeId, UserId};
use crate::limits;

/// A challenge that is counted, and how.
struct Counts {
    record: Arc<ChallengeRecord>,
    counting: Counting,
}

impl App {
    /// What the user's values have come to is brought to these challenges. Of those that have not begun, or are over, it is
    /// noted that there is nothing to bring.
    pub(in crate::app) async fn count_in_challenges(&self, user: &UserId, ids: &[ChallengeId]) -> Result<(), AppError> {
        let aggregates: Vec<_> = ids.iter().map(|id| aggregate(*id)).collect();
        let records = self.challenges.read_all(&aggregates).await?;
        let counts = |record: &ChallengeRecord| {
            let is_open = record.challenge.turns_at().is_some();
            is_open && record.challenge.answer_of(user) == Some(Answer::Accepted)
        };
        let (open, over): (Vec<_>, Vec<_>) =
            ids.iter().zip(records).partition(|(_, record)| record.as_deref().is_some_and(counts));
        let over: Vec<ChallengeId> = over.into_iter().map(|(id, _)| *id).collect();
        let open: Vec<Arc<ChallengeRecord>> = open.into_iter().filter_map(|(_, record)| record).collect();
        let now = self.clock.now();
        for record in &open {
            if record.challenge.started_at.is_none() && record.challenge.starts_at <= now {
                self.start_challenge(record.challenge.id).await?;
            }
        }
        let counts = self.how_they_count(user, open).await?;
        match self.bring(user, &counts, over).await {
            // Neither is there an account any more.
            Err(AppError::NotFound(_)) => Ok(()),
            brought => brought,
        }
    }

    /// What somebody's values come to in this challenge now; `None`: there is no such account.
    pub(super) async fn count_in(
        &self,
        user: &UserId,
        record: Arc<ChallengeRecord>,
    ) -> Result<Option<(u64, Option<f64>)>, AppError> {
        let counts = self.how_they_count(user, vec![record]).await?;
        let counting: Vec<Counting> = counts.into_iter().map(|it| it.counting).collect();
        let counted = self.count_within(user, &counting).await?;
        Ok(counted.map(|it| (it.version, it.values.into_iter().next().flatten())))
    }

    async fn how_they_count(&self, user: &UserId, records: Vec<Arc<ChallengeRecord>>) -> Result<Vec<Counts>, AppError> {
        let name = before_name(user);
        let keys: Vec<_> = records.iter().map(|record| aggregate(record.challenge.id).key(&name)).collect();
        let befores = self.backend.read(&keys).await?;
        let each = records.into_iter().zip(befores).map(|(record, before)| {
            let before = match before.value {
                Some(before) => decode::<BeforeDocument>(&before)?.read()?,
                None => Before::Everything,
            };
            let (counted, _) = counted_by(&record.goal)?;
            let window = Window { from: record.challenge.starts_at, until: record.challenge.expires_at };
            Ok(Counts { record, counting: Counting { counted, window, before } })
        });
        each.collect()
    }

    async fn bring(&self, user: &UserId, counts: &[Counts], over: Vec<ChallengeId>) -> Result<(), AppError> {
        let countings: Vec<Counting> = counts.iter().map(|it| it.counting.clone()).collect();
        let Some(mut counted) = self.count_within(user, &countings).await? else { return Ok(()) };
        let is_new = |it: &&Counts| !counted.watched.contains(&it.record.challenge.id.number());
        let begun: Vec<_> = counts
            .iter()
            .filter(is_new)
            .map(|it| (it.record.challenge.id, &it.counting.counted, it.record.challenge.expires_at))
            .collect();
        let is_watched = |id: &ChallengeId| counted.watched.contains(&id.number());
        if !begun.is_empty() || over.iter().any(is_watched) {
            let has_begun = !begun.is_empty();
            self.watch_challenges(user, &begun, over).await?;
            if has_begun {
                // What moved before it was watched was followed by nothing.
                counted = self.count_within(user, &countings).await?.ok_or_else(not_found)?;
            }
        }
        let CountedValues { version, values, .. } = counted;
        let now = self.clock.now();
        let begun = counts.iter().zip(values).filter(|(it, _)| it.record.challenge.starts_at <= now);
        let brought: Vec<_> = begun
            .map(|(it, value)| self.value_in_challenge(it.record.challenge.id, user, version, value).boxed())
            .collect();
        stream::iter(brought).buffer_unordered(limits::CHALLENGES_COUNTED_AT_ONCE).try_collect().await
    }

    async fn value_in_challenge(
        &self,
        challenge: ChallengeId,
        user: &UserId,
        version: u64,
        value: Option<f64>,
    ) -> Result<(), AppError> {
        let user = user.clone();
        let brought =
            self.decide_on_challenge(challenge, &[], move |decision| decision.value_is(&user, version, value)).await;
        match brought {
            // It went meanwhile.
            Err(AppError::NotFound(_)) => Ok(()),
            brought => brought,
        }
    }
}

impl Decision<'_> {
    /// What one who takes part has come to.
    pub(super) fn value_is(&mut self, user: &UserId, version: u64, value: Option<f64>) -> Result<(), AppError> {
        let (now, before) = (self.now, self.challenge().people.get(user).map(|part| part.version));
        let brought = self.record.challenge.value_is(user, value, version, now);
        let Some(part) = self.challenge().people.get(user).cloned() else { return Ok(()) };
        // A newer look at the same value is remembered, lest an older one comes later.
        self.is_remembered |= before != Some(part.version);
        self.is_another |= brought.moved;
        let (id, at, by) = (self.challenge().id, now.to_string(), self.user_name(user));
        if brought.moved {
            let position = self.challenge().standings().iter().find(|it| it.user == user).map_or(0, |it| it.position);
            let (at, challenge, user_name) = (at.clone(), self.name(), by.clone());
            let change =
                ChallengeChange::ChallengeProgress { at, challenge, user: user_name, value: part.value, position };
            self.cause(&FollowUp::told_value(user, id, part.moved, &change)?)?;
        }
        if brought.finished {
            self.note(What::Finished, Some(user));
            let (challenge, place) = (self.name(), part.place.unwrap_or_default());
            let change = ChallengeChange::ChallengeFinished { at, challenge, user: by, value: part.value, place };
            self.tell(user, &change)?;
        }
        Ok(())
    }
}
