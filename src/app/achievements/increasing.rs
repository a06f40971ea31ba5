//! Values that somebody reports: so much more of a variable, each call once under its idempotency key.

use sha2::{Digest, Sha256};

use crate::app::achievements::Outcome;
use crate::app::achievements::evaluating::Work;
use crate::app::achievements::rules_kept::Catalogue;
use crate::app::transact::OnceKey;
use crate::app::users::{Caller, Identity, aggregate};
use crate::app::{App, AppError};
use crate::domain::achievement::{Move, Permission, Scope, VALUE_MAX};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::domain::user::Level;
use crate::limits;

/// So much more of a variable; less, when negative.
#[derive(Clone, Debug, PartialEq)]
pub struct Increase {
    pub variable: String,
    /// Tells values of one variable apart, for example an event's id. Often empty.
    pub key: String,
    /// Finite, at most 2⁵³ either way.
    pub value: f64,
}

impl App {
    /// Moves these values of a user, all of them or none, in one commit with the levels that they bring. `once`: the caller's
    /// idempotency key, if there is one; a replay answers what was answered first.
    ///
    /// # Errors
    /// [`AppError::NotFound`] `"user"` or `"variable"`; [`AppError::Forbidden`]: another's values, or a variable that is the
    /// admins' to move; [`AppError::Invalid`]: a value or a key that cannot be used, or too many of them.
    pub async fn increase(
        &self,
        by: &Caller,
        user: &UserId,
        increases: Vec<Increase>,
        once: Option<&str>,
    ) -> Result<Outcome, AppError> {
        let count = increases.len() as u64;
        let outcome = self.take_increases(by, user, increases, once, false).await?;
        self.metrics.increases.inc_by(count);
        Ok(outcome)
    }

    /// Fails as [`App::increase`] would now, and writes nothing.
    pub async fn try_increase(
        &self,
        by: &Caller,
        user: &UserId,
        increases: Vec<Increase>,
        once: Option<&str>,
    ) -> Result<(), AppError> {
        self.take_increases(by, user, increases, once, true).await.map(drop)
    }

    async fn take_increases(
        &self,
        by: &Caller,
        user: &UserId,
        increases: Vec<Increase>,
        once: Option<&str>,
        is_trial: bool,
    ) -> Result<Outcome, AppError> {
        let identity = by.identity()?;
        increases.iter().try_for_each(check)?;
        if increases.len() > limits::INCREASES_LEN_MAX {
            let problem = format!("must hold at most {} values", limits::INCREASES_LEN_MAX);
            return Err(AppError::invalid("values", problem));
        }
        self.may_act_for(identity, user).await?;
        let mut catalogue = self.catalogue().await?;
        if increases.iter().any(|it| catalogue.rules.variable(&it.variable).is_none()) {
            // Another instance may have made it just now.
            catalogue = self.look_at_catalogue().await?;
        }
        let now = self.clock.now();
        let moves = increases.iter().map(|it| moved(&catalogue, identity, it, now)).collect::<Result<_, _>>()?;
        let once = once.map(|key| once_key(identity, key, &increases));
        let work = Work { moves, contributions: Vec::new(), scope: Scope::Moved, is_trial };
        self.take_in(user, None, work, once).await
    }

    /// Whether the caller may act for this user: users for themselves, admins for everybody.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::NotFound`] `"user"`: there is none, or none that the caller may know of.
    pub(super) async fn may_act_for(&self, identity: &Identity, user: &UserId) -> Result<(), AppError> {
        if identity.user == *user {
            return Ok(());
        }
        if identity.level == Level::Admin {
            // The commit finds out whether it still is there.
            return self.account(user).await?.map(drop).ok_or(AppError::NotFound("user"));
        }
        let is_there = self.users.read(&aggregate(user)).await?.is_some();
        let is_seen = is_there && self.sees_user(&Caller::User(identity.clone()), user).await?;
        Err(if is_seen { AppError::Forbidden } else { AppError::NotFound("user") })
    }
}

fn check(increase: &Increase) -> Result<(), AppError> {
    if !increase.value.is_finite() || increase.value.abs() > VALUE_MAX {
        return Err(AppError::invalid("value", "must be a number of at most 2^53 either way"));
    }
    let key = &increase.key;
    if key.len() > limits::VALUE_KEY_BYTES_MAX || key.chars().any(char::is_control) {
        let problem = format!("must have at most {} bytes and no control characters", limits::VALUE_KEY_BYTES_MAX);
        return Err(AppError::invalid("key", problem));
    }
    Ok(())
}

fn moved(catalogue: &Catalogue, identity: &Identity, increase: &Increase, at: Timestamp) -> Result<Move, AppError> {
    let variable = catalogue.rules.variable(&increase.variable).ok_or(AppError::NotFound("variable"))?;
    let is_own = variable.increase == Permission::Own && !variable.built_in;
    if !is_own && identity.level != Level::Admin {
        return Err(AppError::Forbidden);
    }
    Ok(Move { variable: variable.name.clone(), key: increase.key.clone(), by: increase.value, at })
}

fn once_key(identity: &Identity, key: &str, increases: &[Increase]) -> OnceKey {
    let mut digest = Sha256::new();
    for Increase { variable, key, value } in increases {
        for part in [variable.as_bytes(), key.as_bytes(), &value.to_bits().to_be_bytes()] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
    }
    let whose = Sha256::digest(format!("{}\n{key}", identity.user));
    OnceKey { key: format!("increase/{}", hex(&whose)).into(), digest: hex(&digest.finalize()).into() }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
