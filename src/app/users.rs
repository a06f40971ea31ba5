//! Accounts, tokens and sessions: who is asking, and whether it is still true.
//!
//! A user is one aggregate: the account and its credentials' hashes lie in one record, so that a changed password replaces
//! them all in one step. Names are reserved in aggregates of their own, first.

mod bare;
pub mod credential;
pub mod keys;
pub mod names;
pub mod operator;
pub mod password;
pub(in crate::app) mod people;
pub mod profile;
pub mod record;

use std::sync::Arc;

use crate::app::documents::{ChangeDocument, UserDocument};
use crate::app::links::LinkHolder;
use crate::app::posted;
use crate::app::transact::{Draft, Lanes, encode};
use crate::app::{App, AppError};
use crate::backend::{AggregateId, Keep, Version};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::domain::user::{Level, Visibility};
use crate::limits;
use crate::peer::Origin;

use credential::{CredentialKind, Secret};
use profile::ChangeProfile;
use record::UserRecord;

/// Who is asking.
#[derive(Clone, Debug)]
pub enum Caller {
    /// A spectator without an account.
    Anonymous,
    /// Somebody of whom the operator's back end knows, and who has no account here. Where free-form channels are open.
    Guest(Guest),
    /// Whoever has a share link: it shows one run or one event to those who have no account, and lets nobody write.
    Link(LinkHolder),
    User(Identity),
}

/// A name that a signed token gives to somebody who has no account here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest(Arc<str>);

/// A user whose credential was found good just now.
#[derive(Clone, Debug)]
pub struct Identity {
    pub user: UserId,
    pub name: Arc<str>,
    pub level: Level,
    pub credential: Shown,
}

/// What somebody has shown to be known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A token or a session, by its hash; never the secret itself.
    Secret(Arc<str>),
    /// A token that the operator's back end has signed, and when it did if that was said.
    Signed { issued_at: Option<Timestamp> },
}

pub struct NewUser {
    pub name: String,
    pub password: String,
    /// `friends` when left out.
    pub visibility: Option<Visibility>,
}

#[derive(Default)]
pub struct ChangeUser {
    pub password: Option<String>,
    /// Required with `password`.
    pub current_password: Option<String>,
    pub visibility: Option<Visibility>,
    pub profile: ChangeProfile,
    /// For admins alone.
    pub level: Option<Level>,
    /// What the caller has seen: if it is another by now, nothing is changed.
    pub if_version: Option<Version>,
}

impl Caller {
    /// The user, or [`AppError::Unauthenticated`]; [`AppError::Forbidden`] for who has come by a share link: it is known what
    /// they may do, and it is not this.
    pub fn identity(&self) -> Result<&Identity, AppError> {
        match self {
            Self::User(identity) => Ok(identity),
            Self::Link(_) => Err(AppError::Forbidden),
            Self::Anonymous | Self::Guest(_) => Err(AppError::Unauthenticated),
        }
    }

    /// The user's id as other clients see it: a guest's name; empty when nobody is known.
    pub fn user(&self) -> &str {
        match self {
            Self::Anonymous | Self::Link(_) => "",
            Self::Guest(guest) => &guest.0,
            Self::User(identity) => identity.user.as_str(),
        }
    }

    pub fn is(&self, user: &UserId) -> bool {
        matches!(self, Self::User(identity) if identity.user == *user)
    }
}

impl Guest {
    /// The name as it may stand in a channel's name (`#42`, `dialog#42,43`).
    pub fn named(name: &str) -> Option<Self> {
        let fits = (1..=limits::GUEST_NAME_LEN_MAX).contains(&name.len());
        let allowed = name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#' && byte != b',');
        (fits && allowed).then(|| Self(name.into()))
    }
}

impl Shown {
    /// The hash of the secret that was shown; [`AppError::Forbidden`] when it was none of ours.
    fn secret(&self) -> Result<Arc<str>, AppError> {
        match self {
            Self::Secret(hash) => Ok(hash.clone()),
            Self::Signed { .. } => Err(AppError::Forbidden),
        }
    }
}

impl App {
    /// A new account and its first token. Errors: a field that cannot be used, a name that is taken.
    pub async fn sign_up(&self, new: NewUser) -> Result<(UserDocument, Secret), AppError> {
        let name = names::check(&new.name)?;
        let password = password::hash(&self.passwords, new.password).await?;
        self.make_user(name, Level::User, Some(password), new.visibility.unwrap_or_default()).await
    }

