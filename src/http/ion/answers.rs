//! The bodies that the Ion document and gengine show, their errors among them, and their HTTP statuses.
//!
//! Achievements stand in maps by their ids, as the document has it, or in lists, as gengine's versions from 0.2 on. Knows what a
//! body looks like, and nothing of how it comes about.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;
use warp::http::{HeaderMap, Method, StatusCode};
use warp::reply::Response;

use crate::app::AppError;
use crate::app::achievements::{AchievementFault, Outcome};
use crate::app::documents::{GainsDocument, UnlockedDocument, ViewName};
use crate::bodies::BodyError;
use crate::domain::time::Timestamp;
use crate::http::answer;
use crate::http::caller::{self, CallerError};
use crate::http::once::{Refusal, Remembered};
use crate::limits;

/// How achievements stand beside each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// By their ids. Of one that recurs, the newest period.
    #[default]
    Maps,
    /// One after the other, each with its period.
    Lists,
}

/// What was newly reached, and which rules could not be worked out.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Reached {
    Maps {
        achievements: BTreeMap<u64, MapEntry>,
        achievement_errors: BTreeMap<u64, String>,
        /// A user who was made now.
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<String>,
    },
    Lists {
        achievements: Vec<ListEntry>,
        achievement_errors: Vec<ListError>,
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<String>,
    },
}

/// In the order of the document.
#[derive(Debug, Serialize)]
pub struct MapEntry {
    levels_achieved: BTreeMap<u32, String>,
    achievementcategory: String,
    level: u32,
    new_levels: BTreeMap<u32, GainsDocument>,
    internal_name: String,
    hidden: bool,
    maxlevel: u32,
    id: u64,
}

#[derive(Debug, Serialize)]
pub struct ListEntry {
    id: u64,
    view_permission: ViewName,
    internal_name: String,
    maxlevel: u32,
    hidden: bool,
    achievementcategory: String,
    level: u32,
    levels_achieved: BTreeMap<u32, String>,
    new_levels: BTreeMap<u32, GainsDocument>,
    achievement_date: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct ListError {
    error: String,
    id: u64,
}

#[derive(Serialize)]
struct Status<'a> {
    status: &'a str,
}

#[derive(Serialize)]
struct Failed<'a> {
    status: &'a str,
    message: &'a str,
}

/// An answer that is written already, to be sent and remembered.
#[derive(Debug)]
pub struct Written(Vec<u8>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    status: StatusCode,
    /// What clients go by.
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    /// Which methods there are, when this one is not.
    methods: &'static [Method],
    /// The session in the cookie is no longer good.
    ends_cookie: bool,
    /// When the same may be asked again, where it may.
    retry_after_s: u64,
}

/// A short word of success: `OK`, or `ok`, as the call has it.
pub fn done(word: &str) -> Response {
    answer::json(StatusCode::OK, &Status { status: word })
}

pub fn ok(document: &impl Serialize) -> Response {
    answer::json(StatusCode::OK, document)
}

impl Written {
    pub fn new(document: &impl Serialize) -> Result<Self, Error> {
        serde_json::to_vec(document).map(Self).map_err(|_| AppError::Internal.into())
    }

    pub fn response(self) -> Response {
        answer::bytes(StatusCode::OK, "application/json", self.0)
    }
}

impl Remembered for Written {
    fn remembered(&self) -> Result<Vec<u8>, AppError> {
        if self.0.len() > limits::POSTED_ANSWER_BYTES_MAX { Err(AppError::Internal) } else { Ok(self.0.clone()) }
    }

    fn recall(kept: &Bytes) -> Result<Self, AppError> {
        Ok(Self(kept.to_vec()))
    }
}

impl Refusal for Error {
    fn under_way() -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "The same request is being carried out just now.")
    }

    fn is_ours(&self) -> bool {
        self.status.is_server_error()
    }
}

impl Reached {
    /// `user`: who was made now.
    pub fn of(outcome: Outcome, form: Form, user: Option<String>) -> Self {
        let Outcome { unlocked, errors } = outcome;
        match form {
            Form::Maps => {
                let achievement_errors = errors.into_iter().map(|AchievementFault { id, error }| (id, error)).collect();
                Self::Maps { achievements: newest(unlocked), achievement_errors, user }
            }
            Form::Lists => {
                let achievements = unlocked.into_iter().map(ListEntry::of).collect();
                Self::Lists { achievements, achievement_errors: listed(errors), user }
            }
        }
    }

    /// Neither a new level nor a broken rule.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Maps { achievements, achievement_errors, .. } => {
                achievements.is_empty() && achievement_errors.is_empty()
            }
            Self::Lists { achievements, achievement_errors, .. } => {
                achievements.is_empty() && achievement_errors.is_empty()
            }
        }
    }
}

pub fn listed(errors: Vec<AchievementFault>) -> Vec<ListError> {
    errors.into_iter().map(|AchievementFault { id, error }| ListError { error, id }).collect()
}

/// RFC 3339 has one order for moments in UTC: the one that letters have.
fn newest(mut unlocked: Vec<UnlockedDocument>) -> BTreeMap<u64, MapEntry> {
    unlocked.sort_by(|one, other| one.achievement.period.cmp(&other.achievement.period));
    unlocked.into_iter().map(|it| (it.achievement.id, MapEntry::of(it))).collect()
}

