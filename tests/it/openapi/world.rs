//! What there is in the server while the document is walked through: those who stand in its examples, and what is theirs.
//!
//! Each request has a world of its own, so that none depends on what another has done. What a call needs before it can be carried
//! out stands in [`Flavour::of`].

use std::time::Duration;

use reqwest::Method;
use runnity::app::users::NewUser;
use runnity::domain::user::{Level, Visibility};
use serde_json::{Value, json};

use super::document::{Document, text};
use crate::support::{API_KEY, Runner, Site, StoreKind, send};

/// What is different from the usual: Aino, who has a live run that all may see, and Veikko, who may not change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    Usual,
    /// Aino is not there yet.
    BeforeAino,
    /// With the password of the examples, which takes time to make.
    Password,
    /// Aino is an admin, and has written a catalogue.
    Admin,
    /// Paths that name a user name Aino, who has a message; there are rules.
    Own,
    /// Nobody is running.
    Resting,
    Planned,
    Paused,
    Finished,
    /// The event is under way.
    Current,
    Cancelled,
    /// It is Veikko's, and Aino is invited: paths that name a user name Aino.
    Invited,
    NoEvents,
    /// Aino has a board with a task and a tag of the examples, and gold.
    Board,
    /// The same, and no health.
    Dead,
}

pub struct World {
    pub site: Site,
    pub aino: Runner,
    pub veikko: Runner,
    /// The secret of a link to Aino's run.
    pub link_secret: Option<String>,
    /// What stands in the document, and what stands for it here.
    real: Vec<(String, String)>,
}

impl Flavour {
    /// In which world the call can be carried out.
    pub fn of(call: &str) -> Self {
        match call {
            "signUp" => Self::BeforeAino,
            "logIn" | "changeMe" | "deleteAccount" | "ionLogIn" | "ionChangePassword" => Self::Password,
            "changeUser" | "ionAddUser" | "judgeRun" => Self::Admin,
            _ if call.starts_with("ion") => Self::Own,
            _ if ["Variable", "Reward", "Achievement", "Catalogue", "Progress", "Recommendation"]
                .iter()
                .any(|it| call.contains(it)) =>
            {
                Self::Admin
            }
            "reviveHero" => Self::Dead,
            _ if call.contains("Task") || call.contains("Hero") => Self::Board,
            "createRun" | "runnityNewRun" => Self::Resting,
            "startRun" => Self::Planned,
            "resumeRun" => Self::Paused,
            "endEvent" => Self::Current,
            "answerInvitation" | "acceptChallenge" | "rejectChallenge" | "leaveChallenge" => Self::Invited,
            _ => Self::Usual,
        }
    }

    /// In which world the call is answered so, where that is another one than that of its success.
    pub fn of_status(call: &str, status: u16) -> Option<Self> {
        Some(match (call, status) {
            ("reviveHero", 409) => Self::Board,
            ("buyForHero", 409) => Self::Dead,
            ("createRun", 409) => Self::Usual,
            ("recordFixes" | "pauseRun" | "resumeRun" | "startRun", 409) => Self::Finished,
            ("runnityUpdateRun", 404) => Self::Resting,
            ("runnityListEvents", 404) => Self::NoEvents,
            ("changeEvent" | "replaceEvent" | "startEvent" | "invite", 409) => Self::Cancelled,
            ("endEvent", 409) => Self::Usual,
            _ => return None,
        })
    }
}

