//! The form of every answer of the API.
//!
//! `{"meta": …, "data": …}` or `{"meta": …, "error": …}`, as the conventions document has it. Knows no resource.

use std::io;

use bytes::Bytes;
use futures::{TryStreamExt as _, stream};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use uuid::Uuid;
use warp::Reply as _;
use warp::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName, LOCATION, WWW_AUTHENTICATE};
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode};
use warp::reply::Response;

use super::tags;
use crate::app::AppError;
use crate::app::documents::FaultDocument;
use crate::app::export::Parts;
use crate::backend::Version;
use crate::bodies::BodyError;
use crate::domain::ids::RunId;
use crate::http::answer;
use crate::http::caller::{self, CallerError};
use crate::limits;

/// The version of the API that `meta` names.
const API_VERSION: &str = "1.0.0";

const X_REQUEST_ID: &str = "x-request-id";

/// What is known of an answer before it is given.
pub struct Meta {
    request_id: String,
}

/// What was asked for, written out already.
#[derive(Serialize, Deserialize)]
pub struct Success {
    #[serde(with = "status_code")]
    status: StatusCode,
    location: Option<String>,
    /// `None` where there is nothing to return.
    data: Option<Box<RawValue>>,
    /// Of what is shown, where it has one.
    #[serde(with = "version")]
    version: Option<Version>,
    /// What is sent without an envelope.
    #[serde(skip)]
    file: Option<File>,
}

/// A file that is written while it is sent.
struct File {
    content_type: &'static str,
    name: &'static str,
    parts: Parts,
}

/// Why it was not done.
#[derive(Debug)]
pub struct Error {
    status: StatusCode,
    message: String,
    named: Box<Named>,
    /// Which methods there are, when this one is not.
    methods: &'static [Method],
    /// The session in the cookie is no longer good.
    ends_cookie: bool,
    /// Somebody is about it: it may be asked again.
    is_under_way: bool,
    /// When the same may be asked again, where it may.
    retry_after_s: u64,
}

/// What the error is about.
#[derive(Debug, Default)]
struct Named {
    /// What of the request is wrong, when one part of it is.
    field: Option<String>,
    /// The run that stands in the way.
    run: Option<RunId>,
    /// All that is wrong with what was sent, when it can be read and does not hold.
    faults: Vec<FaultDocument>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    meta: MetaDocument<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorDocument<'a>>,
}

#[derive(Serialize)]
struct MetaDocument<'a> {
    status: u16,
    version: &'static str,
    request_id: &'a str,
}

#[derive(Serialize)]
struct ErrorDocument<'a> {
    #[serde(rename = "type", serialize_with = "type_name")]
    status: StatusCode,
    message: &'a str,
    /// Our own page about errors of this type.
    #[serde(serialize_with = "page")]
    link: StatusCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    faults: &'a [FaultDocument],
}

/// Remembered as a number.
mod status_code {
    use super::{Deserialize, Serializer, StatusCode};
    use serde::{Deserializer, de::Error};

    pub fn serialize<S: Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(status.as_u16())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StatusCode, D::Error> {
        StatusCode::from_u16(u16::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Remembered as a number.
mod version {
    use super::{Deserialize, Serialize, Serializer, Version};
    use serde::Deserializer;

    pub fn serialize<S: Serializer>(version: &Option<Version>, serializer: S) -> Result<S::Ok, S::Error> {
        version.map(|version| version.0).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Version>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Version))
    }
}

/// The HTTP reason in CamelCase.
fn type_of(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("Error");
    reason.split(|letter: char| !letter.is_ascii_alphanumeric()).collect()
}

fn type_name<S: Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&type_of(*status))
}

fn page<S: Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("/docs/errors/{}", type_of(*status)))
}

impl Meta {
    /// A request's id is its client's own if that is a UUID, so that it is the same in the client's log; else a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        let own = headers.get(X_REQUEST_ID).and_then(|id| Uuid::try_parse_ascii(id.as_bytes()).ok());
        Self { request_id: own.unwrap_or_else(Uuid::new_v4).to_string() }
    }

    /// Puts the request's id into the headers, for whoever looks there.
    pub fn mark(&self, response: &mut Response) {
        if let Ok(id) = HeaderValue::try_from(&self.request_id) {
            answer::set(response, HeaderName::from_static(X_REQUEST_ID), id);
        }
    }

    fn document(&self, status: StatusCode) -> MetaDocument<'_> {
        MetaDocument { status: status.as_u16(), version: API_VERSION, request_id: &self.request_id }
    }
}

