//! Values as they are sent: in the query, in a form or in a JSON body, and what they must be.
//!
//! Whatever else is sent is passed over, as gengine does. A form that begins with a brace is JSON: gengine never looked at the content
//! type. Knows nothing of what is done with a value.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use warp::http::StatusCode;

use super::answers::{Error, Form};
use crate::app::achievements::ChangePerson;
use crate::app::documents::{Edit, Object, is_flat_enough};
use crate::app::users::profile::ChangeProfile;
use crate::domain::achievement::VALUE_MAX;
use crate::domain::geo::Place;
use crate::domain::ids::{GroupId, UserId};
use crate::http::request::{ContentType, Members, NotUtf8, Request, pairs};
use crate::limits;

/// What is read, by its documented name.
const NAMES: [&str; 15] = [
    "lat",
    "lon",
    "country",
    "city",
    "region",
    "friends",
    "groups",
    "timezone",
    "language",
    "additional_public_data",
    "value",
    "current_password",
    "achievement_id",
    "achievement_history",
    "offset",
];

/// The values that were given, by name.
#[derive(Debug, Default, PartialEq)]
pub struct Parameters(BTreeMap<&'static str, Vec<Sent>>);

/// One value, as it was sent.
#[derive(Clone, Debug, PartialEq)]
enum Sent {
    /// `null`, or a text that is empty.
    Nothing,
    /// A text, or a number as it is written.
    Text(String),
    List(Vec<String>),
    Object(String),
    /// A yes or no, a list of lists, or no text at all.
    Unfit,
}

impl Parameters {
    /// Those of the query alone: of a call without a body, and of one whose body is something else.
    pub fn of_query(request: &Request) -> Self {
        let mut parameters = Self::default();
        parameters.add_pairs(request.query.as_bytes());
        parameters
    }

    /// Those of the query and of the body.
    pub fn read(request: &Request) -> Result<Self, Error> {
        let mut parameters = Self::of_query(request);
        let body = request.body.as_ref().map_err(|&error| error)?;
        match request.content_type() {
            _ if body.is_empty() => {}
            ContentType::Form if body.trim_ascii_start().first() != Some(&b'{') => parameters.add_pairs(body),
            ContentType::Form | ContentType::Json => parameters.add_json(body)?,
            ContentType::Missing | ContentType::Other => return Err(other_type()),
        }
        Ok(parameters)
    }

    fn add_pairs(&mut self, encoded: &[u8]) {
        for pair in pairs(encoded) {
            match pair {
                Ok((name, value)) => self.add(&name, Sent::text(value)),
                Err(NotUtf8(Some(name))) => self.add(&name, Sent::Unfit),
                // Whatever this name is, it is none of ours.
                Err(NotUtf8(None)) => {}
            }
        }
    }

    fn add_json(&mut self, json: &[u8]) -> Result<(), Error> {
        let Members(members) = serde_json::from_slice(json).map_err(|_| Error::invalid_json())?;
        for (name, value) in members {
            self.add(&name, Sent::of_json(&value));
        }
        Ok(())
    }

    fn add(&mut self, name: &str, sent: Sent) {
        let name = match name {
            "lng" => "lon",
            // As jQuery writes a list.
            "friends[]" => "friends",
            "groups[]" => "groups",
            name => name,
        };
        if let Some(known) = NAMES.into_iter().find(|known| *known == name) {
            self.0.entry(known).or_default().push(sent);
        }
    }

    /// A value that is no list: `None` when it is left out.
    fn one(&self, name: &'static str) -> Result<Option<&Sent>, Error> {
        match self.0.get(name).map(Vec::as_slice) {
            None => Ok(None),
            Some([sent]) if *sent != Sent::Unfit => Ok(Some(sent)),
            Some(_) => Err(Error::invalid_input(format!("{name} cannot be read, or is given twice"))),
        }
    }

    /// A text: left alone, taken away, or set.
    fn text(&self, name: &'static str) -> Result<Edit<String>, Error> {
        match self.one(name)? {
            None => Ok(Edit::Keep),
            Some(Sent::Nothing) => Ok(Edit::Clear),
            Some(Sent::Text(text)) => Ok(Edit::Set(text.clone())),
            Some(_) => Err(Error::invalid_input(format!("{name} must be a text"))),
        }
    }

    /// A password that is shown, if one is.
    pub fn current_password(&self) -> Result<Option<String>, Error> {
        let mut password = None;
        self.text("current_password")?.apply(&mut password);
        Ok(password)
    }

    /// What is to be known of a user from now on.
    pub fn person(&self) -> Result<ChangePerson, Error> {
        let profile = ChangeProfile {
            place: self.place()?,
            country: self.text("country")?,
            region: self.text("region")?,
            city: self.text("city")?,
            time_zone: self.text("timezone")?.checked(|name| Ok::<_, Error>(known_zone(name)))?,
            language: self.text("language")?,
            public_data: self.public_data()?,
            ..ChangeProfile::default()
        };
        let friends = self.ids("friends", UserId::parse, limits::FRIENDS_LEN_MAX)?;
        let groups = self.ids("groups", GroupId::parse, limits::GROUPS_LEN_MAX)?;
        Ok(ChangePerson { profile, friends, groups })
    }

    /// Both coordinates or neither.
    fn place(&self) -> Result<Edit<Place>, Error> {
        let degrees = |name: &'static str| -> Result<Edit<f64>, Error> {
            let number = |text: String| {
                text.trim().parse().map_err(|_| Error::invalid_input(format!("{name} must be a number of degrees")))
            };
            self.text(name)?.checked(number)
        };
        match (degrees("lat")?, degrees("lon")?) {
            (Edit::Keep, Edit::Keep) => Ok(Edit::Keep),
            (Edit::Clear, Edit::Clear) => Ok(Edit::Clear),
            (Edit::Set(latitude), Edit::Set(longitude)) => {
                let place = Place::new(latitude, longitude).map_err(|error| {
                    let name = if error.field == "latitude" { "lat" } else { "lon" };
                    Error::invalid_input(format!("{name} must be {}", error.rule))
                })?;
                Ok(Edit::Set(place))
            }
            _ => Err(Error::invalid_input("lat and lon must be given together")),
        }
    }

    /// What is no JSON is nothing, as with gengine.
    fn public_data(&self) -> Result<Edit<Value>, Error> {
        let name = "additional_public_data";
        let json = match self.one(name)? {
            None => return Ok(Edit::Keep),
            Some(Sent::Nothing) => return Ok(Edit::Clear),
            Some(Sent::Text(json) | Sent::Object(json)) => json,
            Some(Sent::List(_) | Sent::Unfit) => return Err(Error::invalid_input(format!("{name} must be an object"))),
        };
        if json.len() > limits::PUBLIC_DATA_BYTES_MAX {
            let problem = format!("{name} must have at most {} bytes", limits::PUBLIC_DATA_BYTES_MAX);
            return Err(Error::invalid_input(problem));
        }
        let value = Some(json).filter(|json| is_flat_enough(json.as_bytes()));
        let value = value.and_then(|json| serde_json::from_str(json).ok()).filter(Value::is_object);
        Ok(Edit::Set(value.unwrap_or_else(|| Value::Object(serde_json::Map::new()))))
    }

    /// A full set of ids, between commas or as a list. `None`: it is left out.
    fn ids<T: Ord>(
        &self,
        name: &'static str,
        parse: impl Fn(&str) -> Option<T>,
        len_max: u64,
    ) -> Result<Option<BTreeSet<T>>, Error> {
        let Some(sent) = self.0.get(name) else { return Ok(None) };
        let mut ids = BTreeSet::new();
        for sent in sent {
            let texts: Vec<&str> = match sent {
                Sent::Nothing => Vec::new(),
                Sent::Text(text) => text.split(',').collect(),
                Sent::List(texts) => texts.iter().map(String::as_str).collect(),
                Sent::Object(_) | Sent::Unfit => {
                    return Err(Error::invalid_input(format!("{name} must be a list of ids")));
                }
            };
            for text in texts.into_iter().map(str::trim).filter(|text| !text.is_empty()) {
                let id = parse(text).ok_or_else(|| {
                    let shown: String = text.chars().take(limits::NAME_LEN_MAX).collect();
                    Error::invalid_input(format!("{name}: {shown} is no id"))
                })?;
                ids.insert(id);
            }
        }
        if u64::try_from(ids.len()).unwrap_or(u64::MAX) > len_max {
            return Err(Error::invalid_input(format!("{name} must be at most {len_max}")));
        }
        Ok(Some(ids))
    }

    /// By how much a variable is to be increased.
    pub fn value(&self) -> Result<f64, Error> {
        match self.0.get("value").map(Vec::as_slice) {
            Some([Sent::Text(text)]) => value(text),
            _ => Err(Error::invalid_value()),
        }
    }

    /// A whole number from 0 on, of the query. gengine passes over what is none; so does this, for `default`.
    pub fn number(&self, name: &'static str, default: u64) -> u64 {
        match self.0.get(name).map(Vec::as_slice) {
            Some([Sent::Text(text)]) => text.trim().parse().unwrap_or(default),
            _ => default,
        }
    }
}

