//! Share links: whoever has one sees one run or one event, without an account, until it ends or is revoked.
//!
//! A link is one aggregate, found by its secret's hash alone. What it shows is asked each time of the run or event itself: a
//! link ends with what it shows, whatever became of it. Who may see what is not decided here, but in `sight`.

mod ending;
mod record;
mod secret;

use std::fmt;
use std::sync::Arc;

use crate::app::documents::{HeldLinkDocument, LinkDocument};
use crate::app::due::{self, Due};
use crate::app::listing::Page;
use crate::app::transact::{Lanes, decode};
use crate::app::users::{Caller, Identity, names};
use crate::app::{App, AppError};
use crate::backend::{AggregateId, Bound, Index, Order, Range, Version};
use crate::domain::event::Standing;
use crate::domain::ids::{EventId, LinkId, RunId, UserId};
use crate::domain::time::Timestamp;
use crate::limits;

use ending::{End, latest};
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

#[derive(Clone, Debug)]
pub struct NewLink {
    pub shared: Shared,
    /// What its maker calls it.
    pub label: Option<String>,
    /// An hour after what it shows when left out.
    pub ends_at: Option<Timestamp>,
    /// Whoever has it may join the event that it shows, as if invited. Its creator's alone to give.
    pub invites: bool,
}

/// What is left out stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ChangeLink {
    pub label: Option<Option<String>>,
    /// `Some(None)`: it goes by what it shows again.
    pub ends_at: Option<Option<Timestamp>>,
}

impl App {
    /// A new link → what it is, and its secret, which is shown this once.
    ///
    /// # Errors
    /// What is to be shared is not there, or not the caller's to share; a label or an end that cannot be used; too many links.
    pub async fn new_link(&self, identity: &Identity, new: NewLink) -> Result<(LinkDocument, LinkSecret), AppError> {
        let now = self.clock.now();
        let NewLink { shared, label, ends_at, invites } = new;
        let label = label.map(names::check_label).transpose()?;
        let ends_at = ends_at.map(|at| check_end(at, now, now)).transpose()?;
        self.may_share(identity, shared, invites).await?;
        let mine = self.links_in(of_user(&identity.user), limits::LINKS_LEN_MAX).await?;
        if mine.len() >= limits::LINKS_LEN_MAX {
            return Err(too_many());
        }
        let secret = LinkSecret::random();
        let record = LinkRecord::new(&secret, &identity.user, NewLink { shared, label, ends_at, invites }, now);
        let end = match self.end_of_link(&record).await? {
            End::At(at) if now < at => at,
            End::At(_) => {
                return Err(AppError::conflict("what the link would show is over: give it an end of its own"));
            }
            End::Gone => return Err(AppError::NotFound(shared.kind())),
        };
        let (link, made) = (secret.id(), record);
        let record = self
            .links
            .transact(aggregate(link), None, move |draft| match draft.record() {
                // The same request was carried out before.
                Some(known) if known.hash == made.hash => Ok(known.clone()),
                Some(_) => Err(AppError::Internal),
                None => {
                    draft.place(of_user(&made.user_id()?), made.id.clone(), Some(made.created_ms));
                    draft.place(of_shared(shared), made.id.clone(), Some(made.created_ms));
                    draft.place(due::index(), Due::LinkOver(link).to_string(), Some(end.as_millis()));
                    draft.put(made.clone());
                    Ok(made.clone())
                }
            })
            .await?;
        self.keep_to_links_max(&identity.user, &record).await?;
        // What it shows may have ended, or be gone, since that was asked.
        self.look_at_link(link).await?;
        Ok((self.document_of(&record).await?, secret))
    }

    /// Of several links that were made at once when there was room for one, those that find too many are none.
    async fn keep_to_links_max(&self, user: &UserId, made: &LinkRecord) -> Result<(), AppError> {
        let all = self.backend.range(&Range::all(of_user(user), limits::LINKS_LEN_MAX + 1)).await?.members;
        if all.len() <= limits::LINKS_LEN_MAX {
            return Ok(());
        }
        self.end_link(LinkId::parse(&made.id).ok_or(AppError::Internal)?, None).await?;
        Err(too_many())
    }

