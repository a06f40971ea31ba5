//! How often somebody may ask: by the token that is shown, if it was found good here lately, else by the address.
//!
//! So the phones of a whole stadium behind one address do not take each other's turns, and somebody who makes up tokens
//! wins nothing by it. Each instance counts for itself, in memory of a bounded size; when there are more callers than it
//! remembers, those that were silent for longest begin anew. Knows no header and no body.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};
use lru::LruCache;
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

use crate::app::links::LinkSecret;
use crate::clock::Clock;
use crate::limits;
use crate::peer::Origin;

/// Requests a second, over time; 0: as many as there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    pub per_token: u32,
    pub per_address: u32,
}

/// A secret that was shown: never the secret itself.
pub type Digest = [u8; 32];

pub fn digest(secret: &str) -> Digest {
    Sha256::digest(secret.as_bytes()).into()
}

pub struct Allowances {
    tokens: Option<Counter<Digest>>,
    addresses: Option<Counter<Origin>>,
    /// Tokens and sessions that were found good lately. Whether they still are is asked at each request all the same.
    good: Mutex<LruCache<Digest, ()>>,
}

/// What comes of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// `None`: this caller is not counted.
    pub standing: Option<Standing>,
    /// It is one too many; the next may come after so many seconds.
    pub retry_after_s: Option<u64>,
}

/// How much of its allowance a caller has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub of: Counted,
    /// Requests that may come at once.
    pub quota: u32,
    /// Seconds in which so many come back, evenly spread.
    pub window_s: u64,
    pub remaining: u32,
    /// Seconds after which the whole quota is there again, if nothing is asked meanwhile.
    pub reset_s: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Token,
    Address,
}

/// How often somebody may do something in a day, counted by this instance alone and in bounded memory: a house rule against
/// nuisance, not a promise.
pub struct Daily<K: Eq + std::hash::Hash + Clone>(Limiter<K>);

impl<K: Eq + std::hash::Hash + Clone> Daily<K> {
    pub fn new(most: u32, clock: &Clock) -> Self {
        let most = NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN);
        let every = Duration::from_secs(24 * 60 * 60) / most.get();
        // A day in at most as many parts as a u32 counts is more than nothing.
        let quota = Quota::with_period(every).unwrap_or(Quota::per_second(most)).allow_burst(most);
        Self(RateLimiter::new(quota, Buckets::new(), Going(clock.clone())))
    }

    /// `times` at once, or none of them → after how many seconds they may come, if that is not now.
    pub fn take(&self, key: &K, times: u32) -> Result<(), u64> {
        let Some(times) = NonZeroU32::new(times) else { return Ok(()) };
        match self.0.check_key_n(key, times) {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(until)) => Err(whole_s(until.wait_time_from(self.0.clock().now())).max(1)),
            Err(_) => Err(24 * 60 * 60),
        }
    }
}

/// The turns of all callers of one kind.
struct Counter<K: Eq + std::hash::Hash + Clone> {
    limiter: Limiter<K>,
    /// Those of the limiter: a turn can be given back, and more can be owed than are left.
    buckets: Buckets<K>,
    /// When the limiter was made: its buckets count from there.
    since: Duration,
    quota: Quota,
    of: Counted,
}

/// Whose turns are counted.
enum Who {
    Token(Digest),
    Address(Origin),
}

type Limiter<K> = RateLimiter<K, Buckets<K>, Going, StateInformationMiddleware>;

/// How long our clock is going, which no setting of the time turns back.
struct Going(Clock);

/// When each caller's bucket is full again, for as many callers as there may be.
struct Buckets<K>(Arc<Mutex<LruCache<K, Nanos>>>);

impl<K: Eq + std::hash::Hash + Clone> Buckets<K> {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(LruCache::new(callers_len_max()))))
    }
}

