//! What those in a channel may look up: what was said there, and who else is there.

use super::{Done, Refusal, Session};
use crate::app::channels::{Channel, HistoryQuery};
use crate::app::presence::PresenceStats;
use crate::backend::{Cursor, Epoch};
use crate::live::disconnect::{self, ReplyError};
use crate::live::protocol::{History, Position, Publication, Reply};

impl Session {
    pub(super) async fn history(&self, request: History) -> Result<Done, Refusal> {
        let History { channel, limit, since, reverse } = request;
        let channel = self.inside(&channel)?;
        // Below 0: all that there is.
        let limit = usize::try_from(limit).ok();
        let cursor = |Position { offset, epoch }| Cursor { epoch: Epoch(epoch.into()), offset };
        let query = HistoryQuery { limit, since: since.map(cursor), reverse };
        let page = self.live.app.history(channel, &query).await?;
        let publications = page.publications.into_iter().map(Publication::of).collect();
        let top = Position { offset: page.top.offset, epoch: page.top.epoch.to_string() };
        Ok(Done::Answer(Reply::History { publications, top }))
    }

    pub(super) async fn presence(&self, name: &str) -> Result<Done, Refusal> {
        let clients = self.live.app.presence(self.inside(name)?).await?;
        Ok(Done::Answer(Reply::Presence(clients.into_iter().map(|info| (info.client.clone(), info)).collect())))
    }

    pub(super) async fn presence_stats(&self, name: &str) -> Result<Done, Refusal> {
        let PresenceStats { clients, users } = self.live.app.presence_stats(self.inside(name)?).await?;
        let bounded = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Done::Answer(Reply::PresenceStats { clients: bounded(clients), users: bounded(users) }))
    }

    /// The channel of this name, for who is inside.
    fn inside(&self, name: &str) -> Result<&Channel, ReplyError> {
        let subscription = self.subscription(name).ok_or(disconnect::PERMISSION_DENIED)?;
        Ok(&subscription.membership.entrance().channel)
    }
}
