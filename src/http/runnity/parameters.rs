//! What each call's parameters mean: coordinates, a speed in km/h, a yes or no.
//!
//! Knows what a value must be, and nothing of what is done with it.

mod events;

use super::answers::Error;
use super::given::Given;
use crate::domain::geo::{Latitude, Longitude, Place};
use crate::http::request::Request;

pub use events::{ListParameters, Moment};

/// km/h in one m/s.
const KMH_PER_MPS: f64 = 3.6;

/// The family's parameters, as they were given.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameters(Given);

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NewParameters {
    pub place: Place,
    pub destination: Option<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpdateParameters {
    pub place: Place,
    pub destination: Option<Place>,
    /// None: unknown, which is not standstill.
    pub speed_mps: Option<f64>,
    pub finish: bool,
}

/// What has been found wrong so far, so that one answer names all of it.
struct Faults {
    missing: Vec<&'static str>,
    invalid: Vec<&'static str>,
}

impl Parameters {
    pub fn read(request: &Request) -> Result<Self, Error> {
        Given::read(request).map(Self)
    }

    /// Who is asking, or which run is meant.
    pub fn id(&self) -> Result<Option<&str>, Error> {
        if self.0.invalid.contains(&"id") { Err(Error::invalid(vec!["id"])) } else { Ok(self.0.text("id")) }
    }

    pub fn new_run(&self) -> Result<NewParameters, Error> {
        let mut faults = self.faults();
        let place = self.place(["latitude", "longtitude"], &mut faults);
        let destination = self.destination(&mut faults);
        match (place, faults.error()) {
            (Some(place), None) => Ok(NewParameters { place, destination }),
            (_, error) => Err(error.unwrap_or_else(|| Error::missing(vec!["latitude", "longtitude"]))),
        }
    }

    pub fn update_run(&self) -> Result<UpdateParameters, Error> {
        let mut faults = self.faults();
        let place = self.place(["latitude", "longtitude"], &mut faults);
        let destination = self.destination(&mut faults);
        let speed_mps = self.0.text("speed").and_then(|text| match text.parse::<f64>() {
            Ok(speed_kmh) if speed_kmh.is_finite() && speed_kmh >= 0.0 => Some(speed_kmh / KMH_PER_MPS),
            _ => faults.invalid("speed"),
        });
        let finish = self.flag("finish", false, &mut faults);
        match (place, faults.error()) {
            (Some(place), None) => Ok(UpdateParameters { place, destination, speed_mps, finish }),
            (_, error) => Err(error.unwrap_or_else(|| Error::missing(vec!["latitude", "longtitude"]))),
        }
    }

    fn faults(&self) -> Faults {
        Faults { missing: Vec::new(), invalid: self.0.invalid.clone() }
    }

    /// A yes or no, in any of the usual spellings.
    fn flag(&self, name: &'static str, default: bool, faults: &mut Faults) -> bool {
        let Some(text) = self.0.text(name) else { return default };
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => true,
            "false" | "0" | "no" | "off" => false,
            _ => faults.invalid(name).unwrap_or(default),
        }
    }

    fn destination(&self, faults: &mut Faults) -> Option<Place> {
        self.pair(["deslatitude", "deslongtitude"], faults)
    }

    /// Both coordinates or none: one alone says nothing.
    fn pair(&self, names: [&'static str; 2], faults: &mut Faults) -> Option<Place> {
        let is_given = names.iter().any(|name| self.0.text(name).is_some() || self.0.invalid.contains(name));
        if is_given { self.place(names, faults) } else { None }
    }

    fn place(&self, [latitude_name, longitude_name]: [&'static str; 2], faults: &mut Faults) -> Option<Place> {
        let latitude = self.number(latitude_name, faults);
        let longitude = self.number(longitude_name, faults);
        let latitude = latitude.and_then(|deg| Latitude::new(deg).ok().or_else(|| faults.invalid(latitude_name)));
        let longitude = longitude.and_then(|deg| Longitude::new(deg).ok().or_else(|| faults.invalid(longitude_name)));
        Some(Place { latitude: latitude?, longitude: longitude? })
    }

    fn number(&self, name: &'static str, faults: &mut Faults) -> Option<f64> {
        match self.0.text(name).map(str::parse) {
            Some(Ok(number)) => Some(number),
            Some(Err(_)) => faults.invalid(name),
            None if self.0.invalid.contains(&name) => None,
            None => {
                faults.missing.push(name);
                None
            }
        }
    }
}

impl Faults {
    fn invalid<T>(&mut self, name: &'static str) -> Option<T> {
        self.invalid.push(name);
        None
    }

    /// What is missing first: the document names it.
    fn error(self) -> Option<Error> {
        if !self.missing.is_empty() {
            Some(Error::missing(self.missing))
        } else if !self.invalid.is_empty() {
            Some(Error::invalid(self.invalid))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use warp::http::{HeaderMap, HeaderValue, Method, StatusCode};

    const FORM: &str = "application/x-www-form-urlencoded";
    const JSON: &str = "application/json; charset=utf-8";

    fn read(query: &str, content_type: &'static str, body: &str) -> Result<Parameters, Error> {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert("content-type", HeaderValue::from_static(content_type));
        }
        let body = Ok(Bytes::from(body.to_owned()));
        let (origin, turn) = (None, Ok(()));
        Parameters::read(&Request {
            method: Method::PUT,
            path: "/".into(),
            query: query.into(),
            headers,
            origin,
            turn,
            body,
        })
    }

    fn update(query: &str) -> Result<UpdateParameters, Error> {
        read(query, "", "")?.update_run()
    }

    fn place(latitude: f64, longitude: f64) -> Place {
        Place { latitude: Latitude::new(latitude).unwrap(), longitude: Longitude::new(longitude).unwrap() }
    }

    #[test]
    fn parameters_are_the_same_in_query_form_and_json() {
        let expected = Ok(UpdateParameters {
            place: place(60.17, 24.94),
            destination: Some(place(60.18, 24.95)),
            speed_mps: Some(10.0),
            finish: true,
        });
        let pairs = "latitude=60.17&longtitude=24.94&deslatitude=60.18&deslongtitude=24.95&speed=36&finish=true";
        let right = "latitude=60.17&longitude=24.94&deslatitude=60.18&deslongitude=24.95&speed=36.0&finish=1&x=y";
        let json = r#"{"latitude":60.17,"longtitude":"24.94","deslatitude":60.18,"deslongitude":24.95,"speed":36,"finish":true,"x":{}}"#;
        assert_eq!(read(pairs, "", "").unwrap().update_run(), expected);
        assert_eq!(read(right, "", "").unwrap().update_run(), expected);
        assert_eq!(read("", FORM, pairs).unwrap().update_run(), expected);
        assert_eq!(read("", JSON, json).unwrap().update_run(), expected);
        assert_eq!(
            read("latitude=60.17&finish=1", FORM, &right[14..].replace("&finish=1", "")).unwrap().update_run(),
            expected
        );
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let expected = UpdateParameters { place: place(1.0, 2.0), destination: None, speed_mps: None, finish: false };
        for query in [
            "latitude=1&longtitude=2",
            "latitude=1&longtitude=2&speed=&deslatitude=&deslongtitude=&finish=",
            "latitude=%201%20&longtitude=2&finish=false",
        ] {
            assert_eq!(update(query), Ok(expected), "{query}");
        }
        let json = r#"{"latitude":1,"longtitude":2,"speed":null,"deslatitude":null}"#;
        assert_eq!(read("", JSON, json).unwrap().update_run(), Ok(expected));
        assert_eq!(update("latitude=1&longtitude=2&speed=0").unwrap().speed_mps, Some(0.0));
    }

    #[test]
    fn missing_parameters_are_named() {
        let table: [(&str, &[&'static str]); 7] = [
            ("", &["latitude", "longtitude"]),
            ("latitude=1", &["longtitude"]),
            ("longitude=1", &["latitude"]),
            ("latitude=&longtitude=", &["latitude", "longtitude"]),
            ("latitude=1&longtitude=2&deslatitude=3", &["deslongtitude"]),
            ("latitude=1&longtitude=2&deslongitude=3", &["deslatitude"]),
            ("latitude=x&deslatitude=3", &["longtitude", "deslongtitude"]),
        ];
        for (query, names) in table {
            assert_eq!(update(query), Err(Error::missing(names.to_vec())), "{query}");
            assert_eq!(read(query, "", "").unwrap().new_run(), Err(Error::missing(names.to_vec())), "{query}");
        }
    }

    #[test]
    fn wrong_parameters_are_named() {
        let table: [(&str, &[&'static str]); 16] = [
            ("latitude=x&longtitude=2", &["latitude"]),
            ("latitude=91&longtitude=2", &["latitude"]),
            ("latitude=1&longtitude=-180.1", &["longtitude"]),
            ("latitude=NaN&longtitude=inf", &["latitude", "longtitude"]),
            ("latitude=1e400&longtitude=2", &["latitude"]),
            ("latitude=1,5&longtitude=2", &["latitude"]),
            ("latitude=1&latitude=1&longtitude=2", &["latitude"]),
            ("latitude=1&longtitude=2&longitude=2", &["longtitude"]),
            ("latitude=1&longtitude=2&longitude=2&longitude=2", &["longtitude"]),
            ("latitude=%ff&longtitude=2", &["latitude"]),
            ("latitude=1&longtitude=2&deslatitude=x&deslongtitude=91", &["deslatitude"]),
            ("latitude=1&longtitude=2&deslatitude=1&deslongtitude=181", &["deslongtitude"]),
            ("latitude=1&longtitude=2&speed=fast", &["speed"]),
            ("latitude=1&longtitude=2&speed=-1", &["speed"]),
            ("latitude=1&longtitude=2&speed=NaN&finish=maybe", &["speed", "finish"]),
            ("latitude=1&longtitude=2&speed=1&speed=2", &["speed"]),
        ];
        for (query, names) in table {
            assert_eq!(update(query), Err(Error::invalid(names.to_vec())), "{query}");
        }
    }

    #[test]
    fn json_body_is_read_strictly() {
        let table: [(&str, &[&'static str]); 7] = [
            (r#"{"latitude":1e400,"longtitude":2}"#, &["latitude"]),
            (r#"{"latitude":"NaN","longtitude":2}"#, &["latitude"]),
            (r#"{"latitude":true,"longtitude":2}"#, &["latitude"]),
            (r#"{"latitude":[1],"longtitude":2}"#, &["latitude"]),
            (r#"{"latitude":1,"latitude":1,"longtitude":2}"#, &["latitude"]),
            (r#"{"latitude":1,"longtitude":2,"speed":{}}"#, &["speed"]),
            (r#"{"latitude":1,"longtitude":2,"longitude":2}"#, &["longtitude"]),
        ];
        for (json, names) in table {
            assert_eq!(read("", JSON, json).unwrap().update_run(), Err(Error::invalid(names.to_vec())), "{json}");
        }
        for json in ["{", "[]", "1", "null", r#"{"latitude":NaN}"#, "{} {}", "\u{0}"] {
            assert_eq!(read("", JSON, json), Err(Error::invalid(vec!["body"])), "{json}");
        }
        assert_eq!(
            read("latitude=1", JSON, r#"{"latitude":1,"longtitude":2}"#).unwrap().new_run(),
            Err(Error::invalid(vec!["latitude"]))
        );
    }

    #[test]
    fn body_of_another_kind_is_refused() {
        for content_type in ["", "text/plain", "multipart/form-data; boundary=x"] {
            let message = "The body must be application/x-www-form-urlencoded or application/json";
            let refused = Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
            assert_eq!(read("", content_type, "latitude=1"), Err(refused), "{content_type}");
            assert!(read("latitude=1", content_type, "").is_ok(), "nothing is sent as {content_type}");
        }
    }

    #[test]
    fn id_given_twice_is_nobody() {
        assert_eq!(read("id=a", "", "").unwrap().id(), Ok(Some("a")));
        assert_eq!(read("id=", "", "").unwrap().id(), Ok(None));
        assert_eq!(read("id=a&id=b", "", "").unwrap().id(), Err(Error::invalid(vec!["id"])));
        assert_eq!(read("id=a", FORM, "id=a").unwrap().id(), Err(Error::invalid(vec!["id"])));
    }
}