    /// An account that is used by its token alone when it has no password. For the command line.
    pub async fn make_user(
        &self,
        name: String,
        level: Level,
        password: Option<String>,
        visibility: Visibility,
    ) -> Result<(UserDocument, Secret), AppError> {
        let id = UserId::parse(&names::id_of(posted::seed_of("user"))).ok_or(AppError::Internal)?;
        self.make_user_of(id, name, level, password, visibility).await
    }

    /// As [`App::make_user`], by an id that nobody has.
    pub async fn make_user_of(
        &self,
        id: UserId,
        name: String,
        level: Level,
        password: Option<String>,
        visibility: Visibility,
    ) -> Result<(UserDocument, Secret), AppError> {
        self.reserve_name(&name, &id).await?;
        let secret = Secret::new(&id);
        let hash = credential::hash(secret.reveal());
        let now = self.clock.now();
        let mut user = UserRecord::new(&id, name, level, visibility, now);
        user.password = password;
        user.add_credential(&secret, CredentialKind::Token, None, now)?;
        let user = self
            .users
            .transact(aggregate(&id), None, move |draft| match draft.record() {
                // The same request was carried out before.
                Some(made) if made.credentials.iter().any(|credential| credential.hash == hash) => Ok(made.clone()),
                Some(_) => Err(AppError::Internal),
                None => {
                    people::placed(draft, None, Some(&user));
                    draft.put(user.clone());
                    Ok(user.clone())
                }
            })
            .await?;
        Ok((UserDocument::of(&user), secret))
    }

    /// An account from the command line: of any level, without a password.
    pub async fn add_user(&self, name: &str, level: Level) -> Result<(UserDocument, Secret), AppError> {
        self.make_user(names::check(name)?, level, None, Visibility::default()).await
    }

    /// A new token for whoever has this name, on the operator's word.
    pub async fn new_token(&self, name: &str) -> Result<(UserDocument, Secret), AppError> {
        let user = self.user_named(name).await?.ok_or(AppError::NotFound("user"))?;
        self.add_credential(&user, CredentialKind::Token, None, |_| true).await
    }

    /// By name and password → a new token. A wrong name and a wrong password are one error, and take the same time.
    /// `label`: what the token is to be called.
    /// `origin`: where it comes from, if that is to be counted.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`]; [`AppError::TooOften`]: too many were wrong, and the password was not looked at.
    pub async fn log_in(
        &self,
        name: &str,
        password: String,
        label: Option<String>,
        origin: Option<Origin>,
    ) -> Result<(UserDocument, Secret), AppError> {
        let label = label.map(names::check_label).transpose()?;
        let user = self.known_by_password(name, password, origin).await?;
        // The password may be changed while its hash is computed: then it opens nothing any more.
        let verified = user.password.clone();
        self.add_credential(&user.user_id()?, CredentialKind::Token, label, move |user| user.password == verified).await
    }

    /// Whose name and password these are, as [`App::log_in`] finds it.
    async fn known_by_password(
        &self,
        name: &str,
        password: String,
        origin: Option<Origin>,
    ) -> Result<Arc<UserRecord>, AppError> {
        let guess = self.may_guess(name, origin).await?;
        let known = match self.user_named(name).await? {
            Some(id) => self.users.read(&aggregate(&id)).await?,
            None => None,
        };
        let hash = known.as_ref().and_then(|user| user.password.clone());
        let good = password::verify(&self.passwords, password, hash).await?;
        let Some(user) = known.filter(|_| good) else { return Err(AppError::Unauthenticated) };
        self.guessed(guess).await?;
        Ok(user)
    }

    /// Another password for whoever knows the one before → the token that replaces all others.
    ///
    /// # Errors
    /// Those of [`App::log_in`]; [`AppError::Invalid`] of `new_password`: it is the old one; of `password`: it cannot be one.
    pub async fn change_password(
        &self,
        name: &str,
        old: String,
        new: String,
        origin: Option<Origin>,
    ) -> Result<(UserDocument, Secret), AppError> {
        let known = self.known_by_password(name, old.clone(), origin).await?;
        if new == old {
            return Err(AppError::invalid("new_password", "is the old one"));
        }
        let password = password::hash(&self.passwords, new).await?;
        let (id, now) = (known.user_id()?, self.clock.now());
        let secret = Secret::new(&id);
        let (given, verified) = (secret.clone(), known.password.clone());
        let user = self
            .change_user_record(&id, move |draft, mut user| {
                // It may be changed while its hash is computed.
                if user.password != verified {
                    return Err(AppError::Unauthenticated);
                }
                replace_credentials(draft, &mut user, password.clone(), &given, now)?;
                draft.put(user.clone());
                Ok(user)
            })
            .await?;
        Ok((UserDocument::of(&user), secret))
    }

