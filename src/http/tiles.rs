//! What the map is drawn from, as the operator says it. Knows no style and no layer: the page has those.

use std::path::PathBuf;

/// Where the page's map tiles come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tiles {
    /// The file that is part of the web-demo.
    #[default]
    Builtin,
    /// The operator's own PMTiles file, served from disk.
    PmTiles(PathBuf),
    /// Another server's tiles. Invariant of [`Tiles::read`]: `http` or `https`, a plain host, `{z}`, `{x}` and `{y}`.
    Url { template: String, kind: TileKind },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileKind {
    Raster,
    Vector,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TilesError {
    #[error("a tile URL needs {{z}}, {{x}} and {{y}}, as in https://tiles.example.org/{{z}}/{{x}}/{{y}}.png")]
    NoPlaceholders,
    #[error("there is no such file, and a tile URL begins with http:// or https://")]
    NoFile,
    #[error("a tile URL's host may hold letters, digits, dots and hyphens only, and a port")]
    Host,
}

impl Tiles {
    /// Reads what an operator types: a tile URL (`https://…/{z}/{x}/{y}.png`, or `.pbf`/`.mvt` for vector tiles), or else
    /// the path of a PMTiles file.
    pub fn read(text: &str) -> Result<Self, TilesError> {
        if !text.starts_with("http://") && !text.starts_with("https://") {
            let path = PathBuf::from(text);
            return if path.is_file() { Ok(Self::PmTiles(path)) } else { Err(TilesError::NoFile) };
        }
        if ["{z}", "{x}", "{y}"].iter().any(|placeholder| !text.contains(placeholder)) {
            return Err(TilesError::NoPlaceholders);
        }
        if origin(text).is_none() {
            return Err(TilesError::Host);
        }
        let file = text.split(['?', '#']).next().unwrap_or_default();
        let is_vector = [".pbf", ".mvt"].iter().any(|ending| file.ends_with(ending));
        let kind = if is_vector { TileKind::Vector } else { TileKind::Raster };
        Ok(Self::Url { template: text.to_owned(), kind })
    }

    /// The other origin that the page must be allowed to ask.
    pub fn origin(&self) -> Option<&str> {
        match self {
            Self::Builtin | Self::PmTiles(_) => None,
            Self::Url { template, .. } => origin(template),
        }
    }
}

/// `https://host:port` of a URL. None when the host has anything in it that could end a policy's directive.
fn origin(url: &str) -> Option<&str> {
    let scheme_len = url.find("://")? + "://".len();
    let host_len = url[scheme_len..].find(['/', '?', '#']).unwrap_or(url.len() - scheme_len);
    let host = &url[scheme_len..scheme_len + host_len];
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | ':' | '[' | ']');
    (!host.is_empty() && host.chars().all(is_plain)).then(|| &url[..scheme_len + host_len])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operator_types_is_told_apart() {
        let url = |template: &str, kind| Ok(Tiles::Url { template: template.to_owned(), kind });
        let png = "https://tiles.example.org/{z}/{x}/{y}.png?key=1";
        let pbf = "http://localhost:8080/t/{z}/{x}/{y}.pbf?key=1";
        assert_eq!(Tiles::read(png), url(png, TileKind::Raster));
        assert_eq!(Tiles::read(pbf), url(pbf, TileKind::Vector));
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        assert_eq!(Tiles::read(file), Ok(Tiles::PmTiles(file.into())));
        assert_eq!(Tiles::read("/no/such/europe.pmtiles"), Err(TilesError::NoFile));
        assert_eq!(Tiles::read("ftp://x/{z}/{x}/{y}.png"), Err(TilesError::NoFile));
        assert_eq!(Tiles::read("https://tiles.example.org/{z}/{x}.png"), Err(TilesError::NoPlaceholders));
        assert_eq!(Tiles::read("https://a; script-src */{z}/{x}/{y}"), Err(TilesError::Host));
        assert_eq!(Tiles::read("https:///{z}/{x}/{y}"), Err(TilesError::Host));
    }

    #[test]
    fn origin_ends_before_the_path() {
        assert_eq!(Tiles::read("http://[::1]:8080/{z}/{x}/{y}").unwrap().origin(), Some("http://[::1]:8080"));
        assert_eq!(Tiles::read("https://example.org?{z}{x}{y}").unwrap().origin(), Some("https://example.org"));
    }
}
