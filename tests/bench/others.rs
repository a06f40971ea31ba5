//! Servers that others have made: nginx with Nchan, and Redis' own channels. What starts them, and what they are told.
//!
//! Both have one channel, keep nothing, and are as fast as their makers' manuals say how to make them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::{Outcome, client};

const CHANNEL: &str = "bench";
pub const REDIS_PING: &[u8] = b"PING\r\n";
/// Debian's place for it.
const NCHAN: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/// # Errors
/// It is not installed.
pub fn nginx() -> Outcome<PathBuf> {
    let missing = "nchan cannot be measured here: Debian's packages are nginx and libnginx-mod-nchan";
    if !Path::new(NCHAN).exists() {
        return Err(missing.into());
    }
    program("nginx").ok_or_else(|| missing.into())
}

/// # Errors
/// It is not installed.
pub fn redis() -> Outcome<PathBuf> {
    let missing = "redis pub/sub cannot be measured here: Debian's package is redis-server";
    program("redis-server").ok_or_else(|| missing.into())
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':').chain(["/usr/sbin"]).map(|folder| Path::new(folder).join(name)).find(|path| path.exists())
}

/// What nginx is started with: one process that is its only worker, and a configuration in `folder`.
pub fn nchan(address: SocketAddr, folder: &Path) -> Outcome<[String; 4]> {
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|it| format!("{it}_temp_path {it};")).join(" ");
    let configuration = format!(
        "load_module {NCHAN};
daemon off; master_process off; worker_processes 1; pid pid; error_log stderr;
events {{ worker_connections 20000; }}
http {{
    access_log off; nchan_shared_memory_size 256M; {temporary}
    server {{
        listen {address};
        nchan_channel_id {CHANNEL}; nchan_store_messages off;
        location = /health {{ return 200 ok; }}
        location = /subscribe {{ nchan_subscriber websocket; }}
        location = /publish {{ nchan_publisher websocket; }}
    }}
}}
"
    );
    std::fs::write(folder.join("nginx.conf"), configuration)?;
    let folder = folder.to_str().ok_or("a folder's name is not UTF-8")?.to_owned();
    Ok(["-p".to_owned(), folder, "-c".to_owned(), "nginx.conf".to_owned()])
}

/// What Redis is started with: it writes nothing down.
pub fn pub_sub(address: SocketAddr) -> Vec<String> {
    let port = address.port().to_string();
    ["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no", "--protected-mode", "no"]
        .map(str::to_owned)
        .to_vec()
}

/// Greets nginx as one who hears, or as one who speaks.
pub fn nchan_hand_shake(server: SocketAddr, hears: bool) -> Vec<u8> {
    client::hand_shake_at(server, if hears { "/subscribe" } else { "/publish" })
}

pub fn redis_subscribe() -> Vec<u8> {
    format!("*2\r\n$9\r\nSUBSCRIBE\r\n${}\r\n{CHANNEL}\r\n", CHANNEL.len()).into_bytes()
}

pub fn redis_publish(data: &str) -> Vec<u8> {
    let (name_len, len) = (CHANNEL.len(), data.len());
    format!("*3\r\n$7\r\nPUBLISH\r\n${name_len}\r\n{CHANNEL}\r\n${len}\r\n{data}\r\n").into_bytes()
}
