//! A device that keeps a board of its own: read once, and from then on brought up to date by what the user's channel says.
//! It knows nothing but the documents.

use chrono::DateTime;
use runnity::app::documents::HabitBoardDocument;
use runnity::domain::habit::Board;
use serde_json::{Value, json};

/// As [`HabitBoardDocument`] writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture(pub Value);

/// What a device makes of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It was the next.
    Applied,
    /// It is in the picture already.
    Known,
    /// The board is to be read anew.
    Anew,
}

impl Picture {
    /// A full reading.
    pub fn of(board: &Board) -> Self {
        // By way of its text, as a device has it.
        let text = serde_json::to_string(&HabitBoardDocument::of(board)).expect("a document");
        Self(serde_json::from_str(&text).expect("JSON"))
    }

    pub fn v(&self) -> u64 {
        self.0["v"].as_u64().expect("a version")
    }

    pub fn hear(&mut self, change: &Value) -> Heard {
        let v = change["v"].as_u64().expect("a version");
        if v <= self.v() {
            return Heard::Known;
        }
        if v > self.v() + 1 || change["reload"] == true {
            return Heard::Anew;
        }
        for effect in change["changes"].as_array().expect("changes") {
            self.apply(effect);
        }
        self.0["v"] = json!(v);
        Heard::Applied
    }

    fn apply(&mut self, effect: &Value) {
        let name = effect["change"].as_str().expect("a name");
        match name {
            "task_added" => {
                let list = self.list(&effect["task"]["type"]);
                list.insert(index(&effect["index"]), effect["task"].clone());
            }
            "task_changed" => self.put(&effect["id"], &effect["now"]),
            "task_removed" => self.list(&effect["type"]).retain(|task| task["id"] != effect["id"]),
            "task_sorted" => {
                let list = self.list(&effect["type"]);
                let task = list.remove(index(&effect["from"]));
                assert_eq!(task["id"], effect["id"]);
                list.insert(index(&effect["to"]), task);
            }
            "stats" => self.0["stats"] = effect["now"].clone(),
            "unlocked" => self.0["user"]["flags"][text(&effect["flag"])] = json!(true),
            "dropped" => {
                let items = &mut self.0["user"]["items"];
                let sort = if effect["kind"] == "egg" { "eggs" } else { "hatchingPotions" };
                items[sort][text(&effect["name"])] = effect["now"].clone();
                items["lastDrop"] = json!({ "date": millis(&effect["at"]), "count": effect["today"] });
            }
            "bought" => self.0["user"]["items"][text(&effect["slot"])] = effect["piece"].clone(),
            "revived" if effect["lost"].is_null() => {}
            "revived" => self.0["user"]["items"][text(&effect["lost"])] = json!(0),
            "user_set" => self.set(text(&effect["path"]), &effect["value"]),
            "tags_changed" => self.0["tags"] = effect["tags"].clone(),
            "day_turned" => {
                self.0["user"]["lastCron"] = json!(millis(&effect["at"]));
                for task in effect["tasks"].as_array().expect("tasks") {
                    self.put(&task["id"], task);
                }
            }
            // Only to be shown: what they come to is told besides.
            "levelled" | "died" => {}
            other => panic!("{other} is unheard of"),
        }
    }

    /// What is `null` is taken away.
    fn put(&mut self, id: &Value, members: &Value) {
        for list in ["habits", "dailies", "todos", "rewards"] {
            let tasks = self.0[list].as_array_mut().expect("a list").iter_mut();
            for task in tasks.filter(|task| task["id"] == *id) {
                let task = task.as_object_mut().expect("a task");
                for (name, value) in members.as_object().expect("members") {
                    match value {
                        Value::Null => task.remove(name),
                        value => task.insert(name.clone(), value.clone()),
                    };
                }
            }
        }
    }

    fn set(&mut self, path: &str, value: &Value) {
        let mut place = &mut self.0["user"];
        for name in path.split('.') {
            place = match place {
                Value::Array(items) => &mut items[name.parse::<usize>().expect("an index")],
                other => &mut other[name],
            };
        }
        *place = value.clone();
    }

    fn list(&mut self, kind: &Value) -> &mut Vec<Value> {
        let list = match text(kind) {
            "habit" => "habits",
            "daily" => "dailies",
            "todo" => "todos",
            _ => "rewards",
        };
        self.0[list].as_array_mut().expect("a list")
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn index(value: &Value) -> usize {
    value.as_u64().and_then(|index| usize::try_from(index).ok()).expect("an index")
}

fn millis(value: &Value) -> i64 {
    DateTime::parse_from_rfc3339(text(value)).expect("a time").timestamp_millis()
}
