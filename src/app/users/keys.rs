//! A user's tokens and sessions, as the user sees them: made, named, listed, revoked. Developer keys are tokens with a name.
//!
//! When a credential was used last is noted once an hour at most, beside the account and not in it: who reads often writes
//! nothing, and no version of the account tells that somebody was there.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;

use crate::app::documents::{TokenDocument, TokenKind};
use crate::app::listing::Page;
use crate::app::transact::{Draft, decode, encode};
use crate::app::users::credential::{self, Credential, CredentialKind, Secret};
use crate::app::users::record::UserRecord;
use crate::app::users::{Identity, Shown, aggregate, names, revoked};
use crate::app::{App, AppError};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::limits;

/// The name of what stands beside the account: when each credential was used last, in milliseconds, by its id.
pub const USED: &str = "used";

/// What this instance has noted lately, by the credentials' hashes.
pub struct Uses(Mutex<LruCache<Arc<str>, i64>>);

impl Default for Uses {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(limits::USES_LEN_MAX).unwrap_or(NonZeroUsize::MIN))))
    }
}

impl App {
    /// The caller's tokens and sessions that are good, newest first.
    pub async fn tokens(&self, identity: &Identity, page: Page) -> Result<Vec<TokenDocument>, AppError> {
        let (user, used) = self.with_uses(&identity.user).await?;
        let mut credentials: Vec<_> = user.credentials.iter().filter(|it| it.is_good(self.clock.now())).collect();
        credentials.sort_by_key(|credential| std::cmp::Reverse(credential.created_ms));
        let shown = credentials.into_iter().skip(page.skipped()).take(page.size);
        Ok(shown.map(|credential| document(credential, &used, &identity.credential)).collect())
    }

    /// One of them.
    pub async fn token(&self, identity: &Identity, id: &str) -> Result<TokenDocument, AppError> {
        let (user, used) = self.with_uses(&identity.user).await?;
        let credential = found(&user, id, self.clock.now())?;
        Ok(document(credential, &used, &identity.credential))
    }

    /// A new token beside those that there are → what it is, and its secret, which is shown this once.
    ///
    /// # Errors
    /// A label that cannot be used; as many tokens with a label as anybody may have. Sessions and log-ins make room for it.
    pub async fn new_key(&self, identity: &Identity, label: String) -> Result<(TokenDocument, Secret), AppError> {
        let label = names::check_label(label)?;
        let secret = Secret::new(&identity.user);
        let hash = credential::hash(secret.reveal());
        let (given, now, shown) = (secret.clone(), self.clock.now(), identity.credential.clone());
        let made = self
            .change_user_record(&identity.user, move |draft, mut user| {
                if !user.is_good(&shown, now) {
                    return Err(AppError::Unauthenticated);
                }
                if let Some(made) = user.credentials.iter().find(|credential| credential.hash == hash) {
                    return Ok(made.clone());
                }
                let before = user.credentials.len();
                let made = user.add_credential(&given, CredentialKind::Token, Some(label.clone()), now)?;
                if user.credentials.len() <= before {
                    // An old one made room: its sockets end with it.
                    revoked(draft, now)?;
                }
                draft.put(user);
                Ok(made)
            })
            .await?;
        Ok((document(&made, &BTreeMap::new(), &identity.credential), secret))
    }

    /// Another name for it, or none.
    pub async fn name_token(
        &self,
        identity: &Identity,
        id: &str,
        label: Option<String>,
    ) -> Result<TokenDocument, AppError> {
        let label = label.map(names::check_label).transpose()?;
        let (now, wanted) = (self.clock.now(), id.to_owned());
        self.change_user_record(&identity.user, move |draft, mut user| {
            found(&user, &wanted, now)?;
            if label.is_some() {
                user.has_room_for_label(&wanted)?;
            }
            let credential = user.credentials.iter_mut().find(|credential| credential.id() == wanted);
            credential.ok_or(AppError::Internal)?.label = label.clone();
            draft.put(user);
            Ok(())
        })
        .await?;
        self.token(identity, id).await
    }

