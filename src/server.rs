//! The server: one port for HTTP and WebSocket, and an orderly end.
//!
//! An accept loop of our own instead of warp's, because a half-sent request must not stay for ever, and because a socket
//! must be had as what it is. Which routes there are is not known here.
//!
//! Who comes is bounded three times: connections in all, those of one address, and, in the [`lobby`], those that have not asked
//! for anything yet.

mod lobby;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service as _;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use crate::app::App;
use crate::limits;
use crate::live::Live;
use crate::peer::Peer;
use crate::places::{Admission, Place, Places};

use lobby::{Lobby, Seat};

pub struct Server {
    app: Arc<App>,
    live: Arc<Live>,
    routes: BoxedFilter<(Response,)>,
    options: Options,
    stop: CancellationToken,
    lobby: Arc<Lobby>,
    /// Of those who speak HTTP; sockets are counted by [`Live`].
    places: Arc<Places>,
}

#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long everything is still served once the server is to stop, while `/health/ready` says that it leaves: a load
    /// balancer needs a while to see that and to turn elsewhere.
    pub leave: Duration,
    /// How long the sockets' good-byes are spread out for, so that those who come back do not come all at once.
    pub drain: Duration,
    /// How many connections may have asked for nothing yet.
    pub lobby_len_max: usize,
    /// How long none of them has to make room for another.
    pub lobby_patience: Duration,
    /// How long the head of a request may take to arrive, from when it is waited for.
    pub head_time_max: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            leave: Duration::ZERO,
            drain: Duration::from_secs(30),
            lobby_len_max: limits::LOBBY_LEN_MAX,
            lobby_patience: limits::LOBBY_PATIENCE,
            head_time_max: limits::HEAD_TIME_MAX,
        }
    }
}

/// A connection that was let in, until it is something else than HTTP.
struct Guest {
    stream: TcpStream,
    peer: Peer,
    seat: Seat,
    place: Place,
}

impl Server {
    /// `routes` answers everything, [`Live::routes`] among it.
    pub fn new(app: Arc<App>, live: Arc<Live>, routes: BoxedFilter<(Response,)>, options: Options) -> Self {
        let lobby = Lobby::new(options.lobby_len_max, options.lobby_patience);
        let of_one_max = live.options.connections_per_address.saturating_add(limits::REQUESTS_PER_ADDRESS);
        let places = Places::new(usize::MAX, of_one_max);
        Self { app, live, routes, options, stop: CancellationToken::new(), lobby, places }
    }

