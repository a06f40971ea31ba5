//! Live: sockets, the protocol that they speak, and the hub that carries changes to them.
//!
//! * [`protocol`], [`disconnect`]: every message and every code of the protocol.
//! * [`form`], [`frame`]: messages in their encoding, in WebSocket frames.
//! * [`connection`], [`outbound`]: one connection, its task, and its way out: a socket, or the body of an answer.
//! * [`delta`]: what turns one payload into the next.
//! * [`session`]: what a client may ask and what it is answered.
//! * [`book`]: all connections, by what they may be called.
//! * [`hub`]: one room for each topic that somebody here listens to.
//! * `orders`: what the operator's back end has done to connections.
//! * [`wheel`]: the times of all connections.
//! * [`upgrade`]: from an HTTP request to a socket.
//! * [`streams`]: from an HTTP request to an answer that does not end, where a socket cannot go.
//! * [`mailboxes`], [`emulation`]: how those whom we answer so say something, to whichever instance they say it.
//!
//! This room decides nothing about runs and users: it asks the application.

pub mod book;
pub mod connection;
pub mod delta;
pub mod disconnect;
pub mod emulation;
pub mod form;
pub mod frame;
pub mod hub;
pub mod mailboxes;
mod orders;
pub mod outbound;
pub mod protocol;
pub mod session;
pub mod streams;
pub mod upgrade;
pub mod wheel;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use http::HeaderMap;
use tokio::net::TcpStream;
use tokio::sync::SetOnce;
use uuid::Uuid;

use crate::app::channels::{Channel, Grounds};
use crate::app::sight::Concerned;
use crate::app::users::Caller;
use crate::app::{App, AppError};
use crate::bodies::Bodies;
use crate::limits;
use crate::live::book::Book;
use crate::live::connection::task::Task;
use crate::live::connection::{Beat, Connection};
use crate::live::emulation::Waiting;
use crate::live::form::Form;
use crate::live::hub::{Counts, Hub, Rules, Verdict};
use crate::live::mailboxes::Mailboxes;
use crate::live::outbound::Outbound;
use crate::live::wheel::Wheel;
use crate::peer::{Origin, Peer, TrustedProxies};
use crate::places::{Admission, Place, Places};

/// Everything that is live in this process.
pub struct Live {
    pub app: Arc<App>,
    pub hub: Arc<Hub>,
    pub options: Options,
    wheel: Wheel<Connection>,
    book: Book,
    /// Those of them that have a socket of their own.
    sockets_len: AtomicUsize,
    places: Arc<Places>,
    mailboxes: Arc<Mailboxes>,
    /// Who waits for another instance's word.
    waiting: Arc<Waiting>,
    /// Set once letters of other instances are heard.
    hears_letters: SetOnce<()>,
    /// Room for what is posted, until it is read.
    bodies: Bodies,
    /// No new sockets: the process is about to end.
    is_draining: AtomicBool,
}

#[derive(Clone, Debug)]
pub struct Options {
    pub beat: Beat,
    /// How exact the times of connections are.
    pub tick: Duration,
    /// Between two frames of a channel that shows where many are.
    pub positions_every: Duration,
    /// Connections that are open at once; more are refused.
    pub connections_max: usize,
    /// Of those, how many may come from one address; more are sent away with 3504.
    pub connections_per_address: usize,
    /// Who is believed when it says whom it speaks for.
    pub trusted_proxies: TrustedProxies,
}

impl Default for Options {
    /// The Centrifuge defaults.
    fn default() -> Self {
        let beat = Beat {
            ping_interval: Duration::from_secs(25),
            pong_timeout: Duration::from_secs(10),
            stale_after: Duration::from_secs(10),
        };
        Self {
            beat,
            tick: Duration::from_millis(250),
            positions_every: limits::TICK,
            connections_max: limits::CONNECTIONS_LEN,
            connections_per_address: limits::CONNECTIONS_PER_ADDRESS,
            trusted_proxies: TrustedProxies::default(),
        }
    }
}

/// A connection's entry in the book of this process. Dropping it strikes the entry out.
pub struct Registered {
    live: Arc<Live>,
    connection: Arc<Connection>,
    place: Place,
}

/// What a new connection is given.
struct Ticket {
    place: Place,
    /// There are enough of its address: it is told so, and no more.
    is_crowded: bool,
}

