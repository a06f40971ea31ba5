//! What a token lets its bearer do on a socket: our own tokens and sessions, and those that the operator's back end signs.
//!
//! A connection's token says who is there; a subscription's says that this user may hear this channel. Both may carry words
//! about the client that others see. A signed token is good until it expires; nothing of it is stored.

pub mod jwt;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::app::documents::one_line;
use crate::app::links::LinkSecret;
use crate::app::users::{Caller, Guest, Shown};
use crate::app::{App, AppError};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::limits;

/// The secret that the operator's back end signs tokens with. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenSecret(Arc<str>);

/// What a connection's token was found to say.
#[derive(Clone, Debug)]
pub struct Credential {
    pub caller: Caller,
    /// When the connection ends unless the client shows a new token; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// When the session that was shown is over; a new one is opened by another log-in.
    pub ends_at: Option<Timestamp>,
    /// JSON about the client, for others to see.
    pub info: Option<Bytes>,
    /// Channels that the server is to subscribe the client to. Whether they are there is not asked here.
    pub subs: Vec<ServerSub>,
}

/// A channel that a connection's token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSub {
    pub channel: String,
    /// JSON about the client in this channel, for others to see.
    pub info: Option<Bytes>,
    /// JSON for the client.
    pub data: Option<Bytes>,
}

/// What a subscription's token was found to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionGrant {
    /// When the subscription ends unless the client shows a new token; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// JSON about the client in this channel, for others to see.
    pub info: Option<Bytes>,
}

/// Times are seconds since 1970. Claims that are not named here are meant for others.
#[derive(Deserialize)]
struct ConnectionClaims {
    /// Empty: a spectator without an account.
    #[serde(default)]
    sub: String,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
    /// When the connection ends, if not with the token; 0: never.
    expire_at: Option<f64>,
    info: Option<Box<RawValue>>,
    b64info: Option<String>,
    #[serde(default)]
    channels: Vec<String>,
    #[serde(default)]
    subs: BTreeMap<String, SubClaims>,
}

#[derive(Default, Deserialize)]
struct SubClaims {
    info: Option<Box<RawValue>>,
    b64info: Option<String>,
    data: Option<Box<RawValue>>,
    b64data: Option<String>,
}

#[derive(Deserialize)]
struct SubscriptionClaims {
    #[serde(default)]
    sub: String,
    channel: String,
    exp: Option<f64>,
    nbf: Option<f64>,
    expire_at: Option<f64>,
    info: Option<Box<RawValue>>,
    b64info: Option<String>,
}

/// Why a signed token is not taken.
enum Fault {
    Invalid,
    Expired,
}

impl TokenSecret {
    pub fn new(secret: &str) -> Self {
        Self(secret.into())
    }

    /// Whether it is so short that it can be guessed from one token.
    pub fn is_weak(&self) -> bool {
        self.0.len() < limits::TOKEN_SECRET_BYTES_ADVISED
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSecret(…)")
    }
}

impl Credential {
    /// Somebody of whom nothing else is said.
    pub fn of(caller: Caller) -> Self {
        Self { caller, expires_at: None, ends_at: None, info: None, subs: Vec::new() }
    }
}

impl App {
    /// Who is asking, by a token of ours, a session or a share link; [`AppError::Unauthenticated`] when it is none, or none
    /// that is good any more.
    pub async fn caller(&self, secret: &str) -> Result<Caller, AppError> {
        self.caller_until(secret).await.map(|(caller, _)| caller)
    }

    /// As [`App::caller`], and when the credential ends, if that is known already.
    async fn caller_until(&self, secret: &str) -> Result<(Caller, Option<Timestamp>), AppError> {
        if let Some(secret) = LinkSecret::parse(secret) {
            let (holder, ends_at) = self.link_holder(&secret).await?;
            return Ok((Caller::Link(holder), ends_at));
        }
        let (identity, ends_at) = self.authenticate_until(secret).await?;
        Ok((Caller::User(identity), ends_at))
    }

    /// Who is there, by a token of ours, a session, a share link, or a token that the operator's back end has signed.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`]: it is wrong, or revoked, or names nobody whom we know (free-form channels take anybody).
    /// [`AppError::Expired`]: it was good once.
    pub async fn connection_token(&self, token: &str) -> Result<Credential, AppError> {
        let Some(secret) = self.settings.token_secret.as_ref().filter(|_| jwt::is_meant(token)) else {
            let (caller, ends_at) = self.caller_until(token).await?;
            return Ok(Credential { ends_at, ..Credential::of(caller) });
        };
        let claims: ConnectionClaims = claims(secret, token)?;
        let expires_at = expiry(claims.exp, claims.nbf, claims.expire_at, self.clock.now())?;
        let caller = self.bearer(&claims.sub, claims.iat.map(moment)).await?;
        let info = told(claims.info, claims.b64info)?;
        let subs = subs(claims.channels, claims.subs)?;
        Ok(Credential { expires_at, info, subs, ..Credential::of(caller) })
    }

