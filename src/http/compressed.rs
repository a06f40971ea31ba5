//! Answers go compressed to those who say that they take it (RFC 9110, section 12.5.3): texts that are worth it, by gzip.
//!
//! What an answer is, is not known here; whatever streams, or is a part of a file, stays as it is.

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::sync::LazyLock;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use lru::LruCache;
use parking_lot::Mutex;
use warp::http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, VARY,
};
use warp::http::{HeaderMap, HeaderValue, StatusCode};
use warp::reply::Response;

use crate::app::workers::away;
use crate::http::answer::COMPRESSED_MARK;
use crate::limits;

/// Files of the web-demo by their tags, compressed once.
static FILES: LazyLock<Mutex<LruCache<HeaderValue, Bytes>>> = LazyLock::new(|| {
    let len_max = NonZeroUsize::new(limits::COMPRESSED_KEPT_LEN_MAX).unwrap_or(NonZeroUsize::MIN);
    Mutex::new(LruCache::new(len_max))
});

/// Whether the client takes gzip, and would not rather have what it is.
pub fn is_welcome(headers: &HeaderMap) -> bool {
    let mut gzip = None;
    let mut any = None;
    let mut identity = None;
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    for coding in values.flat_map(|value| value.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let weight = weight.map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0));
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => gzip = Some(weight),
            "identity" => identity = Some(weight),
            "*" => any = Some(weight),
            _ => {}
        }
    }
    let gzip = gzip.or(any).unwrap_or(0.0);
    gzip > 0.0 && identity.is_none_or(|identity| gzip >= identity)
}

/// The answer, compressed if that is `welcome` and worth it.
pub async fn fit(mut response: Response, welcome: bool) -> Response {
    if !is_worth_it(&response) {
        return response;
    }
    let varies =
        response.headers().get(VARY).and_then(|it| it.to_str().ok()).map(|it| format!("{it}, Accept-Encoding"));
    let varies = varies.and_then(|it| HeaderValue::try_from(it).ok());
    let varies = varies.unwrap_or(HeaderValue::from_static("Accept-Encoding"));
    response.headers_mut().insert(VARY, varies);
    if !welcome {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // All of it is in memory: this cannot fail, nor wait.
    let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
        parts.status = StatusCode::INTERNAL_SERVER_ERROR;
        return Response::from_parts(parts, Vec::new().into());
    };
    let is_file = parts.headers.get(CACHE_CONTROL).is_some_and(|cache| !is_private(cache));
    let tag = parts.headers.get(ETAG).filter(|_| is_file).cloned();
    let known = tag.as_ref().and_then(|tag| FILES.lock().get(tag).cloned());
    let compressed = match known {
        Some(known) => known,
        None if body.len() <= limits::COMPRESSED_INLINE_BYTES_MAX => gzip(&body),
        None => {
            let whole = body.clone();
            away(move || gzip(&whole)).await.unwrap_or_default()
        }
    };
    if compressed.is_empty() || compressed.len() >= body.len() {
        return Response::from_parts(parts, body.into());
    }
    if let Some(tag) = tag {
        keep(tag, compressed.clone());
    }
    parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.remove(ACCEPT_RANGES);
    if parts.headers.contains_key(CONTENT_LENGTH) {
        parts.headers.insert(CONTENT_LENGTH, compressed.len().into());
    }
    if let Some(marked) = parts.headers.get(ETAG).and_then(marked) {
        parts.headers.insert(ETAG, marked);
    }
    Response::from_parts(parts, compressed.into())
}

/// Whether this is a whole text of some length, which is not compressed already.
fn is_worth_it(response: &Response) -> bool {
    let headers = response.headers();
    let content_type = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default();
    let is_text = essence.starts_with("text/") && essence != "text/event-stream"
        || matches!(essence, "application/json" | "application/geo+json" | "application/manifest+json")
        || matches!(essence, "image/svg+xml" | "application/xml" | "application/gpx+xml" | "application/javascript");
    let len = response.body().size_hint().exact().unwrap_or(0);
    is_text
        && len >= limits::COMPRESSED_BYTES_MIN as u64
        && response.status() != StatusCode::PARTIAL_CONTENT
        && !headers.contains_key(CONTENT_ENCODING)
}

fn is_private(cache: &HeaderValue) -> bool {
    let cache = cache.to_str().unwrap_or_default();
    cache.contains("private") || cache.contains("no-store")
}

/// `"17-0f"` → `"17-0f-gzip"`.
fn marked(tag: &HeaderValue) -> Option<HeaderValue> {
    let tag = tag.to_str().ok()?.strip_suffix('"')?;
    HeaderValue::try_from(format!("{tag}{COMPRESSED_MARK}\"")).ok()
}

fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 3), Compression::new(4));
    // Into memory: it does not fail.
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.map(Bytes::from).unwrap_or_default()
}

fn keep(tag: HeaderValue, compressed: Bytes) {
    let mut files = FILES.lock();
    files.put(tag, compressed);
    let mut bytes_len: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    while bytes_len > limits::COMPRESSED_KEPT_BYTES_MAX {
        let Some((_, oldest)) = files.pop_lru() else { return };
        bytes_len -= oldest.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_honoured() {
        let table = [
            (None, false),
            (Some("gzip"), true),
            (Some("deflate, GZIP;q=0.5, br"), true),
            (Some("br, deflate"), false),
            (Some("gzip;q=0"), false),
            (Some("gzip; q=0.000"), false),
            (Some("*"), true),
            (Some("*;q=0"), false),
            (Some("gzip;q=0, *"), false),
            (Some("identity"), false),
            (Some("identity;q=1, gzip;q=0.5"), false),
            (Some("identity;q=0.5, gzip;q=1.0"), true),
            (Some("gzip;q=tea"), false),
            (Some(""), false),
        ];
        for (value, expected) in table {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(value));
            }
            assert_eq!(is_welcome(&headers), expected, "{value:?}");
        }
    }

    #[test]
    fn tag_of_other_bytes_is_another() {
        let marked = |tag| marked(&HeaderValue::from_static(tag));
        assert_eq!(marked("\"17-0f\"").unwrap(), "\"17-0f-gzip\"");
        assert_eq!(marked("W/\"0f\"").unwrap(), "W/\"0f-gzip\"");
        assert_eq!(marked("17"), None);
    }
}
