//! Answers go compressed to those who say that they take it (RFC 9110, section 12.5.3): texts that are worth it, by gzip; files of the
//! web-demo by Brotli (RFC 7932) where that is welcome, which makes them a sixth smaller and takes longer, but once.
//!
//! What an answer is, is not known here; whatever streams, or is a part of a file, stays as it is.

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::sync::LazyLock;

use brotli::enc::BrotliEncoderParams;
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
use crate::limits;

/// Nearly as small as with 11, in a tenth of the time: the first who asks for a file waits for it.
const BROTLI_QUALITY: i32 = 9;

/// Files of the web-demo by their tags, compressed once.
static FILES: LazyLock<Mutex<LruCache<(HeaderValue, Coding), Bytes>>> = LazyLock::new(|| {
    let len_max = NonZeroUsize::new(limits::COMPRESSED_KEPT_LEN_MAX).unwrap_or(NonZeroUsize::MIN);
    Mutex::new(LruCache::new(len_max))
});

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Coding {
    Gzip,
    Brotli,
}

/// What a client takes, and would not rather have as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Welcome {
    pub gzip: bool,
    pub brotli: bool,
}

impl Welcome {
    pub fn of(headers: &HeaderMap) -> Self {
        let (mut gzip, mut brotli, mut any, mut identity) = (None, None, None, None);
        let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        for coding in values.flat_map(|value| value.split(',')) {
            let mut parts = coding.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            let weight = weight.map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0));
            match name.to_ascii_lowercase().as_str() {
                "gzip" | "x-gzip" => gzip = Some(weight),
                "br" => brotli = Some(weight),
                "identity" => identity = Some(weight),
                "*" => any = Some(weight),
                _ => {}
            }
        }
        let is_welcome = |weight: Option<f32>| {
            let weight = weight.or(any).unwrap_or(0.0);
            weight > 0.0 && identity.is_none_or(|identity| weight >= identity)
        };
        Self { gzip: is_welcome(gzip), brotli: is_welcome(brotli) }
    }

    /// By which coding an answer goes, if by any.
    fn coding(self, is_file: bool) -> Option<Coding> {
        match self {
            Self { brotli: true, .. } if is_file => Some(Coding::Brotli),
            Self { gzip: true, .. } => Some(Coding::Gzip),
            Self { .. } => None,
        }
    }
}

impl Coding {
    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
        }
    }

    fn compressed(self, body: &[u8]) -> Bytes {
        let mut into = Vec::with_capacity(body.len() / 3);
        // Into memory: it does not fail.
        let written = match self {
            Self::Gzip => {
                let mut encoder = GzEncoder::new(&mut into, Compression::new(4));
                encoder.write_all(body).and_then(|()| encoder.finish().map(drop))
            }
            Self::Brotli => {
                let parameters =
                    BrotliEncoderParams { quality: BROTLI_QUALITY, size_hint: body.len(), ..Default::default() };
                brotli::BrotliCompress(&mut &*body, &mut into, &parameters).map(drop)
            }
        };
        written.map(|()| Bytes::from(into)).unwrap_or_default()
    }

    /// `"17-0f"` → `"17-0f-gzip"`: other bytes need another tag.
    fn marked(self, tag: &HeaderValue) -> Option<HeaderValue> {
        let tag = tag.to_str().ok()?.strip_suffix('"')?;
        HeaderValue::try_from(format!("{tag}-{}\"", self.name())).ok()
    }
}

