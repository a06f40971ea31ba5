//! Messages to a user, and the devices that they are sent to.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use warp::reply::Response;

use super::Ask;
use super::answers::{self, Error};
use super::parameters::{self, Parameters};
use super::values::text;
use crate::app::AppError;
use crate::app::achievements::NewDevice;
use crate::app::documents::{MessageDocument, Translations};
use crate::http::caller::Intent;

const NO_SUCH_USER: &str = "There is no user with this id.";
const REQUIRED: &str = "Required fields: device_id, push_id, device_os, app_version";

#[derive(Deserialize)]
struct Device {
    device_id: Option<Box<RawValue>>,
    push_id: Option<Box<RawValue>>,
    device_os: Option<Box<RawValue>>,
    app_version: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Read {
    message_id: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Messages {
    messages: Vec<Message>,
}

#[derive(Serialize)]
struct Message {
    id: u64,
    text: Translations,
    is_read: bool,
    created_at: String,
}

/// `POST /register_device/:user`.
pub async fn register_device(ask: &Ask<'_>, user: &str) -> Result<Response, Error> {
    let missing = |error: Error| error.when_missing("register_device.user_not_found", NO_SUCH_USER);
    let (identity, user) = ask.identity_for(user, Intent::Write).await.map_err(missing)?;
    let Device { device_id, push_id, device_os, app_version } = parameters::json(ask.request)?;
    let required = |member: Option<Box<RawValue>>| {
        let text = member.as_deref().and_then(text).filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| Error::bad("register_device.required_fields", REQUIRED))
    };
    let device = NewDevice {
        device_id: required(device_id)?,
        push_id: required(push_id)?,
        device_os: required(device_os)?,
        app_version: required(app_version)?,
    };
    ask.app.register_device(&identity, &user, device).await.map_err(|error| missing(error.into()))?;
    Ok(answers::done("ok"))
}

/// `GET /messages/:user[?offset=0]`: a hundred of them, newest first.
pub async fn list(ask: &Ask<'_>, user: &str) -> Result<Response, Error> {
    let missing = |error: Error| error.when_missing("get_messages.user_not_found", NO_SUCH_USER);
    let (identity, user) = ask.identity_for(user, Intent::Read).await.map_err(missing)?;
    let offset = Parameters::of_query(ask.request).number("offset", 0);
    let messages = ask.app.messages(&identity, &user, offset).await.map_err(|error| missing(error.into()))?;
    Ok(answers::ok(&Messages { messages: messages.into_iter().map(Message::of).collect() }))
}

/// `POST /read_messages/:user`: that message and all older ones are read.
pub async fn read(ask: &Ask<'_>, user: &str) -> Result<Response, Error> {
    let missing = |error: Error| error.when_missing("set_messages_read.user_not_found", NO_SUCH_USER);
    let (identity, user) = ask.identity_for(user, Intent::Write).await.map_err(missing)?;
    let Read { message_id } = parameters::json(ask.request)?;
    let no_message = || Error::unknown("set_messages_read.message_not_found", "There is no message with this id.");
    let id = message_id.as_deref().and_then(text).and_then(|text| text.parse().ok()).ok_or_else(no_message)?;
    match ask.app.read_messages(&identity, &user, id).await {
        Ok(()) => Ok(answers::done("ok")),
        Err(AppError::NotFound("message")) => Err(no_message()),
        Err(error) => Err(missing(error.into())),
    }
}

impl Message {
    fn of(message: MessageDocument) -> Self {
        let MessageDocument { id, text, is_read, created_at } = message;
        Self { id, text, is_read, created_at: answers::moment(&created_at) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_message_has_the_members_that_gengine_gives_it() {
        let message = MessageDocument {
            id: 7,
            text: BTreeMap::from([("en".to_owned(), "Half of it!".to_owned())]),
            is_read: false,
            created_at: "2026-11-21T17:31:24.719Z".to_owned(),
        };
        let written = serde_json::to_string(&Messages { messages: vec![Message::of(message)] }).unwrap();
        assert_eq!(
            written,
            r#"{"messages":[{"id":7,"text":{"en":"Half of it!"},"is_read":false,"created_at":"2026-11-21T17:31:24.719000"}]}"#
        );
    }
}
