//! What one connection may ask, in which order, and what it is answered: the rules of a session.
//!
//! Commands are carried out one by one. An error is answered and the connection lives on; a breach of the protocol ends it
//! with a [`Disconnect`]. What a channel holds and who may do what is decided by the application.

use std::sync::Arc;

use bytes::Bytes;

use crate::app::AppError;
use crate::app::channels::Channel;
use crate::app::users::{Caller, Identity};
use crate::backend::{Cursor, Epoch};
use crate::limits;
use crate::live::connection::Connection;
use crate::live::disconnect::{self, Disconnect, ReplyError};
use crate::live::hub::Entrance;
use crate::live::hub::room::{Joining, Membership, Spoiled};
use crate::live::protocol::{
    self, Command, Connect, ConnectResult, Publication, Reply, Request, Subscribe, SubscribeResult,
};
use crate::live::{Live, frame};

pub struct Session {
    live: Arc<Live>,
    connection: Arc<Connection>,
    stage: Stage,
    memberships: Vec<Membership>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Fresh,
    Connected,
    /// The connect command was answered with an error: there is nothing left to do here.
    Failed,
}

/// Why a command was not carried out.
enum Refusal {
    Answered(ReplyError),
    Closed(Disconnect),
}

/// The state that a new subscriber is told, and the offset that it covers.
struct Beginning {
    result: SubscribeResult,
    covered: u64,
}

impl Session {
    pub fn new(live: Arc<Live>, connection: Arc<Connection>) -> Self {
        Self { live, connection, stage: Stage::Fresh, memberships: Vec::new() }
    }

    /// The answer to our ping. Those whose memberships the hub has ended are let go of here, since every client comes by.
    pub fn pong(&mut self) -> Result<(), Disconnect> {
        if self.stage != Stage::Connected {
            return Err(disconnect::BAD_REQUEST);
        }
        self.forget_ended();
        self.connection.pong()
    }

    /// Carries out a command and answers it.
    ///
    /// # Errors
    /// The protocol was broken: the connection must end.
    pub async fn carry_out(&mut self, command: Command) -> Result<(), Disconnect> {
        let Command { id, request } = command;
        match (self.stage, &request) {
            (Stage::Fresh, Request::Connect(_)) if id != 0 => {}
            (Stage::Connected, Request::Send) => return Ok(()),
            (Stage::Connected, Request::Pong) => return self.pong(),
            (Stage::Connected, Request::Connect(_) | Request::Unknown) => return Err(disconnect::BAD_REQUEST),
            (Stage::Connected, _) if id != 0 => {}
            _ => return Err(disconnect::BAD_REQUEST),
        }
        self.forget_ended();
        let outcome = match request {
            Request::Connect(connect) => self.connect(id, connect).await,
            Request::Subscribe(subscribe) => self.subscribe(id, subscribe).await,
            Request::Unsubscribe { channel } => self.unsubscribe(id, &channel),
            Request::Publish { channel, data } => self.publish(id, &channel, data).await,
            Request::NotAvailable | Request::Send | Request::Pong | Request::Unknown => {
                Err(disconnect::NOT_AVAILABLE.into())
            }
        };
        match outcome {
            Ok(()) => Ok(()),
            Err(Refusal::Answered(error)) => {
                self.connection.outbound.push(&reply(id, Reply::Error(error)));
                Ok(())
            }
            Err(Refusal::Closed(why)) => Err(why),
        }
    }

    async fn connect(&mut self, id: u32, connect: Connect) -> Result<(), Refusal> {
        self.stage = Stage::Failed;
        let caller = if connect.token.is_empty() {
            Caller::Anonymous
        } else {
            self.live.app.connection_token(&connect.token).await.map_err(refuse_credential)?.caller
        };
        let caller = self.connection.identify(caller).clone();
        let mut result = ConnectResult {
            client: self.connection.id.to_string(),
            version: env!("CARGO_PKG_VERSION"),
            subs: Vec::new(),
            ping_s: u32::try_from(self.live.options.beat.ping_interval.as_secs()).unwrap_or(u32::MAX).max(1),
            pong: true,
        };
        if let Caller::User(identity) = caller {
            let (joining, name, beginning) = self.own_channel(&identity, &connect).await?;
            result.subs.push((name, beginning.result));
            let membership = joining.finish(beginning.covered, reply(id, Reply::Connect(result)))?;
            self.memberships.push(membership);
        } else {
            self.connection.outbound.push(&reply(id, Reply::Connect(result)));
        }
        self.connection.connected(self.live.app.clock.now(), &self.live.options.beat);
        self.stage = Stage::Connected;
        Ok(())
    }

