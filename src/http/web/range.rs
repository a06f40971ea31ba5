//! Which part of a file is wanted, and whether any: RFC 9110's conditional and range requests, for one range.

use warp::http::header::{HeaderName, IF_NONE_MATCH, IF_RANGE, RANGE};
use warp::http::{HeaderMap, Method};

use crate::http::answer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The client has it already.
    Nothing,
    Whole,
    /// These bytes, both included.
    Part {
        first: u64,
        last: u64,
    },
    /// A part that the file does not have.
    Beyond,
}

/// What a request with these headers wants of a file of `len` bytes with this (strong) tag.
pub fn wanted(method: &Method, headers: &HeaderMap, etag: &str, len: u64) -> Wanted {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if text(IF_NONE_MATCH).is_some_and(|tags| is_among(tags, etag)) {
        return Wanted::Nothing;
    }
    // A date in If-Range cannot match: we tell no dates.
    let is_same = text(IF_RANGE).is_none_or(|tag| tag.trim() == etag);
    match text(RANGE) {
        Some(range) if is_same && *method == Method::GET => part(range, len),
        _ => Wanted::Whole,
    }
}

/// `If-None-Match` compares weakly: a proxy that has compressed a file has weakened its tag.
fn is_among(tags: &str, etag: &str) -> bool {
    let mut tags = tags.split(',').map(str::trim);
    tags.any(|tag| tag == "*" || answer::is_same(tag, etag))
}

/// What cannot be understood, and several ranges at once, are answered with the whole file, as the RFC allows.
fn part(range: &str, len: u64) -> Wanted {
    let Some((unit, bounds)) = range.split_once('=') else { return Wanted::Whole };
    let Some((first, last)) = bounds.trim().split_once('-') else { return Wanted::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Wanted::Whole;
    }
    match (number(first), number(last)) {
        (None, None) => Wanted::Whole,
        (Some(Err(())), _) | (_, Some(Err(()))) => Wanted::Whole,
        (None, Some(Ok(count))) if count == 0 || len == 0 => Wanted::Beyond,
        (None, Some(Ok(count))) => Wanted::Part { first: len.saturating_sub(count), last: len - 1 },
        (Some(Ok(first)), Some(Ok(last))) if last < first => Wanted::Whole,
        (Some(Ok(first)), _) if first >= len => Wanted::Beyond,
        (Some(Ok(first)), None) => Wanted::Part { first, last: len - 1 },
        (Some(Ok(first)), Some(Ok(last))) => Wanted::Part { first, last: last.min(len - 1) },
    }
}

/// None when nothing is there; a number that is too large for any file is the largest.
fn number(text: &str) -> Option<Result<u64, ()>> {
    let text = text.trim();
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    (!text.is_empty()).then(|| if is_number { Ok(text.parse().unwrap_or(u64::MAX)) } else { Err(()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use warp::http::HeaderValue;

    #[test]
    fn range_is_read_as_the_rfc_says() {
        let part_of = |first, last| Wanted::Part { first, last };
        let table = [
            ("bytes=0-9", part_of(0, 9)),
            ("bytes=90-", part_of(90, 99)),
            ("bytes=-10", part_of(90, 99)),
            ("bytes=-1000", part_of(0, 99)),
            ("bytes=0-1000", part_of(0, 99)),
            ("bytes=0-99999999999999999999999", part_of(0, 99)),
            ("BYTES = 1-2", part_of(1, 2)),
            ("bytes=100-", Wanted::Beyond),
            ("bytes=99999999999999999999999-", Wanted::Beyond),
            ("bytes=-0", Wanted::Beyond),
            ("bytes=9-1", Wanted::Whole),
            ("bytes=1-2,4-5", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=", Wanted::Whole),
            ("lines=1-2", Wanted::Whole),
            ("", Wanted::Whole),
        ];
        for (range, expected) in table {
            assert_eq!(part(range, 100), expected, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Wanted::Beyond);
        assert_eq!(part("bytes=-1", 0), Wanted::Beyond);
    }

    #[test]
    fn conditions_come_before_ranges() {
        let some = Wanted::Part { first: 0, last: 9 };
        type Pairs = &'static [(&'static str, &'static str)];
        let table: [(&Method, Pairs, Wanted); 10] = [
            (&Method::GET, &[("range", "bytes=0-9")], some),
            (&Method::HEAD, &[("range", "bytes=0-9")], Wanted::Whole),
            (&Method::GET, &[("range", "bytes=0-9"), ("if-range", "\"a\"")], some),
            (&Method::GET, &[("range", "bytes=0-9"), ("if-range", "\"b\"")], Wanted::Whole),
            (&Method::GET, &[("range", "bytes=0-9"), ("if-range", "W/\"a\"")], Wanted::Whole),
            (&Method::GET, &[("range", "bytes=0-9"), ("if-none-match", "\"a\"")], Wanted::Nothing),
            (&Method::GET, &[("if-none-match", "\"b\", W/\"a\"")], Wanted::Nothing),
            (&Method::HEAD, &[("if-none-match", "*")], Wanted::Nothing),
            (&Method::GET, &[("if-none-match", "\"b\"")], Wanted::Whole),
            (&Method::GET, &[], Wanted::Whole),
        ];
        for (method, pairs, expected) in table {
            let headers =
                pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            assert_eq!(wanted(method, &headers.collect(), "\"a\"", 100), expected, "{method} {pairs:?}");
        }
    }
}
