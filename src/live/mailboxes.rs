//! What clients post for connections that carry no words of theirs.
//!
//! A mailbox is known by a secret that only its client is told. What the commands mean is not known here.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};
use std::task::Poll;

use bytes::Bytes;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::limits;
use crate::live::connection::Connection;
use crate::live::outbound::Phase;

/// All mailboxes of this instance, by their secrets.
#[derive(Default)]
pub struct Mailboxes(Mutex<HashMap<Uuid, Weak<Inbox>>>);

/// What one connection is still to read.
pub struct Inbox {
    connection: Arc<Connection>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    messages: VecDeque<Bytes>,
    /// Bytes in `messages`.
    waiting: usize,
}

/// A mailbox's entry in the book. Dropping it strikes the entry out.
pub struct Entry {
    mailboxes: Arc<Mailboxes>,
    session: Uuid,
}

/// What has become of something that was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    Delivered,
    /// There is no such mailbox, or its connection has ended.
    Unknown,
    /// Too much waits there already.
    Full,
}

impl Mailboxes {
    /// Enters a mailbox under a new secret.
    pub fn open(self: &Arc<Self>, inbox: &Arc<Inbox>) -> Entry {
        let session = Uuid::new_v4();
        self.0.lock().insert(session, Arc::downgrade(inbox));
        Entry { mailboxes: self.clone(), session }
    }

    pub fn deliver(&self, session: &str, message: Bytes) -> Delivery {
        let inbox = Uuid::try_parse(session).ok().and_then(|session| self.0.lock().get(&session)?.upgrade());
        inbox.map_or(Delivery::Unknown, |inbox| inbox.put(message))
    }
}

impl Entry {
    pub fn session(&self) -> String {
        self.session.to_string()
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.mailboxes.0.lock().remove(&self.session);
    }
}

impl Inbox {
    /// `first`: what came with the request.
    pub fn new(connection: Arc<Connection>, first: Bytes) -> Arc<Self> {
        let state = State { waiting: first.len(), messages: VecDeque::from([first]) };
        Arc::new(Self { connection, state: Mutex::new(state) })
    }

    /// The next message. The connection's task is woken when there is one again.
    pub fn next(&self) -> Poll<Bytes> {
        let mut state = self.state.lock();
        let Some(message) = state.messages.pop_front() else { return Poll::Pending };
        state.waiting -= message.len();
        if state.messages.is_empty() {
            state.messages = VecDeque::new();
        }
        Poll::Ready(message)
    }

    fn put(&self, message: Bytes) -> Delivery {
        if self.connection.outbound.phase() != Phase::Open {
            return Delivery::Unknown;
        }
        let mut state = self.state.lock();
        if state.messages.len() >= limits::INBOX_LEN_MAX || state.waiting + message.len() > limits::INBOX_BYTES_MAX {
            return Delivery::Full;
        }
        state.waiting += message.len();
        state.messages.push_back(message);
        drop(state);
        self.connection.outbound.wake();
        Delivery::Delivered
    }
}