impl Live {
    /// Starts the worker that looks after the times of connections.
    pub fn new(app: Arc<App>, options: Options) -> Arc<Self> {
        let counts =
            Counts { subscriptions: app.metrics.subscriptions.clone(), frames_sent: app.metrics.frames_sent.clone() };
        let hub = Hub::new(app.backend.clone(), rules(&app, options.positions_every), app.workers.clone(), counts);
        let wheel = Wheel::new(options.tick, app.clock.now());
        let places = Places::new(options.connections_max, options.connections_per_address);
        let live = Arc::new(Self {
            app,
            hub,
            options,
            wheel,
            book: Book::default(),
            sockets_len: AtomicUsize::new(0),
            places,
            mailboxes: Arc::default(),
            waiting: Arc::default(),
            hears_letters: SetOnce::new(),
            bodies: Bodies::new(limits::POSTED_BYTES_MAX, limits::POSTED_MESSAGE_BYTES_MAX as u64),
            is_draining: AtomicBool::new(false),
        });
        let counted = Arc::downgrade(&live);
        live.app.count_users_by(move || counted.upgrade().map_or(0, |live| live.users_len()));
        live.app.workers.spawn(live.clone().keep_time());
        live.app.workers.spawn(live.clone().hear_letters());
        live.app.workers.spawn(live.clone().obey());
        live
    }

    /// How many connections are open.
    pub fn connections_len(&self) -> usize {
        self.book.connections_len()
    }

    /// How many users are connected. Looks at every connection.
    fn users_len(&self) -> u64 {
        let connections = self.book.all();
        let users: HashSet<&str> = connections.iter().map(|connection| connection.caller().user()).collect();
        users.len() as u64
    }

    /// How many of them have a socket of their own; the others are requests that are under way.
    pub fn sockets_len(&self) -> usize {
        self.sockets_len.load(Ordering::Relaxed)
    }

    /// Takes no new sockets, and tells those that are here to come back elsewhere, spread over `time`. Ends when all are gone.
    pub async fn drain(&self, time: Duration) {
        self.is_draining.store(true, Ordering::SeqCst);
        let mut connections = self.book.all();
        let began = tokio::time::Instant::now();
        let count = u32::try_from(connections.len()).unwrap_or(u32::MAX);
        for (index, connection) in (0_u32..).zip(connections.drain(..)) {
            // In the order of their random ids. Sockets of one millisecond go together.
            let at = began + time.mul_f64(f64::from(index) / f64::from(count));
            if at > tokio::time::Instant::now() {
                tokio::time::sleep_until(at).await;
            }
            connection.close(disconnect::SHUTDOWN);
        }
        // Some came while this went on.
        for connection in self.book.all() {
            connection.close(disconnect::SHUTDOWN);
        }
        if !self.all_gone_within(limits::CLOSING_TIME_MAX).await {
            self.abort();
            // Tasks that are told so end at their next turn.
            self.all_gone_within(limits::CLOSING_TIME_MAX).await;
        }
    }

    async fn all_gone_within(&self, time: Duration) -> bool {
        let deadline = tokio::time::Instant::now() + time;
        while self.connections_len() > 0 {
            if tokio::time::Instant::now() > deadline {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        true
    }

    fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::SeqCst)
    }

    /// Room for one more connection, asked for by a request with these headers; `None` when there is none.
    fn admit(&self, peer: Option<Peer>, headers: &HeaderMap) -> Option<Ticket> {
        let origin: Option<Origin> = peer.and_then(|peer| self.options.trusted_proxies.origin(peer, headers));
        let ticket = match self.places.take(origin) {
            Admission::Welcome(place) => return Some(Ticket { place, is_crowded: false }),
            Admission::Crowded(place) => Some(Ticket { place, is_crowded: true }),
            Admission::Full => None,
        };
        self.refused();
        ticket
    }

    /// Counts a connection for which there was no place. The first is worth a word to the operator, who may want more of them.
    pub fn refused(&self) {
        if self.app.metrics.connections_refused.inc() == 0 {
            let Options { connections_max, connections_per_address, .. } = self.options;
            tracing::warn!(
                connections_max,
                connections_per_address,
                "a connection was refused, for there are enough in all or of its address. If that is a load balancer's, name \
                 it in --trusted-proxies. Others are counted in the metrics alone"
            );
        }
    }

    /// Begins to serve a socket whose hand-shake is done. `early`: bytes that came behind the request.
    fn welcome(self: &Arc<Self>, stream: TcpStream, early: Vec<u8>, form: Form, pings_by_frames: bool, ticket: Ticket) {
        let connection = self.connection(Outbound::to_socket(stream), form);
        let connection = if pings_by_frames { connection.pinged_by_frames() } else { connection };
        self.app.workers.spawn(Task::new(self.register(connection, ticket), early));
    }

    fn connection(&self, outbound: Outbound, form: Form) -> Connection {
        Connection::new(Uuid::new_v4(), outbound, form, self.app.clock.now(), &self.options.beat)
    }

    fn register(self: &Arc<Self>, connection: Connection, ticket: Ticket) -> Registered {
        let connection = Arc::new(connection);
        if ticket.is_crowded {
            connection.close(disconnect::CONNECTION_LIMIT);
        }
        Registered::new(self.clone(), connection, ticket.place)
    }

