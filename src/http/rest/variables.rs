//! `/api/variables`: what values are counted of. Everybody who is logged in may read them, admins write them.

use serde_json::{Map, Value};
use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::{Query, body, no_parameters};
use crate::app::AppError;
use crate::app::achievements::{Change, Shown};
use crate::app::documents::VariableDocument;
use crate::limits;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Variables,
    Variable(String),
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["variables", rest @ ..] = path else { return None };
        Some(match rest {
            [] => Ok(Self::Variables),
            [name] if !name.is_empty() => Ok(Self::Variable((*name).to_owned())),
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Variables => "/api/variables",
            Self::Variable(_) => "/api/variables/:name",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Variables => &[Method::GET, Method::HEAD, Method::POST],
            Self::Variable(_) => &[Method::GET, Method::HEAD, Method::PATCH, Method::PUT, Method::DELETE],
        }
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        match (&self, call.method) {
            (Self::Variables, &Method::GET) => list(call).await,
            (Self::Variables, _) => create(call).await,
            (Self::Variable(name), &Method::GET) => show(call, name).await,
            (Self::Variable(name), &Method::PUT) => replace(call, name).await,
            (Self::Variable(name), &Method::DELETE) => delete(call, name).await,
            (Self::Variable(name), _) => change(call, name).await,
        }
    }
}

/// `GET /api/variables?page=&page_size=`, by name.
async fn list(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let mut query = Query::read(call.request, &["page", "page_size"])?;
    let page = query.page(50, limits::PAGE_SIZE_MAX)?;
    Success::ok(&call.app.variables(identity, page).await?)
}

/// `POST /api/variables`, for admins.
async fn create(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let shown = call.app.new_variable(identity, body(call.request)?).await?;
    Success::created(format!("/api/variables/{}", shown.document.name), &shown.document)
}

/// `GET /api/variables/:name`.
async fn show(call: &Call<'_>, name: &str) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    tagged(call.app.variable(identity, name).await?)
}

/// `PUT /api/variables/:name`, for admins.
async fn replace(call: &Call<'_>, name: &str) -> Result<Success, Error> {
    call.caller.identity()?;
    saved(call, name, Change::Whole(body(call.request)?)).await
}

/// `PATCH /api/variables/:name`, for admins.
async fn change(call: &Call<'_>, name: &str) -> Result<Success, Error> {
    call.caller.identity()?;
    saved(call, name, Change::Members(body::<Map<String, Value>>(call.request)?)).await
}

async fn saved(call: &Call<'_>, name: &str, change: Change<VariableDocument>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    tagged(call.app.change_variable(identity, name, change, call.if_match()?).await?)
}

/// `DELETE /api/variables/:name`, for admins.
async fn delete(call: &Call<'_>, name: &str) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    call.request.body.as_ref().map_err(|&error| error)?;
    call.app.delete_variable(identity, name, call.if_match()?).await?;
    Ok(Success::deleted())
}

fn tagged(shown: Shown<VariableDocument>) -> Result<Success, Error> {
    let success = Success::ok(&shown.document)?;
    Ok(match shown.version {
        Some(version) => success.tagged(version),
        None => success,
    })
}
