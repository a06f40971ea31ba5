//! The web-demo's files, and what its map is drawn from.
//!
//! Knows which path is which file, and no page: an unknown run is the page's to tell.

mod content_type;
mod files;
mod range;

use std::sync::Arc;

use serde::Serialize;
use warp::filters::BoxedFilter;
use warp::http::header::{ACCEPT, CACHE_CONTROL};
use warp::http::{HeaderValue, Method, StatusCode};
use warp::reply::Response;

use crate::app::metrics::Metrics;
use crate::bodies::Bodies;
use crate::http::answer::{self, Answer};
use crate::http::request::{self, Request};
use crate::http::{Options, TileKind, Tiles, WebDemo};
use files::File;

const METHODS: &[Method] = &[Method::GET, Method::HEAD];
const OPERATOR_TILES: &str = "/map/operator.pmtiles";
const BUILTIN_TILES: &str = "/map/world-and-helsinki.pmtiles";

/// The page that share links open.
const SHARED: &str = "shared.html";
/// The page in place of one that is not there.
const NOT_FOUND: &str = "not-found.html";
/// A file of the web-demo.
const DEMO_COURSE: &str = "/map/course-helsinki.geojson";

/// `GET /map/config.json`.
#[derive(Serialize)]
struct MapDocument<'a> {
    tiles: TilesDocument<'a>,
    attribution: Option<&'a str>,
    /// The line that the demo's runners follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    course: Option<&'static str>,
}

#[derive(Serialize)]
struct TilesDocument<'a> {
    kind: &'static str,
    url: &'a str,
}

struct Web {
    source: WebDemo,
    options: Options,
}

/// Everything that no family owns.
pub fn routes(source: WebDemo, options: Options, bodies: &Bodies, metrics: Arc<Metrics>) -> BoxedFilter<(Response,)> {
    let web = Arc::new(Web { source, options });
    request::family(|_| true, bodies, metrics, move |request| answer(web.clone(), request))
}

async fn answer(web: Arc<Web>, request: Request) -> Answer {
    let (route, response) = match request.path.as_str() {
        "/map/config.json" => ("/map/config.json", only_read(&request, || web.map_document())),
        OPERATOR_TILES => (OPERATOR_TILES, found(web.operator_tiles().await, &request)),
        path => {
            let name = file_name(path);
            let file = match &name {
                Some(name) => web.file(name).await,
                None => Ok(None),
            };
            let mut response = match file {
                Ok(None) if wants_page(&request) => not_found(web.file(NOT_FOUND).await, &request),
                file => found(file, &request),
            };
            match name {
                Some(name) if name == SHARED => {
                    answer::keep_to_oneself(&mut response);
                    ("/s", response)
                }
                _ => ("/<file>", response),
            }
        }
    };
    Answer { route, response }
}

