//! What each kind of channel offers to those who may come in.

use std::time::Duration;

use crate::app::channels::Channel;
use crate::limits;

/// What a channel offers. Whether a caller may use it is asked apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// How many publications are kept; 0: none, and all are at offset 0.
    pub history_len: u32,
    /// How long they are shown. [`Duration::MAX`]: as long as they are kept.
    pub history_keep: Duration,
    /// Whether subscribers may read what is kept.
    pub history_readable: bool,
    pub recovers: Recovery,
    pub presence: Presence,
    /// Whether subscribers hear who comes and goes.
    pub join_leave: bool,
    /// Whether a subscriber may ask for differences in place of whole publications.
    pub delta: bool,
    /// How long publications are gathered, to go out in one message. [`Duration::ZERO`]: each goes out at once.
    pub gather: Duration,
    /// Which clients may publish here at all; [`App::publish`](crate::app::App::publish) asks who they are.
    pub publishers: Publishers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publishers {
    /// The server alone.
    Nobody,
    /// Those who are subscribed.
    Subscribers,
    /// Those outside as well.
    Anybody,
}

/// What a client gets that was away and comes back by its cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Nothing.
    No,
    /// All that it has missed, or nothing.
    Stream,
    /// The newest publication: it says all.
    Cache,
}

/// What is known of those who are in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nothing is kept.
    None,
    /// How many there are. Where the product's own channels are concerned, nobody is told who watches.
    Counted,
    /// Who they are.
    Named,
}

/// A namespace of free-form channels that keep hardly anything: for trying out what is lost.
const SMALL_HISTORY: &str = "smallhistory:";
/// A namespace of free-form channels that keep nothing: each publication is for those who listen now.
const PLAIN: &str = "plain:";
/// The same, where publications are gathered for a moment.
const GATHERED: &str = "gathered:";
/// A namespace of free-form channels whose newest publication says all: whoever comes back gets that one alone.
const CACHE: &str = "cache:";

impl Channel {
    pub fn features(&self) -> Features {
        match self {
            Self::Run(_) => {
                Features { history_len: limits::RUN_TOPIC_LEN_MAX, publishers: Publishers::Anybody, ..PRODUCT }
            }
            Self::Event(_) => Features { history_len: limits::EVENT_TOPIC_LEN_MAX, ..PRODUCT },
            // Nobody else could ask who is there.
            Self::User(_) => Features { presence: Presence::None, ..PRODUCT },
            // A word that was missed makes all come back, and be asked what they have: nothing is kept of a link that is gone.
            Self::Link(_) => Features { presence: Presence::None, ..HEARD_ONCE },
            // The reply to subscribe holds the whole picture.
            Self::Positions(_) => HEARD_ONCE,
            // People look around: who looks at which cell is nobody's business, and would be much to count.
            Self::Map(_) => Features { presence: Presence::None, ..HEARD_ONCE },
            // The newest frame says all.
            Self::Leaderboard(_) => Features { history_len: 1, recovers: Recovery::Cache, ..PRODUCT },
            Self::Open(name) if is_in(name, PLAIN) => NOT_KEPT,
            Self::Open(name) if is_in(name, GATHERED) => Features { gather: limits::GATHER, ..NOT_KEPT },
            Self::Open(name) if is_in(name, CACHE) => Features { history_len: 1, recovers: Recovery::Cache, ..OPEN },
            Self::Open(name) if is_in(name, SMALL_HISTORY) => {
                Features { history_len: limits::SMALL_HISTORY_LEN_MAX, ..OPEN }
            }
            Self::Open(_) => OPEN,
        }
    }
}

/// Whether a free-form name, private or not, belongs to this namespace.
fn is_in(name: &str, namespace: &str) -> bool {
    name.strip_prefix('$').unwrap_or(name).starts_with(namespace)
}

const PRODUCT: Features = Features {
    history_len: limits::USER_TOPIC_LEN_MAX,
    history_keep: Duration::MAX,
    history_readable: true,
    recovers: Recovery::Stream,
    presence: Presence::Counted,
    join_leave: false,
    delta: false,
    gather: Duration::ZERO,
    publishers: Publishers::Nobody,
};

const HEARD_ONCE: Features = Features { history_len: 0, history_readable: false, recovers: Recovery::No, ..PRODUCT };

/// As the tests of the protocol's SDKs expect it.
const OPEN: Features = Features {
    history_len: limits::OPEN_HISTORY_LEN_MAX,
    history_keep: limits::OPEN_HISTORY_KEEP,
    history_readable: true,
    recovers: Recovery::Stream,
    presence: Presence::Named,
    join_leave: true,
    delta: true,
    gather: Duration::ZERO,
    publishers: Publishers::Subscribers,
};

const NOT_KEPT: Features = Features {
    history_len: 0,
    history_readable: false,
    recovers: Recovery::No,
    presence: Presence::None,
    join_leave: false,
    delta: false,
    publishers: Publishers::Anybody,
    ..OPEN
};
