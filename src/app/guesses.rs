//! Guessing of passwords and tokens, slowed for all instances together.
//!
//! An attempt at a password is counted in the store before the password is looked at, so that a thousand at once through many
//! instances are a thousand; it is taken back when the password was right. Counted are those at one name, those at one name
//! from one address, and those from one address; who has to wait for the address leaves nothing at a name. New accounts from
//! one address are counted in the same way. A wrong token counts for its address, once however often it is shown: a phone
//! whose token was revoked guesses nothing. What is counted is forgotten bit by bit, and then removed.
//! Names, addresses and secrets stand in no key: their hashes do.

pub mod record;

use crate::app::allowances::{Digest, digest};
use crate::app::due::Due;
use crate::app::transact::{Draft, Lanes};
use crate::app::users::credential::hash;
use crate::app::{App, AppError};
use crate::domain::time::Timestamp;
use crate::limits::{self, Patience};
use crate::peer::Origin;

use record::{Attempt, GuessesRecord};

/// What is guessed at, as far as it is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At<'a> {
    /// The password of this name.
    Name(&'a str),
    /// Any password, from this address.
    Passwords(Origin),
    /// Any token, from this address.
    Tokens(Origin),
    /// New accounts from this address: each costs a password's hash, as a guess does.
    SignUps(Origin),
}

/// An attempt at a password that was let through, until it is known what came of it.
pub(in crate::app) struct Guess<'a> {
    name: &'a str,
    origin: Option<Origin>,
    /// It was not counted for its address.
    is_at_home: bool,
}

impl At<'_> {
    /// The id of its aggregate. It begins with what its patience is told by.
    fn id(self) -> String {
        match self {
            Self::Name(name) => format!("name-{}", hash(&crate::app::users::names::fold(name))),
            Self::Passwords(origin) => format!("passwords-{}", address(origin)),
            Self::Tokens(origin) => format!("tokens-{}", address(origin)),
            Self::SignUps(origin) => format!("signups-{}", address(origin)),
        }
    }
}

fn address(origin: Origin) -> String {
    hash(&format!("{origin:?}"))
}

/// An address as it stands at a name: at another name it is another, so that nobody is followed from name to name.
fn address_at(name: &str, origin: Origin) -> String {
    hash(&format!("{} {origin:?}", crate::app::users::names::fold(name)))
}

fn patience(id: &str) -> Patience {
    match id.split_once('-') {
        Some(("name", _)) => limits::GUESSES_OF_NAME,
        Some(("passwords", _)) => limits::GUESSES_OF_ADDRESS,
        Some(("signups", _)) => limits::SIGN_UPS_OF_ADDRESS,
        _ => limits::GUESSES_OF_TOKENS,
    }
}

