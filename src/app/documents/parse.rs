//! JSON → documents, and faults that name the member at fault and never repeat its value.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::error::Category;

use crate::app::AppError;

/// A document that is a JSON object. serde would take an array of the members' values for one as well.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData)).map(Self)
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// Reads a JSON object, or says which member is wrong.
///
/// The path to the fault is only looked for when there is one: the good case is parsed once, at full speed.
pub fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, AppError> {
    if let Ok(Object(document)) = serde_json::from_slice(json) {
        return Ok(document);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let error = match serde_path_to_error::deserialize::<_, Object<T>>(&mut deserializer) {
        Ok(_) => return Err(AppError::invalid("body", "must be one JSON document")),
        Err(error) => error,
    };
    let path = error.path().to_string();
    let (field, problem) = describe(&path, error.inner());
    Err(AppError::Invalid { field, problem })
}

/// serde's message holds the value that it did not like, which may be a coordinate or a password: ours does not.
fn describe(path: &str, error: &serde_json::Error) -> (String, String) {
    let message = error.to_string();
    let quoted = |text: &str| text.split('`').nth(1).unwrap_or_default().to_owned();
    let prefix = if path == "." { String::new() } else { format!("{path}.") };
    if message.starts_with("missing field") {
        return (format!("{prefix}{}", quoted(&message)), "is missing".to_owned());
    }
    if message.starts_with("duplicate field") {
        return (format!("{prefix}{}", quoted(&message)), "is given twice".to_owned());
    }
    let field = if path == "." { "body".to_owned() } else { path.to_owned() };
    if message.starts_with("unknown field") {
        return (field, "is not known here".to_owned());
    }
    let problem = match error.classify() {
        Category::Data => match message
            .rsplit(", expected ")
            .next()
            .filter(|rest| rest.len() < message.len())
            .and_then(|rest| rest.split(" at line").next())
        {
            Some(expected) => format!("must be {}", in_words(expected)),
            None => "is of the wrong type".to_owned(),
        },
        Category::Syntax | Category::Io if message.starts_with("number out of range") => {
            "is a number out of range".to_owned()
        }
        Category::Eof => return ("body".to_owned(), "is not complete JSON".to_owned()),
        Category::Syntax | Category::Io => {
            return ("body".to_owned(), format!("is not JSON (line {})", error.line()));
        }
    };
    (field, problem)
}

/// serde speaks of Rust's types.
fn in_words(expected: &str) -> &str {
    match expected {
        "f32" | "f64" => "a number",
        "u8" | "u16" | "u32" | "u64" | "i8" | "i16" | "i32" | "i64" | "usize" => "a whole number in range",
        "a sequence" => "an array",
        "a boolean" => "true or false",
        other if other.starts_with("struct ") || other == "a map" => "an object",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Document {
        #[allow(dead_code)]
        count: u16,
        #[allow(dead_code)]
        places: Vec<Object<Place>>,
    }

    #[derive(Debug, Deserialize)]
    struct Place {
        #[allow(dead_code)]
        latitude: f64,
    }

    #[test]
    fn fault_names_the_member_and_not_its_value() {
        for (json, told) in [
            (r#"{"count": 1, "places": [{"latitude": "60.17"}]}"#, "places[0].latitude: must be a number"),
            (r#"{"count": 1, "places": [{"latitude": 1e400}]}"#, "places[0].latitude: is a number out of range"),
            (r#"{"count": 1, "places": [[60.17]]}"#, "places[0]: must be an object"),
            (r#"{"count": 1, "places": {}}"#, "places: must be an array"),
            (r#"{"count": -1, "places": []}"#, "count: must be a whole number in range"),
            (r#"{"count": 70000, "places": []}"#, "count: must be a whole number in range"),
            (r#"{"places": []}"#, "count: is missing"),
            (r#"{"count": 1, "count": 2, "places": []}"#, "count: is given twice"),
            (r#"{"count": 1, "places": [], "x": 1}"#, "x: is not known here"),
            (r#"[1, []]"#, "body: must be an object"),
            (r#"7"#, "body: must be an object"),
            (r#"{"count": 1, "places": [{"latitude": NaN}]}"#, "body: is not JSON (line 1)"),
            (r#"{"count": 1, "#, "body: is not complete JSON"),
            ("", "body: is not complete JSON"),
            (r#"{"count": 1, "places": []} {}"#, "body: must be one JSON document"),
        ] {
            assert_eq!(parse::<Document>(json.as_bytes()).unwrap_err().to_string(), told, "{json}");
        }
    }
}
