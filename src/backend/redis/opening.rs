//! Why the store could not be opened, in sentences that say what to do.

use redis::{ErrorKind, RedisError};

use super::failure;
use crate::backend::BackendError;

/// Why the store could not be opened. No sentence holds the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "the URL of Redis cannot be used ({0}); it looks like redis://user:password@host:6379/0, rediss://… for TLS, \
         redis+unix:///path?db=0, or redis+sentinel://host:26379,host:26379/name"
    )]
    Url(String),
    #[error("{0}")]
    Refused(&'static str),
    #[error("Redis cannot be reached ({0}): is it running, and is this its address?")]
    Unreachable(String),
    #[error("no sentinel can be asked where Redis is ({0}): are they running, and are these their addresses?")]
    NoSentinel(String),
    #[error(
        "the sentinels know no primary by the name in the URL: it stands after their addresses, as in their configuration"
    )]
    NoPrimary,
    #[error("the sentinels name a Redis that is not, or not yet, a primary")]
    NotPrimary,
    #[error("Redis takes too long to answer: is this its port, and does it speak TLS there as the URL says?")]
    TooSlow,
    #[error("this Redis is part of a cluster, which is not supported: use a single Redis, with replicas if need be")]
    Cluster,
    #[error("this Redis has version {0}, which is too old: version 6.2 or newer is needed")]
    TooOld(String),
    #[error(
        "this Redis does not let its user call {command}: was it renamed or disabled? If not, the user needs {}",
        failure::RIGHTS
    )]
    Lacking { command: String },
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

impl OpenError {
    /// Whether it is worth to try again soon.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_)
                | Self::NoSentinel(_)
                | Self::NotPrimary
                | Self::TooSlow
                | Self::Store(BackendError::Unavailable(_))
        )
    }
}

impl From<RedisError> for OpenError {
    fn from(error: RedisError) -> Self {
        match failure::sentence(&error) {
            Some(sentence) if error.code() != Some("LOADING") => Self::Refused(sentence),
            Some(_) => Self::Store(failure::of(&error)),
            None if error.kind() == ErrorKind::AuthenticationFailed => {
                Self::Refused("Redis does not know this user or password")
            }
            None if error.kind() == ErrorKind::RESP3NotSupported => {
                Self::Refused("this Redis is too old: version 6.2 or newer is needed")
            }
            None if error.kind() == ErrorKind::Parse => Self::Refused("what answers at this address is not Redis"),
            None if error.is_timeout() => Self::TooSlow,
            None if error.is_io_error() || error.is_connection_refusal() => Self::Unreachable(error.to_string()),
            None => Self::Store(failure::of(&error)),
        }
    }
}
