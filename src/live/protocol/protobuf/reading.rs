//! Commands as Protobuf messages.
//!
//! A length is believed only when so many bytes are there: nothing is allocated for what has not arrived.

use bytes::{Buf as _, Bytes};
use prost::encoding::{DecodeContext, decode_key, decode_varint, skip_field};
use prost::{DecodeError, Message};

use crate::limits;
use crate::live::protocol::{Command, Connect, Garbage, History, Mailbox, Position, Posted, Request, Subscribe};

/// Takes the next message off the front of a binary frame. `data` in it shares the frame's memory.
pub fn next_command(frame: &mut Bytes) -> Option<Result<Command, Garbage>> {
    if frame.is_empty() {
        return None;
    }
    let length = decode_varint(frame).ok().and_then(|length| usize::try_from(length).ok());
    let Some(length) = length.filter(|length| *length <= frame.remaining()) else {
        frame.clear();
        return Some(Err(Garbage));
    };
    let message = frame.split_to(length);
    Some(CommandMessage::decode(message).map_err(|_| Garbage).and_then(CommandMessage::read))
}

/// The whole message is one request.
pub fn connect_request(message: Bytes) -> Result<Connect, Garbage> {
    let message = up_to_bound(message).map_err(|_| Garbage)?;
    ConnectMessage::decode(message).map(ConnectMessage::read).map_err(|_| Garbage)
}

/// A connect message up to the entry of `subs` that is one too many; the beginning of a message is one too.
fn up_to_bound(mut message: Bytes) -> Result<Bytes, DecodeError> {
    let (mut rest, mut subs_len) = (message.clone(), 0);
    while rest.has_remaining() && subs_len <= limits::CHANNELS_LEN_MAX {
        let (tag, wire_type) = decode_key(&mut rest)?;
        skip_field(wire_type, tag, &mut rest, DecodeContext::default())?;
        subs_len += usize::from(tag == SUBS_TAG);
    }
    message.truncate(message.len() - rest.len());
    Ok(message)
}

/// Commands, beside where they are for. They share the body's memory.
pub fn posted(body: Bytes) -> Result<Posted, Garbage> {
    let PostedMessage { node, session, data } = PostedMessage::decode(body).map_err(|_| Garbage)?;
    Ok(Posted { mailbox: Mailbox { session, node }, commands: data })
}

#[derive(Clone, PartialEq, Message)]
struct PostedMessage {
    #[prost(string, tag = "1")]
    node: String,
    #[prost(string, tag = "2")]
    session: String,
    #[prost(bytes = "bytes", tag = "3")]
    data: Bytes,
}

#[derive(Clone, PartialEq, Message)]
struct CommandMessage {
    #[prost(uint32, tag = "1")]
    id: u32,
    #[prost(bytes = "bytes", optional, tag = "4")]
    connect: Option<Bytes>,
    #[prost(message, optional, tag = "5")]
    subscribe: Option<SubscribeMessage>,
    #[prost(message, optional, tag = "6")]
    unsubscribe: Option<ChannelMessage>,
    #[prost(message, optional, tag = "7")]
    publish: Option<PublishMessage>,
    #[prost(message, optional, tag = "8")]
    presence: Option<ChannelMessage>,
    #[prost(message, optional, tag = "9")]
    presence_stats: Option<ChannelMessage>,
    #[prost(message, optional, tag = "10")]
    history: Option<HistoryMessage>,
    #[prost(message, optional, tag = "12")]
    send: Option<EmptyMessage>,
    #[prost(message, optional, tag = "13")]
    rpc: Option<RpcMessage>,
    #[prost(message, optional, tag = "14")]
    refresh: Option<RefreshMessage>,
    #[prost(message, optional, tag = "15")]
    sub_refresh: Option<SubRefreshMessage>,
}

/// Of `subs` below.
const SUBS_TAG: u32 = 3;

#[derive(Clone, PartialEq, Message)]
struct ConnectMessage {
    #[prost(string, tag = "1")]
    token: String,
    #[prost(message, repeated, tag = "3")]
    subs: Vec<SubMessage>,
    #[prost(string, tag = "4")]
    name: String,
}

/// An entry of a map, as the wire has it.
#[derive(Clone, PartialEq, Message)]
struct SubMessage {
    #[prost(string, tag = "1")]
    channel: String,
    #[prost(message, required, tag = "2")]
    subscribe: SubscribeMessage,
}

