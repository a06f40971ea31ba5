//! `GET /api/asyncapi.json`: every channel and message of the live socket, as an AsyncAPI document.
//!
//! The document stands beside this file. A test holds what the server says against it, and another the page's parsers.

use std::sync::Arc;

use warp::filters::BoxedFilter;
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use crate::app::metrics::Metrics;
use crate::bodies::Bodies;
use crate::http::answer::{self, Answer};
use crate::http::cors;
use crate::http::request::{self, Request};

const PATH: &str = "/api/asyncapi.json";
const METHODS: &[Method] = &[Method::GET, Method::HEAD];
const DOCUMENT: &str = include_str!("asyncapi/document.json");

pub fn routes(bodies: &Bodies, metrics: Arc<Metrics>) -> BoxedFilter<(Response,)> {
    request::paths(|path| path == PATH, bodies, metrics, |request| async move { answer(&request) })
}

fn answer(request: &Request) -> Answer {
    let document = || {
        let document = DOCUMENT.replacen("{version}", env!("CARGO_PKG_VERSION"), 1);
        answer::bytes(StatusCode::OK, "application/json", document.into_bytes())
    };
    let mut response = answer::not_by_this_method(&request.method, METHODS).unwrap_or_else(document);
    cors::open(&mut response);
    Answer { route: PATH, response }
}
