//! Which achievements have their place around a point: asked for every fix of every run, so most fixes find nothing at once.

use std::collections::BTreeMap;

use crate::domain::achievement::ids::AchievementId;
use crate::domain::geo::{Circle, EARTH_RADIUS_M, Place, plane_m};

/// A tenth of a degree: 11 km from south to north.
const SQUARES_PER_DEGREE: f64 = 10.0;
/// A circle over more squares than this is asked about everywhere.
const SQUARES_LEN_MAX: i64 = 100;
/// A way over more squares than this, either way, is none: a runner's goes from one fix to the next.
const SQUARES_ON_WAY_MAX: i64 = 3;

/// Circles by the squares of a grid of latitudes and longitudes that they touch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nearby {
    squares: BTreeMap<(i64, i64), Vec<(AchievementId, Circle)>>,
    wide: Vec<(AchievementId, Circle)>,
}

impl Nearby {
    pub fn new(circles: impl Iterator<Item = (AchievementId, Circle)>) -> Self {
        let mut nearby = Self::default();
        for (id, circle) in circles {
            match squares(circle) {
                Some(squares) => {
                    squares.for_each(|square| nearby.squares.entry(square).or_default().push((id, circle)))
                }
                None => nearby.wide.push((id, circle)),
            }
        }
        nearby
    }

    /// Those that the straight way from one place to the other comes through, or that hold where it ends. The way is short: two
    /// places further apart than a square is wide are taken for themselves.
    pub fn passed(&self, from: Place, to: Place) -> Vec<AchievementId> {
        let squares = squares_on_way(from, to).into_iter().filter_map(|square| self.squares.get(&square));
        let around = squares.flatten().chain(&self.wide);
        let comes_by = |circle: &Circle| circle.holds(to) || circle.holds(nearest(circle.center, from, to));
        let mut passed: Vec<_> = around.filter(|(_, circle)| comes_by(circle)).map(|(id, _)| *id).collect();
        passed.sort_unstable();
        passed.dedup();
        passed
    }
}

fn squares_on_way(from: Place, to: Place) -> Vec<(i64, i64)> {
    let [from, to] = [from, to].map(|place| (square(place.latitude.degrees()), square(place.longitude.degrees())));
    let (rows, columns) = (from.0.min(to.0)..=from.0.max(to.0), from.1.min(to.1)..=from.1.max(to.1));
    // Across the end of the map, and next to a pole, where no circle is in a square, the ends are enough.
    if (rows.end() - rows.start()).max(columns.end() - columns.start()) > SQUARES_ON_WAY_MAX {
        return vec![from, to];
    }
    rows.flat_map(|row| columns.clone().map(move |column| (row, column))).collect()
}

/// The place on the straight way that is nearest to `center`.
fn nearest(center: Place, from: Place, to: Place) -> Place {
    let ((from_x, from_y), (to_x, to_y)) = (plane_m(center, from), plane_m(center, to));
    let (x, y) = (to_x - from_x, to_y - from_y);
    let length = x * x + y * y;
    if length == 0.0 {
        return to;
    }
    let fraction = (-(from_x * x + from_y * y) / length).clamp(0.0, 1.0);
    let (latitude, longitude) = (from.latitude.degrees(), from.longitude.degrees());
    // The short way round, where longitudes begin anew.
    let turned = |degrees: f64| (degrees + 540.0).rem_euclid(360.0) - 180.0;
    let east = turned(to.longitude.degrees() - longitude);
    let north = to.latitude.degrees() - latitude;
    Place::new(latitude + fraction * north, turned(longitude + fraction * east)).unwrap_or(to)
}

/// The squares that a circle touches, or a few more. `None` for a large one, and where squares get narrow or the map ends.
fn squares(circle: Circle) -> Option<impl Iterator<Item = (i64, i64)>> {
    let (latitude, longitude) = (circle.center.latitude.degrees(), circle.center.longitude.degrees());
    let high = (circle.radius_m / EARTH_RADIUS_M).to_degrees();
    // Meridians are closest at the edge that is nearer to a pole.
    let edge = latitude.abs() + high;
    let wide = high / edge.min(89.0).to_radians().cos();
    if edge > 85.0 || longitude.abs() + wide > 180.0 {
        return None;
    }
    let (south, north) = (square(latitude - high), square(latitude + high));
    let (west, east) = (square(longitude - wide), square(longitude + wide));
    let len = (north - south + 1).saturating_mul(east - west + 1);
    let columns = move |row| (west..=east).map(move |column| (row, column));
    (len <= SQUARES_LEN_MAX).then(|| (south..=north).flat_map(columns))
}

