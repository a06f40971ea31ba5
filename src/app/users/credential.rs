//! Tokens and sessions: random secrets that are shown once and stored hashed.
//!
//! A secret names its owner, `<user id>.<43 random characters>`, so that one read of the owner's record is enough to check
//! it. An operator's own admin token has whatever form the operator gave it, and is looked for at the admin's.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::app::posted::seed_of;
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;

/// The admin's id and name.
pub const ADMIN: &str = "admin";

/// A secret in clear. Its `Debug` hides it, and it has no `Display`.
#[derive(Clone)]
pub struct Secret(String);

/// What is stored of a secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Credential {
    /// SHA-256 in hexadecimal. The secret has 256 random bits, so no salt and no slow hash are needed.
    pub hash: String,
    pub kind: CredentialKind,
    pub created_ms: i64,
    /// Sessions end; tokens last until they are revoked.
    pub expires_ms: Option<i64>,
    /// What its user calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    Token,
    /// Opened by a token, whose hash it names.
    Session {
        token: String,
    },
    /// The admin token that the operator gave by configuration.
    Operator,
}

impl Secret {
    pub fn new(owner: &UserId) -> Self {
        let random = seed_of("token");
        Self(format!("{owner}.{}", URL_SAFE_NO_PAD.encode(random)))
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Credential {
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.expires_ms.is_none_or(|expires_ms| now.as_millis() < expires_ms)
    }

    /// What it is called by where it must not be shown. It follows from the hash and tells nothing of it.
    pub fn id(&self) -> String {
        let digest = Sha256::new().chain_update(b"token id of ").chain_update(self.hash.as_bytes()).finalize();
        digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether logging out with `shown` (a hash) ends this one: the session itself, or a session that the token opened.
    pub fn ends_with(&self, shown: &str) -> bool {
        match &self.kind {
            CredentialKind::Session { token } => self.hash == shown || token == shown,
            CredentialKind::Token | CredentialKind::Operator => false,
        }
    }
}

pub fn admin_id() -> UserId {
    UserId::parse(ADMIN).expect("five letters are an id")
}

pub fn hash(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whose the secret may be: the user that it names, and the admin, whose token may have any form.
pub fn owners(secret: &str) -> impl Iterator<Item = UserId> {
    let named = secret.rsplit_once('.').and_then(|(owner, _)| UserId::parse(owner));
    let admin = admin_id();
    let named = named.filter(|named| *named != admin);
    named.into_iter().chain([admin])
}
