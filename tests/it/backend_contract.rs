//! The law for every store. A store takes part by a [`Factory`] and one line: `contract!(its_name, ItsFactory);`
//!
//! A law is an async function over any factory, in the file of its subject, and is named in [`contract!`]. A law relies on
//! the documented contract of `src/backend.rs` alone; what is one store's own is tested beside this, in that store's file.

mod commits;
mod indexes;
mod lasting;
mod listening;
mod redis_store;
mod topics;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use runnity::backend::embedded::Embedded;
use runnity::backend::{
    AggregateId, Append, Backend, Change, Commit, CommitError, Cursor, Expect, Heard, Index, Keep, Move, Once, Put,
    Replay, Since, Subscription, Topic, Trim, Version, Versioned,
};
use runnity::clock::Clock;
use runnity::domain::time::Timestamp;

/// Makes a store for one test, and does to it what a test needs.
pub trait Factory: Sized + Send {
    /// A new, empty store that nobody else uses.
    fn make() -> impl Future<Output = Self> + Send;

    fn store(&self) -> Arc<dyn Backend>;

    /// Closes the store and opens it again, with what it holds.
    fn reopen(&mut self) -> impl Future<Output = ()> + Send;

    /// Closes the store, loses what it holds, and opens it again.
    fn wipe(&mut self) -> impl Future<Output = ()> + Send;

    /// Lets time pass for the store.
    fn advance(&mut self, by: Duration) -> impl Future<Output = ()> + Send;
}

macro_rules! contract {
    ($store:ident, $factory:ty) => {
        contract! { $store, $factory;
            commits: a_commit_is_read_back, values_of_any_size_and_keys_of_any_letters_are_kept,
                one_failed_expectation_writes_nothing, an_expectation_holds_for_absent_present_and_remade_keys,
                no_version_is_given_twice, puts_of_one_commit_share_its_version_and_the_last_one_counts,
                an_idempotency_key_writes_once, an_idempotency_key_writes_once_when_sent_at_the_same_time,
                an_idempotency_key_counts_before_the_expectations, an_idempotency_key_belongs_to_its_aggregate,
                an_idempotency_key_of_a_refused_commit_is_not_spent, an_idempotency_key_expires,
                five_writers_times_ten_conditional_increments_make_fifty, an_empty_commit_is_a_success;
            topics: offsets_count_from_one_without_a_gap, topics_do_not_mix, a_replay_answers_at_most_its_limit,
                a_replay_without_a_limit_to_speak_of_only_tells_the_top, only_the_newest_changes_are_kept,
                a_cursor_before_what_is_kept_is_lost, a_bound_that_moves_trims_at_once_and_never_brings_back,
                only_the_latest_change_is_kept, an_ephemeral_change_is_not_kept, a_log_is_never_trimmed,
                a_cleared_topic_starts_a_new_epoch, a_commit_clears_before_it_appends, a_trimmed_topic_lives_on, a_commit_trims_before_it_appends,
                a_cursor_above_the_top_is_lost, a_cursor_of_another_epoch_is_lost;
            indexes: members_stand_by_score_and_then_by_name, a_member_stands_once, bounds_include_and_exclude,
                pages_follow_one_another, a_range_around_a_member, rank_and_total_are_counted,
                the_highest_and_lowest_scores_are_exact, indexes_with_odd_names_do_not_mix,
                ranges_agree_with_a_simple_model;
            listening: changes_are_heard_in_order, a_log_is_not_heard, an_ephemeral_change_is_heard,
                a_refused_commit_is_not_heard, who_falls_behind_hears_of_a_gap_and_delays_nobody,
                who_subscribes_and_then_reads_misses_nothing, a_subscription_ends_when_it_is_dropped,
                all_who_listen_hear;
            lasting: a_restart_keeps_everything, versions_and_offsets_go_on_after_a_restart,
                idempotency_keys_outlive_a_restart, a_wiped_store_has_a_new_epoch,
                a_cleared_topic_stays_cleared_after_a_restart;
        }
    };
    ($store:ident, $factory:ty; $($subject:ident: $($law:ident),*;)*) => {
        mod $store {
            $(mod $subject {
                use super::super::*;
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $law() {
                    within(Duration::from_secs(60), $subject::$law::<$factory>()).await;
                })*
            })*
        }
    };
}

contract!(embedded, EmbeddedFactory);
contract!(redis, redis_store::RedisFactory);

struct EmbeddedFactory {
    dir: tempfile::TempDir,
    clock: Clock,
    store: Arc<Embedded>,
}

impl EmbeddedFactory {
    fn open(dir: &tempfile::TempDir, clock: &Clock) -> Arc<Embedded> {
        Arc::new(Embedded::open(&dir.path().join("data"), clock.clone()).expect("opens"))
    }
}