/// Whether somebody has typed the address, or followed a link, rather than a program asked for a file.
fn wants_page(request: &Request) -> bool {
    let accept = request.headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// The page in place of what is not there.
fn not_found(page: std::io::Result<Option<File>>, request: &Request) -> Response {
    let mut response = found(page, request);
    if response.status().is_success() {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

impl Web {
    async fn file(&self, name: &str) -> std::io::Result<Option<File>> {
        let file = match &self.source {
            WebDemo::Embedded => files::embedded(name),
            WebDemo::Folder(folder) => files::in_folder(folder, name).await?,
        };
        Ok(file)
    }

    async fn operator_tiles(&self) -> std::io::Result<Option<File>> {
        match &self.options.tiles {
            Tiles::PmTiles(path) => files::on_disk(path, OPERATOR_TILES).await.map(Some),
            Tiles::Builtin | Tiles::Url { .. } => Ok(None),
        }
    }

    fn map_document(&self) -> Response {
        let (kind, url) = match &self.options.tiles {
            Tiles::Builtin => ("builtin", BUILTIN_TILES),
            Tiles::PmTiles(_) => ("pmtiles", OPERATOR_TILES),
            Tiles::Url { template, kind: TileKind::Raster } => ("raster", template.as_str()),
            Tiles::Url { template, kind: TileKind::Vector } => ("vector", template.as_str()),
        };
        let attribution = self.options.attribution.as_deref();
        let course = self.options.demo_course.then_some(DEMO_COURSE);
        let document = MapDocument { tiles: TilesDocument { kind, url }, attribution, course };
        let mut response = answer::json(StatusCode::OK, &document);
        answer::set(&mut response, CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }
}

/// The file of a path, relative to the web-demo. None for a path that could lead anywhere else.
fn file_name(path: &str) -> Option<String> {
    let segments: Vec<String> =
        path.strip_prefix('/')?.split('/').map(request::decode_segment).collect::<Option<_>>()?;
    match segments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [""] => return Some("index.html".to_owned()),
        ["s"] => return Some(SHARED.to_owned()),
        ["runs", id] if !id.is_empty() => return Some("run.html".to_owned()),
        ["events", "new"] => return Some("event-new.html".to_owned()),
        ["events", id] if !id.is_empty() => return Some("event.html".to_owned()),
        _ => {}
    }
    // A leading dot is a hidden file, or a step up; a colon means a drive or a stream to some systems.
    let is_plain = |segment: &String| {
        !segment.is_empty() && !segment.starts_with('.') && !segment.contains(['/', '\\', ':', '\0'])
    };
    if !segments.iter().all(is_plain) {
        return None;
    }
    match &segments[..] {
        // A page by its name: people type addresses, and endings are nothing to them.
        [page] if !page.contains('.') => Some(format!("{page}.html")),
        _ => Some(segments.join("/")),
    }
}

fn found(file: std::io::Result<Option<File>>, request: &Request) -> Response {
    match file {
        Ok(Some(file)) => {
            answer::not_by_this_method(&request.method, METHODS).unwrap_or_else(|| file.response(request))
        }
        Ok(None) => answer::text(StatusCode::NOT_FOUND, "There is nothing here.\n"),
        Err(error) => {
            tracing::warn!(%error, "a file of the web-demo could not be read");
            answer::text(StatusCode::INTERNAL_SERVER_ERROR, "This file cannot be read.\n")
        }
    }
}

fn only_read(request: &Request, response: impl FnOnce() -> Response) -> Response {
    answer::not_by_this_method(&request.method, METHODS).unwrap_or_else(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_names_a_file_of_the_web_demo_or_nothing() {
        let table = [
            ("/", Some("index.html")),
            ("/runs/0192", Some("run.html")),
            ("/runs/any%20thing", Some("run.html")),
            ("/events/17", Some("event.html")),
            ("/events/", None),
            ("/s", Some("shared.html")),
            ("/keys", Some("keys.html")),
            ("/events", Some("events.html")),
            ("/events/new", Some("event-new.html")),
            ("/record", Some("record.html")),
            ("/watch/feed.js", Some("watch/feed.js")),
            ("/main.js", Some("main.js")),
            ("/vendor/pmtiles-4.5.0/pmtiles.js", Some("vendor/pmtiles-4.5.0/pmtiles.js")),
            ("/runs/", None),
            ("/runs/a/b", Some("runs/a/b")),
            ("/../Cargo.toml", None),
            ("/map/../../Cargo.toml", None),
            ("/%2e%2e/Cargo.toml", None),
            ("/..%2fCargo.toml", None),
            ("/..%5cCargo.toml", None),
            ("/.git/config", None),
            ("//etc/passwd", None),
            ("/c:/boot.ini", None),
            ("/a%00b", None),
            ("/%ff", None),
            ("/map/", None),
        ];
        for (path, expected) in table {
            assert_eq!(file_name(path).as_deref(), expected, "{path}");
        }
    }
}
