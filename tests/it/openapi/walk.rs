//! Sends what the document says to a running server, and holds the answers against it: their status, headers and members.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::document::{Document, examples, text};
use super::world::{Flavour, World};
use crate::support::{Reply, Site, StoreKind, send};

/// Statuses that no single request can bring about: they are held where their causes are made.
const BY_CAUSES: [&str; 4] = ["408", "429", "500", "503"];

/// Answers that another test brings about: the call (or the tag), the status, and where.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("Live server API", "404", "live_api.rs"),
    ("Live server API", "409", "live_api.rs"),
    ("Live server API", "416", "live_api.rs"),
    ("deleteAccount", "409", "deletion.rs"),
    ("logIn", "403", "keys.rs"),
    ("revokeToken", "409", "keys.rs"),
    ("createShareLink", "404", "links.rs"),
    ("changeRun", "409", "rest/runs.rs"),
    ("replaceRun", "409", "rest/runs.rs"),
    ("leaveGroup", "409", "groups.rs"),
    ("cancelEvent", "409", "rest/events.rs"),
    ("leaveEvent", "409", "rest/events.rs"),
    ("answerInvitation", "409", "rest/events.rs"),
    ("replaceVariable", "409", "achievements/authoring.rs"),
    ("changeVariable", "409", "achievements/authoring.rs"),
    ("deleteVariable", "409", "achievements/authoring.rs"),
    ("deleteReward", "409", "achievements/authoring.rs"),
    ("tryAchievement", "404", "achievements/dry_run.rs"),
    ("deleteAchievement", "409", "achievements/authoring.rs"),
    ("cancelChallenge", "409", "challenges.rs"),
    ("changeTask", "409", "tasks/bad_input.rs"),
    ("replaceTask", "409", "tasks/bad_input.rs"),
    ("changeTaskItem", "409", "tasks/bad_input.rs"),
    ("replaceTaskItem", "409", "tasks/bad_input.rs"),
    ("runnityNewRun", "409", "runnity.rs"),
    ("runnityUpdateRun", "409", "runnity.rs"),
    ("ionAddUser", "409", "ion/friends.rs"),
    ("ionAddOrUpdateUser", "409", "ion/friends.rs"),
    ("ionDeleteUser", "409", "ion/accounts.rs"),
    ("ionProgress", "400", "ion/codes.rs"),
    ("ionProgress", "403", "ion/values.rs"),
    ("ionIncreaseMultiValues", "404", "ion/values.rs"),
    ("ionAchievementLevel", "400", "ion/values.rs"),
];

/// Headers that say something about one answer: they come where the document says so, and nowhere else.
const TELLING: [&str; 5] = ["etag", "location", "retry-after", "set-cookie", "www-authenticate"];

/// A call of the document, and what was answered to it so far.
struct Walk<'a> {
    document: &'a Document,
    path: &'a str,
    method: Method,
    call: &'a Value,
    seen: BTreeSet<String>,
}

