//! Other people: who they are, what they are called, and how they are found by name.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::app::documents::{PersonDocument, level_name};
use crate::app::listing::Page;
use crate::app::transact::Draft;
use crate::app::users::record::UserRecord;
use crate::app::users::{Caller, aggregate};
use crate::app::words::{self, Named, Space, Words};
use crate::app::{App, AppError};
use crate::domain::ids::UserId;

impl App {
    /// A user as others see them. [`AppError::NotFound`]: there is none, or none for the caller.
    pub async fn person(&self, caller: &Caller, user: &UserId) -> Result<PersonDocument, AppError> {
        caller.identity()?;
        let record = self.users.read(&aggregate(user)).await?;
        match record {
            Some(record) if self.sees_user(caller, user).await? => Ok(PersonDocument::of(&record)),
            _ => Err(AppError::NotFound("user")),
        }
    }

    /// Users who have a word that begins so in one of their names, in the order of the names that they go by.
    pub async fn people(&self, caller: &Caller, name: &str, page: Page) -> Result<Vec<PersonDocument>, AppError> {
        caller.identity()?;
        let words = Words::parse("name", name)?;
        let mut listed = page.ascending(vec![words.index(Space::Users)]);
        while let Some(members) = self.next_of(&mut listed).await? {
            let ids = members.iter().map(|(_, member)| UserId::parse(member).ok_or(AppError::Internal));
            let ids: Vec<_> = ids.collect::<Result<_, _>>()?;
            let mut found = self.records_of(ids.iter()).await?;
            found.retain(|_, user| words.are_in(&searched(user)));
            let known: Vec<_> = ids.iter().filter(|id| found.contains_key(id)).collect();
            let seen = self.sees_users(caller, &known).await?;
            let seen = known.into_iter().zip(seen).filter_map(|(id, is_seen)| is_seen.then_some(id));
            listed.extend(seen.filter_map(|id| found.get(id)).map(|user| PersonDocument::of(user)));
        }
        Ok(listed.page())
    }

    /// By id, or else by the name to log in by.
    pub(in crate::app) async fn user_called(&self, text: &str) -> Result<Option<UserId>, AppError> {
        if let Some(id) = UserId::parse(text)
            && self.users.read(&aggregate(&id)).await?.is_some()
        {
            return Ok(Some(id));
        }
        self.user_named(text).await
    }

    /// The name that a user goes by.
    pub(in crate::app) async fn name_of(&self, user: &UserId) -> Result<String, AppError> {
        Ok(self.names_of([user]).await?.remove(user).unwrap_or_default())
    }

    /// The names that users go by. Who is not there has none.
    pub(in crate::app) async fn names_of(
        &self,
        users: impl IntoIterator<Item = &UserId>,
    ) -> Result<HashMap<UserId, String>, AppError> {
        let records = self.records_of(users).await?;
        Ok(records.into_iter().map(|(id, user)| (id, user.shown_name().to_owned())).collect())
    }

    async fn records_of(
        &self,
        users: impl IntoIterator<Item = &UserId>,
    ) -> Result<HashMap<UserId, Arc<UserRecord>>, AppError> {
        let users: BTreeSet<&UserId> = users.into_iter().collect();
        let aggregates: Vec<_> = users.iter().map(|user| aggregate(user)).collect();
        let records = self.users.read_all(&aggregates).await?;
        Ok(users.into_iter().zip(records).filter_map(|(user, record)| Some((user.clone(), record?))).collect())
    }
}

/// Lets a user be found by the names that they have `now`, instead of those before. `None`: there was, or is, no such user.
pub fn placed(draft: &mut Draft<UserRecord>, before: Option<&UserRecord>, now: Option<&UserRecord>) {
    let Some(id) = now.or(before).map(|user| user.id.clone()) else { return };
    let names = |user: Option<&UserRecord>| user.map(|user| (searched(user), words::alphabetical(user.shown_name())));
    let (before, now) = (names(before), names(now));
    words::place(draft, Space::Users, &id, named(&before), named(&now));
}

fn named(names: &Option<(String, i64)>) -> Option<Named<'_>> {
    names.as_ref().map(|(name, score)| Named { name, score: *score })
}

/// The names that a user is found by.
fn searched(user: &UserRecord) -> String {
    match &user.profile.display_name {
        Some(name) => format!("{name} {}", user.name),
        None => user.name.clone(),
    }
}

impl PersonDocument {
    fn of(user: &UserRecord) -> Self {
        Self {
            id: user.id.clone(),
            name: user.name.clone(),
            display_name: user.shown_name().to_owned(),
            level: level_name(user.level()),
            country: user.profile.country.clone(),
            city: user.profile.city.clone(),
            version: user.profile_version(),
        }
    }
}
