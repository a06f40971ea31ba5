//! Where a WebSocket cannot go: answers that do not end, and what is posted beside them.
//!
//! * `/connection/http_stream`, `/connection/sse`: everything that a socket can do; what the client says after its first
//!   commands it posts to `/emulation`.
//! * `/connection/uni_http_stream`, `/connection/uni_sse`: for those who only listen. They ask for their channels in the
//!   one request that they make.
//!
//! Any origin may ask, as for a socket: a connection is somebody only through the token in its first command.

mod posted;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use futures::Stream;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, StatusCode};
use percent_encoding::percent_decode;
use warp::Filter;
use warp::Reply as _;
use warp::filters::BoxedFilter;
use warp::path::FullPath;
use warp::reply::Response;

use crate::app::AppError;
use crate::limits;
use crate::live::connection::Connection;
use crate::live::connection::streamed::Streamed;
use crate::live::disconnect;
use crate::live::form::Form;
use crate::live::mailboxes::{Delivery, Inbox};
use crate::live::outbound::{Aborted, Outbound};
use crate::live::protocol::Encoding;
use crate::live::upgrade::{not_by_this_method, refusal, unavailable};
use crate::live::{Live, Ticket};
use crate::peer::Peer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    HttpStream,
    Sse,
    UniHttpStream,
    UniSse,
    Emulation,
}

/// The body of an answer. Dropping it is going away.
struct Words(Arc<Connection>);

impl Door {
    fn at(path: &str) -> Option<Self> {
        Some(match path {
            "/connection/http_stream" => Self::HttpStream,
            "/connection/sse" => Self::Sse,
            "/connection/uni_http_stream" => Self::UniHttpStream,
            "/connection/uni_sse" => Self::UniSse,
            "/emulation" => Self::Emulation,
            _ => return None,
        })
    }

    fn methods(self) -> &'static str {
        match self {
            Self::HttpStream | Self::Emulation => "POST, OPTIONS",
            Self::Sse | Self::UniHttpStream | Self::UniSse => "GET, POST, OPTIONS",
        }
    }

    fn form(self, encoding: Encoding) -> Form {
        match (self, encoding) {
            (Self::HttpStream | Self::Emulation, Encoding::Json) => Form::JsonLines,
            (Self::HttpStream | Self::Emulation, Encoding::Protobuf) => Form::ProtobufRow,
            (Self::Sse, _) => Form::Events,
            (Self::UniHttpStream, _) => Form::BareJsonLines,
            (Self::UniSse, _) => Form::BareEvents,
        }
    }
}

/// What a request is made of.
struct Request<B> {
    method: Method,
    headers: HeaderMap,
    query: String,
    peer: Option<Peer>,
    body: B,
}

impl Live {
    /// Answers that do not end, and `POST /emulation`.
    pub(super) fn stream_routes(self: &Arc<Self>) -> BoxedFilter<(Response,)> {
        let live = self.clone();
        let door = warp::path::full()
            .and_then(async |path: FullPath| Door::at(path.as_str()).ok_or_else(warp::reject::not_found));
        door.and(warp::method())
            .and(warp::header::headers_cloned())
            .and(warp::query::raw().or_else(async |_| Ok::<_, Infallible>((String::new(),))))
            .and(warp::ext::optional::<Peer>())
            .and(warp::body::stream())
            .then(move |door: Door, method, headers, query, peer, body| {
                let (live, request) = (live.clone(), Request { method, headers, query, peer, body });
                async move {
                    let mut response = live.answer_at(door, request).await;
                    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
                    response
                }
            })
            .boxed()
    }

    async fn answer_at<S, B, E>(self: &Arc<Self>, door: Door, request: Request<S>) -> Response
    where
        S: Stream<Item = Result<B, E>>,
        B: Buf,
    {
        let Request { method, headers, query, peer, body } = request;
        let is_post = method == Method::POST;
        if !is_post && (method != Method::GET || !door.methods().contains("GET")) {
            return not_by_this_method(&method, door.methods());
        }
        if door != Door::Emulation && self.is_draining() {
            return unavailable();
        }
        let encoding = encoding(&headers);
        let first = if is_post {
            match self.bodies.read(&headers, body).await {
                Ok(body) => body,
                Err(error) => return posted::unreadable(error),
            }
        } else {
            first_of(&query)
        };
        match door {
            Door::Emulation => self.take_posted(encoding, &first).await,
            Door::HttpStream | Door::Sse | Door::UniHttpStream | Door::UniSse => {
                let Some(ticket) = self.admit(peer, &headers) else { return unavailable() };
                self.stream(door.form(encoding), first, ticket).await
            }
        }
    }

