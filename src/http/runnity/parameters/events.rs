//! The parameters of events: a day and a time, a yes or no, two places, how far around them.

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;

use super::{Faults, Parameters};
use crate::app::documents::{parse_date, parse_time, parse_zone};
use crate::app::runs::Page;
use crate::domain::geo::{Circle, Place};
use crate::http::runnity::answers::Error;
use crate::limits;

/// Of a new event. `None`: current.
#[derive(Clone, Debug, PartialEq)]
pub struct EventParameters {
    pub name: String,
    pub moment: Moment,
    pub private: bool,
    pub place: Place,
    pub destination: Option<Place>,
    pub duration_s: Option<u32>,
    pub capacity: Option<u32>,
    /// Ids or names.
    pub invite: Vec<String>,
}

/// Of a list of events.
#[derive(Clone, Debug)]
pub struct ListParameters {
    pub name: Option<String>,
    pub moment: Moment,
    /// Private ones too, as far as the caller may see them.
    pub private: bool,
    pub near: Option<Circle>,
    pub near_destination: Option<Circle>,
    /// Of each bucket.
    pub page: Page,
    /// Participants by id and name, not by name alone.
    pub with_ids: bool,
}

/// A date and a time of day, each current when left out, in a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub date: Option<NaiveDate>,
    pub time: Option<NaiveTime>,
    /// The caller's when left out.
    pub zone: Option<Tz>,
}

impl Parameters {
    pub fn new_event(&self) -> Result<EventParameters, Error> {
        let mut faults = self.faults();
        let name = self.0.text("name").map(str::to_owned);
        if name.is_none() && !self.0.invalid.contains(&"name") {
            faults.missing.push("name");
        }
        let moment = self.moment(&mut faults);
        let private = self.flag("private", true, &mut faults);
        let place = self.place(["latitude", "longtitude"], &mut faults);
        let destination = self.destination(&mut faults);
        let duration_s = self.whole("duration_s", 1..=u32::MAX, &mut faults);
        let capacity = self.whole("capacity", 1..=u32::MAX, &mut faults);
        let invited = self.0.text("invite").unwrap_or_default().split(',').map(str::trim);
        let invite = invited.filter(|one| !one.is_empty()).map(str::to_owned).collect();
        match (name, place, faults.error()) {
            (Some(name), Some(place), None) => {
                Ok(EventParameters { name, moment, private, place, destination, duration_s, capacity, invite })
            }
            (_, _, error) => Err(error.unwrap_or_else(|| Error::missing(vec!["name", "latitude", "longtitude"]))),
        }
    }

    pub fn list_events(&self) -> Result<ListParameters, Error> {
        let mut faults = self.faults();
        let name = self.0.text("name").map(str::to_owned);
        if name.as_ref().is_some_and(|name| name.chars().count() > limits::EVENT_NAME_LEN_MAX) {
            faults.invalid.push("name");
        }
        let moment = self.moment(&mut faults);
        let private = self.flag("private", true, &mut faults);
        let radius_m = match self.0.text("radius_km").map(str::parse::<f64>) {
            None => limits::EVENT_RADIUS_M,
            Some(Ok(radius_km)) if (0.001..=limits::RADIUS_M_MAX / 1_000.0).contains(&radius_km) => radius_km * 1_000.0,
            Some(_) => faults.invalid("radius_km").unwrap_or(limits::EVENT_RADIUS_M),
        };
        let circle = |center: Place| Circle { center, radius_m };
        let near = self.pair(["latitude", "longtitude"], &mut faults).map(circle);
        let near_destination = self.destination(&mut faults).map(circle);
        let page = self.whole("page", 1..=1_000_000_000, &mut faults).unwrap_or(1);
        let most = u32::try_from(limits::BUCKET_LEN_MAX).unwrap_or(u32::MAX);
        let size = self.whole("page_size", 1..=most, &mut faults).unwrap_or(most);
        let page = Page { page: page as usize, size: size as usize };
        let with_ids = match self.0.text("participants") {
            None | Some("string") => false,
            Some("object") => true,
            Some(_) => faults.invalid("participants").unwrap_or(false),
        };
        match faults.error() {
            None => Ok(ListParameters { name, moment, private, near, near_destination, page, with_ids }),
            Some(error) => Err(error),
        }
    }

    fn moment(&self, faults: &mut Faults) -> Moment {
        Moment {
            date: self.0.text("date").and_then(|text| parse_date(text).or_else(|| faults.invalid("date"))),
            time: self.0.text("time").and_then(|text| parse_time(text).or_else(|| faults.invalid("time"))),
            zone: self.0.text("time_zone").and_then(|text| parse_zone(text).or_else(|| faults.invalid("time_zone"))),
        }
    }

    fn whole(&self, name: &'static str, range: std::ops::RangeInclusive<u32>, faults: &mut Faults) -> Option<u32> {
        let text = self.0.text(name)?;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| is_plain && range.contains(number));
        number.or_else(|| faults.invalid(name))
    }
}
