//! The shared store: everything in one Redis, written by any number of instances.
//!
//! Deliberately knows no run, event or user. A commit is one call of a script, so it is atomic and takes one round trip;
//! whoever listens is told by publish and subscribe, in the order in which Redis carried the commits out. Messages
//! may be lost on the way, so each carries its offset, and what is missing is told as a gap.
//!
//! # What lies where
//!
//! All keys begin with `{runnity:0}:`, the one partition that a single Redis is. In the name of an aggregate, `#` is
//! written `%23`.
//!
//! | key | kind | what it holds |
//! |---|---|---|
//! | `meta` | hash | `format`; `epoch` (the store's life), `generation`, `counter` (last version given); `run_id`, `start` (the counter when it was first met), `healed` (for which a generation began), `heirs` (`1`: other Redis may take its place); of a copy: `copying` or `copied` (what from), `copy_mark` |
//! | `a:` aggregate | hash | `v` name: the value; `n` name: its version; `t` topic: life (empty: the store's), top, floor, how many are kept (0: all) |
//! | `s:` aggregate `#` topic | stream | changes: id `offset-0`, field `p` |
//! | `i:` index | sorted set | members |
//! | `o:` aggregate `#` key | string, expires | the record of an idempotency key |
//! | `try` | | nothing: commands are tried on it (see `try.lua`) |
//!
//! A message is the epoch, the offset, a space and the payload, on the channel `<database>:t:` aggregate `#` topic.
//!
//! # Epochs
//!
//! The letters are made of the life of the topic, or of the store if it was never cleared, and of the store's generation (see
//! `epoch.lua`). That begins anew when a Redis comes back with less than it had acknowledged (see `arrive.lua`): then every cursor of before is
//! lost, and none is mistaken. After a restart of Redis nobody knows what another instance, which may be gone, was told last.
//! So a new generation begins then too, unless nothing can be missing: Redis writes everything to disk before it answers
//! (`appendfsync always`), and has no replicas, one of which might have taken its place.

mod about;
mod alone;
mod commits;
mod export;
mod failure;
mod flights;
mod import;
mod indexes;
mod lines;
mod link;
mod names;
mod opening;
mod script;
mod sentinels;
mod supervisor;
mod time;
mod topics;
mod url;
mod values;

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use self::commits::Outcome;
pub use self::export::RedisExport;
use self::flights::Flights;
pub use self::import::RedisImport;
use self::lines::Lines;
use self::link::Link;
use self::names::Channels;
pub use self::opening::OpenError;
use self::script::Script;
use self::supervisor::{Supervisor, Wanted};
use self::url::Address;
pub use self::url::RedisUrl;
use crate::backend::{
    Backend, BackendError, Commit, CommitError, Committed, Cursor, Epoch, Key, Range, Ranged, Replay, Since,
    StoreCounts, Subscription, Topic, Version, Versioned,
};
use crate::limits;

/// The store in one Redis. Dropping it ends its connections and all subscriptions; [`RedisStore::close`] waits for that.
pub struct RedisStore {
    hub: Arc<Hub>,
    link: watch::Receiver<Option<Arc<Link>>>,
    wanted: mpsc::Sender<Wanted>,
    flights: Flights,
    workers: TaskTracker,
    closing: CancellationToken,
    _dropped: DropGuard,
}

/// What the store's workers and connections share.
struct Hub {
    address: Address,
    channels: Channels,
    /// This process among all that share the store.
    instance: String,
    scripts: Scripts,
    lines: Lines,
    counts: StoreCounts,
    /// The last probe that came back.
    echo: watch::Sender<String>,
}

struct Scripts {
    arrive: Script,
    commit: Script,
    replay: Script,
    range: Script,
    attempt: Script,
}

