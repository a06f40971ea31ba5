//! `/api/challenges`: who is first, or has the most, of some people.

use serde::Deserialize;
use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::{Query, body, no_parameters};
use crate::app::AppError;
use crate::app::challenges::{ChallengeFilter, ChallengeState, NewChallenge};
use crate::app::documents::Reference;
use crate::domain::challenge::Kind;
use crate::domain::ids::ChallengeId;
use crate::domain::time::Timestamp;
use crate::limits;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Challenges,
    Feed,
    Challenge(ChallengeId),
    Accept(ChallengeId),
    Reject(ChallengeId),
    Leave(ChallengeId),
    Invitations(ChallengeId),
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["challenges", rest @ ..] = path else { return None };
        let challenge = |id: &str| ChallengeId::parse(id).ok_or(AppError::NotFound("challenge"));
        Some(match rest {
            [] => Ok(Self::Challenges),
            ["feed"] => Ok(Self::Feed),
            [id] if !id.is_empty() => challenge(id).map(Self::Challenge),
            [id, "accept"] => challenge(id).map(Self::Accept),
            [id, "reject"] => challenge(id).map(Self::Reject),
            [id, "leave"] => challenge(id).map(Self::Leave),
            [id, "invitations"] => challenge(id).map(Self::Invitations),
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Challenges => "/api/challenges",
            Self::Feed => "/api/challenges/feed",
            Self::Challenge(_) => "/api/challenges/:id",
            Self::Accept(_) => "/api/challenges/:id/accept",
            Self::Reject(_) => "/api/challenges/:id/reject",
            Self::Leave(_) => "/api/challenges/:id/leave",
            Self::Invitations(_) => "/api/challenges/:id/invitations",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Challenges => &[Method::GET, Method::HEAD, Method::POST],
            Self::Feed => &[Method::GET, Method::HEAD],
            Self::Challenge(_) => &[Method::GET, Method::HEAD, Method::DELETE],
            Self::Accept(_) | Self::Reject(_) | Self::Leave(_) | Self::Invitations(_) => &[Method::POST],
        }
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        match (self, call.method) {
            (Self::Challenges, &Method::GET) => list(call).await,
            (Self::Challenges, _) => create(call).await,
            (Self::Feed, _) => feed(call).await,
            (Self::Challenge(challenge), &Method::GET) => show(call, challenge).await,
            (Self::Challenge(challenge), _) => cancel(call, challenge).await,
            (Self::Accept(challenge), _) => accept(call, challenge).await,
            // Whoever takes part leaves, whoever does not yet rejects: either way, they do not from now on.
            (Self::Reject(challenge) | Self::Leave(challenge), _) => reject(call, challenge).await,
            (Self::Invitations(challenge), _) => invite(call, challenge).await,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    title: String,
    kind: Option<String>,
    /// A number or a name.
    achievement: Option<Reference>,
    goal: Option<u64>,
    variable: Option<String>,
    target: Option<f64>,
    /// Ids or names.
    #[serde(default)]
    users: Vec<String>,
    group: Option<String>,
    starts_at: Option<String>,
    expires_at: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invite {
    /// Ids or names.
    users: Vec<String>,
}

/// `GET /api/challenges?state=&by=&to=&page=&page_size=`: those that name the caller.
async fn list(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let mut query = Query::read(call.request, &["state", "by", "to", "page", "page_size"])?;
    let state = match query.take("state").as_deref() {
        None => None,
        Some("active") => Some(ChallengeState::Active),
        Some("pending") => Some(ChallengeState::Pending),
        Some("finished") => Some(ChallengeState::Finished),
        Some("rejected") => Some(ChallengeState::Rejected),
        Some(_) => {
            return Err(AppError::invalid("state", "must be one of active, pending, finished and rejected").into());
        }
    };
    let is_own = match (mine(&mut query, "by")?, mine(&mut query, "to")?) {
        (true, true) => return Err(AppError::invalid("to", "does not go together with by").into()),
        (true, false) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    };
    let page = query.page(50, limits::PAGE_SIZE_MAX)?;
    Success::ok(&call.app.challenges(identity, ChallengeFilter { state, is_own }, page).await?)
}

/// `me`, or left out.
fn mine(query: &mut Query, name: &str) -> Result<bool, AppError> {
    match query.take(name).as_deref() {
        None => Ok(false),
        Some("me") => Ok(true),
        Some(_) => Err(AppError::invalid(name, "must be me")),
    }
}

/// `POST /api/challenges`.
async fn create(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let new = body::<Create>(call.request)?.read()?;
    let challenge = call.app.new_challenge(identity, new).await?;
    Success::created(format!("/api/challenges/{}", challenge.id), &challenge)
}

/// `GET /api/challenges/feed?page=&page_size=`: what has happened lately.
async fn feed(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let page = Query::read(call.request, &["page", "page_size"])?.page(50, limits::PAGE_SIZE_MAX)?;
    Success::ok(&call.app.challenge_feed(identity, page).await?)
}

/// `GET /api/challenges/:id`, with its standings.
async fn show(call: &Call<'_>, challenge: ChallengeId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let challenge = call.app.challenge(identity, challenge).await?;
    Ok(Success::ok(&challenge)?.tagged(challenge.version))
}

/// `DELETE /api/challenges/:id`: it is cancelled, by its creator. It stays to be seen.
async fn cancel(call: &Call<'_>, challenge: ChallengeId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    call.app.cancel_challenge(identity, challenge, call.if_match()?).await?;
    Ok(Success::deleted())
}

/// `POST /api/challenges/:id/accept`: the caller takes part.
async fn accept(call: &Call<'_>, challenge: ChallengeId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    Success::ok(&call.app.accept_challenge(identity, challenge).await?)
}

/// `POST /api/challenges/:id/reject` and `/leave`: the caller does not take part, or not any more.
async fn reject(call: &Call<'_>, challenge: ChallengeId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    Success::ok(&call.app.reject_challenge(identity, challenge).await?)
}

/// `POST /api/challenges/:id/invitations`: its creator invites more.
async fn invite(call: &Call<'_>, challenge: ChallengeId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let Invite { users } = body(call.request)?;
    Success::ok(&call.app.invite_to_challenge(identity, challenge, &users).await?)
}

impl Create {
    fn read(self) -> Result<NewChallenge, AppError> {
        let moment = |name: &str, text: &str| {
            let moment = Timestamp::parse(text).filter(|at| (0..1 << 50).contains(&at.as_millis()));
            moment.ok_or_else(|| AppError::invalid(name, "must be an RFC 3339 time"))
        };
        let kind = match self.kind.as_deref() {
            None | Some("first") => Kind::First,
            Some("most") => Kind::Most,
            Some(_) => return Err(AppError::invalid("kind", "must be first or most")),
        };
        Ok(NewChallenge {
            title: self.title,
            kind,
            achievement: self.achievement,
            variable: self.variable,
            goal: self.goal,
            target: self.target,
            users: self.users,
            group: self.group,
            starts_at: self.starts_at.as_deref().map(|text| moment("starts_at", text)).transpose()?,
            expires_at: moment("expires_at", &self.expires_at)?,
        })
    }
}
