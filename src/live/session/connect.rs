//! The first command: who somebody is, and the channels that it hears from that moment: those of the server's choice, and for
//! a client that only listens, who can ask for nothing later, those of its own.

use bytes::Bytes;
use uuid::Uuid;

use super::{Done, Refusal, Session, Stage, refuse_token};
use crate::app::channels::{Grounds, Recovery};
use crate::app::tokens::{Credential, ServerSub, SubscriptionGrant};
use crate::app::users::Caller;
use crate::domain::time::Timestamp;
use crate::limits;
use crate::live::disconnect::{self, ReplyError};
use crate::live::hub::Entrance;
use crate::live::hub::room::{Joining, Terms};
use crate::live::protocol::{Connect, ConnectResult, Encoding, Mailbox, Reply, Subscribe, SubscribeResult};

/// The SDKs that find a subscription by its number in Protobuf. JavaScript's says that it does, and compares the objects that
/// such numbers are there (long.js), of which no two are the same: it would hear nothing.
const NUMBER_READERS: [&str; 5] = ["csharp", "go", "java", "python", "swift"];

/// A channel that the client hears from the first moment.
struct Unasked {
    joining: Joining,
    covered: u64,
    chan_info: Option<Bytes>,
    expires_at: Option<Timestamp>,
}

impl Session {
    pub(super) async fn connect(&mut self, id: u32, connect: Connect) -> Result<Done, Refusal> {
        self.stage = Stage::Failed;
        if connect.subs.len() > limits::CHANNELS_LEN_MAX {
            return Err(disconnect::LIMIT_EXCEEDED.into());
        }
        let credential = if connect.token.is_empty() {
            Credential::of(Caller::Anonymous)
        } else {
            let (app, token) = (&self.live.app, connect.token.as_str());
            app.slowed(token, self.origin, app.connection_token(token)).await.map_err(refuse_token)?
        };
        self.takes_numbers = match self.connection.form.encoding() {
            Encoding::Json => true,
            Encoding::Protobuf => NUMBER_READERS.contains(&connect.name.as_str()),
        };
        (self.conn_info, self.expires_at, self.ends_at) = (credential.info, credential.expires_at, credential.ends_at);
        let caller = self.connection.identify(credential.caller).clone();
        let is_bare = self.connection.form.is_bare();
        let mut result = ConnectResult {
            client: self.connection.id.to_string(),
            version: env!("CARGO_PKG_VERSION"),
            life: self.life(self.expires_at),
            data: None,
            subs: Vec::new(),
            ping_s: self.ping_s(),
            pong: !is_bare && !self.connection.pings_by_frames,
            mailbox: self.named_mailbox(is_bare),
        };
        self.live.book.mark(&self.connection);
        let (mut all, mut room) = (Vec::new(), limits::CONNECT_REPLY_BYTES_MAX);
        for sub in self.unasked_subs(&caller, credential.subs) {
            if let Some((name, beginning, unasked)) = self.unasked(&caller, sub, &connect.subs, &mut room).await? {
                result.subs.push((name, beginning));
                all.push(unasked);
            }
        }
        if is_bare {
            for request in &connect.subs {
                if !result.subs.iter().any(|(name, _)| *name == request.channel) {
                    self.check_subscribe(request, result.subs.iter().map(|(name, _)| name.as_str()))?;
                    let (beginning, asked) = self.asked(&caller, request, &mut room).await?;
                    result.subs.push((request.channel.clone(), beginning));
                    all.push(asked);
                }
            }
        }
        // The credential was good before anybody here listened, on its own channel, for the word that it is not.
        let is_good = match &caller {
            Caller::User(identity) => self.live.app.still_good(identity).await?,
            Caller::Link(holder) => self.live.app.link_still_good(holder).await?,
            Caller::Anonymous | Caller::Guest(_) => true,
        };
        if !is_good {
            return Err(Refusal::Closed(disconnect::INVALID_TOKEN));
        }
        // Before the reply, which the client may answer while we are still here.
        self.connection.connected(self.live.app.clock.now(), &self.live.options.beat);
        self.enter_unasked(all, self.connection.form.reply(id, &Reply::Connect(result)))?;
        self.keep_deadline();
        self.stage = Stage::Connected;
        Ok(Done::Answered)
    }