impl Allowances {
    pub fn new(rates: Rates, clock: &Clock) -> Self {
        Self {
            tokens: Counter::new(Counted::Token, rates.per_token, clock),
            addresses: Counter::new(Counted::Address, rates.per_address, clock),
            good: Mutex::new(LruCache::new(callers_len_max())),
        }
    }

    /// Somebody's turn. `shown`: the secret that the request holds, if it holds one; `origin`: whose request it is, if that
    /// is to be counted.
    pub fn take(&self, shown: Option<&str>, origin: Option<Origin>) -> Turn {
        let turn = match self.who(shown, origin) {
            Some(Who::Token(digest)) => self.tokens.as_ref().map(|tokens| tokens.take(&digest)),
            Some(Who::Address(origin)) => self.addresses.as_ref().map(|addresses| addresses.take(&origin)),
            None => None,
        };
        turn.unwrap_or_default()
    }

    /// A request has looked at so many members of indexes → how the caller stands, if it costs more than the turn that was
    /// taken for it. Who has not enough left owes the rest: many at once are no cheaper than one after the other.
    pub fn pay(&self, shown: Option<&str>, origin: Option<Origin>, looked_at: usize) -> Option<Standing> {
        let turns = looked_at.saturating_sub(limits::LOOKED_AT_FREE).div_ceil(limits::LOOKED_AT_PER_TURN);
        if turns == 0 {
            return None;
        }
        let turns = u32::try_from(turns).unwrap_or(u32::MAX);
        match self.who(shown, origin)? {
            Who::Token(digest) => self.tokens.as_ref()?.owe(&digest, turns),
            Who::Address(origin) => self.addresses.as_ref()?.owe(&origin, turns),
        }
    }

    /// `None`: this caller is not counted.
    fn who(&self, shown: Option<&str>, origin: Option<Origin>) -> Option<Who> {
        if self.tokens.is_none() && self.addresses.is_none() {
            return None;
        }
        // A share link is in the hands of thousands.
        let own = shown.filter(|secret| LinkSecret::parse(secret).is_none());
        let known = own.map(digest).filter(|digest| self.is_good(digest));
        known.map(Who::Token).or(origin.map(Who::Address))
    }

    /// This secret was found good just now. `origin`: whose turn was taken while that was not known. It is given back, so that
    /// the phones of a stadium that come for the first time do not take each other's.
    pub fn found_good(&self, digest: Digest, origin: Option<Origin>) {
        let is_known = self.good.lock().put(digest, ()).is_some();
        if let (false, Some(origin), Some(addresses)) = (is_known, origin, &self.addresses) {
            addresses.give_back(&origin);
        }
    }

    /// Whether it was found good lately.
    pub fn is_good(&self, digest: &Digest) -> bool {
        self.good.lock().get(digest).is_some()
    }

    /// This secret is good no more.
    pub fn found_bad(&self, digest: &Digest) {
        self.good.lock().pop(digest);
    }
}

pub(in crate::app) fn callers_len_max() -> NonZeroUsize {
    NonZeroUsize::new(limits::CALLERS_LEN_MAX).unwrap_or(NonZeroUsize::MIN)
}

impl<K: Eq + std::hash::Hash + Clone> Counter<K> {
    /// `None`: as many as there are.
    fn new(of: Counted, per_s: u32, clock: &Clock) -> Option<Self> {
        let burst = NonZeroU32::new(per_s.saturating_mul(limits::REQUESTS_BURST_S))?;
        let quota = Quota::per_second(NonZeroU32::new(per_s)?).allow_burst(burst);
        let buckets = Buckets::new();
        let limiter = RateLimiter::new(quota, Buckets(buckets.0.clone()), Going(clock.clone()));
        Some(Self { limiter, buckets, since: clock.going(), quota, of })
    }

