//! The end of a share link: by its time, by its maker's word, or with what it shows.
//!
//! A due time finds each link that is over, and removes it whole. Until that is done, and wherever it is done late, a link
//! that is over opens nothing all the same: its end is reckoned anew whenever it is shown.

use crate::app::documents::ChangeDocument;
use crate::app::due::{self, Due};
use crate::app::links::{LinkRecord, Shared, aggregate, of_shared, of_user};
use crate::app::transact::encode;
use crate::app::{App, AppError};
use crate::backend::{Bound, Commit, Keep, Move, Order, Range, Version};
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
pub(super) enum Over {
    Gone,
    /// Nobody knows yet.
    Open,
    At(Timestamp),
}

impl End {
    pub fn is_after(self, now: Timestamp) -> bool {
        match self {
            Self::Gone => false,
            Self::At(at) => now < at,
        }
    }
}

impl Over {
    /// When a link that shows it ends, as things stand. One that has no end of its own outlives what it shows by a while.
    pub fn end_of(&self, record: &LinkRecord) -> End {
        let latest = latest(record);
        let natural = match self {
            Self::Gone => return End::Gone,
            Self::Open => latest,
            Self::At(at) => at.plus_millis(limits::LINK_OUTLIVES_MS),
        };
        End::At(record.fixed_end().unwrap_or(natural).min(latest))
    }

    /// The same, as far as it can be told.
    pub fn known_end_of(&self, record: &LinkRecord) -> Option<Timestamp> {
        match (record.fixed_end(), self) {
            (Some(at), _) => Some(at),
            (None, Self::At(at)) => Some(at.plus_millis(limits::LINK_OUTLIVES_MS).min(latest(record))),
            (None, Self::Gone | Self::Open) => None,
        }
    }
}

impl App {
    pub(super) async fn is_link_good(&self, record: &LinkRecord) -> Result<bool, AppError> {
        Ok(self.end_of_link(record).await?.is_after(self.clock.now()))
    }

    /// When the link ends, as things stand.
    pub(super) async fn end_of_link(&self, record: &LinkRecord) -> Result<End, AppError> {
        Ok(self.over(record).await?.end_of(record))
    }

    /// The same, as far as it can be told.
    pub(super) async fn known_end(&self, record: &LinkRecord) -> Result<Option<Timestamp>, AppError> {
        Ok(self.over(record).await?.known_end_of(record))
    }

    async fn over(&self, record: &LinkRecord) -> Result<Over, AppError> {
        self.overs(std::slice::from_ref(record)).await?.pop().ok_or(AppError::Internal)
    }

    /// When what each of these links shows is over, in their order: two readings.
    pub(super) async fn overs(&self, records: &[LinkRecord]) -> Result<Vec<Over>, AppError> {
        let shared = records.iter().map(LinkRecord::shared).collect::<Result<Vec<_>, _>>()?;
        let of_kind = |wanted: &str| {
            let shared = shared.iter().filter(|shared| shared.kind() == wanted);
            shared.map(|shared| shared.aggregate()).collect::<Vec<_>>()
        };
        let (run_ids, event_ids) = (of_kind("run"), of_kind("event"));
        let runs = if run_ids.is_empty() { Vec::new() } else { self.runs.read_all(&run_ids).await? };
        let events = if event_ids.is_empty() { Vec::new() } else { self.events.read_all(&event_ids).await? };
        let (mut runs, mut events) = (runs.into_iter(), events.into_iter());
        let over = |(record, shared): (&LinkRecord, &Shared)| match shared {
            Shared::Run(_) => match runs.next().flatten() {
                Some(run) => run.run.finished_at.map_or(Over::Open, Over::At),
                None => Over::Gone,
            },
            Shared::Event(_) => match events.next().flatten() {
                // A participant may share what everybody sees; made private, it is its creator's to share.
                Some(found) if found.event.plan.private && found.event.creator.as_str() != record.owner => Over::Gone,
                Some(found) => Over::At(found.event.cancelled_at.unwrap_or_else(|| found.event.ends_at())),
                None => Over::Gone,
            },
        };
        Ok(records.iter().zip(&shared).map(over).collect())
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
        let mut from = Bound::Start;
        loop {
            let (index, until, order) = (of_shared(shared), Bound::End, Order::Ascending);
            let range = Range { index, from, until, order, limit: limits::SWEEP_LEN_MAX, count: false };
            let members = self.backend.range(&range).await?.members;
            let Some((score, last)) = members.last().cloned() else { return Ok(()) };
            for (_, member) in &members {
                self.look_at_link(LinkId::parse(member).ok_or(AppError::Internal)?).await?;
            }
            from = Bound::After(score, last);
        }
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

pub(super) fn latest(record: &LinkRecord) -> Timestamp {
    Timestamp::from_millis(record.created_ms).plus_millis(limits::LINK_LIFE_MAX_MS)
}
