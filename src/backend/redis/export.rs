//! A Redis as the source of a copy: its keys in whatever order Redis has them, each read in parts.
//!
//! Redis goes through its keys by a cursor, which holds as long as it is not restarted; a key may come twice, and then it
//! is copied twice. No server has the store open meanwhile: if it is written to all the same, the copy is broken off.

use std::time::Duration;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::alone::Alone;
use super::link::FORMAT;
use super::names::{self, Named};
use super::script::Answer;
use super::{OpenError, RedisUrl, epoch_of, failure, values};
use crate::backend::copy::{Entry, Origin, Part, Place, Source, TopicState};
use crate::backend::{AggregateId, BackendError, Epoch, Index, Keep, Key, Topic, Version};
use crate::limits;

/// The store in one Redis, while nobody writes to it.
pub struct RedisExport {
    redis: Alone,
    origin: Origin,
    life: String,
    generation: u64,
}

/// Where an export stands.
#[derive(Default, Serialize, Deserialize)]
struct Stand {
    /// Redis's own place among its keys; `None` before the first.
    cursor: Option<u64>,
    /// What was found there and is yet to be read, the next one last.
    found: Vec<Found>,
}

/// Something that is to be read from some place on.
#[derive(Serialize, Deserialize)]
enum Found {
    /// An aggregate's hash, behind Redis's own place among its fields.
    Aggregate {
        name: String,
        cursor: u64,
    },
    /// A topic's changes after one offset, up to another.
    Changes {
        aggregate: String,
        topic: String,
        after: u64,
        top: u64,
    },
    /// An index, from a rank on.
    Index {
        name: String,
        rank: usize,
    },
    Once {
        aggregate: String,
        key: String,
    },
}

impl RedisExport {
    pub async fn open(url: &RedisUrl) -> Result<Self, OpenError> {
        let redis = Alone::connect(url).await?;
        let meta = redis.meta().await?;
        if meta.contains_key("copying") {
            return Err(OpenError::HalfCopied);
        }
        if !meta.contains_key("format") {
            return Err(OpenError::Missing);
        }
        let text = |name: &str| {
            let text = meta.get(name).and_then(|bytes| String::from_utf8(bytes.clone()).ok());
            text.ok_or_else(|| failure::damaged("the store does not say what it is"))
        };
        let number = |name: &str| text(name)?.parse::<u64>().map_err(|_| failure::unreadable());
        let (found, life, generation, counter) =
            (number("format")?, text("epoch")?, number("generation")?, number("counter")?);
        if found > FORMAT {
            return Err(OpenError::NewerFormat { found, known: FORMAT });
        }
        let epoch = epoch(&life, generation)?;
        // The cursor among the keys does not outlive a restart.
        let state = format!("redis {epoch} {counter} {}", redis.about.run_id).into();
        let origin = Origin { state, epoch, version: Version(counter) };
        Ok(Self { redis, origin, life, generation })
    }

    /// The next keys.
    async fn find(&self, stand: &mut Stand) -> Result<(), BackendError> {
        let (cursor, keys) = self.redis.scan(stand.cursor.unwrap_or(0)).await?;
        stand.cursor = Some(cursor);
        for key in keys {
            stand.found.extend(match names::parse(&key) {
                Named::Aggregate(name) => Some(Found::Aggregate { name, cursor: 0 }),
                Named::Index(name) => Some(Found::Index { name, rank: 0 }),
                Named::Once(aggregate, key) => Some(Found::Once { aggregate, key }),
                // It is found by the row of its topic.
                Named::Stream | Named::Other => None,
            });
        }
        Ok(())
    }

