//! Scripts, the calls of them, and reading what Redis answers.

use bytes::Bytes;
use redis::{Cmd, RedisResult, Value};

use super::failure;
use crate::backend::BackendError;

/// A script, known to Redis by its hash once it is loaded.
pub struct Script {
    code: &'static str,
    hash: String,
}

/// The keys and arguments of one call.
#[derive(Default)]
pub struct Call {
    pub keys: Vec<Bytes>,
    pub arguments: Vec<Bytes>,
}

/// An answer of a script: a list that is read from its beginning.
pub struct Answer(std::vec::IntoIter<Value>);

impl Script {
    pub fn new(code: &'static str) -> Self {
        Self { code, hash: redis::Script::new(code).get_hash().to_owned() }
    }

    pub fn loading(&self) -> Cmd {
        let mut command = redis::cmd("SCRIPT");
        command.arg("LOAD").arg(self.code);
        command
    }

    pub fn calling(&self, call: &Call) -> Cmd {
        let bytes = call.keys.iter().chain(&call.arguments).map(|it| it.len() + 16).sum::<usize>() + 96;
        let mut command = Cmd::with_capacity(3 + call.keys.len() + call.arguments.len(), bytes);
        command.arg("EVALSHA").arg(&self.hash).arg(call.keys.len());
        for part in call.keys.iter().chain(&call.arguments) {
            command.arg(&part[..]);
        }
        command
    }
}

impl Call {
    pub fn key(&mut self, key: Bytes) {
        self.keys.push(key);
    }

    pub fn argument(&mut self, argument: impl Into<Bytes>) {
        self.arguments.push(argument.into());
    }

    pub fn number(&mut self, number: impl ToString) {
        self.arguments.push(number.to_string().into());
    }
}

impl Answer {
    pub fn of(value: Value) -> Result<Self, BackendError> {
        match value {
            Value::Array(values) => Ok(Self(values.into_iter())),
            _ => Err(failure::unreadable()),
        }
    }

    pub fn bytes(&mut self) -> Result<Bytes, BackendError> {
        match self.0.next() {
            Some(Value::BulkString(bytes)) => Ok(bytes.into()),
            _ => Err(failure::unreadable()),
        }
    }

    pub fn text(&mut self) -> Result<String, BackendError> {
        String::from_utf8(self.bytes()?.into()).map_err(|_| failure::unreadable())
    }

    /// A number, however Redis has written it.
    pub fn number(&mut self) -> Result<i64, BackendError> {
        match self.0.next() {
            Some(Value::Int(number)) => Ok(number),
            Some(Value::BulkString(bytes)) => {
                let text = std::str::from_utf8(&bytes).ok();
                text.and_then(|text| text.parse().ok()).ok_or_else(failure::unreadable)
            }
            _ => Err(failure::unreadable()),
        }
    }

    pub fn unsigned(&mut self) -> Result<u64, BackendError> {
        u64::try_from(self.number()?).map_err(|_| failure::unreadable())
    }

    /// A list inside the list.
    pub fn list(&mut self) -> Result<Self, BackendError> {
        self.0.next().map_or_else(|| Err(failure::unreadable()), Self::of)
    }

    pub fn is_empty(&self) -> bool {
        self.0.len() == 0
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Whether the script is to be loaded first.
pub fn is_unknown<T>(answer: &RedisResult<T>) -> bool {
    answer.as_ref().is_err_and(|error| error.code() == Some("NOSCRIPT"))
}
