//! What may reach the crate that reads formulas: whole, small, and meaning the same there and in gengine.
//!
//! The crate takes more than that (functions with commas, names in braces, a missing sign between numbers), stops the process on
//! some texts that are not ASCII, and binds a sign closer than a power.

use super::operators::{CONSTANTS, FUNCTIONS};
use crate::domain::achievement::bounds::{FORMULA_BYTES_MAX, FORMULA_DEPTH_MAX, FORMULA_TOKENS_MAX};

enum Token<'a> {
    Number,
    Name(&'a str),
    Open,
    Close,
    /// One of `+ - * / ^`.
    Sign(u8),
}

/// What stands before the operand that is being read.
#[derive(Clone, Copy, Default)]
struct Before {
    sign: bool,
    power: bool,
}

/// Says what is wrong, as the end of a sentence in parentheses.
pub fn pass(text: &str, inputs: &[&str]) -> Result<(), String> {
    if text.len() > FORMULA_BYTES_MAX {
        return Err(format!("it has more than {FORMULA_BYTES_MAX} bytes"));
    }
    let tokens = tokens(text)?;
    if tokens.len() > FORMULA_TOKENS_MAX {
        return Err(format!("it has more than {FORMULA_TOKENS_MAX} parts"));
    }
    let mut tokens = tokens.into_iter();
    let mut around: Vec<Before> = Vec::new();
    let mut before = Before::default();
    let mut operand_is_next = true;
    while let Some(token) = tokens.next() {
        if operand_is_next {
            match token {
                Token::Number => operand_is_next = false,
                Token::Name(name) if FUNCTIONS.contains(&name) => match tokens.next() {
                    Some(Token::Open) => open(&mut around, &mut before)?,
                    _ => return Err(format!("the function {name} has no parentheses")),
                },
                Token::Name(name) => {
                    known(name, inputs, tokens.as_slice().first())?;
                    operand_is_next = false;
                }
                Token::Open => open(&mut around, &mut before)?,
                Token::Sign(b'+' | b'-') if !before.sign => before.sign = true,
                Token::Sign(_) => return Err("there is a sign where a number has to stand".to_owned()),
                Token::Close => return Err("there is nothing before a closing parenthesis".to_owned()),
            }
        } else {
            match token {
                Token::Close => before = around.pop().ok_or("a parenthesis is closed that is not open")?,
                Token::Sign(sign) => {
                    before = after(before, sign)?;
                    operand_is_next = true;
                }
                _ => return Err("there is no sign between two numbers".to_owned()),
            }
        }
    }
    match (operand_is_next, around.is_empty()) {
        (true, _) => Err("it ends where a number has to stand".to_owned()),
        (false, false) => Err("a parenthesis is not closed".to_owned()),
        (false, true) => Ok(()),
    }
}

fn open(around: &mut Vec<Before>, before: &mut Before) -> Result<(), String> {
    if around.len() >= FORMULA_DEPTH_MAX {
        return Err(format!("its parentheses are more than {FORMULA_DEPTH_MAX} deep"));
    }
    around.push(std::mem::take(before));
    Ok(())
}

fn known(name: &str, inputs: &[&str], next: Option<&Token>) -> Result<(), String> {
    match (CONSTANTS.contains(&name) || inputs.contains(&name), next) {
        (true, Some(Token::Open)) => Err(format!("{name} is not a function")),
        (true, _) => Ok(()),
        (false, Some(Token::Open)) => Err(format!("there is no function {name}")),
        (false, _) => Err(format!("there is no {name}")),
    }
}

/// What stands before the operand that follows a sign.
fn after(before: Before, sign: u8) -> Result<Before, String> {
    if sign != b'^' {
        return Ok(Before::default());
    }
    match before {
        Before { power: true, .. } => Err("a power of a power needs parentheses".to_owned()),
        Before { sign: true, .. } => Err("a power of a number with a sign needs parentheses".to_owned()),
        _ => Ok(Before { sign: false, power: true }),
    }
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, String> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = text.get(at..).unwrap_or_default();
        let len = match byte {
            b' ' => {
                at += 1;
                continue;
            }
            b'0'..=b'9' | b'.' => number(rest)?,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
            }
            _ => 1,
        };
        tokens.push(match byte {
            b'0'..=b'9' | b'.' => Token::Number,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => Token::Name(rest.get(..len).unwrap_or_default()),
            b'(' => Token::Open,
            b')' => Token::Close,
            b'+' | b'-' | b'*' | b'/' | b'^' => Token::Sign(byte),
            _ => {
                let strange = rest.chars().next().unwrap_or_default();
                return Err(format!("`{}` means nothing", strange.escape_debug()));
            }
        });
        at += len;
    }
    Ok(tokens)
}

/// How many bytes the number has that the text begins with.
fn number(text: &str) -> Result<usize, String> {
    let len = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let number = text.get(..len).unwrap_or_default();
    let dots = number.bytes().filter(|byte| *byte == b'.').count();
    let runs_on =
        text.get(len..).and_then(|rest| rest.chars().next()).is_some_and(|it| it.is_alphanumeric() || it == '_');
    match (dots, number.len() > dots, runs_on) {
        (0 | 1, true, false) => Ok(len),
        (0 | 1, true, true) => Err(format!("there is no sign between {number} and what follows it")),
        _ => Err(format!("{number} is not a number")),
    }
}
