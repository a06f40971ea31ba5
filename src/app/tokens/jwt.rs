//! Signed tokens (JWT, RFC 7519) as far as they are taken here: HMAC with SHA-256.
//!
//! Knows no user and no clock; what the claims mean is decided elsewhere.

use std::collections::HashSet;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::de::DeserializeOwned;

use crate::app::documents::Object;

/// The token is none, or nobody who knows the secret has signed it, or its claims are not of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid;

/// Whether this is meant to be a signed token, good or not. Our own tokens have one dot, not two.
pub fn is_meant(token: &str) -> bool {
    jsonwebtoken::decode_header(token).is_ok()
}

/// Checks the signature → the claims, which are to be looked at.
pub fn verify<T: DeserializeOwned>(secret: &[u8], token: &str) -> Result<T, Invalid> {
    let mut signature_alone = Validation::new(Algorithm::HS256);
    // Times go by the application's clock, and a token need not have them.
    signature_alone.validate_exp = false;
    signature_alone.validate_aud = false;
    signature_alone.required_spec_claims = HashSet::new();
    let key = DecodingKey::from_secret(secret);
    let found = jsonwebtoken::decode::<Object<T>>(token, &key, &signature_alone).map_err(|_| Invalid)?;
    // What a reader must understand: we know none of it.
    if found.header.crit.is_some() { Err(Invalid) } else { Ok(found.claims.0) }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::EncodingKey;
    use serde_json::{Value, json};

    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    /// From jwt.io's front page, with the secret that stands there.
    const KNOWN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
        eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.\
        SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
    const SECRET: &[u8] = b"your-256-bit-secret";

    fn signed(header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let key = EncodingKey::from_secret(SECRET);
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{signed}.{signature}")
    }

    #[test]
    fn a_token_that_others_made_is_read() {
        let claims: Value = verify(SECRET, KNOWN).unwrap();
        assert_eq!(claims, json!({ "sub": "1234567890", "name": "John Doe", "iat": 1_516_239_022 }));
        assert_eq!(verify::<Value>(b"another", KNOWN), Err(Invalid));
    }

    #[test]
    fn a_changed_letter_anywhere_is_noticed() {
        for index in 0..KNOWN.len() {
            for letter in [b'A', b'b', b'.', b'='] {
                let mut other = KNOWN.as_bytes().to_vec();
                if std::mem::replace(&mut other[index], letter) != letter {
                    let other = String::from_utf8(other).unwrap();
                    assert_eq!(verify::<Value>(SECRET, &other), Err(Invalid), "{other}");
                }
            }
        }
    }

    #[test]
    fn only_the_one_way_of_signing_is_taken() {
        assert!(verify::<Value>(SECRET, &signed(r#"{"alg":"HS256"}"#, "{}")).is_ok());
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"hs256"}"#,
            r#"{"alg":"HS512"}"#,
            r#"{"alg":"RS256"}"#,
            r#"{"alg":"HS256","crit":["exp"]}"#,
            r#"{"alg":["HS256"]}"#,
            r#"{"typ":"JWT"}"#,
            r#"["HS256"]"#,
            "{",
        ] {
            assert_eq!(verify::<Value>(SECRET, &signed(header, "{}")), Err(Invalid), "{header}");
        }
        let unsigned = format!("{}.e30.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
        for none in ["", ".", "..", "...", "a.b.c", "e30.e30.e30", &unsigned] {
            assert_eq!(verify::<Value>(SECRET, none), Err(Invalid), "{none}");
        }
    }

    #[test]
    fn our_own_tokens_are_told_apart() {
        assert!(is_meant(KNOWN));
        for ours in ["aino.0123456789012345678901234567890123456789012", "an-admins-token-of-any-form", "a.b.c"] {
            assert!(!is_meant(ours), "{ours}");
        }
    }
}
