//! Documents of the catalogue → what the domain compiles.
//!
//! Here ends what is only wrong in its form: a date that is none, a text that is too long. Whether formulas can be worked out and
//! references lead somewhere is the domain's business.

mod parts;

use crate::app::achievements::rules_kept::Catalogue;
use crate::app::documents::{
    AchievementDocument, EvaluationName, FaultDocument, IncreasePermission, PlaceDocument, RelevanceName,
    RewardDocument, Translations, VariableDocument, VariableGroup, ViewName, parse_date, parse_zone,
};
use crate::app::users::names;
use crate::domain::achievement::{
    Achievement, AchievementId, Definitions, Evaluation, Fault, Grouping, MeasureId, Permission, Relevance, Reward,
    RewardId, Variable, VariableName, View, bounds,
};
use crate::domain::geo::Circle;
use crate::limits;

pub(super) use parts::goal as goal_of;

/// What is wrong, as far as it is told.
#[derive(Debug, Default)]
pub struct Faults(Vec<FaultDocument>);

impl Faults {
    pub fn add(&mut self, at: impl Into<String>, problem: impl Into<String>) {
        if self.0.len() < bounds::FAULTS_LEN_MAX {
            self.0.push(FaultDocument { at: at.into(), problem: problem.into() });
        }
    }