impl Success {
    pub fn ok(data: &impl Serialize) -> Result<Self, Error> {
        Self::new(StatusCode::OK, None, data)
    }

    pub fn created(location: String, data: &impl Serialize) -> Result<Self, Error> {
        Self::new(StatusCode::CREATED, Some(location), data)
    }

    /// Deleted: there is no content to return.
    pub fn deleted() -> Self {
        Self { status: StatusCode::NO_CONTENT, location: None, data: None, version: None, file: None }
    }

    /// `name`: what it is to be called where it is kept.
    pub fn file(content_type: &'static str, name: &'static str, parts: Parts) -> Self {
        let file = Some(File { content_type, name, parts });
        Self { status: StatusCode::OK, location: None, data: None, version: None, file }
    }

    /// As [`Success::file`], of one that is at hand as a whole.
    pub fn written(content_type: &'static str, name: &'static str, content: Vec<u8>) -> Self {
        let (sender, parts) = mpsc::channel(1);
        // There is room for one.
        let _ = sender.try_send(Ok(Bytes::from(content)));
        Self::file(content_type, name, parts)
    }

    fn new(status: StatusCode, location: Option<String>, data: &impl Serialize) -> Result<Self, Error> {
        let data = serde_json::value::to_raw_value(data).map_err(|error| {
            tracing::error!(%error, "a document could not be written");
            AppError::Internal
        })?;
        Ok(Self { status, location, data: Some(data), version: None, file: None })
    }

    /// With the version of the resource that is shown, for its `ETag` and the `If-Match` of a later write.
    pub fn tagged(self, version: Version) -> Self {
        Self { version: Some(version), ..self }
    }

    /// As it is remembered for whoever sends the same request again.
    pub fn remembered(&self) -> Result<Vec<u8>, AppError> {
        let remembered = serde_json::to_vec(self).map_err(|_| AppError::Internal)?;
        if remembered.len() > limits::POSTED_ANSWER_BYTES_MAX { Err(AppError::Internal) } else { Ok(remembered) }
    }

    /// What was remembered.
    pub fn recall(remembered: &[u8]) -> Result<Self, AppError> {
        serde_json::from_slice(remembered).map_err(|_| AppError::Internal)
    }

    /// What is read, and what is of a version, has a tag; `headers` are the request's.
    pub fn response(self, meta: &Meta, method: &Method, headers: &HeaderMap) -> Response {
        if let Some(file) = self.file {
            // With its version, what it is called says what is in it.
            let tag = self.version.map(|version| tags::of(Some(version), file.name.as_bytes()));
            let mut response = file.response();
            if let Some(tag) = tag {
                tags::put(&mut response, &tag);
            }
            return response;
        }
        let Some(data) = self.data else { return answer::empty(self.status) };
        let is_read = *method == Method::GET || *method == Method::HEAD;
        let tag = (is_read || self.version.is_some()).then(|| tags::of(self.version, data.get().as_bytes()));
        if let Some(tag) = tag.as_ref().filter(|tag| is_read && tags::is_known(tag, headers)) {
            let mut response = answer::empty(StatusCode::NOT_MODIFIED);
            tags::put(&mut response, tag);
            return response;
        }
        let envelope = Envelope { meta: meta.document(self.status), data: Some(&data), error: None };
        let mut response = answer::json(self.status, &envelope);
        if let Some(tag) = tag {
            tags::put(&mut response, &tag);
        }
        if let Some(location) = self.location.and_then(|location| HeaderValue::try_from(location).ok()) {
            answer::set(&mut response, LOCATION, location);
        }
        response
    }
}