#[allow(clippy::cast_possible_truncation)] // degrees are small
fn square(degrees: f64) -> i64 {
    (degrees * SQUARES_PER_DEGREE).floor() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(latitude: f64, longitude: f64, radius_m: f64) -> Circle {
        Circle { center: Place::new(latitude, longitude).unwrap(), radius_m }
    }

    #[test]
    fn nearby_finds_what_holds_the_place() {
        let mut circles = Vec::new();
        for radius_m in [50.0, 400.0, 10_000.0, 400_000.0, 30_000_000.0] {
            for latitude in [-89.99, -84.95, -60.0, 0.0, 0.001, 52.52, 84.9, 90.0] {
                for longitude in [-180.0, -179.999, -0.001, 0.0, 13.4, 179.9, 180.0] {
                    circles.push(circle(latitude, longitude, radius_m));
                }
            }
        }
        let ids = |index: usize| AchievementId::new(index as u64 + 1).unwrap();
        let nearby = Nearby::new(circles.iter().enumerate().map(|(index, circle)| (ids(index), *circle)));
        let mut found_len = 0;
        for around in &circles {
            for (north, east) in [(0.0, 0.0), (0.003, -0.003), (-0.08, 0.1), (0.09, 0.0)] {
                let latitude = (around.center.latitude.degrees() + north).clamp(-90.0, 90.0);
                let longitude = (around.center.longitude.degrees() + east + 540.0).rem_euclid(360.0) - 180.0;
                let place = Place::new(latitude, longitude).unwrap();
                let holding = circles.iter().enumerate().filter(|(_, circle)| circle.holds(place));
                let holding: Vec<_> = holding.map(|(index, _)| ids(index)).collect();
                assert_eq!(nearby.passed(place, place), holding, "{place:?}");
                found_len += holding.len();
            }
        }
        assert!(found_len > circles.len());
    }

    #[test]
    fn the_way_passes_what_it_comes_through() {
        let place = |latitude, longitude| Place::new(latitude, longitude).unwrap();
        let id = AchievementId::new(1).unwrap();
        let passes = |around: Circle, from, to| Nearby::new([(id, around)].into_iter()).passed(from, to) == [id];
        let metre = 1.0 / 111_195.08;
        // 500 m due north, past a place 10 m to the east of the middle.
        let (from, to) = (place(60.0, 24.9), place(60.0 + 500.0 * metre, 24.9));
        let beside = |east_m: f64, radius_m| circle(60.0 + 250.0 * metre, 24.9 + east_m * metre * 2.0, radius_m);
        assert!(passes(beside(10.0, 12.0), from, to) && passes(beside(10.0, 12.0), to, from));
        assert!(passes(beside(-10.0, 10.1), from, to) && !passes(beside(10.0, 9.9), from, to));
        // Behind either end it is not passed.
        assert!(!passes(circle(60.0 - 20.0 * metre, 24.9, 19.0), from, to));
        assert!(!passes(circle(60.0 + 520.0 * metre, 24.9, 19.0), from, to));
        assert!(passes(circle(60.0 - 20.0 * metre, 24.9, 21.0), from, to));
        // Over the corner of a square in which neither end lies, across the end of the map, and at a pole.
        let (from, to) = (place(0.099, 0.0986), place(0.1014, 0.101));
        assert!(passes(circle(0.1001, 0.0997, 5.0), from, to));
        assert!(passes(circle(0.0, 180.0, 5.0), place(0.0, 179.998), place(0.0, -179.998)));
        assert!(passes(circle(0.0, -179.999, 5.0), place(0.0, 179.998), place(0.0, -179.998)));
        assert!(!passes(circle(0.0, 90.0, 5.0), place(0.0, 179.998), place(0.0, -179.998)));
        assert!(passes(circle(90.0, 0.0, 5_000.0), place(89.999, 0.0), place(89.999, 90.0)));
    }
}
