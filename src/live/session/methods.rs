//! What clients can call by name (`rpc`). The product has no such method yet: this is where they would stand.

use bytes::Bytes;

use super::{Done, Refusal, Session};
use crate::live::disconnect;

impl Session {
    /// Calls the method of this name with `data`, and answers what it gives back.
    #[expect(clippy::unused_async, reason = "methods ask the application")]
    pub(super) async fn call(&mut self, _method: &str, _data: Option<Bytes>) -> Result<Done, Refusal> {
        // As the protocol's other servers say when they have no method at all.
        Err(disconnect::NOT_AVAILABLE.into())
    }
}
