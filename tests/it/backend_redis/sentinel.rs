//! A sentinel of a test's own, which watches a Redis by the name `world` and makes its replica the primary when it is gone.

use std::process::{Child, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::process;
use crate::support::redis_server::program;

/// Ends with its value.
pub struct Sentinel {
    port: u16,
    child: Child,
    _folder: TempDir,
}

impl Sentinel {
    /// Watches the Redis at this port. More lines of its configuration may be given.
    pub async fn start(watched: u16, more: &str) -> Self {
        let (folder, port) = (tempfile::tempdir().expect("a directory"), process::free_port());
        let configuration = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor world 127.0.0.1 {watched} 1\n\
             sentinel down-after-milliseconds world 1000\nsentinel failover-timeout world 5000\n{more}\n",
            folder.path().display()
        );
        let file = folder.path().join("sentinel.conf");
        std::fs::write(&file, configuration).expect("written");
        let mut command = process::command(&program());
        command.arg(file).arg("--sentinel").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = process::spawn(command).expect("a sentinel");
        Self { port, child, _folder: folder }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns when it says this of the primary or a replica.
    pub async fn says(&self, question: &str, expected: &str) {
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        while !self.ask(question).await.is_ok_and(|answer| answer.contains(expected)) {
            looks.tick().await;
        }
    }

    /// What it answers to a line of words, as it comes by the wire.
    pub async fn ask(&self, line: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        // It hangs up too, after its answer.
        stream.shutdown().await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
