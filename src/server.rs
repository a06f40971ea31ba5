//! The server: one port for HTTP and WebSocket, and an orderly end.
//!
//! An accept loop of our own instead of warp's, because a half-sent request must not stay for ever, and because a socket
//! must be had as what it is. Which routes there are is not known here.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

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

pub struct Server {
    app: Arc<App>,
    live: Arc<Live>,
    routes: BoxedFilter<(Response,)>,
    options: Options,
    stop: CancellationToken,
}

#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long everything is still served once the server is to stop, while `/health/ready` says that it leaves: a load
    /// balancer needs a while to see that and to turn elsewhere.
    pub leave: Duration,
    /// How long the sockets' good-byes are spread out for, so that those who come back do not come all at once.
    pub drain: Duration,
    /// Connections that are open at once, sockets among them.
    pub connections_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { leave: Duration::ZERO, drain: Duration::from_secs(30), connections_max: limits::CONNECTIONS_LEN_MAX }
    }
}

/// Who is at the other end, as an extension of each request: `warp::ext::get::<Peer>()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

impl Server {
    /// `routes` answers everything, [`Live::routes`] among it.
    pub fn new(app: Arc<App>, live: Arc<Live>, routes: BoxedFilter<(Response,)>, options: Options) -> Self {
        Self { app, live, routes, options, stop: CancellationToken::new() }
    }

    /// Cancel it to stop the server in order.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Serves until [`Server::stop`] and [`Options::leave`] after it, or until the application's workers are told to end. Then:
    /// no new connections; requests under way are answered; sockets are told to come back elsewhere, spread over [`Options::drain`]. When this returns,
    /// nobody is connected any more. The application is the caller's to close.
    pub async fn listen(self, listener: TcpListener) {
        let requests = TaskTracker::new();
        let (ended, abort) = (CancellationToken::new(), CancellationToken::new());
        let closing = self.app.workers.closing().clone();
        let mut left = std::pin::pin!(self.left());
        loop {
            let accept = async {
                self.until_there_is_room(&requests).await;
                listener.accept().await
            };
            let accepted = tokio::select! {
                biased;
                () = left.as_mut() => break,
                () = closing.cancelled() => break,
                accepted = accept => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let (token, serving) = (requests.token(), self.serve(stream, Peer(peer), ended.clone()));
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
        let drain = if closing.is_cancelled() { Duration::ZERO } else { self.options.drain };
        let answered = tokio::time::timeout(limits::HTTP_DRAIN_MAX, requests.wait());
        let (_, ()) = tokio::join!(answered, self.live.drain(drain));
        abort.cancel();
        requests.wait().await;
    }

    /// Returns when the server was told to stop, and everybody had the time to hear of it.
    async fn left(&self) {
        self.stop.cancelled().await;
        self.app.workers.leaving().cancel();
        tokio::time::sleep(self.options.leave).await;
    }

    /// Who knocks meanwhile waits in the kernel's queue, and costs nothing here.
    async fn until_there_is_room(&self, requests: &TaskTracker) {
        let is_full = || requests.len() + self.live.sockets_len() >= self.options.connections_max;
        if is_full() {
            tracing::warn!(most = self.options.connections_max, "there are as many connections as there may be");
            while is_full() {
                tokio::time::sleep(limits::ACCEPT_PAUSE).await;
            }
        }
    }

    /// One connection, until it ends or becomes a WebSocket. Once the server has `ended`, after the request under way.
    fn serve(
        &self,
        stream: TcpStream,
        peer: Peer,
        ended: CancellationToken,
    ) -> impl Future<Output = ()> + Send + 'static {
        let routes = warp::service(self.routes.clone());
        let service = service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(peer);
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
            // Small frames go out at once. Only a socket that is gone already refuses.
            let _ = stream.set_nodelay(true);
            let _ = socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(limits::PEER_SILENT_MAX));
            // Answers that do not end have slow readers as sockets do.
            let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(limits::SOCKET_UNSENT_BYTES);
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(limits::HEAD_TIME_MAX)
                .max_buf_size(limits::HEAD_BYTES_MAX)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            let mut connection = std::pin::pin!(connection);
            let served = tokio::select! {
                biased;
                served = connection.as_mut() => served,
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
