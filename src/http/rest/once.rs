//! `Idempotency-Key`: a POST that is sent again is answered as it was the first time, and does nothing.
//!
//! What is wrong with a key has three statuses, as the IETF's `draft-ietf-httpapi-idempotency-key-header` has them: 400 for one that
//! is no key, 422 for one that came with another request before, and 409 (with `Retry-After`) while the same request is being
//! carried out.
//!
//! It holds for every POST of the API alike; what a resource does is not known here. `POST /api/runs/:id/fixes` remembers by
//! itself, in the very commit that records the fixes.

use std::sync::Arc;

use tokio::sync::oneshot;
use warp::http::{HeaderMap, Method};

use super::envelope::{Error, Success};
use super::{Call, Resource};
use crate::app::posted::{self, Claim, PostKey, Posted};
use crate::app::users::Caller;
use crate::app::{App, AppError};
use crate::http::caller;
use crate::http::request::{Request, Shown};
use crate::limits;

const NAME: &str = "Idempotency-Key";

/// The header's value, if it is given.
pub fn key(headers: &HeaderMap) -> Result<Option<&str>, AppError> {
    let mut values = headers.get_all(NAME).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| !key.is_empty() && key.len() <= limits::IDEMPOTENCY_KEY_LEN_MAX);
    match (key, values.next()) {
        (Some(key), None) => Ok(Some(key)),
        (_, Some(_)) => Err(AppError::invalid(NAME, "is given twice")),
        (None, None) => {
            let problem = format!("must be 1 to {} printable ASCII characters", limits::IDEMPOTENCY_KEY_LEN_MAX);
            Err(AppError::invalid(NAME, problem))
        }
    }
}

/// Carries the POST out, or answers what it was answered before. By a worker of its own: a client that goes away in the midst
/// of it is the one who will ask again.
pub async fn carry_out(
    app: &Arc<App>,
    resource: Resource,
    caller: Caller,
    request: &Arc<Request>,
    key: &str,
) -> Result<Success, Error> {
    let body = request.body.as_ref().map_err(|&error| error)?;
    let scope = caller.identity().ok().map(|identity| identity.user.to_string());
    // Whoever reads the store may guess a key that was ill chosen, and may know the rest of the request, but not this.
    let shown = match caller::shown(&request.headers) {
        Shown::Secret(secret) if resource.tells_secrets() && scope.is_some() => secret,
        _ => String::new(),
    };
    if scope.is_none() && key.len() < limits::IDEMPOTENCY_KEY_LEN_MIN_OPEN {
        let len_min = limits::IDEMPOTENCY_KEY_LEN_MIN_OPEN;
        let problem =
            format!("must be {len_min} characters or more, which nobody can guess, where nobody is logged in");
        return Err(AppError::invalid(NAME, problem).into());
    }
    let parts = [request.path.as_bytes(), request.query.as_bytes(), body, shown.as_bytes()];
    let of = scope.clone().unwrap_or_else(|| format!("{:?}", request.origin));
    let key = PostKey::new(scope.as_deref(), &of, key, &parts);
    let claim = match claim(app, &key).await? {
        Standing::Mine(claim) => claim,
        Standing::Answered(success) => return Ok(success),
    };
    let (sender, receiver) = oneshot::channel();
    let (app, working, request) = (app.clone(), app.workers.clone(), request.clone());
    working.spawn(async move {
        let once = Some((&key, claim.since()));
        let call = Call { app: &app, caller: &caller, method: &Method::POST, request: &request, once };
        let outcome = posted::making(&key, &claim, resource.call(&call)).await;
        if let Err(error) = settle(&app, &key, claim, &outcome).await {
            tracing::warn!(%error, "what a POST was answered could not be remembered");
        }
        let _ = sender.send(outcome);
    });
    receiver.await.unwrap_or_else(|_| Err(AppError::Internal.into()))
}

enum Standing {
    Mine(Claim),
    Answered(Success),
}

/// Who comes second waits a while for the first one's answer.
async fn claim(app: &App, key: &PostKey) -> Result<Standing, Error> {
    let until = app.clock.going() + limits::CLAIM_WAIT;
    loop {
        match app.claim(key).await? {
            Posted::New(claim) => return Ok(Standing::Mine(claim)),
            Posted::Answered(answer) => return Ok(Standing::Answered(Success::recall(&answer)?)),
            Posted::Another => return Err(AppError::KeyReused.into()),
            Posted::UnderWay if app.clock.going() < until => tokio::time::sleep(limits::CLAIM_LOOK).await,
            Posted::UnderWay => return Err(Error::under_way()),
        }
    }
}

async fn settle(app: &App, key: &PostKey, claim: Claim, outcome: &Result<Success, Error>) -> Result<(), AppError> {
    match outcome {
        Ok(success) => app.remember(key, claim, &success.remembered()?).await,
        Err(error) => app.release(key, claim, !error.is_ours()).await,
    }
}
