//! From an HTTP request to a socket: the hand-shake of RFC 6455, section 4.2.
//!
//! Any origin may connect: a connection is somebody only through the token in its first command, never through a cookie,
//! so another site's page can do no more here than its own author.

use std::convert::Infallible;
use std::sync::Arc;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    ALLOW, CONNECTION, HeaderMap, HeaderValue, RETRY_AFTER, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderName, Method, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use crate::live::form::Form;
use crate::live::{Live, Ticket};
use crate::peer::Peer;

/// The subprotocols, each with its form. Most JSON clients ask for none.
const SUBPROTOCOLS: [(&str, Form); 2] = [("centrifuge-json", Form::Json), ("centrifuge-protobuf", Form::Protobuf)];
/// How a query asks for Protobuf, where a client cannot name a subprotocol.
const PROTOBUF: [(&str, &str); 2] = [("format", "protobuf"), ("cf_protocol", "protobuf")];
/// How a query asks for the WebSocket's own pings, which tools for people answer by themselves.
const PINGS_BY_FRAMES: &str = "cf_ws_frame_ping_pong=true";
/// Seconds after which a client that comes during the shutdown may try again: another instance, or the next process.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("1");

const METHODS: &str = "GET, OPTIONS";

/// What a request for a socket is made of.
struct Request {
    /// Who asks will only listen.
    is_bare: bool,
    method: Method,
    headers: HeaderMap,
    query: String,
    peer: Option<Peer>,
}

impl Live {
    /// Everything under `/connection`, and `/emulation`.
    pub fn routes(self: &Arc<Self>) -> BoxedFilter<(Response,)> {
        self.socket_routes().or(self.stream_routes()).unify().boxed()
    }

    /// `GET /connection/websocket`, and `GET /connection/uni_websocket` for those who only listen.
    fn socket_routes(self: &Arc<Self>) -> BoxedFilter<(Response,)> {
        let live = self.clone();
        let uni = warp::path!("connection" / "uni_websocket").map(|| true);
        let bidi = warp::path!("connection" / "websocket").map(|| false);
        bidi.or(uni)
            .unify()
            .and(warp::method())
            .and(warp::header::headers_cloned())
            .and(warp::query::raw().or_else(async |_| Ok::<_, Infallible>((String::new(),))))
            .and(warp::ext::optional::<Peer>())
            .and(warp::ext::optional::<OnUpgrade>())
            .map(move |is_bare, method, headers, query, peer, upgrade| {
                let request = Request { is_bare, method, headers, query, peer };
                let mut response = live.shake_hands(&request, upgrade);
                response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
                response
            })
            .boxed()
    }

    fn shake_hands(self: &Arc<Self>, request: &Request, upgrade: Option<OnUpgrade>) -> Response {
        let Request { is_bare, method, headers, query, peer } = request;
        if *method != Method::GET {
            return not_by_this_method(method, METHODS);
        }
        let key = match accept_key(headers) {
            Ok(key) => key,
            Err(response) => return *response,
        };
        let Some(upgrade) = upgrade else {
            return refusal(StatusCode::BAD_REQUEST, "this connection cannot become a WebSocket");
        };
        if self.is_draining() {
            return unavailable();
        }
        let Some(ticket) = self.admit(*peer, headers) else { return unavailable() };
        let subprotocol = subprotocol(headers).filter(|(_, form)| !*is_bare || *form == Form::Json);
        let form = match subprotocol {
            _ if *is_bare => Form::BareJson,
            Some((_, form @ Form::Protobuf)) => form,
            Some(_) | None if asks_for_protobuf(query) => Form::Protobuf,
            Some(_) | None => Form::Json,
        };
        let pings_by_frames = query.split('&').any(|pair| pair == PINGS_BY_FRAMES);
        self.app.workers.spawn(self.clone().take_over(upgrade, form, pings_by_frames, ticket));

        let mut response = Response::default();
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers_out = response.headers_mut();
        headers_out.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers_out.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers_out.insert(SEC_WEBSOCKET_ACCEPT, key);
        if let Some((name, _)) = subprotocol {
            headers_out.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(name));
        }
        response
    }

    async fn take_over(self: Arc<Self>, upgrade: OnUpgrade, form: Form, pings_by_frames: bool, ticket: Ticket) {
        // An error means that the client has gone before the hand-shake was done.
        let Ok(upgraded) = upgrade.await else { return };
        match upgraded.downcast::<TokioIo<TcpStream>>() {
            // A copy: hyper's read buffer would live as long as a slice of it.
            Ok(parts) => self.welcome(parts.io.into_inner(), parts.read_buf.to_vec(), form, pings_by_frames, ticket),
            Err(_) => tracing::error!("a socket came from another listener than the server's own"),
        }
    }
}

/// Checks the request's headers; the answer to its key.
fn accept_key(headers: &HeaderMap) -> Result<HeaderValue, Box<Response>> {
    if !has_token(headers, &UPGRADE, "websocket") || !has_token(headers, &CONNECTION, "upgrade") {
        let mut response = refusal(StatusCode::UPGRADE_REQUIRED, "this address speaks WebSocket");
        response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        return Err(response.into());
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        let mut response = refusal(StatusCode::UPGRADE_REQUIRED, "the version of WebSocket must be 13");
        response.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        return Err(response.into());
    }
    // 16 bytes in base64.
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|key| key.len() == 24 && key.as_bytes().ends_with(b"=="));
    key.and_then(|key| HeaderValue::try_from(derive_accept_key(key.as_bytes())).ok())
        .ok_or_else(|| refusal(StatusCode::BAD_REQUEST, "Sec-WebSocket-Key must be 16 bytes in base64").into())
}

/// The first subprotocol that the client names and we speak.
fn subprotocol(headers: &HeaderMap) -> Option<(&'static str, Form)> {
    let known = |token: &str| SUBPROTOCOLS.into_iter().find(|(name, _)| token.eq_ignore_ascii_case(name));
    tokens(headers, &SEC_WEBSOCKET_PROTOCOL).find_map(known)
}

fn asks_for_protobuf(query: &str) -> bool {
    query.split('&').filter_map(|pair| pair.split_once('=')).any(|pair| PROTOBUF.contains(&pair))
}

/// Whether a header lists this token.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    tokens(headers, name).any(|part| part.eq_ignore_ascii_case(token))
}

/// What a header, perhaps sent several times, lists.
fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

/// The answer to OPTIONS, for any origin, and to a method that is not among `methods`.
pub(super) fn not_by_this_method(method: &Method, methods: &'static str) -> Response {
    let methods = HeaderValue::from_static(methods);
    let mut response = if method == Method::OPTIONS {
        let mut response = refusal(StatusCode::NO_CONTENT, "");
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Content-Type, Last-Event-ID"));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        response
    } else {
        refusal(StatusCode::METHOD_NOT_ALLOWED, "this address has no such method")
    };
    response.headers_mut().insert(ALLOW, methods);
    response
}

/// Not now: the server is about to stop, or has no room.
pub(super) fn unavailable() -> Response {
    let mut response = refusal(StatusCode::SERVICE_UNAVAILABLE, "the server cannot serve you right now");
    response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_S);
    response
}

pub(super) fn refusal(status: StatusCode, message: &'static str) -> Response {
    let mut response = Response::new(message.into());
    *response.status_mut() = status;
    response
}