impl MapEntry {
    fn of(unlocked: UnlockedDocument) -> Self {
        let UnlockedDocument { achievement, levels_achieved, new_levels, .. } = unlocked;
        Self {
            levels_achieved: moments(levels_achieved),
            achievementcategory: achievement.category,
            level: achievement.level,
            new_levels,
            internal_name: achievement.name,
            hidden: achievement.hidden,
            maxlevel: achievement.maxlevel,
            id: achievement.id,
        }
    }
}

impl ListEntry {
    fn of(unlocked: UnlockedDocument) -> Self {
        let UnlockedDocument { achievement, view, levels_achieved, new_levels } = unlocked;
        Self {
            id: achievement.id,
            view_permission: view,
            internal_name: achievement.name,
            maxlevel: achievement.maxlevel,
            hidden: achievement.hidden,
            achievementcategory: achievement.category,
            level: achievement.level,
            levels_achieved: moments(levels_achieved),
            new_levels,
            achievement_date: achievement.period.as_deref().map(period),
        }
    }
}

pub fn moments(levels: BTreeMap<u32, String>) -> BTreeMap<u32, String> {
    levels.into_iter().map(|(level, at)| (level, moment(&at))).collect()
}

/// RFC 3339 → UTC without a zone, to the microsecond: `2016-04-02T12:10:52.901000`.
pub fn moment(at: &str) -> String {
    let text = Timestamp::parse(at).map(|at| at.to_string()).unwrap_or_default();
    format!("{}000", text.trim_end_matches('Z'))
}

/// RFC 3339 → a period's start: `2026-11-16T00:00:00+00:00`.
pub fn period(at: &str) -> String {
    let text = Timestamp::parse(at).map(|at| at.to_string()).unwrap_or_default();
    format!("{}+00:00", text.split('.').next().unwrap_or_default())
}

impl Error {
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        let (code, message) = (code.into(), message.into());
        Self { status, code, message, methods: &[], ends_cookie: false, retry_after_s: 1 }
    }

    pub fn bad(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub fn unknown(code: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    pub fn invalid_json() -> Self {
        Self::bad("invalid_json", "no valid json body")
    }

    pub fn invalid_value() -> Self {
        Self::bad("invalid_value", "Invalid value provided")
    }

    /// `message` names what cannot be used.
    pub fn invalid_input(message: impl Into<Cow<'static, str>>) -> Self {
        Self::bad("invalid_input", message)
    }

    pub fn no_such_user() -> Self {
        Self::unknown("user_not_found", "user not found")
    }

    pub fn not_found() -> Self {
        Self::unknown("not_found", "There is no such call.")
    }

    pub fn method(methods: &'static [Method]) -> Self {
        let message = "There is no such method here.";
        Self { methods, ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message) }
    }

    /// Where a call has a code of its own for a user, or a message, who is not there.
    pub fn when_missing(self, code: &'static str, message: &'static str) -> Self {
        if self.status == StatusCode::NOT_FOUND { Self::unknown(code, message) } else { self }
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// `headers` are the request's.
    pub fn response(self, headers: &HeaderMap) -> Response {
        let mut response = answer::json(self.status, &Failed { status: &self.code, message: &self.message });
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
            AppError::Unauthenticated | AppError::Expired => {
                Self::new(StatusCode::UNAUTHORIZED, "invalid_token", "Your token is invalid.")
            }
            AppError::Forbidden => Self::new(StatusCode::FORBIDDEN, "forbidden", "You may not do this."),
            AppError::NotFound("user") => Self::no_such_user(),
            AppError::NotFound("variable") => Self::unknown("variable_not_found", "variable not found"),
            AppError::NotFound("achievement") => Self::unknown("achievement_not_found", "achievement not found"),
            AppError::NotFound("message") => Self::unknown("message_not_found", "There is no message with this id."),
            AppError::NotFound(_) => Self::not_found(),
            AppError::Invalid { field, .. } if field == "value" || field.ends_with(".value") => Self::invalid_value(),
            AppError::Invalid { field, problem } => Self::invalid_input(format!("{field} {problem}")),
            // Only what admins write has so many.
            AppError::Faulty(_) => Self::invalid_input("What was sent cannot be used."),
            AppError::Conflict { message, .. } => {
                Self::new(StatusCode::CONFLICT, "conflict", answer::capitalised(&message))
            }
            AppError::KeyReused => {
                let message = "The Idempotency-Key was used for another request.";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", message)
            }
            AppError::Stale => Self::new(StatusCode::CONFLICT, "conflict", "It was changed meanwhile."),
            AppError::TooOften { retry_after_s } => {
                let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "Too many requests.");
                Self { retry_after_s, ..error }
            }
            AppError::Unrecoverable | AppError::NotAvailable => Self::not_found(),
            AppError::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The server is busy."),
            AppError::Unavailable => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The store is not available.")
            }
            AppError::Internal => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "An internal error."),
        }
    }
}

impl From<CallerError> for Error {
    fn from(error: CallerError) -> Self {
        match error {
            CallerError::Unknown { by_cookie } => Self { ends_cookie: by_cookie, ..AppError::Unauthenticated.into() },
            CallerError::ForeignOrigin => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", "The cookie is good for our own pages only.")
            }
            CallerError::App(error) => error.into(),
        }
    }
}

impl From<BodyError> for Error {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large."),
            BodyError::NoRoom => AppError::Busy.into(),
            BodyError::TooSlow => {
                Self::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", "The body took too long to arrive.")
            }
            BodyError::Broken => Self::bad("invalid_input", "The body cannot be read."),
        }
    }
}

#[cfg(test)]
mod tests;
