//! `GET /docs`: the OpenAPI document as a page for people, and `GET /docs/errors/<Type>`: a page for each type of error, to which
//! `link` in our answers leads.
//!
//! The pages are written once, from the document and the templates beside this file: they work without scripts, and load
//! nothing from anywhere else. Knows no call: whatever stands in the document is shown.

mod page;
mod samples;
mod schema;

use std::sync::{Arc, LazyLock};

use minijinja::value::{Serde, Value as Shown};
use minijinja::{Environment, context};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

use crate::app::App;
use crate::bodies::Bodies;
use crate::http::answer::{self, Answer};
use crate::http::fixed::{self, Fixed};
use crate::http::openapi;
use crate::http::request::Request;

const HTML: &str = "text/html; charset=utf-8";
const ERRORS: &str = include_str!("docs/errors.json");

/// A type of error, as `errors.json` explains it. The texts are CommonMark.
#[derive(Deserialize, Serialize)]
struct ErrorType {
    #[serde(rename = "type")]
    name: String,
    status: u16,
    /// What it means, in one sentence.
    meaning: String,
    /// When it comes.
    when: Vec<String>,
    /// What to do about it.
    what_to_do: String,
    /// The `error` of an answer.
    example: Value,
}

/// Everything that is shown, written out.
struct Pages {
    calls: Fixed,
    errors: Fixed,
    /// By their types.
    error: Vec<(String, Fixed)>,
}

static PAGES: LazyLock<Result<Pages, String>> = LazyLock::new(Pages::new);

pub fn routes(app: &Arc<App>, bodies: &Bodies) -> BoxedFilter<(Response,)> {
    fixed::routes(|path| path == "/docs" || path.starts_with("/docs/"), app, bodies, |_| {}, answer)
}

fn answer(request: &Request) -> Answer {
    let path = request.path.trim_end_matches('/');
    let route = match path {
        "/docs" => "/docs",
        "/docs/errors" => "/docs/errors",
        _ => "/docs/errors/:type",
    };
    let page = PAGES.as_ref().map(|pages| match path.strip_prefix("/docs/errors/") {
        Some(name) => pages.error.iter().find(|(it, _)| it == name).map(|(_, page)| page),
        None if path == "/docs" => Some(&pages.calls),
        None => Some(&pages.errors).filter(|_| path == "/docs/errors"),
    });
    let response = match page {
        Ok(Some(page)) => page.response(&request.headers),
        Ok(None) => answer::text(StatusCode::NOT_FOUND, "There is no such page.\n"),
        Err(fault) => {
            tracing::error!(fault, "the pages of the documentation could not be written");
            answer::text(StatusCode::INTERNAL_SERVER_ERROR, "This page cannot be shown.\n")
        }
    };
    Answer { route, response }
}

impl Pages {
    fn new() -> Result<Self, String> {
        let document = openapi::document().ok_or("there is no document")?;
        let failure = &document["components"]["schemas"]["Failure"];
        let errors: Vec<ErrorType> = serde_json::from_str(ERRORS).map_err(|error| error.to_string())?;
        let templates = templates().map_err(|error| format!("{error:#}"))?;
        let render = |name: &str, context: Shown| {
            let page = templates.get_template(name).and_then(|it| it.render(context));
            page.map(|page| Fixed::new(HTML, page.into_bytes())).map_err(|error| format!("{error:#}"))
        };
        let one = |error: &ErrorType| {
            let example = samples::json(&samples::failure(error.status, &error.example), Some((document, failure)));
            render("error.html", context! { error => Serde(error), example }).map(|page| (error.name.clone(), page))
        };
        Ok(Self {
            calls: render("calls.html", context! { page => Serde(page::Page::of(document)) })?,
            errors: render("errors.html", context! { errors => Serde(&errors) })?,
            error: errors.iter().map(one).collect::<Result<_, _>>()?,
        })
    }
}

fn templates() -> Result<Environment<'static>, minijinja::Error> {
    let mut templates = Environment::new();
    templates.add_template("layout.html", include_str!("docs/layout.html"))?;
    templates.add_template("calls.html", include_str!("docs/calls.html"))?;
    templates.add_template("errors.html", include_str!("docs/errors.html"))?;
    templates.add_template("error.html", include_str!("docs/error.html"))?;
    templates.add_filter("prose", |text: &str| Shown::from_safe_string(prose(text)));
    templates.add_filter("line", |text: &str| Shown::from_safe_string(line(text)));
    templates.add_filter("whole_path", |path: &str| Shown::from_safe_string(page::path(path)));
    Ok(templates)
}

/// CommonMark as HTML. It is ours: nobody else's words stand in the document.
fn prose(text: &str) -> String {
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new(text));
    html
}

/// As [`prose`], of what is one paragraph, without its element.
fn line(text: &str) -> String {
    let html = prose(text);
    html.trim().trim_start_matches("<p>").trim_end_matches("</p>").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_can_be_written() {
        let pages = Pages::new().unwrap_or_else(|fault| panic!("{fault}"));
        assert!(pages.calls.text().contains("createRun"));
        assert!(pages.error.len() > 10);
    }
}
