//! One instance of the product, put together: the app above a store, its doors, and the server that they are served by.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use warp::Filter as _;

use crate::app::App;
use crate::http::{self, WebDemo};
use crate::limits;
use crate::live::{self, Live};
use crate::server::{self, Server};

/// What the operator chose about the doors.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub web: WebDemo,
    pub http: http::Options,
    pub live: live::Options,
    /// How long everything is still served at the end, while a load balancer turns elsewhere.
    pub leave: Duration,
    /// Over how long the sockets are told to reconnect elsewhere at the end.
    pub drain: Duration,
}

pub struct Instance {
    app: Arc<App>,
    live: Arc<Live>,
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

/// Listens on `address` (port 0: any free one); nobody is answered yet.
pub async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A server that is started again finds its port free at once.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(limits::ACCEPT_QUEUE_LEN)
    };
    listener().map_err(|error: io::Error| {
        io::Error::new(error.kind(), format!("{address} cannot be listened on ({error}): choose another --listen"))
    })
}

/// Where a server that listens on `address` can be reached from its own machine.
pub fn local_address(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

impl Instance {
    /// Serves what comes to `listener`, until [`Instance::shutdown`].
    pub async fn start(app: Arc<App>, listener: TcpListener, options: Options) -> io::Result<Self> {
        let address = listener.local_addr()?;
        app.start_duties();
        let live = Live::new(app.clone(), options.live);
        let routes = live.routes().or(http::routes(app.clone(), options.web, options.http)).unify().boxed();
        let server_options =
            server::Options { leave: options.leave, drain: options.drain, ..server::Options::default() };
        let server = Server::new(app.clone(), live.clone(), routes, server_options);
        let stop = server.stop();
        let serving = app.workers.spawn(server.listen(listener));
        Ok(Self { app, live, address, stop, serving })
    }

    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    pub fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it can be reached from this machine.
    pub fn local_address(&self) -> SocketAddr {
        local_address(self.address)
    }

    /// Says that it leaves, tells the sockets to reconnect elsewhere, answers what still comes and what is under way, and ends all
    /// workers. The store is its owner's to close.
    pub async fn shutdown(self) {
        self.stop.cancel();
        // A server that panicked has nothing left to end.
        let _ = self.serving.await;
        self.app.workers.close().await;
    }
}
