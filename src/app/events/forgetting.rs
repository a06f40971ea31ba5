//! A user whose account is deleted: the events that they made are gone, and in others' nothing names them any more.

use crate::app::documents::EventChange;
use crate::app::due::{self, Due};
use crate::app::events::joining::name_of;
use crate::app::events::record::{EventRecord, Invitation, InvitationState, Participant, invitation, participant};
use crate::app::events::{Decision, aggregate, indexes};
use crate::app::follow_ups::{self, FollowUp};
use crate::app::links::Shared;
use crate::app::mentions;
use crate::app::sight::{rights_changed, rights_changed_of};
use crate::app::transact::{Draft, encode};
use crate::app::{App, AppError};
use crate::backend::{Bound, Order, Range};
use crate::domain::event::State;
use crate::domain::ids::{EventId, UserId};
use crate::domain::time::Timestamp;
use crate::limits;

impl App {
    /// Nothing of the user is left in the event. One that is not there is no fault.
    pub(in crate::app) async fn forget_in_event(&self, event: EventId, user: &UserId) -> Result<(), AppError> {
        let Some(record) = self.events.read(&aggregate(event)).await? else { return Ok(()) };
        if record.event.creator == *user {
            // Nobody can come in from now on; those who are in it learn of it when it is gone.
            return self.erase_event(event).await;
        }
        self.forget_inviter(event, user).await?;
        let who = user.clone();
        let (names, now) = (super::beside([user].into_iter()), self.clock.now());
        self.events.transact_beside(aggregate(event), None, names, move |draft| forget(draft, &who, now)).await?;
        Ok(())
    }

    /// What was said on the event's channel, for it may name somebody whose account is deleted. Not with each of them, for it
    /// sends out all who watch: once an hour at most.
    pub(in crate::app) async fn forget_said(&self, event: EventId) -> Result<(), AppError> {
        let now = self.clock.now();
        self.events
            .transact(aggregate(event), None, move |draft| {
                Due::EventSaid(event).place(draft, None);
                let Some(record) = draft.record().cloned() else { return Ok(()) };
                let before = record.event.clone();
                let mut decision = Decision { draft, record, now, is_another: true };
                decision.begin_anew()?;
                decision.finish(Some(&before));
                Ok(())
            })
            .await
    }

    /// Those whom the user has invited are invited by nobody in particular.
    async fn forget_inviter(&self, event: EventId, user: &UserId) -> Result<(), AppError> {
        let mut from = Bound::Start;
        loop {
            let range = Range {
                index: mentions::within(&aggregate(event)),
                from,
                until: Bound::End,
                order: Order::Ascending,
                limit: limits::PAGE_SIZE_MAX,
                count: false,
            };
            let members = self.backend.range(&range).await?.members;
            let Some((score, last)) = members.last().cloned() else { return Ok(()) };
            let named: Vec<_> = members.iter().map(|(_, member)| member.clone()).collect();
            let entries = self.entries::<Invitation>(event, &named, invitation).await?;
            for (invited, _) in entries.into_iter().filter(|(_, entry)| entry.by == user.as_str()) {
                let (by, names) = (user.clone(), vec![invitation(&invited)]);
                self.events
                    .transact_beside(aggregate(event), None, names, move |draft| {
                        let name = invitation(&invited);
                        draft.place(indexes::sent(event), format!("{by}/{invited}"), None);
                        if let Some(entry) = draft.beside::<Invitation>(&name)?.filter(|it| it.by == by.as_str()) {
                            let creator = draft.record().map(|record| record.event.creator.to_string());
                            let by = creator.unwrap_or_default();
                            draft.put_beside(&name, encode(&Invitation { by, by_name: String::new(), ..entry })?);
                        }
                        Ok(())
                    })
                    .await?;
            }
            from = Bound::After(score, last);
        }
    }

