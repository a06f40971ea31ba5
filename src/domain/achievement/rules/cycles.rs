//! Achievements that wait for each other, or feed each other for ever, or further than one call follows.

use std::collections::BTreeMap;

use super::{Compiled, Fault, Rules};
use crate::domain::achievement::bounds::ADVANCE_DEPTH_MAX;
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
    let mut found: Vec<Fault> =
        [fault("requires", requires), fault("variables", feeds)].into_iter().flatten().collect();
    if found.is_empty()
        && let Some(chain) = too_long(rules)
    {
        let names: Vec<&str> =
            chain.iter().filter_map(|id| rules.achievement(*id)).map(|it| it.name.as_str()).collect();
        let problem = format!("{} feed each other: {ADVANCE_DEPTH_MAX} at most may", names.join(" → "));
        found.push(Fault { at: "variables".to_owned(), problem });
    }
    found
}

/// Achievements that move variables, each counted by the next, more of them than one call follows.
fn too_long(rules: &Rules) -> Option<Vec<AchievementId>> {
    let feeds = |it: &&Achievement| super::variables_moved_by(it).next().is_some();
    let fed: BTreeMap<AchievementId, Vec<AchievementId>> =
        rules.all().filter(feeds).map(|it| (it.id, fed_by(rules, it))).collect();
    let mut chains: BTreeMap<AchievementId, Vec<AchievementId>> = fed.keys().map(|id| (*id, vec![*id])).collect();
    for _ in 0..ADVANCE_DEPTH_MAX {
        let mut longer = BTreeMap::new();
        for (last, chain) in &chains {
            for next in fed.get(last).into_iter().flatten().filter(|next| fed.contains_key(next)) {
                longer.entry(*next).or_insert_with(|| chain.iter().chain([next]).copied().collect());
            }
        }
        chains = longer;
    }
    chains.into_values().next()
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
