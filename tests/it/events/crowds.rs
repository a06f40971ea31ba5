//! Many at once, through two instances: what a capacity is worth, and whether everybody sees one roster.

use std::collections::BTreeMap;

use futures::future::join_all;
use runnity::app::AppError;
use runnity::app::events::{ChangeEvent, EventFilter, NewEvent};
use runnity::app::users::{Caller, Identity};
use runnity::domain::ids::EventId;
use runnity::domain::user::{Level, Visibility};
use serde_json::{Value, json};

use super::{ALL, event, plan};
use crate::support::{Client, Site, StoreKind, on_each_store};

on_each_store!(
    capacity_is_exact_however_many_join_at_once,
    who_join_and_leave_at_once_leave_one_roster,
    joins_that_come_together_go_in_few_commits,
    who_was_away_gets_all_that_was_missed_or_the_state,
    who_comes_twice_at_once_joins_once,
);

pub async fn crowd(site: &Site, len: usize) -> Vec<Identity> {
    let made = join_all((0..len).map(async |index| {
        let (_, token) =
            site.app.make_user(format!("Runner {index}"), Level::User, None, Visibility::Public).await.unwrap();
        site.app.authenticate(token.reveal()).await.unwrap()
    }));
    made.await
}

/// Somebody who keeps the roster as the channel tells it.
struct Watcher {
    client: Client,
    channel: String,
    roster: BTreeMap<String, u64>,
    state: Value,
    highest: u64,
}

impl Watcher {
    async fn of(site: &Site, event: EventId) -> Self {
        let (mut client, channel) = (site.spectator().await, format!("event:{event}"));
        let state = client.subscribe(&channel).await;
        let mut watcher = Self { client, channel, roster: BTreeMap::new(), state, highest: 0 };
        watcher.begin(&watcher.state["data"].clone());
        watcher
    }

    fn begin(&mut self, snapshot: &Value) {
        assert_eq!((&snapshot["type"], &snapshot["complete"]), (&json!("snapshot"), &json!(true)));
        let row = |row: &Value| (row[1].as_str().unwrap().to_owned(), row[0].as_u64().unwrap());
        self.roster = snapshot["roster"].as_array().unwrap().iter().map(row).collect();
    }

    fn apply(&mut self, data: &Value) {
        let user = data["user"]["id"].as_str().unwrap_or_default().to_owned();
        match data["type"].as_str().unwrap() {
            "joined" => drop(self.roster.insert(user, data["number"].as_u64().unwrap())),
            "left" => drop(self.roster.remove(&user)),
            _ => return,
        }
        assert_eq!(self.roster.len() as u64, data["participants"].as_u64().unwrap(), "{data}");
        self.highest = self.highest.max(self.roster.len() as u64);
    }

    async fn until(&mut self, kind: &str) {
        loop {
            let data = self.client.push(&self.channel).await["pub"]["data"].clone();
            self.apply(&data);
            if data["type"] == kind {
                return;
            }
        }
    }
}

/// The roster as the store has it, read page by page.
async fn stored(site: &Site, event: EventId) -> BTreeMap<String, u64> {
    let mut roster = BTreeMap::new();
    for page in 1.. {
        let read = site.app.participants(&Caller::Anonymous, event, runnity::app::listing::Page { page, ..ALL }).await;
        let read = read.unwrap();
        roster.extend(read.iter().map(|it| (it.user.id.clone(), u64::from(it.number))));
        if read.is_empty() {
            break;
        }
    }
    roster
}

async fn capacity_is_exact_however_many_join_at_once(kind: StoreKind) {
    const CAPACITY: usize = 100;
    let site = Site::start(kind).await;
    let other = site.another().await;
    let creator = site.runner("Aino").await.identity;
    let new = NewEvent { capacity: Some(CAPACITY as u32), ..plan("Full") };
    let event = event(&site, &creator, new).await;
    let (mut here, mut there) = (Watcher::of(&site, event).await, Watcher::of(&other, event).await);
    let crowd = crowd(&site, 300).await;
    let joins = crowd.iter().enumerate().map(|(index, who)| {
        let through = if index % 2 == 0 { &site } else { &other };
        through.app.join_event(who, event)
    });
    let joined = join_all(joins).await;
    let (taken, refused): (Vec<_>, Vec<_>) = joined.into_iter().partition(Result::is_ok);
    assert_eq!((taken.len(), refused.len()), (CAPACITY - 1, 300 - CAPACITY + 1));
    assert!(refused.iter().all(|it| matches!(it, Err(AppError::Conflict { .. }))), "told that it is full");
    let mut numbers: Vec<_> = taken.into_iter().map(|it| it.unwrap().number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (2..=CAPACITY as u32).collect::<Vec<_>>(), "one after another, none twice");
    site.app.cancel_event(&creator, event, None).await.unwrap();
    for watcher in [&mut here, &mut there] {
        watcher.until("cancelled").await;
        assert_eq!((watcher.roster.clone(), watcher.highest), (stored(&other, event).await, CAPACITY as u64));
    }
    assert_eq!(other.app.event(&Caller::Anonymous, event).await.unwrap().participants as usize, CAPACITY);
}

