//! One file, wherever it is kept, as an answer. Names given here are relative and lead nowhere else.

use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use bytes::{Bytes, BytesMut};
use futures::stream;
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
use warp::Reply;
use warp::http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG};
use warp::http::{HeaderValue, StatusCode};
use warp::reply::Response;

use super::content_type;
use super::range::{Wanted, wanted};
use crate::http::answer;
use crate::http::compressed::{self, Welcome};
use crate::http::request::Request;
use crate::limits;

#[derive(RustEmbed)]
#[folder = "web-demo/"]
struct WebDemoFiles;

pub struct File {
    content: Content,
    len: u64,
    /// Strong: the same tag means the same bytes.
    etag: String,
    content_type: &'static str,
    /// A name with a release's version in it never means other bytes.
    is_immutable: bool,
    /// The same, compressed by Brotli as far as it goes: that takes seconds, so it is done once and lies beside the release's file.
    brotli: Option<Bytes>,
}

enum Content {
    Memory(Bytes),
    /// Too large to be read at once, perhaps: a map of a continent has many gigabytes.
    Disk(tokio::fs::File),
}

/// A file that was built into the binary.
pub fn embedded(name: &str) -> Option<File> {
    let bytes = |data| match data {
        std::borrow::Cow::Borrowed(data) => Bytes::from_static(data),
        std::borrow::Cow::Owned(data) => Bytes::from(data),
    };
    let EmbeddedFile { data, metadata } = WebDemoFiles::get(name)?;
    let brotli = is_versioned(name).then(|| WebDemoFiles::get(&brotli_name(name))).flatten();
    let brotli = brotli.map(|file| bytes(file.data));
    Some(File { brotli, ..File::in_memory(name, bytes(data), &metadata.sha256_hash()) })
}

/// A file of a folder, read anew. A link that leads out of the folder leads nowhere.
pub async fn in_folder(folder: &Path, name: &str) -> io::Result<Option<File>> {
    let folder = tokio::fs::canonicalize(folder).await?;
    let path = match tokio::fs::canonicalize(folder.join(name)).await {
        Ok(path) if path.starts_with(&folder) => path,
        Ok(_) => return Ok(None),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if tokio::fs::metadata(&path).await?.is_dir() {
        return Ok(None);
    }
    let data = Bytes::from(tokio::fs::read(&path).await?);
    let hash = Sha256::digest(&data);
    let brotli = if is_versioned(name) { tokio::fs::read(folder.join(brotli_name(name))).await.ok() } else { None };
    Ok(Some(File { brotli: brotli.map(Bytes::from), ..File::in_memory(name, data, &hash) }))
}

/// A file that stays on disk while it is served. Its tag is its length and when it was written: replace it by renaming.
pub async fn on_disk(path: &Path, name: &str) -> io::Result<File> {
    let file = tokio::fs::File::open(path).await?;
    let metadata = file.metadata().await?;
    let written = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(File {
        content: Content::Disk(file),
        len: metadata.len(),
        etag: format!("\"{:x}-{:x}\"", metadata.len(), written.as_nanos()),
        content_type: content_type::of(name),
        is_immutable: false,
        brotli: None,
    })
}

impl File {
    fn in_memory(name: &str, data: Bytes, sha256: &[u8]) -> Self {
        let tag: String = sha256.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self {
            len: data.len() as u64,
            content: Content::Memory(data),
            etag: format!("\"{tag}\""),
            content_type: content_type::of(name),
            is_immutable: is_versioned(name),
            brotli: None,
        }
    }

    pub fn response(self, request: &Request) -> Response {
        let len = self.len;
        let (etag, content_type, cache) = (self.etag.clone(), self.content_type, self.cache_control());
        let brotli = self.brotli.clone().filter(|_| Welcome::of(&request.headers).brotli);
        let mut is_brotli = false;
        let mut response = match wanted(&request.method, &request.headers, &self.etag, len) {
            Wanted::Nothing => answer::empty(StatusCode::NOT_MODIFIED),
            Wanted::Beyond => {
                let mut response = answer::text(StatusCode::RANGE_NOT_SATISFIABLE, "The file is not so long.\n");
                content_range(&mut response, format!("bytes */{len}"));
                return response;
            }
            Wanted::Whole => match brotli {
                Some(brotli) => {
                    is_brotli = true;
                    let len = brotli.len() as u64;
                    Content::Memory(brotli).bytes(0, len)
                }
                None => self.content.bytes(0, len),
            },
            Wanted::Part { first, last } => {
                let mut response = self.content.bytes(first, last - first + 1);
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                content_range(&mut response, format!("bytes {first}-{last}/{len}"));
                response
            }
        };
        if response.status() != StatusCode::NOT_MODIFIED {
            answer::set(&mut response, CONTENT_TYPE, HeaderValue::from_static(content_type));
            answer::set(&mut response, ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        }
        if let Ok(etag) = HeaderValue::try_from(etag) {
            answer::set(&mut response, ETAG, etag);
        }
        answer::set(&mut response, CACHE_CONTROL, HeaderValue::from_static(cache));
        if is_brotli {
            compressed::is_brotli(&mut response);
        }
        response
    }

    /// Pages and modules are asked for again each time, at the price of a 304: they must fit each other.
    fn cache_control(&self) -> &'static str {
        if self.is_immutable { "public, max-age=31536000, immutable" } else { "no-cache" }
    }
}

impl Content {
    /// `len` bytes from `first` on, which are there.
    fn bytes(self, first: u64, len: u64) -> Response {
        let mut response = match self {
            Self::Memory(bytes) => {
                let from = usize::try_from(first).unwrap_or(usize::MAX).min(bytes.len());
                let until = from.saturating_add(usize::try_from(len).unwrap_or(usize::MAX)).min(bytes.len());
                Response::new(bytes.slice(from..until).into())
            }
            Self::Disk(file) => warp::reply::stream(chunks(file, first, len)).into_response(),
        };
        answer::set(&mut response, CONTENT_LENGTH, len.into());
        response
    }
}

fn content_range(response: &mut Response, range: String) {
    if let Ok(range) = HeaderValue::try_from(range) {
        answer::set(response, CONTENT_RANGE, range);
    }
}

/// Reads `left` bytes from `first` on, a chunk at a time, as fast as the client takes them.
fn chunks(file: tokio::fs::File, first: u64, left: u64) -> impl futures::Stream<Item = io::Result<Bytes>> {
    stream::try_unfold((file, Some(first), left), |(mut file, seek, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        if let Some(first) = seek {
            file.seek(SeekFrom::Start(first)).await?;
        }
        let chunk_len = usize::try_from(left).unwrap_or(usize::MAX).min(limits::FILE_CHUNK_BYTES);
        let mut chunk = BytesMut::zeroed(chunk_len);
        file.read_exact(&mut chunk).await?;
        Ok(Some((chunk.freeze(), (file, None, left - chunk_len as u64))))
    })
}

/// Where the same lies, compressed.
fn brotli_name(name: &str) -> String {
    format!("{name}.br")
}

/// `vendor/<name>-<version>/…`
fn is_versioned(name: &str) -> bool {
    let mut segments = name.split('/');
    let is_vendor = segments.next() == Some("vendor");
    let release = segments.next().and_then(|folder| folder.rsplit_once('-'));
    let is_release = release.is_some_and(|(_, version)| version.starts_with(|first: char| first.is_ascii_digit()));
    is_vendor && is_release && segments.next().is_some()
}
