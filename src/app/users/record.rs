//! A user as it is stored.

use serde::{Deserialize, Serialize};

use crate::app::AppError;
use crate::app::documents::{parse_visibility, visibility_name};
use crate::app::transact::Record;
use crate::app::users::credential::{Credential, CredentialKind, Secret, hash};
use crate::app::users::profile::Profile;
use crate::app::users::{Identity, Shown};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::domain::user::{Level, Visibility};
use crate::limits;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserRecord {
    pub id: String,
    pub name: String,
    level: StoredLevel,
    #[serde(with = "stored_visibility")]
    pub visibility: Visibility,
    /// PHC string of argon2id; none for accounts that are used by token alone.
    pub password: Option<String>,
    pub credentials: Vec<Credential>,
    pub created_ms: i64,
    /// The run that is live or paused now.
    pub live_run: Option<String>,
    /// When the password was changed: tokens that were signed before are not good any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_from_ms: Option<i64>,
    #[serde(default)]
    pub profile: Profile,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredLevel {
    Admin,
    User,
}

impl From<Level> for StoredLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Admin => Self::Admin,
            Level::User => Self::User,
        }
    }
}

impl Record for UserRecord {
    const KIND: &'static str = "user";
}

impl UserRecord {
    pub fn new(id: &UserId, name: String, level: Level, visibility: Visibility, now: Timestamp) -> Self {
        Self {
            id: id.to_string(),
            name,
            level: level.into(),
            visibility,
            password: None,
            credentials: Vec::new(),
            created_ms: now.as_millis(),
            live_run: None,
            signed_from_ms: None,
            profile: Profile::default(),
        }
    }

    pub fn user_id(&self) -> Result<UserId, AppError> {
        UserId::parse(&self.id).ok_or(AppError::Internal)
    }

    pub fn level(&self) -> Level {
        match self.level {
            StoredLevel::Admin => Level::Admin,
            StoredLevel::User => Level::User,
        }
    }

    pub fn set_level(&mut self, level: Level) {
        self.level = level.into();
    }

    pub fn visibility(&self) -> Visibility {
        self.visibility
    }

    pub fn identity(&self, credential: Shown) -> Result<Identity, AppError> {
        let (user, level) = (self.user_id()?, self.level());
        Ok(Identity { user, name: self.shown_name().into(), level, credential })
    }

    /// Whether what somebody has shown opens this account. That a signed token has not expired is known elsewhere.
    pub fn is_good(&self, shown: &Shown, now: Timestamp) -> bool {
        match shown {
            Shown::Secret(hash) => self.has_good(hash, now),
            // Signed tokens tell whole seconds. One that does not say when it was signed may be an old one.
            Shown::Signed { issued_at } => self.signed_from_ms.is_none_or(|from_ms| {
                issued_at.is_some_and(|at| at.as_millis().div_euclid(1_000) >= from_ms.div_euclid(1_000))
            }),
        }
    }

    /// Whether there is a credential with this hash that has not ended.
    pub fn has_good(&self, hash: &str, now: Timestamp) -> bool {
        self.good(hash, now).is_some()
    }

    /// The credential with this hash, if it has not ended.
    pub fn good(&self, hash: &str, now: Timestamp) -> Option<&Credential> {
        self.credentials.iter().find(|credential| credential.hash == hash && credential.is_good(now))
    }

    /// Whether the hash is a token's: a session opens no session, or it would never end.
    pub fn has_good_token(&self, hash: &str, now: Timestamp) -> bool {
        let is_session = |credential: &Credential| matches!(credential.kind, CredentialKind::Session { .. });
        let mut tokens = self.credentials.iter().filter(|credential| !is_session(credential));
        tokens.any(|credential| credential.hash == hash && credential.is_good(now))
    }

    /// Those that have ended go; when there are too many, the oldest session goes, else the oldest token without a label. One that
    /// somebody has named is never thrown out.
    /// `label`: what its user calls it.
    ///
    /// # Errors
    /// [`AppError::Conflict`]: as many have a label as may have one.
    pub fn add_credential(
        &mut self,
        secret: &Secret,
        kind: CredentialKind,
        label: Option<String>,
        now: Timestamp,
    ) -> Result<Credential, AppError> {
        self.credentials.retain(|credential| credential.is_good(now));
        if label.is_some() {
            self.has_room_for_label("")?;
        }
        if self.credentials.len() >= limits::CREDENTIALS_LEN_MAX {
            let sessions_first = |credential: &Credential| !matches!(credential.kind, CredentialKind::Session { .. });
            let may_go = |it: &Credential| it.kind != CredentialKind::Operator && it.label.is_none();
            let oldest = self.credentials.iter().enumerate().filter(|(_, it)| may_go(it));
            let oldest = oldest.min_by_key(|(_, it)| (sessions_first(it), it.created_ms));
            let (index, _) = oldest.ok_or_else(too_many)?;
            self.credentials.remove(index);
        }
        let expires_ms = match &kind {
            CredentialKind::Session { .. } => Some(now.as_millis() + limits::SESSION_MS),
            CredentialKind::Token | CredentialKind::Operator => None,
        };
        let created_ms = now.as_millis();
        let credential = Credential { hash: hash(secret.reveal()), kind, created_ms, expires_ms, label };
        self.credentials.push(credential.clone());
        Ok(credential)
    }

