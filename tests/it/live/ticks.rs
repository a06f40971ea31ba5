//! Channels that show where many are: frames, pictures, and who is shown to whom, however many instances there are.

mod barred;
mod map;
mod positions;

use std::collections::{BTreeMap, HashMap};

use runnity::app::users::Identity;
use runnity::domain::fix::{Fix, Readings};
use runnity::domain::geo::Place;
use runnity::domain::ids::RunId;
use serde_json::{Value, json};

use crate::support::{Client, Runner, Site};

/// A subscriber who keeps the picture, as every client does.
struct Watcher {
    client: Client,
    channel: String,
    /// `[north, east]` in hundred-thousandths of a degree, the age in tenths of a second, and whether it is paused, by number.
    runners: BTreeMap<u64, (i64, i64, i64, bool)>,
    /// Ids of runs by their numbers, on the map.
    names: HashMap<u64, String>,
    counts: BTreeMap<String, u64>,
}

impl Watcher {
    async fn of(mut client: Client, channel: &str) -> Self {
        let reply = client.subscribe(channel).await;
        let (runners, names, counts) = (BTreeMap::new(), HashMap::new(), BTreeMap::new());
        assert!(reply["recoverable"].is_null() && reply["positioned"].is_null(), "{reply}");
        let mut watcher = Self { client, channel: channel.to_owned(), runners, names, counts };
        watcher.apply(&reply["data"]);
        watcher
    }

    /// A spectator without an account.
    async fn at(site: &Site, channel: &str) -> Self {
        Self::of(site.spectator().await, channel).await
    }

    fn apply(&mut self, data: &Value) {
        let kind = data["type"].as_str().unwrap_or_else(|| panic!("no frame: {data}"));
        if kind == "counts" {
            for cell in data["cells"].as_array().unwrap() {
                self.counts.insert(cell[0].as_str().unwrap().to_owned(), cell[1].as_u64().unwrap());
            }
            self.counts.retain(|_, count| *count > 0);
            return;
        }
        assert!(["positions", "picture"].contains(&kind), "{data}");
        if kind == "picture" {
            self.runners.clear();
        }
        let rows = |member: &str| data[member].as_array().cloned().unwrap_or_default();
        for number in rows("gone") {
            self.runners.remove(&number.as_u64().unwrap());
        }
        for named in rows("came") {
            self.names.insert(named[0].as_u64().unwrap(), named[1].as_str().unwrap().to_owned());
        }
        let origin = (data["origin"][0].as_i64(), data["origin"][1].as_i64());
        for row in rows("runners") {
            let at = |index: usize| row[index].as_i64().unwrap();
            let (north, east) = (origin.0.unwrap() + at(1), origin.1.unwrap() + at(2));
            self.runners.insert(row[0].as_u64().unwrap(), (north, east, at(3), row[4] == 1));
        }
    }

    /// Hears frames until this holds.
    async fn until(&mut self, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            let push = self.client.push(&self.channel).await;
            assert!(push["pub"]["offset"].is_null(), "{push}");
            self.apply(&push["pub"]["data"]);
        }
    }

    /// Where the run is, on the map.
    fn run(&self, run: RunId) -> Option<(i64, i64)> {
        let is_it = |number: &&u64| self.names.get(number).is_some_and(|name| *name == run.to_string());
        self.runners.keys().find(is_it).map(|number| (self.runners[number].0, self.runners[number].1))
    }

    /// That nothing is said in the channel before the answer to its next command.
    async fn heard_nothing(&mut self) {
        self.client.send(json!({ "id": 99, "subscribe": { "channel": "map:0" } }).to_string()).await;
        loop {
            let line = self.client.next().await;
            assert_ne!(line["push"]["channel"], self.channel, "{line}");
            if line["id"] == 99 {
                return;
            }
        }
    }

    /// Waits for the code with which it is sent out of the channel.
    async fn sent_out(&mut self) -> u64 {
        loop {
            let push = self.client.push(&self.channel).await;
            if let Some(code) = push["unsubscribe"]["code"].as_u64() {
                return code;
            }
            self.apply(&push["pub"]["data"]);
        }
    }
}

/// One fix, four seconds after the one before.
async fn be_at(site: &Site, runner: &Identity, run: RunId, north: i32, east: i32) {
    site.clock.advance(std::time::Duration::from_secs(4));
    let place = Place::new(f64::from(north) / 1e5, f64::from(east) / 1e5).unwrap();
    let fix = Fix::new(site.clock.now(), place, Readings::default()).unwrap();
    site.app.record(runner, run, vec![fix], None).await.unwrap();
}

async fn user(site: &Site, name: &str) -> Runner {
    site.runner(name).await
}

/// That nobody tells the channel's name from one that means nothing.
async fn is_unknown(client: &mut Client, channel: &str) {
    assert_eq!(client.error("subscribe", json!({ "channel": channel })).await, 102, "{channel}");
}