    fn take(&self, key: &K) -> Turn {
        match self.limiter.check_key(key) {
            Ok(snapshot) => {
                let remaining = snapshot.remaining_burst_capacity();
                let missing = self.quota.burst_size().get().saturating_sub(remaining);
                let reset = self.quota.replenish_interval().saturating_mul(missing);
                Turn { standing: Some(self.standing(remaining, reset)), retry_after_s: None }
            }
            Err(until) => {
                let wait = until.wait_time_from(self.limiter.clock().now());
                // With the turn that is waited for all but one are still missing.
                let rest = self.quota.burst_size_replenished_in().saturating_sub(self.quota.replenish_interval());
                let standing = self.standing(0, wait + rest);
                Turn { standing: Some(standing), retry_after_s: Some(whole_s(wait).max(1)) }
            }
        }
    }

    /// So many more than the one that was taken just now, whether they are left or not → how the caller stands.
    fn owe(&self, key: &K, turns: u32) -> Option<Standing> {
        let (one, window) = (self.quota.replenish_interval(), self.quota.burst_size_replenished_in());
        let now = self.limiter.clock().now().saturating_sub(self.since);
        let most = now + window + limits::OWED_MAX;
        let mut buckets = self.buckets.0.lock();
        let full_at = buckets.get_mut(key)?;
        let owed = Duration::from(*full_at) + one.saturating_mul(turns);
        *full_at = owed.min(most).into();
        let missing = owed.min(most).saturating_sub(now);
        let left = window.saturating_sub(missing).as_nanos() / one.as_nanos().max(1);
        Some(self.standing(u32::try_from(left).unwrap_or(u32::MAX), missing))
    }

    /// One that was taken just now.
    fn give_back(&self, key: &K) {
        if let Some(full_at) = self.buckets.0.lock().get_mut(key) {
            *full_at = full_at.saturating_sub(self.quota.replenish_interval().into());
        }
    }

    fn standing(&self, remaining: u32, reset: Duration) -> Standing {
        let window_s = whole_s(self.quota.burst_size_replenished_in());
        Standing { of: self.of, quota: self.quota.burst_size().get(), window_s, remaining, reset_s: whole_s(reset) }
    }
}

/// Whole seconds, never too few.
fn whole_s(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

impl governor::clock::Clock for Going {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.going()
    }
}

