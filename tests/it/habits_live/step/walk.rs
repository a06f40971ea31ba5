//! What devices may do to a board, by chance: the same for the same seed.

use runnity::domain::edit::Edit;
use runnity::domain::habit::Op;
use runnity::domain::habit::hero::Tag;
use runnity::domain::habit::numbers::{Direction, Priority};
use runnity::domain::habit::ops::{ChecklistEdit, Goods, TagEdit};
use runnity::domain::habit::rule::Rule;
use runnity::domain::habit::task::{Item, Reminder, TaskChange, TaskId, TaskKind};
use runnity::domain::habit::tree::Scalar;
use runnity::domain::time::Timestamp;
use serde_json::{Value, json};

pub struct Walk {
    state: u64,
    pub now: Timestamp,
    /// Ids of tasks and of tags that were there a moment ago.
    tasks: Vec<String>,
    tags: Vec<String>,
    /// Operations with ids that were sent before.
    sent: Vec<Value>,
}

const KINDS: [&str; 4] = ["habit", "daily", "todo", "reward"];
const TEXTS: [&str; 6] = ["", "run", "\u{e4}\u{20ac}\u{1f3c3}", "<b>x</b>", "a\nb\u{7}\"", "x y z"];

impl Walk {
    pub fn new(seed: u64, now: Timestamp) -> Self {
        Self { state: seed, now, tasks: Vec::new(), tags: Vec::new(), sent: Vec::new() }
    }