impl App {
    /// Somebody is about to try a password for `name`. Without an origin it is counted for the name alone.
    ///
    /// # Errors
    /// [`AppError::TooOften`]: not now; the password is not to be looked at.
    pub(in crate::app) async fn may_guess<'a>(
        &self,
        name: &'a str,
        origin: Option<Origin>,
    ) -> Result<Guess<'a>, AppError> {
        if let Some(origin) = origin {
            self.unless_many_guesses(name, origin).await?;
        }
        let from = origin.map(|origin| address_at(name, origin));
        let attempt =
            self.count(At::Name(name), move |guesses, now| guesses.attempt_from(from.as_deref(), now)).await?;
        let is_at_home = attempt == Attempt::May { is_at_home: true };
        self.unless_too_often(attempt)?;
        if let Some(origin) = origin.filter(|_| !is_at_home) {
            let patience = limits::GUESSES_OF_ADDRESS;
            let attempt = self.count(At::Passwords(origin), move |guesses, now| guesses.attempt(patience, now)).await?;
            self.unless_too_often(attempt)?;
        }
        Ok(Guess { name, origin, is_at_home })
    }

    /// An address that has to wait writes nothing, whatever names it makes up; where the right password of this name came from
    /// before it does not wait for its neighbours.
    async fn unless_many_guesses(&self, name: &str, origin: Origin) -> Result<(), AppError> {
        let of_address = self.attempt_now(At::Passwords(origin), limits::GUESSES_OF_ADDRESS).await?;
        if !matches!(of_address, Attempt::Wait { .. }) {
            return Ok(());
        }
        let of_name = self.guesses.read(&Lanes::<GuessesRecord>::aggregate(At::Name(name).id())).await?;
        let is_home = of_name.is_some_and(|guesses| guesses.is_home(&address_at(name, origin), self.clock.now()));
        if is_home { Ok(()) } else { self.unless_too_often(of_address) }
    }

    /// Somebody is about to make an account. It counts whatever comes of it.
    ///
    /// # Errors
    /// [`AppError::TooOften`]: too many were made from there.
    pub async fn may_sign_up(&self, origin: Option<Origin>) -> Result<(), AppError> {
        let Some(origin) = origin else { return Ok(()) };
        let patience = limits::SIGN_UPS_OF_ADDRESS;
        let attempt = self.count(At::SignUps(origin), move |guesses, now| guesses.attempt(patience, now)).await?;
        self.unless_too_often(attempt)
    }

    /// The password was right.
    pub(in crate::app) async fn guessed(&self, guess: Guess<'_>) -> Result<(), AppError> {
        let from = guess.origin.map(|origin| address_at(guess.name, origin));
        self.count(At::Name(guess.name), move |guesses, now| guesses.was_right(from.as_deref(), now)).await?;
        if let Some(origin) = guess.origin.filter(|_| !guess.is_at_home) {
            self.count(At::Passwords(origin), |guesses, now| guesses.was_right(None, now)).await?;
        }
        Ok(())
    }

    /// Looks at a token or a session that somebody at `origin` has shown, by `look`, unless too many wrong ones came from
    /// there. One that was found good here lately is no guess.
    pub async fn slowed<T>(
        &self,
        secret: &str,
        origin: Option<Origin>,
        look: impl Future<Output = Result<T, AppError>>,
    ) -> Result<T, AppError> {
        let digest = digest(secret);
        let is_known = self.allowances.is_good(&digest);
        if let Some(origin) = origin.filter(|_| !is_known) {
            self.unless_many_wrong(origin).await?;
        }
        let found = look.await;
        match (&found, origin) {
            (Ok(_), _) => self.allowances.found_good(digest, origin),
            (Err(AppError::Unauthenticated), origin) => {
                self.allowances.found_bad(&digest);
                if let Some(origin) = origin.filter(|_| !is_known) {
                    self.wrong_token(origin, digest).await?;
                }
            }
            (Err(_), _) => {}
        }
        found
    }

    async fn unless_many_wrong(&self, origin: Origin) -> Result<(), AppError> {
        let attempt = self.attempt_now(At::Tokens(origin), limits::GUESSES_OF_TOKENS).await?;
        self.unless_too_often(attempt)
    }

    /// What would come of an attempt, which is not counted.
    async fn attempt_now(&self, at: At<'_>, patience: Patience) -> Result<Attempt, AppError> {
        let guesses = self.guesses.read(&Lanes::<GuessesRecord>::aggregate(at.id())).await?;
        let mut guesses = guesses.map(|guesses| GuessesRecord::clone(&guesses)).unwrap_or_default();
        Ok(guesses.attempt(patience, self.clock.now()))
    }

    async fn wrong_token(&self, origin: Origin, digest: Digest) -> Result<(), AppError> {
        if self.wrong_tokens.lock().put(digest, ()).is_some() {
            return Ok(());
        }
        let patience = limits::GUESSES_OF_TOKENS;
        let attempt = self.count(At::Tokens(origin), move |guesses, now| guesses.attempt(patience, now)).await?;
        self.unless_too_often(attempt)
    }

    fn unless_too_often(&self, attempt: Attempt) -> Result<(), AppError> {
        let Attempt::Wait { until_ms } = attempt else { return Ok(()) };
        let wait_ms = u64::try_from(until_ms - self.clock.now().as_millis()).unwrap_or(0);
        Err(AppError::TooOften { retry_after_s: wait_ms.div_ceil(1_000).max(1) })
    }

    /// One change of what is counted, and of when it is forgotten.
    async fn count<T, D>(&self, at: At<'_>, mut change: D) -> Result<T, AppError>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
        D: FnMut(&mut GuessesRecord, Timestamp) -> T + Send + 'static,
    {
        let (id, clock) = (at.id(), self.clock.clone());
        let aggregate = Lanes::<GuessesRecord>::aggregate(&id);
        let decide = move |draft: &mut Draft<GuessesRecord>| {
            let mut guesses = draft.record().cloned().unwrap_or_default();
            let outcome = change(&mut guesses, clock.now());
            if draft.record() != Some(&guesses) {
                let at_ms = guesses.forgotten_at_ms(patience(&id));
                draft.put(guesses);
                Due::GuessesOld(id.as_str().into()).place(draft, Some(at_ms));
            }
            Ok(outcome)
        };
        self.guesses.transact(aggregate, None, decide).await
    }

    /// Removes what was counted at this name: whoever has it next has another password, and comes from elsewhere.
    pub(in crate::app) async fn strike_guesses(&self, name: &str) -> Result<(), AppError> {
        let id = At::Name(name).id();
        let aggregate = Lanes::<GuessesRecord>::aggregate(&id);
        let decide = move |draft: &mut Draft<GuessesRecord>| {
            if draft.record().is_some() {
                draft.remove();
                Due::GuessesOld(id.as_str().into()).place(draft, None);
            }
            Ok(())
        };
        self.guesses.transact(aggregate, None, decide).await
    }

    /// Removes what was counted, if there is nothing left of it that has to be remembered; else puts it off.
    pub(in crate::app) async fn forget_guesses(&self, id: &str) -> Result<(), AppError> {
        let (id, now_ms) = (id.to_owned(), self.clock.now().as_millis());
        let aggregate = Lanes::<GuessesRecord>::aggregate(&id);
        let decide = move |draft: &mut Draft<GuessesRecord>| {
            let at_ms = draft.record().map(|guesses| guesses.forgotten_at_ms(patience(&id)));
            let later_ms = at_ms.filter(|at_ms| now_ms < *at_ms);
            if later_ms.is_none() {
                draft.remove();
            }
            Due::GuessesOld(id.as_str().into()).place(draft, later_ms);
            Ok(())
        };
        self.guesses.transact(aggregate, None, decide).await
    }
}
