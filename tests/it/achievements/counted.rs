//! A store that counts what is read of users' progress and what is written there.

use std::sync::Arc;

use futures::future::BoxFuture;
use parking_lot::Mutex;
use runnity::backend::{Backend, BackendError, Commit, CommitError, Committed, Key, Versioned};

use crate::support::{Around, Verbs};

pub struct Counted {
    counts: Mutex<Counts>,
}

/// The names of documents beside users' heads.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub read: Vec<String>,
    pub put: Vec<String>,
    pub commits: Vec<Commit>,
}

impl Counted {
    pub fn on(inner: Arc<dyn Backend>) -> Arc<Around<Self>> {
        Self { counts: Mutex::default() }.around(inner)
    }

    /// Since this was asked last.
    pub fn take(&self) -> Counts {
        std::mem::take(&mut *self.counts.lock())
    }
}

fn of_users<'a>(keys: impl Iterator<Item = &'a Key>) -> Vec<String> {
    let keys = keys.filter(|key| key.aggregate.as_str().starts_with("user/"));
    keys.map(|key| key.name.to_string()).collect()
}

impl Verbs for Counted {
    fn read<'a>(
        &'a self,
        inner: &'a dyn Backend,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Versioned>, BackendError>> {
        self.counts.lock().read.extend(of_users(keys.iter()));
        inner.read(keys)
    }

    fn commit<'a>(&'a self, inner: &'a dyn Backend, commit: Commit) -> BoxFuture<'a, Result<Committed, CommitError>> {
        {
            let mut counts = self.counts.lock();
            counts.put.extend(of_users(commit.puts.iter().map(|put| &put.key)));
            counts.commits.push(commit.clone());
        }
        inner.commit(commit)
    }
}
