//! Batches as a later revision of the document wrote them, `{"op", "params", "body"}`, in the words of the first.
//!
//! One of its operations may be several here: what is said of those is said of the one that was sent.

use serde_json::{Map, Value, json};

use crate::app::documents::HabitFaultDocument;

/// A batch in the words of the first revision, and where in the batch that was sent each of its operations stood.
pub struct Translated {
    pub sent: Value,
    pub places: Vec<usize>,
}

impl Translated {
    /// What is no batch stays what it is.
    pub fn of(sent: Value) -> Self {
        let sent = match sent {
            Value::Array(sent) => sent,
            Value::Object(members) if members.contains_key("op") => vec![Value::Object(members)],
            sent => return Self { sent, places: Vec::new() },
        };
        let (mut ops, mut places) = (Vec::new(), Vec::new());
        for (place, sent) in sent.into_iter().enumerate() {
            let translated = match sent {
                Value::Object(members) => operation(members),
                other => vec![other],
            };
            places.extend(std::iter::repeat_n(place, translated.len()));
            ops.extend(translated);
        }
        Self { sent: Value::Array(ops), places }
    }
}

/// Faults of a batch that was translated, at the places of what was sent.
pub fn placed(places: &[usize], faults: Vec<HabitFaultDocument>) -> Vec<HabitFaultDocument> {
    let at = |index: usize| places.get(index).copied().unwrap_or(index);
    faults.into_iter().map(|fault| HabitFaultDocument { index: at(fault.index), ..fault }).collect()
}

/// One that is in the first revision's words already is left as it is.
fn operation(mut members: Map<String, Value>) -> Vec<Value> {
    let is_later = ["params", "body", "query"].iter().any(|name| members.contains_key(*name));
    let op = members.get("op").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !is_later && op != "clearCompleted" {
        return vec![Value::Object(members)];
    }
    let params = members.remove("params").unwrap_or_default();
    let query = members.remove("query").unwrap_or_default();
    let body = members.remove("body").unwrap_or_default();
    let id = params["id"].clone();
    let mut ops = match op.as_str() {
        "score" => vec![json!({ "op": "score", "task": { "id": id }, "dir": params["direction"] })],
        "addTask" => vec![json!({ "op": "addTask", "task": body })],
        "deleteTask" | "delTask" => vec![json!({ "op": "delTask", "task": { "id": id } })],
        "sortTask" => {
            let (from, to) = (&query["from"], &query["to"]);
            vec![json!({ "op": "sortTask", "task": { "id": id }, "from": number(from), "to": number(to) })]
        }
        "updateTask" => {
            let id = id.as_str().unwrap_or_default().to_owned();
            sets(body, |name| format!("tasks.{id}.{name}"))
        }
        "update" | "set" => sets(body, |path| path),
        "buy" => vec![json!({ "op": "buy", "type": params["key"] })],
        "clearCompleted" => vec![json!({ "op": "clear-completed" })],
        other => vec![json!({ "op": other })],
    };
    match members.remove("id") {
        None => {}
        // Each of several is to count once.
        Some(Value::String(known)) => {
            for (number, op) in ops.iter_mut().enumerate() {
                op["id"] = json!(if number == 0 { known.clone() } else { format!("{known}.{number}") });
            }
        }
        Some(strange) => ops.iter_mut().for_each(|op| op["id"] = strange.clone()),
    }
    ops
}

/// One for each member.
fn sets(body: Value, path: impl Fn(String) -> String) -> Vec<Value> {
    let Value::Object(members) = body else { return vec![json!({ "op": "set" })] };
    members.into_iter().map(|(name, value)| json!({ "op": "set", "path": path(name), "value": value })).collect()
}

/// Of a query, where numbers are text.
fn number(value: &Value) -> Value {
    match value.as_str().map(str::parse::<f64>) {
        Some(Ok(number)) => json!(number),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_of_the_later_revision_are_those_of_the_first() {
        let Translated { sent, places } = Translated::of(json!([
            { "op": "score", "params": { "id": "a", "direction": "up" }, "id": "once" },
            { "op": "addTask", "body": { "id": "b", "type": "todo" } },
            { "op": "deleteTask", "params": { "id": "b" } },
            { "op": "sortTask", "params": { "id": "a" }, "query": { "from": "2", "to": 0 } },
            { "op": "updateTask", "params": { "id": "a" }, "body": { "notes": "x", "text": "y" }, "id": "u" },
            { "op": "update", "body": { "preferences.hair": "black" } },
            { "op": "buy", "params": { "key": "potion" } },
            { "op": "revive", "params": {} },
            { "op": "clearCompleted" },
            { "op": "set", "path": "stats.hp", "value": 1 },
            {},
            7
        ]));
        assert_eq!(
            sent,
            json!([
                { "op": "score", "task": { "id": "a" }, "dir": "up", "id": "once" },
                { "op": "addTask", "task": { "id": "b", "type": "todo" } },
                { "op": "delTask", "task": { "id": "b" } },
                { "op": "sortTask", "task": { "id": "a" }, "from": 2.0, "to": 0 },
                { "op": "set", "path": "tasks.a.notes", "value": "x", "id": "u" },
                { "op": "set", "path": "tasks.a.text", "value": "y", "id": "u.1" },
                { "op": "set", "path": "preferences.hair", "value": "black" },
                { "op": "buy", "type": "potion" },
                { "op": "revive" },
                { "op": "clear-completed" },
                { "op": "set", "path": "stats.hp", "value": 1 },
                {},
                7
            ])
        );
        assert_eq!(places, [0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 10, 11]);
        let fault = |index| HabitFaultDocument { index, message: String::new() };
        assert_eq!(placed(&places, vec![fault(5), fault(12)]), [fault(4), fault(11)]);
    }

    #[test]
    fn what_is_no_batch_stays_what_it_is() {
        for sent in [json!(7), json!({}), json!({ "params": 1 }), json!(null)] {
            let same = Translated::of(sent.clone());
            assert_eq!((same.sent, same.places), (sent, Vec::new()));
        }
        let one = Translated::of(json!({ "op": "addTask", "body": 7 }));
        assert_eq!((one.sent, one.places), (json!([{ "op": "addTask", "task": 7 }]), vec![0]));
    }
}