    /// Whether `caller` may come into `channel` by a subscription's token.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]: the token is not good. [`AppError::Expired`]: it was good once. [`AppError::Unauthenticated`]:
    /// it is another user's, or another channel's; who shows it has taken it from somewhere.
    pub fn subscription_token(
        &self,
        caller: &Caller,
        channel: &str,
        token: &str,
    ) -> Result<SubscriptionGrant, AppError> {
        let refused = |fault: Fault| match fault {
            Fault::Invalid => AppError::Forbidden,
            Fault::Expired => AppError::Expired,
        };
        let secret = self.settings.token_secret.as_ref().ok_or(AppError::Forbidden)?;
        let claims: SubscriptionClaims = claims(secret, token).map_err(refused)?;
        if claims.channel != channel || claims.sub != caller.user() {
            return Err(AppError::Unauthenticated);
        }
        let expires_at = expiry(claims.exp, claims.nbf, claims.expire_at, self.clock.now()).map_err(refused)?;
        let info = told(claims.info, claims.b64info).map_err(refused)?;
        Ok(SubscriptionGrant { expires_at, info })
    }

    /// Who a signed token speaks of.
    async fn bearer(&self, sub: &str, issued_at: Option<Timestamp>) -> Result<Caller, AppError> {
        if sub.is_empty() {
            return Ok(Caller::Anonymous);
        }
        if let Some(id) = UserId::parse(sub)
            && let Some(user) = self.users.read(&crate::app::users::aggregate(&id)).await?
        {
            let shown = Shown::Signed { issued_at };
            if !user.is_good(&shown, self.clock.now()) {
                return Err(AppError::Unauthenticated);
            }
            return user.identity(shown).map(Caller::User);
        }
        match Guest::named(sub) {
            Some(guest) if self.settings.open_channels => Ok(Caller::Guest(guest)),
            _ => Err(AppError::Unauthenticated),
        }
    }
}

impl From<Fault> for AppError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Invalid => Self::Unauthenticated,
            Fault::Expired => Self::Expired,
        }
    }
}

fn claims<T: DeserializeOwned>(secret: &TokenSecret, token: &str) -> Result<T, Fault> {
    jwt::verify(secret.0.as_bytes(), token).map_err(|jwt::Invalid| Fault::Invalid)
}

/// When what a token opens ends, if the token is good now.
fn expiry(
    exp: Option<f64>,
    nbf: Option<f64>,
    expire_at: Option<f64>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Fault> {
    let (exp, expire_at) = (exp.map(moment), expire_at.map(moment));
    let ends_at = match expire_at {
        Some(never) if never.as_millis() == 0 => None,
        Some(at) => Some(at),
        None => exp,
    };
    if [exp, ends_at].into_iter().flatten().any(|at| at <= now) {
        return Err(Fault::Expired);
    }
    if nbf.map(moment).is_some_and(|at| at > now) {
        return Err(Fault::Invalid);
    }
    Ok(ends_at)
}

fn subs(channels: Vec<String>, named: BTreeMap<String, SubClaims>) -> Result<Vec<ServerSub>, Fault> {
    let unnamed: Vec<String> = channels.into_iter().filter(|channel| !named.contains_key(channel)).collect();
    let plain = unnamed.into_iter().map(|channel| (channel, SubClaims::default()));
    let mut subs: Vec<ServerSub> = Vec::new();
    for (channel, claims) in plain.chain(named) {
        if subs.iter().any(|sub| sub.channel == channel) {
            continue;
        }
        if subs.len() >= limits::CHANNELS_LEN_MAX {
            return Err(Fault::Invalid);
        }
        let info = told(claims.info, claims.b64info)?;
        subs.push(ServerSub { channel, info, data: told(claims.data, claims.b64data)? });
    }
    Ok(subs)
}

/// JSON that stands in a token as it is or in base64.
fn told(json: Option<Box<RawValue>>, base64: Option<String>) -> Result<Option<Bytes>, Fault> {
    let json = match (json, base64) {
        (_, Some(base64)) => STANDARD.decode(base64).map_err(|_| Fault::Invalid)?,
        (Some(json), None) => json.get().as_bytes().to_vec(),
        (None, None) => return Ok(None),
    };
    if json.len() > limits::CLIENT_INFO_BYTES_MAX {
        return Err(Fault::Invalid);
    }
    let line = one_line(&json).map_err(|_| Fault::Invalid)?;
    Ok(Some(Bytes::copy_from_slice(&line)))
}

/// Seconds since 1970, with or without a fraction. What is further away than anybody lives is brought nearer, so that
/// what remains of it fits wherever it is told.
fn moment(seconds: f64) -> Timestamp {
    #[allow(clippy::cast_possible_truncation)] // clamped
    Timestamp::from_millis((seconds.clamp(-FAR_S, FAR_S) * 1_000.0) as i64)
}

/// The year 2096.
const FAR_S: f64 = 4e9;
