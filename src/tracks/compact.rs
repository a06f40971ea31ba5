//! Tracks in a few bytes a fix, for shipping them inside the binary.
//!
//! Keeps times to the millisecond, places to 10⁻⁶ degrees (11 cm), elevations to 0.1 m, and heart rates; nothing else.
//!
//! # Format
//! `RTK1`, then numbers. A number is an LEB128 varint: seven bits a byte, lowest first, the high bit says that more
//! follow. A signed one is zigzagged first: 0, −1, 1, −2 … become 0, 1, 2, 3 …
//!
//! * milliseconds in a unit of time: 1000, or 1 if some fix needs it; the number of fixes;
//! * for each fix, signed, as differences from the fix before (from 0 for the first): time in units since 1970, latitude
//!   and longitude in 10⁻⁶ degrees; then elevation in 0.1 m and heart rate, each as 0 when unknown, else one more than the
//!   zigzagged difference from the last that was known.

use thiserror::Error;

use crate::domain::fix::{Fix, Readings};
use crate::domain::geo::Place;
use crate::domain::time::Timestamp;

const MAGIC: &[u8] = b"RTK1";

/// Bytes that are no compact track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a compact track (at byte {offset})")]
pub struct CompactError {
    pub offset: usize,
}

/// The last values, which differences are taken from.
#[derive(Default)]
struct Last {
    time: i64,
    latitude: i64,
    longitude: i64,
    elevation: i64,
    heart_rate: i64,
}

pub fn encode(fixes: &[Fix]) -> Vec<u8> {
    let unit_millis: i64 = if fixes.iter().all(|fix| fix.time.as_millis() % 1_000 == 0) { 1_000 } else { 1 };
    let mut bytes = MAGIC.to_vec();
    put(&mut bytes, unit_millis.unsigned_abs());
    put(&mut bytes, fixes.len() as u64);
    let mut last = Last::default();
    for fix in fixes {
        put(&mut bytes, difference(&mut last.time, fix.time.as_millis() / unit_millis));
        put(&mut bytes, difference(&mut last.latitude, whole(fix.place.latitude.degrees() * 1e6)));
        put(&mut bytes, difference(&mut last.longitude, whole(fix.place.longitude.degrees() * 1e6)));
        let elevation = fix.elevation_m.map(|elevation_m| whole(elevation_m * 10.0));
        put(&mut bytes, elevation.map_or(0, |elevation| difference(&mut last.elevation, elevation) + 1));
        put(&mut bytes, fix.heart_rate_bpm.map_or(0, |bpm| difference(&mut last.heart_rate, i64::from(bpm)) + 1));
    }
    bytes
}

pub fn decode(bytes: &[u8]) -> Result<Vec<Fix>, CompactError> {
    let mut rest = bytes.strip_prefix(MAGIC).ok_or(CompactError { offset: 0 })?;
    match decode_fixes(&mut rest) {
        Ok(fixes) if rest.is_empty() => Ok(fixes),
        Ok(_) | Err(Broken) => Err(CompactError { offset: bytes.len() - rest.len() }),
    }
}

/// The bytes make no sense where the reading stands.
struct Broken;

