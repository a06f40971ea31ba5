//! A whole catalogue as one file, JSON or YAML: out, and in.
//!
//! A file names what it refers to and holds no numbers, so that it can be carried to another server. What goes in by the name of
//! something that is there changes that, and keeps its number and what users have reached of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::authoring::{Edit, Name, must_be_admin};
use super::definitions::{achievements_of, rewards_of, variables_of};
use super::numbering::unnumber;
use super::rules_kept::Catalogue;
use crate::app::documents::{self, CatalogueDocument};
use crate::app::users::Identity;
use crate::app::{App, AppError};
use crate::backend::Version;

/// The form of the file.
const FORM_VERSION: u32 = 1;

/// What becomes of what is there and not in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Import {
    /// It stays.
    Add,
    /// It goes.
    Replace,
}

/// What an import has made of the catalogue.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct ImportedDocument {
    /// How many there are now.
    pub variables: usize,
    pub rewards: usize,
    pub achievements: usize,
    #[serde(skip)]
    pub version: Version,
}

/// Reads a file, YAML if it does not begin as JSON.
///
/// # Errors
/// [`AppError::Invalid`]
pub fn parse_catalogue(file: &[u8]) -> Result<CatalogueDocument, AppError> {
    if file.trim_ascii_start().starts_with(b"{") { documents::parse(file) } else { parse_yaml(file) }
}

/// By way of JSON, so that faults are told as they are there.
pub fn parse_yaml(file: &[u8]) -> Result<CatalogueDocument, AppError> {
    let text = std::str::from_utf8(file).map_err(|_| AppError::invalid("body", "is not UTF-8"))?;
    // Its defaults bound what anchors may grow to.
    let value: serde_json::Value = serde_saphyr::from_str(text).map_err(|error| {
        let line = error.location().map_or_else(String::new, |at| format!(" (line {})", at.line()));
        AppError::invalid("body", format!("is not YAML{line}"))
    })?;
    let json = serde_json::to_vec(&value).map_err(|_| AppError::Internal)?;
    documents::parse(&json)
}

pub fn to_yaml(catalogue: &CatalogueDocument) -> Result<String, AppError> {
    serde_saphyr::to_string(catalogue).map_err(|_| {
        tracing::error!("a catalogue cannot be written as YAML");
        AppError::Internal
    })
}

impl App {
    /// Everything that is not built in, for admins.
    pub async fn export_catalogue(&self, identity: &Identity) -> Result<(CatalogueDocument, Version), AppError> {
        must_be_admin(identity)?;
        let catalogue = self.look_at_catalogue().await?;
        Ok((exported(&catalogue), Version(catalogue.head.revision)))
    }

    /// Puts a file's content in, wholly or not at all.
    pub async fn import_catalogue(
        &self,
        identity: &Identity,
        file: CatalogueDocument,
        import: Import,
        if_version: Option<Version>,
    ) -> Result<ImportedDocument, AppError> {
        self.author(identity, |edit| {
            let seen = Version(edit.next.head.revision - 1);
            if if_version.is_some_and(|version| version != seen) {
                return Err(AppError::Stale);
            }
            put_in(edit, file.clone(), import);
            Ok(())
        })
        .await?;
        let catalogue = self.catalogue().await?;
        Ok(ImportedDocument {
            variables: variables_of(&catalogue).count(),
            rewards: rewards_of(&catalogue).count(),
            achievements: achievements_of(&catalogue).count(),
            version: Version(catalogue.head.revision),
        })
    }
}

fn exported(catalogue: &Catalogue) -> CatalogueDocument {
    let rewards: BTreeMap<u64, String> = rewards_of(catalogue).map(|(id, it)| (id, it.name.clone())).collect();
    let names: BTreeMap<u64, String> = achievements_of(catalogue).map(|(id, it)| (id, it.name.clone())).collect();
    let achievements = achievements_of(catalogue).map(|(_, achievement)| {
        let mut achievement = achievement.clone();
        unnumber(&mut achievement, &rewards, &names);
        achievement
    });
    CatalogueDocument {
        version: FORM_VERSION,
        variables: variables_of(catalogue).cloned().collect(),
        achievements: achievements.collect(),
        rewards: rewards_of(catalogue)
            .map(|(_, reward)| {
                let mut reward = reward.clone();
                reward.id = None;
                reward
            })
            .collect(),
    }
}

pub(super) fn put_in(edit: &mut Edit, file: CatalogueDocument, import: Import) {
    let CatalogueDocument { version, variables, rewards, achievements } = file;
    if version != FORM_VERSION {
        edit.fault("version", "must be 1");
    }
    once(edit, "variables", variables.iter().map(|it| it.name.as_str()));
    once(edit, "rewards", rewards.iter().map(|it| it.name.as_str()));
    once(edit, "achievements", achievements.iter().map(|it| it.name.as_str()));
    let known = edit.names();
    if import == Import::Replace {
        let is_in = |names: &BTreeSet<&str>, name: &str| names.contains(name);
        let kept: BTreeSet<&str> = variables.iter().map(|it| it.name.as_str()).collect();
        let gone: Vec<String> = edit.next.variables.keys().filter(|name| !is_in(&kept, name)).cloned().collect();
        gone.into_iter().for_each(|name| edit.remove(Name::Variable(name)));
        let kept: BTreeSet<&str> = rewards.iter().map(|it| it.name.as_str()).collect();
        let gone = known.rewards.iter().filter(|(name, _)| !is_in(&kept, name));
        gone.for_each(|(_, id)| edit.remove(Name::Reward(*id)));
        let kept: BTreeSet<&str> = achievements.iter().map(|it| it.name.as_str()).collect();
        let gone = known.achievements.iter().filter(|(name, _)| !is_in(&kept, name));
        gone.for_each(|(_, id)| edit.remove(Name::Achievement(*id)));
    }
    for (index, variable) in variables.into_iter().enumerate() {
        edit.variable(&format!("variables[{index}]."), variable);
    }
    // Achievements have the first numbers of a new catalogue: people see those.
    let numbered: Vec<_> = achievements
        .into_iter()
        .enumerate()
        .map(|(index, document)| {
            let id = known.achievements.get(&document.name).copied().unwrap_or_else(|| edit.reserve());
            (format!("achievements[{index}]."), Some(id), document)
        })
        .collect();
    for (index, reward) in rewards.into_iter().enumerate() {
        edit.reward(&format!("rewards[{index}]."), known.rewards.get(&reward.name).copied(), reward);
    }
    edit.achievements(numbered);
}

/// A name that stands twice in a list is one too many.
fn once<'a>(edit: &mut Edit, list: &str, names: impl Iterator<Item = &'a str>) {
    let mut known = BTreeSet::new();
    for (index, name) in names.enumerate() {
        if !known.insert(name) {
            edit.fault(&format!("{list}[{index}].name"), "is given twice");
        }
    }
}
