//! What one call does to the catalogue: the documents as they will be, which of them are others than before, and what is wrong.
//!
//! Pure. Everything is checked as a whole, so that what goes in together may refer to one another.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bytes::Bytes;

use crate::app::AppError;
use crate::app::achievements::definitions::{Faults, achievements_of, definitions, rewards_of, variables_of};
use crate::app::achievements::numbering::{self, Names};
use crate::app::achievements::rules_kept::{Catalogue, CatalogueRecord};
use crate::app::documents::{
    AchievementDocument, FaultDocument, KeptDocument, RewardDocument, TermDocument, VariableDocument,
};
use crate::app::transact::encode;
use crate::domain::achievement::{MeasureId, NewMeasures, Rules, built_in};
use crate::limits;

/// Which document: `variable/<name>`, `reward/<id>`, `achievement/<id>`, as it is called beside the head and in the index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    Variable(String),
    Reward(u64),
    Achievement(u64),
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "variable/{name}"),
            Self::Reward(id) => write!(f, "reward/{id}"),
            Self::Achievement(id) => write!(f, "achievement/{id}"),
        }
    }
}

/// What is to be committed, if the catalogue is still the one that was seen.
pub struct Written {
    pub seen_revision: u64,
    pub head: CatalogueRecord,
    pub puts: Vec<(String, Bytes)>,
    /// What it comes to.
    pub rules: Rules,
}

pub struct Edit {
    pub next: Catalogue,
    seen_revision: u64,
    changed: BTreeSet<Name>,
    /// Where the sender has them: what a fault's place begins with.
    places: BTreeMap<Name, String>,
    faults: Faults,
}

impl Edit {
    pub fn on(catalogue: &Catalogue) -> Self {
        let mut next = catalogue.clone();
        next.head.revision += 1;
        let seen_revision = catalogue.head.revision;
        Self { next, seen_revision, changed: BTreeSet::new(), places: BTreeMap::new(), faults: Faults::default() }
    }

    /// `at`: what stands before the places of its faults.
    pub fn variable(&mut self, at: &str, mut document: VariableDocument) {
        if is_built_in(&document.name) {
            self.faults.add(format!("{at}name"), "is that of a built-in variable");
        }
        document.built_in = false;
        let name = Name::Variable(document.name.clone());
        let before = self.next.variables.get(&document.name).and_then(|kept| kept.document.as_ref());
        if before != Some(&document) {
            let kept = KeptDocument { revision: self.next.head.revision, document: Some(document.clone()) };
            self.next.variables.insert(document.name, kept);
            self.changed.insert(name.clone());
        }
        self.places.insert(name, at.to_owned());
    }

    /// `id`: of one that is there.
    pub fn reward(&mut self, at: &str, id: Option<u64>, mut document: RewardDocument) -> u64 {
        let id = self.own_id(at, id, document.id);
        document.id = Some(id);
        if self.next.rewards.get(&id).and_then(|kept| kept.document.as_ref()) != Some(&document) {
            let kept = KeptDocument { revision: self.next.head.revision, document: Some(document) };
            self.next.rewards.insert(id, kept);
            self.changed.insert(Name::Reward(id));
        }
        self.places.insert(Name::Reward(id), at.to_owned());
        id
    }

    /// Together: they may refer to one another. Each after the place of its faults and, if it is there, its number.
    pub fn achievements(&mut self, documents: Vec<(String, Option<u64>, AchievementDocument)>) -> Vec<u64> {
        let numbered: Vec<_> = documents
            .into_iter()
            .map(|(at, id, document)| {
                let id = self.own_id(&at, id, document.id);
                (at, id, document)
            })
            .collect();
        let mut names = self.names();
        names.achievements.extend(numbered.iter().map(|(_, id, document)| (document.name.clone(), *id)));
        let ids = numbered.iter().map(|(_, id, _)| *id).collect();
        for (at, id, mut document) in numbered {
            names.resolve(&mut document, &at, &mut self.faults);
            let before = self.next.achievements.get(&id).and_then(|kept| kept.document.clone());
            numbering::number(&mut document, before.as_ref(), &mut self.next.head.last_id, &at, &mut self.faults);
            document.id = Some(id);
            if before.as_ref() != Some(&document) {
                let kept = KeptDocument { revision: self.next.head.revision, document: Some(document) };
                self.next.achievements.insert(id, kept);
                self.changed.insert(Name::Achievement(id));
            }
            self.places.insert(Name::Achievement(id), at);
        }
        ids
    }

    /// Takes one away that is there.
    pub fn remove(&mut self, name: Name) {
        match &name {
            Name::Variable(name) => drop(self.next.variables.remove(name)),
            Name::Reward(id) => drop(self.next.rewards.remove(id)),
            Name::Achievement(id) => drop(self.next.achievements.remove(id)),
        }
        self.changed.insert(name);
    }

    /// What is wrong with the body, and not with what it says.
    pub fn fault(&mut self, at: &str, problem: &str) {
        self.faults.add(at, problem);
    }

    /// The number of one that is there, or a new one. Who sends another does not mean this one.
    fn own_id(&mut self, at: &str, known: Option<u64>, sent: Option<u64>) -> u64 {
        if sent.is_some() && sent != known {
            self.faults.add(format!("{at}id"), "is given by the server: leave it out");
        }
        known.unwrap_or_else(|| self.reserve())
    }

    /// Whether nothing was ever written before.
    pub fn is_first(&self) -> bool {
        self.seen_revision == 0
    }

    /// A number for one that is put in later.
    pub fn reserve(&mut self) -> u64 {
        self.next.head.last_id += 1;
        self.next.head.last_id
    }

