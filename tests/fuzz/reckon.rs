//! Formulas once more, in the plainest way there is: a function for each priority. It takes only what was found to be a formula.

/// What a formula in `level` comes to; not finite when something is divided by zero.
pub fn reckon(text: &str, level: f64) -> f64 {
    let mut rest = text;
    let value = sum(&mut rest, level);
    assert_eq!(rest.trim_start_matches(' '), "", "{text} goes on after its end");
    value
}

fn sum(rest: &mut &str, level: f64) -> f64 {
    let mut value = product(rest, level);
    loop {
        match next(rest) {
            Some('+') => value += product(skip(rest), level),
            Some('-') => value -= product(skip(rest), level),
            _ => return value,
        }
    }
}

fn product(rest: &mut &str, level: f64) -> f64 {
    let mut value = power(rest, level);
    loop {
        match next(rest) {
            Some('*') => value *= power(skip(rest), level),
            Some('/') => {
                let divisor = power(skip(rest), level);
                value = if divisor == 0.0 { f64::NAN } else { value / divisor };
            }
            _ => return value,
        }
    }
}

fn power(rest: &mut &str, level: f64) -> f64 {
    let base = signed(rest, level);
    if next(rest) != Some('^') {
        return base;
    }
    let exponent = signed(skip(rest), level);
    if base.is_nan() || exponent.is_nan() { f64::NAN } else { base.powf(exponent) }
}

fn signed(rest: &mut &str, level: f64) -> f64 {
    match next(rest) {
        Some('-') => -operand(skip(rest), level),
        Some('+') => operand(skip(rest), level),
        _ => operand(rest, level),
    }
}

fn operand(rest: &mut &str, level: f64) -> f64 {
    if next(rest) == Some('(') {
        let value = sum(skip(rest), level);
        assert_eq!(next(rest), Some(')'));
        skip(rest);
        return value;
    }
    let len = rest.find(|it: char| !it.is_ascii_alphanumeric() && it != '.').unwrap_or(rest.len());
    let (word, after) = rest.split_at(len);
    *rest = after;
    match word {
        "level" => level,
        "PI" => std::f64::consts::PI,
        "E" => std::f64::consts::E,
        _ if next(rest) == Some('(') => function(word)(operand(rest, level)),
        number => number.parse().expect("a number"),
    }
}

fn function(name: &str) -> fn(f64) -> f64 {
    match name {
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "abs" => f64::abs,
        "trunc" => f64::trunc,
        "round" => f64::round_ties_even,
        "sgn" => |value| if value == 0.0 { 0.0 } else { value.signum() },
        "log10" => f64::log10,
        "floor" => f64::floor,
        "ceil" => f64::ceil,
        "sqrt" => f64::sqrt,
        "exp" => f64::exp,
        "ln" => f64::ln,
        other => panic!("{other} is not a function"),
    }
}

/// What comes next, after spaces.
fn next(rest: &mut &str) -> Option<char> {
    *rest = rest.trim_start_matches(' ');
    rest.chars().next()
}

fn skip<'a, 'b>(rest: &'a mut &'b str) -> &'a mut &'b str {
    *rest = rest.get(1..).unwrap_or_default();
    rest
}
