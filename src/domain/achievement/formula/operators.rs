//! The signs, functions and constants of formulas: gengine's and a few more. Of equal signs the left one goes first.

use exmex::{BinOp, MakeOperators, Operator, ops_factory};

const SUM: i64 = 1;
const PRODUCT: i64 = 2;
const POWER: i64 = 3;

// Nothing is declared commutative: the crate would then be free to change the order.
ops_factory!(
    Operators,
    f64,
    Operator::make_bin_unary("+", BinOp { apply: |a, b| a + b, prio: SUM, is_commutative: false }, |a| a),
    Operator::make_bin_unary("-", BinOp { apply: |a, b| a - b, prio: SUM, is_commutative: false }, |a| -a),
    Operator::make_bin("*", BinOp { apply: |a, b| a * b, prio: PRODUCT, is_commutative: false }),
    Operator::make_bin("/", BinOp { apply: divided, prio: PRODUCT, is_commutative: false }),
    Operator::make_bin("^", BinOp { apply: power, prio: POWER, is_commutative: false }),
    Operator::make_unary("sin", f64::sin),
    Operator::make_unary("cos", f64::cos),
    Operator::make_unary("tan", f64::tan),
    Operator::make_unary("abs", f64::abs),
    Operator::make_unary("trunc", f64::trunc),
    Operator::make_unary("round", f64::round_ties_even),
    Operator::make_unary("sgn", sign),
    Operator::make_unary("log10", f64::log10),
    Operator::make_unary("floor", f64::floor),
    Operator::make_unary("ceil", f64::ceil),
    Operator::make_unary("sqrt", f64::sqrt),
    Operator::make_unary("exp", f64::exp),
    Operator::make_unary("ln", f64::ln),
    Operator::make_constant("PI", std::f64::consts::PI),
    Operator::make_constant("E", std::f64::consts::E)
);

/// What is a function and what a constant, by name.
pub const FUNCTIONS: [&str; 13] =
    ["sin", "cos", "tan", "abs", "trunc", "round", "sgn", "log10", "floor", "ceil", "sqrt", "exp", "ln"];
pub const CONSTANTS: [&str; 2] = ["PI", "E"];

/// Not infinite for a divisor of zero: `1 / (1 / 0)` would come to 0, and nobody would hear of it.
fn divided(dividend: f64, divisor: f64) -> f64 {
    if divisor == 0.0 { f64::NAN } else { dividend / divisor }
}

/// What is not a number stays so, also as a power of 1 and with 0 above it.
fn power(base: f64, exponent: f64) -> f64 {
    if base.is_nan() || exponent.is_nan() { f64::NAN } else { base.powf(exponent) }
}

fn sign(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value.signum() }
}
