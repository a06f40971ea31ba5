//! A call in shell, JavaScript and Python, made from the document's examples; and JSON as people read it.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use super::schema::{ordered, whole};

/// Where the examples ask. The page puts its own origin in its place.
const ORIGIN: &str = "http://127.0.0.1:8000";
/// An object or a list that is no longer than this stands in one line.
const LINE_LEN_MAX: usize = 64;

/// A request, ready to be written down.
pub struct Sample<'a> {
    pub method: &'a str,
    /// With its query.
    pub path: String,
    /// By which the caller is known, if that must be: the names of headers, and the variables with their values.
    pub credentials: &'static [(&'static str, &'static str)],
    pub body: Option<Value>,
    /// What the body's members are ordered by.
    pub schema: Option<(&'a Value, &'a Value)>,
    pub answers_json: bool,
}

#[derive(Serialize)]
pub struct Code {
    /// As the page's choice of a language names it.
    pub language: &'static str,
    pub text: String,
}

/// How a language writes what JSON has.
#[derive(Clone, Copy)]
struct Words {
    yes: &'static str,
    no: &'static str,
    null: &'static str,
}

const JSON: Words = Words { yes: "true", no: "false", null: "null" };
const PYTHON: Words = Words { yes: "True", no: "False", null: "None" };

/// A whole answer with this `error`.
pub fn failure(status: u16, error: &Value) -> Value {
    let meta = json!({ "status": status, "version": "1.0.0", "request_id": "d5ccbe45-a54e-4d19-9b58-a96c7747369f" });
    json!({ "meta": meta, "error": error })
}

/// JSON in lines. `order`: the document and the schema by which members are ordered.
pub fn json(value: &Value, order: Option<(&Value, &Value)>) -> String {
    written(value, order, JSON, 0)
}

impl Sample<'_> {
    pub fn in_all_languages(&self) -> Vec<Code> {
        let code = |language, text| Code { language, text };
        vec![code("shell", self.shell()), code("javascript", self.javascript()), code("python", self.python())]
    }

    fn url(&self) -> String {
        format!("{ORIGIN}{}", self.path)
    }

    fn shell(&self) -> String {
        let mut text = "curl -s".to_owned();
        if self.method != "get" {
            let _ = write!(text, " -X {}", self.method.to_uppercase());
        }
        let quote = if self.path.contains(['?', '&']) { "'" } else { "" };
        let _ = write!(text, " {quote}{}{quote}", self.url());
        for (name, variable) in self.credentials {
            let scheme = scheme(name);
            let _ = write!(text, " \\\n  -H \"{name}: {scheme}${variable}\"");
        }
        if let Some(body) = &self.body {
            let body = written(body, self.schema, JSON, 1).replace('\'', "'\\''");
            let _ = write!(text, " \\\n  -H 'content-type: application/json' \\\n  -d '{body}'");
        }
        text
    }

    fn javascript(&self) -> String {
        let mut options = Vec::new();
        if self.method != "get" {
            options.push(format!("  method: '{}',", self.method.to_uppercase()));
        }
        let mut headers = Vec::new();
        for &(name, variable) in self.credentials {
            let key = if name.contains('-') { format!("'{name}'") } else { name.to_owned() };
            headers.push(match scheme(name) {
                "" => format!("{key}: {variable}"),
                scheme => format!("{key}: `{scheme}${{{variable}}}`"),
            });
        }
        if self.body.is_some() {
            headers.push("'content-type': 'application/json'".to_owned());
        }
        if !headers.is_empty() {
            options.push(format!("  headers: {{ {} }},", headers.join(", ")));
        }
        if let Some(body) = &self.body {
            options.push(format!("  body: JSON.stringify({}),", written(body, self.schema, JSON, 1)));
        }
        let options = if options.is_empty() { String::new() } else { format!(", {{\n{}\n}}", options.join("\n")) };
        let read = if self.answers_json { "json" } else { "text" };
        format!(
            "const answer = await fetch('{}'{options});\nconsole.log(answer.status, await answer.{read}());",
            self.url()
        )
    }

    fn python(&self) -> String {
        let mut headers = Vec::new();
        for &(name, variable) in self.credentials {
            let value = match scheme(name) {
                "" => variable.to_owned(),
                scheme => format!("f\"{scheme}{{{variable}}}\""),
            };
            headers.push(format!("\"{name}\": {value}"));
        }
        if self.body.is_some() {
            headers.push("\"content-type\": \"application/json\"".to_owned());
        }
        let mut options = Vec::new();
        if self.method != "get" {
            options.push(format!("    method=\"{}\",\n", self.method.to_uppercase()));
        }
        match &headers[..] {
            [] => {}
            [header] => options.push(format!("    headers={{{header}}},\n")),
            several => options.push(format!("    headers={{\n        {},\n    }},\n", several.join(",\n        "))),
        }
        if let Some(body) = &self.body {
            options.push(format!("    data=json.dumps({}).encode(),\n", written(body, self.schema, PYTHON, 2)));
        }
        let request = if options.is_empty() {
            format!("urllib.request.urlopen(\"{}\")", self.url())
        } else {
            let request = format!("urllib.request.Request(\n    \"{}\",\n{})", self.url(), options.concat());
            return self.python_lines(&format!("request = {request}\n"), "urllib.request.urlopen(request)");
        };
        self.python_lines("", &request)
    }

    fn python_lines(&self, before: &str, open: &str) -> String {
        let uses_json = self.answers_json || self.body.is_some();
        let import = if uses_json { "import json, urllib.request" } else { "import urllib.request" };
        let read = if self.answers_json { "json.load(answer)" } else { "answer.read().decode()" };
        format!("{import}\n\n{before}with {open} as answer:\n    print(answer.status, {read})")
    }
}