    /// The event is gone with all that stood beside it.
    async fn erase_event(&self, event: EventId) -> Result<(), AppError> {
        loop {
            let range = Range::all(mentions::within(&aggregate(event)), limits::PAGE_SIZE_MAX);
            let members = self.backend.range(&range).await?.members;
            let users = mentions::users(&members)?;
            let sent = self.backend.range(&Range::all(indexes::sent(event), limits::PAGE_SIZE_MAX)).await?.members;
            let is_last = users.len() < limits::PAGE_SIZE_MAX && sent.len() < limits::PAGE_SIZE_MAX;
            let now = self.clock.now();
            self.events
                .transact(aggregate(event), None, move |draft| {
                    for (_, member) in &sent {
                        draft.place(indexes::sent(event), member.clone(), None);
                    }
                    for user in &users {
                        draft.remove_beside(&participant(user));
                        draft.remove_beside(&invitation(user));
                        draft.place(indexes::roster(event), user.as_str(), None);
                        draft.place(indexes::invited(event), user.as_str(), None);
                        indexes::related(draft, event, user, false);
                        draft.place(indexes::asking(user), event.to_string(), None);
                        mentions::strike(draft, user);
                    }
                    if is_last && let Some(record) = draft.record().cloned() {
                        let (number, at_ms) = (record.caused + 1, record.caused_ms.max(now.as_millis()));
                        let over = FollowUp::event_over(&record.event);
                        follow_ups::add(draft, number, &over, Timestamp::from_millis(at_ms))?;
                        indexes::gone(draft, &record.event);
                        draft.place(due::index(), Due::LinksTo(Shared::Event(event)).to_string(), Some(0));
                        draft.clear("");
                        rights_changed(draft);
                        draft.remove();
                    }
                    Ok(())
                })
                .await?;
            if is_last {
                return Ok(());
            }
        }
    }
}

impl Decision<'_> {
    /// What was said on the event's channel is forgotten, and it begins with how the event is now. Whoever watches comes back for
    /// the whole roster.
    fn begin_anew(&mut self) -> Result<(), AppError> {
        self.draft.clear("");
        self.record.offset = 0;
        let (at, event) = (self.now.to_string(), self.document());
        self.announce(&EventChange::Changed { at, event })
    }
}

fn forget(draft: &mut Draft<EventRecord>, user: &UserId, now: Timestamp) -> Result<(), AppError> {
    let Some(record) = draft.record().cloned() else { return Ok(()) };
    let (before, event) = (record.event.clone(), record.event.id);
    let entry: Option<Participant> = draft.beside(&participant(user))?;
    let invited: Option<Invitation> = draft.beside(&invitation(user))?;
    let mut decision = Decision { draft, record, now, is_another: true };
    if entry.is_some() {
        decision.record.event.participants = decision.record.event.participants.saturating_sub(1);
    }
    if let Some(invited) = &invited {
        indexes::was_sent(decision.draft, &before, &invited.by, user, false);
    }
    if invited.is_some_and(|it| matches!(it.state, InvitationState::Invited | InvitationState::Declined)) {
        decision.record.invited = decision.record.invited.saturating_sub(1);
    }
    decision.draft.remove_beside(&participant(user));
    decision.draft.remove_beside(&invitation(user));
    decision.draft.place(indexes::roster(event), user.as_str(), None);
    decision.draft.place(indexes::invited(event), user.as_str(), None);
    indexes::related(decision.draft, event, user, false);
    decision.draft.place(indexes::asking(user), event.to_string(), None);
    mentions::strike(decision.draft, user);
    // What was said there named the user.
    if matches!(before.state_at(now), State::Passed | State::Cancelled) {
        decision.begin_anew()?;
    } else {
        Due::EventSaid(event).place(decision.draft, Some(due::full_hour_after(now).as_millis()));
        if let Some(entry) = entry {
            let (user, participants) = (name_of(user, ""), decision.record.event.participants);
            let (at, number) = (now.to_string(), entry.number);
            decision.announce(&EventChange::Left { at, user, number, participants, removed: false })?;
        }
    }
    rights_changed_of(decision.draft, &[user])?;
    decision.finish(Some(&before));
    Ok(())
}
