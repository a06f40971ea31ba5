//! The end of a share link: by its time, by its maker's word, or with what it shows.
//!
//! A due time finds each link that is over, and removes it whole. Until that is done, and wherever it is done late, a link
//! that is over opens nothing all the same: its end is reckoned anew whenever it is shown.

use crate::app::documents::ChangeDocument;
use crate::app::due::{self, Due};
use crate::app::links::{LinkRecord, Shared, aggregate, of_shared, of_user};
use crate::app::transact::encode;
use crate::app::{App, AppError};
use crate::app::{events, runs};
use crate::backend::{Commit, Keep, Move, Version};
use crate::domain::ids::LinkId;
use crate::domain::time::Timestamp;
use crate::limits;

/// When a link is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// What it shows is not there any more, or not its maker's to share.
    Gone,
    /// Then, if what it shows does not end at another time than it looks like now.
    At(Timestamp),
}

/// When what a link shows is over.
enum Over {
    Gone,
    /// Nobody knows yet.
    Open,
    At(Timestamp),
}

impl App {
    pub(super) async fn is_link_good(&self, record: &LinkRecord) -> Result<bool, AppError> {
        Ok(match self.end_of_link(record).await? {
            End::Gone => false,
            End::At(at) => self.clock.now() < at,
        })
    }

    /// When the link ends, as things stand. One that has no end of its own outlives what it shows by a while.
    pub(super) async fn end_of_link(&self, record: &LinkRecord) -> Result<End, AppError> {
        let latest = latest(record);
        let natural = match self.over(record).await? {
            Over::Gone => return Ok(End::Gone),
            Over::Open => latest,
            Over::At(at) => at.plus_millis(limits::LINK_OUTLIVES_MS),
        };
        Ok(End::At(record.fixed_end().unwrap_or(natural).min(latest)))
    }

    /// The same, as far as it can be told.
    pub(super) async fn known_end(&self, record: &LinkRecord) -> Result<Option<Timestamp>, AppError> {
        if let Some(at) = record.fixed_end() {
            return Ok(Some(at));
        }
        Ok(match self.over(record).await? {
            Over::At(at) => Some(at.plus_millis(limits::LINK_OUTLIVES_MS).min(latest(record))),
            Over::Gone | Over::Open => None,
        })
    }

    async fn over(&self, record: &LinkRecord) -> Result<Over, AppError> {
        Ok(match record.shared()? {
            Shared::Run(run) => match self.runs.read(&runs::aggregate(run)).await? {
                Some(run) => run.run.finished_at.map_or(Over::Open, Over::At),
                None => Over::Gone,
            },
            Shared::Event(event) => match self.events.read(&events::aggregate(event)).await? {
                // A participant may share what everybody sees; made private, it is its creator's to share.
                Some(found) if found.event.plan.private && found.event.creator.as_str() != record.owner => Over::Gone,
                Some(found) => Over::At(found.event.cancelled_at.unwrap_or_else(|| found.event.ends_at())),
                None => Over::Gone,
            },
        })
    }

    /// Ends the link if it is over; else sees to it that it is looked at when it is.
    pub(in crate::app) async fn look_at_link(&self, link: LinkId) -> Result<(), AppError> {
        let Some((record, version)) = self.links.read_tagged(&aggregate(link)).await? else {
            return self.end_link(link, None).await;
        };
        let at = match self.end_of_link(&record).await? {
            End::At(at) if self.clock.now() < at => at,
            End::At(_) | End::Gone => {
                return match self.end_link(link, Some(version)).await {
                    // It was given a longer life just now, perhaps; that has looked at it too.
                    Err(AppError::Stale) => Ok(()),
                    ended => ended,
                };
            }
        };
        self.links
            .transact(aggregate(link), None, move |draft| {
                let end = |record: &LinkRecord| record.fixed_end().map_or(at, |fixed| fixed.min(latest(record)));
                let due_ms = draft.record().map(|record| end(record).as_millis());
                draft.place(due::index(), Due::LinkOver(link).to_string(), due_ms);
                Ok(())
            })
            .await
    }

    /// As [`App::look_at_links_to`], by a due time that a change of what they show has set.
    pub(in crate::app) async fn look_at_changed_links_to(&self, shared: Shared) -> Result<(), AppError> {
        self.look_at_links_to(shared).await?;
        let mut strike = Commit::on(shared.aggregate());
        let member = Due::LinksTo(shared).to_string().into();
        strike.moves.push(Move { index: due::index(), member, score: None });
        self.backend.commit(strike).await?;
        // It may have changed again before the due time was struck.
        self.look_at_links_to(shared).await
    }

    /// Looks at all links to what has just ended, or ends at another time now, or is gone.
    pub(in crate::app) async fn look_at_links_to(&self, shared: Shared) -> Result<(), AppError> {
        for record in self.links_in(of_shared(shared), limits::SWEEP_LEN_MAX).await? {
            let link = LinkId::parse(&record.id).ok_or(AppError::Internal)?;
            self.look_at_link(link).await?;
        }
        Ok(())
    }

    /// Removes the link, and sends away whoever is connected by it. One that is not there is no fault.
    pub(in crate::app) async fn end_link(&self, link: LinkId, if_version: Option<Version>) -> Result<(), AppError> {
        let now = self.clock.now();
        self.links
            .transact(aggregate(link), None, move |draft| {
                draft.expect(if_version)?;
                draft.place(due::index(), Due::LinkOver(link).to_string(), None);
                let Some(record) = draft.record().cloned() else { return Ok(()) };
                draft.place(of_user(&record.user_id()?), record.id.clone(), None);
                draft.place(of_shared(record.shared()?), record.id.clone(), None);
                draft.remove();
                draft.append("", Keep::Nothing, encode(&ChangeDocument::Revoked { at: now.to_string() })?);
                Ok(())
            })
            .await
    }
}

fn latest(record: &LinkRecord) -> Timestamp {
    Timestamp::from_millis(record.created_ms).plus_millis(limits::LINK_LIFE_MAX_MS)
}
