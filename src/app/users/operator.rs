//! The admin that a store begins with, and the admin token that an operator may give.

use crate::app::transact::Lanes;
use crate::app::users::credential::{ADMIN, Credential, CredentialKind, Secret, admin_id, hash};
use crate::app::users::record::UserRecord;
use crate::app::users::revoked;
use crate::app::{App, AppError};
use crate::domain::user::{Level, Visibility};

/// What the operator wants of the admin, once it was said: a store that is served may begin anew.
#[derive(Clone, Debug)]
pub struct Operator {
    /// Of the admin token that was given.
    hash: Option<String>,
}

impl App {
    /// Makes the admin on an empty store. With a token of the operator's, that token and no earlier one of theirs is good.
    /// Without, a store that has no admin yet gets one with a new token, which is answered to be shown once.
    pub async fn ensure_admin(&self, given: Option<&str>) -> Result<Option<Secret>, AppError> {
        let operator = Operator { hash: given.map(hash) };
        let secret = given.is_none().then(|| Secret::new(&admin_id()));
        let is_made = self.make_admin(&operator, secret.as_ref()).await?;
        *self.operator.lock() = Some(operator);
        // There was one, or another instance was faster: a secret that is not stored is not shown.
        Ok(secret.filter(|_| is_made))
    }

    /// The same on a store that was lost and made anew while it was served. Nobody is there to be shown a token.
    pub(in crate::app) async fn ensure_admin_again(&self) -> Result<(), AppError> {
        let operator = self.operator.lock().clone();
        let Some(operator) = operator else { return Ok(()) };
        if self.make_admin(&operator, None).await? && operator.hash.is_none() {
            tracing::warn!("the store is new and its admin has no token yet: `runnity token admin` makes one");
        }
        Ok(())
    }

    /// → whether it was made now, with the secret.
    async fn make_admin(&self, operator: &Operator, secret: Option<&Secret>) -> Result<bool, AppError> {
        let id = admin_id();
        let aggregate = Lanes::<UserRecord>::aggregate(&id);
        let now = self.clock.now();
        let known = self.users.read(&aggregate).await?.is_some();
        if !known {
            match self.reserve_name(ADMIN, &id).await {
                Ok(()) => {}
                // Reserved by an earlier start that did not come further.
                Err(AppError::Conflict { .. }) if self.user_named(ADMIN).await?.as_ref() == Some(&id) => {}
                // Before the name was reserved, anybody could have it. The admin is known by its id.
                Err(AppError::Conflict { .. }) => tracing::warn!("another account goes by the admin's name"),
                Err(error) => return Err(error),
            }
        }
        let (shown, given) = (secret.cloned(), operator.hash.clone());
        self.users
            .transact(aggregate, None, move |draft| {
                let mut admin = draft
                    .record()
                    .cloned()
                    .unwrap_or_else(|| UserRecord::new(&id, ADMIN.to_owned(), Level::Admin, Visibility::Private, now));
                let operators = |it: &Credential| it.kind == CredentialKind::Operator;
                let same = admin.credentials.iter().filter(|it| operators(it)).map(|it| &it.hash).eq(given.as_ref());
                let is_made = draft.record().is_none();
                if !is_made && same {
                    return Ok(false);
                }
                let before = admin.credentials.len();
                admin.credentials.retain(|it| !operators(it));
                if admin.credentials.len() < before {
                    revoked(draft, now)?;
                }
                if let Some(hash) = given.clone() {
                    let created_ms = now.as_millis();
                    let kind = CredentialKind::Operator;
                    admin.credentials.push(Credential { hash, kind, created_ms, expires_ms: None, label: None });
                }
                if is_made && let Some(secret) = &shown {
                    admin.add_credential(secret, CredentialKind::Token, None, now)?;
                }
                draft.put(admin);
                Ok(is_made)
            })
            .await
    }
}
