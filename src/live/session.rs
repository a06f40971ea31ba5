//! What one connection may ask, in which order, and what it is answered: the rules of a session.
//!
//! Commands are carried out one by one. An error is answered and the connection lives on; a breach of the protocol ends it
//! with a [`Disconnect`]. What a channel holds and who may do what is decided by the application.
//!
//! * [`connect`]: who somebody is, and the channels that it hears unasked.
//! * [`subscribe`]: in and out of channels; [`beginning`]: what a newcomer is told first.
//! * [`methods`]: what can be called by name.

mod beginning;
mod connect;
mod methods;
mod subscribe;

use std::sync::Arc;

use bytes::Bytes;

use crate::app::AppError;
use crate::app::channels::Channel;
use crate::live::Live;
use crate::live::connection::Connection;
use crate::live::disconnect::{self, Disconnect, ReplyError};
use crate::live::hub::Entrance;
use crate::live::hub::room::{Membership, Spoiled};
use crate::live::protocol::{Command, Reply, Request};

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

/// A command that was carried out.
enum Done {
    /// The answer is still to be said.
    Answer(Reply),
    /// It was said together with something else.
    Answered,
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
        let reply = match self.answer(id, request).await {
            Ok(Done::Answered) => return Ok(()),
            Ok(Done::Answer(reply)) => reply,
            Err(Refusal::Answered(error)) => Reply::Error(error),
            Err(Refusal::Closed(why)) => return Err(why),
        };
        self.connection.outbound.push(&self.connection.form.reply(id, &reply));
        Ok(())
    }

    async fn answer(&mut self, id: u32, request: Request) -> Result<Done, Refusal> {
        match request {
            Request::Connect(connect) => self.connect(id, connect).await,
            Request::Subscribe(subscribe) => self.subscribe(id, subscribe).await,
            Request::Unsubscribe { channel } => self.unsubscribe(id, &channel),
            Request::Publish { channel, data } => self.publish(&channel, data).await,
            Request::Rpc { method, data } => self.call(&method, data).await,
            _ => Err(disconnect::NOT_AVAILABLE.into()),
        }
    }

    async fn publish(&mut self, name: &str, data: Option<Bytes>) -> Result<Done, Refusal> {
        let data = data.ok_or_else(|| disconnect::BAD_COMMAND.because("data: is missing"))?;
        let caller = self.connection.caller().clone();
        let entrance = match self.membership(name) {
            Some(membership) => membership.entrance().clone(),
            None => named(self.live.app.channel_named(&caller, name).map_err(reply_error)?, name)?,
        };
        self.live.app.publish(&caller, &entrance.channel, &data, None).await.map_err(reply_error)?;
        Ok(Done::Answer(Reply::Publish))
    }

    fn membership(&self, name: &str) -> Option<&Membership> {
        self.memberships.iter().find(|membership| *membership.entrance().name == *name)
    }

    fn forget_ended(&mut self) {
        self.memberships.retain(|membership| !membership.has_ended());
    }
}

fn entrance(channel: Channel) -> Entrance {
    Entrance { name: channel.name().into(), topic: channel.topic(), delta: false, channel }
}

/// A second spelling would be a second room, and its publications would bear a name that the client does not know.
fn named(channel: Channel, name: &str) -> Result<Entrance, ReplyError> {
    let entrance = entrance(channel);
    if *entrance.name == *name { Ok(entrance) } else { Err(disconnect::UNKNOWN_CHANNEL) }
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
