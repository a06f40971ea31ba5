//! What two users have said about each other, as it is stored: one record for each pair, and the indexes by which each of them
//! finds the other.

use serde::{Deserialize, Serialize};

use crate::app::transact::{Draft, Lanes, Record};
use crate::app::{App, AppError};
use crate::backend::{AggregateId, Index};
use crate::domain::friendship::{Friendship, Said};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;

use crate::app::transact::decode;

/// Of a pair. Once made it stays as long as both have an account, for what it counts is never counted again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FriendshipRecord {
    /// By the one whose id comes first, about the other.
    first: StoredSaid,
    second: StoredSaid,
    /// How many follow-ups it has had.
    pub follow_ups: u64,
    /// When the last of them was written, by the clock of whoever did.
    pub followed_ms: i64,
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct StoredSaid {
    #[serde(skip_serializing_if = "Option::is_none")]
    lists: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asks: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocks: Option<i64>,
}

impl Record for FriendshipRecord {
    const KIND: &'static str = "friendship";
}

/// Two users, the one who acts first. They are two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub own: UserId,
    pub other: UserId,
}

impl Pair {
    pub fn aggregate(&self) -> AggregateId {
        let (first, second) = if self.own < self.other { (&self.own, &self.other) } else { (&self.other, &self.own) };
        // No id holds a tilde.
        Lanes::<FriendshipRecord>::aggregate(format!("{first}~{second}"))
    }
}

impl FriendshipRecord {
    /// As the first of the pair sees it.
    pub fn seen_by(&self, pair: &Pair) -> Friendship {
        let friendship = Friendship { own: self.first.read(), others: self.second.read() };
        if pair.own < pair.other { friendship } else { friendship.turned() }
    }

    pub fn set(&mut self, pair: &Pair, friendship: Friendship) {
        let Friendship { own, others } = if pair.own < pair.other { friendship } else { friendship.turned() };
        (self.first, self.second) = (StoredSaid::of(own), StoredSaid::of(others));
    }
}

impl StoredSaid {
    fn of(said: Said) -> Self {
        let Said { lists, asks, blocks } = said;
        let [lists, asks, blocks] = [lists, asks, blocks].map(|since| since.map(Timestamp::as_millis));
        Self { lists, asks, blocks }
    }

    fn read(self) -> Said {
        let [lists, asks, blocks] =
            [self.lists, self.asks, self.blocks].map(|since_ms| since_ms.map(Timestamp::from_millis));
        Said { lists, asks, blocks }
    }
}

/// Those whom the user lists. As all of these, scored by since when, in milliseconds.
pub fn listed_by(user: &UserId) -> Index {
    Index::new(format!("friends/of/{user}"))
}

/// Those who list the user: what they have for their friends the user may see.
pub fn listing(user: &UserId) -> Index {
    Index::new(format!("friends/listing/{user}"))
}

pub fn asked_by(user: &UserId) -> Index {
    Index::new(format!("friends/asked-by/{user}"))
}

/// Those who have asked the user.
pub fn asking(user: &UserId) -> Index {
    Index::new(format!("friends/asked-of/{user}"))
}

pub fn blocked_by(user: &UserId) -> Index {
    Index::new(format!("friends/blocked-by/{user}"))
}

/// All with whom the user has a record, whatever is in it.
pub fn with(user: &UserId) -> Index {
    Index::new(format!("friends/with/{user}"))
}

/// Moves both users in each other's indexes from what was to what is. `None`: there is no record.
pub fn moved(
    draft: &mut Draft<FriendshipRecord>,
    pair: &Pair,
    before: Option<Friendship>,
    now: Option<Friendship>,
    at: Timestamp,
) {
    let Pair { own, other } = pair;
    if before.is_some() != now.is_some() {
        let score = now.map(|_| at.as_millis());
        draft.place(with(own), other.as_str(), score);
        draft.place(with(other), own.as_str(), score);
    }
    let (before, now) = (before.unwrap_or_default(), now.unwrap_or_default());
    for (by, about, was, is) in [(own, other, before.own, now.own), (other, own, before.others, now.others)] {
        for (was, is, of_speaker, of_other) in [
            (was.lists, is.lists, listed_by(by), Some(listing(about))),
            (was.asks, is.asks, asked_by(by), Some(asking(about))),
            (was.blocks, is.blocks, blocked_by(by), None),
        ] {
            if was != is {
                let score = is.map(Timestamp::as_millis);
                draft.place(of_speaker, about.as_str(), score);
                if let Some(index) = of_other {
                    draft.place(index, by.as_str(), score);
                }
            }
        }
    }
}

impl App {
    /// What there is between a user and each of these others, as the user sees it. One reading for all.
    pub(in crate::app) async fn friendships(
        &self,
        user: &UserId,
        others: &[&UserId],
    ) -> Result<Vec<Friendship>, AppError> {
        let pair = |other: &&UserId| Pair { own: user.clone(), other: (*other).clone() };
        let pairs: Vec<_> = others.iter().map(pair).collect();
        let keys: Vec<_> = pairs.iter().map(|pair| pair.aggregate().head()).collect();
        let values = self.backend.read(&keys).await?;
        let seen = values.into_iter().zip(&pairs).map(|(value, pair)| match value.value {
            Some(value) => Ok(decode::<FriendshipRecord>(&value)?.seen_by(pair)),
            None => Ok(Friendship::default()),
        });
        seen.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_one_record_whoever_acts() {
        let user = |id: &str| UserId::parse(id).unwrap();
        let pair = Pair { own: user("a-b"), other: user("a") };
        let turned = Pair { own: user("a"), other: user("a-b") };
        assert_eq!(pair.aggregate(), turned.aggregate());
        assert_ne!(pair.aggregate(), Pair { own: user("a"), other: user("b-a") }.aggregate());
        let mut friendship = Friendship::default();
        friendship.ask(Timestamp::from_millis(5)).unwrap();
        let mut record = FriendshipRecord::default();
        record.set(&pair, friendship);
        assert_eq!(record.seen_by(&pair), friendship);
        assert_eq!(record.seen_by(&turned), friendship.turned());
    }
}
