//! The web-demo's files, health and metrics over a real socket.

use std::path::Path;

use reqwest::Method;
use runnity::http::{Options, Tiles, WebDemo};
use runnity::instance;
use serde_json::json;

use crate::support::{Reply, Site, StoreKind, on_each_store, send};

// Nothing else here comes from the store.
on_each_store!(health_and_metrics_are_told);

const POLICY: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; \
    script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; manifest-src 'self'";

async fn get(site: &Site, path: &str) -> Reply {
    send(site.ask(Method::GET, path)).await
}

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(path, content).expect("written");
}

async fn site_with(web: WebDemo, http: Options) -> Site {
    Site::start_with(StoreKind::Embedded, instance::Options { web, http, ..Site::options() }).await
}

/// A site whose pages are in a folder of its own, with a secret beside it.
async fn site_on_folder() -> (Site, tempfile::TempDir) {
    let outside = tempfile::tempdir().expect("a directory");
    let folder = outside.path().join("web");
    write(outside.path(), "secret.txt", "secret");
    write(&folder, "index.html", "<!doctype html>list");
    write(&folder, "run.html", "<!doctype html>run");
    write(&folder, "event.html", "<!doctype html>event");
    write(&folder, "main.js", "export {};");
    write(&folder, "worker.mjs", "export {};");
    write(&folder, "habits.html", "<!doctype html>habits");
    write(&folder, "not-found.html", "<!doctype html>nothing");
    write(&folder, "long.js", "export const step = 'left, right, ';\n".repeat(100));
    write(&folder, "vendor/map-6.1.0/map.js", "/* as it was made */");
    write(&folder, "vendor/map-6.1.0/map.js.br", "compressed before");
    write(&folder, ".hidden", "hidden");
    write(&folder, "vendor/pmtiles-4.5.0/pmtiles.js", "/* release */");
    write(&folder, "map/tiles.pmtiles", (0..=255).collect::<Vec<u8>>());
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.path().join("secret.txt"), folder.join("link.txt")).expect("linked");
    (site_with(WebDemo::Folder(folder), Options::default()).await, outside)
}

#[tokio::test]
async fn files_have_their_types_and_tags() {
    let (site, outside) = site_on_folder().await;
    let table = [
        ("/", "text/html; charset=utf-8", "<!doctype html>list", "no-cache"),
        ("/index.html", "text/html; charset=utf-8", "<!doctype html>list", "no-cache"),
        ("/runs/0192", "text/html; charset=utf-8", "<!doctype html>run", "no-cache"),
        ("/events/17", "text/html; charset=utf-8", "<!doctype html>event", "no-cache"),
        ("/habits", "text/html; charset=utf-8", "<!doctype html>habits", "no-cache"),
        ("/main.js", "text/javascript; charset=utf-8", "export {};", "no-cache"),
        ("/worker.mjs?v=1", "text/javascript; charset=utf-8", "export {};", "no-cache"),
        (
            "/vendor/pmtiles-4.5.0/pmtiles.js",
            "text/javascript; charset=utf-8",
            "/* release */",
            "public, max-age=31536000, immutable",
        ),
    ];
    for (path, content_type, body, cache) in table {
        let reply = get(&site, path).await;
        assert_eq!((reply.status, reply.body.as_slice()), (200, body.as_bytes()), "{path}");
        assert_eq!((reply.header("content-type"), reply.header("cache-control")), (content_type, cache), "{path}");
        assert_eq!(reply.header("accept-ranges"), "bytes", "{path}");
        let etag = reply.header("etag");
        assert!(etag.starts_with('"') && etag.len() == 34, "{etag}");
        let again = send(site.ask(Method::GET, path).header("If-None-Match", etag)).await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, etag), "{path}");
        let head = send(site.ask(Method::HEAD, path)).await;
        assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, etag), "{path}");
        assert_eq!(head.header("content-length"), body.len().to_string(), "{path}");
    }
    let before = get(&site, "/main.js").await.header("etag").to_owned();
    write(&outside.path().join("web"), "main.js", "export { };");
    let after = get(&site, "/main.js").await;
    assert_ne!(after.header("etag"), before);
    assert_eq!(after.body, b"export { };", "a folder is read anew");
}

