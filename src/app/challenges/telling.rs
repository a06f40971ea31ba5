//! What a challenge causes for those who take part: a word on their own channels.
//!
//! Carried out after the commit that caused it, and once more if it was not known to be done: neither does harm twice.

use std::sync::Arc;

use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};

use crate::app::challenges::aggregate;
use crate::app::transact::{Draft, OnceKey};
use crate::app::users::record::UserRecord;
use crate::app::{App, AppError, mentions, users};
use crate::backend::Keep;
use crate::domain::challenge::Answer;
use crate::domain::ids::{ChallengeId, UserId};
use crate::limits;

/// Of what is told.
pub(in crate::app) struct Telling<'a> {
    /// Who has done it.
    pub about: &'a UserId,
    /// Of a value: as the how manyth it was told. A newer one is told after it, and this one is no news.
    pub moved: Option<u64>,
    /// Also those who have not answered, whoever has done it.
    pub with_invited: bool,
}

impl App {
    /// Tells all who take part by now, each once for one `key`.
    pub(in crate::app) async fn tell_of_challenge(
        &self,
        challenge: ChallengeId,
        telling: Telling<'_>,
        change: &str,
        key: &str,
    ) -> Result<(), AppError> {
        let Some(record) = self.challenges.read(&aggregate(challenge)).await? else { return Ok(()) };
        let people = &record.challenge.people;
        match (people.get(telling.about), telling.moved) {
            // Whose account is deleted is not spoken of.
            (None, _) if !telling.with_invited => return Ok(()),
            (Some(part), Some(moved)) if part.moved > moved => return Ok(()),
            _ => {}
        }
        let hears = |answer: Answer| match answer {
            Answer::Accepted => true,
            Answer::Pending => telling.with_invited,
            Answer::Rejected => false,
        };
        let named: Arc<[UserId]> = mentions::in_change(change.as_bytes())?.into();
        let change = Bytes::from(change.to_owned());
        let told = people.iter().filter(|(_, part)| hears(part.answer));
        let told: Vec<_> =
            told.map(|(user, _)| self.tell_in_challenge(user, named.clone(), change.clone(), key).boxed()).collect();
        stream::iter(told).buffer_unordered(limits::TOLD_AT_ONCE).try_collect().await
    }

    async fn tell_in_challenge(
        &self,
        user: &UserId,
        named: Arc<[UserId]>,
        change: Bytes,
        key: &str,
    ) -> Result<(), AppError> {
        let (once, own) = (OnceKey { key: key.into(), digest: "".into() }, user.clone());
        self.users
            .transact(users::aggregate(user), Some(once), move |draft: &mut Draft<UserRecord>| {
                // The account may have gone meanwhile.
                if draft.record().is_some() {
                    named.iter().filter(|it| **it != own).for_each(|it| mentions::note(draft, it));
                    draft.append("", Keep::Newest(limits::USER_TOPIC_LEN_MAX), change.clone());
                }
                Ok(())
            })
            .await
    }
}