/// A request before it is sent.
#[derive(Clone, Default)]
struct Ask {
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Option<(&'static str, String)>,
    /// Instead of the example in the path.
    path: Option<String>,
    /// Asks as nobody.
    is_anonymous: bool,
}

/// The calls of the document are walked in so many parts, side by side.
const PARTS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_is_answered_as_the_document_says_1() {
    walk(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_is_answered_as_the_document_says_2() {
    walk(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_is_answered_as_the_document_says_3() {
    walk(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_is_answered_as_the_document_says_4() {
    walk(3).await;
}

async fn walk(part: usize) {
    let site = Site::start(StoreKind::Embedded).await;
    let document = Document::of(&site).await;
    let mut faults = Vec::new();
    for (path, method, call) in document.calls().skip(part).step_by(PARTS) {
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let mut walk = Walk { document: &document, path, method, call, seen: BTreeSet::new() };
        walk.examples(&mut faults).await;
        walk.faults(&mut faults).await;
        walk.unseen(&mut faults);
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

impl Walk<'_> {
    fn id(&self) -> &str {
        self.call["operationId"].as_str().expect("an operationId")
    }

    fn is_rest(&self) -> bool {
        !self.parameter_names("header").contains(&"X-Centrifugo-Error-Mode".to_owned())
            && self.path.starts_with("/api/")
            && self.call["tags"][0] != "Service"
            && self.call["tags"][0] != "HabitRPG"
    }

    fn security(&self) -> &Value {
        self.call.get("security").unwrap_or(&self.document.0["security"])
    }

    fn is_private(&self) -> bool {
        let kinds = self.security().as_array().expect("kinds of credentials");
        !kinds.is_empty() && !kinds.contains(&json!({}))
    }

    /// What is sent again with the same idempotency key is done once.
    fn takes_keys(&self) -> bool {
        self.parameter_names("header").contains(&"Idempotency-Key".to_owned())
    }

    fn documents(&self, status: &str) -> bool {
        self.call["responses"].get(status).is_some()
    }

    fn success(&self) -> u16 {
        let statuses = self.call["responses"].as_object().expect("responses").keys();
        let status = statuses.filter_map(|it| it.parse().ok()).find(|status| (200..300).contains(status));
        status.unwrap_or_else(|| panic!("{} never succeeds", self.id()))
    }

    fn parameter_names(&self, place: &str) -> Vec<String> {
        let all = self.document.parameters(self.path, self.call);
        all.iter().filter(|it| it["in"] == place).map(|it| text(&it["name"])).collect()
    }

    /// The request of the examples, with what is required alone; a body without an example of success has none.
    fn usual(&self) -> Ask {
        let parameters = self.document.parameters(self.path, self.call);
        let required = parameters.iter().filter(|it| it["required"] == true && it["in"] == "query");
        let query = required.map(|it| (text(&it["name"]), text(&it["example"]))).collect();
        let bodies = self.bodies();
        let body = bodies.iter().find(|it| it["x-status"].is_null());
        Ask { query, body: body.map(|it| ("application/json", it["value"].to_string())), ..Ask::default() }
    }

    fn bodies(&self) -> Vec<Value> {
        examples(&self.call["requestBody"]["content"]["application/json"])
    }

    async fn send(&self, world: &World, ask: &Ask) -> Reply {
        let path = ask.path.clone().unwrap_or_else(|| self.document.example_path(self.path));
        let pairs = ask.query.iter().map(|(name, value)| format!("{name}={}", percent_encode(&world.fill(value))));
        let query = pairs.collect::<Vec<_>>().join("&");
        let path = world.fill(&path);
        let url = if query.is_empty() { path } else { format!("{path}?{query}") };
        let mut request = world.site.ask(self.method.clone(), &url);
        let is_known = ask.headers.iter().any(|(name, _)| ["authorization", "cookie"].contains(&name.as_str()));
        if !ask.is_anonymous && !is_known {
            let credentials = world.credentials(self.id(), self.security());
            request = credentials.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        }
        for (name, value) in &ask.headers {
            request = request.header(name, world.fill(value));
        }
        if let Some((content_type, body)) = &ask.body {
            request = request.header("content-type", *content_type).body(world.fill(body));
        }
        send(request).await
    }

    /// Sends and judges. `expected`: any status of these.
    async fn try_it(
        &mut self,
        world: &World,
        ask: &Ask,
        expected: &[u16],
        what: &str,
        faults: &mut Vec<String>,
    ) -> Reply {
        let reply = self.send(world, ask).await;
        let what = format!("{} {} ({}), {what}", self.method, self.path, self.id());
        let said = String::from_utf8_lossy(&reply.body).chars().take(300).collect::<String>();
        if !expected.contains(&reply.status) {
            faults.push(format!("{what}: {} instead of {expected:?}: {said}", reply.status));
        }
        let status = reply.status.to_string();
        match self.call["responses"].get(&status) {
            None => faults.push(format!("{what}: {status} is not documented: {said}")),
            Some(answer) => self.judge(self.document.whole(answer), &reply, &what, faults),
        }
        self.seen.insert(status);
        reply
    }

    fn judge(&self, answer: &Value, reply: &Reply, what: &str, faults: &mut Vec<String>) {
        let status = reply.status;
        let none = serde_json::Map::new();
        let headers = answer["headers"].as_object().unwrap_or(&none);
        for (name, header) in headers {
            let header = self.document.whole(header);
            let Some(value) = reply.headers.get(name) else {
                if header["required"] == true {
                    faults.push(format!("{what}: {status} has no {name}"));
                }
                continue;
            };
            let value = Value::String(value.to_str().unwrap_or_default().to_owned());
            if let Err(fault) = self.document.fits(&header["schema"], &value) {
                faults.push(format!("{what}: {status}, {name}: {fault}"));
            }
        }
        let names: BTreeSet<String> = headers.keys().map(|name| name.to_lowercase()).collect();
        for name in TELLING.iter().filter(|name| reply.has(name) && !names.contains(**name)) {
            faults.push(format!("{what}: {status} has {name}, of which the document says nothing"));
        }
        let Some(content) = answer["content"].as_object() else {
            if !reply.body.is_empty() {
                faults.push(format!("{what}: {status} has a body"));
            }
            return;
        };
        let media = reply.headers.get("content-type").and_then(|it| it.to_str().ok()).unwrap_or_default();
        let essence = media.split(';').next().unwrap_or_default();
        let Some(content) = content.get(essence) else {
            faults.push(format!("{what}: {status} is {media:?}"));
            return;
        };
        if essence == "application/json"
            && let Err(fault) = self.document.fits(&content["schema"], &reply.json())
        {
            faults.push(format!("{what}: {status}: {fault}"));
        }
    }

    /// What is to be accepted, and bodies that the document says are not.
    async fn examples(&mut self, faults: &mut Vec<String>) {
        let flavour = Flavour::of(self.id());
        let (usual, success) = (self.usual(), self.success());
        if usual.body.is_some() || self.bodies().is_empty() {
            let world = World::new(flavour, self.document).await;
            let reply = if self.takes_keys() {
                self.with_keys(&world, &usual, faults).await
            } else {
                self.try_it(&world, &usual, &[success], "as it is shown", faults).await
            };
            if let Some(tag) = reply.headers.get("etag").filter(|_| self.documents("304")) {
                let mut ask = usual.clone();
                ask.headers.push(("if-none-match".to_owned(), tag.to_str().expect("text").to_owned()));
                self.try_it(&world, &ask, &[304], "when it is known", faults).await;
            }
        }
        for body in self.bodies() {
            let world = World::new(flavour, self.document).await;
            let ask = Ask { body: Some(("application/json", body["value"].to_string())), ..usual.clone() };
            let status = body["x-status"].as_u64().map_or(success, |status| u16::try_from(status).expect("a status"));
            self.try_it(&world, &ask, &[status], &format!("with {}", body["summary"]), faults).await;
        }
        let parameters = self.document.parameters(self.path, self.call);
        for parameter in parameters.iter().filter(|it| it["in"] == "query" && it["required"] != true) {
            let name = text(&parameter["name"]);
            let shown = examples(parameter);
            if shown.is_empty() && name != "id" {
                faults.push(format!("{}: {name} has no example", self.id()));
            }
            for example in shown {
                let world = World::new(flavour, self.document).await;
                let mut ask = usual.clone();
                let values = example["value"].as_array().cloned().unwrap_or_else(|| vec![example["value"].clone()]);
                ask.query.extend(values.iter().map(|value| (name.clone(), text(value))));
                ask.query.extend(self.together_with(parameter));
                self.try_it(&world, &ask, &[success], &format!("with {:?}", ask.query), faults).await;
            }
        }
    }

    /// What a parameter says nothing without: `x-with` names the others.
    fn together_with(&self, parameter: &Value) -> Vec<(String, String)> {
        let all = self.document.parameters(self.path, self.call);
        let names = parameter["x-with"].as_array().into_iter().flatten();
        let other = |name: &Value| all.iter().find(|it| it["name"] == *name && it["in"] == "query");
        names.filter_map(other).map(|it| (text(&it["name"]), text(&it["example"]))).collect()
    }

    /// What is to be refused, each fault alone.
    async fn faults(&mut self, faults: &mut Vec<String>) {
        let usual = self.usual();
        let world = World::new(Flavour::of(self.id()), self.document).await;
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        if self.is_private() {
            let ask = Ask { is_anonymous: true, ..usual.clone() };
            self.try_it(&world, &ask, &[401], "without credentials", faults).await;
        }
        if !self.security().as_array().expect("kinds").is_empty() {
            let ask = Ask { headers: vec![header("authorization", "Bearer nobody.nothing")], ..usual.clone() };
            // A name and a password are enough, whatever else is shown.
            let expected: &[u16] = if self.id() == "logIn" { &[201] } else { &[401] };
            self.try_it(&world, &ask, expected, "with credentials of nobody", faults).await;
        }
        // A log-out is a GET that does something.
        let is_write = self.method != Method::GET || self.path == "/logout";
        if is_write && self.documents("403") && self.security().to_string().contains("cookie") && self.id() != "logIn" {
            let cookie = format!("runnity_session={}", world.aino.token);
            let headers = vec![header("cookie", &cookie), header("origin", "https://elsewhere.example")];
            let ask = Ask { headers, ..usual.clone() };
            self.try_it(&world, &ask, &[403], "by cookie from a page of another site", faults).await;
        }
        if self.documents("403") || self.id() == "currentShareLink" {
            let ask = Ask {
                headers: vec![header("authorization", &format!("Bearer {}", world.veikko.token))],
                ..usual.clone()
            };
            let expected: Vec<u16> = if self.is_rest() { (200..500).collect() } else { vec![403, 200, 202, 204, 404] };
            self.try_it(&world, &ask, &expected, "as Veikko", faults).await;
        }
        if let Some(secret) = world.link_secret.as_ref().filter(|_| self.is_rest() && self.is_private()) {
            let ask = Ask { headers: vec![header("authorization", &format!("Bearer {secret}"))], ..usual.clone() };
            let all: Vec<u16> = (200..500).collect();
            self.try_it(&world, &ask, &all, "by a share link", faults).await;
        }
        if self.is_rest() {
            let mut ask = usual.clone();
            ask.query.push(("nonsense".to_owned(), "1".to_owned()));
            self.try_it(&world, &ask, &[400], "with a parameter that is none", faults).await;
        }
        for name in self.parameter_names("query") {
            let at = usual.query.iter().position(|(it, _)| *it == name);
            let Some(at) = at else { continue };
            let mut ask = usual.clone();
            ask.query.remove(at);
            self.try_it(&world, &ask, &[400], &format!("without {name}"), faults).await;
        }
        self.bodies_refused(&world, &usual, faults).await;
        for name in self.parameter_names("path") {
            let path = self.path.replace(&format!("{{{name}}}"), &self.document.unknown(&name));
            let path = self.document.fill_path(&path, self.path);
            let ask = Ask { path: Some(path), ..usual.clone() };
            // A key is whatever somebody calls so; above the highest level there is nothing.
            let expected: &[u16] = if ["key", "level"].contains(&name.as_str()) { &[200] } else { &[404, 401] };
            self.try_it(&world, &ask, expected, &format!("with another {name}"), faults).await;
        }
        if self.documents("412") {
            let ask = Ask { headers: vec![header("if-match", "\"9007199254740991\"")], ..usual.clone() };
            self.try_it(&world, &ask, &[412], "when it was changed meanwhile", faults).await;
        }
        let statuses: Vec<String> = self.call["responses"].as_object().expect("responses").keys().cloned().collect();
        for status in statuses.iter().filter_map(|it| it.parse().ok()) {
            let Some(flavour) = Flavour::of_status(self.id(), status) else { continue };
            let world = World::new(flavour, self.document).await;
            self.try_it(&world, &usual, &[status], &format!("in the world of {status}"), faults).await;
        }
    }

    /// What is sent with an idempotency key, is sent again with it, and comes with another's → what was answered first.
    async fn with_keys(&mut self, world: &World, usual: &Ask, faults: &mut Vec<String>) -> Reply {
        let header = |name: &str, value: String| (name.to_owned(), value);
        let key = header("idempotency-key", "0192f3a1-7c4e-7b21".to_owned());
        let headers = vec![key, header("authorization", format!("Bearer {}", world.aino.token))];
        let ask = Ask { headers, ..usual.clone() };
        let success = [self.success()];
        let first = self.try_it(world, &ask, &success, "with a key", faults).await;
        let again = self.try_it(world, &ask, &success, "with its key again", faults).await;
        if first.status == again.status && first.data() != again.data() {
            faults.push(format!("{}: what is sent again with its key is answered differently", self.id()));
        }
        let others = self.bodies().into_iter().filter(|it| it["x-status"].is_null()).nth(1);
        let body = others.map_or("{ }".to_owned(), |it| it["value"].to_string());
        let ask = Ask { body: Some(("application/json", body)), ..ask };
        self.try_it(world, &ask, &[422], "with another's key", faults).await;
        first
    }

    async fn bodies_refused(&mut self, world: &World, usual: &Ask, faults: &mut Vec<String>) {
        let with = |content_type, body: &str| Ask { body: Some((content_type, body.to_owned())), ..usual.clone() };
        if self.documents("415") {
            self.try_it(world, &with("text/plain", "{}"), &[415], "with a text", faults).await;
        }
        if self.documents("413") {
            let large = format!("{{\"x\": \"{}\"}}", "x".repeat(2 * 1024 * 1024));
            self.try_it(world, &with("application/json", &large), &[413], "with a large body", faults).await;
        }
        if self.is_rest() && !self.bodies().is_empty() {
            for (body, what) in
                [("{\"nonsense\": 1}", "a member that is none"), ("[]", "a list"), ("{\"", "half a body")]
            {
                self.try_it(world, &with("application/json", body), &[400], &format!("with {what}"), faults).await;
            }
        }
        if self.call["tags"][0] == "Live server API" && self.documents("400") {
            let mut ask = with("application/json", "[");
            ask.headers.push(("x-centrifugo-error-mode".to_owned(), "transport".to_owned()));
            self.try_it(world, &ask, &[400], "with half a body", faults).await;
        }
        let is_bodily = self.call["tags"][0] == "Ion" && self.documents("415");
        if (self.call["tags"][0] == "Runnity" || is_bodily) && self.documents("400") {
            self.try_it(world, &with("application/json", "[]"), &[400], "with a list", faults).await;
        }
    }

    /// What the document promises and nobody has seen.
    fn unseen(&self, faults: &mut Vec<String>) {
        for status in self.call["responses"].as_object().expect("responses").keys() {
            let tag = self.call["tags"][0].as_str().unwrap_or_default();
            let is_elsewhere =
                ELSEWHERE.iter().any(|(whose, which, _)| which == status && (*whose == self.id() || *whose == tag));
            // That it is being carried out already: rest/runs.rs.
            let is_under_way = status == "409" && self.takes_keys();
            if !self.seen.contains(status) && !BY_CAUSES.contains(&status.as_str()) && !is_elsewhere && !is_under_way {
                faults.push(format!("{} {} ({}): nothing is answered {status}", self.method, self.path, self.id()));
            }
        }
    }
}

fn percent_encode(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string()
}
