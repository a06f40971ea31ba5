//! `Idempotency-Key` for every POST of the API alike; what a resource does is not known here. `POST /api/runs/:id/fixes` remembers by
//! itself, in the very commit that records the fixes.

use std::sync::Arc;

use bytes::Bytes;
use warp::http::Method;

use super::envelope::{Error, Success};
use super::{Call, Resource};
use crate::app::users::Caller;
use crate::app::{App, AppError};
use crate::http::caller;
use crate::http::once::{self, Refusal, Remembered};
use crate::http::request::{Request, Shown};

pub use once::key;

/// Carries the POST out, or answers what it was answered before.
pub async fn carry_out(
    app: &Arc<App>,
    resource: Resource,
    caller: Caller,
    request: &Arc<Request>,
    key: &str,
) -> Result<Success, Error> {
    let user = caller.identity().ok().map(|identity| identity.user.clone());
    // Whoever reads the store may guess a key that was ill chosen, and may know the rest of the request, but not this.
    let shown = match caller::shown(&request.headers) {
        Shown::Secret(secret) if resource.tells_secrets() && user.is_some() => secret,
        _ => String::new(),
    };
    let (shared, sent) = (app.clone(), request.clone());
    let work = |key: Arc<_>, since| async move {
        let once = Some((&*key, since));
        resource.call(&Call { app: &shared, caller: &caller, method: &Method::POST, request: &sent, once }).await
    };
    once::carry_out(app, user.as_ref(), request, key, &shown, work).await
}

impl Remembered for Success {
    fn remembered(&self) -> Result<Vec<u8>, AppError> {
        self.remembered()
    }

    fn recall(kept: &Bytes) -> Result<Self, AppError> {
        Self::recall(kept)
    }
}

impl Refusal for Error {
    fn under_way() -> Self {
        Self::under_way()
    }

    fn is_ours(&self) -> bool {
        self.is_ours()
    }
}