    /// It opens nothing from now on, nor does a session that it opened; their sockets are closed.
    ///
    /// # Errors
    /// [`AppError::Conflict`]: it is the operator's, who gave it by configuration.
    pub async fn revoke_token(&self, identity: &Identity, id: &str) -> Result<(), AppError> {
        let (now, wanted) = (self.clock.now(), id.to_owned());
        self.change_user_record(&identity.user, move |draft: &mut Draft<UserRecord>, mut user| {
            let credential = found(&user, &wanted, now)?;
            if credential.kind == CredentialKind::Operator {
                return Err(AppError::conflict("the operator gave this token by configuration"));
            }
            let hash = credential.hash.clone();
            user.credentials.retain(|credential| credential.hash != hash && !credential.ends_with(&hash));
            draft.put(user);
            revoked(draft, now)
        })
        .await
    }

    /// Notes that the credential was used, if that was not noted lately. What cannot be noted is not: nobody fails for it.
    pub(super) async fn note_use(&self, user: &UserId, credential: &Credential, now: Timestamp) {
        // Whoever logs in has it used at once: that tells nothing that its making does not tell.
        let known_ms = if credential.label.is_none() { credential.created_ms } else { i64::MIN };
        let is_old = |ms: i64| now.as_millis().saturating_sub(ms) >= limits::USE_NOTED_MS;
        let hash: Arc<str> = credential.hash.as_str().into();
        let noted_ms = self.uses.0.lock().get(&hash).copied().unwrap_or(known_ms);
        if !is_old(noted_ms) {
            return;
        }
        self.uses.0.lock().put(hash, now.as_millis());
        let (id, now_ms) = (credential.id(), now.as_millis());
        let noted = self.users.transact_beside(aggregate(user), None, vec![USED.into()], move |draft| {
            // Beside an account that was deleted meanwhile nothing is written.
            let Some(record) = draft.record() else { return Ok(None) };
            let ids: BTreeSet<String> = record.credentials.iter().map(Credential::id).collect();
            let mut used: BTreeMap<String, i64> = draft.beside(USED)?.unwrap_or_default();
            if let Some(&ms) = used.get(&id).filter(|ms| now_ms.saturating_sub(**ms) < limits::USE_NOTED_MS) {
                // Another instance was faster.
                return Ok(Some(ms));
            }
            used.retain(|id, _| ids.contains(id));
            used.insert(id.clone(), now_ms);
            draft.put_beside(USED, encode(&used)?);
            Ok(None)
        });
        match noted.await {
            Ok(Some(ms)) => drop(self.uses.0.lock().put(credential.hash.as_str().into(), ms)),
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "the use of a token could not be noted"),
        }
    }

    async fn with_uses(&self, user: &UserId) -> Result<(Arc<UserRecord>, BTreeMap<String, i64>), AppError> {
        let record = self.users.read(&aggregate(user)).await?.ok_or(AppError::Unauthenticated)?;
        Ok((record, self.uses_of(user).await?))
    }

    async fn uses_of(&self, user: &UserId) -> Result<BTreeMap<String, i64>, AppError> {
        let value = self.backend.read(&[aggregate(user).key(USED)]).await?.pop().and_then(|value| value.value);
        value.as_deref().map(decode).transpose().map(Option::unwrap_or_default)
    }
}

fn found<'a>(user: &'a UserRecord, id: &str, now: Timestamp) -> Result<&'a Credential, AppError> {
    let mut credentials = user.credentials.iter().filter(|credential| credential.is_good(now));
    credentials.find(|credential| credential.id() == id).ok_or(AppError::NotFound("token"))
}

fn document(credential: &Credential, used: &BTreeMap<String, i64>, shown: &Shown) -> TokenDocument {
    let text = |ms: i64| Timestamp::from_millis(ms).to_string();
    let id = credential.id();
    TokenDocument {
        label: credential.label.clone(),
        kind: match credential.kind {
            CredentialKind::Token => TokenKind::Token,
            CredentialKind::Session { .. } => TokenKind::Session,
            CredentialKind::Operator => TokenKind::Operator,
        },
        created_at: text(credential.created_ms),
        last_used_at: used.get(&id).copied().map(text),
        expires_at: credential.expires_ms.map(text),
        current: *shown == Shown::Secret(credential.hash.as_str().into()),
        id,
    }
}
