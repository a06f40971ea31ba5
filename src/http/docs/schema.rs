//! A schema as rows of a table: each member with its path, its type in words and what it means.

use serde::Serialize;
use serde_json::Value;

/// Deep enough for all that we say; a schema that holds itself ends here.
const DEPTH_MAX: usize = 4;

#[derive(Serialize)]
pub struct Row {
    /// `destination.latitude`, `fixes[].time`.
    pub name: String,
    /// What it is, in words.
    pub kind: String,
    pub is_required: bool,
    pub description: String,
}

/// What a reference points to, or the schema itself.
pub fn whole<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|reference| document.pointer(reference.strip_prefix('#')?));
    target.unwrap_or(schema)
}

/// The members of an object (or of the objects in a list), those that are always there first, in the order of `required`.
pub fn rows(document: &Value, schema: &Value) -> Vec<Row> {
    let mut all = Vec::new();
    add(document, schema, "", 0, &mut all);
    all
}

fn add(document: &Value, schema: &Value, prefix: &str, depth: usize, all: &mut Vec<Row>) {
    let schema = object(document, schema);
    if depth >= DEPTH_MAX {
        return;
    }
    if schema["items"].is_object() {
        return add(document, &schema["items"], &format!("{prefix}[]"), depth, all);
    }
    for name in ordered(schema) {
        let member = &schema["properties"][name];
        let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        let target = object(document, member);
        let description = [member, whole(document, member), target].iter().find_map(|it| it["description"].as_str());
        all.push(Row {
            name: path.clone(),
            kind: kind(document, member),
            is_required: required(schema).any(|it| it == name),
            description: description.unwrap_or_default().to_owned(),
        });
        add(document, member, &path, depth + 1, all);
    }
}

/// The schema, without the `null` that may stand for it.
fn object<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let schema = whole(document, schema);
    let several = ["anyOf", "oneOf"].iter().find_map(|name| schema[*name].as_array());
    several.and_then(|of| of.iter().find(|it| it["type"] != "null")).map_or(schema, |it| whole(document, it))
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// The names of an object's members as they are best read.
pub fn ordered(schema: &Value) -> Vec<&str> {
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let first = required(schema).filter(|name| properties.contains_key(*name));
    let rest = properties.keys().map(String::as_str).filter(|name| !required(schema).any(|it| it == *name));
    first.chain(rest).collect()
}

/// What a value is, in words: `number from -90 to 90`, `one of public, friends and private`.
pub fn kind(document: &Value, schema: &Value) -> String {
    let target = object(document, schema);
    let whole = whole(document, schema);
    let or_null = |schema: &Value| {
        let several = ["anyOf", "oneOf"].iter().find_map(|name| schema[*name].as_array());
        several.is_some_and(|of| of.iter().any(|it| it["type"] == "null"))
            || schema["type"].as_array().is_some_and(|of| of.contains(&Value::from("null")))
    };
    let null = if or_null(schema) || or_null(whole) { ", or null" } else { "" };
    format!("{}{null}", plain(document, target))
}

fn plain(document: &Value, schema: &Value) -> String {
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> = words.iter().map(text).collect();
        return match words.split_last() {
            Some((last, [])) => format!("“{last}”"),
            Some((last, rest)) => format!("one of {} and {last}", rest.join(", ")),
            None => String::new(),
        };
    }
    if !schema["const"].is_null() {
        return text(&schema["const"]);
    }
    let named = schema["type"].as_str().or_else(|| {
        let several = schema["type"].as_array()?.iter().filter_map(Value::as_str);
        several.into_iter().find(|name| *name != "null")
    });
    match named {
        Some("array") => format!("list of {}", plural(&kind(document, &schema["items"]))),
        Some("integer") => format!("whole number{}", bounds(schema)),
        Some("number") => format!("number{}", bounds(schema)),
        Some("string") => match schema["format"].as_str() {
            Some("date-time") => "time".to_owned(),
            Some("date") => "date".to_owned(),
            _ => "text".to_owned(),
        },
        Some("boolean") => "true or false".to_owned(),
        Some(other) => other.to_owned(),
        None => "anything".to_owned(),
    }
}

fn plural(kind: &str) -> String {
    match kind {
        "object" | "number" | "whole number" | "text" | "time" => format!("{kind}s"),
        _ => kind.to_owned(),
    }
}

fn bounds(schema: &Value) -> String {
    // A bound that nobody reaches says nothing.
    let high = Some(&schema["maximum"]).filter(|high| high.as_f64().is_some_and(|high| high < 1e9));
    match (&schema["minimum"], high.unwrap_or(&Value::Null)) {
        (Value::Null, Value::Null) => String::new(),
        (low, Value::Null) => format!(", {low} or more"),
        (Value::Null, high) => format!(", {high} at most"),
        (low, high) => format!(" from {low} to {high}"),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