    /// `None` where a value is wrong: that is noted.
    fn none<T>(&mut self, at: impl Into<String>, problem: impl Into<String>) -> Option<T> {
        self.add(at, problem);
        None
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn into_documents(self) -> Vec<FaultDocument> {
        self.0
    }
}

impl From<Vec<Fault>> for Faults {
    fn from(found: Vec<Fault>) -> Self {
        let mut faults = Self::default();
        for Fault { at, problem } in found {
            faults.add(at, problem);
        }
        faults
    }
}

/// The whole catalogue. What is wrong in its form is noted and left out: of what was checked before it is kept, nothing is.
/// Faults say `achievements[3].goals[0]…`, in the order in which [`Catalogue`] has them.
pub fn definitions(catalogue: &Catalogue, faults: &mut Faults) -> Definitions {
    let head = &catalogue.head;
    let numbered = |(text, number): (&String, &u32)| (text.clone(), MeasureId::new(*number));
    let variables = variables_of(catalogue).enumerate();
    let rewards = rewards_of(catalogue).enumerate();
    let achievements = achievements_of(catalogue).enumerate();
    Definitions {
        revision: head.revision,
        variables: variables.filter_map(|(at, it)| variable(it, &format!("variables[{at}]."), faults)).collect(),
        rewards: rewards.filter_map(|(at, (id, it))| reward(id, it, &format!("rewards[{at}]."), faults)).collect(),
        achievements: achievements
            .filter_map(|(at, (id, it))| achievement(id, it, &format!("achievements[{at}]."), faults))
            .collect(),
        measures: head.measures.iter().map(numbered).collect(),
        next_measure: head.last_measure + 1,
    }
}

pub fn variables_of(catalogue: &Catalogue) -> impl Iterator<Item = &VariableDocument> {
    catalogue.variables.values().filter_map(|kept| kept.document.as_ref())
}

pub fn rewards_of(catalogue: &Catalogue) -> impl Iterator<Item = (u64, &RewardDocument)> {
    catalogue.rewards.iter().filter_map(|(id, kept)| Some((*id, kept.document.as_ref()?)))
}

pub fn achievements_of(catalogue: &Catalogue) -> impl Iterator<Item = (u64, &AchievementDocument)> {
    catalogue.achievements.iter().filter_map(|(id, kept)| Some((*id, kept.document.as_ref()?)))
}

fn variable(document: &VariableDocument, at: &str, faults: &mut Faults) -> Option<Variable> {
    let VariableDocument { name, group, increase_permission, leaderboard, built_in, description } = document;
    text(description, &format!("{at}description"), limits::DESCRIPTION_LEN_MAX, faults);
    if *built_in {
        faults.add(format!("{at}built_in"), "is for those that the product moves by itself");
    }
    Some(Variable {
        name: variable_name(name, &format!("{at}name"), faults)?,
        group: match group {
            VariableGroup::None => Grouping::None,
            VariableGroup::Timeslot => Grouping::Timeslot,
            VariableGroup::Day => Grouping::Day,
            VariableGroup::Week => Grouping::Week,
            VariableGroup::Month => Grouping::Month,
            VariableGroup::Year => Grouping::Year,
        },
        increase: match increase_permission {
            IncreasePermission::Own => Permission::Own,
            IncreasePermission::Admin => Permission::Admin,
        },
        leaderboard: *leaderboard,
        built_in: false,
    })
}

fn reward(id: u64, document: &RewardDocument, at: &str, faults: &mut Faults) -> Option<Reward> {
    text(&document.description, &format!("{at}description"), limits::DESCRIPTION_LEN_MAX, faults);
    let id = RewardId::new(id).or_else(|| faults.none(format!("{at}id"), "is no number of a reward"))?;
    Some(Reward { id, name: defined_name(&document.name, &format!("{at}name"), faults)? })
}

fn achievement(id: u64, document: &AchievementDocument, at: &str, faults: &mut Faults) -> Option<Achievement> {
    let id = AchievementId::new(id).or_else(|| faults.none(format!("{at}id"), "is no number of an achievement"));
    let name = defined_name(&document.name, &format!("{at}name"), faults);
    if !document.category.is_empty() {
        line(&document.category, &format!("{at}category"), limits::DEFINED_NAME_LEN_MAX, faults);
    }
    let date = |date: &Option<String>, field: &str, faults: &mut Faults| match date.as_deref().map(parse_date) {
        Some(None) => faults.none(format!("{at}{field}"), "must be a date, for example 2026-11-25"),
        date => date.flatten(),
    };
    let zone = match document.time_zone.as_deref().map(parse_zone) {
        Some(None) => faults.none(format!("{at}time_zone"), "must be a time zone's name, for example Europe/Helsinki"),
        zone => zone.flatten(),
    };
    let goals = document.goals.iter().enumerate();
    let read = Achievement {
        id: id?,
        name: name?,
        category: document.category.clone(),
        maxlevel: document.maxlevel,
        hidden: document.hidden,
        valid_start: date(&document.valid_start, "valid_start", faults),
        valid_end: date(&document.valid_end, "valid_end", faults),
        place: circle(document, at, faults),
        priority: document.priority,
        evaluation: evaluation(document.evaluation),
        zone,
        relevance: relevance(document.relevance),
        view: match document.view {
            ViewName::Everyone => View::Everyone,
            ViewName::Own => View::Own,
        },
        goals: goals.filter_map(|(index, goal)| parts::goal(goal, &format!("{at}goals[{index}]."), faults)).collect(),
        properties: parts::properties(&document.properties, at, faults),
        rewards: parts::assignments(&document.rewards, at, faults),
        requires: parts::references(&document.requires, &format!("{at}requires"), faults),
        denies: parts::references(&document.denies, &format!("{at}denies"), faults),
        title: translated(&document.title, &format!("{at}title"), limits::TITLE_LEN_MAX, faults),
        description: translated(
            &document.description,
            &format!("{at}description"),
            limits::DESCRIPTION_LEN_MAX,
            faults,
        ),
    };
    Some(read)
}

fn circle(document: &AchievementDocument, at: &str, faults: &mut Faults) -> Option<Circle> {
    let place = document.place?;
    if !(1.0..=limits::PLACE_RADIUS_M_MAX).contains(&place.max_distance_m) {
        let problem = format!("must be a number from 1 to {}", limits::PLACE_RADIUS_M_MAX);
        return faults.none(format!("{at}place.max_distance_m"), problem);
    }
    let center = PlaceDocument { latitude: place.latitude, longitude: place.longitude };
    match center.read("") {
        Ok(center) => Some(Circle { center, radius_m: place.max_distance_m }),
        Err(_) => faults.none(format!("{at}place"), "must have a latitude and a longitude in degrees"),
    }
}

fn evaluation(name: EvaluationName) -> Evaluation {
    match name {
        EvaluationName::Immediately => Evaluation::Immediately,
        EvaluationName::Daily => Evaluation::Daily,
        EvaluationName::Weekly => Evaluation::Weekly,
        EvaluationName::Monthly => Evaluation::Monthly,
        EvaluationName::Yearly => Evaluation::Yearly,
        EvaluationName::End => Evaluation::End,
    }
}

fn relevance(name: RelevanceName) -> Relevance {
    match name {
        RelevanceName::Own => Relevance::Own,
        RelevanceName::Friends => Relevance::Friends,
        RelevanceName::City => Relevance::City,
        RelevanceName::Group => Relevance::Group,
        RelevanceName::Global => Relevance::Global,
    }
}

fn variable_name(name: &str, at: &str, faults: &mut Faults) -> Option<VariableName> {
    VariableName::parse(name)
        .or_else(|| faults.none(at, "must be a small letter and up to 63 small letters, digits and underscores"))
}

/// The name of an achievement, a reward or a property.
fn defined_name(name: &str, at: &str, faults: &mut Faults) -> Option<String> {
    line(name, at, limits::DEFINED_NAME_LEN_MAX, faults);
    Some(name.to_owned())
}

/// A text on one line.
fn line(text: &str, at: &str, len_max: usize, faults: &mut Faults) {
    if let Err(crate::app::AppError::Invalid { problem, .. }) = names::check_to(at, text, len_max) {
        faults.add(at, problem);
    } else if text.trim() != text {
        faults.add(at, "must not begin or end with blanks");
    }
}

/// A text that may be empty and have several lines.
fn text(text: &str, at: &str, len_max: usize, faults: &mut Faults) {
    if let Err(crate::app::AppError::Invalid { problem, .. }) = names::check_text(at, text, len_max) {
        faults.add(at, problem);
    }
}

fn translated(texts: &Translations, at: &str, len_max: usize, faults: &mut Faults) -> Translations {
    if texts.len() > limits::TRANSLATIONS_LEN_MAX {
        faults.add(at, format!("must be in {} languages at most", limits::TRANSLATIONS_LEN_MAX));
    }
    for (language, translation) in texts {
        let is_tag = language.len() <= limits::LANGUAGE_LEN_MAX
            && icu_locale_core::Locale::try_from_str(language).is_ok()
            && !language.contains('_');
        if is_tag {
            text(translation, &format!("{at}.{language}"), len_max, faults);
        } else {
            faults.add(at, "must have language tags as names, for example en-GB");
        }
    }
    texts.clone()
}
