//! Where Redis is, as the operator typed it. It may hold a password, so it is never shown.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use redis::io::tcp::TcpSettings;
use redis::{Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

use super::OpenError;

/// `redis://`, `rediss://` (TLS) or `redis+unix://`, with user, password and database. It is read when the store is opened,
/// so that no error names it.
#[derive(Clone)]
pub struct RedisUrl(String);

impl RedisUrl {
    /// A client for it, and the number of its database.
    pub(super) fn client(&self) -> Result<(Client, i64), OpenError> {
        let unusable = |error: redis::RedisError| OpenError::Url(reason(&error));
        let info: ConnectionInfo = self.0.as_str().into_connection_info().map_err(unusable)?;
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let database = settings.db();
        // Answers are waited for one by one: nothing is gained by holding small packets back.
        let info = info.set_redis_settings(settings).set_tcp_settings(TcpSettings::default().set_nodelay(true));
        Ok((Client::open(info).map_err(unusable)?, database))
    }
}

/// What is wrong with it, without any part of it.
fn reason(error: &redis::RedisError) -> String {
    let text = error.to_string();
    text.split(" - ").next().unwrap_or_default().to_owned()
}

impl FromStr for RedisUrl {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisUrl(…)")
    }
}
