//! What is given any bytes at all, and what must be true of every decoder whatever it is given.
//!
//! Two engines drive these: `tests/fuzz/main.rs` for seconds, with every `cargo test`, and `tests/fuzz/guided` for as long as
//! one likes, led by what the bytes reach in the code. A target knows neither.

#[path = "apply.rs"]
mod apply;
#[path = "reckon.rs"]
mod reckon;

use std::cell::LazyCell;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_body_util::Full;
use jsonwebtoken::{Algorithm, EncodingKey};
use runnity::app::tokens::{TokenSecret, jwt};
use runnity::app::{App, AppError, Settings};
use runnity::backend::embedded::Embedded;
use runnity::clock::Clock;
use runnity::domain::achievement::{Formula, Pattern, Template, VALUE_MAX, date_key};
use runnity::domain::time::Timestamp;
use runnity::http::{self as documents, WebDemo};
use runnity::limits;
use runnity::live::delta::delta;
use runnity::live::protocol::{Encoding, Request};
use runnity::live::{self, Live};
use serde::de::IgnoredAny;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower_service::Service as _;
use warp::Filter as _;
use warp::filters::BoxedFilter;
use warp::reply::Response;

/// Takes any bytes; panics when something is wrong.
pub type Target = fn(&[u8]);

/// Each target by its name, which is also its corpus's.
pub const TARGETS: [(&str, Target); 7] = [
    ("json_lines", |input| commands(Encoding::Json, input)),
    ("protobuf_frames", |input| commands(Encoding::Protobuf, input)),
    ("posts", posts),
    ("tokens", tokens),
    ("queries", queries),
    ("deltas", deltas),
    ("formulas", formulas),
];

/// How many bytes this thread allocates in all while it works, so that a length that somebody only claims is seen to cost
/// nothing. Other threads are not counted: a store of another target may be about to close.
fn allocating<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let mut done = None;
    let counted = allocation_counter::measure(|| done = Some(work()));
    let bytes_len = usize::try_from(counted.bytes_total).expect("fits into memory");
    (done.expect("the work was done"), bytes_len)
}

/// A message of a client, as it comes from a socket, in either form.
fn commands(encoding: Encoding, input: &[u8]) {
    /// Bytes allocated in all for one byte of a command. The worst is a text that is escaped: it is written out, into a place
    /// that grows.
    const GROWTH_MAX: usize = 8;
    /// And for any command, however short: as many subs as there may be, in lists that grow.
    const BYTES_MAX: usize = 128 * 1024;
    let input = &input[..input.len().min(limits::MESSAGE_BYTES_MAX)];
    let mut message = Bytes::copy_from_slice(input);
    loop {
        let left = message.len();
        let (command, allocated) = allocating(|| encoding.next_command(&mut message));
        let Some(command) = command else { break };
        let taken = left - message.len();
        assert!(taken > 0, "a command that takes nothing off the message never ends");
        assert!(allocated <= GROWTH_MAX * taken + BYTES_MAX, "{allocated} bytes allocated for {taken}");
        let Ok(command) = command else { break };
        if encoding == Encoding::Json
            && let Request::Publish { data: Some(data), .. } | Request::Rpc { data: Some(data), .. } = command.request
        {
            assert!(serde_json::from_slice::<IgnoredAny>(&data).is_ok(), "what goes on to others is JSON");
        }
    }
}

/// A body that is posted to `/emulation`; the first byte says in which form.
fn posts(input: &[u8]) {
    /// Bytes allocated for one byte of a body. The worst is a text where an object should be: what is wrong is put into words,
    /// with the text in them and every letter of it escaped.
    const GROWTH_MAX: usize = 48;
    const BYTES_MAX: usize = 4 * 1024;
    let Some((form, input)) = input.split_first() else { return };
    let (encoding, content_type) = match form % 2 {
        0 => (Encoding::Json, "application/json"),
        _ => (Encoding::Protobuf, "application/octet-stream"),
    };
    let body = Bytes::copy_from_slice(&input[..input.len().min(limits::POSTED_MESSAGE_BYTES_MAX)]);
    let (posted, allocated) = allocating(|| encoding.posted(&body));
    assert!(allocated <= GROWTH_MAX * body.len() + BYTES_MAX, "{allocated} bytes allocated for {}", body.len());
    if let Ok(posted) = &posted {
        assert!(posted.commands.len() <= body.len(), "commands are no longer than what was posted");
        commands(encoding, &posted.commands);
        // Another instance would be asked, and waited for.
        if posted.mailbox.node.len() >= 32 {
            return;
        }
    }
    let request = http::Request::builder().method("POST").uri("/emulation").header("content-type", content_type);
    let request = request.header("content-length", body.len());
    let request = request.body(Full::new(body)).expect("a request");
    STAGE.with(|stage| {
        let answer = stage.runtime.block_on(warp::service(stage.routes.clone()).call(request));
        let status = answer.expect("infallible").status().as_u16();
        // Nobody's mailbox is known by chance.
        let expected = if posted.is_ok() { [404, 413] } else { [400, 413] };
        assert!(expected.contains(&status), "{status}");
    });
}

const SECRET: &str = "a secret that nobody guesses who is not told";

thread_local! {
    static STAGE: LazyCell<Stage> = LazyCell::new(Stage::new);
}

/// An application on a store that is thrown away, and its doors.
struct Stage {
    runtime: Runtime,
    app: Arc<App>,
    routes: BoxedFilter<(Response,)>,
    _folder: TempDir,
}

