//! Formulas: numbers, `+ - * / ^`, functions and named inputs. They are text of admins, so they are small, and cannot loop.

use thiserror::Error;

#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    text: String,
}

/// gengine's words first, spelt as there, because clients look for them; then what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("Cannot evaluate formular: {text} ({problem})")]
pub struct FormulaError {
    pub text: String,
    pub problem: String,
}

impl Formula {
    /// `inputs` are the names that it may use besides the functions and constants, in the order in which `value` takes them.
    pub fn parse(text: &str, _inputs: &[&str]) -> Result<Self, FormulaError> {
        Ok(Self { text: text.to_owned() })
    }

    /// Finite, and within ±2⁵³.
    pub fn value(&self, _inputs: &[f64]) -> Result<f64, FormulaError> {
        Err(FormulaError { text: self.text.clone(), problem: "not yet".to_owned() })
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}
