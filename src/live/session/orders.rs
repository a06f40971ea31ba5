//! What the operator's back end orders to be done to this connection.

use std::sync::Arc;

use bytes::Bytes;

use super::{Refusal, Session, Stage, Subscription};
use crate::app::channels::{Channel, Grounds};
use crate::app::orders::{Deed, Place};
use crate::domain::time::Timestamp;
use crate::limits;
use crate::live::disconnect::{self, Disconnect};
use crate::live::hub::room::Terms;
use crate::live::protocol::{Address, Push, Subscribe};

impl Session {
    /// Carries out an order, when all that came before it is done: who was just coming into a channel is inside by then.
    /// Nobody waits for an answer: what cannot be done is left.
    ///
    /// # Errors
    /// The connection must end.
    pub async fn obey(&mut self, deed: Arc<Deed>) -> Result<(), Disconnect> {
        if self.stage != Stage::Connected {
            return Ok(());
        }
        self.forget_ended();
        match &*deed {
            Deed::Subscribe { channel, info, data, since } => {
                self.be_subscribed(channel, info.as_deref(), data.as_deref(), since.as_ref()).await
            }
            Deed::Unsubscribe { channel } => {
                self.be_unsubscribed(channel);
                Ok(())
            }
            Deed::Refresh { expires_ms } => {
                self.expires_at = expires_ms.map(Timestamp::from_millis);
                self.keep_deadline();
                let life = self.life(self.expires_at);
                self.connection.outbound.push(&self.connection.form.push(&Push::Refresh(life)));
                Ok(())
            }
            Deed::Expire => Err(disconnect::EXPIRED),
            // Done where it is heard.
            Deed::Disconnect { .. } => Ok(()),
        }
    }

    async fn be_subscribed(
        &mut self,
        channel: &str,
        info: Option<&str>,
        data: Option<&str>,
        since: Option<&Place>,
    ) -> Result<(), Disconnect> {
        for _ in 0..limits::HISTORY_ATTEMPTS_MAX {
            let entered = self.enter_by_order(channel, info, data, since).await;
            match entered {
                Err(Refusal::Closed(why)) => return Err(why),
                // Something has changed while it came in, or the store was away for a moment.
                Err(Refusal::Answered(error)) if error.temporary => {}
                Ok(()) | Err(Refusal::Answered(_)) => return Ok(()),
            }
        }
        Ok(())
    }

    /// Nobody is sent out of an account's or a link's own channel: the word that a credential is no longer good comes by it.
    fn be_unsubscribed(&mut self, channel: &str) {
        let is_meant = |subscription: &Subscription| {
            let is_own = matches!(subscription.membership.entrance().channel, Channel::User(_) | Channel::Link(_));
            subscription.is_to(channel) && !is_own
        };
        if let Some(index) = self.subscriptions.iter().position(is_meant) {
            let last = self.connection.form.push(&Push::Unsubscribe { channel, why: disconnect::REMOVED });
            self.subscriptions.swap_remove(index).membership.leave(&last);
        }
    }

    async fn enter_by_order(
        &mut self,
        channel: &str,
        info: Option<&str>,
        data: Option<&str>,
        since: Option<&Place>,
    ) -> Result<(), Refusal> {
        if self.subscription(channel).is_some() {
            return Ok(());
        }
        if self.subscriptions.len() >= limits::CHANNELS_LEN_MAX {
            return Err(disconnect::LIMIT_EXCEEDED.into());
        }
        let caller = self.connection.caller().clone();
        let by_server = |_: &_| Terms { by_server: true, ..Terms::default() };
        let (entrance, joining) = self.enter(&caller, channel, Grounds::Word, by_server).await?;
        let recover = since.is_some();
        let Place { epoch, offset } = since.cloned().unwrap_or(Place { epoch: String::new(), offset: 0 });
        let known = Subscribe { channel: channel.to_owned(), recover, epoch, offset, ..Subscribe::default() };
        let mut beginning = self.beginning(&entrance, &joining, &known, false).await?;
        beginning.result.data = data.map(line).or(beginning.result.data);
        let form = self.connection.form;
        let mut words = form.push(&Push::Subscribe { channel, result: &beginning.result }).to_vec();
        // This push has no room for what was missed: that follows by itself.
        for publication in &beginning.result.publications {
            words.extend_from_slice(&form.push(&Push::Publication { to: Address::Name(channel), publication }));
        }
        let membership = joining.finish(beginning.covered, words.into())?;
        self.subscribed(membership, info.map(line), None);
        Ok(())
    }
}

fn line(json: &str) -> Bytes {
    Bytes::copy_from_slice(json.as_bytes())
}
