//! A Redis as the target of a copy: each part is one call of a script, with the mark that says how far the copy has come.

use futures::future::BoxFuture;

use super::alone::Alone;
use super::commits::KEEP_MAX;
use super::link::FORMAT;
use super::script::{Call, Script};
use super::{OpenError, RedisUrl, epoch_of, names};
use crate::backend::copy::{Begun, CopyError, Entry, Mark, Origin, Target, TopicState};
use crate::backend::{BackendError, Epoch, Keep};

/// An empty Redis, or one that this copy has begun to fill.
pub struct RedisImport {
    redis: Alone,
    import: Script,
    complete: Script,
}

impl RedisImport {
    pub async fn open(url: &RedisUrl) -> Result<Self, OpenError> {
        let redis = Alone::connect(url).await?;
        let (import, complete) = (Script::new(include_str!("import.lua")), Script::new(include_str!("complete.lua")));
        for script in [&import, &complete] {
            redis.ask::<String>(&script.loading()).await?;
        }
        Ok(Self { redis, import, complete })
    }

    async fn is_empty(&self) -> Result<bool, BackendError> {
        let (meta, mut cursor) = (names::meta(), 0);
        loop {
            let (next, keys) = self.redis.scan(cursor).await?;
            match next {
                _ if keys.iter().any(|key| key.as_bytes() != &meta[..]) => return Ok(false),
                0 => return Ok(true),
                next => cursor = next,
            }
        }
    }

    async fn call(&self, script: &Script, call: &Call) -> Result<(), CopyError> {
        match self.redis.ask::<String>(&script.calling(call)).await?.as_str() {
            "done" => Ok(()),
            _ => Err(CopyError::Overtaken),
        }
    }
}

impl Target for RedisImport {
    fn begin<'a>(&'a self, origin: &'a Origin) -> BoxFuture<'a, Result<Begun, CopyError>> {
        Box::pin(async move {
            let meta = self.redis.meta().await?;
            let format = meta.get("format").and_then(|format| std::str::from_utf8(format).ok()?.parse().ok());
            if let Some(found) = format.filter(|found| *found > FORMAT) {
                return Err(CopyError::NewerFormat { found, known: FORMAT });
            }
            let is_this = |name| meta.get(name).map(|state| state == origin.state.as_bytes());
            match (is_this("copying"), is_this("copied"), meta.get("copy_mark")) {
                (Some(true), _, Some(mark)) => return Ok(Begun::At(Mark::from_stored(mark)?)),
                (Some(_), ..) => return Err(CopyError::OtherOrigin),
                (None, Some(true), _) => return Ok(Begun::Complete),
                (None, ..) => {}
            }
            if !self.is_empty().await? {
                return Err(CopyError::Occupied);
            }
            let mark = Mark::default();
            let mut both = redis::pipe();
            both.atomic();
            for (field, value) in [("copying", origin.state.as_bytes()), ("copy_mark", &mark.as_stored())] {
                both.cmd("HSETNX").arg(&names::meta()[..]).arg(field).arg(value);
            }
            let is_ours: Vec<bool> = self.redis.ask_all(&both).await?;
            if is_ours.contains(&false) { Err(CopyError::Overtaken) } else { Ok(Begun::At(mark)) }
        })
    }

    fn import<'a>(&'a self, entries: Vec<Entry>, from: &'a Mark, to: &'a Mark) -> BoxFuture<'a, Result<(), CopyError>> {
        Box::pin(async move {
            let mut call = Call::default();
            call.key(names::meta());
            call.argument(from.as_stored());
            call.argument(to.as_stored());
            entries.into_iter().try_for_each(|entry| add(&mut call, entry))?;
            self.call(&self.import, &call).await
        })
    }

    fn complete<'a>(&'a self, origin: &'a Origin, last: &'a Mark) -> BoxFuture<'a, Result<(), CopyError>> {
        Box::pin(async move {
            let mut call = Call::default();
            call.key(names::meta());
            call.argument(last.as_stored());
            call.number(FORMAT);
            call.argument(life(&origin.epoch)?);
            call.number(origin.version.0);
            call.argument(self.redis.about.run_id.clone());
            self.call(&self.complete, &call).await
        })
    }
}

/// See `import.lua`.
fn add(call: &mut Call, entry: Entry) -> Result<(), BackendError> {
    match entry {
        Entry::Value { key, version, value } => {
            for (field, row) in
                [(names::value_field(&key), value), (names::version_field(&key), version.0.to_string().into())]
            {
                call.key(names::aggregate(&key.aggregate));
                call.argument("v");
                call.argument(field);
                call.argument(row);
            }
        }
        Entry::Topic(TopicState { topic, keep, epoch, oldest, top }) => {
            call.key(names::aggregate(&topic.aggregate));
            call.key(names::stream(&topic));
            call.argument("t");
            call.argument(names::topic_field(&topic));
            let keep = match keep {
                Keep::Newest(len) => len,
                Keep::Latest => 1,
                Keep::Everything | Keep::Nothing => 0,
            };
            call.argument(format!("{} {top} {oldest} {keep}", life(&epoch)?));
        }
        Entry::Change { topic, offset, payload } => {
            call.key(names::stream(&topic));
            call.argument("c");
            call.argument(format!("{offset}-0"));
            call.argument(payload);
        }
        Entry::Standing { index, member, score } => {
            call.key(names::index(&index));
            call.argument("s");
            call.argument(member.to_string());
            call.number(score);
        }
        Entry::Once { aggregate, key, record, keep } => {
            call.key(names::once(&aggregate, &key));
            call.argument("o");
            call.argument(record);
            call.number(keep.min(KEEP_MAX).as_millis().max(1));
        }
    }
    Ok(())
}

/// An epoch as a life that has it in the first generation, see `epoch.lua`.
fn life(epoch: &Epoch) -> Result<String, BackendError> {
    let letters = epoch.0.to_string();
    if letters.bytes().all(|letter| letter.is_ascii_lowercase()) {
        return epoch_of(letters).map(|epoch| epoch.0.to_string());
    }
    Err(BackendError::Damaged("an epoch is not of eight letters".into()))
}
