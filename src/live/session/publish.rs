//! What a client says in a channel.

use bytes::Bytes;

use super::{Done, Refusal, Session};
use crate::app::channels::Publishers;
use crate::live::disconnect;
use crate::live::hub::Entrance;
use crate::live::protocol::Reply;

impl Session {
    pub(super) async fn publish(&mut self, name: &str, data: Option<Bytes>) -> Result<Done, Refusal> {
        let data = data.ok_or_else(|| disconnect::BAD_COMMAND.because("data: is missing"))?;
        let (app, caller) = (&self.live.app, self.connection.caller());
        let (entrance, chan_info) = match self.subscription(name) {
            Some(subscription) => (subscription.membership.entrance().clone(), subscription.chan_info.clone()),
            None => (Entrance::named(app.channel_named(caller, name)?, name)?, None),
        };
        if entrance.features.publishers == Publishers::Subscribers && self.subscription(name).is_none() {
            return Err(disconnect::PERMISSION_DENIED.into());
        }
        app.publish(caller, &entrance.channel, &data, Some(self.client_info(chan_info))).await?;
        Ok(Done::Answer(Reply::Publish))
    }
}
