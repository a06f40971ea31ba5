//! The Ion family: `POST /add_or_update_user/:userId` as the Ion document has it, and gengine's other calls, by their names.
//!
//! Its spelling, codes and bodies are those documents'; where they are silent, README's readings hold. Knows no rule of the
//! product: those are asked of `app`.

mod answers;
mod auth;
mod messages;
mod parameters;
mod progress;
mod users;
mod values;

use std::sync::Arc;

use warp::filters::BoxedFilter;
use warp::http::Method;
use warp::reply::Response;

use crate::app::users::{Caller, Identity};
use crate::app::{App, AppError};
use crate::bodies::Bodies;
use crate::domain::ids::UserId;
use crate::http::answer::Answer;
use crate::http::caller::{self, Intent};
use crate::http::cors;
use crate::http::once;
use crate::http::request::{self, Request};
use answers::Error;

/// The first segments of its paths.
const FIRSTS: [&str; 10] = [
    "add_or_update_user",
    "delete_user",
    "progress",
    "increase_value",
    "increase_multi_values",
    "achievement",
    "auth",
    "register_device",
    "messages",
    "read_messages",
];

pub fn routes(app: Arc<App>, bodies: &Bodies) -> BoxedFilter<(Response,)> {
    let shown = |_: &App, request: &Request| caller::shown_plainly(&request.headers);
    let shared = app.clone();
    request::counted(
        |path| request::is_under(path, &FIRSTS),
        bodies,
        &app,
        shown,
        move |request| answer(shared.clone(), request),
    )
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Call {
    /// With nobody's id: somebody new.
    AddUser,
    /// With the user, as in all that follow.
    UpdateUser(String),
    DeleteUser(String),
    Progress(String),
    /// The variable, the user, and perhaps a key.
    IncreaseValue(String, String),
    IncreaseKey(String, String, String),
    IncreaseMultiValues,
    /// The achievement, and one of its levels.
    AchievementLevel(String, String),
    LogIn,
    ChangePassword,
    RegisterDevice(String),
    Messages(String),
    ReadMessages(String),
}

impl Call {
    fn at(path: &[String]) -> Option<Self> {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let owned = str::to_owned;
        Some(match path.as_slice() {
            ["add_or_update_user"] | ["add_or_update_user", ""] => Self::AddUser,
            ["add_or_update_user", user] if user.trim().is_empty() => Self::AddUser,
            ["add_or_update_user", user] => Self::UpdateUser(owned(user)),
            ["delete_user", user] => Self::DeleteUser(owned(user)),
            ["progress", user] => Self::Progress(owned(user)),
            ["increase_value", variable, user] | ["increase_value", variable, user, ""] => {
                Self::IncreaseValue(owned(variable), owned(user))
            }
            ["increase_value", variable, user, key] => Self::IncreaseKey(owned(variable), owned(user), owned(key)),
            ["increase_multi_values"] => Self::IncreaseMultiValues,
            ["achievement", achievement, "level", level] => Self::AchievementLevel(owned(achievement), owned(level)),
            ["auth", "login"] => Self::LogIn,
            ["auth", "change_password"] => Self::ChangePassword,
            ["register_device", user] => Self::RegisterDevice(owned(user)),
            ["messages", user] => Self::Messages(owned(user)),
            ["read_messages", user] => Self::ReadMessages(owned(user)),
            _ => return None,
        })
    }

    /// What logs may say of the path.
    fn template(&self) -> &'static str {
        match self {
            Self::AddUser => "/add_or_update_user",
            Self::UpdateUser(_) => "/add_or_update_user/:user",
            Self::DeleteUser(_) => "/delete_user/:user",
            Self::Progress(_) => "/progress/:user",
            Self::IncreaseValue(..) => "/increase_value/:variable/:user",
            Self::IncreaseKey(..) => "/increase_value/:variable/:user/:key",
            Self::IncreaseMultiValues => "/increase_multi_values",
            Self::AchievementLevel(..) => "/achievement/:achievement/level/:level",
            Self::LogIn => "/auth/login",
            Self::ChangePassword => "/auth/change_password",
            Self::RegisterDevice(_) => "/register_device/:user",
            Self::Messages(_) => "/messages/:user",
            Self::ReadMessages(_) => "/read_messages/:user",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Progress(_) | Self::AchievementLevel(..) | Self::Messages(_) => &[Method::GET, Method::HEAD],
            Self::DeleteUser(_) => &[Method::DELETE],
            _ => &[Method::POST],
        }
    }
}

