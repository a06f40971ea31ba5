//! `history` and `history_remove`.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::calls::Nothing;
use crate::app::channels::{self, HistoryPage, HistoryQuery};
use crate::app::{App, AppError};
use crate::backend::{Cursor, Epoch};

#[derive(Deserialize)]
pub struct History {
    #[serde(default)]
    channel: String,
    /// 0: the place alone; below: all that there is.
    #[serde(default)]
    limit: i32,
    since: Option<Position>,
    #[serde(default)]
    reverse: bool,
}

#[derive(Deserialize)]
pub struct InChannel {
    #[serde(default)]
    pub channel: String,
}

#[derive(Deserialize)]
pub struct Position {
    #[serde(default)]
    pub offset: u64,
    #[serde(default)]
    pub epoch: String,
}

#[derive(Serialize)]
pub struct Page {
    publications: Vec<Publication>,
    epoch: String,
    offset: u64,
}

#[derive(Serialize)]
struct Publication {
    data: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    info: Option<ClientInfo>,
    offset: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
}

#[derive(Serialize)]
pub struct ClientInfo {
    user: String,
    client: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    conn_info: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chan_info: Option<Box<RawValue>>,
}

pub async fn history(app: &App, given: History) -> Result<Page, AppError> {
    let channel = app.operators_channel(&given.channel).await?;
    let since = given.since.map(|Position { offset, epoch }| Cursor { epoch: Epoch(epoch.into()), offset });
    let query = HistoryQuery { limit: usize::try_from(given.limit).ok(), since, reverse: given.reverse };
    let HistoryPage { publications, top } = app.history(&channel, &query).await?;
    let publications = publications.into_iter().map(Publication::of).collect::<Result<_, _>>()?;
    Ok(Page { publications, epoch: top.epoch.to_string(), offset: top.offset })
}

pub async fn history_remove(app: &App, given: InChannel) -> Result<Nothing, AppError> {
    let channel = app.operators_channel(&given.channel).await?;
    app.remove_history(&channel).await?;
    Ok(Nothing {})
}

impl Publication {
    fn of(published: channels::Published) -> Result<Self, AppError> {
        Ok(Self {
            data: raw(&published.data)?,
            info: published.info.map(ClientInfo::of).transpose()?,
            offset: published.offset,
            tags: published.tags.into_iter().collect(),
        })
    }
}

impl ClientInfo {
    pub fn of(info: channels::ClientInfo) -> Result<Self, AppError> {
        let channels::ClientInfo { user, client, conn_info, chan_info } = info;
        let told = |json: Option<Bytes>| json.as_ref().map(raw).transpose();
        Ok(Self { user, client, conn_info: told(conn_info)?, chan_info: told(chan_info)? })
    }
}

/// What was checked when it came.
fn raw(json: &Bytes) -> Result<Box<RawValue>, AppError> {
    serde_json::from_slice(json).map_err(|_| AppError::Internal)
}
