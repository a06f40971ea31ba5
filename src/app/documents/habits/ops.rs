//! Operations in the dialect of the HabitRPG document, as its own API and the socket take them: `{}`, one operation, or an array.
//!
//! One that cannot be read is a fault of its own, and the others go on.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::app::AppError;
use crate::app::habits::{OpId, Submitted, node, tree};
use crate::domain::habit::numbers::Direction;
use crate::domain::habit::ops::Goods;
use crate::domain::habit::task::{TaskId, TaskKind};
use crate::domain::habit::{HabitError, Op};
use crate::limits;

/// What could be read of a batch, and what not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HabitOps {
    pub ops: Vec<Submitted>,
    pub places: HabitPlaces,
}

/// What a device sends over the socket: operations, and the version of the board that it knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HabitBatch {
    pub ops: HabitOps,
    pub seen: Option<u64>,
}

/// Where in the batch the operations stood, and what is wrong with the others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HabitPlaces {
    places: Vec<usize>,
    faults: Vec<HabitFaultDocument>,
}

/// Why an operation was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HabitFaultDocument {
    /// Its place in the batch, from 0.
    pub index: usize,
    pub message: String,
}

impl HabitOps {
    /// # Errors
    /// [`AppError::Invalid`]: neither an object nor an array, or too long.
    pub fn parse(sent: Value) -> Result<Self, AppError> {
        let sent = match sent {
            Value::Array(sent) => sent,
            // A bare operation, as the document shows it; one that has none only asks for the user.
            Value::Object(members) if members.contains_key("op") => vec![Value::Object(members)],
            Value::Object(_) => Vec::new(),
            _ => return Err(AppError::invalid("body", "is to be an operation, or an array of operations")),
        };
        if sent.len() > limits::HABIT_OPS_LEN_MAX {
            let problem = format!("has more than {} operations", limits::HABIT_OPS_LEN_MAX);
            return Err(AppError::invalid("body", problem));
        }
        let mut parsed = Self::default();
        for (index, value) in sent.into_iter().enumerate() {
            let read = match value {
                Value::Object(members) if members.is_empty() => continue,
                Value::Object(members) => submitted(members),
                _ => Err("is to be an object".to_owned()),
            };
            match read {
                Ok(op) => {
                    parsed.ops.push(op);
                    parsed.places.places.push(index);
                }
                Err(message) => parsed.places.faults.push(HabitFaultDocument { index, message }),
            }
        }
        Ok(parsed)
    }
}

impl HabitBatch {
    /// `{"operations": …, "v": …}`, of which each may be left out; or the operations alone.
    ///
    /// # Errors
    /// [`AppError::Invalid`]: it is not JSON, or not this.
    pub fn read(data: &[u8]) -> Result<Self, AppError> {
        let sent: Value = serde_json::from_slice(data).map_err(|_| AppError::invalid("data", "is not JSON"))?;
        let mut members = match sent {
            Value::Object(members) if !members.contains_key("op") => members,
            ops => return Ok(Self { ops: operations(ops)?, seen: None }),
        };
        let seen = match members.remove("v").unwrap_or_default() {
            Value::Null => None,
            v => Some(v.as_u64().ok_or_else(|| AppError::invalid("v", "must be a whole number, 0 or more"))?),
        };
        let ops = match members.remove("operations").unwrap_or_default() {
            Value::Null => HabitOps::default(),
            ops => operations(ops)?,
        };
        // Who misspells `operations` must not believe that they are carried out.
        match members.keys().next() {
            Some(_) => Err(AppError::invalid("data", "has members besides `operations` and `v`")),
            None => Ok(Self { ops, seen }),
        }
    }
}

/// What is wrong with them is said of the member that they stand in.
fn operations(sent: Value) -> Result<HabitOps, AppError> {
    HabitOps::parse(sent).map_err(|error| match error {
        AppError::Invalid { problem, .. } => AppError::invalid("operations", problem),
        error => error,
    })
}

impl HabitPlaces {
    /// All faults in their order, with those of the operations that were refused.
    pub fn faults(self, refused: &[(usize, HabitError)]) -> Vec<HabitFaultDocument> {
        let Self { places, mut faults } = self;
        faults.extend(refused.iter().filter_map(|(at, error)| {
            Some(HabitFaultDocument { index: *places.get(*at)?, message: error.to_string() })
        }));
        faults.sort_by_key(|fault| fault.index);
        faults
    }
}

