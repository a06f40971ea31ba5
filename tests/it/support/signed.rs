//! Tokens as the operator's back end signs them.

use jsonwebtoken::{EncodingKey, Header};
use serde_json::Value;

/// What instances under test take tokens by.
pub const SECRET: &str = "secret";

/// What instances under test know the operator's back end by.
pub const API_KEY: &str = "a-key-of-22-characters";

pub fn signed(claims: &Value) -> String {
    signed_with(SECRET, claims)
}

pub fn signed_with(secret: &str, claims: &Value) -> String {
    jsonwebtoken::encode(&Header::default(), claims, &EncodingKey::from_secret(secret.as_bytes())).expect("a token")
}
