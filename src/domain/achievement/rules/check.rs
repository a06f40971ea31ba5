//! What is wrong with definitions, and where. Each achievement is judged by itself, so that one that is wrong spoils no other.

mod condition;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use super::Fault;
use crate::domain::achievement::bounds::{
    ACHIEVEMENTS_LEN_MAX, DATE_FORMAT_BYTES_MAX, GAINS_LEN_MAX, GOALS_LEN_MAX, LEVELS_MAX, REQUIRES_LEN_MAX,
    STEPS_LEN_MAX, TIMESPAN_DAYS_MAX, VARIABLES_LEN_MAX,
};
use crate::domain::achievement::built_in;
use crate::domain::achievement::definitions::{
    Achievement, Assignment, Definitions, Goal, Property, Translated, Trigger,
};
use crate::domain::achievement::formula::{Formula, FormulaError};
use crate::domain::achievement::gains::worth;
use crate::domain::achievement::ids::{AchievementId, RewardId};
use crate::domain::achievement::measure::Group;
use crate::domain::achievement::period::{Evaluation, format_is_known};
use crate::domain::achievement::template::Template;

pub struct Faults {
    pub general: Vec<Fault>,
    /// Those of each achievement, in the order of the definitions.
    pub achievements: Vec<Vec<Fault>>,
}

/// What an achievement may refer to.
struct Known<'a> {
    /// By name, whether it is moved by the product alone.
    variables: BTreeMap<&'a str, bool>,
    rewards: BTreeSet<RewardId>,
    achievements: BTreeSet<AchievementId>,
}

/// The faults of one achievement, in one place of it after the other.
struct Sheet {
    root: String,
    faults: Vec<Fault>,
}

impl Sheet {
    fn wrong(&mut self, at: impl Display, problem: impl Into<String>) {
        self.faults.push(Fault { at: format!("{}{at}", self.root), problem: problem.into() });
    }

    fn must(&mut self, holds: bool, at: impl Display, problem: impl Into<String>) {
        if !holds {
            self.wrong(at, problem);
        }
    }

    fn at_most(&mut self, len: usize, max: usize, at: impl Display) {
        self.must(len <= max, at, format!("there may be at most {max}"));
    }
}

pub fn faults(definitions: &Definitions) -> Faults {
    let built_in = built_in::variables();
    let own = definitions.variables.iter().map(|variable| (variable.name.as_str(), false));
    let known = Known {
        variables: own.chain(built_in.iter().map(|variable| (variable.name.as_str(), true))).collect(),
        rewards: definitions.rewards.iter().map(|reward| reward.id).collect(),
        achievements: definitions.achievements.iter().map(|achievement| achievement.id).collect(),
    };
    let mut names = BTreeSet::new();
    let achievements = definitions.achievements.iter().enumerate().map(|(index, achievement)| {
        let mut sheet = Sheet { root: format!("achievements[{index}]."), faults: Vec::new() };
        sheet.must(names.insert(achievement.name.as_str()), "name", "another achievement has this name");
        of_achievement(&mut sheet, achievement, &known);
        sheet.faults
    });
    let achievements = achievements.collect();
    Faults { general: general(definitions), achievements }
}

fn general(definitions: &Definitions) -> Vec<Fault> {
    let mut sheet = Sheet { root: String::new(), faults: Vec::new() };
    sheet.at_most(definitions.achievements.len(), ACHIEVEMENTS_LEN_MAX, "achievements");
    sheet.at_most(definitions.variables.len(), VARIABLES_LEN_MAX, "variables");
    let mut names = BTreeSet::new();
    for (index, variable) in definitions.variables.iter().enumerate() {
        let at = format!("variables[{index}].name");
        sheet.must(!built_in::is_built_in(variable.name.as_str()), &at, "is the name of a built-in variable");
        sheet.must(names.insert(variable.name.as_str()), &at, "another variable has this name");
    }
    let mut names = BTreeSet::new();
    for (index, reward) in definitions.rewards.iter().enumerate() {
        sheet.must(
            names.insert(reward.name.as_str()),
            format!("rewards[{index}].name"),
            "another reward has this name",
        );
    }
    sheet.faults
}

fn of_achievement(sheet: &mut Sheet, achievement: &Achievement, known: &Known) {
    let maxlevel = achievement.maxlevel;
    sheet.must((1..=LEVELS_MAX).contains(&maxlevel), "maxlevel", format!("must be from 1 to {LEVELS_MAX}"));
    let maxlevel = maxlevel.min(LEVELS_MAX);
    if let (Some(start), Some(end)) = (achievement.valid_start, achievement.valid_end) {
        sheet.must(start <= end, "valid_end", "is before valid_start");
    }
    let never_ends = achievement.evaluation == Evaluation::End && achievement.valid_end.is_none();
    sheet.must(!never_ends, "valid_end", "is needed for what is evaluated at the end");
    let radius_m = achievement.place.map_or(1.0, |circle| circle.radius_m);
    sheet.must(radius_m.is_finite() && radius_m > 0.0, "place.max_distance_m", "must be more than 0");
    sheet.must(!achievement.goals.is_empty(), "goals", "there must be one at least");
    sheet.at_most(achievement.goals.len(), GOALS_LEN_MAX, "goals");
    for (index, goal) in achievement.goals.iter().enumerate().take(GOALS_LEN_MAX) {
        of_goal(sheet, &format!("goals[{index}]."), goal, maxlevel, known);
    }
    of_properties(sheet, "", &achievement.properties, maxlevel, known);
    of_rewards(sheet, &achievement.rewards, maxlevel, known);
    for (field, ids) in [("requires", &achievement.requires), ("denies", &achievement.denies)] {
        sheet.at_most(ids.len(), REQUIRES_LEN_MAX, field);
        for (index, id) in ids.iter().enumerate().take(REQUIRES_LEN_MAX) {
            let at = format!("{field}[{index}]");
            sheet.must(known.achievements.contains(id), &at, format!("there is no achievement {id}"));
            // One that requires itself is a cycle, and told as one.
            sheet.must(field == "requires" || *id != achievement.id, &at, "is the achievement itself");
            let is_required = field == "denies" && achievement.requires.contains(id);
            sheet.must(!is_required, &at, "is required as well: nobody could reach it");
        }
    }
    of_texts(sheet, "title", &achievement.title, maxlevel);
    of_texts(sheet, "description", &achievement.description, maxlevel);
}

