//! What POSTs with an idempotency key were answered, so that one that is sent again is answered the same and does nothing.
//!
//! Each key is an aggregate of its own for [`limits::ONCE_KEEP`], good for all instances: claimed before anything is done, and
//! given its answer afterwards. Only successes are remembered: a request that failed may be sent again. What a request says
//! and what it was answered are never stored in clear: the key's hash names the aggregate, and an answer is sealed by what only
//! whoever sends the same request with the same key can know. So a token can be told twice, and nobody finds it in the store.
//!
//! A maker who ends between the effect and its remembering leaves a claim that is another's after
//! [`limits::CLAIM_ABANDONED_MS`]. What a POST makes has its id and its secrets of a seed ([`seed_of`]) that is the same each time it
//! is carried out: so what was made is found, and not made twice.
//!
//! Of one user, or one address where nobody is known, the newest [`limits::POSTED_LEN_MAX`] are remembered.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use rand::RngExt;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::app::due::Due;
use crate::app::transact::{OnceKey, decode, encode};
use crate::app::{App, AppError};
use crate::backend::{AggregateId, BackendError, Commit, CommitError, Expect, Index, Move, Order, Put, Range, Version};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::limits;

tokio::task_local! {
    /// Of the POST with a key that this task carries out.
    static SEED: [u8; 32];
}

/// What something that is made gets its id or its secret of. Nobody can guess it. `what`: two different things that one request
/// makes are told apart by it.
pub(in crate::app) fn seed_of(what: &str) -> [u8; 32] {
    let seed = SEED.try_with(|seed| fingerprint([what.as_bytes(), seed.as_slice()]));
    seed.unwrap_or_else(|_| rand::rng().random())
}

/// For a decision that gives out a new id: the same one when the POST is carried out again. `None`: it has no key.
pub(in crate::app) fn once(what: &str) -> Option<OnceKey> {
    let key = SEED.try_with(|seed| hex(&fingerprint([what.as_bytes(), seed.as_slice()]))).ok()?;
    Some(OnceKey { key: key.into(), digest: "".into() })
}

/// Carries out the POST of this claim: whatever it makes has its ids and secrets of the claim's seed.
pub async fn making<T>(key: &PostKey, claim: &Claim, work: impl Future<Output = T>) -> T {
    let seed = fingerprint([key.seed.as_slice(), claim.record.salt.as_bytes()]);
    SEED.scope(seed, work).await
}

/// An idempotency key with the request that it came with.
#[derive(Clone)]
pub struct PostKey {
    of: String,
    name: Arc<str>,
    digest: String,
    seal: [u8; 32],
    seed: [u8; 32],
}

/// The right to carry a request out, until it is answered or given up.
pub struct Claim {
    version: Version,
    record: PostedRecord,
}

/// How it stands with a request.
pub enum Posted {
    /// Nobody has carried it out.
    New(Claim),
    /// It was carried out, and this was the answer.
    Answered(Bytes),
    /// Somebody is about it.
    UnderWay,
    /// The key came with another request.
    Another,
}

#[derive(Clone, Serialize, Deserialize)]
struct PostedRecord {
    digest: String,
    /// Whose it is: an index has them together.
    #[serde(default)]
    of: String,
    /// Random: who guesses the key and knows the request does not know yet what it makes.
    #[serde(default)]
    salt: String,
    /// When the request came first.
    first_ms: i64,
    /// When somebody began to carry it out; `None` when that has failed.
    claimed_ms: Option<i64>,
    /// Sealed.
    answer: Option<String>,
}

impl PostKey {
    /// `scope`: whose key it is; `None` where nobody is known: then strangers who choose one key do not meet.
    /// `whose`: with what it is counted; the user, or where the request comes from.
    pub fn new(scope: Option<&str>, whose: &str, key: &str, request: &[&[u8]]) -> Self {
        let of = |purpose: &str| {
            let parts = [purpose.as_bytes(), key.as_bytes()].into_iter().chain(request.iter().copied());
            fingerprint(parts.chain([scope.unwrap_or_default().as_bytes()]))
        };
        let name = match scope {
            Some(scope) => fingerprint([b"name".as_slice(), key.as_bytes(), scope.as_bytes()]),
            None => of("name"),
        };
        let whose = counted_with(whose);
        Self { of: whose, name: hex(&name).into(), digest: hex(&of("digest")), seal: of("seal"), seed: of("seed") }
    }

    /// The same for the same request with the same key, and another for any other.
    pub fn seed(&self) -> [u8; 32] {
        self.seed
    }

