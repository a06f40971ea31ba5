//! What lies under which key. All keys of a partition share a hash tag, so that one script may touch them all.

use bytes::Bytes;

use crate::backend::{AggregateId, Index, Key, Topic};

/// One Redis is one partition.
const PARTITION: &str = "{runnity:0}:";

/// All keys of the store, as a pattern.
pub const ALL: &str = "{runnity:0}:*";

/// What a key is the name of.
pub enum Named {
    Aggregate(String),
    Index(String),
    /// An aggregate, and the idempotency key.
    Once(String, String),
    Stream,
    Other,
}

/// Channels know no databases, and two stores may be kept in two databases of one Redis.
#[derive(Clone, Debug)]
pub struct Channels {
    prefix: String,
}

pub fn meta() -> Bytes {
    named("meta", &[])
}

/// Where commands are tried (see `try.lua`).
pub fn attempt() -> Bytes {
    named("try", &[])
}

/// The hash of an aggregate: its values and the rows of its topics.
pub fn aggregate(aggregate: &AggregateId) -> Bytes {
    named("a:", &[&escaped(aggregate)])
}

/// The stream of a topic's changes.
pub fn stream(topic: &Topic) -> Bytes {
    named("s:", &[&escaped(&topic.aggregate), "#", &topic.name])
}

/// The sorted set of an index.
pub fn index(index: &Index) -> Bytes {
    named("i:", &[index.as_str()])
}

/// An idempotency key.
pub fn once(aggregate: &AggregateId, key: &str) -> Bytes {
    named("o:", &[&escaped(aggregate), "#", key])
}

/// The other way round.
pub fn parse(key: &str) -> Named {
    let unescaped = |aggregate: &str| aggregate.replace("%23", "#").replace("%25", "%");
    let Some((kind, name)) = key.strip_prefix(PARTITION).and_then(|name| name.split_once(':')) else {
        return Named::Other;
    };
    match (kind, name.split_once('#')) {
        ("a", None) => Named::Aggregate(unescaped(name)),
        ("i", _) => Named::Index(name.to_owned()),
        ("o", Some((aggregate, key))) => Named::Once(unescaped(aggregate), key.to_owned()),
        ("s", Some(_)) => Named::Stream,
        _ => Named::Other,
    }
}

/// A value's field in its aggregate's hash.
pub fn value_field(key: &Key) -> Bytes {
    ["v", &*key.name].concat().into()
}

/// Its version's field there.
pub fn version_field(key: &Key) -> Bytes {
    ["n", &*key.name].concat().into()
}

/// A topic's field in its aggregate's hash.
pub fn topic_field(topic: &Topic) -> Bytes {
    ["t", &*topic.name].concat().into()
}

impl Channels {
    pub fn of_database(database: i64) -> Self {
        Self { prefix: format!("{PARTITION}{database}:") }
    }

    pub fn topic(&self, topic: &Topic) -> Bytes {
        [&self.prefix, "t:", &escaped(&topic.aggregate), "#", &topic.name].concat().into()
    }

    /// Where a new generation is made known.
    pub fn control(&self) -> Bytes {
        [&self.prefix, "control"].concat().into()
    }

    /// Where nobody listens.
    pub fn attempt(&self) -> Bytes {
        [&self.prefix, "try"].concat().into()
    }

    /// Where an instance hears itself.
    pub fn probe(&self, instance: &str) -> Bytes {
        [&self.prefix, "probe:", instance].concat().into()
    }
}

fn named(kind: &str, parts: &[&str]) -> Bytes {
    let mut name = [PARTITION, kind].concat();
    parts.iter().for_each(|part| name.push_str(part));
    name.into()
}

/// Without `#`, so that the first one ends it.
fn escaped(aggregate: &AggregateId) -> String {
    aggregate.as_str().replace('%', "%25").replace('#', "%23")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cut_apart_elsewhere_are_other_names() {
        let cut = |aggregate: &str, name: &str| stream(&AggregateId::from_stored(aggregate).topic(name));
        let names = [cut("a", "b#c"), cut("a#b", "c"), cut("a%23b", "c"), cut("a", "b%23c"), cut("a#b#c", "")];
        for (at, name) in names.iter().enumerate() {
            assert!(!names[..at].contains(name), "{name:?}");
        }
    }
}
