//! Who sees what of an event: the event itself, its roster, its invitations. What may not be seen is not there.

use std::collections::HashSet;
use std::sync::Arc;

use crate::app::documents::{EventDocument, InvitationDocument, ParticipantDocument, Role};
use crate::app::events::inviting::shown;
use crate::app::events::joining::name_of;
use crate::app::events::record::{Invitation, InvitationState, Participant, invitation, participant, standing};
use crate::app::events::{EventRecord, Records, aggregate, document, indexes, not_found, refusal};
use crate::app::runs::{Page, RunRecord};
use crate::app::transact::decode;
use crate::app::users::record::UserRecord;
use crate::app::users::{Caller, Identity};
use crate::app::{App, AppError};
use crate::backend::Range;
use crate::domain::event::Standing;
use crate::domain::ids::{EventId, RunId, UserId};
use crate::domain::time::Timestamp;
use crate::limits;

impl App {
    /// An event that the caller may see, as it is now.
    pub async fn event(&self, caller: &Caller, event: EventId) -> Result<EventDocument, AppError> {
        let (mut record, standing) = self.visible_event(caller, event).await?;
        if record.event.turns_at().is_some_and(|turns_at| turns_at <= self.clock.now()) {
            // What is told has a version, so it is stored first.
            self.turn_event(event).await?;
            record = self.events.read(&aggregate(event)).await?.ok_or_else(not_found)?;
        }
        Ok(document(&record, self.clock.now()).with_role(role(caller, &record, standing)))
    }

    /// A page of the roster, in the order of its numbers, each with the run that is live in this event.
    pub async fn participants(
        &self,
        caller: &Caller,
        event: EventId,
        page: Page,
    ) -> Result<Vec<ParticipantDocument>, AppError> {
        self.visible_event(caller, event).await?;
        let members = self.page_of(Range::all(indexes::roster(event), 0), page).await?;
        let entries: Vec<(UserId, Participant)> = self.entries(event, &members, participant).await?;
        let users: Vec<_> = entries.iter().map(|(user, _)| user).collect();
        let runs = self.live_runs_in(caller, event, &users).await?;
        let document = |((user, entry), run): ((UserId, Participant), Option<RunId>)| ParticipantDocument {
            user: name_of(&user, &entry.name),
            number: entry.number,
            joined_at: Timestamp::from_millis(entry.joined_ms).to_string(),
            run: run.map(|run| run.to_string()),
        };
        Ok(entries.into_iter().zip(runs).map(document).collect())
    }

    /// A page of those who are invited or have declined: all of them for the event's creator, by when they were invited; for others
    /// the one that they have got, and then those that they have sent, by whom they have invited.
    pub async fn invitations(
        &self,
        identity: &Identity,
        event: EventId,
        page: Page,
    ) -> Result<Vec<InvitationDocument>, AppError> {
        let (record, _) = self.visible_event(&Caller::User(identity.clone()), event).await?;
        let members = if record.event.creator == identity.user {
            self.page_of(Range::all(indexes::invited(event), 0), page).await?
        } else {
            self.sent_and_got(&identity.user, event, page).await?
        };
        let mut entries: Vec<(UserId, Invitation)> = self.entries(event, &members, invitation).await?;
        entries.retain(|(_, it)| matches!(it.state, InvitationState::Invited | InvitationState::Declined));
        Ok(entries.iter().map(|(user, entry)| shown(user, entry)).collect())
    }

    /// The event and how the caller stands to it; [`AppError::NotFound`] when it may not be seen.
    pub(in crate::app) async fn visible_event(
        &self,
        caller: &Caller,
        event: EventId,
    ) -> Result<(Arc<EventRecord>, Standing), AppError> {
        let record = self.events.read(&aggregate(event)).await?.ok_or_else(not_found)?;
        let standing = self.standings(caller, &[event]).await?.pop().ok_or(AppError::Internal)?;
        let is_seen = self.sees_events(caller, &[(&record.event, standing)]).await?.contains(&true);
        if is_seen { Ok((record, standing)) } else { Err(not_found()) }
    }

