//! Achievements that wait for each other, or feed each other for ever.

use std::collections::BTreeMap;

use super::{Compiled, Fault, Rules};
use crate::domain::achievement::definitions::Achievement;
use crate::domain::achievement::ids::{AchievementId, VariableName};

/// One fault for the first cycle of each kind: with that one gone, the next is told.
pub fn faults(rules: &Rules) -> Vec<Fault> {
    let requires = cycle(rules, |achievement| achievement.requires.clone());
    let feeds = cycle(rules, |achievement| fed_by(rules, achievement));
    let fault = |at: &str, cycle: Option<Vec<AchievementId>>| {
        let names: Vec<&str> =
            cycle?.iter().filter_map(|id| rules.achievement(*id)).map(|it| it.name.as_str()).collect();
        let first = *names.first()?;
        Some(Fault { at: at.to_owned(), problem: format!("{} → {first}", names.join(" → ")) })
    };
    [fault("requires", requires), fault("variables", feeds)].into_iter().flatten().collect()
}

/// The achievements whose goals count what this one's properties move.
fn fed_by(rules: &Rules, achievement: &Achievement) -> Vec<AchievementId> {
    let key = achievement.id.to_string();
    let counts = |id: &AchievementId, variable: &VariableName| {
        let goals = rules.achievement(*id).into_iter().flat_map(|it| &it.goals);
        goals.into_iter().any(|goal| goal.term.matches(variable, &key))
    };
    let moved: Vec<VariableName> = super::variables_moved_by(achievement).collect();
    let fed = moved.iter().flat_map(|variable| {
        let moved = rules.moved_by(variable).iter();
        moved.filter(move |id| counts(id, variable)).copied()
    });
    fed.collect()
}

/// The first cycle that is found, in its direction.
fn cycle(rules: &Rules, next: impl Fn(&Achievement) -> Vec<AchievementId>) -> Option<Vec<AchievementId>> {
    let mut is_done: BTreeMap<AchievementId, bool> = BTreeMap::new();
    let after = |id: AchievementId| {
        rules.compiled(id).map(|Compiled { achievement, .. }| next(achievement)).unwrap_or_default()
    };
    for start in rules.all().map(|achievement| achievement.id) {
        if is_done.contains_key(&start) {
            continue;
        }
        is_done.insert(start, false);
        // The way from the start, with what is still to be tried from each of its stops.
        let mut way = vec![(start, after(start))];
        while let Some((here, open)) = way.last_mut() {
            let Some(there) = open.pop() else {
                is_done.insert(*here, true);
                way.pop();
                continue;
            };
            match is_done.get(&there) {
                Some(true) => {}
                Some(false) => {
                    let ids = way.iter().map(|(id, _)| *id);
                    return Some(ids.skip_while(|id| *id != there).collect());
                }
                None => {
                    is_done.insert(there, false);
                    way.push((there, after(there)));
                }
            }
        }
    }
    None
}
