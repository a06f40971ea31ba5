//! Channels as the application offers them: history, presence, tokens. No sockets here.

mod history;

use std::sync::Arc;
use std::time::Duration;

use runnity::app::channels::{Channel, ClientInfo, HistoryPage, HistoryQuery, Published};
use runnity::app::users::Caller;
use runnity::app::{App, Settings};
use runnity::backend::embedded::Embedded;
use runnity::clock::Clock;
use runnity::domain::time::Timestamp;

struct World {
    /// Stands still until a test moves it on.
    clock: Clock,
    app: Arc<App>,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Timestamp::from_millis(1_790_000_000_000));
        let store = Arc::new(Embedded::open(folder.path(), clock.clone()).unwrap());
        let app = App::new(store, clock.clone(), settings());
        Self { clock, app, _folder: folder }
    }

    fn channel(&self, name: &str) -> Channel {
        self.app.channel_named(name).unwrap()
    }

    async fn publish(&self, channel: &Channel, data: &str) {
        self.app.publish(&Caller::Anonymous, channel, data.as_bytes(), None).await.unwrap();
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
    Settings { open_channels: true }
}

fn client(user: &str, id: &str) -> ClientInfo {
    ClientInfo { user: user.into(), client: id.into(), conn_info: None, chan_info: None }
}

fn offsets(publications: &[Published]) -> Vec<u64> {
    publications.iter().map(|published| published.offset).collect()
}
