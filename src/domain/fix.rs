//! One measured place. What a fix adds to a run is decided in `run`, not here.

use std::cmp::Ordering;

use thiserror::Error;

use super::geo::{CoordinateError, Place};
use super::time::Timestamp;

/// What a phone measured at one moment.
///
/// Every number is finite and in the range that [`Readings`] names: made by [`Fix::new`], never field by field from input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fix {
    /// By the phone's clock.
    pub time: Timestamp,
    pub place: Place,
    pub elevation_m: Option<f64>,
    pub accuracy_m: Option<f64>,
    pub speed_mps: Option<f64>,
    pub heading_deg: Option<f64>,
    pub heart_rate_bpm: Option<u16>,
    /// The phone says that it did not measure it: it is made up. Not kept with the track.
    pub is_mock: bool,
}

/// What the phone knew besides time and place; unchecked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Readings {
    /// Above the sea, from −10,000 to 10,000.
    pub elevation_m: Option<f64>,
    /// Radius that the true place lies in with 68 %, from 0 to 1,000,000: a phone that knows only its cell says many
    /// kilometres.
    pub accuracy_m: Option<f64>,
    /// From 0 to 1,000.
    pub speed_mps: Option<f64>,
    /// Clockwise from north, from 0 to 360.
    pub heading_deg: Option<f64>,
    /// From 0 (a strap without contact) to 300.
    pub heart_rate_bpm: Option<u16>,
}

/// A fix that cannot be. Names the field, never the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{field} must be {rule}")]
pub struct FixError {
    pub field: &'static str,
    pub rule: &'static str,
}

impl From<CoordinateError> for FixError {
    fn from(error: CoordinateError) -> Self {
        Self { field: error.field, rule: error.rule }
    }
}

/// 1970 to 9999: what can be written as RFC 3339, and is no garbled clock.
const TIME_MILLIS: std::ops::RangeInclusive<i64> = 0..=253_402_300_799_999;

impl Fix {
    pub fn new(time: Timestamp, place: Place, readings: Readings) -> Result<Self, FixError> {
        if !TIME_MILLIS.contains(&time.as_millis()) {
            return Err(FixError { field: "time", rule: "a moment from 1970 to 9999" });
        }
        let within = |value: Option<f64>, low: f64, high: f64, field, rule| match value {
            Some(value) if !(low..=high).contains(&value) => Err(FixError { field, rule }),
            value => Ok(value),
        };
        let Readings { elevation_m, accuracy_m, speed_mps, heading_deg, heart_rate_bpm } = readings;
        if heart_rate_bpm.is_some_and(|heart_rate_bpm| heart_rate_bpm > 300) {
            return Err(FixError { field: "heart_rate_bpm", rule: "a whole number from 0 to 300" });
        }
        Ok(Self {
            time,
            place,
            elevation_m: within(elevation_m, -1e4, 1e4, "elevation_m", "a number from -10000 to 10000")?,
            accuracy_m: within(accuracy_m, 0.0, 1e6, "accuracy_m", "a number from 0 to 1000000")?,
            speed_mps: within(speed_mps, 0.0, 1e3, "speed_mps", "a number from 0 to 1000")?,
            heading_deg: within(heading_deg, 0.0, 360.0, "heading_deg", "a number from 0 to 360")?,
            heart_rate_bpm,
            is_mock: false,
        })
    }

    /// The same fix when two stand at one time and place. A seventh of a decimal degree is a centimetre: finer than any
    /// phone measures, coarser than what a stored form may round away.
    pub(super) fn identity(&self) -> (i64, i64, i64) {
        #[allow(clippy::cast_possible_truncation)] // at most 1.8e9
        let e7 = |degrees: f64| (degrees * 1e7).round() as i64;
        (self.time.as_millis(), e7(self.place.latitude.degrees()), e7(self.place.longitude.degrees()))
    }

    /// The order of a track: by time, then by place and the rest, so that it does not depend on the order of arrival.
    pub fn track_order(&self, other: &Self) -> Ordering {
        let readings = |fix: &Self| [fix.elevation_m, fix.accuracy_m, fix.speed_mps, fix.heading_deg];
        let unknown_last = |value: Option<f64>| value.unwrap_or(f64::INFINITY);
        self.identity().cmp(&other.identity()).then_with(|| {
            let pairs = readings(self).into_iter().zip(readings(other));
            pairs
                .map(|(a, b)| unknown_last(a).total_cmp(&unknown_last(b)))
                .find(|order| order.is_ne())
                .unwrap_or_else(|| self.heart_rate_bpm.cmp(&other.heart_rate_bpm))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place::new(60.17, 24.94).unwrap()
    }

    #[test]
    fn refusal_names_the_field() {
        let none = Readings::default();
        for (field, readings) in [
            ("elevation_m", Readings { elevation_m: Some(10_001.0), ..none }),
            ("elevation_m", Readings { elevation_m: Some(f64::NAN), ..none }),
            ("accuracy_m", Readings { accuracy_m: Some(-1.0), ..none }),
            ("speed_mps", Readings { speed_mps: Some(f64::INFINITY), ..none }),
            ("heading_deg", Readings { heading_deg: Some(360.5), ..none }),
            ("heart_rate_bpm", Readings { heart_rate_bpm: Some(301), ..none }),
        ] {
            let error = Fix::new(Timestamp::from_millis(0), place(), readings).unwrap_err();
            assert_eq!(error.field, field);
        }
        for millis in [-1, i64::MAX] {
            assert_eq!(Fix::new(Timestamp::from_millis(millis), place(), none).unwrap_err().field, "time");
        }
        let error = FixError::from(Place::new(91.0, 0.0).unwrap_err());
        assert_eq!(error.to_string(), "latitude must be a number from -90 to 90");
    }

    #[test]
    fn bounds_themselves_are_taken() {
        let readings = Readings {
            elevation_m: Some(-10_000.0),
            accuracy_m: Some(0.0),
            speed_mps: Some(1_000.0),
            heading_deg: Some(360.0),
            heart_rate_bpm: Some(0),
        };
        let fix = Fix::new(Timestamp::from_millis(253_402_300_799_999), place(), readings).unwrap();
        assert_eq!(fix.heading_deg, Some(360.0));
    }
}
