//! A share link as its maker sees it. Its secret is not here: that is shown once, by whoever made it.

use serde::Serialize;

use crate::app::links::{LinkRecord, Shared};
use crate::domain::time::Timestamp;

#[derive(Clone, Debug, Serialize)]
pub struct LinkDocument {
    pub id: String,
    /// What it shows: one of the two.
    pub run: Option<String>,
    pub event: Option<u64>,
    pub label: Option<String>,
    pub created_at: String,
    /// `None`: an hour after the end of what it shows, which nobody knows yet.
    pub ends_at: Option<String>,
    /// Whether whoever has it may join the event.
    pub invites: bool,
}

/// A share link as whoever holds it sees it.
#[derive(Clone, Debug, Serialize)]
pub struct HeldLinkDocument {
    pub run: Option<String>,
    pub event: Option<u64>,
    pub ends_at: Option<String>,
    pub invites: bool,
}

impl LinkDocument {
    /// Without what is its maker's affair.
    pub fn held(self) -> HeldLinkDocument {
        HeldLinkDocument { run: self.run, event: self.event, ends_at: self.ends_at, invites: self.invites }
    }

    pub fn of(record: &LinkRecord, shared: Shared, ends_at: Option<String>) -> Self {
        let (run, event) = match shared {
            Shared::Run(run) => (Some(run.to_string()), None),
            Shared::Event(event) => (None, Some(event.number())),
        };
        let created_at = Timestamp::from_millis(record.created_ms).to_string();
        let (id, label, invites) = (record.id.clone(), record.label.clone(), record.invites);
        Self { id, run, event, label, created_at, ends_at, invites }
    }
}
