//! Which instances are alive, as this one sees it. No two clocks are compared.
//!
//! Each instance changes its own record every twenty seconds, and looks at the records of all. One that has not changed
//! for a minute of the looker's own time is dead to it. Time in which the looker could not look, because the store was away
//! or the machine asleep, does not count. Whoever has the lease of the duties buries the dead: marks the record, sweeps
//! what the dead have left, and removes it. An instance that finds itself buried was only asleep: it goes on under a new
//! name, and writes anew what it had written.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::transact::{Lanes, Record, decode};
use crate::app::{App, AppError};
use crate::backend::{AggregateId, Commit, Index, Move, Put, Range};
use crate::domain::time::Timestamp;
use crate::limits;

/// An instance as it stands in the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InstanceRecord {
    /// Counts up as long as the instance lives.
    beat: u64,
    #[serde(default)]
    is_buried: bool,
    /// By which name letters reach it.
    #[serde(default)]
    node: String,
    /// Since when it has stood here, by its own clock; milliseconds since 1970.
    #[serde(default)]
    pub since_ms: i64,
    #[serde(default)]
    pub told: Told,
}

/// What an instance says of itself, for the operator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub version: String,
    pub clients_len: u64,
    /// All who have no account are one.
    #[serde(default)]
    pub users_len: u64,
    pub subscriptions_len: u64,
    /// Channels that somebody is in, as far as presence is kept.
    pub channels_len: u64,
}

impl Record for InstanceRecord {
    const KIND: &'static str = "instance";
}

/// This instance's name, and what it knows of the others.
pub struct Instances {
    name: Mutex<Arc<str>>,
    /// Whether the name stands in the store, as far as is known here.
    is_registered: AtomicBool,
    view: Mutex<View>,
    /// How many users are connected here is known to whoever holds the connections.
    users_len: OnceLock<Box<dyn Fn() -> u64 + Send + Sync>>,
}

#[derive(Default)]
struct View {
    beaten_at: Option<Timestamp>,
    looked_at: Option<Timestamp>,
    seen: HashMap<Arc<str>, Seen>,
    /// Those whom letters reach, by the names that stand on those.
    nodes: HashSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    beat: u64,
    is_buried: bool,
    /// For how long it was looked at without a change.
    unchanged_ms: i64,
}

/// The names of all instances.
fn index() -> Index {
    Index::new("instances")
}

pub(in crate::app) fn aggregate(name: &str) -> AggregateId {
    Lanes::<InstanceRecord>::aggregate(name)
}

impl Default for Instances {
    fn default() -> Self {
        Self {
            name: Mutex::new(new_name()),
            is_registered: AtomicBool::new(false),
            view: Mutex::default(),
            users_len: OnceLock::new(),
        }
    }
}

impl Instances {
    /// Under which name this instance's things stand in the store.
    pub fn name(&self) -> Arc<str> {
        self.name.lock().clone()
    }

    pub(in crate::app) fn users_len(&self) -> u64 {
        self.users_len.get().map_or(0, |count| count())
    }

    pub fn is_registered(&self) -> bool {
        self.is_registered.load(Ordering::SeqCst)
    }

    /// Whether an instance with this record is alive, as far as is known here.
    pub fn is_alive(&self, name: &str, record: &InstanceRecord) -> bool {
        let seen = self.view.lock().seen.get(name).copied();
        !record.is_buried && !seen.is_some_and(|seen| seen.beat == record.beat && seen.is_dead())
    }

    /// Whether letters to this name have reached somebody when it was last looked.
    pub(in crate::app) fn has_node(&self, node: &str) -> bool {
        self.view.lock().nodes.contains(node)
    }

    fn is_due(&self, now: Timestamp) -> bool {
        let beat_ms = millis(limits::INSTANCE_BEAT);
        let since_ms = self.view.lock().beaten_at.map(|at| now.as_millis() - at.as_millis());
        // A clock that was set back must not make us silent.
        since_ms.is_none_or(|since_ms| !(0..beat_ms).contains(&since_ms))
    }

    fn dead(&self) -> Vec<(Arc<str>, Seen)> {
        let own = self.name();
        let view = self.view.lock();
        let dead = view.seen.iter().filter(|(name, seen)| **name != own && (seen.is_buried || seen.is_dead()));
        dead.map(|(name, seen)| (name.clone(), *seen)).collect()
    }
}

impl View {
    fn look(&mut self, now: Timestamp, records: Vec<(Arc<str>, InstanceRecord)>) {
        let since_ms = self.looked_at.map_or(0, |at| now.as_millis() - at.as_millis());
        let passed_ms = since_ms.clamp(0, 2 * millis(limits::INSTANCE_BEAT));
        self.looked_at = Some(now);
        let before = std::mem::take(&mut self.seen);
        self.nodes.clear();
        for (name, InstanceRecord { beat, is_buried, node, .. }) in records {
            let unchanged_ms = match before.get(&name) {
                Some(seen) if seen.beat == beat => seen.unchanged_ms + passed_ms,
                _ => 0,
            };
            let seen = Seen { beat, is_buried, unchanged_ms };
            if !is_buried && !seen.is_dead() {
                self.nodes.insert(node);
            }
            self.seen.insert(name, seen);
        }
    }
}

impl Seen {
    fn is_dead(self) -> bool {
        self.unchanged_ms >= millis(limits::INSTANCE_DEAD_AFTER)
    }
}

impl App {
    /// Has the users who are connected here counted so, now and then.
    pub fn count_users_by(&self, count: impl Fn() -> u64 + Send + Sync + 'static) {
        let _ = self.instances.users_len.set(Box::new(count));
    }

