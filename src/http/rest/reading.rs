//! Reading what was sent, as all resources do it: the body and the query, strictly.
//!
//! What is not understood is refused and named: a misspelt `visibility` that was passed over would show a run to
//! everybody. Knows no resource.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use warp::http::StatusCode;

use super::envelope::Error;
use crate::app::documents::{self, PlaceDocument};
use crate::app::runs::Page;
use crate::app::{AppError, Period};
use crate::domain::geo::Circle;
use crate::domain::time::Timestamp;
use crate::domain::user::Visibility;
use crate::http::request::{ContentType, NotUtf8, Request, pairs};
use crate::limits;

/// The one parameter that may be given more than once.
const FIELDS: &str = "fields";

/// The request's JSON body.
pub fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Error> {
    let body = request.body.as_ref().map_err(|&error| error)?;
    if request.content_type() != ContentType::Json {
        let message = "The body must be JSON, with Content-Type: application/json.";
        return Err(Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    if body.is_empty() {
        return Err(AppError::invalid("body", "is empty").into());
    }
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(AppError::invalid("body", "must be a JSON object").into());
    }
    Ok(documents::parse(body)?)
}

/// The request's JSON body, where there need be none.
pub fn optional_body<T: DeserializeOwned + Default>(request: &Request) -> Result<T, Error> {
    match &request.body {
        Ok(empty) if empty.is_empty() => Ok(T::default()),
        _ => body(request),
    }
}

/// For members that may be `null`, which is another thing than to be left out: `Some(None)`. With `#[serde(default)]`.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(member: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(member).map(Some)
}

/// A member that names who may see something.
pub fn visibility(name: Option<String>) -> Result<Option<Visibility>, AppError> {
    name.map(|name| {
        documents::parse_visibility(&name)
            .ok_or_else(|| AppError::invalid("visibility", "must be one of public, friends and private"))
    })
    .transpose()
}

/// For calls that take no query: a parameter that does nothing would be a misunderstanding.
pub fn no_parameters(request: &Request) -> Result<(), AppError> {
    Query::read(request, &[]).map(|_| ())
}

/// The parameters of a query, each known by name and given once at most, save `fields`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Query {
    parameters: HashMap<String, String>,
    fields: Vec<String>,
}

/// What the default view leaves out and was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<String>);

impl Fields {
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|field| field == name)
    }
}

/// By what a list is sorted, and whether the highest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    pub by: &'static str,
    pub descending: bool,
}

impl Query {
    pub fn read(request: &Request, known: &[&str]) -> Result<Self, AppError> {
        Self::parse(&request.query, known)
    }

    fn parse(query: &str, known: &[&str]) -> Result<Self, AppError> {
        let mut read = Self::default();
        for pair in pairs(query.as_bytes()) {
            let (name, value) = pair.map_err(|NotUtf8(name)| {
                let field = name.filter(|name| known.contains(&name.as_str())).unwrap_or("query".to_owned());
                AppError::invalid(field, "is not UTF-8")
            })?;
            if !known.contains(&name.as_str()) {
                return Err(AppError::invalid(name, "is not a parameter of this call"));
            }
            if name == FIELDS {
                read.fields.push(value);
            } else if read.parameters.insert(name.clone(), value).is_some() {
                return Err(AppError::invalid(name, "is given twice"));
            }
        }
        Ok(read)
    }

    pub fn take(&mut self, name: &str) -> Option<String> {
        self.parameters.remove(name)
    }

    pub fn has(&self, name: &str) -> bool {
        self.parameters.contains_key(name)
    }

    /// `fields`, which repeats: each must be one of `known`. It must be among the parameters that [`Query::read`] was told.
    pub fn fields(&mut self, known: &[&str]) -> Result<Fields, AppError> {
        let fields = std::mem::take(&mut self.fields);
        match fields.iter().find(|field| !known.contains(&field.as_str())) {
            None => Ok(Fields(fields)),
            // Long before it is known whether it is fit to be read out.
            Some(field) if field.len() > 64 || field.chars().any(char::is_control) => {
                Err(AppError::invalid(FIELDS, format!("must be of {}", known.join(", "))))
            }
            Some(field) => {
                Err(AppError::invalid(FIELDS, format!("has no field {field}: there are {}", known.join(", "))))
            }
        }
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, AppError> {
        match self.take(name).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(AppError::invalid(name, "must be true or false")),
        }
    }