impl Sent {
    fn text(text: String) -> Self {
        if text.trim().is_empty() { Self::Nothing } else { Self::Text(text) }
    }

    fn of_json(value: &RawValue) -> Self {
        let json = value.get();
        match json.as_bytes().first() {
            Some(b'n') => Self::Nothing,
            Some(b'"') => serde_json::from_str(json).map_or(Self::Unfit, Self::text),
            Some(b'[') => {
                let items: Result<Vec<&RawValue>, _> = serde_json::from_str(json);
                let texts = items.ok().and_then(|items| items.into_iter().map(Self::item).collect());
                texts.map_or(Self::Unfit, Self::List)
            }
            Some(b'{') => Self::Object(json.to_owned()),
            Some(b't' | b'f') | None => Self::Unfit,
            // A number as it is written, `1e400` too.
            Some(_) => Self::Text(json.to_owned()),
        }
    }

    /// Of a list.
    fn item(value: &RawValue) -> Option<String> {
        match Self::of_json(value) {
            Self::Text(text) => Some(text),
            Self::Nothing => Some(String::new()),
            Self::List(_) | Self::Object(_) | Self::Unfit => None,
        }
    }
}

/// A number that can be added: finite, and whole numbers as large are exact.
pub fn value(text: &str) -> Result<f64, Error> {
    let value = text.trim().parse::<f64>().ok().filter(|value| value.abs() <= VALUE_MAX);
    value.ok_or_else(Error::invalid_value)
}