    /// Cancel it to stop the server in order.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Serves until [`Server::stop`] and [`Options::leave`] after it, or until the application's workers are told to end. Then
    /// sockets are told to come back elsewhere, spread over [`Options::drain`]; meanwhile new ones are refused, and everything else
    /// is still served. Last, no new connections, and requests under way are answered. When this returns, nobody is connected
    /// any more. The application is the caller's to close.
    pub async fn listen(self, listener: TcpListener) {
        let requests = TaskTracker::new();
        let (ended, abort) = (CancellationToken::new(), CancellationToken::new());
        let closing = self.app.workers.closing().clone();
        let mut drained = std::pin::pin!(self.leave_and_drain());
        loop {
            let accept = async {
                self.until_there_is_room(&requests).await;
                listener.accept().await
            };
            let accepted = tokio::select! {
                biased;
                () = drained.as_mut() => break,
                () = closing.cancelled() => break,
                accepted = accept => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let Some(guest) = self.let_in(stream, Peer(peer)) else { continue };
                    let (token, serving) = (requests.token(), self.serve(guest, ended.clone()));
                    let abort = abort.clone();
                    self.app.workers.spawn(async move {
                        let _token = token;
                        tokio::select! {
                            biased;
                            () = serving => {}
                            () = abort.cancelled() => {}
                        }
                    });
                }
                Err(error) => self.rest_after(&error).await,
            }
        }
        drop(listener);
        ended.cancel();
        requests.close();
        let answered = tokio::time::timeout(limits::HTTP_DRAIN_MAX, requests.wait());
        // Whoever is left when there was no time to leave in order.
        let (_, ()) = tokio::join!(answered, self.live.drain(Duration::ZERO));
        abort.cancel();
        requests.wait().await;
    }

    /// Returns when the server was told to stop, everybody had the time to hear of it, and no socket is left.
    async fn leave_and_drain(&self) {
        self.stop.cancelled().await;
        self.app.workers.leaving().cancel();
        tokio::time::sleep(self.options.leave).await;
        self.live.drain(self.options.drain).await;
    }

    /// Who knocks meanwhile waits in the kernel's queue, and costs nothing here.
    async fn until_there_is_room(&self, requests: &TaskTracker) {
        let most = self.live.options.connections_max.saturating_add(limits::REQUESTS_LEN_MAX);
        let is_full = || requests.len() + self.live.sockets_len() >= most;
        if is_full() {
            tracing::warn!(most, "there are as many connections as there may be");
            while is_full() {
                tokio::time::sleep(limits::ACCEPT_PAUSE).await;
            }
        }
        self.lobby.room().await;
    }

    /// `None`: there are enough of this address. Behind a trusted proxy it is not known yet whose connection it is.
    fn let_in(&self, stream: TcpStream, peer: Peer) -> Option<Guest> {
        match self.places.take(self.live.options.trusted_proxies.origin(peer, &HeaderMap::new())) {
            Admission::Welcome(place) => Some(Guest { stream, peer, seat: self.lobby.enter(), place }),
            Admission::Crowded(_) | Admission::Full => {
                self.live.refused();
                None
            }
        }
    }

    /// One connection, until it ends or becomes a WebSocket. Once the server has `ended`, after the request under way.
    fn serve(&self, guest: Guest, ended: CancellationToken) -> impl Future<Output = ()> + Send + 'static {
        let Guest { stream, peer, seat, place } = guest;
        let head_time_max = self.options.head_time_max;
        let proxies = self.live.options.trusted_proxies.clone();
        let routes = warp::service(self.routes.clone());
        let seat = Arc::new(seat);
        let asked = seat.clone();
        let service = service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
            asked.leave();
            request.extensions_mut().insert(peer);
            // Whose request it is, for those who count them.
            if let Some(origin) = proxies.origin(peer, request.headers()) {
                request.extensions_mut().insert(origin);
            }
            // `CONNECT host:1` and the like name no path, which warp takes for granted.
            let has_path = request.uri().path().starts_with('/');
            let answer = has_path.then(|| routes.clone().call(request));
            async move {
                Ok::<_, Infallible>(match answer {
                    Some(answer) => answer.await.unwrap_or_else(|never| match never {}),
                    None => bad_target(),
                })
            }
        });
        async move {
            let _place = place;
            // Small frames go out at once. Only a socket that is gone already refuses.
            let _ = stream.set_nodelay(true);
            let _ = socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(limits::PEER_SILENT_MAX));
            // Answers that do not end have slow readers as sockets do.
            let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(limits::SOCKET_UNSENT_BYTES);
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(head_time_max)
                .max_buf_size(limits::HEAD_BYTES_MAX)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            let mut connection = std::pin::pin!(connection);
            let served = tokio::select! {
                biased;
                served = connection.as_mut() => served,
                () = seat.is_to_go() => return,
                () = ended.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = served {
                tracing::debug!(%error, "a connection ended early");
            }
        }
    }

    /// Errors of the one who knocked are nothing; errors of ours, such as too many open files, need a pause to pass.
    async fn rest_after(&self, error: &io::Error) {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
            return;
        }
        tracing::warn!(%error, "connections cannot be accepted right now");
        tokio::time::sleep(limits::ACCEPT_PAUSE).await;
    }
}

fn bad_target() -> Response {
    let mut response = Response::new("The request names no path.\n".to_owned().into());
    *response.status_mut() = http::StatusCode::BAD_REQUEST;
    response
}
