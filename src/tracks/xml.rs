//! What GPX and TCX have in common: points in XML, each with a time, a place and some readings.
//!
//! Elements are told by their local names, since every maker has its own namespace prefixes. Entities that a document
//! declares itself are never expanded and nothing is ever loaded, so neither a bomb nor a foreign file can hide in one.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::TrackFileError;
use crate::domain::fix::{Fix, Readings};
use crate::domain::geo::Place;
use crate::domain::time::Timestamp;
use crate::limits::TRACK_FILE_BYTES_MAX;

/// How deep a point's elements may be nested: makers' extensions need four or five.
const DEPTH_MAX: usize = 32;
/// How long a value may be: the longest coordinate that was seen has 40 digits, and there may be space around it.
const VALUE_LEN_MAX: usize = 256;

/// A kind of file.
pub(super) struct Form {
    /// The element that holds the document.
    pub root: &'static str,
    /// The element that is one point.
    pub point: &'static str,
    /// What an element within a point holds, by the names of its parent and its own.
    pub field: fn(parent: &str, name: &str) -> Option<Field>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Time,
    Latitude,
    Longitude,
    ElevationM,
    SpeedMps,
    HeadingDeg,
    HeartRateBpm,
}

/// The local name of the document's root; empty if there is none.
pub(super) fn root(bytes: &[u8]) -> Result<String, TrackFileError> {
    let mut reader = Reader::from_str(text(bytes)?);
    loop {
        match reader.read_event() {
            Ok(Event::Start(element) | Event::Empty(element)) => return Ok(element.local_name().into_inner().into()),
            Ok(Event::Eof) | Err(_) => return Ok(String::new()),
            Ok(_) => {}
        }
    }
}

/// The fixes of a document, in its order. Points without a time or a place (a watch without reception) are left out.
pub(super) fn parse(bytes: &[u8], form: &Form) -> Result<Vec<Fix>, TrackFileError> {
    let text = text(bytes)?;
    let mut reader = Reader::from_str(text);
    let mut walk =
        Walk { form, depth: 0, names: Vec::new(), value: String::new(), point: Point::default(), fixes: Vec::new() };
    loop {
        let event = reader.read_event().map_err(|_| (reader.error_position(), "not well-formed XML"));
        let step = event.and_then(|event| {
            let over = matches!(event, Event::Eof);
            walk.take(event).map(|()| over).map_err(|problem| (reader.buffer_position(), problem))
        });
        match step {
            Ok(false) => {}
            Ok(true) if walk.fixes.is_empty() => return Err(TrackFileError::Empty),
            Ok(true) => return Ok(walk.fixes),
            Err((position, problem)) => {
                let before = usize::try_from(position).map_or(text.len(), |position| position.min(text.len()));
                return Err(TrackFileError::Invalid { line: line_at(&bytes[..before]), problem });
            }
        }
    }
}

fn text(bytes: &[u8]) -> Result<&str, TrackFileError> {
    if u64::try_from(bytes.len()).is_ok_and(|len| len > TRACK_FILE_BYTES_MAX) {
        return Err(TrackFileError::TooLarge);
    }
    std::str::from_utf8(bytes)
        .map_err(|error| TrackFileError::Invalid { line: line_at(&bytes[..error.valid_up_to()]), problem: "not UTF-8" })
}

/// The number of the line that ends these bytes, from 1.
fn line_at(before: &[u8]) -> usize {
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Where the reading stands.
struct Walk<'a> {
    form: &'a Form,
    /// Elements that are open.
    depth: usize,
    /// Local names of the open elements from the point inwards; empty outside of points.
    names: Vec<String>,
    /// The text of the innermost element so far.
    value: String,
    point: Point,
    fixes: Vec<Fix>,
}

#[derive(Default)]
struct Point {
    time: Option<Timestamp>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    readings: Readings,
}

impl Walk<'_> {
    fn take(&mut self, event: Event<'_>) -> Result<(), &'static str> {
        match event {
            Event::Start(element) => self.open(&element),
            Event::Empty(element) => {
                self.open(&element)?;
                self.close()
            }
            Event::End(_) => self.close(),
            Event::Text(text) => self.add(&text.into_inner()),
            Event::CData(text) => self.add(&text.into_inner()),
            // Names and notes may hold entities; no value that is read here does.
            Event::GeneralRef(_) => self.add("&"),
            Event::Eof if self.depth > 0 => Err("the file ends early"),
            Event::Eof | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => Ok(()),
        }
    }

    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), &'static str> {
        let local_name = element.local_name();
        let name = local_name.as_ref();
        self.value.clear();
        self.depth += 1;
        if self.depth == 1 && name != self.form.root {
            return Err("not the kind of document that was expected");
        }
        if self.names.is_empty() {
            if name != self.form.point {
                return Ok(());
            }
            self.point = Point::default();
            for attribute in element.attributes() {
                let attribute = attribute.map_err(|_| "not well-formed XML")?;
                let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| "not well-formed XML")?;
                if let Some(field) = (self.form.field)(name, attribute.key.local_name().as_ref()) {
                    self.point.set(field, &value)?;
                }
            }
        } else if self.names.len() == DEPTH_MAX {
            return Err("nested too deep");
        }
        self.names.push(name.into());
        Ok(())
    }

    fn add(&mut self, text: &str) -> Result<(), &'static str> {
        if self.names.len() > 1 && self.field().is_some() {
            if self.value.len() + text.len() > VALUE_LEN_MAX {
                return Err("a value is too long");
            }
            self.value.push_str(text);
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), &'static str> {
        if self.names.len() > 1
            && let Some(field) = self.field()
        {
            self.point.set(field, &self.value)?;
        }
        self.value.clear();
        self.depth = self.depth.saturating_sub(1);
        if self.names.pop().is_some() && self.names.is_empty() {
            self.fixes.extend(std::mem::take(&mut self.point).fix()?);
        }
        Ok(())
    }

    /// What the innermost element of a point holds.
    fn field(&self) -> Option<Field> {
        let [.., parent, name] = self.names.as_slice() else { return None };
        (self.form.field)(parent, name)
    }
}

impl Point {
    /// Time and place must be right; a reading that is no number is left out, as a sensor's hiccup spoils no run.
    fn set(&mut self, field: Field, value: &str) -> Result<(), &'static str> {
        let value = value.trim();
        let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
        let readings = &mut self.readings;
        match field {
            Field::Time => self.time = Some(Timestamp::parse(value).ok_or("a time that is not RFC 3339")?),
            Field::Latitude => self.latitude = Some(number.ok_or("a latitude that is no number")?),
            Field::Longitude => self.longitude = Some(number.ok_or("a longitude that is no number")?),
            Field::ElevationM => readings.elevation_m = number,
            Field::SpeedMps => readings.speed_mps = number,
            Field::HeadingDeg => readings.heading_deg = number,
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates
            Field::HeartRateBpm => readings.heart_rate_bpm = number.map(|number| number.round() as u16),
        }
        Ok(())
    }

    fn fix(self) -> Result<Option<Fix>, &'static str> {
        let (Some(time), Some(latitude), Some(longitude)) = (self.time, self.latitude, self.longitude) else {
            return Ok(None);
        };
        let place = Place::new(latitude, longitude).map_err(|_| "a coordinate out of range")?;
        let fix = Fix::new(time, place, self.readings).or_else(|_| Fix::new(time, place, Readings::default()));
        fix.map(Some).map_err(|_| "a time out of range")
    }
}
