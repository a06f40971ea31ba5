//! A recorded run, run again somewhere else: its true distance over time, laid along a closed course.

use super::recorded::Recorded;
use crate::domain::fix::{Fix, Readings};
use crate::domain::geo::{EARTH_RADIUS_M, Place, plane_m};
use crate::domain::ids::{RunId, UserId};
use crate::domain::run::{Kept, Run, Seen, Standing, accept};
use crate::domain::time::Timestamp;
use crate::domain::user::Visibility;

/// The direction of the course is taken over so many metres to either side, so that a side step turns a corner smoothly.
const TURN_M: f64 = 8.0;
/// A distance that stays the same for so long is a rest and not the time between two counted fixes.
const REST_MILLIS: i64 = 10_000;

/// What makes one runner of a recorded run differ from another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variation {
    /// Where on the course the run starts, in metres from the course's first place.
    pub start_shift_m: f64,
    /// How far the runner keeps to the right of the course; negative: to the left.
    pub side_step_m: f64,
    /// How long everything takes: 1 as recorded, 1.1 a tenth longer.
    pub duration_factor: f64,
}

impl Default for Variation {
    fn default() -> Self {
        Self { start_shift_m: 0.0, side_step_m: 0.0, duration_factor: 1.0 }
    }
}

/// The fixes of the recorded run as they would have been on `course`, which is run around as often as it takes (its
/// last place is joined to its first). Times begin as recorded: see [`super::starting_at`]. Elevations and heart rates stay
/// the recorded ones; speed and heading are those of the new way. Empty for a course without length.
pub fn along(course: &[Place], recorded: &Recorded, variation: Variation) -> Vec<Fix> {
    let (Some(lap), Some(first)) = (Lap::of(course), recorded.fixes.first()) else { return Vec::new() };
    let profile = Profile::of(&recorded.fixes);
    let again = |fix: &Fix| {
        let (distance_m, speed_mps) = profile.at(fix.time);
        let (place, heading_deg) = lap.at(variation.start_shift_m + distance_m, variation.side_step_m);
        let readings = Readings {
            elevation_m: fix.elevation_m,
            speed_mps: Some(speed_mps / variation.duration_factor),
            heading_deg: Some(heading_deg),
            heart_rate_bpm: fix.heart_rate_bpm,
            accuracy_m: None,
        };
        #[allow(clippy::cast_possible_truncation)] // `as` saturates
        let millis = (fix.time.seconds_since(first.time) * 1_000.0 * variation.duration_factor).round() as i64;
        Fix::new(first.time.plus_millis(millis), place, readings).ok()
    };
    recorded.fixes.iter().filter_map(again).collect()
}

/// How far a run had come when: times and metres at which it is known, straight between.
struct Profile(Vec<(Timestamp, f64)>);

impl Profile {
    /// By the same rules as every run. Fixes within the gate add a point only at the end of a rest.
    fn of(fixes: &[Fix]) -> Self {
        let mut points: Vec<(Timestamp, f64)> = Vec::new();
        let mut rest = None;
        for kept in run_again(fixes) {
            let point = (kept.fix.time, kept.distance_m);
            if kept.standing == Standing::Counted {
                points.extend(rest.take());
                points.push(point);
            } else if kept.standing == Standing::Near
                && points.last().is_some_and(|last| last.0.plus_millis(REST_MILLIS) <= point.0)
            {
                rest = Some(point);
            }
        }
        Self(points)
    }

    /// Metres and metres per second; standing before the first and after the last.
    fn at(&self, time: Timestamp) -> (f64, f64) {
        let after = self.0.partition_point(|point| point.0 <= time);
        match (after.checked_sub(1).map(|before| self.0[before]), self.0.get(after)) {
            (Some(from), Some(to)) => {
                let speed_mps = (to.1 - from.1) / to.0.seconds_since(from.0);
                (from.1 + speed_mps * time.seconds_since(from.0), speed_mps)
            }
            (Some(last), None) => (last.1, 0.0),
            (None, _) => (0.0, 0.0),
        }
    }
}