#[tokio::test]
async fn parts_of_files_are_served() {
    let (site, _outside) = site_on_folder().await;
    let path = "/map/tiles.pmtiles";
    let whole = get(&site, path).await;
    assert_eq!((whole.status, whole.body.len()), (200, 256));
    assert_eq!(whole.header("content-type"), "application/octet-stream");
    assert!(!whole.has("content-encoding"));
    let etag = whole.header("etag");
    let part = |range: &str| site.ask(Method::GET, path).header("Range", range);
    for (range, first, last) in
        [("bytes=0-15", 0, 15), ("bytes=250-", 250, 255), ("bytes=-6", 250, 255), ("bytes=200-999", 200, 255)]
    {
        let reply = send(part(range)).await;
        assert_eq!(reply.status, 206, "{range}");
        assert_eq!(reply.header("content-range"), format!("bytes {first}-{last}/256"), "{range}");
        assert_eq!(reply.body, (first..=last).collect::<Vec<u8>>(), "{range}");
        assert_eq!(
            (reply.header("etag"), reply.header("content-length")),
            (etag, (reply.body.len()).to_string().as_str())
        );
    }
    let beyond = send(part("bytes=256-")).await;
    assert_eq!((beyond.status, beyond.header("content-range")), (416, "bytes */256"));
    assert_eq!(send(part("bytes=0-1,4-5")).await.status, 200);
    assert_eq!(send(part("bytes=0-15").header("If-Range", etag)).await.status, 206);
    assert_eq!(send(part("bytes=0-15").header("If-Range", "\"other\"")).await.status, 200);
}

#[tokio::test]
async fn nothing_else_is_a_file() {
    let (site, _outside) = site_on_folder().await;
    for path in
        ["/none.js", "/map", "/map/", "/.hidden", "/link.txt", "/runs", "/runs/", "/index.html/x", "/vendor/%FF"]
    {
        let reply = get(&site, path).await;
        assert_eq!((reply.status, reply.body.as_slice()), (404, &b"There is nothing here.\n"[..]), "{path}");
    }
    // A client library would tidy these paths before it sends them.
    for path in ["/../secret.txt", "/map/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "//etc/passwd"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", site.host);
        assert_eq!(site.raw(request.as_bytes()).await.status, 404, "{path}");
    }
    let post = send(site.ask(Method::POST, "/main.js")).await;
    assert_eq!((post.status, post.header("allow")), (405, "GET, HEAD, OPTIONS"));
    assert_eq!(send(site.ask(Method::POST, "/none.js")).await.status, 404);
    assert_eq!(send(site.ask(Method::OPTIONS, "/main.js")).await.status, 204);
}

#[tokio::test]
async fn who_typed_an_address_that_is_none_gets_a_page() {
    let (site, _outside) = site_on_folder().await;
    for path in ["/none", "/runs/", "/.hidden", "/none.js"] {
        let reply =
            send(site.ask(Method::GET, path).header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")).await;
        assert_eq!((reply.status, reply.body.as_slice()), (404, &b"<!doctype html>nothing"[..]), "{path}");
        assert_eq!(reply.header("content-type"), "text/html; charset=utf-8", "{path}");
    }
}

#[tokio::test]
async fn files_go_by_brotli_to_who_takes_it() {
    let (site, _outside) = site_on_folder().await;
    let ask = |path: &str, accept: &'static str| site.ask(Method::GET, path).header("Accept-Encoding", accept);
    let release = "/vendor/map-6.1.0/map.js";
    let reply = send(ask(release, "gzip, deflate, br, zstd")).await;
    assert_eq!((reply.header("content-encoding"), reply.body.as_slice()), ("br", &b"compressed before"[..]));
    assert_eq!(reply.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!((reply.header("vary"), reply.header("content-length")), ("Accept-Encoding", "17"));
    let tag = reply.header("etag");
    assert!(tag.ends_with("-br\""), "{tag}");
    assert_eq!(send(ask(release, "br").header("If-None-Match", tag)).await.status, 304);
    for accept in ["gzip", "br;q=0", ""] {
        let reply = send(ask(release, accept)).await;
        assert_eq!((reply.has("content-encoding"), reply.body.as_slice()), (false, &b"/* as it was made */"[..]));
    }
    let part = send(ask(release, "br").header("Range", "bytes=0-1")).await;
    assert_eq!((part.status, part.body.as_slice()), (206, &b"/*"[..]), "parts are of the file as it is");

    let whole = get(&site, "/long.js").await;
    let small = send(ask("/long.js", "br")).await;
    let mut read = Vec::new();
    brotli::BrotliDecompress(&mut small.body.as_slice(), &mut read).expect("brotli");
    assert_eq!((small.header("content-encoding"), read == whole.body), ("br", true));
    let zipped = send(ask("/long.js", "gzip")).await;
    assert_eq!(zipped.header("content-encoding"), "gzip");
    assert_ne!(zipped.header("etag"), small.header("etag"));
}

#[tokio::test]
async fn built_in_files_are_served_whole_and_in_parts() {
    let site = Site::start(StoreKind::Embedded).await;
    let config = get(&site, "/map/config.json").await;
    let url = "/map/world-and-helsinki.pmtiles";
    assert_eq!(config.json(), json!({"tiles": {"kind": "builtin", "url": url}, "attribution": null}));
    let reply = send(site.ask(Method::GET, url).header("Range", "bytes=0-6")).await;
    assert_eq!((reply.status, reply.body.as_slice()), (206, &b"PMTiles"[..]));
    assert_eq!(get(&site, "/map/operator.pmtiles").await.status, 404);
}

#[tokio::test]
async fn operators_map_is_read_from_disk() {
    let folder = tempfile::tempdir().expect("a directory");
    let bytes: Vec<u8> = (0..300_000_u32).map(|index| (index % 251) as u8).collect();
    let path = folder.path().join("region.pmtiles");
    std::fs::write(&path, &bytes).expect("written");
    let options =
        Options {
            tiles: Tiles::PmTiles(path.clone()), attribution: Some("© Somebody".to_owned()), demo_course: false
        };
    let site = site_with(WebDemo::Embedded, options).await;
    let config = get(&site, "/map/config.json").await;
    let tiles = json!({"kind": "pmtiles", "url": "/map/operator.pmtiles"});
    assert_eq!(config.json(), json!({"tiles": tiles, "attribution": "© Somebody"}));
    let whole = get(&site, "/map/operator.pmtiles").await;
    assert_eq!((whole.status, whole.header("content-length"), whole.body == bytes), (200, "300000", true));
    let part = site.ask(Method::GET, "/map/operator.pmtiles").header("Range", "bytes=100000-299998");
    let part = send(part.header("If-Range", whole.header("etag"))).await;
    assert_eq!((part.status, part.body == bytes[100_000..299_999]), (206, true));
    assert_eq!(part.header("content-range"), "bytes 100000-299998/300000");
    let head = send(site.ask(Method::HEAD, "/map/operator.pmtiles")).await;
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, "300000", 0));
    std::fs::remove_file(path).expect("removed");
    assert_eq!(get(&site, "/map/operator.pmtiles").await.status, 500);
}

