//! The AsyncAPI document, held against what the server really says and hears.

mod achievements;
mod challenges;
mod events;
mod habits;
mod ticks;
mod transports;

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use reqwest::Method;
use runnity::app::friends::Word;
use runnity::app::runs::{NewRun, Transition};
use runnity::domain::ids::RunId;
use runnity::domain::user::Visibility;
use serde_json::{Value, json};

use crate::support::{API_KEY, Client, Runner, Site, StoreKind, on_each_store, send};

on_each_store!(what_is_said_on_a_socket_is_what_the_document_says);

/// The document, and a validator for each of its schemas as it is needed.
struct Document(Value);

impl Document {
    async fn of(site: &Site) -> Self {
        let reply = send(site.ask(Method::GET, "/api/asyncapi.json")).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
        Self(reply.json())
    }

    /// A validator for payloads that are one of these messages.
    fn one_of(&self, messages: &[&str]) -> Validator {
        let schema = |name: &&str| json!({ "$ref": format!("#/components/schemas/{name}") });
        let any: Vec<Value> = messages.iter().map(schema).collect();
        let schema = json!({ "anyOf": any, "components": self.0["components"] });
        jsonschema::draft7::options().should_validate_formats(true).build(&schema).expect("a schema")
    }

    /// The messages that the server sends in a channel, by the names of their schemas.
    fn sent_in(&self, channel: &str) -> Vec<String> {
        let operations = self.0["operations"].as_object().unwrap().values();
        let address = format!("#/channels/{channel}");
        let sends = operations.filter(|it| it["action"] == "send" && it["channel"]["$ref"] == address.as_str());
        let messages = sends.flat_map(|operation| operation["messages"].as_array().unwrap());
        let schema = |message: &Value| {
            let message = self.at(message["$ref"].as_str().unwrap());
            let message = self.at(message["$ref"].as_str().unwrap());
            message["payload"]["$ref"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
        };
        messages.map(schema).collect()
    }

    /// What a reference points to.
    fn at(&self, reference: &str) -> &Value {
        let found = self.0.pointer(reference.strip_prefix('#').expect("a place in this document"));
        found.unwrap_or_else(|| panic!("{reference} is nowhere"))
    }
}

#[track_caller]
fn holds(validator: &Validator, value: &Value) {
    let faults: Vec<String> = validator.iter_errors(value).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{value}: {faults:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_is_what_asyncapi_says_that_one_is() {
    let site = Site::start(StoreKind::Embedded).await;
    let Document(mut document) = Document::of(&site).await;
    let schema: Value = serde_json::from_str(include_str!("asyncapi/asyncapi-3.0.0.schema.json")).unwrap();
    let validator = jsonschema::draft7::new(&schema).expect("a schema");
    holds(&validator, &document);
    document["operations"]["tell"]["action"] = json!("say");
    assert!(!validator.is_valid(&document));
}

/// The table of codes in the sources, and what the document says of each of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_code_stands_in_the_document() {
    let site = Site::start(StoreKind::Embedded).await;
    let document = Document::of(&site).await;
    let source = include_str!("../../src/live/disconnect.rs");
    let mut rows = 0;
    for line in source.lines().filter(|line| line.trim_end().ends_with(';')) {
        let mut words = line.split_whitespace().skip_while(|word| *word != "=").skip(1);
        let (kind, code) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let place = match kind {
            "ReplyError" => "Error/properties/code",
            "Unsubscribe" => "PushBody/properties/unsubscribe/properties/code",
            // Below 3000 they are the WebSocket's own.
            "Disconnect" if code >= "3000" => "PushBody/properties/disconnect/properties/code",
            _ => continue,
        };
        let text = line.split('"').nth(1).expect("a text");
        let codes = &document.at(&format!("#/components/schemas/{place}"))["x-codes"];
        assert_eq!(codes[code], text, "{kind} {code}");
        rows += 1;
    }
    assert!(rows > 25, "{rows}");
}

/// Every reference in `value`.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(reference) if name == "$ref" => found.push(reference),
                    member => references(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_is_whole_and_its_examples_are_true() {
    let site = Site::start(StoreKind::Embedded).await;
    let document = Document::of(&site).await;
    assert_eq!(document.0["asyncapi"], "3.0.0");
    assert_eq!(document.0["info"]["version"], env!("CARGO_PKG_VERSION"));
    let mut found = Vec::new();
    references(&document.0, &mut found);
    assert!(found.len() > 50);
    for reference in found {
        document.at(reference);
    }
    for (name, message) in document.0["components"]["messages"].as_object().unwrap() {
        let schema = message["payload"]["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        let examples = message["examples"].as_array().unwrap();
        assert!(!examples.is_empty(), "{name}");
        examples.iter().for_each(|example| holds(&document.one_of(&[schema]), &example["payload"]));
    }
    let reply = send(site.ask(Method::POST, "/api/asyncapi.json")).await;
    assert_eq!((reply.status, reply.header("allow")), (405, "GET, HEAD, OPTIONS"));
}

/// Does all that a runner and a spectator can do, and gives back everything that was said on each of their sockets.
async fn said(site: &Site, runner: &Runner) -> Vec<Value> {
    let new = NewRun { visibility: Some(Visibility::Public), planned: true, ..NewRun::default() };
    let run = site.app.new_run(&runner.identity, new).await.unwrap().id;
    let (id, run) = (RunId::parse(&run).unwrap(), format!("run:{run}"));
    let own = format!("#{}", runner.id);
    let (mut phone, mut spectator) = (Talk::of(site).await, Talk::of(site).await);
    phone.ask("connect", json!({ "token": runner.token, "name": "a test", "version": "1" })).await;
    spectator.ask("connect", json!({})).await;
    spectator.ask("subscribe", json!({ "channel": run })).await;
    site.app.transition(&runner.identity, id, Transition::Start).await.unwrap();
    let fix = |second: u32| {
        let time = format!("2026-11-21T09:00:{second:02}Z");
        json!({ "time": time, "latitude": 60.17, "longitude": 24.94, "elevation_m": 3, "heart_rate_bpm": 151 })
    };
    // Little time in all: whoever does not answer a ping is sent away.
    site.advance(std::time::Duration::from_secs(6)).await;
    phone.ask("publish", json!({ "channel": run, "data": { "fixes": [fix(1), fix(5), fix(3)] } })).await;
    site.record(runner, id, 3).await;
    site.app.transition(&runner.identity, id, Transition::Pause).await.unwrap();
    site.app.transition(&runner.identity, id, Transition::Resume).await.unwrap();
    let place = runnity::domain::geo::Place::new(60.2, 24.9).unwrap();
    site.app.set_destination(&runner.identity, id, place).await.unwrap();
    for channel in [&run, &own] {
        let notice = json!({ "channel": channel, "data": { "cheer": "Hyvä!" } });
        let request = site.ask(Method::POST, "/api/publish").header("X-API-Key", API_KEY).json(&notice);
        assert!(send(request).await.json()["error"].is_null());
    }
    let mut late = Talk::of(site).await;
    late.ask("connect", json!({})).await;
    late.ask("subscribe", json!({ "channel": run, "flag": 1 })).await;
    site.app.transition(&runner.identity, id, Transition::Finish).await.unwrap();
    for talk in [&mut spectator, &mut late] {
        talk.until(|line| line["push"]["pub"]["data"]["type"] == "finished").await;
    }
    phone.until(|line| line["push"]["pub"]["data"]["type"] == "run_finished").await;
    let identity = &runner.identity;
    let planned = runnity::app::runs::NewRun { planned: true, ..Default::default() };
    let planned = site.app.new_run(identity, planned).await.unwrap();
    site.app.delete_run(identity, runnity::domain::ids::RunId::parse(&planned.id).unwrap(), None).await.unwrap();
    phone.until(|line| line["push"]["pub"]["data"]["type"] == "run_deleted").await;
    meet_somebody(site, runner).await;
    for kind in ["friend_removed", "group_invited"] {
        phone.until(|line| line["push"]["pub"]["data"]["type"] == kind).await;
    }
    // What else can be asked, by somebody who is in the channel and by somebody who is not.
    for channel in [&run, "news"] {
        spectator.ask("subscribe", json!({ "channel": channel })).await;
        spectator.ask("publish", json!({ "channel": channel, "data": { "a": 1 } })).await;
        for command in ["presence", "presence_stats", "history", "sub_refresh", "unsubscribe"] {
            spectator.ask(command, json!({ "channel": channel, "token": "no", "limit": 3 })).await;
        }
    }
    spectator.ask("rpc", json!({ "method": "nothing" })).await;
    phone.ask("refresh", json!({ "token": runner.token })).await;
    let (_, session) = site.app.open_session(&runner.token).await.unwrap();
    let session = site.holder_of(session.reveal()).await;
    site.app.log_out(&session.identity).await.unwrap();
    phone.until(|line| line["push"]["pub"]["data"]["type"] == "revoked").await;
    [phone.said, spectator.said, late.said].concat()
}

/// Somebody asks the runner to be a friend, is one, is none any more, and invites the runner to a group.
async fn meet_somebody(site: &Site, runner: &Runner) {
    let somebody = site.runner("Somebody").await;
    let [one, other] = [&somebody, runner].map(|runner| runnity::domain::ids::UserId::parse(&runner.id).unwrap());
    for (identity, whom, word) in [
        (&somebody.identity, &other, Word::Ask),
        (&runner.identity, &one, Word::Accept),
        (&somebody.identity, &other, Word::End),
    ] {
        site.app.say_of_friend(identity, whom, word, None).await.unwrap();
    }
    let reply = site.post(&somebody, "/api/groups", json!({ "name": "Runners" })).await;
    let members = format!("{}/members", reply.header("location"));
    assert_eq!(site.post(&somebody, &members, json!({ "user": runner.id })).await.status, 201);
}

/// A client that remembers everything that it was told.
struct Talk {
    client: Client,
    next_id: u32,
    said: Vec<Value>,
}

impl Talk {
    async fn of(site: &Site) -> Self {
        Self { client: site.socket().await, next_id: 1, said: Vec::new() }
    }

    async fn ask(&mut self, command: &str, body: Value) {
        let id = self.next_id;
        self.next_id += 1;
        self.client.send(json!({ "id": id, command: body }).to_string()).await;
        self.until(|line| line["id"] == id).await;
    }

    async fn until(&mut self, is_it: impl Fn(&Value) -> bool) {
        while !self.said.iter().any(&is_it) {
            let line = self.client.next().await;
            if line == json!({}) {
                self.client.send("{}").await;
            }
            self.said.push(line);
        }
    }
}

async fn everything(site: &Site, runner: &Runner) -> Vec<Value> {
    let said = said(site, runner).await;
    [
        said,
        events::said(site, runner).await,
        achievements::said(site, runner).await,
        challenges::said(site, runner).await,
        habits::said(site, runner).await,
    ]
    .concat()
}

async fn what_is_said_on_a_socket_is_what_the_document_says(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let document = Document::of(&site).await;
    let sent: BTreeMap<_, _> =
        ["run", "event", "user", "leaderboard"].map(|channel| (channel, document.sent_in(channel))).into();
    let names = |names: &[String]| document.one_of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let validators: BTreeMap<_, _> = sent.iter().map(|(channel, sent)| (*channel, names(sent))).collect();
    let frames = document.one_of(&["Reply", "Push", "Ping"]);
    let mut kinds = BTreeSet::new();
    for line in everything(&site, &runner).await {
        holds(&frames, &line);
        let (pushed, told) = (&line["push"]["pub"]["data"], &line["subscribe"]["data"]);
        for data in [pushed, told] {
            let Some(kind) = data["type"].as_str() else { continue };
            let channel = match line["push"]["channel"].as_str() {
                Some(own) if own.starts_with('#') => "user",
                Some(channel) => channel.split(':').next().unwrap(),
                None if data["event"].is_object() => "event",
                None if data["board"].is_string() => "leaderboard",
                None => "run",
            };
            kinds.insert((channel.to_owned(), kind.to_owned()));
            holds(&validators[channel], data);
        }
    }
    // Everything that the document knows of was said.
    let kind =
        |name: &String| document.at(&format!("#/components/schemas/{name}"))["properties"]["type"]["const"].clone();
    let mut missing = Vec::new();
    for (channel, names) in &sent {
        for kind in names.iter().map(kind) {
            let kind = (channel.to_string(), kind.as_str().unwrap().to_owned());
            missing.extend((!kinds.contains(&kind)).then_some(kind));
        }
    }
    assert_eq!(missing, [], "{kinds:?}");
}
