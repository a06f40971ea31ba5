//! Values that are increased: one, or many of many users.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Deserialize;
use serde_json::value::RawValue;
use warp::http::StatusCode;
use warp::reply::Response;

use super::Ask;
use super::answers::{self, Error, Reached};
use super::parameters::{self, Parameters};
use crate::app::achievements::Increase;
use crate::app::documents::Object;
use crate::app::users::Caller;
use crate::domain::ids::UserId;
use crate::http::caller::Intent;
use crate::limits;

/// `POST /increase_value/:variable/:user[/:key]` → what the user has newly reached by it.
pub async fn increase(ask: &Ask<'_>, variable: String, user: &str, key: String) -> Result<Response, Error> {
    let (identity, user) = ask.identity_for(user, Intent::Write).await?;
    let form = parameters::form(ask.request)?;
    // Whatever is wrong with the body, there is no value: gengine says no more either.
    let given = Parameters::read(ask.request).map_err(|error| match error.status() {
        StatusCode::BAD_REQUEST => Error::invalid_value(),
        _ => error,
    })?;
    let increase = Increase { variable, key: checked(key)?, value: given.value()? };
    let outcome = ask.app.increase(&Caller::User(identity), &user, vec![increase], ask.once()?).await?;
    Ok(answers::ok(&Reached::of(outcome, form, None)))
}

/// A value of one variable, as it stands in a list.
#[derive(Deserialize)]
struct Keyed {
    key: Option<Box<RawValue>>,
    value: Option<Box<RawValue>>,
}

/// By user, and by variable.
type Many = BTreeMap<String, BTreeMap<String, Vec<Object<Keyed>>>>;

/// `POST /increase_multi_values` → by user, for those who have newly reached something or have rules that are broken. Everything
/// is tried before the first is increased; then each user's values are one commit.
pub async fn increase_many(ask: &Ask<'_>) -> Result<Response, Error> {
    let identity = ask.identity(Intent::Write).await?;
    let form = parameters::form(ask.request)?;
    let users = read(parameters::json(ask.request)?)?;
    for (user, increases) in &users {
        ask.app.may_increase(&identity, user, increases).await?;
    }
    let (key, by) = (ask.once()?, Caller::User(identity));
    // Each commit has a key of its own.
    let once_of = |user: &UserId| key.map(|key| format!("{key} {user}"));
    if users.len() > 1 {
        for (user, increases) in &users {
            ask.app.try_increase(&by, user, increases.clone(), once_of(user).as_deref()).await?;
        }
    }
    let each = stream::iter(users).map(|(user, increases)| {
        let (by, once) = (&by, once_of(&user));
        async move {
            let outcome = ask.app.increase(by, &user, increases, once.as_deref()).await?;
            Ok::<_, Error>((user.to_string(), Reached::of(outcome, form, None)))
        }
    });
    let reached = each.buffer_unordered(limits::INCREASED_USERS_AT_ONCE).try_collect::<Vec<_>>().await?;
    let reached: BTreeMap<_, _> = reached.into_iter().filter(|(_, reached)| !reached.is_empty()).collect();
    Ok(answers::ok(&reached))
}

fn read(many: Many) -> Result<BTreeMap<UserId, Vec<Increase>>, Error> {
    let values_len: usize = many.values().flat_map(BTreeMap::values).map(Vec::len).sum();
    if many.len() > limits::INCREASED_USERS_LEN_MAX || values_len > limits::INCREASES_OF_USERS_LEN_MAX {
        let (users_max, values_max) = (limits::INCREASED_USERS_LEN_MAX, limits::INCREASES_OF_USERS_LEN_MAX);
        return Err(Error::invalid_input(format!("at most {users_max} users and {values_max} values at once")));
    }
    let mut users = BTreeMap::new();
    for (id, variables) in many {
        let user = UserId::parse(&id).ok_or_else(Error::no_such_user)?;
        let mut increases = Vec::new();
        for (variable, values) in variables {
            for Object(Keyed { key, value }) in values {
                let illegal = || Error::bad("variable_not_found", format!("illegal value for {variable}"));
                let value = value.as_deref().and_then(text).ok_or_else(illegal)?;
                let value = parameters::value(&value).map_err(|_| illegal())?;
                let key = key.as_deref().map_or(Some(String::new()), text).ok_or_else(illegal)?;
                increases.push(Increase { variable: variable.clone(), key: checked(key)?, value });
            }
        }
        if increases.len() > limits::INCREASES_LEN_MAX {
            let message = format!("at most {} values of one user at once", limits::INCREASES_LEN_MAX);
            return Err(Error::invalid_input(message));
        }
        users.insert(user, increases);
    }
    // Of whom nothing is said nothing is to be increased.
    users.retain(|_, increases| !increases.is_empty());
    Ok(users)
}

