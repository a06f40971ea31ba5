//! Values as they are sent: in the query, in a form or in a JSON body, by the document's names or with the right spelling.
//!
//! Whatever else is sent is passed over, as the document's own clients expect. Knows no value's meaning.

use std::collections::BTreeMap;

use warp::http::StatusCode;

use super::answers::Error;
use crate::http::request::{ContentType, Members, NotUtf8, Request, pairs};

/// What is read, by its documented name.
const NAMES: [&str; 19] = [
    "id",
    "latitude",
    "longtitude",
    "deslatitude",
    "deslongtitude",
    "speed",
    "finish",
    "name",
    "date",
    "time",
    "private",
    "invite",
    "time_zone",
    "duration_s",
    "capacity",
    "radius_km",
    "page",
    "page_size",
    "participants",
];

/// The values that were given, each once. An empty one counts as missing.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Given {
    values: BTreeMap<&'static str, String>,
    /// Given twice, or not a text or a number at all.
    pub invalid: Vec<&'static str>,
}

impl Given {
    pub fn read(request: &Request) -> Result<Self, Error> {
        let mut given = Self::default();
        given.add_pairs(request.query.as_bytes());
        let body = request.body.as_ref().map_err(|&error| error)?;
        if body.is_empty() {
            return Ok(given);
        }
        match request.content_type() {
            ContentType::Form => given.add_pairs(body),
            ContentType::Json => given.add_json(body)?,
            ContentType::Missing | ContentType::Other => {
                let message = "The body must be application/x-www-form-urlencoded or application/json";
                return Err(Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
            }
        }
        Ok(given)
    }

    fn add_pairs(&mut self, encoded: &[u8]) {
        for pair in pairs(encoded) {
            match pair {
                Ok((name, value)) => self.add(&name, Some(value)),
                Err(NotUtf8(Some(name))) => self.add(&name, None),
                // Whatever this name is, it is none of ours.
                Err(NotUtf8(None)) => {}
            }
        }
    }

    fn add_json(&mut self, json: &[u8]) -> Result<(), Error> {
        let Members(members) = serde_json::from_slice(json).map_err(|_| Error::invalid(vec!["body"]))?;
        for (name, value) in members {
            let value = value.get();
            match value.as_bytes().first() {
                Some(b'"') => self.add(&name, serde_json::from_str(value).ok()),
                Some(b'[') if name == "invite" => {
                    let names: Option<Vec<String>> = serde_json::from_str(value).ok();
                    self.add(&name, names.map(|names| names.join(",")));
                }
                Some(b'{' | b'[') => self.add(&name, None),
                Some(b'n') => self.add(&name, Some(String::new())),
                _ => self.add(&name, Some(value.to_owned())),
            }
        }
        Ok(())
    }

    /// `None` for a value that is of no use at all.
    fn add(&mut self, name: &str, value: Option<String>) {
        let documented = match name {
            "longitude" => "longtitude",
            "deslongitude" => "deslongtitude",
            name => name,
        };
        let Some(documented) = NAMES.into_iter().find(|known| *known == documented) else { return };
        let is_repeated = self.values.contains_key(documented) || self.invalid.contains(&documented);
        match value {
            Some(value) if !is_repeated => {
                self.values.insert(documented, value);
            }
            _ => {
                self.values.remove(documented);
                if !self.invalid.contains(&documented) {
                    self.invalid.push(documented);
                }
            }
        }
    }

    /// A value that has something in it.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}
