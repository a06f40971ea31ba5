//! Many connections in one thread: opening them, sending, and hearing what comes.
//!
//! One event loop over `mio`, one read for each readiness, frames found in place. Knows the transport and the protocol's own
//! ping, but no scenario. Connections leave from several loopback addresses, so that their number is not bound by the ports of one.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::Outcome;
use crate::client::{self, Piece};

/// Connections that leave from one loopback address.
const PER_ADDRESS: usize = 2_000;
/// Hand-shakes, or first questions, under way at once: the server's backlog holds them.
const AT_ONCE: usize = 256;
/// How long the server may stay silent while something is awaited from it.
pub const PATIENCE: Duration = Duration::from_secs(30);
const SCRATCH_BYTES: usize = 256 * 1024;

#[derive(Clone, Copy, PartialEq, Debug)]
enum State {
    HandShaking,
    WebSocket,
    Http,
    Redis,
    Closed,
}

struct Socket {
    stream: TcpStream,
    state: State,
    /// The front of a frame whose rest has not come yet.
    inbound: Vec<u8>,
    /// What the kernel would not take yet.
    outbound: Vec<u8>,
}

/// What one connection heard.
pub struct Heard<'a> {
    pub socket: usize,
    pub what: What<'a>,
    /// When it was read.
    pub at: Instant,
}

