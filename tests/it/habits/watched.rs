//! A store that says what it is asked for of boards, and that fails once with one of their commits.

use std::sync::Arc;

use futures::future::BoxFuture;
use parking_lot::Mutex;
use runnity::app::{App, Settings};
use runnity::backend::{Backend, BackendError, Commit, CommitError, Committed, Key, Versioned};

use crate::support::{Around, Site, Verbs};

/// What comes of a commit whose sender is told that nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    NotCarriedOut,
    CarriedOut,
}

#[derive(Default)]
pub struct Watched(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    /// Tasks that were read.
    tasks_read: usize,
    /// Those of boards.
    commits: Vec<Commit>,
    /// After so many more commits of boards, one fails.
    failing: Option<(usize, Fate)>,
}

impl Watched {
    /// An application on the site's store, which does nothing by itself, and what it asks of the store.
    pub async fn on(site: &Site) -> (Arc<App>, Arc<Around<Self>>) {
        let store = Self::default().around(site.store.open().await);
        (App::new(store.clone(), site.clock.clone(), Settings::default()), store)
    }

    pub fn fail_after(&self, commits: usize, fate: Fate) {
        self.0.lock().failing = Some((commits, fate));
    }

    /// How many tasks were read since this was asked last.
    pub fn tasks_read(&self) -> usize {
        std::mem::take(&mut self.0.lock().tasks_read)
    }

    /// The commits of boards since this was asked last.
    pub fn commits(&self) -> Vec<Commit> {
        std::mem::take(&mut self.0.lock().commits)
    }
}

impl Verbs for Watched {
    fn read<'a>(
        &'a self,
        inner: &'a dyn Backend,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Versioned>, BackendError>> {
        self.0.lock().tasks_read += keys.iter().filter(|key| key.name.starts_with("habits/t/")).count();
        inner.read(keys)
    }

    fn commit<'a>(&'a self, inner: &'a dyn Backend, commit: Commit) -> BoxFuture<'a, Result<Committed, CommitError>> {
        let mut fate = None;
        if commit.puts.iter().any(|put| &*put.key.name == "habits") {
            let mut seen = self.0.lock();
            seen.commits.push(commit.clone());
            match &mut seen.failing {
                Some((0, failing)) => {
                    fate = Some(*failing);
                    seen.failing = None;
                }
                Some((commits, _)) => *commits -= 1,
                None => {}
            }
        }
        Box::pin(async move {
            let lost = || CommitError::Backend(BackendError::Unavailable("the answer was lost".into()));
            match fate {
                None => inner.commit(commit).await,
                Some(Fate::NotCarriedOut) => Err(lost()),
                Some(Fate::CarriedOut) => inner.commit(commit).await.and_then(|_| Err(lost())),
            }
        })
    }
}
