//! Numbers of an achievement and of its parts, and names → numbers.
//!
//! What has no number keeps that of what stood in its place: who sends a definition again without numbers changes nothing by that,
//! and no message fires twice.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::achievements::definitions::Faults;
use crate::app::documents::{
    AchievementDocument, AssignedRewardDocument, GoalDocument, PropertyDocument, Reference, StepDocument,
    TriggerDocument,
};

/// Part of an achievement.
trait Part {
    fn id(&mut self) -> &mut Option<u64>;
    fn known_id(&self) -> Option<u64>;
    /// Whether this is what `before` was; `is_there`: it stands in the same place.
    fn is(&self, before: &Self, is_there: bool) -> bool;
}

macro_rules! part {
    ($document:ty, |$now:ident, $before:ident, $is_there:ident| $is:expr) => {
        impl Part for $document {
            fn id(&mut self) -> &mut Option<u64> {
                &mut self.id
            }

            fn known_id(&self) -> Option<u64> {
                self.id
            }

            fn is(&self, $before: &Self, $is_there: bool) -> bool {
                let $now = self;
                $is
            }
        }
    };
}

part!(GoalDocument, |_now, _before, is_there| is_there);
part!(TriggerDocument, |_now, _before, is_there| is_there);
part!(StepDocument, |_now, _before, is_there| is_there);
part!(PropertyDocument, |now, before, _is_there| now.name == before.name);
part!(AssignedRewardDocument, |now, before, _is_there| now.reward == before.reward);

/// Numbers all parts of `document`, which was `before`; `last` is the last number that was given. Its references are numbers by
/// now. `at` stands before the faults' places.
pub fn number(
    document: &mut AchievementDocument,
    before: Option<&AchievementDocument>,
    last: &mut u64,
    at: &str,
    faults: &mut Faults,
) {
    fn none<T>(part: Option<&[T]>) -> &[T] {
        part.unwrap_or_default()
    }
    parts(&mut document.goals, none(before.map(|it| &*it.goals)), last, &format!("{at}goals"), faults);
    parts(&mut document.properties, none(before.map(|it| &*it.properties)), last, &format!("{at}properties"), faults);
    parts(&mut document.rewards, none(before.map(|it| &*it.rewards)), last, &format!("{at}rewards"), faults);
    for (index, goal) in document.goals.iter_mut().enumerate() {
        let at = format!("{at}goals[{index}].");
        let before = before.and_then(|it| it.goals.iter().find(|it| it.id == goal.id));
        parts(&mut goal.properties, none(before.map(|it| &*it.properties)), last, &format!("{at}properties"), faults);
        parts(&mut goal.triggers, none(before.map(|it| &*it.triggers)), last, &format!("{at}triggers"), faults);
        for (index, trigger) in goal.triggers.iter_mut().enumerate() {
            let at = format!("{at}triggers[{index}].steps");
            let before = before.and_then(|it| it.triggers.iter().find(|it| it.id == trigger.id));
            parts(&mut trigger.steps, none(before.map(|it| &*it.steps)), last, &at, faults);
        }
    }
}

fn parts<T: Part>(now: &mut [T], before: &[T], last: &mut u64, at: &str, faults: &mut Faults) {
    let mut free: BTreeSet<u64> = before.iter().filter_map(Part::known_id).collect();
    for (index, part) in now.iter().enumerate() {
        if part.known_id().is_some_and(|id| !free.remove(&id)) {
            faults
                .add(format!("{at}[{index}].id"), "is no number that was given here, or is given twice: leave it out");
        }
    }
    for (index, part) in now.iter_mut().enumerate().filter(|(_, part)| part.known_id().is_none()) {
        let same = before.iter().enumerate().filter(|(place, before)| part.is(before, *place == index));
        let kept = same.filter_map(|(_, before)| before.known_id()).find(|id| free.contains(id));
        let id = kept.unwrap_or_else(|| {
            *last += 1;
            *last
        });
        free.remove(&id);
        *part.id() = Some(id);
    }
}

/// Where names lead: the numbers of rewards and of achievements.
#[derive(Debug, Default)]
pub struct Names {
    pub rewards: BTreeMap<String, u64>,
    pub achievements: BTreeMap<String, u64>,
}

