//! How far users have come, as those see it who may.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::app::achievements::record::{self, ProgressRecord};
use crate::app::achievements::rules_kept::Catalogue;
use crate::app::achievements::telling::view_name;
use crate::app::achievements::who::Account;
use crate::app::documents::{
    AchievedDocument, GainedProperty, GainsDocument, GoalProgressDocument, LevelDocument, LevelGoalDocument,
    OperatorName, ProgressDocument,
};
use crate::app::transact::{Record, decode};
use crate::app::users::{Caller, Identity, aggregate};
use crate::app::{App, AppError};
use crate::backend::Key;
use crate::domain::achievement::{
    self as domain, Achievement, AchievementId, Book, Goal, GoalProgress, Operator, Progress, Rules, Unable, View, Who,
    gains, progress_of_all, start_of,
};
use crate::domain::ids::UserId;
use crate::domain::user::{Level, Visibility};
use crate::limits;

/// Which achievements, and how many periods of those that recur.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgressFilter {
    pub achievement: Option<AchievementId>,
    /// At least 1: the newest period.
    pub history: usize,
    /// Whether it is told what each level asks for and gives.
    pub with_levels: bool,
}

impl App {
    /// How far a user has come, achievement by achievement in the order of their ids, the newest period first. Hidden ones are
    /// among them when a level is reached, and for admins.
    ///
    /// # Errors
    /// [`AppError::NotFound`] `"user"`: there is none that the caller may know of; `"achievement"`: likewise.
    /// [`AppError::Forbidden`]: what this user does is not for the caller to see.
    pub async fn progress(
        &self,
        caller: &Caller,
        user: &UserId,
        filter: ProgressFilter,
    ) -> Result<Vec<ProgressDocument>, AppError> {
        let identity = caller.identity()?;
        let account = self.account_now(user).await?.ok_or(AppError::NotFound("user"))?;
        let sees_all = self.may_see_progress(identity, user, account.visibility).await?;
        let catalogue = self.catalogue().await?;
        let rules = catalogue.rules.clone();
        let is_seen = |it: &&Achievement| sees_all || it.view == View::Everyone;
        let mut asked: Vec<AchievementId> = match filter.achievement {
            Some(id) => rules.achievement(id).filter(is_seen).map(|it| it.id).into_iter().collect(),
            None => rules.all().filter(is_seen).map(|it| it.id).collect(),
        };
        asked.sort_unstable();
        let history = filter.history.clamp(1, limits::PROGRESS_HISTORY_LEN_MAX);
        let (now, nowhere) = (self.clock.now(), BTreeSet::new());
        let who = Who { zone: account.zone, place: account.place, visited: &nowhere, created: account.created };
        let found = self
            .look_into_book(user, &catalogue, |book| progress_of_all(book, &rules, &who, &asked, history, now))
            .await?;
        let is_admin = identity.level == Level::Admin;
        let mut documents = Vec::new();
        for progress in found {
            let achievement = rules.achievement(progress.achievement).ok_or(AppError::Internal)?;
            if progress.level > 0 || !achievement.hidden || is_admin {
                documents.push(document(&rules, achievement, &account, progress, filter.with_levels));
            }
        }
        match filter.achievement {
            Some(_) if documents.is_empty() => Err(AppError::NotFound("achievement")),
            _ => Ok(documents),
        }
    }

    /// What a level gives; nothing above the highest one. Of a hidden achievement only those know who have reached it, and admins.
    ///
    /// # Errors
    /// [`AppError::NotFound`] `"achievement"`: there is none that the caller may know of; [`AppError::Invalid`]: level 0, or one that cannot be worked out.
    pub async fn level_of(&self, caller: &Caller, id: AchievementId, level: u32) -> Result<GainsDocument, AppError> {
        if level == 0 {
            return Err(AppError::invalid("level", "must be at least 1"));
        }
        let rules = self.catalogue().await?.rules.clone();
        let achievement = rules.achievement(id).ok_or(AppError::NotFound("achievement"))?;
        if achievement.hidden && !self.has_reached(caller, id).await? {
            return Err(AppError::NotFound("achievement"));
        }
        if level > achievement.maxlevel {
            return Ok(GainsDocument::default());
        }
        let gains = gains(&rules, achievement, level);
        gains.map(GainsDocument::of).map_err(|error| AppError::invalid("level", error.to_string()))
    }

    /// Whether the caller has reached a level of it, or may see all that there is.
    async fn has_reached(&self, caller: &Caller, id: AchievementId) -> Result<bool, AppError> {
        let Caller::User(identity) = caller else { return Ok(false) };
        if identity.level == Level::Admin {
            return Ok(true);
        }
        let Some(progress) = self.progress.read(&aggregate(&identity.user)).await? else { return Ok(false) };
        Ok(progress.book()?.levels.contains_key(&id))
    }

