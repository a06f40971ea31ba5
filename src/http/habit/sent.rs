//! A body as it was sent: JSON whose numbers are read to their last digit.
//!
//! The parser that everything else is read with is a hair off with numbers of seventeen digits, which are what a device has from
//! adding up for weeks, and sends back.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use crate::http::request::Members;

/// Operations are five levels deep with all that may be kept of them; what is deeper is refused by them, and read as it comes.
const EXACT_LEVELS: usize = 12;

/// `None`: it is no JSON.
pub fn exact(body: &[u8]) -> Option<Value> {
    value(serde_json::from_slice(body).ok()?, EXACT_LEVELS)
}

fn value(raw: &RawValue, levels: usize) -> Option<Value> {
    let text = raw.get();
    match text.as_bytes().first()? {
        b'{' if levels > 0 => {
            let Members(members) = parsed(text)?;
            let read = members.into_iter().map(|(name, raw)| Some((name, value(&raw, levels - 1)?)));
            read.collect::<Option<Map<_, _>>>().map(Value::Object)
        }
        b'[' if levels > 0 => {
            let items: Vec<&RawValue> = parsed(text)?;
            items.into_iter().map(|raw| value(raw, levels - 1)).collect::<Option<_>>().map(Value::Array)
        }
        b'-' | b'0'..=b'9' => text.parse().ok().and_then(Number::from_f64).map(Value::Number),
        _ => parsed(text),
    }
}

fn parsed<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_read_to_the_last_digit() {
        let mut number = 0.1_f64;
        for _ in 0..2_000 {
            number = number * 0.974_7 + 1.0 / (number + 3.0);
            let read = exact(format!(r#"[{{"x":[{number}, -{number}]}}]"#).as_bytes()).expect("JSON");
            assert_eq!(read[0]["x"][0].as_f64(), Some(number));
            assert_eq!(read[0]["x"][1].as_f64(), Some(-number));
        }
        for (text, number) in [("0", 0.0), ("-0", 0.0), ("1e3", 1_000.0), ("9007199254740993", 9_007_199_254_740_992.0)]
        {
            assert_eq!(exact(text.as_bytes()).expect("JSON").as_f64(), Some(number));
        }
    }

    #[test]
    fn all_else_is_as_the_parser_has_it() {
        for text in [
            r#"{}"#,
            r#" [ {"a": "\u0001\"x", "b": null, "c": [true, false, {"d": {}}]}, [], "ä" ] "#,
            r#"[[[[[[[[[[[[[[[{"x": [1.5]}]]]]]]]]]]]]]]]"#,
        ] {
            let same: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(exact(text.as_bytes()), Some(same), "{text}");
        }
        assert_eq!(exact(br#"{"a": "x", "a": "y"}"#), Some(json!({ "a": "y" })));
        for text in ["", "{", "{}}", "01", "1.", "+1", "1e400", "-", "[1,]", "{\"a\" 1}", "\u{feff}{}", "[\"\\ud800\"]"]
        {
            assert_eq!(exact(text.as_bytes()), None, "{text}");
        }
        assert_eq!(exact(&[b'"', 0xff, b'"']), None);
        assert_eq!(exact("[".repeat(10_000).as_bytes()), None);
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(exact(deep.as_bytes()), None);
    }
}