async fn answer(app: Arc<App>, request: Request) -> Answer {
    let segments: Option<Vec<String>> = request.segments().into_iter().map(request::decode_segment).collect();
    let call = segments.as_deref().and_then(Call::at);
    let route = call.as_ref().map_or("/ion/*", Call::template);
    let outcome = match call {
        None => Err(Error::not_found()),
        Some(call) if request.method == Method::OPTIONS => Ok(cors::options(call.methods())),
        Some(call) if !call.methods().contains(&request.method) => Err(Error::method(call.methods())),
        Some(_) if let Err(refused) = request.turn.clone() => Err(refused.into()),
        Some(call) => carry_out(&app, call, &request).await,
    };
    let mut response = outcome.unwrap_or_else(|error| error.response(&request.headers));
    cors::open(&mut response);
    Answer { route, response }
}

async fn carry_out(app: &Arc<App>, call: Call, request: &Request) -> Result<Response, Error> {
    let ask = Ask { app, request };
    match call {
        Call::AddUser => users::put(&ask, None).await,
        Call::UpdateUser(user) => users::put(&ask, Some(&user)).await,
        Call::DeleteUser(user) => users::delete(&ask, &user).await,
        Call::Progress(user) => progress::show(&ask, &user).await,
        Call::IncreaseValue(variable, user) => values::increase(&ask, variable, &user, String::new()).await,
        Call::IncreaseKey(variable, user, key) => values::increase(&ask, variable, &user, key).await,
        Call::IncreaseMultiValues => values::increase_many(&ask).await,
        Call::AchievementLevel(achievement, level) => progress::level(&ask, &achievement, &level).await,
        Call::LogIn => auth::log_in(&ask).await,
        Call::ChangePassword => auth::change_password(&ask).await,
        Call::RegisterDevice(user) => messages::register_device(&ask, &user).await,
        Call::Messages(user) => messages::list(&ask, &user).await,
        Call::ReadMessages(user) => messages::read(&ask, &user).await,
    }
}

/// A request, and the application that it asks.
struct Ask<'a> {
    app: &'a Arc<App>,
    request: &'a Request,
}

impl Ask<'_> {
    /// Who asks; somebody must.
    async fn identity(&self, intent: Intent) -> Result<Identity, Error> {
        match caller::plain_caller(self.app, self.request, intent).await? {
            Caller::User(identity) => Ok(identity),
            Caller::Link(_) => Err(AppError::Forbidden.into()),
            Caller::Anonymous | Caller::Guest(_) => Err(AppError::Unauthenticated.into()),
        }
    }

    /// Who asks, if anybody whom we know: where nobody need say so.
    async fn anybody(&self) -> Caller {
        caller::plain_caller(self.app, self.request, Intent::Read).await.unwrap_or(Caller::Anonymous)
    }

    /// Who asks, and the user of whom: an admin may ask for everybody, a user for oneself.
    async fn identity_for(&self, user: &str, intent: Intent) -> Result<(Identity, UserId), Error> {
        let identity = self.identity(intent).await?;
        let user = UserId::parse(user).ok_or_else(Error::no_such_user)?;
        self.app.speaks_for(&identity, &user).await?;
        Ok((identity, user))
    }

    fn once(&self) -> Result<Option<&str>, Error> {
        Ok(once::key(&self.request.headers)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str) -> Option<Call> {
        let segments: Vec<String> = path.split('/').skip(1).map(str::to_owned).collect();
        Call::at(&segments)
    }

    #[test]
    fn calls_are_told_apart_by_their_paths() {
        let owned = str::to_owned;
        for blank in ["/add_or_update_user", "/add_or_update_user/", "/add_or_update_user/ "] {
            assert_eq!(at(blank), Some(Call::AddUser), "{blank}");
        }
        assert_eq!(at("/add_or_update_user/1"), Some(Call::UpdateUser(owned("1"))));
        assert_eq!(at("/increase_value/x/1"), Some(Call::IncreaseValue(owned("x"), owned("1"))));
        assert_eq!(at("/increase_value/x/1/"), Some(Call::IncreaseValue(owned("x"), owned("1"))));
        assert_eq!(at("/increase_value/x/1/k"), Some(Call::IncreaseKey(owned("x"), owned("1"), owned("k"))));
        for other in ["/add_or_update_user/1/2", "/increase_value/x", "/achievement/1", "/auth", "/progress", "/auth/x"]
        {
            assert_eq!(at(other), None, "{other}");
        }
    }

    #[test]
    fn every_call_is_under_a_first_segment_that_is_ours() {
        for path in ["/add_or_update_user", "/delete_user/1", "/progress/1", "/increase_value/x/1", "/messages/1"] {
            assert!(at(path).is_some() && request::is_under(path, &FIRSTS), "{path}");
        }
    }
}