    /// Whether the caller sees all of it, and not only what everyone may see who may see this user's runs.
    async fn may_see_progress(
        &self,
        identity: &Identity,
        user: &UserId,
        visibility: Visibility,
    ) -> Result<bool, AppError> {
        if identity.user == *user || identity.level == Level::Admin {
            return Ok(true);
        }
        let tie = self.friendships(&identity.user, &[user]).await?.pop().unwrap_or_default();
        if tie.others.blocks.is_some() {
            return Err(AppError::NotFound("user"));
        }
        match visibility {
            Visibility::Public => Ok(false),
            Visibility::Friends if tie.others.lists.is_some() => Ok(false),
            Visibility::Friends | Visibility::Private => Err(AppError::Forbidden),
        }
    }

    /// Looks into a user's progress as it is stored: what is asked of it says which documents it needs.
    pub(super) async fn look_into_book<T>(
        &self,
        user: &UserId,
        catalogue: &Catalogue,
        look: impl Fn(&Book) -> Result<T, Unable>,
    ) -> Result<T, AppError> {
        self.look_into_progress(user, catalogue, |_, book| look(book)).await
    }

    /// As [`App::look_into_book`], at the head too; `None`: there is no progress yet.
    pub(super) async fn look_into_progress<T>(
        &self,
        user: &UserId,
        catalogue: &Catalogue,
        look: impl Fn(Option<&ProgressRecord>, &Book) -> Result<T, Unable>,
    ) -> Result<T, AppError> {
        let aggregate = aggregate(user);
        let mut names = BTreeSet::<Arc<str>>::from([ProgressRecord::NAME.into()]);
        for _ in 0..limits::LACKS_MAX {
            let keys: Vec<Key> = names.iter().map(|name| aggregate.key(name)).collect();
            let values = self.backend.read(&keys).await?;
            let (mut head, mut documents) = (None, Vec::new());
            for (name, value) in names.iter().zip(&values) {
                match value.value.as_deref() {
                    Some(stored) if **name == *ProgressRecord::NAME => head = Some(decode::<ProgressRecord>(stored)?),
                    None if **name == *ProgressRecord::NAME => {}
                    value => documents.push((name, value)),
                }
            }
            let mut book = head.as_ref().map(ProgressRecord::book).transpose()?.unwrap_or_default();
            for (name, value) in documents {
                // What newer rules have counted is for others to show.
                let _newest = record::load(&mut book, name, value)?.min(catalogue.head.last_measure);
            }
            match look(head.as_ref(), &book) {
                Ok(found) => return Ok(found),
                Err(Unable::Lacks(lacks)) => names.extend(record::lacking(&lacks)),
                Err(Unable::Beyond(_)) => return Err(AppError::Internal),
            }
        }
        Err(AppError::Busy)
    }
}

fn document(
    rules: &Rules,
    achievement: &Achievement,
    account: &Account,
    progress: Progress,
    with_levels: bool,
) -> ProgressDocument {
    let zone = achievement.zone.unwrap_or(account.zone);
    let period = start_of(progress.period, zone).map(|at| at.to_string());
    let levels = (1..=achievement.maxlevel).filter(|_| with_levels);
    ProgressDocument {
        achievement: AchievedDocument::of(achievement, progress.level, period),
        description: achievement.description.clone(),
        priority: achievement.priority,
        view: view_name(achievement.view),
        levels_achieved: progress.levels_reached.iter().map(|(level, at)| (*level, at.to_string())).collect(),
        goals: goal_documents(achievement, progress.goals),
        levels: levels.map(|level| (level, level_document(rules, achievement, level))).collect(),
        error: progress.error,
    }
}

pub fn goal_documents(achievement: &Achievement, goals: Vec<GoalProgress>) -> Vec<GoalProgressDocument> {
    let document = |it: GoalProgress| {
        let goal = achievement.goals.iter().find(|goal| goal.id == it.goal)?;
        Some(GoalProgressDocument {
            id: goal.id.number(),
            name: goal.name.clone(),
            goal: it.target,
            operator: operator_name(goal.operator),
            value: it.value,
            achieved: it.reached,
            priority: goal.priority,
            properties: properties(it.properties),
        })
    };
    goals.into_iter().filter_map(document).collect()
}

/// What cannot be worked out is left out.
fn level_document(rules: &Rules, achievement: &Achievement, level: u32) -> LevelDocument {
    let gains = GainsDocument::of(gains(rules, achievement, level).unwrap_or_default());
    let goal = |goal: &Goal| LevelGoalDocument {
        id: goal.id.number(),
        name: goal.name.clone(),
        goal: rules.target(goal, level).ok().flatten(),
        priority: goal.priority,
        properties: BTreeMap::new(),
    };
    let goals = achievement.goals.iter().map(goal).collect();
    LevelDocument { level, goals, rewards: gains.rewards, properties: gains.properties }
}

fn properties(gained: Vec<domain::GainedProperty>) -> BTreeMap<u64, GainedProperty> {
    gained.into_iter().map(|it| (it.property.number(), GainedProperty::of(it))).collect()
}

fn operator_name(operator: Operator) -> OperatorName {
    match operator {
        Operator::Geq => OperatorName::Geq,
        Operator::Leq => OperatorName::Leq,
    }
}