    pub fn names(&self) -> Names {
        Names {
            rewards: rewards_of(&self.next).map(|(id, reward)| (reward.name.clone(), id)).collect(),
            achievements: achievements_of(&self.next).map(|(id, it)| (it.name.clone(), id)).collect(),
        }
    }

    /// Everything checked as a whole; `None`: it is as it was before.
    ///
    /// # Errors
    /// [`AppError::Faulty`]
    pub fn finish(mut self) -> Result<Option<Written>, AppError> {
        if self.faults.is_empty() && self.changed.is_empty() {
            return Ok(None);
        }
        let (rules, new) = self.check()?;
        let measures = &mut self.next.head.measures;
        measures.extend(new.into_iter().map(|(text, id)| (text, id.number())));
        self.next.head.last_measure = measures.values().copied().max().unwrap_or(0).max(self.next.head.last_measure);
        // What is counted by none of the rules is counted anew if it ever is again: its number is not given to another.
        measures.retain(|_, number| rules.measure(MeasureId::new(*number)).is_some());
        let puts = self.changed.iter().map(|name| Ok((name.to_string(), self.put(name)?)));
        let puts = puts.collect::<Result<_, AppError>>()?;
        Ok(Some(Written { seen_revision: self.seen_revision, head: self.next.head, puts, rules }))
    }

    /// The catalogue as it would be, checked as a whole.
    ///
    /// # Errors
    /// [`AppError::Faulty`]
    pub fn checked(mut self) -> Result<Catalogue, AppError> {
        self.check()?;
        Ok(self.next)
    }

    fn check(&mut self) -> Result<(Rules, NewMeasures), AppError> {
        self.one_of_each_name();
        if !self.faults.is_empty() {
            return Err(AppError::Faulty(std::mem::take(&mut self.faults).into_documents()));
        }
        let mut faults = Faults::default();
        let defined = definitions(&self.next, &mut faults);
        if !faults.is_empty() {
            return Err(self.placed(faults));
        }
        Rules::check(defined).map_err(|found| self.placed(found.into()))
    }

    fn put(&self, name: &Name) -> Result<Bytes, AppError> {
        let gone = KeptDocument::<()> { revision: self.next.head.revision, document: None };
        match name {
            Name::Variable(name) => self.next.variables.get(name).map(encode),
            Name::Reward(id) => self.next.rewards.get(id).map(encode),
            Name::Achievement(id) => self.next.achievements.get(id).map(encode),
        }
        .unwrap_or_else(|| encode(&gone))
    }

    fn one_of_each_name(&mut self) {
        if self.next.rewards.len() > limits::REWARDS_LEN_MAX {
            self.faults.add("rewards", format!("must be {} at most", limits::REWARDS_LEN_MAX));
        }
        let rewards = rewards_of(&self.next).map(|(id, it)| (Name::Reward(id), it.name.clone()));
        let achievements = achievements_of(&self.next).map(|(id, it)| (Name::Achievement(id), it.name.clone()));
        for named in [rewards.collect::<Vec<_>>(), achievements.collect()] {
            let mut owners = BTreeMap::<String, Name>::new();
            for (owner, name) in named {
                let Some(other) = owners.insert(name, owner.clone()) else { continue };
                // Of the two the one that was sent is told.
                let told = if self.changed.contains(&owner) { owner } else { other };
                let at = self.places.get(&told).cloned().unwrap_or_default();
                self.faults.add(format!("{at}name"), "is that of another one");
            }
        }
    }

    /// Faults say where they are in the whole; the sender knows another place, or none.
    fn placed(&self, faults: Faults) -> AppError {
        let variables: Vec<_> = variables_of(&self.next).map(|it| Name::Variable(it.name.clone())).collect();
        let rewards: Vec<_> = rewards_of(&self.next).map(|(id, _)| Name::Reward(id)).collect();
        let achievements: Vec<_> = achievements_of(&self.next).map(|(id, _)| Name::Achievement(id)).collect();
        let lists = [("variables[", variables), ("rewards[", rewards), ("achievements[", achievements)];
        let place = |FaultDocument { at, problem }: FaultDocument| {
            let named = lists.iter().find_map(|(list, names)| {
                let (index, rest) = at.strip_prefix(list)?.split_once(']')?;
                Some((names.get(index.parse::<usize>().ok()?)?, rest.trim_start_matches('.')))
            });
            let Some((name, rest)) = named else { return FaultDocument { at, problem } };
            let at = match self.places.get(name) {
                Some(place) if rest.is_empty() => place.trim_end_matches('.').to_owned(),
                Some(place) => format!("{place}{rest}"),
                None if rest.is_empty() => name.to_string(),
                None => format!("{name}.{rest}"),
            };
            FaultDocument { at, problem }
        };
        AppError::Faulty(faults.into_documents().into_iter().map(place).collect())
    }
}

pub fn is_built_in(name: &str) -> bool {
    built_in::variables().iter().any(|variable| variable.name.as_str() == name)
}

/// The names of the achievements that count this variable, or move it.
pub fn users_of_variable(catalogue: &Catalogue, variable: &str) -> Vec<String> {
    fn counts(term: &TermDocument, variable: &str) -> bool {
        term.variable.as_deref() == Some(variable) || term.terms.iter().flatten().any(|within| counts(within, variable))
    }
    let uses = |document: &AchievementDocument| {
        let mut properties = document.properties.iter().chain(document.goals.iter().flat_map(|goal| &goal.properties));
        document.goals.iter().any(|goal| counts(&goal.condition.term, variable))
            || properties.any(|property| property.is_variable && property.name == variable)
    };
    achievements_of(catalogue).filter(|(_, it)| uses(it)).map(|(_, it)| it.name.clone()).collect()
}
