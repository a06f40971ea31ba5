//! Conditions: which values a goal counts.

use std::collections::BTreeSet;

use super::ids::VariableName;

#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    Literal {
        variable: VariableName,
        keys: Keys,
    },
    /// gengine's conjunction.
    All(Vec<Term>),
    /// gengine's disjunction.
    Any(Vec<Term>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Keys {
    Every,
    In(Vec<String>),
    Like(Pattern),
}

/// gengine's `ILIKE`: `%` stands for any text, `_` for one character, `\` before either for itself; capitals are as small letters.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    text: String,
}

impl Pattern {
    /// `None` when it is too long, has too many `%`, or ends with `\`.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self { text: text.to_owned() })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn matches(&self, _key: &str) -> bool {
        false
    }
}

impl Term {
    /// Whether a value of this variable under this key counts.
    pub fn matches(&self, _variable: &VariableName, _key: &str) -> bool {
        false
    }

    /// The variables of which a value can count.
    pub fn variables(&self) -> BTreeSet<VariableName> {
        BTreeSet::new()
    }

    /// One text for all terms that are written alike up to the order of their parts.
    pub fn canonical(&self) -> String {
        String::new()
    }
}