    /// Whether this user may begin a run in the event now, or `planned` one later; why not, if not.
    pub(in crate::app) async fn takes_run(
        &self,
        identity: &Identity,
        event: Option<EventId>,
        planned: bool,
    ) -> Result<(), AppError> {
        let Some(event) = event else { return Ok(()) };
        let (record, standing) = self.visible_event(&Caller::User(identity.clone()), event).await?;
        if standing != Standing::Participant {
            return Err(AppError::conflict("you do not participate in the event: join it first"));
        }
        let now = self.clock.now();
        let taken = if planned { record.event.open(now).map(|_| ()) } else { record.event.takes_runs(now) };
        taken.map_err(refusal)
    }

    /// The user's number on the event's roster, if there is one.
    pub(in crate::app) async fn number_in(
        &self,
        user: &UserId,
        event: Option<EventId>,
    ) -> Result<Option<u32>, AppError> {
        let Some(event) = event else { return Ok(None) };
        let key = aggregate(event).key(&participant(user));
        let entry = self.backend.read(&[key]).await?.pop().and_then(|entry| entry.value);
        Ok(entry.as_deref().map(decode::<Participant>).transpose()?.map(|entry| entry.number))
    }

    /// When the user came onto the event's roster, if they are on it.
    pub(in crate::app) async fn joined_at(&self, user: &UserId, event: EventId) -> Result<Option<Timestamp>, AppError> {
        let key = aggregate(event).key(&participant(user));
        let entry = self.backend.read(&[key]).await?.pop().and_then(|entry| entry.value);
        let entry = entry.as_deref().map(decode::<Participant>).transpose()?;
        Ok(entry.map(|entry| Timestamp::from_millis(entry.joined_ms)))
    }

    /// How the caller stands to each of these events, in their order: two small readings each, all at once.
    pub(in crate::app) async fn standings(
        &self,
        caller: &Caller,
        events: &[EventId],
    ) -> Result<Vec<Standing>, AppError> {
        match caller {
            Caller::User(Identity { user, .. }) => self.standings_of(user, events).await,
            _ => Ok(vec![Standing::Nobody; events.len()]),
        }
    }

    pub(super) async fn standings_of(&self, user: &UserId, events: &[EventId]) -> Result<Vec<Standing>, AppError> {
        let keys: Vec<_> = events
            .iter()
            .flat_map(|event| [participant(user), invitation(user)].map(|name| aggregate(*event).key(&name)))
            .collect();
        let values = self.backend.read(&keys).await?;
        let standing = |pair: &[crate::backend::Versioned]| {
            let [participant, invitation] = pair else { return Err(AppError::Internal) };
            let invitation = invitation.value.as_deref().map(decode::<Invitation>).transpose()?;
            Ok(standing(participant.value.is_some(), invitation.as_ref()))
        };
        values.chunks(2).map(standing).collect()
    }

    /// The events of these numbers that are there.
    pub(in crate::app) async fn read_events(&self, events: &[EventId]) -> Result<Records, AppError> {
        let keys: Vec<_> = events.iter().map(|event| aggregate(*event).head()).collect();
        let values = self.backend.read(&keys).await?.into_iter().filter_map(|value| value.value);
        values.map(|value| decode::<EventRecord>(&value).map(Arc::new)).collect()
    }

