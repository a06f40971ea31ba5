//! Tokens as the operator's back end signs them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

/// What instances under test take tokens by.
pub const SECRET: &str = "secret";

/// What instances under test know the operator's back end by.
pub const API_KEY: &str = "a-key-of-22-characters";

pub fn signed(claims: &Value) -> String {
    signed_with(SECRET, claims)
}

pub fn signed_with(secret: &str, claims: &Value) -> String {
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let signed = format!("{}.{}", part(r#"{"alg":"HS256","typ":"JWT"}"#), part(&claims.to_string()));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}
