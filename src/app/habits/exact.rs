//! A number that is read as it was written, to the last bit: what a game adds up for years must not drift by being stored.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// Finite. Only read from a text of its own, not out of what was parsed before.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Exact(pub f64);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let number = raw.get().parse::<f64>().ok().filter(|number| number.is_finite());
        number.map(Self).ok_or_else(|| serde::de::Error::custom("no number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_to_the_last_bit() {
        let mut value = 0.1_f64;
        for _ in 0..2_000 {
            value = value * 0.974_7 + 1.0 / (value + 3.0);
            let stored = serde_json::to_string(&(Exact(value), Exact(-value))).unwrap();
            let (one, other): (Exact, Exact) = serde_json::from_str(&stored).unwrap();
            assert_eq!((one.0.to_bits(), other.0.to_bits()), (value.to_bits(), (-value).to_bits()));
        }
        assert!(serde_json::from_str::<Exact>("\"1\"").is_err());
        assert!(serde_json::from_str::<Exact>("null").is_err());
    }
}
