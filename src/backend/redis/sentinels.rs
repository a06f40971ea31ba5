//! Sentinels: they watch a Redis and its replicas, and make one of these the primary when the old one is gone.
//!
//! Any of them may be down or cut off, so all are asked at once, and who has seen the newest change is believed.

use std::collections::HashMap;

use futures::future::join_all;
use redis::{AsyncConnectionConfig, Client, RedisError};
use tokio::time::timeout;

use super::OpenError;
use crate::limits;

pub struct Sentinels {
    pub clients: Vec<Client>,
    /// What they call the primary.
    pub name: String,
}

/// What a sentinel says of the primary.
struct Said {
    place: (String, u16),
    /// Grows with each change of the primary that they have agreed upon.
    epoch: u64,
}

impl Sentinels {
    /// Host and port of the primary.
    pub async fn primary(&self) -> Result<(String, u16), OpenError> {
        let mut newest: Option<Said> = None;
        let mut failed = OpenError::NoSentinel("there is none".to_owned());
        for answer in join_all(self.clients.iter().map(|client| self.ask(client))).await {
            match answer {
                Ok(said) if newest.as_ref().is_none_or(|newest| newest.epoch < said.epoch) => newest = Some(said),
                Ok(_) => {}
                Err(error) => failed = error,
            }
        }
        newest.map(|said| said.place).ok_or(failed)
    }

    async fn ask(&self, sentinel: &Client) -> Result<Said, OpenError> {
        let asking = async {
            let config = AsyncConnectionConfig::new();
            let mut connection = sentinel.get_multiplexed_async_connection_with_config(&config).await?;
            redis::cmd("SENTINEL").arg("MASTER").arg(&self.name).query_async(&mut connection).await
        };
        let answer: Result<HashMap<String, String>, RedisError> = timeout(limits::REDIS_SENTINEL_WAIT, asking)
            .await
            .map_err(|_| OpenError::NoSentinel("no answer in time".to_owned()))?;
        let said = answer.map_err(|error| match error.code() {
            Some("NOAUTH" | "WRONGPASS") => OpenError::Refused(
                "the sentinels want a password of their own: add ?sentinel_password= (and sentinel_user=) to the URL",
            ),
            Some("ERR") if error.detail().is_some_and(|detail| detail.contains("No such master")) => {
                OpenError::NoPrimary
            }
            Some("ERR") => OpenError::Refused("there is no sentinel at the sentinels' address, but something else"),
            _ if error.kind() == redis::ErrorKind::AuthenticationFailed => {
                OpenError::Refused("the sentinels do not know this user or password")
            }
            _ => OpenError::NoSentinel(error.to_string()),
        })?;
        let number = |name: &str| said.get(name).and_then(|text| text.parse::<u64>().ok());
        let (host, port) = (said.get("ip"), number("port").and_then(|port| u16::try_from(port).ok()));
        let (Some(host), Some(port)) = (host, port) else {
            return Err(OpenError::NoSentinel("an answer that cannot be read".to_owned()));
        };
        Ok(Said { place: (host.clone(), port), epoch: number("config-epoch").unwrap_or(0) })
    }
}
