//! What one caller may do, and for how long it is waited with those who guess: each bound with its reason.

use std::time::Duration;

/// How many attempts are borne, and how long the next has to wait.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Attempts that wait for nothing.
    pub free: u32,
    /// What the next one waits, at most: it begins with a second, and doubles with each.
    pub longest_ms: i64,
    /// One attempt is forgotten in this time.
    pub forgotten_ms: i64,
}

/// Requests a second by one token, unless the operator says otherwise: a phone needs one, an app that is opened twenty.
pub const REQUESTS_PER_TOKEN: u32 = 50;
/// Members of an index that one request may look at for a page of a list: as many as the longest page shows.
pub const LOOKED_AT_FREE: usize = 200;
/// Of those beyond, how many cost as much as one more request: they are read and decoded as a request's own are.
pub const LOOKED_AT_PER_TURN: usize = 50;
/// How long somebody may have to be silent at most for what was looked at beyond their turns: all lists that fit into a burst.
pub const OWED_MAX: Duration = Duration::from_secs(60);
/// Requests a second from one address by those who show no good token, unless the operator says otherwise: two thousand
/// spectators behind one address who open the page within a minute, each with five requests.
pub const REQUESTS_PER_ADDRESS_S: u32 = 200;
/// How many seconds' worth of requests may come at once: apps ask for all that a page needs, and then nothing for a while.
pub const REQUESTS_BURST_S: u32 = 10;
/// What the operator may say: more a second does not fit one instance.
pub const REQUESTS_PER_S_MAX: u32 = 1_000_000;
/// Callers whose requests are counted, at about 120 bytes; as many tokens, and as many addresses.
pub const CALLERS_LEN_MAX: usize = 65_536;
/// Attempts at one name's password, from wherever: a forgetful owner waits for nothing, and nobody longer than a minute.
pub const GUESSES_OF_NAME: Patience = Patience { free: 10, longest_ms: 60 * 1_000, forgotten_ms: 60 * 1_000 };
/// Of those, from one address: four an hour in the end.
pub const GUESSES_OF_NAME_FROM_ADDRESS: Patience =
    Patience { free: 5, longest_ms: 15 * 60 * 1_000, forgotten_ms: 15 * 60 * 1_000 };
/// Attempts at any name's password from one address: a club behind one address has many who forget.
pub const GUESSES_OF_ADDRESS: Patience = Patience { free: 50, longest_ms: 60 * 1_000, forgotten_ms: 10 * 1_000 };
/// New accounts from one address: a club signs up at once behind one, and nobody fills the queue of passwords.
pub const SIGN_UPS_OF_ADDRESS: Patience = Patience { free: 20, longest_ms: 60 * 1_000, forgotten_ms: 30 * 1_000 };
/// Wrong tokens from one address, each counted once: of a stadium full of phones some were revoked.
pub const GUESSES_OF_TOKENS: Patience = Patience { free: 200, longest_ms: 60 * 1_000, forgotten_ms: 5 * 1_000 };
/// Addresses that are told apart at one name: those of a busy family, and some of a guesser's.
pub const GUESSES_ADDRESSES_LEN_MAX: usize = 64;
/// How long it is remembered that the right password came from an address: a long journey. No longer, for the hash of an address
/// tells it to whoever has the store and tries them all.
pub const GUESSES_HOME_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// People whom one user invites in a day: a large club. All at once, and one more every 86 seconds.
pub const INVITES_A_DAY: u32 = 1_000;
/// Invitations of which one user hears by another in a day. More stand, and are not told.
pub const TROUBLES_A_DAY: u32 = 10;
