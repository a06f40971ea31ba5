//! Permissions that end, and their renewal.
//!
//! A token may say until when it is good. The client is told how long that is, and shows a new one in time; whoever does not
//! is given a while, and then sent away. The time is kept by the wheel, which calls the session.

use super::{Done, Refusal, Session, Subscription, refuse_token};
use crate::app::AppError;
use crate::app::users::Caller;
use crate::domain::time::Timestamp;
use crate::limits;
use crate::live::disconnect::{self, Disconnect};
use crate::live::protocol::{Life, Push, Reply};

impl Session {
    /// Looks at what has ended, when the connection was called.
    ///
    /// # Errors
    /// The connection must end.
    pub fn look(&mut self) -> Result<(), Disconnect> {
        self.forget_ended();
        let now = self.live.app.clock.now();
        if is_over(self.expires_at, now) {
            return Err(disconnect::EXPIRED);
        }
        if self.ends_at.is_some_and(|ends_at| ends_at <= now) {
            // A link may have been given a longer life meanwhile: who comes back is told.
            let is_link = matches!(self.connection.caller(), Caller::Link(_));
            return Err(if is_link { disconnect::EXPIRED } else { disconnect::INVALID_TOKEN });
        }
        let is_over = |subscription: &mut Subscription| is_over(subscription.expires_at, now);
        // A client cannot come into such a channel again by itself.
        if self
            .subscriptions
            .iter_mut()
            .any(|subscription| subscription.membership.terms().by_server && is_over(subscription))
        {
            return Err(disconnect::SUBSCRIPTION_OVER);
        }
        for Subscription { membership, .. } in self.subscriptions.extract_if(.., is_over) {
            let (channel, why) = (membership.entrance().name.clone(), disconnect::SUBSCRIPTION_EXPIRED);
            membership.leave(&self.connection.form.push(&Push::Unsubscribe { channel: &channel, why }));
        }
        self.keep_deadline();
        Ok(())
    }

    /// Has the session called when the first of its permissions is over.
    pub(super) fn keep_deadline(&self) {
        let of_subscriptions = self.subscriptions.iter().map(|subscription| subscription.expires_at);
        let first = of_subscriptions.chain([self.expires_at]).flatten().min().map(over_at);
        self.connection.call_at([first, self.ends_at].into_iter().flatten().min());
    }

    /// A new token for the connection.
    pub(super) async fn refresh(&mut self, token: &str) -> Result<Done, Refusal> {
        let app = &self.live.app;
        let renewed = match app.slowed(token, self.origin, app.connection_token(token)).await {
            // The client comes back and asks for another.
            Err(AppError::Expired) => return Err(Refusal::Closed(disconnect::EXPIRED)),
            renewed => renewed.map_err(refuse_token)?,
        };
        if renewed.caller.user() != self.connection.caller().user() {
            return Err(Refusal::Closed(disconnect::INVALID_TOKEN));
        }
        // A name that has become an account's since (or the other way round) means other channels.
        if std::mem::discriminant(&renewed.caller) != std::mem::discriminant(self.connection.caller()) {
            return Err(Refusal::Closed(disconnect::EXPIRED));
        }
        // A link lasts as long as it lasts: there is no other that could renew it.
        if let (Caller::Link(renewed), Caller::Link(holder)) = (&renewed.caller, self.connection.caller())
            && renewed != holder
        {
            return Err(Refusal::Closed(disconnect::INVALID_TOKEN));
        }
        if let Caller::User(identity) = renewed.caller {
            // From here on the word that it is no longer good is heard; it may have come just before.
            self.connection.renew(identity.clone());
            if !self.live.app.still_good(&identity).await? {
                return Err(Refusal::Closed(disconnect::INVALID_TOKEN));
            }
        }
        (self.expires_at, self.ends_at) = (renewed.expires_at, renewed.ends_at);
        self.conn_info = renewed.info.or(self.conn_info.take());
        self.keep_deadline();
        let (client, version) = (self.connection.id.to_string(), env!("CARGO_PKG_VERSION"));
        Ok(Done::Answer(Reply::Refresh { client, version, life: self.life(renewed.expires_at) }))
    }

    /// A new token for a subscription.
    pub(super) fn sub_refresh(&mut self, name: &str, token: &str) -> Result<Done, Refusal> {
        let (app, caller) = (&self.live.app, self.connection.caller());
        let found = self.subscriptions.iter_mut().find(|subscription| subscription.is_to(name));
        let subscription = found.ok_or(disconnect::PERMISSION_DENIED)?;
        let grant = app.subscription_token(caller, name, token).map_err(refuse_token)?;
        subscription.expires_at = grant.expires_at;
        subscription.chan_info = grant.info.or(subscription.chan_info.take());
        self.keep_deadline();
        Ok(Done::Answer(Reply::SubRefresh(self.life(grant.expires_at))))
    }

    /// How long a permission lasts from now.
    pub(super) fn life(&self, expires_at: Option<Timestamp>) -> Life {
        let Some(expires_at) = expires_at else { return Life::Unbounded };
        let left_ms = expires_at.as_millis().saturating_sub(self.live.app.clock.now().as_millis());
        // Less than a second is a second, and longer than a client can be told is as long as it can be told.
        let left_s = u32::try_from((left_ms / 1_000).max(1)).unwrap_or(u32::MAX);
        Life::Ends(left_s.min(limits::LIFE_S_MAX))
    }
}

fn over_at(expires_at: Timestamp) -> Timestamp {
    expires_at.plus_millis(i64::try_from(limits::EXPIRED_GRACE.as_millis()).unwrap_or(i64::MAX))
}

fn is_over(expires_at: Option<Timestamp>, now: Timestamp) -> bool {
    expires_at.is_some_and(|expires_at| over_at(expires_at) <= now)
}
