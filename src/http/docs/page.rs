//! The document in the shape in which the page shows it: tags, their calls, and what each takes and gives.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Map, Value};

use super::samples::{self, Code, Sample};
use super::schema::{self, Row, whole};

/// What is not written as it is in a query.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

#[derive(Serialize)]
pub struct Page<'a> {
    version: &'a str,
    description: &'a str,
    tags: Vec<Tag<'a>>,
}

#[derive(Serialize)]
struct Tag<'a> {
    name: &'a str,
    anchor: String,
    description: &'a str,
    calls: Vec<Call<'a>>,
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    method: &'a str,
    path: &'a str,
    summary: &'a str,
    description: &'a str,
    /// Who may call, in words.
    who: String,
    parameters: Vec<Parameter<'a>>,
    body: Option<Body<'a>>,
    answers: Vec<Answer<'a>>,
    samples: Vec<Code>,
}

#[derive(Serialize)]
struct Parameter<'a> {
    name: &'a str,
    place: &'a str,
    kind: String,
    is_required: bool,
    description: &'a str,
    default: Option<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    rows: Vec<Row>,
    examples: Vec<Example<'a>>,
}

#[derive(Serialize)]
struct Example<'a> {
    summary: &'a str,
    /// When it is refused.
    status: Option<u64>,
    text: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    status: &'a str,
    description: &'a str,
    is_success: bool,
    headers: Vec<Header<'a>>,
    rows: Vec<Row>,
    example: Option<String>,
    /// The type of error that the example is of.
    error: Option<String>,
}

#[derive(Serialize)]
struct Header<'a> {
    name: &'a str,
    description: &'a str,
}

impl<'a> Page<'a> {
    pub fn of(document: &'a Value) -> Self {
        let tags = document["tags"].as_array().into_iter().flatten();
        Self {
            version: word(&document["info"]["version"]),
            description: word(&document["info"]["description"]),
            tags: tags.map(|tag| Tag::of(document, tag)).filter(|tag| !tag.calls.is_empty()).collect(),
        }
    }
}

impl<'a> Tag<'a> {
    fn of(document: &'a Value, tag: &'a Value) -> Self {
        let name = word(&tag["name"]);
        let mut calls = Vec::new();
        for (path, item) in members(&document["paths"]) {
            for method in METHODS.into_iter().filter(|method| item[*method]["tags"][0] == name) {
                calls.push(Call::of(document, path, method, item));
            }
        }
        Self { name, anchor: name.to_lowercase().replace(' ', "-"), description: word(&tag["description"]), calls }
    }
}

impl<'a> Call<'a> {
    fn of(document: &'a Value, path: &'a str, method: &'a str, item: &'a Value) -> Self {
        let call = &item[method];
        let lists = [&item["parameters"], &call["parameters"]].into_iter().filter_map(Value::as_array);
        let parameters: Vec<&Value> = lists.flatten().map(|it| whole(document, it)).collect();
        let security = call.get("security").unwrap_or(&document["security"]);
        let content = &call["requestBody"]["content"]["application/json"];
        let body = content.is_object().then(|| Body::of(document, content));
        let answers: Vec<Answer<'a>> =
            members(&call["responses"]).map(|(status, it)| Answer::of(document, status, whole(document, it))).collect();
        let sample = Sample {
            method,
            path: example_path(path, &parameters),
            credentials: credentials(security),
            body: examples(content).find(|(example, _)| example["x-status"].is_null()).map(|(_, value)| value.clone()),
            schema: Some((document, &content["schema"])),
            answers_json: members(&call["responses"]).any(|(status, it)| {
                status.starts_with('2') && whole(document, it)["content"]["application/json"].is_object()
            }),
        };
        Self {
            id: word(&call["operationId"]),
            method,
            path,
            summary: word(&call["summary"]),
            description: word(&call["description"]),
            who: who(security),
            parameters: parameters.iter().map(|it| Parameter::of(document, it)).collect(),
            body,
            answers,
            samples: sample.in_all_languages(),
        }
    }
}

impl<'a> Parameter<'a> {
    fn of(document: &'a Value, parameter: &'a Value) -> Self {
        let schema = whole(document, &parameter["schema"]);
        let default = schema.get("default").map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned));
        Self {
            name: word(&parameter["name"]),
            place: word(&parameter["in"]),
            kind: schema::kind(document, schema),
            is_required: parameter["required"] == true,
            description: word(&parameter["description"]),
            default,
        }
    }
}