    /// Whose invitation the user has got or sent, on this page.
    async fn sent_and_got(&self, user: &UserId, event: EventId, page: Page) -> Result<Vec<Arc<str>>, AppError> {
        let own = aggregate(event).key(&invitation(user));
        let got = self.backend.read(&[own]).await?.pop().and_then(|entry| entry.value);
        let got: Option<Invitation> = got.as_deref().map(decode).transpose()?;
        let has_got = got.is_some_and(|it| matches!(it.state, InvitationState::Invited | InvitationState::Declined));
        let (from, until) = indexes::sent_by(user);
        let sent = Range { from, until, ..Range::all(indexes::sent(event), 0) };
        // Those before this page, and this page.
        let up_to = Page { page: 1, size: page.skipped().saturating_add(page.size).min(limits::LIST_LOOKED_AT_MAX) };
        let sent = self.page_of(sent, up_to).await?;
        let invited = sent.iter().map(|member| member.rsplit('/').next().unwrap_or_default().into());
        let all = has_got.then(|| user.as_str().into()).into_iter().chain(invited);
        Ok(all.skip(page.skipped()).take(page.size).collect())
    }

    /// The members of a range on this page.
    async fn page_of(&self, range: Range, page: Page) -> Result<Vec<Arc<str>>, AppError> {
        let wanted = page.skipped().saturating_add(page.size);
        if page.skipped() >= limits::LIST_LOOKED_AT_MAX {
            return Ok(Vec::new());
        }
        let range = Range { limit: wanted.min(limits::LIST_LOOKED_AT_MAX), ..range };
        let members = self.backend.range(&range).await?.members;
        Ok(members.into_iter().skip(page.skipped()).map(|(_, member)| member).collect())
    }

    /// The entries beside the event's head of these users. Who has gone since is left out.
    pub(in crate::app) async fn entries<T: serde::de::DeserializeOwned>(
        &self,
        event: EventId,
        users: &[Arc<str>],
        name: fn(&UserId) -> Arc<str>,
    ) -> Result<Vec<(UserId, T)>, AppError> {
        let users = users.iter().map(|user| UserId::parse(user).ok_or(AppError::Internal));
        let users: Vec<UserId> = users.collect::<Result<_, _>>()?;
        let keys: Vec<_> = users.iter().map(|user| aggregate(event).key(&name(user))).collect();
        let values = self.backend.read(&keys).await?;
        let entries = users.into_iter().zip(values).filter_map(|(user, value)| Some((user, value.value?)));
        entries.map(|(user, value)| Ok((user, decode(&value)?))).collect()
    }

    /// Each user's live run, if it is one in this event and the caller may see it.
    async fn live_runs_in(
        &self,
        caller: &Caller,
        event: EventId,
        users: &[&UserId],
    ) -> Result<Vec<Option<RunId>>, AppError> {
        let keys: Vec<_> = users.iter().map(|user| crate::app::users::aggregate(user).head()).collect();
        let mut runs = Vec::new();
        for value in self.backend.read(&keys).await? {
            let user = value.value.as_deref().map(decode::<UserRecord>).transpose()?;
            runs.push(user.and_then(|user| user.live_run).as_deref().and_then(RunId::parse));
        }
        let keys: Vec<_> = runs.iter().flatten().map(|run| crate::app::runs::aggregate(*run).head()).collect();
        let heads = self.backend.read(&keys).await?.into_iter().filter_map(|value| value.value);
        let mut records = heads.map(|head| decode::<RunRecord>(&head)).collect::<Result<Vec<_>, _>>()?;
        records.retain(|record| record.run.event == Some(event) && record.run.is_under_way());
        let seen = self.sees_runs(caller, &records.iter().map(|record| &record.run).collect::<Vec<_>>()).await?;
        let seen = records.iter().zip(seen).filter(|(_, is_seen)| *is_seen);
        let seen: HashSet<_> = seen.map(|(record, _)| record.run.id).collect();
        for run in &mut runs {
            *run = run.filter(|run| seen.contains(run));
        }
        Ok(runs)
    }
}

/// What the caller is told of how they stand to the event.
pub(super) fn role(caller: &Caller, record: &EventRecord, standing: Standing) -> Role {
    match caller {
        Caller::User(identity) => Role::of(&record.event, &identity.user, standing),
        _ => Role::LeftOut,
    }
}
