//! Hears what the operator's back end orders, and hands it to the connections that are meant.
//!
//! An order that was missed is read again. What it does to one connection is the session's business, but for good-byes.

use std::sync::Arc;

use crate::app::orders::{Deed, Order, Whom, Why, orders_topic};
use crate::backend::{BackendError, Change, Cursor, Heard, Replay, Since};
use crate::limits;
use crate::live::Live;
use crate::live::connection::Connection;
use crate::live::disconnect;

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
                    self.carry_out(payload).await;
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
            match self.app.backend.replay(&topic, &Since::Cursor(known), limits::REPLAY_LEN).await? {
                Replay::Changes { changes, top } => {
                    for Change { offset, payload } in &changes {
                        *cursor = Some(Cursor { epoch: top.epoch.clone(), offset: *offset });
                        self.carry_out(payload).await;
                    }
                    if changes.len() < limits::REPLAY_LEN {
                        return Ok(());
                    }
                }
                Replay::Lost { top } => {
                    tracing::warn!("orders to connections were missed");
                    *cursor = Some(top);
                }
            }
        }
        Ok(())
    }

    async fn carry_out(&self, payload: &[u8]) {
        // What cannot be read was reported where it was read.
        let Ok(Order { whom, deed }) = Order::read(payload) else { return };
        if let Deed::Unsubscribe { channel } = &deed {
            return self.hub.send_out(channel, |connection| is_meant(&whom, connection), disconnect::REMOVED);
        }
        for connection in self.all().into_iter().filter(|connection| is_meant(&whom, connection)) {
            match &deed {
                Deed::Disconnect { why: Some(Why { code, reason }) } => connection.close_saying(*code, reason),
                Deed::Disconnect { why: None } => connection.close(disconnect::FORCED),
                deed => connection.order(deed.clone()),
            }
        }
        // Many orders may have come at once.
        tokio::task::yield_now().await;
    }
}

fn is_meant(whom: &Whom, connection: &Connection) -> bool {
    whom.is(connection.caller().user(), connection.session(), || connection.id.to_string())
}
