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
//! | `meta` | hash | `format`; `epoch` (the store's life), `generation`, `counter` (last version given); `run_id`, `start` (the counter when it was first met), `healed` (for which a generation began); of a copy: `copying` or `copied` (what from), `copy_mark` |
//! | `a:` aggregate | hash | `v` name: version, space, value; `t` topic: life (empty: the store's), top, floor, how many are kept (0: all) |
//! | `s:` aggregate `#` topic | stream | changes: id `offset-0`, field `p` |
//! | `i:` index | sorted set | members |
//! | `o:` aggregate `#` key | string, expires | the record of an idempotency key |
//!
//! A message is the epoch, the offset, a space and the payload, on the channel `<database>:t:` aggregate `#` topic.
//!
//! # Epochs
//!
//! Six letters are the life of the topic, or of the store if it was never cleared; two are the store's generation (see
//! `epoch.lua` for those that were copied from another store). It
//! begins anew when a Redis comes back with less than it had acknowledged (see `arrive.lua`): then every cursor of before is
//! lost, and none is mistaken. Whoever starts first after a restart of Redis cannot know what was lost, so a new
//! generation begins then too, unless Redis writes everything to disk before it answers (`appendfsync always`).

mod alone;
mod commits;
mod export;
mod failure;
mod import;
mod indexes;
mod lines;
mod link;
mod names;
mod script;
mod supervisor;
mod time;
mod topics;
mod url;

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use redis::{RedisError, Value};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use self::commits::Outcome;
pub use self::export::RedisExport;
pub use self::import::RedisImport;
use self::lines::Lines;
use self::link::Link;
use self::names::Channels;
use self::script::Script;
use self::supervisor::{Supervisor, Wanted};
pub use self::url::RedisUrl;
use crate::backend::{
    Backend, BackendError, Commit, CommitError, Committed, Cursor, Epoch, Key, Range, Ranged, Replay, Since,
    Subscription, Topic, Version, Versioned,
};
use crate::limits;

/// The store in one Redis. Dropping it ends its connections and all subscriptions; [`RedisStore::close`] waits for that.
pub struct RedisStore {
    hub: Arc<Hub>,
    link: watch::Receiver<Option<Arc<Link>>>,
    wanted: mpsc::Sender<Wanted>,
    in_flight: Semaphore,
    workers: TaskTracker,
    closing: CancellationToken,
    _dropped: DropGuard,
}

/// What the store's workers and connections share.
struct Hub {
    client: redis::Client,
    channels: Channels,
    /// This process among all that share the store.
    instance: String,
    scripts: Scripts,
    lines: Lines,
    /// The last probe that came back.
    echo: watch::Sender<String>,
}

struct Scripts {
    arrive: Script,
    commit: Script,
    replay: Script,
    range: Script,
}

/// Why the store could not be opened. No sentence holds the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the URL of Redis cannot be used ({0}); it looks like redis://user:password@host:6379/0")]
    Url(String),
    #[error("{0}")]
    Refused(&'static str),
    #[error("Redis cannot be reached ({0}): is it running, and is this its address?")]
    Unreachable(String),
    #[error("Redis takes too long to answer")]
    TooSlow,
    #[error("this Redis is part of a cluster, which is not supported: use a single Redis, with replicas if need be")]
    Cluster,
    #[error("the store has format {found}, and this version knows no format above {known}: use a newer version")]
    NewerFormat { found: u64, known: u64 },
    #[error("there is no store in this Redis")]
    Missing,
    #[error(
        "this Redis holds the first part of a copy: start the same `runnity copy` again, and it goes on, or empty it"
    )]
    HalfCopied,
    #[error("{servers} server(s) have this Redis open: stop them first")]
    InUse { servers: u64 },
    #[error(transparent)]
    Store(#[from] BackendError),
}

impl RedisStore {
    /// Connects to the store at `url`, or makes it there.
    pub async fn open(url: &RedisUrl) -> Result<Self, OpenError> {
        let (client, database) = url.client()?;
        let hub = Arc::new(Hub {
            client,
            channels: Channels::of_database(database),
            instance: uuid::Uuid::new_v4().simple().to_string(),
            scripts: Scripts::default(),
            lines: Lines::default(),
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
            in_flight: Semaphore::new(limits::STORE_QUEUE_LEN_MAX),
            workers,
            _dropped: closing.clone().drop_guard(),
            closing,
        })
    }

