//! Every message of the live protocol (Centrifuge, version 2), as types: what clients ask for, what they are answered, and
//! what they are told unasked.
//!
//! The types know nothing of the two forms in which they travel, which stand beside each other: JSON for people, Protobuf
//! for batteries. What a command does is not known here; bounds of the protocol itself (nesting, numbers) are.

mod json;
mod members;
mod protobuf;

use bytes::Bytes;

use crate::app::channels::{ClientInfo, Published};
use crate::live::disconnect::{Disconnect, ReplyError, Unsubscribe};

/// The form in which messages travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// One object for each message, a line each.
    Json,
    /// Each message has its length before it.
    Protobuf,
}

/// What a client asks for. `id` is 0 when it wants no reply.
///
/// What clients may send and nobody here asks for (`data` and `headers` of a connect command, wishes that a channel does not
/// leave to a client) is passed over where it stands.
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
    Presence {
        channel: String,
    },
    PresenceStats {
        channel: String,
    },
    History(History),
    Rpc {
        method: String,
        data: Option<Bytes>,
    },
    /// A message to the server that wants no reply.
    Send,
    Refresh {
        token: String,
    },
    SubRefresh {
        channel: String,
        token: String,
    },
    /// The answer to our ping: the empty command.
    Pong,
    /// A command that we have never heard of.
    Unknown,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Connect {
    /// Empty: an anonymous spectator.
    pub token: String,
    /// Where the client left its server-side subscriptions, or what it wants to hear. Of more than there may be, one more
    /// than there may be: nobody is known yet who could be charged for them.
    pub subs: Vec<Subscribe>,
    /// What kind of client it is.
    pub name: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subscribe {
    pub channel: String,
    pub token: String,
    /// The client was here before and knows the channel up to `offset` of `epoch`.
    pub recover: bool,
    pub epoch: String,
    pub offset: u64,
    /// The kind of patches that the client understands; empty: none.
    pub delta: String,
    /// The client understands numbers instead of channels' names (bit 1 of `flag`).
    pub takes_numbers: bool,
    /// Rather an error than a subscription without what was missed (bit 2 of `flag`).
    pub rejects_unrecovered: bool,
    /// A kind of subscription other than a stream (maps, shared polls).
    pub is_special: bool,
    /// A filter on tags, which no channel here allows.
    pub is_filtered: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    pub channel: String,
    /// 0: the place alone; below: all that there is.
    pub limit: i32,
    pub since: Option<Position>,
    pub reverse: bool,
}

/// A place in a channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Position {
    pub offset: u64,
    pub epoch: String,
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Connect(ConnectResult),
    Subscribe(SubscribeResult),
    Unsubscribe,
    Publish,
    /// Clients by their connection's id.
    Presence(Vec<(String, ClientInfo)>),
    PresenceStats {
        clients: u32,
        users: u32,
    },
    History {
        publications: Vec<Publication>,
        top: Position,
    },
    Rpc {
        data: Bytes,
    },
    Refresh {
        client: String,
        version: &'static str,
        life: Life,
    },
    SubRefresh(Life),
    Error(ReplyError),
}

#[derive(Clone, Debug, PartialEq)]
pub struct ConnectResult {
    pub client: String,
    pub version: &'static str,
    /// Of the credential.
    pub life: Life,
    pub data: Option<Bytes>,
    /// Server-side subscriptions by channel.
    pub subs: Vec<(String, SubscribeResult)>,
    pub ping_s: u32,
    /// Whether pings must be answered.
    pub pong: bool,
    /// Where to post commands, where the connection itself carries none; of who only listens, the session alone.
    pub mailbox: Option<Mailbox>,
}

/// Where a client posts its commands: a secret of its own, and the instance that knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    pub session: String,
    pub node: String,
}

