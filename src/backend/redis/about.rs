//! What a Redis says of itself, and whether a store can be kept in it.

use std::collections::HashMap;

use redis::aio::MultiplexedConnection;

use super::url::Primary;
use super::{OpenError, failure};

/// The oldest that is supported.
const VERSION_MIN: (u32, u32) = (6, 2);

#[derive(Debug, PartialEq, Eq)]
pub struct About {
    pub run_id: String,
    is_primary: bool,
    /// Whether every write that it has answered is on its disk.
    pub is_lasting: bool,
    pub has_replicas: bool,
    /// It throws away what it likes when it is full.
    evicts: Option<Evicts>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Evicts {
    Anything,
    /// What expires by itself: our idempotency keys.
    WhatExpires,
}

impl About {
    pub async fn ask(commands: &mut MultiplexedConnection) -> Result<Self, OpenError> {
        let info: String = redis::cmd("INFO").query_async(commands).await?;
        // Not every Redis lets itself be asked.
        let persistence = redis::cmd("CONFIG").arg("GET").arg("append*").query_async(commands).await;
        Self::read(&info, &persistence.unwrap_or_default())
    }

    fn read(info: &str, persistence: &HashMap<String, String>) -> Result<Self, OpenError> {
        let info: HashMap<&str, &str> = info.lines().filter_map(|line| line.trim_end().split_once(':')).collect();
        let says = |name: &str| info.get(name).copied().unwrap_or_default();
        if says("redis_mode") == "cluster" {
            return Err(OpenError::Cluster);
        }
        if is_too_old(says("redis_version")) {
            return Err(OpenError::TooOld(says("redis_version").to_owned()));
        }
        let is = |name: &str, value: &str| persistence.get(name).is_some_and(|it| it == value);
        // Who took another's place may not have had all of it; what it was told before is its second id.
        let was_promoted = says("master_replid2").bytes().any(|digit| digit != b'0');
        Ok(Self {
            run_id: says("run_id").to_owned(),
            is_primary: says("role") == "master",
            is_lasting: is("appendonly", "yes") && is("appendfsync", "always") && !was_promoted,
            has_replicas: !matches!(says("connected_slaves"), "" | "0"),
            evicts: match says("maxmemory_policy") {
                policy if policy.starts_with("allkeys-") => Some(Evicts::Anything),
                policy if policy.starts_with("volatile-") => Some(Evicts::WhatExpires),
                _ => None,
            },
        })
    }

    /// Or nothing may be written to it, and what is written all the same is lost.
    pub fn must_be_primary(&self, primary: &Primary) -> Result<(), OpenError> {
        match primary.place {
            _ if self.is_primary => Ok(()),
            Some(_) => Err(OpenError::NotPrimary),
            None => Err(OpenError::Refused(failure::READ_ONLY)),
        }
    }

    /// Tells the operator what may go wrong with this Redis.
    pub fn warn(&self) {
        match self.evicts {
            Some(Evicts::Anything) => tracing::warn!(
                "this Redis throws data away when it is full, runs and accounts among it: set its maxmemory-policy to noeviction"
            ),
            Some(Evicts::WhatExpires) => tracing::warn!(
                "this Redis forgets idempotency keys when it is full, and what is sent again may then count twice: set its maxmemory-policy to noeviction"
            ),
            None => {}
        }
    }
}

/// A version that cannot be read is taken for a new one.
fn is_too_old(version: &str) -> bool {
    let mut parts = version.split('.').map_while(|part| part.parse().ok());
    matches!((parts.next(), parts.next()), (Some(major), Some(minor)) if (major, minor) < VERSION_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nrun_id:abc\r\n\r\n# Memory\r\n\
        maxmemory:0\r\nmaxmemory_policy:noeviction\r\n\r\n# Replication\r\nrole:master\r\n\
        master_replid:4ff6\r\nmaster_replid2:0000\r\n";

    fn about(changed: &[(&str, &str)], appendfsync: &str) -> Result<About, OpenError> {
        let persistence = [("appendonly", "yes"), ("appendfsync", appendfsync)];
        let persistence = persistence.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let info = changed.iter().fold(INFO.to_owned(), |info, (from, to)| info.replace(from, to));
        About::read(&info, &persistence)
    }

    #[test]
    fn what_is_on_disk_before_the_answer_lasts() {
        assert!(about(&[], "always").unwrap().is_lasting);
        assert!(!about(&[], "everysec").unwrap().is_lasting);
        assert!(!about(&[("replid2:0000", "replid2:91ab")], "always").unwrap().is_lasting, "it was a replica");
        assert!(!About::read(INFO, &HashMap::new()).unwrap().is_lasting, "it does not say");
    }

    #[test]
    fn versions_from_6_2_on_will_do() {
        for good in ["6.2.0", "6.3.4", "7.0.15", "8.2.1", "10.0", "255.255.255", "unstable", ""] {
            assert!(about(&[("7.0.15", good)], "always").is_ok(), "{good}");
        }
        for old in ["6.0.16", "5.0.14", "2.8.9"] {
            let refused = about(&[("7.0.15", old)], "always").unwrap_err().to_string();
            assert!(refused.contains(old) && refused.contains("6.2 or newer"), "{refused}");
        }
    }

    #[test]
    fn where_nothing_can_be_kept_is_refused() {
        assert!(matches!(about(&[("standalone", "cluster")], "always"), Err(OpenError::Cluster)));
        assert!(about(&[], "always").unwrap().is_primary);
        assert!(!about(&[("role:master", "role:slave")], "always").unwrap().is_primary);
    }

    #[test]
    fn evicting_is_told_apart_from_expiring_early() {
        let evicts = |policy| about(&[("noeviction", policy)], "always").unwrap().evicts;
        assert_eq!(evicts("allkeys-lru"), Some(Evicts::Anything));
        assert_eq!(evicts("volatile-ttl"), Some(Evicts::WhatExpires));
    }
}
