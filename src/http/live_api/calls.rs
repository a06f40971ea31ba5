//! Which methods there are, and how one or many of them are carried out.

use std::collections::BTreeMap;

use futures::StreamExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

use super::answers::ErrorDocument;
use super::{history, presence, publish, users};
use crate::app::{App, AppError, documents};
use crate::limits;

macro_rules! methods {
    ($($method:ident $name:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Method {
            $($method,)*
        }

        impl Method {
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$method),)*
                    _ => None,
                }
            }

            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$method => $name,)*
                }
            }

            /// What logs may say of the path.
            pub fn template(self) -> &'static str {
                match self {
                    $(Self::$method => concat!("/api/", $name),)*
                }
            }
        }
    };
}

methods! {
    Publish "publish";
    Broadcast "broadcast";
    Subscribe "subscribe";
    Unsubscribe "unsubscribe";
    Disconnect "disconnect";
    Refresh "refresh";
    Presence "presence";
    PresenceStats "presence_stats";
    History "history";
    HistoryRemove "history_remove";
    Channels "channels";
    Info "info";
}

/// Methods of Centrifugo's that are not offered. Nothing of ours may be called so.
pub const ABSENT: &[&str] = &[
    "rpc",
    "map_publish",
    "map_remove",
    "map_read_state",
    "map_read_stream",
    "map_stats",
    "map_clear",
    "shared_poll_publish",
    "connections",
];

/// The result of most methods.
#[derive(Serialize)]
pub struct Nothing {}

/// Reads the members of a method. Those that are not known here are for others.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, AppError> {
    documents::parse(body)
}

pub fn written(result: &impl Serialize) -> Result<Box<RawValue>, AppError> {
    to_raw_value(result).map_err(|_| {
        tracing::error!("a result could not be written");
        AppError::Internal
    })
}

pub async fn carry_out(app: &App, method: Method, body: &[u8]) -> Result<Box<RawValue>, AppError> {
    match method {
        Method::Publish => written(&publish::publish(app, read(body)?).await?),
        Method::Broadcast => written(&publish::broadcast(app, read(body)?).await?),
        Method::Subscribe => written(&users::subscribe(app, read(body)?).await?),
        Method::Unsubscribe => written(&users::unsubscribe(app, read(body)?).await?),
        Method::Disconnect => written(&users::disconnect(app, read(body)?).await?),
        Method::Refresh => written(&users::refresh(app, read(body)?).await?),
        Method::Presence => written(&presence::presence(app, read(body)?).await?),
        Method::PresenceStats => written(&presence::presence_stats(app, read(body)?).await?),
        Method::History => written(&history::history(app, read(body)?).await?),
        Method::HistoryRemove => written(&history::history_remove(app, read(body)?).await?),
        Method::Channels => written(&presence::channels(app, read(body)?).await?),
        Method::Info => written(&presence::info(app).await?),
    }
}

/// Carries out commands one after another, or many at once → their replies, in the order of the commands.
pub async fn carry_out_all(
    app: &App,
    commands: Vec<BTreeMap<String, Box<RawValue>>>,
    parallel: bool,
) -> Result<Vec<Box<RawValue>>, AppError> {
    if commands.len() > limits::BROADCAST_LEN_MAX {
        let problem = format!("must hold at most {} commands", limits::BROADCAST_LEN_MAX);
        return Err(AppError::invalid("commands", problem));
    }
    let at_once = if parallel { limits::BROADCAST_AT_ONCE } else { 1 };
    let replying = futures::stream::iter(commands).map(|command| reply(app, command));
    let mut replying = std::pin::pin!(replying.buffered(at_once));
    let (mut replies, mut bytes) = (Vec::new(), 0);
    while let Some(reply) = replying.next().await {
        let reply = match reply? {
            reply if bytes + reply.get().len() <= limits::BATCH_REPLIES_BYTES_MAX => reply,
            // It was carried out all the same.
            _ => with_error(ErrorDocument::limit_exceeded())?,
        };
        bytes += reply.get().len();
        replies.push(reply);
    }
    Ok(replies)
}

/// `{"publish": <result>}` or `{"error": …}`.
async fn reply(app: &App, command: BTreeMap<String, Box<RawValue>>) -> Result<Box<RawValue>, AppError> {
    let mut members = command.into_iter();
    let (Some((name, body)), None) = (members.next(), members.next()) else {
        return with_error(AppError::invalid("commands", "must name one method each").into());
    };
    let Some(method) = Method::named(&name) else {
        return with_error(ErrorDocument::method_not_found());
    };
    match carry_out(app, method, body.get().as_bytes()).await {
        Ok(result) => written(&BTreeMap::from([(method.name(), result)])),
        Err(error) => with_error(error.into()),
    }
}

fn with_error(error: ErrorDocument) -> Result<Box<RawValue>, AppError> {
    written(&BTreeMap::from([("error", error)]))
}
