//! `GET /api/asyncapi.json`: every channel and message of the live socket, as an AsyncAPI document.
//!
//! The document stands beside this file. A test holds what the server says against it, and another the page's parsers.

use std::sync::{Arc, LazyLock};

use warp::filters::BoxedFilter;
use warp::reply::Response;

use crate::app::App;
use crate::bodies::Bodies;
use crate::http::answer::Answer;
use crate::http::cors;
use crate::http::fixed::{self, Fixed};
use crate::http::request::Request;

const PATH: &str = "/api/asyncapi.json";
const DOCUMENT: &str = include_str!("asyncapi/document.json");

static WRITTEN: LazyLock<Fixed> = LazyLock::new(|| {
    let document = DOCUMENT.replacen("{version}", env!("CARGO_PKG_VERSION"), 1);
    Fixed::new("application/json", document.into_bytes())
});

pub fn routes(app: &Arc<App>, bodies: &Bodies) -> BoxedFilter<(Response,)> {
    fixed::routes(|path| path == PATH, app, bodies, cors::open, answer)
}

fn answer(request: &Request) -> Answer {
    Answer { route: PATH, response: WRITTEN.response(&request.headers) }
}
