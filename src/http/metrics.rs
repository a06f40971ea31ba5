//! `GET /metrics`: what the process has counted, for Prometheus.

use std::sync::Arc;

use warp::filters::BoxedFilter;
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use crate::app::App;
use crate::bodies::Bodies;
use crate::http::answer::{self, Answer};
use crate::http::request::{self, Request};

const METHODS: &[Method] = &[Method::GET, Method::HEAD];
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub fn routes(app: Arc<App>, bodies: &Bodies) -> BoxedFilter<(Response,)> {
    let metrics = app.metrics.clone();
    request::family(|first| first == "metrics", bodies, metrics, move |request| answer(app.clone(), request))
}

async fn answer(app: Arc<App>, request: Request) -> Answer {
    let route = "/metrics";
    if request.path != route {
        return Answer { route: "/metrics/*", response: answer::text(StatusCode::NOT_FOUND, "Not found.\n") };
    }
    let metrics = || answer::bytes(StatusCode::OK, OPEN_METRICS, app.metrics.encode().into());
    let response = answer::not_by_this_method(&request.method, METHODS).unwrap_or_else(metrics);
    Answer { route, response }
}