    /// Where the client posts; who only listens posts nothing, and has a session for the operator's back end alone.
    fn named_mailbox(&mut self, is_bare: bool) -> Option<Mailbox> {
        let listener = || Mailbox { session: Uuid::new_v4().to_string(), node: String::new() };
        let mailbox = self.mailbox.take().or_else(|| is_bare.then(listener));
        if let Some(Mailbox { session, .. }) = &mailbox {
            self.connection.name_session(session);
        }
        mailbox
    }

    /// How often the client is to expect a message that says no more than that we are here; 0: never.
    fn ping_s(&self) -> u32 {
        let interval_s = u32::try_from(self.live.options.beat.ping_interval.as_secs()).unwrap_or(u32::MAX).max(1);
        if self.connection.pings_by_frames { 0 } else { interval_s }
    }

    /// Every user hears its own channel; others are named by the token.
    fn unasked_subs(&self, caller: &Caller, named: Vec<ServerSub>) -> Vec<ServerSub> {
        let own = self.live.app.own_channel(caller).map(|channel| channel.name());
        let is_named = |own: &String| named.iter().any(|sub| sub.channel == *own);
        let own = own.filter(|own| !is_named(own)).map(|channel| ServerSub { channel, info: None, data: None });
        own.into_iter().chain(named).collect()
    }

    /// Begins to enter a channel of the server's choice. `None`: there is none, or none for this user (any more).
    async fn unasked(
        &self,
        caller: &Caller,
        sub: ServerSub,
        asked: &[Subscribe],
        room: &mut usize,
    ) -> Result<Option<(String, SubscribeResult, Unasked)>, Refusal> {
        let ServerSub { channel: name, info: chan_info, data } = sub;
        let (entrance, joining) = match self.enter(caller, &name, Grounds::Word, by_server).await {
            Ok(entered) => entered,
            Err(Refusal::Answered(error)) if is_not_for_them(&error) => return Ok(None),
            Err(refusal) => return Err(refusal),
        };
        let known = asked.iter().find(|subscribe| subscribe.channel == name).cloned().unwrap_or_default();
        let mut beginning = self.short_beginning(&entrance, &joining, &known, room).await?;
        beginning.result.data = data.or(beginning.result.data);
        let unasked = Unasked { joining, covered: beginning.covered, chan_info, expires_at: None };
        Ok(Some((name, beginning.result, unasked)))
    }

    /// Begins to enter a channel of a listener's choice. It hears it as it hears one of the server's: when it misses
    /// something, it has to connect again.
    async fn asked(
        &self,
        caller: &Caller,
        request: &Subscribe,
        room: &mut usize,
    ) -> Result<(SubscribeResult, Unasked), Refusal> {
        let (grounds, SubscriptionGrant { expires_at, info: chan_info }) = self.grant(caller, request)?;
        let (entrance, joining) = self.enter(caller, &request.channel, grounds, by_server).await?;
        // Where the newest publication says all, it is the beginning.
        let recover = request.recover || entrance.features.recovers == Recovery::Cache;
        let request = Subscribe { recover, ..request.clone() };
        let mut beginning = self.short_beginning(&entrance, &joining, &request, room).await?;
        beginning.result.life = self.life(expires_at);
        Ok((beginning.result, Unasked { joining, covered: beginning.covered, chan_info, expires_at }))
    }

    /// Says the reply, and comes into all of them.
    fn enter_unasked(&mut self, all: Vec<Unasked>, reply: Bytes) -> Result<(), Refusal> {
        if all.is_empty() {
            self.connection.outbound.push(&reply);
        }
        let mut reply = Some(reply);
        for Unasked { joining, covered, chan_info, expires_at } in all {
            // The reply speaks of all of them: it goes first, and then each with what it has missed since.
            let is_first = reply.is_some();
            let membership =
                joining.finish(covered, reply.take().unwrap_or_default()).map_err(|spoiled| match is_first {
                    true => spoiled.into(),
                    false => Refusal::Closed(disconnect::STATE_LOST),
                })?;
            self.subscribed(membership, chan_info, expires_at);
        }
        Ok(())
    }
}

fn by_server(_: &Entrance) -> Terms {
    Terms { by_server: true, ..Terms::default() }
}

/// What is said of a channel that is not there, or not for this user.
fn is_not_for_them(error: &ReplyError) -> bool {
    [disconnect::UNKNOWN_CHANNEL.code, disconnect::PERMISSION_DENIED.code].contains(&error.code)
}
