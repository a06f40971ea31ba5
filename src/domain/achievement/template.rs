//! Texts with formulas in them: `${100*level} m`.

use super::bounds::TEMPLATE_BYTES_MAX;
use super::formula::{Formula, FormulaError};
use super::number::{rounded, whole};

#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Formula(Box<Formula>),
}

impl Template {
    /// The formulas are formulas in `level`. A `$` without a brace is itself.
    pub fn parse(text: &str) -> Result<Self, FormulaError> {
        if text.len() > TEMPLATE_BYTES_MAX {
            return Err(FormulaError::new(text, format!("it has more than {TEMPLATE_BYTES_MAX} bytes")));
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, formula)) = rest.split_once("${") {
            let (formula, after) =
                formula.split_once('}').ok_or_else(|| FormulaError::new(text, "a brace is not closed"))?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Formula(Box::new(Formula::parse(formula, &["level"])?)));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self { parts })
    }

    /// Whether the text has a formula in it.
    pub fn is_filled(text: &str) -> bool {
        text.contains("${")
    }

    /// The text with each `${…}` replaced by its value at this level, to 3 decimals.
    pub fn fill(&self, level: u32) -> Result<String, FormulaError> {
        self.parts.iter().try_fold(String::new(), |filled, part| match part {
            Part::Text(text) => Ok(filled + text),
            Part::Formula(formula) => {
                let value = formula.value(&[f64::from(level)])?;
                Ok(filled + &whole(rounded(value)).to_string())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str, level: u32) -> Result<String, String> {
        Template::parse(text).and_then(|template| template.fill(level)).map_err(|error| error.to_string())
    }

    #[test]
    fn templates_are_filled_in() {
        for (text, expected) in [
            ("", ""),
            ("plain $5 {x}", "plain $5 {x}"),
            ("${100*level}", "200"),
            ("${100*level} m, ${level/3} of it", "200 m, 0.667 of it"),
            ("https://a.example/${level}.png", "https://a.example/2.png"),
            ("ä${level}ö${level}", "ä2ö2"),
        ] {
            assert_eq!(filled(text, 2).unwrap(), expected);
        }
        assert_eq!(filled("${foo}", 1).unwrap_err(), "Cannot evaluate formular: foo (there is no foo)");
        assert_eq!(filled("x ${level", 1).unwrap_err(), "Cannot evaluate formular: x ${level (a brace is not closed)");
        assert!(filled("${1/(level-2)}", 2).is_err());
        assert!(filled(&"x".repeat(TEMPLATE_BYTES_MAX + 1), 1).is_err());
    }
}
