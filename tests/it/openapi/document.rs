//! The document as the tests read it: its calls, its schemas, its examples.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::support::{Site, send};

pub const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

pub struct Document(pub Value);

impl Document {
    pub async fn of(site: &Site) -> Self {
        let reply = send(site.ask(Method::GET, "/api/openapi.json")).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        Self(reply.json())
    }

    /// Each call with its path and method; what all calls of a path share is left to [`Document::parameters`].
    pub fn calls(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        let paths = self.0["paths"].as_object().expect("paths").iter();
        paths.flat_map(|(path, item)| {
            let calls = item.as_object().expect("calls").iter().filter(|(name, _)| METHODS.contains(&name.as_str()));
            calls.map(move |(method, call)| (path.as_str(), method.as_str(), call))
        })
    }

    /// What a reference points to.
    #[track_caller]
    pub fn at(&self, reference: &str) -> &Value {
        let found = self.0.pointer(reference.strip_prefix('#').expect("a place in this document"));
        found.unwrap_or_else(|| panic!("{reference} is nowhere"))
    }

    /// `value`, or what it points to.
    #[track_caller]
    pub fn whole<'a>(&'a self, value: &'a Value) -> &'a Value {
        value["$ref"].as_str().map_or(value, |reference| self.at(reference))
    }

    /// A call's parameters: its path's and its own.
    pub fn parameters(&self, path: &str, call: &Value) -> Vec<Value> {
        let lists = [&self.0["paths"][path]["parameters"], &call["parameters"]];
        let all = lists.into_iter().filter_map(Value::as_array).flatten();
        all.map(|parameter| self.whole(parameter).clone()).collect()
    }

    /// The path with the examples of what stands in it.
    pub fn example_path(&self, path: &str) -> String {
        let item = self.0["paths"][path].as_object().expect("a path");
        let calls = item.iter().filter(|(name, _)| METHODS.contains(&name.as_str()));
        let (_, call) = calls.into_iter().next().expect("a call");
        let mut filled = path.to_owned();
        for parameter in self.parameters(path, call).iter().filter(|it| it["in"] == "path") {
            let place = format!("{{{}}}", parameter["name"].as_str().expect("a name"));
            assert!(filled.contains(&place), "{path} has no {place}");
            filled = filled.replace(&place, &text(&parameter["example"]));
        }
        assert!(!filled.contains('{'), "{path} names something that is no parameter");
        filled
    }

    /// Fails when `value` is not what `schema` says. A member that the schema does not name is a fault.
    #[track_caller]
    pub fn holds(&self, schema: &Value, value: &Value, what: &str) {
        let mut root = json!({ "s": schema, "components": { "schemas": self.0["components"]["schemas"] } });
        close(&mut root);
        let schema = root["s"].take();
        root["allOf"] = json!([schema]);
        root.as_object_mut().expect("an object").remove("s");
        let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&root);
        let validator = validator.unwrap_or_else(|fault| panic!("the schema of {what}: {fault}"));
        let faults: Vec<String> = validator
            .iter_errors(value)
            .map(|fault| format!("{fault} at {} by {}", fault.instance_path(), fault.schema_path()))
            .collect();
        assert!(faults.is_empty(), "{what}: {value}: {faults:?}");
    }
}

/// Members that are not named are none.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("properties").is_some_and(Value::is_object) {
                members.entry("additionalProperties").or_insert(Value::Bool(false));
            }
            for (name, member) in members.iter_mut() {
                if !["example", "examples", "const", "enum", "default"].contains(&name.as_str()) {
                    close(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Every reference in `value`.
pub fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(reference) if name == "$ref" => {
                        found.insert(reference.clone());
                    }
                    member => references(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// The examples of a body or an answer, in the long form.
pub fn examples(content: &Value) -> Vec<Value> {
    let several = content["examples"].as_object().into_iter().flat_map(Map::values).cloned();
    let one = content.get("example").map(|value| json!({ "value": value }));
    several.chain(one).collect()
}

/// A value as it stands in a path or a query.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
