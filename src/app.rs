//! What can be asked. One function for each thing that can be asked, the `transact` loop, and the stored form of the domain.
//!
//! Knows no wire: the API families and the socket translate into these calls and out of these answers.

pub mod achievements;
pub mod allowances;
pub mod api_key;
pub mod challenges;
pub mod channels;
pub mod documents;
mod due;
mod duties;
mod error;
pub mod events;
pub mod export;
pub mod feeds;
mod follow_ups;
pub mod friends;
pub mod groups;
mod guesses;
pub mod habits;
mod instances;
mod leaving;
pub mod letters;
pub mod links;
pub mod listing;
pub mod looked_at;
mod mentions;
pub mod metrics;
mod near;
pub mod orders;
pub mod posted;
pub mod presence;
pub mod runs;
pub mod sight;
pub mod tokens;
mod transact;
pub mod users;
mod words;
pub mod workers;

use std::sync::Arc;
use std::time::Instant;

use lru::LruCache;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::backend::Backend;
use crate::clock::Clock;
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::limits;

use achievements::{Accounts, CatalogueRecord, ProgressRecord, RulesKept, StandingsMoved};
use allowances::{Allowances, Daily, Digest, Rates};
use api_key::ApiKey;
use challenges::ChallengeRecord;
use channels::Snapshots;
use duties::{LeaseRecord, Watch};
pub use error::AppError;
use events::{CounterRecord, EventRecord, KeptRosters};
use export::Exports;
use feeds::Feeds;
use follow_ups::Outbox;
use friends::FriendshipRecord;
use groups::GroupRecord;
use guesses::record::GuessesRecord;
use habits::{HabitsRecord, KeptBoards};
use instances::{InstanceRecord, Instances};
use links::LinkRecord;
use metrics::Metrics;
use presence::Presences;
use runs::{RunRecord, Tracks};
use tokens::TokenSecret;
use transact::Lanes;
use users::keys::Uses;
use users::names::NameRecord;
use users::operator::Operator;
use users::password::Passwords;
use users::record::UserRecord;
use workers::Workers;

/// The product without its doors. Shared by all of them as `Arc<App>`.
pub struct App {
    pub clock: Clock,
    pub metrics: Arc<Metrics>,
    pub workers: Workers,
    pub settings: Settings,
    pub backend: Arc<dyn Backend>,
    /// This process, told from others on the same store.
    instance: String,
    users: Arc<Lanes<UserRecord>>,
    progress: Arc<Lanes<ProgressRecord>>,
    habits: Arc<Lanes<HabitsRecord>>,
    habit_boards: Arc<KeptBoards>,
    catalogues: Arc<Lanes<CatalogueRecord>>,
    rules_kept: RulesKept,
    /// Whose turn it is to try an achievement.
    dry_run: tokio::sync::Mutex<()>,
    accounts: Accounts,
    standings_moved: StandingsMoved,
    names: Arc<Lanes<NameRecord>>,
    friendships: Arc<Lanes<FriendshipRecord>>,
    groups: Arc<Lanes<GroupRecord>>,
    runs: Arc<Lanes<RunRecord>>,
    links: Arc<Lanes<LinkRecord>>,
    events: Arc<Lanes<EventRecord>>,
    challenges: Arc<Lanes<ChallengeRecord>>,
    counters: Arc<Lanes<CounterRecord>>,
    leases: Arc<Lanes<LeaseRecord>>,
    lease: Mutex<Watch>,
    operator: Mutex<Option<Operator>>,
    passwords: Passwords,
    pub allowances: Allowances,
    /// How many people a user invites, and how often one hears of that by another.
    invites: Daily<UserId>,
    troubles: Daily<(UserId, UserId)>,
    guesses: Arc<Lanes<GuessesRecord>>,
    /// Tokens that were found wrong lately, by their digests: each is counted once.
    wrong_tokens: Mutex<LruCache<Digest, ()>>,
    uses: Uses,
    exports: Exports,
    tracks: Tracks,
    snapshots: Snapshots,
    rosters: KeptRosters,
    feeds: Arc<Feeds>,
    instances: Instances,
    /// When it was looked whether an instance that is not known has just come.
    nodes_looked_at: tokio::sync::Mutex<Option<Instant>>,
    instance_records: Arc<Lanes<InstanceRecord>>,
    presences: Arc<Presences>,
    /// Follow-ups that this instance has caused.
    outbox: Arc<Outbox>,
}