fn decode_fixes(rest: &mut &[u8]) -> Result<Vec<Fix>, Broken> {
    let unit_millis = i64::try_from(get(rest)?).map_err(|_| Broken)?;
    let mut last = Last::default();
    let mut fixes = Vec::new();
    // No room is set aside for what the bytes only claim.
    for _ in 0..get(rest)? {
        let time = sum(&mut last.time, get(rest)?)?.checked_mul(unit_millis).ok_or(Broken)?;
        let latitude = sum(&mut last.latitude, get(rest)?)?;
        let longitude = sum(&mut last.longitude, get(rest)?)?;
        let elevation = known(&mut last.elevation, get(rest)?)?;
        let heart_rate = known(&mut last.heart_rate, get(rest)?)?;
        let readings = Readings {
            elevation_m: elevation.map(|elevation| real(elevation) / 10.0),
            heart_rate_bpm: heart_rate.map(u16::try_from).transpose().map_err(|_| Broken)?,
            ..Readings::default()
        };
        let place = Place::new(real(latitude) / 1e6, real(longitude) / 1e6).map_err(|_| Broken)?;
        fixes.push(Fix::new(Timestamp::from_millis(time), place, readings).map_err(|_| Broken)?);
    }
    Ok(fixes)
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

fn get(rest: &mut &[u8]) -> Result<u64, Broken> {
    let mut number = 0;
    for shift in (0..63).step_by(7) {
        let (byte, after) = rest.split_first().ok_or(Broken)?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Broken)
}

fn difference(last: &mut i64, value: i64) -> u64 {
    let difference = value - std::mem::replace(last, value);
    (difference << 1 ^ difference >> 63).cast_unsigned()
}

fn sum(last: &mut i64, zigzag: u64) -> Result<i64, Broken> {
    let difference = (zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed();
    *last = last.checked_add(difference).ok_or(Broken)?;
    Ok(*last)
}

fn known(last: &mut i64, number: u64) -> Result<Option<i64>, Broken> {
    number.checked_sub(1).map(|zigzag| sum(last, zigzag)).transpose()
}

#[allow(clippy::cast_possible_truncation)] // a fix's numbers are far below 2⁵³
fn whole(value: f64) -> i64 {
    value.round() as i64
}

#[allow(clippy::cast_precision_loss)] // larger ones are refused by `Fix`
fn real(value: i64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(millis: i64, latitude: f64, elevation_m: Option<f64>, heart_rate_bpm: Option<u16>) -> Fix {
        let readings = Readings { elevation_m, heart_rate_bpm, ..Readings::default() };
        Fix::new(Timestamp::from_millis(millis), Place::new(latitude, -0.000_001).unwrap(), readings).unwrap()
    }

    #[test]
    fn what_is_kept_comes_back_the_same() {
        let fixes = [
            fix(1_400_000_000_999, 51.376_73, Some(-8.1), None),
            fix(1_400_000_001_000, -90.0, None, Some(150)),
            fix(1_399_999_999_000, 90.0, Some(8_848.8), None),
            fix(1_400_000_003_000, 51.376_73, None, Some(0)),
        ];
        for fixes in [&fixes[..], &fixes[1..], &[]] {
            assert_eq!(decode(&encode(fixes)).as_deref(), Ok(fixes));
        }
    }

    #[test]
    fn second_of_a_run_takes_a_few_bytes() {
        let fixes: Vec<Fix> = (0..1_000).map(|second| fix(second * 1_000, 60.0, Some(10.0), Some(150))).collect();
        assert!(encode(&fixes).len() < 5_020);
    }

    #[test]
    fn broken_bytes_are_refused() {
        let good =
            encode(&[fix(1_400_000_000_999, 51.376_73, Some(8.0), Some(90)), fix(1_400_000_002_000, 51.0, None, None)]);
        for len in 0..good.len() {
            assert!(decode(&good[..len]).is_err(), "{len}");
        }
        assert_eq!(decode(&[&good[..], &[0]].concat()), Err(CompactError { offset: good.len() }));
        for bytes in [
            &b"RTK2\x01\x00"[..],
            b"RTK1\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
            b"RTK1\x01\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x00\x00\x00",
            b"RTK1\x01\x01\x01\x00\x00\x00\x00",
            b"RTK1\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        ] {
            assert!(decode(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn any_changed_byte_is_an_error_or_another_track() {
        let good =
            encode(&[fix(1_400_000_000_999, 51.376_73, Some(8.0), Some(90)), fix(1_400_000_002_000, 51.0, None, None)]);
        for index in 0..good.len() {
            for byte in (0..=255).filter(|byte| *byte != good[index]) {
                let mut bytes = good.clone();
                bytes[index] = byte;
                assert_ne!(decode(&bytes), decode(&good), "byte {index} as {byte}");
            }
        }
    }
}
