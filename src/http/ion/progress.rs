//! How far a user has come, and what a level of an achievement gives.

use std::collections::BTreeMap;

use serde::Serialize;
use warp::reply::Response;

use super::Ask;
use super::answers::{self, Error, Form, ListError};
use super::parameters::{self, Parameters};
use crate::app::AppError;
use crate::app::achievements::{AchievementFault, ProgressFilter};
use crate::app::documents::{
    GainedProperty, GainedReward, GainsDocument, GoalProgressDocument, LevelDocument, LevelGoalDocument,
    ProgressDocument, Translations, ViewName,
};
use crate::app::users::Caller;
use crate::domain::achievement::AchievementId;
use crate::domain::ids::UserId;
use crate::http::caller::Intent;
use crate::limits;

/// Periods of a recurring achievement that are shown when nothing is said, as with gengine.
const HISTORY: u64 = 2;

#[derive(Serialize)]
#[serde(untagged)]
enum Progress {
    Maps { achievements: BTreeMap<u64, Entry>, achievement_errors: BTreeMap<u64, String> },
    Lists { achievements: Vec<Entry>, achievement_errors: Vec<ListError> },
}

#[derive(Serialize)]
struct Entry {
    id: u64,
    view_permission: ViewName,
    internal_name: String,
    maxlevel: u32,
    priority: i32,
    hidden: bool,
    achievementcategory: String,
    levels: BTreeMap<u32, Level>,
    level: u32,
    levels_achieved: BTreeMap<u32, String>,
    goals: BTreeMap<u64, Goal>,
    achievement_date: Option<String>,
}

/// What a level asks for and gives.
#[derive(Serialize)]
struct Level {
    level: u32,
    goals: BTreeMap<u64, LevelGoal>,
    rewards: BTreeMap<u64, GainedReward>,
    properties: BTreeMap<u64, GainedProperty>,
}

#[derive(Serialize)]
struct LevelGoal {
    goal_id: u64,
    goal_name: Translations,
    goal_goal: Option<f64>,
    priority: i32,
    properties: BTreeMap<u64, GainedProperty>,
}

/// How far a goal of the next level is.
#[derive(Serialize)]
struct Goal {
    #[serde(flatten)]
    goal: LevelGoal,
    achieved: bool,
    value: f64,
}

/// `GET /progress/:user[?achievement_id=&achievement_history=2]`.
pub async fn show(ask: &Ask<'_>, user: &str) -> Result<Response, Error> {
    let identity = ask.identity(Intent::Read).await?;
    let user = UserId::parse(user).ok_or_else(|| Error::bad("illegal_user_id", "no valid user_id given"))?;
    let form = parameters::form(ask.request)?;
    let given = Parameters::of_query(ask.request);
    // Of what is no number gengine makes nothing, and shows all.
    let achievement = AchievementId::new(given.number("achievement_id", 0));
    let history = usize::try_from(given.number("achievement_history", HISTORY)).unwrap_or(usize::MAX);
    let history = history.clamp(1, limits::PROGRESS_HISTORY_LEN_MAX);
    let filter = ProgressFilter { achievement, history, with_levels: true };
    let progress = ask.app.progress(&Caller::User(identity), &user, filter).await?;
    Ok(answers::ok(&Progress::of(progress, form)))
}

/// `GET /achievement/:achievement/level/:level`. Above the highest level there is nothing. Nobody need say who they are; hidden
/// achievements are known to those alone who have reached them.
pub async fn level(ask: &Ask<'_>, achievement: &str, level: &str) -> Result<Response, Error> {
    let invalid = || Error::bad("invalid_input", "invalid input");
    let achievement: u64 = achievement.parse().map_err(|_| invalid())?;
    let achievement = AchievementId::new(achievement).ok_or(AppError::NotFound("achievement"))?;
    // A level that no number of ours can say is above the highest one.
    let is_number = !level.is_empty() && level.bytes().all(|byte| byte.is_ascii_digit());
    let level = if is_number { level.parse().unwrap_or(u32::MAX) } else { 0 };
    if level == 0 {
        return Err(invalid());
    }
    let gains = match ask.app.level_of(&ask.anybody().await, achievement, level).await {
        // Of what is wrong with an achievement only its maker is told.
        Err(AppError::Invalid { .. }) => GainsDocument::default(),
        gains => gains?,
    };
    Ok(answers::ok(&GainsDocument { level: None, ..gains }))
}

impl Progress {
    /// What cannot be evaluated is told once, however many periods it has; of it only what was reached before is shown.
    fn of(mut progress: Vec<ProgressDocument>, form: Form) -> Self {
        let broken = |it: &ProgressDocument| Some((it.achievement.id, it.error.clone()?));
        let errors: BTreeMap<u64, String> = progress.iter().filter_map(broken).collect();
        progress.retain(|it| it.error.is_none() || it.achievement.level > 0);
        match form {
            Form::Lists => {
                let faults = errors.into_iter().map(|(id, error)| AchievementFault { id, error }).collect();
                let achievements = progress.into_iter().map(Entry::of).collect();
                Self::Lists { achievements, achievement_errors: answers::listed(faults) }
            }
            Form::Maps => {
                progress.sort_by(|one, other| one.achievement.period.cmp(&other.achievement.period));
                let achievements = progress.into_iter().map(|it| (it.achievement.id, Entry::of(it))).collect();
                Self::Maps { achievements, achievement_errors: errors }
            }
        }
    }
}

impl Entry {
    fn of(progress: ProgressDocument) -> Self {
        let ProgressDocument { achievement, priority, view, levels_achieved, goals, levels, .. } = progress;
        Self {
            id: achievement.id,
            view_permission: view,
            internal_name: achievement.name,
            maxlevel: achievement.maxlevel,
            priority,
            hidden: achievement.hidden,
            achievementcategory: achievement.category,
            levels: levels.into_iter().map(|(number, level)| (number, Level::of(level))).collect(),
            level: achievement.level,
            levels_achieved: answers::moments(levels_achieved),
            goals: goals.into_iter().map(|goal| (goal.id, Goal::of(goal))).collect(),
            achievement_date: achievement.period.as_deref().map(answers::period),
        }
    }
}

impl Level {
    fn of(level: LevelDocument) -> Self {
        let LevelDocument { level, goals, rewards, properties } = level;
        Self {
            level,
            goals: goals.into_iter().map(|goal| (goal.id, LevelGoal::of(goal))).collect(),
            rewards,
            properties,
        }
    }
}

impl LevelGoal {
    fn of(goal: LevelGoalDocument) -> Self {
        let LevelGoalDocument { id, name, goal, priority, properties } = goal;
        Self { goal_id: id, goal_name: name, goal_goal: goal, priority, properties }
    }
}

impl Goal {
    /// What has not counted yet is 0 with gengine.
    fn of(goal: GoalProgressDocument) -> Self {
        let GoalProgressDocument { id, name, goal, value, achieved, priority, properties, .. } = goal;
        let goal = LevelGoal { goal_id: id, goal_name: name, goal_goal: goal, priority, properties };
        Self { goal, achieved, value: value.unwrap_or_default() }
    }
}