    /// `from` and `until`: RFC 3339 times, or dates, which are days of UTC. What is at `from` or later and before `until`; a
    /// day that is given as `until` belongs to it.
    pub fn period(&mut self) -> Result<Period, AppError> {
        const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
        let mut moment = |name: &str, day_ms: i64| {
            let Some(text) = self.take(name) else { return Ok(None) };
            let day = Timestamp::parse(&format!("{text}T00:00:00Z")).map(|day| day.plus_millis(day_ms));
            let moment = day.or_else(|| Timestamp::parse(&text));
            // Within what every index can hold exactly.
            let moment = moment.filter(|at| (-(1 << 50)..1 << 50).contains(&at.as_millis()));
            moment.map(Some).ok_or_else(|| AppError::invalid(name, "must be an RFC 3339 time or a date"))
        };
        Ok(Period { from: moment("from", 0)?, until: moment("until", DAY_MS)? })
    }

    /// `latitude` and `longitude` in degrees, and `radius_m` (`default_m` when it is left out, 1 to
    /// [`limits::RADIUS_M_MAX`]): all within that distance. `None` when neither coordinate is given.
    pub fn circle(&mut self, default_m: f64) -> Result<Option<Circle>, AppError> {
        let mut number = |name: &str| {
            let number = self.take(name).map(|text| text.parse::<f64>().ok().filter(|number| number.is_finite()));
            number.map(|number| number.ok_or_else(|| AppError::invalid(name, "must be a number"))).transpose()
        };
        let (latitude, longitude, radius_m) = (number("latitude")?, number("longitude")?, number("radius_m")?);
        let (latitude, longitude) = match (latitude, longitude, radius_m) {
            (None, None, None) => return Ok(None),
            (Some(latitude), Some(longitude), _) => (latitude, longitude),
            (None, _, _) => return Err(AppError::invalid("latitude", "is missing")),
            (_, None, _) => return Err(AppError::invalid("longitude", "is missing")),
        };
        let center = PlaceDocument { latitude, longitude }.read("")?;
        let radius_m = radius_m.unwrap_or(default_m);
        if !(1.0..=limits::RADIUS_M_MAX).contains(&radius_m) {
            let problem = format!("must be a number from 1 to {}", limits::RADIUS_M_MAX);
            return Err(AppError::invalid("radius_m", problem));
        }
        Ok(Some(Circle { center, radius_m }))
    }

