//! Users who are there because somebody who knows them says so, and who have not come themselves.

use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

use crate::app::leaving::{self, LEAVING};
use crate::app::users::record::UserRecord;
use crate::app::users::{aggregate, names, people};
use crate::app::{App, AppError};
use crate::domain::ids::UserId;
use crate::domain::user::{Level, Visibility};
use crate::limits;

impl App {
    /// An account for a user of whom somebody speaks by this id: nobody can log in to it until it is given a token. It goes by the id,
    /// or by something like it if that name is taken. One that is there already is it. → whether it was made now.
    ///
    /// # Errors
    /// [`AppError::Conflict`]: the account of this id was deleted just now.
    pub(in crate::app) async fn make_bare_user(&self, id: &UserId) -> Result<bool, AppError> {
        if self.users.read(&aggregate(id)).await?.is_some() {
            return Ok(false);
        }
        let names = [id.to_string(), like(id)];
        let name = match self.reserve_name(&names[0], id).await {
            Ok(()) => names[0].clone(),
            Err(AppError::Conflict { .. }) => {
                self.reserve_name(&names[1], id).await?;
                names[1].clone()
            }
            Err(error) => return Err(error),
        };
        let user = UserRecord::new(id, name, Level::User, Visibility::default(), self.clock.now());
        let deleted = leaving::being_deleted(id);
        self.users
            .transact_beside(aggregate(id), None, vec![LEAVING.into()], move |draft| {
                if draft.record().is_some() {
                    return Ok(false);
                }
                if draft.beside::<IgnoredAny>(LEAVING)?.is_some() {
                    return Err(deleted.clone());
                }
                people::placed(draft, None, Some(&user));
                draft.put(user.clone());
                Ok(true)
            })
            .await
    }
}

/// A name for a user whose id is somebody else's name. The same each time; fewer letters of a long id, so that it fits.
fn like(id: &UserId) -> String {
    let digest: [u8; 32] = Sha256::new().chain_update(b"name like ").chain_update(id.as_str()).finalize().into();
    let letters: String = names::id_of(digest).chars().take(6).collect();
    let start: String = id.as_str().chars().take(limits::NAME_LEN_MAX - 7).collect();
    format!("{start}-{letters}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_like_an_id_is_always_the_same_and_fits() {
        let id = |text: &str| UserId::parse(text).expect("an id");
        let name = like(&id("1"));
        assert_eq!((&name[..2], name.len(), like(&id("1"))), ("1-", 8, name.clone()));
        assert_ne!(like(&id("2"))[2..], name[2..]);
        assert!(names::check(&like(&id(&"x".repeat(64)))).is_ok());
    }
}
