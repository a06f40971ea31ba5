//! Places on one line: Morton codes of 52 bits, so that what is near on the Earth stands in a few stretches of an index.
//!
//! Latitude and longitude are cut into 2²⁶ parts each, and their bits are interleaved: all places of one cell of a grid, of
//! whatever fineness, have codes without a gap. Who keeps them is not known here.

use super::geo::{Circle, EARTH_RADIUS_M, Place, distance_m};

/// Bits of each of the two; a cell is 0.3 m high and at most 0.6 m wide.
const BITS_MAX: u32 = 26;
/// Added to a circle's box, so that a rounded number never loses a place: a centimetre.
const MARGIN_DEG: f64 = 1e-7;

/// How fine the codes of an index are: bits of latitude and of longitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grain(u32);

impl Grain {
    /// For what stays where it is.
    pub const FINEST: Self = Self(BITS_MAX);
    /// Cells of 150 m by at most 300 m, for what moves: it goes from one to the next about once a minute.
    pub const CITY_BLOCK: Self = Self(17);
}

/// The code of the cell that `place` lies in, from 0 and below 2⁵².
pub fn code(place: Place, grain: Grain) -> i64 {
    let (row, column) = cell(place.latitude.degrees(), place.longitude.degrees(), grain.0);
    first_code(row, column.rem_euclid(1 << grain.0), grain.0)
}

/// The stretches of codes, first and end (itself excluded), in order and at most nine, in which every place of the circle is
/// found, and others too.
pub fn ranges(circle: &Circle, grain: Grain) -> Vec<(i64, i64)> {
    let (latitude, longitude) = (circle.center.latitude.degrees(), circle.center.longitude.degrees());
    let angle = circle.radius_m / EARTH_RADIUS_M;
    let height_deg = angle.to_degrees() + MARGIN_DEG;
    let has_pole = latitude.abs() + height_deg >= 90.0;
    // The widest place of a circle is not at its centre's latitude, but nearer to the pole.
    let width_deg = if has_pole {
        180.0
    } else {
        (angle.sin() / latitude.to_radians().cos()).clamp(0.0, 1.0).asin().to_degrees() + MARGIN_DEG
    };
    let cells = |bits: u32| {
        let (south, west) = cell((latitude - height_deg).max(-90.0), longitude - width_deg, bits);
        let (north, east) = cell((latitude + height_deg).min(90.0), longitude + width_deg, bits);
        let columns = (east - west + 1).min(1 << bits);
        (south..=north, west..west + columns)
    };
    let count = |bits: &u32| {
        let (rows, columns) = cells(*bits);
        (rows.end() - rows.start() + 1) * (columns.end - columns.start)
    };
    // With no bits the Earth is one cell.
    let bits = (1..=grain.0).rev().find(|bits| count(bits) <= 9).unwrap_or(0);
    let (rows, columns) = cells(bits);
    let len = 1_i64 << (2 * (BITS_MAX - bits));
    let firsts = rows.flat_map(|row| columns.clone().map(move |column| (row, column.rem_euclid(1 << bits))));
    let mut firsts: Vec<i64> = firsts.map(|(row, column)| first_code(row, column, bits)).collect();
    firsts.sort_unstable();
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for first in firsts {
        match ranges.last_mut() {
            Some((_, end)) if *end == first => *end += len,
            _ => ranges.push((first, first + len)),
        }
    }
    ranges
}

/// Whether a place of the cell with this code may lie in the circle. `false` is certain.
pub fn may_hold(circle: &Circle, code: i64, grain: Grain) -> bool {
    let bits = code >> (2 * (BITS_MAX - grain.0));
    let (row, column) = (gathered(bits >> 1), gathered(bits));
    let parts = f64::from(1 << grain.0);
    let (height_deg, width_deg) = (180.0 / parts, 360.0 / parts);
    let south_west = ((row as f64) * height_deg - 90.0, (column as f64) * width_deg - 180.0);
    let at = |up: f64, right: f64| Place::new(south_west.0 + up * height_deg, south_west.1 + right * width_deg);
    let (Ok(middle), Ok(low), Ok(high)) = (at(0.5, 0.5), at(0.0, 0.0), at(1.0, 0.0)) else { return true };
    let reach_m = distance_m(middle, low).max(distance_m(middle, high));
    distance_m(circle.center, middle) <= circle.radius_m + reach_m + 0.01
}

/// Row and column; the column of a longitude beyond ±180° lies outside of the grid.
#[allow(clippy::cast_possible_truncation)] // of some thousand degrees at most
fn cell(latitude: f64, longitude: f64, bits: u32) -> (i64, i64) {
    let parts = f64::from(1 << bits);
    let row = ((latitude + 90.0) / 180.0 * parts).floor() as i64;
    let column = ((longitude + 180.0) / 360.0 * parts).floor() as i64;
    (row.clamp(0, (1 << bits) - 1), column)
}

