//! What opens a share link: `rl_` and 43 random characters. Shown once, stored hashed.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::app::posted::seed_of;
use crate::app::users::credential;
use crate::domain::ids::LinkId;

/// Tells a link's secret from all other credentials: an id of a user has no end like this one's, for there is no dot in it.
const PREFIX: &str = "rl_";
const RANDOM_BYTES: usize = 32;

/// A secret in clear. Its `Debug` hides it, and it has no `Display`.
#[derive(Clone)]
pub struct LinkSecret(String);

impl LinkSecret {
    /// One that nobody can guess: the same when a POST is carried out again.
    pub fn random() -> Self {
        let random: [u8; RANDOM_BYTES] = seed_of("share link");
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random)))
    }

    /// `None`: it is a credential of another kind, or none.
    pub fn parse(text: &str) -> Option<Self> {
        let random = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        (random.len() == RANDOM_BYTES).then(|| Self(text.to_owned()))
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The link that it opens. Made of the secret, so that one read finds it, and in another way than the hash that is
    /// compared, so that who is told the id knows nothing of that.
    pub fn id(&self) -> LinkId {
        let digest = Sha256::new().chain_update(b"link id of ").chain_update(self.0.as_bytes()).finalize();
        LinkId::from_u128(digest.iter().take(16).fold(0, |number, &byte| number << 8 | u128::from(byte)))
    }

    /// What is stored of it. It has 256 random bits, so no salt and no slow hash are needed.
    pub fn hash(&self) -> String {
        credential::hash(&self.0)
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_read_as_it_is_written_and_hidden() {
        let secret = LinkSecret::random();
        let read = LinkSecret::parse(secret.reveal()).unwrap();
        assert_eq!((read.id(), read.hash()), (secret.id(), secret.hash()));
        assert_eq!(format!("{secret:?}"), "LinkSecret(…)");
        assert_ne!(LinkSecret::random().id(), secret.id());
        assert!(!secret.hash().starts_with(&secret.id().to_string()));
        let plain = secret.reveal().strip_prefix(PREFIX).unwrap().to_owned();
        for none in ["", "rl_", "rl_abc", &plain, &format!("rl_{plain}A"), &format!("rl_{plain}="), "rl_user.0123"] {
            assert!(LinkSecret::parse(none).is_none(), "{none}");
        }
    }
}