/// What the recorded fixes come to by the rules of the product.
fn run_again(fixes: &[Fix]) -> Vec<Kept> {
    let (Some(owner), Some(start), Some(end)) =
        (UserId::parse("recorded"), fixes.iter().map(|fix| fix.time).min(), fixes.iter().map(|fix| fix.time).max())
    else {
        return Vec::new();
    };
    let mut run = Run::planned(RunId::from_u128(0), owner, Visibility::Private, None, start);
    let accepted = run.start(start).and_then(|_| accept(&mut run, &mut Seen::Unknown, fixes.to_vec(), end));
    accepted.map(|accepted| accepted.kept).unwrap_or_default()
}

/// Once around a course, in metres east and north of its first place.
struct Lap {
    origin: Place,
    corners: Vec<(f64, f64)>,
    /// How far each corner lies along the lap.
    ends_m: Vec<f64>,
}

impl Lap {
    fn of(course: &[Place]) -> Option<Self> {
        let origin = *course.first()?;
        let mut lap = Self { origin, corners: vec![(0.0, 0.0)], ends_m: vec![0.0] };
        for corner in course[1..].iter().map(|place| plane_m(origin, *place)).chain([(0.0, 0.0)]) {
            let last = lap.corners[lap.corners.len() - 1];
            let leg_m = (corner.0 - last.0).hypot(corner.1 - last.1);
            if leg_m > 0.0 {
                lap.ends_m.push(lap.length_m() + leg_m);
                lap.corners.push(corner);
            }
        }
        (lap.length_m() > 0.0).then_some(lap)
    }

    fn length_m(&self) -> f64 {
        self.ends_m[self.ends_m.len() - 1]
    }

    /// The place so far along, so far to the right, and the heading there.
    fn at(&self, along_m: f64, side_step_m: f64) -> (Place, f64) {
        let here = self.point(along_m);
        let (behind, ahead) = (self.point(along_m - TURN_M), self.point(along_m + TURN_M));
        let (east, north) = (ahead.0 - behind.0, ahead.1 - behind.1);
        let chord = east.hypot(north);
        // Where the course turns right back, there is no side to step to for a moment.
        let (right_east, right_north) = if chord > 0.1 { (north / chord, -east / chord) } else { (0.0, 0.0) };
        let heading_deg = east.atan2(north).to_degrees().rem_euclid(360.0);
        (self.place(here.0 + right_east * side_step_m, here.1 + right_north * side_step_m), heading_deg)
    }

    fn point(&self, along_m: f64) -> (f64, f64) {
        let along_m = along_m.rem_euclid(self.length_m());
        let after = self.ends_m.partition_point(|end_m| *end_m <= along_m).clamp(1, self.ends_m.len() - 1);
        let (from, to) = (self.corners[after - 1], self.corners[after]);
        let fraction = (along_m - self.ends_m[after - 1]) / (self.ends_m[after] - self.ends_m[after - 1]);
        (from.0 + fraction * (to.0 - from.0), from.1 + fraction * (to.1 - from.1))
    }

