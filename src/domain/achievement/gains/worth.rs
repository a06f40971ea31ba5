//! What the value of a reward or a property comes to at a level.

use crate::domain::achievement::definitions::{Assignment, Property};
use crate::domain::achievement::formula::{Formula, FormulaError};
use crate::domain::achievement::number::{Number, rounded, whole};
use crate::domain::achievement::template::Template;

/// What a formula or a template has come to.
#[derive(Clone, Debug, PartialEq)]
pub enum Worth {
    Nothing,
    Number(Number),
    Text(String),
}

/// A template, or plain text. What comes out as a number is one.
pub fn of_reward(given: &Assignment, level: u32) -> Result<Worth, FormulaError> {
    given.value.as_ref().map_or(Ok(Worth::Nothing), |text| of_template(text, level))
}

/// A template; a formula; or, if it moves no variable, plain text.
pub fn of_property(property: &Property, level: u32) -> Result<Worth, FormulaError> {
    let Some(text) = &property.value else { return Ok(Worth::Nothing) };
    if property.is_variable {
        return amount(property, level).map(|amount| Worth::Number(whole(amount)));
    }
    // A text that happens to be the name of a constant is no formula.
    let may_be_formula = text.contains("level") || text.contains(|character: char| character.is_ascii_digit());
    let formula = Formula::parse(text, &["level"]).ok().filter(|_| may_be_formula);
    match formula {
        Some(formula) if !Template::is_filled(text) => {
            Ok(Worth::Number(whole(rounded(formula.value(&[f64::from(level)])?))))
        }
        _ => of_template(text, level),
    }
}

/// By how much a property moves its variable; 0 if it has no value.
pub fn amount(property: &Property, level: u32) -> Result<f64, FormulaError> {
    let Some(text) = &property.value else { return Ok(0.0) };
    let filled = if Template::is_filled(text) { Template::parse(text)?.fill(level)? } else { text.clone() };
    let value = Formula::parse(&filled, &["level"])?.value(&[f64::from(level)])?;
    Ok(rounded(value))
}

fn of_template(text: &str, level: u32) -> Result<Worth, FormulaError> {
    let filled = Template::parse(text)?.fill(level)?;
    Ok(number(&filled).map_or(Worth::Text(filled), Worth::Number))
}

/// Digits as gengine's `int` and `float` read them, and nothing else that is called a number.
fn number(text: &str) -> Option<Number> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
    let value: f64 = text.parse().ok().filter(|_| is_plain)?;
    // Unless it would be shown in another way than it was written: `007`, `1.50`.
    Some(whole(value)).filter(|number| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::achievement::rules::made_up;

    #[test]
    fn values_are_numbers_where_they_can_be() {
        let number = |value: f64| Worth::Number(whole(value));
        let text = |text: &str| Worth::Text(text.to_owned());
        for (value, is_variable, expected) in [
            ("100", false, number(100.0)),
            ("100*level", false, number(200.0)),
            ("${100*level}", false, number(200.0)),
            ("${level/8}", false, number(0.25)),
            ("level ${level}", false, text("level 2")),
            ("https://a.example/1.png", false, text("https://a.example/1.png")),
            ("E", false, text("E")),
            ("007", false, number(7.0)),
            ("", false, text("")),
            ("10*level", true, number(20.0)),
            ("${10*level}", true, number(20.0)),
        ] {
            let property = made_up::property(1, "xp", is_variable, value);
            assert_eq!(of_property(&property, 2).unwrap(), expected, "{value}");
        }
        let wrong = made_up::property(1, "xp", true, "ten");
        assert_eq!(of_property(&wrong, 2).unwrap_err().to_string(), "Cannot evaluate formular: ten (there is no ten)");
        let none = Property { value: None, ..wrong };
        assert_eq!(of_property(&none, 2), Ok(Worth::Nothing));
    }
}
