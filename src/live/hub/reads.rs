//! When the store is asked who is where: now and then, and soon where something may have been missed. It is asked beside the
//! worker's other work: nobody's frame waits for the answer.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::Instant;

use crate::app::AppError;
use crate::app::feeds::Listing;
use crate::limits;

pub(super) struct Reads {
    next: Instant,
    under_way: Option<Read>,
}

/// How much had been heard when it was begun, and the answer.
pub(super) type Read = (u64, BoxFuture<'static, Result<Listing, AppError>>);

impl Reads {
    pub fn after(pause: Duration) -> Self {
        Self { next: Instant::now() + pause, under_way: None }
    }

    /// Something may have been missed up to now.
    pub fn soon(&mut self) {
        self.next = Instant::now();
    }

    /// Not before this has passed, unless something is missed until then.
    pub fn not_before(&mut self, pause: Duration) {
        let now = Instant::now();
        if self.next > now {
            self.next = self.next.max(now + pause);
        }
    }

    /// The next listing, and how much had been heard when it was begun. May be dropped, and asked again.
    pub async fn next(&mut self, begin: impl Fn() -> Read) -> (u64, Listing) {
        loop {
            if self.under_way.is_none() {
                tokio::time::sleep_until(self.next).await;
                self.next = Instant::now() + limits::SEEN_READ_EVERY;
            }
            let (heard, answer) = self.under_way.get_or_insert_with(&begin);
            let (heard, answer) = (*heard, answer.await);
            self.under_way = None;
            match answer {
                Ok(listing) => return (heard, listing),
                Err(error) => {
                    tracing::debug!(%error, "it could not be read who is where; it is tried again");
                    self.next = Instant::now() + limits::GAP_PAUSE;
                }
            }
        }
    }
}
