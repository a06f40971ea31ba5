//! Search by name: an index for each beginning of a word, in which stands whoever has such a word in their name.
//!
//! Names are told apart without case and without the marks on their letters, so that `aija` finds `Äijä`. A search goes through the
//! index of the longest of its words and looks at each name that it finds there; how the names found are read is for those
//! who have them to know.

use std::collections::BTreeSet;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::app::AppError;
use crate::app::transact::{Draft, Record};
use crate::backend::Index;
use crate::limits;

/// Whose names: one does not find a group among users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    Users,
    Groups,
}

/// A name, and where its owner stands among all those that a search finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named<'a> {
    pub name: &'a str,
    pub score: i64,
}

/// What is searched for: names that have, for each of these words, one that begins with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Space {
    fn index(self, prefix: &str) -> Index {
        let space = match self {
            Self::Users => "users",
            Self::Groups => "groups",
        };
        Index::new(format!("words/{space}/{prefix}"))
    }
}

/// Lets `member` be found by the name that it has now, instead of the one that it had `before`. `None`: by none.
pub fn place<R: Record>(
    draft: &mut Draft<R>,
    space: Space,
    member: &str,
    before: Option<Named<'_>>,
    now: Option<Named<'_>>,
) {
    let prefixes = |named: Option<Named<'_>>| named.map(|named| prefixes(named.name)).unwrap_or_default();
    let (old, new) = (prefixes(before), prefixes(now));
    let member: Arc<str> = member.into();
    for prefix in old.difference(&new) {
        draft.place(space.index(prefix), member.clone(), None);
    }
    let (before, now) = (before.map(|named| named.score), now.map(|named| named.score));
    for prefix in new.iter().filter(|prefix| before != now || !old.contains(*prefix)) {
        draft.place(space.index(prefix), member.clone(), now);
    }
}

/// A score by which names stand in the order of their letters, as far as the first few tell them apart.
pub fn alphabetical(name: &str) -> i64 {
    let folded = folded(name);
    let bytes = folded.bytes().filter(|byte| !byte.is_ascii_whitespace()).chain(std::iter::repeat(0));
    bytes.take(6).fold(0, |score, byte| score << 8 | i64::from(byte))
}

/// Without case and without the marks on letters: what looks alike to a reader in a hurry is alike.
pub fn folded(text: &str) -> String {
    let bare = text.nfkd().filter(|letter| !is_combining_mark(*letter));
    // There and back, so that ß and ss, σ and ς are one.
    bare.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Whether `text` stands somewhere in `name`, both as [`folded`].
pub fn contains(name: &str, text: &str) -> bool {
    folded(name).contains(folded(text).trim())
}

impl Words {
    /// What somebody has typed. `field` is where, for the complaint that there is no word in it.
    pub fn parse(field: &str, text: &str) -> Result<Self, AppError> {
        if text.chars().count() > limits::SEARCH_LEN_MAX {
            let problem = format!("must have at most {} characters", limits::SEARCH_LEN_MAX);
            return Err(AppError::invalid(field, problem));
        }
        let words: BTreeSet<String> = words(&folded(text)).map(str::to_owned).collect();
        if words.is_empty() {
            return Err(AppError::invalid(field, "must hold a letter or a digit"));
        }
        Ok(Self(words.into_iter().collect()))
    }

    /// Where those stand who may have such a name: in the order of their scores, and more of them than [`Words::are_in`].
    pub fn index(&self, space: Space) -> Index {
        let longest = self.0.iter().max_by_key(|word| word.chars().count());
        space.index(longest.map_or("", |word| beginning(word, limits::WORD_PREFIX_LEN_MAX)))
    }

    pub fn are_in(&self, name: &str) -> bool {
        let folded = folded(name);
        self.0.iter().all(|wanted| words(&folded).any(|word| word.starts_with(wanted)))
    }
}

fn words(folded: &str) -> impl Iterator<Item = &str> {
    let words = folded.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.take(limits::WORDS_LEN_MAX)
}

/// All beginnings of all words of a name, each once.
fn prefixes(name: &str) -> BTreeSet<String> {
    let folded = folded(name);
    let beginnings = |word: &str| {
        let lens = 1..=word.chars().count().min(limits::WORD_PREFIX_LEN_MAX);
        lens.map(|len| beginning(word, len).to_owned()).collect::<Vec<_>>()
    };
    words(&folded).flat_map(beginnings).collect()
}

/// The first `len` letters of a word.
fn beginning(word: &str, len: usize) -> &str {
    word.char_indices().nth(len).map_or(word, |(end, _)| &word[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn are_in(text: &str, name: &str) -> bool {
        Words::parse("name", text).unwrap().are_in(name)
    }

    #[test]
    fn names_are_found_by_the_beginnings_of_their_words() {
        for (text, name, found) in [
            ("aino", "Aino Kallio", true),
            ("KAL ai", "Aino Kallio", true),
            ("llio", "Aino Kallio", false),
            ("aija", "Äijä", true),
            ("ÄIJÄ", "aija", true),
            ("strasse", "Lange Straße", true),
            ("ﬁn", "Finland", true),
            ("οδυσσευς", "ΟΔΥΣΣΕΥΣ", true),
            ("5 km", "Sunday 5km", false),
            ("5k", "Sunday 5km", true),
            ("田中", "田中太郎", true),
            ("o'br", "O'Brien", true),
        ] {
            assert_eq!(are_in(text, name), found, "{text} in {name}");
        }
        for nothing in ["", " ", "!?", "\u{301}"] {
            assert!(Words::parse("name", nothing).is_err(), "{nothing:?}");
        }
    }

    /// A search looks at one index alone: whoever it should find must stand there.
    #[test]
    fn whoever_has_the_words_stands_in_the_index_that_is_looked_at() {
        let name = "Äijä Maximilianus von und zu Straße 2026";
        let places: Vec<_> = prefixes(name).iter().map(|prefix| Space::Users.index(prefix)).collect();
        for text in ["a", "aij", "aija maximilianu", "maximilianus", "STRASS", "2026 zu"] {
            let words = Words::parse("name", text).unwrap();
            assert!(words.are_in(name) && places.contains(&words.index(Space::Users)), "{text}");
        }
        assert!(places.len() <= limits::WORDS_LEN_MAX * limits::WORD_PREFIX_LEN_MAX);
        let endless = "a b c d e f g h i j k l m n o p q r s t u v w x y z".repeat(9);
        assert_eq!(prefixes(&endless).len(), limits::WORDS_LEN_MAX);
    }

    #[test]
    fn contained_is_what_stands_anywhere_in_a_name() {
        for (text, name, found) in
            [("RUN", "The long-run club", true), ("ong r", "long run", true), ("x", "run", false)]
        {
            assert_eq!(contains(name, text), found, "{text} in {name}");
        }
    }

    #[test]
    fn scores_stand_in_the_order_of_the_letters() {
        let names = ["", "A", "aa", "Ääb", "Abc", "b", "Zoë", "Ж"];
        assert!(names.is_sorted_by_key(|name| alphabetical(name)), "{:?}", names.map(alphabetical));
        assert!(names.iter().all(|name| (0..1 << 48).contains(&alphabetical(name))));
    }
}
