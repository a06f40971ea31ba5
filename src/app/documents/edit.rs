//! A member of a partial update, as JSON has it: left out, `null`, or a value. Needs `#[serde(default)]` where it stands.

use serde::{Deserialize, Deserializer};

pub use crate::domain::edit::Edit;

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Edit<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Document {
        #[serde(default)]
        city: Edit<String>,
    }

    #[test]
    fn left_out_is_not_null() {
        for (json, city) in [
            ("{}", Edit::Keep),
            (r#"{"city": null}"#, Edit::Clear),
            (r#"{"city": "Turku"}"#, Edit::Set("Turku".to_owned())),
        ] {
            assert_eq!(serde_json::from_str::<Document>(json).unwrap(), Document { city }, "{json}");
        }
        assert!(serde_json::from_str::<Document>(r#"{"city": 5}"#).is_err());
        assert_eq!(Edit::<u8>::Keep.replacing(), Edit::Clear);
    }
}
