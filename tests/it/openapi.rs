//! The OpenAPI document, held against what the server really answers.
//!
//! Here: the document is one, and it names what the sources have. `openapi/walk.rs` sends what it says to a running server. One
//! store is enough: what differs between stores stands beneath every answer, and has tests of its own.

mod document;
mod samples;
mod walk;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Site, StoreKind, send};
use document::{Document, METHODS};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_is_what_openapi_says_that_one_is() {
    let site = Site::start(StoreKind::Embedded).await;
    let Document(mut document) = Document::of(&site).await;
    let schema: Value = serde_json::from_str(include_str!("openapi/openapi-3.1.schema.json")).unwrap();
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let faults: Vec<String> =
        validator.iter_errors(&document).map(|fault| format!("{fault} at {}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{faults:?}");
    // It can fail.
    document["paths"]["/api/runs"]["get"]["responses"] = json!({ "200": {} });
    assert!(!validator.is_valid(&document));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_in_the_document_is_there_and_has_a_use() {
    let site = Site::start(StoreKind::Embedded).await;
    let document = Document::of(&site).await;
    assert_eq!(document.0["info"]["version"], env!("CARGO_PKG_VERSION"));
    let mut used = BTreeSet::new();
    document::references(&document.0, &mut used);
    for reference in &used {
        document.at(reference);
    }
    for name in document.0["components"]["schemas"].as_object().unwrap().keys() {
        assert!(used.contains(&format!("#/components/schemas/{name}")), "nothing uses the schema {name}");
    }
    let tags: BTreeSet<&str> =
        document.0["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let mut ids = BTreeSet::new();
    for (path, method, call) in document.calls() {
        let id = call["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no operationId"));
        assert!(ids.insert(id), "{id} is the name of two calls");
        assert!(tags.contains(call["tags"][0].as_str().expect("a tag")), "{id} has a tag of its own");
        assert!(call["summary"].is_string(), "{id} does not say what it is for");
    }
}

/// The examples of the document are good by its own schemas: those of bodies that are to be accepted, and all of answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn examples_are_what_their_schemas_say() {
    let site = Site::start(StoreKind::Embedded).await;
    let document = Document::of(&site).await;
    let mut examples = 0;
    for (path, method, call) in document.calls() {
        for (status, answer) in call["responses"].as_object().unwrap() {
            for (media, content) in document.whole(answer)["content"].as_object().into_iter().flatten() {
                let shown = document::examples(content);
                assert!(!shown.is_empty(), "{method} {path}: {status} has no example");
                for example in shown.iter().filter(|_| media == "application/json") {
                    document.holds(&content["schema"], &example["value"], &format!("{method} {path} {status}"));
                    examples += 1;
                }
            }
        }
        let Some(content) = call["requestBody"]["content"].get("application/json") else { continue };
        let shown = document::examples(content);
        assert!(!shown.is_empty(), "{method} {path}: the body has no example");
        for example in shown.iter().filter(|example| example["x-status"].is_null()) {
            document.holds(&content["schema"], &example["value"], &format!("the body of {method} {path}"));
        }
    }
    assert!(examples > 100, "{examples}");
}

/// What a file of sources answers, by the templates that it logs: `/api/runs/:id` is `/api/runs/{}`.
fn templates(file: &Path) -> BTreeSet<String> {
    let source = fs::read_to_string(file).unwrap();
    let source = source.split("#[cfg(test)]").next().unwrap();
    let quoted = source.split('"').skip(1).step_by(2).filter(|text| text.starts_with('/') && !text.contains('*'));
    let body = |text: &&str| !text.contains("{") && !text.contains(' ') && source.contains(&format!("=> \"{text}\""));
    quoted.filter(body).map(bare).collect()
}

/// A path without the names of what stands in it.
fn bare(path: &str) -> String {
    let segment = |it: &str| if it.starts_with([':', '{']) { "{}".to_owned() } else { it.to_owned() };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_path_of_the_sources_stands_in_the_document_and_no_other() {
    let site = Site::start(StoreKind::Embedded).await;
    let document = Document::of(&site).await;
    let http = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/http");
    let mut answered = BTreeSet::new();
    for entry in fs::read_dir(http.join("rest")).unwrap() {
        answered.extend(templates(&entry.unwrap().path()));
    }
    assert!(answered.len() > 5, "{answered:?}");
    let runnity = templates(&http.join("runnity.rs"));
    assert!(runnity.len() >= 4, "{runnity:?}");
    answered.extend(runnity);
    let ion = templates(&http.join("ion.rs"));
    assert!(ion.len() > 10, "{ion:?}");
    answered.extend(ion);
    let habit = templates(&http.join("habit.rs"));
    assert_eq!(habit.len(), 3, "{habit:?}");
    answered.extend(habit);
    let calls = fs::read_to_string(http.join("live_api/calls.rs")).unwrap();
    let methods = calls.split("\nmethods! {").nth(1).unwrap().split('}').next().unwrap();
    answered.extend(methods.split('"').skip(1).step_by(2).map(|name| format!("/api/{name}")));
    let single = ["/api/batch", "/health", "/health/live", "/health/ready", "/metrics", "/map/config.json"];
    answered.extend(single.map(str::to_owned));
    answered.extend(["/api/openapi.json", "/api/asyncapi.json"].map(str::to_owned));
    let documented: BTreeSet<String> = document.0["paths"].as_object().unwrap().keys().map(|it| bare(it)).collect();
    let missing: Vec<_> = answered.difference(&documented).collect();
    let invented: Vec<_> = documented.difference(&answered).collect();
    assert!(missing.is_empty() && invented.is_empty(), "not documented: {missing:?}; not there: {invented:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn methods_are_those_of_the_document() {
    let site = Site::start(StoreKind::Embedded).await;
    let document = Document::of(&site).await;
    let mut paths: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (path, method, _) in document.calls() {
        paths.entry(path).or_default().insert(method);
    }
    for (path, methods) in paths {
        let url = document.example_path(path);
        let options = send(site.ask(Method::OPTIONS, &url)).await;
        assert_eq!(options.status, 204, "OPTIONS {path}");
        let mut allowed: BTreeSet<String> = methods.iter().map(|method| method.to_uppercase()).collect();
        allowed.insert("OPTIONS".to_owned());
        // What is read can be asked for its head, but for links that do something.
        let is_runnity = ["/login", "/logout", "/run", "/event"].iter().any(|it| path.starts_with(it));
        if methods.contains("get") && !is_runnity {
            allowed.insert("HEAD".to_owned());
        }
        let said: BTreeSet<String> = options.header("allow").split(", ").map(str::to_owned).collect();
        assert_eq!(said, allowed, "{path}");
        for method in METHODS.iter().filter(|method| !methods.contains(*method)) {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let reply = send(site.ask(method.clone(), &url)).await;
            assert_eq!(reply.status, 405, "{method} {path}");
            let allow: BTreeSet<String> = reply.header("allow").split(", ").map(str::to_owned).collect();
            assert_eq!(allow, allowed, "{method} {path}");
        }
    }
}
