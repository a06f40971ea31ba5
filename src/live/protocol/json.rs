//! The JSON form: one object for each command and reply, several of them in one text frame, a line each.
//!
//! Members that are zero or empty are left out. `data` is carried as it stands and never parsed here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write as _;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::{Command, Connect, Publication, Push, Reply, Request, Subscribe, SubscribeResult};
use crate::limits;

/// Reads one line of a text frame. `None`: this is no command. `line` is part of `message`, whose bytes are shared.
pub fn command(message: &Bytes, line: &str) -> Option<Command> {
    if !is_flat_enough(line) {
        return None;
    }
    let command: CommandJson = serde_json::from_str(line).ok()?;
    let id = command.id;
    let request = if let Some(connect) = command.connect {
        Request::Connect(connect.into())
    } else if let Some(subscribe) = command.subscribe {
        Request::Subscribe(subscribe.named(None))
    } else if let Some(unsubscribe) = command.unsubscribe {
        Request::Unsubscribe { channel: unsubscribe.channel.into_owned() }
    } else if let Some(publish) = command.publish {
        let data = publish.data.map(|data| message.slice_ref(data.get().as_bytes()));
        Request::Publish { channel: publish.channel.into_owned(), data }
    } else if command.send.is_some() {
        Request::Send
    } else if command.others().any(Option::is_some) {
        Request::NotAvailable
    } else if id == 0 {
        Request::Pong
    } else {
        Request::Unknown
    };
    Some(Command { id, request })
}

/// Writes a reply.
pub fn reply(id: u32, reply: &Reply) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    Object::write(&mut out, |object| {
        object.number("id", id.into());
        match reply {
            Reply::Connect(result) => object.object("connect", |object| {
                object.text("client", &result.client);
                object.text("version", result.version);
                if !result.subs.is_empty() {
                    object.object("subs", |object| {
                        for (channel, result) in &result.subs {
                            object.object(channel, |object| subscribe_result(object, result));
                        }
                    });
                }
                object.number("ping", result.ping_s.into());
                object.flag("pong", result.pong);
            }),
            Reply::Subscribe(result) => object.object("subscribe", |object| subscribe_result(object, result)),
            Reply::Unsubscribe => object.object("unsubscribe", |_| {}),
            Reply::Publish => object.object("publish", |_| {}),
            Reply::Error(error) => object.object("error", |object| {
                object.number("code", error.code.into());
                object.text("message", &error.message);
                object.flag("temporary", error.temporary);
            }),
        }
    });
    out
}

/// Writes a push.
pub fn push(push: &Push) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    Object::write(&mut out, |object| {
        object.object("push", |object| match push {
            Push::Unsubscribe { channel, why } => {
                object.text("channel", channel);
                object.object("unsubscribe", |object| {
                    object.number("code", why.code.into());
                    object.text("reason", why.reason);
                });
            }
            Push::Disconnect(why) => object.object("disconnect", |object| {
                object.number("code", why.code.into());
                object.text("reason", why.reason);
            }),
        });
    });
    out
}

/// What all publications of a channel begin with; [`Publication::push`] does the rest.
pub fn publication_head(channel: &str) -> Vec<u8> {
    let mut head = Vec::with_capacity(64);
    head.extend_from_slice(b"{\"push\":{\"channel\":");
    string(&mut head, channel);
    head.extend_from_slice(b",\"pub\":");
    head
}

impl Publication {
    /// Writes the push of this publication behind `out`.
    pub fn push(&self, head: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(head);
        Object::write(out, |object| self.members(object));
        out.extend_from_slice(b"}}");
    }

    fn members(&self, object: &mut Object) {
        object.raw("data", &self.data);
        object.number("offset", self.offset);
    }
}

fn subscribe_result(object: &mut Object, result: &SubscribeResult) {
    object.flag("recoverable", result.recoverable);
    object.text("epoch", &result.epoch);
    if !result.publications.is_empty() {
        object.list("publications", &result.publications, |object, publication| publication.members(object));
    }
    object.flag("recovered", result.recovered);
    object.number("offset", result.offset);
    object.flag("positioned", result.positioned);
    if let Some(data) = &result.data {
        object.raw("data", data);
    }
    object.flag("was_recovering", result.was_recovering);
}

