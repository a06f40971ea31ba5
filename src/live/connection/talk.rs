//! The commands of one connection, carried out one after another, whichever way they come by.
//!
//! Where messages come from and where the answers go is not known here.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::BoxFuture;

use crate::limits;
use crate::live::Registered;
use crate::live::connection::Connection;
use crate::live::disconnect::{self, Disconnect};
use crate::live::outbound::Phase;
use crate::live::protocol::{Command, Garbage, Mailbox, Request};
use crate::live::session::Session;

pub(super) struct Talk {
    registered: Registered,
    /// What a message holds of commands that are not carried out yet.
    message: Bytes,
    work: Work,
    /// The way out is held.
    is_holding: bool,
}

/// What the session is doing.
enum Work {
    Idle(Box<Session>),
    Busy(BoxFuture<'static, (Box<Session>, Result<(), Disconnect>)>),
    /// Closing: nothing is carried out any more.
    Over,
}

impl Talk {
    pub fn new(registered: Registered, mailbox: Option<Mailbox>) -> Self {
        let (live, connection) = (registered.live().clone(), registered.connection().clone());
        let session = Session::new(live, connection, mailbox, registered.origin());
        Self { registered, message: Bytes::new(), work: Work::Idle(Box::new(session)), is_holding: false }
    }

    pub fn connection(&self) -> &Arc<Connection> {
        self.registered.connection()
    }

    /// Carries out what the client has sent, until there is no more or others must have their turn. `read` gives the next
    /// message; an empty one is of no interest. The way out is to be drained after this.
    pub fn serve(&mut self, context: &mut Context, read: impl FnMut(&Connection, &mut Context) -> Poll<Bytes>) {
        self.take_turn(context, read);
        if std::mem::take(&mut self.is_holding) {
            self.connection().outbound.let_go();
        }
    }

    fn take_turn(&mut self, context: &mut Context, mut read: impl FnMut(&Connection, &mut Context) -> Poll<Bytes>) {
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
            if let Work::Busy(_) = self.work {
                continue;
            }
            if self.message.is_empty() {
                match read(self.registered.connection(), context) {
                    Poll::Pending => return self.connection().hears(),
                    Poll::Ready(message) => self.message = message,
                }
            } else if self.waits_for_reader() {
                return self.connection().hears();
            } else {
                self.next_command();
            }
        }
        context.waker().wake_by_ref();
    }

    /// Whether the next command has to wait until the client has read more of what was said. A client that reads slowly may
    /// still say that it is there.
    pub fn waits_for_reader(&self) -> bool {
        let connection = self.connection();
        !self.message.is_empty()
            && connection.outbound.is_pressed()
            && !connection.form.encoding().is_pong(&self.message)
    }

    /// Begins the next command of the message at hand.
    fn next_command(&mut self) {
        match self.connection().form.next_command(&mut self.message) {
            None => {}
            Some(Err(Garbage)) => self.note(Err(disconnect::BAD_REQUEST)),
            Some(Ok(command)) => {
                // Commands that came together are answered together, as far as the answers are there at once.
                if !self.message.is_empty() && !std::mem::replace(&mut self.is_holding, true) {
                    self.connection().outbound.hold();
                }
                self.carry_out(command);
            }
        }
    }

    fn carry_out(&mut self, command: Command) {
        match std::mem::replace(&mut self.work, Work::Over) {
            Work::Idle(mut session) => {
                // The answer to a ping comes from every idle client all the time: no future is made for it.
                if command == (Command { id: 0, request: Request::Pong }) {
                    let outcome = session.pong();
                    self.work = Work::Idle(session);
                    return self.note(outcome);
                }
                self.connection().deaf();
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
            self.obey();
        }
    }

    /// Begins to carry out an order, if there is one.
    fn obey(&mut self) {
        let Some(deed) = self.connection().take_order() else { return };
        // There may be more.
        self.connection().call();
        match std::mem::replace(&mut self.work, Work::Over) {
            Work::Idle(mut session) => {
                self.connection().deaf();
                self.work = Work::Busy(Box::pin(async move {
                    let outcome = session.obey(deed).await;
                    (session, outcome)
                }));
            }
            other => self.work = other,
        }
    }

    fn note(&self, outcome: Result<(), Disconnect>) {
        if let Err(why) = outcome {
            self.connection().close(why);
        }
    }

    /// The last word is on its way: leaves every room. It may be said again.
    pub fn end(&mut self) {
        if !matches!(self.work, Work::Over) {
            self.work = Work::Over;
            self.message = Bytes::new();
            self.registered.closing();
        }
    }
}