pub enum What<'a> {
    /// One reply or push of the protocol, as JSON.
    Line(&'a [u8]),
    /// The same as Protobuf, without its length.
    Protobuf(&'a [u8]),
    Pong,
    Response {
        status: u16,
        body: &'a [u8],
    },
    /// By the peer, with the code of its Close or 1006.
    Closed(u16),
    HandShaken,
}

/// The `connect` of a client without a token.
pub fn anonymous(_: usize) -> String {
    r#"{"id":1,"connect":{}}"#.to_owned()
}

/// What a handler wants sent: which connection, which bytes.
pub type Outbox = Vec<(usize, Vec<u8>)>;

pub struct Crowd {
    poll: Poll,
    sockets: Vec<Socket>,
    scratch: Vec<u8>,
    outbox: Outbox,
}

impl Crowd {
    pub fn new() -> Outcome<Self> {
        let (sockets, outbox) = (Vec::new(), Outbox::new());
        Ok(Self { poll: Poll::new()?, sockets, scratch: vec![0; SCRATCH_BYTES], outbox })
    }

    /// Opens WebSockets, and on each sends its `connect` command as soon as the hand-shake is over → when all are answered.
    pub fn open(
        &mut self,
        server: SocketAddr,
        count: usize,
        connect: impl Fn(usize) -> String,
    ) -> Outcome<Range<usize>> {
        let first = self.sockets.len();
        let hand_shake = client::hand_shake(server);
        let (mut answered, deadline) = (0, Instant::now() + PATIENCE);
        while answered < count {
            while self.sockets.len() - first < (answered + AT_ONCE).min(count) {
                let socket = self.connect(server, State::HandShaking)?;
                self.send(socket, &hand_shake)?;
            }
            if Instant::now() > deadline {
                return Err("the connections were not answered in time".into());
            }
            self.turn(Duration::from_secs(1), |outbox, heard| {
                match heard.what {
                    What::HandShaken => {
                        outbox.push((heard.socket, client::text(connect(heard.socket - first).as_bytes())));
                    }
                    What::Line(line) if is_reply(line) => {
                        expect_success(line)?;
                        answered += 1;
                    }
                    What::Closed(code) => return Err(format!("closed with {code} while it was opened").into()),
                    _ => {}
                }
                Ok(())
            })?;
        }
        Ok(first..first + count)
    }

    /// Opens WebSockets that are greeted with this, and waits for all hand-shakes.
    pub fn open_bare(&mut self, server: SocketAddr, count: usize, hand_shake: &[u8]) -> Outcome<Range<usize>> {
        self.open_as(server, count, State::HandShaking, hand_shake)
    }

    /// Opens connections to a Redis, and waits until each has answered this.
    pub fn open_redis(&mut self, server: SocketAddr, count: usize, greeting: &[u8]) -> Outcome<Range<usize>> {
        self.open_as(server, count, State::Redis, greeting)
    }

    fn open_as(&mut self, server: SocketAddr, count: usize, state: State, greeting: &[u8]) -> Outcome<Range<usize>> {
        let first = self.sockets.len();
        for opened in 1..=count {
            let socket = self.connect(server, state)?;
            self.send(socket, greeting)?;
            if opened % AT_ONCE == 0 || opened == count {
                let (mut left, deadline) = ((opened - 1) % AT_ONCE + 1, Instant::now() + PATIENCE);
                self.until(deadline, |_, heard| {
                    match heard.what {
                        What::HandShaken | What::Response { status: 200, .. } => left -= 1,
                        What::Closed(code) => return Err(format!("closed with {code} while it was opened").into()),
                        _ => {}
                    }
                    Ok(left == 0)
                })?;
            }
        }
        Ok(first..first + count)
    }

    /// Opens connections that speak HTTP and are kept.
    pub fn open_http(&mut self, server: SocketAddr, count: usize) -> Outcome<Range<usize>> {
        let first = self.sockets.len();
        for _ in 0..count {
            self.connect(server, State::Http)?;
        }
        Ok(first..first + count)
    }

    /// Begins to open so many WebSockets without waiting for any of them, and asks for their hand-shakes.
    pub fn connect_at_once(&mut self, server: SocketAddr, count: usize) -> Outcome<Range<usize>> {
        let first = self.sockets.len();
        let hand_shake = client::hand_shake(server);
        for _ in 0..count {
            let raw = self.leaving_socket()?;
            raw.set_nonblocking(true)?;
            if let Err(error) = raw.connect(&server.into())
                && error.raw_os_error() != Some(rustix::io::Errno::INPROGRESS.raw_os_error())
            {
                return Err(error.into());
            }
            let socket = self.add(raw, State::HandShaking)?;
            // Once it is writable, which it is when it is connected.
            self.sockets[socket].outbound.extend_from_slice(&hand_shake);
        }
        Ok(first..first + count)
    }

    fn connect(&mut self, server: SocketAddr, state: State) -> Outcome<usize> {
        let raw = self.leaving_socket()?;
        raw.connect(&server.into())?;
        raw.set_nonblocking(true)?;
        self.add(raw, state)
    }

    /// The next connection's socket, at the address that it leaves from.
    fn leaving_socket(&self) -> Outcome<socket2::Socket> {
        let raw = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
        let address = Ipv4Addr::new(127, 0, 1, 1 + (self.sockets.len() / PER_ADDRESS) as u8);
        raw.bind(&SocketAddr::from((address, 0)).into())?;
        Ok(raw)
    }

    fn add(&mut self, raw: socket2::Socket, state: State) -> Outcome<usize> {
        let socket = self.sockets.len();
        raw.set_tcp_nodelay(true)?;
        // Closing leaves nothing behind that the next scenario would run into.
        raw.set_linger(Some(Duration::ZERO))?;
        let mut stream = TcpStream::from_std(raw.into());
        self.poll.registry().register(&mut stream, Token(socket), Interest::READABLE | Interest::WRITABLE)?;
        self.sockets.push(Socket { stream, state, inbound: Vec::new(), outbound: Vec::new() });
        Ok(socket)
    }

    pub fn send(&mut self, socket: usize, bytes: &[u8]) -> Outcome<()> {
        let Socket { stream, outbound, .. } = &mut self.sockets[socket];
        let mut sent = 0;
        if outbound.is_empty() {
            sent = match stream.write(bytes) {
                Ok(sent) => sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(error) => return Err(error.into()),
            };
        }
        outbound.extend_from_slice(&bytes[sent..]);
        Ok(())
    }

    /// Waits for what comes, at most so long, and gives each thing heard to `handle`; then sends what that put in the outbox.
    pub fn turn(
        &mut self,
        timeout: Duration,
        mut handle: impl FnMut(&mut Outbox, Heard<'_>) -> Outcome<()>,
    ) -> Outcome<()> {
        let mut events = Events::with_capacity(1_024);
        if let Err(error) = self.poll.poll(&mut events, Some(timeout))
            && error.kind() != io::ErrorKind::Interrupted
        {
            return Err(error.into());
        }
        for event in &events {
            let socket = event.token().0;
            if event.is_writable() {
                self.flush(socket)?;
            }
            if event.is_readable() || event.is_read_closed() {
                self.read(socket, &mut handle)?;
            }
            self.send_outbox()?;
        }
        Ok(())
    }

    /// Turns until `done` says so; an error when it has not by `deadline`.
    pub fn until(
        &mut self,
        deadline: Instant,
        mut handle: impl FnMut(&mut Outbox, Heard<'_>) -> Outcome<bool>,
    ) -> Outcome<()> {
        let mut done = false;
        while !done {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err("the server did not answer in time".into());
            }
            self.turn(left, |outbox, heard| {
                done |= handle(outbox, heard)?;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Sends one command on each WebSocket and waits for each one's reply, which must not be an error.
    pub fn ask(&mut self, sockets: Range<usize>, command: impl Fn(usize) -> String) -> Outcome<()> {
        let count = sockets.len();
        let mut waiting = sockets.map(|socket| (socket, client::text(command(socket).as_bytes())));
        let (mut answered, deadline) = (0, Instant::now() + PATIENCE);
        for (socket, bytes) in waiting.by_ref().take(AT_ONCE) {
            self.send(socket, &bytes)?;
        }
        if count == 0 {
            return Ok(());
        }
        self.until(deadline, |outbox, heard| {
            let What::Line(line) = heard.what else { return Ok(false) };
            if !is_reply(line) {
                return Ok(false);
            }
            expect_success(line)?;
            answered += 1;
            outbox.extend(waiting.next());
            Ok(answered == count)
        })
    }

    fn send_outbox(&mut self) -> Outcome<()> {
        let mut outbox = std::mem::take(&mut self.outbox);
        for (socket, bytes) in outbox.drain(..) {
            self.send(socket, &bytes)?;
        }
        self.outbox = outbox;
        Ok(())
    }

    fn flush(&mut self, socket: usize) -> Outcome<()> {
        let Socket { stream, outbound, .. } = &mut self.sockets[socket];
        while !outbound.is_empty() {
            match stream.write(outbound) {
                Ok(sent) => drop(outbound.drain(..sent)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Reads what is there. A read that does not fill the buffer has emptied the socket: no second one is spent on asking.
    fn read(&mut self, socket: usize, handle: &mut impl FnMut(&mut Outbox, Heard<'_>) -> Outcome<()>) -> Outcome<()> {
        loop {
            let it = &mut self.sockets[socket];
            if it.state == State::Closed {
                return Ok(());
            }
            let read_len = match it.stream.read(&mut self.scratch) {
                Ok(0) => return self.close(socket, 1006, handle),
                Ok(read_len) => read_len,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                    return self.close(socket, 1006, handle);
                }
                Err(error) => return Err(error.into()),
            };
            let at = Instant::now();
            let mut state = it.state;
            let mut inbound = std::mem::take(&mut it.inbound);
            let whole = if inbound.is_empty() {
                &self.scratch[..read_len]
            } else {
                inbound.extend_from_slice(&self.scratch[..read_len]);
                &inbound[..]
            };
            let mut tell = |outbox: &mut Outbox, what: What<'_>| handle(outbox, Heard { socket, what, at });
            let taken = take(whole, &mut state, socket, &mut self.outbox, &mut tell)?;
            let rest = whole[taken..].to_vec();
            let it = &mut self.sockets[socket];
            (it.inbound, it.state) = (rest, state);
            if read_len < self.scratch.len() {
                return Ok(());
            }
        }
    }

    fn close(
        &mut self,
        socket: usize,
        code: u16,
        handle: &mut impl FnMut(&mut Outbox, Heard<'_>) -> Outcome<()>,
    ) -> Outcome<()> {
        self.sockets[socket].state = State::Closed;
        handle(&mut self.outbox, Heard { socket, what: What::Closed(code), at: Instant::now() })
    }
}

/// Takes all that is complete → how many bytes that was.
fn take(
    bytes: &[u8],
    state: &mut State,
    socket: usize,
    outbox: &mut Outbox,
    tell: &mut impl FnMut(&mut Outbox, What<'_>) -> Outcome<()>,
) -> Outcome<usize> {
    let mut taken = 0;
    while taken < bytes.len() {
        let front = &bytes[taken..];
        let next = match *state {
            State::WebSocket => client::read_frame(front),
            State::Redis => client::read_resp(front),
            State::HandShaking | State::Http | State::Closed => client::read_response(front),
        };
        let Some((piece, len)) = next else { break };
        taken += len;
        match piece {
            Piece::Message(payload) => {
                let mut from = 0;
                for end in memchr::memchr_iter(b'\n', payload).chain([payload.len()]) {
                    match &payload[from..end] {
                        b"" => {}
                        b"{}" => outbox.push((socket, client::text(b"{}"))),
                        line => tell(outbox, What::Line(line))?,
                    }
                    from = end + 1;
                }
            }
            Piece::Binary(payload) => {
                let mut rest = payload;
                while !rest.is_empty() {
                    let (message, len) = client::read_delimited(rest).ok_or("a message that is cut off")?;
                    rest = &rest[len..];
                    match message {
                        b"" => outbox.push((socket, client::binary(&[0]))),
                        message => tell(outbox, What::Protobuf(message))?,
                    }
                }
            }
            Piece::Pong => tell(outbox, What::Pong)?,
            Piece::Close(code) => {
                *state = State::Closed;
                tell(outbox, What::Closed(code))?;
            }
            Piece::Other => {}
            Piece::Response { status: 500, body } if *state == State::Redis => {
                return Err(format!("Redis refused: {}", String::from_utf8_lossy(body)).into());
            }
            Piece::Response { status: 101, .. } if *state == State::HandShaking => {
                *state = State::WebSocket;
                tell(outbox, What::HandShaken)?;
            }
            Piece::Response { status, .. } if *state == State::HandShaking => {
                return Err(format!("the hand-shake was answered with {status}").into());
            }
            Piece::Response { status, body } => tell(outbox, What::Response { status, body })?,
        }
    }
    Ok(taken)
}

fn is_reply(line: &[u8]) -> bool {
    line.starts_with(br#"{"id":"#)
}

/// An error of the protocol ends the scenario: figures over failures mean nothing.
pub fn expect_success(line: &[u8]) -> Outcome<()> {
    if line.windows(8).any(|part| part == br#""error":"#) {
        return Err(format!("the server refused: {}", String::from_utf8_lossy(line)).into());
    }
    Ok(())
}