/// Brackets nest no deeper than the bound. Whether they match is the parser's business.
fn is_flat_enough(line: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in line.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > limits::JSON_DEPTH_MAX {
                    return false;
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

/// Writes one JSON object, member by member, leaving out what is zero or empty.
struct Object<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
}

impl Object<'_> {
    fn write(out: &mut Vec<u8>, members: impl FnOnce(&mut Object)) {
        out.push(b'{');
        members(&mut Object { out, is_empty: true });
        out.push(b'}');
    }

    fn name(&mut self, name: &str) {
        if !std::mem::replace(&mut self.is_empty, false) {
            self.out.push(b',');
        }
        string(self.out, name);
        self.out.push(b':');
    }

    fn number(&mut self, name: &str, value: u64) {
        if value != 0 {
            self.name(name);
            // Writing to a vector cannot fail.
            let _ = write!(self.out, "{value}");
        }
    }

    fn text(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.name(name);
            string(self.out, value);
        }
    }

    fn flag(&mut self, name: &str, value: bool) {
        if value {
            self.name(name);
            self.out.extend_from_slice(b"true");
        }
    }

    /// JSON as it stands, but on one line: a line is where the next reply begins.
    fn raw(&mut self, name: &str, json: &[u8]) {
        self.name(name);
        let start = self.out.len();
        self.out.extend_from_slice(json);
        for byte in &mut self.out[start..] {
            if matches!(*byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }

    fn object(&mut self, name: &str, members: impl FnOnce(&mut Object)) {
        self.name(name);
        Object::write(self.out, members);
    }

    fn list<T>(&mut self, name: &str, items: &[T], members: impl Fn(&mut Object, &T)) {
        self.name(name);
        self.out.push(b'[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            Object::write(self.out, |object| members(object, item));
        }
        self.out.push(b']');
    }
}

fn string(out: &mut Vec<u8>, text: &str) {
    // A string into a vector: neither can fail.
    let _ = serde_json::to_writer(out, text);
}

#[derive(Deserialize)]
struct CommandJson<'a> {
    #[serde(default)]
    id: u32,
    #[serde(borrow)]
    connect: Option<ConnectJson<'a>>,
    #[serde(borrow)]
    subscribe: Option<SubscribeJson<'a>>,
    #[serde(borrow)]
    unsubscribe: Option<ChannelJson<'a>>,
    #[serde(borrow)]
    publish: Option<PublishJson<'a>>,
    send: Option<IgnoredAny>,
    presence: Option<IgnoredAny>,
    presence_stats: Option<IgnoredAny>,
    history: Option<IgnoredAny>,
    rpc: Option<IgnoredAny>,
    refresh: Option<IgnoredAny>,
    sub_refresh: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct ConnectJson<'a> {
    #[serde(borrow, default)]
    token: Cow<'a, str>,
    #[serde(borrow)]
    subs: Option<BTreeMap<Cow<'a, str>, SubscribeJson<'a>>>,
}

#[derive(Deserialize)]
struct SubscribeJson<'a> {
    #[serde(borrow, default)]
    channel: Cow<'a, str>,
    #[serde(default)]
    recover: bool,
    #[serde(borrow, default)]
    epoch: Cow<'a, str>,
    #[serde(default)]
    offset: u64,
    #[serde(default)]
    flag: i64,
    #[serde(default, rename = "type")]
    kind: i32,
    tf: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct ChannelJson<'a> {
    #[serde(borrow, default)]
    channel: Cow<'a, str>,
}

#[derive(Deserialize)]
struct PublishJson<'a> {
    #[serde(borrow, default)]
    channel: Cow<'a, str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

const FLAG_REJECT_UNRECOVERED: i64 = 2;

impl CommandJson<'_> {
    fn others(&self) -> impl Iterator<Item = &Option<IgnoredAny>> {
        let Self { presence, presence_stats, history, rpc, refresh, sub_refresh, .. } = self;
        [presence, presence_stats, history, rpc, refresh, sub_refresh].into_iter()
    }
}

impl From<ConnectJson<'_>> for Connect {
    fn from(connect: ConnectJson) -> Self {
        let subs = connect.subs.unwrap_or_default();
        Self {
            token: connect.token.into_owned(),
            subs: subs.into_iter().map(|(channel, subscribe)| subscribe.named(Some(channel))).collect(),
        }
    }
}

impl SubscribeJson<'_> {
    fn named(self, channel: Option<Cow<str>>) -> Subscribe {
        Subscribe {
            channel: channel.map_or_else(|| self.channel.into_owned(), Cow::into_owned),
            recover: self.recover,
            epoch: self.epoch.into_owned(),
            offset: self.offset,
            rejects_unrecovered: self.flag & FLAG_REJECT_UNRECOVERED != 0,
            is_special: self.kind != 0,
            is_filtered: self.tf.is_some(),
        }
    }
}

#[cfg(test)]
mod tests;
