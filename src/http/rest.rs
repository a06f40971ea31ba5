//! Our own REST API, `/api/…`, as the conventions document has it.
//!
//! Here stands which resources there are, and what holds for all of them. A resource is a file: its paths and methods, and what
//! they take and give. Knows no rule of the product: those are asked of `app`.

mod achievements;
mod catalogue;
mod challenges;
mod envelope;
mod events;
mod friends;
mod groups;
mod hero;
mod invitations;
mod leaderboards;
mod once;
mod participants;
mod progress;
mod reading;
mod recommendations;
mod rewards;
mod runs;
mod share_links;
mod tags;
mod task_board;
mod task_checklists;
mod task_tags;
mod tasks;
mod tokens;
mod users;
mod variables;

use std::sync::Arc;

use warp::filters::BoxedFilter;
use warp::http::Method;
use warp::reply::Response;

use crate::app::posted::PostKey;
use crate::app::users::Caller;
use crate::app::{App, AppError};
use crate::backend::Version;
use crate::bodies::Bodies;
use crate::domain::time::Timestamp;
use crate::http::answer::{self, Answer};
use crate::http::caller::{self, CallerError, Intent};
use crate::http::cors;
use crate::http::request::{self, Request};
use envelope::{Error, Meta, Success};

pub fn routes(app: Arc<App>, bodies: &Bodies) -> BoxedFilter<(Response,)> {
    let shown = |_: &App, request: &Request| caller::shown(&request.headers);
    let shared = app.clone();
    request::counted(
        |path| request::is_under(path, &["api"]),
        bodies,
        &app,
        shown,
        move |request| answer(shared.clone(), request),
    )
}

/// A path of the API, with the ids that stand in it. Each resource has its own, in its own file.
trait Place: Sized {
    /// `path` comes after `api`, in its segments. `None`: it is not of this resource. An id is checked here: what is no id
    /// cannot be the id of anything.
    fn at(path: &[&str]) -> Option<Result<Self, AppError>>;

    /// What logs may say of the path.
    fn template(&self) -> &'static str;

    /// GET includes HEAD.
    fn methods(&self) -> &'static [Method];

    /// Whether this asks nothing of the caller: an app with an old token must be able to get a new one.
    fn is_open(&self, method: &Method) -> bool;

    async fn call(self, call: &Call<'_>) -> Result<Success, Error>;
}

/// What is asked, by whom.
struct Call<'a> {
    app: &'a Arc<App>,
    /// Where the place is open, anonymous if the credential is not good.
    caller: &'a Caller,
    /// GET for HEAD.
    method: &'a Method,
    request: &'a Request,
    /// The idempotency key of a POST, and when it came first.
    once: Option<(&'a PostKey, Timestamp)>,
}

impl Call<'_> {
    /// The version that the resource must still have, if `If-Match` names one. That it has is decided with the write itself.
    fn if_match(&self) -> Result<Option<Version>, AppError> {
        tags::if_match(&self.request.headers)
    }
}

/// One line for each resource: the first segment of its paths tells it from the others.
macro_rules! resources {
    ($($resource:ident: $module:ident,)*) => {
        /// A place of any resource.
        enum Resource {
            $($resource($module::Place),)*
        }

        impl Resource {
            fn at(path: &[&str]) -> Result<Self, AppError> {
                let Some(("api", path)) = path.split_first().map(|(first, rest)| (*first, rest)) else {
                    return Err(AppError::NotFound("resource"));
                };
                $(if let Some(place) = <$module::Place as Place>::at(path) {
                    return place.map(Self::$resource);
                })*
                Err(AppError::NotFound("resource"))
            }

            fn template(&self) -> &'static str {
                match self { $(Self::$resource(place) => place.template(),)* }
            }

            fn methods(&self) -> &'static [Method] {
                match self { $(Self::$resource(place) => place.methods(),)* }
            }

            fn is_open(&self, method: &Method) -> bool {
                match self { $(Self::$resource(place) => place.is_open(method),)* }
            }

            /// Whether it has a version that a write may depend on.
            fn has_version(&self) -> bool {
                matches!(
                    self,
                    Self::Users(users::Place::Me | users::Place::User(_))
                        | Self::Friends(friends::Place::Friend(_))
                        | Self::Groups(groups::Place::Group(_))
                        | Self::Runs(runs::Place::Run(_))
                        | Self::Events(events::Place::Event(_))
                        | Self::ShareLinks(share_links::Place::Link(_))
                        | Self::Variables(variables::Place::Variable(_))
                        | Self::Rewards(rewards::Place::Reward(_))
                        | Self::Achievements(achievements::Place::Achievement(_))
                        | Self::Catalogue(_)
                        | Self::Challenges(challenges::Place::Challenge(_))
                        | Self::Tasks(tasks::Place::Task(_))
                )
            }

            /// Whether it heeds idempotency keys by itself.
            fn remembers(&self) -> bool {
                matches!(self, Self::Runs(runs::Place::Fixes(_)))
            }

            /// Whether a POST here may be answered with a secret, or sent with a password.
            fn tells_secrets(&self) -> bool {
                matches!(self, Self::Users(_) | Self::Tokens(_) | Self::ShareLinks(_))
            }

            async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
                // Boxed: a call that reads is not to be as large as the largest that writes.
                match self { $(Self::$resource(place) => Box::pin(place.call(call)).await,)* }
            }
        }
    };
}