    /// Every user hears its own channel, asked or not.
    async fn own_channel(
        &self,
        identity: &Identity,
        connect: &Connect,
    ) -> Result<(Joining, String, Beginning), Refusal> {
        let entrance = entrance(Channel::own(identity));
        let joining = self.begin(entrance.clone(), true).await?;
        // The credential was good before anybody here listened for the word that it is not.
        if !self.live.app.still_good(identity).await.map_err(reply_error)? {
            return Err(Refusal::Closed(disconnect::INVALID_TOKEN));
        }
        let asked = connect.subs.iter().find(|subscribe| *subscribe.channel == *entrance.name);
        let beginning = match asked {
            Some(subscribe) => self.beginning(&entrance, subscribe).await?,
            None => self.beginning(&entrance, &Subscribe::default()).await?,
        };
        Ok((joining, entrance.name.to_string(), beginning))
    }

    async fn subscribe(&mut self, id: u32, request: Subscribe) -> Result<(), Refusal> {
        self.check_subscribe(&request)?;
        let (live, caller) = (self.live.clone(), self.connection.caller().clone());
        let rights_seen = live.hub.rights_seen(&request.channel);
        let entrance = self.open(&caller, &request.channel).await?;
        let joining = self.begin(entrance.clone(), false).await?;
        // Asked before anybody here listened, or before rights changed: what was allowed may be so no more.
        if rights_seen != Some(joining.rights_seen()) {
            self.open(&caller, &request.channel).await?;
        }
        let beginning = self.beginning(&entrance, &request).await?;
        let reply = reply(id, Reply::Subscribe(beginning.result));
        self.memberships.push(joining.finish(beginning.covered, reply)?);
        Ok(())
    }

    fn check_subscribe(&self, request: &Subscribe) -> Result<(), ReplyError> {
        let name = &request.channel;
        if name.is_empty() || !name.is_ascii() || name.len() > limits::CHANNEL_NAME_LEN_MAX {
            let message = format!("a channel's name has 1 to {} ASCII characters", limits::CHANNEL_NAME_LEN_MAX);
            return Err(disconnect::BAD_COMMAND.because(message));
        }
        if request.is_filtered {
            return Err(disconnect::BAD_COMMAND.because("filters on tags are not available"));
        }
        if request.is_special {
            return Err(disconnect::NOT_AVAILABLE);
        }
        if self.membership(name).is_some() {
            return Err(disconnect::ALREADY_SUBSCRIBED);
        }
        if self.memberships.len() >= limits::CHANNELS_LEN_MAX {
            return Err(disconnect::LIMIT_EXCEEDED);
        }
        Ok(())
    }

    fn unsubscribe(&mut self, id: u32, name: &str) -> Result<(), Refusal> {
        let last = reply(id, Reply::Unsubscribe);
        match self.memberships.iter().position(|membership| *membership.entrance().name == *name) {
            // The word that a token is no longer good comes this way.
            Some(index) if self.memberships[index].by_server() => Err(disconnect::PERMISSION_DENIED.into()),
            Some(index) => {
                self.memberships.swap_remove(index).leave(&last);
                Ok(())
            }
            None => {
                self.connection.outbound.push(&last);
                Ok(())
            }
        }
    }

    async fn publish(&mut self, id: u32, name: &str, data: Option<Bytes>) -> Result<(), Refusal> {
        let data = data.ok_or_else(|| disconnect::BAD_COMMAND.because("data: is missing"))?;
        let caller = self.connection.caller().clone();
        let entrance = match self.membership(name) {
            Some(membership) => membership.entrance().clone(),
            None => named(self.live.app.channel_named(&caller, name).map_err(reply_error)?, name)?,
        };
        self.live.app.publish(&caller, &entrance.channel, &data, None).await.map_err(reply_error)?;
        self.connection.outbound.push(&reply(id, Reply::Publish));
        Ok(())
    }

    /// The channel of this name, if the caller may see it.
    async fn open(&self, caller: &Caller, name: &str) -> Result<Entrance, ReplyError> {
        named(self.live.app.open_channel(caller, name).await.map_err(reply_error)?, name)
    }

