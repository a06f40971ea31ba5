//! What is said of a body that cannot be had.

use http::StatusCode;
use warp::reply::Response;

use crate::bodies::BodyError;
use crate::live::upgrade::{refusal, unavailable};

pub(super) fn unreadable(error: BodyError) -> Response {
    match error {
        BodyError::TooLarge => refusal(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long"),
        BodyError::TooSlow => refusal(StatusCode::REQUEST_TIMEOUT, "the body took too long"),
        BodyError::Broken => refusal(StatusCode::BAD_REQUEST, "the body broke off"),
        BodyError::NoRoom => unavailable(),
    }
}
