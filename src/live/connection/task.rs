//! The one task of a connection: reads commands, has them carried out one after another, drains what waits to be sent.
//!
//! tungstenite reads frames, keeps their bounds, and answers the WebSocket's own pings and closes; whatever it writes goes
//! into the outbound queue. The task ends when the socket has.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::BoxFuture;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, WebSocket};

use crate::limits;
use crate::live::Registered;
use crate::live::connection::Connection;
use crate::live::disconnect::{self, Disconnect};
use crate::live::form::Form;
use crate::live::outbound::Phase;
use crate::live::protocol::{Command, Garbage, Request};
use crate::live::session::Session;

pub struct Task {
    registered: Registered,
    socket: WebSocket<Inbound>,
    /// What a message holds of commands that are not carried out yet.
    message: Bytes,
    /// A large message that was read, kept for as long as the read buffer shares its memory: the buffer would take that
    /// memory over otherwise, and keep it.
    large: Option<Bytes>,
    work: Work,
}

/// What the session is doing.
enum Work {
    Idle(Box<Session>),
    Busy(BoxFuture<'static, (Box<Session>, Result<(), Disconnect>)>),
    /// Closing: nothing is carried out any more.
    Over {
        /// Our side of the socket is shut.
        is_shut: bool,
    },
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
        let session = Session::new(registered.live().clone(), registered.connection().clone());
        Self { registered, socket, message: Bytes::new(), large: None, work: Work::Idle(Box::new(session)) }
    }

    fn connection(&self) -> &Arc<Connection> {
        self.registered.connection()
    }

    /// Carries out what the client has sent, until there is no more or others must have their turn.
    fn serve(&mut self, context: &mut Context) {
        for _ in 0..limits::MESSAGES_PER_TURN_MAX {
            if let Work::Busy(running) = &mut self.work {
                let Poll::Ready((session, outcome)) = running.as_mut().poll(context) else { return };
                self.work = Work::Idle(session);
                self.note(outcome);
            }
            if self.connection().outbound.phase() != Phase::Open {
                return;
            }
            self.look_if_called();
            if !self.message.is_empty() {
                self.next_command();
            } else if self.read(context).is_pending() {
                return;
            }
        }
        context.waker().wake_by_ref();
    }

    /// Begins the next command of the message at hand.
    fn next_command(&mut self) {
        match self.connection().form.encoding().next_command(&mut self.message) {
            None => {}
            Some(Err(Garbage)) => self.note(Err(disconnect::BAD_REQUEST)),
            Some(Ok(command)) => self.carry_out(command),
        }
    }

    fn carry_out(&mut self, command: Command) {
        match std::mem::replace(&mut self.work, Work::Over { is_shut: false }) {
            Work::Idle(mut session) => {
                // The answer to a ping comes from every idle client all the time: no future is made for it.
                if command == (Command { id: 0, request: Request::Pong }) {
                    let outcome = session.pong();
                    self.work = Work::Idle(session);
                    return self.note(outcome);
                }
                self.work = Work::Busy(Box::pin(async move {
                    let outcome = session.carry_out(command).await;
                    (session, outcome)
                }));
            }
            other => self.work = other,
        }
    }

    fn look_if_called(&mut self) {
        if let Work::Idle(session) = &mut self.work
            && self.registered.connection().take_call()
        {
            let outcome = session.look();
            self.note(outcome);
        }
    }

    fn note(&self, outcome: Result<(), Disconnect>) {
        if let Err(why) = outcome {
            self.connection().close(why);
        }
    }

    fn read(&mut self, context: &mut Context) -> Poll<()> {
        let read = loop {
            match self.socket.read() {
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    match self.connection().outbound.stream().poll_read_ready(context) {
                        Poll::Pending => break Poll::Pending,
                        Poll::Ready(Ok(())) => {}
                        Poll::Ready(Err(error)) => break Poll::Ready(Err(Error::Io(error))),
                    }
                }
                read => break Poll::Ready(read),
            }
        };
        if self.large.as_ref().is_some_and(Bytes::is_unique) {
            self.large = None;
        }
        let form = self.connection().form;
        match read {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(Message::Text(text))) if form == Form::Json => self.message = text.into(),
            Poll::Ready(Ok(Message::Binary(bytes))) if form == Form::Protobuf => self.message = bytes,
            Poll::Ready(Ok(Message::Text(_) | Message::Binary(_))) => {
                self.note(Err(disconnect::INAPPROPRIATE_PROTOCOL));
            }
            // Answered by tungstenite, or of no interest.
            Poll::Ready(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_))) => {}
            Poll::Ready(Err(error)) => self.failed(&error),
        }
        if self.message.len() > limits::READ_BUFFER_BYTES {
            self.large = Some(self.message.clone());
        }
        Poll::Ready(())
    }

    fn failed(&self, error: &Error) {
        let connection = self.connection();
        let outbound = &connection.outbound;
        match error {
            Error::Capacity(CapacityError::MessageTooLong { .. }) => connection.close(disconnect::MESSAGE_TOO_BIG),
            Error::Utf8(_) => connection.close(disconnect::INVALID_TEXT),
            Error::Io(_) => outbound.abort(),
            // Both have closed: the answer to the client's close is in the queue.
            Error::ConnectionClosed | Error::AlreadyClosed if outbound.phase() != Phase::Open => {}
            Error::Protocol(tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => {
                outbound.abort()
            }
            _ => connection.close(disconnect::PROTOCOL_ERROR),
        }
    }

    /// The close frame is on its way: leaves every room, then waits until the client has closed too.
    fn close(&mut self, context: &mut Context, is_drained: bool) -> Poll<()> {
        let is_shut = match &mut self.work {
            Work::Over { is_shut } => is_shut,
            work => {
                *work = Work::Over { is_shut: false };
                self.message = Bytes::new();
                self.registered.closing();
                return self.close(context, is_drained);
            }
        };
        let stream = self.registered.connection().outbound.stream();
        if is_drained && !*is_shut {
            *is_shut = true;
            let _ = socket2::SockRef::from(stream).shutdown(std::net::Shutdown::Write);
        }
        // What the client still says is thrown away; its end is what is waited for.
        let mut scrap = [0; 1024];
        for _ in 0..limits::MESSAGES_PER_TURN_MAX {
            match stream.try_read(&mut scrap) {
                Ok(0) => return if *is_shut { Poll::Ready(()) } else { Poll::Pending },
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

impl Future for Task {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context) -> Poll<()> {
        let this = self.get_mut();
        if this.connection().outbound.phase() == Phase::Open {
            this.serve(context);
        }
        // Last, so that what was said above is drained, and so that the waker is in place for what comes after.
        let drained = this.connection().outbound.poll_drain(context);
        match drained.phase {
            Phase::Open => Poll::Pending,
            Phase::Closing => this.close(context, drained.is_empty),
            Phase::Dead => Poll::Ready(()),
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        // Some fan-out may still hold the connection: the descriptor would stay open with it.
        let _ = socket2::SockRef::from(self.connection().outbound.stream()).shutdown(std::net::Shutdown::Both);
    }
}

impl Read for Inbound {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.outbound.stream().try_read(buffer)
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