impl World {
    pub async fn new(flavour: Flavour, document: &Document) -> Self {
        let site = Site::start(StoreKind::Embedded).await;
        site.advance(Duration::from_secs(29 * 60 + 50)).await;
        let name = if flavour == Flavour::BeforeAino { "Somebody" } else { "Aino K." };
        let made = match flavour {
            Flavour::Password => {
                let (name, password) = (name.to_owned(), "correct horse battery".to_owned());
                site.app.sign_up(NewUser { name, password, visibility: Some(Visibility::Public) }).await
            }
            Flavour::Admin => site.app.make_user(name.to_owned(), Level::Admin, None, Visibility::Public).await,
            _ => site.app.make_user(name.to_owned(), Level::User, None, Visibility::Public).await,
        };
        let aino = site.holder_of(made.expect("a user").1.reveal()).await;
        let veikko = site.runner("Veikko").await;
        let mut real = vec![
            (text(&document.at("#/components/schemas/UserId")["example"]), aino.id.clone()),
            (document.example_token(), aino.token.clone()),
            (document.example_of("user"), veikko.id.clone()),
        ];
        // A token begins with the id of whose it is.
        real.sort_by_key(|(example, _)| std::cmp::Reverse(example.len()));
        let mut world = Self { site, aino, veikko, link_secret: None, real };
        world.add_run(flavour, document).await;
        let group = world.made("/api/groups", json!({ "name": "Turku runners" })).await;
        world.stands_for(document, "group", &group["id"]);
        let token = world.made("/api/tokens", json!({ "label": "a key" })).await;
        world.stands_for(document, "token", &token["id"]);
        if flavour == Flavour::Admin {
            world.add_catalogue(document).await;
        }
        if flavour == Flavour::Own {
            world.add_message(document).await;
        }
        if flavour != Flavour::NoEvents {
            world.add_event(flavour, document).await;
        }
        world.add_challenge(flavour, document).await;
        if matches!(flavour, Flavour::Board | Flavour::Dead) {
            world.add_board(flavour, document).await;
        }
        // Later than all times of the examples, and not so much later that the run would have been left behind.
        world.site.advance(Duration::from_secs(60)).await;
        world
    }

    async fn add_run(&mut self, flavour: Flavour, document: &Document) {
        if flavour == Flavour::Resting {
            return;
        }
        let new = if flavour == Flavour::Planned { json!({ "state": "planned" }) } else { json!({}) };
        let run = self.made("/api/runs", new).await;
        let path = format!("/api/runs/{}", run["id"].as_str().expect("an id"));
        for (when, word) in [(Flavour::Paused, "pause"), (Flavour::Finished, "finish")] {
            if flavour == when {
                send(self.site.ask(Method::POST, &format!("{path}/{word}")).bearer_auth(&self.aino.token)).await.data();
            }
        }
        self.stands_for(document, "run", &run["id"]);
        if flavour != Flavour::Finished {
            let link = self.made("/api/share-links", json!({ "run": run["id"] })).await;
            self.stands_for(document, "link", &link["id"]);
            self.link_secret = link["secret"].as_str().map(str::to_owned);
        }
    }

    /// None of it in use.
    async fn add_catalogue(&mut self, document: &Document) {
        self.made("/api/variables", json!({ "name": document.example_of("variable"), "leaderboard": true })).await;
        let reward = self.made("/api/rewards", json!({ "name": "badge" })).await;
        self.stands_for(document, "reward", &reward["id"]);
        let goal = json!({ "condition": { "term": { "type": "literal", "variable": "runs" } }, "goal": "10*level" });
        let achievement =
            self.made("/api/achievements", json!({ "name": "ten_runs", "relevance": "global", "goals": [goal] })).await;
        self.stands_for(document, "achievement", &achievement["id"]);
    }

    /// A rule with a message on the way, and half of it is done.
    async fn add_message(&mut self, document: &Document) {
        self.real.insert(0, (document.example_of("user"), self.aino.id.clone()));
        let secret = self.site.app.ensure_admin(None).await.expect("an admin").expect("the first start's token");
        let admin = self.site.holder_of(secret.reveal()).await;
        let variable = document.example_of("variable");
        let new = json!({ "name": variable, "increase_permission": "own" });
        assert_eq!(self.site.post(&admin, "/api/variables", new).await.status, 201);
        let goal = json!({
            "condition": { "term": { "type": "literal", "variable": variable } }, "goal": "100",
            "triggers": [{ "steps": [{ "condition_percentage": 50, "text": { "en": "Half of it!" } }] }],
        });
        let made = self.site.post(&admin, "/api/achievements", json!({ "name": "a_hundred", "goals": [goal] })).await;
        self.stands_for(document, "achievement", &made.data()["id"]);
        let path = format!("/increase_value/{variable}/{}", self.aino.id);
        let half = self.site.post(&self.aino, &path, json!({ "value": 50 })).await;
        assert_eq!(half.status, 200, "{half:?}");
    }

    /// What was made has this id, where the document has the example of that parameter.
    fn stands_for(&mut self, document: &Document, parameter: &str, id: &Value) {
        self.real.push((document.example_of(parameter), text(id)));
    }

