//! The one task of a connection whose words stream in the body of an answer: has carried out what is posted for it.
//!
//! The body is written by who serves the request. The task ends when all of it is taken, or when it is given up.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::live::Registered;
use crate::live::connection::talk::Talk;
use crate::live::mailboxes::{Entry, Inbox};
use crate::live::outbound::Phase;
use crate::live::protocol::Mailbox;

pub struct Streamed {
    talk: Talk,
    inbox: Arc<Inbox>,
    _entry: Option<Entry>,
}

impl Streamed {
    /// `entry`: of `inbox`, if the client may send more than what is in there already.
    pub fn new(registered: Registered, inbox: Arc<Inbox>, entry: Option<Entry>) -> Self {
        let node = registered.live().app.node().to_owned();
        let mailbox = entry.as_ref().map(|entry| Mailbox { session: entry.session(), node });
        Self { talk: Talk::new(registered, mailbox), inbox, _entry: entry }
    }
}

impl Future for Streamed {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<()> {
        let Self { talk, inbox, .. } = &mut *self;
        // First, so that the waker is in place when it is looked for messages.
        if talk.connection().outbound.poll_drain(context).phase == Phase::Open {
            talk.serve(context, |_, _| inbox.next());
        }
        match talk.connection().outbound.phase() {
            Phase::Open => Poll::Pending,
            Phase::Closing => {
                talk.end();
                Poll::Pending
            }
            Phase::Dead => Poll::Ready(()),
        }
    }
}