    /// SplitMix64.
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut number = self.state;
        number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        number ^ (number >> 31)
    }

    pub fn below(&mut self, many: usize) -> usize {
        (self.next() % many as u64) as usize
    }

    fn is(&mut self) -> bool {
        self.below(2) == 0
    }

    fn one_of<T: Clone>(&mut self, these: &[T]) -> T {
        these[self.below(these.len())].clone()
    }

    fn number(&mut self) -> f64 {
        (self.below(20_000) as f64 - 10_000.0) / 37.0
    }

    /// What there is now, so that most of what is tried hits something.
    pub fn look(&mut self, board: &Value) {
        let ids = |list: &Value| -> Vec<String> {
            list.as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
        };
        self.tasks = ["habits", "dailies", "todos", "rewards"].iter().flat_map(|list| ids(&board[list])).collect();
        self.tags = ids(&board["tags"]);
    }

    /// Mostly one that is there.
    fn task(&mut self) -> String {
        if self.tasks.is_empty() || self.below(8) == 0 {
            return format!("t{}", self.below(30));
        }
        let tasks = self.tasks.clone();
        self.one_of(&tasks)
    }

    fn tag(&mut self) -> String {
        if self.tags.is_empty() || self.below(8) == 0 {
            return format!("g{}", self.below(5));
        }
        let tags = self.tags.clone();
        self.one_of(&tags)
    }

    /// In the document's dialect, as sockets take it.
    pub fn batch(&mut self) -> Vec<Value> {
        let len = if self.below(25) == 0 { 40 } else { 1 + self.below(6) };
        (0..len).map(|_| self.op()).collect()
    }

    fn op(&mut self) -> Value {
        if !self.sent.is_empty() && self.below(20) == 0 {
            let sent = self.sent.clone();
            return self.one_of(&sent);
        }
        let mut op = match self.below(20) {
            0..3 => json!({ "op": "addTask", "task": self.new_task() }),
            3 => json!({ "op": "delTask", "task": { "id": self.task() } }),
            4 | 5 => self.sort(),
            6..11 => {
                let dir = if self.below(3) == 0 { "down" } else { "up" };
                json!({ "op": "score", "task": { "id": self.task() }, "dir": dir })
            }
            11..14 => self.set_task(),
            14..17 => self.set_user(),
            17 => json!({ "op": "buy", "type": self.one_of(&["weapon", "armor", "head", "shield", "potion"]) }),
            18 => json!({ "op": "revive" }),
            _ if self.below(3) == 0 => json!({ "op": "clear-completed" }),
            _ => json!({ "op": self.one_of(&["tea", "", "SCORE"]) }),
        };
        if self.below(4) == 0 {
            op["id"] = json!(format!("op-{}", self.next()));
            self.sent.push(op.clone());
        }
        op
    }

    fn new_task(&mut self) -> Value {
        let kind = self.one_of(&KINDS);
        let mut task = json!({
            "id": format!("t{}", self.below(30)), "type": kind, "text": self.one_of(&TEXTS), "value": self.number(),
            "priority": self.one_of(&["!", "!!", "!!!"]), "tags": { self.tag(): true },
        });
        let more = [
            ("up", json!(self.is())),
            ("down", json!(self.is())),
            ("completed", json!(self.is())),
            ("streak", json!(self.below(200))),
            ("repeat", json!({ "m": self.is(), "w": self.is() })),
            ("date", json!("2026-12-24")),
            ("checklist", json!([{ "id": "1", "text": "one", "completed": self.is() }, { "text": "two" }])),
            ("reminders", json!([{ "id": "r", "time": "07:00" }])),
            ("rule", json!({ "variable": "distance_m", "at_least": 1_000 * self.below(10) })),
            ("colour", json!({ "deep": [1, { "er": "x" }], "flag": true })),
        ];
        for (name, value) in more {
            if self.below(3) == 0 {
                task[name] = value;
            }
        }
        task
    }

    fn sort(&mut self) -> Value {
        let (from, to) = (self.below(14) as i64 - 4, self.below(14) as i64 - 4);
        let mut task = json!({ "type": self.one_of(&KINDS) });
        if self.is() {
            task["id"] = json!(self.task());
        }
        json!({ "op": "sortTask", "task": task, "from": from, "to": to })
    }

    fn set_task(&mut self) -> Value {
        let (name, value) = match self.below(16) {
            0 => ("text".to_owned(), json!(self.one_of(&TEXTS))),
            1 => ("notes".to_owned(), json!(self.number())),
            2 => ("value".to_owned(), json!(self.number())),
            3 => ("priority".to_owned(), json!(self.one_of(&["!", "!!", "?"]))),
            4 => (format!("tags.{}", self.tag()), json!(self.is())),
            5 => ("up".to_owned(), json!(self.is())),
            6 => ("down".to_owned(), json!(self.is())),
            7 => ("completed".to_owned(), json!(self.is())),
            8 => ("repeat.th".to_owned(), json!(self.is())),
            9 => ("streak".to_owned(), json!(self.below(300))),
            10 => ("date".to_owned(), self.one_of(&[json!("2027-01-01"), json!(1_800_000_000_000_u64), json!(null)])),
            11 => ("checklist.0.text".to_owned(), json!(self.one_of(&TEXTS))),
            12 => ("checklist.1.completed".to_owned(), json!(self.is())),
            13 => ("colour.deep.1.er".to_owned(), json!(self.one_of(&TEXTS))),
            14 => ("colour.deep.0".to_owned(), json!(self.number())),
            _ => ("id".to_owned(), json!("other")),
        };
        json!({ "op": "set", "path": format!("tasks.{}.{name}", self.task()), "value": value })
    }

    fn set_user(&mut self) -> Value {
        let days_ago = self.now.as_millis() - 24 * 3_600 * 1_000 * self.below(9) as i64;
        let (path, value) = match self.below(18) {
            0 => ("stats.hp", json!(self.one_of(&[50.0, 12.5, 0.1]))),
            1 => ("stats.gp", json!(self.below(400) as f64 / 3.0)),
            2 => ("stats.exp", json!(self.below(4_000) as f64 / 7.0)),
            3 => ("stats.lvl", json!(self.one_of(&[1, 2, 3, 4, 30, 99]))),
            4 => ("flags.rest", json!(self.below(4) == 0)),
            5 => ("flags.dropsEnabled", json!(self.is())),
            6 => ("flags.itemsEnabled", json!(self.is())),
            7 => ("preferences.dayStart", json!(self.below(26))),
            8 => ("preferences.timezoneOffset", json!(self.below(1_440) as f64 - 720.5)),
            9 => ("preferences.hair", self.one_of(&[json!("black"), json!(3)])),
            10 => ("preferences.showHelm", json!(self.is())),
            11 => ("items.weapon", json!(self.below(9))),
            12 => ("items.currentPet", json!(self.one_of(&TEXTS))),
            13 => ("tags.1.name", json!(self.one_of(&TEXTS))),
            14 => ("profile.name", json!(self.one_of(&TEXTS))),
            15 => ("lastCron", json!(days_ago as f64 + 0.25)),
            16 => ("lastCron", self.one_of(&[json!("new"), json!(days_ago + 9_000_000_000)])),
            _ => ("apiToken", json!("x")),
        };
        json!({ "op": "set", "path": path, "value": value })
    }

    /// One of those that our own interface has besides.
    pub fn own_op(&mut self) -> Op {
        let id = TaskId::parse(&self.task()).unwrap();
        match self.below(14) {
            0 | 1 => {
                let kind = TaskKind::parse(self.one_of(&KINDS)).unwrap();
                let change = Box::new(TaskChange { text: Some("made".to_owned()), ..TaskChange::default() });
                Op::Create { id: TaskId::parse(&format!("t{}", self.below(30))).unwrap(), kind, change }
            }
            2 => Op::Move { id, to: self.below(14) as i64 - 4 },
            3..6 => Op::Change { id, change: Box::new(self.change()) },
            6 | 7 => Op::Checklist { id, edit: self.checklist_edit() },
            8 | 9 => Op::Tag(self.tag_edit()),
            10..13 => {
                let direction = if self.below(3) == 0 { Direction::Down } else { Direction::Up };
                Op::Score { id, direction, run: None }
            }
            _ => self.one_of(&[Op::Buy(Goods::Potion), Op::Revive, Op::DelTask { id, kind: None }]),
        }
    }

    fn change(&mut self) -> TaskChange {
        let mut change = TaskChange::default();
        match self.below(8) {
            0 => (change.text, change.notes) = (Some("changed".to_owned()), Some(String::new())),
            1 => change.value = Some(self.number()),
            2 => change.priority = Some(self.one_of(&[Priority::Easy, Priority::Hard])),
            3 => change.tags = Some([self.tag(), self.tag()].into()),
            4 => (change.up, change.down) = (Some(self.is()), Some(self.is())),
            5 => {
                let date = Edit::Set(Scalar::Text("2026-11-30".to_owned()));
                change.date = self.one_of(&[date, Edit::Clear]);
            }
            6 => {
                let rule = Rule::new("distance_m", Some(1_000.0 * self.below(9) as f64), None).unwrap();
                change.rule = self.one_of(&[Edit::Set(rule), Edit::Clear]);
            }
            _ => {
                let reminder =
                    Reminder { id: "r".to_owned(), start: Some("2026-11-21".to_owned()), time: "8".to_owned() };
                change.reminders = Some(if self.is() { vec![reminder] } else { Vec::new() });
                change.repeat = None;
            }
        }
        change
    }

    fn checklist_edit(&mut self) -> ChecklistEdit {
        let item = self.below(4).to_string();
        match self.below(6) {
            0 | 1 => {
                let text = self.one_of(&TEXTS).to_owned();
                ChecklistEdit::Put(Item { id: item, text, is_completed: self.is() })
            }
            2 => ChecklistEdit::Change { item, text: Some(self.one_of(&TEXTS).to_owned()), is_completed: None },
            3 => ChecklistEdit::Change { item, text: None, is_completed: Some(self.is()) },
            4 => ChecklistEdit::Remove { item },
            _ => ChecklistEdit::Move { item, to: self.below(4) },
        }
    }

    fn tag_edit(&mut self) -> TagEdit {
        let tag = self.tag();
        match self.below(4) {
            0 | 1 => TagEdit::Put(Tag { id: tag, name: self.one_of(&TEXTS).to_owned() }),
            2 => TagEdit::Remove { tag },
            _ => TagEdit::Move { tag, to: self.below(5) },
        }
    }
}
