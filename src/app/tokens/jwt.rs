//! Signed tokens (JWT, RFC 7519) as far as they are taken here: HMAC with SHA-256, compact form.
//!
//! Knows no user and no clock; what the claims mean is decided elsewhere.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::Sha256;

use crate::app::documents::Object;

/// The token is none, or nobody who knows the secret has signed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid;

#[derive(Deserialize)]
struct Header {
    alg: String,
    /// What a reader must understand; we know none of it.
    crit: Option<Box<RawValue>>,
}

/// Whether this is meant to be a signed token, good or not. Our own tokens have one dot, not two.
pub fn is_meant(token: &str) -> bool {
    header(token).is_some()
}

/// Checks the signature → the claims, a JSON document that is not read yet.
pub fn verify(secret: &[u8], token: &str) -> Result<Vec<u8>, Invalid> {
    let header = header(token).ok_or(Invalid)?;
    if header.alg != "HS256" || header.crit.is_some() {
        return Err(Invalid);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(Invalid)?;
    let (_, claims) = signed.split_once('.').ok_or(Invalid)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Invalid)?;
    mac(secret, signed)?.verify_slice(&signature).map_err(|_| Invalid)?;
    URL_SAFE_NO_PAD.decode(claims).map_err(|_| Invalid)
}

/// Three parts, the first of which is a header.
fn header(token: &str) -> Option<Header> {
    let mut parts = token.split('.');
    let (header, _, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let Object(header) = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    Some(header)
}

fn mac(secret: &[u8], signed: &str) -> Result<Hmac<Sha256>, Invalid> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| Invalid)?;
    mac.update(signed.as_bytes());
    Ok(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From jwt.io's front page, with the secret that stands there.
    const KNOWN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
        eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.\
        SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
    const SECRET: &[u8] = b"your-256-bit-secret";

    fn signed(header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = mac(SECRET, &signed).unwrap().finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn a_token_that_others_made_is_read() {
        let claims = verify(SECRET, KNOWN).unwrap();
        assert_eq!(claims, br#"{"sub":"1234567890","name":"John Doe","iat":1516239022}"#);
        assert_eq!(verify(b"another", KNOWN), Err(Invalid));
    }

    #[test]
    fn a_changed_letter_anywhere_is_noticed() {
        for index in 0..KNOWN.len() {
            for letter in [b'A', b'b', b'.', b'='] {
                let mut other = KNOWN.as_bytes().to_vec();
                if std::mem::replace(&mut other[index], letter) != letter {
                    let other = String::from_utf8(other).unwrap();
                    assert_eq!(verify(SECRET, &other), Err(Invalid), "{other}");
                }
            }
        }
    }

    #[test]
    fn only_the_one_way_of_signing_is_taken() {
        assert!(verify(SECRET, &signed(r#"{"alg":"HS256"}"#, "{}")).is_ok());
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
            assert_eq!(verify(SECRET, &signed(header, "{}")), Err(Invalid), "{header}");
        }
        let unsigned = format!("{}.e30.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
        for none in ["", ".", "..", "...", "a.b.c", "e30.e30.e30", &unsigned] {
            assert_eq!(verify(SECRET, none), Err(Invalid), "{none}");
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
