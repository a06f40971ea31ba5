//! Conditions: which values a goal counts. Each is asked about one value at a time, as gengine asks about one row.

mod pattern;

use std::collections::BTreeSet;

use super::ids::VariableName;
pub use pattern::Pattern;

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

impl Keys {
    fn matches(&self, key: &str) -> bool {
        match self {
            Self::Every => true,
            Self::In(keys) => keys.iter().any(|it| it == key),
            Self::Like(pattern) => pattern.matches(key),
        }
    }
}

impl Term {
    /// Whether a value of this variable under this key counts.
    pub fn matches(&self, variable: &VariableName, key: &str) -> bool {
        match self {
            Self::Literal { variable: own, keys } => own == variable && keys.matches(key),
            Self::All(terms) => !terms.is_empty() && terms.iter().all(|term| term.matches(variable, key)),
            Self::Any(terms) => terms.iter().any(|term| term.matches(variable, key)),
        }
    }

    /// The variables of which a value can count. Those of a conjunction are those that all its parts have.
    pub fn variables(&self) -> BTreeSet<VariableName> {
        match self {
            Self::Literal { variable, .. } => BTreeSet::from([variable.clone()]),
            Self::All(terms) => {
                let each = terms.iter().map(Self::variables);
                each.reduce(|all, other| all.intersection(&other).cloned().collect()).unwrap_or_default()
            }
            Self::Any(terms) => terms.iter().flat_map(Self::variables).collect(),
        }
    }

    /// One text for all terms that are written alike up to the order of their parts.
    pub fn canonical(&self) -> String {
        match self {
            Self::Literal { variable, keys: Keys::Every } => variable.to_string(),
            Self::Literal { variable, keys: Keys::In(keys) } => {
                let keys: BTreeSet<&String> = keys.iter().collect();
                format!("{variable} in {keys:?}")
            }
            Self::Literal { variable, keys: Keys::Like(pattern) } => {
                format!("{variable} like {:?}", pattern.canonical())
            }
            Self::All(terms) => joined(terms, " & "),
            Self::Any(terms) => joined(terms, " | "),
        }
    }
}

fn joined(terms: &[Term], sign: &str) -> String {
    let parts: BTreeSet<String> = terms.iter().map(Term::canonical).collect();
    let parts: Vec<String> = parts.into_iter().collect();
    match parts.as_slice() {
        // A part by itself is what it says; nothing at all is told apart by its sign.
        [only] => only.clone(),
        parts => format!("({}{})", parts.join(sign), if parts.is_empty() { sign } else { "" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> VariableName {
        VariableName::parse(text).unwrap()
    }

    fn literal(variable: &str, keys: Keys) -> Term {
        Term::Literal { variable: name(variable), keys }
    }

    fn keys(keys: &[&str]) -> Keys {
        Keys::In(keys.iter().map(|&key| key.to_owned()).collect())
    }

    fn like(text: &str) -> Keys {
        Keys::Like(Pattern::parse(text).unwrap())
    }

    #[test]
    fn terms_choose_what_they_say() {
        let participate = literal("participate", keys(&["5", "7"]));
        let either = Term::Any(vec![participate.clone(), literal("runs", Keys::Every)]);
        let both = Term::All(vec![literal("runs", like("park%")), literal("runs", like("%RUN"))]);
        for (term, variable, key, expected) in [
            (&participate, "participate", "5", true),
            (&participate, "participate", "6", false),
            (&participate, "runs", "5", false),
            (&either, "participate", "7", true),
            (&either, "participate", "8", false),
            (&either, "runs", "anything", true),
            (&both, "runs", "Parkrun", true),
            (&both, "runs", "park", false),
            (&both, "walks", "parkrun", false),
            (&Term::All(vec![]), "runs", "", false),
            (&Term::Any(vec![]), "runs", "", false),
        ] {
            assert_eq!(term.matches(&name(variable), key), expected, "{term:?} {variable} {key}");
        }
    }

    #[test]
    fn a_conjunction_counts_what_all_its_parts_count() {
        let either = Term::Any(vec![literal("b", Keys::Every), literal("a", Keys::Every)]);
        assert_eq!(either.variables(), BTreeSet::from([name("a"), name("b")]));
        let both = Term::All(vec![either, literal("b", keys(&["1"]))]);
        assert_eq!(both.variables(), BTreeSet::from([name("b")]));
        let never = Term::All(vec![literal("a", Keys::Every), literal("b", Keys::Every)]);
        assert!(never.variables().is_empty());
    }

    #[test]
    fn order_and_repetition_make_no_other_term() {
        let one = Term::Any(vec![literal("a", keys(&["2", "1", "2"])), literal("b", like("X%"))]);
        let other = Term::Any(vec![literal("b", like("x%%")), Term::All(vec![literal("a", keys(&["1", "2"]))])]);
        assert_eq!(one.canonical(), other.canonical());
        assert_eq!(one.canonical(), r#"(a in {"1", "2"} | b like "x%")"#);
        // A key cannot be written so that it looks like two.
        let tricked = literal("a", keys(&["1\", \"2"]));
        assert_ne!(tricked.canonical(), literal("a", keys(&["1", "2"])).canonical());
        assert_ne!(literal("a", like("a\\%")).canonical(), literal("a", like("a%")).canonical());
        assert_ne!(literal("a", like("x")).canonical(), literal("a", keys(&["x"])).canonical());
    }
}
