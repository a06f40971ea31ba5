//! `/api/groups`: groups of users, and who is in them.

use serde::Deserialize;

use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::{Query, body, no_parameters};
use crate::app::AppError;
use crate::app::groups::{ChangeGroup, GroupFilter, MemberFilter, NewGroup};
use crate::domain::ids::{GroupId, UserId};
use crate::limits;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Groups,
    Group(GroupId),
    Members(GroupId),
    Member(GroupId, UserId),
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["groups", rest @ ..] = path else { return None };
        let group = |id: &str| GroupId::parse(id).ok_or(AppError::NotFound("group"));
        Some(match rest {
            [] => Ok(Self::Groups),
            [id] if !id.is_empty() => group(id).map(Self::Group),
            [id, "members"] => group(id).map(Self::Members),
            [id, "members", user] if !user.is_empty() => group(id).and_then(|group| {
                UserId::parse(user).map(|user| Self::Member(group, user)).ok_or(AppError::NotFound("user"))
            }),
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Groups => "/api/groups",
            Self::Group(_) => "/api/groups/:id",
            Self::Members(_) => "/api/groups/:id/members",
            Self::Member(..) => "/api/groups/:id/members/:user",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Groups | Self::Members(_) => &[Method::GET, Method::HEAD, Method::POST],
            Self::Group(_) => &[Method::GET, Method::HEAD, Method::PATCH, Method::PUT, Method::DELETE],
            Self::Member(..) => &[Method::DELETE],
        }
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        match (&self, call.method) {
            (Self::Groups, &Method::GET) => list(call).await,
            (Self::Groups, _) => create(call).await,
            (Self::Group(group), &Method::GET) => show(call, group).await,
            (Self::Group(group), &Method::PUT) => replace(call, group).await,
            (Self::Group(group), &Method::DELETE) => delete(call, group).await,
            (Self::Group(group), _) => change(call, group).await,
            (Self::Members(group), &Method::GET) => members(call, group).await,
            (Self::Members(group), _) => join(call, group).await,
            (Self::Member(group, user), _) => leave(call, group, user).await,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    name: String,
    description: Option<String>,
    private: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    name: Option<String>,
    description: Option<String>,
    private: Option<bool>,
    owner: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Join {
    user: Option<String>,
}

/// `GET /api/groups?name=&mine=&invited=&page=&page_size=`.
async fn list(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let mut query = Query::read(call.request, &["name", "mine", "invited", "page", "page_size"])?;
    let filter = GroupFilter {
        name: query.take("name"),
        is_mine: query.flag("mine")?.unwrap_or_default(),
        is_invited: query.flag("invited")?.unwrap_or_default(),
    };
    if filter.is_mine && filter.is_invited {
        return Err(AppError::invalid("invited", "does not go together with mine").into());
    }
    let page = query.page(50, limits::PAGE_SIZE_MAX)?;
    Success::ok(&call.app.groups(identity, &filter, page).await?)
}

/// `POST /api/groups`.
async fn create(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let Create { name, description, private } = body(call.request)?;
    let new = NewGroup { name, description: description.unwrap_or_default(), private: private.unwrap_or_default() };
    let group = call.app.new_group(identity, new).await?;
    Success::created(format!("/api/groups/{}", group.id), &group)
}

/// `GET /api/groups/:id`.
async fn show(call: &Call<'_>, group: &GroupId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let group = call.app.group(identity, group).await?;
    Ok(Success::ok(&group)?.tagged(group.version))
}

/// `PATCH /api/groups/:id`, for its owner.
async fn change(call: &Call<'_>, group: &GroupId) -> Result<Success, Error> {
    call.caller.identity()?;
    let change = body::<Change>(call.request)?;
    saved(call, group, change.read()?).await
}

/// `PUT /api/groups/:id`, for its owner: what is left out is as in a new group, and the owner stays.
async fn replace(call: &Call<'_>, group: &GroupId) -> Result<Success, Error> {
    call.caller.identity()?;
    let change = body::<Change>(call.request)?.read()?;
    if change.name.is_none() {
        return Err(AppError::invalid("name", "is missing").into());
    }
    let description = Some(change.description.unwrap_or_default());
    let private = Some(change.private.unwrap_or_default());
    saved(call, group, ChangeGroup { description, private, ..change }).await
}

async fn saved(call: &Call<'_>, group: &GroupId, change: ChangeGroup) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let change = ChangeGroup { if_version: call.if_match()?, ..change };
    let group = call.app.change_group(identity, group, change).await?;
    Ok(Success::ok(&group)?.tagged(group.version))
}

/// `DELETE /api/groups/:id`, for its owner.
async fn delete(call: &Call<'_>, group: &GroupId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    call.app.delete_group(identity, group, call.if_match()?).await?;
    Ok(Success::deleted())
}

/// `GET /api/groups/:id/members?state=&page=&page_size=`, in the order in which they came.
async fn members(call: &Call<'_>, group: &GroupId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let mut query = Query::read(call.request, &["state", "page", "page_size"])?;
    let filter = match query.take("state").as_deref() {
        None | Some("member") => MemberFilter::Members,
        Some("invited") => MemberFilter::Invited,
        Some(_) => return Err(AppError::invalid("state", "must be member or invited").into()),
    };
    let page = query.page(50, limits::PAGE_SIZE_MAX)?;
    Success::ok(&call.app.group_members(identity, group, filter, page).await?)
}

/// `POST /api/groups/:id/members`: joins, or invites the `user` who is named. To join there is nothing to say in a body.
async fn join(call: &Call<'_>, group: &GroupId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    let sent = call.request.body.as_ref().map_err(|&error| error)?;
    let Join { user } = if sent.is_empty() { Join { user: None } } else { body(call.request)? };
    let member = match user {
        None => call.app.join_group(identity, group).await?,
        Some(user) => call.app.invite_to_group(identity, group, &user).await?,
    };
    Success::created(format!("/api/groups/{group}/members"), &member)
}

/// `DELETE /api/groups/:id/members/:user`: leaves, declines, takes out or withdraws.
async fn leave(call: &Call<'_>, group: &GroupId, user: &UserId) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    call.app.leave_group(identity, group, user).await?;
    Ok(Success::deleted())
}

impl Change {
    fn read(self) -> Result<ChangeGroup, AppError> {
        let Self { name, description, private, owner } = self;
        let owner = owner.map(|id| UserId::parse(&id).ok_or_else(|| AppError::invalid("owner", "must be a user's id")));
        Ok(ChangeGroup { name, description, private, owner: owner.transpose()?, if_version: None })
    }
}
