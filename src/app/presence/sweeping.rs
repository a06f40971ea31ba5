//! What instances that have died left behind.

use std::sync::Arc;

use super::here::PresenceRecord;
use super::writing::index;
use super::{PresenceChange, aggregate, topic};
use crate::app::transact::decode;
use crate::app::{App, AppError};
use crate::backend::{AggregateId, Append, Commit, Keep, Move, Put, Range};
use crate::limits;

impl App {
    /// Sweeps a part of what a buried instance has left, and strikes its name when that was the last → how much there was.
    pub(in crate::app) async fn sweep_presence(&self, name: &Arc<str>) -> Result<usize, AppError> {
        let range = Range::all(index(name), limits::SWEEP_LEN_MAX);
        let members = self.backend.range(&range).await?.members;
        for (_, member) in &members {
            self.sweep_room(name, member).await?;
        }
        if members.len() < limits::SWEEP_LEN_MAX {
            self.strike_instance(name).await?;
        }
        Ok(members.len())
    }

    /// `member` is the name of the channel's aggregate.
    async fn sweep_room(&self, name: &Arc<str>, member: &Arc<str>) -> Result<(), AppError> {
        let aggregate = aggregate(member);
        let key = aggregate.key(name);
        let value = self.backend.read(std::slice::from_ref(&key)).await?.pop().and_then(|value| value.value);
        if let Some(value) = value {
            self.tell_left(&AggregateId::from_stored(member), decode(&value)?).await?;
        }
        let mut commit = Commit::on(aggregate);
        commit.puts.push(Put { key, value: None });
        commit.moves.push(Move { index: index(name), member: member.clone(), score: None });
        self.backend.commit(commit).await?;
        Ok(())
    }

    /// Channels that know their clients by name tell that these have left.
    async fn tell_left(&self, channel: &AggregateId, record: PresenceRecord) -> Result<(), AppError> {
        let mut commit = Commit::on(channel.clone());
        for client in record.clients {
            let payload = PresenceChange::Left(client).payload()?;
            commit.appends.push(Append { topic: topic(channel), keep: Keep::Nothing, payload });
        }
        if !commit.appends.is_empty() {
            self.backend.commit(commit).await?;
        }
        Ok(())
    }
}
