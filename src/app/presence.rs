//! Presence: who is in a channel, whichever instance they came by.
//!
//! Being present is a guard that is held while a client is subscribed; dropping it is leaving. What is in this process is
//! in memory. What others are to know is written in batches, a value for each instance and channel, so the cost does not
//! grow with how often clients come and go. Those of an instance that has died are not shown, and swept after a while.
//!
//! Free-form channels know their clients by name, and tell who comes and goes at once. The product's own channels know how
//! many there are and nothing else.

mod here;
mod listing;
mod rooms;
mod sweeping;
mod writing;

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::app::channels::{self, Channel, ClientInfo};
use crate::app::instances::{self, InstanceRecord};
use crate::app::transact::{decode, encode};
use crate::app::{App, AppError};
use crate::backend::{AggregateId, Topic};

use here::{PresenceRecord, Stay, as_many_as_fit};
pub use listing::InstanceInfo;
pub use rooms::Presences;

/// How many are in a channel. Where names are not kept, a user who came by several instances counts on each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PresenceStats {
    pub clients: u64,
    /// All who have no account are one.
    pub users: u64,
}

/// What the presence topic of a free-form channel carries. Ephemeral: only who listens hears it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresenceChange {
    Joined(ClientInfo),
    Left(ClientInfo),
}

/// Being in a channel. Dropping it is leaving.
#[must_use]
pub struct Present {
    /// `None` where nothing is kept.
    kept: Option<Kept>,
}

struct Kept {
    presences: Arc<Presences>,
    channel: Channel,
    stay: Stay,
    user: String,
}

impl PresenceChange {
    /// What a change of a channel's presence topic says.
    pub fn read(payload: &[u8]) -> Result<Self, AppError> {
        decode(payload)
    }

    pub(in crate::app) fn payload(&self) -> Result<Bytes, AppError> {
        encode(self)
    }
}

impl Channel {
    /// Where it is told who comes and goes, if the channel's features say that it is.
    pub fn presence_topic(&self) -> Topic {
        topic(&self.aggregate())
    }

    fn presence_aggregate(&self) -> AggregateId {
        aggregate(self.aggregate().as_str())
    }
}

impl App {
    /// The client is in the channel from now on, until the guard is dropped. Listen to the channel before, so that no change
    /// of presence is missed.
    pub fn enter(&self, channel: &Channel, info: ClientInfo) -> Present {
        if channel.features().presence == channels::Presence::None {
            return Present { kept: None };
        }
        let user = info.user.clone();
        let stay = self.presences.enter(channel, info);
        Present { kept: Some(Kept { presences: self.presences.clone(), channel: channel.clone(), stay, user }) }
    }

    /// Who is in the channel: all of them, or as many as an answer may hold.
    ///
    /// # Errors
    /// [`AppError::NotAvailable`]: the channel's clients are not known by name.
    pub async fn presence(&self, channel: &Channel) -> Result<Vec<ClientInfo>, AppError> {
        if channel.features().presence != channels::Presence::Named {
            return Err(AppError::NotAvailable);
        }
        let records = self.presence_records(channel).await?;
        Ok(as_many_as_fit(records.into_iter().flat_map(|record| record.clients)))
    }

    /// How many are in the channel.
    ///
    /// # Errors
    /// [`AppError::NotAvailable`]: nothing is known of that here.
    pub async fn presence_stats(&self, channel: &Channel) -> Result<PresenceStats, AppError> {
        if channel.features().presence == channels::Presence::None {
            return Err(AppError::NotAvailable);
        }
        let records = self.presence_records(channel).await?;
        let clients = records.iter().map(|record| record.clients_len).sum();
        let users = if records.iter().all(PresenceRecord::names_all) {
            let users: BTreeSet<&str> =
                records.iter().flat_map(|record| &record.clients).map(|client| client.user.as_str()).collect();
            users.len() as u64
        } else {
            records.iter().map(|record| record.users_len).sum()
        };
        Ok(PresenceStats { clients, users })
    }

    /// What each living instance knows, this one first: its own is in memory, and so never late.
    async fn presence_records(&self, channel: &Channel) -> Result<Vec<PresenceRecord>, AppError> {
        let own = self.instances.name();
        let others: Vec<_> = self.instance_names().await?.into_iter().filter(|name| *name != own).collect();
        let aggregate = channel.presence_aggregate();
        let heads = others.iter().map(|name| instances::aggregate(name).head());
        let keys: Vec<_> = heads.chain(others.iter().map(|name| aggregate.key(name))).collect();
        let values = self.backend.read(&keys).await?;
        let (heads, records) = values.split_at_checked(others.len()).ok_or(AppError::Internal)?;
        let mut known = vec![self.presences.record(channel)];
        for ((name, head), record) in others.iter().zip(heads).zip(records) {
            let (Some(head), Some(record)) = (&head.value, &record.value) else { continue };
            if self.instances.is_alive(name, &decode::<InstanceRecord>(head)?) {
                known.push(decode(record)?);
            }
        }
        Ok(known)
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        if let Some(Kept { presences, channel, stay, user }) = &self.kept {
            presences.leave(channel, *stay, user);
        }
    }
}

/// Where the comings and goings of the channel with this aggregate are told.
fn topic(channel: &AggregateId) -> Topic {
    channel.topic("presence")
}

/// Where it is kept who is in the channel whose aggregate is stored under this name: a key for each instance.
fn aggregate(channel: &str) -> AggregateId {
    AggregateId::new("presence", channel)
}
