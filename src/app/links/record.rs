//! A share link as it is stored: everything but its secret.

use serde::{Deserialize, Serialize};

use crate::app::AppError;
use crate::app::links::{LinkSecret, NewLink, Shared};
use crate::app::transact::Record;
use crate::domain::ids::{EventId, RunId, UserId};
use crate::domain::time::Timestamp;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LinkRecord {
    pub id: String,
    /// Of the secret: SHA-256 in hexadecimal.
    pub hash: String,
    /// Who made it.
    pub owner: String,
    shows: StoredShared,
    pub label: Option<String>,
    pub created_ms: i64,
    /// As its maker said; `None`: it goes by what it shows.
    pub ends_ms: Option<i64>,
    /// Lets whoever has it join the event that it shows. Older links do not.
    #[serde(default)]
    pub invites: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredShared {
    Run(String),
    Event(u64),
}

impl Record for LinkRecord {
    const KIND: &'static str = "link";
}

impl LinkRecord {
    pub fn new(secret: &LinkSecret, owner: &UserId, new: NewLink, now: Timestamp) -> Self {
        let NewLink { shared, label, ends_at, invites } = new;
        let shows = match shared {
            Shared::Run(run) => StoredShared::Run(run.to_string()),
            Shared::Event(event) => StoredShared::Event(event.number()),
        };
        let (id, hash, owner) = (secret.id().to_string(), secret.hash(), owner.to_string());
        let (created_ms, ends_ms) = (now.as_millis(), ends_at.map(Timestamp::as_millis));
        Self { id, hash, owner, shows, label, created_ms, ends_ms, invites }
    }

    pub fn user_id(&self) -> Result<UserId, AppError> {
        UserId::parse(&self.owner).ok_or(AppError::Internal)
    }

    pub fn shared(&self) -> Result<Shared, AppError> {
        match &self.shows {
            StoredShared::Run(run) => RunId::parse(run).map(Shared::Run),
            StoredShared::Event(event) => EventId::new(*event).map(Shared::Event),
        }
        .ok_or(AppError::Internal)
    }

    pub fn fixed_end(&self) -> Option<Timestamp> {
        self.ends_ms.map(Timestamp::from_millis)
    }
}