    /// A token or a session's hash → who it is; [`AppError::Unauthenticated`] when it is wrong, revoked or over.
    pub async fn authenticate(&self, secret: &str) -> Result<Identity, AppError> {
        self.authenticate_until(secret).await.map(|(identity, _)| identity)
    }

    /// As [`App::authenticate`], and when the credential ends, if it is one that does.
    pub(in crate::app) async fn authenticate_until(
        &self,
        secret: &str,
    ) -> Result<(Identity, Option<Timestamp>), AppError> {
        let hash = credential::hash(secret);
        for id in credential::owners(secret) {
            let user = self.users.read(&aggregate(&id)).await?;
            if let Some(user) = user
                && let Some(credential) = user.good(&hash, self.clock.now())
            {
                self.note_use(&id, credential, self.clock.now()).await;
                let ends_at = credential.expires_ms.map(Timestamp::from_millis);
                return Ok((user.identity(Shown::Secret(hash.into()))?, ends_at));
            }
        }
        Err(AppError::Unauthenticated)
    }

    /// Opens a session for a token (`GET /login/<token>`) → who it is, and the session's secret.
    pub async fn open_session(&self, token: &str) -> Result<(Identity, Secret), AppError> {
        let identity = self.authenticate(token).await?;
        let (shown, now) = (identity.credential.secret()?, self.clock.now());
        let kind = CredentialKind::Session { token: shown.to_string() };
        let (_, secret) =
            self.add_credential(&identity.user, kind, None, move |user| user.has_good_token(&shown, now)).await?;
        let credential = Shown::Secret(credential::hash(secret.reveal()).into());
        Ok((Identity { credential, ..identity }, secret))
    }

    /// Ends the session that is shown; shown a token, all sessions that it opened. Their sockets are closed.
    pub async fn log_out(&self, identity: &Identity) -> Result<(), AppError> {
        let shown = identity.credential.secret()?;
        let now = self.clock.now();
        self.change_user_record(&identity.user, move |draft, mut user| {
            let before = user.credentials.len();
            user.credentials.retain(|credential| !credential.ends_with(&shown));
            if user.credentials.len() < before {
                draft.put(user);
                revoked(draft, now)?;
            }
            Ok(())
        })
        .await
    }

    /// Whether the credential is still good: asked again when the user's rights changed.
    pub async fn still_good(&self, identity: &Identity) -> Result<bool, AppError> {
        let user = self.users.read(&aggregate(&identity.user)).await?;
        Ok(user.is_some_and(|user| user.is_good(&identity.credential, self.clock.now())))
    }

    pub async fn user(&self, identity: &Identity) -> Result<UserDocument, AppError> {
        let user = self.users.read(&aggregate(&identity.user)).await?;
        user.map(|user| UserDocument::of(&user)).ok_or(AppError::Unauthenticated)
    }

    /// A changed password answers with the token that replaces all others; their sessions and sockets end at once.
    pub async fn change_user(
        &self,
        identity: &Identity,
        change: ChangeUser,
    ) -> Result<(UserDocument, Option<Secret>), AppError> {
        let ChangeUser { password, current_password, visibility, profile, level, if_version } = change;
        if level.is_some_and(|level| level != identity.level) {
            return Err(AppError::Forbidden);
        }
        let profile = profile.checked()?;
        let password = match password {
            Some(password) => Some(self.replace_password(identity, password, current_password).await?),
            None => None,
        };
        let secret = password.is_some().then(|| Secret::new(&identity.user));
        let (given, now, shown) = (secret.clone(), self.clock.now(), identity.credential.clone());
        let edit = profile::Edited { profile, visibility, level: None, if_version, at: now };
        let user = self
            .change_user_record(&identity.user, move |draft, mut user| {
                // Another change may have come while this one's hash was computed.
                if !user.is_good(&shown, now) {
                    return Err(AppError::Unauthenticated);
                }
                edit.apply(draft, &mut user)?;
                if let (Some(password), Some(secret)) = (&password, &given) {
                    replace_credentials(draft, &mut user, password.clone(), secret, now)?;
                }
                draft.put(user.clone());
                Ok(user)
            })
            .await?;
        Ok((UserDocument::of(&user), secret))
    }

