//! Passwords: argon2id, away from the async workers, a few at a time.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::app::AppError;
use crate::limits;

/// Hash of no password at all: unknown names take as long as known ones.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm8$0Y3e6UCuJW1pT1GXc3TiF5jnIMOwkHsB6H1R7wN3m0s";

/// How many hashes are computed at once: each takes 19 MiB and a core.
#[derive(Clone, Debug)]
pub struct Passwords {
    at_once: Arc<Semaphore>,
    /// Those that wait or are computed.
    waiting: Arc<Semaphore>,
    /// Of those, new ones.
    new: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let bounded = |bound| Arc::new(Semaphore::new(bound));
        Self {
            at_once: bounded(limits::PASSWORDS_AT_ONCE),
            waiting: bounded(limits::PASSWORDS_WAITING_MAX),
            new: bounded(limits::NEW_PASSWORDS_WAITING_MAX),
        }
    }
}

/// A new password → its PHC string. Too short or too long is an error that names the field.
pub async fn hash(passwords: &Passwords, password: String) -> Result<String, AppError> {
    if password.chars().count() < limits::PASSWORD_LEN_MIN {
        let problem = format!("must have at least {} characters", limits::PASSWORD_LEN_MIN);
        return Err(AppError::invalid("password", problem));
    }
    if password.len() > limits::PASSWORD_BYTES_MAX {
        let problem = format!("must have at most {} bytes", limits::PASSWORD_BYTES_MAX);
        return Err(AppError::invalid("password", problem));
    }
    let _place = passwords.new.try_acquire().map_err(|_| AppError::Busy)?;
    away(passwords, move || {
        Argon2::default()
            .hash_password(password.as_bytes())
            .map(|hash| hash.to_string())
            .map_err(|_| AppError::Internal)
    })
    .await
}

/// Whether `password` is the one that `hash` was made of. Without a hash the answer is no, after the same time.
pub async fn verify(passwords: &Passwords, password: String, hash: Option<String>) -> Result<bool, AppError> {
    if password.len() > limits::PASSWORD_BYTES_MAX {
        return Ok(false);
    }
    away(passwords, move || {
        let stored = hash.as_deref().unwrap_or(NOBODY);
        let parsed = PasswordHash::new(stored).map_err(|_| AppError::Internal)?;
        let good = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
        Ok(good && hash.is_some())
    })
    .await
}

async fn away<T: Send + 'static>(
    passwords: &Passwords,
    work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    let _place = passwords.waiting.try_acquire().map_err(|_| AppError::Busy)?;
    let permit = passwords.at_once.clone().acquire_owned().await.map_err(|_| AppError::Busy)?;
    crate::app::workers::away(move || {
        let _permit = permit;
        work()
    })
    .await?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_verified_by_its_hash_alone() {
        let passwords = Passwords::default();
        let hash = hash(&passwords, "correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify(&passwords, "correct horse".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!verify(&passwords, "wrong horse".to_owned(), Some(hash)).await.unwrap());
        assert!(!verify(&passwords, "correct horse".to_owned(), None).await.unwrap());
    }
}