    /// The inverse of [`plane_m`]. At the poles, where it has none, the course's first place.
    fn place(&self, east_m: f64, north_m: f64) -> Place {
        let latitude = self.origin.latitude.degrees();
        let east_degrees = (east_m / EARTH_RADIUS_M / latitude.to_radians().cos()).to_degrees();
        let longitude = (self.origin.longitude.degrees() + east_degrees + 540.0).rem_euclid(360.0) - 180.0;
        Place::new(latitude + (north_m / EARTH_RADIUS_M).to_degrees(), longitude).unwrap_or(self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::super::recorded;
    use super::*;
    use crate::domain::geo::distance_m;

    fn variations() -> [Variation; 4] {
        [(0.0, 0.0, 1.0), (1_234.0, 3.0, 1.0), (500.0, -3.0, 1.15), (-40.0, 1.5, 0.9)].map(
            |(start_shift_m, side_step_m, duration_factor)| Variation { start_shift_m, side_step_m, duration_factor },
        )
    }

    fn run_distance_m(fixes: &[Fix]) -> f64 {
        run_again(fixes).last().unwrap().distance_m
    }

    #[test]
    fn recorded_run_keeps_its_distance_and_duration_on_another_course() {
        let course = recorded::helsinki_course();
        for recorded in recorded::all().into_iter().filter(|recorded| recorded.on_foot) {
            for variation in variations() {
                let fixes = along(&course, &recorded, variation);
                assert_eq!(fixes.len(), recorded.fixes.len());
                let ratio = run_distance_m(&fixes) / run_distance_m(&recorded.fixes);
                assert!((ratio - 1.0).abs() < 0.02, "{} {variation:?}: {ratio}", recorded.name);
                let duration_s = |fixes: &[Fix]| fixes[fixes.len() - 1].time.seconds_since(fixes[0].time);
                let ratio = duration_s(&fixes) / duration_s(&recorded.fixes);
                assert!((ratio - variation.duration_factor).abs() < 1e-6, "{}: {ratio}", recorded.name);
            }
        }
    }

    #[test]
    fn runner_keeps_to_the_side_and_does_not_jump_at_corners() {
        let course = recorded::helsinki_course();
        let lap = Lap::of(&course).unwrap();
        assert!((3_600.0..3_800.0).contains(&lap.length_m()), "{}", lap.length_m());
        for side_step_m in [-3.0, 0.0, 3.0] {
            let mut last = lap.at(0.0, side_step_m).0;
            let mut along_m = 0.0;
            while along_m < 2.0 * lap.length_m() {
                along_m += 3.0;
                let (place, heading_deg) = lap.at(along_m, side_step_m);
                let (line, _) = lap.at(along_m, 0.0);
                assert!(distance_m(place, line) < 3.01);
                let step_m = distance_m(last, place);
                assert!((0.5..6.0).contains(&step_m), "{step_m} m at {along_m} m");
                assert!((0.0..=360.0).contains(&heading_deg));
                last = place;
            }
        }
    }

    #[test]
    fn rest_of_the_recorded_run_is_a_rest_on_the_course() {
        let at = |second: u32, east_m: f64| {
            let place = Place::new(0.0, (east_m / EARTH_RADIUS_M).to_degrees()).unwrap();
            Fix::new(Timestamp::from_millis(i64::from(second) * 1_000), place, Readings::default()).unwrap()
        };
        let metres = |second: u32| f64::from(second.min(100) + second.saturating_sub(220)) * 3.0;
        let fixes = (0..320).map(|second| at(second, metres(second))).collect();
        let recorded = Recorded { name: "traffic light", on_foot: true, fixes };
        let again = along(&recorded::helsinki_course(), &recorded, Variation::default());
        assert_eq!(again[104].place, again[218].place);
        assert_eq!(again[150].speed_mps, Some(0.0));
        assert!(distance_m(again[90].place, again[104].place) > 25.0);
    }

    #[test]
    fn side_step_is_to_the_right_of_the_heading() {
        let square: Vec<Place> =
            [(0.0, 0.0), (0.0, 0.01), (0.01, 0.01), (0.01, 0.0)].map(|(lat, lon)| Place::new(lat, lon).unwrap()).into();
        let lap = Lap::of(&square).unwrap();
        let side_m = lap.length_m() / 4.0;
        for (side, heading_deg, (east_m, north_m)) in [
            (0.0, 90.0, (0.0, -2.0)),
            (1.0, 0.0, (2.0, 0.0)),
            (2.0, 270.0, (0.0, 2.0)),
            (3.0, 180.0, (-2.0, 0.0)),
            (-3.0, 0.0, (2.0, 0.0)),
        ] {
            let along_m = (side + 0.5) * side_m;
            let (place, heading) = lap.at(along_m, 2.0);
            let (east, north) = plane_m(lap.at(along_m, 0.0).0, place);
            assert!((heading - heading_deg).abs() < 1e-6, "{side}: {heading}");
            assert!((east - east_m).abs() < 1e-3 && (north - north_m).abs() < 1e-3, "{side}: {east} {north}");
        }
    }

    #[test]
    fn course_without_length_gives_nothing() {
        let recorded = recorded::all().remove(0);
        let place = Place::new(60.0, 24.0).unwrap();
        for course in [&[][..], &[place], &[place, place]] {
            assert_eq!(along(course, &recorded, Variation::default()), []);
        }
    }
}