impl Factory for EmbeddedFactory {
    async fn make() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Clock::manual(Timestamp::from_millis(1_700_000_000_000));
        let store = Self::open(&dir, &clock);
        Self { dir, clock, store }
    }

    fn store(&self) -> Arc<dyn Backend> {
        self.store.clone()
    }

    async fn reopen(&mut self) {
        self.store.close().await.expect("closes");
        self.store = Self::open(&self.dir, &self.clock);
    }

    async fn wipe(&mut self) {
        self.store.close().await.expect("closes");
        std::fs::remove_dir_all(self.dir.path().join("data")).expect("removes");
        self.store = Self::open(&self.dir, &self.clock);
    }

    async fn advance(&mut self, by: Duration) {
        self.clock.advance(by);
    }
}

/// A commit, said in one line.
pub trait Saying: Sized {
    fn put(self, name: &str, value: impl Into<Bytes>) -> Self;
    fn delete(self, name: &str) -> Self;
    fn expect(self, name: &str, version: Version) -> Self;
    fn append(self, topic: &str, keep: Keep, payload: impl Into<Bytes>) -> Self;
    fn clear(self, topic: &str) -> Self;
    fn trim(self, topic: &str, until: u64) -> Self;
    fn place(self, index: &str, member: &str, score: i64) -> Self;
    fn displace(self, index: &str, member: &str) -> Self;
    fn once(self, key: &str, record: &'static str, keep: Duration) -> Self;
}

impl Saying for Commit {
    fn put(mut self, name: &str, value: impl Into<Bytes>) -> Self {
        self.puts.push(Put { key: self.aggregate.key(name), value: Some(value.into()) });
        self
    }

    fn delete(mut self, name: &str) -> Self {
        self.puts.push(Put { key: self.aggregate.key(name), value: None });
        self
    }

    fn expect(mut self, name: &str, version: Version) -> Self {
        self.expect.push(Expect { key: self.aggregate.key(name), version });
        self
    }

    fn append(mut self, topic: &str, keep: Keep, payload: impl Into<Bytes>) -> Self {
        self.appends.push(Append { topic: self.aggregate.topic(topic), keep, payload: payload.into() });
        self
    }

    fn clear(mut self, topic: &str) -> Self {
        self.clears.push(self.aggregate.topic(topic));
        self
    }

    fn trim(mut self, topic: &str, until: u64) -> Self {
        self.trims.push(Trim { topic: self.aggregate.topic(topic), until });
        self
    }

    fn place(mut self, index: &str, member: &str, score: i64) -> Self {
        self.moves.push(Move { index: Index::new(index), member: member.into(), score: Some(score) });
        self
    }

    fn displace(mut self, index: &str, member: &str) -> Self {
        self.moves.push(Move { index: Index::new(index), member: member.into(), score: None });
        self
    }

    fn once(mut self, key: &str, record: &'static str, keep: Duration) -> Self {
        self.once.push(Once { key: key.into(), record: record.into(), keep });
        self
    }
}

/// The aggregate that most tests are about.
pub fn run() -> AggregateId {
    AggregateId::new("run", "7")
}

pub fn commit() -> Commit {
    Commit::on(run())
}

pub async fn read(store: &Arc<dyn Backend>, aggregate: &AggregateId, name: &str) -> Versioned {
    store.read(&[aggregate.key(name)]).await.expect("reads").remove(0)
}

/// The value as text; `None` when absent.
pub async fn text(store: &Arc<dyn Backend>, name: &str) -> Option<String> {
    read(store, &run(), name).await.value.map(|value| String::from_utf8(value.into()).expect("text"))
}

/// All that is kept of a topic of [`run`], and its top.
pub async fn replay_all(store: &Arc<dyn Backend>, topic: &str) -> (Vec<Change>, Cursor) {
    match store.replay(&run().topic(topic), &Since::Oldest, usize::MAX).await.expect("replays") {
        Replay::Changes { changes, top } => (changes, top),
        Replay::Lost { .. } => panic!("lost, from the oldest on"),
    }
}

pub async fn replay_after(store: &Arc<dyn Backend>, topic: &Topic, cursor: &Cursor) -> Replay {
    store.replay(topic, &Since::Cursor(cursor.clone()), usize::MAX).await.expect("replays")
}

pub fn offsets(changes: &[Change]) -> Vec<u64> {
    changes.iter().map(|change| change.offset).collect()
}

pub async fn next(subscription: &mut Subscription) -> Heard {
    within(Duration::from_secs(10), subscription.next()).await.expect("the store is open")
}

/// The offset and payload of the next change heard.
pub async fn next_change(subscription: &mut Subscription) -> (u64, Bytes) {
    match next(subscription).await {
        Heard::Change { cursor, payload } => (cursor.offset, payload),
        Heard::Gap => panic!("a gap"),
    }
}

pub async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(limit, future).await.expect("in time")
}

/// Writes until no other write comes first.
pub async fn commit_again_and_again(store: &Arc<dyn Backend>, decide: impl AsyncFn() -> Commit) {
    loop {
        match store.commit(decide().await).await {
            Ok(_) => return,
            Err(CommitError::Conflict) => {}
            Err(error) => panic!("{error}"),
        }
    }
}
