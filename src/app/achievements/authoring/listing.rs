//! Who may read what of the catalogue: admins all of it, others what is not hidden, without what is said on the way to a goal.

use std::collections::BTreeSet;

use super::{Shown, is_built_in};
use crate::app::achievements::definitions::{achievements_of, rewards_of, variables_of};
use crate::app::documents::{
    AchievementDocument, IncreasePermission, KeptDocument, Reference, RewardDocument, VariableDocument, VariableGroup,
};
use crate::app::listing::Page;
use crate::app::users::{Caller, Identity};
use crate::app::{App, AppError};
use crate::backend::Version;
use crate::domain::achievement::{Grouping, Permission, Variable, built_in};
use crate::domain::user::Level;

/// Which achievements.
#[derive(Clone, Debug, Default)]
pub struct AchievementFilter {
    pub category: Option<String>,
}

impl App {
    /// By name, those that are built in among them.
    pub async fn variables(&self, _: &Identity, page: Page) -> Result<Vec<VariableDocument>, AppError> {
        let catalogue = self.catalogue().await?;
        let mut all: Vec<VariableDocument> = built_in::variables().iter().map(built_in_document).collect();
        all.extend(variables_of(&catalogue).cloned());
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(on_page(all, page))
    }

    pub async fn variable(&self, _: &Identity, name: &str) -> Result<Shown<VariableDocument>, AppError> {
        if is_built_in(name) {
            let found = built_in::variables().iter().find(|it| it.name.as_str() == name).map(built_in_document);
            let document = found.ok_or(AppError::NotFound("variable"))?;
            return Ok(Shown { document, version: None });
        }
        shown(self.catalogue().await?.variables.get(name), "variable")
    }

    /// By number.
    pub async fn rewards(&self, _: &Identity, page: Page) -> Result<Vec<RewardDocument>, AppError> {
        let catalogue = self.catalogue().await?;
        Ok(on_page(rewards_of(&catalogue).map(|(_, reward)| reward.clone()).collect(), page))
    }

    pub async fn reward(&self, _: &Identity, id: u64) -> Result<Shown<RewardDocument>, AppError> {
        shown(self.catalogue().await?.rewards.get(&id), "reward")
    }

    /// The highest priority first, then by number.
    pub async fn achievements(
        &self,
        caller: &Caller,
        filter: &AchievementFilter,
        page: Page,
    ) -> Result<Vec<AchievementDocument>, AppError> {
        let catalogue = self.catalogue().await?;
        let is_admin = caller.identity().is_ok_and(is_admin);
        let hidden = hidden(&catalogue, is_admin);
        let is_meant = |it: &&AchievementDocument| filter.category.as_ref().is_none_or(|wanted| *wanted == it.category);
        let seen = achievements_of(&catalogue).filter(|(id, _)| !hidden.contains(id)).map(|(_, it)| it);
        let mut seen: Vec<&AchievementDocument> = seen.filter(is_meant).collect();
        seen.sort_by_key(|it| (std::cmp::Reverse(it.priority), it.id));
        let page = on_page(seen, page).into_iter().cloned();
        Ok(page.map(|it| as_seen(it, is_admin, &hidden)).collect())
    }

    pub async fn achievement(&self, identity: &Identity, id: u64) -> Result<Shown<AchievementDocument>, AppError> {
        let catalogue = self.catalogue().await?;
        let hidden = hidden(&catalogue, is_admin(identity));
        if hidden.contains(&id) {
            return Err(AppError::NotFound("achievement"));
        }
        let Shown { document, version } = shown(catalogue.achievements.get(&id), "achievement")?;
        Ok(Shown { document: as_seen(document, is_admin(identity), &hidden), version })
    }
}

fn on_page<T>(all: Vec<T>, page: Page) -> Vec<T> {
    all.into_iter().skip(page.skipped()).take(page.size).collect()
}

fn shown<T: Clone>(kept: Option<&KeptDocument<T>>, what: &'static str) -> Result<Shown<T>, AppError> {
    let found = kept.and_then(|kept| Some((kept.document.clone()?, kept.revision)));
    let (document, revision) = found.ok_or(AppError::NotFound(what))?;
    Ok(Shown { document, version: Some(Version(revision)) })
}

/// Those of which the caller is not to know.
fn is_admin(identity: &Identity) -> bool {
    identity.level == Level::Admin
}

fn hidden(catalogue: &crate::app::achievements::rules_kept::Catalogue, is_admin: bool) -> BTreeSet<u64> {
    achievements_of(catalogue).filter(|(_, it)| it.hidden && !is_admin).map(|(id, _)| id).collect()
}

fn as_seen(mut document: AchievementDocument, is_admin: bool, hidden: &BTreeSet<u64>) -> AchievementDocument {
    if !is_admin {
        document.goals.iter_mut().for_each(|goal| goal.triggers.clear());
        let is_seen = |other: &Reference| !matches!(other, Reference::Id(id) if hidden.contains(id));
        document.requires.retain(is_seen);
        document.denies.retain(is_seen);
    }
    document
}

fn built_in_document(variable: &Variable) -> VariableDocument {
    let name = variable.name.to_string();
    VariableDocument {
        description: meaning(&name).to_owned(),
        name,
        group: match variable.group {
            Grouping::None => VariableGroup::None,
            Grouping::Timeslot => VariableGroup::Timeslot,
            Grouping::Day => VariableGroup::Day,
            Grouping::Week => VariableGroup::Week,
            Grouping::Month => VariableGroup::Month,
            Grouping::Year => VariableGroup::Year,
        },
        increase_permission: match variable.increase {
            Permission::Own => IncreasePermission::Own,
            Permission::Admin => IncreasePermission::Admin,
        },
        leaderboard: variable.leaderboard,
        built_in: true,
    }
}

/// What each of them counts, for whoever writes a goal.
fn meaning(name: &str) -> &'static str {
    match name {
        "runs" => "Finished runs",
        "distance_m" => "Metres; during a run, whole kilometres",
        "moving_s" => "Seconds in motion",
        "climb_m" => "Metres upwards",
        "longest_run_m" => "Metres of each run, by its id",
        "best_1km_s" => "The fastest kilometre of each run in seconds, by its id",
        "best_5km_s" => "The fastest five kilometres of each run in seconds, by its id",
        "best_10km_s" => "The fastest ten kilometres of each run in seconds, by its id",
        "streak_days" => "Days in a row with a run, by the first of them",
        "early_runs" => "Runs that began early in the morning",
        "late_runs" => "Runs that began late in the evening",
        "weekend_runs" => "Runs on Saturdays and Sundays",
        "events_joined" => "Events that were joined",
        "events_finished" => "Events that were run to their end",
        "invite_users" => "Friends who were invited",
        "places_visited" => "Places that a run came by, by the name of the achievement whose place it is",
        "habits_scored" => "Clicks on habits, up or down",
        "dailies_done" => "Dailies that were done",
        "todos_done" => "To-dos that were done",
        "habit_level" => "The level that habits have led to, by day",
        "habit_streak" => "Of all dailies the most days in a row so far, by day",
        "group_runs" => "Runs together with a group, by its id",
        _ => "",
    }
}
