//! Variables that the product itself moves. They are part of every catalogue and are never stored.

use super::definitions::Variable;

/// All of them, by name.
pub fn variables() -> Vec<Variable> {
    Vec::new()
}
