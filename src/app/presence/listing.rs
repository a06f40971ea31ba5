//! Which channels somebody is in, and what the instances say of themselves: for the operator.
//!
//! Of this instance the answer is what is in memory; of others, what they wrote last.

use std::collections::BTreeMap;

use super::aggregate;
use super::here::PresenceRecord;
use super::writing::index;
use crate::app::channels::Channel;
use crate::app::instances::{self, InstanceRecord, Told};
use crate::app::transact::decode;
use crate::app::{App, AppError};
use crate::backend::Range;
use crate::limits;

/// An instance as the operator sees it.
#[derive(Clone, Debug)]
pub struct InstanceInfo {
    pub name: String,
    pub told: Told,
    /// Since when it has stood in the store.
    pub since_ms: i64,
}

impl App {
    /// The channels that somebody is in and whose names `is_wanted`, with how many are there. Channels that keep no presence
    /// are not known here. No more than an answer may hold.
    pub async fn channels(&self, is_wanted: impl Fn(&str) -> bool) -> Result<BTreeMap<String, u64>, AppError> {
        let mut clients = BTreeMap::new();
        for (channel, clients_len) in self.presences.clients() {
            let name = channel.name();
            if clients_len > 0 && clients.len() < limits::LISTED_LEN_MAX && is_wanted(&name) {
                clients.insert(name, clients_len);
            }
        }
        for (name, _) in self.living().await?.iter().filter(|(name, _)| **name != *self.instances.name()) {
            let range = Range::all(index(name), limits::LISTED_LEN_MAX);
            let members = self.backend.range(&range).await?.members;
            let channels = members.iter().filter_map(|(_, member)| {
                let channel = Channel::of_aggregate(member)?.name();
                is_wanted(&channel).then_some((channel, aggregate(member).key(name)))
            });
            let channels: Vec<_> = channels.collect();
            for part in channels.chunks(limits::LISTED_READ_LEN_MAX) {
                let keys: Vec<_> = part.iter().map(|(_, key)| key.clone()).collect();
                let values = self.backend.read(&keys).await?;
                for ((channel, _), value) in part.iter().zip(values) {
                    let Some(value) = value.value else { continue };
                    if clients.len() < limits::LISTED_LEN_MAX || clients.contains_key(channel) {
                        *clients.entry(channel.clone()).or_default() += decode::<PresenceRecord>(&value)?.clients_len;
                    }
                }
            }
        }
        Ok(clients)
    }

    /// All instances that live, this one's numbers as they are now.
    pub async fn instance_infos(&self) -> Result<Vec<InstanceInfo>, AppError> {
        if !self.instances.is_registered() {
            self.beat().await?;
        }
        let own = self.instances.name();
        let info = |(name, record): (std::sync::Arc<str>, InstanceRecord)| {
            let told = if name == own { self.told() } else { record.told.clone() };
            InstanceInfo { name: name.to_string(), told, since_ms: record.since_ms }
        };
        Ok(self.living().await?.into_iter().map(info).collect())
    }

    /// What this instance says of itself.
    pub(in crate::app) fn told(&self) -> Told {
        let count = |gauge: i64| u64::try_from(gauge).unwrap_or(0);
        Told {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            clients_len: count(self.metrics.connections.get()),
            users_len: self.instances.users_len(),
            subscriptions_len: count(self.metrics.subscriptions.get()),
            channels_len: self.presences.rooms_len() as u64,
        }
    }

    async fn living(&self) -> Result<Vec<(std::sync::Arc<str>, InstanceRecord)>, AppError> {
        let names = self.instance_names().await?;
        let heads: Vec<_> = names.iter().map(|name| instances::aggregate(name).head()).collect();
        let values = self.backend.read(&heads).await?;
        let mut living = Vec::new();
        for (name, value) in names.into_iter().zip(values) {
            let Some(value) = value.value else { continue };
            let record: InstanceRecord = decode(&value)?;
            if self.instances.is_alive(&name, &record) {
                living.push((name, record));
            }
        }
        Ok(living)
    }
}
