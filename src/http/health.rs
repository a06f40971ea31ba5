//! `GET /health`, `/health/live` and `/health/ready`: for load balancers and orchestrators.
//!
//! Live: the process answers, so there is no use in restarting it. Ready: the store answers too, and the process is not
//! about to end, so requests may be sent here. A process that leaves says so here first, and goes on answering for a while.

use std::sync::Arc;

use serde::Serialize;
use warp::filters::BoxedFilter;
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use crate::app::App;
use crate::bodies::Bodies;
use crate::http::answer::{self, Answer};
use crate::http::request::{self, Request};
use crate::limits;

const METHODS: &[Method] = &[Method::GET, Method::HEAD];

#[derive(Serialize)]
struct Health {
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ready: Option<bool>,
}

pub fn routes(app: Arc<App>, bodies: &Bodies) -> BoxedFilter<(Response,)> {
    let metrics = app.metrics.clone();
    request::family(|first| first == "health", bodies, metrics, move |request| answer(app.clone(), request))
}

async fn answer(app: Arc<App>, request: Request) -> Answer {
    let (route, live, ready) = match request.segments()[..] {
        ["health"] => ("/health", true, true),
        ["health", "live"] => ("/health/live", true, false),
        ["health", "ready"] => ("/health/ready", false, true),
        _ => return Answer { route: "/health/*", response: answer::text(StatusCode::NOT_FOUND, "Not found.\n") },
    };
    if let Some(response) = answer::not_by_this_method(&request.method, METHODS) {
        return Answer { route, response };
    }
    let ready = if ready { Some(is_ready(&app).await) } else { None };
    let status = if ready == Some(false) { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let mut response = answer::json(status, &Health { live: live.then_some(true), ready });
    if ready == Some(false) {
        answer::retry_soon(&mut response);
    }
    Answer { route, response }
}

/// Whether the store answers in time.
async fn is_ready(app: &App) -> bool {
    if app.workers.leaving().is_cancelled() {
        return false;
    }
    matches!(tokio::time::timeout(limits::READY_WAIT_MAX, app.ready()).await, Ok(Ok(())))
}
