//! Users as somebody who knows them says they are: made or changed, with all their friends and groups, and what that brings them.
//!
//! Everything is checked before the first write. Then it is carried out by a worker of its own, so that a client that goes away leaves
//! nothing half done; said again, whatever is still to be done is done. A friend counts before being listed: whoever breaks off
//! between the two is counted once all the same, for each friend counts once ever.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use tokio::sync::oneshot;

use crate::app::achievements::feeding::of_friend;
use crate::app::achievements::{Increase, Outcome};
use crate::app::documents::{GroupName, UserDocument};
use crate::app::friends::{Pair, Word};
use crate::app::groups::Placing;
use crate::app::leaving::{LEAVING, being_deleted};
use crate::app::users::profile::{ChangeProfile, Edited};
use crate::app::users::{Caller, Identity, aggregate, names};
use crate::app::{App, AppError, posted};
use crate::domain::achievement::Permission;
use crate::domain::ids::{GroupId, UserId};
use crate::domain::user::Level;
use crate::limits;

/// What is to be known of a user from now on. What is left out stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ChangePerson {
    pub profile: ChangeProfile,
    /// All of them.
    pub friends: Option<BTreeSet<UserId>>,
    /// All of them.
    pub groups: Option<BTreeSet<GroupId>>,
}

/// A user, and who and what they are together with.
#[derive(Clone, Debug)]
pub struct PersonInFull {
    pub user: UserDocument,
    pub friends: Vec<UserId>,
    pub groups: Vec<GroupName>,
}

/// What is to be done, once all of it has been found possible.
#[derive(Default)]
struct Plan {
    /// Users of whom nobody knew.
    bare: Vec<UserId>,
    profile: ChangeProfile,
    list: Vec<UserId>,
    strike: Vec<UserId>,
    groups: Option<Placing>,
}

impl App {
    /// Inserts or updates a user → who it is, and what they have newly reached by it. Without an id: somebody new.
    ///
    /// An admin says it of everybody, and friends and groups of whom nobody knows are made; a user says it of oneself.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] and [`AppError::NotFound`]: it is another, whom the caller may know of or not. [`AppError::Invalid`]: what
    /// cannot be used, named. [`AppError::Conflict`]: an account that is being deleted, a group that is full, somebody blocked.
    pub async fn put_person(
        self: &Arc<Self>,
        by: &Identity,
        id: Option<UserId>,
        change: ChangePerson,
    ) -> Result<(UserId, Outcome), AppError> {
        let new = || UserId::parse(&names::id_of(posted::seed_of("user"))).ok_or(AppError::Internal);
        let user = match id {
            Some(id) => self.speaks_for(by, &id).await.map(|()| id)?,
            None if by.level == Level::Admin => new()?,
            None => return Err(AppError::Forbidden),
        };
        let plan = self.plan_person(by, &user, change).await?;
        let (sender, receiver) = oneshot::channel();
        let (app, by) = (self.clone(), by.clone());
        self.workers.spawn(async move {
            let done = app.carry_out_person(&by, &user, plan).await.map(|outcome| (user, outcome));
            let _ = sender.send(done);
        });
        receiver.await.unwrap_or(Err(AppError::Internal))
    }

    /// Whether the caller may speak for this user, who need not be there: an admin for everybody, a user for oneself.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]: for a user whom the caller may know of; [`AppError::NotFound`]: for all others.
    pub async fn speaks_for(&self, by: &Identity, user: &UserId) -> Result<(), AppError> {
        if by.level == Level::Admin || by.user == *user {
            return Ok(());
        }
        self.person(&Caller::User(by.clone()), user).await?;
        Err(AppError::Forbidden)
    }

    /// Whether the caller may increase these values of this user, as far as that can be said before it is done.
    pub async fn may_increase(&self, by: &Identity, user: &UserId, increases: &[Increase]) -> Result<(), AppError> {
        self.speaks_for(by, user).await?;
        if self.users.read(&aggregate(user)).await?.is_none() {
            return Err(AppError::NotFound("user"));
        }
        let rules = self.rules();
        for increase in increases {
            let variable = rules.variable(&increase.variable).ok_or(AppError::NotFound("variable"))?;
            if by.level != Level::Admin && variable.increase != Permission::Own {
                return Err(AppError::Forbidden);
            }
        }
        Ok(())
    }

    /// A user with all friends and groups. [`AppError::NotFound`]: there is none.
    pub async fn person_in_full(&self, user: &UserId) -> Result<PersonInFull, AppError> {
        let record = self.users.read(&aggregate(user)).await?.ok_or(AppError::NotFound("user"))?;
        let friends = self.friends_of(user).await?.into_iter().collect();
        Ok(PersonInFull { user: UserDocument::of(&record), friends, groups: self.group_names_of(user).await? })
    }

    /// Everything checked, nothing written.
    async fn plan_person(&self, by: &Identity, user: &UserId, change: ChangePerson) -> Result<Plan, AppError> {
        let ChangePerson { profile, friends, groups } = change;
        let mut plan = Plan { profile: profile.checked()?, ..Plan::default() };
        if self.users.read(&aggregate(user)).await?.is_none() {
            // Of a caller who is no admin the account has gone just now.
            if by.level != Level::Admin {
                return Err(AppError::Unauthenticated);
            }
            plan.bare.push(user.clone());
        }
        if let Some(friends) = friends {
            self.plan_friends(by, user, friends, &mut plan).await?;
        }
        self.are_not_being_deleted(&plan.bare).await?;
        if let Some(groups) = groups {
            plan.groups = Some(self.plan_groups(by, user, &groups).await?);
        }
        Ok(plan)
    }

