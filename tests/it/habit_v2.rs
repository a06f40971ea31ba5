//! The HabitRPG v2 document, to the letter.

mod bad_input;
mod codes;
mod devices;
mod examples;
mod operations;
mod paths;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Reply, Runner, Site, send};

/// A request with the user's two headers, to be filled in.
fn ask(site: &Site, runner: &Runner, query: &str) -> RequestBuilder {
    let ask = site.ask(Method::POST, &format!("/api/v2{query}"));
    ask.header("x-api-user", &runner.id).header("x-api-key", &runner.token)
}

async fn post(site: &Site, runner: &Runner, body: &Value) -> Reply {
    send(ask(site, runner, "").json(body)).await
}

/// What is sent, and the user in reply.
async fn sync(site: &Site, runner: &Runner, body: Value) -> Value {
    user(&post(site, runner, &body).await)
}

#[track_caller]
fn user(reply: &Reply) -> Value {
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"), "{reply:?}");
    reply.json()
}

/// As [`sync`], of what is carried out whole.
async fn done(site: &Site, runner: &Runner, body: Value) -> Value {
    let user = sync(site, runner, body).await;
    assert!(user.get("errors").is_none(), "{}", user["errors"]);
    user
}

#[track_caller]
fn assert_error(reply: &Reply, status: u16, message: &str) {
    assert_eq!((reply.status, reply.header("content-type")), (status, "application/json"), "{reply:?}");
    assert_eq!(reply.json(), json!({ "err": message }));
    assert_eq!(reply.header("access-control-allow-origin"), "*");
}

/// The ids of a list, in its order.
fn ids(user: &Value, list: &str) -> Vec<String> {
    let tasks = user[list].as_array().unwrap_or_else(|| panic!("no {list}"));
    tasks.iter().map(|task| task["id"].as_str().expect("an id").to_owned()).collect()
}

/// The task of this id, in whichever list.
fn task<'a>(user: &'a Value, id: &str) -> Option<&'a Value> {
    let lists = ["habits", "dailys", "todos", "rewards"].into_iter();
    lists.flat_map(|list| user[list].as_array().expect("a list")).find(|task| task["id"] == id)
}

fn add(id: &str, kind: &str) -> Value {
    json!({ "op": "addTask", "task": { "id": id, "type": kind, "text": id, "value": 0 } })
}

fn score(id: &str, dir: &str) -> Value {
    json!({ "op": "score", "task": { "id": id }, "dir": dir })
}

fn set(path: &str, value: impl Into<Value>) -> Value {
    json!({ "op": "set", "path": path, "value": value.into() })
}