impl File {
    fn response(self) -> Response {
        let parts = stream::unfold(self.parts, |mut parts| async move { Some((parts.recv().await?, parts)) });
        // It breaks off where it cannot be gone on with: whoever reads it knows that it is not whole.
        let mut response = warp::reply::stream(parts.map_err(io::Error::other)).into_response();
        answer::set(&mut response, CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        answer::set(&mut response, CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(kept_as) = HeaderValue::try_from(format!("attachment; filename=\"{}\"", self.name)) {
            answer::set(&mut response, CONTENT_DISPOSITION, kept_as);
        }
        response
    }
}

impl Error {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let message = message.into();
        let (methods, retry_after_s) = (&[], 1);
        Self { status, message, named: Box::default(), methods, ends_cookie: false, is_under_way: false, retry_after_s }
    }

    /// The same request with the same idempotency key is being carried out.
    pub fn under_way() -> Self {
        let message = "The same request is being carried out just now.";
        Self { is_under_way: true, ..Self::new(StatusCode::CONFLICT, message) }
    }

    /// Whether it is a fault of ours: then it is not known what was done.
    pub fn is_ours(&self) -> bool {
        self.status.is_server_error()
    }

    pub fn method(method: &Method, methods: &'static [Method]) -> Self {
        let message = format!("There is no {method} here.");
        Self { methods, ..Self::new(StatusCode::METHOD_NOT_ALLOWED, message) }
    }

    /// `headers` are the request's.
    pub fn response(self, meta: &Meta, headers: &HeaderMap) -> Response {
        let error = ErrorDocument {
            status: self.status,
            message: &self.message,
            link: self.status,
            field: self.named.field.as_deref(),
            run: self.named.run.map(|run| run.to_string()),
            faults: &self.named.faults,
        };
        let envelope = Envelope { meta: meta.document(self.status), data: None, error: Some(error) };
        let mut response = answer::json(self.status, &envelope);
        answer::say_how_to_go_on(&mut response, self.methods, self.retry_after_s);
        if self.status == StatusCode::UNAUTHORIZED {
            answer::set(&mut response, WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.is_under_way {
            answer::retry_after(&mut response, self.retry_after_s);
        }
        if self.ends_cookie {
            caller::end_session(&mut response, headers);
        }
        response
    }
}

impl From<AppError> for Error {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Unauthenticated => {
                Self::new(StatusCode::UNAUTHORIZED, "The credentials are missing, wrong or no longer valid.")
            }
            AppError::Forbidden => Self::new(StatusCode::FORBIDDEN, "You may not do this."),
            AppError::NotFound(what) => Self::new(StatusCode::NOT_FOUND, format!("There is no such {what}.")),
            AppError::Invalid { field, problem } => {
                let message = format!("{field} {problem}.");
                let named = Box::new(Named { field: Some(field), ..Named::default() });
                Self { named, ..Self::new(StatusCode::BAD_REQUEST, message) }
            }
            AppError::Faulty(faults) => {
                let message = faults.first().map(|fault| format!("{}: {}", fault.at, fault.problem));
                let message = message.unwrap_or_default();
                let named = Box::new(Named { faults, ..Named::default() });
                Self { named, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, message) }
            }
            AppError::Conflict { message, run } => {
                let message = format!("{}.", answer::capitalised(&message));
                let named = Box::new(Named { run, ..Named::default() });
                Self { named, ..Self::new(StatusCode::CONFLICT, message) }
            }
            AppError::Stale => {
                let message = "It was changed meanwhile: read it again, and send what it says in ETag as If-Match.";
                Self::new(StatusCode::PRECONDITION_FAILED, message)
            }
            AppError::KeyReused => {
                let message = "The Idempotency-Key was used for another request.";
                let field = Some("Idempotency-Key".to_owned());
                let named = Box::new(Named { field, ..Named::default() });
                Self { named, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, message) }
            }
            AppError::TooOften { retry_after_s } => {
                Self { retry_after_s, ..Self::new(StatusCode::TOO_MANY_REQUESTS, "There were too many requests.") }
            }
            AppError::Expired => Self::new(StatusCode::UNAUTHORIZED, "The token has expired."),
            // Of channels, which this API does not have.
            AppError::Unrecoverable | AppError::NotAvailable => {
                Self::new(StatusCode::NOT_FOUND, "This is not available here.")
            }
            AppError::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, "The server is busy."),
            AppError::Unavailable => Self::new(StatusCode::SERVICE_UNAVAILABLE, "The store is not available."),
            AppError::Internal => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side; it was noted.")
            }
        }
    }
}

