//! The catalogue as this instance knows it: compiled, in memory, and kept in step with what is stored.
//!
//! The catalogue is one aggregate. Its index `catalogue/changed` says which of its documents were written at which revision, so
//! what is read again is what has changed; its topic says that there is something to be read. What a document means is not known
//! here.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::app::achievements::definitions::{Faults, definitions};
use crate::app::documents::{AchievementDocument, KeptDocument, RewardDocument, VariableDocument};
use crate::app::transact::{Lanes, Record, decode};
use crate::app::{App, AppError};
use crate::backend::{AggregateId, Bound, Heard, Index, Key, Order, Range, Versioned};
use crate::domain::achievement::Rules;
use crate::limits;

/// The head of the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CatalogueRecord {
    /// Counts the writes.
    pub revision: u64,
    /// The last number that was given to an achievement, goal, reward, property, trigger or step.
    pub last_id: u64,
    /// The last number that was given to a measure.
    pub last_measure: u32,
    /// The numbers of all measures there have ever been, by their canonical texts.
    pub measures: BTreeMap<String, u32>,
}

impl Record for CatalogueRecord {
    const KIND: &'static str = "catalogue";
}

/// All documents of one revision, and the rules that they make.
#[derive(Clone, Default)]
pub struct Catalogue {
    pub head: CatalogueRecord,
    pub variables: BTreeMap<String, KeptDocument<VariableDocument>>,
    pub rewards: BTreeMap<u64, KeptDocument<RewardDocument>>,
    pub achievements: BTreeMap<u64, KeptDocument<AchievementDocument>>,
    pub rules: Arc<Rules>,
}

/// The newest that is known here.
#[derive(Default)]
pub struct RulesKept {
    known: RwLock<Option<Arc<Catalogue>>>,
    /// One at a time reads.
    reading: tokio::sync::Mutex<()>,
}

/// The one catalogue.
pub fn aggregate() -> AggregateId {
    Lanes::<CatalogueRecord>::aggregate("all")
}

/// The names of all its documents, gone ones too, scored by the revision at which each was written.
pub fn changed() -> Index {
    Index::new("catalogue/changed")
}

impl App {
    /// The rules as they are known here; none before the first reading. Reads nothing.
    pub fn rules(&self) -> Arc<Rules> {
        self.rules_kept.known.read().as_ref().map(|known| known.rules.clone()).unwrap_or_default()
    }

    /// The catalogue as it is known here, read if it never was.
    pub(in crate::app) async fn catalogue(&self) -> Result<Arc<Catalogue>, AppError> {
        let known = self.rules_kept.known.read().clone();
        match known {
            Some(known) => Ok(known),
            None => self.look_at_catalogue().await,
        }
    }

    /// The catalogue as it is stored, or as it was a moment ago: what has changed is read, and holds here from now on.
    pub(in crate::app) async fn look_at_catalogue(&self) -> Result<Arc<Catalogue>, AppError> {
        let _reading = self.rules_kept.reading.lock().await;
        for _ in 0..limits::AUTHORING_ATTEMPTS_MAX {
            let known = self.rules_kept.known.read().clone();
            if let Some(read) = self.read_catalogue(known).await? {
                *self.rules_kept.known.write() = Some(read.clone());
                return Ok(read);
            }
        }
        Err(AppError::Busy)
    }

    /// What is known with what has changed since; `None`: it was written to meanwhile.
    async fn read_catalogue(&self, known: Option<Arc<Catalogue>>) -> Result<Option<Arc<Catalogue>>, AppError> {
        // Not copied unless it is another: it is looked at for each who comes to watch a board.
        let head = self.catalogues.read(&aggregate()).await?.unwrap_or_default();
        // A store that has lost its last writes begins anew.
        let known = known.filter(|known| known.head.revision <= head.revision);
        if let Some(known) = known.as_ref().filter(|known| known.head == *head) {
            return Ok(Some(known.clone()));
        }
        let mut read = known.as_deref().cloned().unwrap_or_default();
        let score = |revision: u64| i64::try_from(revision).map_err(|_| AppError::Internal);
        let (mut from, mut newest) = (Bound::Score(score(read.head.revision + 1)?), 0_u64);
        loop {
            let (index, until, order) = (changed(), Bound::End, Order::Ascending);
            let range = Range { index, from, until, order, limit: limits::RULES_READ_LEN, count: false };
            let members = self.backend.range(&range).await?.members;
            let Some((last, member)) = members.last().cloned() else { break };
            let names: Vec<Arc<str>> = members.into_iter().map(|(_, name)| name).collect();
            let keys: Vec<Key> = names.iter().map(|name| aggregate().key(name)).collect();
            for (name, value) in names.iter().zip(self.backend.read(&keys).await?) {
                newest = newest.max(read.take(name, &value)?);
            }
            from = Bound::After(last, member);
        }
        if newest > head.revision {
            return Ok(None);
        }
        read.head = CatalogueRecord::clone(&head);
        read.rules = Arc::new(read.compiled());
        Ok(Some(Arc::new(read)))
    }

    /// Keeps the rules in step until the process is to end.
    pub(in crate::app) fn start_rules(self: &Arc<Self>) {
        let app = self.clone();
        self.workers.spawn(async move { app.keep_rules().await });
    }

    async fn keep_rules(&self) {
        tokio::select! {
            () = self.workers.closing().cancelled() => {}
            () = self.follow_catalogue() => {}
        }
    }

    /// Reads what has changed when it is told so, and now and then.
    async fn follow_catalogue(&self) {
        let topic = aggregate().topic("");
        let mut look = tokio::time::interval(limits::RULES_LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        look.reset();
        let mut listened = None;
        loop {
            // Subscribe first, read second.
            if listened.is_none() {
                listened = self.backend.subscribe(&topic).await.ok();
            }
            if let Err(error) = self.look_at_catalogue().await {
                tracing::warn!(%error, "the catalogue could not be read; it is tried again");
            }
            let Some(subscription) = &mut listened else {
                look.tick().await;
                continue;
            };
            tokio::select! {
                _ = look.tick() => {}
                heard = subscription.next() => match heard {
                    Some(Heard::Change { .. } | Heard::Gap) => {}
                    None => listened = None,
                },
            }
        }
    }
}

impl Catalogue {
    /// A document as it is stored under this name → the revision at which it was written.
    fn take(&mut self, name: &str, value: &Versioned) -> Result<u64, AppError> {
        let (kind, id) = name.split_once('/').ok_or(AppError::Internal)?;
        let number = || id.parse().map_err(|_| AppError::Internal);
        match kind {
            "variable" => keep(&mut self.variables, id.to_owned(), value),
            "reward" => keep(&mut self.rewards, number()?, value),
            "achievement" => keep(&mut self.achievements, number()?, value),
            _ => Err(AppError::Internal),
        }
    }

    fn compiled(&self) -> Rules {
        Rules::compile(definitions(self, &mut Faults::default())).0
    }
}

/// One that is gone goes.
fn keep<K: Ord, T: DeserializeOwned>(
    kept: &mut BTreeMap<K, KeptDocument<T>>,
    key: K,
    value: &Versioned,
) -> Result<u64, AppError> {
    let document: Option<KeptDocument<T>> = value.value.as_deref().map(decode).transpose()?;
    let revision = document.as_ref().map(|document| document.revision);
    match document.filter(|document| document.document.is_some()) {
        Some(document) => drop(kept.insert(key, document)),
        None => drop(kept.remove(&key)),
    }
    Ok(revision.unwrap_or_default())
}