/// The answer, compressed if that is `welcome` and worth it.
pub async fn fit(mut response: Response, welcome: Welcome) -> Response {
    if !is_worth_it(&response) {
        return response;
    }
    vary(&mut response);
    let is_file = response.headers().get(CACHE_CONTROL).is_some_and(|cache| !is_private(cache));
    let Some(coding) = welcome.coding(is_file) else { return response };
    let (mut parts, body) = response.into_parts();
    // All of it is in memory: this cannot fail, nor wait.
    let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
        parts.status = StatusCode::INTERNAL_SERVER_ERROR;
        return Response::from_parts(parts, Vec::new().into());
    };
    let tag = parts.headers.get(ETAG).filter(|_| is_file).cloned();
    let known = tag.as_ref().and_then(|tag| FILES.lock().get(&(tag.clone(), coding)).cloned());
    let compressed = match known {
        Some(known) => known,
        None if coding == Coding::Gzip && body.len() <= limits::COMPRESSED_INLINE_BYTES_MAX => coding.compressed(&body),
        None => {
            let whole = body.clone();
            away(move || coding.compressed(&whole)).await.unwrap_or_default()
        }
    };
    if compressed.is_empty() || compressed.len() >= body.len() {
        return Response::from_parts(parts, body.into());
    }
    if let Some(tag) = tag {
        keep((tag, coding), compressed.clone());
    }
    encoded(&mut parts.headers, coding);
    if parts.headers.contains_key(CONTENT_LENGTH) {
        parts.headers.insert(CONTENT_LENGTH, compressed.len().into());
    }
    Response::from_parts(parts, compressed.into())
}

/// What is sent was compressed before, by Brotli.
pub fn is_brotli(response: &mut Response) {
    vary(response);
    encoded(response.headers_mut(), Coding::Brotli);
}

fn encoded(headers: &mut HeaderMap, coding: Coding) {
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    headers.remove(ACCEPT_RANGES);
    if let Some(marked) = headers.get(ETAG).and_then(|tag| coding.marked(tag)) {
        headers.insert(ETAG, marked);
    }
}

fn vary(response: &mut Response) {
    let varies =
        response.headers().get(VARY).and_then(|it| it.to_str().ok()).map(|it| format!("{it}, Accept-Encoding"));
    let varies = varies.and_then(|it| HeaderValue::try_from(it).ok());
    let varies = varies.unwrap_or(HeaderValue::from_static("Accept-Encoding"));
    response.headers_mut().insert(VARY, varies);
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

fn keep(name: (HeaderValue, Coding), compressed: Bytes) {
    let mut files = FILES.lock();
    files.put(name, compressed);
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
            (None, ""),
            (Some("gzip"), "gzip"),
            (Some("deflate, GZIP;q=0.5, br"), "gzip br"),
            (Some("br, deflate"), "br"),
            (Some("gzip;q=0"), ""),
            (Some("gzip; q=0.000, br;q=0.1"), "br"),
            (Some("*"), "gzip br"),
            (Some("*;q=0"), ""),
            (Some("gzip;q=0, *"), "br"),
            (Some("identity"), ""),
            (Some("identity;q=1, gzip;q=0.5"), ""),
            (Some("identity;q=0.5, gzip;q=1.0"), "gzip"),
            (Some("gzip;q=tea"), ""),
            (Some(""), ""),
        ];
        for (value, expected) in table {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(value));
            }
            let Welcome { gzip, brotli } = Welcome::of(&headers);
            let names: Vec<_> = [(gzip, "gzip"), (brotli, "br")].iter().filter(|it| it.0).map(|it| it.1).collect();
            assert_eq!(names.join(" "), expected, "{value:?}");
        }
    }

    #[test]
    fn files_alone_go_by_brotli_and_come_back_whole() {
        let all = Welcome { gzip: true, brotli: true };
        assert_eq!((all.coding(true), all.coding(false)), (Some(Coding::Brotli), Some(Coding::Gzip)));
        assert_eq!(Welcome { gzip: false, brotli: true }.coding(false), None);
        let text = "where is the runner now? ".repeat(200);
        let compressed = Coding::Brotli.compressed(text.as_bytes());
        let mut whole = Vec::new();
        brotli::BrotliDecompress(&mut &*compressed, &mut whole).unwrap();
        assert!(compressed.len() < 100 && whole == text.as_bytes(), "{}", compressed.len());
    }

    #[test]
    fn tag_of_other_bytes_is_another() {
        let marked = |tag, coding: Coding| coding.marked(&HeaderValue::from_static(tag));
        assert_eq!(marked("\"17-0f\"", Coding::Gzip).unwrap(), "\"17-0f-gzip\"");
        assert_eq!(marked("W/\"0f\"", Coding::Brotli).unwrap(), "W/\"0f-br\"");
        assert_eq!(marked("17", Coding::Gzip), None);
    }
}