#[derive(Clone, PartialEq, Message)]
struct SubscribeMessage {
    #[prost(string, tag = "1")]
    channel: String,
    #[prost(string, tag = "2")]
    token: String,
    #[prost(bool, tag = "3")]
    recover: bool,
    #[prost(string, tag = "6")]
    epoch: String,
    #[prost(uint64, tag = "7")]
    offset: u64,
    #[prost(string, tag = "12")]
    delta: String,
    /// What is in a filter does not matter here, and it may be nested without end.
    #[prost(bytes = "bytes", optional, tag = "13")]
    tf: Option<Bytes>,
    #[prost(int64, tag = "14")]
    flag: i64,
    #[prost(int32, tag = "15")]
    kind: i32,
}

#[derive(Clone, PartialEq, Message)]
struct ChannelMessage {
    #[prost(string, tag = "1")]
    channel: String,
}

#[derive(Clone, PartialEq, Message)]
struct PublishMessage {
    #[prost(string, tag = "1")]
    channel: String,
    #[prost(bytes = "bytes", tag = "2")]
    data: Bytes,
}

#[derive(Clone, PartialEq, Message)]
struct HistoryMessage {
    #[prost(string, tag = "1")]
    channel: String,
    #[prost(int32, tag = "7")]
    limit: i32,
    #[prost(message, optional, tag = "8")]
    since: Option<PositionMessage>,
    #[prost(bool, tag = "9")]
    reverse: bool,
}

#[derive(Clone, PartialEq, Message)]
struct PositionMessage {
    #[prost(uint64, tag = "1")]
    offset: u64,
    #[prost(string, tag = "2")]
    epoch: String,
}

#[derive(Clone, PartialEq, Message)]
struct RpcMessage {
    #[prost(bytes = "bytes", optional, tag = "1")]
    data: Option<Bytes>,
    #[prost(string, tag = "2")]
    method: String,
}

#[derive(Clone, PartialEq, Message)]
struct RefreshMessage {
    #[prost(string, tag = "1")]
    token: String,
}

#[derive(Clone, PartialEq, Message)]
struct SubRefreshMessage {
    #[prost(string, tag = "1")]
    channel: String,
    #[prost(string, tag = "2")]
    token: String,
}

/// A message of which nothing needs to be known.
#[derive(Clone, Copy, PartialEq, Message)]
struct EmptyMessage {}

impl CommandMessage {
    fn read(self) -> Result<Command, Garbage> {
        let id = self.id;
        let request = if let Some(connect) = self.connect {
            Request::Connect(connect_request(connect)?)
        } else if let Some(subscribe) = self.subscribe {
            Request::Subscribe(subscribe.read(None))
        } else if let Some(ChannelMessage { channel }) = self.unsubscribe {
            Request::Unsubscribe { channel }
        } else if let Some(PublishMessage { channel, data }) = self.publish {
            Request::Publish { channel, data: (!data.is_empty()).then_some(data) }
        } else if let Some(ChannelMessage { channel }) = self.presence {
            Request::Presence { channel }
        } else if let Some(ChannelMessage { channel }) = self.presence_stats {
            Request::PresenceStats { channel }
        } else if let Some(HistoryMessage { channel, limit, since, reverse }) = self.history {
            let since = since.map(|PositionMessage { offset, epoch }| Position { offset, epoch });
            Request::History(History { channel, limit, since, reverse })
        } else if self.send.is_some() {
            Request::Send
        } else if let Some(RpcMessage { data, method }) = self.rpc {
            Request::Rpc { method, data }
        } else if let Some(RefreshMessage { token }) = self.refresh {
            Request::Refresh { token }
        } else if let Some(SubRefreshMessage { channel, token }) = self.sub_refresh {
            Request::SubRefresh { channel, token }
        } else if id == 0 {
            Request::Pong
        } else {
            Request::Unknown
        };
        Ok(Command { id, request })
    }
}

impl ConnectMessage {
    fn read(self) -> Connect {
        Connect {
            token: self.token,
            subs: self.subs.into_iter().map(|sub| sub.subscribe.read(Some(sub.channel))).collect(),
            name: self.name,
        }
    }
}

impl SubscribeMessage {
    fn read(self, channel: Option<String>) -> Subscribe {
        let subscribe = Subscribe {
            channel: channel.unwrap_or(self.channel),
            token: self.token,
            recover: self.recover,
            epoch: self.epoch,
            offset: self.offset,
            delta: self.delta,
            is_special: self.kind != 0,
            is_filtered: self.tf.is_some(),
            ..Subscribe::default()
        };
        subscribe.with_flags(self.flag)
    }
}
