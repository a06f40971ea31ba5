//! A run's track as GPX 1.1: one track, one segment, with the heart rate where watches look for it.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::domain::fix::Fix;

const NAMESPACE: &str = "http://www.topografix.com/GPX/1/1";
const EXTENSION: &str = "http://www.garmin.com/xmlschemas/TrackPointExtension/v2";

/// The fixes, in the order in which they come, as a track of this name.
///
/// # Errors
/// What `out` says.
pub fn write<'a>(out: impl Write, name: &str, fixes: impl Iterator<Item = &'a Fix>) -> io::Result<()> {
    let mut writer = Writer::new(out);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let attributes = [("version", "1.1"), ("creator", "Runnity"), ("xmlns", NAMESPACE), ("xmlns:gpxtpx", EXTENSION)];
    writer.create_element("gpx").with_attributes(attributes).write_inner_content(|writer| {
        writer.create_element("trk").write_inner_content(|writer| {
            writer.create_element("name").write_text_content(BytesText::new(name))?;
            writer.create_element("trkseg").write_inner_content(|writer| {
                for fix in fixes {
                    point(writer, fix)?;
                }
                Ok(())
            })?;
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

/// In the order that the schema wants.
fn point<W: Write>(writer: &mut Writer<W>, fix: &Fix) -> io::Result<()> {
    let (latitude, longitude) = (fix.place.latitude.degrees().to_string(), fix.place.longitude.degrees().to_string());
    let attributes = [("lat", latitude.as_str()), ("lon", longitude.as_str())];
    writer.create_element("trkpt").with_attributes(attributes).write_inner_content(|writer| {
        if let Some(elevation_m) = fix.elevation_m {
            text(writer, "ele", &elevation_m.to_string())?;
        }
        text(writer, "time", &fix.time.to_string())?;
        let readings = [
            ("gpxtpx:hr", fix.heart_rate_bpm.map(|bpm| bpm.to_string())),
            ("gpxtpx:speed", fix.speed_mps.map(|mps| mps.to_string())),
            ("gpxtpx:course", fix.heading_deg.map(|degrees| degrees.to_string())),
        ];
        if readings.iter().any(|(_, reading)| reading.is_some()) {
            writer.create_element("extensions").write_inner_content(|writer| {
                writer.create_element("gpxtpx:TrackPointExtension").write_inner_content(|writer| {
                    for (name, reading) in &readings {
                        if let Some(reading) = reading {
                            text(writer, name, reading)?;
                        }
                    }
                    Ok(())
                })?;
                Ok(())
            })?;
        }
        Ok(())
    })?;
    Ok(())
}

fn text<W: Write>(writer: &mut Writer<W>, name: &str, text: &str) -> io::Result<()> {
    writer.create_element(name).write_text_content(BytesText::new(text))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracks::gpx::parse;

    #[test]
    fn what_is_written_is_read_again() {
        let fixes = parse(include_bytes!("../../../tests/tracks/los-gatos.gpx")).unwrap();
        let mut file = Vec::new();
        write(&mut file, "Aino & co <1>", fixes.iter()).unwrap();
        assert_eq!(parse(&file).unwrap(), fixes);
        let text = String::from_utf8(file).unwrap();
        assert!(text.contains("<name>Aino &amp; co &lt;1&gt;</name>"), "{}", &text[..400]);
        write(io::sink(), "none", [].iter()).unwrap();
    }
}
