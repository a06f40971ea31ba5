//! `/api/catalogue`: all variables, rewards and achievements as one file, out and in. For admins.

use warp::http::header::CONTENT_TYPE;
use warp::http::{Method, StatusCode};

use super::Call;
use super::envelope::{Error, Success};
use super::reading::{Query, body, no_parameters};
use crate::app::AppError;
use crate::app::achievements::{Import, parse_yaml, to_yaml};
use crate::app::documents::CatalogueDocument;
use crate::http::request::Request;

const YAML: &str = "application/yaml";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Catalogue,
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["catalogue", rest @ ..] = path else { return None };
        Some(if rest.is_empty() { Ok(Self::Catalogue) } else { Err(AppError::NotFound("resource")) })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Catalogue => "/api/catalogue",
        }
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::GET, Method::HEAD, Method::POST, Method::PUT]
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        match *call.method {
            Method::GET => export(call).await,
            Method::PUT => import(call, Import::Replace).await,
            _ => import(call, Import::Add).await,
        }
    }
}

/// `GET /api/catalogue?format=`: in an envelope, or the file itself as `json` or `yaml`.
async fn export(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let format = Query::read(call.request, &["format"])?.take("format");
    let (catalogue, version) = call.app.export_catalogue(identity).await?;
    match format.as_deref() {
        None => Ok(Success::ok(&catalogue)?.tagged(version)),
        Some("json") => {
            let file = serde_json::to_vec_pretty(&catalogue).map_err(|_| AppError::Internal)?;
            Ok(Success::written("application/json", "runnity-catalogue.json", file).tagged(version))
        }
        Some("yaml") => {
            let file = to_yaml(&catalogue)?.into_bytes();
            Ok(Success::written(YAML, "runnity-catalogue.yaml", file).tagged(version))
        }
        Some(_) => Err(AppError::invalid("format", "must be json or yaml").into()),
    }
}

/// `PUT /api/catalogue`: what is not in the file goes. `POST`: it stays.
async fn import(call: &Call<'_>, import: Import) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let file = file(call.request)?;
    let imported = call.app.import_catalogue(identity, file, import, call.if_match()?).await?;
    Ok(Success::ok(&imported)?.tagged(imported.version))
}

fn file(request: &Request) -> Result<CatalogueDocument, Error> {
    let given = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if [YAML, "application/x-yaml", "text/yaml"].iter().any(|yaml| essence.eq_ignore_ascii_case(yaml)) {
        let body = request.body.as_ref().map_err(|&error| error)?;
        return Ok(parse_yaml(body)?);
    }
    if essence.eq_ignore_ascii_case("application/json") {
        return body(request);
    }
    let message = "The body must be JSON or YAML, with Content-Type: application/json or application/yaml.";
    Err(Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
}
