//! The way to Redis: one connection for commands and one that is told of changes. They are made together, arrive together
//! (`arrive.lua`), and are given up together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, PushInfo, PushKind, RedisResult, Value};
use tokio_util::sync::CancellationToken;

use super::about::About;
use super::script::{self, Answer, Call, Script};
use super::{Hub, OpenError, epoch_of, failure, names, topics};
use crate::backend::{Epoch, StoreCounts, StoreError};
use crate::limits;

/// The format that this code reads and writes.
pub const FORMAT: u64 = 1;

/// A connection that has arrived.
pub struct Link {
    pub number: u64,
    commands: MultiplexedConnection,
    /// Cancelled when one of the two connections is lost or is not trusted any more.
    pub broken: CancellationToken,
    /// The store's epoch: that of every topic that was never cleared.
    pub epoch: Epoch,
    /// Where the sentinels said that this Redis is.
    pub place: Option<(String, u16)>,
    counts: StoreCounts,
    seen: Seen,
    /// The highest counter that was acknowledged.
    counter: AtomicU64,
}

/// The highest counter that this process knows of, and where it was seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    counter: u64,
    run_id: String,
    life: String,
}

impl Link {
    /// Connects and arrives. The second connection is the one that hears: whoever drops it hears nothing more.
    pub async fn make(
        hub: &Arc<Hub>,
        number: u64,
        seen: Option<Seen>,
    ) -> Result<(Arc<Self>, MultiplexedConnection), OpenError> {
        let broken = CancellationToken::new();
        let primary = hub.address.primary().await?;
        hub.lines.change_connection(number);
        let hearing = connect(&primary.client, hearer(hub, number, &broken)).await?;
        let mut commands = connect(&primary.client, guard(&broken)).await?;
        let about = About::ask(&mut commands).await?;
        about.must_be_primary(&primary)?;
        if seen.is_none() {
            about.warn();
        }
        try_commands(hub, &mut commands).await?;
        let has_heirs = about.has_replicas || primary.place.is_some();
        let (epoch, seen) = arrive(hub, &mut commands, &about, has_heirs, seen.unwrap_or_default()).await?;
        for script in [&hub.scripts.commit, &hub.scripts.replay, &hub.scripts.range] {
            script.loading().exec_async(&mut commands).await?;
        }
        let counter = AtomicU64::new(seen.counter);
        let counts = hub.counts.clone();
        let place = primary.place;
        let link = Self { number, commands, broken, epoch, place, counts, seen, counter };
        let mut hearing = hearing;
        let own = [hub.channels.control(), hub.channels.probe(&hub.instance)];
        subscribe(&mut hearing, &own).await?;
        subscribe(&mut hearing, &hub.lines.ask_for_all()).await?;
        Ok((Arc::new(link), hearing))
    }

    /// Sends one command, or several in one go, and gives the link up when it is broken.
    pub async fn ask(&self, command: &Cmd) -> RedisResult<Value> {
        self.judge(command.query_async(&mut self.commands.clone()).await)
    }

    pub async fn ask_all(&self, commands: &redis::Pipeline) -> RedisResult<Vec<Value>> {
        self.judge(commands.query_async(&mut self.commands.clone()).await)
    }

    /// Calls a script; loads it first if Redis has forgotten it, for nothing has run then.
    pub async fn call(&self, script: &Script, call: &Call) -> RedisResult<Value> {
        let command = script.calling(call);
        let answer = self.ask(&command).await;
        if !script::is_unknown(&answer) {
            return answer;
        }
        self.ask(&script.loading()).await?;
        self.ask(&command).await
    }

    /// A commit was acknowledged, and the counter stood here.
    pub fn acknowledge(&self, counter: u64) {
        self.counter.fetch_max(counter, Ordering::Relaxed);
    }

    pub fn seen(&self) -> Seen {
        Seen { counter: self.counter.load(Ordering::Relaxed), ..self.seen.clone() }
    }

    fn judge<T>(&self, answer: RedisResult<T>) -> RedisResult<T> {
        if let Err(error) = &answer {
            let kind = failure::kind(error);
            self.counts.errors.get_or_create(&StoreError { kind }).inc();
            // Where a name leads, or what the sentinels say, may have changed with the role of this Redis.
            if error.is_connection_dropped() || kind == failure::READ_ONLY_KIND {
                self.broken.cancel();
            }
        }
        answer
    }
}

/// Asks to be told of changes on all these channels; they are confirmed when it returns.
pub async fn subscribe(hearing: &mut MultiplexedConnection, channels: &[Bytes]) -> RedisResult<()> {
    for part in channels.chunks(limits::REDIS_SUBSCRIBE_LEN_MAX) {
        hearing.subscribe(part.iter().map(|channel| channel.to_vec()).collect::<Vec<_>>()).await?;
    }
    Ok(())
}