resources! {
    Progress: progress,
    Recommendations: recommendations,
    Users: users,
    Friends: friends,
    Groups: groups,
    Tokens: tokens,
    Runs: runs,
    Participants: participants,
    Invitations: invitations,
    Events: events,
    ShareLinks: share_links,
    Leaderboards: leaderboards,
    Variables: variables,
    Rewards: rewards,
    Achievements: achievements,
    Catalogue: catalogue,
    Challenges: challenges,
    Hero: hero,
    TaskTags: task_tags,
    TaskChecklists: task_checklists,
    TaskBoard: task_board,
    Tasks: tasks,
}

async fn answer(app: Arc<App>, request: Request) -> Answer {
    let meta = Meta::of(&request.headers);
    let resource = at(&request);
    let route = resource.as_ref().map_or("/api/*", |resource| resource.template());
    let request = Arc::new(request);
    let mut response = match resource {
        Ok(resource) if request.method == Method::OPTIONS => cors::options(resource.methods()),
        Ok(resource) => match call(&app, resource, &request).await {
            Ok(success) => success.response(&meta, &request.method, &request.headers),
            Err(error) => error.response(&meta, &request.headers),
        },
        Err(error) => Error::from(error).response(&meta, &request.headers),
    };
    meta.mark(&mut response);
    cors::open(&mut response);
    if caller::shows_link(&request.headers) {
        answer::keep_to_oneself(&mut response);
    }
    Answer { route, response }
}

/// The resource of the request's path, whose segments may be percent-encoded one by one.
fn at(request: &Request) -> Result<Resource, AppError> {
    let segments = request.segments();
    if !request.path.contains('%') {
        return Resource::at(&segments);
    }
    let decoded: Option<Vec<String>> = segments.into_iter().map(request::decode_segment).collect();
    let decoded = decoded.ok_or_else(|| AppError::invalid("path", "is not UTF-8 behind its percent signs"))?;
    Resource::at(&decoded.iter().map(String::as_str).collect::<Vec<_>>())
}

async fn call(app: &Arc<App>, resource: Resource, request: &Arc<Request>) -> Result<Success, Error> {
    request.turn.clone()?;
    let method = if request.method == Method::HEAD { &Method::GET } else { &request.method };
    if !resource.methods().contains(method) {
        return Err(Error::method(&request.method, resource.methods()));
    }
    let intent = if *method == Method::GET { Intent::Read } else { Intent::Write };
    let caller = match caller::caller(app, request, intent).await {
        // An old token is nobody's where none is needed: it is how one gets a new one.
        Err(CallerError::Unknown { .. } | CallerError::ForeignOrigin) if resource.is_open(method) => Caller::Anonymous,
        caller => caller?,
    };
    if *method != Method::GET && !resource.has_version() && tags::if_match(&request.headers)?.is_some() {
        // What is named is not what is there, for there is no version to be named.
        return Err(AppError::Stale.into());
    }
    if intent == Intent::Write {
        // Whether it is needed or not: what did not arrive as a whole may not be what was meant.
        request.body.as_ref().map_err(|&error| error)?;
    }
    if *method == Method::POST
        && !resource.remembers()
        && let Some(key) = once::key(&request.headers)?
    {
        return Box::pin(once::carry_out(app, resource, caller, request, key)).await;
    }
    resource.call(&Call { app, caller: &caller, method, request, once: None }).await
}
