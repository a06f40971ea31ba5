//! Places on the Earth, and how far they are apart.

use thiserror::Error;

/// The mean radius of the Earth (IUGG R₁) in metres.
pub const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// Degrees north, from −90 to 90.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Latitude(f64);

/// Degrees east, from −180 to 180.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Longitude(f64);

/// Where something is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub latitude: Latitude,
    pub longitude: Longitude,
}

/// All places that are at most so far from one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Circle {
    pub center: Place,
    pub radius_m: f64,
}

/// A coordinate that is none. Says which and why, never the value: coordinates are personal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{field} must be {rule}")]
pub struct CoordinateError {
    pub field: &'static str,
    pub rule: &'static str,
}

impl Latitude {
    pub fn new(degrees: f64) -> Result<Self, CoordinateError> {
        let error = CoordinateError { field: "latitude", rule: "a number from -90 to 90" };
        checked(degrees, 90.0).map(Self).ok_or(error)
    }

    pub const fn degrees(self) -> f64 {
        self.0
    }
}

impl Longitude {
    pub fn new(degrees: f64) -> Result<Self, CoordinateError> {
        let error = CoordinateError { field: "longitude", rule: "a number from -180 to 180" };
        checked(degrees, 180.0).map(Self).ok_or(error)
    }

    pub const fn degrees(self) -> f64 {
        self.0
    }
}

/// `None` for what is out of bounds, infinite or not a number. −0 becomes 0, so that equal places have equal bits.
fn checked(degrees: f64, bound: f64) -> Option<f64> {
    (-bound..=bound).contains(&degrees).then_some(degrees + 0.0)
}

impl Place {
    pub fn new(latitude: f64, longitude: f64) -> Result<Self, CoordinateError> {
        Ok(Self { latitude: Latitude::new(latitude)?, longitude: Longitude::new(longitude)? })
    }
}

impl Circle {
    pub fn holds(&self, place: Place) -> bool {
        distance_m(self.center, place) <= self.radius_m
    }
}

/// The length of the great circle from `from` to `to` in metres (haversine; within 0.2 % of the ellipsoid's).
pub fn distance_m(from: Place, to: Place) -> f64 {
    let (from_lat, to_lat) = (from.latitude.0.to_radians(), to.latitude.0.to_radians());
    let half_lat = (to_lat - from_lat) / 2.0;
    let half_lon = (to.longitude.0 - from.longitude.0).to_radians() / 2.0;
    let chord = half_lat.sin().powi(2) + from_lat.cos() * to_lat.cos() * half_lon.sin().powi(2);
    2.0 * EARTH_RADIUS_M * chord.min(1.0).sqrt().asin()
}

/// Metres east and north of `origin`, on a plane that touches the Earth there; good for tens of kilometres.
pub fn plane_m(origin: Place, place: Place) -> (f64, f64) {
    let east_degrees = (place.longitude.0 - origin.longitude.0 + 540.0).rem_euclid(360.0) - 180.0;
    let north_degrees = place.latitude.0 - origin.latitude.0;
    let east_m = east_degrees.to_radians() * origin.latitude.0.to_radians().cos() * EARTH_RADIUS_M;
    (east_m, north_degrees.to_radians() * EARTH_RADIUS_M)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_coordinates_on_the_earth_are_taken() {
        for (latitude, longitude) in [(0.0, 0.0), (90.0, 180.0), (-90.0, -180.0), (60.17, 24.94)] {
            let place = Place::new(latitude, longitude).unwrap();
            assert_eq!((place.latitude.degrees(), place.longitude.degrees()), (latitude, longitude));
        }
        for (latitude, longitude, field) in [
            (91.0, 0.0, "latitude"),
            (f64::NAN, 0.0, "latitude"),
            (f64::INFINITY, 0.0, "latitude"),
            (0.0, -180.000_001, "longitude"),
            (0.0, f64::NAN, "longitude"),
            (0.0, f64::NEG_INFINITY, "longitude"),
        ] {
            assert_eq!(Place::new(latitude, longitude).unwrap_err().field, field);
        }
    }

    #[test]
    fn refusal_does_not_tell_the_value() {
        assert_eq!(Place::new(91.25, 0.0).unwrap_err().to_string(), "latitude must be a number from -90 to 90");
    }

    #[test]
    fn minus_zero_is_zero() {
        assert_eq!(Latitude::new(-0.0).unwrap().degrees().to_bits(), 0);
    }

    #[test]
    fn distances_are_those_of_the_sphere() {
        let quarter_m = EARTH_RADIUS_M * std::f64::consts::FRAC_PI_2;
        for (from, to, expected_m) in [
            ((60.0, 24.0), (60.0, 24.0), 0.0),
            ((0.0, 0.0), (0.0, 90.0), quarter_m),
            ((0.0, 0.0), (0.0, 180.0), 2.0 * quarter_m),
            ((90.0, 0.0), (0.0, 123.0), quarter_m),
            ((0.0, 179.5), (0.0, -179.5), quarter_m / 90.0),
        ] {
            let place = |(latitude, longitude)| Place::new(latitude, longitude).unwrap();
            assert!((distance_m(place(from), place(to)) - expected_m).abs() < 1e-6, "{from:?} {to:?}");
        }
    }

    #[test]
    fn plane_agrees_with_the_sphere_nearby_and_across_the_antimeridian() {
        for (origin, place) in [((60.17, 24.94), (60.18, 24.95)), ((-17.0, 179.999), (-17.01, -179.995))] {
            let (origin, place) = (Place::new(origin.0, origin.1).unwrap(), Place::new(place.0, place.1).unwrap());
            let (east_m, north_m) = plane_m(origin, place);
            assert!((east_m.hypot(north_m) / distance_m(origin, place) - 1.0).abs() < 1e-3);
        }
    }
}
