//! What a client says in a channel.

use bytes::Bytes;

use super::{Done, Refusal, Session, Subscription};
use crate::app::channels::{Grounds, Publishers};
use crate::live::disconnect;
use crate::live::hub::Entrance;
use crate::live::protocol::Reply;

impl Session {
    pub(super) async fn publish(&mut self, name: &str, data: Option<Bytes>) -> Result<Done, Refusal> {
        let data = data.ok_or_else(|| disconnect::BAD_COMMAND.because("data: is missing"))?;
        let (app, caller) = (&self.live.app, self.connection.caller());
        let (entrance, grounds, chan_info) = match self.subscription(name) {
            Some(Subscription { membership, chan_info, .. }) => {
                (membership.entrance().clone(), Grounds::Word, chan_info.clone())
            }
            None => (Entrance::named(app.channel_named(caller, name)?, name)?, Grounds::Name, None),
        };
        if entrance.features.publishers == Publishers::Subscribers && grounds == Grounds::Name {
            return Err(disconnect::PERMISSION_DENIED.into());
        }
        app.publish(caller, &entrance.channel, grounds, &data, Some(self.client_info(chan_info))).await?;
        Ok(Done::Answer(Reply::Publish))
    }
}
