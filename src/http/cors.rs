//! Leave for browsers and apps of other origins to call our documents, without the cookie.
//!
//! `*` never goes together with credentials, so a page of another site can use a token that it was given, and never the
//! session of whoever looks at it.

use warp::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW,
};
use warp::http::{HeaderValue, Method, StatusCode};
use warp::reply::Response;

use crate::http::answer;

/// Lets pages of other origins read this answer.
pub fn open(response: &mut Response) {
    answer::set(response, ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let exposed = HeaderValue::from_static("ETag, Location, Retry-After, X-Request-Id, RateLimit, RateLimit-Policy");
    answer::set(response, ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
}

/// The answer to OPTIONS, which is also the answer to a browser that asks before it calls.
pub fn options(methods: &[Method]) -> Response {
    let mut response = answer::empty(StatusCode::NO_CONTENT);
    let allowed = answer::allowed(methods);
    answer::set(&mut response, ALLOW, allowed.clone());
    answer::set(&mut response, ACCESS_CONTROL_ALLOW_METHODS, allowed);
    let headers = HeaderValue::from_static(
        "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Api-Key, X-Api-User, X-Auth-Token, \
         X-Request-Id",
    );
    answer::set(&mut response, ACCESS_CONTROL_ALLOW_HEADERS, headers);
    // Ten minutes: one question for a run of half an hour costs nothing, and a change of ours is soon seen.
    answer::set(&mut response, ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}