#[tokio::test]
async fn every_answer_carries_the_security_policy() {
    let site = Site::start(StoreKind::Embedded).await;
    for path in ["/", "/none", "/map/config.json", "/api/runs", "/login/x", "/health", "/metrics"] {
        let reply = get(&site, path).await;
        assert_eq!(reply.header("content-security-policy"), POLICY, "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("referrer-policy"), "same-origin", "{path}");
    }
    let template = "https://tiles.example.org/{z}/{x}/{y}.png";
    let options = Options { tiles: Tiles::read(template).expect("tiles"), attribution: None, demo_course: false };
    let site = site_with(WebDemo::Embedded, options).await;
    let config = get(&site, "/map/config.json").await;
    assert_eq!(config.json()["tiles"], json!({"kind": "raster", "url": template}));
    assert!(config.header("content-security-policy").contains("connect-src 'self' https://tiles.example.org;"));
}

async fn health_and_metrics_are_told(kind: StoreKind) {
    let site = Site::start(kind).await;
    for (path, health) in [
        ("/health", json!({"live": true, "ready": true})),
        ("/health/live", json!({"live": true})),
        ("/health/ready", json!({"ready": true})),
    ] {
        let reply = get(&site, path).await;
        assert_eq!((reply.status, reply.json()), (200, health), "{path}");
    }
    let metrics = get(&site, "/metrics").await;
    assert_eq!(metrics.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = String::from_utf8(metrics.body).expect("text");
    assert!(text.contains("runnity_commits_total") && text.ends_with("# EOF\n"), "{text}");
    assert_eq!(send(site.ask(Method::POST, "/metrics")).await.status, 405);
    assert_eq!(get(&site, "/health/other").await.status, 404);

    site.store.stop().await;
    let closing = get(&site, "/health").await;
    assert_eq!((closing.status, closing.json()), (503, json!({"live": true, "ready": false})));
    assert_eq!(get(&site, "/health/live").await.status, 200, "a server that ends need not be killed");
}

#[tokio::test]
async fn request_that_names_no_path_is_refused_and_harms_nobody() {
    let site = Site::start(StoreKind::Embedded).await;
    for head in ["CONNECT example:1 HTTP/1.1", "GET example HTTP/1.1", "OPTIONS * HTTP/1.1"] {
        let request = format!("{head}\r\nhost: example\r\nconnection: close\r\n\r\n");
        assert_eq!(site.raw(request.as_bytes()).await.status, 400, "{head}");
    }
    assert_eq!(get(&site, "/health").await.status, 200);
}