fn submitted(mut members: Map<String, Value>) -> Result<Submitted, String> {
    let id = match members.remove("id") {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) => {
            let problem = || format!("`id` is to have 1 to {} bytes", limits::HABIT_OP_ID_BYTES_MAX);
            Some(OpId::parse(&id).ok_or_else(problem)?)
        }
        Some(_) => return Err("`id` is to be text".to_owned()),
    };
    let op = members.remove("op");
    let op = read(op.as_ref().and_then(Value::as_str).unwrap_or_default(), members);
    let op = op.map_err(|error| error.to_string())?.ok_or("there is no such operation")?;
    Ok(Submitted { op, id })
}

/// `None`: nothing is called so.
fn read(name: &str, mut members: Map<String, Value>) -> Result<Option<Op>, HabitError> {
    Ok(Some(match name {
        "addTask" => match task(&mut members) {
            Some(Value::Object(task)) => Op::AddTask(tree(task)),
            _ => return Err(HabitError::Member("task")),
        },
        "delTask" => {
            let task = object(task(&mut members))?;
            Op::DelTask { id: id_of(&task)?, kind: kind_of(&task)? }
        }
        "sortTask" => {
            let task = object(task(&mut members))?;
            let id = if task.contains_key("id") { Some(id_of(&task)?) } else { None };
            match (kind_of(&task)?, id) {
                // The task itself says in which list it is.
                (None, Some(id)) => Op::Move { id, to: index(&members, "to")? },
                (None, None) => return Err(HabitError::TaskKind),
                (Some(kind), id) => {
                    Op::SortTask { kind, id, from: index(&members, "from")?, to: index(&members, "to")? }
                }
            }
        }
        "set" => {
            let path = members.remove("path");
            let path = path.as_ref().and_then(Value::as_str).ok_or(HabitError::Member("path"))?.to_owned();
            Op::Set { path, value: node(members.remove("value").unwrap_or_default()) }
        }
        "score" => {
            let task = object(task(&mut members))?;
            let dir = members.get("dir").and_then(Value::as_str).and_then(Direction::parse);
            Op::Score { id: id_of(&task)?, direction: dir.ok_or(HabitError::Member("dir"))?, run: None }
        }
        "buy" => {
            let goods = members.get("type").and_then(Value::as_str).and_then(Goods::parse);
            Op::Buy(goods.ok_or(HabitError::Member("type"))?)
        }
        "revive" => Op::Revive,
        "clear-completed" => Op::ClearCompleted,
        _ => return Ok(None),
    }))
}

/// As the document calls it, or as later revisions did.
fn task(members: &mut Map<String, Value>) -> Option<Value> {
    members.remove("task").or_else(|| members.remove("data"))
}

fn object(value: Option<Value>) -> Result<Map<String, Value>, HabitError> {
    match value {
        Some(Value::Object(members)) => Ok(members),
        _ => Err(HabitError::Member("task")),
    }
}

fn id_of(task: &Map<String, Value>) -> Result<TaskId, HabitError> {
    task.get("id").and_then(Value::as_str).and_then(TaskId::parse).ok_or(HabitError::TaskId)
}

fn kind_of(task: &Map<String, Value>) -> Result<Option<TaskKind>, HabitError> {
    let Some(kind) = task.get("type") else { return Ok(None) };
    kind.as_str().and_then(TaskKind::parse).map(Some).ok_or(HabitError::TaskKind)
}