    async fn take_posted(&self, encoding: Encoding, body: &Bytes) -> Response {
        let Ok(posted) = encoding.posted(body) else {
            return refusal(StatusCode::BAD_REQUEST, "session, node and data are expected");
        };
        if posted.commands.len() > limits::MESSAGE_BYTES_MAX {
            return refusal(StatusCode::PAYLOAD_TOO_LARGE, "the commands are too long");
        }
        match self.post(posted).await {
            Ok(Delivery::Delivered) => refusal(StatusCode::NO_CONTENT, ""),
            Ok(Delivery::Unknown) => refusal(StatusCode::NOT_FOUND, "there is no such session"),
            Ok(Delivery::Full) => refusal(StatusCode::TOO_MANY_REQUESTS, "too much waits already"),
            Err(AppError::Unavailable) => unavailable(),
            Err(_) => refusal(StatusCode::INTERNAL_SERVER_ERROR, "an internal error"),
        }
    }

    /// Begins to serve a client whose words come in the body of an answer. `first`: what it had to say with its request.
    async fn stream(self: &Arc<Self>, form: Form, first: Bytes, ticket: Ticket) -> Response {
        // Who only listens says nothing after this.
        let first = match first.is_empty() {
            true if form.is_bare() => Bytes::from_static(b"{}"),
            true => return refusal(StatusCode::BAD_REQUEST, "the first command is missing"),
            false => first,
        };
        if first.len() > limits::MESSAGE_BYTES_MAX {
            return refusal(StatusCode::PAYLOAD_TOO_LARGE, "the commands are too long");
        }
        if !form.is_bare() {
            // What is posted elsewhere would be lost before. Without a store nobody comes in anyway.
            let _ = tokio::time::timeout(limits::LETTER_WAIT, self.hears_letters.wait()).await;
        }
        let (too_slow, _) = form.close(disconnect::SLOW);
        let registered = self.register(self.connection(Outbound::to_body(too_slow.unwrap_or_default()), form), ticket);
        let connection = registered.connection().clone();
        if matches!(form, Form::Events | Form::BareEvents) {
            // Something at once, so that the way is known to be open.
            connection.outbound.push(&Bytes::from_static(b"\r\n"));
        }
        let inbox = Inbox::new(connection.clone(), first);
        let entry = (!form.is_bare()).then(|| self.mailboxes.open(&inbox));
        self.app.workers.spawn(Streamed::new(registered, inbox, entry));

        let mut response = warp::reply::stream(Words(connection)).into_response();
        let content_type = match form {
            Form::Events | Form::BareEvents => "text/event-stream; charset=utf-8",
            _ if form.encoding() == Encoding::Protobuf => "application/octet-stream",
            _ => "application/x-ndjson; charset=utf-8",
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        // nginx would keep it to itself until it ends.
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        response
    }
}

impl Stream for Words {
    type Item = Result<Bytes, Aborted>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context) -> Poll<Option<Self::Item>> {
        self.0.outbound.poll_next(context)
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        self.0.outbound.abort();
    }
}

fn encoding(headers: &HeaderMap) -> Encoding {
    let essence = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()?.split(';').next());
    match essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/octet-stream")) {
        true => Encoding::Protobuf,
        false => Encoding::Json,
    }
}

/// What a client says that can only GET: the query's `cf_connect`.
fn first_of(query: &str) -> Bytes {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.find(|(name, _)| *name == "cf_connect").map_or("", |(_, value)| value);
    let spaced = value.replace('+', " ");
    percent_decode(spaced.as_bytes()).collect::<Vec<u8>>().into()
}