fn scheme(header: &str) -> &'static str {
    if header == "authorization" { "Bearer " } else { "" }
}

fn written(value: &Value, order: Option<(&Value, &Value)>, words: Words, depth: usize) -> String {
    let members = members(value, order, words, depth);
    let Some((open, members, close)) = members else { return leaf(value, words) };
    let line = format!("{open}{}{close}", members.join(", "));
    if line.chars().count() <= LINE_LEN_MAX && !line.contains('\n') || members.is_empty() {
        return line;
    }
    let pad = "  ".repeat(depth + 1);
    let lines: Vec<String> = members.iter().map(|member| format!("{pad}{member}")).collect();
    format!("{open}\n{}\n{}{close}", lines.join(",\n"), "  ".repeat(depth))
}

/// What stands between an object's braces or a list's brackets; none for anything else.
fn members(
    value: &Value,
    order: Option<(&Value, &Value)>,
    words: Words,
    depth: usize,
) -> Option<(char, Vec<String>, char)> {
    let schema = order.map(|(document, schema)| (document, object(document, schema)));
    let part = |name: &str| schema.map(|(document, schema)| (document, &schema[name]));
    match value {
        Value::Object(object) => {
            let known = schema.map(|(_, schema)| ordered(schema)).unwrap_or_default();
            let first = known.iter().copied().filter(|name| object.contains_key(*name));
            let rest = object.keys().map(String::as_str).filter(|name| !known.contains(name));
            let member = |name: &str| {
                let order = part("properties").map(|(document, properties)| (document, &properties[name]));
                let name_shown = Value::from(name).to_string();
                format!("{name_shown}: {}", written(&object[name], order, words, depth + 1))
            };
            Some(('{', first.chain(rest).map(member).collect(), '}'))
        }
        Value::Array(items) => {
            let item = |item: &Value| written(item, part("items"), words, depth + 1);
            Some(('[', items.iter().map(item).collect(), ']'))
        }
        _ => None,
    }
}

fn object<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let schema = whole(document, schema);
    let several = ["anyOf", "oneOf"].iter().find_map(|name| schema[*name].as_array());
    several.and_then(|of| of.iter().find(|it| it["type"] != "null")).map_or(schema, |it| whole(document, it))
}

fn leaf(value: &Value, words: Words) -> String {
    match value {
        Value::Null => words.null.to_owned(),
        Value::Bool(true) => words.yes.to_owned(),
        Value::Bool(false) => words.no.to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(body: Option<Value>) -> Sample<'static> {
        let credentials = &[("authorization", "TOKEN")];
        Sample { method: "post", path: "/api/runs".to_owned(), credentials, body, schema: None, answers_json: true }
    }

    #[test]
    fn a_body_is_written_as_each_language_has_it() {
        let sample = sample(Some(json!({ "it's": [true, null, 1.5] })));
        assert_eq!(
            sample.shell(),
            "curl -s -X POST http://127.0.0.1:8000/api/runs \\\n  -H \"authorization: Bearer $TOKEN\" \\\n  \
             -H 'content-type: application/json' \\\n  -d '{\"it'\\''s\": [true, null, 1.5]}'"
        );
        assert!(sample.javascript().contains("body: JSON.stringify({\"it's\": [true, null, 1.5]}),"));
        assert!(sample.python().contains("data=json.dumps({\"it's\": [True, None, 1.5]}).encode(),"));
    }

    #[test]
    fn members_stand_in_the_order_of_the_schema() {
        let document = json!({});
        let schema = json!({ "required": ["b", "a"], "properties": { "a": {}, "b": {}, "c": {} } });
        let value = json!({ "x": 1, "a": 2, "b": 3, "c": 4 });
        assert_eq!(json(&value, Some((&document, &schema))), r#"{"b": 3, "a": 2, "c": 4, "x": 1}"#);
    }
}
