//! Every frame of the live protocol (Centrifuge, version 2), as types and in its JSON form.
//!
//! The types know nothing of JSON, so that Protobuf can stand beside it. What a command does is not known here; bounds of
//! the protocol itself (nesting, the command's number) are.

mod json;

pub use json::{command, publication_head, push, reply};

use bytes::Bytes;

use crate::app::channels::Published;
use crate::live::disconnect::{Disconnect, ReplyError, Unsubscribe};

/// What a client asks for. `id` is 0 when it wants no reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    pub id: u32,
    pub request: Request,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    Connect(Connect),
    Subscribe(Subscribe),
    Unsubscribe {
        channel: String,
    },
    Publish {
        channel: String,
        data: Option<Bytes>,
    },
    /// A message to the server that wants no reply.
    Send,
    /// The answer to our ping: the empty command.
    Pong,
    /// A command of the protocol that this server does not carry out yet.
    NotAvailable,
    /// A command that we have never heard of.
    Unknown,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Connect {
    /// Empty: an anonymous spectator.
    pub token: String,
    /// Where the client left its server-side subscriptions.
    pub subs: Vec<Subscribe>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subscribe {
    pub channel: String,
    /// The client was here before and knows the channel up to `offset` of `epoch`.
    pub recover: bool,
    pub epoch: String,
    pub offset: u64,
    /// Rather an error than a subscription without what was missed (bit 2 of `flag`).
    pub rejects_unrecovered: bool,
    /// A kind of subscription other than a stream (maps, shared polls).
    pub is_special: bool,
    /// A filter on tags, which no channel here allows.
    pub is_filtered: bool,
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Connect(ConnectResult),
    Subscribe(SubscribeResult),
    Unsubscribe,
    Publish,
    Error(ReplyError),
}

#[derive(Clone, Debug, PartialEq)]
pub struct ConnectResult {
    pub client: String,
    pub version: &'static str,
    /// Server-side subscriptions by channel.
    pub subs: Vec<(String, SubscribeResult)>,
    pub ping_s: u32,
    /// Whether pings must be answered.
    pub pong: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SubscribeResult {
    pub recoverable: bool,
    pub epoch: String,
    pub offset: u64,
    pub positioned: bool,
    pub publications: Vec<Publication>,
    pub recovered: bool,
    pub was_recovering: bool,
    /// JSON.
    pub data: Option<Bytes>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Publication {
    /// JSON.
    pub data: Bytes,
    /// 0 in channels that keep nothing.
    pub offset: u64,
}

impl Publication {
    pub fn of(published: Published) -> Self {
        Self { data: published.data, offset: published.offset }
    }
}

/// What the server says unasked, besides publications (see [`publication_head`]).
#[derive(Clone, Debug, PartialEq)]
pub enum Push<'a> {
    Unsubscribe { channel: &'a str, why: Unsubscribe },
    Disconnect(Disconnect),
}

/// The server's ping: the empty reply.
pub const PING: &[u8] = b"{}";
