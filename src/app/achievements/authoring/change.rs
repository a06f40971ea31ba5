//! A definition that is there becomes another one: as a whole, or in some of its members.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::app::AppError;
use crate::app::documents;

#[derive(Clone, Debug)]
pub enum Change<T> {
    Whole(T),
    /// RFC 7396: what is left out stays, and null takes away. Lists are given whole.
    Members(Map<String, Value>),
}

impl<T: Clone + Serialize + DeserializeOwned> Change<T> {
    /// # Errors
    /// [`AppError::Invalid`]: a member is not known, or of another type.
    pub fn of(&self, before: &T) -> Result<T, AppError> {
        let members = match self {
            Self::Whole(document) => return Ok(document.clone()),
            Self::Members(members) => members,
        };
        let mut merged = serde_json::to_value(before).map_err(|_| AppError::Internal)?;
        merge(&mut merged, members);
        documents::parse(&serde_json::to_vec(&merged).map_err(|_| AppError::Internal)?)
    }
}

fn merge(into: &mut Value, members: &Map<String, Value>) {
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    let Value::Object(into) = into else { return };
    for (name, value) in members {
        match value {
            Value::Null => drop(into.remove(name)),
            Value::Object(members) => merge(into.entry(name.clone()).or_insert(Value::Null), members),
            value => drop(into.insert(name.clone(), value.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::documents::VariableDocument;

    #[test]
    fn members_are_changed_taken_away_and_left() {
        let mut value = serde_json::json!({"a": 1, "b": {"c": 2, "d": [3, 4]}, "e": 5});
        let members = serde_json::json!({"a": null, "b": {"d": [6]}, "f": {"g": null, "h": 7}});
        merge(&mut value, members.as_object().unwrap());
        assert_eq!(value, serde_json::json!({"b": {"c": 2, "d": [6]}, "e": 5, "f": {"h": 7}}));
    }

    #[test]
    fn what_is_misspelt_is_named() {
        let before: VariableDocument = serde_json::from_str(r#"{"name": "laps", "leaderboard": true}"#).unwrap();
        let change = |json: &str| Change::Members(serde_json::from_str(json).unwrap()).of(&before);
        let told = |json: &str| change(json).unwrap_err().to_string();
        assert!(!change(r#"{"leaderboard": null, "group": "day"}"#).unwrap().leaderboard);
        assert_eq!(told(r#"{"leaderbord": true}"#), "leaderbord: is not known here");
        assert_eq!(told(r#"{"name": null}"#), "name: is missing");
    }
}
