//! Documents over HTTP: which family answers which path.
//!
//! Each family is one module with one boxed filter, and answers everything under its own first path segments, faults
//! included, in its own words. A new family is one more line in [`routes`]. Knows nothing of sockets.

mod answer;
mod asyncapi;
mod caller;
mod compressed;
mod cors;
mod docs;
mod fixed;
mod habit;
mod health;
mod ion;
mod live_api;
mod metrics;
mod once;
mod openapi;
mod request;
mod rest;
mod runnity;
mod tiles;
mod web;

use std::path::PathBuf;
use std::sync::Arc;

use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::HeaderValue;
use warp::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use warp::reply::Response;

use crate::app::App;
use crate::bodies::Bodies;
use crate::limits;

pub use tiles::{TileKind, Tiles, TilesError};

/// Where the web-demo's files come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WebDemo {
    /// The files that were built into the binary.
    #[default]
    Embedded,
    /// A folder, read anew at each request: for working on the page.
    Folder(PathBuf),
}

/// What the operator chose about HTTP.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the map is drawn from.
    pub tiles: Tiles,
    /// Who must be named on the operator's own map.
    pub attribution: Option<String>,
    /// Whether the demo's course through central Helsinki is drawn.
    pub demo_course: bool,
}

/// All documents of the product.
pub fn routes(app: Arc<App>, web: WebDemo, options: Options) -> BoxedFilter<(Response,)> {
    let policy = security_policy(&options.tiles);
    let bodies = Bodies::new(limits::BODIES_BYTES_MAX, limits::BODY_BYTES_MAX);
    live_api::routes(app.clone(), &bodies)
        .or(asyncapi::routes(&app, &bodies))
        .unify()
        .or(openapi::routes(&app, &bodies))
        .unify()
        .or(docs::routes(&app, &bodies))
        .unify()
        .or(habit::routes(app.clone(), &bodies))
        .unify()
        .or(rest::routes(app.clone(), &bodies))
        .unify()
        .or(runnity::routes(app.clone(), &bodies))
        .unify()
        .or(ion::routes(app.clone(), &bodies))
        .unify()
        .or(health::routes(app.clone(), &bodies))
        .unify()
        .or(metrics::routes(app.clone(), &bodies))
        .unify()
        .or(web::routes(web, options, &bodies, app.metrics.clone()))
        .unify()
        .map(move |response| guarded(response, &policy))
        .boxed()
}

/// What a page of ours may load: its own files, and the operator's tiles if they live elsewhere.
fn security_policy(tiles: &Tiles) -> HeaderValue {
    let origin = tiles.origin().map(|origin| format!(" {origin}")).unwrap_or_default();
    // Raster tiles reach the map as `blob:` images in browsers that cannot decode them in a worker.
    let images = if origin.is_empty() { String::new() } else { format!(" blob:{origin}") };
    let policy = format!(
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; script-src 'self'; \
         worker-src 'self'; style-src 'self'; img-src 'self' data:{images}; font-src 'self'; \
         connect-src 'self'{origin}; manifest-src 'self'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

fn guarded(mut response: Response, policy: &HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy.clone());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Unless a page is stricter.
    headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_names_no_other_origin_unless_the_tiles_live_there() {
        let own = security_policy(&Tiles::Builtin);
        assert_eq!(
            own.to_str().unwrap(),
            "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; script-src 'self'; \
             worker-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
             manifest-src 'self'"
        );
        let tiles = Tiles::read("https://tiles.example.org:8443/{z}/{x}/{y}.png").unwrap();
        let theirs = security_policy(&tiles);
        let theirs = theirs.to_str().unwrap();
        assert!(theirs.contains("connect-src 'self' https://tiles.example.org:8443;"), "{theirs}");
        assert!(theirs.contains("img-src 'self' data: blob: https://tiles.example.org:8443;"), "{theirs}");
    }
}