    /// Whether one more than those but this one may have a label: log-ins always find some that make room for them.
    pub fn has_room_for_label(&self, but_id: &str) -> Result<(), AppError> {
        let labelled = self.credentials.iter().filter(|it| it.label.is_some() && it.id() != but_id);
        if labelled.count() < limits::LABELLED_LEN_MAX { Ok(()) } else { Err(too_many()) }
    }
}

fn too_many() -> AppError {
    AppError::conflict("you have as many tokens with a label as anybody may have: revoke one first")
}

/// Stored by the name that documents use: `friends`.
mod stored_visibility {
    use super::{Visibility, parse_visibility, visibility_name};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(visibility: &Visibility, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(visibility_name(*visibility))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Visibility, D::Error> {
        let name = String::deserialize(deserializer)?;
        parse_visibility(&name).ok_or_else(|| D::Error::custom("an unknown visibility"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_credentials_drop_the_oldest_session_first() {
        let now = Timestamp::from_millis(1_000);
        let id = UserId::parse("a").unwrap();
        let mut user = UserRecord::new(&id, "A".to_owned(), Level::User, Visibility::Friends, now);
        let token = Secret::new(&id);
        user.add_credential(&token, CredentialKind::Token, None, now).unwrap();
        let session = Secret::new(&id);
        let kind = CredentialKind::Session { token: hash(token.reveal()) };
        user.add_credential(&session, kind.clone(), None, now).unwrap();
        for second in 2..=limits::CREDENTIALS_LEN_MAX as i64 {
            user.add_credential(&Secret::new(&id), kind.clone(), None, Timestamp::from_millis(second * 1_000)).unwrap();
        }
        assert_eq!(user.credentials.len(), limits::CREDENTIALS_LEN_MAX);
        assert!(user.has_good(&hash(token.reveal()), now));
        assert!(!user.has_good(&hash(session.reveal()), now));
    }

    #[test]
    fn a_token_with_a_label_makes_room_for_nobody() {
        let id = UserId::parse("a").unwrap();
        let mut user =
            UserRecord::new(&id, "A".to_owned(), Level::User, Visibility::Friends, Timestamp::from_millis(0));
        let mut add = |second: i64, label: Option<&str>| {
            let secret = Secret::new(&id);
            let now = Timestamp::from_millis(second * 1_000);
            user.add_credential(&secret, CredentialKind::Token, label.map(str::to_owned), now).map(|_| secret)
        };
        let keys: Vec<_> =
            (0..limits::LABELLED_LEN_MAX as i64).map(|second| add(second, Some("App")).unwrap()).collect();
        assert!(matches!(add(1_000, Some("App")), Err(AppError::Conflict { .. })));
        let log_ins: Vec<_> = (2_000..2_100).map(|second| add(second, None).unwrap()).collect();
        let now = Timestamp::from_millis(3_000_000);
        assert_eq!(user.credentials.len(), limits::CREDENTIALS_LEN_MAX);
        assert!(keys.iter().all(|key| user.has_good(&hash(key.reveal()), now)));
        assert!(user.has_good(&hash(log_ins[99].reveal()), now) && !user.has_good(&hash(log_ins[0].reveal()), now));
    }

    #[test]
    fn a_session_ends_by_itself() {
        let now = Timestamp::from_millis(0);
        let id = UserId::parse("a").unwrap();
        let mut user = UserRecord::new(&id, "A".to_owned(), Level::User, Visibility::Friends, now);
        let session = Secret::new(&id);
        user.add_credential(&session, CredentialKind::Session { token: "t".to_owned() }, None, now).unwrap();
        let hash = hash(session.reveal());
        assert!(user.has_good(&hash, now.plus_millis(limits::SESSION_MS - 1)));
        assert!(!user.has_good(&hash, now.plus_millis(limits::SESSION_MS)));
    }
}
