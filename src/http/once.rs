//! `Idempotency-Key`: a POST that is sent again is answered as it was the first time, and does nothing.
//!
//! What is wrong with a key has three meanings, as the IETF's `draft-ietf-httpapi-idempotency-key-header` has them (400, 422 and 409
//! in the REST API): it is no key, it came with another request before, or the same request is being carried out.
//!
//! It holds for every family whose POSTs are carried out by [`carry_out`]; what they do, and what an answer looks like, is not known
//! here.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;
use warp::http::HeaderMap;

use crate::app::posted::{self, Claim, PostKey, Posted};
use crate::app::{App, AppError};
use crate::bodies::BodyError;
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::http::request::Request;
use crate::limits;

const NAME: &str = "Idempotency-Key";

/// An answer that can be remembered.
pub trait Remembered: Sized + Send + Sync + 'static {
    fn remembered(&self) -> Result<Vec<u8>, AppError>;

    fn recall(kept: &Bytes) -> Result<Self, AppError>;
}

/// Why there is none, in a family's own words.
pub trait Refusal: From<AppError> + From<BodyError> + Send + Sync + 'static {
    /// The same request is being carried out, and takes long.
    fn under_way() -> Self;

    /// Whether it is a fault of ours: then it is not known what was done.
    fn is_ours(&self) -> bool;
}

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
/// of it is the one who will ask again. `user`: who asks, if that is known. `shown`: a secret that must be shown again, or empty.
pub async fn carry_out<T, E, W>(
    app: &Arc<App>,
    user: Option<&UserId>,
    request: &Request,
    key: &str,
    shown: &str,
    work: impl FnOnce(Arc<PostKey>, Timestamp) -> W,
) -> Result<T, E>
where
    T: Remembered,
    E: Refusal,
    W: Future<Output = Result<T, E>> + Send + 'static,
{
    let body = request.body.as_ref().map_err(|&error| error)?;
    let scope = user.map(ToString::to_string);
    if scope.is_none() && key.len() < limits::IDEMPOTENCY_KEY_LEN_MIN_OPEN {
        let len_min = limits::IDEMPOTENCY_KEY_LEN_MIN_OPEN;
        let problem =
            format!("must be {len_min} characters or more, which nobody can guess, where nobody is logged in");
        return Err(AppError::invalid(NAME, problem).into());
    }
    let parts = [request.path.as_bytes(), request.query.as_bytes(), body, shown.as_bytes()];
    let of = scope.clone().unwrap_or_else(|| format!("{:?}", request.origin));
    let key = Arc::new(PostKey::new(scope.as_deref(), &of, key, &parts));
    let claim = match claim(app, &key).await? {
        Standing::Mine(claim) => claim,
        Standing::Answered(answer) => return Ok(T::recall(&answer)?),
        Standing::UnderWay => return Err(E::under_way()),
    };
    let (sender, receiver) = oneshot::channel();
    let work = work(key.clone(), claim.since());
    let (app, workers) = (app.clone(), app.workers.clone());
    workers.spawn(async move {
        let outcome = posted::making(&key, &claim, work).await;
        if let Err(error) = settle(&app, &key, claim, &outcome).await {
            tracing::warn!(%error, "what a POST was answered could not be remembered");
        }
        let _ = sender.send(outcome);
    });
    receiver.await.unwrap_or_else(|_| Err(AppError::Internal.into()))
}

enum Standing {
    Mine(Claim),
    Answered(Bytes),
    UnderWay,
}

/// Who comes second waits a while for the first one's answer.
async fn claim(app: &App, key: &PostKey) -> Result<Standing, AppError> {
    let until = app.clock.going() + limits::CLAIM_WAIT;
    loop {
        match app.claim(key).await? {
            Posted::New(claim) => return Ok(Standing::Mine(claim)),
            Posted::Answered(answer) => return Ok(Standing::Answered(answer)),
            Posted::Another => return Err(AppError::KeyReused),
            Posted::UnderWay if app.clock.going() < until => tokio::time::sleep(limits::CLAIM_LOOK).await,
            Posted::UnderWay => return Ok(Standing::UnderWay),
        }
    }
}

async fn settle<T: Remembered, E: Refusal>(
    app: &App,
    key: &PostKey,
    claim: Claim,
    outcome: &Result<T, E>,
) -> Result<(), AppError> {
    match outcome {
        Ok(answer) => app.remember(key, claim, &answer.remembered()?).await,
        Err(error) => app.release(key, claim, !error.is_ours()).await,
    }
}
