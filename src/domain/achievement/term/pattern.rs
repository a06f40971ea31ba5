//! gengine's `ILIKE`, in a time that grows with pattern times key at most.

use crate::domain::achievement::bounds::{KEY_BYTES_MAX, PATTERN_WILDCARDS_MAX};

/// `%` stands for any text, `_` for one character, `\` before either for itself; capitals are as small letters.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Piece {
    Text,
    One,
    Is(char),
}

impl Pattern {
    /// `None` when it is too long, has too many `%`, or ends with `\`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '%' if pieces.last() == Some(&Piece::Text) => {}
                '%' => pieces.push(Piece::Text),
                '_' => pieces.push(Piece::One),
                '\\' => pieces.extend(characters.next()?.to_lowercase().map(Piece::Is)),
                other => pieces.extend(other.to_lowercase().map(Piece::Is)),
            }
        }
        let wildcards = pieces.iter().filter(|piece| **piece == Piece::Text).count();
        let fits = text.len() <= KEY_BYTES_MAX && wildcards <= PATTERN_WILDCARDS_MAX;
        fits.then(|| Self { text: text.to_owned(), pieces })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn matches(&self, key: &str) -> bool {
        let key: Vec<char> = key.chars().flat_map(char::to_lowercase).collect();
        let (mut piece, mut at) = (0, 0);
        // Where to go on when the text for the last `%` was too short: only that one ever needs to be longer.
        let mut again: Option<(usize, usize)> = None;
        while let Some(&character) = key.get(at) {
            match self.pieces.get(piece) {
                Some(Piece::Text) => {
                    again = Some((piece + 1, at));
                    piece += 1;
                }
                Some(Piece::One) => (piece, at) = (piece + 1, at + 1),
                Some(Piece::Is(it)) if *it == character => (piece, at) = (piece + 1, at + 1),
                _ => {
                    let Some((after, from)) = again else { return false };
                    again = Some((after, from + 1));
                    (piece, at) = (after, from + 1);
                }
            }
        }
        self.pieces.iter().skip(piece).all(|piece| *piece == Piece::Text)
    }

    /// The shortest pattern that matches the same.
    pub(super) fn canonical(&self) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text => text.push('%'),
                Piece::One => text.push('_'),
                Piece::Is(it @ ('%' | '_' | '\\')) => text.extend(['\\', *it]),
                Piece::Is(it) => text.push(*it),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_ilike_does() {
        for (pattern, key, expected) in [
            ("", "", true),
            ("", "a", false),
            ("%", "", true),
            ("%", "anything", true),
            ("a", "A", true),
            ("ÄITI", "äiti", true),
            ("a%", "abc", true),
            ("a%", "ba", false),
            ("%b%", "abc", true),
            ("%b", "abc", false),
            ("a_c", "aäc", true),
            ("a_c", "ac", false),
            ("%ab%ab", "xabab", true),
            ("%ab%ab", "xab", false),
            ("%a_b%c", "aab1abc", true),
            ("50\\%", "50%", true),
            ("50\\%", "50x", false),
            ("a\\_b", "a_b", true),
            ("a\\_b", "axb", false),
            ("\\\\", "\\", true),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(key), expected, "{pattern} {key}");
        }
    }

    #[test]
    fn patterns_are_bounded() {
        assert!(Pattern::parse("a\\").is_none());
        assert!(Pattern::parse(&"x".repeat(101)).is_none());
        assert!(Pattern::parse("%a%a%a%a%a%a%a%").is_some());
        assert!(Pattern::parse("%a%a%a%a%a%a%a%a%").is_none());
        // The longest pattern on the longest key.
        let slow = Pattern::parse(&format!("{}b", "%aaaaaaaaaa".repeat(8))).unwrap();
        assert!(!slow.matches(&"a".repeat(100)));
    }
}
