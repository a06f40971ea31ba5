//! Formulas: numbers, `+ - * / ^`, functions and named inputs. They are text of admins, so they are small, and cannot loop.
//!
//! A crate reads and evaluates them. What it would read in another way than gengine does, or not well, never reaches it: `gate`.

mod gate;
mod operators;
#[cfg(test)]
mod tests;

use exmex::{Express, FlatEx};
use thiserror::Error;

use super::number::VALUE_MAX;
use operators::Operators;

#[derive(Clone, Debug)]
pub struct Formula {
    text: String,
    read: FlatEx<f64, Operators>,
    /// Which of the inputs the crate's variables are.
    inputs: Vec<usize>,
    inputs_len: usize,
}

/// gengine's words first, spelt as there, because clients look for them; then what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("Cannot evaluate formular: {text} ({problem})")]
pub struct FormulaError {
    /// The formula; its beginning if it is too long.
    pub text: String,
    pub problem: String,
}

impl FormulaError {
    pub(super) fn new(text: &str, problem: impl Into<String>) -> Self {
        let shown: String = text.chars().take(super::bounds::FORMULA_BYTES_MAX).collect();
        Self { text: shown, problem: problem.into() }
    }
}

impl Formula {
    /// `inputs` are the names that it may use besides the functions and constants, in the order in which `value` takes them.
    pub fn parse(text: &str, inputs: &[&str]) -> Result<Self, FormulaError> {
        gate::pass(text, inputs).map_err(|problem| FormulaError::new(text, problem))?;
        let read = FlatEx::parse(text).map_err(|error| FormulaError::new(text, error.to_string()))?;
        let position = |name: &String| inputs.iter().position(|input| input == name);
        let used: Option<Vec<usize>> = read.var_names().iter().map(position).collect();
        let Some(used) = used else { return Err(FormulaError::new(text, "it has a name that means nothing")) };
        Ok(Self { text: text.to_owned(), read, inputs: used, inputs_len: inputs.len() })
    }

    /// Finite, and within ±2⁵³.
    pub fn value(&self, inputs: &[f64]) -> Result<f64, FormulaError> {
        let error = |problem: &str| FormulaError::new(&self.text, problem);
        if inputs.len() != self.inputs_len {
            return Err(error("it was given other inputs than it has"));
        }
        let used: Vec<f64> = self.inputs.iter().filter_map(|&index| inputs.get(index).copied()).collect();
        let value = self.read.eval(&used).map_err(|other| error(&other.to_string()))?;
        if !value.is_finite() {
            return Err(error("the result is not a number, as when something is divided by zero"));
        }
        if value.abs() > VALUE_MAX {
            return Err(error("the result is beyond 2^53"));
        }
        Ok(value)
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Formula {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, &self.inputs, self.inputs_len) == (&other.text, &other.inputs, other.inputs_len)
    }
}
