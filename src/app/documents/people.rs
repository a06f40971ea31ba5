//! Documents of people: an account as its owner sees it, and as others do.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::PlaceDocument;
use crate::backend::Version;

/// A user as others may see them in passing: `name` is the one that they want to be shown by.
#[derive(Clone, Debug, Serialize, PartialEq)]
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
    /// An object in which apps keep what they like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_public_data: Option<Value>,
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

/// A group of users.
#[derive(Clone, Debug, Serialize)]
pub struct GroupDocument {
    pub id: String,
    pub name: String,
    pub description: String,
    /// It is there for its members and for those who are invited alone.
    pub private: bool,
    pub owner: UserName,
    /// How many there are, the owner among them.
    pub members: u64,
    pub created_at: String,
    /// How the caller stands to it.
    pub role: GroupRole,
    #[serde(skip)]
    pub version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupRole {
    Owner,
    Member,
    Invited,
    /// `null`
    Nobody,
}

impl Serialize for GroupRole {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Owner => serializer.serialize_str("owner"),
            Self::Member => serializer.serialize_str("member"),
            Self::Invited => serializer.serialize_str("invited"),
            Self::Nobody => serializer.serialize_none(),
        }
    }
}

/// Somebody in a group, or invited to it.
#[derive(Clone, Debug, Serialize)]
pub struct MemberDocument {
    pub user: UserName,
    pub role: GroupRole,
    /// When they joined, or were invited.
    pub since: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct GroupName {
    pub id: String,
    pub name: String,
}

/// On a user's own channel: `by` has invited them to a group.
#[derive(Clone, Debug, Serialize)]
pub struct GroupInvitation {
    pub at: String,
    pub group: GroupName,
    pub by: UserName,
}
