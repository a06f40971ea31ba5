//! What the operator's other back ends order to be done to connections, on whichever instance those are.
//!
//! An order is a change on one topic that every instance hears and keeps to. A stretch that was missed is read again, so an
//! order that was acknowledged is carried out by every instance that lives.

use serde::{Deserialize, Serialize};

use crate::app::channels::Channel;
use crate::app::transact::{decode, encode};
use crate::app::{App, AppError};
use crate::backend::{AggregateId, Append, Commit, Cursor, Keep, Topic};
use crate::limits;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub whom: Whom,
    pub deed: Deed,
}

/// Which connections are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whom {
    /// All of this user's; empty: of whoever.
    pub user: String,
    /// Only the connection with this id; empty: any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub client: String,
    /// Only the connection that was told this session; empty: any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub session: String,
    /// Connections that are left alone, by their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
}

/// What is done to each of them. Documents are JSON, as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Into a channel that this user may see.
    Subscribe {
        channel: String,
        info: Option<String>,
        data: Option<String>,
        since: Option<Place>,
    },
    Unsubscribe {
        channel: String,
    },
    /// `None`: with the usual code, after which it does not come back by itself.
    Disconnect {
        why: Option<Why>,
    },
    /// The permission to be connected ends then; `None`: never.
    Refresh {
        expires_ms: Option<i64>,
    },
    /// The permission to be connected is over.
    Expire,
}

/// Where the client left a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub epoch: String,
    pub offset: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    pub code: u16,
    pub reason: String,
}

impl Whom {
    /// Whether a connection of this user and session is meant; its id is only asked for where it matters.
    pub fn is(&self, user: &str, session: Option<&str>, client: impl FnOnce() -> String) -> bool {
        let is_other = |wanted: &str, given| !wanted.is_empty() && Some(wanted) != given;
        if is_other(&self.user, Some(user)) || is_other(&self.session, session) {
            return false;
        }
        if self.client.is_empty() && self.except.is_empty() {
            return true;
        }
        let client = client();
        (self.client.is_empty() || self.client == client) && !self.except.contains(&client)
    }
}

impl Order {
    /// What a change of the orders' topic says.
    pub fn read(payload: &[u8]) -> Result<Self, AppError> {
        decode(payload)
    }
}

impl App {
    /// Tells every instance → once it is stored, which is before it is carried out.
    ///
    /// # Errors
    /// [`AppError::Invalid`]: nobody is meant, or what is to be done cannot be. [`AppError::Forbidden`]: a user's own channel
    /// cannot be taken away, because the word that a credential is no longer good comes by it.
    pub async fn order(&self, order: &Order) -> Result<(), AppError> {
        let Order { whom, deed } = order;
        if whom.user.is_empty() && whom.client.is_empty() && whom.session.is_empty() {
            return Err(AppError::invalid("user", "is missing"));
        }
        check(whom, deed)?;
        if whom.except.len() > limits::ORDER_EXCEPT_LEN_MAX {
            let problem = format!("must name at most {} connections", limits::ORDER_EXCEPT_LEN_MAX);
            return Err(AppError::invalid("whitelist", problem));
        }
        match deed {
            Deed::Subscribe { channel, .. } => drop(self.operators_channel(channel).await?),
            Deed::Unsubscribe { channel } => {
                if let Channel::User(_) = self.operators_channel(channel).await? {
                    return Err(AppError::Forbidden);
                }
            }
            Deed::Disconnect { why: Some(Why { code, reason }) } => {
                if !(3_000..=4_999).contains(code) || reason.len() > limits::CLOSE_REASON_BYTES_MAX {
                    let most = limits::CLOSE_REASON_BYTES_MAX;
                    let problem = format!("must have a code from 3000 to 4999 and a reason of at most {most} bytes");
                    return Err(AppError::invalid("disconnect", problem));
                }
            }
            Deed::Disconnect { why: None } | Deed::Refresh { .. } | Deed::Expire => {}
        }
        let topic = orders_topic();
        let mut commit = Commit::on(topic.aggregate.clone());
        commit.appends.push(Append { topic, keep: Keep::Newest(limits::ORDERS_LEN_MAX), payload: encode(order)? });
        self.backend.commit(commit).await?;
        Ok(())
    }

    /// Where the orders' topic stands.
    pub async fn orders_top(&self) -> Result<Cursor, AppError> {
        self.top(&orders_topic()).await
    }
}

/// No order is longer than it must be: many are kept.
fn check(whom: &Whom, deed: &Deed) -> Result<(), AppError> {
    let fits = |name: &'static str, text: &str, most: usize| match text.len() <= most {
        true => Ok(()),
        false => Err(AppError::invalid(name, format!("must have at most {most} bytes"))),
    };
    fits("user", &whom.user, limits::GUEST_NAME_LEN_MAX)?;
    fits("client", &whom.client, limits::UUID_LEN)?;
    fits("session", &whom.session, limits::UUID_LEN)?;
    for client in &whom.except {
        fits("whitelist", client, limits::UUID_LEN)?;
    }
    if let Deed::Subscribe { info, data, since, .. } = deed {
        fits("info", info.as_deref().unwrap_or_default(), limits::CLIENT_INFO_BYTES_MAX)?;
        fits("data", data.as_deref().unwrap_or_default(), limits::MESSAGE_BYTES_MAX)?;
        fits("recover_since", since.as_ref().map_or("", |since| &since.epoch), limits::EPOCH_LEN_MAX)?;
    }
    Ok(())
}

/// Where orders are told.
pub fn orders_topic() -> Topic {
    AggregateId::new("orders", "all").topic("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_meant_by_its_user_and_its_id() {
        let whom = |user: &str, client: &str, except: &[&str]| Whom {
            user: user.into(),
            client: client.into(),
            session: String::new(),
            except: except.iter().map(|&id| id.to_owned()).collect(),
        };
        for (whom, is) in [
            (whom("aino", "", &[]), true),
            (whom("aino", "c1", &[]), true),
            (whom("", "c1", &[]), true),
            (whom("aino", "c2", &[]), false),
            (whom("eino", "", &[]), false),
            (whom("eino", "c1", &[]), false),
            (whom("aino", "", &["c1"]), false),
            (whom("aino", "", &["c2"]), true),
        ] {
            assert_eq!(whom.is("aino", None, || "c1".to_owned()), is, "{whom:?}");
        }
        let whom = Whom { session: "s1".into(), ..Whom::default() };
        for (session, is) in [(Some("s1"), true), (Some("s2"), false), (None, false)] {
            assert_eq!(whom.is("aino", session, || "c1".to_owned()), is, "{session:?}");
        }
    }
}
