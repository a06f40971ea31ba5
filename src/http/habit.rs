//! The Habit family: `POST /api/v2` and `GET /api/v2/status`, as the HabitRPG document of June 2013 has them, and the batch of a
//! later revision.
//!
//! Its spelling, codes and bodies are that document's; where it is silent, README's readings hold. Knows no rule of the product:
//! those are asked of `app`.

mod answers;
mod json;
mod later;
mod task;
mod user;

use std::sync::Arc;

use bytes::Bytes;
use warp::filters::BoxedFilter;
use warp::http::{HeaderMap, Method};
use warp::reply::Response;

use crate::app::App;
use crate::app::documents::{HabitOps, HabitPlaces};
use crate::app::habits::Submitted;
use crate::app::users::{Caller, Identity};
use crate::app::workers::away;
use crate::bodies::Bodies;
use crate::domain::ids::UserId;
use crate::http::answer::Answer;
use crate::http::caller;
use crate::http::cors;
use crate::http::request::{self, ContentType, Request, Shown};
use crate::limits;
use answers::Error;
use later::Translated;
use user::{Asked, UserShape};

/// Who asks: the user's id.
const API_USER: &str = "x-api-user";
/// One of the user's tokens.
const API_KEY: &str = "x-api-key";

pub fn routes(app: Arc<App>, bodies: &Bodies) -> BoxedFilter<(Response,)> {
    let shared = app.clone();
    let owns = |path: &str| path == "/api/v2" || path.starts_with("/api/v2/");
    let shown = |_: &App, request: &Request| shown(&request.headers);
    request::counted(owns, bodies, &app, shown, move |request| answer(shared.clone(), request))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    /// Operations, and the user as they have left it.
    Apply,
    /// The same as a later revision of the document has it.
    BatchUpdate,
    Status,
}

impl Call {
    /// As the original's routes do, with or without a slash at the end.
    fn at(path: &str) -> Option<Self> {
        match path.strip_suffix('/').unwrap_or(path) {
            "/api/v2" => Some(Self::Apply),
            "/api/v2/user/batch-update" => Some(Self::BatchUpdate),
            "/api/v2/status" => Some(Self::Status),
            _ => None,
        }
    }

    /// What logs may say of the path.
    fn template(self) -> &'static str {
        match self {
            Self::Apply => "/api/v2",
            Self::BatchUpdate => "/api/v2/user/batch-update",
            Self::Status => "/api/v2/status",
        }
    }

    fn methods(self) -> &'static [Method] {
        match self {
            Self::Apply | Self::BatchUpdate => &[Method::POST],
            Self::Status => &[Method::GET, Method::HEAD],
        }
    }
}

async fn answer(app: Arc<App>, request: Request) -> Answer {
    let call = Call::at(&request.path);
    let route = call.map_or("/api/v2/*", Call::template);
    let outcome = match call {
        None => Err(Error::not_found()),
        Some(call) if request.method == Method::OPTIONS => Ok(cors::options(call.methods())),
        Some(call) if !call.methods().contains(&request.method) => Err(Error::method(call.methods())),
        Some(_) if let Err(refused) = request.turn.clone() => Err(refused.into()),
        Some(Call::Status) => Ok(answers::up()),
        Some(Call::Apply) => apply(&app, &request, Words::First).await,
        Some(Call::BatchUpdate) => apply(&app, &request, Words::Later).await,
    };
    let mut response = outcome.unwrap_or_else(Error::response);
    cors::open(&mut response);
    Answer { route, response }
}

/// `POST /api/v2` and the later revision's call: what a device has sent, and the whole user in reply.
async fn apply(app: &App, request: &Request, words: Words) -> Result<Response, Error> {
    let (identity, key) = identity(app, request).await?;
    let body = body(request)?.clone();
    let is_long = body.len() > limits::HABIT_INLINE_BYTES_MAX;
    let read = move || Batch::read(&body, words);
    let batch = if is_long { away(read).await?? } else { read()? };
    let whole = app.apply_whole_habits(&identity, batch.ops, seen(&request.query)).await?;
    let errors = later::placed(&batch.of_sent, batch.places.faults(&whole.applied.errors));
    let is_long = whole.bytes() > limits::HABIT_INLINE_BYTES_MAX;
    let write = move || {
        let asked = Asked { user: identity.user.as_str(), key: &key, errors };
        answers::ok(&UserShape::of(&whole, asked))
    };
    Ok(if is_long { away(write).await? } else { write() })
}

