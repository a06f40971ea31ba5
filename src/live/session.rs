//! What one connection may ask, in which order, and what it is answered: the rules of a session.
//!
//! Commands are carried out one by one. An error is answered and the connection lives on; a breach of the protocol ends it
//! with a [`Disconnect`]. What a channel holds and who may do what is decided by the application.
//!
//! * [`connect`]: who somebody is, and the channels that it hears from the first moment.
//! * [`subscribe`]: in and out of channels; [`beginning`]: what a newcomer is told first.
//! * [`publish`], [`reading`]: what those inside may say and look up.
//! * [`expiry`]: permissions that end, and their renewal.
//! * [`methods`]: what can be called by name; [`orders`]: what the operator's back end has done to it.

mod beginning;
mod connect;
mod expiry;
mod methods;
mod orders;
mod publish;
mod reading;
mod subscribe;

use std::sync::Arc;

use bytes::Bytes;

use crate::app::AppError;
use crate::app::channels::ClientInfo;
use crate::app::presence::Present;
use crate::domain::time::Timestamp;
use crate::live::Live;
use crate::live::connection::Connection;
use crate::live::disconnect::{self, Disconnect, ReplyError};
use crate::live::hub::room::{Membership, Spoiled};
use crate::live::protocol::{Command, Mailbox, Reply, Request};
use crate::peer::Origin;

pub struct Session {
    live: Arc<Live>,
    connection: Arc<Connection>,
    stage: Stage,
    subscriptions: Vec<Subscription>,
    /// JSON of the connection's token, for others to see.
    conn_info: Option<Bytes>,
    /// When the connection's token ends.
    expires_at: Option<Timestamp>,
    /// When the session that it showed is over. It is not told: there is nothing to renew it with.
    ends_at: Option<Timestamp>,
    /// The client knows what to do with numbers in place of channels' names.
    takes_numbers: bool,
    /// Where the client posts its commands, until it was told so.
    mailbox: Option<Mailbox>,
    /// Whose connection it is, if that is counted.
    origin: Option<Origin>,
}

/// A channel that this connection hears. Dropping it is leaving.
struct Subscription {
    membership: Membership,
    /// After the membership, so that one does not hear oneself leave.
    _present: Present,
    /// JSON of the subscription's token, for others to see.
    chan_info: Option<Bytes>,
    /// When the subscription's token ends.
    expires_at: Option<Timestamp>,
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
    /// `mailbox`: where the client posts its commands, if its connection carries none.
    pub fn new(live: Arc<Live>, connection: Arc<Connection>, mailbox: Option<Mailbox>, origin: Option<Origin>) -> Self {
        Self {
            live,
            connection,
            stage: Stage::Fresh,
            subscriptions: Vec::new(),
            conn_info: None,
            expires_at: None,
            ends_at: None,
            takes_numbers: false,
            mailbox,
            origin,
        }
    }

    /// The answer to our ping.
    pub fn pong(&mut self) -> Result<(), Disconnect> {
        if self.stage != Stage::Connected {
            return Err(disconnect::BAD_REQUEST);
        }
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
            Err(Refusal::Answered(error)) if self.connection.form.is_bare() => return Err(Disconnect::of(&error)),
            Err(Refusal::Answered(error)) => Reply::Error(error),
            Err(Refusal::Closed(why)) => return Err(why),
        };
        self.connection.outbound.push(&self.connection.form.reply(id, &reply));
        Ok(())
    }

    async fn answer(&mut self, id: u32, request: Request) -> Result<Done, Refusal> {
        match request {
            Request::Connect(connect) => {
                let (live, connection) = (self.live.clone(), self.connection.clone());
                let (clock, beat) = (&live.app.clock, &live.options.beat);
                connection.connecting(clock.now(), beat);
                let done = self.connect(id, connect).await;
                if done.is_err() {
                    connection.not_connected(clock.now(), beat);
                }
                done
            }
            Request::Subscribe(subscribe) => self.subscribe(id, subscribe).await,
            Request::Unsubscribe { channel } => self.unsubscribe(id, &channel),
            Request::Publish { channel, data } => self.publish(&channel, data).await,
            Request::Presence { channel } => self.presence(&channel).await,
            Request::PresenceStats { channel } => self.presence_stats(&channel).await,
            Request::History(history) => self.history(history).await,
            Request::Rpc { method, data } => self.call(&method, data).await,
            Request::Refresh { token } => self.refresh(&token).await,
            Request::SubRefresh { channel, token } => self.sub_refresh(&channel, &token),
            // They want no answer, or break the protocol: see above.
            Request::Send | Request::Pong | Request::Unknown => Err(Refusal::Closed(disconnect::BAD_REQUEST)),
        }
    }

    /// What others are told of this client in a channel.
    fn client_info(&self, chan_info: Option<Bytes>) -> ClientInfo {
        ClientInfo {
            user: self.connection.caller().user().to_owned(),
            client: self.connection.id.to_string(),
            conn_info: self.conn_info.clone(),
            chan_info,
        }
    }

    fn subscription(&self, name: &str) -> Option<&Subscription> {
        self.subscriptions.iter().find(|subscription| subscription.is_to(name))
    }

    /// Lets go of subscriptions that the hub has ended.
    fn forget_ended(&mut self) {
        self.subscriptions.retain(|subscription| !subscription.membership.has_ended());
    }
}

impl Session {
    /// Inside, and seen to be so.
    fn subscribed(&mut self, membership: Membership, chan_info: Option<Bytes>, expires_at: Option<Timestamp>) {
        let channel = &membership.entrance().channel;
        let present = self.live.app.enter(channel, self.client_info(chan_info.clone()));
        self.subscriptions.push(Subscription { membership, _present: present, chan_info, expires_at });
    }
}

impl Subscription {
    fn is_to(&self, name: &str) -> bool {
        *self.membership.entrance().name == *name
    }
}

/// The one place where the application's errors become the protocol's.
fn reply_error(error: AppError) -> ReplyError {
    match error {
        AppError::Unauthenticated => disconnect::UNAUTHORIZED,
        AppError::Expired => disconnect::TOKEN_EXPIRED,
        AppError::Forbidden => disconnect::PERMISSION_DENIED,
        AppError::NotFound(_) => disconnect::UNKNOWN_CHANNEL,
        AppError::Invalid { .. } | AppError::KeyReused | AppError::Faulty(_) => {
            disconnect::BAD_COMMAND.because(error.to_string())
        }
        AppError::Conflict { .. } | AppError::Stale => disconnect::CONFLICT.because(error.to_string()),
        AppError::Unrecoverable => disconnect::UNRECOVERABLE,
        AppError::NotAvailable => disconnect::NOT_AVAILABLE,
        AppError::Busy | AppError::TooOften { .. } => disconnect::TOO_MANY_REQUESTS,
        AppError::Unavailable | AppError::Internal => disconnect::INTERNAL,
    }
}

/// What comes of a token that is not taken: the client is told, unless it is another's or nobody's.
fn refuse_token(error: AppError) -> Refusal {
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

impl From<AppError> for Refusal {
    fn from(error: AppError) -> Self {
        Self::Answered(reply_error(error))
    }
}

impl From<Spoiled> for Refusal {
    fn from(_: Spoiled) -> Self {
        Self::Answered(disconnect::INTERNAL.because("the channel changed meanwhile"))
    }
}
