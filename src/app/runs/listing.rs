//! Lists: runs that a caller may see, and the fixes of one run. Pages are filled after visibility.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::app::documents::{FixDocument, RunDocument};
use crate::app::listing::Page;
use crate::app::runs::{RunFields, RunRecord, aggregate, indexes, knows_effect};
use crate::app::users::Caller;
use crate::app::{App, AppError, Period};
use crate::backend::Index;
use crate::domain::geo::Circle;
use crate::domain::ids::{EventId, RunId, UserId};
use crate::domain::run::{Kept, Run, State};
use crate::limits;

/// Which runs; everything that is left out matches.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    pub state: Option<State>,
    pub user: Option<UserId>,
    /// Of those who list the caller as a friend; not with `user` or `event`.
    pub friends: bool,
    /// Those that are run in this event: none when the caller cannot see it.
    pub event: Option<EventId>,
    /// Where the runner is, or was last. With neither `user`, `event` nor `friends`, and without a `state`: of those alone that
    /// are live or paused.
    pub near: Option<Circle>,
    /// When it was made.
    pub period: Period,
    pub order: RunOrder,
    /// The track is not shown in lists.
    pub fields: RunFields,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunOrder {
    #[default]
    Newest,
    Oldest,
    /// Of one user, one event or one place, of which [`limits::LIST_LOOKED_AT_MAX`] are compared at most.
    Longest,
    Shortest,
}

impl RunFilter {
    /// Whose, or in what: a list of everybody's is another matter.
    fn is_of_some(&self) -> bool {
        self.user.is_some() || self.event.is_some() || self.friends
    }

    /// Whether the indexes of what goes on by place have all that is asked for.
    fn is_under_way_near(&self) -> bool {
        let is_under_way = matches!(self.state, None | Some(State::Live | State::Paused));
        self.near.is_some() && !self.is_of_some() && is_under_way
    }

    fn matches(&self, run: &Run) -> bool {
        let Period { from, until } = self.period;
        self.state.is_none_or(|state| run.state == state)
            && (run.is_under_way() || !self.is_under_way_near())
            && self.user.as_ref().is_none_or(|user| run.owner == *user)
            && self.event.is_none_or(|event| run.event == Some(event))
            && from.is_none_or(|from| run.created_at >= from)
            && until.is_none_or(|until| run.created_at < until)
            && self.near.is_none_or(|circle| indexes::place(run).is_some_and(|place| circle.holds(place)))
    }
}

impl RunFilter {
    /// A page of these, in the order that is asked for.
    fn in_order(&self, mut found: Vec<Arc<RunRecord>>, page: Page) -> Vec<Arc<RunRecord>> {
        let newest = |one: &Run, other: &Run| (other.created_at, other.id).cmp(&(one.created_at, one.id));
        let longest = |one: &Run, other: &Run| other.tally.distance_m.total_cmp(&one.tally.distance_m);
        found.sort_by(|one, other| {
            let (one, other) = (&one.run, &other.run);
            match self.order {
                RunOrder::Newest => newest(one, other),
                RunOrder::Oldest => newest(other, one),
                RunOrder::Longest => longest(one, other).then(newest(one, other)),
                RunOrder::Shortest => longest(other, one).then(newest(one, other)),
            }
        });
        found.into_iter().skip(page.skipped()).take(page.size).collect()
    }
}

impl App {
    /// Runs that the caller may see and that match.
    pub async fn runs(&self, caller: &Caller, filter: RunFilter, page: Page) -> Result<Vec<RunDocument>, AppError> {
        if let Some(event) = filter.event
            && self.seen_events(caller, [event].into()).await?.is_empty()
        {
            return Ok(Vec::new());
        }
        let by_age = matches!(filter.order, RunOrder::Newest | RunOrder::Oldest);
        let page = match filter.near {
            Some(circle) if filter.is_under_way_near() => self.gathered_near(caller, &filter, &circle, page).await?,
            _ if by_age => self.by_age(caller, &filter, page).await?,
            _ => filter.in_order(self.by_age(caller, &filter, Page::all()).await?, page),
        };
        let names = self.names_of(page.iter().map(|record| &record.run.owner)).await?;
        let events = self.seen_events(caller, page.iter().filter_map(|record| record.run.event).collect()).await?;
        let name = |user: &UserId| names.get(user).map_or("", |name| name);
        let document = |record: &Arc<RunRecord>| {
            let document = RunDocument::of(&record.run, name(&record.run.owner));
            let mut document = document.telling(|event| events.contains(&event), &record.run);
            if knows_effect(caller, &record.run) {
                document = document.with_effect(record.effect.withheld(&record.run));
            }
            if filter.fields.splits {
                document = document.with_splits(&record.run);
            }
            if filter.fields.start { document.with_start(&record.run) } else { document }
        };
        Ok(page.iter().map(document).collect())
    }

