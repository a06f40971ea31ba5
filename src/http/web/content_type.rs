//! What kind of thing a file is, by its name.

/// The `Content-Type` of a file. Browsers refuse modules and workers that are not called JavaScript.
pub fn of(name: &str) -> &'static str {
    let file = name.rsplit('/').next().unwrap_or(name);
    match file.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("geojson") => "application/geo+json",
        Some("webmanifest") => "application/manifest+json",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("ico") => "image/vnd.microsoft.icon",
        Some("woff2") => "font/woff2",
        Some("wasm") => "application/wasm",
        None if file == "LICENSE" || file == "NOTICE" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn content_type_follows_the_ending() {
        let table = [
            ("index.html", "text/html; charset=utf-8"),
            ("main.js", "text/javascript; charset=utf-8"),
            ("vendor/maplibre-gl-6.17.0/maplibre-gl.mjs", "text/javascript; charset=utf-8"),
            ("map/world-and-helsinki.pmtiles", "application/octet-stream"),
            ("map/street-names-helsinki.geojson", "application/geo+json"),
            ("app.webmanifest", "application/manifest+json"),
            ("icon.svg", "image/svg+xml"),
            ("vendor/x-1/LICENSE", "text/plain; charset=utf-8"),
            ("vendor/x.y/z", "application/octet-stream"),
        ];
        for (name, expected) in table {
            assert_eq!(super::of(name), expected, "{name}");
        }
    }
}
