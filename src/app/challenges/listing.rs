//! Lists of challenges: one's own, as they stand now and as they were.

use std::sync::Arc;

use crate::app::challenges::record::ChallengeRecord;
use crate::app::challenges::seeing::document;
use crate::app::challenges::{aggregate, indexes};
use crate::app::documents::ChallengeDocument;
use crate::app::listing::Page;
use crate::app::users::Identity;
use crate::app::{App, AppError};
use crate::backend::Range;
use crate::domain::challenge::{Answer, Challenge};
use crate::domain::ids::{ChallengeId, UserId};
use crate::domain::time::Timestamp;
use crate::limits;

/// Which of the caller's challenges.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChallengeFilter {
    pub state: Option<ChallengeState>,
    /// Made by the caller, or by others.
    pub is_own: Option<bool>,
}

/// How they stand to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeState {
    /// The caller takes part, and it is not over.
    Active,
    /// The caller has not answered, and it is not over.
    Pending,
    /// The caller took part, and it is over.
    Finished,
    /// The caller has rejected it, or has left it.
    Rejected,
}

impl ChallengeState {
    fn is_of(self, challenge: &Challenge, user: &UserId, now: Timestamp) -> bool {
        let (answer, is_open) = (challenge.answer_of(user), challenge.open(now).is_ok());
        match self {
            Self::Active => answer == Some(Answer::Accepted) && is_open,
            Self::Pending => answer == Some(Answer::Pending) && is_open,
            Self::Finished => answer == Some(Answer::Accepted) && !is_open,
            Self::Rejected => answer == Some(Answer::Rejected),
        }
    }
}

impl App {
    /// Those that name the caller, the newest first.
    pub async fn challenges(
        &self,
        identity: &Identity,
        filter: ChallengeFilter,
        page: Page,
    ) -> Result<Vec<ChallengeDocument>, AppError> {
        let (user, now) = (&identity.user, self.clock.now());
        let mut listed = page.descending(vec![indexes::of_user(user)]);
        while let Some(members) = self.next_of(&mut listed).await? {
            let records = self.read_challenges(&members).await?;
            let is_listed = |record: &&Arc<ChallengeRecord>| {
                let challenge = &record.challenge;
                let is_own = challenge.creator.as_ref() == Some(user);
                challenge.people.contains_key(user)
                    && filter.is_own.is_none_or(|wanted| wanted == is_own)
                    && filter.state.is_none_or(|state| state.is_of(challenge, user, now))
            };
            listed.extend(records.iter().filter(is_listed).map(|record| document(record, user, now)));
        }
        Ok(listed.page())
    }

    /// Those that wait for this user's answer, the first to expire first.
    pub async fn challenges_pending_of(&self, user: &UserId) -> Result<Vec<ChallengeDocument>, AppError> {
        let (range, now) = (Range::all(indexes::asking(user), limits::CHALLENGES_PENDING_LEN_MAX), self.clock.now());
        let records = self.read_challenges(&self.backend.range(&range).await?.members).await?;
        let pending = records.iter().filter(|it| ChallengeState::Pending.is_of(&it.challenge, user, now));
        Ok(pending.map(|record| document(record, user, now)).collect())
    }

    /// Those of the groups that this user is in, which the user has never been asked to and may take part in; the first to expire
    /// first within each group.
    pub async fn open_challenges_of_groups(&self, user: &UserId) -> Result<Vec<ChallengeDocument>, AppError> {
        let (mut found, now) = (Vec::new(), self.clock.now());
        for group in self.groups_of(user).await?.iter().take(limits::INDEXES_READ_AT_ONCE) {
            let range = Range::all(indexes::open_of_group(group), limits::CHALLENGES_OPEN_LEN_MAX);
            let records = self.read_challenges(&self.backend.range(&range).await?.members).await?;
            let open = |record: &&Arc<ChallengeRecord>| {
                record.challenge.open(now).is_ok() && !record.challenge.people.contains_key(user)
            };
            let open: Vec<_> = records.iter().filter(open).collect();
            let creators: Vec<UserId> = open.iter().filter_map(|it| it.challenge.creator.clone()).collect();
            let ties = self.friendships(user, &creators.iter().collect::<Vec<_>>()).await?;
            let blocked =
                creators.iter().zip(ties).filter(|(_, tie)| tie.own.blocks.is_some() || tie.others.blocks.is_some());
            let blocked: Vec<&UserId> = blocked.map(|(creator, _)| creator).collect();
            let is_free = |it: &&Arc<ChallengeRecord>| {
                it.challenge.creator.as_ref().is_none_or(|creator| !blocked.contains(&creator))
            };
            found.extend(open.into_iter().filter(is_free).map(|record| document(record, user, now)));
        }
        Ok(found)
    }

    /// Those that are there.
    pub(super) async fn read_challenges(
        &self,
        members: &[(i64, Arc<str>)],
    ) -> Result<Vec<Arc<ChallengeRecord>>, AppError> {
        let ids = members.iter().map(|(_, member)| ChallengeId::parse(member).ok_or(AppError::Internal));
        let aggregates = ids.map(|id| id.map(aggregate)).collect::<Result<Vec<_>, _>>()?;
        Ok(self.challenges.read_all(&aggregates).await?.into_iter().flatten().collect())
    }
}