    async fn plan_friends(
        &self,
        by: &Identity,
        user: &UserId,
        friends: BTreeSet<UserId>,
        plan: &mut Plan,
    ) -> Result<(), AppError> {
        let is_admin = by.level == Level::Admin;
        if friends.contains(user) {
            return Err(AppError::invalid("friends", format!("must not name the user: {user}")));
        }
        if u64::try_from(friends.len()).unwrap_or(u64::MAX) > limits::FRIENDS_LEN_MAX {
            return Err(AppError::invalid("friends", format!("must be at most {}", limits::FRIENDS_LEN_MAX)));
        }
        let current = self.friends_of(user).await?;
        let added: Vec<&UserId> = friends.difference(&current).collect();
        let (mut unknown, mut blocked) = (Vec::new(), Vec::new());
        for added in added.chunks(limits::SWEEP_LEN_MAX) {
            let aggregates: Vec<_> = added.iter().map(|id| aggregate(id)).collect();
            let records = self.users.read_all(&aggregates).await?;
            let ties = self.friendships(user, added).await?;
            for ((id, record), tie) in added.iter().zip(records).zip(ties) {
                let id = (*id).clone();
                match record {
                    // Who has blocked the user is not there for them; a list overrules nobody's block.
                    Some(_) if tie.others.blocks.is_some() => unknown.extend((!is_admin).then_some(id)),
                    Some(_) if tie.own.blocks.is_some() => blocked.extend((!is_admin).then_some(id)),
                    Some(_) => plan.list.push(id),
                    None if is_admin => {
                        plan.bare.push(id.clone());
                        plan.list.push(id);
                    }
                    None => unknown.push(id),
                }
            }
        }
        if !unknown.is_empty() {
            return Err(AppError::invalid("friends", format!("are not there: {}", named(&unknown))));
        }
        if !blocked.is_empty() {
            return Err(AppError::conflict(format!("you have blocked these users: {}", named(&blocked))));
        }
        plan.strike = current.difference(&friends).cloned().collect();
        Ok(())
    }

    async fn are_not_being_deleted(&self, users: &[UserId]) -> Result<(), AppError> {
        for users in users.chunks(limits::SWEEP_LEN_MAX) {
            let keys: Vec<_> = users.iter().map(|user| aggregate(user).key(LEAVING)).collect();
            let found = self.backend.read(&keys).await?;
            if let Some((user, _)) = users.iter().zip(found).find(|(_, found)| found.value.is_some()) {
                return Err(being_deleted(user));
            }
        }
        Ok(())
    }

    async fn carry_out_person(&self, by: &Identity, user: &UserId, plan: Plan) -> Result<Outcome, AppError> {
        let Plan { bare, profile, list, strike, groups } = plan;
        let made = stream::iter(bare).map(|id| async move { self.make_bare_user(&id).await });
        made.buffer_unordered(limits::BARE_USERS_AT_ONCE).try_collect::<Vec<_>>().await?;
        self.change_profile(user, profile).await?;
        let mut outcome = self.count_friends(user, &list).await?;
        let words = list.into_iter().map(|id| (id, true)).chain(strike.into_iter().map(|id| (id, false)));
        let said = stream::iter(words).map(|(other, lists)| self.say_listed(user, other, lists));
        said.buffer_unordered(limits::FRIENDS_SAID_AT_ONCE).try_collect::<Vec<()>>().await?;
        if let Some(groups) = groups {
            self.place_in_groups(by, user, groups).await?;
        }
        outcome.merge(self.evaluate(user).await?);
        Ok(outcome)
    }

    async fn change_profile(&self, user: &UserId, profile: ChangeProfile) -> Result<(), AppError> {
        let edit = Edited { profile, visibility: None, level: None, if_version: None, at: self.clock.now() };
        let changed = self.change_user_record(user, move |draft, mut user| {
            let before = user.profile.edits;
            edit.apply(draft, &mut user)?;
            // Phones say again and again where they are.
            if user.profile.edits != before {
                draft.put(user);
            }
            Ok(())
        });
        match changed.await {
            Err(AppError::Unauthenticated) => Err(AppError::NotFound("user")),
            changed => changed,
        }
    }

    async fn count_friends(&self, user: &UserId, friends: &[UserId]) -> Result<Outcome, AppError> {
        let (mut outcome, at) = (Outcome::default(), self.clock.now());
        for friends in friends.chunks(limits::CONTRIBUTIONS_LEN_MAX) {
            let contributions =
                friends.iter().map(|friend| of_friend(friend, at)).collect::<Result<Vec<_>, AppError>>()?;
            outcome.merge(self.contribute_all(user, contributions).await?);
        }
        Ok(outcome)
    }

    async fn say_listed(&self, user: &UserId, other: UserId, lists: bool) -> Result<(), AppError> {
        match self.say_between(Pair { own: user.clone(), other }, Word::List(lists), None).await {
            // One of them has blocked the other since it was looked.
            Err(AppError::NotFound(_) | AppError::Conflict { .. }) => Ok(()),
            said => said,
        }
    }
}

/// The first of them.
fn named(users: &[UserId]) -> String {
    let first: Vec<&str> = users.iter().take(limits::IDS_NAMED_MAX).map(UserId::as_str).collect();
    first.join(", ")
}
