//! Documents of people: an account as its owner sees it, and as others do.

use serde::Serialize;

use super::PlaceDocument;
use crate::backend::Version;

/// A user as others may see them in passing: `name` is the one that they want to be shown by.
#[derive(Clone, Debug, Serialize)]
pub struct UserName {
    pub id: String,
    pub name: String,
}

/// A user as other users see them.
#[derive(Clone, Debug, Serialize)]
pub struct PersonDocument {
    pub id: String,
    /// Nobody else has it.
    pub name: String,
    /// Others may go by the same.
    pub display_name: String,
    pub level: &'static str,
    pub country: Option<String>,
    pub city: Option<String>,
    #[serde(skip)]
    pub version: Version,
}

/// A user's own account. Where they are at home, their region, time zone and language are shown to nobody else.
#[derive(Clone, Debug, Serialize)]
pub struct UserDocument {
    pub id: String,
    /// The one to log in by.
    pub name: String,
    /// `name`, unless it was set.
    pub display_name: String,
    pub level: &'static str,
    /// What a new run of theirs is when nothing else is said.
    pub visibility: &'static str,
    pub place: Option<PlaceDocument>,
    pub country: Option<String>,
    pub region: Option<String>,
    pub city: Option<String>,
    /// As the IANA database names it.
    pub time_zone: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    pub created_at: String,
    /// Of what stands here. Log-ins and runs do not change it.
    #[serde(skip)]
    pub version: Version,
}

/// Another user, and what there is between them and the caller.
#[derive(Clone, Debug, Serialize)]
pub struct FriendDocument {
    pub user: UserName,
    /// `none`, `listed` (they list you alone), `friend` (you list them), `asked` (by you), `asking` (you), or `blocked` (by you).
    pub state: &'static str,
    /// Since when it has been so.
    pub since: Option<String>,
    /// They list you as a friend: you may see what is for their friends.
    pub lists_you: bool,
    #[serde(skip)]
    pub version: Version,
}

/// On a user's own channel: something is another between them and `user`.
#[derive(Clone, Debug, Serialize)]
pub struct FriendChange {
    pub at: String,
    pub user: UserName,
}