/// Commands of a client that cannot send them on its connection, posted beside it.
#[derive(Clone, PartialEq)]
pub struct Posted {
    pub mailbox: Mailbox,
    /// As a message of the connection would hold them.
    pub commands: Bytes,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SubscribeResult {
    pub life: Life,
    pub recoverable: bool,
    pub epoch: String,
    pub offset: u64,
    pub positioned: bool,
    pub publications: Vec<Publication>,
    pub recovered: bool,
    pub was_recovering: bool,
    pub data: Option<Bytes>,
    /// Publications may come as patches.
    pub delta: bool,
    /// What pushes will say instead of the channel's name; 0: its name.
    pub number: u32,
}

/// How long a permission lasts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    /// Until it is revoked.
    #[default]
    Unbounded,
    /// Seconds from now, at least 1: the client should show a new token by then.
    Ends(u32),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Publication {
    /// JSON, or a patch.
    pub data: Bytes,
    /// Who published it, where that is told.
    pub info: Option<ClientInfo>,
    /// 0 in channels that keep nothing.
    pub offset: u64,
    pub tags: Vec<(String, String)>,
    /// `data` is a patch of the publication before.
    pub delta: bool,
}

/// What the server says unasked.
#[derive(Clone, Debug, PartialEq)]
pub enum Push<'a> {
    /// The first word to a client that only listens.
    Connect(&'a ConnectResult),
    Publication {
        to: Address<'a>,
        publication: &'a Publication,
    },
    Join {
        to: Address<'a>,
        info: &'a ClientInfo,
    },
    Leave {
        to: Address<'a>,
        info: &'a ClientInfo,
    },
    /// The server has subscribed the client.
    Subscribe {
        channel: &'a str,
        result: &'a SubscribeResult,
    },
    Unsubscribe {
        channel: &'a str,
        why: Unsubscribe,
    },
    Disconnect(Disconnect),
    /// The operator's back end has ended the connection, in words of its own.
    SentAway {
        code: u16,
        reason: &'a str,
    },
    Refresh(Life),
}

/// How a push names its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address<'a> {
    Name(&'a str),
    Number(u32),
}

/// This is no message of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Garbage;

impl Encoding {
    /// Takes the next command off the front of what a client has sent in one go. `None`: there are no more.
    pub fn next_command(self, message: &mut Bytes) -> Option<Result<Command, Garbage>> {
        match self {
            Self::Json => json::next_command(message),
            Self::Protobuf => protobuf::next_command(message),
        }
    }

    /// Whether a message is the answer to our ping and nothing else.
    pub fn is_pong(self, message: &[u8]) -> bool {
        match self {
            Self::Json => message.trim_ascii() == b"{}",
            Self::Protobuf => message == [0],
        }
    }

    /// Reads the one request of a client that only listens; nothing at all is one of a stranger's.
    pub fn connect_request(self, message: &Bytes) -> Result<Connect, Garbage> {
        match self {
            Self::Json => json::connect_request(message),
            Self::Protobuf => protobuf::connect_request(message.clone()),
        }
    }

    /// Reads commands that were posted beside their connection.
    pub fn posted(self, body: &Bytes) -> Result<Posted, Garbage> {
        match self {
            Self::Json => json::posted(body),
            Self::Protobuf => protobuf::posted(body.clone()),
        }
    }

    /// Writes a reply behind `out`.
    pub fn reply(self, out: &mut Vec<u8>, id: u32, reply: &Reply) {
        match self {
            Self::Json => json::write(out, |members| members::reply(members, id, reply)),
            Self::Protobuf => protobuf::write(out, |members| members::reply(members, id, reply)),
        }
    }

    /// Writes a push behind `out`.
    pub fn push(self, out: &mut Vec<u8>, push: &Push) {
        match self {
            Self::Json => json::write(out, |members| members::push(members, push)),
            Self::Protobuf => protobuf::write(out, |members| members::push(members, push)),
        }
    }

    /// Writes a push behind `out` as those hear it who hear nothing but pushes.
    pub fn bare_push(self, out: &mut Vec<u8>, push: &Push) {
        match self {
            Self::Json => json::write(out, |members| members::bare_push(members, push)),
            Self::Protobuf => protobuf::write(out, |members| members::bare_push(members, push)),
        }
    }
}

impl SubscribeResult {
    /// Bytes of the documents that it holds.
    pub fn bytes(&self) -> usize {
        let publications = self.publications.iter().map(|publication| publication.data.len());
        publications.chain(self.data.iter().map(Bytes::len)).sum()
    }
}

impl Publication {
    pub fn of(published: Published) -> Self {
        let Published { offset, data, info, tags, .. } = published;
        Self { data, info, offset, tags, delta: false }
    }
}

impl Subscribe {
    /// Bits of features that this end understands.
    fn with_flags(self, flags: i64) -> Self {
        Self { takes_numbers: flags & 1 != 0, rejects_unrecovered: flags & 2 != 0, ..self }
    }
}