/// In whose words a batch is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Words {
    First,
    Later,
}

/// What was sent, ready to be carried out.
struct Batch {
    ops: Vec<Submitted>,
    places: HabitPlaces,
    /// Where in what was sent each of them stood, unless they are the same.
    of_sent: Vec<usize>,
}

impl Batch {
    fn read(body: &[u8], words: Words) -> Result<Self, Error> {
        let sent = serde_json::from_slice(body).map_err(|_| Error::no_json())?;
        let Translated { sent, places: of_sent } = match words {
            Words::First => Translated { sent, places: Vec::new() },
            Words::Later => Translated::of(sent),
        };
        let HabitOps { ops, places } = HabitOps::parse(sent)?;
        Ok(Self { ops, places, of_sent })
    }
}

/// Who asks, and the key by which they are known. A good key of another user's is no key.
async fn identity(app: &App, request: &Request) -> Result<(Identity, String), Error> {
    let given = |name| given(&request.headers, name).ok_or_else(Error::no_credentials);
    let (user, key) = (given(API_USER)?, given(API_KEY)?);
    match caller::by_secret(app, &key, request).await? {
        Caller::User(identity) if UserId::parse(&user).as_ref() == Some(&identity.user) => Ok((identity, key)),
        _ => Err(Error::no_user()),
    }
}

/// What a header says, if it says anything. One that comes twice says neither: as Node.js joins them, that is nobody's.
fn given(headers: &HeaderMap, name: &str) -> Option<String> {
    let texts = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    Some(texts.collect::<Vec<_>>().join(", ")).filter(|text| !text.trim().is_empty())
}

/// What a request holds for its caller to be known by.
fn shown(headers: &HeaderMap) -> Shown {
    given(headers, API_KEY).map_or(Shown::Nothing, Shown::Secret)
}

/// The body, whatever it says: clients that do not say that it is JSON are believed that it is a form, which nobody sends here.
fn body(request: &Request) -> Result<&Bytes, Error> {
    let body = request.body.as_ref().map_err(|&error| error)?;
    match request.content_type() {
        ContentType::Json | ContentType::Form | ContentType::Missing => Ok(body),
        ContentType::Other => Err(Error::other_type()),
    }
}

/// The version that the device knows, by `_v` in the query. What is no version is none of ours: everything is new to that device.
fn seen(query: &str) -> Option<u64> {
    let mut pairs = request::pairs(query.as_bytes()).filter_map(Result::ok);
    let (_, version) = pairs.find(|(name, value)| name == "_v" && !value.trim().is_empty())?;
    Some(version.trim().parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use warp::http::HeaderValue;

    #[test]
    fn calls_are_told_apart_by_their_paths() {
        for (path, call) in [
            ("/api/v2", Some(Call::Apply)),
            ("/api/v2/", Some(Call::Apply)),
            ("/api/v2/user/batch-update", Some(Call::BatchUpdate)),
            ("/api/v2/status", Some(Call::Status)),
            ("/api/v2/status/", Some(Call::Status)),
            ("/api/v2//", None),
            ("/api/v2/user", None),
            ("/api/v2/status/x", None),
        ] {
            assert_eq!(Call::at(path), call, "{path}");
        }
    }

    #[test]
    fn version_is_a_number_or_strange() {
        for (query, version) in [
            ("", None),
            ("v=7", None),
            ("_v=", None),
            ("_v=7", Some(7)),
            ("a=%ff&_v=+7+", Some(7)),
            ("_v=seven", Some(u64::MAX)),
            ("_v=-1", Some(u64::MAX)),
            ("_v=1.5", Some(u64::MAX)),
        ] {
            assert_eq!(seen(query), version, "{query}");
        }
    }

    #[test]
    fn header_that_says_nothing_is_not_there() {
        let mut headers = HeaderMap::new();
        assert_eq!(given(&headers, API_KEY), None);
        headers.append(API_KEY, HeaderValue::from_static(" "));
        assert_eq!(given(&headers, API_KEY), None);
        headers.insert(API_KEY, HeaderValue::from_static("a"));
        assert_eq!(given(&headers, API_KEY).as_deref(), Some("a"));
        headers.append(API_KEY, HeaderValue::from_static("a"));
        assert_eq!(given(&headers, API_KEY).as_deref(), Some("a, a"));
    }
}