impl RedisStore {
    /// Connects to the store at `url`, or makes it there.
    pub async fn open(url: &RedisUrl) -> Result<Self, OpenError> {
        let (address, counts) = (url.address()?, StoreCounts::default());
        let hub = Arc::new(Hub {
            channels: Channels::of_database(address.database),
            address,
            instance: uuid::Uuid::new_v4().simple().to_string(),
            scripts: Scripts::default(),
            lines: Lines::new(counts.topics.clone()),
            counts: counts.clone(),
            echo: watch::Sender::default(),
        });
        let (link, hearing) = supervisor::first(&hub).await?;
        let (workers, closing) = (TaskTracker::new(), CancellationToken::new());
        let (link_sender, link_receiver) = watch::channel(Some(link.clone()));
        let (wanted_sender, wanted_receiver) = mpsc::channel(limits::REDIS_WANTED_LEN_MAX);
        let supervisor = Supervisor {
            hub: hub.clone(),
            workers: workers.clone(),
            closing: closing.clone(),
            link: link_sender,
            wanted: wanted_receiver,
        };
        workers.spawn(supervisor.run(link, hearing));
        Ok(Self {
            hub,
            link: link_receiver,
            wanted: wanted_sender,
            flights: Flights::new(counts.in_flight),
            workers,
            _dropped: closing.clone().drop_guard(),
            closing,
        })
    }

    /// What it counts about itself.
    pub fn counts(&self) -> &StoreCounts {
        &self.hub.counts
    }

    /// Takes no more commits, waits for those under way, and ends all subscriptions and connections.
    pub async fn close(&self) -> Result<(), BackendError> {
        let finished = timeout(limits::STORE_CLOSE, self.flights.land()).await.is_ok();
        self.flights.close();
        self.closing.cancel();
        self.workers.close();
        self.workers.wait().await;
        if finished { Ok(()) } else { Err(BackendError::Unavailable("Redis takes too long".into())) }
    }

    /// The link, if there is one or there soon is.
    async fn link(&self, until: Instant) -> Result<Arc<Link>, BackendError> {
        if self.closing.is_cancelled() {
            return Err(failure::closed());
        }
        let is_usable = |link: &Option<Arc<Link>>| link.as_ref().is_some_and(|link| !link.broken.is_cancelled());
        let mut links = self.link.clone();
        let found = match timeout_at(until, links.wait_for(is_usable)).await {
            Ok(Ok(link)) => link.clone(),
            Ok(Err(_)) => return Err(failure::closed()),
            Err(_) => None,
        };
        found.ok_or_else(failure::unreachable)
    }

    async fn link_soon(&self) -> Result<Arc<Link>, BackendError> {
        self.link(Instant::now() + limits::REDIS_LINK_WAIT).await
    }

    /// Ephemeral changes are only published; nothing is written.
    async fn tell(&self, commit: &Commit) -> Result<Committed, CommitError> {
        let link = self.link_soon().await?;
        let header = format!("{}0 ", link.epoch);
        let mut all = redis::pipe();
        for append in &commit.appends {
            let message = [header.as_bytes(), &append.payload].concat();
            all.cmd("PUBLISH").arg(&self.hub.channels.topic(&append.topic)[..]).arg(message);
        }
        if !commit.appends.is_empty() {
            link.ask_all(&all).await.map_err(|error| failure::of(&error))?;
        }
        self.hub.counts.commits.inc();
        let cursor = Cursor { epoch: link.epoch.clone(), offset: 0 };
        Ok(Committed { version: Version::ABSENT, cursors: vec![cursor; commit.appends.len()] })
    }

    /// Sends a commit until it is known what came of it, as far as it can be sent twice.
    async fn carry_out(&self, commit: &Commit) -> Result<Committed, CommitError> {
        let call = commits::call(commit, &self.hub.channels);
        let sent = Instant::now();
        let mut until = sent + limits::REDIS_LINK_WAIT;
        loop {
            let link = self.link(until).await?;
            match link.call(&self.hub.scripts.commit, &call).await {
                Ok(answer) => match commits::outcome(commit, answer)? {
                    Outcome::Done(committed, counter) => {
                        link.acknowledge(counter);
                        self.hub.counts.commits.inc();
                        return Ok(committed);
                    }
                    Outcome::Conflict => {
                        self.hub.counts.conflicts.inc();
                        return Err(CommitError::Conflict);
                    }
                    Outcome::Repeated(repeated) => return Err(CommitError::Repeated(repeated)),
                    Outcome::Wiped => link.broken.cancel(),
                },
                // Without an idempotency key it might be written twice.
                Err(error) if failure::is_refusal(&error) || commit.once.is_empty() => {
                    return Err(failure::of(&error).into());
                }
                Err(error) => {
                    tracing::debug!(%error, "a commit is sent again");
                    self.hub.counts.resent.inc();
                    until = sent + limits::REDIS_RESEND_WAIT;
                }
            }
            if Instant::now() > until {
                return Err(failure::unreachable().into());
            }
        }
    }
}

