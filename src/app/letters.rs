//! Letters: what one instance tells one other, which listens now. Nothing of it is kept.
//!
//! A client's request may reach another instance than the one that knows the client. What is in a letter is the doors'
//! business.

use bytes::Bytes;

use crate::app::{App, AppError};
use crate::backend::{AggregateId, Append, Commit, Heard, Keep, Subscription};

/// What comes for this instance.
pub struct Letters(Subscription);

fn aggregate(node: &str) -> AggregateId {
    AggregateId::new("node", node)
}

impl App {
    /// By which name other instances reach this one, as long as the process lives.
    pub fn node(&self) -> &str {
        &self.instance
    }

    /// Tells an instance something. Whether it is there, and hears, is not known.
    pub async fn send_letter(&self, node: &str, letter: Bytes) -> Result<(), AppError> {
        let aggregate = aggregate(node);
        let mut commit = Commit::on(aggregate.clone());
        commit.appends.push(Append { topic: aggregate.topic(""), keep: Keep::Nothing, payload: letter });
        self.backend.commit(commit).await?;
        Ok(())
    }

    /// Listens for letters to this instance, from now on.
    pub async fn letters(&self) -> Result<Letters, AppError> {
        Ok(Letters(self.backend.subscribe(&aggregate(self.node()).topic("")).await?))
    }
}

impl Letters {
    /// The next one; `None` when the store has closed.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            match self.0.next().await? {
                Heard::Change { payload, .. } => return Some(payload),
                // Whoever waits for an answer gets none, and is told so.
                Heard::Gap => {}
            }
        }
    }
}