/// A text, or a number as it is written.
pub fn text(json: &RawValue) -> Option<String> {
    match json.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str(json.get()).ok(),
        Some(b'-' | b'0'..=b'9') => Some(json.get().to_owned()),
        _ => None,
    }
}

fn checked(key: String) -> Result<String, Error> {
    if key.len() > limits::VALUE_KEY_BYTES_MAX || key.chars().any(char::is_control) {
        let message =
            format!("a key must have at most {} bytes, and no control characters", limits::VALUE_KEY_BYTES_MAX);
        return Err(Error::invalid_input(message));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(json: &str) -> Result<BTreeMap<UserId, Vec<Increase>>, Error> {
        let Object(many) = serde_json::from_str(json).map_err(|_| Error::invalid_json())?;
        read(many)
    }

    #[test]
    fn values_of_many_are_read_as_gengine_reads_them() {
        let users = many(
            r#"{"1": {"a": [{"key": "k", "value": 2}, {"value": "-1.5"}], "b": [{"key": 7, "value": 1e3}]}, "2": {"a": []}, "3": {}}"#,
        )
        .expect("good");
        assert_eq!(users.keys().map(UserId::as_str).collect::<Vec<_>>(), ["1"]);
        let all: Vec<_> =
            users.values().flatten().map(|it| (it.variable.as_str(), it.key.as_str(), it.value)).collect();
        assert_eq!(all, [("a", "k", 2.0), ("a", "", -1.5), ("b", "7", 1_000.0)]);
        assert!(many("{}").expect("nobody").is_empty());
    }

    #[test]
    fn a_value_that_is_none_is_told_with_its_variable() {
        for value in [
            r#"{}"#,
            r#"{"value": null}"#,
            r#"{"value": "x"}"#,
            r#"{"value": true}"#,
            r#"{"value": [1]}"#,
            r#"{"value": 1e400}"#,
            r#"{"value": "NaN"}"#,
            r#"{"value": 9007199254740993}"#,
            r#"{"value": 1, "key": {}}"#,
        ] {
            let refused = Error::bad("variable_not_found", "illegal value for dist");
            let read = many(&format!(r#"{{"1": {{"dist": [{{"value": 1}}, {value}]}}}}"#));
            // 2⁵³ + 1 is no number of its own: it reads as 2⁵³.
            let is_largest = value.contains("9007199254740993");
            assert_eq!(read.err(), (!is_largest).then_some(refused), "{value}");
        }
        for json in ["[]", "1", "{\"1\": 2}", "{\"1\": {\"a\": 2}}", "{\"1\": {\"a\": [2]}}", "{"] {
            assert_eq!(many(json).err(), Some(Error::invalid_json()), "{json}");
        }
        assert_eq!(many(r#"{"a b": {"x": [{"value": 1}]}}"#).err(), Some(Error::no_such_user()));
    }

    #[test]
    fn what_is_too_much_at_once_is_refused() {
        let value = r#"{"value": 1}"#;
        let users: Vec<String> =
            (0..=limits::INCREASED_USERS_LEN_MAX).map(|user| format!(r#""{user}": {{}}"#)).collect();
        assert!(many(&format!("{{{}}}", users.join(","))).is_err());
        let values = vec![value; limits::INCREASES_LEN_MAX + 1].join(",");
        assert!(many(&format!(r#"{{"1": {{"a": [{values}]}}}}"#)).is_err());
        let key = "k".repeat(limits::VALUE_KEY_BYTES_MAX + 1);
        assert!(many(&format!(r#"{{"1": {{"a": [{{"key": "{key}", "value": 1}}]}}}}"#)).is_err());
    }
}