    /// A public event that begins when all examples are over; Veikko comes to Aino's.
    async fn add_event(&mut self, flavour: Flavour, document: &Document) {
        let mut new =
            json!({"name": "Töölö bay in the evening", "date": "2026-11-21", "time": "21:00", "private": false});
        new["start"] = json!({"latitude": 60.17, "longitude": 24.94});
        new["destination"] = json!({"latitude": 60.1841, "longitude": 24.9494});
        let (whose, other) = match flavour {
            Flavour::Invited => {
                new["invite"] = json!([self.aino.id]);
                self.real.insert(0, (document.example_of("user"), self.aino.id.clone()));
                (&self.veikko, None)
            }
            _ => (&self.aino, Some(&self.veikko)),
        };
        let reply = self.site.post(whose, "/api/events", new).await;
        let path = reply.header("location").to_owned();
        if let Some(other) = other {
            self.site.post(other, &format!("{path}/participants"), json!({})).await.data();
        }
        match flavour {
            Flavour::Current => drop(self.site.post(whose, &format!("{path}/start"), json!({})).await.data()),
            Flavour::Cancelled => {
                let cancelled = send(self.site.ask(Method::DELETE, &path).bearer_auth(&whose.token)).await;
                assert_eq!(cancelled.status, 204);
            }
            _ => {}
        }
        self.real.push((document.example_of("event"), reply.data()["id"].to_string()));
    }

    /// Between the two of them, for a week. Aino has made it, or is invited.
    async fn add_challenge(&mut self, flavour: Flavour, document: &Document) {
        let (whose, other) = match flavour {
            Flavour::Invited => (&self.veikko, &self.aino),
            _ => (&self.aino, &self.veikko),
        };
        let new = json!({
            "title": "Fifty kilometres", "variable": "distance_m", "target": 50_000, "users": [other.id],
            "expires_at": "2026-11-28T18:00:00Z",
        });
        let made = self.site.post(whose, "/api/challenges", new).await;
        assert_eq!(made.status, 201, "{made:?}");
        self.stands_for(document, "challenge", &made.data()["id"]);
    }

    /// Ids on a board are an app's own: they are those of the examples.
    async fn add_board(&self, flavour: Flavour, document: &Document) {
        let [task, tag, item] = ["task", "taskTag", "taskItem"].map(|name| document.example_of(name));
        self.made("/api/tasks/tags", json!({ "id": tag, "name": "outdoors" })).await;
        let checklist = json!([{ "id": item, "text": "Warm up" }]);
        let new = json!({ "id": task, "type": "daily", "text": "Run five kilometres", "checklist": checklist });
        self.made("/api/tasks", new).await;
        let hp = if flavour == Flavour::Dead { 0 } else { 50 };
        let change = self.site.ask(Method::PATCH, "/api/tasks/hero").bearer_auth(&self.aino.token);
        send(change.json(&json!({ "stats": { "gp": 100, "hp": hp } }))).await.data();
    }

    /// What Aino makes by a POST.
    async fn made(&self, path: &str, body: Value) -> Value {
        let reply = self.site.post(&self.aino, path, body).await;
        assert_eq!(reply.status, 201, "{path}: {}", String::from_utf8_lossy(&reply.body));
        reply.data()
    }

    /// Text of the document with what is real here in it.
    pub fn fill(&self, text: &str) -> String {
        self.real.iter().fold(text.to_owned(), |text, (example, real)| text.replace(example, real))
    }

    /// Headers that say who asks, for a call that wants to know.
    pub fn credentials(&self, call: &str, security: &Value) -> Vec<(&'static str, String)> {
        if call == "currentShareLink" {
            return vec![("authorization", format!("Bearer {}", self.link_secret.as_deref().unwrap_or_default()))];
        }
        let kinds = security.as_array().into_iter().flatten().filter_map(Value::as_object);
        let kinds: Vec<&str> = kinds.flat_map(|kind| kind.keys().map(String::as_str)).collect();
        if kinds.contains(&"apiKey") {
            vec![("x-api-key", API_KEY.to_owned())]
        } else if kinds.contains(&"habitKey") {
            vec![("x-api-user", self.aino.id.clone()), ("x-api-key", self.aino.token.clone())]
        } else if kinds.contains(&"bearer") {
            vec![("authorization", format!("Bearer {}", self.aino.token))]
        } else {
            Vec::new()
        }
    }
}