    /// Takes no more commits, waits for those under way, and ends all subscriptions and connections.
    pub async fn close(&self) -> Result<(), BackendError> {
        let everyone = u32::try_from(limits::STORE_QUEUE_LEN_MAX).unwrap_or(u32::MAX);
        let finished = timeout(limits::STORE_CLOSE, self.in_flight.acquire_many(everyone)).await.is_ok();
        self.in_flight.close();
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
                        return Ok(committed);
                    }
                    Outcome::Conflict => return Err(CommitError::Conflict),
                    Outcome::Repeated(repeated) => return Err(CommitError::Repeated(repeated)),
                    Outcome::Wiped => link.broken.cancel(),
                },
                // Without an idempotency key it might be written twice.
                Err(error) if failure::is_refusal(&error) || commit.once.is_empty() => {
                    return Err(failure::of(&error).into());
                }
                Err(error) => {
                    tracing::debug!(%error, "a commit is sent again");
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
            let mut aggregates = HashMap::<_, Vec<usize>>::new();
            for (at, key) in keys.iter().enumerate() {
                aggregates.entry(&key.aggregate).or_default().push(at);
            }
            let mut all = redis::pipe();
            let mut order = Vec::with_capacity(keys.len());
            for (aggregate, places) in aggregates {
                let command = all.cmd("HMGET").arg(&names::aggregate(aggregate)[..]);
                for at in places {
                    command.arg(&names::value_field(&keys[at])[..]);
                    order.push(at);
                }
            }
            if keys.is_empty() {
                return Ok(Vec::new());
            }
            let answers = link.ask_all(&all).await.map_err(|error| failure::of(&error))?;
            let mut found = vec![Versioned::ABSENT; keys.len()];
            let mut order = order.into_iter();
            for answer in answers {
                let Value::Array(values) = answer else { return Err(failure::unreadable()) };
                for value in values {
                    let place = order.next().and_then(|at| found.get_mut(at)).ok_or_else(failure::unreadable)?;
                    *place = versioned(value)?;
                }
            }
            Ok(found)
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
            let _permit = match self.in_flight.try_acquire() {
                Ok(permit) => permit,
                Err(tokio::sync::TryAcquireError::Closed) => return Err(failure::closed().into()),
                Err(tokio::sync::TryAcquireError::NoPermits) => return Err(failure::too_much_waits().into()),
            };
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
        }
    }
}

impl OpenError {
    /// Whether it is worth to try again soon.
    fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::TooSlow | Self::Store(BackendError::Unavailable(_)))
    }
}

impl From<RedisError> for OpenError {
    fn from(error: RedisError) -> Self {
        match failure::sentence(&error) {
            Some(sentence) if error.code() != Some("LOADING") => Self::Refused(sentence),
            Some(_) => Self::Store(failure::of(&error)),
            None if error.kind() == redis::ErrorKind::AuthenticationFailed => {
                Self::Refused("Redis does not know this user or password")
            }
            None if error.kind() == redis::ErrorKind::RESP3NotSupported => {
                Self::Refused("this Redis is too old: version 6.2 or newer is needed")
            }
            None if error.is_timeout() => Self::TooSlow,
            None if error.is_io_error() || error.is_connection_refusal() => Self::Unreachable(error.to_string()),
            None => Self::Store(failure::of(&error)),
        }
    }
}

/// A field's value: its version, a space, and the value itself.
fn versioned(field: Value) -> Result<Versioned, BackendError> {
    let bytes = match field {
        Value::Nil => return Ok(Versioned::ABSENT),
        Value::BulkString(bytes) => bytes::Bytes::from(bytes),
        _ => return Err(failure::unreadable()),
    };
    let damaged = || failure::damaged("a value has no version");
    let digits_len = bytes.iter().take(20).position(|byte| *byte == b' ').ok_or_else(damaged)?;
    let version = std::str::from_utf8(&bytes[..digits_len]).ok().and_then(|digits| digits.parse().ok());
    Ok(Versioned { version: Version(version.ok_or_else(damaged)?), value: Some(bytes.slice(digits_len + 1..)) })
}

fn epoch_of(letters: String) -> Result<Epoch, BackendError> {
    if letters.len() == 8 { Ok(Epoch(letters.into())) } else { Err(failure::damaged("an epoch has not eight letters")) }
}
