//! From definitions to rules: everything that can be looked up is made ready here, once.

use std::collections::{BTreeMap, BTreeSet};

use super::nearby::Nearby;
use super::{Compiled, Concerns, Counted, Fault, NewMeasures, Rules, check, cycles};
use crate::domain::achievement::built_in;
use crate::domain::achievement::definitions::{Achievement, Definitions, Variable};
use crate::domain::achievement::formula::Formula;
use crate::domain::achievement::ids::{AchievementId, MeasureId, VariableName};
use crate::domain::achievement::measure::{Group, Measure, Pick};
use crate::domain::achievement::period::Evaluation;
use crate::domain::achievement::term::{Keys, Term};

/// How often the boards of variables begin anew.
const BOARDS: [Evaluation; 3] = [Evaluation::Immediately, Evaluation::Weekly, Evaluation::Monthly];

pub fn compile(definitions: Definitions) -> (Rules, Vec<Fault>) {
    let faults = check::faults(&definitions);
    let mut all: Vec<Fault> = faults.general;
    let Definitions { revision, variables, rewards, achievements, measures: numbers, .. } = definitions;
    let mut rules = Rules { revision, ..Rules::default() };
    rules.rewards = rewards.into_iter().map(|reward| (reward.id, reward)).collect();
    let variables = variables.into_iter().chain(built_in::variables());
    rules.variables = variables.map(|variable| (variable.name.clone(), variable)).collect();
    for (achievement, faults) in achievements.into_iter().zip(faults.achievements) {
        let fault = faults.first().map(told);
        all.extend(faults);
        let compiled = compiled(&mut rules, achievement, fault, &numbers);
        rules.achievements.insert(compiled.achievement.id, compiled);
    }
    add_variable_boards(&mut rules, &numbers);
    add_lookups(&mut rules);
    all.extend(cycles::faults(&rules));
    all.truncate(crate::domain::achievement::bounds::FAULTS_LEN_MAX);
    (rules, all)
}

/// Gives numbers to the measures that have none.
pub fn number(definitions: &mut Definitions) -> NewMeasures {
    let goals = definitions
        .achievements
        .iter()
        .flat_map(|achievement| achievement.goals.iter().map(move |goal| Measure::of(achievement, goal).canonical()));
    let built_in = built_in::variables();
    let boards = definitions.variables.iter().chain(&built_in).filter(|variable| variable.leaderboard);
    let boards = boards.flat_map(|variable| BOARDS.map(|evaluation| board(variable, evaluation).canonical()));
    let wanted: BTreeSet<String> = goals.chain(boards).collect();
    let mut new = NewMeasures::new();
    for text in wanted.into_iter().filter(|text| !definitions.measures.contains_key(text)) {
        definitions.next_measure = definitions.next_measure.max(1);
        new.insert(text, MeasureId::new(definitions.next_measure));
        definitions.next_measure = definitions.next_measure.saturating_add(1);
    }
    definitions.measures.extend(new.clone());
    new
}

/// As the evaluation tells it: gengine's words about formulas stand first.
fn told(fault: &Fault) -> String {
    if fault.problem.starts_with("Cannot evaluate") {
        fault.problem.clone()
    } else {
        format!("Cannot evaluate: {} {}", fault.at, fault.problem)
    }
}

fn compiled(
    rules: &mut Rules,
    achievement: Achievement,
    mut fault: Option<String>,
    numbers: &BTreeMap<String, MeasureId>,
) -> Compiled {
    let mut order: Vec<usize> = (0..achievement.goals.len()).collect();
    order.sort_by_key(|&index| achievement.goals.get(index).map(|goal| (std::cmp::Reverse(goal.priority), goal.id)));
    let mut goals = Vec::new();
    for index in order {
        let Some(goal) = achievement.goals.get(index) else { continue };
        let measure = Measure::of(&achievement, goal);
        match (numbers.get(&measure.canonical()), &goal.goal) {
            (Some(&number), text) => {
                let formula = text.as_ref().and_then(|text| Formula::parse(text, &["level"]).ok());
                rules.formulas.extend(formula.map(|formula| (goal.id, formula)));
                goals.push((index, number, measure));
            }
            (None, _) => fault = Some("Cannot evaluate: a goal has not been numbered".to_owned()),
        }
    }
    if fault.is_some() {
        goals.clear();
    }
    for (place, (_, number, measure)) in goals.iter().enumerate() {
        let is_board = place == 0 && achievement.compares();
        let counted = add_measure(rules, *number, measure, is_board);
        if let Some(counted) = counted.filter(|counted| !counted.achievements.contains(&achievement.id)) {
            counted.achievements.push(achievement.id);
        }
    }
    let goals = goals.into_iter().map(|(index, number, _)| (index, number)).collect();
    Compiled { achievement, goals, fault }
}

