//! Commands as lines of JSON.

use std::borrow::Cow;
use std::fmt;

use bytes::{Buf as _, Bytes};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::app::documents::is_flat_enough;
use crate::limits;
use crate::live::protocol::{Command, Connect, Garbage, History, Mailbox, Position, Posted, Request, Subscribe};

/// Takes the next line that is not blank off the front of a text message. `data` in it shares the message's memory.
pub fn next_command(message: &mut Bytes) -> Option<Result<Command, Garbage>> {
    while !message.is_empty() {
        let length = message.iter().position(|byte| *byte == b'\n').unwrap_or(message.len());
        let line = message.split_to(length);
        if !message.is_empty() {
            message.advance(1);
        }
        // tungstenite has seen that a text message is UTF-8; a line of it is, too.
        let Ok(text) = std::str::from_utf8(&line) else { return Some(Err(Garbage)) };
        if !text.trim().is_empty() {
            return Some(command(&line, text));
        }
    }
    None
}

/// The whole message is one request.
pub fn connect_request(message: &Bytes) -> Result<Connect, Garbage> {
    let text = std::str::from_utf8(message).map_err(|_| Garbage)?;
    if text.trim().is_empty() {
        return Ok(Connect::default());
    }
    if !is_flat_enough(text.as_bytes()) {
        return Err(Garbage);
    }
    let connect: ConnectJson = serde_json::from_str(text).map_err(|_| Garbage)?;
    Ok(connect.read())
}

/// Commands, as a text inside of what was posted.
pub fn posted(body: &Bytes) -> Result<Posted, Garbage> {
    let PostedJson { session, node, data } = serde_json::from_slice(body).map_err(|_| Garbage)?;
    let mailbox = Mailbox { session: session.into_owned(), node: node.into_owned() };
    let commands = match data {
        // Nothing was escaped: the commands stand in the body as they are.
        Cow::Borrowed(data) => body.slice_ref(data.as_bytes()),
        Cow::Owned(data) => data.into(),
    };
    Ok(Posted { mailbox, commands })
}

/// `text` is the whole of `line`.
fn command(line: &Bytes, text: &str) -> Result<Command, Garbage> {
    if !is_flat_enough(text.as_bytes()) {
        return Err(Garbage);
    }
    let command: CommandJson = serde_json::from_str(text).map_err(|_| Garbage)?;
    let id = command.id;
    let request = if let Some(connect) = command.connect {
        Request::Connect(connect.read())
    } else if let Some(subscribe) = command.subscribe {
        Request::Subscribe(subscribe.read(None))
    } else if let Some(unsubscribe) = command.unsubscribe {
        Request::Unsubscribe { channel: unsubscribe.channel.read() }
    } else if let Some(publish) = command.publish {
        Request::Publish { channel: publish.channel.read(), data: shared(line, publish.data) }
    } else if let Some(presence) = command.presence {
        Request::Presence { channel: presence.channel.read() }
    } else if let Some(presence_stats) = command.presence_stats {
        Request::PresenceStats { channel: presence_stats.channel.read() }
    } else if let Some(history) = command.history {
        Request::History(history.read())
    } else if command.send.is_some() {
        Request::Send
    } else if let Some(rpc) = command.rpc {
        Request::Rpc { method: rpc.method.read(), data: shared(line, rpc.data) }
    } else if let Some(refresh) = command.refresh {
        Request::Refresh { token: refresh.token.read() }
    } else if let Some(SubRefreshJson { channel, token }) = command.sub_refresh {
        Request::SubRefresh { channel: channel.read(), token: token.read() }
    } else if id == 0 {
        Request::Pong
    } else {
        Request::Unknown
    };
    Ok(Command { id, request })
}

/// A text, borrowed where nothing in it is escaped.
#[derive(Default, Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct CommandJson<'a> {
    #[serde(default, deserialize_with = "or_default")]
    id: u32,
    #[serde(borrow)]
    connect: Option<ConnectJson<'a>>,
    #[serde(borrow)]
    subscribe: Option<SubscribeJson<'a>>,
    #[serde(borrow)]
    unsubscribe: Option<ChannelJson<'a>>,
    #[serde(borrow)]
    publish: Option<PublishJson<'a>>,
    #[serde(borrow)]
    presence: Option<ChannelJson<'a>>,
    #[serde(borrow)]
    presence_stats: Option<ChannelJson<'a>>,
    #[serde(borrow)]
    history: Option<HistoryJson<'a>>,
    send: Option<IgnoredAny>,
    #[serde(borrow)]
    rpc: Option<RpcJson<'a>>,
    #[serde(borrow)]
    refresh: Option<RefreshJson<'a>>,
    #[serde(borrow)]
    sub_refresh: Option<SubRefreshJson<'a>>,
}