fn of_goal(sheet: &mut Sheet, at: &str, goal: &Goal, maxlevel: u32, known: &Known) {
    condition::of_condition(sheet, &format!("{at}condition.term"), &goal.term, known);
    if let Some(text) = &goal.goal {
        let result = Formula::parse(text, &["level"]);
        let result = result
            .and_then(|formula| (1..=maxlevel).try_for_each(|level| formula.value(&[f64::from(level)]).map(drop)));
        of_formula(sheet, format!("{at}goal"), result);
    }
    let timespan = goal.timespan_days.is_none_or(|days| (1..=TIMESPAN_DAYS_MAX).contains(&days));
    sheet.must(timespan, format!("{at}timespan_days"), format!("must be from 1 to {TIMESPAN_DAYS_MAX}"));
    if let Group::Date(format) = &goal.group {
        let fits = !format.is_empty() && format.len() <= DATE_FORMAT_BYTES_MAX && format_is_known(format);
        let known = "may have YYYY YY IYYY CC Q MM DD DDD D ID WW IW HH24 and what is not a letter";
        sheet.must(fits, format!("{at}group_by_dateformat"), known);
    }
    of_properties(sheet, at, &goal.properties, maxlevel, known);
    sheet.at_most(goal.triggers.len(), STEPS_LEN_MAX, format!("{at}triggers"));
    for (index, trigger) in goal.triggers.iter().enumerate().take(STEPS_LEN_MAX) {
        of_trigger(sheet, &format!("{at}triggers[{index}].steps"), trigger, maxlevel);
    }
}

fn of_trigger(sheet: &mut Sheet, at: &str, trigger: &Trigger, maxlevel: u32) {
    sheet.at_most(trigger.steps.len(), STEPS_LEN_MAX, at);
    for (index, step) in trigger.steps.iter().enumerate().take(STEPS_LEN_MAX) {
        let percentage = format!("{at}[{index}].condition_percentage");
        sheet.must((1..=100).contains(&step.percentage), percentage, "must be from 1 to 100");
        of_texts(sheet, &format!("{at}[{index}].text"), &step.text, maxlevel);
    }
}

fn of_properties(sheet: &mut Sheet, at: &str, properties: &[Property], maxlevel: u32, known: &Known) {
    sheet.at_most(properties.len(), GAINS_LEN_MAX, format!("{at}properties"));
    for (index, property) in properties.iter().enumerate().take(GAINS_LEN_MAX) {
        let at = format!("{at}properties[{index}].");
        sheet.must(property.from_level <= maxlevel, format!("{at}from_level"), "is above maxlevel");
        let levels = property.from_level.max(1)..=maxlevel;
        if property.is_variable {
            let problem = match known.variables.get(property.name.as_str()) {
                Some(false) => None,
                Some(true) => Some(format!("{} is moved by the product alone", property.name)),
                None => Some(format!("there is no variable {}", property.name)),
            };
            sheet.faults.extend(problem.map(|problem| Fault { at: format!("{}{at}name", sheet.root), problem }));
        }
        let value = levels.clone().try_for_each(|level| worth::of_property(property, level).map(drop));
        of_formula(sheet, format!("{at}value"), value);
        of_texts(sheet, &format!("{at}translations"), &property.translations, maxlevel);
    }
}

fn of_rewards(sheet: &mut Sheet, rewards: &[Assignment], maxlevel: u32, known: &Known) {
    sheet.at_most(rewards.len(), GAINS_LEN_MAX, "rewards");
    for (index, given) in rewards.iter().enumerate().take(GAINS_LEN_MAX) {
        let at = format!("rewards[{index}].");
        let reward = given.reward;
        sheet.must(known.rewards.contains(&reward), format!("{at}reward"), format!("there is no reward {reward}"));
        sheet.must(given.from_level <= maxlevel, format!("{at}from_level"), "is above maxlevel");
        let mut levels = given.from_level.max(1)..=maxlevel;
        let value = levels.try_for_each(|level| worth::of_reward(given, level).map(drop));
        of_formula(sheet, format!("{at}value"), value);
        of_texts(sheet, &format!("{at}translations"), &given.translations, maxlevel);
    }
}

fn of_texts(sheet: &mut Sheet, at: &str, texts: &Translated, maxlevel: u32) {
    for (language, text) in texts {
        let filled = Template::parse(text).and_then(|template| {
            if Template::is_filled(text) {
                (1..=maxlevel).try_for_each(|level| template.fill(level).map(drop))
            } else {
                Ok(())
            }
        });
        of_formula(sheet, format!("{at}.{language}"), filled);
    }
}

fn of_formula(sheet: &mut Sheet, at: String, result: Result<(), FormulaError>) {
    if let Err(error) = result {
        sheet.wrong(at, error.to_string());
    }
}