/// `format` of the query.
pub fn form(request: &Request) -> Result<Form, Error> {
    let mut form = Form::default();
    for pair in pairs(request.query.as_bytes()) {
        let Ok((name, value)) = pair else { continue };
        form = match (name.as_str(), value.as_str()) {
            ("format", "list") => Form::Lists,
            ("format", "map" | "") => Form::Maps,
            ("format", _) => return Err(Error::invalid_input("format must be map or list")),
            _ => form,
        };
    }
    Ok(form)
}

/// A body that is one JSON object.
pub fn json<T: DeserializeOwned>(request: &Request) -> Result<T, Error> {
    let body = request.body.as_ref().map_err(|&error| error)?;
    if !body.is_empty() && !matches!(request.content_type(), ContentType::Json | ContentType::Form) {
        return Err(other_type());
    }
    let read: Result<Object<T>, _> = serde_json::from_slice(body);
    read.map(|Object(document)| document).map_err(|_| Error::invalid_json())
}

fn other_type() -> Error {
    let message = "The body must be application/x-www-form-urlencoded or application/json.";
    Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
}

/// A zone that nobody knows is UTC, as with gengine.
fn known_zone(name: String) -> String {
    if name.trim().parse::<chrono_tz::Tz>().is_ok() { name } else { "UTC".to_owned() }
}

#[cfg(test)]
mod tests;
