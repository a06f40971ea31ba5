//! What of a user's account the rules heed: it is remembered for a moment, so that an increase need not read the account.

use std::num::NonZeroUsize;
use std::sync::Arc;

use chrono_tz::Tz;
use lru::LruCache;
use parking_lot::Mutex;

use crate::app::users::record::UserRecord;
use crate::app::{App, AppError, users};
use crate::domain::geo::Place;
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::domain::user::Visibility;
use crate::limits;

/// Where somebody is, and who may hear of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The name that they go by.
    pub name: String,
    /// The one that is theirs alone.
    pub log_in_name: String,
    pub zone: Tz,
    /// If one was said.
    pub said_zone: Option<Tz>,
    pub place: Option<Place>,
    pub created: Timestamp,
    pub visibility: Visibility,
    /// Folded; empty when none is said.
    pub city: Arc<str>,
}

/// Those that were looked at lately.
#[derive(Clone)]
pub struct Accounts(Arc<Mutex<LruCache<UserId, LookedAt>>>);

/// An account, and when it was so.
type LookedAt = (Timestamp, Arc<Account>);

impl Default for Accounts {
    fn default() -> Self {
        let len_max = NonZeroUsize::new(limits::WHO_LEN_MAX).unwrap_or(NonZeroUsize::MIN);
        Self(Arc::new(Mutex::new(LruCache::new(len_max))))
    }
}

impl Accounts {
    /// The account was changed here.
    pub fn forget(&self, before: Option<&UserRecord>, now: Option<&UserRecord>) {
        if let Some(user) = now.or(before).and_then(|user| UserId::parse(&user.id)) {
            self.0.lock().pop(&user);
        }
    }
}

impl Account {
    /// A time zone or a place that nobody knows any more is as if it were not said.
    pub fn of(user: &UserRecord) -> Self {
        let said_zone: Option<Tz> = user.profile.time_zone.as_deref().and_then(|name| name.parse().ok());
        let place = user.profile.place.and_then(|(latitude, longitude)| Place::new(latitude, longitude).ok());
        Self {
            name: user.shown_name().to_owned(),
            log_in_name: user.name.clone(),
            zone: said_zone.unwrap_or(Tz::UTC),
            said_zone,
            place,
            created: Timestamp::from_millis(user.created_ms),
            visibility: user.visibility(),
            city: user.folded_city().into(),
        }
    }
}

impl App {
    /// The account as it was a few seconds ago at most; `None`: there is none.
    pub(in crate::app) async fn account(&self, user: &UserId) -> Result<Option<Arc<Account>>, AppError> {
        let now = self.clock.now();
        let age_max = i64::try_from(limits::WHO_AGE_MAX.as_millis()).unwrap_or_default();
        let known = self.accounts.0.lock().get(user).cloned();
        match known {
            Some((at, known)) if (0..age_max).contains(&(now.as_millis() - at.as_millis())) => Ok(Some(known)),
            _ => self.account_now(user).await,
        }
    }

    /// The account as it is now.
    pub(super) async fn account_now(&self, user: &UserId) -> Result<Option<Arc<Account>>, AppError> {
        let now = self.clock.now();
        let Some(record) = self.users.read(&users::aggregate(user)).await? else {
            self.accounts.0.lock().pop(user);
            return Ok(None);
        };
        let account = Arc::new(Account::of(&record));
        self.accounts.0.lock().put(user.clone(), (now, account.clone()));
        Ok(Some(account))
    }
}
