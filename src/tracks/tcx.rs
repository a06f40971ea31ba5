//! Garmin's TCX: the points of all laps of all activities; courses are left out.
//!
//! A `Trackpoint` without `Position` is normal (a treadmill, a tunnel) and left out. Speed is that of ActivityExtension v2.

use super::TrackFileError;
use super::xml::{self, Field, Form};
use crate::domain::fix::Fix;

pub(super) const ROOT: &str = "TrainingCenterDatabase";

const FORM: Form = Form {
    root: ROOT,
    point: "Trackpoint",
    field: |parent, name| match (parent, name) {
        ("Trackpoint", "Time") => Some(Field::Time),
        ("Position", "LatitudeDegrees") => Some(Field::Latitude),
        ("Position", "LongitudeDegrees") => Some(Field::Longitude),
        ("Trackpoint", "AltitudeMeters") => Some(Field::ElevationM),
        ("TPX", "Speed") => Some(Field::SpeedMps),
        ("HeartRateBpm", "Value") => Some(Field::HeartRateBpm),
        _ => None,
    },
};

/// The fixes in the order of the file.
pub fn parse(bytes: &[u8]) -> Result<Vec<Fix>, TrackFileError> {
    xml::parse(bytes, &FORM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    #[test]
    fn recorded_file_is_read_with_speed_and_heart_rate() {
        let fixes = parse(include_bytes!("../../tests/tracks/cocoa-beach.tcx")).unwrap();
        assert_eq!(fixes.len(), 1_232);
        let (first, last) = (&fixes[0], &fixes[1_231]);
        assert_eq!(first.time, Timestamp::parse("2021-01-19T23:30:50Z").unwrap());
        assert_eq!((first.heart_rate_bpm, first.speed_mps), (Some(55), Some(0.0)));
        assert!((first.elevation_m.unwrap() - 8.8).abs() < 1e-6);
        assert_eq!(last.time.to_string(), "2021-01-19T23:51:21.000Z");
    }

    #[test]
    fn points_without_position_are_left_out() {
        let point = |position| {
            format!(
                "<Trackpoint><Time>2026-11-21T09:30:00Z</Time>{position}<HeartRateBpm><Value>150</Value></HeartRateBpm></Trackpoint>"
            )
        };
        let place =
            "<Position><LatitudeDegrees>60.17</LatitudeDegrees><LongitudeDegrees>24.94</LongitudeDegrees></Position>";
        let text =
            format!("<TrainingCenterDatabase><Track>{}{}</Track></TrainingCenterDatabase>", point(""), point(place));
        let fixes = parse(text.as_bytes()).unwrap();
        assert_eq!((fixes.len(), fixes[0].heart_rate_bpm), (1, Some(150)));
    }

    #[test]
    fn gpx_is_not_tcx() {
        assert_eq!(parse(b"<gpx/>").unwrap_err().to_string(), "line 1: not the kind of document that was expected");
    }
}
