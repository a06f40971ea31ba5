//! Real recorded runs that the product ships, for its demo and its tests. `recorded/README.md` names where they come from.

use serde_json::Value;

use super::compact;
pub use super::course::{Variation, along};
use crate::domain::fix::Fix;
use crate::domain::geo::Place;

/// A run as it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Where it was run.
    pub name: &'static str,
    /// Whether all of it was run or walked: only then its pace is a runner's.
    pub on_foot: bool,
    /// In order of time, with the times of then.
    pub fixes: Vec<Fix>,
}

const FILES: [(&str, bool, &[u8]); 4] = [
    ("Cocoa Beach", true, include_bytes!("recorded/cocoa-beach.track")),
    ("Kent", true, include_bytes!("recorded/kent.track")),
    ("Los Gatos", true, include_bytes!("recorded/los-gatos.track")),
    ("Lyon", false, include_bytes!("recorded/lyon.track")),
];

/// All of them: a 5 km run, a half marathon, a run of 12.8 km with heart rate; and 19 km in the hills, which rest for half
/// an hour and reach 49 km/h towards the end.
pub fn all() -> Vec<Recorded> {
    let decode = |(name, on_foot, bytes)| {
        let fixes = compact::decode(bytes).expect("a test reads every file");
        Recorded { name, on_foot, fixes }
    };
    FILES.map(decode).into()
}

/// A loop of 3.7 km on the streets of central Helsinki; the last place is the first.
pub fn helsinki_course() -> Vec<Place> {
    read_course(include_str!("recorded/course-helsinki.geojson")).expect("a test reads it")
}

/// The line of a GeoJSON feature.
fn read_course(geojson: &str) -> Option<Vec<Place>> {
    let feature: Value = serde_json::from_str(geojson).ok()?;
    let line = feature.get("geometry")?.get("coordinates")?.as_array()?;
    line.iter().map(|point| Place::new(point.get(1)?.as_f64()?, point.get(0)?.as_f64()?).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{RunId, UserId};
    use crate::domain::run::{Run, Seen, Standing, Tally, accept, recount};
    use crate::domain::user::Visibility;
    use crate::tracks::{gpx, tcx};

    /// Sent in batches of 60 fixes, as a phone would; with the number of fixes that were neither counted nor near.
    fn tally_of(fixes: &[Fix]) -> (Tally, usize) {
        let start = fixes[0].time;
        let owner = UserId::parse("aino").unwrap();
        let mut run = Run::planned(RunId::from_u128(1), owner, Visibility::Public, None, start);
        run.start(start).unwrap();
        let mut odd = 0;
        for batch in fixes.chunks(60) {
            let accepted = accept(&mut run, &mut Seen::Unknown, batch.to_vec(), batch[batch.len() - 1].time).unwrap();
            assert_eq!(accepted.kept.len(), batch.len());
            odd += accepted
                .kept
                .iter()
                .filter(|kept| !matches!(kept.standing, Standing::Counted | Standing::Near))
                .count();
        }
        assert_eq!(recount(&run, fixes.iter().copied()), run.tally);
        (run.tally, odd)
    }

    struct Expected {
        name: &'static str,
        distance_m: f64,
        tolerance_m: f64,
        climb_m: f64,
        elapsed_s: f64,
        moving_s_min: f64,
        odd_max: usize,
    }

    /// Measured independently, with a gate of 5 m and 3 m hysteresis; but for Cocoa Beach, where it is what the watch said.
    #[rustfmt::skip]
    const EXPECTED: [Expected; 4] = [
        Expected { name: "Cocoa Beach", distance_m: 5_124.84, tolerance_m: 25.6, climb_m: 41.0, elapsed_s: 1_231.0, moving_s_min: 1_150.0, odd_max: 0 },
        Expected { name: "Kent", distance_m: 21_491.3, tolerance_m: 1.0, climb_m: 68.0, elapsed_s: 7_896.0, moving_s_min: 7_700.0, odd_max: 0 },
        Expected { name: "Los Gatos", distance_m: 12_799.3, tolerance_m: 1.0, climb_m: 171.0, elapsed_s: 5_498.0, moving_s_min: 5_400.0, odd_max: 0 },
        // The gate alone gives 18,967 m. The few legs above 12 m/s are nobody's running and not counted.
        Expected { name: "Lyon", distance_m: 18_967.2, tolerance_m: 190.0, climb_m: 519.0, elapsed_s: 10_249.0, moving_s_min: 6_000.0, odd_max: 3 },
    ];

    #[test]
    fn real_runs_come_to_what_they_were() {
        for (expected, recorded) in EXPECTED.iter().zip(all()) {
            let name = recorded.name;
            assert_eq!(name, expected.name);
            let (tally, odd) = tally_of(&recorded.fixes);
            let (distance_m, climb_m, moving_s) = (tally.distance_m, tally.climb.up_m, tally.moving_s());
            assert!((distance_m - expected.distance_m).abs() <= expected.tolerance_m, "{name}: {distance_m} m");
            assert!((climb_m / expected.climb_m - 1.0).abs() <= 0.1, "{name}: {climb_m} m up");
            assert!((tally.elapsed_s() - expected.elapsed_s).abs() < 0.5, "{name}: {} s", tally.elapsed_s());
            assert!((expected.moving_s_min..=expected.elapsed_s).contains(&moving_s), "{name}: {moving_s} s moving");
            assert!(odd <= expected.odd_max, "{name}: {odd} fixes did not count");
            let kilometres: f64 = tally.splits.done.iter().map(|_| 1_000.0).sum();
            assert!((0.0..1_000.0).contains(&(distance_m - kilometres)), "{name}: {kilometres} m of splits");
        }
    }

    #[test]
    fn runs_on_foot_are_at_a_runners_pace_throughout() {
        for recorded in all() {
            let (tally, _) = tally_of(&recorded.fixes);
            let fastest_s = tally.splits.done.iter().map(|split| split.elapsed_s).fold(f64::INFINITY, f64::min);
            assert_eq!(fastest_s > 200.0, recorded.on_foot, "{}: a kilometre in {fastest_s} s", recorded.name);
        }
    }

    #[test]
    fn originals_come_to_the_same_as_their_compact_form() {
        let originals = [
            tcx::parse(include_bytes!("../../tests/tracks/cocoa-beach.tcx")).unwrap(),
            gpx::parse(include_bytes!("../../tests/tracks/los-gatos.gpx")).unwrap(),
        ];
        for (name, original) in ["Cocoa Beach", "Los Gatos"].iter().zip(originals) {
            let (.., shipped) = FILES.iter().find(|file| file.0 == *name).unwrap();
            assert!(compact::encode(&original) == *shipped, "{name}");
            let (original, shipped) = (tally_of(&original).0, tally_of(&compact::decode(shipped).unwrap()).0);
            assert!((original.distance_m - shipped.distance_m).abs() < 5.0, "{name}");
        }
    }

    #[test]
    fn shipped_files_are_what_encoding_them_again_gives() {
        for (name, _, bytes) in FILES {
            assert!(compact::encode(&compact::decode(bytes).unwrap()) == bytes, "{name}");
        }
    }

    #[test]
    fn shipped_runs_are_in_order_of_time() {
        for recorded in all() {
            assert!(recorded.fixes.is_sorted_by(|a, b| a.time < b.time), "{}", recorded.name);
        }
    }

    #[test]
    fn course_is_closed() {
        let course = helsinki_course();
        assert_eq!((course.len(), course[0]), (77, course[76]));
    }
}
