//! What is done to a user's connections, wherever they are: `subscribe`, `unsubscribe`, `disconnect`, `refresh`.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::calls::Nothing;
use super::history::Position;
use super::publish::document;
use crate::app::orders::{Deed, Order, Place, Whom, Why};
use crate::app::{App, AppError, documents};
use crate::limits;

/// Which connections are meant. Members of each of the methods.
#[derive(Deserialize)]
struct Meant {
    #[serde(default)]
    user: String,
    #[serde(default)]
    client: String,
    #[serde(default)]
    session: String,
}

#[derive(Deserialize)]
pub struct Subscribe {
    #[serde(flatten)]
    meant: Meant,
    #[serde(default)]
    channel: String,
    info: Option<Box<RawValue>>,
    b64info: Option<String>,
    data: Option<Box<RawValue>>,
    b64data: Option<String>,
    recover_since: Option<Position>,
    /// Channels are what they are here.
    #[serde(rename = "override")]
    overridden: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
pub struct Unsubscribe {
    #[serde(flatten)]
    meant: Meant,
    #[serde(default)]
    channel: String,
}

#[derive(Deserialize)]
pub struct Disconnect {
    #[serde(flatten)]
    meant: Meant,
    #[serde(default)]
    whitelist: Vec<String>,
    disconnect: Option<With>,
}

/// The code and the reason.
#[derive(Deserialize)]
struct With {
    #[serde(default)]
    code: u16,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
pub struct Refresh {
    #[serde(flatten)]
    meant: Meant,
    #[serde(default)]
    expired: bool,
    /// Seconds since 1970; 0: never.
    #[serde(default)]
    expire_at: i64,
}

pub async fn subscribe(app: &App, given: Subscribe) -> Result<Nothing, AppError> {
    if given.overridden.is_some() {
        return Err(AppError::NotAvailable);
    }
    let info = line(document("info", given.info, given.b64info)?)?;
    if info.as_ref().is_some_and(|info| info.len() > limits::CLIENT_INFO_BYTES_MAX) {
        return Err(AppError::invalid("info", format!("must have at most {} bytes", limits::CLIENT_INFO_BYTES_MAX)));
    }
    let data = line(document("data", given.data, given.b64data)?)?;
    let since = given.recover_since.map(|Position { offset, epoch }| Place { epoch, offset });
    let deed = Deed::Subscribe { channel: given.channel, info, data, since };
    order(app, given.meant, Vec::new(), deed).await
}

pub async fn unsubscribe(app: &App, given: Unsubscribe) -> Result<Nothing, AppError> {
    order(app, given.meant, Vec::new(), Deed::Unsubscribe { channel: given.channel }).await
}

pub async fn disconnect(app: &App, given: Disconnect) -> Result<Nothing, AppError> {
    let why = given.disconnect.filter(|with| with.code != 0);
    let why = why.map(|With { code, reason }| Why { code, reason });
    order(app, given.meant, given.whitelist, Deed::Disconnect { why }).await
}

pub async fn refresh(app: &App, given: Refresh) -> Result<Nothing, AppError> {
    let expires_ms = (given.expire_at != 0).then(|| given.expire_at.saturating_mul(1_000));
    let deed = if given.expired { Deed::Expire } else { Deed::Refresh { expires_ms } };
    order(app, given.meant, Vec::new(), deed).await
}

async fn order(app: &App, meant: Meant, except: Vec<String>, deed: Deed) -> Result<Nothing, AppError> {
    let whom = Whom { user: meant.user, client: meant.client, session: meant.session, except };
    app.order(&Order { whom, deed }).await?;
    Ok(Nothing {})
}

fn line(json: Option<Bytes>) -> Result<Option<String>, AppError> {
    let line =
        |json: Bytes| String::from_utf8(documents::one_line(&json)?.into_owned()).map_err(|_| AppError::Internal);
    json.map(line).transpose()
}
