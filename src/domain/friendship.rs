//! What two users have said about each other. Friends are directed: whoever lists somebody lets them see what is for friends.
//!
//! Seen from one of the two, the one who acts. Who they are, and who is told of what, is not known here.

use crate::domain::time::Timestamp;

/// What one of them has said about the other, and since when it has been so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// As a friend: the other may see.
    pub lists: Option<Timestamp>,
    /// To be friends, both ways.
    pub asks: Option<Timestamp>,
    pub blocks: Option<Timestamp>,
}

/// Invariant: where one blocks the other, nobody lists or asks anybody; where both list each other, nobody asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Friendship {
    pub own: Said,
    pub others: Said,
}

/// What it comes to for the one from whom it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Nothing,
    /// The other lists them, and they do not list the other.
    Listed,
    /// They list the other.
    Friend,
    /// They have asked the other.
    Asked,
    /// The other asks them.
    Asking,
    /// They block the other. To be blocked looks like nothing.
    Blocked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FriendshipError {
    /// The other blocks them: as if there were no such user.
    #[error("the other has blocked them")]
    BlockedByOther,
    #[error("they have blocked the other themselves")]
    Blocked,
    /// There is nothing to accept.
    #[error("the other has not asked")]
    NotAsked,
}

impl Friendship {
    /// As the other sees it.
    pub fn turned(self) -> Self {
        Self { own: self.others, others: self.own }
    }

    pub fn is_mutual(&self) -> bool {
        self.own.lists.is_some() && self.others.lists.is_some()
    }

    /// Whether one of them lists or asks the other.
    pub fn is_something(&self) -> bool {
        [self.own, self.others].iter().any(|said| said.lists.is_some() || said.asks.is_some())
    }

    pub fn standing(&self) -> (Standing, Option<Timestamp>) {
        let facts = [
            (self.own.blocks, Standing::Blocked),
            (self.others.asks, Standing::Asking),
            (self.own.asks, Standing::Asked),
            (self.own.lists, Standing::Friend),
            (self.others.lists, Standing::Listed),
        ];
        let fact = facts.into_iter().find(|(since, _)| since.is_some());
        fact.map_or((Standing::Nothing, None), |(since, standing)| (standing, since))
    }

    /// To be friends. Asking whoever asks, or lists one already, is to agree; asking twice is asking once.
    pub fn ask(&mut self, now: Timestamp) -> Result<(), FriendshipError> {
        self.may_speak()?;
        if self.others.asks.is_some() || self.others.lists.is_some() {
            self.agree(now);
        } else {
            self.own.asks.get_or_insert(now);
        }
        Ok(())
    }

    /// Says yes to whoever has asked. Friends already are friends.
    pub fn accept(&mut self, now: Timestamp) -> Result<(), FriendshipError> {
        self.may_speak()?;
        if self.others.asks.is_none() && !self.is_mutual() {
            return Err(FriendshipError::NotAsked);
        }
        self.agree(now);
        Ok(())
    }

    /// Says no to whoever has asked. Who has not is not minded.
    pub fn decline(&mut self) -> Result<(), FriendshipError> {
        self.may_speak()?;
        self.others.asks = None;
        Ok(())
    }

    /// Neither lists or asks the other any more, and the one who acts does not block the other.
    pub fn end(&mut self) -> Result<(), FriendshipError> {
        if self.others.blocks.is_some() {
            return Err(FriendshipError::BlockedByOther);
        }
        *self = Self::default();
        Ok(())
    }

    /// Ends all there is, and lets nothing come from the other any more.
    pub fn block(&mut self, now: Timestamp) -> Result<(), FriendshipError> {
        if self.others.blocks.is_some() {
            return Err(FriendshipError::BlockedByOther);
        }
        let blocks = self.own.blocks.or(Some(now));
        *self = Self { own: Said { blocks, ..Said::default() }, others: Said::default() };
        Ok(())
    }

