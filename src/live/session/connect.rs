//! The first command: who somebody is, and the channels that it hears unasked.

use super::beginning::Beginning;
use super::{Done, Refusal, Session, Stage, entrance, refuse_credential, reply_error};
use crate::app::channels::Channel;
use crate::app::users::{Caller, Identity};
use crate::live::disconnect;
use crate::live::hub::room::{Joining, Terms};
use crate::live::protocol::{Connect, ConnectResult, Life, Reply, Subscribe};

impl Session {
    pub(super) async fn connect(&mut self, id: u32, connect: Connect) -> Result<Done, Refusal> {
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
            life: Life::Unbounded,
            data: None,
            subs: Vec::new(),
            ping_s: u32::try_from(self.live.options.beat.ping_interval.as_secs()).unwrap_or(u32::MAX).max(1),
            pong: true,
        };
        if let Caller::User(identity) = caller {
            let (joining, name, beginning) = self.own_channel(&identity, &connect).await?;
            result.subs.push((name, beginning.result));
            let reply = self.connection.form.reply(id, &Reply::Connect(result));
            self.memberships.push(joining.finish(beginning.covered, reply)?);
        } else {
            self.connection.outbound.push(&self.connection.form.reply(id, &Reply::Connect(result)));
        }
        self.connection.connected(self.live.app.clock.now(), &self.live.options.beat);
        self.stage = Stage::Connected;
        Ok(Done::Answered)
    }

    /// Every user hears its own channel, asked or not.
    async fn own_channel(
        &self,
        identity: &Identity,
        connect: &Connect,
    ) -> Result<(Joining, String, Beginning), Refusal> {
        let entrance = entrance(Channel::own(identity));
        let terms = Terms { by_server: true, ..Terms::default() };
        let joining = self.begin(entrance.clone(), terms).await?;
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
}
