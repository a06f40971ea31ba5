//! Who is asked to take part: people by name, and the members of a group.
//!
//! Whom one blocks cannot be challenged, and who has blocked somebody is nobody to them. Somebody whose runs are private is challenged
//! by friends alone. Of a group those are left out who cannot be, without a word.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use futures::{FutureExt, StreamExt, TryStreamExt, stream};

use crate::app::challenges::record::{BeforeDocument, Named, before_name};
use crate::app::challenges::{Decision, indexes, not_found, refusal};
use crate::app::documents::{ChallengeChange, ChallengeDocument, UserName};
use crate::app::follow_ups::FollowUp;
use crate::app::transact::encode;
use crate::app::users::Identity;
use crate::app::{App, AppError, groups, users};
use crate::backend::Range;
use crate::domain::achievement::{Before, Counted};
use crate::domain::challenge::State;
use crate::domain::ids::{ChallengeId, GroupId, UserId};
use crate::domain::time::Timestamp;
use crate::domain::user::Visibility;
use crate::limits;

/// Those who are asked, with their names, and who of them is to hear of it.
#[derive(Clone, Debug, Default)]
pub struct Invited {
    pub people: Vec<(UserId, String)>,
    told: HashSet<UserId>,
}

/// What stood of each of them before.
pub type Stood = BTreeMap<UserId, Before>;

impl App {
    /// By the challenge's creator: ids or names of users. Inviting twice is the same success; who has rejected is asked again.
    pub async fn invite_to_challenge(
        &self,
        identity: &Identity,
        challenge: ChallengeId,
        whom: &[String],
    ) -> Result<ChallengeDocument, AppError> {
        let record = self.visible_challenge(identity, challenge).await?;
        if record.challenge.creator.as_ref() != Some(&identity.user) {
            return Err(AppError::Forbidden);
        }
        record.challenge.open(self.clock.now()).map_err(refusal)?;
        let users = self.challenged(identity, whom).await?;
        let known: BTreeSet<UserId> = record.challenge.people.keys().cloned().collect();
        let invited = self.who_is_asked(identity, users, Vec::new(), known.len(), &known).await?;
        let new: Vec<UserId> = invited.people.iter().map(|(user, _)| user.clone()).collect();
        let stood = match record.challenge.state_at(self.clock.now()) {
            State::Current => {
                let (counted, _) = crate::app::achievements::counted_by(&record.goal)?;
                self.what_stood(&new, &counted, record.challenge.starts_at).await?
            }
            State::ComeUp | State::Passed | State::Cancelled => Stood::new(),
        };
        let by = identity.clone();
        self.decide_on_challenge(challenge, &new.iter().collect::<Vec<_>>(), move |decision| {
            if decision.challenge().creator.as_ref() != Some(&by.user) {
                return Err(not_found());
            }
            decision.challenge().open(decision.now).map_err(refusal)?;
            decision.invite(&by, &invited)?;
            decision.stood_if_new(&stood)
        })
        .await?;
        self.challenge(identity, challenge).await
    }

    /// The users whom these ids or names mean, none of whom is the caller.
    pub(super) async fn challenged(
        &self,
        identity: &Identity,
        whom: &[String],
    ) -> Result<Vec<(UserId, String)>, AppError> {
        let users = self.whom(identity, whom, "users").await?;
        if users.iter().any(|(user, _)| *user == identity.user) {
            return Err(AppError::invalid("users", "must not name yourself"));
        }
        let ids: Vec<&UserId> = users.iter().map(|(user, _)| user).collect();
        let refuses = self.challenged_by_friends_alone(identity, &ids).await?;
        match users.iter().zip(refuses).find(|(_, refuses)| *refuses) {
            Some(((user, _), _)) => {
                Err(AppError::invalid("users", format!("{user} can be challenged by friends alone")))
            }
            None => Ok(users),
        }
    }

    /// The group and its members, but the caller and those who cannot be challenged by them.
    pub(super) async fn challenged_group(
        &self,
        identity: &Identity,
        group: Option<&str>,
    ) -> Result<(Option<Named>, Vec<(UserId, String)>), AppError> {
        let Some(group) = group else { return Ok((None, Vec::new())) };
        let none = || AppError::invalid("group", "is no group that you are in");
        let id = GroupId::parse(group).ok_or_else(none)?;
        let record = self.groups.read(&groups::aggregate(&id)).await?.filter(|it| !it.gone).ok_or_else(none)?;
        if !self.groups_of(&identity.user).await?.contains(&id) {
            return Err(none());
        }
        let most = limits::CHALLENGE_PEOPLE_MAX;
        let range = Range::all(groups::members_of(&id), most + 1);
        let members = self.backend.range(&range).await?.members;
        if members.len() > most {
            return Err(AppError::invalid("group", format!("has more than {most} members")));
        }
        let members = crate::app::mentions::users(&members)?;
        let others: Vec<&UserId> = members.iter().filter(|user| **user != identity.user).collect();
        let ties = self.friendships(&identity.user, &others).await?;
        let refuses = self.challenged_by_friends_alone(identity, &others).await?;
        let mut names = self.names_of(others.iter().copied()).await?;
        let may_be = others
            .into_iter()
            .zip(ties)
            .zip(refuses)
            .filter(|((_, tie), refuses)| tie.own.blocks.is_none() && tie.others.blocks.is_none() && !refuses);
        let people = may_be.filter_map(|((user, _), _)| Some((user.clone(), names.remove(user)?))).collect();
        Ok((Some(Named { id: id.to_string(), name: record.name.clone() }), people))
    }