    /// An admin's word on another's account. Its password stays its owner's business.
    ///
    /// # Errors
    /// [`AppError::NotFound`] and [`AppError::Forbidden`]: there is no such user, or the caller is no admin.
    pub async fn change_user_of(
        &self,
        identity: &Identity,
        user: &UserId,
        change: ChangeUser,
    ) -> Result<UserDocument, AppError> {
        self.person(&Caller::User(identity.clone()), user).await?;
        if identity.level != Level::Admin {
            return Err(AppError::Forbidden);
        }
        let ChangeUser { password, current_password, visibility, profile, level, if_version } = change;
        if password.is_some() || current_password.is_some() {
            return Err(AppError::invalid("password", "is for its owner to change"));
        }
        if identity.user == *user && level.is_some_and(|level| level != Level::Admin) {
            return Err(AppError::conflict("another admin is to say that you are none any more"));
        }
        let edit = profile::Edited { profile: profile.checked()?, visibility, level, if_version, at: self.clock.now() };
        let user = self.change_user_record(user, move |draft, mut user| {
            edit.apply(draft, &mut user)?;
            draft.put(user.clone());
            Ok(user)
        });
        Ok(UserDocument::of(&user.await?))
    }

    /// Checks the password that is to be replaced → the new one's hash.
    async fn replace_password(
        &self,
        identity: &Identity,
        new: String,
        current: Option<String>,
    ) -> Result<String, AppError> {
        self.verify_password(identity, current).await?;
        password::hash(&self.passwords, new).await
    }

    /// Whoever has found a token may not do everything with it: some things ask for the password, if there is one → its hash.
    pub(in crate::app) async fn verify_password(
        &self,
        identity: &Identity,
        current: Option<String>,
    ) -> Result<Option<String>, AppError> {
        let user = self.users.read(&aggregate(&identity.user)).await?;
        let Some(user) = user else { return Err(AppError::Unauthenticated) };
        if let Some(hash) = user.password.clone() {
            let current = current.ok_or_else(|| AppError::invalid("current_password", "is missing"))?;
            // Whoever has found a token may not try out passwords with it either.
            let guess = self.may_guess(&user.name, None).await?;
            if !password::verify(&self.passwords, current, Some(hash)).await? {
                return Err(AppError::invalid("current_password", "is not the current password"));
            }
            self.guessed(guess).await?;
        }
        Ok(user.password.clone())
    }

    /// A new credential for a user for whom `holds` still holds when it is written.
    async fn add_credential(
        &self,
        user: &UserId,
        kind: CredentialKind,
        label: Option<String>,
        holds: impl Fn(&UserRecord) -> bool + Send + 'static,
    ) -> Result<(UserDocument, Secret), AppError> {
        let secret = Secret::new(user);
        let hash = credential::hash(secret.reveal());
        let (given, now) = (secret.clone(), self.clock.now());
        let user = self
            .change_user_record(user, move |draft, mut user| {
                if !holds(&user) {
                    return Err(AppError::Unauthenticated);
                }
                if user.credentials.iter().any(|credential| credential.hash == hash) {
                    return Ok(user);
                }
                let credentials_len = user.credentials.len();
                user.add_credential(&given, kind.clone(), label.clone(), now)?;
                if user.credentials.len() <= credentials_len {
                    // An old one made room: its sockets end with it.
                    revoked(draft, now)?;
                }
                draft.put(user.clone());
                Ok(user)
            })
            .await?;
        Ok((UserDocument::of(&user), secret))
    }

    /// One decision on a user who is there.
    pub(in crate::app) async fn change_user_record<T, D>(&self, user: &UserId, mut decide: D) -> Result<T, AppError>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
        D: FnMut(&mut Draft<UserRecord>, UserRecord) -> Result<T, AppError> + Send + 'static,
    {
        let aggregate = aggregate(user);
        self.users
            .transact(aggregate, None, move |draft| match draft.record().cloned() {
                Some(user) => decide(draft, user),
                None => Err(AppError::Unauthenticated),
            })
            .await
    }
}

pub(in crate::app) fn aggregate(user: &UserId) -> AggregateId {
    Lanes::<UserRecord>::aggregate(user)
}

/// A new password's hash, and the token that replaces all others but the operator's own.
fn replace_credentials(
    draft: &mut Draft<UserRecord>,
    user: &mut UserRecord,
    password: String,
    secret: &Secret,
    now: Timestamp,
) -> Result<(), AppError> {
    user.password = Some(password);
    user.credentials.retain(|credential| credential.kind == CredentialKind::Operator);
    user.signed_from_ms = Some(now.as_millis());
    user.add_credential(secret, CredentialKind::Token, None, now)?;
    revoked(draft, now)
}

/// Tells every instance that credentials of this user ended.
pub(in crate::app) fn revoked(draft: &mut Draft<UserRecord>, now: Timestamp) -> Result<(), AppError> {
    let change = encode(&ChangeDocument::Revoked { at: now.to_string() })?;
    draft.append("", Keep::Newest(limits::USER_TOPIC_LEN_MAX), change);
    Ok(())
}
