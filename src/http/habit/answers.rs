//! What goes back besides the user: `{"err": …}` with its status, and the word that the server is up.

use std::borrow::Cow;

use serde::Serialize;
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use crate::app::AppError;
use crate::bodies::BodyError;
use crate::http::answer;
use crate::http::caller::CallerError;

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

#[derive(Serialize)]
struct Failed<'a> {
    err: &'a str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    status: StatusCode,
    message: Cow<'static, str>,
    /// Which methods there are, when this one is not.
    methods: &'static [Method],
    /// When the same may be asked again, where it may.
    retry_after_s: u64,
}

/// As the original says it.
pub fn up() -> Response {
    answer::json(StatusCode::OK, &Status { status: "up" })
}

pub fn ok(document: &impl Serialize) -> Response {
    answer::json(StatusCode::OK, document)
}

impl Error {
    fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, message: message.into(), methods: &[], retry_after_s: 1 }
    }

    /// One of the two headers is not there, or both.
    pub fn no_credentials() -> Self {
        let message = "You must include a token and uid (user id) in your request";
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    /// The two headers are not those of anybody.
    pub fn no_user() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "No user found.")
    }

    pub fn no_json() -> Self {
        let message = "The body is to be JSON: {}, an operation, or an array of operations.";
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub fn other_type() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is to be application/json.")
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is no such call.")
    }

    pub fn method(methods: &'static [Method]) -> Self {
        let error = Self::new(StatusCode::METHOD_NOT_ALLOWED, "There is no such method here.");
        Self { methods, ..error }
    }

    pub fn response(self) -> Response {
        let mut response = answer::json(self.status, &Failed { err: &self.message });
        answer::say_how_to_go_on(&mut response, self.methods, self.retry_after_s);
        response
    }
}

impl From<AppError> for Error {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Unauthenticated | AppError::Expired | AppError::NotFound("user") => Self::no_user(),
            AppError::Forbidden => Self::new(StatusCode::FORBIDDEN, "You may not do this."),
            AppError::NotFound(_) | AppError::Unrecoverable | AppError::NotAvailable => Self::not_found(),
            AppError::Invalid { field, problem } => {
                Self::new(StatusCode::BAD_REQUEST, format!("The {field} {problem}."))
            }
            AppError::Faulty(_) => Self::new(StatusCode::BAD_REQUEST, "What was sent cannot be used."),
            AppError::Conflict { message, .. } => Self::new(StatusCode::CONFLICT, answer::capitalised(&message)),
            AppError::KeyReused | AppError::Stale => Self::new(StatusCode::CONFLICT, "It was changed meanwhile."),
            AppError::TooOften { retry_after_s } => {
                let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests.");
                Self { retry_after_s, ..error }
            }
            AppError::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, "The server is busy."),
            AppError::Unavailable => Self::new(StatusCode::SERVICE_UNAVAILABLE, "The store is not available."),
            AppError::Internal => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "An internal error."),
        }
    }
}

impl From<CallerError> for Error {
    fn from(error: CallerError) -> Self {
        match error {
            CallerError::Unknown { .. } | CallerError::ForeignOrigin => Self::no_user(),
            CallerError::App(error) => error.into(),
        }
    }
}

impl From<BodyError> for Error {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large."),
            BodyError::NoRoom => AppError::Busy.into(),
            BodyError::TooSlow => Self::new(StatusCode::REQUEST_TIMEOUT, "The body took too long to arrive."),
            BodyError::Broken => Self::new(StatusCode::BAD_REQUEST, "The body cannot be read."),
        }
    }
}