    /// Looks after pings, answers that do not come, and rooms that nobody needs, until the process ends.
    async fn keep_time(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(self.options.tick);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = self.app.workers.closing().cancelled() => break,
                _ = ticks.tick() => {}
            }
            for (index, connection) in self.wheel.due(self.app.clock.now()).into_iter().enumerate() {
                if let Some(next) = connection.beat(self.app.clock.now(), &self.options.beat) {
                    self.wheel.insert(next, Arc::downgrade(&connection));
                }
                if index % limits::MESSAGES_PER_TURN_MAX == 0 {
                    tokio::task::yield_now().await;
                }
            }
            self.hub.sweep(Instant::now());
        }
        // Nobody looks after them from here on.
        self.abort();
    }

    fn abort(&self) {
        self.is_draining.store(true, Ordering::SeqCst);
        for connection in self.book.all() {
            connection.outbound.abort();
        }
    }
}

/// How rights are asked again: of the application, and closed rather than open when it cannot tell.
fn rules(app: &Arc<App>, tick: Duration) -> Rules {
    let (app, listing, clock) = (app.clone(), app.clone(), app.clock.clone());
    Rules {
        // What clients publish to open channels may look like anything; of events rights are told apart.
        changes_rights: |channel, payload| {
            !matches!(channel, Channel::Open(_) | Channel::Event(_)) && App::changes_rights(payload)
        },
        concerned: Concerned::read,
        list: Box::new(move |of, known| {
            let app = listing.clone();
            async move { app.list_seen(of, &known).await }.boxed()
        }),
        now: Box::new(move || clock.now()),
        tick,
        ask: Box::new(move |connection, channel| {
            let app = app.clone();
            async move { ask(&app, &connection, &channel).await }.boxed()
        }),
    }
}

async fn ask(app: &App, connection: &Connection, channel: &Channel) -> Verdict {
    if let (Channel::User(_), Some(identity)) = (channel, connection.credential()) {
        return match app.still_good(&identity).await {
            Ok(true) => Verdict::Stays,
            Ok(false) | Err(AppError::Unauthenticated) => Verdict::Closes(disconnect::INVALID_TOKEN),
            Err(_) => Verdict::Unknown,
        };
    }
    if let (Channel::Link(_), Caller::Link(holder)) = (channel, connection.caller()) {
        return match app.link_still_good(holder).await {
            Ok(true) => Verdict::Stays,
            Ok(false) => Verdict::Closes(disconnect::INVALID_TOKEN),
            Err(_) => Verdict::Unknown,
        };
    }
    // What a link shows may have come to be nothing that its maker may share.
    if let Caller::Link(holder) = connection.caller() {
        match app.link_still_good(holder).await {
            Ok(true) => {}
            Ok(false) => return Verdict::Closes(disconnect::INVALID_TOKEN),
            Err(_) => return Verdict::Unknown,
        }
    }
    match app.open_channel(connection.caller(), &channel.name(), Grounds::Name).await {
        Ok(_) => Verdict::Stays,
        Err(AppError::NotFound(_) | AppError::Forbidden | AppError::Unauthenticated) => {
            Verdict::Leaves(disconnect::REMOVED)
        }
        Err(_) => Verdict::Unknown,
    }
}

impl Registered {
    fn new(live: Arc<Live>, connection: Arc<Connection>, place: Place) -> Self {
        live.book.enter(&connection);
        live.app.metrics.connections.inc();
        if connection.outbound.socket().is_some() {
            live.sockets_len.fetch_add(1, Ordering::Relaxed);
        }
        let first = live
            .app
            .clock
            .now()
            .plus_millis(i64::try_from(live.options.beat.stale_after.as_millis()).unwrap_or(i64::MAX));
        live.wheel.insert(first, Arc::downgrade(&connection));
        // The drain may have looked at the book just before, and after the end nobody looks at the times any more.
        if live.app.workers.closing().is_cancelled() {
            connection.outbound.abort();
        } else if live.is_draining() {
            connection.close(disconnect::SHUTDOWN);
        }
        Self { live, connection, place }
    }

    pub fn live(&self) -> &Arc<Live> {
        &self.live
    }

    pub fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Whose connection it is, if that is counted.
    pub fn origin(&self) -> Option<Origin> {
        self.place.origin()
    }

    /// The close frame is on its way: it has a while to arrive.
    pub fn closing(&self) {
        let until = self.connection.closing(self.live.app.clock.now());
        self.live.wheel.insert(until, Arc::downgrade(&self.connection));
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.live.book.strike_out(&self.connection);
        self.live.app.metrics.connections.dec();
        if self.connection.outbound.socket().is_some() {
            self.live.sockets_len.fetch_sub(1, Ordering::Relaxed);
        }
        if self.connection.outbound.was_slow() {
            self.live.app.metrics.disconnects_slow.inc();
        }
    }
}
