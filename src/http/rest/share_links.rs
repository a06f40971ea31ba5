//! `/api/share-links`: links by which people without an account see one run or one event.
//!
//! A link's secret is in the answer to its making and nowhere else: who has lost it makes another link.

use serde::{Deserialize, Deserializer, Serialize};

use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::{Query, body, no_parameters};
use super::tags::if_match;
use crate::app::documents::LinkDocument;
use crate::app::links::{ChangeLink, NewLink, Shared};
use crate::app::users::Caller;
use crate::app::{App, AppError};
use crate::domain::ids::{EventId, LinkId, RunId};
use crate::domain::time::Timestamp;
use crate::http::request::Request;
use crate::limits;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Links,
    /// The one by which the caller has come.
    Current,
    Link(LinkId),
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["share-links", rest @ ..] = path else { return None };
        Some(match rest {
            [] => Ok(Self::Links),
            ["current"] => Ok(Self::Current),
            [id] => LinkId::parse(id).map(Self::Link).ok_or(AppError::NotFound("share link")),
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Links => "/api/share-links",
            Self::Current => "/api/share-links/current",
            Self::Link(_) => "/api/share-links/:id",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Links => &[Method::GET, Method::HEAD, Method::POST],
            Self::Current => &[Method::GET, Method::HEAD],
            Self::Link(_) => &[Method::GET, Method::HEAD, Method::PATCH, Method::DELETE],
        }
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        let Call { app, caller, method, request, .. } = *call;
        match (self, method) {
            (Self::Links, &Method::POST) => create(app, caller, request).await,
            (Self::Links, _) => list(app, caller, request).await,
            (Self::Current, _) => show_held(app, caller, request).await,
            (Self::Link(link), &Method::PATCH) => change(app, caller, link, request).await,
            (Self::Link(link), &Method::DELETE) => revoke(app, caller, link, request).await,
            (Self::Link(link), _) => show(app, caller, link, request).await,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    run: Option<String>,
    event: Option<u64>,
    label: Option<String>,
    ends_at: Option<String>,
    invites: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    #[serde(default, deserialize_with = "given")]
    label: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    ends_at: Option<Option<String>>,
}

/// `null` says something, and so does leaving it out.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

/// The link, and what opens it.
#[derive(Serialize)]
struct Made {
    #[serde(flatten)]
    link: LinkDocument,
    secret: String,
    /// The page that it opens, on this server. The secret stands where browsers send it to nobody.
    path: String,
}

/// `POST /api/share-links` → a new link beside those that there are already.
async fn create(app: &App, caller: &Caller, request: &Request) -> Result<Success, Error> {
    let identity = caller.identity()?;
    no_parameters(request)?;
    let New { run, event, label, ends_at, invites } = body(request)?;
    let shared = match (run, event) {
        (Some(run), None) => RunId::parse(&run).map(Shared::Run).ok_or(AppError::NotFound("run"))?,
        (None, Some(event)) => EventId::new(event).map(Shared::Event).ok_or(AppError::NotFound("event"))?,
        (None, None) => return Err(AppError::invalid("run", "or event is missing").into()),
        (Some(_), Some(_)) => return Err(AppError::invalid("event", "cannot be shared by one link with a run").into()),
    };
    let ends_at = ends_at.map(moment).transpose()?;
    let (link, secret) =
        app.new_link(identity, NewLink { shared, label, ends_at, invites: invites.unwrap_or(false) }).await?;
    let secret = secret.reveal().to_owned();
    let location = format!("/api/share-links/{}", link.id);
    Success::created(location, &Made { link, path: format!("/s#{secret}"), secret })
}

/// `GET /api/share-links` → the caller's own, newest first.
async fn list(app: &App, caller: &Caller, request: &Request) -> Result<Success, Error> {
    let identity = caller.identity()?;
    let mut query = Query::read(request, &["run", "event", "page", "page_size"])?;
    let page = query.page(50, limits::PAGE_SIZE_MAX)?;
    let shared = match (query.take("run"), query.take("event")) {
        (Some(_), Some(_)) => return Err(AppError::invalid("event", "cannot be asked for together with a run").into()),
        (Some(run), None) => {
            let run = RunId::parse(&run).ok_or_else(|| AppError::invalid("run", "must be the id of a run"))?;
            Some(Shared::Run(run))
        }
        (None, Some(event)) => {
            let event =
                EventId::parse(&event).ok_or_else(|| AppError::invalid("event", "must be the id of an event"))?;
            Some(Shared::Event(event))
        }
        (None, None) => None,
    };
    Success::ok(&app.links(identity, shared, page).await?)
}

/// `GET /api/share-links/:id`.
async fn show(app: &App, caller: &Caller, link: LinkId, request: &Request) -> Result<Success, Error> {
    let identity = caller.identity()?;
    no_parameters(request)?;
    let (link, version) = app.link(identity, link).await?;
    Ok(Success::ok(&link)?.tagged(version))
}

/// `GET /api/share-links/current`: for a page that was opened with a secret and knows nothing else.
async fn show_held(app: &App, caller: &Caller, request: &Request) -> Result<Success, Error> {
    no_parameters(request)?;
    match caller {
        Caller::Link(holder) => Success::ok(&app.held_link(holder).await?),
        Caller::Anonymous => Err(AppError::Unauthenticated.into()),
        Caller::Guest(_) | Caller::User(_) => Err(AppError::NotFound("share link").into()),
    }
}

/// `PATCH /api/share-links/:id`. `ends_at` `null`: an hour after what it shows.
async fn change(app: &App, caller: &Caller, link: LinkId, request: &Request) -> Result<Success, Error> {
    let identity = caller.identity()?;
    no_parameters(request)?;
    let Change { label, ends_at } = body(request)?;
    let ends_at = ends_at.map(|at| at.map(moment).transpose()).transpose()?;
    let if_version = if_match(&request.headers)?;
    let (link, version) = app.change_link(identity, link, ChangeLink { label, ends_at }, if_version).await?;
    Ok(Success::ok(&link)?.tagged(version))
}

/// `DELETE /api/share-links/:id`. Whoever is connected by it is sent away at once.
async fn revoke(app: &App, caller: &Caller, link: LinkId, request: &Request) -> Result<Success, Error> {
    let identity = caller.identity()?;
    no_parameters(request)?;
    app.revoke_link(identity, link, if_match(&request.headers)?).await?;
    Ok(Success::deleted())
}

fn moment(text: String) -> Result<Timestamp, AppError> {
    Timestamp::parse(&text).ok_or_else(|| AppError::invalid("ends_at", "must be an RFC 3339 time"))
}