    async fn begin(&self, entrance: Entrance, by_server: bool) -> Result<Joining, ReplyError> {
        let joining = self.live.hub.begin(entrance, self.connection.clone(), by_server).await;
        joining.map_err(|error| reply_error(error.into()))
    }

    /// What was missed, if it can be had wholly; else the state now.
    async fn beginning(&self, entrance: &Entrance, request: &Subscribe) -> Result<Beginning, ReplyError> {
        if !entrance.channel.is_recoverable() {
            return Ok(Beginning { result: SubscribeResult::default(), covered: 0 });
        }
        let (recoverable, positioned, was_recovering) = (true, true, request.recover);
        let result = SubscribeResult { recoverable, positioned, was_recovering, ..SubscribeResult::default() };
        if request.recover {
            if let Some((publications, top)) = self.missed(entrance, request).await.map_err(reply_error)? {
                let (epoch, offset) = (top.epoch.to_string(), request.offset);
                let result = SubscribeResult { recovered: true, epoch, offset, publications, ..result };
                return Ok(Beginning { result, covered: top.offset });
            }
            if request.rejects_unrecovered {
                return Err(disconnect::UNRECOVERABLE);
            }
        }
        let snapshot = self.live.app.snapshot(&entrance.channel).await.map_err(reply_error)?;
        let Cursor { epoch, offset } = snapshot.cursor;
        let result = SubscribeResult { epoch: epoch.to_string(), offset, data: snapshot.data, ..result };
        Ok(Beginning { result, covered: offset })
    }

    /// All that the client missed, or `None`.
    async fn missed(
        &self,
        entrance: &Entrance,
        request: &Subscribe,
    ) -> Result<Option<(Vec<Publication>, Cursor)>, AppError> {
        let since = Cursor { epoch: Epoch(request.epoch.as_str().into()), offset: request.offset };
        let missed = self.live.app.recover(&entrance.channel, &since).await?;
        Ok(missed.map(|(publications, top)| (publications.into_iter().map(Publication::of).collect(), top)))
    }

    fn membership(&self, name: &str) -> Option<&Membership> {
        self.memberships.iter().find(|membership| *membership.entrance().name == *name)
    }

    fn forget_ended(&mut self) {
        self.memberships.retain(|membership| !membership.has_ended());
    }
}

fn entrance(channel: Channel) -> Entrance {
    Entrance { name: channel.name().into(), topic: channel.topic(), channel }
}

/// A second spelling would be a second room, and its publications would bear a name that the client does not know.
fn named(channel: Channel, name: &str) -> Result<Entrance, ReplyError> {
    let entrance = entrance(channel);
    if *entrance.name == *name { Ok(entrance) } else { Err(disconnect::UNKNOWN_CHANNEL) }
}

fn reply(id: u32, reply: Reply) -> Bytes {
    frame::text_alone(&protocol::reply(id, &reply))
}

/// The one place where the application's errors become the protocol's.
fn reply_error(error: AppError) -> ReplyError {
    match error {
        AppError::Unauthenticated => disconnect::UNAUTHORIZED,
        AppError::Expired => disconnect::TOKEN_EXPIRED,
        AppError::Forbidden => disconnect::PERMISSION_DENIED,
        AppError::NotFound(_) => disconnect::UNKNOWN_CHANNEL,
        AppError::Invalid { .. } => disconnect::BAD_COMMAND.because(error.to_string()),
        AppError::Conflict { .. } => disconnect::CONFLICT.because(error.to_string()),
        AppError::Unrecoverable => disconnect::UNRECOVERABLE,
        AppError::NotAvailable => disconnect::NOT_AVAILABLE,
        AppError::Busy => disconnect::TOO_MANY_REQUESTS,
        AppError::Unavailable | AppError::Internal => disconnect::INTERNAL,
    }
}

fn refuse_credential(error: AppError) -> Refusal {
    match error {
        AppError::Unauthenticated => Refusal::Closed(disconnect::INVALID_TOKEN),
        error => Refusal::Answered(reply_error(error)),
    }
}

impl From<ReplyError> for Refusal {
    fn from(error: ReplyError) -> Self {
        Self::Answered(error)
    }
}

impl From<Spoiled> for Refusal {
    fn from(_: Spoiled) -> Self {
        Self::Answered(disconnect::INTERNAL.because("the channel changed meanwhile"))
    }
}