    /// `sort`: one of `known`, with `-` before it for the highest first. `default` may have one too.
    pub fn sort(&mut self, known: &[&'static str], default: &'static str) -> Result<Sort, AppError> {
        let given = self.take("sort");
        let text = given.as_deref().unwrap_or(default);
        let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        match known.iter().find(|by| **by == name) {
            Some(by) => Ok(Sort { by, descending }),
            None => {
                let problem = format!("must be one of {}, with - before it for the highest first", known.join(", "));
                Err(AppError::invalid("sort", problem))
            }
        }
    }

    /// `page`, from 1, and `page_size`. A page size over the bound is a fault: clients stop at a short page.
    pub fn page(&mut self, size: usize, size_max: usize) -> Result<Page, AppError> {
        let mut number = |name: &str, default: usize, max: usize| {
            let Some(text) = self.take(name) else { return Ok(default) };
            let digits = text.bytes().all(|byte| byte.is_ascii_digit()).then_some(text);
            let number = digits.and_then(|digits| digits.parse().ok()).filter(|number| (1..=max).contains(number));
            number.ok_or_else(|| AppError::invalid(name, format!("must be a whole number from 1 to {max}")))
        };
        // So far out that nothing is there, and near enough that an offset cannot overflow.
        const PAGE_MAX: usize = 1_000_000_000;
        Ok(Page { page: number("page", 1, PAGE_MAX)?, size: number("page_size", size, size_max)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(result: Result<impl std::fmt::Debug, AppError>) -> (String, String) {
        match result.unwrap_err() {
            AppError::Invalid { field, problem } => (field, problem),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn query_names_what_is_wrong_with_it() {
        let table = [
            ("state=live&state=live", "state", "is given twice"),
            ("stat=live", "stat", "is not a parameter of this call"),
            ("state=%ff", "state", "is not UTF-8"),
            ("%ff=live", "query", "is not UTF-8"),
            ("other=%ff", "query", "is not UTF-8"),
        ];
        for (query, field, problem) in table {
            assert_eq!(fault(Query::parse(query, &["state"])), (field.to_owned(), problem.to_owned()), "{query}");
        }
    }

    #[test]
    fn fields_repeat_and_are_known_by_name() {
        let known = ["splits", "track"];
        let fields = |query: &str| Query::parse(query, &["fields"])?.fields(&known);
        assert!(!fields("").unwrap().has("splits"));
        let both = fields("fields=splits&fields=track").unwrap();
        assert!(both.has("splits") && both.has("track"));
        let unknown = "has no field tea: there are splits, track";
        assert_eq!(fault(fields("fields=splits&fields=tea")), ("fields".to_owned(), unknown.to_owned()));
        assert_eq!(fault(fields("fields=%0a")), ("fields".to_owned(), "must be of splits, track".to_owned()));
        assert_eq!(fault(Query::parse("fields=splits", &[])).0, "fields");
    }

    #[test]
    fn period_is_of_times_or_of_whole_days() {
        let period = |query: &str| Query::parse(query, &["from", "until"])?.period();
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let days = period("from=2026-11-20&until=2026-11-21").unwrap();
        assert_eq!((days.from, days.until), (Some(at("2026-11-20T00:00:00Z")), Some(at("2026-11-22T00:00:00Z"))));
        let times = period("until=2026-11-21T10:00:00%2B02:00").unwrap();
        assert_eq!((times.from, times.until), (None, Some(at("2026-11-21T08:00:00Z"))));
        for bad in ["2026-02-30", "tea", "", "2026-11-21T25:61:00Z", "20261121"] {
            assert_eq!(fault(period(&format!("from={bad}"))).0, "from", "{bad}");
        }
    }

    #[test]
    fn circle_has_both_coordinates_and_a_bounded_radius() {
        let circle = |query: &str| Query::parse(query, &["latitude", "longitude", "radius_m"])?.circle(1_000.0);
        assert_eq!(circle("").unwrap(), None);
        let found = circle("latitude=60.17&longitude=-24.94").unwrap().unwrap();
        assert_eq!((found.center.longitude.degrees(), found.radius_m), (-24.94, 1_000.0));
        for (query, field) in [
            ("latitude=60", "longitude"),
            ("longitude=60", "latitude"),
            ("radius_m=60", "latitude"),
            ("latitude=91&longitude=0", "latitude"),
            ("latitude=NaN&longitude=0", "latitude"),
            ("latitude=&longitude=0", "latitude"),
            ("latitude=0&longitude=0&radius_m=0", "radius_m"),
            ("latitude=0&longitude=0&radius_m=1e9", "radius_m"),
            ("latitude=0&longitude=0&radius_m=inf", "radius_m"),
        ] {
            assert_eq!(fault(circle(query)).0, field, "{query}");
        }
    }

    #[test]
    fn sort_is_by_a_known_name_up_or_down() {
        let sort = |query: &str| Query::parse(query, &["sort"])?.sort(&["created_at", "distance_m"], "-created_at");
        assert_eq!(sort("").unwrap(), Sort { by: "created_at", descending: true });
        assert_eq!(sort("sort=distance_m").unwrap(), Sort { by: "distance_m", descending: false });
        for bad in ["sort=tea", "sort=", "sort=--created_at"] {
            assert_eq!(fault(sort(bad)).0, "sort", "{bad}");
        }
    }

    #[test]
    fn page_is_a_whole_number_within_its_bound() {
        let page =
            |query: &str| Query::parse(query, &["page", "page_size"])?.page(50, 200).map(|page| (page.page, page.size));
        assert_eq!(page("").unwrap(), (1, 50));
        assert_eq!(page("page=3&page_size=200").unwrap(), (3, 200));
        let size = "must be a whole number from 1 to 200";
        for query in ["page_size=0", "page_size=201", "page_size=1e9", "page_size=%2B5", "page_size=", "page_size=-1"] {
            assert_eq!(fault(page(query)), ("page_size".to_owned(), size.to_owned()), "{query}");
        }
        for query in ["page=0", "page=x", "page=1.5", "page=99999999999999999999999999"] {
            assert_eq!(fault(page(query)).0, "page", "{query}");
        }
    }
}
