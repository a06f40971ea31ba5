//! What replies and pushes consist of, said once for both forms.
//!
//! A member has a name for JSON and a number for Protobuf; what is zero or empty is left out in both. How a form writes its
//! members is not known here.

use crate::app::channels::ClientInfo;

use super::{Address, ConnectResult, Life, Mailbox, Position, Publication, Push, Reply, SubscribeResult};

/// A member's name in JSON and its number in Protobuf.
pub(super) type Member = (&'static str, u32);

/// A form, writing one object.
pub(super) trait Members {
    /// Left out when 0.
    fn number(&mut self, member: Member, value: u64);
    /// Left out when false.
    fn flag(&mut self, member: Member, value: bool);
    /// Left out when empty.
    fn text(&mut self, member: Member, value: &str);
    /// A document as it stands.
    fn data(&mut self, member: Member, value: &[u8]);
    fn object(&mut self, member: Member, members: impl FnOnce(&mut Self));
    /// Left out when empty.
    fn list<T>(&mut self, member: Member, items: &[T], members: impl Fn(&mut Self, &T));
    /// Objects by name. Left out when empty.
    fn map<T>(&mut self, member: Member, items: &[(String, T)], members: impl Fn(&mut Self, &T));
    /// Texts by name. Left out when empty.
    fn texts(&mut self, member: Member, items: &[(String, String)]);
}

pub(super) fn reply(members: &mut impl Members, id: u32, reply: &Reply) {
    members.number(("id", 1), id.into());
    match reply {
        Reply::Error(error) => members.object(("error", 2), |members| {
            members.number(("code", 1), error.code.into());
            members.text(("message", 2), &error.message);
            members.flag(("temporary", 3), error.temporary);
        }),
        Reply::Connect(result) => members.object(("connect", 5), |members| connect_result(members, result)),
        Reply::Subscribe(result) => members.object(("subscribe", 6), |members| subscribe_result(members, result)),
        Reply::Unsubscribe => members.object(("unsubscribe", 7), |_| {}),
        Reply::Publish => members.object(("publish", 8), |_| {}),
        Reply::Presence(clients) => members.object(("presence", 9), |members| {
            members.map(("presence", 1), clients, client_info);
        }),
        Reply::PresenceStats { clients, users } => members.object(("presence_stats", 10), |members| {
            members.number(("num_clients", 1), (*clients).into());
            members.number(("num_users", 2), (*users).into());
        }),
        Reply::History { publications, top: Position { offset, epoch } } => {
            members.object(("history", 11), |members| {
                members.list(("publications", 1), publications, publication);
                members.text(("epoch", 2), epoch);
                members.number(("offset", 3), *offset);
            });
        }
        Reply::Rpc { data } => members.object(("rpc", 13), |members| members.data(("data", 1), data)),
        Reply::Refresh { client, version, life } => members.object(("refresh", 14), |members| {
            members.text(("client", 1), client);
            members.text(("version", 2), version);
            self::life(members, ("expires", 3), ("ttl", 4), *life);
        }),
        Reply::SubRefresh(life) => members.object(("sub_refresh", 15), |members| {
            self::life(members, ("expires", 1), ("ttl", 2), *life);
        }),
    }
}

pub(super) fn push(members: &mut impl Members, push: &Push) {
    members.object(("push", 4), |members| bare_push(members, push));
}

/// The inside of a push, which is the whole of it to those who hear nothing else.
pub(super) fn bare_push(members: &mut impl Members, push: &Push) {
    match push {
        Push::Connect(result) => members.object(("connect", 10), |members| connect_push(members, result)),
        Push::Publication { to, publication } => {
            address(members, *to);
            members.object(("pub", 4), |members| self::publication(members, publication));
        }
        Push::Join { to, info } => {
            address(members, *to);
            members.object(("join", 5), |members| members.object(("info", 1), |members| client_info(members, info)));
        }
        Push::Leave { to, info } => {
            address(members, *to);
            members.object(("leave", 6), |members| members.object(("info", 1), |members| client_info(members, info)));
        }
        Push::Unsubscribe { channel, why } => {
            members.text(CHANNEL, channel);
            members.object(("unsubscribe", 7), |members| {
                members.number(("code", 2), why.code.into());
                members.text(("reason", 3), why.reason);
            });
        }
        Push::Subscribe { channel, result } => {
            members.text(CHANNEL, channel);
            members.object(("subscribe", 9), |members| {
                members.flag(("recoverable", 1), result.recoverable);
                members.text(("epoch", 4), &result.epoch);
                members.number(("offset", 5), result.offset);
                members.flag(("positioned", 6), result.positioned);
                data(members, ("data", 7), result.data.as_deref());
            });
        }
        Push::Disconnect(why) => members.object(("disconnect", 11), |members| {
            members.number(("code", 1), why.code.into());
            members.text(("reason", 2), why.reason);
        }),
        Push::SentAway { code, reason } => members.object(("disconnect", 11), |members| {
            members.number(("code", 1), (*code).into());
            members.text(("reason", 2), reason);
        }),
        Push::Refresh(life) => members.object(("refresh", 12), |members| {
            self::life(members, ("expires", 1), ("ttl", 2), *life);
        }),
    }
}

const CHANNEL: Member = ("channel", 2);

fn address(members: &mut impl Members, address: Address) {
    match address {
        Address::Number(number) => members.number(("id", 1), number.into()),
        Address::Name(name) => members.text(CHANNEL, name),
    }
}

fn connect_result(members: &mut impl Members, result: &ConnectResult) {
    members.text(("client", 1), &result.client);
    members.text(("version", 2), result.version);
    life(members, ("expires", 3), ("ttl", 4), result.life);
    data(members, ("data", 5), result.data.as_deref());
    members.map(("subs", 6), &result.subs, subscribe_result);
    members.number(("ping", 7), result.ping_s.into());
    members.flag(("pong", 8), result.pong);
    mailbox(members, result.mailbox.as_ref());
}

fn connect_push(members: &mut impl Members, result: &ConnectResult) {
    members.text(("client", 1), &result.client);
    members.text(("version", 2), result.version);
    data(members, ("data", 3), result.data.as_deref());
    members.map(("subs", 4), &result.subs, subscribe_result);
    life(members, ("expires", 5), ("ttl", 6), result.life);
    members.number(("ping", 7), result.ping_s.into());
    members.flag(("pong", 8), result.pong);
    mailbox(members, result.mailbox.as_ref());
}

fn mailbox(members: &mut impl Members, mailbox: Option<&Mailbox>) {
    if let Some(Mailbox { session, node }) = mailbox {
        members.text(("session", 9), session);
        members.text(("node", 10), node);
    }
}

fn subscribe_result<M: Members>(members: &mut M, result: &SubscribeResult) {
    life(members, ("expires", 1), ("ttl", 2), result.life);
    members.flag(("recoverable", 3), result.recoverable);
    members.text(("epoch", 6), &result.epoch);
    members.list(("publications", 7), &result.publications, publication);
    members.flag(("recovered", 8), result.recovered);
    members.number(("offset", 9), result.offset);
    members.flag(("positioned", 10), result.positioned);
    data(members, ("data", 11), result.data.as_deref());
    members.flag(("was_recovering", 12), result.was_recovering);
    members.flag(("delta", 13), result.delta);
    members.number(("id", 14), result.number.into());
}

fn publication<M: Members>(members: &mut M, publication: &Publication) {
    members.data(("data", 4), &publication.data);
    if let Some(info) = &publication.info {
        members.object(("info", 5), |members| client_info(members, info));
    }
    members.number(("offset", 6), publication.offset);
    members.texts(("tags", 7), &publication.tags);
    members.flag(("delta", 8), publication.delta);
}

fn client_info<M: Members>(members: &mut M, info: &ClientInfo) {
    members.text(("user", 1), &info.user);
    members.text(("client", 2), &info.client);
    data(members, ("conn_info", 3), info.conn_info.as_deref());
    data(members, ("chan_info", 4), info.chan_info.as_deref());
}

fn life(members: &mut impl Members, expires: Member, ttl: Member, life: Life) {
    if let Life::Ends(seconds) = life {
        members.flag(expires, true);
        members.number(ttl, seconds.into());
    }
}

fn data(members: &mut impl Members, member: Member, data: Option<&[u8]>) {
    if let Some(data) = data {
        members.data(member, data);
    }
}
