//! What a finished run has to come to, to score a task. Which variables runs have, and what they came to, is not known here.

use super::numbers::NUMBER_MAX;

/// The longest name of a variable in bytes.
const VARIABLE_BYTES_MAX: usize = 64;

/// Invariants: the variable is 1 to 64 of `a–z 0–9 _`; there is a bound, and bounds are finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    variable: String,
    at_least: Option<f64>,
    at_most: Option<f64>,
}

impl Rule {
    /// In the variable's unit, as its name says: `distance_m`, `moving_s`. `None` when it could not be a rule.
    pub fn new(variable: &str, at_least: Option<f64>, at_most: Option<f64>) -> Option<Self> {
        let fits = (1..=VARIABLE_BYTES_MAX).contains(&variable.len());
        let is_plain = variable.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        let bounds = [at_least, at_most];
        let has_bounds = bounds.iter().any(Option::is_some);
        let are_exact = bounds.iter().flatten().all(|bound| bound.abs() <= NUMBER_MAX);
        (fits && is_plain && has_bounds && are_exact).then(|| Self { variable: variable.to_owned(), at_least, at_most })
    }

    pub fn variable(&self) -> &str {
        &self.variable
    }

    pub const fn at_least(&self) -> Option<f64> {
        self.at_least
    }

    pub const fn at_most(&self) -> Option<f64> {
        self.at_most
    }

    /// Whether a run with this value of the variable meets it.
    pub fn is_met_by(&self, value: f64) -> bool {
        self.at_least.is_none_or(|least| value >= least) && self.at_most.is_none_or(|most| value <= most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_a_plain_variable_and_a_bound() {
        assert!(Rule::new("distance_m", Some(5000.0), None).is_some());
        assert!(Rule::new("best_5000_s", None, Some(1500.0)).is_some());
        let long = "x".repeat(65);
        for (variable, at_least) in [
            ("", Some(1.0)),
            ("Distance", Some(1.0)),
            (&long, Some(1.0)),
            ("distance_m", None),
            ("distance_m", Some(f64::NAN)),
        ] {
            assert_eq!(Rule::new(variable, at_least, None), None, "{variable}");
        }
    }

    #[test]
    fn is_met_within_its_bounds() {
        let rule = Rule::new("distance_m", Some(5000.0), Some(6000.0)).unwrap();
        for (value, is_met) in [(4999.9, false), (5000.0, true), (6000.0, true), (6000.1, false), (f64::NAN, false)] {
            assert_eq!(rule.is_met_by(value), is_met, "{value}");
        }
    }
}
