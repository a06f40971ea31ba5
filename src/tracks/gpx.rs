//! GPX 1.0 and 1.1: the points of all tracks and segments; routes and waypoints are left out.
//!
//! Read by ourselves, because crate `gpx` 0.10 drops all `<extensions>`, and with them the heart rate. That stands in
//! Garmin's TrackPointExtension, version 1 (`hr`) or 2 (`hr`, `speed`, `course`); OsmAnd writes a bare `<speed>`.

mod writing;

use super::TrackFileError;
use super::xml::{self, Field, Form};
use crate::domain::fix::Fix;

pub use writing::write;

pub(super) const ROOT: &str = "gpx";

const FORM: Form = Form {
    root: ROOT,
    point: "trkpt",
    field: |parent, name| match (parent, name) {
        ("trkpt", "time") => Some(Field::Time),
        ("trkpt", "lat") => Some(Field::Latitude),
        ("trkpt", "lon") => Some(Field::Longitude),
        ("trkpt", "ele") => Some(Field::ElevationM),
        (_, "speed") => Some(Field::SpeedMps),
        (_, "course") => Some(Field::HeadingDeg),
        (_, "hr") => Some(Field::HeartRateBpm),
        _ => None,
    },
};

/// The fixes in the order of the file. Points without a time cannot be fixes and are left out.
pub fn parse(bytes: &[u8]) -> Result<Vec<Fix>, TrackFileError> {
    xml::parse(bytes, &FORM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    fn in_track(points: &str) -> String {
        format!("<?xml version=\"1.0\"?>\n<gpx>\n<trk><name>R&amp;D</name><trkseg>\n{points}</trkseg></trk></gpx>")
    }

    const POINT: &str = "<trkpt lat=\"60.17\" lon=\"24.94\"><ele>12.5</ele><time>2026-11-21T09:30:00+02:00</time>";

    #[test]
    fn recorded_file_is_read_with_its_heart_rate() {
        let fixes = parse(include_bytes!("../../tests/tracks/los-gatos.gpx")).unwrap();
        assert_eq!(fixes.len(), 988);
        let (first, last) = (&fixes[0], &fixes[987]);
        assert_eq!(first.time, Timestamp::parse("2017-07-29T14:46:35Z").unwrap());
        assert!((first.place.latitude.degrees() - 37.241_738_168_522_715).abs() < 1e-12);
        assert_eq!((first.elevation_m, first.heart_rate_bpm), (Some(104.0), Some(74)));
        assert_eq!((last.time.to_string().as_str(), last.heart_rate_bpm), ("2017-07-29T16:18:13.000Z", Some(147)));
    }

    #[test]
    fn readings_are_found_in_every_makers_extensions() {
        let v2 = "<gpxtpx:TrackPointExtension xmlns:gpxtpx=\"http://www.garmin.com/xmlschemas/TrackPointExtension/v2\">\
                  <gpxtpx:hr>151</gpxtpx:hr><gpxtpx:speed>3.25</gpxtpx:speed><gpxtpx:course>270</gpxtpx:course>\
                  </gpxtpx:TrackPointExtension>";
        for (extensions, speed_mps, heading_deg, heart_rate_bpm) in [
            ("", None, None, None),
            ("<speed>2.5</speed>", Some(2.5), None, None),
            ("<a:b><a:hr> 99 </a:hr></a:b>", None, None, Some(99)),
            ("<hr><![CDATA[88]]></hr>", None, None, Some(88)),
            ("<hr>soon</hr><speed/>", None, None, None),
            ("<hr>999</hr><speed>2.5</speed>", None, None, None),
            (v2, Some(3.25), Some(270.0), Some(151)),
        ] {
            let text = in_track(&format!("{POINT}<extensions>{extensions}</extensions></trkpt>\n"));
            let fixes = parse(text.as_bytes()).unwrap();
            let fix = &fixes[0];
            assert_eq!(
                (fix.speed_mps, fix.heading_deg, fix.heart_rate_bpm),
                (speed_mps, heading_deg, heart_rate_bpm),
                "{extensions}"
            );
            assert_eq!(fix.time.to_string(), "2026-11-21T07:30:00.000Z");
        }
    }

    #[test]
    fn only_points_of_tracks_with_a_time_are_fixes() {
        let text = "<gpx><wpt lat=\"1\" lon=\"1\"><time>2026-11-21T09:30:00Z</time></wpt>\
                    <rte><rtept lat=\"1\" lon=\"1\"><time>2026-11-21T09:30:00Z</time></rtept></rte>\
                    <trk><trkseg><trkpt lat=\"2\" lon=\"2\"/><trkpt lat=\"3\" lon=\"3\"><time>2026-11-21T09:30:00Z</time></trkpt></trkseg>\
                    <trkseg><trkpt lat=\"4\" lon=\"4\"><time>2026-11-21T09:31:00Z</time></trkpt></trkseg></trk></gpx>";
        let latitudes: Vec<f64> =
            parse(text.as_bytes()).unwrap().iter().map(|fix| fix.place.latitude.degrees()).collect();
        assert_eq!(latitudes, [3.0, 4.0]);
    }

    #[test]
    fn errors_name_the_line_and_not_the_value() {
        let deep = "<x>".repeat(40);
        let long = "9".repeat(1_000);
        for (points, message) in [
            (
                "\n<trkpt lat=\"91\" lon=\"0\"><time>2026-11-21T09:30:00Z</time></trkpt>",
                "line 5: a coordinate out of range",
            ),
            ("<trkpt lat=\"NaN\" lon=\"0\"/>", "line 4: a latitude that is no number"),
            ("<trkpt lat=\"1\" lon=\"1e400\"/>", "line 4: a longitude that is no number"),
            ("<trkpt lat=\"1\" lat=\"1\"/>", "line 4: not well-formed XML"),
            ("<trkpt lat=\"1\" lon=\"1\"><time>yesterday</time></trkpt>", "line 4: a time that is not RFC 3339"),
            ("<trkpt lat=\"1\" lon=\"1\"><time>1969-01-01T00:00:00Z</time></trkpt>", "line 4: a time out of range"),
            ("<trkpt lat=\"1\" lon=\"1\"></trk>", "line 4: not well-formed XML"),
            (&format!("<trkpt lat=\"1\" lon=\"1\">{deep}"), "line 4: nested too deep"),
            (&format!("<trkpt lat=\"1\" lon=\"1\"><ele>{long}</ele></trkpt>"), "line 4: a value is too long"),
        ] {
            assert_eq!(parse(in_track(points).as_bytes()).unwrap_err().to_string(), message);
        }
        let half = format!("<gpx>\n<trk>{POINT}\n");
        assert_eq!(parse(half.as_bytes()).unwrap_err().to_string(), "line 3: the file ends early");
    }

    #[test]
    fn entities_of_the_document_are_not_expanded() {
        let text = "<!DOCTYPE gpx [<!ENTITY t SYSTEM \"file:///etc/hostname\"><!ENTITY a \"1\">]>\n<gpx><trk><name>&t;</name>\
                    <trkseg><trkpt lat=\"1\" lon=\"1\"><ele>&a;</ele><time>2026-11-21T09:30:00Z</time></trkpt></trkseg></trk></gpx>";
        assert_eq!(parse(text.as_bytes()).unwrap()[0].elevation_m, None);
        let in_attribute = text.replace("lat=\"1\"", "lat=\"&a;\"");
        assert_eq!(parse(in_attribute.as_bytes()).unwrap_err().to_string(), "line 2: not well-formed XML");
    }

    #[test]
    fn garbage_is_an_error_or_other_fixes_and_never_more() {
        let good = in_track(&format!("{POINT}<extensions><hr>90</hr></extensions></trkpt>\n"));
        for index in 0..good.len() {
            for byte in b"<>&\"'/!?[ -9z\0\xff" {
                let mut bytes = good.clone().into_bytes();
                bytes[index] = *byte;
                let fixes = parse(&bytes).map_or(0, |fixes| fixes.len());
                assert!(fixes <= 1, "byte {index} as {byte}");
                let _ = parse(&bytes[..index]).unwrap_err();
            }
        }
    }
}
