//! What admins write: variables, rewards and achievements, one by one or as a whole catalogue.
//!
//! All of it is checked as a whole before anything is kept, and kept only if the catalogue is still the one that it was checked
//! with: two admins at once cannot close a circle between them.

mod change;
mod edit;
mod listing;

use std::sync::Arc;

use super::definitions::achievements_of;
use super::rules_kept::{aggregate, changed};
use super::walking;
use crate::app::documents::{AchievementDocument, KeptDocument, Reference, RewardDocument, VariableDocument};
use crate::app::sight::rights_changed;
use crate::app::transact::encode;
use crate::app::users::Identity;
use crate::app::{App, AppError};
use crate::backend::{Keep, Version};
use crate::domain::achievement::Rules;
use crate::domain::user::Level;
use crate::limits;

pub use change::Change;
pub(super) use edit::{Edit, Name, is_built_in};
use edit::{Written, users_of_variable};
pub use listing::AchievementFilter;

/// A document as it is kept, with the version that `If-Match` names. What is built in has none.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown<T> {
    pub document: T,
    pub version: Option<Version>,
}

impl App {
    /// A variable that there was none of; for admins, as all that changes the catalogue.
    pub async fn new_variable(
        &self,
        identity: &Identity,
        document: VariableDocument,
    ) -> Result<Shown<VariableDocument>, AppError> {
        let name = document.name.clone();
        self.author(identity, |edit| {
            if is_built_in(&name) || edit.next.variables.contains_key(&name) {
                return Err(AppError::conflict("there is a variable of this name"));
            }
            edit.variable("", document.clone());
            Ok(())
        })
        .await?;
        self.variable(identity, &name).await
    }

    /// Another definition of a variable that is there. Its name stays.
    pub async fn change_variable(
        &self,
        identity: &Identity,
        name: &str,
        change: Change<VariableDocument>,
        if_version: Option<Version>,
    ) -> Result<Shown<VariableDocument>, AppError> {
        self.author(identity, |edit| {
            let document =
                change.of(&kept(edit.next.variables.get(name), if_version, "variable", is_built_in(name))?)?;
            if document.name != name {
                edit.fault("name", "must be that of the path: what has values keeps its name");
            }
            edit.variable("", document);
            Ok(())
        })
        .await?;
        self.variable(identity, name).await
    }

    /// # Errors
    /// [`AppError::Conflict`]: achievements count it, or move it.
    pub async fn delete_variable(
        &self,
        identity: &Identity,
        name: &str,
        if_version: Option<Version>,
    ) -> Result<(), AppError> {
        self.author(identity, |edit| {
            kept(edit.next.variables.get(name), if_version, "variable", is_built_in(name))?;
            unused("it is used by", &users_of_variable(&edit.next, name))?;
            edit.remove(Name::Variable(name.to_owned()));
            Ok(())
        })
        .await
    }

    pub async fn new_reward(
        &self,
        identity: &Identity,
        document: RewardDocument,
    ) -> Result<Shown<RewardDocument>, AppError> {
        let id = self.author(identity, |edit| Ok(edit.reward("", None, document.clone()))).await?;
        self.reward(identity, id).await
    }

    pub async fn change_reward(
        &self,
        identity: &Identity,
        id: u64,
        change: Change<RewardDocument>,
        if_version: Option<Version>,
    ) -> Result<Shown<RewardDocument>, AppError> {
        self.author(identity, |edit| {
            let document = change.of(&kept(edit.next.rewards.get(&id), if_version, "reward", false)?)?;
            Ok(edit.reward("", Some(id), document))
        })
        .await?;
        self.reward(identity, id).await
    }

    /// # Errors
    /// [`AppError::Conflict`]: achievements give it.
    pub async fn delete_reward(
        &self,
        identity: &Identity,
        id: u64,
        if_version: Option<Version>,
    ) -> Result<(), AppError> {
        self.author(identity, |edit| {
            kept(edit.next.rewards.get(&id), if_version, "reward", false)?;
            let gives = |it: &AchievementDocument| it.rewards.iter().any(|given| given.reward == Reference::Id(id));
            unused("it is given by", &named(edit, gives))?;
            edit.remove(Name::Reward(id));
            Ok(())
        })
        .await
    }

    pub async fn new_achievement(
        &self,
        identity: &Identity,
        document: AchievementDocument,
    ) -> Result<Shown<AchievementDocument>, AppError> {
        let ids =
            self.author(identity, |edit| Ok(edit.achievements(vec![(String::new(), None, document.clone())]))).await?;
        self.achievement(identity, ids.first().copied().ok_or(AppError::Internal)?).await
    }