impl Backend for RedisStore {
    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Versioned>, BackendError>> {
        Box::pin(async move {
            let link = self.link_soon().await?;
            if keys.is_empty() {
                return Ok(Vec::new());
            }
            let reading = values::reading(keys);
            let answers = link.ask_all(&reading.commands).await.map_err(|error| failure::of(&error))?;
            reading.outcome(answers)
        })
    }

    fn range<'a>(&'a self, range: &'a Range) -> BoxFuture<'a, Result<Ranged, BackendError>> {
        Box::pin(async move {
            let link = self.link_soon().await?;
            let answer = link.call(&self.hub.scripts.range, &indexes::call(range)).await;
            indexes::outcome(range, answer.map_err(|error| failure::of(&error))?)
        })
    }

    fn replay<'a>(
        &'a self,
        topic: &'a Topic,
        since: &'a Since,
        limit: usize,
    ) -> BoxFuture<'a, Result<Replay, BackendError>> {
        Box::pin(async move {
            let until = Instant::now() + limits::REDIS_LINK_WAIT;
            loop {
                let link = self.link(until).await?;
                let answer = link.call(&self.hub.scripts.replay, &topics::call(topic, since, limit)).await;
                match topics::outcome(since, limit, answer.map_err(|error| failure::of(&error))?)? {
                    topics::Outcome::Found(replay) => return Ok(replay),
                    topics::Outcome::Wiped => link.broken.cancel(),
                }
            }
        })
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        Box::pin(async move {
            debug_assert!(commit.is_whole(), "a commit touches its own aggregate only");
            let _flight = self.flights.board(&commit)?;
            if commit.is_ephemeral() { self.tell(&commit).await } else { self.carry_out(&commit).await }
        })
    }

    fn subscribe<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, Result<Subscription, BackendError>> {
        Box::pin(async move {
            self.link_soon().await?;
            let channel = self.hub.channels.topic(topic);
            let subscription = self.hub.lines.listen(&channel).ok_or_else(failure::closed)?;
            let (confirmed, is_confirmed) = oneshot::channel();
            self.wanted.send(Wanted { channel, confirmed }).await.map_err(|_| failure::closed())?;
            match timeout(limits::REDIS_ANSWER_WAIT, is_confirmed).await {
                Ok(Ok(())) => Ok(subscription),
                _ => Err(failure::unreachable()),
            }
        })
    }
}

impl Hub {
    /// A probe came back.
    fn echo(&self, message: &[u8]) {
        if let Ok(message) = std::str::from_utf8(message) {
            self.echo.send_replace(message.to_owned());
        }
    }

    fn echoes(&self) -> watch::Receiver<String> {
        self.echo.subscribe()
    }
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            arrive: Script::new(concat!(include_str!("redis/epoch.lua"), include_str!("redis/arrive.lua"))),
            commit: Script::new(concat!(include_str!("redis/epoch.lua"), include_str!("redis/commit.lua"))),
            replay: Script::new(concat!(include_str!("redis/epoch.lua"), include_str!("redis/replay.lua"))),
            range: Script::new(include_str!("redis/range.lua")),
            attempt: Script::new(include_str!("redis/try.lua")),
        }
    }
}

fn epoch_of(letters: String) -> Result<Epoch, BackendError> {
    if letters.len() == 8 { Ok(Epoch(letters.into())) } else { Err(failure::damaged("an epoch has not eight letters")) }
}