impl Names {
    /// Names become numbers. One that leads nowhere is a fault.
    pub fn resolve(&self, document: &mut AchievementDocument, at: &str, faults: &mut Faults) {
        for (index, assigned) in document.rewards.iter_mut().enumerate() {
            let at = format!("{at}rewards[{index}].reward");
            resolve(&mut assigned.reward, &self.rewards, &at, "is no reward of this catalogue", faults);
        }
        let lists = [("requires", &mut document.requires), ("denies", &mut document.denies)];
        for (name, references) in lists {
            for (index, reference) in references.iter_mut().enumerate() {
                let at = format!("{at}{name}[{index}]");
                resolve(reference, &self.achievements, &at, "is no achievement of this catalogue", faults);
            }
        }
    }
}

fn resolve(reference: &mut Reference, names: &BTreeMap<String, u64>, at: &str, problem: &str, faults: &mut Faults) {
    let found = match &*reference {
        Reference::Id(id) => names.values().any(|known| known == id).then_some(*id),
        Reference::Name(name) => names.get(name).copied(),
    };
    match found {
        Some(id) => *reference = Reference::Id(id),
        None => faults.add(at, problem),
    }
}

/// Numbers become names, and what has a number loses it: as a file has it.
pub fn unnumber(
    document: &mut AchievementDocument,
    rewards: &BTreeMap<u64, String>,
    achievements: &BTreeMap<u64, String>,
) {
    fn name(reference: &mut Reference, names: &BTreeMap<u64, String>) {
        if let Reference::Id(id) = reference
            && let Some(name) = names.get(id)
        {
            *reference = Reference::Name(name.clone());
        }
    }
    fn strip(parts: &mut [impl Part]) {
        parts.iter_mut().for_each(|part| *part.id() = None);
    }
    document.id = None;
    document.rewards.iter_mut().for_each(|assigned| name(&mut assigned.reward, rewards));
    document.requires.iter_mut().chain(&mut document.denies).for_each(|reference| name(reference, achievements));
    strip(&mut document.goals);
    strip(&mut document.properties);
    strip(&mut document.rewards);
    for goal in &mut document.goals {
        strip(&mut goal.properties);
        strip(&mut goal.triggers);
        goal.triggers.iter_mut().for_each(|trigger| strip(&mut trigger.steps));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(json: serde_json::Value) -> AchievementDocument {
        serde_json::from_value(json).unwrap()
    }

    fn goal(variable: &str) -> serde_json::Value {
        json!({
            "condition": {"term": {"type": "literal", "variable": variable}}, "goal": "1",
            "triggers": [{"steps": [{"condition_percentage": 50, "text": {"en": "Half of it"}}]}],
        })
    }

    #[test]
    fn what_is_sent_again_keeps_its_numbers() {
        let (mut last, mut faults) = (7, Faults::default());
        let sent =
            document(json!({"name": "a", "goals": [goal("runs"), goal("climb_m")], "properties": [{"name": "xp"}]}));
        let mut first = sent.clone();
        number(&mut first, None, &mut last, "", &mut faults);
        assert_eq!((first.goals[0].id, first.goals[1].id, first.properties[0].id), (Some(8), Some(9), Some(10)));
        assert_eq!(last, 14);
        let mut again = sent.clone();
        number(&mut again, Some(&first), &mut last, "", &mut faults);
        assert_eq!((&again, last), (&first, 14));
        // A goal more, before the others, which say who they are.
        let mut more = first.clone();
        more.goals.insert(0, sent.goals[0].clone());
        number(&mut more, Some(&first), &mut last, "", &mut faults);
        assert_eq!(more.goals.iter().map(|goal| goal.id).collect::<Vec<_>>(), [Some(15), Some(8), Some(9)]);
        assert!(faults.is_empty());
        unnumber(&mut more, &BTreeMap::new(), &BTreeMap::new());
        assert_eq!(more.goals[1..], sent.goals[..]);
    }

    #[test]
    fn numbers_of_others_and_names_that_lead_nowhere_are_faults() {
        let (mut last, mut faults) = (7, Faults::default());
        let mut wrong = document(json!({
            "name": "a", "properties": [{"id": 3, "name": "xp"}], "requires": ["b", 2, "c"],
            "rewards": [{"reward": "badge"}],
        }));
        let names = Names { achievements: BTreeMap::from([("b".to_owned(), 2)]), ..Names::default() };
        names.resolve(&mut wrong, "", &mut faults);
        number(&mut wrong, None, &mut last, "", &mut faults);
        assert_eq!(wrong.requires[..2], [Reference::Id(2), Reference::Id(2)]);
        let at: Vec<_> = faults.into_documents().into_iter().map(|fault| fault.at).collect();
        assert_eq!(at, ["rewards[0].reward", "requires[2]", "properties[0].id"]);
    }
}