#[derive(Deserialize)]
struct ConnectJson<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    token: Text<'a>,
    subs: Option<Subs>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    name: Text<'a>,
}

/// Requests by channel: as many as there may be, and one more when there are more.
#[derive(Default)]
struct Subs(Vec<Subscribe>);

#[derive(Deserialize)]
struct PostedJson<'a> {
    #[serde(borrow, default)]
    session: Cow<'a, str>,
    #[serde(borrow, default)]
    node: Cow<'a, str>,
    #[serde(borrow)]
    data: Cow<'a, str>,
}

#[derive(Deserialize)]
struct SubscribeJson<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    channel: Text<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    token: Text<'a>,
    #[serde(default, deserialize_with = "or_default")]
    recover: bool,
    #[serde(borrow, default, deserialize_with = "or_default")]
    epoch: Text<'a>,
    #[serde(default, deserialize_with = "or_default")]
    offset: u64,
    #[serde(borrow, default, deserialize_with = "or_default")]
    delta: Text<'a>,
    #[serde(default, deserialize_with = "or_default")]
    flag: i64,
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    kind: i32,
    tf: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct ChannelJson<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    channel: Text<'a>,
}

#[derive(Deserialize)]
struct PublishJson<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    channel: Text<'a>,
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct HistoryJson<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    channel: Text<'a>,
    #[serde(default, deserialize_with = "or_default")]
    limit: i32,
    #[serde(borrow)]
    since: Option<PositionJson<'a>>,
    #[serde(default, deserialize_with = "or_default")]
    reverse: bool,
}

#[derive(Deserialize)]
struct PositionJson<'a> {
    #[serde(default, deserialize_with = "or_default")]
    offset: u64,
    #[serde(borrow, default, deserialize_with = "or_default")]
    epoch: Text<'a>,
}

#[derive(Deserialize)]
struct RpcJson<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    method: Text<'a>,
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RefreshJson<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    token: Text<'a>,
}

#[derive(Deserialize)]
struct SubRefreshJson<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    channel: Text<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    token: Text<'a>,
}

/// `null` is a document too.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// In place of what has a default, `null` may stand: some writers leave nothing out.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn shared(line: &Bytes, data: Option<&RawValue>) -> Option<Bytes> {
    data.map(|data| line.slice_ref(data.get().as_bytes()))
}

impl Text<'_> {
    fn read(self) -> String {
        self.0.into_owned()
    }
}

impl ConnectJson<'_> {
    fn read(self) -> Connect {
        Connect { token: self.token.read(), subs: self.subs.unwrap_or_default().0, name: self.name.read() }
    }
}

impl<'de> Deserialize<'de> for Subs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Subs;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("requests by channel")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Subs, A::Error> {
                let mut subs = Vec::new();
                while subs.len() <= limits::CHANNELS_LEN_MAX
                    && let Some((channel, subscribe)) = entries.next_entry::<Text, SubscribeJson>()?
                {
                    subs.push(subscribe.read(Some(channel)));
                }
                while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Subs(subs))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

impl SubscribeJson<'_> {
    fn read(self, channel: Option<Text>) -> Subscribe {
        let subscribe = Subscribe {
            channel: channel.map_or_else(|| self.channel.read(), Text::read),
            token: self.token.read(),
            recover: self.recover,
            epoch: self.epoch.read(),
            offset: self.offset,
            delta: self.delta.read(),
            is_special: self.kind != 0,
            is_filtered: self.tf.is_some(),
            ..Subscribe::default()
        };
        subscribe.with_flags(self.flag)
    }
}

impl HistoryJson<'_> {
    fn read(self) -> History {
        let position = |since: PositionJson| Position { offset: since.offset, epoch: since.epoch.read() };
        History {
            channel: self.channel.read(),
            limit: self.limit,
            since: self.since.map(position),
            reverse: self.reverse,
        }
    }
}
