//! Lists: runs that a caller may see, newest first, and the fixes of one run. Pages are filled after visibility.

use std::sync::Arc;

use crate::app::documents::{FixDocument, RunDocument};
use crate::app::listing::Page;
use crate::app::runs::{RunRecord, aggregate, indexes};
use crate::app::transact::decode;
use crate::app::users::Caller;
use crate::app::{App, AppError};
use crate::backend::Index;
use crate::domain::ids::{EventId, RunId, UserId};
use crate::domain::run::{Kept, Run, State};

/// Which runs; everything that is left out matches.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    pub state: Option<State>,
    pub user: Option<UserId>,
    /// Those that are run in this event: none when the caller cannot see it.
    pub event: Option<EventId>,
}

impl App {
    /// Runs that the caller may see and that match, newest first.
    pub async fn runs(&self, caller: &Caller, filter: RunFilter, page: Page) -> Result<Vec<RunDocument>, AppError> {
        if let Some(event) = filter.event
            && self.seen_events(caller, [event].into()).await?.is_empty()
        {
            return Ok(Vec::new());
        }
        let indexes = match (&filter.user, filter.event) {
            (Some(user), _) => vec![indexes::of_user(user)],
            (None, Some(event)) => vec![indexes::of_event(event)],
            (None, None) => self.everyones(caller, &filter).await?,
        };
        let mut listed = page.descending(indexes);
        while let Some(members) = self.next_of(&mut listed).await? {
            let mut records = self.read_runs(&members).await?;
            records.retain(|record| filter.state.is_none_or(|state| record.run.state == state));
            records.retain(|record| filter.event.is_none_or(|event| record.run.event == Some(event)));
            let runs: Vec<_> = records.iter().map(|record| &record.run).collect();
            let seen = self.sees_runs(caller, &runs).await?;
            listed.extend(records.into_iter().zip(seen).filter_map(|(record, is_seen)| is_seen.then_some(record)));
        }
        let page = listed.page();
        let names = self.names_of(page.iter().map(|record| &record.run.owner)).await?;
        let events = self.seen_events(caller, page.iter().filter_map(|record| record.run.event).collect()).await?;
        let name = |user: &UserId| names.get(user).map_or("", |name| name);
        let document = |run: &Run| RunDocument::of(run, name(&run.owner)).telling(|event| events.contains(&event), run);
        Ok(page.iter().map(|record| document(&record.run)).collect())
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
        if let Caller::User(identity) = caller {
            indexes.push(indexes::of_user(&identity.user));
            indexes.extend(self.who_list(&identity.user).await?.iter().map(indexes::of_user));
        }
        Ok(indexes)
    }

    async fn read_runs(&self, members: &[(i64, Arc<str>)]) -> Result<Vec<Arc<RunRecord>>, AppError> {
        let ids = members.iter().map(|(_, member)| RunId::parse(member).ok_or(AppError::Internal));
        let keys: Vec<_> = ids.map(|id| Ok(aggregate(id?).head())).collect::<Result<_, AppError>>()?;
        let values = self.backend.read(&keys).await?;
        let values = values.into_iter().filter_map(|value| value.value);
        values.map(|value| decode::<RunRecord>(&value).map(Arc::new)).collect()
    }
}
