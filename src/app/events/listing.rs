//! Lists of events that a caller may see. Pages are filled after visibility, looking at a bounded number.

use std::collections::HashSet;
use std::sync::Arc;

use crate::app::documents::EventDocument;
use crate::app::events::{EventRecord, Records, document, indexes, seeing::role};
use crate::app::runs::Page;
use crate::app::users::Caller;
use crate::app::{App, AppError, looked_at, words};
use crate::backend::{Bound, Index, Order, Range};
use crate::domain::event::{Event, State};
use crate::domain::geo::Circle;
use crate::domain::ids::EventId;
use crate::domain::time::Timestamp;
use crate::limits;

/// Which events; everything that is left out matches.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only those that the caller has made, has joined or is invited to.
    pub mine: bool,
    pub state: Option<State>,
    /// `false`: public ones only; `true`: private ones only, as far as the caller may see them.
    pub private: Option<bool>,
    /// A part of the name, without case.
    pub name: Option<String>,
    /// Where they start. Without a state, and if not all of it lies in the past: of those alone that are to come or under way.
    pub near: Option<Circle>,
    /// Where they go. Those that go nowhere do not match.
    pub near_destination: Option<Circle>,
    /// They start at this moment or later.
    pub from: Option<Timestamp>,
    /// They start before this moment.
    pub until: Option<Timestamp>,
    /// The moment that `state` is relative to: now, when left out.
    pub at: Option<Timestamp>,
    /// When left out: what is to come soonest first, all else latest first.
    pub order: Option<EventOrder>,
}

/// By when they start, or started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventOrder {
    SoonestFirst,
    LatestFirst,
}

/// A filter with what follows from it.
struct Sought {
    filter: EventFilter,
    at: Timestamp,
    order: EventOrder,
    /// The scores of the index that can match: from the first, before the second.
    from: Option<i64>,
    until: Option<i64>,
    /// What is asked for is near a place and is not over.
    is_open_near: bool,
}

impl App {
    /// Public events and those that the caller may see besides.
    pub async fn events(
        &self,
        caller: &Caller,
        filter: EventFilter,
        page: Page,
    ) -> Result<Vec<EventDocument>, AppError> {
        let wanted = page.skipped().saturating_add(page.size);
        if wanted > limits::LIST_LOOKED_AT_MAX {
            return Ok(Vec::new());
        }
        let sought = Sought::new(filter, self.clock.now());
        let mut records = Records::new();
        let only_own = sought.filter.mine || sought.filter.private == Some(true);
        if !only_own {
            records = match &sought.filter.near {
                Some(circle) if sought.is_open_near => self.near_events(caller, &sought, circle).await?,
                _ => self.public_events(caller, &sought, wanted).await?,
            };
        }
        if only_own || sought.filter.private.is_none() {
            let own = self.own_events(caller, &sought).await?;
            records.extend(own.into_iter().filter(|record| only_own || record.event.plan.private));
        }
        sought.sort(&mut records);
        let page: Vec<_> = records.into_iter().skip(page.skipped()).take(page.size).collect();
        let ids: Vec<_> = page.iter().map(|record| record.event.id).collect();
        let standings = self.standings(caller, &ids).await?;
        let now = self.clock.now();
        let documents = page.iter().zip(standings);
        Ok(documents.map(|(it, standing)| document(it, now).with_role(role(caller, it, standing))).collect())
    }

    /// The first `wanted` of the public ones.
    async fn public_events(&self, caller: &Caller, sought: &Sought, wanted: usize) -> Result<Records, AppError> {
        let mut found = Records::new();
        let mut count = 0;
        let (mut from, mut until) = sought.bounds();
        while found.len() < wanted && count < limits::LIST_LOOKED_AT_MAX {
            // Others have their turn between two readings: a far page reads thousands of records.
            tokio::task::yield_now().await;
            let limit = limits::PAGE_SIZE_MAX;
            let (index, order) = (indexes::public(), sought.reading());
            let range = Range { index, from: from.clone(), until: until.clone(), order, limit, count: false };
            let members = self.backend.range(&range).await?.members;
            let Some((score, member)) = members.last().cloned() else { break };
            count += members.len();
            looked_at::add(members.len());
            found.extend(self.matching_events(caller, sought, members.iter().map(|(_, member)| member)).await?);
            if members.len() < limit {
                break;
            }
            match sought.order {
                EventOrder::SoonestFirst => from = Bound::After(score, member),
                EventOrder::LatestFirst => until = Bound::At(score, member),
            }
        }
        found.truncate(wanted);
        Ok(found)
    }

    /// All that match of the public ones that start in this circle.
    async fn near_events(&self, caller: &Caller, sought: &Sought, circle: &Circle) -> Result<Records, AppError> {
        let members = self.near(indexes::near(), circle).await?;
        let mut found = Records::new();
        for members in members.chunks(limits::PAGE_SIZE_MAX) {
            tokio::task::yield_now().await;
            found.extend(self.matching_events(caller, sought, members.iter()).await?);
        }
        Ok(found)
    }

