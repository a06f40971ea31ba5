//! Small catalogues for tests.

use super::Rules;
use crate::domain::achievement::definitions::*;
use crate::domain::achievement::ids::*;
use crate::domain::achievement::measure::{Group, Pick};
use crate::domain::achievement::period::Evaluation;
use crate::domain::achievement::term::{Keys, Term};

pub fn name(text: &str) -> VariableName {
    VariableName::parse(text).unwrap()
}

pub fn id(number: u64) -> AchievementId {
    AchievementId::new(number).unwrap()
}

pub fn variable(text: &str) -> Variable {
    let (group, increase) = (Grouping::None, Permission::Own);
    Variable { name: name(text), group, increase, leaderboard: false, built_in: false }
}

pub fn term(variable: &str) -> Term {
    Term::Literal { variable: name(variable), keys: Keys::Every }
}

/// Its id follows from its variable and formula; the achievement sees to it that ids differ.
pub fn goal(variable: &str, formula: &str) -> Goal {
    Goal {
        id: GoalId::new(1).unwrap(),
        name: Translated::new(),
        term: term(variable),
        goal: Some(formula.to_owned()),
        operator: Operator::Geq,
        timespan_days: None,
        group: Group::None,
        pick: Pick::Sum,
        priority: 0,
        properties: Vec::new(),
        triggers: Vec::new(),
    }
}

pub fn property(number: u64, name: &str, is_variable: bool, value: &str) -> Property {
    let (id, value) = (PropertyId::new(number).unwrap(), Some(value.to_owned()));
    Property { id, name: name.to_owned(), is_variable, value, translations: Translated::new(), from_level: 0 }
}

/// Of one level, for oneself alone.
pub fn achievement(number: u64, name: &str, mut goals: Vec<Goal>) -> Achievement {
    for (index, goal) in goals.iter_mut().enumerate() {
        goal.id = GoalId::new(number * 100 + index as u64).unwrap();
    }
    Achievement {
        id: id(number),
        name: name.to_owned(),
        category: String::new(),
        maxlevel: 1,
        hidden: false,
        valid_start: None,
        valid_end: None,
        place: None,
        priority: 0,
        evaluation: Evaluation::Immediately,
        zone: None,
        relevance: Relevance::Own,
        view: View::Everyone,
        goals,
        properties: Vec::new(),
        rewards: Vec::new(),
        requires: Vec::new(),
        denies: Vec::new(),
        title: Translated::new(),
        description: Translated::new(),
    }
}

/// With the variables `a` to `f`, `xp` and all built-in ones.
pub fn definitions(achievements: Vec<Achievement>) -> Definitions {
    let variables = ["a", "b", "c", "d", "e", "f", "xp"].map(variable).to_vec();
    Definitions { revision: 1, variables, achievements, ..Definitions::default() }
}

pub fn rules(achievements: Vec<Achievement>) -> Rules {
    Rules::check(definitions(achievements)).unwrap().0
}