    /// Reads what was found, or a part of it; what is left of it is found anew.
    async fn read(&self, found: Found, stand: &mut Stand, part: &mut Part, len: usize) -> Result<(), BackendError> {
        match found {
            Found::Aggregate { name, cursor } => {
                let id = AggregateId::from_stored(&name);
                let mut scan = redis::cmd("HSCAN");
                scan.arg(&names::aggregate(&id)[..]).arg(cursor).arg("COUNT").arg(len);
                let (cursor, fields): (u64, Vec<(String, Vec<u8>)>) = self.redis.ask(&scan).await?;
                if cursor != 0 {
                    stand.found.push(Found::Aggregate { name: name.clone(), cursor });
                }
                let mut values = Vec::new();
                for (field, row) in fields {
                    match field.split_at_checked(1) {
                        Some(("v", name)) => values.push(name.to_owned()),
                        Some(("t", name)) => {
                            let (entry, changes) = self.topic(&id, name, row)?;
                            part.push(entry);
                            stand.found.extend(changes);
                        }
                        // It is read with its value.
                        Some(("n", _)) => {}
                        _ => return Err(failure::damaged("a field is neither value nor topic")),
                    }
                }
                self.values(&id, &values, part).await
            }
            Found::Changes { aggregate, topic, after, top } => {
                let of = AggregateId::from_stored(&aggregate).topic(&topic);
                let last = self.changes(&of, after, top, len, part).await?;
                if last < top {
                    stand.found.push(Found::Changes { aggregate, topic, after: last, top });
                }
                Ok(())
            }
            Found::Index { name, rank } => {
                let index = Index::new(name.as_str());
                let mut range = redis::cmd("ZRANGE");
                range.arg(&names::index(&index)[..]).arg(rank).arg(rank + len - 1).arg("WITHSCORES");
                let members: Vec<(String, f64)> = self.redis.ask(&range).await?;
                if members.len() == len {
                    stand.found.push(Found::Index { name, rank: rank + len });
                }
                for (member, score) in members {
                    // Whole, and within what a double holds exactly: so they were written.
                    let (member, score) = (member.into(), score as i64);
                    part.push(Entry::Standing { index: index.clone(), member, score });
                }
                Ok(())
            }
            Found::Once { aggregate, key } => {
                part_of_once(&self.redis, AggregateId::from_stored(&aggregate), key, part).await
            }
        }
    }

    /// Adds the values of these names, with their versions, from one moment.
    async fn values(&self, aggregate: &AggregateId, names: &[String], part: &mut Part) -> Result<(), BackendError> {
        if names.is_empty() {
            return Ok(());
        }
        let keys: Vec<Key> = names.iter().map(|name| aggregate.key(name)).collect();
        let reading = values::reading(&keys);
        let answers = self.redis.ask_all(&reading.commands).await?;
        for (key, found) in keys.into_iter().zip(reading.outcome(answers)?) {
            let value = found.value.ok_or_else(|| failure::damaged("a value is gone"))?;
            part.push(Entry::Value { key, version: found.version, value });
        }
        Ok(())
    }

    /// A topic, and its changes to be read.
    fn topic(&self, aggregate: &AggregateId, name: &str, row: Vec<u8>) -> Result<(Entry, Option<Found>), BackendError> {
        let damaged = || failure::damaged("a topic has an unreadable row");
        let row = String::from_utf8(row).map_err(|_| damaged())?;
        let parts: Vec<&str> = row.split(' ').collect();
        let [life, top, floor, keep] = parts[..] else { return Err(damaged()) };
        let life = if life.is_empty() { self.life.as_str() } else { life };
        let number = |text: &str| text.parse::<u64>().map_err(|_| damaged());
        let (top, floor) = (number(top)?, number(floor)?);
        let (keep, oldest) = match keep.parse::<u32>().map_err(|_| damaged())? {
            0 => (Keep::Everything, floor),
            keep => (Keep::Newest(keep), floor.max((top + 1).saturating_sub(keep.into()))),
        };
        let epoch = epoch(life, self.generation)?;
        let (aggregate, topic) = (aggregate.to_string(), aggregate.topic(name));
        let changes = Found::Changes { aggregate, topic: name.to_owned(), after: oldest.saturating_sub(1), top };
        Ok((Entry::Topic(TopicState { topic, keep, epoch, oldest, top }), Some(changes).filter(|_| oldest <= top)))
    }