    /// All that match of those that the caller has to do with: nobody has to do with very many.
    async fn own_events(&self, caller: &Caller, sought: &Sought) -> Result<Records, AppError> {
        let Caller::User(identity) = caller else { return Ok(Records::new()) };
        let mut found = self.all_matching(caller, sought, indexes::of_user(&identity.user)).await?;
        found.extend(self.all_matching(caller, sought, indexes::asking(&identity.user)).await?);
        Ok(found)
    }

    /// All that match of the highest in an index.
    async fn all_matching(&self, caller: &Caller, sought: &Sought, index: Index) -> Result<Records, AppError> {
        let mut found = Records::new();
        let mut until = Bound::End;
        for _ in 0..limits::LIST_LOOKED_AT_MAX / limits::PAGE_SIZE_MAX {
            tokio::task::yield_now().await;
            let (index, limit) = (index.clone(), limits::PAGE_SIZE_MAX);
            let range = Range { index, from: Bound::Start, until, order: Order::Descending, limit, count: false };
            let members = self.backend.range(&range).await?.members;
            looked_at::add(members.len());
            found.extend(self.matching_events(caller, sought, members.iter().map(|(_, member)| member)).await?);
            match members.last().cloned() {
                Some((score, member)) if members.len() == limit => until = Bound::At(score, member),
                _ => break,
            }
        }
        Ok(found)
    }

    async fn matching_events(
        &self,
        caller: &Caller,
        sought: &Sought,
        members: impl Iterator<Item = &Arc<str>>,
    ) -> Result<Records, AppError> {
        let ids = members.map(|member| EventId::parse(member).ok_or(AppError::Internal));
        let ids: Vec<_> = ids.collect::<Result<_, _>>()?;
        let mut records = self.read_events(&ids).await?;
        records.retain(|record| sought.matches(&record.event));
        let ids: Vec<_> = records.iter().map(|record| record.event.id).collect();
        let standings = self.standings(caller, &ids).await?;
        let asked: Vec<_> = records.iter().map(|record| &record.event).zip(standings).collect();
        let mut seen = self.sees_events(caller, &asked).await?.into_iter();
        records.retain(|_: &Arc<EventRecord>| seen.next() == Some(true));
        Ok(records)
    }
}

impl Sought {
    fn new(filter: EventFilter, now: Timestamp) -> Self {
        let at = filter.at.unwrap_or(now);
        let default = match filter.state {
            Some(State::ComeUp) => EventOrder::SoonestFirst,
            Some(State::Current | State::Passed | State::Cancelled) | None => EventOrder::LatestFirst,
        };
        let after = at.as_millis().saturating_add(1);
        let longest_ms = i64::from(limits::EVENT_DURATION_S_MAX) * 1_000;
        let (since, before) = match filter.state {
            Some(State::ComeUp) => (Some(after), None),
            Some(State::Current) => (Some(after.saturating_sub(longest_ms)), Some(after)),
            Some(State::Passed) => (None, Some(after)),
            Some(State::Cancelled) | None => (None, None),
        };
        let from = since.into_iter().chain(filter.from.map(Timestamp::as_millis)).max();
        let until = before.into_iter().chain(filter.until.map(Timestamp::as_millis)).min();
        let is_open = match filter.state {
            Some(State::ComeUp | State::Current) => now <= at,
            Some(State::Passed | State::Cancelled) => false,
            None => now <= at && until.is_none_or(|until| now.as_millis() < until),
        };
        let is_open_near = filter.near.is_some() && is_open;
        Self { at, order: filter.order.unwrap_or(default), from, until, filter, is_open_near }
    }

    fn bounds(&self) -> (Bound, Bound) {
        (self.from.map_or(Bound::Start, Bound::Score), self.until.map_or(Bound::End, Bound::Score))
    }

    fn reading(&self) -> Order {
        match self.order {
            EventOrder::SoonestFirst => Order::Ascending,
            EventOrder::LatestFirst => Order::Descending,
        }
    }

    fn matches(&self, event: &Event) -> bool {
        let starts_ms = event.starts_at().as_millis();
        self.filter.state.is_none_or(|state| event.state_at(self.at) == state)
            && (!self.is_open_near || matches!(event.state_at(self.at), State::ComeUp | State::Current))
            && self.filter.private.is_none_or(|private| event.plan.private == private)
            && self.from.is_none_or(|from| starts_ms >= from)
            && self.until.is_none_or(|until| starts_ms < until)
            && self.filter.name.as_ref().is_none_or(|name| words::contains(&event.plan.name, name))
            && self.filter.near.as_ref().is_none_or(|near| near.holds(event.plan.start))
            && (self.filter.near_destination.as_ref())
                .is_none_or(|near| event.plan.destination.is_some_and(|place| near.holds(place)))
    }

    fn sort(&self, records: &mut Records) {
        let key = |record: &Arc<EventRecord>| (record.event.starts_at(), record.event.id.to_string());
        match self.order {
            EventOrder::SoonestFirst => records.sort_by_key(key),
            EventOrder::LatestFirst => records.sort_by_key(|record| std::cmp::Reverse(key(record))),
        }
        // One that moved while it was read has two times, and is not shown twice.
        let mut known = HashSet::new();
        records.retain(|record| known.insert(record.event.id));
    }
}
