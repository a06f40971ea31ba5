//! Which fixes a run already has. Phones send again what was not acknowledged, so repeats are everyday.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::domain::fix::Fix;

/// Fingerprints of time and place: 64 bits each, so that two different fixes of one run are taken for the same once in
/// 10¹⁰ runs. Places count as equal to a ten-millionth of a degree: a stored form must keep that, and milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Seen {
    /// The track is not loaded. Enough while fixes come in order: what is newer than the newest cannot be a repeat.
    #[default]
    Unknown,
    Known(HashSet<u64>),
}

impl Seen {
    /// Of a run's whole track, those that did not count included.
    pub fn of<'a>(track: impl IntoIterator<Item = &'a Fix>) -> Self {
        Self::Known(track.into_iter().map(fingerprint).collect())
    }

    pub(super) fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }

    pub(super) fn has(&self, fix: &Fix) -> bool {
        matches!(self, Self::Known(fingerprints) if fingerprints.contains(&fingerprint(fix)))
    }

    pub(super) fn add(&mut self, fix: &Fix) {
        if let Self::Known(fingerprints) = self {
            fingerprints.insert(fingerprint(fix));
        }
    }
}

fn fingerprint(fix: &Fix) -> u64 {
    let mut hasher = DefaultHasher::new();
    fix.identity().hash(&mut hasher);
    hasher.finish()
}
