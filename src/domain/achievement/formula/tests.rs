//! What formulas come to, and which are refused.

use super::*;

fn value(text: &str, level: f64) -> Result<f64, String> {
    Formula::parse(text, &["level"])
        .and_then(|formula| formula.value(&[level]))
        .map_err(|FormulaError { problem, .. }| problem)
}

#[test]
fn formulas_are_gengines() {
    for (text, level, expected) in [
        ("5", 1.0, 5.0),
        ("5*level", 3.0, 15.0),
        ("100*level^2", 3.0, 900.0),
        (" ( level + 1 ) * 2 ", 1.0, 4.0),
        ("2+3*4", 1.0, 14.0),
        ("2*3+4", 1.0, 10.0),
        ("10-4-3", 1.0, 3.0),
        ("10-4+3", 1.0, 9.0),
        ("100/10/5", 1.0, 2.0),
        ("100/10*5", 1.0, 50.0),
        ("3*10/4", 1.0, 7.5),
        ("7/2*2", 1.0, 7.0),
        ("2*3^2", 1.0, 18.0),
        ("2^3*2", 1.0, 16.0),
        ("2^-1", 1.0, 0.5),
        ("(2^3)^2", 1.0, 64.0),
        ("2^(3^2)", 1.0, 512.0),
        ("(-2)^2", 1.0, 4.0),
        ("-(2^2)", 1.0, -4.0),
        ("-level", 4.0, -4.0),
        ("2--3", 1.0, 5.0),
        ("2*-3", 1.0, -6.0),
        ("+5", 1.0, 5.0),
        (".5+1.", 1.0, 1.5),
        ("0.1*10", 1.0, 1.0),
        ("abs(-3)", 1.0, 3.0),
        ("-abs(-3)", 1.0, -3.0),
        ("sin(PI/2)", 1.0, 1.0),
        ("cos(0)", 1.0, 1.0),
        ("tan(0)", 1.0, 0.0),
        ("trunc(-2.7)", 1.0, -2.0),
        ("floor(-2.1)", 1.0, -3.0),
        ("ceil(2.1)", 1.0, 3.0),
        ("round(2.5)", 1.0, 2.0),
        ("round(3.5)", 1.0, 4.0),
        ("sgn(-7)", 1.0, -1.0),
        ("sgn(0)", 1.0, 0.0),
        ("log10(1000)", 1.0, 3.0),
        ("sqrt(level)", 9.0, 3.0),
        ("ln(E)", 1.0, 1.0),
        ("exp(0)", 1.0, 1.0),
        ("sin(0)^2+cos(0)^2", 1.0, 1.0),
        ("floor(abs(sin(level)))*((1+2)*(3+4))", 1.0, 0.0),
        ("E*1/E", 1.0, 1.0),
    ] {
        let value = value(text, level).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!((value - expected).abs() < 1e-9, "{text} at {level} is {value}, not {expected}");
    }
}

#[test]
fn wrong_formulas_say_what_is_wrong() {
    for (text, problem) in [
        ("", "it ends where a number has to stand"),
        ("5*foo(", "there is no function foo"),
        ("5*foo", "there is no foo"),
        ("Level", "there is no Level"),
        ("levels", "there is no levels"),
        ("5*(level", "a parenthesis is not closed"),
        ("5)", "a parenthesis is closed that is not open"),
        ("()", "there is nothing before a closing parenthesis"),
        ("5 level", "there is no sign between two numbers"),
        ("5level", "there is no sign between 5 and what follows it"),
        ("1e3", "there is no sign between 1 and what follows it"),
        ("5(3)", "there is no sign between two numbers"),
        ("level(3)", "level is not a function"),
        ("sin", "the function sin has no parentheses"),
        ("sin 3", "the function sin has no parentheses"),
        ("sin()", "there is nothing before a closing parenthesis"),
        ("5*", "it ends where a number has to stand"),
        ("*5", "there is a sign where a number has to stand"),
        ("5**2", "there is a sign where a number has to stand"),
        ("5---2", "there is a sign where a number has to stand"),
        ("1.2.3", "1.2.3 is not a number"),
        (".", ". is not a number"),
        ("2^3^2", "a power of a power needs parentheses"),
        ("2^-3^2", "a power of a power needs parentheses"),
        ("-2^2", "a power of a number with a sign needs parentheses"),
        ("3*-(2)^2", "a power of a number with a sign needs parentheses"),
        ("-sin(1)^2", "a power of a number with a sign needs parentheses"),
        ("max(1,2)", "`,` means nothing"),
        ("{level}", "`{` means nothing"),
        ("5 € 3", "`€` means nothing"),
        ("5ä", "there is no sign between 5 and what follows it"),
        ("level=5", "`=` means nothing"),
        ("5\n", "`\\n` means nothing"),
        ("5/0", "the result is not a number, as when something is divided by zero"),
        ("1/(1/0)", "the result is not a number, as when something is divided by zero"),
        ("(1/0)^0", "the result is not a number, as when something is divided by zero"),
        ("1/(level-1)", "the result is not a number, as when something is divided by zero"),
        ("sqrt(-1)", "the result is not a number, as when something is divided by zero"),
        ("10^400", "the result is not a number, as when something is divided by zero"),
        ("2^54", "the result is beyond 2^53"),
    ] {
        assert_eq!(value(text, 1.0).unwrap_err(), problem, "{text}");
    }
}

#[test]
fn formulas_are_bounded() {
    let nested = |depth: usize| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(value(&nested(32), 1.0), Ok(1.0));
    assert_eq!(value(&nested(33), 1.0).unwrap_err(), "its parentheses are more than 32 deep");
    assert_eq!(value(&format!("1{}", "+1".repeat(99)), 1.0), Ok(100.0));
    assert_eq!(value(&format!("1{}", "+1".repeat(100)), 1.0).unwrap_err(), "it has more than 200 parts");
    assert_eq!(value(&" ".repeat(501), 1.0).unwrap_err(), "it has more than 500 bytes");
    assert_eq!(value(&format!("{}1{}", "abs(".repeat(32), ")".repeat(32)), 1.0), Ok(1.0));
}

#[test]
fn error_begins_with_gengines_words() {
    let error = Formula::parse("5*foo(", &["level"]).unwrap_err();
    assert_eq!(error.to_string(), "Cannot evaluate formular: 5*foo( (there is no function foo)");
    let long = Formula::parse(&"ä".repeat(10_000), &[]).unwrap_err();
    assert!(long.to_string().chars().count() < 600);
}

#[test]
fn inputs_are_taken_by_their_place() {
    let formula = Formula::parse("2*value-level", &["level", "unused", "value"]).unwrap();
    assert_eq!(formula.value(&[1.0, 100.0, 7.0]), Ok(13.0));
    assert!(formula.value(&[1.0]).is_err());
    assert_eq!(Formula::parse("value", &["level"]).unwrap_err().problem, "there is no value");
}
