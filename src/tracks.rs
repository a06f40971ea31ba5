//! Recorded tracks: files of watches and phones ↔ fixes, and the recorded runs that the product ships.
//!
//! What fixes add up to is not known here, but for how far a recorded run had come when (`course`).

pub mod compact;
pub mod course;
pub mod gpx;
pub mod recorded;
pub mod tcx;
mod xml;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use thiserror::Error;

use crate::domain::fix::Fix;
use crate::domain::time::Timestamp;
use crate::limits::TRACK_FILE_BYTES_MAX;

/// A track file that cannot be used. Tells the line, never what stands there: coordinates are personal.
#[derive(Debug, Error)]
pub enum TrackFileError {
    #[error("the file cannot be read")]
    Read(#[from] io::Error),
    #[error("the file is larger than {} MiB", TRACK_FILE_BYTES_MAX / (1024 * 1024))]
    TooLarge,
    #[error("the file is neither GPX nor TCX")]
    Unknown,
    #[error("line {line}: {problem}")]
    Invalid { line: usize, problem: &'static str },
    #[error("the file has no fix with a time and a place")]
    Empty,
}

/// Reads a GPX or TCX file; which of them, its content tells.
pub fn parse_file(path: &Path) -> Result<Vec<Fix>, TrackFileError> {
    let mut bytes = Vec::new();
    // Not the size that the file system tells: that of a pipe is 0.
    File::open(path)?.take(TRACK_FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    parse(&bytes)
}

/// Reads GPX or TCX; which of them, the content tells.
pub fn parse(bytes: &[u8]) -> Result<Vec<Fix>, TrackFileError> {
    match xml::root(bytes)?.as_str() {
        gpx::ROOT => gpx::parse(bytes),
        tcx::ROOT => tcx::parse(bytes),
        _ => Err(TrackFileError::Unknown),
    }
}

/// The same fixes, moved in time so that the first lies at `start`.
pub fn starting_at(mut fixes: Vec<Fix>, start: Timestamp) -> Vec<Fix> {
    if let Some(first) = fixes.first().map(|fix| fix.time.as_millis()) {
        for fix in &mut fixes {
            fix.time = start.plus_millis(fix.time.as_millis() - first);
        }
    }
    fixes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_tells_gpx_from_tcx() {
        for (file, fixes) in [("cocoa-beach.tcx", 1_232), ("los-gatos.gpx", 988)] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tracks").join(file);
            assert_eq!(parse_file(&path).unwrap().len(), fixes, "{file}");
        }
    }

    #[test]
    fn what_is_no_track_file_is_refused() {
        for (bytes, message) in [
            (b"".as_slice(), "the file is neither GPX nor TCX"),
            (b"{\"fixes\": []}", "the file is neither GPX nor TCX"),
            (b"<html><body/></html>", "the file is neither GPX nor TCX"),
            (b"<gpx></gpx>", "the file has no fix with a time and a place"),
            (b"<gpx>\n\xff</gpx>", "line 2: not UTF-8"),
            (b"<gpx>\n<trk>\n</gpx>", "line 3: not well-formed XML"),
        ] {
            assert_eq!(parse(bytes).unwrap_err().to_string(), message);
        }
        let missing = parse_file(Path::new("no/such/file.gpx")).unwrap_err();
        assert!(matches!(missing, TrackFileError::Read(_)));
    }

    #[test]
    fn file_over_the_bound_is_refused() {
        let large = vec![b' '; usize::try_from(TRACK_FILE_BYTES_MAX).unwrap() + 1];
        assert!(matches!(parse(&large), Err(TrackFileError::TooLarge)));
    }

    #[test]
    fn track_moves_in_time_as_a_whole() {
        let start = Timestamp::parse("2026-11-21T10:00:00Z").unwrap();
        let fixes = recorded::all().remove(0).fixes;
        let moved = starting_at(fixes.clone(), start);
        assert_eq!(moved[0].time, start);
        let duration = |fixes: &[Fix]| fixes[fixes.len() - 1].time.seconds_since(fixes[0].time);
        assert!((duration(&moved) - duration(&fixes)).abs() < 1e-9);
    }
}
