//! Channels as the application offers them: history, presence, tokens. No sockets here.

mod failing;
mod history;
mod presence;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use runnity::app::channels::{Channel, ClientInfo, Grounds, HistoryPage, HistoryQuery, Published};
use runnity::app::tokens::TokenSecret;
use runnity::app::users::{Caller, Identity};
use runnity::app::{App, Settings};
use runnity::backend::Backend;
use runnity::clock::Clock;
use runnity::domain::time::Timestamp;
use runnity::domain::user::{Level, Visibility};

use crate::support::{SECRET, Store, StoreKind};

/// One store, and as many instances on it as a test needs.
struct World {
    store: Store,
    backend: Arc<dyn Backend>,
    /// The first instance's; it stands still until a test moves it on.
    clock: Clock,
    app: Arc<App>,
}

impl World {
    async fn new(kind: StoreKind) -> Self {
        Self::with(kind, settings()).await
    }

    async fn with(kind: StoreKind, settings: Settings) -> Self {
        let clock = Clock::manual(Timestamp::from_millis(1_790_000_000_000));
        let store = Store::make(kind, &clock).await;
        let backend = store.open().await;
        let app = App::new(backend.clone(), clock.clone(), settings);
        Self { store, backend, clock, app }
    }

    /// Another instance on the same store, and its clock, which is as much before or behind the first one's.
    async fn instance(&self, off_ms: i64) -> (Arc<App>, Clock) {
        let clock = Clock::manual(self.clock.now().plus_millis(off_ms));
        (App::new(self.store.open().await, clock.clone(), settings()), clock)
    }

    /// A user with an account, and its token.
    async fn user(&self, name: &str) -> (Identity, String) {
        let made = self.app.make_user(name.into(), Level::User, None, Visibility::Public).await.unwrap();
        let token = made.1.reveal().to_owned();
        (self.app.authenticate(&token).await.unwrap(), token)
    }

    fn channel(&self, name: &str) -> Channel {
        self.app.channel_named(&Caller::Anonymous, name).unwrap()
    }

    async fn publish(&self, channel: &Channel, data: &str) {
        self.app.publish(&Caller::Anonymous, channel, Grounds::Name, data.as_bytes(), None).await.unwrap();
    }

    /// Publishes 1, 2, 3 … so many.
    async fn publish_many(&self, channel: &Channel, count: usize) {
        for number in 1..=count {
            self.publish(channel, &number.to_string()).await;
        }
    }

    async fn history(&self, channel: &Channel, query: HistoryQuery) -> HistoryPage {
        self.app.history(channel, &query).await.unwrap()
    }
}

fn settings() -> Settings {
    Settings { open_channels: true, token_secret: Some(TokenSecret::new(SECRET)), ..Settings::default() }
}

fn client(user: &str, id: &str) -> ClientInfo {
    ClientInfo { user: user.into(), client: id.into(), conn_info: None, chan_info: None }
}

fn offsets(publications: &[Published]) -> Vec<u64> {
    publications.iter().map(|published| published.offset).collect()
}
