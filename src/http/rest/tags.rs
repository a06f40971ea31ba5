//! `ETag`, `If-Match` and `If-None-Match`.
//!
//! The tag of a resource is `"<version>-<hash>"`: its version, and a hash of what is shown, for that depends on more than the
//! resource: on who asks, on the fields that are asked for, on names. `If-None-Match` compares all of it, and `If-Match` the
//! version alone. What has no version of its own, such as a list, has a weak tag. An answer that was compressed on its way has
//! a mark in its tag; here it means the same.

use sha2::{Digest as _, Sha256};
use warp::http::header::{CACHE_CONTROL, ETAG, IF_MATCH, IF_NONE_MATCH, VARY};
use warp::http::{HeaderMap, HeaderValue};
use warp::reply::Response;

use crate::app::AppError;
use crate::backend::Version;
use crate::http::answer;

/// The tag of what is shown.
pub fn of(version: Option<Version>, shown: &[u8]) -> String {
    // The same on every instance, whatever it was built with.
    let hash = Sha256::digest(shown).iter().take(8).fold(0, |hash: u64, &byte| hash << 8 | u64::from(byte));
    match version {
        Some(Version(version)) => format!("\"{version}-{hash:016x}\""),
        None => format!("W/\"{hash:016x}\""),
    }
}

/// Puts the tag into an answer. Who keeps it asks each time whether it is still so, and shows it to nobody else.
pub fn put(response: &mut Response, tag: &str) {
    if let Ok(tag) = HeaderValue::try_from(tag) {
        answer::set(response, ETAG, tag);
        answer::set(response, CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        answer::set(response, VARY, HeaderValue::from_static("Authorization, Cookie"));
    }
}

/// Whether the client has what this tag stands for.
pub fn is_known(tag: &str, headers: &HeaderMap) -> bool {
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
    known.flat_map(|tags| tags.split(',')).map(str::trim).any(|known| known == "*" || answer::is_same(known, tag))
}

/// The version that the resource must still have: `None` when nothing or `*` is said, which is to say any. A weak tag, or one
/// that is none of ours, matches nothing.
pub fn if_match(headers: &HeaderMap) -> Result<Option<Version>, AppError> {
    let mut values = headers.get_all(IF_MATCH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let value = value.to_str().unwrap_or_default().trim();
    if values.next().is_some() || value.contains(',') {
        return Err(AppError::invalid("If-Match", "must hold one ETag, or *"));
    }
    if value == "*" {
        return Ok(None);
    }
    let version = value.strip_prefix('"').and_then(|tag| tag.split(['-', '"']).next());
    Ok(Some(version.and_then(|version| version.parse().ok()).map_or(Version::NEVER, Version)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: warp::http::HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), HeaderValue::try_from(*value).unwrap())).collect()
    }

    #[test]
    fn tag_is_known_by_any_that_stands_for_the_same() {
        let (strong, weak) = (of(Some(Version(17)), b"{}"), of(None, b"{}"));
        assert!(strong.starts_with("\"17-") && weak.starts_with("W/\""), "{strong} {weak}");
        assert_ne!(strong, of(Some(Version(17)), b"[]"));
        let weakened = format!("W/{strong}");
        let [zipped, brotli] = answer::COMPRESSED_MARKS.map(|mark| format!("{}{mark}\"", &strong[..strong.len() - 1]));
        for known in [&strong, &weakened, &zipped, &brotli, &format!("\"x\", {strong}"), &"*".to_owned()] {
            assert!(is_known(&strong, &headers(IF_NONE_MATCH, &[known])), "{known}");
        }
        assert!(is_known(&weak, &headers(IF_NONE_MATCH, &["\"x\"", &weak])));
        for other in ["", "\"17\"", "17", "\"16-0\"", "W/\"*\""] {
            assert!(!is_known(&strong, &headers(IF_NONE_MATCH, &[other])), "{other}");
        }
    }

    #[test]
    fn if_match_names_a_version_or_anything() {
        let version = |values: &[&str]| if_match(&headers(IF_MATCH, values));
        assert_eq!(version(&[]).unwrap(), None);
        assert_eq!(version(&["*"]).unwrap(), None);
        assert_eq!(version(&[&of(Some(Version(17)), b"{}")]).unwrap(), Some(Version(17)));
        assert_eq!(version(&["\"17\""]).unwrap(), Some(Version(17)));
        for other in ["W/\"17-0\"", "17", "", "\"tea\"", "\"-17\""] {
            assert_eq!(version(&[other]).unwrap(), Some(Version::NEVER), "{other}");
        }
        assert!(version(&["\"17-0\", \"18-0\""]).is_err());
        assert!(version(&["\"17-0\"", "\"18-0\""]).is_err());
    }
}
