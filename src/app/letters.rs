//! Letters: what one instance tells one other, which listens now. Nothing of it is kept.
//!
//! A client's request may reach another instance than the one that knows the client. What is in a letter is the doors'
//! business.

use std::time::Instant;

use bytes::Bytes;

use crate::app::{App, AppError};
use crate::backend::{AggregateId, Append, Commit, Heard, Keep, Subscription};
use crate::limits;

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

    /// Whether an instance of this name is alive, as far as is known. Strangers may ask for any, and cost the store next to
    /// nothing.
    pub async fn has_node(&self, node: &str) -> Result<bool, AppError> {
        if self.instances.has_node(node) {
            return Ok(true);
        }
        // One that has just come was not seen yet.
        let mut looked_at = self.nodes_looked_at.lock().await;
        if looked_at.is_none_or(|at| at.elapsed() >= limits::NODES_LOOK_EVERY) {
            *looked_at = Some(Instant::now());
            self.look().await?;
        }
        Ok(self.instances.has_node(node))
    }

    /// Tells an instance something. Whether it is there, and hears, is not known.
    pub async fn send_letter(&self, node: &str, letter: Bytes) -> Result<(), AppError> {
        let aggregate = aggregate(node);
        let mut commit = Commit::on(aggregate.clone());
        commit.appends.push(Append { topic: aggregate.topic(""), keep: Keep::Nothing, payload: letter });
        self.backend.commit(commit).await?;
        Ok(())
    }

    /// Listens for letters to this instance, from now on. The others can find it by then.
    pub async fn letters(&self) -> Result<Letters, AppError> {
        let letters = Letters(self.backend.subscribe(&aggregate(self.node()).topic("")).await?);
        if !self.instances.is_registered() {
            self.beat().await?;
        }
        Ok(letters)
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