/// The first code of a cell of so many bits.
fn first_code(row: i64, column: i64, bits: u32) -> i64 {
    (spread(row) << 1 | spread(column)) << (2 * (BITS_MAX - bits))
}

/// Puts a zero before each of the lower 26 bits.
fn spread(number: i64) -> i64 {
    (0..BITS_MAX).fold(0, |code, bit| code | (number >> bit & 1) << (2 * bit))
}

/// Every second bit, from the lowest on.
fn gathered(code: i64) -> i64 {
    (0..BITS_MAX).fold(0, |number, bit| number | (code >> (2 * bit) & 1) << bit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude: f64, longitude: f64) -> Place {
        Place::new(latitude, longitude).unwrap()
    }

    fn is_found(circle: &Circle, found: Place, grain: Grain) -> bool {
        let code = code(found, grain);
        let in_range = ranges(circle, grain).iter().any(|(first, end)| (*first..*end).contains(&code));
        in_range && may_hold(circle, code, grain)
    }

    #[test]
    fn codes_have_52_bits_and_tell_places_apart() {
        assert_eq!(code(place(-90.0, -180.0), Grain::FINEST), 0);
        assert_eq!(code(place(0.0, 0.0), Grain::FINEST), 3 << 50);
        assert_eq!(code(place(90.0, 179.999_999_9), Grain::FINEST), (1 << 52) - 1);
        assert_eq!(code(place(10.0, 180.0), Grain::FINEST), code(place(10.0, -180.0), Grain::FINEST));
        assert_ne!(code(place(60.17, 24.94), Grain::FINEST), code(place(60.17, 24.940_01), Grain::FINEST));
        assert_eq!(code(place(60.17, 24.94), Grain::CITY_BLOCK), code(place(60.17, 24.940_01), Grain::CITY_BLOCK));
    }

    #[test]
    fn every_place_of_a_circle_is_found_in_nine_ranges_at_most() {
        // Poles, the antimeridian, the corners of cells, and a town.
        let centers = [
            (60.17, 24.94),
            (0.0, 0.0),
            (-17.0, 179.999),
            (-17.0, -180.0),
            (45.0, 90.0),
            (89.95, 10.0),
            (90.0, 0.0),
            (-90.0, 77.0),
            (-89.0, -179.9),
            (78.2, 15.6),
        ];
        for (latitude, longitude) in centers {
            for radius_m in [0.0, 1.0, 50.0, 1_000.0, 25_000.0, 500_000.0, 9_000_000.0, 20_100_000.0] {
                let circle = Circle { center: place(latitude, longitude), radius_m };
                for grain in [Grain::FINEST, Grain::CITY_BLOCK] {
                    assert!((1..=9).contains(&ranges(&circle, grain).len()), "{circle:?}");
                    for bearing in 0..36 {
                        for part in [0.0, 0.5, 0.999] {
                            let found = towards(circle.center, f64::from(bearing) * 10.0, radius_m * part);
                            assert!(is_found(&circle, found, grain), "{circle:?} {found:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_far_away_is_not_looked_at() {
        let circle = Circle { center: place(60.17, 24.94), radius_m: 1_000.0 };
        let of_the_earth: i64 = ranges(&circle, Grain::FINEST).iter().map(|(first, end)| end - first).sum();
        assert!(of_the_earth < 1 << 30, "a four-millionth of it: {of_the_earth}");
        for (latitude, longitude) in [(60.19, 24.94), (60.17, 24.98), (-60.17, 24.94), (60.17, -155.06)] {
            let code = code(place(latitude, longitude), Grain::CITY_BLOCK);
            assert!(!may_hold(&circle, code, Grain::CITY_BLOCK), "{latitude} {longitude}");
        }
    }

    /// So many metres from a place.
    fn towards(from: Place, bearing_deg: f64, metres: f64) -> Place {
        let (angle, bearing) = (metres / EARTH_RADIUS_M, bearing_deg.to_radians());
        let (lat, lon) = (from.latitude.degrees().to_radians(), from.longitude.degrees().to_radians());
        let to_lat = (lat.sin() * angle.cos() + lat.cos() * angle.sin() * bearing.cos()).clamp(-1.0, 1.0).asin();
        let turn = (bearing.sin() * angle.sin() * lat.cos()).atan2(angle.cos() - lat.sin() * to_lat.sin());
        place(to_lat.to_degrees(), ((lon + turn).to_degrees() + 540.0).rem_euclid(360.0) - 180.0)
    }
}