impl From<CallerError> for Error {
    fn from(error: CallerError) -> Self {
        match error {
            CallerError::Unknown { by_cookie } => Self { ends_cookie: by_cookie, ..AppError::Unauthenticated.into() },
            CallerError::ForeignOrigin => {
                let message = "A session's cookie is good for pages of this server only; send a token instead.";
                Self::new(StatusCode::FORBIDDEN, message)
            }
            CallerError::App(error) => error.into(),
        }
    }
}

impl From<BodyError> for Error {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => {
                let message = format!("A body may have {} bytes at most.", limits::BODY_BYTES_MAX);
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, message)
            }
            BodyError::NoRoom => AppError::Busy.into(),
            BodyError::TooSlow => Self::new(StatusCode::REQUEST_TIMEOUT, "The body took too long to arrive."),
            BodyError::Broken => AppError::invalid("body", "broke off").into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;
    use serde_json::{Value, json};

    async fn document(response: Response) -> Value {
        serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
    }

    #[tokio::test]
    async fn answers_have_the_form_of_the_conventions_document() {
        let meta = Meta { request_id: "d5ccbe45-a54e-4d19-9b58-a96c7747369f".to_owned() };
        let created = Success::created("/api/runs/1".to_owned(), &json!({"a": 1})).unwrap();
        let created = created.response(&meta, &Method::POST, &HeaderMap::new());
        assert_eq!(
            (created.status().as_u16(), &created.headers()["location"]),
            (201, &HeaderValue::from_static("/api/runs/1"))
        );
        let expected = json!({
            "meta": {"status": 201, "version": "1.0.0", "request_id": "d5ccbe45-a54e-4d19-9b58-a96c7747369f"},
            "data": {"a": 1},
        });
        assert_eq!(document(created).await, expected);
        let denied = Error::from(AppError::Unauthenticated).response(&meta, &HeaderMap::new());
        assert_eq!(
            (denied.status().as_u16(), &denied.headers()["www-authenticate"]),
            (401, &HeaderValue::from_static("Bearer"))
        );
        let expected = json!({
            "meta": {"status": 401, "version": "1.0.0", "request_id": "d5ccbe45-a54e-4d19-9b58-a96c7747369f"},
            "error": {
                "type": "Unauthorized",
                "message": "The credentials are missing, wrong or no longer valid.",
                "link": "/docs/errors/Unauthorized",
            },
        });
        assert_eq!(document(denied).await, expected);
    }

    #[tokio::test]
    async fn every_fault_has_its_status_and_type() {
        let methods: &[Method] = &[Method::GET];
        let table = [
            (Error::from(AppError::invalid("latitude", "is missing")), 400, "BadRequest"),
            (AppError::Forbidden.into(), 403, "Forbidden"),
            (AppError::NotFound("run").into(), 404, "NotFound"),
            (Error::method(&Method::DELETE, methods), 405, "MethodNotAllowed"),
            (BodyError::TooSlow.into(), 408, "RequestTimeout"),
            (AppError::conflict("the name is taken").into(), 409, "Conflict"),
            (BodyError::TooLarge.into(), 413, "PayloadTooLarge"),
            (AppError::KeyReused.into(), 422, "UnprocessableEntity"),
            (AppError::Internal.into(), 500, "InternalServerError"),
            (AppError::Busy.into(), 503, "ServiceUnavailable"),
            (BodyError::NoRoom.into(), 503, "ServiceUnavailable"),
        ];
        for (error, status, name) in table {
            let response = error.response(&Meta::of(&HeaderMap::new()), &HeaderMap::new());
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(response.headers().contains_key("retry-after"), status == 503);
            assert_eq!(response.headers().contains_key("allow"), status == 405);
            let document = document(response).await;
            assert_eq!((&document["meta"]["status"], &document["error"]["type"]), (&json!(status), &json!(name)));
        }
    }

    #[tokio::test]
    async fn dead_session_is_taken_out_of_the_browser() {
        for by_cookie in [true, false] {
            let response = Error::from(CallerError::Unknown { by_cookie })
                .response(&Meta::of(&HeaderMap::new()), &HeaderMap::new());
            assert_eq!((response.status().as_u16(), response.headers().contains_key("set-cookie")), (401, by_cookie));
        }
    }
}