/// What the operator chose and the application heeds.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Free-form channels are open to everyone who is connected. Development only.
    pub open_channels: bool,
    /// Tokens that are signed with it are taken.
    pub token_secret: Option<TokenSecret>,
    /// Whoever shows it may call the live protocol's server API.
    pub api_key: Option<ApiKey>,
    /// How often one caller may ask.
    pub rates: Rates,
}

/// What is at `from` or later and before `until`; without an end where it is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl App {
    pub fn new(backend: Arc<dyn Backend>, clock: Clock, settings: Settings) -> Arc<Self> {
        Self::with_metrics(backend, clock, settings, Metrics::default())
    }

    /// With metrics that know of the store's.
    pub fn with_metrics(backend: Arc<dyn Backend>, clock: Clock, settings: Settings, metrics: Metrics) -> Arc<Self> {
        let (workers, metrics) = (Workers::default(), Arc::new(metrics));
        let (feeds, outbox) = (Arc::<Feeds>::default(), Arc::<Outbox>::default());
        let accounts = Accounts::default();
        let (moved, known) = (feeds.clone(), accounts.clone());
        Arc::new(Self {
            instance: Uuid::new_v4().to_string(),
            users: Lanes::watched(
                backend.clone(),
                workers.clone(),
                metrics.clone(),
                outbox.clone(),
                move |before, after| known.forget(before, after),
            ),
            progress: Lanes::new(backend.clone(), workers.clone(), metrics.clone(), outbox.clone()),
            habits: Lanes::new(backend.clone(), workers.clone(), metrics.clone(), outbox.clone()),
            habit_boards: Arc::default(),
            catalogues: Lanes::new(backend.clone(), workers.clone(), metrics.clone(), outbox.clone()),
            rules_kept: RulesKept::default(),
            dry_run: tokio::sync::Mutex::default(),
            accounts,
            standings_moved: StandingsMoved::default(),
            names: Lanes::new(backend.clone(), workers.clone(), metrics.clone(), outbox.clone()),
            friendships: Lanes::new(backend.clone(), workers.clone(), metrics.clone(), outbox.clone()),
            runs: Lanes::watched(
                backend.clone(),
                workers.clone(),
                metrics.clone(),
                outbox.clone(),
                move |before, after| {
                    moved.moved(before, after);
                },
            ),
            groups: Lanes::new(backend.clone(), workers.clone(), metrics.clone(), outbox.clone()),
            links: Lanes::new(backend.clone(), workers.clone(), metrics.clone(), outbox.clone()),
            events: Lanes::new(backend.clone(), workers.clone(), metrics.clone(), outbox.clone()),
            challenges: Lanes::new(backend.clone(), workers.clone(), metrics.clone(), outbox.clone()),
            counters: Lanes::new(backend.clone(), workers.clone(), metrics.clone(), outbox.clone()),
            leases: Lanes::new(backend.clone(), workers.clone(), metrics.clone(), outbox.clone()),
            lease: Mutex::default(),
            operator: Mutex::default(),
            passwords: Passwords::default(),
            allowances: Allowances::new(settings.rates, &clock),
            invites: Daily::new(limits::INVITES_A_DAY, &clock),
            troubles: Daily::new(limits::TROUBLES_A_DAY, &clock),
            guesses: Lanes::new(backend.clone(), workers.clone(), metrics.clone(), outbox.clone()),
            wrong_tokens: Mutex::new(LruCache::new(allowances::callers_len_max())),
            uses: Uses::default(),
            exports: Exports::default(),
            tracks: Tracks::default(),
            snapshots: Snapshots::default(),
            rosters: KeptRosters::default(),
            feeds,
            instances: Instances::default(),
            nodes_looked_at: tokio::sync::Mutex::default(),
            instance_records: Lanes::new(backend.clone(), workers.clone(), metrics.clone(), outbox.clone()),
            presences: Presences::new(clock.clone()),
            outbox,
            backend,
            clock,
            metrics,
            workers,
            settings,
        })
    }

    /// Whether the store answers.
    pub async fn ready(&self) -> Result<(), AppError> {
        self.names.read(&Lanes::<NameRecord>::aggregate("")).await.map(|_| ())
    }
}
