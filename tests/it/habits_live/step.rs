//! A device that only listens stays in step: whatever others do, on whichever instance, its board is the one that is stored.

mod walk;

use std::time::Duration;

use futures::future::join;
use runnity::app::habits::Submitted;
use runnity::domain::ids::RunId;
use serde_json::{Value, json};

use super::device;
use super::model::{Heard, Picture};
use crate::support::{Client, Runner, Site, StoreKind, on_each_store};
use walk::Walk;

on_each_store!(a_device_that_only_listens_stays_in_step, who_was_away_hears_what_was_missed_or_reads_anew);

/// The third device.
struct Listener {
    client: Client,
    channel: String,
    picture: Picture,
    /// Where it is in the channel.
    place: Value,
    /// Names of all effects that it has heard of.
    effects: std::collections::BTreeSet<String>,
    /// How often it had to read the board anew.
    readings: usize,
}

impl Listener {
    async fn begin(site: &Site, runner: &Runner) -> Self {
        let (client, connect) = site.connected(runner).await;
        let channel = format!("#{}", runner.id);
        let place = connect["connect"]["subs"][&channel].clone();
        // It hears from now on, and reads what is there: in this order.
        let picture = full(site, runner).await;
        Self { client, channel, picture, place, effects: Default::default(), readings: 0 }
    }

    /// Its line is cut: what it was told since was not read.
    async fn come_back(&mut self, site: &Site, runner: &Runner) {
        let mut client = site.socket().await;
        let (epoch, offset) = (&self.place["epoch"], &self.place["offset"]);
        let subs = json!({ &self.channel: { "recover": true, "epoch": epoch, "offset": offset } });
        let reply = client.ask("connect", json!({ "token": runner.token, "subs": subs })).await;
        let sub = &reply["connect"]["subs"][&self.channel];
        assert!(sub.is_object(), "{reply}");
        self.client = client;
        if sub["recovered"] != true {
            self.picture = full(site, runner).await;
            self.readings += 1;
        }
        for publication in sub["publications"].as_array().into_iter().flatten() {
            self.hear(publication, site, runner).await;
        }
        self.place = sub.clone();
    }

    /// Listens until it knows this version.
    async fn listen(&mut self, v: u64, site: &Site, runner: &Runner) {
        while self.picture.v() < v {
            let push = self.client.push(&self.channel).await;
            self.hear(&push["pub"], site, runner).await;
        }
    }

    async fn hear(&mut self, publication: &Value, site: &Site, runner: &Runner) {
        self.place["offset"] = publication["offset"].clone();
        let change = &publication["data"];
        if change["type"] != "habits" {
            return;
        }
        let effects = change["changes"].as_array().unwrap().iter().filter_map(|effect| effect["change"].as_str());
        self.effects.extend(effects.map(str::to_owned));
        if self.picture.hear(change) == Heard::Anew {
            assert_eq!(change["reload"], true, "every version is told: {change}");
            self.picture = full(site, runner).await;
            self.readings += 1;
        }
    }
}

async fn full(site: &Site, runner: &Runner) -> Picture {
    Picture::of(&site.app.apply_habits(&runner.identity, Vec::new(), None).await.unwrap().board)
}

async fn call(client: &mut Client, operations: Vec<Value>) -> Value {
    let data = json!({ "operations": operations });
    let reply = client.ask("rpc", json!({ "method": "habit.apply", "data": data })).await;
    assert!(reply["rpc"]["data"]["v"].is_number(), "{reply}");
    reply["rpc"]["data"].clone()
}

/// One batch, or two at once, by one of the ways that lead to a board.
async fn step(walk: &mut Walk, sites: [&Site; 2], devices: &mut [Client; 2], runner: &Runner) {
    let site = sites[walk.below(2)];
    match walk.below(10) {
        0..4 => {
            let batch = walk.batch();
            call(&mut devices[walk.below(2)], batch).await;
        }
        4 | 5 => {
            let (one, two) = (walk.batch(), walk.batch());
            let [phone, page] = devices;
            join(call(phone, one), call(page, two)).await;
        }
        6..9 => {
            let ops: Vec<Submitted> = (0..=walk.below(4)).map(|_| walk.own_op().into()).collect();
            site.app.apply_habits(&runner.identity, ops, None).await.unwrap();
        }
        _ => {
            let run = RunId::from_u128(u128::from(walk.next()));
            let values = [("distance_m", 1_000.0 * walk.below(12) as f64)];
            site.app.score_by_run(&runner.identity.user, run, site.clock.now(), &values).await.unwrap();
        }
    }
}

async fn a_device_that_only_listens_stays_in_step(kind: StoreKind) {
    const STEPS: usize = 300;
    let site = Site::start(kind).await;
    let other = site.another().await;
    let runner = site.runner("Aino").await;
    let mut listener = Listener::begin(&other, &runner).await;
    let mut devices = [device(&site, &runner).await, device(&other, &runner).await];
    let mut walk = Walk::new(7, site.clock.now());
    for number in 0..STEPS {
        if walk.below(12) == 0 {
            // A night: nobody keeps a socket open through it. The day turns by the clock, or for who asks first.
            site.advance(Duration::from_secs(3_600 * (1 + walk.below(60) as u64))).await;
            walk.now = site.clock.now();
            devices = [device(&site, &runner).await, device(&other, &runner).await];
            if walk.below(2) == 0 {
                site.app.act_on_due(site.clock.now()).await.unwrap();
            } else {
                step(&mut walk, [&site, &other], &mut devices, &runner).await;
            }
            listener.come_back(&site, &runner).await;
        }
        step(&mut walk, [&site, &other], &mut devices, &runner).await;
        let stored = full(&site, &runner).await;
        listener.listen(stored.v(), &site, &runner).await;
        assert_eq!(listener.picture, stored, "after step {number}");
        walk.look(&stored.0);
    }
    // Nothing was left out, and it was the changes that did it.
    let all = [
        "bought",
        "day_turned",
        "died",
        "dropped",
        "levelled",
        "revived",
        "stats",
        "tags_changed",
        "task_added",
        "task_changed",
        "task_removed",
        "task_sorted",
        "unlocked",
        "user_set",
    ];
    assert_eq!(listener.effects.iter().map(String::as_str).collect::<Vec<_>>(), all);
    assert!(listener.readings <= 2, "{}", listener.readings);
    assert!(listener.picture.v() > 200, "{}", listener.picture.v());
    let fresh = site.another().await;
    assert_eq!(full(&fresh, &runner).await, listener.picture, "as it is stored, by who has not seen it yet");
}

async fn who_was_away_hears_what_was_missed_or_reads_anew(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let mut listener = Listener::begin(&site, &runner).await;
    let mut phone = device(&site, &runner).await;
    // Little enough to be recovered, more than the channel keeps, and one that is too long to be told.
    for (batches, readings) in [(40, 0), (600, 1), (1, 2)] {
        for number in 0..batches {
            let notes = "x".repeat(if batches == 1 { 40_000 } else { 10 });
            let task = json!({ "id": format!("{batches}-{number}"), "type": "todo", "text": "", "notes": notes });
            call(&mut phone, vec![json!({ "op": "addTask", "task": task })]).await;
        }
        listener.come_back(&site, &runner).await;
        let stored = full(&site, &runner).await;
        listener.listen(stored.v(), &site, &runner).await;
        assert_eq!((&listener.picture, listener.readings), (&stored, readings));
    }
}