impl<'a> Body<'a> {
    fn of(document: &'a Value, content: &'a Value) -> Self {
        let example = |(example, value): (&'a Value, &'a Value)| Example {
            summary: word(&example["summary"]),
            status: example["x-status"].as_u64(),
            text: samples::json(value, Some((document, &content["schema"]))),
        };
        Self { rows: schema::rows(document, &content["schema"]), examples: examples(content).map(example).collect() }
    }
}

impl<'a> Answer<'a> {
    fn of(document: &'a Value, status: &'a str, answer: &'a Value) -> Self {
        let content = members(&answer["content"]).next().map(|(_, content)| content);
        let is_success = status.starts_with('2');
        let order = content.map(|content| (document, &content["schema"]));
        // The last example is the most that there is.
        let example = content.and_then(|content| examples(content).last()).map(|(_, value)| value);
        let text = example.map(|value| match value.as_str() {
            Some(text) => text.to_owned(),
            None => samples::json(value, order),
        });
        let header = |(name, header): (&'a str, &'a Value)| Header {
            name,
            description: word(&whole(document, header)["description"]),
        };
        // What all answers share is said once, above.
        let shown = |(name, _): &(&str, &Value)| *name != "X-Request-Id";
        let rows = content.filter(|_| is_success).map(|content| {
            let schema = whole(document, &content["schema"]);
            let data = &schema["properties"]["data"];
            schema::rows(document, if data.is_null() { schema } else { data })
        });
        Self {
            status,
            description: word(&answer["description"]),
            is_success,
            headers: members(&answer["headers"]).filter(shown).map(header).collect(),
            rows: rows.unwrap_or_default(),
            example: text,
            error: example.and_then(|it| it["error"]["type"].as_str()).map(str::to_owned),
        }
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}

/// Each example with its value.
fn examples(content: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let several = members(&content["examples"]).map(|(_, example)| (example, &example["value"]));
    several.chain(content.get("example").map(|value| (&Value::Null, value)))
}

/// The path with its examples, and the parameters of its query without which nothing is answered.
fn example_path(path: &str, parameters: &[&Value]) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let place = |parameter: &Value| format!("{{{}}}", word(&parameter["name"]));
    let in_path = parameters.iter().filter(|it| it["in"] == "path");
    let filled = in_path.fold(path.to_owned(), |path, it| path.replace(&place(it), &text(&it["example"])));
    let required = parameters.iter().filter(|it| it["in"] == "query" && it["required"] == true);
    let pairs =
        required.map(|it| format!("{}={}", word(&it["name"]), utf8_percent_encode(&text(&it["example"]), ENCODED)));
    let query = pairs.collect::<Vec<_>>().join("&");
    if query.is_empty() { filled } else { format!("{filled}?{query}") }
}

fn kinds(security: &Value) -> impl Iterator<Item = &str> {
    security.as_array().into_iter().flatten().flat_map(members).map(|(name, _)| name)
}

fn is_for_anybody(security: &Value) -> bool {
    security.as_array().is_some_and(|all| all.is_empty() || all.iter().any(|it| members(it).next().is_none()))
}

fn credentials(security: &Value) -> &'static [(&'static str, &'static str)] {
    if is_for_anybody(security) {
        &[]
    } else if kinds(security).any(|kind| kind == "apiKey") {
        &[("x-api-key", "API_KEY")]
    } else if kinds(security).any(|kind| kind == "habitKey") {
        &[("x-api-user", "USER_ID"), ("x-api-key", "TOKEN")]
    } else {
        &[("authorization", "TOKEN")]
    }
}

fn who(security: &Value) -> String {
    let who = if kinds(security).any(|kind| kind == "apiKey") {
        "With the operator's key, or an admin's token"
    } else if kinds(security).any(|kind| kind == "habitKey") {
        "With a user's id and one of that user's tokens"
    } else if !is_for_anybody(security) {
        "With a token"
    } else if kinds(security).next().is_some() {
        "Anybody; with a token, as far as its user may see"
    } else {
        "Anybody"
    };
    who.to_owned()
}

/// A path as HTML, that may break after a slash, with its places marked.
pub fn path(path: &str) -> String {
    let segment = |segment: &str| match segment.strip_prefix('{') {
        Some(name) => format!("<var>{{{}}}</var>", name.trim_end_matches('}')),
        None => segment.to_owned(),
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/<wbr>")
}
