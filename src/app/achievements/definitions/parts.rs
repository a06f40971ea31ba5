//! The parts of an achievement: goals with their conditions and messages, properties, rewards.

use super::{Faults, defined_name, translated, variable_name};
use crate::app::documents::{
    AssignedRewardDocument, GoalDocument, KeyOperator, OperatorName, PickName, PropertyDocument, Reference,
    StepDocument, TermDocument, TermKind, TriggerDocument,
};
use crate::domain::achievement::{
    AchievementId, Assignment, AssignmentId, Goal, GoalId, Group, Keys, Operator, Pattern, Pick, Property, PropertyId,
    RewardId, Step, StepId, Term, Trigger, TriggerId, bounds,
};
use crate::limits;

/// Numbers are given before: only what is stored wrongly has none.
const NO_NUMBER: &str = "has no number";

pub fn goal(document: &GoalDocument, at: &str, faults: &mut Faults) -> Option<Goal> {
    let group = match (document.group_by_key, &document.group_by_dateformat) {
        (true, Some(_)) => {
            faults.add(format!("{at}group_by_dateformat"), "does not go together with group_by_key");
            Group::Key
        }
        (true, None) => Group::Key,
        (false, Some(format)) => Group::Date(format.clone()),
        (false, None) => Group::None,
    };
    let pick = match document.maxmin {
        None => Pick::Sum,
        Some(PickName::Max) => Pick::Max,
        Some(PickName::Min) => Pick::Min,
    };
    let triggers = document.triggers.iter().enumerate();
    let id = document.id.and_then(GoalId::new).or_else(|| faults.none(format!("{at}id"), NO_NUMBER));
    let term = term(&document.condition.term, &format!("{at}condition.term"), 1, faults);
    Some(Goal {
        id: id?,
        name: translated(&document.name, &format!("{at}name"), limits::TITLE_LEN_MAX, faults),
        term: term?,
        goal: document.goal.clone(),
        operator: match document.operator {
            OperatorName::Geq => Operator::Geq,
            OperatorName::Leq => Operator::Leq,
        },
        timespan_days: document.timespan_days,
        group,
        pick,
        priority: document.priority,
        properties: properties(&document.properties, at, faults),
        triggers: triggers.filter_map(|(index, it)| trigger(it, &format!("{at}triggers[{index}]."), faults)).collect(),
    })
}

/// `depth`: from 1.
fn term(document: &TermDocument, at: &str, depth: usize, faults: &mut Faults) -> Option<Term> {
    if depth > bounds::TERMS_DEPTH_MAX {
        return faults.none(at, format!("is within more than {} others", bounds::TERMS_DEPTH_MAX));
    }
    let TermDocument { kind, variable, key, key_operator, terms } = document;
    if *kind == TermKind::Literal {
        if terms.is_some() {
            faults.add(format!("{at}.terms"), "is for a conjunction or a disjunction");
        }
        let variable = match variable {
            Some(name) => variable_name(name, &format!("{at}.variable"), faults),
            None => faults.none(format!("{at}.variable"), "is missing"),
        };
        let keys = keys(key.as_deref(), *key_operator, at, faults);
        return literal(variable?, keys?);
    }
    let others = [("variable", variable.is_some()), ("key", key.is_some()), ("key_operator", key_operator.is_some())];
    for (name, _) in others.iter().filter(|(_, is_there)| *is_there) {
        faults.add(format!("{at}.{name}"), "is for a literal");
    }
    let Some(terms) = terms.as_deref().filter(|terms| !terms.is_empty()) else {
        return faults.none(format!("{at}.terms"), "must hold at least one term");
    };
    let within = terms.iter().enumerate();
    let read: Vec<_> =
        within.filter_map(|(index, it)| term(it, &format!("{at}.terms[{index}]"), depth + 1, faults)).collect();
    // With one of them wrong the others would mean something else.
    let whole = (read.len() == terms.len()).then_some(read)?;
    Some(if *kind == TermKind::Conjunction { Term::All(whole) } else { Term::Any(whole) })
}

/// Several patterns are a disjunction of as many literals.
fn literal(variable: crate::domain::achievement::VariableName, mut keys: Vec<Keys>) -> Option<Term> {
    let literal = |keys| Term::Literal { variable: variable.clone(), keys };
    if keys.len() > 1 { Some(Term::Any(keys.into_iter().map(literal).collect())) } else { keys.pop().map(literal) }
}

