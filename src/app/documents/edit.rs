//! A member of a partial update: left alone, taken away, or set.

use serde::{Deserialize, Deserializer};

/// Left out, `null`, or a value. Needs `#[serde(default)]` where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Edit<T> {
    /// Left out: it stays as it is.
    #[default]
    Keep,
    /// `null`: it is not known any more.
    Clear,
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Edit<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

impl<T> Edit<T> {
    /// In a complete replacement what is left out is taken away.
    pub fn replacing(self) -> Self {
        match self {
            Self::Keep => Self::Clear,
            other => other,
        }
    }

    /// # Errors
    /// Those of `check`, for a value that is set.
    pub fn checked<U, E>(self, check: impl FnOnce(T) -> Result<U, E>) -> Result<Edit<U>, E> {
        Ok(match self {
            Self::Keep => Edit::Keep,
            Self::Clear => Edit::Clear,
            Self::Set(value) => Edit::Set(check(value)?),
        })
    }

    pub fn apply(self, to: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *to = None,
            Self::Set(value) => *to = Some(value),
        }
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
