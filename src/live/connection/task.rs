//! The one task of a WebSocket: reads commands, has them carried out, drains what waits to be sent.
//!
//! tungstenite reads frames, keeps their bounds, and answers the WebSocket's own pings and closes; whatever it writes goes
//! into the outbound queue. The task ends when the socket has.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, WebSocket};

use crate::limits;
use crate::live::Registered;
use crate::live::connection::Connection;
use crate::live::connection::talk::Talk;
use crate::live::disconnect;
use crate::live::outbound::{Outbound, Phase};
use crate::live::protocol::Encoding;

pub struct Task {
    talk: Talk,
    reader: Reader,
    /// Our side of the socket is shut.
    is_shut: bool,
}

struct Reader {
    socket: WebSocket<Inbound>,
    /// A large message that was read, kept for as long as the read buffer shares its memory: the buffer would take that
    /// memory over otherwise, and keep it.
    large: Option<Bytes>,
}

/// The socket as tungstenite sees it.
struct Inbound(Arc<Connection>);

impl Task {
    /// `early`: bytes that came behind the request.
    pub fn new(registered: Registered, early: Vec<u8>) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(limits::READ_BUFFER_BYTES)
            .write_buffer_size(0) // each write is one whole frame, see `Outbound`
            .max_message_size(Some(limits::MESSAGE_BYTES_MAX))
            .max_frame_size(Some(limits::MESSAGE_BYTES_MAX));
        let connection = registered.connection().clone();
        let socket = WebSocket::from_partially_read(Inbound(connection), early, Role::Server, Some(config));
        Self { talk: Talk::new(registered, None), reader: Reader { socket, large: None }, is_shut: false }
    }

    /// The close frame is on its way: leaves every room, then waits until the client has closed too.
    fn close(&mut self, context: &mut Context, is_drained: bool) -> Poll<()> {
        self.talk.end();
        let Some(stream) = self.talk.connection().outbound.socket() else { return Poll::Ready(()) };
        if is_drained && !self.is_shut {
            self.is_shut = true;
            let _ = socket2::SockRef::from(stream).shutdown(std::net::Shutdown::Write);
        }
        // What the client still says is thrown away; its end is what is waited for.
        let mut scrap = [0; 1024];
        for _ in 0..limits::MESSAGES_PER_TURN_MAX {
            match stream.try_read(&mut scrap) {
                Ok(0) => return if self.is_shut { Poll::Ready(()) } else { Poll::Pending },
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if stream.poll_read_ready(context).is_pending() {
                        return Poll::Pending;
                    }
                }
                Err(_) => return Poll::Ready(()),
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Reader {
    fn next(&mut self, connection: &Connection, context: &mut Context) -> Poll<Bytes> {
        let read = loop {
            match self.socket.read() {
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    match socket(&connection.outbound).map(|stream| stream.poll_read_ready(context)) {
                        Ok(Poll::Pending) => break Poll::Pending,
                        Ok(Poll::Ready(Ok(()))) => {}
                        Ok(Poll::Ready(Err(error))) | Err(error) => break Poll::Ready(Err(Error::Io(error))),
                    }
                }
                read => break Poll::Ready(read),
            }
        };
        if self.large.as_ref().is_some_and(Bytes::is_unique) {
            self.large = None;
        }
        let encoding = connection.form.encoding();
        let message = match read {
            Poll::Pending => return Poll::Pending,
            // Who only listens has said all with its first message.
            Poll::Ready(Ok(Message::Text(_) | Message::Binary(_)))
                if connection.form.is_bare() && connection.is_known() =>
            {
                Bytes::new()
            }
            Poll::Ready(Ok(Message::Text(text))) if encoding == Encoding::Json => text.into(),
            Poll::Ready(Ok(Message::Binary(bytes))) if encoding == Encoding::Protobuf => bytes,
            Poll::Ready(Ok(Message::Text(_) | Message::Binary(_))) => {
                connection.close(disconnect::INAPPROPRIATE_PROTOCOL);
                Bytes::new()
            }
            Poll::Ready(Ok(Message::Pong(_))) => {
                connection.pong_by_frame();
                Bytes::new()
            }
            // Answered by tungstenite, or of no interest.
            Poll::Ready(Ok(Message::Ping(_) | Message::Close(_) | Message::Frame(_))) => Bytes::new(),
            Poll::Ready(Err(error)) => {
                failed(connection, &error);
                Bytes::new()
            }
        };
        if message.len() > limits::READ_BUFFER_BYTES {
            self.large = Some(message.clone());
        }
        Poll::Ready(message)
    }
}

fn failed(connection: &Connection, error: &Error) {
    let outbound = &connection.outbound;
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => connection.close(disconnect::MESSAGE_TOO_BIG),
        Error::Utf8(_) => connection.close(disconnect::INVALID_TEXT),
        Error::Io(_) => outbound.abort(),
        // Both have closed: the answer to the client's close is in the queue.
        Error::ConnectionClosed | Error::AlreadyClosed if outbound.phase() != Phase::Open => {}
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => outbound.abort(),
        _ => connection.close(disconnect::PROTOCOL_ERROR),
    }
}

impl Future for Task {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<()> {
        let Self { talk, reader, .. } = &mut *self;
        if talk.connection().outbound.phase() == Phase::Open {
            talk.serve(context, |connection, context| reader.next(connection, context));
        }
        // Last, so that what was said above is drained, and so that the waker is in place for what comes after.
        let waited = talk.waits_for_reader();
        let drained = talk.connection().outbound.poll_drain(context);
        if waited && !talk.waits_for_reader() {
            context.waker().wake_by_ref();
        }
        match drained.phase {
            Phase::Open => Poll::Pending,
            Phase::Closing => self.close(context, drained.is_empty),
            Phase::Dead => Poll::Ready(()),
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        // Some fan-out may still hold the connection: the descriptor would stay open with it.
        if let Some(stream) = self.talk.connection().outbound.socket() {
            let _ = socket2::SockRef::from(stream).shutdown(std::net::Shutdown::Both);
        }
    }
}

impl Read for Inbound {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        socket(&self.0.outbound)?.try_read(buffer)
    }
}

impl Write for Inbound {
    fn write(&mut self, frame: &[u8]) -> io::Result<usize> {
        self.0.outbound.push(&Bytes::copy_from_slice(frame));
        Ok(frame.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn socket(outbound: &Outbound) -> io::Result<&TcpStream> {
    outbound.socket().ok_or_else(|| io::ErrorKind::NotConnected.into())
}