/// `None` for one that can count nothing.
fn add_measure<'a>(rules: &'a mut Rules, id: MeasureId, measure: &Measure, is_board: bool) -> Option<&'a mut Counted> {
    let variables = measure.term.variables();
    let stands_at = variables.first()?.clone();
    let counted = rules.measures.entry(id).or_insert_with(|| {
        let measure = Measure { id, ..measure.clone() };
        Counted { measure, stands_at, variables, achievements: Vec::new(), is_board }
    });
    counted.is_board |= is_board;
    Some(counted)
}

fn add_variable_boards(rules: &mut Rules, numbers: &BTreeMap<String, MeasureId>) {
    let variables: Vec<Variable> = rules.variables.values().filter(|variable| variable.leaderboard).cloned().collect();
    for variable in variables {
        for evaluation in BOARDS {
            let measure = board(&variable, evaluation);
            // A catalogue that was never written has no numbers, and no boards.
            let Some(&number) = numbers.get(&measure.canonical()) else { continue };
            add_measure(rules, number, &measure, true);
            rules.variable_boards.insert((variable.name.clone(), evaluation), number);
        }
    }
}

fn board(variable: &Variable, evaluation: Evaluation) -> Measure {
    Measure {
        id: MeasureId::new(0),
        term: Term::Literal { variable: variable.name.clone(), keys: Keys::Every },
        evaluation,
        zone: None,
        valid: (None, None),
        timespan_days: None,
        group: Group::None,
        pick: Pick::Sum,
    }
}

fn add_lookups(rules: &mut Rules) {
    let mut turns: Vec<_> = rules.achievements.values().map(Compiled::turn).collect();
    turns.sort_unstable();
    rules.order = turns.into_iter().map(|(_, id)| id).collect();
    let mut concerns: BTreeMap<VariableName, Concerns> = BTreeMap::new();
    for id in &rules.order {
        let Some(compiled) = rules.achievements.get(id) else { continue };
        let goals = compiled.achievement.goals.iter();
        let variables: BTreeSet<VariableName> = goals.flat_map(|goal| goal.term.variables()).collect();
        for variable in variables {
            let concerns = concerns.entry(variable).or_default();
            concerns.achievements.push(*id);
            concerns.faulty.extend(compiled.fault.is_some().then_some(*id));
        }
        for required in &compiled.achievement.requires {
            rules.requiring.entry(*required).or_default().push(*id);
        }
    }
    for (id, counted) in &rules.measures {
        for variable in &counted.variables {
            concerns.entry(variable.clone()).or_default().measures.push(*id);
        }
    }
    rules.concerns = concerns;
    let documents: Vec<_> = rules.concerns.keys().map(|name| (name.clone(), documents_of(rules, name))).collect();
    for (name, documents) in documents {
        rules.concerns.entry(name).or_default().documents = documents;
    }
    let places = rules.order.iter().filter_map(|id| rules.achievement(*id));
    rules.nearby = Nearby::new(places.filter_map(|achievement| Some((achievement.id, achievement.place?))));
}

fn documents_of(rules: &Rules, variable: &VariableName) -> Vec<VariableName> {
    let mut documents = BTreeSet::new();
    let mut found = BTreeSet::from([variable.clone()]);
    let mut open = vec![variable.clone()];
    let mut seen: BTreeSet<AchievementId> = BTreeSet::new();
    while let Some(variable) = open.pop() {
        let Some(concerns) = rules.concerns.get(&variable) else { continue };
        let mut measures: BTreeSet<MeasureId> = concerns.measures.iter().copied().collect();
        let mut moved: Vec<VariableName> = built_in::derived_from(&variable).into_iter().collect();
        for id in concerns.achievements.iter().filter(|id| seen.insert(**id)) {
            let Some(compiled) = rules.achievements.get(id) else { continue };
            measures.extend(compiled.goals.iter().map(|(_, measure)| *measure));
            moved.extend(variables_moved_by(&compiled.achievement));
        }
        documents
            .extend(measures.iter().filter_map(|id| rules.measures.get(id)).map(|counted| counted.stands_at.clone()));
        open.extend(moved.into_iter().filter(|variable| found.insert(variable.clone())));
    }
    documents.into_iter().collect()
}

/// The variables that an achievement's properties move.
pub fn variables_moved_by(achievement: &Achievement) -> impl Iterator<Item = VariableName> {
    let properties = achievement.properties.iter().filter(|property| property.is_variable);
    properties.filter_map(|property| VariableName::parse(&property.name))
}