    /// Lists the other, or does so no more: a word on one's own side alone, which needs no consent.
    pub fn list(&mut self, lists: bool, now: Timestamp) -> Result<(), FriendshipError> {
        if !lists {
            self.own.lists = None;
            return Ok(());
        }
        self.may_speak()?;
        self.own.lists.get_or_insert(now);
        if self.is_mutual() {
            self.agree(now);
        }
        Ok(())
    }

    fn agree(&mut self, now: Timestamp) {
        for said in [&mut self.own, &mut self.others] {
            said.lists.get_or_insert(now);
            said.asks = None;
        }
    }

    fn may_speak(&self) -> Result<(), FriendshipError> {
        match (self.own.blocks, self.others.blocks) {
            (_, Some(_)) => Err(FriendshipError::BlockedByOther),
            (Some(_), None) => Err(FriendshipError::Blocked),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FriendshipError::{Blocked, BlockedByOther, NotAsked};

    const NOW: Timestamp = Timestamp::from_millis(1_000);
    const LATER: Timestamp = Timestamp::from_millis(2_000);

    fn standings(friendship: Friendship) -> (Standing, Standing) {
        (friendship.standing().0, friendship.turned().standing().0)
    }

    #[test]
    fn who_asks_is_a_friend_when_the_other_agrees() {
        let mut it = Friendship::default();
        assert_eq!(it.accept(NOW), Err(NotAsked));
        it.ask(NOW).unwrap();
        it.ask(LATER).unwrap();
        assert_eq!((standings(it), it.own.asks), ((Standing::Asked, Standing::Asking), Some(NOW)));
        assert_eq!(it.accept(LATER), Err(NotAsked), "nobody says yes to themselves");
        let mut others = it.turned();
        others.accept(LATER).unwrap();
        others.accept(LATER).unwrap();
        assert_eq!(standings(others), (Standing::Friend, Standing::Friend));
        others.ask(LATER).unwrap();
        assert_eq!((others.is_mutual(), others.own.asks, others.others.asks), (true, None, None));
        others.end().unwrap();
        others.end().unwrap();
        assert_eq!(others, Friendship::default());
    }

    #[test]
    fn two_who_ask_each_other_agree() {
        let mut it = Friendship::default();
        it.ask(NOW).unwrap();
        let mut it = it.turned();
        it.ask(LATER).unwrap();
        assert!(it.is_mutual());
    }

    #[test]
    fn a_word_on_ones_own_side_gives_no_sight_of_the_other() {
        let mut it = Friendship::default();
        it.list(true, NOW).unwrap();
        assert_eq!((standings(it), it.is_mutual()), ((Standing::Friend, Standing::Listed), false));
        // Whom the other lists already has the other's consent.
        let mut others = it.turned();
        others.ask(LATER).unwrap();
        assert!(others.is_mutual());
        others.list(false, LATER).unwrap();
        assert_eq!(standings(others), (Standing::Listed, Standing::Friend));
    }

    #[test]
    fn whoever_is_blocked_gets_nothing_done_and_is_told_nothing() {
        let mut it = Friendship::default();
        it.ask(NOW).unwrap();
        let mut it = it.turned();
        it.accept(NOW).unwrap();
        it.block(NOW).unwrap();
        it.block(LATER).unwrap();
        assert_eq!((standings(it), it.own.blocks), ((Standing::Blocked, Standing::Nothing), Some(NOW)));
        let mut others = it.turned();
        for said in [others.ask(LATER), others.accept(LATER), others.decline(), others.list(true, LATER)] {
            assert_eq!(said, Err(BlockedByOther));
        }
        assert_eq!((others.end(), others.block(LATER)), (Err(BlockedByOther), Err(BlockedByOther)));
        assert_eq!(others.turned(), it);
        assert_eq!(it.ask(LATER), Err(Blocked));
        it.end().unwrap();
        assert_eq!(it, Friendship::default());
    }

    #[test]
    fn declined_is_asked_no_more() {
        let mut it = Friendship::default();
        it.ask(NOW).unwrap();
        let mut others = it.turned();
        others.decline().unwrap();
        others.decline().unwrap();
        assert_eq!(others, Friendship::default());
    }
}
