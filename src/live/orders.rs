//! Hears what the operator's back end orders, and hands it to the connections that are meant.
//!
//! An order that was missed is read again; when it cannot be, those who may have been meant come back and are asked
//! anew. What it does to one connection is the session's business, but for good-byes.

use std::sync::Arc;

use crate::app::orders::{Deed, Order, Why, orders_topic};
use crate::backend::{BackendError, Change, Cursor, Heard, Replay, Since};
use crate::limits;
use crate::live::Live;
use crate::live::disconnect;

/// Orders that are carried out before other tasks of the thread get their turn.
const ORDERS_PER_TURN: u64 = limits::MESSAGES_PER_TURN_MAX as u64;

impl Live {
    /// Until the process ends.
    pub(super) async fn obey(self: Arc<Self>) {
        let closing = self.app.workers.closing().clone();
        let work = async {
            let mut cursor = None;
            loop {
                if let Err(error) = self.listen_to_orders(&mut cursor).await {
                    tracing::warn!(%error, "orders to connections cannot be heard; it is tried again");
                }
                tokio::time::sleep(limits::GAP_PAUSE).await;
            }
        };
        tokio::select! {
            biased;
            () = closing.cancelled() => {}
            () = work => {}
        }
    }

    /// Until the store closes or fails. `cursor`: up to where orders were heard, if any ever was.
    async fn listen_to_orders(&self, cursor: &mut Option<Cursor>) -> Result<(), BackendError> {
        let topic = orders_topic();
        // Subscribe before reading.
        let mut subscription = self.app.backend.subscribe(&topic).await?;
        if cursor.is_none() {
            let (Replay::Changes { top, .. } | Replay::Lost { top }) =
                self.app.backend.replay(&topic, &Since::Oldest, 0).await?;
            *cursor = Some(top);
        }
        self.catch_up(cursor).await?;
        while let Some(heard) = subscription.next().await {
            match (&heard, &cursor) {
                (Heard::Change { cursor: at, .. }, Some(known))
                    if at.epoch == known.epoch && at.offset <= known.offset => {}
                (Heard::Change { cursor: at, payload }, Some(known))
                    if at.epoch == known.epoch && at.offset == known.offset + 1 =>
                {
                    *cursor = Some(at.clone());
                    self.carry_out(payload);
                    // Many orders may have come at once.
                    if at.offset % ORDERS_PER_TURN == 0 {
                        tokio::task::yield_now().await;
                    }
                }
                _ => self.catch_up(cursor).await?,
            }
        }
        Ok(())
    }

    /// Reads what was missed.
    async fn catch_up(&self, cursor: &mut Option<Cursor>) -> Result<(), BackendError> {
        let topic = orders_topic();
        while let Some(known) = cursor.clone() {
            match self.app.backend.replay(&topic, &Since::Cursor(known.clone()), limits::REPLAY_LEN).await? {
                Replay::Changes { changes, top } => {
                    for Change { offset, payload } in &changes {
                        *cursor = Some(Cursor { epoch: top.epoch.clone(), offset: *offset });
                        self.carry_out(payload);
                    }
                    tokio::task::yield_now().await;
                    if changes.len() < limits::REPLAY_LEN {
                        return Ok(());
                    }
                }
                Replay::Lost { top } => {
                    tracing::warn!(
                        "orders to connections were missed, or may have been: those who may be meant come back"
                    );
                    let is_certain = top.epoch == known.epoch;
                    *cursor = Some(top);
                    self.send_back(is_certain).await;
                }
            }
        }
        Ok(())
    }

    fn carry_out(&self, payload: &[u8]) {
        // What cannot be read was reported where it was read.
        let Ok(Order { whom, deed }) = Order::read(payload) else { return };
        let deed = Arc::new(deed);
        for connection in self.book.find(&whom) {
            match &*deed {
                Deed::Disconnect { why: Some(Why { code, reason }) } => connection.close_saying(*code, reason),
                Deed::Disconnect { why: None } => connection.close(disconnect::FORCED),
                _ => connection.order(deed.clone()),
            }
        }
    }

    /// What was missed may have meant anybody: only who comes back is known to be what it should be. A store that begins a new
    /// life has seldom lost an order, and who has no name is seldom meant: spectators keep their connections then.
    async fn send_back(&self, is_certain: bool) {
        for connections in self.book.all().chunks(limits::MESSAGES_PER_TURN_MAX) {
            for connection in connections {
                if is_certain || connection.has_name() {
                    connection.close(disconnect::STATE_LOST);
                }
            }
            tokio::task::yield_now().await;
        }
    }
}
