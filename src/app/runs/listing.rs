//! Lists: runs that a caller may see, newest first, and the fixes of one run. Pages are filled after visibility.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::app::documents::{FixDocument, RunDocument};
use crate::app::runs::{RunRecord, aggregate, indexes};
use crate::app::transact::decode;
use crate::app::users::Caller;
use crate::app::users::record::UserRecord;
use crate::app::{App, AppError};
use crate::backend::{Bound, Index, Order, Range};
use crate::domain::ids::{RunId, UserId};
use crate::domain::run::{Kept, State};
use crate::domain::user::Visibility;
use crate::limits;

/// Which runs; everything that is left out matches.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    pub state: Option<State>,
    pub user: Option<UserId>,
}

/// A page, counted from 1, and how many things it holds.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    pub page: usize,
    pub size: usize,
}

impl Page {
    /// How many things come before this page.
    fn skipped(self) -> usize {
        (self.page - 1).saturating_mul(self.size)
    }
}

impl App {
    /// Public runs and the caller's own that match, newest first.
    pub async fn runs(&self, caller: &Caller, filter: RunFilter, page: Page) -> Result<Vec<RunDocument>, AppError> {
        let wanted = page.skipped().saturating_add(page.size);
        if wanted > limits::LIST_LOOKED_AT_MAX {
            return Ok(Vec::new());
        }
        let records = match &filter.user {
            Some(user) => self.matching(indexes::of_user(user), caller, &filter, wanted).await?,
            None => self.everyones(caller, &filter, wanted).await?,
        };
        let page: Vec<_> = records.into_iter().skip(page.skipped()).take(page.size).collect();
        let names = self.names_of(page.iter().map(|record| &record.run.owner)).await?;
        let name = |user: &UserId| names.get(user).map_or("", |name| name);
        Ok(page.iter().map(|record| RunDocument::of(&record.run, name(&record.run.owner))).collect())
    }

    /// The track in order of time; the heart rate for the runner alone.
    pub async fn fixes(&self, caller: &Caller, run: RunId, page: Page) -> Result<Vec<FixDocument>, AppError> {
        let record = self.visible(caller, run).await?;
        let own = caller.is(&record.run.owner);
        let document = |kept: &Kept| if own { FixDocument::own(kept) } else { FixDocument::kept(kept) };
        let track = self.track(run).await?;
        Ok(track.sorted().iter().skip(page.skipped()).take(page.size).map(document).collect())
    }

    /// A user's display name.
    pub(in crate::app) async fn name_of(&self, user: &UserId) -> Result<String, AppError> {
        Ok(self.names_of([user]).await?.remove(user).unwrap_or_default())
    }

    async fn names_of(&self, users: impl IntoIterator<Item = &UserId>) -> Result<HashMap<UserId, String>, AppError> {
        let users: BTreeMap<&UserId, ()> = users.into_iter().map(|user| (user, ())).collect();
        let keys: Vec<_> = users.keys().map(|user| crate::app::users::aggregate(user).head()).collect();
        let values = self.backend.read(&keys).await?;
        let mut names = HashMap::new();
        for (user, value) in users.into_keys().zip(values) {
            if let Some(value) = value.value {
                names.insert(user.clone(), decode::<UserRecord>(&value)?.name);
            }
        }
        Ok(names)
    }

    /// The public ones, and those of the caller's own that are not public, merged by age.
    async fn everyones(
        &self,
        caller: &Caller,
        filter: &RunFilter,
        wanted: usize,
    ) -> Result<Vec<Arc<RunRecord>>, AppError> {
        let index = filter.state.map_or_else(indexes::public, indexes::public_in);
        let mut records = self.matching(index, caller, filter, wanted).await?;
        if let Caller::User(identity) = caller {
            let own = self.matching(indexes::of_user(&identity.user), caller, filter, wanted).await?;
            records.extend(own.into_iter().filter(|record| record.run.visibility != Visibility::Public));
            records.sort_by_key(|record| std::cmp::Reverse((record.run.created_at, record.run.id)));
        }
        Ok(records)
    }

    /// The newest of an index that match and may be seen: `wanted` of them, looking at a bounded number.
    async fn matching(
        &self,
        index: Index,
        caller: &Caller,
        filter: &RunFilter,
        wanted: usize,
    ) -> Result<Vec<Arc<RunRecord>>, AppError> {
        let mut found = Vec::new();
        let mut looked_at = 0;
        let mut until = Bound::End;
        while found.len() < wanted && looked_at < limits::LIST_LOOKED_AT_MAX {
            // Others have their turn between two readings: a far page reads thousands of records.
            tokio::task::yield_now().await;
            let limit = limits::PAGE_SIZE_MAX;
            let (from, order) = (Bound::Start, Order::Descending);
            let range = Range { index: index.clone(), from, until, order, limit, count: false };
            let members = self.backend.range(&range).await?.members;
            let Some((score, member)) = members.last().cloned() else { break };
            let last = members.len() < limit;
            looked_at += members.len();
            let mut records = self.read_runs(&members).await?;
            records.retain(|record| filter.state.is_none_or(|state| record.run.state == state));
            let runs: Vec<_> = records.iter().map(|record| &record.run).collect();
            let seen = self.sees_runs(caller, &runs).await?;
            found.extend(records.into_iter().zip(seen).filter_map(|(record, is_seen)| is_seen.then_some(record)));
            if last {
                break;
            }
            until = Bound::At(score, member);
        }
        found.truncate(wanted);
        Ok(found)
    }

    async fn read_runs(&self, members: &[(i64, Arc<str>)]) -> Result<Vec<Arc<RunRecord>>, AppError> {
        let ids = members.iter().map(|(_, member)| RunId::parse(member).ok_or(AppError::Internal));
        let keys: Vec<_> = ids.map(|id| Ok(aggregate(id?).head())).collect::<Result<_, AppError>>()?;
        let values = self.backend.read(&keys).await?;
        let values = values.into_iter().filter_map(|value| value.value);
        values.map(|value| decode::<RunRecord>(&value).map(Arc::new)).collect()
    }
}
