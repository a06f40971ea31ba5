//! A request, read once and to a bound, in a shape that every family understands.
//!
//! Knows no family: what a fault in it is called is theirs to say.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures::future;
use percent_encoding::percent_decode;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::filters::path::FullPath;
use warp::http::header::CONTENT_TYPE;
use warp::http::{HeaderMap, Method};
use warp::reply::Response;

use crate::app::metrics::{Answered, Metrics};
use crate::app::{App, AppError, looked_at};
use crate::bodies::{Bodies, BodyError};
use crate::http::answer::{self, Answer};
use crate::http::compressed;
use crate::peer::Origin;

pub struct Request {
    pub method: Method,
    /// As it was sent: percent-encoded, with its leading slash.
    pub path: String,
    /// As it was sent, without the question mark.
    pub query: String,
    pub headers: HeaderMap,
    /// Where it comes from, if that is counted.
    pub origin: Option<Origin>,
    /// Whether it is the caller's turn: a family that counts requests refuses one too many by this, in its own words.
    pub turn: Result<(), AppError>,
    /// Read before any answer, so that a client which is still sending gets to see the answer.
    pub body: Result<Bytes, BodyError>,
}

/// What a body says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentType {
    Missing,
    Json,
    Form,
    Other,
}

/// A name or a value that is not UTF-8 behind its percent signs: the name, when that at least could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotUtf8(pub Option<String>);

impl Request {
    /// The path's segments as they were sent, without the empty one before the first slash.
    pub fn segments(&self) -> Vec<&str> {
        self.path.strip_prefix('/').unwrap_or(&self.path).split('/').collect()
    }

    pub fn content_type(&self) -> ContentType {
        let Some(value) = self.headers.get(CONTENT_TYPE) else { return ContentType::Missing };
        let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/json") {
            ContentType::Json
        } else if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            ContentType::Form
        } else {
            ContentType::Other
        }
    }
}

/// Everything under the first path segments that `owns` knows, answered by `answer`.
///
/// HEAD is answered as GET, without the body. Each request is counted and leaves one line in the debug log: its method, the template of
/// its route, status and duration; never its path, query or headers, which hold tokens and places.
pub fn family<A, F>(
    owns: fn(&str) -> bool,
    bodies: &Bodies,
    metrics: Arc<Metrics>,
    answer: A,
) -> BoxedFilter<(Response,)>
where
    A: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let owns_path = move |path: &str| owns(path.split('/').nth(1).unwrap_or_default());
    paths(owns_path, bodies, metrics, answer)
}

/// Whether the first segment of the path is one of these.
pub fn is_under(path: &str, firsts: &[&str]) -> bool {
    path.split('/').nth(1).is_some_and(|first| firsts.contains(&first))
}

/// As [`paths`], where requests are counted. `shown` finds the secret by which the caller is to be known, if one is given:
/// a good one counts for itself, anything else for its address. Who has looked at much pays for it afterwards. A browser's question
/// whether it may ask is not counted.
pub fn counted<O, S, A, F>(owns: O, bodies: &Bodies, app: &Arc<App>, shown: S, answer: A) -> BoxedFilter<(Response,)>
where
    O: Fn(&str) -> bool + Clone + Send + Sync + 'static,
    S: Fn(&App, &Request) -> Shown + Clone + Send + Sync + 'static,
    A: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let metrics = app.metrics.clone();
    let app = app.clone();
    paths(owns, bodies, metrics, move |mut request: Request| {
        let origin = request.origin;
        let counted = match shown(&app, &request) {
            _ if request.method == Method::OPTIONS => None,
            Shown::Operator => None,
            Shown::Secret(secret) => Some(Some(secret)),
            Shown::Nothing => Some(None),
        };
        let take = |secret: &Option<String>| app.allowances.take(secret.as_deref(), origin);
        let turn = counted.as_ref().map(take).unwrap_or_default();
        if let Some(retry_after_s) = turn.retry_after_s {
            request.turn = Err(AppError::TooOften { retry_after_s });
        }
        let answer = answer(request);
        let app = app.clone();
        async move {
            let (mut answer, looked_at) = looked_at::counted(answer).await;
            let paid = counted.and_then(|secret| app.allowances.pay(secret.as_deref(), origin, looked_at));
            if let Some(standing) = paid.or(turn.standing) {
                answer::tell_standing(&mut answer.response, &standing);
            }
            answer
        }
    })
}

