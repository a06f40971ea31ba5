//! Values with their versions: reading them as one pipeline, with one command for each aggregate.

use std::collections::HashMap;

use redis::{Pipeline, Value};

use super::{failure, names};
use crate::backend::{BackendError, Key, Version, Versioned};

/// Commands, and where among the keys each of their answers belongs.
pub struct Reading {
    pub commands: Pipeline,
    places: Vec<usize>,
}

/// At least one key.
pub fn reading(keys: &[Key]) -> Reading {
    let mut aggregates = HashMap::<_, Vec<usize>>::new();
    for (at, key) in keys.iter().enumerate() {
        aggregates.entry(&key.aggregate).or_default().push(at);
    }
    let mut reading = Reading { commands: redis::pipe(), places: Vec::with_capacity(keys.len()) };
    for (aggregate, places) in aggregates {
        let command = reading.commands.cmd("HMGET").arg(&names::aggregate(aggregate)[..]);
        for at in places {
            command.arg(&names::version_field(&keys[at])[..]).arg(&names::value_field(&keys[at])[..]);
            reading.places.push(at);
        }
    }
    reading
}

impl Reading {
    /// The values in the order of the keys.
    pub fn outcome(self, answers: Vec<Value>) -> Result<Vec<Versioned>, BackendError> {
        let mut found = vec![Versioned::ABSENT; self.places.len()];
        let mut places = self.places.into_iter();
        for answer in answers {
            let Value::Array(fields) = answer else { return Err(failure::unreadable()) };
            let mut fields = fields.into_iter();
            while let (Some(version), Some(value)) = (fields.next(), fields.next()) {
                let place = places.next().and_then(|at| found.get_mut(at)).ok_or_else(failure::unreadable)?;
                *place = versioned(version, value)?;
            }
        }
        Ok(found)
    }
}

/// What the two fields of a key hold.
pub fn versioned(version: Value, value: Value) -> Result<Versioned, BackendError> {
    match (version, value) {
        (Value::Nil, Value::Nil) => Ok(Versioned::ABSENT),
        (Value::BulkString(version), Value::BulkString(value)) => {
            let version = std::str::from_utf8(&version).ok().and_then(|digits| digits.parse().ok());
            let version = version.ok_or_else(|| failure::damaged("a version is no number"))?;
            Ok(Versioned { version: Version(version), value: Some(value.into()) })
        }
        _ => Err(failure::damaged("a value and its version are not both there")),
    }
}
