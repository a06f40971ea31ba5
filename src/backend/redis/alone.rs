//! The way to a Redis that is copied from or into: one connection, and no server beside it.

use std::collections::HashMap;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, Pipeline};
use tokio::time::{Instant, sleep};

use super::about::About;
use super::names::{self, Channels};
use super::{OpenError, RedisUrl, failure};
use crate::backend::BackendError;
use crate::limits;

pub struct Alone {
    commands: MultiplexedConnection,
    pub about: About,
}

impl Alone {
    pub async fn connect(url: &RedisUrl) -> Result<Self, OpenError> {
        let address = url.address()?;
        let primary = address.primary().await?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(limits::REDIS_CONNECT_WAIT))
            .set_response_timeout(Some(limits::COPY_ANSWER_WAIT));
        let mut commands = primary.client.get_multiplexed_async_connection_with_config(&config).await?;
        let about = About::ask(&mut commands).await?;
        about.must_be_primary(&primary)?;
        let control = Channels::of_database(address.database).control();
        // One that was ended a moment ago may still seem to be there.
        let given_up = Instant::now() + limits::COPY_SERVERS_WAIT;
        loop {
            match listeners_len(&mut commands, &control).await? {
                0 => return Ok(Self { commands, about }),
                servers if Instant::now() > given_up => return Err(OpenError::InUse { servers }),
                _ => sleep(limits::COPY_SERVERS_WAIT / 20).await,
            }
        }
    }

    pub async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, BackendError> {
        command.query_async(&mut self.commands.clone()).await.map_err(|error| failure::of(&error))
    }

    pub async fn ask_all<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, BackendError> {
        commands.query_async(&mut self.commands.clone()).await.map_err(|error| failure::of(&error))
    }

    /// What the store says of itself; nothing where there is none.
    pub async fn meta(&self) -> Result<HashMap<String, Vec<u8>>, BackendError> {
        self.ask(redis::cmd("HGETALL").arg(&names::meta()[..])).await
    }

    /// Some names of keys of the store, and where to go on; 0 is the beginning and the end.
    pub async fn scan(&self, cursor: u64) -> Result<(u64, Vec<String>), BackendError> {
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(names::ALL).arg("COUNT").arg(limits::COPY_SCAN_LEN);
        self.ask(&scan).await
    }
}

/// How many servers listen to what all of them listen to.
async fn listeners_len(commands: &mut MultiplexedConnection, channel: &[u8]) -> Result<u64, OpenError> {
    let mut asking = redis::cmd("PUBSUB");
    let listeners: HashMap<String, u64> = asking.arg("NUMSUB").arg(channel).query_async(commands).await?;
    Ok(listeners.values().sum())
}