/// What a request holds for its caller to be known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    Nothing,
    Secret(String),
    /// The key of the operator's own back ends, who are not counted.
    Operator,
}

/// As [`family`], for the paths that `owns` knows: a family in the midst of another's.
pub fn paths<O, A, F>(owns: O, bodies: &Bodies, metrics: Arc<Metrics>, answer: A) -> BoxedFilter<(Response,)>
where
    O: Fn(&str) -> bool + Clone + Send + Sync + 'static,
    A: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let ours = warp::path::full().and_then(move |path: FullPath| {
        future::ready(if owns(path.as_str()) { Ok(()) } else { Err(warp::reject::not_found()) })
    });
    let answered = move |request: Request| {
        let started = Instant::now();
        let method = request.method.clone();
        let welcome = compressed::Welcome::of(&request.headers);
        let (answer, metrics) = (answer(request), metrics.clone());
        // Boxed: the filters of all families are moved about for each request, whichever of them answers.
        Box::pin(async move {
            let Answer { route, response } = answer.await;
            let status = response.status().as_u16();
            metrics.http_requests.get_or_create(&Answered { route, status }).inc();
            metrics.http_duration_seconds.observe(started.elapsed().as_secs_f64());
            tracing::debug!(%method, route, status, duration_us = started.elapsed().as_micros(), "answered");
            let response = compressed::fit(response, welcome).await;
            if method == Method::HEAD { answer::without_body(response) } else { response }
        })
    };
    ours.untuple_one().and(request(bodies.clone())).then(answered).boxed()
}

fn request(bodies: Bodies) -> BoxedFilter<(Request,)> {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Origin>())
        .and(warp::body::stream())
        .then(move |method, path: FullPath, query, headers: HeaderMap, origin, body| {
            let bodies = bodies.clone();
            async move {
                let body = bodies.read(&headers, body).await;
                Request { method, path: path.as_str().to_owned(), query, headers, origin, turn: Ok(()), body }
            }
        })
        .boxed()
}

/// The pairs of a query or a form, in their order, decoded one by one as they are asked for.
pub fn pairs(encoded: &[u8]) -> impl Iterator<Item = Result<(String, String), NotUtf8>> {
    encoded.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = match pair.iter().position(|&byte| byte == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        let name = decode(name).ok_or(NotUtf8(None))?;
        match decode(value) {
            Some(value) => Ok((name, value)),
            None => Err(NotUtf8(Some(name))),
        }
    })
}

fn decode(encoded: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = encoded.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    String::from_utf8(percent_decode(&spaced).collect()).ok()
}

/// One segment of a path, decoded.
pub fn decode_segment(segment: &str) -> Option<String> {
    percent_decode(segment.as_bytes()).decode_utf8().ok().map(Into::into)
}

/// A JSON object's members in their order, the same name twice included; numbers as they are written, `1e400` too.
pub struct Members(pub Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_strictly() {
        let ok = |name: &str, value: &str| Ok((name.to_owned(), value.to_owned()));
        let table = [
            ("", vec![]),
            ("a=1&b=2", vec![ok("a", "1"), ok("b", "2")]),
            ("&a=1&&b", vec![ok("a", "1"), ok("b", "")]),
            ("a=x=y", vec![ok("a", "x=y")]),
            ("n=Aino+K%2E%20%C3%A4", vec![ok("n", "Aino K. ä")]),
            ("a=%zz", vec![ok("a", "%zz")]),
            ("a=%ff&b=1", vec![Err(NotUtf8(Some("a".into()))), ok("b", "1")]),
            ("%ff=1", vec![Err(NotUtf8(None))]),
        ];
        for (encoded, expected) in table {
            assert_eq!(pairs(encoded.as_bytes()).collect::<Vec<_>>(), expected, "{encoded}");
        }
    }
}
