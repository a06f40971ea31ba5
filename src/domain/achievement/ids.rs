//! Names of what a catalogue holds. Who gives new ones is not known here.

use std::fmt;
use std::sync::Arc;

/// A whole number from 1 to 2⁵³ − 1, written in digits without a leading zero.
macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// From 1 to 2⁵³ − 1: the largest that every JSON reader holds exactly.
            pub fn new(number: u64) -> Option<Self> {
                (1..1 << 53).contains(&number).then_some(Self(number))
            }

            pub fn parse(text: &str) -> Option<Self> {
                let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
                plain.then(|| text.parse().ok()).flatten().and_then(Self::new)
            }

            pub const fn number(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_id!(AchievementId);
number_id!(GoalId);
number_id!(RewardId);
number_id!(
    /// A reward as it is given by one achievement.
    AssignmentId
);
number_id!(PropertyId);
number_id!(TriggerId);
number_id!(StepId);

/// The number of a measure. It is never given to another one: a rule that changes is counted under a new number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MeasureId(u32);

impl MeasureId {
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        plain.then(|| text.parse().ok()).flatten().map(Self)
    }

    pub const fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for MeasureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of a variable: a small letter, then up to 63 of `a–z 0–9 _`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariableName(Arc<str>);

impl VariableName {
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() <= 64 && text.starts_with(|first: char| first.is_ascii_lowercase());
        let allowed = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        (fits && allowed).then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VariableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// So that maps by name can be asked by text.
impl std::borrow::Borrow<str> for VariableName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_spelling() {
        assert_eq!(AchievementId::parse("12").map(AchievementId::number), Some(12));
        for bad in ["", "0", "012", "+12", "-1", "1.5", "9007199254740992", "99999999999999999999"] {
            assert_eq!(AchievementId::parse(bad), None, "{bad:?}");
            assert_eq!(MeasureId::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn variable_names_are_plain_words() {
        let longest = "x".repeat(64);
        for good in ["a", "invite_users", "best_1km_s", &longest] {
            assert_eq!(VariableName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "1km", "_a", "A", "a-b", "a b", "ä", &"x".repeat(65)] {
            assert_eq!(VariableName::parse(bad), None, "{bad:?}");
        }
    }
}
