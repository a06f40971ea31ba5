//! Who is named where: for each user the aggregates that hold their id or name without being theirs, and for each such aggregate
//! the users that it names.
//!
//! Noted by whoever writes the name down, in the same commit, and never taken back while both are there: a topic may still hold
//! what a document does not. When an account is deleted, this is the list of where it must be forgotten.

use std::sync::Arc;

use serde_json::Value;

use crate::app::AppError;
use crate::app::transact::{Draft, Record, decode};
use crate::backend::{AggregateId, Index};
use crate::domain::ids::{EventId, UserId};

/// The aggregates that name this user, by their stored names.
pub fn of(user: &UserId) -> Index {
    Index::new(format!("mentions/of/{user}"))
}

/// The users that this aggregate names.
pub fn within(aggregate: &AggregateId) -> Index {
    Index::new(format!("mentions/in/{aggregate}"))
}

/// The aggregate that is being decided on names this user.
pub fn note<R: Record>(draft: &mut Draft<R>, user: &UserId) {
    place(draft, user, Some(0));
}

/// It does so no more.
pub fn strike<R: Record>(draft: &mut Draft<R>, user: &UserId) {
    place(draft, user, None);
}

fn place<R: Record>(draft: &mut Draft<R>, user: &UserId, score: Option<i64>) {
    let aggregate = draft.aggregate().clone();
    draft.place(of(user), aggregate.as_str(), score);
    draft.place(within(&aggregate), user.as_str(), score);
}

/// The users that a change names: `{"id": "…", "name": …}` anywhere in it.
pub fn in_change(change: &[u8]) -> Result<Vec<UserId>, AppError> {
    let (change, mut found): (Value, _) = (decode(change)?, Vec::new());
    // What stands on a board is in its owner's words.
    if change["type"] != "habits" {
        look(&change, &mut found);
    }
    Ok(found)
}

/// The event that a change on a user's own channel is about.
pub fn event_in_change(change: &[u8]) -> Result<Option<EventId>, AppError> {
    let change: Value = decode(change)?;
    let event = &change["event"];
    Ok(event["id"].as_u64().or(event.as_u64()).and_then(EventId::new))
}

fn look(value: &Value, found: &mut Vec<UserId>) {
    match value {
        Value::Object(members) => {
            if let (Some(Value::String(id)), true) = (members.get("id"), members.contains_key("name")) {
                found.extend(UserId::parse(id));
            }
            members.values().for_each(|member| look(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| look(item, found)),
        _ => {}
    }
}

/// The users whose ids are members of an index.
pub fn users(members: &[(i64, Arc<str>)]) -> Result<Vec<UserId>, AppError> {
    members.iter().map(|(_, member)| UserId::parse(member).ok_or(AppError::Internal)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_wherever_a_change_names_them() {
        let change = br#"{"type":"invited","by":{"id":"aino","name":"Aino"},"event":{"id":17,"name":"Rotation","creator":{"id":"eero","name":""}},"id":"x"}"#;
        let found = in_change(change).unwrap();
        assert_eq!(found.iter().map(UserId::as_str).collect::<Vec<_>>(), ["aino", "eero"]);
    }
}