    pub async fn change_achievement(
        &self,
        identity: &Identity,
        id: u64,
        change: Change<AchievementDocument>,
        if_version: Option<Version>,
    ) -> Result<Shown<AchievementDocument>, AppError> {
        self.author(identity, |edit| {
            let document = change.of(&kept(edit.next.achievements.get(&id), if_version, "achievement", false)?)?;
            Ok(edit.achievements(vec![(String::new(), Some(id), document)]))
        })
        .await?;
        self.achievement(identity, id).await
    }

    /// Levels that were reached stay with those who have reached them, and are not listed any more.
    ///
    /// # Errors
    /// [`AppError::Conflict`]: others require it, or are denied by it.
    pub async fn delete_achievement(
        &self,
        identity: &Identity,
        id: u64,
        if_version: Option<Version>,
    ) -> Result<(), AppError> {
        self.author(identity, |edit| {
            kept(edit.next.achievements.get(&id), if_version, "achievement", false)?;
            let itself = Some(id);
            let refers = |it: &AchievementDocument| {
                it.id != itself && it.requires.iter().chain(&it.denies).any(|other| *other == Reference::Id(id))
            };
            unused("it is referred to by", &named(edit, refers))?;
            edit.remove(Name::Achievement(id));
            Ok(())
        })
        .await
    }

    /// Lets an edit take effect: it is made on the catalogue as it is, checked, and committed if nobody was quicker; else again.
    /// When it is answered, this instance goes by it.
    pub(super) async fn author<T>(
        &self,
        identity: &Identity,
        change: impl FnMut(&mut Edit) -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        must_be_admin(identity)?;
        self.author_unasked(change).await
    }

    /// As [`App::author`], by the operator's will.
    pub(super) async fn author_unasked<T>(
        &self,
        mut change: impl FnMut(&mut Edit) -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        for _ in 0..limits::AUTHORING_ATTEMPTS_MAX {
            let seen = self.look_at_catalogue().await?;
            let mut edit = Edit::on(&seen);
            let answer = change(&mut edit)?;
            let Some(written) = edit.finish()? else { return Ok(answer) };
            match self.write_catalogue(written, seen.rules.clone()).await {
                Err(AppError::Stale) => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    self.look_at_catalogue().await?;
                    return Ok(answer);
                }
            }
        }
        Err(AppError::Busy)
    }

    /// [`AppError::Stale`]: it is another catalogue by now.
    async fn write_catalogue(&self, written: Written, before: Arc<Rules>) -> Result<(), AppError> {
        let written = Arc::new(written);
        let revision = i64::try_from(written.head.revision).map_err(|_| AppError::Internal)?;
        let now = self.clock.now();
        self.catalogues
            .transact(aggregate(), None, move |draft| {
                if draft.record().map_or(0, |head| head.revision) != written.seen_revision {
                    return Err(AppError::Stale);
                }
                draft.put(written.head.clone());
                for (name, value) in &written.puts {
                    draft.put_beside(name, value.clone());
                    draft.place(changed(), name.as_str(), Some(revision));
                }
                walking::cause(draft, &before, &written.rules, now);
                // Who watches a board may have none to watch any more.
                rights_changed(draft);
                let told = serde_json::json!({"revision": revision});
                draft.append("", Keep::Latest, encode(&told)?);
                Ok(())
            })
            .await
    }
}

pub(super) fn must_be_admin(identity: &Identity) -> Result<(), AppError> {
    if identity.level == Level::Admin { Ok(()) } else { Err(AppError::Forbidden) }
}

/// The document, if it is there, is not built in, and is what the caller has seen.
fn kept<T: Clone>(
    kept: Option<&KeptDocument<T>>,
    if_version: Option<Version>,
    what: &'static str,
    is_built_in: bool,
) -> Result<T, AppError> {
    if is_built_in {
        return Err(AppError::conflict("it is built in, and stays as it is"));
    }
    let found = kept.and_then(|kept| Some((kept.document.clone()?, kept.revision)));
    let (document, revision) = found.ok_or(AppError::NotFound(what))?;
    if if_version.is_some_and(|seen| seen != Version(revision)) { Err(AppError::Stale) } else { Ok(document) }
}

fn named(edit: &Edit, is_meant: impl Fn(&AchievementDocument) -> bool) -> Vec<String> {
    achievements_of(&edit.next).filter(|(_, it)| is_meant(it)).map(|(_, it)| it.name.clone()).collect()
}

/// Names as many as one can read.
fn unused(because: &str, names: &[String]) -> Result<(), AppError> {
    const NAMED: usize = 10;
    if names.is_empty() {
        return Ok(());
    }
    let told: Vec<_> = names.iter().take(NAMED).map(String::as_str).collect();
    let more = if names.len() > NAMED { format!(" and {} more", names.len() - NAMED) } else { String::new() };
    Err(AppError::conflict(format!("{because} {}{more}", told.join(", "))))
}