    fn seal(&self, answer: &[u8]) -> Result<String, AppError> {
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&Uuid::new_v4().as_bytes()[..NONCE_LEN]);
        let mut sealed = answer.to_vec();
        let sealing = self.sealing()?;
        sealing
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
            .map_err(|_| AppError::Internal)?;
        Ok(STANDARD_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    fn open(&self, sealed: &str) -> Result<Bytes, AppError> {
        let sealed = STANDARD_NO_PAD.decode(sealed).map_err(|_| AppError::Internal)?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN).ok_or(AppError::Internal)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| AppError::Internal)?;
        let mut answer = sealed.to_vec();
        let sealing = self.sealing()?;
        let opened = sealing.open_in_place(nonce, Aad::empty(), &mut answer).map_err(|_| AppError::Internal)?;
        Ok(Bytes::copy_from_slice(opened))
    }

    fn sealing(&self) -> Result<LessSafeKey, AppError> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &self.seal).map_err(|_| AppError::Internal)?;
        Ok(LessSafeKey::new(key))
    }
}

impl Claim {
    /// When the request came first.
    pub fn since(&self) -> Timestamp {
        Timestamp::from_millis(self.record.first_ms)
    }
}

impl App {
    /// How it stands with a request; whoever is told that it is new carries it out.
    pub async fn claim(&self, key: &PostKey) -> Result<Posted, AppError> {
        for _ in 0..limits::TRANSACT_ATTEMPTS_MAX {
            let now_ms = self.clock.now().as_millis();
            let head = aggregate(&key.name).head();
            let found = self.backend.read(&[head]).await?.pop().ok_or(AppError::Internal)?;
            let known = found.value.as_deref().map(decode::<PostedRecord>).transpose()?;
            let known = known.filter(|known| now_ms < end_ms(known));
            let is_new = known.is_none();
            let (first_ms, salt) = match known {
                None => (now_ms, new_salt()),
                Some(known) if known.digest != key.digest => return Ok(Posted::Another),
                Some(PostedRecord { answer: Some(answer), .. }) => return Ok(Posted::Answered(key.open(&answer)?)),
                Some(PostedRecord { claimed_ms: Some(at_ms), .. }) if now_ms < at_ms + limits::CLAIM_ABANDONED_MS => {
                    return Ok(Posted::UnderWay);
                }
                Some(known) => (known.first_ms, known.salt),
            };
            let (digest, of) = (key.digest.clone(), key.of.clone());
            let record = PostedRecord { digest, of, salt, first_ms, claimed_ms: Some(now_ms), answer: None };
            match self.write_posted(key, found.version, Some(&record)).await {
                Ok(version) => {
                    if is_new {
                        self.forget_oldest_posted(&key.of).await?;
                    }
                    return Ok(Posted::New(Claim { version, record }));
                }
                Err(CommitError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AppError::Busy)
    }

    /// The request was carried out: whoever sends it again is told so.
    pub async fn remember(&self, key: &PostKey, claim: Claim, answer: &[u8]) -> Result<(), AppError> {
        let record = PostedRecord { answer: Some(key.seal(answer)?), ..claim.record };
        self.change_posted(key, claim.version, Some(&record)).await
    }

    /// The request was not carried out: it may be sent again. `for_sure`: it is as if it had never come.
    pub async fn release(&self, key: &PostKey, claim: Claim, for_sure: bool) -> Result<(), AppError> {
        let record = PostedRecord { claimed_ms: None, ..claim.record };
        self.change_posted(key, claim.version, Some(&record).filter(|_| !for_sure)).await
    }

    /// The answer of a key is old enough to be forgotten.
    pub(in crate::app) async fn forget_posted(&self, name: &str) -> Result<(), AppError> {
        let aggregate = aggregate(name);
        let found = self.backend.read(&[aggregate.head()]).await?.pop().ok_or(AppError::Internal)?;
        let known = found.value.as_deref().map(decode::<PostedRecord>).transpose()?;
        // The key may have been claimed anew: then its time is another.
        let due_ms = known.as_ref().map(end_ms).filter(|end_ms| self.clock.now().as_millis() < *end_ms);
        let mut commit = Commit::on(aggregate.clone());
        commit.expect.push(Expect { key: aggregate.head(), version: found.version });
        commit.moves.push(Due::PostedOld(name.into()).at(due_ms));
        if due_ms.is_none() {
            commit.puts.push(Put { key: aggregate.head(), value: None });
            let of = known.map(|known| index_of(&known.of));
            commit.moves.extend(of.map(|index| Move { index, member: name.into(), score: None }));
        }
        match self.backend.commit(commit).await {
            // Whoever came first has set its time too.
            Ok(_) | Err(CommitError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// When there are too many of one user or address, the oldest are forgotten before their time.
    async fn forget_oldest_posted(&self, of: &str) -> Result<(), AppError> {
        let index = index_of(of);
        let len = usize::try_from(self.len_of(index.clone()).await?).unwrap_or(usize::MAX);
        let too_many = len.saturating_sub(limits::POSTED_LEN_MAX).min(limits::POSTED_FORGOTTEN_AT_ONCE);
        if too_many == 0 {
            return Ok(());
        }
        self.strike_posted(index, too_many).await.map(drop)
    }

    /// Nothing that this user has posted is remembered any more.
    pub(in crate::app) async fn forget_posted_of(&self, user: &UserId) -> Result<(), AppError> {
        while self.strike_posted(index_of(&counted_with(user.as_str())), limits::SWEEP_LEN_MAX).await? > 0 {}
        Ok(())
    }

    /// Forgets so many of these, the oldest first → how many there were.
    async fn strike_posted(&self, index: Index, len: usize) -> Result<usize, AppError> {
        let range = Range { order: Order::Ascending, ..Range::all(index.clone(), len) };
        let names = self.backend.range(&range).await?.members;
        let found = names.len();
        for (_, name) in names {
            let aggregate = aggregate(&name);
            let mut commit = Commit::on(aggregate.clone());
            commit.puts.push(Put { key: aggregate.head(), value: None });
            commit.moves.push(Due::PostedOld(name.clone()).at(None));
            commit.moves.push(Move { index: index.clone(), member: name, score: None });
            self.backend.commit(commit).await?;
        }
        Ok(found)
    }

    async fn change_posted(
        &self,
        key: &PostKey,
        version: Version,
        record: Option<&PostedRecord>,
    ) -> Result<(), AppError> {
        match self.write_posted(key, version, record).await {
            // It took so long that another has claimed it.
            Ok(_) | Err(CommitError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn write_posted(
        &self,
        key: &PostKey,
        version: Version,
        record: Option<&PostedRecord>,
    ) -> Result<Version, CommitError> {
        let aggregate = aggregate(&key.name);
        let mut commit = Commit::on(aggregate.clone());
        commit.expect.push(Expect { key: aggregate.head(), version });
        let value = record.map(encode).transpose().map_err(|_| unwritable())?;
        commit.puts.push(Put { key: aggregate.head(), value });
        commit.moves.push(Due::PostedOld(key.name.clone()).at(record.map(end_ms)));
        let (index, member) = (index_of(&key.of), key.name.clone());
        commit.moves.push(Move { index, member, score: record.map(|record| record.first_ms) });
        Ok(self.backend.commit(commit).await?.version)
    }
}

pub(in crate::app) fn aggregate(name: &str) -> AggregateId {
    AggregateId::new("posted", name)
}

/// A user's id or an address, in a form that tells nothing.
fn counted_with(whose: &str) -> String {
    hex(&fingerprint([b"whose".as_slice(), whose.as_bytes()]))
}

/// What is remembered of one user or one address, scored by when it came first.
fn index_of(of: &str) -> Index {
    Index::new(format!("posted/of/{of}"))
}

fn new_salt() -> String {
    let random: [u8; 32] = rand::rng().random();
    hex(&random)
}

fn unwritable() -> BackendError {
    BackendError::Damaged("what was posted cannot be written down".into())
}

fn end_ms(record: &PostedRecord) -> i64 {
    record.first_ms + i64::try_from(limits::ONCE_KEEP.as_millis()).unwrap_or(i64::MAX / 2)
}

/// Each part with its length before it, so that no two lists of parts look alike.
fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_is_opened_by_the_same_request_and_key_alone() {
        let key = PostKey::new(Some("aino"), "aino", "k1", &[b"/api/runs", b"{}"]);
        let sealed = key.seal(b"secret answer").unwrap();
        assert!(!sealed.contains("secret"));
        assert_ne!(sealed, key.seal(b"secret answer").unwrap());
        assert_eq!(&key.open(&sealed).unwrap()[..], b"secret answer");
        for (scope, word, body) in [("mika", "k1", "{}"), ("aino", "k2", "{}"), ("aino", "k1", "{ }")] {
            let other = PostKey::new(Some(scope), scope, word, &[b"/api/runs", body.as_bytes()]);
            assert!(other.open(&sealed).is_err());
            assert_ne!(other.seed(), key.seed());
        }
        assert!(key.open("").is_err());
    }

    #[test]
    fn key_is_its_owners_and_strangers_do_not_meet() {
        let key = |scope, body: &str| PostKey::new(scope, "192.0.2.1", "1", &[body.as_bytes()]);
        assert_eq!(key(Some("aino"), "a").name, key(Some("aino"), "b").name);
        assert_ne!(key(Some("aino"), "a").digest, key(Some("aino"), "b").digest);
        assert_ne!(key(Some("aino"), "a").name, key(Some("mika"), "a").name);
        assert_ne!(key(None, "a").name, key(None, "b").name);
    }
}