    /// Adds a topic's next changes, and says the offset of the last one.
    async fn changes(
        &self,
        topic: &Topic,
        after: u64,
        top: u64,
        len: usize,
        part: &mut Part,
    ) -> Result<u64, BackendError> {
        let mut range = redis::cmd("XRANGE");
        range.arg(&names::stream(topic)[..]).arg(format!("{}-0", after + 1)).arg(format!("{top}-0"));
        let mut entries = Answer::of(self.redis.ask(range.arg("COUNT").arg(len)).await?)?;
        let mut last = after;
        while !entries.is_empty() {
            let mut entry = entries.list()?;
            last += 1;
            if entry.text()? != format!("{last}-0") {
                return Err(failure::damaged("a change of a topic is missing"));
            }
            let mut fields = entry.list()?;
            fields.bytes()?;
            part.push(Entry::Change { topic: topic.clone(), offset: last, payload: fields.bytes()? });
        }
        if last == after { Err(failure::damaged("the changes of a topic are missing")) } else { Ok(last) }
    }

    /// Nobody else may write meanwhile.
    async fn check(&self) -> Result<(), BackendError> {
        let counter: Option<u64> = self.redis.ask(redis::cmd("HGET").arg(&names::meta()[..]).arg("counter")).await?;
        if counter == Some(self.origin.version.0) {
            return Ok(());
        }
        Err(BackendError::Unavailable("it is written to while it is copied: stop its servers, and copy again".into()))
    }
}

impl Source for RedisExport {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn export<'a>(&'a self, place: &'a Place, limit: usize) -> BoxFuture<'a, Result<Part, BackendError>> {
        Box::pin(async move {
            let mut stand = match &place.0[..] {
                [] => Stand::default(),
                stored => serde_json::from_slice(stored).map_err(|_| failure::damaged("a place cannot be read"))?,
            };
            let mut part = Part::default();
            let at_once = limit.min(limits::COPY_READ_LEN);
            while !part.is_full(limit) {
                match stand.found.pop() {
                    Some(found) => self.read(found, &mut stand, &mut part, at_once).await?,
                    None if stand.cursor == Some(0) => {
                        part.is_last = true;
                        break;
                    }
                    None => self.find(&mut stand).await?,
                }
            }
            self.check().await?;
            part.place = Place(serde_json::to_vec(&stand).map_err(|_| failure::unreadable())?.into());
            Ok(part)
        })
    }
}

/// Adds an idempotency key, unless its time is over.
async fn part_of_once(redis: &Alone, aggregate: AggregateId, key: String, part: &mut Part) -> Result<(), BackendError> {
    let name = names::once(&aggregate, &key);
    let mut both = redis::pipe();
    both.cmd("GET").arg(&name[..]).cmd("PTTL").arg(&name[..]);
    let (record, left): (Option<Vec<u8>>, i64) = redis.ask_all(&both).await?;
    if let (Some(record), Ok(left @ 1..)) = (record, u64::try_from(left)) {
        let (key, keep) = (key.into(), Duration::from_millis(left));
        part.push(Entry::Once { aggregate, key, record: record.into(), keep });
    }
    Ok(())
}

/// As `epoch.lua` has it.
fn epoch(life: &str, generation: u64) -> Result<Epoch, BackendError> {
    let places = life.bytes().chain(std::iter::repeat(b'a')).take(8);
    let number = places.fold(0, |number, letter| number * 26 + u64::from(letter.wrapping_sub(b'a')));
    let number = number + generation;
    let letter = |place| char::from(b'a' + u8::try_from(number / 26_u64.pow(place) % 26).unwrap_or(0));
    epoch_of((0..8).rev().map(letter).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same table as for the script, in `tests/it/backend_redis/tails.rs`.
    #[test]
    fn an_epoch_is_told_as_the_scripts_tell_it() {
        for (life, generation, letters) in [
            ("abcdef", 0, "abcdefaa"),
            ("abcdefgh", 0, "abcdefgh"),
            ("abcdef", 1, "abcdefab"),
            ("abcdef", 676, "abcdegaa"),
            ("abcdefzz", 1, "abcdegaa"),
            ("abcdef", 17_900_000_000, "charskym"),
            ("zzzzzz", 676, "aaaaaaaa"),
        ] {
            assert_eq!(&*epoch(life, generation).unwrap().0, letters, "{life} {generation}");
        }
    }
}