    /// As the indexes have them: the way for lists of any length.
    async fn by_age(&self, caller: &Caller, filter: &RunFilter, page: Page) -> Result<Vec<Arc<RunRecord>>, AppError> {
        let indexes = self.sources(caller, filter).await?;
        let listed = match filter.order {
            RunOrder::Oldest => page.ascending(indexes),
            _ => page.descending(indexes),
        };
        let mut listed = listed.within(filter.period);
        while let Some(members) = self.next_of(&mut listed).await? {
            let ids: Vec<_> = members.iter().map(|(_, member)| member.clone()).collect();
            listed.extend(self.seen_among(caller, filter, &ids).await?);
        }
        Ok(listed.page())
    }

    /// Those under way near a place: they move too often for an index to have them by age as well.
    async fn gathered_near(
        &self,
        caller: &Caller,
        filter: &RunFilter,
        circle: &Circle,
        page: Page,
    ) -> Result<Vec<Arc<RunRecord>>, AppError> {
        let mut members: BTreeSet<_> = self.near(indexes::public_near(), circle).await?.into_iter().collect();
        if !matches!(caller, Caller::Anonymous) {
            members.extend(self.near(indexes::others_near(), circle).await?);
        }
        let members: Vec<_> = members.into_iter().collect();
        let mut found = Vec::new();
        for members in members.chunks(limits::PAGE_SIZE_MAX) {
            // Others have their turn between two readings.
            tokio::task::yield_now().await;
            found.extend(self.seen_among(caller, filter, members).await?);
        }
        Ok(filter.in_order(found, page))
    }

    /// Where those stand that may match.
    async fn sources(&self, caller: &Caller, filter: &RunFilter) -> Result<Vec<Index>, AppError> {
        match (filter.event, &filter.user) {
            (Some(event), _) => Ok(vec![indexes::of_event(event)]),
            (None, Some(user)) => Ok(vec![indexes::of_user(user)]),
            (None, None) if filter.friends => self.friends_own(caller).await,
            (None, None) => self.everyones(caller, filter).await,
        }
    }

    /// Those of who list the caller as a friend.
    async fn friends_own(&self, caller: &Caller) -> Result<Vec<Index>, AppError> {
        let friends = self.who_list(&caller.identity()?.user).await?;
        Ok(friends.iter().map(indexes::of_user).collect())
    }

    /// The track in order of time; the heart rate for the runner alone.
    pub async fn fixes(&self, caller: &Caller, run: RunId, page: Page) -> Result<Vec<FixDocument>, AppError> {
        let record = self.visible(caller, run).await?;
        let own = caller.is(&record.run.owner);
        let document = |kept: &Kept| if own { FixDocument::own(kept) } else { FixDocument::kept(kept) };
        let track = self.track(run).await?;
        Ok(track.sorted().iter().skip(page.skipped()).take(page.size).map(document).collect())
    }

    /// Where those stand that the caller may see: the public ones, the caller's own, and those of who list the caller.
    async fn everyones(&self, caller: &Caller, filter: &RunFilter) -> Result<Vec<Index>, AppError> {
        let mut indexes = vec![filter.state.map_or_else(indexes::public, indexes::public_in)];
        indexes.extend(self.own_and_friends(caller).await?);
        Ok(indexes)
    }

    /// The caller's own, and those of who list the caller.
    async fn own_and_friends(&self, caller: &Caller) -> Result<Vec<Index>, AppError> {
        let Caller::User(identity) = caller else { return Ok(Vec::new()) };
        let mut indexes = self.friends_own(caller).await?;
        indexes.push(indexes::of_user(&identity.user));
        Ok(indexes)
    }

    /// Those of these runs that match and that the caller may see, in their order.
    async fn seen_among(
        &self,
        caller: &Caller,
        filter: &RunFilter,
        members: &[Arc<str>],
    ) -> Result<Vec<Arc<RunRecord>>, AppError> {
        let ids = members.iter().map(|member| RunId::parse(member).ok_or(AppError::Internal));
        let aggregates = ids.map(|id| id.map(aggregate)).collect::<Result<Vec<_>, AppError>>()?;
        let mut records: Vec<_> = self.runs.read_all(&aggregates).await?.into_iter().flatten().collect();
        records.retain(|record| filter.matches(&record.run));
        let runs: Vec<_> = records.iter().map(|record| &record.run).collect();
        let seen = self.sees_runs(caller, &runs).await?;
        Ok(records.into_iter().zip(seen).filter_map(|(record, is_seen)| is_seen.then_some(record)).collect())
    }
}