fn keys(key: Option<&[String]>, operator: Option<KeyOperator>, at: &str, faults: &mut Faults) -> Option<Vec<Keys>> {
    let Some(keys) = key else {
        return match operator {
            None => Some(vec![Keys::Every]),
            Some(_) => faults.none(format!("{at}.key"), "is missing"),
        };
    };
    if keys.is_empty() || keys.len() > bounds::KEYS_LEN_MAX {
        return faults.none(format!("{at}.key"), format!("must hold 1 to {} keys", bounds::KEYS_LEN_MAX));
    }
    let is_pattern = operator == Some(KeyOperator::Ilike);
    if let Some(index) = keys.iter().position(|key| key.len() > bounds::KEY_BYTES_MAX) {
        let problem = format!("must have {} bytes at most", bounds::KEY_BYTES_MAX);
        return faults.none(format!("{at}.key[{index}]"), problem);
    }
    if !is_pattern {
        return Some(vec![Keys::In(keys.to_vec())]);
    }
    let patterns = keys.iter().enumerate().map(|(index, key)| {
        let problem = format!(
            "must be a pattern with {} signs % at most, which does not end with \\",
            bounds::PATTERN_WILDCARDS_MAX
        );
        Pattern::parse(key).map(Keys::Like).or_else(|| faults.none(format!("{at}.key[{index}]"), problem))
    });
    patterns.collect()
}

fn trigger(document: &TriggerDocument, at: &str, faults: &mut Faults) -> Option<Trigger> {
    let steps = document.steps.iter().enumerate();
    let id = document.id.and_then(TriggerId::new).or_else(|| faults.none(format!("{at}id"), NO_NUMBER));
    let steps = steps.filter_map(|(index, it)| step(it, &format!("{at}steps[{index}]."), faults)).collect();
    Some(Trigger { id: id?, steps })
}

fn step(document: &StepDocument, at: &str, faults: &mut Faults) -> Option<Step> {
    let text = translated(&document.text, &format!("{at}text"), limits::TITLE_LEN_MAX, faults);
    let id = document.id.and_then(StepId::new).or_else(|| faults.none(format!("{at}id"), NO_NUMBER))?;
    Some(Step { id, percentage: document.condition_percentage, text })
}

pub fn properties(documents: &[PropertyDocument], at: &str, faults: &mut Faults) -> Vec<Property> {
    let read = |(index, document): (usize, &PropertyDocument)| {
        let at = format!("{at}properties[{index}].");
        let name = if document.is_variable {
            variable_name(&document.name, &format!("{at}name"), faults)?.to_string()
        } else {
            defined_name(&document.name, &format!("{at}name"), faults)?
        };
        let id = document.id.and_then(PropertyId::new).or_else(|| faults.none(format!("{at}id"), NO_NUMBER))?;
        Some(Property {
            id,
            name,
            is_variable: document.is_variable,
            value: document.value.clone(),
            translations: translated(
                &document.translations,
                &format!("{at}translations"),
                limits::DESCRIPTION_LEN_MAX,
                faults,
            ),
            from_level: document.from_level,
        })
    };
    documents.iter().enumerate().filter_map(read).collect()
}

pub fn assignments(documents: &[AssignedRewardDocument], at: &str, faults: &mut Faults) -> Vec<Assignment> {
    let read = |(index, document): (usize, &AssignedRewardDocument)| {
        let at = format!("{at}rewards[{index}].");
        let id = document.id.and_then(AssignmentId::new).or_else(|| faults.none(format!("{at}id"), NO_NUMBER));
        let reward = number(&document.reward).and_then(RewardId::new);
        let reward = reward.or_else(|| faults.none(format!("{at}reward"), "is no reward of this catalogue"));
        Some(Assignment {
            id: id?,
            reward: reward?,
            value: document.value.clone(),
            translations: translated(
                &document.translations,
                &format!("{at}translations"),
                limits::DESCRIPTION_LEN_MAX,
                faults,
            ),
            from_level: document.from_level,
        })
    };
    documents.iter().enumerate().filter_map(read).collect()
}

pub fn references(documents: &[Reference], at: &str, faults: &mut Faults) -> Vec<AchievementId> {
    let read = |(index, reference): (usize, &Reference)| {
        let id = number(reference).and_then(AchievementId::new);
        id.or_else(|| faults.none(format!("{at}[{index}]"), "is no achievement of this catalogue"))
    };
    documents.iter().enumerate().filter_map(read).collect()
}

/// Names were looked up before.
fn number(reference: &Reference) -> Option<u64> {
    match reference {
        Reference::Id(id) => Some(*id),
        Reference::Name(_) => None,
    }
}
