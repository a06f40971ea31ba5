//! Names of users: unique without case. A name is reserved first, in an aggregate of its own; the account comes second.

use serde::{Deserialize, Serialize};

use crate::app::transact::{Lanes, Record};
use crate::app::users::credential::{ADMIN, admin_id};
use crate::app::users::record::UserRecord;
use crate::app::{App, AppError};
use crate::domain::ids::UserId;
use crate::limits;

/// Who a name belongs to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NameRecord {
    pub user: String,
    pub reserved_ms: i64,
}

impl Record for NameRecord {
    const KIND: &'static str = "name";
}

/// The name as it is kept: without blanks at its ends.
pub fn check(name: &str) -> Result<String, AppError> {
    check_as("name", name)
}

/// As [`check`], for a name that stands in `field`.
pub fn check_as(field: &str, name: &str) -> Result<String, AppError> {
    check_to(field, name, limits::NAME_LEN_MAX)
}

/// As [`check_as`], for a text on one line of up to so many characters.
pub fn check_to(field: &str, text: &str, len_max: usize) -> Result<String, AppError> {
    let text = text.trim();
    let len = text.chars().count();
    if len == 0 || len > len_max {
        return Err(AppError::invalid(field, format!("must have 1 to {len_max} characters")));
    }
    if text.chars().any(|letter| letter.is_control() || is_invisible(letter)) {
        return Err(AppError::invalid(field, "must not hold control or invisible characters"));
    }
    Ok(text.to_owned())
}

/// What a user calls something of theirs that nobody else sees: a key, a link.
pub fn check_label(label: String) -> Result<String, AppError> {
    let trimmed = label.trim();
    let is_hidden = |letter: char| letter.is_control() || is_invisible(letter);
    if trimmed.is_empty() || trimmed.chars().count() > limits::NAME_LEN_MAX || trimmed.chars().any(is_hidden) {
        let problem = format!("must have 1 to {} characters that can be seen", limits::NAME_LEN_MAX);
        return Err(AppError::invalid("label", problem));
    }
    Ok(trimmed.to_owned())
}

/// As [`check_to`], for a text that may be empty and have several lines.
pub fn check_text(field: &str, text: &str, len_max: usize) -> Result<String, AppError> {
    let text = text.trim();
    if text.chars().count() > len_max {
        return Err(AppError::invalid(field, format!("must have at most {len_max} characters")));
    }
    let is_break = |letter: char| matches!(letter, '\n' | '\r' | '\t');
    if text.chars().any(|letter| (letter.is_control() && !is_break(letter)) || turns(letter)) {
        return Err(AppError::invalid(field, "must not hold control characters, nor marks that turn the direction"));
    }
    Ok(text.to_owned())
}

/// An id of a user or a group, of 32 random bytes: twelve of `a–z 0–9`, which are 62 bits of them.
pub fn id_of(seed: [u8; 32]) -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut number = seed.iter().take(16).fold(0, |number: u128, &byte| number << 8 | u128::from(byte));
    let letter = |_| {
        let letter = LETTERS.get(usize::try_from(number % 36).unwrap_or(0)).copied().unwrap_or(b'a');
        number /= 36;
        char::from(letter)
    };
    (0..12).map(letter).collect()
}

/// Marks that turn the direction of what follows, beyond their text too. Letters without width are needed in texts: they join emoji,
/// and part letters in Persian.
pub(in crate::app) fn turns(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Those marks, and letters without width: they make one name look like another.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

pub(in crate::app) fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

impl App {
    /// Who has this name, however its letters are cased.
    pub(in crate::app) async fn user_named(&self, name: &str) -> Result<Option<UserId>, AppError> {
        let reserved = self.names.read(&Lanes::<NameRecord>::aggregate(fold(name))).await?;
        reserved.map(|name| UserId::parse(&name.user).ok_or(AppError::Internal)).transpose()
    }

    /// The name is free again, if it was this user's.
    pub(in crate::app) async fn free_name(&self, name: &str, user: &UserId) -> Result<(), AppError> {
        let user = user.to_string();
        self.names
            .transact(Lanes::<NameRecord>::aggregate(fold(name)), None, move |draft| {
                if draft.record().is_some_and(|name| name.user == user) {
                    draft.remove();
                }
                Ok(())
            })
            .await
    }

    /// Takes the name for a user who is about to be made. A name whose user was never made (a crash came between) is free
    /// again after a minute.
    pub(in crate::app) async fn reserve_name(&self, name: &str, user: &UserId) -> Result<(), AppError> {
        let aggregate = Lanes::<NameRecord>::aggregate(fold(name));
        let taken = || AppError::conflict("the name is taken");
        // The admin's own, though there be no admin yet.
        if fold(name) == ADMIN && *user != admin_id() {
            return Err(taken());
        }
        let now_ms = self.clock.now().as_millis();
        let reserved = self.names.read(&aggregate).await?;
        let abandoned = match &reserved {
            None => None,
            // The same request was carried out before, and got so far.
            Some(name) if name.user == user.as_str() => return Ok(()),
            Some(name) => {
                let owner = UserId::parse(&name.user).ok_or(AppError::Internal)?;
                let made = self.users.read(&Lanes::<UserRecord>::aggregate(&owner)).await?.is_some();
                if made || now_ms < name.reserved_ms + limits::NAME_RESERVED_MS {
                    return Err(taken());
                }
                Some(name.user.clone())
            }
        };
        let user = user.to_string();
        self.names
            .transact(aggregate, None, move |draft| {
                if draft.record().map(|name| &name.user) != abandoned.as_ref() {
                    return Err(taken());
                }
                draft.put(NameRecord { user: user.clone(), reserved_ms: now_ms });
                Ok(())
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(check("  Aino K. ").unwrap(), "Aino K.");
        for bad in ["", "  ", "a\u{0}b", "a\u{202e}b", "a\u{200b}", &"x".repeat(limits::NAME_LEN_MAX + 1)] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }
}
