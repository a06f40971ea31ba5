//! Into channels and out of them.

use super::{Done, Refusal, Session, named, reply_error};
use crate::app::users::Caller;
use crate::limits;
use crate::live::disconnect::{self, ReplyError};
use crate::live::hub::Entrance;
use crate::live::hub::room::{Joining, Terms};
use crate::live::protocol::{Reply, Subscribe};

impl Session {
    pub(super) async fn subscribe(&mut self, id: u32, request: Subscribe) -> Result<Done, Refusal> {
        self.check_subscribe(&request)?;
        let (live, caller) = (self.live.clone(), self.connection.caller().clone());
        let rights_seen = live.hub.rights_seen(&request.channel);
        let entrance = self.open(&caller, &request.channel).await?;
        let terms = Terms { by_server: false, by_number: request.takes_numbers, delta: false };
        let joining = self.begin(entrance.clone(), terms).await?;
        // Asked before anybody here listened, or before rights changed: what was allowed may be so no more.
        if rights_seen != Some(joining.rights_seen()) {
            self.open(&caller, &request.channel).await?;
        }
        let mut beginning = self.beginning(&entrance, &request).await?;
        beginning.result.number = joining.number();
        let reply = self.connection.form.reply(id, &Reply::Subscribe(beginning.result));
        self.memberships.push(joining.finish(beginning.covered, reply)?);
        Ok(Done::Answered)
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

    pub(super) fn unsubscribe(&mut self, id: u32, name: &str) -> Result<Done, Refusal> {
        match self.memberships.iter().position(|membership| *membership.entrance().name == *name) {
            // The word that a token is no longer good comes this way.
            Some(index) if self.memberships[index].by_server() => Err(disconnect::PERMISSION_DENIED.into()),
            Some(index) => {
                self.memberships.swap_remove(index).leave(&self.connection.form.reply(id, &Reply::Unsubscribe));
                Ok(Done::Answered)
            }
            None => Ok(Done::Answer(Reply::Unsubscribe)),
        }
    }

    /// The channel of this name, if the caller may see it.
    async fn open(&self, caller: &Caller, name: &str) -> Result<Entrance, ReplyError> {
        named(self.live.app.open_channel(caller, name).await.map_err(reply_error)?, name)
    }

    pub(super) async fn begin(&self, entrance: Entrance, terms: Terms) -> Result<Joining, ReplyError> {
        let joining = self.live.hub.begin(entrance, self.connection.clone(), terms).await;
        joining.map_err(|error| reply_error(error.into()))
    }
}
