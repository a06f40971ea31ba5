//! Into channels and out of them.

use super::{Done, Refusal, Session, refuse_token, reply_error};
use crate::app::channels::{Grounds, check_name};
use crate::app::tokens::SubscriptionGrant;
use crate::app::users::Caller;
use crate::limits;
use crate::live::disconnect::{self, ReplyError};
use crate::live::hub::Entrance;
use crate::live::hub::room::{Joining, Terms};
use crate::live::protocol::{Reply, Subscribe};

/// The only kind of patches that there is.
const FOSSIL: &str = "fossil";

impl Session {
    pub(super) async fn subscribe(&mut self, id: u32, request: Subscribe) -> Result<Done, Refusal> {
        let heard = self.subscriptions.iter().map(|subscription| &*subscription.membership.entrance().name);
        self.check_subscribe(&request, heard)?;
        let caller = self.connection.caller().clone();
        let (grounds, SubscriptionGrant { expires_at, info: chan_info }) = self.grant(&caller, &request)?;
        let terms = |entrance: &Entrance| Terms {
            by_server: false,
            by_number: request.takes_numbers && self.takes_numbers,
            delta: entrance.features.delta && request.delta == FOSSIL,
        };
        let (entrance, joining) = self.enter(&caller, &request.channel, grounds, terms).await?;
        let delta = joining.terms().delta;
        let mut beginning = self.beginning(&entrance, &joining, &request, delta).await?;
        beginning.result.life = self.life(expires_at);
        beginning.result.number = joining.number();
        let reply = self.connection.form.reply(id, &Reply::Subscribe(beginning.result));
        let membership = joining.finish(beginning.covered, reply)?;
        self.subscribed(membership, chan_info, expires_at);
        self.keep_deadline();
        Ok(Done::Answered)
    }

    /// What the token says that came with the request, if one did.
    pub(super) fn grant(&self, caller: &Caller, request: &Subscribe) -> Result<(Grounds, SubscriptionGrant), Refusal> {
        if request.token.is_empty() {
            return Ok((Grounds::Name, SubscriptionGrant { expires_at: None, info: None }));
        }
        let grant = self.live.app.subscription_token(caller, &request.channel, &request.token);
        Ok((Grounds::Word, grant.map_err(refuse_token)?))
    }

    /// `heard`: what the client hears already.
    pub(super) fn check_subscribe<'a>(
        &self,
        request: &Subscribe,
        heard: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<(), ReplyError> {
        let name = &request.channel;
        check_name(name).map_err(reply_error)?;
        if request.is_filtered {
            return Err(disconnect::BAD_COMMAND.because("filters on tags are not available"));
        }
        if request.is_special {
            return Err(disconnect::NOT_AVAILABLE);
        }
        if self.subscription(name).is_some() {
            return Err(disconnect::ALREADY_SUBSCRIBED);
        }
        if heard.clone().count() >= limits::CHANNELS_LEN_MAX {
            return Err(disconnect::LIMIT_EXCEEDED);
        }
        let is_cell = |name: &&str| name.starts_with("map:");
        if is_cell(&name.as_str()) && heard.filter(is_cell).count() >= limits::CELLS_LEN_MAX {
            return Err(disconnect::LIMIT_EXCEEDED.because("too many cells of the map"));
        }
        Ok(())
    }

    pub(super) fn unsubscribe(&mut self, id: u32, name: &str) -> Result<Done, Refusal> {
        match self.subscriptions.iter().position(|subscription| subscription.is_to(name)) {
            // The word that a token is no longer good comes this way.
            Some(index) if self.subscriptions[index].membership.terms().by_server => {
                Err(disconnect::PERMISSION_DENIED.into())
            }
            Some(index) => {
                let last = self.connection.form.reply(id, &Reply::Unsubscribe);
                self.subscriptions.swap_remove(index).membership.leave(&last);
                Ok(Done::Answered)
            }
            None => Ok(Done::Answer(Reply::Unsubscribe)),
        }
    }

    /// Begins to enter the channel of this name, if the caller may see it.
    pub(super) async fn enter(
        &self,
        caller: &Caller,
        name: &str,
        grounds: Grounds,
        terms: impl Fn(&Entrance) -> Terms,
    ) -> Result<(Entrance, Joining), Refusal> {
        let (app, hub) = (&self.live.app, &self.live.hub);
        let rights_seen = hub.rights_seen(&app.channel_named(caller, name)?.topic());
        let entrance = self.open(caller, name, grounds).await?;
        let joining = hub.begin(entrance.clone(), self.connection.clone(), terms(&entrance)).await?;
        // Asked before anybody here listened, or before rights changed: what was allowed may be so no more.
        if rights_seen != Some(joining.rights_seen()) {
            self.open(caller, name, grounds).await?;
        }
        Ok((entrance, joining))
    }

    async fn open(&self, caller: &Caller, name: &str, grounds: Grounds) -> Result<Entrance, Refusal> {
        Ok(Entrance::opened(self.live.app.open_channel(caller, name, grounds).await?, name)?)
    }
}
