//! Friends: asked, accepted, listed, ended, blocked.
//!
//! One aggregate for each pair of users holds what both have said, so that a yes and a block that come at once are one after the
//! other. What a word changes is told on both users' own channels, and whoever may see less by it loses those channels at once.
//! To be blocked is not told: the other is not there any more.

mod listing;
mod record;

use crate::app::documents::{ChangeDocument, FriendChange, FriendDocument, UserName, standing_of_friend};
use crate::app::due::Due;
use crate::app::follow_ups::{self, FollowUp};
use crate::app::transact::Draft;
use crate::app::users::{Caller, Identity, aggregate};
use crate::app::{App, AppError};
use crate::backend::{AggregateId, Bound, Index, Order, Range, Version};
use crate::domain::friendship::{Friendship, FriendshipError};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::limits;

pub use listing::FriendFilter;
pub use record::FriendshipRecord;
pub(in crate::app) use record::{Pair, listed_by};

/// What holds what two users have said about each other.
pub(in crate::app) fn aggregate_of(one: &UserId, other: &UserId) -> AggregateId {
    Pair { own: one.clone(), other: other.clone() }.aggregate()
}

/// A word about another user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// To be friends.
    Ask,
    Accept,
    Decline,
    /// Removes a friend, withdraws what was asked, declines, unblocks: nothing is left.
    End,
    Block,
    /// On one's own side alone: the other may see, or may not any more.
    List(bool),
}

impl App {
    /// What there is between the caller and another user.
    pub async fn friend(&self, identity: &Identity, other: &UserId) -> Result<FriendDocument, AppError> {
        let pair = self.pair(identity, other).await?;
        let read = self.friendships.read_tagged(&pair.aggregate()).await?;
        let (friendship, version) =
            read.map_or((Friendship::default(), Version::ABSENT), |(record, version)| (record.seen_by(&pair), version));
        if friendship.others.blocks.is_some() {
            return Err(AppError::NotFound("user"));
        }
        let name = self.name_of(other).await?;
        Ok(FriendDocument { version, ..FriendDocument::of(other, &name, &friendship) })
    }

    /// Says it about the other. To say again what is so already is the same success.
    ///
    /// # Errors
    /// [`AppError::NotFound`]: there is no such user, or they have blocked the caller. [`AppError::Conflict`]: the caller has
    /// blocked them, or there is nothing to accept, or there are too many already.
    pub async fn say_of_friend(
        &self,
        identity: &Identity,
        other: &UserId,
        word: Word,
        if_version: Option<Version>,
    ) -> Result<FriendDocument, AppError> {
        let pair = self.pair(identity, other).await?;
        self.has_room(&pair.own, word).await?;
        self.say_between(pair, word, if_version).await?;
        self.friend(identity, other).await
    }

    /// By id or by name.
    pub async fn ask_friend(&self, identity: &Identity, other: &str) -> Result<FriendDocument, AppError> {
        let other = self.user_called(other).await?.ok_or(AppError::NotFound("user"))?;
        self.say_of_friend(identity, &other, Word::Ask, None).await
    }

    /// One decision on what there is between two users who are there.
    pub(in crate::app) async fn say_between(
        &self,
        pair: Pair,
        word: Word,
        if_version: Option<Version>,
    ) -> Result<(), AppError> {
        let mut names = self.names_of([&pair.own, &pair.other]).await?;
        let mut name = |user: &UserId| UserName { id: user.to_string(), name: names.remove(user).unwrap_or_default() };
        let names = [name(&pair.own), name(&pair.other)];
        let now = self.clock.now();
        self.friendships
            .transact(pair.aggregate(), None, move |draft| {
                draft.expect(if_version)?;
                let known = draft.record().cloned();
                let before = known.as_ref().map(|record| record.seen_by(&pair));
                let mut friendship = before.unwrap_or_default();
                match word {
                    Word::Ask => friendship.ask(now),
                    Word::Accept => friendship.accept(now),
                    Word::Decline => friendship.decline(),
                    Word::End => friendship.end(),
                    Word::Block => friendship.block(now),
                    Word::List(lists) => friendship.list(lists, now),
                }
                .map_err(refusal)?;
                if friendship == before.unwrap_or_default() {
                    return Ok(());
                }
                let mut record = known.unwrap_or_default();
                record.set(&pair, friendship);
                record::moved(draft, &pair, before, Some(friendship), now);
                for follow_up in consequences(&pair, &names, before.unwrap_or_default(), friendship, now)? {
                    cause(draft, &mut record, &follow_up, now)?;
                }
                if friendship.own.blocks.is_some() && before.unwrap_or_default().own.blocks.is_none() {
                    let again_ms = now.plus_millis(limits::BLOCK_SECOND_LOOK_MS).as_millis();
                    second_look(&pair.own, &pair.other).place(draft, Some(again_ms));
                }
                draft.put(record);
                Ok(())
            })
            .await?;
        Ok(())
    }

