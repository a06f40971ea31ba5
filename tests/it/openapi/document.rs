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
        self.fill_path(path, path)
    }

    /// As [`Document::example_path`], of a path some of whose places are filled already.
    pub fn fill_path(&self, filled: &str, path: &str) -> String {
        let item = self.0["paths"][path].as_object().expect("a path");
        let calls = item.iter().filter(|(name, _)| METHODS.contains(&name.as_str()));
        let (_, call) = calls.into_iter().next().expect("a call");
        let mut filled = filled.to_owned();
        for parameter in self.parameters(path, call).iter().filter(|it| it["in"] == "path") {
            let place = format!("{{{}}}", parameter["name"].as_str().expect("a name"));
            assert!(path.contains(&place), "{path} has no {place}");
            filled = filled.replace(&place, &text(&parameter["example"]));
        }
        assert!(!filled.contains('{'), "{path} names something that is no parameter");
        filled
    }

    /// The example of a parameter of `components`.
    pub fn example_of(&self, parameter: &str) -> String {
        text(&self.at(&format!("#/components/parameters/{parameter}/example")).clone())
    }

    /// The token that stands in examples.
    pub fn example_token(&self) -> String {
        text(&self.0["paths"]["/login/{token}"]["get"]["parameters"][0]["example"])
    }

    /// The status with which a call is answered when it is done.
    #[track_caller]
    pub fn success_of(&self, id: &str) -> u16 {
        let (_, _, call) = self.calls().find(|(_, _, call)| call["operationId"] == id).expect("a call");
        let statuses = call["responses"].as_object().expect("responses").keys().filter_map(|it| it.parse().ok());
        statuses.into_iter().find(|status| (200..300).contains(status)).expect("a success")
    }

    /// An id of that kind, which nothing has.
    pub fn unknown(&self, parameter: &str) -> String {
        match parameter {
            "run" => "00000000-0000-7000-8000-000000000000".to_owned(),
            "event" | "challenge" | "achievement" | "level" => "9007199254740991".to_owned(),
            _ => "nobody-and-nothing".to_owned(),
        }
    }

    /// Fails when `value` is not what `schema` says. A member that the schema does not name is a fault.
    #[track_caller]
    pub fn holds(&self, schema: &Value, value: &Value, what: &str) {
        if let Err(faults) = self.fits(schema, value) {
            panic!("{what}: {faults}");
        }
    }

    /// As [`Document::holds`]; `Err` says what does not fit.
    pub fn fits(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let mut root = json!({ "s": schema, "components": { "schemas": self.0["components"]["schemas"] } });
        close(&mut root);
        let schema = root["s"].take();
        root["allOf"] = json!([schema]);
        root.as_object_mut().expect("an object").remove("s");
        let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&root);
        let validator = validator.map_err(|fault| format!("the schema: {fault}"))?;
        let faults: Vec<String> = validator
            .iter_errors(value)
            .map(|fault| format!("{fault} at {} by {}", fault.instance_path(), fault.schema_path()))
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(format!("{value}: {faults:?}")) }
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