    /// Says that this instance lives, and looks at the others.
    pub async fn beat(&self) -> Result<(), AppError> {
        self.stand_up().await?;
        self.look().await
    }

    pub(in crate::app) async fn beat_if_due(&self) -> Result<(), AppError> {
        let now = self.clock.now();
        if self.instances.is_due(now) {
            self.beat().await?;
            self.instances.view.lock().beaten_at = Some(now);
        }
        Ok(())
    }

    /// All instances that stand in the store, this one included, with their records.
    pub(in crate::app) async fn instance_names(&self) -> Result<Vec<Arc<str>>, AppError> {
        let range = Range::all(index(), limits::INSTANCES_LEN_MAX);
        Ok(self.backend.range(&range).await?.members.into_iter().map(|(_, name)| name).collect())
    }

    async fn stand_up(&self) -> Result<(), AppError> {
        if self.write_beat(!self.instances.is_registered()).await? {
            self.instances.is_registered.store(true, Ordering::SeqCst);
            return Ok(());
        }
        tracing::warn!("this instance was taken for dead: it was silent for too long. It goes on under a new name");
        *self.instances.name.lock() = new_name();
        self.instances.is_registered.store(false, Ordering::SeqCst);
        if !self.write_beat(true).await? {
            return Err(AppError::Internal);
        }
        self.instances.is_registered.store(true, Ordering::SeqCst);
        self.presences.write_all_anew();
        Ok(())
    }

    /// Answers whether this instance still stands among the living.
    async fn write_beat(&self, is_new: bool) -> Result<bool, AppError> {
        let (name, told, now_ms) = (self.instances.name(), self.told(), self.clock.now().as_millis());
        let node = self.node().to_owned();
        self.instance_records
            .transact(aggregate(&name), None, move |draft| {
                let (beat, since_ms) = match draft.record() {
                    Some(record) if record.is_buried => return Ok(false),
                    Some(record) => (record.beat + 1, record.since_ms),
                    None if is_new => (1, now_ms),
                    None => return Ok(false),
                };
                draft.put(InstanceRecord { beat, is_buried: false, node: node.clone(), since_ms, told: told.clone() });
                draft.place(index(), name.clone(), Some(0));
                Ok(true)
            })
            .await
    }

    pub(in crate::app) async fn look(&self) -> Result<(), AppError> {
        let names = self.instance_names().await?;
        let heads: Vec<_> = names.iter().map(|name| aggregate(name).head()).collect();
        let values = self.backend.read(&heads).await?;
        let mut records = Vec::with_capacity(names.len());
        for (name, value) in names.into_iter().zip(values) {
            if let Some(value) = value.value {
                records.push((name, decode(&value)?));
            }
        }
        self.instances.view.lock().look(self.clock.now(), records);
        Ok(())
    }

    /// Buries the dead and sweeps what they have left, a part at a time → how much there was.
    pub(in crate::app) async fn bury_the_dead(&self) -> Result<usize, AppError> {
        let mut swept = 0;
        for (name, seen) in self.instances.dead() {
            if seen.is_buried || self.bury(&name, seen.beat).await? {
                swept += self.sweep_presence(&name).await?;
            }
        }
        Ok(swept)
    }

    /// Answers whether it is buried now: one that has moved since is alive.
    async fn bury(&self, name: &Arc<str>, beat: u64) -> Result<bool, AppError> {
        let buried = self
            .instance_records
            .transact(aggregate(name), None, move |draft| match draft.record() {
                Some(record) if !record.is_buried && record.beat != beat => Ok(false),
                None => Ok(false),
                Some(record) => {
                    let buried = InstanceRecord { is_buried: true, ..record.clone() };
                    draft.put(buried);
                    Ok(true)
                }
            })
            .await?;
        if buried {
            tracing::info!(instance = %name, "an instance has fallen silent; what it left is swept");
        }
        Ok(buried)
    }

    /// Takes an instance that has left nothing behind out of the store.
    pub(in crate::app) async fn strike_instance(&self, name: &Arc<str>) -> Result<(), AppError> {
        let aggregate = aggregate(name);
        let mut commit = Commit::on(aggregate.clone());
        commit.puts.push(Put { key: aggregate.head(), value: None });
        commit.moves.push(Move { index: index(), member: name.clone(), score: None });
        self.backend.commit(commit).await?;
        self.instances.view.lock().seen.remove(name);
        Ok(())
    }
}

fn new_name() -> Arc<str> {
    Uuid::new_v4().to_string().into()
}

fn millis(time: std::time::Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(beat: u64) -> Vec<(Arc<str>, InstanceRecord)> {
        let (node, told) = ("node".to_owned(), Told::default());
        vec![("a".into(), InstanceRecord { beat, is_buried: false, node, since_ms: 0, told })]
    }

    #[test]
    fn only_time_in_which_one_looked_counts() {
        let mut view = View::default();
        let mut now = Timestamp::from_millis(0);
        let mut look = |passed_s: i64, beat: u64| {
            now = now.plus_millis(passed_s * 1_000);
            view.look(now, record(beat));
            assert_ne!(view.nodes.contains("node"), view.seen["a"].is_dead(), "letters reach who lives");
            view.seen["a"].is_dead()
        };
        assert!(!look(0, 1));
        assert!(!look(3_600, 1), "the looker slept for an hour");
        assert!(!look(-3_600, 1), "its clock was set");
        assert!(!look(19, 1));
        assert!(look(1, 1), "a minute in all");
        assert!(!look(20, 2), "it lives after all");
        for _ in 0..100 {
            assert!(!look(20, 2) && !look(20, 3));
        }
    }
}
