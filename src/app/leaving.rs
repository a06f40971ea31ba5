//! An account is deleted: everything of it, everywhere.
//!
//! One commit ends it: the account is not there any more, nothing that it had opens anything, its sockets are closed, and it
//! is noted beside where it was that somebody leaves. What the user owned and where others' things name them is then removed
//! step by step; each step looks for what is left, so that it can be taken up where it stopped, by whichever instance finds it
//! due. It is gone through once more after a while, for what was under way when the account ended.

mod steps;

use serde::{Deserialize, Serialize};

use crate::app::achievements::ProgressRecord;
use crate::app::due::Due;
use crate::app::habits::HabitsRecord;
use crate::app::transact::{Record, encode};
use crate::app::users::credential::admin_id;
use crate::app::users::keys::USED;
use crate::app::users::record::UserRecord;
use crate::app::users::{Caller, Identity, aggregate, people, revoked};
use crate::app::{App, AppError};
use crate::backend::Version;
use crate::domain::ids::UserId;
use crate::domain::user::Level;
use crate::limits;

/// The name of what stands beside the account's place until everything is gone.
pub(in crate::app) const LEAVING: &str = "leaving";

/// Somebody leaves.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Leaving {
    /// The name to be free again.
    name: String,
    since_ms: i64,
}

/// Nobody takes the place of an account before everything of it is gone.
pub(in crate::app) fn being_deleted(user: &UserId) -> AppError {
    AppError::conflict(format!("the account {user} is being deleted: its id is free again in a while"))
}

impl App {
    /// Deletes the caller's account. Answered when nothing of it can be seen any more and most of it is gone.
    ///
    /// # Errors
    /// [`AppError::Invalid`]: the current password is missing or wrong, if the account has one. [`AppError::Conflict`]: it is the
    /// operator's own. [`AppError::Stale`]: it is another than the caller has seen.
    pub async fn delete_account(
        &self,
        identity: &Identity,
        current_password: Option<String>,
        if_version: Option<Version>,
    ) -> Result<(), AppError> {
        self.end_account(identity, current_password, if_version).await?;
        if let Err(error) = self.forget_user(&identity.user).await {
            tracing::warn!(%error, "an account could not be deleted in one go; it is gone on with");
        }
        Ok(())
    }

    /// The first step: the account is none any more, and the others will follow.
    pub async fn end_account(
        &self,
        identity: &Identity,
        current_password: Option<String>,
        if_version: Option<Version>,
    ) -> Result<(), AppError> {
        if identity.user == admin_id() {
            return Err(AppError::conflict("the admin that a store begins with cannot be deleted"));
        }
        let verified = self.verify_password(identity, current_password).await?;
        let (now, shown) = (self.clock.now(), identity.credential.clone());
        let may = move |record: &UserRecord| {
            if if_version.is_some_and(|version| version != record.profile_version()) {
                return Err(AppError::Stale);
            }
            if !record.is_good(&shown, now) || record.password != verified {
                return Err(AppError::Unauthenticated);
            }
            Ok(())
        };
        self.end_account_if(&identity.user, may).await
    }

    /// An admin's word on another's account: it is deleted as if its owner had done it.
    ///
    /// # Errors
    /// [`AppError::NotFound`] and [`AppError::Forbidden`]: there is no such user, or the caller is no admin. [`AppError::Conflict`]: it is
    /// the operator's own.
    pub async fn delete_account_of(&self, identity: &Identity, user: &UserId) -> Result<(), AppError> {
        if identity.level != Level::Admin {
            self.person(&Caller::User(identity.clone()), user).await?;
            return Err(AppError::Forbidden);
        }
        if *user == admin_id() {
            return Err(AppError::conflict("the admin that a store begins with cannot be deleted"));
        }
        match self.end_account_if(user, |_| Ok(())).await {
            Err(AppError::Unauthenticated) => return Err(AppError::NotFound("user")),
            ended => ended?,
        }
        if let Err(error) = self.forget_user(user).await {
            tracing::warn!(%error, "an account could not be deleted in one go; it is gone on with");
        }
        Ok(())
    }

    async fn end_account_if(
        &self,
        user: &UserId,
        may: impl Fn(&UserRecord) -> Result<(), AppError> + Send + 'static,
    ) -> Result<(), AppError> {
        let (now, user) = (self.clock.now(), user.clone());
        self.change_user_record(&user.clone(), move |draft, record| {
            may(&record)?;
            let leaving = Leaving { name: record.name.clone(), since_ms: now.as_millis() };
            draft.put_beside(LEAVING, encode(&leaving)?);
            Due::UserLeaves(user.clone()).place(draft, Some(now.as_millis()));
            people::placed(draft, Some(&record), None);
            // Without these heads nobody writes progress or habits any more.
            draft.remove_beside(ProgressRecord::NAME);
            draft.remove_beside(HabitsRecord::NAME);
            revoked(draft, now)?;
            draft.remove();
            Ok(())
        })
        .await
    }

    /// Goes on with the deletion of an account that has ended; one that is done with is no fault.
    pub(in crate::app) async fn forget_user(&self, user: &UserId) -> Result<(), AppError> {
        let value = self.backend.read(&[aggregate(user).key(LEAVING)]).await?.pop().and_then(|value| value.value);
        let leaving: Option<Leaving> = value.as_deref().map(crate::app::transact::decode).transpose()?;
        if let Some(leaving) = &leaving {
            for (step, carry_out) in steps::STEPS {
                carry_out(self, user)
                    .await
                    .inspect_err(|error| tracing::debug!(step, %error, "a step of a deletion has stopped"))?;
            }
            self.strike_guesses(&leaving.name).await?;
            self.free_name(&leaving.name, user).await?;
        }
        let now = self.clock.now();
        let again_ms = leaving.map(|leaving| leaving.since_ms + limits::LEAVING_AGAIN_MS);
        let again_ms = again_ms.filter(|again_ms| now.as_millis() < *again_ms);
        let who = user.clone();
        self.users
            .transact(aggregate(user), None, move |draft| {
                Due::UserLeaves(who.clone()).place(draft, again_ms);
                if again_ms.is_none() {
                    draft.remove_beside(LEAVING);
                }
                if draft.record().is_none() {
                    draft.remove_beside(USED);
                    draft.clear("");
                }
                Ok(())
            })
            .await
    }
}