impl Stage {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a directory");
        let clock = Clock::manual(Timestamp::parse("2026-11-21T09:00:00Z").expect("a time"));
        let store = Embedded::open(folder.path(), clock.clone()).expect("a store");
        let settings =
            Settings { open_channels: true, token_secret: Some(TokenSecret::new(SECRET)), ..Settings::default() };
        let _entered = runtime.enter();
        let app = App::new(Arc::new(store), clock, settings);
        let live = Live::new(app.clone(), live::Options::default());
        let documents = documents::routes(app.clone(), WebDemo::Embedded, documents::Options::default());
        let routes = live.routes().or(documents).unify().boxed();
        Self { runtime, app, routes, _folder: folder }
    }
}

/// A token as it comes; and, when the input has several lines, one that is signed, with the first line as its header and the
/// second as its claims.
fn tokens(input: &[u8]) {
    STAGE.with(|stage| {
        let raw = String::from_utf8_lossy(input);
        let is_signed = jwt::verify::<IgnoredAny>(SECRET.as_bytes(), &raw).is_ok();
        assert!(!is_signed || raw.rsplit_once('.').is_some_and(|(text, mac)| mac == signature(text)));
        let opened = stage.runtime.block_on(stage.app.connection_token(&raw));
        assert!(is_signed || matches!(opened, Err(AppError::Unauthenticated)), "nobody comes in without a good token");

        let mut lines = input.splitn(3, |byte| *byte == b'\n');
        let (Some(header), Some(claims)) = (lines.next(), lines.next()) else { return };
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let token = format!("{text}.{}", signature(&text));
        match stage.runtime.block_on(stage.app.connection_token(&token)) {
            Ok(credential) => {
                assert!(credential.subs.len() <= limits::CHANNELS_LEN_MAX);
                let told = credential.subs.iter().flat_map(|sub| [&sub.info, &sub.data]).chain([&credential.info]);
                for json in told.flatten() {
                    assert!(serde_json::from_slice::<IgnoredAny>(json).is_ok() && !json.contains(&b'\n'));
                }
                let named = credential.subs.first().map_or("channel", |sub| &sub.channel);
                let _ = stage.app.subscription_token(&credential.caller, named, &token);
            }
            Err(AppError::Unauthenticated | AppError::Expired) => {}
            Err(other) => panic!("{other:?}"),
        }
    });
}

fn signature(text: &str) -> String {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::crypto::sign(text.as_bytes(), &key, Algorithm::HS256).expect("a signature")
}

/// Where queries are read. Nothing here is stored by somebody who is nobody.
const DOORS: [(&str, &str); 10] = [
    ("GET", "/connection/websocket"),
    ("GET", "/connection/sse"),
    ("GET", "/connection/uni_sse"),
    ("POST", "/run/new"),
    ("PUT", "/run/update"),
    ("GET", "/login"),
    ("GET", "/logout"),
    ("GET", "/api/runs"),
    ("GET", "/api/users/me"),
    ("GET", "/"),
];

/// The first byte says which door, the others are the query.
fn queries(input: &[u8]) {
    let Some((door, query)) = input.split_first() else { return };
    let (method, path) = DOORS[usize::from(*door) % DOORS.len()];
    let mut uri = format!("{path}?").into_bytes();
    uri.extend_from_slice(query);
    // What is no request at all is hyper's to answer.
    let Ok(request) = http::Request::builder().method(method).uri(&uri[..]).body(Full::<Bytes>::default()) else {
        return;
    };
    STAGE.with(|stage| {
        let answer = stage.runtime.block_on(warp::service(stage.routes.clone()).call(request));
        let status = answer.expect("infallible").status();
        assert!(!status.is_server_error(), "{status}");
    });
}

/// The old payload, a byte of its own, the new payload.
fn deltas(input: &[u8]) {
    let middle = input.first().map_or(0, |share| usize::from(*share) * input.len() / 256);
    let (old, new) = input.split_at(middle);
    let patch = delta(old, new);
    assert_eq!(apply::apply(old, &patch), new);
    assert!(patch.len() <= new.len() + 40, "a patch is at most the payload and a few numbers");
    assert!(std::str::from_utf8(new).is_err() || std::str::from_utf8(&patch).is_ok(), "the patch of a text is a text");
}

/// What admins write into rules, each line by itself: formulas, texts with formulas in them, patterns, formats of dates.
fn formulas(input: &[u8]) {
    /// Rules bound how many there are; here it is bounded how long an input takes.
    const LINES_LEN_MAX: usize = 100;
    let text = String::from_utf8_lossy(input);
    let key: String = text.chars().take(limits::VALUE_KEY_BYTES_MAX).collect();
    for line in text.lines().take(LINES_LEN_MAX) {
        if let Ok(formula) = Formula::parse(line, &["level"]) {
            for level in [1.0, 2.0, 100.0] {
                let reckoned = reckon::reckon(line, level);
                match formula.value(&[level]) {
                    Ok(value) => {
                        assert!(value.abs() <= VALUE_MAX, "{line} at {level} is {value}");
                        let apart = (value - reckoned).abs();
                        assert!(apart <= 1e-9 * value.abs().max(1.0), "{line} at {level} is {value}, not {reckoned}");
                    }
                    Err(error) => {
                        assert!(!reckoned.is_finite() || reckoned.abs() > VALUE_MAX, "{error}: it is {reckoned}");
                    }
                }
            }
        }
        if let Ok(template) = Template::parse(line) {
            // A number has 17 digits and a sign at most, and the shortest formula is `${1}`.
            assert!(template.fill(7).map_or(0, |filled| filled.len()) <= 8 * line.len() + 24);
        }
        if let Some(pattern) = Pattern::parse(line) {
            // A pattern without wildcards matches what it looks like.
            let plain = !line.contains(['%', '_', '\\']);
            assert!(!plain || pattern.matches(line), "{line}");
            pattern.matches(&key);
        }
        date_key(Timestamp::from_millis(1_795_000_000_000), chrono_tz::Tz::Asia__Kolkata, line);
    }
}