impl<K: Eq + std::hash::Hash + Clone> StateStore for Buckets<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut buckets = self.0.lock();
        let (answer, full_at) = measure(buckets.get(key).copied())?;
        buckets.put(key.clone(), full_at);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    const HOME: Option<Origin> = Some(Origin::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));
    const AWAY: Option<Origin> = Some(Origin::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)));

    fn allowances(per_token: u32, per_address: u32) -> (Allowances, Clock) {
        let clock = Clock::manual(Timestamp::from_millis(0));
        (Allowances::new(Rates { per_token, per_address }, &clock), clock)
    }

    fn spend_all(allowances: &Allowances, shown: Option<&str>, origin: Option<Origin>) -> u32 {
        (0..100_000).take_while(|_| allowances.take(shown, origin).retry_after_s.is_none()).count() as u32
    }

    #[test]
    fn what_is_told_is_true() {
        let (allowances, clock) = allowances(0, 2);
        let first = allowances.take(None, HOME);
        let quota = 2 * limits::REQUESTS_BURST_S;
        let window_s = u64::from(limits::REQUESTS_BURST_S);
        let standing = Standing { of: Counted::Address, quota, window_s, remaining: quota - 1, reset_s: 1 };
        assert_eq!(first, Turn { standing: Some(standing), retry_after_s: None });
        assert_eq!(spend_all(&allowances, None, HOME), quota - 1, "what remains is there");
        let refused = allowances.take(None, HOME);
        let none_left = Standing { remaining: 0, reset_s: window_s, ..standing };
        assert_eq!(refused, Turn { standing: Some(none_left), retry_after_s: Some(1) });
        clock.advance(Duration::from_secs(1));
        assert_eq!(spend_all(&allowances, None, HOME), 2, "after Retry-After there is a turn");
        clock.advance(Duration::from_secs(window_s));
        assert_eq!(spend_all(&allowances, None, HOME), quota, "after the window there are all");
    }

    #[test]
    fn a_good_token_counts_for_itself_and_any_other_for_its_address() {
        let (allowances, _) = allowances(1, 3);
        let (one, many) = (limits::REQUESTS_BURST_S, 3 * limits::REQUESTS_BURST_S);
        allowances.found_good(digest("good"), None);
        assert_eq!(spend_all(&allowances, Some("good"), HOME), one);
        assert_eq!(spend_all(&allowances, Some("made up"), HOME), many);
        assert_eq!(spend_all(&allowances, Some("made up, too"), HOME), 0, "another made up is of the same address");
        assert_eq!(spend_all(&allowances, None, AWAY), many);
        assert_eq!(spend_all(&allowances, Some("good"), AWAY), 0, "a token is one wherever it comes from");
        assert_eq!(allowances.take(Some("made up"), None), Turn::default(), "who is not to be counted is not");
        allowances.found_bad(&digest("good"));
        assert_eq!(allowances.take(Some("good"), None), Turn::default());
    }

    #[test]
    fn who_come_for_the_first_time_from_one_address_do_not_take_each_others_turns() {
        let (allowances, _) = allowances(1, 1);
        let most = limits::REQUESTS_BURST_S;
        for number in 0..10 * most {
            let token = format!("token {number}");
            assert_eq!(allowances.take(Some(&token), HOME).retry_after_s, None);
            for _ in 0..3 {
                // Found so once more, it gives nothing back.
                allowances.found_good(digest(&token), HOME);
            }
        }
        assert_eq!(spend_all(&allowances, Some("made up"), HOME), most, "and no more than that");
    }

    #[test]
    fn many_at_once_that_look_at_much_cost_as_much_as_one_after_the_other() {
        let (allowances, clock) = allowances(0, 1);
        let burst = limits::REQUESTS_BURST_S;
        assert_eq!(spend_all(&allowances, None, HOME), burst, "they are all under way");
        let looked_at = limits::LOOKED_AT_FREE + 3 * limits::LOOKED_AT_PER_TURN;
        for number in 1..=burst {
            let standing = allowances.pay(None, HOME, looked_at).unwrap();
            assert_eq!((standing.remaining, standing.reset_s), (0, u64::from(burst + 3 * number)));
        }
        let refused = allowances.take(None, HOME);
        assert_eq!(refused.retry_after_s, Some(u64::from(3 * burst) + 1));
        assert_eq!(refused.standing.unwrap().reset_s, u64::from(4 * burst));
        clock.advance(Duration::from_secs(u64::from(3 * burst)));
        assert_eq!(spend_all(&allowances, None, HOME), 0, "what is owed comes first");
        clock.advance(Duration::from_secs(1));
        assert_eq!(spend_all(&allowances, None, HOME), 1);
        allowances.pay(None, HOME, usize::MAX);
        clock.advance(limits::OWED_MAX + Duration::from_secs(1));
        assert_eq!(spend_all(&allowances, None, HOME), 1, "there is an end to it");
        assert_eq!(allowances.pay(None, HOME, limits::LOOKED_AT_FREE), None, "that much is free");
    }

    #[test]
    fn no_limit_is_none() {
        let (allowances, _) = allowances(0, 0);
        allowances.found_good(digest("good"), None);
        assert_eq!(allowances.take(Some("good"), HOME), Turn::default());
        assert_eq!(allowances.take(None, HOME), Turn::default());
    }

    #[test]
    fn callers_beyond_the_bound_push_out_the_most_silent_and_no_more_memory_is_taken() {
        let (allowances, _) = allowances(0, 1);
        for number in 0..=limits::CALLERS_LEN_MAX as u32 {
            allowances.take(None, Some(Origin::V4(number.into())));
        }
        let addresses = allowances.addresses.as_ref().unwrap();
        assert_eq!(addresses.buckets.0.lock().len(), limits::CALLERS_LEN_MAX);
    }
}
