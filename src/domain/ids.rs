//! Names of users, runs, events, groups, challenges and share links. Parsed once at the boundary; who makes new ones is not known here.

use std::fmt;
use std::sync::Arc;

use super::time::Timestamp;

/// A user's id: 1 to 64 of `A–Z a–z 0–9 _ -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Arc<str>);

impl UserId {
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len());
        let allowed = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        (fits && allowed).then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A run's id: a UUID. Written with hyphens and in lower case only, so that one run has one spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(u128);

impl RunId {
    pub const fn from_u128(uuid: u128) -> Self {
        Self(uuid)
    }

    pub const fn as_u128(self) -> u128 {
        self.0
    }

    /// A UUIDv7 of this moment whose 74 random bits are the first of `seed`.
    pub fn from_seed(at: Timestamp, seed: [u8; 32]) -> Self {
        let [random @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = seed;
        let random = u128::from_be_bytes(random);
        let millis = u128::from(at.as_millis().unsigned_abs()) & ((1 << 48) - 1);
        let (twelve, others) = (random >> 116, random & ((1 << 62) - 1));
        Self(millis << 80 | 7 << 76 | twelve << 64 | 0b10 << 62 | others)
    }

    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 36 {
            return None;
        }
        let mut uuid = 0;
        for (index, byte) in text.bytes().enumerate() {
            match (index, byte) {
                (8 | 13 | 18 | 23, b'-') => {}
                (8 | 13 | 18 | 23, _) => return None,
                (_, b'0'..=b'9') => uuid = uuid << 4 | u128::from(byte - b'0'),
                (_, b'a'..=b'f') => uuid = uuid << 4 | u128::from(byte - b'a' + 10),
                _ => return None,
            }
        }
        Some(Self(uuid))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |shift: u32, digits: u32| self.0 >> shift & ((1 << (digits * 4)) - 1);
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            part(96, 8),
            part(80, 4),
            part(64, 4),
            part(48, 4),
            part(0, 12)
        )
    }
}

/// An event's id: a whole number from 1 to 2⁵³ − 1, the same in every window. Written in digits without a leading zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(u64);

impl EventId {
    /// The largest that every JSON reader holds exactly.
    pub const MAX: u64 = (1 << 53) - 1;

    pub fn new(number: u64) -> Option<Self> {
        (1..=Self::MAX).contains(&number).then_some(Self(number))
    }

    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        plain.then(|| text.parse().ok()).flatten().and_then(Self::new)
    }

    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A challenge's id: a whole number as an event's, of a count of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChallengeId(EventId);

impl ChallengeId {
    pub fn new(number: u64) -> Option<Self> {
        EventId::new(number).map(Self)
    }

    pub fn parse(text: &str) -> Option<Self> {
        EventId::parse(text).map(Self)
    }

    pub const fn number(self) -> u64 {
        self.0.number()
    }
}

impl fmt::Display for ChallengeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A group's id: of the same form as a user's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(UserId);

impl GroupId {
    pub fn parse(text: &str) -> Option<Self> {
        UserId::parse(text).map(Self)
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A share link's id: 32 hexadecimal digits in lower case. It opens nothing; what opens is the link's secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(u128);

impl LinkId {
    pub const fn from_u128(number: u128) -> Self {
        Self(number)
    }

    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        plain.then(|| u128::from_str_radix(text, 16).ok()).flatten().map(Self)
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_id_has_one_spelling() {
        let text = "00f3a17c4e7b219a6f0c1d2e3f4a5b6c";
        assert_eq!(LinkId::parse(text).unwrap().to_string(), text);
        for bad in ["", "0F3A17c4e7b219a6f0c1d2e3f4a5b6c0", &text[1..], "+0f3a17c4e7b219a6f0c1d2e3f4a5b6c"] {
            assert_eq!(LinkId::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn user_id_is_1_to_64_safe_characters() {
        let longest = "x".repeat(64);
        for good in ["a", "Aino_K-7", &longest] {
            assert_eq!(UserId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a b", "ä", "a/b", "a:b", &"x".repeat(65)] {
            assert_eq!(UserId::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn event_id_is_a_number_with_one_spelling() {
        assert_eq!(EventId::parse("17").map(EventId::number), Some(17));
        assert_eq!(EventId::parse("9007199254740991").map(EventId::number), Some(EventId::MAX));
        for bad in ["", "0", "017", "+17", "-1", "1.5", "1e3", " 1", "9007199254740992", &"9".repeat(30)] {
            assert_eq!(EventId::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn run_id_of_a_seed_is_a_uuid_of_version_7() {
        let at = Timestamp::from_millis(0x0192_f3a1_7c4e);
        let id = RunId::from_seed(at, [0xff; 32]).to_string();
        assert_eq!(id, "0192f3a1-7c4e-7fff-bfff-ffffffffffff");
        assert_eq!(RunId::from_seed(at, [0; 32]).to_string(), "0192f3a1-7c4e-7000-8000-000000000000");
    }

    #[test]
    fn run_id_has_one_spelling() {
        let text = "0192f3a1-7c4e-7b21-9a6f-0c1d2e3f4a5b";
        let id = RunId::parse(text).unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(RunId::from_u128(id.as_u128()), id);
        assert_eq!(RunId::from_u128(0).to_string(), "00000000-0000-0000-0000-000000000000");
        for bad in [
            "",
            "0192F3A1-7c4e-7b21-9a6f-0c1d2e3f4a5b",
            "0192f3a17c4e7b219a6f0c1d2e3f4a5b",
            "{0192f3a1-7c4e-7b21-9a6f-0c1d2e3f4a5",
            "0192f3a1-7c4e-7b21-9a6f-0c1d2e3f4a5g",
            "0192f3a1-7c4e-7b21-9a6f--c1d2e3f4a5b",
            "0192f3a1-7c4e-7b21-9a6f-0c1d2e3f4aä",
        ] {
            assert_eq!(RunId::parse(bad), None, "{bad:?}");
        }
    }
}
