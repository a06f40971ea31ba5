//! `GET /api/openapi.json`: every call of the server over HTTP, as an OpenAPI 3.1 document.
//!
//! The document is `openapi/base.json` with a fragment for each resource, merged once. `tests/it/openapi.rs` holds it against a
//! running server: each path, method, parameter, status, header and member. A fragment is
//! `{"tags": […], "paths": {…}, "components": {"schemas": {…}}}` as OpenAPI has it, and those of our REST API are shorter, for what the
//! conventions say of all calls stands in `dress.rs` once:
//!
//! * An answer of success names its `data` (a schema) and `example` (of the data); envelope and headers are added. 204 has neither.
//! * A body is `"requestBody": {"json": <schema>, "examples": {"<name>": {"summary": …, "value": …}}}`. Each example is sent by
//!   the test, and must be answered by the call's status of success, or by the `x-status` that it names.
//! * What a body or an answer may be besides is `"also": {"<media type>": {…}}`.
//! * 400, 401, 404, 413, 415, 429, 500 and 503 are added where they can come; 403, 409 and others are written down, as
//!   `"409": {"$ref": "#/components/responses/Conflict"}` or with a `description` and an `example` (of the whole `error`) of their own.
//! * What GET answers has an ETag, and GET heeds If-None-Match: that is added. `"tagged": true` is for writes that heed If-Match and
//!   answer with an ETag. `"listed": true`: it takes `page` and `page_size`.
//! * `security` is left out where a caller must be known, `[{}, {"bearer": []}, {"cookie": []}]` where it may be anybody, `[]` where
//!   credentials are not looked at.
//! * Schemas have their members written out (no `allOf`): an answer with a member that stands nowhere is a fault. What may be left
//!   out is not in `required`; what may be `null` says `"type": ["string", "null"]`.
//! * The ids in examples are those of `components.parameters` in `base.json`: the test puts real ones in their place.

mod dress;

use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value};
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

use crate::app::App;
use crate::bodies::Bodies;
use crate::http::answer::{self, Answer};
use crate::http::cors;
use crate::http::fixed::{self, Fixed};
use crate::http::request::Request;

const PATH: &str = "/api/openapi.json";

const BASE: &str = include_str!("openapi/base.json");

/// What all calls of a fragment have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Our REST API: the short forms, the envelope, the errors that may come everywhere.
    Rest,
    /// Another document's: as it is written.
    Own,
}

/// In the order in which readers meet them.
const FRAGMENTS: &[(Form, &str)] = &[
    (Form::Rest, include_str!("openapi/users.json")),
    (Form::Rest, include_str!("openapi/friends.json")),
    (Form::Rest, include_str!("openapi/groups.json")),
    (Form::Rest, include_str!("openapi/tokens.json")),
    (Form::Rest, include_str!("openapi/runs.json")),
    (Form::Rest, include_str!("openapi/events.json")),
    (Form::Rest, include_str!("openapi/share_links.json")),
    (Form::Rest, include_str!("openapi/achievements.json")),
    (Form::Rest, include_str!("openapi/recommendations.json")),
    (Form::Rest, include_str!("openapi/catalogue.json")),
    (Form::Rest, include_str!("openapi/challenges.json")),
    (Form::Rest, include_str!("openapi/tasks.json")),
    (Form::Rest, include_str!("openapi/task_board.json")),
    (Form::Own, include_str!("openapi/runnity.json")),
    (Form::Own, include_str!("openapi/ion.json")),
    (Form::Own, include_str!("openapi/habit.json")),
    (Form::Own, include_str!("openapi/live_api.json")),
    (Form::Own, include_str!("openapi/service.json")),
];

/// The whole document; `Err` says which part of it cannot be read.
static DOCUMENT: LazyLock<Result<Value, String>> = LazyLock::new(whole);

/// The document as it is sent.
static WRITTEN: LazyLock<Option<Fixed>> = LazyLock::new(|| {
    let written = document().and_then(|it| serde_json::to_vec(it).ok());
    written.map(|written| Fixed::new("application/json", written))
});

pub fn routes(app: &Arc<App>, bodies: &Bodies) -> BoxedFilter<(Response,)> {
    fixed::routes(|path| path == PATH, app, bodies, cors::open, answer)
}

/// The document; none when it is not whole, which a test excludes.
pub fn document() -> Option<&'static Value> {
    DOCUMENT.as_ref().inspect_err(|fault| tracing::error!(fault, "the OpenAPI document is not whole")).ok()
}

fn answer(request: &Request) -> Answer {
    let response = match &*WRITTEN {
        Some(document) => document.response(&request.headers),
        None => answer::text(StatusCode::INTERNAL_SERVER_ERROR, "The document is not whole.\n"),
    };
    Answer { route: PATH, response }
}

fn whole() -> Result<Value, String> {
    let mut document = object(&BASE.replacen("{version}", env!("CARGO_PKG_VERSION"), 1))?;
    for (form, fragment) in FRAGMENTS {
        let mut fragment = object(fragment)?;
        if *form == Form::Rest {
            dress::dress(&mut fragment)?;
        }
        merge(&mut document, fragment, "")?;
    }
    Ok(Value::Object(document))
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("{error} in {}", text.get(..200).unwrap_or(text)))
}

/// Objects are joined and lists go on; two words for one thing are a fault.
fn merge(into: &mut Map<String, Value>, from: Map<String, Value>, place: &str) -> Result<(), String> {
    for (name, value) in from {
        match (into.get_mut(&name), value) {
            (Some(Value::Object(there)), Value::Object(more)) => merge(there, more, &format!("{place}/{name}"))?,
            (Some(Value::Array(there)), Value::Array(more)) => there.extend(more),
            (Some(_), _) => return Err(format!("{place}/{name} stands in two places")),
            (None, value) => {
                into.insert(name, value);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_whole() {
        if let Err(fault) = whole() {
            panic!("{fault}");
        }
    }

    #[test]
    fn what_stands_in_two_places_is_a_fault() {
        let mut into = object(r#"{"paths": {"/a": {"get": 1}}, "tags": [1]}"#).unwrap();
        merge(&mut into, object(r#"{"paths": {"/a": {"post": 2}}, "tags": [2]}"#).unwrap(), "").unwrap();
        assert_eq!(
            Value::Object(into.clone()),
            serde_json::json!({"paths": {"/a": {"get": 1, "post": 2}}, "tags": [1, 2]})
        );
        let fault = merge(&mut into, object(r#"{"paths": {"/a": {"get": 3}}}"#).unwrap(), "").unwrap_err();
        assert_eq!(fault, "/paths//a/get stands in two places");
    }
}
