//! Habits in real time: operations over the socket, and what the user's other devices make of the changes that they hear.

mod calls;
mod model;
mod races;
mod step;

use serde_json::{Value, json};

use crate::support::{Client, Runner, Site};

/// Calls `habit.apply` → what it gives back.
async fn apply(client: &mut Client, data: Value) -> Value {
    let reply = client.ask("rpc", json!({ "method": "habit.apply", "data": data })).await;
    assert!(reply["rpc"]["data"].is_object(), "{reply}");
    reply["rpc"]["data"].clone()
}

fn add(id: &str, kind: &str) -> Value {
    json!({ "op": "addTask", "task": { "id": id, "type": kind, "text": id } })
}

fn score(id: &str, dir: &str) -> Value {
    json!({ "op": "score", "task": { "id": id }, "dir": dir })
}

/// A socket of the runner's.
async fn device(site: &Site, runner: &Runner) -> Client {
    site.connected(runner).await.0
}

/// The next change of the board that this device hears of.
async fn heard(device: &mut Client, runner: &Runner) -> Value {
    loop {
        let change = device.push(&format!("#{}", runner.id)).await["pub"]["data"].clone();
        if change["type"] == "habits" {
            return change;
        }
    }
}