/// Without its fraction, as JavaScript's `splice` takes it.
fn index(members: &Map<String, Value>, name: &'static str) -> Result<i64, HabitError> {
    let number = members.get(name).and_then(Value::as_f64).ok_or(HabitError::Member(name))?;
    #[allow(clippy::cast_possible_truncation)] // beyond all ends of a list it is beyond them
    Ok(number.trunc() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::habit::tree::{Node, Tree};
    use serde_json::json;

    fn ops(sent: Value) -> Vec<Op> {
        let parsed = HabitOps::parse(sent).unwrap();
        assert_eq!(parsed.places.faults, []);
        parsed.ops.into_iter().map(|it| it.op).collect()
    }

    #[test]
    fn the_documents_operations_are_read() {
        let id = TaskId::parse("a-1").unwrap();
        assert_eq!(ops(json!({})), []);
        assert_eq!(ops(json!([{}, {}])), []);
        assert_eq!(
            ops(json!({ "op": "addTask", "task": { "id": "a-1", "value": 1 } })),
            [Op::AddTask(Tree::of([("id", Node::text("a-1")), ("value", Node::number(1.0))]))]
        );
        assert_eq!(
            ops(json!([
                { "op": "delTask", "task": { "type": "habit", "id": "a-1" } },
                { "op": "sortTask", "task": { "type": "daily" }, "from": 2.9, "to": -1 },
                { "op": "set", "path": "preferences.hair", "value": "black" },
                { "op": "set", "path": "stats.hp", "value": { "x": [] } },
                { "op": "score", "data": { "id": "a-1" }, "dir": "down" },
                { "op": "buy", "type": "potion" },
                { "op": "revive" },
                { "op": "clear-completed" }
            ])),
            [
                Op::DelTask { id: id.clone(), kind: Some(TaskKind::Habit) },
                Op::SortTask { kind: TaskKind::Daily, id: None, from: 2, to: -1 },
                Op::Set { path: "preferences.hair".to_owned(), value: Node::text("black") },
                Op::Set { path: "stats.hp".to_owned(), value: Node::Tree(Tree::of([("x", Node::List(Vec::new()))])) },
                Op::Score { id, direction: Direction::Down, run: None },
                Op::Buy(Goods::Potion),
                Op::Revive,
                Op::ClearCompleted,
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_is_told_at_its_place() {
        let sent = json!([
            { "op": "tea" },
            7,
            { "op": "revive", "id": "" },
            { "op": "revive", "id": "one" },
            { "op": "delTask", "task": { "type": "habit" } },
            { "op": "score", "task": { "id": "a" }, "dir": "left" },
            { "op": "sortTask", "task": { "type": "habit" }, "from": "2", "to": 1 },
            { "op": "clear-completed" },
            { "op": 9 }
        ]);
        let HabitOps { ops, places } = HabitOps::parse(sent).unwrap();
        assert_eq!(
            ops,
            [Submitted { op: Op::Revive, id: OpId::parse("one") }, Submitted { op: Op::ClearCompleted, id: None }]
        );
        let faults = places.faults(&[(0, HabitError::Alive), (1, HabitError::NoTask)]);
        let indices: Vec<usize> = faults.iter().map(|fault| fault.index).collect();
        assert_eq!(indices, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(faults[3].message, "the user is alive");
        assert_eq!(faults[0].message, "there is no such operation");
    }

    #[test]
    fn the_socket_takes_operations_with_the_version_that_the_device_knows_or_alone() {
        let read = |sent: Value| HabitBatch::read(sent.to_string().as_bytes());
        let revive = HabitOps::parse(json!({ "op": "revive" })).unwrap();
        for (sent, seen) in [
            (json!({ "operations": [{ "op": "revive" }], "v": 12 }), Some(12)),
            (json!({ "operations": { "op": "revive" }, "v": null }), None),
            (json!({ "operations": [{ "op": "revive" }] }), None),
            (json!([{ "op": "revive" }]), None),
            (json!({ "op": "revive", "v": 12 }), None),
        ] {
            assert_eq!(read(sent).unwrap(), HabitBatch { ops: revive.clone(), seen });
        }
        for (sent, seen) in [(json!({}), None), (json!({ "v": 0 }), Some(0)), (json!([]), None)] {
            assert_eq!(read(sent).unwrap(), HabitBatch { ops: HabitOps::default(), seen });
        }
        for sent in [
            json!({ "operations": 7 }),
            json!({ "operations": [], "v": -1 }),
            json!({ "v": "12" }),
            json!({ "v": 1.5 }),
            json!({ "operation": [{ "op": "revive" }] }),
            json!({ "operations": vec![json!({}); 10_001] }),
            json!("x"),
        ] {
            assert!(matches!(read(sent.clone()), Err(AppError::Invalid { .. })), "{sent}");
        }
        let deep = "[".repeat(10_000);
        for garbage in ["", "{", "[1,]", deep.as_str()] {
            assert!(matches!(HabitBatch::read(garbage.as_bytes()), Err(AppError::Invalid { .. })));
        }
    }

    #[test]
    fn what_is_no_batch_is_refused_whole() {
        for sent in [json!(7), json!("x"), json!(null), json!(true), json!(vec![json!({}); 10_001])] {
            assert!(matches!(HabitOps::parse(sent), Err(AppError::Invalid { .. })));
        }
    }
}
