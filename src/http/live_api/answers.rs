//! How this API answers: results, errors by its own codes, and what is said before anybody is known.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use crate::app::AppError;
use crate::bodies::BodyError;
use crate::http::answer;

/// Where errors are said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In the body, with status 200.
    Body,
    /// By the status as well.
    Status,
}

/// Why nothing of a request was looked at.
#[derive(Clone, Debug)]
pub enum Denied {
    Unauthenticated,
    Forbidden,
    Unknown,
    /// By another method of HTTP than POST.
    NotPosted,
    TooLarge,
    Broken,
    App(AppError),
}

#[derive(Deserialize)]
pub struct Batch {
    pub commands: Vec<BTreeMap<String, Box<RawValue>>>,
    #[serde(default)]
    pub parallel: bool,
}

/// An error as it stands in an answer.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct ErrorDocument {
    pub code: u32,
    pub message: String,
}

#[derive(Serialize)]
struct WithError {
    error: ErrorDocument,
}

#[derive(Serialize)]
struct WithResult<'a> {
    result: &'a RawValue,
}

#[derive(Serialize)]
struct Replies {
    replies: Vec<Box<RawValue>>,
}

impl Mode {
    pub fn of(headers: &HeaderMap) -> Self {
        let mode = headers.get("x-centrifugo-error-mode");
        if mode.is_some_and(|mode| mode == "transport") { Self::Status } else { Self::Body }
    }
}

impl From<AppError> for ErrorDocument {
    fn from(error: AppError) -> Self {
        let (code, message) = match &error {
            AppError::Internal | AppError::Unavailable => (100, "internal server error".to_owned()),
            AppError::Unauthenticated | AppError::Expired => (101, "unauthorized".to_owned()),
            AppError::NotFound(_) => (102, "unknown channel".to_owned()),
            AppError::Forbidden => (103, "permission denied".to_owned()),
            AppError::Invalid { .. } | AppError::KeyReused | AppError::Faulty(_) => {
                (107, format!("bad request: {error}"))
            }
            AppError::NotAvailable => (108, "not available".to_owned()),
            AppError::Stale => (113, error.to_string()),
            AppError::Busy | AppError::TooOften { .. } => (111, "too many requests".to_owned()),
            AppError::Unrecoverable => (112, "unrecoverable position".to_owned()),
            AppError::Conflict { .. } => (113, format!("conflict: {error}")),
        };
        Self { code, message }
    }
}

impl ErrorDocument {
    /// What a batch had no room for.
    pub fn limit_exceeded() -> Self {
        Self { code: 106, message: "limit exceeded".to_owned() }
    }

    pub fn method_not_found() -> Self {
        Self { code: 104, message: "method not found".to_owned() }
    }

    fn status(&self) -> StatusCode {
        match self.code {
            101 => StatusCode::UNAUTHORIZED,
            103 => StatusCode::FORBIDDEN,
            102 | 104 => StatusCode::NOT_FOUND,
            106..=108 => StatusCode::BAD_REQUEST,
            111 => StatusCode::TOO_MANY_REQUESTS,
            112 => StatusCode::RANGE_NOT_SATISFIABLE,
            113 => StatusCode::CONFLICT,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

pub fn one(outcome: Result<Box<RawValue>, AppError>, mode: Mode) -> Response {
    match outcome {
        Ok(result) => answer::json(StatusCode::OK, &WithResult { result: &result }),
        Err(error) => refused(error.into(), mode),
    }
}

pub fn refused(error: ErrorDocument, mode: Mode) -> Response {
    let status = if mode == Mode::Status { error.status() } else { StatusCode::OK };
    answer::json(status, &WithError { error })
}

pub fn batch(replies: Vec<Box<RawValue>>) -> Response {
    answer::json(StatusCode::OK, &Replies { replies })
}

pub fn unreadable(fault: BodyError) -> Response {
    denied(fault.into())
}

/// By the status, whatever the mode: that is what clients look at first.
pub fn denied(denied: Denied) -> Response {
    let (status, error) = match denied {
        Denied::Unauthenticated => (StatusCode::UNAUTHORIZED, AppError::Unauthenticated),
        Denied::Forbidden => (StatusCode::FORBIDDEN, AppError::Forbidden),
        Denied::Unknown => (StatusCode::NOT_FOUND, AppError::NotAvailable),
        Denied::NotPosted => (StatusCode::METHOD_NOT_ALLOWED, AppError::invalid("method", "must be POST")),
        Denied::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, AppError::invalid("body", "is too large")),
        Denied::Broken => (StatusCode::BAD_REQUEST, AppError::invalid("body", "did not come to its end")),
        Denied::App(error @ AppError::Busy) => (StatusCode::SERVICE_UNAVAILABLE, error),
        Denied::App(error @ AppError::TooOften { .. }) => (StatusCode::TOO_MANY_REQUESTS, error),
        Denied::App(error) => (StatusCode::INTERNAL_SERVER_ERROR, error),
    };
    let retry_after_s = match &error {
        AppError::Busy => Some(1),
        AppError::TooOften { retry_after_s } => Some(*retry_after_s),
        _ => None,
    };
    let mut response = answer::json(status, &WithError { error: error.into() });
    if let Some(seconds) = retry_after_s {
        answer::retry_after(&mut response, seconds);
    }
    response
}
