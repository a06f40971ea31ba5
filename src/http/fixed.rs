//! Documents that are the same for everybody as long as the process runs: what the API says of itself.
//!
//! Each has a strong tag, so that whoever has it is answered in a few bytes, and it is compressed once. Requests are counted as
//! those for data are.

use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use warp::filters::BoxedFilter;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode};
use warp::reply::Response;

use crate::app::{App, AppError};
use crate::bodies::Bodies;
use crate::http::answer::{self, Answer};
use crate::http::caller;
use crate::http::request::{self, Request};

const METHODS: &[Method] = &[Method::GET, Method::HEAD];

pub struct Fixed {
    body: Bytes,
    content_type: &'static str,
    /// Strong: the same tag means the same bytes.
    etag: String,
}

impl Fixed {
    pub fn new(content_type: &'static str, body: Vec<u8>) -> Self {
        let hash = Sha256::digest(&body);
        let etag = format!("\"{}\"", hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>());
        Self { body: body.into(), content_type, etag }
    }

    /// To a request that may be answered with it.
    pub fn response(&self, headers: &HeaderMap) -> Response {
        let mut response = if self.is_known(headers) {
            answer::empty(StatusCode::NOT_MODIFIED)
        } else {
            let mut response = Response::new(self.body.clone().into());
            answer::set(&mut response, CONTENT_TYPE, HeaderValue::from_static(self.content_type));
            response
        };
        if let Ok(etag) = HeaderValue::try_from(&self.etag) {
            answer::set(&mut response, ETAG, etag);
        }
        // Another version of the server has others.
        answer::set(&mut response, CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }

    #[cfg(test)]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    fn is_known(&self, headers: &HeaderMap) -> bool {
        let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
        let mut known = known.flat_map(|tags| tags.split(',')).map(str::trim);
        known.any(|known| known == "*" || answer::is_same(known, &self.etag))
    }
}

/// What `owns` knows, answered by `read` where it is read, and the caller has not asked too often. `opened` puts into every
/// answer who may read it.
pub fn routes(
    owns: fn(&str) -> bool,
    app: &Arc<App>,
    bodies: &Bodies,
    opened: fn(&mut Response),
    read: fn(&Request) -> Answer,
) -> BoxedFilter<(Response,)> {
    let shown = |_: &App, request: &Request| caller::shown(&request.headers);
    request::counted(owns, bodies, app, shown, move |request: Request| {
        let Answer { route, response } = read(&request);
        let refused = request.turn.as_ref().err().map(refusal);
        let by_method = answer::not_by_this_method(&request.method, METHODS);
        let mut response = by_method.or(refused).unwrap_or(response);
        opened(&mut response);
        async move { Answer { route, response } }
    })
}

fn refusal(error: &AppError) -> Response {
    let mut response = answer::text(StatusCode::TOO_MANY_REQUESTS, "There were too many requests. Try again later.\n");
    if let AppError::TooOften { retry_after_s } = error {
        answer::retry_after(&mut response, *retry_after_s);
    }
    response
}
