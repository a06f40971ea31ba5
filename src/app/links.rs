//! Share links: whoever has one sees one run or one event, without an account, until it ends or is revoked.
//!
//! A link is one aggregate, found by its secret's hash alone. What it shows is asked each time of the run or event itself: a
//! link ends with what it shows, whatever became of it. Who may see what is not decided here, but in `sight`.

mod record;
mod secret;

use crate::app::runs;
use crate::app::transact::Lanes;
use crate::app::{App, AppError};
use crate::backend::AggregateId;
use crate::domain::ids::{EventId, LinkId, RunId};
use crate::domain::time::Timestamp;
use crate::limits;

pub use record::LinkRecord;
pub use secret::LinkSecret;

/// Whoever has shown a share link that was found good just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkHolder {
    pub link: LinkId,
    pub shared: Shared,
}

/// What a link shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// The run.
    Run(RunId),
    /// The event, its roster, where its runners are, and their runs in it.
    Event(EventId),
}

/// When a link is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// What it shows is not there any more, or not its maker's to share.
    Gone,
    /// Then, unless what it shows ends at another time than it looks like now.
    At(Timestamp),
}

impl App {
    /// Who holds this link, and when it ends if that cannot change any more.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`]: it is none, or is over.
    pub(in crate::app) async fn link_holder(
        &self,
        secret: &LinkSecret,
    ) -> Result<(LinkHolder, Option<Timestamp>), AppError> {
        let record = self.links.read(&aggregate(secret.id())).await?;
        let Some(record) = record.filter(|record| record.hash == secret.hash()) else {
            return Err(AppError::Unauthenticated);
        };
        if !self.is_link_good(&record).await? {
            return Err(AppError::Unauthenticated);
        }
        Ok((LinkHolder { link: secret.id(), shared: record.shared()? }, record.fixed_end()))
    }

    /// Whether the link is still good: asked again when it was told that it may not be.
    pub async fn link_still_good(&self, holder: &LinkHolder) -> Result<bool, AppError> {
        match self.links.read(&aggregate(holder.link)).await? {
            Some(record) => self.is_link_good(&record).await,
            None => Ok(false),
        }
    }

    async fn is_link_good(&self, record: &LinkRecord) -> Result<bool, AppError> {
        Ok(match self.end_of_link(record).await? {
            End::Gone => false,
            End::At(at) => self.clock.now() < at,
        })
    }

    /// A link that has no end of its own outlives what it shows by a while.
    async fn end_of_link(&self, record: &LinkRecord) -> Result<End, AppError> {
        let latest = Timestamp::from_millis(record.created_ms).plus_millis(limits::LINK_LIFE_MAX_MS);
        let over_at = match record.shared()? {
            Shared::Run(run) => match self.runs.read(&runs::aggregate(run)).await? {
                Some(run) => run.run.finished_at,
                None => return Ok(End::Gone),
            },
            // There are none yet.
            Shared::Event(_) => return Ok(End::Gone),
        };
        let natural = over_at.map_or(latest, |at| at.plus_millis(limits::LINK_OUTLIVES_MS));
        Ok(End::At(record.fixed_end().unwrap_or(natural).min(latest)))
    }
}

pub(in crate::app) fn aggregate(link: LinkId) -> AggregateId {
    Lanes::<LinkRecord>::aggregate(link)
}
