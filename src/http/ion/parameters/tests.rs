//! What is sent in a query, a form and JSON, and what it comes to.

use bytes::Bytes;
use serde_json::json;
use warp::http::{HeaderMap, HeaderValue, Method};

use super::*;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

fn request(query: &str, content_type: &'static str, body: &str) -> Request {
    let mut headers = HeaderMap::new();
    if !content_type.is_empty() {
        headers.insert("content-type", HeaderValue::from_static(content_type));
    }
    let (path, query) = ("/".to_owned(), query.to_owned());
    let body = Ok(Bytes::from(body.to_owned()));
    Request { method: Method::POST, path, query, headers, origin: None, turn: Ok(()), body }
}

fn read(query: &str, content_type: &'static str, body: &str) -> Result<Parameters, Error> {
    Parameters::read(&request(query, content_type, body))
}

fn person(query: &str, content_type: &'static str, body: &str) -> Result<ChangePerson, Error> {
    read(query, content_type, body)?.person()
}

fn ids(friends: Option<BTreeSet<UserId>>) -> Option<Vec<String>> {
    friends.map(|friends| friends.iter().map(ToString::to_string).collect())
}

#[test]
fn the_documents_parameters_are_the_same_in_query_form_and_json() {
    let pairs = "lat=60.17&lon=24.94&country=Finland&city=Helsinki&region=Uusimaa&friends=1,2,+3&groups=a,b&timezone=Europe/Helsinki";
    let json = r#"{"lat": 60.17, "lon": "24.94", "country": "Finland", "city": "Helsinki", "region": "Uusimaa",
        "friends": ["1", 2, "3"], "groups": ["a", "b"], "timezone": "Europe/Helsinki", "nonsense": {}}"#;
    let jquery = "lat=60.17&lng=24.94&country=Finland&city=Helsinki&region=Uusimaa&friends%5B%5D=1&friends%5B%5D=2&friends[]=3&groups[]=a&groups[]=b&timezone=Europe%2FHelsinki";
    for (query, content_type, body) in
        [(pairs, "", ""), ("", FORM, pairs), ("", JSON, json), ("", FORM, json), ("", FORM, jquery)]
    {
        let ChangePerson { profile, friends, groups } = person(query, content_type, body).unwrap();
        assert_eq!(profile.place, Edit::Set(Place::new(60.17, 24.94).unwrap()), "{content_type} {body}");
        assert_eq!(profile.city, Edit::Set("Helsinki".to_owned()));
        assert_eq!(profile.region, Edit::Set("Uusimaa".to_owned()));
        assert_eq!(profile.time_zone, Edit::Set("Europe/Helsinki".to_owned()));
        assert_eq!((profile.language, profile.public_data), (Edit::Keep, Edit::Keep));
        assert_eq!(ids(friends).unwrap(), ["1", "2", "3"]);
        assert_eq!(groups.unwrap().len(), 2);
    }
}

