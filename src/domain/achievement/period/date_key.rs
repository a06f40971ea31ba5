//! Dates in the words of PostgreSQL's `to_char`, by which goals group values.

use std::fmt::Write as _;

use chrono::{Datelike as _, NaiveDate, NaiveTime, Timelike as _};
use chrono_tz::Tz;

use crate::domain::event::local;
use crate::domain::time::Timestamp;

/// Longer ones before those that they begin with. Nothing finer than an hour: values are kept by quarters of one.
const WORDS: [&str; 13] = ["IYYY", "YYYY", "HH24", "DDD", "YY", "MM", "DD", "WW", "IW", "ID", "D", "Q", "CC"];

/// The local time in the words of PostgreSQL's `to_char`, as far as [`format_is_known`]. What is not a letter stands for itself.
pub fn date_key(at: Timestamp, zone: Tz, format: &str) -> String {
    let (date, time) = local(at, zone);
    let mut key = String::new();
    for piece in pieces(format) {
        match piece {
            Piece::Word(word) => write_word(&mut key, word, date, time),
            Piece::Text(text) => key.push(text),
        }
    }
    key
}

/// Whether all letters of a format mean something to [`date_key`]: `YYYY YY IYYY CC Q MM DD DDD D ID WW IW HH24`, in any case, and
/// whatever stands in double quotes.
pub fn format_is_known(format: &str) -> bool {
    let mut in_quotes = false;
    let known = pieces(format).all(|piece| match piece {
        Piece::Text('"') => {
            in_quotes = !in_quotes;
            true
        }
        Piece::Text(text) => in_quotes || !text.is_alphabetic(),
        Piece::Word(_) => true,
    });
    known && !in_quotes
}

enum Piece {
    Word(&'static str),
    Text(char),
}

/// Quotes are kept as text, so that whoever asks sees them.
fn pieces(format: &str) -> impl Iterator<Item = Piece> {
    let mut rest = format;
    let mut in_quotes = false;
    std::iter::from_fn(move || {
        let word =
            WORDS.into_iter().find(|word| rest.get(..word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word)));
        if let Some(word) = word.filter(|_| !in_quotes) {
            rest = rest.get(word.len()..)?;
            return Some(Piece::Word(word));
        }
        let mut characters = rest.chars();
        let text = characters.next()?;
        rest = characters.as_str();
        in_quotes ^= text == '"';
        Some(Piece::Text(text))
    })
}

fn write_word(key: &mut String, word: &str, date: NaiveDate, time: NaiveTime) {
    let weekday = date.weekday();
    let written = match word {
        "IYYY" => write!(key, "{:04}", date.iso_week().year()),
        "YYYY" => write!(key, "{:04}", date.year()),
        "YY" => write!(key, "{:02}", date.year().rem_euclid(100)),
        "CC" => write!(key, "{:02}", (date.year() - 1).div_euclid(100) + 1),
        "Q" => write!(key, "{}", date.month0() / 3 + 1),
        "MM" => write!(key, "{:02}", date.month()),
        "DDD" => write!(key, "{:03}", date.ordinal()),
        "DD" => write!(key, "{:02}", date.day()),
        "WW" => write!(key, "{:02}", date.ordinal0() / 7 + 1),
        "IW" => write!(key, "{:02}", date.iso_week().week()),
        "ID" => write!(key, "{}", weekday.number_from_monday()),
        "D" => write!(key, "{}", weekday.number_from_sunday()),
        _ => write!(key, "{:02}", time.hour()),
    };
    // Writing into a string does not fail.
    debug_assert!(written.is_ok());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_those_of_to_char() {
        let at = Timestamp::parse("2027-01-02T22:45:00Z").unwrap();
        for (zone, format, expected) in [
            (Tz::UTC, "YYYY-MM-DD", "2027-01-02"),
            (Tz::Europe__Helsinki, "yyyy-mm-dd", "2027-01-03"),
            (Tz::UTC, "IYYY/IW/ID", "2026/53/6"),
            (Tz::UTC, "YY DDD WW D Q CC", "27 002 01 7 1 21"),
            (Tz::Asia__Kolkata, "HH24", "04"),
            (Tz::UTC, "DDDD", "0027"),
            (Tz::UTC, "\"DD\"DD", "\"DD\"02"),
            (Tz::UTC, "", ""),
        ] {
            assert!(format_is_known(format), "{format}");
            assert_eq!(date_key(at, zone, format), expected, "{format}");
        }
        for bad in ["Day", "MI", "SS", "HH12", "W", "YYYYä", "\"DD"] {
            assert!(!format_is_known(bad), "{bad}");
        }
        // Never wrong, whatever it is given.
        assert_eq!(date_key(at, Tz::UTC, "ä☺MI"), "ä☺MI");
    }
}
