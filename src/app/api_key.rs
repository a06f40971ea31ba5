//! The key with which the operator's other back ends call the live protocol's server API.

use std::fmt;

use crate::app::users::credential;

/// Only its hash is held: comparing hashes tells nothing of the key by the time that it takes.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    pub fn new(key: &str) -> Self {
        Self(credential::hash(key))
    }

    pub fn is(&self, given: &str) -> bool {
        credential::hash(given) == self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}
