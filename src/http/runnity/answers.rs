//! The bodies that the Runnity document shows, and their HTTP statuses.
//!
//! The body's code is the documented one; the status says the same in HTTP's own words (303 would be a redirect).

use serde::Serialize;
use warp::http::{HeaderMap, Method, StatusCode};
use warp::reply::Response;

use crate::app::AppError;
use crate::bodies::BodyError;
use crate::http::answer;
use crate::http::caller::{self, CallerError};

/// The documented code for parameters that cannot be used.
const CODE_PARAMETERS: u16 = 303;

#[derive(Serialize)]
struct LoggedIn<'a> {
    #[serde(rename = "userLevel")]
    user_level: &'a str,
    id: &'a str,
}

#[derive(Serialize)]
struct Done<'a> {
    success: Coded<'a>,
    id: &'a str,
}

#[derive(Serialize)]
struct EventDone<'a> {
    success: Coded<'a>,
    #[serde(rename = "_id")]
    id: u64,
}

#[derive(Serialize)]
struct Failed<'a> {
    error: Coded<'a>,
}

#[derive(Serialize)]
struct Coded<'a> {
    code: u16,
    message: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    parameters: &'a [&'static str],
}

#[derive(Debug, PartialEq, Eq)]
pub struct Error {
    status: StatusCode,
    code: u16,
    message: String,
    /// The names of the parameters that are missing or wrong.
    parameters: Vec<&'static str>,
    /// Which methods there are, when this one is not.
    methods: &'static [Method],
    /// The session in the cookie is no longer good.
    ends_cookie: bool,
    /// When the same may be asked again, where it may.
    retry_after_s: u64,
}

/// `session` is the new session's hash.
pub fn logged_in(user_level: &str, session: &str) -> Response {
    answer::json(StatusCode::OK, &LoggedIn { user_level, id: session })
}

/// `run` is the id of the run that was made or updated.
pub fn done(message: &str, run: &str) -> Response {
    let success = Coded { code: 202, message, parameters: &[] };
    answer::json(StatusCode::ACCEPTED, &Done { success, id: run })
}

/// `event`: its number, as the list's `_id` has it.
pub fn event_created(event: u64) -> Response {
    let success = Coded { code: 202, message: "Event created", parameters: &[] };
    answer::json(StatusCode::ACCEPTED, &EventDone { success, id: event })
}

impl Error {
    /// The code is the status, as the document has it for everything but parameters.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            code: status.as_u16(),
            message,
            parameters: Vec::new(),
            methods: &[],
            ends_cookie: false,
            retry_after_s: 1,
        }
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found")
    }

    pub fn method(methods: &'static [Method]) -> Self {
        Self { methods, ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed") }
    }

    pub fn missing(parameters: Vec<&'static str>) -> Self {
        let error = Self::new(StatusCode::BAD_REQUEST, "Missing parameters");
        Self { code: CODE_PARAMETERS, parameters, ..error }
    }

    pub fn invalid(parameters: Vec<&'static str>) -> Self {
        let error = Self::new(StatusCode::BAD_REQUEST, "Invalid parameters");
        Self { code: CODE_PARAMETERS, parameters, ..error }
    }

    /// `headers` are the request's.
    pub fn response(self, headers: &HeaderMap) -> Response {
        let error = Coded { code: self.code, message: &self.message, parameters: &self.parameters };
        let mut response = answer::json(self.status, &Failed { error });
        answer::say_how_to_go_on(&mut response, self.methods, self.retry_after_s);
        if self.ends_cookie {
            caller::end_session(&mut response, headers);
        }
        response
    }
}

impl From<AppError> for Error {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Unauthenticated | AppError::Expired => Self::new(StatusCode::UNAUTHORIZED, "Invalid token"),
            // The document knows only one's own runs: another's is none of them, whether one may see it or not.
            AppError::NotFound(_) | AppError::Forbidden => Self::new(StatusCode::NOT_FOUND, "Run not found"),
            AppError::Invalid { field, .. } => {
                // Parameters were checked before; what the application still finds is told by the documented name.
                let known = [
                    "latitude",
                    "deslatitude",
                    "deslongtitude",
                    "speed",
                    "finish",
                    "name",
                    "date",
                    "time",
                    "duration_s",
                    "capacity",
                    "invite",
                ];
                let field = field.split('[').next().unwrap_or_default();
                Self::invalid(vec![known.into_iter().find(|name| *name == field).unwrap_or("longtitude")])
            }
            // Of definitions, which this document does not have.
            AppError::Faulty(_) => Self::new(StatusCode::BAD_REQUEST, "Invalid"),
            AppError::Stale => Self::new(StatusCode::CONFLICT, "Changed meanwhile"),
            AppError::TooOften { retry_after_s } => {
                Self { retry_after_s, ..Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests") }
            }
            AppError::Conflict { message, .. } => Self::new(StatusCode::CONFLICT, answer::capitalised(&message)),
            // Of channels and of idempotency keys, which this document does not have.
            AppError::Unrecoverable | AppError::NotAvailable | AppError::KeyReused => {
                Self::new(StatusCode::NOT_FOUND, "Not available")
            }
            AppError::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, "The server is busy"),
            AppError::Unavailable => Self::new(StatusCode::SERVICE_UNAVAILABLE, "The store is not available"),
            AppError::Internal => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal error"),
        }
    }
}

impl From<CallerError> for Error {
    fn from(error: CallerError) -> Self {
        match error {
            CallerError::Unknown { by_cookie } => Self { ends_cookie: by_cookie, ..AppError::Unauthenticated.into() },
            CallerError::ForeignOrigin => Self::new(StatusCode::FORBIDDEN, "The cookie is good for our own pages only"),
            CallerError::App(error) => error.into(),
        }
    }
}

impl From<BodyError> for Error {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            BodyError::NoRoom => AppError::Busy.into(),
            BodyError::TooSlow => Self::new(StatusCode::REQUEST_TIMEOUT, "The body took too long to arrive"),
            BodyError::Broken => Self::invalid(vec!["body"]),
        }
    }
}
