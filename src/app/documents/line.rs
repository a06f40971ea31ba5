//! JSON from others that is passed on as it stands: it must not break a line, or a reader.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::app::AppError;
use crate::limits;

/// JSON that fits into one line, as every JSON reader gets it. A break can only stand between JSON's parts.
pub fn one_line(data: &[u8]) -> Result<Cow<'_, [u8]>, AppError> {
    let broken = |problem: &str| AppError::invalid("data", problem);
    serde_json::from_slice::<&RawValue>(data).map_err(|_| broken("must be JSON"))?;
    if !is_flat_enough(data) {
        return Err(broken(&format!("must not be nested more than {} times", limits::JSON_DEPTH_MAX)));
    }
    let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
    if !data.iter().any(is_break) {
        return Ok(Cow::Borrowed(data));
    }
    Ok(data.iter().map(|byte| if is_break(byte) { b' ' } else { *byte }).collect::<Vec<_>>().into())
}

/// Whether brackets nest no deeper than [`limits::JSON_DEPTH_MAX`]. Whether they match is the parser's business.
pub fn is_flat_enough(json: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > limits::JSON_DEPTH_MAX {
                    return false;
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_published_is_json_in_one_line() {
        for (data, line) in [
            (r#"{"a": "b\n"}"#, r#"{"a": "b\n"}"#),
            ("{\n\t\"a\":\r\n1}", "{ \t\"a\":  1}"),
            ("null", "null"),
            (r#""[[[[\"[[""#, r#""[[[[\"[[""#),
        ] {
            assert_eq!(one_line(data.as_bytes()).unwrap(), line.as_bytes(), "{data}");
        }
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(one_line(nested(limits::JSON_DEPTH_MAX).as_bytes()).is_ok());
        for bad in ["", "{", "1 2", "\u{0}", "'a'", &nested(limits::JSON_DEPTH_MAX + 1)] {
            assert!(one_line(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(one_line(b"\"\xff\"").is_err());
    }
}