async fn who_join_and_leave_at_once_leave_one_roster(kind: StoreKind) {
    const CAPACITY: u32 = 20;
    let site = Site::start(kind).await;
    let other = site.another().await;
    let creator = site.runner("Aino").await.identity;
    let event = event(&site, &creator, NewEvent { capacity: Some(CAPACITY), ..plan("To and fro") }).await;
    let mut watchers = [Watcher::of(&site, event).await, Watcher::of(&other, event).await];
    let crowd = crowd(&site, 60).await;
    let each = crowd.iter().enumerate().map(async |(index, who)| {
        for round in 0..4 {
            let [first, second] = if (index + round) % 2 == 0 { [&site, &other] } else { [&other, &site] };
            let joined = first.app.join_event(who, event).await;
            assert!(matches!(joined, Ok(_) | Err(AppError::Conflict { .. })), "{joined:?}");
            // Some stay in the end.
            if round < 3 || index % 3 > 0 {
                second.app.leave_event(who, event).await.unwrap();
            }
        }
    });
    join_all(each).await;
    let change = ChangeEvent { name: Some("Over".to_owned()), ..ChangeEvent::default() };
    other.app.change_event(&creator, event, change, None).await.unwrap();
    let roster = stored(&site, event).await;
    for watcher in &mut watchers {
        watcher.until("changed").await;
        assert_eq!(watcher.roster, roster);
        assert!(watcher.highest <= u64::from(CAPACITY), "{}", watcher.highest);
    }
    assert!(roster.len() > 1, "somebody stayed");
    // Each one's own list says the same.
    let mine = || EventFilter { mine: true, ..EventFilter::default() };
    for who in &crowd {
        let listed = site.app.events(&Caller::User(who.clone()), mine(), ALL).await.unwrap();
        assert_eq!(listed.len() == 1, roster.contains_key(who.user.as_str()));
    }
    let mut late = Watcher::of(&other, event).await;
    assert_eq!(std::mem::take(&mut late.roster), roster, "who comes now is told the same");
}

async fn joins_that_come_together_go_in_few_commits(kind: StoreKind) {
    let site = Site::start(kind).await;
    let creator = site.runner("Aino").await.identity;
    let event = event(&site, &creator, plan("Busy")).await;
    let crowd = crowd(&site, 500).await;
    let before = site.app.metrics.commits.get();
    let joined = join_all(crowd.iter().map(|who| site.app.join_event(who, event))).await;
    assert!(joined.iter().all(Result::is_ok));
    let commits = site.app.metrics.commits.get() - before;
    assert!(commits < 50, "{commits} commits for 500 joins");
}

async fn who_was_away_gets_all_that_was_missed_or_the_state(kind: StoreKind) {
    let site = Site::start(kind).await;
    let creator = site.runner("Aino").await.identity;
    let event = event(&site, &creator, plan("Tunnel")).await;
    let mut watcher = Watcher::of(&site, event).await;
    let crowd = crowd(&site, 350).await;
    join_all(crowd[..50].iter().map(|who| site.app.join_event(who, event))).await;
    let back = async |watcher: &Watcher| {
        let mut client = site.spectator().await;
        let (epoch, offset) = (&watcher.state["epoch"], &watcher.state["offset"]);
        let body = json!({ "channel": watcher.channel, "recover": true, "epoch": epoch, "offset": offset });
        client.ask("subscribe", body).await["subscribe"].clone()
    };
    let reply = back(&watcher).await;
    assert_eq!((&reply["recovered"], reply["publications"].as_array().unwrap().len()), (&json!(true), 50));
    for publication in reply["publications"].as_array().unwrap() {
        watcher.apply(&publication["data"]);
    }
    assert_eq!(watcher.roster, stored(&site, event).await);
    // More than is replayed: the state is the shorter way.
    join_all(crowd[50..].iter().map(|who| site.app.join_event(who, event))).await;
    let reply = back(&watcher).await;
    assert!(reply["recovered"].as_bool() != Some(true), "{reply}");
    watcher.begin(&reply["data"]);
    assert_eq!(watcher.roster, stored(&site, event).await);
}

async fn who_comes_twice_at_once_joins_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let creator = site.runner("Aino").await.identity;
    let event = event(&site, &creator, plan("Twice")).await;
    let eero = site.runner("Eero").await.identity;
    let sites = [&site, &other, &site, &other, &site, &other];
    let joined = join_all(sites.map(|site| site.app.join_event(&eero, event))).await;
    assert!(joined.iter().all(|it| it.as_ref().is_ok_and(|it| it.number == 2)), "{joined:?}");
    join_all(sites.map(|site| site.app.leave_event(&eero, event))).await.into_iter().for_each(Result::unwrap);
    assert_eq!(site.app.event(&Caller::Anonymous, event).await.unwrap().participants, 1);
}
