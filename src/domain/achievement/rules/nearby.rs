//! Which achievements have their place around a point: asked for every fix of every run, so most fixes find nothing at once.

use std::collections::BTreeMap;

use crate::domain::achievement::ids::AchievementId;
use crate::domain::geo::{Circle, EARTH_RADIUS_M, Place};

/// A tenth of a degree: 11 km from south to north.
const SQUARES_PER_DEGREE: f64 = 10.0;
/// A circle over more squares than this is asked about everywhere.
const SQUARES_LEN_MAX: i64 = 100;

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

    pub fn near(&self, place: Place) -> Vec<AchievementId> {
        let square = (square(place.latitude.degrees()), square(place.longitude.degrees()));
        let around = self.squares.get(&square).into_iter().flatten().chain(&self.wide);
        let mut near: Vec<_> = around.filter(|(_, circle)| circle.holds(place)).map(|(id, _)| *id).collect();
        near.sort_unstable();
        near
    }
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
                assert_eq!(nearby.near(place), holding, "{place:?}");
                found_len += holding.len();
            }
        }
        assert!(found_len > circles.len());
    }
}