    /// Forgets all that there is between a user whose account is deleted and others → with how many; to be called again until
    /// there are none. The others are told what ends.
    pub(in crate::app) async fn forget_friends(&self, user: &UserId) -> Result<usize, AppError> {
        let range = Range::all(record::with(user), limits::SWEEP_LEN_MAX);
        let members = self.backend.range(&range).await?.members;
        for (_, member) in &members {
            let pair = Pair { own: user.clone(), other: UserId::parse(member).ok_or(AppError::Internal)? };
            let aggregate = pair.aggregate();
            let own = UserName { id: user.to_string(), name: self.name_of(user).await? };
            let names = [own, UserName { id: pair.other.to_string(), name: String::new() }];
            let now = self.clock.now();
            let forget = move |draft: &mut Draft<FriendshipRecord>| {
                let Some(mut record) = draft.record().cloned() else { return Ok(()) };
                let before = record.seen_by(&pair);
                record::moved(draft, &pair, Some(before), None, now);
                for follow_up in consequences(&pair, &names, before, Friendship::default(), now)? {
                    cause(draft, &mut record, &follow_up, now)?;
                }
                for (by, whom) in [(&pair.own, &pair.other), (&pair.other, &pair.own)] {
                    second_look(by, whom).place(draft, None);
                }
                draft.remove();
                Ok(())
            };
            self.friendships.transact(aggregate, None, forget).await?;
        }
        Ok(members.len())
    }

    /// The caller and another user who is there.
    async fn pair(&self, identity: &Identity, other: &UserId) -> Result<Pair, AppError> {
        if identity.user == *other {
            return Err(AppError::invalid("user", "is yourself"));
        }
        let is_there = self.users.read(&aggregate(other)).await?.is_some();
        if !is_there || !self.sees_user(&Caller::User(identity.clone()), other).await? {
            return Err(AppError::NotFound("user"));
        }
        Ok(Pair { own: identity.user.clone(), other: other.clone() })
    }

    /// A bound for what one user can lay before others. Those who come at once may exceed it by their number.
    async fn has_room(&self, user: &UserId, word: Word) -> Result<(), AppError> {
        let (index, len_max, what) = match word {
            Word::Ask => {
                (record::asked_by(user), limits::FRIENDS_ASKED_LEN_MAX, "asked too many who have not answered yet")
            }
            Word::Accept | Word::List(true) => (record::listed_by(user), limits::FRIENDS_LEN_MAX, "too many friends"),
            Word::Block => (record::blocked_by(user), limits::FRIENDS_LEN_MAX, "blocked too many"),
            Word::Decline | Word::End | Word::List(false) => return Ok(()),
        };
        if self.len_of(index).await? < len_max {
            return Ok(());
        }
        Err(AppError::conflict(format!("you have {what}")))
    }

    /// How many stand in an index.
    pub(in crate::app) async fn len_of(&self, index: Index) -> Result<u64, AppError> {
        let (from, until, order) = (Bound::Start, Bound::End, Order::Ascending);
        let range = Range { index, from, until, order, limit: 1, count: true };
        Ok(self.backend.range(&range).await?.standing.map_or(0, |standing| standing.total))
    }
}

fn second_look(by: &UserId, whom: &UserId) -> Due {
    Due::Blocked { by: by.clone(), whom: whom.clone() }
}

/// What a change between two users means for each of them: what is told, and what is not seen any more.
fn consequences(
    pair: &Pair,
    names: &[UserName; 2],
    before: Friendship,
    now: Friendship,
    at: Timestamp,
) -> Result<Vec<FollowUp>, AppError> {
    let sides = [
        (&pair.own, &pair.other, &names[1], before, now),
        (&pair.other, &pair.own, &names[0], before.turned(), now.turned()),
    ];
    let mut follow_ups = Vec::new();
    for (user, other, others_name, before, now) in sides {
        let change = || FriendChange { at: at.to_string(), user: others_name.clone() };
        let told = if now.is_mutual() && !before.is_mutual() {
            Some(ChangeDocument::FriendAccepted(change()))
        } else if now.others.asks.is_some() && before.others.asks.is_none() {
            Some(ChangeDocument::FriendAsked(change()))
        } else if before.is_something() && !now.is_something() {
            Some(ChangeDocument::FriendRemoved(change()))
        } else {
            None
        };
        let is_listed_no_more = before.own.lists.is_some() && now.own.lists.is_none();
        let is_blocked = now.own.blocks.is_some() && before.own.blocks.is_none();
        // Whoever asked first has invited the other.
        if now.is_mutual() && !before.is_mutual() && before.own.asks.is_some() {
            follow_ups.push(FollowUp::friend_counts(user, other));
        }
        if is_listed_no_more || is_blocked {
            follow_ups.push(FollowUp::lost_by(user, other));
        }
        if let Some(told) = told {
            follow_ups.push(FollowUp::told(user, &told)?);
        }
        if is_blocked {
            follow_ups.push(FollowUp::blocked(user, other));
        }
    }
    Ok(follow_ups)
}

/// Lets what was decided have this consequence elsewhere.
fn cause(
    draft: &mut Draft<FriendshipRecord>,
    record: &mut FriendshipRecord,
    follow_up: &FollowUp,
    now: Timestamp,
) -> Result<(), AppError> {
    record.follow_ups += 1;
    // The instance before may have a clock that is ahead of this one's.
    record.followed_ms = record.followed_ms.max(now.as_millis());
    follow_ups::add(draft, record.follow_ups, follow_up, Timestamp::from_millis(record.followed_ms))
}

fn refusal(error: FriendshipError) -> AppError {
    match error {
        FriendshipError::BlockedByOther => AppError::NotFound("user"),
        FriendshipError::Blocked => AppError::conflict("you have blocked this user"),
        FriendshipError::NotAsked => AppError::conflict("this user has not asked you"),
    }
}

impl FriendDocument {
    fn of(other: &UserId, name: &str, friendship: &Friendship) -> Self {
        let (standing, since) = friendship.standing();
        Self {
            user: UserName { id: other.to_string(), name: name.to_owned() },
            state: standing_of_friend(standing),
            since: since.map(|since| since.to_string()),
            lists_you: friendship.others.lists.is_some(),
            version: Version::ABSENT,
        }
    }
}