pub async fn unsubscribe(hearing: &mut MultiplexedConnection, channels: &[Bytes]) -> RedisResult<()> {
    for part in channels.chunks(limits::REDIS_SUBSCRIBE_LEN_MAX) {
        hearing.unsubscribe(part.iter().map(|channel| channel.to_vec()).collect::<Vec<_>>()).await?;
    }
    Ok(())
}

async fn connect(
    client: &Client,
    pushed: impl Fn(PushInfo) -> Result<(), ()> + Send + Sync + 'static,
) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(limits::REDIS_CONNECT_WAIT))
        .set_response_timeout(Some(limits::REDIS_ANSWER_WAIT))
        .set_pipeline_buffer_size(limits::REDIS_PIPELINE_LEN)
        .set_push_sender(pushed);
    client.get_multiplexed_async_connection_with_config(&config).await
}

/// Hands on what is heard, on the thread that it comes by.
fn hearer(
    hub: &Arc<Hub>,
    number: u64,
    broken: &CancellationToken,
) -> impl Fn(PushInfo) -> Result<(), ()> + Send + Sync + 'static {
    let (hub, broken) = (hub.clone(), broken.clone());
    let (control, probe) = (hub.channels.control(), hub.channels.probe(&hub.instance));
    move |push| {
        match (push.kind, <[Value; 2]>::try_from(push.data)) {
            (PushKind::Disconnection, _) => broken.cancel(),
            (PushKind::Message, Ok([Value::BulkString(channel), Value::BulkString(message)])) => {
                if channel == control {
                    // A new generation, or a new store: to be found out by arriving anew.
                    broken.cancel();
                } else if channel == probe {
                    hub.echo(&message);
                } else {
                    hub.lines.hear(number, &channel, message.into());
                }
            }
            (PushKind::Subscribe, Ok([Value::BulkString(channel), _])) => hub.lines.confirm(number, &channel),
            _ => {}
        }
        Ok(())
    }
}

/// Notices when the connection for commands is lost.
fn guard(broken: &CancellationToken) -> impl Fn(PushInfo) -> Result<(), ()> + Send + Sync + 'static {
    let broken = broken.clone();
    move |push| {
        if push.kind == PushKind::Disconnection {
            broken.cancel();
        }
        Ok(())
    }
}

/// See `try.lua`.
async fn try_commands(hub: &Hub, commands: &mut MultiplexedConnection) -> Result<(), OpenError> {
    let attempt = &hub.scripts.attempt;
    let mut call = Call::default();
    call.key(names::attempt());
    call.argument(hub.channels.attempt());
    attempt.loading().exec_async(commands).await?;
    let mut lacking = Answer::of(attempt.calling(&call).query_async(commands).await?)?;
    if lacking.is_empty() {
        return Ok(());
    }
    let (command, said) = (lacking.text()?, lacking.text()?);
    tracing::debug!(command, said, "Redis lacks a command");
    Err(OpenError::Lacking { command })
}

/// See `arrive.lua`.
async fn arrive(
    hub: &Hub,
    commands: &mut MultiplexedConnection,
    about: &About,
    has_heirs: bool,
    seen: Seen,
) -> Result<(Epoch, Seen), OpenError> {
    let arrive = &hub.scripts.arrive;
    let had_one = !seen.life.is_empty();
    let mut call = Call::default();
    call.key(names::meta());
    call.number(FORMAT);
    call.argument(about.run_id.clone());
    call.argument(if about.is_lasting { "1" } else { "0" });
    call.argument(if has_heirs { "1" } else { "0" });
    call.argument(topics::new_life());
    call.number(seen.counter);
    call.argument(seen.run_id);
    call.argument(seen.life);
    call.argument(hub.channels.control());
    arrive.loading().exec_async(commands).await?;
    let mut answer = Answer::of(arrive.calling(&call).query_async(commands).await?)?;
    match answer.text()?.as_str() {
        "newer" => return Err(OpenError::NewerFormat { found: answer.unsigned()?, known: FORMAT }),
        "copying" => return Err(OpenError::HalfCopied),
        _ => {}
    }
    let (life, epoch, counter, state) = (answer.text()?, answer.text()?, answer.unsigned()?, answer.text()?);
    match state.as_str() {
        "new" if had_one => tracing::warn!("the store is gone from Redis: a new one was made in it"),
        "new" => tracing::info!("there was no store in this Redis: one was made in it"),
        "lost" => tracing::warn!("Redis may have lost what was written last: everybody starts anew from what it has"),
        _ => {}
    }
    Ok((epoch_of(epoch)?, Seen { counter, run_id: about.run_id.clone(), life }))
}
