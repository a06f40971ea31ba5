//! The word that somebody has lost a right: told on the aggregate that it hung on, and heard by every room that hangs on it.
//!
//! It is not kept. Whoever may have missed it asks everybody's rights again.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::app::AppError;
use crate::app::transact::{Draft, Record, decode, encode};
use crate::backend::{AggregateId, Keep, Topic};
use crate::domain::ids::UserId;

/// The name of the topic on each aggregate that rights may hang on.
const NAME: &str = "rights";

/// Whose rights must be asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Concerned {
    Everybody,
    /// Users by their ids. Nobody else has lost anything.
    Users(BTreeSet<String>),
}

/// Where it is told that somebody has lost a right that hangs on this aggregate.
pub fn rights_topic(aggregate: &AggregateId) -> Topic {
    aggregate.topic(NAME)
}

/// Has everybody asked again, on all instances, who is in a channel that hangs on the aggregate that is being decided on. For
/// whoever commits something that may take a right away from many.
pub(in crate::app) fn rights_changed<R: Record>(draft: &mut Draft<R>) {
    draft.append(NAME, Keep::Nothing, Bytes::from_static(b"[]"));
}

/// As [`rights_changed`], where nobody but these can have lost anything: a crowd is not asked because one of them leaves.
pub(in crate::app) fn rights_changed_of<R: Record>(draft: &mut Draft<R>, users: &[&UserId]) -> Result<(), AppError> {
    if users.is_empty() {
        return Ok(());
    }
    let users: Vec<&str> = users.iter().map(|user| user.as_str()).collect();
    draft.append(NAME, Keep::Nothing, encode(&users)?);
    Ok(())
}

impl Concerned {
    /// What a change of such a topic says. What cannot be read concerns everybody.
    pub fn read(payload: &[u8]) -> Self {
        match decode::<BTreeSet<String>>(payload) {
            Ok(users) if !users.is_empty() => Self::Users(users),
            Ok(_) | Err(_) => Self::Everybody,
        }
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Users(mut users), Self::Users(others)) => {
                users.extend(others);
                Self::Users(users)
            }
            (Self::Everybody, _) | (_, Self::Everybody) => Self::Everybody,
        }
    }

    /// Whether it concerns this user (empty: somebody without an account).
    pub fn is(&self, user: &str) -> bool {
        match self {
            Self::Everybody => true,
            Self::Users(users) => users.contains(user),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_asked_who_cannot_have_lost_anything() {
        let one = Concerned::read(br#"["a"]"#);
        assert!(one.is("a") && !one.is("b") && !one.is(""));
        let two = one.clone().and(Concerned::read(br#"["b"]"#));
        assert!(two.is("a") && two.is("b") && !two.is(""));
        for all in [one.and(Concerned::Everybody), Concerned::read(b"[]"), Concerned::read(b"no JSON")] {
            assert_eq!(all, Concerned::Everybody);
            assert!(all.is("a") && all.is(""));
        }
    }
}
