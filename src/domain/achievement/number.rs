//! Numbers as values and formulas have them.

/// The largest amount of a value, a sum and a formula's result: every whole number up to it is exact, here and in JSON.
pub const VALUE_MAX: f64 = 9_007_199_254_740_992.0;

/// A number as gengine shows it: without a fraction where it has none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Whole(i64),
    Fraction(f64),
}

/// `value` as a whole number if it is one and can be written exactly.
#[allow(clippy::cast_possible_truncation)] // within ±2⁵³, and without a fraction
pub fn whole(value: f64) -> Number {
    if value.fract() == 0.0 && value.abs() <= VALUE_MAX { Number::Whole(value as i64) } else { Number::Fraction(value) }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(number) => number.fmt(f),
            Self::Fraction(number) => number.fmt(f),
        }
    }
}

/// To 3 decimals, so that what is added and taken away again leaves nothing behind. −0 becomes 0.
pub fn rounded(value: f64) -> f64 {
    // Beyond, neighbouring numbers are further apart than that.
    let coarse = value.abs() >= VALUE_MAX / 1024.0;
    if coarse { value } else { (value * 1000.0).round() / 1000.0 + 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_no_fraction() {
        assert_eq!(whole(100.0), Number::Whole(100));
        assert_eq!(whole(-0.5), Number::Fraction(-0.5));
        assert_eq!(whole(VALUE_MAX).to_string(), "9007199254740992");
        assert_eq!(whole(2.5).to_string(), "2.5");
    }

    #[test]
    fn what_is_added_and_taken_away_leaves_nothing() {
        let sum = [0.1, 0.2, 0.7, -0.3, -0.7].iter().fold(0.0, |sum, by| rounded(sum + by));
        assert_eq!(sum.to_bits(), 0);
        assert_eq!(rounded(VALUE_MAX - 1.0), VALUE_MAX - 1.0);
        assert_eq!(rounded(-1.23456), -1.235);
    }
}