    /// The caller's links that are not over, newest first; those alone that show `shared`, if that is given.
    pub async fn links(
        &self,
        identity: &Identity,
        shared: Option<Shared>,
        page: Page,
    ) -> Result<Vec<LinkDocument>, AppError> {
        let mut records = self.links_in(of_user(&identity.user), limits::LINKS_LEN_MAX).await?;
        if let Some(shared) = shared {
            records.retain(|record| record.shared().is_ok_and(|it| it == shared));
        }
        let (overs, now) = (self.overs(&records).await?, self.clock.now());
        let good = records.iter().zip(&overs).filter(|(record, over)| over.end_of(record).is_after(now));
        let shown = good.skip(page.skipped()).take(page.size);
        shown.map(|(record, over)| document(record, over.known_end_of(record))).collect()
    }

    /// A link of the caller's own; of others' nobody can tell that they are there.
    pub async fn link(&self, identity: &Identity, link: LinkId) -> Result<(LinkDocument, Version), AppError> {
        let (record, version) = self.own_link(identity, link).await?;
        Ok((self.document_of(&record).await?, version))
    }

    /// The link by which somebody has come.
    pub async fn held_link(&self, holder: &LinkHolder) -> Result<HeldLinkDocument, AppError> {
        let record = self.links.read(&aggregate(holder.link)).await?.ok_or(AppError::Unauthenticated)?;
        Ok(self.document_of(&record).await?.held())
    }

    /// Another label or another end. Whoever is connected by the link stays, until it ends.
    pub async fn change_link(
        &self,
        identity: &Identity,
        link: LinkId,
        change: ChangeLink,
        if_version: Option<Version>,
    ) -> Result<(LinkDocument, Version), AppError> {
        let (record, _) = self.own_link(identity, link).await?;
        let created_at = Timestamp::from_millis(record.created_ms);
        let label = change.label.map(|label| label.map(names::check_label).transpose()).transpose()?;
        let check = |at| check_end(at, self.clock.now(), created_at);
        let ends_at = change.ends_at.map(|at| at.map(check).transpose()).transpose()?;
        let mut natural = LinkRecord::clone(&record);
        natural.ends_ms = None;
        let End::At(natural) = self.end_of_link(&natural).await? else {
            return Err(AppError::NotFound("share link"));
        };
        self.links
            .transact(aggregate(link), None, move |draft| {
                let mut record = draft.record().cloned().ok_or(AppError::NotFound("share link"))?;
                draft.expect(if_version)?;
                if let Some(label) = &label {
                    record.label = label.clone();
                }
                if let Some(ends_at) = ends_at {
                    record.ends_ms = ends_at.map(Timestamp::as_millis);
                }
                // In the same commit: whoever has come by the link stays until this finds it.
                let end = record.fixed_end().unwrap_or(natural).min(latest(&record));
                draft.place(due::index(), Due::LinkOver(link).to_string(), Some(end.as_millis()));
                draft.put(record);
                Ok(())
            })
            .await?;
        // What it shows may end at another time since that was asked.
        self.look_at_link(link).await?;
        self.link(identity, link).await
    }

    /// The link opens nothing from now on, and whoever is connected by it is sent away.
    pub async fn revoke_link(
        &self,
        identity: &Identity,
        link: LinkId,
        if_version: Option<Version>,
    ) -> Result<(), AppError> {
        self.own_link(identity, link).await?;
        self.end_link(link, if_version).await
    }

    /// Who holds this link, and when it ends if that is its own affair.
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

    /// The event into which this lets whoever has it. None: it is no link, or over, or only shows something.
    pub(in crate::app) async fn link_lets_into(&self, secret: &str) -> Result<Option<EventId>, AppError> {
        let Some(secret) = LinkSecret::parse(secret) else { return Ok(None) };
        let record = self.links.read(&aggregate(secret.id())).await?;
        let Some(record) = record.filter(|record| record.invites && record.hash == secret.hash()) else {
            return Ok(None);
        };
        match record.shared()? {
            Shared::Event(event) if self.is_link_good(&record).await? => Ok(Some(event)),
            Shared::Event(_) | Shared::Run(_) => Ok(None),
        }
    }

    /// Whether the link is still good: asked again when it was told that it may not be.
    pub async fn link_still_good(&self, holder: &LinkHolder) -> Result<bool, AppError> {
        match self.links.read(&aggregate(holder.link)).await? {
            Some(record) => self.is_link_good(&record).await,
            None => Ok(false),
        }
    }

