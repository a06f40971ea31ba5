//! The admin that a store begins with, and the admin token that an operator may give.

use crate::app::transact::Lanes;
use crate::app::users::credential::{ADMIN, Credential, CredentialKind, Secret, admin_id, hash};
use crate::app::users::record::UserRecord;
use crate::app::{App, AppError};
use crate::domain::user::{Level, Visibility};

impl App {
    /// Makes the admin on an empty store. With a token of the operator's, that token and no earlier one of theirs is good.
    /// Without, a store that has no admin yet gets one with a new token, which is answered to be shown once.
    pub async fn ensure_admin(&self, given: Option<&str>) -> Result<Option<Secret>, AppError> {
        let id = admin_id();
        let aggregate = Lanes::<UserRecord>::aggregate(&id);
        let now = self.clock.now();
        let known = self.users.read(&aggregate).await?.is_some();
        if !known {
            match self.reserve_name(ADMIN, &id).await {
                Ok(()) => {}
                // Reserved by an earlier start that did not come further.
                Err(AppError::Conflict { .. }) if self.user_named(ADMIN).await?.as_ref() == Some(&id) => {}
                Err(error) => return Err(error),
            }
        }
        let secret = (!known && given.is_none()).then(|| Secret::new(&id));
        let (shown, given) = (secret.clone(), given.map(hash));
        self.users
            .transact(aggregate, None, move |draft| {
                let mut admin = draft
                    .record()
                    .cloned()
                    .unwrap_or_else(|| UserRecord::new(&id, ADMIN.to_owned(), Level::Admin, Visibility::Private, now));
                let operators = |it: &Credential| it.kind == CredentialKind::Operator;
                let same = admin.credentials.iter().filter(|it| operators(it)).map(|it| &it.hash).eq(given.as_ref());
                if draft.record().is_some() && same {
                    return Ok(());
                }
                admin.credentials.retain(|it| !operators(it));
                if let Some(hash) = given.clone() {
                    let created_ms = now.as_millis();
                    let kind = CredentialKind::Operator;
                    admin.credentials.push(Credential { hash, kind, created_ms, expires_ms: None });
                }
                if let Some(secret) = &shown {
                    admin.add_credential(secret, CredentialKind::Token, now);
                }
                draft.put(admin);
                Ok(())
            })
            .await?;
        Ok(secret)
    }
}
