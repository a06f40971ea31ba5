//! Cells of the map: the tiles of the usual grid (Web Mercator, 2^zoom tiles a side), named by their quadkeys. Browsers compute
//! them with a few lines and no library. Who is in a cell is not known here.

use std::fmt;
use std::ops::Range;

use super::geo::Place;

/// One tile, down to [`Cell::ZOOM_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    zoom: u8,
    /// The quadkey as a number: two bits for each digit.
    key: u32,
}

impl Cell {
    /// The finest cells: about 2.4 km wide on the equator, 1.2 km in Helsinki.
    pub const ZOOM_MAX: u8 = 14;

    /// The cell at this zoom, at most [`Cell::ZOOM_MAX`], where `place` is. Beyond 85.05° the map ends: what lies there is in the
    /// outermost cell.
    pub fn of(place: Place, zoom: u8) -> Self {
        let side = f64::from(1_u32 << Self::ZOOM_MAX);
        let east = (place.longitude.degrees() + 180.0) / 360.0;
        let south = (1.0 - place.latitude.degrees().to_radians().tan().asinh() / std::f64::consts::PI) / 2.0;
        let (x, y) = (tile(east * side), tile(south * side));
        let key =
            (0..Self::ZOOM_MAX).fold(0, |key, bit| key | (x >> bit & 1) << (2 * bit) | (y >> bit & 1) << (2 * bit + 1));
        Self { zoom: Self::ZOOM_MAX, key }.at(zoom)
    }

    /// From its quadkey: 1 to 14 digits from 0 to 3.
    pub fn parse(quadkey: &str) -> Option<Self> {
        let zoom = u8::try_from(quadkey.len()).ok().filter(|zoom| (1..=Self::ZOOM_MAX).contains(zoom))?;
        let digit = |key: u32, byte: u8| matches!(byte, b'0'..=b'3').then(|| key << 2 | u32::from(byte - b'0'));
        let key = quadkey.bytes().try_fold(0, digit)?;
        Some(Self { zoom, key })
    }

    /// The cell with this number at this zoom, if there is one.
    pub fn numbered(zoom: u8, number: i64) -> Option<Self> {
        let key = u32::try_from(number).ok().filter(|key| zoom <= Self::ZOOM_MAX && key >> (2 * zoom) == 0)?;
        Some(Self { zoom, key })
    }

    pub const fn zoom(self) -> u8 {
        self.zoom
    }

    /// The number of the cell among those of its zoom, in the order of their quadkeys.
    pub fn number(self) -> i64 {
        i64::from(self.key)
    }

    /// The larger cell at `zoom` that it lies in; itself if it is no smaller.
    #[must_use]
    pub fn at(self, zoom: u8) -> Self {
        let steps = self.zoom.saturating_sub(zoom);
        Self { zoom: self.zoom - steps, key: self.key >> (2 * steps) }
    }

    /// Whether `other` is this cell or lies in it.
    pub fn holds(self, other: Self) -> bool {
        other.at(self.zoom) == self
    }

    /// The numbers of the finest cells in it: neighbours, because a quadkey begins with that of the cell around it.
    pub fn finest(self) -> Range<i64> {
        let bits = 2 * (Self::ZOOM_MAX - self.zoom);
        i64::from(self.key) << bits..(i64::from(self.key) + 1) << bits
    }
}

impl fmt::Display for Cell {
    /// The quadkey.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..self.zoom).rev().try_for_each(|digit| write!(f, "{}", self.key >> (2 * digit) & 3))
    }
}

/// The tile that a place along one side of the grid is in; the outermost one for what lies beyond.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a cast of a number to an integer stops at its ends
fn tile(along: f64) -> u32 {
    (along.floor() as u32).min((1 << Cell::ZOOM_MAX) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(latitude: f64, longitude: f64, zoom: u8) -> String {
        Cell::of(Place::new(latitude, longitude).unwrap(), zoom).to_string()
    }

    #[test]
    fn cells_are_the_tiles_of_the_grid() {
        // Bing's own example is tile (3, 5) at zoom 3.
        assert_eq!(cell(-50.0, -40.0, 3), "213");
        // Helsinki's railway station, tile (9327, 4742) at zoom 14.
        assert_eq!(cell(60.1719, 24.9414, 14), quadkey(9_327, 4_742, 14));
        assert_eq!(cell(60.1719, 24.9414, 6), quadkey(36, 18, 6));
        // Sydney's opera house, tile (15073, 9831).
        assert_eq!(cell(-33.8568, 151.2153, 14), quadkey(15_073, 9_831, 14));
    }

    /// As the grid's makers describe it, one digit after another.
    fn quadkey(x: u32, y: u32, zoom: u8) -> String {
        (0..zoom).rev().map(|bit| ((x >> bit & 1) + 2 * (y >> bit & 1)).to_string()).collect()
    }

    #[test]
    fn the_grid_has_edges_and_every_place_is_in_it() {
        for (latitude, longitude, quadkey) in [
            (0.0, 0.0, "30"),
            (90.0, -180.0, "00"),
            (90.0, 180.0, "11"),
            (-90.0, -180.0, "22"),
            (-90.0, 180.0, "33"),
            (85.06, 0.0, "10"),
            (-85.06, 0.0, "32"),
        ] {
            assert_eq!(cell(latitude, longitude, 2), quadkey, "{latitude} {longitude}");
            assert_eq!(cell(latitude, longitude, 14).len(), 14);
        }
        // On both sides of the antimeridian.
        assert_eq!((cell(-17.0, 179.999, 6), cell(-17.0, -179.999, 6)), (quadkey(63, 35, 6), quadkey(0, 35, 6)));
        // The latitude where the map ends.
        assert_eq!((cell(85.0511, 0.0, 6), cell(85.0, 0.0, 14)), (quadkey(32, 0, 6), quadkey(8_192, 26, 14)));
    }

    #[test]
    fn a_cell_lies_in_those_that_its_quadkey_begins_with() {
        let fine = Cell::of(Place::new(60.1719, 24.9414).unwrap(), 14);
        for zoom in 1..=14 {
            let around = fine.at(zoom);
            assert_eq!(around.to_string(), fine.to_string()[..usize::from(zoom)]);
            assert!(around.holds(fine) && around.holds(around));
            assert!(around.finest().contains(&fine.number()));
            assert_eq!(Cell::parse(&around.to_string()), Some(around));
            assert_eq!(Cell::numbered(zoom, around.number()), Some(around));
        }
        assert!(!fine.holds(fine.at(10)) && !fine.at(6).holds(Cell::of(Place::new(0.0, 0.0).unwrap(), 14)));
        assert_eq!(fine.finest(), fine.number()..fine.number() + 1);
        assert_eq!(Cell::parse("33").unwrap().finest().end, 1 << 28);
    }

    #[test]
    fn what_is_no_quadkey_is_no_cell() {
        for bad in ["", "4", "0 1", "-1", "01x", "é", "012301230123012", &"0".repeat(300)] {
            assert_eq!(Cell::parse(bad), None, "{bad:?}");
        }
        assert_eq!((Cell::numbered(2, 16), Cell::numbered(2, -1), Cell::numbered(15, 0)), (None, None, None));
    }
}
