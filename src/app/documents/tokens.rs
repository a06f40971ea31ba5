//! A token or a session as its user sees it, without what opens anything.

use serde::Serialize;

#[derive(Clone, Debug, Serialize)]
pub struct TokenDocument {
    pub id: String,
    pub label: Option<String>,
    pub kind: TokenKind,
    pub created_at: String,
    /// To the hour.
    pub last_used_at: Option<String>,
    pub expires_at: Option<String>,
    /// Whether it is the one that was shown.
    pub current: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    Token,
    Session,
    /// Given by configuration.
    Operator,
}