    /// A run is its owner's to share, an event its creator's; a public one everybody's who participates. To let others in is
    /// the creator's alone.
    async fn may_share(&self, identity: &Identity, shared: Shared, invites: bool) -> Result<(), AppError> {
        match shared {
            Shared::Run(_) if invites => Err(AppError::invalid("invites", "is for links to events")),
            Shared::Run(run) => self.owned(identity, run).await.map(drop),
            Shared::Event(event) => {
                let caller = Caller::User(identity.clone());
                let (record, standing) = self.visible_event(&caller, event).await?;
                let is_creators = record.event.creator == identity.user;
                let is_everybodys = !record.event.plan.private && standing == Standing::Participant && !invites;
                if is_creators || is_everybodys { Ok(()) } else { Err(AppError::Forbidden) }
            }
        }
    }

    async fn own_link(&self, identity: &Identity, link: LinkId) -> Result<(Arc<LinkRecord>, Version), AppError> {
        let found = self.links.read_tagged(&aggregate(link)).await?;
        let found = found.filter(|(record, _)| record.owner == identity.user.as_str());
        let (record, version) = found.ok_or(AppError::NotFound("share link"))?;
        if self.is_link_good(&record).await? { Ok((record, version)) } else { Err(AppError::NotFound("share link")) }
    }

    /// The links of an index, newest first.
    async fn links_in(&self, index: Index, limit: usize) -> Result<Vec<LinkRecord>, AppError> {
        let (from, until, order) = (Bound::Start, Bound::End, Order::Descending);
        let members = self.backend.range(&Range { index, from, until, order, limit, count: false }).await?.members;
        let links = members.iter().map(|(_, member)| LinkId::parse(member).ok_or(AppError::Internal));
        let keys: Vec<_> = links.map(|link| Ok(aggregate(link?).head())).collect::<Result<_, AppError>>()?;
        let values = self.backend.read(&keys).await?;
        values.into_iter().filter_map(|value| value.value).map(|value| decode(&value)).collect()
    }

    async fn document_of(&self, record: &LinkRecord) -> Result<LinkDocument, AppError> {
        document(record, self.known_end(record).await?)
    }
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(run) => write!(f, "run:{run}"),
            Self::Event(event) => write!(f, "event:{event}"),
        }
    }
}

impl Shared {
    /// What it is called.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Run(_) => "run",
            Self::Event(_) => "event",
        }
    }

    pub(in crate::app) fn aggregate(self) -> AggregateId {
        match self {
            Self::Run(run) => crate::app::runs::aggregate(run),
            Self::Event(event) => crate::app::events::aggregate(event),
        }
    }

    /// As it was written: `run:0192…`, `event:17`.
    pub(in crate::app) fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("run", id) => RunId::parse(id).map(Self::Run),
            ("event", id) => EventId::parse(id).map(Self::Event),
            _ => None,
        }
    }
}

fn document(record: &LinkRecord, ends_at: Option<Timestamp>) -> Result<LinkDocument, AppError> {
    Ok(LinkDocument::of(record, record.shared()?, ends_at.map(|at| at.to_string())))
}

pub(in crate::app) fn aggregate(link: LinkId) -> AggregateId {
    Lanes::<LinkRecord>::aggregate(link)
}

/// All links that a user has made, scored by when, in milliseconds.
pub(in crate::app) fn of_user(user: &UserId) -> Index {
    Index::new(format!("links/of/{user}"))
}

/// All links that show this.
pub(in crate::app) fn of_shared(shared: Shared) -> Index {
    match shared {
        Shared::Run(run) => Index::new(format!("links/to-run/{run}")),
        Shared::Event(event) => Index::new(format!("links/to-event/{event}")),
    }
}

fn too_many() -> AppError {
    AppError::conflict("you have as many share links as anybody may have: revoke one first")
}

/// An end lies ahead, and not too far from the link's making.
fn check_end(at: Timestamp, now: Timestamp, made_at: Timestamp) -> Result<Timestamp, AppError> {
    if at <= now {
        return Err(AppError::invalid("ends_at", "must be in the future"));
    }
    if at > made_at.plus_millis(limits::LINK_LIFE_MAX_MS) {
        return Err(AppError::invalid("ends_at", "must be within a year of the link's making"));
    }
    Ok(at)
}
