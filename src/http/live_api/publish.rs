//! `publish` and `broadcast`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::answers::ErrorDocument;
use crate::app::channels::{Announcement, DocumentVersion};
use crate::app::{App, AppError};
use crate::backend::Cursor;
use crate::limits;

/// The members of both methods.
#[derive(Deserialize)]
pub struct Said {
    /// Of `publish`.
    #[serde(default)]
    channel: String,
    /// Of `broadcast`.
    #[serde(default)]
    channels: Vec<String>,
    data: Option<Box<RawValue>>,
    b64data: Option<String>,
    #[serde(default)]
    skip_history: bool,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    idempotency_key: String,
    #[serde(default)]
    version: u64,
    #[serde(default)]
    version_epoch: String,
}

#[derive(Serialize)]
pub struct Published {
    offset: u64,
    epoch: String,
}

#[derive(Serialize)]
pub struct Responses {
    responses: Vec<Response>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Response {
    Result(Published),
    Error(ErrorDocument),
}

pub async fn publish(app: &App, said: Said) -> Result<Published, AppError> {
    let channel = said.channel.clone();
    said_in(app, &channel, &said.read()?).await
}

pub async fn broadcast(app: &App, mut said: Said) -> Result<Responses, AppError> {
    let channels = std::mem::take(&mut said.channels);
    if channels.is_empty() {
        return Err(AppError::invalid("channels", "is missing"));
    }
    if channels.len() > limits::BROADCAST_LEN_MAX {
        let problem = format!("must hold at most {} names", limits::BROADCAST_LEN_MAX);
        return Err(AppError::invalid("channels", problem));
    }
    let announcement = said.read()?;
    let saying = futures::stream::iter(channels).map(|channel| response(app, channel, &announcement));
    Ok(Responses { responses: saying.buffered(limits::BROADCAST_AT_ONCE).collect().await })
}

async fn response(app: &App, channel: String, announcement: &Announcement) -> Response {
    match said_in(app, &channel, announcement).await {
        Ok(published) => Response::Result(published),
        Err(error) => Response::Error(error.into()),
    }
}

async fn said_in(app: &App, channel: &str, announcement: &Announcement) -> Result<Published, AppError> {
    let channel = app.operators_channel(channel).await?;
    let Cursor { epoch, offset } = app.announce(&channel, announcement).await?;
    Ok(Published { offset, epoch: epoch.to_string() })
}

impl Said {
    fn read(self) -> Result<Announcement, AppError> {
        if self.version_epoch.len() > limits::IDEMPOTENCY_KEY_LEN_MAX {
            let problem = format!("must have at most {} characters", limits::IDEMPOTENCY_KEY_LEN_MAX);
            return Err(AppError::invalid("version_epoch", problem));
        }
        let tags_bytes: usize = self.tags.iter().map(|(name, text)| name.len() + text.len()).sum();
        if tags_bytes > limits::TAGS_BYTES_MAX {
            return Err(AppError::invalid("tags", format!("must have at most {} bytes", limits::TAGS_BYTES_MAX)));
        }
        let version =
            (self.version != 0).then_some(DocumentVersion { number: self.version, epoch: self.version_epoch });
        let data = document("data", self.data, self.b64data)?.ok_or_else(|| AppError::invalid("data", "is missing"))?;
        let once = (!self.idempotency_key.is_empty()).then(|| self.idempotency_key.into());
        Ok(Announcement { data, tags: self.tags.into_iter().collect(), once, is_passing: self.skip_history, version })
    }
}

/// JSON that is sent as it is, or in base64.
pub(super) fn document(
    name: &str,
    json: Option<Box<RawValue>>,
    base64: Option<String>,
) -> Result<Option<Bytes>, AppError> {
    match (json, base64) {
        (_, Some(base64)) if !base64.is_empty() => {
            let decoded = STANDARD.decode(base64);
            let decoded = decoded.map_err(|_| AppError::invalid(format!("b64{name}"), "must be base64"))?;
            Ok(Some(decoded.into()))
        }
        (json, _) => Ok(json.map(|json| Bytes::copy_from_slice(json.get().as_bytes()))),
    }
}
