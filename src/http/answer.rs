//! What goes back, in the parts that all families share. Knows no envelope and no error body.

use hyper::body::Body as _;
use serde::Serialize;
use warp::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, REFERRER_POLICY, RETRY_AFTER,
};
use warp::http::{HeaderValue, Method, StatusCode};
use warp::reply::Response;

use crate::app::allowances::{Counted, Standing};

/// Ends the tag of an answer that was compressed, by gzip or by Brotli: other bytes need another tag.
pub const COMPRESSED_MARKS: [&str; 2] = ["-gzip", "-br"];

/// A response with the template of its route (`/api/runs/:id`), which is what logs may say.
pub struct Answer {
    pub route: &'static str,
    pub response: Response,
}

/// Whether two tags stand for the same, by the weak comparison of RFC 9110, section 8.8.3.2, whatever became of it on its way.
pub fn is_same(tag: &str, other: &str) -> bool {
    fn opaque(tag: &str) -> &str {
        let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
        COMPRESSED_MARKS.iter().find_map(|mark| tag.strip_suffix(mark)).unwrap_or(tag)
    }
    tag.ends_with('"') && other.ends_with('"') && opaque(tag) == opaque(other)
}

/// A response with no body.
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Vec::new().into());
    *response.status_mut() = status;
    response
}

/// A JSON document. It may depend on who asks, so nobody keeps it unless a family says otherwise.
pub fn json(status: StatusCode, document: &impl Serialize) -> Response {
    match serde_json::to_vec(document) {
        Ok(document) => bytes(status, "application/json", document),
        Err(error) => {
            tracing::error!(%error, "a document could not be written");
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// A message of ours as a sentence begins.
pub fn capitalised(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A short text for people.
pub fn text(status: StatusCode, text: &'static str) -> Response {
    bytes(status, "text/plain; charset=utf-8", text.into())
}

pub fn bytes(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    set(&mut response, CONTENT_TYPE, HeaderValue::from_static(content_type));
    set(&mut response, CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub fn set(response: &mut Response, name: HeaderName, value: HeaderValue) {
    response.headers_mut().insert(name, value);
}

/// What was shared with some is not for search engines, and no other site learns that it was looked at.
pub fn keep_to_oneself(response: &mut Response) {
    set(response, HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
    set(response, REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}

/// Says which methods there are: `methods` and what follows from them.
pub fn allow(response: &mut Response, methods: &[Method]) {
    set(response, ALLOW, allowed(methods));
}

/// What the status of a refusal calls for: which methods there are, or after how many seconds to ask again.
pub fn say_how_to_go_on(response: &mut Response, methods: &[Method], retry_after_s: u64) {
    match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => allow(response, methods),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => retry_after(response, retry_after_s),
        _ => {}
    }
}

/// The answer to OPTIONS, and to a method that is not there, in plain words; none for one of `methods`.
pub fn not_by_this_method(method: &Method, methods: &[Method]) -> Option<Response> {
    if methods.contains(method) {
        return None;
    }
    let mut response = match *method {
        Method::OPTIONS => empty(StatusCode::NO_CONTENT),
        _ => text(StatusCode::METHOD_NOT_ALLOWED, "There is no such method here.\n"),
    };
    allow(&mut response, methods);
    Some(response)
}

/// `methods` and OPTIONS, as one header's value.
pub fn allowed(methods: &[Method]) -> HeaderValue {
    let names = methods.iter().map(Method::as_str).chain([Method::OPTIONS.as_str()]);
    HeaderValue::try_from(names.collect::<Vec<_>>().join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"))
}

/// The same may be asked again, soon.
pub fn retry_soon(response: &mut Response) {
    retry_after(response, 1);
}

/// The same may be asked again after so many seconds.
pub fn retry_after(response: &mut Response, seconds: u64) {
    set(response, RETRY_AFTER, seconds.into());
}

/// How much of its allowance the caller has left, in the fields of the IETF's `draft-ietf-httpapi-ratelimit-headers`: of the
/// forms in use, the only one that also says of whose allowance it speaks.
pub fn tell_standing(response: &mut Response, standing: &Standing) {
    let Standing { of, quota, window_s, remaining, reset_s } = *standing;
    let name = match of {
        Counted::Token => "token",
        Counted::Address => "address",
    };
    let policy = format!("\"{name}\";q={quota};w={window_s}");
    let limit = format!("\"{name}\";r={remaining};t={reset_s}");
    for (field, value) in [("ratelimit-policy", policy), ("ratelimit", limit)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            set(response, HeaderName::from_static(field), value);
        }
    }
}

/// The answer to HEAD: what GET would say about its body, and no body.
pub fn without_body(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact().filter(|&length| length > 0) {
        parts.headers.insert(CONTENT_LENGTH, length.into());
    }
    Response::from_parts(parts, Vec::new().into())
}