#[test]
fn left_out_is_kept_and_empty_is_taken_away() {
    let ChangePerson { profile, friends, groups } = person("", "", "").unwrap();
    assert_eq!((profile.place, profile.city, friends, groups), (Edit::Keep, Edit::Keep, None, None));
    for (content_type, body) in [
        (FORM, "lat=&lon=&city=&friends=&groups=%20"),
        (JSON, r#"{"lat": null, "lon": "", "city": null, "friends": null, "groups": []}"#),
    ] {
        let ChangePerson { profile, friends, groups } = person("", content_type, body).unwrap();
        assert_eq!((profile.place, profile.city), (Edit::Clear, Edit::Clear), "{body}");
        assert_eq!((friends.map(|it| it.len()), groups.map(|it| it.len())), (Some(0), Some(0)), "{body}");
    }
}

#[test]
fn what_gengine_makes_of_odd_values_is_made_of_them() {
    let profile = |body: &str| person("", FORM, body).unwrap().profile;
    assert_eq!(profile("timezone=Mars/Olympus").time_zone, Edit::Set("UTC".to_owned()));
    assert_eq!(profile("additional_public_data=x").public_data, Edit::Set(json!({})));
    assert_eq!(profile("additional_public_data=").public_data, Edit::Clear);
    let data = profile("additional_public_data=%7B%22nick%22%3A%22Aino%22%7D").public_data;
    assert_eq!(data, Edit::Set(json!({"nick": "Aino"})));
    let data = person("", JSON, r#"{"additional_public_data": {"nick": "Aino"}}"#).unwrap().profile.public_data;
    assert_eq!(data, Edit::Set(json!({"nick": "Aino"})));
}

#[test]
fn values_that_cannot_be_used_are_named() {
    for (body, named) in [
        (r#"{"lat": 60}"#, "lat and lon"),
        (r#"{"lat": 60, "lon": null}"#, "lat and lon"),
        (r#"{"lat": 91, "lon": 0}"#, "lat must"),
        (r#"{"lat": 0, "lon": 1e400}"#, "lon must"),
        (r#"{"lat": "NaN", "lon": 0}"#, "lat must"),
        (r#"{"lat": true, "lon": 0}"#, "lat cannot"),
        (r#"{"lon": 1, "lng": 1, "lat": 0}"#, "lon cannot"),
        (r#"{"city": ["a"]}"#, "city must"),
        (r#"{"city": "a", "city": "b"}"#, "city cannot"),
        (r#"{"friends": ["a b"]}"#, "friends: a b is no id"),
        (r#"{"friends": {"a": 1}}"#, "friends must"),
        (r#"{"friends": [["a"]]}"#, "friends must"),
        (r#"{"groups": true}"#, "groups must"),
    ] {
        let error = person("", JSON, body).unwrap_err();
        assert!(format!("{error:?}").contains(named), "{body}: {error:?}");
    }
    let many: Vec<String> = (0..100_000).map(|id| id.to_string()).collect();
    let error = person("", FORM, &format!("friends={}", many.join(","))).unwrap_err();
    assert!(format!("{error:?}").contains("friends must be at most 5000"), "{error:?}");
    for body in ["{", "[]", "1", "{} {}", "\"a\""] {
        assert_eq!(person("", JSON, body).unwrap_err(), Error::invalid_json(), "{body}");
    }
    for content_type in ["", "text/plain", "multipart/form-data; boundary=x"] {
        assert_eq!(person("", content_type, "lat=1").unwrap_err().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert!(person("", content_type, "").is_ok(), "nothing is sent as {content_type}");
    }
}

#[test]
fn a_value_is_a_number_within_bounds() {
    for (content_type, body, expected) in [
        (FORM, "value=5", 5.0),
        (FORM, "value=-2.5", -2.5),
        (FORM, r#"{"value": 3}"#, 3.0),
        (JSON, r#"{"value": "1e3"}"#, 1_000.0),
        (JSON, r#"{"value": 9007199254740992}"#, 9_007_199_254_740_992.0),
    ] {
        assert_eq!(read("", content_type, body).unwrap().value(), Ok(expected), "{body}");
    }
    assert_eq!(read("value=7", "", "").unwrap().value(), Ok(7.0));
    for body in [
        r#"{}"#,
        r#"{"value": "NaN"}"#,
        r#"{"value": "inf"}"#,
        r#"{"value": 1e400}"#,
        r#"{"value": 9007199254740994}"#,
        r#"{"value": -1e16}"#,
        r#"{"value": "five"}"#,
        r#"{"value": ""}"#,
        r#"{"value": null}"#,
        r#"{"value": true}"#,
        r#"{"value": [1]}"#,
        r#"{"value": 1, "value": 1}"#,
    ] {
        assert_eq!(read("", JSON, body).unwrap().value(), Err(Error::invalid_value()), "{body}");
    }
}

#[test]
fn form_is_maps_unless_lists_are_asked_for() {
    for (query, expected) in [("", Form::Maps), ("format=map", Form::Maps), ("a=1&format=list", Form::Lists)] {
        assert_eq!(form(&request(query, "", "")), Ok(expected), "{query}");
    }
    assert!(form(&request("format=xml", "", "")).is_err());
}