    /// Who of those is asked anew, `users` on the caller's word and `members` as far as there is room for it; `len`: how many there
    /// are already, who are `known`.
    ///
    /// # Errors
    /// [`AppError::Conflict`]: one of `users` has not answered too many. [`AppError::TooOften`]: the caller has invited too many.
    pub(super) async fn who_is_asked(
        &self,
        by: &Identity,
        users: Vec<(UserId, String)>,
        members: Vec<(UserId, String)>,
        len: usize,
        known: &BTreeSet<UserId>,
    ) -> Result<Invited, AppError> {
        let named: BTreeSet<UserId> = users.iter().map(|(user, _)| user.clone()).collect();
        let members = members.into_iter().filter(|(user, _)| !named.contains(user));
        let mut people: Vec<(UserId, String)> = users.into_iter().chain(members).collect();
        let more = people.iter().filter(|(user, _)| !known.contains(user)).count();
        if len + more > limits::CHALLENGE_PEOPLE_MAX {
            let most = limits::CHALLENGE_PEOPLE_MAX;
            return Err(AppError::invalid("users", format!("are too many: there may be {most} with you")));
        }
        let lens = people.iter().map(|(user, _)| self.len_of(indexes::asking(user)).boxed()).collect::<Vec<_>>();
        let lens: Vec<u64> = stream::iter(lens).buffered(limits::INDEXES_READ_AT_ONCE).try_collect().await?;
        let is_full = |len: &u64| *len >= limits::CHALLENGES_PENDING_LEN_MAX as u64;
        if people.iter().zip(&lens).any(|((user, _), len)| named.contains(user) && is_full(len)) {
            return Err(AppError::conflict("somebody of them has too many challenges that wait for an answer"));
        }
        let mut lens = lens.iter();
        people.retain(|_| lens.next().is_none_or(|len| !is_full(len)));
        let times = u32::try_from(people.len()).unwrap_or(u32::MAX);
        if times > 0 {
            self.invites.take(&by.user, times).map_err(|retry_after_s| AppError::TooOften { retry_after_s })?;
        }
        let is_told = |user: &&UserId| self.troubles.take(&(by.user.clone(), (*user).clone()), 1).is_ok();
        let told = people.iter().map(|(user, _)| user).filter(is_told).cloned().collect();
        Ok(Invited { people, told })
    }

    /// What stands of each of them where a challenge begins that has begun.
    pub(super) async fn what_stood(
        &self,
        people: &[UserId],
        counted: &Counted,
        from: Timestamp,
    ) -> Result<Stood, AppError> {
        let look = |user: &UserId| {
            let user = user.clone();
            async move { Ok::<_, AppError>((user.clone(), self.stands_before(&user, counted, from).await?)) }.boxed()
        };
        let all: Vec<_> = people.iter().map(look).collect();
        stream::iter(all).buffer_unordered(limits::CHALLENGE_COUNTED_AT_ONCE).try_collect().await
    }

    /// Whether each of them, whose runs are private, does not list the caller.
    async fn challenged_by_friends_alone(
        &self,
        identity: &Identity,
        others: &[&UserId],
    ) -> Result<Vec<bool>, AppError> {
        let aggregates: Vec<_> = others.iter().map(|user| users::aggregate(user)).collect();
        let accounts = self.users.read_all(&aggregates).await?;
        let ties = self.friendships(&identity.user, others).await?;
        let is_private = |account: Option<_>| {
            account.is_some_and(|it: std::sync::Arc<users::record::UserRecord>| it.visibility() == Visibility::Private)
        };
        let refuses = accounts.into_iter().zip(ties);
        Ok(refuses.map(|(account, tie)| is_private(account) && tie.others.lists.is_none()).collect())
    }
}

impl Decision<'_> {
    /// They are asked, but those who were already.
    pub(super) fn invite(&mut self, by: &Identity, invited: &Invited) -> Result<(), AppError> {
        let now = self.now;
        for (user, name) in &invited.people {
            let is_new =
                self.record.challenge.invite(user, name, limits::CHALLENGE_PEOPLE_MAX, now).map_err(refusal)?;
            if !is_new {
                continue;
            }
            self.is_another = true;
            if !invited.told.contains(user) {
                continue;
            }
            let change = ChallengeChange::ChallengeInvited {
                at: now.to_string(),
                challenge: self.name(),
                by: UserName { id: by.user.to_string(), name: by.name.to_string() },
                starts_at: self.challenge().starts_at.to_string(),
                expires_at: self.challenge().expires_at.to_string(),
            };
            // Asked again, it is no news.
            let name = format!("challenged/{}/{user}", self.challenge().id);
            self.cause(&FollowUp::told_once(user, name, &change)?)?;
        }
        Ok(())
    }

    /// What stood of them before is kept.
    pub(super) fn stood(&mut self, stood: &Stood) -> Result<(), AppError> {
        for (user, before) in stood.iter().filter(|(user, _)| self.record.challenge.people.contains_key(user)) {
            self.draft.put_beside(&before_name(user), encode(&BeforeDocument::of(before))?);
        }
        Ok(())
    }

    /// As [`Decision::stood`], of those of whom nothing is kept.
    pub(super) fn stood_if_new(&mut self, stood: &Stood) -> Result<(), AppError> {
        let mut new = Stood::new();
        for (user, before) in stood {
            if self.draft.bytes_beside(&before_name(user))?.is_none() {
                new.insert(user.clone(), before.clone());
            }
        }
        self.stood(&new)
    }
}
